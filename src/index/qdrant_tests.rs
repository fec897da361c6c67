//! The Qdrant client against a server: a real one where `QDRANT_URL` names it, and always one
//! made here that speaks the protocol of Qdrant and answers with the engine of Qdrant Edge.

use std::collections::HashMap;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use ::qdrant_client::qdrant::collections_server::{Collections, CollectionsServer};
use ::qdrant_client::qdrant::condition::ConditionOneOf;
use ::qdrant_client::qdrant::r#match::MatchValue;
use ::qdrant_client::qdrant::point_id::PointIdOptions;
use ::qdrant_client::qdrant::points_selector::PointsSelectorOneOf;
use ::qdrant_client::qdrant::points_server::{Points, PointsServer};
use ::qdrant_client::qdrant::query::Variant;
use ::qdrant_client::qdrant::vector_input;
use ::qdrant_client::qdrant::vectors::VectorsOptions;
use ::qdrant_client::qdrant::vectors_config::Config as VectorsOf;
use ::qdrant_client::qdrant::*;
use async_trait::async_trait;
use ingest::{BackendError, ChunkStore as _, Filter as Narrowing};
use qdrant_edge::{
    AnyVariants, Condition as EdgeCondition, Distance as EdgeDistance, EdgeConfig, EdgeShard,
    EdgeVectorParams, FieldCondition as EdgeFieldCondition, Filter as EdgeFilter,
    Match as EdgeMatch, MatchAny, NamedQuery, OperationError, PointId as EdgePointId,
    PointInsertOperations, PointOperations, PointStruct as EdgePoint, QueryEnum,
    Range as EdgeRange, ScrollRequest as EdgeScroll, SearchRequest as EdgeSearch, UpdateOperation,
    WithPayloadInterface, WithVector,
};
use secrecy::SecretString;
use tempfile::TempDir;
use tonic::{Request, Response, Status};

use super::contract::{chunk, contract};
use super::{QdrantIndex, VectorsConfig};
use crate::ask::{Query as OurQuery, Retriever as _};
use crate::rights::Permit;

const KEY: &str = "key-of-the-server";

/// Each collection by its name: a shard of Qdrant Edge, and the length of its vectors.
type Shards = HashMap<String, (u64, Arc<EdgeShard>)>;

/// A server within this process.
#[derive(Clone)]
struct Double {
    folder: PathBuf,
    collections: Arc<Mutex<Shards>>,
}

fn engine(error: OperationError) -> Status {
    Status::internal(error.to_string())
}

fn invalid(what: &str) -> Status {
    Status::invalid_argument(what.to_owned())
}

fn edge_id(id: Option<PointId>) -> Result<EdgePointId, Status> {
    match id.and_then(|id| id.point_id_options) {
        Some(PointIdOptions::Uuid(text)) => uuid::Uuid::parse_str(&text)
            .map(EdgePointId::Uuid)
            .map_err(|error| invalid(&error.to_string())),
        _ => Err(invalid("an id that is no UUID")),
    }
}

fn wire_id(id: EdgePointId) -> PointId {
    match id {
        EdgePointId::Uuid(uuid) => PointId::from(uuid.to_string()),
        EdgePointId::NumId(number) => PointId::from(number),
    }
}

/// The filters that are sent: one keyword of several, and ranges.
fn edge_filter(filter: &Filter) -> Result<EdgeFilter, Status> {
    if !filter.should.is_empty() || filter.min_should.is_some() {
        return Err(invalid("other conditions"));
    }
    let all = |conditions: &[Condition]| -> Result<Option<Vec<EdgeCondition>>, Status> {
        let conditions: Vec<_> = conditions
            .iter()
            .map(edge_condition)
            .collect::<Result<_, _>>()?;
        Ok((!conditions.is_empty()).then_some(conditions))
    };
    Ok(EdgeFilter {
        must: all(&filter.must)?,
        must_not: all(&filter.must_not)?,
        ..EdgeFilter::default()
    })
}

fn edge_condition(condition: &Condition) -> Result<EdgeCondition, Status> {
    let Some(ConditionOneOf::Field(field)) = &condition.condition_one_of else {
        return Err(invalid("not a condition on a field"));
    };
    let key = field.key.parse().map_err(|()| invalid("the key"))?;
    if let Some(range) = &field.range {
        let range = EdgeRange {
            gte: range.gte.map(Into::into),
            lte: range.lte.map(Into::into),
            ..EdgeRange::default()
        };
        return Ok(EdgeCondition::Field(EdgeFieldCondition::new_range(
            key, range,
        )));
    }
    let Some(MatchValue::Keywords(words)) = field
        .r#match
        .as_ref()
        .and_then(|matched| matched.match_value.as_ref())
    else {
        return Err(invalid("not keywords"));
    };
    let any = AnyVariants::Strings(
        words
            .strings
            .iter()
            .map(|word| word.as_str().into())
            .collect(),
    );
    let wanted = EdgeFieldCondition::new_match(key, EdgeMatch::Any(MatchAny { any }));
    Ok(EdgeCondition::Field(wanted))
}

fn access(payload: Option<&qdrant_edge::Payload>) -> Vec<Value> {
    payload
        .and_then(|payload| payload.0.get("access")?.as_array())
        .into_iter()
        .flatten()
        .filter_map(|key| Some(Value::from(key.as_str()?)))
        .collect()
}

fn done() -> Response<PointsOperationResponse> {
    Response::new(PointsOperationResponse {
        result: Some(UpdateResult {
            status: UpdateStatus::Completed.into(),
            ..UpdateResult::default()
        }),
        ..PointsOperationResponse::default()
    })
}

impl Double {
    /// Starts one and gives its address.
    async fn start() -> (Self, String, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let double = Self {
            folder: folder.path().to_owned(),
            collections: Arc::default(),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let keyed = |request: Request<()>| match request.metadata().get("api-key") {
            Some(key) if key == KEY => Ok(request),
            _ => Err(Status::unauthenticated("Must provide an API key")),
        };
        let server = tonic::transport::Server::builder()
            .add_service(CollectionsServer::with_interceptor(double.clone(), keyed))
            .add_service(PointsServer::with_interceptor(double.clone(), keyed))
            .serve_with_incoming(tonic::transport::server::TcpIncoming::from(listener));
        tokio::spawn(server);
        (double, format!("http://{address}"), folder)
    }

    fn shard(&self, name: &str) -> Result<Arc<EdgeShard>, Status> {
        let collections = self.collections.lock().unwrap();
        collections
            .get(name)
            .map(|(_, shard)| Arc::clone(shard))
            .ok_or_else(|| Status::not_found(format!("Collection `{name}` doesn't exist!")))
    }

    fn update(&self, name: &str, operation: PointOperations) -> Result<(), Status> {
        self.shard(name)?
            .update(UpdateOperation::PointOperation(operation))
            .map_err(engine)
    }
}

/// Calls that are never made.
macro_rules! never_called {
    ($($name:ident($request:ty) -> $response:ty;)*) => {$(
        fn $name<'own, 'future>(
            &'own self,
            _: Request<$request>,
        ) -> Pin<Box<dyn Future<Output = Result<Response<$response>, Status>> + Send + 'future>>
        where
            'own: 'future,
            Self: 'future,
        {
            Box::pin(async { Err(Status::unimplemented(stringify!($name))) })
        }
    )*};
}

#[async_trait]
impl Collections for Double {
    async fn create(
        &self,
        request: Request<CreateCollection>,
    ) -> Result<Response<CollectionOperationResponse>, Status> {
        let request = request.into_inner();
        let Some(VectorsOf::Params(params)) = request.vectors_config.and_then(|of| of.config)
        else {
            return Err(invalid("not one kind of vectors"));
        };
        if params.distance != i32::from(Distance::Dot) {
            return Err(invalid("another distance"));
        }
        let size = usize::try_from(params.size).unwrap();
        let config = EdgeConfig::builder()
            .vector(
                "",
                EdgeVectorParams::builder(size, EdgeDistance::Dot).build(),
            )
            .build();
        let folder = self.folder.join(&request.collection_name);
        std::fs::create_dir(&folder)?;
        let shard = EdgeShard::new(&folder, config).map_err(engine)?;
        let mut collections = self.collections.lock().unwrap();
        collections.insert(request.collection_name, (params.size, Arc::new(shard)));
        Ok(Response::new(CollectionOperationResponse {
            result: true,
            ..CollectionOperationResponse::default()
        }))
    }

    async fn collection_exists(
        &self,
        request: Request<CollectionExistsRequest>,
    ) -> Result<Response<CollectionExistsResponse>, Status> {
        let exists = self.shard(&request.into_inner().collection_name).is_ok();
        Ok(Response::new(CollectionExistsResponse {
            result: Some(CollectionExists { exists }),
            ..CollectionExistsResponse::default()
        }))
    }

    async fn get(
        &self,
        request: Request<GetCollectionInfoRequest>,
    ) -> Result<Response<GetCollectionInfoResponse>, Status> {
        let name = request.into_inner().collection_name;
        let size = self.collections.lock().unwrap()[&name].0;
        let params = CollectionParams {
            vectors_config: Some(VectorsConfigOfWire {
                config: Some(VectorsOf::Params(VectorParams {
                    size,
                    ..VectorParams::default()
                })),
            }),
            ..CollectionParams::default()
        };
        Ok(Response::new(GetCollectionInfoResponse {
            result: Some(CollectionInfo {
                config: Some(CollectionConfig {
                    params: Some(params),
                    ..CollectionConfig::default()
                }),
                ..CollectionInfo::default()
            }),
            ..GetCollectionInfoResponse::default()
        }))
    }

    never_called! {
        list(ListCollectionsRequest) -> ListCollectionsResponse;
        update(UpdateCollection) -> CollectionOperationResponse;
        delete(DeleteCollection) -> CollectionOperationResponse;
        update_aliases(ChangeAliases) -> CollectionOperationResponse;
        list_collection_aliases(ListCollectionAliasesRequest) -> ListAliasesResponse;
        list_aliases(ListAliasesRequest) -> ListAliasesResponse;
        collection_cluster_info(CollectionClusterInfoRequest) -> CollectionClusterInfoResponse;
        update_collection_cluster_setup(UpdateCollectionClusterSetupRequest)
            -> UpdateCollectionClusterSetupResponse;
        create_shard_key(CreateShardKeyRequest) -> CreateShardKeyResponse;
        delete_shard_key(DeleteShardKeyRequest) -> DeleteShardKeyResponse;
        list_shard_keys(ListShardKeysRequest) -> ListShardKeysResponse;
    }
}

type VectorsConfigOfWire = ::qdrant_client::qdrant::VectorsConfig;

#[async_trait]
impl Points for Double {
    async fn upsert(
        &self,
        request: Request<UpsertPoints>,
    ) -> Result<Response<PointsOperationResponse>, Status> {
        let request = request.into_inner();
        if request.wait != Some(true) {
            return Err(invalid("a change that is not waited for"));
        }
        let mut points = Vec::new();
        for point in request.points {
            let vector = match point.vectors.and_then(|vectors| vectors.vectors_options) {
                Some(VectorsOptions::Vector(vector)) => match vector.vector {
                    Some(vector::Vector::Dense(dense)) => dense.data,
                    _ => return Err(invalid("a vector that is not dense")),
                },
                _ => return Err(invalid("no vector")),
            };
            let mut payload = serde_json::json!({});
            for (name, value) in &point.payload {
                payload[name] = if let Some(list) = value.as_list() {
                    list.iter()
                        .filter_map(|value| value.as_str().cloned())
                        .collect()
                } else {
                    let number = value.as_integer();
                    number
                        .ok_or_else(|| invalid("neither words nor a number"))?
                        .into()
                };
            }
            if payload.get("access").is_none() {
                return Err(invalid("no rights"));
            }
            points.push(EdgePoint::new(edge_id(point.id)?, vector, payload).into());
        }
        self.update(
            &request.collection_name,
            PointOperations::UpsertPoints(PointInsertOperations::PointsList(points)),
        )?;
        Ok(done())
    }

    async fn delete(
        &self,
        request: Request<DeletePoints>,
    ) -> Result<Response<PointsOperationResponse>, Status> {
        let request = request.into_inner();
        let Some(PointsSelectorOneOf::Points(list)) = request
            .points
            .and_then(|points| points.points_selector_one_of)
        else {
            return Err(invalid("not ids"));
        };
        let ids = list
            .ids
            .into_iter()
            .map(|id| edge_id(Some(id)))
            .collect::<Result<_, _>>()?;
        self.update(
            &request.collection_name,
            PointOperations::DeletePoints { ids },
        )?;
        Ok(done())
    }

    async fn scroll(
        &self,
        request: Request<ScrollPoints>,
    ) -> Result<Response<ScrollResponse>, Status> {
        let request = request.into_inner();
        let offset = match request.offset {
            Some(id) => Some(edge_id(Some(id))?),
            None => None,
        };
        let (records, next) = self
            .shard(&request.collection_name)?
            .scroll(EdgeScroll {
                offset,
                limit: request.limit.map(|limit| limit as usize),
                filter: None,
                with_payload: Some(WithPayloadInterface::Bool(true)),
                with_vector: WithVector::Bool(false),
                order_by: None,
            })
            .map_err(engine)?;
        let result = records
            .into_iter()
            .map(|record| RetrievedPoint {
                id: Some(wire_id(record.id)),
                payload: HashMap::from([(
                    "access".to_owned(),
                    Value::from(access(record.payload.as_ref())),
                )]),
                ..RetrievedPoint::default()
            })
            .collect();
        Ok(Response::new(ScrollResponse {
            next_page_offset: next.map(wire_id),
            result,
            ..ScrollResponse::default()
        }))
    }

    async fn query(
        &self,
        request: Request<QueryPoints>,
    ) -> Result<Response<QueryResponse>, Status> {
        let request = request.into_inner();
        let Some(Variant::Nearest(nearest)) = request.query.and_then(|query| query.variant) else {
            return Err(invalid("not a search for the nearest"));
        };
        let Some(vector_input::Variant::Dense(vector)) = nearest.variant else {
            return Err(invalid("not a dense vector"));
        };
        let filter = request
            .filter
            .ok_or_else(|| invalid("a search without rights"))?;
        let limit = usize::try_from(request.limit.unwrap_or(10)).unwrap();
        let found = self
            .shard(&request.collection_name)?
            .search(EdgeSearch {
                query: QueryEnum::Nearest(NamedQuery::default_dense(vector.data)),
                filter: Some(edge_filter(&filter)?),
                params: None,
                limit,
                offset: 0,
                with_payload: None,
                with_vector: None,
                score_threshold: None,
            })
            .map_err(engine)?;
        let result = found
            .into_iter()
            .map(|point| ScoredPoint {
                id: Some(wire_id(point.id)),
                score: point.score,
                ..ScoredPoint::default()
            })
            .collect();
        Ok(Response::new(QueryResponse {
            result,
            ..QueryResponse::default()
        }))
    }

    async fn create_field_index(
        &self,
        request: Request<CreateFieldIndexCollection>,
    ) -> Result<Response<PointsOperationResponse>, Status> {
        let request = request.into_inner();
        let expected = match request.field_name.as_str() {
            "access" | "labels" => FieldType::Keyword,
            name if ingest::labels::DAYS.contains(&name) => FieldType::Integer,
            _ => return Err(invalid("an index of another field")),
        };
        if request.field_type != Some(expected.into()) {
            return Err(invalid("an index of another field"));
        }
        Ok(done())
    }

    never_called! {
        get(GetPoints) -> GetResponse;
        update_vectors(UpdatePointVectors) -> PointsOperationResponse;
        delete_vectors(DeletePointVectors) -> PointsOperationResponse;
        set_payload(SetPayloadPoints) -> PointsOperationResponse;
        overwrite_payload(SetPayloadPoints) -> PointsOperationResponse;
        delete_payload(DeletePayloadPoints) -> PointsOperationResponse;
        clear_payload(ClearPayloadPoints) -> PointsOperationResponse;
        delete_field_index(DeleteFieldIndexCollection) -> PointsOperationResponse;
        create_vector_name(CreateVectorNameRequest) -> PointsOperationResponse;
        delete_vector_name(DeleteVectorNameRequest) -> PointsOperationResponse;
        search(SearchPoints) -> SearchResponse;
        search_batch(SearchBatchPoints) -> SearchBatchResponse;
        search_groups(SearchPointGroups) -> SearchGroupsResponse;
        recommend(RecommendPoints) -> RecommendResponse;
        recommend_batch(RecommendBatchPoints) -> RecommendBatchResponse;
        recommend_groups(RecommendPointGroups) -> RecommendGroupsResponse;
        discover(DiscoverPoints) -> DiscoverResponse;
        discover_batch(DiscoverBatchPoints) -> DiscoverBatchResponse;
        count(CountPoints) -> CountResponse;
        update_batch(UpdateBatchPoints) -> UpdateBatchResponse;
        query_batch(QueryBatchPoints) -> QueryBatchResponse;
        query_groups(QueryPointGroups) -> QueryGroupsResponse;
        facet(FacetCounts) -> FacetResponse;
        search_matrix_pairs(SearchMatrixPoints) -> SearchMatrixPairsResponse;
        search_matrix_offsets(SearchMatrixPoints) -> SearchMatrixOffsetsResponse;
    }
}

fn config(key: Option<&str>) -> VectorsConfig {
    VectorsConfig {
        api_key: key.map(|key| SecretString::from(key.to_owned())),
        ..VectorsConfig::default()
    }
}

/// Connects and makes the collection if it is not there; says whether it was made.
async fn open(
    config: &VectorsConfig,
    url: &str,
    installation: &str,
    dimension: usize,
) -> Result<(QdrantIndex, bool), BackendError> {
    let index = QdrantIndex::connect(config, url, installation, "e5", dimension)?;
    let is_new = !index.is_there().await?;
    if is_new {
        index.create().await?;
    }
    Ok((index, is_new))
}

#[tokio::test]
async fn the_client_keeps_the_contract_over_the_protocol() {
    let (_double, url, _folder) = Double::start().await;
    let config = config(Some(KEY));
    let (index, is_new) = open(&config, &url, "one", 2).await.unwrap();
    assert!(is_new);
    contract(&index).await;
    let held = index.holdings().await.unwrap();
    let (again, is_new) = open(&config, &url, "one", 2).await.unwrap();
    assert!(!is_new);
    assert_eq!(again.holdings().await.unwrap(), held);
    let (other, is_new) = open(&config, &url, "two", 2).await.unwrap();
    assert!(
        is_new && other.holdings().await.unwrap().is_empty(),
        "installations do not share points"
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_server_is_told_with_its_address() {
    let (_double, url, _folder) = Double::start().await;
    let refused = open(&config(None), &url, "one", 2).await;
    let error = refused.unwrap_err().to_string();
    assert!(
        error.contains(&url) && error.contains("API key") && !error.contains(KEY),
        "{error}"
    );
    let keyed = config(Some(KEY));
    open(&keyed, &url, "one", 2).await.unwrap();
    let error = open(&keyed, &url, "one", 3).await.unwrap_err().to_string();
    assert!(error.contains("2 numbers, not 3"), "{error}");
    let nobody = "http://127.0.0.1:1";
    let error = open(&keyed, nobody, "one", 2)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains(nobody), "{error}");
}

#[tokio::test]
async fn a_collection_that_went_away_is_an_error_and_not_an_empty_answer() {
    let (double, url, _folder) = Double::start().await;
    let (index, _) = open(&config(Some(KEY)), &url, "one", 2).await.unwrap();
    index
        .put(&[chunk(0, "a", "open", [1.0, 0.0])])
        .await
        .unwrap();
    double.collections.lock().unwrap().clear();
    let query = OurQuery {
        filter: Narrowing::none(),
        text: String::new(),
        vector: Some(Arc::new(vec![1.0, 0.0])),
    };
    let error = index
        .retrieve(&query, &Permit::for_test(&["open"]), 1)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains(index.collection()), "{error}");
}

/// The same over a real server: `QDRANT_URL` names its gRPC address, `QDRANT_API_KEY` its key.
#[tokio::test]
async fn the_client_keeps_the_contract_with_a_real_server() {
    let Ok(url) = std::env::var("QDRANT_URL") else {
        println!("SKIPPED: `QDRANT_URL` names no server");
        return;
    };
    let key = std::env::var("QDRANT_API_KEY").ok();
    let installation = format!("test-{}", std::process::id());
    let (index, is_new) = open(&config(key.as_deref()), &url, &installation, 2)
        .await
        .unwrap();
    assert!(is_new, "the collection {} is there", index.collection());
    contract(&index).await;
    index.drop_collection().await.unwrap();
}
