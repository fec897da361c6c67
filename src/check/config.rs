//! `[check]`: how sentences are checked.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::judge::JudgeUse;
use super::weigh::thresholds;
use crate::language::Language;

/// `[check]`: the citation checker.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct CheckConfig {
    /// From this probability, 0 to 1, a sentence is supported; 0.5 if left out. Higher withholds
    /// more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supported: Option<f32>,
    /// From this probability it is partly supported; 0.4 if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<f32>,
    /// Whether strict mode lets the language model write a refused sentence again, once, from its
    /// evidence. What it writes is checked as any other.
    pub rewrite: bool,
    /// Claims that the language model judges as well: `off`, `borderline` or `all`.
    pub judge: JudgeUse,
    /// What the judge counts beside the rest, from 0 to 1.
    pub judge_weight: f32,
    /// The judge's yes is worth `sigmoid(judge_scale * logit + judge_shift)`.
    pub judge_scale: f32,
    /// See `judge_scale`.
    pub judge_shift: f32,
    /// How long the checking of one sentence may take; one that takes longer is unverified.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
}

impl Default for CheckConfig {
    fn default() -> Self {
        Self {
            supported: None,
            partial: None,
            rewrite: true,
            judge: JudgeUse::Off,
            judge_weight: 0.5,
            judge_scale: 1.0,
            judge_shift: 0.0,
            timeout: Duration::from_secs(30),
        }
    }
}

impl CheckConfig {
    /// Looks for values that mean nothing.
    ///
    /// # Errors
    /// When a probability is not between 0 and 1, or `partial` is over `supported`.
    pub fn validate(&self) -> Result<(), String> {
        for (name, value) in [
            ("supported", self.supported),
            ("partial", self.partial),
            ("judge_weight", Some(self.judge_weight)),
        ] {
            if let Some(value) = value.filter(|value| !(0.0..=1.0).contains(value)) {
                return Err(format!("`{name}` is {value}, not between 0 and 1"));
            }
        }
        for language in [Language::Ko, Language::En] {
            let (supported, partial) = self.thresholds(language);
            if partial > supported {
                return Err(format!(
                    "`partial` ({partial}) is over `supported` ({supported})"
                ));
            }
        }
        if !self.judge_scale.is_finite() || self.judge_scale <= 0.0 {
            return Err(format!("`judge_scale` is {}, not over 0", self.judge_scale));
        }
        if self.timeout.is_zero() {
            return Err("`timeout` is 0 s".to_owned());
        }
        Ok(())
    }

    /// The probabilities from which a claim is supported, and partly supported.
    pub(super) fn thresholds(&self, language: Language) -> (f32, f32) {
        let (supported, partial) = thresholds(language);
        let supported = self.supported.unwrap_or(supported);
        (supported, self.partial.unwrap_or(partial.min(supported)))
    }
}
