//! The rights of a document, and the collections.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use ingest::DocumentId;
use serde::Deserialize;

use super::words::{self, Words};
use super::{change as change_rights, change_collection as change_rights_of, collection_name};
use super::{people, readership, rights_for};
use crate::language::Language;
use crate::people::Person;
use crate::rights::{
    CollectionRights, DocumentRights, Follows, Grants, Level, PersonAccess, Principal, Readership,
    ReadershipOf, RightsChange, RightsRefusal,
};
use crate::web::Shared;
use crate::web::error::Error;
use crate::web::groups;
use crate::web::pages::{Frame, html};
use crate::web::people::form::SafeForm;
use crate::web::viewer::{Speaks, Viewer};

/// A grant as a page shows it.
#[derive(Clone, Debug)]
pub(in crate::web) struct ShownGrant {
    pub(in crate::web) principal: String,
    pub(in crate::web) name: String,
    pub(in crate::web) level: Level,
}

fn shown(grants: &Grants, people: &[Person], language: Language) -> Vec<ShownGrant> {
    grants
        .iter()
        .map(|(principal, level)| ShownGrant {
            principal: principal.to_string(),
            name: named(principal, people, language),
            level,
        })
        .collect()
}

/// What a page calls somebody.
fn named(principal: &Principal, people: &[Person], language: Language) -> String {
    match principal {
        Principal::Group(group) => groups::called(group, language),
        Principal::Person(id) => match people.iter().find(|person| person.id == *id) {
            Some(person) => format!("{} ({})", person.display_name, person.name),
            None => principal.to_string(),
        },
    }
}

#[derive(Debug, Template)]
#[template(path = "pages/rights.html")]
pub(in crate::web) struct RightsPage {
    pub(in crate::web) frame: Frame,
    pub(in crate::web) told: &'static Words,
    pub(in crate::web) rights: DocumentRights,
    pub(in crate::web) people: Vec<Person>,
    /// Who can read it, for administrators.
    pub(in crate::web) readership: Option<Readership>,
    pub(in crate::web) refused: Option<String>,
    pub(in crate::web) saved: bool,
}

impl RightsPage {
    fn heading(&self) -> String {
        self.told.rights_of.replace("{title}", &self.rights.title)
    }

    fn grants(&self) -> Vec<ShownGrant> {
        shown(&self.rights.effective, &self.people, self.frame.language)
    }

    fn inherited(&self) -> Vec<ShownGrant> {
        shown(&self.rights.inherited, &self.people, self.frame.language)
    }

    fn follows(&self) -> String {
        match (&self.rights.follows, &self.rights.own) {
            (Follows::Own, Some(own)) if !own.by_hand => self.told.follows_handed.to_owned(),
            (Follows::Own, _) => self.told.follows_own.to_owned(),
            (Follows::Parent(_), _) => self.told.follows_parent.to_owned(),
            (Follows::Collection(name), _) => self.told.follows_collection.replace("{name}", name),
            (Follows::Default, _) => self.told.follows_default.to_owned(),
        }
    }

    fn parent(&self) -> Option<DocumentId> {
        match self.rights.inherited_from {
            Follows::Parent(id) => Some(id),
            _ => None,
        }
    }

    /// Whether there is a session that forms can be sent in.
    fn may_change(&self) -> bool {
        !self.frame.form_token.is_empty() && self.parent().is_none()
    }

    fn levels(&self) -> [(Level, &'static str); 3] {
        Level::ALL.map(|level| (level, words::level(self.told, level)))
    }

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "templates pass by reference"
    )]
    fn level_word(&self, level: &Level) -> &'static str {
        words::level(self.told, *level)
    }

    fn reader_level(&self, access: &PersonAccess) -> &'static str {
        access
            .level
            .map_or("", |level| words::level(self.told, level))
    }

    fn reader_name(&self, access: &PersonAccess) -> String {
        match &access.who {
            ReadershipOf::Person(person) => format!("{} ({})", person.display_name, person.name),
            ReadershipOf::Key(name) => format!("{name} · {}", self.told.key),
        }
    }

    fn reader_by(&self, access: &PersonAccess) -> String {
        let by = access.by.iter().map(|(principal, level)| {
            let level = words::level(self.told, *level);
            let name = named(principal, &self.people, self.frame.language);
            format!("{name}: {level}")
        });
        by.collect::<Vec<_>>().join(", ")
    }

    fn without(&self, readership: &Readership) -> String {
        let count = readership.without.to_string();
        self.told.without.replace("{count}", &count)
    }

    fn admins(&self, readership: &Readership) -> String {
        let names: Vec<&str> = readership
            .admins
            .iter()
            .map(|admin| admin.name.as_str())
            .collect();
        self.told.admins.replace("{names}", &names.join(", "))
    }
}

async fn rights_page(
    shared: &Shared,
    viewer: &Viewer,
    language: Language,
    id: DocumentId,
) -> Result<RightsPage, Error> {
    let rights = rights_for(shared, viewer, id).await?;
    let readership = if viewer.is_admin() {
        Some(readership(shared, &rights.effective).await?)
    } else {
        None
    };
    Ok(RightsPage {
        frame: Frame::new(shared, viewer, language, "documents"),
        told: words::words(language),
        people: people(shared).await?,
        rights,
        readership,
        refused: None,
        saved: false,
    })
}

/// Whether something was changed just now.
#[derive(Debug, Deserialize)]
pub(super) struct SavedQuery {
    saved: Option<String>,
}

/// `GET /documents/{id}/rights`.
pub(super) async fn rights(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    Path(id): Path<String>,
    Query(query): Query<SavedQuery>,
) -> Result<Response, Error> {
    let id = id.parse().map_err(|_| Error::NotFound)?;
    let mut page = rights_page(&shared, &viewer, language, id).await?;
    page.saved = query.saved.is_some();
    html(&page)
}

/// What a form about rights sends.
#[derive(Debug, Default, Deserialize)]
pub(super) struct RightsForm {
    /// `give`, `take` or `inherit`.
    action: String,
    /// The collection, if it is about one.
    #[serde(default)]
    collection: String,
    /// Who, as access lists name them.
    #[serde(default)]
    principal: String,
    /// `group` or `person`, with their name, where somebody new is given a right.
    #[serde(default)]
    kind: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    level: String,
    /// A box that is ticked.
    confirm: Option<String>,
}

impl RightsForm {
    fn principal(&self, people: &[Person]) -> Result<Principal, Error> {
        let wrong = |error: &dyn ToString| Error::field("name", error.to_string());
        let name = self.name.trim();
        match self.kind.as_str() {
            "" => self
                .principal
                .parse::<Principal>()
                .map_err(|error| wrong(&error)),
            "person" => {
                let folded = crate::people::Name::folded(name);
                let person = people.iter().find(|person| person.name.as_str() == folded);
                let person = person.ok_or_else(|| {
                    let name = name.chars().take(80).collect();
                    Error::Rights(RightsRefusal::NoPerson(name))
                })?;
                Ok(Principal::Person(person.id.clone()))
            }
            _ => {
                let group = groups::known(&name.to_lowercase()).parse::<ingest::Group>();
                group.map(Principal::Group).map_err(|error| wrong(&error))
            }
        }
    }

    fn level(&self) -> Result<Level, Error> {
        let level = Level::ALL
            .into_iter()
            .find(|level| level.as_str() == self.level);
        level.ok_or_else(|| Error::field("level", "`find`, `quote` or `download` is expected"))
    }

    /// The grants after it, where they were `before`; none to follow what is inherited.
    fn apply(&self, before: &Grants, people: &[Person]) -> Result<Option<Grants>, Error> {
        let mut after = before.clone();
        match self.action.as_str() {
            "give" => after.give(self.principal(people)?, self.level()?),
            "take" => after.take(&self.principal(people)?),
            "inherit" => return Ok(None),
            _ => return Err(Error::field("action", "no such action")),
        }
        Ok(Some(after))
    }
}

/// `POST /documents/{id}/rights`.
pub(super) async fn change(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    Path(id): Path<String>,
    SafeForm(form): SafeForm<RightsForm>,
) -> Result<Response, Error> {
    let id: DocumentId = id.parse().map_err(|_| Error::NotFound)?;
    let mut page = rights_page(&shared, &viewer, language, id).await?;
    let after = form.apply(&page.rights.effective, &page.people);
    let done = match after {
        Ok(after) => {
            let change = after.map_or(RightsChange::Inherit, RightsChange::Own);
            change_rights(&shared, &viewer, id, change, form.confirm.is_some()).await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => {
            // Who took their own right away may not see this page any more.
            let sees = rights_for(&shared, &viewer, id).await.is_ok();
            let to = if sees {
                format!("/documents/{id}/rights?saved=1")
            } else {
                "/documents".to_owned()
            };
            Ok(Redirect::to(&to).into_response())
        }
        Err(error @ (Error::Rights(_) | Error::Field { .. })) => {
            page.refused = Some(error.sentence(language));
            Ok((error.status(), html(&page)?).into_response())
        }
        Err(error) => Err(error),
    }
}

#[derive(Debug, Template)]
#[template(path = "pages/collections.html")]
pub(in crate::web) struct CollectionsPage {
    pub(in crate::web) frame: Frame,
    pub(in crate::web) told: &'static Words,
    pub(in crate::web) collections: Vec<(CollectionRights, u64)>,
    pub(in crate::web) people: Vec<Person>,
    /// Whether rights are shown.
    pub(in crate::web) is_admin: bool,
    pub(in crate::web) refused: Option<String>,
    pub(in crate::web) saved: bool,
}

impl CollectionsPage {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "templates pass by reference"
    )]
    fn count(&self, documents: &u64) -> String {
        let count = documents.to_string();
        self.told.documents_count.replace("{count}", &count)
    }

    fn grants(&self, collection: &CollectionRights) -> Vec<ShownGrant> {
        shown(&collection.effective, &self.people, self.frame.language)
    }

    fn may_change(&self) -> bool {
        self.is_admin && !self.frame.form_token.is_empty()
    }

    fn levels(&self) -> [(Level, &'static str); 3] {
        Level::ALL.map(|level| (level, words::level(self.told, level)))
    }

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "templates pass by reference"
    )]
    fn level_word(&self, level: &Level) -> &'static str {
        words::level(self.told, *level)
    }
}

async fn collections_page(
    shared: &Shared,
    viewer: &Viewer,
    language: Language,
) -> Result<CollectionsPage, Error> {
    let library = shared.app.library();
    let found = library.collections(Some(&viewer.reader)).await?;
    let is_admin = viewer.is_admin();
    let collections = if is_admin {
        let all = library.collections(None).await?.into_iter();
        all.map(|(collection, _)| {
            let counted = found
                .iter()
                .find(|(other, _)| other.name == collection.name);
            let documents = counted.map_or(0, |(_, documents)| *documents);
            (collection, documents)
        })
        .collect()
    } else {
        found
    };
    Ok(CollectionsPage {
        frame: Frame::new(shared, viewer, language, "documents"),
        told: words::words(language),
        collections,
        people: if is_admin {
            people(shared).await?
        } else {
            Vec::new()
        },
        is_admin,
        refused: None,
        saved: false,
    })
}

/// `GET /collections`.
pub(super) async fn collections(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    Query(query): Query<SavedQuery>,
) -> Result<Response, Error> {
    let mut page = collections_page(&shared, &viewer, language).await?;
    page.saved = query.saved.is_some();
    html(&page)
}

/// `POST /collections/rights`.
pub(super) async fn change_collection(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    SafeForm(form): SafeForm<RightsForm>,
) -> Result<Response, Error> {
    viewer.must_be_admin()?;
    let done = changed_collection(&shared, &viewer, &form).await;
    match done {
        Ok(()) => Ok(Redirect::to("/collections?saved=1").into_response()),
        Err(error @ (Error::Rights(_) | Error::Field { .. })) => {
            let mut page = collections_page(&shared, &viewer, language).await?;
            page.refused = Some(error.sentence(language));
            Ok((error.status(), html(&page)?).into_response())
        }
        Err(error) => Err(error),
    }
}

async fn changed_collection(
    shared: &Shared,
    viewer: &Viewer,
    form: &RightsForm,
) -> Result<(), Error> {
    let name = collection_name(&form.collection)?;
    let before = shared.app.library().rights_in(Some(&name)).await?;
    let after = form.apply(&before, &people(shared).await?)?;
    let confirmed = form.confirm.is_some();
    change_rights_of(shared, viewer, &name, after.as_ref(), confirmed).await
}

/// Pages that are filled with what somebody may type.
#[cfg(test)]
pub(in crate::web) mod hostile {
    use super::*;
    use crate::catalogue::ListId;

    fn grants(text: &str) -> (Grants, Vec<Person>) {
        let person = Person {
            id: crate::people::PersonId::from("1".to_owned()),
            name: "mina".parse().unwrap(),
            display_name: text.to_owned(),
            role: crate::people::Role::Admin,
            groups: std::collections::BTreeSet::new(),
            disabled: false,
            has_password: true,
            has_identity: false,
            vouched_groups: std::collections::BTreeSet::new(),
            created: jiff::Timestamp::UNIX_EPOCH,
        };
        let everyone = Principal::Group(ingest::Group::everyone());
        let grants = [
            (Principal::Person(person.id.clone()), Level::Quote),
            (everyone, Level::Find),
        ];
        (grants.into_iter().collect(), vec![person])
    }

    pub(in crate::web) fn rights(frame: Frame, text: &str) -> RightsPage {
        let (grants, people) = grants(text);
        let key = (text.to_owned(), crate::ask::Reader::anyone());
        RightsPage {
            told: words::words(frame.language),
            rights: DocumentRights {
                id: DocumentId::at("x"),
                title: text.to_owned(),
                own: Some(crate::rights::OwnRights {
                    grants: grants.clone(),
                    by_hand: true,
                }),
                inherited: grants.clone(),
                inherited_from: Follows::Collection(text.to_owned()),
                effective: grants.clone(),
                follows: Follows::Collection(text.to_owned()),
                list: ListId::of(&grants),
            },
            readership: Some(Readership::new(&grants, people.clone(), [key])),
            people,
            refused: Some(text.to_owned()),
            saved: true,
            frame,
        }
    }

    pub(in crate::web) fn collections(frame: Frame, text: &str) -> CollectionsPage {
        let (grants, people) = grants(text);
        CollectionsPage {
            told: words::words(frame.language),
            collections: vec![(CollectionRights::for_test(text, &grants), 3)],
            people,
            is_admin: true,
            refused: Some(text.to_owned()),
            saved: true,
            frame,
        }
    }
}
