//! Lists of documents, a page at a time, sorted and filtered inside the catalogue.
//!
//! Rights are applied before the limit: a reader of few documents gets a full page. A page begins
//! after the last row of the one before it, by what is sorted by and the id, so that none comes
//! twice and none is left out while documents come and go.

use std::collections::{BTreeMap, BTreeSet};

use ingest::parse::Format;
use ingest::{Day, DocumentId};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{QueryBuilder, Row as _};
use utoipa::ToSchema;

use super::rights::{Access, list_named};
use super::store::{Catalogue, Result, parsed, to_json};
use super::types::{DocumentView, State};
use crate::ask::Reader;
use crate::encoding::hex;
use crate::rights::Level;

/// Rows of a page at most.
pub const PAGE_LIMIT: u32 = 500;
/// Words that are looked for at most; more are left out.
const WORDS: usize = 8;
/// So many documents are sorted at once rather than looked through in their order.
const FEW: u64 = 5_000;

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SortBy {
    /// The title.
    Name,
    /// When the state changed last.
    #[default]
    Changed,
    /// The state: what wants a person comes first.
    State,
    /// The size of the file.
    Size,
}

impl SortBy {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Name, Self::State, Self::Size, Self::Changed];

    /// Its name in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Changed => "changed",
            Self::State => "state",
            Self::Size => "size",
        }
    }

    fn column(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Changed => "changed",
            Self::State => "rank",
            Self::Size => "size",
        }
    }

    fn has_numbers(self) -> bool {
        matches!(self, Self::State | Self::Size)
    }
}

/// Where a page ends and the next one begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    sort: SortBy,
    descending: bool,
    /// What the last row is sorted by.
    key: String,
    document: String,
}

impl Cursor {
    /// Whether it is of a list that is sorted so.
    #[must_use]
    pub fn is_of(&self, sort: SortBy, descending: bool) -> bool {
        self.sort == sort && self.descending == descending
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = (self.sort, self.descending, &self.key, &self.document);
        formatter.write_str(&hex(to_json(&parts).as_bytes()))
    }
}

/// What is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not what a page said is next")]
pub struct CursorError;

impl std::str::FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> std::result::Result<Self, CursorError> {
        let byte = |pair: &[u8]| -> Option<u8> {
            let pair = std::str::from_utf8(pair).ok()?;
            u8::from_str_radix(pair, 16).ok()
        };
        if !text.len().is_multiple_of(2) || text.len() > 4_096 {
            return Err(CursorError);
        }
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(byte).collect();
        let (sort, descending, key, document): (SortBy, bool, String, String) =
            serde_json::from_slice(&bytes.ok_or(CursorError)?).map_err(|_| CursorError)?;
        if sort.has_numbers() && key.parse::<i64>().is_err() {
            return Err(CursorError);
        }
        Ok(Self {
            sort,
            descending,
            key,
            document,
        })
    }
}

/// Which documents a page lists, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// Words that must all stand in its title or its file's name.
    pub text: Option<String>,
    /// In one of these states; any, if empty.
    pub states: BTreeSet<&'static str>,
    /// Of this format.
    pub format: Option<Format>,
    /// In this collection.
    pub collection: Option<String>,
    /// With this tag.
    pub tag: Option<String>,
    /// Handed in by this source; `upload` is all that people handed in.
    pub source: Option<String>,
    /// With problems that its owner should look at, or failed.
    pub problems: bool,
    /// With the same content as another one that the reader may find.
    pub duplicates: bool,
    /// Not in force on this day.
    pub out_of_force: Option<Day>,
    /// With which the reader may do at least this much; find them, if nothing is said. The counts are of
    /// those too.
    pub least: Option<Level>,
    /// What it is sorted by.
    pub sort: SortBy,
    /// Whether the last comes first.
    pub descending: bool,
    /// Begin after this row.
    pub after: Option<Cursor>,
    /// Rows at most.
    pub limit: u32,
}

/// How many documents are in each state.
pub type StateCounts = BTreeMap<String, u64>;

/// A page of a list.
#[derive(Clone, Debug, Default)]
pub struct ListPage {
    /// The documents, in order.
    pub views: Vec<DocumentView>,
    /// Where the next page begins; none after the last.
    pub next: Option<Cursor>,
    /// How many documents the reader may find, by state, whatever is listed.
    pub counts: StateCounts,
}

/// Which documents somebody may find, or read. This is the one place that says so in SQL, for lists,
/// counts and statistics: what [`Access`] says of each pair of access lists that there is.
#[derive(Clone, Debug)]
pub(super) struct Findable {
    /// The values of `listing.access` that may be found, or read, as JSON.
    keys: String,
    counts: StateCounts,
}

impl Findable {
    /// Adds the condition on `listing.access` of the table named `l`.
    fn push(&self, query: &mut QueryBuilder<Sqlite>, column: &str) {
        query
            .push(column)
            .push(" IN (SELECT value FROM json_each(")
            .push_bind(self.keys.clone())
            .push("))");
    }

    fn in_states(&self, states: &BTreeSet<&'static str>) -> u64 {
        let wanted = |state: &&String| states.is_empty() || states.contains(state.as_str());
        let states = self.counts.iter().filter(|(state, _)| wanted(state));
        states.map(|(_, count)| *count).sum()
    }
}

/// Whether what has these lists, as `listing.access` names them, may be found.
pub(super) fn may_find(access: &Access, key: &str) -> bool {
    may(access, Level::Find, key)
}

fn may(access: &Access, least: Level, key: &str) -> bool {
    let (list, version) = match key.split_once('+') {
        Some((list, version)) => (list, Some(list_named(version))),
        None => (key, None),
    };
    access.may(least, &list_named(list), version.as_ref())
}

impl Catalogue {
    /// What `reader` may find.
    pub(super) async fn findable(&self, reader: &Reader) -> Result<Findable> {
        self.at_least(Level::Find, reader).await
    }

    /// What `reader` may do this much with.
    async fn at_least(&self, least: Level, reader: &Reader) -> Result<Findable> {
        let access = self.access(reader).await?;
        // One short row for each pair of lists and state, from the index alone.
        let rows = sqlx::query(
            "SELECT access, state, count(*) AS documents FROM listing GROUP BY access, state",
        )
        .fetch_all(&self.readers)
        .await?;
        let mut keys = BTreeSet::new();
        let mut counts = StateCounts::new();
        for row in &rows {
            let key: &str = row.try_get("access")?;
            if !may(&access, least, key) {
                continue;
            }
            keys.insert(key.to_owned());
            let documents: i64 = row.try_get("documents")?;
            *counts.entry(row.try_get("state")?).or_default() +=
                u64::try_from(documents).unwrap_or(0);
        }
        Ok(Findable {
            keys: to_json(&keys),
            counts,
        })
    }

    /// How many documents `reader` may find, by state.
    pub(crate) async fn state_counts(&self, reader: &Reader) -> Result<StateCounts> {
        Ok(self.findable(reader).await?.counts)
    }

    /// The ids of a page of a list, where the next one begins, and how many there are by state.
    pub(crate) async fn list_page(
        &self,
        wanted: &ListQuery,
        reader: &Reader,
    ) -> Result<(Vec<DocumentId>, Option<Cursor>, StateCounts)> {
        let least = wanted.least.unwrap_or(Level::Find);
        let findable = self.at_least(least, reader).await?;
        let limit = wanted.limit.clamp(1, PAGE_LIMIT);
        let mut query = list_sql(wanted, &findable);
        query.push(" LIMIT ").push_bind(i64::from(limit) + 1);
        let rows = query.build().fetch_all(&self.readers).await?;
        let shown = &rows[..rows.len().min(limit as usize)];
        let next = match shown.last() {
            Some(last) if rows.len() > shown.len() => Some(cursor(wanted, last)?),
            _ => None,
        };
        let ids = shown.iter().map(|row| parsed(row, "document"));
        Ok((ids.collect::<Result<_>>()?, next, findable.counts))
    }

    /// How many searched documents `reader` may find that are not among `cited`, and the first
    /// `most` of them, those that changed longest ago first.
    pub(crate) async fn never_cited(
        &self,
        cited: &[String],
        reader: &Reader,
        most: u32,
    ) -> Result<(u64, Vec<DocumentId>)> {
        let findable = self.findable(reader).await?;
        let condition = |query: &mut QueryBuilder<Sqlite>| {
            query.push(" FROM listing l WHERE l.state IN ('ready', 'ready_with_warnings', 'recognizing', 'embedding') AND ");
            findable.push(query, "+l.access");
            query
                .push(" AND l.document NOT IN (SELECT value FROM json_each(")
                .push_bind(to_json(&cited))
                .push("))");
        };
        let mut count = QueryBuilder::new("SELECT count(*) AS documents");
        condition(&mut count);
        let row = count.build().fetch_one(&self.readers).await?;
        let documents: i64 = row.try_get("documents")?;
        let mut list = QueryBuilder::new("SELECT l.document");
        condition(&mut list);
        list.push(" ORDER BY l.changed, l.document LIMIT ")
            .push_bind(i64::from(most));
        let rows = list.build().fetch_all(&self.readers).await?;
        let ids = rows.iter().map(|row| parsed(row, "document"));
        Ok((
            u64::try_from(documents).unwrap_or(0),
            ids.collect::<Result<_>>()?,
        ))
    }

    /// Documents by the source that handed them in, of those that `reader` may find, and how many
    /// of them failed.
    pub(crate) async fn source_counts(
        &self,
        lanes: &[String],
        reader: &Reader,
    ) -> Result<BTreeMap<String, (u64, u64)>> {
        let findable = self.findable(reader).await?;
        let mut query = QueryBuilder::new(
            "SELECT l.lane, count(*) AS documents, sum(l.state = 'failed') AS failed FROM listing l WHERE l.lane IN \
             (SELECT value FROM json_each(",
        );
        query.push_bind(to_json(&lanes)).push(")) AND ");
        findable.push(&mut query, "+l.access");
        query.push(" GROUP BY l.lane");
        let rows = query.build().fetch_all(&self.readers).await?;
        let number = |row: &SqliteRow, name: &str| -> Result<u64> {
            Ok(u64::try_from(row.try_get::<i64, _>(name)?).unwrap_or(0))
        };
        rows.iter()
            .map(|row| {
                let counts = (number(row, "documents")?, number(row, "failed")?);
                Ok((row.try_get("lane")?, counts))
            })
            .collect()
    }
}

/// Everything but the limit.
fn list_sql(wanted: &ListQuery, findable: &Findable) -> QueryBuilder<Sqlite> {
    let column = wanted.sort.column();
    let few = findable.in_states(&wanted.states) <= FEW;
    // The few are found by their readers and states and sorted; the many are looked through in
    // their order until the page is full. The plus keeps SQLite from choosing otherwise.
    let (index, plus) = if few { ("access", "") } else { (column, "+") };
    let mut query = QueryBuilder::new(format!(
        "SELECT l.document, CAST(l.{column} AS TEXT) AS sorted FROM listing l INDEXED BY listing_by_{index} WHERE "
    ));
    findable.push(&mut query, &format!("{plus}l.access"));
    if !wanted.states.is_empty() {
        query
            .push(format!(
                " AND {plus}l.state IN (SELECT value FROM json_each("
            ))
            .push_bind(to_json(&wanted.states))
            .push("))");
    }
    push_filters(&mut query, wanted, findable);
    let (than, order) = if wanted.descending {
        ("<", " DESC")
    } else {
        (">", "")
    };
    if let Some(after) = &wanted.after {
        query.push(format!(" AND (l.{column}, l.document) {than} ("));
        if wanted.sort.has_numbers() {
            query.push_bind(after.key.parse::<i64>().unwrap_or(i64::MAX));
        } else {
            query.push_bind(after.key.clone());
        }
        query.push(", ").push_bind(after.document.clone()).push(")");
    }
    query.push(format!(" ORDER BY l.{column}{order}, l.document{order}"));
    query
}

fn push_filters(query: &mut QueryBuilder<Sqlite>, wanted: &ListQuery, findable: &Findable) {
    let words = wanted.text.as_deref().unwrap_or_default();
    for word in words.split_whitespace().take(WORDS) {
        // As SQLite folds: letters of ASCII alone.
        query
            .push(" AND instr(l.sought, ")
            .push_bind(word.to_ascii_lowercase())
            .push(") > 0");
    }
    if let Some(format) = wanted.format {
        query
            .push(" AND l.format = ")
            .push_bind(format.as_str().to_owned());
    }
    if let Some(collection) = &wanted.collection {
        query
            .push(" AND l.collection = ")
            .push_bind(collection.clone());
    }
    if let Some(tag) = &wanted.tag {
        query
            .push(" AND instr(l.tags, ")
            .push_bind(format!("\n{tag}\n"))
            .push(") > 0");
    }
    match wanted.source.as_deref() {
        None => {}
        // Those who hand files in have lanes of this form.
        Some("upload") => {
            query.push(" AND l.lane >= 'upload:' AND l.lane < 'upload;'");
        }
        Some(source) => {
            query.push(" AND l.lane = ").push_bind(source.to_owned());
        }
    }
    if wanted.problems {
        query.push(" AND l.has_problems = 1");
    }
    if wanted.duplicates {
        query.push(" AND l.wanted IN (SELECT wanted FROM listing WHERE state != 'deleting' AND ");
        findable.push(query, "+access");
        query.push(" GROUP BY wanted HAVING count(*) > 1)");
    }
    if let Some(day) = wanted.out_of_force {
        let day = day.to_string();
        query
            .push(" AND (l.ends != '' AND l.ends <= ")
            .push_bind(day.clone())
            .push(" OR l.starts > ")
            .push_bind(day)
            .push(")");
    }
}

fn cursor(wanted: &ListQuery, last: &SqliteRow) -> Result<Cursor> {
    Ok(Cursor {
        sort: wanted.sort,
        descending: wanted.descending,
        key: last.try_get("sorted")?,
        document: last.try_get("document")?,
    })
}

/// The states of a group that people choose: what is worked on is one to them.
#[must_use]
pub fn states_of(name: &str) -> Option<BTreeSet<&'static str>> {
    let all = [
        State::Queued,
        State::Extracting,
        State::Chunking,
        State::Indexing,
        State::Embedding,
        State::Recognizing,
        State::Ready,
        State::ReadyWithWarnings,
        State::Failed,
        State::Cancelled,
        State::Deleting,
    ];
    if name == "working" {
        let working = |state: &State| !state.is_final() && *state != State::Deleting;
        return Some(all.into_iter().filter(working).map(State::as_str).collect());
    }
    let found = all.into_iter().find(|state| state.as_str() == name)?;
    Some(BTreeSet::from([found.as_str()]))
}

#[cfg(test)]
mod tests {
    use ingest::ContentHash;

    use super::super::metadata::{Metadata, MetadataChange};
    use super::super::store::Arriving;
    use super::super::types::NewDocument;
    use super::*;

    async fn add(
        catalogue: &Catalogue,
        name: &str,
        readers: &[&str],
        metadata: &str,
    ) -> DocumentId {
        let id = catalogue.id_at(name).await.unwrap();
        let document = NewDocument {
            place: name.to_owned(),
            file_name: name.to_owned(),
            path: std::path::PathBuf::new(),
            readers: readers.iter().map(|name| name.parse().unwrap()).collect(),
            parent: None,
            lane: "upload:everyone/".to_owned(),
            metadata: MetadataChange::default(),
            passwords: Vec::new(),
        };
        let metadata: Metadata = serde_json::from_str(metadata).unwrap();
        let arriving = Arriving {
            id,
            document: &document,
            version: ContentHash::of(name.trim_start_matches("copy ").as_bytes()),
            size: name.len() as u64,
            metadata,
        };
        catalogue.submit(&arriving).await.unwrap();
        id
    }

    async fn open() -> (tempfile::TempDir, Catalogue) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("c.sqlite");
        let catalogue = Catalogue::open(&file).await.unwrap();
        (folder, catalogue)
    }

    fn by_name(limit: u32) -> ListQuery {
        ListQuery {
            sort: SortBy::Name,
            limit,
            ..ListQuery::default()
        }
    }

    #[tokio::test]
    async fn each_filter_finds_what_it_names() {
        let (_folder, catalogue) = open().await;
        let leave = add(
            &catalogue,
            "휴가 규정 LEAVE.pdf",
            &["everyone"],
            r#"{"collection":"인사","tags":["hr","hr 2"],"effective_until":"2025-12-31"}"#,
        )
        .await;
        let copy = add(&catalogue, "copy 휴가 규정 LEAVE.pdf", &["everyone"], "{}").await;
        let secret = add(&catalogue, "pay.pdf", &["hr"], "{}").await;
        let reader = Reader::anyone();
        let found = async |change: &dyn Fn(&mut ListQuery)| {
            let mut query = by_name(10);
            change(&mut query);
            catalogue.list_page(&query, &reader).await.unwrap().0
        };
        assert_eq!(found(&|_| {}).await, [copy, leave]);
        assert_eq!(found(&|query| query.descending = true).await, [leave, copy]);
        let text =
            |text: &'static str| move |query: &mut ListQuery| query.text = Some(text.to_owned());
        assert_eq!(found(&text("leave 휴가")).await, [copy, leave]);
        assert_eq!(found(&text("copy")).await, [copy]);
        assert_eq!(found(&text("pay")).await, []);
        assert_eq!(
            found(&|query| query.collection = Some("인사".to_owned())).await,
            [leave]
        );
        assert_eq!(
            found(&|query| query.tag = Some("hr 2".to_owned())).await,
            [leave]
        );
        assert_eq!(found(&|query| query.tag = Some("2".to_owned())).await, []);
        assert_eq!(found(&|query| query.duplicates = true).await, [copy, leave]);
        let day = |day: &str| day.parse::<Day>().ok();
        assert_eq!(
            found(&|query| query.out_of_force = day("2026-01-01")).await,
            [leave]
        );
        assert_eq!(
            found(&|query| query.out_of_force = day("2025-12-31")).await,
            []
        );
        assert_eq!(found(&|query| query.problems = true).await, []);
        assert_eq!(
            found(&|query| query.states = states_of("ready").unwrap()).await,
            []
        );
        assert_eq!(
            found(&|query| query.states = states_of("working").unwrap()).await,
            [copy, leave]
        );
        assert_eq!(
            found(&|query| query.source = Some("upload".to_owned()))
                .await
                .len(),
            2
        );
        assert_eq!(
            found(&|query| query.source = Some("folder:/x".to_owned())).await,
            []
        );
        // A copy that may not be found is none.
        add(&catalogue, "copy pay.pdf", &["everyone"], "{}").await;
        assert_eq!(found(&|query| query.duplicates = true).await, [copy, leave]);
        let hr = Reader::new(["hr".parse().unwrap()]);
        let mut query = by_name(10);
        query.duplicates = true;
        let (all, _, counts) = catalogue.list_page(&query, &hr).await.unwrap();
        assert!(all.contains(&secret) && all.len() == 4, "{all:?}");
        assert_eq!(counts, StateCounts::from([("queued".to_owned(), 4)]));
        catalogue.close().await;
    }

    #[tokio::test]
    async fn a_list_follows_what_happens_to_documents() {
        let (_folder, catalogue) = open().await;
        let id = add(&catalogue, "b.pdf", &["everyone"], "{}").await;
        add(&catalogue, "c.pdf", &["everyone"], "{}").await;
        let first = async |sort: SortBy| {
            let query = ListQuery { sort, ..by_name(1) };
            catalogue
                .list_page(&query, &Reader::anyone())
                .await
                .unwrap()
                .0
        };
        assert_eq!(first(SortBy::Name).await, [id]);
        let title = serde_json::from_str(r#"{"title":"Zebra"}"#).unwrap();
        catalogue.set_metadata(id, &title).await.unwrap();
        assert_ne!(first(SortBy::Name).await, [id]);
        catalogue
            .change_state(id, &[State::Queued], State::Failed)
            .await
            .unwrap();
        assert_eq!(first(SortBy::State).await, [id]);
        catalogue.mark_deleting(id).await.unwrap();
        catalogue.forget(&[id]).await.unwrap();
        assert_ne!(first(SortBy::State).await, [id]);
        let counts = catalogue.state_counts(&Reader::anyone()).await.unwrap();
        assert_eq!(counts, StateCounts::from([("queued".to_owned(), 1)]));
        catalogue.close().await;
    }

    #[test]
    fn a_cursor_reads_back_and_anything_else_does_not() {
        let cursor = Cursor {
            sort: SortBy::Name,
            descending: true,
            key: "휴가 \"규정\"".to_owned(),
            document: "0".to_owned(),
        };
        assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        for wrong in ["", "0", "zz", "5b5d", "가가"] {
            assert!(wrong.parse::<Cursor>().is_err(), "{wrong}");
        }
        let text = hex(br#"["size",false,"x","0"]"#);
        assert!(text.parse::<Cursor>().is_err(), "a size is a number");
    }
}
