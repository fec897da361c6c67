//! Plain text: its encoding, and the structure that people give it with lines and numbers.
//!
//! Lines that were wrapped by an editor become one paragraph again; lists, tables set with
//! spaces and short lines (addresses, signatures) stay apart. Nothing is reordered or left
//! out but lines that only rule.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{EUC_KR, Encoding, UTF_8};

use super::{ParseError, Parsed, Progress, sniff};
use crate::{DocumentBuilder, Problem};

/// A heading is a line; what is wider than this (in columns) is a sentence.
const MAX_HEADING_WIDTH: usize = 80;
/// Wrapped text has lines of about this many columns; longer ones were not wrapped.
const WRAPPED_WIDTHS: std::ops::RangeInclusive<usize> = 40..=130;

/// Bytes as text.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) text: String,
    /// Says so where some bytes were no text.
    pub(super) problem: Option<Problem>,
}

/// Bytes to text: by byte order mark, as UTF-8 if they are, as the encoding that the file
/// declares, or as the one that they look like.
pub(super) fn decode(bytes: &[u8], declared: Option<&'static Encoding>) -> Decoded {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return decode_as(encoding, &bytes[mark..]);
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && !text.contains('\0')
    {
        return Decoded {
            text: text.to_owned(),
            problem: None,
        };
    }
    if let Some(encoding) = sniff::utf_16_without_mark(bytes) {
        return decode_as(encoding, bytes);
    }
    // A file that is mostly UTF-8 is not of another encoding: bytes of EUC-KR and of Latin
    // encodings hardly ever follow each other as those of UTF-8 do.
    let lossy = String::from_utf8_lossy(bytes);
    let replaced = lossy.chars().filter(|char| *char == '\u{FFFD}').count();
    let read = lossy.chars().filter(|char| !char.is_ascii()).count() - replaced;
    if replaced <= read {
        return decode_as(UTF_8, bytes);
    }
    if let Some(declared) = declared {
        return decode_as(declared, bytes);
    }
    if looks_korean(bytes) {
        return decode_as(EUC_KR, bytes);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    decode_as(detector.guess(None, Utf8Detection::Deny), bytes)
}

fn decode_as(encoding: &'static Encoding, bytes: &[u8]) -> Decoded {
    let (text, broken) = encoding.decode_without_bom_handling(bytes);
    let replaced = text.chars().filter(|char| *char == '\u{FFFD}').count();
    let problem = (broken && replaced > 0).then(|| {
        Problem::of_file(format!(
            "{replaced} {} no text in the encoding {} and {} shown as \u{FFFD}",
            if replaced == 1 {
                "place is"
            } else {
                "places are"
            },
            encoding.name(),
            if replaced == 1 { "is" } else { "are" },
        ))
    });
    Decoded {
        text: text.into_owned(),
        problem,
    }
}

/// Whether bytes that are not UTF-8 are EUC-KR or CP949: nearly all pairs are the usual
/// syllables. A few lines are enough for this, where a general detector needs more.
pub(super) fn looks_korean(bytes: &[u8]) -> bool {
    let (mut syllables, mut others, mut pairs) = (0_usize, 0_usize, 0_usize);
    let mut index = 0;
    while let Some(&lead) = bytes.get(index) {
        if lead < 0x80 {
            index += 1;
            continue;
        }
        pairs += 1;
        match bytes.get(index + 1) {
            Some(0xA1..=0xFE) => {
                match lead {
                    0xB0..=0xC8 => syllables += 1,
                    0xA1..=0xAC => {}
                    _ => others += 1,
                }
                index += 2;
            }
            Some(b'A'..=b'Z' | b'a'..=b'z' | 0x81..=0xA0) if lead <= 0xC6 => {
                others += 1;
                index += 2;
            }
            _ => {
                others += 1;
                index += 1;
            }
        }
    }
    pairs > 0 && syllables * 10 >= pairs * 6 && others * 5 <= pairs
}

/// Reads plain text.
///
/// # Errors
/// Never: any bytes can be shown as text.
pub fn parse(bytes: &[u8], _progress: Progress<'_>) -> Result<Parsed, ParseError> {
    let decoded = decode(bytes, None);
    let mut builder = DocumentBuilder::default();
    push_text(&unix_lines(&decoded.text), &mut builder);
    Ok(Parsed::new(
        builder.finish(),
        decoded.problem.into_iter().collect(),
    ))
}

/// Text whose lines all end in `\n`.
pub(super) fn unix_lines(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace(['\r', '\u{2028}'], "\n")
        .replace('\u{C}', "\n\n")
}

/// What a line is on its own.
#[derive(Clone, Debug, PartialEq)]
enum Line<'a> {
    Blank,
    /// A line of nothing but `-`, `=`, `_`, `*`, `~` or `#`; the first character.
    Rule(char),
    /// A heading, whatever stands around it, and the text behind it on the same line.
    Heading(u8, &'a str, &'a str),
    /// `1. 목적`, `2.1 Scope`: a heading or an item of a list. The depth of its number.
    Numbered(u8, &'a str),
    /// A line that begins with a bullet, `가.`, `(1)` or `①`, and how far it is indented.
    Item(usize, &'a str),
    Plain(&'a str),
}

pub(super) fn push_text(text: &str, builder: &mut DocumentBuilder) {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let kinds: Vec<Line<'_>> = lines.iter().map(|line| kind_of(line)).collect();
    let mut index = 0;
    while index < lines.len() {
        match &kinds[index] {
            Line::Blank | Line::Rule(_) => index += 1,
            Line::Heading(level, heading, rest) => {
                builder.heading(*level, heading);
                builder.paragraph(rest);
                index += 1;
            }
            Line::Numbered(level, line) if is_heading(&kinds, index) => {
                builder.heading(*level, line);
                index += 1;
            }
            Line::Plain(line)
                if matches!(kinds.get(index + 1), Some(Line::Rule('=' | '-')))
                    && (index == 0 || kinds[index - 1] == Line::Blank)
                    && width(line) <= MAX_HEADING_WIDTH =>
            {
                let level = if kinds[index + 1] == Line::Rule('=') {
                    1
                } else {
                    2
                };
                builder.heading(level, line);
                index += 2;
            }
            _ => {
                let mut end = index + 1;
                while end < lines.len()
                    && !matches!(kinds[end], Line::Blank | Line::Rule(_) | Line::Heading(..))
                {
                    end += 1;
                }
                push_group(&lines[index..end], &kinds[index..end], builder);
                index = end;
            }
        }
    }
}

/// Pushes lines between which there is no blank one.
fn push_group(lines: &[&str], kinds: &[Line<'_>], builder: &mut DocumentBuilder) {
    let columns = lines
        .iter()
        .filter(|line| line.contains('\t') || line.trim().contains("   "))
        .count();
    if lines.len() > 1 && columns * 2 >= lines.len() {
        builder.preformatted(&lines.join("\n"));
        return;
    }
    let widest = lines.iter().map(|line| width(line)).max().unwrap_or(0);
    let wrapped = WRAPPED_WIDTHS.contains(&widest);
    let mut index = 0;
    while index < lines.len() {
        let mut block = lines[index].trim().to_owned();
        let mut last = index;
        while wrapped
            && width(lines[last]) * 4 >= widest * 3
            && let Some(Line::Plain(next)) = kinds.get(last + 1)
        {
            block.push(' ');
            block.push_str(next);
            last += 1;
        }
        match &kinds[index] {
            Line::Numbered(level, _) => builder.list_item(*level, &block),
            Line::Item(indent, _) => {
                builder.list_item(
                    u8::try_from(1 + indent / 2).unwrap_or(u8::MAX).min(9),
                    &block,
                );
            }
            _ => builder.paragraph(&block),
        }
        index = last + 1;
    }
}

/// Whether a short numbered line is a heading: text follows it, and not the next number.
fn is_heading(kinds: &[Line<'_>], index: usize) -> bool {
    let Line::Numbered(level, line) = &kinds[index] else {
        return false;
    };
    let sentence = line.ends_with(['.', ',', ';', '!', '?', '。']) || line.ends_with('다');
    if sentence || width(line) > 50 {
        return false;
    }
    let same =
        |line: Option<&Line<'_>>| matches!(line, Some(Line::Numbered(other, _)) if other == level);
    let solid = |line: &&Line<'_>| !matches!(line, Line::Blank | Line::Rule(_));
    let next = kinds[index + 1..].iter().find(solid);
    let before = index.checked_sub(1).map(|before| &kinds[before]);
    next.is_some() && !same(next) && !same(before)
}

fn kind_of(line: &str) -> Line<'_> {
    let body = line.trim();
    let Some(first) = body.chars().next() else {
        return Line::Blank;
    };
    if matches!(first, '-' | '=' | '_' | '*' | '~' | '#')
        && body.len() >= 3
        && body.chars().all(|char| char == first)
    {
        return Line::Rule(first);
    }
    if let Some(heading) = hash_heading(body).or_else(|| korean_heading(body)) {
        return heading;
    }
    let indent = width(&line[..line.len() - line.trim_start().len()]);
    if let Some(depth) = number_depth(body) {
        return Line::Numbered(depth, body);
    }
    if is_item(body) {
        return Line::Item(indent, body);
    }
    Line::Plain(body)
}

/// `## Scope`.
fn hash_heading(body: &str) -> Option<Line<'_>> {
    let text = body.trim_start_matches('#');
    let level = body.len() - text.len();
    let heading = text
        .strip_prefix(' ')?
        .trim()
        .trim_end_matches('#')
        .trim_end();
    let level = u8::try_from(level)
        .ok()
        .filter(|level| (1..=6).contains(level))?;
    (!heading.is_empty() && width(heading) <= MAX_HEADING_WIDTH)
        .then_some(Line::Heading(level, heading, ""))
}

/// `제1장 총칙`, `제3조(연차) ① 직원은 …`, `부칙`.
fn korean_heading(body: &str) -> Option<Line<'_>> {
    if matches!(body, "부칙" | "부 칙" | "부  칙") {
        return Some(Line::Heading(2, body, ""));
    }
    let rest = body.strip_prefix('제')?.trim_start();
    let number = rest.trim_start_matches(|char: char| char.is_ascii_digit());
    if number.len() == rest.len() {
        return None;
    }
    let mut chars = number.trim_start().chars();
    let level = match chars.next()? {
        '편' => 1,
        '장' => 2,
        '절' => 3,
        '관' => 4,
        '조' => 5,
        _ => return None,
    };
    let mut rest = chars.as_str();
    // 제3조의2
    if let Some(branch) = rest.strip_prefix('의') {
        let after = branch.trim_start_matches(|char: char| char.is_ascii_digit());
        if after.len() < branch.len() {
            rest = after;
        }
    }
    let title = rest.trim_start();
    if title.starts_with(['(', '（', '[', '【'])
        && let Some(close) = title.find([')', '）', ']', '】'])
    {
        let close = close + title[close..].chars().next().map_or(1, char::len_utf8);
        let at = body.len() - title.len() + close;
        let heading = &body[..at];
        return (width(heading) <= MAX_HEADING_WIDTH)
            .then(|| Line::Heading(level, heading, body[at..].trim_start()));
    }
    // `제3조에 따라 …` is a sentence; `제1장 총칙` is not.
    let apart = rest.is_empty() || rest.starts_with([' ', '\t', '.']);
    let sentence = body.ends_with(['.', ',', '다', '?', '!', ';']);
    (apart && !sentence && width(body) <= 50).then_some(Line::Heading(level, body, ""))
}

/// How many numbers stand before the text of `1. 목적` (1), `2.1 Scope` (2), `Ⅱ. 개요` (1).
fn number_depth(body: &str) -> Option<u8> {
    let (number, text) = body.split_once([' ', '\t'])?;
    if text.trim().is_empty() {
        return None;
    }
    let dotted = number.ends_with('.');
    let number = number.trim_end_matches('.');
    if number.chars().all(|char| ('Ⅰ'..='Ⅻ').contains(&char))
        || (dotted && number.chars().all(|char| matches!(char, 'I' | 'V' | 'X')))
    {
        return (!number.is_empty() && dotted).then_some(1);
    }
    let parts: Vec<&str> = number.split('.').collect();
    let numbers = parts.iter().all(|part| {
        (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    });
    let depth = u8::try_from(parts.len()).ok()?;
    // `2024 …` and `3 apples` are text, `2.1 Scope` and `3. Apples` are numbered.
    (numbers && depth <= 6 && (dotted || depth > 1)).then_some(depth)
}

/// Whether a line begins like an item of a list.
fn is_item(body: &str) -> bool {
    let mut chars = body.chars();
    let first = chars.next();
    let second = chars.next();
    let third = chars.next();
    match first {
        Some(
            '①'..='⑳'
            | '㉠'..='㉻'
            | '•'
            | '●'
            | '○'
            | '■'
            | '□'
            | '▪'
            | '▶'
            | '※'
            | '◦'
            | '◆'
            | '◇',
        ) => true,
        Some('-' | '*' | '+' | '·' | 'ㆍ' | 'ㅇ' | '–' | '—' | '‣' | 'o') => {
            second == Some(' ')
        }
        Some('가'..='힣' | 'a'..='z' | 'A'..='Z') => {
            matches!(second, Some('.' | ')')) && third == Some(' ')
        }
        Some('(') => {
            matches!(third, Some(')'))
                || body[1..].split_once(')').is_some_and(|(number, _)| {
                    (1..=3).contains(&number.len())
                        && number.bytes().all(|byte| byte.is_ascii_digit())
                })
        }
        Some('0'..='9') => body.split_once(')').is_some_and(|(number, _)| {
            number.len() <= 3 && number.bytes().all(|byte| byte.is_ascii_digit())
        }),
        _ => false,
    }
}

/// Columns that text takes on a terminal: Hangul and ideographs take two.
fn width(text: &str) -> usize {
    text.chars()
        .map(|char| match char {
            '\t' => 8,
            '\u{1100}'..='\u{115F}'
            | '\u{2E80}'..='\u{A4CF}'
            | '\u{AC00}'..='\u{D7A3}'
            | '\u{F900}'..='\u{FAFF}'
            | '\u{FE30}'..='\u{FE6F}'
            | '\u{FF00}'..='\u{FF60}' => 2,
            _ => 1,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BlockKind, Document};

    fn read(bytes: &[u8]) -> (Document, Vec<Problem>) {
        let parsed = parse(bytes, &|_, _| {}).unwrap();
        (parsed.document, parsed.problems)
    }

    fn blocks(text: &str) -> Vec<(String, String)> {
        let (document, _) = read(text.as_bytes());
        document
            .blocks
            .iter()
            .map(|block| {
                let kind = match block.kind {
                    BlockKind::Heading { level } => format!("h{level}"),
                    BlockKind::ListItem { level } => format!("li{level}"),
                    BlockKind::Preformatted => "pre".to_owned(),
                    _ => "p".to_owned(),
                };
                (kind, document.text[block.span.clone()].to_owned())
            })
            .collect()
    }

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let blocks = blocks(text);
        let blocks: Vec<(&str, &str)> = blocks
            .iter()
            .map(|(kind, text)| (kind.as_str(), text.as_str()))
            .collect();
        assert_eq!(blocks, expected);
    }

    #[test]
    fn articles_of_korean_rules_are_headings() {
        check(
            "제1장 총칙\n제3조(연차) ① 직원은 15일의 휴가를 쓴다.\n② 남은 휴가는 소멸한다.\n제3조의2(반차)\n제3조에 따라 부여한다.\n부칙",
            &[
                ("h2", "제1장 총칙"),
                ("h5", "제3조(연차)"),
                ("p", "① 직원은 15일의 휴가를 쓴다."),
                ("li1", "② 남은 휴가는 소멸한다."),
                ("h5", "제3조의2(반차)"),
                ("p", "제3조에 따라 부여한다."),
                ("h2", "부칙"),
            ],
        );
    }

    #[test]
    fn a_number_makes_a_heading_only_where_text_follows() {
        check(
            "1. 목적\n이 규정은 휴가를 정한다.\n\n2.1 Scope\n\nAll staff.\n\n1. 사과\n2. 배\n3. 감",
            &[
                ("h1", "1. 목적"),
                ("p", "이 규정은 휴가를 정한다."),
                ("h2", "2.1 Scope"),
                ("p", "All staff."),
                ("li1", "1. 사과"),
                ("li1", "2. 배"),
                ("li1", "3. 감"),
            ],
        );
    }

    #[test]
    fn wrapped_lines_join_and_short_ones_stay_apart() {
        check(
            "The annual leave of an employee who works for\nthe whole year is fifteen days, and one more\nfor two years.\n\nACME Ltd\n12 Harbour Road\nBusan",
            &[
                (
                    "p",
                    "The annual leave of an employee who works for the whole year is fifteen days, and one more for two years.",
                ),
                ("p", "ACME Ltd"),
                ("p", "12 Harbour Road"),
                ("p", "Busan"),
            ],
        );
    }

    #[test]
    fn underlined_lines_are_headings_and_rules_are_not_text() {
        check(
            "Handbook\n========\n\n-----\n# Leave\nText",
            &[("h1", "Handbook"), ("h1", "Leave"), ("p", "Text")],
        );
    }

    #[test]
    fn columns_set_with_spaces_keep_their_lines() {
        check(
            "Name     Days\nKim      15\nLee      16",
            &[("pre", "Name     Days\nKim      15\nLee      16")],
        );
    }

    #[test]
    fn a_very_long_line_is_one_paragraph() {
        let line = "낱말 ".repeat(200_000);
        let blocks = blocks(&line);
        assert_eq!(blocks.len(), 1);
        assert_eq!(blocks[0].1.len(), line.trim_end().len());
    }

    #[test]
    fn korean_encodings_are_recognized() {
        let text = "휴가 규정\n\n연차는 15일이다.";
        let (cp949, _, _) = EUC_KR.encode(text);
        let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked: Vec<u8> = [0xFF, 0xFE].into_iter().chain(utf_16.clone()).collect();
        for bytes in [cp949.into_owned(), utf_16, marked, text.as_bytes().to_vec()] {
            let (document, problems) = read(&bytes);
            assert_eq!(document.text, "휴가 규정\n\n연차는 15일이다.");
            assert_eq!(problems, []);
        }
    }

    #[test]
    fn curly_quotes_of_windows_do_not_become_hangul() {
        let (document, _) = read(b"It\x92s what\x92s done.");
        assert_eq!(document.text, "It\u{2019}s what\u{2019}s done.");
    }

    #[test]
    fn bytes_that_are_no_text_are_counted() {
        let mut bytes = "연차는 열다섯 날이다. 반차는 반나절이다."
            .as_bytes()
            .to_vec();
        bytes.push(0xFF);
        let (document, problems) = read(&bytes);
        assert!(document.text.ends_with('\u{FFFD}'));
        assert!(problems[0].message.starts_with("1 place is no text"));
    }
}
