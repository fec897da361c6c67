//! Access lists in the catalogue: which list counts for a document, and who is on it.
//!
//! `documents.list` is worked out whenever something that it follows from is written, in the same
//! transaction; whether any list changed is told by a count, so that questions read lists only when
//! they must.

mod permit;
mod schema;

pub(crate) use permit::Lists;
pub use permit::{Access, ListId, Permit};
pub(super) use schema::fill;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError};

use ingest::{AccessKey, ContentHash, DocumentId, Group};
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};
use unicode_normalization::UnicodeNormalization as _;

use super::metadata::Metadata;
use super::store::{Catalogue, INSIDE, Result, json, now, parsed, to_json};
use crate::ask::Reader;
use crate::rights::{DocumentRights, Follows, Grants, OwnRights, RightsChange};

/// What makes a catalogue of version 6 one of version 7, together with [`fill`].
pub(super) const TABLES: &str = include_str!("rights.sql");
/// What version that is.
pub(super) const VERSION: i64 = 7;

/// Follow the collection, whatever the document was handed in with.
const INHERIT: &str = "inherit";
/// Names the count of changes of lists.
const COUNT: &str = "access_lists";

/// A collection and its rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectionRights {
    /// Its name.
    pub name: String,
    /// Who may do how much with its documents; nothing, if it has no rights of its own.
    pub own: Option<Grants>,
    /// The rights that count for documents without rights of their own.
    pub effective: Grants,
    /// The list of those rights.
    pub(crate) list: ListId,
}

impl CollectionRights {
    /// A collection of this name with these rights.
    #[cfg(test)]
    pub(crate) fn for_test(name: &str, grants: &Grants) -> Self {
        Self {
            name: name.to_owned(),
            own: Some(grants.clone()),
            effective: grants.clone(),
            list: ListId::of(grants),
        }
    }
}

/// A collection's name as collections are compared: as the search compares them.
pub(crate) fn folded(name: &str) -> String {
    name.trim().nfc().collect::<String>().to_lowercase()
}

/// The access lists of a version, in the columns `list` and `access` of a row.
pub(super) fn lists_of(row: &SqliteRow) -> Result<(ListId, Option<ListId>)> {
    let access: Option<String> = row.try_get("access")?;
    let list: String = row.try_get("list")?;
    Ok((ListId::named(list), access.map(ListId::named)))
}

/// The list of this name.
pub(super) fn list_named(name: &str) -> ListId {
    ListId::named(name)
}

/// Notes that a list came or changed.
async fn count(transaction: &mut SqliteConnection) -> Result<()> {
    sqlx::query(
        "INSERT INTO settings (name, value) VALUES (?, '1') \
         ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)",
    )
    .bind(COUNT)
    .execute(transaction)
    .await?;
    Ok(())
}

/// The list of documents that have these grants of their own, made if there was none.
pub(super) async fn own_list(
    transaction: &mut SqliteConnection,
    grants: &Grants,
) -> Result<ListId> {
    let id = ListId::of(grants);
    let made =
        sqlx::query("INSERT OR IGNORE INTO access_lists (id, kind, grants) VALUES (?, 'own', ?)")
            .bind(id.as_str())
            .bind(to_json(grants))
            .execute(&mut *transaction)
            .await?;
    if made.rows_affected() > 0 {
        count(transaction).await?;
    }
    Ok(id)
}

/// The list of a collection, made if there was none: without rights of its own, so that they can be
/// given without writing to its documents.
async fn collection_list(transaction: &mut SqliteConnection, name: &str) -> Result<ListId> {
    let folded = folded(name);
    let row = sqlx::query("SELECT id FROM access_lists WHERE folded = ?")
        .bind(&folded)
        .fetch_optional(&mut *transaction)
        .await?;
    if let Some(row) = row {
        return Ok(ListId::named(row.try_get::<String, _>("id")?));
    }
    let id = format!("collection-{}", uuid::Uuid::new_v4().simple());
    sqlx::query("INSERT INTO access_lists (id, kind, name, folded) VALUES (?, 'collection', ?, ?)")
        .bind(&id)
        .bind(name.trim())
        .bind(&folded)
        .execute(&mut *transaction)
        .await?;
    count(transaction).await?;
    Ok(ListId::named(id))
}

/// Who is on a list.
async fn grants_of(transaction: &mut SqliteConnection, list: &str) -> Result<Grants> {
    let row = sqlx::query(
        "SELECT coalesce(l.grants, d.grants, '{}') AS grants FROM access_lists l \
         LEFT JOIN access_lists d ON d.id = 'default' WHERE l.id = ?",
    )
    .bind(list)
    .fetch_optional(transaction)
    .await?;
    row.map_or_else(|| Ok(Grants::none()), |row| json(row.try_get("grants")?))
}

/// The list that a document without rights of its own follows.
async fn inherited(transaction: &mut SqliteConnection, collection: Option<&str>) -> Result<ListId> {
    match collection {
        Some(name) => collection_list(transaction, name).await,
        None => Ok(ListId::named(ListId::DEFAULT)),
    }
}

/// Works out which list counts for a document, and for all that came in it.
pub(super) async fn settle(transaction: &mut SqliteConnection, id: &str) -> Result<()> {
    let row = sqlx::query(
        "SELECT d.own_rights, d.readers, json_extract(d.metadata, '$.collection') AS collection, p.list AS of_parent \
         FROM documents d LEFT JOIN documents p ON p.id = d.parent WHERE d.id = ?",
    )
    .bind(id)
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(row) = row else { return Ok(()) };
    let of_parent: Option<String> = row.try_get("of_parent")?;
    let own: Option<String> = row.try_get("own_rights")?;
    let readers: BTreeSet<Group> = json(row.try_get("readers")?)?;
    let collection: Option<String> = row.try_get("collection")?;
    let list = match (of_parent, own) {
        (Some(list), _) => ListId::named(list),
        (None, Some(own)) if own != INHERIT => ListId::named(own),
        (None, None) if !readers.is_empty() => {
            own_list(&mut *transaction, &Grants::downloads(&readers)).await?
        }
        _ => inherited(&mut *transaction, collection.as_deref()).await?,
    };
    sqlx::query("UPDATE documents SET list = ?2 WHERE id = ?1 AND list != ?2")
        .bind(id)
        .bind(list.as_str())
        .execute(&mut *transaction)
        .await?;
    let sql = format!(
        "{INSIDE} UPDATE documents SET list = ?2 WHERE id IN (SELECT id FROM inside) AND list != ?2"
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(id)
        .bind(list.as_str())
        .execute(&mut *transaction)
        .await?;
    Ok(())
}

/// A document is handed in with these readers, and its list was `before`: works out its list anew.
/// Where that is another and the file is another too (`is_same`), the versions that were there keep
/// the list that they had, with all that came in them: what the new version is for does not open the
/// old one. What came in it and is for nobody of those any more goes.
pub(super) async fn arrive(
    transaction: &mut SqliteConnection,
    id: &str,
    readers: &BTreeSet<Group>,
    before: Option<&str>,
    is_same: bool,
) -> Result<()> {
    let readers = to_json(readers);
    let sql =
        format!("{INSIDE} UPDATE documents SET readers = ?2 WHERE id IN (SELECT id FROM inside)");
    sqlx::query(AssertSqlSafe(sql))
        .bind(id)
        .bind(&readers)
        .execute(&mut *transaction)
        .await?;
    settle(&mut *transaction, id).await?;
    let Some(before) = before else { return Ok(()) };
    let row = sqlx::query("SELECT list FROM documents WHERE id = ?")
        .bind(id)
        .fetch_one(&mut *transaction)
        .await?;
    let after: String = row.try_get("list")?;
    if before == after {
        return Ok(());
    }
    let was = grants_of(&mut *transaction, before).await?;
    let is = grants_of(&mut *transaction, &after).await?;
    let gone = !was.meets(&is);
    if !is_same {
        let access = own_list(&mut *transaction, &was).await?;
        let sql = format!(
            "{INSIDE} UPDATE versions SET access = ?2 WHERE access IS NULL \
             AND (document IN (SELECT id FROM inside) OR document = ?1 \
                  AND version != (SELECT wanted FROM documents WHERE id = ?1))"
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(id)
            .bind(access.as_str())
            .execute(&mut *transaction)
            .await?;
    }
    if !is_same && gone {
        let sql = format!(
            "{INSIDE} UPDATE documents SET state = 'deleting', error = NULL, updated_at = ?2 \
             WHERE id IN (SELECT id FROM inside)"
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(id)
            .bind(now())
            .execute(&mut *transaction)
            .await?;
    }
    Ok(())
}

/// Gives the versions of a document that `version` takes the place of now the list that counts for
/// them, for good.
pub(super) async fn keep_lists(
    transaction: &mut SqliteConnection,
    id: &str,
    version: &str,
) -> Result<()> {
    let row = sqlx::query(
        "SELECT list FROM documents WHERE id = ?1 AND EXISTS (SELECT 1 FROM versions WHERE document = ?1 \
         AND version != ?2 AND replaced_at IS NULL AND access IS NULL)",
    )
    .bind(id)
    .bind(version)
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(row) = row else { return Ok(()) };
    let list: String = row.try_get("list")?;
    let grants = grants_of(&mut *transaction, &list).await?;
    let access = own_list(&mut *transaction, &grants).await?;
    sqlx::query(
        "UPDATE versions SET access = ?3 WHERE document = ?1 AND version != ?2 \
         AND replaced_at IS NULL AND access IS NULL",
    )
    .bind(id)
    .bind(version)
    .bind(access.as_str())
    .execute(&mut *transaction)
    .await?;
    Ok(())
}

impl Catalogue {
    /// All access lists as they are now; those that were read before, if none has changed since.
    pub(crate) async fn lists(&self) -> Result<Arc<Lists>> {
        let mut transaction = self.readers.begin().await?;
        self.lists_in(&mut transaction).await
    }

    async fn lists_in(&self, transaction: &mut SqliteConnection) -> Result<Arc<Lists>> {
        let row =
            sqlx::query("SELECT CAST(value AS INTEGER) AS count FROM settings WHERE name = ?")
                .bind(COUNT)
                .fetch_optional(&mut *transaction)
                .await?;
        let count: i64 = row.map_or(Ok(0), |row| row.try_get("count"))?;
        let known = {
            let known = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
            known.clone()
        };
        if let Some(known) = known.filter(|known| known.count == count) {
            return Ok(known);
        }
        let rows = sqlx::query(
            "SELECT l.id, coalesce(l.grants, d.grants, '{}') AS grants FROM access_lists l \
             LEFT JOIN access_lists d ON d.id = 'default'",
        )
        .fetch_all(&mut *transaction)
        .await?;
        let mut grants = HashMap::with_capacity(rows.len());
        for row in &rows {
            let list = ListId::named(row.try_get::<String, _>("id")?);
            grants.insert(list, Arc::new(json(row.try_get("grants")?)?));
        }
        let lists = Arc::new(Lists { count, grants });
        *self.lists.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&lists));
        Ok(lists)
    }

    /// What `reader` may do with what is under each list, as it is now.
    pub(crate) async fn access(&self, reader: &Reader) -> Result<Access> {
        let mut transaction = self.readers.begin().await?;
        let lists = self.lists_in(&mut transaction).await?;
        let rows = sqlx::query(
            "SELECT DISTINCT d.list, v.access FROM versions v JOIN documents d ON d.id = v.document \
             AND v.version = d.current WHERE v.access IS NOT NULL AND v.replaced_at IS NULL",
        )
        .fetch_all(&mut *transaction)
        .await?;
        let mut apart = Vec::with_capacity(rows.len());
        for row in &rows {
            if let (list, Some(version)) = lists_of(row)? {
                apart.push((list, version));
            }
        }
        Ok(Access::of(&lists, apart, reader))
    }

    /// Says who is on the default list.
    pub(crate) async fn set_default_readers(&self, readers: &BTreeSet<Group>) -> Result<()> {
        let mut transaction = self.writer.begin().await?;
        let done =
            sqlx::query("UPDATE access_lists SET grants = ?1 WHERE id = ?2 AND grants IS NOT ?1")
                .bind(to_json(&Grants::downloads(readers)))
                .bind(ListId::DEFAULT)
                .execute(&mut *transaction)
                .await?;
        if done.rows_affected() > 0 {
            count(&mut transaction).await?;
        }
        transaction.commit().await
    }

    /// What the indexes should keep with the chunks of a version.
    pub(crate) async fn key_of(&self, id: DocumentId, version: ContentHash) -> Result<AccessKey> {
        let row = sqlx::query(
            "SELECT d.list, v.access FROM documents d \
             LEFT JOIN versions v ON v.document = d.id AND v.version = ?2 WHERE d.id = ?1",
        )
        .bind(id.to_string())
        .bind(version.to_string())
        .fetch_one(&self.readers)
        .await?;
        let (list, access) = lists_of(&row)?;
        Ok(list.key(access.as_ref()))
    }

    /// What the indexes should keep with the chunks of a document and of all that came in it.
    pub(crate) async fn keys_under(
        &self,
        id: DocumentId,
    ) -> Result<BTreeMap<DocumentId, AccessKey>> {
        let sql = format!(
            "{INSIDE} SELECT d.id, d.list, v.access FROM documents d \
             JOIN versions v ON v.document = d.id AND v.version = d.current \
             WHERE (d.id = ?1 OR d.id IN (SELECT id FROM inside)) AND d.state != 'deleting'"
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(id.to_string())
            .fetch_all(&self.readers)
            .await?;
        rows.iter()
            .map(|row| {
                let (list, access) = lists_of(row)?;
                Ok((parsed(row, "id")?, list.key(access.as_ref())))
            })
            .collect()
    }

    /// The rights to a document, if it is there and is not being removed.
    pub(crate) async fn rights_of(&self, id: DocumentId) -> Result<Option<DocumentRights>> {
        let row = sqlx::query(
            "SELECT d.own_rights, d.readers, d.metadata, d.list, d.parent, d.file_name, v.title, v.access \
             FROM documents d LEFT JOIN versions v ON v.document = d.id AND v.version = d.wanted \
             WHERE d.id = ? AND d.state != 'deleting'",
        )
        .bind(id.to_string())
        .fetch_optional(&self.readers)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let lists = self.lists().await?;
        let (list, _) = lists_of(&row)?;
        let metadata: Metadata = json(row.try_get("metadata")?)?;
        let readers: BTreeSet<Group> = json(row.try_get("readers")?)?;
        let own: Option<String> = row.try_get("own_rights")?;
        let parent = super::store::parent(&row)?;
        let file_name: String = row.try_get("file_name")?;
        let title: Option<String> = row.try_get("title")?;
        let (inherited, inherited_from) = match (parent, &metadata.collection) {
            (Some(parent), _) => (lists.grants(&list), Follows::Parent(parent)),
            (None, Some(name)) => self.collection_grants(&lists, name).await?,
            (None, None) => {
                let default = ListId::named(ListId::DEFAULT);
                (lists.grants(&default), Follows::Default)
            }
        };
        let own = match own {
            _ if parent.is_some() => None,
            Some(own) if own == INHERIT => None,
            Some(own) => Some(OwnRights {
                grants: Grants::clone(&lists.grants(&ListId::named(own))),
                by_hand: true,
            }),
            None if readers.is_empty() => None,
            None => Some(OwnRights {
                grants: Grants::downloads(&readers),
                by_hand: false,
            }),
        };
        Ok(Some(DocumentRights {
            id,
            title: metadata.title.or(title).unwrap_or(file_name),
            follows: match &own {
                Some(_) => Follows::Own,
                None => inherited_from.clone(),
            },
            own,
            inherited: Grants::clone(&inherited),
            inherited_from,
            effective: Grants::clone(&lists.grants(&list)),
            list,
        }))
    }

    async fn collection_grants(&self, lists: &Lists, name: &str) -> Result<(Arc<Grants>, Follows)> {
        let row =
            sqlx::query("SELECT id, grants IS NOT NULL AS has FROM access_lists WHERE folded = ?")
                .bind(folded(name))
                .fetch_optional(&self.readers)
                .await?;
        let default = ListId::named(ListId::DEFAULT);
        match row {
            Some(row) if row.try_get::<i64, _>("has")? != 0 => {
                let list = ListId::named(row.try_get::<String, _>("id")?);
                Ok((lists.grants(&list), Follows::Collection(name.to_owned())))
            }
            _ => Ok((lists.grants(&default), Follows::Default)),
        }
    }

    /// The rights that a document would have in this collection.
    pub(crate) async fn rights_in(&self, collection: Option<&str>) -> Result<Grants> {
        let lists = self.lists().await?;
        let grants = match collection {
            Some(name) => self.collection_grants(&lists, name).await?.0,
            None => lists.grants(&ListId::named(ListId::DEFAULT)),
        };
        Ok(Grants::clone(&grants))
    }

    /// The rights that a collection has of its own; none, if it has none.
    pub(crate) async fn own_rights_of_collection(&self, name: &str) -> Result<Option<Grants>> {
        let lists = self.lists().await?;
        let (grants, follows) = self.collection_grants(&lists, name).await?;
        let has_own = matches!(follows, Follows::Collection(_));
        Ok(has_own.then(|| Grants::clone(&grants)))
    }

    /// Says what rights a document has. Gives whether it is there.
    pub(crate) async fn set_rights(&self, id: DocumentId, change: &RightsChange) -> Result<bool> {
        let mut transaction = self.writer.begin().await?;
        let own = match change {
            RightsChange::Own(grants) => {
                let list = own_list(&mut transaction, grants).await?;
                list.as_str().to_owned()
            }
            RightsChange::Inherit => INHERIT.to_owned(),
        };
        let id = id.to_string();
        let done = sqlx::query(
            "UPDATE documents SET own_rights = ?, updated_at = ? WHERE id = ? AND state != 'deleting'",
        )
        .bind(own)
        .bind(now())
        .bind(&id)
        .execute(&mut *transaction)
        .await?;
        settle(&mut transaction, &id).await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// Has the indexes told of the rights to a document, and of all that came in it, by the queue: for
    /// who has no hold of the indexes.
    pub(crate) async fn queue_under(&self, id: DocumentId) -> Result<()> {
        let sql = format!(
            "{INSIDE} UPDATE documents SET state = 'queued', updated_at = ?2 \
             WHERE (id = ?1 OR id IN (SELECT id FROM inside)) \
             AND state NOT IN ('failed', 'cancelled', 'deleting')"
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(id.to_string())
            .bind(now())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Says what rights a collection has; none of its own, if none are given. It need not have a
    /// document yet.
    pub(crate) async fn set_collection_rights(
        &self,
        name: &str,
        grants: Option<&Grants>,
    ) -> Result<()> {
        let mut transaction = self.writer.begin().await?;
        let list = collection_list(&mut transaction, name).await?;
        sqlx::query("UPDATE access_lists SET grants = ? WHERE id = ?")
            .bind(grants.map(to_json))
            .bind(list.as_str())
            .execute(&mut *transaction)
            .await?;
        count(&mut transaction).await?;
        transaction.commit().await
    }

    /// The collections that are known, by name.
    pub(crate) async fn collections(&self) -> Result<Vec<CollectionRights>> {
        let rows = sqlx::query(
            "SELECT id, name, grants FROM access_lists WHERE kind = 'collection' ORDER BY folded",
        )
        .fetch_all(&self.readers)
        .await?;
        let lists = self.lists().await?;
        rows.iter()
            .map(|row| {
                let list = ListId::named(row.try_get::<String, _>("id")?);
                let own: Option<&str> = row.try_get("grants")?;
                Ok(CollectionRights {
                    name: row.try_get("name")?,
                    own: own.map(json).transpose()?,
                    effective: Grants::clone(&lists.grants(&list)),
                    list,
                })
            })
            .collect()
    }

    /// How many documents of each collection there are under each list: folded name to lists, of
    /// the document and of its version, and counts.
    pub(crate) async fn counts_of_collections(
        &self,
    ) -> Result<HashMap<String, Vec<(ListId, Option<ListId>, u64)>>> {
        let rows = sqlx::query(
            "SELECT json_extract(d.metadata, '$.collection') AS name, d.list, v.access, count(*) AS documents \
             FROM documents d LEFT JOIN versions v ON v.document = d.id AND v.version = d.wanted WHERE d.state != 'deleting' AND json_extract(d.metadata, '$.collection') IS NOT NULL \
             GROUP BY 1, 2, 3",
        )
        .fetch_all(&self.readers)
        .await?;
        let mut counts: HashMap<String, Vec<(ListId, Option<ListId>, u64)>> = HashMap::new();
        for row in &rows {
            let name: &str = row.try_get("name")?;
            let (list, version) = lists_of(row)?;
            let documents = u64::try_from(row.try_get::<i64, _>("documents")?).unwrap_or(0);
            let of_name = counts.entry(folded(name)).or_default();
            of_name.push((list, version, documents));
        }
        Ok(counts)
    }
}
