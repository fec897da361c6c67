//! Two adapters on the same questions: which is better, and whether the second may take the place of
//! the first.
//!
//! Every question is asked with both, so that what differs is the adapter and not the question. The
//! interval of each difference comes from drawing the questions anew, many times, in pairs
//! (Efron, 1979; for language technology Koehn, 2004, "Statistical significance tests").

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::gold::holds;
use super::questions::SiteQuestion;

/// Times that the questions are drawn anew.
const DRAWS: usize = 2_000;
/// The share of draws that the interval leaves out on each side.
const TAIL: f64 = 0.025;
/// The draws are the same for the same answers.
const SEED: u64 = 20_261_127;

/// What is asked for of the second adapter.
#[derive(Clone, Copy, Debug)]
pub struct GateOptions {
    /// Support that rises by so much is enough; without it, it must rise for certain: the whole
    /// interval must lie over 0.
    pub margin: Option<f64>,
    /// Fewer questions decide nothing.
    pub least_questions: usize,
    /// The share that questions may take longer.
    pub slower: f64,
}

/// What became of a question with one adapter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Observed {
    /// Sentences that the documents support.
    pub supported: usize,
    /// Sentences that claim something, shown and withheld.
    pub claims: usize,
    /// Those that the documents contradict.
    pub contradicted: usize,
    /// Sentences shown that claim something.
    pub shown: usize,
    /// Passages that they cite.
    pub citations: usize,
    /// Whether nothing was answered.
    pub abstained: bool,
    /// Whether the answer is right, where that is known.
    pub right: Option<bool>,
    /// Whether the documents are known not to answer it.
    pub unanswerable: bool,
    /// How long it took, in seconds.
    pub seconds: f64,
}

impl Observed {
    /// What became of `question`, whose answer is `body` of `POST /v1/answers`.
    #[must_use]
    pub fn of(question: &SiteQuestion, body: &Value, took: Duration) -> Self {
        let claims = body["claims"].as_array().map_or(&[][..], Vec::as_slice);
        let abstained = body["abstained"].as_bool().unwrap_or(false);
        let mut observed = Self {
            abstained,
            unanswerable: question.answerable == Some(false),
            right: right(
                question,
                body["text"].as_str().unwrap_or_default(),
                abstained,
            ),
            seconds: took.as_secs_f64(),
            ..Self::default()
        };
        for claim in claims {
            let verdict = claim["verdict"].as_str().unwrap_or_default();
            observed.add(verdict, 1);
            if verdict != "not_checkable" {
                observed.shown += 1;
                observed.citations += distinct(&claim["citations"]);
            }
        }
        let withheld = body["withheld"]["verdicts"].as_object();
        for (verdict, count) in withheld.into_iter().flatten() {
            let count = count.as_u64().and_then(|count| usize::try_from(count).ok());
            observed.add(verdict, count.unwrap_or(0));
        }
        observed
    }

    fn add(&mut self, verdict: &str, count: usize) {
        match verdict {
            "not_checkable" => return,
            "supported" => self.supported += count,
            "contradicted" => self.contradicted += count,
            _ => {}
        }
        self.claims += count;
    }
}

/// Passages that are cited.
fn distinct(citations: &Value) -> usize {
    let citations = citations.as_array().into_iter().flatten();
    let mut numbers: Vec<u64> = citations
        .filter_map(|citation| citation["number"].as_u64())
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.len()
}

/// Whether an answer is right; none where nothing is expected.
fn right(question: &SiteQuestion, text: &str, abstained: bool) -> Option<bool> {
    if question.answerable == Some(false) {
        return Some(abstained);
    }
    let expected = &question.answers;
    (!expected.is_empty())
        .then(|| !abstained && expected.iter().any(|expected| holds(text, expected)))
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
}

/// How much worse something may look before it counts as fallen.
#[derive(Clone, Copy, Debug)]
enum Tolerance {
    /// So much, and no less for certain.
    Absolute(f64),
    /// The share of what it was that is asked for.
    Slower,
}

/// Something that is compared.
struct Measure {
    name: &'static str,
    better: Better,
    tolerance: Tolerance,
    /// What it is of a question: a part, and what it is a part of; none where it says nothing.
    of: fn(&Observed) -> Option<(f64, f64)>,
}

#[expect(clippy::cast_precision_loss, reason = "sentences are few")]
fn real(count: usize) -> f64 {
    count as f64
}

fn yes(is: bool) -> f64 {
    f64::from(u8::from(is))
}

const SUPPORT: &str = "support";

const MEASURES: [Measure; 6] = [
    Measure {
        name: SUPPORT,
        better: Better::Higher,
        tolerance: Tolerance::Absolute(0.0),
        of: |found| Some((real(found.supported), real(found.claims))),
    },
    Measure {
        name: "contradictions",
        better: Better::Lower,
        tolerance: Tolerance::Absolute(0.01),
        of: |found| Some((real(found.contradicted), real(found.claims))),
    },
    Measure {
        name: "abstentions",
        better: Better::Lower,
        tolerance: Tolerance::Absolute(0.02),
        of: |found| (!found.unanswerable).then(|| (yes(found.abstained), 1.0)),
    },
    Measure {
        name: "right answers",
        better: Better::Higher,
        tolerance: Tolerance::Absolute(0.01),
        of: |found| found.right.map(|right| (yes(right), 1.0)),
    },
    Measure {
        name: "citations a sentence",
        better: Better::Higher,
        tolerance: Tolerance::Absolute(0.1),
        of: |found| Some((real(found.citations), real(found.shown))),
    },
    Measure {
        name: "seconds a question",
        better: Better::Lower,
        tolerance: Tolerance::Slower,
        of: |found| Some((found.seconds, 1.0)),
    },
];

/// What two adapters have of something.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// What it is.
    pub measure: &'static str,
    /// Which way is better.
    pub better: Better,
    /// With the first adapter.
    pub first: f64,
    /// With the second.
    pub second: f64,
    /// The second less the first.
    pub difference: f64,
    /// In 95 of 100 draws of questions the difference lies between these two.
    pub interval: [f64; 2],
    /// Questions that say something of it.
    pub questions: usize,
}

/// What came of a comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The first adapter.
    pub first: String,
    /// The second.
    pub second: String,
    /// Questions that were answered with both.
    pub questions: usize,
    /// Questions that failed with one of them.
    pub failed: usize,
    /// Every measure that says something.
    pub measures: Vec<Compared>,
    /// Why the second may not take the place of the first; nothing if it may.
    pub reasons: Vec<String>,
}

impl Comparison {
    /// Compares what became of each question with the first adapter and with the second; `failed`
    /// questions have no answer with one of them.
    #[must_use]
    pub fn new(
        (first, second): (&str, &str),
        pairs: &[(Observed, Observed)],
        failed: usize,
        options: GateOptions,
    ) -> Self {
        let measures: Vec<Compared> = MEASURES
            .iter()
            .filter_map(|measure| compared(measure, pairs))
            .collect();
        let reasons = reasons(&measures, pairs.len(), failed, options);
        Self {
            first: first.to_owned(),
            second: second.to_owned(),
            questions: pairs.len(),
            failed,
            measures,
            reasons,
        }
    }

    /// Whether the second may take the place of the first.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.reasons.is_empty()
    }

    /// The comparison as a table, and what follows from it.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
            "{} questions, each asked with `{}` and with `{}`\n\n{:<22} {:>10} {:>10} {:>11}  95% interval\n",
            self.questions, self.first, self.second, "", self.first, self.second, "difference"
        );
        for row in &self.measures {
            let _ = writeln!(
                text,
                "{:<22} {:>10.3} {:>10.3} {:>+11.3}  {:+.3} to {:+.3}  ({} questions)",
                row.measure,
                row.first,
                row.second,
                row.difference,
                row.interval[0],
                row.interval[1],
                row.questions
            );
        }
        text.push('\n');
        if self.passes() {
            let _ = writeln!(
                text,
                "`{}` may take the place of `{}`: support rises and nothing else falls",
                self.second, self.first
            );
        } else {
            let _ = writeln!(
                text,
                "`{}` may not take the place of `{}`:",
                self.second, self.first
            );
            for reason in &self.reasons {
                let _ = writeln!(text, "- {reason}");
            }
        }
        text
    }
}

/// The share over all pairs; 0 where there is nothing to share.
fn pooled(parts: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (part, whole) = parts.fold((0.0, 0.0), |(part, whole), (more, of)| {
        (part + more, whole + of)
    });
    if whole > 0.0 { part / whole } else { 0.0 }
}

fn compared(measure: &Measure, pairs: &[(Observed, Observed)]) -> Option<Compared> {
    let values: Vec<((f64, f64), (f64, f64))> = pairs
        .iter()
        .filter_map(|(first, second)| Some(((measure.of)(first)?, (measure.of)(second)?)))
        .collect();
    if values.is_empty() {
        return None;
    }
    let first = pooled(values.iter().map(|(first, _)| *first));
    let second = pooled(values.iter().map(|(_, second)| *second));
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut differences: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let drawn: Vec<usize> = (0..values.len())
                .map(|_| random.usize(..values.len()))
                .collect();
            let of_first = pooled(drawn.iter().map(|at| values[*at].0));
            pooled(drawn.iter().map(|at| values[*at].1)) - of_first
        })
        .collect();
    differences.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is from 0 to the number of draws"
    )]
    let out = (real(DRAWS) * TAIL) as usize;
    Some(Compared {
        measure: measure.name,
        better: measure.better,
        first,
        second,
        difference: second - first,
        interval: [differences[out], differences[DRAWS - 1 - out]],
        questions: values.len(),
    })
}

/// Why the second adapter may not take the place of the first.
fn reasons(
    measures: &[Compared],
    questions: usize,
    failed: usize,
    options: GateOptions,
) -> Vec<String> {
    let mut reasons = Vec::new();
    if questions < options.least_questions {
        reasons.push(format!(
            "{questions} questions were answered with both, and {} are needed to tell",
            options.least_questions
        ));
    }
    if failed > 0 {
        reasons.push(format!("{failed} questions failed with one of them"));
    }
    for row in measures {
        let Some(measure) = MEASURES.iter().find(|one| one.name == row.measure) else {
            continue;
        };
        let [low, high] = row.interval;
        if measure.name == SUPPORT {
            let rises = match options.margin {
                Some(margin) => row.difference > 0.0 && row.difference >= margin,
                None => low > 0.0,
            };
            if !rises {
                let wanted = options.margin.map_or_else(
                    || "the whole interval should lie over 0".to_owned(),
                    |margin| format!("{margin:.3} is asked for"),
                );
                reasons.push(format!(
                    "support does not rise: {:+.3} ({low:+.3} to {high:+.3}), and {wanted}",
                    row.difference
                ));
            }
            continue;
        }
        let (worse, for_certain) = match measure.better {
            Better::Higher => (-row.difference, high < 0.0),
            Better::Lower => (row.difference, low > 0.0),
        };
        let falls = match measure.tolerance {
            Tolerance::Absolute(most) => worse > most || for_certain,
            Tolerance::Slower => worse > options.slower * row.first,
        };
        if falls {
            reasons.push(format!(
                "{} get worse: {:.3} instead of {:.3} ({low:+.3} to {high:+.3})",
                row.measure, row.second, row.first
            ));
        }
    }
    reasons
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const OPTIONS: GateOptions = GateOptions {
        margin: None,
        least_questions: 20,
        slower: 0.1,
    };

    fn observed(supported: usize, contradicted: usize) -> Observed {
        Observed {
            supported,
            contradicted,
            claims: 4,
            shown: supported,
            citations: supported,
            right: Some(supported > 1),
            seconds: 1.0,
            ..Observed::default()
        }
    }

    fn pairs(pair: impl Fn(usize) -> (Observed, Observed)) -> Vec<(Observed, Observed)> {
        (0..40).map(pair).collect()
    }

    fn of<'a>(comparison: &'a Comparison, measure: &str) -> &'a Compared {
        let mut measures = comparison.measures.iter();
        measures.find(|row| row.measure == measure).unwrap()
    }

    #[test]
    fn an_answer_is_counted_with_what_was_withheld() {
        let question = SiteQuestion {
            id: "1".to_owned(),
            text: "연차는?".to_owned(),
            answerable: None,
            answers: vec!["11일".to_owned()],
        };
        let body = json!({
            "abstained": false,
            "text": "연차는 최대 11일이다. 안녕하세요.",
            "claims": [
                {"verdict": "supported", "citations": [{"number": 1}, {"number": 1}, {"number": 2}]},
                {"verdict": "not_checkable", "citations": []},
            ],
            "withheld": {"count": 3, "verdicts": {"contradicted": 2, "unsupported": 1}},
        });
        let found = Observed::of(&question, &body, Duration::from_millis(500));
        assert_eq!(
            (found.supported, found.claims, found.contradicted),
            (1, 4, 2)
        );
        assert_eq!((found.shown, found.citations), (1, 2));
        assert_eq!(found.right, Some(true));
        let unanswerable = SiteQuestion {
            answerable: Some(false),
            ..question
        };
        let found = Observed::of(&unanswerable, &body, Duration::ZERO);
        assert_eq!((found.right, found.unanswerable), (Some(false), true));
    }

    #[test]
    fn support_that_rises_and_nothing_that_falls_passes() {
        let pairs = pairs(|at| (observed(2, 1), observed(3 + at % 2, 0)));
        let comparison = Comparison::new(("none", "hr"), &pairs, 0, OPTIONS);
        assert!(comparison.passes(), "{}", comparison.text());
        let support = of(&comparison, "support");
        assert!((support.difference - 0.375).abs() < 1e-9, "{support:?}");
        assert!(support.interval[0] > 0.3 && support.interval[1] < 0.45);
        assert!(comparison.text().contains("may take the place"));
    }

    #[test]
    fn the_same_is_refused_and_so_is_luck() {
        let same = pairs(|_| (observed(2, 1), observed(2, 1)));
        let comparison = Comparison::new(("none", "hr"), &same, 0, OPTIONS);
        assert_eq!(comparison.reasons.len(), 1, "{comparison:?}");
        assert!(comparison.reasons[0].contains("support does not rise"));
        // One question of forty is better.
        let luck = pairs(|at| (observed(2, 1), observed(2 + usize::from(at == 7), 1)));
        assert!(!Comparison::new(("none", "hr"), &luck, 0, OPTIONS).passes());
        // With a margin that it reaches, it is enough.
        let margin = GateOptions {
            margin: Some(0.005),
            ..OPTIONS
        };
        assert!(Comparison::new(("none", "hr"), &luck, 0, margin).passes());
        assert!(!Comparison::new(("none", "hr"), &same, 0, margin).passes());
    }

    #[test]
    fn whatever_falls_refuses_with_its_name() {
        let better = observed(4, 0);
        for (worse, word) in [
            (
                Observed {
                    contradicted: 1,
                    ..better
                },
                "contradictions",
            ),
            (
                Observed {
                    abstained: true,
                    ..better
                },
                "abstentions",
            ),
            (
                Observed {
                    right: Some(false),
                    ..better
                },
                "right answers",
            ),
            (
                Observed {
                    citations: 2,
                    ..better
                },
                "citations a sentence",
            ),
            (
                Observed {
                    seconds: 1.2,
                    ..better
                },
                "seconds a question",
            ),
        ] {
            let first = Observed {
                right: Some(true),
                ..observed(2, 0)
            };
            let pairs = pairs(|_| (first, worse));
            let comparison = Comparison::new(("none", "hr"), &pairs, 0, OPTIONS);
            assert_eq!(comparison.reasons.len(), 1, "{word}: {comparison:?}");
            assert!(comparison.reasons[0].starts_with(word), "{comparison:?}");
        }
    }

    #[test]
    fn few_questions_and_failures_decide_nothing() {
        let pairs: Vec<_> = (0..5).map(|_| (observed(2, 0), observed(4, 0))).collect();
        let comparison = Comparison::new(("a", "b"), &pairs, 1, OPTIONS);
        assert_eq!(comparison.reasons.len(), 2, "{comparison:?}");
        // Saying nothing at all is no support.
        let silent = Observed {
            abstained: true,
            seconds: 1.0,
            ..Observed::default()
        };
        let nothing: Vec<_> = (0..40).map(|_| (observed(2, 0), silent)).collect();
        let comparison = Comparison::new(("a", "b"), &nothing, 0, OPTIONS);
        assert!(
            comparison
                .reasons
                .iter()
                .any(|reason| reason.contains("support"))
        );
        assert!(!Comparison::new(("a", "b"), &[], 0, OPTIONS).passes());
    }
}
