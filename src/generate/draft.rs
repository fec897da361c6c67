//! A draft as a server sends it: events to pieces, and every way in which it can end.

use std::time::Duration;

use ingest::BackendError;
use reqwest::Response;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use super::sse::{EventReader, Sent};
use super::told::{message_of, reason, scrubbed};
use crate::ask::{DraftPiece, EngineBusy, Message, Usage};

/// A server that said the draft is done has this long to end its answer, so that the connection
/// can be used again.
const FAREWELL: Duration = Duration::from_millis(200);

/// A piece of a stream.
#[derive(Deserialize)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    error: Option<Value>,
    object: Option<String>,
    message: Option<Value>,
    /// Of no draft's text: whatever stands here, the draft is read on.
    usage: Option<Value>,
}

/// Tokens, in the last event or in each.
#[derive(Deserialize)]
struct Counted {
    prompt_tokens: usize,
    #[serde(default)]
    completion_tokens: usize,
    prompt_tokens_details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    cached_tokens: Option<usize>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
}

/// A draft that is being read.
pub(super) struct Draft {
    /// The server's address.
    pub(super) root: String,
    /// What lets in: a failure must not tell it.
    pub(super) key: Option<SecretString>,
    /// What was sent: a failure must not tell it.
    pub(super) conversation: Vec<Message>,
    /// How long nothing may be said between two words.
    pub(super) patience: Duration,
    /// When the patience is at its end.
    pub(super) until: Instant,
    /// How long the first word may take; none once it was there.
    pub(super) first: Option<Duration>,
    /// Whether the server said that the draft is done.
    pub(super) finished: bool,
}

impl Draft {
    /// Reads the draft to its end and passes on its pieces.
    pub(super) async fn read(
        mut self,
        mut response: Response,
        sender: &mpsc::UnboundedSender<Result<DraftPiece, BackendError>>,
    ) -> Result<(), BackendError> {
        let kind = response
            .headers()
            .get(reqwest::header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("nothing named")
            .to_owned();
        if !kind.starts_with("text/event-stream") {
            return Err(self.failed(&format!("answers with {kind} instead of a stream")));
        }
        let mut reader = EventReader::default();
        loop {
            let chunk = match timeout_at(self.until, response.chunk()).await {
                Ok(Ok(chunk)) => chunk,
                Ok(Err(_)) | Err(_) if self.finished => return Ok(()),
                Ok(Err(error)) => {
                    return Err(self.failed(&format!("broke off: {}", reason(error))));
                }
                Err(_) => {
                    let patience = self.first.unwrap_or(self.patience).as_secs_f32();
                    return Err(self.failed(&format!("said nothing for {patience} s")));
                }
            };
            let ended = chunk.is_none();
            let events = match chunk {
                Some(bytes) => reader.push(&bytes),
                None => std::mem::take(&mut reader).finish(),
            };
            for event in events.map_err(|what| self.failed(&format!("sent {what}")))? {
                if self.take(event, sender)? {
                    return Ok(());
                }
            }
            if ended {
                return if self.finished {
                    Ok(())
                } else {
                    Err(self.failed("broke off before the draft was done"))
                };
            }
        }
    }

    /// Passes on what an event says. Gives whether it was the last.
    fn take(
        &mut self,
        event: Sent,
        sender: &mpsc::UnboundedSender<Result<DraftPiece, BackendError>>,
    ) -> Result<bool, BackendError> {
        let data = match event {
            Sent::Data(data) => data,
            Sent::Error(error) => {
                let value = serde_json::from_str(&error).unwrap_or(Value::String(error));
                return Err(self.reported(&value));
            }
        };
        if data.trim() == "[DONE]" {
            return Ok(true);
        }
        let chunk: Chunk = serde_json::from_str(&data)
            .map_err(|error| self.failed(&format!("sent what is no part of a draft: {error}")))?;
        if let Some(error) = chunk.error.filter(|error| !error.is_null()) {
            return Err(self.reported(&error));
        }
        if chunk.object.as_deref() == Some("error") {
            return Err(self.reported(&chunk.message.unwrap_or_default()));
        }
        let counted = chunk.usage.map(serde_json::from_value::<Counted>);
        if let Some(Ok(counted)) = counted {
            let usage = DraftPiece::Usage(Usage {
                prompt_tokens: counted.prompt_tokens,
                cached_tokens: counted
                    .prompt_tokens_details
                    .and_then(|details| details.cached_tokens),
                completion_tokens: counted.completion_tokens,
            });
            // The asker may have left.
            let _ = sender.send(Ok(usage));
        }
        if !self.finished {
            // The first event of most servers names a role and is sent before the prompt is
            // read: only words end the wait for the first word.
            let choice = chunk.choices.into_iter().flatten().next();
            let (delta, finish) =
                choice.map_or((None, None), |choice| (choice.delta, choice.finish_reason));
            if let Some(text) = delta.and_then(|delta| delta.content)
                && !text.is_empty()
            {
                self.first = None;
                // The asker may have left.
                let _ = sender.send(Ok(DraftPiece::Text(text)));
            }
            if self.first.is_none() {
                self.until = Instant::now() + self.patience;
            }
            if let Some(reason) = finish.filter(|reason| !reason.is_empty()) {
                self.finished = true;
                self.until = Instant::now() + FAREWELL;
                if is_cut(&reason) {
                    warn!(reason, "the draft ended before it was done");
                    let _ = sender.send(Ok(DraftPiece::Cut));
                }
            }
        }
        Ok(false)
    }

    fn reported(&self, error: &Value) -> BackendError {
        let code = error["code"].as_u64();
        let told = scrubbed(&message_of(error), self.key.as_ref(), &self.conversation);
        let message = format!("the engine at {} failed: {told}", self.root);
        if matches!(code, Some(429 | 503)) {
            return BackendError::new(message, EngineBusy);
        }
        BackendError::message(message)
    }

    fn failed(&self, what: &str) -> BackendError {
        BackendError::message(format!("the engine at {} {what}", self.root))
    }
}

/// Whether a model that stopped for this reason was not done.
fn is_cut(reason: &str) -> bool {
    matches!(
        reason,
        "length" | "content_filter" | "tool_calls" | "function_call" | "abort" | "error"
    )
}
