//! ZIPs whose directory, which stands at the end, is missing or damaged: downloads that broke off.
//!
//! Each entry also has a header of its own. They are read one after the other, and a ZIP is
//! made of them that others read as any.

use std::borrow::Cow;
use std::io::Cursor;
use std::ops::Range;

use flate2::{Crc, Decompress, FlushDecompress, Status};
use zip::ZipArchive;

use super::attachments::{listed, safe_name};
use super::sniff;

/// Entries that are looked for.
const MAX_ENTRIES: usize = 20_000;
/// Bytes that one entry of unknown size may have when it is unpacked.
const MAX_ENTRY: u64 = 100 << 20;
/// Bytes that are unpacked at most to find out where entries end.
const MAX_WORK: u64 = 400 << 20;
const LOCAL: &[u8] = b"PK\x03\x04";
const DESCRIPTOR: &[u8] = b"PK\x07\x08";
/// The fixed part of what stands before an entry.
const HEADER: usize = 30;
const ENCRYPTED: u16 = 1;
/// Sizes and checksum stand behind the entry.
const SIZES_BEHIND: u16 = 8;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// A ZIP that was made anew.
pub(super) struct Mended {
    pub(super) bytes: Vec<u8>,
    /// What its reader should know.
    pub(super) problem: String,
}

/// A ZIP with all entries that can be found in one without a usable directory.
pub(super) fn mend(bytes: &[u8]) -> Option<Mended> {
    if !sniff::is_zip(bytes) || ZipArchive::new(Cursor::new(bytes)).is_ok() {
        return None;
    }
    let mut work = MAX_WORK;
    let mut writer = Writer::default();
    let mut broken = Vec::new();
    let mut at = 0;
    while writer.entries < MAX_ENTRIES {
        let Some(found) = bytes.get(at..).and_then(|rest| sniff::find(rest, LOCAL)) else {
            break;
        };
        at += found;
        let Some(header) = Header::read(bytes, at) else {
            at += LOCAL.len();
            continue;
        };
        let entry = header.entry(bytes, &mut work);
        if entry.is_broken {
            broken.push(format!(
                "`{}`",
                safe_name(&String::from_utf8_lossy(header.name))
            ));
        }
        at = entry.end.max(header.start);
        writer.push(&header, &entry);
    }
    if writer.entries == 0 {
        return None;
    }
    let entries = match writer.entries {
        1 => "1 entry was".to_owned(),
        entries => format!("{entries} entries were"),
    };
    let broken = match broken.len() {
        0 => String::new(),
        1 => format!(", of which {} is incomplete", broken[0]),
        _ => format!(", of which {} are incomplete", listed(&broken)),
    };
    Some(Mended {
        bytes: writer.finish()?,
        problem: format!(
            "the list of what is in it is missing or damaged: {entries} found one after the other{broken}, \
             and more may be missing"
        ),
    })
}

/// What stands before an entry.
struct Header<'a> {
    flags: u16,
    method: u16,
    /// Time and date: passwords of old are checked with them.
    time: u32,
    crc: u32,
    packed: u64,
    size: u64,
    name: &'a [u8],
    extra: &'a [u8],
    /// Where its bytes start.
    start: usize,
}

/// An entry as it is put into the new ZIP.
struct Entry<'a> {
    method: u16,
    crc: u32,
    size: u64,
    bytes: Cow<'a, [u8]>,
    /// Where to look for the next one.
    end: usize,
    is_broken: bool,
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

impl<'a> Header<'a> {
    fn read(bytes: &'a [u8], at: usize) -> Option<Self> {
        let fixed = bytes.get(at..at + HEADER)?;
        let name_end = at + HEADER + usize::from(short(fixed, 26)?);
        let start = name_end + usize::from(short(fixed, 28)?);
        let name = bytes.get(at + HEADER..name_end)?;
        let extra = bytes.get(name_end..start)?;
        if name.is_empty() || name.contains(&0) {
            return None;
        }
        let mut header = Self {
            flags: short(fixed, 6)?,
            method: short(fixed, 8)?,
            time: number(fixed, 10)?,
            crc: number(fixed, 14)?,
            packed: u64::from(number(fixed, 18)?),
            size: u64::from(number(fixed, 22)?),
            name,
            extra,
            start,
        };
        header.read_large_sizes();
        Some(header)
    }

    /// Sizes that do not fit stand in an extra field.
    fn read_large_sizes(&mut self) {
        let mut rest = self.extra;
        while let (Some(tag), Some(length)) = (short(rest, 0), short(rest, 2)) {
            let Some((field, behind)) = rest[4..].split_at_checked(usize::from(length)) else {
                return;
            };
            let mut values = field
                .as_chunks::<8>()
                .0
                .iter()
                .map(|value| u64::from_le_bytes(*value));
            if tag == 1 {
                for size in [&mut self.size, &mut self.packed] {
                    if *size == u64::from(u32::MAX) {
                        *size = values.next().unwrap_or(*size);
                    }
                }
            }
            rest = behind;
        }
    }

    fn has(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    fn entry(&self, bytes: &'a [u8], work: &mut u64) -> Entry<'a> {
        let rest = &bytes[self.start..];
        let told = usize::try_from(self.packed).ok().filter(|told| {
            !self.has(SIZES_BEHIND) && (*told == rest.len() || follows(rest, *told))
        });
        if let Some(told) = told {
            return Entry {
                method: self.method,
                crc: self.crc,
                size: self.size,
                bytes: Cow::Borrowed(&rest[..told]),
                end: self.start + told,
                is_broken: false,
            };
        }
        if self.method == DEFLATED && !self.has(ENCRYPTED) {
            return self.inflated(rest, work);
        }
        // It reaches to the next header of whatever kind, or the end.
        let length = next_header(rest).unwrap_or(rest.len());
        let bytes = &rest[..length];
        let is_broken = if self.has(SIZES_BEHIND) {
            length == rest.len()
        } else {
            self.packed != length as u64
        };
        let behind = &rest[length..];
        let (crc, size) = if self.method == STORED && !self.has(ENCRYPTED) {
            let mut crc = Crc::new();
            crc.update(bytes);
            (crc.sum(), length as u64)
        } else if self.has(SIZES_BEHIND) && behind.starts_with(DESCRIPTOR) {
            let size = number(behind, 12).map_or(self.size, u64::from);
            (number(behind, 4).unwrap_or(self.crc), size)
        } else {
            (self.crc, self.size)
        };
        Entry {
            method: self.method,
            crc,
            size,
            bytes: Cow::Borrowed(bytes),
            end: self.start + length,
            is_broken,
        }
    }

    fn inflated(&self, rest: &'a [u8], work: &mut u64) -> Entry<'a> {
        let inflated = inflate(rest, MAX_ENTRY.min(*work));
        let size = inflated.bytes.len() as u64;
        *work -= size;
        let mut crc = Crc::new();
        crc.update(&inflated.bytes);
        let end = self.start + inflated.packed.end;
        if inflated.is_whole {
            let behind = &rest[inflated.packed.end..];
            let told = if self.has(SIZES_BEHIND) && behind.starts_with(DESCRIPTOR) {
                number(behind, 4)
            } else {
                (!self.has(SIZES_BEHIND)).then_some(self.crc)
            };
            return Entry {
                method: DEFLATED,
                crc: told.unwrap_or(crc.sum()),
                size,
                bytes: Cow::Borrowed(&rest[inflated.packed]),
                end,
                is_broken: false,
            };
        }
        Entry {
            method: STORED,
            crc: crc.sum(),
            size,
            bytes: Cow::Owned(inflated.bytes),
            end,
            is_broken: true,
        }
    }
}

/// Whether another header follows, or nothing at all.
fn follows(rest: &[u8], at: usize) -> bool {
    rest.get(at..)
        .is_some_and(|behind| behind.starts_with(b"PK"))
}

fn next_header(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = sniff::find(&bytes[from..], b"PK") {
        let at = from + at;
        if matches!(
            bytes.get(at + 2..at + 4),
            Some(b"\x01\x02" | b"\x03\x04" | b"\x05\x06" | b"\x07\x08")
        ) {
            return Some(at);
        }
        from = at + 2;
    }
    None
}

/// What deflated bytes become.
struct Inflated {
    bytes: Vec<u8>,
    /// What of them was used.
    packed: Range<usize>,
    is_whole: bool,
}

fn inflate(packed: &[u8], limit: u64) -> Inflated {
    let mut inflate = Decompress::new(false);
    let mut bytes = Vec::new();
    let mut is_whole = false;
    let mut buffer = vec![0; 32 << 10];
    let used = |inflate: &Decompress| usize::try_from(inflate.total_in()).unwrap_or(0);
    loop {
        let (before_in, before_out) = (used(&inflate), inflate.total_out());
        let status = inflate.decompress(&packed[before_in..], &mut buffer, FlushDecompress::None);
        let came = usize::try_from(inflate.total_out() - before_out).unwrap_or(0);
        bytes.extend_from_slice(&buffer[..came]);
        match status {
            Ok(Status::StreamEnd) => {
                is_whole = true;
                break;
            }
            Ok(_) if bytes.len() as u64 >= limit => break,
            Ok(_) if came > 0 || used(&inflate) > before_in => {}
            Ok(_) | Err(_) => break,
        }
    }
    bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Inflated {
        packed: 0..used(&inflate),
        bytes,
        is_whole,
    }
}

/// A ZIP in the making.
#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    entries: usize,
}

impl Writer {
    fn push(&mut self, header: &Header<'_>, entry: &Entry<'_>) {
        let name_length = u16::try_from(header.name.len()).unwrap_or(0);
        // The key to AES stands in an extra field.
        let extra = if header.has(ENCRYPTED) {
            header.extra
        } else {
            &[]
        };
        let extra_length = u16::try_from(extra.len()).unwrap_or(0);
        let (Ok(packed), Ok(size), Ok(offset)) = (
            u32::try_from(entry.bytes.len()),
            u32::try_from(entry.size),
            u32::try_from(self.bytes.len()),
        ) else {
            return;
        };
        let mut common = Vec::new();
        let flags = if header.has(ENCRYPTED) {
            header.flags
        } else {
            header.flags & !SIZES_BEHIND
        };
        for value in [20, flags, entry.method] {
            common.extend(value.to_le_bytes());
        }
        for value in [header.time, entry.crc, packed, size] {
            common.extend(value.to_le_bytes());
        }
        common.extend(name_length.to_le_bytes());
        common.extend(extra_length.to_le_bytes());
        self.bytes.extend(LOCAL);
        self.bytes.extend(&common);
        self.bytes.extend(header.name);
        self.bytes.extend(extra);
        self.bytes.extend(&*entry.bytes);
        self.directory.extend(b"PK\x01\x02\x14\0");
        self.directory.extend(&common);
        self.directory.extend([0; 10]);
        self.directory.extend(offset.to_le_bytes());
        self.directory.extend(header.name);
        self.directory.extend(extra);
        self.entries += 1;
    }

    fn finish(mut self) -> Option<Vec<u8>> {
        let entries = u16::try_from(self.entries).ok()?.to_le_bytes();
        let offset = u32::try_from(self.bytes.len()).ok()?;
        let size = u32::try_from(self.directory.len()).ok()?;
        self.bytes.extend(&self.directory);
        self.bytes.extend(b"PK\x05\x06\0\0\0\0");
        self.bytes.extend(entries);
        self.bytes.extend(entries);
        self.bytes.extend(size.to_le_bytes());
        self.bytes.extend(offset.to_le_bytes());
        self.bytes.extend([0; 2]);
        Some(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::write::SimpleFileOptions;

    use super::super::container::packed;
    use super::super::password::passwords;
    use super::super::{Format, ParseError, Passwords, parse};
    use super::*;

    fn document() -> Vec<u8> {
        let words: Vec<String> = (0..2000)
            .map(|number| format!("<w:p><w:r><w:t>규정 {number}</w:t></w:r></w:p>"))
            .collect();
        let words = words.concat();
        packed(&[
            ("[Content_Types].xml", "<a/>"),
            ("word/styles.xml", "<w:styles/>"),
            (
                "word/document.xml",
                &format!("<w:document><w:body>{words}</w:body></w:document>"),
            ),
        ])
    }

    /// Without its directory.
    fn cut(mut bytes: Vec<u8>) -> Vec<u8> {
        let at = sniff::find(&bytes, b"PK\x01\x02").unwrap();
        bytes.truncate(at);
        bytes
    }

    #[test]
    fn a_document_without_its_directory_is_read_and_says_so() {
        let whole = parse(&document(), "a.docx", &Passwords::default(), &|_, _| {}).unwrap();
        let found = parse(
            &cut(document()),
            "a.docx",
            &Passwords::default(),
            &|_, _| {},
        )
        .unwrap();
        assert_eq!(found.document, whole.document);
        assert_eq!(found.format, Format::Docx);
        assert_eq!(
            found.problems[0].message,
            "the list of what is in it is missing or damaged: 3 entries were found one after the other, \
             and more may be missing"
        );
    }

    #[test]
    fn what_came_of_a_broken_download_is_read() {
        let bytes = cut(document());
        let bytes = &bytes[..bytes.len() - 1_000];
        let found = parse(bytes, "a.docx", &Passwords::default(), &|_, _| {}).unwrap();
        assert!(found.document.text.starts_with("규정 0\n\n규정 1\n\n"));
        assert!(!found.document.text.contains("규정 1999"));
        assert!(
            found.problems[0]
                .message
                .contains(", of which `word/document.xml` is incomplete, "),
            "{:?}",
            found.problems
        );
        // Nothing of its text came.
        let at = sniff::find(bytes, b"word/document.xml").unwrap();
        let error = parse(&bytes[..at], "a.docx", &Passwords::default(), &|_, _| {}).unwrap_err();
        assert!(matches!(error, ParseError::Damaged { .. }), "{error}");
    }

    #[test]
    fn sizes_may_stand_behind_and_passwords_before() {
        for list in [&[][..], &["암호"]] {
            let mut bytes = Vec::new();
            let mut archive = zip::ZipWriter::new_stream(&mut bytes);
            let options = match list.first() {
                Some(password) => {
                    SimpleFileOptions::default().with_aes_encryption(zip::AesMode::Aes128, password)
                }
                None => SimpleFileOptions::default(),
            };
            for name in ["하나.txt", "둘.txt"] {
                archive.start_file(name, options).unwrap();
                archive.write_all(name.repeat(100).as_bytes()).unwrap();
            }
            archive.finish().unwrap();
            let found = parse(&cut(bytes), "a.zip", &passwords(list), &|_, _| {}).unwrap();
            let names: Vec<&str> = found.attachments.iter().map(|file| &*file.name).collect();
            assert_eq!(names, ["하나.txt", "둘.txt"], "{:?}", found.problems);
            assert_eq!(found.attachments[1].bytes, "둘.txt".repeat(100).as_bytes());
            assert_eq!(found.problems.len(), 1);
        }
    }

    #[test]
    fn hostile_headers_end() {
        let header = |flags: u16, method: u16, packed: u32| {
            let mut bytes = b"PK\x03\x04\x14\0".to_vec();
            bytes.extend(flags.to_le_bytes());
            bytes.extend(method.to_le_bytes());
            bytes.extend([0; 8]);
            bytes.extend(packed.to_le_bytes());
            bytes.extend([0xFF; 4]);
            bytes.extend([1, 0, 0, 0, b'a']);
            bytes
        };
        for (flags, method, packed) in [
            (0, 0, u32::MAX),
            (8, 8, 0),
            (8, 0, 0),
            (9, 8, 7),
            (0, 99, 3),
            (0, 8, 0),
        ] {
            let bytes = header(flags, method, packed).repeat(30_000);
            if let Some(mended) = mend(&bytes) {
                assert!(mended.bytes.len() <= bytes.len() * 4);
            }
        }
        assert!(mend(b"PK\x03\x04 and nothing more").is_none());
        assert!(mend(&document()).is_none());
    }
}
