//! How well the checker tells supported claims from others.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use super::lines;
use super::measures::{
    auc, balanced_accuracy, expected_calibration_error, mean_ms, percentile, share,
};
use super::probe::{Judgement, judge};
use crate::check::{Checker, Reason, Verdict, Weighed};
use crate::language::Language;

/// What the row of a language over all its kinds is called.
const ALL: &str = "all";

/// How well the checker tells supported claims from others, at the threshold that is in force.
#[derive(Clone, Debug, Serialize)]
pub struct Groundedness {
    /// Claims.
    pub claims: usize,
    /// Those of them that the evidence supports.
    pub supported: usize,
    /// Area under the ROC curve of the score.
    pub auc: f64,
    /// Mean of the shares of supported claims that pass and of others that do not.
    pub balanced_accuracy: f64,
    /// Expected calibration error of the score, read as the probability that a claim is
    /// supported: over 15 bins of equal width, the distance between the mean score of a bin and
    /// the share of supported claims in it, weighted by the share of claims in it (Guo and others,
    /// 2017). 0 is best.
    pub ece: f64,
    /// Milliseconds for a claim, on average.
    pub ms_per_claim: f64,
    /// Half of the claims take no longer, in milliseconds.
    pub p50_ms: f64,
    /// 95 of 100 claims take no longer, in milliseconds.
    pub p95_ms: f64,
}

/// How claims of one kind in one language fare. A claim is withheld if strict mode would not show
/// it: any but a supported one, and one that claims nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KindRow {
    /// What the lines call the kind; `all` is the sum over the kinds.
    pub kind: String,
    /// The language's tag.
    pub lang: String,
    /// Claims that the evidence supports.
    pub right: usize,
    /// Those of them that are withheld.
    pub right_refused: usize,
    /// Claims that it does not support.
    pub wrong: usize,
    /// Those of them that are withheld.
    pub wrong_caught: usize,
}

/// A claim that the checker is wrong about.
#[derive(Clone, Debug, Serialize)]
pub struct WorstError {
    /// The set.
    pub set: String,
    /// What the set calls it, or its line.
    pub id: String,
    /// Whether the evidence supports it.
    pub supported: bool,
    /// The claim.
    pub claim: String,
    /// The whole evidence.
    pub evidence: String,
    /// What the checker took for the best of it; none if it found nothing.
    pub quote: Option<String>,
    /// The score.
    pub score: f32,
    /// The verdict.
    pub verdict: Verdict,
    /// Why.
    pub reason: Option<Reason>,
}

/// What the checker is worth with some of its tiers.
#[derive(Clone, Debug, Serialize)]
pub struct AblationStep {
    /// The tier that is added to those of the steps before: `words`, `+ facts`, `+ vectors`,
    /// `+ verifier`, `+ judge`.
    pub tiers: &'static str,
    /// How well it does.
    #[serde(flatten)]
    pub measured: Groundedness,
}

#[derive(Debug, Deserialize)]
struct ClaimLine {
    id: Option<String>,
    lang: Option<String>,
    kind: Option<String>,
    #[serde(alias = "hypothesis")]
    claim: String,
    #[serde(alias = "premise")]
    evidence: String,
    supported: Option<Supported>,
    /// Of inference sets: `entailment` is supported.
    label: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Supported {
    Bool(bool),
    Number(f64),
}

/// A claim with its evidence.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    id: String,
    lang: String,
    kind: Option<String>,
    text: String,
    evidence: String,
    supported: bool,
}

/// A claim and what the checker says of it.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    set: String,
    claim: Claim,
    judgement: Judgement,
    took: Duration,
}

/// The first `limit` claims of a file.
pub(super) fn claims(path: &Path, limit: usize) -> anyhow::Result<Vec<Claim>> {
    let lines: Vec<ClaimLine> = lines(path)?;
    lines
        .into_iter()
        .zip(1..)
        .take(limit)
        .map(|(line, number)| {
            let supported = match (line.supported, line.label) {
                (Some(Supported::Bool(supported)), _) => supported,
                (Some(Supported::Number(value)), _) => value > 0.5,
                (None, Some(label)) => label == "entailment",
                (None, None) => bail!(
                    "{}: claim {number} has neither `supported` nor `label`",
                    path.display()
                ),
            };
            Ok(Claim {
                id: line.id.unwrap_or_else(|| number.to_string()),
                lang: line
                    .lang
                    .unwrap_or_else(|| Language::of(&line.claim).tag().to_owned()),
                kind: line.kind,
                text: line.claim,
                evidence: line.evidence,
                supported,
            })
        })
        .collect()
}

/// Has the checker judge every claim.
pub(super) async fn judge_all(
    checker: &Checker,
    set: &str,
    claims: &[Claim],
) -> anyhow::Result<Vec<Judged>> {
    let mut judged = Vec::with_capacity(claims.len());
    for claim in claims {
        let started = Instant::now();
        let (judgement, _) = judge(checker, &claim.text, &claim.evidence).await;
        let took = started.elapsed();
        if judgement.verdict == Verdict::Unverified {
            let why = match judgement.reason {
                Some(Reason::CheckerFailed { error }) => error,
                _ => "it does not say why".to_owned(),
            };
            bail!("{set}: the checker failed at claim {}: {why}", claim.id);
        }
        judged.push(Judged {
            set: set.to_owned(),
            claim: claim.clone(),
            judgement,
            took,
        });
    }
    Ok(judged)
}

/// A line of `--pairs`.
#[derive(Serialize)]
struct PairLine<'a> {
    set: &'a str,
    id: &'a str,
    lang: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'a str>,
    label: bool,
    verdict: Verdict,
    score: f32,
    reason: Option<Reason>,
    weighed: Weighed,
}

/// Writes what the checker weighs of every claim.
pub(super) async fn weigh_all(
    checker: &Checker,
    set: &str,
    claims: &[Claim],
    file: &mut BufWriter<File>,
) -> anyhow::Result<()> {
    for claim in claims {
        let (judgement, weighed) = judge(checker, &claim.text, &claim.evidence).await;
        let line = PairLine {
            set,
            id: &claim.id,
            lang: &claim.lang,
            kind: claim.kind.as_deref(),
            label: claim.supported,
            verdict: judgement.verdict,
            score: judgement.score,
            reason: judgement.reason,
            weighed,
        };
        let line = serde_json::to_string(&line)?;
        writeln!(file, "{line}").context("the pairs cannot be written")?;
    }
    Ok(())
}

impl Judged {
    /// Whether the checker lets it pass.
    fn passes(&self) -> bool {
        self.judgement.verdict == Verdict::Supported
    }

    fn is_withheld(&self) -> bool {
        !matches!(
            self.judgement.verdict,
            Verdict::Supported | Verdict::NotCheckable
        )
    }

    fn as_error(&self) -> WorstError {
        WorstError {
            set: self.set.clone(),
            id: self.claim.id.clone(),
            supported: self.claim.supported,
            claim: self.claim.text.clone(),
            evidence: self.claim.evidence.clone(),
            quote: self.judgement.quotes.first().cloned(),
            score: self.judgement.score,
            verdict: self.judgement.verdict,
            reason: self.judgement.reason.clone(),
        }
    }
}

impl Groundedness {
    pub(super) fn of<'a>(judged: impl IntoIterator<Item = &'a Judged>) -> Self {
        let mut scored = Vec::new();
        let mut passed = Vec::new();
        let mut times = Vec::new();
        for one in judged {
            scored.push((one.judgement.score, one.claim.supported));
            passed.push((one.passes(), one.claim.supported));
            times.push(one.took);
        }
        times.sort();
        Self {
            claims: scored.len(),
            supported: scored.iter().filter(|(_, truth)| *truth).count(),
            auc: auc(&scored),
            balanced_accuracy: balanced_accuracy(passed),
            ece: expected_calibration_error(&scored),
            ms_per_claim: mean_ms(&times),
            p50_ms: percentile(&times, 50),
            p95_ms: percentile(&times, 95),
        }
    }
}

/// Claims by language.
pub(super) fn by_language(judged: &[Judged]) -> BTreeMap<&str, Vec<&Judged>> {
    let mut found: BTreeMap<&str, Vec<&Judged>> = BTreeMap::new();
    for one in judged {
        found.entry(&one.claim.lang).or_default().push(one);
    }
    found
}

/// How each kind in each language fares, then each language in all; nothing for a set without
/// kinds.
pub(super) fn kinds(judged: &[Judged]) -> Vec<KindRow> {
    let names: BTreeSet<&str> = judged
        .iter()
        .filter_map(|one| one.claim.kind.as_deref())
        .collect();
    if names.is_empty() {
        return Vec::new();
    }
    let row = |kind: &str, lang: &str, claims: Vec<&Judged>| {
        let (right, wrong): (Vec<&Judged>, Vec<&Judged>) =
            claims.into_iter().partition(|one| one.claim.supported);
        let withheld = |of: &[&Judged]| of.iter().filter(|one| one.is_withheld()).count();
        KindRow {
            kind: kind.to_owned(),
            lang: lang.to_owned(),
            right: right.len(),
            right_refused: withheld(&right),
            wrong: wrong.len(),
            wrong_caught: withheld(&wrong),
        }
    };
    let languages = by_language(judged);
    let mut rows = Vec::new();
    for name in names {
        for (lang, claims) in &languages {
            let of_kind: Vec<&Judged> = claims
                .iter()
                .copied()
                .filter(|one| one.claim.kind.as_deref() == Some(name))
                .collect();
            if !of_kind.is_empty() {
                rows.push(row(name, lang, of_kind));
            }
        }
    }
    for (lang, claims) in languages {
        rows.push(row(ALL, lang, claims));
    }
    rows
}

impl KindRow {
    /// The share of right ones that are refused; not a number if there is none.
    #[must_use]
    pub fn refused_share(&self) -> f64 {
        share(self.right_refused, self.right)
    }

    /// The share of wrong ones that are caught; not a number if there is none.
    #[must_use]
    pub fn caught_share(&self) -> f64 {
        share(self.wrong_caught, self.wrong)
    }
}

/// The worst `count` errors in each language: half of them claims that pass and should not, the
/// highest score first, half of them claims that should pass and do not, the lowest score first.
/// If there are too few of one sort, there are more of the other.
pub(super) fn worst(judged: &[Judged], count: usize) -> BTreeMap<String, Vec<WorstError>> {
    by_language(judged)
        .into_iter()
        .map(|(lang, claims)| {
            let (mut passed, mut refused): (Vec<&Judged>, Vec<&Judged>) = claims
                .into_iter()
                .filter(|one| one.passes() != one.claim.supported)
                .partition(|one| one.passes());
            passed.sort_by(|one, two| two.judgement.score.total_cmp(&one.judgement.score));
            refused.sort_by(|one, two| one.judgement.score.total_cmp(&two.judgement.score));
            let half = count.div_ceil(2).max(count.saturating_sub(refused.len()));
            passed.truncate(half);
            refused.truncate(count - passed.len());
            let errors = passed.into_iter().chain(refused).map(Judged::as_error);
            (lang.to_owned(), errors.collect())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(
        kind: Option<&str>,
        lang: &str,
        supported: bool,
        verdict: Verdict,
        score: f32,
    ) -> Judged {
        Judged {
            set: "made-up".to_owned(),
            claim: Claim {
                id: format!("{lang}-{score}"),
                lang: lang.to_owned(),
                kind: kind.map(str::to_owned),
                text: "a claim".to_owned(),
                evidence: "evidence".to_owned(),
                supported,
            },
            judgement: Judgement {
                verdict,
                score,
                reason: None,
                quotes: vec!["evidence".to_owned()],
            },
            took: Duration::from_millis(2),
        }
    }

    #[test]
    fn a_set_is_measured_at_the_verdicts_and_by_the_scores() {
        let claims = [
            judged(None, "ko", true, Verdict::Supported, 0.92),
            judged(None, "ko", false, Verdict::Supported, 0.90),
            judged(None, "ko", false, Verdict::Unsupported, 0.10),
            judged(None, "en", true, Verdict::Partial, 0.48),
        ];
        let found = Groundedness::of(&claims);
        assert_eq!((found.claims, found.supported), (4, 2));
        // Of four pairs one is out of order; half of each kind is told rightly.
        assert!((found.auc - 0.75).abs() < 1e-9);
        assert!((found.balanced_accuracy - 0.5).abs() < 1e-9);
        assert!((found.ece - (0.205 + 0.025 + 0.13)).abs() < 1e-6);
        assert!((found.ms_per_claim - 2.0).abs() < 1e-9);
        let korean = Groundedness::of(by_language(&claims)["ko"].iter().copied());
        assert_eq!((korean.claims, korean.supported), (3, 1));
    }

    #[test]
    fn kinds_count_what_strict_mode_withholds() {
        let claims = [
            judged(Some("date"), "ko", false, Verdict::Contradicted, 0.1),
            judged(Some("date"), "ko", false, Verdict::Supported, 0.9),
            judged(Some("date"), "ko", false, Verdict::NotCheckable, 0.0),
            judged(Some("date"), "ko", true, Verdict::Partial, 0.5),
            judged(Some("unit"), "en", true, Verdict::Supported, 0.8),
        ];
        let row = |kind: &str, lang: &str, right, right_refused, wrong, wrong_caught| KindRow {
            kind: kind.to_owned(),
            lang: lang.to_owned(),
            right,
            right_refused,
            wrong,
            wrong_caught,
        };
        assert_eq!(
            kinds(&claims),
            [
                row("date", "ko", 1, 1, 3, 1),
                row("unit", "en", 1, 0, 0, 0),
                row("all", "en", 1, 0, 0, 0),
                row("all", "ko", 1, 1, 3, 1),
            ]
        );
        assert_eq!(
            kinds(&[judged(None, "ko", true, Verdict::Supported, 1.0)]),
            []
        );
    }

    #[test]
    fn the_worst_errors_are_those_that_the_checker_is_surest_of() {
        let mut claims = vec![
            judged(None, "ko", true, Verdict::Supported, 0.99),
            judged(None, "ko", true, Verdict::Unsupported, 0.3),
            judged(None, "ko", true, Verdict::Unsupported, 0.1),
        ];
        for score in [0.7, 0.9, 0.8] {
            claims.push(judged(None, "ko", false, Verdict::Supported, score));
        }
        let scores = |count| -> Vec<f32> {
            worst(&claims, count)["ko"]
                .iter()
                .map(|error| error.score)
                .collect()
        };
        assert_eq!(scores(2), [0.9, 0.1]);
        assert_eq!(scores(3), [0.9, 0.8, 0.1]);
        assert_eq!(scores(5), [0.9, 0.8, 0.7, 0.1, 0.3]);
        assert_eq!(scores(50).len(), 5);
        assert!(scores(0).is_empty());
    }

    #[test]
    fn lines_say_in_several_ways_what_is_supported() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("set.jsonl");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            claims(&path, usize::MAX)
        };
        let found = read(concat!(
            "{\"claim\": \"연차는 15일이다.\", \"evidence\": \"e\", \"supported\": true}\n",
            "{\"claim\": \"c\", \"evidence\": \"e\", \"supported\": 0, \"kind\": \"unit\", \"id\": \"x\"}\n",
            "{\"hypothesis\": \"c\", \"premise\": \"e\", \"label\": \"entailment\", \"lang\": \"ko\"}\n",
            "{\"hypothesis\": \"c\", \"premise\": \"e\", \"label\": \"neutral\"}\n",
        ))
        .unwrap();
        let supported: Vec<bool> = found.iter().map(|claim| claim.supported).collect();
        assert_eq!(supported, [true, false, true, false]);
        let langs: Vec<&str> = found.iter().map(|claim| claim.lang.as_str()).collect();
        assert_eq!(langs, ["ko", "en", "ko", "en"]);
        assert_eq!((found[1].id.as_str(), found[2].id.as_str()), ("x", "3"));
        let error = read("{\"claim\": \"c\", \"evidence\": \"e\"}").unwrap_err();
        assert!(error.to_string().contains("claim 1"), "{error}");
    }
}
