//! Sessions and API keys: what lets people in. Only hashes are kept of what they show.

use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::people::{person, person_columns, time};
use super::store::{Catalogue, Result, parsed};
use crate::people::{ApiKeyView, Person, PersonId};

/// A session that somebody shows a token of.
#[derive(Clone, Debug)]
pub(crate) struct SessionRow {
    pub(crate) id: String,
    /// Whether the token is the one before the present one.
    pub(crate) is_previous: bool,
    pub(crate) rotated: Timestamp,
    pub(crate) form: String,
    /// Whose it is, if it is a person's.
    pub(crate) person: Option<Person>,
    /// The hash of the key of the configuration, if it is one's.
    pub(crate) key: Option<String>,
    pub(crate) agent: String,
    pub(crate) started: Timestamp,
    pub(crate) seen: Timestamp,
}

/// A session that begins.
#[derive(Clone, Debug)]
pub(crate) struct NewSession<'a> {
    pub(crate) id: &'a str,
    pub(crate) hash: &'a str,
    pub(crate) form: &'a str,
    pub(crate) person: Option<&'a PersonId>,
    pub(crate) key: Option<&'a str>,
    pub(crate) agent: &'a str,
}

fn session(row: &SqliteRow, shown: &str) -> Result<SessionRow> {
    let is_of_person = row.try_get::<Option<&str>, _>("person")?.is_some();
    Ok(SessionRow {
        id: row.try_get("session_id")?,
        is_previous: row.try_get::<&str, _>("hash")? != shown,
        rotated: time(row.try_get("rotated_at")?)?,
        form: row.try_get("form")?,
        person: is_of_person.then(|| person(row)).transpose()?,
        key: row.try_get("key")?,
        agent: row.try_get("agent")?,
        started: time(row.try_get("started_at")?)?,
        seen: time(row.try_get("seen_at")?)?,
    })
}

fn api_key(row: &SqliteRow) -> Result<ApiKeyView> {
    let at = |column: &str| -> Result<Option<Timestamp>> {
        row.try_get::<Option<i64>, _>(column)?.map(time).transpose()
    };
    Ok(ApiKeyView {
        id: row.try_get("key_id")?,
        name: row.try_get("key_name")?,
        scope: parsed(row, "scope")?,
        created: time(row.try_get("key_created_at")?)?,
        expires: at("expires_at")?,
        used: at("used_at")?,
    })
}

const SESSION_COLUMNS: &str = "s.id AS session_id, s.hash, s.rotated_at, s.form, s.person, s.key, s.agent, s.started_at, s.seen_at";

const KEY_COLUMNS: &str = "k.id AS key_id, k.name AS key_name, k.scope, k.created_at AS key_created_at, \
     k.expires_at, k.used_at";

impl Catalogue {
    /// The session of a token with this hash, the present or the previous one of it.
    pub(crate) async fn session(&self, hash: &str) -> Result<Option<SessionRow>> {
        let people = person_columns();
        let sql = format!(
            "SELECT {SESSION_COLUMNS}, {people} FROM sessions s LEFT JOIN people p ON p.id = s.person \
             WHERE s.hash = ?1 OR s.previous = ?1"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(hash)
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(|row| session(row, hash)).transpose()
    }

    /// The sessions of a person, the newest first.
    pub(crate) async fn sessions_of(&self, id: &PersonId) -> Result<Vec<SessionRow>> {
        let people = person_columns();
        let sql = format!(
            "SELECT {SESSION_COLUMNS}, {people} FROM sessions s JOIN people p ON p.id = s.person \
             WHERE s.person = ? ORDER BY s.started_at DESC, s.rowid DESC"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(id.as_str())
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(|row| session(row, "")).collect()
    }

    /// Begins a session. Those that ended go, and the oldest of the same holder beyond `most`.
    pub(crate) async fn begin_session(
        &self,
        new: &NewSession<'_>,
        now: Timestamp,
        ended: Ended,
        most: i64,
    ) -> Result<()> {
        let person = new.person.map(PersonId::as_str);
        let mut transaction = self.writer.begin().await?;
        sqlx::query("DELETE FROM sessions WHERE started_at <= ? OR seen_at <= ?")
            .bind(ended.started_by.as_second())
            .bind(ended.seen_by.as_second())
            .execute(&mut *transaction)
            .await?;
        let sql = "INSERT INTO sessions (id, hash, rotated_at, form, person, key, agent, started_at, seen_at) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?3, ?3)";
        sqlx::query(sql)
            .bind(new.id)
            .bind(new.hash)
            .bind(now.as_second())
            .bind(new.form)
            .bind(person)
            .bind(new.key)
            .bind(new.agent)
            .execute(&mut *transaction)
            .await?;
        let sql = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE person IS ? AND key IS ? \
                   ORDER BY seen_at DESC, rowid DESC LIMIT -1 OFFSET ?)";
        sqlx::query(sql)
            .bind(person)
            .bind(new.key)
            .bind(most)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// Gives a session another token, if it still has the one with the hash `old`.
    pub(crate) async fn rotate_session(
        &self,
        id: &str,
        old: &str,
        new: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let sql = "UPDATE sessions SET previous = hash, hash = ?, rotated_at = ? WHERE id = ? AND hash = ?";
        let done = sqlx::query(sql)
            .bind(new)
            .bind(now.as_second())
            .bind(id)
            .bind(old)
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    pub(crate) async fn touch_session(&self, id: &str, now: Timestamp) -> Result<()> {
        sqlx::query("UPDATE sessions SET seen_at = ? WHERE id = ?")
            .bind(now.as_second())
            .bind(id)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    pub(crate) async fn end_session(&self, id: &str) -> Result<()> {
        sqlx::query("DELETE FROM sessions WHERE id = ?")
            .bind(id)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Ends a session of this person; false if there is none.
    pub(crate) async fn end_session_of(&self, person: &PersonId, id: &str) -> Result<bool> {
        let done = sqlx::query("DELETE FROM sessions WHERE id = ? AND person = ?")
            .bind(id)
            .bind(person.as_str())
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    pub(crate) async fn end_sessions_of(&self, person: &PersonId) -> Result<()> {
        sqlx::query("DELETE FROM sessions WHERE person = ?")
            .bind(person.as_str())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Keeps a key; false if the person has `most` already.
    pub(crate) async fn add_api_key(
        &self,
        person: &PersonId,
        hash: &str,
        key: &ApiKeyView,
        most: i64,
    ) -> Result<bool> {
        let sql = "INSERT INTO api_keys (id, hash, person, name, scope, created_at, expires_at) \
                   SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 \
                   WHERE (SELECT count(*) FROM api_keys WHERE person = ?3) < ?8";
        let done = sqlx::query(sql)
            .bind(&key.id)
            .bind(hash)
            .bind(person.as_str())
            .bind(&key.name)
            .bind(key.scope.as_str())
            .bind(key.created.as_second())
            .bind(key.expires.map(Timestamp::as_second))
            .bind(most)
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// The key with this hash, and whose it is.
    pub(crate) async fn api_key(&self, hash: &str) -> Result<Option<(Person, ApiKeyView)>> {
        let people = person_columns();
        let sql = format!(
            "SELECT {KEY_COLUMNS}, {people} FROM api_keys k JOIN people p ON p.id = k.person \
             WHERE k.hash = ?"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(hash)
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| Ok((person(&row)?, api_key(&row)?)))
            .transpose()
    }

    /// The keys of a person, the newest first.
    pub(crate) async fn api_keys_of(&self, person: &PersonId) -> Result<Vec<ApiKeyView>> {
        let sql = format!(
            "SELECT {KEY_COLUMNS} FROM api_keys k WHERE k.person = ? \
             ORDER BY k.created_at DESC, k.rowid DESC"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(person.as_str())
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(api_key).collect()
    }

    pub(crate) async fn touch_api_key(&self, id: &str, now: Timestamp) -> Result<()> {
        sqlx::query("UPDATE api_keys SET used_at = ? WHERE id = ?")
            .bind(now.as_second())
            .bind(id)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Takes a key of this person away; false if there is none.
    pub(crate) async fn remove_api_key(&self, person: &PersonId, id: &str) -> Result<bool> {
        let done = sqlx::query("DELETE FROM api_keys WHERE id = ? AND person = ?")
            .bind(id)
            .bind(person.as_str())
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() > 0)
    }
}

/// Sessions that ended: they began, or were seen last, by then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    pub(crate) started_by: Timestamp,
    pub(crate) seen_by: Timestamp,
}
