//! Reads the facts of a text, in order.

use super::date;
use super::fold::{Folded, circled};
use super::limit;
use super::name;
use super::number::{
    self, Amount, and_a_half, before, digits, eat, english, latin, next, noun, spaces, unit_at,
};
use super::unit::{
    self, AGE, CELSIUS, DAY, Dimension, FOLD, HOUR, ITEM, MINUTE, MONTH, PERCENT, PERSON, SECOND,
    TIMES, Unit, WEEK, WORKING_DAY, YEAR,
};
use super::value::{Fact, Limit, MILLION, Number, Side, Value};
use crate::index::code_spans;
use crate::language::is_hangul;

/// What stands at a place of the text.
struct Found {
    value: Value,
    end: usize,
    is_soft: bool,
    is_label: bool,
    factor: i128,
    /// Whether it says what another figure is for each of, and is no figure itself.
    is_rate: bool,
    limit: Option<Limit>,
}

impl Found {
    fn new((value, end): (Value, usize)) -> Self {
        Self {
            value,
            end,
            is_soft: false,
            is_label: false,
            factor: 1,
            is_rate: false,
            limit: None,
        }
    }

    fn soft(found: (Value, usize)) -> Self {
        Self {
            is_soft: true,
            ..Self::new(found)
        }
    }

    fn rate(unit: Unit, end: usize) -> Self {
        Self {
            is_rate: true,
            ..Self::new((Value::number(MILLION, Some(unit)), end))
        }
    }

    fn number(amount: &Amount, number: Number) -> Self {
        Self {
            factor: amount.factor,
            ..Self::new((Value::Number(number), amount.end))
        }
    }
}

/// What a text says, in order; what figures are for each of stands among them.
pub(super) struct Reading {
    pub(super) facts: Vec<Fact>,
    /// Units that the text says one of without a figure: `monthly`, `1인당`.
    pub(super) rates: Vec<(Unit, ingest::Span)>,
}

pub(super) fn read(folded: &Folded<'_>) -> Reading {
    let text = &folded.text;
    let codes = code_spans(text);
    let mut codes = codes.iter().peekable();
    let mut reading = Reading {
        facts: Vec::new(),
        rates: Vec::new(),
    };
    let mut at = 0;
    while let Some(char) = next(text, at) {
        if let Some(end) = citation(text, at) {
            at = end;
            continue;
        }
        while codes.next_if(|span| span.start < at).is_some() {}
        let code_end = codes
            .peek()
            .filter(|span| span.start == at)
            .map(|span| span.end);
        if let Some(found) = at_place(text, at, code_end) {
            let end = found.end.max(at + char.len_utf8());
            if found.is_rate {
                if let Value::Number(Number {
                    unit: Some(unit), ..
                }) = found.value
                {
                    reading.rates.push((unit, at..end));
                }
            } else {
                reading.facts.push(fact(text, found, at));
            }
            at = end;
            continue;
        }
        at = skip(text, at, char);
    }
    let Reading { facts, rates } = &mut reading;
    share_units(text, facts);
    share_dates(text, facts);
    set_ranges(text, facts);
    let bounds: Vec<(usize, usize)> = (0..facts.len())
        .map(|index| {
            (
                index
                    .checked_sub(1)
                    .map_or(0, |before| facts[before].at.end),
                facts
                    .get(index + 1)
                    .map_or(text.len(), |after| after.at.start),
            )
        })
        .collect();
    for (fact, (from, to)) in facts.iter_mut().zip(bounds) {
        limit::set(text, fact, from, to);
    }
    set_rates(text, facts, rates);
    for fact in facts.iter_mut() {
        fact.span = folded.original(&fact.at);
        folded.cut(&fact.at).clone_into(&mut fact.text);
        fact.said = folded.cut(&fact.wide).trim().to_owned();
    }
    // A single sign may fold to several figures, as `㏠` does; the first is it.
    let mut end = 0;
    facts.retain(|fact| {
        let is_new = fact.span.start >= end;
        end = end.max(fact.span.end);
        is_new
    });
    reading
}

fn fact(text: &str, found: Found, at: usize) -> Fact {
    Fact {
        value: found.value,
        text: text[at..found.end].to_owned(),
        span: at..found.end,
        at: at..found.end,
        wide: at..found.end,
        said: String::new(),
        limit: found.limit,
        is_denied: false,
        per: Vec::new(),
        direction: None,
        is_soft: found.is_soft,
        is_label: found.is_label,
        factor: found.factor,
    }
}

/// The next place where a fact may begin: runs of letters are passed whole.
fn skip(text: &str, at: usize, char: char) -> usize {
    let same: fn(char) -> bool = if is_hangul(char) {
        is_hangul
    } else if char.is_ascii_digit() {
        |char| char.is_ascii_digit()
    } else if char.is_alphabetic() {
        |char| char.is_alphabetic() && !is_hangul(char)
    } else {
        return at + char.len_utf8();
    };
    text[at..]
        .char_indices()
        .find(|(_, char)| !same(*char))
        .map_or(text.len(), |(length, _)| at + length)
}

/// After `[3]` or `[1, 2]`, which cites and says nothing.
fn citation(text: &str, at: usize) -> Option<usize> {
    let inner = text[at..].strip_prefix('[')?;
    let length = inner
        .bytes()
        .take(24)
        .take_while(|byte| byte.is_ascii_digit() || matches!(byte, b',' | b' ' | b'-'))
        .count();
    let inside = &inner[..length];
    let small = inside.split([',', ' ', '-']).all(|part| part.len() <= 3);
    (length > 0
        && small
        && inside.starts_with(|char: char| char.is_ascii_digit())
        && inner[length..].starts_with(']'))
    .then_some(at + length + 2)
}

fn at_place(text: &str, at: usize, code_end: Option<usize>) -> Option<Found> {
    let char = next(text, at)?;
    let head = before(text, at);
    if char.is_ascii_digit() || char.is_ascii_alphabetic() {
        if head.is_some_and(|head| head.is_ascii_alphanumeric()) {
            return None;
        }
        if let Some(found) = name::email(text, at) {
            return Some(Found::new(found));
        }
        if let Some(found) = url(text, at) {
            return Some(Found::new(found));
        }
        let found = if char.is_ascii_digit() {
            figure(text, at)
        } else {
            english_words(text, at)
        };
        let Some(end) = code_end else {
            return found.or_else(|| short_code(text, at));
        };
        if let Some(found) = found
            && reaches(text, &found, end)
        {
            return Some(found);
        }
        if let Some(found) = counted_code(&text[at..end]) {
            return Some(Found { end, ..found });
        }
        let code = name::plain_code(&text[at..end]);
        return Some(Found::new((Value::Code(code), end)));
    }
    if is_hangul(char) {
        return (!head.is_some_and(is_hangul))
            .then(|| korean_words(text, at))
            .flatten();
    }
    match char {
        '₩' | '$' | '€' | '¥' | '£' => {
            let sign = unit::sign(char)?;
            let start = spaces(text, at + char.len_utf8());
            let amount = number::amount(text, start, true)?;
            Some(money(text, &amount, sign))
        }
        '-' | '−' | '△' | '▲' => negative(text, at, char),
        '(' | '+' => name::phone(text, at).map(Found::new),
        '§' | '①'..='⑳' => {
            let found = name::article(text, at)?;
            let is_label = circled(char).is_some();
            Some(Found {
                is_label,
                ..Found::new(found)
            })
        }
        '\'' => date::date(text, at).map(Found::new),
        _ => {
            let (value, end) = number::arabic(text, at)?;
            let amount = Amount {
                value,
                end,
                factor: 1,
            };
            Some(with_unit(text, at, amount))
        }
    }
}

/// Whether what was read goes on to the end of the code that begins with it, as ranges do:
/// `10-15kg` is one, `2024-A3` is a code.
fn reaches(text: &str, found: &Found, code_end: usize) -> bool {
    let mut end = found.end;
    let mut last = None;
    for _ in 0..4 {
        if end >= code_end {
            break;
        }
        let Some(start) = eat(text, end, "-").or_else(|| eat(text, end, "/")) else {
            return false;
        };
        let further = if next(text, start).is_some_and(|char| char.is_ascii_digit()) {
            figure(text, start)
        } else {
            english_words(text, start)
        };
        let Some(further) = further else { return false };
        end = further.end;
        last = Some(further.value);
    }
    let Some(last) = last else {
        return end >= code_end;
    };
    end >= code_end && is_range(&found.value, &last)
}

/// Whether two figures with a hyphen between are a range and no code.
fn is_range(one: &Value, two: &Value) -> bool {
    let year = |number: &Number| (1900 * MILLION..2100 * MILLION).contains(&number.amount);
    match (one, two) {
        (Value::Number(low), Value::Number(high)) => {
            if high.unit.is_some() {
                return low.amount <= high.amount || high.unit.is_some_and(|unit| unit.scale > 1);
            }
            let small = low.amount < high.amount && high.amount < 1_000 * MILLION;
            low.unit.is_none() && (small || year(low) && year(high) && low.amount < high.amount)
        }
        (Value::Number(low), Value::Time(..)) => low.unit.is_none() && low.amount <= 24 * MILLION,
        (Value::Time(..), Value::Number(high)) => high.unit.is_none(),
        (Value::Number(low), Value::Date(..)) => low.unit.is_none(),
        (one, two) => one.family() == two.family(),
    }
}

/// `48-question` counts questions and is no code.
fn counted_code(code: &str) -> Option<Found> {
    let (figure, word) = code.split_once('-')?;
    let plain = word.len() >= 3
        && word
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    if !plain
        || !figure
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        return None;
    }
    let value = super::value::decimal(figure)?;
    let noun = crate::index::words(word).pop().map(|token| token.text);
    let number = Number {
        noun,
        ..number::value(value, None)
    };
    Some(Found::new((Value::Number(number), 0)))
}

/// An address of the web.
fn url(text: &str, at: usize) -> Option<(Value, usize)> {
    let rest = &text[at..];
    if !(rest.starts_with("http://") || rest.starts_with("https://") || rest.starts_with("www.")) {
        return None;
    }
    let length = rest
        .bytes()
        .take(512)
        .take_while(|byte| {
            byte.is_ascii_graphic()
                && !matches!(byte, b'"' | b'<' | b'>' | b'|' | b')' | b'(' | b',')
        })
        .count();
    let url = rest[..length].trim_end_matches(['.', ';', ':', '!', '?', '\'']);
    let plain = url.to_ascii_lowercase();
    let plain = plain
        .trim_start_matches("https://")
        .trim_start_matches("http://")
        .trim_start_matches("www.")
        .trim_end_matches('/');
    Some((Value::Code(plain.to_owned()), at + url.len()))
}

/// `A4`, `3D`: codes that are too short for an index.
fn short_code(text: &str, at: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let length = bytes[at..]
        .iter()
        .take(3)
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    let code = &text[at..at + length];
    (length == 2
        && code.bytes().any(|byte| byte.is_ascii_digit())
        && code.bytes().any(|byte| byte.is_ascii_uppercase()))
    .then(|| Found::new((Value::Code(code.to_ascii_lowercase()), at + length)))
}

/// What begins with a digit.
fn figure(text: &str, at: usize) -> Option<Found> {
    // `02) 123-4567` at the head of a line.
    if text[at..].starts_with('0')
        && let Some(found) = name::phone(text, at)
    {
        return Some(Found::new(found));
    }
    if let Some(found) = enumerator(text, at) {
        return Some(found);
    }
    if let Some(found) = date::date(text, at) {
        return Some(Found::new(found));
    }
    if let Some(found) = name::phone(text, at) {
        return Some(Found::new(found));
    }
    if let Some(found) = name::article(text, at) {
        return Some(Found::new(found));
    }
    if let Some(found) = date::part(text, at) {
        return Some(Found::new(found));
    }
    if let Some(found) = name::version(text, at) {
        return Some(Found::new(found));
    }
    if let Some(found) = date::time(text, at) {
        return Some(Found::new(found));
    }
    if let Some(found) = pair(text, at) {
        return Some(found);
    }
    if let Some(found) = ordinal(text, at) {
        return Some(found);
    }
    let amount = number::amount(text, at, false)?;
    let found = with_unit(text, at, amount);
    if let Value::Number(Number {
        amount: MILLION,
        unit: Some(unit),
        ..
    }) = found.value
        && (unit.is_duration()
            || matches!(unit, PERSON | TIMES)
            || text[found.end..].starts_with('당'))
        && each_follows(text, found.end)
    {
        return Some(Found::rate(unit, found.end));
    }
    Some(found)
}

/// `1.`, `2)`, `(3)` at the head of a line: they number what follows.
fn enumerator(text: &str, at: usize) -> Option<Found> {
    let (number, end) = digits(text, at, 2)?;
    let mut head = text[..at].chars().rev();
    let mut first = head.next();
    if first == Some('(') {
        first = head.next();
    }
    // Two marks and spaces may stand before.
    for _ in 0..6 {
        match first {
            Some(' ' | '-' | '*' | '#' | '•' | '·' | '\t') => first = head.next(),
            _ => break,
        }
    }
    if !matches!(first, None | Some('\n')) {
        return None;
    }
    if let Some(found) = heading_number(text, at) {
        return Some(found);
    }
    let closed = eat(text, end, ".").or_else(|| eat(text, end, ")"))?;
    let rest = &text[closed..];
    // `3. 1.` is a day; `1. 2024년` numbers an item.
    let follows = rest
        .trim_start_matches(' ')
        .bytes()
        .take(4)
        .take_while(u8::is_ascii_digit)
        .count();
    let goes_on = rest.starts_with(' ') && (follows == 0 || follows >= 3);
    let goes_on = goes_on || rest.starts_with(|char: char| is_hangul(char)) && rest.len() > 3;
    goes_on.then(|| Found {
        is_label: true,
        ..Found::new((
            Value::Article(vec![(name::ANY, number.trim_start_matches('0').to_owned())]),
            closed,
        ))
    })
}

/// `4.2 Leave` at the head of a line.
fn heading_number(text: &str, at: usize) -> Option<Found> {
    let (mut end, mut parts) = (at, 0);
    while let Some((_, after)) = digits(text, end, 3).filter(|_| parts < 6) {
        parts += 1;
        end = after;
        match eat(text, end, ".")
            .filter(|after| next(text, *after).is_some_and(|char| char.is_ascii_digit()))
        {
            Some(after) => end = after,
            None => break,
        }
    }
    let after = eat(text, end, ".").unwrap_or(end);
    let word = next(text, eat(text, after, " ")?)?;
    let is_heading = parts >= 2
        && (word.is_uppercase() || is_hangul(word))
        && unit_at(text, end).is_none()
        && date::date(text, at).is_none();
    is_heading.then(|| Found {
        is_label: true,
        ..Found::new((
            Value::Article(vec![(name::ANY, text[at..end].to_owned())]),
            after,
        ))
    })
}

/// `7:3`, `3/5`, `6 대 4`.
fn pair(text: &str, at: usize) -> Option<Found> {
    let (one, end) = digits(text, at, 4)?;
    let mark = next(text, end)?;
    let (mark, start) = match mark {
        ':' | '/' => (mark, end + 1),
        ' ' => (':', eat(text, end, " 대 ")?),
        _ => return None,
    };
    let (two, end) = digits(text, start, 4)?;
    let goes_on = next(text, end)
        .is_some_and(|char| char.is_ascii_alphanumeric() || matches!(char, ':' | '/'))
        || matches!(next(text, end), Some('.' | ',')) && digits(text, end + 1, 1).is_some();
    if goes_on || mark == '/' && (unit_at(text, end).is_some() && !text[end..].starts_with(' ')) {
        return None;
    }
    Some(Found::new((
        Value::Pair(one.parse().ok()?, two.parse().ok()?, mark),
        end,
    )))
}

/// `3rd`, `3번째`, `3째`.
fn ordinal(text: &str, at: usize) -> Option<Found> {
    let (number, end) = digits(text, at, 4)?;
    let after = ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|suffix| eat(text, end, suffix));
    let end = match after {
        Some(end) if !next(text, end).is_some_and(|char| char.is_ascii_alphanumeric()) => end,
        Some(_) => return None,
        None => {
            let start = spaces(text, end);
            eat(text, start, "번째").or_else(|| eat(text, end, "째"))?
        }
    };
    Some(Found::new((Value::Ordinal(number.parse().ok()?), end)))
}

/// An amount with the sign of its currency before.
fn money(text: &str, amount: &Amount, sign: Unit) -> Found {
    let mut amount = amount.clone();
    // `₩35,000원`, `$70 USD`.
    if let Some((_, end)) = unit_at(text, amount.end).filter(|(unit, _)| *unit == sign) {
        amount.end = end;
    }
    let value = amount.value;
    Found::number(&amount, number::value(value, Some(sign)))
}

/// A number below nothing, where a hyphen can be a minus.
fn negative(text: &str, at: usize, char: char) -> Option<Found> {
    let start = at + char.len_utf8();
    if !next(text, start)?.is_ascii_digit() {
        return None;
    }
    let free = match before(text, at) {
        None => char != '-',
        Some(head) => matches!(head, '(' | ':' | '\t') || head == ' ' || matches!(char, '△' | '▲'),
    };
    let amount = number::amount(text, start, false)?;
    let mut found = with_unit(text, start, amount);
    let Value::Number(number) = &mut found.value else {
        return None;
    };
    let signed = match number.unit {
        Some(unit) => {
            matches!(
                unit.dimension,
                Dimension::Celsius
                    | Dimension::Fahrenheit
                    | Dimension::Percent
                    | Dimension::Point
                    | Dimension::Degree
            ) || unit.is_money() && matches!(char, '△' | '▲')
        }
        None => matches!(char, '△' | '▲'),
    };
    // The head of a line may have a mark, and a temperature a sign.
    if !(signed && (free || before(text, at).is_none())) {
        return None;
    }
    // `120 - 30%` is arithmetic.
    let mut back = text[..at].chars().rev().skip_while(|char| *char == ' ');
    if char == '-'
        && before(text, at) == Some(' ')
        && back
            .next()
            .is_some_and(|char| char.is_ascii_digit() || matches!(char, '%' | '원' | '일' | '명'))
        && text[start..].starts_with(' ')
    {
        return None;
    }
    number.amount = -number.amount;
    Some(found)
}

/// Gives an amount its unit, or what it counts.
fn with_unit(text: &str, at: usize, mut amount: Amount) -> Found {
    // `3분의 2` is two thirds.
    if let Some(found) = parts(text, amount.value, amount.end) {
        return found;
    }
    let value = amount.value;
    // `ninety (90) days`.
    let is_repeated = text[..at].ends_with('(') && text[amount.end..].starts_with(')');
    if is_repeated && let Some((unit, _)) = unit_at(text, amount.end + 1) {
        return Found::number(&amount, number::value(value, Some(unit)));
    }
    let Some((mut unit, mut end)) = unit_at(text, amount.end) else {
        let mut found = number::value(value, None);
        if number::label(text, at)
            .is_some_and(|word| matches!(word.as_str(), "aged" | "age" | "ages"))
        {
            found.unit = Some(AGE);
            return Found::number(&amount, found);
        }
        found.noun = noun(text, amount.end);
        found.label = number::label(text, at);
        let is_year = amount.end - at == 4
            && amount.factor == 1
            && (1900 * MILLION..2100 * MILLION).contains(&value)
            && value % MILLION == 0
            && found.noun.is_none();
        if let Some(year) = u32::try_from(value / MILLION)
            .ok()
            .filter(|_| is_year && text.as_bytes()[at].is_ascii_digit())
        {
            return Found::new((Value::Date(Some(year), None, None), amount.end));
        }
        return Found::number(&amount, found);
    };
    if unit == DAY && is_working(text, at, end) {
        unit = WORKING_DAY;
        if let Some(close) = working_close(text, end) {
            end = close;
        }
    }
    if unit == YEAR && age_follows(text, end).is_some() {
        unit = AGE;
        end = age_follows(text, end).unwrap_or(end);
    }
    let value = amount.value;
    amount.end = end;
    lengthen(text, value, unit, amount)
}

fn age_follows(text: &str, at: usize) -> Option<usize> {
    [" old", " of age", "-old"]
        .iter()
        .find_map(|words| eat(text, at, words))
}

/// Adds what goes on after a duration: `1시간 30분`, `1년 6개월`, `1시간 반`. Gives the found.
fn lengthen(text: &str, value: i128, unit: Unit, mut amount: Amount) -> Found {
    let (mut value, mut unit) = (value, unit);
    if let Some(end) = half_more(text, amount.end).filter(|_| unit.is_duration()) {
        value += MILLION / 2;
        amount.end = end;
    }
    let smaller: &[Unit] = match unit {
        HOUR => &[MINUTE],
        MINUTE => &[SECOND],
        YEAR => &[MONTH],
        _ => &[],
    };
    if !smaller.is_empty() {
        let start = spaces(text, amount.end);
        let start = eat(text, start, "and ")
            .or_else(|| eat(text, start, ", "))
            .unwrap_or(start);
        let more = if next(text, start).is_some_and(|char| char.is_ascii_digit()) {
            number::arabic(text, start).and_then(|(more, end)| {
                let (unit, end) = unit_at(text, end)?;
                Some((more, unit, end))
            })
        } else if next(text, start).is_some_and(is_hangul) {
            number::korean(text, start).and_then(|(more, unit)| Some((more.value, unit?, more.end)))
        } else {
            english(text, start).and_then(|(more, _)| {
                let (unit, end) = unit_at(text, more.end)?;
                Some((more.value, unit, end))
            })
        };
        if let Some((more, small, end)) = more.filter(|(_, small, _)| smaller.contains(small))
            && !(text[end..].starts_with('당') || text[end..].starts_with("마다"))
        {
            value = value
                .saturating_mul(unit.scale)
                .saturating_add(more.saturating_mul(small.scale));
            unit = Unit { scale: 1, ..unit };
            amount.end = end;
            // Seconds after minutes after hours are too rare.
        }
    }
    Found::number(&amount, number::value(value, Some(unit)))
}

/// After ` 반` or ` and a half`.
fn half_more(text: &str, at: usize) -> Option<usize> {
    if let Some(end) = and_a_half(text, at) {
        return Some(end);
    }
    let end = eat(text, spaces(text, at), "반")?;
    let goes_on = [
        "기", "드", "납", "영", "차", "복", "환", "응", "대", "출", "려", "품", "송",
    ]
    .iter()
    .any(|more| text[end..].starts_with(more));
    (!goes_on).then_some(end)
}

/// `3분의 2` after its `3`.
fn parts(text: &str, below: i128, at: usize) -> Option<Found> {
    let start = spaces(text, eat(text, at, "분의")?);
    let (above, end) = number::arabic(text, start).or_else(|| {
        let (name, value) = [("일", 1), ("이", 2), ("삼", 3), ("사", 4), ("오", 5)]
            .into_iter()
            .find(|(name, _)| text[start..].starts_with(name))?;
        Some((value * MILLION, start + name.len()))
    })?;
    (below > 0).then(|| {
        Found::new((
            Value::number(above.saturating_mul(100 * MILLION) / below, Some(PERCENT)),
            end,
        ))
    })
}

/// Whether days are said to be those that are worked: `영업일 기준 5일`, `5일(영업일 기준)`.
fn is_working(text: &str, at: usize, end: usize) -> bool {
    [
        "영업일 기준 ",
        "영업일 기준으로 ",
        "근무일 기준 ",
        "근무일 기준으로 ",
        "영업일로 ",
        "워킹데이 기준 ",
        "영업일 ",
        "근무일 ",
    ]
    .iter()
    .any(|words| text[..at].ends_with(words))
        || working_close(text, end).is_some()
}

fn working_close(text: &str, end: usize) -> Option<usize> {
    let start = eat(text, spaces(text, end), "(")?;
    let inner = [
        "영업일 기준",
        "근무일 기준",
        "영업일",
        "근무일",
        "working days",
        "business days",
    ]
    .iter()
    .find_map(|words| eat(text, start, words))?;
    eat(text, inner, ")")
}

/// What begins with a Latin letter.
fn english_words(text: &str, at: usize) -> Option<Found> {
    if let Some(found) = date::part(text, at)
        .or_else(|| date::date(text, at))
        .or_else(|| date::weekday(text, at))
        .or_else(|| date::time(text, at))
    {
        return Some(Found::new(found));
    }
    if let Some(found) = date::relative(text, at) {
        return Some(Found::soft(found));
    }
    if let Some(found) = name::article(text, at) {
        return Some(Found::new(found));
    }
    let (word, end) = latin(text, at)?;
    let lower = word.to_ascii_lowercase();
    if matches!(lower.as_str(), "v" | "ver" | "version") {
        return version(text, end);
    }
    if let Some(found) = currency(text, &lower, word, end) {
        return Some(found);
    }
    if let Some(found) = english_rate(text, &lower, at, end) {
        return Some(found);
    }
    if let Some(found) = english_fraction(text, &lower, end) {
        return Some(found);
    }
    if let Some(found) = english_ordinal(text, &lower, at, end) {
        return Some(found);
    }
    if let Some((amount, is_one)) = english(text, at) {
        return counted(text, at, amount, is_one);
    }
    match lower.as_str() {
        "twice" | "thrice" | "once" => {
            let times = match lower.as_str() {
                "once" => 1,
                "twice" => 2,
                _ => 3,
            };
            // `once approved` is no number.
            let counts = times > 1
                || [
                    "a", "per", "every", "each", "only", "in", "daily", "weekly", "monthly",
                    "yearly", "annually",
                ]
                .iter()
                .any(|word| latin(text, spaces(text, end)).is_some_and(|(next, _)| next == *word))
                || text[..at].trim_end_matches(' ').ends_with("only");
            return counts.then(|| Found {
                is_soft: times == 1,
                ..Found::new((
                    Value::number(times * MILLION, Some(unit::TIMES_OR_FOLD)),
                    end,
                ))
            });
        }
        "double" | "doubled" | "doubles" | "twofold" | "triple" | "tripled" | "threefold" => {
            let fold = if lower.starts_with('d') || lower == "twofold" {
                2
            } else {
                3
            };
            return Some(Found::soft((
                Value::number(fold * MILLION, Some(FOLD)),
                end,
            )));
        }
        _ => {}
    }
    None
}

/// `v5.2`, `ver. 5.2`: the number as it is said without the letter.
fn version(text: &str, at: usize) -> Option<Found> {
    let start = eat(text, at, ".").unwrap_or(at);
    let start = spaces(text, start);
    if let Some(found) = name::version(text, start) {
        return Some(Found::new(found));
    }
    let (value, end) = number::arabic(text, start)?;
    if next(text, end).is_some_and(|char| char.is_ascii_alphanumeric()) {
        return None;
    }
    Some(Found::new((Value::number(value, None), end)))
}

/// `KRW 35,000`, `FY2024`, `US$70`.
fn currency(text: &str, lower: &str, word: &str, end: usize) -> Option<Found> {
    if word == "FY" {
        let start = spaces(text, end);
        let (found, end) = digits(text, start, 4)?;
        let year: u32 = found.parse().ok()?;
        let year = if found.len() == 2 { 2000 + year } else { year };
        return ((1900..2100).contains(&year))
            .then(|| Found::new((Value::Date(Some(year), None, None), end)));
    }
    if lower == "us" && text[end..].starts_with('$') {
        let amount = number::amount(text, end + 1, true)?;
        return Some(money(text, &amount, unit::sign('$')?));
    }
    if lower.len() != 3 || !word.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let unit = unit::english(lower).filter(|unit| unit.is_money())?;
    let start = spaces(text, end);
    let start = next(text, start)
        .filter(|char| unit::sign(*char).is_some())
        .map_or(start, |char| spaces(text, start + char.len_utf8()));
    let amount = number::amount(text, start, true)?;
    Some(money(text, &amount, unit))
}

/// A number in words, with its unit or what it counts.
fn counted(text: &str, at: usize, amount: Amount, is_one: bool) -> Option<Found> {
    // `two thirds` was read as a fraction; `one of`, `one's` count nothing.
    let end = amount.end;
    let mut found = with_unit(text, at, amount);
    let Value::Number(number) = &found.value else {
        return Some(found);
    };
    let in_range = [" to ", " or ", "-", "–", "~"].iter().any(|mark| {
        eat(text, end, mark)
            .is_some_and(|start| english(text, start).is_some() || digits(text, start, 4).is_some())
    });
    if is_one && number.unit.is_none() && !in_range {
        return None;
    }
    found.is_soft = is_one && number.unit.is_some_and(Unit::counts);
    let head = text[..at].trim_end_matches(' ');
    let names_all = [
        "the", "these", "those", "all", "both", "our", "its", "their", "The", "These", "Both",
        "All",
    ]
    .iter()
    .any(|word| head.ends_with(word));
    if number.unit.is_none() && (number.noun.is_none() && text[end..].starts_with('-') || names_all)
    {
        // `two-factor` is a name, and `the two quarters` counts what is listed.
        found.is_soft = true;
    }
    Some(found)
}

/// `half a day`, `two-thirds`, `a quarter of`.
fn english_fraction(text: &str, lower: &str, end: usize) -> Option<Found> {
    let share =
        |above: i128, below: i128| Value::number(above * 100 * MILLION / below, Some(PERCENT));
    if lower == "half" {
        let start = spaces(text, end);
        for article in ["a ", "an ", "the "] {
            if let Some(after) = eat(text, start, article)
                && let Some((unit, end)) = latin(text, after)
                    .and_then(|(word, end)| Some((unit::english(&word.to_ascii_lowercase())?, end)))
                && unit.is_duration()
            {
                return Some(Found::new((Value::number(MILLION / 2, Some(unit)), end)));
            }
        }
        let joined = if text[end..].starts_with('-') {
            end + 1
        } else {
            start
        };
        if let Some((unit, end)) = latin(text, joined)
            .and_then(|(word, end)| Some((unit::english(&word.to_ascii_lowercase())?, end)))
            && unit.is_duration()
        {
            return Some(Found::soft((Value::number(MILLION / 2, Some(unit)), end)));
        }
        return Some(Found::soft((share(1, 2), end)));
    }
    let above = match lower {
        "a" | "one" => 1,
        "two" => 2,
        "three" => 3,
        "four" => 4,
        _ => return None,
    };
    let start = match next(text, end)? {
        '-' => end + 1,
        ' ' => spaces(text, end),
        _ => return None,
    };
    let (below, end) = latin(text, start)?;
    let below = match below.to_ascii_lowercase().as_str() {
        "half" | "halves" => 2,
        "third" | "thirds" => 3,
        "quarter" | "quarters" | "fourth" | "fourths" => 4,
        "fifth" | "fifths" => 5,
        "tenth" | "tenths" => 10,
        _ => return None,
    };
    for hour in [" of an hour", " of a year", " of a day"] {
        if let Some(end) = eat(text, end, hour) {
            let unit = if hour.ends_with("hour") {
                HOUR
            } else if hour.ends_with("year") {
                YEAR
            } else {
                DAY
            };
            return Some(Found::new((
                Value::number(above * MILLION / below, Some(unit)),
                end,
            )));
        }
    }
    // `a third party`, `two quarters` of a year and `a fifth` in a row are no shares.
    let joined = text[start - 1..].starts_with('-');
    let is_share = text[end..].starts_with(" of ")
        || (above > 1 || lower == "one")
            && (joined || below == 3)
            && !text[end..].starts_with(" part");
    is_share.then(|| Found::new((share(above, below), end)))
}

/// `per month`, `a day`, `weekly`.
fn english_rate(text: &str, lower: &str, at: usize, end: usize) -> Option<Found> {
    let named = match lower {
        "hourly" => Some(HOUR),
        "daily" => Some(DAY),
        "weekly" => Some(WEEK),
        "monthly" => Some(MONTH),
        "yearly" | "annually" | "annual" => Some(YEAR),
        "nightly" => unit::english("night"),
        _ => None,
    };
    if let Some(unit) = named {
        return Some(Found::rate(unit, end));
    }
    if !matches!(lower, "per" | "a" | "an" | "each" | "every") {
        return None;
    }
    let start = spaces(text, end);
    let (word, mut after) = latin(text, start)?;
    let mut word = word.to_ascii_lowercase();
    if matches!(word.as_str(), "calendar" | "working" | "business") {
        let (further, end) = latin(text, spaces(text, after))?;
        word = further.to_ascii_lowercase();
        after = end;
    }
    let unit = match word.as_str() {
        "head" | "capita" => PERSON,
        word => unit::english(word)?,
    };
    if word.ends_with('s')
        || lower != "per" && (word == "second" || !(unit.is_duration() || unit == PERSON))
    {
        return None;
    }
    // `within a week` is a week; `a month's notice` too.
    let head = text[..at].trim_end_matches(' ');
    let spans = matches!(lower, "a" | "an")
        && [
            "within", "for", "in", "after", "than", "least", "most", "over", "to", "under",
            "about", "is", "of",
        ]
        .iter()
        .any(|word| head.ends_with(word));
    let possessive = text[after..].starts_with("'s") || text[after..].starts_with("’s");
    if matches!(lower, "a" | "an") && (spans || possessive) {
        let amount = Amount {
            value: MILLION,
            end: after,
            factor: 1,
        };
        return Some(Found {
            is_soft: true,
            ..lengthen(text, MILLION, unit, amount)
        });
    }
    if matches!(lower, "a" | "an") && and_a_half(text, after).is_some() {
        let amount = Amount {
            value: MILLION,
            end: after,
            factor: 1,
        };
        return Some(lengthen(text, MILLION, unit, amount));
    }
    Some(Found::rate(unit, after))
}

const ORDINALS: [&str; 20] = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
];

fn english_ordinal(text: &str, lower: &str, at: usize, end: usize) -> Option<Found> {
    let (base, word, end) = match lower {
        "twenty" | "thirty" | "forty" | "fifty" | "sixty" | "seventy" | "eighty" | "ninety" => {
            let start = match next(text, end)? {
                '-' => end + 1,
                ' ' => spaces(text, end),
                _ => return None,
            };
            let (word, end) = latin(text, start)?;
            let (tens, _) = english(text, at)?;
            let tens = u32::try_from(tens.value / MILLION / 10 * 10).ok()?;
            let word = word.to_ascii_lowercase();
            ORDINALS[..9]
                .contains(&word.as_str())
                .then_some((tens, word, end))?
        }
        "thirtieth" => (20, "tenth".to_owned(), end),
        _ => (0, lower.to_owned(), end),
    };
    let index = ORDINALS.iter().position(|name| *name == word)?;
    let number = base + u32::try_from(index + 1).ok()?;
    // `First, ..`, `at first`, `third party` and `first-come` order nothing.
    let head = text[..at].trim_end_matches(' ');
    let starts = head.is_empty() || head.ends_with(['.', ';', ':', '\n', '-']);
    let joined = [
        "-come", "-aid", "-class", "-hand", "-rate", "-party", "-line", "-degree", "-name",
    ]
    .iter()
    .any(|words| text[end..].starts_with(words));
    let idle = text[end..].starts_with([',', ':']) && starts
        || joined
        || [
            " of all",
            " come",
            " aid",
            " name",
            " party",
            " parties",
            " and foremost",
            " served",
        ]
        .iter()
        .any(|words| text[end..].starts_with(words))
        || head.ends_with(" at")
        || number == 1
            && [
                "should", "must", "will", "can", "may", "to", "you", "and", "then", "it", "was",
                "were", "be", "have", "has",
            ]
            .iter()
            .any(|word| {
                head.strip_suffix(word)
                    .is_some_and(|head| head.ends_with(' '))
            });
    (!idle).then(|| Found::soft((Value::Ordinal(number), end)))
}

/// Days that are counted by a word of their own.
const DAYS: &[(&str, i128)] = &[
    ("하루", 1),
    ("이틀", 2),
    ("사흘", 3),
    ("나흘", 4),
    ("닷새", 5),
    ("엿새", 6),
    ("이레", 7),
    ("여드레", 8),
    ("아흐레", 9),
    ("열흘", 10),
    ("열하루", 11),
    ("열이틀", 12),
    ("보름", 15),
    ("스무날", 20),
];

/// What begins with a Hangul syllable.
fn korean_words(text: &str, at: usize) -> Option<Found> {
    if let Some(found) = name::article(text, at) {
        return Some(Found::new(found));
    }
    if let Some(found) = date::time(text, at)
        .or_else(|| date::weekday(text, at))
        .or_else(|| date::part(text, at))
    {
        return Some(Found::new(found));
    }
    if let Some(found) = date::relative(text, at) {
        return Some(Found::soft(found));
    }
    if let Some(found) = temperature(text, at) {
        return Some(found);
    }
    if let Some(found) = month_day(text, at) {
        return Some(found);
    }
    if let Some(unit) = korean_rate(text, at) {
        return Some(unit);
    }
    if let Some(found) = korean_ordinal(text, at) {
        return Some(found);
    }
    if let Some((name, days)) = DAYS
        .iter()
        .filter(|(name, _)| text[at..].starts_with(name))
        .max_by_key(|(name, _)| name.len())
    {
        let amount = Amount {
            value: days * MILLION,
            end: at + name.len(),
            factor: 1,
        };
        if *days == 1 && each_follows(text, amount.end) {
            return Some(Found::rate(DAY, amount.end));
        }
        return Some(lengthen(text, days * MILLION, DAY, amount));
    }
    for (name, value, unit) in [
        ("일주일", 1, WEEK),
        ("반시간", 0, HOUR),
        ("반 시간", 0, HOUR),
        ("반나절", 0, DAY),
        ("반년", 6, MONTH),
        ("절반", 0, PERCENT),
        ("반반", 0, PERCENT),
    ] {
        if let Some(end) = eat(text, at, name) {
            let amount = match (value, unit) {
                (0, PERCENT) => 50 * MILLION,
                (0, _) => MILLION / 2,
                (value, _) => value * MILLION,
            };
            return Some(Found {
                is_soft: value == 0,
                ..Found::new((Value::number(amount, Some(unit)), end))
            });
        }
    }
    if let Some(end) = eat(text, at, "하나").filter(|end| !text[*end..].starts_with(['의', '같']))
    {
        return Some(Found::rate(ITEM, end));
    }
    // `영업일 기준 5일` is read at its figure.
    let (amount, unit) = number::korean(text, at)?;
    let Some(unit) = unit else {
        // `스물한째`.
        if let Some(end) = eat(text, amount.end, "째") {
            let ordinal = u32::try_from(amount.value / MILLION).ok()?;
            return Some(Found::new((Value::Ordinal(ordinal), end)));
        }
        return Some(Found::number(&amount, number::value(amount.value, None)));
    };
    if amount.value == MILLION && unit.is_duration() && each_follows(text, amount.end) {
        return Some(Found::rate(unit, amount.end));
    }
    let value = amount.value;
    let is_soft = value == MILLION && unit.counts();
    if let Some(end) =
        eat(text, spaces(text, amount.end), "째").or_else(|| eat(text, amount.end, "번째"))
    {
        let ordinal = u32::try_from(value / MILLION).ok()?;
        return Some(Found::new((Value::Ordinal(ordinal), end)));
    }
    let mut unit = unit;
    let mut amount = amount;
    if unit == DAY && is_working(text, at, amount.end) {
        unit = WORKING_DAY;
        amount.end = working_close(text, amount.end).unwrap_or(amount.end);
    }
    Some(Found {
        is_soft,
        ..lengthen(text, value, unit, amount)
    })
}

/// `영하 20도`, `영상 60도`.
fn temperature(text: &str, at: usize) -> Option<Found> {
    let (start, sign) = [("영하", -1), ("영상", 1), ("섭씨", 1)]
        .into_iter()
        .find_map(|(word, sign)| Some((eat(text, at, word)?, sign)))?;
    let start = spaces(text, start);
    let (value, end) = number::arabic(text, start)?;
    let end = unit_at(text, end).filter(|(unit, _)| *unit == CELSIUS)?.1;
    Some(Found::new((
        Value::number(value * sign, Some(CELSIUS)),
        end,
    )))
}

/// `매월 25일`: the day of the month, not so many days.
fn month_day(text: &str, at: usize) -> Option<Found> {
    let start = [
        "매월",
        "매달",
        "익월",
        "당월",
        "다음 달",
        "다음달",
        "이달",
        "같은 달",
        "전월",
    ]
    .iter()
    .find_map(|name| eat(text, at, name))?;
    let start = spaces(text, start);
    let (day, end) = digits(text, start, 2)?;
    let end = eat(text, spaces(text, end), "일")?;
    if text[end..].starts_with('간') || text[end..].starts_with("의 ") {
        return None;
    }
    let day = day.parse().ok().filter(|day| (1..=31).contains(day))?;
    Some(Found::new((Value::Date(None, None, Some(day)), end)))
}

/// Whether what is said once is for each, as in `하루에 8시간`, `1인당`.
fn each_follows(text: &str, at: usize) -> bool {
    if ["당", "마다"]
        .iter()
        .any(|word| text[at..].starts_with(word))
    {
        return true;
    }
    let at = eat(text, at, "에").unwrap_or(at);
    let start = spaces(text, at);
    if start == at {
        return false;
    }
    // A figure follows, perhaps after `최대` and the like.
    let mut start = start;
    for _ in 0..2 {
        let word = [
            "최대", "최소", "평균", "약", "총", "각", "각각", "단", "한", "두", "세", "네", "다섯",
        ]
        .iter()
        .filter(|word| {
            text[start..].starts_with(**word) && text[start + word.len()..].starts_with(' ')
        })
        .max_by_key(|word| word.len());
        match word {
            Some(word) if matches!(*word, "한" | "두" | "세" | "네" | "다섯") => return true,
            Some(word) => start = spaces(text, start + word.len()),
            None => break,
        }
    }
    next(text, start).is_some_and(|char| char.is_ascii_digit() || unit::sign(char).is_some())
}

/// `월 5만원`, `매년`, `주 2회`, `인당`.
fn korean_rate(text: &str, at: usize) -> Option<Found> {
    for (name, unit) in [
        ("매월", MONTH),
        ("매달", MONTH),
        ("월별", MONTH),
        ("월평균", MONTH),
        ("다달이", MONTH),
        ("매년", YEAR),
        ("매해", YEAR),
        ("해마다", YEAR),
        ("연간", YEAR),
        ("연평균", YEAR),
        ("연차별", YEAR),
        ("매주", WEEK),
        ("매일", DAY),
        ("날마다", DAY),
        ("일일", DAY),
        ("시간당", HOUR),
        ("매시간", HOUR),
        ("인당", PERSON),
        ("회당", TIMES),
        (
            "건당",
            Unit {
                dimension: Dimension::Case,
                scale: 1,
            },
        ),
        (
            "박당",
            Unit {
                dimension: Dimension::Night,
                scale: 1,
            },
        ),
    ] {
        if let Some(end) = eat(text, at, name) {
            return Some(Found::rate(unit, end));
        }
    }
    for (name, unit) in [
        ("월간", MONTH),
        ("주간", WEEK),
        ("월", MONTH),
        ("연", YEAR),
        ("년", YEAR),
        ("주", WEEK),
        ("일", DAY),
        ("주당", WEEK),
        ("일당", DAY),
        ("월당", MONTH),
    ] {
        if let Some(end) = eat(text, at, name)
            && (each_follows(text, end) && text[end..].starts_with(' ')
                || next(text, end).is_some_and(|char| char.is_ascii_digit())
                    && name.chars().count() == 1)
        {
            return Some(Found::rate(unit, end));
        }
    }
    None
}

/// `첫째`, `두 번째`, `제3`.
fn korean_ordinal(text: &str, at: usize) -> Option<Found> {
    if let Some(start) = eat(text, at, "제") {
        let start = spaces(text, start);
        let (number, mut end) = digits(text, start, 4)?;
        // `제5회`, `제2차`, `제1공장`.
        if let Some((_, length)) = unit::korean(&text[end..], true).filter(|(unit, _)| {
            unit.counts()
                && matches!(
                    unit.dimension,
                    Dimension::Times
                        | Dimension::Round
                        | Dimension::Number
                        | Dimension::Grade
                        | Dimension::Step
                        | Dimension::Floor
                )
        }) {
            end += length;
        }
        return Some(Found::new((Value::Ordinal(number.parse().ok()?), end)));
    }
    if let Some(end) = eat(text, at, "첫") {
        for more in [
            "째", " 번째", "번째", "날", "해", " 해", " 날", " 달", "달", "차", " ",
        ] {
            if let Some(after) = eat(text, end, more) {
                let end = if more.trim().is_empty() { end } else { after };
                return Some(Found::soft((Value::Ordinal(1), end)));
            }
        }
        return None;
    }
    for (name, number) in [
        ("둘", 2),
        ("셋", 3),
        ("넷", 4),
        ("다섯", 5),
        ("여섯", 6),
        ("일곱", 7),
        ("두", 2),
        ("세", 3),
        ("네", 4),
        ("열", 10),
        ("여덟", 8),
        ("아홉", 9),
    ] {
        if let Some(end) = eat(text, at, name) {
            let start = spaces(text, end);
            let ordinal = eat(text, end, "째").or_else(|| eat(text, start, "번째"));
            if let Some(end) = ordinal {
                return Some(Found::soft((Value::Ordinal(number), end)));
            }
        }
    }
    None
}

/// What stands between two facts, trimmed, if it is short.
fn between<'a>(text: &'a str, one: &Fact, two: &Fact) -> Option<&'a str> {
    let gap = text.get(one.at.end..two.at.start)?;
    (gap.len() <= 24).then(|| gap.trim())
}

fn is_list_mark(gap: &str) -> bool {
    matches!(
        gap,
        "," | "·" | "/" | "and" | ", and" | "or" | ", or" | "및" | "또는" | "와" | "과" | "혹은"
    )
}

fn is_range_mark(gap: &str) -> bool {
    matches!(
        gap,
        "~" | "-"
            | "–"
            | "—"
            | "〜"
            | "∼"
            | "−"
            | "to"
            | "through"
            | "thru"
            | "에서"
            | "부터"
            | "until"
            | "till"
            | "and"
            | "내지"
            | "-to-"
            | "까지"
            | "일부터"
            | "~약"
    )
}

/// Gives the unit of the last to all of a range or list: `10~15일`, `15, 20 and 25 days`.
fn share_units(text: &str, facts: &mut [Fact]) {
    for index in (1..facts.len()).rev() {
        let (head, tail) = facts.split_at_mut(index);
        let (Some(one), Some(two)) = (head.last_mut(), tail.first()) else {
            continue;
        };
        let Some(gap) = between(text, one, two) else {
            continue;
        };
        let range = is_range_mark(gap) && gap != "and" || gap == "and" && is_between(text, one);
        if !(range || is_list_mark(gap) || gap == "(") {
            continue;
        }
        match (&mut one.value, &two.value) {
            (Value::Number(low), Value::Number(high))
                if low.unit.is_none() && low.noun.is_none() =>
            {
                let Some(unit) = high.unit else { continue };
                if low.label.is_some() && !range && !unit.is_duration() {
                    continue;
                }
                low.unit = Some(unit);
                // `3~5만원` is from 30,000.
                if two.factor > 1 && one.factor == 1 && low.amount < high.amount / two.factor.max(1)
                {
                    low.amount = low.amount.saturating_mul(two.factor);
                }
            }
            // `3만~5만원` and `1~2시간 30분` are whole already.
            (Value::Number(low), Value::Time(minute, sure))
                if range && low.unit.is_none() && low.amount % MILLION == 0 =>
            {
                let Ok(hour) = u32::try_from(low.amount / MILLION) else {
                    continue;
                };
                if hour > 24 {
                    continue;
                }
                let afternoon = *sure && *minute >= 720 && hour < 12 && (hour + 12) * 60 <= *minute;
                one.value = Value::Time(
                    if afternoon { hour + 12 } else { hour } * 60,
                    *sure && (afternoon || hour >= 12),
                );
            }
            (Value::Number(low), Value::Date(year, month, Some(_)))
                if low.unit.is_none() && low.amount % MILLION == 0 && range =>
            {
                let Ok(day) = u32::try_from(low.amount / MILLION) else {
                    continue;
                };
                if (1..=31).contains(&day) {
                    one.value = Value::Date(*year, *month, Some(day));
                }
            }
            (Value::Number(low), Value::Date(Some(_), None, None))
                if low.unit.is_none() && (1900 * MILLION..2100 * MILLION).contains(&low.amount) =>
            {
                one.value = Value::Date(u32::try_from(low.amount / MILLION).ok(), None, None);
            }
            _ => {}
        }
    }
    // The other way round: `오후 2시~4`, `KRW 10,000 to 20,000`.
    for index in 1..facts.len() {
        let (head, tail) = facts.split_at_mut(index);
        let (Some(one), Some(two)) = (head.last(), tail.first_mut()) else {
            continue;
        };
        let Some(gap) = between(text, one, two) else {
            continue;
        };
        if !is_range_mark(gap) {
            continue;
        }
        if let (Value::Number(low), Value::Number(high)) = (&one.value, &mut two.value)
            && high.unit.is_none()
            && high.noun.is_none()
            && let Some(unit) = low.unit.filter(|unit| unit.is_money() || *unit == AGE)
        {
            high.unit = Some(unit);
        }
    }
}

fn is_between(text: &str, fact: &Fact) -> bool {
    let mut start = fact.at.start.saturating_sub(24);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text[start..fact.at.start]
        .to_ascii_lowercase()
        .contains("between")
}

/// Fills in what a date or time of a range leaves to the other: `2024년 3월 1일~5월 31일`,
/// `March 1–15, 2024`, `오후 2시~4시`.
fn share_dates(text: &str, facts: &mut [Fact]) {
    for index in 1..facts.len() {
        let (head, tail) = facts.split_at_mut(index);
        let (Some(one), Some(two)) = (head.last_mut(), tail.first_mut()) else {
            continue;
        };
        let Some(gap) = between(text, one, two) else {
            continue;
        };
        let gap = gap.trim_start_matches("부터").trim();
        let range = is_range_mark(gap) || gap.is_empty() || is_list_mark(gap);
        if !range {
            continue;
        }
        let half = meridiem_shared(text, two);
        match (&mut one.value, &mut two.value) {
            (Value::Date(year, month, day), Value::Date(other, next, _)) => {
                if other.is_none() && next.is_some() {
                    *other = *year;
                } else if year.is_none() && month.is_some() {
                    *year = *other;
                }
                if next.is_none() && day.is_some() {
                    *next = *month;
                }
            }
            // `3월 1일~15일`: the second is a day of the month.
            (Value::Date(year, month, Some(day)), Value::Number(number)) => {
                let is_day = number.unit.is_none() || number.unit == Some(DAY);
                let ends = u32::try_from(number.amount / MILLION).ok().filter(|end| {
                    number.amount % MILLION == 0 && (1..=31).contains(end) && *end > *day
                });
                if let Some(end) = ends.filter(|_| is_day && !gap.is_empty() && is_range_mark(gap))
                {
                    two.value = Value::Date(*year, *month, Some(end));
                }
            }
            (Value::Time(start, sure), Value::Time(end, known)) => {
                let later = |minute: u32| minute + 720;
                if *sure && !*known && *start >= 720 && *end < 720 && later(*end) > *start {
                    *end = later(*end);
                    *known = true;
                } else if !*sure
                    && *known
                    && *end >= 720
                    && *start < 720
                    && later(*start) < *end
                    && half
                {
                    *start = later(*start);
                    *sure = true;
                } else if *sure && !*known && *end > *start {
                    *known = *start < 720 && *end <= 720;
                }
            }
            _ => {}
        }
    }
    // A year in the same sentence is that of the dates after it.
    let mut last: Option<(u32, usize)> = None;
    for fact in facts.iter_mut() {
        if let Value::Date(year, month, _) = &mut fact.value {
            match (*year, *month) {
                (Some(year), _) => last = Some((year, fact.at.end)),
                (None, Some(_)) => {
                    if let Some((known, end)) = last
                        && text
                            .get(end..fact.at.start)
                            .is_some_and(|gap| gap.len() <= 60 && !gap.contains(['\n', '.']))
                    {
                        *year = Some(known);
                    }
                }
                _ => {}
            }
        }
    }
}

/// Whether `pm` after the end of a range is meant of its start as well: `2–4 p.m.`.
fn meridiem_shared(text: &str, fact: &Fact) -> bool {
    text[fact.at.clone()]
        .to_ascii_lowercase()
        .contains(['p', 'm'])
}

/// Makes the ends of ranges the limits that they are.
fn set_ranges(text: &str, facts: &mut [Fact]) {
    for index in 1..facts.len() {
        let (head, tail) = facts.split_at_mut(index);
        let (Some(one), Some(two)) = (head.last_mut(), tail.first_mut()) else {
            continue;
        };
        let same = one.value.family() == two.value.family();
        if !same
            || one.is_label
            || two.is_label
            || matches!(
                one.value,
                Value::Article(_) | Value::Code(_) | Value::Phone(_) | Value::Email(_)
            )
        {
            continue;
        }
        let Some(gap) = between(text, one, two) else {
            continue;
        };
        let range = is_range_mark(gap) && !matches!(gap, "and" | "까지")
            || gap == "and" && is_between(text, one);
        // `80 - 30 = 50` is arithmetic.
        let spaced = matches!(gap, "-" | "−" | "–")
            && text[one.at.end..].starts_with(' ')
            && is_equation(text, two);
        if range && !spaced {
            one.limit = Some(Limit::soft(Side::Low));
            two.limit = Some(Limit::soft(Side::High));
        }
    }
}

fn is_equation(text: &str, fact: &Fact) -> bool {
    text[fact.at.end..]
        .chars()
        .take(48)
        .take_while(|char| *char != '\n')
        .any(|char| char == '=')
}

/// Gives figures what they are for each of: the rate before a Korean figure, after an English one.
fn set_rates(text: &str, facts: &mut [Fact], rates: &[(Unit, ingest::Span)]) {
    for (unit, span) in rates.iter().filter(|(unit, _)| *unit != ITEM) {
        let at = &span.start;
        let index = facts.partition_point(|fact| fact.at.start < *at);
        let korean = next(text, *at).is_some_and(|char| is_hangul(char) || char.is_ascii_digit());
        let near = |gap: Option<&str>| {
            gap.is_some_and(|gap| gap.len() <= 48 && !gap.contains(['.', ';', '\n', '|', ',']))
        };
        let after = facts
            .get(index)
            .filter(|fact| near(text.get(*at..fact.at.start)))
            .map(|_| index);
        let head = index
            .checked_sub(1)
            .filter(|index| near(text.get(facts[*index].at.end..*at)));
        let chosen = if korean {
            after.or(head)
        } else {
            head.or(after)
        };
        if let Some(fact) = chosen.and_then(|index| facts.get_mut(index))
            && let Value::Number(number) = &fact.value
            && number.unit != Some(*unit)
            && fact.per.len() < 4
        {
            fact.per.push(*unit);
        }
    }
}
