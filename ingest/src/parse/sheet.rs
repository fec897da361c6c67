//! Sheets, whatever the format: cells with addresses on their way into tables.
//!
//! A sheet is cut into tables where whole rows are empty, and where a table would consist
//! of little but empty cells. Merged labels are repeated in the rows that they reach over,
//! so that a row on its own still says what it is about.

use std::collections::{BTreeMap, BTreeSet};

use crate::DocumentBuilder;

/// The rows of a sheet, in Excel and `LibreOffice`.
pub(super) const MAX_ROWS: u32 = 1_048_576;
/// The columns of a sheet.
pub(super) const MAX_COLUMNS: u32 = 16_384;
/// Cells that merged ones may add to a sheet.
const MAX_REPEATED: usize = 100_000;
/// Bytes of a cell that are worth repeating.
const MAX_REPEATED_TEXT: usize = 300;
/// Empty cells that a table may have, in any case and for each that is not empty.
const EMPTY_CELLS: (usize, usize) = (1_024, 8);
/// Rows of headers that a merged cell in the first one may reach over.
const MAX_HEADER_ROWS: u32 = 4;

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    /// A date or a time.
    Date,
}

#[derive(Clone, Debug)]
struct Cell {
    text: String,
    kind: Kind,
}

/// Cells from the first to the last, both counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) first: (u32, u32),
    pub(super) last: (u32, u32),
}

/// What a budget for cells counts, over all sheets of a file.
#[derive(Debug)]
pub(super) struct Budget {
    cells: usize,
    bytes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            cells: 1_000_000,
            bytes: 40 << 20,
        }
    }
}

impl Budget {
    /// Takes a cell with so many bytes of text; whether there was room for it.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        let fits = self.cells > 0 && bytes <= self.bytes;
        if fits {
            self.cells -= 1;
            self.bytes -= bytes;
        }
        fits
    }
}

/// A sheet while its cells come in.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    /// By row, the cells with their columns, in any order.
    rows: BTreeMap<u32, Vec<(u32, Cell)>>,
    pub(super) merged: Vec<Range>,
    /// Rows that the file itself calls headers.
    pub(super) headers: Vec<Range>,
    /// Ranges that the file itself calls tables.
    pub(super) tables: Vec<Range>,
    /// What people wrote to cells.
    pub(super) notes: BTreeMap<(u32, u32), String>,
}

impl Sheet {
    /// Sets a cell; both numbers count from 0.
    pub(super) fn set(&mut self, row: u32, column: u32, text: String, kind: Kind) {
        if row < MAX_ROWS && column < MAX_COLUMNS && !text.trim().is_empty() {
            let cell = Cell { text, kind };
            self.rows.entry(row).or_default().push((column, cell));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.notes.is_empty()
    }

    /// Pushes its tables, and what was written to its cells.
    pub(super) fn push_to(mut self, builder: &mut DocumentBuilder) {
        for cells in self.rows.values_mut() {
            // Of two cells in one place the first stands.
            cells.sort_by_key(|(column, _)| *column);
            cells.dedup_by_key(|(column, _)| *column);
        }
        let reach = self.repeat_merged();
        let mut breaks: BTreeSet<u32> = BTreeSet::new();
        for table in &self.tables {
            breaks.insert(table.first.0);
            breaks.insert(table.last.0.saturating_add(1));
        }
        let mut end = 0;
        let mut segment = Segment::new(true);
        let mut segments = Vec::new();
        for (row, cells) in self.rows {
            let apart = row > end || breaks.contains(&row);
            if apart || !segment.has_room_for(&cells) {
                let full = std::mem::replace(&mut segment, Segment::new(apart));
                segments.push(full);
            }
            end = end
                .max(row + 1)
                .max(reach.get(&row).map_or(0, |last| last.saturating_add(1)));
            segment.push(row, cells);
        }
        segments.push(segment);
        for segment in segments {
            segment.push_to(builder, &self.merged, &self.headers);
        }
        for ((row, column), text) in self.notes {
            builder.paragraph(&format!("[{}] {text}", address(row, column)));
        }
    }

    /// Puts the text of merged cells into the rows below that have cells of their own; how far
    /// down the cells of a row reach.
    fn repeat_merged(&mut self) -> BTreeMap<u32, u32> {
        let mut reach: BTreeMap<u32, u32> = BTreeMap::new();
        let mut left = MAX_REPEATED;
        for Range { first, last } in &self.merged {
            let Some(cells) = self.rows.get(&first.0).filter(|_| last.0 > first.0) else {
                continue;
            };
            let Ok(at) = cells.binary_search_by_key(&first.1, |(column, _)| *column) else {
                continue;
            };
            let cell = cells[at].1.clone();
            let end = reach.entry(first.0).or_default();
            *end = last.0.max(*end);
            if cell.text.len() > MAX_REPEATED_TEXT {
                continue;
            }
            for (_, cells) in self.rows.range_mut(first.0 + 1..=last.0) {
                if left == 0 {
                    break;
                }
                left -= 1;
                if let Err(at) = cells.binary_search_by_key(&first.1, |(column, _)| *column) {
                    cells.insert(at, (first.1, cell.clone()));
                }
            }
        }
        reach
    }
}

/// Rows that become a table.
#[derive(Debug, Default)]
struct Segment {
    rows: Vec<(u32, Vec<(u32, Cell)>)>,
    columns: BTreeSet<u32>,
    filled: usize,
    /// Whether it begins where a table may have its header.
    is_start: bool,
}

impl Segment {
    fn new(is_start: bool) -> Self {
        Self {
            is_start,
            ..Self::default()
        }
    }

    fn has_room_for(&self, cells: &[(u32, Cell)]) -> bool {
        let new = cells
            .iter()
            .filter(|(column, _)| !self.columns.contains(column))
            .count();
        let all = (self.rows.len() + 1).saturating_mul(self.columns.len() + new);
        let filled = self.filled + cells.len();
        self.rows.is_empty() || all <= filled.saturating_mul(EMPTY_CELLS.1) + EMPTY_CELLS.0
    }

    fn push(&mut self, row: u32, cells: Vec<(u32, Cell)>) {
        self.columns.extend(cells.iter().map(|(column, _)| *column));
        self.filled += cells.len();
        self.rows.push((row, cells));
    }

    fn push_to(mut self, builder: &mut DocumentBuilder, merged: &[Range], headers: &[Range]) {
        // Lines such as `(단위: 원)` above a table are no part of it.
        let above = self
            .rows
            .iter()
            .take_while(|(row, cells)| {
                cells.len() == 1 && !headers.iter().any(|range| range.has_row(*row))
            })
            .count();
        let below = self.rows.split_off(above);
        if below.is_empty() || !self.is_start {
            self.rows.extend(below);
            let header_rows = self.header_rows(merged, headers);
            self.push_table(builder, header_rows);
            return;
        }
        if !self.rows.is_empty() {
            Self::of(self.rows).push_table(builder, 0);
        }
        let below = Self::of(below);
        let header_rows = below.header_rows(merged, headers);
        below.push_table(builder, header_rows);
    }

    fn of(rows: Vec<(u32, Vec<(u32, Cell)>)>) -> Self {
        let mut segment = Self::new(true);
        for (row, cells) in rows {
            segment.push(row, cells);
        }
        segment
    }

    /// How many rows at the top are headers.
    fn header_rows(&self, merged: &[Range], headers: &[Range]) -> usize {
        let said = self
            .rows
            .iter()
            .take_while(|(row, _)| headers.iter().any(|range| range.has_row(*row)))
            .count();
        if said > 0 || !self.is_start {
            return if said < self.rows.len() { said } else { 0 };
        }
        let Some((first, cells)) = self.rows.first() else {
            return 0;
        };
        let first_is_text = self.rows.len() > 1
            && cells.len() > 1
            && cells.iter().all(|(_, cell)| cell.kind == Kind::Text);
        // A header of years: no other row has numbers like these in all its columns.
        let first_is_years = self.rows.len() > 1
            && cells.len() > 1
            && cells
                .iter()
                .all(|(column, cell)| cell.kind == Kind::Text || *column > 0 && is_period(cell))
            && self.rows[1..].iter().all(|(_, row)| {
                cells
                    .iter()
                    .filter(|(_, cell)| cell.kind != Kind::Text)
                    .all(|(column, _)| {
                        row.binary_search_by_key(column, |(column, _)| *column)
                            .map_or(true, |at| !is_period(&row[at].1))
                    })
            })
            && self.first_column_is_text();
        if !first_is_text && !first_is_years {
            return 0;
        }
        // Merged cells make a header of several rows.
        let reach = merged
            .iter()
            .filter(|range| range.first.0 == *first && range.last.0 < first + MAX_HEADER_ROWS)
            .map(|range| range.last.0)
            .max()
            .unwrap_or(*first);
        let rows = self
            .rows
            .iter()
            .take_while(|(row, cells)| {
                *row == *first
                    || *row <= reach && cells.iter().all(|(_, cell)| cell.kind == Kind::Text)
            })
            .count();
        let has_figures = |rows: &[(u32, Vec<(u32, Cell)>)]| {
            rows.iter()
                .any(|(_, cells)| cells.iter().any(|(_, cell)| cell.kind != Kind::Text))
        };
        if has_figures(&self.rows[rows..]) {
            rows
        } else {
            0
        }
    }

    /// Whether the rows below the first begin with text: they say what their figures are of.
    fn first_column_is_text(&self) -> bool {
        let first = self.columns.first();
        self.rows[1..].iter().all(|(_, cells)| {
            cells
                .first()
                .is_some_and(|(column, cell)| first == Some(column) && cell.kind == Kind::Text)
        })
    }

    fn push_table(self, builder: &mut DocumentBuilder, header_rows: usize) {
        let columns: Vec<u32> = self.columns.into_iter().collect();
        let rows: Vec<(u32, Vec<String>)> = self
            .rows
            .into_iter()
            .map(|(row, cells)| {
                let mut texts = vec![String::new(); columns.len()];
                for (column, cell) in cells {
                    if let Ok(at) = columns.binary_search(&column) {
                        texts[at] = cell.text;
                    }
                }
                (row, texts)
            })
            .collect();
        builder.sheet_table(&columns, &rows, header_rows);
    }
}

impl Range {
    fn has_row(&self, row: u32) -> bool {
        (self.first.0..=self.last.0).contains(&row)
    }
}

/// Whether a cell is a date, or a number that is a year.
fn is_period(cell: &Cell) -> bool {
    match cell.kind {
        Kind::Date => true,
        Kind::Number => cell
            .text
            .trim_end_matches('년')
            .parse::<u32>()
            .is_ok_and(|year| (1900..2100).contains(&year)),
        Kind::Text => false,
    }
}

/// The address of a cell, such as `B7`; both numbers count from 0.
pub(super) fn address(row: u32, column: u32) -> String {
    let mut letters = Vec::new();
    let mut left = column + 1;
    while left > 0 {
        letters.push(char::from(
            b'A' + u8::try_from((left - 1) % 26).unwrap_or(0),
        ));
        left = (left - 1) / 26;
    }
    let letters: String = letters.into_iter().rev().collect();
    format!("{letters}{}", row + 1)
}

/// Row and column, from 0, of an address such as `B7` or `$B$7`.
pub(super) fn cell_of(address: &str) -> Option<(u32, u32)> {
    let address = address.trim().replace('$', "");
    let digits = address.trim_start_matches(|char: char| char.is_ascii_alphabetic());
    let letters = &address[..address.len() - digits.len()];
    if letters.is_empty() || letters.len() > 3 {
        return None;
    }
    let column = letters.bytes().fold(0, |column, letter| {
        column * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1
    });
    let row: u32 = digits.parse().ok()?;
    ((1..=MAX_ROWS).contains(&row) && column <= MAX_COLUMNS).then(|| (row - 1, column - 1))
}

/// The cells of a range such as `A3:F20`, or of one cell.
pub(super) fn range_of(range: &str) -> Option<Range> {
    let (first, last) = range.split_once(':').unwrap_or((range, range));
    let (one, other) = (cell_of(first)?, cell_of(last)?);
    Some(Range {
        first: (one.0.min(other.0), one.1.min(other.1)),
        last: (one.0.max(other.0), one.1.max(other.1)),
    })
}

/// Whether the first row of a table of text is its header: it has no figures, and another
/// row has.
pub(super) fn has_header<'a>(rows: impl IntoIterator<Item = &'a [String]>) -> bool {
    let mut rows = rows.into_iter();
    let Some(first) = rows.next() else {
        return false;
    };
    let filled = first.iter().filter(|cell| !cell.trim().is_empty()).count();
    filled > 1
        && !first.iter().any(|cell| is_figure(cell))
        && rows.any(|row| row.iter().any(|cell| is_figure(cell)))
}

/// Whether text is a number, an amount or a date: digits, and hardly anything else.
pub(super) fn is_figure(text: &str) -> bool {
    let mut digits = 0;
    let mut letters = 0;
    for char in text.trim().chars() {
        match char {
            '0'..='9' => digits += 1,
            '.' | ',' | '-' | '/' | ':' | '%' | '+' | '(' | ')' | ' ' | '₩' | '$' | '€' | '¥'
            | '원' | '년' | '월' | '일' | '시' | '분' => {}
            char if char.is_alphabetic() => letters += 1,
            _ => {}
        }
    }
    digits > 0 && letters == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BlockKind, Document};

    fn read(cells: &[(&str, &str)], merged: &[&str]) -> Document {
        let mut sheet = Sheet::default();
        for (address, text) in cells {
            let (row, column) = cell_of(address).unwrap();
            let kind = if is_figure(text) {
                Kind::Number
            } else {
                Kind::Text
            };
            sheet.set(row, column, (*text).to_owned(), kind);
        }
        sheet.merged = merged
            .iter()
            .map(|range| range_of(range).unwrap())
            .collect();
        let mut builder = DocumentBuilder::default();
        builder.sheet(1, "표");
        sheet.push_to(&mut builder);
        builder.finish()
    }

    fn cell<'a>(document: &'a Document, text: &str) -> &'a BlockKind {
        let block = document
            .blocks
            .iter()
            .find(|block| &document.text[block.span.clone()] == text);
        &block.unwrap().kind
    }

    #[test]
    fn cells_keep_their_addresses_and_empty_columns_go() {
        let document = read(
            &[
                ("B2", "품목"),
                ("D2", "단가"),
                ("B3", "볼트"),
                ("D3", "1,500"),
                ("B7", "합계"),
            ],
            &[],
        );
        assert_eq!(document.text, "품목\t단가\n볼트\t1,500\n\n합계");
        assert_eq!(
            *cell(&document, "단가"),
            BlockKind::Cell {
                table: 0,
                row: 1,
                column: 3,
                header: true
            }
        );
        assert_eq!(
            *cell(&document, "합계"),
            BlockKind::Cell {
                table: 1,
                row: 6,
                column: 1,
                header: false
            }
        );
    }

    #[test]
    fn a_line_above_a_table_is_not_its_header() {
        let document = read(
            &[
                ("A1", "2024년 매출"),
                ("A2", "지점"),
                ("B2", "금액"),
                ("A3", "서울"),
                ("B3", "100"),
            ],
            &["A1:B1"],
        );
        assert_eq!(document.text, "2024년 매출\n\n지점\t금액\n서울\t100");
        assert!(matches!(
            cell(&document, "지점"),
            BlockKind::Cell { header: true, .. }
        ));
    }

    #[test]
    fn merged_labels_stand_in_every_row_and_headers_may_have_two() {
        let document = read(
            &[
                ("A1", "지역"),
                ("B1", "매출"),
                ("B2", "상반기"),
                ("C2", "하반기"),
                ("A3", "수도권"),
                ("B3", "10"),
                ("C3", "20"),
                ("B4", "30"),
                ("C4", "40"),
            ],
            &["A1:A2", "B1:C1", "A3:A4"],
        );
        assert_eq!(
            document.text,
            "지역\t매출\t\n지역\t상반기\t하반기\n수도권\t10\t20\n수도권\t30\t40"
        );
        assert!(matches!(
            cell(&document, "하반기"),
            BlockKind::Cell { header: true, .. }
        ));
        assert!(matches!(
            cell(&document, "10"),
            BlockKind::Cell { header: false, .. }
        ));
    }

    #[test]
    fn years_may_head_a_table() {
        let document = read(
            &[
                ("A1", "구분"),
                ("B1", "2023"),
                ("C1", "2024"),
                ("A2", "매출"),
                ("B2", "10"),
                ("C2", "20"),
            ],
            &[],
        );
        assert!(matches!(
            cell(&document, "2024"),
            BlockKind::Cell { header: true, .. }
        ));
    }

    #[test]
    fn sheets_with_few_cells_far_apart_stay_small() {
        let cells: Vec<(String, &str)> = (0..3_000).map(|at| (address(at, at * 5), "값")).collect();
        let cells: Vec<(&str, &str)> = cells
            .iter()
            .map(|(address, text)| (address.as_str(), *text))
            .collect();
        for merged in [&[][..], &["A1:XFD1048576"]] {
            let document = read(&cells, merged);
            assert!(document.text.len() < 500_000, "{}", document.text.len());
            assert!(document.text.matches('값').count() >= 3_000);
        }
        let document = read(&[("A1", "처음"), ("XFD1048576", "끝")], &[]);
        assert_eq!(document.text, "처음\n\n끝");
    }

    #[test]
    fn addresses_are_read_and_written() {
        for text in ["A1", "Z9", "AA10", "XFD1048576"] {
            let (row, column) = cell_of(text).unwrap();
            assert_eq!(address(row, column), text);
        }
        assert_eq!(cell_of("$B$7"), Some((6, 1)));
        for text in ["", "7", "B", "XFE1", "A1048577", "가1", "AAAA1"] {
            assert_eq!(cell_of(text), None, "{text}");
        }
    }
}
