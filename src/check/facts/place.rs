//! What a text's figures are of: the words of their clauses, rows and headings.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use ingest::Span;

use super::clause::{self, Segment};
use super::comparison::Comparison;
use super::fold::Folded;
use super::limit;
use super::name;
use super::polarity::Polarity;
use super::read::{Reading, read};
use super::term::{Term, Terms, terms};
use super::unit::{self, Unit};
use super::value::{Fact, Limit, Side, Value};
use crate::ask::Passage;
use crate::language::is_hangul;

/// Words that are kept on each side of a figure: a clause has no more.
pub(super) const MOST: usize = 32;

/// A figure where it stands, and what it is of.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) fact: Fact,
    /// The words of its own clause, row and column.
    pub(super) own: Vec<Term>,
    pub(super) own_terms: Terms,
    /// What the sentence before is about, where this one only refers to it.
    pub(super) topic: Arc<Terms>,
    /// All words of the sentence before, where this one refers to it.
    pub(super) around: Arc<Terms>,
    /// All words of the sentence before in any case.
    pub(super) previous: Arc<Terms>,
    /// What the clauses before say for its own too, and what else they say.
    pub(super) kept: Arc<Vec<Term>>,
    pub(super) kept_terms: Arc<Terms>,
    pub(super) weak: Arc<Terms>,
    /// The headings above.
    pub(super) heading: Arc<Terms>,
    /// The sentence or table that it stands in.
    pub(super) group: usize,
    /// The clause or list that it stands in; those of one share all that is said.
    pub(super) list: usize,
    /// Whether words make it a least or a most: `한도`, `starts`.
    pub(super) hints: (bool, bool),
    pub(super) polarity: Arc<Polarity>,
    pub(super) comparison: Arc<Comparison>,
}

/// A passage that was read once: its figures and what they are of.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct Source {
    pub(super) places: Vec<Place>,
    /// Places by the keys of their values.
    by_key: HashMap<u64, Vec<usize>>,
    /// Years that it names.
    pub(super) years: Vec<u32>,
}

impl Source {
    /// Reads a passage.
    pub(in crate::check) fn of(passage: &Passage) -> Self {
        let mut builder = Builder::default();
        for heading in passage.heading_path.iter().chain([&passage.title]) {
            builder.heading(heading);
        }
        builder.begin_section();
        let text = &passage.text;
        let mut line = 0..0;
        let mut is_table = false;
        let mut done = 0;
        for span in &passage.sentences {
            if span.start < done {
                continue;
            }
            if span.start >= line.end || line.is_empty() {
                line = line_of(text, span, line.end);
                is_table = is_row(&text[line.clone()]);
            }
            let row = &text[line.clone()];
            if is_table {
                builder.row(row);
                done = line.end;
                continue;
            }
            let is_first =
                !text[line.start..span.start].contains(|char: char| !char.is_whitespace());
            let place = Line {
                is_first,
                is_whole: is_first && span.end >= line.end,
            };
            builder.sentence(&text[span.clone()], place);
        }
        builder.source
    }

    /// Reads a claim; spans are those of the whole text.
    pub(super) fn of_claim(text: &str) -> Self {
        let mut builder = Builder {
            is_claim: true,
            ..Builder::default()
        };
        builder.begin_section();
        for span in ingest::sentence::split(text) {
            let from = builder.source.places.len();
            builder.sentence(&text[span.clone()], Line::default());
            for place in &mut builder.source.places[from..] {
                let own = &mut place.fact.span;
                *own = own.start + span.start..own.end + span.start;
            }
        }
        builder.source
    }

    /// The places whose values may be that of `value`.
    pub(super) fn candidates(&self, value: &Value) -> Vec<usize> {
        let mut found: Vec<usize> = value
            .lookups()
            .iter()
            .filter_map(|key| self.by_key.get(key))
            .flat_map(|places| places.iter().copied().take(256))
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Where a sentence stands in its line.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    is_first: bool,
    is_whole: bool,
}

/// The line that a sentence begins in, without white space at its end; `from` is where the line
/// before ends.
fn line_of(text: &str, span: &Span, from: usize) -> Span {
    let from = from.min(span.start);
    let start = text[from..span.start]
        .rfind('\n')
        .map_or(from, |at| from + at + 1);
    let end = text[span.start..]
        .find('\n')
        .map_or(text.len(), |at| span.start + at);
    start..start + text[start..end].trim_end_matches([' ', '\r', '\n']).len()
}

/// Cells of a row at most.
const COLUMNS: usize = 256;

/// Whether a line is a row of a table.
pub(crate) fn is_row(line: &str) -> bool {
    let line = line.trim();
    line.contains('\t')
        || line.contains(" | ")
        || line
            .strip_prefix('|')
            .is_some_and(|rest| rest.contains('|'))
}

#[derive(Default)]
struct Builder {
    source: Source,
    is_claim: bool,
    /// Words of the headings of the passage.
    path: Vec<Term>,
    /// Headings within the text, outermost first, with their level.
    section: Vec<(usize, Vec<Term>)>,
    /// The article above, with its title.
    article: Vec<Term>,
    /// All of these.
    above: Vec<Term>,
    heading: Arc<Terms>,
    /// The article that paragraphs are of.
    current: Option<(u16, String)>,
    group: usize,
    list: usize,
    /// What the sentence before is about.
    topic: Vec<Term>,
    /// All that it says.
    before: Vec<Term>,
    /// Its clauses, of which figures that follow may be.
    clauses: Vec<Vec<Term>>,
    /// The last date.
    date: Option<Fact>,
    header: Option<Vec<Column>>,
    /// The unit that the lines before a table give to all of it.
    unit: Option<(Unit, i128)>,
}

struct Column {
    terms: Vec<Term>,
    unit: Option<(Unit, i128)>,
}

/// What a sentence gives to all places in it.
#[derive(Clone, Default)]
struct Common {
    topic: Arc<Terms>,
    around: Arc<Terms>,
    previous: Arc<Terms>,
    kept: Arc<Vec<Term>>,
    kept_terms: Arc<Terms>,
    weak: Arc<Terms>,
    hints: (bool, bool),
    polarity: Arc<Polarity>,
    comparison: Arc<Comparison>,
}

impl Builder {
    fn heading(&mut self, text: &str) {
        let folded = Folded::of(text);
        let reading = read(&folded);
        self.path
            .extend(content(terms(&folded.text, &reading.facts)).take(MOST));
        self.path
            .extend(reading.facts.iter().take(MOST).map(Term::figure));
        self.remember(&reading);
        for fact in reading.facts {
            self.note_article(&fact);
            self.push(fact, Vec::new(), &Common::default());
        }
    }

    fn remember(&mut self, reading: &Reading) {
        for fact in &reading.facts {
            if let Value::Date(Some(year), ..) = &fact.value
                && self.source.years.len() < 64
                && !self.source.years.contains(year)
            {
                self.source.years.push(*year);
            }
        }
    }

    fn note_article(&mut self, fact: &Fact) {
        if let Value::Article(path) = &fact.value
            && let Some(part) = path
                .iter()
                .find(|(kinds, _)| kinds & name::ARTICLE != 0 && *kinds != name::ANY)
        {
            self.current = Some(part.clone());
        }
    }

    /// Sets what stands above the sentences that follow.
    fn begin_section(&mut self) {
        self.above = self
            .path
            .iter()
            .chain(self.section.iter().flat_map(|(_, terms)| terms))
            .chain(&self.article)
            .take(4 * MOST)
            .cloned()
            .collect();
        self.heading = Arc::new(Terms::of(&self.above));
        self.topic.clear();
        self.before.clear();
        self.clauses.clear();
    }

    fn sentence(&mut self, text: &str, line: Line) {
        self.header = None;
        let folded = Folded::of(text);
        let mut reading = read(&folded);
        self.remember(&reading);
        let text = &folded.text;
        if text.contains("단위") || text.to_lowercase().contains("unit") {
            self.unit = unit::of_header(text);
        } else if !line.is_whole {
            self.unit = None;
        }
        let words = terms(text, &reading.facts);
        if line.is_whole
            && let Some(level) = heading_level(text, &reading)
        {
            let mut own: Vec<Term> = content(words.iter().cloned()).take(MOST).collect();
            own.extend(reading.facts.iter().take(MOST).map(Term::figure));
            self.section.retain(|(other, _)| *other < level);
            self.section.push((level, own));
            self.article.clear();
            self.begin_section();
        } else if line.is_first {
            self.begin_article(text, &reading, &words);
        }
        if line.is_first
            && let Some(first) = reading.facts.first().filter(|fact| fact.at.start <= 4)
        {
            let first = first.clone();
            self.note_article(&first);
        }
        self.group += 1;
        for fact in &mut reading.facts {
            self.complete(fact);
        }
        let dated = self.add_referred(&folded, &mut reading.facts);
        let (begins, refers) = clause::refers(text);
        // `그 전에 ..` refers to the date alone.
        let (begins, refers) = (begins && !dated, refers && !dated);
        let comparison = Arc::new(Comparison::of(text, &words));
        let mut segments = clause::segments(text, &reading, words, &self.clauses);
        clause::inherit(&mut segments, text);
        let first = segments.first().and_then(Segment::first);
        // An English sentence has its subject, if behind a figure.
        let has_topic = segments.iter().flat_map(Segment::terms).any(|term| {
            let raw = text.get(term.at.clone()).unwrap_or_default();
            raw != term.text && raw.ends_with(['은', '는'])
        });
        let is_elided = first.is_none() && !has_topic && !dated && text.chars().any(is_hangul);
        // A sentence about what the one before came to, `.. 교육을 받는다. 교육 시간은 ..`, is of all
        // that was said there.
        let goes_on = first.is_some_and(|first| {
            let raw = text.get(first.at.clone()).unwrap_or_default();
            let is_subject = raw == first.text || raw.ends_with(['은', '는', '이', '가']);
            is_subject
                && Terms::of(&self.before).share(first) > 0.9
                && Terms::of(&self.topic).share(first) < 0.5
        });
        let (topic, around) = if goes_on {
            (Terms::of(&self.before), Terms::of(&self.before))
        } else if is_elided || begins {
            // `They` are none of a single thing.
            let start = text
                .trim_start()
                .get(..5)
                .unwrap_or_default()
                .to_lowercase();
            let plural = matches!(start.as_str(), "they " | "these" | "those" | "both ");
            let single = self
                .topic
                .first()
                .is_some_and(|term| !term.text.ends_with('s'));
            let subject = if plural && single {
                &self.before
            } else {
                &self.topic
            };
            (Terms::of(subject), Terms::of(&self.before))
        } else if refers {
            (Terms::default(), Terms::of(&self.before))
        } else {
            (Terms::default(), Terms::default())
        };
        let (topic, around, previous) = (
            Arc::new(topic),
            Arc::new(around),
            Arc::new(Terms::of(&self.before)),
        );
        let all: Vec<Term> = segments
            .iter()
            .flat_map(Segment::terms)
            .take(4 * MOST)
            .cloned()
            .collect();
        self.list += 1;
        let shared = shared_limits(&reading.facts, &segments);
        // What period a sentence is of goes for all that comes after in it.
        let mut periods: Vec<&Fact> = Vec::new();
        for (index, segment) in segments.iter().enumerate() {
            if index > 0 && !(segment.is_listed || segment.refers) {
                self.list += 1;
            }
            let facts = &reading.facts[segment.facts.clone()];
            let figures: Vec<Term> = facts.iter().take(MOST).map(Term::figure).collect();
            let words: Vec<Term> = segment.terms().cloned().collect();
            periods.retain(|period| {
                facts
                    .iter()
                    .all(|fact| fact.value.family() != period.value.family())
            });
            let mut kept = segment.kept.clone();
            kept.extend(periods.iter().map(|period| Term::figure(period)));
            let of_period = |fact: &&Fact| {
                matches!(
                    fact.value,
                    Value::Date(..) | Value::Relative(..) | Value::Part(..)
                )
            };
            periods.extend(facts.iter().filter(of_period).take(4));
            periods.truncate(8);
            let common = Common {
                topic: Arc::clone(&topic),
                around: Arc::clone(&around),
                previous: Arc::clone(&previous),
                kept_terms: Arc::new(Terms::of(&kept)),
                kept: Arc::new(kept),
                weak: Arc::new(Terms::of(&segment.weak)),
                hints: hints(words.iter().chain(self.above.iter().take(MOST))),
                polarity: Arc::new(segment.polarity.clone()),
                comparison: Arc::clone(&comparison),
            };
            for (at, fact) in facts.iter().enumerate() {
                let mut own = words.clone();
                // The letters before a number are part of its name: `QMS 9001`.
                if let Value::Number(number) = &fact.value
                    && let Some(label) = &number.label
                {
                    own.retain(|term| {
                        let is_acronym = term.text.len() > 1
                            && term.text.bytes().all(|byte| byte.is_ascii_uppercase());
                        !(is_acronym && term.text.eq_ignore_ascii_case(label))
                    });
                }
                own.extend(
                    figures
                        .iter()
                        .enumerate()
                        .filter(|(other, _)| *other != at && !is_other_end(fact, &facts[*other]))
                        .map(|(_, figure)| figure.clone()),
                );
                let (low, high) = shared
                    .get(segment.facts.start + at)
                    .copied()
                    .unwrap_or_default();
                let common = Common {
                    hints: (common.hints.0 || low, common.hints.1 || high),
                    ..common.clone()
                };
                self.push(fact.clone(), own, &common);
            }
        }
        if !self.is_claim {
            // What is said for each is said of one as well.
            for (unit, span) in reading.rates.iter().take(clause::FIGURES) {
                let fact = Fact::one(*unit, &text[span.clone()]);
                self.push(fact, all.clone(), &Common::default());
            }
        }
        for fact in reading.facts.iter().skip(clause::FIGURES) {
            self.push(fact.clone(), Vec::new(), &Common::default());
        }
        if let Some(date) = reading
            .facts
            .iter()
            .rfind(|fact| matches!(fact.value, Value::Date(_, Some(_), Some(_))))
        {
            self.date = Some(date.clone());
        }
        if let Some(first) = segments.first() {
            let subject: Vec<Term> = first.label.iter().chain(&first.before).cloned().collect();
            let marked = subject.iter().position(|term| {
                text.get(term.at.clone())
                    .is_some_and(|raw| raw.ends_with(['은', '는', '이', '가']))
            });
            // Up to the verb, as far as that can be told.
            let end = marked.map_or(2, |at| at + 1).min(subject.len());
            if end > 0 {
                self.topic = subject[..end].to_vec();
            }
        }
        self.clauses = clause::plain(text, &reading);
        self.before = all;
    }

    /// `제12조(연차) ..` is above what follows, as a heading is.
    fn begin_article(&mut self, text: &str, reading: &Reading, words: &[Term]) {
        let Some(first) = reading.facts.first().filter(|fact| fact.at.start <= 4) else {
            return;
        };
        let Value::Article(path) = &first.value else {
            return;
        };
        if !path
            .iter()
            .any(|(kinds, _)| kinds & name::ARTICLE != 0 && *kinds != name::ANY)
        {
            return;
        }
        let start = first.at.end;
        let rest = &text[start..];
        let mut own = vec![Term::figure(first)];
        let close = rest
            .starts_with('(')
            .then(|| rest.char_indices().take(80).find(|(_, char)| *char == ')'))
            .flatten();
        if let Some((close, _)) = close {
            own.extend(content(
                words
                    .iter()
                    .filter(|term| term.at.start > start && term.at.end <= start + close)
                    .cloned(),
            ));
        }
        self.article = own;
        self.begin_section();
    }

    /// Gives a paragraph the article that it stands in.
    fn complete(&self, fact: &mut Fact) {
        if let Value::Article(path) = &mut fact.value
            && let Some(current) = &self.current
            && !path
                .iter()
                .any(|(kinds, _)| kinds & name::ARTICLE != 0 || *kinds == name::ANY)
            && path
                .iter()
                .any(|(kinds, _)| kinds & (name::PARAGRAPH | name::ITEM) != 0)
        {
            path.insert(0, current.clone());
        }
    }

    /// Adds the date that `before that date` means.
    fn add_referred(&self, folded: &Folded<'_>, facts: &mut Vec<Fact>) -> bool {
        let Some(date) = &self.date else { return false };
        if let Some((at, limit)) = limit::referred(&folded.text) {
            let index = facts.partition_point(|fact| fact.at.start < at.start);
            let mut fact = date.clone();
            fact.limit = Some(limit);
            folded.cut(&at).clone_into(&mut fact.said);
            fact.span = folded.original(&at);
            fact.at = at.clone();
            fact.wide = at;
            if facts
                .get(index)
                .is_none_or(|next| next.at.start >= fact.at.end)
            {
                facts.insert(index, fact);
                return true;
            }
        }
        false
    }

    fn row(&mut self, line: &str) {
        let cells: Vec<String> = cells(&Folded::of(line).text);
        let is_rule = cells
            .iter()
            .all(|cell| cell.chars().all(|char| matches!(char, '-' | ':' | ' ')));
        if is_rule {
            return;
        }
        let mut facts: Vec<(usize, Fact)> = Vec::new();
        let mut words: Vec<Vec<Term>> = Vec::new();
        for (column, cell) in cells.iter().enumerate() {
            let folded = Folded::of(cell);
            let reading = read(&folded);
            self.remember(&reading);
            words.push(
                content(terms(&folded.text, &reading.facts))
                    .take(MOST)
                    .collect(),
            );
            for (unit, span) in &reading.rates {
                let fact = Fact::one(*unit, &folded.text[span.clone()]);
                self.push(fact, Vec::new(), &Common::default());
            }
            facts.extend(reading.facts.into_iter().map(|fact| (column, fact)));
        }
        if self.header.is_some() {
            self.cells(&cells, &words, facts);
            return;
        }
        self.group += 1;
        self.topic.clear();
        self.before.clear();
        let is_header = is_header(&cells);
        if !is_header {
            self.header = Some(Vec::new());
            self.cells(&cells, &words, facts);
            return;
        }
        let columns = cells
            .iter()
            .zip(words)
            .enumerate()
            .map(|(column, (cell, mut terms))| {
                terms.extend(
                    facts
                        .iter()
                        .filter(|(other, _)| *other == column)
                        .map(|(_, fact)| Term::figure(fact)),
                );
                Column {
                    terms,
                    unit: unit::of_header(cell),
                }
            })
            .collect();
        self.header = Some(columns);
        for (_, fact) in facts {
            self.push(fact, Vec::new(), &Common::default());
        }
    }

    fn cells(&mut self, cells: &[String], words: &[Vec<Term>], facts: Vec<(usize, Fact)>) {
        let header = self.header.take().unwrap_or_default();
        let mut with_figures = vec![false; cells.len()];
        for (column, _) in facts.iter().filter(|(_, fact)| !fact.is_label) {
            with_figures[*column] = true;
        }
        let labels: Vec<Term> = words
            .iter()
            .enumerate()
            .filter(|(column, _)| *column == 0 || !with_figures[*column])
            .flat_map(|(_, terms)| terms.iter().cloned())
            .take(2 * MOST)
            .collect();
        let figures: Vec<(usize, Term)> = facts
            .iter()
            .take(MOST)
            .map(|(column, fact)| (*column, Term::figure(fact)))
            .collect();
        let of_row = cells
            .first()
            .filter(|cell| cell.contains('('))
            .and_then(|cell| unit::of_header(cell));
        for (column, mut fact) in facts {
            let above = header.get(column);
            if let Value::Number(number) = &mut fact.value
                && number.unit.is_none()
                && column > 0
                && let Some((unit, factor)) = above
                    .and_then(|column| column.unit)
                    .or(of_row)
                    .or(self.unit)
            {
                number.unit = Some(unit);
                number.bare = Some(number.amount);
                number.amount = number.amount.saturating_mul(factor);
            }
            let mut own = labels.clone();
            if with_figures[column] && column > 0 {
                own.extend(words[column].iter().cloned());
            }
            own.extend(
                above
                    .into_iter()
                    .flat_map(|column| column.terms.iter().cloned()),
            );
            own.extend(
                figures
                    .iter()
                    .filter(|(other, figure)| *other != column || figure.at != fact.at)
                    .map(|(_, figure)| figure.clone()),
            );
            self.list += 1;
            let common = Common {
                hints: hints(own.iter().chain(self.above.iter().take(MOST))),
                ..Common::default()
            };
            self.push(fact, own, &common);
        }
        self.header = Some(header);
    }

    fn push(&mut self, fact: Fact, own: Vec<Term>, common: &Common) {
        let index = self.source.places.len();
        for key in fact.value.lookups() {
            self.source.by_key.entry(key).or_default().push(index);
        }
        self.source.places.push(Place {
            fact,
            own_terms: Terms::of(&own),
            own,
            topic: Arc::clone(&common.topic),
            around: Arc::clone(&common.around),
            previous: Arc::clone(&common.previous),
            kept: Arc::clone(&common.kept),
            kept_terms: Arc::clone(&common.kept_terms),
            weak: Arc::clone(&common.weak),
            heading: Arc::clone(&self.heading),
            group: self.group,
            list: self.list,
            hints: common.hints,
            polarity: Arc::clone(&common.polarity),
            comparison: Arc::clone(&common.comparison),
        });
    }
}

/// For each figure whether the limit of a later one in a list is said of it too:
/// `팀장은 10만 원, 사원은 8만 원까지`.
fn shared_limits(facts: &[Fact], segments: &[Segment]) -> Vec<(bool, bool)> {
    let mut found = vec![(false, false); facts.len().min(clause::FIGURES)];
    let mut last: Option<&Fact> = None;
    for segment in segments.iter().rev() {
        if segment.is_complete {
            last = None;
        }
        for index in segment.facts.clone().rev() {
            let fact = &facts[index];
            match fact.limit {
                Some(limit) if !limit.is_soft => last = Some(fact),
                None if last.is_some_and(|last| last.dimension() == fact.dimension()) => {
                    let side = last.and_then(|last| last.limit).map(|limit| limit.side);
                    found[index] = (side == Some(Side::Low), side == Some(Side::High));
                }
                _ => {}
            }
        }
    }
    found
}

/// Whether two figures are the ends of one range, so that neither tells what the other is of.
fn is_other_end(one: &Fact, two: &Fact) -> bool {
    let (low, high) = (Some(Limit::soft(Side::Low)), Some(Limit::soft(Side::High)));
    one.value.family() == two.value.family()
        && (one.limit == low && two.limit == high || one.limit == high && two.limit == low)
}

/// The cells of a row, without white space at their ends. An empty first or last cell is one.
pub(in crate::check) fn cells(line: &str) -> Vec<String> {
    let line = line.trim_matches([' ', '\n', '\r']);
    let parts: Vec<&str> = if line.contains('\t') {
        line.split('\t').collect()
    } else {
        let inner = line
            .strip_prefix('|')
            .and_then(|line| line.strip_suffix('|'));
        inner.unwrap_or(line).split('|').collect()
    };
    parts
        .into_iter()
        .take(COLUMNS)
        .map(|cell| cell.trim().to_owned())
        .collect()
}

/// Whether the first row of a table names its columns: it does unless it has figures as the rows
/// below do. Years, parts and ordinals are names, and so is what stands in brackets.
pub(in crate::check) fn is_header(cells: &[String]) -> bool {
    let names = |cell: &String| {
        let open = cell.find('(').unwrap_or(cell.len());
        is_year(cell)
            || read(&Folded::of(cell)).facts.iter().all(|fact| {
                fact.span.start >= open
                    || matches!(
                        fact.value,
                        Value::Date(..) | Value::Part(..) | Value::Ordinal(_)
                    )
            })
    };
    cells.len() > 1 && cells.iter().skip(1).all(names)
}

/// Whether a cell is a year and nothing else.
pub(in crate::check) fn is_year(cell: &str) -> bool {
    cell.parse::<u32>()
        .is_ok_and(|year| (1900..2200).contains(&year))
}

pub(super) fn content(terms: impl IntoIterator<Item = Term>) -> impl Iterator<Item = Term> {
    terms.into_iter().filter(|term| !term.is_stop())
}

/// The level of a line that is a heading; none for any other.
fn heading_level(text: &str, reading: &Reading) -> Option<usize> {
    let text = text.trim();
    let marks = text.bytes().take_while(|byte| *byte == b'#').count();
    if (1..=6).contains(&marks) {
        return Some(marks);
    }
    if text.len() > 240 {
        return None;
    }
    if text.ends_with(':') && text.chars().count() <= 60 {
        return Some(9);
    }
    let figures = reading.facts.iter().any(|fact| {
        !matches!(
            fact.value,
            Value::Article(_) | Value::Date(_, _, None) | Value::Ordinal(_) | Value::Code(_)
        )
    });
    let ends = text.ends_with(['.', '?', '!', '。', ';', ','])
        || ["다", "요", "음", "함", "임", "됨"]
            .iter()
            .any(|end| text.ends_with(end));
    let items = text.starts_with(['-', '*', '•', '·', '○', '▪', '※']);
    (!figures
        && !ends
        && !items
        && text.chars().count() <= 40
        && text.chars().any(char::is_alphabetic))
    .then_some(8)
}

/// Words that make a figure a least.
static LOW: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "시작 개시 시행 발효 효력 최소 하한 최저 출근 개장 개점 start begin open minimum \
     effectiv effect earliest commenc launch"
        .split_whitespace()
        .collect()
});

/// Words that make a figure a most.
static HIGH: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "한도 상한 최대 마감 기한 종료 끝나 끝 만료 제한 퇴근 폐장 폐점 최고 최장 정원 목표 \
     deadline due limit cap maximum max end close expir ceiling latest finish until target \
     postponed extended budget"
        .split_whitespace()
        .collect()
});

/// Whether the words make a figure a least or a most.
fn hints<'a>(words: impl Iterator<Item = &'a Term> + Clone) -> (bool, bool) {
    let has = |names: &[&str]| {
        words.clone().filter(|term| !term.is_figure()).any(|term| {
            let word = term.text.to_lowercase();
            names
                .iter()
                .any(|name| word.starts_with(name) || !name.is_ascii() && word.contains(name))
        })
    };
    (has(&LOW), has(&HIGH))
}
