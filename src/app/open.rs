//! Opens what the configuration names: models, engines, indexes, readers of files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use ingest::ocr::{Recognize, Tesseract};
use ingest::parse::Extract;
use ingest::parse::sandbox::Sandbox;
use ingest::{BackendError, ChunkStore, PassageEmbedder, TokenCounter};
use tracing::{info, warn};

use crate::ask::{BothEmbedder, Generator, QuoteGenerator, Retriever, Sufficiency};
use crate::check::{Checker, CheckerParts, Judge, Verifier};
use crate::config::Config;
use crate::encoding::name_part;
use crate::generate::{Engine, LocalGenerator, OpenAiGenerator, UnusableGenerator};
use crate::index::{EdgeIndex, QdrantIndex};
use crate::library;
use crate::model::{
    DocumentEmbedder, Embedder, ModelError, ModelStore, VerifierChoice, open_verifier,
};

/// Documents are embedded when no question needs the model.
pub(super) fn in_background(embedder: Arc<Embedder>) -> Arc<dyn PassageEmbedder> {
    Arc::new(DocumentEmbedder(embedder))
}

/// The embedding model that `config` names, or why there is none.
pub(crate) async fn open_embedder(config: &Config) -> Result<Option<Arc<Embedder>>, ModelError> {
    let Some(source) = &config.models.embedder else {
        return Ok(None);
    };
    let folder = ModelStore::new(config.data.join("models")).folder_of(source);
    let models = config.models.clone();
    tokio::task::spawn_blocking(move || Embedder::open(&folder, &models))
        .await
        .expect("opening a model does not panic")
        .map(|embedder| Some(Arc::new(embedder)))
}

/// What writes answers.
pub(crate) struct OpenGenerator {
    pub(crate) generator: Arc<dyn Generator>,
    /// The generator, if it is a model in this process.
    pub(crate) local: Option<Arc<LocalGenerator>>,
    /// Why nothing writes, if the model that is configured cannot be used.
    pub(crate) unusable: Option<String>,
    /// Asked before anything is written; none for quote mode, which asks itself.
    pub(crate) sufficiency: Option<Sufficiency>,
}

/// The generator that `config` asks for.
///
/// # Errors
/// When the engine's address or key cannot be used.
pub(crate) async fn open_generator(
    config: &Config,
    embedder: Option<Arc<dyn BothEmbedder>>,
    counter: Arc<dyn TokenCounter>,
) -> anyhow::Result<OpenGenerator> {
    let (mut local, mut unusable) = (None, None);
    let generator: Arc<dyn Generator> = match config.generator.engine {
        Engine::Quote => Arc::new(QuoteGenerator::new(config.ask, embedder.clone(), counter)),
        Engine::OpenAi => Arc::new(OpenAiGenerator::new(&config.generator)?),
        Engine::Local => {
            let store = ModelStore::new(config.data.join("models"));
            match LocalGenerator::open(&config.generator, &store).await {
                Ok(generator) => {
                    let generator = Arc::new(generator);
                    local = Some(Arc::clone(&generator));
                    generator
                }
                Err(error) => {
                    let reason = format!("the language model cannot be used: {error}");
                    unusable = Some(reason.clone());
                    Arc::new(UnusableGenerator::new(reason))
                }
            }
        }
    };
    let writes = config.generator.engine != Engine::Quote;
    Ok(OpenGenerator {
        generator,
        local,
        unusable,
        sufficiency: writes.then(|| Sufficiency::new(embedder)),
    })
}

/// The checker that `config` asks for; `generator` judges where it does.
///
/// # Errors
/// Why the verifier that is configured cannot be used.
pub(crate) async fn open_checker(
    config: &Config,
    embedder: Option<&Arc<Embedder>>,
    generator: Option<Arc<dyn Generator>>,
) -> Result<Checker, String> {
    let models = config.data.join("models");
    // Who wants no embedding model wants no model at all: words and hard facts are left.
    let wants_none =
        config.models.embedder.is_none() && config.models.verifier == Some(VerifierChoice::Builtin);
    let verifier = if wants_none {
        None
    } else {
        open_verifier(&models, &config.models, embedder)
            .await
            .map_err(|error| error.to_string())?
    };
    Ok(checker_with(config, embedder, generator, verifier))
}

pub(super) fn checker_with(
    config: &Config,
    embedder: Option<&Arc<Embedder>>,
    generator: Option<Arc<dyn Generator>>,
    verifier: Option<Arc<dyn Verifier>>,
) -> Checker {
    let check = config.check;
    let parts = CheckerParts {
        embedder: embedder.map(|embedder| Arc::clone(embedder) as Arc<dyn PassageEmbedder>),
        verifier,
        judge: generator
            .map(|generator| Judge::new(generator, check.judge_scale, check.judge_shift)),
    };
    Checker::new(check, parts)
}

/// The folder of an index that is made in one way. What is made in another way takes room, no
/// more, and goes; `running` then makes the library compare, and fill the new one.
pub(super) fn index_folder(
    index: &Path,
    kind: &str,
    format: &str,
    running: &Path,
) -> anyhow::Result<PathBuf> {
    let folder = index.join(format!("{kind}-{}", name_part(format)));
    if folder.is_dir() {
        return Ok(folder);
    }
    must_fill(running)?;
    for entry in std::fs::read_dir(index).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(kind) {
            // What stays is looked at again at the next change.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    Ok(folder)
}

/// Makes the library compare the indexes with the catalogue when it opens.
fn must_fill(running: &Path) -> anyhow::Result<()> {
    std::fs::write(running, b"").with_context(|| format!("{} cannot be written", running.display()))
}

/// Opens an index; one that cannot be opened is made anew from the catalogue.
pub(super) fn open_or_make<T>(
    what: &str,
    folder: &Path,
    running: &Path,
    open: impl Fn(&Path) -> Result<T, BackendError>,
) -> anyhow::Result<T> {
    let first = match open(folder) {
        Ok(index) => return Ok(index),
        Err(error) => error,
    };
    warn!(error = %first, "{what} cannot be opened and is made anew");
    must_fill(running)?;
    std::fs::remove_dir_all(folder)
        .with_context(|| format!("{} cannot be removed", folder.display()))?;
    Ok(open(folder)?)
}

/// Everything that is both an index of chunks and searched.
pub(super) trait VectorIndex: ChunkStore + Retriever {}

impl<T: ChunkStore + Retriever> VectorIndex for T {}

/// Names what is kept with each vector: an index that keeps something else is filled anew.
const PAYLOAD: &str = "3";

/// The index of vectors that the configuration asks for.
pub(super) async fn open_vectors(
    config: &Config,
    index: &Path,
    running: &Path,
    embedder: &Embedder,
) -> anyhow::Result<(Arc<dyn VectorIndex>, String)> {
    let (model, dimension) = (embedder.model(), embedder.dimension());
    if let Some(url) = &config.vectors.url {
        let installation = library::installation(&config.data)?;
        let store = QdrantIndex::connect(&config.vectors, url, &installation, model, dimension)?;
        if !store.is_there().await? {
            must_fill(running)?;
            store.create().await?;
        }
        let at = format!("{url} {} {PAYLOAD}", store.collection());
        return Ok((Arc::new(store), at));
    }
    let folder = index_folder(index, "vectors", &format!("{PAYLOAD}-{model}"), running)?;
    if EdgeIndex::is_overgrown(&folder) {
        info!("the index of vectors is made anew, to be rid of its log of changes");
        must_fill(running)?;
        std::fs::remove_dir_all(&folder)
            .with_context(|| format!("{} cannot be removed", folder.display()))?;
    }
    let store = open_or_make("the index of vectors", &folder, running, |folder| {
        EdgeIndex::open(folder, dimension)
    })?;
    Ok((Arc::new(store), format!("edge {model} {PAYLOAD}")))
}

/// What reads files.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Reads what has text.
    pub extract: Arc<dyn Extract>,
    /// Reads pages that are pictures, or says why nothing does.
    pub ocr: Result<Arc<dyn Recognize>, String>,
}

impl<E: Extract + 'static> From<Arc<E>> for Reading {
    fn from(extract: Arc<E>) -> Self {
        Self {
            extract,
            ocr: Err("nothing that could is asked for".to_owned()),
        }
    }
}

/// What reads pages that are pictures, or why nothing does.
pub(super) async fn open_ocr(
    config: &Config,
    sandbox: Sandbox,
) -> Result<Arc<dyn Recognize>, String> {
    let ocr = &config.ingest.ocr;
    if !ocr.enabled {
        return Err("it is switched off (`ingest.ocr.enabled`)".to_owned());
    }
    match Tesseract::find(&ocr.program, &ocr.languages, sandbox).await {
        Ok(tesseract) => Ok(Arc::new(tesseract)),
        Err(error) => Err(error.to_string()),
    }
}
