//! Documents as people see them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use ingest::parse::Format;
use ingest::{ContentHash, DocumentId, Group, Labels, Problem};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::metadata::{Metadata, MetadataChange, Said};
use crate::rights::Level;

/// Where a document stands on its way into the indexes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Waits for a worker.
    Queued,
    /// Its text is being read.
    Extracting,
    /// Its text is being cut.
    Chunking,
    /// Its words go into the BM25 index.
    Indexing,
    /// It is found by its words; vectors are being made.
    Embedding,
    /// What can be read of it is found; pages that are pictures of text are being read.
    Recognizing,
    /// It is in every index.
    Ready,
    /// It is in every index, with problems that its owner should look at.
    ReadyWithWarnings,
    /// It could not be read; `error` says why.
    Failed,
    /// A person cancelled it.
    Cancelled,
    /// It is being removed.
    Deleting,
}

impl State {
    /// Its name in the API and the catalogue, such as `ready_with_warnings`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Extracting => "extracting",
            Self::Chunking => "chunking",
            Self::Indexing => "indexing",
            Self::Embedding => "embedding",
            Self::Recognizing => "recognizing",
            Self::Ready => "ready",
            Self::ReadyWithWarnings => "ready_with_warnings",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Deleting => "deleting",
        }
    }

    /// Whether work on it is over, well or badly.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Ready | Self::ReadyWithWarnings | Self::Failed | Self::Cancelled
        )
    }
}

/// A document as people see it in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentView {
    /// Its id.
    pub id: DocumentId,
    /// The newest version that was submitted.
    pub version: ContentHash,
    /// Its own title, or its file name.
    pub title: String,
    /// The file's name.
    pub file_name: String,
    /// Its format, once known.
    pub format: Option<Format>,
    /// Size of the file in bytes.
    pub size: u64,
    /// Where it stands.
    pub state: State,
    /// Pages read so far (chunks, for formats without pages).
    pub pages_done: u32,
    /// Pages in all, once known (chunks, for formats without pages).
    pub pages_total: Option<u32>,
    /// Chunks of the current version.
    pub chunks: u32,
    /// Chunks that have a vector in the index.
    pub chunks_embedded: u32,
    /// What its owner should know.
    pub problems: Vec<Problem>,
    /// Why it failed.
    pub error: Option<String>,
    /// Groups that may read it.
    pub readers: BTreeSet<Group>,
    /// How much the asker may do with it.
    pub level: Level,
    /// The document that it came in: an archive, a message.
    pub parent: Option<DocumentId>,
    /// What people say of it.
    pub metadata: Metadata,
    /// What its newest version says of itself.
    pub said: Said,
    /// What a search can be narrowed by: both together.
    pub labels: Labels,
    /// Older versions that are kept, so that answers that quote them can be looked up.
    pub old_versions: u32,
    /// The document that took its place, as people say, if the asker may read it.
    pub superseded_by: Option<DocumentId>,
    /// Documents with the very same content that the asker may read.
    pub duplicates: Vec<DocumentId>,
    /// An estimate of the seconds until it is searched, or until what is left after that is
    /// done; none when nothing is left or nothing is known.
    pub seconds_left: Option<u64>,
    /// When it was first submitted.
    pub created_at: Timestamp,
    /// When its state changed last.
    pub updated_at: Timestamp,
}

/// A file that someone hands in.
#[derive(Clone, Debug)]
pub struct NewDocument {
    /// Names the document's place, so that the same place submitted again is a new version:
    /// an absolute path, or `upload:` with readers and name.
    pub place: String,
    /// The file's name, without folders.
    pub file_name: String,
    /// Where the bytes lie now; the caller keeps or deletes this file.
    pub path: PathBuf,
    /// Who may have it, whatever its collection says; if nobody is named, it follows its collection,
    /// or the default rights.
    pub readers: BTreeSet<Group>,
    /// The document that it came in, if it came in one.
    pub parent: Option<DocumentId>,
    /// Names who hands it in, or which source: each has its own turn in the queue, so that many
    /// files of one do not hold up the few of another.
    pub lane: String,
    /// What is to be said of it.
    pub metadata: MetadataChange,
    /// Passwords that may open it, or what is in it.
    pub passwords: Vec<SecretString>,
}

/// A version of a document, as people see it in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionView {
    /// SHA-256 of the file.
    pub version: ContentHash,
    /// The file's name when it was handed in.
    pub file_name: String,
    /// Size of the file in bytes.
    pub size: u64,
    /// When it was handed in, if that is known.
    pub received_at: Option<Timestamp>,
    /// When a newer one took its place in the search; none for the one that is searched, and for
    /// one that waits.
    pub replaced_at: Option<Timestamp>,
}

/// The file of a version, for download.
#[derive(Clone, Debug)]
pub struct Original {
    /// Where it lies in the store.
    pub path: PathBuf,
    /// Its name when it was handed in.
    pub file_name: String,
    /// Its format, if it could be told.
    pub format: Option<Format>,
    /// Its hash.
    pub version: ContentHash,
    /// Size in bytes.
    pub size: u64,
}
