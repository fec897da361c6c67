//! The secret key that answers of this installation are sealed with.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit as _, Mac as _};
use ingest::ContentHash;
use sha2::Sha256;
use tracing::warn;

const LENGTH: usize = 32;
/// Keeps a seal from being one of anything else that the key might ever be used for.
const PURPOSE: &[u8] = b"veracite proof\n";

/// Why the key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Its file cannot be read or written.
    #[error("{} cannot be read or written: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its file holds something else. Making another key would make all earlier answers those of
    /// another installation, so nobody but a person may do that.
    #[error("{} has {actual} bytes and is no key, which has {LENGTH}; bring it back from a backup, or remove it to seal with another key", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Its bytes.
        actual: usize,
    },
    /// The system gives no random numbers.
    #[error("no random key can be made: {0}")]
    Random(#[from] getrandom::Error),
}

impl KeyError {
    fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}

/// The key. Who has it can seal any answer as one of this installation.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; LENGTH]);

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Key({})", self.id())
    }
}

impl Key {
    fn path(folder: &Path) -> PathBuf {
        folder.join("proof.key")
    }

    /// The key in `folder`, if there is one.
    ///
    /// # Errors
    /// When its file cannot be read, or is no key.
    pub fn open(folder: &Path) -> Result<Option<Self>, KeyError> {
        let path = Self::path(folder);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(KeyError::io(path)(error)),
        };
        let Ok(key) = <[u8; LENGTH]>::try_from(bytes.as_slice()) else {
            return Err(KeyError::Damaged {
                actual: bytes.len(),
                path,
            });
        };
        warn_if_others_read(&path);
        Ok(Some(Self(key)))
    }

    /// The key in `folder`, made at first use: for its owner's eyes, and whole or not at all
    /// whenever the machine stops.
    ///
    /// # Errors
    /// As [`Key::open`], and when the folder cannot be written.
    pub fn open_or_make(folder: &Path) -> Result<Self, KeyError> {
        if let Some(key) = Self::open(folder)? {
            return Ok(key);
        }
        let path = Self::path(folder);
        let mut key = [0; LENGTH];
        getrandom::fill(&mut key)?;
        // Made with mode 0600.
        let mut beside = tempfile::NamedTempFile::new_in(folder).map_err(KeyError::io(folder))?;
        beside
            .write_all(&key)
            .and_then(|()| beside.as_file().sync_all())
            .map_err(KeyError::io(&path))?;
        match beside.persist_noclobber(&path) {
            Ok(_) => {}
            // Another process was quicker, and its key is the key.
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                return Self::open_or_make(folder);
            }
            Err(error) => return Err(KeyError::io(path)(error.error)),
        }
        // Answers that were sealed with a key that the disk never saw would all be broken.
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(KeyError::io(folder))?;
        Ok(Self(key))
    }

    /// Names the key and tells nothing of it: the first eight hexadecimal digits of its SHA-256.
    #[must_use]
    pub fn id(&self) -> String {
        ContentHash::of(&self.0)
            .to_string()
            .chars()
            .take(8)
            .collect()
    }

    fn mac(&self, purpose: &[u8], text: &str) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(purpose);
        mac.update(text.as_bytes());
        mac
    }

    /// The seal of `text`.
    pub(super) fn seal(&self, text: &str) -> ContentHash {
        ContentHash::from_digest(self.mac(PURPOSE, text).finalize().into_bytes().into())
    }

    /// Whether `seal` is that of `text`, in the same time for every wrong one.
    pub(super) fn holds(&self, text: &str, seal: &ContentHash) -> bool {
        self.mac(PURPOSE, text)
            .verify_slice(seal.as_bytes())
            .is_ok()
    }

    /// The seal of `text` for something else than an answer, which `purpose` names.
    pub(crate) fn seal_for(&self, purpose: &str, text: &str) -> ContentHash {
        let mac = self.mac(purpose.as_bytes(), text);
        ContentHash::from_digest(mac.finalize().into_bytes().into())
    }

    /// As [`Key::holds`], for what `purpose` names.
    pub(crate) fn holds_for(&self, purpose: &str, text: &str, seal: &ContentHash) -> bool {
        let mac = self.mac(purpose.as_bytes(), text);
        mac.verify_slice(seal.as_bytes()).is_ok()
    }
}

fn warn_if_others_read(path: &Path) {
    const OTHERS: u32 = 0o077;
    if let Ok(metadata) = fs::metadata(path)
        && metadata.permissions().mode() & OTHERS != 0
    {
        warn!(
            path = %path.display(),
            "others may read the key that answers are sealed with; `chmod 600` it"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Key::open(folder.path()).unwrap(), None);
        let key = Key::open_or_make(folder.path()).unwrap();
        assert_eq!(Key::open_or_make(folder.path()).unwrap(), key);
        assert_eq!(Key::open(folder.path()).unwrap(), Some(key.clone()));
        assert_eq!(key.id().len(), 8);
        assert_eq!(format!("{key:?}"), format!("Key({})", key.id()));
        let mode = fs::metadata(Key::path(folder.path()))
            .unwrap()
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
        let names = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(names, 1, "nothing is left beside it");
    }

    #[test]
    fn a_damaged_key_is_told_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(Key::path(folder.path()), [7; 31]).unwrap();
        let error = Key::open_or_make(folder.path()).unwrap_err().to_string();
        assert!(error.contains("has 31 bytes"), "{error}");
        assert_eq!(fs::read(Key::path(folder.path())).unwrap().len(), 31);
    }

    /// Computed with Python's `hmac.new(bytes(range(32)), b"veracite proof\n{}", "sha256")`.
    #[test]
    fn a_seal_is_an_hmac_that_other_programs_compute_too() {
        let key = Key(std::array::from_fn(|index| u8::try_from(index).unwrap()));
        let seal = key.seal("{}");
        assert_eq!(
            seal.to_string(),
            "a0a2c9ee930d6644f6358d710220e7f61367b2c999360a16a2eee255d60fa3e3"
        );
        assert_eq!(key.id(), "630dcd29");
        assert!(key.holds("{}", &seal));
        assert!(!key.holds("{ }", &seal));
        assert!(!Key([0; LENGTH]).holds("{}", &seal));
    }
}
