//! How long the checking of a whole answer takes, and what each tier adds to it.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::bail;
use ingest::sentence;
use serde::Serialize;

use super::lines;
use crate::app::{open_checker, open_embedder};
use crate::ask::{Context, DraftSentence, Passage};
use crate::check::{Checker, Mode, Verdict};
use crate::config::Config;
use crate::eval::{percentile, tier_steps};
use crate::language::Language;

/// One sentence of so many cites a passage that does not say it.
const MISCITED: usize = 4;
/// One sentence of so many is of a text that is not among the passages.
const FOREIGN: usize = 5;

/// What answers are checked.
#[derive(Clone, Copy, Debug)]
pub struct CheckInput {
    /// Sentences of an answer.
    pub sentences: usize,
    /// Passages that it may rest on.
    pub passages: usize,
    /// Answers.
    pub rounds: usize,
}

/// How long checking takes.
#[derive(Clone, Debug, Serialize)]
pub struct CheckReport {
    /// The checker, with its models.
    pub checker: String,
    /// Sentences of an answer.
    pub sentences: usize,
    /// Passages that it may rest on.
    pub passages: usize,
    /// Answers.
    pub rounds: usize,
    /// With tiers added one by one; all of them last.
    pub tiers: Vec<CheckRow>,
}

/// How long answers take with some of the tiers, in milliseconds.
#[derive(Clone, Debug, Serialize)]
pub struct CheckRow {
    /// The tier that is added to those of the rows before.
    pub tiers: &'static str,
    /// Half of the answers take no longer.
    pub p50_ms: f64,
    /// 95 of 100 take no longer.
    pub p95_ms: f64,
    /// The longest.
    pub max_ms: f64,
    /// The share of sentences that are supported.
    pub supported: f64,
}

/// Checks answers made of sentences of `texts`, with a lead-in before each, so that none is a
/// quote. Each rests on its own passages; one sentence in four cites another of them, and one in
/// five is of none.
///
/// # Errors
/// When there are not enough texts, or a model cannot be used.
pub async fn check(
    config: &Config,
    texts: &Path,
    input: CheckInput,
) -> anyhow::Result<CheckReport> {
    let texts = lines(texts)?;
    if texts.len() <= input.passages {
        bail!(
            "there are {} texts, not enough for {} passages and one besides",
            texts.len(),
            input.passages
        );
    }
    let embedder = open_embedder(config).await?;
    let checker = open_checker(config, embedder.as_ref(), None)
        .await
        .map_err(anyhow::Error::msg)?;
    let answers: Vec<(Vec<DraftSentence>, Arc<Context>)> = (0..input.rounds)
        .map(|round| answer(&texts, round, input))
        .collect();
    let mut tiers = Vec::new();
    for (name, checker) in tier_steps(&checker) {
        tiers.push(row(name, &checker, &answers).await);
    }
    Ok(CheckReport {
        checker: checker.name().to_owned(),
        sentences: input.sentences,
        passages: input.passages,
        rounds: input.rounds,
        tiers,
    })
}

async fn row(
    tiers: &'static str,
    checker: &Checker,
    answers: &[(Vec<DraftSentence>, Arc<Context>)],
) -> CheckRow {
    let mut took = Vec::with_capacity(answers.len());
    let (mut all, mut supported) = (0, 0);
    // The first answer pays for memory that the later ones use again.
    for (number, (draft, context)) in answers.iter().take(1).chain(answers).enumerate() {
        let language = draft
            .first()
            .map_or(Language::En, |sentence| Language::of(&sentence.text));
        let (draft, context) = (draft.clone(), Arc::clone(context));
        let started = Instant::now();
        let answer = checker.check(draft, context, language, Mode::Marked).await;
        if number == 0 {
            continue;
        }
        took.push(started.elapsed());
        all += answer.sentences().len();
        supported += answer
            .sentences()
            .iter()
            .filter(|sentence| sentence.verdict() == Verdict::Supported)
            .count();
    }
    took.sort();
    CheckRow {
        tiers,
        p50_ms: percentile(&took, 50),
        p95_ms: percentile(&took, 95),
        max_ms: percentile(&took, 100),
        supported: super::float(supported) / super::float(all),
    }
}

/// The answer of a round, and its passages.
fn answer(texts: &[String], round: usize, input: CheckInput) -> (Vec<DraftSentence>, Arc<Context>) {
    let at = |offset: usize| &texts[(round * input.passages + offset) % texts.len()];
    let own: Vec<&String> = (0..input.passages).map(at).collect();
    let foreign = at(input.passages);
    let mut draft = Vec::with_capacity(input.sentences);
    for number in 0..input.sentences {
        let place = number % own.len();
        let is_foreign = number % FOREIGN == FOREIGN - 1;
        let text = if is_foreign { foreign } else { own[place] };
        let sentences = sentence::split(text);
        // Each time that a text comes round, its next sentence.
        let Some(span) = sentences.get(number / own.len() % sentences.len().max(1)) else {
            continue;
        };
        let sentence = text[span.clone()].trim();
        let cited = if number % MISCITED == MISCITED - 1 {
            (place + 1) % own.len()
        } else {
            place
        };
        draft.push(DraftSentence {
            text: match Language::of(sentence) {
                Language::Ko => format!("문서에 따르면 {sentence}"),
                Language::En => format!("According to the documents, {sentence}"),
            },
            citations: u32::try_from(cited + 1).into_iter().collect(),
        });
    }
    let context = Context {
        passages: own.into_iter().map(|text| Passage::alone(text)).collect(),
        ledger: Vec::new(),
    };
    (draft, Arc::new(context))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_as_long_as_asked_and_cite_passages_that_there_are() {
        let texts: Vec<String> = (0..20)
            .map(|number| format!("문서 {number}의 첫 문장이다. 다음 문장이다."))
            .collect();
        let input = CheckInput {
            sentences: 10,
            passages: 8,
            rounds: 5,
        };
        for round in 0..input.rounds {
            let (draft, context) = answer(&texts, round, input);
            assert_eq!((draft.len(), context.passages.len()), (10, 8));
            let mut foreign = 0;
            for sentence in &draft {
                assert!(context.passage(sentence.citations[0]).is_some());
                let said = sentence.text.strip_prefix("문서에 따르면 ").unwrap();
                let is_said = |passage: &Passage| passage.text.contains(said);
                foreign += usize::from(!context.passages.iter().any(is_said));
            }
            assert!(foreign <= 2, "{foreign}");
        }
    }
}
