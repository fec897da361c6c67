//! The thread that owns a model, and what others ask it.
//!
//! A model belongs to one thread. Requests come through a queue with a bound and are answered
//! through channels: tokens as they are written, with their text. Whoever drops their end is
//! let go at the next step.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tracing::{Span, debug, error, info, warn};

use super::super::ModelError;
use super::layers::{check_devices, read_devices};
use super::model::{Model, ModelOptions};
use super::sampler::Sampling;
use super::scheduler::{Counters, End, Listener, Request, Scheduler, Summary, Work, Written};
use super::source::Source;
use super::template::{ChatTemplate, TemplateError};
use super::vocabulary::{TokenDecoder, Vocabulary};
use crate::ask::Message;

/// How an engine is run.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Tokens of all conversations that are kept at the same time.
    pub context: usize,
    /// Tokens that a prompt and its answer may have; at most the model's window.
    pub window: Option<usize>,
    /// Tokens that go through the model together at most.
    pub batch: usize,
    /// Answers that are written at the same time at most.
    pub together: usize,
    /// Requests that wait beside those that are written; one more is told that the engine is
    /// busy.
    pub waiting: usize,
    /// Threads that work on the processor.
    pub threads: usize,
    /// Whether keys and values are kept as half floats.
    pub half: bool,
    /// Devices that layers run on, in order, such as `cuda:0`, `cuda:1=16` or `cpu`; none for all
    /// that there are.
    pub devices: Vec<String>,
    /// Adapters: a name, and the folder in the format of PEFT.
    pub adapters: Vec<(String, PathBuf)>,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            context: 32_768,
            window: None,
            batch: 512,
            together: 8,
            waiting: 16,
            threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            half: true,
            devices: Vec::new(),
            adapters: Vec::new(),
        }
    }
}

impl EngineOptions {
    /// Looks for what no machine has.
    ///
    /// # Errors
    /// In words, with the name of the option and its bounds.
    pub(crate) fn validate(&self) -> Result<(), String> {
        for (name, value, most) in [
            ("context", self.context, 1_000_000_000),
            ("batch", self.batch, 65_536),
            ("together", self.together, 1_024),
            ("waiting", self.waiting, 1_000_000),
            ("threads", self.threads, 1_024),
        ] {
            if value == 0 || value > most {
                return Err(format!("`{name}` is {value}, and may be from 1 to {most}"));
            }
        }
        check_devices(&self.devices)
    }
}

/// Why an engine does not take a request.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// As many requests wait as may.
    #[error("the model is busy, and {waiting} requests wait already")]
    Busy {
        /// Requests that wait.
        waiting: usize,
    },
    /// Prompt and answer do not fit.
    #[error(
        "the prompt has {prompt} tokens, with {answer} for the answer it is over the window of {window}"
    )]
    TooLong {
        /// Tokens of the prompt.
        prompt: usize,
        /// Tokens that the answer may have.
        answer: usize,
        /// Tokens that fit.
        window: usize,
    },
    /// The conversation cannot be written as the model reads it.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// There is no such adapter.
    #[error("there is no adapter `{0}`")]
    NoAdapter(String),
    /// A continuation is empty.
    #[error("an empty continuation has no probability")]
    NothingToJudge,
    /// There is no prompt, or the answer may have no token.
    #[error("a prompt and an answer have a token at least, and these have {prompt} and {answer}")]
    Empty {
        /// Tokens of the prompt.
        prompt: usize,
        /// Tokens that the answer may have.
        answer: usize,
    },
    /// The model failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The model's thread ended.
    #[error("the model stopped; the log says why")]
    Stopped,
}

/// What is to be written.
#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    /// Tokens that the answer may have.
    pub max_tokens: usize,
    /// How tokens are chosen.
    pub sampling: SamplingOptions,
    /// Texts that end the answer and are not part of it.
    pub stops: Vec<String>,
    /// The adapter to write with.
    pub adapter: Option<String>,
    /// Likeliest tokens that are told beside each written one.
    pub top: usize,
    /// Whether it goes on where the model would end, as benchmarks need it.
    pub goes_on: bool,
}

/// How tokens are chosen.
#[derive(Clone, Copy, Debug)]
pub struct SamplingOptions {
    /// Scores are divided by it. 0 takes the likeliest token.
    pub temperature: f32,
    /// Only the likeliest tokens that are this likely together are chosen from.
    pub top_p: f32,
    /// Starts the random numbers.
    pub seed: u64,
}

impl Default for SamplingOptions {
    fn default() -> Self {
        Self {
            temperature: 0.0,
            top_p: 1.0,
            seed: 0,
        }
    }
}

/// A piece of an answer.
#[derive(Clone, Debug)]
pub enum EnginePiece {
    /// Text, and the tokens that it is made of. Text may be empty while a character or a
    /// possible end is not whole; the last text may have no tokens.
    Text {
        /// The text.
        text: String,
        /// Tokens since the last piece.
        tokens: Vec<TokenChoice>,
    },
    /// The answer is over.
    Over(AnswerSummary),
}

/// A token that was chosen.
#[derive(Clone, Debug)]
pub struct TokenChoice {
    /// Its id.
    pub id: u32,
    /// The natural logarithm of its probability.
    pub log_probability: f32,
    /// The likeliest tokens in its place with the same, likeliest first.
    pub top: Vec<(u32, f32)>,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerSummary {
    /// Tokens of the prompt.
    pub prompt_tokens: usize,
    /// Those of them that had been computed before.
    pub cached_tokens: usize,
    /// Tokens that were written.
    pub written_tokens: usize,
    /// Whether the answer may have gone on.
    pub is_cut: bool,
}

/// Counters since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EngineCounters {
    /// Requests that were let in.
    pub requests: u64,
    /// Tokens of prompts.
    pub prompt_tokens: u64,
    /// Those of them that had been computed before.
    pub cached_tokens: u64,
    /// Tokens that were written.
    pub written_tokens: u64,
    /// Steps of the model.
    pub steps: u64,
}

impl From<Counters> for EngineCounters {
    fn from(counters: Counters) -> Self {
        Self {
            requests: counters.requests,
            prompt_tokens: counters.prompt_tokens,
            cached_tokens: counters.known_tokens,
            written_tokens: counters.written_tokens,
            steps: counters.steps,
        }
    }
}

enum Job {
    Request {
        request: Request,
        span: Span,
    },
    Forget(oneshot::Sender<()>),
    Adapt {
        name: String,
        folder: PathBuf,
        done: oneshot::Sender<Result<(), ModelError>>,
    },
}

/// A language model on a thread of its own.
#[derive(Clone)]
pub struct DecoderEngine {
    jobs: mpsc::UnboundedSender<Job>,
    /// One for each request that may be written or wait.
    room: Arc<Semaphore>,
    waiting: usize,
    vocabulary: Arc<Vocabulary>,
    template: Arc<ChatTemplate>,
    /// Names of adapters, by number; one that could not be loaded has none.
    adapters: Arc<RwLock<Vec<String>>>,
    counters: Arc<Mutex<EngineCounters>>,
    window: usize,
    name: Arc<str>,
    devices: Arc<[String]>,
}

impl Debug for DecoderEngine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("DecoderEngine")
            .field("name", &self.name)
            .field("window", &self.window)
            .field("devices", &self.devices)
            .finish_non_exhaustive()
    }
}

impl DecoderEngine {
    /// Reads the model at `path`, a GGUF file or a folder, and starts its thread. Takes as long
    /// as reading the weights does.
    ///
    /// # Errors
    /// When it is not there, is broken, cannot be run here, or takes more memory than there is.
    pub fn open(path: &Path, options: &EngineOptions) -> Result<Self, ModelError> {
        options.validate().map_err(ModelError::Options)?;
        let source = Source::open(path)?;
        let (vocabulary, template) = words_of(&source)?;
        if vocabulary.size() > source.shape().vocabulary {
            return Err(ModelError::unsupported(
                source.path(),
                format!(
                    "its tokenizer has {} tokens, and its weights {}",
                    vocabulary.size(),
                    source.shape().vocabulary
                ),
            ));
        }
        let window = source.shape().window.min(options.context);
        let window = options.window.map_or(window, |own| own.min(window));
        let name: Arc<str> = name_of(path).into();
        let model = Model::open(
            source,
            &ModelOptions {
                context: options.context,
                rows: options.batch.max(options.together + 1),
                half: options.half,
                threads: options.threads,
                devices: read_devices(&options.devices).map_err(ModelError::Options)?,
                adapters: options.adapters.clone(),
            },
        )?;
        let adapters = Arc::new(RwLock::new(model.adapters().to_vec()));
        for note in model.notes() {
            warn!(model = &*name, "{note}");
        }
        let devices: Arc<[String]> = model.described().into();
        let counters = Arc::new(Mutex::new(EngineCounters::default()));
        let (jobs, queue) = mpsc::unbounded_channel();
        let scheduler = Scheduler::new(model, options.together);
        let (counted, named) = (Arc::clone(&counters), Arc::clone(&adapters));
        std::thread::Builder::new()
            .name("decoder".to_owned())
            .spawn(move || serve(scheduler, queue, &counted, &named))
            .map_err(ModelError::io(path))?;
        info!(model = &*name, window, "the language model is ready");
        Ok(Self {
            jobs,
            room: Arc::new(Semaphore::new(options.together + options.waiting)),
            waiting: options.waiting,
            vocabulary: Arc::new(vocabulary),
            template: Arc::new(template),
            adapters,
            counters,
            window,
            name,
            devices,
        })
    }

    /// Names the model, after its file or folder.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the model's thread still runs. Once it has ended nothing is answered any more.
    #[must_use]
    pub fn is_running(&self) -> bool {
        !self.jobs.is_closed()
    }

    /// Tokens that a prompt may have together with its answer.
    #[must_use]
    pub fn window(&self) -> usize {
        self.window
    }

    /// Each device with its layers and memory, in words.
    #[must_use]
    pub fn devices(&self) -> &[String] {
        &self.devices
    }

    /// Texts to tokens and back.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Counters since the start.
    ///
    /// # Panics
    /// Never: who counts does not panic.
    #[must_use]
    pub fn counters(&self) -> EngineCounters {
        *self.counters.lock().expect("counting does not panic")
    }

    /// The prompt for the answer to `messages`, as the model reads it.
    ///
    /// # Errors
    /// When the model's template refuses the conversation.
    pub fn prompt(&self, messages: &[Message]) -> Result<Vec<u32>, TemplateError> {
        self.template.encode(&self.vocabulary, messages)
    }

    /// Writes the answer to `prompt`. Pieces come while it is written; dropping the receiver
    /// ends the work.
    ///
    /// # Errors
    /// At once when the engine is busy, or prompt and answer do not fit.
    pub fn write(
        &self,
        prompt: Vec<u32>,
        options: &WriteOptions,
    ) -> Result<mpsc::UnboundedReceiver<Result<EnginePiece, ModelError>>, EngineError> {
        let adapter = self.adapter(options.adapter.as_deref())?;
        self.fits(prompt.len(), options.max_tokens)?;
        let permit = self.permit()?;
        let (sender, pieces) = mpsc::unbounded_channel();
        let listener = Answer {
            sender,
            text: StopText::new(options.stops.clone()),
            decoder: Some(self.vocabulary.decoder()),
            tokens: Vec::new(),
            _permit: Arc::new(permit),
        };
        let sampling = Sampling {
            temperature: options.sampling.temperature,
            top_p: options.sampling.top_p,
            seed: options.sampling.seed,
        };
        self.send(Request {
            prompt,
            work: Work::Write {
                tokens: options.max_tokens,
                sampling,
                ends: if options.goes_on {
                    Vec::new()
                } else {
                    self.vocabulary.ends().collect()
                },
                top: options.top,
            },
            adapter,
            listener: Box::new(listener),
        })?;
        Ok(pieces)
    }

    /// The probability that the answer to `prompt` begins with each of `continuations`.
    ///
    /// # Errors
    /// When the engine is busy or fails, the prompt does not fit, or a continuation is empty.
    pub async fn judge(
        &self,
        prompt: &[u32],
        continuations: &[&str],
        adapter: Option<&str>,
    ) -> Result<Vec<f32>, EngineError> {
        let adapter = self.adapter(adapter)?;
        let continuations: Vec<Vec<u32>> = continuations
            .iter()
            .map(|text| self.vocabulary.encode(text))
            .collect();
        let longest = continuations.iter().map(Vec::len).max().unwrap_or(0);
        self.fits(prompt.len(), longest.max(1))?;
        let firsts: Vec<u32> = continuations
            .iter()
            .filter_map(|tokens| tokens.first().copied())
            .collect();
        if firsts.len() < continuations.len() {
            return Err(EngineError::NothingToJudge);
        }
        // One for all: the engine may be full of others between two of these.
        let permit = Arc::new(self.permit()?);
        let work = Work::Next { tokens: firsts };
        let mut sums = self
            .judged(prompt.to_vec(), work, adapter, Arc::clone(&permit))
            .await?;
        for (sum, tokens) in sums.iter_mut().zip(&continuations) {
            if tokens.len() > 1 {
                let work = Work::Judge {
                    last: tokens.len() - 1,
                };
                let prompt = [prompt, tokens].concat();
                *sum += self
                    .judged(prompt, work, adapter, Arc::clone(&permit))
                    .await?
                    .iter()
                    .sum::<f32>();
            }
        }
        Ok(sums.into_iter().map(f32::exp).collect())
    }

    async fn judged(
        &self,
        prompt: Vec<u32>,
        work: Work,
        adapter: Option<usize>,
        permit: Arc<OwnedSemaphorePermit>,
    ) -> Result<Vec<f32>, EngineError> {
        let (sender, judged) = oneshot::channel();
        self.send(Request {
            prompt,
            work,
            adapter,
            listener: Box::new(Judgement {
                sender: Some(sender),
                _permit: permit,
            }),
        })?;
        match judged.await {
            Ok(judged) => Ok(judged?),
            Err(_) => Err(EngineError::Stopped),
        }
    }

    /// Forgets all beginnings that were computed and are not in use.
    ///
    /// # Errors
    /// When the engine stopped.
    pub async fn forget(&self) -> Result<(), EngineError> {
        let (sender, done) = oneshot::channel();
        let job = Job::Forget(sender);
        self.jobs.send(job).map_err(|_| EngineError::Stopped)?;
        done.await.map_err(|_| EngineError::Stopped)
    }

    /// Whether it has an adapter of this name.
    #[must_use]
    pub fn has_adapter(&self, name: &str) -> bool {
        matches!(self.adapter(Some(name)), Ok(Some(_)))
    }

    /// Reads the adapter in `folder` under a name that no other has. Nothing is written meanwhile.
    ///
    /// # Errors
    /// When it cannot be read, does not fit the model, or a device has no room for it.
    pub async fn load_adapter(&self, name: &str, folder: &Path) -> Result<(), EngineError> {
        let (sender, done) = oneshot::channel();
        let job = Job::Adapt {
            name: name.to_owned(),
            folder: folder.to_owned(),
            done: sender,
        };
        self.jobs.send(job).map_err(|_| EngineError::Stopped)?;
        Ok(done.await.map_err(|_| EngineError::Stopped)??)
    }

    fn adapter(&self, name: Option<&str>) -> Result<Option<usize>, EngineError> {
        name.map(|name| {
            let adapters = self.adapters.read().unwrap_or_else(PoisonError::into_inner);
            let found = adapters.iter().position(|own| own == name);
            found.ok_or_else(|| EngineError::NoAdapter(name.to_owned()))
        })
        .transpose()
    }

    fn fits(&self, prompt: usize, answer: usize) -> Result<(), EngineError> {
        if prompt == 0 || answer == 0 {
            return Err(EngineError::Empty { prompt, answer });
        }
        if prompt.saturating_add(answer) > self.window {
            return Err(EngineError::TooLong {
                prompt,
                answer,
                window: self.window,
            });
        }
        Ok(())
    }

    fn send(&self, request: Request) -> Result<(), EngineError> {
        let span = Span::current();
        self.jobs
            .send(Job::Request { request, span })
            .map_err(|_| EngineError::Stopped)
    }

    /// Room for a request. Who hears it holds the room, until it is over or the asker left.
    fn permit(&self) -> Result<OwnedSemaphorePermit, EngineError> {
        let permit = Arc::clone(&self.room).try_acquire_owned();
        permit.map_err(|_| EngineError::Busy {
            waiting: self.waiting,
        })
    }
}

/// Vocabulary and template of a model.
fn words_of(source: &Source) -> Result<(Vocabulary, ChatTemplate), ModelError> {
    let path = source.path();
    if source.is_gguf() {
        let refuse = |reason: String| ModelError::unsupported(path, reason);
        let vocabulary = Vocabulary::from_gguf(source.metadata()).map_err(refuse)?;
        let template = ChatTemplate::from_gguf(source.metadata(), &vocabulary)
            .map_err(|error| ModelError::unsupported(path, error))?;
        return Ok((vocabulary, template));
    }
    let folder = path.parent().unwrap_or(path);
    let vocabulary = Vocabulary::from_folder(folder)?;
    let template = ChatTemplate::from_folder(folder, &vocabulary)?;
    Ok((vocabulary, template))
}

/// Names a model after its file or folder; after the folder where the file is only called `model`.
fn name_of(path: &Path) -> String {
    let mut name = if path.is_file() {
        path.file_stem()
    } else {
        path.file_name()
    };
    if name.is_some_and(|name| name == "model") && path.is_file() {
        name = path.parent().and_then(Path::file_name).or(name);
    }
    name.map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// The life of the thread that owns a model.
fn serve(
    mut scheduler: Scheduler,
    mut jobs: mpsc::UnboundedReceiver<Job>,
    counters: &Mutex<EngineCounters>,
    adapters: &RwLock<Vec<String>>,
) {
    loop {
        if scheduler.is_idle() {
            let Some(job) = jobs.blocking_recv() else {
                return;
            };
            take(&mut scheduler, job, adapters);
        }
        let step = catch_unwind(AssertUnwindSafe(|| {
            while let Ok(job) = jobs.try_recv() {
                take(&mut scheduler, job, adapters);
            }
            scheduler.step();
        }));
        if let Err(panic) = step {
            let words = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied());
            error!(
                reason = words.unwrap_or("unknown"),
                "the language model stopped: this is a fault of the program"
            );
            return;
        }
        *counters.lock().expect("counting does not panic") = scheduler.counters().into();
    }
}

fn take(scheduler: &mut Scheduler, job: Job, adapters: &RwLock<Vec<String>>) {
    match job {
        Job::Request { request, span } => {
            span.in_scope(|| debug!(tokens = request.prompt.len(), "a prompt is taken"));
            scheduler.push(request);
        }
        Job::Forget(done) => {
            scheduler.forget();
            // Whoever asked may have left.
            let _ = done.send(());
        }
        Job::Adapt { name, folder, done } => {
            let loading = || scheduler.load_adapter(&name, &folder);
            let loaded = catch_unwind(AssertUnwindSafe(loading))
                .unwrap_or_else(|_| Err(ModelError::unsupported(&folder, "reading it failed")));
            *adapters.write().unwrap_or_else(PoisonError::into_inner) =
                scheduler.adapters().to_vec();
            // Whoever asked may have left.
            let _ = done.send(loaded);
        }
    }
}

/// Text that is held back while it may become one of the texts that end an answer.
#[derive(Debug)]
struct StopText {
    stops: Vec<String>,
    held: String,
}

impl StopText {
    fn new(mut stops: Vec<String>) -> Self {
        stops.retain(|stop| !stop.is_empty());
        Self {
            stops,
            held: String::new(),
        }
    }

    /// The text that may be shown now, and whether an end was found.
    fn push(&mut self, text: &str) -> (String, bool) {
        self.held.push_str(text);
        let end = self
            .stops
            .iter()
            .filter_map(|stop| self.held.find(stop))
            .min();
        if let Some(end) = end {
            self.held.truncate(end);
            return (std::mem::take(&mut self.held), true);
        }
        let open = self.held.char_indices().map(|(at, _)| at).find(|at| {
            self.stops
                .iter()
                .any(|stop| stop.starts_with(&self.held[*at..]))
        });
        let rest = self.held.split_off(open.unwrap_or(self.held.len()));
        (std::mem::replace(&mut self.held, rest), false)
    }

    /// What was held back and is no end after all.
    fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }
}

/// Hears an answer.
struct Answer {
    sender: mpsc::UnboundedSender<Result<EnginePiece, ModelError>>,
    text: StopText,
    decoder: Option<TokenDecoder>,
    tokens: Vec<TokenChoice>,
    _permit: Arc<OwnedSemaphorePermit>,
}

impl Answer {
    fn tell(&mut self, text: String) -> bool {
        let tokens = std::mem::take(&mut self.tokens);
        self.sender
            .send(Ok(EnginePiece::Text { text, tokens }))
            .is_ok()
    }
}

impl Listener for Answer {
    fn token(&mut self, written: Written) -> bool {
        let Some(decoder) = &mut self.decoder else {
            return false;
        };
        let text = decoder.push(written.token);
        self.tokens.push(TokenChoice {
            id: written.token,
            log_probability: written.log_probability,
            top: written.top,
        });
        let (text, is_end) = self.text.push(&text);
        if is_end {
            self.decoder = None;
        }
        self.tell(text) && !is_end
    }

    fn judged(&mut self, _: Vec<f32>) {}

    fn over(mut self: Box<Self>, end: Result<Summary, ModelError>) {
        let summary = match end {
            Ok(summary) => summary,
            Err(error) => {
                // Whoever asked may have left, here and below.
                let _ = self.sender.send(Err(error));
                return;
            }
        };
        if let Some(decoder) = self.decoder.take() {
            let (mut text, is_end) = self.text.push(&decoder.finish());
            if !is_end {
                text.push_str(&self.text.finish());
            }
            if !text.is_empty() || !self.tokens.is_empty() {
                let tokens = std::mem::take(&mut self.tokens);
                let _ = self.sender.send(Ok(EnginePiece::Text { text, tokens }));
            }
        }
        let _ = self.sender.send(Ok(EnginePiece::Over(AnswerSummary {
            prompt_tokens: summary.prompt,
            cached_tokens: summary.known,
            written_tokens: summary.written,
            is_cut: summary.end == End::Length,
        })));
    }

    fn has_left(&self) -> bool {
        self.sender.is_closed()
    }
}

/// Hears probabilities.
struct Judgement {
    sender: Option<oneshot::Sender<Result<Vec<f32>, ModelError>>>,
    _permit: Arc<OwnedSemaphorePermit>,
}

impl Listener for Judgement {
    fn token(&mut self, _: Written) -> bool {
        false
    }

    fn judged(&mut self, log_probabilities: Vec<f32>) {
        if let Some(sender) = self.sender.take() {
            // Whoever asked may have left.
            let _ = sender.send(Ok(log_probabilities));
        }
    }

    fn over(mut self: Box<Self>, end: Result<Summary, ModelError>) {
        if let (Err(error), Some(sender)) = (end, self.sender.take()) {
            // Whoever asked may have left.
            let _ = sender.send(Err(error));
        }
    }

    fn has_left(&self) -> bool {
        self.sender.as_ref().is_some_and(oneshot::Sender::is_closed)
    }
}

#[cfg(test)]
mod tests;
