//! What must hold of everything that is read.

use std::collections::HashSet;
use std::time::Duration;

use ingest::parse::{self, Attachment, Extracted, ParseError, Passwords};
use ingest::{BlockKind, Document, Page, PageKind, Span, TokenCounter, pipeline};
use rustix::time::{ClockId, clock_gettime};
use unicode_normalization::is_nfc;

/// Processor time that an input may take, with the checks that a fuzzer's build adds.
const MAX_TIME: Duration = Duration::from_secs(10);
/// Bytes of text that an input may become.
const MAX_TEXT: usize = 100 << 20;
/// Bytes of text up to which what is costly is looked at too.
const MAX_COSTLY: usize = 256 << 10;
/// Bytes that one sentence to the reader may have.
const MAX_MESSAGE: usize = 32 << 10;
/// How deep files in files are read.
const MAX_DEPTH: usize = 2;
/// Files in a file that are read.
const MAX_ATTACHMENTS: usize = 4;
/// Tokens of a chunk: few, so that small documents have many chunks.
const CHUNK: usize = 24;

/// Reads a file as the product does and looks at what comes of it.
pub fn file(bytes: &[u8], file_name: &str) {
    nested(bytes, file_name, 0);
}

fn nested(bytes: &[u8], file_name: &str, depth: usize) {
    let start = processor_time();
    let read = || parse::parse(bytes, file_name, &Passwords::default(), &|_, _| {});
    let first = read();
    let took = processor_time().saturating_sub(start);
    assert!(took < MAX_TIME, "reading it took {took:?}");
    // What is read twice is the same: else quotes of it would go astray.
    if bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)) % 4 == 0 {
        assert!(first == read(), "it is read in two ways");
    }
    match &first {
        Ok(extracted) => result(extracted),
        Err(error) => failure(error),
    }
    if depth < MAX_DEPTH
        && let Ok(extracted) = first
    {
        for Attachment { name, bytes } in extracted.attachments.iter().take(MAX_ATTACHMENTS) {
            nested(bytes, name, depth + 1);
        }
    }
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.try_into().unwrap_or(0),
        time.tv_nsec.try_into().unwrap_or(0),
    )
}

fn failure(error: &ParseError) {
    message(&error.to_string());
    assert!(
        !matches!(
            error,
            ParseError::Crashed { .. }
                | ParseError::TimedOut { .. }
                | ParseError::OutOfMemory { .. }
        ),
        "only the sandbox may say {error}"
    );
}

fn message(message: &str) {
    assert!(!message.trim().is_empty(), "nothing is said");
    assert!(
        message.len() <= MAX_MESSAGE,
        "{} bytes are said",
        message.len()
    );
    assert!(
        !message.chars().any(char::is_control),
        "it is said with control characters: {message:?}"
    );
}

fn result(extracted: &Extracted) {
    let document = &extracted.document;
    assert!(
        document.text.len() <= MAX_TEXT,
        "it has {} bytes of text",
        document.text.len()
    );
    assert!(
        extracted.format.has_pages() || document.pages.is_empty(),
        "a document without pages has some"
    );
    text(document);
    blocks(document);
    pages(document);
    for problem in &extracted.problems {
        message(&problem.message);
        assert!(problem.page != Some(0), "page 0: {}", problem.message);
    }
    assert!(
        extracted.needs_ocr.is_sorted_by(|one, other| one < other)
            && extracted.needs_ocr.first() != Some(&0),
        "pages to be recognised: {:?}",
        extracted.needs_ocr
    );
    for Attachment { name, .. } in &extracted.attachments {
        let leads_out = name
            .split('/')
            .any(|part| part.is_empty() || part.trim() == "..");
        assert!(!leads_out && !name.contains('\\'), "{name:?} leads out");
        message(name);
    }
    let bytes: usize = extracted
        .attachments
        .iter()
        .map(|file| file.bytes.len())
        .sum();
    if document.text.len() <= MAX_COSTLY {
        chunks(document);
        if bytes <= MAX_COSTLY {
            kept(extracted);
        }
    }
}

/// The sandbox hands it over as JSON: what does not come out as it went in is lost.
fn kept(extracted: &Extracted) {
    let json = serde_json::to_vec(extracted).expect("it can be written as JSON");
    let read: Extracted = serde_json::from_slice(&json).expect("its JSON can be read");
    assert!(read == *extracted, "it changes on its way through JSON");
}

fn text(document: &Document) {
    let strange = document
        .text
        .chars()
        .find(|char| char.is_control() && !matches!(char, '\n' | '\t'));
    assert_eq!(strange, None, "a control character in the text");
    if let Some(title) = &document.title {
        assert!(!title.trim().is_empty(), "a blank title");
        assert!(!title.chars().any(char::is_control), "title {title:?}");
        assert!(is_nfc(title), "not in normal form: {title:?}");
    }
}

/// What stands at a span.
fn at<'a>(text: &'a str, span: &Span, what: &str) -> &'a str {
    text.get(span.clone())
        .unwrap_or_else(|| panic!("{what}: {span:?} is no span of {} bytes", text.len()))
}

fn blocks(document: &Document) {
    let text = &document.text;
    let mut end = 0;
    let mut cell = None;
    let mut tables = HashSet::new();
    for block in &document.blocks {
        assert!(
            block.span.start >= end,
            "blocks overlap at {end}: {block:?}"
        );
        let separator = at(text, &(end..block.span.start), "between blocks");
        assert!(
            separator.chars().all(|char| matches!(char, '\n' | '\t')),
            "text outside of blocks: {separator:?}"
        );
        end = block.span.end;
        let inside = at(text, &block.span, "block");
        assert!(
            !inside.trim().is_empty(),
            "a blank block at {:?}",
            block.span
        );
        // Normal form is of a block: what stands in the next one is another text.
        assert!(is_nfc(inside), "not in normal form: {inside:?}");
        if block.kind != BlockKind::Preformatted {
            assert!(
                !inside.contains(['\n', '\t']),
                "lines in a block: {inside:?}"
            );
        }
        match block.kind {
            BlockKind::Heading { level } => assert!((1..=6).contains(&level), "level {level}"),
            BlockKind::ListItem { level } => assert!(level >= 1, "level {level}"),
            BlockKind::Cell {
                table, row, column, ..
            } => {
                if let Some((last, place)) = cell
                    && last == table
                {
                    assert!(
                        place < (row, column),
                        "cells of table {table} are out of order: {place:?}, {:?}",
                        (row, column)
                    );
                } else {
                    assert!(tables.insert(table), "table {table} begins twice");
                }
                cell = Some((table, (row, column)));
            }
            BlockKind::Paragraph | BlockKind::Preformatted => {}
        }
    }
    let rest = at(text, &(end..text.len()), "behind blocks");
    assert!(
        rest.chars().all(|char| matches!(char, '\n' | '\t')),
        "text behind the last block: {rest:?}"
    );
}

fn pages(document: &Document) {
    let mut end = 0;
    let mut numbers = HashSet::new();
    for page in &document.pages {
        assert!(
            page.number > 0 && numbers.insert(page.number),
            "two pages {}",
            page.number
        );
        assert!(
            page.span.start >= end,
            "pages overlap at {end}: {:?}",
            page.span
        );
        end = page.span.end;
        at(&document.text, &page.span, "page");
        for side in [page.width, page.height] {
            assert!(
                side.is_finite() && side >= 0.0,
                "page {} is {side} long",
                page.number
            );
        }
        if let Some(name) = &page.name {
            assert!(
                !name.trim().is_empty() && !name.chars().any(char::is_control),
                "page {name:?}"
            );
        }
        words(document, page);
    }
    let has_place = document.pages.iter().any(|page| !page.words.is_empty());
    if has_place && document.text.len() <= MAX_COSTLY {
        for block in &document.blocks {
            for line in document.boxes_of(&block.span) {
                assert!(numbers.contains(&line.page), "a box on page {}", line.page);
                finite(&line.rect);
            }
        }
    }
}

fn words(document: &Document, page: &Page) {
    assert!(
        page.words.is_empty() || page.kind == PageKind::Page,
        "words with places on {:?}",
        page.kind
    );
    let mut end = page.span.start;
    for word in &page.words {
        assert!(
            word.span.start >= end && word.span.end <= page.span.end,
            "word {:?} on page {:?}, behind {end}",
            word.span,
            page.span
        );
        end = word.span.end;
        let inside = at(&document.text, &word.span, "word");
        assert!(
            !inside.is_empty() && inside.trim() == inside,
            "word {inside:?}"
        );
        finite(&word.rect);
    }
}

fn finite(rect: &ingest::Rect) {
    assert!(
        [rect.x0, rect.y0, rect.x1, rect.y1]
            .iter()
            .all(|side| side.is_finite()),
        "{rect:?}"
    );
    assert!(
        rect.x0 <= rect.x1 && rect.y0 <= rect.y1,
        "{rect:?} is inside out"
    );
}

/// Counts words.
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

fn chunks(document: &Document) {
    let text = &document.text;
    let mut end = 0;
    let (mut chars, mut utf16) = (0, 0);
    for prepared in pipeline::prepare(document, CHUNK, &Words) {
        let span = &prepared.chunk.span;
        assert_eq!(span.start, end, "chunks leave something out");
        end = span.end;
        assert_eq!(at(text, span, "chunk"), prepared.text);
        let after = (
            chars + prepared.text.chars().count(),
            utf16 + prepared.text.encode_utf16().count(),
        );
        assert_eq!(
            (prepared.chars, prepared.utf16),
            (chars..after.0, utf16..after.1)
        );
        (chars, utf16) = after;
        parts(&prepared.text, &prepared.sentences, "sentence");
        let pages: Vec<Span> = prepared
            .pages
            .iter()
            .map(|page| page.span.clone())
            .collect();
        parts(&prepared.text, &pages, "page");
        let cells: Vec<Span> = prepared
            .cells
            .iter()
            .map(|cell| cell.span.clone())
            .collect();
        parts(&prepared.text, &cells, "cell");
        if let Some(header) = &prepared.header {
            assert_eq!(
                text.get(prepared.chunk.header.clone().expect("it has one")),
                Some(header.text.as_str())
            );
            parts(&header.text, &header.sentences, "row of a header");
        }
    }
    assert!(
        end == text.len() || text[end..].trim().is_empty(),
        "chunks end at {end} of {}",
        text.len()
    );
}

/// Spans are parts of a text, in order.
fn parts(text: &str, spans: &[Span], what: &str) {
    let mut end = 0;
    for span in spans {
        at(text, span, what);
        assert!(
            span.start >= end && !span.is_empty(),
            "{what} {span:?} behind {end}"
        );
        end = span.end;
    }
}
