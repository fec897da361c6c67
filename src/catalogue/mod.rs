//! Documents, versions, rights, chunks and the queue: the truth that both indexes are derived from.

mod audit;
mod counts;
mod metadata;
pub(crate) mod snapshot;
mod store;
mod types;

pub(crate) use counts::Counts;
pub use metadata::{Metadata, MetadataChange, MetadataError, Said};
pub(crate) use store::{Arriving, Catalogue, ChunkRow, Recognized, Waiting, Work};
pub use types::{DocumentView, NewDocument, Original, State, VersionView};
