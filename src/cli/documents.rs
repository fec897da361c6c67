//! `veracite documents`: what the catalogue holds.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use clap::Args;
use ingest::{DocumentId, Group};

use crate::app::App;
use crate::ask::Reader;
use crate::config::Config;
use crate::generate::Engine;
use crate::language::Language;
use crate::web::wire;

#[derive(Debug, Args)]
pub(super) struct DocumentsArguments {
    /// Prints JSON, as `GET /v1/documents` has it.
    #[arg(long)]
    json: bool,
    /// Deletes a document: from both indexes, with its file and its text; may be given again.
    #[arg(long, value_name = "ID", conflicts_with = "retry")]
    delete: Vec<DocumentId>,
    /// Reads a document again that failed or was cancelled; may be given again.
    #[arg(long, value_name = "ID")]
    retry: Vec<DocumentId>,
    /// A group that the asker is in, besides `everyone`; may be given again.
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<Group>,
}

pub(super) async fn run(
    mut config: Config,
    arguments: DocumentsArguments,
) -> anyhow::Result<ExitCode> {
    // Documents need no language model, and reading one takes a while.
    config.generator.engine = Engine::Quote;
    let app = App::open(config).await?;
    let reader = Reader::new(arguments.groups);
    let changed = change(&app, &reader, &arguments.delete, &arguments.retry).await;
    let views = app.library().list(&reader).await?;
    app.close().await;
    changed?;
    if arguments.json {
        let bodies: Vec<_> = views
            .iter()
            .map(|view| wire::document(view, Language::En))
            .collect();
        println!("{}", serde_json::to_string_pretty(&bodies)?);
    } else {
        for view in &views {
            println!(
                "{}  {:<20}  {}",
                view.id,
                view.state.as_str(),
                view.file_name
            );
            if let Some(error) = &view.error {
                println!("{:34}{error}", "");
            }
            for problem in &view.problems {
                println!("{:34}note: {}", "", problem.message);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn change(
    app: &Arc<App>,
    reader: &Reader,
    delete: &[DocumentId],
    retry: &[DocumentId],
) -> anyhow::Result<()> {
    for id in delete {
        if !app.library().delete(*id, reader).await? {
            bail!("there is no document {id} that may be deleted");
        }
    }
    for id in retry {
        if !app.library().retry(*id, reader).await? {
            bail!("there is no document {id} that failed or was cancelled");
        }
    }
    app.library().idle().await;
    Ok(())
}
