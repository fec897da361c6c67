//! Who asks, from where, and in which language.
//!
//! Without accounts and keys the server is for this machine: the name of the host in each request
//! must be a loopback name, or a page of another site could reach it by pointing its own name at
//! 127.0.0.1. Otherwise a program shows a key, of the configuration or of a person, and a browser
//! a session cookie. Nothing that changes anything is taken from another site's page, and forms
//! of our own pages carry a word of their session as well.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri, header};
use ingest::ContentHash;
use secrecy::ExposeSecret as _;

use super::config::ServerConfig;
use super::connection::Connection;
use super::error::Error;
use crate::app::LOCAL;
use crate::ask::Reader;
use crate::language::Language;
use crate::people::{Admitted, ConfiguredKey, Holder, People, Person, PersonId, Role, Token};

/// Name of the cookie that remembers the language.
const LANGUAGE: &str = "veracite_language";
/// Its name behind HTTPS, where no other host and no unencrypted page can set it.
const SECURE_LANGUAGE: &str = "__Host-veracite_language";

/// Who somebody is.
#[derive(Clone, Debug)]
pub(super) enum Who {
    /// Nobody in particular: the server is open to its machine.
    Nobody,
    /// Who has a key of the configuration.
    Key {
        /// Its name.
        name: Arc<str>,
    },
    /// A person with an account.
    Person {
        /// The id, for good.
        id: PersonId,
        /// What others see.
        display_name: String,
        /// The name of their API key, if a program shows one.
        by_key: Option<String>,
    },
}

/// The session by which somebody is signed in.
#[derive(Clone, Debug)]
pub(super) struct SessionOf {
    /// Names it.
    pub(super) id: String,
    /// What forms of its pages carry.
    pub(super) form: String,
}

/// A person or program that was let in.
#[derive(Clone, Debug)]
pub(super) struct Viewer {
    /// Who they are.
    pub(super) who: Who,
    /// What they may do.
    pub(super) role: Role,
    /// What they may read.
    pub(super) reader: Reader,
    /// Whether they may change documents.
    pub(super) may_upload: bool,
    /// Whether they signed in, and so can sign out.
    pub(super) signed_in: bool,
    /// Their session, if a browser shows one.
    pub(super) session: Option<SessionOf>,
    /// Who they are in the audit log: a person's id, a key's name.
    pub(super) actor: Arc<str>,
}

impl Viewer {
    fn new(who: Who, role: Role, reader: Reader) -> Self {
        Self {
            signed_in: !matches!(who, Who::Nobody),
            actor: match &who {
                Who::Nobody => LOCAL.into(),
                Who::Key { name } => Arc::clone(name),
                Who::Person { id, .. } => id.as_str().into(),
            },
            who,
            role,
            reader,
            may_upload: role >= Role::Editor,
            session: None,
        }
    }

    /// A reader of what everybody may read.
    #[cfg(test)]
    pub(super) fn for_test(who: Who) -> Self {
        Self::new(who, Role::Reader, Reader::anyone())
    }

    /// Whoever is at this machine, where the server is open to it.
    fn owner() -> Self {
        Self::new(Who::Nobody, Role::Admin, Reader::anyone())
    }

    fn person(person: Person, by_key: Option<String>) -> Self {
        let reader = Reader::new(person.all_groups()).with_person(person.id.clone());
        let who = Who::Person {
            id: person.id,
            display_name: person.display_name,
            by_key,
        };
        Self::new(who, person.role, reader)
    }

    /// Whether they see to the whole installation.
    pub(super) fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }

    /// # Errors
    /// When they may not change documents.
    pub(super) fn must_upload(&self) -> Result<(), Error> {
        if self.may_upload {
            Ok(())
        } else {
            Err(Error::Forbidden)
        }
    }

    /// # Errors
    /// When they do not see to the whole installation.
    pub(super) fn must_be_admin(&self) -> Result<(), Error> {
        if self.is_admin() {
            Ok(())
        } else {
            Err(Error::Forbidden)
        }
    }

    /// The person who signed in by a password, and their session.
    ///
    /// # Errors
    /// When it is somebody else. A key cannot make keys and passwords: what it opens would outlive it.
    pub(super) fn must_be_person(&self) -> Result<(&PersonId, &SessionOf), Error> {
        match (&self.who, &self.session) {
            (Who::Person { id, .. }, Some(session)) => Ok((id, session)),
            _ => Err(Error::Forbidden),
        }
    }

    /// Whether `sent` is what forms of their session carry.
    ///
    /// # Errors
    /// When it is not.
    pub(super) fn must_have_sent(&self, sent: &str) -> Result<(), Error> {
        // Hashes are compared, so that the time it takes tells nothing.
        let hash = |text: &str| ContentHash::of(text.as_bytes());
        match &self.session {
            Some(session) if hash(&session.form) == hash(sent) => Ok(()),
            _ => Err(Error::StaleForm),
        }
    }
}

impl Viewer {
    /// Whether a form was sent by a page of theirs: it carries the word of their session. Where
    /// nobody signs in there are no sessions, and the gate has refused other sites' pages.
    ///
    /// # Errors
    /// When it was not.
    pub(super) fn must_be_our_form(&self, sent: &str) -> Result<(), Error> {
        match self.who {
            Who::Nobody => Ok(()),
            _ => self.must_have_sent(sent),
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
    /// Whether the server is open to its machine as long as there are no accounts.
    may_be_open: bool,
    trusted_proxies: Vec<IpAddr>,
    /// Seconds that a browser keeps a session's cookie.
    cookie_seconds: u64,
    people: Arc<People>,
}

#[derive(Debug)]
struct KnownKey {
    name: Arc<str>,
    /// Digests are compared, so that the time it takes tells nothing about the key.
    digest: ContentHash,
    reader: Reader,
    role: Role,
}

impl KnownKey {
    /// What its sessions are kept by.
    fn hash(&self) -> String {
        self.digest.to_string()
    }

    fn viewer(&self) -> Viewer {
        let name = Arc::clone(&self.name);
        Viewer::new(Who::Key { name }, self.role, self.reader.clone())
    }
}

/// What became of a request at the gate.
#[derive(Debug)]
pub(super) struct Admission {
    /// Who asks, if they showed it.
    pub(super) viewer: Option<Viewer>,
    /// Their way here.
    pub(super) connection: Connection,
    /// Another token that their browser must get.
    pub(super) renewed: Option<Token>,
}

impl Gate {
    pub(super) fn new(config: &ServerConfig, people: Arc<People>) -> Self {
        let keys: Vec<KnownKey> = config
            .keys
            .iter()
            .map(|key| KnownKey {
                name: key.name.as_str().into(),
                digest: ContentHash::of(key.key.expose_secret().as_bytes()),
                reader: Reader::new(key.groups.iter().cloned()),
                role: if key.upload {
                    Role::Editor
                } else {
                    Role::Reader
                },
            })
            .collect();
        Self {
            may_be_open: keys.is_empty() && !config.wants_accounts(),
            keys,
            trusted_proxies: config.trusted_proxies.clone(),
            cookie_seconds: config.session_absolute.as_secs(),
            people,
        }
    }

    /// Whether people must sign in.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub(super) async fn must_sign_in(&self) -> Result<bool, Error> {
        Ok(!self.may_be_open || self.people.had_accounts().await?)
    }

    /// Whether there is neither a key nor an account yet by which anybody could come in.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub(super) async fn needs_set_up(&self) -> Result<bool, Error> {
        Ok(self.keys.is_empty() && !self.people.has_accounts().await?)
    }

    /// The keys of the configuration by their names, and who shows them.
    pub(super) fn readers_by_key(&self) -> Vec<(String, Reader)> {
        let keys = self.keys.iter();
        keys.map(|key| (key.name.to_string(), key.reader.clone()))
            .collect()
    }

    /// Whether the configuration has keys.
    pub(super) fn has_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    /// A request's way here.
    pub(super) fn connection(&self, parts: &Parts) -> Connection {
        Connection::of(parts, &self.trusted_proxies)
    }

    /// Whether a request's asker speaks HTTPS, as a proxy says that is believed.
    pub(super) fn is_secure(&self, request: &Request) -> bool {
        Connection::new(
            request.headers(),
            request.extensions(),
            &self.trusted_proxies,
        )
        .is_secure
    }

    /// Refuses what no page of this server sent and finds out who asks.
    ///
    /// # Errors
    /// When the request is for another host or from another site, or a key is wrong. A
    /// request that shows nothing is let through without a viewer where `open` is set.
    pub(super) async fn admit(&self, parts: &Parts, open: bool) -> Result<Admission, Error> {
        let headers = &parts.headers;
        let must_sign_in = self.must_sign_in().await?;
        if !must_sign_in && !host(parts).is_some_and(is_loopback_host) {
            return Err(Error::WrongHost);
        }
        let shown = shown_key(headers);
        if shown.is_none() && changes(&parts.method) && !is_same_site(parts) {
            return Err(Error::OtherSite);
        }
        let connection = self.connection(parts);
        let admission = |viewer| Admission {
            viewer,
            connection,
            renewed: None,
        };
        if !must_sign_in {
            return Ok(admission(Some(Viewer::owner())));
        }
        let admission = match (shown, connection.token(headers)) {
            (Some(shown), _) => {
                let viewer = self.by_key(shown).await?;
                if viewer.is_none() {
                    self.people.key_refused(connection.address);
                }
                admission(viewer)
            }
            (None, Some(token)) => {
                // Handlers of what changes something may set or forget the cookie themselves, and style
                // sheets may be kept for others by a proxy, with the cookie that came with them.
                let may_renew =
                    !changes(&parts.method) && !parts.uri.path().starts_with("/static/");
                let session = self.people.admit_session(token, may_renew).await?;
                let (viewer, renewed) =
                    session.map_or((None, None), |session| self.by_session(session));
                Admission {
                    viewer,
                    connection,
                    renewed,
                }
            }
            (None, None) => admission(None),
        };
        if admission.viewer.is_none() && !open {
            return Err(Error::SignIn);
        }
        Ok(admission)
    }

    /// Who holds a key, of the configuration or of a person.
    pub(super) async fn by_key(&self, shown: &str) -> Result<Option<Viewer>, Error> {
        if let Some(key) = self.key(shown) {
            return Ok(Some(key.viewer()));
        }
        let found = self.people.admit_key(shown).await?;
        Ok(found.map(|(person, key)| Viewer::person(person, Some(key.name))))
    }

    fn by_session(&self, session: Admitted) -> (Option<Viewer>, Option<Token>) {
        let of = SessionOf {
            id: session.id,
            form: session.form,
        };
        match self.holder(session.holder) {
            Some(viewer) => {
                let session_of = Some(of);
                let viewer = Viewer {
                    session: session_of,
                    ..viewer
                };
                (Some(viewer), session.renewed)
            }
            // A key that is no longer in the configuration.
            None => (None, None),
        }
    }

    /// Who holds a session that began just now.
    pub(super) fn holder(&self, holder: Holder) -> Option<Viewer> {
        match holder {
            Holder::Person(person) => Some(Viewer::person(person, None)),
            Holder::Key(hash) => {
                let key = self.keys.iter().find(|key| key.hash() == hash);
                key.map(KnownKey::viewer)
            }
        }
    }

    /// The key of the configuration that was shown, if there is such a key.
    pub(super) fn configured_key(&self, shown: &str) -> Option<ConfiguredKey> {
        self.key(shown.trim()).map(|key| ConfiguredKey {
            name: key.name.to_string(),
            hash: key.hash(),
        })
    }

    /// The cookie for a session's token.
    pub(super) fn session_cookie(&self, connection: Connection, token: &Token) -> String {
        connection.session_cookie(token.expose(), self.cookie_seconds)
    }

    fn key(&self, shown: &str) -> Option<&KnownKey> {
        let digest = ContentHash::of(shown.as_bytes());
        self.keys.iter().find(|key| key.digest == digest)
    }
}

/// The key that a program shows, in either of the two headers that clients send it in.
fn shown_key(headers: &HeaderMap) -> Option<&str> {
    let plain = || Some(headers.get("x-api-key")?.to_str().ok()?.trim());
    bearer(headers).or_else(plain)
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

/// The host that a request names.
pub(super) fn host(parts: &Parts) -> Option<&str> {
    match parts.headers.get(header::HOST) {
        Some(host) => host.to_str().ok(),
        None => parts
            .uri
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
fn is_same_site(parts: &Parts) -> bool {
    let text = |name: &str| {
        parts
            .headers
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
            authority.is_some() && authority == host(parts)
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
        .or_else(|| cookie(headers, SECURE_LANGUAGE).and_then(from_tag))
        .or_else(|| cookie(headers, LANGUAGE).and_then(from_tag))
        .or_else(|| {
            let accept = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
            preferred(accept)
        })
        .unwrap_or_default()
}

/// The cookie that remembers a language for a year.
pub(super) fn language_cookie(language: Language, is_secure: bool) -> String {
    let (name, secure) = if is_secure {
        (SECURE_LANGUAGE, "; Secure")
    } else {
        (LANGUAGE, "")
    };
    let tag = language.tag();
    format!("{name}={tag}; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000{secure}")
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

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;
    use crate::audit::Audit;
    use crate::people::Visitor;

    fn request(method: &str, headers: &[(&str, &str)]) -> Request {
        let mut builder = axum::http::Request::builder()
            .method(method)
            .uri("/v1/answers");
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(Body::empty()).unwrap()
    }

    const KEY: &str = "0123456789abcdefghij";

    async fn gate(folder: &std::path::Path, config: &str) -> Gate {
        let config: ServerConfig = toml::from_str(config).unwrap();
        let file = folder.join("catalogue.sqlite");
        let catalogue = crate::catalogue::Catalogue::open(&file).await.unwrap();
        let clock = Arc::new(crate::proof::SystemClock);
        let key = crate::proof::Key::open_or_make(folder).unwrap();
        let settings = crate::audit::AuditConfig::default();
        let audit = Audit::open(catalogue.clone(), folder, key, clock.clone(), &settings);
        let audit = audit.await.unwrap();
        let (limits, vouchers) = (config.session_limits(), config.vouchers());
        let people = People::new(catalogue, clock, limits, vouchers, audit);
        Gate::new(&config, Arc::new(people))
    }

    async fn admit(gate: &Gate, request: Request, open: bool) -> Result<Admission, Error> {
        gate.admit(&request.into_parts().0, open).await
    }

    #[tokio::test]
    async fn only_loopback_names_reach_a_server_without_keys() {
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
        let folder = tempfile::tempdir().unwrap();
        let gate = gate(folder.path(), "").await;
        let here = request("GET", &[("host", "127.0.0.1:8420")]);
        assert!(admit(&gate, here, false).await.unwrap().viewer.is_some());
        let rebound = admit(&gate, request("GET", &[("host", "evil.example")]), false).await;
        assert_eq!(rebound.unwrap_err(), Error::WrongHost);
        let unnamed = admit(&gate, request("GET", &[]), false).await;
        assert_eq!(unnamed.unwrap_err(), Error::WrongHost);
    }

    #[tokio::test]
    async fn a_server_for_others_is_open_to_nobody_before_it_is_set_up() {
        for config in [
            "bind = \"0.0.0.0:8420\"",
            "bind = \"192.168.0.7:8420\"",
            "accounts = true",
        ] {
            let folder = tempfile::tempdir().unwrap();
            let gate = gate(folder.path(), config).await;
            let here = request("GET", &[("host", "127.0.0.1:8420")]);
            let refused = admit(&gate, here, false).await.unwrap_err();
            assert_eq!(refused, Error::SignIn, "{config}");
            assert!(gate.needs_set_up().await.unwrap());
        }
    }

    #[tokio::test]
    async fn pages_of_other_sites_change_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let gate = gate(folder.path(), "").await;
        let host = ("host", "localhost:8420");
        let admit = async |headers: &[(&str, &str)]| {
            let headers: Vec<_> = std::iter::once(host)
                .chain(headers.iter().copied())
                .collect();
            let admitted = admit(&gate, request("POST", &headers), false).await;
            admitted.map(|_| ())
        };
        assert_eq!(admit(&[]).await, Ok(()), "programs send no origin");
        assert_eq!(
            admit(&[
                ("origin", "http://localhost:8420"),
                ("sec-fetch-site", "same-origin")
            ])
            .await,
            Ok(())
        );
        for headers in [
            [("origin", "http://evil.example")],
            [("origin", "http://localhost:9999")],
            [("origin", "null")],
            [("sec-fetch-site", "cross-site")],
            [("sec-fetch-site", "same-site")],
        ] {
            assert_eq!(admit(&headers).await, Err(Error::OtherSite), "{headers:?}");
        }
    }

    #[tokio::test]
    async fn a_key_or_its_session_lets_in() {
        let folder = tempfile::tempdir().unwrap();
        let config = format!("[[keys]]\nname = \"mina\"\nkey = \"{KEY}\"\ngroups = [\"hr\"]");
        let gate = gate(folder.path(), &config).await;
        let bearer = format!("Bearer {KEY}");
        let shown = request("POST", &[("authorization", &bearer)]);
        let viewer = admit(&gate, shown, false).await.unwrap().viewer.unwrap();
        assert!(viewer.reader.groups().contains(&"hr".parse().unwrap()));
        assert_eq!(viewer.must_upload(), Err(Error::Forbidden));
        let plain = request("POST", &[("x-api-key", KEY)]);
        let plain = admit(&gate, plain, false).await.unwrap();
        assert!(plain.viewer.is_some(), "Anthropic's clients show it so");
        assert!(matches!(viewer.who, Who::Key { name } if &*name == "mina"));
        for headers in [
            &[][..],
            &[("authorization", "Bearer 0123456789abcdefghiJ")],
            &[("x-api-key", "0123456789abcdefghiJ")],
            &[("cookie", "veracite_session=")],
        ] {
            let refused = admit(&gate, request("GET", headers), false).await;
            assert_eq!(refused.unwrap_err(), Error::SignIn);
        }
        let open = admit(&gate, request("GET", &[]), true).await.unwrap();
        assert!(open.viewer.is_none(), "an open page shows");

        assert_eq!(gate.configured_key("wrong"), None);
        let session = gate
            .people
            .sign_in_by_key(gate.configured_key(KEY), Visitor::default())
            .await
            .unwrap();
        let set = gate.session_cookie(Connection::default(), &session.token);
        assert!(!set.contains(KEY));
        let pair = format!("a=b; {}", set.split(';').next().unwrap());
        let with_session = || request("GET", &[("cookie", &pair)]);
        let admitted = admit(&gate, with_session(), false).await.unwrap();
        let viewer = admitted.viewer.unwrap();
        assert_eq!(viewer.must_have_sent(&session.form), Ok(()));
        assert_eq!(viewer.must_have_sent(""), Err(Error::StaleForm));
        let token = session.token.expose();
        gate.people.sign_out("mina", token).await.unwrap();
        let gone = admit(&gate, with_session(), false).await;
        assert_eq!(gone.unwrap_err(), Error::SignIn);
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
