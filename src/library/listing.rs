//! Documents as lists show them, with how far each is and how long it still takes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use ingest::DocumentId;

use super::{Library, LibraryError, eta};
use crate::ask::Reader;
use crate::catalogue::{DocumentView, ListPage, ListQuery, StateCounts, Waiting};
use crate::rights::Level;

/// A queue of more documents than this is not read anew for every list.
const LONG_QUEUE: usize = 2_000;
/// How long what was read of a long queue is good for.
const GOOD_FOR: Duration = Duration::from_secs(2);

/// The queue as it was a moment ago.
pub(super) type Queue = Option<(Instant, Arc<Waiting>)>;

impl Library {
    /// A page of the documents that the reader may find.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn page(&self, query: &ListQuery, reader: &Reader) -> Result<ListPage, LibraryError> {
        let (ids, next, counts) = self.catalogue.list_page(query, reader).await?;
        Ok(ListPage {
            views: self.some(&ids, reader).await?,
            next,
            counts,
        })
    }

    /// Those of these documents that the reader may find, in this order.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn some(
        &self,
        ids: &[DocumentId],
        reader: &Reader,
    ) -> Result<Vec<DocumentView>, LibraryError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let access = self.catalogue.access(reader).await?;
        let views = self.catalogue.views_of(ids, Some(&access)).await?;
        self.with_progress(views).await
    }

    /// How many documents the reader may find, by state.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn state_counts(&self, reader: &Reader) -> Result<StateCounts, LibraryError> {
        Ok(self.catalogue.state_counts(reader).await?)
    }

    /// How many documents of each of these sources the reader may find, and how many of them could
    /// not be read.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub(crate) async fn source_counts(
        &self,
        names: &[String],
        reader: &Reader,
    ) -> Result<BTreeMap<String, (u64, u64)>, LibraryError> {
        Ok(self.catalogue.source_counts(names, reader).await?)
    }

    /// The same documents, each with how far it is.
    pub(super) async fn with_progress(
        &self,
        mut views: Vec<DocumentView>,
    ) -> Result<Vec<DocumentView>, LibraryError> {
        if views.iter().all(|view| view.state.is_final()) {
            return Ok(views);
        }
        let waiting = self.waiting().await?;
        let speed = self.speed();
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        for view in &mut views {
            if let Some((done, total)) = live.get(&view.id) {
                (view.pages_done, view.pages_total) = (*done, *total);
            }
            view.seconds_left = eta::seconds_left(view, &waiting, &speed);
        }
        Ok(views)
    }

    async fn waiting(&self) -> Result<Arc<Waiting>, LibraryError> {
        let known = self
            .queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some((at, waiting)) = known
            && waiting.len() > LONG_QUEUE
            && at.elapsed() < GOOD_FOR
        {
            return Ok(waiting);
        }
        let waiting = Arc::new(self.catalogue.waiting().await?);
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        *queue = Some((Instant::now(), Arc::clone(&waiting)));
        Ok(waiting)
    }

    /// Removes many documents, and what came in them, at once. Gives those that there were and
    /// that the reader may have.
    ///
    /// # Errors
    /// When an index or the catalogue cannot be written; the removal is then done at the next
    /// start.
    pub async fn delete_some(
        &self,
        ids: &[DocumentId],
        reader: &Reader,
    ) -> Result<BTreeSet<DocumentId>, LibraryError> {
        let mut deleted = BTreeSet::new();
        {
            let _changing = self.changing.lock().await;
            let mut views = self.some(ids, reader).await?;
            views.retain(|view| view.level >= Level::Download);
            for view in views {
                self.catalogue.mark_deleting(view.id).await?;
                deleted.insert(view.id);
            }
        }
        if !deleted.is_empty() {
            self.remove_marked().await?;
        }
        Ok(deleted)
    }
}
