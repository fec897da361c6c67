//! The commands of `veracite`.

mod adapters;
mod ask;
mod audit;
mod backup;
mod bench;
mod beside;
mod check;
mod demo;
mod doctor;
mod documents;
mod dry_run;
mod eval;
mod feedback;
mod ingest;
mod mcp;
mod models;
mod people;
mod rights;
mod serve;
mod sync;
mod verify;
mod webhooks;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::runtime::{Handle, Runtime};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::config::{Config, LogFormat};
use crate::telemetry::Telemetry;

/// Answers questions from a company's own documents and shows only what they support.
#[derive(Debug, Parser)]
#[command(version, about, propagate_version = true)]
pub struct Arguments {
    /// The configuration file; without it, `veracite.toml` if that is there.
    #[arg(long, global = true, env = "VERACITE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder that holds everything.
    #[arg(long, global = true, env = "VERACITE_DATA", value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// What is logged to standard error, such as `info` or `veracite=debug`.
    #[arg(
        long,
        global = true,
        env = "VERACITE_LOG",
        default_value = "warn",
        value_name = "FILTER"
    )]
    log: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fetches the model, indexes the sample handbook, answers three questions, then serves.
    Demo(demo::DemoArguments),
    /// Serves the web pages and the API.
    Serve(serve::ServeArguments),
    /// Reads files and folders into the indexes.
    Ingest(ingest::IngestArguments),
    /// Brings the documents in step with the sources that are configured, once.
    Sync,
    /// Prints the text of a file as it is read, with places; keeps nothing.
    Show(dry_run::ShowArguments),
    /// Lists the documents with their states.
    Documents(documents::DocumentsArguments),
    /// Lists, adds, invites, disables and removes people with accounts.
    People(people::PeopleArguments),
    /// Shows and sets who may find, quote and download a document or a collection.
    Rights(rights::RightsArguments),
    /// Lets an assistant search, ask, check and read over standard input and output (Model Context
    /// Protocol).
    Mcp(mcp::McpArguments),
    /// Lists the programs that are told what becomes of documents, and whether it arrives.
    Webhooks(webhooks::WebhooksArguments),
    /// Answers one question.
    Ask(ask::AskArguments),
    /// Checks an answer against passages.
    Check(check::CheckArguments),
    /// Looks whether an answer of some time ago still holds.
    Verify(verify::VerifyArguments),
    /// Who did what, and whether the log of it was changed.
    Audit(audit::AuditArguments),
    /// Writes what people and the checker say of answers, for training.
    Feedback(feedback::FeedbackArguments),
    /// Lists and compares adapters of the language model, and lets the better one write.
    Adapters(adapters::AdaptersArguments),
    /// Writes the data folder into one file, while the server runs or not.
    Backup(backup::BackupArguments),
    /// Restores what `backup` wrote into an empty folder.
    Restore(backup::RestoreArguments),
    /// Fetches and lists models.
    Models(models::ModelsArguments),
    /// Says what is wrong with configuration, models, catalogue and indexes.
    Doctor(doctor::DoctorArguments),
    /// Measures retrieval, abstention and the checker on labelled questions.
    Eval(eval::EvalArguments),
    /// Measures the speed of embedding and of answers on this machine.
    Bench(bench::BenchArguments),
    /// Prints the configuration that is in force, secrets left out.
    Config,
    /// Reads one file in a process of its own; for use by `ingest` and `serve`.
    #[command(hide = true, name = "parse-worker")]
    ParseWorker(ingest::ParseWorkerArguments),
}

/// Runs one command and tells the shell how it ended: 0 well, 1 badly, 2 wrong arguments; `verify`
/// says more.
#[must_use]
pub fn run(arguments: Arguments) -> ExitCode {
    // The worker reads a foreign file under limits on memory: nothing else starts in it.
    if let Command::ParseWorker(worker) = &arguments.command {
        return worker.run();
    }
    let config = Config::load(arguments.config.as_deref(), arguments.data.as_deref());
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("veracite: no threads can be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    let telemetry = start_tracing(&arguments.log, config.as_ref().ok(), runtime.handle());
    let failure = match &arguments.command {
        // Its 1 and 2 are verdicts.
        Command::Verify(_) => ExitCode::from(verify::UNKNOWN),
        _ => ExitCode::FAILURE,
    };
    let ended = config
        .map_err(anyhow::Error::from)
        .and_then(|config| command(&runtime, arguments.command, config));
    if let Some(telemetry) = telemetry {
        telemetry.end();
    }
    match ended {
        Ok(code) => code,
        Err(error) => {
            eprintln!("veracite: {error:#}");
            failure
        }
    }
}

fn runtime() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
}

fn command(runtime: &Runtime, command: Command, config: Config) -> anyhow::Result<ExitCode> {
    runtime.block_on(async move {
        match command {
            Command::Demo(arguments) => demo::run(config, arguments).await,
            Command::Serve(arguments) => serve::run(config, arguments).await,
            Command::Ingest(arguments) => ingest::run(config, arguments).await,
            Command::Sync => sync::run(config).await,
            Command::Show(arguments) => dry_run::show(&config, &arguments).await,
            Command::Documents(arguments) => documents::run(config, arguments).await,
            Command::People(arguments) => people::run(config, arguments).await,
            Command::Rights(arguments) => rights::run(config, arguments).await,
            Command::Mcp(arguments) => mcp::run(config, arguments).await,
            Command::Webhooks(arguments) => webhooks::run(config, arguments).await,
            Command::Ask(arguments) => ask::run(config, arguments).await,
            Command::Check(arguments) => check::run(config, arguments).await,
            Command::Verify(arguments) => verify::run(config, arguments).await,
            Command::Audit(arguments) => audit::run(config, arguments).await,
            Command::Feedback(arguments) => feedback::run(config, arguments).await,
            Command::Adapters(arguments) => adapters::run(config, arguments).await,
            Command::Backup(arguments) => backup::write(config, arguments).await,
            Command::Restore(arguments) => backup::restore(arguments).await,
            Command::Models(arguments) => models::run(config, arguments).await,
            Command::Doctor(arguments) => doctor::run(config, arguments).await,
            Command::Eval(arguments) => eval::run(config, arguments).await,
            Command::Bench(arguments) => bench::run(config, arguments).await,
            Command::Config => {
                print!("{}", config.to_toml());
                Ok(ExitCode::SUCCESS)
            }
            Command::ParseWorker(worker) => Ok(worker.run()),
        }
    })
}

/// Starts logs, and traces if they are configured.
fn start_tracing(filter: &str, config: Option<&Config>, runtime: &Handle) -> Option<Telemetry> {
    // Said by Qdrant Edge at each start, of switches that it has no way to set, and by lindera of
    // every kind of unknown word in ko-dic. What rmcp tells of each message holds questions.
    let filter = &format!("{filter},qdrant_edge::common=error,lindera_dictionary=error,rmcp=error");
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|error| {
        eprintln!("veracite: log filter `{filter}` is wrong ({error}), using `warn`");
        EnvFilter::new("warn")
    });
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let format = config.map(|config| config.log.format).unwrap_or_default();
    let logs = match format {
        LogFormat::Text => layer.with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    };
    let logs = tracing_subscriber::registry().with(logs.with_filter(filter));
    let telemetry = config.map(|config| Telemetry::open(&config.telemetry, runtime));
    match telemetry.transpose() {
        Ok(telemetry) => {
            let telemetry = telemetry.flatten();
            match &telemetry {
                Some(telemetry) => logs.with(telemetry.layer()).init(),
                None => logs.init(),
            }
            telemetry
        }
        Err(error) => {
            logs.init();
            eprintln!("veracite: no traces are sent: {error:#}");
            None
        }
    }
}
