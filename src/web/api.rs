//! The API: JSON in, JSON or events out.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use ingest::{ContentHash, DocumentId};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::io::AsyncReadExt as _;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::conversations::{self, ConversationsDescription};
use super::described::complete_all;
use super::error::{Error, ErrorBody};
use super::feedback::FeedbackDescription;
use super::office::OfficeDescription;
use super::office::actions::{self, document_id};
use super::people::{IdentityDescription, PeopleDescription};
use super::rights::RightsDescription;
use super::viewer::{Speaks, Viewer};
use super::webhooks::WebhooksDescription;
use super::{Shared, audited, compat, stream as events, upload, wire};
use crate::ask::{Question, Scope};
use crate::audit::Action;
use crate::catalogue::MetadataChange;
use crate::check::Mode;
use crate::encoding::percent_encoded;
use crate::language::Language;
use crate::proof::{self, VerifyReport};

/// A JSON body whose errors name the field.
#[derive(Debug)]
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(Error::MediaType {
                expected: "application/json",
            }),
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(Error::BodyTooLarge)
            }
            Err(rejection) => Err(wrong_json(&rejection.body_text())),
        }
    }
}

/// The field that a parser's message is about, and the message.
///
/// The message reads `Failed to ...: passages[0].text: invalid type ...`, without the path
/// where the whole body is meant.
fn wrong_json(message: &str) -> Error {
    let detail = message
        .split_once(": ")
        .map_or(message, |(_, detail)| detail);
    let (path, told) = match detail.split_once(": ") {
        Some((path, told)) if !path.contains(' ') => (path, told),
        _ => ("", detail),
    };
    let quoted = ["missing field `", "unknown field `"]
        .iter()
        .find_map(|start| told.strip_prefix(start)?.split('`').next());
    let field = match (path, quoted) {
        ("" | "." | "?", Some(quoted)) => quoted.to_owned(),
        ("" | "." | "?", None) => "body".to_owned(),
        // The path of an unknown field ends in it already.
        (path, Some(quoted)) if !path.ends_with(quoted) => format!("{path}.{quoted}"),
        (path, _) => path.to_owned(),
    };
    Error::Field {
        field,
        detail: told.to_owned(),
    }
}

/// Answers a question from the documents that the asker may read.
#[utoipa::path(
    post, path = "/v1/answers", tag = "answers",
    request_body(content = wire::AnswerRequest, example = json!({
        "question": "입사 1년 미만 직원의 연차는 며칠인가요?",
        "mode": "strict",
        "filter": {"collections": ["인사"]}
    })),
    responses(
        (status = 200, description = "The checked answer. With `stream` or `Accept: text/event-stream` it comes as events: `retrieval` (RetrievalBody), `sentence` (ClaimBody) and `withheld` (WithheldBody) as sentences are checked, `heartbeat` every 10 seconds, and last `final` (AnswerBody) or `error` (ErrorBody). In a conversation `turn` (BegunTurnBody) comes first, and `suggestions` (SuggestionsBody) after `final`; without streaming, suggestions stand in the conversation soon after. Closing the connection stops the answer: what was released stays as a stopped turn", body = wire::AnswerBody),
        (status = 400, description = "A field is wrong, or the question is empty", body = ErrorBody),
        (status = 404, description = "The asker has no such conversation, or it has no such turn", body = ErrorBody),
        (status = 422, description = "The question is too long", body = ErrorBody),
        (status = 503, description = "Too many questions run", body = ErrorBody),
    )
)]
pub(super) async fn answers(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(speaks): Speaks,
    headers: HeaderMap,
    JsonBody(request): JsonBody<wire::AnswerRequest>,
) -> Result<Response, Error> {
    let streams = request.stream
        || headers
            .get(header::ACCEPT)
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(|accept| accept.contains("text/event-stream"));
    // Without room for a stream nothing is asked.
    let room = streams.then(|| shared.limits.stream(&viewer)).transpose()?;
    if request.conversation.is_some() {
        return conversations::answers(shared, viewer, speaks, request, room).await;
    }
    if request.search_for.is_some() || request.replaces.is_some() {
        return Err(Error::field("conversation", "it is missing"));
    }
    let question = Question {
        language: request
            .language
            .map_or_else(|| Language::of(&request.question), Into::into),
        reader: viewer.reader,
        scope: request.filter.map_or_else(Scope::default, Into::into),
        adapter: request.adapter,
        text: request.question,
    };
    let mode = request.mode.map_or_else(Mode::default, Into::into);
    let notices = shared.app.notices(question.language);
    if let Some(room) = room {
        let received = shared.app.ask_as(&viewer.actor, question.clone(), mode)?;
        let asking = events::Asking::alone(question, notices);
        return Ok(events::answer(shared.app, room, received, asking, speaks));
    }
    let answer = shared
        .app
        .answer_as(&viewer.actor, question.clone(), mode)
        .await?;
    let body = wire::answer(&question, &answer, &notices, shared.app.prover());
    Ok(Json(body).into_response())
}

/// Looks whether an answer of `POST /v1/answers` still holds: that nothing in it was changed since,
/// and that the documents it quotes still say so. White space and the order of keys do not
/// matter.
///
/// Only documents that the asker may read are looked at. The others are reported as deleted ones
/// are, `unavailable`, without what became of them; a verdict may thus be `stale` for one asker
/// and `valid` for another, but never `valid` for a changed answer. For an answer whose seal
/// does not hold no document is looked at, so that nobody can ask what documents hold by
/// writing a proof.
#[utoipa::path(
    post, path = "/v1/verify", tag = "answers",
    request_body = wire::AnswerBody,
    responses(
        (status = 200, description = "`valid`, `stale` or `broken`, for the answer and each quote", body = VerifyReport),
        (status = 400, description = "The body is not JSON, or an object in it has a key twice", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
    )
)]
pub(super) async fn verify(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    JsonBody(answer): JsonBody<proof::Json>,
) -> Result<Json<VerifyReport>, Error> {
    let report = shared.app.verify(&answer, &viewer.reader, language).await?;
    Ok(Json(report))
}

/// Checks the answer of any program against the passages that come with it.
#[utoipa::path(
    post, path = "/v1/check", tag = "answers",
    request_body(content = wire::CheckRequest, example = json!({
        "answer": "Leave is 15 days [1]. It is 20 days [1].",
        "passages": [{"title": "Leave", "text": "Leave is 15 days. It can be split."}]
    })),
    responses(
        (status = 200, description = "A verdict for each sentence", body = wire::CheckReport),
        (status = 400, description = "A field is wrong", body = ErrorBody),
    )
)]
pub(super) async fn check(
    State(shared): State<Shared>,
    _viewer: Viewer,
    JsonBody(request): JsonBody<wire::CheckRequest>,
) -> Result<Json<wire::CheckReport>, Error> {
    let report = wire::check(shared.app.checker(), request).await;
    report
        .map(Json)
        .map_err(|error| Error::field(error.field(), error))
}

/// Which documents are watched.
#[derive(Debug, Default, Deserialize)]
pub(super) struct WatchQuery {
    ids: Option<String>,
}

/// Sends the live states of documents that the asker may read.
#[utoipa::path(
    get, path = "/v1/documents/events", tag = "documents",
    params(("ids" = Option<String>, Query, description = "Ids of the documents that are watched, divided by commas, 500 at most; if left out, those that changed last")),
    responses(
        (status = 200, description = "Events: `documents` (DocumentList) first, then `changes` with `changed` (DocumentBody), `gone` (ids) and `counts` (how many documents the asker may find by state), `heartbeat` every 10 seconds, `stopping` last when the server stops", content_type = "text/event-stream", body = String),
        (status = 400, description = "Too many documents are named, or one that cannot be", body = ErrorBody),
    )
)]
pub(super) async fn document_events(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    Query(query): Query<WatchQuery>,
) -> Result<Response, Error> {
    let ids = query.ids.as_deref().map(|ids| {
        let ids = ids.split(',').filter(|id| !id.is_empty());
        ids.map(|id| id.parse().map_err(|error| Error::field("ids", error)))
            .collect::<Result<Vec<DocumentId>, Error>>()
    });
    let ids = ids.transpose()?;
    if ids.as_ref().is_some_and(|ids| ids.len() > events::WATCHED) {
        let more = format!("more than {} documents", events::WATCHED);
        return Err(Error::field("ids", more));
    }
    events::states(shared, viewer, ids, language)
}

/// Shows a document.
#[utoipa::path(
    get, path = "/v1/documents/{id}", tag = "documents",
    params(("id" = String, Path, description = "The document's id")),
    responses(
        (status = 200, description = "The document", body = wire::DocumentBody),
        (status = 404, description = "There is none that the asker may read", body = ErrorBody),
    )
)]
pub(super) async fn document(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    Path(id): Path<String>,
) -> Result<Json<wire::DocumentBody>, Error> {
    let view = actions::found(&shared, &viewer, document_id(&id)?).await?;
    Ok(Json(wire::document(&view, language)))
}

/// Says what is to be said of a document: title, author, language, collection, tags, dates, and
/// what takes its place. Fields that are left out stay, null takes away. Searches follow within
/// moments.
///
/// A document whose last day has passed (`effective_until`), or whose place another has taken
/// (`superseded_by`, since `superseded_on`), is not searched any more unless a question names a
/// day (`filter.in_force`).
#[utoipa::path(
    patch, path = "/v1/documents/{id}", tag = "documents",
    params(("id" = String, Path, description = "The document's id")),
    request_body(content = MetadataChange, example = json!({
        "title": "휴가 규정", "collection": "인사", "tags": ["hr"], "effective_until": null
    })),
    responses(
        (status = 200, description = "The document", body = wire::DocumentBody),
        (status = 400, description = "A field is wrong", body = ErrorBody),
        (status = 404, description = "There is none that the asker may read", body = ErrorBody),
    )
)]
pub(super) async fn change(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    Path(id): Path<String>,
    JsonBody(change): JsonBody<MetadataChange>,
) -> Result<Json<wire::DocumentBody>, Error> {
    viewer.must_upload()?;
    let id = document_id(&id)?;
    actions::change(&shared, &viewer, id, &change).await?;
    let view = actions::found(&shared, &viewer, id).await?;
    Ok(Json(wire::document(&view, language)))
}

/// Lists the versions of a document that are kept: the one that is searched, and older ones that
/// answers may quote.
#[utoipa::path(
    get, path = "/v1/documents/{id}/versions", tag = "documents",
    params(("id" = String, Path, description = "The document's id")),
    responses(
        (status = 200, description = "The versions", body = wire::VersionList),
        (status = 404, description = "There is none that the asker may read", body = ErrorBody),
    )
)]
pub(super) async fn versions(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<wire::VersionList>, Error> {
    let versions = shared
        .app
        .library()
        .versions(document_id(&id)?, &viewer.reader)
        .await?;
    if versions.is_empty() {
        return Err(Error::NotFound);
    }
    Ok(Json(wire::versions(&versions)))
}

/// Deletes a document: from both indexes, with its file and its text.
#[utoipa::path(
    delete, path = "/v1/documents/{id}", tag = "documents",
    params(("id" = String, Path, description = "The document's id")),
    responses(
        (status = 204, description = "It is deleted"),
        (status = 404, description = "There is none that the asker may read", body = ErrorBody),
    )
)]
pub(super) async fn delete(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    viewer.must_upload()?;
    let id = document_id(&id)?;
    actions::tell_deletion(&shared, &viewer, id).await?;
    let deleted = shared.app.library().delete(id, &viewer.reader).await;
    audited::done(&shared, &viewer, id, deleted.map_err(Error::from))
}

/// Reads a document again that failed or was cancelled.
#[utoipa::path(
    post, path = "/v1/documents/{id}/retry", tag = "documents",
    params(("id" = String, Path, description = "The document's id")),
    responses(
        (status = 204, description = "It is queued"),
        (status = 404, description = "There is none that the asker may read and that waits for this", body = ErrorBody),
    )
)]
pub(super) async fn retry(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    actions::retry(&shared, &viewer, document_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Stops reading a document.
#[utoipa::path(
    post, path = "/v1/documents/{id}/cancel", tag = "documents",
    params(("id" = String, Path, description = "The document's id")),
    responses(
        (status = 204, description = "It is cancelled"),
        (status = 404, description = "There is none that the asker may read and that is being read", body = ErrorBody),
    )
)]
pub(super) async fn cancel(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    actions::cancel(&shared, &viewer, document_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends the file of a document as it was handed in.
#[utoipa::path(
    get, path = "/v1/documents/{id}/original", tag = "documents",
    params(
        ("id" = String, Path, description = "The document's id"),
        ("version" = Option<String>, Query, description = "SHA-256 of the file; the newest one if left out"),
    ),
    responses(
        (status = 200, description = "The file, as an attachment", content_type = "application/octet-stream", body = Vec<u8>),
        (status = 404, description = "There is none that the asker may read", body = ErrorBody),
    )
)]
pub(super) async fn original(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(query): Query<VersionQuery>,
) -> Result<Response, Error> {
    let version = query.version.as_deref().map(str::parse);
    let version = version.transpose().map_err(|_| Error::NotFound)?;
    let found = shared
        .app
        .library()
        .original(document_id(&id)?, version, &viewer.reader)
        .await?;
    let original = found.ok_or(Error::NotFound)?;
    let event = viewer.does(Action::Download, &id);
    shared
        .record(event.with("version", original.version.to_string()))
        .await?;
    let file = tokio::fs::File::open(&original.path)
        .await
        .map_err(|error| Error::internal("opening an original", &error))?;
    let content_type = original.format.map_or(
        "application/octet-stream",
        ingest::parse::Format::media_type,
    );
    let headers = [
        (header::CONTENT_TYPE, content_type.to_owned()),
        (header::CONTENT_LENGTH, original.size.to_string()),
        (header::CONTENT_DISPOSITION, attachment(&original.file_name)),
        (header::ETAG, format!("\"{}\"", original.version)),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
        (
            HeaderName::from_static("content-security-policy"),
            "default-src 'none'; sandbox".to_owned(),
        ),
    ];
    Ok((headers, Body::from_stream(bytes_of(file))).into_response())
}

/// Which version of a document.
#[derive(Debug, Deserialize)]
pub(super) struct VersionQuery {
    version: Option<String>,
}

/// Sends a page of a PDF, or an image, as a picture.
#[utoipa::path(
    get, path = "/v1/documents/{id}/pages/{page}", tag = "documents",
    params(
        ("id" = String, Path, description = "The document's id"),
        ("page" = u32, Path, description = "The page, from 1"),
        ("version" = Option<String>, Query, description = "SHA-256 of the file; the newest one if left out"),
    ),
    responses(
        (status = 200, description = "The page as it is printed, 144 pixels in an inch", content_type = "image/png", body = Vec<u8>),
        (status = 404, description = "There is none that the asker may read, or it cannot be drawn", body = ErrorBody),
    )
)]
pub(super) async fn page(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path((id, page)): Path<(String, u32)>,
    Query(query): Query<VersionQuery>,
) -> Result<Response, Error> {
    let id = document_id(&id)?;
    let library = shared.app.library();
    let view = library.get(id, &viewer.reader).await?;
    let view = view.ok_or(Error::NotFound)?;
    let version = match query.version.as_deref().map(str::parse::<ContentHash>) {
        None => view.version,
        Some(Ok(version)) => version,
        Some(Err(_)) => return Err(Error::NotFound),
    };
    let drawn = library
        .page_picture(id, version, page, &viewer.reader)
        .await?;
    let picture = match drawn.ok_or(Error::NotFound)? {
        Ok(picture) => picture,
        Err(error) => {
            tracing::info!(document.id = %id, page, error = %error, "a page cannot be drawn");
            return Err(Error::NotFound);
        }
    };
    let headers = [
        (header::CONTENT_TYPE, "image/png".to_owned()),
        // A version never changes, but rights do: what is taken away is not shown from a cache.
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, picture.png.clone()).into_response())
}

fn bytes_of(file: tokio::fs::File) -> impl futures::Stream<Item = std::io::Result<Bytes>> {
    const PIECE: usize = 64 * 1024;
    stream::try_unfold(file, |mut file| async move {
        let mut bytes = Vec::with_capacity(PIECE);
        let mut piece = (&mut file).take(PIECE as u64);
        piece.read_to_end(&mut bytes).await?;
        Ok((!bytes.is_empty()).then(|| (Bytes::from(bytes), file)))
    })
}

/// The header that makes browsers store a file under its name instead of showing it.
fn attachment(file_name: &str) -> String {
    let plain: String = file_name
        .chars()
        .map(|char| {
            if char.is_ascii_alphanumeric() || " -_.()".contains(char) {
                char
            } else {
                '_'
            }
        })
        .collect();
    format!(
        "attachment; filename=\"{plain}\"; filename*=UTF-8''{}",
        percent_encoded(file_name, b"")
    )
}

/// `GET /healthz`: whether the process lives.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: whether questions can be answered.
pub(super) async fn readyz(State(shared): State<Shared>) -> Result<&'static str, Error> {
    match shared.app.ready().await {
        Ok(()) => Ok("ready\n"),
        Err(detail) => Err(Error::NotReady { detail }),
    }
}

/// The description of the API.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Veracite",
        description = "Answers from your own documents, every sentence checked against the passage it cites.",
    ),
    paths(
        answers, verify, check, document_events, document, change, versions, delete, retry, cancel,
        original, page,
        upload::upload,
        compat::openai::completions, compat::anthropic::messages, compat::models::list, compat::models::one,
    ),
    components(schemas(
        wire::RetrievalBody, wire::DocumentList, ErrorBody, compat::openai::ChatChunk, compat::anthropic::StreamEvent,
        compat::AnthropicErrorBody,
    )),
    modifiers(&Keys),
)]
struct Description;

struct Keys;

impl Modify for Keys {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        description
            .components
            .get_or_insert_default()
            .add_security_scheme("key", bearer);
        let security =
            utoipa::openapi::security::SecurityRequirement::new::<_, [&str; 0], &str>("key", []);
        description.security = Some(vec![security]);
    }
}

/// The description of the API.
pub(super) fn description() -> utoipa::openapi::OpenApi {
    Description::openapi()
        .merge_from(OfficeDescription::openapi())
        .merge_from(PeopleDescription::openapi())
        .merge_from(ConversationsDescription::openapi())
        .merge_from(RightsDescription::openapi())
        .merge_from(WebhooksDescription::openapi())
        .merge_from(IdentityDescription::openapi())
        .merge_from(FeedbackDescription::openapi())
}

/// `GET /openapi.json`.
pub(super) async fn openapi() -> Response {
    let content_type = (
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    let described = description().to_json();
    let described = described.and_then(|json| serde_json::from_str::<serde_json::Value>(&json));
    match described {
        Ok(mut described) => {
            complete_all(&mut described);
            ([content_type], described.to_string()).into_response()
        }
        Err(error) => Error::internal("describing the API", &error).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong<T: DeserializeOwned + std::fmt::Debug>(json: &str) -> (String, String) {
        let rejection = Json::<T>::from_bytes(json.as_bytes()).unwrap_err();
        match wrong_json(&rejection.body_text()) {
            Error::Field { field, detail } => (field, detail),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_wrong_field_is_named() {
        assert_eq!(wrong::<wire::AnswerRequest>("{}").0, "question");
        assert_eq!(
            wrong::<wire::AnswerRequest>(r#"{"question": 3}"#).0,
            "question"
        );
        assert_eq!(
            wrong::<wire::AnswerRequest>(r#"{"question": "?", "modus": 1}"#).0,
            "modus"
        );
        assert_eq!(
            wrong::<wire::AnswerRequest>(r#"{"question": "?", "mode": "soft"}"#).0,
            "mode"
        );
        assert_eq!(wrong::<wire::AnswerRequest>("{").0, "body");
        let (field, detail) =
            wrong::<wire::CheckRequest>(r#"{"answer": "?", "passages": [{"text": 1}]}"#);
        assert_eq!(field, "passages[0].text");
        assert!(detail.starts_with("invalid type"), "{detail}");
    }

    #[test]
    fn a_file_keeps_its_korean_name_and_cannot_break_the_header() {
        let header = attachment("휴가\"; x=\r\n.pdf");
        assert!(
            header.is_ascii() && !header.contains(['\r', '\n']),
            "{header}"
        );
        assert_eq!(header.matches('"').count(), 2);
        assert!(header.contains("%ED%9C%B4%EA%B0%80"), "{header}");
    }

    #[test]
    fn every_route_is_described() {
        let description = serde_json::to_value(description()).unwrap();
        let paths: Vec<&String> = description["paths"].as_object().unwrap().keys().collect();
        assert_eq!(paths.len(), 46, "{paths:?}");
        // What generators of clients read.
        assert_eq!(description["openapi"], "3.1.0");
        let schemas = &description["components"]["schemas"];
        let claim = schemas["ClaimBody"].to_string();
        assert!(claim.contains("schemas/SpanBody"), "{claim}");
        let span = schemas["SpanBody"].to_string();
        assert!(
            span.contains("UTF-16") && span.contains("code points"),
            "units are named: {span}"
        );
    }
}
