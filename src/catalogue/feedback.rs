//! Judged answers in the catalogue.

use ingest::{ContentHash, DocumentId};
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::rights::{ListId, lists_of};
use super::store::{Catalogue, Result, decode_error, json, parsed, to_json};
use crate::feedback::{JudgedAnswer, Judgement};

/// What adds feedback to a catalogue.
pub(super) const TABLES: &str = include_str!("feedback.sql");

/// A judgement with the answer that it is about.
#[derive(Clone, Debug)]
pub(crate) struct JudgementRow {
    pub(crate) answer: ContentHash,
    pub(crate) judged: JudgedAnswer,
    pub(crate) judgement: Judgement,
}

/// Which judgements are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct JudgementFilter<'a> {
    /// Of this person; of all, if none is named.
    pub(crate) actor: Option<&'a str>,
    /// About this answer; about all, if none is named.
    pub(crate) answer: Option<ContentHash>,
    /// The one with this id.
    pub(crate) id: Option<&'a str>,
    /// The newest so many; all, if no number is named.
    pub(crate) limit: Option<u32>,
}

fn judgement(row: &SqliteRow) -> Result<Judgement> {
    let sentence: i64 = row.try_get("sentence")?;
    let kind: &str = row.try_get("kind")?;
    Ok(Judgement {
        id: row.try_get("id")?,
        actor: row.try_get("actor")?,
        sentence: usize::try_from(sentence).ok(),
        kind: json(&to_json(&kind))?,
        correction: row.try_get("correction")?,
        corrected: json(row.try_get("corrected")?)?,
        note: row.try_get("note")?,
        given: Timestamp::from_second(row.try_get("given_at")?).map_err(decode_error)?,
    })
}

impl Catalogue {
    /// Keeps a judgement, in the place of an earlier one of the same person about the same sentence, and
    /// the answer that it is about. Gives the judgement's id, which stays when it is replaced.
    pub(crate) async fn judge(
        &self,
        answer: ContentHash,
        judged: &JudgedAnswer,
        judgement: &Judgement,
    ) -> Result<String> {
        let (id, given) = (answer.to_string(), judgement.given.as_second());
        let mut transaction = self.writer.begin().await?;
        // What an earlier judge's look had in mind may be more than this one's, which came later.
        sqlx::query(
            "INSERT INTO judged_answers (id, body, judged_at) VALUES (?1, ?2, ?3) \
             ON CONFLICT (id) DO UPDATE SET judged_at = ?3, \
             body = CASE WHEN json_extract(body, '$.prompt') IS NULL THEN ?2 ELSE body END",
        )
        .bind(&id)
        .bind(to_json(judged))
        .bind(given)
        .execute(&mut *transaction)
        .await?;
        for (document, version) in judged.documents() {
            sqlx::query(
                "INSERT OR IGNORE INTO judged_documents (answer, document, version) VALUES (?, ?, ?)",
            )
            .bind(&id)
            .bind(document.to_string())
            .bind(version.to_string())
            .execute(&mut *transaction)
            .await?;
        }
        let sentence = judgement
            .sentence
            .map_or(Ok(-1), i64::try_from)
            .map_err(decode_error)?;
        let row = sqlx::query(
            "INSERT INTO feedback (id, answer, actor, sentence, kind, correction, corrected, note, given_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
             ON CONFLICT (answer, actor, sentence) DO UPDATE SET kind = ?5, correction = ?6, \
             corrected = ?7, note = ?8, given_at = ?9 RETURNING id",
        )
        .bind(&judgement.id)
        .bind(&id)
        .bind(&judgement.actor)
        .bind(sentence)
        .bind(judgement.kind.as_str())
        .bind(&judgement.correction)
        .bind(to_json(&judgement.corrected))
        .bind(&judgement.note)
        .bind(given)
        .fetch_one(&mut *transaction)
        .await?;
        let id = row.try_get("id")?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Judgements, newest first.
    pub(crate) async fn judgements(
        &self,
        filter: JudgementFilter<'_>,
    ) -> Result<Vec<JudgementRow>> {
        let rows = sqlx::query(
            "SELECT f.*, a.body FROM feedback f JOIN judged_answers a ON a.id = f.answer \
             WHERE (?1 IS NULL OR f.actor = ?1) AND (?2 IS NULL OR f.answer = ?2) AND (?3 IS NULL OR f.id = ?3) \
             ORDER BY f.given_at DESC, f.answer, f.sentence, f.actor LIMIT ?4",
        )
        .bind(filter.actor)
        .bind(filter.answer.map(|answer| answer.to_string()))
        .bind(filter.id)
        .bind(filter.limit.map_or(-1, i64::from))
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(JudgementRow {
                    answer: parsed(row, "answer")?,
                    judged: json(row.try_get("body")?)?,
                    judgement: judgement(row)?,
                })
            })
            .collect()
    }

    /// Takes a judgement away, and its answer with the last one. Gives whether there was one.
    pub(crate) async fn forget_judgement(&self, id: &str) -> Result<bool> {
        let mut transaction = self.writer.begin().await?;
        let gone = sqlx::query("DELETE FROM feedback WHERE id = ?")
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "DELETE FROM judged_answers WHERE NOT EXISTS (SELECT 1 FROM feedback f WHERE f.answer = judged_answers.id)",
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(gone.rows_affected() > 0)
    }

    /// The answers that somebody judged, oldest first.
    pub(crate) async fn judged(&self) -> Result<Vec<ContentHash>> {
        let rows = sqlx::query("SELECT id FROM judged_answers ORDER BY judged_at, id")
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(|row| parsed(row, "id")).collect()
    }

    /// The access lists of a version, for [`Access::level`](super::Access): the document's, and its own where
    /// it has one; none if there is no such version of such a document.
    pub(crate) async fn lists_of_version(
        &self,
        document: DocumentId,
        version: ContentHash,
    ) -> Result<Option<(ListId, Option<ListId>)>> {
        let row = sqlx::query(
            "SELECT d.list, v.access FROM documents d \
             JOIN versions v ON v.document = d.id AND v.version = ?2 \
             WHERE d.id = ?1 AND d.state != 'deleting'",
        )
        .bind(document.to_string())
        .bind(version.to_string())
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(lists_of).transpose()
    }
}
