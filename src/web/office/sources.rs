//! Folders, web sites and buckets that the library is kept in step with, as people see them.
//!
//! Editors see those whose documents they may read, administrators all: what is counted is what
//! the viewer may find in any case. What names no readers follows the default rights, which need not be
//! for everybody.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::form::Fields;
use crate::audit::Action;
use crate::rights::{Grants, Level};
use crate::sources::board::Run;
use crate::web::api::JsonBody;
use crate::web::error::{Error, ErrorBody};
use crate::web::viewer::Viewer;
use crate::web::{Shared, audited};

/// What a turn changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(in crate::web) struct TurnBody {
    /// Documents that were new or changed.
    pub(in crate::web) taken: usize,
    /// Documents that did not change.
    pub(in crate::web) unchanged: usize,
    /// Documents that lay elsewhere.
    pub(in crate::web) moved: usize,
    /// Documents that were gone.
    pub(in crate::web) removed: usize,
    /// Documents that could not be got.
    pub(in crate::web) failed: usize,
}

/// A source that the library is kept in step with.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::web) struct SourceBody {
    /// Its name, by which lists of documents are narrowed (`source`).
    pub(in crate::web) name: String,
    /// The place.
    pub(in crate::web) place: String,
    /// `folder`, `web` or `bucket`.
    pub(in crate::web) kind: &'static str,
    /// Whether it is looked through now.
    pub(in crate::web) is_running: bool,
    /// Documents of it that the asker may find.
    pub(in crate::web) documents: u64,
    /// Those of them that could not be read.
    pub(in crate::web) failed: u64,
    /// When it was looked through last, RFC 3339.
    pub(in crate::web) last_run: Option<String>,
    /// What that changed; null if it could not be done.
    pub(in crate::web) changed: Option<TurnBody>,
    /// Why it could not be done.
    pub(in crate::web) error: Option<String>,
    /// When it is looked through next, if nothing tells of changes before, RFC 3339.
    pub(in crate::web) next_run: Option<String>,
}

/// The sources that the library is kept in step with.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::web) struct SourceList {
    sources: Vec<SourceBody>,
}

/// Which source is meant.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct LookRequest {
    /// Its name in `GET /v1/sources`.
    name: String,
}

/// Whether a viewer may see a source, where `default` are the rights of what names no readers. Its place is
/// told, and how many documents came: that is for those who may read them.
fn may_see(viewer: &Viewer, run: &Run, default: &Grants) -> bool {
    let is_of_theirs = if run.readers.is_empty() {
        default.level(&viewer.reader) >= Some(Level::Quote)
    } else {
        !viewer.reader.groups().is_disjoint(&run.readers)
    };
    viewer.is_admin() || (viewer.may_upload && is_of_theirs)
}

/// The sources that a viewer may see, with how much of each they may find.
pub(super) async fn seen(
    shared: &Shared,
    viewer: &Viewer,
) -> Result<Vec<(Run, (u64, u64))>, Error> {
    let mut runs = shared.app.board().runs();
    let library = shared.app.library();
    let default = library.rights_in(None).await?;
    runs.retain(|run| may_see(viewer, run, &default));
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<String> = runs.iter().map(|run| run.name.clone()).collect();
    let counts: BTreeMap<String, (u64, u64)> =
        library.source_counts(&names, &viewer.reader).await?;
    let counted = runs.into_iter().map(|run| {
        let counts = counts.get(&run.name).copied().unwrap_or_default();
        (run, counts)
    });
    Ok(counted.collect())
}

fn body((run, (documents, failed)): (Run, (u64, u64))) -> SourceBody {
    let (changed, error) = match run.outcome {
        None => (None, None),
        Some(Ok(synced)) => {
            let changed = TurnBody {
                taken: synced.taken,
                unchanged: synced.unchanged,
                moved: synced.moved,
                removed: synced.removed,
                failed: synced.failed,
            };
            (Some(changed), None)
        }
        Some(Err(error)) => (None, Some(error)),
    };
    SourceBody {
        name: run.name,
        place: run.place,
        kind: run.kind,
        is_running: run.is_running,
        documents,
        failed,
        last_run: run.ended.map(|time| time.to_string()),
        changed,
        error,
        next_run: run.next.map(|time| time.to_string()),
    }
}

/// Lists the folders, web sites and buckets that documents are taken from, as far as the asker may
/// find their documents; administrators see all.
#[utoipa::path(
    get, path = "/v1/sources", tag = "documents",
    responses(
        (status = 200, description = "The sources; none for those who may not change documents", body = SourceList),
    )
)]
pub(in crate::web) async fn list(
    State(shared): State<Shared>,
    viewer: Viewer,
) -> Result<Json<SourceList>, Error> {
    let seen = seen(&shared, &viewer).await?;
    Ok(Json(SourceList {
        sources: seen.into_iter().map(body).collect(),
    }))
}

async fn look_at(shared: &Shared, viewer: &Viewer, name: &str) -> Result<(), Error> {
    viewer.must_be_admin()?;
    let board = shared.app.board();
    if !board.runs().iter().any(|run| run.name == name) {
        return Err(Error::NotFound);
    }
    shared.record(viewer.does(Action::Look, name)).await?;
    audited::done(shared, viewer, name, Ok(board.look(name))).map(drop)
}

/// Has a source looked through at once; for administrators.
#[utoipa::path(
    post, path = "/v1/sources/look", tag = "documents",
    request_body(content = LookRequest, example = json!({"name": "folder:/srv/documents"})),
    responses(
        (status = 202, description = "It is looked through in a moment"),
        (status = 403, description = "The asker is no administrator", body = ErrorBody),
        (status = 404, description = "There is no such source", body = ErrorBody),
    )
)]
pub(in crate::web) async fn look(
    State(shared): State<Shared>,
    viewer: Viewer,
    JsonBody(request): JsonBody<LookRequest>,
) -> Result<StatusCode, Error> {
    look_at(&shared, &viewer, &request.name).await?;
    Ok(StatusCode::ACCEPTED)
}

/// `POST /sources/look`: the form for the same.
pub(super) async fn look_form(
    State(shared): State<Shared>,
    viewer: Viewer,
    fields: Fields,
) -> Result<Response, Error> {
    look_at(&shared, &viewer, fields.get("name")).await?;
    Ok(Redirect::to("/documents?looking=1#sources").into_response())
}
