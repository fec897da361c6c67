//! Who wrote a file and when: its dictionary `Info`, and its metadata in XML (XMP) for what is
//! not there.

use encoding_rs::EUC_KR;
use lopdf::{Document as Pdf, Object};

use super::super::xml::{self, MAX_PROPERTIES, MAX_TEXT, Piece, attribute, walk};
use super::text_string;
use crate::Properties;

/// Authors that the metadata may name.
const MAX_AUTHORS: usize = 50;

/// What a file says about itself.
pub(super) fn read(pdf: &Pdf) -> Properties {
    let said = info(pdf).unwrap_or_default();
    if said.author.is_some() && said.created.is_some() && said.modified.is_some() {
        return said;
    }
    said.or(metadata(pdf).unwrap_or_default())
}

fn info(pdf: &Pdf) -> Option<Properties> {
    let info = pdf.trailer.get_deref(b"Info", pdf).ok()?.as_dict().ok()?;
    let text = |key: &[u8]| {
        let bytes = info.get_deref(key, pdf).and_then(Object::as_str);
        bytes.map(name).unwrap_or_default()
    };
    Some(Properties::said(
        [text(b"Author")],
        &text(b"CreationDate"),
        &text(b"ModDate"),
    ))
}

/// A string of the file's properties. Where no mark says what it is, many programs write UTF-8
/// or, in Korea, EUC-KR, although only Latin 1 may stand there.
fn name(bytes: &[u8]) -> String {
    let bytes = &bytes[..bytes.len().min(MAX_TEXT)];
    let marked = encoding_rs::Encoding::for_bom(bytes).is_some();
    if !marked && !bytes.is_ascii() {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return text.to_owned();
        }
        if is_euc_kr(bytes) {
            return EUC_KR.decode_without_bom_handling(bytes).0.into_owned();
        }
    }
    text_string(bytes)
}

/// Whether all that is not ASCII is pairs of bytes that are syllables of Korean.
fn is_euc_kr(bytes: &[u8]) -> bool {
    let mut bytes = bytes.iter();
    while let Some(byte) = bytes.next() {
        let is_syllable = matches!(byte, 0xB0..=0xC8)
            && bytes
                .next()
                .is_some_and(|second| matches!(second, 0xA1..=0xFE));
        if !byte.is_ascii() && !is_syllable {
            return false;
        }
    }
    true
}

fn metadata(pdf: &Pdf) -> Option<Properties> {
    let stream = pdf.catalog().ok()?.get_deref(b"Metadata", pdf).ok()?;
    let stream = stream.as_stream().ok()?;
    let bytes = stream.get_plain_content_with_limit(MAX_PROPERTIES).ok()?;
    Some(xmp(&xml::text(bytes)))
}

/// What XMP says: properties are elements, or attributes of the element around them.
fn xmp(text: &str) -> Properties {
    let mut authors: Vec<String> = Vec::new();
    let (mut created, mut modified) = (String::new(), String::new());
    let mut open: Option<Property> = None;
    let _ = walk(
        text,
        "Metadata",
        |_, _| false,
        |piece| match piece {
            Piece::Start("Description", element) => {
                for (value, name) in [(&mut created, "CreateDate"), (&mut modified, "ModifyDate")] {
                    if value.is_empty() {
                        *value = attribute(element, name).unwrap_or_default();
                    }
                }
            }
            Piece::Start("CreateDate", _) if created.is_empty() => open = Some(Property::Created),
            Piece::Start("ModifyDate", _) if modified.is_empty() => open = Some(Property::Modified),
            Piece::Start("creator", _) => {
                open = Some(Property::Author);
                authors.push(String::new());
            }
            Piece::Start("li", _) if open == Some(Property::Author) => {
                authors.push(String::new());
            }
            Piece::End("CreateDate" | "ModifyDate" | "creator") => open = None,
            Piece::Text(text) => {
                let value = match open {
                    Some(Property::Created) => Some(&mut created),
                    Some(Property::Modified) => Some(&mut modified),
                    Some(Property::Author) if authors.len() <= MAX_AUTHORS => authors.last_mut(),
                    _ => None,
                };
                if let Some(value) = value.filter(|value| value.len() < MAX_TEXT) {
                    value.push_str(text);
                }
            }
            _ => {}
        },
    );
    Properties::said(authors, &created, &modified)
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Property {
    Author,
    Created,
    Modified,
}
