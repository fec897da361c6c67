//! ZIP archives: the documents in them, each an [`Attachment`](super::Attachment).
//!
//! The archive has no text of its own. A list of what it holds would be found instead of the
//! documents it names, which carry their names (folders included) themselves.
//! Left out: folders, empty and hidden files, links, what systems leave behind. An archive in
//! the archive is an attachment like others; who reads attachments bounds how deep that goes.

use std::io::{Cursor, Read as _};

use encoding_rs::EUC_KR;
use zip::ZipArchive;
use zip::read::ZipFileEntry;
use zip::result::ZipError;

use super::attachments::{Attachments, listed, safe_name};
use super::{ParseError, Parsed, Passwords, Progress, sniff, text};
use crate::Document;

/// Entries of an archive that are looked at.
const MAX_ENTRIES: usize = 20_000;
/// A file that grows beyond this when it is unpacked ...
const BOMB_SIZE: u64 = 20 << 20;
/// ... to more than so many times its packed size is a bomb; documents stay below 200.
const BOMB_RATIO: u64 = 500;
/// Bytes that are unpacked at most, those of files that are then left out among them.
const MAX_WORK: u64 = 1 << 30;
/// The fixed part of what stands before a file's bytes.
const LOCAL_HEADER: u64 = 30;

/// Whether the bytes are a ZIP archive that is no document of one of the formats inside ZIPs.
pub(super) fn recognizes(bytes: &[u8], _file_name: &str) -> bool {
    sniff::is_plain_zip(bytes)
}

/// Unpacks an archive.
///
/// # Errors
/// When its directory is damaged, or all of its files need a password that is not given.
pub fn parse(
    bytes: &[u8],
    passwords: &Passwords,
    progress: Progress<'_>,
) -> Result<Parsed, ParseError> {
    unpack_all(bytes, passwords, progress, MAX_WORK)
}

/// Unpacks files until so many bytes were unpacked.
fn unpack_all(
    bytes: &[u8],
    passwords: &Passwords,
    progress: Progress<'_>,
    mut work: u64,
) -> Result<Parsed, ParseError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| ParseError::Damaged {
        reason: format!("its directory cannot be read: {error}"),
    })?;
    let entries = entries(&archive)?;
    let mut attachments = Attachments::default();
    let all = u32::try_from(entries.len()).ok();
    let mut keys: Vec<&str> = passwords.iter().collect();
    let mut encrypted = Vec::new();
    let mut unreadable = Vec::new();
    let mut sharing = Vec::new();
    let mut end = 0;
    for (done, entry) in entries.iter().enumerate() {
        progress(u32::try_from(done).unwrap_or(u32::MAX), all);
        let name = &entry.name;
        if entry.encrypted && passwords.is_empty() {
            encrypted.push(format!("`{name}`"));
            continue;
        }
        if entry.bytes.start < end {
            sharing.push(format!("`{name}`"));
            continue;
        }
        end = entry.bytes.end;
        if !attachments.has_place() {
            continue;
        }
        if work == 0 {
            attachments.problem(format!(
                "`{name}` and what stands behind it ({} of {} files) were not read: unpacking what stands before took too much",
                entries.len() - done,
                entries.len()
            ));
            break;
        }
        let unpacked = if entry.encrypted {
            let Some(unpacked) = unlock(&mut archive, entry, &mut keys, &mut work, &attachments)
            else {
                encrypted.push(format!("`{name}`"));
                continue;
            };
            unpacked
        } else {
            archive
                .by_index(entry.index)
                .map(|file| Unpacked::read(file, entry, attachments.room(), &mut work))
                .map_err(|error| error.to_string())
        };
        match sized(unpacked, entry, &mut attachments) {
            Some(unpacked) if unpacked.is_empty() => {}
            Some(unpacked) => match sniff::sniff(&unpacked, name) {
                Err(ParseError::Unsupported { found }) => {
                    unreadable.push(format!("`{name}` ({found})"));
                }
                // Who reads it says what is wrong with it.
                Ok(_) | Err(_) => attachments.add(name, unpacked),
            },
            None => {}
        }
    }
    if !sharing.is_empty() {
        attachments.problem(format!(
            "{} not read: the bytes are those of another file",
            were(&sharing)
        ));
    }
    if !encrypted.is_empty() {
        if encrypted.len() == entries.len() {
            return Err(passwords.refusal("all files in the archive need a password"));
        }
        let (were, verdict) = (were(&encrypted), passwords.verdict());
        attachments.problem(format!("{were} not read: a password is needed, {verdict}"));
    }
    if !unreadable.is_empty() {
        attachments.problem(format!(
            "{} not read: of a kind that cannot be read",
            were(&unreadable)
        ));
    }
    progress(all.unwrap_or(u32::MAX), all);
    let (attachments, problems) = attachments.finish();
    Ok(Parsed {
        attachments,
        ..Parsed::new(Document::default(), problems)
    })
}

fn were(names: &[String]) -> String {
    let were = if names.len() == 1 { "was" } else { "were" };
    format!("{} {were}", listed(names))
}

/// A file of an archive.
#[derive(Debug)]
struct Entry {
    index: usize,
    name: String,
    encrypted: bool,
    packed: u64,
    /// At least these bytes of the archive are its own.
    bytes: std::ops::Range<u64>,
}

/// The files of an archive that are worth reading, in the order of their bytes.
fn entries(archive: &ZipArchive<Cursor<&[u8]>>) -> Result<Vec<Entry>, ParseError> {
    if archive.len() > MAX_ENTRIES {
        return Err(ParseError::Limit {
            reason: format!(
                "it has {} entries, and {MAX_ENTRIES} is the most that is looked at",
                archive.len()
            ),
        });
    }
    let unmarked: Vec<u8> = archive
        .file_names_raw()
        .filter(|name| std::str::from_utf8(name).is_err())
        .flat_map(|name| [name, b"\n"].concat())
        .collect();
    let korean = text::looks_korean(&unmarked);
    let mut entries: Vec<Entry> = (0..archive.len())
        .filter_map(|index| {
            let entry = archive.by_index_data(index).ok()?;
            let name = decode_name(&entry, korean);
            if !entry.is_file() || is_left_behind(&name) {
                return None;
            }
            let start = entry.header_start();
            let own = LOCAL_HEADER
                + u64::try_from(entry.name_raw().len()).unwrap_or(0)
                + entry.compressed_size();
            Some(Entry {
                index,
                name: safe_name(&name),
                encrypted: entry.encrypted(),
                packed: entry.compressed_size(),
                bytes: start..start.saturating_add(own),
            })
        })
        .collect();
    entries.sort_by_key(|entry| entry.bytes.start);
    Ok(entries)
}

/// The name of an entry: UTF-8 if it is, else CP949 in an archive whose names look Korean
/// (Windows in Korea writes so and does not mark it), else what the format prescribes.
fn decode_name(entry: &ZipFileEntry<'_>, korean: bool) -> String {
    let raw = entry.name_raw();
    if let Ok(name) = std::str::from_utf8(raw) {
        return name.to_owned();
    }
    if korean {
        let (name, broken) = EUC_KR.decode_without_bom_handling(raw);
        if !broken {
            return name.into_owned();
        }
    }
    entry.name().map_or_else(
        |_| String::from_utf8_lossy(raw).into_owned(),
        std::borrow::Cow::into_owned,
    )
}

/// Whether a name is of a file that no person put there.
fn is_left_behind(name: &str) -> bool {
    let mut parts = name.split(['/', '\\']).peekable();
    while let Some(part) = parts.next() {
        let hidden = part.starts_with('.') && !part.bytes().all(|byte| byte == b'.');
        if hidden || part == "__MACOSX" {
            return true;
        }
        if parts.peek().is_none() {
            let part = part.to_lowercase();
            // `~$휴가.docx` says that somebody has `휴가.docx` open.
            return part.starts_with("~$")
                || matches!(
                    part.as_str(),
                    "" | "thumbs.db" | "desktop.ini" | "ehthumbs.db"
                );
        }
    }
    false
}

/// What came out of an entry.
struct Unpacked {
    bytes: Vec<u8>,
    /// Why it ended early.
    fault: Option<String>,
    room: u64,
    bomb: u64,
}

impl Unpacked {
    /// Reads a little more than there is room for.
    fn read(file: impl std::io::Read, entry: &Entry, room: u64, work: &mut u64) -> Self {
        let bomb = BOMB_SIZE.max(entry.packed.saturating_mul(BOMB_RATIO));
        let mut bytes = Vec::new();
        // What the archive says about its size is not to be trusted.
        let read = file.take(room.min(bomb) + 1).read_to_end(&mut bytes);
        *work = work.saturating_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Self {
            bytes,
            fault: read.err().map(|error| error.to_string()),
            room,
            bomb,
        }
    }
}

/// What comes out with the first password that fits, which comes first from then on. The check
/// on passwords lets one of 256 wrong ones pass: what they unpack is of a wrong checksum.
fn unlock(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    entry: &Entry,
    keys: &mut [&str],
    work: &mut u64,
    attachments: &Attachments,
) -> Option<Result<Unpacked, String>> {
    for at in 0..keys.len() {
        if *work == 0 {
            break;
        }
        match archive.by_index_decrypt(entry.index, keys[at].as_bytes()) {
            Ok(file) => {
                let unpacked = Unpacked::read(file, entry, attachments.room(), work);
                if unpacked.fault.is_none() {
                    keys[..=at].rotate_right(1);
                    return Some(Ok(unpacked));
                }
            }
            Err(ZipError::InvalidPassword) => {}
            Err(error) => return Some(Err(error.to_string())),
        }
    }
    None
}

/// The bytes of a file, unless there is a problem with them.
fn sized(
    unpacked: Result<Unpacked, String>,
    entry: &Entry,
    attachments: &mut Attachments,
) -> Option<Vec<u8>> {
    let name = &entry.name;
    let Unpacked {
        bytes,
        fault,
        room,
        bomb,
    } = match unpacked {
        Ok(unpacked) => unpacked,
        Err(error) => {
            attachments.problem(format!("`{name}` was not read: {error}"));
            return None;
        }
    };
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if size > bomb {
        attachments.problem(format!(
            "`{name}` was not read: its {} bytes grow more than {BOMB_RATIO} times when unpacked",
            entry.packed
        ));
        return None;
    }
    if size > room {
        attachments.too_large(name);
        return None;
    }
    if let Some(error) = fault {
        attachments.problem(if bytes.is_empty() {
            format!("`{name}` was not read: {error}")
        } else {
            format!("`{name}` is damaged and was read as far as possible: {error}")
        });
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::write::SimpleFileOptions;

    use super::super::password::passwords;
    use super::*;
    use crate::Problem;

    fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let mut archive = zip::ZipWriter::new(&mut bytes);
        for (name, content) in files {
            archive
                .start_file(*name, SimpleFileOptions::default())
                .unwrap();
            archive.write_all(content).unwrap();
        }
        archive.finish().unwrap();
        bytes.into_inner()
    }

    /// Puts `to` wherever `from` stands; both of one length.
    fn patch(mut bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
        assert_eq!(from.len(), to.len());
        let mut at = 0;
        while let Some(found) = sniff::find(&bytes[at..], from) {
            at += found;
            bytes[at..at + to.len()].copy_from_slice(to);
            at += to.len();
        }
        assert!(at > 0);
        bytes
    }

    fn read(bytes: &[u8]) -> (Vec<(String, String)>, Vec<Problem>) {
        assert!(recognizes(bytes, "a.zip"));
        let parsed = parse(bytes, &Passwords::default(), &|_, _| {}).unwrap();
        assert_eq!(parsed.document, Document::default());
        let files = parsed
            .attachments
            .into_iter()
            .map(|file| (file.name, String::from_utf8(file.bytes).unwrap()))
            .collect();
        (files, parsed.problems)
    }

    fn names(bytes: &[u8]) -> Vec<String> {
        read(bytes).0.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn documents_are_taken_and_what_systems_leave_is_not() {
        let (files, problems) = read(&zip(&[
            ("규정/휴가.txt", "연차는 15일이다.".as_bytes()),
            ("__MACOSX/규정/._휴가.txt", b"x"),
            (".DS_Store", b"x"),
            (".git/config", b"x"),
            ("규정/Thumbs.db", b"x"),
            ("~$휴가.docx", b"x"),
            ("빈 것.txt", b""),
            ("음악.ogg", b"OggSxxxx"),
        ]));
        assert_eq!(
            files,
            [("규정/휴가.txt".to_owned(), "연차는 15일이다.".to_owned())]
        );
        assert_eq!(problems.len(), 1);
        assert_eq!(
            problems[0].message,
            "`음악.ogg` (an Ogg recording) was not read: of a kind that cannot be read"
        );
    }

    #[test]
    fn names_of_korean_windows_are_read() {
        let mut bytes = zip(&[("AAAAAAAA.txt", b"a"), ("BBBB/CC.txt", b"b")]);
        let (holiday, ..) = EUC_KR.encode("휴가규정");
        let (sales, ..) = EUC_KR.encode("영업");
        let (way, ..) = EUC_KR.encode("똠"); // not in EUC-KR proper
        bytes = patch(bytes, b"AAAAAAAA", &holiday);
        bytes = patch(bytes, b"BBBB", &sales);
        bytes = patch(bytes, b"CC", &way);
        assert_eq!(names(&bytes), ["휴가규정.txt", "영업/똠.txt"]);
    }

    #[test]
    fn names_that_are_neither_marked_nor_korean_are_of_dos() {
        let bytes = patch(zip(&[("RXsumX.txt", b"a")]), b"RXsumX", b"R\x82sum\x82");
        assert_eq!(names(&bytes), ["Résumé.txt"]);
    }

    #[test]
    fn names_do_not_lead_out() {
        let bytes = patch(
            zip(&[("aa/aa/etc/passwd", b"root"), ("C:\\휴가\\b.txt", b"b")]),
            b"aa/aa/",
            b"../../",
        );
        assert_eq!(names(&bytes), ["etc/passwd", "휴가/b.txt"]);
    }

    #[test]
    fn a_bomb_is_named_and_the_rest_is_read() {
        let (files, problems) = read(&zip(&[
            ("폭탄.txt", &vec![b' '; 30 << 20]),
            ("보통.txt", b"ok"),
        ]));
        assert_eq!(files, [("보통.txt".to_owned(), "ok".to_owned())]);
        assert!(
            problems[0].message.starts_with("`폭탄.txt` was not read")
                && problems[0].message.ends_with("500 times when unpacked"),
            "{problems:?}"
        );
    }

    #[test]
    fn many_bombs_cost_no_more_than_a_few() {
        let bomb = vec![b' '; 21 << 20];
        let files: Vec<(&str, &[u8])> = ["a", "b", "c"].map(|name| (name, &bomb[..])).to_vec();
        let parsed = unpack_all(&zip(&files), &Passwords::default(), &|_, _| {}, 15 << 20).unwrap();
        assert!(parsed.attachments.is_empty());
        let last = &parsed.problems[parsed.problems.len() - 1].message;
        assert!(
            last.starts_with("`b` and what stands behind it (2 of 3 files)"),
            "{last}"
        );
    }

    #[test]
    fn entries_that_share_their_bytes_are_read_once() {
        let mut bytes = zip(&[("a.txt", b"one"), ("b.txt", b"two")]);
        // Where the directory says that the second file stands.
        let at = bytes.windows(4).rposition(|four| four == b"PK\x01\x02");
        let at = at.unwrap() + 42;
        bytes[at..at + 4].fill(0);
        let (files, problems) = read(&bytes);
        assert_eq!(files.len(), 1);
        assert_eq!(
            problems[0].message,
            "`b.txt` was not read: the bytes are those of another file"
        );
    }

    #[test]
    fn a_size_that_lies_does_not_matter() {
        let mut bytes = zip(&[("a.txt", b"one"), ("b.txt", b"two")]);
        let directory = bytes.windows(4).position(|four| four == b"PK\x01\x02");
        let at = directory.unwrap() + 24;
        bytes[at..at + 4].copy_from_slice(&u32::to_le_bytes(0xFFFF_FFF0));
        assert_eq!(names(&bytes), ["a.txt", "b.txt"]);
    }

    #[test]
    fn passwords_are_said_of_files_or_of_the_whole_archive() {
        let encrypt = |mut bytes: Vec<u8>, entries: usize| {
            for (mark, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
                let mut from = 0;
                for _ in 0..entries {
                    let at = from + sniff::find(&bytes[from..], mark).unwrap();
                    bytes[at + flags] |= 1;
                    from = at + 4;
                }
            }
            bytes
        };
        let bytes = zip(&[("a.txt", b"one"), ("b.txt", b"two")]);
        let (files, problems) = read(&encrypt(bytes.clone(), 1));
        assert_eq!(files, [("b.txt".to_owned(), "two".to_owned())]);
        assert_eq!(
            problems[0].message,
            "`a.txt` was not read: a password is needed, and none was given"
        );
        assert!(matches!(
            parse(&encrypt(bytes, 2), &Passwords::default(), &|_, _| {}),
            Err(ParseError::Encrypted { .. })
        ));
    }

    #[test]
    fn files_behind_passwords_are_read_with_them() {
        use zip::AesMode;
        use zip::unstable::write::FileOptionsExt;
        let plain = SimpleFileOptions::default();
        let mut bytes = Cursor::new(Vec::new());
        let mut archive = zip::ZipWriter::new(&mut bytes);
        for (name, options) in [
            (
                "옛.txt",
                FileOptionsExt::with_deprecated_encryption(plain, b"old").unwrap(),
            ),
            ("새.txt", plain.with_aes_encryption(AesMode::Aes256, "암호")),
            ("열린.txt", plain),
        ] {
            archive.start_file(name, options).unwrap();
            archive.write_all("비밀이다.".as_bytes()).unwrap();
        }
        archive.finish().unwrap();
        let bytes = bytes.into_inner();
        let read = |list: &[&str]| {
            let parsed = parse(&bytes, &passwords(list), &|_, _| {}).unwrap();
            let told: Vec<String> = parsed.problems.into_iter().map(|p| p.message).collect();
            let names: Vec<String> = parsed
                .attachments
                .into_iter()
                .map(|file| {
                    assert_eq!(file.bytes, "비밀이다.".as_bytes());
                    file.name
                })
                .collect();
            (names.join(" "), told.join("; "))
        };
        // Many wrong ones: some pass the first check.
        let wrong: Vec<String> = (0..80).map(|number| number.to_string()).collect();
        let mut list: Vec<&str> = wrong.iter().map(String::as_str).collect();
        list.extend(["old", "암호"]);
        assert_eq!(
            read(&list),
            ("옛.txt 새.txt 열린.txt".to_owned(), String::new())
        );
        assert_eq!(
            read(&["암호", "x"]),
            (
                "새.txt 열린.txt".to_owned(),
                "`옛.txt` was not read: a password is needed, and none of the 2 given fits"
                    .to_owned()
            )
        );
    }

    #[test]
    fn packages_of_other_programs_are_no_archives() {
        assert!(!recognizes(
            &zip(&[("META-INF/MANIFEST.MF", b"x")]),
            "a.jar"
        ));
        assert!(!recognizes(
            &zip(&[("[Content_Types].xml", b"x"), ("visio/a.xml", b"x")]),
            "a.vsdx"
        ));
        // A folder that only has such a name.
        assert!(recognizes(&zip(&[("ppt/발표.txt", b"x")]), "a.zip"));
        assert!(!recognizes(b"PK\x03\x04nothing", "a.zip"));
    }

    #[test]
    fn an_archive_in_the_archive_is_an_attachment() {
        let inner = zip(&[("a.txt", b"one")]);
        let outer = zip(&[("안.zip", &inner)]);
        let parsed = parse(&outer, &Passwords::default(), &|_, _| {}).unwrap();
        assert_eq!(parsed.attachments[0].name, "안.zip");
        assert_eq!(parsed.attachments[0].bytes, inner);
    }
}
