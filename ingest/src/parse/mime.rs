//! MIME: the headers of messages, their parts, and bytes and text in transfer encodings.
//!
//! By hand rather than by `mail-parser`'s `MessageParser`, which makes nested messages a tree
//! whose end recurses, searches the whole rest of a message for each boundary, gives up
//! ISO-2022-KR, and turns Korean text without a charset into replacement characters before
//! anybody sees its bytes. Its decoders and its reading of dates are used.

mod encoding;

use std::borrow::Cow;

use mail_parser::DateTime;

use self::encoding::{base64, quoted_printable, words};
pub(super) use self::encoding::{decode, decode_in};

/// Headers of one part that are looked at.
const MAX_HEADERS: usize = 2_000;
/// Bytes of a header that are looked at; addresses of a large list take some.
const MAX_HEADER: usize = 256 * 1024;
/// Pieces that the value of a parameter may be written in.
const MAX_PIECES: usize = 200;

/// The headers of a message or of a part of one.
#[derive(Debug, Default)]
pub(super) struct Headers {
    /// Names in lower case, values without the ends of lines.
    fields: Vec<(String, Vec<u8>)>,
}

/// Divides a message, or a part of one, into headers and what follows.
pub(super) fn split(bytes: &[u8]) -> (Headers, &[u8]) {
    let mut headers = Headers::default();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (line, after) = next_line(rest);
        if line.is_empty() {
            rest = after;
            break;
        }
        if line[0].is_ascii_whitespace() {
            if let Some((_, value)) = headers.fields.last_mut()
                && value.len() < MAX_HEADER
            {
                value.push(b' ');
                value.extend_from_slice(line.trim_ascii());
            }
        } else if let Some(colon) = line.iter().position(|byte| *byte == b':')
            && is_name(&line[..colon])
        {
            if headers.fields.len() < MAX_HEADERS {
                let name = String::from_utf8_lossy(line[..colon].trim_ascii());
                let value = &line[colon + 1..];
                let value = value[..value.len().min(MAX_HEADER)].trim_ascii();
                headers.fields.push((name.to_lowercase(), value.to_vec()));
            }
        } else if headers.fields.is_empty() {
            // A part without headers, and without the empty line that says so.
            return (headers, bytes);
        }
        rest = after;
    }
    (headers, rest)
}

/// Whether bytes are the name of a header.
pub(super) fn is_name(name: &[u8]) -> bool {
    let name = name.trim_ascii_end();
    !name.is_empty() && name.len() < 80 && name.iter().all(u8::is_ascii_graphic)
}

/// The first line, without its end, and what follows.
pub(super) fn next_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(at) => (
            bytes[..at].strip_suffix(b"\r").unwrap_or(&bytes[..at]),
            &bytes[at + 1..],
        ),
        None => (bytes, &[]),
    }
}

impl Headers {
    fn raw(&self, name: &str) -> Option<&[u8]> {
        self.fields
            .iter()
            .find(|(field, value)| field == name && !value.is_empty())
            .map(|(_, value)| value.as_slice())
    }

    /// The value of a header as people read it.
    pub(super) fn text(&self, name: &str) -> String {
        self.raw(name).map(words).unwrap_or_default()
    }

    /// The persons of a header: `김민아 <mina@example.com>, …`. All headers of the name count.
    pub(super) fn addresses(&self, name: &str) -> Vec<String> {
        self.fields
            .iter()
            .filter(|(field, _)| field == name)
            .flat_map(|(_, value)| addresses(value))
            .collect()
    }

    /// When it was sent, with the sender's offset, as ISO 8601; as it stands where that is
    /// no date.
    pub(super) fn date(&self) -> Option<String> {
        let written = self.text("date");
        self.sent().or((!written.is_empty()).then_some(written))
    }

    /// When it was sent, if its header is a date.
    pub(super) fn sent(&self) -> Option<String> {
        let written = self.text("date");
        // Zones that the standard does not name, but mail from Korea does.
        let zoned = [" KST", " JST"]
            .into_iter()
            .find_map(|zone| written.strip_suffix(zone))
            .map_or_else(|| written.clone(), |time| format!("{time} +0900"));
        let date = DateTime::parse_rfc822(&zoned)?;
        let possible = date.is_valid() && date.year >= 1970;
        possible.then(|| iso_8601(&date))
    }

    /// What kind of content follows.
    pub(super) fn content_type(&self) -> Value {
        self.raw("content-type")
            .map(Value::read)
            .unwrap_or_default()
    }

    /// `inline` or `attachment`, and a name.
    pub(super) fn disposition(&self) -> Value {
        self.raw("content-disposition")
            .map(Value::read)
            .unwrap_or_default()
    }

    /// The bytes of a body, out of the encoding in which they were sent.
    pub(super) fn decode<'a>(&self, body: &'a [u8]) -> Cow<'a, [u8]> {
        match self
            .text("content-transfer-encoding")
            .to_lowercase()
            .as_str()
        {
            "base64" => Cow::Owned(base64(body)),
            "quoted-printable" => Cow::Owned(quoted_printable(body, false)),
            _ => Cow::Borrowed(body),
        }
    }
}

/// A time as `2026-03-03T09:05:00+09:00`.
pub(super) fn iso_8601(date: &DateTime) -> String {
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}{:02}:{:02}",
        date.year,
        date.month,
        date.day,
        date.hour,
        date.minute,
        date.second,
        if date.tz_before_gmt { '-' } else { '+' },
        date.tz_hour,
        date.tz_minute,
    )
}

/// A header that is a word with parameters: `text/plain; charset=euc-kr`.
#[derive(Debug, Default)]
pub(super) struct Value {
    /// In lower case.
    pub(super) word: String,
    parameters: Vec<(String, Vec<u8>)>,
}

impl Value {
    pub(super) fn read(value: &[u8]) -> Self {
        let mut pieces = pieces(value, b';').into_iter();
        let word = pieces.next().unwrap_or_default().trim_ascii();
        let word = String::from_utf8_lossy(word).to_lowercase();
        let parameters = pieces
            .take(MAX_PIECES)
            .filter_map(|piece| {
                let equals = piece.iter().position(|byte| *byte == b'=')?;
                let name = String::from_utf8_lossy(piece[..equals].trim_ascii()).to_lowercase();
                Some((name, unquoted(piece[equals + 1..].trim_ascii())))
            })
            .collect();
        Self { word, parameters }
    }

    fn raw(&self, name: &str) -> Option<&[u8]> {
        self.parameters
            .iter()
            .find(|(parameter, _)| parameter == name)
            .map(|(_, value)| value.as_slice())
    }

    /// A parameter that is ASCII.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        self.raw(name)
            .map(|value| String::from_utf8_lossy(value).into_owned())
            .or_else(|| self.extended(name))
    }

    /// A parameter in any language: as RFC 2231 writes it (`name*0*=euc-kr'ko'%B0%A1`), as an
    /// encoded word although none may stand there, or as plain bytes.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.extended(name)
            .or_else(|| self.raw(name).map(words))
            .filter(|text| !text.trim().is_empty())
    }

    fn extended(&self, name: &str) -> Option<String> {
        let starred = |name: String| {
            let plain = self.raw(&name).map(|value| (value, false));
            plain.or_else(|| self.raw(&format!("{name}*")).map(|value| (value, true)))
        };
        let mut bytes = Vec::new();
        let mut charset = None;
        if let Some(whole) = self.raw(&format!("{name}*")) {
            charset = percent(whole, true, &mut bytes);
        } else {
            let first = starred(format!("{name}*0"))?;
            let mut next = Some(first);
            let mut number = 0;
            while let Some((value, encoded)) = next.filter(|_| number < MAX_PIECES) {
                if encoded {
                    let found = percent(value, number == 0, &mut bytes);
                    charset = charset.or(found);
                } else {
                    bytes.extend_from_slice(value);
                }
                number += 1;
                next = starred(format!("{name}*{number}"));
            }
            if charset.is_none() {
                // Encoded words, cut into pieces.
                return Some(words(&bytes));
            }
        }
        Some(decode(&bytes, charset.as_deref()).text)
    }
}

/// Undoes `%B0`; the first piece begins with `charset'language'`.
fn percent(value: &[u8], first: bool, bytes: &mut Vec<u8>) -> Option<String> {
    let mut value = value;
    let mut charset = None;
    if first {
        let mut marks = value.splitn(3, |byte| *byte == b'\'');
        if let (Some(name), Some(_), Some(rest)) = (marks.next(), marks.next(), marks.next()) {
            charset = Some(String::from_utf8_lossy(name).into_owned());
            value = rest;
        }
    }
    let mut at = 0;
    while let Some(&byte) = value.get(at) {
        at += 1;
        if byte == b'%'
            && let Some(decoded) = hex(value, at)
        {
            bytes.push(decoded);
            at += 2;
        } else {
            bytes.push(byte);
        }
    }
    charset
}

fn hex(bytes: &[u8], at: usize) -> Option<u8> {
    let digit = |at: usize| {
        bytes
            .get(at)
            .and_then(|byte| char::from(*byte).to_digit(16))
    };
    u8::try_from(digit(at)? * 16 + digit(at + 1)?).ok()
}

/// Divides a value where `divider` stands outside quotes and comments.
fn pieces(value: &[u8], divider: u8) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let (mut start, mut quoted, mut comments, mut escaped) = (0, false, 0_usize, false);
    for (at, &byte) in value.iter().enumerate() {
        if escaped {
            escaped = false;
            continue;
        }
        match byte {
            b'\\' if quoted || comments > 0 => escaped = true,
            b'"' if comments == 0 => quoted = !quoted,
            b'(' if !quoted => comments += 1,
            b')' if !quoted => comments = comments.saturating_sub(1),
            _ if byte == divider && !quoted && comments == 0 => {
                pieces.push(&value[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    pieces.push(&value[start..]);
    pieces
}

/// What stands in quotes, or the word as it is.
fn unquoted(value: &[u8]) -> Vec<u8> {
    let Some(inner) = value.strip_prefix(b"\"") else {
        return value.to_vec();
    };
    let mut bytes = Vec::with_capacity(inner.len());
    let mut escaped = false;
    for &byte in inner {
        match byte {
            // Browsers send paths of Windows, whose backslashes escape nothing.
            b'\\' if !escaped => escaped = true,
            b'"' if !escaped => break,
            _ => {
                if escaped && !matches!(byte, b'"' | b'\\') {
                    bytes.push(b'\\');
                }
                bytes.push(byte);
                escaped = false;
            }
        }
    }
    bytes
}

/// The persons in a list of addresses.
fn addresses(value: &[u8]) -> Vec<String> {
    pieces(value, b',')
        .into_iter()
        .flat_map(|piece| pieces(piece, b';'))
        .filter_map(|piece| {
            let piece = piece.trim_ascii();
            let address = piece
                .iter()
                .rposition(|byte| *byte == b'<')
                .map(|open| (&piece[..open], &piece[open + 1..]));
            let Some((name, address)) = address else {
                let text = words(&unquoted(piece));
                return (!text.is_empty()).then_some(text);
            };
            let end = address.iter().position(|byte| *byte == b'>');
            let address = words(&address[..end.unwrap_or(address.len())]);
            // The name of a group stands before its first member.
            let name = words(&unquoted(name.trim_ascii()));
            let name = name.trim().trim_matches(['"', '\'']).trim();
            Some(if name.is_empty() || name == address {
                address
            } else if address.is_empty() {
                name.to_owned()
            } else {
                format!("{name} <{address}>")
            })
        })
        .collect()
}

/// The parts between the lines that a boundary makes.
pub(super) fn parts<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let mark = [b"--", boundary.as_bytes()].concat();
    let mut parts = Vec::new();
    let mut start = None;
    let mut from = 0;
    while from < body.len() {
        let line_at = from;
        let (line, rest) = next_line(&body[from..]);
        from = body.len() - rest.len();
        let Some(after) = line.strip_prefix(mark.as_slice()) else {
            continue;
        };
        let last = after.trim_ascii_end() == b"--";
        if !last && !after.trim_ascii_end().is_empty() {
            continue;
        }
        if let Some(start) = start.take() {
            parts.push(before_line(&body[start..line_at]));
        }
        if last {
            return parts;
        }
        start = Some(from);
    }
    // The end is missing.
    if let Some(start) = start {
        parts.push(&body[start..]);
    }
    parts
}

/// What stands before the end of a line that belongs to the boundary.
fn before_line(part: &[u8]) -> &[u8] {
    let part = part.strip_suffix(b"\n").unwrap_or(part);
    part.strip_suffix(b"\r").unwrap_or(part)
}

#[cfg(test)]
mod tests;
