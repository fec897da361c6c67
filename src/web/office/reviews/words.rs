//! The words of the page of what people said of answers, in both languages; kinds and verdicts are among
//! those of [`crate::web::words`].

use crate::web::words::two_languages;

two_languages! {
    /// Every word of the page.
    pub(in crate::web) struct ReviewWords, pub(in crate::web) fn review_words;

    title: "의견 검토", "Feedback to review";
    intro: "문서로 확인되지 않은 수정문은 관리자가 승인해야 학습에 쓰입니다. 승인해도 답에 사실로 나타나지 않습니다.", "A correction that the documents do not support is learnt from only once an administrator accepts it. Accepting never shows it as a fact in an answer.";
    waiting_count: "검토를 기다리는 의견 {count}건", "{count} waiting for review";
    show: "표시할 의견", "Which feedback";
    waiting: "검토 대기", "Waiting";
    all: "전체", "All";
    accepted: "승인함", "Accepted";
    refused: "반려함", "Refused";
    undecided: "결정 안 함", "Not decided";
    kind: "의견 종류", "Kind";
    any_kind: "모든 종류", "Any kind";
    apply: "적용", "Apply";
    saved: "결정을 저장했습니다.", "Your decision is saved.";
    none: "여기에 해당하는 의견이 없습니다.", "There is none here.";
    hidden: "근거 문서를 볼 권한이 없어 내용을 표시하지 않습니다.", "You may not read a document that this answer rests on, so its text is not shown.";
    hidden_title: "볼 수 없는 답에 대한 의견", "Feedback on an answer that you may not see";
    said_by: "작성자 {name} · {time}", "by {name} · {time}";
    of_sentence: "의견을 남긴 문장 ({number}번째)", "The sentence it is about (number {number})";
    of_answer: "의견을 남긴 답 (전체)", "The whole answer it is about";
    as_shown: "판정은 답할 때의 것입니다.", "Verdicts are as they were shown then.";
    abstained: "문서에 없어 답하지 않았습니다.", "It said that the documents do not answer.";
    correction: "작성자의 수정문", "What they would write";
    addition: "작성자가 빠졌다고 한 내용", "What they say is missing";
    supported: "사람이 쓴 글이고, 모든 문장이 문서로 확인되었습니다.", "A person's words; the documents support each sentence.";
    unsupported: "사람이 쓴 글이고, 문서로 확인되지 않은 문장이 있습니다.", "A person's words; the documents do not support all of them.";
    not_checked: "사람이 쓴 글이고, 확인할 문장이 없습니다.", "A person's words; there is no sentence to check.";
    note: "메모", "Note";
    rests_on: "답의 근거 문서", "Documents the answer rests on";
    not_usable: "답에 쓰인 구절을 알 수 없어, 승인해도 학습에 쓸 수 없습니다.", "The passages of the answer are not known any more: nothing can be learnt from it, even if accepted.";
    decided: "{name}, {time}", "{name}, {time}";
    accept: "승인", "Accept";
    refuse: "반려", "Refuse";
    later: "나중에 결정", "Decide later";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::words::tests::placeholders;

    #[test]
    fn both_languages_say_everything_with_the_same_placeholders() {
        for (name, ko, en) in PAIRS {
            assert!(!en.trim().is_empty(), "{name}");
            let is_korean = ko.chars().any(crate::language::is_hangul);
            assert!(is_korean || *name == "decided", "{name}: {ko}");
            assert_eq!(placeholders(ko), placeholders(en), "{name}");
        }
    }
}
