//! The data folder in one file, and back.
//!
//! The file is a tar, compressed by Zstandard, whose first entry is a manifest: what else is in it,
//! with the SHA-256 of everything. In it are the catalogue (a copy as of one moment), the originals
//! that this copy names, the installation's key and the noted end of the audit log. Indexes are
//! derived and not in it, nor is the name under which vectors lie in a Qdrant server: what is
//! restored has a collection of its own, and the one it came from can still run.
//!
//! A program may use the data folder meanwhile. It removes no original as long as
//! `hold_originals` is held, so all that the copy of the catalogue names are there.

mod manifest;
mod read;
mod write;

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

pub use read::restore;
pub use write::write;

use crate::library::LibraryError;

/// Files of a data folder that are in a backup, besides originals.
const CATALOGUE: &str = "catalogue.sqlite";
const KEY: &str = "proof.key";
const HEAD: &str = "audit.head";
const ORIGINALS: &str = "originals";

/// Where it is noted when the last backup was written.
const LAST: &str = "backup.last";

/// When the last backup of a data folder was written, as far as that is noted.
pub(crate) fn last(folder: &Path) -> Option<jiff::Timestamp> {
    let noted = std::fs::read_to_string(folder.join(LAST)).ok()?;
    noted.trim().parse().ok()
}

/// Notes that a backup is written.
fn note_written(folder: &Path) {
    // The backup is whole without it; only the page of administrators would not know.
    let _ = std::fs::write(folder.join(LAST), jiff::Timestamp::now().to_string());
}

/// Why there is no backup, or why it is not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file cannot be read or written.
    #[error("{} cannot be read or written: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The catalogue failed.
    #[error("the catalogue {} failed: {source}", path.display())]
    Catalogue {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: sqlx::Error,
    },
    /// There is no catalogue.
    #[error("{} holds no catalogue: there is nothing to back up", folder.display())]
    NoCatalogue {
        /// The folder.
        folder: PathBuf,
    },
    /// The file of the backup is there already.
    #[error("{} is there already, and a backup takes no other's place", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// An original is not what it was.
    #[error(
        "the original {name} is missing or damaged; `veracite doctor` names all that are, and a backup without it would be none"
    )]
    Original {
        /// Its name: the SHA-256 that it should have.
        name: String,
    },
    /// The folder is not empty.
    #[error("{} is not empty, and a backup is restored into an empty folder only", folder.display())]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
    },
    /// The file is not what was written.
    #[error("{} is damaged, or no backup: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A newer program wrote it.
    #[error("{} was written by a newer Veracite ({program}); this one is {}", path.display(), env!("CARGO_PKG_VERSION"))]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of the program that wrote it.
        program: String,
    },
    /// The work ended early.
    #[error("the work ended early: {0}")]
    Ended(#[from] tokio::task::JoinError),
}

impl BackupError {
    fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Documents in the catalogue.
    pub documents: u64,
    /// Files.
    pub files: usize,
    /// Their bytes.
    pub content: u64,
    /// Bytes of the backup.
    pub size: u64,
}

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Documents in the catalogue.
    pub documents: u64,
    /// Files.
    pub files: usize,
    /// When the backup was made.
    pub created: String,
    /// What is wrong with the audit log in it.
    pub audit: Vec<String>,
}

fn lock_file(folder: &Path) -> Result<(PathBuf, File), LibraryError> {
    let path = folder.join("originals.lock");
    match File::create(&path) {
        Ok(file) => Ok((path, file)),
        Err(source) => Err(LibraryError::Io { path, source }),
    }
}

/// Keeps originals that are in `folder` from being removed for as long as the result lives; waits
/// for a removal that is under way.
fn hold_originals(folder: &Path) -> Result<File, LibraryError> {
    let (path, file) = lock_file(folder)?;
    match file.lock() {
        Ok(()) => Ok(file),
        Err(source) => Err(LibraryError::Io { path, source }),
    }
}

/// Holds the originals in `folder` to remove some, if no backup is being made of them.
pub(crate) fn try_hold_originals(folder: &Path) -> Result<Option<File>, LibraryError> {
    let (path, file) = lock_file(folder)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(LibraryError::Io { path, source }),
    }
}
