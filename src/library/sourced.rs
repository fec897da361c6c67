//! What came from sources: see [`crate::sources`].

use std::collections::BTreeSet;

use ingest::Group;
use tokio::sync::watch;

use super::{Library, LibraryError};
use crate::sources::Listed;

impl Library {
    /// What was taken from a source.
    pub(crate) async fn of_source(&self, source: &str) -> Result<Vec<Listed>, LibraryError> {
        let sourced = self.catalogue.sourced(source).await?;
        Ok(sourced
            .into_iter()
            .map(|(place, tag)| Listed { place, tag })
            .collect())
    }

    /// Whether a document that was taken from a source is still there, for these readers.
    pub(crate) async fn has(
        &self,
        listed: &Listed,
        readers: &BTreeSet<Group>,
    ) -> Result<bool, LibraryError> {
        let id = self.catalogue.id_at(&listed.place).await?;
        let entry = self.catalogue.entry(id).await?;
        Ok(entry.is_some_and(|entry| entry.readers == *readers))
    }

    /// How many of these documents there are still.
    pub(crate) async fn still_there(&self, known: &[Listed]) -> Result<usize, LibraryError> {
        let mut there = 0;
        for listed in known {
            let id = self.catalogue.id_at(&listed.place).await?;
            let entry = self.catalogue.entry(id).await?;
            there += usize::from(entry.is_some());
        }
        Ok(there)
    }

    /// Notes what was taken from a source.
    pub(crate) async fn note_source(
        &self,
        source: &str,
        listed: &Listed,
    ) -> Result<(), LibraryError> {
        let tag = Some(listed.tag.as_str());
        Ok(self
            .catalogue
            .note_sourced(source, &listed.place, tag)
            .await?)
    }

    /// Notes that a document of a source has another place.
    pub(crate) async fn note_move(&self, source: &str, from: &str) -> Result<(), LibraryError> {
        Ok(self.catalogue.note_sourced(source, from, None).await?)
    }

    /// Removes a document that is gone from its source.
    pub(crate) async fn withdraw(&self, source: &str, place: &str) -> Result<(), LibraryError> {
        self.delete_all(self.catalogue.id_at(place).await?).await?;
        Ok(self.catalogue.note_sourced(source, place, None).await?)
    }

    /// Tells when the library closes.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }
}
