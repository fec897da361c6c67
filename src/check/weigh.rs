//! From what the tiers saw to one probability that a claim is supported.
//!
//! A logistic model for each language, fitted on pairs that were held out when the verifier was
//! trained, on public sets and on claims beside evidence of something else
//! (`examples/train_verifier/calibrate.py`). A claim is supported where that is more likely than
//! not, whatever the documents are about. Without a verifier words and vectors hardly tell what is
//! supported; their models are set by hand, so that most of a claim must stand there.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::language::Language;

/// What the tiers saw of a claim and its best evidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Weighed {
    /// The share of the claim's content that the evidence holds, rare words counting more.
    pub coverage: f32,
    /// The cosine of their vectors; none without an embedding model, or where it was not asked.
    pub cosine: Option<f32>,
    /// The verifier's probability that the claim follows.
    pub entailed: Option<f32>,
    /// ... that the evidence says otherwise.
    pub contradicted: Option<f32>,
    /// ... that a word of the claim is not held, for the word where it is highest.
    pub word: Option<f32>,
    /// Whether one denies and the other does not.
    pub opposite: bool,
    /// Whether it has figures or other hard facts, all of which stand in the evidence.
    pub figures: bool,
    /// The language model's probability of yes.
    pub judged: Option<f32>,
}

/// Which tiers take part. All do but when they are measured one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each tier takes part or does not"
)]
pub struct Tiers {
    /// Hard facts.
    pub facts: bool,
    /// Vectors.
    pub vectors: bool,
    /// The verifier.
    pub verifier: bool,
    /// The language model as judge.
    pub judge: bool,
}

impl Default for Tiers {
    fn default() -> Self {
        Self {
            facts: true,
            vectors: true,
            verifier: true,
            judge: true,
        }
    }
}

/// What was fitted, as `calibrate.py` writes it.
#[derive(Debug, Deserialize)]
struct Calibration {
    languages: BTreeMap<String, Fits>,
}

#[derive(Debug, Deserialize)]
struct Fits {
    /// From this probability a claim is supported.
    supported: f32,
    /// From this one it is partly supported.
    partial: f32,
    /// Words alone; words and vectors; with the verifier.
    words: Fit,
    vectors: Fit,
    verifier: Fit,
}

/// Coefficients of a logistic model; what a tier does not give counts nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Fit {
    bias: f32,
    coverage: f32,
    cosine: f32,
    entailed: f32,
    contradicted: f32,
    word: f32,
    opposite: f32,
    figures: f32,
}

static CALIBRATION: LazyLock<Calibration> = LazyLock::new(|| {
    serde_json::from_str(include_str!("calibration.json")).expect("the file is tested")
});

fn fits(language: Language) -> &'static Fits {
    let name = match language {
        Language::Ko => "ko",
        Language::En => "en",
    };
    &CALIBRATION.languages[name]
}

/// The probabilities from which a claim in `language` is supported, and partly supported.
pub(super) fn thresholds(language: Language) -> (f32, f32) {
    let fits = fits(language);
    (fits.supported, fits.partial)
}

/// A claim is at most so many times as likely as the verifier holds that it is entailed: what it
/// gives less than one in ten is not supported, whatever else speaks for it.
const CEILING: f32 = 5.0;
/// Under this coverage a claim and its evidence share hardly a word: they are of different things,
/// or in other words or another language, and it is at most as likely.
const APART: f32 = 0.12;

fn logit(probability: f32) -> f32 {
    let clamped = probability.clamp(0.001, 0.999);
    (clamped / (1.0 - clamped)).ln()
}

/// A similarity of vectors between that of texts that have nothing to do with each other and the
/// most; multilingual-e5 leaves little room between.
fn spread(cosine: f32) -> f32 {
    const SIMILARITY: (f32, f32) = (0.78, 0.97);
    ((cosine - SIMILARITY.0) / (SIMILARITY.1 - SIMILARITY.0)).clamp(0.0, 1.0)
}

impl Weighed {
    /// The probability that the claim is supported. What a language model judged stands beside
    /// the rest with `weight`, from 0 to 1.
    pub(super) fn probability(&self, language: Language, weight: f32) -> f32 {
        let fits = fits(language);
        let fit = match (self.entailed, self.cosine) {
            (Some(_), _) => &fits.verifier,
            (None, Some(_)) => &fits.vectors,
            (None, None) => &fits.words,
        };
        let mut sum = fit.bias + fit.coverage * self.coverage;
        sum += fit.cosine * self.cosine.map_or(0.0, spread);
        sum += fit.entailed * self.entailed.map_or(0.0, logit);
        sum += fit.contradicted * self.contradicted.map_or(0.0, logit);
        sum += fit.word * self.word.map_or(0.0, logit);
        sum += fit.opposite * f32::from(u8::from(self.opposite));
        sum += fit.figures * f32::from(u8::from(self.figures));
        if let Some(judged) = self.judged {
            sum = sum * (1.0 - weight) + logit(judged) * weight;
        }
        let probability = 1.0 / (1.0 + (-sum).exp());
        match (self.entailed, self.judged) {
            (Some(entailed), None) => {
                let times = if self.coverage < APART { 1.0 } else { CEILING };
                probability.min(times * entailed)
            }
            _ => probability,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_evidence_is_never_less_likely() {
        for language in [Language::Ko, Language::En] {
            let (supported, partial) = thresholds(language);
            assert!(0.0 < partial && partial <= supported && supported < 1.0);
            for (entailed, cosine) in [(None, None), (None, Some(0.9)), (Some(0.5), None)] {
                let weighed = |coverage| Weighed {
                    coverage,
                    cosine,
                    entailed,
                    contradicted: entailed.map(|_| 0.1),
                    word: entailed.map(|_| 0.1),
                    ..Weighed::default()
                };
                let of = |coverage| weighed(coverage).probability(language, 0.5);
                assert!(of(0.2) <= of(0.9), "{language:?} {entailed:?} {cosine:?}");
            }
            let sure = |entailed| Weighed {
                coverage: 0.7,
                entailed: Some(entailed),
                contradicted: Some((1.0 - entailed) / 2.0),
                word: Some(1.0 - entailed),
                ..Weighed::default()
            };
            assert!(sure(0.99).probability(language, 0.5) > supported);
            assert!(sure(0.01).probability(language, 0.5) < partial);
            // Neither entailed nor denied, whatever the rest says for it.
            for (coverage, entailed) in [(0.05, 0.3), (0.5, 0.05), (1.0, 0.05)] {
                let neutral = Weighed {
                    coverage,
                    entailed: Some(entailed),
                    contradicted: Some(0.001),
                    word: Some(0.99),
                    figures: true,
                    ..Weighed::default()
                };
                assert!(neutral.probability(language, 0.5) < supported);
            }
        }
    }

    #[test]
    fn a_judge_pulls_the_probability_its_way() {
        let plain = Weighed {
            coverage: 0.5,
            entailed: Some(0.5),
            ..Weighed::default()
        };
        let with = |judged| Weighed {
            judged: Some(judged),
            ..plain
        };
        let of = |weighed: Weighed| weighed.probability(Language::En, 0.5);
        assert!(of(with(0.999)) > of(plain) && of(with(0.001)) < of(plain));
        assert!(
            (with(0.001).probability(Language::En, 0.0) - plain.probability(Language::En, 0.0))
                .abs()
                < 1e-6
        );
    }
}
