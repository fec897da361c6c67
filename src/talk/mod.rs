//! Conversations: questions that follow each other, and their answers as they were given.
//!
//! | module | what it is for |
//! |---|---|
//! | `types` | conversations and turns as they are kept |
//! | `record` | keeps a turn while it happens, however it ends |
//! | `recheck` | what of a kept answer may be seen now |
//! | `purge` | what is deleted leaves no word in kept answers |
//! | `find` | conversations by words |
//! | `export` | a conversation as Markdown |
//! | `standalone`, `follow` | a follow-up question as one that stands alone, with a model and without |
//! | `suggest` | what the documents could be asked next |
//!
//! An earlier answer is never evidence: of a conversation only its questions are read, and only
//! to write the next question in full. A kept answer is never shown as it is: `Rights::shown`
//! takes out what its owner may not read any more.

mod export;
mod find;
mod follow;
mod purge;
mod recheck;
mod record;
mod standalone;
pub(crate) mod suggest;
mod types;

pub(crate) use export::markdown;
pub(crate) use find::find;
pub(crate) use purge::{Gone, Version, documents_in, purge, versions_in};
pub(crate) use recheck::{Hidden, ShownTurn, shown_turns};
pub(crate) use record::Recorder;
pub(crate) use standalone::{in_full, standing_alone};
pub(crate) use types::{
    Conversation, EndOfTurn, KeptTurn, NewTurn, Spoken, Suggestion, TITLE_LIMIT, new_id, title_of,
};
pub use types::{NoState, TurnState};
