//! What people say of answers: given, seen, taken back, and exported for training.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use axum::{Json, Router};
use utoipa::OpenApi;

use super::api::JsonBody;
use super::error::{Error, ErrorBody};
use super::viewer::{Speaks, Viewer};
use super::{Shared, audited, wire};
use crate::audit::Action;
use crate::catalogue::JudgementFilter;
use crate::feedback::{self, ExportError, ExportOptions, Format, GiveError};
use crate::language::Language;
use crate::proof::genuine;

/// Judgements that are listed, and at most.
const LISTED: u32 = 200;
const LISTED_AT_MOST: u32 = 1_000;

/// The description of these routes.
#[derive(OpenApi)]
#[openapi(paths(give, list, take_back, export))]
pub(super) struct FeedbackDescription;

/// All routes about feedback.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1/feedback", get(list).post(give))
        .route("/v1/feedback/export", get(export))
        .route("/v1/feedback/{id}", delete(take_back))
}

impl From<ExportError> for Error {
    fn from(error: ExportError) -> Self {
        Self::internal("exporting feedback", &error)
    }
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
        limit: Some(limit),
        ..JudgementFilter::default()
    };
    let catalogue = shared.app.library().catalogue();
    let failed = |error: sqlx::Error| Error::internal("reading feedback", &error);
    let mut feedback = Vec::new();
    for row in catalogue.judgements(filter).await.map_err(failed)? {
        let documents = row.judged.documents();
        let may_read = feedback::may_read_all(catalogue, &documents, &viewer.reader);
        // Where it is not known what an answer was written from, nobody sees what it says.
        let is_known = row.judged.prompt.is_some() || !documents.is_empty();
        let may_read = is_known && may_read.await.map_err(failed)?;
        feedback.push(wire::listed_feedback(&row, &viewer.actor, may_read));
    }
    Ok(Json(wire::FeedbackList { feedback }))
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
