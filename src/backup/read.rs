//! Restoring a backup.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use tar::{Archive, Entry, EntryType};
use tempfile::TempDir;

use super::manifest::{FORMAT, Form, Hashing, LIMIT, Listed, Manifest, NAME};
use super::{BackupError, CATALOGUE, HEAD, KEY, ORIGINALS, Restored};
use crate::audit::HeadNote;
use crate::catalogue::Catalogue;
use crate::catalogue::snapshot;
use crate::proof::Key;

/// Makes the program compare, and fill, the indexes when it opens the folder.
const RUNNING: &str = "running";

/// Writes what is in the backup `file` into `folder`, which is empty or not there. When this
/// returns, all of it is what was backed up, and on disk; after an error the folder is as it was.
///
/// # Errors
/// When the folder is not empty, the file is damaged or a newer program's, or something cannot be
/// read or written.
pub async fn restore(file: &Path, folder: &Path) -> Result<Restored, BackupError> {
    let was_there = folder.is_dir();
    let restored = restore_into(file, folder).await;
    if restored.is_err() && !was_there {
        // It stays if somebody put something into it meanwhile, or if it was never made.
        let _ = fs::remove_dir(folder);
    }
    restored
}

async fn restore_into(file: &Path, folder: &Path) -> Result<Restored, BackupError> {
    let (from, into) = (file.to_owned(), folder.to_owned());
    let (unpacked, manifest) = tokio::task::spawn_blocking(move || unpack(&from, &into)).await??;
    let damaged = |reason: String| BackupError::Damaged {
        path: file.to_owned(),
        reason,
    };
    let catalogue = unpacked.path().join(CATALOGUE);
    let found = snapshot::examine(&catalogue)
        .await
        .map_err(|error| damaged(format!("its catalogue cannot be used: {error}")))?;
    if let Some(damage) = found.damage {
        return Err(damaged(format!("its catalogue is damaged: {damage}")));
    }
    let held: BTreeSet<&str> = manifest
        .files
        .iter()
        .map(|file| file.sha256.as_str())
        .collect();
    let mut needed = found.versions.iter().map(ToString::to_string);
    if let Some(missing) = needed.find(|name| !held.contains(name.as_str())) {
        return Err(damaged(format!("the original {missing} is not in it")));
    }
    let audit = audit_faults(unpacked.path()).await;
    let folder = folder.to_owned();
    tokio::task::spawn_blocking(move || settle(&unpacked, &folder)).await??;
    Ok(Restored {
        documents: found.documents,
        files: manifest.files.len(),
        created: manifest.created,
        audit,
    })
}

/// What is wrong with the audit log of a catalogue that has one.
async fn audit_faults(folder: &Path) -> Vec<String> {
    let key = match Key::open(folder) {
        Ok(key) => key,
        Err(error) => return vec![error.to_string()],
    };
    // A catalogue of an older schema is brought up to date when the program opens it.
    let Ok(catalogue) = Catalogue::open_to_read(&folder.join(CATALOGUE)).await else {
        return Vec::new();
    };
    let report = catalogue.verify_audit(HeadNote::read(folder), key.as_ref());
    let faults = match report.await {
        Ok(report) => report.faults.iter().map(ToString::to_string).collect(),
        Err(error) => vec![error.to_string()],
    };
    catalogue.close().await;
    faults
}

/// Unpacks the file into a folder of its own within `into`, which goes with the result.
fn unpack(file: &Path, into: &Path) -> Result<(TempDir, Manifest), BackupError> {
    let opened = File::open(file).map_err(BackupError::io(file))?;
    fs::create_dir_all(into).map_err(BackupError::io(into))?;
    let mut entries = fs::read_dir(into).map_err(BackupError::io(into))?;
    if entries.next().is_some() {
        return Err(BackupError::NotEmpty {
            folder: into.to_owned(),
        });
    }
    let unpacked = tempfile::Builder::new()
        .prefix(".restoring-")
        .tempdir_in(into)
        .map_err(BackupError::io(into))?;
    let originals = unpacked.path().join(ORIGINALS);
    fs::create_dir(&originals).map_err(BackupError::io(&originals))?;
    let unpacker = Unpacker {
        file,
        folder: unpacked.path(),
    };
    let manifest = unpacker.unpack(opened)?;
    Ok((unpacked, manifest))
}

type Source = Archive<zstd::Decoder<'static, BufReader<File>>>;
type Packed<'a> = Entry<'a, zstd::Decoder<'static, BufReader<File>>>;

struct Unpacker<'a> {
    file: &'a Path,
    folder: &'a Path,
}

impl Unpacker<'_> {
    fn damaged(&self, reason: impl Into<String>) -> BackupError {
        BackupError::Damaged {
            path: self.file.to_owned(),
            reason: reason.into(),
        }
    }

    fn unreadable(&self, error: &io::Error) -> BackupError {
        self.damaged(error.to_string())
    }

    fn unpack(&self, file: File) -> Result<Manifest, BackupError> {
        let decoder = zstd::Decoder::new(file).map_err(|error| self.unreadable(&error))?;
        let mut archive: Source = Archive::new(decoder);
        let manifest = self.take_all(&mut archive)?;
        // To the very end, where the compressed stream has its checksum.
        let mut rest = archive.into_inner();
        io::copy(&mut rest, &mut io::sink()).map_err(|error| self.unreadable(&error))?;
        Ok(manifest)
    }

    fn take_all(&self, archive: &mut Source) -> Result<Manifest, BackupError> {
        let entries = archive.entries().map_err(|error| self.unreadable(&error))?;
        let mut entries = entries.map(|entry| entry.map_err(|error| self.unreadable(&error)));
        let first = entries
            .next()
            .unwrap_or_else(|| Err(self.damaged("it is empty")))?;
        let manifest = self.manifest(first)?;
        for listed in &manifest.files {
            let Some(entry) = entries.next() else {
                return Err(self.damaged(format!("it ends before {}", listed.path)));
            };
            self.take(entry?, listed)?;
        }
        match entries.next() {
            None => {}
            Some(Ok(_)) => return Err(self.damaged("it holds more than it lists")),
            Some(Err(error)) => return Err(error),
        }
        Ok(manifest)
    }

    /// Whether the entry is the file with this name.
    fn is_file(&self, entry: &Packed<'_>, name: &str) -> Result<bool, BackupError> {
        let path = entry.path().map_err(|error| self.unreadable(&error))?;
        Ok(path.to_str() == Some(name) && entry.header().entry_type() == EntryType::Regular)
    }

    fn manifest(&self, mut entry: Packed<'_>) -> Result<Manifest, BackupError> {
        if !self.is_file(&entry, NAME)? || entry.size() > LIMIT {
            return Err(self.damaged("it does not begin with a manifest"));
        }
        let mut text = Vec::new();
        entry
            .read_to_end(&mut text)
            .map_err(|error| self.unreadable(&error))?;
        let unreadable = |error: serde_json::Error| {
            self.damaged(format!("its manifest cannot be read: {error}"))
        };
        let form: Form = serde_json::from_slice(&text).map_err(unreadable)?;
        if form.format > FORMAT {
            return Err(self.newer(form.program));
        }
        let manifest: Manifest = serde_json::from_slice(&text).map_err(unreadable)?;
        if manifest.schema > snapshot::newest() {
            return Err(self.newer(manifest.program));
        }
        let mut paths = BTreeSet::new();
        for listed in &manifest.files {
            if !listed.is_known() || !paths.insert(listed.path.as_str()) {
                return Err(self.damaged(format!("its manifest lists `{}`", listed.path)));
            }
        }
        if !paths.contains(CATALOGUE) {
            return Err(self.damaged("there is no catalogue in it"));
        }
        Ok(manifest)
    }

    fn newer(&self, program: String) -> BackupError {
        BackupError::Newer {
            path: self.file.to_owned(),
            program,
        }
    }

    fn take(&self, entry: Packed<'_>, listed: &Listed) -> Result<(), BackupError> {
        if !self.is_file(&entry, &listed.path)? || entry.size() != listed.size {
            return Err(self.damaged(format!("{} is not where it is listed", listed.path)));
        }
        let path = self.folder.join(&listed.path);
        let mut to = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(BackupError::io(&path))?;
        let mut from = Hashing::new(entry);
        copy(&mut from, &mut to).map_err(|failure| match failure {
            Failure::Read(error) => self.unreadable(&error),
            Failure::Write(error) => BackupError::io(&path)(error),
        })?;
        if from.size != listed.size || from.sha256() != listed.sha256 {
            return Err(self.damaged(format!("{} is not what it was", listed.path)));
        }
        Ok(())
    }
}

/// Which side of a copy failed: a full disk is no damaged backup.
enum Failure {
    Read(io::Error),
    Write(io::Error),
}

fn copy(from: &mut impl io::Read, to: &mut impl io::Write) -> Result<(), Failure> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = from.read(&mut buffer).map_err(Failure::Read)?;
        if read == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..read]).map_err(Failure::Write)?;
    }
}

/// Brings what was unpacked and looked at to its place: on disk first, and the catalogue last,
/// since a folder without one is none of ours.
fn settle(unpacked: &TempDir, folder: &Path) -> Result<(), BackupError> {
    let from = unpacked.path();
    let running = from.join(RUNNING);
    File::create(&running).map_err(BackupError::io(&running))?;
    let opened = File::open(from).map_err(BackupError::io(from))?;
    rustix::fs::syncfs(&opened).map_err(|error| BackupError::io(from)(error.into()))?;
    let mut moved: Vec<PathBuf> = Vec::new();
    for name in [ORIGINALS, KEY, HEAD, RUNNING, CATALOGUE] {
        let (here, there) = (from.join(name), folder.join(name));
        if here.symlink_metadata().is_err() {
            continue;
        }
        if let Err(error) = fs::rename(&here, &there) {
            for path in moved {
                // What stays makes the folder one that nothing is restored into.
                let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
            }
            return Err(BackupError::io(there)(error));
        }
        moved.push(there);
    }
    for folder in [Some(folder), folder.parent()].into_iter().flatten() {
        // The parent of a path of one name is the current folder.
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(BackupError::io(folder))?;
    }
    Ok(())
}
