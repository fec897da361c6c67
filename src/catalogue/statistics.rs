//! Daily sums: how much of what happened on each day, without anything of a person.

use std::collections::BTreeMap;

use sqlx::Row as _;

use super::listing::may_find;
use super::store::{Catalogue, Result, parsed};
use crate::ask::Reader;
use ingest::DocumentId;

/// What makes a catalogue one with lists and daily sums.
pub(super) const SCHEMA: &str =
    concat!(include_str!("listing.sql"), include_str!("statistics.sql"));

/// What is counted: the day, its kind, its name.
pub(crate) type Counted = (String, &'static str, String);

/// A daily sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sum {
    /// The day (UTC), such as 2026-03-01.
    pub(crate) day: String,
    /// What kind of thing was counted.
    pub(crate) kind: String,
    /// Which one of its kind.
    pub(crate) name: String,
    /// How much.
    pub(crate) amount: u64,
}

impl Catalogue {
    /// Adds to the daily sums, and forgets those of days before `keep_from`.
    pub(crate) async fn add_statistics(
        &self,
        counted: &BTreeMap<Counted, u64>,
        keep_from: Option<&str>,
    ) -> Result<()> {
        let mut transaction = self.writer.begin().await?;
        for ((day, kind, name), amount) in counted {
            sqlx::query(
                "INSERT INTO statistics (day, kind, name, amount) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT (day, kind, name) DO UPDATE SET amount = amount + ?4",
            )
            .bind(day)
            .bind(*kind)
            .bind(name)
            .bind(i64::try_from(*amount).unwrap_or(i64::MAX))
            .execute(&mut *transaction)
            .await?;
        }
        if let Some(day) = keep_from {
            sqlx::query("DELETE FROM statistics WHERE day < ?")
                .bind(day)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await
    }

    /// The daily sums since `day`, but for citations.
    pub(crate) async fn statistics_since(&self, day: &str) -> Result<Vec<Sum>> {
        let rows = sqlx::query(
            "SELECT day, kind, name, amount FROM statistics WHERE day >= ? AND kind != 'cited' \
             ORDER BY day, kind, name",
        )
        .bind(day)
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Sum {
                    day: row.try_get("day")?,
                    kind: row.try_get("kind")?,
                    name: row.try_get("name")?,
                    amount: u64::try_from(row.try_get::<i64, _>("amount")?).unwrap_or(0),
                })
            })
            .collect()
    }

    /// The documents that answers cited since `day`, the most cited first, of those that `reader` may find,
    /// each with how many answers.
    pub(crate) async fn cited_since(
        &self,
        day: &str,
        reader: &Reader,
    ) -> Result<Vec<(DocumentId, u64)>> {
        let rows = sqlx::query(
            "SELECT s.name AS document, sum(s.amount) AS answers, l.access FROM statistics s \
             JOIN listing l ON l.document = s.name WHERE s.day >= ? AND s.kind = 'cited' AND l.state != 'deleting' \
             GROUP BY s.name ORDER BY answers DESC, s.name",
        )
        .bind(day)
        .fetch_all(&self.readers)
        .await?;
        let access = self.access(reader).await?;
        let mut cited = Vec::new();
        for row in &rows {
            if may_find(&access, row.try_get("access")?) {
                let answers = u64::try_from(row.try_get::<i64, _>("answers")?).unwrap_or(0);
                cited.push((parsed(row, "document")?, answers));
            }
        }
        Ok(cited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sums_add_up_and_old_days_go() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("c.sqlite");
        let catalogue = Catalogue::open(&file).await.unwrap();
        let counted = |day: &str, amount: u64| {
            let name = (day.to_owned(), "outcome", "answered".to_owned());
            BTreeMap::from([(name, amount)])
        };
        for (day, amount) in [("2026-02-01", 5), ("2026-03-01", 2), ("2026-03-01", 3)] {
            catalogue
                .add_statistics(&counted(day, amount), None)
                .await
                .unwrap();
        }
        let sums = catalogue.statistics_since("2026-02-02").await.unwrap();
        assert_eq!((sums.len(), sums[0].amount), (1, 5));
        assert_eq!(catalogue.statistics_since("2026").await.unwrap().len(), 2);
        catalogue
            .add_statistics(&BTreeMap::new(), Some("2026-03-01"))
            .await
            .unwrap();
        assert_eq!(catalogue.statistics_since("2026").await.unwrap().len(), 1);
        catalogue.close().await;
    }
}
