//! How the last turn of each source went, and when the next one is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ingest::Group;
use jiff::Timestamp;
use tokio::sync::Notify;

use super::Synced;
use super::config::SourceConfig;

/// What is known of a source that is kept in step with.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// What the documents that came from it are known by.
    pub name: String,
    /// The place, for people.
    pub place: String,
    /// `folder`, `web` or `bucket`.
    pub kind: &'static str,
    /// Who may read what comes from it.
    pub readers: BTreeSet<Group>,
    /// How often it is looked through, if nothing tells of changes before.
    pub every: Duration,
    /// Whether it is being looked through now.
    pub is_running: bool,
    /// When the last turn ended.
    pub ended: Option<Timestamp>,
    /// What the last turn that ended changed, or why it could not be done.
    pub outcome: Option<Result<Synced, String>>,
    /// When the next turn begins, if nothing changes before.
    pub next: Option<Timestamp>,
}

/// How all sources are.
#[derive(Debug, Default)]
pub struct Board(Mutex<BTreeMap<String, (Run, Arc<Notify>)>>);

impl Board {
    /// Puts a source on it.
    pub(crate) fn add(&self, name: &str, config: &SourceConfig, readers: &BTreeSet<Group>) {
        let (kind, every) = match config {
            SourceConfig::Folder(config) => ("folder", config.every),
            SourceConfig::Web(config) => ("web", config.every),
            SourceConfig::Bucket(config) => ("bucket", config.every),
        };
        let run = Run {
            name: name.to_owned(),
            place: config.place(),
            kind,
            readers: readers.clone(),
            every,
            is_running: false,
            ended: None,
            outcome: None,
            next: None,
        };
        self.all().insert(name.to_owned(), (run, Arc::default()));
    }

    /// Every source, by name.
    #[must_use]
    pub fn runs(&self) -> Vec<Run> {
        self.all().values().map(|(run, _)| run.clone()).collect()
    }

    /// Has a source looked through at once, or again when the turn that runs has ended. Gives
    /// whether there is one of this name.
    pub fn look(&self, name: &str) -> bool {
        let all = self.all();
        let known = all.get(name);
        if let Some((_, wake)) = known {
            wake.notify_one();
        }
        known.is_some()
    }

    /// What wakes a source.
    pub(super) fn wake(&self, name: &str) -> Arc<Notify> {
        let all = self.all();
        all.get(name)
            .map(|(_, wake)| Arc::clone(wake))
            .unwrap_or_default()
    }

    /// A turn begins.
    pub(super) fn begins(&self, name: &str) {
        if let Some((run, _)) = self.all().get_mut(name) {
            run.is_running = true;
            run.next = None;
        }
    }

    /// A turn has ended; `rest` is how long it is left alone if something failed in it.
    pub(super) fn ended(
        &self,
        name: &str,
        outcome: Result<Synced, String>,
        rest: Option<Duration>,
    ) {
        if let Some((run, _)) = self.all().get_mut(name) {
            let now = Timestamp::now();
            let wait = rest.unwrap_or(run.every).min(run.every);
            run.is_running = false;
            run.ended = Some(now);
            run.outcome = Some(outcome);
            run.next = now.checked_add(wait).ok();
        }
    }

    fn all(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, (Run, Arc<Notify>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_told_with_when_the_next_one_is() {
        let board = Board::default();
        let config: SourceConfig = toml::from_str("folder = \"/srv\"\nevery = \"1h\"").unwrap();
        board.add("folder:/srv", &config, &BTreeSet::new());
        assert!(board.look("folder:/srv") && !board.look("folder:/other"));
        board.begins("folder:/srv");
        assert!(board.runs()[0].is_running);
        let minute = Duration::from_secs(60);
        board.ended("folder:/srv", Err("gone".to_owned()), Some(minute));
        let run = board.runs().remove(0);
        assert!(!run.is_running && run.outcome == Some(Err("gone".to_owned())));
        let wait = run.next.unwrap().duration_since(run.ended.unwrap());
        assert_eq!(wait.as_secs(), 60);
        board.ended("folder:/srv", Ok(Synced::default()), None);
        let run = board.runs().remove(0);
        let wait = run.next.unwrap().duration_since(run.ended.unwrap());
        assert_eq!((wait.as_secs(), run.kind), (3_600, "folder"));
    }
}
