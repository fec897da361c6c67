//! Words to lines in reading order: columns are read one after the other.

use super::rtl::in_reading_order;
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
            .reduce(|one, other| one.around(&other))
            .unwrap_or(self.rect)
    }

    /// Whether the file marks all of it as decoration.
    pub(super) fn is_artifact(&self) -> bool {
        self.words.iter().all(|word| word.is_artifact)
    }
}

/// Words that stand beside each other, as their numbers from left to right.
pub(super) struct Row {
    pub(super) rect: Rect,
    pub(super) words: Vec<usize>,
    is_table: bool,
}

/// The rows of words, top to bottom.
pub(super) fn rows(words: &[&Word]) -> Vec<Row> {
    let mut order: Vec<usize> = (0..words.len()).collect();
    order.sort_by(|one, other| words[*one].baseline.total_cmp(&words[*other].baseline));
    let mut rows: Vec<Row> = Vec::new();
    for index in order {
        let word = words[index];
        let found = rows.iter_mut().rev().take(4).find(|row| {
            let height = (word.rect.y1 - word.rect.y0)
                .min(row.rect.y1 - row.rect.y0)
                .max(1.0);
            let shared = word.rect.y1.min(row.rect.y1) - word.rect.y0.max(row.rect.y0);
            word.table.is_none() && !row.is_table && shared > 0.6 * height
        });
        match found {
            Some(row) => {
                row.rect = row.rect.around(&word.rect);
                row.words.push(index);
            }
            None => rows.push(Row {
                rect: word.rect,
                words: vec![index],
                is_table: word.table.is_some(),
            }),
        }
    }
    for row in &mut rows {
        row.words
            .sort_by(|one, other| words[*one].rect.x0.total_cmp(&words[*other].rect.x0));
    }
    rows
}

/// Words to lines, top to bottom, left to right.
pub(super) fn lines(words: Vec<Word>) -> Vec<Line> {
    let rows = rows(&words.iter().collect::<Vec<_>>());
    let mut words: Vec<Option<Word>> = words.into_iter().map(Some).collect();
    rows.into_iter()
        .map(|row| {
            let words: Vec<Word> = row
                .words
                .into_iter()
                .filter_map(|index| words[index].take())
                .collect();
            let words = in_reading_order(words);
            Line {
                rect: row.rect,
                size: words.iter().map(|word| word.size).fold(0.0, f32::max),
                bold: words.iter().all(|word| word.bold),
                direction: 0,
                entry: None,
                words,
            }
        })
        .collect()
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
    let (left, right): (Vec<&Word>, Vec<&Word>) =
        words.iter().partition(|word| word.rect.x0 < middle);
    let (left_rows, right_rows) = (rows(&left), rows(&right));
    (left_rows.len() >= LINES
        && right_rows.len() >= LINES
        && !are_labels(&left, &left_rows, &right_rows))
    .then_some(middle)
}

/// Whether short texts on the left each belong to what stands beside them on the right, as the
/// names of a form's fields do: such are read row by row.
fn are_labels(words: &[&Word], labels: &[Row], values: &[Row]) -> bool {
    const USUAL: usize = 12;
    const LONGEST: usize = 25;
    let lengths = || {
        labels.iter().map(|row| {
            let chars = row
                .words
                .iter()
                .map(|index| words[*index].text.chars().count());
            chars.sum::<usize>()
        })
    };
    if lengths().any(|length| length > LONGEST) || lengths().sum::<usize>() > USUAL * labels.len() {
        return false;
    }
    let is_beside = |one: &Row, other: &Row| {
        let shared = one.rect.y1.min(other.rect.y1) - one.rect.y0.max(other.rect.y0);
        shared > 0.5 * (one.rect.y1 - one.rect.y0).min(other.rect.y1 - other.rect.y0)
    };
    let beside = |rows: &[Row], others: &[Row]| {
        // Rows stand from top to bottom on both sides.
        let mut next = 0;
        rows.iter()
            .filter(|row| {
                while next < others.len() && others[next].rect.y1 < row.rect.y0 {
                    next += 1;
                }
                others[next..]
                    .iter()
                    .take(2)
                    .any(|other| is_beside(row, other))
            })
            .count()
    };
    beside(labels, values) * 5 >= labels.len() * 4 && beside(values, labels) * 5 >= values.len() * 4
}

/// The middle of the widest empty stripe across the region, if it parts more than lines. Only
/// worth looking for where a line holds more than one column.
fn widest_gap(words: &[Word]) -> Option<f32> {
    let size = usual_size(words);
    let all: Vec<&Word> = words.iter().collect();
    let is_split = rows(&all).iter().any(|row| {
        row.words
            .windows(2)
            .any(|pair| words[pair[1]].rect.x0 - words[pair[0]].rect.x1 > 1.2 * size)
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
