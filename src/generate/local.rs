//! A language model in this process.

use std::path::Path;

use async_trait::async_trait;
use ingest::BackendError;
use tokio::sync::mpsc;
use tracing::{Instrument as _, info};

use super::config::{GeneratorConfig, KvType, LocalConfig};
use super::prompt::{Fence, messages, rewrite_messages};
use super::rewrite;
use crate::ask::{
    DraftPiece, DraftPieces, EngineBusy, Generator, Message, NO_ADAPTER, Prompt, Rewrite, Role,
    Usage,
};
use crate::model::{
    DecoderEngine, EngineError, EngineOptions, EnginePiece, ModelError, ModelStore,
    SamplingOptions, WriteOptions,
};

/// Drafts by a language model in this process.
#[derive(Debug)]
pub struct LocalGenerator {
    engine: DecoderEngine,
    config: GeneratorConfig,
    fence: Fence,
}

impl LocalGenerator {
    /// Reads the model that `config` names from `store`. Takes as long as reading the weights
    /// does.
    ///
    /// # Errors
    /// When the model is not there, is broken, or takes more memory than there is.
    pub async fn open(config: &GeneratorConfig, store: &ModelStore) -> Result<Self, ModelError> {
        let source = config
            .local
            .model
            .as_ref()
            .ok_or(ModelError::NotConfigured)?;
        let path = store.path_of(source);
        let options = engine_options(&config.local);
        let file = path.clone();
        let opening = tokio::task::spawn_blocking(move || DecoderEngine::open(&path, &options));
        let engine = opening
            .await
            .map_err(|error| ModelError::Thread(error.to_string()))??;
        if engine.window() <= config.max_tokens.get() {
            return Err(ModelError::Unsupported {
                file,
                reason: format!(
                    "its window has {} tokens, which the {} of `max_tokens` fill before there is \
                     a prompt",
                    engine.window(),
                    config.max_tokens
                ),
            });
        }
        Ok(Self {
            engine,
            config: config.clone(),
            fence: Fence::new(),
        })
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &DecoderEngine {
        &self.engine
    }

    fn prompt(&self, messages: &[Message]) -> Result<Vec<u32>, BackendError> {
        self.engine
            .prompt(messages)
            .map_err(|error| BackendError::new("the prompt cannot be written", error))
    }

    /// Writes the model's turn of a conversation.
    fn write(
        &self,
        conversation: &[Message],
        max_tokens: usize,
        (temperature, number): (f32, u32),
        adapter: Option<&str>,
    ) -> Result<DraftPieces, BackendError> {
        let tokens = self.prompt(conversation)?;
        let options = WriteOptions {
            max_tokens,
            sampling: SamplingOptions {
                temperature,
                top_p: self.config.top_p,
                seed: self.config.seed.map_or_else(
                    || fastrand::u64(..),
                    |seed| u64::from(seed) + u64::from(number),
                ),
            },
            stops: self.config.stop.clone(),
            adapter: adapter
                .or(self.config.local.adapter.as_deref())
                .filter(|adapter| *adapter != NO_ADAPTER)
                .map(str::to_owned),
            ..WriteOptions::default()
        };
        let mut pieces = self.engine.write(tokens, &options).map_err(failed)?;
        let (sender, draft) = mpsc::unbounded_channel();
        tokio::spawn(
            async move {
                loop {
                    let piece = tokio::select! {
                        // The asker left: dropping `pieces` ends the work.
                        () = sender.closed() => return,
                        piece = pieces.recv() => piece,
                    };
                    let piece = match piece {
                        Some(Ok(EnginePiece::Text { text, .. })) if text.is_empty() => continue,
                        Some(Ok(EnginePiece::Text { text, .. })) => Ok(DraftPiece::Text(text)),
                        Some(Ok(EnginePiece::Over(summary))) => {
                            info!(
                                prompt_tokens = summary.prompt_tokens,
                                cached_tokens = summary.cached_tokens,
                                written_tokens = summary.written_tokens,
                                is_cut = summary.is_cut,
                                "a draft is written"
                            );
                            // The asker may have left, here and below.
                            let usage = DraftPiece::Usage(Usage {
                                prompt_tokens: summary.prompt_tokens,
                                cached_tokens: Some(summary.cached_tokens),
                                completion_tokens: summary.written_tokens,
                            });
                            let _ = sender.send(Ok(usage));
                            if summary.is_cut {
                                let _ = sender.send(Ok(DraftPiece::Cut));
                            }
                            return;
                        }
                        Some(Err(error)) => Err(failed(error.into())),
                        None => Err(failed(EngineError::Stopped)),
                    };
                    let is_over = piece.is_err();
                    if sender.send(piece).is_err() || is_over {
                        return;
                    }
                }
            }
            .in_current_span(),
        );
        Ok(draft)
    }
}

/// How the engine is run.
pub(crate) fn engine_options(local: &LocalConfig) -> EngineOptions {
    let defaults = EngineOptions::default();
    EngineOptions {
        context: local.context.get(),
        window: local.window.map(std::num::NonZero::get),
        batch: local.batch.get(),
        together: local.together.get(),
        waiting: local.waiting.get(),
        threads: local
            .threads
            .map_or(defaults.threads, std::num::NonZero::get),
        half: local.kv == KvType::F16,
        devices: local.devices.clone(),
        adapters: local
            .adapters
            .iter()
            .map(|(name, folder)| (name.clone(), folder.clone()))
            .collect(),
    }
}

fn failed(error: EngineError) -> BackendError {
    match error {
        EngineError::Busy { .. } => BackendError::new(error.to_string(), EngineBusy),
        error => BackendError::new("the language model does not write", error),
    }
}

#[async_trait]
impl Generator for LocalGenerator {
    fn name(&self) -> &str {
        self.engine.name()
    }

    fn window(&self) -> Option<usize> {
        Some(self.engine.window())
    }

    async fn count_tokens(&self, prompt: &Prompt) -> Result<usize, BackendError> {
        Ok(self.prompt(&messages(prompt, &self.fence))?.len())
    }

    async fn generate(&self, prompt: Prompt) -> Result<DraftPieces, BackendError> {
        self.draft(prompt, 0).await
    }

    async fn draft(&self, prompt: Prompt, number: u32) -> Result<DraftPieces, BackendError> {
        let conversation = messages(&prompt, &self.fence);
        let adapter = prompt.question.adapter.as_deref();
        let chance = (self.config.temperature_of(number), number);
        self.write(&conversation, prompt.max_tokens, chance, adapter)
    }

    async fn load_adapter(&self, name: &str, folder: Option<&Path>) -> Result<bool, BackendError> {
        if self.engine.has_adapter(name) {
            return Ok(true);
        }
        let Some(folder) = folder else {
            return Ok(false);
        };
        let loading = self.engine.load_adapter(name, folder).await;
        loading.map_err(|error| {
            BackendError::new(format!("the adapter `{name}` cannot be loaded"), error)
        })?;
        Ok(true)
    }

    async fn rewrite(&self, rewrite: &Rewrite) -> Result<Option<String>, BackendError> {
        let conversation = rewrite_messages(rewrite, &self.fence);
        let adapter = rewrite.adapter.as_deref();
        let pieces = self.write(&conversation, rewrite::TOKENS, (0.0, 0), adapter)?;
        rewrite::read(pieces, &rewrite.sentence).await
    }

    async fn write_line(&self, messages: Vec<Message>) -> Result<Option<String>, BackendError> {
        let adapter = self.config.local.adapter.as_deref();
        let pieces = self.write(&messages, rewrite::TOKENS, (0.0, 0), adapter)?;
        rewrite::line(pieces).await
    }

    /// `text` is a turn of the user; probabilities are exact, of all tokens of a continuation.
    async fn probabilities(
        &self,
        text: &str,
        continuations: &[&str],
    ) -> Result<Option<Vec<f32>>, BackendError> {
        let prompt = self.prompt(&[Message {
            role: Role::User,
            content: text.to_owned(),
        }])?;
        let adapter = self.config.local.adapter.as_deref();
        let probabilities = self.engine.judge(&prompt, continuations, adapter).await;
        probabilities.map(Some).map_err(failed)
    }
}

/// What stands for a language model that cannot be used: it says so to whoever asks.
#[derive(Clone, Debug)]
pub struct UnusableGenerator {
    reason: String,
}

impl UnusableGenerator {
    /// Stands for what cannot be used for `reason`.
    #[must_use]
    pub fn new(reason: String) -> Self {
        Self { reason }
    }

    fn error(&self) -> BackendError {
        BackendError::message(self.reason.clone())
    }
}

#[async_trait]
impl Generator for UnusableGenerator {
    fn name(&self) -> &'static str {
        "none"
    }

    fn window(&self) -> Option<usize> {
        None
    }

    async fn count_tokens(&self, _: &Prompt) -> Result<usize, BackendError> {
        Err(self.error())
    }

    async fn generate(&self, _: Prompt) -> Result<DraftPieces, BackendError> {
        Err(self.error())
    }

    async fn probabilities(&self, _: &str, _: &[&str]) -> Result<Option<Vec<f32>>, BackendError> {
        Err(self.error())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::Engine;
    use crate::language::Language;
    use crate::model::Source;

    /// The tiny random Mixtral of `tests/fixtures/mixtral`, which writes gibberish.
    async fn generator() -> LocalGenerator {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mixtral");
        let mut config = GeneratorConfig {
            engine: Engine::Local,
            temperature: 1.5,
            ..GeneratorConfig::default()
        };
        config.local.model = Some(Source::Local(folder));
        config.local.context = 8_192.try_into().unwrap();
        config.local.threads = 1.try_into().ok();
        let store = ModelStore::new(std::env::temp_dir());
        LocalGenerator::open(&config, &store).await.unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_sentence_is_written_again_as_likely_as_it_gets() {
        let generator = generator().await;
        let rewrite = Rewrite {
            sentence: "Leave is 25 days.".to_owned(),
            evidence: vec![(1, "Leave is 15 days.".to_owned())],
            reason: "the document says 15 days".to_owned(),
            language: Language::En,
            adapter: None,
        };
        // Drafts are written by chance here, and what is written again is not.
        let first = generator.rewrite(&rewrite).await.unwrap();
        assert_eq!(generator.rewrite(&rewrite).await.unwrap(), first);
        if let Some(sentence) = first {
            assert!(!sentence.contains('\n') && sentence != rewrite.sentence);
        }
        let unknown = Rewrite {
            adapter: Some("theirs".to_owned()),
            ..rewrite.clone()
        };
        assert!(generator.rewrite(&unknown).await.is_err());
        let unusable = UnusableGenerator::new("no model".to_owned());
        assert_eq!(unusable.rewrite(&rewrite).await.unwrap(), None);
    }
}
