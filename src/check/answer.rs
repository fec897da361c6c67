//! What people may see. Fields are private to `check`, so that nothing else can make one.

use ingest::{ContentHash, DocumentId, Span};
use serde::{Deserialize, Serialize};

use crate::ask::{Findable, LedgerEntry, Location, Place, Usage};
use crate::language::Language;

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
    /// It claims nothing: a greeting, a heading, that the passages do not say something.
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

/// Why a sentence has the verdict it has. Rendered in words by the interface and the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reason {
    /// It cites nothing, or only passages that do not exist.
    NoCitation,
    /// It quotes words that the passages do not hold.
    NotVerbatim {
        /// The words.
        quote: String,
    },
    /// A number, date, unit, code or article that the passages do not hold.
    MissingFact {
        /// As the sentence writes it.
        fact: String,
        /// What the nearest evidence has instead, if it has something of the same kind.
        instead: Option<String>,
    },
    /// A fact that the passages give for something else.
    BoundElsewhere {
        /// As the sentence writes it.
        fact: String,
        /// What it belongs to in the passages.
        to: String,
        /// What the passages have for the sentence's thing.
        instead: Option<String>,
    },
    /// A limit that is another in the passages, such as `at most` for `at least`.
    OtherLimit {
        /// As the sentence writes it.
        said: String,
        /// As the passages write it.
        there: String,
    },
    /// A calculation that is wrong, or whose parts are not in the passages.
    WrongArithmetic {
        /// As the sentence writes it.
        shown: String,
    },
    /// The passages say otherwise.
    Opposite,
    /// The passages are about something else.
    LowSimilarity,
    /// Part of the sentence has no support.
    PartlyMissing {
        /// The words without support.
        words: Vec<String>,
    },
    /// The checker failed.
    CheckerFailed {
        /// How, in words for an administrator.
        error: String,
    },
}

impl Reason {
    /// Whether the passages give something else for the same thing.
    pub(super) fn gives_another(&self) -> bool {
        match self {
            Self::MissingFact { instead, .. } | Self::BoundElsewhere { instead, .. } => {
                instead.is_some()
            }
            Self::OtherLimit { .. } | Self::Opposite => true,
            _ => false,
        }
    }

    /// The part of the sentence that fails, as the sentence writes it.
    pub(super) fn fact(&self) -> Option<&str> {
        match self {
            Self::MissingFact { fact, .. } | Self::BoundElsewhere { fact, .. } => Some(fact),
            Self::OtherLimit { said, .. } => Some(said),
            Self::WrongArithmetic { shown } => Some(shown),
            Self::NotVerbatim { quote } => Some(quote),
            _ => None,
        }
    }
}

/// Two documents that give different figures for the same thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    pub(super) words: String,
    pub(super) sides: [ConflictSide; 2],
}

/// What one document says where another says otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct ConflictSide {
    pub(super) fact: String,
    pub(super) effective: Option<String>,
    pub(super) citation: Citation,
}

impl Conflict {
    /// The conflict as a sentence for people.
    #[must_use]
    pub fn words(&self) -> &str {
        &self.words
    }

    /// Both sides: the document that came into force later first, where that is known.
    #[must_use]
    pub fn sides(&self) -> &[ConflictSide; 2] {
        &self.sides
    }
}

impl ConflictSide {
    /// The figure, as the document writes it.
    #[must_use]
    pub fn fact(&self) -> &str {
        &self.fact
    }

    /// When the document came into force, as far as it says: `2025`, `2025-03` or `2025-03-01`.
    #[must_use]
    pub fn effective(&self) -> Option<&str> {
        self.effective.as_deref()
    }

    /// The quote.
    #[must_use]
    pub fn citation(&self) -> &Citation {
        &self.citation
    }
}

/// A quote that a sentence rests on, copied by code from the stored document.
#[derive(Clone, Debug, PartialEq)]
pub struct Citation {
    pub(super) number: u32,
    pub(super) document: DocumentId,
    pub(super) version: ContentHash,
    pub(super) title: String,
    pub(super) file_name: String,
    pub(super) heading_path: Vec<String>,
    pub(super) location: Option<Location>,
    pub(super) place: Place,
    pub(super) quote: String,
    pub(super) quote_sha256: ContentHash,
    pub(super) before: String,
    pub(super) after: String,
}

/// A sentence with its verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedSentence {
    pub(super) text: String,
    pub(super) verdict: Verdict,
    pub(super) score: f32,
    pub(super) reason: Option<Reason>,
    pub(super) failing: Option<Span>,
    pub(super) rewritten: bool,
    pub(super) citations: Vec<Citation>,
}

/// An answer that was checked, sentence by sentence.
#[derive(Clone, Debug)]
pub struct Answer {
    pub(super) language: Language,
    pub(super) mode: Mode,
    pub(super) sentences: Vec<CheckedSentence>,
    pub(super) withheld: Vec<CheckedSentence>,
    pub(super) conflicts: Vec<Conflict>,
    pub(super) unknown_citations: usize,
    pub(super) abstained: bool,
    pub(super) generator: String,
    pub(super) checker: String,
    pub(super) ledger: Vec<LedgerEntry>,
    pub(super) truncated: bool,
    pub(super) usage: Option<Usage>,
    pub(super) findable: Vec<Findable>,
}

impl Citation {
    /// The number of the passage it is cut from, from 1; the mark that people see.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The document.
    #[must_use]
    pub fn document(&self) -> DocumentId {
        self.document
    }

    /// The version of the document that holds the quote.
    #[must_use]
    pub fn version(&self) -> ContentHash {
        self.version
    }

    /// The document's title.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The document's file name.
    #[must_use]
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// Headings above the quote, outermost first.
    #[must_use]
    pub fn heading_path(&self) -> &[String] {
        &self.heading_path
    }

    /// On which pages, slides or cells the quote stands; none for formats without.
    #[must_use]
    pub fn location(&self) -> Option<&Location> {
        self.location.as_ref()
    }

    /// Where the quote stands in the document's text.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The exact words of the document.
    #[must_use]
    pub fn quote(&self) -> &str {
        &self.quote
    }

    /// SHA-256 of the quote's UTF-8 bytes.
    #[must_use]
    pub fn quote_sha256(&self) -> ContentHash {
        self.quote_sha256
    }

    /// What stands before the quote in its passage.
    #[must_use]
    pub fn before(&self) -> &str {
        &self.before
    }

    /// What stands after the quote in its passage.
    #[must_use]
    pub fn after(&self) -> &str {
        &self.after
    }
}

impl CheckedSentence {
    /// The sentence, without citation markers.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the checker says of it.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The probability that the evidence supports it, from 0 to 1; that of its worst claim.
    #[must_use]
    pub fn score(&self) -> f32 {
        self.score
    }

    /// Why it is not supported.
    #[must_use]
    pub fn reason(&self) -> Option<&Reason> {
        self.reason.as_ref()
    }

    /// The bytes of its text that fail, if it is not supported.
    #[must_use]
    pub fn failing(&self) -> Option<&Span> {
        self.failing.as_ref()
    }

    /// Whether the language model wrote it again from its evidence after it was refused.
    #[must_use]
    pub fn rewritten(&self) -> bool {
        self.rewritten
    }

    /// The quotes it rests on, best first.
    #[must_use]
    pub fn citations(&self) -> &[Citation] {
        &self.citations
    }
}

impl Answer {
    /// The language it is in.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// Documents that could hold the answer and that the asker may find but not quote, for an answer
    /// that abstains.
    #[must_use]
    pub fn findable(&self) -> &[Findable] {
        &self.findable
    }

    /// The same answer, which names these documents.
    #[must_use]
    pub(crate) fn pointing_to(self, findable: Vec<Findable>) -> Self {
        Self { findable, ..self }
    }

    /// How unsupported sentences were treated.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The sentences to show, in order. In strict mode they are all supported or not checkable.
    #[must_use]
    pub fn sentences(&self) -> &[CheckedSentence] {
        &self.sentences
    }

    /// Sentences that strict mode withheld. Only for people who ask why.
    #[must_use]
    pub fn withheld(&self) -> &[CheckedSentence] {
        &self.withheld
    }

    /// Where documents give different figures for what the sentences say.
    #[must_use]
    pub fn conflicts(&self) -> &[Conflict] {
        &self.conflicts
    }

    /// Citations of the draft that were dropped, since no passage has their number.
    #[must_use]
    pub fn unknown_citations(&self) -> usize {
        self.unknown_citations
    }

    /// Whether nothing supported was left to say: the documents do not answer the question.
    #[must_use]
    pub fn abstained(&self) -> bool {
        self.abstained
    }

    /// What wrote the draft.
    #[must_use]
    pub fn generator(&self) -> &str {
        &self.generator
    }

    /// Name and version of the checker.
    #[must_use]
    pub fn checker(&self) -> &str {
        &self.checker
    }

    /// What was retrieved, packed and left out.
    #[must_use]
    pub fn ledger(&self) -> &[LedgerEntry] {
        &self.ledger
    }

    /// Whether the engine stopped before the draft was done, as at `max_tokens`. Half a sentence
    /// at its end is dropped.
    #[must_use]
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    /// Tokens that the engine counted; none if it does not, or was not heard to its end.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        self.usage
    }
}
