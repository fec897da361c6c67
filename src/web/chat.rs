//! The page for questions and answers, with the conversations of whoever opens it.
//!
//! It asks and reads without JavaScript: a form asks, and the server shows the conversation.
//! With it the scripts do the same through the API, sentence by sentence.

use askama::Template;
use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, Query, State};
use axum::response::{Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::Value;

use super::conversations::{ListQuery, answered, ask, begun, deleted, found, opened, renamed};
use super::error::Error;
use super::office::between_commas;
use super::pages::{Frame, html};
use super::viewer::{Speaks, Viewer};
use super::words::Words;
use super::{Shared, wire};
use crate::language::Language;
use crate::talk::{Conversation, ShownTurn, TurnState};

/// All routes of the page.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/", get(first))
        .route("/ask", post(asked))
        .route("/conversations/{id}", get(conversation))
        .route("/conversations/{id}/rename", post(rename))
        .route("/conversations/{id}/delete", post(delete))
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/chat.html")]
pub(super) struct ChatPage {
    pub(super) frame: Frame,
    /// The conversations beside the answers.
    pub(super) conversations: Vec<Conversation>,
    /// What they were searched for.
    pub(super) query: String,
    /// Where their list goes on.
    pub(super) next: Option<String>,
    /// The conversation that is shown.
    pub(super) open: Option<Open>,
}

/// A conversation that is shown.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) turns: Vec<TurnView>,
}

/// A question and its answer.
#[derive(Debug)]
pub(super) struct TurnView {
    pub(super) id: String,
    pub(super) question: String,
    /// How it was searched for, in words.
    pub(super) searched: Option<String>,
    /// Names the answer: its hash, or the turn.
    pub(super) answer: String,
    pub(super) language: &'static str,
    pub(super) sentences: Vec<SentenceView>,
    pub(super) conflicts: Vec<ConflictView>,
    /// That the documents do not answer.
    pub(super) message: Option<String>,
    /// Ids and titles of documents that may hold the answer, and may only be found.
    pub(super) findable: Vec<(String, String)>,
    /// How many sentences were withheld, in words, and why.
    pub(super) withheld: Option<(String, Vec<String>)>,
    /// What else is to be said.
    pub(super) notes: Vec<String>,
    pub(super) suggestions: Vec<String>,
    pub(super) is_running: bool,
}

/// A sentence with its verdict.
#[derive(Debug)]
pub(super) struct SentenceView {
    pub(super) text: String,
    pub(super) verdict: &'static str,
    pub(super) mark: &'static str,
    pub(super) verdict_words: &'static str,
    /// Whether the mark alone says enough.
    pub(super) is_plain: bool,
    pub(super) reason: Option<String>,
    pub(super) quotes: Vec<QuoteView>,
}

/// A quote behind its number.
#[derive(Debug)]
pub(super) struct QuoteView {
    pub(super) number: u64,
    pub(super) label: String,
    pub(super) quote: String,
    pub(super) url: String,
}

/// Documents that differ.
#[derive(Debug)]
pub(super) struct ConflictView {
    pub(super) words: String,
    /// Title, address and quote of each side.
    pub(super) sides: Vec<QuoteView>,
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value[name].as_array().into_iter().flatten()
}

/// Cells of a table row stand between tabs; people see a bar.
fn readable(text: &str) -> String {
    text.split('\t')
        .filter(|cell| !cell.is_empty())
        .collect::<Vec<_>>()
        .join(" | ")
}

fn quote(citation: &Value, words: &Words) -> QuoteView {
    let number = citation["number"].as_u64().unwrap_or_default();
    let url = text(citation, "url");
    QuoteView {
        number,
        label: words
            .citation
            .replace("{number}", &number.to_string())
            .replace("{title}", text(citation, "title")),
        quote: readable(text(citation, "quote")),
        // Links of kept answers lead to this server, as they did.
        url: if url.starts_with("/documents/") {
            url
        } else {
            "/documents"
        }
        .to_owned(),
    }
}

fn sentence(claim: &Value, words: &'static Words) -> SentenceView {
    let (verdict, mark, verdict_words) = words.of_verdict(text(claim, "verdict"));
    let is_plain = matches!(verdict, "supported" | "not_checkable");
    let reason = claim["reason"]["words"].as_str().filter(|_| !is_plain);
    SentenceView {
        text: readable(text(claim, "text")),
        verdict,
        mark,
        verdict_words,
        is_plain,
        reason: reason.map(str::to_owned),
        quotes: list(claim, "citations")
            .map(|citation| quote(citation, words))
            .collect(),
    }
}

/// A turn as the page shows it.
fn view(turn: ShownTurn, words: &'static Words, language: Language) -> TurnView {
    let answer = turn.answer.unwrap_or_default();
    let hash = answer["proof"]["answer_sha256"]
        .as_str()
        .unwrap_or(&turn.id);
    let withheld = answer["withheld"]["count"]
        .as_u64()
        .filter(|count| *count > 0);
    let state = match turn.state {
        TurnState::Done => None,
        TurnState::Running => Some(words.turn_running),
        TurnState::Stopped => Some(words.stopped),
        TurnState::Failed => Some(words.turn_failed),
    };
    let truncated = answer["truncated"].as_bool().unwrap_or_default();
    TurnView {
        answer: hash.to_owned(),
        searched: turn
            .searched_for
            .map(|searched| words.searched_for.replace("{question}", &searched)),
        language: if text(&answer, "language") == "en" {
            "en"
        } else {
            "ko"
        },
        sentences: list(&answer, "claims")
            .map(|claim| sentence(claim, words))
            .collect(),
        conflicts: list(&answer, "conflicts")
            .map(|conflict| ConflictView {
                words: text(conflict, "words").to_owned(),
                sides: list(conflict, "sides")
                    .map(|side| QuoteView {
                        label: text(&side["citation"], "title").to_owned(),
                        ..quote(&side["citation"], words)
                    })
                    .collect(),
            })
            .collect(),
        message: answer["message"].as_str().map(str::to_owned),
        findable: list(&answer, "findable")
            .map(|found| {
                let (id, title) = (text(found, "document"), text(found, "title"));
                (id.to_owned(), title.to_owned())
            })
            .collect(),
        withheld: withheld.map(|count| {
            let reasons = list(&answer["withheld"], "reasons").filter_map(Value::as_str);
            let reasons = reasons.map(str::to_owned).collect();
            (
                words.withheld.replace("{count}", &count.to_string()),
                reasons,
            )
        }),
        notes: turn
            .hidden
            .words(language)
            .into_iter()
            .chain(state.map(str::to_owned))
            .chain(truncated.then(|| words.truncated.to_owned()))
            .collect(),
        suggestions: turn.suggestions,
        is_running: turn.state == TurnState::Running,
        id: turn.id,
        question: turn.question,
    }
}

/// `GET /`: a new conversation.
async fn first(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    Query(query): Query<ListQuery>,
) -> Result<Response, Error> {
    page(&shared, &viewer, language, query, None).await
}

/// `GET /conversations/{id}`: a conversation, compared with what may be read now.
async fn conversation(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Error> {
    page(&shared, &viewer, language, query, Some(&id)).await
}

async fn page(
    shared: &Shared,
    viewer: &Viewer,
    language: Language,
    query: ListQuery,
    id: Option<&str>,
) -> Result<Response, Error> {
    let frame = Frame::new(shared, viewer, language, "ask");
    let words = frame.words;
    let open = match id {
        None => None,
        Some(id) => {
            let (conversation, turns) = opened(shared, viewer, id).await?;
            Some(Open {
                id: conversation.id,
                title: conversation.title,
                turns: turns
                    .into_iter()
                    .map(|turn| view(turn, words, language))
                    .collect(),
            })
        }
    };
    let (mut conversations, next) = found(shared, viewer, &query).await?;
    // Nothing was asked in it.
    conversations.retain(|conversation| !conversation.title.is_empty());
    html(&ChatPage {
        frame,
        conversations,
        query: query.query,
        next,
        open,
    })
}

impl ChatPage {
    fn is_open(&self, conversation: &Conversation) -> bool {
        self.open
            .as_ref()
            .is_some_and(|open| open.id == conversation.id)
    }

    fn open_id(&self) -> &str {
        self.open.as_ref().map_or("", |open| &open.id)
    }

    fn has_turns(&self) -> bool {
        self.open
            .as_ref()
            .is_some_and(|open| !open.turns.is_empty())
    }

    fn open_title(&self) -> &str {
        self.open.as_ref().map_or("", |open| &open.title)
    }

    fn delete_text(&self) -> String {
        let words = self.frame.words;
        words
            .delete_conversation_text
            .replace("{title}", self.open_title())
    }
}

/// What the form of the page says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AskForm {
    form_token: String,
    conversation: String,
    question: String,
    mode: String,
    collections: String,
    dated_from: String,
    dated_until: String,
    in_force: String,
    /// A suggested question that was chosen.
    suggested: String,
    /// The turn whose question is asked again.
    again: String,
    /// The turn whose question is asked as typed.
    as_typed: String,
}

/// What a form says of its session: pages that are open to this machine have none, and then only
/// that the request comes from a page of this server counts, which is looked at for all.
fn must_be_ours(viewer: &Viewer, form_token: &str) -> Result<(), Error> {
    match viewer.session {
        Some(_) => viewer.must_have_sent(form_token),
        None => Ok(()),
    }
}

fn read<T>(form: Result<Form<T>, FormRejection>) -> Result<T, Error> {
    match form {
        Ok(Form(form)) => Ok(form),
        Err(rejection) => Err(Error::field("form", rejection.body_text())),
    }
}

/// `POST /ask`: answers, and shows the conversation.
async fn asked(
    State(shared): State<Shared>,
    viewer: Viewer,
    form: Result<Form<AskForm>, FormRejection>,
) -> Result<Redirect, Error> {
    let form = read(form)?;
    must_be_ours(&viewer, &form.form_token)?;
    let mut request = wire::AnswerRequest {
        filter: Some(filter(&form)?),
        question: form.question.trim().to_owned(),
        mode: (form.mode == "marked").then_some(wire::Mode::Marked),
        language: None,
        adapter: None,
        stream: false,
        conversation: None,
        search_for: None,
        replaces: None,
    };
    let before = [&form.again, &form.as_typed]
        .into_iter()
        .find(|turn| !turn.is_empty());
    if let Some(before) = before {
        let (_, turns) = opened(&shared, &viewer, &form.conversation).await?;
        let turn = turns.into_iter().find(|turn| turn.id == *before);
        let turn = turn.ok_or(Error::NotFound)?;
        request.search_for = (!form.as_typed.is_empty()).then(|| turn.question.clone());
        request.filter = Some(kept_filter(turn.filter)?);
        request.question = turn.question;
        request.replaces = Some(turn.id);
    } else if !form.suggested.is_empty() {
        request.search_for = Some(form.suggested.clone());
        request.question = form.suggested;
    }
    if request.question.is_empty() {
        return Err(Error::EmptyQuestion);
    }
    let id = if form.conversation.is_empty() {
        begun(&shared, &viewer, "").await?.id
    } else {
        form.conversation
    };
    request.conversation = Some(id.clone());
    let begun = ask(&shared, &viewer, request).await?;
    let body = answered(&shared, begun).await?;
    let turn = body.turn.unwrap_or_default();
    Ok(Redirect::to(&format!("/conversations/{id}#turn-{turn}")))
}

/// What a question was narrowed to. One whose filter cannot be read is not asked of everything instead.
fn kept_filter(kept: Value) -> Result<wire::FilterBody, Error> {
    let read = serde_json::from_value(kept);
    read.map_err(|_| {
        Error::field(
            "filter",
            "what this question was narrowed to cannot be read any more; ask it anew",
        )
    })
}

fn filter(form: &AskForm) -> Result<wire::FilterBody, Error> {
    let day = |name: &'static str, text: &str| match text.trim() {
        "" => Ok(None),
        text => match text.parse() {
            Ok(day) => Ok(Some(day)),
            Err(error) => Err(Error::field(name, error)),
        },
    };
    let in_force = match form.in_force.trim() {
        "" => None,
        text => Some(
            text.parse()
                .map_err(|error| Error::field("in_force", error))?,
        ),
    };
    Ok(wire::FilterBody {
        collections: between_commas(&form.collections),
        dated_from: day("dated_from", &form.dated_from)?,
        dated_until: day("dated_until", &form.dated_until)?,
        in_force,
        ..wire::FilterBody::default()
    })
}

/// A form about a conversation.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ConversationForm {
    form_token: String,
    title: String,
}

/// `POST /conversations/{id}/rename`.
async fn rename(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Result<Form<ConversationForm>, FormRejection>,
) -> Result<Redirect, Error> {
    let form = read(form)?;
    must_be_ours(&viewer, &form.form_token)?;
    renamed(&shared, &viewer, &id, &form.title).await?;
    Ok(Redirect::to(&format!("/conversations/{id}")))
}

/// `POST /conversations/{id}/delete`.
async fn delete(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Result<Form<ConversationForm>, FormRejection>,
) -> Result<Redirect, Error> {
    let form = read(form)?;
    must_be_ours(&viewer, &form.form_token)?;
    deleted(&shared, &viewer, &id).await?;
    Ok(Redirect::to("/"))
}

#[cfg(test)]
pub(super) mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::talk::Hidden;
    use crate::web::words::words;

    /// A page on which everything that others wrote is `text`.
    pub(in crate::web) fn hostile(frame: Frame, text: &str) -> ChatPage {
        let citation = json!({"number": 1, "title": text, "quote": text, "url": text});
        let turn = ShownTurn {
            id: "t1".to_owned(),
            question: text.to_owned(),
            searched_for: Some(text.to_owned()),
            filter: json!({}),
            state: TurnState::Stopped,
            answer: Some(json!({
                "language": text, "message": text,
                "findable": [{"document": text, "title": text}],
                "claims": [{"text": text, "verdict": text, "reason": {"words": text}, "citations": [citation]}],
                "conflicts": [{"words": text, "sides": [{"citation": citation}]}],
                "withheld": {"count": 2, "reasons": [text]},
                "proof": {"answer_sha256": text},
            })),
            hidden: Hidden {
                closed: 1,
                deleted: 1,
            },
            suggestions: vec![text.to_owned()],
            created: Timestamp::UNIX_EPOCH,
        };
        let conversation = Conversation {
            id: "c1".to_owned(),
            title: text.to_owned(),
            created: Timestamp::UNIX_EPOCH,
            updated: Timestamp::UNIX_EPOCH,
            turns: 1,
        };
        let (words, language) = (frame.words, frame.language);
        ChatPage {
            frame,
            conversations: vec![conversation],
            query: text.to_owned(),
            next: Some(text.to_owned()),
            open: Some(Open {
                id: "c1".to_owned(),
                title: text.to_owned(),
                turns: vec![view(turn, words, language)],
            }),
        }
    }

    #[test]
    fn a_link_of_an_answer_leads_to_a_document_of_this_server() {
        let link = |url: &str| quote(&json!({"url": url}), words(Language::En)).url;
        assert_eq!(
            link("/documents/1?start=2#quote"),
            "/documents/1?start=2#quote"
        );
        for elsewhere in [
            "https://evil.example",
            "javascript:alert(1)",
            "//evil.example",
            "",
        ] {
            assert_eq!(link(elsewhere), "/documents");
        }
    }

    #[test]
    fn filters_of_the_form_are_read_and_wrong_days_named() {
        let form = |from: &str| AskForm {
            collections: " 인사, 재무 ,".to_owned(),
            dated_from: from.to_owned(),
            ..AskForm::default()
        };
        let read = filter(&form("2025-01-01")).unwrap();
        assert_eq!(read.collections.len(), 2);
        assert!(read.dated_from.is_some() && read.in_force.is_none());
        let wrong = filter(&form("2025-02-30")).unwrap_err();
        assert!(matches!(wrong, Error::Field { field, .. } if field == "dated_from"));
    }

    #[test]
    fn a_question_is_asked_again_of_the_same_documents_or_not_at_all() {
        let kept = json!({
            "collections": ["인사"], "tags": ["hr"], "languages": ["ko"], "authors": ["김민아"],
            "documents": [ingest::DocumentId::at("a").to_string()], "title": "휴가",
            "dated_from": "2025-01-01", "dated_until": "2025-12-31", "in_force": "any",
        });
        let read = kept_filter(kept.clone()).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), kept);
        assert_eq!(kept_filter(json!({})).unwrap(), wire::FilterBody::default());
        for unreadable in [json!({"rooms": ["1"]}), json!({"tags": 7}), json!(null)] {
            let error = kept_filter(unreadable).unwrap_err();
            assert!(matches!(error, Error::Field { field, .. } if field == "filter"));
        }
    }

    #[test]
    fn a_page_with_an_answer_has_the_hooks_that_scripts_look_for() {
        let page = hostile(Frame::plain(Language::En), "x").render().unwrap();
        for hook in [
            "data-conversation=\"c1\"",
            "data-turn=\"t1\"",
            "data-answer=\"x\"",
            "data-sentence=\"0\"",
            "id=\"turn-t1\"",
        ] {
            assert!(page.contains(hook), "{hook}");
        }
    }
}
