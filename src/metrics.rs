//! How much and how long, in the form that Prometheus reads.
//!
//! Labels name stages, routes, states and verdicts: never a person, a document or what somebody
//! wrote.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use serde_json::Value;

use crate::app::Timings;
use crate::catalogue::Counts;
use crate::check::{Answer, CheckedSentence};
use crate::feedback::{BestOf, Kind};

/// Bounds of stages in seconds: from a search in a small library to a long answer on a processor.
const SECONDS: [f64; 15] = [
    0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0,
];

/// How a question ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With sentences that the documents support.
    Answered,
    /// The documents do not answer it.
    Abstained,
    /// A back end failed, or the server stopped.
    Failed,
    /// Its asker left.
    Left,
    /// Too many questions ran.
    Busy,
}

impl Outcome {
    /// Its name in what is measured.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Abstained => "abstained",
            Self::Failed => "failed",
            Self::Left => "left",
            Self::Busy => "busy",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StageLabel {
    stage: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabel {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VerdictLabel {
    verdict: String,
    shown: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TokenLabel {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CacheLabel {
    cache: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FateLabel {
    fate: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabel {
    state: String,
}

type Stages = Family<StageLabel, Histogram, fn() -> Histogram>;

/// Everything that is measured.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    stages: Stages,
    requests: Family<RequestLabel, Counter>,
    questions: Family<OutcomeLabel, Counter>,
    sentences: Family<VerdictLabel, Counter>,
    tokens: Family<TokenLabel, Counter>,
    hits: Family<CacheLabel, Counter>,
    misses: Family<CacheLabel, Counter>,
    feedback: Family<KindLabel, Counter>,
    drafts: Family<FateLabel, Counter>,
    /// Held while what is counted at the moment is written down and shown.
    showing: Mutex<()>,
    running: Gauge,
    waiting: Gauge,
    documents: Family<StateLabel, Gauge>,
    chunks: Gauge,
    lost: Gauge,
    memory: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let stages: Stages = Family::new_with_constructor(|| Histogram::new(SECONDS));
        let metrics = Self {
            stages: stages.clone(),
            requests: Family::default(),
            questions: Family::default(),
            sentences: Family::default(),
            tokens: Family::default(),
            hits: Family::default(),
            misses: Family::default(),
            feedback: Family::default(),
            drafts: Family::default(),
            showing: Mutex::default(),
            running: Gauge::default(),
            waiting: Gauge::default(),
            documents: Family::default(),
            chunks: Gauge::default(),
            lost: Gauge::default(),
            memory: Gauge::default(),
            registry: Registry::default(),
        };
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("veracite_build", "The program", build);
        registry.register(
            "veracite_stage_seconds",
            "How long a stage of answering took",
            stages,
        );
        registry.register(
            "veracite_http_requests",
            "Requests by route and status",
            metrics.requests.clone(),
        );
        registry.register(
            "veracite_questions",
            "Questions by how they ended",
            metrics.questions.clone(),
        );
        registry.register(
            "veracite_sentences",
            "Checked sentences by verdict, and whether they were shown",
            metrics.sentences.clone(),
        );
        registry.register(
            "veracite_model_tokens",
            "Tokens of the language model: read, known from earlier prompts, written",
            metrics.tokens.clone(),
        );
        registry.register(
            "veracite_cache_hits",
            "Times that a cache had something",
            metrics.hits.clone(),
        );
        registry.register(
            "veracite_cache_misses",
            "Times that a cache had nothing",
            metrics.misses.clone(),
        );
        registry.register(
            "veracite_feedback",
            "Judgements of answers by what they say",
            metrics.feedback.clone(),
        );
        registry.register(
            "veracite_drafts",
            "Drafts where several are written: the first was shown, another one, or it was discarded",
            metrics.drafts.clone(),
        );
        registry.register(
            "veracite_questions_running",
            "Questions that are being answered",
            metrics.running.clone(),
        );
        registry.register(
            "veracite_questions_waiting",
            "Questions that wait for others",
            metrics.waiting.clone(),
        );
        registry.register(
            "veracite_documents",
            "Documents by state: the queue are those that are not ready, failed or cancelled",
            metrics.documents.clone(),
        );
        registry.register(
            "veracite_chunks",
            "Chunks of documents",
            metrics.chunks.clone(),
        );
        registry.register(
            "veracite_audit_entries_lost",
            "Entries of the audit log that could not be written yet",
            metrics.lost.clone(),
        );
        registry.register(
            "process_resident_memory_bytes",
            "Memory of the process",
            metrics.memory.clone(),
        );
        Self {
            registry,
            ..metrics
        }
    }
}

impl Metrics {
    /// Counts a request. `route` is its pattern, never its path.
    pub fn requested(&self, method: &str, route: &str, status: u16) {
        let label = RequestLabel {
            method: method.to_owned(),
            route: route.to_owned(),
            status,
        };
        self.requests.get_or_create(&label).inc();
    }

    /// Counts a question by its end.
    pub fn asked(&self, outcome: Outcome) {
        let outcome = outcome.as_str();
        self.questions
            .get_or_create(&OutcomeLabel { outcome })
            .inc();
    }

    /// Counts an answer and how long it took.
    pub fn answered(&self, answer: &Answer, timings: &Timings) {
        self.asked(if answer.abstained() {
            Outcome::Abstained
        } else {
            Outcome::Answered
        });
        for (stage, time) in stages(timings) {
            self.took(stage, time);
        }
        if let Some(best_of) = timings.best_of {
            self.chose(best_of);
        }
        self.count(answer.sentences(), true);
        self.count(answer.withheld(), false);
        let Some(usage) = answer.usage() else { return };
        let known = usage.cached_tokens.unwrap_or(0);
        for (kind, tokens) in [
            ("read", usage.prompt_tokens.saturating_sub(known)),
            ("known", known),
            ("written", usage.completion_tokens),
        ] {
            let tokens = u64::try_from(tokens).unwrap_or(u64::MAX);
            self.tokens
                .get_or_create(&TokenLabel { kind })
                .inc_by(tokens);
        }
        // Of an engine that does not say, nothing is known.
        if let Some(known) = usage.cached_tokens {
            let cache = if known > 0 { &self.hits } else { &self.misses };
            cache.get_or_create(&CacheLabel { cache: "prompt" }).inc();
        }
    }

    /// Counts a judgement of an answer.
    pub fn judged(&self, kind: Kind) {
        let kind = kind.as_str();
        self.feedback.get_or_create(&KindLabel { kind }).inc();
    }

    fn chose(&self, best_of: BestOf) {
        let shown = if best_of.chosen == 0 {
            "first"
        } else {
            "other"
        };
        let discarded = best_of.drafts.saturating_sub(1);
        for (fate, drafts) in [(shown, 1), ("discarded", discarded)] {
            let drafts = u64::try_from(drafts).unwrap_or(u64::MAX);
            self.drafts
                .get_or_create(&FateLabel { fate })
                .inc_by(drafts);
        }
        let tokens = u64::try_from(best_of.discarded_tokens).unwrap_or(u64::MAX);
        let kind = "discarded";
        self.tokens
            .get_or_create(&TokenLabel { kind })
            .inc_by(tokens);
    }

    fn took(&self, stage: &'static str, time: Option<Duration>) {
        if let Some(time) = time {
            let stage = self.stages.get_or_create(&StageLabel { stage });
            stage.observe(time.as_secs_f64());
        }
    }

    fn count(&self, sentences: &[CheckedSentence], shown: bool) {
        for sentence in sentences {
            if let Ok(Value::String(verdict)) = serde_json::to_value(sentence.verdict()) {
                let shown = shown.to_string();
                let label = VerdictLabel { verdict, shown };
                self.sentences.get_or_create(&label).inc();
            }
        }
    }

    /// Everything, as Prometheus reads it; `running` questions are being answered, `waiting` ones wait, and `lost`
    /// entries of the audit log wait to be told of.
    #[must_use]
    pub(crate) fn text(
        &self,
        counts: &Counts,
        (running, waiting): (usize, usize),
        lost: u64,
    ) -> String {
        let gauge = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let _showing = self.showing.lock().unwrap_or_else(PoisonError::into_inner);
        self.running.set(i64::try_from(running).unwrap_or(i64::MAX));
        self.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
        self.chunks.set(counts.chunks);
        self.lost.set(gauge(lost));
        self.memory.set(gauge(resident_bytes().unwrap_or(0)));
        // States that no document is in any more are not shown as they were.
        self.documents.clear();
        for (state, documents) in &counts.documents {
            let state = state.clone();
            self.documents
                .get_or_create(&StateLabel { state })
                .set(*documents);
        }
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a string does not fail");
        text
    }
}

/// The stages of an answer by their names, with how long each took.
pub(crate) fn stages(timings: &Timings) -> [(&'static str, Option<Duration>); 6] {
    [
        ("embed", Some(timings.embed)),
        ("retrieve", Some(timings.retrieve)),
        ("pack", Some(timings.pack)),
        ("first_sentence", timings.first_sentence),
        ("gate", timings.gate),
        ("generate_and_check", Some(timings.generate_and_check)),
    ]
}

/// Memory of this process that is not swapped out, as the system tells.
fn resident_bytes() -> Option<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    let resident: u64 = pages.split_ascii_whitespace().nth(1)?.parse().ok()?;
    let page = u64::try_from(rustix::param::page_size()).ok()?;
    resident.checked_mul(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_shown_and_old_states_are_not() {
        let metrics = Metrics::default();
        metrics.requested("GET", "/v1/documents/{id}", 404);
        metrics.asked(Outcome::Busy);
        metrics.took("retrieve", Some(Duration::from_millis(7)));
        metrics.took("gate", None);
        metrics.judged(Kind::WrongSource);
        metrics.chose(BestOf {
            drafts: 3,
            chosen: 2,
            discarded_tokens: 40,
        });
        let queued = Counts {
            documents: vec![("queued".to_owned(), 3)],
            chunks: 12,
        };
        let text = metrics.text(&queued, (2, 1), 0);
        for line in [
            r#"veracite_http_requests_total{method="GET",route="/v1/documents/{id}",status="404"} 1"#,
            r#"veracite_questions_total{outcome="busy"} 1"#,
            r#"veracite_documents{state="queued"} 3"#,
            r#"veracite_feedback_total{kind="wrong_source"} 1"#,
            r#"veracite_drafts_total{fate="other"} 1"#,
            r#"veracite_drafts_total{fate="discarded"} 2"#,
            r#"veracite_model_tokens_total{kind="discarded"} 40"#,
            "veracite_chunks 12",
            "veracite_questions_running 2",
            "veracite_questions_waiting 1",
            "# EOF",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
        }
        let is_bucket = |line: &str| {
            line.starts_with("veracite_stage_seconds_bucket{")
                && line.contains(r#"stage="retrieve""#)
                && line.contains(r#"le="0.01""#)
                && line.ends_with("} 1")
        };
        assert!(text.lines().any(is_bucket), "{text}");
        assert!(text.contains("veracite_build_info{version="), "{text}");
        assert!(!text.contains(r#"stage="gate""#), "{text}");
        let memory = text
            .lines()
            .find_map(|line| line.strip_prefix("process_resident_memory_bytes "))
            .unwrap();
        assert!(memory.parse::<u64>().unwrap() > 1_000_000, "{memory}");
        let later = metrics.text(&Counts::default(), (0, 0), 0);
        assert!(!later.contains("queued"), "{later}");
    }
}
