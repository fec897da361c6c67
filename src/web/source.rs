//! A document's canonical text as HTML blocks, with a quote marked exactly or not at all.
//!
//! A quote's place is computed when the document is read. Nothing here searches for text: a
//! quote that does not stand where its span says is not marked, because a wrong highlight is
//! worse than none.

use std::collections::BTreeSet;
use std::ops::Range;

use ingest::{BlockKind, ContentHash, Document, PageKind, Span};

/// A piece of text that is marked or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) marked: bool,
    /// Whether it is the first marked piece, which links lead to.
    pub(super) first: bool,
}

/// What is shown under each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A page, slide or sheet starts.
    Page {
        /// Its number, from 1.
        number: u32,
        /// What it is called.
        kind: PageKind,
        /// Its own name, if it has one.
        name: Option<String>,
        /// Whether its text was read by character recognition.
        recognized: bool,
    },
    /// A heading, level 2 to 6.
    Heading(u8, Vec<Piece>),
    /// A paragraph.
    Paragraph(Vec<Piece>),
    /// Items with their levels, 1 to 6.
    List(Vec<(u8, Vec<Piece>)>),
    /// Rows of cells.
    Table(Vec<Row>),
    /// Preformatted text.
    Preformatted(Vec<Piece>),
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    number: u32,
    pub(super) header: bool,
    pub(super) cells: Vec<Vec<Piece>>,
}

/// A page as it is printed, with boxes around a quote.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PagePicture {
    pub(super) number: u32,
    /// In points, as boxes are.
    pub(super) width: f32,
    pub(super) height: f32,
    /// Left, top, width, height.
    pub(super) boxes: Vec<[f32; 4]>,
}

/// The pages that a quote stands on; none unless its place on them is certain.
pub(super) fn pictures(document: &Document, quote: &Span) -> Vec<PagePicture> {
    let mut pictures: Vec<PagePicture> = Vec::new();
    for line in document.boxes_of(quote) {
        let rect = [
            line.rect.x0,
            line.rect.y0,
            line.rect.x1 - line.rect.x0,
            line.rect.y1 - line.rect.y0,
        ];
        match pictures.last_mut() {
            Some(picture) if picture.number == line.page => picture.boxes.push(rect),
            _ => {
                let (width, height) = line.of;
                pictures.push(PagePicture {
                    number: line.page,
                    width,
                    height,
                    boxes: vec![rect],
                });
            }
        }
    }
    pictures
}

/// The place of a quote as a link names it: code points, and the hash of what stands there.
#[derive(Clone, Copy, Debug)]
pub(super) struct QuotePlace {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) quote_sha256: Option<ContentHash>,
}

/// The quote as a byte range; none unless exactly this quote stands there.
pub(super) fn locate(document: &Document, place: QuotePlace) -> Option<Span> {
    let span = byte_span(&document.text, place.start..place.end)?;
    let quote = &document.text[span.clone()];
    if place
        .quote_sha256
        .is_some_and(|hash| hash != ContentHash::of(quote.as_bytes()))
    {
        return None;
    }
    // Between blocks there is nothing to mark.
    let touches = document
        .blocks
        .iter()
        .any(|block| block.span.start.max(span.start) < block.span.end.min(span.end));
    touches.then_some(span)
}

/// A range of code points as a range of bytes.
fn byte_span(text: &str, chars: Range<usize>) -> Option<Span> {
    if chars.start >= chars.end {
        return None;
    }
    let mut offsets = text
        .char_indices()
        .map(|(offset, _)| offset)
        .chain([text.len()]);
    let start = offsets.nth(chars.start)?;
    let end = offsets.nth(chars.end - chars.start - 1)?;
    Some(start..end)
}

/// The parts of a document, with `quote` marked.
pub(super) fn parts(document: &Document, quote: Option<&Span>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut pages = document.pages.iter().peekable();
    let recognized: BTreeSet<u32> = document
        .pages
        .iter()
        .filter(|page| page.recognized)
        .map(|page| page.number)
        .collect();
    let mut open_table = None;
    let mut cutter = Cutter {
        text: &document.text,
        quote,
        found: false,
    };
    for block in &document.blocks {
        while let Some(page) = pages.next_if(|page| page.span.start <= block.span.start) {
            // A picture whose text was recognised comes again, with that text.
            if page.span.is_empty() && recognized.contains(&page.number) {
                continue;
            }
            parts.push(Part::Page {
                number: page.number,
                kind: page.kind,
                name: page.name.clone(),
                recognized: page.recognized,
            });
        }
        let pieces = cutter.cut(&block.span);
        match block.kind {
            BlockKind::Heading { level } => {
                parts.push(Part::Heading(level.clamp(1, 5) + 1, pieces));
            }
            BlockKind::Paragraph => parts.push(Part::Paragraph(pieces)),
            BlockKind::Preformatted => parts.push(Part::Preformatted(pieces)),
            BlockKind::ListItem { level } => {
                let item = (level.clamp(1, 6), pieces);
                match parts.last_mut() {
                    Some(Part::List(items)) => items.push(item),
                    _ => parts.push(Part::List(vec![item])),
                }
            }
            BlockKind::Cell {
                table,
                row,
                column,
                header,
            } => {
                let is_open = open_table == Some(table);
                open_table = Some(table);
                match parts.last_mut() {
                    Some(Part::Table(rows)) if is_open => {
                        add_cell(rows, row, column, header, pieces);
                    }
                    _ => {
                        let mut rows = Vec::new();
                        add_cell(&mut rows, row, column, header, pieces);
                        parts.push(Part::Table(rows));
                    }
                }
            }
        }
    }
    parts
}

/// Columns that a table is drawn with at most; more are put into the last.
const COLUMNS_LIMIT: usize = 200;

fn add_cell(rows: &mut Vec<Row>, number: u32, column: u32, header: bool, pieces: Vec<Piece>) {
    if rows.last().is_none_or(|row| row.number != number) {
        rows.push(Row {
            number,
            header,
            cells: Vec::new(),
        });
    }
    if let Some(row) = rows.last_mut() {
        let column = usize::try_from(column)
            .unwrap_or(COLUMNS_LIMIT)
            .min(COLUMNS_LIMIT);
        // Empty cells are no blocks, but keep their columns.
        while row.cells.len() < column {
            row.cells.push(Vec::new());
        }
        row.cells.push(pieces);
    }
}

struct Cutter<'a> {
    text: &'a str,
    quote: Option<&'a Span>,
    found: bool,
}

impl Cutter<'_> {
    fn cut(&mut self, span: &Span) -> Vec<Piece> {
        let plain = |span: Span| Piece {
            text: self.text[span].to_owned(),
            marked: false,
            first: false,
        };
        let inside = self
            .quote
            .map(|quote| quote.start.max(span.start)..quote.end.min(span.end))
            .filter(|inside| inside.start < inside.end);
        let Some(inside) = inside else {
            return vec![plain(span.clone())];
        };
        let mut pieces = Vec::with_capacity(3);
        if span.start < inside.start {
            pieces.push(plain(span.start..inside.start));
        }
        pieces.push(Piece {
            text: self.text[inside.clone()].to_owned(),
            marked: true,
            first: !self.found,
        });
        if inside.end < span.end {
            pieces.push(plain(inside.end..span.end));
        }
        self.found = true;
        pieces
    }
}

#[cfg(test)]
mod tests {
    use ingest::DocumentBuilder;
    use proptest::prelude::*;

    use super::*;

    fn handbook() -> Document {
        let mut builder = DocumentBuilder::default();
        builder.page(1, 595.0, 842.0);
        builder.heading(1, "휴가 🎉 규정");
        builder.paragraph("연차는 15일입니다.");
        builder.list_item(1, "하나");
        builder.list_item(2, "둘");
        builder.page(2, 595.0, 842.0);
        builder.table(
            &[
                vec!["구분".into(), String::new(), "일수".into()],
                vec!["병가".into(), "유급".into(), "60일".into()],
            ],
            1,
        );
        builder.finish()
    }

    fn place_of(document: &Document, quote: &str) -> QuotePlace {
        let at = document.text.find(quote).unwrap();
        let start = document.text[..at].chars().count();
        QuotePlace {
            start,
            end: start + quote.chars().count(),
            quote_sha256: Some(ContentHash::of(quote.as_bytes())),
        }
    }

    fn marked(parts: &[Part]) -> Vec<String> {
        let pieces = parts.iter().flat_map(|part| match part {
            Part::Page { .. } => Vec::new(),
            Part::Heading(_, pieces) | Part::Paragraph(pieces) | Part::Preformatted(pieces) => {
                pieces.clone()
            }
            Part::List(items) => items
                .iter()
                .flat_map(|(_, pieces)| pieces.clone())
                .collect(),
            Part::Table(rows) => rows.iter().flat_map(|row| row.cells.concat()).collect(),
        });
        pieces
            .filter(|piece| piece.marked)
            .map(|piece| piece.text)
            .collect()
    }

    #[test]
    fn exactly_the_quote_is_marked() {
        let document = handbook();
        let span = locate(&document, place_of(&document, "15일")).unwrap();
        assert_eq!(&document.text[span.clone()], "15일");
        assert_eq!(marked(&parts(&document, Some(&span))), ["15일"]);
        let row = locate(&document, place_of(&document, "병가\t유급\t60일")).unwrap();
        assert_eq!(
            marked(&parts(&document, Some(&row))),
            ["병가", "유급", "60일"]
        );
    }

    #[test]
    fn what_does_not_stand_there_is_not_marked() {
        let document = handbook();
        let right = place_of(&document, "15일");
        let end = document.text.chars().count();
        for wrong in [
            QuotePlace {
                start: right.start + 1,
                ..right
            },
            QuotePlace {
                start: right.end,
                end: right.start,
                quote_sha256: None,
            },
            QuotePlace {
                start: 3,
                end: 3,
                quote_sha256: None,
            },
            QuotePlace {
                start: end - 1,
                end: end + 1,
                quote_sha256: None,
            },
            QuotePlace {
                start: 0,
                end: usize::MAX,
                quote_sha256: None,
            },
            QuotePlace {
                start: usize::MAX - 1,
                end: usize::MAX,
                quote_sha256: None,
            },
        ] {
            assert_eq!(locate(&document, wrong), None, "{wrong:?}");
        }
        let gap = place_of(&document, "\n\n");
        assert_eq!(locate(&document, gap), None, "between blocks");
    }

    #[test]
    fn structure_is_kept() {
        let document = handbook();
        let parts = parts(&document, None);
        assert!(matches!(parts[0], Part::Page { number: 1, .. }));
        assert!(matches!(parts[1], Part::Heading(2, _)));
        assert!(matches!(&parts[3], Part::List(items) if items.len() == 2));
        assert!(matches!(parts[4], Part::Page { number: 2, .. }));
        let Part::Table(rows) = &parts[5] else {
            panic!("{parts:?}")
        };
        assert!(rows[0].header && !rows[1].header);
        assert_eq!(rows[0].cells.len(), 3);
        assert!(
            rows[0].cells[1].is_empty(),
            "an empty cell keeps its column"
        );
    }

    proptest! {
        /// Cutting loses nothing, whatever is quoted.
        #[test]
        fn pieces_join_to_the_block(text in "[가-힣a-z 🎉\n]{1,60}", start in 0..60_usize, length in 1..60_usize) {
            let document = Document::plain(&text);
            let place = QuotePlace { start, end: start + length, quote_sha256: None };
            let span = locate(&document, place);
            let parts = parts(&document, span.as_ref());
            let shown: Vec<String> = parts.iter().map(|part| match part {
                Part::Paragraph(pieces) => pieces.iter().map(|piece| piece.text.as_str()).collect(),
                other => panic!("{other:?}"),
            }).collect();
            prop_assert_eq!(shown.join("\n\n"), document.text.clone());
            if let Some(span) = span {
                prop_assert_eq!(marked(&parts).join("\n\n"), document.text[span].trim_matches('\n').to_owned());
            }
        }
    }
}
