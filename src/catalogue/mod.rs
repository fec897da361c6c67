//! Documents, versions, rights, chunks and the queue: the truth that both indexes are derived from.
//! Beside it in the same file: what there is of people, and what they do.
//!
//! | module | what it keeps |
//! |---|---|
//! | `store` | documents, versions, chunks and the queue; versions of the schema |
//! | `types`, `metadata` | documents as people see them; what is known of them beside their text |
//! | `listing`, `counts` | lists of documents, a page at a time; how much of everything there is |
//! | `rights` | access lists, who is on them, and the permit to search |
//! | `people`, `access`, `oidc` | persons and links; sessions and API keys; who they are to providers |
//! | `conversations`, `feedback` | turns as they were given; judged answers, and what was decided on what is said of them |
//! | `audit`, `statistics` | the audit log, append-only; daily sums |
//! | `webhooks` | webhooks and their messages, which triggers write |
//! | `snapshot` | a copy as of one moment, for backups |
//! | `filler` | made-up documents, to measure lists with |

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
pub(crate) use feedback::{JudgementCursor, JudgementFilter, JudgementRow, Review};
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
