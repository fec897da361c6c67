//! What administrators decide on what was said.

use jiff::Timestamp;

use super::types::{Decided, Decision};
use crate::audit::{Action, Audit, AuditError, Event};
use crate::catalogue::{Catalogue, JudgementRow};

/// Why nothing is decided.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// Something else was said, or it was taken back, since it was looked at.
    #[error("it was changed meanwhile")]
    Changed,
    /// The catalogue failed.
    #[error("the catalogue failed: {0}")]
    Catalogue(#[from] sqlx::Error),
    /// The audit log cannot be told.
    #[error("the audit log failed: {0}")]
    Audit(#[from] AuditError),
}

/// Keeps what `by` decides on a judgement, if it is the one that was given at the time that they looked at;
/// no decision puts it off. `event` says who does it and to which answer: the audit log is told before, and
/// afterwards of what could not be done.
///
/// # Errors
/// When it was changed meanwhile, or catalogue or audit log fail.
pub(crate) async fn decide(
    (catalogue, audit): (&Catalogue, &Audit),
    (by, event): (&str, Event),
    (row, looked_at): (&JudgementRow, Option<Timestamp>),
    decision: Option<Decision>,
) -> Result<(), DecideError> {
    let given = row.judgement.given;
    if looked_at.is_some_and(|looked_at| looked_at.as_second() != given.as_second()) {
        return Err(DecideError::Changed);
    }
    let event = event
        .with("of", &row.judgement.actor)
        .with("sentence", row.judgement.sentence)
        .with("decision", decision);
    audit.record(event).await?;
    let decided = decision.map(|decision| Decided {
        decision,
        by: by.to_owned(),
        at: Timestamp::now(),
    });
    let done = catalogue
        .decide(&row.judgement.id, given, decided.as_ref())
        .await;
    let failed = Event::new(by, Action::Failed, row.answer);
    match done {
        Ok(true) => Ok(()),
        Ok(false) => {
            audit.note(failed.with("code", "changed_meanwhile"));
            Err(DecideError::Changed)
        }
        Err(error) => {
            audit.note(failed.with("code", "internal"));
            Err(error.into())
        }
    }
}
