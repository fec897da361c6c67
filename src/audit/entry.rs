//! What an entry says.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::proof::canonical;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Somebody signs in; written before they are let in.
    SignIn,
    /// Somebody showed a wrong password or a wrong key. Those who are told to wait are not written.
    SignInRefused,
    /// A session is ended by whose it is.
    SignOut,
    /// An account is made; this and all that follow about people are written before they are done.
    AccountCreated,
    /// What others see of a person, their role or their groups are changed.
    AccountChanged,
    /// A person may not sign in any more.
    AccountDisabled,
    /// A person may sign in again.
    AccountEnabled,
    /// A person is taken away, with their sessions and keys.
    AccountRemoved,
    /// A link is made by which a person chooses a password, or the first administrator is made.
    InvitationMade,
    /// A person chooses a password by their link.
    InvitationUsed,
    /// A person's password is changed.
    PasswordChanged,
    /// A person may sign in as somebody whom a provider vouches for.
    IdentityLinked,
    /// A person may not sign in so any more.
    IdentityUnlinked,
    /// A person makes an API key.
    KeyMade,
    /// A person takes an API key away.
    KeyRevoked,
    /// A document is handed in; written before it is.
    Upload,
    /// What is said of a document is changed; written before it is.
    Change,
    /// Who may do how much with a document or a collection is changed; written before it is.
    RightsChanged,
    /// A document is read anew; written before it is.
    Retry,
    /// A document is not read any more; written before that ends.
    Cancel,
    /// A source is looked through at once; written before it is.
    Look,
    /// A document is deleted; written before it is.
    Delete,
    /// What was written before could not be done.
    Failed,
    /// The file of a document is sent to somebody.
    Download,
    /// A question is asked.
    Question,
    /// A question's answer is made, or not.
    Answer,
    /// Passages are looked for, for somebody or to check a text of theirs by.
    Search,
    /// A webhook is made; this and what follows about webhooks is written before it is done.
    WebhookMade,
    /// What a webhook is told is changed.
    WebhookChanged,
    /// A webhook is taken away.
    WebhookRemoved,
    /// A webhook is sent a message to try it, or one that was given up.
    WebhookSent,
    /// Somebody says what they think of an answer; this and what follows is written before it is done.
    Feedback,
    /// What was said of an answer is taken back.
    FeedbackDeleted,
    /// An administrator accepts what was said of an answer, refuses it, or puts the decision off.
    FeedbackDecided,
    /// What people said is given out for training.
    FeedbackExported,
    /// Another adapter writes from now on, or none.
    AdapterPromoted,
    /// Old entries go.
    Retention,
    /// The program found entries after the last hash that was noted: it was killed between the two.
    Resumed,
    /// The program found a log that does not end as was noted.
    EndDiffers,
    /// Entries could not be written.
    Lost,
}

impl Action {
    /// Its name in the log.
    ///
    /// # Panics
    /// Never: every action is a word.
    #[must_use]
    pub fn name(self) -> String {
        match serde_json::to_value(self) {
            Ok(Value::String(name)) => name,
            _ => unreachable!("an action is written as a word"),
        }
    }
}

/// What is to be written into the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    actor: String,
    action: Action,
    subject: String,
    details: Map<String, Value>,
}

impl Event {
    /// `actor` does this to `subject`.
    pub fn new(actor: impl Into<String>, action: Action, subject: impl std::fmt::Display) -> Self {
        Self {
            actor: actor.into(),
            action,
            subject: subject.to_string(),
            details: Map::new(),
        }
    }

    /// With a detail more. Nothing that cannot be written as JSON becomes one.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        if let Ok(value) = serde_json::to_value(value) {
            self.details.insert(name.to_owned(), value);
        }
        self
    }

    /// The canonical JSON of the entry with number `seq`, written at `at`.
    pub(super) fn body(&self, seq: u64, at: Timestamp) -> String {
        let mut entry = Map::new();
        entry.insert("seq".to_owned(), seq.into());
        // As many digits always: so their order as text is that of time.
        entry.insert("at".to_owned(), format!("{at:.3}").into());
        entry.insert("actor".to_owned(), self.actor.clone().into());
        entry.insert("action".to_owned(), self.action.name().into());
        entry.insert("subject".to_owned(), self.subject.clone().into());
        if !self.details.is_empty() {
            entry.insert("details".to_owned(), Value::Object(self.details.clone()));
        }
        canonical(&Value::Object(entry), "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_one_form() {
        let event = Event::new("mina", Action::SignInRefused, "키").with("z", 1.0);
        let at = Timestamp::from_second(1_772_323_200).unwrap();
        assert_eq!(
            event.with("a", ["b"]).body(7, at),
            r#"{"action":"sign_in_refused","actor":"mina","at":"2026-03-01T00:00:00.000Z","details":{"a":["b"],"z":1},"seq":7,"subject":"키"}"#
        );
    }
}
