//! Signing in, one's account, and the people of an installation.
//!
//! | module | what it is for |
//! |---|---|
//! | `entrance` | pages to sign in, set the server up, and take up an invitation |
//! | `oidc` | providers that vouch for people |
//! | `account` | one's password, keys and sessions |
//! | `manage` | the people, for administrators |
//! | `api` | the same as JSON |
//! | `form` | forms that carry the word of their session |
//! | `told` | what is said of refusals |

mod account;
mod api;
mod entrance;
pub(super) mod form;
mod manage;
mod oidc;
pub(super) mod told;

pub(super) use api::PeopleDescription;
pub(super) use oidc::IdentityDescription;
#[cfg(test)]
pub(super) use {
    account::AccountPage,
    entrance::{ChoosePage, SignInPage},
    manage::{InviteForm, NewLink, PeoplePage, PersonPage},
    oidc::{ProviderLink, SignedInPage},
};

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::routing::{get, post, put};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Shared;
use super::connection::Connection;
use super::error::Error;
use super::viewer::Viewer;
use crate::people::{PeopleError, Refusal, Token, Visitor};

/// All routes about people.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/sign-in", get(entrance::form).post(entrance::sign_in))
        .route("/sign-in/with/{provider}", get(oidc::send))
        .route("/sign-in/with/{provider}/back", get(oidc::receive))
        .route("/sign-out", post(entrance::sign_out))
        .route("/set-up", get(entrance::set_up_form).post(entrance::set_up))
        .route(
            "/invitation",
            get(entrance::invitation).post(entrance::redeem),
        )
        .route("/account", get(account::page))
        .route("/account/password", post(account::password))
        .route("/account/keys", post(account::make_key))
        .route("/account/keys/{id}/revoke", post(account::revoke_key))
        .route("/account/sessions/{id}/end", post(account::end_session))
        .route("/account/sign-out-everywhere", post(account::everywhere))
        .route("/people", get(manage::page).post(manage::invite))
        .route("/people/{id}", get(manage::person).post(manage::change))
        .route("/people/{id}/invitation", post(manage::invite_again))
        .route("/people/{id}/delete", post(manage::delete))
        .route("/people/{id}/identities", post(oidc::link_form))
        .route(
            "/people/{id}/identities/{identity}/unlink",
            post(oidc::unlink_form),
        )
        .route(
            "/v1/people/{id}/identities",
            get(oidc::identities).post(oidc::link),
        )
        .route(
            "/v1/people/{id}/identities/{identity}",
            axum::routing::delete(oidc::unlink),
        )
        .route(
            "/v1/session",
            get(api::who).post(api::sign_in).delete(api::sign_out),
        )
        .route("/v1/session/password", put(api::change_password))
        .route(
            "/v1/sessions",
            get(api::sessions).delete(api::sign_out_everywhere),
        )
        .route("/v1/sessions/{id}", axum::routing::delete(api::end_session))
        .route("/v1/keys", get(api::keys).post(api::make_key))
        .route("/v1/keys/{id}", axum::routing::delete(api::revoke_key))
        .route("/v1/people", get(api::people).post(api::invite))
        .route(
            "/v1/people/{id}",
            get(api::person).patch(api::change).delete(api::delete),
        )
        .route("/v1/people/{id}/invitation", post(api::invite_again))
}

/// Whether a path is for those who have not signed in yet.
pub(super) fn is_entrance(path: &str) -> bool {
    matches!(
        path,
        "/sign-in" | "/sign-out" | "/set-up" | "/invitation" | "/v1/session"
    ) || path.starts_with("/sign-in/with/")
}

/// Where the first administrator is made.
pub(crate) fn set_up_path(token: &Token) -> String {
    format!("/set-up?token={}", token.expose())
}

/// Where an invitation is taken up.
pub(crate) fn invitation_path(token: &Token) -> String {
    format!("/invitation?token={}", token.expose())
}

impl From<PeopleError> for Error {
    fn from(error: PeopleError) -> Self {
        match error {
            PeopleError::Refused(Refusal::NotFound) => Self::NotFound,
            PeopleError::Refused(refusal) => Self::People(refusal),
            other => Self::internal("the catalogue of people", &other),
        }
    }
}

/// Who signs in by this request.
fn visitor(connection: Connection, headers: &HeaderMap) -> Visitor<'_> {
    Visitor {
        address: connection.address,
        agent: headers
            .get(header::USER_AGENT)
            .and_then(|agent| agent.to_str().ok())
            .unwrap_or_default(),
        token: connection.token(headers),
        session: None,
    }
}

/// An administrator, where there are accounts: the open server of one person has no people.
async fn must_manage(shared: &Shared, viewer: &Viewer) -> Result<(), Error> {
    viewer.must_be_admin()?;
    if shared.gate.must_sign_in().await? {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}

/// The time of day on this machine, for people.
pub(super) fn when(time: Timestamp) -> String {
    let time = time.to_zoned_datetime(TimeZone::system());
    time.strftime("%Y-%m-%d %H:%M").to_string()
}
