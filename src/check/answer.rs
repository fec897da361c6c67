//! What people may see. Fields are private to `check` so that nothing else can make one.

use ingest::{ContentHash, DocumentId};
use serde::{Deserialize, Serialize};

use crate::ask::Place;

/// What the checker says of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The cited passages say it.
    Supported,
    /// They say part of it.
    Partial,
    /// They say otherwise.
    Contradicted,
    /// They do not say it.
    Unsupported,
    /// It claims nothing: a greeting, a heading.
    NotCheckable,
    /// The checker could not run. Never treated as supported.
    Unverified,
}

/// What happens to a sentence that is not supported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It is withheld, and counted.
    #[default]
    Strict,
    /// It is shown, visibly marked.
    Marked,
}

/// A quote that a sentence rests on, copied by code from the stored document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Citation {
    pub(super) number: u32,
    pub(super) document: DocumentId,
    pub(super) version: ContentHash,
    pub(super) title: String,
    pub(super) file_name: String,
    pub(super) heading_path: Vec<String>,
    pub(super) page: Option<u32>,
    pub(super) place: Place,
    pub(super) quote: String,
}

/// A sentence with its verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedSentence {
    pub(super) text: String,
    pub(super) verdict: Verdict,
    pub(super) score: f32,
    pub(super) reason: Option<String>,
    pub(super) citations: Vec<Citation>,
}

/// An answer that was checked, sentence by sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub(super) sentences: Vec<CheckedSentence>,
    pub(super) withheld: Vec<CheckedSentence>,
}
