//! The end of the log, noted in a file beside the catalogue: entries that are cut off the log's end
//! are missed by it.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::chain::Head;

/// The file's name in the data folder.
pub(crate) const FILE: &str = "audit.head";

/// What was noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeadNote {
    /// Nothing: there is no such file.
    Missing,
    /// What cannot be read, and why.
    Unreadable(String),
    /// The end.
    Noted(Head),
}

fn path(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

impl HeadNote {
    /// What is noted in `folder`.
    #[must_use]
    pub fn read(folder: &Path) -> Self {
        match fs::read_to_string(path(folder)) {
            Ok(text) => parsed(&text).map_or_else(
                || Self::Unreadable(format!("{FILE} holds something else")),
                Self::Noted,
            ),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::Missing,
            Err(error) => Self::Unreadable(format!("{FILE} cannot be read: {error}")),
        }
    }
}

fn parsed(text: &str) -> Option<Head> {
    let mut words = text.split_ascii_whitespace();
    let head = Head {
        seq: words.next()?.parse().ok()?,
        hash: words.next()?.parse().ok()?,
        seal: words.next()?.parse().ok()?,
    };
    words.next().is_none().then_some(head)
}

/// Notes the end, whole or not at all.
pub(super) fn write(folder: &Path, head: &Head) -> io::Result<()> {
    let mut beside = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(beside, "{} {} {}", head.seq, head.hash, head.seal)?;
    beside.as_file().sync_all()?;
    beside.persist(path(folder)).map_err(|error| error.error)?;
    Ok(())
}
