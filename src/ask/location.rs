//! Where a quote stands, as people say it: pages, slides, a sheet and its cells, paragraphs.

use ingest::PageKind;

use crate::language::Language;

/// What is counted in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Its pages.
    Page,
    /// Its slides.
    Slide,
    /// Its sheets.
    Sheet,
    /// Its paragraphs, where it has none of these; see [`ingest::ParagraphSpan`].
    Paragraph,
}

impl From<PageKind> for Counted {
    fn from(kind: PageKind) -> Self {
        match kind {
            PageKind::Page => Self::Page,
            PageKind::Slide => Self::Slide,
            PageKind::Sheet => Self::Sheet,
        }
    }
}

/// On which pages, slides or sheets, or in which paragraphs, something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// What they are called.
    pub kind: Counted,
    /// The first, from 1.
    pub first: u32,
    /// The last.
    pub last: u32,
    /// The name of its own, if it is one that has a name.
    pub name: Option<String>,
    /// The cells of a sheet, such as `B7` or `B7:D9`.
    pub cells: Option<String>,
    /// Whether the text there was read by character recognition.
    pub recognized: bool,
}

impl Location {
    /// The location in words: `3쪽`, `slide 2`, `sheet Prices, B7:D7`; and whether its text was
    /// read from a picture.
    #[must_use]
    pub fn words(&self, language: Language) -> String {
        let Self { first, last, .. } = self;
        let mut words = match (self.kind, language, &self.name, first == last) {
            (Counted::Paragraph, Language::Ko, _, true) => format!("{first}번째 문단"),
            (Counted::Paragraph, Language::Ko, _, false) => format!("{first}~{last}번째 문단"),
            (Counted::Paragraph, Language::En, _, true) => format!("paragraph {first}"),
            (Counted::Paragraph, Language::En, _, false) => format!("paragraphs {first} to {last}"),
            (Counted::Page, Language::Ko, _, true) => format!("{first}쪽"),
            (Counted::Page, Language::Ko, _, false) => format!("{first}~{last}쪽"),
            (Counted::Page, Language::En, _, true) => format!("page {first}"),
            (Counted::Page, Language::En, _, false) => format!("pages {first} to {last}"),
            (Counted::Slide, Language::Ko, _, true) => format!("슬라이드 {first}"),
            (Counted::Slide, Language::Ko, _, false) => format!("슬라이드 {first}~{last}"),
            (Counted::Slide, Language::En, _, true) => format!("slide {first}"),
            (Counted::Slide, Language::En, _, false) => format!("slides {first} to {last}"),
            (Counted::Sheet, Language::Ko, Some(name), _) => format!("시트 {name}"),
            (Counted::Sheet, Language::En, Some(name), _) => format!("sheet {name}"),
            (Counted::Sheet, Language::Ko, None, true) => format!("시트 {first}"),
            (Counted::Sheet, Language::Ko, None, false) => format!("시트 {first}~{last}"),
            (Counted::Sheet, Language::En, None, true) => format!("sheet {first}"),
            (Counted::Sheet, Language::En, None, false) => format!("sheets {first} to {last}"),
        };
        if let Some(cells) = &self.cells {
            words.push_str(", ");
            words.push_str(cells);
        }
        if self.recognized {
            words.push_str(match language {
                Language::Ko => ", 그림에서 읽은 글자",
                Language::En => ", read from a picture",
            });
        }
        words
    }
}

/// The range that cells (row and column from 0) take in a sheet, such as `B7:D9`.
pub(super) fn range_of(mut cells: impl Iterator<Item = (u32, u32)>) -> Option<String> {
    let first = cells.next()?;
    let (mut from, mut to) = (first, first);
    for (row, column) in cells {
        from = (from.0.min(row), from.1.min(column));
        to = (to.0.max(row), to.1.max(column));
    }
    let (from, to) = (cell_name(from), cell_name(to));
    Some(if from == to {
        from
    } else {
        format!("{from}:{to}")
    })
}

/// `B7` for row 6 and column 1.
fn cell_name((row, column): (u32, u32)) -> String {
    let mut letters = Vec::new();
    let mut left = u64::from(column) + 1;
    while left > 0 {
        let digit = u32::try_from((left - 1) % 26).unwrap_or(0);
        letters.extend(char::from_u32(u32::from('A') + digit));
        left = (left - 1) / 26;
    }
    let letters: String = letters.into_iter().rev().collect();
    format!("{letters}{}", u64::from(row) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_called_as_sheets_call_them() {
        for (cells, expected) in [
            (vec![(6, 1)], "B7"),
            (vec![(6, 3), (6, 1), (8, 2)], "B7:D9"),
            (vec![(0, 25), (0, 26)], "Z1:AA1"),
            (vec![(1_048_575, 16_383)], "XFD1048576"),
        ] {
            assert_eq!(range_of(cells.into_iter()).as_deref(), Some(expected));
        }
        assert_eq!(range_of(std::iter::empty()), None);
    }

    #[test]
    fn locations_are_told_in_both_languages() {
        let at = |kind, first, last, name: Option<&str>, cells: Option<&str>| Location {
            kind,
            first,
            last,
            name: name.map(str::to_owned),
            cells: cells.map(str::to_owned),
            recognized: false,
        };
        for (location, ko, en) in [
            (at(Counted::Page, 3, 3, None, None), "3쪽", "page 3"),
            (
                at(Counted::Page, 3, 4, Some("iii"), None),
                "3~4쪽",
                "pages 3 to 4",
            ),
            (
                at(Counted::Slide, 2, 2, Some("매출"), None),
                "슬라이드 2",
                "slide 2",
            ),
            (
                at(Counted::Sheet, 1, 1, Some("단가표"), Some("B7:D7")),
                "시트 단가표, B7:D7",
                "sheet 단가표, B7:D7",
            ),
            (
                at(Counted::Paragraph, 7, 7, None, None),
                "7번째 문단",
                "paragraph 7",
            ),
            (
                at(Counted::Paragraph, 7, 8, None, None),
                "7~8번째 문단",
                "paragraphs 7 to 8",
            ),
            (
                at(Counted::Sheet, 1, 2, None, None),
                "시트 1~2",
                "sheets 1 to 2",
            ),
        ] {
            assert_eq!(location.words(Language::Ko), ko);
            assert_eq!(location.words(Language::En), en);
        }
        let scanned = Location {
            recognized: true,
            ..at(Counted::Page, 2, 2, None, None)
        };
        assert_eq!(scanned.words(Language::En), "page 2, read from a picture");
    }
}
