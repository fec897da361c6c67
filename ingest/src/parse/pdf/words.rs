//! Characters to words. Text that is turned is looked at as if it were not, apart from the rest.

use std::collections::{BTreeMap, HashMap};

use super::content::{Glyph, centre};
use crate::{PlacedWord, Rect};

/// A gap of this share of the font's size parts two words (measured on Korean documents,
/// where spaces are narrow).
pub(super) const WORD_GAP: f32 = 0.10;
/// Degrees from a quarter turn that are still taken for one.
const SLANT: i16 = 3;

/// A word.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) text: String,
    /// Where it stands, turned so that its line goes to the right.
    pub(super) rect: Rect,
    /// Where it stands on the page as shown.
    pub(super) shown: Rect,
    pub(super) baseline: f32,
    pub(super) size: f32,
    pub(super) bold: bool,
    pub(super) is_artifact: bool,
    /// Whether a space is written after it.
    pub(super) is_spaced: bool,
    /// Its characters: bytes of text each, and its place on the page as shown.
    pub(super) parts: Vec<(usize, Rect)>,
    /// Not a word but the place of this table among the words.
    pub(super) table: Option<usize>,
}

impl Word {
    /// What stands for a table where the order of reading is found.
    pub(super) fn of_table(index: usize, rect: Rect) -> Self {
        Self {
            text: String::new(),
            rect,
            shown: rect,
            baseline: rect.y0,
            size: 10.0,
            bold: false,
            is_artifact: false,
            is_spaced: false,
            parts: Vec::new(),
            table: Some(index),
        }
    }

    /// The word as it is handed on, cut where a sentence may end inside it (`있다.그리고`), so
    /// that each sentence has boxes of its own.
    pub(super) fn placed(&self, joins: bool) -> impl Iterator<Item = PlacedWord> {
        let mut pieces: Vec<PlacedWord> = Vec::new();
        let mut start = 0;
        let mut at = 0;
        let mut rect: Option<Rect> = None;
        let mut may_end = false;
        for (length, shown) in &self.parts {
            let piece = &self.text[at..at + length];
            let cuts = may_end
                && rect.is_some()
                && piece
                    .chars()
                    .next()
                    .is_some_and(|char| !char.is_ascii_digit() && !is_closing(char));
            if let Some(rect) = rect.take_if(|_| cuts) {
                pieces.push(PlacedWord {
                    text: self.text[start..at].to_owned(),
                    rect,
                    joins: joins || start > 0,
                });
                start = at;
            }
            rect = Some(rect.map_or(*shown, |rect| rect.around(shown)));
            at += length;
            may_end = match piece.chars().next_back() {
                Some('.' | '!' | '?' | '。' | '！' | '？' | '…' | '．') => true,
                Some(char) if is_closing(char) => may_end,
                _ => false,
            };
        }
        if let Some(rect) = rect {
            pieces.push(PlacedWord {
                text: self.text[start..].to_owned(),
                rect,
                joins: joins || start > 0,
            });
        }
        pieces.into_iter()
    }

    fn add(&mut self, glyph: &Glyph, text: &str, rect: Rect) {
        self.text.push_str(text);
        self.rect = self.rect.around(&rect);
        self.shown = self.shown.around(&glyph.rect);
        self.size = self.size.max(glyph.size);
        self.bold &= glyph.bold;
        self.is_artifact &= glyph.is_artifact;
        self.parts.push((text.len(), glyph.rect));
    }
}

/// A word of letters that are 5 points wide and stand at these places.
#[cfg(test)]
pub(super) fn of_letters(letters: &[(char, f32)]) -> Word {
    let mut word = Word::of_table(
        0,
        Rect {
            x0: 0.0,
            y0: 0.0,
            x1: 0.0,
            y1: 0.0,
        },
    );
    word.table = None;
    let rects = letters.iter().map(|(char, x0)| {
        let (x0, x1) = (*x0, x0 + 5.0);
        (
            char,
            Rect {
                x0,
                y0: 0.0,
                x1,
                y1: 10.0,
            },
        )
    });
    for (char, rect) in rects {
        word.rect = if word.text.is_empty() {
            rect
        } else {
            word.rect.around(&rect)
        };
        word.text.push(*char);
        word.parts.push((char.len_utf8(), rect));
    }
    word.shown = word.rect;
    word
}

/// What may follow the end of a sentence and still belongs to it.
fn is_closing(char: char) -> bool {
    matches!(
        char,
        '.' | '!'
            | '?'
            | '。'
            | '！'
            | '？'
            | '…'
            | '．'
            | ')'
            | ']'
            | '}'
            | '"'
            | '\''
            | '”'
            | '’'
            | '」'
            | '』'
            | '）'
            | '〉'
            | '》'
            | '】'
            | ','
            | ';'
            | ':'
    )
}

/// The words that go one way.
#[derive(Debug)]
pub(super) struct Direction {
    /// The way, of length 1.
    pub(super) along: (f32, f32),
    pub(super) words: Vec<Word>,
}

impl Direction {
    /// Where a place of the page is when the page is turned so that the words go to the right.
    pub(super) fn turned(&self, (x, y): (f32, f32)) -> (f32, f32) {
        let (c, s) = self.along;
        (x * c + y * s, y * c - x * s)
    }
}

/// The words of a page by the way they go: that of most of them first.
pub(super) fn directions(glyphs: Vec<Glyph>) -> Vec<Direction> {
    let mut groups: BTreeMap<i16, Vec<Glyph>> = BTreeMap::new();
    for glyph in single(glyphs) {
        groups.entry(degrees(&glyph)).or_default().push(glyph);
    }
    let mut groups: Vec<(i16, Vec<Glyph>)> = groups.into_iter().collect();
    // A stable sort: of equals, the least turned comes first.
    groups.sort_by_key(|(degrees, _)| degrees.abs());
    groups.sort_by_key(|(_, glyphs)| std::cmp::Reverse(glyphs.len()));
    groups
        .into_iter()
        .map(|(degrees, glyphs)| {
            let along = match degrees {
                0 => (1.0, 0.0),
                90 => (0.0, 1.0),
                -90 => (0.0, -1.0),
                180 => (-1.0, 0.0),
                other => {
                    let angle = f32::from(other).to_radians();
                    (angle.cos(), angle.sin())
                }
            };
            let mut direction = Direction {
                along,
                words: Vec::new(),
            };
            direction.words = words(glyphs, &direction, degrees % 90 == 0);
            direction
        })
        .collect()
}

/// The way of a character in degrees, clockwise, from -179 to 180.
fn degrees(glyph: &Glyph) -> i16 {
    let angle = glyph.along.1.atan2(glyph.along.0).to_degrees().round();
    #[expect(clippy::cast_possible_truncation, reason = "an angle is small")]
    let angle = angle as i16;
    let quarter = (angle + 180 + 45).div_euclid(90) * 90 - 180;
    let snapped = if (angle - quarter).abs() <= SLANT {
        quarter
    } else {
        angle
    };
    if snapped == -180 { 180 } else { snapped }
}

/// Drops characters that are printed again on the same place, to look bold or to cast a shadow.
fn single(glyphs: Vec<Glyph>) -> Vec<Glyph> {
    let mut seen: HashMap<(i32, i32), Vec<usize>> = HashMap::new();
    let mut kept: Vec<Glyph> = Vec::with_capacity(glyphs.len());
    for glyph in glyphs {
        if glyph.text.trim().is_empty() {
            kept.push(glyph);
            continue;
        }
        let (x, y) = centre(glyph.rect);
        #[expect(clippy::cast_possible_truncation, reason = "a page has few points")]
        let cell = ((x / 4.0).floor() as i32, (y / 4.0).floor() as i32);
        let width = (glyph.rect.x1 - glyph.rect.x0).max(glyph.rect.y1 - glyph.rect.y0);
        let near = (0.12 * glyph.size).min(0.4 * width).min(2.0);
        let again = (-1..=1)
            .flat_map(|across| {
                (-1..=1)
                    .map(move |down| (cell.0.saturating_add(across), cell.1.saturating_add(down)))
            })
            .filter_map(|cell| seen.get(&cell))
            .flatten()
            .any(|index| {
                let other: &Glyph = &kept[*index];
                let (other_x, other_y) = centre(other.rect);
                other.text == glyph.text
                    && (other_x - x).abs() <= near
                    && (other_y - y).abs() <= near
                    && (other.size - glyph.size).abs() < 0.2 * glyph.size
            });
        if again {
            continue;
        }
        let here = seen.entry(cell).or_default();
        // Where thousands stand on one place, none of them is looked for.
        if here.len() < 64 {
            here.push(kept.len());
        }
        kept.push(glyph);
    }
    kept
}

fn words(glyphs: Vec<Glyph>, direction: &Direction, is_quarter: bool) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    // The box and the baseline of the character before, if it was none that parts words.
    let mut last: Option<(Rect, f32)> = None;
    for glyph in glyphs {
        let (rect, baseline) = turned(&glyph, direction, is_quarter);
        let text = glyph.text.trim();
        if text.is_empty() {
            if let Some(word) = words.last_mut()
                && last.is_some_and(|(_, other)| (other - baseline).abs() < 0.3 * glyph.size)
            {
                word.is_spaced = true;
            }
            last = None;
            continue;
        }
        let size = glyph.size.max(1.0);
        let joins = !glyph.text.starts_with(char::is_whitespace)
            && last.is_some_and(|(before, other)| {
                let gap = rect.x0 - before.x1;
                (other - baseline).abs() < 0.3 * size && gap < WORD_GAP * size && gap > -0.6 * size
            });
        let ends = glyph.text.ends_with(char::is_whitespace);
        last = (!ends).then_some((rect, baseline));
        match words.last_mut().filter(|_| joins) {
            Some(word) => word.add(&glyph, text, rect),
            None => words.push(Word {
                text: text.to_owned(),
                rect,
                shown: glyph.rect,
                baseline,
                size: glyph.size,
                bold: glyph.bold,
                is_artifact: glyph.is_artifact,
                is_spaced: false,
                parts: vec![(text.len(), glyph.rect)],
                table: None,
            }),
        }
        if ends && let Some(word) = words.last_mut() {
            word.is_spaced = true;
        }
    }
    words
}

/// The box and baseline of a character on the page that is turned.
fn turned(glyph: &Glyph, direction: &Direction, is_quarter: bool) -> (Rect, f32) {
    let (x, baseline) = direction.turned(glyph.start);
    let rect = glyph.rect;
    if is_quarter {
        let (one, other) = (
            direction.turned((rect.x0, rect.y0)),
            direction.turned((rect.x1, rect.y1)),
        );
        let turned = Rect {
            x0: one.0.min(other.0),
            y0: one.1.min(other.1),
            x1: one.0.max(other.0),
            y1: one.1.max(other.1),
        };
        return (turned, baseline);
    }
    // The box on the page is larger than the slanted character: its middle is what it tells.
    let middle = direction.turned(centre(rect)).0;
    let turned = Rect {
        x0: x,
        y0: baseline - 0.8 * glyph.size,
        x1: (2.0 * middle - x).max(x),
        y1: baseline + 0.2 * glyph.size,
    };
    (turned, baseline)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glyph(text: &str, x: f32, y: f32, along: (f32, f32)) -> Glyph {
        let rect = Rect {
            x0: x,
            y0: y - 8.0,
            x1: x + 5.0,
            y1: y + 2.0,
        };
        Glyph {
            text: text.to_owned(),
            rect,
            start: (x, y),
            along,
            size: 10.0,
            bold: false,
            is_artifact: false,
        }
    }

    #[test]
    fn what_is_printed_twice_is_read_once() {
        let glyphs = ["l", "l", "l", "l"]
            .iter()
            .zip([50.0, 50.4, 55.0, 55.4])
            .map(|(text, x)| glyph(text, x, 100.0, (1.0, 0.0)))
            .collect();
        let words = directions(glyphs).remove(0).words;
        assert_eq!(words.len(), 1);
        assert_eq!(words[0].text, "ll");
    }

    #[test]
    fn a_word_is_cut_where_a_sentence_may_end() {
        let mut x = 0.0;
        let glyphs = "있다.”그 1.5 v1.a"
            .chars()
            .map(|char| {
                x += 5.0;
                glyph(&char.to_string(), x, 100.0, (1.0, 0.0))
            })
            .collect();
        let words = directions(glyphs).remove(0).words;
        let placed: Vec<(String, bool)> = words
            .iter()
            .flat_map(|word| word.placed(false))
            .map(|word| (word.text, word.joins))
            .collect();
        let expected = [
            ("있다.”", false),
            ("그", true),
            ("1.5", false),
            ("v1.", false),
            ("a", true),
        ];
        assert_eq!(
            placed,
            expected.map(|(text, joins)| (text.to_owned(), joins))
        );
        let first: Vec<PlacedWord> = words[0].placed(false).collect();
        assert!((first[0].rect.x1 - first[1].rect.x0).abs() < 0.01);
    }

    #[test]
    fn turned_text_is_apart() {
        let mut glyphs = vec![
            glyph("a", 50.0, 100.0, (1.0, 0.0)),
            glyph("b", 55.0, 100.0, (1.0, 0.0)),
            glyph("c", 60.0, 100.0, (1.0, 0.0)),
        ];
        glyphs.push(glyph("x", 300.0, 100.0, (0.0, -1.0)));
        glyphs.push(glyph("y", 300.0, 90.0, (0.01, -1.0)));
        let directions = directions(glyphs);
        assert_eq!(directions.len(), 2);
        assert_eq!(directions[0].words[0].text, "abc");
        assert_eq!(directions[1].words[0].text, "xy");
    }
}
