//! Forms of these pages, with fields that may stand there more than once.

use std::collections::BTreeSet;

use axum::extract::{FromRequest, Request};
use axum::http::header;

use crate::web::error::Error;
use crate::web::viewer::Viewer;

/// The fields of a form that a page of the viewer's session sent.
#[derive(Debug)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    fn read(body: &str) -> Self {
        Self(
            form_urlencoded::parse(body.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// The first field of this name, without space around it; empty if there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        let mut found = self.0.iter().filter(|(field, _)| field == name);
        found.next().map_or("", |(_, value)| value.trim())
    }

    /// All fields of this name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let found = self.0.iter().filter(move |(field, _)| field == name);
        found.map(|(_, value)| value.trim())
    }

    /// Whether a box is ticked.
    pub(super) fn is_ticked(&self, name: &str) -> bool {
        self.0.iter().any(|(field, _)| field == name)
    }
}

/// What stands between commas.
pub(in crate::web) fn between_commas(text: &str) -> BTreeSet<String> {
    let parts = text.split(',').map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let viewer = request.extensions().get::<Viewer>().cloned();
        let viewer = viewer.ok_or(Error::SignIn)?;
        let is_form = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        if !is_form {
            return Err(Error::MediaType {
                expected: "application/x-www-form-urlencoded",
            });
        }
        let body = String::from_request(request, state)
            .await
            .map_err(|_| Error::BodyTooLarge)?;
        let fields = Self::read(&body);
        viewer.must_be_our_form(fields.get("form_token"))?;
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_may_stand_there_more_than_once() {
        let fields = Fields::read("id=1&id=2&tags=+hr%2C+%ED%9C%B4%EA%B0%80+&sure=");
        assert_eq!(fields.all("id").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!((fields.get("id"), fields.get("none")), ("1", ""));
        assert!(fields.is_ticked("sure") && !fields.is_ticked("other"));
        let tags = between_commas(fields.get("tags"));
        assert_eq!(tags.into_iter().collect::<Vec<_>>(), ["hr", "휴가"]);
    }
}
