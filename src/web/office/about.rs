//! `/documents/{id}/about`: what is known of a document, and forms to change it.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use ingest::DocumentId;
use serde::Deserialize;

use super::actions;
use super::bulk::results_page;
use super::form::{Fields, between_commas};
use super::page::{Row, facts, row};
use super::words::{OfficeWords, office_words};
use crate::catalogue::{DocumentView, MetadataChange, State as DocumentState, VersionView};
use crate::language::Language;
use crate::rights::Level;
use crate::web::Shared;
use crate::web::error::Error;
use crate::web::pages::{Frame, html, sees_rights};
use crate::web::people::when;
use crate::web::viewer::{Speaks, Viewer};

/// A version that is kept.
#[derive(Clone, Debug)]
pub(in crate::web) struct VersionRow {
    pub(in crate::web) version: String,
    pub(in crate::web) file_name: String,
    pub(in crate::web) facts: String,
}

/// Another document, by a link.
#[derive(Clone, Debug)]
pub(in crate::web) struct Other {
    pub(in crate::web) id: String,
    pub(in crate::web) title: String,
}

/// What stands in the fields for what is said of a document.
#[derive(Clone, Debug, Default)]
pub(in crate::web) struct LabelFields {
    pub(in crate::web) title: String,
    pub(in crate::web) author: String,
    pub(in crate::web) collection: String,
    pub(in crate::web) tags: String,
    pub(in crate::web) effective_from: String,
    pub(in crate::web) effective_until: String,
}

#[derive(Debug, Template)]
#[template(path = "pages/about.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says whether a part of the page is there"
)]
pub(in crate::web) struct AboutPage {
    pub(in crate::web) frame: Frame,
    pub(in crate::web) text: &'static OfficeWords,
    pub(in crate::web) row: Row,
    pub(in crate::web) facts: Vec<String>,
    pub(in crate::web) may_change: bool,
    pub(in crate::web) may_read: bool,
    pub(in crate::web) may_download: bool,
    pub(in crate::web) sees_rights: bool,
    pub(in crate::web) may_retry: bool,
    pub(in crate::web) may_cancel: bool,
    pub(in crate::web) versions: Vec<VersionRow>,
    pub(in crate::web) duplicates: Vec<Other>,
    pub(in crate::web) parent: Option<Other>,
    pub(in crate::web) successor: Option<Other>,
    pub(in crate::web) fields: LabelFields,
    pub(in crate::web) refused: Option<String>,
    pub(in crate::web) saved: bool,
}

impl AboutPage {
    fn superseded(&self, other: &Other) -> String {
        self.frame.words.superseded.replace("{title}", &other.title)
    }
}

/// Documents of the same content that are shown at most.
const DUPLICATES: usize = 50;

fn version_row(text: &OfficeWords, view: &VersionView) -> VersionRow {
    let told = |words: &str, time| words.replace("{time}", &when(time));
    let received = view
        .received_at
        .map(|time| told(text.version_received, time));
    let replaced = view
        .replaced_at
        .map(|time| told(text.version_replaced, time));
    let facts: Vec<String> = received
        .into_iter()
        .chain(replaced)
        .chain([super::size(view.size)])
        .collect();
    VersionRow {
        version: view.version.to_string(),
        file_name: view.file_name.clone(),
        facts: facts.join(" · "),
    }
}

fn fields_of(view: &DocumentView) -> LabelFields {
    let said = &view.metadata;
    let day = |day: Option<ingest::Day>| day.map(|day| day.to_string()).unwrap_or_default();
    let tags: Vec<&str> = said.tags.iter().map(String::as_str).collect();
    LabelFields {
        title: said.title.clone().unwrap_or_default(),
        author: said.author.clone().unwrap_or_default(),
        collection: said.collection.clone().unwrap_or_default(),
        tags: tags.join(", "),
        effective_from: day(said.effective_from),
        effective_until: day(said.effective_until),
    }
}

async fn about_page(
    shared: &Shared,
    viewer: &Viewer,
    language: Language,
    id: DocumentId,
) -> Result<AboutPage, Error> {
    let view = actions::found(shared, viewer, id).await?;
    let library = shared.app.library();
    let frame = Frame::new(shared, viewer, language, "documents");
    let text = office_words(language);
    let versions = library.versions(id, &viewer.reader).await?;
    let others: Vec<DocumentId> = view
        .duplicates
        .iter()
        .take(DUPLICATES)
        .copied()
        .chain(view.parent)
        .chain(view.superseded_by)
        .collect();
    let others = library.some(&others, &viewer.reader).await?;
    let other = |id: DocumentId| {
        let found = others.iter().find(|other| other.id == id)?;
        Some(Other {
            id: found.id.to_string(),
            title: found.title.clone(),
        })
    };
    let may_download = view.level >= Level::Download;
    let may_change = viewer.may_upload && may_download && view.state != DocumentState::Deleting;
    let is_over = view.state.is_final();
    Ok(AboutPage {
        text,
        row: row(&frame, &view),
        facts: facts(frame.words, text, &view),
        may_change,
        may_read: view.level >= Level::Quote,
        may_download,
        sees_rights: sees_rights(viewer, view.level),
        may_retry: may_change && is_over && view.state != DocumentState::Ready,
        may_cancel: may_change && !is_over,
        versions: versions
            .iter()
            .map(|version| version_row(text, version))
            .collect(),
        duplicates: view.duplicates.iter().filter_map(|id| other(*id)).collect(),
        parent: view.parent.and_then(other),
        successor: view.superseded_by.and_then(other),
        fields: fields_of(&view),
        refused: None,
        saved: false,
        frame,
    })
}

/// What was done before the page is shown.
#[derive(Debug, Default, Deserialize)]
pub(super) struct DoneQuery {
    done: Option<String>,
}

/// `GET /documents/{id}/about`.
pub(super) async fn page(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    Path(id): Path<String>,
    Query(query): Query<DoneQuery>,
) -> Result<Response, Error> {
    let id = actions::document_id(&id)?;
    let mut page = about_page(&shared, &viewer, language, id).await?;
    page.saved = query.done.is_some();
    html(&page)
}

fn change_of(fields: &LabelFields) -> Result<MetadataChange, Error> {
    let name = |text: &String| Some(Some(text.clone()).filter(|text| !text.is_empty()));
    let day = |field: &str, text: &str| {
        if text.is_empty() {
            return Ok(Some(None));
        }
        let day = text.parse::<ingest::Day>();
        day.map(|day| Some(Some(day)))
            .map_err(|error| Error::field(field, error))
    };
    Ok(MetadataChange {
        title: name(&fields.title),
        author: name(&fields.author),
        collection: name(&fields.collection),
        tags: Some(Some(between_commas(&fields.tags))),
        effective_from: day("effective_from", &fields.effective_from)?,
        effective_until: day("effective_until", &fields.effective_until)?,
        ..MetadataChange::default()
    })
}

/// `POST /documents/{id}/about`: says what is to be said of a document.
pub(super) async fn change(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let id = actions::document_id(&id)?;
    actions::changeable(&shared, &viewer, id).await?;
    let of = |name: &str| fields.get(name).to_owned();
    let typed = LabelFields {
        title: of("title"),
        author: of("author"),
        collection: of("collection"),
        tags: of("tags"),
        effective_from: of("effective_from"),
        effective_until: of("effective_until"),
    };
    let changed = match change_of(&typed) {
        Ok(change) => actions::change(&shared, &viewer, id, &change).await,
        Err(error) => Err(error),
    };
    match changed {
        Ok(()) => Ok(done(id)),
        Err(error @ Error::Field { .. }) => {
            let mut page = about_page(&shared, &viewer, language, id).await?;
            page.refused = Some(error.sentence(language));
            page.fields = typed;
            Ok((error.status(), html(&page)?).into_response())
        }
        Err(error) => Err(error),
    }
}

/// Back to the page, which says that it is done.
fn done(id: DocumentId) -> Response {
    Redirect::to(&format!("/documents/{id}/about?done=1")).into_response()
}

/// `POST /documents/{id}/retry`: reads a document again.
pub(super) async fn retry(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
    _fields: Fields,
) -> Result<Response, Error> {
    let id = actions::document_id(&id)?;
    actions::retry(&shared, &viewer, id).await?;
    Ok(done(id))
}

/// `POST /documents/{id}/cancel`: stops reading a document.
pub(super) async fn cancel(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
    _fields: Fields,
) -> Result<Response, Error> {
    let id = actions::document_id(&id)?;
    actions::cancel(&shared, &viewer, id).await?;
    Ok(done(id))
}

/// `POST /documents/{id}/delete`: deletes a document, if the box is ticked.
pub(super) async fn delete(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let id = actions::document_id(&id)?;
    let view = actions::changeable(&shared, &viewer, id).await?;
    if !fields.is_ticked("sure") {
        return Ok(Redirect::to(&format!("/documents/{id}/about")).into_response());
    }
    let mut results = actions::delete(&shared, &viewer, &[id]).await;
    results.remove(&id).unwrap_or(Err(Error::NotFound))?;
    let frame = Frame::new(&shared, &viewer, language, "documents");
    let title = office_words(language).results;
    html(&results_page(frame, title, vec![(view.title, Ok(()))]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_left_empty_takes_away() {
        let fields = LabelFields {
            title: "휴가".to_owned(),
            effective_from: "2026-03-01".to_owned(),
            ..LabelFields::default()
        };
        let change = change_of(&fields).unwrap();
        assert_eq!(change.title, Some(Some("휴가".to_owned())));
        assert_eq!(
            (change.collection, change.effective_until),
            (Some(None), Some(None))
        );
        assert!(matches!(change.effective_from, Some(Some(_))));
        assert_eq!(change.superseded_by, None, "what is not shown stays");
        let wrong = LabelFields {
            effective_until: "next year".to_owned(),
            ..fields
        };
        let error = change_of(&wrong).unwrap_err();
        assert!(matches!(&error, Error::Field { field, .. } if field == "effective_until"));
    }
}
