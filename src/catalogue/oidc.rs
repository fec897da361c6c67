//! What persons are to providers that vouch for them.

use std::collections::BTreeSet;

use ingest::Group;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::people::{
    Changed, admins, end_sessions, insert, person, person_columns, time, was_admin,
};
use super::store::{Catalogue, Result, json, to_json};
use crate::people::{IdentityView, NewPerson, Person, PersonId, Role};

/// What adds them to a catalogue.
pub(super) const TABLES: &str = include_str!("oidc.sql");

const COLUMNS: &str = "i.id AS identity_id, i.issuer, i.subject, i.member_of AS identity_groups, \
     i.linked_at, i.seen_at AS identity_seen_at";

/// How a person came in whom a provider vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Joined {
    /// They are there.
    Done,
    /// Another has the name.
    NameTaken,
    /// The identity is somebody's already.
    Known,
}

/// How linking an identity ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Linked {
    /// It is theirs.
    Done,
    /// There is no such person.
    NotFound,
    /// It is somebody's already.
    Taken,
}

fn identity(row: &SqliteRow) -> Result<IdentityView> {
    let seen: Option<i64> = row.try_get("identity_seen_at")?;
    Ok(IdentityView {
        id: row.try_get("identity_id")?,
        issuer: row.try_get("issuer")?,
        subject: row.try_get("subject")?,
        groups: json(row.try_get("identity_groups")?)?,
        linked: time(row.try_get("linked_at")?)?,
        seen: seen.map(time).transpose()?,
    })
}

async fn add(
    connection: &mut sqlx::SqliteConnection,
    person: &PersonId,
    new: &IdentityView,
) -> Result<bool> {
    let sql = "INSERT INTO identities (id, issuer, subject, person, member_of, linked_at, seen_at) \
               VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (issuer, subject) DO NOTHING";
    let done = sqlx::query(sql)
        .bind(&new.id)
        .bind(&new.issuer)
        .bind(&new.subject)
        .bind(person.as_str())
        .bind(to_json(&new.groups))
        .bind(new.linked.as_second())
        .bind(new.seen.map(Timestamp::as_second))
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

impl Catalogue {
    /// Whose identity this is.
    pub(crate) async fn identity(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<(Person, IdentityView)>> {
        let people = person_columns();
        let sql = format!(
            "SELECT {COLUMNS}, {people} FROM identities i JOIN people p ON p.id = i.person \
             WHERE i.issuer = ? AND i.subject = ?"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(issuer)
            .bind(subject)
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| Ok((person(&row)?, identity(&row)?)))
            .transpose()
    }

    /// The identities of a person, the oldest first.
    pub(crate) async fn identities_of(&self, person: &PersonId) -> Result<Vec<IdentityView>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM identities i WHERE i.person = ? ORDER BY i.linked_at, i.rowid"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(person.as_str())
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(identity).collect()
    }

    /// All identities by which a provider says groups, with whose they are.
    pub(crate) async fn identities_with_groups(&self) -> Result<Vec<(PersonId, IdentityView)>> {
        let sql = format!("SELECT {COLUMNS}, i.person FROM identities i WHERE i.member_of <> '[]'");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .fetch_all(&self.readers)
            .await?;
        rows.iter()
            .map(|row| {
                Ok((
                    PersonId::from(row.try_get::<String, _>("person")?),
                    identity(row)?,
                ))
            })
            .collect()
    }

    /// Puts a person in whom a provider vouches for.
    pub(crate) async fn join(
        &self,
        id: &PersonId,
        new: &NewPerson,
        identity: &IdentityView,
        now: Timestamp,
    ) -> Result<Joined> {
        let mut transaction = self.writer.begin().await?;
        if !insert(&mut transaction, id, new, None, now).await? {
            return Ok(Joined::NameTaken);
        }
        if !add(&mut transaction, id, identity).await? {
            return Ok(Joined::Known);
        }
        // Who is there does not need to be set up, if they may see to people.
        if new.role == Role::Admin {
            sqlx::query("DELETE FROM links WHERE person IS NULL")
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(Joined::Done)
    }

    pub(crate) async fn link_identity(
        &self,
        person: &PersonId,
        identity: &IdentityView,
    ) -> Result<Linked> {
        let mut transaction = self.writer.begin().await?;
        if was_admin(&mut transaction, person).await?.is_none() {
            return Ok(Linked::NotFound);
        }
        if !add(&mut transaction, person, identity).await? {
            return Ok(Linked::Taken);
        }
        transaction.commit().await?;
        Ok(Linked::Done)
    }

    /// Takes an identity from a person. Their sessions end: it may be what they came in by, and groups
    /// go with it.
    pub(crate) async fn unlink_identity(&self, person: &PersonId, id: &str) -> Result<Changed> {
        let mut transaction = self.writer.begin().await?;
        let Some(was_admin) = was_admin(&mut transaction, person).await? else {
            return Ok(Changed::NotFound);
        };
        let gone = sqlx::query("DELETE FROM identities WHERE id = ? AND person = ?")
            .bind(id)
            .bind(person.as_str())
            .execute(&mut *transaction)
            .await?;
        if gone.rows_affected() == 0 {
            return Ok(Changed::NotFound);
        }
        end_sessions(&mut transaction, person).await?;
        if was_admin && admins(&mut transaction).await? == 0 {
            return Ok(Changed::LastAdmin);
        }
        transaction.commit().await?;
        Ok(Changed::Done)
    }

    /// Keeps what a provider says of a person by this identity: their groups, and their role where it
    /// decides. Their sessions end if it changes what they may do.
    pub(crate) async fn keep_vouched(
        &self,
        person: &PersonId,
        identity: &str,
        groups: &BTreeSet<Group>,
        role: Option<Role>,
        now: Timestamp,
    ) -> Result<Changed> {
        let mut transaction = self.writer.begin().await?;
        let Some(was_admin) = was_admin(&mut transaction, person).await? else {
            return Ok(Changed::NotFound);
        };
        let groups = to_json(groups);
        let sql = "UPDATE identities SET member_of = ? WHERE id = ? AND member_of <> ?";
        let grouped = sqlx::query(sql)
            .bind(&groups)
            .bind(identity)
            .bind(&groups)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("UPDATE identities SET seen_at = ? WHERE id = ?")
            .bind(now.as_second())
            .bind(identity)
            .execute(&mut *transaction)
            .await?;
        let role = role.map(Role::as_str);
        let sql = "UPDATE people SET role = ?1 WHERE id = ?2 AND role <> ?1";
        let ranked = sqlx::query(sql)
            .bind(role)
            .bind(person.as_str())
            .execute(&mut *transaction)
            .await?;
        if grouped.rows_affected() + ranked.rows_affected() > 0 {
            end_sessions(&mut transaction, person).await?;
        }
        if was_admin && admins(&mut transaction).await? == 0 {
            return Ok(Changed::LastAdmin);
        }
        transaction.commit().await?;
        Ok(Changed::Done)
    }
}
