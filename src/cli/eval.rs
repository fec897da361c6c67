//! `veracite eval`: measures on labelled questions.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use crate::config::Config;
use crate::eval;

#[derive(Debug, Args)]
pub(super) struct EvalArguments {
    /// A folder with `retrieval`, `groundedness` or `abstention`, one of these, or one set.
    folder: PathBuf,
    /// Writes the report as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Writes the report as Markdown.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Questions or claims of each set at most.
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
}

pub(super) async fn run(config: Config, arguments: EvalArguments) -> anyhow::Result<ExitCode> {
    let report = eval::run(&config, &arguments.folder, arguments.limit, &|what| {
        eprintln!("{what}");
    })
    .await?;
    let text = report.markdown();
    print!("{text}");
    if let Some(file) = &arguments.markdown {
        std::fs::write(file, &text)
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    if let Some(file) = &arguments.json {
        let json = serde_json::to_string_pretty(&report)?;
        std::fs::write(file, json)
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}
