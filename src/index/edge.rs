//! The index of vectors: Qdrant Edge, in this process.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ingest::labels::{DAYS, days_of, terms_of};
use ingest::{
    AccessKey, BackendError, ChunkId, ChunkStore, Filter as Narrowing, StoredChunk, Vector,
};
use qdrant_edge::{
    AnyVariants, Condition, CreateIndex, Distance, EdgeConfig, EdgeOptimizersConfig, EdgeShard,
    EdgeVectorParams, FieldCondition, FieldIndexOperations, Filter, JsonPath, Match, MatchAny,
    NamedQuery, OperationError, Payload, PayloadFieldSchema, PayloadSchemaType, PointId,
    PointInsertOperations, PointOperations, PointStruct, QueryEnum, Range, ScrollRequest,
    SearchRequest, UpdateOperation, WithPayloadInterface, WithVector,
};

use super::bm25::apart;
use crate::ask::{Hit, Query, Retriever};
use crate::rights::Permit;

/// Points read at once when everything is listed.
const PAGE: usize = 1_000;
const ACCESS: &str = "access";
const LABELS: &str = "labels";
/// Kilobytes of vectors in a segment from which a graph (HNSW) is built over them. Below it a
/// search compares with every vector, which is exact: 50,000 vectors of 384 numbers take 75,000 kB
/// and some milliseconds.
const GRAPH_FROM_KB: usize = 150_000;
/// A log of changes up to this many bytes is never too long.
const LOG_LIMIT: u64 = 512 * 1024 * 1024;

/// The index of vectors of one model; clones share it.
#[derive(Clone, Debug)]
pub struct EdgeIndex(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shard: EdgeShard,
    dimension: usize,
    /// Held while it is written: the shard panics when it is flushed amid another change.
    writing: Mutex<()>,
}

fn failed(error: OperationError) -> BackendError {
    BackendError::new("the index of vectors failed", error)
}

fn point_id(chunk: ChunkId) -> PointId {
    PointId::Uuid(uuid::Uuid::from_bytes(*chunk.as_bytes()))
}

fn chunk_id(point: PointId) -> Option<ChunkId> {
    match point {
        PointId::Uuid(uuid) => Some(ChunkId::from_bytes(*uuid.as_bytes())),
        PointId::NumId(_) => None,
    }
}

impl EdgeIndex {
    /// Opens the index in `folder`, making it for vectors of `dimension` numbers if it is not there.
    ///
    /// # Errors
    /// When the folder cannot be written or holds something else.
    pub fn open(folder: &Path, dimension: usize) -> Result<Self, BackendError> {
        std::fs::create_dir_all(folder).map_err(|error| {
            BackendError::new(format!("{} cannot be written", folder.display()), error)
        })?;
        let params = EdgeVectorParams::builder(dimension, Distance::Dot).build();
        let config = EdgeConfig::builder()
            .vector("", params)
            .optimizers(EdgeOptimizersConfig {
                indexing_threshold: Some(GRAPH_FROM_KB),
                ..EdgeOptimizersConfig::default()
            })
            .build();
        let is_new = std::fs::read_dir(folder.join("segments"))
            .map_or(true, |mut entries| entries.next().is_none());
        let shard = if is_new {
            EdgeShard::new(folder, config)
        } else {
            EdgeShard::load(folder, Some(config))
        }
        .map_err(failed)?;
        if is_new {
            // Made before there are points, so that a graph follows the rights from the start.
            let keywords = [ACCESS, LABELS].map(|name| (name, PayloadSchemaType::Keyword));
            let days = DAYS.map(|name| (name, PayloadSchemaType::Integer));
            for (name, kind) in keywords.into_iter().chain(days) {
                let index = FieldIndexOperations::CreateIndex(CreateIndex {
                    field_name: key(name)?,
                    field_schema: Some(PayloadFieldSchema::FieldType(kind)),
                });
                shard
                    .update(UpdateOperation::FieldIndexOperation(index))
                    .map_err(failed)?;
            }
            shard.flush();
        }
        Ok(Self(Arc::new(Inner {
            shard,
            dimension,
            writing: Mutex::default(),
        })))
    }

    /// Whether the log of changes in `folder` has outgrown what the index holds. The shard never
    /// shortens it, and without it an index cannot be opened: a new index is the way to be rid of it.
    #[must_use]
    pub fn is_overgrown(folder: &Path) -> bool {
        let log = size_of(&folder.join("wal"));
        log > LOG_LIMIT && log > 4 * size_of(&folder.join("segments"))
    }
}

/// Bytes of the files under `folder`, as far as they can be seen.
pub(crate) fn size_of(folder: &Path) -> u64 {
    std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size_of(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

fn key(name: &str) -> Result<JsonPath, BackendError> {
    name.parse()
        .map_err(|()| BackendError::message(format!("`{name}` is no key of a payload")))
}

/// One of `terms` must be in the payload at `name`.
fn any_of(name: &str, terms: Vec<String>) -> Result<Condition, BackendError> {
    let terms = terms.iter().map(|term| term.as_str().into()).collect();
    let any = AnyVariants::Strings(terms);
    let matched = Match::Any(MatchAny { any });
    Ok(Condition::Field(FieldCondition::new_match(
        key(name)?,
        matched,
    )))
}

/// The payload at `name` must be a day in this range.
fn days(name: &str, first: u32, last: u32) -> Result<Condition, BackendError> {
    let range = Range {
        gte: Some(f64::from(first).into()),
        lte: Some(f64::from(last).into()),
        ..Range::default()
    };
    Ok(Condition::Field(FieldCondition::new_range(
        key(name)?,
        range,
    )))
}

/// What `permit` allows, and what the search is narrowed to.
fn filter(permit: &Permit, narrowing: &Narrowing) -> Result<Filter, BackendError> {
    let keys = permit.keys().iter().map(|key| key.as_str().to_owned());
    let mut must = vec![any_of(ACCESS, keys.collect())?];
    let conditions = narrowing.conditions();
    for terms in conditions.any_of {
        must.push(any_of(LABELS, terms)?);
    }
    for (name, first, last) in conditions.within {
        must.push(days(name, first, last)?);
    }
    let must_not: Vec<Condition> = conditions
        .not_within
        .into_iter()
        .map(|(name, first, last)| days(name, first, last))
        .collect::<Result<_, _>>()?;
    Ok(Filter {
        must: Some(must),
        must_not: (!must_not.is_empty()).then_some(must_not),
        ..Filter::default()
    })
}

impl Inner {
    fn put_points(&self, chunks: &[StoredChunk]) -> Result<(), BackendError> {
        let mut points = Vec::with_capacity(chunks.len());
        for chunk in chunks {
            let Some(vector) = &chunk.vector else {
                continue;
            };
            super::expect_dimension(vector, self.dimension)?;
            let vector: Vector = vector.as_ref().clone();
            let mut payload = serde_json::json!({
                ACCESS: [chunk.access.as_str()],
                LABELS: terms_of(&chunk.document, &chunk.labels),
            });
            for (name, day) in days_of(&chunk.labels) {
                payload[name] = day.into();
            }
            points.push(PointStruct::new(point_id(chunk.id), vector, payload).into());
        }
        if points.is_empty() {
            return Ok(());
        }
        self.write(PointOperations::UpsertPoints(
            PointInsertOperations::PointsList(points),
        ))
    }

    fn remove_points(&self, chunks: &[ChunkId]) -> Result<(), BackendError> {
        let ids = chunks.iter().map(|chunk| point_id(*chunk)).collect();
        self.write(PointOperations::DeletePoints { ids })
    }

    fn write(&self, operation: PointOperations) -> Result<(), BackendError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.shard
            .update(UpdateOperation::PointOperation(operation))
            .map_err(failed)?;
        self.shard.flush();
        Ok(())
    }

    fn settle(&self) -> Result<(), BackendError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.shard.optimize().map_err(failed)? {
            self.shard.flush();
        }
        Ok(())
    }

    fn everything(&self) -> Result<BTreeMap<ChunkId, AccessKey>, BackendError> {
        let mut holdings = BTreeMap::new();
        let mut offset = None;
        loop {
            let (records, next) = self
                .shard
                .scroll(ScrollRequest {
                    offset,
                    limit: Some(PAGE),
                    with_payload: Some(WithPayloadInterface::Bool(true)),
                    filter: None,
                    with_vector: WithVector::Bool(false),
                    order_by: None,
                })
                .map_err(failed)?;
            for record in records {
                if let Some(chunk) = chunk_id(record.id) {
                    let access = record.payload.as_ref().and_then(access_of);
                    holdings.insert(chunk, AccessKey::new(access.unwrap_or_default()));
                }
            }
            match next {
                Some(next) => offset = Some(next),
                None => return Ok(holdings),
            }
        }
    }

    fn search(
        &self,
        vector: &Vector,
        permit: &Permit,
        narrowing: &Narrowing,
        limit: usize,
    ) -> Result<Vec<Hit>, BackendError> {
        let found = self
            .shard
            .search(SearchRequest {
                query: QueryEnum::Nearest(NamedQuery::default_dense(vector.clone())),
                filter: Some(filter(permit, narrowing)?),
                params: None,
                limit,
                offset: 0,
                with_payload: None,
                with_vector: None,
                score_threshold: None,
            })
            .map_err(failed)?;
        Ok(found
            .into_iter()
            .filter_map(|point| {
                Some(Hit {
                    chunk: chunk_id(point.id)?,
                    score: point.score,
                })
            })
            .collect())
    }
}

fn access_of(payload: &Payload) -> Option<&str> {
    payload.0.get(ACCESS)?.as_array()?.first()?.as_str()
}

#[async_trait]
impl ChunkStore for EdgeIndex {
    fn name(&self) -> &'static str {
        "vectors"
    }

    async fn put(&self, chunks: &[StoredChunk]) -> Result<(), BackendError> {
        let (index, chunks) = (Arc::clone(&self.0), chunks.to_vec());
        apart(move || index.put_points(&chunks)).await
    }

    async fn remove(&self, chunks: &[ChunkId]) -> Result<(), BackendError> {
        if chunks.is_empty() {
            return Ok(());
        }
        let (index, chunks) = (Arc::clone(&self.0), chunks.to_vec());
        apart(move || index.remove_points(&chunks)).await
    }

    async fn holdings(&self) -> Result<BTreeMap<ChunkId, AccessKey>, BackendError> {
        let index = Arc::clone(&self.0);
        apart(move || index.everything()).await
    }

    async fn settle(&self) -> Result<(), BackendError> {
        let index = Arc::clone(&self.0);
        apart(move || index.settle()).await
    }
}

#[async_trait]
impl Retriever for EdgeIndex {
    fn name(&self) -> &'static str {
        "dense"
    }

    async fn retrieve(
        &self,
        query: &Query,
        permit: &Permit,
        limit: usize,
    ) -> Result<Vec<Hit>, BackendError> {
        let Some(vector) = query.vector.clone() else {
            return Ok(Vec::new());
        };
        if limit == 0 || permit.keys().is_empty() {
            return Ok(Vec::new());
        }
        let (index, permit, narrowing) =
            (Arc::clone(&self.0), permit.clone(), query.filter.clone());
        apart(move || index.search(&vector, &permit, &narrowing, limit)).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::contract::contract;
    use super::*;

    #[tokio::test]
    async fn vectors_keep_the_contract_and_are_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let index = EdgeIndex::open(folder.path(), 2).unwrap();
        contract(&index).await;
        let held = index.holdings().await.unwrap();
        drop(index);
        let index = EdgeIndex::open(folder.path(), 2).unwrap();
        assert_eq!(index.holdings().await.unwrap(), held);
    }

    #[tokio::test]
    async fn a_vector_of_another_length_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let index = EdgeIndex::open(folder.path(), 3).unwrap();
        let chunk = super::super::contract::chunk(0, "a", "open", [1.0, 0.0]);
        let error = index.put(&[chunk]).await.unwrap_err().to_string();
        assert!(error.contains("3 numbers, not 2"), "{error}");
    }
}
