//! `/v1/webhooks`: administrators say who is told what becomes of documents.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use utoipa::OpenApi;

use super::api::JsonBody;
use super::audited;
use super::error::{Error, ErrorBody};
use super::viewer::Viewer;
use super::{Shared, wire};
use crate::audit::Action;
use crate::library::LibraryError;
use crate::outbound::Guard;
use crate::webhooks::{Secret, Webhook, WebhookId, check_url};

/// Messages that a list has at most.
const LISTED: u32 = 100;
/// Webhooks that there can be at most.
const WEBHOOKS: usize = 100;

/// The part of the API's description that is about webhooks.
#[derive(OpenApi)]
#[openapi(paths(list, make, change, remove, test, deliveries, redeliver))]
pub(super) struct WebhooksDescription;

/// Their routes.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1/webhooks", get(list).post(make))
        .route(
            "/v1/webhooks/{id}",
            axum::routing::patch(change).delete(remove),
        )
        .route("/v1/webhooks/{id}/test", post(test))
        .route("/v1/webhooks/{id}/deliveries", get(deliveries))
        .route(
            "/v1/webhooks/{id}/deliveries/{delivery}/retry",
            post(redeliver),
        )
}

fn failed(error: sqlx::Error) -> Error {
    LibraryError::from(error).into()
}

/// The host of an address, for the audit log: the rest may hold a token.
fn host(url: &str) -> String {
    let url = check_url(url).ok();
    url.and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_default()
}

/// Looks whether messages may go to an address.
fn must_be_allowed(shared: &Shared, url: &str) -> Result<String, Error> {
    let url = check_url(url).map_err(|reason| Error::field("url", reason))?;
    let guard = Guard::new(&shared.app.config().network);
    guard
        .check(&url)
        .map_err(|refused| Error::field("url", refused))?;
    Ok(url.to_string())
}

async fn known(shared: &Shared, id: &WebhookId) -> Result<Webhook, Error> {
    let found = shared.app.library().catalogue().webhook(id).await;
    found.map_err(failed)?.ok_or(Error::NotFound)
}

/// Lists the webhooks. For administrators, as all about webhooks.
#[utoipa::path(
    get, path = "/v1/webhooks", tag = "webhooks", operation_id = "list_webhooks",
    responses(
        (status = 200, description = "The webhooks, without their secrets", body = wire::WebhookList),
        (status = 403, description = "The asker is no administrator", body = ErrorBody),
    )
)]
pub(super) async fn list(
    State(shared): State<Shared>,
    viewer: Viewer,
) -> Result<Json<wire::WebhookList>, Error> {
    viewer.must_be_admin()?;
    let webhooks = shared.app.library().catalogue().webhooks().await;
    let webhooks = webhooks.map_err(failed)?;
    Ok(Json(wire::WebhookList {
        webhooks: webhooks.iter().map(wire::webhook).collect(),
    }))
}

/// Makes a webhook: from now on messages are sent to an address, at least once, for a document in
/// order, until it answers with 2xx. Each is a JSON object with `type`, `timestamp` and `data`
/// (`document`, `version`, `state`, `sequence`), signed as Standard Webhooks have it: the headers
/// `webhook-id`, `webhook-timestamp` and `webhook-signature`. What arrives twice has the same
/// `webhook-id`.
#[utoipa::path(
    post, path = "/v1/webhooks", tag = "webhooks", operation_id = "make_webhook",
    request_body(content = wire::WebhookRequest, example = json!({
        "url": "https://hooks.example.com/veracite",
        "events": ["document.ready", "document.failed"],
        "collections": ["인사"]
    })),
    responses(
        (status = 201, description = "The webhook, and its secret, which is not shown again", body = wire::MadeWebhookBody),
        (status = 400, description = "A field is wrong, or the address may not be contacted", body = ErrorBody),
        (status = 403, description = "The asker is no administrator", body = ErrorBody),
    )
)]
pub(super) async fn make(
    State(shared): State<Shared>,
    viewer: Viewer,
    JsonBody(request): JsonBody<wire::WebhookRequest>,
) -> Result<(StatusCode, Json<wire::MadeWebhookBody>), Error> {
    viewer.must_be_admin()?;
    let catalogue = shared.app.library().catalogue();
    if catalogue.webhooks().await.map_err(failed)?.len() >= WEBHOOKS {
        let detail = format!("there are {WEBHOOKS} webhooks already");
        return Err(Error::field("url", detail));
    }
    let webhook = Webhook {
        id: WebhookId::new(),
        url: must_be_allowed(&shared, &request.url)?,
        configured: false,
        events: request.events,
        collections: request.collections,
        include_title: request.include_title,
        disabled: false,
        created_at: Timestamp::now(),
    };
    let secret = Secret::make().map_err(|error| Error::internal("making a secret", &error))?;
    let event = viewer.does(Action::WebhookMade, &webhook.id);
    shared
        .record(event.with("host", host(&webhook.url)))
        .await?;
    let added = catalogue.add_webhook(&webhook, &secret).await;
    if let Err(error) = added.map_err(failed) {
        shared.failed(&viewer, &webhook.id, &error);
        return Err(error);
    }
    let body = wire::MadeWebhookBody {
        webhook: wire::webhook(&webhook),
        secret: secret.expose_secret().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Changes a webhook. One that stands in the configuration is changed there.
#[utoipa::path(
    patch, path = "/v1/webhooks/{id}", tag = "webhooks", operation_id = "change_webhook",
    params(("id" = String, Path, description = "The webhook's id")),
    request_body(content = wire::WebhookChangeRequest, example = json!({"disabled": true})),
    responses(
        (status = 200, description = "The webhook", body = wire::WebhookBody),
        (status = 400, description = "A field is wrong, or the address may not be contacted", body = ErrorBody),
        (status = 403, description = "The asker is no administrator", body = ErrorBody),
        (status = 404, description = "There is none, or it stands in the configuration", body = ErrorBody),
    )
)]
pub(super) async fn change(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
    JsonBody(request): JsonBody<wire::WebhookChangeRequest>,
) -> Result<Json<wire::WebhookBody>, Error> {
    viewer.must_be_admin()?;
    let id = WebhookId::from(id);
    let mut webhook = known(&shared, &id).await?;
    if webhook.configured {
        return Err(Error::NotFound);
    }
    if let Some(url) = &request.url {
        webhook.url = must_be_allowed(&shared, url)?;
    }
    webhook.events = request.events.unwrap_or(webhook.events);
    webhook.collections = request.collections.unwrap_or(webhook.collections);
    webhook.include_title = request.include_title.unwrap_or(webhook.include_title);
    webhook.disabled = request.disabled.unwrap_or(webhook.disabled);
    let event = viewer.does(Action::WebhookChanged, &id);
    let event = event.with("host", host(&webhook.url));
    shared
        .record(event.with("disabled", webhook.disabled))
        .await?;
    let catalogue = shared.app.library().catalogue();
    let changed = catalogue.change_webhook(&webhook).await.map_err(failed);
    audited::done(&shared, &viewer, &id, changed)?;
    Ok(Json(wire::webhook(&webhook)))
}

/// Takes a webhook away, with the messages that were not sent yet.
#[utoipa::path(
    delete, path = "/v1/webhooks/{id}", tag = "webhooks", operation_id = "remove_webhook",
    params(("id" = String, Path, description = "The webhook's id")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 403, description = "The asker is no administrator", body = ErrorBody),
        (status = 404, description = "There is none, or it stands in the configuration", body = ErrorBody),
    )
)]
pub(super) async fn remove(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    viewer.must_be_admin()?;
    let id = WebhookId::from(id);
    if known(&shared, &id).await?.configured {
        return Err(Error::NotFound);
    }
    shared
        .record(viewer.does(Action::WebhookRemoved, &id))
        .await?;
    let removed = shared.app.library().catalogue().remove_webhook(&id).await;
    audited::done(&shared, &viewer, &id, removed.map_err(failed))
}

/// Sends a message that tells nothing, to try whether it arrives.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/test", tag = "webhooks", operation_id = "test_webhook",
    params(("id" = String, Path, description = "The webhook's id")),
    responses(
        (status = 202, description = "It is on its way; the deliveries tell whether it arrived", body = wire::SentBody),
        (status = 403, description = "The asker is no administrator", body = ErrorBody),
        (status = 404, description = "There is none", body = ErrorBody),
    )
)]
pub(super) async fn test(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<wire::SentBody>), Error> {
    viewer.must_be_admin()?;
    let id = WebhookId::from(id);
    known(&shared, &id).await?;
    shared.record(viewer.does(Action::WebhookSent, &id)).await?;
    let written = shared.app.library().catalogue().test_webhook(&id).await;
    let message = written.map_err(failed)?.ok_or(Error::NotFound)?;
    Ok((StatusCode::ACCEPTED, Json(wire::SentBody { id: message })))
}

/// Lists the newest messages to a webhook, and what became of them.
#[utoipa::path(
    get, path = "/v1/webhooks/{id}/deliveries", tag = "webhooks", operation_id = "list_deliveries",
    params(("id" = String, Path, description = "The webhook's id")),
    responses(
        (status = 200, description = "The messages", body = wire::DeliveryList),
        (status = 403, description = "The asker is no administrator", body = ErrorBody),
        (status = 404, description = "There is no such webhook", body = ErrorBody),
    )
)]
pub(super) async fn deliveries(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<wire::DeliveryList>, Error> {
    viewer.must_be_admin()?;
    let id = WebhookId::from(id);
    known(&shared, &id).await?;
    let messages = shared.app.library().catalogue().messages(&id, LISTED).await;
    let messages = messages.map_err(failed)?;
    Ok(Json(wire::DeliveryList {
        deliveries: messages.iter().map(wire::delivery).collect(),
    }))
}

/// Sends a message again that was given up after three days.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/deliveries/{delivery}/retry", tag = "webhooks", operation_id = "retry_delivery",
    params(
        ("id" = String, Path, description = "The webhook's id"),
        ("delivery" = String, Path, description = "The message's id"),
    ),
    responses(
        (status = 204, description = "It is on its way"),
        (status = 403, description = "The asker is no administrator", body = ErrorBody),
        (status = 404, description = "There is no such message that was given up", body = ErrorBody),
    )
)]
pub(super) async fn redeliver(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path((id, delivery)): Path<(String, String)>,
) -> Result<StatusCode, Error> {
    viewer.must_be_admin()?;
    let id = WebhookId::from(id);
    known(&shared, &id).await?;
    let event = viewer.does(Action::WebhookSent, &id);
    shared.record(event.with("message", &delivery)).await?;
    let catalogue = shared.app.library().catalogue();
    let revived = catalogue.revive_message(&id, &delivery).await;
    audited::done(&shared, &viewer, &id, revived.map_err(failed))
}
