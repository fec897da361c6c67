//! What is deleted leaves no word in kept answers: not its quotes, nor its titles, nor the sentences
//! that rest on it. That there was such a sentence stays, and is told of. The same goes for the quotes
//! of versions that are not kept any more, of documents that stay.

use std::collections::{BTreeMap, BTreeSet};

use ingest::{ContentHash, DocumentId};
use serde_json::{Value, json};

use super::recheck::{citations, document, join, quoted, version};
use super::types::Suggestion;

/// What is not kept any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gone {
    /// Documents that are deleted.
    pub(crate) documents: BTreeSet<DocumentId>,
    /// Single versions of documents that stay.
    pub(crate) versions: BTreeSet<Version>,
}

/// A version of a document.
pub(crate) type Version = (DocumentId, ContentHash);

impl Gone {
    /// Whether a citation is of something that is gone.
    fn has(&self, citation: &Value) -> bool {
        let Some(id) = document(citation) else {
            return false;
        };
        let version = version(citation).map(|version| (id, version));
        self.documents.contains(&id) || version.is_some_and(|it| self.versions.contains(&it))
    }

    /// The documents whose text an answer may repeat without a quote: those that are deleted, and those of
    /// which it quotes a version that is gone. What was found of a version and not quoted is not known.
    fn documents_behind(&self, answer: Option<&Value>) -> BTreeSet<DocumentId> {
        let mut documents = self.documents.clone();
        let versions = answer.into_iter().flat_map(versions_in);
        let gone = versions.filter(|version| self.versions.contains(version));
        documents.extend(gone.map(|(document, _)| document));
        documents
    }

    /// Takes the suggestions that come from what is gone out of those that stand beside an answer.
    pub(crate) fn purge_suggestions(
        &self,
        suggestions: &mut Vec<Suggestion>,
        answer: Option<&Value>,
    ) {
        let gone = self.documents_behind(answer);
        suggestions.retain(|suggestion| {
            let version = suggestion.version.map(|it| (suggestion.document, it));
            let is_dropped = version.is_some_and(|version| self.versions.contains(&version));
            !is_dropped && !gone.contains(&suggestion.document)
        });
    }
}

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

/// The versions that an answer quotes.
pub(crate) fn versions_in(answer: &Value) -> BTreeSet<Version> {
    let named = |citation: &Value| Some((document(citation)?, version(citation)?));
    citations(answer).filter_map(named).collect()
}

/// Takes all that comes from what is gone out of an answer. Gives whether there was something.
pub(crate) fn purge(
    answer: &mut Value,
    gone: &Gone,
    consulted: &BTreeMap<String, DocumentId>,
) -> bool {
    let is_gone = |citation: &Value| gone.has(citation);
    // What no quote stands under was written from all that was found, and a reason may name figures of it.
    let behind = gone.documents_behind(Some(answer));
    let was_consulted = consulted.values().any(|id| behind.contains(id));
    let mut went = was_consulted;
    for claim in list(answer, "claims").into_iter().flatten() {
        let citations = claim.get("citations").and_then(Value::as_array);
        let has_reason = claim.get("reason").is_some_and(|reason| !reason.is_null());
        let goes = match citations {
            Some(citations) if !citations.is_empty() => {
                citations.iter().any(is_gone) || has_reason && was_consulted
            }
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
            id.is_some_and(|id| !gone.documents.contains(id))
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

    fn of_documents(names: &[&str]) -> Gone {
        Gone {
            documents: names.iter().map(|name| DocumentId::at(name)).collect(),
            ..Gone::default()
        }
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
        let gone = of_documents(&["gone"]);
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
        let other = of_documents(&["other"]);
        let mut same = answer();
        assert!(!purge(&mut same, &other, &consulted(&["gone", "stays"])));
        assert_eq!(same, answer());
    }

    #[test]
    fn a_version_that_is_dropped_goes_and_other_ones_of_its_document_stay() {
        let hash = |name: &str| ContentHash::of(name.as_bytes());
        let cited = |name: &str, version: &str| {
            let mut cited = citation(name);
            cited["version"] = json!(hash(version).to_string());
            cited["quote"] = json!(format!("quote of {version}"));
            cited
        };
        let claim = |text: &str, citations: &[Value]| json!({"text": text, "citations": citations});
        let mut reasoned = claim("Four.", &[cited("stays", "new")]);
        reasoned["reason"] = json!({"words": "the document says fifteen"});
        let answer = |quoted: &str| {
            json!({
                "text": "One. Two. Three. Four.",
                "claims": [
                    claim("One.", &[cited("stays", "new"), cited("changes", quoted)]),
                    claim("Two.", &[cited("changes", "new")]),
                    claim("Three.", &[]),
                    reasoned.clone(),
                ],
                "conflicts": [{"words": "fifteen or twenty", "sides": [
                    {"citation": cited("changes", quoted)}, {"citation": cited("stays", "new")},
                ]}],
                "ledger": [{"chunk": "changes", "title": "kept"}],
                "findable": [citation("changes")],
                "message": "fifteen", "withheld": {"reasons": ["it says fifteen"]}, "proof": "of fifteen",
            })
        };
        let gone = Gone {
            versions: BTreeSet::from([(DocumentId::at("changes"), hash("old"))]),
            ..Gone::default()
        };
        let consulted = consulted(&["changes", "stays"]);
        let mut purged = answer("old");
        assert!(purge(&mut purged, &gone, &consulted));
        assert_eq!(purged["text"], "Two.");
        let text = purged.to_string();
        for word in ["quote of old", "fifteen", "One", "Three", "Four"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
        // The document is still there, and may be named.
        assert_eq!(
            (
                &purged["ledger"][0]["title"],
                &purged["findable"][0]["quote"]
            ),
            (&json!("kept"), &json!("quote of changes"))
        );
        let suggested = |document: &str| -> Suggestion {
            let kept = json!({"question": "?", "document": DocumentId::at(document).to_string()});
            serde_json::from_value(kept).unwrap()
        };
        for (quoted, left) in [("old", 1), ("new", 2)] {
            let mut suggestions = vec![suggested("changes"), suggested("stays")];
            // What comes from a version that is dropped goes, whatever the answer quotes.
            suggestions.push(Suggestion {
                version: Some(hash("old")),
                ..suggested("changes")
            });
            gone.purge_suggestions(&mut suggestions, Some(&answer(quoted)));
            assert_eq!(suggestions.len(), left, "{quoted}");
        }
        // An answer from another version of it stays as it was.
        let mut same = answer("new");
        assert!(!purge(&mut same, &gone, &consulted));
        assert_eq!(same, answer("new"));
    }
}
