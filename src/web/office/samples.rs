//! Pages full of what others wrote, for the test that all of it is escaped.

use std::collections::BTreeMap;

use super::about::{AboutPage, LabelFields, Other, VersionRow};
use super::admin::{AdminPage, CitedBody, NeverCitedBody, StatisticsBody};
use super::bulk::ResultsPage;
use super::installation::{DiskBody, InstallationBody, WarningBody};
use super::page::{Column, DocumentsPage, FilterFields, Row, SourceRow, StateLink};
use super::reviews::{
    Choice, RestsOn, ReviewParams, ReviewView, ReviewsPage, SaidView, ShowLink, review_words,
};
use super::words::office_words;
use crate::catalogue::Sum;
use crate::statistics::report::report;
use crate::statistics::unanswered::Unanswered;
use crate::web::pages::Frame;

fn row(text: &str) -> Row {
    let text = || text.to_owned();
    Row {
        id: "0".to_owned(),
        title: text(),
        hint: text(),
        state: "failed",
        label: text(),
        progress: Some((1, 2)),
        left: Some(text()),
        error: Some(text()),
        problems: vec![text(), text()],
        size: text(),
        changed: text(),
    }
}

pub(in crate::web) fn hostile_documents(frame: Frame, hostile: &str) -> DocumentsPage {
    let text = || hostile.to_owned();
    DocumentsPage {
        text: office_words(frame.language),
        frame,
        may_upload: true,
        is_admin: true,
        formats_hint: text(),
        readers_hint: text(),
        max_file: 1,
        params: FilterFields {
            q: text(),
            state: text(),
            format: text(),
            collection: text(),
            tag: text(),
            source: text(),
            problems: true,
            duplicates: true,
            out_of_force: true,
            sort: text(),
            order: text(),
        },
        has_more: true,
        is_narrowed: true,
        columns: vec![Column {
            word: "x",
            label: text(),
            link: text(),
            sorted: "none",
        }],
        states: vec![StateLink {
            word: text(),
            count: text(),
            link: text(),
            is_chosen: true,
        }],
        formats: vec!["pdf"],
        rows: vec![row(hostile)],
        total: 1,
        next: Some(text()),
        first: Some(text()),
        sources: vec![SourceRow {
            name: text(),
            kind: "x",
            place: text(),
            last: text(),
            result: Some(text()),
            error: Some(text()),
            next: Some(text()),
            documents: text(),
            failed: Some(text()),
            link: text(),
        }],
        is_looking: true,
        here: text(),
    }
}

pub(in crate::web) fn hostile_about(frame: Frame, hostile: &str) -> AboutPage {
    let text = || hostile.to_owned();
    let other = || Other {
        id: "0".to_owned(),
        title: text(),
    };
    AboutPage {
        text: office_words(frame.language),
        frame,
        row: row(hostile),
        facts: vec![text()],
        may_change: true,
        may_read: true,
        may_download: true,
        sees_rights: true,
        may_retry: true,
        may_cancel: true,
        versions: vec![VersionRow {
            version: "0".to_owned(),
            file_name: text(),
            facts: text(),
        }],
        duplicates: vec![other()],
        parent: Some(other()),
        successor: Some(other()),
        fields: LabelFields {
            title: text(),
            author: text(),
            collection: text(),
            tags: text(),
            effective_from: text(),
            effective_until: text(),
        },
        refused: Some(text()),
        saved: true,
    }
}

pub(in crate::web) fn hostile_results(frame: Frame, hostile: &str) -> ResultsPage {
    let text = || hostile.to_owned();
    ResultsPage {
        text: office_words(frame.language),
        frame,
        title: "x",
        done: Some(text()),
        failed: vec![(text(), text())],
        failed_count: text(),
    }
}

pub(in crate::web) fn hostile_admin(frame: Frame, hostile: &str) -> AdminPage {
    let text = || hostile.to_owned();
    let days = vec!["2026-03-01".to_owned()];
    let sum = |kind: &str, name: &str| Sum {
        day: "2026-03-01".to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
        amount: 3,
    };
    let sums = [
        sum("outcome", "answered"),
        sum("shown", "supported"),
        sum("stage", "retrieve 010"),
        sum("tokens", "written"),
    ];
    let cited = || CitedBody {
        id: "0".to_owned(),
        title: text(),
        answers: 1,
    };
    let body = StatisticsBody {
        report: report(&days, &sums),
        unanswered: Some(vec![Unanswered {
            question: text(),
            times: 2,
        }]),
        most_cited: vec![cited()],
        never_cited: NeverCitedBody {
            count: 1,
            documents: vec![cited()],
        },
        installation: InstallationBody {
            version: "0",
            schema: 1,
            embedder: Some(text()),
            checker: text(),
            generator: text(),
            documents: BTreeMap::from([(text(), 1), ("ready".to_owned(), 2)]),
            chunks: 1,
            without_vector: 1,
            disk: vec![DiskBody {
                part: "index",
                bytes: 1,
            }],
            disk_free: Some(1),
            last_backup: Some("2026-03-01T00:00:00Z".to_owned()),
            warnings: vec![WarningBody {
                name: text(),
                message: text(),
            }],
        },
    };
    AdminPage::new(frame, 30, body, 3)
}

pub(in crate::web) fn hostile_reviews(frame: Frame, hostile: &str) -> ReviewsPage {
    let text = || hostile.to_owned();
    let said = || SaidView {
        text: text(),
        verdict: "unsupported",
        mark: "x",
        verdict_words: "x",
    };
    let review = |correction, corrected| ReviewView {
        id: text(),
        language: "ko",
        question: Some(text()),
        kind: "x",
        said_by: text(),
        state: "waiting",
        state_words: "x",
        decided: Some(text()),
        about: text(),
        abstained: true,
        sentences: vec![said()],
        correction,
        correction_title: "x",
        correction_hint: "x",
        corrected,
        note: Some(text()),
        documents: vec![RestsOn {
            title: text(),
            url: text(),
        }],
        is_usable: false,
        given_at: text(),
        choices: vec![Choice {
            word: "x",
            value: "x",
            class: "button",
        }],
    };
    let hidden = ReviewView {
        question: None,
        ..review(None, Vec::new())
    };
    ReviewsPage {
        text: review_words(frame.language),
        office: office_words(frame.language),
        frame,
        params: ReviewParams {
            show: text(),
            kind: text(),
            cursor: text(),
            done: text(),
        },
        waiting: text(),
        shows: vec![ShowLink {
            word: "x",
            count: Some(text()),
            link: text(),
            is_chosen: true,
        }],
        reviews: vec![
            review(Some(text()), vec![said()]),
            review(Some(text()), Vec::new()),
            hidden,
        ],
        next: Some(text()),
        first: Some(text()),
    }
}
