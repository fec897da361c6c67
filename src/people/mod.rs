//! Who may come in, and as whom: persons, their passwords, sessions, API keys and groups.
//!
//! | module | what it is for |
//! |---|---|
//! | `types` | persons, roles, scopes, and why something is refused |
//! | `accounts` | persons come, change and go; the links by which they choose a password |
//! | `session` | signing in, and staying signed in |
//! | `identities` | persons whom a provider vouches for |
//! | `keys` | API keys of persons |
//! | `audited` | what the audit log is told |
//! | `password`, `attempts`, `secret` | which passwords are taken and how they are hashed; how often one may try; random secrets |
//!
//! Everything is kept in the catalogue's file, secrets as hashes only, and looked at anew for each
//! request: what is taken away is gone with the next one. A person signs in by name and password
//! here; whatever else comes to vouch for one ends in the same `begin` of a session.
//!
//! What is done to people is told to the audit log before it is done, and not done where that fails.
//!
//! Rights to read are groups, and a group is who is in it: it is made by putting somebody in.

mod accounts;
mod attempts;
mod audited;
mod identities;
mod keys;
mod password;
mod secret;
mod session;
mod types;

pub use accounts::{Link, LinkView};
pub(crate) use attempts::network;
pub use identities::{IdentityView, Vouched, Voucher, Vouchers};
pub use keys::{API_KEYS, ApiKeyView};
pub use password::{PASSWORD_BYTES, PASSWORD_CHARACTERS, PasswordFault};
pub use secret::Token;
pub use session::{Admitted, ConfiguredKey, Holder, SessionLimits, SessionView, SignedIn, Visitor};
pub use types::{
    NAME_CHARACTERS, Name, NewPerson, PeopleError, Person, PersonChange, PersonId, Refusal, Role,
    Scope,
};

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use jiff::{SignedDuration, Timestamp};

use crate::audit::Audit;
use crate::catalogue::Catalogue;
use crate::proof::Clock;
use attempts::Attempts;
use password::Hasher;

/// When something was used last is noted at most this often: noting it is a write.
const NOTED_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// All persons of an installation.
#[derive(Debug)]
pub struct People {
    catalogue: Catalogue,
    clock: Arc<dyn Clock>,
    limits: SessionLimits,
    vouchers: Vouchers,
    hasher: Hasher,
    attempts: Attempts,
    audit: Audit,
    /// Once there was an account, there was one.
    had_accounts: AtomicBool,
}

impl People {
    pub(crate) fn new(
        catalogue: Catalogue,
        clock: Arc<dyn Clock>,
        limits: SessionLimits,
        vouchers: Vouchers,
        audit: Audit,
    ) -> Self {
        Self {
            catalogue,
            clock,
            limits,
            vouchers,
            hasher: Hasher::default(),
            attempts: Attempts::default(),
            audit,
            had_accounts: AtomicBool::new(false),
        }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// `span` from now.
    fn after(&self, span: SignedDuration) -> Timestamp {
        self.now().checked_add(span).unwrap_or(Timestamp::MAX)
    }

    /// `span` before now.
    fn before(&self, span: SignedDuration) -> Timestamp {
        self.now().checked_sub(span).unwrap_or(Timestamp::MIN)
    }
}
