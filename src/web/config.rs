//! `[server]`: where and for whom it serves.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use ingest::Group;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::limits::LimitsConfig;
use crate::app::LOCAL;
use crate::oidc::{self, OidcConfig};
use crate::people::{SessionLimits, Voucher, Vouchers};

/// A shorter key could be guessed.
const KEY_CHARACTERS: usize = 20;
/// Who has the machine, the program itself, and nobody who is known, in the audit log.
const TAKEN: [&str; 3] = [LOCAL, "veracite", "unknown"];
const MINUTE: Duration = Duration::from_secs(60);
const YEAR: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// `[server]`: where and for whom it serves.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Address and port. On an address that other machines reach everybody signs in, and the first
    /// start prints a link by which the first administrator is made. There is no TLS: put a proxy
    /// before it when the network between is not yours.
    pub bind: SocketAddr,
    /// Whether everybody signs in on an address of this machine too. Otherwise anyone on it may
    /// use the server, and nobody else, until there is a key or an account.
    pub accounts: bool,
    /// A session that was not used for this long ends.
    #[serde(with = "humantime_serde")]
    pub session_idle: Duration,
    /// A session ends after this long, used or not.
    #[serde(with = "humantime_serde")]
    pub session_absolute: Duration,
    /// Addresses of proxies that are believed: `X-Forwarded-For` says who asks, and
    /// `X-Forwarded-Proto` whether by HTTPS.
    pub trusted_proxies: Vec<IpAddr>,
    /// The address that people know, like `https://ask.example.com`: where providers of identities send
    /// people back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_address: Option<String>,
    /// Programs that may use it, beside the people with accounts and their keys.
    #[serde(skip_serializing)]
    pub keys: Vec<ApiKey>,
    /// Whether `GET /metrics` tells Prometheus how much is done; it needs a key like everything
    /// else. Only where nobody but this machine is served, if left out.
    pub metrics: Option<bool>,
    /// `[server.limits]`: how much one may ask for.
    pub limits: LimitsConfig,
    /// `[[server.oidc]]`: providers by which people sign in. Where there is one, everybody signs in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub oidc: Vec<OidcConfig>,
}

/// `[[server.keys]]`: a person or program that may use the server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// Whose it is; named in logs.
    pub name: String,
    /// What they show: `Authorization: Bearer KEY`, or the form on `/sign-in`. At least 20
    /// characters, from a random source.
    pub key: SecretString,
    /// Groups that they are in, besides `everyone`: the documents that they may read.
    #[serde(default)]
    pub groups: BTreeSet<Group>,
    /// Whether they may also hand in, retry, cancel and delete documents.
    #[serde(default)]
    pub upload: bool,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 8420)),
            accounts: false,
            session_idle: Duration::from_secs(2 * 60 * 60),
            session_absolute: Duration::from_secs(12 * 60 * 60),
            trusted_proxies: Vec::new(),
            keys: Vec::new(),
            metrics: None,
            public_address: None,
            limits: LimitsConfig::default(),
            oidc: Vec::new(),
        }
    }
}

impl ServerConfig {
    /// Whether everybody signs in, account or not.
    pub(crate) fn wants_accounts(&self) -> bool {
        self.accounts || !self.bind.ip().is_loopback() || !self.oidc.is_empty()
    }

    /// How long sessions last.
    pub(crate) fn session_limits(&self) -> SessionLimits {
        SessionLimits {
            idle: self.session_idle,
            absolute: self.session_absolute,
        }
    }

    /// Who vouches for people, and for how long.
    pub(crate) fn vouchers(&self) -> Vouchers {
        let providers = self.oidc.iter();
        let vouchers = providers.map(|provider| {
            let voucher = Voucher {
                lasts: provider.vouches_for,
                gives_roles: !provider.roles.is_empty(),
            };
            (provider.issuer.clone(), voucher)
        });
        vouchers.collect()
    }

    /// Whether there is a route `/metrics`.
    #[must_use]
    pub fn shows_metrics(&self) -> bool {
        self.metrics.unwrap_or(self.bind.ip().is_loopback())
    }

    /// Looks for what must not be served with.
    ///
    /// # Errors
    /// When sessions would end as they begin, or a key is short or used twice. Says which, never
    /// the key.
    pub fn validate(&self) -> Result<(), String> {
        for (name, limit) in [
            ("session_idle", self.session_idle),
            ("session_absolute", self.session_absolute),
        ] {
            if !(MINUTE..=YEAR).contains(&limit) {
                return Err(format!("`{name}` is not between a minute and a year"));
            }
        }
        self.limits.validate()?;
        let address = self.public_address.as_deref();
        if let Some(address) = address {
            oidc::public_address(address)?;
        }
        oidc::validate(&self.oidc, address)?;
        let mut names = BTreeSet::new();
        let mut secrets = BTreeSet::new();
        for key in &self.keys {
            if key.name.trim().is_empty() {
                return Err("a key has no `name`".to_owned());
            }
            // In the audit log its entries would look like another's.
            if TAKEN.contains(&key.name.as_str()) || is_id_of_person(&key.name) {
                return Err(format!(
                    "no key can be named `{}`: the audit log names others so",
                    key.name
                ));
            }
            if !names.insert(&key.name) {
                return Err(format!("two keys are named `{}`", key.name));
            }
            let secret = key.key.expose_secret();
            if secret.chars().count() < KEY_CHARACTERS {
                return Err(format!(
                    "the key of `{}` is shorter than {KEY_CHARACTERS} characters",
                    key.name
                ));
            }
            if secret
                .chars()
                .any(|char| char.is_whitespace() || char.is_control() || !char.is_ascii())
            {
                return Err(format!(
                    "the key of `{}` holds other than visible ASCII characters",
                    key.name
                ));
            }
            if !secrets.insert(secret) {
                return Err(format!("the key of `{}` is also another's", key.name));
            }
        }
        Ok(())
    }
}

fn is_id_of_person(name: &str) -> bool {
    uuid::Uuid::try_parse(name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> ServerConfig {
        toml::from_str(text).unwrap()
    }

    fn error(text: &str) -> String {
        config(text).validate().unwrap_err()
    }

    #[test]
    fn this_machine_needs_no_accounts_and_others_do() {
        for text in ["", "bind = \"[::1]:80\""] {
            assert_eq!(config(text).validate(), Ok(()));
            assert!(!config(text).wants_accounts());
        }
        for text in [
            "bind = \"0.0.0.0:8420\"",
            "bind = \"[::]:8420\"",
            "bind = \"192.168.0.7:80\"",
            "accounts = true",
        ] {
            assert_eq!(config(text).validate(), Ok(()));
            assert!(config(text).wants_accounts(), "{text}");
        }
    }

    #[test]
    fn sessions_last_a_sensible_time() {
        let limits = config("session_idle = \"30m\"\nsession_absolute = \"8h\"").session_limits();
        assert_eq!(limits.idle, Duration::from_secs(1800));
        assert_eq!(limits.absolute, Duration::from_secs(8 * 3600));
        assert!(error("session_idle = \"0s\"").contains("session_idle"));
    }

    #[test]
    fn bad_keys_are_refused_without_printing_them() {
        let short = error("[[keys]]\nname = \"mina\"\nkey = \"hush-hush\"");
        assert!(
            short.contains("`mina`") && !short.contains("hush"),
            "{short}"
        );
        let key = "0123456789abcdefghij";
        let twice = format!(
            "[[keys]]\nname = \"a\"\nkey = \"{key}\"\n[[keys]]\nname = \"b\"\nkey = \"{key}\""
        );
        assert!(error(&twice).contains("`b`"));
        assert!(!error(&twice).contains(key));
        for name in ["local", "unknown", "0f2a4c6e8b1d4f3a9c5e7d2b4a6f8c10"] {
            let taken = twice.replace("\"a\"", &format!("\"{name}\""));
            assert!(error(&taken).contains("audit log"), "{name}");
        }
        let same = twice
            .replace("\"b\"", "\"a\"")
            .replacen(key, "abcdefghij0123456789", 1);
        assert!(error(&same).contains("two keys are named `a`"));
        assert!(
            error("[[keys]]\nname = \"a\"\nkey = \"열쇠열쇠열쇠열쇠열쇠열쇠열쇠열쇠열쇠열쇠\"")
                .contains("ASCII")
        );
    }

    #[test]
    fn keys_are_not_written_out() {
        let config =
            config("[[keys]]\nname = \"mina\"\nkey = \"0123456789abcdefghij\"\ngroups = [\"hr\"]");
        assert!(!toml::to_string(&config).unwrap().contains("0123456789"));
        assert!(!format!("{config:?}").contains("0123456789"));
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let error = toml::from_str::<ServerConfig>("binds = \"127.0.0.1:1\"")
            .unwrap_err()
            .to_string();
        assert!(error.contains("binds"), "{error}");
    }
}
