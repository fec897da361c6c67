//! What came from an address: whether it is a document, and its name for people.

use reqwest::Url;
use reqwest::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap};

use super::address::{bytes_of, last_part};

/// Characters of a name at most.
const LONGEST: usize = 120;

/// What kind of thing came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A page: it may lead on.
    Page,
    /// A file that can be read.
    Document,
    /// XML, which may be a sitemap.
    Xml,
    /// Something that is no document: a picture, a script.
    Other,
}

/// Endings of files that can be read.
const READ: [&str; 22] = [
    "csv", "docm", "docx", "eml", "hml", "htm", "html", "hwp", "hwpml", "hwpx", "md", "mht",
    "mhtml", "msg", "odp", "ods", "odt", "pdf", "pptx", "rtf", "txt", "xlsx",
];
/// Endings of what is on pages and is no document: not worth asking for.
const PASSED_OVER: [&str; 30] = [
    "avi", "bmp", "bz2", "css", "dll", "dmg", "eot", "exe", "gif", "ico", "iso", "jar", "jpeg",
    "jpg", "js", "json", "mov", "mp3", "mp4", "mpg", "msi", "png", "rpm", "rss", "svg", "tar",
    "ttf", "wav", "webp", "woff2",
];

/// Whether an address is plainly that of something else than a document.
pub(super) fn is_passed_over(address: &Url) -> bool {
    PASSED_OVER.contains(&ending(&last_part(address)).as_str())
}

/// What came from `address`, and its name.
pub(super) fn tell(address: &Url, headers: &HeaderMap) -> (Kind, String) {
    let told = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let kind_of_content = told
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let attached = headers
        .get(CONTENT_DISPOSITION)
        .and_then(|value| attached_name(value.as_bytes()));
    let mut name = clean(&attached.unwrap_or_else(|| last_part(address)));
    let readable = READ.contains(&ending(&name).as_str());
    let kind = match kind_of_content.as_str() {
        "text/html" | "application/xhtml+xml" => Kind::Page,
        // A reader for Hangul's XML knows it by its ending.
        "text/xml" | "application/xml" if readable => Kind::Document,
        "text/xml" | "application/xml" | "application/gzip" | "application/x-gzip" => Kind::Xml,
        "application/pdf"
        | "application/rtf"
        | "text/rtf"
        | "text/plain"
        | "text/markdown"
        | "text/csv"
        | "message/rfc822"
        | "multipart/related"
        | "application/vnd.ms-outlook"
        | "application/x-hwp"
        | "application/haansofthwp"
        | "application/hwp+zip" => Kind::Document,
        // JSON, feeds, fonts and the like, whatever they are called.
        "text/css" | "text/javascript" | "application/javascript" | "application/json" => {
            Kind::Other
        }
        other
            if ["image/", "audio/", "video/", "font/"]
                .iter()
                .any(|start| other.starts_with(start)) =>
        {
            Kind::Other
        }
        other
            if other.starts_with("application/vnd.openxmlformats-officedocument.")
                || other.starts_with("application/vnd.oasis.opendocument.")
                || other.starts_with("application/vnd.hancom.") =>
        {
            Kind::Document
        }
        _ if name.to_ascii_lowercase().ends_with(".xml.gz") => Kind::Xml,
        // Servers that do not know a file say "bytes", "download" or nothing.
        _ if readable => Kind::Document,
        _ => Kind::Other,
    };
    if kind == Kind::Page {
        if name.is_empty() {
            name = folder_name(address);
        }
        if !matches!(ending(&name).as_str(), "html" | "htm" | "xhtml") {
            name.push_str(".html");
        }
    } else if name.is_empty() {
        name = folder_name(address);
    }
    (kind, name)
}

/// The encoding that the server tells.
pub(super) fn charset(headers: &HeaderMap) -> Option<&str> {
    let told = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    told.split(';').skip(1).find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches('"'))
    })
}

/// The name of the folder that an address stands for, or of its host.
fn folder_name(address: &Url) -> String {
    let mut folder = address.clone();
    let path = address.path().trim_end_matches('/').to_owned();
    folder.set_path(&path);
    let name = clean(&last_part(&folder));
    if name.is_empty() {
        address.host_str().unwrap_or("page").to_owned()
    } else {
        name
    }
}

fn ending(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((_, ending)) => ending.to_ascii_lowercase(),
        None => String::new(),
    }
}

/// A name without folders and characters that no name has.
fn clean(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|char| !char.is_control()).collect();
    let name = name.trim();
    if name.chars().count() <= LONGEST {
        return name.to_owned();
    }
    // The ending says how it is read.
    let ending = ending(name);
    let short: String = name.chars().take(LONGEST).collect();
    if ending.is_empty() || ending.len() > 8 {
        short
    } else {
        format!("{short}.{ending}")
    }
}

/// The name that `Content-Disposition` gives: the extended one (RFC 6266) before the plain one,
/// which servers write in UTF-8, in EUC-KR or with percent signs.
fn attached_name(value: &[u8]) -> Option<String> {
    let mut plain = None;
    for part in split(value) {
        let at = part.iter().position(|byte| *byte == b'=')?;
        let (key, value) = (part[..at].trim_ascii(), part[at + 1..].trim_ascii());
        if key.eq_ignore_ascii_case(b"filename*") {
            let text = std::str::from_utf8(value).ok()?;
            let mut parts = text.trim_matches('"').splitn(3, '\'');
            let (charset, _, name) = (parts.next()?, parts.next()?, parts.next()?);
            return Some(text_of(&bytes_of(name), Some(charset)));
        }
        if key.eq_ignore_ascii_case(b"filename") {
            let value = value.strip_prefix(b"\"").unwrap_or(value);
            let value = value.strip_suffix(b"\"").unwrap_or(value);
            let name = text_of(value, None);
            plain = Some(text_of(&bytes_of(&name), None));
        }
    }
    plain
}

/// The parts after the first `;`, those between quotation marks whole.
fn split(value: &[u8]) -> Vec<&[u8]> {
    let mut is_quoted = false;
    let parts = value.split(|byte| {
        if *byte == b'"' {
            is_quoted = !is_quoted;
        }
        *byte == b';' && !is_quoted
    });
    parts.skip(1).filter(|part| part.contains(&b'=')).collect()
}

fn text_of(bytes: &[u8], charset: Option<&str>) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let encoding = charset.and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()));
    encoding
        .unwrap_or(encoding_rs::EUC_KR)
        .decode(bytes)
        .0
        .into_owned()
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(address: &str, content: &str, disposition: &[u8], kind: Kind, name: &str) {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_str(content).unwrap());
        if !disposition.is_empty() {
            headers.insert(
                CONTENT_DISPOSITION,
                HeaderValue::from_bytes(disposition).unwrap(),
            );
        }
        let told = tell(&Url::parse(address).unwrap(), &headers);
        assert_eq!(told, (kind, name.to_owned()));
    }

    #[test]
    fn pages_have_names_of_their_own() {
        check(
            "http://a/docs/휴가",
            "text/html; charset=utf-8",
            b"",
            Kind::Page,
            "휴가.html",
        );
        check("http://a/docs/", "text/html", b"", Kind::Page, "docs.html");
        check("http://a/", "TEXT/HTML", b"", Kind::Page, "a.html");
        check("http://a/x.htm", "text/html", b"", Kind::Page, "x.htm");
        check(
            "http://a/view.do?id=3",
            "text/html",
            b"",
            Kind::Page,
            "view.do.html",
        );
    }

    #[test]
    fn files_are_told_by_type_or_ending() {
        check(
            "http://a/f?id=3",
            "application/octet-stream",
            "attachment; filename=\"규정;1.hwp\"".as_bytes(),
            Kind::Document,
            "규정;1.hwp",
        );
        check(
            "http://a/f",
            "application/x-download",
            b"attachment; filename=\"a.bin\"; filename*=UTF-8''%ED%9C%B4%EA%B0%80.pdf",
            Kind::Document,
            "휴가.pdf",
        );
        check(
            "http://a/f",
            "application/download",
            b"attachment;filename=%ED%9C%B4%EA%B0%80.docx",
            Kind::Document,
            "휴가.docx",
        );
        let (raw, _, _) = encoding_rs::EUC_KR.encode("attachment; filename=휴가.hwp");
        check(
            "http://a/f",
            "application/octet-stream",
            &raw,
            Kind::Document,
            "휴가.hwp",
        );
        check(
            "http://a/f",
            "application/pdf",
            b"attachment; filename=\"../../etc/passwd\"",
            Kind::Document,
            "passwd",
        );
        check(
            "http://a/x.bin",
            "application/octet-stream",
            b"",
            Kind::Other,
            "x.bin",
        );
        check("http://a/x.pdf", "image/png", b"", Kind::Other, "x.pdf");
        check(
            "http://a/feed",
            "application/rss+xml",
            b"",
            Kind::Other,
            "feed",
        );
        check("http://a/s.xml", "application/xml", b"", Kind::Xml, "s.xml");
        check(
            "http://a/s.hml",
            "application/xml",
            b"",
            Kind::Document,
            "s.hml",
        );
    }

    #[test]
    fn long_names_keep_their_ending() {
        let address = format!("http://a/{}.pdf", "가".repeat(300));
        let (_, name) = tell(&Url::parse(&address).unwrap(), &HeaderMap::new());
        assert!(
            name.chars().count() < 130 && name.ends_with("가.pdf"),
            "{name}"
        );
    }

    #[test]
    fn pictures_are_not_asked_for() {
        assert!(is_passed_over(&Url::parse("http://a/x.PNG?y").unwrap()));
        assert!(!is_passed_over(&Url::parse("http://a/x.pdf").unwrap()));
        assert!(!is_passed_over(&Url::parse("http://a.png/").unwrap()));
    }
}
