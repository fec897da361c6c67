//! What a store answers: lists of objects, and errors. XML, read without expanding anything.

use ingest::parse::reference;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::super::web::address::decoded;

/// An object in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) key: String,
    pub(super) size: u64,
    pub(super) etag: String,
    pub(super) modified: String,
}

/// One page of a list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) objects: Vec<Object>,
    /// Where the next page begins; none at the end.
    pub(super) next: Option<String>,
}

/// Reads a page of a list.
///
/// # Errors
/// When it is no list, or one that was cut off: nothing may then be taken for gone.
pub(super) fn read(xml: &str) -> Result<Page, String> {
    let mut page = Page::default();
    let mut object = Object::default();
    let (mut is_list, mut is_truncated, mut is_encoded) = (false, false, false);
    let mut next = None;
    let mut size_error = None;
    walk(xml, |path, text| match path {
        ["ListBucketResult"] => is_list = true,
        [_, "IsTruncated"] => is_truncated = text.trim() == "true",
        [_, "NextContinuationToken"] => next = Some(text.to_owned()),
        [_, "EncodingType"] => is_encoded = text.trim() == "url",
        [_, "Contents", "Key"] => text.clone_into(&mut object.key),
        [_, "Contents", "ETag"] => text.trim().clone_into(&mut object.etag),
        [_, "Contents", "LastModified"] => text.trim().clone_into(&mut object.modified),
        [_, "Contents", "Size"] => match text.trim().parse() {
            Ok(size) => object.size = size,
            Err(_) => size_error = Some(format!("`{text}` is no size")),
        },
        [_, "Contents"] => page.objects.push(std::mem::take(&mut object)),
        _ => {}
    })?;
    if !is_list {
        return Err("it answers with something that is no list of objects".to_owned());
    }
    if let Some(error) = size_error {
        return Err(error);
    }
    if is_encoded {
        // A space is a plus sign there, and a plus sign is not.
        for object in &mut page.objects {
            object.key = decoded(&object.key.replace('+', "%20"))
                .ok_or_else(|| format!("the key `{}` is not UTF-8", object.key))?;
        }
    }
    page.next = if is_truncated {
        Some(next.ok_or("a list goes on, and it does not say where")?)
    } else {
        None
    };
    Ok(page)
}

/// The code and the message of an error.
pub(super) fn read_error(xml: &str) -> Option<(String, String)> {
    let (mut code, mut message) = (None, String::new());
    walk(xml, |path, text| match path {
        ["Error", "Code"] => code = Some(text.trim().to_owned()),
        ["Error", "Message"] => text.trim().clone_into(&mut message),
        _ => {}
    })
    .ok()?;
    Some((code?, message))
}

/// Calls `visit` at the end of each element with the names from the outermost to its own, and its
/// own text.
fn walk(xml: &str, mut visit: impl FnMut(&[&str], &str)) -> Result<(), String> {
    /// Answers are three deep.
    const DEEPEST: usize = 16;
    let mut reader = Reader::from_str(xml);
    let mut open: Vec<(String, String)> = Vec::new();
    loop {
        let event = reader
            .read_event()
            .map_err(|error| format!("its answer is no XML: {error}"))?;
        match event {
            Event::Start(element) => {
                if open.len() == DEEPEST {
                    return Err("its answer is nested too deeply".to_owned());
                }
                let name = element.local_name().as_ref().to_owned();
                open.push((name, String::new()));
            }
            Event::Empty(element) => {
                let name = element.local_name().as_ref().to_owned();
                open.push((name, String::new()));
                close(&mut open, &mut visit);
            }
            Event::End(_) => close(&mut open, &mut visit),
            Event::Text(text) => push(&mut open, &text),
            Event::CData(text) => push(&mut open, &text),
            Event::GeneralRef(name) => {
                let char = reference(&name).ok_or("its answer has an entity of its own")?;
                push(&mut open, char.encode_utf8(&mut [0; 4]));
            }
            Event::Eof if open.is_empty() => return Ok(()),
            Event::Eof => return Err("its answer was cut off".to_owned()),
            _ => {}
        }
    }
}

fn push(open: &mut [(String, String)], piece: &str) {
    if let Some((_, text)) = open.last_mut() {
        text.push_str(piece);
    }
}

fn close(open: &mut Vec<(String, String)>, visit: &mut impl FnMut(&[&str], &str)) {
    let path: Vec<&str> = open.iter().map(|(name, _)| name.as_str()).collect();
    if let Some((_, text)) = open.last() {
        visit(&path, text);
    }
    open.pop();
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "<?xml version=\"1.0\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
        <Name>b</Name><IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b</NextContinuationToken>\
        <Contents><Key> a &lt;b&gt; 규정.pdf </Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>\
        <ETag>&quot;0f&quot;</ETag><Size>7</Size></Contents><Contents><Key>c</Key><Size>0</Size></Contents>\
        <CommonPrefixes><Prefix>d/</Prefix></CommonPrefixes></ListBucketResult>";

    #[test]
    fn names_come_as_they_are() {
        let page = read(LIST).unwrap();
        assert_eq!(page.next.as_deref(), Some("a&b"));
        let first = &page.objects[0];
        assert_eq!(
            (first.key.as_str(), first.size, first.etag.as_str()),
            (" a <b> 규정.pdf ", 7, "\"0f\"")
        );
        assert_eq!(page.objects[1].key, "c");
    }

    #[test]
    fn encoded_names_are_decoded_once() {
        let list = LIST
            .replace("<Name>", "<EncodingType>url</EncodingType><Name>")
            .replace("<Key>c</Key>", "<Key>a+b%2Bc%2520/%EA%B7%9C%01//d</Key>");
        assert_eq!(read(&list).unwrap().objects[1].key, "a b+c%20/규\u{1}//d");
    }

    #[test]
    fn what_is_no_whole_list_is_refused() {
        for (answer, words) in [
            ("<html><body>Welcome</body></html>", "no list"),
            ("", "no list"),
            (LIST.split_once("<CommonPrefixes>").unwrap().0, "cut off"),
            (&LIST.replace("NextContinuationToken", "Next"), "where"),
            (&LIST.replace("<Size>7", "<Size>seven"), "seven"),
            (&LIST.replace("&lt;", "&lol;"), "entity"),
        ] {
            let error = read(answer).unwrap_err();
            assert!(error.contains(words), "{words}: {error}");
        }
    }

    #[test]
    fn errors_have_a_code() {
        let error = read_error(
            "<Error><Code>NoSuchBucket</Code><Message>It is not there</Message></Error>",
        );
        assert_eq!(
            error,
            Some(("NoSuchBucket".to_owned(), "It is not there".to_owned()))
        );
        assert_eq!(read_error("<html>"), None);
    }
}
