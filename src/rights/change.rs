//! Who may give which rights, and what is refused.

use super::{Grants, Level, Principal};
use crate::ask::Reader;

/// What is to be said of the rights to a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RightsChange {
    /// These, whatever its collection says.
    Own(Grants),
    /// Those of its collection, or the default ones.
    Inherit,
}

/// Somebody who changes rights.
#[derive(Clone, Copy, Debug)]
pub enum Giver<'a> {
    /// Sees to the whole installation.
    Admin,
    /// Changes documents, for those whom they know.
    Editor(&'a Reader),
}

/// Why rights are not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RightsRefusal {
    /// An editor may not have the file themselves.
    #[error("only who may download a document may change who else may")]
    NotTheirs,
    /// An editor would give a right to a group that they are not in.
    #[error("you are not in `{0}`")]
    NotInGroup(String),
    /// Nobody would have a right any more, and it was not said that this is meant.
    #[error("nobody could find this any more; confirm that this is meant")]
    LocksEverybodyOut,
    /// Who changes it would have no right to the file any more, and did not say that this is meant.
    #[error("you could not download this any more yourself; confirm that this is meant")]
    LocksOut,
    /// What came in another document follows it.
    #[error("what came in another document follows the rights of that one")]
    ComesInAnother,
    /// There is no such person.
    #[error("there is no person `{0}`")]
    NoPerson(String),
    /// Who would put a document into a collection may not read what is in it.
    #[error("you may not read that collection, and so put nothing into it")]
    NotTheirCollection,
}

impl Giver<'_> {
    /// Whether rights may become `after`, which are `before` now; `confirmed` says that locking out
    /// is meant.
    ///
    /// # Errors
    /// Why not.
    pub fn may_change(
        self,
        before: &Grants,
        after: &Grants,
        confirmed: bool,
    ) -> Result<(), RightsRefusal> {
        if let Self::Editor(reader) = self {
            if before.level(reader) != Some(Level::Download) {
                return Err(RightsRefusal::NotTheirs);
            }
            // To persons they may give what they have; to groups, where they know who is in them.
            for (principal, _) in after.raised(before) {
                if let Principal::Group(group) = principal
                    && !reader.groups().contains(group)
                {
                    return Err(RightsRefusal::NotInGroup(group.to_string()));
                }
            }
            if after.is_empty() {
                return Err(RightsRefusal::LocksEverybodyOut);
            }
            if after.level(reader) != Some(Level::Download) && !confirmed {
                return Err(RightsRefusal::LocksOut);
            }
        }
        if after.is_empty() && !confirmed {
            return Err(RightsRefusal::LocksEverybodyOut);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(text: &[(&str, Level)]) -> Grants {
        text.iter()
            .map(|(principal, level)| (principal.parse().unwrap(), *level))
            .collect()
    }

    #[test]
    fn an_editor_gives_to_whom_they_know_what_they_have() {
        let hr = Reader::new(["hr".parse().unwrap()]);
        let editor = Giver::Editor(&hr);
        let before = grants(&[("hr", Level::Download), ("staff", Level::Quote)]);
        let may = |after: &[(&str, Level)], confirmed| {
            editor.may_change(&before, &grants(after), confirmed)
        };
        let hr_and = |other, level| [("hr", Level::Download), (other, level)];
        assert_eq!(may(&hr_and("everyone", Level::Find), false), Ok(()));
        assert_eq!(may(&hr_and("person/1", Level::Download), false), Ok(()));
        // What another group has already may stay or shrink, not grow.
        assert_eq!(may(&hr_and("staff", Level::Find), false), Ok(()));
        let refused = Err(RightsRefusal::NotInGroup("staff".to_owned()));
        assert_eq!(may(&hr_and("staff", Level::Download), true), refused);
        let quote = [("hr", Level::Quote)];
        assert_eq!(may(&quote, false), Err(RightsRefusal::LocksOut));
        assert_eq!(may(&quote, true), Ok(()));
        assert_eq!(may(&[], true), Err(RightsRefusal::LocksEverybodyOut));
        let quoted = grants(&quote);
        let more = grants(&[("hr", Level::Download)]);
        let refused = editor.may_change(&quoted, &more, true);
        assert_eq!(refused, Err(RightsRefusal::NotTheirs));
    }

    #[test]
    fn an_administrator_locks_everybody_out_only_knowingly() {
        let before = grants(&[("hr", Level::Download)]);
        let none = Grants::none();
        let refused = Giver::Admin.may_change(&before, &none, false);
        assert_eq!(refused, Err(RightsRefusal::LocksEverybodyOut));
        assert_eq!(Giver::Admin.may_change(&before, &none, true), Ok(()));
        let other = grants(&[("it", Level::Find)]);
        assert_eq!(Giver::Admin.may_change(&none, &other, false), Ok(()));
    }
}
