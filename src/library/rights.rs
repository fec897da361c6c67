//! Rights to documents: changed in the catalogue, then in the indexes, before the change is
//! acknowledged.
//!
//! What is taken away is gone with the catalogue's change, since what an index finds is looked up
//! there again. Who is on a list is written in one row; only a document that follows another list has
//! its chunks written anew.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ingest::{AccessKey, ChunkId, DocumentId, StoredChunk};

use super::{Library, LibraryError};
use crate::ask::Reader;
use crate::catalogue::ChunkRow;
use crate::rights::{CollectionRights, DocumentRights, Grants, Level, Permit, RightsChange};

/// Chunks that are written to the indexes at once.
const AT_ONCE: usize = 1_000;

impl Library {
    /// What `reader` may search, as it is now.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn permit(&self, reader: &Reader) -> Result<Permit, LibraryError> {
        Ok(self.catalogue.access(reader).await?.quoting())
    }

    /// The rights to a document, if it is there.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn rights(&self, id: DocumentId) -> Result<Option<DocumentRights>, LibraryError> {
        Ok(self.catalogue.rights_of(id).await?)
    }

    /// The rights that a document without rights of its own has in this collection.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn rights_in(&self, collection: Option<&str>) -> Result<Grants, LibraryError> {
        Ok(self.catalogue.rights_in(collection).await?)
    }

    /// The rights that a collection has of its own; none, if it follows the default ones.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn own_rights_of_collection(
        &self,
        name: &str,
    ) -> Result<Option<Grants>, LibraryError> {
        Ok(self.catalogue.own_rights_of_collection(name).await?)
    }

    /// Says what rights a document has, and all that came in it. Gives whether it is there.
    ///
    /// # Errors
    /// When the catalogue or an index cannot be written. What was taken away is gone in any case once
    /// the catalogue is written; the indexes are mended at the next start.
    pub async fn set_rights(
        &self,
        id: DocumentId,
        change: &RightsChange,
    ) -> Result<bool, LibraryError> {
        let done = {
            let _changing = self.changing.lock().await;
            let keys = self.catalogue.keys_under(id).await?;
            let done = self.catalogue.set_rights(id, change).await?;
            self.rewrite_changed(id, &keys).await?;
            done
        };
        self.changed();
        Ok(done)
    }

    /// Says what rights a collection has; none of its own, if none are given. However many documents
    /// it has, no index is written to.
    ///
    /// # Errors
    /// When the catalogue cannot be written.
    pub async fn set_collection_rights(
        &self,
        name: &str,
        grants: Option<&Grants>,
    ) -> Result<(), LibraryError> {
        self.catalogue.set_collection_rights(name, grants).await?;
        self.changed();
        Ok(())
    }

    /// The collections, each with how many of its documents `reader` may find; without a reader, all
    /// of them. Those of which a reader may find none are left out.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn collections(
        &self,
        reader: Option<&Reader>,
    ) -> Result<Vec<(CollectionRights, u64)>, LibraryError> {
        let access = match reader {
            Some(reader) => Some(self.catalogue.access(reader).await?),
            None => None,
        };
        let counts = self.catalogue.counts_of_collections().await?;
        let count = |name: &str| -> u64 {
            let lists = counts.get(&crate::catalogue::folded(name));
            lists
                .into_iter()
                .flatten()
                .filter(|(list, version, _)| {
                    let access = access.as_ref();
                    access.is_none_or(|access| access.may(Level::Find, list, version.as_ref()))
                })
                .map(|(_, _, documents)| documents)
                .sum()
        };
        let collections = self.catalogue.collections().await?;
        Ok(collections
            .into_iter()
            .map(|collection| {
                let documents = count(&collection.name);
                (collection, documents)
            })
            .filter(|(_, documents)| reader.is_none() || *documents > 0)
            .collect())
    }

    /// Writes to the indexes the chunks of those documents under `id` that follow another list than
    /// they did, which was `before`. Called while nothing else changes.
    pub(super) async fn rewrite_changed(
        &self,
        id: DocumentId,
        before: &BTreeMap<DocumentId, AccessKey>,
    ) -> Result<(), LibraryError> {
        let after = self.catalogue.keys_under(id).await?;
        // Should this fail, the next start compares everything.
        self.unsettled.fetch_add(1, Ordering::SeqCst);
        for (document, key) in &after {
            if before.get(document).is_some_and(|before| before != key) {
                let chunks = self.catalogue.chunk_ids(*document).await?;
                for ids in chunks.chunks(AT_ONCE) {
                    self.rewrite(ids).await?;
                }
            }
        }
        self.unsettled.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    }

    async fn rewrite(&self, ids: &[ChunkId]) -> Result<(), LibraryError> {
        let rows = self.catalogue.chunks(ids).await?;
        let chunks: Vec<StoredChunk> = rows.iter().map(ChunkRow::stored).collect();
        self.parts.words.put(&chunks).await?;
        let Some((vectors, embedder)) = &self.parts.vectors else {
            return Ok(());
        };
        let hashes: Vec<String> = rows.iter().map(|row| row.text_hash.clone()).collect();
        let known: HashMap<_, _> = self.catalogue.vectors(embedder.model(), &hashes).await?;
        let (mut put, mut missing) = (Vec::new(), Vec::new());
        for (row, chunk) in rows.iter().zip(chunks) {
            match known.get(&row.text_hash) {
                Some(vector) => put.push(StoredChunk {
                    vector: Some(Arc::new(vector.clone())),
                    ..chunk
                }),
                None => missing.push(chunk.id),
            }
        }
        vectors.put(&put).await?;
        vectors.remove(&missing).await?;
        let put: Vec<ChunkId> = put.iter().map(|chunk| chunk.id).collect();
        self.catalogue.mark_embedded(&put, true).await?;
        self.catalogue.mark_embedded(&missing, false).await?;
        Ok(())
    }
}
