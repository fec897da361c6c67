//! The canonical form of a document: one text, and where everything in it stands.
//!
//! Every later span (chunk, sentence, quote, highlight) is a byte range into
//! [`Document::text`]. A version's text never changes once stored, so a span stays right
//! for as long as the version exists.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::{Properties, language};

/// A byte range into [`Document::text`], on character boundaries.
pub type Span = Range<usize>;

/// A parsed document: its canonical text and the structure over it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// The title the document gives itself, if any.
    pub title: Option<String>,
    /// What else it says about itself, and the language of its text.
    #[serde(default, skip_serializing_if = "Properties::is_empty")]
    pub properties: Properties,
    /// The canonical text: NFC, one space between words, `\n` inside a block where the line
    /// break means something, `\n\n` between blocks, `\t` between the cells of a table row.
    pub text: String,
    /// Blocks in reading order; they do not overlap and hold all of the text but separators.
    pub blocks: Vec<Block>,
    /// Pages, slides or sheets in order; empty for formats that have none (DOCX, HWP, HTML, ...).
    pub pages: Vec<Page>,
}

/// A heading, paragraph, list item or table cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// What the block is.
    pub kind: BlockKind,
    /// Where its text stands.
    pub span: Span,
}

/// What a [`Block`] is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// A heading; level 1 is the outermost, 6 the innermost.
    Heading {
        /// 1 to 6.
        level: u8,
    },
    /// Running text.
    Paragraph,
    /// An item of a list; level 1 is the outermost.
    ListItem {
        /// 1 or more.
        level: u8,
    },
    /// A cell of a table. Cells of one row stand on one line, divided by `\t`.
    Cell {
        /// Number of the table in the document, from 0.
        table: u32,
        /// Row in the table, from 0; on a sheet, in the sheet.
        row: u32,
        /// Column in the table, from 0; on a sheet, in the sheet.
        column: u32,
        /// Whether the cell stands in a header row.
        header: bool,
    },
    /// Preformatted text, such as code.
    Preformatted,
}

/// What a [`Page`] is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageKind {
    /// A page of paper.
    #[default]
    Page,
    /// A slide of a presentation.
    Slide,
    /// A sheet of a workbook.
    Sheet,
}

impl PageKind {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands over references"
    )]
    fn is_page(&self) -> bool {
        *self == Self::Page
    }
}

/// A page of a paged format, a slide or a sheet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// From 1.
    pub number: u32,
    /// What it is called.
    #[serde(default, skip_serializing_if = "PageKind::is_page")]
    pub kind: PageKind,
    /// Its own name: that of a sheet, the title of a slide, the label of a page (`iv`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether its text was read by character recognition. Such text stands at the end of the
    /// document; a page with a text layer and a picture is there twice.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recognized: bool,
    /// Where the page's text stands. A block may reach over a page's end.
    pub span: Span,
    /// Width in points (1/72 inch), as shown (after rotation); 0 where it is not known.
    pub width: f32,
    /// Height in points, as shown.
    pub height: f32,
    /// The words of the page with their places, in the order of the text.
    pub words: Vec<WordBox>,
}

/// Where a word stands on its page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WordBox {
    /// The word in [`Document::text`].
    pub span: Span,
    /// Its box.
    pub rect: Rect,
}

/// A rectangle on a page as shown: points from the top left corner, y downwards.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rect {
    /// Left.
    pub x0: f32,
    /// Top.
    pub y0: f32,
    /// Right.
    pub x1: f32,
    /// Bottom.
    pub y1: f32,
}

impl Rect {
    /// The smallest rectangle that holds both.
    #[must_use]
    pub fn around(&self, other: &Self) -> Self {
        Self {
            x0: self.x0.min(other.x0),
            y0: self.y0.min(other.y0),
            x1: self.x1.max(other.x1),
            y1: self.y1.max(other.y1),
        }
    }
}

/// Something a reader of the document should know: a page without text, a skipped part.
///
/// A problem never hides text that could be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The page it concerns, from 1.
    pub page: Option<u32>,
    /// A sentence in lower case without a full stop, such as `page 7 has no text layer`.
    pub message: String,
}

impl Document {
    /// Says which language its text is in, as far as that is sure.
    pub(crate) fn detect_language(&mut self) {
        self.properties.language = language::of(&self.text).map(str::to_owned);
    }

    /// A document of one paragraph per blank-line separated piece of `text`.
    #[must_use]
    pub fn plain(text: &str) -> Self {
        let mut builder = DocumentBuilder::default();
        for paragraph in text.split("\n\n") {
            builder.paragraph(paragraph);
        }
        builder.finish()
    }
}

/// Builds a [`Document`] whose invariants hold: parsers push blocks in reading order and
/// never write offsets themselves.
#[derive(Debug, Default)]
pub struct DocumentBuilder {
    document: Document,
    next_table: u32,
}

/// A word on a page, given to [`DocumentBuilder::placed_block`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlacedWord {
    /// The word, without white space.
    pub text: String,
    /// Its box on the page that is open.
    pub rect: Rect,
    /// Whether the word joins the one before it without a space: a line that was broken
    /// inside a word (Korean), or hyphenation that was undone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub joins: bool,
}

impl DocumentBuilder {
    /// Goes on with a document: what is pushed stands at its end.
    #[must_use]
    pub fn resume(document: Document) -> Self {
        let tables = document.blocks.iter().filter_map(|block| match block.kind {
            BlockKind::Cell { table, .. } => Some(table + 1),
            _ => None,
        });
        Self {
            next_table: tables.max().unwrap_or(0),
            document,
        }
    }

    /// Sets the title, unless it is blank.
    pub fn title(&mut self, title: &str) {
        let title = normal_line(title);
        if !title.is_empty() {
            self.document.title = Some(title);
        }
    }

    /// Sets what the file says about itself.
    pub fn properties(&mut self, properties: Properties) {
        self.document.properties = properties;
    }

    /// Whether any text was pushed yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.document.text.is_empty()
    }

    /// Opens the next page; blocks pushed from here on stand on it.
    pub fn page(&mut self, number: u32, width: f32, height: f32) {
        self.open(PageKind::Page, number, None, width, height);
    }

    /// Opens a page whose text was read by character recognition.
    pub fn recognized_page(&mut self, number: u32, width: f32, height: f32) {
        self.open(PageKind::Page, number, None, width, height);
        if let Some(page) = self.document.pages.last_mut() {
            page.recognized = true;
        }
    }

    /// Names the page that is open, by the label that the document gives it (`iv`).
    pub fn page_name(&mut self, name: &str) {
        let name = normal_line(name);
        if let Some(page) = self.document.pages.last_mut()
            && !name.is_empty()
        {
            page.name = Some(name);
        }
    }

    /// Opens the next slide; width and height are in points.
    pub fn slide(&mut self, number: u32, title: Option<&str>, width: f32, height: f32) {
        self.open(PageKind::Slide, number, title, width, height);
    }

    /// Opens the next sheet.
    pub fn sheet(&mut self, number: u32, name: &str) {
        self.open(PageKind::Sheet, number, Some(name), 0.0, 0.0);
    }

    fn open(&mut self, kind: PageKind, number: u32, name: Option<&str>, width: f32, height: f32) {
        let at = self.document.text.len();
        self.document.pages.push(Page {
            number,
            kind,
            name: name.map(normal_line).filter(|name| !name.is_empty()),
            recognized: false,
            span: at..at,
            width,
            height,
            words: Vec::new(),
        });
    }

    /// Pushes a heading. Blank text is ignored, here and below.
    pub fn heading(&mut self, level: u8, text: &str) {
        let level = level.clamp(1, 6);
        self.block(BlockKind::Heading { level }, &normal_line(text));
    }

    /// Pushes a paragraph; white space, line breaks included, becomes one space.
    pub fn paragraph(&mut self, text: &str) {
        self.block(BlockKind::Paragraph, &normal_line(text));
    }

    /// Pushes a list item.
    pub fn list_item(&mut self, level: u8, text: &str) {
        self.block(
            BlockKind::ListItem {
                level: level.max(1),
            },
            &normal_line(text),
        );
    }

    /// Pushes preformatted text: line breaks stay, trailing white space goes.
    pub fn preformatted(&mut self, text: &str) {
        let visible = text.chars().filter_map(|char| match char {
            '\n' | '\t' => Some(char),
            _ if char.is_control() && char.is_whitespace() => Some(' '),
            _ => (!is_invisible(char)).then_some(char),
        });
        let lines: Vec<String> = visible
            .nfc()
            .collect::<String>()
            .lines()
            .map(|line| line.trim_end().replace('\t', "    "))
            .filter(|line| !line.is_empty())
            .collect();
        self.block(BlockKind::Preformatted, &lines.join("\n"));
    }

    /// Pushes a table, a row a line. `header_rows` says how many rows at the top are headers.
    /// Empty cells take part in the row (as nothing between two tabs) but are no blocks.
    pub fn table(&mut self, rows: &[Vec<String>], header_rows: usize) {
        let rows = rows.iter().enumerate();
        self.cells(
            rows.map(|(row, cells)| (index(row), cells.as_slice())),
            index,
            header_rows,
        );
    }

    /// Pushes a table whose rows and columns have numbers of their own, such as those of a sheet:
    /// `columns[i]` is the number of the `i`th cell of each row. Both count from 0.
    pub fn sheet_table(
        &mut self,
        columns: &[u32],
        rows: &[(u32, Vec<String>)],
        header_rows: usize,
    ) {
        self.cells(
            rows.iter().map(|(row, cells)| (*row, cells.as_slice())),
            |column| columns.get(column).copied().unwrap_or(u32::MAX),
            header_rows,
        );
    }

    fn cells<'a>(
        &mut self,
        rows: impl Iterator<Item = (u32, &'a [String])>,
        column_number: impl Fn(usize) -> u32,
        header_rows: usize,
    ) {
        let table = self.next_table;
        let mut any = false;
        for (place, (row, cells)) in rows.enumerate() {
            let cells: Vec<String> = cells.iter().map(|cell| normal_line(cell)).collect();
            if cells.iter().all(String::is_empty) {
                continue;
            }
            self.separate(if any { "\n" } else { "\n\n" });
            any = true;
            for (column, cell) in cells.iter().enumerate() {
                if column > 0 {
                    self.document.text.push('\t');
                }
                let start = self.document.text.len();
                self.document.text.push_str(cell);
                if !cell.is_empty() {
                    self.document.blocks.push(Block {
                        kind: BlockKind::Cell {
                            table,
                            row,
                            column: column_number(column),
                            header: place < header_rows,
                        },
                        span: start..self.document.text.len(),
                    });
                }
            }
            self.extend_page();
        }
        if any {
            self.next_table += 1;
        }
    }

    /// Pushes a block of words with their places on the page that is open.
    ///
    /// # Panics
    /// When no page is open: a place needs a page.
    pub fn placed_block(&mut self, kind: BlockKind, words: &[PlacedWord]) {
        assert!(
            !self.document.pages.is_empty(),
            "a placed block needs an open page"
        );
        let mut started = false;
        let mut start = 0;
        let mut boxes = Vec::with_capacity(words.len());
        for word in words {
            let text = normal_line(&word.text);
            if text.is_empty() {
                continue;
            }
            if !started {
                self.separate("\n\n");
                start = self.document.text.len();
                started = true;
            } else if word.joins {
                self.join(&mut boxes, &text, word.rect);
                continue;
            } else {
                self.document.text.push(' ');
            }
            self.place(&mut boxes, &text, word.rect);
        }
        if started {
            let span = start..self.document.text.len();
            self.document.blocks.push(Block { kind, span });
            if let Some(page) = self.document.pages.last_mut() {
                page.words.extend(boxes);
            }
            self.extend_page();
        }
    }

    /// Pushes a table whose words have places; see [`DocumentBuilder::table`].
    ///
    /// # Panics
    /// When no page is open.
    pub fn placed_table(&mut self, rows: &[Vec<Vec<PlacedWord>>], header_rows: usize) {
        assert!(
            !self.document.pages.is_empty(),
            "a placed table needs an open page"
        );
        let table = self.next_table;
        let mut any = false;
        for (row_index, row) in rows.iter().enumerate() {
            if row.iter().all(Vec::is_empty) {
                continue;
            }
            self.separate(if any { "\n" } else { "\n\n" });
            any = true;
            for (column, cell) in row.iter().enumerate() {
                if column > 0 {
                    self.document.text.push('\t');
                }
                let start = self.document.text.len();
                let mut boxes = Vec::with_capacity(cell.len());
                for word in cell {
                    let text = normal_line(&word.text);
                    if text.is_empty() {
                        continue;
                    }
                    if word.joins {
                        self.join(&mut boxes, &text, word.rect);
                        continue;
                    }
                    if self.document.text.len() > start {
                        self.document.text.push(' ');
                    }
                    self.place(&mut boxes, &text, word.rect);
                }
                if let Some(page) = self.document.pages.last_mut() {
                    page.words.extend(boxes);
                }
                if self.document.text.len() > start {
                    self.document.blocks.push(Block {
                        kind: BlockKind::Cell {
                            table,
                            row: index(row_index),
                            column: index(column),
                            header: row_index < header_rows,
                        },
                        span: start..self.document.text.len(),
                    });
                }
            }
            self.extend_page();
        }
        if any {
            self.next_table += 1;
        }
    }

    /// Adds a word with its box.
    fn place(&mut self, boxes: &mut Vec<WordBox>, text: &str, rect: Rect) {
        let at = self.document.text.len();
        self.document.text.push_str(text);
        boxes.push(WordBox {
            span: at..self.document.text.len(),
            rect,
        });
    }

    /// Adds a word to the one before it, without a space. They become one where a letter and
    /// its mark meet.
    fn join(&mut self, boxes: &mut Vec<WordBox>, text: &str, rect: Rect) {
        if let Some(last) = boxes.last_mut() {
            let start = last.span.start;
            let joined = format!("{}{text}", &self.document.text[start..]);
            if !is_nfc(&joined) {
                self.document.text.truncate(start);
                self.document.text.extend(joined.nfc());
                last.span.end = self.document.text.len();
                last.rect = last.rect.around(&rect);
                return;
            }
        }
        self.place(boxes, text, rect);
    }

    /// The finished document.
    #[must_use]
    pub fn finish(self) -> Document {
        self.document
    }

    fn block(&mut self, kind: BlockKind, text: &str) {
        if text.is_empty() {
            return;
        }
        self.separate("\n\n");
        let start = self.document.text.len();
        self.document.text.push_str(text);
        let span = start..self.document.text.len();
        self.document.blocks.push(Block { kind, span });
        self.extend_page();
    }

    /// Puts `separator` between what is there and what comes. On a page that is still empty
    /// the separator belongs to neither page.
    fn separate(&mut self, separator: &str) {
        if self.document.text.is_empty() {
            return;
        }
        self.document.text.push_str(separator);
        let at = self.document.text.len();
        if let Some(page) = self.document.pages.last_mut()
            && page.span.is_empty()
        {
            page.span = at..at;
        }
    }

    fn extend_page(&mut self) {
        let end = self.document.text.len();
        if let Some(page) = self.document.pages.last_mut() {
            page.span.end = end;
        }
    }
}

/// NFC, control characters dropped, white space runs as one space, none at the ends.
#[must_use]
pub fn normal_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut space = false;
    // What is dropped goes first: letters that it kept apart compose.
    let visible = text
        .chars()
        .filter(|char| char.is_whitespace() || !is_invisible(*char));
    for char in visible.nfc() {
        if char.is_whitespace() {
            space = !line.is_empty();
        } else {
            if space {
                line.push(' ');
                space = false;
            }
            line.push(char);
        }
    }
    line
}

/// Marks that would break verbatim quotes and lexical matches.
fn is_invisible(char: char) -> bool {
    char.is_control() || matches!(char, '\u{FEFF}' | '\u{200B}' | '\u{00AD}')
}

fn index(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<PlacedWord> {
        let rect = Rect {
            x0: 0.0,
            y0: 0.0,
            x1: 1.0,
            y1: 1.0,
        };
        text.split(' ')
            .map(|word| PlacedWord {
                text: word.to_owned(),
                rect,
                joins: false,
            })
            .collect()
    }

    #[test]
    fn rows_are_lines_and_cells_are_blocks() {
        let mut builder = DocumentBuilder::default();
        builder.paragraph("Prices");
        builder.table(
            &[
                vec!["Code".into(), "Price".into()],
                vec!["PPR-9087".into(), "1,500,000원".into()],
            ],
            1,
        );
        let document = builder.finish();
        assert_eq!(
            document.text,
            "Prices\n\nCode\tPrice\nPPR-9087\t1,500,000원"
        );
        let cells: Vec<&str> = document.blocks[1..]
            .iter()
            .map(|block| &document.text[block.span.clone()])
            .collect();
        assert_eq!(cells, ["Code", "Price", "PPR-9087", "1,500,000원"]);
    }

    #[test]
    fn letters_compose_across_marks_that_are_dropped_and_words_that_join() {
        assert_eq!(
            normal_line("e\u{200B}\u{301} \u{1112}\u{AD}\u{1161}"),
            "é 하"
        );
        let mut builder = DocumentBuilder::default();
        builder.page(1, 100.0, 100.0);
        let mut joined = words("caf e \u{301}s");
        for (word, x) in joined.iter_mut().zip([0.0, 10.0, 20.0]) {
            word.joins = true;
            word.rect.x0 = x;
            word.rect.x1 = x + 10.0;
        }
        builder.placed_block(BlockKind::Paragraph, &joined);
        builder.placed_table(&[vec![joined.clone(), joined]], 0);
        let document = builder.finish();
        assert_eq!(document.text, "cafés\n\ncafés\tcafés");
        let words: Vec<(&str, f32, f32)> = document.pages[0]
            .words
            .iter()
            .map(|word| {
                (
                    &document.text[word.span.clone()],
                    word.rect.x0,
                    word.rect.x1,
                )
            })
            .collect();
        assert_eq!(words, [("caf", 0.0, 10.0), ("és", 10.0, 30.0)].repeat(3));
    }

    #[test]
    fn preformatted_text_keeps_its_lines_and_loses_what_is_invisible() {
        let mut builder = DocumentBuilder::default();
        builder
            .preformatted("a\u{0}\u{FEFF}b\r\n\u{1B}[31m  c\rd\u{85}\n\u{1}\n\te\u{200B}\u{301}");
        let document = builder.finish();
        assert_eq!(document.text, "ab\n[31m  c d\n    é");
    }

    #[test]
    fn a_page_keeps_the_name_that_is_not_blank() {
        let mut builder = DocumentBuilder::default();
        builder.page_name("before any page");
        builder.page(1, 100.0, 100.0);
        builder.page_name(" iv ");
        builder.page(2, 100.0, 100.0);
        builder.page_name(" ");
        let names: Vec<Option<String>> = builder
            .finish()
            .pages
            .into_iter()
            .map(|page| page.name)
            .collect();
        assert_eq!(names, [Some("iv".to_owned()), None]);
    }

    #[test]
    fn a_page_starts_after_the_separator() {
        let mut builder = DocumentBuilder::default();
        builder.page(1, 100.0, 100.0);
        builder.placed_block(BlockKind::Paragraph, &words("첫 쪽"));
        builder.page(2, 100.0, 100.0);
        builder.page(3, 100.0, 100.0);
        builder.placed_block(BlockKind::Paragraph, &words("셋째 쪽"));
        let document = builder.finish();
        let texts: Vec<&str> = document
            .pages
            .iter()
            .map(|page| &document.text[page.span.clone()])
            .collect();
        assert_eq!(texts, ["첫 쪽", "", "셋째 쪽"]);
        assert_eq!(
            &document.text[document.pages[2].words[0].span.clone()],
            "셋째"
        );
    }

    proptest! {
        #[test]
        fn blocks_lie_in_order_on_character_boundaries(texts in prop::collection::vec(any::<String>(), 0..8)) {
            let mut builder = DocumentBuilder::default();
            for text in &texts {
                builder.paragraph(text);
                builder.table(&[vec![text.clone(), String::new()]], 0);
            }
            let document = builder.finish();
            let mut end = 0;
            for block in &document.blocks {
                prop_assert!(block.span.start >= end);
                prop_assert!(!document.text[block.span.clone()].is_empty());
                end = block.span.end;
            }
        }
    }
}
