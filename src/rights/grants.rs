//! Access lists: who may do how much.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use ingest::Group;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ask::Reader;
use crate::people::PersonId;

/// How much somebody may do with a document; each allows all that those before it allow.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// See that it is there: its title, dates and state, and that it could hold an answer.
    Find,
    /// Also read its text: passages in answers, the source page, pictures of pages.
    Quote,
    /// Also have the file as it was handed in.
    Download,
}

impl Level {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Find, Self::Quote, Self::Download];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Find => "find",
            Self::Quote => "quote",
            Self::Download => "download",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Who can be given a right: a group, `everyone` among them, or a person.
///
/// As text a person is `person/` and their id. No group has a slash in its name, so no group that an
/// identity provider tells of can pass for a person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Principal {
    /// All who are in it.
    Group(Group),
    /// One person.
    Person(PersonId),
}

/// What a person's text begins with.
const PERSON: &str = "person/";

/// Text that names nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a group nor `person/` and the id of a person")]
pub struct PrincipalError(String);

impl FromStr for Principal {
    type Err = PrincipalError;

    fn from_str(text: &str) -> Result<Self, PrincipalError> {
        let wrong = || PrincipalError(text.chars().take(80).collect());
        match text.strip_prefix(PERSON) {
            Some(id) => {
                let is_id = (1..=64).contains(&id.len())
                    && id
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
                is_id
                    .then(|| Self::Person(PersonId::from(id.to_owned())))
                    .ok_or_else(wrong)
            }
            None => text.parse().map(Self::Group).map_err(|_| wrong()),
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(group) => group.fmt(formatter),
            Self::Person(id) => write!(formatter, "{PERSON}{id}"),
        }
    }
}

impl From<Principal> for String {
    fn from(principal: Principal) -> Self {
        principal.to_string()
    }
}

impl TryFrom<String> for Principal {
    type Error = PrincipalError;

    fn try_from(text: String) -> Result<Self, PrincipalError> {
        text.parse()
    }
}

/// An access list: who may do how much. Who is not on it may do nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Grants(BTreeMap<Principal, Level>);

impl Grants {
    /// A list with nobody on it.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// All rights, for these groups.
    #[must_use]
    pub fn downloads(groups: &BTreeSet<Group>) -> Self {
        groups
            .iter()
            .map(|group| (Principal::Group(group.clone()), Level::Download))
            .collect()
    }

    /// Whether nobody is on it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many are on it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Who is on it, with what they may do.
    pub fn iter(&self) -> impl Iterator<Item = (&Principal, Level)> {
        self.0.iter().map(|(principal, level)| (principal, *level))
    }

    /// The right that `principal` is given itself.
    #[must_use]
    pub fn given(&self, principal: &Principal) -> Option<Level> {
        self.0.get(principal).copied()
    }

    /// Gives `principal` this right, in place of another.
    pub fn give(&mut self, principal: Principal, level: Level) {
        self.0.insert(principal, level);
    }

    /// Takes the right of `principal` away.
    pub fn take(&mut self, principal: &Principal) {
        self.0.remove(principal);
    }

    /// The grants that reach `reader`.
    pub fn of<'a>(&'a self, reader: &'a Reader) -> impl Iterator<Item = (&'a Principal, Level)> {
        self.iter().filter(|(principal, _)| reader.is(principal))
    }

    /// How much `reader` may do; nothing if no grant reaches them.
    #[must_use]
    pub fn level(&self, reader: &Reader) -> Option<Level> {
        self.of(reader).map(|(_, level)| level).max()
    }

    /// The groups that have at least this right.
    #[must_use]
    pub fn groups(&self, least: Level) -> BTreeSet<Group> {
        self.iter()
            .filter(|(_, level)| *level >= least)
            .filter_map(|(principal, _)| match principal {
                Principal::Group(group) => Some(group.clone()),
                Principal::Person(_) => None,
            })
            .collect()
    }

    /// The grants that give more than `before` did.
    pub fn raised<'a>(
        &'a self,
        before: &'a Self,
    ) -> impl Iterator<Item = (&'a Principal, Level)> + 'a {
        self.iter()
            .filter(|(principal, level)| before.given(principal) < Some(*level))
    }

    /// Whether somebody is on both.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.0
            .keys()
            .any(|principal| other.0.contains_key(principal))
    }
}

impl FromIterator<(Principal, Level)> for Grants {
    fn from_iter<T: IntoIterator<Item = (Principal, Level)>>(grants: T) -> Self {
        Self(grants.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(text: &[(&str, Level)]) -> Grants {
        text.iter()
            .map(|(principal, level)| (principal.parse().unwrap(), *level))
            .collect()
    }

    #[test]
    fn no_group_passes_for_a_person() {
        let person = Principal::Person(PersonId::from("3f2a".to_owned()));
        assert_eq!(person.to_string(), "person/3f2a");
        assert_eq!("person/3f2a".parse(), Ok(person.clone()));
        // A group that an identity provider may well tell of.
        let sly: Principal = "person:3f2a".parse().unwrap();
        assert!(matches!(&sly, Principal::Group(_)));
        assert!("person/3f2a".parse::<Group>().is_err());
        for bad in ["person/", "person/a b", "person/a/b", "HR", ""] {
            assert!(bad.parse::<Principal>().is_err(), "{bad}");
        }
        let reader = Reader::new(["person:3f2a".parse().unwrap()]);
        assert!(!reader.is(&person));
        assert!(
            reader
                .with_person(PersonId::from("3f2a".to_owned()))
                .is(&person)
        );
    }

    #[test]
    fn the_highest_grant_counts_and_levels_are_a_ladder() {
        let list = grants(&[
            ("everyone", Level::Find),
            ("hr", Level::Quote),
            ("person/1", Level::Download),
        ]);
        let hr = Reader::new(["hr".parse().unwrap()]);
        assert_eq!(list.level(&Reader::anyone()), Some(Level::Find));
        assert_eq!(list.level(&hr), Some(Level::Quote));
        let mina = hr.with_person(PersonId::from("1".to_owned()));
        assert_eq!(list.level(&mina), Some(Level::Download));
        assert_eq!(Grants::none().level(&mina), None);
        assert!(Level::Find < Level::Quote && Level::Quote < Level::Download);
        assert_eq!(
            list.groups(Level::Quote),
            BTreeSet::from(["hr".parse().unwrap()])
        );
    }

    #[test]
    fn a_list_reads_back_and_tells_what_it_raises() {
        let before = grants(&[("hr", Level::Quote), ("staff", Level::Find)]);
        let after = grants(&[
            ("hr", Level::Find),
            ("staff", Level::Quote),
            ("it", Level::Find),
        ]);
        let raised: Vec<String> = after
            .raised(&before)
            .map(|(principal, _)| principal.to_string())
            .collect();
        assert_eq!(raised, ["it", "staff"]);
        let json = serde_json::to_string(&after).unwrap();
        assert_eq!(json, r#"{"hr":"find","it":"find","staff":"quote"}"#);
        assert_eq!(serde_json::from_str::<Grants>(&json).unwrap(), after);
        assert!(serde_json::from_str::<Grants>(r#"{"HR":"find"}"#).is_err());
        assert!(after.meets(&before) && !after.meets(&Grants::none()));
    }
}
