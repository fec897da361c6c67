//! Documents, versions, rights, chunks and the queue: the truth that both indexes are derived from.
//! Beside it in the same file: persons, and what lets them in; conversations.

mod access;
mod audit;
mod conversations;
mod counts;
mod metadata;
mod oidc;
mod people;
mod rights;
pub(crate) mod snapshot;
mod store;
mod types;
mod webhooks;

pub(crate) use access::{Ended, NewSession, SessionRow};
pub(crate) use conversations::Behind;
pub(crate) use counts::Counts;
pub use metadata::{Metadata, MetadataChange, MetadataError, Said};
pub(crate) use oidc::{Joined, Linked};
pub(crate) use people::{Added, Changed};
pub(crate) use rights::folded;
pub use rights::{Access, CollectionRights, ListId, Permit};
pub(crate) use store::{Arriving, Catalogue, ChunkRow, Recognized, Waiting, Work};
pub use types::{DocumentView, NewDocument, Original, State, VersionView};
