//! What a reader may do with each access list, and the permit to search an index.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use ingest::{AccessKey, Group};
use sha2::{Digest as _, Sha256};

use crate::ask::Reader;
use crate::rights::{Grants, Level};

/// Names an access list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListId(String);

impl ListId {
    /// The default list of an installation.
    pub(crate) const DEFAULT: &str = "default";

    pub(super) fn named(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The list of documents that have these grants of their own. It never changes: other grants make
    /// another list.
    pub(crate) fn of(grants: &Grants) -> Self {
        let json = crate::catalogue::store::to_json(grants);
        let digest: [u8; 32] = Sha256::digest(json.as_bytes()).into();
        let hex: String = digest[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self(format!("own-{hex}"))
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the indexes keep with chunks of a version that is under this list, and under `version`
    /// too if that is said.
    pub(crate) fn key(&self, version: Option<&Self>) -> AccessKey {
        match version {
            None => AccessKey::new(&*self.0),
            Some(version) => AccessKey::new(format!("{}+{}", self.0, version.0)),
        }
    }
}

/// All access lists, as the catalogue had them at one moment.
#[derive(Debug)]
pub(crate) struct Lists {
    /// Tells whether they changed.
    pub(super) count: i64,
    pub(super) grants: HashMap<ListId, Arc<Grants>>,
}

impl Lists {
    /// Who is on a list; nobody, if there is no such list.
    pub(crate) fn grants(&self, list: &ListId) -> Arc<Grants> {
        self.grants.get(list).cloned().unwrap_or_default()
    }
}

/// How much one reader may do with what is under each access list, as it was at one moment.
///
/// Only the catalogue makes one.
#[derive(Clone, Debug)]
pub struct Access {
    levels: HashMap<ListId, Level>,
    /// Lists that only together allow something, in use now.
    apart: Vec<(ListId, ListId)>,
}

impl Access {
    pub(super) fn of(lists: &Lists, apart: Vec<(ListId, ListId)>, reader: &Reader) -> Self {
        let levels = lists
            .grants
            .iter()
            .filter_map(|(list, grants)| Some((list.clone(), grants.level(reader)?)))
            .collect();
        Self { levels, apart }
    }

    /// How much the reader may do with a version under `list`, and under `version` too if that is said.
    pub(crate) fn level(&self, list: &ListId, version: Option<&ListId>) -> Option<Level> {
        let level = *self.levels.get(list)?;
        match version {
            None => Some(level),
            Some(version) => Some(level.min(*self.levels.get(version)?)),
        }
    }

    /// Whether that is at least `least`.
    pub(crate) fn may(&self, least: Level, list: &ListId, version: Option<&ListId>) -> bool {
        self.level(list, version) >= Some(least)
    }

    /// The permit to search what the reader may quote.
    #[must_use]
    pub fn quoting(&self) -> Permit {
        self.permit(|level| level >= Level::Quote)
    }

    /// The permit to search what the reader may find and not quote.
    pub(crate) fn only_finding(&self) -> Permit {
        self.permit(|level| level == Level::Find)
    }

    fn permit(&self, is_enough: impl Fn(Level) -> bool) -> Permit {
        let alone = self
            .levels
            .iter()
            .filter(|(_, level)| is_enough(**level))
            .map(|(list, _)| list.key(None));
        let apart = self
            .apart
            .iter()
            .filter(|(list, version)| self.level(list, Some(version)).is_some_and(&is_enough))
            .map(|(list, version)| list.key(Some(version)));
        Permit {
            keys: alone.chain(apart).collect(),
        }
    }
}

/// The permit to search an index: what may be found by it, and nothing else.
///
/// A search without one does not compile, so there is no way to forget the rights.
#[derive(Clone, Debug)]
pub struct Permit {
    keys: BTreeSet<AccessKey>,
}

impl Permit {
    /// What has one of these keys may be found.
    #[must_use]
    pub fn keys(&self) -> &BTreeSet<AccessKey> {
        &self.keys
    }

    /// The key of what is for everyone by rights of its own. Such a list never changes, so that the
    /// catalogue need not be asked.
    pub(crate) fn key_of_everyone() -> AccessKey {
        ListId::of(&Grants::downloads(&BTreeSet::from([Group::everyone()]))).key(None)
    }

    /// The permit to search what is for everyone by rights of its own, as a measured corpus is.
    pub(crate) fn of_everyone() -> Self {
        Self {
            keys: BTreeSet::from([Self::key_of_everyone()]),
        }
    }

    /// A permit for these keys.
    #[cfg(test)]
    pub(crate) fn for_test(keys: &[&str]) -> Self {
        Self {
            keys: keys.iter().map(|key| AccessKey::new(*key)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(lists: &[(&str, &[(&str, Level)])]) -> Lists {
        let grants = lists.iter().map(|(name, grants)| {
            let grants: Grants = grants
                .iter()
                .map(|(who, level)| (who.parse().unwrap(), *level))
                .collect();
            (ListId::named(*name), Arc::new(grants))
        });
        Lists {
            count: 0,
            grants: grants.collect(),
        }
    }

    #[test]
    fn a_permit_holds_what_the_reader_may_quote_and_nothing_unknown() {
        let lists = lists(&[
            ("a", &[("everyone", Level::Quote)]),
            ("b", &[("everyone", Level::Find)]),
            ("c", &[("hr", Level::Download)]),
        ]);
        let id = |name: &str| ListId::named(name);
        let apart = vec![
            (id("a"), id("c")),
            (id("a"), id("a")),
            (id("a"), id("b")),
            (id("a"), id("gone")),
        ];
        let access = Access::of(&lists, apart, &Reader::anyone());
        let keys = |permit: Permit| -> Vec<String> {
            let keys = permit.keys.iter();
            keys.map(|key| key.as_str().to_owned()).collect()
        };
        assert_eq!(keys(access.quoting()), ["a", "a+a"]);
        assert_eq!(keys(access.only_finding()), ["a+b", "b"]);
        assert_eq!(access.level(&id("gone"), None), None);
        assert!(!access.may(Level::Find, &id("a"), Some(&id("c"))));
        let hr = Access::of(&lists, Vec::new(), &Reader::new(["hr".parse().unwrap()]));
        assert_eq!(hr.level(&id("a"), Some(&id("c"))), Some(Level::Quote));
    }

    #[test]
    fn equal_grants_are_one_list_and_others_another() {
        let everyone = Grants::downloads(&BTreeSet::from([Group::everyone()]));
        let mut other = everyone.clone();
        assert_eq!(ListId::of(&everyone), ListId::of(&other));
        other.give("hr".parse().unwrap(), Level::Find);
        assert_ne!(ListId::of(&everyone), ListId::of(&other));
    }
}
