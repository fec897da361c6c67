//! `veracite backup` and `veracite restore`.

use std::path::PathBuf;
use std::process::ExitCode;

use bytesize::ByteSize;
use clap::Args;

use crate::backup;
use crate::config::Config;

/// The data folder in one file, while the server runs or not.
///
/// Holds the catalogue with the audit log, every file as it was handed in, and the key that answers
/// are sealed with; not the configuration, models (`models pull` fetches them) and indexes, which
/// `restore` lets the program make anew. Who has the file has the documents: keep it as safe.
#[derive(Debug, Args)]
pub(super) struct BackupArguments {
    /// The file, such as `veracite-2026-03-01.tar.zst`; it must not be there yet.
    file: PathBuf,
}

/// What `backup` wrote, in a folder of its own.
///
/// Every file is compared with the SHA-256 that was noted for it, and nothing is left in the folder
/// if one differs. Models are not in it: `veracite --data FOLDER models pull`. Indexes are made anew
/// when the program first opens the folder.
#[derive(Debug, Args)]
pub(super) struct RestoreArguments {
    /// The file.
    file: PathBuf,
    /// The folder, which is empty or not there.
    #[arg(long, value_name = "FOLDER")]
    into: PathBuf,
}

pub(super) async fn write(config: Config, arguments: BackupArguments) -> anyhow::Result<ExitCode> {
    let told = tokio::select! {
        told = backup::write(&config.data, &arguments.file) => told?,
        _ = tokio::signal::ctrl_c() => {
            eprintln!("stopped: {} is not written", arguments.file.display());
            return Ok(ExitCode::FAILURE);
        }
    };
    println!(
        "{}: {} documents, {} files, {} of {}",
        arguments.file.display(),
        told.documents,
        told.files,
        ByteSize::b(told.size),
        ByteSize::b(told.content),
    );
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn restore(arguments: RestoreArguments) -> anyhow::Result<ExitCode> {
    let told = backup::restore(&arguments.file, &arguments.into).await?;
    println!(
        "{}: {} documents, {} files, as they were at {}; every checksum is right",
        arguments.into.display(),
        told.documents,
        told.files,
        told.created,
    );
    for fault in &told.audit {
        println!("! audit log: {fault}");
    }
    println!("indexes are made anew at the first start; `veracite models pull` fetches models");
    Ok(ExitCode::SUCCESS)
}
