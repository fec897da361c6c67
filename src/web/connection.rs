//! Where a request comes from, and the cookie that fits its connection.
//!
//! The server speaks no TLS itself. What a proxy says of the asker's address and of HTTPS is
//! believed where the configuration names the proxy, and nowhere else: anyone can send such
//! headers.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};

use super::viewer::cookie;

/// Name of the session's cookie; behind HTTPS with a prefix that lets no other host and no
/// unencrypted page set it.
const SESSION: &str = "veracite_session";
const SECURE_SESSION: &str = "__Host-veracite_session";
/// Name of the cookie of one who is on the way to a provider and back.
const AWAY: &str = "veracite_away";
const SECURE_AWAY: &str = "__Host-veracite_away";

/// A request's way here.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Connection {
    /// The asker's address, if it is known.
    pub(super) address: Option<IpAddr>,
    /// Whether the asker speaks HTTPS.
    pub(super) is_secure: bool,
}

impl Connection {
    /// The way of a request, where `trusted` are the addresses of proxies.
    pub(super) fn of(parts: &Parts, trusted: &[IpAddr]) -> Self {
        Self::new(&parts.headers, &parts.extensions, trusted)
    }

    /// The same of a request's headers and what the server knows of its connection.
    pub(super) fn new(headers: &HeaderMap, known: &Extensions, trusted: &[IpAddr]) -> Self {
        let peer = known.get::<ConnectInfo<SocketAddr>>();
        let Some(peer) = peer.map(|ConnectInfo(peer)| peer.ip().to_canonical()) else {
            return Self::default();
        };
        let is_trusted =
            |address: &IpAddr| trusted.iter().any(|one| one.to_canonical() == *address);
        if !is_trusted(&peer) {
            return Self {
                address: Some(peer),
                is_secure: false,
            };
        }
        // Each proxy adds what it saw at the end: the last that is no proxy of ours is the asker.
        let chain = list(headers, "x-forwarded-for");
        let asker = chain
            .iter()
            .rev()
            .map_while(|text| text.parse::<IpAddr>().ok())
            .map(|address| address.to_canonical())
            .find(|address| !is_trusted(address));
        let protocols = list(headers, "x-forwarded-proto");
        Self {
            address: asker.or(Some(peer)),
            is_secure: protocols
                .last()
                .is_some_and(|protocol| protocol.eq_ignore_ascii_case("https")),
        }
    }

    fn cookie_name(self) -> &'static str {
        if self.is_secure {
            SECURE_SESSION
        } else {
            SESSION
        }
    }

    /// The token of the session that a request shows.
    pub(super) fn token(self, headers: &HeaderMap) -> Option<&str> {
        cookie(headers, self.cookie_name())
    }

    /// The cookie that keeps a session's token for `seconds`; none of it with 0.
    pub(super) fn session_cookie(self, token: &str, seconds: u64) -> String {
        let name = self.cookie_name();
        let secure = if self.is_secure { "; Secure" } else { "" };
        format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}")
    }

    fn away_name(self) -> &'static str {
        if self.is_secure { SECURE_AWAY } else { AWAY }
    }

    /// What the browser of one kept who comes back from a provider.
    pub(super) fn away(self, headers: &HeaderMap) -> Option<&str> {
        cookie(headers, self.away_name())
    }

    /// The cookie of one who is sent to a provider, for `seconds`. It must come back with a request that
    /// begins there, and so is not as strict as the session's.
    pub(super) fn away_cookie(self, token: &str, seconds: u64) -> String {
        let name = self.away_name();
        let secure = if self.is_secure { "; Secure" } else { "" };
        format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
    }

    /// The scheme of the addresses that the asker knows.
    pub(super) fn scheme(self) -> &'static str {
        if self.is_secure { "https" } else { "http" }
    }
}

/// What stands between the commas of all headers of a name.
fn list<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    headers
        .get_all(name)
        .iter()
        .map(|value| value.to_str().unwrap_or("?"))
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn parts(peer: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let peer: SocketAddr = peer.parse().unwrap();
        parts.extensions.insert(ConnectInfo(peer));
        parts
    }

    #[test]
    fn only_proxies_that_are_named_are_believed() {
        let trusted: Vec<IpAddr> = vec!["10.0.0.5".parse().unwrap(), "10.0.0.6".parse().unwrap()];
        let says = [
            ("x-forwarded-for", "203.0.113.1, 198.51.100.9, 10.0.0.6"),
            ("x-forwarded-proto", "https"),
        ];
        let of = |peer: &str, headers: &[(&str, &str)]| {
            let connection = Connection::of(&parts(peer, headers), &trusted);
            (
                connection.address.unwrap().to_string(),
                connection.is_secure,
            )
        };
        assert_eq!(of("192.0.2.1:5", &says), ("192.0.2.1".to_owned(), false));
        // What the asker wrote before the proxy added anything is not believed.
        assert_eq!(of("10.0.0.5:5", &says), ("198.51.100.9".to_owned(), true));
        assert_eq!(
            of("[::ffff:10.0.0.5]:5", &says),
            ("198.51.100.9".to_owned(), true)
        );
        assert_eq!(of("10.0.0.5:5", &[]), ("10.0.0.5".to_owned(), false));
        assert_eq!(
            of("10.0.0.5:5", &[("x-forwarded-for", "203.0.113.1, what?")]),
            ("10.0.0.5".to_owned(), false)
        );
    }

    #[test]
    fn cookies_are_bound_to_the_host_behind_https() {
        let secure = Connection {
            is_secure: true,
            address: None,
        };
        let set = secure.session_cookie("t", 5);
        assert!(
            set.starts_with("__Host-veracite_session=t; Path=/; "),
            "{set}"
        );
        assert!(
            set.ends_with("; Secure") && !set.contains("Domain"),
            "{set}"
        );
        let away = secure.away_cookie("t", 5);
        assert!(
            away.starts_with("__Host-veracite_away=t; Path=/; HttpOnly; ")
                && away.ends_with("; Secure"),
            "{away}"
        );
        let plain = Connection::default();
        let set = plain.session_cookie("t", 5);
        assert!(set.contains("HttpOnly") && !set.contains("Secure"), "{set}");
        // A page without HTTPS could have set the one without the prefix.
        let headers = [("cookie", "veracite_session=planted")];
        let parts = parts("10.0.0.5:5", &headers);
        assert_eq!(secure.token(&parts.headers), None);
        assert_eq!(plain.token(&parts.headers), Some("planted"));
    }
}
