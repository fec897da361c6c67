//! What the glyphs of a font are that a file carries: asked where the file itself does not say.

use std::collections::HashMap;

use lopdf::{Dictionary, Document as Pdf, Object};
use ttf_parser::GlyphId;
use ttf_parser::cff::Table as Cff;

use super::encoding::glyph_name;

/// Bytes of a font file that are read.
const MAX_FONT: usize = 32 << 20;
/// Bytes of a Type 1 font's readable part, where its encoding stands.
const MAX_HEADER: usize = 256 << 10;

fn file(pdf: &Pdf, descriptor: &Dictionary, key: &[u8]) -> Option<Vec<u8>> {
    descriptor
        .get_deref(key, pdf)
        .ok()?
        .as_stream()
        .ok()?
        .get_plain_content_with_limit(MAX_FONT)
        .ok()
}

/// What the codes of a font are, as far as the names of its glyphs tell.
type Codes = HashMap<u8, Option<String>>;

/// What the codes of a simple font are by the font's own encoding.
pub(super) fn simple_codes(pdf: &Pdf, descriptor: &Dictionary) -> Option<Codes> {
    if let Some(bytes) = file(pdf, descriptor, b"FontFile") {
        return type1_codes(&bytes);
    }
    if let Some(bytes) = file(pdf, descriptor, b"FontFile3") {
        let table = match ttf_parser::Face::parse(&bytes, 0) {
            Ok(face) => face.tables().cff?,
            Err(_) => Cff::parse(&bytes)?,
        };
        return Some(
            (0..=255_u8)
                .filter_map(|code| {
                    let name = table.glyph_name(table.glyph_index(code)?)?;
                    Some((code, glyph_name(name)))
                })
                .collect(),
        );
    }
    symbolic_codes(&file(pdf, descriptor, b"FontFile2")?)
}

/// The codes of a Type 1 font: `dup 65 /A put` in its readable part.
fn type1_codes(bytes: &[u8]) -> Option<Codes> {
    let header = &bytes[..bytes.len().min(MAX_HEADER)];
    let start = find(header, b"/Encoding")? + b"/Encoding".len();
    let end = find(&header[start..], b"eexec").map_or(header.len(), |at| start + at);
    let text = String::from_utf8_lossy(&header[start..end]);
    let text = text.replace('/', " /");
    let mut words = text.split_ascii_whitespace();
    let mut codes = HashMap::new();
    let mut first = true;
    while let Some(word) = words.next() {
        if std::mem::take(&mut first) && word == "StandardEncoding" {
            return None;
        }
        match word {
            "dup" => {
                let (Some(code), Some(name)) = (words.next(), words.next()) else {
                    break;
                };
                let code = match code.split_once('#') {
                    Some((base, digits)) => base
                        .parse()
                        .ok()
                        .filter(|base| (2..=36).contains(base))
                        .and_then(|base| u8::from_str_radix(digits, base).ok()),
                    None => code.parse().ok(),
                };
                if let (Some(code), Some(name)) = (code, name.strip_prefix('/')) {
                    codes.insert(code, glyph_name(name));
                }
            }
            // `for {1 index exch /.notdef put}` comes before the codes, `readonly def` after.
            "readonly" | "currentdict" => break,
            "def" if !codes.is_empty() => break,
            _ => {}
        }
    }
    (!codes.is_empty()).then_some(codes)
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// What the codes of a symbolic TrueType font are, by the names of its glyphs.
fn symbolic_codes(bytes: &[u8]) -> Option<Codes> {
    let face = ttf_parser::Face::parse(bytes, 0).ok()?;
    let by_glyph = unicode_of_glyphs(&face);
    let codes = (0..=255_u8).filter_map(|code| {
        let glyph = face
            .tables()
            .cmap?
            .subtables
            .into_iter()
            .filter(|table| !table.is_unicode() || table.glyph_index(0xF000).is_some())
            .chain(face.tables().cmap?.subtables)
            .find_map(|table| {
                table
                    .glyph_index(u32::from(code))
                    .or_else(|| table.glyph_index(0xF000 + u32::from(code)))
            })?;
        let text = face.glyph_name(glyph).and_then(glyph_name).or_else(|| {
            by_glyph
                .get(&u32::from(glyph.0))
                .filter(|char| !('\u{E000}'..='\u{F8FF}').contains(*char))
                .map(char::to_string)
        })?;
        Some((code, Some(text)))
    });
    Some(codes.collect())
}

/// What the glyphs of a composite font are, by the number that a string gives them: the
/// embedded font's table of characters read backwards.
pub(super) fn composite_glyphs(
    pdf: &Pdf,
    descendant: &Dictionary,
    descriptor: &Dictionary,
) -> Option<HashMap<u32, String>> {
    if let Some(bytes) = file(pdf, descriptor, b"FontFile3") {
        let face = ttf_parser::Face::parse(&bytes, 0);
        let table = match &face {
            Ok(face) => {
                let glyphs = unicode_of_glyphs(face);
                if !glyphs.is_empty() {
                    return Some(
                        glyphs
                            .into_iter()
                            .map(|(glyph, char)| (glyph, char.to_string()))
                            .collect(),
                    );
                }
                face.tables().cff?
            }
            Err(_) => Cff::parse(&bytes)?,
        };
        return Some(
            (0..table.number_of_glyphs())
                .filter_map(|glyph| {
                    Some((
                        u32::from(glyph),
                        glyph_name(table.glyph_name(GlyphId(glyph))?)?,
                    ))
                })
                .collect(),
        );
    }
    let bytes = file(pdf, descriptor, b"FontFile2")?;
    let face = ttf_parser::Face::parse(&bytes, 0).ok()?;
    let mut glyphs = unicode_of_glyphs(&face)
        .into_iter()
        .map(|(glyph, char)| (glyph, char.to_string()))
        .collect::<HashMap<_, _>>();
    if glyphs.is_empty() {
        glyphs = (0..face.number_of_glyphs())
            .filter_map(|glyph| {
                Some((
                    u32::from(glyph),
                    glyph_name(face.glyph_name(GlyphId(glyph))?)?,
                ))
            })
            .collect();
    }
    let Some(map) = glyph_map(pdf, descendant) else {
        return Some(glyphs);
    };
    Some(
        (0_u32..)
            .zip(map.chunks_exact(2))
            .filter_map(|(cid, pair)| {
                let glyph = u32::from(u16::from_be_bytes([pair[0], pair[1]]));
                (glyph > 0)
                    .then(|| glyphs.get(&glyph).map(|text| (cid, text.clone())))
                    .flatten()
            })
            .collect(),
    )
}

/// The bytes of a table from numbers in strings to glyphs, two a number.
fn glyph_map(pdf: &Pdf, descendant: &Dictionary) -> Option<Vec<u8>> {
    match descendant.get_deref(b"CIDToGIDMap", pdf).ok()? {
        Object::Stream(stream) => stream.get_plain_content_with_limit(128 << 10).ok(),
        _ => None,
    }
}

fn unicode_of_glyphs(face: &ttf_parser::Face<'_>) -> HashMap<u32, char> {
    let mut glyphs: HashMap<u32, char> = HashMap::new();
    let Some(cmap) = face.tables().cmap else {
        return glyphs;
    };
    for table in cmap.subtables {
        if !table.is_unicode() {
            continue;
        }
        table.codepoints(|codepoint| {
            let Some(char) = char::from_u32(codepoint).filter(|char| !char.is_control()) else {
                return;
            };
            if let Some(glyph) = table.glyph_index(codepoint) {
                // Of two characters with one glyph, an ordinary one: not a private one, nor a
                // compatibility form.
                let rank = |char: char| {
                    (
                        ('\u{E000}'..='\u{F8FF}').contains(&char),
                        char >= '\u{F900}',
                        char,
                    )
                };
                glyphs
                    .entry(u32::from(glyph.0))
                    .and_modify(|known| {
                        if rank(char) < rank(*known) {
                            *known = char;
                        }
                    })
                    .or_insert(char);
            }
        });
    }
    glyphs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_1_font_says_its_codes() {
        let font = b"%!PS-AdobeFont-1.0: CMR10\n/Encoding 256 array\n0 1 255 {1 index exch /.notdef put} for\n\
            dup 12 /fi put\ndup 8#101/A put\ndup 300 /B put\nreadonly def\ndup 66 /C put currentfile eexec dup 67 /D put";
        let codes = type1_codes(font).unwrap();
        assert_eq!(codes.len(), 2);
        assert_eq!(codes[&12].as_deref(), Some("\u{FB01}"));
        assert_eq!(codes[&65].as_deref(), Some("A"));
        assert_eq!(type1_codes(b"/Encoding StandardEncoding def"), None);
    }

    #[test]
    fn a_broken_font_says_nothing() {
        assert_eq!(type1_codes(b"/Encoding dup 12"), None);
        assert!(symbolic_codes(b"\0\x01\0\0 no font").is_none());
    }
}
