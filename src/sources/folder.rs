//! Folders of this machine.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use ingest::{Group, read};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

use super::{Fetched, Listed, Listing, Source, SourceError};

/// `[[sources]]`: a folder whose files are documents, for as long as they are in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderConfig {
    /// The folder; what is in folders in it counts too.
    pub folder: PathBuf,
    /// Groups that may read its documents; those of their collection, else `ingest.default_readers`,
    /// if left out.
    pub readers: BTreeSet<Group>,
    /// It is looked through this often even if nothing told of a change: some network disks do
    /// not tell.
    pub every: Duration,
}

/// `every`, where nothing else is configured.
pub(super) const EVERY: Duration = Duration::from_secs(600);

/// Files are looked at when nothing happened to them for this long: one that is being written
/// is not read half.
const QUIET: Duration = Duration::from_secs(1);
/// How long that is waited for.
const AT_MOST: Duration = Duration::from_secs(30);

/// A folder.
#[derive(Debug)]
pub struct Folder {
    name: String,
    path: PathBuf,
    readers: BTreeSet<Group>,
    every: Duration,
    max_file: u64,
    told: Arc<Notify>,
    /// Tells of changes while it lives; none where the system cannot.
    _watcher: Option<RecommendedWatcher>,
}

impl Folder {
    /// Begins to watch a folder; files of more than `max_file` bytes are left out.
    ///
    /// # Errors
    /// When its absolute path cannot be told.
    pub fn open(config: &FolderConfig, max_file: u64) -> Result<Self, SourceError> {
        let path = std::path::absolute(&config.folder).map_err(|error| {
            let folder = config.folder.display();
            SourceError(format!(
                "the absolute path of {folder} cannot be told: {error}"
            ))
        })?;
        let told = Arc::new(Notify::new());
        let watcher = watch(&path, Arc::clone(&told));
        if let Err(error) = &watcher {
            tracing::warn!(
                folder = %path.display(),
                error = %error,
                "changes in a folder are not told by the system; it is looked through now and then"
            );
        }
        Ok(Self {
            name: format!("folder:{}", path.display()),
            path,
            readers: config.readers.clone(),
            every: config.every,
            max_file,
            told,
            _watcher: watcher.ok(),
        })
    }
}

fn watch(path: &Path, told: Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading a file, which is what we do, is no change.
        if !event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
            told.notify_one();
        }
    })?;
    watcher.watch(path, RecursiveMode::Recursive)?;
    Ok(watcher)
}

#[async_trait]
impl Source for Folder {
    fn name(&self) -> &str {
        &self.name
    }

    fn readers(&self) -> &BTreeSet<Group> {
        &self.readers
    }

    async fn list(&self) -> Result<Listing, SourceError> {
        let (path, max_file) = (self.path.clone(), self.max_file);
        tokio::task::spawn_blocking(move || list(&path, max_file))
            .await
            .map_err(|error| SourceError(format!("{}: {error}", self.path.display())))?
    }

    async fn fetch(&self, listed: &Listed) -> Result<Fetched, SourceError> {
        let path = PathBuf::from(&listed.place);
        let name = path.file_name().unwrap_or_default();
        Ok(Fetched {
            file_name: name.to_string_lossy().into_owned(),
            path,
            temporary: None,
        })
    }

    async fn examine(&self) -> Result<String, SourceError> {
        let folder = self.path.display();
        tokio::fs::read_dir(&self.path)
            .await
            .map(|_| format!("{folder} can be read"))
            .map_err(|error| SourceError(format!("{folder} cannot be read: {error}")))
    }

    async fn changed(&self) {
        tokio::select! {
            () = self.told.notified() => {
                let quiet = async {
                    while tokio::time::timeout(QUIET, self.told.notified()).await.is_ok() {}
                };
                // A file that never rests holds up no others.
                let _ = tokio::time::timeout(AT_MOST, quiet).await;
            }
            () = tokio::time::sleep(self.every) => {}
        }
    }
}

fn list(folder: &Path, max_file: u64) -> Result<Listing, SourceError> {
    let failed = |error: std::io::Error| SourceError(format!("{}: {error}", folder.display()));
    let real = std::fs::canonicalize(folder).map_err(failed)?;
    std::fs::read_dir(folder).map_err(failed)?;
    let (files, unreadable) = read::find(&[folder.to_owned()]);
    let mut listing = Listing {
        unreadable: unreadable
            .into_iter()
            .map(|(path, error)| (path.to_string_lossy().into_owned(), error.to_string()))
            .collect(),
        ..Listing::default()
    };
    for file in files {
        let Some(place) = file.path.to_str() else {
            let place = file.path.to_string_lossy().into_owned();
            listing
                .unreadable
                .push((place, "its name is not UTF-8".to_owned()));
            continue;
        };
        // Whoever may write into the folder does not thereby publish the rest of the machine.
        let leads_out =
            std::fs::canonicalize(&file.path).is_ok_and(|path| !path.starts_with(&real));
        if leads_out {
            let reason = "it is a link out of the folder".to_owned();
            listing.unreadable.push((place.to_owned(), reason));
            continue;
        }
        match std::fs::metadata(&file.path) {
            Ok(metadata) if metadata.len() > max_file => listing.unreadable.push((
                place.to_owned(),
                format!(
                    "it has {} bytes, over the limit of {max_file} (`ingest.max_file`)",
                    metadata.len()
                ),
            )),
            Ok(metadata) => listing.documents.push(Listed {
                place: place.to_owned(),
                tag: tag(&metadata),
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => listing
                .unreadable
                .push((place.to_owned(), error.to_string())),
        }
    }
    Ok(listing)
}

/// Size and times of a file. Its content is not read: that is what makes looking cheap.
fn tag(metadata: &Metadata) -> String {
    use std::os::unix::fs::MetadataExt as _;
    let modified = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .unwrap_or_default();
    // A file that is put in another's place may have its size and age, but not its inode and
    // time of change.
    format!(
        "{}-{}-{}-{}.{}",
        metadata.len(),
        modified.as_nanos(),
        metadata.ino(),
        metadata.ctime(),
        metadata.ctime_nsec()
    )
}
