//! Persons come, change and go; the links by which they choose a password.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::atomic::Ordering;

use ingest::Group;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use super::People;
use super::password::Password;
use super::secret::{self, Token};
use super::types::{
    Name, NewPerson, PeopleError, Person, PersonChange, PersonId, Refusal, Role, shown,
};
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
        Ok(self.catalogue.people().await?)
    }

    /// A person.
    ///
    /// # Errors
    /// When there is none, or the catalogue cannot be read.
    pub async fn get(&self, id: &PersonId) -> Result<Person, PeopleError> {
        let found = self.catalogue.person(id).await?;
        found.ok_or(PeopleError::Refused(Refusal::NotFound))
    }

    /// The person who signs in with `name`.
    ///
    /// # Errors
    /// When there is none, or the catalogue cannot be read.
    pub async fn named(&self, name: &Name) -> Result<Person, PeopleError> {
        let found = self.catalogue.person_named(name).await?;
        let found = found.map(|(person, _)| person);
        found.ok_or(PeopleError::Refused(Refusal::NotFound))
    }

    /// All groups that somebody is in.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn groups(&self) -> Result<BTreeSet<Group>, PeopleError> {
        Ok(self.catalogue.groups_of_people().await?)
    }

    /// Puts a person in who has a password at once.
    ///
    /// # Errors
    /// When name or password may not be, or another has the name.
    pub async fn add(
        &self,
        new: NewPerson,
        password: &SecretString,
    ) -> Result<Person, PeopleError> {
        let new = checked(new)?;
        let password = Password::new(password, &new.name)?;
        let hash = self.hasher.hash(password).await?;
        self.insert(&new, Some(&hash)).await
    }

    /// Puts a person in who chooses a password by the link.
    ///
    /// # Errors
    /// When the name may not be, or another has it.
    pub async fn invite(&self, new: NewPerson) -> Result<(Person, Link), PeopleError> {
        let new = checked(new)?;
        let person = self.insert(&new, None).await?;
        let link = self.link_for(&person.id, INVITATION).await?;
        Ok((person, link))
    }

    async fn insert(&self, new: &NewPerson, hash: Option<&str>) -> Result<Person, PeopleError> {
        let id = PersonId::random();
        let added = self.catalogue.add_person(&id, new, hash, self.now());
        match added.await? {
            Added::Done => self.get(&id).await,
            Added::NameTaken => Err(Refusal::NameTaken.into()),
            Added::SpentLink => Err(Refusal::SpentLink.into()),
        }
    }

    /// Another link for a person: the invitation was lost, or the password forgotten. Earlier ones
    /// end; the password they have stays good until another is chosen.
    ///
    /// # Errors
    /// When there is no such person.
    pub async fn invite_again(&self, id: &PersonId) -> Result<Link, PeopleError> {
        let person = self.get(id).await?;
        let span = if person.has_password {
            FORGOTTEN
        } else {
            INVITATION
        };
        self.link_for(id, span).await
    }

    async fn link_for(&self, id: &PersonId, span: SignedDuration) -> Result<Link, PeopleError> {
        let token = Token::random("")?;
        let expires = self.after(span);
        self.catalogue
            .put_link(&token.hash(), Some(id), expires)
            .await?;
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
        let token = Token::random("")?;
        let expires = self.after(SET_UP);
        self.catalogue
            .put_link(&token.hash(), None, expires)
            .await?;
        Ok(Some(Link { token, expires }))
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
        let link = secret::hash(token);
        let added = self
            .catalogue
            .set_up(&link, &id, &new, &hash, self.now())
            .await?;
        match added {
            Added::Done => self.get(&id).await,
            Added::NameTaken => Err(Refusal::NameTaken.into()),
            Added::SpentLink => Err(Refusal::SpentLink.into()),
        }
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
        let redeemed = self
            .catalogue
            .redeem(&secret::hash(token), &hash, self.now())
            .await?;
        match redeemed {
            Some(id) => self.get(&id).await,
            None => Err(Refusal::SpentLink.into()),
        }
    }

    /// Changes a person. Their sessions end if role or groups change, or they are disabled.
    ///
    /// # Errors
    /// When there is no such person, no administrator would be left, or the name cannot be shown.
    pub async fn change(&self, id: &PersonId, mut change: PersonChange) -> Result<(), PeopleError> {
        if let Some(display_name) = &mut change.display_name {
            *display_name = shown(display_name)?;
        }
        if let Some(groups) = &mut change.groups {
            groups.remove(&Group::everyone());
        }
        done(self.catalogue.change_person(id, &change).await?)
    }

    /// Takes a person away, with their sessions and keys.
    ///
    /// # Errors
    /// When there is no such person, or no administrator would be left.
    pub async fn remove(&self, id: &PersonId) -> Result<(), PeopleError> {
        done(self.catalogue.remove_person(id).await?)
    }

    /// Gives a person another password without asking for the present one, as an administrator
    /// on the machine itself may. Their sessions end.
    ///
    /// # Errors
    /// When there is no such person, or the password may not be.
    pub async fn set_password(
        &self,
        id: &PersonId,
        password: &SecretString,
    ) -> Result<(), PeopleError> {
        let person = self.get(id).await?;
        let hash = self
            .hasher
            .hash(Password::new(password, &person.name)?)
            .await?;
        done(self.catalogue.set_password(id, &hash).await?)
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
            return Err(Refusal::WrongPassword.into());
        }
        self.attempts.succeeded(name, address);
        let hash = self.hasher.hash(new).await?;
        done(self.catalogue.set_password(&person.id, &hash).await?)
    }
}
