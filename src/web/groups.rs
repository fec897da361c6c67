//! What pages call groups. What they send, and what the API says, stays the name that access lists know.

use ingest::Group;

use super::words::words;
use crate::language::Language;

/// What a page calls a group: `everyone` by a word of its language, others by their names.
pub(super) fn called(group: &Group, language: Language) -> String {
    if *group == Group::everyone() {
        words(language).everyone.to_owned()
    } else {
        group.to_string()
    }
}

/// Groups in a line.
pub(super) fn line<'a>(groups: impl IntoIterator<Item = &'a Group>, language: Language) -> String {
    let groups = groups.into_iter().map(|group| called(group, language));
    groups.collect::<Vec<_>>().join(", ")
}

/// The name that access lists know for what somebody typed: they may have read it on a page.
pub(super) fn known(typed: &str) -> String {
    let is_everyone = [Language::Ko, Language::En]
        .into_iter()
        .any(|language| words(language).everyone.eq_ignore_ascii_case(typed));
    if is_everyone {
        Group::everyone().to_string()
    } else {
        typed.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_is_a_word_on_pages_and_a_name_in_lists() {
        let groups: Vec<Group> = vec![Group::everyone(), "인사".parse().unwrap()];
        assert_eq!(line(&groups, Language::Ko), "모든 사람, 인사");
        assert_eq!(line(&groups, Language::En), "Everyone, 인사");
        for typed in ["모든 사람", "Everyone", "everyone"] {
            assert_eq!(known(typed).parse::<Group>().unwrap(), Group::everyone());
        }
        assert_eq!(known("hr"), "hr");
        // No group can be called like that, which then would not be shown apart.
        assert!(words(Language::Ko).everyone.parse::<Group>().is_err());
    }
}
