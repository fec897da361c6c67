//! Conversations as JSON: kept questions and answers of whoever asks, and of nobody else.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde::Deserialize;
use utoipa::OpenApi;

use super::api::JsonBody;
use super::error::{Error, ErrorBody};
use super::limits::StreamRoom;
use super::stream::{self as events, Asking};
use super::viewer::{Speaks, Viewer};
use super::{Shared, wire};
use crate::app::{AskEvent, QUESTION_LIMIT};
use crate::ask::{Question, Scope};
use crate::catalogue::Behind;
use crate::check::{AnswerEvent, Mode};
use crate::encoding::percent_encoded;
use crate::language::Language;
use crate::library::LibraryError;
use crate::talk::{
    self, Conversation, KeptTurn, NewTurn, Recorder, ShownTurn, TITLE_LIMIT, new_id,
};

/// Conversations in one answer.
const PAGE: usize = 50;

/// All routes about conversations.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1/conversations", get(list).post(begin))
        .route(
            "/v1/conversations/{id}",
            get(show).patch(rename).delete(delete),
        )
        .route("/v1/conversations/{id}/export", get(export))
}

/// The description of these routes.
#[derive(OpenApi)]
#[openapi(
    paths(list, begin, show, rename, delete, export),
    components(schemas(wire::BegunTurnBody, wire::SuggestionsBody))
)]
pub(super) struct ConversationsDescription;

/// What a list is narrowed to, and where it goes on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    pub(super) query: String,
    pub(super) cursor: Option<String>,
}

/// Lists the asker's conversations, the one that was changed last first.
#[utoipa::path(
    get, path = "/v1/conversations", tag = "conversations",
    params(
        ("query" = Option<String>, Query, description = "Words that all stand in titles, questions or answers; of answers only what the asker may still read is searched"),
        ("cursor" = Option<String>, Query, description = "`next` of the list before"),
    ),
    responses(
        (status = 200, description = "The conversations", body = wire::ConversationList),
        (status = 400, description = "The cursor is wrong", body = ErrorBody),
    )
)]
pub(super) async fn list(
    State(shared): State<Shared>,
    viewer: Viewer,
    Query(query): Query<ListQuery>,
) -> Result<Json<wire::ConversationList>, Error> {
    let (found, next) = found(&shared, &viewer, &query).await?;
    Ok(Json(wire::ConversationList {
        conversations: found.iter().map(wire::conversation).collect(),
        next,
    }))
}

/// The viewer's conversations that a query finds, and the cursor of those that follow.
pub(super) async fn found(
    shared: &Shared,
    viewer: &Viewer,
    query: &ListQuery,
) -> Result<(Vec<Conversation>, Option<String>), Error> {
    let behind = query.cursor.as_deref().map(behind).transpose()?;
    let (library, who) = (shared.app.library(), (&*viewer.actor, &viewer.reader));
    let (found, behind) = talk::find(library, who, &query.query, behind, PAGE).await?;
    let next = behind.map(|behind| format!("{}-{}", behind.updated, behind.id));
    Ok((found, next))
}

fn behind(cursor: &str) -> Result<Behind, Error> {
    let wrong = || Error::field("cursor", "it is none that a list gave");
    let (updated, id) = cursor.split_once('-').ok_or_else(wrong)?;
    Ok(Behind {
        updated: updated.parse().map_err(|_| wrong())?,
        id: id.to_owned(),
    })
}

/// Begins a conversation. Its id goes into `conversation` of `POST /v1/answers`.
#[utoipa::path(
    post, path = "/v1/conversations", tag = "conversations",
    request_body(content = wire::ConversationRequest, example = json!({"title": "연차"})),
    responses(
        (status = 201, description = "The conversation", body = wire::ConversationBody),
        (status = 400, description = "The title is too long", body = ErrorBody),
    )
)]
pub(super) async fn begin(
    State(shared): State<Shared>,
    viewer: Viewer,
    JsonBody(request): JsonBody<wire::ConversationRequest>,
) -> Result<(StatusCode, Json<wire::ConversationBody>), Error> {
    let title = request
        .title
        .map_or_else(|| Ok(String::new()), |title| titled(&title))?;
    let made = begun(&shared, &viewer, &title).await?;
    Ok((StatusCode::CREATED, Json(wire::conversation(&made))))
}

/// A new conversation of the viewer.
pub(super) async fn begun(
    shared: &Shared,
    viewer: &Viewer,
    title: &str,
) -> Result<Conversation, Error> {
    let catalogue = shared.app.library().catalogue();
    let made = catalogue
        .make_conversation(&viewer.actor, &new_id(), title)
        .await;
    Ok(made.map_err(LibraryError::from)?)
}

/// A title as it is kept.
pub(super) fn titled(title: &str) -> Result<String, Error> {
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let actual = title.chars().count();
    if title.is_empty() {
        return Err(Error::field("title", "it is empty"));
    }
    if actual > TITLE_LIMIT {
        let told = format!("it has {actual} characters, the limit is {TITLE_LIMIT}");
        return Err(Error::field("title", told));
    }
    Ok(title)
}

/// Shows a conversation. Every citation is compared with what the asker may read now: a sentence
/// whose quote may not be read any more, or whose document is deleted, is not shown, and only
/// counted.
#[utoipa::path(
    get, path = "/v1/conversations/{id}", tag = "conversations",
    params(("id" = String, Path, description = "The conversation's id")),
    responses(
        (status = 200, description = "The conversation", body = wire::WholeConversationBody),
        (status = 404, description = "The asker has no such conversation", body = ErrorBody),
    )
)]
pub(super) async fn show(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    Path(id): Path<String>,
) -> Result<Json<wire::WholeConversationBody>, Error> {
    let (conversation, turns) = opened(&shared, &viewer, &id).await?;
    Ok(Json(whole(&conversation, turns, language)))
}

fn whole(
    conversation: &Conversation,
    turns: Vec<ShownTurn>,
    language: Language,
) -> wire::WholeConversationBody {
    wire::WholeConversationBody {
        conversation: wire::conversation(conversation),
        turns: turns
            .into_iter()
            .map(|turn| wire::turn(turn, language))
            .collect(),
    }
}

/// A conversation of the viewer, as they may see it now.
pub(super) async fn opened(
    shared: &Shared,
    viewer: &Viewer,
    id: &str,
) -> Result<(Conversation, Vec<ShownTurn>), Error> {
    let library = shared.app.library();
    let (conversation, turns) = kept(shared, viewer, id).await?;
    let shown = talk::shown_turns(library, turns, &viewer.reader).await?;
    Ok((conversation, shown))
}

/// A conversation of the viewer, and its turns as they were.
async fn kept(
    shared: &Shared,
    viewer: &Viewer,
    id: &str,
) -> Result<(Conversation, Vec<KeptTurn>), Error> {
    let catalogue = shared.app.library().catalogue();
    let found = catalogue.conversation(&viewer.actor, id).await;
    let conversation = found.map_err(LibraryError::from)?.ok_or(Error::NotFound)?;
    let turns = catalogue.turns(&viewer.actor, id).await;
    Ok((conversation, turns.map_err(LibraryError::from)?))
}

/// Gives a conversation another title.
#[utoipa::path(
    patch, path = "/v1/conversations/{id}", tag = "conversations",
    params(("id" = String, Path, description = "The conversation's id")),
    request_body(content = wire::ConversationRequest, example = json!({"title": "연차와 병가"})),
    responses(
        (status = 200, description = "The conversation", body = wire::ConversationBody),
        (status = 400, description = "The title is missing, empty or too long", body = ErrorBody),
        (status = 404, description = "The asker has no such conversation", body = ErrorBody),
    )
)]
pub(super) async fn rename(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
    JsonBody(request): JsonBody<wire::ConversationRequest>,
) -> Result<Json<wire::ConversationBody>, Error> {
    let title = request
        .title
        .ok_or_else(|| Error::field("title", "it is missing"))?;
    renamed(&shared, &viewer, &id, &title).await?;
    let (conversation, _) = kept(&shared, &viewer, &id).await?;
    Ok(Json(wire::conversation(&conversation)))
}

/// Gives a conversation of the viewer another title.
pub(super) async fn renamed(
    shared: &Shared,
    viewer: &Viewer,
    id: &str,
    title: &str,
) -> Result<(), Error> {
    let title = titled(title)?;
    let catalogue = shared.app.library().catalogue();
    let done = catalogue
        .rename_conversation(&viewer.actor, id, &title)
        .await;
    if done.map_err(LibraryError::from)? {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}

/// Deletes a conversation, for good.
#[utoipa::path(
    delete, path = "/v1/conversations/{id}", tag = "conversations",
    params(("id" = String, Path, description = "The conversation's id")),
    responses(
        (status = 204, description = "It is deleted"),
        (status = 404, description = "The asker has no such conversation", body = ErrorBody),
    )
)]
pub(super) async fn delete(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    deleted(&shared, &viewer, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes a conversation of the viewer.
pub(super) async fn deleted(shared: &Shared, viewer: &Viewer, id: &str) -> Result<(), Error> {
    let catalogue = shared.app.library().catalogue();
    let done = catalogue.delete_conversation(&viewer.actor, id).await;
    if done.map_err(LibraryError::from)? {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}

/// How a conversation is written down.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Markdown,
    Json,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ExportQuery {
    format: Format,
}

/// Sends a conversation as a file: Markdown with numbered citations, or the JSON that
/// `GET /v1/conversations/{id}` gives. It is compared with what may be read now, as there.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/export", tag = "conversations",
    params(
        ("id" = String, Path, description = "The conversation's id"),
        ("format" = Option<String>, Query, description = "`markdown`, which it is if left out, or `json`"),
    ),
    responses(
        (status = 200, description = "The file", content_type = "text/markdown", body = String),
        (status = 404, description = "The asker has no such conversation", body = ErrorBody),
    )
)]
pub(super) async fn export(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    Path(id): Path<String>,
    query: Result<Query<ExportQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Error> {
    let Query(query) = query.map_err(|_| Error::field("format", "`markdown` or `json`"))?;
    let (conversation, turns) = opened(&shared, &viewer, &id).await?;
    let (content_type, end, text) = match query.format {
        Format::Markdown => (
            "text/markdown; charset=utf-8",
            "md",
            talk::markdown(&conversation, &turns, language),
        ),
        Format::Json => {
            let body = whole(&conversation, turns, language);
            let text = serde_json::to_string_pretty(&body)
                .map_err(|error| Error::internal("writing a conversation", &error))?;
            ("application/json", "json", text)
        }
    };
    let name = percent_encoded(&format!("{}.{end}", conversation.title), b"");
    let disposition =
        format!("attachment; filename=\"conversation.{end}\"; filename*=UTF-8''{name}");
    let headers = [
        (header::CONTENT_TYPE, content_type.to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, text).into_response())
}

/// What is asked in a conversation, ready to be answered.
pub(super) struct Begun {
    pub(super) asking: Asking,
    received: tokio::sync::mpsc::UnboundedReceiver<AskEvent>,
}

/// Understands a question from its conversation, keeps it, and begins to answer.
pub(super) async fn ask(
    shared: &Shared,
    viewer: &Viewer,
    request: wire::AnswerRequest,
) -> Result<Begun, Error> {
    let conversation = request.conversation.unwrap_or_default();
    let (_, turns) = kept(shared, viewer, &conversation).await?;
    let typed = request.question;
    let actual = typed.chars().count();
    if typed.trim().is_empty() {
        return Err(Error::EmptyQuestion);
    }
    if actual > QUESTION_LIMIT {
        return Err(Error::LongQuestion { actual });
    }
    let place = match &request.replaces {
        Some(id) => turns
            .iter()
            .position(|turn| turn.id == *id)
            .ok_or(Error::NotFound)?,
        None => turns.len(),
    };
    let again = turns.get(place).filter(|turn| turn.question == typed);
    let earlier: Vec<&str> = turns[..place].iter().map(KeptTurn::searched).collect();
    let wanted = request
        .search_for
        .or_else(|| again.map(|turn| turn.searched().to_owned()));
    let searched = match wanted {
        Some(wanted) => wanted,
        None => shared.app.standing_alone(&earlier, &typed).await,
    };
    let asked = (searched.trim() != typed.trim()).then(|| typed.clone());
    let language = request
        .language
        .map_or_else(|| Language::of(&typed), Into::into);
    let filter = request.filter.unwrap_or_default();
    let question = Question {
        language,
        reader: viewer.reader.clone(),
        scope: Scope::from(filter.clone()),
        adapter: request.adapter,
        text: searched,
    };
    let mode = request.mode.map_or_else(Mode::default, Into::into);
    let received = shared.app.ask_as(&viewer.actor, question.clone(), mode)?;
    let new = NewTurn {
        id: new_id(),
        conversation: conversation.clone(),
        replaces: request.replaces,
        searched_for: asked.as_ref().map(|_| question.text.clone()),
        question: typed.clone(),
        filter: serde_json::to_string(&filter)
            .map_err(|error| Error::internal("writing a filter", &error))?,
    };
    let catalogue = shared.app.library().catalogue();
    let recorder = Recorder::begin(catalogue, &viewer.actor, &new, language).await;
    let recorder = recorder.map_err(LibraryError::from)?;
    let mut already: Vec<String> = turns
        .iter()
        .map(|turn| turn.searched().to_owned())
        .collect();
    already.extend([typed, question.text.clone()]);
    Ok(Begun {
        received,
        asking: Asking {
            notices: shared.app.notices(language),
            question,
            told: wire::Told {
                asked,
                kept: Some((conversation, new.id)),
            },
            recorder: Some(recorder.ok_or(Error::NotFound)?),
            asked: already,
        },
    })
}

/// Answers a question of a conversation; as events, where there is room for a stream.
pub(super) async fn answers(
    shared: Shared,
    viewer: Viewer,
    speaks: Language,
    request: wire::AnswerRequest,
    room: Option<StreamRoom>,
) -> Result<Response, Error> {
    let begun = ask(&shared, &viewer, request).await?;
    if let Some(room) = room {
        let Begun { asking, received } = begun;
        return Ok(events::answer(shared.app, room, received, asking, speaks));
    }
    let body = answered(&shared, begun).await?;
    Ok(Json(body).into_response())
}

/// The whole answer of a question. What may be asked next is found afterwards.
pub(super) async fn answered(shared: &Shared, begun: Begun) -> Result<wire::AnswerBody, Error> {
    let Begun {
        mut asking,
        mut received,
    } = begun;
    let mut claims = wire::Claims::new(asking.question.language);
    let mut found = None;
    while let Some(event) = received.recv().await {
        match event {
            AskEvent::Retrieval(context) => {
                if let Some(recorder) = &mut asking.recorder {
                    recorder.found(&context);
                }
                found = Some(context);
            }
            AskEvent::Answer(AnswerEvent::Sentence(sentence)) => {
                if let Some(recorder) = &mut asking.recorder {
                    recorder.sentence(&claims.next(&sentence));
                }
            }
            AskEvent::Answer(AnswerEvent::Withheld(_)) => {}
            AskEvent::Final(answer, _) => {
                let body = asking.whole(&shared.app, &answer).await;
                let app = Arc::clone(&shared.app);
                tokio::spawn(async move {
                    if let Some(context) = found {
                        asking.suggestions(&app, &context, &answer).await;
                    }
                });
                return Ok(body);
            }
            AskEvent::Failed(error) => {
                asking.failed(&error).await;
                return Err(error.into());
            }
        }
    }
    Err(Error::Internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_is_written() {
        let cursor = "1772323200000-0af1";
        let behind = behind(cursor).unwrap();
        assert_eq!(
            (behind.updated, behind.id.as_str()),
            (1_772_323_200_000, "0af1")
        );
        for wrong in ["", "x", "x-y", "12"] {
            assert!(super::behind(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_title_says_something_and_is_short() {
        assert_eq!(titled("  연차\n 규정 ").unwrap(), "연차 규정");
        assert!(titled(" \n").is_err());
        assert!(titled(&"가".repeat(TITLE_LIMIT + 1)).is_err());
    }
}
