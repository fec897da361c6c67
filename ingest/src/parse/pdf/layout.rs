//! Lines to headings, paragraphs, lists and tables of all pages.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::content::Printed;
use super::order::{Line, lines_in_order};
use super::outline::Entry;
use super::table::{Rule, Table, take_tables};
use super::words::directions;
use crate::{BlockKind, DocumentBuilder, PlacedWord};

/// Lines of a paragraph stand at most this many font sizes apart.
const LINE_STEP: f32 = 1.9;
/// Pages that a line must repeat on, at the top or bottom, to be left out.
const REPEATS: usize = 3;
/// The share of a page's height in which such lines stand.
const MARGIN: f32 = 0.1;

/// A page's lines in reading order, and its tables.
#[derive(Debug)]
pub(super) struct PageLayout {
    pub(super) number: u32,
    /// Its label, if that is not its number.
    pub(super) label: Option<String>,
    pub(super) width: f32,
    pub(super) height: f32,
    lines: Vec<Line>,
    tables: Vec<Table>,
}

impl PageLayout {
    pub(super) fn new(
        number: u32,
        (width, height): (f32, f32),
        printed: Printed,
        outline: &[Entry],
    ) -> Self {
        let mut lines = Vec::new();
        let mut tables = Vec::new();
        for (index, mut direction) in directions(printed.glyphs).into_iter().enumerate() {
            let mut words = std::mem::take(&mut direction.words);
            if index == 0 {
                let rules: Vec<Rule> = printed
                    .rules
                    .iter()
                    .filter_map(|rule| rule.turned(&direction))
                    .collect();
                tables = take_tables(&rules, &mut words);
            }
            lines.extend(lines_in_order(words).into_iter().map(|line| Line {
                direction: index,
                ..line
            }));
        }
        mark_entries(&mut lines, outline);
        Self {
            number,
            label: None,
            width,
            height,
            lines,
            tables,
        }
    }
}

/// The letters and digits of a text, which are the same in an outline and on the page.
fn bare(text: &str) -> String {
    text.chars()
        .filter(|char| char.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Finds the lines that the outline leads to.
fn mark_entries(lines: &mut [Line], outline: &[Entry]) {
    /// Lines that a title may take.
    const MAX_LINES: usize = 3;
    /// Entries that are looked for on one page.
    const MAX_ENTRIES: usize = 200;
    if outline.is_empty() {
        return;
    }
    let texts: Vec<String> = lines.iter().map(|line| bare(&line.text())).collect();
    for (index, entry) in outline.iter().take(MAX_ENTRIES).enumerate() {
        let title = bare(&entry.title);
        if title.chars().count() < 2 {
            continue;
        }
        let found = (0..lines.len()).find_map(|from| {
            let mut text = String::new();
            (from..lines.len().min(from + MAX_LINES)).find_map(|to| {
                let line = &lines[to];
                if line.table().is_some()
                    || line.entry.is_some()
                    || line.direction != lines[from].direction
                {
                    text.push('\n');
                }
                text.push_str(&texts[to]);
                let number = text.strip_suffix(&title)?;
                is_number_of_title(number).then_some((from, to))
            })
        });
        if let Some((from, to)) = found {
            for line in &mut lines[from..=to] {
                line.entry = Some((index, entry.level));
            }
        }
    }
}

/// Whether a title on the page may begin with `text` where the outline leaves that out: `1.2`,
/// `제3조`, `IV`.
fn is_number_of_title(text: &str) -> bool {
    text.chars().count() <= 6
        && text.chars().all(|char| {
            char.is_ascii_digit()
                || matches!(
                    char,
                    'i' | 'v' | 'x' | '제' | '장' | '절' | '조' | '항' | '편' | 'ⅰ'..='ⅻ'
                )
        })
}

/// The words of lines that belong together, hyphens at line ends undone. Lines whose words go
/// on without a space at their end are joined where `breaks_words` says that this file does so.
fn placed(lines: &[Line], breaks_words: bool) -> Vec<PlacedWord> {
    let mut placed: Vec<PlacedWord> = Vec::new();
    let mut before: Option<&Line> = None;
    for line in lines {
        for (index, word) in line.words.iter().enumerate() {
            let mut joins = false;
            if index == 0
                && let Some(last) = placed.last_mut()
            {
                if let Some(stem) = hyphenated(&last.text, &word.text) {
                    last.text = stem;
                    joins = true;
                } else if let Some(before) = before {
                    joins = breaks_words && is_broken_word(before, line);
                }
            }
            placed.extend(word.placed(joins));
        }
        before = Some(line);
    }
    placed
}

/// The part of a word before the hyphen at its line's end, if `next` is the rest of the word.
fn hyphenated(last: &str, next: &str) -> Option<String> {
    let stem = last.strip_suffix(['-', '\u{2010}', '\u{AD}'])?;
    let is_soft = last.ends_with('\u{AD}');
    let is_lower = |char: char| char.is_lowercase();
    (is_soft || (stem.ends_with(is_lower) && next.starts_with(is_lower)))
        .then(|| stem.to_owned())
        .filter(|stem| !stem.is_empty())
}

fn is_hangul(char: char) -> bool {
    ('가'..='힣').contains(&char)
}

/// Whether Hangul ends one line and begins the next.
fn is_hangul_break(line: &Line, next: &Line) -> bool {
    let ends = line
        .words
        .last()
        .is_some_and(|word| word.text.ends_with(is_hangul));
    let begins = next
        .words
        .first()
        .is_some_and(|word| word.text.starts_with(is_hangul));
    ends && begins
}

fn is_broken_word(line: &Line, next: &Line) -> bool {
    is_hangul_break(line, next) && line.words.last().is_some_and(|word| !word.is_spaced)
}

/// Pushes all pages, running titles and page numbers left out.
pub(super) fn push_pages(mut pages: Vec<PageLayout>, builder: &mut DocumentBuilder) {
    drop_running(&mut pages);
    let styles = Styles::of(&pages);
    for page in pages {
        builder.page(page.number, page.width, page.height);
        if let Some(label) = &page.label {
            builder.page_name(label);
        }
        let mut open: Vec<Line> = Vec::new();
        for line in page.lines {
            if let Some(table) = line.table().and_then(|index| page.tables.get(index)) {
                push_block(&mut open, &styles, builder);
                let rows: Vec<Vec<Vec<PlacedWord>>> = table
                    .rows
                    .iter()
                    .map(|row| {
                        row.iter()
                            .map(|cell| placed(cell, styles.breaks_words))
                            .collect()
                    })
                    .collect();
                builder.placed_table(&rows, table.header_rows);
                continue;
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
    }
}

/// Drops titles and numbers that stand at the same place of many pages, but for the first of
/// each, and those that the file itself marks as such.
fn drop_running(pages: &mut [PageLayout]) {
    // Of what is marked as decoration, the place does not matter.
    let key = |page: &PageLayout, line: &Line| {
        let shown = line.shown();
        let middle = f32::midpoint(shown.y0, shown.y1);
        let is_edge = middle < page.height * MARGIN || middle > page.height * (1.0 - MARGIN);
        let is_marked = line.is_artifact();
        (line.table().is_none() && (is_edge || is_marked)).then(|| {
            let mut text = String::new();
            for char in line.text().chars() {
                if !char.is_ascii_digit() {
                    text.push(char);
                } else if !text.ends_with('#') {
                    text.push('#');
                }
            }
            #[expect(clippy::cast_possible_truncation, reason = "a page has few points")]
            let place = (middle / 4.0).round() as i32;
            (text, if is_marked { i32::MIN } else { place })
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
                    (line.is_artifact() || seen.get(&key).copied().unwrap_or(0) >= REPEATS)
                        && (is_page_number(&key.0) || !told.insert(key))
                })
            })
            .collect();
        if runs.iter().all(|runs| *runs) {
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

/// The sizes of a document's text, and how it breaks its lines.
#[derive(Debug)]
struct Styles {
    body: f32,
    /// Sizes of headings, largest first.
    headings: Vec<f32>,
    /// Whether lines end inside Korean words, with a space where they end after one.
    breaks_words: bool,
}

impl Styles {
    fn of(pages: &[PageLayout]) -> Self {
        let mut sizes: BTreeMap<i64, usize> = BTreeMap::new();
        let (mut spaced, mut broken) = (0_usize, 0_usize);
        for page in pages {
            for word in page.lines.iter().flat_map(|line| &line.words) {
                if word.table.is_none() {
                    *sizes.entry(tenths(word.size)).or_default() += word.text.chars().count();
                }
            }
            for pair in page.lines.windows(2) {
                let step = pair[1].rect.y1 - pair[0].rect.y1;
                if is_hangul_break(&pair[0], &pair[1])
                    && step > 0.0
                    && step < LINE_STEP * pair[0].size
                    && pair[1].rect.x0 < pair[0].rect.x0 + pair[0].size
                    && pair[1].rect.x1 < pair[0].rect.x1 + 2.0 * pair[0].size
                {
                    if is_broken_word(&pair[0], &pair[1]) {
                        broken += 1;
                    } else {
                        spaced += 1;
                    }
                }
            }
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
            // A file that never writes a space at a line's end says nothing by leaving it out.
            breaks_words: spaced >= 3 && spaced * 4 >= broken,
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
    if last.direction != line.direction || last.entry != line.entry {
        return false;
    }
    if line.entry.is_some() {
        return true;
    }
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
        last.text().ends_with(['.', '!', '?', '。', ':']) && last.rect.x1 < widest - 4.0 * size;
    close && same_column && alike && !ends && marker(&line.text()).is_none()
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
    let text: String = lines.iter().map(Line::text).collect::<Vec<_>>().join(" ");
    let is_short = lines.len() <= 3
        && text.chars().count() <= 120
        && !text.trim_end().ends_with(['.', '。', ',', ';']);
    let level = match first.entry {
        Some((_, level)) => Some(level.min(6)),
        None => styles
            .level(first)
            .filter(|_| is_short && text.chars().any(char::is_alphabetic)),
    };
    let kind = match (level, marker(&text)) {
        (Some(level), _) => BlockKind::Heading { level },
        (None, Some(level)) => BlockKind::ListItem { level },
        (None, None) => BlockKind::Paragraph,
    };
    builder.placed_block(kind, &placed(&lines, styles.breaks_words));
}
