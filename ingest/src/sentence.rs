//! Sentences of Korean and English text.
//!
//! A full stop ends a sentence only where it can: not inside `15.5일`, `1,500,000원`, `v1.2.3`,
//! `2024. 3. 1.`, after `e.g.` or an initial, nor after the number of a list item. Korean text
//! often lacks the space after a full stop (`있습니다.다음은`); there a sentence ends where a
//! final ending meets what can start a sentence. Nothing is ever dropped: the spans hold all
//! text but white space.

use crate::{BlockKind, Document, Span};

/// Abbreviations whose full stop does not end a sentence, in lower case without the last stop.
const ABBREVIATIONS: &[&str] = &[
    "e.g", "i.e", "cf", "vs", "mr", "mrs", "ms", "dr", "prof", "st", "no", "nos", "fig", "figs",
    "eq", "sec", "ch", "vol", "art", "para", "p", "pp", "approx", "max", "min", "est", "dept",
    "ext", "tel", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov",
    "dec", "al", "incl", "excl", "resp",
];

/// Abbreviations that end a sentence when a new one visibly starts after them.
const SOFT_ABBREVIATIONS: &[&str] = &[
    "etc", "inc", "ltd", "co", "corp", "a.m", "p.m", "u.s", "u.k", "jr", "sr",
];

/// What numbers items in Korean rules: `가. 국내 출장`.
const ITEM_LETTERS: &[&str] = &[
    "가", "나", "다", "라", "마", "바", "사", "아", "자", "차", "카", "타", "파", "하",
];

/// Last syllables of Korean final endings that occur before a full stop without a space.
const FINAL_SYLLABLES: &[char] = &['다', '요', '까', '죠', '음', '함', '됨', '임', '것', '오'];

/// What may follow a quoted or unspaced sentence as a particle of the one around it.
const PARTICLES: &[&str] = &[
    "라고", "라는", "라며", "라면", "라도", "이라", "고 ", "는 ", "란 ", "하고 ", "라 ",
];

/// The sentences of running `text`, as spans without white space at their ends.
///
/// ```
/// let text = "연차는 15.5일입니다. 자세한 것은 제12조를 봅니다.";
/// let sentences: Vec<&str> =
///     ingest::sentence::split(text).into_iter().map(|span| &text[span]).collect();
/// assert_eq!(sentences, ["연차는 15.5일입니다.", "자세한 것은 제12조를 봅니다."]);
/// ```
#[must_use]
pub fn split(text: &str) -> Vec<Span> {
    let mut cursor = Cursor::default();
    std::iter::from_fn(|| cursor.next(text, true)).collect()
}

/// Where the reading of a text stands that may still grow at its end. Each character is read a
/// fixed number of times, however often it is asked for the next sentence.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cursor {
    /// Where the sentence begins that is being read.
    start: usize,
    /// What is before it was read.
    index: usize,
    /// What follows a terminator at `index`, as far as it is there.
    ahead: Option<Ahead>,
}

/// What follows a terminator: further ones, then what closes with them, then white space.
#[derive(Clone, Copy, Debug)]
struct Ahead {
    terminators: usize,
    closers: usize,
    spaces: usize,
}

/// Characters that tell whether a sentence ends where no white space follows.
const LOOK_AHEAD: usize = 3;

impl Cursor {
    /// The next sentence of `text`, which begins with all that it was when last asked. While
    /// `is_whole` is false, text may follow: a sentence is given once no text that follows can
    /// change it, and `None` says that more is needed. The sentences are those of [`split`].
    pub fn next(&mut self, text: &str, is_whole: bool) -> Option<Span> {
        while let Some(char) = text[self.index..].chars().next() {
            let at = self.index;
            if char == '\n' {
                let span = trimmed(text, self.start..at);
                (self.start, self.index) = (at, at + 1);
                if span.is_some() {
                    return span;
                }
                continue;
            }
            if !is_terminator(char) {
                self.index += char.len_utf8();
                continue;
            }
            let ahead = self.look_ahead(text, at + char.len_utf8());
            if !is_whole && !ahead.decides(text) {
                self.ahead = Some(ahead);
                return None;
            }
            self.index = ahead.closers;
            let is_single_stop = char == '.' && ahead.terminators == at + 1;
            if ends_sentence(text, self.start, at, ahead.closers, is_single_stop) {
                let span = trimmed(text, self.start..ahead.closers);
                self.start = ahead.closers;
                if span.is_some() {
                    return span;
                }
            }
        }
        if !is_whole {
            return None;
        }
        let span = trimmed(text, self.start..text.len());
        self.start = text.len();
        span
    }

    /// Forgets the first `bytes` of the text, which must be before [`Cursor::start`].
    pub fn forget(&mut self, bytes: usize) {
        self.start -= bytes;
        self.index -= bytes;
        if let Some(ahead) = &mut self.ahead {
            ahead.terminators -= bytes;
            ahead.closers -= bytes;
            ahead.spaces -= bytes;
        }
    }

    /// Where the sentence begins that is being read: what is before it is not read again.
    #[must_use]
    pub fn start(&self) -> usize {
        self.start
    }

    /// Goes on where the look ahead stood, or begins it at `after`.
    fn look_ahead(&mut self, text: &str, after: usize) -> Ahead {
        let mut ahead = self.ahead.take().unwrap_or(Ahead {
            terminators: after,
            closers: after,
            spaces: after,
        });
        if ahead.closers == ahead.terminators && ahead.spaces == ahead.closers {
            ahead.terminators = skip(text, ahead.terminators, is_terminator);
            ahead.closers = ahead.terminators;
            ahead.spaces = ahead.terminators;
        }
        if ahead.spaces == ahead.closers {
            ahead.closers = skip(text, ahead.closers, is_closer);
            ahead.spaces = ahead.closers;
        }
        ahead.spaces = skip(text, ahead.spaces, |char| {
            char != '\n' && char.is_whitespace()
        });
        ahead
    }
}

impl Ahead {
    /// Whether what is there tells if the sentence ends.
    fn decides(self, text: &str) -> bool {
        let rest = &text[self.spaces..];
        if self.spaces == self.closers && !rest.starts_with('\n') {
            return rest.chars().nth(LOOK_AHEAD - 1).is_some();
        }
        !rest.is_empty()
    }
}

/// The first place from `at` on where a character is not `of` a kind.
fn skip(text: &str, at: usize, of: impl Fn(char) -> bool) -> usize {
    text[at..]
        .char_indices()
        .find(|(_, char)| !of(*char))
        .map_or(text.len(), |(further, _)| at + further)
}

/// The sentences of `document` in order: those of its paragraphs, list items and headings; a
/// row of a table is one sentence; a line of preformatted text is one.
#[must_use]
pub fn of_document(document: &Document) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut row_before = None;
    for block in &document.blocks {
        let text = &document.text[block.span.clone()];
        let offset = block.span.start;
        let row_now = match block.kind {
            BlockKind::Cell { table, row, .. } => Some((table, row)),
            _ => None,
        };
        match block.kind {
            BlockKind::Heading { .. } => spans.push(block.span.clone()),
            BlockKind::Paragraph | BlockKind::ListItem { .. } => spans.extend(
                split(text)
                    .into_iter()
                    .map(|span| span.start + offset..span.end + offset),
            ),
            BlockKind::Cell { .. } => match spans.last_mut() {
                Some(last) if row_now == row_before => last.end = block.span.end,
                _ => spans.push(block.span.clone()),
            },
            BlockKind::Preformatted => {
                let mut at = offset;
                for line in text.split('\n') {
                    push(&document.text, at..at + line.len(), &mut spans);
                    at += line.len() + 1;
                }
            }
        }
        row_before = row_now;
    }
    spans
}

fn is_terminator(char: char) -> bool {
    matches!(char, '.' | '!' | '?' | '。' | '！' | '？' | '…' | '．')
}

fn is_closer(char: char) -> bool {
    matches!(
        char,
        '"' | '\'' | ')' | ']' | '}' | '”' | '’' | '」' | '』' | '》' | '〉' | '）'
    )
}

fn is_hangul(char: char) -> bool {
    matches!(char, '\u{AC00}'..='\u{D7A3}')
}

/// Whether the terminators at byte `at` end the sentence that began at `start`; `closed` is the
/// first byte after them and the quotes and brackets that close with them.
fn ends_sentence(text: &str, start: usize, at: usize, closed: usize, single_stop: bool) -> bool {
    let rest = &text[closed..];
    let Some(next) = rest.chars().next() else {
        return true;
    };
    let before = text[start..at].chars().next_back();
    let mark = text[at..].chars().next();
    let mark_len = mark.map_or(0, char::len_utf8);
    if !next.is_whitespace() {
        // Without a space only a Korean final ending, or a mark that is nothing else, can end.
        if matches!(mark, Some('。' | '！' | '？')) {
            return !PARTICLES.iter().any(|particle| rest.starts_with(particle));
        }
        let starts = is_hangul(next)
            || next.is_uppercase()
            || next.is_ascii_digit()
            || matches!(
                next,
                '"' | '“' | '‘' | '(' | '「' | '『' | '①'..='⑳' | '-' | '•'
            );
        return before.is_some_and(|before| FINAL_SYLLABLES.contains(&before))
            && starts
            && !PARTICLES.iter().any(|particle| rest.starts_with(particle));
    }
    let following = rest.trim_start();
    let Some(first) = following.chars().next() else {
        return true;
    };
    if at + mark_len < closed && PARTICLES.iter().any(|particle| rest.starts_with(particle)) {
        return false;
    }
    if !single_stop {
        // `...` and `?!` inside a sentence go on in lower case.
        return !first.is_lowercase();
    }
    let so_far = text[start..at].trim_start();
    if is_enumerator(so_far) {
        return false;
    }
    if before.is_some_and(|before| before.is_ascii_digit())
        && first.is_ascii_digit()
        && is_date_part(so_far)
    {
        return false;
    }
    if is_date_end(so_far) {
        return false;
    }
    let word = so_far
        .rsplit(|char: char| char.is_whitespace() || matches!(char, '(' | '[' | '"' | '“'))
        .next()
        .unwrap_or_default()
        .to_lowercase();
    if word == "no" {
        // `No. 5` is a number; the word `no` ends a sentence.
        return !first.is_ascii_digit();
    }
    if ABBREVIATIONS.contains(&word.as_str()) {
        return false;
    }
    if ITEM_LETTERS.contains(&word.as_str()) && is_hangul(first) {
        return false;
    }
    if SOFT_ABBREVIATIONS.contains(&word.as_str()) {
        return first.is_uppercase() || is_hangul(first);
    }
    if word.chars().count() == 1 && so_far.ends_with(|char: char| char.is_ascii_uppercase()) {
        // An initial: `J. Park`. `Plan B. Then` is rarer than names are.
        return false;
    }
    !first.is_lowercase()
}

/// `1`, `가`, `a`, `iv`, `1.2`, `제3조`: what numbers the item that follows.
fn is_enumerator(text: &str) -> bool {
    // A long text is not counted: it may be one without any sentence's end.
    let count = text.chars().take(13).count();
    if count == 0 || count > 12 {
        return false;
    }
    let numbers = text.split('.').all(|part| {
        !part.is_empty() && part.len() <= 3 && part.chars().all(|c| c.is_ascii_digit())
    });
    let letter = count == 1
        && text.chars().all(|char| {
            char.is_ascii_alphabetic() || "가나다라마바사아자차카타파하".contains(char)
        });
    let roman = count <= 4
        && text
            .chars()
            .all(|char| matches!(char, 'i' | 'v' | 'x' | 'I' | 'V' | 'X'));
    let article = text.strip_prefix('제').is_some_and(|rest| {
        let rest = rest.trim_start_matches(|char: char| char.is_ascii_digit() || char == '의');
        matches!(rest, "장" | "절" | "조" | "항" | "호" | "편")
    });
    numbers || letter || roman || article
}

/// Whether `text` ends in the year, or the year and month, of a date written `2024. 3. 1.`.
fn is_date_part(text: &str) -> bool {
    let mut parts = text.rsplit('.');
    let Some(last) = parts.next() else {
        return false;
    };
    let last_digits = trailing_digits(last);
    if is_year(last_digits) {
        return true;
    }
    last.trim().len() == last_digits.len()
        && last_digits.len() <= 2
        && parts
            .next()
            .is_some_and(|year| is_year(trailing_digits(year)))
}

/// Whether `text` ends in `2024. 3. 1`, whose last stop belongs to the date.
fn is_date_end(text: &str) -> bool {
    let mut parts = text.rsplit('.');
    let (Some(day), Some(month), Some(year)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let short = |part: &str| {
        let part = part.trim();
        (1..=2).contains(&part.len()) && part.chars().all(|char| char.is_ascii_digit())
    };
    short(day) && short(month) && is_year(trailing_digits(year))
}

fn is_year(digits: &str) -> bool {
    digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"))
}

fn trailing_digits(text: &str) -> &str {
    let text = text.trim_end();
    let kept = text.trim_end_matches(|char: char| char.is_ascii_digit());
    &text[kept.len()..]
}

fn push(text: &str, span: Span, spans: &mut Vec<Span>) {
    spans.extend(trimmed(text, span));
}

/// `span` without white space at its ends; none if nothing is left.
fn trimmed(text: &str, span: Span) -> Option<Span> {
    let piece = &text[span.clone()];
    let trimmed = piece.trim();
    let start = span.start + (piece.len() - piece.trim_start().len());
    (!trimmed.is_empty()).then(|| start..start + trimmed.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let actual: Vec<&str> = split(text).into_iter().map(|span| &text[span]).collect();
        assert_eq!(actual, expected);
    }

    #[test]
    fn numbers_codes_and_articles_are_not_cut() {
        check(
            "연차는 15.5일이며 한도는 1,500,000원입니다. 제12조 제1항을 따릅니다.",
            &[
                "연차는 15.5일이며 한도는 1,500,000원입니다.",
                "제12조 제1항을 따릅니다.",
            ],
        );
        check(
            "Use v1.2.3, e.g. on Linux. See sec. 4 and Fig. 2 for details. Done.",
            &[
                "Use v1.2.3, e.g. on Linux.",
                "See sec. 4 and Fig. 2 for details.",
                "Done.",
            ],
        );
        check(
            "이 규정은 2024. 3. 1.부터 시행한다. 개정은 2025. 1. 1. 시행분을 포함한다.",
            &[
                "이 규정은 2024. 3. 1.부터 시행한다.",
                "개정은 2025. 1. 1. 시행분을 포함한다.",
            ],
        );
    }

    #[test]
    fn korean_sentences_without_a_space_are_cut() {
        check(
            "신청서를 냅니다.승인은 팀장이 합니다.문의는 인사팀으로 하십시오.",
            &[
                "신청서를 냅니다.",
                "승인은 팀장이 합니다.",
                "문의는 인사팀으로 하십시오.",
            ],
        );
        check(
            "그는 \"갑니다.\"라고 말했다. 끝.",
            &["그는 \"갑니다.\"라고 말했다.", "끝."],
        );
        check(
            "괜찮습니까? 네, 괜찮습니다!",
            &["괜찮습니까?", "네, 괜찮습니다!"],
        );
    }

    #[test]
    fn list_numbers_stay_with_their_items() {
        check(
            "1. 목적을 정한다. 2. 범위를 정한다.",
            &["1. 목적을 정한다.", "2. 범위를 정한다."],
        );
        check(
            "가. 국내 출장 나. 국외 출장",
            &["가. 국내 출장 나. 국외 출장"],
        );
    }

    #[test]
    fn names_and_abbreviations_are_not_cut() {
        check(
            "Dr. J. Park works at Hanbit Co. in Seoul. She started at 9 a.m. on Monday.",
            &[
                "Dr. J. Park works at Hanbit Co. in Seoul.",
                "She started at 9 a.m. on Monday.",
            ],
        );
        check(
            "Is it allowed? No. Ask first.",
            &["Is it allowed?", "No.", "Ask first."],
        );
        check(
            "Order it (see No. 5). Then wait...",
            &["Order it (see No. 5).", "Then wait..."],
        );
    }

    #[test]
    fn a_line_break_ends_a_sentence() {
        check("첫째 줄\n둘째 줄", &["첫째 줄", "둘째 줄"]);
    }

    #[test]
    fn a_table_row_is_one_sentence() {
        let mut builder = crate::DocumentBuilder::default();
        builder.paragraph("표는 다음과 같다. 단위는 원이다.");
        builder.table(
            &[
                vec!["코드".into(), "단가".into()],
                vec!["PPR-9087".into(), "35,000".into()],
            ],
            1,
        );
        let document = builder.finish();
        let sentences: Vec<&str> = of_document(&document)
            .into_iter()
            .map(|span| &document.text[span])
            .collect();
        assert_eq!(
            sentences,
            [
                "표는 다음과 같다.",
                "단위는 원이다.",
                "코드\t단가",
                "PPR-9087\t35,000"
            ]
        );
    }

    proptest! {
        #[test]
        fn sentences_hold_everything_but_white_space(text in "[ -~가-힣0-9.?!\n\"]{0,80}") {
            let spans = split(&text);
            let mut at = 0;
            for span in &spans {
                prop_assert!(text[at..span.start].trim().is_empty());
                prop_assert!(!text[span.clone()].trim().is_empty());
                at = span.end;
            }
            prop_assert!(text[at..].trim().is_empty());
        }

        #[test]
        fn sentences_are_the_same_however_text_arrives(
            text in "[ a-cA-B가다요\"'”)라고1-3.?!。 \n]{0,60}",
            cuts in prop::collection::vec(1..5_usize, 0..60),
        ) {
            let mut cursor = Cursor::default();
            let mut there = String::new();
            let mut spans = Vec::new();
            let mut forgotten = 0;
            let mut rest = text.chars();
            for cut in cuts {
                there.extend(rest.by_ref().take(cut));
                while let Some(span) = cursor.next(&there, false) {
                    spans.push(span.start + forgotten..span.end + forgotten);
                }
                let done = cursor.start();
                there.drain(..done);
                cursor.forget(done);
                forgotten += done;
            }
            there.extend(rest);
            while let Some(span) = cursor.next(&there, true) {
                spans.push(span.start + forgotten..span.end + forgotten);
            }
            prop_assert_eq!(spans, split(&text));
        }
    }
}
