//! Many documents at once, with what became of each.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use ingest::DocumentId;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use utoipa::ToSchema;

use super::actions;
use super::form::{Fields, between_commas};
use super::words::{OfficeWords, office_words};
use crate::catalogue::MetadataChange;
use crate::web::Shared;
use crate::web::api::JsonBody;
use crate::web::error::{Error, ErrorBody, ErrorFields};
use crate::web::pages::{Frame, html};
use crate::web::viewer::{Speaks, Viewer};

/// Documents of one request.
const LIMIT: usize = 500;

/// What is done to each document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::web) enum BulkAction {
    /// What is said of it is changed, as `PATCH /v1/documents/{id}` does.
    Change,
    /// It is deleted.
    Delete,
    /// It is read again, if it failed, was cancelled or has problems.
    Retry,
    /// It is not read any more.
    Cancel,
}

/// Documents, and what is to be done to each.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct BulkRequest {
    /// Ids of documents, 500 at most.
    ids: Vec<String>,
    /// What is done to each.
    action: BulkAction,
    /// With `change`: what is said of each.
    #[serde(default)]
    change: MetadataChange,
    /// With `change`: tags that each gets beside those that it has.
    #[serde(default)]
    add_tags: BTreeSet<String>,
    /// With `change`: tags that each loses.
    #[serde(default)]
    remove_tags: BTreeSet<String>,
}

/// What became of a document.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::web) struct BulkResult {
    /// Its id.
    id: String,
    /// Whether it was done.
    done: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorFields>,
}

/// What became of each document, in the order that they were named.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::web) struct BulkReport {
    /// The documents.
    results: Vec<BulkResult>,
}

/// The change of one document.
async fn change_of(
    shared: &Shared,
    viewer: &Viewer,
    id: DocumentId,
    request: &BulkRequest,
) -> Result<(), Error> {
    let mut change = request.change.clone();
    if !(request.add_tags.is_empty() && request.remove_tags.is_empty()) {
        let kept = |tag: &String| -> String { tag.trim().nfc().collect() };
        let view = actions::changeable(shared, viewer, id).await?;
        let mut tags = view.metadata.tags;
        tags.extend(request.add_tags.iter().map(kept));
        for tag in &request.remove_tags {
            tags.remove(&kept(tag));
        }
        change.tags = Some(Some(tags));
    }
    actions::change(shared, viewer, id, &change).await
}

/// Does what is asked for to each document.
async fn perform(
    shared: &Shared,
    viewer: &Viewer,
    request: &BulkRequest,
) -> Result<Vec<(String, Result<(), Error>)>, Error> {
    viewer.must_upload()?;
    if request.ids.len() > LIMIT {
        return Err(Error::field("ids", format!("more than {LIMIT} documents")));
    }
    let mut results: BTreeMap<String, Result<(), Error>> = BTreeMap::new();
    let mut ids = Vec::new();
    for id in &request.ids {
        match actions::document_id(id) {
            Ok(known) if ids.contains(&known) => {}
            Ok(known) => ids.push(known),
            Err(error) => {
                results.insert(id.clone(), Err(error));
            }
        }
    }
    if request.action == BulkAction::Delete {
        let deleted = actions::delete(shared, viewer, &ids).await;
        results.extend(deleted.into_iter().map(|(id, done)| (id.to_string(), done)));
    } else {
        for id in ids {
            let done = match request.action {
                BulkAction::Retry => actions::retry(shared, viewer, id).await,
                BulkAction::Cancel => actions::cancel(shared, viewer, id).await,
                _ => change_of(shared, viewer, id, request).await,
            };
            results.insert(id.to_string(), done);
        }
    }
    let in_order = request.ids.iter().map(|id| {
        let known = actions::document_id(id).map(|known| known.to_string());
        let done = results.get(known.as_ref().unwrap_or(id));
        let done = done.cloned().unwrap_or(Err(Error::NotFound));
        (id.clone(), done)
    });
    Ok(in_order.collect())
}

/// Changes, deletes, reads again or stops many documents, and says what became of each.
///
/// One that cannot be done does not keep the others from it.
#[utoipa::path(
    post, path = "/v1/documents/bulk", tag = "documents",
    request_body(content = BulkRequest, example = json!({
        "ids": ["0123456789abcdef0123456789abcdef"], "action": "change",
        "change": {"collection": "인사"}, "add_tags": ["2026"]
    })),
    responses(
        (status = 200, description = "What became of each document", body = BulkReport),
        (status = 400, description = "A field is wrong, or too many documents are named", body = ErrorBody),
        (status = 403, description = "The asker may not change documents", body = ErrorBody),
    )
)]
pub(in crate::web) async fn many(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    JsonBody(request): JsonBody<BulkRequest>,
) -> Result<Json<BulkReport>, Error> {
    let results = perform(&shared, &viewer, &request).await?;
    let results = results
        .into_iter()
        .map(|(id, done)| BulkResult {
            id,
            done: done.is_ok(),
            error: done.err().map(|error| error.fields(language)),
        })
        .collect();
    Ok(Json(BulkReport { results }))
}

#[derive(Debug, Template)]
#[template(path = "pages/results.html")]
pub(in crate::web) struct ResultsPage {
    pub(in crate::web) frame: Frame,
    pub(in crate::web) text: &'static OfficeWords,
    pub(in crate::web) title: &'static str,
    /// How many were done, if some were.
    pub(in crate::web) done: Option<String>,
    /// What could not be done, and why.
    pub(in crate::web) failed: Vec<(String, String)>,
    pub(in crate::web) failed_count: String,
}

/// A page that says what became of things that have names.
pub(super) fn results_page(
    frame: Frame,
    title: &'static str,
    results: Vec<(String, Result<(), String>)>,
) -> ResultsPage {
    let text = office_words(frame.language);
    let count = |words: &str, count: usize| words.replace("{count}", &count.to_string());
    let done = results.iter().filter(|(_, done)| done.is_ok()).count();
    let failed: Vec<(String, String)> = results
        .into_iter()
        .filter_map(|(name, done)| Some((name, done.err()?)))
        .collect();
    ResultsPage {
        frame,
        text,
        title,
        done: (done > 0).then(|| count(text.ok_count, done)),
        failed_count: count(text.failed_count, failed.len()),
        failed,
    }
}

/// What the form for the documents that are ticked asks for.
fn request_of(fields: &Fields) -> Result<BulkRequest, Error> {
    let value = fields.get("value");
    let mut request = BulkRequest {
        ids: fields.all("id").map(str::to_owned).collect(),
        action: BulkAction::Change,
        change: MetadataChange::default(),
        add_tags: BTreeSet::new(),
        remove_tags: BTreeSet::new(),
    };
    match fields.get("action") {
        "delete" if fields.is_ticked("sure") => request.action = BulkAction::Delete,
        "delete" => return Err(Error::field("sure", "it is not ticked")),
        "retry" => request.action = BulkAction::Retry,
        "cancel" => request.action = BulkAction::Cancel,
        "add_tags" => request.add_tags = between_commas(value),
        "remove_tags" => request.remove_tags = between_commas(value),
        "collection" => {
            let collection = Some(value).filter(|value| !value.is_empty());
            request.change.collection = Some(collection.map(str::to_owned));
        }
        _ => return Err(Error::field("action", "there is no such thing to do")),
    }
    Ok(request)
}

/// `POST /documents/selected`: the form for the documents that are ticked.
pub(super) async fn selected(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    fields: Fields,
) -> Result<Response, Error> {
    let request = request_of(&fields)?;
    let known: Vec<DocumentId> = request
        .ids
        .iter()
        .filter_map(|id| id.parse().ok())
        .take(LIMIT)
        .collect();
    let views = shared.app.library().some(&known, &viewer.reader).await?;
    let titles: BTreeMap<String, String> = views
        .into_iter()
        .map(|view| (view.id.to_string(), view.title))
        .collect();
    let results = perform(&shared, &viewer, &request).await?;
    let named = results.into_iter().map(|(id, done)| {
        let title = titles.get(&id).cloned().unwrap_or(id);
        (title, done.map_err(|error| error.sentence(language)))
    });
    let frame = Frame::new(&shared, &viewer, language, "documents");
    let title = office_words(language).results;
    html(&results_page(frame, title, named.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_its_description() {
        for (json, action) in [
            (r#"{"ids":[],"action":"delete"}"#, BulkAction::Delete),
            (
                r#"{"ids":[],"action":"change","add_tags":["a"]}"#,
                BulkAction::Change,
            ),
            (r#"{"ids":[],"action":"retry"}"#, BulkAction::Retry),
        ] {
            assert_eq!(
                serde_json::from_str::<BulkRequest>(json).unwrap().action,
                action
            );
        }
        assert!(serde_json::from_str::<BulkRequest>(r#"{"ids":[],"action":"burn"}"#).is_err());
    }
}
