//! `veracite check`: an answer plus passages in, verdicts out.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use crate::app::App;
use crate::config::Config;
use crate::web::wire;

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// A JSON file shaped like the body of `POST /v1/check`; `-` reads standard input.
    file: PathBuf,
}

pub(super) async fn run(config: Config, arguments: CheckArguments) -> anyhow::Result<ExitCode> {
    let (name, bytes) = if arguments.file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin()
            .read_to_end(&mut bytes)
            .context("standard input cannot be read")?;
        ("standard input".to_owned(), bytes)
    } else {
        let name = arguments.file.display().to_string();
        let bytes =
            std::fs::read(&arguments.file).with_context(|| format!("{name} cannot be read"))?;
        (name, bytes)
    };
    let request: wire::CheckRequest =
        serde_json::from_slice(&bytes).with_context(|| format!("{name} is not a check request"))?;
    let checker = App::checker_only(&config).await?;
    let report = wire::check(&checker, request).await?;
    println!("{}", serde_json::to_string_pretty(&report)?);
    Ok(ExitCode::SUCCESS)
}
