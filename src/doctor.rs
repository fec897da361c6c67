//! What is wrong with catalogue, originals and indexes, in words.

use serde::Serialize;

use crate::library::Library;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, with less than it could.
    Warning,
    /// Something is wrong.
    Error,
}

/// A thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: String,
    /// How it is.
    pub level: Level,
    /// In words.
    pub message: String,
}

impl Check {
    /// A check of `name`.
    pub fn new(name: &str, level: Level, message: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            level,
            message: message.into(),
        }
    }
}

/// Looks at the library.
pub async fn examine(library: &Library) -> Vec<Check> {
    let mut checks = Vec::new();
    checks.push(match library.catalogue_damage().await {
        Ok(None) => Check::new("catalogue", Level::Ok, "its file is whole"),
        Ok(Some(damage)) => Check::new("catalogue", Level::Error, damage),
        Err(error) => Check::new("catalogue", Level::Error, error.to_string()),
    });
    checks.push(match library.lost_originals().await {
        Ok(lost) if lost.is_empty() => Check::new(
            "originals",
            Level::Ok,
            "every file is there and is what it was",
        ),
        Ok(lost) => {
            let names: Vec<String> = lost.iter().map(ToString::to_string).collect();
            Check::new(
                "originals",
                Level::Error,
                format!("missing or changed: {}", names.join(", ")),
            )
        }
        Err(error) => Check::new("originals", Level::Error, error.to_string()),
    });
    match library.differences().await {
        Ok(differences) => checks.extend(differences.iter().map(|difference| {
            if difference.is_none() {
                let message = format!("holds the {} chunks that the catalogue says", difference.expected);
                Check::new(&difference.index, Level::Ok, message)
            } else {
                let message = format!(
                    "{} chunks are missing, {} too many, {} with other rights; `doctor --repair` mends it",
                    difference.missing.len(),
                    difference.extra.len(),
                    difference.rights.len()
                );
                Check::new(&difference.index, Level::Error, message)
            }
        })),
        Err(error) => checks.push(Check::new("indexes", Level::Error, error.to_string())),
    }
    checks.push(match library.audit_report().await {
        Ok(report) if report.is_whole() => {
            let words = format!("{} entries, none changed", report.entries);
            Check::new("audit log", Level::Ok, words)
        }
        Ok(report) => {
            let faults: Vec<String> = report.faults.iter().map(ToString::to_string).collect();
            Check::new("audit log", Level::Error, faults.join("; "))
        }
        Err(error) => Check::new("audit log", Level::Error, error.to_string()),
    });
    match library.unfinished().await {
        Ok(0) => checks.push(Check::new("queue", Level::Ok, "no document waits")),
        Ok(left) => checks.push(Check::new(
            "queue",
            Level::Warning,
            format!("{left} documents have work left"),
        )),
        Err(error) => checks.push(Check::new("queue", Level::Error, error.to_string())),
    }
    checks
}
