//! Where a quote stands on its pages: boxes around its lines, or none.

use crate::document::PageKind;
use crate::{Document, Rect, Span};

/// A box around a line of a quote.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LineBox {
    /// The page, from 1.
    pub page: u32,
    /// Width and height of the page in points.
    pub of: (f32, f32),
    /// Where the line stands on it.
    pub rect: Rect,
}

/// How far down a word may stand from the line before it, in heights, to be of that line.
const SAME_LINE: f32 = 0.5;

impl Document {
    /// The boxes of what stands at `span`, a line each, in order.
    ///
    /// Empty unless every character there has its place: a highlight is right or absent.
    #[must_use]
    pub fn boxes_of(&self, span: &Span) -> Vec<LineBox> {
        let mut boxes: Vec<LineBox> = Vec::new();
        let mut at = span.start;
        for page in &self.pages {
            if page.kind != PageKind::Page
                || page.span.end <= span.start
                || page.span.start >= span.end
            {
                continue;
            }
            let first = page
                .words
                .partition_point(|word| word.span.end <= span.start);
            for word in &page.words[first..] {
                if word.span.start >= span.end {
                    break;
                }
                let is_whole = word.span.start >= span.start && word.span.end <= span.end;
                if !is_whole || word.span.start < at || !self.is_blank(at..word.span.start) {
                    return Vec::new();
                }
                at = word.span.end;
                match boxes.last_mut() {
                    Some(last) if last.page == page.number && continues(&last.rect, &word.rect) => {
                        last.rect = last.rect.around(&word.rect);
                    }
                    _ => boxes.push(LineBox {
                        page: page.number,
                        of: (page.width, page.height),
                        rect: word.rect,
                    }),
                }
            }
        }
        if self.is_blank(at..span.end) {
            boxes
        } else {
            Vec::new()
        }
    }

    fn is_blank(&self, span: Span) -> bool {
        self.text
            .get(span)
            .is_some_and(|text| text.chars().all(char::is_whitespace))
    }
}

/// Whether a word goes on to the right in the line that `line` is around.
fn continues(line: &Rect, word: &Rect) -> bool {
    let height = (line.y1 - line.y0).min(word.y1 - word.y0).max(0.1);
    (line.y0 - word.y0).abs() < height * SAME_LINE
        && (line.y1 - word.y1).abs() < height * SAME_LINE
        && word.x0 >= line.x0
        // Across the gap between columns or cells a box would hold what is not quoted.
        && word.x0 - line.x1 < height * 2.0
}

#[cfg(test)]
mod tests {
    use crate::{BlockKind, DocumentBuilder, PlacedWord, Rect};

    fn word(text: &str, x: f32, y: f32) -> PlacedWord {
        PlacedWord {
            text: text.to_owned(),
            rect: Rect {
                x0: x,
                y0: y,
                x1: x + 20.0,
                y1: y + 10.0,
            },
            joins: false,
        }
    }

    #[test]
    fn a_quote_has_a_box_for_each_line_or_none() {
        let mut builder = DocumentBuilder::default();
        builder.page(1, 100.0, 100.0);
        builder.placed_block(
            BlockKind::Paragraph,
            &[
                word("연차는", 10.0, 70.0),
                word("십오", 35.0, 70.0),
                word("일이다.", 10.0, 84.0),
            ],
        );
        builder.page(2, 100.0, 100.0);
        builder.placed_block(BlockKind::Paragraph, &[word("끝", 10.0, 10.0)]);
        builder.paragraph("장소를 모른다.");
        let document = builder.finish();
        let boxes = |quote: &str| {
            let at = document.text.find(quote).unwrap();
            document.boxes_of(&(at..at + quote.len()))
        };
        let found = boxes("연차는 십오 일이다.");
        let lines: Vec<(u32, f32, f32, f32)> = found
            .iter()
            .map(|line| (line.page, line.rect.x0, line.rect.y0, line.rect.x1))
            .collect();
        assert_eq!(lines, [(1, 10.0, 70.0, 55.0), (1, 10.0, 84.0, 30.0)]);
        assert_eq!(boxes("일이다.\n\n끝").len(), 2, "a quote over two pages");
        assert!(boxes("차는 십오").is_empty(), "half of a word has no box");
        assert!(boxes("끝\n\n장소를").is_empty(), "a word without a place");
    }
}
