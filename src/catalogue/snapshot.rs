//! A copy of a catalogue as it is at one moment, while a program uses it, and what a copy holds.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use ingest::ContentHash;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Row as _};

use super::store::{Result, SCHEMA_VERSION, decode_error, unknown_version, version_of};

/// What a copy holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// The version of its schema.
    pub(crate) schema: i64,
    /// The originals that its documents need.
    pub(crate) versions: BTreeSet<ContentHash>,
    /// How many documents it has.
    pub(crate) documents: u64,
    /// What SQLite finds wrong with it, if something is.
    pub(crate) damage: Option<String>,
}

/// The version of the schema that this program writes.
pub(crate) const fn newest() -> i64 {
    SCHEMA_VERSION
}

async fn open(file: &Path) -> Result<SqlitePool> {
    open_with(SqliteConnectOptions::new().filename(file).read_only(true)).await
}

async fn open_with(options: SqliteConnectOptions) -> Result<SqlitePool> {
    let options = options.busy_timeout(Duration::from_secs(30));
    SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options)
        .await
}

/// Copies the catalogue in `file` into `copy`, which is not there yet, but for what lets somebody in
/// for now: sessions, and links that work once.
pub(crate) async fn copy(file: &Path, copy: &Path) -> Result<()> {
    let pool = open(file).await?;
    let copied = async {
        let version = version_of(&pool).await?;
        if version > SCHEMA_VERSION {
            return Err(unknown_version(version));
        }
        sqlx::query("VACUUM INTO ?")
            .bind(copy.to_string_lossy().into_owned())
            .execute(&pool)
            .await?;
        Ok(())
    }
    .await;
    pool.close().await;
    copied?;
    let copy = SqliteConnectOptions::new()
        .filename(copy)
        .pragma("secure_delete", "ON");
    let pool = open_with(copy).await?;
    let emptied = async {
        for table in ["sessions", "links"] {
            let row =
                sqlx::query("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?")
                    .bind(table)
                    .fetch_one(&pool)
                    .await?;
            if row.try_get::<i64, _>(0)? == 1 {
                // A name from the list above.
                sqlx::query(AssertSqlSafe(format!("DELETE FROM {table}")))
                    .execute(&pool)
                    .await?;
            }
        }
        Ok(())
    }
    .await;
    pool.close().await;
    emptied
}

/// Looks at a copy.
pub(crate) async fn examine(file: &Path) -> Result<Snapshot> {
    let pool = open(file).await?;
    let examined = async {
        let schema = version_of(&pool).await?;
        if schema > SCHEMA_VERSION {
            return Err(unknown_version(schema));
        }
        let said: String = sqlx::query("PRAGMA quick_check")
            .fetch_one(&pool)
            .await?
            .try_get(0)?;
        let rows = sqlx::query("SELECT version FROM versions UNION SELECT wanted FROM documents")
            .fetch_all(&pool)
            .await?;
        let versions = rows
            .iter()
            .map(|row| {
                row.try_get::<&str, _>(0)?
                    .parse::<ContentHash>()
                    .map_err(decode_error)
            })
            .collect::<Result<_>>()?;
        let row = sqlx::query("SELECT count(*) FROM documents")
            .fetch_one(&pool)
            .await?;
        Ok(Snapshot {
            schema,
            versions,
            documents: u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or(0),
            damage: (said != "ok").then_some(said),
        })
    }
    .await;
    pool.close().await;
    examined
}
