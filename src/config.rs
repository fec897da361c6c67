//! What is in force: defaults, then one TOML file, then environment variables, then flags.
//!
//! Environment variables are named `VERACITE_SECTION__KEY`, such as `VERACITE_SERVER__BIND`;
//! the data folder is `VERACITE_DATA`. An unknown key is refused with the file or variable
//! that holds it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytesize::ByteSize;
use figment::Figment;
use figment::providers::{Env, Format as _, Serialized, Toml};
use ingest::Group;
use ingest::parse::sandbox::Limits;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::ask::AskConfig;
use crate::audit::AuditConfig;
use crate::check::CheckConfig;
use crate::generate::{Engine, GeneratorConfig};
use crate::index::{VectorsConfig, WordsConfig};
use crate::model::{ModelsConfig, Source, VerifierChoice};
use crate::outbound::NetworkConfig;
use crate::sources::config::SourceConfig;
use crate::telemetry::TelemetryConfig;
use crate::web::ServerConfig;
use crate::webhooks::WebhookConfig;

/// The whole configuration; one field a section.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The file it was read from, if there was one.
    #[serde(skip)]
    pub file: Option<PathBuf>,
    /// The folder that holds everything: catalogue, originals, indexes, models.
    pub data: PathBuf,
    /// `[server]`: where and for whom it serves.
    pub server: ServerConfig,
    /// `[ingest]`: how files are read and cut.
    pub ingest: IngestConfig,
    /// `[models]`: which models are used and where they come from.
    pub models: ModelsConfig,
    /// `[words]`: the index of words.
    pub words: WordsConfig,
    /// `[vectors]`: the index of vectors.
    pub vectors: VectorsConfig,
    /// `[ask]`: from question to passages.
    pub ask: AskConfig,
    /// `[generator]`: what writes drafts.
    pub generator: GeneratorConfig,
    /// `[check]`: the citation checker.
    pub check: CheckConfig,
    /// `[audit]`: what the audit log keeps.
    pub audit: AuditConfig,
    /// `[log]`: how logs are written.
    pub log: LogConfig,
    /// `[telemetry]`: traces for an OpenTelemetry collector.
    pub telemetry: TelemetryConfig,
    /// `[network]`: which machines may be contacted beside those of the public internet.
    pub network: NetworkConfig,
    /// `[[webhooks]]`: programs that are told what becomes of documents.
    pub webhooks: Vec<WebhookConfig>,
    /// `[[sources]]`: folders, web sites and buckets that `serve` keeps the library in step with.
    pub sources: Vec<SourceConfig>,
}

/// `[log]`: how logs are written, to standard error. They hold no questions, answers or passages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// For people, or an object a line for programs.
    pub format: LogFormat,
}

/// What a line of the log is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Text.
    #[default]
    Text,
    /// A JSON object.
    Json,
}

/// `[ingest]`: how files are read and cut.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct IngestConfig {
    /// Tokens of a chunk at most. Smaller finds places more exactly, larger keeps more context;
    /// the embedding model reads at most 512.
    pub chunk_tokens: NonZeroUsize,
    /// A larger file is refused.
    pub max_file: ByteSize,
    /// Files read at the same time, beside one of less than a megabyte. Each takes a core and up
    /// to `max_memory`.
    pub workers: NonZeroUsize,
    /// Reading one file may take this long.
    #[serde(with = "humantime_serde")]
    pub max_time: Duration,
    /// Reading one file may take this much memory.
    pub max_memory: ByteSize,
    /// Groups that may read what is handed in without naming readers.
    pub default_readers: BTreeSet<Group>,
    /// Older versions of a document that are kept, so that answers that quote them can be looked
    /// up; all, if left out.
    pub old_versions: Option<u32>,
    /// A file with passwords, a line each, that are tried on every file that needs one.
    pub passwords_file: Option<PathBuf>,
    /// `[ingest.ocr]`: how pages that are pictures of text are read.
    pub ocr: OcrConfig,
}

/// `[ingest.ocr]`: how pages that are pictures of text are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OcrConfig {
    /// Whether they are, if the program is there.
    pub enabled: bool,
    /// Tesseract: its name on the search path, or where it is.
    pub program: PathBuf,
    /// Its names for the languages of the documents, such as `kor+eng`.
    pub languages: String,
}

impl Default for OcrConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            program: PathBuf::from("tesseract"),
            languages: "kor+eng".to_owned(),
        }
    }
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The named file is not there.
    #[error("configuration file {path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A key or value is wrong; the message names it and where it stands.
    #[error("configuration is wrong: {0}")]
    Wrong(String),
}

impl Default for Config {
    fn default() -> Self {
        Self {
            file: None,
            data: PathBuf::from("data"),
            server: ServerConfig::default(),
            ingest: IngestConfig::default(),
            models: ModelsConfig::default(),
            words: WordsConfig::default(),
            vectors: VectorsConfig::default(),
            ask: AskConfig::default(),
            generator: GeneratorConfig::default(),
            check: CheckConfig::default(),
            audit: AuditConfig::default(),
            log: LogConfig::default(),
            telemetry: TelemetryConfig::default(),
            network: NetworkConfig::default(),
            webhooks: Vec::new(),
            sources: Vec::new(),
        }
    }
}

impl Default for IngestConfig {
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            chunk_tokens: NonZeroUsize::new(256).expect("256 is not zero"),
            max_file: ByteSize::mib(256),
            workers: NonZeroUsize::MIN,
            max_time: limits.wall,
            max_memory: ByteSize::b(limits.memory_bytes),
            default_readers: BTreeSet::from([Group::everyone()]),
            old_versions: None,
            passwords_file: None,
            ocr: OcrConfig::default(),
        }
    }
}

/// Passwords in a file, a line each.
///
/// # Errors
/// When the file cannot be read; the error names it.
pub fn passwords_in(path: &Path) -> Result<Vec<SecretString>, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let lines = text.lines().filter(|line| !line.is_empty());
    Ok(lines.map(SecretString::from).collect())
}

impl IngestConfig {
    /// The passwords that are tried on every file that needs one.
    ///
    /// # Errors
    /// When their file cannot be read.
    pub fn passwords(&self) -> Result<Vec<SecretString>, ConfigError> {
        self.passwords_file
            .as_deref()
            .map_or_else(|| Ok(Vec::new()), passwords_in)
    }

    /// The bounds on reading one file.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits {
            wall: self.max_time,
            cpu: self.max_time,
            memory_bytes: self.max_memory.as_u64(),
            ..Limits::default()
        }
    }
}

impl Config {
    /// The models that are used, as far as they are files on this machine.
    #[must_use]
    pub fn models_named(&self) -> Vec<&Source> {
        let writes = self.generator.engine == Engine::Local;
        let generator = self.generator.local.model.iter().filter(|_| writes);
        let verifier = match &self.models.verifier {
            Some(VerifierChoice::Published(source)) => Some(source),
            Some(VerifierChoice::Builtin) | None => None,
        };
        let embedder = self.models.embedder.iter();
        embedder.chain(generator).chain(verifier).collect()
    }

    /// Reads defaults, then `file` (or `veracite.toml` in the current folder if it is there),
    /// then the environment, then `data` as the flag gives it.
    ///
    /// # Errors
    /// When a named file is missing, a key is unknown or a value is wrong.
    pub fn load(file: Option<&Path>, data: Option<&Path>) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        let usual = Path::new("veracite.toml");
        let file = file.or_else(|| usual.is_file().then_some(usual));
        if let Some(path) = file {
            // Toml::file passes over a missing file; one that was asked for must be there.
            std::fs::metadata(path).map_err(|source| ConfigError::Unreadable {
                path: path.to_owned(),
                source,
            })?;
            figment = figment.merge(Toml::file_exact(path));
        }
        // `VERACITE_CONFIG` names the file and `VERACITE_LOG` the log level, and the tests have
        // switches of their own: those that name a section are told by the double underscore.
        let sections = Env::prefixed("VERACITE_")
            .filter(|key| key == "data" || key.as_str().contains("__"))
            .split("__");
        figment = figment.merge(sections);
        if let Some(data) = data {
            figment = figment.merge(Serialized::default("data", data));
        }
        let mut config: Self = figment
            .extract()
            .map_err(|error| ConfigError::Wrong(in_words(error)))?;
        config.file = file.map(Path::to_owned);
        config.validate().map_err(ConfigError::Wrong)?;
        Ok(config)
    }

    /// What is in force as TOML, secrets left out.
    ///
    /// # Panics
    /// Never: every section can be written as TOML.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).expect("sections hold only what TOML can hold")
    }

    fn validate(&self) -> Result<(), String> {
        if self.data.as_os_str().is_empty() {
            return Err("`data` is empty".to_owned());
        }
        if self.ingest.default_readers.is_empty() {
            return Err(
                "`ingest.default_readers` is empty: nobody could read what is handed in".to_owned(),
            );
        }
        if self.ingest.chunk_tokens.get() > 480 {
            return Err(format!(
                "`ingest.chunk_tokens` is {}, over the 480 that leave room for title and prefix in the model's 512",
                self.ingest.chunk_tokens
            ));
        }
        for source in &self.sources {
            source.validate()?;
        }
        for webhook in &self.webhooks {
            webhook.validate()?;
        }
        self.telemetry
            .validate()
            .map_err(|error| format!("`telemetry`: {error}"))?;
        self.audit
            .validate()
            .map_err(|error| format!("`audit`: {error}"))?;
        self.vectors
            .validate()
            .map_err(|error| format!("`vectors`: {error}"))?;
        self.ask
            .validate()
            .map_err(|error| format!("`ask`: {error}"))?;
        self.generator
            .validate()
            .map_err(|error| format!("`generator`: {error}"))?;
        self.check
            .validate()
            .map_err(|error| format!("`check`: {error}"))?;
        self.server
            .validate()
            .map_err(|error| format!("`server`: {error}"))
    }
}

/// All errors of an extraction with the key and the place of each.
fn in_words(errors: figment::Error) -> String {
    let mut words = String::new();
    for error in errors {
        if !words.is_empty() {
            words.push_str("; ");
        }
        let _ = write!(words, "{error}");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("veracite.toml");
        std::fs::write(&file, text).unwrap();
        Config::load(Some(&file), None)
    }

    #[test]
    fn what_is_printed_reads_back() {
        let config = load("").unwrap();
        let again = load(&config.to_toml()).unwrap();
        assert_eq!(again.to_toml(), config.to_toml());
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let error = load("[ingest]\nchunk_tokenz = 5").unwrap_err().to_string();
        assert!(error.contains("chunk_tokenz"), "{error}");
    }

    #[test]
    fn sources_of_all_kinds_are_read_and_a_wrong_key_is_named() {
        let config = load(
            "[[sources]]\nfolder = \"/srv/documents\"\n\
             [[sources]]\nweb = \"https://intranet.example/docs/\"\nheaders = { Cookie = { env = \"COOKIE\" } }\n\
             [[sources]]\nbucket = \"b\"\nendpoint = \"http://10.0.0.7:9000\"\n\
             access_key = { env = \"KEY\" }\nsecret_key = { file = \"/run/secrets/s3\" }\n",
        )
        .unwrap();
        assert_eq!(config.sources.len(), 3);
        let again = load(&config.to_toml()).unwrap();
        assert_eq!(again.sources, config.sources);
        for (text, word) in [
            ("[[sources]]\nfolder = \"/srv\"\ndepht = 1", "depht"),
            ("[[sources]]\nfolder = \"/srv\"\ndepth = 1", "`depth`"),
            (
                "[[sources]]\nweb = \"http://a/\"\ndepth = \"x\"",
                "sources.0.depth",
            ),
            (
                "[[sources]]\nweb = \"http://a/\"\nevery = \"1ms\"",
                "`every`",
            ),
            (
                "[[sources]]\nevery = \"1h\"",
                "`folder`, `web` or `bucket` is missing",
            ),
        ] {
            let error = load(text).unwrap_err().to_string();
            assert!(error.contains(word), "{word}: {error}");
        }
    }

    #[test]
    fn the_audit_log_and_the_form_of_logs_are_set() {
        let config =
            load("[audit]\nquestions = \"text\"\nkeep = \"90days\"\n[log]\nformat = \"json\"");
        let config = config.unwrap();
        assert_eq!(config.audit.questions, crate::audit::Questions::Text);
        assert_eq!(config.audit.keep, Some(Duration::from_secs(90 * 86_400)));
        assert_eq!(config.log.format, LogFormat::Json);
        let again = load(&config.to_toml()).unwrap();
        assert_eq!(again.audit, config.audit);
        let error = load("[audit]\nkeep = \"1h\"").unwrap_err().to_string();
        assert!(error.contains("`audit`: `keep`"), "{error}");
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Config::load(Some(Path::new("/nowhere/veracite.toml")), None).unwrap_err();
        assert!(
            error.to_string().contains("/nowhere/veracite.toml"),
            "{error}"
        );
    }

    #[test]
    fn a_flag_wins_over_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("veracite.toml");
        std::fs::write(&file, "data = \"one\"").unwrap();
        let config = Config::load(Some(&file), Some(Path::new("two"))).unwrap();
        assert_eq!(config.data, Path::new("two"));
    }

    #[test]
    fn a_secret_is_not_printed() {
        let config =
            load("[[server.keys]]\nname = \"mina\"\nkey = \"hush-hush-hush-hush-hush\"").unwrap();
        assert!(!config.to_toml().contains("hush"), "{}", config.to_toml());
        assert!(!format!("{config:?}").contains("hush"));
    }
}
