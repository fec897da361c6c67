//! Documents, versions, rights, chunks and the queue: the truth that both indexes are derived from.

mod store;
mod types;

pub(crate) use store::{Catalogue, ChunkRow, Recognized, Work};
pub use types::{DocumentView, NewDocument, Original, State};
