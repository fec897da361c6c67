//! The index of vectors in a Qdrant server, for more chunks or more machines than one process
//! should hold.
//!
//! A collection belongs to one data folder and one embedding model, and its name says so: two
//! installations may share a server without touching each other's points.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use ingest::labels::{DAYS, days_of, terms_of};
use ingest::{
    AccessKey, BackendError, ChunkId, ChunkStore, Filter as Narrowing, StoredChunk, Vector,
};
use qdrant_client::config::QdrantConfig;
use qdrant_client::qdrant::point_id::PointIdOptions;
use qdrant_client::qdrant::vectors_config::Config as VectorsOf;
use qdrant_client::qdrant::{
    Condition, CreateCollectionBuilder, CreateFieldIndexCollectionBuilder, DeletePointsBuilder,
    Distance, FieldType, Filter, PointId, PointStruct, PointsIdsList, Query as QdrantQuery,
    QueryPointsBuilder, Range, ScrollPointsBuilder, UpsertPointsBuilder, Value,
    VectorParamsBuilder,
};
use qdrant_client::{Payload, Qdrant, QdrantError};
use secrecy::ExposeSecret as _;

use super::VectorsConfig;
use crate::ask::{Hit, Query, Retriever};
use crate::encoding::name_part;
use crate::rights::Permit;

/// Points sent, read or removed in one request.
const PAGE: usize = 500;
const ACCESS: &str = "access";
const LABELS: &str = "labels";

/// A collection of a Qdrant server; clones share the connection.
#[derive(Clone)]
pub struct QdrantIndex {
    client: Arc<Qdrant>,
    url: String,
    collection: String,
    dimension: usize,
}

impl std::fmt::Debug for QdrantIndex {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The client holds the key.
        formatter
            .debug_struct("QdrantIndex")
            .field("url", &self.url)
            .field("collection", &self.collection)
            .finish_non_exhaustive()
    }
}

fn point_id(chunk: ChunkId) -> PointId {
    PointId::from(
        uuid::Uuid::from_bytes(*chunk.as_bytes())
            .hyphenated()
            .to_string(),
    )
}

fn chunk_id(point: &PointId) -> Option<ChunkId> {
    match point.point_id_options.as_ref()? {
        PointIdOptions::Uuid(text) => {
            let uuid = uuid::Uuid::parse_str(text).ok()?;
            Some(ChunkId::from_bytes(*uuid.as_bytes()))
        }
        PointIdOptions::Num(_) => None,
    }
}

fn access_of(payload: &HashMap<String, Value>) -> AccessKey {
    let access = payload
        .get(ACCESS)
        .and_then(Value::as_list)
        .and_then(|keys| keys.first()?.as_str());
    AccessKey::new(access.map_or("", String::as_str))
}

impl QdrantIndex {
    /// A connection to the server that `config` names, for the collection of `installation` and
    /// `model` with vectors of `dimension` numbers. Nothing is sent yet.
    ///
    /// # Errors
    /// When `url` is no address.
    pub fn connect(
        config: &VectorsConfig,
        url: &str,
        installation: &str,
        model: &str,
        dimension: usize,
    ) -> Result<Self, BackendError> {
        let mut settings = QdrantConfig::from_url(url)
            .timeout(config.timeout)
            .connect_timeout(config.timeout)
            // It would ask once more, and print.
            .skip_compatibility_check();
        if let Some(key) = &config.api_key {
            settings = settings.api_key(key.expose_secret());
        }
        let client = settings.build().map_err(|error| {
            BackendError::new(format!("`vectors.url` {url} cannot be used"), error)
        })?;
        Ok(Self {
            client: Arc::new(client),
            url: url.to_owned(),
            collection: collection_name(&config.collection, installation, model),
            dimension,
        })
    }

    /// Whether the collection is there, ready for these vectors.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses, or the collection is for other vectors.
    pub async fn is_there(&self) -> Result<bool, BackendError> {
        let exists = self
            .client
            .collection_exists(&self.collection)
            .await
            .map_err(|error| self.failed(error))?;
        if exists {
            self.compare_dimension().await?;
            // One that an older program made lacks some; what is there stays.
            self.create_field_indexes().await?;
        }
        Ok(exists)
    }

    /// The collection's name on the server.
    #[must_use]
    pub fn collection(&self) -> &str {
        &self.collection
    }

    /// Takes the collection away, as tests do when they are done.
    #[cfg(test)]
    pub(crate) async fn drop_collection(&self) -> Result<(), BackendError> {
        self.client
            .delete_collection(&self.collection)
            .await
            .map(|_| ())
            .map_err(|error| self.failed(error))
    }

    /// Makes the collection.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn create(&self) -> Result<(), BackendError> {
        let vectors = VectorParamsBuilder::new(self.dimension as u64, Distance::Dot);
        self.client
            .create_collection(
                CreateCollectionBuilder::new(&self.collection).vectors_config(vectors),
            )
            .await
            .map_err(|error| self.failed(error))?;
        // Made before there are points, so that the graph follows the rights from the start.
        self.create_field_indexes().await
    }

    async fn create_field_indexes(&self) -> Result<(), BackendError> {
        let keywords = [ACCESS, LABELS].map(|name| (name, FieldType::Keyword));
        let days = DAYS.map(|name| (name, FieldType::Integer));
        for (name, kind) in keywords.into_iter().chain(days) {
            let index = CreateFieldIndexCollectionBuilder::new(&self.collection, name, kind);
            self.client
                .create_field_index(index.wait(true))
                .await
                .map_err(|error| self.failed(error))?;
        }
        Ok(())
    }

    async fn compare_dimension(&self) -> Result<(), BackendError> {
        let info = self
            .client
            .collection_info(&self.collection)
            .await
            .map_err(|error| self.failed(error))?;
        let vectors = info
            .result
            .and_then(|info| info.config?.params?.vectors_config?.config);
        match vectors {
            Some(VectorsOf::Params(params)) if params.size == self.dimension as u64 => Ok(()),
            Some(VectorsOf::Params(params)) => Err(BackendError::message(format!(
                "the collection `{}` at {} holds vectors of {} numbers, not {}",
                self.collection, self.url, params.size, self.dimension
            ))),
            _ => Err(BackendError::message(format!(
                "the collection `{}` at {} is not one of Veracite's",
                self.collection, self.url
            ))),
        }
    }

    fn failed(&self, error: QdrantError) -> BackendError {
        BackendError::new(
            format!(
                "the Qdrant server at {} failed on the collection `{}`: {}",
                self.url,
                self.collection,
                reason(&error)
            ),
            error,
        )
    }
}

/// What `permit` allows, and what the search is narrowed to.
fn filter(permit: &Permit, narrowing: &Narrowing) -> Filter {
    let days = |(name, first, last): (&'static str, u32, u32)| {
        let range = Range {
            gte: Some(f64::from(first)),
            lte: Some(f64::from(last)),
            ..Range::default()
        };
        Condition::range(name, range)
    };
    let keys = permit.keys().iter().map(|key| key.as_str().to_owned());
    let keys: Vec<String> = keys.collect();
    let conditions = narrowing.conditions();
    let mut must = vec![Condition::matches(ACCESS, keys)];
    let any_of = conditions.any_of.into_iter();
    must.extend(any_of.map(|terms| Condition::matches(LABELS, terms)));
    must.extend(conditions.within.into_iter().map(days));
    Filter {
        must,
        must_not: conditions.not_within.into_iter().map(days).collect(),
        ..Filter::default()
    }
}

/// What a person can do something with: the client's own words repeat every header.
fn reason(error: &QdrantError) -> String {
    match error {
        QdrantError::ResponseError { status }
        | QdrantError::ResourceExhaustedError { status, .. } => {
            format!("{} ({})", status.message(), status.code())
        }
        other => other.to_string(),
    }
}

/// `veracite-0f3a…-multilingual-e5-small`, with nothing in it that a server might refuse.
fn collection_name(prefix: &str, installation: &str, model: &str) -> String {
    let name = name_part(&format!("{prefix}-{installation}-{model}"));
    name.chars().take(200).collect()
}

#[async_trait]
impl ChunkStore for QdrantIndex {
    fn name(&self) -> &'static str {
        "vectors"
    }

    async fn put(&self, chunks: &[StoredChunk]) -> Result<(), BackendError> {
        let mut points = Vec::with_capacity(chunks.len());
        for chunk in chunks {
            let Some(vector) = &chunk.vector else {
                continue;
            };
            super::expect_dimension(vector, self.dimension)?;
            let labels: Vec<Value> = terms_of(&chunk.document, &chunk.labels)
                .into_iter()
                .map(Value::from)
                .collect();
            let mut payload = vec![
                (
                    ACCESS,
                    Value::from(vec![Value::from(chunk.access.as_str())]),
                ),
                (LABELS, Value::from(labels)),
            ];
            payload.extend(
                days_of(&chunk.labels).map(|(name, day)| (name, Value::from(i64::from(day)))),
            );
            points.push(PointStruct::new(
                point_id(chunk.id),
                Vector::clone(vector),
                Payload::from(HashMap::from_iter(payload)),
            ));
        }
        if points.is_empty() {
            return Ok(());
        }
        self.client
            .upsert_points_chunked(
                UpsertPointsBuilder::new(&self.collection, points).wait(true),
                PAGE,
            )
            .await
            .map_err(|error| self.failed(error))?;
        Ok(())
    }

    async fn remove(&self, chunks: &[ChunkId]) -> Result<(), BackendError> {
        for page in chunks.chunks(PAGE) {
            let ids = PointsIdsList {
                ids: page.iter().copied().map(point_id).collect(),
            };
            self.client
                .delete_points(
                    DeletePointsBuilder::new(&self.collection)
                        .points(ids)
                        .wait(true),
                )
                .await
                .map_err(|error| self.failed(error))?;
        }
        Ok(())
    }

    async fn holdings(&self) -> Result<BTreeMap<ChunkId, AccessKey>, BackendError> {
        let mut holdings = BTreeMap::new();
        let mut next = None;
        loop {
            let mut page = ScrollPointsBuilder::new(&self.collection)
                .limit(u32::try_from(PAGE).expect("a page is small"))
                .with_payload(true)
                .with_vectors(false);
            if let Some(offset) = next {
                page = page.offset(PointId::clone(&offset));
            }
            let found = self
                .client
                .scroll(page)
                .await
                .map_err(|error| self.failed(error))?;
            for point in &found.result {
                if let Some(chunk) = point.id.as_ref().and_then(chunk_id) {
                    holdings.insert(chunk, access_of(&point.payload));
                }
            }
            match found.next_page_offset {
                Some(offset) => next = Some(offset),
                None => return Ok(holdings),
            }
        }
    }
}

#[async_trait]
impl Retriever for QdrantIndex {
    fn name(&self) -> &'static str {
        "dense"
    }

    async fn retrieve(
        &self,
        query: &Query,
        permit: &Permit,
        limit: usize,
    ) -> Result<Vec<Hit>, BackendError> {
        let Some(vector) = &query.vector else {
            return Ok(Vec::new());
        };
        if limit == 0 || permit.keys().is_empty() {
            return Ok(Vec::new());
        }
        let found = self
            .client
            .query(
                QueryPointsBuilder::new(&self.collection)
                    .query(QdrantQuery::new_nearest(Vector::clone(vector)))
                    .filter(filter(permit, &query.filter))
                    .limit(limit as u64)
                    .with_payload(false),
            )
            .await
            .map_err(|error| self.failed(error))?;
        Ok(found
            .result
            .into_iter()
            .filter_map(|point| {
                Some(Hit {
                    chunk: chunk_id(point.id.as_ref()?)?,
                    score: point.score,
                })
            })
            .collect())
    }
}
