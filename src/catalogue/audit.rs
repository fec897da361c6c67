//! The audit log in the catalogue: append-only, by triggers.

use futures::TryStreamExt as _;
use ingest::ContentHash;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::store::{Catalogue, Result};
use crate::audit::{Anchor, HeadNote, Record, Report, Verification, start};
use crate::proof::Key;

/// What adds the log to a catalogue. Entries are added one after the other, never changed, and removed
/// only where an anchor stands for them; nor is an anchor changed.
pub(super) const SCHEMA: &str = "\
CREATE TABLE IF NOT EXISTS audit (seq INTEGER PRIMARY KEY, body TEXT NOT NULL, hash TEXT NOT NULL) STRICT; \
CREATE TABLE IF NOT EXISTS audit_anchors (until INTEGER PRIMARY KEY, hash TEXT NOT NULL, seal TEXT NOT NULL) STRICT; \
CREATE TRIGGER IF NOT EXISTS audit_insert BEFORE INSERT ON audit \
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM audit) \
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END; \
CREATE TRIGGER IF NOT EXISTS audit_update BEFORE UPDATE ON audit \
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END; \
CREATE TRIGGER IF NOT EXISTS audit_delete BEFORE DELETE ON audit \
WHEN NOT EXISTS (SELECT 1 FROM audit_anchors WHERE until >= OLD.seq) \
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END; \
CREATE TRIGGER IF NOT EXISTS audit_anchors_insert BEFORE INSERT ON audit_anchors \
WHEN EXISTS (SELECT 1 FROM audit_anchors WHERE until >= NEW.until) \
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END; \
CREATE TRIGGER IF NOT EXISTS audit_anchors_update BEFORE UPDATE ON audit_anchors \
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END; \
CREATE TRIGGER IF NOT EXISTS audit_anchors_delete BEFORE DELETE ON audit_anchors \
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;";

fn record(row: &SqliteRow) -> Result<Record> {
    Ok(Record {
        seq: row.try_get("seq")?,
        body: row.try_get("body")?,
        hash: row.try_get("hash")?,
    })
}

fn unsigned(row: &SqliteRow, column: &str) -> Result<u64> {
    Ok(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or(0))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What cannot be read as a hash has one nevertheless: the log goes on, and verifying tells.
fn hash(text: &str) -> ContentHash {
    text.parse()
        .unwrap_or_else(|_| ContentHash::of(text.as_bytes()))
}

async fn append(connection: &mut sqlx::SqliteConnection, records: &[Record]) -> Result<()> {
    for record in records {
        sqlx::query("INSERT INTO audit (seq, body, hash) VALUES (?, ?, ?)")
            .bind(record.seq)
            .bind(&record.body)
            .bind(&record.hash)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

impl Catalogue {
    /// The last entry of the audit log and its hash; zero if there is none.
    pub(crate) async fn audit_end(&self) -> Result<(u64, ContentHash)> {
        let row = sqlx::query("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")
            .fetch_optional(&self.writer)
            .await?;
        match row {
            Some(row) => Ok((unsigned(&row, "seq")?, hash(row.try_get("hash")?))),
            None => Ok((0, start())),
        }
    }

    /// The hash of an entry, as it is stored.
    pub(crate) async fn audit_hash(&self, seq: u64) -> Result<Option<String>> {
        let row = sqlx::query("SELECT hash FROM audit WHERE seq = ?")
            .bind(signed(seq))
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| row.try_get("hash")).transpose()
    }

    /// Adds entries to the audit log, all or none.
    pub(crate) async fn append_audit(&self, records: &[Record]) -> Result<()> {
        let mut transaction = self.writer.begin().await?;
        append(&mut transaction, records).await?;
        transaction.commit().await
    }

    /// The last of the entries before `day`, and its hash; none if there are none.
    pub(crate) async fn audit_until(&self, day: &str) -> Result<Option<(u64, String)>> {
        let first = sqlx::query(
            "SELECT seq FROM audit WHERE NOT json_valid(body) OR json_extract(body, '$.at') >= ? \
             ORDER BY seq LIMIT 1",
        )
        .bind(day)
        .fetch_optional(&self.readers)
        .await?;
        let first: i64 = first.map_or(Ok(i64::MAX), |row| row.try_get("seq"))?;
        let row =
            sqlx::query("SELECT seq, hash FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT 1")
                .bind(first)
                .fetch_optional(&self.readers)
                .await?;
        row.map(|row| Ok((unsigned(&row, "seq")?, row.try_get("hash")?)))
            .transpose()
    }

    /// Removes the entries that `anchor` stands for, and adds those that tell of it.
    pub(crate) async fn shorten_audit(&self, told: &[Record], anchor: &Anchor) -> Result<()> {
        let mut transaction = self.writer.begin().await?;
        append(&mut transaction, told).await?;
        sqlx::query("INSERT INTO audit_anchors (until, hash, seal) VALUES (?, ?, ?)")
            .bind(signed(anchor.until))
            .bind(anchor.hash.to_string())
            .bind(anchor.seal.to_string())
            .execute(&mut *transaction)
            .await?;
        sqlx::query("DELETE FROM audit WHERE seq <= ?")
            .bind(signed(anchor.until))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// Looks whether the audit log is what was written. `head` was read before: what is appended
    /// meanwhile is then no fault.
    pub(crate) async fn verify_audit(&self, head: HeadNote, key: Option<&Key>) -> Result<Report> {
        // One look at one moment, while the program writes.
        let mut transaction = self.readers.begin().await?;
        let row =
            sqlx::query("SELECT until, hash, seal FROM audit_anchors ORDER BY until DESC LIMIT 1")
                .fetch_optional(&mut *transaction)
                .await?;
        let anchor = row
            .map(|row| {
                Ok::<_, sqlx::Error>(Anchor {
                    until: unsigned(&row, "until")?,
                    hash: hash(row.try_get("hash")?),
                    seal: hash(row.try_get("seal")?),
                })
            })
            .transpose()?;
        let mut verification = Verification::new(anchor.as_ref(), head, key);
        {
            let mut rows = sqlx::query("SELECT seq, body, hash FROM audit ORDER BY seq")
                .fetch(&mut *transaction);
            while let Some(row) = rows.try_next().await? {
                verification.take(&record(&row)?);
            }
        }
        transaction.rollback().await?;
        Ok(verification.finish())
    }

    /// Shows the entries of the audit log, oldest or newest first, until `show` gives false.
    pub(crate) async fn each_audit(
        &self,
        newest_first: bool,
        mut show: impl FnMut(&Record) -> bool,
    ) -> Result<()> {
        let sql = if newest_first {
            "SELECT seq, body, hash FROM audit ORDER BY seq DESC"
        } else {
            "SELECT seq, body, hash FROM audit ORDER BY seq"
        };
        let mut rows = sqlx::query(sql).fetch(&self.readers);
        while let Some(row) = rows.try_next().await? {
            if !show(&record(&row)?) {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::link;

    async fn open() -> (tempfile::TempDir, Catalogue) {
        let folder = tempfile::tempdir().unwrap();
        let catalogue = Catalogue::open(&folder.path().join("c.sqlite"))
            .await
            .unwrap();
        (folder, catalogue)
    }

    fn records(count: u64) -> Vec<Record> {
        let mut before = start();
        (1..=count)
            .map(|seq| {
                let body = format!(r#"{{"at":"2026-03-0{seq}T00:00:00.000Z","seq":{seq}}}"#);
                before = link(before, &body);
                Record {
                    seq: signed(seq),
                    body,
                    hash: before.to_string(),
                }
            })
            .collect()
    }

    #[tokio::test]
    async fn nothing_is_changed_removed_or_put_in_between() {
        let (_folder, catalogue) = open().await;
        let records = records(3);
        catalogue.append_audit(&records).await.unwrap();
        for sql in [
            "UPDATE audit SET body = '{}' WHERE seq = 2",
            "DELETE FROM audit WHERE seq = 3",
            "DELETE FROM audit",
            "INSERT OR REPLACE INTO audit (seq, body, hash) VALUES (2, '{}', '')",
            "INSERT INTO audit (seq, body, hash) VALUES (9, '{}', '')",
            "INSERT INTO audit (seq, body, hash) VALUES (0, '{}', '')",
        ] {
            let error = sqlx::query(sql)
                .execute(&catalogue.writer)
                .await
                .unwrap_err()
                .to_string();
            assert!(error.contains("append-only"), "{sql}: {error}");
        }
        assert_eq!(catalogue.audit_end().await.unwrap().0, 3);
        // Nor twice: the transaction is undone.
        catalogue.append_audit(&records[2..]).await.unwrap_err();
        assert_eq!(catalogue.audit_end().await.unwrap().0, 3);
        catalogue.close().await;
    }

    #[tokio::test]
    async fn what_an_anchor_stands_for_goes_and_the_rest_verifies() {
        let (folder, catalogue) = open().await;
        let key = Key::open_or_make(folder.path()).unwrap();
        let records = records(4);
        catalogue.append_audit(&records[..3]).await.unwrap();
        let (until, hash) = catalogue.audit_until("2026-03-03").await.unwrap().unwrap();
        assert_eq!((until, &hash), (2, &records[1].hash));
        let anchor = Anchor::sealed(until, hash.parse().unwrap(), &key);
        catalogue
            .shorten_audit(&records[3..], &anchor)
            .await
            .unwrap();
        let (seq, last) = catalogue.audit_end().await.unwrap();
        let head = HeadNote::Noted(crate::audit::Head::sealed(seq, last, &key));
        let report = catalogue
            .verify_audit(head.clone(), Some(&key))
            .await
            .unwrap();
        assert!(report.is_whole(), "{report:?}");
        assert_eq!((report.entries, report.kept_from), (2, Some(3)));
        assert_eq!(catalogue.audit_until("2026-03-03").await.unwrap(), None);
        let error = sqlx::query("DELETE FROM audit_anchors")
            .execute(&catalogue.writer)
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("append-only"), "{error}");
        catalogue.close().await;
    }
}
