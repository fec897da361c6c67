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
    let rows = sqlx::query(
        "SELECT id FROM documents WHERE parent IS NULL OR parent NOT IN (SELECT id FROM documents)",
    )
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

#[cfg(test)]
mod tests {
    use ingest::{ContentHash, DocumentId};

    use super::super::super::store::{BACK_TO_6, Catalogue};
    use crate::ask::Reader;
    use crate::rights::Level;

    async fn add(catalogue: &Catalogue, name: &str, parent: Option<&str>, readers: &str) {
        let id = |name: &str| DocumentId::at(name).to_string();
        sqlx::query(
            "INSERT INTO documents (id, place, parent, file_name, readers, wanted, current, size, state, created_at, updated_at) \
             VALUES (?1, ?2, ?3, ?2, ?4, ?5, ?5, 1, 'ready', '2026-03-01T00:00:00Z', '2026-03-01T00:00:00Z')",
        )
        .bind(id(name))
        .bind(name)
        .bind(parent.map(id))
        .bind(readers)
        .bind(ContentHash::of(b"new").to_string())
        .execute(&catalogue.writer)
        .await
        .unwrap();
    }

    async fn add_version(catalogue: &Catalogue, name: &str, version: &str, readers: &str) {
        sqlx::query(
            "INSERT INTO versions (document, version, readers, file_name, size, replaced_at) \
             VALUES (?1, ?2, ?3, ?4, 1, CASE WHEN ?5 = 'old' THEN '2026-02-01T00:00:00Z' END)",
        )
        .bind(DocumentId::at(name).to_string())
        .bind(ContentHash::of(version.as_bytes()).to_string())
        .bind(readers)
        .bind(name)
        .bind(version)
        .execute(&catalogue.writer)
        .await
        .unwrap();
    }

    #[tokio::test]
    async fn everybody_may_read_what_they_could_read_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("catalogue.sqlite");
        let catalogue = Catalogue::open(&file).await.unwrap();
        sqlx::raw_sql(BACK_TO_6)
            .execute(&catalogue.writer)
            .await
            .unwrap();
        add(&catalogue, "rules", None, r#"["hr"]"#).await;
        add_version(&catalogue, "rules", "old", r#"["hr","staff"]"#).await;
        add_version(&catalogue, "rules", "new", r#"["hr"]"#).await;
        add(&catalogue, "mail", None, r#"["everyone"]"#).await;
        add_version(&catalogue, "mail", "new", r#"["everyone"]"#).await;
        // In an older version of the message, which was for fewer.
        add(&catalogue, "inside", Some("mail"), r#"["hr"]"#).await;
        add_version(&catalogue, "inside", "new", r#"["hr"]"#).await;
        catalogue.close().await;
        let catalogue = Catalogue::open(&file).await.unwrap();
        let hr = Reader::new(["hr".parse().unwrap()]);
        let staff = Reader::new(["staff".parse().unwrap()]);
        for (reader, expected) in [
            (&hr, &["inside", "mail", "rules"][..]),
            (&staff, &["mail"]),
            (&Reader::anyone(), &["mail"]),
        ] {
            let access = catalogue.access(reader).await.unwrap();
            let views = catalogue.views(None, Some(&access)).await.unwrap();
            assert!(views.iter().all(|view| view.level == Level::Download));
            let mut names: Vec<&str> = views.iter().map(|view| &*view.file_name).collect();
            names.sort_unstable();
            assert_eq!(names, expected);
        }
        // The replaced version is for those who may read both it and the document.
        let id = DocumentId::at("rules");
        let rights = catalogue.rights_of(id).await.unwrap().unwrap();
        let old = catalogue.versions_of(id).await.unwrap().pop().unwrap();
        assert!(old.0.replaced_at.is_some());
        for (reader, level) in [(&hr, Some(Level::Download)), (&staff, None)] {
            let access = catalogue.access(reader).await.unwrap();
            assert_eq!(access.level(&rights.list, old.1.as_ref()), level);
        }
        catalogue.close().await;
    }
}
