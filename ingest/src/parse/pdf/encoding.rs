//! What the codes of simple fonts are: named encodings, their differences, and glyphs' names.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use lopdf::{Dictionary, Document as Pdf, Object};

use super::embedded;
use super::standard::Family;

/// A line a name: the name and its code points (of Adobe's glyph list, what this reader needs).
const GLYPHS: &str = include_str!("glyphs.txt");

static BY_NAME: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    GLYPHS
        .lines()
        .filter_map(|line| line.split_once(' '))
        .collect()
});

/// Adobe's standard encoding where it is not ASCII.
const STANDARD: &[(u8, &str)] = &[
    (0x27, "’"),
    (0x60, "‘"),
    (0xA1, "¡"),
    (0xA2, "¢"),
    (0xA3, "£"),
    (0xA4, "⁄"),
    (0xA5, "¥"),
    (0xA6, "ƒ"),
    (0xA7, "§"),
    (0xA8, "¤"),
    (0xA9, "'"),
    (0xAA, "“"),
    (0xAB, "«"),
    (0xAC, "‹"),
    (0xAD, "›"),
    (0xAE, "fi"),
    (0xAF, "fl"),
    (0xB1, "–"),
    (0xB2, "†"),
    (0xB3, "‡"),
    (0xB4, "·"),
    (0xB6, "¶"),
    (0xB7, "•"),
    (0xB8, "‚"),
    (0xB9, "„"),
    (0xBA, "”"),
    (0xBB, "»"),
    (0xBC, "…"),
    (0xBD, "‰"),
    (0xBF, "¿"),
    (0xC1, "`"),
    (0xC2, "´"),
    (0xC3, "ˆ"),
    (0xC4, "˜"),
    (0xC5, "¯"),
    (0xC6, "˘"),
    (0xC7, "˙"),
    (0xC8, "¨"),
    (0xCA, "˚"),
    (0xCB, "¸"),
    (0xCD, "˝"),
    (0xCE, "˛"),
    (0xCF, "ˇ"),
    (0xD0, "—"),
    (0xE1, "Æ"),
    (0xE3, "ª"),
    (0xE8, "Ł"),
    (0xE9, "Ø"),
    (0xEA, "Œ"),
    (0xEB, "º"),
    (0xF1, "æ"),
    (0xF5, "ı"),
    (0xF8, "ł"),
    (0xF9, "ø"),
    (0xFA, "œ"),
    (0xFB, "ß"),
];

/// What each byte of a simple font is; `None` where nothing says so.
pub(super) type Characters = Vec<Option<String>>;

/// What the codes of the font are.
pub(super) fn simple(
    pdf: &Pdf,
    font: &Dictionary,
    descriptor: Option<&Dictionary>,
    family: Family,
) -> Characters {
    let subtype = font
        .get(b"Subtype")
        .and_then(Object::as_name)
        .unwrap_or(b"");
    let encoding = font.get_deref(b"Encoding", pdf).ok();
    let (base, differences) = match encoding {
        Some(Object::Name(name)) => (name.as_slice(), None),
        Some(Object::Dictionary(dictionary)) => (
            dictionary
                .get_deref(b"BaseEncoding", pdf)
                .and_then(Object::as_name)
                .unwrap_or(b""),
            dictionary
                .get_deref(b"Differences", pdf)
                .ok()
                .and_then(|object| object.as_array().ok()),
        ),
        _ => (&b""[..], None),
    };
    let is_type1 = matches!(subtype, b"Type1" | b"MMType1");
    let is_symbolic = descriptor
        .and_then(|descriptor| descriptor.get_deref(b"Flags", pdf).ok()?.as_i64().ok())
        .is_some_and(|flags| flags & 4 != 0);
    let is_embedded = descriptor.is_some_and(|descriptor| {
        let mut keys = [&b"FontFile"[..], b"FontFile2", b"FontFile3"].into_iter();
        keys.any(|key| descriptor.get(key).is_ok())
    });
    let mut characters = match base {
        b"MacRomanEncoding" => table(encoding_rs::MACINTOSH),
        b"WinAnsiEncoding" => table(encoding_rs::WINDOWS_1252),
        b"StandardEncoding" => standard(),
        _ if is_type1 || (encoding.is_none() && !is_symbolic && !is_embedded) => standard(),
        _ => table(encoding_rs::WINDOWS_1252),
    };
    if subtype == b"Type3" {
        // Its codes are what its names say, and nothing else.
        characters = vec![None; 256];
    }
    let is_named = matches!(
        base,
        b"MacRomanEncoding" | b"WinAnsiEncoding" | b"StandardEncoding"
    );
    let own = descriptor
        .filter(|_| !is_named && (is_type1 || (is_symbolic && differences.is_none())))
        .and_then(|descriptor| embedded::simple_codes(pdf, descriptor));
    let is_carried = own.is_some();
    if is_carried && is_type1 {
        // What the font does not name, it does not show.
        characters = vec![None; 256];
    }
    for (code, text) in own.into_iter().flatten() {
        if text.is_some() || is_type1 {
            characters[usize::from(code)] = text;
        }
    }
    if !is_carried && let Some(codes) = family.own_codes() {
        characters = vec![None; 256];
        for (code, _, text) in codes {
            characters[usize::from(code)] = Some(text);
        }
    }
    if let Some(differences) = differences {
        differ(pdf, differences, subtype == b"Type3", &mut characters);
    }
    characters
}

fn table(encoding: &'static encoding_rs::Encoding) -> Characters {
    (0..=255_u8)
        .map(|byte| {
            let (text, _, failed) = encoding.decode(std::slice::from_ref(&byte));
            (byte >= 32 && !failed).then(|| text.into_owned())
        })
        .collect()
}

fn standard() -> Characters {
    let mut characters = table(encoding_rs::WINDOWS_1252);
    for (code, text) in STANDARD {
        characters[usize::from(*code)] = Some((*text).to_owned());
    }
    characters
}

/// Puts `[65 /A /B 97 /a]` over the encoding.
fn differ(pdf: &Pdf, differences: &[Object], is_type3: bool, characters: &mut Characters) {
    let mut code = 0_usize;
    let mut unknown = BTreeSet::new();
    let mut named = BTreeSet::new();
    for entry in differences {
        match pdf.dereference(entry).map(|(_, entry)| entry) {
            Ok(Object::Integer(next)) => code = usize::try_from(*next).unwrap_or(256),
            Ok(Object::Name(name)) if code < 256 => {
                let name = String::from_utf8_lossy(name);
                // A space that draws nothing is one all the same.
                if named.insert(code) && !(code == 32 && name == ".notdef") {
                    characters[code] =
                        glyph_name(&name).or_else(|| by_code(&name, code).filter(|_| is_type3));
                    if characters[code].is_none() && name != ".notdef" {
                        unknown.insert(code);
                    }
                }
                code += 1;
            }
            Ok(Object::Name(_)) => code += 1,
            _ => {}
        }
    }
    if is_type3 && is_ascii_with_gaps(&unknown) {
        let ascii = table(encoding_rs::WINDOWS_1252);
        for code in unknown {
            characters[code].clone_from(&ascii[code]);
        }
    }
}

/// Names such as `a192` and `C41` that only repeat the code: it then is that of the character.
fn by_code(name: &str, code: usize) -> Option<String> {
    let digits = name.trim_start_matches(|char: char| char.is_ascii_alphabetic());
    let hex = name.get(1..).unwrap_or("");
    let same = digits.parse() == Ok(code)
        || (name.len() == 3 && usize::from_str_radix(hex, 16) == Ok(code));
    let byte = u8::try_from(code).ok().filter(|byte| *byte >= 32)?;
    same.then(|| encoding_rs::WINDOWS_1252.decode(&[byte]).0.into_owned())
}

/// Whether codes are letters with those missing that a text did not need. Codes that a program
/// handed out one after the other have no gaps, and say nothing.
fn is_ascii_with_gaps(codes: &BTreeSet<usize>) -> bool {
    let (Some(first), Some(last)) = (codes.first(), codes.last()) else {
        return false;
    };
    let gaps = codes
        .iter()
        .zip(codes.iter().skip(1))
        .filter(|(one, next)| *next - *one > 1)
        .count();
    *first >= 0x20 && *last < 0x7F && gaps >= 3
}

/// The text of a glyph by its name.
pub(super) fn glyph_name(name: &str) -> Option<String> {
    let name = name
        .split('.')
        .next()
        .filter(|name| !name.is_empty())
        .unwrap_or(name);
    let mut chars = name.chars();
    if let (Some(char), None) = (chars.next(), chars.next()) {
        return Some(char.to_string());
    }
    if let Some(found) = BY_NAME.get(name) {
        return found
            .split(' ')
            .map(|hex| u32::from_str_radix(hex, 16).ok().and_then(char::from_u32))
            .collect();
    }
    if name.contains('_') && !name.starts_with('_') {
        // A ligature's parts.
        return (name.len() < 64)
            .then(|| name.split('_').map(glyph_name).collect::<Option<Vec<_>>>())
            .flatten()
            .map(|parts| parts.concat());
    }
    if let Some(text) = sized(name) {
        return Some(text);
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

/// Signs of formulas that come in several sizes, as TeX's fonts name them: `parenleftBig`,
/// `summationdisplay`. A piece of a tall bracket says nothing by itself.
fn sized(name: &str) -> Option<String> {
    const SIZES: [&str; 6] = ["bigg", "Bigg", "big", "Big", "display", "text"];
    const PIECES: [&str; 4] = ["tp", "ex", "bt", "mid"];
    let stem = SIZES.iter().find_map(|size| name.strip_suffix(size));
    if let Some(found) = stem.and_then(|stem| BY_NAME.get(stem)) {
        return u32::from_str_radix(found, 16)
            .ok()
            .and_then(char::from_u32)
            .map(String::from);
    }
    let is_piece = ["paren", "bracket", "brace"]
        .iter()
        .any(|bracket| name.starts_with(bracket))
        && PIECES.iter().any(|piece| name.ends_with(piece));
    is_piece.then(String::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_glyphs_are_found() {
        for (name, text) in [
            ("A", "A"),
            ("eacute", "é"),
            ("afii10017", "А"),
            ("uniAC00", "가"),
            ("u1F600", "😀"),
            ("a.alt", "a"),
            ("f_f_i", "ffi"),
            ("parenleftBig", "("),
            ("summationdisplay", "∑"),
            ("bracketlefttp", ""),
        ] {
            assert_eq!(glyph_name(name).as_deref(), Some(text), "{name}");
        }
        assert_eq!(glyph_name("g123"), None);
        assert_eq!(glyph_name("nonsense_name"), None);
    }

    #[test]
    fn names_that_repeat_the_code_are_the_code() {
        assert_eq!(by_code("a192", 192).as_deref(), Some("À"));
        assert_eq!(by_code("C41", 0x41).as_deref(), Some("A"));
        assert_eq!(by_code("a192", 65), None);
        assert!(is_ascii_with_gaps(&[45, 46, 65, 97, 99].into()));
        assert!(!is_ascii_with_gaps(&(33..90).collect()));
    }
}
