//! Where keys and tokens of sources are read from: the environment or a file. The configuration
//! itself holds none, so that it may be shown, copied and kept with other files.

use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;
use serde::de::{Error as _, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

/// Where a secret is read from: `{ env = "NAME" }` or `{ file = "PATH" }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretFrom {
    /// A variable of the environment.
    Env(String),
    /// A file; line breaks at its end do not count.
    File(PathBuf),
}

impl SecretFrom {
    /// Reads the secret. It is read anew for each turn, so that a new one needs no restart.
    ///
    /// # Errors
    /// When it is not there or empty. Names the place, never what is in it.
    pub fn read(&self) -> Result<SecretString, String> {
        let (text, place) = match self {
            Self::Env(name) => {
                let place = format!("the environment variable {name}");
                let text = std::env::var(name).map_err(|error| match error {
                    std::env::VarError::NotPresent => format!("{place} is not set"),
                    std::env::VarError::NotUnicode(_) => format!("{place} is not UTF-8"),
                })?;
                (text, place)
            }
            Self::File(path) => {
                let place = format!("the file {}", path.display());
                let text = std::fs::read_to_string(path)
                    .map_err(|error| format!("{place} cannot be read: {error}"))?;
                (text, place)
            }
        };
        let secret = text.trim_end_matches(['\r', '\n']);
        if secret.is_empty() {
            return Err(format!("{place} is empty"));
        }
        Ok(SecretString::from(secret.to_owned()))
    }
}

const EXPECTED: &str =
    "it is read from the environment or from a file: `{ env = \"NAME\" }` or `{ file = \"PATH\" }`";

/// As it is written; the derived reader would tell a secret that was written in its place.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    env: Option<String>,
    file: Option<PathBuf>,
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = SecretFrom;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("`{ env = \"NAME\" }` or `{ file = \"PATH\" }`")
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<SecretFrom, M::Error> {
        match Written::deserialize(MapAccessDeserializer::new(map))? {
            Written {
                env: Some(name),
                file: None,
            } => Ok(SecretFrom::Env(name)),
            Written {
                env: None,
                file: Some(path),
            } => Ok(SecretFrom::File(path)),
            _ => Err(M::Error::custom(EXPECTED)),
        }
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<SecretFrom, E> {
        Err(E::custom(EXPECTED))
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<SecretFrom, E> {
        Err(E::custom(EXPECTED))
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<SecretFrom, E> {
        Err(E::custom(EXPECTED))
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<SecretFrom, E> {
        Err(E::custom(EXPECTED))
    }
}

impl<'de> Deserialize<'de> for SecretFrom {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_file_gives_its_text_without_the_last_line_break() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "hush \n").unwrap();
        let secret = SecretFrom::File(file.path().to_owned()).read().unwrap();
        assert_eq!(secret.expose_secret(), "hush ");
        std::fs::write(file.path(), "\n").unwrap();
        let error = SecretFrom::File(file.path().to_owned()).read().unwrap_err();
        assert!(error.ends_with("is empty"), "{error}");
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = SecretFrom::Env("VERACITE_NOT_THERE".to_owned())
            .read()
            .unwrap_err();
        assert_eq!(
            error,
            "the environment variable VERACITE_NOT_THERE is not set"
        );
    }

    #[test]
    fn a_secret_in_the_configuration_is_refused_and_not_told() {
        for written in ["key = \"hush-123\"", "key = 123", "key = 12.3"] {
            let error = toml::from_str::<std::collections::BTreeMap<String, SecretFrom>>(written)
                .unwrap_err();
            let error = error.message();
            assert!(
                error.contains("{ env = \"NAME\" }") && !error.contains("12"),
                "{error}"
            );
        }
    }
}
