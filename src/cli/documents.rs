//! `veracite documents`: what the catalogue holds.

use std::process::ExitCode;

use clap::Args;
use ingest::Group;

use crate::app::App;
use crate::ask::Reader;
use crate::config::Config;
use crate::web::wire;

#[derive(Debug, Args)]
pub(super) struct DocumentsArguments {
    /// Prints JSON, as `GET /v1/documents` has it.
    #[arg(long)]
    json: bool,
    /// A group that the asker is in, besides `everyone`; may be given again.
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<Group>,
}

pub(super) async fn run(config: Config, arguments: DocumentsArguments) -> anyhow::Result<ExitCode> {
    let app = App::open(config).await?;
    let views = app.library().list(&Reader::new(arguments.groups)).await?;
    app.close().await;
    if arguments.json {
        let bodies: Vec<_> = views.iter().map(wire::document).collect();
        println!("{}", serde_json::to_string_pretty(&bodies)?);
    } else {
        for view in &views {
            println!(
                "{}  {:<20}  {}",
                view.id,
                view.state.as_str(),
                view.file_name
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}
