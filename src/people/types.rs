//! What the others here speak of: persons, roles, and why something is refused.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use ingest::Group;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use utoipa::ToSchema;

use super::password::PasswordFault;
use crate::audit::AuditError;

/// A name to sign in with, or one that is shown, has at most this many characters.
pub const NAME_CHARACTERS: usize = 64;

/// Names a person for good: names of people change, and what they did stays theirs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonId(String);

impl PersonId {
    pub(crate) fn random() -> Self {
        Self(uuid::Uuid::new_v4().simple().to_string())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for PersonId {
    fn from(id: String) -> Self {
        Self(id)
    }
}

impl fmt::Display for PersonId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What a person signs in with: letters, digits and `-_.@+`, folded, so that `Mina` and `mina` are
/// one, however they were typed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Text as names are compared, whether it can be one or not.
    pub(crate) fn folded(text: &str) -> String {
        text.trim().nfkc().collect::<String>().to_lowercase()
    }
}

impl FromStr for Name {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let folded = Self::folded(text);
        let is_allowed = |char: char| char.is_alphanumeric() || "-_.@+".contains(char);
        if folded.is_empty()
            || folded.chars().count() > NAME_CHARACTERS
            || !folded.chars().all(is_allowed)
        {
            return Err(Refusal::BadName);
        }
        Ok(Self(folded))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What a person may do; each may all that those before it may.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Ask, and read what their groups may read.
    Reader,
    /// Also hand in, change and delete documents.
    Editor,
    /// Also see to people. Not to read more: that is for groups alone.
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Reader, Self::Editor, Self::Admin];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Editor => "editor",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let named = Self::ALL.into_iter().find(|role| role.as_str() == text);
        named.ok_or(Refusal::BadRole)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What an API key may do, never more than its owner may.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// What a reader may.
    Read,
    /// What an editor may.
    Write,
    /// What an administrator may.
    Admin,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Admin];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    /// The role of one who may do this much.
    #[must_use]
    pub fn role(self) -> Role {
        match self {
            Self::Read => Role::Reader,
            Self::Write => Role::Editor,
            Self::Admin => Role::Admin,
        }
    }
}

impl FromStr for Scope {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let named = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        named.ok_or(Refusal::BadScope)
    }
}

/// A person with an account here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The id, for good.
    pub id: PersonId,
    /// What they sign in with.
    pub name: Name,
    /// What others see.
    pub display_name: String,
    /// What they may do.
    pub role: Role,
    /// What they may read, besides what everyone may: groups given here.
    pub groups: BTreeSet<Group>,
    /// What they may read as providers say that vouch for them, as of their last signing in, if that was
    /// lately ([`super::Voucher`]).
    pub vouched_groups: BTreeSet<Group>,
    /// Whether they may not sign in, for now.
    pub disabled: bool,
    /// Whether they have chosen a password: not before an invitation is taken up.
    pub has_password: bool,
    /// Whether a provider vouches for them.
    pub has_identity: bool,
    /// Since when there is the account.
    pub created: Timestamp,
}

impl Person {
    /// All groups that they are in: those given here, and those that providers say.
    #[must_use]
    pub fn all_groups(&self) -> BTreeSet<Group> {
        &self.groups | &self.vouched_groups
    }
}

/// A person as somebody writes them down.
#[derive(Clone, Debug)]
pub struct NewPerson {
    /// What they will sign in with.
    pub name: Name,
    /// What others see; the name, if left empty.
    pub display_name: String,
    /// What they may do.
    pub role: Role,
    /// What they may read, besides what everyone may.
    pub groups: BTreeSet<Group>,
}

/// What is to be said of a person; what is left out stays.
#[derive(Clone, Debug, Default)]
pub struct PersonChange {
    /// What others see.
    pub display_name: Option<String>,
    /// What they may do.
    pub role: Option<Role>,
    /// What they may read, besides what everyone may.
    pub groups: Option<BTreeSet<Group>>,
    /// Whether they may not sign in.
    pub disabled: Option<bool>,
}

/// Why something is not done; the fault of no machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such person, key or session.
    #[error("there is no such person")]
    NotFound,
    /// Name and password do not belong together; also what is said of a name that nobody has.
    #[error("the name or the password is wrong")]
    WrongSignIn,
    /// Too many attempts came before.
    #[error("too many attempts to sign in; the next may be made in {seconds} s")]
    TooManyAttempts {
        /// Until the next one may be made.
        seconds: u64,
    },
    /// Too many passwords are being looked at.
    #[error("too many people are signing in at once")]
    Busy,
    /// A name to sign in with that cannot be one.
    #[error("a name has 1 to {NAME_CHARACTERS} letters, digits and `-_.@+`, without spaces")]
    BadName,
    /// A name that cannot be shown, or names no key.
    #[error("a name that is shown has 1 to {NAME_CHARACTERS} characters and no control characters")]
    BadDisplayName,
    /// Another has the name.
    #[error("another person has this name")]
    NameTaken,
    /// No such role.
    #[error("the roles are `reader`, `editor` and `admin`")]
    BadRole,
    /// No such scope.
    #[error("the scopes are `read`, `write` and `admin`")]
    BadScope,
    /// A password that nobody should have.
    #[error(transparent)]
    Password(#[from] PasswordFault),
    /// The current password was asked for and is another.
    #[error("the current password is wrong")]
    WrongPassword,
    /// A link that was used, has run out, was replaced, or never was.
    #[error("this link was used already, has run out or was replaced by another")]
    SpentLink,
    /// Nobody here has the identity that a provider vouches for.
    #[error("no account here is linked with this identity")]
    UnknownIdentity,
    /// The account of one whom a provider vouches for is disabled.
    #[error("this account is disabled")]
    Disabled,
    /// An identity that somebody has already.
    #[error("this identity is linked with an account already")]
    IdentityTaken,
    /// What cannot be a provider's id for somebody.
    #[error("an identity has 1 to 255 characters and no control characters")]
    BadIdentity,
    /// Nobody would be left who sees to people.
    #[error("this is the last administrator who can sign in; make another one first")]
    LastAdmin,
    /// A key that might do more than who makes it.
    #[error("a key cannot do more than its owner may")]
    ScopeAboveRole,
    /// A key that would end as it begins, or too late.
    #[error("a key ends after 1 to 3650 days")]
    BadExpiry,
    /// More keys than one may have.
    #[error("a person has at most {limit} keys")]
    TooManyKeys {
        /// So many one may have.
        limit: usize,
    },
}

/// Why something about people is not done.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// It may not be done.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The catalogue cannot be read or written.
    #[error("the catalogue of people failed: {0}")]
    Catalogue(#[from] sqlx::Error),
    /// The system gives no random numbers.
    #[error("no random number can be had: {0}")]
    Random(#[from] getrandom::Error),
    /// A password cannot be hashed.
    #[error("a password cannot be hashed: {0}")]
    Hashing(String),
    /// The audit log cannot be told, and so it is not done.
    #[error(transparent)]
    Audit(#[from] AuditError),
}

impl From<PasswordFault> for PeopleError {
    fn from(fault: PasswordFault) -> Self {
        Self::Refused(fault.into())
    }
}

/// A name that is shown, without the white space around it.
pub(super) fn shown(text: &str) -> Result<String, Refusal> {
    let text: String = text.trim().nfc().collect();
    if text.is_empty()
        || text.chars().count() > NAME_CHARACTERS
        || text.chars().any(char::is_control)
    {
        return Err(Refusal::BadDisplayName);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folded_and_limited() {
        for (typed, name) in [
            ("Mina", "mina"),
            (" mina.kim@example.com ", "mina.kim@example.com"),
            ("ＭＩＮＡ", "mina"),
            ("김민아", "김민아"),
            // The same Hangul, typed on a machine that takes syllables apart.
            ("\u{1100}\u{1175}\u{11B7}", "김"),
        ] {
            assert_eq!(typed.parse::<Name>().unwrap().as_str(), name);
        }
        for bad in ["", " ", "a b", "a\nb", "<b>", "a/b", &"x".repeat(65)] {
            assert_eq!(bad.parse::<Name>(), Err(Refusal::BadName), "{bad}");
        }
        assert_eq!(shown(" 김 민아 ").unwrap(), "김 민아");
        assert!(shown("a\u{7}b").is_err() && shown("  ").is_err());
    }

    #[test]
    fn a_scope_is_a_role_and_roles_are_in_order() {
        assert!(Role::Reader < Role::Editor && Role::Editor < Role::Admin);
        for (scope, role) in Scope::ALL.into_iter().zip(Role::ALL) {
            assert_eq!(scope.role(), role);
            assert_eq!(role.as_str().parse(), Ok(role));
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
        assert!("root".parse::<Role>().is_err());
    }
}
