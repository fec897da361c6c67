//! Addresses: one way to write each, and which of them belong to a site.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use reqwest::Url;

/// A longer address is one that a page made up.
const LONGEST: usize = 2_000;
/// A path that has a part more often leads in circles.
const REPEATED: usize = 3;

/// The part of the web that a source may contact: one scheme, host and port, and of it the pages
/// whose paths begin so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    origin: Url,
    prefix: String,
}

impl Scope {
    pub(super) fn new(start: &Url, prefix: &str) -> Self {
        let mut origin = start.clone();
        origin.set_path("/");
        origin.set_query(None);
        origin.set_fragment(None);
        Self {
            origin,
            prefix: prefix.to_owned(),
        }
    }

    /// Whether an address is at the same scheme, host and port. Nothing else is ever contacted:
    /// what a page names can thus lead neither to other machines of the network nor out of it.
    pub(super) fn is_site(&self, address: &Url) -> bool {
        address.scheme() == self.origin.scheme()
            && address.host_str() == self.origin.host_str()
            && address.port_or_known_default() == self.origin.port_or_known_default()
    }

    /// Whether an address is that of a page which may become a document.
    pub(super) fn holds(&self, address: &Url) -> bool {
        self.is_site(address) && is_below(address.path(), &self.prefix)
    }

    /// An address of the site as it is written here, if a link to it is worth following.
    pub(super) fn follow(&self, address: Url) -> Option<Url> {
        if !self.is_site(&address) || address.as_str().len() > LONGEST {
            return None;
        }
        let address = normal(address);
        (!leads_in_circles(address.path())).then_some(address)
    }

    /// `/robots.txt` of the site.
    pub(super) fn robots(&self) -> Url {
        let mut address = self.origin.clone();
        address.set_path("/robots.txt");
        address
    }

    /// Whether some page belongs to both.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.is_site(&other.origin)
            && (is_below(&self.prefix, &other.prefix) || is_below(&other.prefix, &self.prefix))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = self.origin.as_str().trim_end_matches('/');
        write!(formatter, "{origin}{}", self.prefix)
    }
}

/// `/docs` holds itself and `/docs/x`, but not `/docsx`.
fn is_below(path: &str, prefix: &str) -> bool {
    match path.strip_prefix(prefix) {
        None => false,
        Some(rest) => rest.is_empty() || prefix.ends_with('/') || rest.starts_with('/'),
    }
}

/// The folder that an address is in.
pub(super) fn folder_of(address: &Url) -> String {
    let path = address.path();
    let end = path.rfind('/').map_or(0, |slash| slash + 1);
    path[..end].to_owned()
}

fn leads_in_circles(path: &str) -> bool {
    let mut times: HashMap<&str, usize> = HashMap::new();
    path.split('/').filter(|part| !part.is_empty()).any(|part| {
        let times = times.entry(part).or_default();
        *times += 1;
        *times > REPEATED
    })
}

/// Writes an address in the one way that stands for all with the same meaning: no fragment, no
/// name and password, percent signs where they are needed, the query in the order of its names,
/// without ids of sessions and marks of campaigns.
pub(super) fn normal(mut address: Url) -> Url {
    address.set_fragment(None);
    // An address of http has room for both, so that neither can fail.
    let _ = address.set_username("");
    let _ = address.set_password(None);
    let path = without_session(&tidy(address.path()));
    address.set_path(&path);
    let query = address.query().map(sorted);
    address.set_query(query.as_deref().filter(|query| !query.is_empty()));
    address
}

/// Java's servers write the session into the path.
fn without_session(path: &str) -> String {
    let parts = path.split('/').map(|part| {
        let lower = part.to_ascii_lowercase();
        match lower.find(";jsessionid=") {
            Some(at) => &part[..at],
            None => part,
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

fn sorted(query: &str) -> String {
    let tidied = tidy(query);
    let mut pairs: Vec<&str> = tidied
        .split('&')
        .filter(|pair| !pair.is_empty() && !is_of_a_session(pair))
        .collect();
    // Values of one name keep their order.
    pairs.sort_by_key(|pair| pair.split_once('=').map_or(*pair, |(name, _)| name));
    pairs.join("&")
}

fn is_of_a_session(pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let name = name.to_ascii_lowercase();
    let is_long_number = value.len() >= 24 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    match name.as_str() {
        "jsessionid" | "phpsessid" | "sessionid" | "session_id" | "cfid" | "cftoken" | "fbclid"
        | "gclid" => true,
        // It may also be a section or an article.
        "sid" | "s" => is_long_number,
        _ => name.starts_with("aspsessionid") || name.starts_with("utm_"),
    }
}

/// Percent signs in upper case, and none before what needs none (RFC 3986, 6.2.2).
pub(super) fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        tidied.push_str(&rest[..at]);
        rest = &rest[at..];
        match rest.get(1..3).and_then(byte_of) {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                tidied.push(char::from(byte));
                rest = &rest[3..];
            }
            Some(_) => {
                tidied.push_str(&rest[..3].to_ascii_uppercase());
                rest = &rest[3..];
            }
            None => {
                tidied.push('%');
                rest = &rest[1..];
            }
        }
    }
    tidied.push_str(rest);
    tidied
}

fn byte_of(digits: &str) -> Option<u8> {
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u8::from_str_radix(digits, 16).ok().filter(|_| is_hex)
}

/// Text with percent signs as the bytes that they stand for.
pub(super) fn bytes_of(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        if char == '%'
            && let Some(byte) = rest.get(1..3).and_then(byte_of)
        {
            bytes.push(byte);
            rest = &rest[3..];
        } else {
            bytes.extend_from_slice(&rest.as_bytes()[..char.len_utf8()]);
            rest = &rest[char.len_utf8()..];
        }
    }
    bytes
}

/// Text without percent signs; none if that is no UTF-8.
pub(crate) fn decoded(text: &str) -> Option<String> {
    String::from_utf8(bytes_of(text)).ok()
}

/// The last part of an address's path as people write it; empty for a folder.
pub(super) fn last_part(address: &Url) -> String {
    let part = address.path().rsplit('/').next().unwrap_or_default();
    decoded(part).unwrap_or_else(|| {
        let bytes = bytes_of(part);
        let (text, _, broken) = encoding_rs::EUC_KR.decode(&bytes);
        if broken {
            Cow::Borrowed(part).into_owned()
        } else {
            text.into_owned()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[track_caller]
    fn check(written: &str, expected: &str) {
        assert_eq!(normal(url(written)).as_str(), expected);
        // Once is enough.
        assert_eq!(normal(url(expected)).as_str(), expected);
    }

    #[test]
    fn addresses_with_the_same_meaning_are_written_alike() {
        check("HTTP://A.example:80/x/../y#z", "http://a.example/y");
        check("http://a/휴가", "http://a/%ED%9C%B4%EA%B0%80");
        check(
            "http://a/%ed%9c%b4%7e%41?%61=%2f",
            "http://a/%ED%9C%B4~A?a=%2F",
        );
        check("http://a/?b=2&a=2&&a=1", "http://a/?a=2&a=1&b=2");
        check("http://a/x?", "http://a/x");
        check(
            "http://a/x;jsessionid=F00?PHPSESSID=1&id=3&utm_source=m",
            "http://a/x?id=3",
        );
        check("http://a/x?sid=100", "http://a/x?sid=100");
        check(
            "http://a/x?sid=0123456789abcdef0123456789abcdef",
            "http://a/x",
        );
        check("http://mina:hush@a/x", "http://a/x");
        check("http://a/100%", "http://a/100%");
    }

    #[test]
    fn only_one_scheme_host_and_port_is_the_site() {
        let scope = Scope::new(&url("http://10.0.0.7:8080/docs/"), "/docs/");
        assert!(scope.holds(&url("http://10.0.0.7:8080/docs/a")));
        for other in [
            "http://10.0.0.7:8080/other/",
            "http://10.0.0.7/docs/",
            "https://10.0.0.7:8080/docs/",
            "http://10.0.0.8:8080/docs/",
            "http://169.254.169.254/docs/",
            "http://localhost:8080/docs/",
            "http://10.0.0.7:8080.example/docs/",
            "http://10.0.0.7:8080@evil.example/docs/",
            "ftp://10.0.0.7:8080/docs/",
            "file:///docs/",
        ] {
            if let Ok(other) = Url::parse(other) {
                assert!(!scope.holds(&other), "{other}");
            }
        }
    }

    #[test]
    fn a_prefix_ends_where_a_part_ends() {
        let scope = |prefix| Scope::new(&url("http://a/"), prefix);
        assert!(scope("/docs").holds(&url("http://a/docs")));
        assert!(scope("/docs").holds(&url("http://a/docs/x")));
        assert!(!scope("/docs").holds(&url("http://a/docsx")));
        assert!(scope("/docs").overlaps(&scope("/docs/a/")));
        assert!(!scope("/docs/b").overlaps(&scope("/docs/a/")));
    }

    #[test]
    fn long_and_circling_addresses_are_not_followed() {
        let scope = Scope::new(&url("http://a/"), "/");
        assert!(scope.follow(url("http://a/x/y/x/y/x")).is_some());
        assert!(scope.follow(url("http://a/x/y/x/y/x/y/x")).is_none());
        let long = format!("http://a/{}", "x/y".repeat(1_000));
        assert!(scope.follow(url(&long)).is_none());
    }
}
