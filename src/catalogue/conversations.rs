//! Conversations and their turns. Every look names whose they are.

use std::collections::BTreeMap;

use ingest::{ChunkId, DocumentId};
use jiff::Timestamp;
use serde_json::Value;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _};

use super::purge;
use super::store::{Catalogue, Result, decode_error, json, parsed, to_json};
use crate::talk::{
    Conversation, EndOfTurn, KeptTurn, NewTurn, Spoken, Suggestion, TurnState, documents_in,
    title_of, versions_in,
};

/// What adds conversations to a catalogue; a new one has them from the start.
pub(super) const TABLES: &str = include_str!("conversations.sql");

const COLUMNS: &str = "SELECT c.id, c.title, c.created_at, c.updated_at, \
     (SELECT count(*) FROM turns t WHERE t.conversation = c.id AND t.replaces IS NULL) AS turns";

/// Where a list goes on: behind the conversation that was changed then and has this id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Behind {
    pub(crate) updated: i64,
    pub(crate) id: String,
}

fn milliseconds() -> i64 {
    Timestamp::now().as_millisecond()
}

fn time(row: &SqliteRow, column: &str) -> Result<Timestamp> {
    Timestamp::from_millisecond(row.try_get(column)?).map_err(decode_error)
}

fn conversation(row: &SqliteRow) -> Result<Conversation> {
    Ok(Conversation {
        id: row.try_get("id")?,
        title: row.try_get("title")?,
        created: time(row, "created_at")?,
        updated: time(row, "updated_at")?,
        turns: u64::try_from(row.try_get::<i64, _>("turns")?).unwrap_or(0),
    })
}

fn turn(row: &SqliteRow) -> Result<KeptTurn> {
    Ok(KeptTurn {
        id: row.try_get("id")?,
        question: row.try_get("question")?,
        searched_for: row.try_get("searched_for")?,
        filter: row.try_get("filter")?,
        state: parsed(row, "state")?,
        answer: row.try_get("answer")?,
        consulted: json(row.try_get("consulted")?)?,
        suggestions: json(row.try_get("suggestions")?)?,
        created: time(row, "created_at")?,
    })
}

impl Catalogue {
    /// Begins a conversation.
    pub(crate) async fn make_conversation(
        &self,
        owner: &str,
        id: &str,
        title: &str,
    ) -> Result<Conversation> {
        let now = milliseconds();
        sqlx::query("INSERT INTO conversations (id, owner, title, created_at, updated_at) VALUES (?, ?, ?, ?, ?)")
            .bind(id)
            .bind(owner)
            .bind(title)
            .bind(now)
            .bind(now)
            .execute(&self.writer)
            .await?;
        let now = Timestamp::from_millisecond(now).map_err(decode_error)?;
        Ok(Conversation {
            id: id.to_owned(),
            title: title.to_owned(),
            created: now,
            updated: now,
            turns: 0,
        })
    }

    pub(crate) async fn conversation(&self, owner: &str, id: &str) -> Result<Option<Conversation>> {
        let sql = format!("{COLUMNS} FROM conversations c WHERE c.owner = ? AND c.id = ?");
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(owner)
            .bind(id)
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(conversation).transpose()
    }

    /// The conversations of `owner`, the one that was changed last first, with what searches look at.
    pub(crate) async fn spoken(
        &self,
        owner: &str,
        behind: Option<&Behind>,
        limit: usize,
    ) -> Result<Vec<Spoken>> {
        let sql = format!(
            "{COLUMNS}, (SELECT group_concat(t.question || char(10) || coalesce(t.searched_for, ''), char(10)) \
             FROM turns t WHERE t.conversation = c.id AND t.replaces IS NULL) AS asked, \
             (SELECT group_concat(t.said, char(10)) FROM turns t \
             WHERE t.conversation = c.id AND t.replaces IS NULL) AS said \
             FROM conversations c WHERE c.owner = ?1 AND (c.updated_at, c.id) < (?2, ?3) \
             ORDER BY c.updated_at DESC, c.id DESC LIMIT ?4"
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(owner)
            .bind(behind.map_or(i64::MAX, |behind| behind.updated))
            .bind(behind.map_or("", |behind| &behind.id))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&self.readers)
            .await?;
        let text = |row: &SqliteRow, column: &str| -> Result<String> {
            Ok(row
                .try_get::<Option<String>, _>(column)?
                .unwrap_or_default())
        };
        rows.iter()
            .map(|row| {
                Ok(Spoken {
                    conversation: conversation(row)?,
                    asked: text(row, "asked")?,
                    said: text(row, "said")?,
                })
            })
            .collect()
    }

    /// Gives a conversation another title; false if `owner` has none such.
    pub(crate) async fn rename_conversation(
        &self,
        owner: &str,
        id: &str,
        title: &str,
    ) -> Result<bool> {
        let done = sqlx::query("UPDATE conversations SET title = ? WHERE owner = ? AND id = ?")
            .bind(title)
            .bind(owner)
            .bind(id)
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Deletes a conversation with its turns; false if `owner` has none such.
    pub(crate) async fn delete_conversation(&self, owner: &str, id: &str) -> Result<bool> {
        let done = sqlx::query("DELETE FROM conversations WHERE owner = ? AND id = ?")
            .bind(owner)
            .bind(id)
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// The turns of a conversation of `owner`, oldest first.
    pub(crate) async fn turns(&self, owner: &str, conversation: &str) -> Result<Vec<KeptTurn>> {
        let rows = sqlx::query(
            "SELECT t.id, t.question, t.searched_for, t.filter, t.state, t.answer, t.consulted, \
             t.suggestions, t.created_at FROM turns t JOIN conversations c ON c.id = t.conversation \
             WHERE c.owner = ? AND c.id = ? AND t.replaces IS NULL ORDER BY t.ordinal, t.created_at",
        )
        .bind(owner)
        .bind(conversation)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(turn).collect()
    }

    /// Keeps a question that is being asked; false if `owner` has no such conversation, or it has
    /// no turn that is to be replaced.
    pub(crate) async fn begin_turn(&self, owner: &str, new: &NewTurn) -> Result<bool> {
        let now = milliseconds();
        let mut transaction = self.writer.begin().await?;
        let sql = "UPDATE conversations SET updated_at = ?1, \
                   title = CASE title WHEN '' THEN ?2 ELSE title END WHERE owner = ?3 AND id = ?4";
        let found = sqlx::query(sql)
            .bind(now)
            .bind(title_of(&new.question))
            .bind(owner)
            .bind(&new.conversation)
            .execute(&mut *transaction)
            .await?;
        if found.rows_affected() == 0 {
            return Ok(false);
        }
        let place = match &new.replaces {
            Some(_) => {
                "SELECT ordinal FROM turns WHERE conversation = ?1 AND id = ?2 AND replaces IS NULL"
            }
            None => {
                "SELECT coalesce(max(ordinal), 0) + 1 AS ordinal FROM turns WHERE conversation = ?1"
            }
        };
        let row = sqlx::query(place)
            .bind(&new.conversation)
            .bind(new.replaces.as_deref().unwrap_or_default())
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(row) = row else {
            return Ok(false);
        };
        sqlx::query(
            "INSERT INTO turns (id, conversation, ordinal, replaces, question, searched_for, filter, state, created_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&new.id)
        .bind(&new.conversation)
        .bind(row.try_get::<i64, _>("ordinal")?)
        .bind(&new.replaces)
        .bind(&new.question)
        .bind(&new.searched_for)
        .bind(&new.filter)
        .bind(TurnState::Running.as_str())
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Keeps how a turn ended. One that was to replace another does so if it is whole, and goes
    /// otherwise.
    pub(crate) async fn end_turn(&self, id: &str, end: &EndOfTurn) -> Result<()> {
        let answer: Option<Value> = end.answer.as_deref().map_or(Ok(None), json)?;
        let documents = documents_in(answer.as_ref(), &end.consulted, &[]);
        let versions = answer.as_ref().map(versions_in).unwrap_or_default();
        let mut transaction = self.writer.begin().await?;
        sqlx::query("UPDATE turns SET state = ?, answer = ?, said = ?, consulted = ? WHERE id = ?")
            .bind(end.state.as_str())
            .bind(&end.answer)
            .bind(&end.said)
            .bind(to_json(&end.consulted))
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        let after = if end.state == TurnState::Done {
            [
                "DELETE FROM turns WHERE id = (SELECT replaces FROM turns WHERE id = ?)",
                "UPDATE turns SET replaces = NULL WHERE id = ?",
            ]
        } else {
            [
                "DELETE FROM turns WHERE id = ? AND replaces IS NOT NULL",
                "UPDATE turns SET replaces = NULL WHERE id = ?",
            ]
        };
        for sql in after {
            sqlx::query(sql).bind(id).execute(&mut *transaction).await?;
        }
        purge::note(&mut transaction, id, &documents, &versions).await?;
        transaction.commit().await
    }

    /// Keeps what may be asked next.
    pub(crate) async fn set_suggestions(
        &self,
        turn: &str,
        suggestions: &[Suggestion],
    ) -> Result<()> {
        let mut transaction = self.writer.begin().await?;
        sqlx::query("UPDATE turns SET suggestions = ? WHERE id = ?")
            .bind(to_json(&suggestions))
            .bind(turn)
            .execute(&mut *transaction)
            .await?;
        let documents = documents_in(None, &BTreeMap::new(), suggestions);
        let versions = suggestions
            .iter()
            .filter_map(|it| Some((it.document, it.version?)));
        purge::note(&mut transaction, turn, &documents, &versions.collect()).await?;
        transaction.commit().await
    }

    /// Ends the turns that ran when the program was killed.
    pub(crate) async fn stop_turns(&self) -> Result<()> {
        sqlx::raw_sql(
            "DELETE FROM turns WHERE state = 'running' AND replaces IS NOT NULL; \
             UPDATE turns SET state = 'stopped' WHERE state = 'running'",
        )
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// The documents of chunks, by the chunks' ids.
    pub(crate) async fn documents_of(
        &self,
        chunks: &[ChunkId],
    ) -> Result<BTreeMap<String, DocumentId>> {
        let ids: Vec<String> = chunks.iter().map(ToString::to_string).collect();
        let rows = sqlx::query(
            "SELECT id, document FROM chunks WHERE id IN (SELECT value FROM json_each(?))",
        )
        .bind(to_json(&ids))
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| Ok((row.try_get("id")?, parsed(row, "document")?)))
            .collect()
    }
}
