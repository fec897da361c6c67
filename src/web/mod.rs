//! The web pages and the API.
//!
//! | module | what it is for |
//! |---|---|
//! | [`wire`] | the JSON that goes in and out, apart from inner types |
//! | `serve`, `config`, `connection` | connections that come in, `[server]`, where a request comes from |
//! | `viewer`, `limits`, `protect` | who asks, and in which language; how much one may ask for; what browsers are told that pages may do |
//! | `api`, `stream`, `upload` | JSON routes, server-sent events, files that come in |
//! | `chat`, `conversations` | the page for questions and answers; kept ones of whoever asks |
//! | `feedback` | what people say of answers, and what administrators decide on it |
//! | `office` | lists of documents, details of one, sources, the pages of administrators |
//! | `pages`, `source` | what pages have in common; a document's text |
//! | `people` | signing in, one's account, the people of an installation |
//! | `rights` | who may read which document, and who changes that |
//! | `webhooks` | who is told what becomes of documents |
//! | `compat` | the same answers for clients of OpenAI and Anthropic |
//! | `mcp` | the same answers, passages and checks as tools of other assistants, and documents to read |
//! | `docs`, `described` | the page that describes the API; what its description says of every route |
//! | `words`, `groups`, `told` | the words of both languages; what pages call groups; what readers of files say, in Korean |
//! | `error`, `assets` | what goes wrong, and the sentences for it; style sheet and scripts |
//! | `audited`, `metrics`, `traced` | what the audit log is told, what is measured and traced |
//!
//! Nothing here makes an answer: pages and routes show what the checker made, and of a kept answer what
//! its owner may still read. Nothing is
//! fetched from another host, and pages cannot either: the content security policy starts
//! from nothing.

mod api;
mod assets;
mod audited;
mod chat;
mod compat;
mod config;
mod connection;
mod conversations;
mod described;
mod docs;
mod error;
mod feedback;
mod groups;
mod limits;
mod mcp;
mod metrics;
mod office;
mod pages;
mod people;
mod protect;
mod rights;
mod serve;
mod source;
mod stream;
mod told;
mod traced;
mod upload;
mod viewer;
mod webhooks;
pub mod wire;
mod words;

pub use config::{ApiKey, ServerConfig};
pub use error::{ErrorBody, ErrorFields};
pub use limits::LimitsConfig;
pub(crate) use mcp::serve_stdio as serve_mcp;
pub(crate) use people::{invitation_path, set_up_path};
pub use serve::serve;
pub(crate) use words::words;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};

use crate::app::App;
use crate::oidc::Providers;
use limits::Limits;
use viewer::Gate;

/// A JSON body may have this many bytes: a check request brings whole passages.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// What every handler has.
#[derive(Clone, Debug)]
struct Shared {
    app: Arc<App>,
    gate: Arc<Gate>,
    limits: Arc<Limits>,
    oidc: Arc<Providers>,
}

/// The pages and the API of `app`.
pub fn router(app: Arc<App>, config: &ServerConfig) -> Router {
    upload::clear(&upload::folder(&app));
    let shared = Shared {
        gate: Arc::new(Gate::new(config, Arc::clone(app.people()))),
        limits: Arc::new(Limits::new(&config.limits)),
        oidc: Arc::new(Providers::new(config)),
        app,
    };
    Router::new()
        .merge(chat::routes())
        .route("/documents/{id}", get(pages::source))
        .merge(office::routes())
        .merge(people::routes())
        .merge(conversations::routes())
        .merge(rights::routes())
        .merge(webhooks::routes())
        .merge(feedback::routes())
        .route("/v1/answers", post(api::answers))
        .route("/v1/check", post(api::check))
        .route("/v1/chat/completions", post(compat::openai::completions))
        .route("/v1/messages", post(compat::anthropic::messages))
        .route("/v1/models", get(compat::models::list))
        .route("/v1/models/{id}", get(compat::models::one))
        .route("/mcp", any(mcp::serve))
        .route("/v1/verify", post(api::verify))
        .route("/v1/documents/events", get(api::document_events))
        .route(
            "/v1/documents/{id}",
            get(api::document).patch(api::change).delete(api::delete),
        )
        .route("/v1/documents/{id}/versions", get(api::versions))
        .route("/v1/documents/{id}/retry", post(api::retry))
        .route("/v1/documents/{id}/cancel", post(api::cancel))
        .route("/v1/documents/{id}/original", get(api::original))
        .route("/v1/documents/{id}/pages/{page}", get(api::page))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        // Files are bounded one by one while they are streamed to disk.
        .route(
            "/v1/documents",
            get(office::documents).merge(post(upload::upload).layer(DefaultBodyLimit::disable())),
        )
        .merge(office::page_routes())
        .route("/openapi.json", get(api::openapi))
        .route("/docs", get(docs::page))
        .route("/static/{hash}/{name}", get(assets::serve))
        .route("/healthz", get(api::healthz))
        .route("/readyz", get(api::readyz))
        .merge(metrics::routes(config))
        .layer(from_fn_with_state(
            config.limits.body_timeout,
            limits::patient,
        ))
        .layer(from_fn_with_state(shared.clone(), admit))
        .layer(from_fn_with_state(shared.clone(), remember_language))
        .layer(from_fn(error::render))
        .layer(from_fn_with_state(shared.clone(), protect::protect))
        .layer(from_fn_with_state(shared.clone(), metrics::count))
        .layer(from_fn(traced::request))
        .with_state(shared)
}

/// Lets a request in with its viewer, or not.
async fn admit(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path();
    if matches!(path, "/healthz" | "/readyz") {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let is_open = people::is_entrance(path) || path.starts_with("/static/");
    let admission = match shared.gate.admit(&parts, is_open).await {
        Ok(admission) => admission,
        Err(error) => {
            // Who shows nothing, or what is wrong, counts as well.
            let connection = shared.gate.connection(&parts);
            let counted = shared.limits.count(None, connection, &parts);
            return counted.err().unwrap_or(error).into_response();
        }
    };
    let viewer = admission.viewer.as_ref();
    let seat = match shared.limits.count(viewer, admission.connection, &parts) {
        Ok(seat) => seat,
        Err(error) => return error.into_response(),
    };
    parts.extensions.insert(admission.connection);
    if let Some(viewer) = admission.viewer {
        parts.extensions.insert(viewer);
    }
    let response = next.run(Request::from_parts(parts, body)).await;
    let mut response = limits::held_by(response, seat);
    if let Some(token) = admission.renewed {
        let cookie = shared.gate.session_cookie(admission.connection, &token);
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}

/// Keeps the language that `?lang=` chose.
async fn remember_language(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let chosen = viewer::chosen(request.uri());
    let is_secure = shared.gate.is_secure(&request);
    let mut response = next.run(request).await;
    if let Some(language) = chosen {
        let cookie = viewer::language_cookie(language, is_secure);
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}
