//! Plain text: its encoding, and the structure that people give it with lines and numbers.
//!
//! Lines that were wrapped by an editor become one paragraph again; lists, tables set with
//! spaces and short lines (addresses, signatures) stay apart. Nothing is reordered or left
//! out but lines that only rule.

use std::collections::VecDeque;

use encoding_rs::{EUC_KR, Encoding, UTF_8};
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

use super::{ParseError, Parsed, Progress, sniff};
use crate::{DocumentBuilder, Problem};

/// A heading is a line; what is wider than this (in columns) is a sentence.
const MAX_HEADING_WIDTH: usize = 80;
/// Wrapped text has lines of about this many columns; longer ones were not wrapped.
const WRAPPED_WIDTHS: std::ops::RangeInclusive<usize> = 40..=130;

/// Bytes as text.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) text: String,
    /// Says so where some bytes were no text.
    pub(super) problem: Option<Problem>,
}

/// Bytes to text: by byte order mark, as UTF-8 if they are, as the encoding that the file
/// declares, or as the one that they look like.
pub(super) fn decode(bytes: &[u8], declared: Option<&'static Encoding>) -> Decoded {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return decode_as(encoding, &bytes[mark..]);
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && !text.contains('\0')
    {
        return Decoded {
            text: text.to_owned(),
            problem: None,
        };
    }
    if let Some(encoding) = sniff::utf_16_without_mark(bytes) {
        return decode_as(encoding, bytes);
    }
    // A file that is UTF-8 but for a few bytes is not of another encoding.
    let lossy = String::from_utf8_lossy(bytes);
    let replaced = lossy.chars().filter(|char| *char == '\u{FFFD}').count();
    let read = lossy.chars().filter(|char| !char.is_ascii()).count() - replaced;
    if replaced * 10 <= read {
        return decode_as(UTF_8, bytes);
    }
    if let Some(declared) = declared {
        return decode_as(declared, bytes);
    }
    if looks_korean(bytes) {
        return decode_as(EUC_KR, bytes);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    decode_as(detector.guess(None, Utf8Detection::Deny), bytes)
}

fn decode_as(encoding: &'static Encoding, bytes: &[u8]) -> Decoded {
    let (text, broken) = encoding.decode_without_bom_handling(bytes);
    let replaced = text.chars().filter(|char| *char == '\u{FFFD}').count();
    let problem = (broken && replaced > 0).then(|| {
        Problem::of_file(format!(
            "{replaced} {} no text in the encoding {} and {} shown as \u{FFFD}",
            if replaced == 1 { "place is" } else { "places are" },
            encoding.name(),
            if replaced == 1 { "is" } else { "are" },
        ))
    });
    Decoded {
        text: text.into_owned(),
        problem,
    }
}

/// Whether bytes that are not UTF-8 are EUC-KR or CP949: nearly all pairs are the usual
/// syllables. A few lines are enough for this, where a general detector needs more.
fn looks_korean(bytes: &[u8]) -> bool {
    let (mut syllables, mut others, mut pairs) = (0_usize, 0_usize, 0_usize);
    let mut index = 0;
    while let Some(&lead) = bytes.get(index) {
        if lead < 0x80 {
            index += 1;
            continue;
        }
        pairs += 1;
        match bytes.get(index + 1) {
            Some(0xA1..=0xFE) => {
                match lead {
                    0xB0..=0xC8 => syllables += 1,
                    0xA1..=0xAC => {}
                    _ => others += 1,
                }
                index += 2;
            }
            Some(b'A'..=b'Z' | b'a'..=b'z' | 0x81..=0xA0) if lead <= 0xC6 => {
                others += 1;
                index += 2;
            }
            _ => {
                others += 1;
                index += 1;
            }
        }
    }
    pairs > 0 && syllables * 10 >= pairs * 6 && others * 5 <= pairs
}

/// Reads plain text.
///
/// # Errors
/// Never: any bytes can be shown as text.
pub fn parse(bytes: &[u8], _progress: Progress<'_>) -> Result<Parsed, ParseError> {
    let decoded = decode(bytes, None);
    let mut builder = DocumentBuilder::default();
    let text = decoded.text.replace("\r\n", "\n").replace(['\r', '\u{C}', '\u{2028}'], "\n");
    push_text(&text, &mut builder);
    Ok((builder.finish(), decoded.problem.into_iter().collect()))
}
