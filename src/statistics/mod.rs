//! How much of what happened on each day, for those who run an installation.
//!
//! | module | what it is for |
//! |---|---|
//! | [`report`] | the sums of some days, and what follows from them |
//! | [`unanswered`] | questions that the documents do not answer, similar ones together |
//! | `times` | how long stages took, without each single time |
//!
//! Sums hold nothing of a person: no name, no question. What is counted waits a few seconds and is
//! written together, so that a question does not wait for it.

pub mod report;
mod times;
pub mod unanswered;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::task::JoinHandle;
use tracing::warn;

use crate::app::Timings;
use crate::catalogue::{Catalogue, Counted};
use crate::check::{Answer, CheckedSentence, ConflictSide};
use crate::metrics::{Outcome, stages};
use crate::proof::Clock;

/// How long sums wait for others.
const MOMENT: Duration = Duration::from_secs(10);

/// What was counted and is not written yet.
type Waiting = Arc<Mutex<BTreeMap<Counted, u64>>>;

/// Counts what happens.
#[derive(Debug)]
pub struct Statistics {
    writer: Writer,
    task: JoinHandle<()>,
}

#[derive(Clone, Debug)]
struct Writer {
    catalogue: Catalogue,
    clock: Arc<dyn Clock>,
    keep: Option<Duration>,
    waiting: Waiting,
}

impl Writer {
    /// Writes what waits. What cannot be written waits on.
    async fn write(&self) -> Result<(), sqlx::Error> {
        let counted = std::mem::take(&mut *lock(&self.waiting));
        if counted.is_empty() {
            return Ok(());
        }
        let keep_from = self
            .keep
            .and_then(|keep| self.clock.now().checked_sub(keep).ok())
            .map(day_of);
        let written = self
            .catalogue
            .add_statistics(&counted, keep_from.as_deref())
            .await;
        if written.is_err() {
            let mut waiting = lock(&self.waiting);
            for (key, amount) in counted {
                *waiting.entry(key).or_default() += amount;
            }
        }
        written
    }
}

fn lock(waiting: &Waiting) -> std::sync::MutexGuard<'_, BTreeMap<Counted, u64>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The day (UTC) of a moment, as sums are kept by.
pub(crate) fn day_of(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

impl Statistics {
    /// Counts into `catalogue`; days that are older than `keep` go.
    pub(crate) fn start(
        catalogue: Catalogue,
        clock: Arc<dyn Clock>,
        keep: Option<Duration>,
    ) -> Self {
        let writer = Writer {
            catalogue,
            clock,
            keep,
            waiting: Waiting::default(),
        };
        let regular = writer.clone();
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(MOMENT).await;
                if let Err(error) = regular.write().await {
                    warn!(error = error.to_string(), "daily sums cannot be written");
                }
            }
        });
        Self { writer, task }
    }

    /// Counts a question by its end.
    pub(crate) fn asked(&self, outcome: Outcome) {
        self.add("outcome", outcome.as_str().to_owned(), 1);
    }

    /// Counts an answer: its end, its verdicts, its times, its tokens and what it cites.
    pub(crate) fn answered(&self, answer: &Answer, timings: &Timings) {
        self.asked(if answer.abstained() {
            Outcome::Abstained
        } else {
            Outcome::Answered
        });
        for (stage, time) in stages(timings) {
            if let Some(time) = time {
                self.add("stage", times::name(stage, time), 1);
            }
        }
        self.count("shown", answer.sentences());
        self.count("withheld", answer.withheld());
        let sentences = answer.sentences().iter();
        let conflicts = answer.conflicts().iter();
        let cited: BTreeSet<String> = sentences
            .flat_map(CheckedSentence::citations)
            .chain(
                conflicts.flat_map(|conflict| conflict.sides().iter().map(ConflictSide::citation)),
            )
            .map(|citation| citation.document().to_string())
            .collect();
        for document in cited {
            self.add("cited", document, 1);
        }
        let Some(usage) = answer.usage() else { return };
        let known = usage.cached_tokens.unwrap_or(0);
        for (kind, tokens) in [
            ("read", usage.prompt_tokens.saturating_sub(known)),
            ("known", known),
            ("written", usage.completion_tokens),
        ] {
            let tokens = u64::try_from(tokens).unwrap_or(u64::MAX);
            self.add("tokens", kind.to_owned(), tokens);
        }
    }

    fn count(&self, kind: &'static str, sentences: &[CheckedSentence]) {
        for sentence in sentences {
            if let Ok(Value::String(verdict)) = serde_json::to_value(sentence.verdict()) {
                self.add(kind, verdict, 1);
            }
        }
    }

    fn add(&self, kind: &'static str, name: String, amount: u64) {
        let day = day_of(self.writer.clock.now());
        let mut waiting = lock(&self.writer.waiting);
        *waiting.entry((day, kind, name)).or_default() += amount;
    }

    /// What time it is for those who count.
    pub(crate) fn now(&self) -> Timestamp {
        self.writer.clock.now()
    }

    /// Writes what waits, so that it is read.
    ///
    /// # Errors
    /// When the catalogue cannot be written.
    pub(crate) async fn write(&self) -> Result<(), sqlx::Error> {
        self.writer.write().await
    }

    /// Writes what waits, and no more.
    pub(crate) async fn close(&self) {
        self.task.abort();
        if let Err(error) = self.writer.write().await {
            warn!(error = error.to_string(), "daily sums cannot be written");
        }
    }
}
