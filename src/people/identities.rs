//! Persons whom a provider vouches for: they sign in, and identities are linked with accounts.
//!
//! What a provider says counts for a while after a signing in by it, and no longer: nobody tells this
//! server that somebody was taken out of a group there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use ingest::Group;
use jiff::Timestamp;

use super::People;
use super::audited::created;
use super::session::{Holder, SignedIn, Visitor, span};
use super::types::{Name, NewPerson, PeopleError, Person, PersonId, Refusal, Role, shown};
use crate::audit::{Action, Event};
use crate::catalogue::{Changed, Joined, Linked};

/// A provider's id for somebody has at most this many characters (the standard says 255).
const SUBJECT_CHARACTERS: usize = 255;

/// How long a provider vouches for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voucher {
    /// What it said counts for so long after a signing in by it.
    pub lasts: Duration,
    /// Whether it decides what people may do.
    pub gives_roles: bool,
}

/// The providers of the configuration, by their issuers. The groups that another one said once count for
/// nothing; a role that it gave stays until somebody changes it. Of
/// two by the same issuer the shorter time counts, and that one of them gives roles.
#[derive(Clone, Debug, Default)]
pub struct Vouchers(BTreeMap<String, Voucher>);

impl FromIterator<(String, Voucher)> for Vouchers {
    fn from_iter<T: IntoIterator<Item = (String, Voucher)>>(vouchers: T) -> Self {
        let mut all: BTreeMap<String, Voucher> = BTreeMap::new();
        for (issuer, voucher) in vouchers {
            let one = all.entry(issuer).or_insert(voucher);
            one.lasts = one.lasts.min(voucher.lasts);
            one.gives_roles |= voucher.gives_roles;
        }
        Self(all)
    }
}

impl Vouchers {
    /// Whether what was said by this identity counts at `now`.
    fn still_vouch(&self, identity: &IdentityView, now: Timestamp) -> bool {
        let voucher = self.0.get(&identity.issuer);
        voucher
            .zip(identity.seen)
            .is_some_and(|(voucher, seen)| now.duration_since(seen) < span(voucher.lasts))
    }

    /// The groups that are vouched for at `now`.
    fn groups<'a>(
        &self,
        identities: impl IntoIterator<Item = &'a IdentityView>,
        now: Timestamp,
    ) -> BTreeSet<Group> {
        let counting = identities
            .into_iter()
            .filter(|identity| self.still_vouch(identity, now));
        counting
            .flat_map(|identity| identity.groups.iter().cloned())
            .collect()
    }

    /// Whether a provider decided on a role, and none that did vouches any more at `now`.
    fn role_is_over(&self, identities: &[IdentityView], now: Timestamp) -> bool {
        let deciding: Vec<&IdentityView> = identities
            .iter()
            .filter(|identity| identity.seen.is_some())
            .filter(|identity| {
                let voucher = self.0.get(&identity.issuer);
                voucher.is_some_and(|voucher| voucher.gives_roles)
            })
            .collect();
        !deciding.is_empty()
            && !deciding
                .iter()
                .any(|identity| self.still_vouch(identity, now))
    }
}

/// Whom a provider vouches for, after all that it says was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    /// The provider, as the configuration names it.
    pub provider: String,
    /// Its issuer.
    pub issuer: String,
    /// What the issuer calls them, for good.
    pub subject: String,
    /// Names that an account of theirs may have: the first that is free.
    pub names: Vec<Name>,
    /// What others see, as the provider says it.
    pub display_name: String,
    /// Groups that the provider has them in.
    pub groups: BTreeSet<Group>,
    /// What they may do, where the provider decides that.
    pub role: Option<Role>,
    /// Whether they get an account, if they have none.
    pub may_join: bool,
}

/// What a person is to a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityView {
    /// Names it here.
    pub id: String,
    /// The issuer.
    pub issuer: String,
    /// What the issuer calls them.
    pub subject: String,
    /// Groups that the provider has them in, as of the last signing in.
    pub groups: BTreeSet<Group>,
    /// Since when it is linked with the account.
    pub linked: Timestamp,
    /// When they signed in by it last, if they did.
    pub seen: Option<Timestamp>,
}

impl People {
    /// A person with no more groups of providers than are vouched for lately.
    pub(super) async fn as_vouched(&self, mut person: Person) -> Result<Person, PeopleError> {
        if !person.vouched_groups.is_empty() {
            let identities = self.catalogue.identities_of(&person.id).await?;
            person.vouched_groups = self.vouchers.groups(&identities, self.now());
        }
        Ok(person)
    }

    /// All persons so.
    pub(super) async fn all_as_vouched(
        &self,
        mut people: Vec<Person>,
    ) -> Result<Vec<Person>, PeopleError> {
        let mut by_person: HashMap<PersonId, Vec<IdentityView>> = HashMap::new();
        for (id, identity) in self.catalogue.identities_with_groups().await? {
            by_person.entry(id).or_default().push(identity);
        }
        let now = self.now();
        for person in &mut people {
            let identities = by_person.remove(&person.id).unwrap_or_default();
            person.vouched_groups = self.vouchers.groups(&identities, now);
        }
        Ok(people)
    }

    /// The owner of an API key so. Keys are used without anybody signing in: where a provider decides on
    /// roles, that of one whom it vouched for long ago is a reader's.
    pub(super) async fn owner_as_vouched(&self, mut person: Person) -> Result<Person, PeopleError> {
        if person.has_identity {
            let (identities, now) = (self.catalogue.identities_of(&person.id).await?, self.now());
            person.vouched_groups = self.vouchers.groups(&identities, now);
            if self.vouchers.role_is_over(&identities, now) {
                person.role = Role::Reader;
            }
        }
        Ok(person)
    }

    /// Begins a session of the person a provider vouches for. Their groups of that provider, and their
    /// role where it decides, become what it says.
    ///
    /// # Errors
    /// When nobody has the identity and none may join, or the person is disabled, or would be the last
    /// administrator and is none any more.
    pub async fn sign_in_vouched(
        &self,
        vouched: &Vouched,
        visitor: Visitor<'_>,
    ) -> Result<SignedIn, PeopleError> {
        let (issuer, subject) = (&vouched.issuer, &vouched.subject);
        let mut found = self.catalogue.identity(issuer, subject).await?;
        if found.is_none() && vouched.may_join {
            self.join(vouched).await?;
            found = self.catalogue.identity(issuer, subject).await?;
        }
        let Some((person, identity)) = found else {
            self.refused(None, visitor.address);
            return Err(Refusal::UnknownIdentity.into());
        };
        if person.disabled {
            self.refused(Some(&person.id), visitor.address);
            return Err(Refusal::Disabled.into());
        }
        let actor = person.id.as_str();
        let role = vouched.role.filter(|role| *role != person.role);
        let groups = Some(&vouched.groups).filter(|groups| **groups != identity.groups);
        if role.is_some() || groups.is_some() {
            let mut event = Event::new(actor, Action::AccountChanged, actor);
            event = event.with("by", &vouched.provider);
            if let Some(role) = role {
                event = event.with("role", role);
            }
            if let Some(groups) = groups {
                event = event.with("groups_of_provider", groups);
            }
            self.record(event).await?;
        }
        let kept = self.catalogue.keep_vouched(
            &person.id,
            &identity.id,
            &vouched.groups,
            role,
            self.now(),
        );
        let kept = match kept.await {
            Ok(Changed::Done) => Ok(()),
            Ok(Changed::NotFound) => Err(Refusal::UnknownIdentity.into()),
            Ok(Changed::LastAdmin) => Err(Refusal::LastAdmin.into()),
            Err(error) => Err(PeopleError::from(error)),
        };
        self.ended(actor, actor, kept)?;
        let person = self.get(&person.id).await?;
        let id = person.id.clone();
        let by = Some(vouched.provider.as_str());
        self.start(id.as_str(), Holder::Person(person), by, visitor)
            .await
    }

    /// Makes an account for one who has none, under the first of their names that is free.
    async fn join(&self, vouched: &Vouched) -> Result<(), PeopleError> {
        for name in &vouched.names {
            if self.catalogue.person_named(name).await?.is_some() {
                continue;
            }
            let new = NewPerson {
                name: name.clone(),
                display_name: shown(&vouched.display_name).unwrap_or_else(|_| name.to_string()),
                role: vouched.role.unwrap_or(Role::Reader),
                groups: BTreeSet::new(),
            };
            let id = PersonId::random();
            let identity = self.identity(&vouched.issuer, &vouched.subject);
            let event = created(id.as_str(), &id, &new)
                .with("by", &vouched.provider)
                .with("identity", &vouched.subject);
            self.record(event).await?;
            let joined = self.catalogue.join(&id, &new, &identity, self.now());
            match self.ended(id.as_str(), &id, joined.await)? {
                // Another request of theirs may have been quicker.
                Joined::Done | Joined::Known => return Ok(()),
                Joined::NameTaken => {}
            }
        }
        Err(Refusal::NameTaken.into())
    }

    fn identity(&self, issuer: &str, subject: &str) -> IdentityView {
        IdentityView {
            id: uuid::Uuid::new_v4().simple().to_string(),
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
            groups: BTreeSet::new(),
            linked: self.now(),
            seen: None,
        }
    }

    /// What a person is to providers.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn identities(&self, person: &PersonId) -> Result<Vec<IdentityView>, PeopleError> {
        Ok(self.catalogue.identities_of(person).await?)
    }

    /// `actor` lets a person sign in as `subject` of `issuer`.
    ///
    /// # Errors
    /// When there is no such person, or the identity cannot be one or is somebody's already.
    pub async fn link_identity(
        &self,
        actor: &str,
        person: &PersonId,
        issuer: &str,
        subject: &str,
    ) -> Result<IdentityView, PeopleError> {
        let subject = subject.trim();
        if subject.is_empty()
            || subject.chars().count() > SUBJECT_CHARACTERS
            || subject.chars().any(char::is_control)
        {
            return Err(Refusal::BadIdentity.into());
        }
        let person: Person = self.get(person).await?;
        let identity = self.identity(issuer, subject);
        let event = Event::new(actor, Action::IdentityLinked, &person.id);
        let event = event.with("issuer", issuer).with("identity", subject);
        self.record(event).await?;
        let linked = match self.catalogue.link_identity(&person.id, &identity).await {
            Ok(Linked::Done) => Ok(()),
            Ok(Linked::NotFound) => Err(Refusal::NotFound.into()),
            Ok(Linked::Taken) => Err(Refusal::IdentityTaken.into()),
            Err(error) => Err(PeopleError::from(error)),
        };
        self.ended(actor, &person.id, linked)?;
        Ok(identity)
    }

    /// `actor` takes an identity from a person, whose sessions end.
    ///
    /// # Errors
    /// When there is none, or nobody would be left who sees to people.
    pub async fn unlink_identity(
        &self,
        actor: &str,
        person: &PersonId,
        id: &str,
    ) -> Result<(), PeopleError> {
        let identities = self.identities(person).await?;
        let found = identities.iter().find(|identity| identity.id == id);
        let found = found.ok_or(PeopleError::Refused(Refusal::NotFound))?;
        let event = Event::new(actor, Action::IdentityUnlinked, person);
        let event = event
            .with("issuer", &found.issuer)
            .with("identity", &found.subject);
        self.record(event).await?;
        let gone = match self.catalogue.unlink_identity(person, id).await {
            Ok(Changed::Done) => Ok(()),
            Ok(Changed::NotFound) => Err(Refusal::NotFound.into()),
            Ok(Changed::LastAdmin) => Err(Refusal::LastAdmin.into()),
            Err(error) => Err(PeopleError::from(error)),
        };
        self.ended(actor, person, gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60;

    fn identity(issuer: &str, group: &str, seen: Option<i64>) -> IdentityView {
        IdentityView {
            id: "1".to_owned(),
            issuer: issuer.to_owned(),
            subject: "mina".to_owned(),
            groups: BTreeSet::from([group.parse().unwrap()]),
            linked: Timestamp::UNIX_EPOCH,
            seen: seen.map(|day| Timestamp::from_second(day * DAY).unwrap()),
        }
    }

    #[test]
    fn what_a_provider_said_counts_for_a_while_and_what_another_said_for_nothing() {
        let voucher = |days: u64, gives_roles| Voucher {
            lasts: Duration::from_secs(days * 24 * 60 * 60),
            gives_roles,
        };
        let vouchers: Vouchers = [
            ("long".to_owned(), voucher(30, false)),
            // Two of one issuer: the stricter counts, in whatever order they stand.
            ("short".to_owned(), voucher(7, false)),
            ("short".to_owned(), voucher(40, true)),
        ]
        .into_iter()
        .collect();
        let identities = [
            identity("long", "hr", Some(100)),
            identity("short", "board", Some(100)),
            identity("gone", "it", Some(100)),
            identity("long", "legal", None),
        ];
        let groups = |day: i64| {
            let now = Timestamp::from_second(day * DAY).unwrap();
            let groups = vouchers.groups(&identities, now);
            let groups: Vec<String> = groups.iter().map(ToString::to_string).collect();
            (groups.join(","), vouchers.role_is_over(&identities, now))
        };
        assert_eq!(groups(106), ("board,hr".to_owned(), false));
        assert_eq!(groups(107), ("hr".to_owned(), true));
        assert_eq!(groups(129), ("hr".to_owned(), true));
        assert_eq!(groups(130), (String::new(), true));
        // A role that no provider decided on stays.
        let now = Timestamp::from_second(1_000 * DAY).unwrap();
        assert!(!vouchers.role_is_over(&identities[..1], now));
    }
}
