//! `veracite models`: fetches and lists models.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::config::Config;
use crate::index::compile_dictionary;
use crate::model::{ModelState, ModelStore, PullProgress};

#[derive(Debug, Args)]
pub(super) struct ModelsArguments {
    #[command(subcommand)]
    command: ModelsCommand,
}

#[derive(Debug, Subcommand)]
enum ModelsCommand {
    /// Fetches what the configuration names and is not there yet; checks what is there.
    Pull,
    /// Lists models with their state, source, licence and checksums.
    List,
    /// Compiles the sources of a Korean dictionary (mecab-ko-dic: CSV and .def files) into a
    /// folder for `words.dictionary`.
    Dictionary {
        /// The folder with the sources.
        sources: PathBuf,
        /// The folder that is written.
        folder: PathBuf,
    },
}

/// Exit code 0: every model is whole, 1: at least one is not.
pub(super) async fn run(config: Config, arguments: ModelsArguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        ModelsCommand::Pull => pull(&config).await?,
        ModelsCommand::List => {}
        ModelsCommand::Dictionary { sources, folder } => {
            let written = folder.clone();
            tokio::task::spawn_blocking(move || compile_dictionary(&sources, &folder)).await??;
            println!(
                "{} is compiled; `dictionary = \"{}\"` under `[words]` uses it",
                written.display(),
                written.display()
            );
            return Ok(ExitCode::SUCCESS);
        }
    }
    let store = ModelStore::new(config.data.join("models"));
    let mut whole = true;
    for status in store.state(&config.models) {
        let state = match &status.state {
            ModelState::Ready => "ready".to_owned(),
            ModelState::Missing => "missing".to_owned(),
            ModelState::Corrupt { file, reason } => format!("corrupt ({file}: {reason})"),
        };
        whole &= status.state == ModelState::Ready;
        println!("{}\t{state}\t{}", status.name, status.source);
        println!("  folder   {}", status.folder.display());
        if let Some(licence) = &status.licence {
            println!("  licence  {licence}");
        }
        for file in &status.files {
            println!("  {}  {:>11}  {}", file.sha256, file.size, file.name);
        }
    }
    if config.models.embedder.is_none() {
        println!("no embedding model is configured: search is by words only");
    }
    Ok(if whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Fetches the models that the configuration names.
pub(super) async fn pull(config: &Config) -> anyhow::Result<()> {
    let store = ModelStore::new(config.data.join("models"));
    let shows = std::io::stderr().is_terminal();
    store
        .pull(&config.models, &|progress: PullProgress| {
            if shows {
                eprintln!("{progress:?}");
            }
        })
        .await?;
    Ok(())
}
