//! `veracite models`: fetches and lists models.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::config::Config;
use crate::model::{ModelState, ModelStore};

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
}

pub(super) async fn run(config: Config, arguments: ModelsArguments) -> anyhow::Result<ExitCode> {
    let store = ModelStore::new(config.data.join("models"));
    match arguments.command {
        ModelsCommand::Pull => {
            pull(&config, &store).await?;
            Ok(ExitCode::SUCCESS)
        }
        ModelsCommand::List => {
            let _ = ModelState::Missing;
            Ok(ExitCode::SUCCESS)
        }
    }
}
