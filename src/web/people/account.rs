//! One's own account: the password, API keys, sessions.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::SecretString;
use serde::Deserialize;

use super::entrance::{farewell, password_hint, refused, welcome};
use super::form::{Nothing, SafeForm};
use super::{told, visitor, when};
use crate::people::{ApiKeyView, Person, Refusal, Scope, SessionView};
use crate::web::Shared;
use crate::web::connection::Connection;
use crate::web::error::Error;
use crate::web::groups;
use crate::web::pages::{Frame, html};
use crate::web::viewer::{Speaks, Viewer};
use crate::web::words::Words;

#[derive(Debug, Template)]
#[template(path = "pages/account.html")]
pub(in crate::web) struct AccountPage {
    pub(in crate::web) frame: Frame,
    pub(in crate::web) person: Person,
    pub(in crate::web) groups: String,
    pub(in crate::web) keys: Vec<ApiKeyView>,
    pub(in crate::web) sessions: Vec<SessionView>,
    /// The session that looks.
    pub(in crate::web) this: String,
    /// The scopes that a key may have.
    pub(in crate::web) scopes: Vec<Scope>,
    /// The secret of a key that was made just now.
    pub(in crate::web) secret: Option<String>,
    pub(in crate::web) refused: Option<String>,
    pub(in crate::web) saved: bool,
    pub(in crate::web) password_hint: String,
}

impl AccountPage {
    fn role(&self) -> &'static str {
        role_word(self.frame.words, self.person.role)
    }

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "templates pass by reference"
    )]
    fn scope(&self, scope: &Scope) -> &'static str {
        let words = self.frame.words;
        match scope {
            Scope::Read => words.scope_read,
            Scope::Write => words.scope_write,
            Scope::Admin => words.scope_admin,
        }
    }

    fn keys_hint(&self) -> String {
        let header = "Authorization: Bearer";
        self.frame.words.api_keys_hint.replace("{header}", header)
    }

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "templates pass by reference"
    )]
    fn in_days(&self, days: &u32) -> String {
        let count = days.to_string();
        self.frame.words.key_in_days.replace("{count}", &count)
    }

    fn session_times(&self, session: &SessionView) -> String {
        let words = self.frame.words;
        words
            .session_times
            .replace("{started}", &when(session.started))
            .replace("{seen}", &when(session.seen))
    }

    fn key_facts(&self, key: &ApiKeyView) -> String {
        let words = self.frame.words;
        let expires = match key.expires {
            Some(time) => words.key_until.replace("{time}", &when(time)),
            None => words.key_endless.to_owned(),
        };
        let used = match key.used {
            Some(time) => words.key_used.replace("{time}", &when(time)),
            None => words.key_unused.to_owned(),
        };
        format!("{} · {expires} · {used}", self.scope(&key.scope))
    }

    fn is_this(&self, session: &SessionView) -> bool {
        session.id == self.this
    }

    fn agent(&self, session: &SessionView) -> String {
        if session.agent.is_empty() {
            self.frame.words.unknown_browser.to_owned()
        } else {
            session.agent.clone()
        }
    }
}

/// A role in a language.
pub(super) fn role_word(words: &Words, role: crate::people::Role) -> &'static str {
    use crate::people::Role;
    match role {
        Role::Reader => words.role_reader,
        Role::Editor => words.role_editor,
        Role::Admin => words.role_admin,
    }
}

/// Groups in a line.
pub(super) fn group_line<'a>(groups: impl IntoIterator<Item = &'a ingest::Group>) -> String {
    let groups: Vec<&str> = groups.into_iter().map(ingest::Group::as_str).collect();
    groups.join(", ")
}

async fn account_page(
    shared: &Shared,
    viewer: &Viewer,
    language: crate::language::Language,
) -> Result<AccountPage, Error> {
    let (id, session) = viewer.must_be_person()?;
    let people = shared.app.people();
    let person = people.get(id).await?;
    let scopes = Scope::ALL.into_iter();
    let frame = Frame::new(shared, viewer, language, "account");
    Ok(AccountPage {
        keys: people.keys(id).await?,
        sessions: people.sessions(id).await?,
        this: session.id.clone(),
        groups: groups::line(&person.all_groups(), language),
        scopes: scopes.filter(|scope| scope.role() <= person.role).collect(),
        secret: None,
        refused: None,
        saved: false,
        password_hint: password_hint(&frame),
        frame,
        person,
    })
}

/// Shows the account again, with the reason why something was not done.
async fn again(
    shared: &Shared,
    viewer: &Viewer,
    language: crate::language::Language,
    error: Error,
) -> Result<Response, Error> {
    let Error::People(refusal) = error else {
        return Err(error);
    };
    let mut page = account_page(shared, viewer, language).await?;
    page.refused = Some(told::sentence(refusal, language));
    refused(refusal, &page)
}

/// Whether something was saved just now.
#[derive(Debug, Default, Deserialize)]
pub(super) struct SavedQuery {
    pub(super) saved: Option<String>,
}

/// `GET /account`.
pub(super) async fn page(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    Query(query): Query<SavedQuery>,
) -> Result<Response, Error> {
    let mut page = account_page(&shared, &viewer, language).await?;
    page.saved = query.saved.is_some();
    html(&page)
}

fn saved() -> Response {
    Redirect::to("/account?saved=1").into_response()
}

/// What the form for another password sends.
#[derive(Deserialize)]
pub(super) struct PasswordForm {
    present: String,
    password: String,
    again: String,
}

/// `POST /account/password`: all sessions end, and the one that asks begins anew.
pub(super) async fn password(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    connection: Connection,
    headers: HeaderMap,
    SafeForm(form): SafeForm<PasswordForm>,
) -> Result<Response, Error> {
    if form.password != form.again {
        let mut page = account_page(&shared, &viewer, language).await?;
        page.refused = Some(page.frame.words.passwords_differ.to_owned());
        let status = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
        return Ok((status, html(&page)?).into_response());
    }
    let present = SecretString::from(form.present);
    let new = SecretString::from(form.password);
    let (id, _) = viewer.must_be_person()?;
    let people = shared.app.people();
    let person = people.get(id).await?;
    let changed = people
        .change_password(&person, &present, &new, connection.address)
        .await;
    if let Err(error) = changed {
        return again(&shared, &viewer, language, error.into()).await;
    }
    let signed_in = people.begin(person, visitor(connection, &headers)).await?;
    Ok(welcome(&shared, connection, &signed_in, "/account?saved=1"))
}

/// What the form for a key sends.
#[derive(Deserialize)]
pub(super) struct KeyForm {
    name: String,
    scope: String,
    /// Days until it ends; it does not end by itself, if left empty.
    #[serde(default)]
    days: String,
}

/// `POST /account/keys`: makes a key and shows its secret, this once.
pub(super) async fn make_key(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    SafeForm(form): SafeForm<KeyForm>,
) -> Result<Response, Error> {
    let (id, _) = viewer.must_be_person()?;
    let people = shared.app.people();
    let person = people.get(id).await?;
    let days = match form.days.trim() {
        "" => Ok(None),
        days => days
            .parse::<u32>()
            .map(Some)
            .map_err(|_| Refusal::BadExpiry),
    };
    let wanted = days.and_then(|days| Ok((form.scope.parse::<Scope>()?, days)));
    let made = match wanted {
        Ok((scope, days)) => people.make_key(&person, &form.name, scope, days).await,
        Err(refusal) => Err(refusal.into()),
    };
    match made {
        Ok((token, _)) => {
            let mut page = account_page(&shared, &viewer, language).await?;
            page.secret = Some(token.expose().to_owned());
            html(&page)
        }
        Err(error) => again(&shared, &viewer, language, error.into()).await,
    }
}

/// `POST /account/keys/{id}/revoke`.
pub(super) async fn revoke_key(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(key): Path<String>,
    SafeForm(Nothing {}): SafeForm<Nothing>,
) -> Result<Response, Error> {
    let (id, _) = viewer.must_be_person()?;
    shared.app.people().revoke_key(id, &key).await?;
    Ok(saved())
}

/// `POST /account/sessions/{id}/end`.
pub(super) async fn end_session(
    State(shared): State<Shared>,
    viewer: Viewer,
    connection: Connection,
    Path(session): Path<String>,
    SafeForm(Nothing {}): SafeForm<Nothing>,
) -> Result<Response, Error> {
    let (id, this) = viewer.must_be_person()?;
    shared.app.people().end_session(id, &session).await?;
    if session == this.id {
        return Ok(farewell(connection));
    }
    Ok(saved())
}

/// `POST /account/sign-out-everywhere`.
pub(super) async fn everywhere(
    State(shared): State<Shared>,
    viewer: Viewer,
    connection: Connection,
    SafeForm(Nothing {}): SafeForm<Nothing>,
) -> Result<Response, Error> {
    let (id, _) = viewer.must_be_person()?;
    shared.app.people().sign_out_everywhere(id).await?;
    Ok(farewell(connection))
}
