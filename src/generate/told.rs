//! What a server's failures are told as. Failures are logged: neither the key nor what documents
//! and questions say may stand in them.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::ask::Message;

/// Characters of them that are told.
const TOLD_CHARACTERS: usize = 300;
/// Characters of a failure's words that may stand in the prompt too before they count as its.
const REPEATED: usize = 16;

/// Where an error of OpenAI's protocol has its words.
pub(super) fn message_of(error: &Value) -> String {
    let inner = error.get("error").unwrap_or(error);
    [inner.get("message"), inner.get("detail"), Some(inner)]
        .into_iter()
        .flatten()
        .find_map(Value::as_str)
        .map_or_else(|| inner.to_string(), str::to_owned)
}

/// A server's words on a failure, for administrators: without the key, and without what the
/// prompt says, since failures are logged.
pub(super) fn scrubbed(message: &str, key: Option<&SecretString>, sent: &[Message]) -> String {
    let mut message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(key) = key
        && !key.expose_secret().is_empty()
    {
        message = message.replace(key.expose_secret(), "***");
    }
    let message: Vec<char> = message.chars().take(TOLD_CHARACTERS).collect();
    let sent: Vec<String> = sent
        .iter()
        .map(|message| {
            message
                .content
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    let repeats = message.windows(REPEATED).any(|part| {
        let part: String = part.iter().collect();
        sent.iter().any(|content| content.contains(&part))
    });
    if repeats {
        return "its words repeat the prompt and are left out".to_owned();
    }
    message.into_iter().collect()
}

/// What went wrong with a request, with its causes and without the address, which is told once.
pub(super) fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut words = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(inner) = source {
        words.push_str(": ");
        words.push_str(&inner.to_string());
        source = inner.source();
    }
    words
}
