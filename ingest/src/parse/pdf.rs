//! PDF: lopdf for the file, an own text layer with positions on it.

use super::{ParseError, Parsed};

/// Reads a PDF.
///
/// # Errors
/// When it is encrypted with a password, damaged beyond repair, or over a limit.
pub fn parse(
    bytes: &[u8],
    progress: &dyn Fn(u32, Option<u32>),
) -> Result<Parsed, ParseError> {
    let _ = (bytes, progress);
    Err(ParseError::Empty)
}
