//! HWPML: a document of the Korean word processor Hangul as one XML file, often named `.hwp`
//! or `.hml`.

use super::hangul::{Body, xml};
use super::xml::{first_text, text};
use super::{ParseError, Parsed, Progress, sniff};
use crate::DocumentBuilder;

/// How far into a file its first element is looked for.
const WINDOW: usize = 4096;

/// Whether the bytes are HWPML.
pub(super) fn recognizes(bytes: &[u8], _file_name: &str) -> bool {
    let window = &bytes[..bytes.len().min(WINDOW)];
    if sniff::find(window, b"H").is_none() {
        return false;
    }
    let start = text(window.to_vec());
    let start = start.trim_start_matches('\u{FEFF}').trim_start();
    start.starts_with('<')
        && start.find("<HWPML").is_some_and(|at| {
            // Only what an XML file may begin with stands before it.
            start[..at]
                .split('<')
                .skip(1)
                .all(|tag| tag.starts_with(['?', '!']))
                && start[at + 6..].starts_with([' ', '\t', '\r', '\n', '>'])
        })
}

/// Reads a HWPML document.
///
/// # Errors
/// When it is damaged before any of its text.
pub fn parse(bytes: &[u8], progress: Progress<'_>) -> Result<Parsed, ParseError> {
    let text = text(bytes.to_vec());
    let mut builder = DocumentBuilder::default();
    let head = text.find("<BODY").map_or(&*text, |end| &text[..end]);
    builder.title(&first_text(head, "TITLE"));
    let mut body = Body::new(xml::styles(&text));
    let mut problems = Vec::new();
    if let Some(problem) = xml::Section::default().read(&text, "HWPML", &mut body) {
        if body.is_empty() {
            return Err(ParseError::Damaged { reason: problem });
        }
        problems.push(crate::Problem::of_file(problem));
    }
    body.finish(&mut builder, &mut problems);
    progress(1, Some(1));
    Ok(Parsed::new(builder.finish(), problems))
}
