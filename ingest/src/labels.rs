//! What a search can be narrowed by: collection, tags, language, author, dates.
//!
//! [`Labels`] belong to a document and are kept with each of its chunks in both indexes;
//! a [`Filter`] belongs to a question and is applied inside them, before the limit.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use crate::DocumentId;

/// A day of the calendar.
///
/// Days are kept as numbers such as 20250301, which are in the order of the calendar and which
/// people can read in an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Day(u32);

/// A day that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a day such as 2025-03-01")]
pub struct DayError(String);

impl Day {
    /// The day, if the calendar has it.
    #[must_use]
    pub fn new(year: u32, month: u32, day: u32) -> Option<Self> {
        let is_leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if is_leap => 29,
            2 => 28,
            _ => return None,
        };
        let is_day = (1..=9_999).contains(&year) && (1..=days).contains(&day);
        is_day.then_some(Self(year * 10_000 + month * 100 + day))
    }

    /// The number that the indexes keep, such as 20250301.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }

    /// Year, month from 1, day from 1.
    #[must_use]
    pub fn parts(self) -> (u32, u32, u32) {
        (self.0 / 10_000, self.0 / 100 % 100, self.0 % 100)
    }

    /// The day after it; none after the last that is known.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        let (year, month, day) = self.parts();
        Self::new(year, month, day + 1)
            .or_else(|| Self::new(year, month + 1, 1))
            .or_else(|| Self::new(year + 1, 1, 1))
    }

    /// The day before it; none before the first that is known.
    #[must_use]
    pub fn previous(self) -> Option<Self> {
        let (year, month, day) = self.parts();
        let last_of = |year, month| (28..=31).rev().find_map(|day| Self::new(year, month, day));
        Self::new(year, month, day.checked_sub(1)?)
            .or_else(|| last_of(year, month - 1))
            .or_else(|| last_of(year.checked_sub(1)?, 12))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.parts();
        write!(formatter, "{year:04}-{month:02}-{day:02}")
    }
}

impl FromStr for Day {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Self, DayError> {
        let is_shaped = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| {
                matches!((at, byte), (4 | 7, b'-')) || (at != 4 && at != 7 && byte.is_ascii_digit())
            });
        let number = |from: usize, to: usize| text.get(from..to)?.parse().ok();
        is_shaped
            .then(|| Self::new(number(0, 4)?, number(5, 7)?, number(8, 10)?))
            .flatten()
            .ok_or_else(|| DayError(text.chars().take(40).collect()))
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

impl TryFrom<String> for Day {
    type Error = DayError;

    fn try_from(text: String) -> Result<Self, DayError> {
        text.parse()
    }
}

/// What a search can be narrowed by, of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Labels {
    /// The collection that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// Its tags.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<String>,
    /// The language of its text, such as `ko`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Who wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// The day that it is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dated: Option<Day>,
    /// The first day that it is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Day>,
    /// The last day that it is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
    /// The first day that it is left out of searches which name no day: a person has said that
    /// it is no longer in force then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired: Option<Day>,
}

/// On which day documents must be in force to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InForce {
    /// Today: what a person has retired by then is left out. What a text says of itself is not
    /// enough for that, since it may have been read wrongly.
    Today(Day),
    /// On this day, by what people and texts say; documents that say nothing are found.
    On(Day),
    /// Any day.
    AnyDay,
}

/// What a search is narrowed to. All of it must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// In one of these collections; any, if empty.
    pub collections: BTreeSet<String>,
    /// With all of these tags.
    pub tags: BTreeSet<String>,
    /// In one of these languages; any, if empty.
    pub languages: BTreeSet<String>,
    /// By one of these authors; any, if empty.
    pub authors: BTreeSet<String>,
    /// One of these documents; any, if none are named.
    pub documents: Option<BTreeSet<DocumentId>>,
    /// Dated on this day or later.
    pub dated_from: Option<Day>,
    /// Dated on this day or earlier.
    pub dated_until: Option<Day>,
    /// In force.
    pub in_force: InForce,
}

impl Filter {
    /// Everything.
    #[must_use]
    pub fn none() -> Self {
        Self {
            collections: BTreeSet::new(),
            tags: BTreeSet::new(),
            languages: BTreeSet::new(),
            authors: BTreeSet::new(),
            documents: None,
            dated_from: None,
            dated_until: None,
            in_force: InForce::AnyDay,
        }
    }

    /// What an index is asked, as terms of [`terms_of`] and ranges of [`days_of`].
    #[must_use]
    pub fn conditions(&self) -> Conditions {
        let mut conditions = Conditions::default();
        let any = |kind: Kind, names: &BTreeSet<String>| -> Vec<String> {
            names.iter().map(|name| kind.term(name)).collect()
        };
        for (kind, names) in [
            (Kind::Collection, &self.collections),
            (Kind::Language, &self.languages),
            (Kind::Author, &self.authors),
        ] {
            if !names.is_empty() {
                conditions.any_of.push(any(kind, names));
            }
        }
        for tag in &self.tags {
            conditions.any_of.push(vec![Kind::Tag.term(tag)]);
        }
        if let Some(documents) = &self.documents {
            let terms = documents.iter().map(document_term).collect();
            conditions.any_of.push(terms);
        }
        if self.dated_from.is_some() || self.dated_until.is_some() {
            let first = self.dated_from.map_or(0, Day::number);
            let last = self.dated_until.map_or(u32::MAX, Day::number);
            conditions.within.push((DATED, first, last));
        }
        match self.in_force {
            InForce::Today(day) => conditions.not_within.push((RETIRED, 0, day.number())),
            InForce::On(day) => {
                let day = day.number();
                conditions.not_within.push((FROM, day + 1, u32::MAX));
                conditions.not_within.push((UNTIL, 0, day - 1));
            }
            InForce::AnyDay => {}
        }
        conditions
    }
}

/// The day that a document is of, in an index.
pub const DATED: &str = "dated";
/// The first day that it is in force, in an index.
pub const FROM: &str = "from";
/// The last day that it is in force, in an index.
pub const UNTIL: &str = "until";
/// The first day that it is retired, in an index.
pub const RETIRED: &str = "retired";
/// All the days that an index keeps.
pub const DAYS: [&str; 4] = [DATED, FROM, UNTIL, RETIRED];

/// What an index is asked, beside the rights. Days are numbers, and both ends count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Of each of these lists a chunk must have one term.
    pub any_of: Vec<Vec<String>>,
    /// Days that a chunk must have, in these ranges.
    pub within: Vec<(&'static str, u32, u32)>,
    /// Days that a chunk must not have, in these ranges.
    pub not_within: Vec<(&'static str, u32, u32)>,
}

#[derive(Clone, Copy)]
enum Kind {
    Collection,
    Tag,
    Language,
    Author,
}

impl Kind {
    /// A term that an index keeps. Case, space around it and how a Mac writes Hangul do not matter.
    fn term(self, name: &str) -> String {
        let kind = match self {
            Self::Collection => 'c',
            Self::Tag => 't',
            Self::Language => 'l',
            Self::Author => 'a',
        };
        let name: String = name.trim().nfc().collect();
        format!("{kind}:{}", name.to_lowercase())
    }
}

fn document_term(document: &DocumentId) -> String {
    format!("d:{document}")
}

/// The terms that an index keeps for a chunk of `document`.
#[must_use]
pub fn terms_of(document: &DocumentId, labels: &Labels) -> Vec<String> {
    let mut terms = vec![document_term(document)];
    terms.extend(
        labels
            .collection
            .as_deref()
            .map(|name| Kind::Collection.term(name)),
    );
    terms.extend(labels.tags.iter().map(|tag| Kind::Tag.term(tag)));
    terms.extend(
        labels
            .language
            .as_deref()
            .map(|name| Kind::Language.term(name)),
    );
    terms.extend(labels.author.as_deref().map(|name| Kind::Author.term(name)));
    terms
}

/// The days that an index keeps for a chunk.
pub fn days_of(labels: &Labels) -> impl Iterator<Item = (&'static str, u32)> {
    [
        (DATED, labels.dated),
        (FROM, labels.from),
        (UNTIL, labels.until),
        (RETIRED, labels.retired),
    ]
    .into_iter()
    .filter_map(|(name, day)| Some((name, day?.number())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for day in ["2024-02-29", "2000-02-29", "2025-12-31", "0001-01-01"] {
            assert_eq!(day.parse::<Day>().unwrap().to_string(), day);
        }
        for none in [
            "2025-02-29",
            "1900-02-29",
            "2025-13-01",
            "2025-00-10",
            "2025-1-01",
            "2025-01-32",
            "20250101",
            "2025-01-+1",
            "２０２５-01-01",
            "",
            "오늘",
            "0000-01-01",
        ] {
            assert!(none.parse::<Day>().is_err(), "{none}");
        }
        let next = |day: &str| day.parse::<Day>().unwrap().next().unwrap().to_string();
        assert_eq!(next("2025-02-28"), "2025-03-01");
        assert_eq!(next("2024-02-28"), "2024-02-29");
        assert_eq!(next("2025-12-31"), "2026-01-01");
        assert_eq!(Day::new(9_999, 12, 31).unwrap().next(), None);
        let previous = |day: &str| day.parse::<Day>().unwrap().previous().unwrap().to_string();
        assert_eq!(previous("2025-03-01"), "2025-02-28");
        assert_eq!(previous("2024-03-01"), "2024-02-29");
        assert_eq!(previous("2025-01-01"), "2024-12-31");
        assert_eq!(Day::new(1, 1, 1).unwrap().previous(), None);
        assert!(Day::new(2024, 12, 31) < Day::new(2025, 1, 1));
    }

    #[test]
    fn a_filter_asks_for_what_labels_give() {
        let document = DocumentId::at("a");
        let labels = Labels {
            collection: Some("인사 규정".to_owned()),
            tags: BTreeSet::from(["HR".to_owned(), "2025".to_owned()]),
            ..Labels::default()
        };
        let terms = terms_of(&document, &labels);
        let filter = Filter {
            collections: BTreeSet::from(["인사 규정".to_owned(), "other".to_owned()]),
            tags: BTreeSet::from(["hr".to_owned()]),
            documents: Some(BTreeSet::from([document])),
            ..Filter::none()
        };
        let conditions = filter.conditions();
        assert_eq!(conditions.any_of.len(), 3);
        for any in &conditions.any_of {
            assert!(any.iter().any(|term| terms.contains(term)), "{any:?}");
        }
        // As a Mac writes it: 인사 규정 in letters.
        let from_a_mac = Filter {
            collections: BTreeSet::from([
                " \u{110b}\u{1175}\u{11ab}\u{1109}\u{1161} 규정".to_owned()
            ]),
            ..Filter::none()
        };
        assert!(terms.contains(&from_a_mac.conditions().any_of[0][0]));
        // A tag is no collection.
        let wrong = Filter {
            collections: BTreeSet::from(["hr".to_owned()]),
            ..Filter::none()
        };
        assert!(!terms.contains(&wrong.conditions().any_of[0][0]));
        // Nobody is named: nothing is found, not everything.
        let nobody = Filter {
            documents: Some(BTreeSet::new()),
            ..Filter::none()
        };
        assert_eq!(nobody.conditions().any_of, [Vec::<String>::new()]);
        assert_eq!(Filter::none().conditions(), Conditions::default());
    }
}
