//! What readers of XML parts share. Nothing here recurses, and no entity is expanded.

use encoding_rs::{Encoding, UTF_8};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::sniff;

/// XML is UTF-8 unless a byte order mark or its first line says otherwise.
pub(super) fn text(bytes: Vec<u8>) -> String {
    if let Some((encoding, mark)) = Encoding::for_bom(&bytes) {
        return encoding
            .decode_without_bom_handling(&bytes[mark..])
            .0
            .into_owned();
    }
    if let Some(encoding) = sniff::utf_16_without_mark(&bytes) {
        return encoding.decode_without_bom_handling(&bytes).0.into_owned();
    }
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
    let declared = start
        .split_once("encoding=")
        .and_then(|(before, rest)| (!before.contains("?>")).then_some(rest))
        .and_then(|rest| rest.get(1..)?.split(['"', '\'']).next())
        .and_then(|label| Encoding::for_label(label.as_bytes()))
        // It was no UTF-16, whatever it says.
        .filter(|encoding| encoding.is_ascii_compatible() && *encoding != UTF_8);
    match declared {
        Some(encoding) => encoding.decode_without_bom_handling(&bytes).0.into_owned(),
        None => String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
    }
}

/// The value of an attribute by its name without prefix.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    element
        .attributes()
        .with_checks(false)
        .flatten()
        .find_map(|attribute| {
            let key = attribute.key.as_ref();
            let key = key.rsplit_once(':').map_or(key, |(_, local)| local);
            if key != name {
                return None;
            }
            let value = quick_xml::escape::unescape(&attribute.value)
                .unwrap_or(std::borrow::Cow::Borrowed(&*attribute.value));
            Some(value.into_owned())
        })
}

/// Calls `visit` with each element that begins, and the names of those around it, innermost
/// last. Ends at the first error: these parts are of help, but the text is read without them.
pub(super) fn each_element(text: &str, mut visit: impl FnMut(&BytesStart<'_>, &[String])) {
    let mut reader = Reader::from_str(text);
    let mut around: Vec<String> = Vec::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => {
                visit(&element, &around);
                around.push(element.local_name().as_ref().to_owned());
            }
            Ok(Event::Empty(element)) => visit(&element, &around),
            Ok(Event::End(_)) => {
                around.pop();
            }
            Ok(Event::Eof) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

/// What [`walk`] comes upon.
pub(super) enum Piece<'a> {
    /// An element begins; its name without prefix.
    Start(&'a str, &'a BytesStart<'a>),
    /// An element ends; its name without prefix. Empty elements end too.
    End(&'a str),
    /// Text, in pieces.
    Text(&'a str),
}

/// Calls `visit` with all that is in a part, but for elements that `is_skipped` says to leave
/// out with all that is in them. Says what is wrong with the part if it ends early.
pub(super) fn walk(
    text: &str,
    part: &str,
    is_skipped: impl Fn(&str, &BytesStart<'_>) -> bool,
    mut visit: impl FnMut(Piece<'_>),
) -> Option<String> {
    let mut reader = Reader::from_str(text);
    let mut skipped: Option<(String, usize)> = None;
    loop {
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => {
                let at = reader.error_position();
                return Some(format!(
                    "its part `{part}` is damaged at byte {at} and was read up to there: {error}"
                ));
            }
        };
        if let Some((name, depth)) = &mut skipped {
            match &event {
                Event::Start(element) if element.local_name().as_ref() == *name => *depth += 1,
                Event::End(element) if element.local_name().as_ref() == *name => *depth -= 1,
                Event::Eof => return None,
                _ => {}
            }
            if *depth == 0 {
                skipped = None;
            }
            continue;
        }
        match event {
            Event::Start(element) => {
                let name = element.local_name();
                if is_skipped(name.as_ref(), &element) {
                    skipped = Some((name.as_ref().to_owned(), 1));
                } else {
                    visit(Piece::Start(name.as_ref(), &element));
                }
            }
            Event::Empty(element) => {
                let name = element.local_name();
                if !is_skipped(name.as_ref(), &element) {
                    visit(Piece::Start(name.as_ref(), &element));
                    visit(Piece::End(name.as_ref()));
                }
            }
            Event::End(element) => visit(Piece::End(element.local_name().as_ref())),
            Event::Text(text) => visit(Piece::Text(&text)),
            Event::CData(text) => visit(Piece::Text(&text)),
            Event::GeneralRef(name) => {
                if let Some(char) = reference(&name) {
                    visit(Piece::Text(char.encode_utf8(&mut [0; 4])));
                }
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}

/// The character that `&amp;` or `&#44032;` stands for. Entities that a document declares
/// itself are not expanded: they are how small files become large ones.
pub fn reference(name: &quick_xml::events::BytesRef<'_>) -> Option<char> {
    if name.is_char_ref() {
        return name.resolve_char_ref().ok().flatten();
    }
    match name.as_ref() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

/// Bytes of a part with properties that are read, and of one text in it.
pub(super) const MAX_PROPERTIES: usize = 1 << 20;
pub(super) const MAX_TEXT: usize = 4_000;

/// The texts of the first elements of these names that have some, such as the author and dates
/// in a document's properties. Large parts and texts are read up to a limit.
pub(super) fn first_texts<const N: usize>(part: &str, names: [&str; N]) -> [String; N] {
    let mut texts = [const { String::new() }; N];
    let mut open: Option<usize> = None;
    let part = &part[..part.floor_char_boundary(MAX_PROPERTIES)];
    // What is damaged was read up to the damage.
    let _ = walk(
        part,
        "",
        |_, _| false,
        |piece| match piece {
            Piece::Start(name, _) if open.is_none() => {
                open = names
                    .iter()
                    .zip(&texts)
                    .position(|(known, text)| *known == name && text.trim().is_empty());
            }
            Piece::Text(text) => {
                if let Some(open) = open
                    && texts[open].len() < MAX_TEXT
                {
                    texts[open].push_str(text);
                }
            }
            Piece::End(name) if open.is_some_and(|open| names[open] == name) => open = None,
            _ => {}
        },
    );
    texts
}

/// The text of the first element of this name, such as the title in a document's properties.
pub(super) fn first_text(part: &str, name: &str) -> String {
    let mut reader = Reader::from_str(part);
    let mut inside = false;
    let mut text = String::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => inside |= element.local_name().as_ref() == name,
            Ok(Event::End(element)) if inside && element.local_name().as_ref() == name => {
                return text;
            }
            Ok(Event::Text(part)) if inside => text.push_str(&part),
            Ok(Event::CData(part)) if inside => text.push_str(&part),
            Ok(Event::GeneralRef(name)) if inside => text.extend(reference(&name)),
            Ok(Event::Eof) | Err(_) => return text,
            Ok(_) => {}
        }
    }
}
