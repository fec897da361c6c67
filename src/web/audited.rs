//! What handlers tell the audit log.

use std::fmt::Display;

use axum::http::StatusCode;

use super::Shared;
use super::error::Error;
use super::viewer::{Viewer, Who};
use crate::audit::{Action, Event};

impl Shared {
    /// Tells the audit log what is about to be done. Where this fails, it must not be done.
    pub(super) async fn record(&self, event: Event) -> Result<(), Error> {
        let written = self.app.audit().record(event).await;
        written.map_err(|error| Error::internal("writing the audit log", &error))
    }

    /// Tells the audit log that what was about to be done could not be.
    pub(super) fn failed(&self, viewer: &Viewer, subject: impl Display, error: &Error) {
        let event = Event::new(&*viewer.actor, Action::Failed, subject);
        self.app.audit().note(event.with("code", error.code()));
    }
}

impl Viewer {
    /// What this viewer does, and by which of their keys, if by one.
    pub(super) fn does(&self, action: Action, subject: impl Display) -> Event {
        let event = Event::new(&*self.actor, action, subject);
        match &self.who {
            Who::Person {
                by_key: Some(key), ..
            } => event.with("key", key),
            _ => event,
        }
    }
}

/// What became of something that the audit log was told of before.
pub(super) fn done(
    shared: &Shared,
    viewer: &Viewer,
    subject: impl Display,
    found: Result<bool, Error>,
) -> Result<StatusCode, Error> {
    let error = match found {
        Ok(true) => return Ok(StatusCode::NO_CONTENT),
        Ok(false) => Error::NotFound,
        Err(error) => error,
    };
    shared.failed(viewer, subject, &error);
    Err(error)
}
