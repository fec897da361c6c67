//! Places that documents are taken from and kept in step with.
//!
//! | module | what documents come from |
//! |---|---|
//! | [`folder`] | folders of this machine, watched |
//! | `sync` | no place: how the library is brought in step with one |
//!
//! A source is a [`Source`]: it lists what there is, each with a tag that changes when its content
//! does, and fetches one. What did not change costs no more than its line in the list.

pub mod folder;
mod sync;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::PathBuf;

use async_trait::async_trait;
use ingest::Group;

pub(crate) use sync::keep_in_step;
pub use sync::{Synced, sync};

/// A document that a source has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Names it in the source and among all documents: a path, an address.
    pub place: String,
    /// Changes when its content does: size and time of a file, an `ETag`.
    pub tag: String,
}

/// What a source has now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// What can be taken.
    pub documents: Vec<Listed>,
    /// What cannot be looked at, and why; what is known under these places is kept.
    pub unreadable: Vec<(String, String)>,
}

/// A document of a source as a file.
#[derive(Debug)]
pub struct Fetched {
    /// The file's name, for people.
    pub file_name: String,
    /// Where its bytes lie.
    pub path: PathBuf,
}

/// Why a source cannot be read. The message names it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);

/// A place that documents are taken from.
#[async_trait]
pub trait Source: Debug + Send + Sync {
    /// Names the source among others, at each start the same.
    fn name(&self) -> &str;

    /// Who may read what comes from it.
    fn readers(&self) -> &BTreeSet<Group>;

    /// All that there is.
    ///
    /// # Errors
    /// When that cannot be told; nothing is then taken for gone.
    async fn list(&self) -> Result<Listing, SourceError>;

    /// Gets a document that was listed.
    ///
    /// # Errors
    /// When it cannot be got; it is tried again at the next turn.
    async fn fetch(&self, listed: &Listed) -> Result<Fetched, SourceError>;

    /// Comes back when something may have changed.
    async fn changed(&self);
}
