//! `veracite eval`: measures on labelled questions.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use crate::config::Config;
use crate::eval;

#[derive(Debug, Args)]
pub(super) struct EvalArguments {
    /// A folder with `retrieval`, `groundedness` or `abstention`, one of these, or one set: a folder
    /// in BEIR layout, or a file of claims (`claim`, `evidence`, `supported` a line).
    folder: PathBuf,
    /// Writes the report as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Writes the report as Markdown.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Questions or claims of each set at most.
    #[arg(long, value_name = "NUMBER", conflicts_with = "answers")]
    limit: Option<usize>,
    /// Tells the worst errors of the checker, so many for each language.
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 0,
        conflicts_with = "answers"
    )]
    errors: usize,
    /// Measures the checker also with its tiers added one by one: words, facts, vectors,
    /// verifier, judge, as far as it has them. Takes as long again for each.
    #[arg(long, conflicts_with = "answers")]
    ablation: bool,
    /// Measures nothing, and writes what the checker weighs of every claim, a line of JSON each.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["answers", "ablation", "errors", "json", "markdown"])]
    pairs: Option<PathBuf>,
    /// Measures whole answers instead, on the questions that carry `answers`: they are asked of
    /// the set's documents, written by the configured engine, checked in strict mode, and what is
    /// shown is compared with the expected strings.
    #[arg(long)]
    answers: bool,
    /// Questions of each set at most, chosen by the seed.
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 200,
        requires = "answers"
    )]
    questions: usize,
    /// The share of questions whose documents are hidden from the search: the only right answer
    /// to these is none.
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, value_parser = share, requires = "answers")]
    remove_gold: f64,
    /// Chooses the questions, and those whose documents are hidden.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, requires = "answers")]
    seed: u64,
    /// Writes a line of JSON for each question, for people to review: what was expected, every
    /// sentence that was written with its verdict, and what the answer counts as.
    #[arg(long, value_name = "FILE", requires = "answers")]
    labels: Option<PathBuf>,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("it is not a number from 0 to 1".to_owned()),
    }
}

pub(super) async fn run(config: Config, arguments: EvalArguments) -> anyhow::Result<ExitCode> {
    let options = eval::Options {
        limit: arguments.limit,
        errors: arguments.errors,
        ablation: arguments.ablation,
        pairs: arguments.pairs,
        answers: arguments.answers.then_some(eval::AnswersOptions {
            questions: arguments.questions,
            remove_gold: arguments.remove_gold,
            seed: arguments.seed,
            labels: arguments.labels,
        }),
    };
    let report = eval::run(&config, &arguments.folder, &options, &|what| {
        eprintln!("{what}");
    })
    .await?;
    if options.pairs.is_some() {
        return Ok(ExitCode::SUCCESS);
    }
    let text = report.markdown();
    print!("{text}");
    if let Some(file) = &arguments.markdown {
        write(file, &text)?;
    }
    if let Some(file) = &arguments.json {
        write(file, &serde_json::to_string_pretty(&report)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))
}
