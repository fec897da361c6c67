//! Judged answers in the catalogue.

use ingest::{ContentHash, DocumentId};
use jiff::Timestamp;
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{QueryBuilder, Row as _};

use super::listing::CursorError;
use super::purge;
use super::rights::{ListId, lists_of};
use super::store::{Catalogue, Result, decode_error, json, parsed, to_json};
use crate::feedback::{Decided, Decision, JudgedAnswer, Judgement, Kind};

/// What adds feedback to a catalogue.
pub(super) const TABLES: &str = include_str!("feedback.sql");
/// What adds decisions on it.
pub(super) const DECISIONS: &str = include_str!("decisions.sql");

/// A judgement with the answer that it is about.
#[derive(Clone, Debug)]
pub(crate) struct JudgementRow {
    pub(crate) answer: ContentHash,
    pub(crate) judged: JudgedAnswer,
    pub(crate) judgement: Judgement,
}

/// How far administrators are with a judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Review {
    /// Its correction is none that the documents support, and nobody decided on it.
    Waiting,
    /// Somebody decided so.
    Decided(Decision),
}

/// The last judgement of a page: the next page begins after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JudgementCursor {
    given: i64,
    id: String,
}

impl JudgementCursor {
    pub(crate) fn of(judgement: &Judgement) -> Self {
        Self {
            given: judgement.given.as_second(),
            id: judgement.id.clone(),
        }
    }
}

impl std::fmt::Display for JudgementCursor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}", self.given, self.id)
    }
}

impl std::str::FromStr for JudgementCursor {
    type Err = CursorError;

    fn from_str(text: &str) -> std::result::Result<Self, CursorError> {
        let (given, id) = text.split_once('.').ok_or(CursorError)?;
        let given = given.parse().map_err(|_| CursorError)?;
        if id.is_empty() || id.len() > 64 {
            return Err(CursorError);
        }
        Ok(Self {
            given,
            id: id.to_owned(),
        })
    }
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
    /// Of this kind.
    pub(crate) kind: Option<Kind>,
    /// With which administrators are so far.
    pub(crate) review: Option<Review>,
    /// Those after this one.
    pub(crate) after: Option<&'a JudgementCursor>,
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
        given: time(row.try_get("given_at")?)?,
        decided: decided(row)?,
    })
}

fn time(seconds: i64) -> Result<Timestamp> {
    Timestamp::from_second(seconds).map_err(decode_error)
}

fn decided(row: &SqliteRow) -> Result<Option<Decided>> {
    let Some(decision) = row.try_get::<Option<&str>, _>("decision")? else {
        return Ok(None);
    };
    Ok(Some(Decided {
        decision: json(&to_json(&decision))?,
        by: row.try_get("decided_by")?,
        at: time(row.try_get("decided_at")?)?,
    }))
}

/// The index that gives what is wanted in its order. SQLite, which does not know how many there are of
/// what, might look through all.
fn index(filter: &JudgementFilter<'_>) -> &'static str {
    if filter.id.is_some() || filter.answer.is_some() || filter.actor.is_some() {
        return "";
    }
    match (filter.review, filter.kind) {
        (Some(Review::Waiting), _) => " INDEXED BY feedback_waiting",
        (Some(Review::Decided(_)), _) => " INDEXED BY feedback_by_decision",
        (None, Some(_)) => " INDEXED BY feedback_by_kind",
        (None, None) => " INDEXED BY feedback_by_given",
    }
}

/// Everything but the limit.
fn judgements_sql(filter: &JudgementFilter<'_>) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(format!(
        "SELECT f.*, a.body FROM feedback f{} CROSS JOIN judged_answers a ON a.id = f.answer WHERE 1 = 1",
        index(filter)
    ));
    let answer = filter.answer.map(|answer| answer.to_string());
    let equal = [
        ("f.actor", filter.actor.map(str::to_owned)),
        ("f.answer", answer),
        ("f.id", filter.id.map(str::to_owned)),
        ("f.kind", filter.kind.map(|kind| kind.as_str().to_owned())),
    ];
    for (column, value) in equal {
        if let Some(value) = value {
            query.push(format!(" AND {column} = ")).push_bind(value);
        }
    }
    match filter.review {
        None => {}
        Some(Review::Waiting) => {
            query.push(" AND f.is_unsupported = 1 AND f.decision IS NULL");
        }
        Some(Review::Decided(Decision::Accepted)) => {
            query.push(" AND f.decision = 'accepted'");
        }
        Some(Review::Decided(Decision::Refused)) => {
            query.push(" AND f.decision = 'refused'");
        }
    }
    if let Some(after) = filter.after {
        query
            .push(" AND (f.given_at, f.id) < (")
            .push_bind(after.given)
            .push(", ")
            .push_bind(after.id.clone())
            .push(")");
    }
    query.push(" ORDER BY f.given_at DESC, f.id DESC");
    query
}

impl Catalogue {
    /// Keeps a judgement, in the place of an earlier one of the same person about the same sentence, and
    /// the answer that it is about. Gives the judgement's id, which stays when it is replaced; what was
    /// decided on the earlier one does not. Gives also when it was given: by that what replaces another is told
    /// apart from it. Nothing is kept of an answer that rests on what was deleted or
    /// is a version that is not kept any more, and nothing is given then.
    pub(crate) async fn judge(
        &self,
        answer: ContentHash,
        judged: &JudgedAnswer,
        judgement: &Judgement,
    ) -> Result<Option<(String, Timestamp)>> {
        let (id, given) = (answer.to_string(), judgement.given.as_second());
        let documents = judged.documents();
        let mut transaction = self.writer.begin().await?;
        if !purge::are_kept(&mut transaction, &documents).await? {
            return Ok(None);
        }
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
        for (document, version) in documents {
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
            "INSERT INTO feedback (id, answer, actor, sentence, kind, correction, corrected, note, given_at, \
             is_unsupported) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
             ON CONFLICT (answer, actor, sentence) DO UPDATE SET kind = ?5, correction = ?6, \
             corrected = ?7, note = ?8, given_at = max(?9, given_at + 1), is_unsupported = ?10, decision = NULL, \
             decided_by = NULL, decided_at = NULL RETURNING id, given_at",
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
        .bind(judgement.is_unsupported())
        .fetch_one(&mut *transaction)
        .await?;
        let kept = (row.try_get("id")?, time(row.try_get("given_at")?)?);
        transaction.commit().await?;
        Ok(Some(kept))
    }

    /// Judgements, newest first.
    pub(crate) async fn judgements(
        &self,
        filter: JudgementFilter<'_>,
    ) -> Result<Vec<JudgementRow>> {
        let mut query = judgements_sql(&filter);
        query
            .push(" LIMIT ")
            .push_bind(filter.limit.map_or(-1, i64::from));
        let rows = query.build().fetch_all(&self.readers).await?;
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

    /// How many judgements wait for an administrator.
    pub(crate) async fn waiting_judgements(&self) -> Result<u64> {
        let row = sqlx::query(
            "SELECT count(*) AS waiting FROM feedback INDEXED BY feedback_waiting \
             WHERE is_unsupported = 1 AND decision IS NULL",
        )
        .fetch_one(&self.readers)
        .await?;
        Ok(u64::try_from(row.try_get::<i64, _>("waiting")?).unwrap_or(0))
    }

    /// Keeps what was decided on the judgement that was `given` then, or that nobody decided. Gives
    /// whether it is still there as it was.
    pub(crate) async fn decide(
        &self,
        id: &str,
        given: Timestamp,
        decided: Option<&Decided>,
    ) -> Result<bool> {
        let changed = sqlx::query(
            "UPDATE feedback SET decision = ?3, decided_by = ?4, decided_at = ?5 WHERE id = ?1 AND given_at = ?2",
        )
        .bind(id)
        .bind(given.as_second())
        .bind(decided.map(|decided| decided.decision.as_str()))
        .bind(decided.map(|decided| decided.by.as_str()))
        .bind(decided.map(|decided| decided.at.as_second()))
        .execute(&self.writer)
        .await?;
        Ok(changed.rows_affected() > 0)
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

/// What makes a catalogue one without decisions again.
#[cfg(test)]
pub(super) const WITHOUT_DECISIONS: &str = "DROP INDEX feedback_by_given; DROP INDEX feedback_by_kind; \
     DROP INDEX feedback_waiting; DROP INDEX feedback_by_decision; \
     ALTER TABLE feedback DROP COLUMN decision; ALTER TABLE feedback DROP COLUMN decided_by; \
     ALTER TABLE feedback DROP COLUMN decided_at; ALTER TABLE feedback DROP COLUMN is_unsupported;";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sqlx::AssertSqlSafe;

    use super::*;
    use crate::check::{Mode, Verdict};
    use crate::feedback::KeptSentence;
    use crate::language::Language;

    fn answer() -> JudgedAnswer {
        JudgedAnswer {
            question: "How long is leave?".to_owned(),
            language: Language::En,
            mode: Mode::Strict,
            abstained: false,
            prompt: None,
            sentences: Vec::new(),
            quoted: BTreeSet::new(),
            engine: "local".to_owned(),
            generator: "tiny".to_owned(),
            adapter: None,
            checker: "c".to_owned(),
            created: String::new(),
        }
    }

    /// What `actor` said, with a correction of which the checker said so.
    fn says(actor: &str, kind: Kind, verdict: Option<Verdict>, given: i64) -> Judgement {
        let corrected = verdict.map(|verdict| KeptSentence {
            text: "Leave is 99 days.".to_owned(),
            verdict,
            shown: true,
            citations: vec![1],
        });
        Judgement {
            id: format!("id-{actor}"),
            actor: actor.to_owned(),
            sentence: None,
            kind,
            correction: corrected.as_ref().map(|sentence| sentence.text.clone()),
            corrected: corrected.into_iter().collect(),
            note: None,
            given: Timestamp::from_second(given).unwrap(),
            decided: None,
        }
    }

    fn decided(decision: Decision) -> Decided {
        Decided {
            decision,
            by: "root".to_owned(),
            at: Timestamp::from_second(1_000).unwrap(),
        }
    }

    async fn keep(catalogue: &Catalogue, judgement: &Judgement) {
        let id = ContentHash::of(b"answer");
        let given = catalogue.judge(id, &answer(), judgement).await.unwrap();
        assert!(given.is_some());
    }

    /// Who said what is wanted, in order.
    async fn actors(catalogue: &Catalogue, filter: JudgementFilter<'_>) -> Vec<String> {
        let rows = catalogue.judgements(filter).await.unwrap();
        rows.into_iter().map(|row| row.judgement.actor).collect()
    }

    async fn open() -> (tempfile::TempDir, Catalogue) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("c.sqlite");
        let catalogue = Catalogue::open(&file).await.unwrap();
        (folder, catalogue)
    }

    const WAITING: JudgementFilter<'_> = JudgementFilter {
        actor: None,
        answer: None,
        id: None,
        kind: None,
        review: Some(Review::Waiting),
        after: None,
        limit: None,
    };

    #[tokio::test]
    async fn a_decision_goes_with_what_was_said() {
        let (_folder, catalogue) = open().await;
        let made_up = says("mina", Kind::Wrong, Some(Verdict::Unsupported), 7);
        keep(&catalogue, &made_up).await;
        keep(
            &catalogue,
            &says("jun", Kind::Wrong, Some(Verdict::Supported), 8),
        )
        .await;
        keep(&catalogue, &says("root", Kind::Right, None, 9)).await;
        assert_eq!(actors(&catalogue, WAITING).await, ["mina"]);
        let accepted = decided(Decision::Accepted);
        let other = Timestamp::from_second(6).unwrap();
        let decide = async |given: Timestamp, decided: Option<Decided>| {
            let done = catalogue.decide(&made_up.id, given, decided.as_ref());
            done.await.unwrap()
        };
        assert!(
            !decide(other, Some(accepted.clone())).await,
            "it was said at another time"
        );
        assert_eq!(catalogue.waiting_judgements().await.unwrap(), 1);
        assert!(decide(made_up.given, Some(accepted.clone())).await);
        assert_eq!(catalogue.waiting_judgements().await.unwrap(), 0);
        let of = |decision| JudgementFilter {
            review: Some(Review::Decided(decision)),
            ..JudgementFilter::default()
        };
        let rows = catalogue.judgements(of(Decision::Accepted)).await.unwrap();
        assert_eq!(rows[0].judgement.decided, Some(accepted));
        assert!(actors(&catalogue, of(Decision::Refused)).await.is_empty());
        // Nobody decided on what is said anew.
        keep(&catalogue, &made_up).await;
        assert!(actors(&catalogue, of(Decision::Accepted)).await.is_empty());
        assert_eq!(actors(&catalogue, WAITING).await, ["mina"]);
        // Even if it was said within the same second, it is not what was looked at.
        let anew = Timestamp::from_second(8).unwrap();
        assert!(!decide(made_up.given, Some(decided(Decision::Accepted))).await);
        assert!(decide(anew, Some(decided(Decision::Refused))).await);
        assert!(decide(anew, None).await, "it is decided later");
        assert_eq!(actors(&catalogue, WAITING).await, ["mina"]);
        assert!(catalogue.forget_judgement(&made_up.id).await.unwrap());
        assert!(!decide(made_up.given, None).await);
        assert_eq!(catalogue.waiting_judgements().await.unwrap(), 0);
        catalogue.close().await;
    }

    #[tokio::test]
    async fn pages_follow_each_other_without_a_gap() {
        let (_folder, catalogue) = open().await;
        for number in 0..7 {
            let kind = [Kind::Wrong, Kind::Missing][number % 2];
            let said = says(
                &format!("p{number}"),
                kind,
                Some(Verdict::Partial),
                // Some at the same time.
                i64::try_from(number / 3).unwrap(),
            );
            keep(&catalogue, &said).await;
        }
        for kind in [None, Some(Kind::Missing)] {
            for review in [None, Some(Review::Waiting)] {
                let all = JudgementFilter {
                    kind,
                    review,
                    ..JudgementFilter::default()
                };
                let expected = actors(&catalogue, all).await;
                assert_eq!(expected.len(), kind.map_or(7, |_| 3));
                let mut found = Vec::new();
                let mut after: Option<JudgementCursor> = None;
                loop {
                    let page = JudgementFilter {
                        after: after.as_ref(),
                        limit: Some(2),
                        ..all
                    };
                    let rows = catalogue.judgements(page).await.unwrap();
                    let Some(last) = rows.last() else {
                        break;
                    };
                    let cursor = JudgementCursor::of(&last.judgement).to_string();
                    found.extend(rows.into_iter().map(|row| row.judgement.actor));
                    after = Some(cursor.parse().unwrap());
                }
                assert_eq!(found, expected, "{kind:?} {review:?}");
            }
        }
        for wrong in ["", "7", "x.y", "7.", &format!("7.{}", "x".repeat(65))] {
            assert_eq!(
                wrong.parse::<JudgementCursor>(),
                Err(CursorError),
                "{wrong}"
            );
        }
        catalogue.close().await;
    }

    /// However many there are, a page is read from an index in its order.
    #[tokio::test]
    async fn no_page_is_sorted() {
        let (_folder, catalogue) = open().await;
        let after = JudgementCursor {
            given: 1,
            id: "x".to_owned(),
        };
        for kind in [None, Some(Kind::Wrong)] {
            for review in [
                None,
                Some(Review::Waiting),
                Some(Review::Decided(Decision::Refused)),
            ] {
                let filter = JudgementFilter {
                    kind,
                    review,
                    after: Some(&after),
                    ..JudgementFilter::default()
                };
                let sql = judgements_sql(&filter).into_string();
                let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql} LIMIT 20"));
                let rows = sqlx::query(explain).fetch_all(&catalogue.readers).await;
                let plan: Vec<String> = rows
                    .unwrap()
                    .iter()
                    .map(|row| row.get::<String, _>("detail"))
                    .collect();
                assert!(plan[0].starts_with("SEARCH f USING"), "{plan:?}");
                assert!(
                    !plan.iter().any(|step| step.contains("TEMP B-TREE")),
                    "{plan:?}"
                );
            }
        }
        catalogue.close().await;
    }

    #[tokio::test]
    async fn what_an_older_catalogue_has_waits_for_its_first_decision() {
        let (folder, catalogue) = open().await;
        keep(
            &catalogue,
            &says("mina", Kind::Wrong, Some(Verdict::Contradicted), 7),
        )
        .await;
        keep(
            &catalogue,
            &says("jun", Kind::Wrong, Some(Verdict::NotCheckable), 8),
        )
        .await;
        keep(&catalogue, &says("root", Kind::Right, None, 9)).await;
        let older = format!("{WITHOUT_DECISIONS} PRAGMA user_version = 13;");
        sqlx::raw_sql(AssertSqlSafe(older))
            .execute(&catalogue.writer)
            .await
            .unwrap();
        catalogue.close().await;
        let catalogue = Catalogue::open(&folder.path().join("c.sqlite"))
            .await
            .unwrap();
        assert_eq!(actors(&catalogue, WAITING).await, ["mina"]);
        let rows = catalogue.judgements(JudgementFilter::default()).await;
        let rows = rows.unwrap();
        assert_eq!(rows.len(), 3);
        assert!(rows.iter().all(|row| row.judgement.decided.is_none()));
        catalogue.close().await;
    }
}
