//! Signing in by a provider that vouches for people, and linking identities with accounts.

use askama::Template;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use utoipa::OpenApi;

use super::entrance::sign_in_page;
use super::form::{Nothing, SafeForm};
use super::manage::again as person_again;
use super::{must_manage, told, visitor};
use crate::language::Language;
use crate::oidc::{Fault, PATIENCE, Received, Returned, SettingOut};
use crate::people::{PersonId, Refusal, Visitor};
use crate::web::Shared;
use crate::web::api::JsonBody;
use crate::web::connection::Connection;
use crate::web::error::{Error, ErrorBody};
use crate::web::pages::{Frame, html, local_path};
use crate::web::viewer::{Speaks, Viewer};
use crate::web::wire;

/// The description of the routes for programs.
#[derive(OpenApi)]
#[openapi(paths(identities, link, unlink))]
pub(in crate::web) struct IdentityDescription;

/// A provider, as the sign-in page and the page of a person have it.
#[derive(Clone, Debug)]
pub(in crate::web) struct ProviderLink {
    pub(in crate::web) id: String,
    /// What stands on its button.
    pub(in crate::web) label: String,
}

/// The providers of the configuration, for a page; `pattern` has `{name}` in it.
pub(super) fn provider_links(shared: &Shared, pattern: &str) -> Vec<ProviderLink> {
    let configured = shared.oidc.configured();
    configured
        .map(|provider| ProviderLink {
            id: provider.id.clone(),
            label: pattern.replace("{name}", &provider.name),
        })
        .collect()
}

/// Where somebody goes on to who has come in. The session's cookie is for requests that begin on a
/// page of this server, and coming back from the provider does not: the page begins one.
#[derive(Debug, Template)]
#[template(path = "pages/signed_in.html")]
pub(in crate::web) struct SignedInPage {
    pub(in crate::web) frame: Frame,
    pub(in crate::web) next: String,
}

fn status(fault: Fault) -> StatusCode {
    match fault {
        Fault::NoProvider => StatusCode::NOT_FOUND,
        Fault::Unreachable => StatusCode::BAD_GATEWAY,
        Fault::Spent => StatusCode::BAD_REQUEST,
        Fault::Refused | Fault::Invalid | Fault::WrongDomain => StatusCode::FORBIDDEN,
    }
}

/// What is said of it on the page where people sign in.
fn sentence(fault: Fault, language: Language) -> &'static str {
    let (ko, en) = match fault {
        Fault::NoProvider => (
            "해당 로그인 제공자가 없습니다.",
            "There is no such sign-in provider.",
        ),
        Fault::Unreachable => (
            "로그인 제공자에 연결할 수 없습니다. 잠시 뒤 다시 시도해 주세요. 원인은 서버 로그에 있습니다.",
            "The sign-in provider cannot be reached. Try again soon; the server's log says why.",
        ),
        Fault::Spent => (
            "이 로그인은 이미 쓰였거나, 다른 브라우저에서 시작했거나, 너무 오래 걸렸습니다. 다시 로그인해 주세요.",
            "This sign-in was used already, began in another browser, or took too long. Try again.",
        ),
        Fault::Refused => (
            "로그인 제공자에서 로그인을 완료하지 못했습니다.",
            "The sign-in provider did not let you in.",
        ),
        Fault::Invalid => (
            "로그인 제공자가 보낸 정보를 확인할 수 없어 로그인하지 못했습니다. 원인은 서버 로그에 있습니다.",
            "What the sign-in provider sent could not be verified, so you are not let in. The server's log says why.",
        ),
        Fault::WrongDomain => (
            "확인된 이메일 주소의 도메인이 이 서버에서 허용되지 않습니다.",
            "Your verified e-mail address is in no domain that may use this server.",
        ),
    };
    match language {
        Language::Ko => ko,
        Language::En => en,
    }
}

/// The page where people sign in, which says why they are not.
async fn refuse(
    shared: &Shared,
    language: Language,
    status: StatusCode,
    sentence: String,
) -> Result<Response, Error> {
    let mut page = sign_in_page(shared, language, "/").await?;
    page.refused = Some(sentence);
    Ok((status, html(&page)?).into_response())
}

/// Where to go after signing in.
#[derive(Debug, Deserialize)]
pub(super) struct SendQuery {
    #[serde(default)]
    next: String,
}

/// `GET /sign-in/with/{provider}`: sends somebody there. A session that they have ends once they are back,
/// as it does by a password; its cookie does not come back with them, so that it is looked up here.
pub(super) async fn send(
    State(shared): State<Shared>,
    Speaks(language): Speaks,
    connection: Connection,
    headers: HeaderMap,
    Path(provider): Path<String>,
    Query(query): Query<SendQuery>,
) -> Result<Response, Error> {
    let people = shared.app.people();
    let who = SettingOut {
        address: connection.address,
        session: people.session_id(connection.token(&headers)).await?,
        next: local_path(&query.next).to_owned(),
    };
    match shared.oidc.send(&provider, who).await {
        Ok(sent) => {
            let cookie = connection.away_cookie(sent.token.expose(), PATIENCE.as_secs());
            let headers = [
                (header::SET_COOKIE, cookie),
                (header::CACHE_CONTROL, "no-store".to_owned()),
            ];
            Ok((headers, Redirect::to(&sent.url)).into_response())
        }
        Err(Fault::NoProvider) => Err(Error::NotFound),
        Err(fault) => {
            let sentence = sentence(fault, language).to_owned();
            refuse(&shared, language, status(fault), sentence).await
        }
    }
}

/// `GET /sign-in/with/{provider}/back`: somebody comes back from there.
pub(super) async fn receive(
    State(shared): State<Shared>,
    Speaks(language): Speaks,
    connection: Connection,
    headers: HeaderMap,
    Path(provider): Path<String>,
    Query(returned): Query<Returned>,
) -> Result<Response, Error> {
    let token = connection.away(&headers);
    let received = shared.oidc.receive(&provider, token, returned).await;
    // Whatever comes of it, what the browser kept is of no use any more.
    let forget = connection.away_cookie("", 0);
    let mut response = match received {
        Ok(Received {
            vouched,
            next,
            session,
        }) => {
            let people = shared.app.people();
            let visitor = Visitor {
                session: session.as_deref(),
                ..visitor(connection, &headers)
            };
            let signed_in = people.sign_in_vouched(&vouched, visitor).await;
            match signed_in.map_err(Error::from) {
                Ok(signed_in) => {
                    let page = SignedInPage {
                        frame: Frame::plain(language),
                        next,
                    };
                    let cookie = shared.gate.session_cookie(connection, &signed_in.token);
                    ([(header::SET_COOKIE, cookie)], html(&page)?).into_response()
                }
                Err(Error::People(refusal)) => {
                    let mut sentence = told::sentence(refusal, language);
                    if refusal == Refusal::UnknownIdentity {
                        // What an administrator needs to link them.
                        sentence = format!("{sentence} ({provider}: {})", vouched.subject);
                    }
                    refuse(&shared, language, told::status(refusal), sentence).await?
                }
                Err(error) => return Err(error),
            }
        }
        Err(Fault::NoProvider) => return Err(Error::NotFound),
        Err(fault) => {
            let sentence = sentence(fault, language).to_owned();
            refuse(&shared, language, status(fault), sentence).await?
        }
    };
    if let Ok(forget) = forget.parse() {
        response.headers_mut().append(header::SET_COOKIE, forget);
    }
    Ok(response)
}

/// The issuer of a provider that somebody names.
fn issuer(shared: &Shared, provider: &str) -> Result<String, Error> {
    let found = shared.oidc.issuer(provider).map(str::to_owned);
    found.ok_or_else(|| Error::field("provider", "the configuration has none of this name"))
}

/// What the form that links an identity sends.
#[derive(Deserialize)]
pub(super) struct LinkForm {
    provider: String,
    subject: String,
}

/// `POST /people/{id}/identities`: links an identity with a person.
pub(super) async fn link_form(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    Path(id): Path<String>,
    SafeForm(form): SafeForm<LinkForm>,
) -> Result<Response, Error> {
    must_manage(&shared, &viewer).await?;
    let id = PersonId::from(id);
    let linked = match issuer(&shared, &form.provider) {
        Ok(issuer) => {
            let people = shared.app.people();
            let linked = people.link_identity(&viewer.actor, &id, &issuer, &form.subject);
            linked.await.map_err(Error::from)
        }
        Err(error) => Err(error),
    };
    match linked {
        Ok(_) => Ok(Redirect::to(&format!("/people/{id}?saved=1")).into_response()),
        Err(error) => person_again(&shared, &viewer, language, &id, error).await,
    }
}

/// `POST /people/{id}/identities/{identity}/unlink`.
pub(super) async fn unlink_form(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    Path((id, identity)): Path<(String, String)>,
    SafeForm(Nothing {}): SafeForm<Nothing>,
) -> Result<Response, Error> {
    must_manage(&shared, &viewer).await?;
    let id = PersonId::from(id);
    let people = shared.app.people();
    match people.unlink_identity(&viewer.actor, &id, &identity).await {
        Ok(()) => Ok(Redirect::to(&format!("/people/{id}?saved=1")).into_response()),
        Err(error) => person_again(&shared, &viewer, language, &id, error.into()).await,
    }
}

/// Lists what a person is to the providers by which people sign in.
#[utoipa::path(
    get, path = "/v1/people/{id}/identities", tag = "people", operation_id = "list_identities",
    params(("id" = String, Path, description = "The person's id")),
    responses(
        (status = 200, description = "The identities, the oldest first", body = wire::IdentityList),
        (status = 403, description = "The asker is no administrator", body = ErrorBody),
        (status = 404, description = "There is no such person", body = ErrorBody),
    )
)]
pub(super) async fn identities(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<wire::IdentityList>, Error> {
    must_manage(&shared, &viewer).await?;
    let people = shared.app.people();
    let person = people.get(&PersonId::from(id)).await?;
    let identities = people.identities(&person.id).await?;
    let identities = identities.into_iter().map(Into::into).collect();
    Ok(Json(wire::IdentityList { identities }))
}

/// Lets a person sign in by a provider: as whom it knows by `subject`, and nobody else.
#[utoipa::path(
    post, path = "/v1/people/{id}/identities", tag = "people", operation_id = "link_identity",
    params(("id" = String, Path, description = "The person's id")),
    request_body = wire::LinkIdentityRequest,
    responses(
        (status = 201, description = "The identity", body = wire::IdentityBody),
        (status = 400, description = "The configuration has no such provider", body = ErrorBody),
        (status = 403, description = "The asker is no administrator", body = ErrorBody),
        (status = 404, description = "There is no such person", body = ErrorBody),
        (status = 409, description = "The identity is somebody's already", body = ErrorBody),
        (status = 422, description = "That cannot be an identity", body = ErrorBody),
    )
)]
pub(super) async fn link(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
    JsonBody(request): JsonBody<wire::LinkIdentityRequest>,
) -> Result<Response, Error> {
    must_manage(&shared, &viewer).await?;
    let issuer = issuer(&shared, &request.provider)?;
    let people = shared.app.people();
    let id = PersonId::from(id);
    let linked = people
        .link_identity(&viewer.actor, &id, &issuer, &request.subject)
        .await?;
    let body = wire::IdentityBody::from(linked);
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// Takes an identity from a person. Their sessions end, and groups that the provider said go with it.
#[utoipa::path(
    delete, path = "/v1/people/{id}/identities/{identity}", tag = "people", operation_id = "unlink_identity",
    params(
        ("id" = String, Path, description = "The person's id"),
        ("identity" = String, Path, description = "The identity's id"),
    ),
    responses(
        (status = 204, description = "The identity is gone"),
        (status = 403, description = "The asker is no administrator", body = ErrorBody),
        (status = 404, description = "There is none", body = ErrorBody),
        (status = 409, description = "No administrator who can sign in would be left", body = ErrorBody),
    )
)]
pub(super) async fn unlink(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path((id, identity)): Path<(String, String)>,
) -> Result<StatusCode, Error> {
    must_manage(&shared, &viewer).await?;
    let people = shared.app.people();
    let id = PersonId::from(id);
    people
        .unlink_identity(&viewer.actor, &id, &identity)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_told_in_both_languages() {
        for fault in [
            Fault::NoProvider,
            Fault::Unreachable,
            Fault::Spent,
            Fault::Refused,
            Fault::Invalid,
            Fault::WrongDomain,
        ] {
            let korean = sentence(fault, Language::Ko);
            assert!(korean.chars().any(crate::language::is_hangul), "{korean}");
            assert!(sentence(fault, Language::En).ends_with('.'));
            assert!(!status(fault).is_success());
        }
    }
}
