//! The one task that appends to the log.
//!
//! What must be there before something is done is waited for ([`Audit::record`]); what need
//! only be there soon, as questions, is written with others at once ([`Audit::note`]), and holds nobody
//! up.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ingest::ContentHash;
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};
use tracing::{error, info, warn};

use super::chain::{Anchor, Head, Record, Report, link, start};
use super::config::{AuditConfig, Questions};
use super::entry::{Action, Event};
use super::head::{self, HeadNote};
use crate::catalogue::Catalogue;
use crate::proof::{Clock, Key};

/// Entries that wait at most; more than this many questions at once are lost, and that is told.
const WAITING: usize = 4_096;
/// Entries written together at most.
const TOGETHER: usize = 256;
/// How long entries that nobody waits for wait for others.
const MOMENT: Duration = Duration::from_millis(200);
/// How often is looked for entries that are too old.
const RETENTION: Duration = Duration::from_secs(6 * 60 * 60);
/// Who acts when nobody asked for it.
const PROGRAM: &str = "veracite";

/// Why an entry is not written.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the audit log cannot be written: {0}")]
pub struct AuditError(String);

#[derive(Debug)]
enum Job {
    Append {
        event: Event,
        at: Timestamp,
        done: Option<oneshot::Sender<Result<(), AuditError>>>,
    },
    Close,
}

/// The audit log of an installation, to write to.
#[derive(Clone, Debug)]
pub struct Audit {
    jobs: mpsc::Sender<Job>,
    lost: Arc<AtomicU64>,
    clock: Arc<dyn Clock>,
    questions: Questions,
    task: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Audit {
    /// Goes on with the log in `catalogue`, whose end is noted in `folder`.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub(crate) async fn open(
        catalogue: Catalogue,
        folder: &Path,
        key: Key,
        clock: Arc<dyn Clock>,
        config: &AuditConfig,
    ) -> Result<Self, sqlx::Error> {
        // Before the log: what another program appends in between is then not missed.
        let note = HeadNote::read(folder);
        let end = catalogue.audit_end().await?;
        let is_new = end.0 == 0 && note == HeadNote::Missing;
        let found = found(&catalogue, end, note, &key).await?;
        let writer = Writer::new(catalogue, folder, key, clock, config.keep, end);
        if is_new {
            // From here on a log whose end is not noted was tampered with: who is killed between
            // the first entry and its note leaves this one.
            writer.note_end(end).await;
        }
        Ok(Self::start(writer, config.questions, found))
    }

    /// Appends to the log beside the program that serves from `folder`: what was found of the log, and
    /// entries that are too old, are that program's.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub(crate) async fn open_beside(
        catalogue: Catalogue,
        folder: &Path,
        key: Key,
        clock: Arc<dyn Clock>,
        config: &AuditConfig,
    ) -> Result<Self, sqlx::Error> {
        let end = catalogue.audit_end().await?;
        let writer = Writer::new(catalogue, folder, key, clock, None, end);
        Ok(Self::start(writer, config.questions, None))
    }

    fn start(writer: Writer, questions: Questions, found: Option<Event>) -> Self {
        let (jobs, received) = mpsc::channel(WAITING);
        let (lost, clock) = (Arc::clone(&writer.lost), Arc::clone(&writer.clock));
        let task = tokio::spawn(writer.run(received, found));
        Self {
            jobs,
            lost,
            clock,
            questions,
            task: Arc::new(Mutex::new(Some(task))),
        }
    }

    /// Writes an entry. When this returns it survives the process and the machine.
    ///
    /// # Errors
    /// When it cannot be written; what it is about must then not be done.
    pub async fn record(&self, event: Event) -> Result<(), AuditError> {
        let closed = || AuditError("it is closed".to_owned());
        let (done, told) = oneshot::channel();
        let job = Job::Append {
            event,
            at: self.clock.now(),
            done: Some(done),
        };
        self.jobs.send(job).await.map_err(|_| closed())?;
        told.await.map_err(|_| closed())?
    }

    /// Writes an entry soon. One that cannot be written is counted, and the log tells how many.
    pub fn note(&self, event: Event) {
        let job = Job::Append {
            event,
            at: self.clock.now(),
            done: None,
        };
        if self.jobs.try_send(job).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
            error!("an entry of the audit log is lost: too many wait, or it is closed");
        }
    }

    /// What is kept of questions.
    pub(super) fn questions(&self) -> Questions {
        self.questions
    }

    /// Entries that could not be written and that the log does not tell of yet.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Writes what waits, and no more.
    pub async fn close(&self) {
        // Closed already: there is nothing to wait for.
        let _ = self.jobs.send(Job::Close).await;
        let task = {
            let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
            task.take()
        };
        if let Some(task) = task {
            // One that panicked has said so.
            let _ = task.await;
        }
    }
}

/// The end of the log: its last entry and the hash of it.
pub(crate) type End = (u64, ContentHash);

/// What is to be told of the log that was found, if it does not end as was noted.
async fn found(
    catalogue: &Catalogue,
    (last, hash): End,
    note: HeadNote,
    key: &Key,
) -> Result<Option<Event>, sqlx::Error> {
    let differs = |reason: &str| {
        error!(
            reason,
            "the audit log does not end as was noted; `veracite audit verify` tells more"
        );
        Some(
            Event::new(PROGRAM, Action::EndDiffers, "audit")
                .with("reason", reason)
                .with("last", last)
                .with("last_hash", hash.to_string()),
        )
    };
    Ok(match note {
        HeadNote::Missing if last == 0 => None,
        HeadNote::Missing => differs("its end is not noted"),
        HeadNote::Unreadable(reason) => differs(&reason),
        HeadNote::Noted(head) if !head.holds(key) => {
            differs("what notes its end is sealed with another key")
        }
        HeadNote::Noted(head) if head.seq > last => differs(&format!(
            "entry {} with the hash {} was noted as the last, and is not there",
            head.seq, head.hash
        )),
        HeadNote::Noted(head) if head.seq == last && head.hash == hash => None,
        HeadNote::Noted(head) => match catalogue.audit_hash(head.seq).await? {
            Some(there) if there != head.hash.to_string() => differs(&format!(
                "entry {} was noted with the hash {}",
                head.seq, head.hash
            )),
            _ => Some(
                Event::new(PROGRAM, Action::Resumed, "audit")
                    .with("noted", head.seq)
                    .with("last", last),
            ),
        },
    })
}

/// An entry to be written, and who waits for it.
type Pending = (
    Event,
    Timestamp,
    Option<oneshot::Sender<Result<(), AuditError>>>,
);

#[derive(Debug)]
struct Writer {
    catalogue: Catalogue,
    folder: PathBuf,
    key: Key,
    clock: Arc<dyn Clock>,
    keep: Option<Duration>,
    /// None after a failure: what is there is then read anew.
    end: Option<End>,
    lost: Arc<AtomicU64>,
}

impl Writer {
    fn new(
        catalogue: Catalogue,
        folder: &Path,
        key: Key,
        clock: Arc<dyn Clock>,
        keep: Option<Duration>,
        end: End,
    ) -> Self {
        Self {
            catalogue,
            folder: folder.to_owned(),
            key,
            clock,
            keep,
            end: Some(end),
            lost: Arc::default(),
        }
    }

    async fn run(mut self, mut jobs: mpsc::Receiver<Job>, found: Option<Event>) {
        if let Some(event) = found {
            let at = self.clock.now();
            self.write(vec![(event, at, None)]).await;
        }
        let mut retention = interval(RETENTION);
        retention.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let first = tokio::select! {
                biased;
                job = jobs.recv() => job,
                _ = retention.tick(), if self.keep.is_some() => {
                    self.retain().await;
                    continue;
                }
            };
            let Some(Job::Append { event, at, done }) = first else {
                return;
            };
            let mut pending = vec![(event, at, done)];
            let goes_on = gather(&mut jobs, &mut pending).await;
            self.write(pending).await;
            if !goes_on {
                return;
            }
        }
    }

    /// Writes entries, and tells those who wait.
    async fn write(&mut self, pending: Vec<Pending>) {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        let mut entries = Vec::with_capacity(pending.len() + 1);
        let mut waiting = Vec::with_capacity(pending.len());
        if lost > 0 {
            let event = Event::new(PROGRAM, Action::Lost, "audit").with("entries", lost);
            entries.push((event, self.clock.now()));
        }
        for (event, at, done) in pending {
            entries.push((event, at));
            waiting.push(done);
        }
        let written = self.append(&entries).await;
        let failure = written.err().map(|error| AuditError(error.to_string()));
        if let Some(failure) = &failure {
            error!(error = %failure, entries = entries.len(), "entries of the audit log are lost");
            let untold = waiting.iter().filter(|done| done.is_none()).count();
            let untold = u64::try_from(untold).unwrap_or(u64::MAX);
            self.lost
                .fetch_add(lost.saturating_add(untold), Ordering::Relaxed);
        }
        for done in waiting.into_iter().flatten() {
            // Who asked may have left.
            let _ = done.send(failure.clone().map_or(Ok(()), Err));
        }
    }

    async fn end(&mut self) -> Result<End, sqlx::Error> {
        match self.end.take() {
            Some(end) => Ok(end),
            None => self.catalogue.audit_end().await,
        }
    }

    async fn append(&mut self, entries: &[(Event, Timestamp)]) -> Result<(), sqlx::Error> {
        let known = self.end().await?;
        let end = match self.append_after(known, entries).await {
            Ok(end) => end,
            Err(error) => {
                // `veracite people` appends beside a server: its entry took the number.
                let there = self.catalogue.audit_end().await?;
                if there == known {
                    return Err(error);
                }
                self.append_after(there, entries).await?
            }
        };
        self.end = Some(end);
        self.note_end(end).await;
        Ok(())
    }

    async fn append_after(
        &self,
        end: End,
        entries: &[(Event, Timestamp)],
    ) -> Result<End, sqlx::Error> {
        let (records, end) = chained(end, entries);
        self.catalogue.append_audit(&records).await?;
        Ok(end)
    }

    async fn note_end(&self, (seq, hash): End) {
        let (folder, head) = (self.folder.clone(), Head::sealed(seq, hash, &self.key));
        let noted = tokio::task::spawn_blocking(move || head::write(&folder, &head)).await;
        // The entries are there: a later note makes up for it, and verifying tells of it.
        match noted {
            Ok(Ok(())) => {}
            Ok(Err(error)) => error!(error = %error, "the end of the audit log cannot be noted"),
            Err(error) => error!(error = %error, "the end of the audit log cannot be noted"),
        }
    }

    /// Takes whole days of entries that are too old.
    async fn retain(&mut self) {
        let Some(keep) = self.keep else { return };
        match self.shorten(keep).await {
            Ok(None) => {}
            Ok(Some(until)) => info!(until, "old entries of the audit log are gone"),
            Err(error) => {
                self.end = None;
                error!(error = %error, "old entries of the audit log cannot be removed");
            }
        }
    }

    /// Gives the last entry that went.
    async fn shorten(&mut self, keep: Duration) -> Result<Option<u64>, sqlx::Error> {
        let now = self.clock.now();
        let Ok(before) = now.checked_sub(keep) else {
            return Ok(None);
        };
        // The beginning of that day, in the form of an entry's time.
        let day: String = before
            .to_string()
            .chars()
            .take("2026-03-01".len())
            .collect();
        let Some((until, hash)) = self.catalogue.audit_until(&day).await? else {
            return Ok(None);
        };
        let report = self.verified().await?;
        if !report.is_chained() {
            warn!("the audit log is damaged and old entries stay, since they may tell why");
            return Ok(None);
        }
        let Ok(hash) = hash.parse::<ContentHash>() else {
            return Ok(None);
        };
        let event = Event::new(PROGRAM, Action::Retention, "audit")
            .with("until", until)
            .with("hash", hash.to_string())
            .with("before", &day);
        let (records, end) = chained(self.end().await?, &[(event, now)]);
        let anchor = Anchor::sealed(until, hash, &self.key);
        self.catalogue.shorten_audit(&records, &anchor).await?;
        self.end = Some(end);
        self.note_end(end).await;
        Ok(Some(until))
    }

    async fn verified(&self) -> Result<Report, sqlx::Error> {
        let head = HeadNote::read(&self.folder);
        self.catalogue.verify_audit(head, Some(&self.key)).await
    }
}

/// Entries with their numbers and hashes, and the end that they make.
fn chained(end: End, entries: &[(Event, Timestamp)]) -> (Vec<Record>, End) {
    let (mut seq, mut before) = if end.0 == 0 { (0, start()) } else { end };
    let mut records = Vec::with_capacity(entries.len());
    for (event, at) in entries {
        seq += 1;
        let body = event.body(seq, *at);
        before = link(before, &body);
        records.push(Record {
            seq: i64::try_from(seq).unwrap_or(i64::MAX),
            body,
            hash: before.to_string(),
        });
    }
    (records, (seq, before))
}

/// Takes what else waits: for a moment, as long as nobody waits for what is there. Gives whether
/// more will come.
async fn gather(jobs: &mut mpsc::Receiver<Job>, pending: &mut Vec<Pending>) -> bool {
    let until = Instant::now() + MOMENT;
    while pending.len() < TOGETHER {
        let is_waited_for = pending.iter().any(|(_, _, done)| done.is_some());
        let next = if is_waited_for {
            match jobs.try_recv() {
                Ok(job) => Some(job),
                Err(mpsc::error::TryRecvError::Empty) => return true,
                Err(mpsc::error::TryRecvError::Disconnected) => None,
            }
        } else {
            match timeout_at(until, jobs.recv()).await {
                Ok(job) => job,
                Err(_) => return true,
            }
        };
        match next {
            Some(Job::Append { event, at, done }) => pending.push((event, at, done)),
            Some(Job::Close) | None => return false,
        }
    }
    true
}
