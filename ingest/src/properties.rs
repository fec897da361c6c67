//! What a file says about itself: who wrote it and when. And which language its text is in.
//!
//! What stands in a file is foreign: names are cleaned and cut, and a day that no calendar has
//! is none. What programs write where nobody said anything is left out.

use serde::{Deserialize, Serialize};

use crate::document::normal_line;

/// Characters of all authors together.
const MAX_AUTHOR: usize = 200;
/// Characters of one name that are looked at, and authors.
const MAX_RAW: usize = 1_000;
const MAX_AUTHORS: usize = 50;

/// Names that are nobody's, in lower case: of accounts, and of programs.
const PLACEHOLDERS: &[&str] = &[
    "admin",
    "administrator",
    "anonymous",
    "(anonymous)",
    "anonymous user",
    "apache poi",
    "author",
    "default",
    "guest",
    "me",
    "microsoft office user",
    "n/a",
    "none",
    "null",
    "openpyxl",
    "owner",
    "python-docx",
    "python-pptx",
    "registered user",
    "pc",
    "root",
    "test",
    "undefined",
    "unknown",
    "unknown author",
    "(unspecified)",
    "unspecified",
    "user",
    "win user",
    "windows user",
    "xlsxwriter",
    "your name",
    "your user name",
    "관리자",
    "사용자",
    "알 수 없음",
    "windows 사용자",
    "microsoft office 사용자",
    "익명",
    "작성자",
];

/// When the templates were made that python-docx and python-pptx start from. Both leave it there.
const TEMPLATES: &[&str] = &[
    "2013-12-23T23:15:00Z",
    "2013-01-27T09:14:16Z",
    "2013-01-27T09:15:58Z",
];

/// What a file says about itself, and the language of its text.
///
/// Days are as the file writes them, in its own time zone: at midnight they may be a day off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Properties {
    /// Who wrote it: `김민아`, of a message `김민아 <mina@example.com>`; several are divided by
    /// `, `. At most 200 characters, on one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// The day on which it was made, or sent: `2026-03-31`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// The day on which it was last changed: `2026-03-31`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// The language that most of its text is in, by its text: BCP 47 without region or script,
    /// such as `ko`. Not there where the text is too short or leaves it open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

impl Properties {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What a file says, as it says it. Times are in any form that begins with the year.
    pub(crate) fn said(
        authors: impl IntoIterator<Item = impl AsRef<str>>,
        created: &str,
        modified: &str,
    ) -> Self {
        Self {
            author: author(authors),
            created: day(created),
            modified: day(modified),
            language: None,
        }
    }

    /// Takes from `other` what is not there.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            author: self.author.or(other.author),
            created: self.created.or(other.created),
            modified: self.modified.or(other.modified),
            language: self.language.or(other.language),
        }
    }
}

/// Names on one line.
fn author(names: impl IntoIterator<Item = impl AsRef<str>>) -> Option<String> {
    let mut author = String::new();
    let mut left = MAX_AUTHOR;
    let mut seen: Vec<String> = Vec::new();
    for names in names.into_iter().take(MAX_AUTHORS) {
        // Office writes several names as one.
        let names = names.as_ref();
        let names = names
            .char_indices()
            .nth(MAX_RAW)
            .map_or(names, |(end, _)| &names[..end]);
        for name in names.split([';', '\n']).filter_map(name) {
            let lower = name.to_lowercase();
            if seen.contains(&lower) {
                continue;
            }
            seen.push(lower);
            let divider = if author.is_empty() { "" } else { ", " };
            let length = divider.len() + name.chars().count();
            if length <= left {
                author.push_str(divider);
                author.push_str(&name);
                left -= length;
            } else if author.is_empty() {
                author.extend(name.chars().take(left));
                author.truncate(author.trim_end().len());
                left = 0;
            }
        }
    }
    (!author.is_empty()).then_some(author)
}

/// A name without what cannot be seen, if it is one.
fn name(name: &str) -> Option<String> {
    let visible: String = name.chars().filter(|char| !is_mark(*char)).collect();
    let name = normal_line(&visible);
    let lower = name.to_lowercase();
    let is_name = name.chars().any(char::is_alphanumeric)
        // What was not decoded says nothing.
        && !name.contains(char::REPLACEMENT_CHARACTER)
        && !PLACEHOLDERS.contains(&lower.as_str())
        // Browsers, of pages that they save.
        && !lower.trim_start_matches('<').starts_with("saved by ")
        && !lower.starts_with("generated by ")
        && !lower.contains("internet explorer");
    is_name.then_some(name)
}

/// Marks that turn the direction of text around, or stand for nothing.
fn is_mark(char: char) -> bool {
    matches!(
        char,
        '\u{061C}'
            | '\u{200E}'
            | '\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}'
    )
}

/// The day that a time begins with: `D:20260331090500+09'00'`, `2026-03-31T00:05:00Z`,
/// `2026. 3. 31.`, `2026년 3월 31일`.
fn day(time: &str) -> Option<String> {
    let time = time.trim();
    if TEMPLATES.contains(&time) {
        return None;
    }
    let time = time.strip_prefix("D:").unwrap_or(time);
    let (year, rest) = number(time, 4)?;
    let ((month, rest), compact) = if rest.starts_with(|char: char| char.is_ascii_digit()) {
        (number(rest, 2)?, true)
    } else {
        let rest = rest.strip_prefix(['-', '/', '.', '년'])?;
        (number(rest.trim_start(), 2)?, false)
    };
    let (day, _) = if compact {
        number(rest, 2).filter(|(_, left)| rest.len() == left.len() + 2)?
    } else {
        let rest = rest.strip_prefix(['-', '/', '.', '월'])?;
        number(rest.trim_start(), 2)
            .filter(|(_, left)| !left.starts_with(|char: char| char.is_ascii_digit()))?
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    let is_real = (1970..2200).contains(&year) && (1..=days).contains(&day)
        // What a clock says that was never set.
        && (year, month, day) != (1970, 1, 1);
    is_real.then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// A number of at most so many digits that a text begins with, and what follows it.
fn number(text: &str, digits: usize) -> Option<(u32, &str)> {
    let length = text
        .bytes()
        .take(digits)
        .take_while(u8::is_ascii_digit)
        .count();
    let (number, rest) = text.split_at(length);
    Some((number.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_day(time: &str, expected: &str) {
        assert_eq!(day(time).as_deref().unwrap_or("none"), expected, "{time}");
    }

    #[test]
    fn days_are_read_as_they_are_written() {
        check_day("D:20260331235959+09'00'", "2026-03-31");
        check_day("20260331", "2026-03-31");
        check_day("2026-03-31T23:59:59Z", "2026-03-31");
        check_day(" 2026-03-31 00:00:00 -1100", "2026-03-31");
        check_day("2026/3/1", "2026-03-01");
        check_day("2026. 3. 31. 오후 2:29", "2026-03-31");
        check_day("2023년 10월 5일 목요일 오후 2:29:29", "2023-10-05");
        check_day("2024-02-29", "2024-02-29");
        check_day("2000-02-29", "2000-02-29");
        check_day("1970-01-02", "1970-01-02");
        check_day("2199-12-31", "2199-12-31");
    }

    #[test]
    fn days_that_no_calendar_has_are_none() {
        for time in [
            "",
            "D:",
            "D:2026",
            "D:202603",
            "D:2026033",
            "D:20261301",
            "D:20260230",
            "D:191040101000000",
            "2023-02-29",
            "2100-02-29",
            "2026-00-10",
            "2026-04-31",
            "2026-04-00",
            "2026-04-311",
            "1969-12-31",
            "1970-01-01T00:00:00Z",
            "2200-01-01",
            "99999999999999999999",
            "0000-00-00",
            "-2026-03-31",
            "31-03-2026",
            "２０２６-03-31",
            "2026년",
            "2026-가나",
            "\u{202E}2026-03-31",
            "2013-12-23T23:15:00Z",
        ] {
            check_day(time, "none");
        }
        // Only the moment of the template is not meant.
        check_day("2013-12-23T23:15:01Z", "2013-12-23");
    }

    #[test]
    fn documents_stored_before_this_are_read_still() {
        let stored = r#"{"title":null,"text":"a","blocks":[],"pages":[]}"#;
        let mut document: crate::Document = serde_json::from_str(stored).unwrap();
        assert!(document.properties.is_empty());
        assert_eq!(serde_json::to_string(&document).unwrap(), stored);
        document.properties = Properties::said(["김민아"], "", "");
        let json = serde_json::to_string(&document).unwrap();
        assert!(
            json.contains(r#""properties":{"author":"김민아"}"#),
            "{json}"
        );
        assert_eq!(
            serde_json::from_str::<crate::Document>(&json).unwrap(),
            document
        );
    }

    #[track_caller]
    fn check_author(names: &[&str], expected: &str) {
        assert_eq!(author(names).as_deref().unwrap_or("none"), expected);
    }

    #[test]
    fn names_are_one_clean_line() {
        check_author(&["  김민아\r\n "], "김민아");
        check_author(&["Kim Minah; 이서준", "kim minah"], "Kim Minah, 이서준");
        check_author(
            &["\u{202E}Kim\u{0} \u{2066}Minah\u{7}\u{E0041}"],
            "Kim Minah",
        );
        check_author(&["\u{200F} 김\t\t민아\u{2069}"], "김 민아");
        check_author(&["user", "김민아", "Administrator"], "김민아");
        check_author(&["e\u{301}mile"], "émile");
    }

    #[test]
    fn names_that_are_nobodys_are_left_out() {
        for name in [
            "",
            " ",
            "\u{202E}",
            "user",
            "USER",
            "Admin",
            "Administrator",
            "unknown",
            "python-docx",
            "openpyxl",
            "사용자",
            "Windows 사용자",
            "\u{200E}user\u{200E}",
            "...",
            "\u{FFFD}\u{FFFD}a",
            "<Saved by Blink>",
        ] {
            check_author(&[name], "none");
        }
    }

    #[test]
    fn long_names_are_cut_and_many_are_counted() {
        let long = "김".repeat(100_000);
        assert_eq!(author([long.as_str()]).unwrap(), "김".repeat(200));
        let many: Vec<String> = (0..100_000)
            .map(|number| format!("name {number}"))
            .collect();
        let found = author(&many).unwrap();
        assert!(
            found.starts_with("name 0, name 1, ") && !found.ends_with(','),
            "{found}"
        );
        assert!(found.chars().count() <= 200);
    }

    #[test]
    fn what_is_not_known_is_not_stored() {
        let some = Properties::said(["김민아"], "2026-03-31", "");
        let json = serde_json::to_string(&some).unwrap();
        assert_eq!(json, r#"{"author":"김민아","created":"2026-03-31"}"#);
        assert_eq!(serde_json::from_str::<Properties>(&json).unwrap(), some);
        assert!(serde_json::from_str::<Properties>("{}").unwrap().is_empty());
        let other = Properties::said(["Lee"], "2020-01-01", "2021-01-01");
        let both = some.or(other);
        assert_eq!(
            both,
            Properties::said(["김민아"], "2026-03-31", "2021-01-01")
        );
    }
}
