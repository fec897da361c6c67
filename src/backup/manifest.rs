//! What is in a backup.

use std::io::{self, Read};
use std::path::{Component, Path};

use ingest::ContentHash;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{CATALOGUE, HEAD, KEY, ORIGINALS};

/// Its name in the archive.
pub(super) const NAME: &str = "manifest.json";
/// The form of archives that this program writes and reads.
pub(super) const FORMAT: u64 = 1;
/// Bytes that it may have; that of a million files has about 200 megabytes.
pub(super) const LIMIT: u64 = 1 << 30;

/// What is in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The form of the archive.
    pub(super) format: u64,
    /// The version of the program that wrote it.
    pub(super) program: String,
    /// When, in UTC.
    pub(super) created: String,
    /// The version of the catalogue's schema.
    pub(super) schema: i64,
    /// Documents in the catalogue.
    pub(super) documents: u64,
    /// The files that follow, in order.
    pub(super) files: Vec<Listed>,
}

/// A file in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listed {
    /// Its path in the data folder.
    pub(super) path: String,
    /// Its bytes.
    pub(super) size: u64,
    /// Its SHA-256.
    pub(super) sha256: String,
}

/// What of a manifest every program can read: whether it can read the rest.
#[derive(Debug, Deserialize)]
pub(super) struct Form {
    pub(super) format: u64,
    #[serde(default)]
    pub(super) program: String,
}

impl Listed {
    /// Whether a backup has such a file. Nothing else is ever written by restoring one.
    pub(super) fn is_known(&self) -> bool {
        if matches!(self.path.as_str(), CATALOGUE | KEY | HEAD) {
            return true;
        }
        let mut parts = Path::new(&self.path).components();
        let is_original = parts.next() == Some(Component::Normal(ORIGINALS.as_ref()));
        let name = match parts.next() {
            Some(Component::Normal(name)) => name.to_str(),
            _ => None,
        };
        // An original is named by its hash.
        is_original
            && parts.next().is_none()
            && name == Some(self.sha256.as_str())
            && self.path == format!("{ORIGINALS}/{}", self.sha256)
            && self.sha256.parse::<ContentHash>().is_ok()
    }
}

/// Reads on, and remembers what was read.
pub(super) struct Hashing<R> {
    inner: R,
    hasher: Sha256,
    /// Bytes so far.
    pub(super) size: u64,
}

impl<R: Read> Hashing<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            hasher: Sha256::new(),
            size: 0,
        }
    }

    /// The SHA-256 of what was read.
    pub(super) fn sha256(self) -> String {
        ContentHash::from_digest(self.hasher.finalize().into()).to_string()
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        self.size += u64::try_from(read).unwrap_or(0);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_leads_out_of_the_folder() {
        let hash = ContentHash::of(b"x").to_string();
        let listed = |path: &str| Listed {
            path: path.to_owned(),
            size: 1,
            sha256: hash.clone(),
        };
        for good in [CATALOGUE, KEY, HEAD, &format!("originals/{hash}")] {
            assert!(listed(good).is_known(), "{good}");
        }
        for bad in [
            "",
            "../catalogue.sqlite",
            "/etc/passwd",
            "originals",
            "originals/../catalogue.sqlite",
            &format!("originals/../originals/{hash}"),
            &format!("./originals/{hash}"),
            &format!("originals//{hash}"),
            &format!("originals/{hash}/x"),
            "originals/abc",
            "installation",
        ] {
            assert!(!listed(bad).is_known(), "{bad}");
        }
    }
}
