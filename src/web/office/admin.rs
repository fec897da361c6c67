//! `GET /admin` and `GET /v1/statistics`: how an installation is used, for administrators.
//!
//! Titles are those of documents that the administrator may find: running an installation is not
//! reading its documents.

use askama::Template;
use axum::Json;
use axum::extract::{Query, State};
use axum::response::Response;
use ingest::DocumentId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::charts::{Bar, Chart, Series, length, lines, percent, stacked};
use super::installation::{InstallationBody, look};
use super::page::state_word;
use super::reviews::{review_words, waiting_words};
use super::words::{OfficeWords, office_words};
use super::{size, thousands};
use crate::audit::Questions as KeptQuestions;
use crate::catalogue::State as DocumentState;
use crate::library::LibraryError;
use crate::statistics::report::{DayReport, Report, days_until, report};
use crate::statistics::unanswered::{Unanswered, asked_since, grouped};
use crate::web::Shared;
use crate::web::error::{Error, ErrorBody};
use crate::web::pages::{Frame, html};
use crate::web::people::when;
use crate::web::viewer::{Speaks, Viewer};
use crate::web::words::Words;

/// Periods that are shown, in days.
const RANGES: [u16; 3] = [7, 30, 90];
/// Documents that are named.
const NAMED: usize = 20;

/// How often a document was cited.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::web) struct CitedBody {
    /// Its id.
    pub(in crate::web) id: String,
    /// Its title.
    pub(in crate::web) title: String,
    /// Answers that cite it.
    pub(in crate::web) answers: u64,
}

/// Documents that no answer cited.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::web) struct NeverCitedBody {
    /// How many there are that the asker may find.
    pub(in crate::web) count: u64,
    /// Some of them, those that changed longest ago.
    pub(in crate::web) documents: Vec<CitedBody>,
}

/// How an installation was used.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::web) struct StatisticsBody {
    /// Questions, verdicts, times and tokens.
    pub(in crate::web) report: Report,
    /// Questions that the documents do not answer, similar ones together; null where the audit log
    /// does not keep their text.
    pub(in crate::web) unanswered: Option<Vec<Unanswered>>,
    /// The documents that most answers cite, of those that the asker may find.
    pub(in crate::web) most_cited: Vec<CitedBody>,
    /// Documents that no answer cited.
    pub(in crate::web) never_cited: NeverCitedBody,
    /// The installation as it is now.
    pub(in crate::web) installation: InstallationBody,
}

/// Of which period.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::web) struct RangeQuery {
    days: Option<String>,
}

impl RangeQuery {
    fn days(&self) -> Result<u16, Error> {
        let Some(days) = self.days.as_deref().filter(|days| !days.is_empty()) else {
            return Ok(30);
        };
        let known = days.parse().ok().filter(|days| RANGES.contains(days));
        known.ok_or_else(|| Error::field("days", "7, 30 or 90 is expected"))
    }
}

async fn gather(shared: &Shared, viewer: &Viewer, days: u16) -> Result<StatisticsBody, Error> {
    viewer.must_be_admin()?;
    let app = &shared.app;
    let statistics = app.statistics();
    let (library, reader) = (app.library(), &viewer.reader);
    let catalogue = library.catalogue();
    statistics.write().await.map_err(LibraryError::from)?;
    let days = days_until(statistics.now(), days);
    let from = days.first().map(String::as_str).unwrap_or_default();
    let sums = catalogue.statistics_since(from).await;
    let cited = catalogue.cited_since(from, reader).await;
    let cited = cited.map_err(LibraryError::from)?;
    let all: Vec<String> = cited.iter().map(|(id, _)| id.to_string()).collect();
    let never = catalogue.never_cited(&all, reader, 20).await;
    let (count, never) = never.map_err(LibraryError::from)?;
    let unanswered = match app.config().audit.questions {
        KeptQuestions::Hash => None,
        KeptQuestions::Text => {
            let asked = asked_since(catalogue, from).await;
            Some(grouped(&asked.map_err(LibraryError::from)?))
        }
    };
    let named = |ids: Vec<(DocumentId, u64)>| async move {
        let only: Vec<DocumentId> = ids.iter().map(|(id, _)| *id).collect();
        let views = library.some(&only, reader).await?;
        let bodies = views.into_iter().map(|view| CitedBody {
            answers: ids
                .iter()
                .find(|(id, _)| *id == view.id)
                .map_or(0, |(_, answers)| *answers),
            id: view.id.to_string(),
            title: view.title,
        });
        Ok::<_, Error>(bodies.collect::<Vec<_>>())
    };
    Ok(StatisticsBody {
        report: report(&days, &sums.map_err(LibraryError::from)?),
        unanswered,
        most_cited: named(cited.into_iter().take(NAMED).collect()).await?,
        never_cited: NeverCitedBody {
            count,
            documents: named(never.into_iter().map(|id| (id, 0)).collect()).await?,
        },
        installation: look(app).await?,
    })
}

/// Tells how the installation is used: questions, verdicts, times and tokens by day, questions
/// without an answer, documents that are cited and that are not, and how the machine is. For
/// administrators; nothing in it is of a person.
#[utoipa::path(
    get, path = "/v1/statistics", tag = "people",
    params(("days" = Option<u16>, Query, description = "Of the last 7, 30 or 90 days (UTC); 30 if left out")),
    responses(
        (status = 200, description = "The figures", body = StatisticsBody),
        (status = 403, description = "The asker is no administrator", body = ErrorBody),
    )
)]
pub(in crate::web) async fn statistics(
    State(shared): State<Shared>,
    viewer: Viewer,
    Query(range): Query<RangeQuery>,
) -> Result<Json<StatisticsBody>, Error> {
    viewer.must_be_admin()?;
    Ok(Json(gather(&shared, &viewer, range.days()?).await?))
}

/// A number with its name.
#[derive(Clone, Debug)]
pub(in crate::web) struct Figure {
    pub(in crate::web) word: &'static str,
    pub(in crate::web) value: String,
    pub(in crate::web) hint: &'static str,
}

/// Names with values.
#[derive(Clone, Debug)]
pub(in crate::web) struct Table {
    pub(in crate::web) id: &'static str,
    pub(in crate::web) title: &'static str,
    pub(in crate::web) rows: Vec<(String, String)>,
}

#[derive(Debug, Template)]
#[template(path = "pages/admin.html")]
pub(in crate::web) struct AdminPage {
    pub(in crate::web) frame: Frame,
    pub(in crate::web) text: &'static OfficeWords,
    pub(in crate::web) days: u16,
    pub(in crate::web) figures: Vec<Figure>,
    pub(in crate::web) charts: Vec<Chart>,
    pub(in crate::web) unanswered: Option<Vec<Unanswered>>,
    pub(in crate::web) cited: Vec<CitedBody>,
    pub(in crate::web) never: Vec<CitedBody>,
    pub(in crate::web) never_count: String,
    pub(in crate::web) tables: Vec<Table>,
    pub(in crate::web) warnings: Vec<(String, String)>,
    /// The link to what people said of answers, and how much of it waits.
    pub(in crate::web) reviews: &'static str,
    pub(in crate::web) waiting: String,
}

impl AdminPage {
    /// The page of these figures, where so much of what people said waits to be decided on.
    pub(in crate::web) fn new(frame: Frame, days: u16, body: StatisticsBody, waiting: u64) -> Self {
        let reviews = review_words(frame.language);
        let (words, text) = (frame.words, office_words(frame.language));
        let warnings = &body.installation.warnings;
        let count = thousands(body.never_cited.count);
        Self {
            text,
            days,
            reviews: reviews.title,
            waiting: waiting_words(reviews, waiting),
            figures: figures(text, &body.report),
            charts: charts(words, text, &body.report),
            tables: tables(words, text, &body.installation),
            warnings: warnings
                .iter()
                .map(|warning| (warning.name.clone(), warning.message.clone()))
                .collect(),
            never_count: text.never_cited_count.replace("{count}", &count),
            unanswered: body.unanswered,
            cited: body.most_cited,
            never: body.never_cited.documents,
            frame,
        }
    }

    fn ranges(&self) -> [(u16, String); 3] {
        let word = |days: u16| self.text.last_days.replace("{count}", &days.to_string());
        RANGES.map(|days| (days, word(days)))
    }

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "templates pass by reference"
    )]
    fn is_range(&self, days: &u16) -> bool {
        self.days == *days
    }

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "templates pass by reference"
    )]
    fn times(&self, times: &u64) -> String {
        let words = self.text.unanswered_times;
        words.replace("{count}", &thousands(*times))
    }

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "templates pass by reference"
    )]
    fn answers(&self, answers: &u64) -> String {
        let words = self.text.cited_times;
        words.replace("{count}", &thousands(*answers))
    }
}

/// A share of a thousand.
fn per_mille(part: u64, whole: u64) -> Option<u64> {
    (part * 1_000).checked_div(whole)
}

fn figures(text: &OfficeWords, report: &Report) -> Vec<Figure> {
    let all = |of: fn(&DayReport) -> u64| report.days.iter().map(of).sum::<u64>();
    let supported = per_mille(all(|day| day.supported), all(|day| day.checked));
    let questions = &report.questions;
    let abstained = per_mille(
        questions.abstained,
        questions.answered + questions.abstained,
    );
    let share = |share: Option<u64>| share.map_or_else(|| "–".to_owned(), percent);
    vec![
        Figure {
            word: text.questions,
            value: thousands(questions.all()),
            hint: "",
        },
        Figure {
            word: text.support_rate,
            value: share(supported),
            hint: text.support_rate_hint,
        },
        Figure {
            word: text.abstention_rate,
            value: share(abstained),
            hint: text.abstention_rate_hint,
        },
    ]
}

fn series(word: &'static str, class: &'static str) -> Series {
    Series { word, class }
}

fn charts(words: &'static Words, text: &'static OfficeWords, report: &Report) -> Vec<Chart> {
    let days: Vec<String> = report.days.iter().map(|day| day.day.clone()).collect();
    let of = |of: fn(&DayReport) -> u64| report.days.iter().map(of).collect::<Vec<u64>>();
    let questions = [
        (
            series(text.answered, "good"),
            of(|day| day.questions.answered),
        ),
        (
            series(text.abstained, "warn"),
            of(|day| day.questions.abstained),
        ),
        (
            series(text.question_failed, "bad"),
            of(|day| day.questions.failed),
        ),
        (
            series(text.question_left, "dim"),
            of(|day| day.questions.left),
        ),
        (
            series(text.question_busy, "accent"),
            of(|day| day.questions.busy),
        ),
    ];
    let shares = |of: fn(&DayReport) -> Option<u64>| {
        report.days.iter().map(of).collect::<Vec<Option<u64>>>()
    };
    let rates = [
        (
            series(text.support_rate, "good"),
            shares(|day| per_mille(day.supported, day.checked)),
        ),
        (
            series(text.abstention_rate, "warn"),
            shares(|day| {
                let asked = day.questions.answered + day.questions.abstained;
                per_mille(day.questions.abstained, asked)
            }),
        ),
    ];
    let tokens = [
        (
            series(text.tokens_read, "accent"),
            of(|day| day.tokens.read),
        ),
        (series(text.tokens_known, "dim"), of(|day| day.tokens.known)),
        (
            series(text.tokens_written, "good"),
            of(|day| day.tokens.written),
        ),
    ];
    vec![
        stacked(
            "questions",
            text.questions_per_day,
            text.day,
            &days,
            &questions,
        ),
        lines("rates", text.rates_per_day, text.day, &days, &rates),
        verdicts(words, text, report),
        stages(text, report),
        stacked("tokens", text.tokens, text.day, &days, &tokens),
    ]
}

fn verdicts(words: &'static Words, text: &'static OfficeWords, report: &Report) -> Chart {
    let rows = &report.verdicts;
    let most = rows.iter().map(|row| row.shown + row.withheld).max();
    let word = |verdict: &str| match verdict {
        "supported" => (words.supported, "good"),
        "partial" => (words.partial, "warn"),
        "contradicted" => (words.contradicted, "bad"),
        "unsupported" => (words.unsupported, "bad"),
        "unverified" => (words.unverified, "dim"),
        _ => (words.not_checkable, "dim"),
    };
    let bar = |row: &crate::statistics::report::VerdictReport| {
        let (word, class) = word(&row.verdict);
        let all = row.shown + row.withheld;
        Bar {
            word: word.to_owned(),
            value: thousands(all),
            length: length(all, most.unwrap_or(0)),
            class,
        }
    };
    Chart {
        id: "verdicts",
        title: text.verdicts,
        bars: rows.iter().map(bar).collect(),
        head: vec![text.verdict, text.shown, text.withheld_count],
        rows: rows
            .iter()
            .map(|row| {
                let word = word(&row.verdict).0.to_owned();
                vec![word, thousands(row.shown), thousands(row.withheld)]
            })
            .collect(),
        is_empty: rows.is_empty(),
        ..Chart::default()
    }
}

fn stage_word(text: &'static OfficeWords, stage: &str) -> &'static str {
    match stage {
        "embed" => text.stage_embed,
        "retrieve" => text.stage_retrieve,
        "pack" => text.stage_pack,
        "first_sentence" => text.stage_first_sentence,
        "gate" => text.stage_gate,
        _ => text.stage_generate_and_check,
    }
}

/// Milliseconds for people.
fn millis(time: f64) -> String {
    if time < 10.0 {
        format!("{time:.1} ms")
    } else if time < 10_000.0 {
        format!("{time:.0} ms")
    } else {
        format!("{:.1} s", time / 1e3)
    }
}

/// Whole milliseconds, at least one: as long as bars are exact.
fn whole(time: f64) -> u64 {
    let text = format!("{:.0}", time.max(1.0));
    text.parse().unwrap_or(u64::MAX)
}

fn stages(text: &'static OfficeWords, report: &Report) -> Chart {
    let rows = &report.stages;
    let slowest = rows
        .iter()
        .max_by(|one, other| one.p95_ms.total_cmp(&other.p95_ms));
    let most = slowest.map_or(0, |row| whole(row.p95_ms));
    let bar = |row: &crate::statistics::report::StageReport| Bar {
        word: stage_word(text, &row.stage).to_owned(),
        value: format!("{} · {}", millis(row.p50_ms), millis(row.p95_ms)),
        length: length(whole(row.p95_ms), most),
        class: if slowest.is_some_and(|slow| slow.stage == row.stage) {
            "warn"
        } else {
            "accent"
        },
    };
    Chart {
        id: "stages",
        title: text.stages,
        bars: rows.iter().map(bar).collect(),
        head: vec![text.stage, text.times_measured, text.half, text.most],
        rows: rows
            .iter()
            .map(|row| {
                vec![
                    stage_word(text, &row.stage).to_owned(),
                    thousands(row.count),
                    millis(row.p50_ms),
                    millis(row.p95_ms),
                ]
            })
            .collect(),
        note: slowest.map_or_else(String::new, |row| {
            text.slowest
                .replace("{stage}", stage_word(text, &row.stage))
        }),
        is_empty: rows.is_empty(),
        ..Chart::default()
    }
}

fn tables(words: &Words, text: &OfficeWords, body: &InstallationBody) -> Vec<Table> {
    let states = body.documents.iter().map(|(state, count)| {
        let known = serde_json::from_value::<DocumentState>(state.as_str().into());
        let word = match known {
            Ok(DocumentState::ReadyWithWarnings) => format!("{} · {}", words.ready, words.problems),
            Ok(state) => state_word(words, state, 0),
            Err(_) => state.clone(),
        };
        (word, thousands(*count))
    });
    let part = |part: &str| match part {
        "catalogue" => text.part_catalogue,
        "originals" => text.part_originals,
        "index" => text.part_index,
        "models" => text.part_models,
        _ => text.part_other,
    };
    let mut disk: Vec<(String, String)> = body
        .disk
        .iter()
        .map(|row| (part(row.part).to_owned(), size(row.bytes)))
        .collect();
    if let Some(free) = body.disk_free {
        disk.push((text.disk_free.to_owned(), size(free)));
    }
    let backup = body
        .last_backup
        .as_deref()
        .and_then(|time| time.parse().ok());
    let backup = match backup {
        Some(time) => text.backup_last.replace("{time}", &when(time)),
        None => text.backup_never.to_owned(),
    };
    disk.push((text.backups.to_owned(), backup));
    let row = |name: &str, value: String| (name.to_owned(), value);
    let embedder = body.embedder.clone();
    vec![
        Table {
            id: "queue-title",
            title: text.queue,
            rows: states.collect(),
        },
        Table {
            id: "indexes-title",
            title: text.indexes,
            rows: vec![
                row(text.chunks, thousands(body.chunks)),
                row(text.without_vector, thousands(body.without_vector)),
            ],
        },
        Table {
            id: "disk-title",
            title: text.disk,
            rows: disk,
        },
        Table {
            id: "software-title",
            title: text.software,
            rows: vec![
                row(text.version, body.version.to_owned()),
                row(text.schema, body.schema.to_string()),
                row(
                    text.embedder,
                    embedder.unwrap_or_else(|| text.none.to_owned()),
                ),
                row(text.checker, body.checker.clone()),
                row(text.generator, body.generator.clone()),
            ],
        },
    ]
}

/// `GET /admin`.
pub(super) async fn page(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    Query(range): Query<RangeQuery>,
) -> Result<Response, Error> {
    viewer.must_be_admin()?;
    let days = range.days()?;
    let body = gather(&shared, &viewer, days).await?;
    let catalogue = shared.app.library().catalogue();
    let waiting = catalogue.waiting_judgements().await;
    let waiting = waiting.map_err(LibraryError::from)?;
    let frame = Frame::new(&shared, &viewer, language, "admin");
    html(&AdminPage::new(frame, days, body, waiting))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_one_that_is_shown() {
        let days = |text: Option<&str>| {
            RangeQuery {
                days: text.map(str::to_owned),
            }
            .days()
        };
        assert_eq!(days(None), Ok(30));
        assert_eq!(days(Some("")), Ok(30));
        assert_eq!(days(Some("90")), Ok(90));
        for wrong in ["0", "8", "-7", "x", "70000"] {
            let error = days(Some(wrong)).unwrap_err();
            assert!(matches!(&error, Error::Field { field, .. } if field == "days"));
        }
    }

    #[test]
    fn times_are_read_by_people() {
        assert_eq!(millis(0.26), "0.3 ms");
        assert_eq!(millis(123.4), "123 ms");
        assert_eq!(millis(12_345.0), "12.3 s");
        assert_eq!((whole(0.0), whole(12.6)), (1, 13));
    }
}
