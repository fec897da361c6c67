//! Sentences of Korean and English text.

use crate::{Document, Span};

/// The sentences of running `text`, as spans without white space at their ends.
#[must_use]
pub fn split(text: &str) -> Vec<Span> {
    let _ = text;
    Vec::new()
}

/// The sentences of `document` in order: those of its paragraphs, list items and headings; a
/// row of a table is one sentence; a line of preformatted text is one.
#[must_use]
pub fn of_document(document: &Document) -> Vec<Span> {
    let _ = document;
    Vec::new()
}
