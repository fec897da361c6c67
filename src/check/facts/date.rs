//! Dates, times of day, days of the week, parts of a year, and what is counted from now.

use super::number::{before, digits, eat, latin, next, spaces};
use super::unit::{self, Unit};
use super::value::{Part, Value};
use crate::language::is_hangul;

type Found = (Value, usize);

fn number(text: &str, at: usize, most: usize) -> Option<(u32, usize)> {
    let (found, end) = digits(text, at, most)?;
    Some((found.parse().ok()?, end))
}

fn within(found: (u32, usize), least: u32, most: u32) -> Option<(u32, usize)> {
    (least..=most).contains(&found.0).then_some(found)
}

fn year(text: &str, at: usize) -> Option<(u32, usize)> {
    let (_, end) = digits(text, at, 4).filter(|(found, _)| found.len() == 4)?;
    within((text[at..end].parse().ok()?, end), 1900, 2099)
}

fn is_word_end(text: &str, at: usize) -> bool {
    !next(text, at).is_some_and(|char| char.is_ascii_alphanumeric())
}

/// The date that begins at `at`.
pub(super) fn date(text: &str, at: usize) -> Option<Found> {
    if next(text, at)?.is_ascii_digit() {
        korean(text, at)
            .or_else(|| numeric(text, at))
            .or_else(|| day_first(text, at))
            .or_else(|| compact(text, at))
    } else if text[at..].starts_with('\'') {
        // '24년 3월, '24.3.5
        let (short, end) = number(text, at + 1, 2)?;
        if let Some(end) = eat(text, end, "년") {
            return Some(rest_of_korean(text, 2000 + short, end));
        }
        let mark = next(text, end).filter(|mark| matches!(mark, '.' | '/' | '-'))?;
        let (month, end) = within(number(text, spaces(text, end + 1), 2)?, 1, 12)?;
        let day = next(text, end)
            .filter(|next| *next == mark)
            .and_then(|_| within(number(text, spaces(text, end + 1), 2)?, 1, 31));
        Some(match day {
            Some((day, end)) => (Value::Date(Some(2000 + short), Some(month), Some(day)), end),
            None => (Value::Date(Some(2000 + short), Some(month), None), end),
        })
    } else {
        month_first(text, at)
    }
}

fn rest_of_korean(text: &str, year: u32, end: usize) -> Found {
    let end = eat(text, end, "도").unwrap_or(end);
    let space = spaces(text, end);
    let month = number(text, space, 2)
        .and_then(|found| within(found, 1, 12))
        .and_then(|(month, after)| Some((month, eat(text, spaces(text, after), "월")?)));
    let Some((month, end)) = month else {
        return (Value::Date(Some(year), None, None), end);
    };
    let day = number(text, spaces(text, end), 2)
        .and_then(|found| within(found, 1, 31))
        .and_then(|(day, after)| Some((day, eat(text, spaces(text, after), "일")?)));
    match day {
        Some((day, end)) => (Value::Date(Some(year), Some(month), Some(day)), end),
        None => (Value::Date(Some(year), Some(month), None), end),
    }
}

/// `2024년 3월 5일`, `3월 5일`, `24년 3월`, `3월`.
fn korean(text: &str, at: usize) -> Option<Found> {
    if let Some((year, end)) = year(text, at)
        && let Some(after) = eat(text, spaces(text, end), "년")
    {
        // `2024년간` is no date, and nobody says it.
        return Some(rest_of_korean(text, year, after));
    }
    if let Some((year, end)) = year(text, at)
        && let Some(after) = eat(text, end, "학년도").or_else(|| eat(text, end, "년도"))
    {
        return Some(rest_of_korean(text, year, after));
    }
    let (first, end) = number(text, at, 2)?;
    // `24년 3월`: a year of two digits stands only before a month.
    if let Some(after) = eat(text, end, "년")
        && end - at == 2
        && let found @ (Value::Date(_, Some(_), _), _) = rest_of_korean(text, 2000 + first, after)
    {
        return Some(found);
    }
    let (month, end) = within((first, end), 1, 12)?;
    let end = eat(text, spaces(text, end), "월")?;
    if text[end..].starts_with("간") || text[end..].starts_with("차") {
        return None;
    }
    let day = number(text, spaces(text, end), 2)
        .and_then(|found| within(found, 1, 31))
        .and_then(|(day, after)| Some((day, eat(text, spaces(text, after), "일")?)))
        .filter(|(_, after)| !text[*after..].starts_with("간"));
    Some(match day {
        Some((day, end)) => (Value::Date(None, Some(month), Some(day)), end),
        None => (Value::Date(None, Some(month), None), end),
    })
}

/// `2024-03-05`, `2024. 3. 5.`, `2024/03`, `3/5/2024`.
fn numeric(text: &str, at: usize) -> Option<Found> {
    let separator = |at: usize| {
        let space = spaces(text, at);
        match next(text, space)? {
            '.' => Some(('.', spaces(text, space + 1))),
            char @ ('-' | '/') if space == at => Some((char, at + 1)),
            _ => None,
        }
    };
    let Some((year, end)) = year(text, at) else {
        // `3/5/2024`, and `15/3/2024` the other way round.
        let (one, end) = number(text, at, 2)?;
        let end = eat(text, end, "/").or_else(|| eat(text, end, "."))?;
        let (two, end) = number(text, end, 2)?;
        let end = eat(text, end, "/").or_else(|| eat(text, end, "."))?;
        let (year, end) = self::year(text, end)?;
        let (month, day) = if one > 12 { (two, one) } else { (one, two) };
        return ((1..=12).contains(&month) && (1..=31).contains(&day) && is_word_end(text, end))
            .then_some((Value::Date(Some(year), Some(month), Some(day)), end));
    };
    let (mark, start) = separator(end)?;
    let (month, end) = within(number(text, start, 2)?, 1, 12)?;
    if let Some((second, start)) = separator(end)
        && second == mark
        && let Some((day, end)) = number(text, start, 2).and_then(|found| within(found, 1, 31))
        && is_word_end(text, end)
    {
        let end = if mark == '.' {
            eat(text, end, ".")
                .filter(|_| is_stop(text, end))
                .unwrap_or(end)
        } else {
            end
        };
        return Some((Value::Date(Some(year), Some(month), Some(day)), end));
    }
    // `2024-03`, `2024.03`; `2024.3` may be a number, but years have no tenths.
    let whole = is_word_end(text, end)
        && (mark != '-' || end - start == 2 && !text[end..].starts_with('-'));
    whole.then_some((Value::Date(Some(year), Some(month), None), end))
}

/// Whether the full stop at `at` belongs to a date and does not end the sentence.
fn is_stop(text: &str, at: usize) -> bool {
    text[at + 1..].starts_with(|char: char| {
        matches!(char, ' ' | '~' | '-' | ')' | ',' | '(') || is_hangul(char)
    }) && !text[at + 1..]
        .trim_start_matches(' ')
        .starts_with(char::is_uppercase)
}

/// `20240305`.
fn compact(text: &str, at: usize) -> Option<Found> {
    let (found, end) = digits(text, at, 8).filter(|(found, _)| found.len() == 8)?;
    let part = |range: std::ops::Range<usize>| found.get(range)?.parse::<u32>().ok();
    let (year, month, day) = (part(0..4)?, part(4..6)?, part(6..8)?);
    ((1990..2100).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && is_word_end(text, end)
        && !before(text, at).is_some_and(|char| matches!(char, '-' | '₩' | '$'))
        && !text[end..].starts_with(['원', '-', ',']))
    .then_some((Value::Date(Some(year), Some(month), Some(day)), end))
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The month called `word`, which must begin with a capital as `may` and `march` do not.
fn month(word: &str) -> Option<u32> {
    if !word.starts_with(|char: char| char.is_ascii_uppercase()) {
        return None;
    }
    let word = word.to_ascii_lowercase();
    let at = MONTHS.iter().position(|name| {
        *name == word
            || word.len() == 3 && name.starts_with(&word)
            || word == "sept" && *name == "september"
    })?;
    u32::try_from(at + 1).ok()
}

fn suffix(text: &str, at: usize) -> usize {
    ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|suffix| eat(text, at, suffix))
        .filter(|end| is_word_end(text, *end))
        .unwrap_or(at)
}

/// After an optional comma and a space: a year.
fn year_after(text: &str, at: usize) -> Option<(u32, usize)> {
    let start = eat(text, at, ",").unwrap_or(at);
    let start = if text[start..].starts_with(" of ") {
        start + 4
    } else {
        spaces(text, start)
    };
    let (year, end) = year(text, start).filter(|_| start > at)?;
    is_word_end(text, end).then_some((year, end))
}

/// `March 5, 2024`, `March 2024`, `March`.
fn month_first(text: &str, at: usize) -> Option<Found> {
    let (word, mut end) = latin(text, at)?;
    let month = month(word)?;
    if word.len() <= 4 && text[end..].starts_with('.') {
        end += 1;
    }
    if let Some((year, end)) = year_after(text, end) {
        return Some((Value::Date(Some(year), Some(month), None), end));
    }
    let start = spaces(text, end);
    let start = eat(text, start, "the ").unwrap_or(start);
    if let Some((day, after)) = number(text, start, 2)
        .filter(|_| start > end)
        .and_then(|found| within(found, 1, 31))
        .map(|(day, after)| (day, suffix(text, after)))
        .filter(|(_, after)| is_word_end(text, *after) && !is_time(text, *after))
    {
        return Some(match year_after(text, after) {
            Some((year, end)) => (Value::Date(Some(year), Some(month), Some(day)), end),
            None => (Value::Date(None, Some(month), Some(day)), after),
        });
    }
    // Alone, `May`, `March` and short names may be other words.
    let head = text[..at].trim_end();
    let sure = [
        "in", "of", "by", "until", "till", "since", "from", "to", "and", "each", "every", "next",
        "last", "this", "through", "before", "after", "during", "early", "late", "mid", "end", "-",
        "–", "~", "/", "(",
    ]
    .iter()
    .any(|word| head.ends_with(word));
    let is_name = !matches!(
        word,
        "May" | "March" | "Mar" | "Sat" | "Jun" | "Dec" | "Jan"
    );
    (is_word_end(text, end) && (sure || is_name && word.len() > 3))
        .then_some((Value::Date(None, Some(month), None), end))
}

/// Whether a time goes on at `at`, as in `March 5:30`.
fn is_time(text: &str, at: usize) -> bool {
    text[at..].starts_with(':')
}

/// `5 March 2024`, `5th of March`.
fn day_first(text: &str, at: usize) -> Option<Found> {
    let (day, end) = within(number(text, at, 2)?, 1, 31)?;
    let end = suffix(text, end);
    let start = if text[end..].starts_with(" of ") {
        end + 4
    } else if text[end..].starts_with('-') {
        end + 1
    } else {
        spaces(text, end)
    };
    let (word, mut after) = latin(text, start).filter(|_| start > end)?;
    let month = month(word)?;
    if word.len() <= 4 && text[after..].starts_with('.') && text[after + 1..].starts_with(' ') {
        after += 1;
    }
    Some(match year_after(text, after) {
        Some((year, end)) => (Value::Date(Some(year), Some(month), Some(day)), end),
        None => (Value::Date(None, Some(month), Some(day)), after),
    })
}

#[derive(Clone, Copy, PartialEq)]
enum DayHalf {
    Morning,
    Afternoon,
}

/// `오전`, `오후` and what else tells the half of the day, and where it ends.
fn day_half(text: &str, at: usize) -> Option<(DayHalf, usize)> {
    const NAMES: &[(&str, DayHalf)] = &[
        ("오전", DayHalf::Morning),
        ("새벽", DayHalf::Morning),
        ("아침", DayHalf::Morning),
        ("오후", DayHalf::Afternoon),
        ("저녁", DayHalf::Afternoon),
        ("밤", DayHalf::Afternoon),
        ("낮", DayHalf::Afternoon),
        ("AM", DayHalf::Morning),
        ("PM", DayHalf::Afternoon),
    ];
    NAMES
        .iter()
        .find(|(name, _)| text[at..].starts_with(name))
        .map(|(name, half)| (*half, spaces(text, at + name.len())))
}

/// `a.m.`, `PM` after a time, and where it ends.
fn meridiem(text: &str, at: usize) -> Option<(DayHalf, usize)> {
    let start = spaces(text, at);
    let half = match next(text, start)?.to_ascii_lowercase() {
        'a' => DayHalf::Morning,
        'p' => DayHalf::Afternoon,
        _ => return None,
    };
    let dotted = eat(text, start + 1, ".");
    let at = dotted.unwrap_or(start + 1);
    let end = next(text, at)
        .filter(|char| matches!(char, 'm' | 'M'))
        .map(|_| at + 1)?;
    if !is_word_end(text, end) {
        return None;
    }
    Some((
        half,
        dotted.and_then(|_| eat(text, end, ".")).unwrap_or(end),
    ))
}

fn minutes(hour: u32, minute: u32, half: Option<DayHalf>) -> Option<Value> {
    if hour > 24 || minute > 59 {
        return None;
    }
    let hour = match half {
        Some(DayHalf::Morning) if hour == 12 => 0,
        Some(DayHalf::Afternoon) if hour < 12 => hour + 12,
        _ => hour,
    };
    let sure = half.is_some() || hour >= 13 || hour == 0;
    Some(Value::Time(hour * 60 + minute, sure))
}

/// Hours in native numerals: `여섯 시`.
const HOURS: [(&str, u32); 12] = [
    ("열한", 11),
    ("열두", 12),
    ("다섯", 5),
    ("여섯", 6),
    ("일곱", 7),
    ("여덟", 8),
    ("아홉", 9),
    ("한", 1),
    ("두", 2),
    ("세", 3),
    ("네", 4),
    ("열", 10),
];

/// ` at night`, ` in the evening` after a time.
fn day_part(text: &str, at: usize) -> Option<(DayHalf, usize)> {
    [
        (" in the morning", DayHalf::Morning),
        (" in the afternoon", DayHalf::Afternoon),
        (" in the evening", DayHalf::Afternoon),
        (" at night", DayHalf::Afternoon),
    ]
    .iter()
    .find_map(|(words, half)| Some((*half, eat(text, at, words)?)))
    .filter(|(_, end)| is_word_end(text, *end))
}

const HOUR_NAMES: [&str; 12] = [
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve",
];

const DAY_NAMES: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// `half past eleven at night`, `six in the evening`.
fn worded_time(text: &str, at: usize) -> Option<Found> {
    let (start, minutes_past) = [
        ("half past ", 30),
        ("Half past ", 30),
        ("quarter past ", 15),
        ("a quarter past ", 15),
        ("quarter to ", -15),
        ("a quarter to ", -15),
    ]
    .into_iter()
    .find_map(|(words, minutes)| Some((eat(text, at, words)?, minutes)))
    .unwrap_or((at, 0));
    let (hour, end) = if let Some(found) = number(text, start, 2) {
        found
    } else {
        let (word, end) = latin(text, start)?;
        let index = HOUR_NAMES
            .iter()
            .position(|name| word.eq_ignore_ascii_case(name))?;
        (u32::try_from(index + 1).ok()?, end)
    };
    let clock = [" o'clock", " o’clock"]
        .iter()
        .find_map(|clock| eat(text, end, clock));
    let part = day_part(text, clock.unwrap_or(end));
    let said = clock.is_some() || part.is_some() || start > at || meridiem(text, end).is_some();
    if !said || hour == 0 || hour > 12 && minutes_past != 0 {
        return None;
    }
    let (half, end) = match part.or_else(|| meridiem(text, clock.unwrap_or(end))) {
        Some((half, end)) => (Some(half), end),
        None => (None, clock.unwrap_or(end)),
    };
    let Value::Time(minute, sure) = minutes(hour, 0, half)? else {
        return None;
    };
    let minute = minute.checked_add_signed(minutes_past)?;
    Some((Value::Time(minute, sure), end))
}

/// The time of day that begins at `at`.
pub(super) fn time(text: &str, at: usize) -> Option<Found> {
    if let Some(found) = worded_time(text, at) {
        return Some(found);
    }
    for (name, minute) in [
        ("정오", 720),
        ("자정", 0),
        ("noon", 720),
        ("midday", 720),
        ("midnight", 0),
    ] {
        if let Some(end) = eat(text, at, name).filter(|end| is_word_end(text, *end)) {
            return Some((Value::Time(minute, true), end));
        }
    }
    if text[at..].starts_with("Noon") || text[at..].starts_with("Midnight") {
        let length = if text[at..].starts_with('N') { 4 } else { 8 };
        return is_word_end(text, at + length).then_some((
            Value::Time(if length == 4 { 720 } else { 0 }, true),
            at + length,
        ));
    }
    let (half, start) = match day_half(text, at) {
        Some((half, start)) => (Some(half), start),
        None => (None, at),
    };
    let worded = HOURS
        .iter()
        .find(|(name, _)| text[start..].starts_with(name))
        .map(|(name, hour)| (*hour, spaces(text, start + name.len())))
        .filter(|(_, end)| {
            let after = eat(text, *end, "시");
            after.is_some_and(|after| {
                half.is_some() && !text[after..].starts_with('간')
                    || !next(text, after).is_some_and(is_hangul)
                    || ["에", "부터", "까지", "이후", "이전", "반"]
                        .iter()
                        .any(|word| text[after..].starts_with(word))
            })
        });
    let (hour, end) = match worded {
        Some(found) => found,
        None => number(text, start, 2)?,
    };
    let space = spaces(text, end);
    if let Some(after) = eat(text, space, "시") {
        if ["간", "점", "리즈", "스템"]
            .iter()
            .any(|more| text[after..].starts_with(more))
        {
            return None;
        }
        let minute = number(text, spaces(text, after), 2)
            .and_then(|(minute, end)| Some((minute, eat(text, spaces(text, end), "분")?)))
            .filter(|(_, end)| !text[*end..].starts_with('간'));
        let (minute, end) = minute
            .or_else(|| {
                let end = eat(text, spaces(text, after), "반")?;
                let goes_on = ["기", "드", "납", "영", "차"]
                    .iter()
                    .any(|more| text[end..].starts_with(more));
                (!goes_on).then_some((30, end))
            })
            .unwrap_or((0, after));
        return Some((minutes(hour, minute, half)?, end));
    }
    if worded.is_some() {
        return None;
    }
    if let Some(after) = eat(text, end, ":")
        && let Some((minute, mut end)) = digits(text, after, 2)
            .filter(|(found, _)| found.len() == 2)
            .and_then(|(found, end)| Some((found.parse::<u32>().ok()?, end)))
    {
        if let Some(seconds) = eat(text, end, ":").and_then(|at| digits(text, at, 2)) {
            end = seconds.1;
        }
        let (half, end) = match meridiem(text, end).or_else(|| day_part(text, end)) {
            Some((half, end)) => (Some(half), end),
            None => (half, end),
        };
        let value = minutes(hour, minute, half)?;
        // `09:00` is the morning; `9:00` may be said of either half.
        let value = match value {
            Value::Time(minute, false) if text[start..].starts_with('0') => {
                Value::Time(minute, true)
            }
            value => value,
        };
        return is_word_end(text, end).then_some((value, end));
    }
    if let Some((half, end)) = meridiem(text, end) {
        return Some((minutes(hour, 0, Some(half))?, end));
    }
    for clock in [" o'clock", " o’clock"] {
        if let Some(end) = eat(text, end, clock) {
            return Some((minutes(hour, 0, None)?, end));
        }
    }
    // `오후 6` and `PM 6`.
    half.filter(|_| {
        start > at
            && text.is_char_boundary(end)
            && !next(text, end)
                .is_some_and(|char| is_hangul(char) || char.is_ascii_alphanumeric() || char == ',')
    })
    .and_then(|half| Some((minutes(hour, 0, Some(half))?, end)))
}

/// `월요일`, `Monday`, `월~금`.
pub(super) fn weekday(text: &str, at: usize) -> Option<Found> {
    let rest = &text[at..];
    let first = rest.chars().next()?;
    let index = "월화수목금토일".chars().position(|char| char == first);
    if let Some(day) = index.and_then(|index| u32::try_from(index).ok()) {
        let after = at + first.len_utf8();
        if let Some(end) = eat(text, after, "요일") {
            return Some((Value::Weekday(day), end));
        }
        let is_day = |char: char| "월화수목금토일".contains(char);
        let bare = |at: usize| {
            !next(text, at)
                .is_some_and(|char| is_hangul(char) && !is_day(char) || char.is_ascii_digit())
        };
        let marked = |char: char| matches!(char, '~' | '·' | '-' | ',' | '/' | '–');
        let follows = next(text, after)
            .filter(|char| marked(*char))
            .is_some_and(|mark| {
                let at = after + mark.len_utf8();
                next(text, at).is_some_and(is_day)
                    && (text[at..]
                        .chars()
                        .nth(1)
                        .is_none_or(|char| !is_hangul(char) || char == '요'))
            });
        let precedes = text[..at].chars().next_back().is_some_and(marked)
            && text[..at].chars().rev().nth(1).is_some_and(is_day)
            && text[..at]
                .chars()
                .rev()
                .nth(2)
                .is_none_or(|char| !is_hangul(char));
        return ((follows || precedes) && bare(after)).then_some((Value::Weekday(day), after));
    }
    let (word, end) = latin(text, at)?;
    if !word.starts_with(|char: char| char.is_ascii_uppercase()) {
        return None;
    }
    let lower = word.to_ascii_lowercase();
    let lower = lower
        .strip_suffix('s')
        .filter(|word| word.len() > 4)
        .unwrap_or(&lower);
    let day = DAY_NAMES.iter().position(|name| {
        *name == lower
            || (3..=5).contains(&lower.len())
                && lower != "sun"
                && lower != "sat"
                && lower != "wed"
                && lower != "mon"
                && name.starts_with(lower)
            || lower.len() == 3
                && name.starts_with(lower)
                && text[end..]
                    .trim_start_matches('.')
                    .starts_with([',', '-', '–', '~', '/', ')', ' '])
                && !matches!(word, "Sun")
    })?;
    Some((Value::Weekday(u32::try_from(day).ok()?), end))
}

/// `2분기`, `Q2`, `상반기`, `first half`.
pub(super) fn part(text: &str, at: usize) -> Option<Found> {
    let rest = &text[at..];
    for (name, number) in [("상반기", 1), ("하반기", 2), ("전반기", 1), ("후반기", 2)] {
        if let Some(end) = eat(text, at, name) {
            return Some((Value::Part(Part::Half, number), end));
        }
    }
    if rest.starts_with(['Q', 'H']) {
        let (number, end) = number(text, at + 1, 1)?;
        let (part, most) = if rest.starts_with('Q') {
            (Part::Quarter, 4)
        } else {
            (Part::Half, 2)
        };
        return ((1..=most).contains(&number) && is_word_end(text, end))
            .then_some((Value::Part(part, number), end));
    }
    if rest.starts_with(|char: char| char.is_ascii_digit()) {
        let (number, end) = within(number(text, at, 1)?, 1, 4)?;
        let suffixed = suffix(text, end);
        if suffixed > end {
            return named_part(text, number, suffixed);
        }
        // `2/4분기`
        let end = eat(text, end, "/4").unwrap_or(end);
        let end = eat(text, spaces(text, end), "분기").or_else(|| {
            let end = eat(text, end, "Q")?;
            is_word_end(text, end).then_some(end)
        })?;
        return Some((Value::Part(Part::Quarter, number), end));
    }
    let (word, end) = latin(text, at)?;
    let number = match word.to_ascii_lowercase().as_str() {
        "first" => 1,
        "second" => 2,
        "third" => 3,
        "fourth" => 4,
        _ => return None,
    };
    named_part(text, number, end)
}

/// `quarter` or `half` after its ordinal.
fn named_part(text: &str, number: u32, at: usize) -> Option<Found> {
    let (what, end) = latin(text, spaces(text, at))?;
    match what.to_ascii_lowercase().as_str() {
        "quarter" => Some((Value::Part(Part::Quarter, number), end)),
        "half" if number <= 2 => Some((Value::Part(Part::Half, number), end)),
        _ => None,
    }
}

/// What is said of now: `올해`, `지난달`, `next week`.
const RELATIVE: &[(&str, Unit, i32)] = &[
    ("재작년", unit::YEAR, -2),
    ("지지난해", unit::YEAR, -2),
    ("올해", unit::YEAR, 0),
    ("금년", unit::YEAR, 0),
    ("이번 해", unit::YEAR, 0),
    ("당해 연도", unit::YEAR, 0),
    ("당해연도", unit::YEAR, 0),
    ("당해년도", unit::YEAR, 0),
    ("당해", unit::YEAR, 0),
    ("당기", unit::YEAR, 0),
    ("작년", unit::YEAR, -1),
    ("지난해", unit::YEAR, -1),
    ("지난 해", unit::YEAR, -1),
    ("전년", unit::YEAR, -1),
    ("전기", unit::YEAR, -1),
    ("직전 연도", unit::YEAR, -1),
    ("내년", unit::YEAR, 1),
    ("다음 해", unit::YEAR, 1),
    ("다음해", unit::YEAR, 1),
    ("이듬해", unit::YEAR, 1),
    ("익년", unit::YEAR, 1),
    ("차년도", unit::YEAR, 1),
    ("이번 달", unit::MONTH, 0),
    ("이번달", unit::MONTH, 0),
    ("이달", unit::MONTH, 0),
    ("금월", unit::MONTH, 0),
    ("당월", unit::MONTH, 0),
    ("지난달", unit::MONTH, -1),
    ("지난 달", unit::MONTH, -1),
    ("전월", unit::MONTH, -1),
    ("다음 달", unit::MONTH, 1),
    ("다음달", unit::MONTH, 1),
    ("내달", unit::MONTH, 1),
    ("익월", unit::MONTH, 1),
    ("이번 주", unit::WEEK, 0),
    ("금주", unit::WEEK, 0),
    ("지난주", unit::WEEK, -1),
    ("지난 주", unit::WEEK, -1),
    ("다음 주", unit::WEEK, 1),
    ("다음주", unit::WEEK, 1),
    ("오늘", unit::DAY, 0),
    ("금일", unit::DAY, 0),
    ("당일", unit::DAY, 0),
    ("어제", unit::DAY, -1),
    ("전일", unit::DAY, -1),
    ("전날", unit::DAY, -1),
    ("내일", unit::DAY, 1),
    ("명일", unit::DAY, 1),
    ("익일", unit::DAY, 1),
    ("다음 날", unit::DAY, 1),
    ("다음날", unit::DAY, 1),
    ("이튿날", unit::DAY, 1),
    ("yesterday", unit::DAY, -1),
    ("today", unit::DAY, 0),
    ("tomorrow", unit::DAY, 1),
];

pub(super) fn relative(text: &str, at: usize) -> Option<Found> {
    let rest = &text[at..];
    if let Some((name, unit, offset)) = RELATIVE
        .iter()
        .filter(|(name, _, _)| rest.starts_with(name))
        .max_by_key(|(name, _, _)| name.len())
    {
        let end = at + name.len();
        // `전기` is electricity too, and `전년도` goes on.
        let whole = match *name {
            "전기" | "당기" => text[end..].starts_with(' ') || text[end..].starts_with("말"),
            _ => is_word_end(text, end),
        };
        let end = if unit.scale == 12 {
            eat(text, end, "도").unwrap_or(end)
        } else {
            end
        };
        return whole.then_some((Value::Relative(*unit, *offset), end));
    }
    let (word, end) = latin(text, at)?;
    let offset = match word.to_ascii_lowercase().as_str() {
        "this" | "current" | "same" => 0,
        "last" | "previous" | "prior" | "preceding" => -1,
        "next" | "following" | "coming" => 1,
        _ => return None,
    };
    let start = spaces(text, end);
    let (mut what, mut end) = latin(text, start)?;
    if matches!(what, "fiscal" | "calendar" | "financial") {
        (what, end) = latin(text, spaces(text, end))?;
    }
    let unit = match what.to_ascii_lowercase().as_str() {
        "year" => unit::YEAR,
        "month" => unit::MONTH,
        "week" => unit::WEEK,
        "day" => unit::DAY,
        "quarter" => Unit {
            dimension: unit::Dimension::Month,
            scale: 3,
        },
        _ => return None,
    };
    Some((Value::Relative(unit, offset), end))
}
