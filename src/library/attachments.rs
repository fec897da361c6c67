//! Files inside files: what an archive holds and what came with a message.
//!
//! Each is a document of its own, with pages, versions and citations of its own, for the readers
//! of the one that it came in. It goes when that one goes.

use std::collections::BTreeSet;
use std::io::Write as _;

use ingest::parse::Attachment;
use ingest::{BackendError, ContentHash, DocumentId, Problem};

use super::{Library, LibraryError, keep_original};
use crate::catalogue::{NewDocument, Work};

/// Stands between the place of a file and the name of one inside it.
pub(crate) const INSIDE: &str = "!/";
/// Archives inside archives: those below this depth are not opened.
pub(crate) const MAX_DEPTH: usize = 4;

/// The place of a file inside another; `taken` are those of its siblings.
pub(crate) fn place_inside(place: &str, name: &str, taken: &BTreeSet<String>) -> String {
    let first = format!("{place}{INSIDE}{name}");
    if !taken.contains(&first) {
        return first;
    }
    (2_u32..)
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
    /// are no more. Gives what its owner should know.
    pub(super) async fn take_attachments(
        &self,
        work: &Work,
        attachments: Vec<Attachment>,
    ) -> Result<Vec<Problem>, LibraryError> {
        let Some(parent) = self.catalogue.entry(work.id).await? else {
            return Ok(Vec::new());
        };
        let known: Vec<_> = self
            .catalogue
            .inside(work.id)
            .await?
            .into_iter()
            .filter(|entry| entry.parent == Some(work.id))
            .collect();
        let (attachments, problems) = if is_too_deep(&parent.place) && !attachments.is_empty() {
            (Vec::new(), vec![too_deep(&attachments)])
        } else {
            (attachments, Vec::new())
        };
        let mut places = BTreeSet::new();
        for attachment in attachments {
            let place = place_inside(&parent.place, &attachment.name, &places);
            places.insert(place.clone());
            if !self.take_attachment(work, place, attachment).await? {
                // It was removed or replaced meanwhile, and what is in it with it.
                return Ok(problems);
            }
        }
        for gone in known.iter().filter(|entry| !places.contains(&entry.place)) {
            self.delete_all(gone.id).await?;
        }
        Ok(problems)
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
        };
        let id = DocumentId::at(&document.place);
        if !self.enter(id, &document, version, size).await? {
            self.submitted();
        }
        Ok(true)
    }

    /// Puts a document into the catalogue; what came in it gets its readers at once. Gives whether
    /// it was there already, with the same content and rights.
    pub(super) async fn enter(
        &self,
        id: DocumentId,
        document: &NewDocument,
        version: ContentHash,
        size: u64,
    ) -> Result<bool, LibraryError> {
        let unchanged = self.catalogue.submit(id, document, version, size).await?;
        if unchanged {
            return Ok(true);
        }
        for inside in self.catalogue.inside(id).await? {
            if inside.readers != document.readers {
                let again = NewDocument {
                    place: inside.place,
                    file_name: inside.file_name,
                    path: self.original_path(inside.version),
                    readers: document.readers.clone(),
                    parent: inside.parent,
                };
                let size = inside.size;
                self.catalogue
                    .submit(inside.id, &again, inside.version, size)
                    .await?;
                self.submitted();
            }
        }
        Ok(false)
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
        assert!(!is_too_deep("a.zip!/b.zip!/c.zip"));
        assert!(is_too_deep("a.zip!/b.zip!/c.zip!/d.zip!/e.zip"));
    }
}
