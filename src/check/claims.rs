//! Claims: what a draft's sentence states, each statement apart.
//!
//! A sentence that states several things is as good as its worst statement, so each is judged on
//! its own. The cut is made from words and their order alone, and where a rule is not sure there
//! is none: a statement that lost its condition, its `not` or its subject is another statement.
//! So conditions stay with what follows from them, reported speech and quotes stay whole, and two
//! verbs under one `must`, `may not` or `-을 수 없다` stay together.
//!
//! A part keeps the words of its sentence. What it shares with the parts before it (the topic or
//! subject, the condition or date that the sentence opens with) is put before them, so that it
//! stands alone.

mod english;
mod kind;
mod korean;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::LazyLock;

use ingest::Span;

pub(super) use self::kind::{Kind, heading, is_title, kind, mark, unlabelled, unmarked};
use crate::language::Language;

/// Parts of one sentence at most; what follows stays with the last.
const LIMIT: usize = 8;

/// A statement of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Where its own words stand, in bytes of the text. Parts are in order and share nothing.
    pub(super) span: Span,
    /// Its words, after those that it shares with earlier parts.
    pub(super) text: String,
}

/// The statements of `text`, a sentence or several. A sentence with one statement is one part
/// equal to it; words that only join two parts belong to neither, nor does the mark of a list.
pub(super) fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for mut sentence in ingest::sentence::split(text) {
        let first = parts.len();
        sentence.start += mark(&text[sentence.clone()]);
        for clause in clauses(text, &sentence) {
            if parts.len() - first == LIMIT {
                extend(text, &mut parts, clause.span.end);
            } else {
                parts.push(Part {
                    text: clause.words(text),
                    span: clause.span,
                });
            }
        }
        if parts.len() - first < 2 {
            parts.truncate(first);
            parts.push(Part {
                text: text[sentence.clone()].to_owned(),
                span: sentence,
            });
        }
    }
    parts
}

/// Gives the last part all text up to `end`.
fn extend(text: &str, parts: &mut [Part], end: usize) {
    if let Some(last) = parts.last_mut() {
        last.text.push_str(&text[last.span.end..end]);
        last.span.end = end;
    }
}

/// A statement, before its words are put together.
#[derive(Debug)]
struct Clause {
    span: Span,
    /// What is put before its own words, in order.
    shared: Vec<Span>,
    /// Its own words, where they are not all that stands in its span.
    own: Vec<Span>,
    /// What follows its own words without a space: the end of a predicate that it shares.
    ending: Option<Span>,
}

impl Clause {
    fn new(span: Span) -> Self {
        Self {
            span,
            shared: Vec::new(),
            own: Vec::new(),
            ending: None,
        }
    }

    fn words(&self, text: &str) -> String {
        let own = if self.own.is_empty() {
            std::slice::from_ref(&self.span)
        } else {
            &self.own
        };
        let mut words = String::new();
        for span in self.shared.iter().chain(own) {
            if !words.is_empty() {
                words.push(' ');
            }
            words.push_str(&text[span.clone()]);
        }
        if let Some(ending) = &self.ending {
            words.push_str(&text[ending.clone()]);
        }
        words
    }
}

/// What stands after a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    None,
    Comma,
    Semicolon,
    Colon,
}

/// A word between white space, and what is known of it in either language.
#[derive(Debug)]
struct Word<'a> {
    /// With the marks around it.
    span: Span,
    /// Without them; empty if it is nothing but marks.
    core: &'a str,
    /// `core` in lower case, with plain apostrophes.
    folded: String,
    mark: Mark,
    /// Where `core` begins.
    core_start: usize,
    /// Where it ends without the comma or semicolon after it.
    bare_end: usize,
    /// Whether its end stands in quotes or brackets.
    is_quoted: bool,
    /// Whether what follows it does.
    is_open: bool,
}

impl Word<'_> {
    fn is_any(&self, words: &[&str]) -> bool {
        words.contains(&self.folded.as_str())
    }

    fn is_in(&self, words: &Words) -> bool {
        words.contains(self.folded.as_str())
    }

    fn has_digit(&self) -> bool {
        has_digit(self.core)
    }

    /// Whether it is `-`, `•`, `1.` or `2)`.
    fn is_item_mark(&self) -> bool {
        self.core.is_empty()
            || self.core.len() <= 2
                && self.core.bytes().all(|byte| byte.is_ascii_digit())
                && self.span.len() == self.core.len() + 1
                && self.mark == Mark::None
    }

    /// Whether a part may end after it.
    fn may_end(&self) -> bool {
        !self.is_open
    }
}

/// Words of a kind.
type Words = LazyLock<HashSet<&'static str>>;

/// The words of a list with commas between them.
fn listed(words: &'static str) -> HashSet<&'static str> {
    words.split(", ").collect()
}

fn has_digit(text: &str) -> bool {
    text.chars().any(char::is_numeric)
}

/// The words of `sentence`, in bytes of `text`.
fn words<'a>(text: &'a str, sentence: &Span) -> Vec<Word<'a>> {
    let quoted = quoted(text, sentence);
    let mut regions = quoted.iter().peekable();
    let mut region_at = |at: usize| {
        while regions.next_if(|region| region.end < at).is_some() {}
        regions.peek().copied()
    };
    let mut words = Vec::new();
    let mut at = sentence.start;
    for piece in text[sentence.clone()].split_inclusive(char::is_whitespace) {
        let word = piece.trim_end_matches(char::is_whitespace);
        let (start, span) = (at, at..at + word.len());
        at += piece.len();
        if word.is_empty() {
            continue;
        }
        let rest = word.trim_start_matches(|char: char| !char.is_alphanumeric());
        let core = rest.trim_end_matches(|char: char| !is_of_word(char));
        let core_end = span.end - (rest.len() - core.len());
        let mark = match rest[core.len()..].chars().rev().find(|char| is_mark(*char)) {
            Some(',' | '，' | '、') => Mark::Comma,
            Some(';' | '；') => Mark::Semicolon,
            Some(_) => Mark::Colon,
            None => Mark::None,
        };
        words.push(Word {
            core,
            folded: core.to_lowercase().replace('’', "'"),
            mark,
            core_start: start + (word.len() - rest.len()),
            bare_end: start + word.trim_end_matches([',', '，', '、', ';', '；']).len(),
            is_quoted: region_at(core_end).is_some_and(|region| region.start < core_end),
            // A mark at its own end opens what follows too.
            is_open: region_at(span.end).is_some_and(|region| region.start <= span.end),
            span,
        });
    }
    words
}

fn is_of_word(char: char) -> bool {
    char.is_alphanumeric() || matches!(char, '%' | '℃' | '㎡' | '％')
}

fn is_mark(char: char) -> bool {
    matches!(char, ',' | '，' | '、' | ';' | '；' | ':' | '：')
}

/// What stands in quotes or brackets: from behind the opening mark to the closing one, in order
/// and without overlaps. A mark that nothing closes opens nothing.
fn quoted(text: &str, sentence: &Span) -> Vec<Span> {
    const PAIRS: [(char, char); 11] = [
        ('(', ')'),
        ('[', ']'),
        ('{', '}'),
        ('（', '）'),
        ('［', '］'),
        ('“', '”'),
        ('‘', '’'),
        ('「', '」'),
        ('『', '』'),
        ('《', '》'),
        ('〈', '〉'),
    ];
    let mut opened: [Vec<usize>; PAIRS.len()] = Default::default();
    let (mut straight, mut single) = (None, None);
    let mut regions: Vec<Span> = Vec::new();
    let mut before = ' ';
    let mut chars = text[sentence.clone()].char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        let at = sentence.start + at;
        let after = at + char.len_utf8();
        let next = chars.peek().map_or(' ', |(_, next)| *next);
        for ((open, close), opened) in PAIRS.iter().zip(&mut opened) {
            if char == *open {
                opened.push(after);
            } else if char == *close
                && let Some(start) = opened.pop()
            {
                regions.push(start..at);
            }
        }
        match char {
            '"' => match straight.take() {
                Some(start) => regions.push(start..at),
                None => straight = Some(after),
            },
            // Between letters it is an apostrophe.
            '\'' if before.is_alphanumeric() && next.is_alphanumeric() => {}
            '\'' if single.is_none() && !before.is_alphanumeric() => single = Some(after),
            '\'' => regions.extend(single.take().map(|start| start..at)),
            _ => {}
        }
        before = char;
    }
    regions.sort_by_key(|region| region.start);
    let mut merged: Vec<Span> = Vec::new();
    for region in regions {
        match merged.last_mut() {
            Some(last) if region.start <= last.end => last.end = last.end.max(region.end),
            _ => merged.push(region),
        }
    }
    merged
}

/// The statements of a sentence, as far as they can be told apart; one or none if they cannot.
fn clauses(text: &str, sentence: &Span) -> Vec<Clause> {
    let said = &text[sentence.clone()];
    if said.ends_with(['?', '？']) {
        return Vec::new();
    }
    let language = Language::of(said);
    let words = words(text, sentence);
    // `Note:` opens what follows; what follows a colon within quotes does not.
    let mut colons = (0..words.len()).filter(|at| words[*at].mark == Mark::Colon);
    let body = match (colons.next(), colons.next()) {
        (Some(at), None) if words[at].may_end() && at + 1 < words.len() => at + 1,
        _ => 0,
    };
    if body > 0
        && let Some(clauses) = list_after_colon(&words, body, language)
    {
        return clauses;
    }
    let mut clauses = Vec::new();
    let mut cut: Vec<usize> = Vec::new();
    if words.iter().any(|word| word.mark == Mark::Semicolon) {
        let ends: Vec<usize> = (body..words.len())
            .filter(|at| words[*at].mark == Mark::Semicolon && words[*at].may_end())
            .map(|at| at + 1)
            .chain([words.len()])
            .collect();
        let mut from = body;
        let each_states = ends.iter().all(|end| {
            let piece = &words[from..*end];
            from = *end;
            match language {
                Language::Ko => korean::states(piece),
                Language::En => english::states(piece),
            }
        });
        if each_states {
            cut = ends;
        }
    }
    if cut.is_empty() {
        cut.push(words.len());
    }
    let mut from = body;
    match language {
        Language::Ko => {
            let mut reader = korean::Reader::new(&words);
            for end in cut {
                reader.read(from..end, &mut clauses);
                from = end;
            }
        }
        Language::En => {
            let mut reader = english::Reader::new(&words);
            for end in cut {
                reader.read(from..end, &mut clauses);
                from = end;
            }
        }
    }
    // Marks alone say nothing.
    clauses.retain(|clause| text[clause.span.clone()].contains(char::is_alphanumeric));
    open_with(&words[..body], &mut clauses);
    if let Some(last) = clauses.last_mut() {
        end_at(last, sentence.end);
    }
    clauses
}

/// Puts the words before the colon into the first clause and before each other.
fn open_with(header: &[Word<'_>], clauses: &mut [Clause]) {
    let (Some(first), Some(last)) = (header.first(), header.last()) else {
        return;
    };
    let header = first.span.start..last.span.end;
    for (index, clause) in clauses.iter_mut().enumerate() {
        if index > 0 {
            clause.shared.insert(0, header.clone());
        } else if clause.own.is_empty() {
            clause.span.start = header.start;
        } else {
            clause.own.insert(0, header.clone());
            clause.span.start = header.start;
        }
    }
}

/// The last clause keeps the mark at the sentence's end.
fn end_at(clause: &mut Clause, end: usize) {
    if clause.ending.is_none()
        && let Some(own) = clause.own.last_mut()
        && own.end == clause.span.end
    {
        own.end = end;
    }
    clause.span.end = end;
}

/// Where `words` stand, without the comma or semicolon after them.
fn bare(words: &[Word<'_>]) -> Span {
    match (
        words.first(),
        words.iter().rfind(|word| !word.core.is_empty()),
    ) {
        (Some(first), Some(last)) => first.span.start..last.bare_end,
        _ => 0..0,
    }
}

/// The items of a list after a colon, each with the words before it. Items between commas are
/// statements only if each names something and gives a figure for it: `Allowances: manager 30,
/// staff 20`, but not `Benefits: a gym, a canteen and parking`.
fn list_after_colon(words: &[Word<'_>], body: usize, language: Language) -> Option<Vec<Clause>> {
    let ends_with = |mark: Mark| -> Vec<usize> {
        (body..words.len() - 1)
            .filter(|at| words[*at].mark == mark && words[*at].may_end())
            .map(|at| at + 1)
            .chain([words.len()])
            .collect()
    };
    let items = |ends: Vec<usize>| -> Vec<std::ops::Range<usize>> {
        let mut from = body;
        ends.into_iter()
            .map(|end| {
                let joins = usize::from(end - from > 1 && joins(&words[from]));
                std::mem::replace(&mut from, end) + joins..end
            })
            .collect()
    };
    let gives_figure = |item: &std::ops::Range<usize>| {
        let item = &words[item.clone()];
        !item[0].has_digit()
            && item[0].core.chars().any(char::is_alphabetic)
            && item.iter().any(Word::has_digit)
            && match language {
                Language::Ko => !korean::is_predicate(&item[item.len() - 1]),
                Language::En => english::names(item),
            }
    };
    let ends = ends_with(Mark::Semicolon);
    let found = if ends.len() > 1 {
        let items = items(ends);
        let has_words = |item: &std::ops::Range<usize>| {
            words[item.clone()].iter().any(|word| !word.core.is_empty())
        };
        let states = |item: &std::ops::Range<usize>| match language {
            Language::Ko => korean::states(&words[item.clone()]),
            Language::En => english::states(&words[item.clone()]),
        };
        // Whole statements are told apart elsewhere.
        (items.iter().all(has_words) && !items.iter().all(states)).then_some(items)?
    } else {
        let commas = ends_with(Mark::Comma);
        let mut ends = commas.clone();
        ends.extend((body + 1..words.len() - 1).filter(|at| {
            joins(&words[*at]) && words[at - 1].mark == Mark::None && words[at - 1].may_end()
        }));
        ends.sort_unstable();
        [ends, commas]
            .into_iter()
            .map(items)
            .find(|items| items.len() > 1 && items.iter().all(gives_figure))?
    };
    let header = words[0].span.start..words[body - 1].span.end;
    let clauses = found.into_iter().enumerate().map(|(index, item)| {
        let mut clause = Clause::new(bare(&words[item]));
        if index == 0 {
            clause.span.start = header.start;
        } else {
            clause.shared.push(header.clone());
        }
        clause
    });
    let mut clauses: Vec<Clause> = clauses.collect();
    if let (Some(last), Some(word)) = (clauses.last_mut(), words.last()) {
        end_at(last, word.span.end);
    }
    Some(clauses)
}

/// Whether it joins the last item of a list to those before it. With the mark of a quote that it
/// opens it is a part of that.
fn joins(word: &Word<'_>) -> bool {
    word.is_any(&["and", "및", "그리고"]) && word.may_end()
}
