//! `POST /v1/messages`, as Anthropic's clients ask and read it.
//!
//! Every sentence that is shown is a text block of its own, with the quotes that it rests on as
//! `citations`: the exact words of the document and where they stand. The texts of the blocks,
//! one after the other, are the answer. The whole object of `POST /v1/answers`, which
//! `POST /v1/verify` takes, is under `grounding`.

mod body;

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::Event;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::dialect::{self, AnthropicErrorBody};
use super::models::Model;
use super::request::{MessageInput, Refused, earlier, look_at, question};
use super::{Asking, Said, WriteEvents, new_id, origin, quotes, warning};
use crate::language::Language;
use crate::web::Shared;
use crate::web::api::JsonBody;
use crate::web::connection::Connection;
use crate::web::error::Error;
use crate::web::stream::event;
use crate::web::viewer::{Speaks, Viewer};
use crate::web::wire::{AnswerBody, CitationBody, ClaimBody, FilterBody, Language as Tag};
use body::{AnthropicMessage, BlockDelta, MessageEnd, MessageUsage, TextBlock, TextCitation};

pub(in crate::web) use body::StreamEvent;

/// Who may speak in a conversation.
const ROLES: &[&str] = &["user", "assistant", "system"];

/// Fields that are let through and not read: none of them can change what is right.
const IGNORED: &[&str] = &[
    "cache_control",
    "diagnostics",
    "inference_geo",
    "max_tokens",
    "metadata",
    "service_tier",
    "speed",
    "system",
    "temperature",
    "thinking",
    "top_k",
    "top_p",
];

const NO_TOOLS: &str = "there are no tools here";

/// Fields that ask for what there is not.
const REFUSED: &[Refused] = &[
    Refused::new("tools", NO_TOOLS, &[]),
    Refused::new("tool_choice", NO_TOOLS, &["none", "auto"]),
    Refused::new("mcp_servers", NO_TOOLS, &[]),
    Refused::new("container", NO_TOOLS, &[]),
    Refused::new("output_config", "answers are sentences of text", &[]),
    Refused::new("stop_sequences", "an answer is not cut at words", &[]),
];

/// A conversation whose newest message is a question.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(in crate::web) struct MessagesRequest {
    /// A model that `GET /v1/models` lists, such as `veracite`.
    model: String,
    /// The conversation. The newest message of the user is the question; earlier ones of the user are
    /// read to complete a follow-up, the others are not read.
    messages: Vec<MessageInput>,
    /// Whether the answer comes as server-sent events.
    #[serde(default)]
    stream: Option<bool>,
    /// Not of Anthropic: the language to answer in; the question's if left out.
    #[serde(default)]
    language: Option<Tag>,
    /// Not of Anthropic: narrows the question to some documents.
    #[serde(default)]
    filter: Option<FilterBody>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// Answers the newest question of a conversation, as Anthropic's clients ask and read it.
///
/// Every sentence that is shown is a text block, checked before it is sent. Its `citations` are
/// the quotes that it rests on, as `page_location` in documents with pages and as
/// `char_location` in others: `cited_text` are the exact words of the document, `file_id` is the
/// document's id, and characters are Unicode code points of the document's text as it was read.
/// `grounding` is the whole body of `POST /v1/answers`, which `POST /v1/verify` takes. An answer
/// that abstains says so in one block without citations and has `grounding.abstained`.
///
/// The key is taken from `x-api-key` as well as from `Authorization: Bearer`.
///
/// `system`, messages of the role `system` and earlier answers are not read. A follow-up, such as
/// `And for interns?`, is completed from the earlier questions of the user;
/// `grounding.searched_for` says how.
///
/// Accepted and not read, since they cannot change what is right: `cache_control`,
/// `diagnostics`, `inference_geo`, `max_tokens`, `metadata`, `service_tier`, `speed`, `system`,
/// `temperature`, `thinking`, `top_k`, `top_p`. How long answers may be is for the administrator
/// to say (`generator.max_tokens`).
///
/// Refused, unless they ask for nothing: `tools`, `tool_choice`, `mcp_servers`, `container`,
/// `output_config`, `stop_sequences`, blocks that are not text (images, documents, tools), other
/// roles, and fields that nobody knows.
///
/// With `stream` come the events (`StreamEvent`) `message_start`; for each sentence, once it is
/// checked, `content_block_start`, `content_block_delta` with a `text_delta` and one with a
/// `citations_delta` for each quote, `content_block_stop`; `message_delta` with `grounding`;
/// `message_stop`; `ping` in between. A failure is a last event `error`.
#[utoipa::path(
    post, path = "/v1/messages", tag = "compatible",
    request_body(content = MessagesRequest, example = json!({
        "model": "veracite",
        "max_tokens": 1024,
        "messages": [{"role": "user", "content": "How much is the daily meal allowance on overseas trips?"}]
    })),
    responses(
        (status = 200, description = "The checked answer; with `stream` as `text/event-stream`. In the example `grounding` is shortened", body = AnthropicMessage, example = json!({
            "id": "msg_6f1d9c1a5b0e4c3d8e7f2a1b0c9d8e7f",
            "type": "message",
            "role": "assistant",
            "model": "veracite",
            "content": [{
                "type": "text",
                "text": "The daily meal allowance on overseas trips is USD 70 in Region B.",
                "citations": [{
                    "type": "page_location",
                    "cited_text": "The daily meal allowance on overseas trips is USD 70 in Region B.",
                    "document_index": 0,
                    "document_title": "Overseas Travel Guide",
                    "file_id": "ID",
                    "start_page_number": 1, "end_page_number": 2,
                    "start_char_index": 520, "end_char_index": 585,
                    "version": "SHA256",
                    "url": "http://127.0.0.1:8420/documents/ID?version=SHA256&start=520&end=585&quote_sha256=SHA256#quote"
                }]
            }],
            "stop_reason": "end_turn",
            "stop_sequence": null,
            "usage": {"input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 0},
            "grounding": {"abstained": false, "text": "The daily meal allowance on overseas trips is USD 70 in Region B."}
        })),
        (status = 400, description = "A field is wrong or refused, or the question is empty", body = AnthropicErrorBody, example = json!({
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": "`tools` is wrong: there are no tools here.",
                "details": {"error_code": "bad_field", "field": "tools"}
            }
        })),
        (status = 401, description = "No key, or a wrong one", body = AnthropicErrorBody),
        (status = 404, description = "There is no such model", body = AnthropicErrorBody),
        (status = 422, description = "The question is too long", body = AnthropicErrorBody),
        (status = 503, description = "Too many questions run", body = AnthropicErrorBody),
    )
)]
pub(in crate::web) async fn messages(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(speaks): Speaks,
    connection: Connection,
    headers: HeaderMap,
    JsonBody(request): JsonBody<MessagesRequest>,
) -> Result<Response, Error> {
    let model = Model::named(&shared.app, &request.model)?;
    look_at(&request.rest, IGNORED, REFUSED)?;
    let text = question(&request.messages, ROLES)?;
    let asked = (earlier(&request.messages), text);
    let room = request
        .stream
        .unwrap_or_default()
        .then(|| shared.limits.stream(&viewer))
        .transpose()?;
    let asking = Asking::new(
        shared,
        viewer,
        model,
        asked,
        request.language,
        request.filter,
    )
    .await;
    let writer = Writer {
        id: new_id("msg_"),
        model: request.model,
        blocks: Blocks {
            language: asking.question.language,
            origin: origin(connection, &headers),
            documents: Vec::new(),
            sentences: 0,
        },
        speaks,
    };
    if let Some(room) = room {
        return asking.stream(room, writer);
    }
    let body = asking.whole().await?;
    Ok(Json(writer.message(body)).into_response())
}

/// Makes blocks of sentences.
#[derive(Debug)]
struct Blocks {
    language: Language,
    origin: String,
    /// Ids of the documents that were cited so far.
    documents: Vec<String>,
    sentences: usize,
}

impl Blocks {
    /// The next sentence that is shown.
    fn next(&mut self, claim: &ClaimBody) -> TextBlock {
        let space = if self.sentences > 0 { " " } else { "" };
        let warning = warning(claim.verdict, self.language).unwrap_or_default();
        self.sentences += 1;
        let citations: Vec<TextCitation> = quotes(claim)
            .iter()
            .map(|quote| self.citation(quote))
            .collect();
        TextBlock {
            kind: "text",
            text: format!("{space}{}{warning}", claim.text),
            citations: (!citations.is_empty()).then_some(citations),
        }
    }

    fn citation(&mut self, quote: &CitationBody) -> TextCitation {
        let known = self.documents.iter().position(|id| *id == quote.document);
        let document_index = known.unwrap_or_else(|| {
            self.documents.push(quote.document.clone());
            self.documents.len() - 1
        });
        let cited_text = quote.quote.clone();
        let document_title = quote.title.clone();
        let file_id = quote.document.clone();
        let version = quote.version.clone();
        let url = format!("{}{}", self.origin, quote.url);
        let (start_char_index, end_char_index) = (quote.span.start, quote.span.end);
        // Slides and sheets have names of their own, under `grounding`.
        let is_printed = quote
            .location
            .as_ref()
            .is_some_and(|location| location.kind == "page");
        match (quote.page, quote.last_page) {
            (Some(first), Some(last)) if is_printed => TextCitation::PageLocation {
                cited_text,
                document_index,
                document_title,
                file_id,
                start_page_number: first,
                end_page_number: last + 1,
                start_char_index,
                end_char_index,
                version,
                url,
            },
            _ => TextCitation::CharLocation {
                cited_text,
                document_index,
                document_title,
                file_id,
                start_char_index,
                end_char_index,
                version,
                url,
            },
        }
    }
}

/// What a message is made of, and what has been written.
#[derive(Debug)]
struct Writer {
    id: String,
    model: String,
    blocks: Blocks,
    speaks: Language,
}

impl Writer {
    fn begun(&self) -> AnthropicMessage {
        AnthropicMessage {
            id: self.id.clone(),
            kind: "message",
            role: "assistant",
            model: self.model.clone(),
            content: Vec::new(),
            stop_reason: None,
            stop_sequence: None,
            usage: MessageUsage::default(),
            grounding: None,
        }
    }

    fn message(mut self, body: AnswerBody) -> AnthropicMessage {
        let content = match abstention(&body) {
            Some(block) => vec![block],
            None => body
                .claims
                .iter()
                .map(|claim| self.blocks.next(claim))
                .collect(),
        };
        AnthropicMessage {
            content,
            stop_reason: Some(stop_reason(&body)),
            usage: usage(&body),
            grounding: Some(Box::new(body)),
            ..self.begun()
        }
    }

    fn block(index: usize, block: TextBlock) -> Vec<StreamEvent> {
        let TextBlock {
            kind,
            text,
            citations,
        } = block;
        let empty = TextBlock {
            kind,
            text: String::new(),
            citations: None,
        };
        let mut events = vec![
            StreamEvent::ContentBlockStart {
                index,
                content_block: empty,
            },
            StreamEvent::ContentBlockDelta {
                index,
                delta: BlockDelta::TextDelta { text },
            },
        ];
        events.extend(citations.into_iter().flatten().map(|citation| {
            StreamEvent::ContentBlockDelta {
                index,
                delta: BlockDelta::CitationsDelta { citation },
            }
        }));
        events.push(StreamEvent::ContentBlockStop { index });
        events
    }
}

impl WriteEvents for Writer {
    fn write(&mut self, said: Said) -> Vec<Event> {
        let events = match said {
            Said::Began => vec![StreamEvent::MessageStart {
                message: self.begun(),
            }],
            Said::Heartbeat => vec![StreamEvent::Ping],
            Said::Sentence(claim) => {
                let index = self.blocks.sentences;
                let block = self.blocks.next(&claim);
                Self::block(index, block)
            }
            Said::Final(body) => {
                let mut events = abstention(&body)
                    .map(|block| Self::block(0, block))
                    .unwrap_or_default();
                events.push(StreamEvent::MessageDelta {
                    delta: MessageEnd {
                        stop_reason: stop_reason(&body),
                        stop_sequence: None,
                    },
                    usage: usage(&body),
                    grounding: body,
                });
                events.push(StreamEvent::MessageStop);
                events
            }
            Said::Failed(error) => {
                return vec![event("error", &dialect::anthropic(&error, self.speaks))];
            }
        };
        events
            .iter()
            .map(|content| event(content.name(), content))
            .collect()
    }
}

impl StreamEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::MessageStart { .. } => "message_start",
            Self::ContentBlockStart { .. } => "content_block_start",
            Self::ContentBlockDelta { .. } => "content_block_delta",
            Self::ContentBlockStop { .. } => "content_block_stop",
            Self::MessageDelta { .. } => "message_delta",
            Self::MessageStop => "message_stop",
            Self::Ping => "ping",
        }
    }
}

/// For an answer that abstains: that it does.
fn abstention(body: &AnswerBody) -> Option<TextBlock> {
    let message = body.message.as_ref().filter(|_| body.abstained)?;
    Some(TextBlock {
        kind: "text",
        text: message.clone(),
        citations: None,
    })
}

fn stop_reason(body: &AnswerBody) -> &'static str {
    if body.truncated {
        "max_tokens"
    } else {
        "end_turn"
    }
}

fn usage(body: &AnswerBody) -> MessageUsage {
    body.usage
        .as_ref()
        .map_or_else(MessageUsage::default, |usage| {
            let cached = usage.cached_tokens.unwrap_or(0);
            MessageUsage {
                input_tokens: usage.prompt_tokens.saturating_sub(cached),
                cache_read_input_tokens: cached,
                output_tokens: usage.completion_tokens,
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_named_by_their_type() {
        let citation = TextCitation::CharLocation {
            cited_text: "연차는 15일이다.".to_owned(),
            document_index: 0,
            document_title: "휴가 규정".to_owned(),
            file_id: "d".to_owned(),
            start_char_index: 3,
            end_char_index: 13,
            version: "v".to_owned(),
            url: "/documents/d".to_owned(),
        };
        let block = TextBlock {
            kind: "text",
            text: "연차는 15일이다.".to_owned(),
            citations: Some(vec![citation]),
        };
        let mut events = Writer::block(0, block);
        events.extend([StreamEvent::Ping, StreamEvent::MessageStop]);
        let mut names = Vec::new();
        for event in &events {
            let json = serde_json::to_value(event).unwrap();
            assert_eq!(json["type"], event.name());
            names.push(event.name());
        }
        assert_eq!(
            names,
            [
                "content_block_start",
                "content_block_delta",
                "content_block_delta",
                "content_block_stop",
                "ping",
                "message_stop"
            ]
        );
        let delta = serde_json::to_value(&events[2]).unwrap();
        assert_eq!(delta["delta"]["type"], "citations_delta");
        assert_eq!(delta["delta"]["citation"]["type"], "char_location");
        assert_eq!(delta["delta"]["citation"]["end_char_index"], 13);
    }

    #[test]
    fn what_the_documentation_says_of_fields_is_so() {
        let source = include_str!("mod.rs");
        let documented = source
            .lines()
            .filter(|line| line.starts_with("///"))
            .collect::<String>();
        for field in IGNORED
            .iter()
            .copied()
            .chain(REFUSED.iter().map(Refused::field))
        {
            assert!(documented.contains(&format!("`{field}`")), "{field}");
        }
    }
}
