//! A text in NFKC, with the way back to the bytes of the text as given.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// A stretch of the folded text and the stretch of the given text that it came from.
#[derive(Clone, Debug)]
struct Piece {
    folded: Range<usize>,
    original: Range<usize>,
    /// Whether both are the same bytes, so that every place within maps.
    same: bool,
}

/// A text in NFKC but for what would run into the digits beside it: `①3일` is not `13일`, nor is
/// `1½` `11⁄2`.
#[derive(Clone, Debug)]
pub(super) struct Folded<'a> {
    /// The text as given.
    given: &'a str,
    pub(super) text: String,
    pieces: Vec<Piece>,
}

impl<'a> Folded<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let mut folded = Self {
            given: text,
            text: String::with_capacity(text.len()),
            pieces: Vec::new(),
        };
        let mut chars = text.char_indices().peekable();
        while let Some((start, char)) = chars.next() {
            let mut end = start + char.len_utf8();
            while let Some((_, next)) = chars.next_if(|(_, next)| joins(*next)) {
                end += next.len_utf8();
            }
            folded.push(text, start..end, char);
        }
        folded
    }

    fn push(&mut self, text: &str, original: Range<usize>, first: char) {
        let start = self.text.len();
        let cluster = &text[original.clone()];
        if cluster.is_ascii() || stands_alone(first) {
            self.text.push_str(cluster);
        } else if is_superscript(first) {
            // `m²` is a unit; any other is an exponent or the mark of a footnote.
            let digit = cluster.nfkc().next().unwrap_or(' ');
            self.text
                .push(if self.text.ends_with('m') { digit } else { ' ' });
        } else if !is_invisible(first) {
            self.text.extend(cluster.nfkc());
        }
        let folded = start..self.text.len();
        let same = &self.text[folded.clone()] == cluster;
        if let Some(last) = self.pieces.last_mut().filter(|last| last.same && same) {
            last.folded.end = folded.end;
            last.original.end = original.end;
        } else {
            self.pieces.push(Piece {
                folded,
                original,
                same,
            });
        }
    }

    /// What the given text has where the folded one has `span`.
    pub(super) fn cut(&self, span: &Range<usize>) -> &'a str {
        &self.given[self.original(span)]
    }

    /// The bytes of the given text that became `span` of the folded one.
    pub(super) fn original(&self, span: &Range<usize>) -> Range<usize> {
        let piece = |at: usize| {
            let index = self.pieces.partition_point(|piece| piece.folded.end <= at);
            self.pieces.get(index)
        };
        let start = piece(span.start).map_or(0, |piece| {
            if piece.same {
                piece.original.start + span.start - piece.folded.start
            } else {
                piece.original.start
            }
        });
        let end = piece(span.end.saturating_sub(1)).map_or(start, |piece| {
            if piece.same {
                piece.original.start + span.end - piece.folded.start
            } else {
                piece.original.end
            }
        });
        start..end.max(start)
    }
}

/// Whether `char` belongs to the one before it.
fn joins(char: char) -> bool {
    !char.is_ascii()
        && (is_combining_mark(char)
            || matches!(char, '\u{1160}'..='\u{11FF}' | '\u{FF9E}' | '\u{FF9F}'))
}

fn stands_alone(char: char) -> bool {
    circled(char).is_some() || fraction(char).is_some()
}

fn is_superscript(char: char) -> bool {
    matches!(char, '²' | '³' | '¹' | '⁰' | '⁴'..='⁹')
}

fn is_invisible(char: char) -> bool {
    matches!(
        char,
        '\u{FEFF}' | '\u{200B}'..='\u{200F}' | '\u{00AD}' | '\u{2060}'
    )
}

/// The number in a circle, as paragraphs of Korean rules are counted.
pub(super) fn circled(char: char) -> Option<u32> {
    matches!(char, '①'..='⑳').then(|| u32::from(char) - u32::from('①') + 1)
}

/// Numerator and denominator of `½` and the like.
pub(super) fn fraction(char: char) -> Option<(i128, i128)> {
    Some(match char {
        '½' => (1, 2),
        '⅓' => (1, 3),
        '⅔' => (2, 3),
        '¼' => (1, 4),
        '¾' => (3, 4),
        '⅕' => (1, 5),
        '⅖' => (2, 5),
        '⅗' => (3, 5),
        '⅘' => (4, 5),
        '⅙' => (1, 6),
        '⅚' => (5, 6),
        '⅐' => (1, 7),
        '⅑' => (1, 9),
        '⅒' => (1, 10),
        '⅛' => (1, 8),
        '⅜' => (3, 8),
        '⅝' => (5, 8),
        '⅞' => (7, 8),
        _ => return None,
    })
}
