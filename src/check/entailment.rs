//! The second tier: whether evidence entails a claim, as a cross-encoder sees it.

use std::fmt::Debug;

use async_trait::async_trait;
use ingest::{BackendError, Span};

/// A claim and the text that it should follow from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// One to three sentences of a passage, the headings above them before; rows of a table with
    /// the names of their columns.
    pub evidence: String,
    /// A sentence, or a clause of one that stands alone, with figures as the evidence writes them.
    pub claim: String,
}

/// What a verifier says of a pair. The three probabilities sum to one.
#[derive(Clone, Debug, PartialEq)]
pub struct Entailment {
    /// That the claim follows from the evidence.
    pub entailed: f32,
    /// That the evidence does not say.
    pub neutral: f32,
    /// That the evidence says otherwise.
    pub contradicted: f32,
    /// The words of the claim, in bytes of it, each with the probability that the evidence does
    /// not hold it; empty where the model does not look at words.
    pub words: Vec<(Span, f32)>,
}

/// Judges claims by their evidence.
///
/// Judgements come in the order of the pairs, one for each. A pair that is longer than the model
/// reads loses whole sentences of its evidence, those furthest from the claim first; a verifier
/// never cuts within a sentence unless a single one is too long.
#[async_trait]
pub trait Verifier: Debug + Send + Sync {
    /// Names model and weights, such as `builtin-1`: judgements of another are not comparable.
    fn name(&self) -> &str;

    /// Judges.
    ///
    /// # Errors
    /// When the model fails or is busy.
    async fn judge(&self, pairs: &[Pair]) -> Result<Vec<Entailment>, BackendError>;
}

/// Stands where a verifier is configured that cannot be used: what it should judge is unverified.
#[derive(Clone, Debug)]
pub struct UnusableVerifier {
    reason: String,
}

impl UnusableVerifier {
    /// One that cannot be used for this reason.
    #[must_use]
    pub fn new(reason: String) -> Self {
        Self { reason }
    }
}

#[async_trait]
impl Verifier for UnusableVerifier {
    fn name(&self) -> &'static str {
        "unusable"
    }

    async fn judge(&self, _: &[Pair]) -> Result<Vec<Entailment>, BackendError> {
        Err(BackendError::message(self.reason.clone()))
    }
}
