//! Names of things: documents, versions, chunks, and the groups that may read them.
//!
//! Ids come from a document's place and content, so ingesting twice changes nothing, and
//! equal texts with different rights stay apart.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A document, whatever its version: the hash of its place (path, upload name and readers).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct DocumentId([u8; 16]);

/// A chunk of one version of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ChunkId([u8; 16]);

/// The SHA-256 of a file's bytes: names a version of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ContentHash([u8; 32]);

/// A group of people, such as `everyone` or `hr`. Lower case letters, digits, `-`, `_`, `.`,
/// `:`, `@`; at most 64 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Group(String);

/// Names who may find a chunk in an index: an access list, or two that both must allow it. Who is on
/// the list is looked up when a question is asked, so that an index need not be rewritten when that
/// changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccessKey(String);

impl AccessKey {
    /// The key of this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An id that cannot be read.
#[derive(Clone, Debug, thiserror::Error)]
#[error("`{text}` is not a {kind}")]
pub struct IdError {
    text: String,
    kind: &'static str,
}

impl DocumentId {
    /// The id of the document at `place`.
    #[must_use]
    pub fn at(place: &str) -> Self {
        Self(first_16(&[b"document\0", place.as_bytes()]))
    }
}

impl ChunkId {
    /// The id of the chunk number `ordinal` at `start..end` of this version.
    #[must_use]
    pub fn of(
        document: DocumentId,
        version: &ContentHash,
        ordinal: u32,
        span: &crate::Span,
    ) -> Self {
        let place = format!("{ordinal}:{}:{}", span.start, span.end);
        Self(first_16(&[
            b"chunk\0",
            &document.0,
            &version.0,
            place.as_bytes(),
        ]))
    }

    /// The sixteen bytes, as index engines that name points by UUID want them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The id of sixteen bytes that [`ChunkId::as_bytes`] gave.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl ContentHash {
    /// The hash of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The thirty-two bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash that a finished hasher holds.
    #[must_use]
    pub fn from_digest(digest: [u8; 32]) -> Self {
        Self(digest)
    }
}

impl Group {
    /// The group that holds every reader.
    #[must_use]
    pub fn everyone() -> Self {
        Self("everyone".to_owned())
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Group {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let allowed = |char: char| {
            char.is_alphanumeric() && !char.is_uppercase()
                || matches!(char, '-' | '_' | '.' | ':' | '@')
        };
        if text.is_empty() || text.chars().count() > 64 || !text.chars().all(allowed) {
            return Err(IdError {
                text: text.to_owned(),
                kind: "group name",
            });
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Group {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<Group> for String {
    fn from(group: Group) -> Self {
        group.0
    }
}

impl TryFrom<String> for Group {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

fn first_16(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    let digest: [u8; 32] = hasher.finalize().into();
    let mut first = [0; 16];
    first.copy_from_slice(&digest[..16]);
    first
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn unhex<const N: usize>(text: &str, kind: &'static str) -> Result<[u8; N], IdError> {
    let error = || IdError {
        text: text.chars().take(80).collect(),
        kind,
    };
    if text.len() != N * 2
        || !text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    {
        return Err(error());
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digits = std::str::from_utf8(pair).map_err(|_| error())?;
        *byte = u8::from_str_radix(digits, 16).map_err(|_| error())?;
    }
    Ok(bytes)
}

macro_rules! hex_id {
    ($name:ident, $kind:literal) => {
        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&hex(&self.0))
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                unhex(text, $kind).map(Self)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }
    };
}

hex_id!(DocumentId, "document id");
hex_id!(ChunkId, "chunk id");
hex_id!(ContentHash, "content hash");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back() {
        let document = DocumentId::at("/handbook/leave.pdf");
        assert_eq!(
            document.to_string().parse::<DocumentId>().unwrap(),
            document
        );
        assert!("zz".parse::<DocumentId>().is_err());
        assert!("+f".repeat(16).parse::<DocumentId>().is_err());
    }

    #[test]
    fn group_names_are_limited() {
        assert!("hr".parse::<Group>().is_ok());
        assert!("인사팀".parse::<Group>().is_ok());
        for bad in ["", "HR", "a b", "a\"b", &"x".repeat(65)] {
            assert!(bad.parse::<Group>().is_err(), "{bad}");
        }
    }
}
