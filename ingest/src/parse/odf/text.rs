//! Paragraphs, lists and tables of `OpenDocument` files.

use std::collections::HashMap;

use quick_xml::events::BytesStart;

use super::super::flow::{Grid, Item, MAX_NESTED_TABLES};
use super::super::xml::{self, Piece, attribute};
use super::{Styles, object_name};

/// Copies of a cell that stands there several times.
const MAX_COPIES: usize = 64;
/// Copies of all such cells.
const MAX_ALL_COPIES: usize = 20_000;
/// Bytes of a cell that is worth copying.
const MAX_COPIED_TEXT: usize = 300;

/// What a part says, footnotes last, and what is wrong with it if it ends early.
pub(super) fn read(
    text: &str,
    part: &str,
    styles: &Styles,
    objects: &mut HashMap<String, Vec<Item>>,
) -> (Vec<Item>, Option<String>) {
    let mut flow = Flow::new(styles, objects);
    let problem = xml::walk(text, part, is_skipped, |piece| flow.piece(&piece));
    (flow.finish(), problem)
}

/// Elements that are left out with all that is in them.
pub(super) fn is_skipped(name: &str, element: &BytesStart<'_>) -> bool {
    match name {
        "tracked-changes" | "annotation" | "annotation-end" | "note-citation" | "forms"
        | "event-listeners" | "ruby-text" | "scripts" | "font-face-decls" | "automatic-styles"
        | "styles" | "master-styles" | "hidden-text" | "binary-data" | "dde-source"
        | "footer-decl" | "header-decl" | "date-time-decl" | "label" | "script" => true,
        // Descriptions of pictures; `text:title` is a field.
        "title" | "desc" => element.name().as_ref().starts_with("svg:"),
        "section" => {
            attribute(element, "display").as_deref() == Some("none")
                || attribute(element, "is-hidden").as_deref() == Some("true")
        }
        // How an index is made.
        name => name.ends_with("-source"),
    }
}

#[derive(Debug, Default)]
struct Paragraph {
    text: String,
    heading: Option<u8>,
    is_hidden: bool,
}

#[derive(Debug, Default)]
struct Table {
    grid: Grid,
    /// The cell that is open.
    cell: Option<Vec<Item>>,
    columns: usize,
    rows: usize,
    copies: usize,
    is_covered: bool,
    in_header: bool,
}

/// Text on its way to items.
#[derive(Debug)]
pub(super) struct Flow<'a> {
    styles: &'a Styles,
    /// What charts and the like say; each stands once.
    objects: &'a mut HashMap<String, Vec<Item>>,
    pub(super) items: Vec<Item>,
    notes: Vec<Item>,
    paragraphs: Vec<Paragraph>,
    tables: Vec<Table>,
    /// Spans that are open, and whether each hides its text.
    spans: Vec<bool>,
    lists: usize,
    /// Copies of cells that may still be made.
    copies_left: usize,
    /// Footnotes that are open: how many tables were open around each.
    open_notes: Vec<usize>,
    in_number: bool,
    number: String,
    /// Whether what began last is a paragraph.
    at_start: bool,
}

impl<'a> Flow<'a> {
    pub(super) fn new(styles: &'a Styles, objects: &'a mut HashMap<String, Vec<Item>>) -> Self {
        Self {
            styles,
            objects,
            items: Vec::new(),
            notes: Vec::new(),
            paragraphs: Vec::new(),
            tables: Vec::new(),
            spans: Vec::new(),
            lists: 0,
            copies_left: MAX_ALL_COPIES,
            open_notes: Vec::new(),
            in_number: false,
            number: String::new(),
            at_start: false,
        }
    }

    /// All items, once what a damaged part left open is closed.
    pub(super) fn finish(mut self) -> Vec<Item> {
        while !self.paragraphs.is_empty() {
            self.end("p");
        }
        self.open_notes.clear();
        while !self.tables.is_empty() {
            self.end("table-cell");
            self.end("table");
        }
        self.items.append(&mut self.notes);
        self.items
    }

    pub(super) fn piece(&mut self, piece: &Piece<'_>) {
        match piece {
            Piece::Start(name, element) => self.start(name, element),
            Piece::End(name) => self.end(name),
            Piece::Text(text) if self.in_number => self.number.push_str(text),
            Piece::Text(text) => self.push(text),
        }
    }

    fn push(&mut self, text: &str) {
        if self.spans.last() != Some(&true)
            && let Some(paragraph) = self.paragraphs.last_mut()
        {
            paragraph.text.push_str(text);
        }
    }

    fn start(&mut self, name: &str, element: &BytesStart<'_>) {
        let number = |name| {
            attribute(element, name)
                .and_then(|number| number.parse::<usize>().ok())
                .unwrap_or(1)
        };
        let was_start = std::mem::take(&mut self.at_start);
        match name {
            "p" | "h" => {
                let number = std::mem::take(&mut self.number);
                let level =
                    attribute(element, "outline-level").and_then(|level| level.parse().ok());
                self.paragraphs.push(Paragraph {
                    text: number,
                    heading: (name == "h").then(|| level.unwrap_or(1).clamp(1, 6)),
                    is_hidden: self.styles.hides(attribute(element, "style-name").as_ref()),
                });
                self.spans.push(false);
                self.at_start = true;
            }
            "span" => {
                let hides = self.styles.hides(attribute(element, "style-name").as_ref());
                self.spans.push(hides || self.spans.last() == Some(&true));
            }
            "s" | "tab" | "line-break" => self.push(" "),
            "number" => {
                self.in_number = true;
                self.number.clear();
                self.at_start = was_start;
            }
            "hidden-paragraph" => {
                if attribute(element, "is-hidden").as_deref() == Some("true")
                    && let Some(paragraph) = self.paragraphs.last_mut()
                {
                    paragraph.is_hidden = true;
                }
            }
            "list" => self.lists += 1,
            "note" => self.open_notes.push(self.tables.len()),
            "object" => {
                let name = attribute(element, "href").map(|name| object_name(&name));
                if let Some(items) = name.and_then(|name| self.objects.remove(&name)) {
                    for item in items {
                        self.add(item);
                    }
                }
            }
            "table" => self.tables.push(Table::default()),
            _ => {
                let Some(table) = self.tables.last_mut() else {
                    return;
                };
                match name {
                    "table-header-rows" => table.in_header = true,
                    "table-row" => {
                        table.grid.row();
                        if table.in_header {
                            table.grid.header(true);
                        }
                    }
                    "table-cell" | "covered-table-cell" => {
                        table.cell = Some(Vec::new());
                        table.columns = number("number-columns-spanned");
                        table.rows = number("number-rows-spanned");
                        table.copies = number("number-columns-repeated");
                        table.is_covered = name == "covered-table-cell";
                    }
                    _ => {}
                }
            }
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "p" | "h" => {
                self.spans.pop();
                let Some(paragraph) = self.paragraphs.pop() else {
                    return;
                };
                let text = paragraph.text;
                if paragraph.is_hidden || text.trim().is_empty() {
                    return;
                }
                self.add(match paragraph.heading {
                    Some(level) => Item::Heading { level, text },
                    None if self.lists > 0 && self.open_notes.is_empty() => Item::ListItem {
                        level: u8::try_from(self.lists.min(9)).unwrap_or(9),
                        text,
                    },
                    None => Item::Paragraph(text),
                });
            }
            // A paragraph has one of its own, which its end takes.
            "span" if self.spans.len() > self.paragraphs.len() => {
                self.spans.pop();
            }
            "number" => {
                self.in_number = false;
                let mut number = std::mem::take(&mut self.number);
                number.push(' ');
                if self.at_start {
                    self.push(&number);
                } else {
                    // It stands before the paragraph that it numbers.
                    self.number = number;
                }
            }
            "list" => self.lists = self.lists.saturating_sub(1),
            "note" => {
                self.open_notes.pop();
            }
            "table-header-rows" => {
                if let Some(table) = self.tables.last_mut() {
                    table.in_header = false;
                }
            }
            "table-cell" | "covered-table-cell" => {
                if let Some(table) = self.tables.last_mut()
                    && let Some(items) = table.cell.take()
                    && !table.is_covered
                {
                    let size: usize = items.iter().map(|item| item.text().len()).sum();
                    let copies = if size <= MAX_COPIED_TEXT {
                        table
                            .copies
                            .min(MAX_COPIES)
                            .min(self.copies_left + 1)
                            .max(1)
                    } else {
                        1
                    };
                    self.copies_left -= copies - 1;
                    for _ in 1..copies {
                        table.grid.cell(items.clone(), 1, 1);
                    }
                    table.grid.cell(items, table.columns, table.rows);
                }
            }
            "table" => {
                if let Some(table) = self.tables.pop() {
                    let keep_nested = self.tables.len() < MAX_NESTED_TABLES;
                    for item in table.grid.finish(true, keep_nested) {
                        self.add(item);
                    }
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, item: Item) {
        let outer = self.open_notes.last().copied();
        if outer.is_none_or(|outer| self.tables.len() > outer)
            && let Some(cell) = self.tables.last_mut().and_then(|table| table.cell.as_mut())
        {
            cell.push(item);
        } else if outer.is_some() {
            self.notes.push(item);
        } else {
            self.items.push(item);
        }
    }
}
