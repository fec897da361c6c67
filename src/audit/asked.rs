//! The entries of a question and its answer.

use std::collections::{BTreeMap, BTreeSet};

use ingest::ContentHash;
use serde_json::{Value, json};

use super::config::Questions;
use super::entry::{Action, Event};
use super::writer::Audit;
use crate::ask::{Passage, Question};
use crate::check::{Answer, CheckedSentence, Citation, ConflictSide, Mode};

/// A question that is being answered. However it ends, the log tells it.
#[derive(Debug)]
pub(crate) struct Asked {
    audit: Audit,
    actor: String,
    id: String,
    is_told: bool,
}

impl Asked {
    /// Tells the log that `actor` asks.
    pub(crate) fn new(audit: &Audit, actor: &str, question: &Question, mode: Mode) -> Self {
        let id = uuid::Uuid::new_v4().simple().to_string();
        let event = Event::new(actor, Action::Question, &id)
            .with(
                "sha256",
                ContentHash::of(question.text.as_bytes()).to_string(),
            )
            .with("mode", mode)
            .with("language", question.language.tag());
        let event = match &question.adapter {
            Some(adapter) => event.with("adapter", adapter),
            None => event,
        };
        audit.note(match audit.questions() {
            Questions::Hash => event,
            Questions::Text => event.with("text", &question.text),
        });
        Self {
            audit: audit.clone(),
            actor: actor.to_owned(),
            id,
            is_told: false,
        }
    }

    /// Tells the log what was answered: how many sentences have which verdict, and which versions of which
    /// documents they quote.
    pub(crate) fn answered(mut self, answer: &Answer) {
        let outcome = if answer.abstained() {
            "abstained"
        } else {
            "answered"
        };
        let event = self
            .event(outcome)
            .with("verdicts", verdicts(answer.sentences()))
            .with("withheld", verdicts(answer.withheld()))
            .with("evidence", evidence(answer));
        self.tell(event);
    }

    /// Tells the log that there is no answer.
    pub(crate) fn failed(mut self) {
        let event = self.event("failed");
        self.tell(event);
    }

    fn event(&self, outcome: &str) -> Event {
        Event::new(&*self.actor, Action::Answer, &self.id).with("outcome", outcome)
    }

    fn tell(&mut self, event: Event) {
        self.is_told = true;
        self.audit.note(event);
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if !self.is_told {
            let event = self.event("left");
            self.tell(event);
        }
    }
}

/// Tells the log that `actor` was shown passages: which versions of which documents, or that the
/// search failed. `text` is what they looked for.
pub(crate) fn searched(audit: &Audit, actor: &str, text: &str, found: Option<&[Passage]>) {
    let id = uuid::Uuid::new_v4().simple().to_string();
    let event = Event::new(actor, Action::Search, id)
        .with("sha256", ContentHash::of(text.as_bytes()).to_string());
    let event = match audit.questions() {
        Questions::Hash => event,
        Questions::Text => event.with("text", text),
    };
    audit.note(match found {
        None => event.with("outcome", "failed"),
        Some(passages) => {
            let of =
                |passage: &Passage| (passage.document.to_string(), passage.version.to_string());
            let shown = named(passages.iter().map(of).collect());
            event.with("outcome", "found").with("evidence", shown)
        }
    });
}

fn verdicts(sentences: &[CheckedSentence]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for sentence in sentences {
        if let Ok(Value::String(verdict)) = serde_json::to_value(sentence.verdict()) {
            *counts.entry(verdict).or_default() += 1;
        }
    }
    counts
}

fn evidence(answer: &Answer) -> Vec<Value> {
    let sentences = answer
        .sentences()
        .iter()
        .flat_map(CheckedSentence::citations);
    let conflicts = answer.conflicts().iter().flat_map(|conflict| {
        let sides = conflict.sides();
        sides.iter().map(ConflictSide::citation)
    });
    let of = |citation: &Citation| {
        (
            citation.document().to_string(),
            citation.version().to_string(),
        )
    };
    named(sentences.chain(conflicts).map(of).collect())
}

/// Versions of documents, as the log has them.
fn named(versions: BTreeSet<(String, String)>) -> Vec<Value> {
    versions
        .into_iter()
        .map(|(document, version)| json!({ "document": document, "version": version }))
        .collect()
}
