//! Documents that are deleted for good leave no word in kept conversations.

use std::collections::{BTreeMap, BTreeSet};

use ingest::DocumentId;
use serde_json::Value;
use sqlx::{Row as _, SqliteConnection};

use super::store::{Result, json, parsed, to_json};
use crate::talk::{Suggestion, purge};

/// What adds the documents of kept answers to a catalogue, and the version that has them.
pub(super) const TABLES: &str = include_str!("turn_documents.sql");
pub(super) const VERSION: i64 = 13;

/// Keeps which documents a turn names or quotes. Those that were deleted while it was answered, or
/// are being deleted, leave it at once.
pub(super) async fn note(
    transaction: &mut SqliteConnection,
    turn: &str,
    documents: &BTreeSet<DocumentId>,
) -> Result<()> {
    let documents = to_json(documents);
    // The conversation may be deleted by now.
    sqlx::query(
        "INSERT OR IGNORE INTO turn_documents (document, turn) \
         SELECT d.value, t.id FROM turns t, json_each(?2) d WHERE t.id = ?1",
    )
    .bind(turn)
    .bind(&documents)
    .execute(&mut *transaction)
    .await?;
    let rows = sqlx::query(
        "SELECT value AS document FROM json_each(?) \
         WHERE value NOT IN (SELECT id FROM documents WHERE state != 'deleting')",
    )
    .bind(&documents)
    .fetch_all(&mut *transaction)
    .await?;
    let gone: BTreeSet<DocumentId> = rows
        .iter()
        .map(|row| parsed(row, "document"))
        .collect::<Result<_>>()?;
    if !gone.is_empty() {
        purge_turn(transaction, turn, &gone).await?;
    }
    Ok(())
}

/// Takes all that comes from these documents out of all that is kept.
pub(super) async fn purge_all(
    transaction: &mut SqliteConnection,
    gone: &BTreeSet<DocumentId>,
) -> Result<()> {
    let rows = sqlx::query(
        "SELECT DISTINCT turn FROM turn_documents WHERE document IN (SELECT value FROM json_each(?))",
    )
    .bind(to_json(gone))
    .fetch_all(&mut *transaction)
    .await?;
    for row in &rows {
        purge_turn(transaction, row.try_get("turn")?, gone).await?;
    }
    Ok(())
}

/// The same for documents that were deleted before a catalogue knew what its answers rest on.
pub(super) async fn purge_earlier(transaction: &mut SqliteConnection) -> Result<()> {
    let rows = sqlx::query(
        "SELECT DISTINCT document FROM turn_documents WHERE document NOT IN (SELECT id FROM documents)",
    )
    .fetch_all(&mut *transaction)
    .await?;
    let gone: BTreeSet<DocumentId> = rows
        .iter()
        .map(|row| parsed(row, "document"))
        .collect::<Result<_>>()?;
    purge_all(transaction, &gone).await
}

async fn purge_turn(
    transaction: &mut SqliteConnection,
    turn: &str,
    gone: &BTreeSet<DocumentId>,
) -> Result<()> {
    let row = sqlx::query("SELECT answer, said, consulted, suggestions FROM turns WHERE id = ?")
        .bind(turn)
        .fetch_optional(&mut *transaction)
        .await?;
    let Some(row) = row else {
        return Ok(());
    };
    let consulted: BTreeMap<String, DocumentId> = json(row.try_get("consulted")?)?;
    let mut suggestions: Vec<Suggestion> = json(row.try_get("suggestions")?)?;
    suggestions.retain(|suggestion| !gone.contains(&suggestion.document));
    let mut said: String = row.try_get("said")?;
    let mut answer: Option<String> = row.try_get("answer")?;
    if let Some(text) = answer.take() {
        // What cannot be read is not shown, and is not kept either.
        let read = serde_json::from_str::<Value>(&text).ok();
        answer = read.map(|mut value| {
            if !purge(&mut value, gone, &consulted) {
                return text;
            }
            let left = value.get("text").and_then(Value::as_str);
            left.unwrap_or_default().clone_into(&mut said);
            value.to_string()
        });
        if answer.is_none() {
            said.clear();
        }
    }
    sqlx::query("UPDATE turns SET answer = ?, said = ?, suggestions = ? WHERE id = ?")
        .bind(answer)
        .bind(said)
        .bind(to_json(&suggestions))
        .bind(turn)
        .execute(&mut *transaction)
        .await?;
    sqlx::query(
        "DELETE FROM turn_documents WHERE turn = ? AND document IN (SELECT value FROM json_each(?))",
    )
    .bind(turn)
    .bind(to_json(gone))
    .execute(&mut *transaction)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ingest::ContentHash;
    use serde_json::json;
    use sqlx::AssertSqlSafe;

    use super::super::feedback::WITHOUT_DECISIONS;
    use super::super::metadata::{Metadata, MetadataChange};
    use super::super::store::{Arriving, Catalogue};
    use super::super::types::NewDocument;
    use super::*;
    use crate::talk::{EndOfTurn, NewTurn, TurnState};

    async fn add(catalogue: &Catalogue, name: &str) -> DocumentId {
        let id = catalogue.id_at(name).await.unwrap();
        let document = NewDocument {
            place: name.to_owned(),
            file_name: name.to_owned(),
            path: std::path::PathBuf::new(),
            readers: BTreeSet::new(),
            parent: None,
            lane: String::new(),
            metadata: MetadataChange::default(),
            passwords: Vec::new(),
        };
        let arriving = Arriving {
            id,
            document: &document,
            version: ContentHash::of(name.as_bytes()),
            size: 1,
            metadata: Metadata::default(),
        };
        catalogue.submit(&arriving).await.unwrap();
        id
    }

    async fn begin(catalogue: &Catalogue, turn: &str) {
        let new = NewTurn {
            id: turn.to_owned(),
            conversation: "c".to_owned(),
            replaces: None,
            question: "How long?".to_owned(),
            searched_for: None,
            filter: "{}".to_owned(),
        };
        assert!(catalogue.begin_turn("mina", &new).await.unwrap());
    }

    /// An answer that quotes `gone` and `stays`, a sentence each.
    async fn end(catalogue: &Catalogue, turn: &str, gone: DocumentId, stays: DocumentId) {
        let claim = |word: &str, id: DocumentId| {
            let quote = format!("quote{word} {}", "longer than a page ".repeat(400));
            json!({"text": format!("says{word}"), "citations": [{"document": id.to_string(), "quote": quote}]})
        };
        let answer = json!({
            "text": "sayssecret saysopen",
            "claims": [claim("secret", gone), claim("open", stays)],
        });
        let end = EndOfTurn {
            state: TurnState::Done,
            answer: Some(answer.to_string()),
            said: "sayssecret saysopen".to_owned(),
            consulted: BTreeMap::from([("1".to_owned(), gone), ("2".to_owned(), stays)]),
        };
        catalogue.end_turn(turn, &end).await.unwrap();
        let suggested = |word: &str, document| Suggestion {
            question: format!("ask{word}"),
            document,
        };
        let suggestions = [suggested("secret", gone), suggested("open", stays)];
        catalogue.set_suggestions(turn, &suggestions).await.unwrap();
    }

    fn on_disk(folder: &Path, word: &str) -> bool {
        std::fs::read_dir(folder).unwrap().any(|entry| {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            bytes
                .windows(word.len())
                .any(|found| found == word.as_bytes())
        })
    }

    /// A catalogue with a conversation, and two documents for its answers.
    async fn with_two_documents() -> (tempfile::TempDir, Catalogue, DocumentId, DocumentId) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("c.sqlite");
        let catalogue = Catalogue::open(&file).await.unwrap();
        let gone = add(&catalogue, "gone").await;
        let stays = add(&catalogue, "stays").await;
        catalogue.make_conversation("mina", "c", "").await.unwrap();
        (folder, catalogue, gone, stays)
    }

    #[tokio::test]
    async fn what_is_deleted_leaves_no_word_of_it_on_the_disk() {
        let (folder, catalogue, gone, stays) = with_two_documents().await;
        begin(&catalogue, "before").await;
        end(&catalogue, "before", gone, stays).await;
        begin(&catalogue, "while").await;
        begin(&catalogue, "after").await;
        assert!(on_disk(folder.path(), "quotesecret"));
        catalogue.mark_deleting(gone).await.unwrap();
        // What is being answered while it is deleted, and what ends behind that.
        end(&catalogue, "while", gone, stays).await;
        catalogue.forget(&[gone]).await.unwrap();
        for word in ["quotesecret", "sayssecret", "asksecret"] {
            assert!(!on_disk(folder.path(), word), "{word}");
        }
        end(&catalogue, "after", gone, stays).await;
        let turns = catalogue.turns("mina", "c").await.unwrap();
        assert_eq!(turns.len(), 3);
        for turn in turns {
            let answer = turn.answer.unwrap();
            assert!(!answer.contains("secret"), "{}: {answer}", turn.id);
            assert!(answer.contains("quoteopen") && answer.contains(r#"{"deleted":true}"#));
            assert_eq!(turn.suggestions.len(), 1, "{}", turn.id);
        }
        let spoken = catalogue.spoken("mina", None, 10).await.unwrap();
        assert_eq!(spoken[0].said, "saysopen\nsaysopen\nsaysopen");
        catalogue.close().await;
    }

    /// What was deleted before catalogues knew which answers rest on it goes with the new version.
    #[tokio::test]
    async fn an_older_catalogue_loses_what_was_deleted_earlier() {
        let (folder, catalogue, gone, stays) = with_two_documents().await;
        begin(&catalogue, "t").await;
        end(&catalogue, "t", gone, stays).await;
        let older =
            format!("{WITHOUT_DECISIONS} DROP TABLE turn_documents; PRAGMA user_version = 12;");
        sqlx::raw_sql(AssertSqlSafe(older))
            .execute(&catalogue.writer)
            .await
            .unwrap();
        sqlx::query("DELETE FROM documents WHERE id = ?")
            .bind(gone.to_string())
            .execute(&catalogue.writer)
            .await
            .unwrap();
        catalogue.close().await;
        let catalogue = Catalogue::open(&folder.path().join("c.sqlite"))
            .await
            .unwrap();
        let turns = catalogue.turns("mina", "c").await.unwrap();
        let answer = turns[0].answer.as_ref().unwrap();
        assert!(
            !answer.contains("secret") && answer.contains("quoteopen"),
            "{answer}"
        );
        catalogue.mark_deleting(stays).await.unwrap();
        catalogue.forget(&[stays]).await.unwrap();
        let turns = catalogue.turns("mina", "c").await.unwrap();
        assert!(!turns[0].answer.as_ref().unwrap().contains("open"));
        catalogue.close().await;
    }
}
