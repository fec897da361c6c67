//! What the three formats of the Korean word processor Hangul have in common: HWP, HWPX and
//! HWPML hold the same document, so all are read into the same [`Body`].
//!
//! | module | what it is for |
//! |---|---|
//! | [`numbering`] | headings, lists and the numbers that Hangul writes before them |
//! | [`xml`] | the text of HWPX and HWPML, whose elements differ in little but case |
//!
//! A reader opens and closes paragraphs, tables, cells and boxes as they come. A table or a
//! text box that hangs on a paragraph never splits its text: it comes before the paragraph if
//! no text stands before it there, and else after. Notes come after all text.

pub(super) mod numbering;
pub(super) mod xml;

use super::flow::{Grid, Item, MAX_NESTED_TABLES};
use crate::{DocumentBuilder, Problem};
use numbering::{Kind, Styles};

/// Paragraphs, tables, cells and boxes inside one another: what lies deeper is part of the
/// text around it. Hangul's own documents rarely reach 20.
const MAX_OPEN: usize = 64;
/// Deletions inside one another.
const MAX_MARKS: usize = 64;
/// Columns that a cell may span, as in Hangul.
const MAX_COLUMNS: u32 = 64;
/// Cells of one table; what is in more of them is added to the last.
const MAX_CELLS: usize = 500_000;
/// Rows without a cell of their own that are kept where a cell reaches over them.
const MAX_ROW_GAP: u32 = 64;

/// A document while it is read.
#[derive(Debug, Default)]
pub(super) struct Body {
    /// What its paragraphs look like.
    pub(super) styles: Styles,
    /// How many files are embedded in it, which are not read.
    pub(super) embedded: usize,
    items: Vec<Item>,
    footnotes: Vec<Item>,
    endnotes: Vec<Item>,
    open: Vec<Open>,
    /// How many are open beyond [`MAX_OPEN`].
    too_deep: usize,
    /// Bytes of text that were pushed.
    written: usize,
}

#[derive(Debug)]
enum Open {
    Paragraph(Paragraph),
    Table(Table),
    Object(Object),
    List(List, Vec<Item>),
}

#[derive(Debug, Default)]
struct Paragraph {
    /// Its shape and style, until what they make of it is known.
    look: Option<[Option<u32>; 2]>,
    kind: Kind,
    state: State,
    text: String,
    before: Vec<Item>,
    after: Vec<Item>,
    /// Where text that was deleted begins.
    marks: Vec<State>,
}

/// How far a paragraph has come.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    text: usize,
    before: usize,
    after: usize,
    any: bool,
}

#[derive(Debug, Default)]
struct Table {
    caption: Vec<Item>,
    cells: Vec<Cell>,
    rows: u32,
}

/// A shape, a picture or a group of them.
#[derive(Debug, Default)]
struct Object {
    caption: Vec<Item>,
    items: Vec<Item>,
}

/// Where a cell stands in its table, from 0, and how far it reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) row: Option<u32>,
    pub(super) column: Option<u32>,
    pub(super) rows: u32,
    pub(super) columns: u32,
    pub(super) header: bool,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            row: None,
            column: None,
            rows: 1,
            columns: 1,
            header: false,
        }
    }
}

#[derive(Debug)]
struct Cell {
    place: Place,
    items: Vec<Item>,
}

/// What holds paragraphs.
#[derive(Clone, Copy, Debug)]
pub(super) enum List {
    Caption,
    Cell(Place),
    Footnote,
    Endnote,
}

impl Body {
    pub(super) fn new(styles: Styles) -> Self {
        Self {
            styles,
            ..Self::default()
        }
    }

    /// Bytes of text pushed so far.
    pub(super) fn written(&self) -> usize {
        self.written
    }

    /// Opens a paragraph of a shape and a style, by their ids.
    pub(super) fn open_paragraph(&mut self, shape: Option<u32>, style: Option<u32>) {
        if self.open.len() >= MAX_OPEN && matches!(self.open.last(), Some(Open::Paragraph(_))) {
            self.text(" ");
        }
        self.push(Open::Paragraph(Paragraph {
            look: Some([shape, style]),
            ..Paragraph::default()
        }));
    }

    pub(super) fn open_table(&mut self) {
        self.push(Open::Table(Table::default()));
    }

    /// Says that the next row of the table that is open begins.
    pub(super) fn row(&mut self) {
        if self.too_deep == 0
            && let Some(Open::Table(table)) = self.open.last_mut()
        {
            table.rows = table.rows.saturating_add(1);
        }
    }

    /// Opens a shape, whose paragraphs follow.
    pub(super) fn open_object(&mut self) {
        self.push(Open::Object(Object::default()));
    }

    pub(super) fn open_list(&mut self, list: List) {
        self.push(Open::List(list, Vec::new()));
    }

    /// The place of the cell that is open.
    pub(super) fn place(&mut self) -> Option<&mut Place> {
        match self.open.last_mut() {
            Some(Open::List(List::Cell(place), _)) if self.too_deep == 0 => Some(place),
            _ => None,
        }
    }

    /// Counts the paragraph that is open, once what comes first in it has been read: that may
    /// say which numbering the section's outline has.
    fn settle(&mut self) {
        if let Some(Open::Paragraph(paragraph)) = self.open.last_mut()
            && let Some([shape, style]) = paragraph.look.take()
        {
            paragraph.kind = self.styles.next(shape, style);
        }
    }

    fn push(&mut self, open: Open) {
        self.settle();
        if self.open.len() >= MAX_OPEN {
            self.too_deep += 1;
        } else {
            self.open.push(open);
        }
    }

    /// Adds text to the paragraph that is open.
    pub(super) fn text(&mut self, text: &str) {
        self.settle();
        self.written = self.written.saturating_add(text.len());
        match self.open.last_mut() {
            Some(Open::Paragraph(paragraph)) => {
                paragraph.text.push_str(text);
                paragraph.state.any |= text.chars().any(|char| !char.is_whitespace());
            }
            _ if text.trim().is_empty() => {}
            _ => self.add(vec![Item::Paragraph(text.to_owned())]),
        }
    }

    /// Says that what follows was deleted, up to [`Body::deleted`]. Without that it stays.
    pub(super) fn delete(&mut self) {
        if self.too_deep == 0
            && let Some(Open::Paragraph(paragraph)) = self.open.last_mut()
            && paragraph.marks.len() < MAX_MARKS
        {
            let state = paragraph.state();
            paragraph.marks.push(state);
        }
    }

    /// Says that what was deleted ends.
    pub(super) fn deleted(&mut self) {
        if self.too_deep == 0
            && let Some(Open::Paragraph(paragraph)) = self.open.last_mut()
            && let Some(mark) = paragraph.marks.pop()
        {
            paragraph.text.truncate(mark.text);
            paragraph.before.truncate(mark.before);
            paragraph.after.truncate(mark.after);
            paragraph.state.any = mark.any;
        }
    }

    /// Closes what was opened last.
    pub(super) fn close(&mut self) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
            return;
        }
        self.settle();
        match self.open.pop() {
            Some(Open::Paragraph(paragraph)) => {
                let items = paragraph.finish();
                self.add(items);
            }
            Some(Open::Table(table)) => {
                let keep_nested = self
                    .open
                    .iter()
                    .filter(|open| matches!(open, Open::Table(_)))
                    .count()
                    < MAX_NESTED_TABLES;
                let items = table.finish(keep_nested);
                self.add(items);
            }
            Some(Open::Object(object)) => {
                let mut items = object.caption;
                items.extend(object.items);
                self.add(items);
            }
            Some(Open::List(List::Caption, items)) => match self.open.last_mut() {
                Some(Open::Table(Table { caption, .. }) | Open::Object(Object { caption, .. })) => {
                    caption.extend(items);
                }
                _ => self.add(items),
            },
            Some(Open::List(List::Cell(place), items)) => match self.open.last_mut() {
                Some(Open::Table(table)) => table.add(place, items),
                _ => self.add(items),
            },
            Some(Open::List(List::Footnote, items)) => self.footnotes.extend(items),
            Some(Open::List(List::Endnote, items)) => self.endnotes.extend(items),
            None => {}
        }
    }

    /// Closes all that a damaged part left open.
    pub(super) fn close_all(&mut self) {
        self.too_deep = 0;
        while !self.open.is_empty() {
            self.close();
        }
    }

    fn add(&mut self, mut new: Vec<Item>) {
        if new.is_empty() {
            return;
        }
        match self.open.last_mut() {
            Some(Open::Paragraph(paragraph)) if paragraph.state.any => {
                paragraph.after.append(&mut new);
            }
            Some(Open::Paragraph(paragraph)) => paragraph.before.append(&mut new),
            Some(Open::Table(table)) => table.caption.append(&mut new),
            Some(Open::Object(object)) => object.items.append(&mut new),
            Some(Open::List(_, items)) => items.append(&mut new),
            None => self.items.append(&mut new),
        }
    }

    /// Whether no text was found, not even in a note.
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty() && self.footnotes.is_empty() && self.endnotes.is_empty()
    }

    /// Hands over all of its text, notes last, and says what was not read.
    pub(super) fn finish(mut self, builder: &mut DocumentBuilder, problems: &mut Vec<Problem>) {
        self.close_all();
        for item in self
            .items
            .into_iter()
            .chain(self.footnotes)
            .chain(self.endnotes)
        {
            item.push_to(builder);
        }
        match self.embedded {
            0 => {}
            1 => problems.push(Problem::of_file(
                "1 file embedded in it was not read".to_owned(),
            )),
            some => problems.push(Problem::of_file(format!(
                "{some} files embedded in it were not read"
            ))),
        }
    }
}

impl Paragraph {
    fn state(&self) -> State {
        State {
            text: self.text.len(),
            before: self.before.len(),
            after: self.after.len(),
            any: self.state.any,
        }
    }

    fn finish(self) -> Vec<Item> {
        let mut items = self.before;
        items.extend(self.kind.item(&self.text));
        items.extend(self.after);
        items
    }
}

impl Table {
    fn add(&mut self, mut place: Place, items: Vec<Item>) {
        let row = place.row.unwrap_or(self.rows.saturating_sub(1));
        place.row = Some(row);
        if self.cells.len() >= MAX_CELLS
            && let Some(last) = self.cells.last_mut()
        {
            last.items.extend(items);
            return;
        }
        self.cells.push(Cell { place, items });
    }

    /// Whether it only puts a border around text: one cell that is not empty, or one a row
    /// where some hold more than a paragraph. The cells are in order.
    fn is_frame(&self) -> bool {
        let mut filled = self
            .cells
            .iter()
            .filter(|cell| !cell.items.is_empty())
            .peekable();
        let (mut count, mut long) = (0, false);
        while let Some(cell) = filled.next() {
            if filled
                .peek()
                .is_some_and(|next| next.place.row == cell.place.row)
            {
                return false;
            }
            count += 1;
            long |= cell.items.len() > 1;
        }
        count <= 1 || long
    }

    /// The table, or what is in it where it only frames or arranges other tables.
    fn finish(mut self, keep_nested: bool) -> Vec<Item> {
        self.cells
            .sort_by_key(|cell| (cell.place.row, cell.place.column));
        let (mut all, mut nested, mut columns) = (0, 0, 0);
        for cell in &self.cells {
            columns = columns.max(cell.place.column.unwrap_or(1));
            for item in &cell.items {
                let length = length(item);
                all += length;
                if matches!(item, Item::Table { .. }) {
                    nested += length;
                }
            }
        }
        // A cell of data that holds a small table stays a cell of data.
        let keep_nested = keep_nested && (columns == 0 || nested * 2 >= all);
        if self.is_frame() {
            let mut items = self.caption;
            items.extend(self.cells.into_iter().flat_map(|cell| cell.items));
            return items;
        }
        let mut grid = Grid::default();
        let mut rows = self.cells.into_iter().peekable();
        let mut next = 0;
        while let Some(first) = rows.peek() {
            let row = first.place.row.unwrap_or(0);
            let gap = row.saturating_sub(next);
            for _ in 0..if gap > MAX_ROW_GAP { 0 } else { gap } {
                grid.row();
            }
            grid.row();
            next = row.saturating_add(1);
            let mut header = true;
            while let Some(cell) = rows.next_if(|cell| cell.place.row == Some(row)) {
                header &= cell.place.header;
                let items = cell.items.into_iter().map(without_heading).collect();
                let column = cell.place.column.map(usize_of);
                grid.cell_at(
                    column,
                    items,
                    usize_of(cell.place.columns.min(MAX_COLUMNS)),
                    usize_of(cell.place.rows),
                );
            }
            grid.header(header);
        }
        let mut items = self.caption;
        items.extend(grid.finish(true, keep_nested));
        items
    }
}

/// Outline levels number paragraphs inside a table too, but cells are no headings.
fn without_heading(item: Item) -> Item {
    match item {
        Item::Heading { text, .. } => Item::Paragraph(text),
        other => other,
    }
}

fn length(item: &Item) -> usize {
    match item {
        Item::Heading { text, .. }
        | Item::Paragraph(text)
        | Item::ListItem { text, .. }
        | Item::Preformatted(text) => text.len(),
        Item::Table { rows, .. } => rows.iter().flatten().map(String::len).sum(),
    }
}

fn usize_of(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The characters that a document draws over one another, such as a circle and a number. The
/// `_` at their end turns black to white.
pub(super) fn overlaid(text: &str) -> &str {
    text.trim_end_matches('_')
}
