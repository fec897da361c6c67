//! A parsed document to everything that a catalogue keeps of its chunks.
//!
//! What happens in which order, so that a crash cannot break it, is the library's business:
//! it owns the catalogue. This is the part of it that computes.

use serde::{Deserialize, Serialize};

use crate::{BlockKind, Chunk, Document, PageKind, Span, TokenCounter, chunk, sentence};

/// A chunk with what a search needs of it, so that the whole document need not be read again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreparedChunk {
    /// The chunk.
    pub chunk: Chunk,
    /// The document's text there. Texts of chunks in order, joined, are the document's text.
    pub text: String,
    /// Where it stands in Unicode code points.
    pub chars: Span,
    /// Where it stands in UTF-16 code units.
    pub utf16: Span,
    /// Sentences as byte ranges into `text`.
    pub sentences: Vec<Span>,
    /// Pages, slides or sheets, each with the byte range of `text` on it.
    pub pages: Vec<PageSpan>,
    /// Cells of sheets, each with the byte range of `text` in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<CellSpan>,
    /// Paragraphs, each with the byte range of `text` in it; none where there are pages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paragraphs: Vec<ParagraphSpan>,
    /// The header rows that [`Chunk::header`] names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Box<PreparedHeader>>,
}

/// The part of a text that stands on one page, slide or sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "KeptPageSpan")]
pub struct PageSpan {
    /// From 1.
    pub number: u32,
    /// What it is called.
    pub kind: PageKind,
    /// Its own name, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether its text was read by character recognition.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub recognized: bool,
    /// Where the part stands.
    pub span: Span,
}

/// A [`PageSpan`] as catalogues keep it; those of version 0.1 knew pages only.
#[derive(Deserialize)]
#[serde(untagged)]
enum KeptPageSpan {
    Numbered(u32, Span),
    Named {
        number: u32,
        kind: PageKind,
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        recognized: bool,
        span: Span,
    },
}

impl From<KeptPageSpan> for PageSpan {
    fn from(kept: KeptPageSpan) -> Self {
        match kept {
            KeptPageSpan::Numbered(number, span) => Self {
                number,
                kind: PageKind::Page,
                name: None,
                recognized: false,
                span,
            },
            KeptPageSpan::Named {
                number,
                kind,
                name,
                recognized,
                span,
            } => Self {
                number,
                kind,
                name,
                recognized,
                span,
            },
        }
    }
}

/// The part of a text that stands in one cell of a sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellSpan {
    /// Row in the sheet, from 0.
    pub row: u32,
    /// Column in the sheet, from 0.
    pub column: u32,
    /// Where the part stands.
    pub span: Span,
}

/// The part of a text that stands in one paragraph of a document without pages.
///
/// Paragraphs are counted as one who reads the document from its start would count them:
/// headings, paragraphs, items of lists, pieces of preformatted text and rows of tables are one
/// each. Rows without text and blank paragraphs, which are not in a [`Document`], do not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParagraphSpan {
    /// From 1.
    pub number: u32,
    /// Where the part stands.
    pub span: Span,
}

/// The header rows of a table that a chunk begins in the middle of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreparedHeader {
    /// The document's text there.
    pub text: String,
    /// Where it stands in Unicode code points.
    pub chars: Span,
    /// Where it stands in UTF-16 code units.
    pub utf16: Span,
    /// Its rows as byte ranges into `text`.
    pub sentences: Vec<Span>,
    /// Pages, slides or sheets, each with the byte range of `text` on it.
    pub pages: Vec<PageSpan>,
    /// Cells of sheets, each with the byte range of `text` in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<CellSpan>,
    /// Paragraphs, each with the byte range of `text` in it; none where there are pages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paragraphs: Vec<ParagraphSpan>,
}

impl PreparedChunk {
    /// What is searched for it: its text below the header that it stands under.
    #[must_use]
    pub fn searched_text(&self) -> String {
        let text = self.text.trim();
        match &self.header {
            Some(header) => format!("{}\n{text}", header.text),
            None => text.to_owned(),
        }
    }
}

/// Cuts a document into chunks of at most `limit` tokens; see [`chunk::chunk`].
#[must_use]
pub fn prepare(
    document: &Document,
    limit: usize,
    counter: &dyn TokenCounter,
) -> Vec<PreparedChunk> {
    let sentences = sentence::of_document(document);
    let sheets = cells_of_sheets(document);
    let paragraphs = paragraphs(document);
    let mut next = 0;
    let (mut chars, mut utf16) = (0, 0);
    // Chunks of one table name the same header.
    let mut last_header: Option<(Span, PreparedHeader)> = None;
    chunk::chunk(document, limit, counter)
        .into_iter()
        .map(|chunk| {
            let span = chunk.span.clone();
            let text = document.text[span.clone()].to_owned();
            let (char_start, utf16_start) = (chars, utf16);
            chars += text.chars().count();
            utf16 += text.encode_utf16().count();
            while sentences
                .get(next)
                .is_some_and(|sentence| sentence.end <= span.start)
            {
                next += 1;
            }
            let header = chunk.header.clone().map(|span| match &last_header {
                Some((known, header)) if *known == span => Box::new(header.clone()),
                _ => {
                    let header = prepare_header(document, &sentences, &sheets, &paragraphs, &span);
                    last_header = Some((span, header.clone()));
                    Box::new(header)
                }
            });
            PreparedChunk {
                sentences: within_all(&sentences[next..], &span),
                pages: pages_within(document, &span),
                cells: cells_within(&sheets, &span),
                paragraphs: paragraphs_within(&paragraphs, &span),
                header,
                chunk,
                text,
                chars: char_start..chars,
                utf16: utf16_start..utf16,
            }
        })
        .collect()
}

fn prepare_header(
    document: &Document,
    sentences: &[Span],
    sheets: &[CellSpan],
    paragraphs: &[ParagraphSpan],
    span: &Span,
) -> PreparedHeader {
    let text = document.text[span.clone()].to_owned();
    let before = &document.text[..span.start];
    let (chars, utf16) = (before.chars().count(), before.encode_utf16().count());
    let first = sentences.partition_point(|sentence| sentence.end <= span.start);
    PreparedHeader {
        chars: chars..chars + text.chars().count(),
        utf16: utf16..utf16 + text.encode_utf16().count(),
        sentences: within_all(&sentences[first..], span),
        pages: pages_within(document, span),
        cells: cells_within(sheets, span),
        paragraphs: paragraphs_within(paragraphs, span),
        text,
    }
}

/// The parts of the first of `spans`, which are in order, that lie in `outer`.
fn within_all(spans: &[Span], outer: &Span) -> Vec<Span> {
    spans
        .iter()
        .take_while(|span| span.start < outer.end)
        .map(|span| within(span, outer))
        .collect()
}

fn pages_within(document: &Document, span: &Span) -> Vec<PageSpan> {
    document
        .pages
        .iter()
        .filter(|page| page.span.start < span.end && span.start < page.span.end)
        // A page without text lies between two others, and holds none of it.
        .filter(|page| !page.span.is_empty())
        .map(|page| PageSpan {
            number: page.number,
            kind: page.kind,
            name: page.name.clone(),
            recognized: page.recognized,
            span: within(&page.span, span),
        })
        .collect()
}

/// The cells that stand on sheets, in the order of the text.
fn cells_of_sheets(document: &Document) -> Vec<CellSpan> {
    let mut sheets = document
        .pages
        .iter()
        .filter(|page| page.kind == PageKind::Sheet)
        .peekable();
    let mut cells = Vec::new();
    for block in &document.blocks {
        while sheets
            .next_if(|sheet| sheet.span.end <= block.span.start)
            .is_some()
        {}
        let on_sheet = sheets
            .peek()
            .is_some_and(|sheet| sheet.span.start <= block.span.start);
        if let (true, BlockKind::Cell { row, column, .. }) = (on_sheet, &block.kind) {
            cells.push(CellSpan {
                row: *row,
                column: *column,
                span: block.span.clone(),
            });
        }
    }
    cells
}

fn cells_within(cells: &[CellSpan], span: &Span) -> Vec<CellSpan> {
    let first = cells.partition_point(|cell| cell.span.end <= span.start);
    cells[first..]
        .iter()
        .take_while(|cell| cell.span.start < span.end)
        .map(|cell| CellSpan {
            row: cell.row,
            column: cell.column,
            span: within(&cell.span, span),
        })
        .collect()
}

/// The paragraphs of a document without pages, in the order of the text.
fn paragraphs(document: &Document) -> Vec<ParagraphSpan> {
    if !document.pages.is_empty() {
        return Vec::new();
    }
    let mut paragraphs: Vec<ParagraphSpan> = Vec::new();
    let mut open = None;
    for block in &document.blocks {
        let row = match block.kind {
            BlockKind::Cell { table, row, .. } => Some((table, row)),
            _ => None,
        };
        match paragraphs.last_mut() {
            Some(last) if row.is_some() && row == open => last.span.end = block.span.end,
            last => {
                let number = last.map_or(0, |last| last.number).saturating_add(1);
                let span = block.span.clone();
                paragraphs.push(ParagraphSpan { number, span });
            }
        }
        open = row;
    }
    paragraphs
}

fn paragraphs_within(paragraphs: &[ParagraphSpan], span: &Span) -> Vec<ParagraphSpan> {
    let first = paragraphs.partition_point(|paragraph| paragraph.span.end <= span.start);
    paragraphs[first..]
        .iter()
        .take_while(|paragraph| paragraph.span.start < span.end)
        .map(|paragraph| ParagraphSpan {
            number: paragraph.number,
            span: within(&paragraph.span, span),
        })
        .collect()
}

/// The part of `inner` that lies in `outer`, counted from where `outer` starts.
fn within(inner: &Span, outer: &Span) -> Span {
    inner.start.max(outer.start) - outer.start..inner.end.min(outer.end) - outer.start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Words;

    impl TokenCounter for Words {
        fn count(&self, text: &str) -> usize {
            text.split_whitespace().count()
        }

        fn name(&self) -> &'static str {
            "words"
        }
    }

    #[test]
    fn paragraphs_are_counted_through_the_document() {
        let mut builder = crate::DocumentBuilder::default();
        builder.heading(1, "연차 규정");
        builder.paragraph("연차는 15일이다.");
        builder.paragraph(" ");
        let row = |name: &str| vec![name.to_owned(), "이틀".to_owned()];
        builder.table(&[row("결혼"), row("이사")], 0);
        builder.list_item(1, "끝이다.");
        let document = builder.finish();
        let chunks = prepare(&document, 4, &Words);
        let told: Vec<(u32, &str)> = chunks
            .iter()
            .flat_map(|chunk| {
                let text = |part: &ParagraphSpan| &chunk.text[part.span.clone()];
                chunk
                    .paragraphs
                    .iter()
                    .map(move |part| (part.number, text(part)))
            })
            .collect();
        assert_eq!(
            told,
            [
                (1, "연차 규정"),
                (2, "연차는 15일이다."),
                (3, "결혼\t이틀"),
                (4, "이사\t이틀"),
                (5, "끝이다."),
            ]
        );
        // As earlier versions stored it.
        let mut stored = serde_json::to_value(&chunks[0]).unwrap();
        stored
            .as_object_mut()
            .unwrap()
            .remove("paragraphs")
            .unwrap();
        let read: PreparedChunk = serde_json::from_value(stored).unwrap();
        assert_eq!(
            (read.text, read.paragraphs),
            (chunks[0].text.clone(), vec![])
        );
    }

    #[test]
    fn every_sentence_stands_where_its_chunk_says() {
        let mut builder = crate::DocumentBuilder::default();
        builder.page(1, 100.0, 100.0);
        builder.heading(1, "연차 🎉 규정");
        builder.paragraph("연차는 15일이다. 반차도 쓸 수 있다.");
        builder.page(2, 100.0, 100.0);
        builder.paragraph("셋째 문장이다. 넷째 문장이다.");
        let document = builder.finish();
        let chunks = prepare(&document, 5, &Words);
        assert!(chunks.len() > 1);
        let sentences: Vec<&str> = chunks
            .iter()
            .flat_map(|chunk| chunk.sentences.iter().map(|span| &chunk.text[span.clone()]))
            .collect();
        assert_eq!(
            sentences,
            [
                "연차 🎉 규정",
                "연차는 15일이다.",
                "반차도 쓸 수 있다.",
                "셋째 문장이다.",
                "넷째 문장이다."
            ]
        );
        let last = chunks.last().unwrap();
        assert_eq!(last.pages[0].number, 2);
        assert_eq!(last.chars.end, document.text.chars().count());
        assert_eq!(last.utf16.end, last.chars.end + 1);
    }

    #[test]
    fn a_page_without_text_is_no_place() {
        let mut builder = crate::DocumentBuilder::default();
        builder.page(1, 100.0, 100.0);
        builder.paragraph("연차는 15일이다.");
        builder.page(2, 100.0, 100.0);
        builder.page(3, 100.0, 100.0);
        builder.paragraph("반차도 있다.");
        let chunks = prepare(&builder.finish(), 50, &Words);
        let pages: Vec<u32> = chunks[0].pages.iter().map(|page| page.number).collect();
        assert_eq!(pages, [1, 3]);
    }

    #[test]
    fn rows_of_a_sheet_know_their_cells_and_their_header() {
        let mut builder = crate::DocumentBuilder::default();
        builder.sheet(1, "매출");
        let rows: Vec<(u32, Vec<String>)> = [
            (4, ["지점", "금액"]),
            (5, ["서울", "35,000원"]),
            (6, ["대구", "9,000원"]),
            (7, ["부산", "12,000원"]),
        ]
        .into_iter()
        .map(|(row, cells)| (row, cells.map(str::to_owned).to_vec()))
        .collect();
        builder.sheet_table(&[1, 3], &rows, 1);
        let document = builder.finish();
        let chunks = prepare(&document, 6, &Words);
        assert_eq!(chunks.len(), 2, "{chunks:?}");
        assert_eq!(
            chunks[0].text,
            "지점\t금액\n서울\t35,000원\n대구\t9,000원\n"
        );
        let last = &chunks[1];
        assert_eq!(last.searched_text(), "지점\t금액\n부산\t12,000원");
        assert_eq!(last.pages[0].kind, PageKind::Sheet);
        assert_eq!(last.pages[0].name.as_deref(), Some("매출"));
        let cells: Vec<(u32, u32, &str)> = last
            .cells
            .iter()
            .map(|cell| (cell.row, cell.column, &last.text[cell.span.clone()]))
            .collect();
        assert_eq!(cells, [(7, 1, "부산"), (7, 3, "12,000원")]);
        let kept = serde_json::to_string(&last.pages).unwrap();
        assert_eq!(
            serde_json::from_str::<Vec<PageSpan>>(&kept).unwrap(),
            last.pages
        );
        let old: Vec<PageSpan> = serde_json::from_str(r#"[[7,{"start":0,"end":3}]]"#).unwrap();
        assert_eq!((old[0].number, old[0].kind), (7, PageKind::Page));
        let header = last.header.as_ref().unwrap();
        assert_eq!(header.cells[1].column, 3);
        assert_eq!(header.chars, 0..5);
    }
}
