//! `[[server.oidc]]`: who may vouch for people.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reqwest::Url;
use serde::{Deserialize, Serialize};

use crate::people::Role;
use crate::sources::secret::SecretFrom;

/// `[[server.oidc]]`: a provider of identities by which people sign in (OpenID Connect).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OidcConfig {
    /// Names it in addresses and in the audit log: small letters, digits and `-`. The provider sends
    /// people back to `public_address` and `/sign-in/with/ID/back`: register exactly that there.
    pub id: String,
    /// What stands on the button.
    pub name: String,
    /// The issuer, exactly as the provider writes it. Only `https`, but on this machine itself.
    pub issuer: String,
    /// How the provider calls this server.
    pub client_id: String,
    /// The secret that goes with it: `{ env = "NAME" }` or `{ file = "PATH" }`. A public client has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<SecretFrom>,
    /// What is asked for beside `openid`.
    #[serde(default = "usual_scopes")]
    pub scopes: Vec<String>,
    /// The claim that holds a person's groups. They take the place of those of the last signing in;
    /// groups that were given here stay apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups_claim: Option<String>,
    /// The claim that `roles` looks at; `groups_claim`, if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles_claim: Option<String>,
    /// The role of those who have such a value in the claim, the highest if several do. Where this is
    /// given, it decides at every signing in, and who has none of them is a reader; otherwise roles are
    /// given here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub roles: BTreeMap<String, Role>,
    /// How long what it said of a person's groups counts after they signed in by it last; and, where
    /// `roles` is given, of their role for their API keys. Then they must sign in by it again: a key of one
    /// who has left the company, or a group of it, does not open for ever what they could read. Less asks
    /// people with keys to sign in more often.
    #[serde(default = "usual_time", with = "humantime_serde")]
    pub vouches_for: Duration,
    /// Only people whose e-mail address, verified by the provider, is in one of these domains. All, if
    /// left out.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub domains: BTreeSet<String>,
    /// Whether who was never here gets an account by signing in. Otherwise an administrator links
    /// accounts.
    #[serde(default)]
    pub make_accounts: bool,
}

fn usual_scopes() -> Vec<String> {
    ["profile", "email"].map(str::to_owned).into()
}

fn usual_time() -> Duration {
    Duration::from_secs(30 * 24 * 60 * 60)
}

/// Whether a URL leads to this very machine, where nobody listens in between.
fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost" | "[::1]") => true,
        Some(host) => host
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback()),
        None => false,
    }
}

fn is_safe(url: &Url) -> bool {
    url.scheme() == "https" || url.scheme() == "http" && is_loopback(url)
}

/// The address that people know, without anything after host and port.
///
/// # Errors
/// When it is none.
pub(crate) fn public_address(text: &str) -> Result<Url, String> {
    let wrong = || "`public_address` is not like `https://ask.example.com`".to_owned();
    let url = Url::parse(text).map_err(|_| wrong())?;
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let is_named = url.username().is_empty() && url.password().is_none() && url.has_host();
    if is_bare && is_named && is_safe(&url) {
        Ok(url)
    } else {
        Err(wrong())
    }
}

impl OidcConfig {
    /// Where the provider sends people back to.
    ///
    /// # Errors
    /// When the public address is none.
    pub(super) fn redirect(&self, address: Option<&str>) -> Result<String, String> {
        let address = address.ok_or("`public_address` is missing")?;
        let mut url = public_address(address)?;
        url.set_path(&format!("/sign-in/with/{}/back", self.id));
        Ok(url.into())
    }

    /// The claim that roles are read from.
    pub(super) fn roles_claim(&self) -> Option<&str> {
        let claim = self.roles_claim.as_ref().or(self.groups_claim.as_ref());
        claim.map(String::as_str)
    }

    fn validate(&self, address: Option<&str>) -> Result<(), String> {
        let id = &self.id;
        let is_allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if id.is_empty() || id.len() > 32 || !id.bytes().all(is_allowed) {
            return Err(format!(
                "the id `{id}` is not 1 to 32 small letters, digits and `-`"
            ));
        }
        let of = |what: &str| format!("`{id}`: {what}");
        self.redirect(address).map_err(|error| of(&error))?;
        if self.name.trim().is_empty() || self.client_id.is_empty() {
            return Err(of("`name` or `client_id` is empty"));
        }
        let is_issuer = Url::parse(&self.issuer)
            .is_ok_and(|url| is_safe(&url) && url.query().is_none() && url.fragment().is_none());
        if !is_issuer {
            return Err(of("`issuer` is no address with https"));
        }
        if self.roles.is_empty() && self.roles_claim.is_some() {
            return Err(of("`roles_claim` is nothing without `roles`"));
        }
        if !self.roles.is_empty() && self.roles_claim().is_none() {
            return Err(of("`roles` needs `roles_claim` or `groups_claim`"));
        }
        let sensible = Duration::from_secs(60)..=Duration::from_secs(366 * 24 * 60 * 60);
        if !sensible.contains(&self.vouches_for) {
            return Err(of("`vouches_for` is not between a minute and a year"));
        }
        let is_domain = |domain: &String| {
            !domain.is_empty() && !domain.contains(['@', ' ']) && *domain == domain.to_lowercase()
        };
        if !self.domains.iter().all(is_domain) {
            return Err(of("`domains` are like `example.com`, in small letters"));
        }
        Ok(())
    }
}

/// Looks for providers that cannot be used.
///
/// # Errors
/// Says which, and why.
pub(crate) fn validate(providers: &[OidcConfig], address: Option<&str>) -> Result<(), String> {
    let mut ids = BTreeSet::new();
    for provider in providers {
        provider
            .validate(address)
            .map_err(|error| format!("`oidc`: {error}"))?;
        if !ids.insert(&provider.id) {
            return Err(format!("`oidc`: two providers are named `{}`", provider.id));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: &str = "id = \"company\"\nname = \"Company\"\nissuer = \"https://login.example.com/\"\n\
        client_id = \"veracite\"\n";

    fn error(more: &str, address: Option<&str>) -> String {
        let config: OidcConfig = toml::from_str(&format!("{RIGHT}{more}")).unwrap();
        validate(&[config], address).unwrap_err()
    }

    #[test]
    fn people_come_back_to_one_address() {
        let config: OidcConfig = toml::from_str(RIGHT).unwrap();
        let address = Some("https://ask.example.com");
        assert_eq!(validate(std::slice::from_ref(&config), address), Ok(()));
        assert_eq!(
            config.redirect(address).unwrap(),
            "https://ask.example.com/sign-in/with/company/back"
        );
        assert_eq!(config.scopes, ["profile", "email"]);
        assert_eq!(config.vouches_for, usual_time());
        let twice = validate(&[config.clone(), config], address).unwrap_err();
        assert!(twice.contains("two providers"), "{twice}");
    }

    #[test]
    fn what_cannot_work_or_is_not_safe_is_refused() {
        assert!(error("", None).contains("public_address"));
        for address in [
            "http://ask.example.com",
            "https://ask.example.com/chat",
            "https://user@ask.example.com",
            "ask.example.com",
        ] {
            assert!(
                error("", Some(address)).contains("public_address"),
                "{address}"
            );
        }
        let right = Some("http://localhost:8420");
        let admin = "roles = { boss = \"admin\" }";
        assert!(error(admin, right).contains("needs `roles_claim`"));
        assert!(error("roles_claim = \"r\"", right).contains("without `roles`"));
        assert!(error("domains = [\"@example.com\"]", right).contains("domains"));
        assert!(error("vouches_for = \"0s\"", right).contains("vouches_for"));
        let other = RIGHT.replace("https://login", "http://login");
        let config: OidcConfig = toml::from_str(&other).unwrap();
        assert!(validate(&[config], right).unwrap_err().contains("issuer"));
    }
}
