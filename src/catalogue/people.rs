//! Persons, and the links by which they choose a password.

use std::collections::BTreeSet;

use ingest::Group;
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::store::{Catalogue, Result, decode_error, json, parsed, to_json};
use crate::people::{Name, NewPerson, Person, PersonChange, PersonId};

/// What makes a catalogue of version 4 one of version 5; a new one has it from the start.
pub(super) const TABLES: &str = include_str!("people.sql");

/// Set for good with the first account: a server that had accounts is never again open to all of
/// its machine.
const HAD_ACCOUNTS: &str = "had_accounts";

const COLUMNS: &str = "p.id AS person_id, p.name AS person_name, p.display_name, p.role, p.member_of, \
     p.disabled, p.password IS NOT NULL AS has_password, p.created_at AS person_created_at, \
     EXISTS (SELECT 1 FROM identities o WHERE o.person = p.id) AS has_identity, \
     (SELECT json_group_array(DISTINCT g.value) FROM identities o, json_each(o.member_of) g \
     WHERE o.person = p.id) AS vouched_groups";

/// How a change of a person ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    /// It is made.
    Done,
    /// There is no such person.
    NotFound,
    /// Nothing is changed, since no administrator who can sign in would be left.
    LastAdmin,
}

/// How a person came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// They are there.
    Done,
    /// Another has the name.
    NameTaken,
    /// The link that allowed it was used already.
    SpentLink,
}

/// A link that is still good.
#[derive(Clone, Debug)]
pub(crate) struct LinkRow {
    /// Whose it is; none for the one that sets the server up.
    pub(crate) person: Option<Person>,
    pub(crate) expires: Timestamp,
}

pub(super) fn time(seconds: i64) -> Result<Timestamp> {
    Timestamp::from_second(seconds).map_err(decode_error)
}

/// The person in a row that has [`COLUMNS`].
pub(super) fn person(row: &SqliteRow) -> Result<Person> {
    let name: &str = row.try_get("person_name")?;
    Ok(Person {
        id: PersonId::from(row.try_get::<String, _>("person_id")?),
        name: name.parse::<Name>().map_err(decode_error)?,
        display_name: row.try_get("display_name")?,
        role: parsed(row, "role")?,
        groups: json(row.try_get("member_of")?)?,
        vouched_groups: json(row.try_get("vouched_groups")?)?,
        disabled: row.try_get::<i64, _>("disabled")? != 0,
        has_password: row.try_get::<i64, _>("has_password")? != 0,
        has_identity: row.try_get::<i64, _>("has_identity")? != 0,
        created: time(row.try_get("person_created_at")?)?,
    })
}

/// The columns of a person, named so that they stand beside those of other tables.
pub(super) fn person_columns() -> &'static str {
    COLUMNS
}

/// An administrator who can sign in.
const IS_ADMIN: &str = "role = 'admin' AND disabled = 0 AND \
     (password IS NOT NULL OR EXISTS (SELECT 1 FROM identities o WHERE o.person = people.id))";

pub(super) async fn admins(connection: &mut SqliteConnection) -> Result<i64> {
    let sql = format!("SELECT count(*) FROM people WHERE {IS_ADMIN}");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .fetch_one(connection)
        .await?;
    row.try_get(0)
}

/// Whether a person is an administrator who can sign in; none if there is no such person. It
/// writes, so that the transaction has the right to write before it reads on.
pub(super) async fn was_admin(
    connection: &mut SqliteConnection,
    id: &PersonId,
) -> Result<Option<bool>> {
    sqlx::query("UPDATE people SET name = name WHERE id = ?")
        .bind(id.as_str())
        .execute(&mut *connection)
        .await?;
    let sql = format!("SELECT {IS_ADMIN} AS is_admin FROM people WHERE id = ?");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(id.as_str())
        .fetch_optional(connection)
        .await?;
    row.map(|row| Ok(row.try_get::<i64, _>("is_admin")? != 0))
        .transpose()
}

/// Puts a person in; false if another has the name.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    id: &PersonId,
    new: &NewPerson,
    password: Option<&str>,
    now: Timestamp,
) -> Result<bool> {
    let sql = "INSERT INTO people (id, name, display_name, password, role, member_of, created_at) \
               VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING";
    let done = sqlx::query(sql)
        .bind(id.as_str())
        .bind(new.name.as_str())
        .bind(&new.display_name)
        .bind(password)
        .bind(new.role.as_str())
        .bind(to_json(&new.groups))
        .bind(now.as_second())
        .execute(&mut *connection)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query("INSERT OR REPLACE INTO settings (name, value) VALUES (?, '1')")
        .bind(HAD_ACCOUNTS)
        .execute(&mut *connection)
        .await?;
    Ok(true)
}

pub(super) async fn end_sessions(connection: &mut SqliteConnection, id: &PersonId) -> Result<()> {
    sqlx::query("DELETE FROM sessions WHERE person = ?")
        .bind(id.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

impl Catalogue {
    /// Whether there is an account, or ever was.
    pub(crate) async fn had_accounts(&self) -> Result<bool> {
        Ok(self.setting(HAD_ACCOUNTS).await?.is_some())
    }

    pub(crate) async fn has_accounts(&self) -> Result<bool> {
        let found = sqlx::query("SELECT 1 FROM people LIMIT 1")
            .fetch_optional(&self.readers)
            .await?;
        Ok(found.is_some())
    }

    /// All persons, by name.
    pub(crate) async fn people(&self) -> Result<Vec<Person>> {
        let sql = format!("SELECT {COLUMNS} FROM people p ORDER BY p.name");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(person).collect()
    }

    pub(crate) async fn person(&self, id: &PersonId) -> Result<Option<Person>> {
        let sql = format!("SELECT {COLUMNS} FROM people p WHERE p.id = ?");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(id.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(person).transpose()
    }

    /// The person who signs in with `name`, with the hash of their password.
    pub(crate) async fn person_named(
        &self,
        name: &Name,
    ) -> Result<Option<(Person, Option<String>)>> {
        let sql = format!("SELECT {COLUMNS}, p.password FROM people p WHERE p.name = ?");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(name.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| Ok((person(&row)?, row.try_get("password")?)))
            .transpose()
    }

    /// All groups that a person is in.
    pub(crate) async fn groups_of_people(&self) -> Result<BTreeSet<Group>> {
        let sql = "SELECT g.value AS name FROM people, json_each(people.member_of) g \
                   UNION SELECT g.value FROM identities, json_each(identities.member_of) g";
        let rows = sqlx::query(sql).fetch_all(&self.readers).await?;
        rows.iter().map(|row| parsed(row, "name")).collect()
    }

    pub(crate) async fn add_person(
        &self,
        id: &PersonId,
        new: &NewPerson,
        password: Option<&str>,
        now: Timestamp,
    ) -> Result<Added> {
        let mut transaction = self.writer.begin().await?;
        if !insert(&mut transaction, id, new, password, now).await? {
            return Ok(Added::NameTaken);
        }
        // Who is there does not need to be set up.
        sqlx::query("DELETE FROM links WHERE person IS NULL")
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(Added::Done)
    }

    /// Puts in the first person, by the link that allows it.
    pub(crate) async fn set_up(
        &self,
        link: &str,
        id: &PersonId,
        new: &NewPerson,
        password: &str,
        now: Timestamp,
    ) -> Result<Added> {
        let mut transaction = self.writer.begin().await?;
        let sql = "DELETE FROM links WHERE hash = ? AND person IS NULL AND expires_at > ?";
        let spent = sqlx::query(sql)
            .bind(link)
            .bind(now.as_second())
            .execute(&mut *transaction)
            .await?;
        let others = sqlx::query("SELECT 1 FROM people LIMIT 1")
            .fetch_optional(&mut *transaction)
            .await?;
        if spent.rows_affected() == 0 || others.is_some() {
            return Ok(Added::SpentLink);
        }
        if !insert(&mut transaction, id, new, Some(password), now).await? {
            return Ok(Added::NameTaken);
        }
        transaction.commit().await?;
        Ok(Added::Done)
    }

    /// Changes a person. Their sessions end if it changes what they may do.
    pub(crate) async fn change_person(
        &self,
        id: &PersonId,
        change: &PersonChange,
    ) -> Result<Changed> {
        let mut transaction = self.writer.begin().await?;
        let Some(was_admin) = was_admin(&mut transaction, id).await? else {
            return Ok(Changed::NotFound);
        };
        let sql = "UPDATE people SET display_name = coalesce(?, display_name), \
                   disabled = coalesce(?, disabled) WHERE id = ?";
        sqlx::query(sql)
            .bind(change.display_name.as_deref())
            .bind(change.disabled.map(i64::from))
            .bind(id.as_str())
            .execute(&mut *transaction)
            .await?;
        let role = change.role.map(crate::people::Role::as_str);
        let groups = change.groups.as_ref().map(to_json);
        let sql = "UPDATE people SET role = coalesce(?1, role), member_of = coalesce(?2, member_of) \
                   WHERE id = ?3 AND (role <> coalesce(?1, role) OR member_of <> coalesce(?2, member_of))";
        let rights = sqlx::query(sql)
            .bind(role)
            .bind(groups)
            .bind(id.as_str())
            .execute(&mut *transaction)
            .await?;
        let is_out = change.disabled == Some(true);
        if rights.rows_affected() > 0 || is_out {
            end_sessions(&mut transaction, id).await?;
        }
        if was_admin && admins(&mut transaction).await? == 0 {
            return Ok(Changed::LastAdmin);
        }
        transaction.commit().await?;
        Ok(Changed::Done)
    }

    pub(crate) async fn remove_person(&self, id: &PersonId) -> Result<Changed> {
        let mut transaction = self.writer.begin().await?;
        let Some(was_admin) = was_admin(&mut transaction, id).await? else {
            return Ok(Changed::NotFound);
        };
        sqlx::query("DELETE FROM people WHERE id = ?")
            .bind(id.as_str())
            .execute(&mut *transaction)
            .await?;
        if was_admin && admins(&mut transaction).await? == 0 {
            return Ok(Changed::LastAdmin);
        }
        transaction.commit().await?;
        Ok(Changed::Done)
    }

    /// Gives a person another password. Their sessions and links end.
    pub(crate) async fn set_password(&self, id: &PersonId, password: &str) -> Result<Changed> {
        let mut transaction = self.writer.begin().await?;
        let changed = replace_password(&mut transaction, id, password).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    /// Gives a person the password that they chose by a link, which ends; none if it was used.
    pub(crate) async fn redeem(
        &self,
        link: &str,
        password: &str,
        now: Timestamp,
    ) -> Result<Option<PersonId>> {
        let mut transaction = self.writer.begin().await?;
        let sql = "DELETE FROM links WHERE hash = ? AND expires_at > ? AND person IN \
                   (SELECT id FROM people WHERE disabled = 0) RETURNING person";
        let row = sqlx::query(sql)
            .bind(link)
            .bind(now.as_second())
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let id = PersonId::from(row.try_get::<String, _>("person")?);
        replace_password(&mut transaction, &id, password).await?;
        transaction.commit().await?;
        Ok(Some(id))
    }

    /// Keeps a link in place of an earlier one for the same.
    pub(crate) async fn put_link(
        &self,
        hash: &str,
        person: Option<&PersonId>,
        expires: Timestamp,
    ) -> Result<()> {
        let person = person.map(PersonId::as_str);
        let mut transaction = self.writer.begin().await?;
        sqlx::query("DELETE FROM links WHERE person IS ?")
            .bind(person)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("INSERT INTO links (hash, person, expires_at) VALUES (?, ?, ?)")
            .bind(hash)
            .bind(person)
            .bind(expires.as_second())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// The link with this hash, if it is still good.
    pub(crate) async fn link(&self, hash: &str, now: Timestamp) -> Result<Option<LinkRow>> {
        let sql = format!(
            "SELECT l.person, l.expires_at, {COLUMNS} FROM links l LEFT JOIN people p ON p.id = l.person \
             WHERE l.hash = ? AND l.expires_at > ? AND coalesce(p.disabled, 0) = 0"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(hash)
            .bind(now.as_second())
            .fetch_optional(&self.readers)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let is_of_person = row.try_get::<Option<&str>, _>("person")?.is_some();
        Ok(Some(LinkRow {
            person: is_of_person.then(|| person(&row)).transpose()?,
            expires: time(row.try_get("expires_at")?)?,
        }))
    }
}

async fn replace_password(
    connection: &mut SqliteConnection,
    id: &PersonId,
    password: &str,
) -> Result<Changed> {
    let done = sqlx::query("UPDATE people SET password = ? WHERE id = ?")
        .bind(password)
        .bind(id.as_str())
        .execute(&mut *connection)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(Changed::NotFound);
    }
    end_sessions(connection, id).await?;
    sqlx::query("DELETE FROM links WHERE person = ?")
        .bind(id.as_str())
        .execute(connection)
        .await?;
    Ok(Changed::Done)
}
