//! Outlook messages (`.msg`): properties as streams of a Compound File (MS-OXMSG).
//!
//! A message that is attached becomes a file of its own again, an attachment like others.
//! Left out: pictures that are part of the text, signatures, calendar entries, and objects of
//! other programs inside the text.

mod compressed;

use std::collections::HashMap;
use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};

use cfb::CompoundFile;
use encoding_rs::Encoding;
use mail_parser::DateTime;

use super::attachments::Attachments;
use super::flow::Item;
use super::mail::{self, Head, Plain};
use super::rtf::{self, encoding_of};
use super::text::Decoded;
use super::{ParseError, Parsed, Progress, eml, html, mime, sniff};
use crate::{DocumentBuilder, Problem};

/// The properties of a message, of a recipient or of an attachment.
const PROPERTIES: &str = "__properties_version1.0";
/// What the names of properties stand for.
const NAMES: &str = "__nameid_version1.0";
/// Bytes that a property which is text may have.
const MAX_TEXT: u64 = 64 << 20;
/// Bytes of all properties that are text.
const MAX_TEXTS: u64 = 256 << 20;
/// Storages and streams of one attached message, and attachments and recipients of a message.
const MAX_ENTRIES: usize = 10_000;

/// Whether the bytes are a message.
pub(super) fn recognizes(bytes: &[u8], _file_name: &str) -> bool {
    sniff::is_compound(bytes)
        && sniff::find_utf_16(bytes, PROPERTIES)
        && CompoundFile::open(Cursor::new(bytes))
            // Its reader says what is wrong.
            .map_or(true, |file| file.is_stream(PROPERTIES))
}

/// Reads a message.
///
/// # Errors
/// When it is damaged, or its text is encrypted and nothing else is in it.
pub fn parse(bytes: &[u8], progress: Progress<'_>) -> Result<Parsed, ParseError> {
    let file = CompoundFile::open(Cursor::new(bytes)).map_err(|error| ParseError::Damaged {
        reason: format!("its container cannot be read: {error}"),
    })?;
    let mut message = Message {
        file,
        left: MAX_TEXTS,
        codepage: None,
        problems: Vec::new(),
    };
    let root = PathBuf::from("/");
    let properties = message.properties(&root, 32);
    if properties.is_empty() {
        return Err(ParseError::Damaged {
            reason: format!("its properties (`{PROPERTIES}`) cannot be read"),
        });
    }
    // That of its text, or that of the one who wrote it.
    message.codepage = [0x3FFD, 0x3FDE]
        .into_iter()
        .find_map(|id| encoding_of(number(&properties, id)?));
    let head = message.head(&root, &properties);
    let body = message.body(&root, &properties);
    let mut attachments = Attachments::default();
    message.attachments(&root, &head.subject, &mut attachments);

    let class = message.text(&root, 0x001A).to_lowercase();
    let secret =
        if class.contains("rpmsg") || attachments.names().any(|name| name == "message.rpmsg") {
            Some("its text is under rights management")
        } else if class.starts_with("ipm.note.smime") && !class.ends_with("multipartsigned") {
            Some("its text is encrypted or inside a signature (S/MIME)")
        } else {
            None
        };
    if let Some(reason) = secret {
        let others = attachments
            .names()
            .any(|name| name != "message.rpmsg" && sniff::extension(name) != "p7m");
        if body.is_empty() && !others {
            return Err(ParseError::Encrypted {
                reason: reason.to_owned(),
            });
        }
        attachments.problem(format!("a part was not read: {reason}"));
    }
    let attached: Vec<String> = attachments.names().map(str::to_owned).collect();
    let mut builder = DocumentBuilder::default();
    mail::push(&head, &attached, body, &mut builder);
    let (attachments, mut problems) = attachments.finish();
    problems.append(&mut message.problems);
    progress(1, Some(1));
    Ok(Parsed {
        attachments,
        ..Parsed::new(builder.finish(), problems)
    })
}

/// Values that take eight bytes or less, by the number of their property.
type Properties = HashMap<u16, [u8; 8]>;

fn number(properties: &Properties, id: u16) -> Option<i32> {
    let value = properties.get(&id)?;
    Some(i32::from_le_bytes([value[0], value[1], value[2], value[3]]))
}

struct Message<'a> {
    file: CompoundFile<Cursor<&'a [u8]>>,
    /// Bytes of text that may still be read.
    left: u64,
    /// The encoding of texts that are not UTF-16.
    codepage: Option<&'static Encoding>,
    problems: Vec<Problem>,
}

impl Message<'_> {
    /// The bytes of a stream, or as many as may be read.
    fn stream(&mut self, path: &Path, limit: u64) -> Option<Vec<u8>> {
        let stream = self.file.open_stream(path).ok()?;
        let mut bytes = Vec::new();
        // A damaged stream is read up to the damage.
        let read = stream.take(limit).read_to_end(&mut bytes);
        (read.is_ok() || !bytes.is_empty()).then_some(bytes)
    }

    /// The values in a storage, behind a header of so many bytes.
    fn properties(&mut self, storage: &Path, header: usize) -> Properties {
        let bytes = self
            .stream(&storage.join(PROPERTIES), 1 << 20)
            .unwrap_or_default();
        let entries = bytes.get(header..).unwrap_or_default();
        entries
            .chunks_exact(16)
            .filter_map(|entry| {
                let id = u16::from_le_bytes([entry[2], entry[3]]);
                Some((id, entry[8..].try_into().ok()?))
            })
            .collect()
    }

    /// A property of variable size, of this type.
    fn value(&mut self, storage: &Path, id: u16, kind: u16) -> Option<Vec<u8>> {
        let path = storage.join(format!("__substg1.0_{id:04X}{kind:04X}"));
        let limit = MAX_TEXT.min(self.left);
        let mut bytes = self.stream(&path, limit + 1)?;
        let read = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if read > limit {
            self.problems.push(Problem::of_file(format!(
                "a text of it was cut off after {limit} bytes"
            )));
            bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        self.left = self.left.saturating_sub(read);
        Some(bytes)
    }

    /// A property that is text, or nothing.
    fn text(&mut self, storage: &Path, id: u16) -> String {
        if let Some(bytes) = self.value(storage, id, 0x001F) {
            let (text, _) = encoding_rs::UTF_16LE.decode_without_bom_handling(&bytes);
            return text.trim_end_matches('\0').to_owned();
        }
        let Some(bytes) = self.value(storage, id, 0x001E) else {
            return String::new();
        };
        let Decoded { text, problem } = mime::decode_in(&bytes, self.codepage);
        self.problems.extend(problem);
        text.trim_end_matches('\0').to_owned()
    }

    /// Storages in a storage whose names begin like this, in order.
    fn storages(&mut self, storage: &Path, prefix: &str) -> Vec<PathBuf> {
        let Ok(entries) = self.file.read_storage(storage) else {
            return Vec::new();
        };
        let mut found: Vec<PathBuf> = entries
            .filter(|entry| entry.is_storage() && entry.name().starts_with(prefix))
            .take(MAX_ENTRIES + 1)
            .map(|entry| entry.path().to_owned())
            .collect();
        if found.len() > MAX_ENTRIES {
            found.truncate(MAX_ENTRIES);
            self.problems.push(Problem::of_file(format!(
                "it has more than {MAX_ENTRIES} recipients or attachments, and the rest was not read"
            )));
        }
        found.sort();
        found
    }

    fn head(&mut self, root: &Path, properties: &Properties) -> Head {
        // How it came over the network, where it did.
        let headers = self.text(root, 0x007D);
        let headers = mime::split(headers.as_bytes()).0;
        let sent = headers.sent();
        let headers = eml::head(&headers);
        let name = self.text(root, 0x0C1A);
        let mut address = self.text(root, 0x5D01);
        if address.is_empty() {
            address = self.text(root, 0x0C1F);
        }
        let sender = person(&name, &address);
        let known = sender.contains('@') || headers.from.is_empty();
        let from = if known && !sender.is_empty() {
            vec![sender]
        } else {
            headers.from
        };
        let (mut to, mut cc) = (Vec::new(), Vec::new());
        for recipient in self.storages(root, "__recip_version1.0_") {
            let kind = number(&self.properties(&recipient, 8), 0x0C15);
            let name = self.text(&recipient, 0x3001);
            let mut address = self.text(&recipient, 0x39FE);
            if address.is_empty() {
                address = self.text(&recipient, 0x3003);
            }
            let person = person(&name, &address);
            match kind {
                _ if person.is_empty() => {}
                Some(2) => cc.push(person),
                // Those who got it without the others knowing.
                Some(3) => {}
                _ => to.push(person),
            }
        }
        for (persons, id, others) in [(&mut to, 0x0E04, headers.to), (&mut cc, 0x0E03, headers.cc)]
        {
            if persons.is_empty() {
                let shown = self.text(root, id);
                *persons = shown
                    .split(';')
                    .map(|name| person(name, ""))
                    .filter(|name| !name.is_empty())
                    .collect();
            }
            if persons.is_empty() {
                *persons = others;
            }
        }
        let mut subject = self.text(root, 0x0037);
        // Two characters that say how long its `Re: ` is.
        if subject.starts_with('\u{1}') {
            subject = subject.chars().skip(2).collect();
        }
        let written = [0x0039, 0x0E06]
            .into_iter()
            .find_map(|id| date(*properties.get(&id)?));
        Head {
            subject,
            from,
            to,
            cc,
            // Only its headers say where its sender's clock stood.
            date: sent.or(written),
        }
    }

    fn body(&mut self, root: &Path, properties: &Properties) -> Vec<Item> {
        let plain = self.text(root, 0x1000);
        let plain = Plain {
            text: plain,
            ..Plain::default()
        };
        let mut page = self.text(root, 0x1013);
        if page.is_empty()
            && let Some(bytes) = self.value(root, 0x1013, 0x0102)
        {
            let encoding = number(properties, 0x3FDE)
                .and_then(encoding_of)
                .or_else(|| html::declared(&bytes));
            let Decoded { text, problem } = mime::decode_in(&bytes, encoding);
            self.problems.extend(problem);
            page = text;
        }
        let mut rich = html::read(page).items;
        if rich.is_empty()
            && let Some(bytes) = self.value(root, 0x1009, 0x0102)
        {
            match compressed::unpack(&bytes) {
                Ok(bytes) => {
                    let rtf = rtf::read(&bytes);
                    self.problems.extend(rtf.problems);
                    rich = match rtf.html {
                        Some(page) => html::read(page).items,
                        None => rtf.items,
                    };
                }
                Err(reason) => self.problems.push(Problem::of_file(format!(
                    "its formatted text cannot be unpacked: {reason}"
                ))),
            }
        }
        mail::better(rich, plain.items())
    }

    fn attachments(&mut self, root: &Path, subject: &str, attachments: &mut Attachments) {
        let mut objects = 0_usize;
        for storage in self.storages(root, "__attach_version1.0_") {
            if !attachments.has_place() {
                continue;
            }
            let properties = self.properties(&storage, 8);
            let mut name = [0x3707, 0x3704, 0x3001]
                .into_iter()
                .map(|id| self.text(&storage, id))
                .find(|name| !name.trim().is_empty())
                .unwrap_or_else(|| format!("attachment {}", attachments.names().count() + 1));
            let kind = self.text(&storage, 0x370E).to_lowercase();
            let inner = storage.join("__substg1.0_3701000D");
            if self.file.is_storage(&inner) {
                if !self.file.is_stream(inner.join(PROPERTIES)) {
                    objects += 1;
                    continue;
                }
                let inner_subject = self.text(&inner, 0x0037);
                if !inner_subject.trim().is_empty() {
                    name = inner_subject.replace(['/', '\\'], "-");
                }
                if sniff::extension(&name) != "msg" {
                    name.push_str(".msg");
                }
                match self.copy_out(&inner, attachments.room()) {
                    Ok(bytes) => attachments.add(&name, bytes),
                    Err(reason) => {
                        attachments.problem(format!("`{name}` was not read: {reason}"));
                    }
                }
                continue;
            }
            let in_text = number(&properties, 0x3714).is_some_and(|flags| flags & 4 != 0)
                || properties.get(&0x7FFE).is_some_and(|value| value[0] != 0)
                || !self.text(&storage, 0x3712).is_empty();
            if is_left_out(&name, &kind, in_text) {
                continue;
            }
            if kind == "multipart/signed" {
                // The whole message, as it was signed.
                name = format!("{}.eml", subject.replace(['/', '\\'], "-"));
            } else if matches!(kind.as_str(), "application/ms-tnef")
                || name.eq_ignore_ascii_case("winmail.dat")
            {
                attachments.problem(format!(
                    "`{name}` was not read: it is in a form of Outlook's own (TNEF)"
                ));
                continue;
            }
            let room = attachments.room();
            let data = storage.join("__substg1.0_37010102");
            if self.file.entry(&data).is_ok_and(|entry| entry.len() > room) {
                attachments.too_large(&name);
                continue;
            }
            match self.stream(&data, room) {
                Some(bytes) if !bytes.is_empty() => attachments.add(&name, bytes),
                Some(_) => {}
                None => attachments.problem(format!(
                    "`{name}` was not read: its bytes are not in the message"
                )),
            }
        }
        if objects > 0 {
            attachments.problem(format!(
                "{} embedded in its text {} not read",
                if objects == 1 {
                    "1 object".to_owned()
                } else {
                    format!("{objects} objects")
                },
                if objects == 1 { "was" } else { "were" },
            ));
        }
    }

    /// An attached message as a file of its own.
    fn copy_out(&mut self, storage: &Path, room: u64) -> Result<Vec<u8>, String> {
        let failed = |error: std::io::Error| error.to_string();
        let mut copy = CompoundFile::create_with_version(cfb::Version::V3, Cursor::new(Vec::new()))
            .map_err(failed)?;
        let mut left = room;
        let mut entries = 0_usize;
        let names = PathBuf::from("/").join(NAMES);
        for (from, to) in [(storage, Path::new("/")), (&names, names.as_path())] {
            let Ok(walk) = self.file.walk_storage(from) else {
                continue;
            };
            let found: Vec<(PathBuf, bool)> = walk
                .take(MAX_ENTRIES + 1)
                .map(|entry| (entry.path().to_owned(), entry.is_storage()))
                .collect();
            entries += found.len();
            if entries > MAX_ENTRIES {
                return Err(format!("it has more than {MAX_ENTRIES} parts"));
            }
            for (path, is_storage) in found {
                let inside = path.strip_prefix(from).unwrap_or(Path::new(""));
                let target = to.join(inside);
                if copy.entry(&target).is_ok() {
                    continue;
                }
                if is_storage {
                    copy.create_storage(&target).map_err(failed)?;
                    continue;
                }
                let Some(mut bytes) = self.stream(&path, left + 1) else {
                    continue;
                };
                left = left
                    .checked_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX))
                    .ok_or_else(|| format!("it has more than {} MB", room >> 20))?;
                if target == Path::new("/").join(PROPERTIES) && bytes.len() >= 24 {
                    // Outermost messages have eight more bytes of header.
                    bytes.splice(24..24, [0; 8]);
                }
                copy.create_stream(&target)
                    .and_then(|mut stream| {
                        stream.write_all(&bytes)?;
                        stream.flush()
                    })
                    .map_err(failed)?;
            }
        }
        copy.flush().map_err(failed)?;
        Ok(copy.into_inner().into_inner())
    }
}

/// A name and an address; that of the inside of a company's network says nothing to people.
fn person(name: &str, address: &str) -> String {
    let name = name.trim().trim_matches(['\'', '"']).trim();
    let address = if address.contains('@') {
        address.trim()
    } else {
        ""
    };
    if name.is_empty() || name == address {
        address.to_owned()
    } else if address.is_empty() {
        name.to_owned()
    } else {
        format!("{name} <{address}>")
    }
}

/// A time as Windows counts it, as ISO 8601: in tenths of microseconds since 1601, in UTC.
pub(super) fn date(value: [u8; 8]) -> Option<String> {
    const TO_1970: u64 = 11_644_473_600;
    const TO_3000: u64 = 32_503_680_000;
    let seconds = (u64::from_le_bytes(value) / 10_000_000).checked_sub(TO_1970)?;
    if seconds == 0 || seconds > TO_3000 {
        return None;
    }
    let seconds = i64::try_from(seconds).ok()?;
    Some(mime::iso_8601(&DateTime::from_timestamp(seconds)))
}

/// Whether a file belongs to the message rather than being sent with it.
fn is_left_out(name: &str, kind: &str, in_text: bool) -> bool {
    let extension = sniff::extension(name);
    let picture = kind.starts_with("image/")
        || matches!(
            extension.as_str(),
            "png" | "jpg" | "jpeg" | "gif" | "bmp" | "emf" | "wmz" | "svg" | "webp"
        );
    (in_text && picture)
        || matches!(extension.as_str(), "p7s" | "ics")
        || kind == "text/calendar"
        || kind.ends_with("pkcs7-signature")
}

#[cfg(test)]
mod tests;
