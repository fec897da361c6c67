//! The sheets of `OpenDocument` spreadsheets: cells as they are shown.

use quick_xml::events::BytesStart;

use super::super::sheet::{Budget, Kind, MAX_COLUMNS, MAX_ROWS, Range, Sheet};
use super::super::xlsx::{hidden_sheets, number_format};
use super::super::xml::{self, Piece, attribute};
use super::super::{Progress, flow::Item};
use super::text::is_skipped;
use super::{Package, object_name};
use crate::Problem;

/// Cells that may be added since one stands there several times.
const MAX_COPIES: usize = 100_000;

/// A cell while it is read.
#[derive(Debug, Default)]
struct Open {
    /// What is shown.
    text: String,
    /// What is written to it.
    note: String,
    value: Option<String>,
    kind: String,
    columns: u32,
    rows: u32,
    copies: u32,
    is_covered: bool,
    has_formula: bool,
}

/// A sheet while it is read.
#[derive(Debug, Default)]
struct OpenSheet {
    name: String,
    is_hidden: bool,
    sheet: Sheet,
    items: Vec<Item>,
    row: u32,
    row_copies: u32,
    column: u32,
    /// The cells of the row that is open, for its copies.
    cells: Vec<(u32, u32, String, Kind)>,
    header_from: Option<u32>,
    without_result: usize,
}

/// Reads the sheets; what is wrong with the part if it ends early.
pub(super) fn read(package: &mut Package, progress: Progress<'_>) -> Option<String> {
    let content = std::mem::take(&mut package.content);
    let mut reader = Sheets {
        package,
        progress,
        budget: Budget::default(),
        copies: MAX_COPIES,
        left_out: 0,
        number: 0,
        hidden: Vec::new(),
        sheet: None,
        cell: None,
        tables: 0,
        shapes: 0,
        notes: 0,
        paragraph: false,
        shape_text: String::new(),
    };
    let problem = xml::walk(
        &content,
        "content.xml",
        |name, element| name != "annotation" && is_skipped(name, element),
        |piece| match piece {
            Piece::Start(name, element) => reader.start(name, element),
            Piece::End(name) => reader.end(name),
            Piece::Text(text) => reader.push(text),
        },
    );
    reader.close_cell();
    reader.close_row();
    reader.close_sheet();
    let (hidden, left_out) = (reader.hidden, reader.left_out);
    package
        .problems
        .extend(hidden_sheets(&hidden).map(Problem::of_file));
    if left_out > 0 {
        package.problems.push(Problem::of_file(format!(
            "{left_out} cells were left out: the file repeats cells, or has more text, than is read"
        )));
    }
    problem
}

struct Sheets<'a> {
    package: &'a mut Package,
    progress: Progress<'a>,
    budget: Budget,
    copies: usize,
    left_out: usize,
    number: u32,
    hidden: Vec<String>,
    sheet: Option<OpenSheet>,
    cell: Option<Open>,
    /// Tables, shapes and notes that are open.
    tables: usize,
    shapes: usize,
    notes: usize,
    paragraph: bool,
    shape_text: String,
}

impl Sheets<'_> {
    fn start(&mut self, name: &str, element: &BytesStart<'_>) {
        match name {
            "table" => {
                self.tables += 1;
                if self.tables == 1 {
                    self.number += 1;
                    self.sheet = Some(OpenSheet {
                        name: attribute(element, "name").unwrap_or_default(),
                        is_hidden: self
                            .package
                            .styles
                            .hides(attribute(element, "style-name").as_ref()),
                        ..OpenSheet::default()
                    });
                }
            }
            "frame" | "custom-shape" | "rect" | "ellipse" | "caption" => self.shapes += 1,
            "annotation" => self.notes += 1,
            "p" | "h" => {
                self.paragraph = true;
                self.push("\n");
            }
            "s" | "tab" | "line-break" => self.push(" "),
            "object" => {
                let name = attribute(element, "href").map(|name| object_name(&name));
                if let Some(items) = name.and_then(|name| self.package.objects.remove(&name))
                    && let Some(sheet) = &mut self.sheet
                {
                    sheet.items.extend(items);
                }
            }
            _ if self.tables == 1 => self.start_in_sheet(name, element),
            _ => {}
        }
    }

    fn start_in_sheet(&mut self, name: &str, element: &BytesStart<'_>) {
        let number = |name| {
            attribute(element, name)
                .and_then(|number| number.parse::<u32>().ok())
                .unwrap_or(1)
                .max(1)
        };
        let Some(sheet) = &mut self.sheet else {
            return;
        };
        match name {
            "table-header-rows" => sheet.header_from = Some(sheet.row),
            "table-row" => {
                sheet.column = 0;
                sheet.row_copies = number("number-rows-repeated");
            }
            "table-cell" | "covered-table-cell" => {
                self.cell = Some(Open {
                    kind: attribute(element, "value-type").unwrap_or_default(),
                    value: [
                        "value",
                        "date-value",
                        "time-value",
                        "boolean-value",
                        "string-value",
                    ]
                    .iter()
                    .find_map(|name| attribute(element, name)),
                    columns: number("number-columns-spanned"),
                    rows: number("number-rows-spanned"),
                    copies: number("number-columns-repeated"),
                    is_covered: name == "covered-table-cell",
                    has_formula: attribute(element, "formula").is_some(),
                    ..Open::default()
                });
            }
            _ => {}
        }
    }

    fn push(&mut self, text: &str) {
        if !self.paragraph {
            return;
        }
        if self.notes > 0 {
            if let Some(cell) = &mut self.cell {
                cell.note.push_str(text);
            }
        } else if self.shapes > 0 {
            self.shape_text.push_str(text);
        } else if let Some(cell) = &mut self.cell {
            cell.text.push_str(text);
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "p" | "h" => {
                self.paragraph = false;
                if self.shapes > 0 && self.notes == 0 {
                    let text = std::mem::take(&mut self.shape_text);
                    if let Some(sheet) = &mut self.sheet {
                        sheet.items.push(Item::Paragraph(text));
                    }
                }
            }
            "frame" | "custom-shape" | "rect" | "ellipse" | "caption" => {
                self.shapes = self.shapes.saturating_sub(1);
            }
            "annotation" => self.notes = self.notes.saturating_sub(1),
            "table" => {
                self.tables = self.tables.saturating_sub(1);
                if self.tables == 0 {
                    self.close_sheet();
                }
            }
            _ if self.tables != 1 => {}
            "table-cell" | "covered-table-cell" => self.close_cell(),
            "table-row" => self.close_row(),
            "table-header-rows" => {
                if let Some(sheet) = &mut self.sheet
                    && let Some(first) = sheet.header_from.take()
                    && sheet.row > first
                {
                    sheet.sheet.headers.push(Range {
                        first: (first, 0),
                        last: (sheet.row - 1, MAX_COLUMNS - 1),
                    });
                }
            }
            _ => {}
        }
    }

    fn close_cell(&mut self) {
        let (Some(cell), Some(sheet)) = (self.cell.take(), &mut self.sheet) else {
            return;
        };
        let (row, column) = (sheet.row, sheet.column);
        sheet.column = column.saturating_add(cell.copies);
        if cell.is_covered || row >= MAX_ROWS || column >= MAX_COLUMNS {
            return;
        }
        if !cell.note.trim().is_empty() {
            sheet.sheet.notes.insert((row, column), cell.note.clone());
        }
        if cell.columns > 1 || cell.rows > 1 {
            sheet.sheet.merged.push(Range {
                first: (row, column),
                last: (
                    row.saturating_add(cell.rows - 1),
                    column.saturating_add(cell.columns - 1),
                ),
            });
        }
        let kind = match cell.kind.as_str() {
            "float" | "percentage" | "currency" => Kind::Number,
            "date" | "time" => Kind::Date,
            _ => Kind::Text,
        };
        let text = if cell.text.trim().is_empty() {
            match (cell.value, kind) {
                (Some(value), Kind::Number) => {
                    value.parse::<f64>().map_or(value, number_format::general)
                }
                (Some(value), _) => value,
                (None, _) => {
                    sheet.without_result += usize::from(cell.has_formula && cell.kind.is_empty());
                    return;
                }
            }
        } else {
            cell.text
        };
        let last = column.saturating_add(cell.copies).min(MAX_COLUMNS);
        for at in column..last {
            if at > column {
                if self.copies == 0 {
                    self.left_out += usize::try_from(last - at).unwrap_or(usize::MAX);
                    break;
                }
                self.copies -= 1;
            }
            if !self.budget.take(text.len()) {
                self.left_out += 1;
                break;
            }
            sheet.cells.push((row, at, text.clone(), kind));
        }
    }

    fn close_row(&mut self) {
        let Some(sheet) = &mut self.sheet else {
            return;
        };
        let copies = sheet.row_copies.max(1);
        let first = sheet.row;
        sheet.row = first.saturating_add(copies);
        let cells = std::mem::take(&mut sheet.cells);
        if cells.is_empty() {
            return;
        }
        'copies: for row in first + 1..sheet.row.min(MAX_ROWS) {
            for (_, column, text, kind) in &cells {
                if self.copies == 0 || !self.budget.take(text.len()) {
                    let rows = usize::try_from(sheet.row - row).unwrap_or(usize::MAX);
                    self.left_out = self
                        .left_out
                        .saturating_add(rows.saturating_mul(cells.len()));
                    break 'copies;
                }
                self.copies -= 1;
                sheet.sheet.set(row, *column, text.clone(), *kind);
            }
        }
        for (row, column, text, kind) in cells {
            sheet.sheet.set(row, column, text, kind);
        }
    }

    fn close_sheet(&mut self) {
        let Some(sheet) = self.sheet.take() else {
            return;
        };
        (self.progress)(self.number, None);
        if sheet.is_hidden {
            self.hidden.push(sheet.name);
            return;
        }
        let builder = &mut self.package.builder;
        builder.sheet(self.number, &sheet.name);
        if sheet.without_result > 0 {
            self.package.problems.push(Problem {
                page: Some(self.number),
                message: format!(
                    "formulas on the sheet `{}` have no stored result: {}",
                    sheet.name, sheet.without_result
                ),
            });
        }
        if !sheet.sheet.is_empty() || !sheet.items.is_empty() {
            builder.heading(2, &sheet.name);
        }
        sheet.sheet.push_to(builder);
        for item in sheet.items {
            item.push_to(builder);
        }
    }
}
