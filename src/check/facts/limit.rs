//! Limits, rates and directions: what the words around a figure make of it.

use std::sync::LazyLock;

use super::number::{eat, latin, next, spaces};
use super::unit::Family;
use super::value::{Direction, Fact, Limit, Side, Value};
use crate::language::is_hangul;

const AT_LEAST: Limit = Limit::new(Side::Low, Some(true));
const OVER: Limit = Limit::new(Side::Low, Some(false));
const AT_MOST: Limit = Limit::new(Side::High, Some(true));
const UNDER: Limit = Limit::new(Side::High, Some(false));
const AFTER: Limit = Limit::new(Side::Low, None);
const BEFORE: Limit = Limit::new(Side::High, None);
/// What begins on a day begins from it.
const FROM: Limit = Limit {
    side: Side::Low,
    inclusive: Some(true),
    is_soft: true,
};

/// Bytes that words are looked at before and after a figure.
const REACH: usize = 96;

/// What was read around a figure.
#[derive(Default)]
struct Around {
    limit: Option<Limit>,
    direction: Option<Direction>,
    /// What is meant if no other limit is said.
    fallback: Option<Limit>,
    /// Where the words of the limit begin and end.
    start: Option<usize>,
    end: Option<usize>,
}

/// Sets limit and direction of `fact`, which stands in `text`; `from` is where the fact before
/// it ends, and `to` where the next begins.
pub(super) fn set(text: &str, fact: &mut Fact, from: usize, to: usize) {
    if fact.is_label
        || matches!(
            fact.value.family(),
            Family::Article | Family::Code | Family::Email | Family::Phone
        )
    {
        return;
    }
    let mut around = after(text, fact, to);
    if around.limit.is_none() {
        let head = before(text, fact, from);
        around.limit = head.limit;
        around.start = head.start;
        around.direction = around.direction.or(head.direction);
    } else if before(text, fact, from).limit == around.limit {
        around.start = before(text, fact, from).start;
    }
    // No later than three days before is at least three days before.
    if around.direction == Some(Direction::Before)
        && around.limit == Some(AT_MOST)
        && is_latest(text, &around, fact)
    {
        around.limit = Some(Limit {
            is_soft: true,
            ..AT_LEAST
        });
    }
    if fact.limit.is_none() {
        if let Some(limit) = around.limit {
            let denied = is_denied(text, fact, &around, from, to);
            fact.limit = Some(if denied { limit.denied() } else { limit });
            let words = text[around.start.unwrap_or(fact.at.start)..fact.at.start].to_lowercase();
            // `no more than`, `not exceed` and `cannot exceed` are denials already.
            let denies = ["no", "not", "never", "can", "without"]
                .iter()
                .any(|word| words.starts_with(word));
            fact.is_denied = denied || denies;
        } else {
            fact.limit = around.fallback;
        }
    }
    fact.direction = around.direction;
    fact.wide = around.start.unwrap_or(fact.at.start)..around.end.unwrap_or(fact.at.end);
}

/// Whether the words of a limit are of time, where later is less before.
fn is_latest(text: &str, around: &Around, fact: &Fact) -> bool {
    let head = text[around.start.unwrap_or(fact.at.start)..fact.at.start].to_lowercase();
    ["늦어도", "later than", "by", "latest"]
        .iter()
        .any(|word| head.contains(word))
        || text[fact.at.end..around.end.unwrap_or(fact.at.end)].contains("latest")
}

/// Korean words after a figure, particles apart, with the limit that they say.
const KOREAN: &[(&str, Limit)] = &[
    ("이상", AT_LEAST),
    ("초과", OVER),
    ("이하", AT_MOST),
    ("미만", UNDER),
    ("이내", AT_MOST),
    ("한도", AT_MOST),
    ("상한", AT_MOST),
    ("하한", AT_LEAST),
    ("안에", AT_MOST),
    ("안으로", AT_MOST),
    ("넘는", OVER),
    ("넘게", OVER),
    ("넘은", OVER),
    ("넘을", OVER),
    ("넘으면", OVER),
    ("넘어", OVER),
    ("넘지", OVER),
    ("넘길", OVER),
    ("넘기", OVER),
    ("넘긴", OVER),
    ("넘겨", OVER),
    ("넘겼", OVER),
    ("상회", OVER),
    ("웃도", OVER),
    ("웃돌", OVER),
    ("못 미", UNDER),
    ("못미", UNDER),
    ("미달", UNDER),
    ("밑도", UNDER),
    ("밑돌", UNDER),
    ("보다 많", OVER),
    ("보다 크", OVER),
    ("보다 큰", OVER),
    ("보다 높", OVER),
    ("보다 길", OVER),
    ("보다 긴", OVER),
    ("보다 오래", OVER),
    ("보다 적", UNDER),
    ("보다 작", UNDER),
    ("보다 낮", UNDER),
    ("보다 짧", UNDER),
    ("이후", AFTER),
    ("이전", BEFORE),
    ("까지", AT_MOST),
    ("부터", AT_LEAST),
];

/// What begins like one of them and is another word.
const NOT_LIMITS: &[&str] = &[
    "이상적",
    "이상한",
    "이상이 없",
    "이상 없",
    "이상 징후",
    "이전하",
    "이전한",
    "이전을",
    "이상기",
    "한도를 초",
    "초과근",
    "초과수",
    "보다 낮아",
    "보다 높아",
    "보다 많아",
    "보다 적어",
    "보다 길어",
    "보다 짧아",
    "보다 커",
    "보다 작아",
];

const ENGLISH_AFTER: &[(&str, Limit)] = &[
    ("or more", AT_LEAST),
    ("or over", AT_LEAST),
    ("or above", AT_LEAST),
    ("or longer", AT_LEAST),
    ("or older", AT_LEAST),
    ("or higher", AT_LEAST),
    ("or greater", AT_LEAST),
    ("or later", AT_LEAST),
    ("or better", AT_LEAST),
    ("and over", AT_LEAST),
    ("and above", AT_LEAST),
    ("and older", AT_LEAST),
    ("and up", AT_LEAST),
    ("and more", AT_LEAST),
    ("at least", AT_LEAST),
    ("at minimum", AT_LEAST),
    ("at a minimum", AT_LEAST),
    ("at the earliest", AT_LEAST),
    ("minimum", AT_LEAST),
    ("min.", AT_LEAST),
    ("onwards", AT_LEAST),
    ("onward", AT_LEAST),
    ("or less", AT_MOST),
    ("or fewer", AT_MOST),
    ("or under", AT_MOST),
    ("or below", AT_MOST),
    ("or lower", AT_MOST),
    ("or shorter", AT_MOST),
    ("or younger", AT_MOST),
    ("or earlier", AT_MOST),
    ("or sooner", AT_MOST),
    ("and under", AT_MOST),
    ("and below", AT_MOST),
    ("at most", AT_MOST),
    ("at the most", AT_MOST),
    ("at maximum", AT_MOST),
    ("at the latest", AT_MOST),
    ("maximum", AT_MOST),
    ("max.", AT_MOST),
    ("max", AT_MOST),
    ("tops", AT_MOST),
];

const ENGLISH_DIRECTIONS: &[(&str, Direction)] = &[
    ("before", Direction::Before),
    ("prior", Direction::Before),
    ("in advance", Direction::Before),
    ("beforehand", Direction::Before),
    ("ahead", Direction::Before),
    ("ago", Direction::Before),
    ("earlier", Direction::Before),
    ("after", Direction::After),
    ("later", Direction::After),
    ("following", Direction::After),
    ("from the", Direction::After),
    ("from now", Direction::After),
];

fn after(text: &str, fact: &Fact, to: usize) -> Around {
    let mut around = Around::default();
    let is_duration = fact.value.family() == Family::Duration;
    let mut at = skip_noun(text, fact, to);
    if next(text, at) == Some('+') && !text[at..].starts_with("+ ") {
        around.limit = Some(AT_LEAST);
        around.end = Some(at + 1);
        return around;
    }
    // `(영업일 기준)` and the like stand between a figure and its limit.
    let open = spaces(text, at);
    if next(text, open) == Some('(') && open < to {
        let close = text[open..]
            .char_indices()
            .take(28)
            .find(|(_, char)| *char == ')');
        if let Some((length, _)) = close
            && open + length < to
        {
            at = open + length + 1;
        }
    }
    // The range that a figure ends goes on with its own words.
    let start = spaces(text, at);
    for (word, limit) in ENGLISH_AFTER {
        if has_words(text, start, word) {
            around.limit = Some(*limit);
            around.end = Some(start + word.len());
            break;
        }
    }
    if is_duration {
        let rest = around.end.map_or(start, |end| spaces(text, end));
        if let Some((word, direction)) = ENGLISH_DIRECTIONS
            .iter()
            .find(|(word, _)| has_words(text, rest, word))
        {
            around.direction = Some(*direction);
            if *word == "after" || *word == "later" {
                around.fallback = Some(Limit::soft(Side::Low));
            }
        }
    }
    if around.limit.is_some() || !text[at..].chars().take(3).any(is_hangul) {
        return around;
    }
    let mut word = at;
    // Particles between: `15일을 초과`, `3일간 이상`, `10명의 미만`.
    for particle in [
        "간의", "간을", "간", "을", "를", "이", "가", "은", "는", "의", "에", "정도", "여", "씩",
    ] {
        if let Some(end) = eat(text, at, particle)
            && KOREAN
                .iter()
                .map(|(word, _)| *word)
                .chain(["지나", "지난", "경과", "되지 않", "되지 못", "안 된", "안 되", "안된", "안되", "채 안"])
                .any(|word| text[spaces(text, end)..].starts_with(word))
            // `이상` is no particle and a noun.
            && !KOREAN.iter().any(|(word, _)| text[at..].starts_with(word))
        {
            word = end;
            break;
        }
    }
    let word = spaces(text, word);
    if word > to {
        return around;
    }
    let rest = &text[word..];
    if let Some((name, limit)) = KOREAN.iter().find(|(name, _)| rest.starts_with(name))
        && !NOT_LIMITS.iter().any(|other| rest.starts_with(other))
    {
        around.limit = Some(*limit);
        if *name == "부터" && is_point(fact.value.family()) {
            around.limit = Some(FROM);
        }
        around.end = Some(word + name.len());
        if is_duration {
            match *name {
                "이후" => {
                    around.direction = Some(Direction::After);
                    around.fallback = Some(Limit::soft(Side::Low));
                    around.limit = None;
                }
                "이전" => {
                    around.direction = Some(Direction::Before);
                    around.limit = None;
                }
                _ => {}
            }
            // `5일 이내 전`: none. `3일 이상 전에`: at least three days before.
            let further = spaces(text, word + name.len());
            if text[further..].starts_with("전에") || text[further..].starts_with("전까지") {
                around.direction = Some(Direction::Before);
            }
        }
        return around;
    }
    // `7일이 지난 뒤`, `14일 경과 후`.
    let passes = [
        "지나도",
        "지나면",
        "지나서",
        "지나야",
        "지난 뒤",
        "지난 후",
        "지난 시점",
        "지난 다음",
        "지났",
        "경과",
    ]
    .iter()
    .any(|word| rest.starts_with(word));
    if is_duration && passes {
        around.direction = Some(Direction::After);
        around.fallback = Some(Limit::soft(Side::Low));
        around.end = Some(word + "지난".len());
        return around;
    }
    if passes && matches!(fact.value.family(), Family::Date | Family::Time) {
        around.limit = Some(AFTER);
        around.end = Some(word + "지난".len());
        return around;
    }
    // `18세가 되지 않은`, `3년이 안 된`.
    if text[..word].trim_end_matches(' ').ends_with(['이', '가'])
        && let Some(name) = [
            "되지 않",
            "되지 못",
            "안 된",
            "안 되",
            "안된",
            "안되",
            "채 안",
        ]
        .iter()
        .find(|name| rest.starts_with(**name))
    {
        around.limit = Some(UNDER);
        around.end = Some(word + name.len());
        return around;
    }
    let ends = |at: usize| {
        !next(text, at).is_some_and(is_hangul)
            || ["에", "으로", "로", "의", "까지", "부터", "은", "는"]
                .iter()
                .any(|more| text[at..].starts_with(more))
    };
    if let Some(end) = eat(text, word, "전").filter(|end| ends(*end)) {
        around.end = Some(end);
        if is_duration {
            around.direction = Some(Direction::Before);
            if text[end..].starts_with("까지") {
                around.limit = Some(Limit {
                    is_soft: true,
                    ..AT_LEAST
                });
                around.end = Some(end + "까지".len());
            }
        } else {
            around.limit = Some(UNDER);
        }
    } else if let Some(end) = eat(text, word, "후")
        .or_else(|| eat(text, word, "뒤"))
        .filter(|end| ends(*end))
    {
        around.end = Some(end);
        if is_duration {
            around.direction = Some(Direction::After);
            around.fallback = Some(Limit::soft(Side::Low));
        } else {
            around.limit = Some(AFTER);
        }
    } else if let Some(end) = eat(text, word, "내").filter(|end| ends(*end)) {
        around.limit = Some(AT_MOST);
        around.end = Some(end);
    }
    around
}

/// After the word that is counted, if that is no unit: `300 lux or more`.
fn skip_noun(text: &str, fact: &Fact, to: usize) -> usize {
    let at = fact.at.end;
    let Value::Number(number) = &fact.value else {
        return at;
    };
    if number.unit.is_some() {
        return at;
    }
    if number.noun.is_some() && next(text, at).is_some_and(is_hangul) {
        let end = text[at..]
            .char_indices()
            .take(6)
            .find(|(length, char)| {
                !is_hangul(*char)
                    || KOREAN
                        .iter()
                        .any(|(word, _)| text[at + length..].starts_with(word))
            })
            .map_or(at, |(length, _)| at + length);
        return end.min(to).max(at);
    }
    let start = spaces(text, at);
    match latin(text, start) {
        Some((word, end))
            if start > at && end <= to && word.len() > 2 && !FILLERS.contains(&word) =>
        {
            let after = spaces(text, end);
            if ENGLISH_AFTER
                .iter()
                .any(|(words, _)| has_words(text, after, words))
            {
                end
            } else {
                at
            }
        }
        _ => at,
    }
}

/// Whether `words` stand at `at`, as whole words in any case.
fn has_words(text: &str, at: usize, words: &str) -> bool {
    text.get(at..at + words.len())
        .is_some_and(|there| there.eq_ignore_ascii_case(words))
        && !text[at + words.len()..].starts_with(|char: char| char.is_ascii_alphanumeric())
}

/// English words before a figure, the longer first where one ends another.
const ENGLISH_BEFORE: &[(&str, Limit)] = &[
    ("no more than", AT_MOST),
    ("not more than", AT_MOST),
    ("no greater than", AT_MOST),
    ("no longer than", AT_MOST),
    ("no higher than", AT_MOST),
    ("no later than", AT_MOST),
    ("not later than", AT_MOST),
    ("no less than", AT_LEAST),
    ("not less than", AT_LEAST),
    ("no fewer than", AT_LEAST),
    ("not fewer than", AT_LEAST),
    ("no lower than", AT_LEAST),
    ("no shorter than", AT_LEAST),
    ("no earlier than", AT_LEAST),
    ("not earlier than", AT_LEAST),
    ("not exceeding", AT_MOST),
    ("not exceed", AT_MOST),
    ("never exceed", AT_MOST),
    ("cannot exceed", AT_MOST),
    ("can't exceed", AT_MOST),
    ("without exceeding", AT_MOST),
    ("at least", AT_LEAST),
    ("at minimum", AT_LEAST),
    ("at most", AT_MOST),
    ("at maximum", AT_MOST),
    ("at the latest", AT_MOST),
    ("at or below", AT_MOST),
    ("at or under", AT_MOST),
    ("at or above", AT_LEAST),
    ("at or over", AT_LEAST),
    ("more than", OVER),
    ("less than", UNDER),
    ("fewer than", UNDER),
    ("in excess of", OVER),
    ("up to", AT_MOST),
    ("maximum of", AT_MOST),
    ("max of", AT_MOST),
    ("limit of", AT_MOST),
    ("cap of", AT_MOST),
    ("ceiling of", AT_MOST),
    ("limited to", AT_MOST),
    ("capped at", AT_MOST),
    ("as many as", AT_MOST),
    ("as much as", AT_MOST),
    ("minimum of", AT_LEAST),
    ("min of", AT_LEAST),
    ("as early as", AT_LEAST),
    ("on or before", AT_MOST),
    ("on or after", AT_LEAST),
    ("maximum", AT_MOST),
    ("max.", AT_MOST),
    ("max", AT_MOST),
    ("minimum", AT_LEAST),
    ("min.", AT_LEAST),
    ("exceeding", OVER),
    ("exceeds", OVER),
    ("exceeded", OVER),
    ("exceed", OVER),
    ("within", AT_MOST),
    ("over", OVER),
    ("above", OVER),
    ("beyond", OVER),
    ("under", UNDER),
    ("below", UNDER),
    (">=", AT_LEAST),
    ("≥", AT_LEAST),
    ("<=", AT_MOST),
    ("≤", AT_MOST),
    (">", OVER),
    ("<", UNDER),
];

/// English words before a date or time.
const ENGLISH_POINTS: &[(&str, Limit)] = &[
    ("no later than", AT_MOST),
    ("not later than", AT_MOST),
    ("on or before", AT_MOST),
    ("on or after", AT_LEAST),
    ("starting from", FROM),
    ("starting on", FROM),
    ("effective from", FROM),
    ("as of", FROM),
    ("from", FROM),
    ("since", FROM),
    ("starting", FROM),
    ("effective", FROM),
    ("until", AT_MOST),
    ("till", AT_MOST),
    ("through", AT_MOST),
    ("by", AT_MOST),
    ("prior to", UNDER),
    ("before", UNDER),
    ("after", OVER),
    ("later than", OVER),
    ("earlier than", UNDER),
    ("past", OVER),
];

/// Words between a limit and its figure that say nothing of it.
static FILLERS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "of the a an about approximately around roughly some full krw usd us another further \
     total period first any only just at end age per to be is are last next on"
        .split_whitespace()
        .collect()
});

/// Korean words before a figure.
const KOREAN_BEFORE: &[(&str, Limit)] = &[
    ("최대", AT_MOST),
    ("최대로", AT_MOST),
    ("최고", AT_MOST),
    ("최장", AT_MOST),
    ("많아야", AT_MOST),
    ("길어야", AT_MOST),
    ("늦어도", AT_MOST),
    ("최소", AT_LEAST),
    ("최소한", AT_LEAST),
    ("최저", AT_LEAST),
    ("최단", AT_LEAST),
    ("적어도", AT_LEAST),
    ("이르면", AT_LEAST),
    ("빨라도", AT_LEAST),
];

/// The bytes of `text` up to `at`, not further back than `from` and [`REACH`].
fn head(text: &str, from: usize, at: usize) -> &str {
    let mut start = from.max(at.saturating_sub(REACH)).min(at);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..at]
}

fn is_point(family: Family) -> bool {
    matches!(
        family,
        Family::Date | Family::Time | Family::Weekday | Family::Part | Family::Relative
    )
}

/// `taller than`, `cheaper than` at the end of `head`, which is in lower case.
fn comparative(head: &str) -> Option<(&'static str, Limit)> {
    const LESS: &[&str] = &[
        "lower",
        "shorter",
        "younger",
        "smaller",
        "earlier",
        "lighter",
        "slower",
        "cheaper",
        "narrower",
        "nearer",
        "closer",
        "thinner",
        "colder",
        "cooler",
        "poorer",
        "weaker",
        "newer",
        "sooner",
        "shallower",
    ];
    let rest = head.strip_suffix(" than")?;
    let word = rest.rsplit(' ').next()?;
    (word.len() > 4 && word.ends_with("er") && !matches!(word, "rather" | "other")).then(|| {
        let limit = if LESS.contains(&word) { UNDER } else { OVER };
        ("than", limit)
    })
}

fn before(text: &str, fact: &Fact, from: usize) -> Around {
    let mut around = Around::default();
    let head = head(text, from, fact.at.start);
    let offset = fact.at.start - head.len();
    let clause = head
        .rfind(['.', ';', '\n', '|'])
        .map_or(head, |at| &head[at + 1..]);
    let offset = offset + head.len() - clause.len();
    let mut rest = clause.trim_end_matches([' ', '(', '$', '₩', '~']);
    // Korean: one of the last three words.
    for word in rest.rsplit(' ').take(4) {
        let word_trimmed = word.trim_matches(|char: char| !char.is_alphanumeric());
        if let Some((_, limit)) = KOREAN_BEFORE.iter().find(|(name, _)| *name == word_trimmed) {
            around.limit = Some(*limit);
            let at = word.as_ptr() as usize - clause.as_ptr() as usize;
            around.start = Some(offset + at);
            return around;
        }
        if word.ends_with([',', '.', ';']) {
            break;
        }
    }
    let family = fact.value.family();
    // `by the 10th` is a day.
    let is_day =
        family == Family::Ordinal && fact.text.starts_with(|char: char| char.is_ascii_digit());
    let is_point = is_point(family) || is_day;
    let is_quantity = !is_point && !matches!(family, Family::Ordinal | Family::Pair);
    for _ in 0..5 {
        let lower = rest.to_ascii_lowercase();
        let ends = |words: &str| {
            lower.strip_suffix(words).is_some_and(|head| {
                !words.starts_with(|char: char| char.is_ascii_alphabetic())
                    || !head.ends_with(|char: char| char.is_alphanumeric() || char == '-')
            })
        };
        let table = if is_point {
            ENGLISH_POINTS
        } else if is_quantity {
            ENGLISH_BEFORE
        } else {
            &[]
        };
        let found = table
            .iter()
            .filter(|(words, _)| ends(words))
            .max_by_key(|(words, _)| words.len())
            .map(|(words, limit)| (*words, *limit))
            .or_else(|| comparative(&lower).filter(|_| is_quantity));
        if let Some((words, limit)) = found {
            let start = rest.len() - words.len();
            // `over the three years` is during them, and `3 points above 15%` is no limit.
            let during = matches!(words, "over" | "past") && clause[rest.len()..].contains("the");
            let differs = from > 0
                && offset + rest[..start].trim_end().len() == from
                && !matches!(words, "from" | "to" | "up to");
            let head = lower[..start].trim_end();
            let dated = words == "from" && (head.ends_with("date") || head.ends_with("dates"));
            if !(during || differs || dated) {
                around.limit = Some(limit);
                around.start = Some(offset + start);
                return around;
            }
            if differs {
                break;
            }
        }
        if !is_point && family == Family::Duration && ends("after") {
            around.direction = Some(Direction::After);
        }
        let Some(filler) = FILLERS.iter().find(|filler| ends(filler)) else {
            break;
        };
        rest = rest[..rest.len() - filler.len()].trim_end_matches([' ', '(', '$', '₩']);
    }
    around
}

/// Words that deny what a Korean limit belongs to.
const KOREAN_DENIALS: &[&str] = &[
    "수 없",
    "수는 없",
    "수도 없",
    "지 않",
    "지 못",
    "지는 않",
    "안 된",
    "안 됩",
    "안된",
    "안됩",
    "아니 된",
    "아니된",
    "아니 됩",
    "불가능",
    "불가하",
    "불가합",
    "금지하",
    "금지한",
    "금지된",
    "금지되",
    "금지됩",
    "금지합",
    "금지이",
    "금지입",
    "못 한",
    "못한",
    "못 합",
    "못합",
    "없다",
    "없음",
    "없습",
    "지 아니",
    "말아야",
    "없어요",
    "안 돼",
    "않",
    "못 하",
    "못하",
    "아니다",
    "아닙",
    "아니며",
    "없고",
    "없으",
    "제외",
];

/// What makes a denial a condition: `신청하지 않으면`.
const CONDITIONS: &[&str] = &[
    "않으면",
    "않을 경우",
    "않는 경우",
    "않은 경우",
    "없으면",
    "없는 경우",
    "않는 한",
    "않을 시",
    "못하면",
    "못할 경우",
    "못한 경우",
    "아니면",
    "없을 경우",
    "없을 시",
    "않아도",
    "없어도",
    "않았을",
];

/// Whether the limit itself is denied, as in `15일을 초과할 수 없다`. What a limit only describes,
/// `15일을 초과하는 휴가`, is not denied with the sentence around it.
fn is_denied(text: &str, fact: &Fact, around: &Around, from: usize, to: usize) -> bool {
    let end = around.end.unwrap_or(fact.at.end).max(fact.at.end);
    let tail = &text[end..];
    if tail.chars().take(24).any(is_hangul) {
        let said = &text[fact.at.end.min(end)..end];
        return is_denied_in_korean(said, tail, to.saturating_sub(end));
    }
    let start = around.start.unwrap_or(fact.at.start).min(fact.at.start);
    let limit = text[start..fact.at.start].to_ascii_lowercase();
    if ![
        "than", "exceed", "over", "above", "beyond", "under", "below",
    ]
    .iter()
    .any(|word| limit.contains(word))
        || limit.starts_with("no ")
        || limit.starts_with("not ")
    {
        return false;
    }
    let head = head(text, from, start).to_ascii_lowercase();
    let clause = head
        .rfind([',', '.', ';', '\n', '|'])
        .map_or(&*head, |at| &head[at + 1..]);
    let mut denials = 0;
    for word in clause.trim_end().split([' ', '(']).rev().take(7) {
        match word {
            // What only describes a thing is not denied with the sentence.
            "of" | "for" | "at" | "with" | "in" | "to" | "on" | "by" | "from" if denials == 0 => {
                return false;
            }
            "and" | "but" | "which" | "who" | "that" | "if" | "unless" | "when" | "where" => break,
            "not" | "never" | "cannot" | "nor" | "no" | "nobody" => denials += 1,
            word if word.ends_with("n't") || word.ends_with("n’t") => denials += 1,
            _ => {}
        }
    }
    denials % 2 == 1
}

/// `said` are the words of the limit, `tail` is what follows the words of a limit, of which `to` bytes are before the next figure.
fn is_denied_in_korean(said: &str, tail: &str, to: usize) -> bool {
    let adnominal = |text: &str| {
        ["는", "은", "인", "한", "된", "의", "던", "난", "진"]
            .iter()
            .any(|ending| text.ends_with(ending))
            && !["수는", "지는"].iter().any(|ending| text.ends_with(ending))
    };
    if adnominal(said) && tail.starts_with(' ') {
        return false;
    }
    let mut end = 0;
    let mut words = 0;
    for (at, char) in tail.char_indices() {
        if at >= to || at > REACH || matches!(char, ',' | '.' | ';' | '\n' | '|' | '(') {
            break;
        }
        if char == ' ' && at > 0 {
            words += 1;
            let so_far = &tail[..at];
            let goes_on = ["고", "며", "지만", "으나", "면", "는데", "거나"]
                .iter()
                .any(|ending| so_far.ends_with(ending));
            if words > 4 || goes_on || adnominal(so_far) {
                break;
            }
        }
        end = at + char.len_utf8();
    }
    let tail = &tail[..end];
    let conditions = CONDITIONS
        .iter()
        .filter(|word| tail.contains(*word))
        .count();
    conditions == 0 && denials(tail) % 2 == 1
}

/// How often Korean words deny.
pub(super) fn denials(text: &str) -> usize {
    let mut rest = text;
    let mut count = 0;
    while let Some((at, word)) = KOREAN_DENIALS
        .iter()
        .filter_map(|word| Some((rest.find(word)?, word)))
        .min_by_key(|(at, word)| (*at, usize::MAX - word.len()))
    {
        count += 1;
        rest = &rest[at + word.len()..];
    }
    count
}

/// Where a text refers to the last date, and the limit that it gives it: `before that date`,
/// `그 이전`.
pub(super) fn referred(text: &str) -> Option<(ingest::Span, Limit)> {
    const WORDS: &[(&str, Limit)] = &[
        ("on or before that date", AT_MOST),
        ("on or after that date", AT_LEAST),
        ("before that date", UNDER),
        ("after that date", OVER),
        ("by that date", AT_MOST),
        ("until that date", AT_MOST),
        ("from that date", AT_LEAST),
        ("since that date", AT_LEAST),
        ("before that day", UNDER),
        ("after that day", OVER),
        ("before then", UNDER),
        ("그 이전", BEFORE),
        ("그 전에", UNDER),
        ("그 이후", AFTER),
        ("그날 이전", BEFORE),
        ("그날 이후", AFTER),
        ("그 전까지", UNDER),
    ];
    let lower = text.to_ascii_lowercase();
    WORDS.iter().find_map(|(words, limit)| {
        let at = lower.find(words)?;
        Some((at..at + words.len(), *limit))
    })
}
