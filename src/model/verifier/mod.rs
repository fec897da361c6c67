//! Cross-encoders: models that read evidence and claim together and tell whether the one entails
//! the other.
//!
//! | file | what it is for |
//! |---|---|
//! | `pairs.rs` | pairs as token ids, cut to what a model reads |
//! | `file.rs`, `builtin.rs` | the built-in verifier: its file of weights, and running it |
//! | `cross_encoder.rs`, `networks.rs`, `labels.rs` | published models, their architectures, and what their labels mean |
//!
//! A pair that is too long loses sentences of its evidence. A claim that is too long is read in
//! parts: it follows from the evidence as far as its worst part does.

mod builtin;
mod cross_encoder;
mod file;
mod labels;
mod networks;
mod pairs;

use std::path::Path;
use std::sync::Arc;

use ingest::BackendError;

pub use builtin::{BUILTIN_VERIFIER, BuiltinVerifier};
pub use cross_encoder::CrossEncoder;

use super::queue::Window;
use super::tokenizer::Tokenizer;
use super::{Embedder, ModelError, ModelStore, ModelsConfig, VerifierChoice};
use crate::check::{Pair, Verifier};
use pairs::{Claim, Frame};

/// The verifier that `config` names, none if it names none. Models lie in the folder `models`;
/// the built-in one runs on the threads of `embedder`.
///
/// # Errors
/// When a file is missing or is not what it should be, or the built-in verifier is asked for
/// without the embedding model that it is built on ([`ModelError::OtherBase`]).
///
/// # Panics
/// Never: the work that it waits for does not panic.
pub async fn open_verifier(
    models: &Path,
    config: &ModelsConfig,
    embedder: Option<&Arc<Embedder>>,
) -> Result<Option<Arc<dyn Verifier>>, ModelError> {
    let Some(choice) = config.verifier.clone() else {
        return Ok(None);
    };
    let (embedder, config) = (embedder.cloned(), config.clone());
    let store = ModelStore::new(models.to_owned());
    tokio::task::spawn_blocking(move || match choice {
        VerifierChoice::Builtin => {
            let verifier = BuiltinVerifier::open(BUILTIN_VERIFIER, embedder.as_ref())?;
            Ok(Some(Arc::new(verifier) as Arc<dyn Verifier>))
        }
        VerifierChoice::Published(source) => {
            let verifier = CrossEncoder::open(&store.folder_of(&source), &config)?;
            Ok(Some(Arc::new(verifier) as Arc<dyn Verifier>))
        }
    })
    .await
    .expect("opening a verifier does not panic")
}

/// Reads pairs without holding up other tasks.
async fn read(
    pairs: &[Pair],
    frame: &Arc<Frame>,
    tokenizer: &Arc<Tokenizer>,
) -> Result<(Vec<Claim>, Vec<Window>), BackendError> {
    let (pairs, frame, tokenizer) = (pairs.to_vec(), Arc::clone(frame), Arc::clone(tokenizer));
    let read = move || frame.read(&pairs, |text| tokenizer.content(text));
    tokio::task::spawn_blocking(read)
        .await
        .map_err(|error| BackendError::new("a verifier's tokenizer failed", error))?
        .map_err(|reason| BackendError::message(format!("a verifier's tokenizer failed: {reason}")))
}
