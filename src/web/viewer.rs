//! Who asks, from where, and in which language.
//!
//! Without keys the server is for this machine: the name of the host in each request must be a
//! loopback name, or a page of another site could reach it by pointing its own name at
//! 127.0.0.1. With keys, a program shows its key and a browser a session cookie. Nothing
//! that changes anything is taken from another site's page.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri, header};
use ingest::ContentHash;
use secrecy::ExposeSecret as _;

use super::config::ServerConfig;
use super::error::Error;
use crate::ask::Reader;
use crate::language::Language;

/// Name of the session's cookie.
const SESSION: &str = "veracite_session";
/// Name of the cookie that remembers the language.
pub(super) const LANGUAGE: &str = "veracite_language";
/// A session lasts a working day.
const SESSION_TIME: Duration = Duration::from_secs(12 * 60 * 60);
/// Sessions at once; the oldest go.
const SESSIONS: usize = 10_000;

/// A person or program that was let in.
#[derive(Clone, Debug)]
pub(super) struct Viewer {
    /// What they may read.
    pub(super) reader: Reader,
    /// Whether they may change documents.
    pub(super) may_upload: bool,
    /// Whether they signed in, and so can sign out.
    pub(super) signed_in: bool,
    /// Who they are in the audit log.
    pub(super) actor: Arc<str>,
}

impl Viewer {
    /// # Errors
    /// When they may not change documents.
    pub(super) fn must_upload(&self) -> Result<(), Error> {
        if self.may_upload {
            Ok(())
        } else {
            Err(Error::Forbidden)
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Viewer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        parts.extensions.get::<Self>().cloned().ok_or(Error::SignIn)
    }
}

/// The language that a request is answered in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Speaks(pub(super) Language);

impl<S: Sync> FromRequestParts<S> for Speaks {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(language(&parts.uri, &parts.headers)))
    }
}

/// Lets people in, or does not.
#[derive(Debug)]
pub(super) struct Gate {
    keys: Vec<KnownKey>,
    sessions: Mutex<HashMap<ContentHash, Session>>,
}

#[derive(Debug)]
struct KnownKey {
    name: Arc<str>,
    /// Digests are compared, so that the time it takes tells nothing about the key.
    digest: ContentHash,
    reader: Reader,
    may_upload: bool,
}

#[derive(Clone, Copy, Debug)]
struct Session {
    key: usize,
    ends: Instant,
}

impl Gate {
    pub(super) fn new(config: &ServerConfig) -> Self {
        let keys = config
            .keys
            .iter()
            .map(|key| KnownKey {
                name: key.name.as_str().into(),
                digest: ContentHash::of(key.key.expose_secret().as_bytes()),
                reader: Reader::new(key.groups.iter().cloned()),
                may_upload: key.upload,
            })
            .collect();
        Self {
            keys,
            sessions: Mutex::default(),
        }
    }

    /// Whether people must sign in.
    pub(super) fn has_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Refuses what no page of this server sent and finds out who asks.
    ///
    /// # Errors
    /// When the request is for another host or from another site, or a key is wrong. A
    /// request that shows nothing is let through without a viewer where `open` is set.
    pub(super) fn admit(&self, request: &Request, open: bool) -> Result<Option<Viewer>, Error> {
        let headers = request.headers();
        if self.keys.is_empty() && !host(request).is_some_and(is_loopback_host) {
            return Err(Error::WrongHost);
        }
        let bearer = bearer(headers);
        if bearer.is_none() && changes(request.method()) && !is_same_site(request) {
            return Err(Error::OtherSite);
        }
        if self.keys.is_empty() {
            return Ok(Some(Viewer {
                reader: Reader::anyone(),
                may_upload: true,
                signed_in: false,
                actor: crate::app::LOCAL.into(),
            }));
        }
        let key = match bearer {
            Some(secret) => self.key(secret),
            None => cookie(headers, SESSION).and_then(|token| self.session(token)),
        };
        match key.and_then(|key| self.keys.get(key)) {
            Some(key) => Ok(Some(Viewer {
                reader: key.reader.clone(),
                may_upload: key.may_upload,
                signed_in: true,
                actor: Arc::clone(&key.name),
            })),
            None if open => Ok(None),
            None => Err(Error::SignIn),
        }
    }

    /// Whose key it is; none if it is wrong.
    pub(super) fn name_of(&self, secret: &str) -> Option<&str> {
        let key = self.key(secret.trim())?;
        self.keys.get(key).map(|key| &*key.name)
    }

    /// Starts a session and gives the cookie for it; none if the key is wrong.
    pub(super) fn sign_in(&self, secret: &str) -> Result<Option<String>, std::io::Error> {
        let Some(key) = self.key(secret.trim()) else {
            return Ok(None);
        };
        let mut random = [0_u8; 32];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut random)?;
        let token = ContentHash::from_digest(random).to_string();
        let now = Instant::now();
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, session| session.ends > now);
        if sessions.len() >= SESSIONS
            && let Some(oldest) = sessions
                .iter()
                .min_by_key(|(_, session)| session.ends)
                .map(|(token, _)| *token)
        {
            sessions.remove(&oldest);
        }
        sessions.insert(
            ContentHash::of(token.as_bytes()),
            Session {
                key,
                ends: now + SESSION_TIME,
            },
        );
        Ok(Some(format!(
            "{SESSION}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}",
            SESSION_TIME.as_secs()
        )))
    }

    /// Ends the session and gives the cookie that forgets it.
    pub(super) fn sign_out(&self, headers: &HeaderMap) -> String {
        if let Some(token) = cookie(headers, SESSION) {
            let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
            sessions.remove(&ContentHash::of(token.as_bytes()));
        }
        format!("{SESSION}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
    }

    fn key(&self, secret: &str) -> Option<usize> {
        let digest = ContentHash::of(secret.as_bytes());
        self.keys.iter().position(|key| key.digest == digest)
    }

    fn session(&self, token: &str) -> Option<usize> {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let session = sessions.get(&ContentHash::of(token.as_bytes()))?;
        (session.ends > Instant::now()).then_some(session.key)
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

/// The value of a cookie.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

fn host(request: &Request) -> Option<&str> {
    match request.headers().get(header::HOST) {
        Some(host) => host.to_str().ok(),
        None => request
            .uri()
            .authority()
            .map(axum::http::uri::Authority::as_str),
    }
}

/// Whether `host`, as a browser sends it, names this very machine.
fn is_loopback_host(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((name, port)) if port.is_empty() || is_port(port) => name,
            _ => return false,
        },
        None => match host.split_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            Some(_) => return false,
            None => host,
        },
    };
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn is_port(text: &str) -> bool {
    text.strip_prefix(':')
        .is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether a page of this server sent the request, or no page at all.
fn is_same_site(request: &Request) -> bool {
    let text = |name: &str| {
        request
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap_or("?"))
    };
    if let Some(site) = text("sec-fetch-site")
        && !matches!(site, "same-origin" | "none")
    {
        return false;
    }
    match text("origin") {
        Some(origin) => {
            let authority = origin.split_once("://").map(|(_, authority)| authority);
            authority.is_some() && authority == host(request)
        }
        None => true,
    }
}

/// The language that a request is answered in: `?lang=`, then the cookie, then what the
/// browser prefers, then Korean.
pub(super) fn language_of(request: &Request) -> Language {
    language(request.uri(), request.headers())
}

fn language(uri: &Uri, headers: &HeaderMap) -> Language {
    chosen(uri)
        .or_else(|| cookie(headers, LANGUAGE).and_then(from_tag))
        .or_else(|| {
            let accept = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
            preferred(accept)
        })
        .unwrap_or_default()
}

/// The language that `?lang=` names.
pub(super) fn chosen(uri: &Uri) -> Option<Language> {
    uri.query()?
        .split('&')
        .find_map(|pair| pair.strip_prefix("lang="))
        .and_then(from_tag)
}

fn from_tag(tag: &str) -> Option<Language> {
    match tag.split(['-', '_']).next()?.to_ascii_lowercase().as_str() {
        "ko" => Some(Language::Ko),
        "en" => Some(Language::En),
        _ => None,
    }
}

/// The language with the highest weight among those that are spoken here.
fn preferred(accept: &str) -> Option<Language> {
    let mut best: Option<(f32, Language)> = None;
    for part in accept.split(',') {
        let (tag, parameters) = part.split_once(';').unwrap_or((part, ""));
        let weight = parameters
            .trim()
            .strip_prefix("q=")
            .map_or(1.0, |q| q.trim().parse().unwrap_or(0.0));
        if let Some(language) = from_tag(tag.trim())
            && weight > best.map_or(0.0, |(weight, _)| weight)
        {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

/// `text` with everything but letters, digits and `-_.~` percent-encoded, as a part of a URL
/// or of a header.
pub(super) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn request(method: &str, headers: &[(&str, &str)]) -> Request {
        let mut builder = axum::http::Request::builder()
            .method(method)
            .uri("/v1/answers");
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(Body::empty()).unwrap()
    }

    fn open_gate() -> Gate {
        Gate::new(&ServerConfig::default())
    }

    const KEY: &str = "0123456789abcdefghij";

    fn keyed_gate() -> Gate {
        let text = format!("[[keys]]\nname = \"mina\"\nkey = \"{KEY}\"\ngroups = [\"hr\"]");
        Gate::new(&toml::from_str(&text).unwrap())
    }

    #[test]
    fn only_loopback_names_reach_a_server_without_keys() {
        for host in [
            "localhost",
            "LocalHost:8420",
            "127.0.0.1:8420",
            "127.8.9.1",
            "[::1]:8420",
            "[::1]",
        ] {
            assert!(is_loopback_host(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "192.168.0.2:8420",
            "127.0.0.1:80@evil.example",
            "[::1].evil.example",
            "[::1",
            "0.0.0.0",
            "localhost:80:80",
        ] {
            assert!(!is_loopback_host(host), "{host}");
        }
        let gate = open_gate();
        assert!(
            gate.admit(&request("GET", &[("host", "127.0.0.1:8420")]), false)
                .is_ok()
        );
        let rebound = gate.admit(&request("GET", &[("host", "evil.example")]), false);
        assert_eq!(rebound.unwrap_err(), Error::WrongHost);
        assert_eq!(
            gate.admit(&request("GET", &[]), false).unwrap_err(),
            Error::WrongHost
        );
    }

    #[test]
    fn pages_of_other_sites_change_nothing() {
        let gate = open_gate();
        let host = ("host", "localhost:8420");
        let admit = |headers: &[(&str, &str)]| {
            let headers: Vec<_> = std::iter::once(host)
                .chain(headers.iter().copied())
                .collect();
            gate.admit(&request("POST", &headers), false).map(|_| ())
        };
        assert_eq!(admit(&[]), Ok(()), "programs send no origin");
        assert_eq!(
            admit(&[
                ("origin", "http://localhost:8420"),
                ("sec-fetch-site", "same-origin")
            ]),
            Ok(())
        );
        for headers in [
            [("origin", "http://evil.example")],
            [("origin", "http://localhost:9999")],
            [("origin", "null")],
            [("sec-fetch-site", "cross-site")],
            [("sec-fetch-site", "same-site")],
        ] {
            assert_eq!(admit(&headers), Err(Error::OtherSite), "{headers:?}");
        }
    }

    #[test]
    fn a_key_or_a_session_lets_in() {
        let gate = keyed_gate();
        let bearer = format!("Bearer {KEY}");
        let viewer = gate
            .admit(&request("POST", &[("authorization", &bearer)]), false)
            .unwrap()
            .unwrap();
        assert!(viewer.reader.groups().contains(&"hr".parse().unwrap()));
        assert_eq!(viewer.must_upload(), Err(Error::Forbidden));
        for headers in [
            &[][..],
            &[("authorization", "Bearer 0123456789abcdefghiJ")],
            &[("cookie", "veracite_session=")],
        ] {
            assert_eq!(
                gate.admit(&request("GET", headers), false).unwrap_err(),
                Error::SignIn
            );
        }
        assert!(
            gate.admit(&request("GET", &[]), true).unwrap().is_none(),
            "an open page shows"
        );

        assert_eq!(gate.sign_in("wrong").unwrap(), None);
        let set = gate.sign_in(KEY).unwrap().unwrap();
        assert!(
            set.contains("HttpOnly") && set.contains("SameSite=Strict"),
            "{set}"
        );
        let pair = set.split(';').next().unwrap().to_owned();
        assert!(!pair.contains(KEY));
        let with_session = request("GET", &[("cookie", &format!("a=b; {pair}"))]);
        assert!(gate.admit(&with_session, false).unwrap().is_some());
        gate.sign_out(with_session.headers());
        assert_eq!(gate.admit(&with_session, false).unwrap_err(), Error::SignIn);
    }

    #[test]
    fn the_language_is_the_chosen_one_then_the_preferred_one() {
        let of = |uri: &str, headers: &[(&str, &str)]| {
            let mut request = request("GET", headers);
            *request.uri_mut() = uri.parse().unwrap();
            language_of(&request)
        };
        assert_eq!(of("/", &[]), Language::Ko);
        assert_eq!(
            of("/", &[("accept-language", "en-US,en;q=0.9,ko;q=0.8")]),
            Language::En
        );
        assert_eq!(
            of("/", &[("accept-language", "fr,en;q=0.5,ko;q=0.8")]),
            Language::Ko
        );
        assert_eq!(
            of(
                "/",
                &[
                    ("accept-language", "en"),
                    ("cookie", "veracite_language=ko")
                ]
            ),
            Language::Ko
        );
        assert_eq!(
            of("/?lang=en", &[("cookie", "veracite_language=ko")]),
            Language::En
        );
        assert_eq!(
            of("/?lang=%3Cscript", &[("accept-language", "en")]),
            Language::En
        );
    }
}
