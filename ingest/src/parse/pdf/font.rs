//! Fonts: how a string is cut into codes, what each code says, and how wide it is.

use std::collections::HashMap;
use std::rc::Rc;

use hayro_cmap::{BfString, CMap, CMapName, CidFamily, WritingMode, load_embedded};
use lopdf::{Dictionary, Document as Pdf, Object, ObjectId};

use super::embedded;
use super::encoding::{self, Characters};
use super::standard::Family;
use super::widths::{composite_widths, listed_widths, vertical};

/// Bytes of a table of characters that are read.
const MAX_MAP: usize = 4 << 20;
/// Fonts of one file: a file that has more is made to have them.
const MAX_FONTS: usize = 20_000;

/// The fonts of a file, each read once.
#[derive(Debug, Default)]
pub(super) struct Fonts {
    known: HashMap<ObjectId, Option<Rc<Font>>>,
    /// Those that stand in the resources themselves, by where.
    direct: HashMap<(usize, Vec<u8>), Option<Rc<Font>>>,
    read: usize,
}

impl Fonts {
    /// The font that resources call `name`.
    pub(super) fn get(&mut self, pdf: &Pdf, fonts: &Dictionary, name: &[u8]) -> Option<Rc<Font>> {
        let object = fonts.get(name).ok()?;
        let id = object.as_reference().ok();
        // The file is not changed while it is read, so that a place in memory is a name too.
        let place = (std::ptr::from_ref(object).addr(), name.to_vec());
        let known = match id {
            Some(id) => self.known.get(&id),
            None => self.direct.get(&place),
        };
        if let Some(font) = known {
            return font.clone();
        }
        self.read += 1;
        if self.read > MAX_FONTS {
            return None;
        }
        let font = pdf
            .dereference(object)
            .ok()
            .and_then(|(_, object)| object.as_dict().ok())
            .map(|dictionary| Rc::new(Font::read(pdf, dictionary)));
        match id {
            Some(id) => self.known.insert(id, font.clone()),
            None => self.direct.insert(place, font.clone()),
        };
        font
    }
}

/// A code of a string.
#[derive(Clone, Copy, Debug)]
pub(super) struct Code {
    pub(super) value: u32,
    pub(super) length: u8,
    /// For composite fonts: the character's number in its collection.
    cid: u32,
}

/// A font. Lengths are shares of the font's size.
#[derive(Debug)]
pub(super) struct Font {
    to_unicode: Option<CMap>,
    kind: Kind,
    widths: HashMap<u32, f32>,
    default_width: f32,
    pub(super) ascent: f32,
    pub(super) descent: f32,
    /// The height of its characters, which is not 1 where a font has a space of its own.
    pub(super) em: f32,
    pub(super) bold: bool,
    /// For vertical writing: where a character stands above its origin, and the step down.
    pub(super) vertical: Option<(f32, f32)>,
}

#[derive(Debug)]
enum Kind {
    /// One byte a character; what each byte is.
    Simple(Characters),
    /// Codes of any length, by way of a character collection.
    Composite {
        encoding: Box<CMap>,
        /// The collection's own table of Unicode.
        collection: Option<Box<CMap>>,
        /// The codes are Unicode themselves.
        is_unicode: bool,
        /// What the glyphs are, where the font alone knows.
        glyphs: HashMap<u32, String>,
    },
}

impl Font {
    fn read(pdf: &Pdf, font: &Dictionary) -> Self {
        let name = |key: &[u8]| {
            font.get_deref(key, pdf)
                .and_then(Object::as_name)
                .unwrap_or(b"")
        };
        let to_unicode = font
            .get_deref(b"ToUnicode", pdf)
            .ok()
            .and_then(|object| object.as_stream().ok())
            .and_then(|stream| stream.get_plain_content_with_limit(MAX_MAP).ok())
            .and_then(|bytes| CMap::parse(&bytes, load_embedded));
        let subtype = name(b"Subtype");
        let descendant = (subtype == b"Type0")
            .then(|| {
                font.get_deref(b"DescendantFonts", pdf)
                    .ok()?
                    .as_array()
                    .ok()?
                    .first()
            })
            .flatten()
            .and_then(|object| pdf.dereference(object).ok()?.1.as_dict().ok());
        let lower = String::from_utf8_lossy(name(b"BaseFont"))
            .to_lowercase()
            .replace(' ', "");
        let own = descendant.unwrap_or(font);
        let descriptor = own
            .get_deref(b"FontDescriptor", pdf)
            .ok()
            .and_then(|object| object.as_dict().ok());
        let number = |key: &[u8]| descriptor?.get_deref(key, pdf).ok()?.as_float().ok();
        let bold = ["bold", "black", "heavy", "demi"]
            .iter()
            .any(|word| lower.contains(word))
            || number(b"FontWeight").is_some_and(|weight| weight >= 600.0);
        let within = |value: Option<f32>, usual: f32, least: f32, most: f32| {
            value
                .map(|value| value * 0.001)
                .filter(|value| *value >= least && *value <= most)
                .unwrap_or(usual)
        };
        let mut read = Self {
            to_unicode,
            kind: Kind::Simple(Vec::new()),
            widths: HashMap::new(),
            default_width: 0.0,
            ascent: within(number(b"Ascent"), 0.8, 0.3, 1.5),
            descent: within(number(b"Descent"), -0.2, -0.8, -0.01),
            em: 1.0,
            bold,
            vertical: None,
        };
        if let Some(descendant) = descendant {
            (read.widths, read.default_width) = composite_widths(pdf, descendant);
            let has_map = read.to_unicode.is_some();
            read.kind = composite(pdf, font, descendant, descriptor, has_map, &lower);
            if let Kind::Composite { encoding, .. } = &read.kind
                && encoding.metadata().writing_mode == Some(WritingMode::Vertical)
            {
                read.vertical = Some(vertical(pdf, descendant));
            }
            return read;
        }
        let family = Family::of(&lower);
        let characters = encoding::simple(pdf, font, descriptor, family);
        if subtype == b"Type3" {
            read.measure_type3(pdf, font);
        } else {
            read.measure_simple(pdf, font, family, &characters, number(b"MissingWidth"));
        }
        read.kind = Kind::Simple(characters);
        read
    }

    fn measure_simple(
        &mut self,
        pdf: &Pdf,
        font: &Dictionary,
        family: Family,
        characters: &Characters,
        missing: Option<f32>,
    ) {
        if let Some(widths) = listed_widths(pdf, font, 0.001) {
            self.widths = widths;
            self.default_width = missing.unwrap_or(0.0) * 0.001;
            return;
        }
        self.default_width = missing.map_or(0.556, |width| width * 0.001);
        self.widths = match family.own_codes() {
            Some(codes) => codes
                .map(|(code, width, _)| (u32::from(code), width))
                .collect(),
            None => (0_u32..)
                .zip(characters)
                .filter_map(|(code, text)| {
                    let mut chars = text.as_ref()?.chars();
                    let width = match (chars.next()?, chars.next()) {
                        (char, None) => family.width(char),
                        ('f', Some('i')) => family.width('\u{FB01}'),
                        ('f', Some('l')) => family.width('\u{FB02}'),
                        _ => None,
                    };
                    Some((code, width?))
                })
                .collect(),
        };
    }

    /// A font whose glyphs are drawings in a space of their own.
    fn measure_type3(&mut self, pdf: &Pdf, font: &Dictionary) {
        let numbers = |key: &[u8]| -> Vec<f32> {
            font.get_deref(key, pdf)
                .and_then(Object::as_array)
                .map(|values| {
                    values
                        .iter()
                        .filter_map(|value| pdf.dereference(value).ok()?.1.as_float().ok())
                        .collect()
                })
                .unwrap_or_default()
        };
        let (across, down) = match numbers(b"FontMatrix")[..] {
            [a, _, _, d, ..] if a != 0.0 && d != 0.0 => (a.abs(), d),
            _ => (0.001, 0.001),
        };
        self.widths = listed_widths(pdf, font, across).unwrap_or_default();
        let widest = self.widths.values().copied().fold(0.0, f32::max);
        let (low, high) = match numbers(b"FontBBox")[..] {
            [_, low, _, high] if ((high - low) * down).abs() > 0.4 * widest => {
                (low * down, high * down)
            }
            _ => {
                // The box says nothing: glyphs are about as high as the widest is wide.
                let height = if widest > 0.0 { widest } else { 1.0 };
                (-0.2 * height * down.signum(), 0.8 * height * down.signum())
            }
        };
        self.em = (high - low).abs();
        (self.descent, self.ascent) = (low.min(high), low.max(high));
    }

    /// The codes of a string, in order.
    pub(super) fn codes(&self, text: &[u8]) -> Vec<Code> {
        let Kind::Composite { encoding, .. } = &self.kind else {
            return text
                .iter()
                .map(|byte| Code {
                    value: u32::from(*byte),
                    length: 1,
                    cid: u32::from(*byte),
                })
                .collect();
        };
        let mut codes = Vec::with_capacity(text.len() / 2);
        let mut rest = text;
        while !rest.is_empty() {
            let mut value = 0;
            let found = (1_u8..=4).zip(rest).find_map(|(length, byte)| {
                value = value << 8 | u32::from(*byte);
                encoding
                    .lookup_cid_code(value, length)
                    .map(|cid| Code { value, length, cid })
            });
            let code = found.unwrap_or_else(|| {
                let length = rest.len().min(2);
                let value = rest[..length]
                    .iter()
                    .fold(0, |value, byte| value << 8 | u32::from(*byte));
                Code {
                    value,
                    length: if length == 2 { 2 } else { 1 },
                    cid: 0,
                }
            });
            rest = &rest[usize::from(code.length).min(rest.len())..];
            codes.push(code);
        }
        codes
    }

    /// The width of a character.
    pub(super) fn width(&self, code: &Code) -> f32 {
        self.widths
            .get(&code.cid)
            .copied()
            .unwrap_or(self.default_width)
    }

    /// The text of a character; `None` if nothing says what it is.
    pub(super) fn text(&self, code: &Code) -> Option<String> {
        let mapped = self
            .to_unicode
            .as_ref()
            .and_then(|map| map.lookup_bf_string(code.value))
            .map(string)
            .filter(|text| !text.chars().all(|char| matches!(char, '\0' | '\u{FFFD}')));
        mapped.or_else(|| self.own_text(code)).map(plain_letters)
    }

    fn own_text(&self, code: &Code) -> Option<String> {
        match &self.kind {
            Kind::Simple(characters) => characters
                .get(usize::try_from(code.value).ok()?)
                .cloned()
                .flatten(),
            Kind::Composite {
                is_unicode: true, ..
            } => char::from_u32(code.value)
                .filter(|char| *char != '\0')
                .map(String::from),
            Kind::Composite {
                collection, glyphs, ..
            } => collection
                .as_ref()
                .and_then(|map| map.lookup_bf_string(code.cid))
                .map(string)
                .or_else(|| glyphs.get(&code.cid).cloned()),
        }
    }
}

fn string(found: BfString) -> String {
    match found {
        BfString::Char(char) => char.to_string(),
        BfString::String(text) => text,
    }
}

/// Letters that are printed as one glyph, written out; marks of lists in the private codes of
/// Symbol and Wingdings, as what they look like.
fn plain_letters(text: String) -> String {
    let plain = |char: char| {
        Some(match char {
            '\u{FB00}' => "ff",
            '\u{FB01}' => "fi",
            '\u{FB02}' => "fl",
            '\u{FB03}' => "ffi",
            '\u{FB04}' => "ffl",
            '\u{FB05}' | '\u{FB06}' => "st",
            '\u{F0B7}' => "•",
            '\u{F0A7}' | '\u{F06E}' => "▪",
            '\u{F0D8}' => "▶",
            '\u{F0FC}' => "✓",
            _ => return None,
        })
    };
    if text.chars().all(|char| plain(char).is_none()) {
        return text;
    }
    let mut letters = String::with_capacity(text.len());
    for char in text.chars() {
        match plain(char) {
            Some(plain) => letters.push_str(plain),
            None => letters.push(char),
        }
    }
    letters
}

fn composite(
    pdf: &Pdf,
    font: &Dictionary,
    descendant: &Dictionary,
    descriptor: Option<&Dictionary>,
    has_map: bool,
    base: &str,
) -> Kind {
    let info = descendant
        .get_deref(b"CIDSystemInfo", pdf)
        .ok()
        .and_then(|object| object.as_dict().ok());
    let part = |key: &[u8]| {
        info.and_then(|info| info.get_deref(key, pdf).ok()?.as_str().ok())
            .unwrap_or(b"")
    };
    let family = CidFamily::from_registry_ordering(part(b"Registry"), part(b"Ordering"));
    let encoding = font.get_deref(b"Encoding", pdf).ok();
    let name = encoding
        .and_then(|object| object.as_name().ok())
        .unwrap_or(b"");
    let parse = |bytes: &[u8]| CMap::parse(bytes, load_embedded);
    let map = match encoding {
        Some(Object::Stream(stream)) => stream
            .get_plain_content_with_limit(MAX_MAP)
            .ok()
            .and_then(|bytes| parse(&bytes)),
        _ if name == b"Identity-V" => Some(CMap::identity_v()),
        _ if name == b"Identity-H" || name.is_empty() => None,
        _ => load_embedded(CMapName::from_bytes(name)).and_then(parse),
    };
    // A font whose table of characters is called `Identity` has Unicode for codes.
    let is_identity = font
        .get_deref(b"ToUnicode", pdf)
        .and_then(Object::as_name)
        .is_ok_and(|name| name.starts_with(b"Identity"));
    let is_unicode =
        is_identity || (name.starts_with(b"Uni") && (has(name, b"UCS2") || has(name, b"UTF16")));
    let collection = family
        .ucs2_cmap()
        .and_then(load_embedded)
        .and_then(parse)
        .map(Box::new);
    let glyphs = if has_map || collection.is_some() || is_unicode {
        HashMap::new()
    } else {
        descriptor
            .and_then(|descriptor| {
                if [&b"FontFile"[..], b"FontFile2", b"FontFile3"]
                    .iter()
                    .all(|key| descriptor.get(key).is_err())
                {
                    return Some(windows_glyphs(base));
                }
                embedded::composite_glyphs(pdf, descendant, descriptor)
            })
            .unwrap_or_default()
    };
    Kind::Composite {
        encoding: Box::new(map.unwrap_or_else(CMap::identity_h)),
        collection,
        is_unicode,
        glyphs,
    }
}

/// The glyphs of ASCII in fonts that come with Windows, which number them from 3. A file that
/// names such a font and carries neither it nor what its glyphs are can be read no other way.
fn windows_glyphs(base: &str) -> HashMap<u32, String> {
    const FONTS: &[&str] = &[
        "arial",
        "timesnewroman",
        "couriernew",
        "verdana",
        "tahoma",
        "georgia",
        "trebuchet",
    ];
    if !FONTS.iter().any(|font| base.contains(font)) {
        return HashMap::new();
    }
    (3_u32..)
        .zip(' '..='~')
        .map(|(glyph, char)| (glyph, char.to_string()))
        .collect()
}

fn has(name: &[u8], part: &[u8]) -> bool {
    name.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use lopdf::dictionary;

    use super::*;

    #[test]
    fn ligatures_and_private_marks_are_written_out() {
        assert_eq!(plain_letters("\u{FB03}".to_owned()), "ffi");
        assert_eq!(plain_letters("\u{F0B7}".to_owned()), "•");
        assert_eq!(plain_letters("가".to_owned()), "가");
    }

    #[test]
    fn a_standard_font_without_widths_has_those_of_its_metrics() {
        let pdf = Pdf::new();
        let font = Font::read(
            &pdf,
            &dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Times-Bold" },
        );
        let codes = font.codes(b"W\xAE");
        assert!((font.width(&codes[0]) - 1.0).abs() < 1e-6);
        assert!((font.width(&codes[1]) - 0.556).abs() < 1e-6);
        assert_eq!(font.text(&codes[1]).as_deref(), Some("fi"));
    }

    #[test]
    fn codes_are_unicode_where_the_table_is_called_identity() {
        let mut pdf = Pdf::new();
        let descendant = pdf.add_object(dictionary! {
            "Type" => "Font", "Subtype" => "CIDFontType2", "BaseFont" => "Arial",
        });
        let font = Font::read(
            &pdf,
            &dictionary! {
                "Type" => "Font", "Subtype" => "Type0", "BaseFont" => "Arial", "Encoding" => "Identity-H",
                "ToUnicode" => "Identity-H", "DescendantFonts" => vec![descendant.into()],
            },
        );
        let codes = font.codes(
            "가A"
                .encode_utf16()
                .flat_map(u16::to_be_bytes)
                .collect::<Vec<_>>()
                .as_slice(),
        );
        let text: Option<String> = codes.iter().map(|code| font.text(code)).collect();
        assert_eq!(text.as_deref(), Some("가A"));
    }

    #[test]
    fn a_table_of_characters_that_lies_about_its_ranges_is_read_at_once() {
        let mut pdf = Pdf::new();
        let map = b"begincmap 1 begincodespacerange <00000000> <FFFFFFFF> endcodespacerange \
            2 beginbfrange <00000000> <FFFFFFFF> <0041> <0000> <FFFF> <AC00> endbfrange endcmap";
        let map = pdf.add_object(lopdf::Stream::new(dictionary! {}, map.to_vec()));
        let font = Font::read(
            &pdf,
            &dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "X", "ToUnicode" => map },
        );
        for code in font.codes(b"AB") {
            assert!(font.text(&code).is_some());
        }
    }
}
