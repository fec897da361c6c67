//! Documents, versions, rights, chunks and the queue: the truth that both indexes are derived from.

mod metadata;
mod store;
mod types;

pub use metadata::{Metadata, MetadataChange, MetadataError, Said};
pub(crate) use store::{Arriving, Catalogue, ChunkRow, Recognized, Waiting, Work};
pub use types::{DocumentView, NewDocument, Original, State, VersionView};
