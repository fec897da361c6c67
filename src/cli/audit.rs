//! `veracite audit`: who did what, and whether the log was changed.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::audit::{HeadNote, Record};
use crate::catalogue::Catalogue;
use crate::config::Config;
use crate::proof::Key;

/// The audit log, from the data folder alone: no server need run, and one that runs is not
/// disturbed.
#[derive(Debug, Args)]
pub(super) struct AuditArguments {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Looks whether entries were changed, removed, put in, moved or cut off.
    ///
    /// Ends with 0 if none was and 1 otherwise. Whoever has the installation's key and the data
    /// folder can write the whole log anew: keep the last hash that this prints elsewhere.
    Verify {
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Lists entries, newest first.
    List {
        /// Only entries of this person or program.
        #[arg(long, value_name = "NAME")]
        actor: Option<String>,
        /// Only entries of this action, such as `upload`, `delete` or `sign_in_refused`.
        #[arg(long, value_name = "ACTION")]
        action: Option<String>,
        /// Only entries about this, such as the id of a document.
        #[arg(long, value_name = "ID")]
        subject: Option<String>,
        /// Only entries since this day or moment (UTC), such as `2026-03-01`.
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// So many at most.
        #[arg(long, default_value_t = 100, value_name = "COUNT")]
        limit: usize,
        /// Prints JSON, an entry a line.
        #[arg(long)]
        json: bool,
    },
    /// Prints all entries with their hashes as JSON, an entry a line, oldest first.
    Export,
}

pub(super) async fn run(config: Config, arguments: AuditArguments) -> anyhow::Result<ExitCode> {
    let folder = &config.data;
    // Before the log: what is appended in between is then not taken for a fault.
    let head = HeadNote::read(folder);
    let file = folder.join("catalogue.sqlite");
    let catalogue = Catalogue::open_to_read(&file)
        .await
        .with_context(|| format!("{} cannot be read", file.display()))?;
    let ended = match arguments.command {
        AuditCommand::Verify { json } => {
            let key = Key::open(folder)?;
            verify(&catalogue, head, key.as_ref(), json).await
        }
        AuditCommand::List {
            actor,
            action,
            subject,
            since,
            limit,
            json,
        } => {
            let filters = [("actor", actor), ("action", action), ("subject", subject)];
            list(&catalogue, &filters, since.as_deref(), (limit, json)).await
        }
        AuditCommand::Export => export(&catalogue).await,
    };
    catalogue.close().await;
    ended
}

async fn verify(
    catalogue: &Catalogue,
    head: HeadNote,
    key: Option<&Key>,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let report = catalogue.verify_audit(head, key).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        let from = report.kept_from.unwrap_or(1);
        match &report.last_hash {
            Some(hash) => println!(
                "{} entries, {from} to {}; last hash {hash}",
                report.entries, report.last
            ),
            None => println!("{} entries", report.entries),
        }
        for fault in &report.faults {
            println!("✗ {fault}");
        }
        for note in &report.notes {
            println!("  note: {note}");
        }
        if report.is_whole() {
            println!("✓ nothing was changed, removed, put in, moved or cut off");
        }
    }
    Ok(if report.is_whole() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn list(
    catalogue: &Catalogue,
    filters: &[(&str, Option<String>)],
    since: Option<&str>,
    (limit, json): (usize, bool),
) -> anyhow::Result<ExitCode> {
    let mut shown: Vec<Value> = Vec::new();
    catalogue
        .each_audit(true, |record| {
            let entry = entry(record);
            let is_wanted = filters.iter().all(|(field, wanted)| {
                let wanted = wanted.as_deref();
                wanted.is_none_or(|wanted| entry[*field].as_str() == Some(wanted))
            });
            // Digits are as many in every entry: the order of text is that of time.
            let is_recent = since.is_none_or(|since| entry["at"].as_str() >= Some(since));
            if is_wanted && is_recent && shown.len() < limit {
                shown.push(entry);
            }
            shown.len() < limit
        })
        .await?;
    let mut out = std::io::stdout().lock();
    for entry in &shown {
        if json {
            writeln!(out, "{entry}")?;
        } else {
            let of = |field: &str| entry[field].as_str().unwrap_or("?").to_owned();
            let details = &entry["details"];
            let details = if details.is_null() {
                String::new()
            } else {
                format!("  {details}")
            };
            let (at, actor) = (of("at"), of("actor"));
            writeln!(
                out,
                "{at}  {actor:<12}  {:<16}  {}{details}",
                of("action"),
                of("subject")
            )?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn export(catalogue: &Catalogue) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    let mut failed = None;
    catalogue
        .each_audit(false, |record| {
            let line = json!({ "seq": record.seq, "hash": record.hash, "entry": entry(record) });
            let written = writeln!(out, "{line}");
            failed = written.err();
            failed.is_none()
        })
        .await?;
    match failed {
        Some(error) => Err(error).context("the entries cannot be written"),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// The entry, or its text as it stands where it was damaged.
fn entry(record: &Record) -> Value {
    serde_json::from_str(&record.body).unwrap_or_else(|_| Value::from(record.body.as_str()))
}
