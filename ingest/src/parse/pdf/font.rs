//! Codes of a font to Unicode and widths.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use hayro_cmap::{BfString, CMap, CMapName, CidFamily, load_embedded};
use lopdf::{Dictionary, Document as Pdf, Object, ObjectId};

/// Bytes of a font file or a table of characters that are read.
const MAX_FONT: usize = 32 << 20;
const MAX_MAP: usize = 4 << 20;
/// Widths of one font.
const MAX_WIDTHS: usize = 70_000;

/// The fonts of a file, each read once.
#[derive(Debug, Default)]
pub(super) struct Fonts {
    known: HashMap<ObjectId, Option<Rc<Font>>>,
    /// Characters that were left out because their font does not say what they are.
    pub(super) unreadable: usize,
}

impl Fonts {
    pub(super) fn get(&mut self, pdf: &Pdf, object: &Object) -> Option<Rc<Font>> {
        let id = object.as_reference().ok();
        if let Some(id) = id
            && let Some(font) = self.known.get(&id)
        {
            return font.clone();
        }
        let font = pdf
            .dereference(object)
            .ok()
            .and_then(|(_, object)| object.as_dict().ok())
            .map(|dictionary| Rc::new(Font::read(pdf, dictionary)));
        if let Some(id) = id {
            self.known.insert(id, font.clone());
        }
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

/// A font.
#[derive(Debug)]
pub(super) struct Font {
    to_unicode: Option<CMap>,
    kind: Kind,
    widths: HashMap<u32, f32>,
    default_width: f32,
    pub(super) ascent: f32,
    pub(super) descent: f32,
    pub(super) bold: bool,
}

#[derive(Debug)]
enum Kind {
    /// One byte a character; what each byte is.
    Simple(Vec<Option<String>>),
    /// Codes of any length, by way of a character collection.
    Composite {
        encoding: Box<CMap>,
        /// The collection's own table of Unicode.
        collection: Option<Box<CMap>>,
        /// The codes are Unicode themselves.
        is_unicode: bool,
        /// What the embedded font's glyphs are.
        glyphs: HashMap<u32, char>,
    },
}

impl Font {
    fn read(pdf: &Pdf, font: &Dictionary) -> Self {
        let name = |dictionary: &Dictionary, key: &[u8]| {
            dictionary
                .get_deref(key, pdf)
                .and_then(Object::as_name)
                .map(<[u8]>::to_vec)
                .unwrap_or_default()
        };
        let to_unicode = font
            .get_deref(b"ToUnicode", pdf)
            .ok()
            .and_then(|object| object.as_stream().ok())
            .and_then(|stream| stream.get_plain_content_with_limit(MAX_MAP).ok())
            .and_then(|bytes| CMap::parse(&bytes, load_embedded));
        let subtype = name(font, b"Subtype");
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
        let base = name(font, b"BaseFont");
        let own = descendant.unwrap_or(font);
        let descriptor = own
            .get_deref(b"FontDescriptor", pdf)
            .ok()
            .and_then(|object| object.as_dict().ok());
        let number = |key: &[u8]| descriptor?.get_deref(key, pdf).ok()?.as_float().ok();
        let lower = String::from_utf8_lossy(&base).to_lowercase();
        let bold = ["bold", "black", "heavy", "demi"]
            .iter()
            .any(|word| lower.contains(word))
            || number(b"FontWeight").is_some_and(|weight| weight >= 600.0);
        let scale = if subtype == b"Type3" {
            type3_scale(pdf, font)
        } else {
            0.001
        };
        let within = |value: Option<f32>, usual: f32, least: f32, most: f32| {
            value
                .map(|value| value * 0.001)
                .filter(|value| *value >= least && *value <= most)
                .unwrap_or(usual)
        };
        let ascent = within(number(b"Ascent"), 0.8, 0.3, 1.5);
        let descent = within(number(b"Descent"), -0.2, -0.8, -0.01);
        if let Some(descendant) = descendant {
            let (widths, default_width) = composite_widths(pdf, descendant);
            let kind = composite(pdf, font, descendant, descriptor, to_unicode.is_some());
            return Self {
                to_unicode,
                kind,
                widths,
                default_width,
                ascent,
                descent,
                bold,
            };
        }
        let (widths, default_width) =
            simple_widths(pdf, font, scale, &lower, number(b"MissingWidth"));
        let kind = Kind::Simple(simple_encoding(pdf, font, descriptor));
        Self {
            to_unicode,
            kind,
            widths,
            default_width,
            ascent,
            descent,
            bold,
        }
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

    /// The width of a character, as a share of the font's size.
    pub(super) fn width(&self, code: &Code) -> f32 {
        self.widths
            .get(&code.cid)
            .copied()
            .unwrap_or(self.default_width)
    }

    /// The text of a character; empty if the font does not say.
    pub(super) fn text(&self, code: &Code) -> String {
        if let Some(found) = self
            .to_unicode
            .as_ref()
            .and_then(|map| map.lookup_bf_string(code.value))
        {
            let text = match found {
                BfString::Char(char) => char.to_string(),
                BfString::String(text) => text,
            };
            if !text.chars().all(|char| char == '\0' || char == '\u{FFFD}') {
                return text;
            }
        }
        match &self.kind {
            Kind::Simple(characters) => usize::try_from(code.value)
                .ok()
                .and_then(|index| characters.get(index).cloned().flatten())
                .unwrap_or_default(),
            Kind::Composite {
                is_unicode: true, ..
            } => char::from_u32(code.value)
                .map(String::from)
                .unwrap_or_default(),
            Kind::Composite {
                collection, glyphs, ..
            } => {
                match collection
                    .as_ref()
                    .and_then(|map| map.lookup_bf_string(code.cid))
                {
                    Some(BfString::Char(char)) => char.to_string(),
                    Some(BfString::String(text)) => text,
                    None => glyphs
                        .get(&code.cid)
                        .map(ToString::to_string)
                        .unwrap_or_default(),
                }
            }
        }
    }
}

fn type3_scale(pdf: &Pdf, font: &Dictionary) -> f32 {
    font.get_deref(b"FontMatrix", pdf)
        .ok()
        .and_then(|object| object.as_array().ok()?.first()?.as_float().ok())
        .map(f32::abs)
        .filter(|scale| *scale > 0.0)
        .unwrap_or(0.001)
}

fn composite(
    pdf: &Pdf,
    font: &Dictionary,
    descendant: &Dictionary,
    descriptor: Option<&Dictionary>,
    has_map: bool,
) -> Kind {
    let info = descendant
        .get_deref(b"CIDSystemInfo", pdf)
        .ok()
        .and_then(|object| object.as_dict().ok());
    let part = |key: &[u8]| {
        info.and_then(|info| info.get_deref(key, pdf).ok()?.as_str().ok())
            .map(<[u8]>::to_vec)
            .unwrap_or_default()
    };
    let family = CidFamily::from_registry_ordering(&part(b"Registry"), &part(b"Ordering"));
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
    let is_unicode = name.starts_with(b"Uni") && (has(name, b"UCS2") || has(name, b"UTF16"));
    let collection = family
        .ucs2_cmap()
        .and_then(load_embedded)
        .and_then(parse)
        .map(Box::new);
    let glyphs = if has_map || collection.is_some() {
        HashMap::new()
    } else {
        descriptor
            .and_then(|descriptor| embedded_glyphs(pdf, descriptor))
            .unwrap_or_default()
    };
    Kind::Composite {
        encoding: Box::new(map.unwrap_or_else(CMap::identity_h)),
        collection,
        is_unicode,
        glyphs,
    }
}

fn has(name: &[u8], part: &[u8]) -> bool {
    name.windows(part.len()).any(|window| window == part)
}

/// What the glyphs of an embedded TrueType font are, by its own table read backwards.
fn embedded_glyphs(pdf: &Pdf, descriptor: &Dictionary) -> Option<HashMap<u32, char>> {
    let file = [&b"FontFile2"[..], b"FontFile3"]
        .iter()
        .find_map(|key| descriptor.get_deref(key, pdf).ok()?.as_stream().ok())?;
    let bytes = file.get_plain_content_with_limit(MAX_FONT).ok()?;
    let face = ttf_parser::Face::parse(&bytes, 0).ok()?;
    let mut glyphs = HashMap::new();
    for table in face.tables().cmap?.subtables {
        if !table.is_unicode() {
            continue;
        }
        table.codepoints(|codepoint| {
            if let (Some(glyph), Some(char)) =
                (table.glyph_index(codepoint), char::from_u32(codepoint))
            {
                glyphs.entry(u32::from(glyph.0)).or_insert(char);
            }
        });
    }
    Some(glyphs)
}

fn composite_widths(pdf: &Pdf, descendant: &Dictionary) -> (HashMap<u32, f32>, f32) {
    let default = descendant
        .get_deref(b"DW", pdf)
        .ok()
        .and_then(|object| object.as_float().ok())
        .unwrap_or(1000.0);
    let mut widths = HashMap::new();
    let entries = descendant
        .get_deref(b"W", pdf)
        .ok()
        .and_then(|object| object.as_array().ok());
    let mut entries = entries
        .into_iter()
        .flatten()
        .filter_map(|object| Some(pdf.dereference(object).ok()?.1));
    let cid = |object: &Object| {
        object
            .as_i64()
            .ok()
            .and_then(|value| u32::try_from(value).ok())
    };
    while let Some(first) = entries.next() {
        let (Some(first), Some(second)) = (cid(first), entries.next()) else {
            break;
        };
        if let Ok(list) = second.as_array() {
            for (cid, width) in (first..).zip(list).take(MAX_WIDTHS) {
                if let Some(width) = pdf
                    .dereference(width)
                    .ok()
                    .and_then(|(_, width)| width.as_float().ok())
                {
                    widths.insert(cid, width * 0.001);
                }
            }
        } else if let (Some(last), Some(width)) = (
            cid(second),
            entries.next().and_then(|width| width.as_float().ok()),
        ) {
            for cid in (first..=last).take(MAX_WIDTHS) {
                widths.insert(cid, width * 0.001);
            }
        }
        if widths.len() > MAX_WIDTHS {
            break;
        }
    }
    (widths, default * 0.001)
}

fn simple_widths(
    pdf: &Pdf,
    font: &Dictionary,
    scale: f32,
    name: &str,
    missing: Option<f32>,
) -> (HashMap<u32, f32>, f32) {
    let first = font
        .get_deref(b"FirstChar", pdf)
        .ok()
        .and_then(|object| object.as_i64().ok())
        .unwrap_or(0);
    let first = u32::try_from(first).unwrap_or(0);
    let listed = font
        .get_deref(b"Widths", pdf)
        .ok()
        .and_then(|object| object.as_array().ok());
    if let Some(listed) = listed {
        let widths = (first..)
            .zip(listed)
            .take(256)
            .filter_map(|(code, width)| {
                Some((
                    code,
                    pdf.dereference(width).ok()?.1.as_float().ok()? * scale,
                ))
            })
            .collect();
        return (widths, missing.unwrap_or(0.0) * scale);
    }
    // One of the fourteen fonts that every reader has.
    if name.contains("courier") {
        return (HashMap::new(), 0.6);
    }
    let widths = (32_u32..127)
        .zip(HELVETICA)
        .map(|(code, width)| (code, f32::from(width) * 0.001));
    let narrower = if name.contains("times") { 0.9 } else { 1.0 };
    (
        widths
            .map(|(code, width)| (code, width * narrower))
            .collect(),
        0.556 * narrower,
    )
}

/// Widths of Helvetica's characters from the space on, in thousandths (Adobe Core 14 metrics).
const HELVETICA: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

fn simple_encoding(
    pdf: &Pdf,
    font: &Dictionary,
    descriptor: Option<&Dictionary>,
) -> Vec<Option<String>> {
    let encoding = font.get_deref(b"Encoding", pdf).ok();
    let (base, differences) = match encoding {
        Some(Object::Name(name)) => (name.clone(), None),
        Some(Object::Dictionary(dictionary)) => (
            dictionary
                .get_deref(b"BaseEncoding", pdf)
                .and_then(Object::as_name)
                .map(<[u8]>::to_vec)
                .unwrap_or_default(),
            dictionary
                .get_deref(b"Differences", pdf)
                .ok()
                .and_then(|object| object.as_array().ok()),
        ),
        _ => (Vec::new(), None),
    };
    let table = if base == b"MacRomanEncoding" {
        encoding_rs::MACINTOSH
    } else {
        encoding_rs::WINDOWS_1252
    };
    let mut characters: Vec<Option<String>> = (0..=255_u8)
        .map(|byte| {
            let (text, _, failed) = table.decode(std::slice::from_ref(&byte));
            (byte >= 32 && !failed).then(|| text.into_owned())
        })
        .collect();
    // Type 1 fonts without an encoding that is named have the typographer's quotes here.
    if base.is_empty() && font.get(b"Subtype").and_then(Object::as_name).ok() == Some(b"Type1") {
        characters[0x27] = Some("’".to_owned());
        characters[0x60] = Some("‘".to_owned());
        for (code, text) in [
            (0xAE, "fi"),
            (0xAF, "fl"),
            (0xB7, "•"),
            (0xB1, "–"),
            (0xD0, "—"),
            (0xAA, "“"),
            (0xBA, "”"),
        ] {
            characters[code] = Some(text.to_owned());
        }
    }
    let is_symbolic = descriptor
        .and_then(|descriptor| descriptor.get_deref(b"Flags", pdf).ok()?.as_i64().ok())
        .is_some_and(|flags| flags & 4 != 0);
    if is_symbolic
        && differences.is_none()
        && base.is_empty()
        && let Some(embedded) = descriptor.and_then(|descriptor| symbolic(pdf, descriptor))
    {
        for (code, char) in embedded {
            if let Some(slot) = characters.get_mut(code) {
                *slot = Some(char.to_string());
            }
        }
    }
    let mut code = 0_usize;
    let mut seen = HashSet::new();
    for entry in differences.into_iter().flatten() {
        match pdf.dereference(entry).map(|(_, entry)| entry) {
            Ok(Object::Integer(next)) => code = usize::try_from(*next).unwrap_or(256),
            Ok(Object::Name(name)) => {
                if code < 256 && seen.insert(code) {
                    characters[code] = glyph_name(&String::from_utf8_lossy(name));
                }
                code += 1;
            }
            _ => {}
        }
    }
    characters
}

/// What the codes of an embedded symbolic TrueType font are.
fn symbolic(pdf: &Pdf, descriptor: &Dictionary) -> Option<Vec<(usize, char)>> {
    let bytes = descriptor
        .get_deref(b"FontFile2", pdf)
        .ok()?
        .as_stream()
        .ok()?
        .get_plain_content_with_limit(MAX_FONT)
        .ok()?;
    let face = ttf_parser::Face::parse(&bytes, 0).ok()?;
    let names = (0..=255_u32).filter_map(|code| {
        let glyph = face
            .tables()
            .cmap?
            .subtables
            .into_iter()
            .find_map(|table| {
                table
                    .glyph_index(code)
                    .or_else(|| table.glyph_index(0xF000 + code))
            })?;
        let text = glyph_name(face.glyph_name(glyph)?)?;
        Some((usize::try_from(code).ok()?, text.chars().next()?))
    });
    Some(names.collect())
}

/// The text of a glyph by its name (Adobe Glyph List, the part that Latin text needs).
fn glyph_name(name: &str) -> Option<String> {
    let name = name
        .split('.')
        .next()
        .filter(|name| !name.is_empty())
        .unwrap_or(name);
    let mut chars = name.chars();
    if let (Some(char), None) = (chars.next(), chars.next()) {
        return Some(char.to_string());
    }
    if let Ok(found) = NAMES.binary_search_by(|(known, _)| (*known).cmp(name)) {
        return Some(NAMES[found].1.to_owned());
    }
    let digits = name
        .strip_prefix("uni")
        .filter(|digits| digits.len() >= 4)
        .or_else(|| name.strip_prefix('u'))?;
    if name.starts_with("uni") && digits.len() % 4 == 0 {
        let units: Option<Vec<u16>> = (0..digits.len() / 4)
            .map(|part| u16::from_str_radix(digits.get(part * 4..part * 4 + 4)?, 16).ok())
            .collect();
        return String::from_utf16(&units?).ok();
    }
    (4..=6)
        .contains(&digits.len())
        .then(|| {
            u32::from_str_radix(digits, 16)
                .ok()
                .and_then(char::from_u32)
        })
        .flatten()
        .map(String::from)
}

/// Sorted by name.
const NAMES: &[(&str, &str)] = &[
    ("AE", "Æ"),
    ("Aacute", "Á"),
    ("Acircumflex", "Â"),
    ("Adieresis", "Ä"),
    ("Agrave", "À"),
    ("Alpha", "Α"),
    ("Aring", "Å"),
    ("Atilde", "Ã"),
    ("Beta", "Β"),
    ("Ccaron", "Č"),
    ("Ccedilla", "Ç"),
    ("Delta", "Δ"),
    ("Eacute", "É"),
    ("Ecircumflex", "Ê"),
    ("Edieresis", "Ë"),
    ("Egrave", "È"),
    ("Eth", "Ð"),
    ("Euro", "€"),
    ("Gamma", "Γ"),
    ("Iacute", "Í"),
    ("Icircumflex", "Î"),
    ("Idieresis", "Ï"),
    ("Igrave", "Ì"),
    ("Lambda", "Λ"),
    ("Lslash", "Ł"),
    ("Ntilde", "Ñ"),
    ("OE", "Œ"),
    ("Oacute", "Ó"),
    ("Ocircumflex", "Ô"),
    ("Odieresis", "Ö"),
    ("Ograve", "Ò"),
    ("Omega", "Ω"),
    ("Oslash", "Ø"),
    ("Otilde", "Õ"),
    ("Phi", "Φ"),
    ("Pi", "Π"),
    ("Psi", "Ψ"),
    ("Scaron", "Š"),
    ("Sigma", "Σ"),
    ("Theta", "Θ"),
    ("Thorn", "Þ"),
    ("Uacute", "Ú"),
    ("Ucircumflex", "Û"),
    ("Udieresis", "Ü"),
    ("Ugrave", "Ù"),
    ("Xi", "Ξ"),
    ("Yacute", "Ý"),
    ("Ydieresis", "Ÿ"),
    ("Zcaron", "Ž"),
    ("aacute", "á"),
    ("acircumflex", "â"),
    ("acute", "´"),
    ("adieresis", "ä"),
    ("ae", "æ"),
    ("agrave", "à"),
    ("alpha", "α"),
    ("ampersand", "&"),
    ("aring", "å"),
    ("arrowdown", "↓"),
    ("arrowleft", "←"),
    ("arrowright", "→"),
    ("arrowup", "↑"),
    ("asciicircum", "^"),
    ("asciitilde", "~"),
    ("asterisk", "*"),
    ("at", "@"),
    ("atilde", "ã"),
    ("backslash", "\\"),
    ("bar", "|"),
    ("beta", "β"),
    ("braceleft", "{"),
    ("braceright", "}"),
    ("bracketleft", "["),
    ("bracketright", "]"),
    ("brokenbar", "¦"),
    ("bullet", "•"),
    ("caron", "ˇ"),
    ("ccaron", "č"),
    ("ccedilla", "ç"),
    ("cedilla", "¸"),
    ("cent", "¢"),
    ("chi", "χ"),
    ("circumflex", "ˆ"),
    ("colon", ":"),
    ("comma", ","),
    ("copyright", "©"),
    ("currency", "¤"),
    ("dagger", "†"),
    ("daggerdbl", "‡"),
    ("degree", "°"),
    ("delta", "δ"),
    ("dieresis", "¨"),
    ("divide", "÷"),
    ("dollar", "$"),
    ("dotlessi", "ı"),
    ("eacute", "é"),
    ("ecircumflex", "ê"),
    ("edieresis", "ë"),
    ("egrave", "è"),
    ("eight", "8"),
    ("ellipsis", "…"),
    ("emdash", "—"),
    ("endash", "–"),
    ("epsilon", "ε"),
    ("equal", "="),
    ("eta", "η"),
    ("eth", "ð"),
    ("exclam", "!"),
    ("exclamdown", "¡"),
    ("ff", "ff"),
    ("ffi", "ffi"),
    ("ffl", "ffl"),
    ("fi", "fi"),
    ("five", "5"),
    ("fl", "fl"),
    ("florin", "ƒ"),
    ("four", "4"),
    ("fraction", "⁄"),
    ("gamma", "γ"),
    ("germandbls", "ß"),
    ("grave", "`"),
    ("greater", ">"),
    ("greaterequal", "≥"),
    ("guillemotleft", "«"),
    ("guillemotright", "»"),
    ("guilsinglleft", "‹"),
    ("guilsinglright", "›"),
    ("hyphen", "-"),
    ("iacute", "í"),
    ("icircumflex", "î"),
    ("idieresis", "ï"),
    ("igrave", "ì"),
    ("infinity", "∞"),
    ("integral", "∫"),
    ("iota", "ι"),
    ("kappa", "κ"),
    ("lambda", "λ"),
    ("less", "<"),
    ("lessequal", "≤"),
    ("logicalnot", "¬"),
    ("lozenge", "◊"),
    ("lslash", "ł"),
    ("macron", "¯"),
    ("minus", "−"),
    ("mu", "µ"),
    ("multiply", "×"),
    ("nbspace", " "),
    ("nine", "9"),
    ("notequal", "≠"),
    ("ntilde", "ñ"),
    ("nu", "ν"),
    ("numbersign", "#"),
    ("oacute", "ó"),
    ("ocircumflex", "ô"),
    ("odieresis", "ö"),
    ("oe", "œ"),
    ("ogonek", "˛"),
    ("ograve", "ò"),
    ("omega", "ω"),
    ("one", "1"),
    ("onehalf", "½"),
    ("onequarter", "¼"),
    ("onesuperior", "¹"),
    ("ordfeminine", "ª"),
    ("ordmasculine", "º"),
    ("oslash", "ø"),
    ("otilde", "õ"),
    ("paragraph", "¶"),
    ("parenleft", "("),
    ("parenright", ")"),
    ("partialdiff", "∂"),
    ("percent", "%"),
    ("period", "."),
    ("periodcentered", "·"),
    ("perthousand", "‰"),
    ("phi", "φ"),
    ("pi", "π"),
    ("plus", "+"),
    ("plusminus", "±"),
    ("product", "∏"),
    ("psi", "ψ"),
    ("question", "?"),
    ("questiondown", "¿"),
    ("quotedbl", "\""),
    ("quotedblbase", "„"),
    ("quotedblleft", "“"),
    ("quotedblright", "”"),
    ("quoteleft", "‘"),
    ("quoteright", "’"),
    ("quotesinglbase", "‚"),
    ("quotesingle", "'"),
    ("radical", "√"),
    ("registered", "®"),
    ("rho", "ρ"),
    ("ring", "˚"),
    ("scaron", "š"),
    ("section", "§"),
    ("semicolon", ";"),
    ("seven", "7"),
    ("sigma", "σ"),
    ("six", "6"),
    ("slash", "/"),
    ("space", " "),
    ("sterling", "£"),
    ("summation", "∑"),
    ("tau", "τ"),
    ("theta", "θ"),
    ("thorn", "þ"),
    ("three", "3"),
    ("threequarters", "¾"),
    ("threesuperior", "³"),
    ("tilde", "˜"),
    ("trademark", "™"),
    ("two", "2"),
    ("twosuperior", "²"),
    ("uacute", "ú"),
    ("ucircumflex", "û"),
    ("udieresis", "ü"),
    ("ugrave", "ù"),
    ("underscore", "_"),
    ("upsilon", "υ"),
    ("xi", "ξ"),
    ("yacute", "ý"),
    ("ydieresis", "ÿ"),
    ("yen", "¥"),
    ("zcaron", "ž"),
    ("zero", "0"),
    ("zeta", "ζ"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_glyphs_are_sorted_and_found() {
        assert!(NAMES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (name, text) in [
            ("A", "A"),
            ("eacute", "é"),
            ("uniAC00", "가"),
            ("u1F600", "😀"),
            ("a.alt", "a"),
            ("fi", "fi"),
        ] {
            assert_eq!(glyph_name(name).as_deref(), Some(text), "{name}");
        }
        assert_eq!(glyph_name("g123"), None);
    }
}
