//! `veracite webhooks`: who is told what becomes of documents, and whether it arrives.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};

use super::beside::with_catalogue;
use crate::app::LOCAL;
use crate::audit::{Action, Audit, Event};
use crate::catalogue::Catalogue;
use crate::config::Config;
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
    with_catalogue(&config, async |catalogue, audit, is_alone| {
        carry_out(catalogue, audit, is_alone, arguments.command).await
    })
    .await?;
    Ok(ExitCode::SUCCESS)
}

async fn carry_out(
    catalogue: &Catalogue,
    audit: &Audit,
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
            let event = Event::new(LOCAL, Action::WebhookSent, &id);
            audit.record(event).await?;
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
