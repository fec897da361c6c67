//! Whether the passages hold the answer: asked before anything is written, so that documents that
//! are silent cost no draft.
//!
//! The sentences of the passages are ranked by the share of the question's content that they
//! hold, rare words counting more, and the best ones by the similarity of their vectors to the
//! question's. Three signs are taken of them: how much of the question the best passage holds, how
//! good the best sentence is, and how near the nearest one. A logistic model makes a probability of
//! them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use ingest::{BackendError, PassageEmbedder};
use regex::Regex;
use tracing::debug;

use super::types::{Passage, QueryEmbedder};
use crate::check::content;
use crate::index::{codes, words};

/// Sentences whose vectors are compared with the question's.
const COMPARED: usize = 24;
/// What vectors weigh against words.
const VECTOR_WEIGHT: f32 = 0.5;
/// Similarity of vectors that have nothing to do with each other, and the most that is seen.
const SIMILARITY: (f32, f32) = (0.80, 0.96);

/// What a sentence is worth that names none of the part numbers that are asked for.
const OTHER_CODE: f32 = 0.4;
/// What a row of a table gains whose first cell is a part number that is asked for.
const OWN_ROW: f32 = 1.2;

/// What a sentence without a number is worth when a number is asked for.
const NO_FIGURE: f32 = 0.75;

static FIGURE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)얼마|며칠|몇|언제|시각|한도|how (?:much|many|long|large|often|far|old|late|soon)|when\b|price|limit|number of|which day")
        .expect("the pattern is fixed")
});

/// Weights of the signs: a constant, then `evidence`, `best` and `nearest`.
const WITH_VECTORS: (f32, f32, f32, f32) = (0.0, 0.0, 0.0, 0.0);
/// The same without vectors.
const WORDS_ONLY: (f32, f32, f32) = (0.0, 0.0, 0.0);

/// Makes vectors of questions and of sentences.
pub trait BothEmbedder: QueryEmbedder + PassageEmbedder {}

impl<T: QueryEmbedder + PassageEmbedder> BothEmbedder for T {}

/// Tells how likely it is that passages answer a question.
#[derive(Clone, Debug)]
pub struct Sufficiency {
    embedder: Option<Arc<dyn BothEmbedder>>,
}

/// What was found in the passages.
#[derive(Debug)]
pub(super) struct Found {
    /// How likely it is that they answer, from 0 to 1.
    pub(super) probability: f32,
    /// The sentences that answer best, best first.
    pub(super) candidates: Vec<Candidate>,
}

/// The signs that passages answer a question, each from 0 to 1.
#[derive(Clone, Copy, Debug)]
struct Signs {
    /// The share of the question's content that the best passage holds.
    evidence: f32,
    /// The score of the best sentence.
    best: f32,
    /// The cosine of the question's vector and the nearest sentence's; none without a model.
    nearest: Option<f32>,
}

impl Signs {
    /// The probability by the logistic models whose weights are above.
    fn probability(self) -> f32 {
        let Self {
            evidence,
            best,
            nearest,
        } = self;
        let weighed = match nearest {
            Some(nearest) => {
                WITH_VECTORS.0
                    + WITH_VECTORS.1 * evidence
                    + WITH_VECTORS.2 * best
                    + WITH_VECTORS.3 * nearest
            }
            None => WORDS_ONLY.0 + WORDS_ONLY.1 * evidence + WORDS_ONLY.2 * best,
        };
        1.0 / (1.0 + (-weighed).exp())
    }
}

impl Sufficiency {
    /// With a model that makes vectors; without one, words alone are compared.
    #[must_use]
    pub fn new(embedder: Option<Arc<dyn BothEmbedder>>) -> Self {
        Self { embedder }
    }

    /// The probability, from 0 to 1, that `passages` answer `question`; from `ask.evidence` on an
    /// answer is written. A code that is asked for and in no passage makes it 0.
    ///
    /// # Errors
    /// When the model fails.
    pub async fn score(&self, question: &str, passages: &[Passage]) -> Result<f32, BackendError> {
        Ok(self.look(question, passages).await?.probability)
    }

    /// The probability, and the sentences that it rests on.
    pub(super) async fn look(
        &self,
        question: &str,
        passages: &[Passage],
    ) -> Result<Found, BackendError> {
        let evidence = evidence(question, passages);
        if evidence == 0.0 {
            debug!(evidence, "the passages hold nothing of the question");
            return Ok(Found {
                probability: 0.0,
                candidates: Vec::new(),
            });
        }
        let mut candidates = candidates(question, passages);
        let mut nearest = None;
        if let Some(embedder) = &self.embedder {
            let texts: Vec<String> = candidates
                .iter()
                .map(|candidate| candidate.text.clone())
                .collect();
            let query = embedder.embed_query(question).await?;
            for (candidate, vector) in candidates
                .iter_mut()
                .zip(embedder.embed_passages(&texts).await?)
            {
                let cosine: f32 = query.iter().zip(&vector).map(|(one, two)| one * two).sum();
                nearest = Some(nearest.unwrap_or(-1.0_f32).max(cosine));
                let similarity =
                    ((cosine - SIMILARITY.0) / (SIMILARITY.1 - SIMILARITY.0)).clamp(0.0, 1.0);
                candidate.score =
                    candidate.score * (1.0 - VECTOR_WEIGHT) + similarity * VECTOR_WEIGHT;
            }
            candidates.sort_by(|one, other| other.score.total_cmp(&one.score));
        }
        let best = candidates.first().map_or(0.0, |best| best.score);
        let signs = Signs {
            evidence,
            best,
            nearest,
        };
        let probability = signs.probability();
        debug!(?signs, probability, "how likely the passages answer");
        Ok(Found {
            probability,
            candidates,
        })
    }
}

/// A sentence that may answer.
#[derive(Debug)]
pub(super) struct Candidate {
    /// The number of its passage, from 1.
    pub(super) number: u32,
    pub(super) text: String,
    pub(super) score: f32,
    /// Content of the question that the sentence itself holds.
    pub(super) held: BTreeSet<String>,
}

/// Words that questions are made of and answers are not.
static ASKING: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    "what how which who when where why much many does do is are can i we you my our get please tell me about there any \
     무엇 무슨 무엇인 엇인 얼마 마인 마나 나요 가요 인가 까요 습니 니까 어떻 떻게 어떤 언제 어디 누구 누가 며칠 칠인 칠이 \
     하나 되나 있나 알려 려줘 려주 주세 세요 줘 합니 됩니 인지 는지 몇 하면 할까 할수 해야 한지 은가 는가 대해 관해 경우"
        .split_whitespace()
        .collect()
});

/// The content of a question, each term with its weight: terms that few sentences hold
/// weigh more, and those that none holds most.
fn weights(question: &str, sentences: &[BTreeSet<String>]) -> BTreeMap<String, f32> {
    let mut terms: Vec<String> = content(question);
    if terms.iter().any(|term| !ASKING.contains(term.as_str())) {
        terms.retain(|term| !ASKING.contains(term.as_str()));
    }
    #[expect(clippy::cast_precision_loss, reason = "there are few sentences")]
    let count = sentences.len() as f32;
    terms
        .into_iter()
        .map(|term| {
            #[expect(clippy::cast_precision_loss, reason = "there are few sentences")]
            let having = sentences
                .iter()
                .filter(|terms| terms.contains(&term))
                .count() as f32;
            // A term that none holds may be an ending or another word for the same: it weighs as
            // much as one that a single sentence holds, not more.
            let having = having.max(1.0);
            let weight = (1.0 + (count - having + 0.5).max(0.5) / (having + 0.5)).ln();
            (term, weight)
        })
        .collect()
}

fn share(weights: &BTreeMap<String, f32>, held: impl Fn(&str) -> f32) -> f32 {
    let all: f32 = weights.values().sum();
    let there: f32 = weights
        .iter()
        .map(|(term, weight)| weight * held(term))
        .sum();
    there / all.max(f32::EPSILON)
}

fn terms_of(text: &str) -> BTreeSet<String> {
    words(text).into_iter().map(|token| token.text).collect()
}

/// The share of the question's content that the best passage holds, from 0 to 1. A code that
/// no passage holds makes it 0: what is said of another part number is no answer.
fn evidence(question: &str, passages: &[Passage]) -> f32 {
    let terms: Vec<BTreeSet<String>> = passages.iter().map(passage_terms).collect();
    let held: BTreeSet<String> = passages
        .iter()
        .flat_map(|passage| codes(&passage.text))
        .collect();
    if !codes(question).iter().all(|code| held.contains(code)) {
        return 0.0;
    }
    let weights = weights(question, &terms);
    terms
        .iter()
        .map(|terms| share(&weights, |term| f32::from(u8::from(terms.contains(term)))))
        .fold(0.0, f32::max)
}

fn passage_terms(passage: &Passage) -> BTreeSet<String> {
    let mut terms = terms_of(&passage.text);
    terms.extend(context_terms(passage));
    terms
}

fn context_terms(passage: &Passage) -> BTreeSet<String> {
    passage
        .heading_path
        .iter()
        .chain([&passage.title])
        .flat_map(|heading| terms_of(heading))
        .collect()
}

/// The sentences that hold most of the question, best first.
fn candidates(question: &str, passages: &[Passage]) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    let sentence_terms: Vec<BTreeSet<String>> = passages
        .iter()
        .flat_map(|passage| {
            passage
                .sentences
                .iter()
                .map(|span| terms_of(&passage.text[span.clone()]))
        })
        .collect();
    let weights = weights(question, &sentence_terms);
    let wants_figure = FIGURE.is_match(question);
    let asked: BTreeSet<String> = codes(question).into_iter().collect();
    let mut terms = sentence_terms.into_iter();
    for (number, passage) in (1_u32..).zip(passages) {
        let context = context_terms(passage);
        let all = passage_terms(passage);
        // A sentence in a passage that is about the question is worth more than one in another.
        let about = share(&weights, |term| f32::from(u8::from(all.contains(term))));
        // The header of the table whose rows are being read.
        let mut header: Option<BTreeSet<String>> = None;
        for (index, span) in passage.sentences.iter().enumerate() {
            let Some(held) = terms.next() else { break };
            let text = &passage.text[span.clone()];
            let is_row = text.contains('\t');
            let opens_table = is_row && header.is_none();
            if !is_row {
                header = None;
            } else if opens_table {
                header = Some(held.clone());
            }
            let followed = passage
                .sentences
                .get(index + 1)
                .is_some_and(|next| passage.text[next.clone()].contains('\t'));
            let is_heading = passage
                .heading_path
                .iter()
                .any(|heading| heading.trim() == text.trim());
            if is_heading
                || text.trim().chars().count() < 4
                || is_question(text)
                || opens_table && followed
            {
                continue;
            }
            let own = share(&weights, |term| {
                if held.contains(term) {
                    1.0
                } else if header.as_ref().is_some_and(|header| header.contains(term)) {
                    0.9
                } else if context.contains(term) {
                    0.6
                } else {
                    0.0
                }
            });
            let figures = !wants_figure || text.chars().any(char::is_numeric);
            let first_cell = text.split('\t').next().unwrap_or_default().trim();
            let named = if asked.is_empty() {
                1.0
            } else if is_row && asked.contains(&first_cell.to_lowercase()) {
                OWN_ROW
            } else if codes(text).iter().any(|code| asked.contains(code)) {
                1.0
            } else {
                OTHER_CODE
            };
            candidates.push(Candidate {
                number,
                // A row of a table is one sentence: a draft has no tabs or line breaks.
                text: text.split_whitespace().collect::<Vec<_>>().join(" "),
                score: (0.7 * own + 0.3 * about) * if figures { 1.0 } else { NO_FIGURE } * named,
                held: weights
                    .keys()
                    .filter(|term| held.contains(*term))
                    .cloned()
                    .collect(),
            });
        }
    }
    candidates.sort_by(|one, other| other.score.total_cmp(&one.score));
    candidates.truncate(COMPARED);
    candidates
}

/// Lists of questions repeat what is asked without answering it.
fn is_question(text: &str) -> bool {
    text.trim_end().ends_with(['?', '？'])
}
