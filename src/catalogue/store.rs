//! The catalogue in SQLite.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use ingest::ocr::RecognizedPage;
use ingest::parse::{Extracted, Format};
use ingest::{
    AccessKey, ChunkId, ContentHash, Document, DocumentId, Group, Labels, PreparedChunk, Problem,
    StoredChunk, Vector,
};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Row as _};
use tracing::warn;

use super::audit;
use super::conversations;
use super::feedback;
use super::listing::may_find;
use super::metadata::{Metadata, Said, labels};
use super::oidc;
use super::people;
use super::purge;
use super::rights::{self, Access, ListId, Lists, lists_of};
use super::statistics;
use super::types::{DocumentView, NewDocument, State, VersionView};
use super::webhooks;
use crate::rights::Level;
use crate::talk::Gone;

/// What can go wrong with the catalogue: SQLite's own errors, and rows that cannot be read.
pub(crate) type Result<T> = std::result::Result<T, sqlx::Error>;

/// How long somebody waits for another who writes, or reads what is to be cut off.
const PATIENCE: Duration = Duration::from_secs(30);

const SCHEMA: &str = include_str!("schema.sql");
pub(super) const SCHEMA_VERSION: i64 = 14;
/// What makes a catalogue of version 1 one of version 2.
const TO_VERSION_2: &str = "ALTER TABLE versions ADD COLUMN readers TEXT NOT NULL DEFAULT '[]'; \
     UPDATE versions SET readers = (SELECT readers FROM documents WHERE id = versions.document);";

/// What makes a catalogue of version 2 one of version 3.
const TO_VERSION_3: &str = "ALTER TABLE documents ADD COLUMN parent TEXT; \
     CREATE INDEX documents_by_parent ON documents (parent); \
     ALTER TABLE documents ADD COLUMN turn REAL NOT NULL DEFAULT 0; \
     CREATE INDEX documents_by_turn ON documents (state, turn); \
     ALTER TABLE versions ADD COLUMN needs_ocr TEXT NOT NULL DEFAULT '[]'; \
     CREATE TABLE recognized (document TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE, \
     version TEXT NOT NULL, page INTEGER NOT NULL, body TEXT, error TEXT, \
     PRIMARY KEY (document, version, page)) STRICT, WITHOUT ROWID; \
     CREATE TABLE sourced (source TEXT NOT NULL, place TEXT NOT NULL, tag TEXT NOT NULL, \
     PRIMARY KEY (source, place)) STRICT, WITHOUT ROWID;";

/// What makes a catalogue of version 3 one of version 4.
const TO_VERSION_4: &str = "ALTER TABLE documents ADD COLUMN lane TEXT NOT NULL DEFAULT ''; \
     ALTER TABLE documents ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}'; \
     ALTER TABLE documents ADD COLUMN passwords TEXT NOT NULL DEFAULT '[]'; \
     CREATE INDEX documents_by_lane ON documents (lane, state, turn); \
     CREATE INDEX documents_by_content ON documents (wanted); \
     ALTER TABLE documents ADD COLUMN said TEXT NOT NULL DEFAULT '{}'; \
     ALTER TABLE versions ADD COLUMN received_at TEXT; \
     ALTER TABLE versions ADD COLUMN replaced_at TEXT;";

/// The truth that both indexes are derived from.
#[derive(Clone, Debug)]
pub(crate) struct Catalogue {
    pub(super) readers: SqlitePool,
    /// One connection: SQLite has one writer, and waiting here is fairer than failing there.
    pub(super) writer: SqlitePool,
    /// The access lists as they were read last.
    pub(super) lists: Arc<Mutex<Option<Arc<Lists>>>>,
}

/// A document on its way.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) id: DocumentId,
    pub(crate) version: ContentHash,
    pub(crate) file_name: String,
    /// Those that were given with it.
    pub(crate) passwords: Vec<SecretString>,
}

/// A chunk as the catalogue keeps it, with what its document says.
#[derive(Clone, Debug)]
pub(crate) struct ChunkRow {
    pub(crate) id: ChunkId,
    pub(crate) document: DocumentId,
    pub(crate) version: ContentHash,
    pub(crate) title: String,
    pub(crate) file_name: String,
    /// The access list of its document, and that of its version if it has one.
    pub(crate) list: ListId,
    pub(crate) access: Option<ListId>,
    pub(crate) labels: Labels,
    pub(crate) prepared: PreparedChunk,
    pub(crate) text_hash: String,
}

impl ChunkRow {
    pub(crate) fn stored(&self) -> StoredChunk {
        StoredChunk {
            id: self.id,
            document: self.document,
            version: self.version,
            title: self.title.clone(),
            heading_path: self.prepared.chunk.heading_path.clone(),
            text: self.prepared.searched_text(),
            access: self.list.key(self.access.as_ref()),
            labels: self.labels.clone(),
            vector: None,
        }
    }
}

/// The documents that wait for their turn.
#[derive(Debug, Default)]
pub(crate) struct Waiting(HashMap<DocumentId, u64>);

impl Waiting {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Bytes of the documents whose turn comes before this one's, if it waits.
    pub(crate) fn before(&self, id: DocumentId) -> Option<u64> {
        self.0.get(&id).copied()
    }
}

/// A document that is handed in and whose file is kept.
#[derive(Debug)]
pub(crate) struct Arriving<'a> {
    pub(crate) id: DocumentId,
    pub(crate) document: &'a NewDocument,
    pub(crate) version: ContentHash,
    pub(crate) size: u64,
    /// What is said of it, all of it.
    pub(crate) metadata: Metadata,
}

/// A document as it was handed in.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) id: DocumentId,
    pub(crate) place: String,
    /// Who was named when it was handed in; nobody, if it follows its collection.
    pub(crate) readers: BTreeSet<Group>,
    pub(crate) version: ContentHash,
    pub(crate) parent: Option<DocumentId>,
    pub(crate) lane: String,
    pub(crate) metadata: Metadata,
    pub(crate) passwords: Vec<SecretString>,
}

/// What became of a page that is a picture of text.
#[derive(Clone, Debug)]
pub(crate) struct Recognized {
    pub(crate) page: u32,
    pub(crate) read: std::result::Result<RecognizedPage, String>,
}

/// A version as it was read.
#[derive(Clone, Debug)]
pub(crate) struct ReadVersion {
    pub(crate) document: Document,
    pub(crate) version: ContentHash,
    pub(crate) format: Option<Format>,
    pub(crate) title: String,
    pub(crate) file_name: String,
    /// The access list of its document, and that of its own if it has one.
    pub(crate) list: ListId,
    pub(crate) access: Option<ListId>,
    /// When a newer one took its place in the search.
    pub(crate) replaced_at: Option<Timestamp>,
}

pub(super) fn decode_error(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}

pub(super) fn json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(decode_error)
}

pub(super) fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("what the catalogue keeps can be written as JSON")
}

pub(super) fn parsed<T: FromStr>(row: &SqliteRow, column: &str) -> Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    row.try_get::<&str, _>(column)?
        .parse()
        .map_err(decode_error)
}

pub(super) async fn version_of(pool: &SqlitePool) -> Result<i64> {
    sqlx::query("PRAGMA user_version")
        .fetch_one(pool)
        .await?
        .try_get(0)
}

pub(super) fn unknown_version(version: i64) -> sqlx::Error {
    sqlx::Error::Configuration(
        format!("the catalogue has version {version}, this program knows {SCHEMA_VERSION}").into(),
    )
}

pub(super) fn now() -> String {
    Timestamp::now().to_string()
}

/// Seconds that a document takes of the turn of who hands it in: half a minute for each megabyte,
/// an hour at most.
fn cost(size: i64) -> f64 {
    const EACH: f64 = 0.02;
    const PER_BYTE: f64 = 30.0 / (1 << 20) as f64;
    const MOST: f64 = 3_600.0;
    #[expect(
        clippy::cast_precision_loss,
        reason = "bytes need no more than a double has"
    )]
    let size = size as f64;
    (EACH + size * PER_BYTE).min(MOST)
}

/// When a document's turn comes. Those of one lane come one after the other, from now on, a large
/// one after the small ones: so it does not hold them up, nor do many files of one person the few
/// of another. A turn is a time that comes: what is handed in after it does not go before it.
async fn turn(transaction: &mut sqlx::SqliteConnection, lane: &str, size: i64) -> Result<f64> {
    const SMALL: i64 = 1 << 20;
    let before = if size <= SMALL { SMALL } else { i64::MAX };
    let sql =
        "SELECT max(turn) AS last FROM documents WHERE lane = ? AND state = 'queued' AND size <= ?";
    let row = sqlx::query(sql)
        .bind(lane)
        .bind(before)
        .fetch_one(transaction)
        .await?;
    let last: Option<f64> = row.try_get("last")?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds need no more than a double has"
    )]
    let now = Timestamp::now().as_millisecond() as f64 / 1e3;
    Ok(last.unwrap_or(now).max(now) + cost(size))
}

fn number(value: i64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

const CHUNK_COLUMNS: &str = "SELECT c.id, c.document, c.version, c.prepared, c.text_hash, d.list, v.access, \
     d.metadata, d.said, v.title, v.file_name FROM chunks c JOIN documents d ON d.id = c.document \
     JOIN versions v ON v.document = c.document AND v.version = c.version \
     WHERE d.state != 'deleting' AND ";

const ENTRY_COLUMNS: &str =
    "SELECT d.id, d.place, d.readers, d.wanted, d.parent, d.lane, d.metadata, d.passwords";

/// What a document is shown by.
const VIEW_COLUMNS: &str = "SELECT d.id, d.wanted, d.file_name, d.size, d.state, d.error, d.list, v.access, d.parent, d.created_at, d.updated_at, \
     d.metadata, d.said, v.title, v.format, v.problems, v.pages, \
     (SELECT count(*) FROM versions o WHERE o.document = d.id AND o.version NOT IN (d.wanted, coalesce(d.current, d.wanted))) AS old_versions, \
     (SELECT o.list || coalesce('+' || ov.access, '') FROM documents o \
      LEFT JOIN versions ov ON ov.document = o.id AND ov.version = o.wanted \
      WHERE o.id = json_extract(d.metadata, '$.superseded_by') AND o.state != 'deleting') AS successor_list, \
     (SELECT json_group_array(json_array(o.id, o.list || coalesce('+' || ov.access, ''))) FROM documents o \
      LEFT JOIN versions ov ON ov.document = o.id AND ov.version = o.wanted \
      WHERE o.wanted = d.wanted AND o.id != d.id AND o.state != 'deleting') AS duplicates, \
     (SELECT count(*) FROM chunks c WHERE c.document = d.id) AS chunks, \
     (SELECT count(*) FROM chunks c WHERE c.document = d.id AND c.embedded = 1) AS embedded \
     FROM documents d LEFT JOIN versions v ON v.document = d.id AND v.version = d.wanted";

/// The ids of all that came in document `?1`.
pub(super) const INSIDE: &str = "WITH RECURSIVE inside (id) AS (SELECT id FROM documents WHERE parent = ?1 \
     UNION SELECT d.id FROM documents d JOIN inside ON d.parent = inside.id)";

fn entry(row: &SqliteRow) -> Result<Entry> {
    Ok(Entry {
        id: parsed(row, "id")?,
        place: row.try_get("place")?,
        readers: json(row.try_get("readers")?)?,
        version: parsed(row, "wanted")?,
        parent: parent(row)?,
        lane: row.try_get("lane")?,
        metadata: json(row.try_get("metadata")?)?,
        passwords: passwords(row)?,
    })
}

fn work(row: &SqliteRow) -> Result<Work> {
    Ok(Work {
        id: parsed(row, "id")?,
        version: parsed(row, "wanted")?,
        file_name: row.try_get("file_name")?,
        passwords: passwords(row)?,
    })
}

fn passwords(row: &SqliteRow) -> Result<Vec<SecretString>> {
    let passwords: Vec<String> = json(row.try_get("passwords")?)?;
    Ok(passwords.into_iter().map(SecretString::from).collect())
}

/// A document as compressed JSON.
fn packed(document: &Document) -> Result<Vec<u8>> {
    let mut body = ZlibEncoder::new(Vec::new(), Compression::fast());
    body.write_all(to_json(document).as_bytes())?;
    Ok(body.finish()?)
}

pub(super) fn parent(row: &SqliteRow) -> Result<Option<DocumentId>> {
    let parent: Option<&str> = row.try_get("parent")?;
    parent.map(str::parse).transpose().map_err(decode_error)
}

fn chunk_row(row: &SqliteRow) -> Result<ChunkRow> {
    let file_name: String = row.try_get("file_name")?;
    let title: Option<String> = row.try_get("title")?;
    let metadata: Metadata = json(row.try_get("metadata")?)?;
    let said: Said = json(row.try_get("said")?)?;
    let (list, access) = lists_of(row)?;
    Ok(ChunkRow {
        labels: labels(&metadata, &said),
        id: parsed(row, "id")?,
        document: parsed(row, "document")?,
        version: parsed(row, "version")?,
        title: metadata
            .title
            .or(title)
            .unwrap_or_else(|| file_name.clone()),
        file_name,
        list,
        access,
        prepared: json(row.try_get("prepared")?)?,
        text_hash: row.try_get("text_hash")?,
    })
}

impl Catalogue {
    /// Opens the catalogue in `file`, making it if it is not there.
    pub(crate) async fn open(file: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // What was acknowledged survives the power going out.
            .synchronous(SqliteSynchronous::Full)
            // What was deleted is not left in free pages.
            .pragma("secure_delete", "ON")
            .busy_timeout(PATIENCE);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone())
            .await?;
        let version = version_of(&writer).await?;
        match version {
            0..SCHEMA_VERSION => {
                let changes = [
                    TO_VERSION_2,
                    TO_VERSION_3,
                    TO_VERSION_4,
                    people::TABLES,
                    audit::SCHEMA,
                    rights::TABLES,
                    webhooks::SCHEMA,
                    oidc::TABLES,
                    conversations::TABLES,
                    feedback::TABLES,
                    statistics::SCHEMA,
                    purge::TABLES,
                    feedback::DECISIONS,
                ];
                let changes = match usize::try_from(version) {
                    Ok(version @ 1..) => &changes[version - 1..],
                    _ => &[
                        SCHEMA,
                        people::TABLES,
                        audit::SCHEMA,
                        rights::TABLES,
                        webhooks::SCHEMA,
                        oidc::TABLES,
                        conversations::TABLES,
                        feedback::TABLES,
                        statistics::SCHEMA,
                        purge::TABLES,
                        feedback::DECISIONS,
                    ][..],
                };
                let mut transaction = writer.begin().await?;
                for change in changes {
                    sqlx::raw_sql(*change).execute(&mut *transaction).await?;
                }
                if version < rights::VERSION {
                    rights::fill(&mut transaction).await?;
                }
                purge::purge_earlier(&mut transaction).await?;
                let set = format!("PRAGMA user_version = {SCHEMA_VERSION}");
                sqlx::raw_sql(AssertSqlSafe(set))
                    .execute(&mut *transaction)
                    .await?;
                transaction.commit().await?;
            }
            SCHEMA_VERSION => {}
            newer => return Err(unknown_version(newer)),
        }
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options.read_only(true))
            .await?;
        Ok(Self {
            readers,
            writer,
            lists: Arc::default(),
        })
    }

    /// Opens the catalogue in `file` to read it only, beside a program that may be using it: its
    /// log of changes lets both work. What would write fails.
    pub(crate) async fn open_to_read(file: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .read_only(true)
            .busy_timeout(PATIENCE);
        let readers = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await?;
        match version_of(&readers).await? {
            SCHEMA_VERSION => Ok(Self {
                writer: readers.clone(),
                readers,
                lists: Arc::default(),
            }),
            other => Err(unknown_version(other)),
        }
    }

    /// Opens the catalogue in `file` to change it beside the program that serves from it, which sees
    /// the changes at its next look. It is not brought to another version: the other program would
    /// not know it any more.
    pub(crate) async fn open_beside(file: &Path) -> Result<Self> {
        Self::open_to_read(file).await?.close().await;
        Self::open(file).await
    }

    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// The document at a place, or the id that one there would have.
    ///
    /// The id of a document is made of the place where it was first seen. It keeps it when it
    /// moves; what comes to the old place then has another.
    pub(crate) async fn id_at(&self, place: &str) -> Result<DocumentId> {
        let row = sqlx::query("SELECT id FROM documents WHERE place = ?")
            .bind(place)
            .fetch_optional(&self.writer)
            .await?;
        if let Some(row) = row {
            return parsed(&row, "id");
        }
        let mut id = DocumentId::at(place);
        let mut again = 1;
        while sqlx::query("SELECT 1 FROM documents WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&self.writer)
            .await?
            .is_some()
        {
            again += 1;
            id = DocumentId::at(&format!("{place}\0{again}"));
        }
        Ok(id)
    }

    /// Takes a document. Gives whether it is there already, with the same content, rights and
    /// metadata.
    pub(crate) async fn submit(&self, arriving: &Arriving<'_>) -> Result<bool> {
        let document = arriving.document;
        let (id, version, readers) = (
            arriving.id.to_string(),
            arriving.version.to_string(),
            to_json(&document.readers),
        );
        let metadata = to_json(&arriving.metadata);
        let size = i64::try_from(arriving.size).unwrap_or(i64::MAX);
        let now = now();
        let mut transaction = self.writer.begin().await?;
        let found =
            sqlx::query("SELECT wanted, readers, state, metadata, list, (SELECT access FROM versions \
                 WHERE document = documents.id AND version = documents.wanted) AS access FROM documents WHERE id = ?")
                .bind(&id)
                .fetch_optional(&mut *transaction)
                .await?;
        // What is inside it may be gone or of another version: it is read anew to tell.
        let mut is_same = true;
        let mut before: Option<String> = None;
        if let Some(row) = found {
            let state: &str = row.try_get("state")?;
            before = Some(row.try_get("list")?);
            is_same = row.try_get::<&str, _>("wanted")? == version && state != "deleting";
            if is_same
                && row.try_get::<&str, _>("readers")? == readers
                && row.try_get::<&str, _>("metadata")? == metadata
                && row.try_get::<Option<&str>, _>("access")?.is_none()
                && !matches!(state, "failed" | "cancelled")
            {
                return Ok(true);
            }
        }
        let given: Vec<&str> = document
            .passwords
            .iter()
            .map(ExposeSecret::expose_secret)
            .collect();
        let turn = turn(&mut transaction, &document.lane, size).await?;
        sqlx::query(
            "INSERT INTO documents (id, place, file_name, readers, wanted, size, state, created_at, updated_at, parent, turn, \
             lane, metadata, passwords) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7, ?7, ?8, ?9, ?10, ?11, ?12) \
             ON CONFLICT (id) DO UPDATE SET file_name = ?3, readers = ?4, wanted = ?5, size = ?6, \
             state = 'queued', error = NULL, updated_at = ?7, parent = ?8, turn = ?9, lane = ?10, metadata = ?11, \
             passwords = CASE WHEN ?12 = '[]' THEN passwords ELSE ?12 END",
        )
        .bind(&id)
        .bind(&document.place)
        .bind(&document.file_name)
        .bind(&readers)
        .bind(&version)
        .bind(size)
        .bind(&now)
        .bind(document.parent.map(|parent| parent.to_string()))
        .bind(turn)
        .bind(&document.lane)
        .bind(&metadata)
        .bind(to_json(&given))
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "INSERT INTO versions (document, version, file_name, size, received_at) \
             VALUES (?1, ?2, ?3, ?4, ?5) \
             ON CONFLICT (document, version) DO UPDATE SET access = NULL, file_name = ?3, \
             received_at = CASE WHEN ?6 THEN received_at ELSE ?5 END, \
             reader = CASE WHEN ?6 THEN reader ELSE NULL END",
        )
        .bind(&id)
        .bind(&version)
        .bind(&document.file_name)
        .bind(size)
        .bind(&now)
        .bind(is_same)
        .execute(&mut *transaction)
        .await?;
        rights::arrive(
            &mut transaction,
            &id,
            &document.readers,
            before.as_deref(),
            is_same,
        )
        .await?;
        transaction.commit().await?;
        Ok(false)
    }

    /// Says what people say of a document, and queues it so that the indexes learn of it.
    /// It may be in another collection then, and follow the rights of that one.
    pub(crate) async fn set_metadata(&self, id: DocumentId, metadata: &Metadata) -> Result<()> {
        let mut transaction = self.writer.begin().await?;
        sqlx::query(
            "UPDATE documents SET metadata = ?2, updated_at = ?3, \
             state = CASE WHEN state IN ('failed', 'cancelled', 'deleting') THEN state ELSE 'queued' END \
             WHERE id = ?1",
        )
        .bind(id.to_string())
        .bind(to_json(metadata))
        .bind(now())
        .execute(&mut *transaction)
        .await?;
        rights::settle(&mut transaction, &id.to_string()).await?;
        transaction.commit().await
    }

    /// Gives a document, with all that came in it, another place and name.
    pub(crate) async fn rename(&self, id: DocumentId, to: &str, file_name: &str) -> Result<()> {
        let mut transaction = self.writer.begin().await?;
        let row = sqlx::query("SELECT place, wanted FROM documents WHERE id = ?")
            .bind(id.to_string())
            .fetch_one(&mut *transaction)
            .await?;
        let from: String = row.try_get("place")?;
        let wanted: String = row.try_get("wanted")?;
        sqlx::query(
            "UPDATE documents SET place = ?2 || substr(place, length(?1) + 1) \
             WHERE place >= ?1 || '!/' AND place < ?1 || '!0'",
        )
        .bind(&from)
        .bind(to)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "UPDATE documents SET place = ?2, file_name = ?3, updated_at = ?4, \
             state = CASE WHEN state IN ('failed', 'cancelled', 'deleting') THEN state ELSE 'queued' END WHERE id = ?1",
        )
        .bind(id.to_string())
        .bind(to)
        .bind(file_name)
        .bind(now())
        .execute(&mut *transaction)
        .await?;
        sqlx::query("UPDATE versions SET file_name = ? WHERE document = ? AND version = ?")
            .bind(file_name)
            .bind(id.to_string())
            .bind(wanted)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// A document as it was handed in, if it is there and is not being removed.
    pub(crate) async fn entry(&self, id: DocumentId) -> Result<Option<Entry>> {
        let row = sqlx::query(AssertSqlSafe(format!(
            "{ENTRY_COLUMNS} FROM documents d WHERE d.id = ? AND d.state != 'deleting'"
        )))
        .bind(id.to_string())
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(entry).transpose()
    }

    /// What came in a document, and what came in that, and so on; what is being removed left out.
    pub(crate) async fn inside(&self, id: DocumentId) -> Result<Vec<Entry>> {
        let rows = sqlx::query(AssertSqlSafe(format!(
            "{INSIDE} {ENTRY_COLUMNS} FROM documents d JOIN inside ON inside.id = d.id \
             WHERE d.state != 'deleting' ORDER BY d.place"
        )))
        .bind(id.to_string())
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(entry).collect()
    }

    /// Marks a document and all that came in it as being removed. Gives what was marked.
    pub(crate) async fn mark_deleting(&self, id: DocumentId) -> Result<Vec<DocumentId>> {
        let rows = sqlx::query(AssertSqlSafe(format!(
            "{INSIDE} UPDATE documents SET state = 'deleting', error = NULL, updated_at = ?2 \
             WHERE id = ?1 OR id IN (SELECT id FROM inside) RETURNING id"
        )))
        .bind(id.to_string())
        .bind(now())
        .fetch_all(&self.writer)
        .await?;
        rows.iter().map(|row| parsed(row, "id")).collect()
    }

    /// What was taken from a source, with the tag that it had.
    pub(crate) async fn sourced(&self, source: &str) -> Result<Vec<(String, String)>> {
        let rows = sqlx::query("SELECT place, tag FROM sourced WHERE source = ? ORDER BY place")
            .bind(source)
            .fetch_all(&self.readers)
            .await?;
        rows.iter()
            .map(|row| Ok((row.try_get("place")?, row.try_get("tag")?)))
            .collect()
    }

    /// Notes what was taken from a source, or with no tag that it is gone from it.
    pub(crate) async fn note_sourced(
        &self,
        source: &str,
        place: &str,
        tag: Option<&str>,
    ) -> Result<()> {
        let query = match tag {
            Some(_) => "INSERT OR REPLACE INTO sourced (source, place, tag) VALUES (?1, ?2, ?3)",
            None => "DELETE FROM sourced WHERE source = ?1 AND place = ?2 AND ?3 IS NULL",
        };
        sqlx::query(query)
            .bind(source)
            .bind(place)
            .bind(tag)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Takes the document whose turn it is, of those with at most `most` bytes.
    pub(crate) async fn next_queued(&self, most: Option<u64>) -> Result<Option<Work>> {
        let row = sqlx::query(
            "UPDATE documents SET state = 'extracting', updated_at = ? WHERE id = \
             (SELECT id FROM documents WHERE state = 'queued' AND size <= ? ORDER BY turn, id LIMIT 1) \
             RETURNING id, wanted, file_name, passwords",
        )
        .bind(now())
        .bind(most.map_or(i64::MAX, |most| i64::try_from(most).unwrap_or(i64::MAX)))
        .fetch_optional(&self.writer)
        .await?;
        row.as_ref().map(work).transpose()
    }

    /// Moves a document on, if it is still in state `from` and this version is still wanted.
    pub(crate) async fn advance(
        &self,
        work: &Work,
        from: State,
        to: State,
        error: Option<&str>,
    ) -> Result<bool> {
        let done = sqlx::query(
            "UPDATE documents SET state = ?, error = ?, updated_at = ? WHERE id = ? AND wanted = ? AND state = ?",
        )
        .bind(to.as_str())
        .bind(error)
        .bind(now())
        .bind(work.id.to_string())
        .bind(work.version.to_string())
        .bind(from.as_str())
        .execute(&self.writer)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Moves a document from one of `from` to `to`. Gives whether it was in one of them.
    pub(crate) async fn change_state(
        &self,
        id: DocumentId,
        from: &[State],
        to: State,
    ) -> Result<bool> {
        let from: Vec<&str> = from.iter().map(|state| state.as_str()).collect();
        let done = sqlx::query(
            "UPDATE documents SET state = ?, error = NULL, updated_at = ? \
             WHERE id = ? AND state IN (SELECT value FROM json_each(?))",
        )
        .bind(to.as_str())
        .bind(now())
        .bind(id.to_string())
        .bind(to_json(&from))
        .execute(&self.writer)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Keeps what was read of a version.
    pub(crate) async fn save_version(
        &self,
        work: &Work,
        reader: &str,
        extracted: &Extracted,
        said: &Said,
    ) -> Result<()> {
        let document = &extracted.document;
        let body = packed(document)?;
        let pages = extracted
            .format
            .has_pages()
            .then(|| i64::try_from(document.pages.len()).unwrap_or(0));
        sqlx::query(
            "UPDATE versions SET format = ?, title = ?, problems = ?, pages = ?, reader = ?, body = ?, \
             needs_ocr = ? WHERE document = ? AND version = ?",
        )
        .bind(extracted.format.as_str())
        .bind(&document.title)
        .bind(to_json(&extracted.problems))
        .bind(pages)
        .bind(reader)
        .bind(body)
        .bind(to_json(&extracted.needs_ocr))
        .bind(work.id.to_string())
        .bind(work.version.to_string())
        .execute(&self.writer)
        .await?;
        self.save_said(work, said).await
    }

    /// Keeps what a version says of itself, if it is still the one that is wanted.
    async fn save_said(&self, work: &Work, said: &Said) -> Result<()> {
        sqlx::query("UPDATE documents SET said = ? WHERE id = ? AND wanted = ?")
            .bind(to_json(said))
            .bind(work.id.to_string())
            .bind(work.version.to_string())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// The pages of a version that are pictures of text and were not read yet.
    pub(crate) async fn needs_ocr(&self, work: &Work) -> Result<Vec<u32>> {
        let row = sqlx::query("SELECT needs_ocr FROM versions WHERE document = ? AND version = ?")
            .bind(work.id.to_string())
            .bind(work.version.to_string())
            .fetch_optional(&self.readers)
            .await?;
        row.map_or(Ok(Vec::new()), |row| json(row.try_get("needs_ocr")?))
    }

    /// The document in state `recognizing` that has waited longest.
    pub(crate) async fn next_recognizing(&self) -> Result<Option<Work>> {
        let row = sqlx::query(
            "SELECT id, wanted, file_name, passwords FROM documents WHERE state = 'recognizing' \
             ORDER BY turn, id LIMIT 1",
        )
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(work).transpose()
    }

    /// The pages of a version that were recognised, or tried, so far.
    pub(crate) async fn recognized(&self, work: &Work) -> Result<Vec<Recognized>> {
        let rows = sqlx::query(
            "SELECT page, body, error FROM recognized WHERE document = ? AND version = ? ORDER BY page",
        )
        .bind(work.id.to_string())
        .bind(work.version.to_string())
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                let body: Option<&str> = row.try_get("body")?;
                let error: Option<String> = row.try_get("error")?;
                Ok(Recognized {
                    page: number(row.try_get("page")?),
                    read: match body {
                        Some(body) => Ok(json(body)?),
                        None => Err(error.unwrap_or_default()),
                    },
                })
            })
            .collect()
    }

    /// Keeps what was read on a page.
    pub(crate) async fn save_recognized(&self, work: &Work, recognized: &Recognized) -> Result<()> {
        let (body, error) = match &recognized.read {
            Ok(page) => (Some(to_json(page)), None),
            Err(error) => (None, Some(error.as_str())),
        };
        sqlx::query(
            "INSERT OR REPLACE INTO recognized (document, version, page, body, error) \
             SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM documents WHERE id = ?1)",
        )
        .bind(work.id.to_string())
        .bind(work.version.to_string())
        .bind(i64::from(recognized.page))
        .bind(body)
        .bind(error)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// Makes `document` the text of a version whose pages were all recognised, with `problems`
    /// instead of those that it had, and queues it to be cut anew.
    pub(crate) async fn finish_recognizing(
        &self,
        work: &Work,
        document: &Document,
        problems: &[Problem],
        said: &Said,
    ) -> Result<bool> {
        let body = packed(document)?;
        let (id, version) = (work.id.to_string(), work.version.to_string());
        let mut transaction = self.writer.begin().await?;
        let done = sqlx::query(
            "UPDATE documents SET state = 'queued', updated_at = ? \
             WHERE id = ? AND wanted = ? AND state = 'recognizing'",
        )
        .bind(now())
        .bind(&id)
        .bind(&version)
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query(
            "UPDATE versions SET body = ?, problems = ?, needs_ocr = '[]' WHERE document = ? AND version = ?",
        )
        .bind(body)
        .bind(to_json(&problems))
        .bind(&id)
        .bind(&version)
        .execute(&mut *transaction)
        .await?;
        sqlx::query("DELETE FROM recognized WHERE document = ? AND version = ?")
            .bind(&id)
            .bind(&version)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        self.save_said(work, said).await?;
        Ok(true)
    }

    /// Puts documents with pages that need recognition into its queue, or out of it where there
    /// is none.
    pub(crate) async fn recover_recognizing(&self, available: bool) -> Result<()> {
        let sql = if available {
            "UPDATE documents SET state = 'recognizing' WHERE state IN ('ready', 'ready_with_warnings') \
             AND EXISTS (SELECT 1 FROM versions WHERE document = documents.id AND version = documents.wanted \
             AND needs_ocr != '[]')"
        } else {
            "UPDATE documents SET state = 'ready_with_warnings' WHERE state = 'recognizing'"
        };
        sqlx::query(sql).execute(&self.writer).await?;
        Ok(())
    }

    /// Adds to what the owner of a document should know.
    pub(crate) async fn add_problem(&self, work: &Work, problem: &Problem) -> Result<()> {
        let mut transaction = self.writer.begin().await?;
        let row = sqlx::query("SELECT problems FROM versions WHERE document = ? AND version = ?")
            .bind(work.id.to_string())
            .bind(work.version.to_string())
            .fetch_optional(&mut *transaction)
            .await?;
        if let Some(row) = row {
            let mut problems: Vec<Problem> = json(row.try_get("problems")?)?;
            if !problems.contains(problem) {
                problems.push(problem.clone());
            }
            sqlx::query("UPDATE versions SET problems = ? WHERE document = ? AND version = ?")
                .bind(to_json(&problems))
                .bind(work.id.to_string())
                .bind(work.version.to_string())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await
    }

    /// What `reader` read of a version.
    pub(crate) async fn read_version(
        &self,
        id: DocumentId,
        version: ContentHash,
        reader: Option<&str>,
    ) -> Result<Option<ReadVersion>> {
        let row = sqlx::query(
            "SELECT v.body, v.title, v.file_name, d.list, v.access, v.version, v.format, v.replaced_at, d.metadata \
             FROM versions v JOIN documents d ON d.id = v.document \
             WHERE v.document = ? AND v.version = ? AND v.body IS NOT NULL AND (?3 IS NULL OR v.reader = ?3)",
        )
        .bind(id.to_string())
        .bind(version.to_string())
        .bind(reader)
        .fetch_optional(&self.readers)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let mut body = String::new();
        ZlibDecoder::new(row.try_get::<&[u8], _>("body")?).read_to_string(&mut body)?;
        let file_name: String = row.try_get("file_name")?;
        let title: Option<String> = row.try_get("title")?;
        let format: Option<&str> = row.try_get("format")?;
        let metadata: Metadata = json(row.try_get("metadata")?)?;
        let replaced_at: Option<&str> = row.try_get("replaced_at")?;
        let (list, access) = lists_of(&row)?;
        Ok(Some(ReadVersion {
            replaced_at: replaced_at
                .map(str::parse)
                .transpose()
                .map_err(decode_error)?,
            document: json(&body)?,
            version: parsed(&row, "version")?,
            format: format
                .map(str::parse::<Format>)
                .transpose()
                .map_err(decode_error)?,
            title: metadata
                .title
                .or(title)
                .unwrap_or_else(|| file_name.clone()),
            file_name,
            list,
            access,
        }))
    }

    /// Makes `chunks` the document's chunks and their version its current one, if the version
    /// is still wanted and the document in state `from`. Gives the chunks that were there
    /// before and are no more; none if it was not done. Older versions leave the search and stay,
    /// the newest `old_versions` of them or all; what conversations quote of the others goes with them.
    pub(crate) async fn replace_chunks(
        &self,
        work: &Work,
        from: State,
        to: State,
        cut: &str,
        chunks: &[(ChunkId, PreparedChunk, String)],
        old_versions: Option<u32>,
    ) -> Result<Option<Vec<ChunkId>>> {
        let id = work.id.to_string();
        let mut transaction = self.writer.begin().await?;
        let done = sqlx::query(
            "UPDATE documents SET state = ?, current = wanted, error = NULL, updated_at = ? \
             WHERE id = ? AND wanted = ? AND state = ?",
        )
        .bind(to.as_str())
        .bind(now())
        .bind(&id)
        .bind(work.version.to_string())
        .bind(from.as_str())
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(None);
        }
        let new: BTreeSet<ChunkId> = chunks.iter().map(|(id, ..)| *id).collect();
        let rows = sqlx::query("SELECT id FROM chunks WHERE document = ?")
            .bind(&id)
            .fetch_all(&mut *transaction)
            .await?;
        let mut gone = Vec::new();
        for row in &rows {
            let chunk: ChunkId = parsed(row, "id")?;
            if !new.contains(&chunk) {
                gone.push(chunk);
            }
        }
        sqlx::query("DELETE FROM chunks WHERE document = ?")
            .bind(&id)
            .execute(&mut *transaction)
            .await?;
        for (chunk, prepared, text_hash) in chunks {
            sqlx::query(
                // Their points carry rights, which may have changed: all are put again, and vectors
                // that were made are kept.
                "INSERT INTO chunks (id, document, version, cut, ordinal, tokens, prepared, text_hash, embedded) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
            )
            .bind(chunk.to_string())
            .bind(&id)
            .bind(work.version.to_string())
            .bind(cut)
            .bind(i64::from(prepared.chunk.ordinal))
            .bind(i64::try_from(prepared.chunk.tokens).unwrap_or(i64::MAX))
            .bind(to_json(prepared))
            .bind(text_hash)
            .execute(&mut *transaction)
            .await?;
        }
        rights::keep_lists(&mut transaction, &id, &work.version.to_string()).await?;
        sqlx::query(
            "UPDATE versions SET replaced_at = ?3 WHERE document = ?1 AND version != ?2 AND replaced_at IS NULL",
        )
        .bind(&id)
        .bind(work.version.to_string())
        .bind(now())
        .execute(&mut *transaction)
        .await?;
        for change in [
            "UPDATE versions SET replaced_at = NULL WHERE document = ?1 AND version = ?2",
            // What was never read can be quoted by nobody.
            "DELETE FROM versions WHERE document = ?1 AND version != ?2 AND body IS NULL",
            "DELETE FROM recognized WHERE document = ?1 AND version != ?2",
        ] {
            sqlx::query(change)
                .bind(&id)
                .bind(work.version.to_string())
                .execute(&mut *transaction)
                .await?;
        }
        let dropped = match old_versions {
            Some(most) => {
                purge::drop_versions(&mut transaction, work.id, work.version, most).await?
            }
            None => false,
        };
        forget_vectors(&mut transaction).await?;
        transaction.commit().await?;
        if dropped {
            self.take_up_log_if_free().await;
        }
        Ok(Some(gone))
    }

    /// The chunks of these ids that are there, in no order.
    pub(crate) async fn chunks(&self, ids: &[ChunkId]) -> Result<Vec<ChunkRow>> {
        let sql = format!("{CHUNK_COLUMNS} c.id IN (SELECT value FROM json_each(?))");
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(to_json(&ids))
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(chunk_row).collect()
    }

    /// The chunks number `ordinals` of a document, in order.
    pub(crate) async fn chunks_at(
        &self,
        document: DocumentId,
        ordinals: &BTreeSet<u32>,
    ) -> Result<Vec<ChunkRow>> {
        let sql = format!(
            "{CHUNK_COLUMNS} c.document = ? AND c.ordinal IN (SELECT value FROM json_each(?)) ORDER BY c.ordinal"
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(document.to_string())
            .bind(to_json(ordinals))
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(chunk_row).collect()
    }

    /// What the indexes should hold: chunk to who may find it, and whether it should have a vector.
    pub(crate) async fn holdings(&self) -> Result<BTreeMap<ChunkId, (AccessKey, bool)>> {
        let rows = sqlx::query(
            "SELECT c.id, c.embedded, d.list, v.access \
             FROM chunks c JOIN documents d ON d.id = c.document \
             JOIN versions v ON v.document = c.document AND v.version = c.version \
             WHERE d.state != 'deleting'",
        )
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                let embedded = row.try_get::<i64, _>("embedded")? != 0;
                let (list, access) = lists_of(row)?;
                Ok((parsed(row, "id")?, (list.key(access.as_ref()), embedded)))
            })
            .collect()
    }

    /// The document that has waited longest for vectors, with its next chunks without one. It is
    /// in state `embedding`, or an older version of it is searched while a newer one cannot be.
    pub(crate) async fn next_unembedded(
        &self,
        limit: u32,
    ) -> Result<Option<(Work, Vec<ChunkRow>)>> {
        let row = sqlx::query(
            "SELECT id, wanted, file_name FROM documents WHERE state = 'embedding' \
             OR (state IN ('failed', 'cancelled') AND current != wanted \
                 AND EXISTS (SELECT 1 FROM chunks WHERE document = documents.id AND embedded = 0)) \
             ORDER BY turn, id LIMIT 1",
        )
        .fetch_optional(&self.readers)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let work = Work {
            passwords: Vec::new(),
            id: parsed(&row, "id")?,
            version: parsed(&row, "wanted")?,
            file_name: row.try_get("file_name")?,
        };
        let sql =
            format!("{CHUNK_COLUMNS} c.document = ? AND c.embedded = 0 ORDER BY c.ordinal LIMIT ?");
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(work.id.to_string())
            .bind(i64::from(limit))
            .fetch_all(&self.readers)
            .await?;
        Ok(Some((
            work,
            rows.iter().map(chunk_row).collect::<Result<_>>()?,
        )))
    }

    /// Vectors that were made before, by the hash of their text.
    pub(crate) async fn vectors(
        &self,
        model: &str,
        hashes: &[String],
    ) -> Result<HashMap<String, Vector>> {
        let rows = sqlx::query(
            "SELECT text_hash, vector FROM embeddings \
             WHERE model = ? AND text_hash IN (SELECT value FROM json_each(?))",
        )
        .bind(model)
        .bind(to_json(&hashes))
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                let bytes: &[u8] = row.try_get("vector")?;
                let vector = bytes
                    .chunks_exact(4)
                    .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
                    .collect();
                Ok((row.try_get("text_hash")?, vector))
            })
            .collect()
    }

    /// Keeps vectors, so that a text is embedded once.
    pub(crate) async fn save_vectors(
        &self,
        model: &str,
        vectors: &[(String, Vector)],
    ) -> Result<()> {
        let mut transaction = self.writer.begin().await?;
        for (hash, vector) in vectors {
            let bytes: Vec<u8> = vector
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect();
            sqlx::query(
                "INSERT OR REPLACE INTO embeddings (model, text_hash, vector) VALUES (?, ?, ?)",
            )
            .bind(model)
            .bind(hash)
            .bind(bytes)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await
    }

    /// Says of chunks whether their vectors are in the index.
    pub(crate) async fn mark_embedded(&self, ids: &[ChunkId], embedded: bool) -> Result<()> {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        sqlx::query("UPDATE chunks SET embedded = ? WHERE id IN (SELECT value FROM json_each(?))")
            .bind(i64::from(embedded))
            .bind(to_json(&ids))
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Says that no chunk has a vector in the index: it is another index, or another model's.
    pub(crate) async fn forget_embedded(&self) -> Result<()> {
        sqlx::query("UPDATE chunks SET embedded = 0")
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Brings back what a stopped process left half done, and queues what was cut or embedded
    /// otherwise than now.
    pub(crate) async fn recover(&self, reader: &str, cut: &str, embeds: bool) -> Result<()> {
        let mut transaction = self.writer.begin().await?;
        sqlx::query("UPDATE documents SET state = 'queued' WHERE state IN ('extracting', 'chunking', 'indexing')")
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "UPDATE documents SET state = 'queued' WHERE state IN ('ready', 'ready_with_warnings', 'embedding', 'recognizing') \
             AND (EXISTS (SELECT 1 FROM chunks WHERE document = documents.id AND cut != ?) \
                  OR EXISTS (SELECT 1 FROM versions WHERE document = documents.id AND version = documents.wanted \
                             AND reader IS NOT ?))",
        )
        .bind(cut)
        .bind(reader)
        .execute(&mut *transaction)
        .await?;
        let sql = if embeds {
            "UPDATE documents SET state = 'embedding' WHERE state IN ('ready', 'ready_with_warnings') \
             AND EXISTS (SELECT 1 FROM chunks WHERE document = documents.id AND embedded = 0)"
        } else {
            "UPDATE documents SET state = CASE WHEN (SELECT problems FROM versions WHERE document = documents.id \
             AND version = documents.current) = '[]' THEN 'ready' ELSE 'ready_with_warnings' END \
             WHERE state = 'embedding'"
        };
        sqlx::query(sql).execute(&mut *transaction).await?;
        transaction.commit().await
    }

    /// Documents that are being deleted.
    pub(crate) async fn deleting(&self) -> Result<Vec<DocumentId>> {
        let rows = sqlx::query("SELECT id FROM documents WHERE state = 'deleting'")
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(|row| parsed(row, "id")).collect()
    }

    /// How many documents came in the one at `place`, however deep.
    pub(crate) async fn count_inside(&self, place: &str) -> Result<u64> {
        let (from, to) = (format!("{place}!/"), format!("{place}!0"));
        let row = sqlx::query("SELECT count(*) FROM documents WHERE place >= ? AND place < ?")
            .bind(from)
            .bind(to)
            .fetch_one(&self.readers)
            .await?;
        Ok(u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or(0))
    }

    /// Has the wanted version of a document read anew, whatever is known of it.
    pub(crate) async fn read_anew(&self, id: DocumentId) -> Result<()> {
        sqlx::query(
            "UPDATE versions SET reader = NULL WHERE document = ?1 \
             AND version = (SELECT wanted FROM documents WHERE id = ?1)",
        )
        .bind(id.to_string())
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// Gives up what pages of a document still need recognition.
    pub(crate) async fn forget_ocr(&self, id: DocumentId) -> Result<()> {
        sqlx::query(
            "UPDATE versions SET needs_ocr = '[]' WHERE document = ?1 \
             AND version = (SELECT wanted FROM documents WHERE id = ?1)",
        )
        .bind(id.to_string())
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// The ids of all chunks of a document, whatever its state.
    pub(crate) async fn chunk_ids(&self, document: DocumentId) -> Result<Vec<ChunkId>> {
        let rows = sqlx::query("SELECT id FROM chunks WHERE document = ?")
            .bind(document.to_string())
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(|row| parsed(row, "id")).collect()
    }

    /// Forgets documents that are being deleted, and what conversations quote of them.
    pub(crate) async fn forget(&self, ids: &[DocumentId]) -> Result<()> {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let mut transaction = self.writer.begin().await?;
        let rows = sqlx::query(
            "DELETE FROM documents WHERE id IN (SELECT value FROM json_each(?)) AND state = 'deleting' \
             RETURNING id",
        )
        .bind(to_json(&ids))
        .fetch_all(&mut *transaction)
        .await?;
        let documents = rows.iter().map(|row| parsed(row, "id"));
        let gone = Gone {
            documents: documents.collect::<Result<_>>()?,
            ..Gone::default()
        };
        purge::purge_all(&mut transaction, &gone).await?;
        forget_vectors(&mut transaction).await?;
        transaction.commit().await?;
        self.take_up_log().await
    }

    /// The log of changes holds old pages until it is taken up. A reader in the middle of its work
    /// keeps it from being cut; the next deletion or the end of the process does it.
    async fn take_up_log(&self) -> Result<()> {
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// The same where others wait for the writer: not if a reader is in the middle of its work.
    async fn take_up_log_if_free(&self) {
        let taking = async {
            let mut writer = self.writer.acquire().await?;
            sqlx::query("PRAGMA busy_timeout = 0")
                .execute(&mut *writer)
                .await?;
            let taken = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
                .execute(&mut *writer)
                .await;
            let patience = format!("PRAGMA busy_timeout = {}", PATIENCE.as_millis());
            sqlx::query(AssertSqlSafe(patience))
                .execute(&mut *writer)
                .await?;
            taken.map(drop)
        };
        if let Err(error) = taking.await {
            warn!(%error, "the catalogue's log of changes is taken up later");
        }
    }

    /// The originals that some document still needs.
    pub(crate) async fn versions(&self) -> Result<BTreeSet<ContentHash>> {
        let rows = sqlx::query("SELECT version FROM versions UNION SELECT wanted FROM documents")
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(|row| parsed(row, "version")).collect()
    }

    /// Documents, newest first; all or the one of this id. Only those that may be found by `access`,
    /// with their duplicates and successors; without it, all.
    pub(crate) async fn views(
        &self,
        id: Option<DocumentId>,
        access: Option<&Access>,
    ) -> Result<Vec<DocumentView>> {
        let lists = self.lists().await?;
        // Each by its own condition: with one for both, SQLite looks through all for one.
        let rows = if let Some(id) = id {
            sqlx::query(AssertSqlSafe(format!("{VIEW_COLUMNS} WHERE d.id = ?")))
                .bind(id.to_string())
                .fetch_all(&self.readers)
                .await?
        } else {
            let order = "ORDER BY d.created_at DESC, d.file_name";
            sqlx::query(AssertSqlSafe(format!("{VIEW_COLUMNS} {order}")))
                .fetch_all(&self.readers)
                .await?
        };
        let views = rows.iter().map(|row| view(row, access, &lists));
        views.filter_map(Result::transpose).collect()
    }

    /// The documents of these ids that are there, in the order of the ids, as [`Catalogue::views`]
    /// gives them.
    pub(crate) async fn views_of(
        &self,
        ids: &[DocumentId],
        access: Option<&Access>,
    ) -> Result<Vec<DocumentView>> {
        let lists = self.lists().await?;
        let wanted: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let condition = "WHERE d.id IN (SELECT value FROM json_each(?))";
        let rows = sqlx::query(AssertSqlSafe(format!("{VIEW_COLUMNS} {condition}")))
            .bind(to_json(&wanted))
            .fetch_all(&self.readers)
            .await?;
        let views = rows.iter().map(|row| view(row, access, &lists));
        let views = views.filter_map(Result::transpose);
        let mut views = views.collect::<Result<Vec<_>>>()?;
        let places: HashMap<DocumentId, usize> = ids.iter().copied().zip(0..).collect();
        views.sort_by_key(|view| places.get(&view.id).copied());
        Ok(views)
    }

    /// The versions of a document that are kept, newest first, with the list of each that has one.
    pub(crate) async fn versions_of(
        &self,
        id: DocumentId,
    ) -> Result<Vec<(VersionView, Option<ListId>)>> {
        let rows = sqlx::query(
            "SELECT version, file_name, size, '' AS list, access, received_at, replaced_at FROM versions \
             WHERE document = ? ORDER BY replaced_at IS NOT NULL, replaced_at DESC, rowid DESC",
        )
        .bind(id.to_string())
        .fetch_all(&self.readers)
        .await?;
        let time = |row: &SqliteRow, column: &str| -> Result<Option<Timestamp>> {
            let text: Option<&str> = row.try_get(column)?;
            text.map(str::parse).transpose().map_err(decode_error)
        };
        rows.iter()
            .map(|row| {
                let view = VersionView {
                    version: parsed(row, "version")?,
                    file_name: row.try_get("file_name")?,
                    size: u64::try_from(row.try_get::<i64, _>("size")?).unwrap_or(0),
                    received_at: time(row, "received_at")?,
                    replaced_at: time(row, "replaced_at")?,
                };
                Ok((view, lists_of(row)?.1))
            })
            .collect()
    }

    /// Documents in whose titles, or whose files' names, `words` stand, and that may be found by
    /// `access`.
    pub(crate) async fn titled(
        &self,
        words: &str,
        access: &Access,
    ) -> Result<BTreeSet<DocumentId>> {
        let rows = sqlx::query(
            "SELECT d.id, d.list, v.access FROM documents d \
             JOIN versions v ON v.document = d.id AND v.version = d.current \
             WHERE d.state != 'deleting' AND instr(lower(coalesce(json_extract(d.metadata, '$.title'), v.title, '') \
             || char(10) || d.file_name), lower(?)) > 0",
        )
        .bind(words)
        .fetch_all(&self.readers)
        .await?;
        let mut found = BTreeSet::new();
        for row in &rows {
            let (list, version) = lists_of(row)?;
            if access.may(Level::Find, &list, version.as_ref()) {
                found.insert(parsed(row, "id")?);
            }
        }
        Ok(found)
    }

    /// The document whose content this is and which is at one of `places`, if there is one.
    pub(crate) async fn with_content(
        &self,
        version: ContentHash,
        places: &BTreeSet<String>,
    ) -> Result<Option<Entry>> {
        let row = sqlx::query(AssertSqlSafe(format!(
            "{ENTRY_COLUMNS} FROM documents d WHERE d.wanted = ? AND d.state != 'deleting' \
             AND d.place IN (SELECT value FROM json_each(?)) ORDER BY d.place LIMIT 1"
        )))
        .bind(version.to_string())
        .bind(to_json(places))
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(entry).transpose()
    }

    /// The documents that wait, in the order of their turns.
    pub(crate) async fn waiting(&self) -> Result<Waiting> {
        let rows =
            sqlx::query("SELECT id, size FROM documents WHERE state = 'queued' ORDER BY turn, id")
                .fetch_all(&self.readers)
                .await?;
        let mut before = 0_u64;
        let mut waiting = HashMap::with_capacity(rows.len());
        for row in &rows {
            waiting.insert(parsed(row, "id")?, before);
            before =
                before.saturating_add(u64::try_from(row.try_get::<i64, _>("size")?).unwrap_or(0));
        }
        Ok(Waiting(waiting))
    }

    /// How many documents are searched.
    pub(crate) async fn searched(&self) -> Result<usize> {
        self.count(
            "SELECT count(*) FROM documents WHERE current IS NOT NULL AND state != 'deleting'",
        )
        .await
    }

    /// How many chunks have no vector in the index.
    pub(crate) async fn unembedded(&self) -> Result<usize> {
        self.count("SELECT count(*) FROM chunks WHERE embedded = 0")
            .await
    }

    async fn count(&self, sql: &'static str) -> Result<usize> {
        let row = sqlx::query(sql).fetch_one(&self.readers).await?;
        Ok(usize::try_from(row.try_get::<i64, _>(0)?).unwrap_or(0))
    }

    /// Documents in states that are not final.
    pub(crate) async fn unfinished(&self) -> Result<u64> {
        let row = sqlx::query(
            "SELECT count(*) FROM documents \
             WHERE state NOT IN ('ready', 'ready_with_warnings', 'failed', 'cancelled', 'deleting')",
        )
        .fetch_one(&self.readers)
        .await?;
        Ok(u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or(0))
    }

    pub(crate) async fn setting(&self, name: &str) -> Result<Option<String>> {
        let row = sqlx::query("SELECT value FROM settings WHERE name = ?")
            .bind(name)
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| row.try_get("value")).transpose()
    }

    pub(crate) async fn set(&self, name: &str, value: &str) -> Result<()> {
        sqlx::query("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)")
            .bind(name)
            .bind(value)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// What SQLite finds wrong with its file; nothing if all is well.
    pub(crate) async fn integrity(&self) -> Result<Option<String>> {
        let row = sqlx::query("PRAGMA quick_check")
            .fetch_one(&self.readers)
            .await?;
        let said: String = row.try_get(0)?;
        Ok((said != "ok").then_some(said))
    }
}

/// Forgets vectors of texts that no chunk has any more.
async fn forget_vectors(transaction: &mut sqlx::SqliteConnection) -> Result<()> {
    sqlx::query("DELETE FROM embeddings WHERE NOT EXISTS (SELECT 1 FROM chunks c WHERE c.text_hash = embeddings.text_hash)")
        .execute(transaction)
        .await?;
    Ok(())
}

/// The document in a row, if it may be found by `access`.
fn view(row: &SqliteRow, access: Option<&Access>, lists: &Lists) -> Result<Option<DocumentView>> {
    let (list, version) = lists_of(row)?;
    let level = match access {
        None => Level::Download,
        Some(access) => match access.level(&list, version.as_ref()) {
            Some(level) => level,
            None => return Ok(None),
        },
    };
    let file_name: String = row.try_get("file_name")?;
    let title: Option<String> = row.try_get("title")?;
    let metadata: Metadata = json(row.try_get("metadata")?)?;
    let said: Option<&str> = row.try_get("said")?;
    let said: Said = said.map_or_else(|| Ok(Said::default()), json)?;
    let duplicates: Vec<(DocumentId, String)> = json(row.try_get("duplicates")?)?;
    let successor_list: Option<&str> = row.try_get("successor_list")?;
    // By the list of the other document, and that of its version if it has one.
    let is_findable = |key: &str| access.is_none_or(|access| may_find(access, key));
    let state: &str = row.try_get("state")?;
    let state: State = json(&to_json(&state))?;
    let pages = row.try_get::<Option<i64>, _>("pages")?.map(number);
    let chunks = number(row.try_get("chunks")?);
    let format: Option<String> = row.try_get("format")?;
    let total = pages.or((chunks > 0).then_some(chunks));
    let problems: Option<&str> = row.try_get("problems")?;
    // What its text says is for those who may read it.
    let is_read = level >= Level::Quote;
    let problems: Option<&str> = problems.filter(|_| is_read);
    Ok(Some(DocumentView {
        id: parsed(row, "id")?,
        version: parsed(row, "wanted")?,
        title: metadata
            .title
            .clone()
            .or(title)
            .unwrap_or_else(|| file_name.clone()),
        labels: labels(&metadata, &said),
        superseded_by: metadata
            .superseded_by
            .filter(|_| successor_list.is_some_and(is_findable)),
        metadata,
        said: if is_read { said } else { Said::default() },
        old_versions: number(row.try_get("old_versions")?),
        duplicates: duplicates
            .into_iter()
            .filter(|(_, key)| is_findable(key))
            .map(|(id, _)| id)
            .collect(),
        seconds_left: None,
        file_name,
        format: format
            .as_deref()
            .map(str::parse::<Format>)
            .transpose()
            .map_err(decode_error)?,
        size: u64::try_from(row.try_get::<i64, _>("size")?).unwrap_or(0),
        state,
        pages_done: total.unwrap_or(0),
        pages_total: total,
        chunks,
        chunks_embedded: number(row.try_get("embedded")?),
        problems: problems.map_or(Ok(Vec::new()), json)?,
        error: row.try_get("error")?,
        readers: lists.grants(&list).groups(Level::Quote),
        level,
        parent: parent(row)?,
        created_at: parsed(row, "created_at")?,
        updated_at: parsed(row, "updated_at")?,
    }))
}

/// Makes a catalogue of today one of version 6.
#[cfg(test)]
pub(super) const BACK_TO_6: &str = "\
    DROP TRIGGER listing_document_insert; DROP TRIGGER listing_document_update; DROP TRIGGER listing_version_insert; \
    DROP TRIGGER listing_version_update; DROP VIEW listing_source; DROP TABLE listing; DROP TABLE statistics; \
    DROP TRIGGER judged_documents_gone; DROP TABLE feedback; DROP TABLE judged_documents; DROP TABLE judged_answers; \
    DROP TRIGGER conversations_of_people; DROP TABLE turn_documents; DROP TABLE turns; DROP TABLE conversations; DROP TABLE identities; \
    DROP TRIGGER webhooks_document_received; DROP TRIGGER webhooks_version_received; \
    DROP TRIGGER webhooks_document_ended; DROP TRIGGER webhooks_document_deleted; DROP VIEW webhook_events; \
    DROP TABLE webhook_messages; DROP TABLE webhooks; \
    DROP INDEX documents_by_list; DROP INDEX versions_apart; DROP TABLE access_lists; \
    ALTER TABLE documents DROP COLUMN list; ALTER TABLE documents DROP COLUMN own_rights; \
    ALTER TABLE versions DROP COLUMN access; ALTER TABLE versions ADD COLUMN readers TEXT NOT NULL DEFAULT '[]'; \
    DELETE FROM settings WHERE name = 'access_lists'; PRAGMA user_version = 6;";

#[cfg(test)]
mod tests {
    use super::*;

    async fn columns(catalogue: &Catalogue) -> BTreeSet<String> {
        let rows = sqlx::query(
            "SELECT t.name || ' ' || c.name || ' ' || c.type || ' ' || c.\"notnull\" AS shown FROM sqlite_master t, \
             pragma_table_info(t.name) c UNION SELECT type || ' ' || name FROM sqlite_master",
        )
        .fetch_all(&catalogue.readers)
        .await
        .unwrap();
        rows.iter().map(|row| row.get("shown")).collect()
    }

    #[tokio::test]
    async fn an_older_catalogue_becomes_what_a_new_one_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("catalogue.sqlite");
        let catalogue = Catalogue::open(&file).await.unwrap();
        let expected = columns(&catalogue).await;
        assert!(expected.contains("documents parent TEXT 0"), "{expected:?}");
        // Back to version 2.
        sqlx::raw_sql(
            AssertSqlSafe(format!(
                "{BACK_TO_6} DROP INDEX documents_by_lane; DROP INDEX documents_by_content; \
                 ALTER TABLE documents DROP COLUMN passwords; ALTER TABLE documents DROP COLUMN lane; ALTER TABLE documents DROP COLUMN metadata; \
                 ALTER TABLE documents DROP COLUMN said; ALTER TABLE versions DROP COLUMN received_at; \
                 ALTER TABLE versions DROP COLUMN replaced_at; DROP TABLE recognized; DROP TABLE sourced; DROP INDEX documents_by_parent; \
                 DROP INDEX documents_by_turn; ALTER TABLE documents DROP COLUMN parent; \
                 ALTER TABLE documents DROP COLUMN turn; ALTER TABLE versions DROP COLUMN needs_ocr; \
                 DROP TABLE links; DROP TABLE sessions; DROP TABLE api_keys; DROP TABLE people; \
                 DROP TABLE audit; DROP TABLE audit_anchors; PRAGMA user_version = 2;"
            )),
        )
        .execute(&catalogue.writer)
        .await
        .unwrap();
        assert_ne!(columns(&catalogue).await, expected);
        catalogue.close().await;
        let catalogue = Catalogue::open(&file).await.unwrap();
        assert_eq!(columns(&catalogue).await, expected);
        catalogue.close().await;
    }

    fn new(place: &str, lane: &str) -> NewDocument {
        NewDocument {
            place: place.to_owned(),
            file_name: place.to_owned(),
            path: std::path::PathBuf::new(),
            readers: BTreeSet::from([Group::everyone()]),
            parent: None,
            lane: lane.to_owned(),
            metadata: super::super::MetadataChange::default(),
            passwords: Vec::new(),
        }
    }

    async fn submit(catalogue: &Catalogue, place: &str, lane: &str, size: u64) -> DocumentId {
        let id = catalogue.id_at(place).await.unwrap();
        let arriving = Arriving {
            id,
            document: &new(place, lane),
            version: ContentHash::of(place.as_bytes()),
            size,
            metadata: Metadata::default(),
        };
        assert!(!catalogue.submit(&arriving).await.unwrap());
        id
    }

    #[tokio::test]
    async fn many_files_of_one_do_not_hold_up_the_few_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let catalogue = Catalogue::open(&folder.path().join("c.sqlite"))
            .await
            .unwrap();
        let huge = submit(&catalogue, "huge", "folder", 100 << 20).await;
        let mut expected = Vec::new();
        for number in 0..120 {
            expected.push(submit(&catalogue, &format!("note {number}"), "folder", 1 << 20).await);
        }
        expected.insert(0, submit(&catalogue, "mine", "mina", 1_000).await);
        // Ahead of the notes that take longer than it, for it is not held up for ever.
        expected.insert(101, huge);
        let mut order = Vec::new();
        while let Some(work) = catalogue.next_queued(None).await.unwrap() {
            order.push(work.id);
        }
        assert_eq!(order.len(), expected.len());
        assert_eq!(order[..90], expected[..90]);
        let turn = order.iter().position(|id| *id == huge).unwrap();
        assert!((95..=105).contains(&turn), "{turn}");
        assert!((cost(i64::MAX) - 3_600.0).abs() < 1e-9);
        catalogue.close().await;
    }

    #[tokio::test]
    async fn a_document_keeps_its_id_when_it_moves() {
        let folder = tempfile::tempdir().unwrap();
        let catalogue = Catalogue::open(&folder.path().join("c.sqlite"))
            .await
            .unwrap();
        let id = submit(&catalogue, "/a.zip", "x", 1).await;
        let inside = submit(&catalogue, "/a.zip!/b.md", "x", 1).await;
        let beside = submit(&catalogue, "/a.zipped", "x", 1).await;
        catalogue.rename(id, "/새/c.zip", "c.zip").await.unwrap();
        assert_eq!(catalogue.id_at("/새/c.zip").await.unwrap(), id);
        assert_eq!(catalogue.id_at("/새/c.zip!/b.md").await.unwrap(), inside);
        assert_eq!(catalogue.id_at("/a.zipped").await.unwrap(), beside);
        // What comes to the old place is another document.
        let other = submit(&catalogue, "/a.zip", "x", 1).await;
        assert_ne!(other, id);
        assert_eq!(catalogue.id_at("/a.zip").await.unwrap(), other);
        catalogue.close().await;
    }
}
