//! Text that stands anywhere: bytes as hexadecimal digits, percent signs as addresses write them, and names of
//! what is kept elsewhere.

use std::fmt::Write as _;

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // A string takes all that is written to it.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// `text` with everything percent-encoded but letters, digits, `-_.~` and what else is to stay, as a part
/// of an address or of a header.
pub(crate) fn percent_encoded(text: &str, stays: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || stays.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// `text` as a part of the name of a folder or a collection: everything but letters, digits, `-`, `_` and `.`
/// is a dash.
pub(crate) fn name_part(text: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "-_.".contains(char);
    text.chars()
        .map(|char| if plain(char) { char } else { '-' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_two_digits() {
        assert_eq!(hex(&[0, 10, 255]), "000aff");
    }

    #[test]
    fn what_may_not_stand_in_an_address_is_encoded() {
        assert_eq!(
            percent_encoded("a-_.~/휴 %", b""),
            "a-_.~%2F%ED%9C%B4%20%25"
        );
        assert_eq!(percent_encoded("a/b?c", b"/"), "a/b%3Fc");
    }

    #[test]
    fn names_hold_what_every_file_system_takes() {
        assert_eq!(name_part("a/b 휴_c-1.0"), "a-b--_c-1.0");
    }
}
