//! `[words]` and `[vectors]`: the two indexes.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// `[words]`: the index of words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct WordsConfig {
    /// A folder with a Korean dictionary that lindera compiled (ko-dic). Korean text is then cut
    /// into dictionary words instead of pairs of syllables: a little more often the best passage
    /// comes first, at a tenth of the speed. Without it, pairs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dictionary: Option<PathBuf>,
}

/// `[vectors]`: the index of vectors.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct VectorsConfig {
    /// The gRPC address of a Qdrant server, such as `http://10.0.0.5:6334`. Without it, vectors
    /// are kept in the data folder by this process (Qdrant Edge).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What the server asks for before it lets anyone in.
    #[serde(skip_serializing)]
    pub api_key: Option<SecretString>,
    /// What the names of our collections on the server begin with.
    pub collection: String,
    /// How long one request to the server may take.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
}

impl Default for VectorsConfig {
    fn default() -> Self {
        Self {
            url: None,
            api_key: None,
            collection: "veracite".to_owned(),
            timeout: Duration::from_secs(10),
        }
    }
}

impl VectorsConfig {
    /// Looks for values that mean nothing.
    ///
    /// # Errors
    /// When the address is no address, or the prefix could not be part of a name.
    pub fn validate(&self) -> Result<(), String> {
        if let Some(url) = &self.url
            && !(url.starts_with("http://") || url.starts_with("https://"))
        {
            return Err(format!(
                "`url` is `{url}`; it starts with http:// or https:// and names the gRPC port"
            ));
        }
        let plain = |char: char| char.is_ascii_alphanumeric() || "-_".contains(char);
        if self.collection.is_empty()
            || self.collection.len() > 60
            || !self.collection.chars().all(plain)
        {
            return Err(format!(
                "`collection` is `{}`; it has letters, digits, `-` and `_` only",
                self.collection
            ));
        }
        if self.timeout.is_zero() {
            return Err("`timeout` is zero".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_an_address_or_a_name_is_refused() {
        for (text, word) in [
            ("url = \"10.0.0.5:6334\"", "10.0.0.5"),
            ("collection = \"a/b\"", "a/b"),
            ("timeout = \"0s\"", "timeout"),
        ] {
            let config: VectorsConfig = toml::from_str(text).unwrap();
            let error = config.validate().unwrap_err();
            assert!(error.contains(word), "{error}");
        }
        let config: VectorsConfig =
            toml::from_str("url = \"http://10.0.0.5:6334\"\napi_key = \"hush\"").unwrap();
        assert_eq!(config.validate(), Ok(()));
        assert!(!toml::to_string(&config).unwrap().contains("hush"));
        assert!(!format!("{config:?}").contains("hush"));
    }
}
