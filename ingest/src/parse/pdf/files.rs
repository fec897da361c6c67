//! Files inside a file: of a portfolio, or attached to a page.

use std::collections::HashSet;

use lopdf::{Dictionary, Document as Pdf, Error, Object, ObjectId};

use super::{MAX_STREAM, text_string, tree};
use crate::Problem;
use crate::parse::Attachment;
use crate::parse::attachments::safe_name;

/// Files that are handed out.
const MAX_FILES: usize = 200;
/// Bytes of all of them, once they are decompressed.
const MAX_BYTES: usize = MAX_STREAM;

/// The files, and what is to be told about those that were left out.
pub(super) fn read(
    pdf: &Pdf,
    pages: &[(u32, ObjectId)],
    problems: &mut Vec<Problem>,
) -> Vec<Attachment> {
    let mut files = Vec::new();
    let mut seen = HashSet::new();
    let mut left = MAX_BYTES;
    let mut unread = 0_usize;
    for (name, specification) in specifications(pdf, pages) {
        let Some((id, stream)) = stream(pdf, specification) else {
            continue;
        };
        if !seen.insert(id) {
            continue;
        }
        let name = [&b"UF"[..], b"F"]
            .iter()
            .find_map(|key| specification.get_deref(key, pdf).ok()?.as_str().ok())
            .map(text_string)
            .or(name)
            .unwrap_or_else(|| "attachment".to_owned());
        let name = safe_name(&name);
        if files.len() >= MAX_FILES {
            unread += 1;
            continue;
        }
        match stream.get_plain_content_with_limit(left) {
            Ok(bytes) => {
                left -= bytes.len();
                files.push(Attachment { name, bytes });
            }
            Err(Error::Decompress(_)) => unread += 1,
            Err(error) => {
                let message = format!("the file `{name}` in it cannot be read: {error}");
                problems.push(Problem::of_file(message));
            }
        }
    }
    if unread > 0 {
        problems.push(Problem::of_file(format!(
            "{unread} files in it are left out: it may hold {MAX_FILES} files of {} MB in all",
            MAX_BYTES >> 20
        )));
    }
    files
}

/// What says where files are: the file's own list, then the pages' pins.
fn specifications<'a>(
    pdf: &'a Pdf,
    pages: &[(u32, ObjectId)],
) -> Vec<(Option<String>, &'a Dictionary)> {
    let mut found = Vec::new();
    let listed = pdf
        .catalog()
        .ok()
        .and_then(|catalog| catalog.get_deref(b"Names", pdf).ok()?.as_dict().ok())
        .and_then(|names| names.get_deref(b"EmbeddedFiles", pdf).ok()?.as_dict().ok());
    if let Some(root) = listed {
        for (name, specification) in tree::entries(pdf, root, b"Names") {
            if let Ok((_, Object::Dictionary(specification))) = pdf.dereference(specification) {
                found.push((name.as_str().ok().map(text_string), specification));
            }
        }
    }
    for (_, page) in pages {
        let annotations = pdf
            .get_dictionary(*page)
            .and_then(|page| page.get_deref(b"Annots", pdf))
            .and_then(Object::as_array);
        for annotation in annotations.into_iter().flatten() {
            let pin = pdf
                .dereference(annotation)
                .ok()
                .and_then(|(_, annotation)| annotation.as_dict().ok())
                .filter(|annotation| {
                    annotation.get(b"Subtype").and_then(Object::as_name).ok()
                        == Some(b"FileAttachment")
                });
            if let Some(specification) =
                pin.and_then(|pin| pin.get_deref(b"FS", pdf).ok()?.as_dict().ok())
            {
                found.push((None, specification));
            }
        }
    }
    found
}

fn stream<'a>(
    pdf: &'a Pdf,
    specification: &'a Dictionary,
) -> Option<(ObjectId, &'a lopdf::Stream)> {
    let files = specification.get_deref(b"EF", pdf).ok()?.as_dict().ok()?;
    [&b"UF"[..], b"F", b"Unix", b"Mac", b"DOS"]
        .iter()
        .find_map(|key| {
            let (id, object) = pdf.dereference(files.get(key).ok()?).ok()?;
            Some((id?, object.as_stream().ok()?))
        })
}
