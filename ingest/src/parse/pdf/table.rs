//! Tables: those with ruling lines, and those whose columns stand under each other.

use std::collections::BTreeMap;

use super::order::{Line, Row, lines, rows};
use super::words::{Direction, Word};
use crate::Rect;

/// Cells of one table.
const MAX_CELLS: usize = 100_000;
/// Rules of one page; more are a drawing.
const MAX_RULES: usize = 3_000;
/// Ruling lines this near to each other are one.
const SAME: f32 = 3.0;
/// Characters of a cell; what is longer is a page in a frame, not a table.
const MAX_CELL: usize = 2_000;

/// A straight line along or down the page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    across: bool,
    /// Its place: y of a line across, x of one down.
    at: f32,
    from: f32,
    to: f32,
}

impl Rule {
    pub(super) fn between(one: (f32, f32), other: (f32, f32)) -> Option<Self> {
        let (width, height) = ((one.0 - other.0).abs(), (one.1 - other.1).abs());
        let (from, to) = if height < 1.0 && width > 4.0 {
            (one.0.min(other.0), one.0.max(other.0))
        } else if width < 1.0 && height > 4.0 {
            (one.1.min(other.1), one.1.max(other.1))
        } else {
            return None;
        };
        let across = height < 1.0;
        Some(Self {
            across,
            at: if across { one.1 } else { one.0 },
            from,
            to,
        })
    }

    /// The rule on the page that is turned.
    pub(super) fn turned(&self, direction: &Direction) -> Option<Self> {
        let (one, other) = if self.across {
            ((self.from, self.at), (self.to, self.at))
        } else {
            ((self.at, self.from), (self.at, self.to))
        };
        Self::between(direction.turned(one), direction.turned(other))
    }

    fn meets(&self, other: &Self) -> bool {
        const SLACK: f32 = 2.0;
        if self.across == other.across {
            return (self.at - other.at).abs() < SLACK
                && self.from < other.to + SLACK
                && other.from < self.to + SLACK;
        }
        self.at > other.from - SLACK
            && self.at < other.to + SLACK
            && other.at > self.from - SLACK
            && other.at < self.to + SLACK
    }
}

/// A table.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) rect: Rect,
    pub(super) rows: Vec<Vec<Vec<Line>>>,
    pub(super) header_rows: usize,
}

/// Takes the words of tables out of `words`, and puts a place for each table there.
pub(super) fn take_tables(rules: &[Rule], words: &mut Vec<Word>) -> Vec<Table> {
    let mut tables = Vec::new();
    for grid in grids(rules) {
        if let Some(table) = grid.table(words) {
            words.push(Word::of_table(tables.len(), table.rect));
            tables.push(table);
        }
    }
    for table in aligned(words) {
        words.push(Word::of_table(tables.len(), table.rect));
        tables.push(table);
    }
    tables
}

/// Ruling lines that meet, as the places of their columns and rows.
#[derive(Debug)]
struct Grid {
    rules: Vec<Rule>,
    xs: Vec<f32>,
    ys: Vec<f32>,
}

/// The member that stands for the group that `at` is in.
fn root(group: &mut [usize], mut at: usize) -> usize {
    while group[at] != at {
        group[at] = group[group[at]];
        at = group[at];
    }
    at
}

/// Groups of ruling lines that meet, with at least two columns between them.
fn grids(rules: &[Rule]) -> Vec<Grid> {
    if rules.len() > MAX_RULES {
        return Vec::new();
    }
    let mut group: Vec<usize> = (0..rules.len()).collect();
    for one in 0..rules.len() {
        for other in 0..one {
            if rules[one].meets(&rules[other]) {
                let (a, b) = (root(&mut group, one), root(&mut group, other));
                group[a] = b;
            }
        }
    }
    let mut members: BTreeMap<usize, Vec<Rule>> = BTreeMap::new();
    for (index, rule) in rules.iter().enumerate() {
        members
            .entry(root(&mut group, index))
            .or_default()
            .push(*rule);
    }
    let mut grids: Vec<Grid> = members
        .into_values()
        .map(|rules| Grid {
            xs: places(&rules, false),
            ys: places(&rules, true),
            rules,
        })
        .filter(|grid| {
            grid.xs.len() >= 3 && grid.ys.len() >= 2 && grid.xs.len() * grid.ys.len() < MAX_CELLS
        })
        .collect();
    grids.sort_by(|one, other| one.ys[0].total_cmp(&other.ys[0]));
    grids
}

/// Where rules of one kind stand. Tables are often open at their sides: their rules across then
/// tell where the outer columns end.
fn places(rules: &[Rule], across: bool) -> Vec<f32> {
    const OPEN: f32 = 12.0;
    let mut places: Vec<f32> = rules
        .iter()
        .filter(|rule| rule.across == across)
        .map(|rule| rule.at)
        .collect();
    places.sort_by(f32::total_cmp);
    places.dedup_by(|next, last| (*next - *last).abs() < SAME);
    let (Some(first), Some(last)) = (places.first().copied(), places.last().copied()) else {
        return places;
    };
    let others = rules.iter().filter(|rule| rule.across != across);
    let (from, to) = others.fold((first, last), |(from, to), rule| {
        (from.min(rule.from), to.max(rule.to))
    });
    if from < first - OPEN {
        places.insert(0, from);
    }
    if to > last + OPEN {
        places.push(to);
    }
    places
}

impl Grid {
    /// Takes the words that stand in the grid out of `words` and into its cells. A grid that
    /// frames something else leaves them where they are.
    fn table(&self, words: &mut Vec<Word>) -> Option<Table> {
        let rect = Rect {
            x0: self.xs[0],
            y0: self.ys[0],
            x1: *self.xs.last()?,
            y1: *self.ys.last()?,
        };
        let (rows, columns) = (self.ys.len() - 1, self.xs.len() - 1);
        let anchors = self.anchors(rows, columns);
        let slot = |places: &[f32], at: f32| {
            let index = places.partition_point(|place| *place <= at);
            (index > 0 && index < places.len()).then(|| index - 1)
        };
        let slot_of = |word: &Word| {
            let row = slot(&self.ys, f32::midpoint(word.rect.y0, word.rect.y1))?;
            let column = slot(&self.xs, f32::midpoint(word.rect.x0, word.rect.x1))?;
            Some(anchors[row * columns + column])
        };
        let mut cells: Vec<Vec<Word>> = vec![Vec::new(); rows * columns];
        for word in words.iter().filter(|word| word.table.is_none()) {
            if let Some(slot) = slot_of(word) {
                cells[slot].push(word.clone());
            }
        }
        let filled = cells.iter().filter(|cell| !cell.is_empty()).count();
        let longest = cells
            .iter()
            .map(|cell| cell.iter().map(|word| word.text.chars().count()).sum())
            .max()
            .unwrap_or(0);
        if filled < 2 || longest > MAX_CELL {
            return None;
        }
        words.retain(|word| word.table.is_some() || slot_of(word).is_none());
        let used: Vec<usize> = (0..columns)
            .filter(|column| (0..rows).any(|row| !cells[row * columns + column].is_empty()))
            .collect();
        let rows = cells
            .chunks_mut(columns)
            .filter(|row| row.iter().any(|cell| !cell.is_empty()))
            .map(|row| {
                used.iter()
                    .map(|column| lines(std::mem::take(&mut row[*column])))
                    .collect()
            })
            .collect();
        Some(Table {
            rect,
            rows,
            header_rows: 1,
        })
    }

    /// For each cell the one that its text belongs to: itself, or the first of those it is merged
    /// with, where no rule parts them.
    fn anchors(&self, rows: usize, columns: usize) -> Vec<usize> {
        // How much of a cell's right and lower side has a rule.
        let mut right = vec![0.0_f32; rows * columns];
        let mut below = vec![0.0_f32; rows * columns];
        for rule in &self.rules {
            let (own, others) = if rule.across {
                (&self.ys, &self.xs)
            } else {
                (&self.xs, &self.ys)
            };
            let line = own.partition_point(|place| *place < rule.at - SAME);
            // The rule after the last cell, and the one before the first, part nothing.
            if line == 0 || line + 1 >= own.len() {
                continue;
            }
            for (other, pair) in others.windows(2).enumerate() {
                let shared = rule.to.min(pair[1]) - rule.from.max(pair[0]);
                let share = shared / (pair[1] - pair[0]).max(0.1);
                if share > 0.0 {
                    if rule.across {
                        below[(line - 1) * columns + other] += share;
                    } else {
                        right[other * columns + line - 1] += share;
                    }
                }
            }
        }
        let mut group: Vec<usize> = (0..rows * columns).collect();
        for row in 0..rows {
            for column in 0..columns {
                let cell = row * columns + column;
                if column + 1 < columns && right[cell] < 0.5 {
                    join(&mut group, cell, cell + 1);
                }
                if row + 1 < rows && below[cell] < 0.5 {
                    join(&mut group, cell, cell + columns);
                }
            }
        }
        let mut boxes: BTreeMap<usize, [usize; 5]> = BTreeMap::new();
        for cell in 0..rows * columns {
            let (row, column) = (cell / columns, cell % columns);
            let [top, left, bottom, right, count] = boxes
                .entry(root(&mut group, cell))
                .or_insert([row, column, row, column, 0]);
            *top = (*top).min(row);
            *left = (*left).min(column);
            *bottom = (*bottom).max(row);
            *right = (*right).max(column);
            *count += 1;
        }
        (0..rows * columns)
            .map(|cell| {
                let [top, left, bottom, right, count] = boxes[&root(&mut group, cell)];
                // A shape that is no rectangle is no cell: rules are missing there.
                if count == (bottom - top + 1) * (right - left + 1) {
                    top * columns + left
                } else {
                    cell
                }
            })
            .collect()
    }
}

/// Joins two groups; the first cell of both stands for them.
fn join(group: &mut [usize], one: usize, other: usize) {
    let (one, other) = (root(group, one), root(group, other));
    group[one.max(other)] = one.min(other);
}

/// Words of one line with no wide gap between them: what may be a cell.
struct Segment<'a> {
    words: Vec<&'a Word>,
    rect: Rect,
}

impl Segment<'_> {
    fn length(&self) -> usize {
        let chars = self.words.iter().map(|word| word.text.chars().count());
        chars.sum::<usize>() + self.words.len() - 1
    }

    fn has_digit(&self) -> bool {
        let mut chars = self.words.iter().flat_map(|word| word.text.chars());
        chars.any(|char| char.is_ascii_digit())
    }
}

fn segments<'a>(words: &[&'a Word], row: &Row, size: f32) -> Vec<Segment<'a>> {
    let mut segments: Vec<Segment<'a>> = Vec::new();
    for word in row.words.iter().map(|index| words[*index]) {
        match segments.last_mut() {
            _ if word.table.is_some() => {}
            Some(last) if word.rect.x0 - last.rect.x1 < 0.9 * size => {
                last.rect = last.rect.around(&word.rect);
                last.words.push(word);
            }
            _ => segments.push(Segment {
                rect: word.rect,
                words: vec![word],
            }),
        }
    }
    segments
}

/// Takes tables without ruling lines out of `words`: at least three lines one after the other of
/// as many cells each, which stand exactly under each other. Strict, since columns of running
/// text must not be taken for a table.
fn aligned(words: &mut Vec<Word>) -> Vec<Table> {
    let refs: Vec<&Word> = words.iter().collect();
    let all = rows(&refs);
    let size = |row: &Row| {
        let sizes = row.words.iter().map(|index| refs[*index].size);
        sizes.fold(0.0, f32::max)
    };
    let cut: Vec<Vec<Segment<'_>>> = all
        .iter()
        .map(|row| segments(&refs, row, size(row)))
        .collect();
    let mut tables = Vec::new();
    let mut taken = vec![false; refs.len()];
    let mut from = 0;
    while from < all.len() {
        let mut to = from + 1;
        while to < all.len()
            && cut[to].len() == cut[from].len()
            && (size(&all[to]) - size(&all[from])).abs() < 1.0
            && all[to].rect.y0 - all[to - 1].rect.y1 < 1.5 * size(&all[from])
        {
            to += 1;
        }
        if let Some(table) = aligned_rows(&cut[from..to]) {
            tables.push(table);
            for index in all[from..to].iter().flat_map(|row| &row.words) {
                taken[*index] = true;
            }
        }
        from = to;
    }
    let mut taken = taken.into_iter();
    words.retain(|_| !taken.next().unwrap_or(false));
    tables
}

fn aligned_rows(rows: &[Vec<Segment<'_>>]) -> Option<Table> {
    const SLACK: f32 = 2.5;
    let columns = rows.first()?.len();
    if columns < 2 || rows.len() < 3 {
        return None;
    }
    let cells = || rows.iter().flatten();
    let longest = cells().map(Segment::length).max()?;
    let characters: usize = cells().map(Segment::length).sum();
    if longest > 40 || characters > 16 * columns * rows.len() {
        return None;
    }
    let column = |index: usize| rows.iter().map(move |row| &row[index]);
    let mut end = f32::MIN;
    let mut numbers = 0;
    let mut full = 0;
    for index in 0..columns {
        let spread = |place: fn(&Rect) -> f32, skipped: usize| {
            let places = column(index).skip(skipped).map(|cell| place(&cell.rect));
            places.clone().fold(f32::MIN, f32::max) - places.fold(f32::MAX, f32::min)
        };
        // The line of titles above may stand otherwise.
        let is_straight = |skipped: usize| {
            spread(|rect| rect.x0, skipped) < SLACK
                || spread(|rect| rect.x1, skipped) < SLACK
                || spread(|rect| f32::midpoint(rect.x0, rect.x1), skipped) < SLACK
        };
        if !is_straight(0) && (rows.len() < 4 || !is_straight(1)) {
            return None;
        }
        let left = column(index)
            .map(|cell| cell.rect.x0)
            .fold(f32::MAX, f32::min);
        if left < end {
            return None;
        }
        end = column(index)
            .map(|cell| cell.rect.x1)
            .fold(f32::MIN, f32::max);
        let digits = column(index).filter(|cell| cell.has_digit()).count();
        numbers += usize::from(digits * 10 >= rows.len() * 6);
        let wide = column(index)
            .filter(|cell| cell.length() >= 8 && cell.rect.x1 - cell.rect.x0 > 0.85 * (end - left))
            .count();
        full += usize::from(wide * 10 >= rows.len() * 6);
    }
    // Columns of text are filled, and hold few numbers.
    if full > 1 || numbers == 0 || (columns == 2 && numbers == 2) {
        return None;
    }
    let rect = cells()
        .map(|cell| cell.rect)
        .reduce(|one, other| one.around(&other))?;
    let below = rows[1..].iter().flatten().any(Segment::has_digit);
    let header = below && !rows[0].iter().any(Segment::has_digit);
    Some(Table {
        rect,
        rows: rows
            .iter()
            .map(|row| {
                row.iter()
                    .map(|cell| lines(cell.words.iter().map(|word| (*word).clone()).collect()))
                    .collect()
            })
            .collect(),
        header_rows: usize::from(header),
    })
}
