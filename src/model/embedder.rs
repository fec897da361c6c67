//! The embedding model as the rest of the program sees it.

use std::fmt::{self, Debug, Formatter};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ingest::{BackendError, PassageEmbedder, TokenCounter, Vector};

use super::device::{DeviceEncoder, accelerator};
use super::encoder::Encoder;
use super::queue::{Engine, REST, Task, Window, Workers};
use super::stack::Buffers;
use super::tokenizer::{Role, Tokenizer};
use super::weights::{Checkpoint, ModelFiles, Words};
use super::{ModelError, ModelsConfig};
use crate::ask::QueryEmbedder;

/// Tokens that a thread of the processor computes together. Fewer let a query pass sooner, more
/// read the weights less often.
const PORTION: usize = 512;
/// Tokens that an accelerator computes together.
const DEVICE_PORTION: usize = 8_192;

/// The embedding model, on threads that end when it is dropped. A verifier that is built on it
/// shares them, its tokenizer and its table of words.
pub struct Embedder {
    name: String,
    dimension: usize,
    window: usize,
    portion: usize,
    runs_on: String,
    tokenizer: Arc<Tokenizer>,
    words: Arc<Words>,
    device: Option<candle_core::Device>,
    engine: Arc<dyn Engine>,
    workers: Workers,
}

enum Runner {
    Processor(Encoder),
    Accelerator(DeviceEncoder),
}

impl Engine for Runner {
    fn called(&self) -> &'static str {
        "the embedding model"
    }

    fn run(&self, windows: &[&[u32]], buffers: &mut Buffers) -> candle_core::Result<Vec<Vector>> {
        match self {
            Self::Processor(encoder) => encoder.means(windows, buffers),
            Self::Accelerator(encoder) => encoder.means(windows),
        }
    }
}

impl Embedder {
    /// Reads the model in `folder`, compares its files with their sums and starts its threads.
    ///
    /// # Errors
    /// When a file is missing, is not what it was, or is of a kind that is not understood, or
    /// when the device that `config` asks for cannot be used.
    pub fn open(folder: &Path, config: &ModelsConfig) -> Result<Self, ModelError> {
        let files = ModelFiles::open(folder)?;
        let checkpoint = Checkpoint::open(&files)?;
        let shape = &checkpoint.shape;
        let tokenizer = Arc::new(Tokenizer::open(&files, shape.vocabulary())?);
        let words = Arc::new(checkpoint.words()?);
        let device = accelerator(config.device)?;
        let (engine, threads, portion, runs_on) = if let Some(device) = &device {
            let encoder = DeviceEncoder::load(&checkpoint, Arc::clone(&words), device)?;
            (
                Runner::Accelerator(encoder),
                1,
                DEVICE_PORTION,
                "CUDA device 0".to_owned(),
            )
        } else {
            let threads = config.threads().get();
            let encoder = Encoder::load(&checkpoint, Arc::clone(&words), threads)?;
            let plural = if threads == 1 { "" } else { "s" };
            let runs_on = format!("{threads} thread{plural}, {}", encoder.level().name());
            (Runner::Processor(encoder), threads, PORTION, runs_on)
        };
        // What else a question needs runs on the cores too, not on an accelerator.
        let rest = if device.is_some() {
            Duration::ZERO
        } else {
            REST
        };
        Ok(Self {
            name: checkpoint.name().to_owned(),
            dimension: shape.hidden_size,
            window: shape.window(),
            portion,
            runs_on,
            tokenizer,
            words,
            device,
            engine: Arc::new(engine),
            workers: Workers::start(threads, "embedder", rest).map_err(ModelError::io(folder))?,
        })
    }

    /// Numbers in a vector.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// What it runs on, such as `2 threads, AVX-512`.
    #[must_use]
    pub fn runs_on(&self) -> &str {
        &self.runs_on
    }

    /// The token ids of `passage` as the model reads it, control tokens left out.
    ///
    /// # Errors
    /// When the tokenizer fails.
    pub fn passage_tokens(&self, passage: &str) -> Result<Vec<u32>, BackendError> {
        self.tokenizer
            .ids(Role::Passage, passage)
            .map_err(tokenizer_failed)
    }

    async fn embed(
        &self,
        task: Task,
        windows: Vec<Window>,
        texts: usize,
    ) -> Result<Vec<Vector>, BackendError> {
        self.workers
            .run(task, &self.engine, texts, windows, self.portion)
            .await
    }

    async fn passages(&self, task: Task, passages: &[String]) -> Result<Vec<Vector>, BackendError> {
        let (tokenizer, length) = (Arc::clone(&self.tokenizer), self.window);
        let (texts, passages) = (passages.len(), passages.to_vec());
        let windows = tokio::task::spawn_blocking(move || {
            windows(&tokenizer, Role::Passage, &passages, length)
        })
        .await
        .map_err(|error| BackendError::new("the embedding model's tokenizer failed", error))??;
        self.embed(task, windows, texts).await
    }

    /// The threads that compute.
    pub(super) fn workers(&self) -> &Workers {
        &self.workers
    }

    pub(super) fn tokenizer(&self) -> &Arc<Tokenizer> {
        &self.tokenizer
    }

    pub(super) fn words(&self) -> &Arc<Words> {
        &self.words
    }

    /// The accelerator that it runs on, if it runs on one.
    pub(super) fn device(&self) -> Option<&candle_core::Device> {
        self.device.as_ref()
    }
}

/// The windows of `texts`, each with its text's number.
fn windows(
    tokenizer: &Tokenizer,
    role: Role,
    texts: &[impl AsRef<str>],
    length: usize,
) -> Result<Vec<Window>, BackendError> {
    let mut windows = Vec::with_capacity(texts.len());
    for (text, content) in texts.iter().enumerate() {
        let ids = tokenizer
            .ids(role, content.as_ref())
            .map_err(tokenizer_failed)?;
        for (ids, weight) in tokenizer.windows(&ids, length) {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a window has far fewer than 2^24 tokens"
            )]
            let weight = weight.max(1) as f32;
            windows.push(Window { text, ids, weight });
        }
    }
    Ok(windows)
}

fn tokenizer_failed(reason: String) -> BackendError {
    BackendError::message(format!("the embedding model's tokenizer failed: {reason}"))
}

impl Debug for Embedder {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Embedder")
            .field("name", &self.name)
            .field("dimension", &self.dimension)
            .field("runs_on", &self.runs_on)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl PassageEmbedder for Embedder {
    async fn embed_passages(&self, passages: &[String]) -> Result<Vec<Vector>, BackendError> {
        self.passages(Task::Passages, passages).await
    }

    fn model(&self) -> &str {
        &self.name
    }
}

/// An embedder of documents that are taken in: questions go first, and what they wait for.
#[derive(Clone, Debug)]
pub(crate) struct DocumentEmbedder(pub(crate) Arc<Embedder>);

#[async_trait]
impl PassageEmbedder for DocumentEmbedder {
    async fn embed_passages(&self, passages: &[String]) -> Result<Vec<Vector>, BackendError> {
        self.0.passages(Task::Documents, passages).await
    }

    fn model(&self) -> &str {
        self.0.model()
    }
}

#[async_trait]
impl QueryEmbedder for Embedder {
    async fn embed_query(&self, query: &str) -> Result<Vector, BackendError> {
        let windows = windows(&self.tokenizer, Role::Query, &[query], self.window)?;
        let vectors = self.embed(Task::Query, windows, 1).await?;
        Ok(vectors
            .into_iter()
            .next()
            .expect("there is a vector for each text"))
    }
}

impl TokenCounter for Embedder {
    fn count(&self, text: &str) -> usize {
        if text.is_empty() {
            return 0;
        }
        self.tokenizer
            .encode(text)
            .map_or_else(|_| super::CharacterCounter.count(text), |ids| ids.len())
    }

    fn name(&self) -> &str {
        &self.name
    }
}
