//! Bytes and text in the encodings in which messages send them.

use encoding_rs::{EUC_KR, Encoding, REPLACEMENT, UTF_8};
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;

use super::hex;
use crate::parse::text::{self, Decoded};

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
pub(super) fn quoted_printable(body: &[u8], word: bool) -> Vec<u8> {
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
                let blank = body[at..]
                    .iter()
                    .take_while(|byte| **byte != b'\n' && byte.is_ascii_whitespace())
                    .count();
                match body.get(at + blank) {
                    Some(b'\n') => at += blank + 1,
                    None => at += blank,
                    Some(_) => bytes.push(b'='),
                }
            }
            _ => bytes.push(byte),
        }
    }
    bytes
}

/// Bytes to text, in the encoding that a message names, as far as it can be right.
pub(in crate::parse) fn decode(bytes: &[u8], charset: Option<&str>) -> Decoded {
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
pub(in crate::parse) fn decode_in(bytes: &[u8], encoding: Option<&'static Encoding>) -> Decoded {
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
