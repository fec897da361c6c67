//! `/v1/webhooks`: who is told what becomes of documents.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::webhooks::{Event, Message, MessageState, Webhook};

/// A new webhook.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookRequest {
    /// Where messages go. A machine of the own network must be named by `network.allow`.
    pub url: String,
    /// What is told; everything if left out.
    #[serde(default)]
    pub events: BTreeSet<Event>,
    /// Of documents in which collections; of all if left out.
    #[serde(default)]
    pub collections: BTreeSet<String>,
    /// Whether messages say the title of the document.
    #[serde(default)]
    pub include_title: bool,
}

/// What is to be changed of a webhook. Fields that are left out stay.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookChangeRequest {
    /// Where messages go.
    pub url: Option<String>,
    /// What is told; everything if empty.
    pub events: Option<BTreeSet<Event>>,
    /// Of documents in which collections; of all if empty.
    pub collections: Option<BTreeSet<String>>,
    /// Whether messages say the title of the document.
    pub include_title: Option<bool>,
    /// Whether nothing is told for now: what happens meanwhile is not told later.
    pub disabled: Option<bool>,
}

/// A webhook, without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookBody {
    /// Its id.
    pub id: String,
    /// Where messages go.
    pub url: String,
    /// Whether it stands in the configuration, and is changed there.
    pub configured: bool,
    /// What is told; everything if empty.
    pub events: BTreeSet<Event>,
    /// Of documents in which collections; of all if empty.
    pub collections: BTreeSet<String>,
    /// Whether messages say the title of the document.
    pub include_title: bool,
    /// Whether nothing is told for now.
    pub disabled: bool,
    /// Since when it is there.
    pub created_at: String,
}

/// The webhooks.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookList {
    /// The webhooks, the oldest first.
    pub webhooks: Vec<WebhookBody>,
}

/// A webhook that was made just now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MadeWebhookBody {
    /// The webhook.
    pub webhook: WebhookBody,
    /// What its messages are signed with, as Standard Webhooks have it. It is not shown again.
    pub secret: String,
}

/// A message to a webhook.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeliveryBody {
    /// The header `webhook-id`: the same however often it is sent.
    pub id: String,
    /// What happened.
    pub event: Event,
    /// The document's id; null for a test.
    pub document: Option<String>,
    /// SHA-256 of the version that is meant.
    pub version: Option<String>,
    /// When it happened.
    pub happened_at: String,
    /// How it is with the message.
    pub state: MessageState,
    /// How often it was sent.
    pub attempts: u32,
    /// When it is sent next, if it is pending.
    pub next_at: Option<String>,
    /// What the other side answered last.
    pub status: Option<u16>,
    /// What went wrong last.
    pub error: Option<String>,
}

/// The messages to a webhook.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeliveryList {
    /// The newest hundred, the newest first.
    pub deliveries: Vec<DeliveryBody>,
}

/// A message that was written just now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SentBody {
    /// The header `webhook-id` of the message.
    pub id: String,
}

/// A webhook.
#[must_use]
pub fn webhook(webhook: &Webhook) -> WebhookBody {
    let webhook = webhook.clone();
    WebhookBody {
        id: webhook.id.to_string(),
        url: webhook.url,
        configured: webhook.configured,
        events: webhook.events,
        collections: webhook.collections,
        include_title: webhook.include_title,
        disabled: webhook.disabled,
        created_at: webhook.created_at.to_string(),
    }
}

/// A message.
#[must_use]
pub fn delivery(message: &Message) -> DeliveryBody {
    let is_pending = message.state == MessageState::Pending;
    DeliveryBody {
        id: message.id.clone(),
        event: message.event,
        document: Some(message.document.clone()).filter(|document| !document.is_empty()),
        version: message.version.clone(),
        happened_at: message.happened_at.to_string(),
        state: message.state,
        attempts: message.attempts,
        // One that was never sent is sent at once.
        next_at: (is_pending && message.attempts > 0).then(|| message.next_at.to_string()),
        status: message.status,
        error: message.error.clone(),
    }
}
