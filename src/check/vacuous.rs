//! Sentences that look like statements and say nothing: of the passages or the answer themselves
//! (`This sentence is incorrect.`), or the same thing twice (`The chair is the chair.`).
//!
//! Weak models write them. A document that says the word in question makes them look supported.

use std::sync::LazyLock;

use regex::Regex;

use super::claims::unmarked;

static ABOUT_ITSELF: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^(?:
            (?:(?:this|the|that|these|those|first|second|third|last|following|above)\x20)+
                (?:passages?|sentences?|statements?|questions?|paragraphs?|excerpts?|texts?|answers?)
                (?:\x20\d+)?\x20(?:is|are|was|were)\x20(?:not\x20)?
                (?:about\b[^.!?]*|incorrect|correct|wrong|right|true|false|irrelevant|(?:un)?related|(?:un)?supported
                    |relevant(?:\x20to\x20the\x20question)?)
            |(?:the\x20)?(?:corrected|revised|rewritten)\x20(?:sentence|statement|answer)\x20is:?
            |(?:the\x20)?(?:correct\x20|right\x20)?answer\x20is\x20(?:yes|no|(?:number|no\.|passage)\x20\d+)
            |(?:이|위|해당|다음|첫\x20?번째|두\x20?번째|세\x20?번째)\x20?(?:구절|문장|문단|질문)[은는이가]\x20
                (?:[^.!?]*에\x20(?:대한|관한)\x20(?:것|내용)|맞|틀[렸린]|옳|정확)(?:[가-힣]{0,4}니다|[가-힣]{0,2}다|음|임)?
            |(?:정답|답|답변)[은는]\x20\d+번(?:입니다|이다|임)?
        )[.!]*$",
    )
    .expect("the pattern is fixed and tested")
});
static IS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\s(?:is|are|was|were)\s").expect("the pattern is fixed"));
static KOREAN_IS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(.{2,})[은는]\s(.{2,}?)(?:입니다|이다|다|임)$").expect("the pattern is fixed")
});

/// Whether `text` says nothing that a document could.
pub(super) fn is_vacuous(text: &str) -> bool {
    let said = unmarked(text);
    if ABOUT_ITSELF.is_match(said) {
        return true;
    }
    let bare = said.trim_end_matches(['.', '!', '。']);
    let sides = IS
        .splitn(bare, 2)
        .collect::<Vec<_>>()
        .try_into()
        .ok()
        .map(|[one, other]: [&str; 2]| (one, other))
        .or_else(|| {
            let found = KOREAN_IS.captures(bare)?;
            Some((found.get(1)?.as_str(), found.get(2)?.as_str()))
        });
    sides.is_some_and(|(one, other)| plain(one) == plain(other))
}

/// Its words without articles, in lower case.
fn plain(text: &str) -> Vec<String> {
    text.split_whitespace()
        .map(str::to_lowercase)
        .filter(|word| !matches!(word.as_str(), "the" | "a" | "an"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_of_itself_or_the_same_twice_says_nothing() {
        for text in [
            "The sentence is incorrect.",
            "3. The passage is about the flight and trains.",
            "This passage is not relevant to the question.",
            "2. The answer is passage 1.",
            "The corrected sentence is:",
            "The correct answer is number 3.",
            "4. The Chief Executive Officer of Hanbit is the Chief Executive Officer of Hanbit.",
            "A manager is the manager",
            "이 구절은 연차에 대한 내용입니다.",
            "두 번째 문장은 틀렸습니다.",
            "정답은 2번입니다.",
            "한빛정밀의 대표이사는 한빛정밀의 대표이사입니다.",
        ] {
            assert!(is_vacuous(text), "{text}");
        }
        for text in [
            "The answer is 15 days.",
            "The answer is 15.",
            "Each claim is supported by the original receipts.",
            "The answers are true copies of the forms.",
            "지문이 맞지 않으면 출입할 수 없다.",
            "질문은 업무와 관련된 것만 받는다.",
            "이 질문은 정확한 답을 요구한다.",
            "해당 문장은 정확해야 한다.",
            "The text states that leave is 15 days.",
            "The statement is signed by the manager.",
            "The manager is the head of the team.",
            "답은 15일입니다.",
            "연차는 15일이다.",
            "질문은 인사팀이 받는다.",
            "Passages are 2 m wide.",
            "대표이사는 김하늘이다.",
        ] {
            assert!(!is_vacuous(text), "{text}");
        }
    }
}
