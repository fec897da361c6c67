//! The same as JSON, for programs.

use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use secrecy::SecretString;
use utoipa::OpenApi;

use super::entrance::end_session as end_session_shown;
use super::manage::new_link;
use super::{must_manage, visitor};
use crate::people::{Link, NewPerson, PersonId};
use crate::web::Shared;
use crate::web::api::JsonBody;
use crate::web::connection::Connection;
use crate::web::error::{Error, ErrorBody};
use crate::web::viewer::{Viewer, Who};
use crate::web::wire;

/// The description of these routes.
#[derive(OpenApi)]
#[openapi(paths(
    who,
    sign_in,
    sign_out,
    change_password,
    sessions,
    end_session,
    sign_out_everywhere,
    keys,
    make_key,
    revoke_key,
    people,
    invite,
    person,
    change,
    delete,
    invite_again
))]
pub(in crate::web) struct PeopleDescription;

fn session_body(viewer: &Viewer) -> wire::SessionBody {
    let (kind, person, name, api_key) = match &viewer.who {
        Who::Nobody => ("nobody", None, None, None),
        Who::Key { name } => ("key", None, Some(name.to_string()), None),
        Who::Person {
            id,
            display_name,
            by_key,
        } => (
            "person",
            Some(id),
            Some(display_name.clone()),
            by_key.clone(),
        ),
    };
    wire::SessionBody {
        kind,
        person: person.map(PersonId::to_string),
        name,
        api_key,
        role: viewer.role,
        groups: viewer.reader.groups().clone(),
    }
}

/// Says who asks.
#[utoipa::path(
    get, path = "/v1/session", tag = "people", operation_id = "get_session",
    responses(
        (status = 200, description = "Who asks, and what they may do", body = wire::SessionBody),
        (status = 401, description = "Nobody who is known", body = ErrorBody),
    )
)]
pub(super) async fn who(viewer: Viewer) -> Json<wire::SessionBody> {
    Json(session_body(&viewer))
}

/// Signs a person in: the answer sets a cookie. A session that the request showed ends.
///
/// A name that nobody has is told as a wrong password is. After some attempts for one name or from
/// one address the next must wait.
#[utoipa::path(
    post, path = "/v1/session", tag = "people", operation_id = "sign_in",
    request_body = wire::SignInRequest,
    responses(
        (status = 200, description = "Who signed in; `Set-Cookie` holds the session", body = wire::SessionBody),
        (status = 401, description = "The name or the password is wrong", body = ErrorBody),
        (status = 429, description = "Too many attempts; `Retry-After` says how long to wait", body = ErrorBody),
        (status = 503, description = "Too many people sign in at once", body = ErrorBody),
    )
)]
pub(super) async fn sign_in(
    State(shared): State<Shared>,
    connection: Connection,
    headers: HeaderMap,
    JsonBody(request): JsonBody<wire::SignInRequest>,
) -> Result<Response, Error> {
    let password = SecretString::from(request.password);
    let people = shared.app.people();
    let visitor = visitor(connection, &headers);
    let signed_in = people.sign_in(&request.name, &password, visitor).await?;
    let cookie = shared.gate.session_cookie(connection, &signed_in.token);
    let viewer = shared.gate.holder(signed_in.holder).ok_or(Error::SignIn)?;
    Ok(([(header::SET_COOKIE, cookie)], Json(session_body(&viewer))).into_response())
}

/// Signs the asker out: the session ends.
#[utoipa::path(
    delete, path = "/v1/session", tag = "people", operation_id = "sign_out",
    responses((status = 204, description = "The session, if there was one, has ended"))
)]
pub(super) async fn sign_out(
    State(shared): State<Shared>,
    connection: Connection,
    viewer: Option<Extension<Viewer>>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let viewer = viewer.map(|Extension(viewer)| viewer);
    end_session_shown(&shared, viewer.as_ref(), connection, &headers).await?;
    Ok(gone(connection))
}

fn gone(connection: Connection) -> Response {
    let cookie = connection.session_cookie("", 0);
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response()
}

/// Changes the asker's password. All sessions end; the answer sets the cookie of a new one.
#[utoipa::path(
    put, path = "/v1/session/password", tag = "people", operation_id = "change_password",
    request_body = wire::PasswordRequest,
    responses(
        (status = 204, description = "It is changed; `Set-Cookie` holds the new session"),
        (status = 403, description = "The current password is wrong, or the asker is no person who signed in", body = ErrorBody),
        (status = 422, description = "The new password is too short, too long or too common", body = ErrorBody),
        (status = 429, description = "Too many attempts", body = ErrorBody),
    )
)]
pub(super) async fn change_password(
    State(shared): State<Shared>,
    viewer: Viewer,
    connection: Connection,
    headers: HeaderMap,
    JsonBody(request): JsonBody<wire::PasswordRequest>,
) -> Result<Response, Error> {
    let (id, _) = viewer.must_be_person()?;
    let people = shared.app.people();
    let person = people.get(id).await?;
    let present = SecretString::from(request.present);
    let new = SecretString::from(request.new);
    people
        .change_password(&person, &present, &new, connection.address)
        .await?;
    let signed_in = people.begin(person, visitor(connection, &headers)).await?;
    let cookie = shared.gate.session_cookie(connection, &signed_in.token);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// Lists the asker's sessions.
#[utoipa::path(
    get, path = "/v1/sessions", tag = "people", operation_id = "list_sessions",
    responses(
        (status = 200, description = "The sessions", body = wire::SessionList),
        (status = 403, description = "The asker is no person who signed in", body = ErrorBody),
    )
)]
pub(super) async fn sessions(
    State(shared): State<Shared>,
    viewer: Viewer,
) -> Result<Json<wire::SessionList>, Error> {
    let (id, this) = viewer.must_be_person()?;
    let sessions = shared.app.people().sessions(id).await?.into_iter();
    Ok(Json(wire::SessionList {
        sessions: sessions
            .map(|session| wire::OneSessionBody::new(session, &this.id))
            .collect(),
    }))
}

/// Ends one of the asker's sessions.
#[utoipa::path(
    delete, path = "/v1/sessions/{id}", tag = "people", operation_id = "end_session",
    params(("id" = String, Path, description = "The session's id")),
    responses(
        (status = 204, description = "It has ended"),
        (status = 403, description = "The asker is no person who signed in", body = ErrorBody),
        (status = 404, description = "The asker has no such session", body = ErrorBody),
    )
)]
pub(super) async fn end_session(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(session): Path<String>,
) -> Result<StatusCode, Error> {
    let (id, _) = viewer.must_be_person()?;
    shared.app.people().end_session(id, &session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all of the asker's sessions, also the one that asks.
#[utoipa::path(
    delete, path = "/v1/sessions", tag = "people", operation_id = "end_all_sessions",
    responses(
        (status = 204, description = "They have ended"),
        (status = 403, description = "The asker is no person who signed in", body = ErrorBody),
    )
)]
pub(super) async fn sign_out_everywhere(
    State(shared): State<Shared>,
    viewer: Viewer,
    connection: Connection,
) -> Result<Response, Error> {
    let (id, _) = viewer.must_be_person()?;
    shared.app.people().sign_out_everywhere(id).await?;
    Ok(gone(connection))
}

/// Lists the asker's API keys.
#[utoipa::path(
    get, path = "/v1/keys", tag = "people", operation_id = "list_keys",
    responses(
        (status = 200, description = "The keys, without their secrets", body = wire::KeyList),
        (status = 403, description = "The asker is no person who signed in", body = ErrorBody),
    )
)]
pub(super) async fn keys(
    State(shared): State<Shared>,
    viewer: Viewer,
) -> Result<Json<wire::KeyList>, Error> {
    let (id, _) = viewer.must_be_person()?;
    let keys = shared.app.people().keys(id).await?;
    Ok(Json(wire::KeyList {
        keys: keys.into_iter().map(Into::into).collect(),
    }))
}

/// Makes an API key of the asker. Keys are made by persons who signed in with their password,
/// not by other keys.
#[utoipa::path(
    post, path = "/v1/keys", tag = "people", operation_id = "make_key",
    request_body = wire::KeyRequest,
    responses(
        (status = 201, description = "The key, with its secret this once", body = wire::MadeKeyBody),
        (status = 403, description = "The key might do more than the asker, or the asker is no person who signed in", body = ErrorBody),
        (status = 409, description = "There are too many keys", body = ErrorBody),
        (status = 422, description = "The name or the expiry is wrong", body = ErrorBody),
    )
)]
pub(super) async fn make_key(
    State(shared): State<Shared>,
    viewer: Viewer,
    JsonBody(request): JsonBody<wire::KeyRequest>,
) -> Result<Response, Error> {
    let (id, _) = viewer.must_be_person()?;
    let people = shared.app.people();
    let person = people.get(id).await?;
    let days = request.expires_in_days;
    let (token, key) = people
        .make_key(&person, &request.name, request.scope, days)
        .await?;
    let body = wire::MadeKeyBody {
        secret: token.expose().to_owned(),
        key: key.into(),
    };
    let headers = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, headers, Json(body)).into_response())
}

/// Takes one of the asker's API keys away.
#[utoipa::path(
    delete, path = "/v1/keys/{id}", tag = "people", operation_id = "revoke_key",
    params(("id" = String, Path, description = "The key's id")),
    responses(
        (status = 204, description = "It is worth nothing any more"),
        (status = 403, description = "The asker is no person who signed in", body = ErrorBody),
        (status = 404, description = "The asker has no such key", body = ErrorBody),
    )
)]
pub(super) async fn revoke_key(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(key): Path<String>,
) -> Result<StatusCode, Error> {
    let (id, _) = viewer.must_be_person()?;
    shared.app.people().revoke_key(id, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the people and their groups. For administrators, as everything below `/v1/people`.
#[utoipa::path(
    get, path = "/v1/people", tag = "people", operation_id = "list_people",
    responses(
        (status = 200, description = "The people", body = wire::PersonList),
        (status = 403, description = "The asker is no administrator", body = ErrorBody),
    )
)]
pub(super) async fn people(
    State(shared): State<Shared>,
    viewer: Viewer,
) -> Result<Json<wire::PersonList>, Error> {
    must_manage(&shared, &viewer).await?;
    let people = shared.app.people();
    Ok(Json(wire::PersonList {
        people: people.list().await?.into_iter().map(Into::into).collect(),
        groups: people.groups().await?,
    }))
}

fn link_body(
    shared: &Shared,
    link: &Link,
    connection: Connection,
    parts: &Parts,
) -> wire::LinkBody {
    wire::LinkBody {
        link: new_link(shared, link, connection, parts).url,
        expires_at: link.expires.to_string(),
    }
}

/// Puts a person in, who chooses a password by the link that the answer holds.
#[utoipa::path(
    post, path = "/v1/people", tag = "people", operation_id = "invite_person",
    request_body = wire::InviteRequest,
    responses(
        (status = 201, description = "The person, with the link to hand to them this once", body = wire::InvitedBody),
        (status = 403, description = "The asker is no administrator", body = ErrorBody),
        (status = 409, description = "Another person has the name", body = ErrorBody),
        (status = 422, description = "The name cannot be one", body = ErrorBody),
    )
)]
pub(super) async fn invite(
    State(shared): State<Shared>,
    viewer: Viewer,
    connection: Connection,
    parts: Parts,
    JsonBody(request): JsonBody<wire::InviteRequest>,
) -> Result<Response, Error> {
    must_manage(&shared, &viewer).await?;
    let new = NewPerson {
        name: request.name.parse().map_err(Error::People)?,
        display_name: request.display_name,
        role: request.role,
        groups: request.groups,
    };
    let (person, link) = shared.app.people().invite(&viewer.actor, new).await?;
    let body = wire::InvitedBody {
        invitation: link_body(&shared, &link, connection, &parts),
        person: person.into(),
    };
    let headers = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, headers, Json(body)).into_response())
}

/// Shows a person.
#[utoipa::path(
    get, path = "/v1/people/{id}", tag = "people", operation_id = "get_person",
    params(("id" = String, Path, description = "The person's id")),
    responses(
        (status = 200, description = "The person", body = wire::PersonBody),
        (status = 403, description = "The asker is no administrator", body = ErrorBody),
        (status = 404, description = "There is none", body = ErrorBody),
    )
)]
pub(super) async fn person(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<wire::PersonBody>, Error> {
    must_manage(&shared, &viewer).await?;
    let person = shared.app.people().get(&PersonId::from(id)).await?;
    Ok(Json(person.into()))
}

/// Changes a person. What is left out stays. Where role or groups change, or they are disabled,
/// their sessions end; their keys do what they then may.
#[utoipa::path(
    patch, path = "/v1/people/{id}", tag = "people", operation_id = "change_person",
    params(("id" = String, Path, description = "The person's id")),
    request_body = wire::PersonChangeRequest,
    responses(
        (status = 200, description = "The person", body = wire::PersonBody),
        (status = 403, description = "The asker is no administrator", body = ErrorBody),
        (status = 404, description = "There is none", body = ErrorBody),
        (status = 409, description = "No administrator who can sign in would be left", body = ErrorBody),
    )
)]
pub(super) async fn change(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
    JsonBody(request): JsonBody<wire::PersonChangeRequest>,
) -> Result<Json<wire::PersonBody>, Error> {
    must_manage(&shared, &viewer).await?;
    let id = PersonId::from(id);
    let people = shared.app.people();
    people.change(&viewer.actor, &id, request.into()).await?;
    Ok(Json(people.get(&id).await?.into()))
}

/// Takes a person away, with their sessions and keys.
#[utoipa::path(
    delete, path = "/v1/people/{id}", tag = "people", operation_id = "delete_person",
    params(("id" = String, Path, description = "The person's id")),
    responses(
        (status = 204, description = "The person is gone"),
        (status = 403, description = "The asker is no administrator", body = ErrorBody),
        (status = 404, description = "There is none", body = ErrorBody),
        (status = 409, description = "No administrator who can sign in would be left", body = ErrorBody),
    )
)]
pub(super) async fn delete(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    must_manage(&shared, &viewer).await?;
    let people = shared.app.people();
    people.remove(&viewer.actor, &PersonId::from(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes another link by which a person chooses a password: the invitation was lost, or the
/// password forgotten. Earlier links of the person end.
#[utoipa::path(
    post, path = "/v1/people/{id}/invitation", tag = "people", operation_id = "invite_person_again",
    params(("id" = String, Path, description = "The person's id")),
    responses(
        (status = 201, description = "The link to hand to them, this once", body = wire::LinkBody),
        (status = 403, description = "The asker is no administrator", body = ErrorBody),
        (status = 404, description = "There is no such person", body = ErrorBody),
    )
)]
pub(super) async fn invite_again(
    State(shared): State<Shared>,
    viewer: Viewer,
    connection: Connection,
    Path(id): Path<String>,
    parts: Parts,
) -> Result<Response, Error> {
    must_manage(&shared, &viewer).await?;
    let link = shared
        .app
        .people()
        .invite_again(&viewer.actor, &PersonId::from(id))
        .await?;
    let body = link_body(&shared, &link, connection, &parts);
    let headers = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, headers, Json(body)).into_response())
}
