//! `veracite ingest`: files and folders into the indexes.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use ingest::parse::Passwords;
use ingest::parse::sandbox::{Limits, Task, run_main, worker_main};
use ingest::{DocumentId, Group, read};
use secrecy::{ExposeSecret as _, SecretString};

use super::dry_run;
use crate::app::{App, LOCAL};
use crate::audit::{Action, Event};
use crate::catalogue::{DocumentView, MetadataChange, NewDocument, State};
use crate::config::{self, Config};
use crate::generate::Engine;

#[derive(Debug, Args)]
pub(super) struct IngestArguments {
    /// Files and folders; folders are read with all that is in them.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// A group that may have them; may be given again. Without it, those of their collection, else
    /// `ingest.default_readers`.
    #[arg(long = "readers", value_name = "GROUP")]
    readers: Vec<Group>,
    /// The collection that they are in.
    #[arg(long, value_name = "NAME")]
    collection: Option<String>,
    /// A tag that they get; may be given again.
    #[arg(long = "tag", value_name = "NAME")]
    tags: Vec<String>,
    /// A file with passwords, a line each, that are tried on those that need one, beside those of
    /// `ingest.passwords_file`.
    #[arg(long, value_name = "FILE")]
    passwords: Option<PathBuf>,
    /// Prints a line of JSON for each document as soon as it is safe on disk, and one when it is done.
    #[arg(long)]
    json: bool,
    /// Reads the files and says what each is read as, and keeps nothing; with `--json` a line for
    /// each file with `path`, `format`, `state` (`ok`, `ok_with_warnings`, `needs_ocr`, `refused`,
    /// `timed_out`, `out_of_memory` or `crashed`), `reason`, `pages` and `characters`.
    #[arg(long, conflicts_with_all = ["readers", "collection", "tags"])]
    dry_run: bool,
}

#[derive(Debug, Args)]
pub(super) struct ParseWorkerArguments {
    /// Draws a page instead.
    #[arg(long, value_name = "PAGE")]
    draw: Option<u32>,
    #[arg(long, default_value_t = 144.0)]
    dpi: f32,
    /// Becomes the program at `path` instead.
    #[arg(long)]
    run: bool,
    #[arg(long)]
    cpu_seconds: u64,
    #[arg(long)]
    memory_bytes: u64,
    path: PathBuf,
    file_name: String,
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

impl ParseWorkerArguments {
    pub(super) fn run(&self) -> ExitCode {
        let limits = Limits {
            cpu: Duration::from_secs(self.cpu_seconds),
            memory_bytes: self.memory_bytes,
            ..Limits::default()
        };
        if self.run {
            return run_main(&self.path, &self.arguments, &limits);
        }
        let task = match self.draw {
            Some(page) => Task::Draw {
                page,
                dpi: self.dpi,
            },
            None => Task::Read,
        };
        worker_main(task, &self.path, &self.file_name, &limits)
    }
}

/// Exit code 0: every file is searchable, 1: at least one is not.
pub(super) async fn run(
    mut config: Config,
    arguments: IngestArguments,
) -> anyhow::Result<ExitCode> {
    if arguments.dry_run {
        let passwords = passwords(&config, arguments.passwords.as_deref())?;
        return dry_run::run(&config, &arguments.paths, &passwords, arguments.json).await;
    }
    // Documents need no language model, and reading one takes a while.
    config.generator.engine = Engine::Quote;
    let app = App::open(config).await?;
    let readers = arguments.readers.iter().cloned().collect();
    let passwords = match &arguments.passwords {
        Some(path) => config::passwords_in(path)?,
        None => Vec::new(),
    };
    let metadata = MetadataChange {
        collection: arguments.collection.clone().map(Some),
        tags: (!arguments.tags.is_empty()).then(|| Some(arguments.tags.iter().cloned().collect())),
        ..MetadataChange::default()
    };
    let outcome = ingest_paths(
        &app,
        &arguments.paths,
        &readers,
        &metadata,
        &passwords,
        arguments.json,
    )
    .await;
    app.close().await;
    Ok(if outcome? {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The passwords of the configuration, and those in a file.
pub(super) fn passwords(config: &Config, file: Option<&Path>) -> anyhow::Result<Passwords> {
    let mut all = file.map_or_else(|| Ok(Vec::new()), config::passwords_in)?;
    all.extend(config.ingest.passwords()?);
    let all = all
        .iter()
        .map(|password| password.expose_secret().to_owned());
    Ok(Passwords::new(all))
}

/// Hands in every file under `paths` and waits until each is done. Tells whether all went well.
pub(super) async fn ingest_paths(
    app: &Arc<App>,
    paths: &[PathBuf],
    readers: &BTreeSet<Group>,
    metadata: &MetadataChange,
    passwords: &[SecretString],
    json: bool,
) -> anyhow::Result<bool> {
    let (files, unreadable) = read::find(paths);
    let mut well = unreadable.is_empty();
    for (path, error) in &unreadable {
        eprintln!("{}: {error}", path.display());
    }
    if files.is_empty() && unreadable.is_empty() {
        bail!("there is no file under {}", listed(paths));
    }
    let mut submitted = Vec::with_capacity(files.len());
    for file in &files {
        match submit(app, &file.path, readers, metadata, passwords).await {
            Ok((id, unchanged)) => {
                if json {
                    println!(
                        "{}",
                        serde_json::json!({ "acknowledged": id, "place": file.path, "unchanged": unchanged })
                    );
                }
                submitted.push((id, file.path.clone()));
            }
            Err(error) => {
                well = false;
                eprintln!("{}: {error:#}", file.path.display());
            }
        }
    }
    wait(app, json).await;
    // Whoever may write here may know how it went, whatever groups may read it.
    let views: HashMap<DocumentId, DocumentView> = app
        .library()
        .catalogue()
        .views(None, None)
        .await?
        .into_iter()
        .map(|view| (view.id, view))
        .collect();
    let mut inside: HashMap<DocumentId, Vec<&DocumentView>> = HashMap::new();
    for view in views.values() {
        if let Some(parent) = view.parent {
            inside.entry(parent).or_default().push(view);
        }
    }
    // What came in a file is told with it: an archive is not well when a file in it is not.
    let mut told = submitted;
    let mut next = 0;
    while let Some((id, path)) = told.get(next).cloned() {
        next += 1;
        let files = inside.get(&id).into_iter().flatten();
        told.extend(files.map(|view| (view.id, path.join(&view.file_name))));
    }
    for (id, path) in &told {
        let Some(document) = views.get(id) else {
            continue;
        };
        let failed = matches!(document.state, State::Failed | State::Cancelled);
        well &= !failed;
        if json {
            println!(
                "{}",
                serde_json::json!({
                    "done": id, "place": path, "state": document.state, "error": document.error,
                    "chunks": document.chunks, "problems": document.problems,
                })
            );
        } else if let Some(error) = &document.error {
            eprintln!("{}: {error}", path.display());
        } else {
            for problem in document.problems.iter().take(5) {
                eprintln!("{}: note: {}", path.display(), problem.message);
            }
        }
    }
    Ok(well)
}

async fn submit(
    app: &Arc<App>,
    path: &Path,
    readers: &BTreeSet<Group>,
    metadata: &MetadataChange,
    passwords: &[SecretString],
) -> anyhow::Result<(DocumentId, bool)> {
    let place = std::path::absolute(path).context("its absolute path cannot be told")?;
    let size = tokio::fs::metadata(path).await?.len();
    let limit = app.config().ingest.max_file.as_u64();
    if size > limit {
        bail!("it has {size} bytes, over the limit of {limit} (`ingest.max_file`)");
    }
    let submitted = app
        .library()
        .submit(NewDocument {
            place: place.to_string_lossy().into_owned(),
            file_name: path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            path: path.to_owned(),
            readers: readers.clone(),
            parent: None,
            lane: "ingest".to_owned(),
            metadata: metadata.clone(),
            passwords: passwords.to_vec(),
        })
        .await?;
    if !submitted.unchanged {
        let event = Event::new(LOCAL, Action::Upload, submitted.id);
        app.audit().note(event.with("readers", readers));
    }
    Ok((submitted.id, submitted.unchanged))
}

/// Shows progress until the queue is empty.
async fn wait(app: &Arc<App>, json: bool) {
    let library = app.library();
    if json || !std::io::stderr().is_terminal() {
        library.idle().await;
        eprintln!("{}", library.progress(0));
        return;
    }
    let bar = ProgressBar::new(0).with_style(
        ProgressStyle::with_template("{bar:30} {pos}/{len} documents  {msg}")
            .expect("the template is a constant"),
    );
    let idle = library.idle();
    tokio::pin!(idle);
    loop {
        tokio::select! {
            () = &mut idle => break,
            () = tokio::time::sleep(Duration::from_millis(200)) => {
                let left = library.unfinished().await.unwrap_or(0);
                let progress = library.progress(left);
                bar.set_length(progress.documents_total);
                bar.set_position(progress.documents_done);
                bar.set_message(progress.to_string());
            }
        }
    }
    bar.finish_and_clear();
    eprintln!("{}", library.progress(0));
}

fn listed(paths: &[PathBuf]) -> String {
    let paths: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    paths.join(", ")
}
