//! How fast claims are judged.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, bail};
use ingest::sentence;
use serde::Serialize;

use super::{float, lines};
use crate::app::open_embedder;
use crate::check::Pair;
use crate::config::Config;
use crate::eval::percentile;
use crate::model::open_verifier;

/// Sentences of evidence.
const SENTENCES: usize = 3;

/// How fast claims are judged.
#[derive(Clone, Debug, Serialize)]
pub struct VerifyReport {
    /// Model and weights.
    pub verifier: String,
    /// What the embedding model runs on, and the built-in verifier with it.
    pub runs_on: String,
    /// Pairs in one request.
    pub pairs: usize,
    /// Requests.
    pub rounds: usize,
    /// Tokens of a pair on average as the embedding model counts them; 0 if there is none.
    pub pair_tokens: f64,
    /// One request: half take no longer, in milliseconds.
    pub p50_ms: f64,
    /// One request: 95 of 100 take no longer, in milliseconds.
    pub p95_ms: f64,
    /// Pairs judged in a second.
    pub pairs_per_second: f64,
    /// Tokens judged in a second.
    pub tokens_per_second: f64,
}

/// Judges sentences of `texts` by what stands before them, `pairs` in one request, `rounds` times.
///
/// # Errors
/// When there is no verifier or no sentence, or the model fails.
pub async fn verify(
    config: &Config,
    texts: &Path,
    pairs: usize,
    rounds: usize,
) -> anyhow::Result<VerifyReport> {
    let embedder = open_embedder(config).await?;
    let models = config.data.join("models");
    let verifier = open_verifier(&models, &config.models, embedder.as_ref())
        .await?
        .context("no verifier is configured")?;
    let all = all_pairs(&lines(texts)?);
    if all.is_empty() {
        bail!("{} has no two sentences", texts.display());
    }
    let mut tokens = 0;
    for pair in embedder.iter().flat_map(|_| &all) {
        for text in [&pair.evidence, &pair.claim] {
            let counted = embedder.as_ref().map(|model| model.passage_tokens(text));
            tokens += counted.transpose()?.map_or(0, |tokens| tokens.len());
        }
    }
    let pair_tokens = float(tokens) / float(all.len());
    let mut took = Vec::new();
    let mut request = all.iter().cycle();
    // The first request pays for memory that the later ones use again.
    for _ in 0..=rounds {
        let pairs: Vec<Pair> = request.by_ref().take(pairs).cloned().collect();
        let started = Instant::now();
        verifier.judge(&pairs).await?;
        took.push(started.elapsed());
    }
    took.remove(0);
    let seconds: f64 = took.iter().map(std::time::Duration::as_secs_f64).sum();
    took.sort();
    let pairs_per_second = float(pairs * rounds) / seconds;
    Ok(VerifyReport {
        verifier: verifier.name().to_owned(),
        runs_on: embedder.map_or_else(|| "nothing".to_owned(), |model| model.runs_on().to_owned()),
        pairs,
        rounds,
        pair_tokens,
        p50_ms: percentile(&took, 50),
        p95_ms: percentile(&took, 95),
        pairs_per_second,
        tokens_per_second: pairs_per_second * pair_tokens,
    })
}

/// Each sentence that follows others, with up to three before it.
fn all_pairs(texts: &[String]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for text in texts {
        let sentences = sentence::split(text);
        for (number, claim) in sentences.iter().enumerate().skip(1) {
            let first = &sentences[number.saturating_sub(SENTENCES)];
            pairs.push(Pair {
                evidence: text[first.start..claim.start].trim_end().to_owned(),
                claim: text[claim.clone()].to_owned(),
            });
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_judged_by_up_to_three_before_it() {
        let text = "가다. 나다. 다다. 라다. 마다.".to_owned();
        let pairs = all_pairs(&[text, "하나뿐이다.".to_owned()]);
        let seen: Vec<(&str, &str)> = pairs
            .iter()
            .map(|pair| (&pair.evidence[..], &pair.claim[..]))
            .collect();
        assert_eq!(
            seen,
            [
                ("가다.", "나다."),
                ("가다. 나다.", "다다."),
                ("가다. 나다. 다다.", "라다."),
                ("나다. 다다. 라다.", "마다.")
            ]
        );
    }
}
