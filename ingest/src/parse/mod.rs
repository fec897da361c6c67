//! Bytes to a [`Document`]: one file per format.

use crate::{Document, Problem};

pub mod pdf;

/// A format that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Portable Document Format.
    Pdf,
    /// Office Open XML text.
    Docx,
    /// HTML.
    Html,
    /// Markdown.
    Markdown,
    /// Plain text.
    Text,
}

/// Why a file cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ParseError {
    /// No bytes.
    #[error("the file is empty")]
    Empty,
    /// Neither its content nor its name is of a known format.
    #[error("this is {found}, which cannot be read; it reads PDF, DOCX, HTML, Markdown and text")]
    Unsupported {
        /// What it seems to be, such as `a PNG image`.
        found: String,
    },
    /// It needs a password or is under rights management.
    #[error("the file is encrypted: {reason}")]
    Encrypted {
        /// Which kind.
        reason: String,
    },
    /// Its structure is broken beyond reading.
    #[error("the file is damaged: {reason}")]
    Damaged {
        /// Where and how.
        reason: String,
    },
    /// It is over a limit on size, time or memory.
    #[error("the file is over a limit: {reason}")]
    Limit {
        /// Which limit, with numbers.
        reason: String,
    },
}

/// A document and what its reader should know about how it was read.
pub type Parsed = (Document, Vec<Problem>);
