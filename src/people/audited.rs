//! What the audit log is told of people: who, by their ids, and never what they typed.

use std::fmt::Display;
use std::net::IpAddr;

use super::People;
use super::types::{NewPerson, PeopleError, Person, PersonChange, PersonId};
use crate::audit::{Action, Event};

/// Who acts when nobody has shown who they are.
const UNKNOWN: &str = "unknown";

impl People {
    /// Tells the audit log what is about to be done. Where this fails, it must not be done.
    pub(super) async fn record(&self, event: Event) -> Result<(), PeopleError> {
        Ok(self.audit.record(event).await?)
    }

    /// What became of something that the audit log was told of before; it is told if that could not be
    /// done.
    pub(super) fn ended<T>(
        &self,
        actor: &str,
        subject: impl Display,
        done: Result<T, impl Into<PeopleError>>,
    ) -> Result<T, PeopleError> {
        let done: Result<T, PeopleError> = done.map_err(Into::into);
        done.inspect_err(|error| {
            let reason = match error {
                PeopleError::Refused(refusal) => refusal.to_string(),
                _ => "it failed".to_owned(),
            };
            let event = Event::new(actor, Action::Failed, subject);
            self.audit.note(event.with("reason", reason));
        })
    }

    /// Tells the audit log of a wrong password or key, for the account of `person` if it is one's.
    pub(super) fn refused(&self, person: Option<&PersonId>, address: Option<IpAddr>) {
        let subject = person.map_or("session", PersonId::as_str);
        let event = Event::new(UNKNOWN, Action::SignInRefused, subject);
        self.audit.note(match address {
            Some(address) => event.with("address", address),
            None => event,
        });
    }

    /// Somebody from `address` showed a key that is nobody's. The audit log is told, unless many were
    /// shown before.
    pub fn key_refused(&self, address: Option<IpAddr>) {
        if self.attempts.tells_of_key(address, self.now()) {
            let event = Event::new(UNKNOWN, Action::SignInRefused, "key");
            self.audit.note(match address {
                Some(address) => event.with("address", address),
                None => event,
            });
        }
    }
}

/// `actor` makes an account.
pub(super) fn created(actor: &str, id: &PersonId, new: &NewPerson) -> Event {
    Event::new(actor, Action::AccountCreated, id)
        .with("name", new.name.as_str())
        .with("role", new.role)
        .with("groups", &new.groups)
}

/// `actor` changes an account: what of it will be another.
pub(super) fn changed(actor: &str, person: &Person, change: &PersonChange) -> Event {
    let action = match change.disabled {
        Some(true) if !person.disabled => Action::AccountDisabled,
        Some(false) if person.disabled => Action::AccountEnabled,
        _ => Action::AccountChanged,
    };
    let mut event = Event::new(actor, action, &person.id);
    if let Some(role) = change.role.filter(|role| *role != person.role) {
        event = event.with("role", role);
    }
    let groups = change.groups.as_ref();
    if let Some(groups) = groups.filter(|groups| **groups != person.groups) {
        event = event.with("groups", groups);
    }
    let name = change.display_name.as_ref();
    if name.is_some_and(|name| *name != person.display_name) {
        event = event.with("fields", ["display_name"]);
    }
    event
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::Timestamp;

    use super::*;
    use crate::people::Role;

    #[test]
    fn a_change_tells_what_will_be_another() {
        let person = Person {
            id: PersonId::from("1".to_owned()),
            name: "mina".parse().unwrap(),
            display_name: "Mina".to_owned(),
            role: Role::Reader,
            groups: BTreeSet::new(),
            vouched_groups: BTreeSet::new(),
            disabled: false,
            has_password: true,
            has_identity: false,
            created: Timestamp::UNIX_EPOCH,
        };
        let same = PersonChange {
            display_name: Some("Mina".to_owned()),
            role: Some(Role::Reader),
            groups: Some(BTreeSet::new()),
            disabled: Some(false),
        };
        let event = |action| Event::new("root", action, "1");
        assert_eq!(
            changed("root", &person, &same),
            event(Action::AccountChanged)
        );
        let other = PersonChange {
            display_name: Some("secret".to_owned()),
            role: Some(Role::Admin),
            disabled: Some(true),
            ..PersonChange::default()
        };
        let told = event(Action::AccountDisabled)
            .with("role", "admin")
            .with("fields", ["display_name"]);
        assert_eq!(changed("root", &person, &other), told);
        let person = Person {
            disabled: true,
            ..person
        };
        assert_eq!(
            changed("root", &person, &same),
            event(Action::AccountEnabled)
        );
    }
}
