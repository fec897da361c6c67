//! Places that documents are taken from and kept in step with.
//!
//! | module | what documents come from |
//! |---|---|
//! | [`folder`] | folders of this machine, watched |
//! | [`web`] | a web site, crawled now and then |
//! | [`bucket`] | a bucket of a store that speaks S3's protocol |
//! | [`config`] | no place: `[[sources]]`, one of these kinds each |
//! | [`secret`] | no place: where keys and tokens are read from |
//! | `sync` | no place: how the library is brought in step with one |
//! | [`board`] | no place: how the last turn of each went |
//!
//! A source is a [`Source`]: it lists what there is, each with a tag that changes when its content
//! does, and fetches one. What did not change costs no more than its line in the list.
//!
//! A source contacts the address that the administrator wrote, and no other: no proxy, no
//! redirect to another host, no address that a page or a server names. A name that stands for a
//! machine of the own network is contacted only if `network.allow` names it ([`crate::outbound`]).

pub mod board;
pub mod bucket;
pub mod config;
mod download;
pub mod folder;
pub mod secret;
mod sync;
pub mod web;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ingest::Group;
use sha2::{Digest as _, Sha256};
use tempfile::TempPath;

use crate::encoding::hex;
use crate::outbound::Guard;
use config::SourceConfig;
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
    /// The same place, if the file is a copy that is of no use any more once it was taken: it is
    /// removed when this is dropped.
    pub temporary: Option<TempPath>,
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

    /// Who may read what comes from it; if nobody is named, it follows its collection, or
    /// `ingest.default_readers`.
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

    /// How long it is left alone after a turn in which something failed. What answers over a
    /// network wants more than a folder.
    fn rest(&self) -> Duration {
        Duration::from_secs(60)
    }

    /// Looks whether it can be reached; says in words what it found.
    ///
    /// # Errors
    /// When it cannot be reached.
    async fn examine(&self) -> Result<String, SourceError>;
}

/// What sources of all kinds need, beside their own configuration.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// Bytes of a document at most; larger ones are left out.
    pub max_file: u64,
    /// Judges what may be contacted.
    pub guard: &'a Guard,
    /// A folder for what sources remember between turns, and for what is on its way. It is made
    /// when one needs it.
    pub folder: &'a Path,
}

impl Surroundings<'_> {
    /// The folder of the source of this name.
    fn folder_of(&self, name: &str) -> PathBuf {
        let sum = hex(&Sha256::digest(name));
        self.folder.join(&sum[..16])
    }
}

/// Opens a source that is configured. Nothing is sent yet.
///
/// # Errors
/// When a folder's path cannot be told, or no client for HTTP can be made.
pub fn open(
    config: &SourceConfig,
    surroundings: Surroundings<'_>,
) -> Result<Arc<dyn Source>, SourceError> {
    Ok(match config {
        SourceConfig::Folder(config) => {
            Arc::new(folder::Folder::open(config, surroundings.max_file)?)
        }
        SourceConfig::Web(config) => Arc::new(web::Web::open(config, surroundings)?),
        SourceConfig::Bucket(config) => Arc::new(bucket::Bucket::open(config, surroundings)?),
    })
}
