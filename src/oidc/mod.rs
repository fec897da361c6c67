//! Signing in by a provider that vouches for people (OpenID Connect, authorization code flow).
//!
//! | module | what it is for |
//! |---|---|
//! | `config` | `[[server.oidc]]` |
//! | `provider` | one provider: its description, its keys, the token that it gives for a code |
//! | `claims` | what it says of a person, as this server has it |
//! | `pending` | people who are on their way there and back |
//! | `http` | how providers are reached |
//!
//! A person is who the issuer says by the subject's id, and nobody else: an address or a name in a
//! token opens no account that was made otherwise. A browser that is sent away holds a random word;
//! state, nonce and the verifier of the code (PKCE) stay here under its hash, for ten minutes and
//! for one coming back. The token is believed when its signature is by a key of the issuer's and
//! issuer, audience, expiry and nonce are right.

mod claims;
mod config;
mod http;
mod pending;
mod provider;

pub use config::OidcConfig;
pub(crate) use config::{public_address, validate};
pub(crate) use pending::PATIENCE;

use std::net::IpAddr;
use std::time::Instant;

use ingest::ContentHash;
use tracing::{info, warn};

use crate::people::{Token, Vouched};
use crate::web::ServerConfig;
use pending::{Away, Pending};
use provider::Provider;

/// Why somebody does not come in by a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// There is no such provider.
    NoProvider,
    /// It cannot be reached, or does not answer as one should.
    Unreachable,
    /// What came back was never sent from this browser, was used, or took too long.
    Spent,
    /// The provider says no, or the person did.
    Refused,
    /// What the provider vouches with does not hold.
    Invalid,
    /// The person's address is in no domain that is allowed.
    WrongDomain,
}

/// What a provider sends back with a person.
#[derive(Clone, Debug, Default, serde::Deserialize)]
pub(crate) struct Returned {
    /// What the token is given for.
    #[serde(default)]
    pub(crate) code: String,
    /// What was sent with the person.
    #[serde(default)]
    pub(crate) state: String,
    /// The issuer, where the provider says it (RFC 9207).
    pub(crate) iss: Option<String>,
    /// Why not, in the provider's word.
    pub(crate) error: Option<String>,
}

/// Who sets out for a provider, as far as the request tells.
#[derive(Clone, Debug, Default)]
pub(crate) struct SettingOut {
    /// Where they come from, if it is known.
    pub(crate) address: Option<IpAddr>,
    /// The id of the session that they have.
    pub(crate) session: Option<String>,
    /// Where they want to go afterwards.
    pub(crate) next: String,
}

/// A person who is back from a provider that vouches for them.
#[derive(Debug)]
pub(crate) struct Received {
    /// Whom it vouches for.
    pub(crate) vouched: Vouched,
    /// Where they wanted to go.
    pub(crate) next: String,
    /// The id of the session that they had when they set out.
    pub(crate) session: Option<String>,
}

/// A person who is sent to a provider.
#[derive(Debug)]
pub(crate) struct Sent {
    /// Where to.
    pub(crate) url: String,
    /// What their browser keeps until they are back.
    pub(crate) token: Token,
}

/// The providers of the configuration.
#[derive(Debug)]
pub(crate) struct Providers {
    providers: Vec<Provider>,
    pending: Pending,
}

/// Whether two secrets are the same. Hashes are compared, so that the time it takes tells nothing.
fn is_same(one: &str, other: &str) -> bool {
    ContentHash::of(one.as_bytes()) == ContentHash::of(other.as_bytes())
}

impl Providers {
    pub(crate) fn new(server: &ServerConfig) -> Self {
        let address = server.public_address.as_deref();
        let providers = server.oidc.iter();
        Self {
            providers: providers
                .map(|config| Provider::new(config, address))
                .collect(),
            pending: Pending::default(),
        }
    }

    /// All of them, as configured.
    pub(crate) fn configured(&self) -> impl Iterator<Item = &OidcConfig> {
        self.providers.iter().map(Provider::config)
    }

    /// The issuer of the provider `id`.
    pub(crate) fn issuer(&self, id: &str) -> Option<&str> {
        let found = self.configured().find(|config| config.id == id);
        found.map(|config| config.issuer.as_str())
    }

    fn get(&self, id: &str) -> Result<&Provider, Fault> {
        let found = self.providers.iter().find(|one| one.config().id == id);
        found.ok_or(Fault::NoProvider)
    }

    /// Sends somebody to the provider `id`.
    ///
    /// # Errors
    /// When there is no such provider, or it cannot be reached.
    pub(crate) async fn send(&self, id: &str, who: SettingOut) -> Result<Sent, Fault> {
        let provider = self.get(id)?;
        let random = || {
            Token::random("").map_err(|error| {
                warn!(error = error.to_string(), "no random number can be had");
                Fault::Unreachable
            })
        };
        let (token, state, nonce) = (random()?, random()?, random()?);
        let (url, verifier) = provider.address(&state, &nonce).await?;
        let away = Away {
            provider: id.to_owned(),
            state,
            nonce,
            verifier,
            next: who.next,
            session: who.session,
            address: who.address,
            since: Instant::now(),
        };
        self.pending.put(token.hash(), away);
        Ok(Sent { url, token })
    }

    /// Whom the provider `id` vouches for. `token` is what their browser kept.
    ///
    /// # Errors
    /// When it is not the browser that was sent there, the provider refused, or what it says does not
    /// hold.
    pub(crate) async fn receive(
        &self,
        id: &str,
        token: Option<&str>,
        returned: Returned,
    ) -> Result<Received, Fault> {
        let provider = self.get(id)?;
        let hash = |token: &str| ContentHash::of(token.as_bytes()).to_string();
        let away = token.and_then(|token| self.pending.take(&hash(token)));
        let away = away.ok_or(Fault::Spent)?;
        if away.provider != id || !is_same(away.state.expose(), &returned.state) {
            return Err(Fault::Spent);
        }
        let issuer = &provider.config().issuer;
        if returned.iss.is_some_and(|said| said != *issuer) {
            warn!(provider = id, "another issuer answers than was asked");
            return Err(Fault::Invalid);
        }
        if let Some(error) = returned.error {
            let is_word = |char: &char| char.is_ascii_alphanumeric() || *char == '_';
            let error: String = error.chars().filter(is_word).take(40).collect();
            info!(provider = id, error, "the provider lets nobody in");
            return Err(Fault::Refused);
        }
        let vouched = provider
            .vouch(returned.code, away.verifier, &away.nonce)
            .await?;
        Ok(Received {
            vouched,
            next: away.next,
            session: away.session,
        })
    }
}
