//! The web pages and the API.
//!
//! | module | what it is for |
//! |---|---|
//! | [`wire`] | the JSON that goes in and out, apart from inner types |
//! | `api`, `stream`, `upload` | JSON routes, server-sent events, files that come in |
//! | `compat` | the same answers for clients of OpenAI and Anthropic |
//! | `docs` | the page that describes the API |
//! | `pages`, `source`, `words`, `told` | HTML pages, a document's text, the words of both languages |
//! | `viewer`, `connection` | who asks, from where, in which language |
//! | `office` | lists of documents, sources, the page of administrators |
//! | `rights` | who may read which document, and who changes that |
//! | `people` | signing in, one's account, the people of an installation |
//! | `error` | what goes wrong, and the sentences for it |
//! | `assets` | style sheet and scripts |
//! | `audited`, `metrics` | what the audit log is told, what is measured |
//!
//! Nothing here makes an answer: pages and routes show what the checker made. Nothing is
//! fetched from another host, and pages cannot either: the content security policy starts
//! from nothing.

mod api;
mod assets;
mod audited;
mod compat;
mod config;
mod connection;
mod docs;
mod error;
mod metrics;
mod office;
mod pages;
mod people;
mod rights;
mod source;
mod stream;
mod told;
mod upload;
mod viewer;
pub mod wire;
mod words;

pub use config::{ApiKey, ServerConfig};
pub use error::{ErrorBody, ErrorFields};
pub(crate) use people::{invitation_path, set_up_path};
pub(crate) use words::words;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::app::App;
use viewer::Gate;

/// A JSON body may have this many bytes: a check request brings whole passages.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// What every handler has.
#[derive(Clone, Debug)]
struct Shared {
    app: Arc<App>,
    gate: Arc<Gate>,
}

/// The pages and the API of `app`.
pub fn router(app: Arc<App>, config: &ServerConfig) -> Router {
    upload::clear(&upload::folder(&app));
    let shared = Shared {
        gate: Arc::new(Gate::new(config, Arc::clone(app.people()))),
        app,
    };
    Router::new()
        .route("/", get(pages::chat))
        .route("/documents/{id}", get(pages::source))
        .merge(office::routes())
        .merge(people::routes())
        .merge(rights::routes())
        .route("/v1/answers", post(api::answers))
        .route("/v1/check", post(api::check))
        .route("/v1/chat/completions", post(compat::openai::completions))
        .route("/v1/messages", post(compat::anthropic::messages))
        .route("/v1/models", get(compat::models::list))
        .route("/v1/models/{id}", get(compat::models::one))
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
        .layer(from_fn_with_state(shared.clone(), admit))
        .layer(from_fn(remember_language))
        .layer(from_fn(error::render))
        .layer(from_fn(protect))
        .layer(from_fn_with_state(shared.clone(), metrics::count))
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
        Err(error) => return error.into_response(),
    };
    parts.extensions.insert(admission.connection);
    if let Some(viewer) = admission.viewer {
        parts.extensions.insert(viewer);
    }
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if let Some(token) = admission.renewed {
        let cookie = shared.gate.session_cookie(admission.connection, &token);
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}

/// Keeps the language that `?lang=` chose.
async fn remember_language(request: Request, next: Next) -> Response {
    let chosen = viewer::chosen(request.uri());
    let mut response = next.run(request).await;
    if let Some(language) = chosen {
        let cookie = format!(
            "{}={}; Path=/; SameSite=Lax; Max-Age=31536000",
            viewer::LANGUAGE,
            language.tag()
        );
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
    img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Says to browsers what pages may do: as little as they need.
async fn protect(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // `no-referrer` would also hide the origin of our own forms from ourselves.
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=()",
        ),
    ] {
        // A file that is downloaded has a stricter policy already.
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}
