//! `GET /metrics`: how much and how long, for Prometheus.

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::Shared;
use super::config::ServerConfig;
use super::error::Error;
use super::viewer::{Viewer, Who};

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The route, where it is switched on.
pub(super) fn routes(config: &ServerConfig) -> Router<Shared> {
    let routes = Router::new();
    if config.shows_metrics() {
        routes.route("/metrics", get(metrics))
    } else {
        routes
    }
}

/// `GET /metrics`; of people for administrators.
async fn metrics(State(shared): State<Shared>, viewer: Viewer) -> Result<Response, Error> {
    if matches!(viewer.who, Who::Person { .. }) {
        viewer.must_be_admin()?;
    }
    let text = shared.app.measured().await?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}

/// Counts requests by the pattern of their route.
pub(super) async fn count(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("none", MatchedPath::as_str).to_owned();
    // Anyone can make up names of methods, and each would be a line more.
    let method = match *request.method() {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    };
    let response = next.run(request).await;
    let status = response.status().as_u16();
    shared.app.metrics().requested(method, &route, status);
    response
}
