//! What is wrong with what the program is made of, in words.

use super::App;
use crate::doctor::{Check, Level};
use crate::generate::{Engine, OpenAiGenerator};
use crate::model::{ModelState, ModelStore};

impl App {
    /// Whether each source that is configured can be reached.
    pub async fn source_checks(&self) -> Vec<Check> {
        let sources = match self.sources() {
            Ok(sources) => sources,
            Err(error) => return vec![Check::new("sources", Level::Error, error.to_string())],
        };
        let mut checks = Vec::new();
        for source in sources {
            let name = format!("source {}", source.name());
            checks.push(match source.examine().await {
                Ok(words) => Check::new(&name, Level::Ok, words),
                Err(error) => Check::new(&name, Level::Error, error.to_string()),
            });
        }
        checks
    }

    /// What is in force, where it says more than the defaults do.
    #[must_use]
    pub fn configuration_checks(&self) -> Vec<Check> {
        let config = &self.config;
        let file = config.file.as_ref().map_or_else(
            || "no file, defaults and environment".to_owned(),
            |file| file.display().to_string(),
        );
        let words = config.words.dictionary.as_ref().map_or_else(
            || "pairs of syllables".to_owned(),
            |folder| format!("words of {}", folder.display()),
        );
        let vectors = match &config.vectors.url {
            Some(url) => format!("at {url}"),
            None => "in the data folder".to_owned(),
        };
        let mut checks = vec![Check::new(
            "configuration",
            Level::Ok,
            format!(
                "{file}; data in {}; Korean is indexed by {words}; vectors are kept {vectors}",
                config.data.display()
            ),
        )];
        checks.push(match &self.no_ocr {
            None => Check::new(
                "character recognition",
                Level::Ok,
                format!(
                    "{} ({}) reads pages that are pictures",
                    config.ingest.ocr.program.display(),
                    config.ingest.ocr.languages
                ),
            ),
            Some(reason) => Check::new(
                "character recognition",
                Level::Warning,
                format!("pages that are pictures are not read: {reason}"),
            ),
        });
        for webhook in &config.webhooks {
            if let Err(reason) = webhook.examine() {
                let words = format!("{} is not told: {reason}", webhook.host());
                checks.push(Check::new("webhooks", Level::Error, words));
            }
        }
        let server = &config.server;
        checks.push(if server.wants_accounts() {
            Check::new(
                "server",
                Level::Warning,
                format!(
                    "{}, for accounts and {} keys; there is no TLS: put a proxy before it where the network is not yours",
                    server.bind,
                    server.keys.len()
                ),
            )
        } else {
            Check::new(
                "server",
                Level::Ok,
                format!("{}, for this machine only", server.bind),
            )
        });
        checks
    }

    /// How the models are.
    #[must_use]
    pub fn model_checks(&self) -> Vec<Check> {
        let mut checks = self.embedder_checks();
        checks.push(match &self.no_verifier {
            Some(reason) => Check::new("checker", Level::Error, reason.clone()),
            None => Check::new("checker", Level::Ok, self.checker.name().to_owned()),
        });
        checks
    }

    fn embedder_checks(&self) -> Vec<Check> {
        let Some(source) = &self.config.models.embedder else {
            return vec![Check::new(
                "models",
                Level::Warning,
                "no embedding model is configured: search is by words only",
            )];
        };
        let store = ModelStore::new(self.config.data.join("models"));
        let mut checks: Vec<Check> = [store.state_of(source)]
            .into_iter()
            .map(|status| match status.state {
                ModelState::Ready => {
                    let on = self.embedder.as_ref().map_or("nothing", |embedder| embedder.runs_on());
                    Check::new("models", Level::Ok, format!("{} is whole and runs on {on}", status.name))
                }
                ModelState::Missing => Check::new(
                    "models",
                    Level::Warning,
                    format!("{} is not there: search is by words only; `veracite models pull` fetches it", status.name),
                ),
                ModelState::Corrupt { file, reason } => {
                    Check::new("models", Level::Error, format!("{} cannot be used: {file}: {reason}", status.name))
                }
            })
            .collect();
        if let Some(reason) = &self.no_model
            && checks.iter().all(|check| check.level == Level::Ok)
        {
            checks.push(Check::new("models", Level::Error, reason.clone()));
        }
        checks
    }

    /// How the engine is that writes.
    pub async fn generator_checks(&self) -> Vec<Check> {
        match self.config.generator.engine {
            Engine::Quote => vec![Check::new(
                "generator",
                Level::Ok,
                "quote mode: answers are made of exact quotes",
            )],
            Engine::OpenAi => match OpenAiGenerator::new(&self.config.generator) {
                Ok(generator) => generator.examine().await,
                Err(error) => vec![Check::new("generator", Level::Error, error.to_string())],
            },
            Engine::Local => match (&self.local, self.generator_fault()) {
                (Some(generator), None) => {
                    let engine = generator.engine();
                    let what = format!(
                        "{} reads and writes {} tokens; {}",
                        engine.name(),
                        engine.window(),
                        engine.devices().join("; ")
                    );
                    vec![Check::new("generator", Level::Ok, what)]
                }
                (_, reason) => {
                    let reason = reason.unwrap_or("the language model is not open");
                    vec![Check::new("generator", Level::Error, reason)]
                }
            },
        }
    }
}
