//! The Model Context Protocol: the tools `search`, `ask` and `check`, and documents to read, for the
//! assistants that people already use, over HTTP at `/mcp` and over standard input and output.
//!
//! | module | what it is for |
//! |---|---|
//! | `tools` | what the tools are called, and what goes in and out |
//! | `said` | what comes out, for models that read text |
//! | `resources` | which documents there are to read, and their text |
//! | `stdio` | `veracite mcp` |
//!
//! Each request stands for itself: there are no sessions of the protocol, so that rights are those
//! of the moment, and nothing is kept. Who asks is decided where it is for all routes
//! (`viewer`); a question goes the way of `POST /v1/answers` and no other. What calls a tool counts as
//! a question (`limits`); what lists or reads does not.

mod resources;
mod said;
mod stdio;
mod tools;

pub(crate) use stdio::serve as serve_stdio;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData,
    Implementation, JsonObject, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities,
    ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{RoleServer, ServerHandler};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::{Instrument as _, Span};

use resources::ResourceError;

use super::error::Error;
use super::limits::{Limits, Seat};
use super::viewer::{Gate, Viewer};
use super::{BODY_LIMIT, Shared, wire};
use crate::app::App;
use crate::ask::{Question, Reader, Scope};
use crate::check::{Mode, draft_sentences};
use crate::language::Language;

/// Sentences of a text that is checked by the documents: each is a search.
const SENTENCES_LIMIT: usize = 200;

/// What models are told of this server.
const INSTRUCTIONS: &str = "Answers from the documents of this installation, in Korean and English. \
    `ask` gives an answer whose every sentence was checked against the exact words it cites; show its citations, \
    and say so when it abstains. `search` gives passages word for word. `check` says of each sentence of a text \
    whether passages, or the documents, support it. Resources are the documents themselves: their text, whole or \
    by page.";

/// On whose behalf tools run.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    /// Who they are in the audit log.
    pub(crate) actor: Arc<str>,
    /// What they may read.
    pub(crate) reader: Reader,
}

/// A key that somebody showed once, for all their calls.
#[derive(Clone, Debug)]
struct Shown {
    gate: Arc<Gate>,
    key: SecretString,
}

/// Whose calls of tools count as questions, and where.
#[derive(Clone, Debug)]
struct Counted {
    limits: Arc<Limits>,
    viewer: Viewer,
}

/// The server of one asker.
#[derive(Clone, Debug)]
struct Server {
    app: Arc<App>,
    asker: Asker,
    /// The key by which the asker is looked up anew for each call; none where each call comes with who
    /// asks.
    shown: Option<Shown>,
    /// None where nobody else is on this machine.
    counted: Option<Counted>,
    /// The request that the tools run for, in traces: the protocol runs them as a task of its own.
    span: Span,
}

/// A tool that could not do what it was asked for.
enum Failed {
    /// There is none of this name.
    NoTool,
    /// Why, in the language of what was asked.
    Because(Error, Language),
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_resources()
            .build();
        let name =
            Implementation::new("veracite", env!("CARGO_PKG_VERSION")).with_title("Veracite");
        ServerConfig::new(capabilities)
            .with_server_info(name)
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools::all()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        tools::all().into_iter().find(|tool| tool.name == name)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        let called = tokio::select! {
            called = self.call(&request.name, arguments).instrument(self.span.clone()) => called,
            // Who asked has left: what runs for them ends.
            () = context.ct.cancelled() => {
                return Err(ErrorData::internal_error("the call was cancelled", None));
            }
        };
        match called {
            Ok(result) => Ok(result.into()),
            Err(Failed::NoTool) => {
                let words = format!("there is no tool `{}`", request.name);
                Err(ErrorData::invalid_params(words, None))
            }
            Err(Failed::Because(error, language)) => {
                let sentence = ContentBlock::text(error.sentence(language));
                Ok(CallToolResult::error(vec![sentence]).into())
            }
        }
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let cursor = request.and_then(|request| request.cursor);
        let listing = async {
            let server = self.of_now().await.map_err(ResourceError::Failed)?;
            let library = server.app.library();
            resources::list(library, &server.asker.reader, cursor.as_deref()).await
        };
        Ok(listing.instrument(self.span.clone()).await?)
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(resources::templates())
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let reading = async {
            let server = self.of_now().await.map_err(ResourceError::Failed)?;
            let library = server.app.library();
            resources::read(library, &server.asker.reader, &request.uri).await
        };
        Ok(reading.instrument(self.span.clone()).await?.into())
    }
}

impl Server {
    async fn call(&self, name: &str, arguments: JsonObject) -> Result<CallToolResult, Failed> {
        if self.get_tool(name).is_none() {
            return Err(Failed::NoTool);
        }
        let server = self.of_now().await;
        let server = server.map_err(|error| because(error, Language::En))?;
        let _seat = server
            .count()
            .map_err(|error| because(error, Language::En))?;
        match name {
            tools::SEARCH => server.search(read(arguments)?).await,
            tools::ASK => server.ask(read(arguments)?).await,
            tools::CHECK => server.check(read(arguments)?).await,
            _ => Err(Failed::NoTool),
        }
    }

    /// The same server, for its asker as they are now: a key ends, and groups change.
    async fn of_now(&self) -> Result<Self, Error> {
        let Some(shown) = &self.shown else {
            return Ok(self.clone());
        };
        let found = shown.gate.by_key(shown.key.expose_secret()).await?;
        let viewer = found.ok_or(Error::SignIn)?;
        Ok(Self {
            asker: Asker {
                actor: viewer.actor,
                reader: viewer.reader,
            },
            ..self.clone()
        })
    }

    /// Counts a call of a tool, whose seat is held until it has its result.
    fn count(&self) -> Result<Option<Seat>, Error> {
        match &self.counted {
            Some(Counted { limits, viewer }) => limits.question(viewer),
            None => Ok(None),
        }
    }

    async fn search(&self, request: wire::SearchRequest) -> Result<CallToolResult, Failed> {
        let question = self.question(request.query, None, request.filter);
        let found = self.app.search_as(&self.asker.actor, &question).await;
        let found = found.map_err(|error| because(error, question.language))?;
        let body = wire::found(&question.text, &found, request.limit);
        shown(said::found(&body, question.language), &body)
    }

    async fn ask(&self, request: wire::AnswerRequest) -> Result<CallToolResult, Failed> {
        let mut question = self.question(request.question, request.language, request.filter);
        question.adapter = request.adapter;
        let mode = request.mode.map_or_else(Mode::default, Into::into);
        let answering = self
            .app
            .answer_as(&self.asker.actor, question.clone(), mode);
        let answer = answering
            .await
            .map_err(|error| because(error, question.language))?;
        let notices = self.app.notices(question.language);
        let body = wire::answer(&question, &answer, &notices, self.app.prover());
        shown(said::answer(&body, question.language), &body)
    }

    async fn check(&self, request: wire::CheckTextRequest) -> Result<CallToolResult, Failed> {
        let question = self.question(request.text, request.language, request.filter);
        let language = question.language;
        let wrong =
            |field: &str, detail: String| Failed::Because(Error::field(field, detail), language);
        let body = if let Some(passages) = request.passages {
            let check = wire::CheckRequest {
                answer: None,
                sentences: Some(wire::sentences(&question.text, passages.len())),
                passages,
                language: request.language,
                mode: None,
            };
            let report = wire::check(self.app.checker(), check).await;
            wire::CheckTextBody::Passages(report.map_err(|error| {
                // The text was cut here: a model knows of no list of sentences.
                let field = if error.field() == "sentences" {
                    "text"
                } else {
                    error.field()
                };
                wrong(field, error.to_string())
            })?)
        } else {
            let sentences = draft_sentences(&question.text);
            let count = sentences.len();
            if count > SENTENCES_LIMIT {
                let detail = format!("it has {count} sentences, the limit is {SENTENCES_LIMIT}");
                return Err(wrong("text", detail));
            }
            let actor = &self.asker.actor;
            let checked = self.app.check_text_as(actor, &question, sentences).await;
            let checked = checked.map_err(|error| because(error, language))?;
            let checker = self.app.checker().name();
            wire::CheckTextBody::Documents(wire::checked(&checked, language, checker))
        };
        shown(said::checked(&body, language), &body)
    }

    fn question(
        &self,
        text: String,
        language: Option<wire::Language>,
        filter: Option<wire::FilterBody>,
    ) -> Question {
        Question {
            language: language.map_or_else(|| Language::of(&text), Into::into),
            reader: self.asker.reader.clone(),
            scope: filter.map_or_else(Scope::default, Into::into),
            adapter: None,
            text,
        }
    }
}

fn because(error: impl Into<Error>, language: Language) -> Failed {
    Failed::Because(error.into(), language)
}

/// The arguments of a tool.
fn read<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, Failed> {
    // Nothing tells the language of what cannot be read; models read English.
    serde_json::from_value(arguments.into())
        .map_err(|error| because(Error::field("arguments", error), Language::En))
}

/// A result: text for models that read text, and the whole of it for programs.
fn shown(text: String, body: &impl Serialize) -> Result<CallToolResult, Failed> {
    let body = serde_json::to_value(body)
        .map_err(|error| because(Error::internal("writing a result", &error), Language::En))?;
    let mut result = CallToolResult::structured(body);
    result.content = vec![ContentBlock::text(text)];
    Ok(result)
}

/// `POST /mcp`: the protocol's streamable HTTP, without sessions.
pub(super) async fn serve(
    State(shared): State<Shared>,
    viewer: Viewer,
    request: Request,
) -> Response {
    let server = Server {
        app: shared.app,
        asker: Asker {
            actor: Arc::clone(&viewer.actor),
            reader: viewer.reader.clone(),
        },
        shown: None,
        counted: Some(Counted {
            limits: shared.limits,
            viewer,
        }),
        span: Span::current(),
    };
    // Host and origin are looked at for all routes, before this one.
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(BODY_LIMIT)
        .disable_allowed_hosts()
        .disable_allowed_origins();
    let sessions = Arc::new(NeverSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(server.clone()), sessions, config);
    service.handle(request).await.map(Body::new)
}
