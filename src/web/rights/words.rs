//! The words of the pages about rights, in Korean and English, side by side.

use crate::rights::Level;
use crate::web::words::two_languages;

two_languages! {
    /// Every word that these pages show.
    pub(in crate::web) struct Words, pub(super) fn words;

    rights: "권한", "Rights";
    rights_of: "{title}의 권한", "Rights to {title}";
    to_document: "문서로 돌아가기", "Back to the document";
    level: "허용하는 일", "May";
    find: "찾기만", "Find it only";
    quote: "읽고 인용하기", "Read and quote it";
    download: "원본 내려받기", "Download it too";
    levels_hint: "찾기만: 제목과 날짜, 상태를 볼 수 있습니다. 읽고 인용하기: 본문을 답변과 화면에서 볼 수 있습니다. 원본 내려받기: 원본 파일도 내려받을 수 있습니다.", "Find: title, dates and state are shown. Quote: the text appears in answers and on its page. Download: the file can be had as well.";
    who: "대상", "Who";
    change: "변경", "Change";
    take_away: "제거", "Take away";
    give: "권한 추가", "Give a right";
    kind: "종류", "Kind";
    group: "그룹", "Group";
    person: "사용자", "Person";
    name: "그룹 이름 또는 사용자의 로그인 이름", "Name of the group, or what the person signs in with";
    nobody: "아무도 없습니다.", "Nobody.";
    follows_own: "이 문서에 따로 지정한 권한입니다.", "These are rights of its own.";
    follows_handed: "문서를 올릴 때 지정한 권한입니다.", "These came with the file.";
    follows_collection: "모음 {name}의 권한을 따릅니다.", "It follows the rights of the collection {name}.";
    follows_default: "설정 파일의 기본 권한을 따릅니다.", "It follows the default rights of the configuration.";
    follows_parent: "이 문서가 들어 있던 문서의 권한을 따릅니다.", "It follows the rights of the document that it came in.";
    to_parent: "상위 문서의 권한", "Rights to that document";
    inherit: "모음이나 기본 권한 따르기", "Follow the collection or the default";
    would_be: "변경하면 다음과 같이 됩니다:", "It would then be for:";
    confirm: "아무도, 또는 내가 볼 수 없게 되더라도 변경", "Also if nobody, or not I, could have it then";
    who_can_read: "누가 볼 수 있나요?", "Who can read this?";
    by: "어떤 권한으로", "By";
    key: "서버 설정의 키", "Key of the configuration";
    without: "권한이 없는 사용자와 키: {count}", "People and keys without a right: {count}";
    admins: "스스로에게 권한을 줄 수 있는 관리자: {names}", "Administrators, who may give themselves a right: {names}";
    saved: "변경했습니다. 다음 질문부터 적용됩니다.", "Changed. It counts from the next question on.";
    collections: "모음", "Collections";
    collections_hint: "따로 권한을 지정하지 않은 문서는 모음의 권한을 따르고, 모음이 없으면 기본 권한을 따릅니다.", "Documents without rights of their own follow their collection, or the default rights where there is none.";
    no_collections: "모음이 없습니다. 문서를 모음에 넣으면 여기에 표시됩니다.", "There are no collections. One appears here when a document is put in it.";
    documents_count: "찾을 수 있는 문서 {count}건", "{count} documents that you may find";
    own_rights: "따로 지정한 권한입니다.", "These are rights of its own.";
    default_rights: "기본 권한을 따릅니다.", "It follows the default rights.";
    new_collection: "모음에 권한 추가", "Give rights in a collection";
    collection: "모음", "Collection";
}

/// What a level allows.
pub(super) fn level(words: &Words, level: Level) -> &'static str {
    match level {
        Level::Find => words.find,
        Level::Quote => words.quote,
        Level::Download => words.download,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::words::tests::placeholders;

    #[test]
    fn both_languages_say_everything_with_the_same_placeholders() {
        for (name, ko, en) in PAIRS {
            assert!(!en.trim().is_empty(), "{name}");
            assert!(ko.chars().any(crate::language::is_hangul), "{name}: {ko}");
            assert_eq!(placeholders(ko), placeholders(en), "{name}");
        }
    }
}
