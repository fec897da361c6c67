//! `veracite doctor`: what is wrong, in words.

use std::process::ExitCode;

use clap::Args;

use crate::app::App;
use crate::config::Config;
use crate::doctor::{self, Level};

#[derive(Debug, Args)]
pub(super) struct DoctorArguments {
    /// Rebuilds what differs from the catalogue.
    #[arg(long)]
    repair: bool,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Exit code 0: nothing is wrong (warnings included), 1: something is.
pub(super) async fn run(config: Config, arguments: DoctorArguments) -> anyhow::Result<ExitCode> {
    let app = App::open(config).await?;
    if arguments.repair {
        app.library().repair().await?;
    }
    let mut checks = app.configuration_checks();
    checks.extend(app.model_checks());
    checks.extend(app.generator_checks().await);
    checks.extend(app.source_checks().await);
    checks.extend(doctor::examine(app.library()).await);
    app.close().await;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&checks)?);
    } else {
        for check in &checks {
            let mark = match check.level {
                Level::Ok => "ok     ",
                Level::Warning => "warning",
                Level::Error => "ERROR  ",
            };
            println!("{mark}  {}: {}", check.name, check.message);
        }
    }
    let failed = checks.iter().any(|check| check.level == Level::Error);
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
