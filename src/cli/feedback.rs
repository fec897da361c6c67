//! `veracite feedback`: what people say of answers and what is decided on it; that and what the checker says,
//! as lines that TRL reads.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use ingest::Group;
use jiff::Timestamp;

use super::ask::mark;
use super::beside::with_catalogue;
use crate::app::{App, LOCAL};
use crate::ask::Reader;
use crate::audit::{Action, Audit, Event};
use crate::catalogue::{Catalogue, JudgementFilter, JudgementRow, Review};
use crate::config::Config;
use crate::eval::site_questions;
use crate::feedback::{
    self, Decision, DraftsOptions, Export, ExportOptions, Format, draft_examples, export,
};
use crate::generate::{DRAFTS_LIMIT, Engine};
use crate::language::Language;

#[derive(Debug, Args)]
pub(super) struct FeedbackArguments {
    #[command(subcommand)]
    command: FeedbackCommand,
}

#[derive(Debug, Subcommand)]
enum FeedbackCommand {
    /// Lists what people said of answers, newest first, also while `serve` runs.
    List(ListArguments),
    /// Decides on what somebody said, also while `serve` runs.
    Decide(DecideArguments),
    /// Writes what people said of answers, also while `serve` runs.
    Export(ExportArguments),
    /// Has several drafts written for each question, and makes examples of what the checker says of
    /// them.
    Draft(DraftArguments),
}

#[derive(Debug, Args)]
struct ListArguments {
    /// Only what waits: corrections that the documents do not support, on which nobody decided.
    #[arg(long)]
    waiting: bool,
    /// So many at most.
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    limit: u32,
}

/// What is accepted is learnt from also where the documents do not support its correction. Of what is
/// refused nothing is learnt.
#[derive(Debug, Args)]
struct DecideArguments {
    /// Its id, as `list` names it.
    id: String,
    /// What is decided.
    decision: DecisionArgument,
    /// Only if it is what was said then, as `list` names the time.
    #[arg(long, value_name = "TIME")]
    given: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DecisionArgument {
    /// It may be learnt from.
    Accept,
    /// Nothing of it is learnt from.
    Refuse,
    /// Nobody decided so far.
    Later,
}

#[derive(Debug, Args)]
struct LinesArguments {
    /// What it is for: `dpo` (prompt, chosen, rejected), `kto` (prompt, completion, label), `sft`
    /// (messages) or `prompt-completion`.
    #[arg(long)]
    format: Format,
    /// The file that gets the lines; the standard output, if left out.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Has each line say where it comes from, and which groups may read its documents, in a column of
    /// its own.
    #[arg(long)]
    mark: bool,
}

/// An example holds the text of documents. It is left out if somebody whom the export is for may
/// not read one of them today.
#[derive(Debug, Args)]
struct ExportArguments {
    #[command(flatten)]
    lines: LinesArguments,
    /// Groups that the export is for, separated by commas; `everyone`, if left out.
    #[arg(long, value_name = "GROUPS", value_delimiter = ',')]
    reader_groups: Vec<Group>,
    /// Leaves nothing out for want of rights.
    #[arg(long, conflicts_with = "reader_groups")]
    all: bool,
    /// Learns corrections too that the documents do not say and that no administrator accepted.
    #[arg(long)]
    unchecked: bool,
}

#[derive(Debug, Args)]
struct DraftArguments {
    #[command(flatten)]
    lines: LinesArguments,
    /// The questions, a line of JSON each with `text`; those of the configuration, if left out.
    #[arg(long, value_name = "FILE")]
    questions: Option<PathBuf>,
    /// Drafts of each question.
    #[arg(long, value_name = "NUMBER", default_value = "4")]
    drafts: NonZeroUsize,
    /// Best and worst draft make a pair if their scores differ by so much. All supported has 1, all
    /// contradicted -3, nothing said 0.
    #[arg(long, value_name = "SCORE", default_value_t = 0.5)]
    margin: f64,
    /// A group whose documents may be used, besides those of `everyone`; may be given again.
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<Group>,
    /// The adapter that writes; the default one, if left out.
    #[arg(long, value_name = "NAME")]
    adapter: Option<String>,
}

pub(super) async fn run(config: Config, arguments: FeedbackArguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        FeedbackCommand::List(arguments) => list(&config, &arguments).await?,
        FeedbackCommand::Decide(arguments) => {
            with_catalogue(&config, async |catalogue, audit, _| {
                decide(catalogue, audit, &arguments).await
            })
            .await?;
        }
        FeedbackCommand::Export(arguments) => write_export(&config, arguments).await?,
        FeedbackCommand::Draft(arguments) => draft(config, arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(config: &Config, arguments: &ListArguments) -> anyhow::Result<()> {
    let filter = JudgementFilter {
        review: arguments.waiting.then_some(Review::Waiting),
        limit: Some(arguments.limit),
        ..JudgementFilter::default()
    };
    let rows = with_catalogue(config, async |catalogue, _, _| {
        Ok(catalogue.judgements(filter).await?)
    })
    .await?;
    for row in &rows {
        println!("{}", told(row));
    }
    Ok(())
}

/// What somebody said, in a line, and what they would write, a line for each sentence: as theirs, with
/// what the checker said of it.
fn told(row: &JudgementRow) -> String {
    let judgement = &row.judgement;
    let state = match judgement.decision() {
        Some(decision) => decision.as_str(),
        None if judgement.waits() => "waiting",
        None => "-",
    };
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut lines = vec![format!(
        "{}  {}  {:<12}  {state:<8}  {}  {}",
        judgement.id,
        judgement.given,
        judgement.kind.as_str(),
        judgement.actor,
        one_line(&row.judged.question)
    )];
    for sentence in &judgement.corrected {
        let mark = mark(sentence.verdict, Language::En);
        let comma = if mark.is_empty() { "" } else { ", " };
        let text = one_line(&sentence.text);
        lines.push(format!("    correction{comma}{mark}: {text}"));
    }
    lines.join("\n")
}

async fn decide(
    catalogue: &Catalogue,
    audit: &Audit,
    arguments: &DecideArguments,
) -> anyhow::Result<()> {
    let id = &arguments.id;
    let filter = JudgementFilter {
        id: Some(id),
        ..JudgementFilter::default()
    };
    let row = catalogue.judgements(filter).await?.pop();
    let row = row
        .with_context(|| format!("nobody said `{id}`; `veracite feedback list` names what was"))?;
    let decision = match arguments.decision {
        DecisionArgument::Accept => Some(Decision::Accepted),
        DecisionArgument::Refuse => Some(Decision::Refused),
        DecisionArgument::Later => None,
    };
    let event = Event::new(LOCAL, Action::FeedbackDecided, row.answer);
    let done = feedback::decide(
        (catalogue, audit),
        (LOCAL, event),
        (&row, arguments.given),
        decision,
    )
    .await;
    done.with_context(|| format!("nothing was decided on `{id}`; look at it again"))
}

/// Where lines go. A file is in its place once all are written, so that none is half there.
struct Lines {
    to: Box<dyn Write>,
    file: Option<(PathBuf, PathBuf)>,
}

impl Lines {
    fn open(file: Option<&Path>) -> anyhow::Result<Self> {
        let Some(file) = file else {
            return Ok(Self {
                to: Box::new(BufWriter::new(std::io::stdout())),
                file: None,
            });
        };
        let mut name = file.as_os_str().to_owned();
        name.push(".part");
        let part = PathBuf::from(name);
        let to =
            File::create(&part).with_context(|| format!("{} cannot be written", part.display()))?;
        Ok(Self {
            to: Box::new(BufWriter::new(to)),
            file: Some((part, file.to_owned())),
        })
    }

    fn write(&mut self, line: &impl serde::Serialize) -> std::io::Result<()> {
        serde_json::to_writer(&mut self.to, line)?;
        self.to.write_all(b"\n")
    }

    fn finish(mut self) -> anyhow::Result<()> {
        self.to.flush().context("the lines cannot be written")?;
        drop(self.to);
        if let Some((part, file)) = self.file {
            std::fs::rename(&part, &file)
                .with_context(|| format!("{} cannot be written", file.display()))?;
        }
        Ok(())
    }
}

async fn write_export(config: &Config, arguments: ExportArguments) -> anyhow::Result<()> {
    let ExportArguments {
        lines,
        reader_groups,
        all,
        unchecked,
    } = arguments;
    let reader = (!all).then(|| Reader::new(reader_groups));
    let options = ExportOptions {
        format: lines.format,
        reader,
        mark: lines.mark,
        unchecked,
    };
    let mut out = Lines::open(lines.out.as_deref())?;
    let exported = with_catalogue(config, async |catalogue, audit, _| {
        let groups = options.reader.as_ref().map(Reader::groups);
        let event = Event::new(LOCAL, Action::FeedbackExported, "people")
            .with("format", options.format)
            .with("groups", groups)
            .with("unchecked", unchecked);
        audit.record(event).await?;
        Ok(export(catalogue, &options, |line| out.write(line)).await?)
    })
    .await?;
    out.finish()?;
    tell(&exported);
    Ok(())
}

fn tell(exported: &Export) {
    eprintln!("{} lines", exported.lines);
    for (reason, answers) in &exported.skipped {
        eprintln!("{answers} judged answers {}", reason.words());
    }
}

async fn draft(config: Config, arguments: DraftArguments) -> anyhow::Result<()> {
    let DraftArguments {
        lines,
        questions,
        drafts,
        margin,
        groups,
        adapter,
    } = arguments;
    if drafts.get() > DRAFTS_LIMIT {
        bail!("`--drafts` is {drafts}, over {DRAFTS_LIMIT}");
    }
    if config.generator.engine == Engine::Quote {
        bail!("quote mode writes one draft only: `generator.engine` must be `local` or `openai`");
    }
    let file = questions.or_else(|| config.feedback.questions.clone());
    let file = file.context("`--questions` is missing, and `feedback.questions` too")?;
    let questions = site_questions(&file)?;
    let options = DraftsOptions {
        drafts: drafts.get(),
        margin,
        format: lines.format,
        mark: lines.mark,
        groups,
        adapter,
    };
    let app = App::open(config).await?;
    let done = draft_all(
        &app,
        &questions,
        &options,
        Lines::open(lines.out.as_deref())?,
    )
    .await;
    app.close().await;
    done
}

async fn draft_all(
    app: &App,
    questions: &[crate::eval::SiteQuestion],
    options: &DraftsOptions,
    mut out: Lines,
) -> anyhow::Result<()> {
    app.needs_generator()?;
    let event = Event::new(LOCAL, Action::FeedbackExported, "drafts")
        .with("format", options.format)
        .with("groups", &options.groups);
    app.audit().record(event).await?;
    let mut written = 0;
    for (number, question) in (1_usize..).zip(questions) {
        let lines = draft_examples(app, &question.text, options)
            .await
            .with_context(|| format!("question {} failed", question.id))?;
        for line in &lines {
            out.write(line).context("the lines cannot be written")?;
        }
        written += lines.len();
        if number.is_multiple_of(10) {
            eprintln!("{number} of {} questions", questions.len());
        }
    }
    out.finish()?;
    eprintln!("{written} lines of {} questions", questions.len());
    Ok(())
}
