//! HWP 5: the text of a document of the Korean word processor Hangul.
//!
//! A Compound File, whose streams are deflated records (`records`): `DocInfo` holds the
//! styles (`styles`), `BodyText/Section0` and so on the text (`section`), or `ViewText`
//! where the document is for distribution (`distribution`). Read by hand, without recursion
//! and within limits; what the text is made into is what HWPX is made into too
//! (`hangul`).

mod distribution;
mod records;
mod section;
mod styles;
mod summary;
#[cfg(test)]
mod tests;

use std::io::{Cursor, Read};

use cfb::CompoundFile;
use flate2::read::DeflateDecoder;

use super::hangul::{Body, numbering::Styles};
use super::{ParseError, Parsed, Progress, sniff};
use crate::{DocumentBuilder, Problem};
use records::{Records, tag};

/// What the stream `FileHeader` begins with.
const SIGNATURE: &[u8] = b"HWP Document File";
/// Bytes that one stream may inflate to.
const MAX_STREAM: u64 = 100 << 20;
/// Bytes that all streams may inflate to.
const MAX_STREAMS: u64 = 400 << 20;
/// Sections that a document may have.
const MAX_SECTIONS: u32 = 10_000;

type File<'a> = CompoundFile<Cursor<&'a [u8]>>;

/// Whether the bytes are a HWP 5 document.
pub(super) fn recognizes(bytes: &[u8], _file_name: &str) -> bool {
    if !bytes.starts_with(sniff::COMPOUND) {
        return false;
    }
    if let Ok(mut file) = CompoundFile::open(Cursor::new(bytes)) {
        return header(&mut file).is_some();
    }
    // A damaged one; an old Word document with a HWP document in it has more than that.
    let name = |name: &str| -> Vec<u8> { name.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    sniff::find(bytes, SIGNATURE).is_some()
        && sniff::find(bytes, &name("WordDocument")).is_none()
        && sniff::find(bytes, &name("Workbook")).is_none()
}

/// The properties that the stream `FileHeader` says.
fn header(file: &mut File<'_>) -> Option<u32> {
    let mut bytes = Vec::new();
    let stream = file.open_stream("/FileHeader").ok()?;
    stream.take(256).read_to_end(&mut bytes).ok()?;
    if !bytes.starts_with(SIGNATURE) {
        return None;
    }
    let properties = bytes.get(36..40)?.try_into().ok()?;
    Some(u32::from_le_bytes(properties))
}

/// Reads a HWP 5 document.
///
/// # Errors
/// When it needs a password, is under rights management, damaged, or over a limit.
pub fn parse(bytes: &[u8], progress: Progress<'_>) -> Result<Parsed, ParseError> {
    let damaged = |reason: String| ParseError::Damaged { reason };
    let mut file = CompoundFile::open(Cursor::new(bytes))
        .map_err(|error| damaged(format!("its Compound File cannot be read: {error}")))?;
    let properties = header(&mut file)
        .ok_or_else(|| damaged("its part `FileHeader` cannot be read".to_owned()))?;
    let has = |bit: u32| properties >> bit & 1 == 1;
    for (bit, reason) in [
        (1, "it is a HWP document that needs a password"),
        (4, "it is a HWP document under rights management (DRM)"),
        (8, "it is a HWP document encrypted with a certificate"),
        (
            10,
            "it is a HWP document under rights management by a certificate",
        ),
    ] {
        if has(bit) {
            return Err(ParseError::Encrypted {
                reason: reason.to_owned(),
            });
        }
    }
    let distributed = has(2);
    let mut streams = Streams {
        file,
        deflated: has(0),
        left: MAX_STREAMS,
    };
    let mut problems = Vec::new();
    let mut builder = DocumentBuilder::default();
    if let Ok(Some(summary)) = streams.bytes("/\u{5}HwpSummaryInformation") {
        let summary = summary::read(&summary);
        builder.title(&summary.title.unwrap_or_default());
        builder.properties(summary.properties);
    }
    let styles = match streams.records("/DocInfo", false) {
        Ok(Some((stream, _))) => styles::read(&stream),
        Ok(None) => Styles::default(),
        Err(error) => {
            problems.push(Problem::of_file(format!(
                "headings and numbers are missing, as its styles could not be read: {error}"
            )));
            Styles::default()
        }
    };

    let mut body = Body::new(styles);
    let folder = if distributed { "ViewText" } else { "BodyText" };
    let mut failed = None;
    let mut read = 0;
    for number in 0..MAX_SECTIONS {
        let name = format!("{folder}/Section{number}");
        let problem = match streams.records(&format!("/{name}"), distributed) {
            Ok(None) => break,
            Ok(Some((stream, problem))) => section::read(&stream, &name, &mut body).or(problem),
            Err(error @ ParseError::Limit { .. }) => return Err(error),
            Err(error) => {
                let message = error.to_string();
                failed.get_or_insert(error);
                Some(message)
            }
        };
        problems.extend(problem.map(Problem::of_file));
        read = number + 1;
        progress(read, None);
    }
    if read == 0 {
        return Err(damaged(format!("it has no part `{folder}/Section0`")));
    }
    if body.is_empty()
        && let Some(failed) = failed
    {
        return Err(failed);
    }
    body.finish(&mut builder, &mut problems);
    Ok(Parsed::new(builder.finish(), problems))
}

/// The records of a stream, and what is wrong with it if it ends early.
type Inflated = (Vec<u8>, Option<String>);

/// The streams of a file, within limits.
struct Streams<'a> {
    file: File<'a>,
    deflated: bool,
    left: u64,
}

impl Streams<'_> {
    /// The bytes of a stream, if there is one of this path.
    fn bytes(&mut self, path: &str) -> Result<Option<Vec<u8>>, ParseError> {
        if !self.file.is_stream(path) {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        let read = self
            .file
            .open_stream(path)
            .and_then(|stream| stream.take(MAX_STREAM + 1).read_to_end(&mut bytes));
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_STREAM {
            return Err(ParseError::Limit {
                reason: format!(
                    "its part `{}` has more than {} MB",
                    name(path),
                    MAX_STREAM >> 20
                ),
            });
        }
        match read {
            Err(error) if bytes.is_empty() => Err(ParseError::Damaged {
                reason: format!("its part `{}` cannot be read: {error}", name(path)),
            }),
            _ => Ok(Some(bytes)),
        }
    }

    /// A stream of records, inflated, and what is wrong with it.
    fn records(&mut self, path: &str, encrypted: bool) -> Result<Option<Inflated>, ParseError> {
        let Some(mut bytes) = self.bytes(path)? else {
            return Ok(None);
        };
        let damaged = |reason: &str| ParseError::Damaged {
            reason: format!("its part `{}` cannot be read: {reason}", name(path)),
        };
        if encrypted {
            bytes = distribution::decrypt(&bytes).map_err(|reason| damaged(&reason))?;
        }
        if !self.deflated {
            return Ok(Some((bytes, None)));
        }
        let limit = MAX_STREAM.min(self.left);
        let mut inflated = Vec::new();
        let result = DeflateDecoder::new(&*bytes)
            .take(limit + 1)
            .read_to_end(&mut inflated);
        let length = u64::try_from(inflated.len()).unwrap_or(u64::MAX);
        if length > limit {
            return Err(ParseError::Limit {
                reason: format!("its part `{}` has more than {} MB", name(path), limit >> 20),
            });
        }
        self.left -= length;
        match result {
            Ok(_) => Ok(Some((inflated, None))),
            // Some programs say that streams are deflated and do not deflate them.
            Err(_) if is_records(&bytes) => Ok(Some((bytes, None))),
            Err(error) if inflated.is_empty() => Err(damaged(&error.to_string())),
            Err(error) => Ok(Some((
                inflated,
                Some(format!(
                    "its part `{}` is damaged and was read up to there: {error}",
                    name(path)
                )),
            ))),
        }
    }
}

/// Whether a stream begins as one of records does: with the document's properties or a paragraph.
fn is_records(bytes: &[u8]) -> bool {
    let mut records = Records::new(bytes);
    records.next().is_some_and(|record| {
        record.level == 0 && matches!(record.tag, 0x10 | tag::PARA_HEADER) && !records.cut
    })
}

fn name(path: &str) -> &str {
    path.trim_start_matches(['/', '\u{5}'])
}
