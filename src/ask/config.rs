//! `[ask]`: from question to passages.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

/// How two rankings become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fusion {
    /// Scores of each ranking brought to mean 0 and deviation 1, then added by weight. How
    /// far a passage stands out counts.
    #[default]
    Standardized,
    /// The sum of `weight / (60 + rank)` (Cormack and others, 2009). Only ranks count.
    ReciprocalRank,
}

/// `[ask]`: from question to passages.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct AskConfig {
    /// Chunks taken from each index. More finds more and costs a little time.
    pub hits_per_index: NonZeroUsize,
    /// How the two rankings become one.
    pub fusion: Fusion,
    /// The weight of vectors against words, 0 to 1.
    pub dense_weight: f32,
    /// Passages that an answer may rest on at most.
    pub passages: NonZeroUsize,
    /// Chunks before and after a hit that are joined to it.
    pub neighbours: u32,
    /// Tokens that all passages may have together.
    pub context_tokens: NonZeroUsize,
    /// Sentences that quote mode may quote in one answer.
    pub quotes: NonZeroUsize,
    /// How likely the passages must hold the answer, 0 to 1, before one is written. Higher
    /// abstains more often.
    pub evidence: f32,
}

impl Default for AskConfig {
    fn default() -> Self {
        let size = |value| NonZeroUsize::new(value).expect("a default is not zero");
        Self {
            hits_per_index: size(100),
            fusion: Fusion::Standardized,
            dense_weight: 0.5,
            passages: size(8),
            neighbours: 0,
            context_tokens: size(3_000),
            quotes: size(3),
            evidence: 0.425,
        }
    }
}

impl AskConfig {
    /// Looks for values that mean nothing.
    ///
    /// # Errors
    /// When a weight or share is not between 0 and 1.
    pub fn validate(&self) -> Result<(), String> {
        for (name, value) in [
            ("dense_weight", self.dense_weight),
            ("evidence", self.evidence),
        ] {
            if !(0.0..=1.0).contains(&value) {
                return Err(format!("`{name}` is {value}, not between 0 and 1"));
            }
        }
        Ok(())
    }
}
