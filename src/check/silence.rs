//! Sentences that say only that the passages do not say something.
//!
//! They claim nothing that a passage could support, and people should read them: an answer to half
//! a question says that the other half is not in the documents. Only plain forms are known. A
//! sentence that goes on (`but`, `other than`, `지만`) may claim something there and is checked as
//! any other.

use std::sync::LazyLock;

use regex::Regex;

use super::facts;

/// Characters of such a sentence at most.
const LIMIT: usize = 200;

const SOURCE: &str = r"(?:(?:provided|given|above|available) )?(?:passages?|documents?|excerpts?|sources?|context|text)(?: provided| given| above)?";

static ENGLISH: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!(
        r"(?ix)^(?:(?:unfortunately|sorry|however),?\x20)?(?:
            (?:the|these|those)\x20{source}\x20(?:do(?:es)?\x20not|don['’]t|doesn['’]t)\x20
                (?:say|mention|state|specify|contain|provide|include|answer|cover|address|describe|tell)(?:\x20[^.,;:!?]*)?
            |(?:the|this|that|it)(?:\x20[^.,;:!?]*)?\x20(?:is|are)\x20not\x20
                (?:said|mentioned|stated|specified|given|found|described|covered|provided)\x20in\x20(?:the|these|those)\x20{source}
            |(?:i|we)\x20(?:cannot|can['’]t|could\x20not)\x20find\x20[^.,;:!?]*\x20in\x20(?:the|these|those)\x20{source}
        )[.…]*$",
        source = SOURCE.replace(' ', r"\x20"),
    ))
    .expect("the pattern is fixed and tested")
});
static ENGLISH_MORE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:but|however|although|though|only|except|besides|beyond|other|than|instead|because|since|so|and|yet|while|which|that|who|whose|every|all|always)\b")
        .expect("the pattern is fixed")
});

/// What is said not to be said may follow `that`.
static SAYS_THAT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(not (?:say|state|mention|specify)) that\b").expect("the pattern is fixed")
});

static KOREAN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)^(?:[^.,;:!?]*[^.,;:!?가-힣])?(?:구절|(?:제공된|주어진|제시된|검색된|찾은|위의?|이|해당)\x20(?:문서|자료|본문|내용))(?:들)?(?:에|에는|에서|에서는|만으로는|으로는|의\x20내용에는|의\x20내용만으로는)\x20(?:[^.,;:!?]*\x20)?
          (?:
            (?:나와|나타나|언급되어|언급돼|명시되어|명시돼|포함되어|포함돼|기재되어|기재돼|적혀|쓰여|제시되어|설명되어)\x20?있지\x20않
            |나오지\x20않|언급하지\x20않|언급되지\x20않|다루지\x20않|밝히지\x20않
            |(?:찾을|알|확인할|답할)\x20수\x20없
            |(?:내용|정보|언급|설명|답|답변)[이은]\x20없
          )(?:습니다|다|음|어요|아요|는다|습니다만)?[.…]*$",
    )
    .expect("the pattern is fixed and tested")
});
static KOREAN_MORE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"지만|으나|는데|은데|며\s|하고\s|이고\s|외에|이외|말고|뿐|제외|그러나|다만|때문|므로|아니라")
        .expect("the pattern is fixed")
});

/// Whether `text` says that the passages do not say something, and nothing else.
pub(super) fn says_nothing_is_there(text: &str) -> bool {
    let text = text.trim();
    if text.chars().count() > LIMIT {
        return false;
    }
    // A figure is a claim, wherever it stands.
    if facts::facts(text).iter().any(facts::Fact::is_figure) {
        return false;
    }
    let bare = SAYS_THAT.replace(strip_however(text), "$1");
    ENGLISH.is_match(text) && !ENGLISH_MORE.is_match(&bare)
        || KOREAN.is_match(text) && !KOREAN_MORE.is_match(text)
}

/// A `However` at the very beginning joins the sentence to the one before it.
fn strip_however(text: &str) -> &str {
    text.get(..7)
        .filter(|word| word.eq_ignore_ascii_case("however"))
        .map_or(text, |word| &text[word.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_silence_is_known() {
        for text in [
            "The passages do not say.",
            "The passages do not say how much parking costs.",
            "However, the passages do not say what the price of PPR-9999 is.",
            "The provided documents don't mention parking fees.",
            "The context does not provide information about parking.",
            "The parking fee is not mentioned in the passages.",
            "구절에 나와 있지 않습니다.",
            "주차 요금은 구절에 나와 있지 않습니다.",
            "제공된 문서에는 주차 요금에 대한 내용이 없습니다.",
            "구절에서 답을 찾을 수 없습니다.",
            "이 질문의 답은 구절에서 확인할 수 없습니다",
            "주차 요금은 구절에 언급되어 있지 않습니다.",
        ] {
            assert!(says_nothing_is_there(text), "{text}");
        }
    }

    #[test]
    fn what_may_claim_something_is_checked() {
        for text in [
            "The passages do not say so, but leave is 99 days.",
            "The passages do not mention a limit other than 50 days.",
            "The passages do not say that only managers may approve.",
            "The passages do not say. Leave is 99 days.",
            "The passages do not say: leave is 99 days.",
            "The passages say that leave is 15 days.",
            "The employee does not mention leave.",
            "Smoking is not allowed.",
            "The document must not be copied.",
            "문서에는 벌금이 없습니다.",
            "문서에 나와 있지 않지만 연차는 99일입니다.",
            "문서에는 50일 외에 다른 한도에 대한 내용이 없습니다.",
            "연차는 이월할 수 없습니다.",
            "연차는 99일이며 구절에 나와 있지 않습니다.",
            "연차는 99일입니다. 구절에 나와 있지 않습니다.",
            "문서는 외부로 반출할 수 없습니다.",
            "퇴사자는 사내 문서에서 급여 내역을 확인할 수 없습니다.",
            "계약직은 인사 자료에서 평가 등급을 확인할 수 없습니다.",
            "The rule that every employee gets unlimited leave is not described in the passages.",
            "The fine of 500 dollars is not mentioned in the passages.",
        ] {
            assert!(!says_nothing_is_there(text), "{text}");
        }
    }
}
