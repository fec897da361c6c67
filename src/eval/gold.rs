//! Whether an answer holds an expected string.
//!
//! Both are compared in one writing: compatibility forms and case folded (NFKC), white space and
//! punctuation left out, commas of numbers too. `5일` is not found in `15일`, nor `cat` in
//! `category`. A Korean particle may follow each word of the expected string, or be missing.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization as _;

use crate::language::is_hangul;

/// What may follow a Korean noun and is no part of it.
const PARTICLES: [&str; 29] = [
    "은",
    "는",
    "이",
    "가",
    "을",
    "를",
    "의",
    "에",
    "와",
    "과",
    "로",
    "도",
    "만",
    "나",
    "랑",
    "에서",
    "에게",
    "에는",
    "으로",
    "까지",
    "부터",
    "께서",
    "한테",
    "이나",
    "이랑",
    "라고",
    "에서는",
    "으로는",
    "이라고",
];

/// A character, and whether something that is left out stood before it.
#[derive(Clone, Copy)]
struct Letter {
    char: char,
    after_gap: bool,
}

/// Characters that are not cut apart in the middle of a run of their kind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Run {
    Digits,
    Latin,
    None,
}

impl Run {
    fn of(char: char) -> Self {
        match char {
            // A point is kept between digits only.
            '0'..='9' | '.' => Self::Digits,
            char if char.is_alphabetic() && !is_hangul(char) && char < '\u{2E80}' => Self::Latin,
            _ => Self::None,
        }
    }
}

/// Whether `answer` holds `expected`; an expected string without a letter is never held.
pub(super) fn holds(answer: &str, expected: &str) -> bool {
    let answer = letters(answer);
    let words = words(&letters(expected));
    let Some(first) = words.first().and_then(|word| word.first()) else {
        return false;
    };
    // A single syllable is part of too many words.
    let is_syllable =
        matches!(words.as_slice(), [word] if word.len() == 1 && is_hangul(word[0].char));
    (0..answer.len()).any(|start| {
        let starts_word = start == 0 || answer[start].after_gap;
        answer[start].char == first.char
            && !cuts_run(&answer, start)
            && (starts_word || !is_syllable)
            && ends(&answer, start, &words)
    })
}

/// Whether `words` stand in `text` from `start` on, and end where no run of letters is cut.
fn ends(text: &[Letter], start: usize, words: &[Vec<Letter>]) -> bool {
    let mut places = BTreeSet::from([start]);
    for (number, word) in words.iter().enumerate() {
        let is_last = number + 1 == words.len();
        let mut next = BTreeSet::new();
        for place in places {
            if number > 0 && cuts_run(text, place) {
                continue;
            }
            for form in forms(word, is_last) {
                if !stands(text, place, form) {
                    continue;
                }
                let end = place + form.len();
                next.insert(end);
                next.extend(after_particle(text, end));
            }
        }
        places = next;
    }
    places.into_iter().any(|end| !cuts_run(text, end))
}

/// A word as it is, and without a particle at its end.
fn forms(word: &[Letter], is_last: bool) -> impl Iterator<Item = &[Letter]> {
    let without = PARTICLES.iter().filter_map(move |particle| {
        let length = word.len().checked_sub(particle.chars().count())?;
        // What is left of a last word may be anything: `회의` is no `회` with a particle.
        let enough = if is_last { 2 } else { 1 };
        (length >= enough && reads(&word[length..], particle)).then(|| &word[..length])
    });
    std::iter::once(word).chain(without)
}

fn reads(letters: &[Letter], text: &str) -> bool {
    letters.iter().map(|letter| letter.char).eq(text.chars())
}

/// Whether `word` stands in `text` at `place`; white space within it does not matter, but for
/// that between two digits.
fn stands(text: &[Letter], place: usize, word: &[Letter]) -> bool {
    text.get(place..place + word.len()).is_some_and(|found| {
        found
            .iter()
            .zip(word)
            .all(|(one, two)| one.char == two.char)
            && found.windows(2).all(|pair| {
                !(pair[1].after_gap
                    && Run::of(pair[0].char) == Run::Digits
                    && Run::of(pair[1].char) == Run::Digits)
            })
    })
}

/// The place after the particle that stands at `place` and ends its word, if one does.
fn after_particle(text: &[Letter], place: usize) -> Option<usize> {
    let rest = &text[place..];
    if rest.first().is_none_or(|letter| letter.after_gap) {
        return None;
    }
    let length = (1..rest.len())
        .take(4)
        .find(|at| rest[*at].after_gap)
        .unwrap_or(rest.len());
    PARTICLES
        .iter()
        .any(|particle| reads(&rest[..length], particle))
        .then_some(place + length)
}

/// Whether a number or a word in Latin letters goes on across `place`.
fn cuts_run(text: &[Letter], place: usize) -> bool {
    let (Some(before), Some(after)) = (place.checked_sub(1).map(|at| text[at]), text.get(place))
    else {
        return false;
    };
    let run = Run::of(after.char);
    !after.after_gap && run != Run::None && run == Run::of(before.char)
}

fn letters(text: &str) -> Vec<Letter> {
    let chars: Vec<char> = text.nfkc().flat_map(char::to_lowercase).collect();
    let is_digit = |at: Option<usize>| {
        at.and_then(|at| chars.get(at))
            .is_some_and(char::is_ascii_digit)
    };
    let mut letters: Vec<Letter> = Vec::with_capacity(chars.len());
    let mut after_gap = true;
    for (at, char) in chars.iter().enumerate() {
        let in_number = is_digit(at.checked_sub(1)) && is_digit(Some(at + 1));
        match char {
            ',' if in_number => {}
            '.' if in_number => letters.push(Letter {
                char: '.',
                after_gap: false,
            }),
            char if char.is_alphanumeric() || *char == '%' => {
                letters.push(Letter {
                    char: *char,
                    after_gap,
                });
                after_gap = false;
            }
            _ => after_gap = true,
        }
    }
    letters
}

fn words(letters: &[Letter]) -> Vec<Vec<Letter>> {
    letters
        .chunk_by(|_, next| !next.after_gap)
        .map(<[Letter]>::to_vec)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spaces_punctuation_case_and_forms_do_not_matter() {
        for (answer, expected) in [
            ("회의는 3월 2일 시작됩니다.", "3월2일"),
            ("상한은 １３０，０００원이다.", "130,000원"),
            ("The limit is KRW 130000 a night.", "krw 130,000"),
            ("최대 11일까지 쓴다", "최대 11일"),
            ("그 일은 「봄밤」에 나온다", "봄밤"),
            ("It is 2.5% of pay", "2.5 %"),
            ("오전9시~오후6시", "오전 9시"),
            ("누리 연구소건물 계단이다", "누리연구소 건물 계단"),
        ] {
            assert!(holds(answer, expected), "{expected} in {answer}");
        }
    }

    #[test]
    fn particles_may_be_there_or_not() {
        for (answer, expected) in [
            ("서울에서의 회의를 마친 것은 이수민이다", "이수민"),
            ("이수민을 대표로 보냈다", "이수민"),
            ("한빛공업의 품질 관리팀이 맡는다", "한빛공업 품질관리팀"),
            ("한빛공업 품질관리팀", "한빛공업의 품질관리팀"),
            ("이수민이 갔다", "이수민은"),
            ("창고에서 3층으로는 갈 수 없다", "창고 3층"),
        ] {
            assert!(holds(answer, expected), "{expected} in {answer}");
        }
    }

    #[test]
    fn a_part_of_a_number_or_word_is_something_else() {
        for (answer, expected) in [
            ("연차는 15일이다", "5일"),
            ("연차는 1.5일이다", "5일"),
            ("연차는 1.5일이다", "15일"),
            ("요금은 12,000원이다", "2,000원"),
            ("요금은 120000원이다", "12,000"),
            ("Categories are listed", "cat"),
            ("조건 1, 5일", "15일"),
            ("한강변에 있다", "강"),
            ("회사가 정한다", "회의"),
            ("한빛공업은 크고 품질도 좋다", "한빛공업 품질 관리"),
            ("연차는 있다", "?!"),
            ("", "연차"),
        ] {
            assert!(!holds(answer, expected), "{expected} in {answer}");
        }
        assert!(holds("그 강은 길다", "강"));
    }

    proptest! {
        #[test]
        fn every_text_with_a_letter_holds_itself_and_is_held_within_others(
            text in "[가-힣a-z0-9 ,.%]{0,20}",
            around in "[가-힣 ]{0,6}",
        ) {
            let has_letters = !letters(&text).is_empty();
            prop_assert_eq!(holds(&text, &text), has_letters);
            prop_assert_eq!(holds(&format!("{around} {text} {around}"), &text), has_letters);
        }

        #[test]
        fn no_text_is_too_strange(answer in any::<String>(), expected in any::<String>()) {
            holds(&answer, &expected);
        }
    }
}
