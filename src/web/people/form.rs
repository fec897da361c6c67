//! Forms that carry the word of their session, so that no page of another site can send them.

use axum::Form;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::super::connection::Connection;
use super::super::error::Error;
use super::super::viewer::Viewer;

/// A form of a page of a session, with what it says; it is refused without the session's word.
#[derive(Debug)]
pub(in crate::web) struct SafeForm<T>(pub(in crate::web) T);

/// A form that says nothing.
#[derive(Debug, Deserialize)]
pub(super) struct Nothing {}

#[derive(Deserialize)]
struct Carrying<T> {
    #[serde(default)]
    form_token: String,
    #[serde(flatten)]
    says: T,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for SafeForm<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let viewer = request.extensions().get::<Viewer>().cloned();
        let viewer = viewer.ok_or(Error::SignIn)?;
        let PlainForm(form) = PlainForm::<Carrying<T>>::from_request(request, state).await?;
        viewer.must_have_sent(&form.form_token)?;
        Ok(Self(form.says))
    }
}

/// A form of a page that is shown before there is a session.
#[derive(Debug)]
pub(super) struct PlainForm<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for PlainForm<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        match Form::<T>::from_request(request, state).await {
            Ok(Form(form)) => Ok(Self(form)),
            Err(rejection) => Err(Error::field("form", rejection.body_text())),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Connection {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().copied().unwrap_or_default())
    }
}
