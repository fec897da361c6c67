//! Rights to documents and collections, as the API has them.

use std::collections::BTreeMap;

use ingest::Group;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::people::{Person, PersonId};
use crate::rights::{
    DocumentRights, Follows, Grants, Level, PersonAccess, Principal, Readership, ReadershipOf,
};

/// A right that somebody is given: a `group` or a `person`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantBody {
    /// The group, such as `hr`; `everyone` holds all who can ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub group: Option<Group>,
    /// The id of the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// What others see of the person, in answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How much they may do.
    pub level: Level,
}

/// Names of people, by their ids.
pub type Names = BTreeMap<PersonId, String>;

/// Names of these people.
#[must_use]
pub fn names(people: &[Person]) -> Names {
    people
        .iter()
        .map(|person| (person.id.clone(), person.display_name.clone()))
        .collect()
}

impl GrantBody {
    fn new(principal: &Principal, level: Level, names: &Names) -> Self {
        match principal {
            Principal::Group(group) => Self {
                group: Some(group.clone()),
                person: None,
                name: None,
                level,
            },
            Principal::Person(id) => Self {
                group: None,
                person: Some(id.to_string()),
                name: names.get(id).cloned(),
                level,
            },
        }
    }

    /// Whom it is for.
    ///
    /// # Errors
    /// What is wrong, for people.
    pub fn principal(&self) -> Result<Principal, String> {
        match (&self.group, &self.person) {
            (Some(group), None) => Ok(Principal::Group(group.clone())),
            (None, Some(id)) => format!("person/{id}")
                .parse()
                .map_err(|error: crate::rights::PrincipalError| error.to_string()),
            _ => Err("either `group` or `person` is expected".to_owned()),
        }
    }
}

/// The grants of a list.
#[must_use]
pub fn grants(grants: &Grants, names: &Names) -> Vec<GrantBody> {
    grants
        .iter()
        .map(|(principal, level)| GrantBody::new(principal, level, names))
        .collect()
}

/// Rights to be set, all of them.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RightsRequest {
    /// Who may do how much; who is not named may do nothing.
    pub grants: Vec<GrantBody>,
    /// That it is meant, where nobody, or not the asker any more, could have the document after it.
    #[serde(default)]
    pub confirm: bool,
}

impl RightsRequest {
    /// The grants as a list.
    ///
    /// # Errors
    /// What is wrong, for people.
    pub fn read(&self) -> Result<Grants, String> {
        let mut read = Grants::none();
        for grant in &self.grants {
            let principal = grant.principal()?;
            if read.given(&principal).is_some() {
                return Err(format!("`{principal}` is named twice"));
            }
            read.give(principal, grant.level);
        }
        Ok(read)
    }
}

/// Rights of a document's own.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OwnRightsBody {
    /// Who may do how much.
    pub grants: Vec<GrantBody>,
    /// Whether a person set them; otherwise they came with the file. What a person set, no source and
    /// no upload changes.
    pub by_hand: bool,
}

/// Rights that a document has without rights of its own.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InheritedBody {
    /// Who may do how much.
    pub grants: Vec<GrantBody>,
    /// `collection`, `default` (`ingest.default_readers`), or `parent` for what came in another
    /// document.
    pub from: &'static str,
    /// The collection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// The id of the document that it came in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
}

/// The rights to a document.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RightsBody {
    /// The document's id.
    pub document: String,
    /// Its title.
    pub title: String,
    /// Its own rights; null if it has none, and follows what it inherits.
    pub own: Option<OwnRightsBody>,
    /// What it inherits.
    pub inherited: InheritedBody,
    /// The rights that count.
    pub effective: Vec<GrantBody>,
}

/// The body of the rights to a document.
#[must_use]
pub fn rights(rights: &DocumentRights, names: &Names) -> RightsBody {
    let (from, collection, parent) = match &rights.inherited_from {
        Follows::Collection(name) => ("collection", Some(name.clone()), None),
        Follows::Parent(id) => ("parent", None, Some(id.to_string())),
        Follows::Default | Follows::Own => ("default", None, None),
    };
    RightsBody {
        document: rights.id.to_string(),
        title: rights.title.clone(),
        own: rights.own.as_ref().map(|own| OwnRightsBody {
            grants: grants(&own.grants, names),
            by_hand: own.by_hand,
        }),
        inherited: InheritedBody {
            grants: grants(&rights.inherited, names),
            from,
            collection,
            parent,
        },
        effective: grants(&rights.effective, names),
    }
}

/// Somebody, and how much they may do with a document.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReaderBody {
    /// `person`, or `key` for a key of the configuration.
    pub kind: &'static str,
    /// The person's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// What they sign in with, or the key's name.
    pub name: String,
    /// What others see of the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// How much they may do; null for nothing.
    pub level: Option<Level>,
    /// The grants that reach them.
    pub by: Vec<GrantBody>,
}

/// Who can read a document.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReadersBody {
    /// The people and keys with a right, the highest first.
    pub readers: Vec<ReaderBody>,
    /// How many people and keys have none.
    pub without: usize,
    /// Names of the administrators, who read no more than others but may give themselves a right.
    pub administrators: Vec<String>,
}

/// The body of how much somebody may do.
#[must_use]
pub fn reader(access: &PersonAccess, names: &Names) -> ReaderBody {
    let by = access
        .by
        .iter()
        .map(|(principal, level)| GrantBody::new(principal, *level, names))
        .collect();
    match &access.who {
        ReadershipOf::Person(person) => ReaderBody {
            kind: "person",
            person: Some(person.id.to_string()),
            name: person.name.to_string(),
            display_name: Some(person.display_name.clone()),
            level: access.level,
            by,
        },
        ReadershipOf::Key(name) => ReaderBody {
            kind: "key",
            person: None,
            name: name.clone(),
            display_name: None,
            level: access.level,
            by,
        },
    }
}

/// The body of who can read a document.
#[must_use]
pub fn readers(readership: &Readership, names: &Names) -> ReadersBody {
    ReadersBody {
        readers: readership
            .readers
            .iter()
            .map(|access| reader(access, names))
            .collect(),
        without: readership.without,
        administrators: readership
            .admins
            .iter()
            .map(|admin| admin.name.to_string())
            .collect(),
    }
}

/// A collection.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CollectionBody {
    /// Its name.
    pub name: String,
    /// How many of its documents the asker may find.
    pub documents: u64,
    /// Its rights, for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rights: Option<CollectionRightsBody>,
}

/// The rights of a collection: of its documents without rights of their own.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CollectionRightsBody {
    /// Its own rights; null if it has none, and follows `ingest.default_readers`.
    pub own: Option<Vec<GrantBody>>,
    /// The rights that count.
    pub effective: Vec<GrantBody>,
}

/// Collections.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CollectionList {
    /// By name. For administrators all of them, for others those with a document that they may find.
    pub collections: Vec<CollectionBody>,
}

/// A document that could hold an answer and that the asker may find, but not quote.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FindableBody {
    /// The document's id.
    pub document: String,
    /// Its title.
    pub title: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_name_one_each_and_nobody_twice() {
        let read = |json: &str| serde_json::from_str::<RightsRequest>(json).unwrap().read();
        let grants = read(
            r#"{"grants": [{"group": "hr", "level": "quote"}, {"person": "3f", "level": "find"}]}"#,
        )
        .unwrap();
        let texts: Vec<String> = grants
            .iter()
            .map(|(who, level)| format!("{who} {level}"))
            .collect();
        assert_eq!(texts, ["hr quote", "person/3f find"]);
        for bad in [
            r#"{"grants": [{"level": "quote"}]}"#,
            r#"{"grants": [{"group": "hr", "person": "3f", "level": "quote"}]}"#,
            r#"{"grants": [{"person": "a/b", "level": "quote"}]}"#,
            r#"{"grants": [{"group": "hr", "level": "quote"}, {"group": "hr", "level": "find"}]}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let wrong = r#"{"grants": [{"group": "hr", "level": "read"}]}"#;
        assert!(serde_json::from_str::<RightsRequest>(wrong).is_err());
    }
}
