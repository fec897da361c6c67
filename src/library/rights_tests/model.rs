//! The model that the walk is compared with.

use std::collections::BTreeSet;

use ingest::{ContentHash, DocumentId, Group};

use crate::ask::Reader;
use crate::people::PersonId;
use crate::rights::{Grants, Level, Principal};

pub(super) const PEOPLE: usize = 6;
pub(super) const GROUPS: [&str; 3] = ["a", "b", "c"];
pub(super) const COLLECTIONS: [&str; 3] = ["인사", "Sales", "lab"];

/// Numbers that look random and are the same each time.
#[derive(Debug)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(sides).unwrap()).unwrap()
    }

    pub(super) fn grants(&mut self) -> Grants {
        let count = self.roll(4);
        (0..count)
            .map(|_| {
                let principal = match self.roll(6) {
                    0 => Principal::Group(Group::everyone()),
                    1 | 2 => Principal::Person(person(self.roll(PEOPLE))),
                    _ => Principal::Group(GROUPS[self.roll(GROUPS.len())].parse().unwrap()),
                };
                (principal, Level::ALL[self.roll(3)])
            })
            .collect()
    }

    pub(super) fn readers(&mut self) -> BTreeSet<Group> {
        match self.roll(3) {
            0 => BTreeSet::new(),
            1 => BTreeSet::from([Group::everyone()]),
            _ => BTreeSet::from([GROUPS[self.roll(GROUPS.len())].parse().unwrap()]),
        }
    }
}

pub(super) fn person(number: usize) -> PersonId {
    PersonId::from(format!("p{number}"))
}

/// What the model says of the rights of a document.
#[derive(Clone, Debug)]
pub(super) enum Own {
    AsHandedIn,
    Inherit,
    Grants(Grants),
}

#[derive(Clone, Debug)]
pub(super) struct ModelDocument {
    pub(super) id: DocumentId,
    pub(super) name: String,
    pub(super) own: Own,
    pub(super) named: BTreeSet<Group>,
    pub(super) collection: Option<usize>,
    /// The versions, the newest last: what stands in no other but copies, and the grants that it had when it was
    /// replaced.
    pub(super) versions: Vec<(ContentHash, String, Option<Grants>)>,
}

#[derive(Debug)]
pub(super) struct Model {
    pub(super) groups: Vec<BTreeSet<Group>>,
    pub(super) collections: Vec<Option<Grants>>,
    pub(super) default: Grants,
    pub(super) documents: Vec<ModelDocument>,
}

impl Model {
    pub(super) fn reader(&self, number: usize) -> Reader {
        Reader::new(self.groups[number].iter().cloned()).with_person(person(number))
    }

    pub(super) fn grants(&self, document: &ModelDocument) -> Grants {
        let inherited = || {
            let collection = document.collection.map(|number| &self.collections[number]);
            collection
                .and_then(Clone::clone)
                .unwrap_or_else(|| self.default.clone())
        };
        match &document.own {
            Own::Grants(grants) => grants.clone(),
            Own::AsHandedIn if !document.named.is_empty() => Grants::downloads(&document.named),
            Own::AsHandedIn | Own::Inherit => inherited(),
        }
    }

    /// How much a person may do.
    pub(super) fn level(&self, grants: &Grants, number: usize) -> usize {
        level(grants, &self.groups[number], Some(&person(number)))
    }

    pub(super) fn level_of(&self, document: &ModelDocument, number: usize) -> usize {
        self.level(&self.grants(document), number)
    }

    pub(super) fn level_of_version(
        &self,
        document: &ModelDocument,
        version: usize,
        number: usize,
    ) -> usize {
        let level = self.level_of(document, number);
        match &document.versions[version].2 {
            Some(grants) => level.min(self.level(grants, number)),
            None => level,
        }
    }

    pub(super) fn document(&self, id: DocumentId) -> Option<&ModelDocument> {
        self.documents.iter().find(|document| document.id == id)
    }

    /// How much a person may do with a version that a document had once; none if it is not kept.
    pub(super) fn level_of_kept(
        &self,
        (id, version): (DocumentId, ContentHash),
        number: usize,
    ) -> Option<usize> {
        let document = self.document(id)?;
        let at = document
            .versions
            .iter()
            .position(|kept| kept.0 == version)?;
        Some(self.level_of_version(document, at, number))
    }

    /// The documents that a person may find.
    pub(super) fn found(&self, number: usize) -> Vec<&ModelDocument> {
        let documents = self.documents.iter();
        documents
            .filter(|document| self.level_of(document, number) > 0)
            .collect()
    }
}

/// How much somebody may do, written without the code that is tested.
pub(super) fn level(grants: &Grants, groups: &BTreeSet<Group>, person: Option<&PersonId>) -> usize {
    let reaches = |principal: &Principal| match principal {
        Principal::Person(id) => Some(id) == person,
        Principal::Group(group) => group.as_str() == "everyone" || groups.contains(group),
    };
    let levels = grants.iter().filter(|(principal, _)| reaches(principal));
    let levels = levels.map(|(_, level)| match level {
        Level::Find => 1,
        Level::Quote => 2,
        Level::Download => 3,
    });
    levels.max().unwrap_or(0)
}
