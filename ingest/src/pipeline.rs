//! A parsed document to everything that a catalogue keeps of its chunks.
//!
//! What happens in which order, so that a crash cannot break it, is the library's business:
//! it owns the catalogue. This is the part of it that computes.

use serde::{Deserialize, Serialize};

use crate::{Chunk, Document, Span, TokenCounter, chunk, sentence};

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
    /// Page numbers, each with the byte range of `text` on that page.
    pub pages: Vec<(u32, Span)>,
}

/// Cuts a document into chunks of at most `limit` tokens; see [`chunk::chunk`].
#[must_use]
pub fn prepare(
    document: &Document,
    limit: usize,
    counter: &dyn TokenCounter,
) -> Vec<PreparedChunk> {
    let sentences = sentence::of_document(document);
    let mut next = 0;
    let (mut chars, mut utf16) = (0, 0);
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
            PreparedChunk {
                sentences: sentences[next..]
                    .iter()
                    .take_while(|sentence| sentence.start < span.end)
                    .map(|sentence| within(sentence, &span))
                    .collect(),
                pages: document
                    .pages
                    .iter()
                    .filter(|page| page.span.start < span.end && span.start < page.span.end)
                    .map(|page| (page.number, within(&page.span, &span)))
                    .collect(),
                chunk,
                text,
                chars: char_start..chars,
                utf16: utf16_start..utf16,
            }
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
        assert_eq!(last.pages[0].0, 2);
        assert_eq!(last.chars.end, document.text.chars().count());
        assert_eq!(last.utf16.end, last.chars.end + 1);
    }
}
