//! Answers that carry their proof, and whether it still holds.
//!
//! A [`Proof`] says what an answer was made of: the exact version of every document it quotes,
//! where each quote stands, hashes of sentences and quotes, and what searched, wrote and checked.
//! It binds everything else in the answer by one hash, and a seal binds the proof: HMAC-SHA256
//! with the [`Key`] of the installation. Whoever changes a character of the answer, or of the
//! proof, breaks one of the two, and cannot mend it without the key.
//!
//! What is hashed and sealed is the canonical form of the JSON (`canonical.rs`), so that
//! a program may store an answer with other white space and another order of keys.
//!
//! [`verify_in`] and [`App::verify`](crate::app::App::verify) look at an answer of some time ago: is it what was sealed, and do its sources
//! still say so? Documents are looked up for a proof whose seal holds, and for no other: what a
//! stranger writes into a proof asks the store nothing.

mod canonical;
mod key;
mod verify;

pub use canonical::Json;
pub(crate) use canonical::canonical;
pub use key::{Key, KeyError};
pub use verify::{
    AnswerProblem, CitationReport, CurrentVersion, Standing, VerifyReport, verify_in,
};
pub(crate) use verify::{genuine, verify};

use std::fmt::Debug;
use std::sync::Arc;

use ingest::{ContentHash, DocumentId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::ask::{NO_ADAPTER, Question};
use crate::check::{Answer, CheckedSentence, Citation, Mode, Verdict};

/// The form of proofs that this program writes and reads.
const SCHEMA: u64 = 1;
/// How proofs are sealed.
const ALGORITHM: &str = "HMAC-SHA256";
/// Keys of the answer and of the proof that are not hashed and sealed with the rest.
const PROOF: &str = "proof";
const SEAL: &str = "seal";

/// Tells the time.
pub trait Clock: Debug + Send + Sync {
    /// What time it is.
    fn now(&self) -> Timestamp;
}

/// The clock of this machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// What an answer was made of, sealed. Hashes are in hexadecimal.
// It is its own wire struct, since the JSON is what is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Proof {
    /// The form of this proof: 1.
    pub schema: u64,
    /// When the answer was sealed, to the second, in UTC (RFC 3339).
    pub created: String,
    /// SHA-256 of the question's UTF-8 bytes.
    #[schema(value_type = String)]
    pub question_sha256: ContentHash,
    /// What happened to sentences that the documents do not support: `strict` or `marked`.
    #[schema(value_type = String)]
    pub mode: Mode,
    /// What wrote the draft, and by which model.
    pub generator: GeneratorProof,
    /// Name and version of the checker.
    pub checker: String,
    /// What found the passages.
    pub indexes: IndexesProof,
    /// The quotes of all claims and conflicts, in order.
    pub citations: Vec<CitationProof>,
    /// The sentences, in order.
    pub claims: Vec<ClaimProof>,
    /// Where documents give different figures: the indices in `citations` of both quotes.
    #[serde(default)]
    pub conflicts: Vec<[usize; 2]>,
    /// SHA-256 of the canonical form of the answer without `proof`: binds the rest of it.
    #[schema(value_type = String)]
    pub answer_sha256: ContentHash,
    /// Binds the proof.
    pub seal: Seal,
}

/// What wrote a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GeneratorProof {
    /// The engine: `quote`, `local` or `openai`.
    pub engine: String,
    /// Names engine and weights.
    pub name: String,
    /// The adapter of the language model, if it wrote with one.
    pub adapter: Option<String>,
}

/// What found the passages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IndexesProof {
    /// The version of the readers of files, whose text the spans count in.
    pub reader: String,
    /// The format of the index of words.
    pub words: String,
    /// Where vectors are kept: `edge` or `qdrant`; null without a model.
    pub vectors: Option<String>,
    /// The embedding model; null without one.
    pub embedder: Option<String>,
}

/// A sentence of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClaimProof {
    /// SHA-256 of its UTF-8 bytes.
    #[schema(value_type = String)]
    pub text_sha256: ContentHash,
    /// What the checker said of it.
    #[schema(value_type = String)]
    pub verdict: Verdict,
    /// Which of the proof's `citations` are its own, from 0.
    pub citations: Vec<usize>,
}

/// A quote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CitationProof {
    /// The document's id.
    #[schema(value_type = String)]
    pub document: DocumentId,
    /// SHA-256 of the file that holds the quote.
    #[schema(value_type = String)]
    pub version: ContentHash,
    /// Where the quote stands in the document's text.
    pub span: SpanProof,
    /// SHA-256 of the quote's UTF-8 bytes.
    #[schema(value_type = String)]
    pub quote_sha256: ContentHash,
}

/// A range of a text, in two units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SpanProof {
    /// First byte of the UTF-8 text, from 0.
    pub start_byte: usize,
    /// One past the last byte.
    pub end_byte: usize,
    /// First character, in Unicode code points from 0.
    pub start: usize,
    /// One past the last character, in Unicode code points.
    pub end: usize,
}

/// What binds a proof to the installation that made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
// Nothing in it is sealed, so nothing else may stand in it.
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// `HMAC-SHA256`.
    pub algorithm: String,
    /// The first eight hexadecimal digits of the SHA-256 of the installation's key.
    pub key: String,
    /// The HMAC of the canonical form of the proof without `seal`.
    #[schema(value_type = String)]
    pub mac: ContentHash,
}

/// What all answers of a program have in common.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The engine: `quote`, `local` or `openai`.
    pub engine: String,
    /// The adapter that drafts are written with if the question names none.
    pub adapter: Option<String>,
    /// What finds passages.
    pub indexes: IndexesProof,
}

/// Seals answers.
#[derive(Debug)]
pub struct Prover {
    key: Key,
    setup: Setup,
    clock: Arc<dyn Clock>,
}

impl Prover {
    /// Seals with `key`.
    #[must_use]
    pub fn new(key: Key, setup: Setup, clock: Arc<dyn Clock>) -> Self {
        Self { key, setup, clock }
    }

    /// The key it seals with.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The proof of `answer`; `body` is the JSON it goes out as, without a proof.
    ///
    /// # Panics
    /// When `body` cannot be written as JSON, as every answer can.
    #[must_use]
    pub fn prove(&self, question: &Question, answer: &Answer, body: &impl Serialize) -> Proof {
        let mut citations = Vec::new();
        let claims = answer
            .sentences()
            .iter()
            .map(|sentence| claim(sentence, &mut citations))
            .collect();
        let conflicts = answer
            .conflicts()
            .iter()
            .map(|conflict| {
                let first = citations.len();
                citations.extend(
                    conflict
                        .sides()
                        .iter()
                        .map(|side| citation(side.citation())),
                );
                [first, first + 1]
            })
            .collect();
        let created = self.clock.now();
        // Its digits are those that the asker gets: a float's are others once it is widened.
        let text = serde_json::to_string(body).expect("an answer can be written as JSON");
        let body: Value = serde_json::from_str(&text).expect("what was written is JSON");
        let mut proof = Proof {
            schema: SCHEMA,
            created: Timestamp::from_second(created.as_second())
                .unwrap_or(created)
                .to_string(),
            question_sha256: ContentHash::of(question.text.as_bytes()),
            mode: answer.mode(),
            generator: GeneratorProof {
                engine: self.setup.engine.clone(),
                name: answer.generator().to_owned(),
                adapter: answer
                    .adapter()
                    .or(question.adapter.as_deref())
                    .or(self.setup.adapter.as_deref())
                    .filter(|adapter| *adapter != NO_ADAPTER)
                    .map(str::to_owned),
            },
            checker: answer.checker().to_owned(),
            indexes: self.setup.indexes.clone(),
            citations,
            claims,
            conflicts,
            answer_sha256: canonical::hash(&body, PROOF),
            seal: Seal {
                algorithm: ALGORITHM.to_owned(),
                key: self.key.id(),
                mac: ContentHash::of(b""),
            },
        };
        let value = serde_json::to_value(&proof).expect("a proof can be written as JSON");
        proof.seal.mac = self.key.seal(&canonical::canonical(&value, SEAL));
        proof
    }
}

fn claim(sentence: &CheckedSentence, citations: &mut Vec<CitationProof>) -> ClaimProof {
    let first = citations.len();
    citations.extend(sentence.citations().iter().map(citation));
    ClaimProof {
        text_sha256: ContentHash::of(sentence.text().as_bytes()),
        verdict: sentence.verdict(),
        citations: (first..citations.len()).collect(),
    }
}

fn citation(citation: &Citation) -> CitationProof {
    let place = citation.place();
    CitationProof {
        document: citation.document(),
        version: citation.version(),
        span: SpanProof {
            start_byte: place.span.start,
            end_byte: place.span.end,
            start: place.chars.start,
            end: place.chars.end,
        },
        quote_sha256: citation.quote_sha256(),
    }
}
