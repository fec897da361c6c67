//! Documents that could hold an answer and that the asker may find, but not quote.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use ingest::{ChunkId, DocumentId};

use super::config::AskConfig;
use super::retrieve::{fuse, retrieve};
use super::types::{Query, Reader, Retriever};
use crate::catalogue::{Catalogue, ChunkRow};
use crate::rights::Level;

/// Documents that are named at most.
const MOST: usize = 5;

/// A document that may be found and not quoted: no more of it than a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findable {
    /// The document.
    pub document: DocumentId,
    /// Its title, or its file name.
    pub title: String,
}

/// The documents that the same search finds among what `reader` may find and not quote, best first.
///
/// # Errors
/// When an index or the catalogue cannot be read.
pub(crate) async fn findable(
    catalogue: &Catalogue,
    retrievers: &[Arc<dyn Retriever>],
    query: &Query,
    reader: &Reader,
    config: &AskConfig,
) -> anyhow::Result<Vec<Findable>> {
    let permit = catalogue.access(reader).await?.only_finding();
    if permit.keys().is_empty() {
        return Ok(Vec::new());
    }
    let fused = fuse(&retrieve(retrievers, query, &permit, config).await?, config);
    let ids: Vec<ChunkId> = fused.iter().map(|fused| fused.chunk).collect();
    // Looked at again, as passages are.
    let access = catalogue.access(reader).await?;
    let rows: HashMap<ChunkId, ChunkRow> = catalogue
        .chunks(&ids)
        .await?
        .into_iter()
        .filter(|row| access.level(&row.list, row.access.as_ref()) == Some(Level::Find))
        .map(|row| (row.id, row))
        .collect();
    let mut named = BTreeSet::new();
    Ok(ids
        .iter()
        .filter_map(|id| rows.get(id))
        .filter(|row| named.insert(row.document))
        .take(MOST)
        .map(|row| Findable {
            document: row.document,
            title: row.title.clone(),
        })
        .collect())
}
