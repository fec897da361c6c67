//! Catalogues of version 6 become such of version 7: sets of groups become access lists.

use std::collections::BTreeSet;

use ingest::Group;
use sqlx::{Row as _, SqliteConnection};

use super::{own_list, settle};
use crate::catalogue::store::{Result, json};
use crate::rights::Grants;

/// Takes away what is in access lists now.
const OLD: &str = "ALTER TABLE versions DROP COLUMN readers";

/// Fills the tables of [`super::TABLES`] from what stood in documents and versions. Everybody may read
/// what they could read, no more.
pub(in crate::catalogue) async fn fill(transaction: &mut SqliteConnection) -> Result<()> {
    // Those that came in no other: what came in them follows.
    let rows = sqlx::query("SELECT id FROM documents WHERE parent IS NULL OR parent NOT IN (SELECT id FROM documents)")
        .fetch_all(&mut *transaction)
        .await?;
    for row in &rows {
        settle(&mut *transaction, row.try_get("id")?).await?;
    }
    // Versions that were for others than their document is now, and those that were replaced.
    let rows = sqlx::query(
        "SELECT v.document, v.version, v.readers, d.readers AS document_readers, l.grants \
         FROM versions v JOIN documents d ON d.id = v.document LEFT JOIN access_lists l ON l.id = d.list \
         WHERE v.replaced_at IS NOT NULL OR v.version != d.wanted OR v.readers != d.readers OR d.parent IS NOT NULL",
    )
    .fetch_all(&mut *transaction)
    .await?;
    for row in &rows {
        let version: BTreeSet<Group> = json(row.try_get("readers")?)?;
        let document: BTreeSet<Group> = json(row.try_get("document_readers")?)?;
        let both = Grants::downloads(&(&version & &document));
        let list: Option<&str> = row.try_get("grants")?;
        let is_as_its_document =
            list.map(json::<Grants>).transpose()?.as_ref() == Some(&both) && version == document;
        let (id, name): (&str, &str) = (row.try_get("document")?, row.try_get("version")?);
        let is_wanted = sqlx::query(
            "SELECT 1 FROM versions v JOIN documents d ON d.id = v.document AND d.wanted = v.version \
             WHERE v.document = ? AND v.version = ? AND v.replaced_at IS NULL",
        )
        .bind(id)
        .bind(name)
        .fetch_optional(&mut *transaction)
        .await?
        .is_some();
        if is_wanted && is_as_its_document {
            continue;
        }
        let access = own_list(&mut *transaction, &both).await?;
        sqlx::query("UPDATE versions SET access = ? WHERE document = ? AND version = ?")
            .bind(access.as_str())
            .bind(id)
            .bind(name)
            .execute(&mut *transaction)
            .await?;
    }
    sqlx::raw_sql(OLD).execute(&mut *transaction).await?;
    Ok(())
}
