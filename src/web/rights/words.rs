//! The words of the pages about rights, in Korean and English, side by side.

use crate::language::Language;
use crate::rights::Level;

macro_rules! words {
    ($($name:ident: $ko:literal, $en:literal;)*) => {
        /// Every word that these pages show.
        #[derive(Debug)]
        pub(in crate::web) struct Words {
            $(pub(in crate::web) $name: &'static str,)*
        }

        static KO: Words = Words { $($name: $ko,)* };
        static EN: Words = Words { $($name: $en,)* };

        #[cfg(test)]
        const PAIRS: &[(&str, &str, &str)] = &[$((stringify!($name), $ko, $en),)*];
    };
}

/// The words of a language.
pub(super) fn words(language: Language) -> &'static Words {
    match language {
        Language::Ko => &KO,
        Language::En => &EN,
    }
}

words! {
    rights: "권한", "Rights";
    rights_of: "{title}의 권한", "Rights to {title}";
    to_document: "문서로", "To the document";
    level: "할 수 있는 일", "May";
    find: "찾기만", "Find it only";
    quote: "읽고 인용하기", "Read and quote it";
    download: "원본 내려받기", "Download it too";
    levels_hint: "찾기만: 제목과 날짜, 상태가 보입니다. 읽고 인용하기: 본문이 답과 화면에 나옵니다. 원본 내려받기: 파일도 받을 수 있습니다.", "Find: title, dates and state are shown. Quote: the text appears in answers and on its page. Download: the file can be had as well.";
    who: "누가", "Who";
    change: "바꾸기", "Change";
    take_away: "빼기", "Take away";
    give: "권한 주기", "Give a right";
    kind: "종류", "Kind";
    group: "그룹", "Group";
    person: "사용자", "Person";
    name: "그룹 이름, 또는 사용자가 들어올 때 쓰는 이름", "Name of the group, or what the person signs in with";
    nobody: "아무도 없습니다.", "Nobody.";
    follows_own: "이 문서에 따로 정한 권한입니다.", "These are rights of its own.";
    follows_handed: "문서를 올릴 때 정한 권한입니다.", "These came with the file.";
    follows_collection: "모음 {name}의 권한을 따릅니다.", "It follows the rights of the collection {name}.";
    follows_default: "설정 파일의 기본 권한을 따릅니다.", "It follows the default rights of the configuration.";
    follows_parent: "이 문서가 들어 있던 문서의 권한을 따릅니다.", "It follows the rights of the document that it came in.";
    to_parent: "그 문서의 권한", "The rights of that one";
    inherit: "모음이나 기본 권한을 따르게 하기", "Follow the collection or the default";
    would_be: "그러면 다음과 같습니다:", "It would then be for:";
    confirm: "아무도, 또는 나도 볼 수 없게 되더라도 바꾸기", "Also if nobody, or not I, could have it then";
    who_can_read: "누가 볼 수 있나요?", "Who can read this?";
    by: "어떤 권한으로", "By";
    key: "서버 설정의 키", "Key of the configuration";
    without: "권한이 없는 사용자와 키: {count}", "People and keys without a right: {count}";
    admins: "스스로에게 권한을 줄 수 있는 관리자: {names}", "Administrators, who may give themselves a right: {names}";
    saved: "바꾸었습니다. 다음 질문부터 적용됩니다.", "Changed. It counts from the next question on.";
    collections: "모음", "Collections";
    collections_hint: "따로 권한을 정하지 않은 문서는 모음의 권한을, 모음에 없으면 기본 권한을 따릅니다.", "Documents without rights of their own follow their collection, or the default rights where there is none.";
    no_collections: "모음이 없습니다. 문서를 모음에 넣으면 여기에 보입니다.", "There are no collections. One appears here when a document is put in it.";
    documents_count: "볼 수 있는 문서 {count}개", "{count} documents that you may find";
    own_rights: "따로 정한 권한입니다.", "These are rights of its own.";
    default_rights: "기본 권한을 따릅니다.", "It follows the default rights.";
    new_collection: "모음에 권한 주기", "Give rights in a collection";
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
    use std::collections::BTreeSet;

    use super::*;

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{')
            .skip(1)
            .filter_map(|rest| rest.split('}').next())
            .collect()
    }

    #[test]
    fn both_languages_say_everything_with_the_same_placeholders() {
        for (name, ko, en) in PAIRS {
            assert!(!en.trim().is_empty(), "{name}");
            assert!(ko.chars().any(crate::language::is_hangul), "{name}: {ko}");
            assert_eq!(placeholders(ko), placeholders(en), "{name}");
        }
    }
}
