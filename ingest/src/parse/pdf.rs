//! PDF: lopdf for the file, an own text layer with positions on it.
//!
//! | file | what it is for |
//! |---|---|
//! | `lexer.rs` | content of pages to operands and operators |
//! | `content.rs`, `path.rs`, `matrix.rs` | operators to characters and ruling lines with places |
//! | `annotations.rs` | fields of forms and notes, as part of the page |
//! | `layers.rs` | layers that are switched off |
//! | `font.rs`, `encoding.rs`, `embedded.rs`, `widths.rs`, `standard.rs` | codes of a font to Unicode and widths |
//! | `quality.rs` | whether a page can be read or needs its picture read |
//! | `words.rs`, `order.rs` | characters to words, and to lines in reading order |
//! | `rtl.rs` | lines that go to the left |
//! | `table.rs`, `layout.rs` | lines to tables and blocks |
//! | `outline.rs`, `files.rs`, `tree.rs` | the outline, labels of pages, files inside |
//! | `properties.rs` | who wrote it and when |
//!
//! Why not lopdf's own `extract_text`: it loses Korean and has no places. Every loop over
//! foreign data has a budget; a page that fails is a problem, not the end of the file.

mod annotations;
mod content;
mod embedded;
mod encoding;
mod files;
mod font;
mod layers;
mod layout;
mod lexer;
mod matrix;
mod order;
mod outline;
mod path;
mod properties;
mod quality;
mod rtl;
mod standard;
mod table;
mod tree;
mod widths;
mod words;

use lopdf::{Dictionary, Document as Pdf, Error, LoadOptions, Object, ObjectId};

use super::{ParseError, Parsed, Passwords, Progress};
use crate::{DocumentBuilder, Problem};
use content::Printed;
use layout::PageLayout;

/// Bytes that one stream may have once it is decompressed.
const MAX_STREAM: usize = if cfg!(test) { 4 << 20 } else { 64 << 20 };
/// Pages that are read.
const MAX_PAGES: usize = 20_000;
/// Parents that are looked up for what a page inherits.
const MAX_PARENTS: usize = 50;

/// Reads a PDF.
///
/// # Errors
/// When it is encrypted with a password, damaged beyond repair, or over a limit.
pub fn parse(
    bytes: &[u8],
    passwords: &Passwords,
    progress: Progress<'_>,
) -> Result<Parsed, ParseError> {
    let mut pdf = open(bytes, passwords)?;
    mend_streams(&mut pdf, bytes);
    let pdf = pdf;
    let mut problems = Vec::new();
    let mut pages: Vec<(u32, ObjectId)> = pdf.get_pages().into_iter().collect();
    if pages.is_empty() {
        pages = lost_pages(&pdf);
        problems.extend((!pages.is_empty()).then(|| {
            Problem::of_file("its list of pages is damaged: they may be out of order".to_owned())
        }));
    }
    if pages.is_empty() {
        return Err(ParseError::Damaged {
            reason: "it has no pages that can be read".to_owned(),
        });
    }
    if pages.len() > MAX_PAGES {
        return Err(ParseError::Limit {
            reason: format!(
                "it has {} pages, and {MAX_PAGES} is the most that is read",
                pages.len()
            ),
        });
    }
    let total = u32::try_from(pages.len()).ok();
    let layers = layers::Layers::of(&pdf);
    let mut outline = outline::outline(&pdf, &pages);
    let mut labels = outline::labels(&pdf, &pages);
    let mut fonts = font::Fonts::default();
    let mut layouts = Vec::with_capacity(pages.len());
    let mut lacking = Vec::new();
    let mut unreadable = 0;
    for (number, id) in &pages {
        let frame = Frame::of(&pdf, *id);
        let (mut printed, fault) = match content::read_page(&pdf, *id, &frame, &mut fonts, &layers)
        {
            Ok(printed) => {
                let fault = printed
                    .is_cut
                    .then(|| "is too large: only its beginning is read".to_owned());
                (printed, fault)
            }
            Err(reason) => (Printed::default(), Some(reason)),
        };
        let failed = fault.is_some();
        if let Some(fault) = fault {
            problems.push(Problem {
                page: Some(*number),
                message: format!("page {number} {fault}"),
            });
        }
        unreadable += printed.unreadable;
        if let Some(lack) = quality::judge(&mut printed) {
            lacking.push((*number, lack));
        } else if failed && printed.glyphs.is_empty() {
            lacking.push((*number, quality::Lack::Text));
        }
        let entries = outline.remove(number).unwrap_or_default();
        let size = (frame.width, frame.height);
        let mut layout = PageLayout::new(*number, size, printed, &entries);
        layout.label = labels.remove(number);
        layouts.push(layout);
        progress(*number, total);
    }
    if unreadable > 0 {
        problems.push(Problem::of_file(format!(
            "{unreadable} characters are in fonts that do not say which characters they are"
        )));
    }
    problems.extend(quality::problems(&lacking, pages.len()));
    let attachments = files::read(&pdf, &pages, &mut problems);
    let mut builder = DocumentBuilder::default();
    if let Some(title) = title(&pdf) {
        builder.title(&title);
    }
    builder.properties(properties::read(&pdf));
    layout::push_pages(layouts, &mut builder);
    Ok(Parsed {
        document: builder.finish(),
        problems,
        attachments,
        needs_ocr: lacking.into_iter().map(|(number, _)| number).collect(),
    })
}

/// The file, decrypted with the first password that fits: that of a user or of its owner.
fn open(bytes: &[u8], passwords: &Passwords) -> Result<Pdf, ParseError> {
    let pdf = load(bytes, None)?;
    if !pdf.is_encrypted() {
        return Ok(pdf);
    }
    let password = passwords
        .iter()
        .find(|password| pdf.authenticate_password(password).is_ok())
        .ok_or_else(|| passwords.refusal("it needs a password"))?;
    load(bytes, Some(password))
}

/// The file without its encryption.
pub(super) fn unlocked(bytes: &[u8], passwords: &Passwords) -> Result<Vec<u8>, ParseError> {
    let mut unlocked = Vec::new();
    open(bytes, passwords)?
        .save_to(&mut unlocked)
        .map_err(|error| ParseError::Damaged {
            reason: format!("it cannot be written without its encryption: {error}"),
        })?;
    Ok(unlocked)
}

fn load(bytes: &[u8], password: Option<&str>) -> Result<Pdf, ParseError> {
    let options = LoadOptions {
        password: password.map(str::to_owned),
        max_decompressed_size: Some(MAX_STREAM),
        ..LoadOptions::default()
    };
    Pdf::load_mem_with_options(bytes, options).map_err(|error| refusal(&error))
}

/// The pages of a file whose list of them leads to none, in the order of their numbers.
fn lost_pages(pdf: &Pdf) -> Vec<(u32, ObjectId)> {
    let pages = pdf.objects.iter().filter(|(_, object)| {
        object
            .as_dict()
            .is_ok_and(|dictionary| dictionary.has_type(b"Page") && dictionary.has(b"Contents"))
    });
    (1..).zip(pages.map(|(id, _)| *id)).collect()
}

/// Finds the bytes of streams that do not say how long they are.
fn mend_streams(pdf: &mut Pdf, bytes: &[u8]) {
    if pdf.was_encrypted() {
        return;
    }
    let mut left = MAX_STREAM;
    for object in pdf.objects.values_mut() {
        let Object::Stream(stream) = object else {
            continue;
        };
        let Some(rest) = stream
            .start_position
            .filter(|_| stream.content.is_empty())
            .and_then(|start| bytes.get(start..))
        else {
            continue;
        };
        let rest = &rest[..rest.len().min(left)];
        let end = b"endstream";
        if let Some(length) = rest.windows(end.len()).position(|window| window == end) {
            left -= length;
            let content = rest[..length].trim_ascii_end().to_vec();
            stream.set_content(content);
        } else {
            // What has no end is looked through once.
            left = 0;
        }
    }
}

fn refusal(error: &Error) -> ParseError {
    match error {
        Error::Decryption(error) => ParseError::Encrypted {
            reason: format!("it is encrypted in a way that cannot be read: {error}"),
        },
        Error::InvalidPassword | Error::AlreadyEncrypted => ParseError::Encrypted {
            reason: "it needs a password".to_owned(),
        },
        Error::Decompress(_) => ParseError::Limit {
            reason: format!(
                "a part of it has more than {} MB once decompressed",
                MAX_STREAM >> 20
            ),
        },
        other => ParseError::Damaged {
            reason: other.to_string(),
        },
    }
}

/// The title in the file's properties, unless it is a file's name.
fn title(pdf: &Pdf) -> Option<String> {
    let info = pdf.trailer.get_deref(b"Info", pdf).ok()?.as_dict().ok()?;
    let bytes = info.get_deref(b"Title", pdf).ok()?.as_str().ok()?;
    let title = text_string(bytes);
    let lower = title.trim().to_lowercase();
    let is_file = [
        ".doc", ".docx", ".hwp", ".pdf", ".xlsx", ".tex", ".indd", ".ppt", ".pptx",
    ]
    .iter()
    .any(|ending| lower.ends_with(ending));
    (!is_file
        && !lower.is_empty()
        && !matches!(lower.as_str(), "untitled" | "(anonymous)" | "제목 없음")
        && !lower.starts_with("microsoft word"))
    .then_some(title)
}

/// A string of the file's properties: UTF-16 or UTF-8 with a mark, or nearly Latin 1.
fn text_string(bytes: &[u8]) -> String {
    if let Some((encoding, length)) = encoding_rs::Encoding::for_bom(bytes) {
        return encoding
            .decode_without_bom_handling(&bytes[length..])
            .0
            .into_owned();
    }
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// How a page is shown: what part of it, turned how.
#[derive(Clone, Copy, Debug)]
struct Frame {
    /// Left, bottom, right, top of what is shown, before it is turned.
    area: [f32; 4],
    /// Quarter turns clockwise.
    turns: u8,
    width: f32,
    height: f32,
}

impl Frame {
    fn of(pdf: &Pdf, page: ObjectId) -> Self {
        let of = |key: &[u8]| inherited(pdf, page, key).and_then(|object| rectangle(pdf, object));
        // Without any it is of the size of A4, as those who draw it have it.
        let media = of(b"MediaBox").unwrap_or([0.0, 0.0, 595.0, 842.0]);
        // What is cropped to lies on the page, whatever its box says.
        let area = of(b"CropBox")
            .map(|crop| {
                [
                    crop[0].max(media[0]),
                    crop[1].max(media[1]),
                    crop[2].min(media[2]),
                    crop[3].min(media[3]),
                ]
            })
            .filter(|area| area[2] - area[0] > 1.0 && area[3] - area[1] > 1.0)
            .unwrap_or(media);
        let turn = inherited(pdf, page, b"Rotate")
            .and_then(|object| object.as_i64().ok())
            .unwrap_or(0);
        let turns = u8::try_from((turn / 90).rem_euclid(4)).unwrap_or(0);
        let (width, height) = (area[2] - area[0], area[3] - area[1]);
        let (width, height) = if turns % 2 == 1 {
            (height, width)
        } else {
            (width, height)
        };
        Self {
            area,
            turns,
            width,
            height,
        }
    }

    /// A place of the page as it is shown: from the top left, downwards.
    fn place(&self, x: f32, y: f32) -> (f32, f32) {
        let [left, bottom, right, top] = self.area;
        match self.turns {
            0 => (x - left, top - y),
            1 => (y - bottom, x - left),
            2 => (right - x, y - bottom),
            _ => (top - y, right - x),
        }
    }
}

fn rectangle(pdf: &Pdf, object: &Object) -> Option<[f32; 4]> {
    let values: Vec<f32> = object
        .as_array()
        .ok()?
        .iter()
        .filter_map(|value| pdf.dereference(value).ok()?.1.as_float().ok())
        .collect();
    let [a, b, c, d] = values[..] else {
        return None;
    };
    let area = [a.min(c), b.min(d), a.max(c), b.max(d)];
    let is_side = |length: f32| length > 1.0 && length.is_finite();
    (is_side(area[2] - area[0]) && is_side(area[3] - area[1])).then_some(area)
}

/// What a page says, or the nearest of its parents.
fn inherited<'a>(pdf: &'a Pdf, page: ObjectId, key: &[u8]) -> Option<&'a Object> {
    let mut node: &Dictionary = pdf.get_dictionary(page).ok()?;
    for _ in 0..MAX_PARENTS {
        if let Ok(object) = node.get_deref(key, pdf) {
            return Some(object);
        }
        node = node.get_deref(b"Parent", pdf).ok()?.as_dict().ok()?;
    }
    None
}

#[cfg(test)]
mod tests;
