//! Blocks and tables on their way into a [`Document`](crate::Document), for formats whose
//! tables hold blocks and spans (DOCX, HTML, HWP).
//!
//! Nothing here recurses, and what a span of rows or columns may repeat is limited: a few
//! bytes of markup never become gigabytes of text.

use crate::DocumentBuilder;

/// Tables inside tables inside tables: below this depth only their text is kept.
pub(super) const MAX_NESTED_TABLES: usize = 8;
/// The columns that one cell may span; Word allows 63, HTML 1,000.
const MAX_SPAN: usize = 1_000;
/// The columns without a cell that may stand before one.
const MAX_GAP: usize = 64;
/// Cells that spans may add to one table.
const MAX_SPANNED_CELLS: usize = 100_000;
/// Bytes of a cell that are worth repeating in the rows it spans.
const MAX_REPEATED_TEXT: usize = 300;

/// A block or a table.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::enum_variant_names, reason = "a list item is called so")]
pub(super) enum Item {
    Heading {
        level: u8,
        text: String,
    },
    Paragraph(String),
    ListItem {
        level: u8,
        text: String,
    },
    Preformatted(String),
    Table {
        rows: Vec<Vec<String>>,
        header_rows: usize,
    },
}

impl Item {
    pub(super) fn push_to(self, builder: &mut DocumentBuilder) {
        match self {
            Self::Heading { level, text } => builder.heading(level, &text),
            Self::Paragraph(text) => builder.paragraph(&text),
            Self::ListItem { level, text } => builder.list_item(level, &text),
            Self::Preformatted(text) => builder.preformatted(&text),
            Self::Table { rows, header_rows } => builder.table(&rows, header_rows),
        }
    }

    /// Its text on one line.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        self.append_to(&mut text);
        text
    }

    /// Adds its text to that of the cell it stands in.
    fn append_to(&self, cell: &mut String) {
        let mut append = |text: &str| {
            if !cell.is_empty() && !text.is_empty() {
                cell.push(' ');
            }
            cell.push_str(text);
        };
        match self {
            Self::Heading { text, .. }
            | Self::Paragraph(text)
            | Self::ListItem { text, .. }
            | Self::Preformatted(text) => append(text),
            Self::Table { rows, .. } => {
                for cell in rows.iter().flatten() {
                    append(cell);
                }
            }
        }
    }
}

/// A table while its cells come in.
#[derive(Debug, Default)]
pub(super) struct Grid {
    rows: Vec<GridRow>,
    /// Per column, a cell from a row above that reaches further down.
    carried: Vec<Carried>,
    spanned_cells: usize,
}

#[derive(Debug, Default)]
struct GridRow {
    cells: Vec<GridCell>,
    header: bool,
}

#[derive(Clone, Debug, Default)]
enum GridCell {
    /// Beside a cell that spans columns, or below one whose text is too long to repeat.
    #[default]
    Covered,
    /// Below a cell that spans rows: its text stands here again, so that a row on its own
    /// still says what it is about.
    Repeated(String),
    Own(Vec<Item>),
}

#[derive(Clone, Debug, Default)]
struct Carried {
    rows: usize,
    text: Option<String>,
}

impl Grid {
    /// Opens the next row.
    pub(super) fn row(&mut self) {
        self.finish_row();
        self.rows.push(GridRow::default());
    }

    /// Says that the row that is open is (not) a header.
    pub(super) fn header(&mut self, header: bool) {
        if let Some(row) = self.rows.last_mut() {
            row.header = header;
        }
    }

    /// Adds a cell to the row that is open (HTML: where no cell from above reaches).
    pub(super) fn cell(&mut self, items: Vec<Item>, columns: usize, rows: usize) {
        self.carry_down();
        if self.rows.is_empty() {
            self.row();
        }
        let column = self.rows.last().map_or(0, |row| row.cells.len());
        let columns = self.allowed(columns);
        if rows > 1 {
            let text = cell_text(&items);
            let text = (text.len() <= MAX_REPEATED_TEXT).then_some(text);
            if self.carried.len() < column + columns {
                self.carried.resize(column + columns, Carried::default());
            }
            for (offset, carried) in self.carried[column..column + columns]
                .iter_mut()
                .enumerate()
            {
                *carried = Carried {
                    rows: rows - 1,
                    text: if offset == 0 { text.clone() } else { None },
                };
            }
        }
        self.push(GridCell::Own(items));
        for _ in 1..columns {
            self.push(GridCell::Covered);
        }
    }

    /// Adds a cell to the row that is open, at this column or further right where that is
    /// taken (HWP: cells say where they stand).
    pub(super) fn cell_at(
        &mut self,
        column: Option<usize>,
        items: Vec<Item>,
        columns: usize,
        rows: usize,
    ) {
        self.carry_down();
        let at = self.rows.last().map_or(0, |row| row.cells.len());
        let column = column.unwrap_or(at).min(at + MAX_GAP);
        while self.spanned_cells < MAX_SPANNED_CELLS
            && self.rows.last().map_or(0, |row| row.cells.len()) < column
        {
            self.spanned_cells += 1;
            self.push(GridCell::Covered);
            self.carry_down();
        }
        self.cell(items, columns, rows);
    }

    /// Adds a cell that continues the one above it (DOCX: `vMerge` without `restart`).
    pub(super) fn continued_cell(&mut self, columns: usize) {
        let columns = self.allowed(columns);
        let column = self.rows.last().map_or(0, |row| row.cells.len());
        let above = match self.rows.len().checked_sub(2).map(|row| &self.rows[row]) {
            Some(row) => match row.cells.get(column) {
                Some(GridCell::Own(items)) => Some(cell_text(items)),
                Some(GridCell::Repeated(text)) => Some(text.clone()),
                _ => None,
            },
            None => None,
        };
        self.spanned_cells += 1;
        self.push(match above {
            Some(text)
                if text.len() <= MAX_REPEATED_TEXT && self.spanned_cells <= MAX_SPANNED_CELLS =>
            {
                GridCell::Repeated(text)
            }
            _ => GridCell::Covered,
        });
        for _ in 1..columns {
            self.push(GridCell::Covered);
        }
    }

    /// Adds `columns` empty cells (DOCX: `gridBefore`).
    pub(super) fn skip(&mut self, columns: usize) {
        for _ in 0..self.allowed(columns + 1) - 1 {
            self.push(GridCell::Covered);
        }
    }

    /// The finished table as one item, or as the items of its cells where it is no table of
    /// data but a frame around them. `first_row_is_header` decides where no row says so.
    pub(super) fn finish(mut self, first_row_is_header: bool, keep_nested: bool) -> Vec<Item> {
        self.finish_row();
        let mut own = 0;
        let mut nested = false;
        for cell in self.rows.iter().flat_map(|row| &row.cells) {
            if let GridCell::Own(items) = cell {
                own += 1;
                nested |= items
                    .iter()
                    .any(|item| matches!(item, Item::Table { .. } | Item::Heading { .. }));
            }
        }
        if own <= 1 || (nested && keep_nested) {
            return self
                .rows
                .into_iter()
                .flat_map(|row| row.cells)
                .flat_map(|cell| match cell {
                    GridCell::Own(items) => items,
                    GridCell::Covered | GridCell::Repeated(_) => Vec::new(),
                })
                .collect();
        }
        let headers = self.rows.iter().take_while(|row| row.header).count();
        let header_rows = match headers {
            0 if first_row_is_header && self.rows.len() > 1 => 1,
            // A table of nothing but headers has none.
            all if all == self.rows.len() => 0,
            some => some,
        };
        let rows = self
            .rows
            .into_iter()
            .map(|row| {
                row.cells
                    .into_iter()
                    .map(|cell| match cell {
                        GridCell::Covered => String::new(),
                        GridCell::Repeated(text) => text,
                        GridCell::Own(items) => cell_text(&items),
                    })
                    .collect()
            })
            .collect();
        vec![Item::Table { rows, header_rows }]
    }

    /// Fills the columns that a cell from above reaches into.
    fn carry_down(&mut self) {
        loop {
            let column = self.rows.last().map_or(0, |row| row.cells.len());
            let Some(carried) = self.carried.get_mut(column).filter(|cell| cell.rows > 0) else {
                return;
            };
            carried.rows -= 1;
            let text = carried.text.clone();
            self.spanned_cells += 1;
            if self.spanned_cells > MAX_SPANNED_CELLS {
                self.carried.clear();
                return;
            }
            self.push(text.map_or(GridCell::Covered, GridCell::Repeated));
        }
    }

    fn finish_row(&mut self) {
        let Some(row) = self.rows.last() else {
            return;
        };
        let is_empty = row.cells.is_empty();
        self.drop_spent();
        if is_empty && self.carried.is_empty() {
            self.rows.pop();
            return;
        }
        // What reaches down to the right of the row's last cell.
        while let Some(last) = self.carried.len().checked_sub(1) {
            let column = self.rows.last().map_or(0, |row| row.cells.len());
            if column > last {
                break;
            }
            self.carry_down();
            if self.rows.last().map_or(0, |row| row.cells.len()) == column {
                self.spanned_cells += 1;
                self.push(GridCell::Covered);
            }
            self.drop_spent();
        }
    }

    /// Forgets the columns on the right into which nothing reaches: a row that was wide once
    /// must not cost each row below it.
    fn drop_spent(&mut self) {
        while self.carried.pop_if(|cell| cell.rows == 0).is_some() {}
    }

    fn push(&mut self, cell: GridCell) {
        if self.rows.is_empty() {
            self.rows.push(GridRow::default());
        }
        if let Some(row) = self.rows.last_mut() {
            row.cells.push(cell);
        }
    }

    /// How many columns a cell may span, at least 1.
    fn allowed(&mut self, columns: usize) -> usize {
        let columns = columns.clamp(1, MAX_SPAN);
        self.spanned_cells += columns - 1;
        if self.spanned_cells > MAX_SPANNED_CELLS {
            1
        } else {
            columns
        }
    }
}

/// The text of a cell on one line.
fn cell_text(items: &[Item]) -> String {
    let mut text = String::new();
    for item in items {
        item.append_to(&mut text);
    }
    text
}

/// A number as Rome wrote it, up to 3,999: lists of all formats have them.
pub(super) fn roman(number: u32) -> String {
    let mut left = number.min(3_999);
    let mut text = String::new();
    for (value, letters) in [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ] {
        while left >= value {
            text.push_str(letters);
            left -= value;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::soon::soon;

    #[test]
    fn a_wide_row_does_not_cost_each_row_below_it() {
        let cell = |text: &str| vec![Item::Paragraph(text.to_owned())];
        let mut grid = Grid::default();
        let items = soon(|| {
            for _ in 0..50_000 {
                grid.cell(cell("위"), 1, 2);
            }
            for _ in 0..50_000 {
                grid.row();
                grid.cell(cell("아래"), 1, 1);
                grid.row();
            }
            grid.finish(false, true)
        });
        let [Item::Table { rows, .. }] = &items[..] else {
            panic!("no table");
        };
        assert_eq!(rows[1].len(), 50_001);
        assert_eq!(
            rows.last().map(|row| &row[..]),
            Some(&["아래".to_owned()][..])
        );
    }
}
