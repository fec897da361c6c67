//! Whether the passages hold the answer: asked before anything is written, so that documents that
//! are silent cost no draft.
//!
//! The sentences of the passages are ranked by the share of the question's content that they
//! hold, rare words counting more, and the best ones by the similarity of their vectors to the
//! question's too. A logistic model makes a probability of how good the best one is before and
//! after the vectors are looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use ingest::{BackendError, PassageEmbedder};
use regex::Regex;
use tracing::debug;

use super::types::{Passage, QueryEmbedder};
use crate::check::{Asked, content, is_row, row_with_header, table_headers};
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

/// Codes that are figures with their units, or dates: documents write them in other ways.
static FIGURE_LIKE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\d[\d.,]*[a-z]{0,4}$|^(?:19|20)\d\d[-./]\d{1,2}(?:[-./]\d{1,2})?$")
        .expect("the pattern is fixed")
});

/// What a sentence is worth that has no figure of the kind that is asked for.
const NO_FIGURE: f32 = 0.5;

/// What the best passage counts beside the best sentence.
const PASSAGE: f32 = 0.2;
/// The logistic model: a constant, the weight of the best sentence by words and vectors, and that
/// of the best one by words alone, which is against it: long passages hold the words of any
/// question by chance, so that words count less here than in the choice of sentences.
///
/// The ratio of the weights was chosen, and the scale fitted (each set and each answer in it
/// weighing the same), on MTRAG-UN, on `KorQuAD` without half of its paragraphs, and on the
/// questions of the sample handbook, by the embedding model that is the default.
const WITH_VECTORS: [f32; 3] = [-3.8, 15.0, -6.0];
/// The same without vectors: a constant, and the weight of the best sentence by words.
const WORDS_ONLY: [f32; 2] = [-2.4, 5.1];

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

/// The probability by the best sentence's score by words, and by words and vectors.
fn probability(by_words: f32, by_both: Option<f32>) -> f32 {
    let weighed = match (by_both, WITH_VECTORS, WORDS_ONLY) {
        (Some(by_both), [constant, both, words], _) => constant + both * by_both + words * by_words,
        (None, _, [constant, words]) => constant + words * by_words,
    };
    1.0 / (1.0 + (-weighed).exp())
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
        let of_best = |candidates: &[Candidate]| {
            let best = candidates.first().map_or(0.0, |best| best.score);
            PASSAGE * evidence + (1.0 - PASSAGE) * best
        };
        let by_words = of_best(&candidates);
        let mut by_both = None;
        if let Some(embedder) = &self.embedder {
            let texts: Vec<String> = candidates
                .iter()
                .map(|candidate| candidate.read.as_ref().unwrap_or(&candidate.text).clone())
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
            by_both = Some(of_best(&candidates));
        }
        let probability = probability(by_words, by_both);
        debug!(
            by_words,
            by_both, probability, "how likely the passages answer"
        );
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
    /// A row of a table as it is understood: with the names of its columns.
    pub(super) read: Option<String>,
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
    // What is said ten times is no less telling than what is said once.
    let sentences: BTreeSet<&BTreeSet<String>> = sentences.iter().collect();
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

/// The codes that a question asks for.
fn part_numbers(question: &str) -> impl Iterator<Item = String> {
    let codes = codes(question).into_iter();
    codes.filter(|code| !FIGURE_LIKE.is_match(code))
}

/// The share of the question's content that the best passage holds, from 0 to 1. A code that
/// no passage holds makes it 0: what is said of another part number is no answer.
fn evidence(question: &str, passages: &[Passage]) -> f32 {
    let terms: Vec<BTreeSet<String>> = passages.iter().map(passage_terms).collect();
    let held: BTreeSet<String> = passages
        .iter()
        .flat_map(|passage| codes(&passage.text))
        .collect();
    if part_numbers(question).any(|code| !held.contains(&code)) {
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
    let figure = Asked::of(question);
    let asked: BTreeSet<String> = part_numbers(question).collect();
    let mut terms = sentence_terms.into_iter();
    for (number, passage) in (1_u32..).zip(passages) {
        let context = context_terms(passage);
        let all = passage_terms(passage);
        // A sentence in a passage that is about the question is worth more than one in another.
        let about = share(&weights, |term| f32::from(u8::from(all.contains(term))));
        let headers = table_headers(passage);
        let mut header: Option<(usize, BTreeSet<String>)> = None;
        for (index, span) in passage.sentences.iter().enumerate() {
            let Some(held) = terms.next() else { break };
            let text = &passage.text[span.clone()];
            let is_row = is_row(text);
            if let Some(above) = headers[index]
                && header.as_ref().is_none_or(|(known, _)| *known != above)
            {
                let span = passage.sentences[above].clone();
                header = Some((above, terms_of(&passage.text[span])));
            }
            let columns = headers[index].and(header.as_ref()).map(|(_, terms)| terms);
            let is_header = headers.get(index + 1) == Some(&Some(index));
            let is_heading = passage
                .heading_path
                .iter()
                .any(|heading| heading.trim() == text.trim());
            if is_heading || text.trim().chars().count() < 4 || is_question(text) || is_header {
                continue;
            }
            let own = share(&weights, |term| {
                if held.contains(term) {
                    1.0
                } else if columns.is_some_and(|columns| columns.contains(term)) {
                    0.9
                } else if context.contains(term) {
                    0.6
                } else {
                    0.0
                }
            });
            let figures = figure
                .as_ref()
                .is_none_or(|figure| figure.may_be_answered_by(text));
            let first_cell = text.split(['\t', '|']).find(|cell| !cell.trim().is_empty());
            let first_cell = first_cell.unwrap_or_default().trim();
            let named = if asked.is_empty() {
                1.0
            } else if is_row && asked.contains(&first_cell.to_lowercase()) {
                OWN_ROW
            } else if codes(text).iter().any(|code| asked.contains(code)) {
                1.0
            } else {
                OTHER_CODE
            };
            let read = headers[index].map(|above| {
                let header = &passage.text[passage.sentences[above].clone()];
                row_with_header(header, text)
            });
            candidates.push(Candidate {
                number,
                read: read.filter(|read| !read.is_empty()),
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

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use ingest::Vector;

    use super::*;

    const LEAVE: &str =
        "입사 1년 미만 직원의 연차휴가는 최대 11일이다. 반차는 사용일 전날까지 신청한다.";
    const TRAVEL: &str = "Meals abroad are paid up to USD 90 a day. Receipts are handed in within 10 working days. The code of the form is PPR-9087.";

    #[test]
    fn a_figure_with_its_unit_is_no_part_number() {
        for question in [
            "첨부 파일은 500MB까지 되나요?",
            "Can I leave at 3pm?",
            "2024-03-01에 바뀐 규정은 무엇인가요?",
        ] {
            assert_eq!(part_numbers(question).next(), None, "{question}");
        }
        assert_eq!(
            part_numbers("What is PPR-9087, and 02-123-4567?").collect::<Vec<_>>(),
            ["ppr-9087", "02-123-4567"]
        );
    }

    /// Puts texts with the word on one axis and all others on another, a bit apart.
    #[derive(Debug)]
    struct ByWord(&'static str);

    impl ByWord {
        fn vector(&self, text: &str) -> Vector {
            if text.contains(self.0) {
                vec![1.0, 0.0]
            } else {
                vec![0.8, 0.6]
            }
        }
    }

    #[async_trait]
    impl QueryEmbedder for ByWord {
        async fn embed_query(&self, _: &str) -> Result<Vector, BackendError> {
            Ok(vec![1.0, 0.0])
        }
    }

    #[async_trait]
    impl PassageEmbedder for ByWord {
        async fn embed_passages(&self, passages: &[String]) -> Result<Vec<Vector>, BackendError> {
            Ok(passages.iter().map(|text| self.vector(text)).collect())
        }

        fn model(&self) -> &'static str {
            "by word"
        }
    }

    async fn by_words(question: &str) -> f32 {
        let passages = [Passage::alone(LEAVE), Passage::alone(TRAVEL)];
        Sufficiency::new(None)
            .score(question, &passages)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn questions_that_the_passages_answer_are_likelier_than_others() {
        for (answered, silent) in [
            (
                "입사 1년 미만 직원의 연차휴가는 최대 며칠인가요?",
                "회사 주차장 요금은 얼마인가요?",
            ),
            (
                "How much is paid for meals abroad a day?",
                "How much is a parking space a month?",
            ),
        ] {
            let (yes, no) = (by_words(answered).await, by_words(silent).await);
            assert!(yes > no, "{answered} {yes} {no}");
            let threshold = crate::ask::AskConfig::default().evidence;
            assert!(yes >= threshold && no < threshold, "{answered} {yes} {no}");
        }
    }

    #[tokio::test]
    async fn a_code_that_no_passage_holds_is_not_answered() {
        assert!(by_words("What is the form PPR-9087?").await > 0.0);
        assert!(by_words("What is the form PPR-9088?").await.abs() < f32::EPSILON);
        let nothing = Sufficiency::new(None).score("연차는?", &[]).await.unwrap();
        assert!(nothing.abs() < f32::EPSILON);
    }

    #[tokio::test]
    async fn a_nearer_sentence_makes_an_answer_likelier() {
        let passages = [Passage::alone(LEAVE)];
        let score = async |word| {
            let sufficiency = Sufficiency::new(Some(Arc::new(ByWord(word))));
            sufficiency
                .score("연차휴가는 며칠?", &passages)
                .await
                .unwrap()
        };
        let (near, far) = (score("연차휴가").await, score("nowhere").await);
        assert!(near > far, "{near} {far}");
        assert!((0.0..=1.0).contains(&near) && (0.0..=1.0).contains(&far));
    }
}
