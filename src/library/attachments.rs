//! Files inside files: what an archive holds and what came with a message.
//!
//! Each is a document of its own, with pages, versions and citations of its own, for the readers
//! of the one that it came in. It goes when that one goes.

use std::collections::BTreeSet;
use std::io::Write as _;

use ingest::parse::Attachment;
use ingest::{BackendError, Problem};

use super::{Library, LibraryError, keep_original};
use crate::catalogue::{Arriving, MetadataChange, NewDocument, Work};

/// Stands between the place of a file and the name of one inside it.
pub(crate) const INSIDE: &str = "!/";
/// Files inside one file, however deep.
const MAX_INSIDE: u64 = 20_000;
/// Archives inside archives: those below this depth are not opened.
pub(crate) const MAX_DEPTH: usize = 4;

/// The place of a file inside another; `taken` are those of its siblings.
pub(crate) fn place_inside(place: &str, name: &str, taken: &BTreeSet<String>) -> String {
    // A name cannot look like a place inside another file.
    let first = format!("{place}{INSIDE}{}", name.replace(INSIDE, "!_"));
    if !taken.contains(&first) {
        return first;
    }
    // Among one more than there are, one is free.
    (2..=taken.len() + 2)
        .map(|number| format!("{first} ({number})"))
        .find(|place| !taken.contains(place))
        .unwrap_or(first)
}

/// Whether a file at this place is too deep inside others to be opened further.
pub(crate) fn is_too_deep(place: &str) -> bool {
    place.matches(INSIDE).count() >= MAX_DEPTH
}

/// What to tell of files that are too deep inside others.
pub(crate) fn too_deep(attachments: &[Attachment]) -> Problem {
    Problem {
        page: None,
        message: format!(
            "{} files in it were not read: they are more than {MAX_DEPTH} files deep inside others",
            attachments.len()
        ),
    }
}

impl Library {
    /// Takes in the files that were found in a document, and removes those that were in it and
    /// are no more. Gives what its owner should know; nothing if the document was removed or
    /// replaced meanwhile.
    pub(super) async fn take_attachments(
        &self,
        work: &Work,
        attachments: Vec<Attachment>,
    ) -> Result<Option<Vec<Problem>>, LibraryError> {
        let Some(parent) = self.catalogue.entry(work.id).await? else {
            return Ok(None);
        };
        let known: Vec<_> = self
            .catalogue
            .inside(work.id)
            .await?
            .into_iter()
            .filter(|entry| entry.parent == Some(work.id))
            .collect();
        let outermost = parent.place.split(INSIDE).next().unwrap_or_default();
        let room = MAX_INSIDE.saturating_sub(self.catalogue.count_inside(outermost).await?);
        let (mut attachments, mut problems) =
            if is_too_deep(&parent.place) && !attachments.is_empty() {
                (Vec::new(), vec![too_deep(&attachments)])
            } else {
                (attachments, Vec::new())
            };
        let room = usize::try_from(room).unwrap_or(usize::MAX) + known.len();
        if attachments.len() > room {
            problems.push(Problem {
                page: None,
                message: format!(
                    "{} files in it were not read: {MAX_INSIDE} files inside one are the most that are",
                    attachments.len() - room
                ),
            });
            attachments.truncate(room);
        }
        let mut places = BTreeSet::new();
        for attachment in attachments {
            let place = place_inside(&parent.place, &attachment.name, &places);
            places.insert(place.clone());
            if !self.take_attachment(work, place, attachment).await? {
                return Ok(None);
            }
        }
        {
            let _changing = self.changing.lock().await;
            let parent = self.catalogue.entry(work.id).await?;
            if parent.is_none_or(|parent| parent.version != work.version) {
                return Ok(None);
            }
            for gone in known.iter().filter(|entry| !places.contains(&entry.place)) {
                self.catalogue.mark_deleting(gone.id).await?;
            }
        }
        self.remove_marked().await?;
        Ok(Some(problems))
    }

    /// Takes in one file, unless the document that it came in is not wanted any more.
    async fn take_attachment(
        &self,
        work: &Work,
        place: String,
        attachment: Attachment,
    ) -> Result<bool, LibraryError> {
        let _arriving = self.arriving.read().await;
        let folder = self.folder.join("originals");
        let file_name = attachment.name.rsplit('/').next().unwrap_or_default();
        let file_name = file_name.to_owned();
        let kept = tokio::task::spawn_blocking(move || -> Result<_, LibraryError> {
            let mut file =
                tempfile::NamedTempFile::new_in(&folder).map_err(LibraryError::io(&folder))?;
            file.write_all(&attachment.bytes)
                .map_err(LibraryError::io(file.path()))?;
            keep_original(&folder, file.path())
        });
        let (version, size) = kept
            .await
            .map_err(|error| BackendError::new("keeping an attachment failed", error))??;
        let _changing = self.changing.lock().await;
        let parent = self.catalogue.entry(work.id).await?;
        let Some(parent) = parent.filter(|parent| parent.version == work.version) else {
            return Ok(false);
        };
        let document = NewDocument {
            place,
            file_name,
            path: self.original_path(version),
            readers: parent.readers,
            parent: Some(work.id),
            lane: parent.lane,
            metadata: MetadataChange::default(),
            // Who packs protected files often protects what they are packed in alike.
            passwords: parent.passwords,
        };
        let id = self.catalogue.id_at(&document.place).await?;
        let known = self.catalogue.entry(id).await?;
        let arriving = Arriving {
            id,
            document: &document,
            version,
            size,
            // It is in the collection of what it came in, until a person says otherwise.
            metadata: known.map_or_else(|| parent.metadata.inherited(), |entry| entry.metadata),
        };
        if !self.catalogue.submit(&arriving).await? {
            self.submitted();
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_name_have_places_of_their_own() {
        let mut taken = BTreeSet::new();
        for expected in ["a.zip!/b/c.pdf", "a.zip!/b/c.pdf (2)", "a.zip!/b/c.pdf (3)"] {
            let place = place_inside("a.zip", "b/c.pdf", &taken);
            assert_eq!(place, expected);
            taken.insert(place);
        }
        let sly = place_inside("a.zip", "b.eml!/c.md", &taken);
        assert_ne!(sly, place_inside("a.zip!/b.eml", "c.md", &taken));
        assert!(!is_too_deep("a.zip!/b.zip!/c.zip"));
        assert!(is_too_deep("a.zip!/b.zip!/c.zip!/d.zip!/e.zip"));
    }
}
