//! The commands of `veracite`.

mod ask;
mod audit;
mod backup;
mod bench;
mod check;
mod demo;
mod doctor;
mod documents;
mod dry_run;
mod eval;
mod ingest;
mod models;
mod people;
mod rights;
mod serve;
mod sync;
mod verify;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};

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
    /// Answers one question.
    Ask(ask::AskArguments),
    /// Checks an answer against passages.
    Check(check::CheckArguments),
    /// Looks whether an answer of some time ago still holds.
    Verify(verify::VerifyArguments),
    /// Who did what, and whether the log of it was changed.
    Audit(audit::AuditArguments),
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
    let format = config.as_ref().map(|config| config.log.format);
    start_tracing(&arguments.log, format.unwrap_or_default());
    let failure = match &arguments.command {
        // Its 1 and 2 are verdicts.
        Command::Verify(_) => ExitCode::from(verify::UNKNOWN),
        _ => ExitCode::FAILURE,
    };
    let ended = config
        .map_err(anyhow::Error::from)
        .and_then(|config| command(arguments.command, config));
    match ended {
        Ok(code) => code,
        Err(error) => {
            eprintln!("veracite: {error:#}");
            failure
        }
    }
}

fn command(command: Command, config: Config) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
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
            Command::Ask(arguments) => ask::run(config, arguments).await,
            Command::Check(arguments) => check::run(config, arguments).await,
            Command::Verify(arguments) => verify::run(config, arguments).await,
            Command::Audit(arguments) => audit::run(config, arguments).await,
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

fn start_tracing(filter: &str, format: LogFormat) {
    // Said by Qdrant Edge at each start, of switches that it has no way to set, and by lindera of
    // every kind of unknown word in ko-dic.
    let filter = &format!("{filter},qdrant_edge::common=error,lindera_dictionary=error");
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|error| {
        eprintln!("veracite: log filter `{filter}` is wrong ({error}), using `warn`");
        EnvFilter::new("warn")
    });
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => subscriber.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => subscriber.json().flatten_event(true).init(),
    }
}
