//! DOCX: the text of a Word document with its headings, lists and tables.
//!
//! Read by hand from the parts of the ZIP container, without recursion and within limits.
//! Kept: inserted text, text boxes, footnotes and endnotes (after the text), the numbers
//! that Word makes for lists and articles. Left out: deleted and hidden text, comments,
//! headers and footers (they repeat on every page), the codes of fields.

use std::collections::HashMap;
use std::io::{Cursor, Read as _};

use encoding_rs::{Encoding, UTF_8};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::flow::{Grid, Item, MAX_NESTED_TABLES};
use super::{ParseError, Parsed, Progress, sniff};
use crate::{DocumentBuilder, Problem};

/// Bytes that one part of the container may have.
const MAX_PART: u64 = 100 << 20;
/// Bytes that all parts that are read may have.
const MAX_PARTS: u64 = 400 << 20;
/// Parts that the container may have.
const MAX_ENTRIES: usize = 10_000;
/// Styles build on others; a longer chain is a loop.
const MAX_STYLE_CHAIN: usize = 30;
/// Text boxes inside text boxes: below this depth they are part of the text around them.
const MAX_NESTED_BOXES: usize = 8;

/// Whether the bytes are a Word document.
pub(super) fn recognizes(bytes: &[u8], _file_name: &str) -> bool {
    sniff::is_zip(bytes)
        && ZipArchive::new(Cursor::new(bytes)).is_ok_and(|archive| {
            archive.file_names_raw().any(|name| {
                let name = part_name(name);
                name.starts_with("word/document")
                    && std::path::Path::new(&name).extension() == Some("xml".as_ref())
            })
        })
}

/// Reads a Word document.
///
/// # Errors
/// When it is encrypted, damaged, or over a limit.
pub fn parse(bytes: &[u8], progress: Progress<'_>) -> Result<Parsed, ParseError> {
    let mut container = Container::open(bytes)?;
    let mut problems = Vec::new();
    let main = container.main_part();
    let Some(text) = container.part(&main)? else {
        return Err(ParseError::Damaged {
            reason: format!("it has no part `{main}`"),
        });
    };
    let styles = container.part("word/styles.xml")?.unwrap_or_default();
    let styles = Styles::read(&styles);
    let numbering = container.part("word/numbering.xml")?.unwrap_or_default();
    let mut numbering = Numbering::read(&numbering);

    let mut builder = DocumentBuilder::default();
    if let Some(core) = container.part("docprops/core.xml")? {
        builder.title(&title(&core));
    }
    let mut body = Body::new(&styles, &mut numbering);
    if let Some(problem) = body.read(&text, &main) {
        if body.items.is_empty() {
            return Err(ParseError::Damaged { reason: problem });
        }
        problems.push(Problem::of_file(problem));
    }
    drop(text);
    for notes in ["word/footnotes.xml", "word/endnotes.xml"] {
        if let Some(text) = container.part(notes)?
            && let Some(problem) = body.read(&text, notes)
        {
            problems.push(Problem::of_file(problem));
        }
    }
    if body.embedded > 0 {
        problems.push(Problem::of_file(format!(
            "{} embedded in it {} not read",
            if body.embedded == 1 { "1 file".to_owned() } else { format!("{} files", body.embedded) },
            if body.embedded == 1 { "was" } else { "were" },
        )));
    }
    for item in body.items {
        item.push_to(&mut builder);
    }
    progress(1, Some(1));
    Ok((builder.finish(), problems))
}

/// The ZIP container, its parts found by name whatever the case.
struct Container<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    parts: HashMap<String, usize>,
    left: u64,
}

impl<'a> Container<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| ParseError::Damaged {
            reason: format!("its ZIP container cannot be read: {error}"),
        })?;
        if archive.len() > MAX_ENTRIES {
            return Err(ParseError::Limit {
                reason: format!(
                    "it has {} parts, and {MAX_ENTRIES} is the most that is read",
                    archive.len()
                ),
            });
        }
        let parts = archive
            .file_names_raw()
            .map(part_name)
            .enumerate()
            .map(|(index, name)| (name, index))
            .collect();
        Ok(Self {
            archive,
            parts,
            left: MAX_PARTS,
        })
    }

    /// Where the text is: what the container's relations say, or the usual place.
    fn main_part(&mut self) -> String {
        let usual = "word/document.xml";
        if self.parts.contains_key(usual) {
            return usual.to_owned();
        }
        let named = self.part("_rels/.rels").ok().flatten().and_then(|relations| {
            let mut target = None;
            each_element(&relations, |element, _| {
                if element.local_name().as_ref() == "Relationship"
                    && attribute(element, "Type").is_some_and(|kind| kind.ends_with("/officeDocument"))
                {
                    target = attribute(element, "Target");
                }
            });
            target.map(|target| target.trim_start_matches('/').to_lowercase())
        });
        named
            .filter(|name| self.parts.contains_key(name))
            .or_else(|| {
                let mut names: Vec<&String> = self
                    .parts
                    .keys()
                    .filter(|name| name.starts_with("word/document"))
                    .collect();
                names.sort();
                names.first().map(|name| (*name).clone())
            })
            .unwrap_or_else(|| usual.to_owned())
    }

    /// The text of a part, if there is one of this (lower case) name.
    fn part(&mut self, name: &str) -> Result<Option<String>, ParseError> {
        let Some(&index) = self.parts.get(name) else {
            return Ok(None);
        };
        let damaged = |error: &dyn std::fmt::Display| ParseError::Damaged {
            reason: format!("its part `{name}` cannot be read: {error}"),
        };
        if self
            .archive
            .by_index_data(index)
            .is_ok_and(|entry| entry.encrypted())
        {
            return Err(ParseError::Encrypted {
                reason: "its ZIP container needs a password".to_owned(),
            });
        }
        let part = self.archive.by_index(index).map_err(|error| damaged(&error))?;
        let limit = MAX_PART.min(self.left);
        let mut bytes = Vec::new();
        // What the container says about its size is not to be trusted.
        let read = part.take(limit + 1).read_to_end(&mut bytes);
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
            return Err(ParseError::Limit {
                reason: format!(
                    "its part `{name}` has more than {} MB",
                    limit >> 20
                ),
            });
        }
        // A part with a wrong checksum still says what it says.
        if let Err(error) = read
            && (bytes.is_empty() || error.kind() != std::io::ErrorKind::InvalidData)
        {
            return Err(damaged(&error));
        }
        self.left -= u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(Some(xml_text(bytes)))
    }
}

fn part_name(name: &[u8]) -> String {
    String::from_utf8_lossy(name)
        .replace('\\', "/")
        .trim_start_matches('/')
        .to_lowercase()
}

/// XML is UTF-8 unless a byte order mark or its first line says otherwise.
fn xml_text(bytes: Vec<u8>) -> String {
    if let Some((encoding, mark)) = Encoding::for_bom(&bytes) {
        return encoding.decode_without_bom_handling(&bytes[mark..]).0.into_owned();
    }
    if let Some(encoding) = sniff::utf_16_without_mark(&bytes) {
        return encoding.decode_without_bom_handling(&bytes).0.into_owned();
    }
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
    let declared = start
        .split_once("encoding=")
        .and_then(|(before, rest)| (!before.contains("?>")).then_some(rest))
        .and_then(|rest| rest.get(1..)?.split(['"', '\'']).next())
        .and_then(|label| Encoding::for_label(label.as_bytes()))
        // It was no UTF-16, whatever it says.
        .filter(|encoding| encoding.is_ascii_compatible() && *encoding != UTF_8);
    match declared {
        Some(encoding) => encoding.decode_without_bom_handling(&bytes).0.into_owned(),
        None => String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
    }
}

/// The value of an attribute by its name without prefix.
fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    element.attributes().with_checks(false).flatten().find_map(|attribute| {
        let key = attribute.key.as_ref();
        let key = key.rsplit_once(':').map_or(key, |(_, local)| local);
        if key != name {
            return None;
        }
        let value = quick_xml::escape::unescape(&attribute.value)
            .unwrap_or(std::borrow::Cow::Borrowed(&*attribute.value));
        Some(value.into_owned())
    })
}

/// Whether an element such as `<w:vanish/>` says yes.
fn is_on(element: &BytesStart<'_>) -> bool {
    !matches!(
        attribute(element, "val").as_deref(),
        Some("0" | "false" | "off" | "none")
    )
}

/// Calls `visit` with each element that begins, and the names of those around it, innermost
/// last. Ends at the first error: these parts are of help, but the text is read without them.
fn each_element(text: &str, mut visit: impl FnMut(&BytesStart<'_>, &[String])) {
    let mut reader = Reader::from_str(text);
    let mut around: Vec<String> = Vec::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => {
                visit(&element, &around);
                around.push(element.local_name().as_ref().to_owned());
            }
            Ok(Event::Empty(element)) => visit(&element, &around),
            Ok(Event::End(_)) => {
                around.pop();
            }
            Ok(Event::Eof) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

/// The title in the properties of the document.
fn title(core: &str) -> String {
    let mut reader = Reader::from_str(core);
    let mut inside = false;
    let mut title = String::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => inside = element.local_name().as_ref() == "title",
            Ok(Event::End(_)) => inside = false,
            Ok(Event::Text(text)) if inside => title.push_str(&text),
            Ok(Event::GeneralRef(name)) if inside => title.extend(reference(&name)),
            Ok(Event::Eof) | Err(_) => return title,
            Ok(_) => {}
        }
    }
}

/// The character that `&amp;` or `&#44032;` stands for. Entities that a document declares
/// itself are not expanded: they are how small files become large ones.
fn reference(name: &quick_xml::events::BytesRef<'_>) -> Option<char> {
    if name.is_char_ref() {
        return name.resolve_char_ref().ok().flatten();
    }
    match name.as_ref() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}
