//! The life of a document beside its text: what is said of it, its older versions, its moves.

use std::collections::BTreeSet;

use ingest::{Day, Document, DocumentId};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::validity;
use super::{Library, LibraryError, hash_of};
use crate::ask::Reader;
use crate::catalogue::{Metadata, MetadataChange, MetadataError, Said, VersionView};
use crate::rights::Level;

/// Documents that take each other's place, one after the other.
const SUCCESSORS: usize = 1_000;

/// The day that it is now, where this program runs.
pub(crate) fn today() -> Day {
    day_of(Timestamp::now())
}

/// The day of a moment, where this program runs.
pub(crate) fn day_of(time: Timestamp) -> Day {
    // Without a time zone of its own the machine counts in UTC, and so does everything else on it.
    let date = time.to_zoned_datetime(TimeZone::system()).date();
    let number = |value: i8| u32::try_from(value).unwrap_or(1);
    let year = u32::try_from(date.year()).unwrap_or(1);
    Day::new(year, number(date.month()), number(date.day()))
        .unwrap_or_else(|| Day::new(1, 1, 1).expect("the calendar has a first day"))
}

/// What a document says of itself.
pub(super) fn said(document: &Document) -> Said {
    let validity = validity::of(document);
    let properties = &document.properties;
    let day = |text: &Option<String>| text.as_deref().and_then(|text| text.parse().ok());
    Said {
        author: properties.author.clone(),
        language: properties.language.clone(),
        dated: day(&properties.modified).or_else(|| day(&properties.created)),
        effective_from: validity.from,
        effective_until: validity.until,
        supersedes: validity.supersedes,
    }
}

impl Library {
    /// Changes what people say of a document. Gives whether there is one whose file the reader may
    /// have; searches follow as soon as the queue is done with it.
    ///
    /// # Errors
    /// When a field cannot be, or the catalogue cannot be written.
    pub async fn set_metadata(
        &self,
        id: DocumentId,
        change: &MetadataChange,
        reader: &Reader,
    ) -> Result<bool, LibraryError> {
        {
            let _changing = self.changing.lock().await;
            let Some(view) = self.get_at(id, reader, Level::Download).await? else {
                return Ok(false);
            };
            let before = view.metadata;
            let after = self.said_anew(id, &before, change, reader).await?;
            if after != before {
                let keys = self.catalogue.keys_under(id).await?;
                self.catalogue.set_metadata(id, &after).await?;
                self.say_inside(id, &before, &after).await?;
                self.rewrite_changed(id, &keys).await?;
            }
        }
        self.changed();
        Ok(true)
    }

    /// What people say of a document after a change. A document that takes its place must be one
    /// that `reader` may read, and must not lead back to it.
    pub(super) async fn said_anew(
        &self,
        id: DocumentId,
        known: &Metadata,
        change: &MetadataChange,
        reader: &Reader,
    ) -> Result<Metadata, LibraryError> {
        let mut change = change.clone();
        if let Some(Some(successor)) = change.superseded_by {
            let Some(view) = self.get(successor, reader).await? else {
                return Err(MetadataError::UnknownSuccessor(successor).into());
            };
            if change.superseded_on.is_none() && known.superseded_on.is_none() {
                change.superseded_on = Some(Some(view.labels.from.unwrap_or_else(today)));
            }
            let mut next = Some(successor);
            for _ in 0..SUCCESSORS {
                match next {
                    None => break,
                    Some(next) if next == id => {
                        return Err(MetadataError::Circle(successor).into());
                    }
                    Some(other) => {
                        let entry = self.catalogue.entry(other).await?;
                        next = entry.and_then(|entry| entry.metadata.superseded_by);
                    }
                }
            }
        }
        Ok(change.apply(known)?)
    }

    /// Says of the files in a document what is said of it, unless something else was said of them.
    pub(super) async fn say_inside(
        &self,
        id: DocumentId,
        before: &Metadata,
        after: &Metadata,
    ) -> Result<(), LibraryError> {
        let (before, after) = (before.inherited(), after.inherited());
        if before == after {
            return Ok(());
        }
        for inside in self.catalogue.inside(id).await? {
            if inside.metadata == before && after.superseded_by != Some(inside.id) {
                self.catalogue.set_metadata(inside.id, &after).await?;
            }
        }
        Ok(())
    }

    /// The versions of a document that are kept and that the reader may read: the newest first,
    /// then those that it replaced.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn versions(
        &self,
        id: DocumentId,
        reader: &Reader,
    ) -> Result<Vec<VersionView>, LibraryError> {
        self.versions_at(id, reader, Level::Quote).await
    }

    /// The versions of a document with which the reader may do at least this much.
    pub(super) async fn versions_at(
        &self,
        id: DocumentId,
        reader: &Reader,
        least: Level,
    ) -> Result<Vec<VersionView>, LibraryError> {
        let access = self.catalogue.access(reader).await?;
        let Some(rights) = self.catalogue.rights_of(id).await? else {
            return Ok(Vec::new());
        };
        let versions = self.catalogue.versions_of(id).await?;
        Ok(versions
            .into_iter()
            .filter(|(_, version)| access.may(least, &rights.list, version.as_ref()))
            .map(|(version, _)| version)
            .collect())
    }

    /// A document of a source that is gone from one of `gone` and lies at `path` now: it has the
    /// very same content. It gets its new place, and with it keeps its id, so that what quotes it
    /// can be looked up. Gives its old place.
    pub(crate) async fn moved(
        &self,
        path: &std::path::Path,
        gone: &BTreeSet<String>,
        to: &str,
        file_name: &str,
    ) -> Result<Option<String>, LibraryError> {
        let from = path.to_owned();
        let version = tokio::task::spawn_blocking(move || hash_of(&from))
            .await
            .map_err(|error| ingest::BackendError::new("reading a file failed", error))?
            .map_err(LibraryError::io(path))?;
        let _changing = self.changing.lock().await;
        let Some(entry) = self.catalogue.with_content(version, gone).await? else {
            return Ok(None);
        };
        // Something else may have come to the new place by another way.
        let there = self.catalogue.id_at(to).await?;
        if self.catalogue.entry(there).await?.is_some() {
            return Ok(None);
        }
        self.catalogue.rename(entry.id, to, file_name).await?;
        Ok(Some(entry.place))
    }
}
