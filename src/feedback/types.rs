//! A judged answer, and what is said of it.

use std::collections::BTreeSet;

use ingest::{ContentHash, DocumentId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ask::{Message, Passage};
use crate::check::{CheckedSentence, Mode, Verdict};
use crate::language::Language;

/// What a person says of an answer or of a sentence.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It is right.
    Right,
    /// It is wrong.
    Wrong,
    /// It may be right, but not what it cites says so.
    WrongSource,
    /// It was right once.
    Outdated,
    /// Something that belongs to the answer is not said.
    Missing,
}

impl Kind {
    /// Its name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::WrongSource => "wrong_source",
            Self::Outdated => "outdated",
            Self::Missing => "missing",
        }
    }
}

/// What an administrator decided on what a person said.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It may be learnt from, also where the documents do not support its correction.
    Accepted,
    /// Nothing of it is learnt from.
    Refused,
}

impl Decision {
    /// Its name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
        }
    }
}

/// A decision with who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The decision.
    pub decision: Decision,
    /// Who decided, as the audit log calls them.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What a person said of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// Names it.
    pub id: String,
    /// Who said it, as the audit log calls them.
    pub actor: String,
    /// The sentence that it is about, from 0; none for the whole answer.
    pub sentence: Option<usize>,
    /// What they said.
    pub kind: Kind,
    /// What should stand there instead, or what is missing.
    pub correction: Option<String>,
    /// The correction, sentence by sentence, as the checker found it.
    pub corrected: Vec<KeptSentence>,
    /// Anything else.
    pub note: Option<String>,
    /// When.
    pub given: Timestamp,
    /// What an administrator decided on it, if one did.
    pub decided: Option<Decided>,
}

impl Judgement {
    /// What was decided on it.
    #[must_use]
    pub fn decision(&self) -> Option<Decision> {
        self.decided.as_ref().map(|decided| decided.decision)
    }

    /// Whether its correction has a sentence that the documents do not say.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        !self.corrected.iter().all(KeptSentence::holds)
    }

    /// Whether it waits for an administrator: its correction is none that the documents support.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.is_unsupported() && self.decided.is_none()
    }
}

/// What training needs of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgedAnswer {
    /// The question as asked.
    pub question: String,
    /// The language of the answer.
    pub language: Language,
    /// What happened to unsupported sentences.
    pub mode: Mode,
    /// Whether it said that the documents do not answer.
    pub abstained: bool,
    /// What the draft was written from; none if its passages are not known any more, and then
    /// nothing is learnt from it.
    pub prompt: Option<KeptPrompt>,
    /// The sentences of the draft: those that were shown, in order, then those that were withheld as far
    /// as they are known.
    pub sentences: Vec<KeptSentence>,
    /// Documents and versions that it quotes.
    pub quoted: BTreeSet<(DocumentId, ContentHash)>,
    /// The engine: `quote`, `local` or `openai`.
    pub engine: String,
    /// Engine and weights.
    pub generator: String,
    /// The adapter, if one wrote.
    pub adapter: Option<String>,
    /// Name and version of the checker.
    pub checker: String,
    /// When it was sealed (RFC 3339).
    pub created: String,
}

/// What a draft was written from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptPrompt {
    /// The version of the prompt's words.
    pub version: u32,
    /// The conversation that asks for the answer.
    pub messages: Vec<Message>,
    /// The passages in it.
    pub passages: Vec<KeptPassage>,
}

/// A passage of a prompt; its text stands there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptPassage {
    /// Its number, from 1.
    pub number: u32,
    /// The document.
    pub document: DocumentId,
    /// Its version.
    pub version: ContentHash,
    /// The chunks it is made of.
    pub chunks: Vec<String>,
    /// SHA-256 of its text.
    pub text_sha256: ContentHash,
}

/// A sentence as it was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptSentence {
    /// Its text, without markers.
    pub text: String,
    /// What the checker said.
    pub verdict: Verdict,
    /// Whether it was shown.
    pub shown: bool,
    /// The passages that it rests on.
    pub citations: Vec<u32>,
}

impl KeptPassage {
    pub(super) fn new(number: u32, passage: &Passage) -> Self {
        Self {
            number,
            document: passage.document,
            version: passage.version,
            chunks: passage.chunks.iter().map(ToString::to_string).collect(),
            text_sha256: ContentHash::of(passage.text.as_bytes()),
        }
    }
}

impl KeptSentence {
    pub(super) fn new(sentence: &CheckedSentence, shown: bool) -> Self {
        let mut citations = Vec::new();
        for citation in sentence.citations() {
            if !citations.contains(&citation.number()) {
                citations.push(citation.number());
            }
        }
        Self {
            text: sentence.text().to_owned(),
            verdict: sentence.verdict(),
            shown,
            citations,
        }
    }

    /// Whether the documents say it, or it claims nothing.
    pub(super) fn holds(&self) -> bool {
        matches!(self.verdict, Verdict::Supported | Verdict::NotCheckable)
    }
}

impl JudgedAnswer {
    /// Documents and versions whose text is in it.
    #[must_use]
    pub fn documents(&self) -> BTreeSet<(DocumentId, ContentHash)> {
        let passages = self.prompt.iter().flat_map(|prompt| &prompt.passages);
        let of = |passage: &KeptPassage| (passage.document, passage.version);
        let mut documents: BTreeSet<_> = passages.map(of).collect();
        documents.extend(&self.quoted);
        documents
    }

    /// Whether it is not known what all that it says was written from: nobody is shown it then.
    pub(crate) fn is_of_unknown(&self) -> bool {
        let has_quotes = !self.quoted.is_empty();
        let all_quote = || self.shown().iter().all(|it| !it.citations.is_empty());
        self.prompt.is_none() && !(has_quotes && all_quote())
    }

    /// The sentences that were shown, in order.
    pub(crate) fn shown(&self) -> Vec<&KeptSentence> {
        let sentences = self.sentences.iter();
        sentences.filter(|sentence| sentence.shown).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_from_nobody_knows_what_is_told_of() {
        let sentence = |citations: &[u32], shown| KeptSentence {
            text: "Leave is 15 days.".to_owned(),
            verdict: Verdict::Supported,
            shown,
            citations: citations.to_vec(),
        };
        let quoted = (DocumentId::at("a"), ContentHash::of(b"a"));
        let mut answer = JudgedAnswer {
            question: String::new(),
            language: Language::En,
            mode: Mode::Marked,
            abstained: false,
            prompt: None,
            sentences: vec![sentence(&[1], true), sentence(&[], false)],
            quoted: BTreeSet::from([quoted]),
            engine: String::new(),
            generator: String::new(),
            adapter: None,
            checker: String::new(),
            created: String::new(),
        };
        assert!(
            !answer.is_of_unknown(),
            "each sentence that was shown has a quote"
        );
        answer.sentences.push(sentence(&[], true));
        assert!(answer.is_of_unknown(), "one has none");
        answer.prompt = Some(KeptPrompt {
            version: 1,
            messages: Vec::new(),
            passages: Vec::new(),
        });
        assert!(!answer.is_of_unknown(), "its passages are known");
        answer.prompt = None;
        answer.sentences.clear();
        answer.quoted.clear();
        assert!(answer.is_of_unknown(), "nothing is known of it");
    }
}
