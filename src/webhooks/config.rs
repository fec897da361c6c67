//! `[[webhooks]]`: webhooks that stand in the configuration.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use reqwest::Url;
use serde::{Deserialize, Serialize};

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
