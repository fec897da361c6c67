//! Numbers in digits and in words, with their units.

use std::sync::LazyLock;

use super::fold::fraction;
use super::unit::{self, Unit};
use super::value::{MILLION, Number, decimal};
use crate::language::is_hangul;

/// A number that was read.
#[derive(Clone, Debug)]
pub(super) struct Amount {
    /// In millionths.
    pub(super) value: i128,
    /// Where it ends.
    pub(super) end: usize,
    /// The factor of its last multiplier, or one.
    pub(super) factor: i128,
}

impl Amount {
    fn plain(value: i128, end: usize) -> Self {
        Self {
            value,
            end,
            factor: 1,
        }
    }
}

/// After at most two spaces.
pub(super) fn spaces(text: &str, at: usize) -> usize {
    let rest = &text.as_bytes()[at..];
    at + rest
        .iter()
        .take(2)
        .take_while(|byte| **byte == b' ')
        .count()
}

/// After `word`, if it stands there.
pub(super) fn eat(text: &str, at: usize, word: &str) -> Option<usize> {
    text[at..].starts_with(word).then_some(at + word.len())
}

/// The Latin word that stands there, if it is not longer than words are.
pub(super) fn latin(text: &str, at: usize) -> Option<(&str, usize)> {
    let length = text.as_bytes()[at..]
        .iter()
        .take(33)
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    (1..=32)
        .contains(&length)
        .then(|| (&text[at..at + length], at + length))
}

/// The digits that stand there, all of them, at most `most`.
pub(super) fn digits(text: &str, at: usize, most: usize) -> Option<(&str, usize)> {
    let length = text.as_bytes()[at..]
        .iter()
        .take(most + 1)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    (1..=most)
        .contains(&length)
        .then(|| (&text[at..at + length], at + length))
}

pub(super) fn next(text: &str, at: usize) -> Option<char> {
    text[at..].chars().next()
}

pub(super) fn before(text: &str, at: usize) -> Option<char> {
    text[..at].chars().next_back()
}

fn is_letter_at(text: &str, at: usize) -> bool {
    next(text, at).is_some_and(|char| char.is_ascii_alphabetic())
}

fn is_digit_at(text: &str, at: usize) -> bool {
    next(text, at).is_some_and(|char| char.is_ascii_digit())
}

/// `1,500,000`, `15.5`, `1½`.
pub(super) fn arabic(text: &str, at: usize) -> Option<(i128, usize)> {
    if let Some((above, below)) = next(text, at).and_then(fraction) {
        let end = at + next(text, at)?.len_utf8();
        return Some((above * MILLION / below, end));
    }
    // `.5`, where a space or bracket is before.
    if next(text, at) == Some('.') && !before(text, at).is_some_and(char::is_alphanumeric) {
        let (part, end) = digits(text, at + 1, 12)?;
        return Some((decimal(&format!("0.{part}"))?, end));
    }
    let (_, mut end) = digits(text, at, 24)?;
    if end - at <= 3 {
        while end - at < 32
            && text.as_bytes().get(end) == Some(&b',')
            && digits(text, end + 1, 3).is_some_and(|(group, _)| group.len() == 3)
        {
            end += 4;
        }
    }
    if text.as_bytes().get(end) == Some(&b'.')
        && let Some((_, after)) = digits(text, end + 1, 12)
    {
        end = after;
    }
    let mut value = decimal(&text[at..end])?;
    let space = spaces(text, end);
    if let Some((above, below)) = next(text, space).and_then(fraction) {
        value += above * MILLION / below;
        end = space + next(text, space)?.len_utf8();
    }
    Some((value, end))
}

fn small(char: char) -> Option<i128> {
    Some(match char {
        '십' => 10,
        '백' => 100,
        '천' => 1_000,
        _ => return None,
    })
}

fn large(char: char) -> Option<i128> {
    Some(match char {
        '만' => 10_000,
        '억' => 100_000_000,
        '조' => 1_000_000_000_000,
        _ => return None,
    })
}

fn sino(char: char) -> Option<i128> {
    Some(match char {
        '일' => 1,
        '이' => 2,
        '삼' => 3,
        '사' => 4,
        '오' => 5,
        '육' | '륙' => 6,
        '칠' => 7,
        '팔' => 8,
        '구' => 9,
        '영' | '공' => 0,
        _ => return None,
    })
}

/// The sum that a number with Korean multipliers is: what stands before one is multiplied.
#[derive(Default)]
struct Sum {
    total: i128,
    section: i128,
    current: Option<i128>,
    factor: i128,
}

impl Sum {
    /// Takes a multiplier. False if it cannot stand here.
    fn multiply(&mut self, char: char) {
        if let Some(factor) = small(char) {
            let current = self.current.take().unwrap_or(MILLION);
            self.section = self.section.saturating_add(current.saturating_mul(factor));
            self.factor = factor;
        } else if let Some(factor) = large(char) {
            let mut section = self
                .section
                .saturating_add(self.current.take().unwrap_or(0));
            if section == 0 {
                section = MILLION;
            }
            self.total = self.total.saturating_add(section.saturating_mul(factor));
            self.section = 0;
            self.factor = factor;
        }
    }

    fn value(&self) -> i128 {
        self.total
            .saturating_add(self.section)
            .saturating_add(self.current.unwrap_or(0))
    }
}

/// What follows the number of an article, `12조`, so that it is not twelve trillion.
const AFTER_ARTICLE: &[&str] = &[
    "제",
    "에 따",
    "에 의",
    "에서",
    "에 규정",
    "에 명시",
    "에 정",
    "에 해당",
    "의",
    "를 위반",
    "를 적용",
    "를 준용",
    "및",
    "항",
    "부터",
    "까지",
];

/// Whether `조` at `at` makes an article of the number before it.
pub(super) fn is_article(text: &str, at: usize) -> bool {
    let Some(after) = eat(text, at, "조") else {
        return false;
    };
    let space = spaces(text, after);
    AFTER_ARTICLE
        .iter()
        .any(|word| text[after..].starts_with(word) || text[space..].starts_with(word))
        && !text[space..].starts_with("원")
        || digits(text, space, 2).is_some_and(|(_, end)| text[end..].starts_with('항'))
}

/// A number in digits with Korean multipliers or English scales: `3만 5천`, `1.2 million`.
pub(super) fn amount(text: &str, at: usize, is_money: bool) -> Option<Amount> {
    let (first, mut end) = arabic(text, at)?;
    let mut sum = Sum {
        current: Some(first),
        factor: 1,
        ..Sum::default()
    };
    loop {
        let space = spaces(text, end).min(end + 1);
        let Some(char) = next(text, space) else { break };
        if small(char).is_none() && large(char).is_none()
            || char == '조' && is_article(text, space)
            || is_other_word(text, space)
        {
            break;
        }
        sum.multiply(char);
        end = space + char.len_utf8();
        // `억 2,000만`: a smaller number goes on if it is multiplied too or is counted alike.
        let space = spaces(text, end).min(end + 1);
        if let Some((more, after)) = arabic(text, space).filter(|_| sum.factor >= 10) {
            let further = spaces(text, after).min(after + 1);
            // `1천850만`: what was multiplied by ten to a thousand is multiplied again.
            let multiplied = next(text, further).is_some_and(|char| {
                small(char).is_some()
                    || large(char).is_some_and(|factor| factor < sum.factor || sum.factor <= 1_000)
            }) && !is_other_word(text, further);
            let counted = more < sum.factor.saturating_mul(MILLION)
                && unit_at(text, after).is_some_and(|(unit, _)| unit.is_money() || unit.counts());
            let whole = after - space == 4 && space == end && unit_at(text, after).is_none();
            if multiplied || counted || whole {
                sum.current = Some(more);
                end = after;
                if !multiplied {
                    break;
                }
            }
        }
    }
    let mut amount = Amount {
        value: sum.value(),
        end,
        factor: sum.factor,
    };
    if amount.factor == 1 {
        scale(text, &mut amount, is_money);
    }
    Some(amount)
}

/// What begins with a multiplier and is none: `백업`, `천장`, `만 19세`.
fn is_other_word(text: &str, at: usize) -> bool {
    const WORDS: &[&str] = &[
        "백업", "백신", "백화", "천장", "천연", "만기", "만료", "만약", "만큼", "만족", "조직",
        "조건", "조치", "조사", "조정", "조항", "십자", "조기", "조회", "조합",
    ];
    let rest = &text[at..];
    WORDS.iter().any(|word| rest.starts_with(word))
        || rest.starts_with("만 ")
            && digits(text, at + "만 ".len(), 3).is_some_and(|(_, end)| {
                let rest = text[end..].trim_start_matches(' ');
                ["세", "살", "년", "개월"]
                    .iter()
                    .any(|unit| rest.starts_with(unit))
            })
}

/// `million`, `bn`, `k`.
fn scale(text: &str, amount: &mut Amount, is_money: bool) {
    let space = spaces(text, amount.end);
    let Some((word, end)) = latin(text, space) else {
        return;
    };
    let attached = space == amount.end;
    let factor = match word {
        "k" | "K" if attached => 1_000,
        "M" if attached => 1_000_000,
        "m" if attached && is_money => 1_000_000,
        "B" if attached && is_money => 1_000_000_000,
        _ => match word.to_ascii_lowercase().as_str() {
            "hundred" => 100,
            "thousand" => 1_000,
            "million" | "mn" | "mln" => 1_000_000,
            "billion" | "bn" | "bln" => 1_000_000_000,
            "trillion" | "tn" => 1_000_000_000_000,
            "dozen" => 12,
            _ => return,
        },
    };
    // `5K-10K` is a number, `5K7` is a code.
    if attached && is_digit_at(text, end) {
        return;
    }
    amount.value = amount.value.saturating_mul(factor);
    amount.factor = factor;
    amount.end = end;
}

fn native_tens(text: &str) -> Option<(i128, usize)> {
    [
        ("스물", 20),
        ("스무", 20),
        ("서른", 30),
        ("마흔", 40),
        ("쉰", 50),
        ("예순", 60),
        ("일흔", 70),
        ("여든", 80),
        ("아흔", 90),
        ("열", 10),
    ]
    .into_iter()
    .find_map(|(name, value)| text.starts_with(name).then_some((value, name.len())))
}

fn native_ones(text: &str) -> Option<(i128, usize)> {
    [
        ("하나", 1),
        ("다섯", 5),
        ("여섯", 6),
        ("일곱", 7),
        ("여덟", 8),
        ("아홉", 9),
        ("한", 1),
        ("둘", 2),
        ("두", 2),
        ("셋", 3),
        ("세", 3),
        ("석", 3),
        ("넷", 4),
        ("네", 4),
        ("넉", 4),
    ]
    .into_iter()
    .find_map(|(name, value)| text.starts_with(name).then_some((value, name.len())))
}

/// What native numerals count without a space before it: `두배`, `세명`.
static JOINED: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "명 번 개월 개 달 가지 배 시간 사람 차례 살 건 권 곳 주 날 끼"
        .split_whitespace()
        .collect()
});

/// Units that native numerals do not count, even after a space: `한 분`, `두 인`.
static NOT_SPACED: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "분 인 일 년 초 원 도 급 점 부 자 등 위 차 호 회차 주년 식 박 불 프로 세 평"
        .split_whitespace()
        .collect()
});

/// A number in Korean words with its unit: `열다섯 날`, `세 명`, `삼십 일`, `만 원`.
pub(super) fn korean(text: &str, at: usize) -> Option<(Amount, Option<Unit>)> {
    native(text, at).or_else(|| chinese(text, at))
}

fn native(text: &str, at: usize) -> Option<(Amount, Option<Unit>)> {
    let rest = &text[at..];
    // A few: no number at all.
    if ["한두", "두세", "두서너", "서너", "너댓", "대여섯", "네다섯"]
        .iter()
        .any(|word| rest.starts_with(word))
    {
        return None;
    }
    let (tens, mut length) = native_tens(rest).unwrap_or((0, 0));
    let mut ones = 0;
    if let Some((value, more)) = native_ones(&rest[length..]) {
        // `스물하나`, but `스무 한`.
        ones = value;
        length += more;
    }
    let value = tens + ones;
    if value == 0 {
        return None;
    }
    let end = at + length;
    let space = spaces(text, end);
    let unit = if space == end {
        unit_named(text, space, |name| JOINED.contains(&name))
    } else {
        unit_named(text, space, |name| !NOT_SPACED.contains(&name))
    }
    .filter(|(_, after)| {
        // `한 번에` goes on with a particle, `세대` with nothing that a numeral has.
        ends_word(text, *after) && !(space == end && value == 1 && text[space..].starts_with('장'))
    });
    if let Some((unit, after)) = unit {
        return Some((Amount::plain(value * MILLION, after), Some(unit)));
    }
    // Alone, only what is no other word.
    let alone = tens >= 20 && !rest.starts_with("스무") || tens > 0 && ones > 0;
    (alone && ends_word(text, end)).then(|| (Amount::plain(value * MILLION, end), None))
}

fn unit_named(text: &str, at: usize, fits: impl Fn(&str) -> bool) -> Option<(Unit, usize)> {
    let (unit, length) = unit::korean(&text[at..], false)?;
    fits(&text[at..at + length]).then_some((unit, at + length))
}

/// What may follow a number or its unit within the same run of Hangul.
static FOLLOWERS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "은 는 이 가 을 를 의 에 로 으로 와 과 도 만 씩 간 당 마다 부터 까지 이상 이하 미만 \
     초과 이내 이후 이전 전 후 동안 인 입 이다 이며 이고 여 째 내 안 뒤 및 또 보다 반 라 나 \
     든 치 짜리 임 일 였 이었 정도 가량"
        .split_whitespace()
        .collect()
});

/// Whether a word may end at `at`, particles apart.
fn ends_word(text: &str, at: usize) -> bool {
    !next(text, at).is_some_and(is_hangul)
        || FOLLOWERS.iter().any(|word| text[at..].starts_with(word))
}

/// Units that a single numeral counts: `삼 개월`.
static SINGLE: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "개월 년 년간 퍼센트 박 주 주간 주일 달러 킬로미터 킬로그램"
        .split_whitespace()
        .collect()
});

/// Units that a number with multipliers counts: `삼십 일`.
const SEVERAL: &[&str] = &[
    "원",
    "명",
    "일",
    "일간",
    "인",
    "시간",
    "분",
    "초",
    "퍼센트",
    "퍼센트포인트",
    "퍼센트 포인트",
    "개월",
    "년",
    "년간",
    "회",
    "배",
    "건",
    "개",
    "점",
    "세",
    "달러",
    "유로",
    "엔",
    "위안",
    "주",
    "주간",
    "박",
    "대",
    "권",
    "부",
    "장",
    "킬로미터",
    "미터",
    "킬로그램",
    "톤",
    "리터",
    "평",
    "도",
    "영업일",
    "근무일",
    "층",
    "자",
    "글자",
    "번",
    "곳",
    "개소",
    "가지",
];

/// `삼십`, `오천만`, `이백오십`.
fn chinese(text: &str, at: usize) -> Option<(Amount, Option<Unit>)> {
    let mut sum = Sum {
        factor: 1,
        ..Sum::default()
    };
    let (mut end, mut count, mut multipliers) = (at, 0, 0);
    loop {
        let space = if matches!(before(text, end), Some('만' | '억' | '조')) && end > at {
            spaces(text, end).min(end + 1)
        } else {
            end
        };
        let Some(char) = next(text, space).filter(|_| count < 40) else {
            break;
        };
        // `오백 원` is a number; `만 원` has its unit after the space.
        if let Some(digit) = sino(char) {
            // Of `이십일 일` and `이십 일` the last is the unit.
            if sum.current.is_some()
                || space > end
                    && !is_sino_at(text, space + char.len_utf8())
                    && !unit_follows(text, space + char.len_utf8())
            {
                break;
            }
            if char == '일'
                && unit_follows(text, end)
                && !unit_follows(text, space + char.len_utf8())
                && !is_sino_at(text, space + char.len_utf8())
                && count > 0
            {
                break;
            }
            sum.current = Some(digit * MILLION);
        } else if small(char).is_some() || large(char).is_some() {
            sum.multiply(char);
            multipliers += 1;
        } else {
            break;
        }
        count += 1;
        end = space + char.len_utf8();
    }
    if count == 0 {
        return None;
    }
    let space = spaces(text, end).min(end + 1);
    let (unit, after) =
        unit::korean(&text[space..], space == end).map(|(unit, length)| (unit, space + length))?;
    let name = &text[space..after];
    let known: &[&str] = if multipliers > 0 { SEVERAL } else { &SINGLE };
    if multipliers == 0 && (count > 1 || sum.value() == 0)
        || !known.contains(&name)
        || !ends_word(text, after)
    {
        return None;
    }
    // `이 년`, `사 회` are as often other words.
    if multipliers == 0 && space > end && matches!(name, "년" | "주" | "회" | "박") {
        return None;
    }
    // `십분` is `fully`, `만일` is `if`, `천일` and `백일` are names.
    if multipliers == 1
        && count == 1
        && space == end
        && matches!(
            name,
            "일" | "분"
                | "인"
                | "부"
                | "장"
                | "년"
                | "세"
                | "회"
                | "배"
                | "대"
                | "점"
                | "초"
                | "도"
                | "주"
                | "자"
                | "건"
                | "번"
                | "곳"
                | "층"
                | "박"
        )
    {
        return None;
    }
    if multipliers > 0
        && count == multipliers
        && space > end
        && matches!(name, "년" | "세" | "일")
        && text[at..].starts_with('만')
    {
        return None;
    }
    Some((
        Amount {
            value: sum.value(),
            end: after,
            factor: sum.factor,
        },
        Some(unit),
    ))
}

fn is_sino_at(text: &str, at: usize) -> bool {
    next(text, at).is_some_and(|char| small(char).is_some() || large(char).is_some())
}

fn unit_follows(text: &str, at: usize) -> bool {
    let space = spaces(text, at).min(at + 1);
    unit::korean(&text[space..], space == at)
        .is_some_and(|(_, length)| ends_word(text, space + length))
}

fn english_small(word: &str) -> Option<i128> {
    Some(match word {
        "zero" => 0,
        "one" => 1,
        "two" => 2,
        "three" => 3,
        "four" => 4,
        "five" => 5,
        "six" => 6,
        "seven" => 7,
        "eight" => 8,
        "nine" => 9,
        "ten" => 10,
        "eleven" => 11,
        "twelve" => 12,
        "thirteen" => 13,
        "fourteen" => 14,
        "fifteen" => 15,
        "sixteen" => 16,
        "seventeen" => 17,
        "eighteen" => 18,
        "nineteen" => 19,
        "twenty" => 20,
        "thirty" => 30,
        "forty" | "fourty" => 40,
        "fifty" => 50,
        "sixty" => 60,
        "seventy" => 70,
        "eighty" => 80,
        "ninety" => 90,
        _ => return None,
    })
}

fn english_scale(word: &str) -> Option<i128> {
    Some(match word {
        "hundred" => 100,
        "thousand" => 1_000,
        "million" => 1_000_000,
        "billion" => 1_000_000_000,
        "dozen" => 12,
        _ => return None,
    })
}

/// The word at `at` in lower case, after an optional space or hyphen.
fn further(text: &str, at: usize) -> Option<(String, usize)> {
    let start = match next(text, at) {
        Some('-') => at + 1,
        Some(' ') => spaces(text, at),
        _ => return None,
    };
    let (word, end) = latin(text, start)?;
    Some((word.to_ascii_lowercase(), end))
}

/// A number in English words: `twenty-five`, `one hundred and twenty`, `two and a half`. Whether
/// it is only `one` or `a`, which are seldom counts, is told too.
pub(super) fn english(text: &str, at: usize) -> Option<(Amount, bool)> {
    let (word, mut end) = latin(text, at)?;
    let word = word.to_ascii_lowercase();
    let (mut total, mut section, mut factor, mut words) = (0_i128, 0_i128, 1_i128, 1_usize);
    if matches!(word.as_str(), "a" | "an") {
        let (scale, after) = further(text, end)?;
        section = english_scale(&scale)?;
        factor = section;
        end = after;
        words += 1;
        if section >= 1_000 {
            total = section;
            section = 0;
        }
    } else {
        section += english_small(&word)?;
    }
    let mut last = section;
    while words < 24 {
        let Some((word, after)) = further(text, end) else {
            break;
        };
        if let Some(value) = english_small(&word) {
            // `twenty five`, but not `two three` nor `twenty twelve`.
            let fits = last >= 20 && last % 10 == 0 && last < 100 && (1..10).contains(&value)
                || last >= 100 && value < 100
                || last == 0 && total > 0;
            if !fits {
                break;
            }
            section += value;
            last = value;
            end = after;
        } else if let Some(scale) = english_scale(&word) {
            if scale == 100 || scale == 12 {
                section = section.max(1).saturating_mul(scale);
            } else {
                total = total.saturating_add(section.max(1).saturating_mul(scale));
                section = 0;
            }
            last = scale;
            factor = scale;
            end = after;
        } else if word == "and" && last >= 100 {
            match further(text, after)
                .and_then(|(word, after)| Some((english_small(&word)?, after)))
            {
                Some((value, after)) if value > 0 => {
                    section += value;
                    last = value;
                    end = after;
                }
                _ => break,
            }
        } else {
            break;
        }
        words += 1;
    }
    let mut value = total.saturating_add(section).saturating_mul(MILLION);
    let is_one = value == MILLION;
    let mut halved = false;
    if let Some(after) = and_a_half(text, end) {
        value += MILLION / 2;
        end = after;
        halved = true;
    }
    Some((Amount { value, end, factor }, is_one && !halved))
}

/// After `and a half`, or `and one half`.
pub(super) fn and_a_half(text: &str, at: usize) -> Option<usize> {
    [
        " and a half",
        " and one half",
        "-and-a-half",
        " and one-half",
    ]
    .iter()
    .find(|words| {
        text.get(at..at + words.len())
            .is_some_and(|there| there.eq_ignore_ascii_case(words))
    })
    .map(|words| at + words.len())
    .filter(|end| !is_letter_at(text, *end))
}

/// What may stand between a number and what it counts.
static ADJECTIVES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "paid unpaid full consecutive calendar additional extra more further whole leave annual \
     vacation holiday successive straight continuous new registered total sick other \
     different separate remote regular full-time part-time days overtime credit long short \
     complete"
        .split_whitespace()
        .collect()
});

/// The unit at `at`, after a space or hyphen at most.
pub(super) fn unit_at(text: &str, at: usize) -> Option<(Unit, usize)> {
    let rest = &text[at..];
    let longest = unit::phrase(rest)
        .into_iter()
        .chain(unit::korean(rest, true))
        .max_by_key(|(_, length)| *length);
    if let Some((unit, length)) = longest {
        return Some((unit, at + length));
    }
    if let Some((word, end)) = latin(text, at) {
        if is_digit_at(text, end) && !word.eq_ignore_ascii_case("h") {
            return None;
        }
        let unit = match word {
            "h" | "H" => Some(unit::HOUR),
            "s" => Some(unit::SECOND),
            "d" => Some(unit::DAY),
            "A" => Some(Unit {
                dimension: unit::Dimension::Ampere,
                scale: 1_000,
            }),
            _ => unit::english(&word.to_ascii_lowercase()),
        };
        return Some((unit?, end));
    }
    // `여 명`, `분의` and the like belong to the number.
    let start = match next(text, at)? {
        '여' => spaces(text, at + '여'.len_utf8()),
        '-' => at + 1,
        ' ' => spaces(text, at),
        _ => return None,
    };
    let rest = &text[start..];
    if !rest.starts_with(['x', '°', 'X', '-'])
        && let Some((unit, length)) = unit::phrase(rest)
    {
        return Some((unit, start + length));
    }
    if next(text, at) != Some('-')
        && let Some((unit, length)) = unit::korean(rest, false)
    {
        return ends_word(text, start + length).then_some((unit, start + length));
    }
    let (word, end) = latin(text, start)?;
    let lower = word.to_ascii_lowercase();
    if lower.len() > 1 || matches!(word, "m" | "g" | "V" | "W" | "L" | "l" | "t") {
        if let Some(unit) = unit::english(&lower) {
            // `the 2024 staff survey`: the word describes what follows.
            if matches!(lower.as_str(), "staff" | "member" | "employee" | "person")
                && text[at..start].starts_with(' ')
                && latin(text, spaces(text, end)).is_some_and(|(next, _)| {
                    text[end..].starts_with(' ') && !FUNCTION.contains(&next)
                })
            {
                return None;
            }
            let is_possessive = lower.len() == 1 && text[end..].starts_with('\'');
            return (!is_possessive).then_some((unit, end));
        }
    } else if word == "h" {
        return Some((unit::HOUR, end));
    }
    // `15 paid leave days`.
    let (mut word, mut end) = (lower, end);
    for _ in 0..3 {
        if !ADJECTIVES.contains(&word.as_str()) {
            return None;
        }
        let start = match next(text, end) {
            Some(' ') => spaces(text, end),
            Some('-') => end + 1,
            _ => return None,
        };
        let rest = &text[start..];
        if let Some((unit, length)) = unit::phrase(rest).filter(|(unit, _)| unit.is_duration()) {
            return Some((unit, start + length));
        }
        let (next_word, after) = latin(text, start)?;
        word = next_word.to_ascii_lowercase();
        end = after;
        if let Some(unit) = unit::english(&word)
            && (unit.is_duration() || unit == unit::PERSON || unit.counts())
            && word.ends_with(['s', 'e'])
        {
            return Some((unit, end));
        }
    }
    None
}

/// Words that end the search for what is counted.
static FUNCTION: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "in of per for and or to is was are as at by with from on than plus this has its less \
     does unless across versus minus times that which if when a the an before after until \
     within"
        .split_whitespace()
        .collect()
});

/// What a number without a unit counts: `laptops` of `20 new laptops`, or a Korean word that is
/// no particle.
pub(super) fn noun(text: &str, at: usize) -> Option<String> {
    if next(text, at).is_some_and(is_hangul) {
        let follows = |at: usize| {
            FOLLOWERS
                .iter()
                .any(|follower| text[at..].starts_with(follower))
        };
        let end = text[at..]
            .char_indices()
            .take(4)
            .find(|(length, char)| !is_hangul(*char) || follows(at + length))
            .map_or(at, |(length, _)| at + length);
        return (end > at).then(|| text[at..end].to_owned());
    }
    let mut end = at;
    for _ in 0..3 {
        if next(text, end) != Some(' ') {
            return None;
        }
        let (word, after) = latin(text, spaces(text, end))?;
        let lower = word.to_ascii_lowercase();
        if FUNCTION.contains(&lower.as_str()) {
            return None;
        }
        if lower.len() > 3 && lower.ends_with('s') && !lower.ends_with("ss") {
            return crate::index::words(&lower).pop().map(|token| token.text);
        }
        end = after;
    }
    None
}

/// The Latin word straight before `at`: `Class` of `Class 2`.
pub(super) fn label(text: &str, at: usize) -> Option<String> {
    let head = text[..at].strip_suffix(' ')?;
    let length = head
        .bytes()
        .rev()
        .take(17)
        .take_while(u8::is_ascii_alphabetic)
        .count();
    let start = head.len() - length;
    ((2..=16).contains(&length) && !head[..start].ends_with(|char: char| char.is_alphanumeric()))
        .then(|| head[start..].to_ascii_lowercase())
}

pub(super) fn value(amount: i128, unit: Option<Unit>) -> Number {
    Number {
        amount,
        unit,
        noun: None,
        label: None,
        bare: None,
    }
}
