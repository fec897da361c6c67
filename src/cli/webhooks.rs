//! `veracite webhooks`: who is told what becomes of documents, and whether it arrives.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};

use crate::audit::{Action, Audit, Event};
use crate::catalogue::Catalogue;
use crate::config::Config;
use crate::library::{self, LibraryError};
use crate::proof::{Key, SystemClock};
use crate::webhooks::{Event as Told, MessageState, WebhookId};

/// Messages that are listed at most.
const LISTED: u32 = 100;

#[derive(Debug, Args)]
pub(super) struct WebhooksArguments {
    #[command(subcommand)]
    command: WebhooksCommand,
}

#[derive(Debug, Subcommand)]
enum WebhooksCommand {
    /// Lists the webhooks: those of the configuration and those that administrators made.
    List,
    /// Has the server send a message that tells nothing, to try whether it arrives.
    Test {
        /// The webhook's id.
        id: String,
    },
    /// Lists the newest messages to a webhook, and what became of them.
    Deliveries {
        /// The webhook's id.
        id: String,
    },
}

pub(super) async fn run(config: Config, arguments: WebhooksArguments) -> anyhow::Result<ExitCode> {
    // Where nobody serves from the folder, nobody shall begin to while it is changed.
    let lock = match library::take(&config.data) {
        Ok(lock) => Some(lock),
        Err(LibraryError::InUse { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let file = config.data.join("catalogue.sqlite");
    let catalogue = match &lock {
        Some(_) => Catalogue::open(&file).await,
        None => Catalogue::open_beside(&file).await,
    };
    let catalogue =
        catalogue.with_context(|| format!("the catalogue {} cannot be opened", file.display()))?;
    let done = with(&config, &catalogue, lock.is_some(), arguments.command).await;
    catalogue.close().await;
    drop(lock);
    done?;
    Ok(ExitCode::SUCCESS)
}

async fn with(
    config: &Config,
    catalogue: &Catalogue,
    is_alone: bool,
    command: WebhooksCommand,
) -> anyhow::Result<()> {
    match command {
        WebhooksCommand::List => {
            for webhook in catalogue.webhooks().await? {
                let from = if webhook.configured {
                    "configured"
                } else {
                    "made"
                };
                let state = if webhook.disabled {
                    "disabled"
                } else {
                    "active"
                };
                let events: Vec<&str> = webhook.events.iter().map(|event| event.as_str()).collect();
                let events = if events.is_empty() {
                    "all".to_owned()
                } else {
                    events.join(",")
                };
                println!(
                    "{:<32}  {from:<10}  {state:<8}  {events}  {}",
                    webhook.id, webhook.url
                );
            }
        }
        WebhooksCommand::Test { id } => {
            let id = WebhookId::from(id);
            if catalogue.webhook(&id).await?.is_none() {
                bail!("there is no webhook `{id}`; `veracite webhooks list` names them");
            }
            record(config, catalogue, is_alone, &id).await?;
            let message = catalogue.test_webhook(&id).await?;
            println!("{}", message.context("the webhook is gone")?);
            if is_alone {
                eprintln!("nobody serves from the folder: it is sent at the next start");
            }
        }
        WebhooksCommand::Deliveries { id } => {
            let id = WebhookId::from(id);
            if catalogue.webhook(&id).await?.is_none() {
                bail!("there is no webhook `{id}`; `veracite webhooks list` names them");
            }
            for message in catalogue.messages(&id, LISTED).await? {
                let document = match message.event {
                    Told::Test => "-",
                    _ => message.document.as_str(),
                };
                let next = match message.state {
                    MessageState::Pending if message.attempts > 0 => {
                        format!(", again at {}", message.next_at)
                    }
                    _ => String::new(),
                };
                println!(
                    "{}  {}  {:<18}  {document:<32}  {} after {} attempt(s){next}{}",
                    message.happened_at,
                    message.id,
                    message.event.as_str(),
                    message.state.as_str(),
                    message.attempts,
                    message
                        .error
                        .map_or_else(String::new, |error| format!(": {error}")),
                );
            }
        }
    }
    Ok(())
}

/// Tells the audit log, before it is done.
async fn record(
    config: &Config,
    catalogue: &Catalogue,
    is_alone: bool,
    id: &WebhookId,
) -> anyhow::Result<()> {
    let folder = &config.data;
    let key = Key::open_or_make(folder)?;
    let clock = std::sync::Arc::new(SystemClock);
    let log = catalogue.clone();
    let audit = if is_alone {
        Audit::open(log, folder, key, clock, &config.audit).await
    } else {
        Audit::open_beside(log, folder, key, clock, &config.audit).await
    };
    let audit = audit.context("the audit log cannot be read")?;
    let event = Event::new(crate::app::LOCAL, Action::WebhookSent, id);
    let written = audit.record(event).await;
    audit.close().await;
    Ok(written?)
}
