//! `[[webhooks]]`: webhooks that stand in the configuration.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::sign::Secret;
use super::types::{Event, Webhook, WebhookId, check_url};
use crate::sources::secret::SecretFrom;

/// `[[webhooks]]`: a program that is told what becomes of documents.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// Where messages go.
    pub url: String,
    /// What is told, such as `document.ready`; everything if left out.
    #[serde(default)]
    pub events: BTreeSet<Event>,
    /// Of documents in which collections; of all if left out.
    #[serde(default)]
    pub collections: BTreeSet<String>,
    /// Whether messages say the title of the document.
    #[serde(default)]
    pub include_title: bool,
    /// Where the secret is read from that messages are signed with: `whsec_` and 24 to 64 bytes in
    /// base64.
    pub secret: SecretFrom,
}

impl WebhookConfig {
    /// Looks for what cannot be used.
    ///
    /// # Errors
    /// When its address is none.
    pub fn validate(&self) -> Result<(), String> {
        check_url(&self.url)
            .map(|_| ())
            .map_err(|error| format!("`url` of a webhook is `{}`: {error}", self.url))
    }

    /// The host that messages go to; the rest of the address may hold a token.
    #[must_use]
    pub fn host(&self) -> String {
        let url = check_url(&self.url).ok();
        url.and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// Looks whether messages can be signed.
    ///
    /// # Errors
    /// When the secret cannot be read or is none. Names the place, never what is in it.
    pub fn examine(&self) -> Result<(), String> {
        let secret = self.secret.read()?;
        Secret::read(&secret)
            .map(|_| ())
            .map_err(|error| error.to_string())
    }
}

/// The webhooks of a configuration as the catalogue has them, and where their secrets are read from.
pub(crate) fn configured(
    configs: &[WebhookConfig],
    now: Timestamp,
) -> (Vec<Webhook>, BTreeMap<WebhookId, (SecretFrom, Url)>) {
    let mut secrets = BTreeMap::new();
    let mut webhooks = Vec::new();
    for config in configs {
        // One that cannot be read was refused when the configuration was.
        let Ok(url) = check_url(&config.url) else {
            continue;
        };
        let id = WebhookId::of(&url);
        webhooks.push(Webhook {
            id: id.clone(),
            url: url.to_string(),
            configured: true,
            events: config.events.clone(),
            collections: config.collections.clone(),
            include_title: config.include_title,
            disabled: false,
            created_at: now,
        });
        secrets.insert(id, (config.secret.clone(), url));
    }
    (webhooks, secrets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<WebhookConfig, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_webhook_is_read_and_a_wrong_key_is_named() {
        let text = "url = \"https://hooks.example/x\"\nevents = [\"document.ready\"]\nsecret = { env = \"X\" }\n";
        let config = read(text).unwrap();
        assert_eq!(config.events, BTreeSet::from([Event::Ready]));
        let again = toml::to_string(&config).unwrap();
        assert_eq!(read(&again).unwrap(), config, "{again}");
        for (text, word) in [
            ("url = \"https://a/\"", "secret"),
            ("url = \"https://a/\"\nsecret = \"whsec_x\"", "env"),
            (
                "url = \"https://a/\"\nsecret = { env = \"X\" }\nevent = 1",
                "event",
            ),
            (
                "url = \"https://a/\"\nsecret = { env = \"X\" }\nevents = [\"document.red\"]",
                "document.red",
            ),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(word), "{word}: {error}");
        }
        let wrong = read("url = \"hooks\"\nsecret = { env = \"X\" }").unwrap();
        assert!(wrong.validate().is_err());
    }

    #[test]
    fn a_secret_that_is_none_is_told_and_not_shown() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let config = |secret: &str| {
            std::fs::write(file.path(), secret).unwrap();
            WebhookConfig {
                url: "https://hooks.example/".to_owned(),
                events: BTreeSet::new(),
                collections: BTreeSet::new(),
                include_title: false,
                secret: SecretFrom::File(file.path().to_owned()),
            }
        };
        assert!(
            config("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
                .examine()
                .is_ok()
        );
        let error = config("hush-hush").examine().unwrap_err();
        assert!(!error.contains("hush"), "{error}");
    }
}
