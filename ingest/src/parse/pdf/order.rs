//! Words to lines in reading order: columns are read one after the other.

use super::content::around;
use super::words::Word;
use crate::Rect;

/// Words that are looked at for one page, each as often as it is looked at.
const MAX_WORK: usize = 5_000_000;

/// Words beside each other, or a table.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) words: Vec<Word>,
    pub(super) rect: Rect,
    pub(super) size: f32,
    pub(super) bold: bool,
    /// Text that goes another way than most of the page has a number of its own.
    pub(super) direction: usize,
    /// The entry of the page's outline that it is, and the level of that.
    pub(super) entry: Option<(usize, u8)>,
}

impl Line {
    pub(super) fn text(&self) -> String {
        self.words
            .iter()
            .map(|word| word.text.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The table that stands here.
    pub(super) fn table(&self) -> Option<usize> {
        self.words.first()?.table
    }

    /// Its place on the page as shown.
    pub(super) fn shown(&self) -> Rect {
        self.words
            .iter()
            .map(|word| word.shown)
            .reduce(around)
            .unwrap_or(self.rect)
    }

    /// Whether the file marks all of it as decoration.
    pub(super) fn is_artifact(&self) -> bool {
        self.words.iter().all(|word| word.is_artifact)
    }
}

/// Words to lines, top to bottom, left to right.
pub(super) fn lines(mut words: Vec<Word>) -> Vec<Line> {
    words.sort_by(|one, other| one.baseline.total_cmp(&other.baseline));
    let mut lines: Vec<Line> = Vec::new();
    for word in words {
        let found = lines.iter_mut().rev().take(4).find(|line| {
            let height = (word.rect.y1 - word.rect.y0)
                .min(line.rect.y1 - line.rect.y0)
                .max(1.0);
            let shared = word.rect.y1.min(line.rect.y1) - word.rect.y0.max(line.rect.y0);
            word.table.is_none() && line.table().is_none() && shared > 0.6 * height
        });
        match found {
            Some(line) => {
                line.rect = around(line.rect, word.rect);
                line.words.push(word);
            }
            None => lines.push(Line {
                rect: word.rect,
                size: word.size,
                bold: word.bold,
                direction: 0,
                entry: None,
                words: vec![word],
            }),
        }
    }
    for line in &mut lines {
        line.words
            .sort_by(|one, other| one.rect.x0.total_cmp(&other.rect.x0));
        line.bold = line.words.iter().all(|word| word.bold);
        line.size = line.words.iter().map(|word| word.size).fold(0.0, f32::max);
    }
    lines
}

/// Words to lines in reading order.
pub(super) fn lines_in_order(words: Vec<Word>) -> Vec<Line> {
    let mut waiting = vec![words];
    let mut ordered = Vec::new();
    let mut work = 0;
    while let Some(region) = waiting.pop() {
        if region.is_empty() {
            continue;
        }
        work += region.len();
        if work < MAX_WORK {
            if let Some(at) = gutter(&region) {
                let (left, right): (Vec<Word>, Vec<Word>) = region
                    .into_iter()
                    .partition(|word| f32::midpoint(word.rect.x0, word.rect.x1) < at);
                waiting.push(right);
                waiting.push(left);
                continue;
            }
            if let Some(at) = widest_gap(&region) {
                let (above, below): (Vec<Word>, Vec<Word>) = region
                    .into_iter()
                    .partition(|word| f32::midpoint(word.rect.y0, word.rect.y1) < at);
                waiting.push(below);
                waiting.push(above);
                continue;
            }
        }
        ordered.extend(lines(region));
    }
    ordered
}

/// The size of a region's text, within what is usual.
fn usual_size(words: &[Word]) -> f32 {
    words
        .iter()
        .map(|word| word.size)
        .fold(0.0, f32::max)
        .clamp(6.0, 14.0)
}

/// The middle of an empty stripe down the whole region, with several lines on both sides.
fn gutter(words: &[Word]) -> Option<f32> {
    const LINES: usize = 3;
    let size = usual_size(words);
    let mut spans: Vec<(f32, f32)> = words
        .iter()
        .map(|word| (word.rect.x0, word.rect.x1))
        .collect();
    spans.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (left, mut end) = (spans.first()?.0, spans.first()?.1);
    let right = spans.iter().map(|span| span.1).fold(f32::MIN, f32::max);
    let mut best: Option<(f32, f32)> = None;
    for (start, stop) in spans {
        let (gap, middle) = (start - end, f32::midpoint(start, end));
        let wide = middle - left > 0.2 * (right - left) && right - middle > 0.2 * (right - left);
        if gap > 1.2 * size && wide && best.is_none_or(|(widest, _)| gap > widest) {
            best = Some((gap, middle));
        }
        end = end.max(stop);
    }
    let (_, middle) = best?;
    let count = |is_left: bool| {
        let side: Vec<Word> = words
            .iter()
            .filter(|word| (word.rect.x0 < middle) == is_left)
            .cloned()
            .collect();
        lines(side).len()
    };
    (count(true) >= LINES && count(false) >= LINES).then_some(middle)
}

/// The middle of the widest empty stripe across the region, if it parts more than lines. Only
/// worth looking for where a line holds more than one column.
fn widest_gap(words: &[Word]) -> Option<f32> {
    let size = usual_size(words);
    let is_split = lines(words.to_vec()).iter().any(|line| {
        line.words
            .windows(2)
            .any(|pair| pair[1].rect.x0 - pair[0].rect.x1 > 1.2 * size)
    });
    if !is_split {
        return None;
    }
    let mut spans: Vec<(f32, f32)> = words
        .iter()
        .map(|word| (word.rect.y0, word.rect.y1))
        .collect();
    spans.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut end = spans.first()?.1;
    let mut best: Option<(f32, f32)> = None;
    for (start, stop) in spans {
        let gap = start - end;
        if gap > 0.5 * size && best.is_none_or(|(widest, _)| gap > widest) {
            best = Some((gap, f32::midpoint(start, end)));
        }
        end = end.max(stop);
    }
    best.map(|(_, middle)| middle)
}
