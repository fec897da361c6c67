//! How quickly the documents page lists many documents.

use std::time::{Duration, Instant};

use ::ingest::Group;
use serde::Serialize;

use crate::ask::Reader;
use crate::catalogue::{Catalogue, ListQuery, SortBy, states_of};
use crate::eval::percentile;

/// How often each list is made.
const ROUNDS: usize = 21;
/// Rows of a page.
const ROWS: u32 = 100;
/// Pages that are turned to come to a deep one.
const DEEP: usize = 200;

/// How long a list took.
#[derive(Clone, Debug, Serialize)]
pub struct ListRow {
    /// What was listed.
    pub list: &'static str,
    /// Rows that came.
    pub rows: usize,
    /// Half took no longer, in milliseconds.
    pub p50_ms: f64,
    /// 95 of 100 took no longer, in milliseconds.
    pub p95_ms: f64,
}

/// How quickly documents are listed.
#[derive(Clone, Debug, Serialize)]
pub struct ListReport {
    /// Documents.
    pub documents: u32,
    /// Seconds in which they were put into the catalogue.
    pub filled_in_s: f64,
    /// The lists.
    pub lists: Vec<ListRow>,
}

async fn measure(
    catalogue: &Catalogue,
    list: &'static str,
    query: &ListQuery,
    reader: &Reader,
) -> anyhow::Result<ListRow> {
    let mut times = Vec::with_capacity(ROUNDS);
    let mut rows = 0;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let (ids, _, _) = catalogue.list_page(query, reader).await?;
        let access = catalogue.access(reader).await?;
        rows = catalogue.views_of(&ids, Some(&access)).await?.len();
        times.push(started.elapsed());
    }
    Ok(row(list, rows, times))
}

fn row(list: &'static str, rows: usize, mut times: Vec<Duration>) -> ListRow {
    times.sort_unstable();
    ListRow {
        list,
        rows,
        p50_ms: percentile(&times, 50),
        p95_ms: percentile(&times, 95),
    }
}

/// Fills a catalogue in a temporary folder with `documents` and lists them in all ways of the
/// documents page.
///
/// # Errors
/// When the catalogue cannot be written or read.
pub async fn documents(documents: u32) -> anyhow::Result<ListReport> {
    let folder = tempfile::tempdir()?;
    let catalogue = Catalogue::open(&folder.path().join("catalogue.sqlite")).await?;
    let started = Instant::now();
    catalogue.fill(documents).await?;
    let filled_in_s = started.elapsed().as_secs_f64();
    let everyone = Reader::anyone();
    let few = Reader::new(["few".parse::<Group>()?]);
    let list = |change: &dyn Fn(&mut ListQuery)| {
        let mut query = ListQuery {
            sort: SortBy::Name,
            limit: ROWS,
            ..ListQuery::default()
        };
        change(&mut query);
        query
    };
    let mut deep = list(&|_| {});
    for _ in 0..DEEP {
        match catalogue.list_page(&deep, &everyone).await?.1 {
            Some(next) => deep.after = Some(next),
            None => break,
        }
    }
    let text = |text: &'static str| move |query: &mut ListQuery| query.text = Some(text.to_owned());
    let wanted = [
        ("first page by name", list(&|_| {}), &everyone),
        (
            "first page by time",
            list(&|query| query.sort = SortBy::Changed),
            &everyone,
        ),
        (
            "first page by size",
            list(&|query| query.sort = SortBy::Size),
            &everyone,
        ),
        (
            "first page by state",
            list(&|query| query.sort = SortBy::State),
            &everyone,
        ),
        ("deep page", deep, &everyone),
        ("words that many have", list(&text("휴가 규정")), &everyone),
        ("words that none has", list(&text("없는 말")), &everyone),
        (
            "failed",
            list(&|query| query.states = states_of("failed").unwrap_or_default()),
            &everyone,
        ),
        (
            "a collection",
            list(&|query| query.collection = Some("인사".to_owned())),
            &few,
        ),
        (
            "a tag that none has",
            list(&|query| query.tag = Some("none".to_owned())),
            &everyone,
        ),
        ("copies", list(&|query| query.duplicates = true), &everyone),
        (
            "out of force",
            list(&|query| query.out_of_force = "2026-01-01".parse().ok()),
            &everyone,
        ),
    ];
    let mut lists = Vec::new();
    for (name, query, reader) in wanted {
        lists.push(measure(&catalogue, name, &query, reader).await?);
    }
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        catalogue.state_counts(&everyone).await?;
        times.push(started.elapsed());
    }
    lists.push(row("counts by state", 0, times));
    catalogue.close().await;
    Ok(ListReport {
        documents,
        filled_in_s,
        lists,
    })
}
