//! The pages by which people come in: signing in, setting the server up, taking up an invitation.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::SecretString;
use serde::Deserialize;

use super::form::PlainForm;
use super::oidc::{ProviderLink, provider_links};
use super::{told, visitor};
use crate::language::Language;
use crate::people::{PASSWORD_CHARACTERS, Person, Refusal, SignedIn};
use crate::web::Shared;
use crate::web::connection::Connection;
use crate::web::error::Error;
use crate::web::pages::{Frame, html, local_path};
use crate::web::viewer::{Speaks, Viewer};

#[derive(Debug, Template)]
#[template(path = "pages/sign_in.html")]
pub(in crate::web) struct SignInPage {
    pub(in crate::web) frame: Frame,
    pub(in crate::web) next: String,
    /// What they signed in with just now.
    pub(in crate::web) name: String,
    /// Why they are not let in, if they tried.
    pub(in crate::web) refused: Option<String>,
    /// Providers by which people sign in.
    pub(in crate::web) providers: Vec<ProviderLink>,
    /// Whether the configuration has keys.
    pub(in crate::web) has_keys: bool,
    /// Whether nobody can come in yet.
    pub(in crate::web) needs_set_up: bool,
}

/// Where somebody chooses a password.
#[derive(Debug, Template)]
#[template(path = "pages/choose_password.html")]
pub(in crate::web) struct ChoosePage {
    pub(in crate::web) frame: Frame,
    pub(in crate::web) token: String,
    /// Whether the first administrator is made, who chooses a name as well.
    pub(in crate::web) is_set_up: bool,
    pub(in crate::web) name: String,
    pub(in crate::web) display_name: String,
    pub(in crate::web) refused: Option<String>,
    pub(in crate::web) password_hint: String,
}

impl ChoosePage {
    fn title(&self) -> &'static str {
        let words = self.frame.words;
        if self.is_set_up {
            words.set_up
        } else {
            words.choose_password
        }
    }

    fn text(&self) -> String {
        let words = self.frame.words;
        if self.is_set_up {
            words.set_up_text.to_owned()
        } else {
            words.choose_text.replace("{name}", &self.display_name)
        }
    }

    fn action(&self) -> &'static str {
        if self.is_set_up {
            "/set-up"
        } else {
            "/invitation"
        }
    }
}

/// How long a password must be, in words.
pub(super) fn password_hint(frame: &Frame) -> String {
    let count = PASSWORD_CHARACTERS.to_string();
    frame.words.password_hint.replace("{count}", &count)
}

/// Where to go after signing in.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct SignInQuery {
    #[serde(default)]
    next: String,
}

/// `GET /sign-in`: the form for a name and password, or a key.
pub(super) async fn form(
    State(shared): State<Shared>,
    Speaks(language): Speaks,
    Query(query): Query<SignInQuery>,
) -> Result<Response, Error> {
    if !shared.gate.must_sign_in().await? {
        return Ok(Redirect::to("/").into_response());
    }
    html(&sign_in_page(&shared, language, &query.next).await?)
}

pub(super) async fn sign_in_page(
    shared: &Shared,
    language: Language,
    next: &str,
) -> Result<SignInPage, Error> {
    let frame = Frame::plain(language);
    Ok(SignInPage {
        providers: provider_links(shared, frame.words.sign_in_with),
        frame,
        next: local_path(next).to_owned(),
        name: String::new(),
        refused: None,
        has_keys: shared.gate.has_keys(),
        needs_set_up: shared.gate.needs_set_up().await?,
    })
}

/// What the form sends: a name and its password, or a key.
#[derive(Deserialize)]
pub(super) struct SignInForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    next: String,
}

/// `POST /sign-in`: begins a session.
pub(super) async fn sign_in(
    State(shared): State<Shared>,
    Speaks(language): Speaks,
    connection: Connection,
    headers: HeaderMap,
    PlainForm(form): PlainForm<SignInForm>,
) -> Result<Response, Error> {
    let people = shared.app.people();
    let visitor = visitor(connection, &headers);
    let is_by_key = !form.key.trim().is_empty();
    let signed_in = if is_by_key {
        let key = shared.gate.configured_key(&form.key);
        people.sign_in_by_key(key, visitor).await
    } else {
        let password = SecretString::from(form.password);
        people.sign_in(&form.name, &password, visitor).await
    };
    match signed_in.map_err(Error::from) {
        Ok(signed_in) => Ok(welcome(
            &shared,
            connection,
            &signed_in,
            local_path(&form.next),
        )),
        Err(Error::People(refusal)) => {
            let mut page = sign_in_page(&shared, language, &form.next).await?;
            page.refused = Some(match refusal {
                Refusal::WrongSignIn if is_by_key => page.frame.words.wrong_key.to_owned(),
                refusal => told::sentence(refusal, language),
            });
            page.name = form.name;
            refused(refusal, &page)
        }
        Err(error) => Err(error),
    }
}

/// A page that says why something was refused, with the status for it.
pub(super) fn refused(refusal: Refusal, page: &impl Template) -> Result<Response, Error> {
    let mut response = html(page)?;
    *response.status_mut() = told::status(refusal);
    if let Some(seconds) = told::retry_after(refusal) {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    Ok(response)
}

/// Sends one who signed in on, with the cookie.
pub(super) fn welcome(
    shared: &Shared,
    connection: Connection,
    signed_in: &SignedIn,
    to: &str,
) -> Response {
    let cookie = shared.gate.session_cookie(connection, &signed_in.token);
    ([(header::SET_COOKIE, cookie)], Redirect::to(to)).into_response()
}

/// Sends one who signed out to the entrance, without the cookie.
pub(super) fn farewell(connection: Connection) -> Response {
    let cookie = connection.session_cookie("", 0);
    ([(header::SET_COOKIE, cookie)], Redirect::to("/sign-in")).into_response()
}

/// What the button in the bar sends.
#[derive(Deserialize)]
pub(super) struct SignOutForm {
    #[serde(default)]
    form_token: String,
}

/// `POST /sign-out`: ends the session.
pub(super) async fn sign_out(
    State(shared): State<Shared>,
    connection: Connection,
    viewer: Option<axum::Extension<Viewer>>,
    headers: HeaderMap,
    PlainForm(form): PlainForm<SignOutForm>,
) -> Result<Response, Error> {
    // Who is out already only loses the cookie.
    if let Some(axum::Extension(viewer)) = &viewer {
        viewer.must_have_sent(&form.form_token)?;
    }
    let viewer = viewer.map(|axum::Extension(viewer)| viewer);
    end_session(&shared, viewer.as_ref(), connection, &headers).await?;
    Ok(farewell(connection))
}

/// Ends the session that a request shows.
pub(super) async fn end_session(
    shared: &Shared,
    viewer: Option<&Viewer>,
    connection: Connection,
    headers: &HeaderMap,
) -> Result<(), Error> {
    if let Some(token) = connection.token(headers) {
        let actor = viewer.map_or("unknown", |viewer| &*viewer.actor);
        shared.app.people().sign_out(actor, token).await?;
    }
    Ok(())
}

/// The secret of a link.
#[derive(Deserialize)]
pub(super) struct LinkQuery {
    #[serde(default)]
    token: String,
}

fn choose_page(language: Language, token: String, person: Option<Person>) -> ChoosePage {
    let frame = Frame::plain(language);
    ChoosePage {
        password_hint: password_hint(&frame),
        frame,
        token,
        is_set_up: person.is_none(),
        name: person
            .as_ref()
            .map_or_else(String::new, |person| person.name.to_string()),
        display_name: person.map_or_else(String::new, |person| person.display_name),
        refused: None,
    }
}

/// `GET /set-up`: the form for the first administrator. Looking at it does not use the link.
pub(super) async fn set_up_form(
    State(shared): State<Shared>,
    Speaks(language): Speaks,
    Query(query): Query<LinkQuery>,
) -> Result<Response, Error> {
    let link = shared.app.people().link(&query.token).await?;
    if link.person.is_some() {
        return Err(Error::People(Refusal::SpentLink));
    }
    html(&choose_page(language, query.token, None))
}

/// What the form for the first administrator sends.
#[derive(Deserialize)]
pub(super) struct SetUpForm {
    token: String,
    name: String,
    #[serde(default)]
    display_name: String,
    password: String,
    again: String,
}

/// `POST /set-up`: makes the first administrator, who is then signed in.
pub(super) async fn set_up(
    State(shared): State<Shared>,
    Speaks(language): Speaks,
    connection: Connection,
    headers: HeaderMap,
    PlainForm(form): PlainForm<SetUpForm>,
) -> Result<Response, Error> {
    let people = shared.app.people();
    let mut page = choose_page(language, form.token.clone(), None);
    page.name.clone_from(&form.name);
    page.display_name.clone_from(&form.display_name);
    if form.password != form.again {
        return differ(page);
    }
    let password = SecretString::from(form.password);
    let made = match form.name.parse() {
        Ok(name) => {
            people
                .set_up(&form.token, name, &form.display_name, &password)
                .await
        }
        Err(refusal) => Err(refusal.into()),
    };
    enter(&shared, connection, &headers, made, page).await
}

/// `GET /invitation`: the form for a password. Looking at it does not use the link.
pub(super) async fn invitation(
    State(shared): State<Shared>,
    Speaks(language): Speaks,
    Query(query): Query<LinkQuery>,
) -> Result<Response, Error> {
    let link = shared.app.people().link(&query.token).await?;
    let person = link.person.ok_or(Error::People(Refusal::SpentLink))?;
    html(&choose_page(language, query.token, Some(person)))
}

/// What the form of an invitation sends.
#[derive(Deserialize)]
pub(super) struct RedeemForm {
    token: String,
    password: String,
    again: String,
}

/// `POST /invitation`: keeps the password that was chosen, and signs its person in.
pub(super) async fn redeem(
    State(shared): State<Shared>,
    Speaks(language): Speaks,
    connection: Connection,
    headers: HeaderMap,
    PlainForm(form): PlainForm<RedeemForm>,
) -> Result<Response, Error> {
    let people = shared.app.people();
    let link = people.link(&form.token).await?;
    let person = link.person.ok_or(Error::People(Refusal::SpentLink))?;
    let page = choose_page(language, form.token.clone(), Some(person));
    if form.password != form.again {
        return differ(page);
    }
    let password = SecretString::from(form.password);
    let redeemed = people.redeem(&form.token, &password).await;
    enter(&shared, connection, &headers, redeemed, page).await
}

/// Tells that a password was typed in two ways.
fn differ(mut page: ChoosePage) -> Result<Response, Error> {
    page.refused = Some(page.frame.words.passwords_differ.to_owned());
    Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)?).into_response())
}

/// Signs one in who chose a password just now, or tells on `page` why it is not taken.
async fn enter(
    shared: &Shared,
    connection: Connection,
    headers: &HeaderMap,
    chosen: Result<Person, crate::people::PeopleError>,
    mut page: ChoosePage,
) -> Result<Response, Error> {
    match chosen.map_err(Error::from) {
        Ok(person) => {
            let people = shared.app.people();
            let signed_in = people.begin(person, visitor(connection, headers)).await?;
            Ok(welcome(shared, connection, &signed_in, "/"))
        }
        // There is nothing left to try on this page.
        Err(Error::People(Refusal::SpentLink)) => Err(Error::People(Refusal::SpentLink)),
        Err(Error::People(refusal)) => {
            page.refused = Some(told::sentence(refusal, page.frame.language));
            refused(refusal, &page)
        }
        Err(error) => Err(error),
    }
}
