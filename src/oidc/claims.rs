//! What a provider says of a person, read as this server has it.

use std::collections::BTreeSet;

use ingest::{ContentHash, Group};
use serde_json::{Map, Value};
use tracing::warn;

use super::Fault;
use super::config::OidcConfig;
use crate::people::{Name, Role, Vouched};

/// An address, and whether the provider looked. The one says nothing about another's other.
const EMAIL: [&str; 2] = ["email", "email_verified"];
/// Groups that are taken of one person.
const MOST_GROUPS: usize = 1_000;

/// Claims of a token whose signature was verified, and of the provider's answer about its person.
#[derive(Debug)]
pub(super) struct Claims(Map<String, Value>);

impl Claims {
    /// What the token says; what else the provider says only fills in. An e-mail address and whether it
    /// was verified are taken from the same of the two, the one that says both; else it was not.
    pub(super) fn new(token: Value, more: Option<Value>) -> Self {
        let mut claims = said(more.unwrap_or_default());
        let mut token = said(token);
        let says_both =
            |said: &Map<String, Value>| EMAIL.iter().all(|name| said.contains_key(*name));
        if !says_both(&token) {
            if says_both(&claims) {
                token.retain(|name, _| !EMAIL.contains(&name.as_str()));
            } else {
                token.remove("email_verified");
                claims.remove("email_verified");
            }
        }
        claims.extend(token);
        Self(claims)
    }

    /// Whether something that `config` wants is not there.
    pub(super) fn lack(&self, config: &OidcConfig) -> bool {
        let wanted = [config.groups_claim.as_deref(), config.roles_claim()];
        let mut wanted: Vec<&str> = wanted.into_iter().flatten().collect();
        if !config.domains.is_empty() {
            wanted.extend(["email", "email_verified"]);
        }
        let has_name = ["name", "preferred_username", "email"]
            .iter()
            .any(|name| self.0.contains_key(*name));
        !has_name || wanted.iter().any(|name| !self.0.contains_key(*name))
    }

    fn text(&self, name: &str) -> Option<&str> {
        let text = self.0.get(name)?.as_str()?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// The e-mail address, if the provider says that it looked.
    fn verified_email(&self) -> Option<&str> {
        let is_verified = self.0.get("email_verified") == Some(&Value::Bool(true));
        self.text("email").filter(|_| is_verified)
    }

    /// The values of a claim that is a list or a single text.
    fn values(&self, name: &str) -> Vec<&str> {
        match self.0.get(name) {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    fn groups(&self, config: &OidcConfig) -> BTreeSet<Group> {
        let Some(claim) = &config.groups_claim else {
            return BTreeSet::new();
        };
        let mut groups = BTreeSet::new();
        let mut dropped = 0_usize;
        for value in self.values(claim) {
            match value.trim().to_lowercase().parse::<Group>() {
                Ok(group) if groups.len() < MOST_GROUPS => {
                    groups.insert(group);
                }
                Ok(_) | Err(_) => dropped += 1,
            }
        }
        if dropped > 0 {
            warn!(
                provider = config.id,
                dropped, "groups of the provider have names that no group here can have"
            );
        }
        groups.remove(&Group::everyone());
        groups
    }

    fn role(&self, config: &OidcConfig) -> Option<Role> {
        if config.roles.is_empty() {
            return None;
        }
        let values = self.values(config.roles_claim()?);
        let roles = values.iter().filter_map(|value| config.roles.get(*value));
        Some(roles.max().copied().unwrap_or(Role::Reader))
    }

    fn is_of_domain(&self, config: &OidcConfig) -> bool {
        if config.domains.is_empty() {
            return true;
        }
        let email = self.verified_email().map(str::to_lowercase);
        email
            .as_deref()
            .and_then(|email| email.rsplit_once('@'))
            .is_some_and(|(_, domain)| config.domains.contains(domain))
    }

    /// Who they are here: `subject` at the issuer of `config`.
    ///
    /// # Errors
    /// When their address is in no domain that is allowed.
    pub(super) fn vouch(&self, config: &OidcConfig, subject: &str) -> Result<Vouched, Fault> {
        if !self.is_of_domain(config) {
            return Err(Fault::WrongDomain);
        }
        let hash = ContentHash::of(format!("{}\n{subject}", config.issuer).as_bytes()).to_string();
        let own = format!("{}-{}", config.id, &hash[..12]);
        let wanted = [self.text("preferred_username"), self.verified_email()];
        let names = wanted.into_iter().flatten().chain([own.as_str()]);
        let names: Vec<Name> = names.filter_map(|name| name.parse().ok()).collect();
        let shown = self.text("name").or(self.text("preferred_username"));
        Ok(Vouched {
            provider: config.id.clone(),
            issuer: config.issuer.clone(),
            subject: subject.to_owned(),
            names,
            display_name: shown.unwrap_or_default().to_owned(),
            groups: self.groups(config),
            role: self.role(config),
            may_join: config.make_accounts,
        })
    }
}

/// What is said at all.
fn said(claims: Value) -> Map<String, Value> {
    match claims {
        Value::Object(claims) => claims
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect(),
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config(more: &str) -> OidcConfig {
        let text = format!(
            "id = \"company\"\nname = \"Company\"\nissuer = \"https://login.example.com\"\n\
             client_id = \"veracite\"\n{more}"
        );
        toml::from_str(&text).unwrap()
    }

    fn vouched(token: Value, more: &str) -> Result<Vouched, Fault> {
        Claims::new(token, None).vouch(&config(more), "1")
    }

    #[test]
    fn groups_are_folded_and_those_that_cannot_be_are_dropped() {
        let token = json!({ "groups": ["HR", "인사", "a b", "/staff", "everyone", 7, ""] });
        let person = vouched(token.clone(), "groups_claim = \"groups\"").unwrap();
        let groups: Vec<&str> = person.groups.iter().map(Group::as_str).collect();
        assert_eq!(groups, ["hr", "인사"]);
        assert!(vouched(token, "").unwrap().groups.is_empty());
        let one = json!({ "groups": "hr" });
        let one = vouched(one, "groups_claim = \"groups\"").unwrap();
        assert_eq!(one.groups.len(), 1);
    }

    #[test]
    fn the_highest_role_counts_and_none_is_a_reader() {
        let mapped =
            "groups_claim = \"groups\"\nroles = { boss = \"admin\", writers = \"editor\" }";
        for (groups, role) in [
            (json!(["writers", "boss"]), Some(Role::Admin)),
            (json!(["writers"]), Some(Role::Editor)),
            (json!(["Boss"]), Some(Role::Reader)),
            (json!(null), Some(Role::Reader)),
        ] {
            let person = vouched(json!({ "groups": groups }), mapped).unwrap();
            assert_eq!(person.role, role, "{groups}");
        }
        let person = vouched(json!({ "groups": ["boss"] }), "groups_claim = \"groups\"");
        assert_eq!(person.unwrap().role, None);
    }

    #[test]
    fn only_a_verified_address_tells_the_domain() {
        let domains = "domains = [\"example.com\"]";
        let of = |email: &str, verified: Value| {
            vouched(
                json!({ "email": email, "email_verified": verified }),
                domains,
            )
        };
        assert!(of("mina@Example.com", json!(true)).is_ok());
        for (email, verified) in [
            ("mina@example.com", json!(false)),
            ("mina@example.com", json!("true")),
            ("mina@example.com", Value::Null),
            ("mina@example.com@evil.example", json!(true)),
            ("mina@sub.example.com", json!(true)),
            ("example.com", json!(true)),
        ] {
            assert_eq!(
                of(email, verified).unwrap_err(),
                Fault::WrongDomain,
                "{email}"
            );
        }
    }

    #[test]
    fn a_person_has_a_name_even_if_the_provider_says_none() {
        let person = vouched(json!({ "preferred_username": "no name at all" }), "").unwrap();
        assert_eq!(person.names.len(), 1);
        assert!(person.names[0].as_str().starts_with("company-"));
        let both =
            json!({ "preferred_username": "Mina", "email": "m@x.kr", "email_verified": true });
        let names = vouched(both, "").unwrap().names;
        let names: Vec<&str> = names.iter().map(Name::as_str).collect();
        assert_eq!(names[..2], ["mina", "m@x.kr"]);
    }

    #[test]
    fn an_address_is_verified_only_by_who_says_it() {
        let config = config("domains = [\"x.kr\"]");
        let email = |token: Value, more: Value| {
            let claims = Claims::new(token, Some(more));
            let is_in = claims.vouch(&config, "1").is_ok();
            (claims.verified_email().map(str::to_owned), is_in)
        };
        let mina = || Some("m@x.kr".to_owned());
        // The address is of the one, that it was verified of the other.
        let unverified = json!({ "email": "m@x.kr" });
        let verified = json!({ "email_verified": true });
        assert_eq!(email(unverified.clone(), verified.clone()), (None, false));
        assert_eq!(email(verified, unverified.clone()), (None, false));
        // The one that says both counts, whichever it is.
        let both = json!({ "email": "m@x.kr", "email_verified": true });
        let other = json!({ "email": "root@x.kr", "email_verified": null });
        assert_eq!(email(both.clone(), other.clone()), (mina(), true));
        assert_eq!(email(other, both.clone()), (mina(), true));
        let denied = json!({ "email": "m@x.kr", "email_verified": false });
        assert_eq!(email(denied, both), (None, false));
        // An address that nobody verified is still a name to show.
        let claims = Claims::new(unverified, None);
        assert_eq!(claims.text("email"), Some("m@x.kr"));
    }

    #[test]
    fn the_token_is_believed_before_the_rest() {
        let claims = Claims::new(
            json!({ "sub": "1", "name": "Mina", "email": null }),
            Some(json!({ "name": "Root", "email": "m@x.kr", "groups": ["hr"] })),
        );
        assert_eq!(claims.text("name"), Some("Mina"));
        assert_eq!(claims.text("email"), Some("m@x.kr"));
        assert!(!claims.lack(&config("groups_claim = \"groups\"")));
        assert!(claims.lack(&config("domains = [\"x.kr\"]")));
    }
}
