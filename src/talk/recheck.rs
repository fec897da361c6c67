//! What of a kept answer may be seen now: rights are taken away, documents are deleted.
//!
//! A sentence goes with the first of its quotes that may not be read any more. What no quote
//! stands under was written from all passages that were found, and goes with the first of their
//! documents; so does what is said not to hold, since the reason may name what another one says.
//! Nothing is said of what went but how many sentences there were, and why.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use ingest::{ContentHash, DocumentId};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::purge::is_purged;
use super::types::{KeptTurn, Suggestion, TurnState};
use crate::ask::Reader;
use crate::catalogue::State;
use crate::language::Language;
use crate::library::{Library, LibraryError};
use crate::rights::Level;

/// Whether a document may be read; the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Access {
    Open,
    Deleted,
    Closed,
}

/// What a reader may read of some documents, as it is now.
#[derive(Debug, Default)]
pub(crate) struct Rights {
    documents: HashMap<DocumentId, Access>,
    versions: HashMap<(DocumentId, ContentHash), Access>,
    /// Those whose titles may be seen.
    findable: HashSet<DocumentId>,
}

impl Rights {
    /// Looks the documents up. This is the one place where kept answers meet the rights of now.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub(crate) async fn of(
        library: &Library,
        documents: &BTreeSet<DocumentId>,
        reader: &Reader,
    ) -> Result<Self, LibraryError> {
        let mut rights = Self::default();
        for &id in documents {
            let view = library.get(id, reader).await?;
            let view = view.filter(|view| view.state != State::Deleting);
            if view.is_some() {
                rights.findable.insert(id);
            }
            if view.is_none_or(|view| view.level < Level::Quote) {
                let is_there = library.catalogue().entry(id).await?.is_some();
                let access = if is_there {
                    Access::Closed
                } else {
                    Access::Deleted
                };
                rights.documents.insert(id, access);
                continue;
            }
            rights.documents.insert(id, Access::Open);
            for (kept, _) in library.catalogue().versions_of(id).await? {
                rights.versions.insert((id, kept.version), Access::Closed);
            }
            for open in library.versions(id, reader).await? {
                rights.versions.insert((id, open.version), Access::Open);
            }
        }
        Ok(rights)
    }

    fn of_document(&self, id: DocumentId) -> Access {
        // What was not looked up is closed.
        self.documents.get(&id).copied().unwrap_or(Access::Closed)
    }

    /// A version that is not kept any more is gone as a deleted document is.
    fn of_version(&self, id: DocumentId, version: ContentHash) -> Access {
        match self.of_document(id) {
            Access::Open => *self
                .versions
                .get(&(id, version))
                .unwrap_or(&Access::Deleted),
            other => other,
        }
    }

    fn of_citation(&self, citation: &Value) -> Access {
        match (document(citation), version(citation)) {
            (Some(id), Some(version)) => self.of_version(id, version),
            _ => Access::Closed,
        }
    }

    /// The answer without what may not be read any more, and how much that was.
    pub(crate) fn shown(
        &self,
        mut answer: Value,
        consulted: &BTreeMap<String, DocumentId>,
    ) -> (Value, Hidden) {
        let all = consulted.values().map(|id| self.of_document(*id));
        let consulted_access = all.max().unwrap_or(Access::Open);
        let of_citations = |value: Option<&Value>| {
            let citations = value.and_then(Value::as_array);
            let each = citations.into_iter().flatten();
            each.map(|citation| self.of_citation(citation)).max()
        };
        let mut hidden = Hidden::default();
        let mut went = false;
        if let Some(claims) = answer.get_mut("claims").and_then(Value::as_array_mut) {
            claims.retain(|claim| {
                let quoted = of_citations(claim.get("citations"));
                // A reason may name figures of any passage that was found.
                let has_reason = claim.get("reason").is_some_and(|reason| !reason.is_null());
                let access = match quoted {
                    Some(access) if has_reason => access.max(consulted_access),
                    Some(access) => access,
                    None => consulted_access,
                };
                // A document may come back where it was; what was said of it does not.
                let is_purged = is_purged(claim);
                hidden.count(if is_purged { Access::Deleted } else { access })
            });
            went |= hidden.any();
        }
        if let Some(conflicts) = answer.get_mut("conflicts").and_then(Value::as_array_mut) {
            let before = conflicts.len();
            conflicts.retain(|conflict| {
                let sides = conflict.get("sides").and_then(Value::as_array);
                sides.is_some_and(|sides| {
                    sides.iter().all(|side| {
                        side.get("citation")
                            .is_some_and(|citation| self.of_citation(citation) == Access::Open)
                    })
                })
            });
            went |= conflicts.len() != before;
        }
        if let Some(ledger) = answer.get_mut("ledger").and_then(Value::as_array_mut) {
            let before = ledger.len();
            ledger.retain(|entry| {
                let id = entry.get("chunk").and_then(Value::as_str);
                let id = id.and_then(|chunk| consulted.get(chunk));
                id.is_some_and(|id| self.of_document(*id) == Access::Open)
            });
            went |= ledger.len() != before;
        }
        if let Some(findable) = answer.get_mut("findable").and_then(Value::as_array_mut) {
            let before = findable.len();
            findable.retain(|found| document(found).is_some_and(|id| self.findable.contains(&id)));
            went |= findable.len() != before;
        }
        if consulted_access != Access::Open {
            went = true;
            // They name titles and figures of what was found.
            if let Some(message) = answer.get_mut("message") {
                *message = Value::Null;
            }
            if let Some(reasons) = answer.pointer_mut("/withheld/reasons") {
                *reasons = json!([]);
            }
        }
        if went {
            // It is not what was sealed any more, and the proof names what went.
            if let Some(answer) = answer.as_object_mut() {
                answer.remove("proof");
            }
            join(&mut answer);
        }
        (answer, hidden)
    }

    /// The suggestions that may be seen.
    fn open_suggestions(&self, suggestions: Vec<Suggestion>) -> Vec<String> {
        suggestions
            .into_iter()
            .filter(|suggestion| {
                // One of before that was noted says nothing of which version it came from.
                let version = suggestion.version;
                version.is_some_and(|version| {
                    self.of_version(suggestion.document, version) == Access::Open
                })
            })
            .map(|suggestion| suggestion.question)
            .collect()
    }
}

/// How many sentences went, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hidden {
    /// They rest on what may not be read any more.
    pub(crate) closed: usize,
    /// They rest on documents, or versions of them, that are deleted.
    pub(crate) deleted: usize,
}

impl Hidden {
    /// Counts a sentence; true if it stays.
    fn count(&mut self, access: Access) -> bool {
        match access {
            Access::Open => return true,
            Access::Deleted => self.deleted += 1,
            Access::Closed => self.closed += 1,
        }
        false
    }

    pub(crate) fn any(self) -> bool {
        self != Self::default()
    }

    /// What is said of it.
    pub(crate) fn words(self, language: Language) -> Option<String> {
        let mut said = Vec::new();
        let (closed, deleted) = (self.closed, self.deleted);
        if closed > 0 {
            said.push(match language {
                Language::Ko => format!(
                    "{closed}문장은 지금 볼 권한이 없는 문서에 근거하므로 표시하지 않습니다."
                ),
                Language::En => format!(
                    "Not shown, since you may no longer read the documents that they rest on: {closed} of the sentences."
                ),
            });
        }
        if deleted > 0 {
            said.push(match language {
                Language::Ko => {
                    format!("{deleted}문장은 인용한 문서가 삭제되어 표시하지 않습니다.")
                }
                Language::En => format!(
                    "Not shown, since the documents that they quote were deleted: {deleted} of the sentences."
                ),
            });
        }
        (!said.is_empty()).then(|| said.join(" "))
    }
}

/// A turn as its owner may see it now.
#[derive(Clone, Debug)]
pub(crate) struct ShownTurn {
    pub(crate) id: String,
    pub(crate) question: String,
    pub(crate) searched_for: Option<String>,
    /// What it was narrowed to, as JSON.
    pub(crate) filter: Value,
    pub(crate) state: TurnState,
    pub(crate) answer: Option<Value>,
    pub(crate) hidden: Hidden,
    pub(crate) suggestions: Vec<String>,
    pub(crate) created: Timestamp,
}

/// What a turn was narrowed to. What is no JSON becomes a filter that nobody can ask by: without one its
/// question would be asked of everything.
fn kept_filter(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!({"unreadable": true}))
}

/// Turns as `reader` may see them now.
///
/// # Errors
/// When the catalogue cannot be read.
pub(crate) async fn shown_turns(
    library: &Library,
    turns: Vec<KeptTurn>,
    reader: &Reader,
) -> Result<Vec<ShownTurn>, LibraryError> {
    let read: Vec<(KeptTurn, Option<Value>)> = turns
        .into_iter()
        .map(|turn| {
            let answer = turn.answer.as_deref().map(serde_json::from_str);
            // What cannot be read any more is not shown.
            (turn, answer.and_then(Result::ok))
        })
        .collect();
    let documents = read
        .iter()
        .flat_map(|(turn, answer)| {
            let named = turn.consulted.values().copied();
            let suggested = turn
                .suggestions
                .iter()
                .map(|suggestion| suggestion.document);
            named.chain(suggested).chain(answer.iter().flat_map(quoted))
        })
        .collect();
    let rights = Rights::of(library, &documents, reader).await?;
    Ok(read
        .into_iter()
        .map(|(turn, answer)| {
            let shown = answer.map(|answer| rights.shown(answer, &turn.consulted));
            let (answer, hidden) = match shown {
                Some((answer, hidden)) => (Some(answer), hidden),
                None => (None, Hidden::default()),
            };
            ShownTurn {
                id: turn.id,
                question: turn.question,
                searched_for: turn.searched_for,
                filter: kept_filter(&turn.filter),
                state: turn.state,
                answer,
                hidden,
                suggestions: rights.open_suggestions(turn.suggestions),
                created: turn.created,
            }
        })
        .collect())
}

/// The documents that an answer quotes or names.
pub(super) fn quoted(answer: &Value) -> Vec<DocumentId> {
    let named = citations(answer).chain(list(answer, "findable"));
    named.filter_map(document).collect()
}

/// The quotes of an answer: of its sentences, and of both sides of conflicts.
pub(super) fn citations(answer: &Value) -> impl Iterator<Item = &Value> {
    let claims = list(answer, "claims");
    let of_claims = claims.flat_map(|claim| list(claim, "citations"));
    let sides = list(answer, "conflicts").flat_map(|conflict| list(conflict, "sides"));
    of_claims.chain(sides.filter_map(|side| side.get("citation")))
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    let list = value.get(name).and_then(Value::as_array);
    list.into_iter().flatten()
}

pub(super) fn document(citation: &Value) -> Option<DocumentId> {
    citation.get("document")?.as_str()?.parse().ok()
}

pub(super) fn version(citation: &Value) -> Option<ContentHash> {
    citation.get("version")?.as_str()?.parse().ok()
}

/// Makes the text of an answer anew from its sentences, and says where each stands in it.
pub(super) fn join(answer: &mut Value) {
    let (mut text, mut chars, mut utf16) = (String::new(), 0_usize, 0_usize);
    if let Some(claims) = answer.get_mut("claims").and_then(Value::as_array_mut) {
        for claim in claims {
            let Some(said) = claim.get("text").and_then(Value::as_str).map(str::to_owned) else {
                continue;
            };
            if !text.is_empty() {
                text.push(' ');
                chars += 1;
                utf16 += 1;
            }
            let start = (chars, utf16);
            text.push_str(&said);
            chars += said.chars().count();
            utf16 += said.encode_utf16().count();
            if let Some(claim) = claim.as_object_mut() {
                for (name, at) in [
                    ("start", start.0),
                    ("end", chars),
                    ("start_utf16", start.1),
                    ("end_utf16", utf16),
                ] {
                    claim.insert(name.to_owned(), json!(at));
                }
            }
        }
    }
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("text".to_owned(), Value::String(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version_of(name: &str) -> ContentHash {
        ContentHash::of(name.as_bytes())
    }

    /// `open` may be read, `closed` not any more, `deleted` is not there; of `open` the version
    /// `old` may not be read.
    fn rights() -> Rights {
        let id = DocumentId::at;
        Rights {
            documents: HashMap::from([
                (id("open"), Access::Open),
                (id("closed"), Access::Closed),
                (id("deleted"), Access::Deleted),
            ]),
            versions: HashMap::from([
                ((id("open"), version_of("now")), Access::Open),
                ((id("open"), version_of("old")), Access::Closed),
            ]),
            findable: HashSet::from([id("open")]),
        }
    }

    fn citation(document: &str, version: &str) -> Value {
        json!({
            "document": DocumentId::at(document).to_string(),
            "version": version_of(version).to_string(),
            "title": format!("title of {document}"),
            "quote": format!("quote of {document}"),
        })
    }

    fn claim(text: &str, citations: &[Value]) -> Value {
        json!({"text": text, "start": 0, "end": 0, "start_utf16": 0, "end_utf16": 0, "citations": citations})
    }

    fn consulted(documents: &[&str]) -> BTreeMap<String, DocumentId> {
        documents
            .iter()
            .map(|name| ((*name).to_owned(), DocumentId::at(name)))
            .collect()
    }

    #[test]
    fn what_may_be_read_stays_as_it_was() {
        let answer = json!({
            "text": "A.", "claims": [claim("A.", &[citation("open", "now")])], "conflicts": [],
            "ledger": [{"chunk": "open", "title": "t"}], "message": null, "proof": {"schema": 1},
        });
        let (shown, hidden) = rights().shown(answer.clone(), &consulted(&["open"]));
        assert_eq!(shown, answer);
        assert!(!hidden.any() && hidden.words(Language::En).is_none());
    }

    #[test]
    fn a_sentence_goes_with_any_of_its_quotes_and_leaves_no_word() {
        let answer = json!({
            "text": "One. Two. 셋 🎉. Four. Five.",
            "claims": [
                claim("One.", &[citation("closed", "now")]),
                claim("Two.", &[citation("open", "now"), citation("deleted", "now")]),
                claim("셋 🎉.", &[citation("open", "now")]),
                claim("Four.", &[citation("open", "old")]),
                claim("Five.", &[citation("open", "lost")]),
                claim("Six.", &[json!({"document": "?"})]),
            ],
            "conflicts": [{"words": "secret", "sides": [
                {"citation": citation("open", "now")}, {"citation": citation("closed", "now")},
            ]}],
            "ledger": [
                {"chunk": "open", "title": "of open"}, {"chunk": "closed", "title": "of closed"},
                {"chunk": "unknown", "title": "of unknown"},
            ],
            "message": "searched: title of closed",
            "withheld": {"count": 1, "reasons": ["it says 15"]},
            "proof": {"schema": 1},
        });
        let (shown, hidden) = rights().shown(answer, &consulted(&["open", "closed"]));
        assert_eq!(
            hidden,
            Hidden {
                closed: 3,
                deleted: 2
            }
        );
        assert_eq!(shown["text"], "셋 🎉.");
        assert_eq!(shown["claims"].as_array().unwrap().len(), 1);
        assert_eq!(
            (&shown["claims"][0]["end"], &shown["claims"][0]["end_utf16"]),
            (&json!(4), &json!(5))
        );
        let text = shown.to_string();
        for gone in [
            "closed", "deleted", "secret", "unknown", "it says", "proof", "One", "Four",
        ] {
            assert!(!text.contains(gone), "{gone}: {text}");
        }
        let words = hidden.words(Language::Ko).unwrap();
        assert!(words.contains("권한") && words.contains("삭제"), "{words}");
    }

    #[test]
    fn documents_that_may_only_be_found_are_named_while_they_may() {
        let found =
            |name: &str| json!({"document": DocumentId::at(name).to_string(), "title": name});
        let answer =
            json!({"text": "", "claims": [], "findable": [found("open"), found("closed")]});
        let (shown, hidden) = rights().shown(answer, &consulted(&[]));
        assert_eq!(shown["findable"].as_array().unwrap().len(), 1);
        assert!(!shown.to_string().contains("closed") && !hidden.any());
    }

    #[test]
    fn a_suggestion_goes_with_the_version_that_it_comes_from() {
        let suggestion = |question: &str, document: &str, version: Option<&str>| Suggestion {
            question: question.to_owned(),
            document: DocumentId::at(document),
            version: version.map(version_of),
        };
        let shown = rights().open_suggestions(vec![
            suggestion("open", "open", Some("now")),
            suggestion("of a version that is closed", "open", Some("old")),
            suggestion("of a version that is gone", "open", Some("lost")),
            suggestion("of no version", "open", None),
            suggestion("closed", "closed", Some("now")),
            suggestion("deleted", "deleted", Some("now")),
        ]);
        assert_eq!(shown, ["open"]);
        // One that an older program kept.
        let kept = format!(
            r#"{{"question":"?","document":"{}"}}"#,
            DocumentId::at("open")
        );
        let kept: Suggestion = serde_json::from_str(&kept).unwrap();
        assert_eq!(kept.version, None);
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_not_taken_for_none() {
        assert_eq!(kept_filter(r#"{"tags":["hr"]}"#), json!({"tags": ["hr"]}));
        assert_ne!(kept_filter("{"), json!({}));
    }

    #[test]
    fn what_rests_on_nothing_goes_with_what_was_found() {
        let answer =
            json!({"text": "Maybe 15.", "claims": [claim("Maybe 15.", &[])], "ledger": []});
        let (shown, hidden) = rights().shown(answer.clone(), &consulted(&["open", "closed"]));
        assert_eq!((hidden.closed, shown["text"].as_str()), (1, Some("")));
        let (shown, _) = rights().shown(answer, &consulted(&["open"]));
        assert_eq!(shown["text"], "Maybe 15.");
        // It quotes what may be read, and the reason says what another document has.
        let mut wrong = claim("It is 15.", &[citation("open", "now")]);
        wrong["reason"] = json!({"code": "missing_fact", "words": "The document says 20."});
        let answer = json!({"text": "It is 15.", "claims": [wrong], "ledger": []});
        let (shown, hidden) = rights().shown(answer.clone(), &consulted(&["open", "closed"]));
        assert_eq!((hidden.closed, shown["text"].as_str()), (1, Some("")));
        let (shown, _) = rights().shown(answer, &consulted(&["open"]));
        assert_eq!(shown["text"], "It is 15.");
        let unknown = Rights::default().of_document(DocumentId::at("x"));
        assert_eq!(unknown, Access::Closed, "what was not looked up is closed");
    }
}
