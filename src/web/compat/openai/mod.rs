//! `POST /v1/chat/completions`, as OpenAI's clients ask and read it.
//!
//! The content is the sentences that are shown, each followed by the numbers of its quotes:
//! `Leave is 15 days. [1]`. Every number is an annotation; indices count Unicode code points, as
//! Python does, and the end is exclusive. The whole object of `POST /v1/answers`, which
//! `POST /v1/verify` takes, is under `grounding`.

mod body;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::Event;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::dialect::{self, OpenAiErrorBody};
use super::models::Model;
use super::request::{MessageInput, Refused, earlier, look_at, question};
use super::{Asking, Said, WriteEvents, new_id, origin, quotes, warning};
use crate::language::Language;
use crate::web::Shared;
use crate::web::api::JsonBody;
use crate::web::connection::Connection;
use crate::web::error::Error;
use crate::web::stream::data;
use crate::web::viewer::{Speaks, Viewer};
use crate::web::wire::{AnswerBody, ClaimBody, FilterBody, Language as Tag};
use body::{
    Annotation, ChatChoice, ChatCompletion, ChatMessage, ChatUsage, ChunkChoice, ChunkDelta,
    ChunkUsage, PromptTokens, UrlCitation,
};

pub(in crate::web) use body::ChatChunk;

/// Who may speak in a conversation.
const ROLES: &[&str] = &["system", "developer", "user", "assistant"];

/// Fields that are let through and not read: none of them can change what is right.
const IGNORED: &[&str] = &[
    "frequency_penalty",
    "logit_bias",
    "max_completion_tokens",
    "max_tokens",
    "metadata",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning_effort",
    "safety_identifier",
    "seed",
    "service_tier",
    "store",
    "temperature",
    "top_p",
    "user",
    "verbosity",
];

const NO_TOOLS: &str = "there are no tools here";
const NO_AUDIO: &str = "answers are text";
const NO_PROBABILITIES: &str = "answers have no probabilities of tokens; see `grounding`";

/// Fields that ask for what there is not.
const REFUSED: &[Refused] = &[
    Refused::new("tools", NO_TOOLS, &[]),
    Refused::new("functions", NO_TOOLS, &[]),
    Refused::new("tool_choice", NO_TOOLS, &["none", "auto"]),
    Refused::new("function_call", NO_TOOLS, &["none", "auto"]),
    Refused::new("audio", NO_AUDIO, &[]),
    Refused::new("modalities", NO_AUDIO, &["text"]),
    Refused::new(
        "response_format",
        "answers are sentences of text",
        &["text"],
    ),
    Refused::new("logprobs", NO_PROBABILITIES, &[]),
    Refused::new("top_logprobs", NO_PROBABILITIES, &[]),
    Refused::new("moderation", "nothing is moderated here", &[]),
    Refused::new("stop", "an answer is not cut at words", &[]),
    Refused::new(
        "web_search_options",
        "only the documents here are searched",
        &[],
    ),
];

/// A conversation whose newest message is a question.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(in crate::web) struct ChatRequest {
    /// A model that `GET /v1/models` lists, such as `veracite`.
    model: String,
    /// The conversation. The newest message of the user is the question; earlier ones of the user are
    /// read to complete a follow-up, the others are not read.
    messages: Vec<MessageInput>,
    /// Whether the answer comes as server-sent events.
    #[serde(default)]
    stream: Option<bool>,
    /// What a stream holds.
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    /// How many answers: 1.
    #[serde(default)]
    n: Option<u32>,
    /// Not of OpenAI: the language to answer in; the question's if left out.
    #[serde(default)]
    language: Option<Tag>,
    /// Not of OpenAI: narrows the question to some documents.
    #[serde(default)]
    filter: Option<FilterBody>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// What a stream holds.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
pub(in crate::web) struct StreamOptions {
    /// Whether a chunk with `usage` comes last.
    #[serde(default)]
    include_usage: Option<bool>,
}

/// Answers the newest question of a conversation, as OpenAI's clients ask and read it.
///
/// The content is the sentences of the answer that are shown, each checked before it is sent,
/// each followed by the numbers of its quotes, such as `[1]`. `annotations` tell of every number;
/// their indices count Unicode code points from 0, the end exclusive. `grounding` is the whole
/// body of `POST /v1/answers`, which `POST /v1/verify` takes. An answer that abstains says so in
/// the content and has `grounding.abstained`.
///
/// System and developer messages and earlier answers are not read. A follow-up, such as `And for
/// interns?`, is completed from the earlier questions of the user; `grounding.searched_for` says
/// how.
///
/// Accepted and not read, since they cannot change what is right: `frequency_penalty`,
/// `logit_bias`, `max_completion_tokens`, `max_tokens`, `metadata`, `parallel_tool_calls`,
/// `prediction`, `presence_penalty`, `prompt_cache_key`, `prompt_cache_options`,
/// `prompt_cache_retention`, `reasoning_effort`, `safety_identifier`, `seed`, `service_tier`,
/// `store`, `temperature`, `top_p`, `user`, `verbosity`. How long answers may be is for the
/// administrator to say (`generator.max_tokens`).
///
/// Refused, unless they ask for nothing: `tools`, `functions`, `tool_choice`, `function_call`,
/// `audio`, `modalities`, `response_format`, `logprobs`, `top_logprobs`, `moderation`, `stop`,
/// `web_search_options`, `n` other than 1, parts of messages that are not text, roles other than
/// `system`, `developer`, `user` and `assistant`, and fields that nobody knows.
///
/// With `stream` come chunks (`ChatChunk`): the role; each sentence once it is checked, with its
/// annotations; `finish_reason` with `grounding`; with `stream_options.include_usage` the usage;
/// `[DONE]`. A failure in between is a last event with `error`.
#[utoipa::path(
    post, path = "/v1/chat/completions", tag = "compatible",
    request_body(content = ChatRequest, example = json!({
        "model": "veracite",
        "messages": [{"role": "user", "content": "입사 1년 미만 직원의 연차는 며칠인가요?"}],
        "filter": {"collections": ["인사"]}
    })),
    responses(
        (status = 200, description = "The checked answer; with `stream` as `text/event-stream`. In the example `grounding` is shortened", body = ChatCompletion, example = json!({
            "id": "chatcmpl-6f1d9c1a5b0e4c3d8e7f2a1b0c9d8e7f",
            "object": "chat.completion",
            "created": 1_772_323_200,
            "model": "veracite",
            "choices": [{
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "입사 1년 미만 직원의 연차휴가는 최대 11일이다. [1]",
                    "refusal": null,
                    "annotations": [{
                        "type": "url_citation",
                        "url_citation": {
                            "start_index": 29, "end_index": 32,
                            "title": "휴가 규정",
                            "url": "http://127.0.0.1:8420/documents/ID?version=SHA256&start=24&end=51&quote_sha256=SHA256#quote",
                            "quote": "입사 1년 미만 직원의 연차휴가는 최대 11일이다.",
                            "claim": 0, "citation": 0
                        }
                    }]
                },
                "logprobs": null,
                "finish_reason": "stop"
            }],
            "usage": {
                "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0,
                "prompt_tokens_details": {"cached_tokens": 0}
            },
            "grounding": {"abstained": false, "text": "입사 1년 미만 직원의 연차휴가는 최대 11일이다."}
        })),
        (status = 400, description = "A field is wrong or refused, or the question is empty", body = OpenAiErrorBody, example = json!({
            "error": {"message": "`tools` is wrong: there are no tools here.", "type": "invalid_request_error", "param": "tools", "code": "bad_field"}
        })),
        (status = 401, description = "No key, or a wrong one", body = OpenAiErrorBody),
        (status = 404, description = "There is no such model", body = OpenAiErrorBody, example = json!({
            "error": {"message": "There is no model `gpt-4o`. `/v1/models` lists them.", "type": "invalid_request_error", "param": "model", "code": "model_not_found"}
        })),
        (status = 422, description = "The question is too long", body = OpenAiErrorBody),
        (status = 503, description = "Too many questions run", body = OpenAiErrorBody),
    )
)]
pub(in crate::web) async fn completions(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(speaks): Speaks,
    connection: Connection,
    headers: HeaderMap,
    JsonBody(request): JsonBody<ChatRequest>,
) -> Result<Response, Error> {
    let model = Model::named(&shared.app, &request.model)?;
    look_at(&request.rest, IGNORED, REFUSED)?;
    if request.n.is_some_and(|n| n != 1) {
        return Err(Error::field("n", "one answer is given"));
    }
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
        id: new_id("chatcmpl-"),
        created: Timestamp::now().as_second(),
        model: request.model,
        text: Text::new(asking.question.language, origin(connection, &headers)),
        speaks,
        includes_usage: request
            .stream_options
            .and_then(|options| options.include_usage)
            .unwrap_or_default(),
    };
    if let Some(room) = room {
        return asking.stream(room, writer);
    }
    let body = asking.whole().await?;
    Ok(Json(writer.completion(body)).into_response())
}

/// Writes sentences with the numbers of their quotes, and knows where they stand.
#[derive(Debug)]
struct Text {
    language: Language,
    origin: String,
    /// Code points so far.
    length: usize,
    sentences: usize,
}

impl Text {
    fn new(language: Language, origin: String) -> Self {
        Self {
            language,
            origin,
            length: 0,
            sentences: 0,
        }
    }

    /// The next sentence as it is appended to the content.
    fn next(&mut self, claim: &ClaimBody) -> (String, Vec<Annotation>) {
        let mut said = String::new();
        if self.sentences > 0 {
            said.push(' ');
        }
        said.push_str(&claim.text);
        let quotes = quotes(claim);
        let mut annotations = Vec::with_capacity(quotes.len());
        let mut numbers: Vec<u32> = Vec::new();
        for quote in quotes {
            if !numbers.contains(&quote.number) {
                numbers.push(quote.number);
            }
        }
        for (position, number) in numbers.into_iter().enumerate() {
            if position == 0 {
                said.push(' ');
            }
            let start_index = self.length + said.chars().count();
            let _ = write!(said, "[{number}]");
            let end_index = self.length + said.chars().count();
            let own = (0..)
                .zip(quotes)
                .filter(|(_, quote)| quote.number == number);
            annotations.extend(own.map(|(citation, quote)| Annotation {
                kind: "url_citation",
                url_citation: UrlCitation {
                    start_index,
                    end_index,
                    title: quote.title.clone(),
                    url: format!("{}{}", self.origin, quote.url),
                    quote: quote.quote.clone(),
                    claim: self.sentences,
                    citation,
                },
            }));
        }
        if let Some(warning) = warning(claim.verdict, self.language) {
            said.push_str(&warning);
        }
        self.length += said.chars().count();
        self.sentences += 1;
        (said, annotations)
    }
}

/// What every chunk of a stream begins with, and what has been written.
#[derive(Debug)]
struct Writer {
    id: String,
    created: i64,
    model: String,
    text: Text,
    speaks: Language,
    includes_usage: bool,
}

impl Writer {
    fn completion(mut self, body: AnswerBody) -> ChatCompletion {
        let mut content = String::new();
        let mut annotations = Vec::new();
        for claim in &body.claims {
            let (said, own) = self.text.next(claim);
            content.push_str(&said);
            annotations.extend(own);
        }
        if let Some(message) = body.message.as_deref().filter(|_| body.abstained) {
            message.clone_into(&mut content);
        }
        ChatCompletion {
            id: self.id,
            object: "chat.completion",
            created: self.created,
            model: self.model,
            choices: vec![ChatChoice {
                index: 0,
                message: ChatMessage {
                    role: "assistant",
                    content,
                    refusal: None,
                    annotations,
                },
                logprobs: None,
                finish_reason: finish_reason(&body),
            }],
            usage: usage(&body),
            grounding: body,
        }
    }

    fn chunk(&self, delta: ChunkDelta, finish_reason: Option<&'static str>) -> ChatChunk {
        ChatChunk {
            id: self.id.clone(),
            object: "chat.completion.chunk",
            created: self.created,
            model: self.model.clone(),
            choices: vec![ChunkChoice {
                index: 0,
                delta,
                logprobs: None,
                finish_reason,
            }],
            usage: self.includes_usage.then_some(ChunkUsage::NotYet),
            grounding: None,
        }
    }

    fn last(&self, body: Box<AnswerBody>) -> Vec<Event> {
        let mut events = Vec::new();
        if body.abstained {
            let delta = ChunkDelta {
                content: body.message.clone(),
                ..ChunkDelta::default()
            };
            events.push(data(&self.chunk(delta, None)));
        }
        let usage = usage(&body);
        let finish = ChatChunk {
            grounding: Some(body.clone()),
            ..self.chunk(ChunkDelta::default(), Some(finish_reason(&body)))
        };
        events.push(data(&finish));
        if self.includes_usage {
            events.push(data(&ChatChunk {
                choices: Vec::new(),
                usage: Some(ChunkUsage::Counted(usage)),
                ..self.chunk(ChunkDelta::default(), None)
            }));
        }
        events.push(Event::default().data("[DONE]"));
        events
    }
}

impl WriteEvents for Writer {
    fn write(&mut self, said: Said) -> Vec<Event> {
        match said {
            Said::Began => {
                let delta = ChunkDelta {
                    role: Some("assistant"),
                    content: Some(String::new()),
                    ..ChunkDelta::default()
                };
                vec![data(&self.chunk(delta, None))]
            }
            Said::Heartbeat => vec![Event::default().comment("heartbeat")],
            Said::Sentence(claim) => {
                let (content, annotations) = self.text.next(&claim);
                let delta = ChunkDelta {
                    content: Some(content),
                    annotations,
                    ..ChunkDelta::default()
                };
                vec![data(&self.chunk(delta, None))]
            }
            Said::Final(body) => self.last(body),
            Said::Failed(error) => vec![data(&dialect::openai(&error, self.speaks))],
        }
    }
}

fn finish_reason(body: &AnswerBody) -> &'static str {
    if body.truncated { "length" } else { "stop" }
}

fn usage(body: &AnswerBody) -> ChatUsage {
    let (prompt_tokens, cached_tokens, completion_tokens) =
        body.usage.as_ref().map_or((0, 0, 0), |usage| {
            let cached = usage.cached_tokens.unwrap_or(0);
            (usage.prompt_tokens, cached, usage.completion_tokens)
        });
    ChatUsage {
        prompt_tokens,
        completion_tokens,
        total_tokens: prompt_tokens + completion_tokens,
        prompt_tokens_details: PromptTokens { cached_tokens },
    }
}

#[cfg(test)]
mod tests;
