//! Which addresses may be contacted.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use reqwest::Url;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `[network]`: which machines may be contacted beside those of the public internet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkConfig {
    /// Networks (`10.0.0.0/8`), addresses (`10.0.0.7`) and hosts (`intranet.example`, or
    /// `*.intranet.example` for all below it) that sources and webhooks may contact although they
    /// are private, loopback or otherwise not of the public internet. An address that a source or a
    /// webhook in this file names by its number needs no mention.
    pub allow: Vec<Allowed>,
}

/// What an administrator allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// A network, or one address.
    Network(IpNet),
    /// A host, in lower case, whatever address it has.
    Host(String),
    /// All hosts whose names end so, with the dot.
    Below(String),
}

/// What is written stands for no network and no host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no network (`10.0.0.0/8`), address or host (`intranet.example`)")]
pub struct NotAllowable(String);

impl FromStr for Allowed {
    type Err = NotAllowable;

    fn from_str(text: &str) -> Result<Self, NotAllowable> {
        let wrong = || NotAllowable(text.to_owned());
        if let Ok(network) = text.parse::<IpNet>() {
            return Ok(Self::Network(network.trunc()));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Network(address.into()));
        }
        let (name, is_below) = match text.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (text, false),
        };
        // As addresses are read, so that a name in Hangul is the one that is looked up.
        let url = Url::parse(&format!("http://{name}/")).map_err(|_| wrong())?;
        let host = url.domain().ok_or_else(wrong)?;
        let is_name = host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        let is_plain =
            is_name && url.path() == "/" && url.port().is_none() && url.username().is_empty();
        if !is_plain || name.contains(['/', ':', '@', '?', '#']) {
            return Err(wrong());
        }
        let host = host.trim_end_matches('.').to_owned();
        Ok(if is_below {
            Self::Below(format!(".{host}"))
        } else {
            Self::Host(host)
        })
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(network) => write!(formatter, "{network}"),
            Self::Host(host) => formatter.write_str(host),
            Self::Below(host) => write!(formatter, "*{host}"),
        }
    }
}

impl Serialize for Allowed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Allowed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// An address that is not contacted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Neither http nor https, or without a host.
    #[error("{0} is no address that begins with http:// or https://")]
    NoWeb(String),
    /// An address that is not of the public internet.
    #[error("{0} is {1}, and is contacted only if `network.allow` names it")]
    Address(IpAddr, &'static str),
    /// A name that stands for such an address.
    #[error("{host} is {address}, {kind}, and is contacted only if `network.allow` names it")]
    Name {
        /// The name.
        host: String,
        /// Its address.
        address: IpAddr,
        /// What kind of address that is.
        kind: &'static str,
    },
}

/// Judges addresses.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    allow: Arc<[Allowed]>,
}

impl Guard {
    /// A guard that allows what the public internet has, and what is configured.
    #[must_use]
    pub fn new(config: &NetworkConfig) -> Self {
        Self {
            allow: config.allow.as_slice().into(),
        }
    }

    /// The same guard for an address that stands in the configuration: one that is written there as
    /// a number is allowed by that. A name is not: it may come to stand for another machine.
    #[must_use]
    pub fn and_written(&self, address: &Url) -> Self {
        let Some(number) = number(address) else {
            return self.clone();
        };
        let own = Allowed::Network(number.into());
        Self {
            allow: self.allow.iter().cloned().chain([own]).collect(),
        }
    }

    /// Judges an address before it is asked for. A name is judged again once it is looked up.
    ///
    /// # Errors
    /// When it must not be contacted.
    pub fn check(&self, address: &Url) -> Result<(), Refused> {
        let is_web = matches!(address.scheme(), "http" | "https");
        if !is_web || !address.has_host() {
            return Err(Refused::NoWeb(address.to_string()));
        }
        match number(address) {
            Some(number) => self
                .judge(number)
                .map_err(|kind| Refused::Address(number, kind)),
            None => Ok(()),
        }
    }

    /// Judges what a name was looked up to be.
    ///
    /// # Errors
    /// When one of the addresses must not be contacted: a name that stands for such an address
    /// and for another is one that is meant to deceive.
    pub fn check_found(
        &self,
        host: &str,
        addresses: impl IntoIterator<Item = IpAddr>,
    ) -> Result<(), Refused> {
        if self.knows(host) {
            return Ok(());
        }
        for address in addresses {
            self.judge(address).map_err(|kind| Refused::Name {
                host: host.to_owned(),
                address,
                kind,
            })?;
        }
        Ok(())
    }

    /// Whether the host is allowed by name.
    fn knows(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.allow.iter().any(|allowed| match allowed {
            Allowed::Network(_) => false,
            Allowed::Host(name) => *name == host,
            Allowed::Below(end) => host.ends_with(end.as_str()),
        })
    }

    fn judge(&self, address: IpAddr) -> Result<(), &'static str> {
        let Some(kind) = kind(address) else {
            return Ok(());
        };
        let canonical = address.to_canonical();
        let is_allowed = self.allow.iter().any(|allowed| match allowed {
            Allowed::Network(network) => network.contains(&address) || network.contains(&canonical),
            Allowed::Host(_) | Allowed::Below(_) => false,
        });
        if is_allowed { Ok(()) } else { Err(kind) }
    }
}

/// The address of a host that is written as a number. Odd forms (`0x7f.1`, `2130706433`) were read
/// as what they mean when the address was parsed.
fn number(address: &Url) -> Option<IpAddr> {
    let host = address.host_str()?;
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    inner.unwrap_or(host).parse().ok()
}

/// Networks of IPv4 that are not of the public internet (IANA's registry of special purposes).
static SPECIAL_V4: LazyLock<Vec<(Ipv4Net, &'static str)>> = LazyLock::new(|| {
    let net = |a, b, c, d, length| Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length);
    vec![
        (net(0, 0, 0, 0, 8), "unspecified"),
        (net(10, 0, 0, 0, 8), PRIVATE),
        (net(100, 64, 0, 0, 10), "of a carrier's own network"),
        (net(127, 0, 0, 0, 8), LOOPBACK),
        (net(169, 254, 0, 0, 16), LINK_LOCAL),
        (net(172, 16, 0, 0, 12), PRIVATE),
        (net(192, 0, 0, 0, 24), RESERVED),
        (net(192, 0, 2, 0, 24), RESERVED),
        (net(192, 88, 99, 0, 24), RESERVED),
        (net(192, 168, 0, 0, 16), PRIVATE),
        (net(198, 18, 0, 0, 15), RESERVED),
        (net(198, 51, 100, 0, 24), RESERVED),
        (net(203, 0, 113, 0, 24), RESERVED),
        (net(224, 0, 0, 0, 4), MULTICAST),
        (net(240, 0, 0, 0, 4), RESERVED),
    ]
});

/// Networks of IPv6 inside `2000::/3` that are not of the public internet; nothing outside is.
static SPECIAL_V6: LazyLock<Vec<(Ipv6Net, &'static str)>> = LazyLock::new(|| {
    let net = |a, b, length| Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), length);
    vec![
        // Teredo, and others that lead elsewhere.
        (net(0x2001, 0, 23), RESERVED),
        (net(0x2001, 0x0db8, 32), RESERVED),
        (net(0x2002, 0, 16), "a way to an address of IPv4 (6to4)"),
        (net(0x3fff, 0, 20), RESERVED),
    ]
});

const PRIVATE: &str = "private";
const LOOPBACK: &str = "this machine itself";
const LINK_LOCAL: &str = "link-local";
const MULTICAST: &str = "multicast";
const RESERVED: &str = "reserved";

/// What kind of address it is; none for one of the public internet.
fn kind(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => kind_v4(address),
        IpAddr::V6(address) => kind_v6(address),
    }
}

fn kind_v4(address: Ipv4Addr) -> Option<&'static str> {
    let found = SPECIAL_V4.iter().find(|(net, _)| net.contains(&address));
    found.map(|(_, kind)| *kind)
}

fn kind_v6(address: Ipv6Addr) -> Option<&'static str> {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return kind_v4(mapped);
    }
    let segments = address.segments();
    // What a network of IPv6 alone reaches IPv4 by (NAT64) is what it leads to.
    if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        let [a, b] = segments[6].to_be_bytes();
        let [c, d] = segments[7].to_be_bytes();
        return kind_v4(Ipv4Addr::new(a, b, c, d));
    }
    if address.is_unspecified() {
        return Some("unspecified");
    }
    if address.is_loopback() {
        return Some(LOOPBACK);
    }
    if address.is_multicast() {
        return Some(MULTICAST);
    }
    if address.is_unicast_link_local() {
        return Some(LINK_LOCAL);
    }
    if address.is_unique_local() {
        return Some(PRIVATE);
    }
    if segments[0] & 0xe000 != 0x2000 {
        return Some(RESERVED);
    }
    let found = SPECIAL_V6.iter().find(|(net, _)| net.contains(&address));
    found.map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(allow: &[&str]) -> Guard {
        let allow = allow.iter().map(|text| text.parse().unwrap()).collect();
        Guard::new(&NetworkConfig { allow })
    }

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn addresses_that_are_not_of_the_public_internet_are_refused_however_they_are_written() {
        for host in [
            "127.0.0.1",
            "127.1",
            "0x7f.0.0.1",
            "0x7f000001",
            "2130706433",
            "0177.0.0.1",
            "１２７.0.0.1",
            "127.0.0.1.",
            "0.0.0.0",
            "0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "169.254.169.254",
            "172.31.255.255",
            "192.0.0.8",
            "192.168.0.1",
            "198.19.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "[::]",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:a9fe:a9fe]",
            "[::127.0.0.1]",
            "[64:ff9b::10.0.0.1]",
            "[64:ff9b:1::a00:1]",
            "[2002:7f00:1::]",
            "[2002:808:808::]",
            "[2001:0:4136:e378::1]",
            "[2001:db8::1]",
            "[fc00::1]",
            "[fd12:3456::1]",
            "[fe80::1]",
            "[fec0::1]",
            "[ff02::1]",
            "[100::1]",
        ] {
            let address = url(&format!("http://{host}:8080/x"));
            assert!(guard(&[]).check(&address).is_err(), "{host}");
        }
    }

    #[test]
    fn addresses_of_the_public_internet_are_contacted() {
        for host in [
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "[2606:4700::1111]",
            "[64:ff9b::8.8.8.8]",
            "[::ffff:8.8.8.8]",
            "example.com",
        ] {
            let address = url(&format!("https://{host}/"));
            assert_eq!(guard(&[]).check(&address), Ok(()), "{host}");
        }
        assert!(guard(&[]).check(&url("ftp://example.com/")).is_err());
        assert!(guard(&[]).check(&url("file:///etc/passwd")).is_err());
    }

    #[test]
    fn what_the_administrator_allows_is_contacted_and_nothing_beside_it() {
        let guard = guard(&["10.0.0.0/8", "::1", "Intranet.example", "*.corp.example"]);
        assert_eq!(guard.check(&url("http://10.9.8.7/")), Ok(()));
        assert_eq!(guard.check(&url("http://[::ffff:10.9.8.7]/")), Ok(()));
        assert_eq!(guard.check(&url("http://[::1]/")), Ok(()));
        assert!(guard.check(&url("http://127.0.0.1/")).is_err());
        let private: IpAddr = "192.168.0.7".parse().unwrap();
        let found = |host: &str| guard.check_found(host, [private]);
        assert_eq!(found("intranet.example"), Ok(()));
        assert_eq!(found("a.corp.example."), Ok(()));
        for other in [
            "corp.example",
            "xcorp.example",
            "a.intranet.example",
            "intranet.example.evil.example",
        ] {
            assert!(found(other).is_err(), "{other}");
        }
        assert_eq!(
            guard.check_found("other", ["10.1.1.1".parse().unwrap()]),
            Ok(())
        );
    }

    #[test]
    fn a_name_that_stands_for_a_public_and_a_private_address_is_refused() {
        let found = ["8.8.8.8".parse().unwrap(), "127.0.0.1".parse().unwrap()];
        let refused = guard(&[])
            .check_found("twofold.example", found)
            .unwrap_err();
        let words = refused.to_string();
        assert!(
            words.contains("127.0.0.1") && words.contains("network.allow"),
            "{words}"
        );
    }

    #[test]
    fn a_number_in_the_configuration_is_allowed_and_a_name_is_not() {
        let written = url("http://10.0.0.7:9000/");
        let guard = guard(&[]);
        assert!(guard.check(&written).is_err());
        let own = guard.and_written(&written);
        assert_eq!(own.check(&written), Ok(()));
        assert!(own.check(&url("http://10.0.0.8:9000/")).is_err());
        let named = guard.and_written(&url("http://localhost/"));
        assert!(
            named
                .check_found("localhost", ["127.0.0.1".parse().unwrap()])
                .is_err()
        );
    }

    #[test]
    fn what_is_no_network_and_no_host_is_told() {
        for wrong in ["", "10.0.0.0/40", "http://a/", "a:80", "a/b", "*.", "*"] {
            let config: Result<NetworkConfig, _> =
                toml::from_str(&format!("allow = [\"{wrong}\"]"));
            assert!(config.is_err(), "{wrong}");
        }
        let text =
            "allow = [\"10.0.0.0/8\", \"10.0.0.7/32\", \"intranet.example\", \"*.corp.example\"]\n";
        let config: NetworkConfig = toml::from_str(text).unwrap();
        assert_eq!(toml::to_string(&config).unwrap(), text);
    }
}
