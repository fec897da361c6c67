//! Quote mode: an answer made of the best sentences of the passages, word for word.
//!
//! It needs no language model and is honest about what it is. A sentence is scored by the
//! share of the question's content that it holds, rare words counting more, and by the
//! similarity of its vector to the question's. Where no passage holds enough of the question,
//! it writes nothing: the documents do not answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use ingest::{BackendError, PassageEmbedder, TokenCounter};
use regex::Regex;
use tokio::sync::mpsc;
use tracing::debug;

use super::config::AskConfig;
use super::types::{
    DraftPiece, DraftPieces, DraftSentence, Generator, Passage, Prompt, QueryEmbedder,
};
use crate::check::content;
use crate::index::{codes, words};

/// What quote mode is called among generators.
pub const QUOTE_MODE: &str = "quote";
/// Sentences whose vectors are compared with the question's.
const COMPARED: usize = 24;
/// A further sentence must be nearly as good as the best one.
const NEARLY: f32 = 0.85;
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

/// Makes vectors of questions and of sentences.
pub trait BothEmbedder: QueryEmbedder + PassageEmbedder {}

impl<T: QueryEmbedder + PassageEmbedder> BothEmbedder for T {}

/// Quote mode.
#[derive(Clone, Debug)]
pub struct QuoteGenerator {
    config: AskConfig,
    embedder: Option<Arc<dyn BothEmbedder>>,
    counter: Arc<dyn TokenCounter>,
}

#[derive(Debug)]
struct Candidate {
    number: u32,
    text: String,
    score: f32,
    /// Content of the question that the sentence itself holds.
    held: BTreeSet<String>,
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

impl QuoteGenerator {
    /// Quote mode; without a model it compares words only.
    #[must_use]
    pub fn new(
        config: AskConfig,
        embedder: Option<Arc<dyn BothEmbedder>>,
        counter: Arc<dyn TokenCounter>,
    ) -> Self {
        Self {
            config,
            embedder,
            counter,
        }
    }

    /// How likely it is that the passages answer the question, from 0 to 1; quote mode answers
    /// from `ask.evidence` on.
    ///
    /// # Errors
    /// When the model fails.
    pub async fn answerability(
        &self,
        question: &str,
        passages: &[Passage],
    ) -> Result<f32, BackendError> {
        Ok(self.candidates(question, passages).await?.0)
    }

    /// The best sentences, best first, and how likely it is that they answer.
    async fn candidates(
        &self,
        question: &str,
        passages: &[Passage],
    ) -> Result<(f32, Vec<Candidate>), BackendError> {
        let evidence = evidence(question, passages);
        if evidence == 0.0 {
            debug!(evidence, "the passages hold nothing of the question");
            return Ok((0.0, Vec::new()));
        }
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
                    score: (0.7 * own + 0.3 * about)
                        * if figures { 1.0 } else { NO_FIGURE }
                        * named,
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
                let similarity =
                    ((cosine - SIMILARITY.0) / (SIMILARITY.1 - SIMILARITY.0)).clamp(0.0, 1.0);
                candidate.score =
                    candidate.score * (1.0 - VECTOR_WEIGHT) + similarity * VECTOR_WEIGHT;
            }
            candidates.sort_by(|one, other| other.score.total_cmp(&one.score));
        }
        // Weighed on the questions of the sample handbook: the best sentence says most of it.
        let best = candidates.first().map_or(0.0, |best| best.score);
        let likely = evidence * 0.2 + best * 0.8;
        debug!(likely, evidence, best, "how likely the passages answer");
        Ok((likely, candidates))
    }

    async fn quotes(&self, prompt: &Prompt) -> Result<Vec<Candidate>, BackendError> {
        let (likely, candidates) = self
            .candidates(&prompt.question.text, &prompt.context.passages)
            .await?;
        if likely < self.config.evidence {
            return Ok(Vec::new());
        }
        let mut chosen: Vec<Candidate> = Vec::new();
        for candidate in candidates {
            let Some(best) = chosen.first() else {
                chosen.push(candidate);
                continue;
            };
            let repeats = chosen.iter().any(|other| other.text == candidate.text);
            let adds = candidate.number == best.number || !candidate.held.is_subset(&best.held);
            if chosen.len() < self.config.quotes.get()
                && candidate.score >= best.score * NEARLY
                && !repeats
                && adds
            {
                chosen.push(candidate);
            }
        }
        Ok(chosen)
    }
}

/// Lists of questions repeat what is asked without answering it.
fn is_question(text: &str) -> bool {
    text.trim_end().ends_with(['?', '？'])
}

#[async_trait]
impl Generator for QuoteGenerator {
    fn name(&self) -> &'static str {
        QUOTE_MODE
    }

    fn window(&self) -> Option<usize> {
        None
    }

    async fn count_tokens(&self, prompt: &Prompt) -> Result<usize, BackendError> {
        let passages = prompt.context.passages.iter();
        let texts = passages.map(|passage| passage.text.as_str());
        Ok(texts
            .chain([prompt.question.text.as_str()])
            .map(|text| self.counter.count(text))
            .sum())
    }

    async fn generate(&self, prompt: Prompt) -> Result<DraftPieces, BackendError> {
        let (sender, receiver) = mpsc::unbounded_channel();
        for quote in self.quotes(&prompt).await? {
            // The receiver is here still.
            let _ = sender.send(Ok(DraftPiece::Sentence(DraftSentence {
                text: quote.text,
                citations: vec![quote.number],
            })));
        }
        Ok(receiver)
    }

    async fn probabilities(&self, _: &str, _: &[&str]) -> Result<Option<Vec<f32>>, BackendError> {
        Ok(None)
    }
}
