//! `[audit]`: what the audit log keeps.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// `[audit]`: what the audit log keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuditConfig {
    /// What it keeps of a question: its `hash`, by which an answer's proof finds it, or its `text`.
    /// Short questions can be guessed from their hash.
    pub questions: Questions,
    /// How long entries are kept: whole days (UTC) that are older go. For ever, if left out.
    #[serde(with = "humantime_serde::option")]
    pub keep: Option<Duration>,
}

/// What is kept of a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Questions {
    /// The SHA-256 of its text.
    #[default]
    Hash,
    /// Its text.
    Text,
}

impl AuditConfig {
    /// Looks for what cannot be kept to.
    ///
    /// # Errors
    /// When entries would go on the day they are written.
    pub fn validate(&self) -> Result<(), String> {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        match self.keep {
            Some(keep) if keep < DAY => {
                Err("`keep` is less than a day, and whole days are kept".to_owned())
            }
            _ => Ok(()),
        }
    }
}
