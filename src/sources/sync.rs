//! How the library is brought in step with a source.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use tracing::{info, warn};

use super::board::Board;
use super::{Listed, Listing, Source, SourceError};
use crate::catalogue::{MetadataChange, NewDocument};
use crate::library::{Library, LibraryError};

/// What a turn changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Synced {
    /// Documents that are new or changed.
    pub taken: usize,
    /// Documents that did not change.
    pub unchanged: usize,
    /// Documents that lie elsewhere now, with the content that they had.
    pub moved: usize,
    /// Documents that are gone.
    pub removed: usize,
    /// Documents that could not be got, and places that could not be looked at.
    pub failed: usize,
}

impl fmt::Display for Synced {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} taken, {} unchanged, {} moved, {} removed, {} failed",
            self.taken, self.unchanged, self.moved, self.removed, self.failed
        )
    }
}

/// Why the library could not be brought in step.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The library failed.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// Everything would be removed.
    #[error(
        "the source {name} has no documents any more, and {known} came from it: they are kept, since a \
         disk that is not mounted and a server that was set up anew look the same; delete them by hand if \
         they are gone"
    )]
    Emptied {
        /// The source.
        name: String,
        /// Documents that came from it.
        known: usize,
    },
}

/// Takes what is new or changed in a source, and removes what is gone from it.
///
/// # Errors
/// When the source cannot be listed or the library fails; what was done so far stays.
pub async fn sync(library: &Library, source: &dyn Source) -> Result<Synced, SyncError> {
    let Listing {
        mut documents,
        unreadable,
    } = source.list().await?;
    documents.sort();
    let known = library.of_source(source.name()).await?;
    if documents.is_empty() && unreadable.is_empty() {
        let left = library.still_there(&known).await?;
        if left > 0 {
            return Err(SyncError::Emptied {
                name: source.name().to_owned(),
                known: left,
            });
        }
    }
    for (place, reason) in &unreadable {
        warn!(place, reason, "a place of a source cannot be looked at");
    }
    let mut synced = Synced {
        failed: unreadable.len(),
        ..Synced::default()
    };
    let known: BTreeMap<&str, &str> = known
        .iter()
        .map(|listed| (listed.place.as_str(), listed.tag.as_str()))
        .collect();
    let mut gone: BTreeSet<String> = known
        .keys()
        .filter(|place| {
            let is_there = documents
                .binary_search_by(|listed| listed.place.as_str().cmp(place))
                .is_ok();
            // Below a folder that cannot be opened, nobody knows.
            let is_hidden = unreadable
                .iter()
                .any(|(hidden, _)| std::path::Path::new(place).starts_with(hidden));
            !is_there && !is_hidden
        })
        .map(ToString::to_string)
        .collect();
    for listed in &documents {
        let known = known.get(listed.place.as_str());
        if known == Some(&listed.tag.as_str()) && library.has(listed, source.readers()).await? {
            synced.unchanged += 1;
            continue;
        }
        match take(library, source, listed, known.is_none(), &mut gone).await {
            Ok(Taken::New) => synced.taken += 1,
            Ok(Taken::Moved) => synced.moved += 1,
            Err(SyncError::Source(error)) => {
                synced.failed += 1;
                warn!(place = listed.place, error = %error, "a document of a source cannot be got");
            }
            Err(other) => return Err(other),
        }
    }
    for place in &gone {
        library.withdraw(source.name(), place).await?;
        synced.removed += 1;
    }
    Ok(synced)
}

/// How a document of a source was taken.
enum Taken {
    New,
    Moved,
}

/// Takes a document. One that is new where it lies may have been elsewhere, in one of `gone`: that
/// place is then taken out of them.
async fn take(
    library: &Library,
    source: &dyn Source,
    listed: &Listed,
    is_new: bool,
    gone: &mut BTreeSet<String>,
) -> Result<Taken, SyncError> {
    let fetched = source.fetch(listed).await?;
    let mut taken = Taken::New;
    if is_new && !gone.is_empty() {
        let (path, name) = (&fetched.path, &fetched.file_name);
        let moved = match library.moved(path, gone, &listed.place, name).await {
            Err(LibraryError::Io { .. }) => None,
            other => other?,
        };
        if let Some(from) = moved {
            library.note_move(source.name(), &from).await?;
            gone.remove(&from);
            taken = Taken::Moved;
        }
    }
    let document = NewDocument {
        place: listed.place.clone(),
        file_name: fetched.file_name,
        path: fetched.path,
        readers: source.readers().clone(),
        parent: None,
        lane: source.name().to_owned(),
        metadata: MetadataChange::default(),
        passwords: Vec::new(),
    };
    match library.submit(document).await {
        Ok(_) => {}
        // The file itself is at fault: it went, or may not be read.
        Err(error @ LibraryError::Io { .. }) if !error.is_full_disk() => {
            return Err(SourceError(error.to_string()).into());
        }
        Err(error) => return Err(error.into()),
    }
    library.note_source(source.name(), listed).await?;
    // The library has its own copy now.
    drop(fetched.temporary);
    Ok(taken)
}

/// Keeps the library in step with a source for as long as it is open, and tells `board` how each
/// turn went.
pub(crate) async fn keep_in_step(
    library: Arc<Library>,
    source: Arc<dyn Source>,
    board: Arc<Board>,
) {
    let mut stopping = library.stopping();
    let wake = board.wake(source.name());
    loop {
        board.begins(source.name());
        let turn = tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            turn = sync(&library, &*source) => turn,
        };
        let failed = match &turn {
            Ok(synced) => {
                if synced.taken + synced.moved + synced.removed + synced.failed > 0 {
                    info!(source = source.name(), "in step: {synced}");
                }
                synced.failed > 0
            }
            Err(error) => {
                warn!(source = source.name(), error = %error, "a source cannot be kept in step");
                true
            }
        };
        let rest = failed.then(|| source.rest());
        board.ended(source.name(), turn.map_err(|error| error.to_string()), rest);
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = wake.notified() => {}
            () = source.changed() => {}
            () = tokio::time::sleep(source.rest()), if failed => {}
        }
    }
}
