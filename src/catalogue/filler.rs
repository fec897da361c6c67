//! Made-up documents, many at once, to measure lists with.

use std::collections::BTreeSet;

use ingest::{ContentHash, Group};
use sqlx::SqliteConnection;

use super::rights::own_list;
use super::store::{Catalogue, Result, decode_error};
use crate::rights::Grants;

impl Catalogue {
    /// Adds `count` documents that are ready, as if they had been handed in: one in fifty is for the
    /// group `few` alone, one in a hundred failed, one in two hundred is a copy of another.
    pub(crate) async fn fill(&self, count: u32) -> Result<()> {
        const WORDS: [&str; 8] = [
            "휴가", "출장", "급여", "보안", "Travel", "Leave", "Security", "Payroll",
        ];
        let mut transaction = self.writer.begin().await?;
        let list = async |group: Group, transaction: &mut SqliteConnection| {
            let grants = Grants::downloads(&BTreeSet::from([group]));
            own_list(transaction, &grants).await
        };
        let everyone = list(Group::everyone(), &mut transaction).await?;
        let few: Group = "few".parse().map_err(decode_error)?;
        let few = list(few, &mut transaction).await?;
        for number in 0..count {
            let version = if number % 200 == 199 {
                number - 1
            } else {
                number
            };
            let version = ContentHash::of(&version.to_le_bytes()).to_string();
            // Titles are not in the order of the ids.
            let mixed = u64::from(number) * 2_654_435_761 % 4_294_967_296;
            let word = WORDS[usize::try_from(mixed % 8).unwrap_or(0)];
            let title = format!("{word} {mixed} 규정");
            let (readers, list) = if number % 50 == 0 {
                ("[\"few\"]", &few)
            } else {
                ("[\"everyone\"]", &everyone)
            };
            let state = if number % 100 == 7 { "failed" } else { "ready" };
            let metadata = match number % 20 {
                0 => "{\"collection\":\"인사\",\"tags\":[\"hr\",\"2026\"]}",
                1 => "{\"effective_until\":\"2020-12-31\"}",
                _ => "{}",
            };
            let minutes = number % 500_000;
            let at = format!(
                "2026-01-{:02}T{:02}:{:02}:{:02}Z",
                1 + minutes / 20_000,
                minutes / 1_000 % 20,
                minutes / 20 % 50,
                minutes % 20
            );
            let id = format!("{number:032x}");
            sqlx::query(
                "INSERT INTO documents (id, place, file_name, readers, wanted, current, size, lane, metadata, state, \
                 created_at, updated_at, list) VALUES (?1, ?1, ?2, ?3, ?4, ?4, ?5, 'upload:everyone/', ?6, ?7, ?8, ?8, ?9)",
            )
            .bind(&id)
            .bind(format!("document-{number}.pdf"))
            .bind(readers)
            .bind(&version)
            .bind(i64::try_from(mixed % 10_000_000).unwrap_or(0))
            .bind(metadata)
            .bind(state)
            .bind(&at)
            .bind(list.as_str())
            .execute(&mut *transaction)
            .await?;
            sqlx::query(
                "INSERT INTO versions (document, version, file_name, size, format, title) \
                 VALUES (?, ?, ?, 1, 'pdf', ?)",
            )
            .bind(&id)
            .bind(&version)
            .bind("document.pdf")
            .bind(title)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await
    }
}
