//! What people say of answers: given, seen, decided on, taken back, and exported for training.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, put};
use axum::{Json, Router};
use jiff::Timestamp;
use utoipa::OpenApi;

use super::api::JsonBody;
use super::error::{Error, ErrorBody};
use super::viewer::{Speaks, Viewer};
use super::{Shared, audited, wire};
use crate::ask::Reader;
use crate::audit::Action;
use crate::catalogue::{Catalogue, JudgementFilter, JudgementRow, Review};
use crate::feedback::{self, DecideError, Decision, ExportError, ExportOptions, Format, GiveError};
use crate::language::Language;
use crate::proof::genuine;

/// Judgements that are listed, and at most.
const LISTED: u32 = 200;
const LISTED_AT_MOST: u32 = 1_000;

/// The description of these routes.
#[derive(OpenApi)]
#[openapi(paths(give, list, decide, take_back, export))]
pub(super) struct FeedbackDescription;

/// All routes about feedback.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1/feedback", get(list).post(give))
        .route("/v1/feedback/export", get(export))
        .route("/v1/feedback/{id}", delete(take_back))
        .route("/v1/feedback/{id}/decision", put(decide))
}

impl From<ExportError> for Error {
    fn from(error: ExportError) -> Self {
        Self::internal("exporting feedback", &error)
    }
}

/// Whether `reader` may see what was judged, and what others wrote of it: they may quote all documents
/// whose text is in it, today.
pub(super) async fn may_see(
    catalogue: &Catalogue,
    row: &JudgementRow,
    reader: &Reader,
) -> Result<bool, Error> {
    let documents = row.judged.documents();
    if row.judged.is_of_unknown() {
        return Ok(false);
    }
    let may_read = feedback::may_read_all(catalogue, &documents, reader).await;
    may_read.map_err(|error| Error::internal("reading feedback", &error))
}

/// A query whose mistakes are told.
fn read<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Error> {
    match query {
        Ok(Query(query)) => Ok(query),
        Err(rejection) => Err(Error::field("query", rejection.body_text())),
    }
}

/// Takes what the asker says of an answer, or of a sentence of it, in the place of what they said
/// before.
///
/// The answer is one that this installation gave, as it was given, with its proof. A correction is
/// checked against the answer's passages: the reply says whether the documents support it.
#[utoipa::path(
    post, path = "/v1/feedback", tag = "feedback", operation_id = "give_feedback",
    request_body(content = wire::FeedbackRequest, example = json!({
        "answer": {"question": "...", "claims": [], "proof": {}},
        "sentence": 0,
        "kind": "wrong",
        "correction": "입사 1년 미만 직원의 연차휴가는 최대 11일이다. [1]"
    })),
    responses(
        (status = 200, description = "What was said, as it is kept", body = wire::FeedbackBody),
        (status = 400, description = "A field is wrong", body = ErrorBody),
        (status = 422, description = "The answer is not one that this installation gave, or was changed since", body = ErrorBody),
    )
)]
async fn give(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    JsonBody(request): JsonBody<wire::FeedbackRequest>,
) -> Result<Json<wire::FeedbackBody>, Error> {
    let (answer, new) = request.parts();
    let who = (&*viewer.actor, &viewer.reader);
    let given = match feedback::give(&shared.app, who, &answer, new, language).await {
        Ok(given) => given,
        Err(GiveError::Field { field, detail }) => return Err(Error::field(field, detail)),
        Err(GiveError::NotGenuine(_)) => {
            let key = shared.app.prover().key();
            let words = |language| match genuine(&answer, key, language) {
                Ok(_) => String::new(),
                Err(problem) => problem.words,
            };
            return Err(Error::NotGenuine {
                ko: words(Language::Ko),
                en: words(Language::En),
            });
        }
        Err(error) => return Err(Error::internal("taking feedback", &error)),
    };
    Ok(Json(wire::given_feedback(&given, answer.value())))
}

/// Lists what the asker said of answers, newest first; to administrators what anybody said.
///
/// Of an answer that rests on a document which the asker may not read now, neither question nor
/// sentence is shown, nor what others wrote of it.
#[utoipa::path(
    get, path = "/v1/feedback", tag = "feedback", operation_id = "list_feedback",
    params(wire::FeedbackQuery),
    responses(
        (status = 200, description = "The judgements", body = wire::FeedbackList),
        (status = 400, description = "A field is wrong", body = ErrorBody),
    )
)]
async fn list(
    State(shared): State<Shared>,
    viewer: Viewer,
    query: Result<Query<wire::FeedbackQuery>, QueryRejection>,
) -> Result<Json<wire::FeedbackList>, Error> {
    let query = read(query)?;
    let answer = match query.answer.as_deref().map(str::parse) {
        None => None,
        Some(Ok(answer)) => Some(answer),
        Some(Err(_)) => return Err(Error::field("answer", "it is no SHA-256 in hexadecimal")),
    };
    let limit = query.limit.unwrap_or(LISTED).min(LISTED_AT_MOST);
    let filter = JudgementFilter {
        actor: (!viewer.is_admin()).then_some(&*viewer.actor),
        answer,
        review: query.waiting.then_some(Review::Waiting),
        limit: Some(limit),
        ..JudgementFilter::default()
    };
    let catalogue = shared.app.library().catalogue();
    let failed = |error: sqlx::Error| Error::internal("reading feedback", &error);
    let mut feedback = Vec::new();
    for row in catalogue.judgements(filter).await.map_err(failed)? {
        let may_read = may_see(catalogue, &row, &viewer.reader).await?;
        let who = (&*viewer.actor, viewer.is_admin());
        feedback.push(wire::listed_feedback(&row, who, may_read));
    }
    Ok(Json(wire::FeedbackList { feedback }))
}

/// Keeps what an administrator decides on what was said; `looked_at` is when that was given which they
/// looked at.
pub(super) async fn keep_decision(
    shared: &Shared,
    viewer: &Viewer,
    id: &str,
    decision: Option<Decision>,
    looked_at: Option<Timestamp>,
) -> Result<(), Error> {
    viewer.must_be_admin()?;
    let catalogue = shared.app.library().catalogue();
    let failed = |error: sqlx::Error| Error::internal("deciding on feedback", &error);
    let filter = JudgementFilter {
        id: Some(id),
        ..JudgementFilter::default()
    };
    let mut found = catalogue.judgements(filter).await.map_err(failed)?;
    let row = found.pop().ok_or(Error::NotFound)?;
    // Nobody decides on what they may not see.
    if !may_see(catalogue, &row, &viewer.reader).await? {
        return Err(Error::Forbidden);
    }
    let event = viewer.does(Action::FeedbackDecided, row.answer);
    let here = (catalogue, shared.app.audit());
    let done = feedback::decide(here, (&viewer.actor, event), (&row, looked_at), decision).await;
    done.map_err(|error| match error {
        DecideError::Changed => Error::Changed,
        error => Error::internal("deciding on feedback", &error),
    })
}

/// Decides on what somebody said of an answer, for administrators who may read all its documents.
///
/// What is accepted is learnt from also where the documents do not support its correction; of what is
/// refused nothing is learnt. The decision goes when what was said is taken back or said anew.
#[utoipa::path(
    put, path = "/v1/feedback/{id}/decision", tag = "feedback", operation_id = "decide_feedback",
    params(("id" = String, Path, description = "The judgement's id")),
    request_body(content = wire::DecisionRequest, example = json!({"decision": "accepted"})),
    responses(
        (status = 204, description = "It is decided so"),
        (status = 400, description = "A field is wrong", body = ErrorBody),
        (status = 403, description = "The asker is no administrator, or may not read a document of the answer", body = ErrorBody),
        (status = 404, description = "Nobody said such a thing", body = ErrorBody),
        (status = 409, description = "Something else was said since `given_at`", body = ErrorBody),
    )
)]
async fn decide(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
    JsonBody(request): JsonBody<wire::DecisionRequest>,
) -> Result<StatusCode, Error> {
    let looked_at = match request.given_at.as_deref().map(str::parse) {
        None => None,
        Some(Ok(time)) => Some(time),
        Some(Err(_)) => return Err(Error::field("given_at", "it is no time (RFC 3339)")),
    };
    keep_decision(&shared, &viewer, &id, request.decision, looked_at).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes back what the asker said; an administrator, what anybody said.
#[utoipa::path(
    delete, path = "/v1/feedback/{id}", tag = "feedback", operation_id = "delete_feedback",
    params(("id" = String, Path, description = "The judgement's id")),
    responses(
        (status = 204, description = "It is taken back"),
        (status = 404, description = "The asker said no such thing", body = ErrorBody),
    )
)]
async fn take_back(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    let catalogue = shared.app.library().catalogue();
    let failed = |error: sqlx::Error| Error::internal("taking feedback back", &error);
    let filter = JudgementFilter {
        actor: (!viewer.is_admin()).then_some(&*viewer.actor),
        id: Some(&id),
        ..JudgementFilter::default()
    };
    let mut found = catalogue.judgements(filter).await.map_err(failed)?;
    let row = found.pop().ok_or(Error::NotFound)?;
    let event = viewer.does(Action::FeedbackDeleted, row.answer);
    shared
        .record(event.with("of", &row.judgement.actor))
        .await?;
    let gone = catalogue.forget_judgement(&id).await.map_err(failed);
    audited::done(&shared, &viewer, row.answer, gone)
}

/// Gives out what people said of answers, as lines of JSON that TRL reads; for administrators.
///
/// An example is left out if a document of it may not be read, today, by those whom the export is
/// for: `everyone`, if nothing else is said.
#[utoipa::path(
    get, path = "/v1/feedback/export", tag = "feedback", operation_id = "export_feedback",
    params(wire::ExportQuery),
    responses(
        (status = 200, description = "A line of JSON for each example", content_type = "application/x-ndjson", body = String),
        (status = 400, description = "A field is wrong", body = ErrorBody),
        (status = 403, description = "The asker is no administrator, or not in these groups", body = ErrorBody),
    )
)]
async fn export(
    State(shared): State<Shared>,
    viewer: Viewer,
    query: Result<Query<wire::ExportQuery>, QueryRejection>,
) -> Result<Response, Error> {
    viewer.must_be_admin()?;
    let query = read(query)?;
    let reader = match wire::export_audience(&query, &viewer.reader) {
        Some(Ok(reader)) => reader,
        Some(Err(detail)) => return Err(Error::field("reader_groups", detail)),
        None => return Err(Error::Forbidden),
    };
    let event = viewer
        .does(Action::FeedbackExported, name(query.format))
        .with("groups", reader.groups())
        .with("unchecked", query.unchecked);
    shared.record(event).await?;
    let options = ExportOptions {
        format: query.format,
        reader: Some(reader),
        mark: query.mark,
        unchecked: query.unchecked,
    };
    let mut lines = Vec::new();
    feedback::export(shared.app.library().catalogue(), &options, |line| {
        serde_json::to_writer(&mut lines, line)?;
        lines.push(b'\n');
        Ok(())
    })
    .await?;
    let disposition = format!(
        "attachment; filename=\"feedback-{}.jsonl\"",
        name(query.format)
    );
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, lines).into_response())
}

fn name(format: Format) -> &'static str {
    match format {
        Format::Dpo => "dpo",
        Format::Kto => "kto",
        Format::Sft => "sft",
        Format::PromptCompletion => "prompt-completion",
    }
}
