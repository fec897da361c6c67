//! Cuts a document into chunks along its structure.
//!
//! A chunk never reaches over a heading, holds whole sentences and whole table rows, and is
//! cut at the end of a block where one is near. It never changes text: chunks are spans. A
//! chunk that begins in the middle of a table names the header that its rows stand under.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::{BlockKind, Document, Span, TokenCounter, sentence};

/// A piece of a document that is searched as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// Number in the document, from 0.
    pub ordinal: u32,
    /// Where it stands in [`Document::text`]. Chunks lie in order and leave nothing out:
    /// joined, they are the text.
    pub span: Span,
    /// Headings above it, outermost first, its own first heading included.
    pub heading_path: Vec<String>,
    /// The header rows of the table that it begins in the middle of; they stand before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Span>,
    /// Tokens of its text, and of `header`, as the [`TokenCounter`] counts them.
    pub tokens: usize,
}

/// A header takes at most this part of a chunk: one third.
const HEADER_SHARE: usize = 3;

/// A sentence, table row or heading with the white space that follows it.
#[derive(Debug)]
struct Unit {
    span: Span,
    tokens: usize,
    /// Set on headings.
    level: Option<u8>,
    /// Whether a block starts here: the better place to cut.
    starts_block: bool,
    /// The header of its table, for rows below it: where it stands, and its tokens.
    header: Option<(Span, usize)>,
}

/// Cuts `document` into chunks of at most `limit` tokens, headings above and title not counted.
///
/// A sentence is cut only if it alone is over the limit, then between words if it has any.
#[must_use]
pub fn chunk(document: &Document, limit: usize, counter: &dyn TokenCounter) -> Vec<Chunk> {
    let limit = limit.max(1);
    let units = units(document, limit, counter);
    let mut chunks: Vec<Chunk> = Vec::new();
    let mut headings: Vec<(u8, String)> = Vec::new();
    let mut open: Vec<&Unit> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut emit = |units: &[&Unit], path: &[String]| {
        let (Some(first), Some(last)) = (units.first(), units.last()) else {
            return;
        };
        let span = first.span.start..last.span.end;
        chunks.push(Chunk {
            ordinal: u32::try_from(chunks.len()).unwrap_or(u32::MAX),
            tokens: counter.count(document.text[span.clone()].trim()) + header_tokens(units),
            header: first.header.as_ref().map(|(header, _)| header.clone()),
            span,
            heading_path: path.to_vec(),
        });
    };
    let recognized: HashSet<usize> = document
        .pages
        .iter()
        .filter(|page| page.recognized)
        .map(|page| page.span.start)
        .collect();
    for unit in &units {
        if recognized.contains(&unit.span.start) {
            // It stands at the end of the text, not below what the text ends with.
            emit(&open, &path);
            open.clear();
            headings.clear();
            path.clear();
        }
        if let Some(level) = unit.level {
            // Headings that follow each other open one chunk; any other text closes it.
            if open.iter().any(|unit| unit.level.is_none()) {
                emit(&open, &path);
                open.clear();
            }
            headings.retain(|(above, _)| *above < level);
            let text = document.text[unit.span.clone()].trim().to_owned();
            headings.push((level, text));
            path = headings.iter().map(|(_, text)| text.clone()).collect();
        }
        let total: usize = open.iter().map(|unit| unit.tokens).sum();
        if !open.is_empty() && header_tokens(&open) + total + unit.tokens > limit {
            let cut = best_cut(&open, unit, limit);
            let rest = open.split_off(cut);
            emit(&open, &path);
            open = rest;
        }
        open.push(unit);
    }
    emit(&open, &path);
    chunks
}

/// Tokens of the header that a chunk of these units stands under.
fn header_tokens(units: &[&Unit]) -> usize {
    let header = units.first().and_then(|unit| unit.header.as_ref());
    header.map_or(0, |(_, tokens)| *tokens)
}

/// How many of the open units to close: up to the last block start that leaves the chunk at
/// least half full and the rest small enough, or all of them.
fn best_cut(open: &[&Unit], next: &Unit, limit: usize) -> usize {
    if next.starts_block {
        return open.len();
    }
    let mut kept = 0;
    let total: usize = open.iter().map(|unit| unit.tokens).sum();
    let mut best = open.len();
    for (index, unit) in open.iter().enumerate() {
        if index > 0
            && unit.starts_block
            && kept * 2 >= limit
            && header_tokens(&open[index..]) + total - kept + next.tokens <= limit
        {
            best = index;
        }
        kept += unit.tokens;
    }
    best
}

fn units(document: &Document, limit: usize, counter: &dyn TokenCounter) -> Vec<Unit> {
    let sentences = sentence::of_document(document);
    let mut units = Vec::with_capacity(sentences.len());
    let mut blocks = document.blocks.iter().peekable();
    let headers = table_headers(document, limit, counter);
    for (index, span) in sentences.iter().enumerate() {
        let mut starts_block = false;
        let mut level = None;
        let mut header = None;
        while let Some(block) = blocks.next_if(|block| block.span.start <= span.start) {
            if block.span.start == span.start {
                starts_block = true;
                match block.kind {
                    BlockKind::Heading { level: depth } => level = Some(depth),
                    BlockKind::Cell { table, .. } => {
                        header = headers
                            .get(&table)
                            .filter(|(header, _)| header.end <= span.start)
                            .cloned();
                    }
                    _ => {}
                }
            }
        }
        // Each unit reaches to the next, the first from the start: nothing is left out.
        let start = if index == 0 { 0 } else { span.start };
        let end = sentences
            .get(index + 1)
            .map_or(document.text.len(), |next| next.start);
        let tokens = counter.count(&document.text[span.clone()]);
        let room = limit - header.as_ref().map_or(0, |(_, tokens)| *tokens);
        if tokens <= room {
            units.push(Unit {
                span: start..end,
                tokens,
                level,
                starts_block,
                header,
            });
        } else {
            for (number, piece) in cut_long(&document.text, start..end, room, counter)
                .into_iter()
                .enumerate()
            {
                units.push(Unit {
                    tokens: counter.count(document.text[piece.clone()].trim()),
                    span: piece,
                    level: level.filter(|_| number == 0),
                    starts_block: starts_block && number == 0,
                    header: header.clone(),
                });
            }
        }
    }
    units
}

/// The header rows of each table that has some, with their tokens, less those that would leave
/// too little room for rows.
fn table_headers(
    document: &Document,
    limit: usize,
    counter: &dyn TokenCounter,
) -> HashMap<u32, (Span, usize)> {
    let mut spans: HashMap<u32, Span> = HashMap::new();
    for block in &document.blocks {
        if let BlockKind::Cell {
            table,
            header: true,
            ..
        } = block.kind
        {
            let span = spans.entry(table).or_insert_with(|| block.span.clone());
            span.end = block.span.end;
        }
    }
    spans
        .into_iter()
        .map(|(table, span)| {
            let tokens = counter.count(&document.text[span.clone()]);
            (table, (span, tokens))
        })
        .filter(|(_, (_, tokens))| tokens * HEADER_SHARE <= limit)
        .collect()
}

/// Cuts a span of more than `limit` tokens, after white space if there is any, at most `limit`
/// tokens a piece (a single character may have more).
fn cut_long(text: &str, span: Span, limit: usize, counter: &dyn TokenCounter) -> Vec<Span> {
    let mut pieces = Vec::new();
    let mut start = span.start;
    while start < span.end {
        let rest = &text[start..span.end];
        let fits = |end: usize| counter.count(rest[..end].trim()) <= limit;
        if fits(rest.len()) {
            pieces.push(start..span.end);
            break;
        }
        let ends: Vec<usize> = rest
            .char_indices()
            .map(|(at, char)| at + char.len_utf8())
            .collect();
        // The longest prefix that fits. Counting grows with the prefix, near enough to search;
        // at most 16 characters a token bounds how far one looks.
        let (mut low, mut high) = (1, ends.len().min(limit.saturating_mul(16)).max(1));
        while low < high {
            let middle = usize::midpoint(low, high + 1);
            if fits(ends[middle - 1]) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        let most = ends[low - 1];
        let word = rest[..most]
            .rfind(char::is_whitespace)
            .map(|at| at + rest[at..].chars().next().map_or(1, char::len_utf8))
            .filter(|end| *end * 2 > most);
        let end = start + word.unwrap_or(most);
        pieces.push(start..end);
        start = end;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    #[derive(Debug)]
    struct Characters;

    impl TokenCounter for Characters {
        fn count(&self, text: &str) -> usize {
            text.chars().count()
        }

        fn name(&self) -> &'static str {
            "characters"
        }
    }

    fn texts(document: &Document, limit: usize) -> Vec<&str> {
        chunk(document, limit, &Words)
            .into_iter()
            .map(|chunk| document.text[chunk.span].trim())
            .collect()
    }

    #[test]
    fn a_chunk_ends_at_a_heading_and_knows_its_path() {
        let mut builder = crate::DocumentBuilder::default();
        builder.heading(1, "연차 규정");
        builder.heading(2, "제1조 (목적)");
        builder.paragraph("이 규정은 연차를 정한다.");
        builder.heading(2, "제2조 (연차)");
        builder.paragraph("연차는 15일이다.");
        let document = builder.finish();
        let chunks = chunk(&document, 100, &Words);
        let paths: Vec<String> = chunks
            .iter()
            .map(|chunk| chunk.heading_path.join(" > "))
            .collect();
        assert_eq!(
            paths,
            ["연차 규정 > 제1조 (목적)", "연차 규정 > 제2조 (연차)"]
        );
    }

    #[test]
    fn sentences_stay_whole() {
        let document = Document::plain("One two three. Four five six. Seven eight.");
        assert_eq!(
            texts(&document, 5),
            ["One two three.", "Four five six. Seven eight."]
        );
    }

    #[test]
    fn a_cut_falls_between_paragraphs_where_one_is_near() {
        let document = Document::plain("a b c. d e f.\n\ng h. i j k. l m n.");
        assert_eq!(texts(&document, 9), ["a b c. d e f.", "g h. i j k. l m n."]);
    }

    #[test]
    fn a_sentence_over_the_limit_is_cut_between_words() {
        let document = Document::plain("one two three four five");
        assert_eq!(texts(&document, 2), ["one two", "three four", "five"]);
    }

    #[test]
    fn a_word_over_the_limit_is_cut_between_characters() {
        let document = Document::plain("가나다라마바사");
        let chunks = chunk(&document, 3, &Characters);
        let texts: Vec<&str> = chunks
            .iter()
            .map(|chunk| &document.text[chunk.span.clone()])
            .collect();
        assert_eq!(texts, ["가나다", "라마바", "사"]);
    }

    #[test]
    fn a_chunk_of_rows_names_the_header_above_it() {
        let mut builder = crate::DocumentBuilder::default();
        builder.paragraph("요금표이다.");
        let row = |name: &str, price: &str| vec![name.to_owned(), price.to_owned()];
        builder.table(
            &[
                row("품목 이름", "단가"),
                row("볼트", "300원"),
                row("너트", "200원"),
                row("와셔", "100원"),
            ],
            1,
        );
        builder.paragraph("끝이다.");
        let document = builder.finish();
        let chunks = chunk(&document, 9, &Words);
        let shown: Vec<(Option<&str>, &str, usize)> = chunks
            .iter()
            .map(|chunk| {
                let text = |span: &Span| document.text[span.clone()].trim();
                let header = chunk.header.as_ref().map(text);
                (header, text(&chunk.span), chunk.tokens)
            })
            .collect();
        assert_eq!(
            shown,
            [
                (
                    None,
                    "요금표이다.\n\n품목 이름\t단가\n볼트\t300원\n너트\t200원",
                    8
                ),
                (Some("품목 이름\t단가"), "와셔\t100원\n\n끝이다.", 6),
            ]
        );
        let narrow = chunk(&document, 4, &Words);
        assert!(
            narrow
                .iter()
                .all(|chunk| chunk.tokens <= 4 && chunk.header.is_none()),
            "a header that leaves hardly any room is not repeated: {narrow:?}"
        );
    }

    proptest! {
        /// Spans are on character boundaries: Hangul and emoji survive the cut.
        #[test]
        fn chunks_cover_the_document_in_order(
            text in "[a-z가-힣😀 .\n]{0,200}",
            limit in 1..40_usize,
        ) {
            let document = Document::plain(&text);
            let chunks = chunk(&document, limit, &Words);
            let joined: String =
                chunks.iter().map(|chunk| &document.text[chunk.span.clone()]).collect();
            prop_assert_eq!(joined, document.text.clone());
            for chunk in &chunks {
                prop_assert!(chunk.tokens <= limit);
            }
        }
    }
}
