//! Persons come, change and go; the links by which they choose a password.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::atomic::Ordering;

use ingest::Group;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use super::People;
use super::audited::{changed, created};
use super::password::Password;
use super::secret::{self, Token};
use super::types::{
    Name, NewPerson, PeopleError, Person, PersonChange, PersonId, Refusal, Role, shown,
};
use crate::app::LOCAL;
use crate::audit::{Action, Event};
use crate::catalogue::{Added, Changed};

/// An invitation is good for this long.
const INVITATION: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A link for one who forgot a password: they are waiting for it.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(24);
/// The link that sets the server up, if it is not started again.
const SET_UP: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A link that works once, to hand to one person.
#[derive(Clone, Debug)]
pub struct Link {
    /// The secret in it.
    pub token: Token,
    /// Until when it works.
    pub expires: Timestamp,
}

/// What a link is for.
#[derive(Clone, Debug)]
pub struct LinkView {
    /// Who may choose a password by it; none for the link that sets the server up.
    pub person: Option<Person>,
    /// Until when it works.
    pub expires: Timestamp,
}

fn done(changed: Changed) -> Result<(), PeopleError> {
    match changed {
        Changed::Done => Ok(()),
        Changed::NotFound => Err(Refusal::NotFound.into()),
        Changed::LastAdmin => Err(Refusal::LastAdmin.into()),
    }
}

fn came_in(added: Added) -> Result<(), PeopleError> {
    match added {
        Added::Done => Ok(()),
        Added::NameTaken => Err(Refusal::NameTaken.into()),
        Added::SpentLink => Err(Refusal::SpentLink.into()),
    }
}

fn checked(mut new: NewPerson) -> Result<NewPerson, Refusal> {
    let name = new.name.as_str();
    new.display_name = match new.display_name.trim() {
        "" => shown(name)?,
        given => shown(given)?,
    };
    new.groups.remove(&Group::everyone());
    Ok(new)
}

impl People {
    /// Whether there is an account, or ever was one: such a server asks everybody to sign in.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn had_accounts(&self) -> Result<bool, PeopleError> {
        if self.had_accounts.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let had = self.catalogue.had_accounts().await?;
        self.had_accounts.fetch_or(had, Ordering::Relaxed);
        Ok(had)
    }

    /// Whether there is an account now.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn has_accounts(&self) -> Result<bool, PeopleError> {
        Ok(self.catalogue.has_accounts().await?)
    }

    /// All persons, by name.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn list(&self) -> Result<Vec<Person>, PeopleError> {
        self.all_as_vouched(self.catalogue.people().await?).await
    }

    /// A person.
    ///
    /// # Errors
    /// When there is none, or the catalogue cannot be read.
    pub async fn get(&self, id: &PersonId) -> Result<Person, PeopleError> {
        let found = self.catalogue.person(id).await?;
        let found = found.ok_or(PeopleError::Refused(Refusal::NotFound))?;
        self.as_vouched(found).await
    }

    /// The person who signs in with `name`.
    ///
    /// # Errors
    /// When there is none, or the catalogue cannot be read.
    pub async fn named(&self, name: &Name) -> Result<Person, PeopleError> {
        let found = self.catalogue.person_named(name).await?;
        let (found, _) = found.ok_or(PeopleError::Refused(Refusal::NotFound))?;
        self.as_vouched(found).await
    }

    /// All groups that somebody is in.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn groups(&self) -> Result<BTreeSet<Group>, PeopleError> {
        Ok(self.catalogue.groups_of_people().await?)
    }

    /// `actor` puts a person in who has a password at once.
    ///
    /// # Errors
    /// When name or password may not be, or another has the name.
    pub async fn add(
        &self,
        actor: &str,
        new: NewPerson,
        password: &SecretString,
    ) -> Result<Person, PeopleError> {
        let new = checked(new)?;
        let password = Password::new(password, &new.name)?;
        let hash = self.hasher.hash(password).await?;
        self.insert(actor, &new, Some(&hash)).await
    }

    /// `actor` puts a person in who chooses a password by the link.
    ///
    /// # Errors
    /// When the name may not be, or another has it.
    pub async fn invite(&self, actor: &str, new: NewPerson) -> Result<(Person, Link), PeopleError> {
        let new = checked(new)?;
        let person = self.insert(actor, &new, None).await?;
        let link = self.put_link(actor, Some(&person.id), INVITATION).await?;
        Ok((person, link))
    }

    async fn insert(
        &self,
        actor: &str,
        new: &NewPerson,
        hash: Option<&str>,
    ) -> Result<Person, PeopleError> {
        let id = PersonId::random();
        self.record(created(actor, &id, new)).await?;
        let added = self.catalogue.add_person(&id, new, hash, self.now());
        let added = added.await.map_err(PeopleError::from).and_then(came_in);
        self.ended(actor, &id, added)?;
        self.get(&id).await
    }

    /// `actor` makes another link for a person: the invitation was lost, or the password forgotten. Earlier ones
    /// end; the password they have stays good until another is chosen.
    ///
    /// # Errors
    /// When there is no such person.
    pub async fn invite_again(&self, actor: &str, id: &PersonId) -> Result<Link, PeopleError> {
        let person = self.get(id).await?;
        let span = if person.has_password {
            FORGOTTEN
        } else {
            INVITATION
        };
        self.put_link(actor, Some(id), span).await
    }

    /// Makes a link, for the first administrator if it is no person's.
    async fn put_link(
        &self,
        actor: &str,
        person: Option<&PersonId>,
        span: SignedDuration,
    ) -> Result<Link, PeopleError> {
        let token = Token::random("")?;
        let expires = self.after(span);
        let subject = person.map_or("set_up", PersonId::as_str);
        let event = Event::new(actor, Action::InvitationMade, subject);
        self.record(event.with("expires", expires.to_string()))
            .await?;
        let hash = token.hash();
        let put = self.catalogue.put_link(&hash, person, expires).await;
        self.ended(actor, subject, put)?;
        Ok(Link { token, expires })
    }

    /// The link that makes the first administrator, in place of an earlier one; none where there are
    /// accounts.
    ///
    /// # Errors
    /// When the catalogue cannot be written.
    pub async fn set_up_link(&self) -> Result<Option<Link>, PeopleError> {
        if self.has_accounts().await? {
            return Ok(None);
        }
        Ok(Some(self.put_link(LOCAL, None, SET_UP).await?))
    }

    /// What a link is for. Looking does not use it.
    ///
    /// # Errors
    /// When it is not good any more.
    pub async fn link(&self, token: &str) -> Result<LinkView, PeopleError> {
        let hash = secret::hash(token);
        let row = self.catalogue.link(&hash, self.now()).await?;
        let row = row.ok_or(Refusal::SpentLink)?;
        Ok(LinkView {
            person: row.person,
            expires: row.expires,
        })
    }

    /// Makes the first administrator, by the link that allows it, which ends.
    ///
    /// # Errors
    /// When the link is not good any more, or name or password may not be.
    pub async fn set_up(
        &self,
        token: &str,
        name: Name,
        display_name: &str,
        password: &SecretString,
    ) -> Result<Person, PeopleError> {
        // Nobody makes this machine hash passwords without a link.
        if self.link(token).await?.person.is_some() {
            return Err(Refusal::SpentLink.into());
        }
        let new = checked(NewPerson {
            name,
            display_name: display_name.to_owned(),
            role: Role::Admin,
            groups: BTreeSet::new(),
        })?;
        let hash = self
            .hasher
            .hash(Password::new(password, &new.name)?)
            .await?;
        let id = PersonId::random();
        let event = created(id.as_str(), &id, &new).with("by", "set_up");
        self.record(event).await?;
        let link = secret::hash(token);
        let added = self.catalogue.set_up(&link, &id, &new, &hash, self.now());
        let added = added.await.map_err(PeopleError::from).and_then(came_in);
        self.ended(id.as_str(), &id, added)?;
        self.get(&id).await
    }

    /// Gives a person the password that they choose by a link, which ends, as their sessions do.
    ///
    /// # Errors
    /// When the link is not good any more, or the password may not be.
    pub async fn redeem(
        &self,
        token: &str,
        password: &SecretString,
    ) -> Result<Person, PeopleError> {
        let person = self.link(token).await?.person.ok_or(Refusal::SpentLink)?;
        let hash = self
            .hasher
            .hash(Password::new(password, &person.name)?)
            .await?;
        let actor = person.id.as_str();
        let event = Event::new(actor, Action::InvitationUsed, actor);
        self.record(event).await?;
        let link = secret::hash(token);
        let redeemed = self.catalogue.redeem(&link, &hash, self.now());
        let redeemed = redeemed.await.map_err(PeopleError::from);
        let redeemed = redeemed.and_then(|id| id.ok_or(Refusal::SpentLink.into()));
        let id = self.ended(actor, actor, redeemed)?;
        self.get(&id).await
    }

    /// `actor` changes a person. Their sessions end if role or groups change, or they are disabled.
    ///
    /// # Errors
    /// When there is no such person, no administrator would be left, or the name cannot be shown.
    pub async fn change(
        &self,
        actor: &str,
        id: &PersonId,
        mut change: PersonChange,
    ) -> Result<(), PeopleError> {
        if let Some(display_name) = &mut change.display_name {
            *display_name = shown(display_name)?;
        }
        if let Some(groups) = &mut change.groups {
            groups.remove(&Group::everyone());
        }
        let person = self.get(id).await?;
        self.record(changed(actor, &person, &change)).await?;
        let changed = self.catalogue.change_person(id, &change).await;
        self.ended(actor, id, changed.map_err(PeopleError::from).and_then(done))
    }

    /// `actor` takes a person away, with their sessions and keys.
    ///
    /// # Errors
    /// When there is no such person, or no administrator would be left.
    pub async fn remove(&self, actor: &str, id: &PersonId) -> Result<(), PeopleError> {
        let person = self.get(id).await?;
        let event = Event::new(actor, Action::AccountRemoved, id);
        self.record(event.with("name", person.name.as_str()))
            .await?;
        let removed = self.catalogue.remove_person(id).await;
        self.ended(actor, id, removed.map_err(PeopleError::from).and_then(done))
    }

    /// `actor` gives a person another password without asking for the present one, as an administrator
    /// on the machine itself may. Their sessions end.
    ///
    /// # Errors
    /// When there is no such person, or the password may not be.
    pub async fn set_password(
        &self,
        actor: &str,
        id: &PersonId,
        password: &SecretString,
    ) -> Result<(), PeopleError> {
        let person = self.get(id).await?;
        let hash = self
            .hasher
            .hash(Password::new(password, &person.name)?)
            .await?;
        self.keep_password(actor, id, &hash).await
    }

    async fn keep_password(
        &self,
        actor: &str,
        id: &PersonId,
        hash: &str,
    ) -> Result<(), PeopleError> {
        let event = Event::new(actor, Action::PasswordChanged, id);
        self.record(event).await?;
        let set = self.catalogue.set_password(id, hash).await;
        self.ended(actor, id, set.map_err(PeopleError::from).and_then(done))
    }

    /// Changes the password of one who shows the present one. Their sessions end.
    ///
    /// # Errors
    /// When the present one is wrong, was tried too often, or the new one may not be.
    pub async fn change_password(
        &self,
        person: &Person,
        present: &SecretString,
        new: &SecretString,
        address: Option<IpAddr>,
    ) -> Result<(), PeopleError> {
        let new = Password::new(new, &person.name)?;
        let name = Some(person.name.as_str());
        self.attempts.begin(name, address, self.now())?;
        let found = self.catalogue.person_named(&person.name).await?;
        let hash = found.and_then(|(_, hash)| hash);
        if !self.hasher.is_right(present, hash).await? {
            self.refused(Some(&person.id), address);
            return Err(Refusal::WrongPassword.into());
        }
        self.attempts.succeeded(name, address);
        let hash = self.hasher.hash(new).await?;
        self.keep_password(person.id.as_str(), &person.id, &hash)
            .await
    }
}
