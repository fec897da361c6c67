//! Which format a file has, by its content; its name decides only where content cannot.
//!
//! What cannot be read is named in words, so that its owner knows what to do with it.

use std::io::Cursor;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use zip::ZipArchive;

use super::{FORMATS, FormatRow, ParseError, mend};

/// How far into a file its format is looked for.
const WINDOW: usize = 64 * 1024;
/// How far into a file a PDF may start.
const PDF_WINDOW: usize = 1024;

/// The first bytes of formats that cannot be read.
const FOREIGN: &[(&[u8], &str)] = &[
    (b"\x89PNG\r\n\x1A\n", "a PNG image"),
    (b"\xFF\xD8\xFF", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"%!PS", "a PostScript file"),
    (b"\x1F\x8B", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xFD7zXZ\0", "an XZ archive"),
    (b"7z\xBC\xAF\x27\x1C", "a 7-Zip archive"),
    (b"Rar!\x1A\x07", "a RAR archive"),
    (b"\x28\xB5\x2F\xFD", "a Zstandard archive"),
    (b"\x7FELF", "a program"),
    (b"MZ\x90\0", "a program"),
    (b"\xCA\xFE\xBA\xBE", "a program"),
    (b"\xCF\xFA\xED\xFE", "a program"),
    (b"ID3", "an MP3 recording"),
    (b"\xFF\xFB", "an MP3 recording"),
    (b"OggS", "an Ogg recording"),
    (b"fLaC", "a FLAC recording"),
    (b"\x1A\x45\xDF\xA3", "a Matroska film"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"HWP Document File V3", "a HWP 3 document"),
    (b"\0\0\0 ftyp", "an MP4 film"),
    (b"BM", "a BMP image"),
];

/// The first bytes of a Compound File, the container of the old office formats.
pub(super) const COMPOUND: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

/// The format of a file.
///
/// # Errors
/// When it is empty, or of none that can be read.
pub fn sniff(bytes: &[u8], file_name: &str) -> Result<&'static FormatRow, ParseError> {
    if bytes.is_empty() {
        return Err(ParseError::Empty);
    }
    let recognized = |bytes: &[u8]| {
        FORMATS
            .iter()
            .find(|row| (row.recognizes)(bytes, file_name))
    };
    if let Some(row) = recognized(bytes) {
        return Ok(row);
    }
    if let Some(row) = mend::mend(bytes).and_then(|mended| recognized(&mended.bytes)) {
        return Ok(row);
    }
    Err(if is_zip(bytes) {
        unreadable_zip(bytes)
    } else if bytes.starts_with(COMPOUND) {
        unreadable_compound(bytes)
    } else {
        ParseError::Unsupported {
            found: foreign(bytes)
                .unwrap_or("a file of an unknown kind")
                .to_owned(),
        }
    })
}

/// What to tell a reader when the name says another format than the content.
pub(super) fn mislabelled(row: &FormatRow, file_name: &str) -> Option<String> {
    let extension = extension(file_name);
    let named = FORMATS
        .iter()
        .find(|row| row.extensions.contains(&extension.as_str()))?;
    // Markdown and text look alike, and each reads the other well.
    (named.format != row.format).then(|| {
        format!(
            "the file's name says it is {}, but it is {}, and was read as that",
            named.title, row.title
        )
    })
}

/// What stands after the last dot of a file's name, in lower case.
pub(super) fn extension(file_name: &str) -> String {
    file_name
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_lowercase())
        .unwrap_or_default()
}

/// Whether the bytes are a PDF: its mark stands at the start, or not far behind it and the
/// rest looks like one too.
pub(super) fn is_pdf(bytes: &[u8], _file_name: &str) -> bool {
    let window = &bytes[..bytes.len().min(PDF_WINDOW)];
    match find(window, b"%PDF") {
        Some(0) => true,
        Some(_) => find(bytes, b"endobj").is_some() || find(bytes, b"startxref").is_some(),
        None => false,
    }
}

/// Whether the bytes are the container of DOCX and its like.
pub(super) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// Whether the bytes are the container of DOC, MSG and their like.
pub(super) fn is_compound(bytes: &[u8]) -> bool {
    bytes.starts_with(COMPOUND)
}

/// Whether a name stands in the bytes as UTF-16, as the names of streams do.
pub(super) fn find_utf_16(bytes: &[u8], name: &str) -> bool {
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    find(bytes, &name).is_some()
}

/// Whether the bytes are text in some encoding, and not of a format that only looks so.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    if bytes.starts_with(COMPOUND) || is_zip(bytes) || foreign(bytes).is_some() {
        return false;
    }
    if Encoding::for_bom(bytes).is_some() || utf_16_without_mark(bytes).is_some() {
        return true;
    }
    let window = &bytes[..bytes.len().min(WINDOW)];
    let strange = window
        .iter()
        .filter(|byte| matches!(byte, 0..=8 | 14..=26 | 28..=31 | 127))
        .count();
    !window.contains(&0) && strange * 100 <= window.len()
}

/// The byte order of UTF-16 that does not begin with a byte order mark.
pub(super) fn utf_16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let window = &bytes[..bytes.len().min(4096) & !1];
    if window.len() < 4 || !window.contains(&0) {
        return None;
    }
    [UTF_16LE, UTF_16BE].into_iter().find(|encoding| {
        let (text, _) = encoding.decode_without_bom_handling(window);
        let usual = text
            .chars()
            .filter(|char| {
                matches!(char, '\t' | '\n' | '\r' | ' '..='~' | '\u{A0}'..='\u{FF}'
                    | '\u{2010}'..='\u{2027}' | '\u{3000}'..='\u{303F}'
                    | '\u{3131}'..='\u{318E}' | '가'..='힣' | '\u{FF01}'..='\u{FF5E}')
            })
            .count();
        usual * 20 >= text.chars().count() * 19
    })
}

/// Where `needle` first stands in `bytes`.
pub(super) fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    while let Some(at) = bytes.get(from..)?.iter().position(|byte| *byte == first) {
        if bytes[from + at..].starts_with(needle) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// The name of a format that cannot be read.
fn foreign(bytes: &[u8]) -> Option<&'static str> {
    if let Some((_, name)) = FOREIGN
        .iter()
        .find(|(magic, _)| bytes.starts_with(magic))
        .filter(|(magic, _)| magic.len() > 3 || !is_plain(bytes))
    {
        return Some(name);
    }
    let window = &bytes[..bytes.len().min(4096)];
    if window.get(4..8) == Some(b"ftyp") {
        return Some(match window.get(8..12) {
            Some(b"heic" | b"heix" | b"mif1" | b"avif") => "a HEIF image",
            _ => "an MP4 film",
        });
    }
    if window.starts_with(b"RIFF") {
        return match window.get(8..12) {
            Some(b"WEBP") => Some("a WebP image"),
            Some(b"WAVE") => Some("a WAV recording"),
            Some(b"AVI ") => Some("an AVI film"),
            _ => None,
        };
    }
    let start = String::from_utf8_lossy(window);
    let start = start.trim_start_matches('\u{FEFF}').trim_start();
    if start.starts_with("<svg") || (start.starts_with("<?xml") && start.contains("<svg")) {
        return Some("an SVG image");
    }
    if start.starts_with("<?xml") && start.contains("progid=\"Word.Document\"") {
        return Some("a Word 2003 XML document");
    }
    None
}

/// Whether a file consists of ASCII text, as far as it is looked at.
fn is_plain(bytes: &[u8]) -> bool {
    bytes[..bytes.len().min(WINDOW)]
        .iter()
        .all(|byte| matches!(byte, 9..=13 | 32..=126))
}

/// Whether the bytes are a ZIP archive, and not the container of a document or a program.
pub(super) fn is_plain_zip(bytes: &[u8]) -> bool {
    is_zip(bytes)
        && ZipArchive::new(Cursor::new(bytes))
            .is_ok_and(|archive| zip_package(bytes, &archive).is_none())
}

const WORD: &str = "a Word document";
const EXCEL: &str = "an Excel workbook";
const POWERPOINT: &str = "a PowerPoint presentation";

fn unreadable_zip(bytes: &[u8]) -> ParseError {
    match ZipArchive::new(Cursor::new(bytes)) {
        Ok(archive) => match zip_package(bytes, &archive) {
            Some(WORD) => ParseError::Damaged {
                reason: format!("it is {WORD} without its text (`word/document.xml`)"),
            },
            Some(EXCEL) => ParseError::Damaged {
                reason: format!("it is {EXCEL} without its sheets (`xl/workbook.xml`)"),
            },
            Some(POWERPOINT) => ParseError::Damaged {
                reason: format!("it is {POWERPOINT} without its slides (`ppt/presentation.xml`)"),
            },
            found => ParseError::Unsupported {
                found: found.unwrap_or("a ZIP archive").to_owned(),
            },
        },
        Err(error) => ParseError::Damaged {
            reason: format!("its ZIP container cannot be read: {error}"),
        },
    }
}

/// What a ZIP is the container of, unless it is just an archive of files.
fn zip_package(bytes: &[u8], archive: &ZipArchive<Cursor<&[u8]>>) -> Option<&'static str> {
    let names: Vec<String> = archive
        .file_names_raw()
        .map(|name| {
            String::from_utf8_lossy(name)
                .replace('\\', "/")
                .to_lowercase()
        })
        .collect();
    let has = |prefix: &str| names.iter().any(|name| name.starts_with(prefix));
    let media_type = find(&bytes[..bytes.len().min(256)], b"mimetype")
        .map(|at| String::from_utf8_lossy(&bytes[at..bytes.len().min(at + 100)]).into_owned())
        .unwrap_or_default();
    let media = |name: &str| media_type.contains(name);
    // Anybody may call a folder `ppt`.
    let office = has("[content_types].xml") || has("_rels/.rels");
    [
        (
            media("hwp+zip") || has("contents/content.hpf"),
            "a HWPX document",
        ),
        (media("opendocument"), "an OpenDocument drawing or the like"),
        (media("epub"), "an EPUB book"),
        (
            office && has("xl/workbook.bin"),
            "a binary Excel workbook (.xlsb)",
        ),
        (office && has("xl/"), EXCEL),
        (office && has("ppt/"), POWERPOINT),
        (office && has("visio/"), "a Visio drawing"),
        (office && has("word/"), WORD),
        (office, "an Office package of another kind"),
        (has("androidmanifest.xml"), "an Android program"),
        (has("meta-inf/manifest.mf"), "a Java archive"),
        (
            has("index/document.iwa") || has("index.zip"),
            "an Apple iWork document",
        ),
    ]
    .into_iter()
    .find_map(|(is, name)| is.then_some(name))
}

/// Names of streams tell the formats apart; they stand in the file as UTF-16.
fn unreadable_compound(bytes: &[u8]) -> ParseError {
    let has = |name: &str| find_utf_16(bytes, name);
    if has("EncryptedPackage") {
        return ParseError::Encrypted {
            reason: "it is an Office document that needs a password".to_owned(),
        };
    }
    if has("DRMEncryptedDataSpace") || has("DRMContent") {
        return ParseError::Encrypted {
            reason: "it is under rights management".to_owned(),
        };
    }
    let found = if has("WordDocument") {
        "an old Word document (.doc)"
    } else if has("Workbook") || has("Book") {
        "an old Excel workbook (.xls)"
    } else if has("PowerPoint Document") {
        "an old PowerPoint presentation (.ppt)"
    } else {
        "an old Word, Excel or HWP file"
    };
    ParseError::Unsupported {
        found: found.to_owned(),
    }
}
