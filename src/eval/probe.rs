//! The checker as it is measured: all that measuring asks of it.

use serde::Serialize;

use crate::check::{Checker, Reason, Tiers, Verdict, Weighed};

/// What the checker says of a claim.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Judgement {
    pub(super) verdict: Verdict,
    pub(super) score: f32,
    pub(super) reason: Option<Reason>,
    /// The quotes that it rests on, best first.
    pub(super) quotes: Vec<String>,
}

/// No tier.
const NONE: Tiers = Tiers {
    facts: false,
    vectors: false,
    verifier: false,
    judge: false,
};
const FACTS: Tiers = Tiers {
    facts: true,
    ..NONE
};
const VECTORS: Tiers = Tiers {
    vectors: true,
    ..FACTS
};
const VERIFIER: Tiers = Tiers {
    verifier: true,
    ..VECTORS
};
const JUDGE: Tiers = Tiers {
    judge: true,
    ..VERIFIER
};

/// Tiers as they are added one by one.
const STEPS: [(&str, Tiers); 5] = [
    ("words", NONE),
    ("+ facts", FACTS),
    ("+ vectors", VECTORS),
    ("+ verifier", VERIFIER),
    ("+ judge", JUDGE),
];

/// The checker with tiers added one by one, as far as it has them.
pub(crate) fn steps(checker: &Checker) -> Vec<(&'static str, Checker)> {
    let all = checker.tiers();
    STEPS
        .iter()
        .filter(|(_, tiers)| {
            (all.vectors || !tiers.vectors)
                && (all.verifier || !tiers.verifier)
                && (all.judge || !tiers.judge)
        })
        .map(|(name, tiers)| (*name, checker.with_tiers(*tiers)))
        .collect()
}

/// What `checker` says of a claim that cites its evidence and nothing else.
pub(super) async fn judge(checker: &Checker, claim: &str, evidence: &str) -> (Judgement, Weighed) {
    let (checked, weighed) = checker.weigh(claim, evidence).await;
    let judgement = Judgement {
        verdict: checked.verdict(),
        score: checked.score(),
        reason: checked.reason().cloned(),
        quotes: checked
            .citations()
            .iter()
            .map(|citation| citation.quote().to_owned())
            .collect(),
    };
    (judgement, weighed)
}
