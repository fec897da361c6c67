//! The checker as it is measured: all that measuring asks of it.

use std::sync::Arc;

use ingest::PassageEmbedder;
use serde::Serialize;

use crate::ask::{Context, DraftSentence, Passage};
use crate::check::{Checker, Mode, Reason, Verdict};
use crate::config::Config;
use crate::language::Language;
use crate::model::Embedder;

/// What the checker says of a claim.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Judgement {
    pub(super) verdict: Verdict,
    pub(super) score: f32,
    pub(super) reason: Option<Reason>,
    /// The quotes that it rests on, best first.
    pub(super) quotes: Vec<String>,
}

/// What the checker weighs of a claim.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Weighed {
    verdict: Verdict,
    score: f32,
}

/// Parts of the checker that can be left out.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each tier is there or is not, whatever the others are"
)]
#[derive(Clone, Copy, Debug)]
struct Tiers {
    facts: bool,
    vectors: bool,
    verifier: bool,
    judge: bool,
}

/// Words alone.
const WORDS: Tiers = Tiers {
    facts: false,
    vectors: false,
    verifier: false,
    judge: false,
};
const FACTS: Tiers = Tiers {
    facts: true,
    ..WORDS
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
    ("words", WORDS),
    ("+ facts", FACTS),
    ("+ vectors", VECTORS),
    ("+ verifier", VERIFIER),
    ("+ judge", JUDGE),
];

/// The checker that the product would check with.
pub(super) fn checker_of(config: &Config, embedder: Option<&Arc<Embedder>>) -> Checker {
    let embedder = embedder.map(|embedder| Arc::clone(embedder) as Arc<dyn PassageEmbedder>);
    Checker::new(config.check, embedder)
}

/// The checker with these tiers only; none if it lacks one of them or cannot do without another.
fn with_tiers(config: &Config, embedder: Option<&Arc<Embedder>>, tiers: Tiers) -> Option<Checker> {
    let can = tiers.facts && !tiers.verifier && !tiers.judge;
    if !can || tiers.vectors && embedder.is_none() {
        return None;
    }
    Some(checker_of(config, embedder.filter(|_| tiers.vectors)))
}

/// The checker with tiers added one by one, as far as it has them.
pub(super) fn steps(
    config: &Config,
    embedder: Option<&Arc<Embedder>>,
) -> Vec<(&'static str, Checker)> {
    STEPS
        .iter()
        .filter_map(|(name, tiers)| Some((*name, with_tiers(config, embedder, *tiers)?)))
        .collect()
}

/// What `checker` says of a claim that cites its evidence and nothing else.
pub(super) async fn judge(checker: &Checker, claim: &str, evidence: &str) -> Judgement {
    let context = Context {
        passages: vec![Passage::alone(evidence)],
        ledger: Vec::new(),
    };
    let sentence = DraftSentence {
        text: claim.to_owned(),
        citations: vec![1],
    };
    let answer = checker
        .check(
            vec![sentence],
            Arc::new(context),
            Language::of(claim),
            Mode::Strict,
        )
        .await;
    match answer.sentences().iter().chain(answer.withheld()).next() {
        Some(checked) => Judgement {
            verdict: checked.verdict(),
            score: checked.score(),
            reason: checked.reason().cloned(),
            quotes: checked
                .citations()
                .iter()
                .map(|citation| citation.quote().to_owned())
                .collect(),
        },
        // An answer that claims nothing is emptied.
        None => Judgement {
            verdict: Verdict::NotCheckable,
            score: 0.0,
            reason: None,
            quotes: Vec::new(),
        },
    }
}

/// What `checker` weighs of a claim that cites its evidence and nothing else.
pub(super) async fn weigh(checker: &Checker, claim: &str, evidence: &str) -> Weighed {
    let (score, verdict) = checker.score(claim, evidence).await;
    Weighed { verdict, score }
}
