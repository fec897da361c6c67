//! What is deleted leaves no word in kept answers: not its quotes, nor its titles, nor the sentences
//! that rest on it. That there was such a sentence stays, and is told of.

use std::collections::{BTreeMap, BTreeSet};

use ingest::DocumentId;
use serde_json::{Value, json};

use super::recheck::{document, join, quoted};
use super::types::Suggestion;

/// The documents that a turn names or quotes.
pub(crate) fn documents_in(
    answer: Option<&Value>,
    consulted: &BTreeMap<String, DocumentId>,
    suggestions: &[Suggestion],
) -> BTreeSet<DocumentId> {
    let suggested = suggestions.iter().map(|suggestion| suggestion.document);
    let found = consulted.values().copied().chain(suggested);
    found.chain(answer.into_iter().flat_map(quoted)).collect()
}

/// Takes all that comes from `gone` out of an answer. Gives whether there was something.
pub(crate) fn purge(
    answer: &mut Value,
    gone: &BTreeSet<DocumentId>,
    consulted: &BTreeMap<String, DocumentId>,
) -> bool {
    let is_gone = |named: &Value| document(named).is_some_and(|id| gone.contains(&id));
    // What no quote stands under was written from all that was found.
    let was_consulted = consulted.values().any(|id| gone.contains(id));
    let mut went = was_consulted;
    for claim in list(answer, "claims").into_iter().flatten() {
        let citations = claim.get("citations").and_then(Value::as_array);
        let goes = match citations {
            Some(citations) if !citations.is_empty() => citations.iter().any(is_gone),
            _ => was_consulted,
        };
        if goes {
            *claim = json!({"deleted": true});
            went = true;
        }
    }
    if let Some(conflicts) = list(answer, "conflicts") {
        let before = conflicts.len();
        conflicts.retain(|conflict| {
            let sides = conflict.get("sides").and_then(Value::as_array);
            let mut sides = sides.into_iter().flatten();
            !sides.any(|side| side.get("citation").is_some_and(is_gone))
        });
        went |= conflicts.len() != before;
    }
    if let Some(ledger) = list(answer, "ledger") {
        let before = ledger.len();
        ledger.retain(|entry| {
            let chunk = entry.get("chunk").and_then(Value::as_str);
            let id = chunk.and_then(|chunk| consulted.get(chunk));
            id.is_some_and(|id| !gone.contains(id))
        });
        went |= ledger.len() != before;
    }
    if let Some(findable) = list(answer, "findable") {
        let before = findable.len();
        findable.retain(|found| !is_gone(found));
        went |= findable.len() != before;
    }
    if went {
        // They name titles and figures of what was found, and the proof what was quoted.
        if let Some(message) = answer.get_mut("message") {
            *message = Value::Null;
        }
        if let Some(reasons) = answer.pointer_mut("/withheld/reasons") {
            *reasons = json!([]);
        }
        if let Some(answer) = answer.as_object_mut() {
            answer.remove("proof");
        }
        join(answer);
    }
    went
}

fn list<'a>(answer: &'a mut Value, name: &str) -> Option<&'a mut Vec<Value>> {
    answer.get_mut(name).and_then(Value::as_array_mut)
}

/// Whether this is what [`purge`] left of a sentence.
pub(super) fn is_purged(claim: &Value) -> bool {
    claim.get("deleted") == Some(&Value::Bool(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn citation(document: &str) -> Value {
        json!({"document": DocumentId::at(document).to_string(), "quote": format!("quote of {document}")})
    }

    fn consulted(names: &[&str]) -> BTreeMap<String, DocumentId> {
        let entry = |name: &&str| ((*name).to_owned(), DocumentId::at(name));
        names.iter().map(entry).collect()
    }

    fn answer() -> Value {
        json!({
            "text": "One. Two. Three.",
            "claims": [
                {"text": "One.", "citations": [citation("stays"), citation("gone")]},
                {"text": "Two.", "citations": [citation("stays")]},
                {"text": "Three.", "citations": []},
            ],
            "conflicts": [{"words": "gone too", "sides": [{"citation": citation("gone")}]}],
            "ledger": [{"chunk": "gone", "title": "gone"}, {"chunk": "stays", "title": "kept"}],
            "findable": [citation("gone"), citation("stays")],
            "message": "of gone", "withheld": {"reasons": ["gone says 15"]}, "proof": "of gone",
        })
    }

    #[test]
    fn what_is_deleted_leaves_no_word() {
        let gone = BTreeSet::from([DocumentId::at("gone")]);
        let mut purged = answer();
        assert!(purge(&mut purged, &gone, &consulted(&["gone", "stays"])));
        let text = purged.to_string();
        for word in [
            "of gone",
            "\"gone\"",
            "gone too",
            "gone says",
            "One",
            "Three",
        ] {
            assert!(!text.contains(word), "{word}: {text}");
        }
        assert_eq!(purged["text"], "Two.");
        assert!(
            text.contains("quote of stays") && text.contains("kept"),
            "{text}"
        );
        let claims = purged["claims"].as_array().unwrap();
        let left: Vec<bool> = claims.iter().map(is_purged).collect();
        assert_eq!(left, [true, false, true], "that they were there stays");
        assert!(
            !documents_in(Some(&purged), &BTreeMap::new(), &[]).contains(&DocumentId::at("gone"))
        );
    }

    #[test]
    fn what_names_nothing_of_it_stays_as_it_was() {
        let other = BTreeSet::from([DocumentId::at("other")]);
        let mut same = answer();
        assert!(!purge(&mut same, &other, &consulted(&["gone", "stays"])));
        assert_eq!(same, answer());
    }
}
