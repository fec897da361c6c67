//! How much text one document may have: what is cut into chunks and embedded takes hours beyond.

use std::fmt::Write as _;

use crate::{BlockKind, Document, PageKind, Problem, Span};

/// Characters of text. The longest law books have a tenth of it.
const MAX_CHARACTERS: usize = 20_000_000;
/// Paragraphs, items of lists and cells. With as much text they still pass the sandbox, whose
/// output may have 256 MB.
const MAX_BLOCKS: usize = 1_500_000;
/// How far before the limit a paragraph that is cut may end, to end with a word.
const MAX_WORD: usize = 200;

/// Leaves out what a document has beyond the limits, and says what.
pub(super) fn limit(document: &mut Document) -> Option<Problem> {
    cut(document, MAX_CHARACTERS, MAX_BLOCKS)
}

fn cut(document: &mut Document, characters: usize, blocks: usize) -> Option<Problem> {
    let most = document
        .text
        .char_indices()
        .nth(characters)
        .map_or(document.text.len(), |(at, _)| at);
    let fits = document
        .blocks
        .iter()
        .take(blocks)
        .take_while(|block| block.span.end <= most)
        .count();
    if fits == document.blocks.len() {
        return None;
    }
    let all = (document.text.chars().count(), document.blocks.len());
    let keeps = start_of_row(document, fits);
    let next = document.blocks[keeps].span.clone();
    let place = place(document, next.start);
    document.blocks.truncate(keeps + 1);
    // Of a paragraph that is too long in itself, its beginning is kept.
    let end = match document.blocks.last_mut() {
        Some(block) if keeps == fits && fits < blocks && next.start < most => {
            block.span.end = end_of_word(&document.text, next.start..most);
            block.span.end
        }
        _ => {
            document.blocks.pop();
            document.blocks.last().map_or(0, |block| block.span.end)
        }
    };
    document.text.truncate(end);
    for page in &mut document.pages {
        page.span = page.span.start.min(end)..page.span.end.min(end);
        page.words.retain(|word| word.span.end <= end);
    }
    let kept = document.text.chars().count();
    let mut message = format!(
        "it is too long: {} of its {} characters of text were left out ({} of {} paragraphs and cells)",
        all.0 - kept,
        all.0,
        all.1 - document.blocks.len(),
        all.1,
    );
    if let Some(place) = place {
        // Writing to a string does not fail.
        let _ = write!(message, ", from {place} on");
    }
    Some(Problem::of_file(message))
}

/// The number of blocks before the row in which this one stands: rows stay whole, unless the
/// first one is too long in itself.
fn start_of_row(document: &Document, index: usize) -> usize {
    let row_of = |index: usize| match document.blocks[index].kind {
        BlockKind::Cell { table, row, .. } => Some((table, row)),
        _ => None,
    };
    let row = row_of(index);
    let before = (0..index)
        .rev()
        .take_while(|&other| row.is_some() && row_of(other) == row)
        .count();
    if before == index {
        index
    } else {
        index - before
    }
}

/// Where a text ends that is to end with a word.
fn end_of_word(text: &str, span: Span) -> usize {
    let mut from = span.end.saturating_sub(MAX_WORD).max(span.start + 1);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    text[from..span.end]
        .rfind(char::is_whitespace)
        .map_or(span.end, |at| {
            span.start + text[span.start..from + at].trim_end().len()
        })
}

fn place(document: &Document, at: usize) -> Option<String> {
    let page = document
        .pages
        .iter()
        .rev()
        .find(|page| page.span.start <= at)?;
    let kind = match page.kind {
        PageKind::Page => "page",
        PageKind::Slide => "slide",
        PageKind::Sheet => "sheet",
    };
    Some(match &page.name {
        Some(name) if page.kind == PageKind::Sheet => format!("{kind} `{name}`"),
        _ => format!("{kind} {}", page.number),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DocumentBuilder;

    #[test]
    fn rows_stay_whole_and_the_place_is_told() {
        let mut builder = DocumentBuilder::default();
        builder.sheet(1, "요약");
        builder.paragraph("하나");
        builder.sheet(2, "단가");
        let row = |name: &str| vec![name.to_owned(), "300원".to_owned()];
        builder.table(&[row("볼트"), row("너트"), row("와셔")], 0);
        let whole = builder.finish();
        let mut document = whole.clone();
        assert_eq!(cut(&mut document, 1_000, 7), None);
        assert_eq!(document, whole);
        let problem = cut(&mut document, 1_000, 4).unwrap();
        assert_eq!(document.text, "하나\n\n볼트\t300원");
        assert_eq!(document.blocks, whole.blocks[..3]);
        assert_eq!(document.pages[1].span.end, document.text.len());
        assert_eq!(
            problem.message,
            "it is too long: 16 of its 27 characters of text were left out (4 of 7 paragraphs and cells), \
             from sheet `단가` on"
        );
    }

    #[test]
    fn a_paragraph_that_is_too_long_is_cut_between_words() {
        for (limit, kept) in [
            (5, "가나"),
            (3, "가나"),
            (2, "가나"),
            (1, "가"),
            (8, "가나 다라 마"),
        ] {
            let mut document = Document::plain("가나 다라 마바 사");
            let problem = cut(&mut document, limit, 10).unwrap();
            assert!(
                kept.starts_with(&document.text),
                "{limit}: {}",
                document.text
            );
            assert!(!document.text.is_empty());
            assert_eq!(document.blocks[0].span, 0..document.text.len());
            assert!(problem.message.contains("(0 of 1 "), "{problem:?}");
        }
        let mut document = Document::plain("하나\n\n둘\n\n셋");
        cut(&mut document, 1_000, 2).unwrap();
        assert_eq!(document.text, "하나\n\n둘");
        let mut document = Document::plain("하나\n\n둘\n\n셋");
        cut(&mut document, 4, 10).unwrap();
        assert_eq!(document.text, "하나");
    }

    #[test]
    fn a_row_that_is_too_long_in_itself_is_cut() {
        let mut builder = DocumentBuilder::default();
        builder.table(&[vec!["가".to_owned(); 9]], 0);
        let mut document = builder.finish();
        cut(&mut document, 1_000, 4).unwrap();
        assert_eq!(document.text, "가\t가\t가\t가");
        assert_eq!(document.blocks.len(), 4);
    }
}
