//! The wired program: the one place where back ends are chosen.
//!
//! | module | what it is for |
//! |---|---|
//! | `open` | opens models, engines, indexes and readers of files |
//! | `pipeline` | a question on its way to its answer |
//! | `checks` | what is wrong with all that, in words |

mod checks;
mod open;
mod pipeline;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use ingest::parse::sandbox::Sandbox;
use ingest::{ChunkStore, DocumentId, PassageEmbedder, TokenCounter};
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tracing::{Instrument as _, info, info_span, warn};

use crate::ask::{
    BothEmbedder, Context, DraftSentence, EngineBusy, Generator, NO_ADAPTER, Passage,
    QueryEmbedder, Question, Reader, Retriever, Sufficiency,
};
use crate::audit::{Asked, Audit, searched};
use crate::check::{Answer, AnswerEvent, CheckedSentence, Checker, Mode, UnusableVerifier};
use crate::config::Config;
use crate::feedback::{BestOf, Recent};
use crate::generate::{Adapters, Engine, LocalGenerator};
use crate::index::{Analyzer, Bm25Index};
use crate::language::Language;
use crate::library::{self, Library, LibraryError, LibraryParts};
use crate::metrics::{Metrics, Outcome};
use crate::model::{CharacterCounter, Embedder, ModelError};
use crate::outbound::Guard;
use crate::people::People;
use crate::proof::{self, Clock, IndexesProof, Key, Prover, Setup, SystemClock, VerifyReport};
use crate::sources::board::Board;
use crate::sources::config::SourceConfig;
use crate::sources::{self, Source, SourceError, Surroundings, keep_in_step};
use crate::statistics::Statistics;
use crate::talk;
use crate::telemetry::TARGET;
use crate::webhooks::{self, Delivery};

pub use open::Reading;
pub(crate) use open::{OpenGenerator, open_checker, open_embedder, open_generator};
use open::{checker_with, in_background, index_folder, open_ocr, open_or_make, open_vectors};
pub(crate) use pipeline::{Answered, Pipeline};

/// A question may have this many characters. A longer text is a document, not a question.
pub const QUESTION_LIMIT: usize = 4_000;

/// Questions that may run at once. More would only make all of them slow.
const SEATS: usize = 16;

/// Questions that may be here at once: those that run, and those that wait for a seat in the order
/// in which they came.
const PLACES: usize = SEATS + 256;

/// Who acts where nobody signs in: whoever has this machine.
pub const LOCAL: &str = "local";

/// The setting in the catalogue that names the adapter which was promoted.
pub(crate) const DEFAULT_ADAPTER: &str = "default_adapter";

/// What is said once a language model in this process has failed.
const STOPPED: &str =
    "the language model stopped; the log says why, and a new start opens it again";

/// Everything that runs: indexes, models, catalogue, checker.
#[derive(Debug)]
pub struct App {
    config: Config,
    library: Arc<Library>,
    people: Arc<People>,
    retrievers: Vec<Arc<dyn Retriever>>,
    embedder: Option<Arc<Embedder>>,
    /// Why there is no embedding model, if one is configured.
    no_model: Option<String>,
    no_ocr: Option<String>,
    generator: Arc<dyn Generator>,
    /// The generator, if it is a model in this process.
    local: Option<Arc<LocalGenerator>>,
    /// Why nothing writes, if a model is configured that cannot be used.
    no_generator: Option<String>,
    /// Asked before anything is written; none for quote mode, which asks itself.
    sufficiency: Option<Sufficiency>,
    adapters: Adapters,
    recent: Recent,
    checker: Checker,
    /// Why the verifier that is configured cannot be used.
    no_verifier: Option<String>,
    prover: Prover,
    seats: Arc<Semaphore>,
    places: Arc<Semaphore>,
    audit: Audit,
    metrics: Metrics,
    statistics: Statistics,
    board: Arc<Board>,
    phase: watch::Sender<Phase>,
}

/// How far the program is on its way to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It is not.
    Running,
    /// No question is taken any more, and streams of live states end.
    Stopping,
    /// Questions that are not answered yet are given up.
    Over,
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
    Failed(AskError),
}

/// How long each stage took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timings {
    /// Making the question's vector; zero without a model.
    pub embed: Duration,
    /// Searching both indexes.
    pub retrieve: Duration,
    /// Fusing, reading passages from the catalogue, packing, counting tokens.
    pub pack: Duration,
    /// Writing and checking, which overlap, to the first sentence.
    pub first_sentence: Option<Duration>,
    /// What the checker adds to the first sentence: from where the draft's first sentence is whole
    /// to its release.
    pub gate: Option<Duration>,
    /// Writing and checking, to the end.
    pub generate_and_check: Duration,
    /// Which of several drafts is shown, where several were written.
    pub best_of: Option<BestOf>,
}

/// Why a question is not answered.
#[derive(Clone, Debug, thiserror::Error)]
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
    /// No such adapter.
    #[error("there is no adapter `{0}` of the language model")]
    NoAdapter(String),
    /// Too many questions at once.
    #[error("busy with {PLACES} questions")]
    Busy,
    /// The engine that writes has too much to do.
    #[error("{0}")]
    EngineBusy(String),
    /// The program stops.
    #[error("the server is being stopped")]
    Stopping,
    /// A back end failed.
    #[error("{0}")]
    Failed(String),
}

impl From<anyhow::Error> for AskError {
    fn from(error: anyhow::Error) -> Self {
        let error = match error.downcast::<Self>() {
            Ok(own) => return own,
            Err(error) => error,
        };
        let words = format!("{error:#}");
        if error.chain().any(<dyn std::error::Error>::is::<EngineBusy>) {
            Self::EngineBusy(words)
        } else {
            Self::Failed(words)
        }
    }
}

/// Refuses a folder that lies in one of `taken`, or one of them in it.
fn apart(taken: &[PathBuf], folder: &Path) -> Result<(), SourceError> {
    let real = |path: &Path| {
        std::fs::canonicalize(path)
            .or_else(|_| std::path::absolute(path))
            .unwrap_or_else(|_| path.to_owned())
    };
    let own = real(folder);
    let other = taken.iter().find(|taken| {
        let taken = real(taken);
        taken.starts_with(&own) || own.starts_with(&taken)
    });
    match other {
        None => Ok(()),
        Some(other) => Err(SourceError(format!(
            "the source {} and {} lie in each other",
            folder.display(),
            other.display()
        ))),
    }
}

impl App {
    /// Opens the data folder and starts work. Files are read by children of this program.
    ///
    /// # Errors
    /// When another process uses the folder, or it cannot be read or written.
    pub async fn open(config: Config) -> anyhow::Result<Arc<Self>> {
        let program = std::env::current_exe().context("the program's own file cannot be found")?;
        let sandbox = Sandbox::new(program, config.ingest.limits());
        let reading = Reading {
            ocr: open_ocr(&config, sandbox.clone()).await,
            extract: Arc::new(sandbox),
        };
        Box::pin(Self::open_all(
            config,
            reading,
            Arc::new(SystemClock),
            in_background,
        ))
        .await
    }

    /// Opens the data folder with another way to read files.
    ///
    /// # Errors
    /// As [`App::open`].
    pub async fn open_with(
        config: Config,
        reading: impl Into<Reading>,
    ) -> anyhow::Result<Arc<Self>> {
        Self::open_at(config, reading, Arc::new(SystemClock)).await
    }

    /// Opens the data folder with another way to read files, and another clock.
    ///
    /// # Errors
    /// As [`App::open`].
    pub async fn open_at(
        config: Config,
        reading: impl Into<Reading>,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Arc<Self>> {
        let reading = reading.into();
        Box::pin(Self::open_all(config, reading, clock, in_background)).await
    }

    /// Opens the data folder with another way to make vectors of passages, as benchmarks do.
    pub(crate) async fn open_as(
        config: Config,
        reading: impl Into<Reading>,
        passages_by: impl Fn(Arc<Embedder>) -> Arc<dyn PassageEmbedder>,
    ) -> anyhow::Result<Arc<Self>> {
        Box::pin(Self::open_all(
            config,
            reading.into(),
            Arc::new(SystemClock),
            passages_by,
        ))
        .await
    }

    async fn open_all(
        config: Config,
        reading: Reading,
        clock: Arc<dyn Clock>,
        passages_by: impl Fn(Arc<Embedder>) -> Arc<dyn PassageEmbedder>,
    ) -> anyhow::Result<Arc<Self>> {
        let lock = library::take(&config.data)?;
        let key = Key::open_or_make(&config.data)?;
        let (embedder, no_model) = match open_embedder(&config).await {
            Ok(embedder) => (embedder, None),
            Err(error) => (None, Some(error.to_string())),
        };
        let index = config.data.join("index");
        let running = config.data.join("running");
        let analyzer = Analyzer::of(&config.words)?;
        let folder = index_folder(&index, "words", &Bm25Index::format(&analyzer), &running)?;
        let words = open_or_make("the index of words", &folder, &running, |folder| {
            Bm25Index::open(folder, analyzer.clone())
        })?;
        let indexes = IndexesProof {
            reader: library::READER.to_owned(),
            words: Bm25Index::format(&analyzer),
            vectors: embedder.as_ref().map(|_| {
                let at = config.vectors.url.as_ref();
                at.map_or("edge", |_| "qdrant").to_owned()
            }),
            embedder: embedder
                .as_ref()
                .map(|embedder| embedder.model().to_owned()),
        };
        let mut retrievers: Vec<Arc<dyn Retriever>> = vec![Arc::new(words.clone())];
        let mut vectors = None;
        let mut vectors_at = "nowhere".to_owned();
        if let Some(embedder) = &embedder {
            let (store, at) = open_vectors(&config, &index, &running, embedder).await?;
            vectors_at = at;
            retrievers.push(Arc::clone(&store) as Arc<dyn Retriever>);
            vectors = Some((
                store as Arc<dyn ChunkStore>,
                passages_by(Arc::clone(embedder)),
            ));
        }
        let counter: Arc<dyn TokenCounter> = match &embedder {
            Some(embedder) => Arc::clone(embedder) as Arc<dyn TokenCounter>,
            None => Arc::new(CharacterCounter),
        };
        let (ocr, no_ocr) = match reading.ocr {
            Ok(ocr) => (Some(ocr), None),
            Err(reason) => (None, Some(reason)),
        };
        let parts = LibraryParts {
            extract: reading.extract,
            ocr,
            words: Arc::new(words),
            vectors,
            vectors_at,
            counter: Arc::clone(&counter),
            chunk_tokens: config.ingest.chunk_tokens.get(),
            workers: config.ingest.workers.get(),
            old_versions: config.ingest.old_versions,
            passwords: config.ingest.passwords()?,
            default_readers: config.ingest.default_readers.clone(),
        };
        let library = Library::open(&config.data, lock, parts).await?;
        let catalogue = library.catalogue().clone();
        let (told, _) = webhooks::configured(&config.webhooks, clock.now());
        catalogue.set_configured_webhooks(&told).await?;
        let audit = Audit::open(
            catalogue,
            &config.data,
            key.clone(),
            Arc::clone(&clock),
            &config.audit,
        );
        let audit = audit.await.context("the audit log cannot be read")?;
        library.catalogue().stop_turns().await?;
        library.start();
        let statistics = Statistics::start(
            library.catalogue().clone(),
            Arc::clone(&clock),
            config.audit.keep,
        );
        let people = People::new(
            library.catalogue().clone(),
            Arc::clone(&clock),
            config.server.session_limits(),
            config.server.vouchers(),
            audit.clone(),
        );
        let both = embedder
            .clone()
            .map(|embedder| embedder as Arc<dyn BothEmbedder>);
        let OpenGenerator {
            generator,
            local,
            unusable: no_generator,
            sufficiency,
        } = open_generator(&config, both, counter).await?;
        let judge = Some(Arc::clone(&generator));
        let (checker, no_verifier) =
            match open_checker(&config, embedder.as_ref(), judge.clone()).await {
                Ok(checker) => (checker, None),
                Err(reason) => {
                    let reason = format!("the verifier cannot be used: {reason}");
                    warn!("{reason}");
                    let unusable = Arc::new(UnusableVerifier::new(reason.clone()));
                    let checker = checker_with(&config, embedder.as_ref(), judge, Some(unusable));
                    (checker, Some(reason))
                }
            };
        let engine = config.generator.engine;
        let setup = Setup {
            engine: engine.as_str().to_owned(),
            adapter: match engine {
                Engine::Local => config.generator.local.adapter.clone(),
                Engine::Quote | Engine::OpenAi => None,
            },
            indexes,
        };
        Ok(Arc::new(Self {
            prover: Prover::new(key, setup, clock),
            adapters: Adapters::new(&config.generator, &config.data),
            recent: Recent::default(),
            generator,
            local,
            no_generator,
            sufficiency,
            checker,
            no_verifier,
            seats: Arc::new(Semaphore::new(SEATS)),
            places: Arc::new(Semaphore::new(PLACES)),
            audit,
            metrics: Metrics::default(),
            statistics,
            board: Arc::default(),
            phase: watch::Sender::new(Phase::Running),
            retrievers,
            embedder,
            no_model,
            no_ocr,
            library,
            people: Arc::new(people),
            config,
        }))
    }

    /// The checker alone, without documents.
    ///
    /// # Errors
    /// When a model is there and cannot be used.
    pub async fn checker_only(config: &Config) -> anyhow::Result<Checker> {
        let embedder = match open_embedder(config).await {
            Ok(embedder) => embedder,
            Err(ModelError::Missing { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        open_checker(config, embedder.as_ref(), None)
            .await
            .map_err(|reason| anyhow::anyhow!("the verifier cannot be used: {reason}"))
    }

    /// Stops work and leaves the folder in order.
    pub async fn close(&self) {
        self.go_to(Phase::Over);
        // What is given up is still told to the audit log; this takes no time.
        let all = u32::try_from(PLACES).unwrap_or(u32::MAX);
        let _ = tokio::time::timeout(Duration::from_secs(1), self.places.acquire_many(all)).await;
        self.audit.close().await;
        self.statistics.close().await;
        self.library.close().await;
    }

    /// Goes on to a later phase of its end.
    pub fn go_to(&self, phase: Phase) {
        self.phase.send_if_modified(|now| {
            let is_later = *now < phase;
            *now = phase.max(*now);
            is_later
        });
    }

    /// Told how far it is on its way to its end.
    #[must_use]
    pub fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// The audit log.
    #[must_use]
    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// How much and how long.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Everything that is measured, as Prometheus reads it.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn measured(&self) -> Result<String, LibraryError> {
        let counts = self.library.catalogue().counts().await?;
        let running = SEATS - self.seats.available_permits();
        let here = PLACES - self.places.available_permits();
        let waiting = here.saturating_sub(running);
        let lost = self.audit.lost();
        Ok(self.metrics.text(&counts, (running, waiting), lost))
    }

    /// How much of what happened on each day.
    #[must_use]
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// What embeds, if something does.
    #[must_use]
    pub fn embedder_name(&self) -> Option<&str> {
        let embedder = self.embedder.as_deref();
        embedder.map(PassageEmbedder::model)
    }

    /// What writes.
    #[must_use]
    pub fn generator_name(&self) -> &str {
        self.generator.name()
    }

    /// What is in force.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The documents.
    #[must_use]
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// Who may come in.
    #[must_use]
    pub fn people(&self) -> &Arc<People> {
        &self.people
    }

    /// The checker.
    #[must_use]
    pub fn checker(&self) -> &Checker {
        &self.checker
    }

    /// What recent answers do not show.
    pub(crate) fn recent(&self) -> &Recent {
        &self.recent
    }

    /// What writes.
    pub(crate) fn generator(&self) -> &dyn Generator {
        &*self.generator
    }

    /// What seals answers.
    #[must_use]
    pub fn prover(&self) -> &Prover {
        &self.prover
    }

    /// Looks whether an answer of some time ago still holds, with the documents that `reader` may
    /// read.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn verify(
        &self,
        answer: &proof::Json,
        reader: &Reader,
        language: Language,
    ) -> Result<VerifyReport, LibraryError> {
        let (key, catalogue) = (self.prover.key(), self.library.catalogue());
        let access = catalogue.access(reader).await?;
        Ok(proof::verify(answer, Some(key), catalogue, Some(&access), language).await?)
    }

    /// What people should know of this installation.
    #[must_use]
    pub fn notices(&self, language: Language) -> Vec<String> {
        let mut notices = Vec::new();
        if self.embedder.is_none() {
            notices.push(match language {
                Language::Ko => "임베딩 모델이 없어 낱말로만 찾습니다. 관리자: `veracite models pull`".to_owned(),
                Language::En => "There is no embedding model: search is by words only. Administrators: `veracite models pull`".to_owned(),
            });
        }
        if self.no_verifier.is_some() {
            notices.push(match language {
                Language::Ko => "검증 모델을 쓸 수 없어 문서와 글자까지 같은 문장만 확인합니다. 관리자: `veracite doctor`".to_owned(),
                Language::En => "The verifier cannot be used: only sentences that stand in a document word for word are confirmed. Administrators: `veracite doctor`".to_owned(),
            });
        }
        notices
    }

    /// Why the engine that writes cannot be used: it could not be opened, or it ended.
    fn generator_fault(&self) -> Option<&str> {
        let has_ended = |local: &Arc<LocalGenerator>| !local.engine().is_running();
        let ended = self.local.as_ref().is_some_and(has_ended);
        self.no_generator.as_deref().or(ended.then_some(STOPPED))
    }

    /// Whether questions can be answered.
    ///
    /// # Errors
    /// Why not, in words.
    pub async fn ready(&self) -> Result<(), String> {
        if *self.phase.borrow() != Phase::Running {
            return Err(AskError::Stopping.to_string());
        }
        if let Some(reason) = self.generator_fault() {
            return Err(reason.to_owned());
        }
        self.library
            .unfinished()
            .await
            .map(|_| ())
            .map_err(|error| error.to_string())
    }

    /// The sources that are configured.
    ///
    /// # Errors
    /// When the path of one cannot be told, or one lies in another or in the data folder: a
    /// document would have two sets of readers, or the library would read itself. Nothing is
    /// sent yet.
    pub fn sources(&self) -> Result<Vec<Arc<dyn Source>>, SourceError> {
        let ingest = &self.config.ingest;
        let mut taken = vec![self.config.data.clone()];
        let folder = self.config.data.join("sources");
        let guard = Guard::new(&self.config.network);
        let surroundings = Surroundings {
            max_file: ingest.max_file.as_u64(),
            guard: &guard,
            folder: &folder,
        };
        let mut opened: Vec<Arc<dyn Source>> = Vec::new();
        for (number, config) in self.config.sources.iter().enumerate() {
            if let SourceConfig::Folder(config) = config {
                apart(&taken, &config.folder)?;
                taken.push(config.folder.clone());
            }
            let earlier = &self.config.sources[..number];
            if let Some(other) = earlier.iter().find(|other| config.shares_with(other)) {
                let (one, other) = (config.place(), other.place());
                return Err(SourceError(format!(
                    "the sources {one} and {other} lie in each other"
                )));
            }
            opened.push(sources::open(config, surroundings)?);
        }
        Ok(opened)
    }

    /// Keeps the library in step with the sources that are configured, until it closes.
    ///
    /// # Errors
    /// When the path of one cannot be told.
    pub fn watch_sources(&self) -> Result<(), SourceError> {
        // Sources are opened in the order of the configuration.
        for (source, config) in self.sources()?.into_iter().zip(&self.config.sources) {
            self.board.add(source.name(), config, source.readers());
            let (library, board) = (Arc::clone(&self.library), Arc::clone(&self.board));
            tokio::spawn(keep_in_step(library, source, board));
        }
        Ok(())
    }

    /// How the sources are that are kept in step with.
    #[must_use]
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// Tells webhooks what becomes of documents, until the program stops.
    ///
    /// # Errors
    /// When the catalogue cannot be written.
    pub async fn tell_webhooks(&self) -> Result<(), LibraryError> {
        let (kept, secrets) = webhooks::configured(&self.config.webhooks, Timestamp::now());
        let catalogue = self.library.catalogue();
        catalogue.keep_configured_webhooks(&kept).await?;
        let delivery = Delivery {
            catalogue: catalogue.clone(),
            guard: Guard::new(&self.config.network),
            secrets,
            pauses: None,
        };
        tokio::spawn(webhooks::deliver(delivery, self.phase()));
        Ok(())
    }

    /// Looks whether something writes, for those who open the program to ask.
    ///
    /// # Errors
    /// When a language model is configured that cannot be used, with the reason.
    pub fn needs_generator(&self) -> anyhow::Result<()> {
        match self.generator_fault() {
            Some(reason) => Err(anyhow::anyhow!("{reason}")),
            None => Ok(()),
        }
    }

    /// The adapters of the language model that a question may name: those of the configuration, and
    /// those that lie in the data folder by now.
    #[must_use]
    pub fn adapters(&self) -> BTreeSet<String> {
        self.adapters.names()
    }

    /// Whether a question may name this adapter. `none` stands for the model alone.
    fn has_adapter(&self, name: &str) -> bool {
        let writes = self.config.generator.engine != Engine::Quote;
        self.adapters.has(name) || (writes && name == NO_ADAPTER)
    }

    /// The adapter that writes where a question names none: the one that was promoted last, and
    /// otherwise the one of the configuration.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn default_adapter(&self) -> Result<Option<String>, LibraryError> {
        if self.config.generator.engine == Engine::Quote {
            return Ok(None);
        }
        let catalogue = self.library.catalogue();
        let promoted = catalogue.setting(DEFAULT_ADAPTER).await?;
        let promoted = promoted.filter(|name| !name.is_empty());
        if let Some(name) = &promoted
            && !self.has_adapter(name)
        {
            warn!(
                adapter = name,
                "the adapter that was promoted is gone: the configured one writes"
            );
            return Ok(None);
        }
        Ok(promoted)
    }

    /// `question` with the adapter that its answer is written with, ready to write.
    ///
    /// # Errors
    /// When there is no such adapter, or it cannot be loaded.
    pub(crate) async fn with_adapter(&self, mut question: Question) -> anyhow::Result<Question> {
        if question.adapter.is_none() {
            question.adapter = self.default_adapter().await?;
        }
        if let Some(name) = question.adapter.as_deref()
            && name != NO_ADAPTER
        {
            let folder = self.adapters.folder_of(name);
            let is_there = self.generator.load_adapter(name, folder.as_deref()).await?;
            anyhow::ensure!(is_there, AskError::NoAdapter(name.to_owned()));
        }
        Ok(question)
    }

    /// Answers a question of whoever has this machine, as [`App::ask_as`].
    ///
    /// # Errors
    /// As [`App::ask_as`].
    pub fn ask(
        self: &Arc<Self>,
        question: Question,
        mode: Mode,
    ) -> Result<mpsc::UnboundedReceiver<AskEvent>, AskError> {
        self.ask_as(LOCAL, question, mode)
    }

    /// Answers a question of `actor`, and tells of each step as it is done. Dropping the receiver
    /// ends the work.
    ///
    /// # Errors
    /// When the question cannot be asked, or too many are asked at once.
    pub fn ask_as(
        self: &Arc<Self>,
        actor: &str,
        question: Question,
        mode: Mode,
    ) -> Result<mpsc::UnboundedReceiver<AskEvent>, AskError> {
        let place = self.place_for(&question)?;
        let asked = Asked::new(&self.audit, actor, &question, mode);
        let (sender, receiver) = mpsc::unbounded_channel();
        let app = Arc::clone(self);
        let mut phase = self.phase();
        tokio::spawn(
            async move {
                tokio::select! {
                    () = sender.closed() => app.asked(Outcome::Left),
                    _ = phase.wait_for(|phase| *phase == Phase::Over) => {
                        app.asked(Outcome::Failed);
                        // The asker may have left.
                        let _ = sender.send(AskEvent::Failed(AskError::Stopping));
                    }
                    () = app.work(question, mode, &sender, (asked, place)) => {}
                }
            }
            .instrument(info_span!(target: TARGET, "ask")),
        );
        Ok(receiver)
    }

    /// A place for a question, if it can be asked.
    fn place_for(&self, question: &Question) -> Result<OwnedSemaphorePermit, AskError> {
        if *self.phase.borrow() != Phase::Running {
            return Err(AskError::Stopping);
        }
        if question.text.trim().is_empty() {
            return Err(AskError::Empty);
        }
        if let Some(adapter) = &question.adapter
            && !self.has_adapter(adapter)
        {
            return Err(AskError::NoAdapter(adapter.clone()));
        }
        let actual = question.text.chars().count();
        if actual > QUESTION_LIMIT {
            return Err(AskError::TooLong { actual });
        }
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
            self.asked(Outcome::Busy);
            AskError::Busy
        })
    }

    /// Looks for the passages that an answer to `question` could rest on, for `actor`.
    ///
    /// # Errors
    /// As [`App::ask_as`], and when a back end fails.
    pub async fn search_as(&self, actor: &str, question: &Question) -> Result<Context, AskError> {
        let _place = self.place_for(question)?;
        let _seat = self.seats.acquire().await;
        let searching = async {
            let pipeline = self.pipeline();
            let found = pipeline.find(question, &mut Timings::default()).await;
            found.map(|(context, _)| context)
        };
        let found = searching
            .instrument(info_span!(target: TARGET, "search"))
            .await;
        let passages = found.as_ref().ok().map(|found| found.passages.as_slice());
        searched(&self.audit, actor, &question.text, passages);
        Ok(found?)
    }

    /// Checks the sentences of a text of any program, each by the passages that are found for it in
    /// the documents that the asker may read. `whole` is the text as it was handed in, and what the
    /// documents are narrowed to. Gives an answer for each sentence.
    ///
    /// # Errors
    /// As [`App::search_as`].
    pub async fn check_text_as(
        &self,
        actor: &str,
        whole: &Question,
        sentences: Vec<DraftSentence>,
    ) -> Result<Vec<Answer>, AskError> {
        let _place = self.place_for(whole)?;
        let _seat = self.seats.acquire().await;
        let mut shown = Vec::new();
        let checking = self.check_each(whole, sentences, &mut shown);
        let checked = checking
            .instrument(info_span!(target: TARGET, "check_text"))
            .await;
        let passages = checked.is_ok().then_some(shown.as_slice());
        searched(&self.audit, actor, &whole.text, passages);
        Ok(checked?)
    }

    async fn check_each(
        &self,
        whole: &Question,
        sentences: Vec<DraftSentence>,
        shown: &mut Vec<Passage>,
    ) -> anyhow::Result<Vec<Answer>> {
        let pipeline = self.pipeline();
        let mut answers = Vec::with_capacity(sentences.len());
        for mut sentence in sentences {
            let question = Question {
                text: sentence.text.clone(),
                ..whole.clone()
            };
            let (context, _) = pipeline.find(&question, &mut Timings::default()).await?;
            sentence.citations = (1..).take(context.passages.len()).collect();
            shown.extend(context.passages.iter().cloned());
            let checking = self.checker.check(
                vec![sentence],
                Arc::new(context),
                whole.language,
                Mode::Marked,
            );
            answers.push(checking.await);
        }
        Ok(answers)
    }

    /// Answers a question of whoever has this machine.
    ///
    /// # Errors
    /// As [`App::ask`], and when a back end fails. Finding nothing is an answer that says so.
    pub async fn answer(
        self: &Arc<Self>,
        question: Question,
        mode: Mode,
    ) -> Result<Arc<Answer>, AskError> {
        self.answer_as(LOCAL, question, mode).await
    }

    /// Answers a question of `actor`.
    ///
    /// # Errors
    /// As [`App::answer`].
    pub async fn answer_as(
        self: &Arc<Self>,
        actor: &str,
        question: Question,
        mode: Mode,
    ) -> Result<Arc<Answer>, AskError> {
        let mut events = self.ask_as(actor, question, mode)?;
        while let Some(event) = events.recv().await {
            match event {
                AskEvent::Final(answer, _) => return Ok(answer),
                AskEvent::Failed(error) => return Err(error),
                AskEvent::Retrieval(_) | AskEvent::Answer(_) => {}
            }
        }
        Err(AskError::Failed("the answer ended early".to_owned()))
    }

    /// The question to search for: `question` in full if it follows up on `earlier`, which stand
    /// alone, oldest first; otherwise as it is.
    pub async fn standing_alone(&self, earlier: &[&str], question: &str) -> String {
        // Only where a seat is free: else the model would be asked for a question that is refused.
        let seat = self.seats.try_acquire();
        let is_running = *self.phase.borrow() == Phase::Running;
        let writes = self.config.generator.engine != Engine::Quote && is_running && seat.is_ok();
        talk::standing_alone(writes.then_some(&*self.generator), earlier, question).await
    }

    /// Whether few enough questions run that there is time for what nobody waits for.
    pub(crate) fn has_time(&self) -> bool {
        self.seats.available_permits() * 2 > SEATS
    }

    /// Whether a question would be answered, also from `document`. In quote mode it is answered
    /// quietly; a language model is not asked, and what is asked before it decides.
    pub(crate) async fn would_answer(
        &self,
        question: &Question,
        document: DocumentId,
    ) -> anyhow::Result<bool> {
        let pipeline = self.pipeline();
        let Some(sufficiency) = &self.sufficiency else {
            let (sender, _unheard) = mpsc::unbounded_channel();
            let answering = pipeline.answer(question.clone(), Mode::Strict, &sender);
            let Answered { answer, .. } = answering.await?;
            let mut citations = answer
                .sentences()
                .iter()
                .flat_map(CheckedSentence::citations);
            return Ok(!answer.abstained() && citations.any(|quote| quote.document() == document));
        };
        let (context, _) = pipeline.find(question, &mut Timings::default()).await?;
        let is_found = context
            .passages
            .iter()
            .any(|passage| passage.document == document);
        if !is_found {
            return Ok(false);
        }
        let score = sufficiency.score(&question.text, &context.passages).await?;
        Ok(score >= self.config.ask.evidence)
    }

    async fn work(
        &self,
        question: Question,
        mode: Mode,
        events: &mpsc::UnboundedSender<AskEvent>,
        (asked, _place): (Asked, OwnedSemaphorePermit),
    ) {
        // Nobody closes it.
        let _seat = self.seats.acquire().await;
        let last = match self.steps(question, mode, events).await {
            Ok((answer, timings)) => {
                info!(
                    sentences = answer.sentences().len(),
                    withheld = answer.withheld().len(),
                    abstained = answer.abstained(),
                    "a question is answered"
                );
                asked.answered(&answer);
                self.metrics.answered(&answer, &timings);
                self.statistics.answered(&answer, &timings);
                AskEvent::Final(Arc::new(answer), timings)
            }
            Err(error) => {
                asked.failed();
                self.asked(Outcome::Failed);
                AskEvent::Failed(error.into())
            }
        };
        // The asker may have left.
        let _ = events.send(last);
    }

    /// Counts a question by its end.
    fn asked(&self, outcome: Outcome) {
        self.metrics.asked(outcome);
        self.statistics.asked(outcome);
    }

    async fn steps(
        &self,
        question: Question,
        mode: Mode,
        events: &mpsc::UnboundedSender<AskEvent>,
    ) -> anyhow::Result<(Answer, Timings)> {
        let question = self.with_adapter(question).await?;
        let text = question.text.clone();
        let answered = self.pipeline().answer(question, mode, events).await?;
        let Answered {
            answer,
            timings,
            context,
        } = answered;
        self.recent.keep(&text, &answer, context);
        Ok((answer, timings))
    }

    /// What answers.
    pub(crate) fn pipeline(&self) -> Pipeline<'_> {
        Pipeline {
            config: &self.config,
            embedder: self
                .embedder
                .as_deref()
                .map(|embedder| embedder as &dyn QueryEmbedder),
            retrievers: &self.retrievers,
            catalogue: self.library.catalogue(),
            generator: &*self.generator,
            sufficiency: self.sufficiency.as_ref(),
            checker: &self.checker,
        }
    }
}
