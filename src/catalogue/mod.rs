//! Documents, versions, rights, chunks and the queue: the truth that both indexes are derived from.
//! Beside it in the same file: persons, and what lets them in; feedback.

mod access;
mod audit;
mod counts;
mod feedback;
mod metadata;
mod people;
pub(crate) mod snapshot;
mod store;
mod types;

pub(crate) use access::{Ended, NewSession, SessionRow};
pub(crate) use counts::Counts;
pub(crate) use feedback::{JudgementFilter, JudgementRow};
pub use metadata::{Metadata, MetadataChange, MetadataError, Said};
pub(crate) use people::{Added, Changed};
pub(crate) use store::{Arriving, Catalogue, ChunkRow, Recognized, Waiting, Work};
pub use types::{DocumentView, NewDocument, Original, State, VersionView};
