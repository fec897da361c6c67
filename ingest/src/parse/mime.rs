//! MIME: the headers of messages, their parts, and bytes and text in transfer encodings.
//!
//! By hand rather than by `mail-parser`'s `MessageParser`, which makes nested messages a tree
//! whose end recurses, searches the whole rest of a message for each boundary, gives up
//! ISO-2022-KR, and turns Korean text without a charset into replacement characters before
//! anybody sees its bytes. Its decoders and its reading of dates are used.

use std::borrow::Cow;

use encoding_rs::{EUC_KR, Encoding, REPLACEMENT, UTF_8};
use mail_parser::DateTime;
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;

use super::text::{self, Decoded};

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

/// Text of a header: encoded words (RFC 2047), and around them UTF-8 or, as old Korean
/// programs write it, bytes of CP949. Words that divide a character between them are joined.
pub(super) fn words(value: &[u8]) -> String {
    let mut text = String::new();
    let mut encoded: Vec<u8> = Vec::new();
    let mut charset = String::new();
    let mut rest = value;
    loop {
        let next = find_word(rest);
        let before = next.as_ref().map_or(rest, |word| &rest[..word.start]);
        let apart = !before.trim_ascii().is_empty();
        if let Some(word) = &next
            && !apart
            && !encoded.is_empty()
            && word.charset == charset
        {
            encoded.extend_from_slice(&word.bytes);
            rest = &rest[word.end..];
            continue;
        }
        if !encoded.is_empty() {
            text.push_str(&decode(&encoded, Some(&charset)).text);
            encoded.clear();
        }
        if apart || text.is_empty() || next.is_none() {
            text.push_str(&text::decode(before, None).text);
        }
        let Some(word) = next else {
            return text.trim().to_owned();
        };
        encoded = word.bytes;
        charset = word.charset;
        rest = &rest[word.end..];
    }
}

struct Word {
    start: usize,
    end: usize,
    charset: String,
    bytes: Vec<u8>,
}

/// The first `=?charset?B?text?=`.
fn find_word(value: &[u8]) -> Option<Word> {
    let mut from = 0;
    loop {
        let start = from + value.get(from..)?.windows(2).position(|two| two == b"=?")?;
        from = start + 2;
        let mut fields = value[from..].splitn(3, |byte| *byte == b'?');
        let (charset, encoding, rest) = (fields.next()?, fields.next()?, fields.next()?);
        let is_label = !charset.is_empty()
            && charset.len() < 60
            && charset
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:*+".contains(byte));
        if !is_label {
            continue;
        }
        let base = encoding.eq_ignore_ascii_case(b"b");
        if !base && !encoding.eq_ignore_ascii_case(b"q") {
            continue;
        }
        let length = rest.windows(2).position(|two| two == b"?=")?;
        let bytes = if base {
            base64(&rest[..length])
        } else {
            quoted_printable(&rest[..length], true)
        };
        let charset = charset
            .split(|byte| *byte == b'*')
            .next()
            .unwrap_or_default();
        return Some(Word {
            start,
            end: from + charset_end(&value[from..]) + length + 2,
            charset: String::from_utf8_lossy(charset).to_lowercase(),
            bytes,
        });
    }
}

/// How far the text of an encoded word stands behind its `=?`.
fn charset_end(word: &[u8]) -> usize {
    let mut marks = word.iter().enumerate().filter(|(_, byte)| **byte == b'?');
    marks.nth(1).map_or(0, |(at, _)| at + 1)
}

/// Bytes out of Base64; what is none of its characters is passed over.
pub(super) fn base64(body: &[u8]) -> Vec<u8> {
    let usual = |byte: &u8| {
        byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"+/=".contains(byte)
    };
    if let Some(bytes) = base64_decode(body) {
        return bytes;
    }
    let cleaned: Vec<u8> = body.iter().copied().filter(usual).collect();
    base64_decode(&cleaned).unwrap_or_default()
}

/// Bytes out of quoted-printable; what is wrong in it is text. In words `_` is a space.
fn quoted_printable(body: &[u8], word: bool) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len());
    let mut at = 0;
    while let Some(&byte) = body.get(at) {
        at += 1;
        match byte {
            b'_' if word => bytes.push(b' '),
            b'=' => {
                if let Some(decoded) = hex(body, at) {
                    bytes.push(decoded);
                    at += 2;
                    continue;
                }
                // The line goes on: white space may have come behind the mark.
                let (line, rest) = next_line(&body[at..]);
                if line.trim_ascii().is_empty() {
                    at = body.len() - rest.len();
                } else {
                    bytes.push(b'=');
                }
            }
            _ => bytes.push(byte),
        }
    }
    bytes
}

/// Bytes to text, in the encoding that a message names, as far as it can be right.
pub(super) fn decode(bytes: &[u8], charset: Option<&str>) -> Decoded {
    let label = charset.unwrap_or_default().trim().to_lowercase();
    if label.starts_with("iso-2022-kr") || label == "csiso2022kr" {
        return decode_as(EUC_KR, &from_iso_2022_kr(bytes));
    }
    if bytes.is_ascii() && !label.starts_with("iso-2022") && !label.contains("utf-7") {
        return text::decode(bytes, None);
    }
    let encoding = match label.as_str() {
        // Said by programs that know no better.
        "" | "us-ascii" | "ascii" | "unknown-8bit" | "default" | "x-unknown" => {
            return text::decode(bytes, None);
        }
        "cp949" | "ms949" | "uhc" | "x-windows-949" | "ksc5601-1987" | "euckr" | "ks_c_5601" => {
            Some(EUC_KR)
        }
        label => Encoding::for_label(label.as_bytes()).filter(|found| *found != REPLACEMENT),
    };
    match encoding {
        Some(encoding) => decode_in(bytes, Some(encoding)),
        None => match charset_decoder(label.as_bytes()) {
            Some(decoder) => Decoded {
                text: decoder(bytes),
                problem: None,
            },
            None => text::decode(bytes, None),
        },
    }
}

/// Bytes to text, in this encoding as far as it can be right.
pub(super) fn decode_in(bytes: &[u8], encoding: Option<&'static Encoding>) -> Decoded {
    // Any bytes can be read in an encoding of single bytes; better reasons come first.
    if let Some(encoding) = encoding
        && !encoding.is_single_byte()
        && encoding != UTF_8
    {
        let (text, broken) = encoding.decode_without_bom_handling(bytes);
        if !broken {
            return Decoded {
                text: text.into_owned(),
                problem: None,
            };
        }
    }
    text::decode(bytes, encoding.filter(|encoding| *encoding != UTF_8))
}

fn decode_as(encoding: &'static Encoding, bytes: &[u8]) -> Decoded {
    Decoded {
        text: encoding.decode_without_bom_handling(bytes).0.into_owned(),
        problem: None,
    }
}

/// ISO-2022-KR writes the bytes of EUC-KR without their high bits between two marks.
fn from_iso_2022_kr(bytes: &[u8]) -> Vec<u8> {
    let mut shifted = false;
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            0x0E => shifted = true,
            0x0F => shifted = false,
            0x1B if bytes[at..].starts_with(b"$)C") => at += 3,
            b'\n' => {
                shifted = false;
                out.push(byte);
            }
            0x21..=0x7E if shifted => out.push(byte | 0x80),
            _ => out.push(byte),
        }
    }
    out
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
