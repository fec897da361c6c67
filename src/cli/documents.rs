//! `veracite documents`: what the catalogue holds.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use ingest::{DocumentId, Group, Labels};
use serde_json::Value;

use crate::app::{App, LOCAL};
use crate::ask::Reader;
use crate::audit::{Action, Event};
use crate::catalogue::MetadataChange;
use crate::config::Config;
use crate::generate::Engine;
use crate::language::Language;
use crate::web::wire;

#[derive(Debug, Args)]
pub(super) struct DocumentsArguments {
    /// Prints JSON: a list of what `GET /v1/documents/{id}` gives.
    #[arg(long)]
    json: bool,
    /// Deletes a document: from both indexes, with its file and its text; may be given again.
    #[arg(long, value_name = "ID", conflicts_with = "retry")]
    delete: Vec<DocumentId>,
    /// Reads a document again that failed or was cancelled; may be given again.
    #[arg(long, value_name = "ID")]
    retry: Vec<DocumentId>,
    /// The document that `--set` is about; may be given again.
    #[arg(long = "of", value_name = "ID", requires = "set")]
    of: Vec<DocumentId>,
    /// Says something of these documents: `title`, `author`, `language`, `collection`, `tags` (divided
    /// by commas), `dated`, `effective_from`, `effective_until`, `superseded_by` or
    /// `superseded_on`; nothing after the `=` takes it away. May be given again.
    #[arg(long, value_name = "FIELD=VALUE", requires = "of")]
    set: Vec<String>,
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
    let reader = Reader::new(arguments.groups.iter().cloned());
    let changed = change(&app, &reader, &arguments).await;
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
            let told = labels(&view.labels);
            if !told.is_empty() {
                println!("{:34}{told}", "");
            }
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

/// What `FIELD=VALUE` says, as the API takes it.
fn said(set: &[String]) -> anyhow::Result<MetadataChange> {
    let mut fields = serde_json::Map::new();
    for pair in set {
        let Some((field, value)) = pair.split_once('=') else {
            bail!("`{pair}` is not of the form FIELD=VALUE");
        };
        let (field, value) = (field.trim(), value.trim());
        let value = match (field, value) {
            (_, "") => Value::Null,
            ("tags", tags) => tags
                .split(',')
                .map(str::trim)
                .filter(|tag| !tag.is_empty())
                .collect(),
            (_, value) => value.into(),
        };
        fields.insert(field.to_owned(), value);
    }
    serde_json::from_value(Value::Object(fields)).context("`--set` cannot be read")
}

async fn change(
    app: &Arc<App>,
    reader: &Reader,
    arguments: &DocumentsArguments,
) -> anyhow::Result<()> {
    let said = said(&arguments.set)?;
    let record =
        |action: Action, id: &DocumentId| app.audit().record(Event::new(LOCAL, action, id));
    for id in &arguments.of {
        record(Action::Change, id).await?;
        if !app.library().set_metadata(*id, &said, reader).await? {
            bail!("there is no document {id}");
        }
    }
    for id in &arguments.delete {
        record(Action::Delete, id).await?;
        if !app.library().delete(*id, reader).await? {
            bail!("there is no document {id} that may be deleted");
        }
    }
    for id in &arguments.retry {
        record(Action::Retry, id).await?;
        if !app.library().retry(*id, reader).await? {
            bail!("there is no document {id} that failed or was cancelled");
        }
    }
    app.library().idle().await;
    Ok(())
}

/// What a document is labelled with, in a line.
fn labels(labels: &Labels) -> String {
    let mut told: Vec<String> = Vec::new();
    told.extend(labels.collection.clone());
    told.extend(labels.tags.iter().map(|tag| format!("#{tag}")));
    told.extend(labels.language.clone());
    told.extend(labels.author.clone());
    let days = [
        ("dated", labels.dated),
        ("in force from", labels.from),
        ("in force until", labels.until),
        ("not searched from", labels.retired),
    ];
    told.extend(
        days.into_iter()
            .filter_map(|(what, day)| Some(format!("{what} {}", day?))),
    );
    told.join(", ")
}
