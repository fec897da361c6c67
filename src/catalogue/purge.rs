//! Documents that are deleted for good, and versions that are not kept any more, leave no word in kept
//! conversations and judged answers.

use std::collections::{BTreeMap, BTreeSet};

use ingest::{ContentHash, DocumentId};
use serde_json::Value;
use sqlx::{Row as _, SqliteConnection};

use super::store::{Result, json, parsed, to_json};
use crate::talk::{Gone, Suggestion, Version, purge};

/// What adds the documents of kept answers to a catalogue.
pub(super) const TABLES: &str = include_str!("turn_documents.sql");

/// Keeps which documents a turn names or quotes. Those that were deleted while it was answered, or
/// are being deleted, leave it at once, and so do versions that are not kept.
pub(super) async fn note(
    transaction: &mut SqliteConnection,
    turn: &str,
    documents: &BTreeSet<DocumentId>,
    versions: &BTreeSet<Version>,
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
    let gone = Gone {
        documents: rows
            .iter()
            .map(|row| parsed(row, "document"))
            .collect::<Result<_>>()?,
        versions: not_kept(transaction, versions).await?,
    };
    if gone != Gone::default() {
        purge_turn(transaction, turn, &gone).await?;
    }
    Ok(())
}

/// Whether all these versions are kept, of documents that are not being deleted.
pub(super) async fn are_kept(
    transaction: &mut SqliteConnection,
    versions: &BTreeSet<Version>,
) -> Result<bool> {
    if !not_kept(transaction, versions).await?.is_empty() {
        return Ok(false);
    }
    let documents: BTreeSet<DocumentId> = versions.iter().map(|(document, _)| *document).collect();
    let going = sqlx::query(
        "SELECT 1 FROM documents WHERE state = 'deleting' AND id IN (SELECT value FROM json_each(?)) LIMIT 1",
    )
    .bind(to_json(&documents))
    .fetch_optional(&mut *transaction)
    .await?;
    Ok(going.is_none())
}

/// Those of these versions that are not kept.
async fn not_kept(
    transaction: &mut SqliteConnection,
    versions: &BTreeSet<Version>,
) -> Result<BTreeSet<Version>> {
    let rows = sqlx::query(
        "SELECT json_extract(q.value, '$[0]') AS document, json_extract(q.value, '$[1]') AS version \
         FROM json_each(?) q WHERE NOT EXISTS (SELECT 1 FROM versions v \
         WHERE v.document = json_extract(q.value, '$[0]') AND v.version = json_extract(q.value, '$[1]'))",
    )
    .bind(to_json(versions))
    .fetch_all(&mut *transaction)
    .await?;
    rows.iter()
        .map(|row| Ok((parsed(row, "document")?, parsed(row, "version")?)))
        .collect()
}

/// Drops all versions of a document but `current` and the newest `most` of the others. Gives whether
/// there were more.
pub(super) async fn drop_versions(
    transaction: &mut SqliteConnection,
    document: DocumentId,
    current: ContentHash,
    most: u32,
) -> Result<bool> {
    let rows = sqlx::query(
        "DELETE FROM versions WHERE document = ?1 AND version != ?2 AND version NOT IN \
         (SELECT version FROM versions WHERE document = ?1 AND version != ?2 \
          ORDER BY replaced_at DESC, rowid DESC LIMIT ?3) RETURNING version",
    )
    .bind(document.to_string())
    .bind(current.to_string())
    .bind(i64::from(most))
    .fetch_all(&mut *transaction)
    .await?;
    let versions = rows
        .iter()
        .map(|row| Ok((document, parsed(row, "version")?)));
    let gone = Gone {
        versions: versions.collect::<Result<_>>()?,
        ..Gone::default()
    };
    purge_all(transaction, &gone).await?;
    Ok(!rows.is_empty())
}

/// Takes all that comes from what is gone out of all that is kept.
pub(super) async fn purge_all(transaction: &mut SqliteConnection, gone: &Gone) -> Result<()> {
    let rows = sqlx::query(
        "SELECT turn FROM turn_documents WHERE document IN (SELECT value FROM json_each(?1)) \
         UNION SELECT t.id FROM json_each(?2) q \
         JOIN turn_documents d ON d.document = json_extract(q.value, '$[0]') \
         JOIN turns t ON t.id = d.turn AND (instr(t.answer, json_extract(q.value, '$[1]')) > 0 \
         OR instr(t.suggestions, json_extract(q.value, '$[1]')) > 0)",
    )
    .bind(to_json(&gone.documents))
    .bind(to_json(&gone.versions))
    .fetch_all(&mut *transaction)
    .await?;
    let turns = rows.iter().map(|row| row.try_get("turn"));
    purge_turns(transaction, &turns.collect::<Result<_>>()?, gone).await
}

/// Takes it out of these turns, and out of what was judged. Of answers that somebody judged those of
/// documents that are deleted go by themselves.
async fn purge_turns(
    transaction: &mut SqliteConnection,
    turns: &BTreeSet<String>,
    gone: &Gone,
) -> Result<()> {
    for turn in turns {
        purge_turn(transaction, turn, gone).await?;
    }
    sqlx::query(
        "DELETE FROM judged_answers WHERE id IN (SELECT j.answer FROM json_each(?) q \
         JOIN judged_documents j ON j.document = json_extract(q.value, '$[0]') \
         AND j.version = json_extract(q.value, '$[1]'))",
    )
    .bind(to_json(&gone.versions))
    .execute(&mut *transaction)
    .await?;
    Ok(())
}

/// The same for what was deleted or dropped before a catalogue knew what its answers rest on: looked for
/// whenever its form changes.
pub(super) async fn purge_earlier(transaction: &mut SqliteConnection) -> Result<()> {
    let rows = sqlx::query(
        "SELECT turn, document FROM turn_documents WHERE document NOT IN (SELECT id FROM documents)",
    )
    .fetch_all(&mut *transaction)
    .await?;
    let (mut turns, mut gone) = (BTreeSet::new(), Gone::default());
    for row in &rows {
        turns.insert(row.try_get("turn")?);
        gone.documents.insert(parsed(row, "document")?);
    }
    let kept = kept_versions(transaction).await?;
    let versions = kept.iter().map(|(_, version)| *version).collect();
    gone.versions = not_kept(transaction, &versions).await?;
    let of_gone = kept
        .into_iter()
        .filter(|(_, version)| gone.versions.contains(version));
    turns.extend(of_gone.filter_map(|(turn, _)| turn));
    purge_turns(transaction, &turns, &gone).await
}

/// The versions that kept or judged answers rest on, and the turns that name them.
async fn kept_versions(
    transaction: &mut SqliteConnection,
) -> Result<BTreeSet<(Option<String>, Version)>> {
    let rows = sqlx::query(
        "SELECT NULL AS turn, document, version FROM judged_documents \
         UNION SELECT t.id, json_extract(q.value, '$.document'), json_extract(q.value, '$.version') \
         FROM turns t, json_each(CASE WHEN json_valid(t.answer) THEN t.answer END, '$.claims') c, \
         json_each(c.value, '$.citations') q \
         UNION SELECT t.id, json_extract(s.value, '$.citation.document'), \
         json_extract(s.value, '$.citation.version') \
         FROM turns t, json_each(CASE WHEN json_valid(t.answer) THEN t.answer END, '$.conflicts') c, \
         json_each(c.value, '$.sides') s \
         UNION SELECT t.id, json_extract(s.value, '$.document'), json_extract(s.value, '$.version') \
         FROM turns t, json_each(t.suggestions) s",
    )
    .fetch_all(&mut *transaction)
    .await?;
    // What names no version is shown to nobody.
    let named = |row| {
        let version = (parsed(row, "document").ok()?, parsed(row, "version").ok()?);
        Some((row.try_get("turn").ok()?, version))
    };
    Ok(rows.iter().filter_map(named).collect())
}

async fn purge_turn(transaction: &mut SqliteConnection, turn: &str, gone: &Gone) -> Result<()> {
    let row = sqlx::query("SELECT answer, said, consulted, suggestions FROM turns WHERE id = ?")
        .bind(turn)
        .fetch_optional(&mut *transaction)
        .await?;
    let Some(row) = row else {
        return Ok(());
    };
    let consulted: BTreeMap<String, DocumentId> = json(row.try_get("consulted")?)?;
    let mut suggestions: Vec<Suggestion> = json(row.try_get("suggestions")?)?;
    let mut said: String = row.try_get("said")?;
    let mut answer: Option<String> = row.try_get("answer")?;
    let read = answer
        .as_deref()
        .and_then(|text| serde_json::from_str::<Value>(text).ok());
    gone.purge_suggestions(&mut suggestions, read.as_ref());
    if let Some(text) = answer.take() {
        // What cannot be read is not shown, and is not kept either.
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
    .bind(to_json(&gone.documents))
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
        add_version(catalogue, name, name).await
    }

    async fn add_version(catalogue: &Catalogue, name: &str, content: &str) -> DocumentId {
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
            version: ContentHash::of(content.as_bytes()),
            size: 1,
            metadata: Metadata::default(),
        };
        catalogue.submit(&arriving).await.unwrap();
        id
    }

    /// A version of a document as one that was read and is searched now; of the others `most` stay.
    async fn read_version(
        catalogue: &Catalogue,
        name: &str,
        content: &str,
        most: u32,
    ) -> DocumentId {
        use crate::catalogue::State;
        let id = add_version(catalogue, name, content).await;
        sqlx::query("UPDATE versions SET body = x'00' WHERE document = ?")
            .bind(id.to_string())
            .execute(&catalogue.writer)
            .await
            .unwrap();
        let work = catalogue.next_queued(None).await.unwrap().unwrap();
        assert_eq!((work.id, work.version), version(id, content));
        let (from, to) = (State::Extracting, State::Ready);
        let done = catalogue
            .replace_chunks(&work, from, to, "cut", &[], Some(most))
            .await;
        assert!(done.unwrap().is_some());
        id
    }

    fn version(id: DocumentId, content: &str) -> Version {
        (id, ContentHash::of(content.as_bytes()))
    }

    /// A judged answer that rests on a version.
    async fn judge(catalogue: &Catalogue, word: &str, (document, version): Version) {
        let said = format!(
            "INSERT INTO judged_answers (id, body, judged_at) VALUES ('{word}', 'ask{word}', 0); \
             INSERT INTO judged_documents (answer, document, version) \
             VALUES ('{word}', '{document}', '{version}'); \
             INSERT INTO feedback (id, answer, actor, sentence, kind, correction, given_at) \
             VALUES ('{word}', '{word}', 'mina', -1, 'wrong', 'correction{word}', 0);"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(said))
            .execute(&catalogue.writer)
            .await
            .unwrap();
    }

    /// The judgements that are left.
    async fn judged(catalogue: &Catalogue) -> Vec<String> {
        let rows = sqlx::query("SELECT id FROM feedback")
            .fetch_all(&catalogue.readers)
            .await
            .unwrap();
        rows.iter().map(|row| row.get("id")).collect()
    }

    /// An answer with a sentence that quotes a version, one that quotes another, and one that quotes
    /// nothing.
    async fn end_quoting(catalogue: &Catalogue, turn: &str, versions: [(&str, Version); 2]) {
        let mut claims: Vec<Value> = versions
            .iter()
            .map(|(word, (document, version))| {
                let citation = json!({
                    "document": document.to_string(), "version": version.to_string(),
                    "quote": format!("quote{word}"),
                });
                json!({"text": format!("says{word}"), "citations": [citation]})
            })
            .collect();
        claims.push(json!({"text": "saysmaybe", "citations": []}));
        let answer = json!({"text": "", "claims": claims, "message": "message", "proof": "proof"});
        let consulted = versions.map(|(word, (document, _))| (word.to_owned(), document));
        let end = EndOfTurn {
            state: TurnState::Done,
            answer: Some(answer.to_string()),
            said: versions.map(|(word, _)| format!("says{word}")).join(" "),
            consulted: BTreeMap::from(consulted),
        };
        catalogue.end_turn(turn, &end).await.unwrap();
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
            version: None,
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

    #[tokio::test]
    async fn a_version_that_is_dropped_leaves_no_word_and_the_others_stay() {
        let (folder, catalogue, _, stays) = with_two_documents().await;
        while catalogue.next_queued(None).await.unwrap().is_some() {}
        let id = read_version(&catalogue, "rule", "secret", 1).await;
        let (secret, open) = (version(id, "secret"), version(stays, "stays"));
        let two = [("secret", secret), ("open", open)];
        begin(&catalogue, "of the first").await;
        end_quoting(&catalogue, "of the first", two).await;
        judge(&catalogue, "secret", secret).await;
        begin(&catalogue, "while").await;
        read_version(&catalogue, "rule", "second", 1).await;
        let second = version(id, "second");
        begin(&catalogue, "of the second").await;
        end_quoting(
            &catalogue,
            "of the second",
            [("second", second), ("open", open)],
        )
        .await;
        judge(&catalogue, "second", second).await;
        let words = ["quotesecret", "sayssecret", "asksecret", "correctionsecret"];
        for word in words {
            assert!(
                on_disk(folder.path(), word),
                "{word}: it is one of those that are kept"
            );
        }
        read_version(&catalogue, "rule", "third", 1).await;
        for word in words {
            assert!(!on_disk(folder.path(), word), "{word}");
        }
        // Nor does what ends behind that keep anything of it.
        end_quoting(&catalogue, "while", two).await;
        let turns = catalogue.turns("mina", "c").await.unwrap();
        assert_eq!(turns.len(), 3);
        for turn in turns {
            let answer = turn.answer.unwrap();
            assert!(!answer.contains("secret"), "{}: {answer}", turn.id);
            assert!(answer.contains("quoteopen"), "{}: {answer}", turn.id);
            let is_whole = turn.id == "of the second";
            for word in ["quotesecond", "saysmaybe", "message\":\"message", "proof"] {
                let is_there = answer.contains(word);
                assert_eq!(is_there, is_whole, "{word} in {}: {answer}", turn.id);
            }
        }
        let spoken = catalogue.spoken("mina", None, 10).await.unwrap();
        assert!(!spoken[0].said.contains("secret"), "{}", spoken[0].said);
        assert_eq!(judged(&catalogue).await, ["second"]);
        catalogue.close().await;
    }

    /// What was dropped before that took anything out of answers goes when a catalogue changes its form.
    #[tokio::test]
    async fn what_was_dropped_earlier_goes_too() {
        let (_folder, catalogue, _, stays) = with_two_documents().await;
        while catalogue.next_queued(None).await.unwrap().is_some() {}
        let id = read_version(&catalogue, "rule", "secret", 1).await;
        let (secret, open) = (version(id, "secret"), version(stays, "stays"));
        begin(&catalogue, "t").await;
        end_quoting(&catalogue, "t", [("secret", secret), ("open", open)]).await;
        judge(&catalogue, "secret", secret).await;
        judge(&catalogue, "open", open).await;
        // As a program did that took nothing out of answers.
        sqlx::query("DELETE FROM versions WHERE version = ?")
            .bind(secret.1.to_string())
            .execute(&catalogue.writer)
            .await
            .unwrap();
        let mut transaction = catalogue.writer.begin().await.unwrap();
        purge_earlier(&mut transaction).await.unwrap();
        transaction.commit().await.unwrap();
        let turns = catalogue.turns("mina", "c").await.unwrap();
        let answer = turns[0].answer.as_ref().unwrap();
        assert!(
            !answer.contains("secret") && answer.contains("quoteopen"),
            "{answer}"
        );
        assert_eq!(judged(&catalogue).await, ["open"]);
        catalogue.close().await;
    }
}
