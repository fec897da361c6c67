//! What an administrator wants to know of the machine: documents by state, indexes, disk, models
//! and what is known to be wrong.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::backup;
use crate::catalogue::snapshot;
use crate::doctor::Level;
use crate::index::size_of;
use crate::library::LibraryError;
use crate::web::error::Error;

/// How long the engine that writes has to say how it is.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a part of the data folder takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(in crate::web) struct DiskBody {
    /// `catalogue`, `originals`, `index`, `models` or `other`.
    pub(in crate::web) part: &'static str,
    /// Bytes.
    pub(in crate::web) bytes: u64,
}

/// Something that is known to be wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(in crate::web) struct WarningBody {
    /// What was looked at.
    pub(in crate::web) name: String,
    /// What is wrong, in words.
    pub(in crate::web) message: String,
}

/// The installation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::web) struct InstallationBody {
    /// The version of the program.
    pub(in crate::web) version: &'static str,
    /// The version of the catalogue.
    pub(in crate::web) schema: i64,
    /// The embedding model; null if there is none.
    pub(in crate::web) embedder: Option<String>,
    /// What checks answers.
    pub(in crate::web) checker: String,
    /// What writes answers.
    pub(in crate::web) generator: String,
    /// All documents by state: the queue are those that are not final.
    pub(in crate::web) documents: BTreeMap<String, u64>,
    /// Chunks of all documents.
    pub(in crate::web) chunks: u64,
    /// Chunks that have no vector in the index.
    pub(in crate::web) without_vector: u64,
    /// What parts of the data folder take.
    pub(in crate::web) disk: Vec<DiskBody>,
    /// Bytes that are free; null if that is not known.
    pub(in crate::web) disk_free: Option<u64>,
    /// When the last backup was written, RFC 3339; null if there was none.
    pub(in crate::web) last_backup: Option<String>,
    /// What is known to be wrong, without a look at every file.
    pub(in crate::web) warnings: Vec<WarningBody>,
}

/// Looks at the installation.
pub(super) async fn look(app: &App) -> Result<InstallationBody, Error> {
    let catalogue = app.library().catalogue();
    let counts = catalogue.counts().await.map_err(LibraryError::from)?;
    let without_vector = catalogue.unembedded().await.map_err(LibraryError::from)?;
    let positive = |count: i64| u64::try_from(count).unwrap_or(0);
    let data = app.config().data.clone();
    let (disk, disk_free, last_backup) =
        tokio::task::spawn_blocking(move || (disk(&data), free(&data), backup::last(&data)))
            .await
            .map_err(|error| Error::internal("looking at the disk", &error))?;
    let mut checks = app.configuration_checks();
    checks.extend(app.model_checks());
    // An engine that does not answer is told of by the questions that fail.
    if let Ok(more) = tokio::time::timeout(PATIENCE, app.generator_checks()).await {
        checks.extend(more);
    }
    Ok(InstallationBody {
        version: env!("CARGO_PKG_VERSION"),
        schema: snapshot::newest(),
        embedder: app.embedder_name().map(str::to_owned),
        checker: app.checker().name().to_owned(),
        generator: app.generator_name().to_owned(),
        documents: counts
            .documents
            .into_iter()
            .map(|(state, count)| (state, positive(count)))
            .collect(),
        chunks: positive(counts.chunks),
        without_vector: u64::try_from(without_vector).unwrap_or(u64::MAX),
        disk,
        disk_free,
        last_backup: last_backup.map(|time| time.to_string()),
        warnings: checks
            .into_iter()
            .filter(|check| check.level != Level::Ok)
            .map(|check| WarningBody {
                name: check.name,
                message: check.message,
            })
            .collect(),
    })
}

fn disk(data: &Path) -> Vec<DiskBody> {
    let mut parts = [
        ("catalogue", 0),
        ("originals", 0),
        ("index", 0),
        ("models", 0),
        ("other", 0),
    ];
    for entry in std::fs::read_dir(data).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let bytes = match entry.metadata() {
            Ok(found) if found.is_dir() => size_of(&entry.path()),
            Ok(found) => found.len(),
            Err(_) => 0,
        };
        let place = match name.as_str() {
            name if name.starts_with("catalogue.sqlite") => 0,
            "originals" => 1,
            "index" => 2,
            "models" => 3,
            _ => 4,
        };
        parts[place].1 += bytes;
    }
    let parts = parts.into_iter();
    parts
        .map(|(part, bytes)| DiskBody { part, bytes })
        .collect()
}

fn free(data: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(data).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_is_counted_in_its_part() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        std::fs::create_dir_all(data.join("originals")).unwrap();
        std::fs::write(data.join("originals/a"), b"12345").unwrap();
        std::fs::write(data.join("catalogue.sqlite-wal"), b"123").unwrap();
        std::fs::write(data.join("proof.key"), b"1").unwrap();
        let bytes: Vec<u64> = disk(data).iter().map(|part| part.bytes).collect();
        assert_eq!(bytes, [3, 5, 0, 0, 1]);
        assert!(free(data).is_some());
        assert!(free(&data.join("none")).is_none());
    }
}
