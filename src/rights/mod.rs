//! Rights: who may find, quote and download a document.
//!
//! | module | what it is for |
//! |---|---|
//! | `grants` | access lists: who may do how much |
//! | `change` | who may give which rights, and what is refused |
//! | `report` | who can read a document, and by which grant |
//!
//! A document follows one access list: its own, the one that it was handed in with, that of its
//! collection, or the default one of the installation. The indexes hold the name of the list with each
//! chunk, not who is on it: before each search the catalogue says which lists the asker may quote from
//! ([`Access`], [`Permit`]), and the index applies that before the limit. So a change takes effect on
//! the next question, and one of a large collection rewrites no index.
//!
//! What came in a document follows its rights, however deep. A version that was replaced keeps the
//! list that it had then: reading it takes both that one and the document's.
//!
//! Only the catalogue makes an [`Access`] and a [`Permit`], and no index is searched without one.

mod change;
mod grants;
mod report;

pub use change::{Giver, RightsChange, RightsRefusal};
pub use grants::{Grants, Level, Principal, PrincipalError};
pub use report::{DocumentRights, Follows, OwnRights, PersonAccess, Readership, ReadershipOf};

pub use crate::catalogue::{Access, CollectionRights, ListId, Permit};
