//! The library: documents on their way from a file into both indexes, and out of them again.
//!
//! The order is what keeps it whole: an original is on disk before its document is in the
//! catalogue, chunks are in the index of words before the catalogue names them, and leave the
//! indexes before the catalogue forgets them. What a killed process left is found at the next
//! start, since the mark `running` is still there, and mended by comparing.

pub(crate) mod attachments;
mod eta;
mod life;
mod listing;
mod pictures;
mod recognition;
mod rights;
#[cfg(test)]
mod rights_tests;
mod sourced;
mod validity;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ingest::ocr::Recognize;
use ingest::parse::picture::Picture;
use ingest::parse::{Extract, Extracted, Format, ParseError, Passwords};
use ingest::{
    AccessKey, BackendError, ChunkId, ChunkStore, ContentHash, Document, DocumentId, Group,
    PassageEmbedder, PreparedChunk, Problem, StoredChunk, TokenCounter, pipeline,
};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use tokio::sync::{Notify, watch};
use tracing::{info, warn};

pub(crate) use self::life::{day_of, today};
use self::pictures::Pictures;
use crate::ask::Reader;
use crate::audit::{self, HeadNote};
use crate::backup;
use crate::catalogue::{
    Arriving, Catalogue, ChunkRow, DocumentView, MetadataError, NewDocument, Original, State, Work,
};
use crate::proof::Key;
use crate::rights::Level;

/// Names how files are read: versions read otherwise are read anew when they are cut anew.
pub(crate) const READER: &str = "4";
/// Chunks embedded at once: enough to sort by length, few enough to lose little when killed.
const BATCH: u32 = 64;
/// Documents that are put into the index of words together, at most.
const TOGETHER: usize = 64;
/// How long others are read before those that are read already are put into it.
const MOMENT: Duration = Duration::from_millis(500);
/// Bytes of a file that is small.
const SMALL: u64 = 1 << 20;
/// How long the embedding of a document is put off after the model failed, and how often.
const RETRY: Duration = Duration::from_secs(2);
const RETRIES: u32 = 3;

/// What went wrong in the library.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// Another process has the data folder open.
    #[error("another process uses the data folder {}", folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// A file cannot be read or written.
    #[error("{} cannot be read or written: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The catalogue failed.
    #[error("the catalogue failed: {0}")]
    Catalogue(#[from] sqlx::Error),
    /// An index failed.
    #[error("{0}")]
    Backend(#[from] BackendError),
    /// What is to be said of a document cannot be.
    #[error("{0}")]
    Metadata(#[from] MetadataError),
}

impl LibraryError {
    fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }

    /// Whether the disk is full.
    #[must_use]
    pub fn is_full_disk(&self) -> bool {
        const SQLITE_FULL: &str = "13";
        match self {
            Self::Io { source, .. } => {
                matches!(
                    source.kind(),
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
                )
            }
            Self::Catalogue(sqlx::Error::Database(error)) => {
                error.code().as_deref() == Some(SQLITE_FULL)
            }
            _ => false,
        }
    }
}

/// What a library is made of.
#[derive(Debug)]
pub struct LibraryParts {
    /// Reads files.
    pub extract: Arc<dyn Extract>,
    /// Reads pages that are pictures of text.
    pub ocr: Option<Arc<dyn Recognize>>,
    /// The index of words.
    pub words: Arc<dyn ChunkStore>,
    /// The index of vectors and the model that makes them.
    pub vectors: Option<(Arc<dyn ChunkStore>, Arc<dyn PassageEmbedder>)>,
    /// Names where the vectors are kept and by which model they are made.
    pub vectors_at: String,
    /// Counts tokens when documents are cut.
    pub counter: Arc<dyn TokenCounter>,
    /// Tokens of a chunk at most.
    pub chunk_tokens: usize,
    /// Files read at the same time.
    pub workers: usize,
    /// Older versions of a document that are kept at most; all, if nothing is said.
    pub old_versions: Option<u32>,
    /// Passwords that are tried on every file that needs one.
    pub passwords: Vec<SecretString>,
    /// Who may have documents that no other rights are said of.
    pub default_readers: BTreeSet<Group>,
}

/// A document that was handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// Its id.
    pub id: DocumentId,
    /// The version that was handed in.
    pub version: ContentHash,
    /// Whether it was there already, with the same content and rights.
    pub unchanged: bool,
}

/// The text of a version.
#[derive(Clone, Debug)]
pub struct SourceText {
    /// The text with its structure.
    pub document: Document,
    /// The version.
    pub version: ContentHash,
    /// The format that it was read as.
    pub format: Option<Format>,
    /// Its title.
    pub title: String,
    /// The file's name.
    pub file_name: String,
    /// When a newer version took its place in the search, if one did.
    pub replaced_at: Option<Timestamp>,
}

/// How an index differs from the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// The index.
    pub index: String,
    /// Chunks that it should hold.
    pub expected: usize,
    /// Chunks that it lacks.
    pub missing: Vec<ChunkId>,
    /// Chunks that it holds and should not.
    pub extra: Vec<ChunkId>,
    /// Chunks whose rights in it are not those of the catalogue.
    pub rights: Vec<ChunkId>,
}

impl Difference {
    /// Whether there is none.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.missing.is_empty() && self.extra.is_empty() && self.rights.is_empty()
    }
}

/// A document that is read and cut.
#[derive(Debug)]
struct Cut {
    work: Work,
    prepared: Vec<PreparedChunk>,
}

/// What was done since the library was opened.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Documents handed in.
    pub documents_total: u64,
    /// Documents whose work is over.
    pub documents_done: u64,
    /// Pages read; a document without pages counts as one.
    pub pages: u64,
    /// Tokens embedded.
    pub tokens: u64,
    /// Time since the first document was handed in.
    pub elapsed: Duration,
    /// Time in each stage: reading, cutting, words, vectors.
    pub stages: [(&'static str, Duration); 4],
}

impl fmt::Display for Progress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
        let per_second = |count: u64, time: Duration| count as f64 / time.as_secs_f64().max(0.001);
        write!(
            formatter,
            "{} pages, {:.1} pages/s, {:.0} tokens/s embedded",
            self.pages,
            per_second(self.pages, self.elapsed),
            per_second(self.tokens, self.stages[3].1),
        )?;
        let left = self.documents_total.saturating_sub(self.documents_done);
        if left > 0 && self.documents_done > 0 {
            #[expect(clippy::cast_precision_loss, reason = "an estimate in seconds")]
            let seconds = self.elapsed.as_secs_f64() * left as f64 / self.documents_done as f64;
            write!(formatter, ", {seconds:.0} s left")?;
        } else if left == 0 {
            let all: Duration = self.stages.iter().map(|(_, time)| *time).sum();
            for (name, time) in self.stages {
                let share = 100.0 * time.as_secs_f64() / all.as_secs_f64().max(0.001);
                write!(formatter, ", {name} {share:.0} %")?;
            }
        }
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Counters {
    submitted: AtomicU64,
    pages: AtomicU64,
    /// Bytes of files that were read.
    bytes: AtomicU64,
    /// Chunks whose vectors were put into the index.
    embedded: AtomicU64,
    tokens: AtomicU64,
    stages: [AtomicU64; 4],
    started: Mutex<Option<Instant>>,
}

impl Counters {
    fn spent(&self, stage: usize, since: Instant) {
        let micros = u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.stages[stage].fetch_add(micros, Ordering::Relaxed);
    }
}

/// The documents of one data folder.
#[derive(Debug)]
pub struct Library {
    folder: PathBuf,
    catalogue: Catalogue,
    parts: LibraryParts,
    cut: String,
    /// Held while an index and the catalogue are changed together.
    changing: tokio::sync::Mutex<()>,
    /// Read while an original is on disk and not yet in the catalogue; written to sweep originals.
    arriving: tokio::sync::RwLock<()>,
    live: Mutex<HashMap<DocumentId, (u32, Option<u32>)>>,
    changes: watch::Sender<u64>,
    wake: Notify,
    counters: Counters,
    failures: Mutex<HashMap<DocumentId, u32>>,
    queue: Mutex<listing::Queue>,
    pictures: Pictures,
    /// Changes of both catalogue and index that did not come to their end.
    unsettled: AtomicU64,
    /// Whether originals that no document needs were left for a backup that was being made.
    unswept: AtomicBool,
    stopping: watch::Sender<bool>,
    tasks: Mutex<Vec<tokio::task::JoinHandle<()>>>,
    _lock: File,
}

/// Where a file that is handed in under a name, for these readers, has its place.
#[must_use]
pub fn upload_place(readers: &BTreeSet<Group>, name: &str) -> String {
    let readers: Vec<&str> = readers.iter().map(Group::as_str).collect();
    format!("upload:{}/{name}", readers.join(","))
}

/// Takes the data folder for this process.
///
/// # Errors
/// When another process has it, or it cannot be written.
pub fn take(folder: &Path) -> Result<File, LibraryError> {
    fs::create_dir_all(folder).map_err(LibraryError::io(folder))?;
    let path = folder.join("lock");
    let lock = File::create(&path).map_err(LibraryError::io(&path))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(fs::TryLockError::WouldBlock) => Err(LibraryError::InUse {
            folder: folder.to_owned(),
        }),
        Err(fs::TryLockError::Error(error)) => Err(LibraryError::io(&path)(error)),
    }
}

/// Names the data folder among others that share a server: made once, kept for ever.
///
/// # Errors
/// When the folder cannot be read or written.
pub fn installation(folder: &Path) -> Result<String, LibraryError> {
    let path = folder.join("installation");
    match fs::read_to_string(&path) {
        Ok(name) if name.parse::<uuid::Uuid>().is_ok() => return Ok(name),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(LibraryError::io(&path)(error)),
    }
    let name = uuid::Uuid::new_v4().simple().to_string();
    let mut beside = tempfile::NamedTempFile::new_in(folder).map_err(LibraryError::io(folder))?;
    beside
        .write_all(name.as_bytes())
        .and_then(|()| beside.as_file().sync_all())
        .map_err(LibraryError::io(&path))?;
    beside
        .persist(&path)
        .map_err(|error| LibraryError::io(&path)(error.error))?;
    Ok(name)
}

impl Library {
    /// Opens the library in `folder`, which `lock` holds, and mends what a killed process left.
    ///
    /// # Errors
    /// When the catalogue or an index cannot be read or written.
    pub async fn open(
        folder: &Path,
        lock: File,
        parts: LibraryParts,
    ) -> Result<Arc<Self>, LibraryError> {
        fs::create_dir_all(folder.join("originals")).map_err(LibraryError::io(folder))?;
        let catalogue = Catalogue::open(&folder.join("catalogue.sqlite")).await?;
        let running = folder.join("running");
        let was_killed = running.is_file();
        File::create(&running)
            .and_then(|file| file.sync_all())
            .map_err(LibraryError::io(&running))?;
        let library = Arc::new(Self {
            cut: format!("{READER}/{}/{}", parts.counter.name(), parts.chunk_tokens),
            folder: folder.to_owned(),
            catalogue,
            parts,
            changing: tokio::sync::Mutex::default(),
            arriving: tokio::sync::RwLock::default(),
            live: Mutex::default(),
            changes: watch::Sender::new(0),
            wake: Notify::new(),
            counters: Counters::default(),
            failures: Mutex::default(),
            queue: Mutex::default(),
            pictures: Pictures::default(),
            unsettled: AtomicU64::new(0),
            unswept: AtomicBool::new(false),
            stopping: watch::Sender::new(false),
            tasks: Mutex::default(),
            _lock: lock,
        });
        let readers = &library.parts.default_readers;
        library.catalogue.set_default_readers(readers).await?;
        library.recover(was_killed).await?;
        Ok(library)
    }

    async fn recover(&self, was_killed: bool) -> Result<(), LibraryError> {
        // Another index, another model, or a time without any: what the index holds is not what
        // the catalogue remembers of it.
        let known = self.catalogue.setting("vectors_at").await?;
        let moved = known.as_deref() != Some(&self.parts.vectors_at);
        if moved {
            self.catalogue.forget_embedded().await?;
        }
        self.remove_marked().await?;
        self.sweep_originals(true).await?;
        if was_killed || moved {
            self.repair().await?;
            let at = &self.parts.vectors_at;
            self.catalogue.set("vectors_at", at).await?;
        }
        self.catalogue
            .recover(READER, &self.cut, self.parts.vectors.is_some())
            .await?;
        self.catalogue
            .recover_recognizing(self.parts.ocr.is_some())
            .await?;
        Ok(())
    }

    /// Starts the workers.
    pub fn start(self: &Arc<Self>) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..self.parts.workers {
            tasks.push(tokio::spawn(Arc::clone(self).read_queue(None)));
        }
        // One more, for small files only: whatever the others are busy with, these are not held up.
        tasks.push(tokio::spawn(Arc::clone(self).read_queue(Some(SMALL))));
        if self.parts.vectors.is_some() {
            tasks.push(tokio::spawn(Arc::clone(self).embed_queue()));
        }
        if let Some(ocr) = &self.parts.ocr {
            let ocr = Arc::clone(ocr);
            tasks.push(tokio::spawn(Arc::clone(self).recognize_queue(ocr)));
        }
    }

    /// Stops the workers and leaves the folder in order. Work that was not done is done later.
    pub async fn close(&self) {
        self.stopping.send_replace(true);
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            // A worker that panicked has said so.
            let _ = task.await;
        }
        self.catalogue.close().await;
        if self.unsettled.load(Ordering::SeqCst) == 0 {
            // Without this the next start compares everything, which is slow and harmless.
            let _ = fs::remove_file(self.folder.join("running"));
        }
    }

    /// Takes a file: when this returns, the document survives the process and the machine.
    ///
    /// # Errors
    /// When the file cannot be read, disk or catalogue cannot be written, or what is said of the
    /// document cannot be.
    pub async fn submit(&self, document: NewDocument) -> Result<Submitted, LibraryError> {
        let arriving = self.arriving.read().await;
        let (folder, from) = (self.folder.join("originals"), document.path.clone());
        let (version, size) = tokio::task::spawn_blocking(move || keep_original(&folder, &from))
            .await
            .map_err(|error| BackendError::new("keeping the original failed", error))??;
        let (id, unchanged) = {
            let _changing = self.changing.lock().await;
            let id = self.catalogue.id_at(&document.place).await?;
            let known = self.catalogue.entry(id).await?;
            let known = known.map(|entry| entry.metadata).unwrap_or_default();
            // What takes its place must be for those whom it is for: whoever hands it in learns
            // nothing of other documents.
            let readers = if document.readers.is_empty() {
                &self.parts.default_readers
            } else {
                &document.readers
            };
            let reader = Reader::new(readers.iter().cloned());
            let change = &document.metadata;
            let arriving = Arriving {
                id,
                document: &document,
                version,
                size,
                metadata: self.said_anew(id, &known, change, &reader).await?,
            };
            let keys = self.catalogue.keys_under(id).await?;
            let unchanged = self.catalogue.submit(&arriving).await?;
            self.say_inside(id, &known, &arriving.metadata).await?;
            self.rewrite_changed(id, &keys).await?;
            (id, unchanged)
        };
        drop(arriving);
        if !unchanged {
            self.submitted();
            // What came in it and is now for nobody.
            self.remove_marked().await?;
        }
        Ok(Submitted {
            id,
            version,
            unchanged,
        })
    }

    /// What a file is tried with: those that were `given` with it, then those for all.
    fn passwords(&self, given: &[SecretString]) -> Passwords {
        let all = given.iter().chain(&self.parts.passwords);
        Passwords::new(all.map(|password| password.expose_secret().to_owned()))
    }

    fn original_path(&self, version: ContentHash) -> PathBuf {
        self.folder.join("originals").join(version.to_string())
    }

    /// The id that a document which is handed in at this place has.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn id_at(&self, place: &str) -> Result<DocumentId, LibraryError> {
        Ok(self.catalogue.id_at(place).await?)
    }

    /// Looks whether the audit log is what was written.
    ///
    /// # Errors
    /// When the catalogue or the installation's key cannot be read.
    pub async fn audit_report(&self) -> Result<audit::Report, LibraryError> {
        let key = Key::open(&self.folder)
            .map_err(|error| BackendError::new("reading the installation's key failed", error))?;
        let head = HeadNote::read(&self.folder);
        Ok(self.catalogue.verify_audit(head, key.as_ref()).await?)
    }

    /// Notes that there is work more.
    fn submitted(&self) {
        self.counters.submitted.fetch_add(1, Ordering::Relaxed);
        self.counters
            .started
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert_with(Instant::now);
        self.changed();
    }

    /// Removes a document, and what came in it, from both indexes and the catalogue. Gives whether there was one that
    /// the reader may have.
    ///
    /// # Errors
    /// When an index or the catalogue cannot be written; the removal is then done at the next start.
    pub async fn delete(&self, id: DocumentId, reader: &Reader) -> Result<bool, LibraryError> {
        if self.get_at(id, reader, Level::Download).await?.is_none() {
            return Ok(false);
        }
        self.delete_all(id).await?;
        Ok(true)
    }

    /// Removes a document and all that came in it.
    async fn delete_all(&self, id: DocumentId) -> Result<(), LibraryError> {
        {
            let _changing = self.changing.lock().await;
            self.catalogue.mark_deleting(id).await?;
        }
        self.remove_marked().await
    }

    /// Removes every document that is marked, also those that an earlier try left.
    async fn remove_marked(&self) -> Result<(), LibraryError> {
        self.changed();
        {
            let _changing = self.changing.lock().await;
            let marked = self.catalogue.deleting().await?;
            if marked.is_empty() {
                return Ok(());
            }
            for id in &marked {
                let chunks = self.catalogue.chunk_ids(*id).await?;
                self.parts.words.remove(&chunks).await?;
                if let Some((vectors, _)) = &self.parts.vectors {
                    vectors.remove(&chunks).await?;
                }
            }
            self.catalogue.forget(&marked).await?;
        }
        // What arrives holds the other lock first: the two are never held together here.
        self.sweep_originals(false).await?;
        self.changed();
        Ok(())
    }

    /// Removes originals that no document needs, and at the start what a killed process was
    /// writing.
    async fn sweep_originals(&self, at_start: bool) -> Result<(), LibraryError> {
        let _nothing_arrives = self.arriving.write().await;
        let Some(_no_backup) = backup::try_hold_originals(&self.folder)? else {
            self.unswept.store(true, Ordering::SeqCst);
            return Ok(());
        };
        let needed = self.catalogue.versions().await?;
        let folder = self.folder.join("originals");
        for entry in fs::read_dir(&folder).map_err(LibraryError::io(&folder))? {
            let path = entry.map_err(LibraryError::io(&folder))?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let is_needed = match name.parse::<ContentHash>() {
                Ok(version) => needed.contains(&version),
                Err(_) => !at_start,
            };
            if !is_needed {
                fs::remove_file(&path).map_err(LibraryError::io(&path))?;
            }
        }
        Ok(())
    }

    /// Stops work on a document. Gives whether there was work that the reader may see.
    ///
    /// # Errors
    /// When the catalogue cannot be written.
    pub async fn cancel(&self, id: DocumentId, reader: &Reader) -> Result<bool, LibraryError> {
        if self.get_at(id, reader, Level::Download).await?.is_none() {
            return Ok(false);
        }
        let from = [
            State::Queued,
            State::Extracting,
            State::Chunking,
            State::Indexing,
            State::Embedding,
        ];
        let mut done = self
            .catalogue
            .change_state(id, &from, State::Cancelled)
            .await?;
        // What it has of text is searched and stays.
        if self
            .catalogue
            .change_state(id, &[State::Recognizing], State::ReadyWithWarnings)
            .await?
        {
            done = true;
            self.catalogue.forget_ocr(id).await?;
            self.live
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&id);
        }
        self.changed();
        Ok(done)
    }

    /// Takes up a document that failed or was cancelled. Gives whether there was one.
    ///
    /// # Errors
    /// When the catalogue cannot be written.
    pub async fn retry(&self, id: DocumentId, reader: &Reader) -> Result<bool, LibraryError> {
        if self.get_at(id, reader, Level::Download).await?.is_none() {
            return Ok(false);
        }
        self.failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
        self.catalogue.read_anew(id).await?;
        let from = [State::Failed, State::Cancelled, State::ReadyWithWarnings];
        let done = self
            .catalogue
            .change_state(id, &from, State::Queued)
            .await?;
        self.changed();
        Ok(done)
    }

    /// The document, if there is one that the reader may find.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn get(
        &self,
        id: DocumentId,
        reader: &Reader,
    ) -> Result<Option<DocumentView>, LibraryError> {
        Ok(self.views(Some(id), reader).await?.pop())
    }

    /// The document, if there is one with which the reader may do at least this much.
    async fn get_at(
        &self,
        id: DocumentId,
        reader: &Reader,
        least: Level,
    ) -> Result<Option<DocumentView>, LibraryError> {
        let view = self.get(id, reader).await?;
        Ok(view.filter(|view| view.level >= least))
    }

    /// The documents that the reader may find, newest first.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn list(&self, reader: &Reader) -> Result<Vec<DocumentView>, LibraryError> {
        self.views(None, reader).await
    }

    async fn views(
        &self,
        id: Option<DocumentId>,
        reader: &Reader,
    ) -> Result<Vec<DocumentView>, LibraryError> {
        let access = self.catalogue.access(reader).await?;
        let views = self.catalogue.views(id, Some(&access)).await?;
        self.with_progress(views).await
    }

    /// The file of a version as it was handed in, or of the newest one.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn original(
        &self,
        id: DocumentId,
        version: Option<ContentHash>,
        reader: &Reader,
    ) -> Result<Option<Original>, LibraryError> {
        let Some(view) = self.get(id, reader).await? else {
            return Ok(None);
        };
        let wanted = version.unwrap_or(view.version);
        let mut versions = self.versions_at(id, reader, Level::Download).await?;
        versions.retain(|kept| kept.version == wanted);
        Ok(versions.pop().map(|kept| Original {
            path: self.original_path(kept.version),
            file_name: kept.file_name,
            // Of another version it is not known without reading it.
            format: view.format.filter(|_| kept.version == view.version),
            version: kept.version,
            size: kept.size,
        }))
    }

    /// A page of a version as it is printed; none if there is no such version that the reader may
    /// read.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn page_picture(
        &self,
        id: DocumentId,
        version: ContentHash,
        page: u32,
        reader: &Reader,
    ) -> Result<Option<Result<Arc<Picture>, ParseError>>, LibraryError> {
        if self.source(id, Some(version), reader).await?.is_none() {
            return Ok(None);
        }
        let given = self.catalogue.entry(id).await?;
        let passwords = self.passwords(&given.map(|entry| entry.passwords).unwrap_or_default());
        let path = self.original_path(version);
        Ok(Some(
            self.pictures
                .get(&*self.parts.extract, &path, &passwords, version, page)
                .await,
        ))
    }

    /// The text of a version, or of the newest one.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn source(
        &self,
        id: DocumentId,
        version: Option<ContentHash>,
        reader: &Reader,
    ) -> Result<Option<SourceText>, LibraryError> {
        // One that is being deleted is there only until that is done.
        let view = self.get(id, reader).await?;
        let Some(view) = view.filter(|view| view.state != State::Deleting) else {
            return Ok(None);
        };
        let read = self
            .catalogue
            .read_version(id, version.unwrap_or(view.version), None)
            .await?;
        let access = self.catalogue.access(reader).await?;
        let read = read.filter(|read| access.may(Level::Quote, &read.list, read.access.as_ref()));
        Ok(read.map(|read| SourceText {
            document: read.document,
            version: read.version,
            format: read.format,
            title: read.title,
            file_name: read.file_name,
            replaced_at: read.replaced_at,
        }))
    }

    /// Told of each change.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Waits until no document has work left.
    pub async fn idle(&self) {
        let mut changes = self.watch();
        loop {
            changes.mark_unchanged();
            match self.catalogue.unfinished().await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            tokio::select! {
                _ = changes.changed() => {}
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
        }
    }

    /// How many documents have work left.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn unfinished(&self) -> Result<u64, LibraryError> {
        Ok(self.catalogue.unfinished().await?)
    }

    /// What was done since the library was opened; `left` documents have work left.
    #[must_use]
    pub fn progress(&self, left: u64) -> Progress {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &self.counters;
        let stage = |index: usize| Duration::from_micros(read(&counters.stages[index]));
        let started = *counters
            .started
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let total = read(&counters.submitted).max(left);
        Progress {
            documents_total: total,
            documents_done: total - left,
            pages: read(&counters.pages),
            tokens: read(&counters.tokens),
            elapsed: started.map(|started| started.elapsed()).unwrap_or_default(),
            stages: [
                ("reading", stage(0)),
                ("cutting", stage(1)),
                ("words", stage(2)),
                ("vectors", stage(3)),
            ],
        }
    }

    /// How quickly work went since the library was opened.
    fn speed(&self) -> eta::Speed {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let stage = |index: usize| Duration::from_micros(read(&self.counters.stages[index]));
        eta::Speed {
            bytes: read(&self.counters.bytes),
            reading: stage(0) + stage(1) + stage(2),
            readers: self.parts.workers,
            chunks: read(&self.counters.embedded),
            embedding: stage(3),
        }
    }

    /// How the indexes differ from the catalogue.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub async fn differences(&self) -> Result<Vec<Difference>, LibraryError> {
        let _changing = self.changing.lock().await;
        self.compare().await
    }

    async fn compare(&self) -> Result<Vec<Difference>, LibraryError> {
        let expected = self.catalogue.holdings().await?;
        let words: BTreeMap<_, _> = expected
            .iter()
            .map(|(id, (access, _))| (*id, access))
            .collect();
        let mut differences = vec![difference(&*self.parts.words, &words).await?];
        if let Some((store, _)) = &self.parts.vectors {
            let vectors: BTreeMap<_, _> = expected
                .iter()
                .filter(|(_, (_, embedded))| *embedded)
                .map(|(id, (access, _))| (*id, access))
                .collect();
            differences.push(difference(&**store, &vectors).await?);
        }
        Ok(differences)
    }

    /// What SQLite finds wrong with the catalogue's file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn catalogue_damage(&self) -> Result<Option<String>, LibraryError> {
        Ok(self.catalogue.integrity().await?)
    }

    /// Originals that the catalogue names and that are not there or not what they were.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn lost_originals(&self) -> Result<Vec<ContentHash>, LibraryError> {
        let versions = self.catalogue.versions().await?;
        let folder = self.folder.join("originals");
        tokio::task::spawn_blocking(move || {
            versions
                .into_iter()
                .filter(|version| hash_of(&folder.join(version.to_string())).ok() != Some(*version))
                .collect()
        })
        .await
        .map_err(|error| LibraryError::from(BackendError::new("reading originals failed", error)))
    }

    /// Makes both indexes hold what the catalogue says.
    ///
    /// # Errors
    /// When one of them cannot be read or written.
    pub async fn repair(&self) -> Result<(), LibraryError> {
        let _changing = self.changing.lock().await;
        for difference in self.compare().await? {
            if difference.is_none() {
                continue;
            }
            warn!(
                index = difference.index,
                missing = difference.missing.len(),
                extra = difference.extra.len(),
                rights = difference.rights.len(),
                "an index is mended from the catalogue"
            );
            let wrong: Vec<ChunkId> = difference
                .missing
                .iter()
                .chain(&difference.rights)
                .copied()
                .collect();
            if difference.index == self.parts.words.name() {
                self.parts.words.remove(&difference.extra).await?;
                for ids in wrong.chunks(1_000) {
                    let chunks: Vec<StoredChunk> = self
                        .catalogue
                        .chunks(ids)
                        .await?
                        .iter()
                        .map(ChunkRow::stored)
                        .collect();
                    self.parts.words.put(&chunks).await?;
                }
            } else if let Some((vectors, _)) = &self.parts.vectors {
                vectors.remove(&difference.extra).await?;
                // Their vectors are kept: embedding them again is only putting them.
                self.catalogue.mark_embedded(&wrong, false).await?;
            }
        }
        self.catalogue
            .recover(READER, &self.cut, self.parts.vectors.is_some())
            .await?;
        self.changed();
        Ok(())
    }

    pub(crate) fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
        self.wake.notify_waiters();
    }

    /// Waits for work. Gives false when the library closes.
    async fn wait(&self, pause: Duration) -> bool {
        let mut stopping = self.stopping.subscribe();
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => false,
            () = self.wake.notified() => true,
            () = tokio::time::sleep(pause) => true,
        }
    }

    fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    async fn read_queue(self: Arc<Self>, most: Option<u64>) {
        while !self.is_stopping() {
            match self.read_some(most).await {
                Ok(Some(failed)) => {
                    self.changed();
                    if failed && !self.wait(RETRY).await {
                        return;
                    }
                }
                Ok(None) => {
                    if self.unswept.swap(false, Ordering::SeqCst)
                        && let Err(error) = self.sweep_originals(false).await
                    {
                        warn!(error = %error, "files that no document needs cannot be removed");
                    }
                    if !self.wait(Duration::from_millis(500)).await {
                        return;
                    }
                }
                Err(error) => {
                    warn!(error = %error, "the queue cannot be read");
                    if !self.wait(Duration::from_secs(5)).await {
                        return;
                    }
                }
            }
        }
    }

    /// Takes in the documents whose turn it is: as many as are read within a moment, since the
    /// index of words takes many as quickly as one. Gives whether one failed; nothing if none
    /// waits.
    async fn read_some(&self, most: Option<u64>) -> Result<Option<bool>, LibraryError> {
        let started = Instant::now();
        let mut cuts = Vec::new();
        let (mut any, mut failed) = (false, false);
        while cuts.len() < TOGETHER && started.elapsed() < MOMENT && !self.is_stopping() {
            let Some(work) = self.catalogue.next_queued(most).await? else {
                break;
            };
            any = true;
            self.changed();
            let cut = self.read(&work).await;
            self.live
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&work.id);
            match cut {
                Ok(cut) => cuts.extend(cut),
                Err(error) => {
                    failed = true;
                    self.put_off(&work, &error).await;
                }
            }
        }
        let started = Instant::now();
        if !cuts.is_empty()
            && let Err(error) = self.index(&cuts).await
        {
            failed = true;
            for cut in &cuts {
                self.put_off(&cut.work, &error).await;
            }
        }
        self.counters.spent(2, started);
        Ok(any.then_some(failed))
    }

    /// Lets a document wait for its next turn, or fail when it had several: the fault is a full
    /// disk's or an index's, not the document's.
    async fn put_off(&self, work: &Work, error: &LibraryError) {
        warn!(document.id = %work.id, error = %error, "a document cannot be taken in");
        let reason = error.to_string();
        let to = if self.has_turns_left(work.id) {
            State::Queued
        } else {
            State::Failed
        };
        for from in [State::Extracting, State::Chunking, State::Indexing] {
            // If this fails too, the document is taken up at the next start.
            let _ = self.catalogue.advance(work, from, to, Some(&reason)).await;
        }
        self.changed();
    }

    /// Reads and cuts a document; nothing if it is not to be indexed.
    async fn read(&self, work: &Work) -> Result<Option<Cut>, LibraryError> {
        let started = Instant::now();
        let document = match self
            .catalogue
            .read_version(work.id, work.version, Some(READER))
            .await?
        {
            Some(read) => read.document,
            None => match self.extract(work).await {
                Ok(None) => return Ok(None),
                Ok(Some(mut extracted)) => {
                    let attachments = std::mem::take(&mut extracted.attachments);
                    let Some(problems) = self.take_attachments(work, attachments).await? else {
                        return Ok(None);
                    };
                    extracted.problems.extend(problems);
                    let said = life::said(&extracted.document);
                    self.catalogue
                        .save_version(work, READER, &extracted, &said)
                        .await?;
                    extracted.document
                }
                Err(reason) => {
                    self.catalogue
                        .advance(work, State::Extracting, State::Failed, Some(&reason))
                        .await?;
                    return Ok(None);
                }
            },
        };
        let pages = u64::try_from(document.pages.len().max(1)).unwrap_or(1);
        self.counters.pages.fetch_add(pages, Ordering::Relaxed);
        let bytes = fs::metadata(self.original_path(work.version)).map_or(0, |file| file.len());
        self.counters.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.counters.spent(0, started);
        if !self
            .catalogue
            .advance(work, State::Extracting, State::Chunking, None)
            .await?
        {
            return Ok(None);
        }
        self.changed();
        let started = Instant::now();
        let (counter, limit) = (Arc::clone(&self.parts.counter), self.parts.chunk_tokens);
        let prepared =
            tokio::task::spawn_blocking(move || pipeline::prepare(&document, limit, &*counter))
                .await
                .map_err(|error| BackendError::new("cutting failed", error))?;
        self.counters.spent(1, started);
        if !self
            .catalogue
            .advance(work, State::Chunking, State::Indexing, None)
            .await?
        {
            return Ok(None);
        }
        self.changed();
        Ok(Some(Cut {
            work: work.clone(),
            prepared,
        }))
    }

    /// What the file holds, or nothing if the library closes first.
    async fn extract(&self, work: &Work) -> Result<Option<Extracted>, String> {
        let path = self.original_path(work.version);
        let id = work.id;
        let progress = |done, total| {
            self.live
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(id, (done, total));
            self.changes.send_modify(|count| *count += 1);
        };
        let passwords = self.passwords(&work.passwords);
        let mut stopping = self.stopping.subscribe();
        tokio::select! {
            // Dropping the work ends its child; the document is queued again at the next start.
            _ = stopping.wait_for(|stop| *stop) => Ok(None),
            extracted = self.parts.extract.extract(&path, &work.file_name, &passwords, &progress) => {
                extracted.map(Some).map_err(|error| error.to_string())
            }
        }
    }

    /// Puts documents into the index of words, all at once, and says so in the catalogue.
    async fn index(&self, cuts: &[Cut]) -> Result<(), LibraryError> {
        let _changing = self.changing.lock().await;
        let mut stored = Vec::new();
        let mut wanted = Vec::with_capacity(cuts.len());
        for cut in cuts {
            let work = &cut.work;
            let view = match self.catalogue.views(Some(work.id), None).await?.pop() {
                Some(view) if view.state == State::Indexing && view.version == work.version => view,
                _ => continue,
            };
            let access = self.catalogue.key_of(work.id, work.version).await?;
            let mut rows = Vec::with_capacity(cut.prepared.len());
            for prepared in &cut.prepared {
                if prepared.text.trim().is_empty() {
                    continue;
                }
                let chunk = StoredChunk {
                    id: ChunkId::of(
                        work.id,
                        &work.version,
                        prepared.chunk.ordinal,
                        &prepared.chunk.span,
                    ),
                    document: work.id,
                    version: work.version,
                    title: view.title.clone(),
                    heading_path: prepared.chunk.heading_path.clone(),
                    text: prepared.searched_text(),
                    access: access.clone(),
                    labels: view.labels.clone(),
                    vector: None,
                };
                let text_hash = ContentHash::of(chunk.embedded_text().as_bytes()).to_string();
                rows.push((chunk.id, prepared.clone(), text_hash));
                stored.push(chunk);
            }
            wanted.push((work, rows));
        }
        self.parts.words.put(&stored).await?;
        drop(stored);
        // From here until the indexes agree with the catalogue a fault leaves them apart.
        self.unsettled.fetch_add(1, Ordering::SeqCst);
        // Of words, and of both.
        let (mut gone_of_words, mut gone) = (Vec::new(), Vec::new());
        for (work, rows) in &wanted {
            let to = if self.parts.vectors.is_some() && !rows.is_empty() {
                State::Embedding
            } else {
                self.ready(work).await?
            };
            if let Some(replaced) = self
                .catalogue
                .replace_chunks(
                    work,
                    State::Indexing,
                    to,
                    &self.cut,
                    rows,
                    self.parts.old_versions,
                )
                .await?
            {
                gone.extend(replaced);
            } else {
                // Cancelled meanwhile: what was put is not in the catalogue, unless it was there
                // before.
                let known: BTreeSet<ChunkId> = self
                    .catalogue
                    .chunk_ids(work.id)
                    .await?
                    .into_iter()
                    .collect();
                gone_of_words.extend(
                    rows.iter()
                        .map(|row| row.0)
                        .filter(|id| !known.contains(id)),
                );
            }
            info!(document.id = %work.id, chunks = rows.len(), "a document is found by its words");
        }
        gone_of_words.extend(&gone);
        if !gone_of_words.is_empty() {
            self.parts.words.remove(&gone_of_words).await?;
        }
        if let Some((vectors, _)) = &self.parts.vectors
            && !gone.is_empty()
        {
            vectors.remove(&gone).await?;
        }
        self.unsettled.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    }

    /// The state of a document that is done.
    async fn ready(&self, work: &Work) -> Result<State, LibraryError> {
        if self.parts.ocr.is_some() && !self.catalogue.needs_ocr(work).await?.is_empty() {
            return Ok(State::Recognizing);
        }
        let views = self.catalogue.views(Some(work.id), None).await?;
        let warned = views.first().is_some_and(|view| !view.problems.is_empty());
        Ok(if warned {
            State::ReadyWithWarnings
        } else {
            State::Ready
        })
    }

    async fn embed_queue(self: Arc<Self>) {
        let mut pause = Duration::from_millis(500);
        let mut unsettled = false;
        while !self.is_stopping() {
            match self.embed_some().await {
                Ok(true) => {
                    pause = Duration::from_millis(500);
                    unsettled = true;
                    self.changed();
                }
                Ok(false) => {
                    if std::mem::take(&mut unsettled) {
                        self.settle().await;
                        continue;
                    }
                    if !self.wait(pause).await {
                        return;
                    }
                }
                Err(error) => {
                    warn!(error = %error, "vectors cannot be made or kept");
                    pause = RETRY;
                    if !self.wait(pause).await {
                        return;
                    }
                }
            }
        }
    }

    /// Lets the index of vectors put its files in order, now that no vector waits.
    async fn settle(&self) {
        if let Some((vectors, _)) = &self.parts.vectors
            && let Err(error) = vectors.settle().await
        {
            warn!(error = %error, "the index of vectors cannot put its files in order");
        }
    }

    /// Embeds the next chunks. Gives false if there are none.
    async fn embed_some(&self) -> Result<bool, LibraryError> {
        let Some((vectors, embedder)) = &self.parts.vectors else {
            return Ok(false);
        };
        let Some((work, rows)) = self.catalogue.next_unembedded(BATCH).await? else {
            return Ok(false);
        };
        if rows.is_empty() {
            let to = self.ready(&work).await?;
            self.catalogue
                .advance(&work, State::Embedding, to, None)
                .await?;
            self.failures
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&work.id);
            return Ok(true);
        }
        let started = Instant::now();
        let hashes: Vec<String> = rows.iter().map(|row| row.text_hash.clone()).collect();
        let mut known = self.catalogue.vectors(embedder.model(), &hashes).await?;
        let mut new: Vec<(String, String)> = Vec::new();
        for row in &rows {
            if !known.contains_key(&row.text_hash)
                && !new.iter().any(|(hash, _)| *hash == row.text_hash)
            {
                new.push((row.text_hash.clone(), row.stored().embedded_text()));
            }
        }
        if !new.is_empty() {
            let texts: Vec<String> = new.iter().map(|(_, text)| text.clone()).collect();
            let made = match embedder.embed_passages(&texts).await {
                Ok(made) => made,
                Err(error) => return self.embedding_failed(&work, error).await,
            };
            let made: Vec<_> = new.into_iter().map(|(hash, _)| hash).zip(made).collect();
            self.catalogue.save_vectors(embedder.model(), &made).await?;
            known.extend(made);
            let tokens: usize = rows.iter().map(|row| row.prepared.chunk.tokens).sum();
            self.counters
                .tokens
                .fetch_add(u64::try_from(tokens).unwrap_or(0), Ordering::Relaxed);
        }
        let _changing = self.changing.lock().await;
        // Documents may have changed or gone while the model worked.
        let ids: Vec<ChunkId> = rows.iter().map(|row| row.id).collect();
        let chunks: Vec<StoredChunk> = self
            .catalogue
            .chunks(&ids)
            .await?
            .iter()
            .filter_map(|row| {
                let vector = known.get(&row.text_hash)?.clone();
                Some(StoredChunk {
                    vector: Some(Arc::new(vector)),
                    ..row.stored()
                })
            })
            .collect();
        vectors.put(&chunks).await?;
        let ids: Vec<ChunkId> = chunks.iter().map(|chunk| chunk.id).collect();
        self.catalogue.mark_embedded(&ids, true).await?;
        self.counters
            .embedded
            .fetch_add(ids.len() as u64, Ordering::Relaxed);
        self.counters.spent(3, started);
        Ok(true)
    }

    async fn embedding_failed(
        &self,
        work: &Work,
        error: BackendError,
    ) -> Result<bool, LibraryError> {
        if self.has_turns_left(work.id) {
            return Err(error.into());
        }
        let message =
            format!("it is found by its words only, since its vectors could not be made: {error}");
        self.catalogue
            .add_problem(
                work,
                &Problem {
                    page: None,
                    message,
                },
            )
            .await?;
        let to = self.ready(work).await?;
        let is_done = self
            .catalogue
            .advance(work, State::Embedding, to, None)
            .await?;
        // An older version whose newer one failed is tried again, but not at once.
        if is_done { Ok(true) } else { Err(error.into()) }
    }

    /// Counts a failure of a document's work, and says whether it is worth another try.
    fn has_turns_left(&self, id: DocumentId) -> bool {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let times = failures.entry(id).or_default();
        *times += 1;
        *times < RETRIES
    }
}

async fn difference(
    store: &dyn ChunkStore,
    expected: &BTreeMap<ChunkId, &AccessKey>,
) -> Result<Difference, LibraryError> {
    let held = store.holdings().await?;
    Ok(Difference {
        index: store.name().to_owned(),
        expected: expected.len(),
        missing: expected
            .keys()
            .filter(|id| !held.contains_key(id))
            .copied()
            .collect(),
        extra: held
            .keys()
            .filter(|id| !expected.contains_key(id))
            .copied()
            .collect(),
        rights: expected
            .iter()
            .filter(|(id, access)| held.get(id).is_some_and(|held| held != **access))
            .map(|(id, _)| *id)
            .collect(),
    })
}

/// Copies a file into the store under its hash, and makes sure that it stays there.
fn keep_original(folder: &Path, from: &Path) -> Result<(ContentHash, u64), LibraryError> {
    let mut source = File::open(from).map_err(LibraryError::io(from))?;
    let mut beside = tempfile::NamedTempFile::new_in(folder).map_err(LibraryError::io(folder))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut size = 0;
    loop {
        let read = source.read(&mut buffer).map_err(LibraryError::io(from))?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        beside
            .write_all(&buffer[..read])
            .map_err(LibraryError::io(folder))?;
        size += u64::try_from(read).unwrap_or(0);
    }
    let version = ContentHash::from_digest(hasher.finalize().into());
    beside
        .as_file()
        .sync_all()
        .map_err(LibraryError::io(folder))?;
    let path = folder.join(version.to_string());
    beside
        .persist(&path)
        .map_err(|error| LibraryError::io(&path)(error.error))?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(LibraryError::io(folder))?;
    Ok((version, size))
}

fn hash_of(path: &Path) -> io::Result<ContentHash> {
    let mut hasher = Sha256::new();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            read => hasher.update(&buffer[..read]),
        }
    }
    Ok(ContentHash::from_digest(hasher.finalize().into()))
}
