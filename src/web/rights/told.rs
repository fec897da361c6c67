//! What is said of rights that are not changed.

use axum::http::StatusCode;

use crate::language::Language;
use crate::rights::RightsRefusal;

/// The status of an answer that refuses so.
pub(in crate::web) fn status(refusal: &RightsRefusal) -> StatusCode {
    match refusal {
        RightsRefusal::NotTheirs
        | RightsRefusal::NotInGroup(_)
        | RightsRefusal::NotTheirCollection => StatusCode::FORBIDDEN,
        RightsRefusal::LocksEverybodyOut
        | RightsRefusal::LocksOut
        | RightsRefusal::ComesInAnother => StatusCode::CONFLICT,
        RightsRefusal::NoPerson(_) => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// A name for programs that stays.
pub(in crate::web) fn code(refusal: &RightsRefusal) -> &'static str {
    match refusal {
        RightsRefusal::NotTheirs => "rights_not_theirs",
        RightsRefusal::NotInGroup(_) => "rights_not_in_group",
        RightsRefusal::LocksEverybodyOut => "rights_lock_everybody_out",
        RightsRefusal::LocksOut => "rights_lock_out",
        RightsRefusal::ComesInAnother => "rights_of_parent",
        RightsRefusal::NoPerson(_) => "no_person",
        RightsRefusal::NotTheirCollection => "collection_not_theirs",
    }
}

/// A sentence for people.
pub(in crate::web) fn sentence(refusal: &RightsRefusal, language: Language) -> String {
    let (ko, en) = match refusal {
        RightsRefusal::NotTheirs => (
            "원본을 내려받을 수 있는 문서의 권한만 변경할 수 있습니다.",
            "Only who may download a document may change who else may read it.",
        ),
        RightsRefusal::NotInGroup(group) => {
            return match language {
                Language::Ko => {
                    format!("내가 속하지 않은 그룹 `{group}`에는 권한을 추가할 수 없습니다.")
                }
                Language::En => {
                    format!("You are not in the group `{group}` and cannot give it more rights.")
                }
            };
        }
        RightsRefusal::LocksEverybodyOut => (
            "변경하면 아무도 찾을 수 없게 됩니다. 관리자가 확인해야 변경할 수 있습니다.",
            "Nobody could find it any more. An administrator must confirm that this is meant.",
        ),
        RightsRefusal::LocksOut => (
            "변경하면 본인도 내려받을 수 없게 됩니다. 정말 변경하려면 확인해 주세요.",
            "You could not download it any more yourself. Confirm that this is meant.",
        ),
        RightsRefusal::ComesInAnother => (
            "다른 문서 안에 들어 있던 문서는 그 문서의 권한을 따릅니다. 그 문서의 권한을 변경해 주세요.",
            "It came in another document and follows the rights of that one. Change those.",
        ),
        RightsRefusal::NotTheirCollection => (
            "볼 권한이 없는 모음에는 문서를 넣을 수 없습니다.",
            "You may not read that collection, and so put nothing into it.",
        ),
        RightsRefusal::NoPerson(name) => {
            return match language {
                Language::Ko => format!("사용자 `{name}`을(를) 찾을 수 없습니다."),
                Language::En => format!("There is no person `{name}`."),
            };
        }
    };
    match language {
        Language::Ko => ko,
        Language::En => en,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_is_told_in_both_languages() {
        for refusal in [
            RightsRefusal::NotTheirs,
            RightsRefusal::NotInGroup("hr".to_owned()),
            RightsRefusal::LocksEverybodyOut,
            RightsRefusal::LocksOut,
            RightsRefusal::ComesInAnother,
            RightsRefusal::NoPerson("mina".to_owned()),
            RightsRefusal::NotTheirCollection,
        ] {
            let ko = sentence(&refusal, Language::Ko);
            assert!(ko.chars().any(crate::language::is_hangul), "{ko}");
            let en = sentence(&refusal, Language::En);
            assert!(!en.chars().any(crate::language::is_hangul), "{en}");
            assert!(status(&refusal).is_client_error() && !code(&refusal).is_empty());
        }
    }
}
