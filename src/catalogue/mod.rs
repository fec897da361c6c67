//! Documents, versions, rights, chunks and the queue: the truth that both indexes are derived from.
//! Beside it in the same file: persons, and what lets them in; conversations; feedback.

mod access;
mod audit;
mod conversations;
mod counts;
mod feedback;
mod filler;
mod listing;
mod metadata;
mod oidc;
mod people;
mod purge;
mod rights;
pub(crate) mod snapshot;
mod statistics;
mod store;
mod types;
mod webhooks;

pub(crate) use access::{Ended, NewSession, SessionRow};
pub(crate) use conversations::Behind;
pub(crate) use counts::Counts;
pub(crate) use feedback::{JudgementFilter, JudgementRow};
pub use listing::{
    Cursor, CursorError, ListPage, ListQuery, PAGE_LIMIT, SortBy, StateCounts, states_of,
};
pub use metadata::{Metadata, MetadataChange, MetadataError, Said};
pub(crate) use oidc::{Joined, Linked};
pub(crate) use people::{Added, Changed};
pub(crate) use rights::folded;
pub use rights::{Access, CollectionRights, ListId, Permit};
pub(crate) use statistics::{Counted, Sum};
pub(crate) use store::{Arriving, Catalogue, ChunkRow, Recognized, Waiting, Work};
pub use types::{DocumentView, NewDocument, Original, State, VersionView};
