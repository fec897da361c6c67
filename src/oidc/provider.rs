//! One provider: its description and keys, kept for a while, and the token that it gives for a code.

use std::error::Error;
use std::time::{Duration, Instant};

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim,
    CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
    CoreProviderMetadata, CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AuthType, AuthenticationFlow, AuthorizationCode,
    ClaimsVerificationError, Client, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields, IssuerUrl, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError,
    Scope, SignatureVerificationError, StandardErrorResponse, StandardTokenResponse,
    UserInfoClaims,
};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::Mutex;
use tracing::warn;

use super::Fault;
use super::claims::Claims;
use super::config::OidcConfig;
use super::http::Http;
use crate::people::{Token, Vouched};
use crate::sources::secret::SecretFrom;

/// A provider's description is asked for again when it is this old.
const KEPT: Duration = Duration::from_secs(60 * 60);
/// And not more often than this, however many tokens name a key that is not in it.
const AT_LEAST: Duration = Duration::from_secs(60);

/// Signatures by a key that only the provider has. Not those by the client's secret, which two know.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Claims beside those that the standard names.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Extra {
    #[serde(flatten)]
    claims: Map<String, Value>,
}

impl AdditionalClaims for Extra {}

type Tokens = StandardTokenResponse<
    IdTokenFields<
        Extra,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

/// This server, as a provider's client.
type Party = Client<
    Extra,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

#[derive(Debug)]
struct Description {
    asked: Instant,
    metadata: CoreProviderMetadata,
}

/// A provider of the configuration.
#[derive(Debug)]
pub(super) struct Provider {
    config: OidcConfig,
    /// Where people come back to, or why there is no such place.
    redirect: Result<String, String>,
    http: Result<Http, String>,
    description: Mutex<Option<Description>>,
}

/// An error with its causes, in a line.
fn in_words(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words.push_str(": ");
        words.push_str(&inner.to_string());
        cause = inner.source();
    }
    words
}

/// Whether the key of a token is none that is known.
fn is_of_unknown_key(error: &ClaimsVerificationError) -> bool {
    matches!(
        error,
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)
    )
}

impl Provider {
    pub(super) fn new(config: &OidcConfig, address: Option<&str>) -> Self {
        Self {
            redirect: config.redirect(address),
            http: Http::new().map_err(|error| in_words(&error)),
            config: config.clone(),
            description: Mutex::new(None),
        }
    }

    pub(super) fn config(&self) -> &OidcConfig {
        &self.config
    }

    /// Tells the log why, for the administrator, and gives what the person is told.
    fn fault(&self, fault: Fault, reason: impl AsRef<str>) -> Fault {
        let (provider, reason) = (self.config.id.as_str(), reason.as_ref());
        warn!(provider, reason, "signing in by a provider failed");
        fault
    }

    fn http(&self) -> Result<&Http, Fault> {
        let http = self.http.as_ref();
        http.map_err(|error| self.fault(Fault::Unreachable, error))
    }

    /// What the provider says of itself, asked anew if that is older than `most`.
    async fn metadata(&self, most: Duration) -> Result<CoreProviderMetadata, Fault> {
        let mut description = self.description.lock().await;
        if let Some(known) = &*description
            && known.asked.elapsed() < most
        {
            return Ok(known.metadata.clone());
        }
        let issuer = IssuerUrl::new(self.config.issuer.clone())
            .map_err(|error| self.fault(Fault::Unreachable, in_words(&error)))?;
        // It also looks whether the issuer is the one that was asked.
        let metadata = CoreProviderMetadata::discover_async(issuer, self.http()?)
            .await
            .map_err(|error| self.fault(Fault::Unreachable, in_words(&error)))?;
        *description = Some(Description {
            asked: Instant::now(),
            metadata: metadata.clone(),
        });
        Ok(metadata)
    }

    fn party(&self, metadata: CoreProviderMetadata) -> Result<Party, Fault> {
        let config = &self.config;
        let unusable = |reason: String| self.fault(Fault::Unreachable, reason);
        let redirect = self.redirect.clone().map_err(unusable)?;
        let redirect = RedirectUrl::new(redirect).map_err(|error| unusable(in_words(&error)))?;
        let secret = config.client_secret.as_ref();
        let secret = secret.map(SecretFrom::read).transpose();
        // It is read anew, so that another one needs no restart.
        let secret = secret.map_err(unusable)?;
        let secret = secret.map(|secret| ClientSecret::new(secret.expose_secret().to_owned()));
        let wants_body = metadata
            .token_endpoint_auth_methods_supported()
            .is_some_and(|methods| {
                methods.contains(&CoreClientAuthMethod::ClientSecretPost)
                    && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
            });
        let client = ClientId::new(config.client_id.clone());
        let party = Party::from_provider_metadata(metadata, client, secret);
        let party = party.set_redirect_uri(redirect);
        Ok(if wants_body {
            party.set_auth_type(AuthType::RequestBody)
        } else {
            party
        })
    }

    /// Where somebody is sent, and the verifier that goes with the code they bring back.
    pub(super) async fn address(
        &self,
        state: &Token,
        nonce: &Token,
    ) -> Result<(String, String), Fault> {
        let party = self.party(self.metadata(KEPT).await?)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let state = CsrfToken::new(state.expose().to_owned());
        let nonce = Nonce::new(nonce.expose().to_owned());
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let scopes = self.config.scopes.iter();
        let scopes = scopes.filter(|scope| scope.as_str() != "openid");
        let (url, _, _) = party
            .authorize_url(flow, move || state, move || nonce)
            .add_scopes(scopes.map(|scope| Scope::new(scope.clone())))
            .set_pkce_challenge(challenge)
            .url();
        Ok((url.into(), verifier.secret().clone()))
    }

    /// Whom the provider vouches for with the token that it gives for `code`.
    pub(super) async fn vouch(
        &self,
        code: String,
        verifier: String,
        nonce: &Token,
    ) -> Result<Vouched, Fault> {
        let http = self.http()?;
        let party = self.party(self.metadata(KEPT).await?)?;
        let request = party
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| self.fault(Fault::Unreachable, in_words(&error)))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier));
        let tokens = match request.request_async(http).await {
            Ok(tokens) => tokens,
            Err(RequestTokenError::Request(error)) => {
                return Err(self.fault(Fault::Unreachable, in_words(&error)));
            }
            Err(RequestTokenError::ServerResponse(said)) => {
                let error = said.error().to_string();
                return Err(self.fault(Fault::Invalid, format!("no token is given: {error}")));
            }
            // What could not be read may hold a token: it is not told.
            Err(_) => return Err(self.fault(Fault::Invalid, "the answer holds no token")),
        };
        let (party, said) = self.verified(party, &tokens, nonce).await?;
        let subject = said
            .get("sub")
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| self.fault(Fault::Invalid, "the token names nobody"))?;
        let mut claims = Claims::new(said.clone(), None);
        if claims.lack(&self.config) {
            let more = self.more(&party, &tokens, &subject).await?;
            claims = Claims::new(said, more);
        }
        claims.vouch(&self.config, &subject)
    }

    /// The claims of the token, with what they were verified by. Where its key is not known, the
    /// provider may have another one by now.
    async fn verified(
        &self,
        party: Party,
        tokens: &Tokens,
        nonce: &Token,
    ) -> Result<(Party, Value), Fault> {
        match verified_by(&party, tokens, nonce) {
            Ok(claims) => Ok((party, claims)),
            Err(Unverified::Claims(error)) if is_of_unknown_key(&error) => {
                let party = self.party(self.metadata(AT_LEAST).await?)?;
                let claims = verified_by(&party, tokens, nonce)
                    .map_err(|error| self.fault(Fault::Invalid, in_words(&error)))?;
                Ok((party, claims))
            }
            Err(error) => Err(self.fault(Fault::Invalid, in_words(&error))),
        }
    }

    /// What else the provider says of the person, if it says more than the token.
    async fn more(
        &self,
        party: &Party,
        tokens: &Tokens,
        subject: &str,
    ) -> Result<Option<Value>, Fault> {
        let subject = openidconnect::SubjectIdentifier::new(subject.to_owned());
        let token = tokens.access_token().clone();
        // The answer must be about the same person.
        let Ok(request) = party.user_info(token, Some(subject)) else {
            return Ok(None);
        };
        let said: UserInfoClaims<Extra, CoreGenderClaim> = request
            .request_async(self.http()?)
            .await
            .map_err(|error| self.fault(Fault::Unreachable, error_kind(&error)))?;
        let said = serde_json::to_value(&said);
        said.map(Some)
            .map_err(|error| self.fault(Fault::Invalid, in_words(&error)))
    }
}

/// What went wrong about the person's claims, without what the provider said.
fn error_kind<E: Error + 'static>(error: &openidconnect::UserInfoError<E>) -> String {
    match error {
        openidconnect::UserInfoError::Request(error) => in_words(error),
        openidconnect::UserInfoError::ClaimsVerification(error) => in_words(error),
        _ => "what the provider says of the person cannot be read".to_owned(),
    }
}

/// Why a token is not believed.
#[derive(Debug, thiserror::Error)]
enum Unverified {
    #[error("there is no token that names a person")]
    Missing,
    #[error("the token is not believed")]
    Claims(#[source] ClaimsVerificationError),
    #[error("the token goes with another access token")]
    OtherAccess,
    #[error("the claims of the token cannot be read")]
    Unreadable(#[source] serde_json::Error),
}

/// Looks at issuer, audience, signature, expiry, nonce, and that both tokens go together.
fn verified_by(party: &Party, tokens: &Tokens, nonce: &Token) -> Result<Value, Unverified> {
    let token = tokens
        .extra_fields()
        .id_token()
        .ok_or(Unverified::Missing)?;
    let verifier = party.id_token_verifier().set_allowed_algs(ALGORITHMS);
    let nonce = Nonce::new(nonce.expose().to_owned());
    let claims = token
        .claims(&verifier, &nonce)
        .map_err(Unverified::Claims)?;
    if let Some(expected) = claims.access_token_hash() {
        let unverified =
            |error| Unverified::Claims(ClaimsVerificationError::SignatureVerification(error));
        let algorithm = token.signing_alg().map_err(unverified)?;
        let key = token.signing_key(&verifier).map_err(unverified)?;
        let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, key);
        if actual.ok().as_ref() != Some(expected) {
            return Err(Unverified::OtherAccess);
        }
    }
    serde_json::to_value(claims).map_err(Unverified::Unreadable)
}
