//! Webhooks, events and messages.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use crate::encoding::hex;

/// Names a webhook.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct WebhookId(String);

impl WebhookId {
    /// A new one.
    #[must_use]
    pub fn new() -> Self {
        Self(uuid::Uuid::new_v4().simple().to_string())
    }

    /// The one that the webhook to an address in the configuration has, at each start the same.
    #[must_use]
    pub fn of(url: &Url) -> Self {
        let sum = Sha256::digest(url.as_str());
        Self(format!("config-{}", hex(&sum[..12])))
    }

    /// Its characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for WebhookId {
    fn default() -> Self {
        Self::new()
    }
}

impl From<String> for WebhookId {
    fn from(id: String) -> Self {
        Self(id)
    }
}

impl fmt::Display for WebhookId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// What can become of a document.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[schema(as = WebhookEvent)]
pub enum Event {
    /// It, or a newer version of it, was handed in and waits to be read.
    #[serde(rename = "document.received")]
    Received,
    /// It is found by searches; again when it was read anew.
    #[serde(rename = "document.ready")]
    Ready,
    /// It could not be read.
    #[serde(rename = "document.failed")]
    Failed,
    /// A person cancelled it.
    #[serde(rename = "document.cancelled")]
    Cancelled,
    /// It is gone.
    #[serde(rename = "document.deleted")]
    Deleted,
    /// Nothing: an administrator tries whether messages arrive.
    #[serde(rename = "webhook.test")]
    Test,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Received,
        Self::Ready,
        Self::Failed,
        Self::Cancelled,
        Self::Deleted,
        Self::Test,
    ];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "document.received",
            Self::Ready => "document.ready",
            Self::Failed => "document.failed",
            Self::Cancelled => "document.cancelled",
            Self::Deleted => "document.deleted",
            Self::Test => "webhook.test",
        }
    }
}

/// No such event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no event `{0}`")]
pub struct UnknownEvent(String);

impl FromStr for Event {
    type Err = UnknownEvent;

    fn from_str(name: &str) -> Result<Self, UnknownEvent> {
        let found = Self::ALL.into_iter().find(|event| event.as_str() == name);
        found.ok_or_else(|| UnknownEvent(name.to_owned()))
    }
}

/// Who is told of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
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
    /// Whether nothing is told for now: what happens meanwhile is not told later.
    pub disabled: bool,
    /// Since when it is there.
    pub created_at: Timestamp,
}

/// How it is with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookMessageState)]
pub enum MessageState {
    /// It is sent, again and again until it arrives.
    Pending,
    /// The other side has it.
    Delivered,
    /// It was given up; an administrator may send it again.
    Dead,
}

impl MessageState {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
}

impl FromStr for MessageState {
    type Err = UnknownEvent;

    fn from_str(name: &str) -> Result<Self, UnknownEvent> {
        match name {
            "pending" => Ok(Self::Pending),
            "delivered" => Ok(Self::Delivered),
            "dead" => Ok(Self::Dead),
            other => Err(UnknownEvent(other.to_owned())),
        }
    }
}

/// A message to one webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its place in the order of all messages.
    pub seq: i64,
    /// The same however often it is sent: what arrives twice is known by it.
    pub id: String,
    /// To whom.
    pub webhook: WebhookId,
    /// What happened.
    pub event: Event,
    /// The document's id; empty for a test.
    pub document: String,
    /// SHA-256 of the version that is meant.
    pub version: Option<String>,
    /// The state that the document came into.
    pub document_state: Option<String>,
    /// The document's title, where the webhook wants it.
    pub title: Option<String>,
    /// When it happened.
    pub happened_at: Timestamp,
    /// How it is with it.
    pub state: MessageState,
    /// How often it was sent.
    pub attempts: u32,
    /// When it is sent next, if it is pending.
    pub next_at: Timestamp,
    /// What the other side answered last.
    pub status: Option<u16>,
    /// What went wrong last.
    pub error: Option<String>,
}

impl Message {
    /// What is sent: the same each time.
    #[must_use]
    pub fn body(&self) -> String {
        #[derive(Serialize)]
        struct Body<'a> {
            r#type: Event,
            timestamp: String,
            data: Data<'a>,
        }
        #[derive(Serialize)]
        struct Data<'a> {
            sequence: i64,
            #[serde(skip_serializing_if = "str::is_empty")]
            document: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            version: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            state: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            title: Option<&'a str>,
        }
        let body = Body {
            r#type: self.event,
            timestamp: self.happened_at.to_string(),
            data: Data {
                sequence: self.seq,
                document: &self.document,
                version: self.version.as_deref(),
                state: self.document_state.as_deref(),
                title: self.title.as_deref(),
            },
        };
        // Texts and numbers can be written.
        serde_json::to_string(&body).unwrap_or_default()
    }
}

/// The address of a webhook, if it can be one.
///
/// # Errors
/// When it is none of a page, or holds a password: whoever sees it would know that.
pub fn check_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("it is no address: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("it begins neither with https:// nor with http://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it holds a name or password".to_owned());
    }
    if url.fragment().is_some() {
        return Err("it has a part after #, which is never sent".to_owned());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Message {
        Message {
            seq: 7,
            id: "msg_1".to_owned(),
            webhook: WebhookId::new(),
            event: Event::Ready,
            document: "d".to_owned(),
            version: Some("v".to_owned()),
            document_state: Some("ready".to_owned()),
            title: None,
            happened_at: Timestamp::from_second(1_772_323_200).unwrap(),
            state: MessageState::Pending,
            attempts: 0,
            next_at: Timestamp::UNIX_EPOCH,
            status: None,
            error: None,
        }
    }

    #[test]
    fn a_message_says_what_happened_and_nothing_else() {
        let expected = r#"{"type":"document.ready","timestamp":"2026-03-01T00:00:00Z","data":{"sequence":7,"document":"d","version":"v","state":"ready"}}"#;
        assert_eq!(message().body(), expected);
        // However often it was sent.
        let again = Message {
            attempts: 3,
            error: Some("x".to_owned()),
            ..message()
        };
        assert_eq!(again.body(), expected);
        let titled = Message {
            title: Some("휴가 규정".to_owned()),
            ..message()
        };
        assert!(titled.body().contains(r#""title":"휴가 규정""#));
    }

    #[test]
    fn events_have_the_names_that_are_written() {
        for event in Event::ALL {
            assert_eq!(event.as_str().parse(), Ok(event));
            let written = serde_json::to_value(event).unwrap();
            assert_eq!(written, event.as_str());
        }
        assert!("document.read".parse::<Event>().is_err());
    }

    #[test]
    fn an_address_with_a_password_is_none() {
        assert!(check_url("https://hooks.example/x?y=1").is_ok());
        for wrong in [
            "",
            "hooks.example",
            "ftp://a/",
            "https://a:b@c/",
            "https://a/#b",
        ] {
            assert!(check_url(wrong).is_err(), "{wrong}");
        }
        let url = check_url("https://hooks.example/x").unwrap();
        assert_eq!(WebhookId::of(&url), WebhookId::of(&url));
    }
}
