//! API keys of persons, for their programs.

use jiff::{SignedDuration, Timestamp};

use super::secret::{self, Token};
use super::types::{PeopleError, Person, PersonId, Refusal, Scope, shown};
use super::{NOTED_EVERY, People};
use crate::audit::{Action, Event};

/// Keys that a person may have.
pub const API_KEYS: usize = 50;

/// A key ends after this many days at most, if it ends by itself.
const MOST_DAYS: u32 = 3_650;

/// How a key begins, so that people and scanners for secrets know one.
const PREFIX: &str = "vck_";

/// A key without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyView {
    /// Names it.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// What it may do, if its owner still may.
    pub scope: Scope,
    /// Since when there is the key.
    pub created: Timestamp,
    /// Until when it is good; as long as its owner wants, if nothing is said.
    pub expires: Option<Timestamp>,
    /// When it was used last, to the minute.
    pub used: Option<Timestamp>,
}

impl People {
    /// Makes a key of `owner` that ends after `days`, if that is given. The token is what programs
    /// show, and is told this once.
    ///
    /// # Errors
    /// When it might do more than its owner, the days are none or too many, or the keys are.
    pub async fn make_key(
        &self,
        owner: &Person,
        name: &str,
        scope: Scope,
        days: Option<u32>,
    ) -> Result<(Token, ApiKeyView), PeopleError> {
        if scope.role() > owner.role {
            return Err(Refusal::ScopeAboveRole.into());
        }
        if days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
            return Err(Refusal::BadExpiry.into());
        }
        let expires = days.map(|days| self.after(SignedDuration::from_hours(24 * i64::from(days))));
        let token = Token::random(PREFIX)?;
        let key = ApiKeyView {
            id: uuid::Uuid::new_v4().simple().to_string(),
            name: shown(name)?,
            scope,
            created: self.now(),
            expires,
            used: None,
        };
        let event = Event::new(owner.id.as_str(), Action::KeyMade, &key.id);
        let event = event.with("scope", scope);
        self.record(match expires {
            Some(expires) => event.with("expires", expires.to_string()),
            None => event,
        })
        .await?;
        let most = i64::try_from(API_KEYS).unwrap_or(i64::MAX);
        let hash = token.hash();
        let added = self.catalogue.add_api_key(&owner.id, &hash, &key, most);
        let added = match added.await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Refusal::TooManyKeys { limit: API_KEYS }.into()),
            Err(error) => Err(PeopleError::from(error)),
        };
        self.ended(owner.id.as_str(), &key.id, added)?;
        Ok((token, key))
    }

    /// The keys of a person, the newest first.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn keys(&self, owner: &PersonId) -> Result<Vec<ApiKeyView>, PeopleError> {
        Ok(self.catalogue.api_keys_of(owner).await?)
    }

    /// Takes a key of a person away.
    ///
    /// # Errors
    /// When there is none.
    pub async fn revoke_key(&self, owner: &PersonId, id: &str) -> Result<(), PeopleError> {
        if !self.keys(owner).await?.iter().any(|key| key.id == id) {
            return Err(Refusal::NotFound.into());
        }
        let event = Event::new(owner.as_str(), Action::KeyRevoked, id);
        self.record(event).await?;
        // Another request may have been quicker.
        let removed = self.catalogue.remove_api_key(owner, id).await;
        self.ended(owner.as_str(), id, removed).map(|_| ())
    }

    /// Whose key this is, if it is good: the person, with no higher role than the key allows, and with no more
    /// than providers vouch for by now.
    ///
    /// # Errors
    /// When the catalogue cannot be read or written.
    pub async fn admit_key(
        &self,
        shown: &str,
    ) -> Result<Option<(Person, ApiKeyView)>, PeopleError> {
        if !shown.starts_with(PREFIX) {
            return Ok(None);
        }
        let Some((person, key)) = self.catalogue.api_key(&secret::hash(shown)).await? else {
            return Ok(None);
        };
        let now = self.now();
        if person.disabled || key.expires.is_some_and(|expires| expires <= now) {
            return Ok(None);
        }
        let is_noted = key
            .used
            .is_some_and(|used| now.duration_since(used) < NOTED_EVERY);
        if !is_noted {
            self.catalogue.touch_api_key(&key.id, now).await?;
        }
        let mut person = self.owner_as_vouched(person).await?;
        person.role = person.role.min(key.scope.role());
        Ok(Some((person, key)))
    }
}
