//! The wired program: the one place where back ends are chosen.

use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use ingest::parse::sandbox::Sandbox;
use ingest::{BackendError, ChunkStore, PassageEmbedder, TokenCounter};
use tokio::sync::{Semaphore, mpsc};
use tracing::{Instrument as _, info, info_span};

use crate::ask::{
    AskConfig, Context, Generator, Prompt, Query, QueryEmbedder, Question, QuoteGenerator, Retriever,
    fuse, pack, retrieve,
};
use crate::check::{Answer, AnswerEvent, Checker, Mode, check_stream};
use crate::config::Config;
use crate::index::{Analyzer, Bm25Index, EdgeIndex, OpenError, QdrantIndex, QdrantServer, VectorSpace};
use crate::language::Language;
use crate::library::Library;
use crate::model::{CharacterCounter, Embedder};

/// A question may have this many characters. A longer text is a document, not a question.
pub const QUESTION_LIMIT: usize = 4_000;

/// Questions that may run at once. More would only make all of them slow.
const SEATS: usize = 16;

/// Everything that runs: indexes, models, catalogue, checker.
#[derive(Debug)]
pub struct App {
    config: Config,
    library: Arc<Library>,
    retrievers: Vec<Arc<dyn Retriever>>,
    embedder: Option<Arc<Embedder>>,
    counter: Arc<dyn TokenCounter>,
    generator: Arc<dyn Generator>,
    checker: Arc<Checker>,
    seats: Arc<Semaphore>,
}

/// What happens while a question is answered, in order; [`AskEvent::Final`] or
/// [`AskEvent::Failed`] comes last.
#[derive(Clone, Debug)]
pub enum AskEvent {
    /// The passages that the answer may rest on.
    Retrieval(Arc<Context>),
    /// A checked sentence.
    Answer(AnswerEvent),
    /// The whole answer.
    Final(Arc<Answer>, Timings),
    /// A back end failed.
    Failed(String),
}

/// How long each stage took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timings {
    /// Making the question's vector.
    pub embed: Duration,
    /// Searching both indexes.
    pub retrieve: Duration,
    /// Fusing, reading passages from the catalogue, packing.
    pub pack: Duration,
    /// Writing and checking, which overlap, to the first sentence.
    pub first_sentence: Option<Duration>,
    /// Writing and checking, to the end.
    pub generate_and_check: Duration,
}

/// Why a question is not answered.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// No question.
    #[error("the question is empty")]
    Empty,
    /// Too long a question.
    #[error("the question has {actual} characters, the limit is {QUESTION_LIMIT}")]
    TooLong {
        /// Its characters.
        actual: usize,
    },
    /// Too many questions at once.
    #[error("busy with {SEATS} questions")]
    Busy,
    /// A back end failed.
    #[error("{0}")]
    Failed(String),
}
