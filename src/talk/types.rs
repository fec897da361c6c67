//! Conversations and their turns, as they are kept.

use std::collections::BTreeMap;
use std::str::FromStr;

use ingest::{ContentHash, DocumentId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A conversation may have a title of this many characters.
pub(crate) const TITLE_LIMIT: usize = 200;
/// Characters of a first question that become the title.
const TITLE_OF_QUESTION: usize = 80;

/// A conversation, without its turns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Conversation {
    pub(crate) id: String,
    /// Empty until the first question is asked.
    pub(crate) title: String,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    /// Questions asked in it.
    pub(crate) turns: u64,
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TurnState {
    /// It has not.
    Running,
    /// Its answer is whole.
    Done,
    /// The asker stopped it, or the server was stopped: what was released stays.
    Stopped,
    /// There is no answer: a back end failed.
    Failed,
}

impl TurnState {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }
}

/// A word that is no state of a turn.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no state of a turn")]
pub struct NoState(String);

impl FromStr for TurnState {
    type Err = NoState;

    fn from_str(text: &str) -> Result<Self, NoState> {
        [Self::Running, Self::Done, Self::Stopped, Self::Failed]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| NoState(text.to_owned()))
    }
}

/// A question that the documents can answer as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Suggestion {
    pub(crate) question: String,
    /// The document that it comes from, whose readers may see it.
    pub(crate) document: DocumentId,
    /// The version of it: its words are a heading there. Not noted in older catalogues.
    #[serde(default)]
    pub(crate) version: Option<ContentHash>,
}

/// A question that is being asked.
#[derive(Clone, Debug)]
pub(crate) struct NewTurn {
    pub(crate) id: String,
    pub(crate) conversation: String,
    /// The turn in whose place it comes once it is whole.
    pub(crate) replaces: Option<String>,
    pub(crate) question: String,
    /// What is searched for, where it is not the question.
    pub(crate) searched_for: Option<String>,
    /// What the question is narrowed to, as JSON.
    pub(crate) filter: String,
}

/// How a turn ends.
#[derive(Clone, Debug)]
pub(crate) struct EndOfTurn {
    pub(crate) state: TurnState,
    /// The answer as it was sent.
    pub(crate) answer: Option<String>,
    /// Its text.
    pub(crate) said: String,
    /// The document of each chunk that was found.
    pub(crate) consulted: BTreeMap<String, DocumentId>,
}

/// A turn as it is kept: nobody may see it before it is compared with the rights of now.
#[derive(Clone, Debug)]
pub(crate) struct KeptTurn {
    pub(crate) id: String,
    pub(crate) question: String,
    pub(crate) searched_for: Option<String>,
    pub(crate) filter: String,
    pub(crate) state: TurnState,
    pub(crate) answer: Option<String>,
    pub(crate) consulted: BTreeMap<String, DocumentId>,
    pub(crate) suggestions: Vec<Suggestion>,
    pub(crate) created: Timestamp,
}

impl KeptTurn {
    /// What was searched for.
    pub(crate) fn searched(&self) -> &str {
        self.searched_for.as_deref().unwrap_or(&self.question)
    }
}

/// What a conversation holds that searches look at.
#[derive(Clone, Debug)]
pub(crate) struct Spoken {
    pub(crate) conversation: Conversation,
    /// The questions, a line each.
    pub(crate) asked: String,
    /// The texts of the answers, a line each: nobody may see them before they are compared with
    /// the rights of now.
    pub(crate) said: String,
}

/// A new id of a conversation or a turn.
pub(crate) fn new_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// The title that a first question gives.
pub(crate) fn title_of(question: &str) -> String {
    let line = question.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= TITLE_OF_QUESTION {
        return line;
    }
    let mut title: String = line.chars().take(TITLE_OF_QUESTION - 1).collect();
    title.push('…');
    title
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_question_makes_a_short_title() {
        assert_eq!(title_of(" 연차는\n며칠인가요? "), "연차는 며칠인가요?");
        let title = title_of(&"가".repeat(500));
        assert_eq!(title.chars().count(), TITLE_OF_QUESTION);
        assert!(title.ends_with('…'));
    }

    #[test]
    fn states_are_read_as_they_are_written() {
        for state in [
            TurnState::Running,
            TurnState::Done,
            TurnState::Stopped,
            TurnState::Failed,
        ] {
            assert_eq!(state.as_str().parse::<TurnState>().unwrap(), state);
        }
        assert!("ready".parse::<TurnState>().is_err());
    }
}
