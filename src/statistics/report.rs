//! The sums of some days, and what follows from them.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{Span, Timestamp, ToSpan as _};
use serde::Serialize;
use utoipa::ToSchema;

use super::times::{self, Times};
use crate::catalogue::Sum;

/// How questions of some time ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Questions {
    /// With sentences that the documents support.
    pub answered: u64,
    /// The documents do not answer them.
    pub abstained: u64,
    /// A back end failed, or the server stopped.
    pub failed: u64,
    /// Who asked left.
    pub left: u64,
    /// Too many ran.
    pub busy: u64,
}

impl Questions {
    fn add(&mut self, outcome: &str, amount: u64) {
        let sum = match outcome {
            "answered" => &mut self.answered,
            "abstained" => &mut self.abstained,
            "failed" => &mut self.failed,
            "left" => &mut self.left,
            "busy" => &mut self.busy,
            _ => return,
        };
        *sum += amount;
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.answered + self.abstained + self.failed + self.left + self.busy
    }

    fn abstention(&self) -> Option<f64> {
        share(self.abstained, self.answered + self.abstained)
    }
}

/// Tokens of the language model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Tokens {
    /// Read.
    pub read: u64,
    /// Known from earlier prompts.
    pub known: u64,
    /// Written.
    pub written: u64,
}

impl Tokens {
    fn add(&mut self, kind: &str, amount: u64) {
        let sum = match kind {
            "read" => &mut self.read,
            "known" => &mut self.known,
            "written" => &mut self.written,
            _ => return,
        };
        *sum += amount;
    }
}

/// A day (UTC).
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct DayReport {
    /// The day, such as 2026-03-01.
    pub day: String,
    /// How its questions ended.
    pub questions: Questions,
    /// Sentences that claim something and that the documents support.
    pub supported: u64,
    /// Sentences that claim something.
    pub checked: u64,
    /// The share of `supported` in `checked`; null where nothing was checked.
    pub support_rate: Option<f64>,
    /// The share of questions without an answer in those that were answered or not; null where
    /// nothing was asked.
    pub abstention_rate: Option<f64>,
    /// Tokens of the language model.
    pub tokens: Tokens,
}

/// How many sentences have a verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct VerdictReport {
    /// `supported`, `partial`, `contradicted`, `unsupported`, `not_checkable` or `unverified`.
    pub verdict: String,
    /// Shown.
    pub shown: u64,
    /// Withheld.
    pub withheld: u64,
}

/// How long a stage of answering took.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct StageReport {
    /// `embed`, `retrieve`, `pack`, `first_sentence`, `gate` or `generate_and_check`.
    pub stage: String,
    /// How often it was measured.
    pub count: u64,
    /// Half took no longer, in milliseconds, to a fifth.
    pub p50_ms: f64,
    /// 95 of 100 took no longer, in milliseconds, to a fifth.
    pub p95_ms: f64,
}

/// The sums of some days.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Report {
    /// The days, the oldest first, those without questions included.
    pub days: Vec<DayReport>,
    /// How questions ended in all.
    pub questions: Questions,
    /// The share of supported sentences in all that claim something; null if there is none.
    pub support_rate: Option<f64>,
    /// The share of questions without an answer; null if nothing was asked.
    pub abstention_rate: Option<f64>,
    /// Sentences by verdict.
    pub verdicts: Vec<VerdictReport>,
    /// Stages of answering, in the order of an answer.
    pub stages: Vec<StageReport>,
    /// Tokens in all.
    pub tokens: Tokens,
}

/// Verdicts in the order that people are told them.
const VERDICTS: [&str; 6] = [
    "supported",
    "partial",
    "contradicted",
    "unsupported",
    "unverified",
    "not_checkable",
];
/// Stages in the order of an answer.
const STAGES: [&str; 6] = [
    "embed",
    "retrieve",
    "pack",
    "first_sentence",
    "gate",
    "generate_and_check",
];

#[expect(
    clippy::cast_precision_loss,
    reason = "counts and microseconds need no more than a double has"
)]
fn float(number: u64) -> f64 {
    number as f64
}

/// The share of `part` in `whole`, if there is a whole.
#[must_use]
pub fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| float(part) / float(whole))
}

fn millis(time: Duration) -> f64 {
    float(u64::try_from(time.as_micros()).unwrap_or(u64::MAX)) / 1e3
}

/// The last `count` days up to `now` (UTC), the oldest first.
#[must_use]
pub fn days_until(now: Timestamp, count: u16) -> Vec<String> {
    let today: Date = now.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    let back = |days: u16| -> Option<Date> {
        let span: Span = i64::from(days).days();
        today.checked_sub(span).ok()
    };
    let days = (0..count).rev().filter_map(back);
    days.map(|day| day.to_string()).collect()
}

/// The report of `days`, of what was summed up since the first of them.
pub(crate) fn report(days: &[String], sums: &[Sum]) -> Report {
    let mut by_day: BTreeMap<&str, DayReport> = days
        .iter()
        .map(|day| {
            let report = DayReport {
                day: day.clone(),
                ..DayReport::default()
            };
            (day.as_str(), report)
        })
        .collect();
    let mut verdicts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let mut stages: BTreeMap<&str, Times> = BTreeMap::new();
    let (mut questions, mut tokens) = (Questions::default(), Tokens::default());
    for sum in sums {
        let Some(day) = by_day.get_mut(sum.day.as_str()) else {
            continue;
        };
        match sum.kind.as_str() {
            "outcome" => {
                questions.add(&sum.name, sum.amount);
                day.questions.add(&sum.name, sum.amount);
            }
            "tokens" => {
                tokens.add(&sum.name, sum.amount);
                day.tokens.add(&sum.name, sum.amount);
            }
            kind @ ("shown" | "withheld") => {
                let both = verdicts.entry(&sum.name).or_default();
                let of = if kind == "shown" {
                    &mut both.0
                } else {
                    &mut both.1
                };
                *of += sum.amount;
                if sum.name != "not_checkable" {
                    day.checked += sum.amount;
                }
                if sum.name == "supported" {
                    day.supported += sum.amount;
                }
            }
            "stage" => {
                if let Some((stage, place)) = times::read(&sum.name) {
                    stages.entry(stage).or_default().add(place, sum.amount);
                }
            }
            _ => {}
        }
    }
    let mut days: Vec<DayReport> = by_day.into_values().collect();
    for day in &mut days {
        day.support_rate = share(day.supported, day.checked);
        day.abstention_rate = day.questions.abstention();
    }
    let sum_of = |of: fn(&DayReport) -> u64| days.iter().map(of).sum::<u64>();
    Report {
        support_rate: share(sum_of(|day| day.supported), sum_of(|day| day.checked)),
        abstention_rate: questions.abstention(),
        questions,
        tokens,
        verdicts: VERDICTS
            .iter()
            .filter_map(|verdict| {
                let (shown, withheld) = *verdicts.get(verdict)?;
                Some(VerdictReport {
                    verdict: (*verdict).to_owned(),
                    shown,
                    withheld,
                })
            })
            .collect(),
        stages: STAGES
            .iter()
            .filter_map(|stage| {
                let times = stages.get(stage)?;
                Some(StageReport {
                    stage: (*stage).to_owned(),
                    count: times.count(),
                    p50_ms: millis(times.percentile(50)),
                    p95_ms: millis(times.percentile(95)),
                })
            })
            .collect(),
        days,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(day: &str, kind: &str, name: &str, amount: u64) -> Sum {
        Sum {
            day: day.to_owned(),
            kind: kind.to_owned(),
            name: name.to_owned(),
            amount,
        }
    }

    #[test]
    fn rates_and_times_follow_from_the_sums() {
        let now = "2026-03-01T12:00:00Z".parse().unwrap();
        let days = days_until(now, 3);
        assert_eq!(days, ["2026-02-27", "2026-02-28", "2026-03-01"]);
        let sums = [
            sum("2026-02-26", "outcome", "answered", 99),
            sum("2026-02-28", "outcome", "answered", 3),
            sum("2026-02-28", "shown", "supported", 6),
            sum("2026-02-28", "shown", "not_checkable", 10),
            sum("2026-02-28", "withheld", "unsupported", 2),
            sum("2026-02-28", "stage", "retrieve 010", 4),
            sum("2026-03-01", "outcome", "abstained", 1),
            sum("2026-03-01", "tokens", "written", 7),
            sum("2026-03-01", "stage", "nonsense", 7),
        ];
        let report = report(&days, &sums);
        assert_eq!(report.questions.all(), 4);
        assert_eq!(report.support_rate, Some(0.75));
        assert_eq!(report.abstention_rate, Some(0.25));
        assert_eq!(report.tokens.written, 7);
        assert_eq!(report.days[0].support_rate, None);
        assert_eq!(report.days[1].checked, 8);
        let verdicts: Vec<&str> = report
            .verdicts
            .iter()
            .map(|row| row.verdict.as_str())
            .collect();
        assert_eq!(verdicts, ["supported", "unsupported", "not_checkable"]);
        assert_eq!((report.stages.len(), report.stages[0].count), (1, 4));
        assert!(report.stages[0].p50_ms > 0.1);
    }
}
