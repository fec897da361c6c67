//! The index of vectors: Qdrant Edge, in this process.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use ingest::{BackendError, ChunkId, ChunkStore, Group, StoredChunk, Vector};
use qdrant_edge::{
    AnyVariants, Condition, Distance, EdgeConfig, EdgeShard, EdgeVectorParams, FieldCondition,
    Filter, Match, MatchAny, NamedQuery, OperationError, Payload, PointId, PointInsertOperations,
    PointOperations, PointStruct, QueryEnum, ScrollRequest, SearchRequest, UpdateOperation,
    WithPayloadInterface, WithVector,
};

use super::bm25::apart;
use crate::ask::{Hit, Query, Reader, Retriever};

/// Points read at once when everything is listed.
const PAGE: usize = 1_000;
const READERS: &str = "readers";

/// The index of vectors of one model; clones share it.
#[derive(Clone, Debug)]
pub struct EdgeIndex(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shard: EdgeShard,
    dimension: usize,
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
        let config = EdgeConfig::builder().vector("", params).build();
        let is_new = std::fs::read_dir(folder.join("segments"))
            .map_or(true, |mut entries| entries.next().is_none());
        let shard = if is_new {
            EdgeShard::new(folder, config)
        } else {
            EdgeShard::load(folder, Some(config))
        };
        Ok(Self(Arc::new(Inner {
            shard: shard.map_err(failed)?,
            dimension,
        })))
    }
}

impl Inner {
    fn put_points(&self, chunks: &[StoredChunk]) -> Result<(), BackendError> {
        let mut points = Vec::with_capacity(chunks.len());
        for chunk in chunks {
            let Some(vector) = &chunk.vector else {
                continue;
            };
            if vector.len() != self.dimension {
                return Err(BackendError::message(format!(
                    "the index of vectors holds vectors of {} numbers, not {}",
                    self.dimension,
                    vector.len()
                )));
            }
            let readers: Vec<&str> = chunk.readers.iter().map(Group::as_str).collect();
            let vector: Vector = vector.as_ref().clone();
            points.push(
                PointStruct::new(
                    point_id(chunk.id),
                    vector,
                    serde_json::json!({ READERS: readers }),
                )
                .into(),
            );
        }
        if points.is_empty() {
            return Ok(());
        }
        let operation = PointOperations::UpsertPoints(PointInsertOperations::PointsList(points));
        self.shard
            .update(UpdateOperation::PointOperation(operation))
            .map_err(failed)?;
        self.shard.flush();
        Ok(())
    }

    fn remove_points(&self, chunks: &[ChunkId]) -> Result<(), BackendError> {
        let ids = chunks.iter().map(|chunk| point_id(*chunk)).collect();
        self.shard
            .update(UpdateOperation::PointOperation(
                PointOperations::DeletePoints { ids },
            ))
            .map_err(failed)?;
        self.shard.flush();
        Ok(())
    }

    fn everything(&self) -> Result<BTreeMap<ChunkId, BTreeSet<Group>>, BackendError> {
        let mut holdings = BTreeMap::new();
        let mut offset = None;
        loop {
            let (records, next) = self
                .shard
                .scroll(ScrollRequest {
                    offset,
                    limit: Some(PAGE),
                    filter: None,
                    with_payload: Some(WithPayloadInterface::Bool(true)),
                    with_vector: WithVector::Bool(false),
                    order_by: None,
                })
                .map_err(failed)?;
            for record in records {
                if let Some(chunk) = chunk_id(record.id) {
                    holdings.insert(
                        chunk,
                        record.payload.as_ref().map(readers_of).unwrap_or_default(),
                    );
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
        reader: &Reader,
        limit: usize,
    ) -> Result<Vec<Hit>, BackendError> {
        let groups = reader
            .groups()
            .iter()
            .map(|group| group.as_str().into())
            .collect();
        let key = READERS
            .parse()
            .map_err(|()| BackendError::message("`readers` is no key of a payload"))?;
        let rights = FieldCondition::new_match(
            key,
            Match::Any(MatchAny {
                any: AnyVariants::Strings(groups),
            }),
        );
        let found = self
            .shard
            .search(SearchRequest {
                query: QueryEnum::Nearest(NamedQuery::default_dense(vector.clone())),
                filter: Some(Filter::new_must(Condition::Field(rights))),
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

fn readers_of(payload: &Payload) -> BTreeSet<Group> {
    payload
        .0
        .get(READERS)
        .and_then(serde_json::Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|group| group.as_str()?.parse().ok())
        .collect()
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

    async fn holdings(&self) -> Result<BTreeMap<ChunkId, BTreeSet<Group>>, BackendError> {
        let index = Arc::clone(&self.0);
        apart(move || index.everything()).await
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
        reader: &Reader,
        limit: usize,
    ) -> Result<Vec<Hit>, BackendError> {
        let Some(vector) = query.vector.clone() else {
            return Ok(Vec::new());
        };
        if limit == 0 {
            return Ok(Vec::new());
        }
        let (index, reader) = (Arc::clone(&self.0), reader.clone());
        apart(move || index.search(&vector, &reader, limit)).await
    }
}

#[cfg(test)]
mod tests {
    use ingest::{ContentHash, DocumentId};

    use super::super::Bm25Index;
    use super::*;

    fn chunk(number: u32, text: &str, readers: &[&str], vector: [f32; 2]) -> StoredChunk {
        let document = DocumentId::at("a");
        let version = ContentHash::of(b"a");
        StoredChunk {
            id: ChunkId::of(document, &version, number, &(0..1)),
            document,
            version,
            title: String::new(),
            heading_path: Vec::new(),
            text: text.to_owned(),
            readers: readers.iter().map(|group| group.parse().unwrap()).collect(),
            vector: Some(Arc::new(vector.to_vec())),
        }
    }

    /// What every index must do.
    async fn contract(store: &(impl ChunkStore + Retriever)) {
        let open = chunk(0, "연차는 15일이다", &["everyone"], [0.8, 0.6]);
        let secret = chunk(1, "연차는 연차대로 연차", &["hr"], [1.0, 0.0]);
        let far = chunk(2, "parking is free", &["everyone"], [0.0, 1.0]);
        store
            .put(&[open.clone(), secret.clone(), far.clone()])
            .await
            .unwrap();
        store.put(std::slice::from_ref(&open)).await.unwrap();
        let query = Query {
            text: "연차 며칠".to_owned(),
            vector: Some(Arc::new(vec![1.0, 0.0])),
        };
        let ids = |hits: Vec<Hit>| hits.into_iter().map(|hit| hit.chunk).collect::<Vec<_>>();
        // The right is applied before the limit: one hit is asked for, and one comes.
        let anyone = store.retrieve(&query, &Reader::anyone(), 1).await.unwrap();
        assert_eq!(ids(anyone), [open.id]);
        let hr = Reader::new(["hr".parse().unwrap()]);
        assert_eq!(
            ids(store.retrieve(&query, &hr, 1).await.unwrap()),
            [secret.id]
        );
        let all = store.retrieve(&query, &hr, 10).await.unwrap();
        assert!(all.windows(2).all(|pair| pair[0].score >= pair[1].score));
        assert!(store.retrieve(&query, &hr, 0).await.unwrap().is_empty());
        // Putting again replaces, rights included.
        let opened = StoredChunk {
            readers: open.readers.clone(),
            ..secret.clone()
        };
        store.put(&[opened]).await.unwrap();
        assert_eq!(
            ids(store.retrieve(&query, &Reader::anyone(), 1).await.unwrap()),
            [secret.id]
        );
        assert_eq!(store.holdings().await.unwrap().len(), 3);
        store.remove(&[secret.id, secret.id]).await.unwrap();
        assert_eq!(
            ids(store.retrieve(&query, &hr, 1).await.unwrap()),
            [open.id]
        );
        let holdings = store.holdings().await.unwrap();
        assert_eq!(
            holdings.keys().copied().collect::<BTreeSet<_>>(),
            BTreeSet::from([open.id, far.id])
        );
        assert_eq!(holdings[&open.id], open.readers);
    }

    #[tokio::test]
    async fn words_keep_the_contract() {
        contract(&Bm25Index::in_memory().unwrap()).await;
    }

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
}
