//! The routes about rights.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use ingest::DocumentId;
use serde::Deserialize;
use utoipa::OpenApi;

use super::{
    access_of, change, change_collection, collection_name, people, readership, rights_for,
};
use crate::rights::{CollectionRights, RightsChange};
use crate::web::Shared;
use crate::web::api::JsonBody;
use crate::web::error::{Error, ErrorBody};
use crate::web::office::actions::document_id;
use crate::web::viewer::Viewer;
use crate::web::wire::rights as body;

/// The description of these routes.
#[derive(OpenApi)]
#[openapi(paths(
    rights,
    set,
    inherit,
    readers,
    collections,
    of_collection,
    set_of_collection,
    inherit_of_collection
))]
pub(in crate::web) struct RightsDescription;

async fn told(shared: &Shared, viewer: &Viewer, id: DocumentId) -> Result<body::RightsBody, Error> {
    let rights = rights_for(shared, viewer, id).await?;
    Ok(body::rights(&rights, &body::names(&people(shared).await?)))
}

/// Says who may find, quote and download a document: by rights of its own, or those of its collection.
/// For administrators, and for editors who may download it.
#[utoipa::path(
    get, path = "/v1/documents/{id}/rights", tag = "rights", operation_id = "get_rights",
    params(("id" = String, Path, description = "The document's id")),
    responses(
        (status = 200, description = "Its rights", body = body::RightsBody),
        (status = 403, description = "The asker may not change who reads it", body = ErrorBody),
        (status = 404, description = "There is none that the asker may find", body = ErrorBody),
    )
)]
pub(super) async fn rights(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<body::RightsBody>, Error> {
    Ok(Json(told(&shared, &viewer, document_id(&id)?).await?))
}

/// Gives a document rights of its own, all of them. What came in it follows. The next question is
/// answered by them.
///
/// Administrators may give any right. Editors may change documents that they may download themselves, and
/// give rights to persons, to `everyone` and to groups that they are in.
#[utoipa::path(
    put, path = "/v1/documents/{id}/rights", tag = "rights", operation_id = "set_rights",
    params(("id" = String, Path, description = "The document's id")),
    request_body(content = body::RightsRequest, example = json!({
        "grants": [{"group": "hr", "level": "download"}, {"group": "everyone", "level": "find"}]
    })),
    responses(
        (status = 200, description = "Its rights", body = body::RightsBody),
        (status = 400, description = "A grant is wrong", body = ErrorBody),
        (status = 403, description = "The asker may not give these rights", body = ErrorBody),
        (status = 404, description = "There is none that the asker may find", body = ErrorBody),
        (status = 409, description = "Nobody, or not the asker any more, could have it; `confirm` says that this is meant. Or it came in another document", body = ErrorBody),
        (status = 422, description = "There is no such person", body = ErrorBody),
    )
)]
pub(super) async fn set(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
    JsonBody(request): JsonBody<body::RightsRequest>,
) -> Result<Json<body::RightsBody>, Error> {
    let id = document_id(&id)?;
    let grants = request.read();
    let grants = grants.map_err(|error| Error::field("grants", error))?;
    let own = RightsChange::Own(grants);
    change(&shared, &viewer, id, own, request.confirm).await?;
    // As it is now: who took their own right away may not ask for it any more.
    let rights = shared.app.library().rights(id).await?;
    let rights = rights.ok_or(Error::NotFound)?;
    let names = body::names(&people(&shared).await?);
    Ok(Json(body::rights(&rights, &names)))
}

/// Lets a document follow the rights of its collection, or the default ones.
#[utoipa::path(
    delete, path = "/v1/documents/{id}/rights", tag = "rights", operation_id = "inherit_rights",
    params(
        ("id" = String, Path, description = "The document's id"),
        ("confirm" = Option<bool>, Query, description = "That it is meant, where the asker could not have the document after it"),
    ),
    responses(
        (status = 204, description = "It follows"),
        (status = 403, description = "The asker may not give the rights that it then has", body = ErrorBody),
        (status = 404, description = "There is none that the asker may find", body = ErrorBody),
        (status = 409, description = "As for `PUT`", body = ErrorBody),
    )
)]
pub(super) async fn inherit(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(query): Query<ConfirmQuery>,
) -> Result<StatusCode, Error> {
    let id = document_id(&id)?;
    change(&shared, &viewer, id, RightsChange::Inherit, query.confirm).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether what is asked for is meant.
#[derive(Debug, Deserialize)]
pub(super) struct ConfirmQuery {
    #[serde(default)]
    confirm: bool,
}

/// Of whom is asked.
#[derive(Debug, Deserialize)]
pub(super) struct PersonQuery {
    person: Option<String>,
}

/// Says who can read a document: every person and every key of the configuration with a right, how
/// much they may do, and by which grants. For administrators.
#[utoipa::path(
    get, path = "/v1/documents/{id}/readers", tag = "rights", operation_id = "list_readers",
    params(
        ("id" = String, Path, description = "The document's id"),
        ("person" = Option<String>, Query, description = "The id, or the name, of one person: only they are told of, also if they may do nothing"),
    ),
    responses(
        (status = 200, description = "Who can read it", body = body::ReadersBody),
        (status = 403, description = "The asker is no administrator", body = ErrorBody),
        (status = 404, description = "There is no such document", body = ErrorBody),
        (status = 422, description = "There is no such person", body = ErrorBody),
    )
)]
pub(super) async fn readers(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(query): Query<PersonQuery>,
) -> Result<Json<body::ReadersBody>, Error> {
    viewer.must_be_admin()?;
    let rights = rights_for(&shared, &viewer, document_id(&id)?).await?;
    let names = body::names(&people(&shared).await?);
    let mut told = body::readers(&readership(&shared, &rights.effective).await?, &names);
    if let Some(person) = &query.person {
        let access = access_of(&shared, &rights.effective, person).await?;
        told.readers = vec![body::reader(&access, &names)];
    }
    Ok(Json(told))
}

/// Lists the collections of documents that the asker may find; for administrators all, with their
/// rights.
#[utoipa::path(
    get, path = "/v1/collections", tag = "rights", operation_id = "list_collections",
    responses((status = 200, description = "The collections", body = body::CollectionList))
)]
pub(super) async fn collections(
    State(shared): State<Shared>,
    viewer: Viewer,
) -> Result<Json<body::CollectionList>, Error> {
    let library = shared.app.library();
    let found = library.collections(Some(&viewer.reader)).await?;
    let mut bodies: Vec<body::CollectionBody> = Vec::new();
    if viewer.is_admin() {
        let names = body::names(&people(&shared).await?);
        for (collection, _) in library.collections(None).await? {
            let counted = found
                .iter()
                .find(|(other, _)| other.name == collection.name);
            bodies.push(body::CollectionBody {
                documents: counted.map_or(0, |(_, documents)| *documents),
                rights: Some(rights_of(&collection, &names)),
                name: collection.name,
            });
        }
    } else {
        bodies.extend(
            found
                .into_iter()
                .map(|(collection, documents)| body::CollectionBody {
                    name: collection.name,
                    documents,
                    rights: None,
                }),
        );
    }
    Ok(Json(body::CollectionList {
        collections: bodies,
    }))
}

fn rights_of(collection: &CollectionRights, names: &body::Names) -> body::CollectionRightsBody {
    let own = collection.own.as_ref();
    body::CollectionRightsBody {
        own: own.map(|grants| body::grants(grants, names)),
        effective: body::grants(&collection.effective, names),
    }
}

async fn collection(shared: &Shared, name: &str) -> Result<body::CollectionRightsBody, Error> {
    let names = body::names(&people(shared).await?);
    let collections = shared.app.library().collections(None).await?;
    let name = crate::catalogue::folded(name);
    let found = collections
        .iter()
        .find(|(collection, _)| crate::catalogue::folded(&collection.name) == name);
    let (found, _) = found.ok_or(Error::NotFound)?;
    Ok(rights_of(found, &names))
}

/// Says what rights a collection has. For administrators.
#[utoipa::path(
    get, path = "/v1/collections/{name}/rights", tag = "rights", operation_id = "get_collection_rights",
    params(("name" = String, Path, description = "The collection's name")),
    responses(
        (status = 200, description = "Its rights", body = body::CollectionRightsBody),
        (status = 403, description = "The asker is no administrator", body = ErrorBody),
        (status = 404, description = "There is no such collection", body = ErrorBody),
    )
)]
pub(super) async fn of_collection(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(name): Path<String>,
) -> Result<Json<body::CollectionRightsBody>, Error> {
    viewer.must_be_admin()?;
    Ok(Json(collection(&shared, &name).await?))
}

/// Gives a collection rights, all of them: its documents without rights of their own have them with
/// the next question, however many they are. A collection may be given rights before it has a
/// document. For administrators.
#[utoipa::path(
    put, path = "/v1/collections/{name}/rights", tag = "rights", operation_id = "set_collection_rights",
    params(("name" = String, Path, description = "The collection's name")),
    request_body(content = body::RightsRequest, example = json!({
        "grants": [{"group": "hr", "level": "download"}, {"group": "staff", "level": "quote"}]
    })),
    responses(
        (status = 200, description = "Its rights", body = body::CollectionRightsBody),
        (status = 400, description = "A grant or the name is wrong", body = ErrorBody),
        (status = 403, description = "The asker is no administrator", body = ErrorBody),
        (status = 409, description = "Nobody could find its documents; `confirm` says that this is meant", body = ErrorBody),
        (status = 422, description = "There is no such person", body = ErrorBody),
    )
)]
pub(super) async fn set_of_collection(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(name): Path<String>,
    JsonBody(request): JsonBody<body::RightsRequest>,
) -> Result<Json<body::CollectionRightsBody>, Error> {
    viewer.must_be_admin()?;
    let name = collection_name(&name)?;
    let grants = request.read();
    let grants = grants.map_err(|error| Error::field("grants", error))?;
    change_collection(&shared, &viewer, &name, Some(&grants), request.confirm).await?;
    Ok(Json(collection(&shared, &name).await?))
}

/// Takes the rights of a collection away: its documents follow the default ones. For administrators.
#[utoipa::path(
    delete, path = "/v1/collections/{name}/rights", tag = "rights", operation_id = "inherit_collection_rights",
    params(("name" = String, Path, description = "The collection's name")),
    responses(
        (status = 204, description = "It follows the default rights"),
        (status = 403, description = "The asker is no administrator", body = ErrorBody),
        (status = 404, description = "There is no such collection", body = ErrorBody),
    )
)]
pub(super) async fn inherit_of_collection(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(name): Path<String>,
) -> Result<StatusCode, Error> {
    viewer.must_be_admin()?;
    collection(&shared, &name).await?;
    let name = collection_name(&name)?;
    change_collection(&shared, &viewer, &name, None, false).await?;
    Ok(StatusCode::NO_CONTENT)
}
