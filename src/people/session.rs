//! Signing in, and staying signed in.
//!
//! A session is a random token in a cookie, of which a hash is kept. It is another one after each
//! signing in and every hour; a token that was replaced works a moment longer, for requests that
//! were on their way. A session ends when it was not used for a while, after a working day, when
//! its person signs out, and when what they may do changes.

use std::net::IpAddr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use super::secret::{self, Token};
use super::types::{Name, PeopleError, Person, PersonId, Refusal};
use super::{NOTED_EVERY, People};
use crate::audit::{Action, Event};
use crate::catalogue::{Ended, NewSession, SessionRow};

/// A token is replaced when it is this old.
const ROTATED_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// A token that was replaced works so much longer.
const GRACE: SignedDuration = SignedDuration::from_secs(60);
/// Sessions that one person, or one key, may have; the ones that were not used longest go.
const MOST: i64 = 50;
/// Characters of a browser's name that are kept, for its owner to know it by.
const AGENT_CHARACTERS: usize = 200;

/// How long a session may last.
#[derive(Clone, Copy, Debug)]
pub struct SessionLimits {
    /// Without being used.
    pub idle: Duration,
    /// At all.
    pub absolute: Duration,
}

/// Who signs in, as far as the connection tells.
#[derive(Clone, Copy, Debug, Default)]
pub struct Visitor<'a> {
    /// Where they come from, if it is known.
    pub address: Option<IpAddr>,
    /// How their program calls itself.
    pub agent: &'a str,
    /// The token of a session that they had until now.
    pub token: Option<&'a str>,
    /// The id of a session that they had when they set out for a provider: the browser does not show its
    /// token on the way back.
    pub session: Option<&'a str>,
}

/// A session that began.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// What the browser shows from now on.
    pub token: Token,
    /// Names the session.
    pub id: String,
    /// What forms of its pages carry.
    pub form: String,
    /// Whose it is.
    pub holder: Holder,
}

/// A key of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredKey {
    /// Its name, which is also in the audit log.
    pub name: String,
    /// What its sessions are kept by.
    pub hash: String,
}

/// Whose a session is.
#[derive(Clone, Debug)]
pub enum Holder {
    /// A person's.
    Person(Person),
    /// That of the key of the configuration with this hash.
    Key(String),
}

/// A session that somebody shows the token of.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// Names the session.
    pub id: String,
    /// What forms of its pages carry.
    pub form: String,
    /// Whose it is.
    pub holder: Holder,
    /// What the browser must show from now on, if it changed.
    pub renewed: Option<Token>,
}

/// A session, as its person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// Names it.
    pub id: String,
    /// How the program calls itself.
    pub agent: String,
    /// When it began.
    pub started: Timestamp,
    /// When it was used last, to the minute.
    pub seen: Timestamp,
}

pub(super) fn span(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

impl People {
    /// Begins a session of the person with this name and password.
    ///
    /// # Errors
    /// When they do not belong together, the person may not sign in, or it was tried too often: the
    /// first two are told alike and take as long, whether there is such a person or not.
    pub async fn sign_in(
        &self,
        name: &str,
        password: &SecretString,
        visitor: Visitor<'_>,
    ) -> Result<SignedIn, PeopleError> {
        self.attempts
            .begin(Some(name), visitor.address, self.now())?;
        let known = match name.parse::<Name>() {
            Ok(name) => self.catalogue.person_named(&name).await?,
            Err(_) => None,
        };
        let (person, hash) = known.map_or((None, None), |(person, hash)| (Some(person), hash));
        let is_right = self.hasher.is_right(password, hash).await?;
        let known = person.as_ref().map(|person| person.id.clone());
        let Some(person) = person.filter(|person| is_right && !person.disabled) else {
            self.refused(known.as_ref(), visitor.address);
            return Err(Refusal::WrongSignIn.into());
        };
        self.attempts.succeeded(Some(name), visitor.address);
        self.begin(person, visitor).await
    }

    /// Begins a session of a key of the configuration; none is given where the key that was shown is
    /// wrong.
    ///
    /// # Errors
    /// When the key is wrong, or keys were tried too often.
    pub async fn sign_in_by_key(
        &self,
        key: Option<ConfiguredKey>,
        visitor: Visitor<'_>,
    ) -> Result<SignedIn, PeopleError> {
        self.attempts.begin(None, visitor.address, self.now())?;
        let Some(key) = key else {
            self.refused(None, visitor.address);
            return Err(Refusal::WrongSignIn.into());
        };
        self.attempts.succeeded(None, visitor.address);
        self.start(&key.name, Holder::Key(key.hash), None, visitor)
            .await
    }

    /// Begins a session of a person who is known by now. A session that they had ends: a token that was
    /// known before signing in is worth nothing after it.
    ///
    /// # Errors
    /// When the catalogue or the audit log cannot be written.
    pub async fn begin(
        &self,
        person: Person,
        visitor: Visitor<'_>,
    ) -> Result<SignedIn, PeopleError> {
        let id = person.id.clone();
        self.start(id.as_str(), Holder::Person(person), None, visitor)
            .await
    }

    /// `by` is the provider that vouches, if one does.
    pub(super) async fn start(
        &self,
        actor: &str,
        holder: Holder,
        by: Option<&str>,
        visitor: Visitor<'_>,
    ) -> Result<SignedIn, PeopleError> {
        let id = uuid::Uuid::new_v4().simple().to_string();
        let event = Event::new(actor, Action::SignIn, &id);
        let event = match by {
            Some(by) => event.with("by", by),
            None => event,
        };
        self.record(event).await?;
        let begun = self.start_told(id.clone(), holder, visitor).await;
        self.ended(actor, id, begun)
    }

    /// Begins a session that the audit log was told of.
    async fn start_told(
        &self,
        id: String,
        holder: Holder,
        visitor: Visitor<'_>,
    ) -> Result<SignedIn, PeopleError> {
        if let Some(row) = self.session_of(visitor.token).await? {
            self.catalogue.end_session(&row.id).await?;
        }
        if let Some(earlier) = visitor.session {
            self.catalogue.end_session(earlier).await?;
        }
        let (token, form) = (Token::random("")?, Token::random("")?);
        let form = form.expose().to_owned();
        let agent: String = visitor
            .agent
            .chars()
            .filter(|char| !char.is_control())
            .take(AGENT_CHARACTERS)
            .collect();
        let (person, key) = match &holder {
            Holder::Person(person) => (Some(&person.id), None),
            Holder::Key(key) => (None, Some(key.as_str())),
        };
        let new = NewSession {
            id: &id,
            hash: &token.hash(),
            form: &form,
            person,
            key,
            agent: &agent,
        };
        let ended = Ended {
            started_by: self.before(span(self.limits.absolute)),
            seen_by: self.before(span(self.limits.idle)),
        };
        self.catalogue
            .begin_session(&new, self.now(), ended, MOST)
            .await?;
        Ok(SignedIn {
            token,
            id,
            form,
            holder,
        })
    }

    /// The session of a token, if it goes on. Where `may_renew` is set, the answer may hold another
    /// token, which the browser must get.
    ///
    /// # Errors
    /// When the catalogue cannot be read or written.
    pub async fn admit_session(
        &self,
        token: &str,
        may_renew: bool,
    ) -> Result<Option<Admitted>, PeopleError> {
        let hash = secret::hash(token);
        let Some(row) = self.catalogue.session(&hash).await? else {
            return Ok(None);
        };
        let now = self.now();
        if self.has_ended(&row, now) {
            self.catalogue.end_session(&row.id).await?;
            return Ok(None);
        }
        let age = now.duration_since(row.rotated);
        if row.is_previous && age > GRACE {
            return Ok(None);
        }
        let holder = match (row.person, row.key) {
            (Some(person), _) if !person.disabled => Holder::Person(self.as_vouched(person).await?),
            (None, Some(key)) => Holder::Key(key),
            _ => return Ok(None),
        };
        // A limit of minutes is not missed for want of a note.
        let noted_every = NOTED_EVERY.min(span(self.limits.idle / 10));
        if now.duration_since(row.seen) >= noted_every {
            self.catalogue.touch_session(&row.id, now).await?;
        }
        let mut renewed = None;
        if may_renew && !row.is_previous && age >= ROTATED_EVERY {
            let token = Token::random("")?;
            // Of requests that come together one renews, and the others go on with what they have.
            let next = token.hash();
            let rotated = self.catalogue.rotate_session(&row.id, &hash, &next, now);
            renewed = rotated.await?.then_some(token);
        }
        Ok(Some(Admitted {
            id: row.id,
            form: row.form,
            holder,
            renewed,
        }))
    }

    /// The id of the session of a token, if there is one.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn session_id(&self, token: Option<&str>) -> Result<Option<String>, PeopleError> {
        Ok(self.session_of(token).await?.map(|row| row.id))
    }

    fn has_ended(&self, row: &SessionRow, now: Timestamp) -> bool {
        now.duration_since(row.started) >= span(self.limits.absolute)
            || now.duration_since(row.seen) >= span(self.limits.idle)
    }

    async fn session_of(&self, token: Option<&str>) -> Result<Option<SessionRow>, PeopleError> {
        match token {
            Some(token) => Ok(self.catalogue.session(&secret::hash(token)).await?),
            None => Ok(None),
        }
    }

    /// Ends the session of a token, if there is one. If it is no person's, `actor` ends it.
    ///
    /// # Errors
    /// When the catalogue or the audit log cannot be written.
    pub async fn sign_out(&self, actor: &str, token: &str) -> Result<(), PeopleError> {
        let Some(row) = self.session_of(Some(token)).await? else {
            return Ok(());
        };
        let actor = row
            .person
            .as_ref()
            .map_or(actor, |person| person.id.as_str());
        let event = Event::new(actor, Action::SignOut, &row.id);
        self.record(event).await?;
        let ended = self.catalogue.end_session(&row.id).await;
        self.ended(actor, &row.id, ended)?;
        Ok(())
    }

    /// Ends all sessions of a person.
    ///
    /// # Errors
    /// When the catalogue cannot be written.
    pub async fn sign_out_everywhere(&self, id: &PersonId) -> Result<(), PeopleError> {
        let event = Event::new(id.as_str(), Action::SignOut, "sessions");
        self.record(event).await?;
        let ended = self.catalogue.end_sessions_of(id).await;
        self.ended(id.as_str(), "sessions", ended)
    }

    /// The sessions of a person, the newest first.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn sessions(&self, id: &PersonId) -> Result<Vec<SessionView>, PeopleError> {
        let now = self.now();
        let rows = self.catalogue.sessions_of(id).await?;
        let going_on = rows.into_iter().filter(|row| !self.has_ended(row, now));
        Ok(going_on
            .map(|row| SessionView {
                id: row.id,
                agent: row.agent,
                started: row.started,
                seen: row.seen,
            })
            .collect())
    }

    /// Ends one session of a person.
    ///
    /// # Errors
    /// When there is none.
    pub async fn end_session(&self, person: &PersonId, id: &str) -> Result<(), PeopleError> {
        let sessions = self.catalogue.sessions_of(person).await?;
        if !sessions.iter().any(|session| session.id == id) {
            return Err(Refusal::NotFound.into());
        }
        let event = Event::new(person.as_str(), Action::SignOut, id);
        self.record(event).await?;
        // Another request may have been quicker.
        let ended = self.catalogue.end_session_of(person, id).await;
        self.ended(person.as_str(), id, ended).map(|_| ())
    }
}
