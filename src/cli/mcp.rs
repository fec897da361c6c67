//! `veracite mcp`: the documents for an assistant that starts programs.

use std::process::{ExitCode, exit};

use clap::Args;
use ingest::Group;

use super::serve::stop_signal;
use crate::app::App;
use crate::ask::Reader;
use crate::config::Config;
use crate::web;

#[derive(Debug, Args)]
pub(super) struct McpArguments {
    /// An API key of a person, or a key of the configuration: what it may read is what is found.
    /// Without one it is asked as whoever has this machine.
    #[arg(long, env = "VERACITE_KEY", hide_env_values = true, value_name = "KEY")]
    key: Option<String>,
    /// A group that the asker is in, besides `everyone`; may be given again.
    #[arg(long = "group", value_name = "GROUP", conflicts_with = "key")]
    groups: Vec<Group>,
}

pub(super) async fn run(config: Config, arguments: McpArguments) -> anyhow::Result<ExitCode> {
    let app = App::open(config).await?;
    app.needs_generator()?;
    for notice in app.notices(crate::language::Language::En) {
        eprintln!("! {notice}");
    }
    let reader = Reader::new(arguments.groups);
    let serving = web::serve_mcp(app.clone(), arguments.key.as_deref(), reader);
    let ended = tokio::select! {
        ended = serving => Some(ended),
        () = stop_signal() => None,
    };
    app.close().await;
    match ended {
        Some(ended) => ended.map(|()| ExitCode::SUCCESS),
        // A terminal's input may be waited for still, and would hold the program up.
        None => exit(0),
    }
}
