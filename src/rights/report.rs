//! What rights a document has, and who can read it by them.

use ingest::DocumentId;

use super::{Grants, Level, ListId, Principal};
use crate::ask::Reader;
use crate::people::Person;

/// Where the rights of a document come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Follows {
    /// Its own.
    Own,
    /// The document that it came in.
    Parent(DocumentId),
    /// Its collection.
    Collection(String),
    /// The default ones of the installation (`ingest.default_readers`).
    Default,
}

/// Rights of a document's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnRights {
    /// Who may do how much.
    pub grants: Grants,
    /// Whether a person set them; otherwise they came with the file.
    pub by_hand: bool,
}

/// The rights to a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRights {
    /// The document.
    pub id: DocumentId,
    /// Its title.
    pub title: String,
    /// Its own rights, if it has some.
    pub own: Option<OwnRights>,
    /// The rights that it would have without.
    pub inherited: Grants,
    /// Where those come from.
    pub inherited_from: Follows,
    /// The rights that count.
    pub effective: Grants,
    /// Where they come from.
    pub follows: Follows,
    /// The list that they stand on.
    pub list: ListId,
}

/// What one person, or one key of the configuration, may do with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonAccess {
    /// Who.
    pub who: ReadershipOf,
    /// How much they may do; nothing if no grant reaches them.
    pub level: Option<Level>,
    /// The grants that reach them.
    pub by: Vec<(Principal, Level)>,
}

/// Somebody whose rights are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadershipOf {
    /// A person.
    Person(Box<Person>),
    /// A key of the configuration, by its name.
    Key(String),
}

/// Who can read a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readership {
    /// Those with a right, the highest first.
    pub readers: Vec<PersonAccess>,
    /// How many people and keys have none.
    pub without: usize,
    /// The administrators who may give themselves a right.
    pub admins: Vec<Person>,
}

impl PersonAccess {
    fn new(who: ReadershipOf, reader: &Reader, grants: &Grants) -> Self {
        let by: Vec<(Principal, Level)> = grants
            .of(reader)
            .map(|(principal, level)| (principal.clone(), level))
            .collect();
        Self {
            who,
            level: by.iter().map(|(_, level)| *level).max(),
            by,
        }
    }

    /// What a person may do by these grants. Who may not sign in may do nothing.
    #[must_use]
    pub fn of_person(person: Person, grants: &Grants) -> Self {
        let reader = Reader::new(person.groups.iter().cloned()).with_person(person.id.clone());
        let is_disabled = person.disabled;
        let access = Self::new(ReadershipOf::Person(Box::new(person)), &reader, grants);
        Self {
            level: access.level.filter(|_| !is_disabled),
            ..access
        }
    }

    /// What a key of the configuration, which is in these groups, may do by these grants.
    #[must_use]
    pub fn of_key(name: &str, reader: &Reader, grants: &Grants) -> Self {
        Self::new(ReadershipOf::Key(name.to_owned()), reader, grants)
    }
}

impl Readership {
    /// Who can read what has these grants, of these people and keys.
    #[must_use]
    pub fn new(
        grants: &Grants,
        people: Vec<Person>,
        keys: impl IntoIterator<Item = (String, Reader)>,
    ) -> Self {
        let admins = people
            .iter()
            .filter(|person| person.role == crate::people::Role::Admin && !person.disabled)
            .cloned()
            .collect();
        let people = people
            .into_iter()
            .map(|person| PersonAccess::of_person(person, grants));
        let keys = keys
            .into_iter()
            .map(|(name, reader)| PersonAccess::of_key(&name, &reader, grants));
        let (mut readers, others): (Vec<_>, Vec<_>) = people
            .chain(keys)
            .partition(|access| access.level.is_some());
        readers.sort_by_key(|access| std::cmp::Reverse(access.level));
        Self {
            readers,
            without: others.len(),
            admins,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::Timestamp;

    use super::*;
    use crate::people::{PersonId, Role};

    fn person(id: &str, role: Role, groups: &[&str], disabled: bool) -> Person {
        Person {
            id: PersonId::from(id.to_owned()),
            name: id.parse().unwrap(),
            display_name: id.to_owned(),
            role,
            groups: groups.iter().map(|group| group.parse().unwrap()).collect(),
            disabled,
            has_password: true,
            created: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn who_can_read_is_told_with_the_grant() {
        let grants: Grants = [("hr", Level::Quote), ("person/jun", Level::Download)]
            .into_iter()
            .map(|(principal, level)| (principal.parse().unwrap(), level))
            .collect();
        let people = vec![
            person("root", Role::Admin, &[], false),
            person("mina", Role::Reader, &["hr"], false),
            person("gone", Role::Reader, &["hr"], true),
            person("jun", Role::Reader, &["hr"], false),
        ];
        let key = ("wiki".to_owned(), Reader::new(["hr".parse().unwrap()]));
        let told = Readership::new(&grants, people, [key]);
        let names: Vec<String> = told
            .readers
            .iter()
            .map(|access| match &access.who {
                ReadershipOf::Person(person) => person.id.to_string(),
                ReadershipOf::Key(name) => name.clone(),
            })
            .collect();
        assert_eq!(names, ["jun", "mina", "wiki"]);
        assert_eq!(told.readers[0].level, Some(Level::Download));
        let by: BTreeSet<String> = told.readers[0]
            .by
            .iter()
            .map(|(who, _)| who.to_string())
            .collect();
        assert_eq!(
            by,
            BTreeSet::from(["hr".to_owned(), "person/jun".to_owned()])
        );
        // An administrator reads no more than others, and one who is disabled reads nothing.
        assert_eq!(told.without, 2);
        assert_eq!(told.admins.len(), 1);
    }
}
