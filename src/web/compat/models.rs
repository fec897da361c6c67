//! `/v1/models`, for clients of both protocols, and what the name of a model stands for.
//!
//! A model here is a way to be answered: what happens to sentences that the documents do not
//! support, and which adapter writes.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::dialect::OpenAiErrorBody;
use crate::app::App;
use crate::check::Mode;
use crate::web::Shared;
use crate::web::error::Error;
use crate::web::viewer::Viewer;

/// The model that shows only what the documents support.
const STRICT: &str = "veracite";
/// The model that shows the rest too, visibly marked.
const MARKED: &str = "veracite-marked";

/// What a request asks for by the name of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Model {
    pub(super) id: String,
    pub(super) mode: Mode,
    pub(super) adapter: Option<String>,
    name: String,
}

impl Model {
    /// The models that there are.
    fn all(app: &App) -> Vec<Self> {
        let plain = |id: &str, mode, name: &str| Self {
            id: id.to_owned(),
            mode,
            adapter: None,
            name: name.to_owned(),
        };
        let mut models = vec![
            plain(STRICT, Mode::Strict, "Veracite"),
            plain(
                MARKED,
                Mode::Marked,
                "Veracite, unsupported sentences marked",
            ),
        ];
        models.extend(app.adapters().into_iter().map(|adapter| Self {
            id: format!("{STRICT}:{adapter}"),
            mode: Mode::Strict,
            name: format!("Veracite, adapter {adapter}"),
            adapter: Some(adapter),
        }));
        models
    }

    /// The model of this name.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn named(app: &App, id: &str) -> Result<Self, Error> {
        Self::all(app)
            .into_iter()
            .find(|model| model.id == id)
            .ok_or_else(|| Error::NoModel {
                name: id.to_owned(),
            })
    }
}

/// The models, as both protocols list them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::web) struct ModelList {
    /// Always `list`.
    object: &'static str,
    /// The models.
    data: Vec<ModelBody>,
    /// The first one's id.
    first_id: Option<String>,
    /// The last one's id.
    last_id: Option<String>,
    /// Always false: all are listed.
    has_more: bool,
}

/// A model, as both protocols tell of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::web) struct ModelBody {
    /// Its name in requests.
    id: String,
    /// Always `model`; for OpenAI's clients.
    object: &'static str,
    /// Always 0: there is no such time.
    created: u64,
    /// Always `veracite`.
    owned_by: &'static str,
    /// Always `model`; for Anthropic's clients.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Its name for people.
    display_name: String,
    /// Always the beginning of 1970: there is no such time.
    created_at: &'static str,
    /// Always `active`.
    lifecycle: &'static str,
}

impl From<Model> for ModelBody {
    fn from(model: Model) -> Self {
        Self {
            id: model.id,
            object: "model",
            created: 0,
            owned_by: "veracite",
            kind: "model",
            display_name: model.name,
            created_at: "1970-01-01T00:00:00Z",
            lifecycle: "active",
        }
    }
}

/// Lists the models: `veracite` shows only sentences that the documents support,
/// `veracite-marked` shows the others too, each with what is wrong with it in parentheses after
/// it, and `veracite:NAME` writes with an adapter of `generator.local.adapters`.
#[utoipa::path(
    get, path = "/v1/models", tag = "compatible",
    responses((status = 200, description = "The models, in a shape that clients of OpenAI and of Anthropic read", body = ModelList, example = json!({
        "object": "list",
        "data": [{
            "id": "veracite", "object": "model", "created": 0, "owned_by": "veracite", "type": "model",
            "display_name": "Veracite", "created_at": "1970-01-01T00:00:00Z", "lifecycle": "active"
        }],
        "first_id": "veracite", "last_id": "veracite", "has_more": false
    })))
)]
pub(in crate::web) async fn list(State(shared): State<Shared>, _viewer: Viewer) -> Json<ModelList> {
    let data: Vec<ModelBody> = Model::all(&shared.app)
        .into_iter()
        .map(ModelBody::from)
        .collect();
    Json(ModelList {
        object: "list",
        first_id: data.first().map(|model| model.id.clone()),
        last_id: data.last().map(|model| model.id.clone()),
        data,
        has_more: false,
    })
}

/// Shows a model.
#[utoipa::path(
    get, path = "/v1/models/{id}", tag = "compatible",
    params(("id" = String, Path, description = "The model's id, such as `veracite`")),
    responses(
        (status = 200, description = "The model", body = ModelBody),
        (status = 404, description = "There is no such model. Clients that send `anthropic-version` get Anthropic's shape of errors", body = OpenAiErrorBody),
    )
)]
pub(in crate::web) async fn one(
    State(shared): State<Shared>,
    _viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<ModelBody>, Error> {
    Model::named(&shared.app, &id).map(|model| Json(model.into()))
}
