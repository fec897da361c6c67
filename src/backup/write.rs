//! Writing a backup.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use tar::{Builder, Header};
use tempfile::{NamedTempFile, TempDir};

use super::manifest::{FORMAT, Hashing, Listed, Manifest, NAME};
use super::{BackupError, CATALOGUE, HEAD, KEY, ORIGINALS, Written, hold_originals, note_written};
use crate::catalogue::snapshot::{self, Snapshot};

/// Most of what is handed in is compressed already.
const LEVEL: i32 = 3;

/// Tells the thread that writes that nobody waits for it any more.
struct Leaving(Arc<AtomicBool>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Writes the data folder into `file`, whether a program uses it or not. When this returns, the
/// file is whole and on disk; until then there is none of that name.
///
/// # Errors
/// When the folder cannot be read, an original is damaged, or the file is there already or cannot
/// be written.
pub async fn write(folder: &Path, file: &Path) -> Result<Written, BackupError> {
    let catalogue = folder.join(CATALOGUE);
    if !catalogue.is_file() {
        return Err(BackupError::NoCatalogue {
            folder: folder.to_owned(),
        });
    }
    if file.symlink_metadata().is_ok() {
        return Err(BackupError::Exists {
            path: file.to_owned(),
        });
    }
    let beside = match file.parent() {
        Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
        Some(parent) => parent.to_owned(),
        None => PathBuf::from("/"),
    };
    let held = {
        let folder = folder.to_owned();
        tokio::task::spawn_blocking(move || hold_originals(&folder)).await?
    };
    let held = held.map_err(|error| BackupError::io(folder)(io::Error::other(error)))?;
    // The end is noted before the log is copied, so that it is not one that the copy lacks.
    let head = optional(&folder.join(HEAD))?;
    let copies = tempfile::Builder::new()
        .prefix(".veracite-backup-")
        .tempdir_in(&beside)
        .map_err(BackupError::io(&beside))?;
    let copy = copies.path().join(CATALOGUE);
    let failed = |source| BackupError::Catalogue {
        path: catalogue.clone(),
        source,
    };
    snapshot::copy(&catalogue, &copy).await.map_err(failed)?;
    let found = snapshot::examine(&copy).await.map_err(failed)?;
    if let Some(damage) = &found.damage {
        return Err(failed(sqlx::Error::Protocol(damage.clone())));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let _leaving = Leaving(Arc::clone(&stop));
    let work = Work {
        folder: folder.to_owned(),
        file: file.to_owned(),
        beside,
        copies,
        head,
        found,
        stop,
        _held: held,
    };
    let written = tokio::task::spawn_blocking(move || work.write()).await??;
    note_written(folder);
    Ok(written)
}

/// The bytes of a small file, if there is one.
fn optional(path: &Path) -> Result<Option<Vec<u8>>, BackupError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(BackupError::io(path)(error)),
    }
}

/// Where the bytes of a file come from.
enum Bytes {
    Here(Vec<u8>),
    At(PathBuf),
}

struct Work {
    folder: PathBuf,
    file: PathBuf,
    beside: PathBuf,
    copies: TempDir,
    head: Option<Vec<u8>>,
    found: Snapshot,
    stop: Arc<AtomicBool>,
    _held: File,
}

type Archive<'a> = Builder<zstd::Encoder<'static, BufWriter<&'a File>>>;

impl Work {
    fn write(self) -> Result<Written, BackupError> {
        let files = self.files()?;
        let manifest = Manifest {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            created: format!("{:.0}", Timestamp::now()),
            schema: self.found.schema,
            documents: self.found.documents,
            files: files.iter().map(|(listed, _)| listed.clone()).collect(),
        };
        let target = tempfile::Builder::new()
            .prefix(".veracite-backup-")
            .tempfile_in(&self.beside)
            .map_err(BackupError::io(&self.beside))?;
        self.archive(target.as_file(), &manifest, &files)?;
        self.keep(target)?;
        let size = self.file.metadata().map_err(BackupError::io(&self.file))?;
        Ok(Written {
            documents: self.found.documents,
            files: files.len(),
            content: files.iter().map(|(listed, _)| listed.size).sum(),
            size: size.len(),
        })
    }

    /// What is to be written.
    fn files(&self) -> Result<Vec<(Listed, Bytes)>, BackupError> {
        let copy = self.copies.path().join(CATALOGUE);
        let mut files = vec![(listed(CATALOGUE, &copy)?, Bytes::At(copy))];
        let key = optional(&self.folder.join(KEY))?;
        for (name, bytes) in [(KEY, key), (HEAD, self.head.clone())] {
            if let Some(bytes) = bytes {
                let file = Listed {
                    path: name.to_owned(),
                    size: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
                    sha256: ingest::ContentHash::of(&bytes).to_string(),
                };
                files.push((file, Bytes::Here(bytes)));
            }
        }
        for version in &self.found.versions {
            let name = version.to_string();
            let path = self.folder.join(ORIGINALS).join(&name);
            let Ok(metadata) = path.metadata() else {
                return Err(BackupError::Original { name });
            };
            let file = Listed {
                path: format!("{ORIGINALS}/{name}"),
                size: metadata.len(),
                sha256: name,
            };
            files.push((file, Bytes::At(path)));
        }
        Ok(files)
    }

    fn archive(
        &self,
        target: &File,
        manifest: &Manifest,
        files: &[(Listed, Bytes)],
    ) -> Result<(), BackupError> {
        let failed = || BackupError::io(&self.file);
        let mut encoder = zstd::Encoder::new(BufWriter::new(target), LEVEL).map_err(failed())?;
        encoder.include_checksum(true).map_err(failed())?;
        let mut archive = Builder::new(encoder);
        let text =
            serde_json::to_vec(manifest).map_err(|error| failed()(io::Error::other(error)))?;
        let size = u64::try_from(text.len()).unwrap_or(u64::MAX);
        archive
            .append_data(&mut header(size), NAME, text.as_slice())
            .map_err(failed())?;
        for (listed, bytes) in files {
            if self.stop.load(Ordering::Relaxed) {
                return Err(failed()(io::ErrorKind::Interrupted.into()));
            }
            self.append(&mut archive, listed, bytes)?;
        }
        let encoder = archive.into_inner().map_err(failed())?;
        let mut buffer = encoder.finish().map_err(failed())?;
        buffer.flush().map_err(failed())?;
        target.sync_all().map_err(failed())
    }

    /// Adds a file, and looks whether it is what is listed.
    fn append(
        &self,
        archive: &mut Archive<'_>,
        listed: &Listed,
        bytes: &Bytes,
    ) -> Result<(), BackupError> {
        let failed = BackupError::io(&self.file);
        let path = match bytes {
            Bytes::Here(bytes) => {
                return archive
                    .append_data(&mut header(listed.size), &listed.path, bytes.as_slice())
                    .map_err(failed);
            }
            Bytes::At(path) => path,
        };
        let file = File::open(path).map_err(BackupError::io(path))?;
        let mut file = Hashing::new(file);
        archive
            .append_data(&mut header(listed.size), &listed.path, &mut file)
            .map_err(failed)?;
        if file.size != listed.size || file.sha256() != listed.sha256 {
            return Err(BackupError::Original {
                name: listed.path.clone(),
            });
        }
        Ok(())
    }

    /// Gives the whole file its name.
    fn keep(&self, target: NamedTempFile) -> Result<(), BackupError> {
        target.persist_noclobber(&self.file).map_err(|error| {
            if error.error.kind() == io::ErrorKind::AlreadyExists {
                let path = self.file.clone();
                return BackupError::Exists { path };
            }
            BackupError::io(&self.file)(error.error)
        })?;
        File::open(&self.beside)
            .and_then(|folder| folder.sync_all())
            .map_err(BackupError::io(&self.beside))
    }
}

fn header(size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o600);
    header
}

/// The file at `path`, which is listed as `name`.
fn listed(name: &str, path: &Path) -> Result<Listed, BackupError> {
    let file = File::open(path).map_err(BackupError::io(path))?;
    let mut file = Hashing::new(file);
    io::copy(&mut file, &mut io::sink()).map_err(BackupError::io(path))?;
    Ok(Listed {
        path: name.to_owned(),
        size: file.size,
        sha256: file.sha256(),
    })
}
