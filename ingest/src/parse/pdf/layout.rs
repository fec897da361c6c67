//! Characters to words, lines, tables and blocks in reading order.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::{BlockKind, DocumentBuilder, PlacedWord, Rect};

/// A gap of this share of the font's size parts two words (measured on Korean documents,
/// where spaces are narrow).
const WORD_GAP: f32 = 0.10;
/// Lines of a paragraph stand at most this many font sizes apart.
const LINE_STEP: f32 = 1.9;
/// Pages that a line must repeat on, at the top or bottom, to be left out.
const REPEATS: usize = 3;
/// The share of a page's height in which such lines stand.
const MARGIN: f32 = 0.1;
/// Cells of one table.
const MAX_CELLS: usize = 100_000;

/// A character where it is shown.
#[derive(Clone, Debug)]
pub(super) struct Glyph {
    pub(super) text: String,
    pub(super) rect: Rect,
    pub(super) baseline: f32,
    pub(super) size: f32,
    pub(super) bold: bool,
    /// Whether it stands along the lines of the page.
    pub(super) upright: bool,
}

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

/// What stands on a page.
#[derive(Debug, Default)]
pub(super) struct Printed {
    pub(super) glyphs: Vec<Glyph>,
    pub(super) rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Word {
    text: String,
    rect: Rect,
    baseline: f32,
    size: f32,
    bold: bool,
}

#[derive(Clone, Debug)]
struct Line {
    words: Vec<Word>,
    rect: Rect,
    size: f32,
    bold: bool,
}

#[derive(Debug)]
struct Table {
    rect: Rect,
    rows: Vec<Vec<Vec<PlacedWord>>>,
}

/// A page's lines and tables.
#[derive(Debug)]
pub(super) struct PageLayout {
    number: u32,
    width: f32,
    height: f32,
    lines: Vec<Line>,
    tables: Vec<Table>,
}

impl PageLayout {
    pub(super) fn new(number: u32, width: f32, height: f32, printed: Printed) -> Self {
        let mut words = words(printed.glyphs);
        let grids = grids(&printed.rules);
        let tables = grids
            .iter()
            .filter_map(|grid| table(grid, &mut words))
            .collect();
        Self {
            number,
            width,
            height,
            lines: lines_in_order(words),
            tables,
        }
    }
}

fn words(glyphs: Vec<Glyph>) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut last: Option<(Rect, f32, bool)> = None;
    for glyph in glyphs {
        let blank = glyph.text.trim().is_empty();
        let joins = !blank
            && last.is_some_and(|(rect, baseline, upright)| {
                let size = glyph.size.max(1.0);
                if upright && glyph.upright {
                    let gap = glyph.rect.x0 - rect.x1;
                    (baseline - glyph.baseline).abs() < 0.3 * size
                        && gap < WORD_GAP * size
                        && gap > -0.6 * size
                } else {
                    let gap = glyph.rect.y0 - rect.y1;
                    upright == glyph.upright
                        && (rect.x0 - glyph.rect.x0).abs() < 0.5 * size
                        && gap.abs() < 1.2 * size
                }
            });
        last = if blank {
            None
        } else {
            Some((glyph.rect, glyph.baseline, glyph.upright))
        };
        if blank {
            continue;
        }
        // The same word printed twice, a little aside, to look bold.
        if let Some(word) = words.last_mut()
            && joins
        {
            if word.text.ends_with(&glyph.text)
                && (glyph.rect.x0 - (word.rect.x1 - (glyph.rect.x1 - glyph.rect.x0))).abs()
                    < 0.12 * glyph.size
            {
                continue;
            }
            word.text.push_str(&glyph.text);
            word.rect = around(word.rect, glyph.rect);
            word.size = word.size.max(glyph.size);
            word.bold &= glyph.bold;
        } else {
            words.push(Word {
                text: glyph.text,
                rect: glyph.rect,
                baseline: glyph.baseline,
                size: glyph.size,
                bold: glyph.bold,
            });
        }
    }
    words
}

fn around(one: Rect, other: Rect) -> Rect {
    Rect {
        x0: one.x0.min(other.x0),
        y0: one.y0.min(other.y0),
        x1: one.x1.max(other.x1),
        y1: one.y1.max(other.y1),
    }
}

#[derive(Debug)]
struct GridLines {
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

/// Groups of ruling lines that meet, with at least two columns and two rows between them.
fn grids(rules: &[Rule]) -> Vec<GridLines> {
    /// More are a drawing.
    const MAX: usize = 3_000;
    if rules.len() > MAX {
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
    let distinct = |rules: &[Rule], across: bool| {
        let mut places: Vec<f32> = rules
            .iter()
            .filter(|rule| rule.across == across)
            .map(|rule| rule.at)
            .collect();
        places.sort_by(f32::total_cmp);
        places.dedup_by(|next, last| (*next - *last).abs() < 3.0);
        places
    };
    let mut grids: Vec<GridLines> = members
        .into_values()
        .map(|rules| GridLines {
            xs: distinct(&rules, false),
            ys: distinct(&rules, true),
        })
        .filter(|grid| {
            grid.xs.len() >= 3 && grid.ys.len() >= 2 && grid.xs.len() * grid.ys.len() < MAX_CELLS
        })
        .collect();
    grids.sort_by(|one, other| one.ys[0].total_cmp(&other.ys[0]));
    grids
}

/// Takes the words that stand in a grid out of `words` and into its cells.
fn table(grid: &GridLines, words: &mut Vec<Word>) -> Option<Table> {
    let rect = Rect {
        x0: grid.xs[0],
        y0: grid.ys[0],
        x1: *grid.xs.last()?,
        y1: *grid.ys.last()?,
    };
    let mut cells: Vec<Vec<Vec<Word>>> =
        vec![vec![Vec::new(); grid.xs.len() - 1]; grid.ys.len() - 1];
    let mut rest = Vec::with_capacity(words.len());
    for word in words.drain(..) {
        let (x, y) = (
            f32::midpoint(word.rect.x0, word.rect.x1),
            f32::midpoint(word.rect.y0, word.rect.y1),
        );
        let slot = |places: &[f32], at: f32| {
            places
                .windows(2)
                .position(|pair| at >= pair[0] && at < pair[1])
        };
        match (slot(&grid.ys, y), slot(&grid.xs, x)) {
            (Some(row), Some(column)) => cells[row][column].push(word),
            _ => rest.push(word),
        }
    }
    *words = rest;
    let rows: Vec<Vec<Vec<PlacedWord>>> = cells
        .into_iter()
        .map(|row| {
            row.into_iter()
                .map(|cell| placed(&lines(cell)))
                .collect::<Vec<_>>()
        })
        .filter(|row| row.iter().any(|cell| !cell.is_empty()))
        .collect();
    (!rows.is_empty()).then_some(Table { rect, rows })
}

/// Words to lines, top to bottom, left to right.
fn lines(mut words: Vec<Word>) -> Vec<Line> {
    words.sort_by(|one, other| one.baseline.total_cmp(&other.baseline));
    let mut lines: Vec<Line> = Vec::new();
    for word in words {
        let found = lines.iter_mut().rev().take(4).find(|line| {
            let height = (word.rect.y1 - word.rect.y0)
                .min(line.rect.y1 - line.rect.y0)
                .max(1.0);
            let shared = word.rect.y1.min(line.rect.y1) - word.rect.y0.max(line.rect.y0);
            shared > 0.6 * height
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

/// Words to lines in reading order: columns are read one after the other.
fn lines_in_order(words: Vec<Word>) -> Vec<Line> {
    /// Cuts of one page.
    const MAX_CUTS: usize = 2_000;
    let mut waiting = vec![words];
    let mut ordered = Vec::new();
    let mut cuts = 0;
    while let Some(region) = waiting.pop() {
        if region.is_empty() {
            continue;
        }
        cuts += 1;
        if cuts < MAX_CUTS {
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

/// The middle of an empty stripe down the whole region, with several lines on both sides.
fn gutter(words: &[Word]) -> Option<f32> {
    const LINES: usize = 3;
    let size = words
        .iter()
        .map(|word| word.size)
        .fold(0.0, f32::max)
        .clamp(6.0, 14.0);
    let mut spans: Vec<(f32, f32)> = words
        .iter()
        .map(|word| (word.rect.x0, word.rect.x1))
        .collect();
    spans.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (left, mut end) = (spans.first()?.0, spans.first()?.1);
    let right = spans.iter().map(|span| span.1).fold(0.0, f32::max);
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
    let size = words
        .iter()
        .map(|word| word.size)
        .fold(0.0, f32::max)
        .clamp(6.0, 14.0);
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

/// The words of lines that belong together, hyphens at line ends undone.
fn placed(lines: &[Line]) -> Vec<PlacedWord> {
    let mut placed: Vec<PlacedWord> = Vec::new();
    for line in lines {
        for (index, word) in line.words.iter().enumerate() {
            let mut joins = false;
            if index == 0
                && let Some(last) = placed.last_mut()
                && let Some(stem) = last.text.strip_suffix('-')
                && stem
                    .chars()
                    .next_back()
                    .is_some_and(|char| char.is_ascii_lowercase())
                && word
                    .text
                    .starts_with(|char: char| char.is_ascii_lowercase())
            {
                stem.to_owned().clone_into(&mut last.text);
                joins = true;
            }
            placed.push(PlacedWord {
                text: word.text.clone(),
                rect: word.rect,
                joins,
            });
        }
    }
    placed
}

fn text_of(line: &Line) -> String {
    line.words
        .iter()
        .map(|word| word.text.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Pushes all pages, running titles and page numbers left out.
pub(super) fn push_pages(mut pages: Vec<PageLayout>, builder: &mut DocumentBuilder) {
    drop_running(&mut pages);
    let styles = Styles::of(&pages);
    for page in pages {
        builder.page(page.number, page.width, page.height);
        let mut tables = page.tables.into_iter().peekable();
        let mut open: Vec<Line> = Vec::new();
        for line in page.lines {
            while tables.peek().is_some_and(|table| {
                table.rect.y0 < line.rect.y0 && table.rect.y0 + 1.0 > last_end(&open)
            }) {
                push_block(&mut open, &styles, builder);
                if let Some(table) = tables.next() {
                    builder.placed_table(&table.rows, 1);
                }
            }
            if open
                .last()
                .is_some_and(|last| !goes_on(&open, last, &line, &styles))
            {
                push_block(&mut open, &styles, builder);
            }
            open.push(line);
        }
        push_block(&mut open, &styles, builder);
        for table in tables {
            builder.placed_table(&table.rows, 1);
        }
    }
}

fn last_end(open: &[Line]) -> f32 {
    open.last()
        .map_or(f32::NEG_INFINITY, |line| line.rect.y1 - line.size)
}

/// Drops titles and numbers that stand at the same place of many pages, but for the first of each.
fn drop_running(pages: &mut [PageLayout]) {
    let key = |page: &PageLayout, line: &Line| {
        let middle = f32::midpoint(line.rect.y0, line.rect.y1);
        let edge = middle < page.height * MARGIN || middle > page.height * (1.0 - MARGIN);
        edge.then(|| {
            let mut text = String::new();
            for char in text_of(line).chars() {
                if !char.is_ascii_digit() {
                    text.push(char);
                } else if !text.ends_with('#') {
                    text.push('#');
                }
            }
            #[expect(clippy::cast_possible_truncation, reason = "a page has few points")]
            let place = (middle / 4.0).round() as i32;
            (text, place)
        })
    };
    let mut seen: HashMap<(String, i32), usize> = HashMap::new();
    for page in pages.iter() {
        for line in &page.lines {
            if let Some(key) = key(page, line) {
                *seen.entry(key).or_default() += 1;
            }
        }
    }
    let mut told = HashSet::new();
    for page in pages {
        let runs: Vec<bool> = page
            .lines
            .iter()
            .map(|line| {
                key(page, line).is_some_and(|key| {
                    // The first of them stays: a wrong guess must not lose what it says.
                    seen.get(&key).copied().unwrap_or(0) >= REPEATS
                        && (is_page_number(&key.0) || !told.insert(key))
                })
            })
            .collect();
        if runs.iter().all(|runs| *runs) && page.tables.is_empty() {
            // What is all that a page says is no title of it.
            continue;
        }
        let mut runs = runs.into_iter();
        page.lines.retain(|_| !runs.next().unwrap_or(false));
    }
}

/// Whether a line whose digits are written `#` is nothing but the number of its page.
fn is_page_number(text: &str) -> bool {
    let words: String = text
        .chars()
        .filter(|char| char.is_alphabetic())
        .flat_map(char::to_lowercase)
        .collect();
    text.contains('#') && matches!(words.as_str(), "" | "page" | "p" | "pageof" | "쪽" | "면")
}

/// The sizes of a document's text.
#[derive(Debug)]
struct Styles {
    body: f32,
    /// Sizes of headings, largest first.
    headings: Vec<f32>,
}

impl Styles {
    fn of(pages: &[PageLayout]) -> Self {
        let mut sizes: BTreeMap<i64, usize> = BTreeMap::new();
        for word in pages
            .iter()
            .flat_map(|page| &page.lines)
            .flat_map(|line| &line.words)
        {
            *sizes.entry(tenths(word.size)).or_default() += word.text.chars().count();
        }
        let body = sizes
            .iter()
            .max_by_key(|(_, count)| **count)
            .map_or(100, |(size, _)| *size);
        #[expect(clippy::cast_precision_loss, reason = "a size is small")]
        let points = |tenths: i64| tenths as f32 / 10.0;
        let mut headings: Vec<f32> = sizes
            .keys()
            .rev()
            .filter(|size| **size * 100 > body * 108)
            .map(|size| points(*size))
            .collect();
        headings.dedup_by(|next, last| *last - *next < 0.6);
        Self {
            body: points(body),
            headings,
        }
    }

    fn level(&self, line: &Line) -> Option<u8> {
        if let Some(level) = self.headings.iter().position(|size| line.size > size - 0.6) {
            return Some(u8::try_from(level + 1).unwrap_or(6).min(6));
        }
        (line.bold && line.size > self.body - 0.6)
            .then(|| u8::try_from(self.headings.len() + 1).unwrap_or(6).min(6))
    }
}

fn tenths(size: f32) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "a size is small")]
    let tenths = (size * 10.0).round() as i64;
    tenths
}

/// Whether a line goes on with the block that is open.
fn goes_on(open: &[Line], last: &Line, line: &Line, styles: &Styles) -> bool {
    let size = last.size.max(line.size).max(1.0);
    let step = line.rect.y1 - last.rect.y1;
    let same_column = line.rect.x0 < last.rect.x1 && last.rect.x0 < line.rect.x1;
    let usual = open
        .windows(2)
        .map(|pair| pair[1].rect.y1 - pair[0].rect.y1)
        .fold(LINE_STEP * size, f32::min);
    let close = step > 0.3 * size && step <= usual * 1.15 + 0.5;
    let alike = (last.size - line.size).abs() < 0.6 && styles.level(last) == styles.level(line);
    // A sentence that ends well before the edge ends its paragraph.
    let widest = open
        .iter()
        .map(|line| line.rect.x1)
        .fold(line.rect.x1, f32::max);
    let ends =
        text_of(last).ends_with(['.', '!', '?', '。', ':']) && last.rect.x1 < widest - 4.0 * size;
    close && same_column && alike && !ends && marker(&text_of(line)).is_none()
}

/// Whether a text begins like an item of a list, and how deep.
fn marker(text: &str) -> Option<u8> {
    let mut chars = text.chars();
    let first = chars.next()?;
    let rest = chars.as_str();
    if matches!(
        first,
        '•' | '·' | '-' | '–' | '▪' | '■' | '□' | '○' | '●' | '※' | '*' | '◦' | '▶'
    ) && rest.starts_with(' ')
    {
        return Some(1);
    }
    if ('①'..='⑳').contains(&first) {
        return Some(1);
    }
    let number: String = text.chars().take_while(char::is_ascii_digit).collect();
    if (1..=2).contains(&number.len())
        && (text[number.len()..].starts_with(". ") || text[number.len()..].starts_with(") "))
    {
        return Some(1);
    }
    if "가나다라마바사아자차카타파하".contains(first)
        && (rest.starts_with(". ") || rest.starts_with(") "))
    {
        return Some(2);
    }
    None
}

fn push_block(open: &mut Vec<Line>, styles: &Styles, builder: &mut DocumentBuilder) {
    let lines = std::mem::take(open);
    let Some(first) = lines.first() else { return };
    let text: String = lines.iter().map(text_of).collect::<Vec<_>>().join(" ");
    let is_short = lines.len() <= 3
        && text.chars().count() <= 120
        && !text.trim_end().ends_with(['.', '。', ',', ';']);
    let level = styles
        .level(first)
        .filter(|_| is_short && text.chars().any(char::is_alphabetic));
    let kind = match (level, marker(&text)) {
        (Some(level), _) => BlockKind::Heading { level },
        (None, Some(level)) => BlockKind::ListItem { level },
        (None, None) => BlockKind::Paragraph,
    };
    builder.placed_block(kind, &placed(&lines));
}
