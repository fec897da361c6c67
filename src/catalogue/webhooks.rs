//! Webhooks, and the messages to them. The messages themselves are written by triggers
//! (`webhooks.sql`), in the transaction that changes a document.

use std::collections::BTreeSet;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::people::time;
use super::store::{Catalogue, Result, json, parsed, to_json};
use crate::webhooks::{Attempt, Message, MessageState, Webhook, WebhookId};

/// What makes a catalogue of version 7 one of version 8; a new one has it from the start.
pub(super) const SCHEMA: &str = include_str!("webhooks.sql");

const COLUMNS: &str = "SELECT id, url, configured, events, collections, include_title, disabled, created_at \
     FROM webhooks";

const MESSAGE_COLUMNS: &str = "SELECT m.seq, m.id, m.webhook, m.event, m.document, m.version, m.document_state, \
     m.title, m.happened_at, m.state, m.attempts, m.next_at, m.status, m.error FROM webhook_messages m";

fn webhook(row: &SqliteRow) -> Result<Webhook> {
    Ok(Webhook {
        id: row.try_get::<String, _>("id")?.into(),
        url: row.try_get("url")?,
        configured: row.try_get("configured")?,
        events: json(row.try_get("events")?)?,
        collections: json(row.try_get("collections")?)?,
        include_title: row.try_get("include_title")?,
        disabled: row.try_get("disabled")?,
        created_at: parsed(row, "created_at")?,
    })
}

fn message(row: &SqliteRow) -> Result<Message> {
    let attempts: i64 = row.try_get("attempts")?;
    let status: Option<i64> = row.try_get("status")?;
    Ok(Message {
        seq: row.try_get("seq")?,
        id: row.try_get("id")?,
        webhook: row.try_get::<String, _>("webhook")?.into(),
        event: parsed(row, "event")?,
        document: row.try_get("document")?,
        version: row.try_get("version")?,
        document_state: row.try_get("document_state")?,
        title: row.try_get("title")?,
        happened_at: parsed(row, "happened_at")?,
        state: parsed(row, "state")?,
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        next_at: time(row.try_get("next_at")?)?,
        status: status.and_then(|status| u16::try_from(status).ok()),
        error: row.try_get("error")?,
    })
}

impl Catalogue {
    /// All webhooks, the oldest first.
    pub(crate) async fn webhooks(&self) -> Result<Vec<Webhook>> {
        let sql = format!("{COLUMNS} ORDER BY created_at, id");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(webhook).collect()
    }

    /// A webhook, if it is there.
    pub(crate) async fn webhook(&self, id: &WebhookId) -> Result<Option<Webhook>> {
        Ok(self
            .webhook_with_secret(id)
            .await?
            .map(|(webhook, _)| webhook))
    }

    /// A webhook and what messages to it are signed with, if that is kept here.
    pub(crate) async fn webhook_with_secret(
        &self,
        id: &WebhookId,
    ) -> Result<Option<(Webhook, Option<SecretString>)>> {
        let row = sqlx::query(
            "SELECT id, url, configured, events, collections, include_title, disabled, created_at, secret \
             FROM webhooks WHERE id = ?",
        )
        .bind(id.as_str())
        .fetch_optional(&self.readers)
        .await?;
        row.map(|row| {
            let secret: Option<String> = row.try_get("secret")?;
            Ok((webhook(&row)?, secret.map(SecretString::from)))
        })
        .transpose()
    }

    /// Adds a webhook of an administrator.
    pub(crate) async fn add_webhook(&self, webhook: &Webhook, secret: &SecretString) -> Result<()> {
        sqlx::query(
            "INSERT INTO webhooks (id, url, secret, events, collections, include_title, disabled, created_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(webhook.id.as_str())
        .bind(&webhook.url)
        .bind(secret.expose_secret())
        .bind(to_json(&webhook.events))
        .bind(to_json(&webhook.collections))
        .bind(webhook.include_title)
        .bind(webhook.disabled)
        .bind(webhook.created_at.to_string())
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// Changes what a webhook is told. False if there is no such webhook of an administrator.
    pub(crate) async fn change_webhook(&self, webhook: &Webhook) -> Result<bool> {
        let done = sqlx::query(
            "UPDATE webhooks SET url = ?, events = ?, collections = ?, include_title = ?, disabled = ? \
             WHERE id = ? AND NOT configured",
        )
        .bind(&webhook.url)
        .bind(to_json(&webhook.events))
        .bind(to_json(&webhook.collections))
        .bind(webhook.include_title)
        .bind(webhook.disabled)
        .bind(webhook.id.as_str())
        .execute(&self.writer)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Takes a webhook of an administrator away, with its messages.
    pub(crate) async fn remove_webhook(&self, id: &WebhookId) -> Result<bool> {
        let done = sqlx::query("DELETE FROM webhooks WHERE id = ? AND NOT configured")
            .bind(id.as_str())
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Takes webhooks away that stand in the configuration no more.
    pub(crate) async fn keep_configured_webhooks(&self, webhooks: &[Webhook]) -> Result<()> {
        let kept: BTreeSet<&str> = webhooks.iter().map(|webhook| webhook.id.as_str()).collect();
        sqlx::query(
            "DELETE FROM webhooks WHERE configured AND id NOT IN (SELECT value FROM json_each(?))",
        )
        .bind(to_json(&kept))
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// Keeps the webhooks that stand in the configuration.
    pub(crate) async fn set_configured_webhooks(&self, webhooks: &[Webhook]) -> Result<()> {
        let mut transaction = self.writer.begin().await?;
        for webhook in webhooks {
            sqlx::query(
                "INSERT INTO webhooks (id, url, configured, events, collections, include_title, created_at) \
                 VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO UPDATE SET \
                 events = ?3, collections = ?4, include_title = ?5",
            )
            .bind(webhook.id.as_str())
            .bind(&webhook.url)
            .bind(to_json(&webhook.events))
            .bind(to_json(&webhook.collections))
            .bind(webhook.include_title)
            .bind(webhook.created_at.to_string())
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await
    }

    /// Messages whose turn it is, at most `limit`, without those in `taken` and those to the webhooks in
    /// `busy`. A message waits for the earlier ones of its document to the same webhook.
    pub(crate) async fn due_messages(
        &self,
        now: Timestamp,
        taken: &BTreeSet<i64>,
        busy: &BTreeSet<String>,
        limit: usize,
    ) -> Result<Vec<Message>> {
        let sql = format!(
            "{MESSAGE_COLUMNS} JOIN webhooks w ON w.id = m.webhook \
             WHERE m.state = 'pending' AND m.next_at <= ?1 AND NOT w.disabled \
             AND m.seq NOT IN (SELECT value FROM json_each(?2)) \
             AND m.webhook NOT IN (SELECT value FROM json_each(?4)) AND NOT EXISTS ( \
             SELECT 1 FROM webhook_messages e WHERE e.state = 'pending' AND e.webhook = m.webhook \
             AND e.document = m.document AND e.seq < m.seq) ORDER BY m.next_at, m.seq LIMIT ?3"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(now.as_second())
            .bind(to_json(taken))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .bind(to_json(busy))
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(message).collect()
    }

    /// Notes what an attempt to send a message came to. A title that has arrived is not kept.
    pub(crate) async fn settle_message(&self, seq: i64, attempt: &Attempt) -> Result<()> {
        let is_over = attempt.state != MessageState::Pending;
        let ended = is_over.then(|| Timestamp::now().as_second());
        sqlx::query(
            "UPDATE webhook_messages SET state = ?2, attempts = attempts + 1, status = ?3, error = ?4, next_at = ?5, \
             ended_at = ?6, title = CASE WHEN ?2 = 'delivered' THEN NULL ELSE title END WHERE seq = ?1",
        )
        .bind(seq)
        .bind(attempt.state.as_str())
        .bind(attempt.status.map(i64::from))
        .bind(attempt.error.as_deref())
        .bind(attempt.next_at.as_second())
        .bind(ended)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// The newest messages to a webhook, at most `limit`, the newest first.
    pub(crate) async fn messages(&self, id: &WebhookId, limit: u32) -> Result<Vec<Message>> {
        let sql = format!("{MESSAGE_COLUMNS} WHERE m.webhook = ? ORDER BY m.seq DESC LIMIT ?");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(id.as_str())
            .bind(limit)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(message).collect()
    }

    /// Sends a message again that was given up. False if there is no such message.
    pub(crate) async fn revive_message(&self, webhook: &WebhookId, message: &str) -> Result<bool> {
        let done = sqlx::query(
            "UPDATE webhook_messages SET state = 'pending', attempts = 0, next_at = 0, ended_at = NULL \
             WHERE webhook = ? AND id = ? AND state = 'dead'",
        )
        .bind(webhook.as_str())
        .bind(message)
        .execute(&self.writer)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Writes a message that tells nothing, to try whether it arrives. Gives its id; none if there is
    /// no such webhook.
    pub(crate) async fn test_webhook(&self, webhook: &WebhookId) -> Result<Option<String>> {
        let id = format!("msg_{}", uuid::Uuid::new_v4().simple());
        let done = sqlx::query(
            "INSERT INTO webhook_messages (id, webhook, event, document, happened_at) \
             SELECT ?1, id, 'webhook.test', '', strftime('%Y-%m-%dT%H:%M:%fZ', 'now') FROM webhooks \
             WHERE id = ?2",
        )
        .bind(&id)
        .bind(webhook.as_str())
        .execute(&self.writer)
        .await?;
        Ok((done.rows_affected() > 0).then_some(id))
    }

    /// Forgets messages that were over before then.
    pub(crate) async fn forget_messages(&self, before: Timestamp) -> Result<()> {
        sqlx::query("DELETE FROM webhook_messages WHERE ended_at < ?")
            .bind(before.as_second())
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn run(catalogue: &Catalogue, sql: &'static str) {
        let done = sqlx::raw_sql(sql).execute(&catalogue.writer).await;
        done.unwrap();
    }

    async fn told(catalogue: &Catalogue) -> Vec<(String, Option<String>)> {
        let rows = sqlx::query("SELECT event, document_state FROM webhook_messages ORDER BY seq")
            .fetch_all(&catalogue.readers)
            .await
            .unwrap();
        let of = |row: &SqliteRow| (row.get("event"), row.get("document_state"));
        rows.iter().map(of).collect()
    }

    #[tokio::test]
    async fn what_happens_is_told_with_it_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("c.sqlite");
        let catalogue = Catalogue::open(&file).await.unwrap();
        let webhook = Webhook {
            id: WebhookId::new(),
            url: "https://hooks.example/".to_owned(),
            configured: false,
            events: BTreeSet::new(),
            collections: BTreeSet::new(),
            include_title: false,
            disabled: false,
            created_at: Timestamp::now(),
        };
        run(
            &catalogue,
            "INSERT INTO documents (id, place, file_name, readers, wanted, size, state, created_at, updated_at) \
             VALUES ('before', 'p', 'f', '[]', 'v', 1, 'ready', 'n', 'n')",
        )
        .await;
        let secret = SecretString::from("whsec_x");
        catalogue.add_webhook(&webhook, &secret).await.unwrap();
        run(
            &catalogue,
            "INSERT INTO documents (id, place, file_name, readers, wanted, size, state, created_at, updated_at) \
             VALUES ('d', 'q', 'f', '[]', 'v1', 1, 'queued', 'n', 'n'); \
             UPDATE documents SET state = 'extracting' WHERE id = 'd'; \
             UPDATE documents SET state = 'failed' WHERE id = 'd'; \
             UPDATE documents SET state = 'failed' WHERE id = 'd'; \
             UPDATE documents SET wanted = 'v2', state = 'queued' WHERE id = 'd'; \
             UPDATE documents SET state = 'ready_with_warnings' WHERE id = 'd'; \
             BEGIN; DELETE FROM documents; ROLLBACK; \
             DELETE FROM documents WHERE id = 'd'",
        )
        .await;
        let expected = [
            ("document.received", "queued"),
            ("document.failed", "failed"),
            ("document.received", "queued"),
            ("document.ready", "ready_with_warnings"),
            ("document.deleted", "deleted"),
        ];
        let expected = expected.map(|(event, state)| (event.to_owned(), Some(state.to_owned())));
        assert_eq!(told(&catalogue).await, expected);
        // They are read back as they are, and go with their webhook.
        let messages = catalogue.messages(&webhook.id, 10).await.unwrap();
        assert_eq!(messages.len(), 5);
        let all = catalogue.webhooks().await.unwrap();
        assert_eq!(all, std::slice::from_ref(&webhook));
        let disabled = Webhook {
            disabled: true,
            ..webhook.clone()
        };
        assert!(catalogue.change_webhook(&disabled).await.unwrap());
        run(&catalogue, "DELETE FROM documents").await;
        assert_eq!(told(&catalogue).await.len(), 5, "nothing is told for now");
        assert!(catalogue.remove_webhook(&webhook.id).await.unwrap());
        assert!(told(&catalogue).await.is_empty());
        catalogue.close().await;
    }

    #[tokio::test]
    async fn webhooks_of_the_configuration_come_and_go_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("c.sqlite");
        let catalogue = Catalogue::open(&file).await.unwrap();
        let url = crate::webhooks::check_url("https://hooks.example/").unwrap();
        let mut webhook = Webhook {
            id: WebhookId::of(&url),
            url: url.to_string(),
            configured: true,
            events: BTreeSet::new(),
            collections: BTreeSet::from(["인사".to_owned()]),
            include_title: false,
            disabled: false,
            created_at: Timestamp::now(),
        };
        let one = std::slice::from_ref(&webhook);
        catalogue.set_configured_webhooks(one).await.unwrap();
        catalogue.set_configured_webhooks(one).await.unwrap();
        assert_eq!(catalogue.webhooks().await.unwrap(), one);
        // Only the configuration changes them.
        assert!(!catalogue.change_webhook(&webhook).await.unwrap());
        assert!(!catalogue.remove_webhook(&webhook.id).await.unwrap());
        webhook.include_title = true;
        let one = std::slice::from_ref(&webhook);
        catalogue.set_configured_webhooks(one).await.unwrap();
        catalogue.keep_configured_webhooks(one).await.unwrap();
        assert_eq!(catalogue.webhooks().await.unwrap(), one);
        catalogue.keep_configured_webhooks(&[]).await.unwrap();
        assert!(catalogue.webhooks().await.unwrap().is_empty());
        catalogue.close().await;
    }
}
