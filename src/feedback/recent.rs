//! The passages of recent answers, until somebody judges one.
//!
//! An answer goes out without the passages that it quotes nothing of, and training needs all of
//! them. They are kept in memory for the last answers; of an older one they are looked up in the
//! catalogue, as long as it still gives the same ones.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use ingest::{ChunkId, ContentHash};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::types::KeptSentence;
use crate::app::App;
use crate::ask::{Context, Fused, Reader, pack};
use crate::check::{Answer, CheckedSentence};

/// Answers that are kept in mind: with a hundred askers, those of the last minutes.
const KEPT: usize = 256;

/// Answers that were given a while ago.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    order: VecDeque<ContentHash>,
    answers: HashMap<ContentHash, Arc<RecentAnswer>>,
}

/// What an answer does not show.
#[derive(Clone, Debug)]
pub(super) struct RecentAnswer {
    pub(super) context: Arc<Context>,
    pub(super) withheld: Vec<KeptSentence>,
}

/// Names an answer by what both it and its JSON have: question, passages and sentences.
fn name<'a>(
    question: &str,
    chunks: impl Iterator<Item = (String, Option<u64>)>,
    sentences: impl Iterator<Item = &'a str>,
) -> ContentHash {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update(text.len().to_le_bytes());
        hash.update(text.as_bytes());
    };
    add(question);
    for (chunk, passage) in chunks {
        add(&chunk);
        add(&format!("{passage:?}"));
    }
    add("sentences");
    sentences.for_each(&mut add);
    ContentHash::of(&hash.finalize())
}

/// The chunks of the ledger of an answer's JSON, and the passages they are in.
fn ledger(body: &Value) -> impl Iterator<Item = (String, Option<u64>)> {
    let entries = body["ledger"].as_array().into_iter().flatten();
    entries.map(|entry| {
        let chunk = entry["chunk"].as_str().unwrap_or_default().to_owned();
        (chunk, entry["passage"].as_u64())
    })
}

/// The question that a draft was written for: as it was understood from its conversation.
pub(super) fn searched(body: &Value) -> &str {
    let searched = body["searched_for"].as_str();
    searched
        .or_else(|| body["question"].as_str())
        .unwrap_or_default()
}

fn named(body: &Value) -> ContentHash {
    let claims = body["claims"].as_array().into_iter().flatten();
    name(
        searched(body),
        ledger(body),
        claims.map(|claim| claim["text"].as_str().unwrap_or_default()),
    )
}

impl Recent {
    /// Keeps what an answer does not show.
    pub(crate) fn keep(&self, question: &str, answer: &Answer, context: Arc<Context>) {
        let chunks = answer.ledger().iter().map(|entry| {
            let passage = entry.outcome.ok().map(u64::from);
            (entry.chunk.to_string(), passage)
        });
        let sentences = answer.sentences().iter().map(CheckedSentence::text);
        let name = name(question, chunks, sentences);
        let withheld = answer.withheld().iter();
        let recent = RecentAnswer {
            context,
            withheld: withheld
                .map(|sentence| KeptSentence::new(sentence, false))
                .collect(),
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.answers.insert(name, Arc::new(recent)).is_none() {
            kept.order.push_back(name);
        }
        if kept.order.len() > KEPT
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.answers.remove(&oldest);
        }
    }

    fn find(&self, body: &Value) -> Option<Arc<RecentAnswer>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.answers.get(&named(body)).cloned()
    }
}

/// The passages of an answer that is genuine, as far as they are known; `reader` is who judges it.
pub(super) async fn passages_of(
    app: &App,
    body: &Value,
    reader: &Reader,
) -> Result<Option<Arc<RecentAnswer>>, sqlx::Error> {
    if let Some(recent) = app.recent().find(body) {
        return Ok(Some(recent));
    }
    let entries: Vec<(String, Option<u64>)> = ledger(body).collect();
    let packed = entries.iter().filter(|(_, passage)| passage.is_some());
    let mut fused = Vec::new();
    for (at, (chunk, _)) in packed.enumerate() {
        let Ok(chunk) = chunk.parse::<ChunkId>() else {
            return Ok(None);
        };
        #[expect(clippy::cast_precision_loss, reason = "there are few")]
        let score = 1.0 / (at + 1) as f32;
        fused.push(Fused {
            chunk,
            score,
            ranks: Vec::new(),
        });
    }
    let context = pack(app.library().catalogue(), &fused, reader, &app.config().ask).await?;
    let found: Vec<(String, Option<u64>)> = context
        .ledger
        .iter()
        .map(|entry| (entry.chunk.to_string(), entry.outcome.ok().map(u64::from)))
        .collect();
    let wanted: Vec<_> = entries
        .into_iter()
        .filter(|(_, passage)| passage.is_some())
        .collect();
    // Whatever changed since: the numbers would stand for other passages.
    let is_same = found == wanted && quotes_stand(body, &context);
    Ok((is_same && !context.passages.is_empty()).then(|| {
        Arc::new(RecentAnswer {
            context: Arc::new(context),
            withheld: Vec::new(),
        })
    }))
}

/// Whether every quote stands in the passage whose number it has.
fn quotes_stand(body: &Value, context: &Context) -> bool {
    let claims = body["claims"].as_array().into_iter().flatten();
    let mut citations =
        claims.flat_map(|claim| claim["citations"].as_array().into_iter().flatten());
    citations.all(|citation| {
        let number = citation["number"]
            .as_u64()
            .and_then(|n| u32::try_from(n).ok());
        let passage = number.and_then(|number| context.passage(number));
        passage.is_some_and(|passage| {
            passage.version.to_string() == citation["version"].as_str().unwrap_or_default()
                && passage
                    .text
                    .contains(citation["quote"].as_str().unwrap_or("\0"))
        })
    })
}
