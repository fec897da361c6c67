//! The people of an installation, for administrators.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use ingest::Group;
use serde::Deserialize;

use super::account::{SavedQuery, group_line, role_word};
use super::entrance::refused;
use super::form::{Nothing, SafeForm};
use super::oidc::{ProviderLink, provider_links};
use super::{invitation_path, must_manage, when};
use crate::language::Language;
use crate::people::{IdentityView, Link, Name, NewPerson, Person, PersonChange, PersonId, Role};
use crate::web::Shared;
use crate::web::connection::Connection;
use crate::web::error::Error;
use crate::web::groups;
use crate::web::office::between_commas;
use crate::web::pages::{Frame, html};
use crate::web::viewer::{Speaks, Viewer, host};
use crate::web::words::Words;

/// A link that was made just now, to hand on.
#[derive(Clone, Debug)]
pub(in crate::web) struct NewLink {
    pub(in crate::web) url: String,
    pub(in crate::web) until: String,
}

#[derive(Debug, Template)]
#[template(path = "pages/people.html")]
pub(in crate::web) struct PeoplePage {
    pub(in crate::web) frame: Frame,
    pub(in crate::web) people: Vec<Person>,
    /// All groups that somebody is in.
    pub(in crate::web) known_groups: String,
    /// What was typed for somebody who was not invited.
    pub(in crate::web) typed: InviteForm,
    pub(in crate::web) refused: Option<String>,
    pub(in crate::web) saved: bool,
}

impl PeoplePage {
    fn role(&self, person: &Person) -> &'static str {
        role_word(self.frame.words, person.role)
    }

    fn state(&self, person: &Person) -> &'static str {
        state_word(self.frame.words, person)
    }

    fn groups(&self, person: &Person) -> String {
        groups::line(&person.all_groups(), self.frame.language)
    }

    fn roles(&self) -> [(Role, &'static str); 3] {
        Role::ALL.map(|role| (role, role_word(self.frame.words, role)))
    }

    fn count(&self) -> String {
        let count = self.people.len().to_string();
        self.frame.words.people_count.replace("{count}", &count)
    }

    fn groups_hint(&self) -> String {
        groups_hint(self.frame.words, &self.known_groups)
    }

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "templates pass by reference"
    )]
    fn is_typed(&self, role: &Role) -> bool {
        self.typed.role == role.as_str()
    }
}

#[derive(Debug, Template)]
#[template(path = "pages/person.html")]
pub(in crate::web) struct PersonPage {
    pub(in crate::web) frame: Frame,
    pub(in crate::web) person: Person,
    pub(in crate::web) groups: String,
    pub(in crate::web) known_groups: String,
    /// What they are to providers.
    pub(in crate::web) identities: Vec<IdentityView>,
    /// Providers that an identity may be of.
    pub(in crate::web) providers: Vec<ProviderLink>,
    /// A link by which they choose a password, made just now.
    pub(in crate::web) link: Option<NewLink>,
    pub(in crate::web) refused: Option<String>,
    pub(in crate::web) saved: bool,
}

impl PersonPage {
    fn state(&self) -> &'static str {
        state_word(self.frame.words, &self.person)
    }

    fn created(&self) -> String {
        let words = self.frame.words;
        words
            .account_since
            .replace("{time}", &when(self.person.created))
    }

    fn roles(&self) -> [(Role, &'static str); 3] {
        Role::ALL.map(|role| (role, role_word(self.frame.words, role)))
    }

    fn groups_hint(&self) -> String {
        groups_hint(self.frame.words, &self.known_groups)
    }

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "templates pass by reference"
    )]
    fn has(&self, role: &Role) -> bool {
        self.person.role == *role
    }

    fn vouched_groups(&self) -> String {
        let groups = groups::line(&self.person.vouched_groups, self.frame.language);
        self.frame.words.vouched_groups.replace("{groups}", &groups)
    }

    fn identity_seen(&self, identity: &IdentityView) -> String {
        let words = self.frame.words;
        match identity.seen {
            Some(time) => words.identity_seen.replace("{time}", &when(time)),
            None => words.identity_unseen.to_owned(),
        }
    }

    fn link_until(&self, link: &NewLink) -> String {
        self.frame.words.link_until.replace("{time}", &link.until)
    }
}

fn groups_hint(words: &Words, known: &str) -> String {
    let known = if known.is_empty() {
        words.no_groups
    } else {
        known
    };
    words.groups_hint.replace("{groups}", known)
}

fn state_word(words: &Words, person: &Person) -> &'static str {
    if person.disabled {
        words.person_disabled
    } else if person.has_password || person.has_identity {
        words.person_active
    } else {
        words.person_invited
    }
}

/// A link in full: by the address of the configuration, or as the one who asks for it reaches this
/// server.
pub(super) fn new_link(
    shared: &Shared,
    link: &Link,
    connection: Connection,
    parts: &Parts,
) -> NewLink {
    let path = invitation_path(&link.token);
    let configured = shared.app.config().server.public_address.as_deref();
    let url = match (configured, host(parts)) {
        (Some(address), _) => format!("{}{path}", address.trim_end_matches('/')),
        (None, Some(host)) => format!("{}://{host}{path}", connection.scheme()),
        (None, None) => path,
    };
    NewLink {
        url,
        until: when(link.expires),
    }
}

/// What stands between commas, as groups; an error names one that is none.
fn groups_of(text: &str) -> Result<BTreeSet<Group>, Error> {
    between_commas(text)
        .iter()
        .map(|name| {
            name.to_lowercase()
                .parse::<Group>()
                .map_err(|error| Error::field("groups", error))
        })
        .collect()
}

async fn people_page(
    shared: &Shared,
    viewer: &Viewer,
    language: Language,
) -> Result<PeoplePage, Error> {
    must_manage(shared, viewer).await?;
    let people = shared.app.people();
    Ok(PeoplePage {
        frame: Frame::new(shared, viewer, language, "people"),
        people: people.list().await?,
        known_groups: groups::line(&people.groups().await?, language),
        typed: InviteForm::default(),
        refused: None,
        saved: false,
    })
}

async fn person_page(
    shared: &Shared,
    viewer: &Viewer,
    language: Language,
    id: &PersonId,
) -> Result<PersonPage, Error> {
    must_manage(shared, viewer).await?;
    let people = shared.app.people();
    let person = people.get(id).await?;
    Ok(PersonPage {
        identities: people.identities(id).await?,
        providers: provider_links(shared, "{name}"),
        frame: Frame::new(shared, viewer, language, "people"),
        groups: group_line(&person.groups),
        known_groups: groups::line(&people.groups().await?, language),
        person,
        link: None,
        refused: None,
        saved: false,
    })
}

/// `GET /people`.
pub(super) async fn page(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    Query(query): Query<SavedQuery>,
) -> Result<Response, Error> {
    let mut page = people_page(&shared, &viewer, language).await?;
    page.saved = query.saved.is_some();
    html(&page)
}

/// What the form for a new person sends.
#[derive(Debug, Default, Deserialize)]
pub(in crate::web) struct InviteForm {
    pub(in crate::web) name: String,
    #[serde(default)]
    pub(in crate::web) display_name: String,
    pub(in crate::web) role: String,
    #[serde(default)]
    pub(in crate::web) groups: String,
}

fn invited(form: &InviteForm) -> Result<NewPerson, Error> {
    Ok(NewPerson {
        name: form.name.parse::<Name>().map_err(Error::People)?,
        display_name: form.display_name.clone(),
        role: form.role.parse().map_err(Error::People)?,
        groups: groups_of(&form.groups)?,
    })
}

/// `POST /people`: puts a person in and shows the link to hand to them, this once.
pub(super) async fn invite(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    connection: Connection,
    parts: Parts,
    SafeForm(form): SafeForm<InviteForm>,
) -> Result<Response, Error> {
    must_manage(&shared, &viewer).await?;
    let people = shared.app.people();
    let made = match invited(&form) {
        Ok(new) => people.invite(&viewer.actor, new).await.map_err(Error::from),
        Err(error) => Err(error),
    };
    match made {
        Ok((person, link)) => {
            let mut page = person_page(&shared, &viewer, language, &person.id).await?;
            page.link = Some(new_link(&shared, &link, connection, &parts));
            html(&page)
        }
        Err(error) => {
            let mut page = people_page(&shared, &viewer, language).await?;
            page.refused = Some(error.sentence(language));
            page.typed = form;
            with_status(&error, &page)
        }
    }
}

/// A page that says why something was refused.
fn with_status(error: &Error, page: &impl Template) -> Result<Response, Error> {
    match error {
        Error::People(refusal) => refused(*refusal, page),
        Error::Field { .. } => Ok((error.status(), html(page)?).into_response()),
        other => Err(other.clone()),
    }
}

/// `GET /people/{id}`.
pub(super) async fn person(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    Path(id): Path<String>,
    Query(query): Query<SavedQuery>,
) -> Result<Response, Error> {
    let mut page = person_page(&shared, &viewer, language, &PersonId::from(id)).await?;
    page.saved = query.saved.is_some();
    html(&page)
}

/// What the form for a person sends.
#[derive(Deserialize)]
pub(super) struct ChangeForm {
    display_name: String,
    role: String,
    #[serde(default)]
    groups: String,
    /// A box that is ticked.
    disabled: Option<String>,
}

fn changed(form: &ChangeForm) -> Result<PersonChange, Error> {
    Ok(PersonChange {
        display_name: Some(form.display_name.clone()),
        role: Some(form.role.parse().map_err(Error::People)?),
        groups: Some(groups_of(&form.groups)?),
        disabled: Some(form.disabled.is_some()),
    })
}

/// `POST /people/{id}`: changes a person.
pub(super) async fn change(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    Path(id): Path<String>,
    SafeForm(form): SafeForm<ChangeForm>,
) -> Result<Response, Error> {
    must_manage(&shared, &viewer).await?;
    let id = PersonId::from(id);
    let done = match changed(&form) {
        Ok(change) => shared
            .app
            .people()
            .change(&viewer.actor, &id, change)
            .await
            .map_err(Error::from),
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/people/{id}?saved=1")).into_response()),
        Err(error) => again(&shared, &viewer, language, &id, error).await,
    }
}

/// Shows a person again, with the reason why something was not done.
pub(super) async fn again(
    shared: &Shared,
    viewer: &Viewer,
    language: Language,
    id: &PersonId,
    error: Error,
) -> Result<Response, Error> {
    let mut page = person_page(shared, viewer, language, id).await?;
    page.refused = Some(error.sentence(language));
    with_status(&error, &page)
}

/// `POST /people/{id}/invitation`: another link for a person.
pub(super) async fn invite_again(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    connection: Connection,
    Path(id): Path<String>,
    parts: Parts,
    SafeForm(Nothing {}): SafeForm<Nothing>,
) -> Result<Response, Error> {
    must_manage(&shared, &viewer).await?;
    let id = PersonId::from(id);
    let link = shared.app.people().invite_again(&viewer.actor, &id).await?;
    let mut page = person_page(&shared, &viewer, language, &id).await?;
    page.link = Some(new_link(&shared, &link, connection, &parts));
    html(&page)
}

/// What the form for taking a person away sends.
#[derive(Deserialize)]
pub(super) struct DeleteForm {
    /// A box that must be ticked: there is no way back, and no script that asks again.
    sure: Option<String>,
}

/// `POST /people/{id}/delete`.
pub(super) async fn delete(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    Path(id): Path<String>,
    SafeForm(form): SafeForm<DeleteForm>,
) -> Result<Response, Error> {
    must_manage(&shared, &viewer).await?;
    let id = PersonId::from(id);
    if form.sure.is_none() {
        return Ok(Redirect::to(&format!("/people/{id}")).into_response());
    }
    match shared.app.people().remove(&viewer.actor, &id).await {
        Ok(()) => Ok(Redirect::to("/people?saved=1").into_response()),
        Err(error) => again(&shared, &viewer, language, &id, error.into()).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_stand_between_commas() {
        let groups = groups_of(" HR, 인사 ,,legal").unwrap();
        assert_eq!(group_line(&groups), "hr, legal, 인사");
        assert_eq!(groups_of(" , ").unwrap().len(), 0);
        let error = groups_of("hr, a b").unwrap_err();
        assert!(matches!(&error, Error::Field { field, .. } if field == "groups"));
    }
}
