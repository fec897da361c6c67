//! Documents, versions, rights, chunks and the queue: the truth that both indexes are derived from.

mod types;

pub use types::{DocumentView, NewDocument, Original, State};
