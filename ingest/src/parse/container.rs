//! ZIP containers: the parts of DOCX, PPTX, XLSX, HWPX and `OpenDocument` files, within limits.
//!
//! What a container says about sizes is not trusted, and no name in it is ever a path.

use std::collections::HashMap;
use std::io::{Cursor, Read as _};

use zip::ZipArchive;

use super::{ParseError, sniff, xml};

/// Bytes that one part of a container may have.
const MAX_PART: u64 = 100 << 20;
/// Bytes that all parts that are read may have.
const MAX_PARTS: u64 = 400 << 20;
/// Parts that a container may have.
const MAX_ENTRIES: usize = 10_000;

/// A ZIP container, its parts found by name whatever the case.
pub(super) struct Container<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    parts: HashMap<String, usize>,
    /// Parts that were decrypted.
    replaced: HashMap<String, Vec<u8>>,
    left: u64,
}

impl<'a> Container<'a> {
    /// # Errors
    /// When its directory cannot be read, or it has more parts than are read.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| ParseError::Damaged {
            reason: format!("its ZIP container cannot be read: {error}"),
        })?;
        if archive.len() > MAX_ENTRIES {
            return Err(ParseError::Limit {
                reason: format!(
                    "it has {} parts, and {MAX_ENTRIES} is the most that is read",
                    archive.len()
                ),
            });
        }
        let parts = archive
            .file_names_raw()
            .map(part_name)
            .enumerate()
            .map(|(index, name)| (name, index))
            .collect();
        Ok(Self {
            archive,
            parts,
            replaced: HashMap::new(),
            left: MAX_PARTS,
        })
    }

    /// Whether there is a part of this (lower case) name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.parts.contains_key(name)
    }

    /// The (lower case) names of its parts that begin with `prefix`, sorted.
    pub(super) fn names(&self, prefix: &str) -> Vec<String> {
        let mut names: Vec<String> = self
            .parts
            .keys()
            .filter(|name| name.starts_with(prefix))
            .cloned()
            .collect();
        names.sort();
        names
    }

    /// The text of an XML part, if there is one of this (lower case) name.
    ///
    /// # Errors
    /// As [`Container::bytes`].
    pub(super) fn part(&mut self, name: &str) -> Result<Option<String>, ParseError> {
        Ok(self.bytes(name)?.map(xml::text))
    }

    /// The bytes of a part, if there is one of this (lower case) name.
    ///
    /// # Errors
    /// When it is encrypted, damaged or over a limit.
    pub(super) fn bytes(&mut self, name: &str) -> Result<Option<Vec<u8>>, ParseError> {
        if let Some(bytes) = self.replaced.get(name) {
            return Ok(Some(bytes.clone()));
        }
        let Some(&index) = self.parts.get(name) else {
            return Ok(None);
        };
        let damaged = |error: &dyn std::fmt::Display| ParseError::Damaged {
            reason: format!("its part `{name}` cannot be read: {error}"),
        };
        if self
            .archive
            .by_index_data(index)
            .is_ok_and(|entry| entry.encrypted())
        {
            return Err(ParseError::Encrypted {
                reason: "its ZIP container needs a password".to_owned(),
            });
        }
        let part = self
            .archive
            .by_index(index)
            .map_err(|error| damaged(&error))?;
        let limit = MAX_PART.min(self.left);
        let mut bytes = Vec::new();
        // What the container says about its size is not to be trusted.
        let read = part.take(limit + 1).read_to_end(&mut bytes);
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
            return Err(ParseError::Limit {
                reason: format!("its part `{name}` has more than {} MB", limit >> 20),
            });
        }
        // A part with a wrong checksum still says what it says.
        if let Err(error) = read
            && (bytes.is_empty() || error.kind() != std::io::ErrorKind::InvalidData)
        {
            return Err(damaged(&error));
        }
        self.left -= u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(Some(bytes))
    }

    /// Has other bytes for a part from now on.
    ///
    /// # Errors
    /// When all parts together become too large.
    pub(super) fn replace(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), ParseError> {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.left = self
            .left
            .checked_sub(size)
            .ok_or_else(|| ParseError::Limit {
                reason: format!("its parts have more than {} MB", MAX_PARTS >> 20),
            })?;
        self.replaced.insert(name.to_owned(), bytes);
        Ok(())
    }
}

/// Whether the bytes are a ZIP container with a part whose (lower case) name `matches`.
pub(super) fn has_part(bytes: &[u8], matches: impl Fn(&str) -> bool) -> bool {
    sniff::is_zip(bytes)
        && ZipArchive::new(Cursor::new(bytes)).is_ok_and(|archive| {
            archive
                .file_names_raw()
                .any(|name| matches(&part_name(name)))
        })
}

/// The name of a part as it is looked for: in lower case, with `/` and none at the start.
pub(super) fn part_name(name: &[u8]) -> String {
    String::from_utf8_lossy(name)
        .replace('\\', "/")
        .trim_start_matches('/')
        .to_lowercase()
}

/// A container of these parts.
#[cfg(test)]
pub(super) fn packed(parts: &[(&str, &str)]) -> Vec<u8> {
    use std::io::Write as _;

    let mut bytes = Cursor::new(Vec::new());
    let mut archive = zip::ZipWriter::new(&mut bytes);
    for (name, text) in parts {
        archive
            .start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
    bytes.into_inner()
}
