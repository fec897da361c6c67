//! From when to when a document holds, and what it takes the place of, as its own text says.
//!
//! Only plain statements are read: `시행일: 2025. 3. 1.`, `이 규정은 2025년 3월 1일부터 시행한다`,
//! `Effective date: 1 March 2025`, `Valid until 2026-12-31`. Days whose order of parts is not
//! certain (`03/04/2025`) are not read.

use std::sync::LazyLock;

use ingest::{Day, Document};
use regex::Regex;

use crate::dates::{DATE, PartialDate};

/// Characters at the start of a document that are its head.
const HEAD: usize = 3_000;
/// Characters of a document that are looked through.
const MOST: usize = 2_000_000;
/// Titles that one document may say it takes the place of.
const TITLES: usize = 10;

/// What a text says of its validity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) from: Option<Day>,
    pub(super) until: Option<Day>,
    pub(super) supersedes: Vec<String>,
}

/// A pattern in which `DATE` stands for a date, and for the full stop that Korean ones may end in.
fn pattern(text: &str) -> Regex {
    Regex::new(&text.replace("DATE", &format!(r"{DATE}\.?"))).expect("the patterns are constants")
}

/// In the head: from when it holds.
static FROM: LazyLock<[Regex; 3]> = LazyLock::new(|| {
    [
        pattern(r"(?i)(?:시행\s*일자?|시행|적용\s*시작일|적용일|발효일)\s*[:：]?\s*[\[(<]?\s*DATE"),
        pattern(r"(?i)DATE\s*(?:부터|에)?\s*시행"),
        pattern(
            r"(?i)\b(?:effective(?:\s+date)?(?:\s+(?:from|as\s+of|on|since))?|valid\s+from|in\s+force\s+(?:from|since)|(?:takes?|took)\s+effect\s+on|c(?:omes?|ame)\s+into\s+(?:force|effect)\s+on)\s*[:：]?\s*DATE",
        ),
    ]
});

/// In the head: until when.
static UNTIL: LazyLock<[Regex; 4]> = LazyLock::new(|| {
    [
        pattern(
            r"(?i)(?:유효\s*기간|적용\s*기간|시행\s*기간)\s*[:：]?\s*[^\n]{0,40}[~∼～-]\s*DATE",
        ),
        pattern(r"(?i)(?:유효\s*기한|만료\s*일자?|폐지\s*일자?|적용\s*종료일)\s*[:：]?\s*DATE"),
        pattern(r"(?i)DATE\s*까지\s*(?:유효|적용|시행|효력)"),
        pattern(
            r"(?i)\b(?:(?:valid|effective|in\s+force)\s+(?:until|through|to)|expires?(?:\s+on)?|expiry(?:\s+date)?|expiration(?:\s+date)?)\s*[:：]?\s*DATE",
        ),
    ]
});

/// In the head: both ends.
static BOTH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)(?:유효\s*기간|적용\s*기간|시행\s*기간)\s*[:：]?\s*DATE\s*(?:부터|[~∼～-])")
});

/// Anywhere: the clause of a Korean rule that says since when it is in force.
static CLAUSE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"이\s*(?:규정|규칙|지침|내규|기준|법|영|요령|세칙|정관|약관|예규|훈령|고시|조례|개정\s*규정)\s*[은는]\s*DATE\s*(?:부터|에|자로)\s*시행",
    )
});

/// In the head or in such clauses: titles of what it takes the place of.
static INSTEAD: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    [
        pattern(
            r"[「『<〈]([^」』>〉\n]{2,100})[」』>〉](?:\s*\([^)\n]{1,40}\))?\s*[을를은는]?\s*(?:이\s*\S{1,10}로\s*)?(?:대체|폐지|갈음)",
        ),
        pattern(
            "(?i)\\b(?:supersedes|replaces)\\s+(?:the\\s+)?(?:[^\\s“\"]+\\s+){0,3}?[“\"]([^”\"\\n]{2,100})[”\"]",
        ),
    ]
});

fn days<'t>(pattern: &'t Regex, text: &'t str) -> impl Iterator<Item = Day> + 't {
    pattern
        .captures_iter(text)
        .filter_map(|found| PartialDate::read(&found)?.to_day())
}

/// What the text of a document says of its validity.
pub(super) fn of(document: &Document) -> Validity {
    let text = match document.text.char_indices().nth(MOST) {
        Some((end, _)) => &document.text[..end],
        None => &document.text,
    };
    let head = match text.char_indices().nth(HEAD) {
        Some((end, _)) => &text[..end],
        None => text,
    };
    // Of several amendments the last is the one that this text is of.
    let in_head = FROM
        .iter()
        .chain([&*BOTH])
        .flat_map(|pattern| days(pattern, head))
        .max();
    let from = in_head.max(days(&CLAUSE, text).max());
    let until = UNTIL
        .iter()
        .flat_map(|pattern| days(pattern, head))
        .max()
        .filter(|until| from.is_none_or(|from| from <= *until));
    let mut supersedes: Vec<String> = Vec::new();
    for pattern in &*INSTEAD {
        for found in pattern.captures_iter(text).take(TITLES) {
            let title = found[1].split_whitespace().collect::<Vec<_>>().join(" ");
            if !supersedes.contains(&title) && supersedes.len() < TITLES {
                supersedes.push(title);
            }
        }
    }
    Validity {
        from,
        until,
        supersedes,
    }
}

#[cfg(test)]
mod tests {
    use ingest::DocumentBuilder;

    use super::*;

    fn read(text: &str) -> (Option<String>, Option<String>) {
        let mut builder = DocumentBuilder::default();
        for line in text.lines() {
            builder.paragraph(line);
        }
        let validity = of(&builder.finish());
        (
            validity.from.map(|day| day.to_string()),
            validity.until.map(|day| day.to_string()),
        )
    }

    #[test]
    fn plain_statements_are_read() {
        for (text, from, until) in [
            ("시행일: 2025. 3. 1.", "2025-03-01", ""),
            ("[시행 2024. 12. 31.]", "2024-12-31", ""),
            ("시행일자 2025년 3월 1일", "2025-03-01", ""),
            ("2019. 1. 1. 제정, 2025. 3. 1. 시행", "2025-03-01", ""),
            ("이 규정은 2025년 3월 1일부터 시행한다.", "2025-03-01", ""),
            (
                "이 지침은 2019년 1월 1일부터 시행한다.\n이 지침은 2025년 3월 1일부터 시행한다.",
                "2025-03-01",
                "",
            ),
            (
                "적용 기간: 2025. 1. 1. ~ 2025. 12. 31.",
                "2025-01-01",
                "2025-12-31",
            ),
            (
                "이 안내는 2025년 12월 31일까지 유효합니다.",
                "",
                "2025-12-31",
            ),
            ("Effective date: March 1, 2025", "2025-03-01", ""),
            ("Effective from 1st of March 2025.", "2025-03-01", ""),
            (
                "This policy takes effect on Sept. 2, 2025 and expires on 2026-09-01.",
                "2025-09-02",
                "2026-09-01",
            ),
            ("Valid until 31 December 2026", "", "2026-12-31"),
        ] {
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            assert_eq!(read(text), (some(from), some(until)), "{text}");
        }
    }

    #[test]
    fn what_is_not_certain_is_not_read() {
        for text in [
            "Effective date: 03/04/2025",
            "시행일: 2025. 2. 30.",
            "2025년 3월 1일 회의록",
            "The offer was effective. March 2025 was cold.",
            "회의는 2025년 3월 1일까지 합니다.",
            "시행일은 따로 정한다.",
            "Effective Foo 12, 2025",
            "입사일은 2025년 3월 1일이다.",
        ] {
            assert_eq!(read(text), (None, None), "{text}");
        }
        // An end before the beginning is of something else.
        assert_eq!(read("시행일: 2025. 3. 1.\n만료일: 2024. 1. 1.").1, None);
    }

    #[test]
    fn titles_that_it_takes_the_place_of_are_read() {
        let mut builder = DocumentBuilder::default();
        builder.paragraph("이 규정은 「국내 출장 여비 규정」(2023년)을 대체한다.");
        builder.paragraph("종전의 「여비 지침」은 폐지한다. 「취업규칙」에 따른다.");
        builder.paragraph("This guide supersedes the “Overseas  Travel Guide”.");
        let titles = of(&builder.finish()).supersedes;
        assert_eq!(
            titles,
            ["국내 출장 여비 규정", "여비 지침", "Overseas Travel Guide"]
        );
    }
}
