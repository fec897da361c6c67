//! Articles, codes, e-mail addresses and telephone numbers.

use super::fold::circled;
use super::number::{before, digits, eat, latin, next, spaces};
use super::value::{Kinds, Value};
use crate::language::is_hangul;

type Found = (Value, usize);

pub(super) const ARTICLE: Kinds = 1;
pub(super) const PARAGRAPH: Kinds = 1 << 1;
pub(super) const ITEM: Kinds = 1 << 2;
const CHAPTER: Kinds = 1 << 3;
const SECTION: Kinds = 1 << 4;
const SUBSECTION: Kinds = 1 << 5;
const PART: Kinds = 1 << 6;
const ANNEX: Kinds = 1 << 7;
const FORM: Kinds = 1 << 8;
const TABLE: Kinds = 1 << 9;
const FIGURE: Kinds = 1 << 10;

/// All that a number at the head of a line may mean.
pub(super) const ANY: Kinds = PARAGRAPH | ITEM | CHAPTER | SECTION | SUBSECTION | PART;

fn korean_kind(char: char) -> Option<Kinds> {
    Some(match char {
        '조' => ARTICLE,
        '항' => PARAGRAPH,
        '호' => ITEM,
        '장' => CHAPTER,
        '절' => SECTION,
        '관' => SUBSECTION,
        '편' => PART,
        _ => return None,
    })
}

fn english_kind(word: &str) -> Option<Kinds> {
    Some(match word {
        "article" | "articles" | "art" => ARTICLE,
        "section" | "sections" | "sec" => SECTION | ARTICLE,
        "clause" | "clauses" => PARAGRAPH | ARTICLE | SECTION,
        "paragraph" | "paragraphs" | "para" => PARAGRAPH,
        "subparagraph" | "item" | "subsection" => ITEM | SUBSECTION | PARAGRAPH,
        "chapter" | "chapters" => CHAPTER,
        "part" => PART,
        "appendix" | "annex" | "schedule" | "exhibit" => ANNEX,
        "form" => FORM,
        "table" => TABLE,
        "figure" => FIGURE,
        _ => return None,
    })
}

/// A number with its parts: `12`, `4.2`, `12의2`, `12-2`.
fn part(text: &str, at: usize) -> Option<(String, usize)> {
    let (first, mut end) = digits(text, at, 6)?;
    let mut number = first.trim_start_matches('0').to_owned();
    while number.len() < 40
        && text[end..].starts_with('.')
        && let Some((more, after)) = digits(text, end + 1, 6)
    {
        number.push('.');
        number.push_str(more);
        end = after;
    }
    // `12a`
    if text[end..].starts_with(|char: char| char.is_ascii_lowercase())
        && !next(text, end + 1).is_some_and(|char| char.is_ascii_alphanumeric())
    {
        number.push_str(&text[end..=end]);
        end += 1;
    }
    Some((number, end))
}

/// One part of a path: `제12조의2`, `12조`, `Section 4.2(a)`, `§ 5`, `①`.
fn one(text: &str, at: usize) -> Option<(Vec<(Kinds, String)>, usize)> {
    let first = next(text, at)?;
    if let Some(number) = circled(first) {
        return Some((vec![(PARAGRAPH, number.to_string())], at + first.len_utf8()));
    }
    if first == '제' || first.is_ascii_digit() {
        let start = eat(text, at, "제").map_or(at, |after| spaces(text, after));
        let (mut number, end) = part(text, start)?;
        let end = spaces(text, end);
        let kind = next(text, end)?;
        let kinds = korean_kind(kind)?;
        // `3호` and `2장` count; `12조` is an article only before what follows one.
        if first != '제'
            && !(kind == '조' && super::number::is_article(text, end)
                || kind == '항' && is_after_article(text, at)
                || kind == '호' && is_after_article(text, at))
        {
            return None;
        }
        let mut end = end + kind.len_utf8();
        if kind == '호' && text[end..].starts_with("봉")
            || kind == '장' && text[end..].starts_with("소")
        {
            return None;
        }
        if let Some((branch, after)) = eat(text, end, "의")
            .map(|after| spaces(text, after))
            .and_then(|after| digits(text, after, 3))
            .filter(|(_, after)| {
                !next(text, *after).is_some_and(|char| {
                    is_hangul(char) && !"에은는이가를을의와과및제,".contains(char)
                })
            })
        {
            number.push('-');
            number.push_str(branch);
            end = after;
        }
        return Some((vec![(kinds, number)], end));
    }
    for (word, kinds) in [
        ("별표", ANNEX),
        ("별지", FORM),
        ("부록", ANNEX),
        ("섹션", SECTION),
        ("표", TABLE),
        ("그림", FIGURE),
    ] {
        if let Some(after) = eat(text, at, word) {
            if before(text, at).is_some_and(is_hangul) {
                return None;
            }
            let start = spaces(text, after);
            let start = eat(text, start, "제").map_or(start, |after| spaces(text, after));
            let (number, mut end) = part(text, start)?;
            end = eat(text, end, "호").unwrap_or(end);
            return Some((vec![(kinds, number)], end));
        }
    }
    let (kinds, start) = if first == '§' {
        (SECTION | ARTICLE, spaces(text, at + first.len_utf8()))
    } else {
        let (word, end) = latin(text, at)?;
        let kinds = english_kind(&word.to_ascii_lowercase())?;
        let end = if word.len() <= 4 {
            eat(text, end, ".").unwrap_or(end)
        } else {
            end
        };
        (kinds, spaces(text, end))
    };
    if start == at || next(text, start)?.is_ascii_alphabetic() {
        // `Annex B`.
        let (letter, end) = latin(text, start).filter(|(letter, _)| {
            letter.len() == 1 && letter.starts_with(|char: char| char.is_ascii_uppercase())
        })?;
        return (kinds & (ANNEX | FORM | PART) != 0)
            .then(|| (vec![(kinds, letter.to_ascii_lowercase())], end));
    }
    let (mut number, mut end) = part(text, start)?;
    if kinds & ARTICLE != 0
        && text[end..].starts_with('-')
        && let Some((branch, after)) = digits(text, end + 1, 2)
    {
        number.push('-');
        number.push_str(branch);
        end = after;
    }
    let mut path = vec![(kinds, number)];
    // `Section 12(3)(a)`.
    while path.len() < 4 && text[end..].starts_with('(') {
        let length = text[end + 1..]
            .bytes()
            .take(4)
            .take_while(u8::is_ascii_alphanumeric)
            .count();
        let inner = &text[end + 1..end + 1 + length];
        if !(1..=3).contains(&length) || !text[end + 1 + length..].starts_with(')') {
            break;
        }
        path.push((PARAGRAPH | ITEM, inner.to_ascii_lowercase()));
        end += length + 2;
    }
    Some((path, end))
}

/// Whether a part of an article ends straight before `at`: `제3조의2 1항`.
fn is_after_article(text: &str, at: usize) -> bool {
    let head = text[..at - spaces_before(text, at)].chars();
    let mut back = head.rev();
    match back.next() {
        Some('조' | '항') => true,
        Some(char) if char.is_ascii_digit() => {
            let rest: String = back.take(5).collect();
            rest.trim_start_matches(|char: char| char.is_ascii_digit())
                .starts_with("의조")
        }
        _ => false,
    }
}

/// How many of the two bytes before `at` are spaces.
fn spaces_before(text: &str, at: usize) -> usize {
    text.as_bytes()[..at]
        .iter()
        .rev()
        .take(2)
        .take_while(|byte| **byte == b' ')
        .count()
}

/// The article that begins at `at`, with the parts of it that follow: `제12조 제1항`.
pub(super) fn article(text: &str, at: usize) -> Option<Found> {
    let (mut path, mut end) = one(text, at)?;
    let label = next(text, at).and_then(circled).is_some();
    while !label && path.len() < 6 {
        let start = eat(text, end, ",").map_or(end, |end| end);
        let start = spaces(text, start);
        if next(text, start).and_then(circled).is_some() {
            break;
        }
        let Some((more, after)) = one(text, start) else {
            break;
        };
        // A list of articles is not a path.
        let order = |kinds: Kinds| match kinds {
            kinds if kinds & (PART | CHAPTER) != 0 => 0,
            kinds if kinds & (ARTICLE | SECTION) != 0 => 1,
            kinds if kinds & PARAGRAPH != 0 && kinds & ITEM == 0 => 2,
            _ => 3,
        };
        let last = path.last().map_or(0, |(kinds, _)| order(*kinds));
        if more.first().is_none_or(|(kinds, _)| order(*kinds) <= last) {
            break;
        }
        path.extend(more);
        end = after;
    }
    // `Section 22 of Chapter 3`.
    let outer = [" of the ", " of "]
        .iter()
        .find_map(|of| eat(text, end, of));
    if let Some(start) = outer.filter(|_| !label)
        && next(text, start).is_some_and(|char| char.is_ascii_alphabetic())
        && let Some((mut above, after)) = one(text, start)
        && above.len() == 1
        && above[0].0 != path[0].0
    {
        above.extend(path);
        return Some((Value::Article(above), after));
    }
    Some((Value::Article(path), end))
}

/// An e-mail address.
pub(super) fn email(text: &str, at: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let run = |at: usize, most: usize| {
        bytes[at..]
            .iter()
            .take(most)
            .take_while(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-')
            })
            .count()
    };
    let local = run(at, 65);
    if !(1..=64).contains(&local) || bytes.get(at + local) != Some(&b'@') {
        return None;
    }
    let start = at + local + 1;
    let mut end = start + run(start, 128);
    while end > start && matches!(bytes[end - 1], b'.' | b'-' | b'_' | b'+' | b'%') {
        end -= 1;
    }
    text[start..end]
        .contains('.')
        .then(|| (Value::Email(text[at..end].to_ascii_lowercase()), end))
}

/// A telephone number: `(02) 123-4567`, `+82 2 123 4567`, `1588-1234`, `(212) 555-0100`.
pub(super) fn phone(text: &str, at: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let first = *bytes.get(at)?;
    let is_abroad = first == b'+';
    if !(is_abroad || first == b'(' || first.is_ascii_digit()) {
        return None;
    }
    let mut groups: Vec<&str> = Vec::new();
    let mut marks = String::new();
    let mut at_now = if is_abroad { at + 1 } else { at };
    let mut end = at_now;
    let mut total = 0;
    while groups.len() < 6 {
        let open = bytes.get(at_now) == Some(&b'(');
        let start = at_now + usize::from(open);
        let Some((group, after)) = digits(text, start, 11) else {
            break;
        };
        let closed = open && bytes.get(after) == Some(&b')');
        if open != closed && open {
            break;
        }
        groups.push(group);
        total += group.len();
        end = after + usize::from(closed);
        at_now = match bytes.get(end) {
            Some(b'-' | b'.') => {
                marks.push(char::from(bytes[end]));
                end + 1
            }
            Some(b' ') => {
                marks.push(' ');
                let next = spaces(text, end);
                if bytes.get(next) == Some(&b'-') {
                    spaces(text, next + 1)
                } else {
                    next
                }
            }
            Some(b')') if !closed && !open => {
                // `02)123-4567`
                marks.push(')');
                spaces(text, end + 1)
            }
            _ if closed => {
                marks.push('(');
                end
            }
            _ => break,
        };
        if total > 13 {
            return None;
        }
    }
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let joined: String = groups.concat();
    if bytes.get(end).is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let dotted = marks.contains('.');
    let plain = if is_abroad {
        if !(8..=13).contains(&total) {
            return None;
        }
        match joined.strip_prefix("82") {
            Some(rest) => format!("0{}", rest.trim_start_matches('0')),
            None => match joined.strip_prefix('1').filter(|rest| rest.len() == 10) {
                Some(rest) => rest.to_owned(),
                None => format!("+{joined}"),
            },
        }
    } else if joined.starts_with('0') {
        // A number in the country: area or network, exchange, number.
        let shaped = matches!(lengths[..], [2..=4, 3 | 4, 4]);
        let whole = lengths == [11] && joined.starts_with("01");
        if !(shaped || whole) || dotted && !(9..=11).contains(&total) {
            return None;
        }
        joined
    } else if matches!(lengths[..], [1, 3, 3, 4]) && joined.starts_with('1') {
        joined[1..].to_owned()
    } else {
        let american = matches!(lengths[..], [3, 3, 4]) && (!marks.contains(' ') || first == b'(');
        let service = matches!(lengths[..], [4, 4]) && joined.starts_with('1');
        let local = matches!(lengths[..], [3 | 4, 4]) && !is_years(&groups);
        if !(american || (service || local) && marks.starts_with('-')) {
            return None;
        }
        joined
    };
    Some((Value::Phone(plain), end))
}

fn is_years(groups: &[&str]) -> bool {
    groups
        .iter()
        .all(|group| group.len() == 4 && (group.starts_with("19") || group.starts_with("20")))
}

/// How codes are compared: `PPR-9087` is `ppr 9087`.
pub(super) fn plain_code(code: &str) -> String {
    code.chars()
        .filter(|char| !matches!(char, '-' | '_'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// `1.2.3` and longer, which is no number.
pub(super) fn version(text: &str, at: usize) -> Option<Found> {
    let (mut end, mut parts) = (at, 0);
    while parts < 8 {
        let Some((_, after)) = digits(text, end, 6) else {
            break;
        };
        parts += 1;
        end = after;
        if text[end..].starts_with('.')
            && text[end + 1..].starts_with(|char: char| char.is_ascii_digit())
        {
            end += 1;
        } else {
            break;
        }
    }
    (parts >= 3 && !next(text, end).is_some_and(|char| char.is_ascii_alphanumeric()))
        .then(|| (Value::Code(text[at..end].to_owned()), end))
}
