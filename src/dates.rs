//! Dates that documents write about themselves, in Korean and English.

use ingest::Day;
use regex::Captures;

use crate::language::Language;

/// A date as far as it is said: a year, a month of a year, a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PartialDate {
    pub(crate) year: u32,
    /// From 1.
    pub(crate) month: Option<u32>,
    /// From 1.
    pub(crate) day: Option<u32>,
}

/// A date with its year, for patterns; [`PartialDate::read`] reads what they find. English months need `(?i)`.
pub(crate) const DATE: &str = r"(?:(?P<y1>(?:19|20)\d\d)\s*년(?:\s*(?P<m1>\d{1,2})\s*월(?:\s*(?P<d1>\d{1,2})\s*일)?)?|(?P<y2>(?:19|20)\d\d)\s?[-./]\s?(?P<m2>\d{1,2})(?:\s?[-./]\s?(?P<d2>\d{1,2}))?|(?P<d3>\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m3>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,?\s+(?P<y3>(?:19|20)\d\d)|(?P<m4>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+(?:(?P<d4>\d{1,2})(?:st|nd|rd|th)?,?\s+)?(?P<y4>(?:19|20)\d\d))";

impl PartialDate {
    /// As ISO 8601 writes it, as far as it is known: `2025-03`.
    pub(crate) fn iso(self) -> String {
        let Self { year, month, day } = self;
        match (month, day) {
            (Some(month), Some(day)) => format!("{year:04}-{month:02}-{day:02}"),
            (Some(month), None) => format!("{year:04}-{month:02}"),
            (None, _) => format!("{year:04}"),
        }
    }

    /// As people write it.
    pub(crate) fn words(self, language: Language) -> String {
        const MONTHS: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let Self { year, month, day } = self;
        match (language, month, day) {
            (Language::Ko, Some(month), Some(day)) => format!("{year}년 {month}월 {day}일"),
            (Language::Ko, Some(month), None) => format!("{year}년 {month}월"),
            (Language::Ko, None, _) => format!("{year}년"),
            (Language::En, Some(month), day) => {
                let name = usize::try_from(month)
                    .ok()
                    .and_then(|month| MONTHS.get(month.checked_sub(1)?))
                    .copied()
                    .unwrap_or_default();
                day.map_or_else(
                    || format!("{name} {year}"),
                    |day| format!("{day} {name} {year}"),
                )
            }
            (Language::En, None, _) => year.to_string(),
        }
    }

    /// The date that a pattern with [`DATE`] in it found.
    pub(crate) fn read(found: &Captures<'_>) -> Option<Self> {
        let part = |names: [&str; 4]| {
            names
                .iter()
                .find_map(|name| found.name(name))
                .map(|part| part.as_str())
        };
        Some(Self {
            year: part(["y1", "y2", "y3", "y4"])?.parse().ok()?,
            month: part(["m1", "m2", "m3", "m4"])
                .and_then(month)
                .filter(|month| (1..=12).contains(month)),
            day: part(["d1", "d2", "d3", "d4"])
                .and_then(|day| day.parse().ok())
                .filter(|day| (1..=31).contains(day)),
        })
    }

    /// The day, if it is one of the calendar.
    pub(crate) fn to_day(self) -> Option<Day> {
        Day::new(self.year, self.month?, self.day?)
    }
}

fn month(text: &str) -> Option<u32> {
    const NAMES: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let text = text.to_lowercase();
    text.parse().ok().or_else(|| {
        let at = NAMES.iter().position(|name| *name == text)?;
        u32::try_from(at + 1).ok()
    })
}
