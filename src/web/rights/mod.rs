//! Rights to documents and collections: who may change them, and what is told of them.
//!
//! | module | what it is for |
//! |---|---|
//! | `api` | JSON routes |
//! | `pages` | the rights of a document, the collections |
//! | `words`, `told` | the words of both, and what is said of refusals |

mod api;
mod pages;
pub(super) mod told;
mod words;

pub(super) use api::RightsDescription;
#[cfg(test)]
pub(super) use pages::hostile;

use axum::Router;
use axum::routing::{get, post};
use ingest::DocumentId;

use super::Shared;
use super::error::Error;
use super::viewer::Viewer;
use crate::audit::Action;
use crate::catalogue::{Metadata, MetadataChange, folded};
use crate::people::Person;
use crate::rights::{
    DocumentRights, Follows, Giver, Grants, Level, PersonAccess, Principal, Readership,
    RightsChange, RightsRefusal,
};

/// All routes about rights.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route(
            "/v1/documents/{id}/rights",
            get(api::rights).put(api::set).delete(api::inherit),
        )
        .route("/v1/documents/{id}/readers", get(api::readers))
        .route("/v1/collections", get(api::collections))
        .route(
            "/v1/collections/{name}/rights",
            get(api::of_collection)
                .put(api::set_of_collection)
                .delete(api::inherit_of_collection),
        )
        .route(
            "/documents/{id}/rights",
            get(pages::rights).post(pages::change),
        )
        .route("/collections", get(pages::collections))
        .route("/collections/rights", post(pages::change_collection))
}

impl From<RightsRefusal> for Error {
    fn from(refusal: RightsRefusal) -> Self {
        Self::Rights(refusal)
    }
}

impl Viewer {
    /// As whom they give rights.
    fn giver(&self) -> Giver<'_> {
        if self.is_admin() {
            Giver::Admin
        } else {
            Giver::Editor(&self.reader)
        }
    }
}

/// The rights to a document, for who may change them: an administrator, or an editor who may have its
/// file.
///
/// # Errors
/// When there is no such document, or the viewer may not change who reads it.
async fn rights_for(
    shared: &Shared,
    viewer: &Viewer,
    id: DocumentId,
) -> Result<DocumentRights, Error> {
    viewer.must_upload()?;
    let library = shared.app.library();
    if !viewer.is_admin() {
        let view = library.get(id, &viewer.reader).await?;
        if view.ok_or(Error::NotFound)?.level < Level::Download {
            return Err(RightsRefusal::NotTheirs.into());
        }
    }
    library.rights(id).await?.ok_or(Error::NotFound)
}

/// All persons, for their names and groups; nobody, where there are no accounts.
async fn people(shared: &Shared) -> Result<Vec<Person>, Error> {
    Ok(shared.app.people().list().await?)
}

/// Refuses grants that name a person who is not there and was not named before.
async fn must_be_known(shared: &Shared, before: &Grants, after: &Grants) -> Result<(), Error> {
    let known = people(shared).await?;
    for (principal, _) in after.raised(before) {
        if let Principal::Person(id) = principal
            && !known.iter().any(|person| person.id == *id)
        {
            return Err(RightsRefusal::NoPerson(id.to_string()).into());
        }
    }
    Ok(())
}

/// Changes the rights to a document, if the viewer may; the audit log is told before.
async fn change(
    shared: &Shared,
    viewer: &Viewer,
    id: DocumentId,
    change: RightsChange,
    confirmed: bool,
) -> Result<(), Error> {
    let rights = rights_for(shared, viewer, id).await?;
    if matches!(rights.inherited_from, Follows::Parent(_)) {
        return Err(RightsRefusal::ComesInAnother.into());
    }
    let after = match &change {
        RightsChange::Own(grants) => grants,
        RightsChange::Inherit => &rights.inherited,
    };
    must_be_known(shared, &rights.effective, after).await?;
    viewer
        .giver()
        .may_change(&rights.effective, after, confirmed)?;
    let event = viewer
        .does(Action::RightsChanged, id)
        .with("before", &rights.effective)
        .with("after", after)
        .with("inherits", matches!(change, RightsChange::Inherit));
    shared.record(event).await?;
    let done = shared.app.library().set_rights(id, &change).await;
    super::audited::done(shared, viewer, id, done.map_err(Error::from)).map(|_| ())
}

/// Refuses to put a document into a collection that has rights of its own and that the viewer may not
/// read; the refusal tells that there is one. Administrators may, as they may give themselves the right.
pub(super) async fn may_fill(
    shared: &Shared,
    viewer: &Viewer,
    collection: &str,
) -> Result<(), Error> {
    if viewer.is_admin() {
        return Ok(());
    }
    let library = shared.app.library();
    let own = library.own_rights_of_collection(collection).await?;
    let is_theirs = own.is_none_or(|own| own.level(&viewer.reader) >= Some(Level::Quote));
    if is_theirs {
        Ok(())
    } else {
        Err(RightsRefusal::NotTheirCollection.into())
    }
}

/// Refuses to move a document to another collection where that gives it rights which the viewer may
/// not give, or whose documents they may not read.
pub(super) async fn may_move(
    shared: &Shared,
    viewer: &Viewer,
    id: DocumentId,
    change: &MetadataChange,
) -> Result<(), Error> {
    let Some(collection) = &change.collection else {
        return Ok(());
    };
    let library = shared.app.library();
    let Some(rights) = library.rights(id).await? else {
        return Ok(());
    };
    if let Some(name) = collection {
        // Where it is already it may stay.
        let view = library.get(id, &viewer.reader).await?;
        let there = view.and_then(|view| view.metadata.collection);
        let stays = there.is_some_and(|there| folded(&there) == folded(name));
        if !stays {
            may_fill(shared, viewer, name).await?;
        }
    }
    if matches!(rights.follows, Follows::Own | Follows::Parent(_)) {
        return Ok(());
    }
    let after = library.rights_in(collection.as_deref()).await?;
    if after != rights.effective {
        viewer.giver().may_change(&rights.effective, &after, true)?;
    }
    Ok(())
}

/// A collection's name as it is kept.
fn collection_name(text: &str) -> Result<String, Error> {
    let change = MetadataChange {
        collection: Some(Some(text.to_owned())),
        ..MetadataChange::default()
    };
    let metadata = change.apply(&Metadata::default());
    let metadata = metadata.map_err(|error| Error::field("collection", error))?;
    metadata.collection.ok_or(Error::NotFound)
}

/// Changes the rights of a collection, for administrators; the audit log is told before.
async fn change_collection(
    shared: &Shared,
    viewer: &Viewer,
    name: &str,
    grants: Option<&Grants>,
    confirmed: bool,
) -> Result<(), Error> {
    viewer.must_be_admin()?;
    let library = shared.app.library();
    let before = library.rights_in(Some(name)).await?;
    if let Some(after) = grants {
        must_be_known(shared, &before, after).await?;
        viewer.giver().may_change(&before, after, confirmed)?;
    }
    let subject = format!("collection {name}");
    let event = viewer
        .does(Action::RightsChanged, &subject)
        .with("before", &before)
        .with("after", grants)
        .with("inherits", grants.is_none());
    shared.record(event).await?;
    let done = library.set_collection_rights(name, grants).await;
    let done = done.map(|()| true).map_err(Error::from);
    super::audited::done(shared, viewer, &subject, done).map(|_| ())
}

/// Who can read what has these rights.
async fn readership(shared: &Shared, grants: &Grants) -> Result<Readership, Error> {
    let keys = shared.gate.readers_by_key();
    Ok(Readership::new(grants, people(shared).await?, keys))
}

/// How much one person may do by these rights.
async fn access_of(shared: &Shared, grants: &Grants, person: &str) -> Result<PersonAccess, Error> {
    let known = people(shared).await?;
    let person = known
        .into_iter()
        .find(|known| known.id.as_str() == person || known.name.as_str() == person)
        .ok_or_else(|| RightsRefusal::NoPerson(person.chars().take(80).collect()))?;
    Ok(PersonAccess::of_person(person, grants))
}
