//! What was measured, as tables.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::measures::share;
use super::{AblationStep, Abstention, Answers, Groundedness, KindRow, Retrieval, WorstError};
use crate::language::Language;

/// Characters of a text that a table shows; JSON has all of them.
const SHOWN: usize = 240;

/// What was measured.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Name and version of the checker.
    pub checker: String,
    /// By set, then by method: `bm25`, `dense`, `hybrid`.
    pub retrieval: BTreeMap<String, BTreeMap<&'static str, Retrieval>>,
    /// By set.
    pub groundedness: BTreeMap<String, Groundedness>,
    /// By language, over the claims of all sets.
    pub pooled: BTreeMap<String, Groundedness>,
    /// By set, of those whose claims have kinds.
    pub kinds: BTreeMap<String, Vec<KindRow>>,
    /// By language, the worst errors over all sets.
    pub errors: BTreeMap<String, Vec<WorstError>>,
    /// By set, what the checker is worth with its tiers added one by one.
    pub ablation: BTreeMap<String, Vec<AblationStep>>,
    /// By set.
    pub abstention: BTreeMap<String, Abstention>,
    /// By set, whole answers.
    pub answers: BTreeMap<String, Answers>,
}

/// A table in Markdown.
struct Table {
    text: String,
}

impl Table {
    fn new(columns: &[&str]) -> Self {
        let mut table = Self {
            text: String::new(),
        };
        table.row(columns);
        table.row(&vec!["---"; columns.len()]);
        table
    }

    fn row(&mut self, cells: &[impl AsRef<str>]) {
        for cell in cells {
            // Writing to a string does not fail.
            let _ = write!(self.text, "| {} ", cell.as_ref());
        }
        self.text.push_str("|\n");
    }

    fn end(self) -> String {
        self.text + "\n"
    }
}

/// A measure to four places; a dash where it means nothing.
fn measure(value: f64) -> String {
    if value.is_nan() {
        "–".to_owned()
    } else {
        format!("{value:.4}")
    }
}

fn percent(value: f64) -> String {
    if value.is_nan() {
        "–".to_owned()
    } else {
        format!("{:.1} %", value * 100.0)
    }
}

/// A text in a cell: one line, its signs its own, cut if it is long.
fn cell(text: &str) -> String {
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(SHOWN) {
        line.truncate(end);
        line.push('…');
    }
    let mut cell = String::with_capacity(line.len());
    for char in line.chars() {
        if "\\|<*`[".contains(char) {
            cell.push('\\');
        }
        cell.push(char);
    }
    cell
}

impl Groundedness {
    fn cells(&self) -> [String; 7] {
        [
            format!("{} ({})", self.claims, self.supported),
            measure(self.auc),
            measure(self.balanced_accuracy),
            measure(self.ece),
            format!("{:.1}", self.ms_per_claim),
            format!("{:.1}", self.p50_ms),
            format!("{:.1}", self.p95_ms),
        ]
    }
}

/// Cells after those that name what they are about.
const MEASURED: [&str; 7] = [
    "claims (supported)",
    "AUC",
    "balanced accuracy",
    "ECE",
    "ms per claim",
    "p50 ms",
    "p95 ms",
];

impl Report {
    /// The report as tables in Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut parts = Vec::new();
        if !self.retrieval.is_empty() {
            parts.push(self.retrieval_table());
        }
        if !self.groundedness.is_empty() {
            parts.push(self.groundedness_table());
        }
        if !self.kinds.is_empty() {
            parts.push(self.kinds_table());
        }
        if !self.ablation.is_empty() {
            parts.push(self.ablation_table());
        }
        if !self.abstention.is_empty() {
            parts.push(self.abstention_table());
        }
        if !self.answers.is_empty() {
            parts.push(self.answers_table());
            parts.push(self.writers_table());
        }
        for (lang, errors) in &self.errors {
            if !errors.is_empty() {
                parts.push(errors_table(lang, errors));
            }
        }
        if !self.checker.is_empty() {
            parts.push(format!("Checker: {}\n", self.checker));
        }
        parts.concat()
    }

    fn retrieval_table(&self) -> String {
        let mut table = Table::new(&[
            "retrieval",
            "method",
            "nDCG@10",
            "Recall@1",
            "Recall@5",
            "Recall@100",
            "MRR@10",
            "p50 ms",
            "p95 ms",
        ]);
        for (set, methods) in &self.retrieval {
            for (method, found) in methods {
                table.row(&[
                    cell(set),
                    (*method).to_owned(),
                    measure(found.ndcg_10),
                    measure(found.recall_1),
                    measure(found.recall_5),
                    measure(found.recall_100),
                    measure(found.mrr_10),
                    format!("{:.1}", found.p50_ms),
                    format!("{:.1}", found.p95_ms),
                ]);
            }
        }
        table.end()
    }

    fn groundedness_table(&self) -> String {
        let mut table = Table::new(&[["groundedness"].as_slice(), &MEASURED].concat());
        for (set, found) in &self.groundedness {
            table.row(&[[cell(set)].as_slice(), &found.cells()].concat());
        }
        for (lang, found) in &self.pooled {
            let name = format!("**all in {}**", cell(lang));
            table.row(&[[name].as_slice(), &found.cells()].concat());
        }
        table.end()
    }

    fn kinds_table(&self) -> String {
        let mut table = Table::new(&[
            "kinds",
            "kind",
            "language",
            "wrong",
            "caught",
            "share caught",
            "right",
            "refused",
            "share refused",
        ]);
        for (set, rows) in &self.kinds {
            for row in rows {
                table.row(&[
                    cell(set),
                    cell(&row.kind),
                    cell(&row.lang),
                    row.wrong.to_string(),
                    row.wrong_caught.to_string(),
                    percent(row.caught_share()),
                    row.right.to_string(),
                    row.right_refused.to_string(),
                    percent(row.refused_share()),
                ]);
            }
        }
        table.end()
    }

    fn ablation_table(&self) -> String {
        let mut table = Table::new(&[["ablation", "tiers"].as_slice(), &MEASURED].concat());
        for (set, steps) in &self.ablation {
            for step in steps {
                let names = [cell(set), step.tiers.to_owned()];
                table.row(&[names.as_slice(), &step.measured.cells()].concat());
            }
        }
        table.end()
    }

    fn abstention_table(&self) -> String {
        let mut table = Table::new(&["abstention", "AUC", "balanced accuracy"]);
        for (set, found) in &self.abstention {
            table.row(&[
                cell(set),
                measure(found.auc),
                measure(found.balanced_accuracy),
            ]);
        }
        table.end()
    }

    /// What people are shown.
    fn answers_table(&self) -> String {
        let mut table = Table::new(&[
            "answers",
            "written by",
            "questions (without gold)",
            "answered",
            "abstained, gold there",
            "abstained, no gold",
            "right",
            "wrong",
            "wrong, no gold (holding it)",
            "wrong of questions",
            "mean ms",
            "p95 ms",
        ]);
        for (set, found) in &self.answers {
            table.row(&[
                cell(set),
                cell(&found.generator),
                format!("{} ({})", found.questions, found.without_gold),
                found.answered.to_string(),
                found.abstained_with_gold.to_string(),
                found.abstained_without_gold.to_string(),
                format!("{} ({})", found.right, percent(found.right_share())),
                found.wrong.to_string(),
                format!("{} ({})", found.wrong_without_gold, found.wrong_but_holding),
                percent(found.wrong_share()),
                format!("{:.0}", found.mean_ms),
                format!("{:.0}", found.p95_ms),
            ]);
        }
        table.end()
    }

    /// What the checker does to what was written.
    fn writers_table(&self) -> String {
        let mut table = Table::new(&[
            "answers",
            "sentences shown",
            "verbatim",
            "supported",
            "withheld",
            "right unchecked",
            "right",
            "wrong unchecked",
            "wrong",
        ]);
        for (set, found) in &self.answers {
            table.row(&[
                cell(set),
                found.shown.to_string(),
                percent(found.verbatim_share()),
                percent(found.supported_share()),
                format!(
                    "{} ({})",
                    found.withheld,
                    percent(share(found.withheld, found.withheld + found.shown))
                ),
                found.unchecked_right.to_string(),
                found.right.to_string(),
                found.unchecked_wrong.to_string(),
                found.wrong.to_string(),
            ]);
        }
        table.end()
    }
}

fn errors_table(lang: &str, errors: &[WorstError]) -> String {
    let name = format!("worst errors, {}", cell(lang));
    let mut table = Table::new(&[
        name.as_str(),
        "claim is",
        "score",
        "verdict",
        "reason",
        "claim",
        "best evidence",
    ]);
    for error in errors {
        let truth = if error.supported {
            "supported"
        } else {
            "not supported"
        };
        let reason = error.reason.as_ref();
        table.row(&[
            cell(&format!("{}/{}", error.set, error.id)),
            truth.to_owned(),
            format!("{:.3}", error.score),
            cell(&format!("{:?}", error.verdict)),
            cell(&reason.map_or("–".to_owned(), |reason| reason.words(Language::En))),
            cell(&error.claim),
            cell(error.quote.as_deref().unwrap_or("–")),
        ]);
    }
    table.end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Reason, Verdict};

    #[test]
    fn a_text_cannot_break_its_table() {
        assert_eq!(cell("a | b\n<b>*c*</b>"), "a \\| b \\<b>\\*c\\*\\</b>");
        let long = "연차 ".repeat(200);
        assert_eq!(cell(&long).chars().count(), SHOWN + 1);
    }

    #[test]
    fn a_report_tells_what_was_measured_and_a_dash_where_nothing_can_be_told() {
        let found = Groundedness {
            claims: 2,
            supported: 2,
            auc: f64::NAN,
            balanced_accuracy: 0.75,
            ece: 0.125,
            ms_per_claim: 1.0,
            p50_ms: 1.0,
            p95_ms: 2.0,
        };
        let mut report = Report::default();
        assert_eq!(report.markdown(), "");
        report.groundedness.insert("set".to_owned(), found.clone());
        report.pooled.insert("ko".to_owned(), found.clone());
        report.kinds.insert(
            "set".to_owned(),
            vec![KindRow {
                kind: "date".to_owned(),
                lang: "ko".to_owned(),
                right: 0,
                right_refused: 0,
                wrong: 4,
                wrong_caught: 3,
            }],
        );
        report.ablation.insert(
            "set".to_owned(),
            vec![AblationStep {
                tiers: "words",
                measured: found,
            }],
        );
        report.errors.insert(
            "ko".to_owned(),
            vec![WorstError {
                set: "set".to_owned(),
                id: "1".to_owned(),
                supported: false,
                claim: "연차는 | 25일이다.".to_owned(),
                evidence: "연차는 15일이다.".to_owned(),
                quote: None,
                score: 0.9,
                verdict: Verdict::Supported,
                reason: Some(Reason::LowSimilarity),
            }],
        );
        let text = report.markdown();
        for line in [
            "| set | 2 (2) | – | 0.7500 | 0.1250 | 1.0 | 1.0 | 2.0 |",
            "| **all in ko** | 2 (2) | – | 0.7500 | 0.1250 | 1.0 | 1.0 | 2.0 |",
            "| set | date | ko | 4 | 3 | 75.0 % | 0 | 0 | – |",
            "| set | words | 2 (2) | – | 0.7500 | 0.1250 | 1.0 | 1.0 | 2.0 |",
            "연차는 \\| 25일이다. | – |",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        let json = serde_json::to_value(&report).unwrap();
        assert!(json["groundedness"]["set"]["auc"].is_null());
        assert_eq!(json["ablation"]["set"][0]["ece"], 0.125);
        assert_eq!(json["errors"]["ko"][0]["evidence"], "연차는 15일이다.");
    }
}
