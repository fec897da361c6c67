//! The audit log: who did what, and when, so that nobody can change it unseen.
//!
//! | module | what it is for |
//! |---|---|
//! | `entry` | what an entry says |
//! | `chain` | hashes that bind each entry to all before it, and looking whether they still do |
//! | `head` | the last hash, kept apart from the log, so that entries cut off its end are missed |
//! | `asked` | the entries of a question and its answer |
//! | `writer` | the one task that appends |
//!
//! Entries lie in the catalogue ([`crate::catalogue`]), append-only by triggers. The hash of an entry is
//! the SHA-256 of the hash before it and of its canonical JSON: who changes, removes, inserts or moves one
//! breaks the chain from there, or must write all that follows anew, and then the last hash is
//! another than the one that `audit.head` notes under a seal of the installation's key.
//!
//! Retention takes whole days from the beginning and leaves an [`Anchor`] with the hash that the rest
//! goes on from. Nothing here keeps what a person wrote, but for questions where
//! `audit.questions` asks for it.

mod asked;
mod chain;
mod config;
mod entry;
mod head;
mod writer;

pub(crate) use asked::{Asked, searched};
pub use chain::{Anchor, Fault, Head, Record, Report, Verification, link, start};
pub use config::{AuditConfig, Questions};
pub use entry::{Action, Event};
pub use head::HeadNote;
pub use writer::{Audit, AuditError};
