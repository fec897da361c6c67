//! `GET /documents`: the documents that the viewer may find, a page at a time, and adding to them.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::multipart::{Multipart, MultipartRejection};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use ingest::parse::FORMATS;
use serde::Deserialize;

use super::bulk::{ResultsPage, results_page};
use super::list::{ListParams, page_of};
use super::sources;
use super::words::{OfficeWords, office_words};
use super::{size, thousands};
use crate::catalogue::{DocumentView, SortBy, State as DocumentState};
use crate::language::Language;
use crate::sources::board::Run;
use crate::web::Shared;
use crate::web::error::Error;
use crate::web::groups;
use crate::web::pages::{Frame, html};
use crate::web::people::when;
use crate::web::told::told;
use crate::web::upload::{self, Sender};
use crate::web::viewer::{Speaks, Viewer};
use crate::web::words::Words;

/// A document in the list.
#[derive(Clone, Debug)]
pub(in crate::web) struct Row {
    pub(in crate::web) id: String,
    pub(in crate::web) title: String,
    /// What else is known of it, in words.
    pub(in crate::web) hint: String,
    pub(in crate::web) state: &'static str,
    pub(in crate::web) label: String,
    /// How far it is: done and in all.
    pub(in crate::web) progress: Option<(u32, u32)>,
    /// How long it still takes, in words.
    pub(in crate::web) left: Option<String>,
    pub(in crate::web) error: Option<String>,
    pub(in crate::web) problems: Vec<String>,
    pub(in crate::web) size: String,
    pub(in crate::web) changed: String,
}

/// A column that the list can be sorted by.
#[derive(Clone, Debug)]
pub(in crate::web) struct Column {
    pub(in crate::web) word: &'static str,
    pub(in crate::web) label: String,
    pub(in crate::web) link: String,
    /// `ascending`, `descending` or `none`, as screen readers are told.
    pub(in crate::web) sorted: &'static str,
}

/// How many documents are in a state, with a link to them.
#[derive(Clone, Debug)]
pub(in crate::web) struct StateLink {
    pub(in crate::web) word: String,
    pub(in crate::web) count: String,
    pub(in crate::web) link: String,
    pub(in crate::web) is_chosen: bool,
}

/// A source in its section.
#[derive(Clone, Debug)]
pub(in crate::web) struct SourceRow {
    pub(in crate::web) name: String,
    pub(in crate::web) kind: &'static str,
    pub(in crate::web) place: String,
    pub(in crate::web) last: String,
    pub(in crate::web) result: Option<String>,
    pub(in crate::web) error: Option<String>,
    pub(in crate::web) next: Option<String>,
    pub(in crate::web) documents: String,
    pub(in crate::web) failed: Option<String>,
    pub(in crate::web) link: String,
}

#[derive(Debug, Template)]
#[template(path = "pages/documents.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says whether a part of the page is there"
)]
pub(in crate::web) struct DocumentsPage {
    pub(in crate::web) frame: Frame,
    pub(in crate::web) text: &'static OfficeWords,
    pub(in crate::web) may_upload: bool,
    pub(in crate::web) is_admin: bool,
    pub(in crate::web) formats_hint: String,
    pub(in crate::web) readers_hint: String,
    pub(in crate::web) max_file: u64,
    pub(in crate::web) params: FilterFields,
    pub(in crate::web) has_more: bool,
    pub(in crate::web) is_narrowed: bool,
    pub(in crate::web) columns: Vec<Column>,
    pub(in crate::web) states: Vec<StateLink>,
    pub(in crate::web) formats: Vec<&'static str>,
    pub(in crate::web) rows: Vec<Row>,
    pub(in crate::web) total: u64,
    pub(in crate::web) next: Option<String>,
    pub(in crate::web) first: Option<String>,
    pub(in crate::web) sources: Vec<SourceRow>,
    pub(in crate::web) is_looking: bool,
    /// This very list, from its beginning.
    pub(in crate::web) here: String,
}

/// What stands in the fields of the filter.
#[derive(Clone, Debug, Default)]
pub(in crate::web) struct FilterFields {
    pub(in crate::web) q: String,
    pub(in crate::web) state: String,
    pub(in crate::web) format: String,
    pub(in crate::web) collection: String,
    pub(in crate::web) tag: String,
    pub(in crate::web) source: String,
    pub(in crate::web) problems: bool,
    pub(in crate::web) duplicates: bool,
    pub(in crate::web) out_of_force: bool,
    pub(in crate::web) sort: String,
    pub(in crate::web) order: String,
}

impl DocumentsPage {
    /// The words for the script.
    fn words_json(&self) -> String {
        serde_json::to_string(self.text).expect("words are plain text")
    }

    fn count(&self) -> String {
        let words = self.frame.words.count;
        words.replace("{count}", &thousands(self.total))
    }

    fn select_label(&self, row: &Row) -> String {
        self.text.select.replace("{title}", &row.title)
    }

    fn about_label(&self, row: &Row) -> String {
        self.text.about_title.replace("{title}", &row.title)
    }

    fn problems_label(&self, row: &Row) -> String {
        format!("{} ({})", self.frame.words.problems, row.problems.len())
    }

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "templates pass by reference"
    )]
    fn progress_text(&self, done: &u32, total: &u32) -> String {
        let words = self.frame.words.progress;
        words
            .replace("{done}", &done.to_string())
            .replace("{total}", &total.to_string())
    }

    fn look_label(&self, source: &SourceRow) -> String {
        format!("{}: {}", self.text.look_now, source.place)
    }
}

/// The word for a state.
pub(super) fn state_word(words: &Words, state: DocumentState, problems: usize) -> String {
    let word = match state {
        DocumentState::Queued => words.queued,
        DocumentState::Extracting => words.extracting,
        DocumentState::Chunking => words.chunking,
        DocumentState::Indexing => words.indexing,
        DocumentState::Embedding => words.embedding,
        DocumentState::Recognizing => words.recognizing,
        DocumentState::Ready => words.ready,
        DocumentState::ReadyWithWarnings => words.ready_with_warnings,
        DocumentState::Failed => words.failed,
        DocumentState::Cancelled => words.cancelled,
        DocumentState::Deleting => words.deleting,
    };
    word.replace("{count}", &problems.to_string())
}

/// Since when and until when a document is in force, what takes its place, and so on, in words.
pub(super) fn facts(words: &Words, text: &OfficeWords, view: &DocumentView) -> Vec<String> {
    let mut facts = Vec::new();
    if view.title != view.file_name {
        facts.push(view.file_name.clone());
    }
    facts.extend(view.labels.collection.clone());
    facts.extend(view.labels.tags.iter().map(|tag| format!("#{tag}")));
    match (view.labels.from, view.labels.until) {
        (Some(from), Some(until)) => facts.push(
            words
                .in_force_between
                .replace("{from}", &from.to_string())
                .replace("{until}", &until.to_string()),
        ),
        (Some(from), None) => {
            facts.push(words.in_force_from.replace("{from}", &from.to_string()));
        }
        (None, Some(until)) => {
            facts.push(words.in_force_until.replace("{until}", &until.to_string()));
        }
        (None, None) => {}
    }
    if let Some(day) = view.labels.retired {
        facts.push(words.retired.replace("{day}", &day.to_string()));
    }
    if view.old_versions > 0 {
        let count = view.old_versions.to_string();
        facts.push(words.old_versions.replace("{count}", &count));
    }
    if !view.duplicates.is_empty() {
        facts.push(format!("{} ({})", text.same_content, view.duplicates.len()));
    }
    facts
}

/// How long something takes, in words.
fn left(words: &Words, seconds: u64) -> String {
    if seconds < 60 {
        let count = seconds.max(1).to_string();
        return words.seconds_left.replace("{count}", &count);
    }
    let count = seconds.div_ceil(60).to_string();
    words.minutes_left.replace("{count}", &count)
}

/// What its reader said of a document, with the pages it concerns.
pub(super) fn problems(words: &Words, view: &DocumentView, language: Language) -> Vec<String> {
    let problems = view.problems.iter().map(|problem| {
        let message = told(&problem.message, language);
        match problem.page {
            Some(page) => {
                let page = words.page.replace("{page}", &page.to_string());
                format!("{page}: {message}")
            }
            None => message,
        }
    });
    problems.collect()
}

/// A document as the list shows it.
pub(super) fn row(frame: &Frame, view: &DocumentView) -> Row {
    let words = frame.words;
    let text = office_words(frame.language);
    let (done, total) = match view.state {
        DocumentState::Embedding => (view.chunks_embedded, Some(view.chunks)),
        _ => (view.pages_done, view.pages_total),
    };
    let total = total.filter(|total| *total > 0 && !view.state.is_final());
    Row {
        id: view.id.to_string(),
        title: view.title.clone(),
        hint: facts(words, text, view).join(" · "),
        state: view.state.as_str(),
        label: state_word(words, view.state, view.problems.len()),
        progress: total.map(|total| (done.min(total), total)),
        left: view.seconds_left.map(|seconds| left(words, seconds)),
        error: view
            .error
            .as_deref()
            .map(|error| told(error, frame.language)),
        problems: problems(words, view, frame.language),
        size: size(view.size),
        changed: when(view.updated_at),
    }
}

fn columns(words: &Words, text: &OfficeWords, params: &ListParams) -> Result<Vec<Column>, Error> {
    let (sort, descending) = params.sorting()?;
    let column = |by: SortBy| {
        let word = match by {
            SortBy::Name => words.document,
            SortBy::State => words.state,
            SortBy::Size => words.size,
            SortBy::Changed => words.changed,
        };
        let is_chosen = by == sort;
        let order = match (is_chosen, descending) {
            (true, false) => "desc",
            (false, _) if by == SortBy::Changed => "desc",
            (true, true) | (false, _) => "asc",
        };
        Column {
            word,
            label: text.sort_by.replace("{name}", word),
            link: params.link(&[("sort", by.as_str()), ("order", order)]),
            sorted: match (is_chosen, descending) {
                (true, true) => "descending",
                (true, false) => "ascending",
                (false, _) => "none",
            },
        }
    };
    Ok(SortBy::ALL.map(column).into())
}

/// The states that people choose from, with how many documents are in each.
fn states(
    words: &Words,
    text: &OfficeWords,
    params: &ListParams,
    counts: &BTreeMap<String, u64>,
) -> Vec<StateLink> {
    let of = |state: &str| counts.get(state).copied().unwrap_or(0);
    let all: u64 = counts.values().sum();
    let ended =
        of("ready") + of("ready_with_warnings") + of("failed") + of("cancelled") + of("deleting");
    let shown = [
        ("", text.any.to_owned(), all),
        ("working", text.working_on.to_owned(), all - ended),
        ("ready", words.ready.to_owned(), of("ready")),
        (
            "ready_with_warnings",
            format!("{} · {}", words.ready, words.problems),
            of("ready_with_warnings"),
        ),
        ("failed", words.failed.to_owned(), of("failed")),
        ("cancelled", words.cancelled.to_owned(), of("cancelled")),
    ];
    let links = shown.into_iter().map(|(state, word, count)| StateLink {
        word,
        count: thousands(count),
        link: params.link(&[("state", state)]),
        is_chosen: params.state.trim() == state,
    });
    links.collect()
}

fn source_row(text: &OfficeWords, run: Run, (documents, failed): (u64, u64)) -> SourceRow {
    let (result, error) = match run.outcome {
        None => (None, None),
        Some(Ok(synced)) => {
            let words = [
                ("{taken}", synced.taken),
                ("{unchanged}", synced.unchanged),
                ("{moved}", synced.moved),
                ("{removed}", synced.removed),
                ("{failed}", synced.failed),
            ];
            let told = words
                .iter()
                .fold(text.run_result.to_owned(), |told, (name, count)| {
                    told.replace(name, &count.to_string())
                });
            (Some(told), None)
        }
        Some(Err(error)) => (None, Some(error)),
    };
    let last = match (run.is_running, run.ended) {
        (true, _) => text.running_now.to_owned(),
        (false, Some(ended)) => when(ended),
        (false, None) => text.never_run.to_owned(),
    };
    SourceRow {
        kind: match run.kind {
            "folder" => text.kind_folder,
            "web" => text.kind_web,
            _ => text.kind_bucket,
        },
        link: ListParams {
            source: run.name.clone(),
            ..ListParams::default()
        }
        .link(&[]),
        name: run.name,
        place: run.place,
        last,
        result,
        error,
        next: run.next.map(when),
        documents: text
            .source_documents
            .replace("{count}", &thousands(documents)),
        failed: (failed > 0).then(|| {
            let count = thousands(failed);
            text.source_failed.replace("{count}", &count)
        }),
    }
}

/// What is in the address beside what the list is asked for with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PageParams {
    looking: Option<String>,
}

/// `GET /documents`.
pub(super) async fn documents(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    params: Result<Query<ListParams>, QueryRejection>,
    Query(more): Query<PageParams>,
) -> Result<Response, Error> {
    let Query(params) = params.map_err(|error| Error::field("query", error.body_text()))?;
    let page = page_of(&shared, &viewer, &params).await?;
    let frame = Frame::new(&shared, &viewer, language, "documents");
    let (words, text) = (frame.words, office_words(language));
    let ingest = &shared.app.config().ingest;
    let readers = groups::line(&ingest.default_readers, language);
    let sources = sources::seen(&shared, &viewer).await?;
    let next = page.next.as_ref().map(ToString::to_string);
    html(&DocumentsPage {
        text,
        may_upload: viewer.may_upload,
        is_admin: viewer.is_admin(),
        formats_hint: words
            .formats_hint
            .replace("{limit}", &ingest.max_file.to_string()),
        readers_hint: words.readers_hint.replace("{readers}", &readers),
        max_file: ingest.max_file.as_u64(),
        has_more: params.has_more(),
        is_narrowed: params.is_narrowed(),
        columns: columns(words, text, &params)?,
        states: states(words, text, &params, &page.counts),
        formats: FORMATS.iter().map(|format| format.name).collect(),
        rows: page.views.iter().map(|view| row(&frame, view)).collect(),
        total: page.counts.values().sum(),
        next: next.map(|next| params.link(&[("cursor", &next)])),
        first: (!params.cursor.trim().is_empty()).then(|| params.link(&[])),
        sources: sources
            .into_iter()
            .map(|(run, counts)| source_row(text, run, counts))
            .collect(),
        is_looking: more.looking.is_some(),
        here: params.link(&[]),
        params: fields(params),
        frame,
    })
}

fn fields(params: ListParams) -> FilterFields {
    let is_set = |text: &str| matches!(text.trim(), "1" | "true" | "on");
    FilterFields {
        problems: is_set(&params.problems),
        duplicates: is_set(&params.duplicates),
        out_of_force: is_set(&params.out_of_force),
        q: params.q,
        state: params.state,
        format: params.format,
        collection: params.collection,
        tag: params.tag,
        source: params.source,
        sort: params.sort,
        order: params.order,
    }
}

/// `POST /documents`: the form by which files come in without a script.
pub(super) async fn upload(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Response, Error> {
    let (_, report) = upload::take(&shared, &viewer, language, multipart, Sender::Form).await?;
    let results = report.files.into_iter().map(|file| {
        let done = file.error.map_or(Ok(()), |error| Err(error.message));
        (file.file_name, done)
    });
    let frame = Frame::new(&shared, &viewer, language, "documents");
    let title = office_words(language).upload_done;
    let page: ResultsPage = results_page(frame, title, results.collect());
    html(&page)
}
