//! Clauses of a sentence, and which words of it a figure is of.

use std::sync::LazyLock;

use ingest::Span;

use super::place::{MOST, content};
use super::polarity::Polarity;
use super::read::Reading;
use super::term::{Role, Term, Terms, terms};
use super::unit::Unit;
use super::value::{Fact, Limit, Side, Value, hash};
use crate::language::is_hangul;

/// Figures of a sentence that are looked at with the words around them.
pub(super) const FIGURES: usize = 200;

/// A part of a sentence with figures that belong together.
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says another thing of a clause, and all combinations occur"
)]
pub(super) struct Segment {
    pub(super) facts: Span,
    /// Words before a colon.
    pub(super) label: Vec<Term>,
    pub(super) before: Vec<Term>,
    within: Vec<Term>,
    after: Vec<Term>,
    /// What the clauses before say for this one too.
    pub(super) kept: Vec<Term>,
    /// What else they say.
    pub(super) weak: Vec<Term>,
    /// Whether nothing but a mark or joint stands between it and the one before.
    pub(super) is_listed: bool,
    /// Whether it says something of its own at its end, so that what follows is not of it.
    pub(super) is_complete: bool,
    /// Whether it refers to the clause before: `그중`, `of which`.
    pub(super) refers: bool,
    /// Whether its first figure is an ordinal, and where that ends.
    is_ordinal: bool,
    first_end: usize,
    /// Whether it was given its own of what is listed for all.
    is_paired: bool,
    /// Whether it begins with a word such as `for`, so that its subject comes later.
    has_intro: bool,
    pub(super) polarity: Polarity,
}

impl Segment {
    /// Its first word, as far as that stands before its last figure.
    pub(super) fn first(&self) -> Option<&Term> {
        self.label
            .iter()
            .chain(&self.before)
            .chain(&self.within)
            .find(|term| !term.is_figure())
    }

    /// The words that lead to its figures, as far as its topic if that comes after one:
    /// `입사 1년 미만 직원의 연차휴가는`.
    fn lead(&self, text: &str) -> Vec<Term> {
        let topic = self.within.iter().position(|term| {
            raw(text, term).ends_with(['은', '는']) && raw(text, term) != term.text
        });
        let topic = topic.filter(|_| {
            !self
                .before
                .iter()
                .any(|term| raw(text, term).ends_with(['은', '는']))
        });
        if let Some(topic) = topic {
            return self
                .before
                .iter()
                .chain(&self.within[..=topic])
                .cloned()
                .collect();
        }
        if self.before.iter().all(Term::is_figure) {
            self.within.clone()
        } else {
            self.before.clone()
        }
    }

    pub(super) fn terms(&self) -> impl Iterator<Item = &Term> {
        self.label
            .iter()
            .chain(&self.before)
            .chain(&self.within)
            .chain(&self.after)
    }
}

/// A word as it stands in the sentence, with its particle.
fn raw<'a>(text: &'a str, term: &Term) -> &'a str {
    text.get(term.at.clone()).unwrap_or_default()
}

#[derive(Clone, Debug)]
enum Item {
    Term(Term),
    /// A mark, and where it ends.
    Mark(char, usize),
}

impl Item {
    fn end(&self) -> usize {
        match self {
            Self::Term(term) => term.at.end,
            Self::Mark(_, end) => *end,
        }
    }

    fn is_mark(&self, marks: &[char]) -> bool {
        matches!(self, Self::Mark(mark, _) if marks.contains(mark))
    }

    fn is_joint(&self) -> bool {
        matches!(self, Self::Term(term) if term.is_joint() || term.connects && term.is_stop())
    }

    fn says(&self) -> bool {
        matches!(self, Self::Term(term) if !term.is_stop() && !term.is_figure())
    }
}

/// Words with which a sentence goes on about what was said before.
const REFERRING: &[&str] = &[
    "they ",
    "it ",
    "this ",
    "these ",
    "he ",
    "she ",
    "such ",
    "its ",
    "their ",
    "that ",
    "here ",
    "those ",
    "otherwise",
    "afterwards",
    "in this case",
    "in that case",
    "without such",
    "이는 ",
    "이 경우",
    "이때",
    "이를 ",
    "이들",
    "해당 ",
    "위 ",
    "동 ",
    "여기",
    "그 ",
    "이 ",
    "이 중",
    "다만",
    "단, ",
    "단 ",
    "이에 ",
    "그중",
    "그 중",
    "이중",
];

/// Words that stand for what was named before.
const PRONOUNS: &[&str] = &[
    " them", " they ", " it ", " it.", " its ", " their ", " those ", "그것", "이를 ", "그중",
    "그 중", "이 중",
];

/// Whether a sentence begins with what refers to the one before, and whether it refers to it at
/// all.
pub(super) fn refers(text: &str) -> (bool, bool) {
    let start: String = text
        .trim_start()
        .chars()
        .take(16)
        .flat_map(char::to_lowercase)
        .collect();
    let lower = text.to_lowercase();
    let begins = REFERRING.iter().any(|word| start.starts_with(word));
    (
        begins,
        begins || PRONOUNS.iter().any(|word| lower.contains(word)),
    )
}

/// The clauses of a sentence that have figures. `words` are its words, and `clauses` those of the
/// sentence before.
pub(super) fn segments(
    text: &str,
    reading: &Reading,
    words: Vec<Term>,
    clauses: &[Vec<Term>],
) -> Vec<Segment> {
    let facts = &reading.facts;
    if facts.is_empty() {
        let segment = Segment {
            before: content(words).take(MOST).collect(),
            ..Segment::default()
        };
        return vec![segment];
    }
    // No sentence has more: what does is no sentence.
    let facts = &facts[..facts.len().min(FIGURES)];
    let korean = text.chars().any(is_hangul);
    let mut gaps = gaps(text, facts, &reading.rates, words).into_iter();
    let mut found: Vec<Segment> = Vec::new();
    let mut current = Segment {
        facts: 0..1,
        ..Segment::default()
    };
    // Where the clause begins.
    let mut start = 0;
    let mut opening = None;
    if let Some(first) = gaps.next() {
        opening = first_word(&first);
        current.has_intro = opening.as_deref().is_some_and(|word| INTRO.contains(&word));
        current.refers = refers_back(&first);
        current.before = lead(first, &mut current.label);
    }
    let mut gaps: Vec<Vec<Item>> = gaps.collect();
    let last = gaps.pop().unwrap_or_default();
    for (index, gap) in gaps.into_iter().enumerate() {
        let (one, two) = (&facts[index], &facts[index + 1]);
        let held = &facts[current.facts.clone()];
        let Some(cut) = boundary(text, &gap, (one, two), held, opening.as_deref(), korean) else {
            current.within.extend(own_terms(gap));
            current.within.truncate(MOST);
            current.facts.end = index + 2;
            continue;
        };
        let is_listed = !gap.iter().any(Item::says) && one.value.family() == two.value.family();
        let mut head = gap;
        let tail = head.split_off(cut);
        let end = head.last().map_or(one.at.end, Item::end);
        current.is_complete = head
            .iter()
            .any(|item| matches!(item, Item::Term(term) if term.connects));
        current.polarity = Polarity::of(
            &text[start..end],
            one.at.end.max(one.wide.end).min(end).saturating_sub(start),
        );
        current.after = own_terms(head);
        found.push(std::mem::take(&mut current));
        start = end;
        opening = first_word(&tail);
        current.has_intro = opening.as_deref().is_some_and(|word| INTRO.contains(&word));
        current.refers = refers_back(&tail);
        current.before = lead(tail, &mut current.label);
        current.facts = index + 1..index + 2;
        current.is_listed = is_listed;
    }
    let mut last = last;
    // What is said after another clause has begun is not of the figure.
    let cut = last
        .iter()
        .enumerate()
        .position(|(index, item)| match item {
            Item::Mark(mark, _) => {
                matches!(mark, ';' | '\n')
                    || *mark == ',' && last.get(index + 1).is_some_and(Item::is_joint)
            }
            Item::Term(term) => term.connects,
        })
        .map_or(last.len(), |at| at + 1);
    let rest = last.split_off(cut);
    let end = if rest.is_empty() {
        text.len()
    } else {
        last.last().map_or(text.len(), Item::end)
    };
    let from = facts
        .last()
        .map_or(start, |fact| fact.at.end.max(fact.wide.end));
    current.polarity = Polarity::of(&text[start..end.max(start)], from.saturating_sub(start));
    // `2 gloves, 4 masks and a pair of goggles`: the last of a list has no figure.
    if !korean
        && !found.is_empty()
        && let Some(joint) = last.iter().position(Item::is_joint)
    {
        let more = last.split_off(joint);
        current.kept = own_terms(more);
    }
    current.after = own_terms(last);
    found.push(current);
    for segment in &mut found {
        // A predicate tells less than what is before a figure.
        for term in segment
            .after
            .iter_mut()
            .filter(|term| term.text.chars().any(is_hangul))
        {
            term.weight *= 0.6;
        }
        segment.first_end = facts[segment.facts.start].at.end;
        segment.is_ordinal = matches!(facts[segment.facts.start].value, Value::Ordinal(_));
    }
    pair_up(text, &mut found, clauses);
    found
}

/// Gives clauses what those before and after them say for all.
pub(super) fn inherit(segments: &mut [Segment], text: &str) {
    let korean = text.chars().rev().take(24).any(is_hangul);
    for index in 1..segments.len() {
        let (head, tail) = segments.split_at_mut(index);
        let (Some(last), Some(segment)) = (head.last(), tail.first_mut()) else {
            continue;
        };
        if segment.label.is_empty() {
            segment.label.clone_from(&last.label);
        }
        if segment.is_paired {
            continue;
        }
        // What is said at its end is said anew.
        let anew = !(segment.after.is_empty() && segment.within.is_empty());
        let after = last.after.iter().filter(|_| !anew);
        let earlier = last
            .label
            .iter()
            .chain(&last.before)
            .chain(&last.within)
            .chain(after);
        segment.weak = earlier
            .chain(&last.kept)
            .chain(&last.weak)
            .take(2 * MOST)
            .cloned()
            .collect();
        // `the fifth contest was held in A, and the sixth in B`.
        if segment.is_ordinal && last.is_ordinal {
            segment.kept.extend(noun_after(text, last));
        }
        if segment.before.iter().all(Term::is_figure) {
            segment
                .before
                .extend(last.lead(text).into_iter().map(|term| Term {
                    is_inherited: true,
                    ..term
                }));
            segment.before.truncate(2 * MOST);
            segment.kept.extend(last.kept.iter().take(MOST).cloned());
        } else if segment.refers {
            let said = last.before.iter().chain(&last.within).chain(&last.kept);
            segment.kept.extend(said.take(2 * MOST).cloned());
        } else {
            let unsaid = unsaid(text, last, segment, korean);
            segment
                .kept
                .extend(unsaid.iter().chain(&last.kept).take(2 * MOST).cloned());
        }
        if !anew && !segment.is_complete {
            segment.kept.extend(last.after.iter().take(MOST).cloned());
        }
    }
    // The predicate of a Korean sentence, and what follows a list, is said of all.
    for index in (1..segments.len()).rev() {
        let (head, tail) = segments.split_at_mut(index);
        let (Some(last), Some(segment)) = (head.last_mut(), tail.first()) else {
            continue;
        };
        if last.is_complete || !(korean || segment.is_listed) {
            continue;
        }
        if last.after.is_empty() {
            last.after.clone_from(&segment.after);
            last.polarity = segment.polarity.clone();
        } else if korean
            && let Some(predicate) = segment
                .after
                .iter()
                .rfind(|term| raw(text, term).ends_with(['다', '요', '음', '함', '됨']))
        {
            last.after.push(predicate.clone());
        }
    }
}

/// The words straight after the figure of a clause: `quality contest` of `the fifth quality
/// contest was`.
fn noun_after(text: &str, segment: &Segment) -> Vec<Term> {
    let mut found: Vec<Term> = Vec::new();
    let mut end = segment.first_end;
    for term in segment.within.iter().chain(&segment.after).take(3) {
        if text.get(end..term.at.start) != Some(" ") {
            break;
        }
        end = term.at.end;
        found.push(term.clone());
        // A particle ends it.
        if text.get(term.at.clone()) != Some(term.text.as_str()) {
            break;
        }
    }
    found
}

/// The words before the figure of a clause that the next, which has another subject, leaves out:
/// `국내 출장` of `국내 출장 숙박비는 10만 원, 식비는 3만 원`.
fn unsaid(text: &str, last: &Segment, segment: &Segment, korean: bool) -> Vec<Term> {
    let before = &last.before;
    let count = segment
        .before
        .iter()
        .filter(|term| !term.is_figure())
        .count();
    if !korean {
        // Only what `for` and the like begin is sure to be meant of both.
        let rest = if last.has_intro {
            before.len().saturating_sub(count)
        } else {
            0
        };
        return before[..rest].to_vec();
    }
    let raw = |term: &Term| text.get(term.at.clone()).unwrap_or_default();
    let is_topic = |term: &Term| raw(term).ends_with(['은', '는']);
    // A new topic stands in the place of the old one.
    if segment.before.iter().any(is_topic)
        && let Some(end) = before.iter().position(is_topic)
    {
        let rest = &before[end + 1..];
        let own = segment
            .before
            .iter()
            .rev()
            .take_while(|term| !is_topic(term))
            .count();
        if !rest.is_empty() {
            return rest[..rest.len().saturating_sub(own)].to_vec();
        }
    }
    // `근무 시간은`, then `점심시간은`: what differs is what was before.
    let head = before.iter().rev().find(|term| !term.is_figure());
    if head.is_some_and(|head| Terms::of(&segment.before).share(head) >= 0.5) {
        return Vec::new();
    }
    before[..before.len().saturating_sub(count)].to_vec()
}

/// The clauses of a sentence by their marks, for figures of the next to be paired with.
pub(super) fn plain(text: &str, reading: &Reading) -> Vec<Vec<Term>> {
    if !reading.facts.is_empty() || text.len() > 600 {
        return Vec::new();
    }
    let mut found: Vec<Vec<Term>> = vec![Vec::new()];
    let mut end = 0;
    for term in terms(text, &[]) {
        let marked = text
            .get(end..term.at.start)
            .is_some_and(|gap| gap.contains([',', ';']));
        end = term.at.end;
        if (marked || term.is_joint() || term.connects)
            && found.last().is_some_and(|clause| !clause.is_empty())
        {
            found.push(Vec::new());
        }
        if !term.is_stop()
            && let Some(clause) = found.last_mut()
        {
            clause.push(term);
        }
    }
    found.retain(|clause| !clause.is_empty());
    found
}

fn own_terms(items: Vec<Item>) -> Vec<Term> {
    items
        .into_iter()
        .filter_map(|item| match item {
            Item::Term(term) if !term.is_stop() => Some(term),
            _ => None,
        })
        .take(MOST)
        .collect()
}

/// The first word of a clause, if it is Latin.
fn first_word(items: &[Item]) -> Option<String> {
    items.iter().find_map(|item| match item {
        Item::Term(term) if !term.is_joint() => Some(term.text.to_lowercase()),
        _ => None,
    })
}

fn refers_back(items: &[Item]) -> bool {
    items.iter().take(4).any(|item| {
        matches!(item, Item::Term(term) if matches!(term.text.to_lowercase().as_str(),
            "which" | "whose" | "whom" | "them" | "it" | "its" | "their" | "they" | "ones" | "one" | "그중" | "이중" | "그" | "이" | "가운데"))
    })
}

/// The words before the first figure of a clause; those before a colon become its label.
fn lead(items: Vec<Item>, label: &mut Vec<Term>) -> Vec<Term> {
    let mut items = items;
    if let Some(colon) = items.iter().rposition(|item| item.is_mark(&[':'])) {
        let rest = items.split_off(colon);
        *label = own_terms(items);
        items = rest;
    }
    let mut found: Vec<Term> = items
        .into_iter()
        .filter_map(|item| match item {
            Item::Term(term) if !term.is_stop() => Some(term),
            _ => None,
        })
        .collect();
    // The first, where the subject is, and the nearest.
    if found.len() > MOST {
        found.drain(MOST / 2..found.len() - MOST / 2);
    }
    found
}

/// What stands before the first fact, between facts and after the last.
fn gaps(text: &str, facts: &[Fact], rates: &[(Unit, Span)], words: Vec<Term>) -> Vec<Vec<Item>> {
    let mut found: Vec<Vec<Item>> = Vec::new();
    let mut words = words.into_iter().peekable();
    let mut rates = rates.iter().peekable();
    let mut at = 0;
    for index in 0..=facts.len() {
        let end = facts.get(index).map_or(text.len(), |fact| fact.at.start);
        let mut items = Vec::new();
        while at < end {
            if let Some((unit, span)) = rates.next_if(|(_, span)| span.start <= at) {
                items.push(Item::Term(rate(text, *unit, span)));
                while words.next_if(|term| term.at.start < span.end).is_some() {}
                at = at.max(span.end);
                continue;
            }
            if let Some(term) = words.next_if(|term| term.at.start <= at) {
                at = at.max(term.at.end);
                items.push(Item::Term(term));
                continue;
            }
            let Some(char) = text.get(at..).and_then(|rest| rest.chars().next()) else {
                at += 1;
                continue;
            };
            if matches!(
                char,
                ',' | ';' | ':' | '(' | ')' | '/' | '·' | '|' | '\n' | '、'
            ) {
                let mark = if char == '、' { ',' } else { char };
                items.push(Item::Mark(mark, at + char.len_utf8()));
            }
            // `240 V. Damage ..`: a full stop that was taken for that of an initial.
            let is_stop = char == '.' && index > 0 && at == facts[index - 1].at.end;
            if is_stop
                && text[at + 1..]
                    .strip_prefix(' ')
                    .is_some_and(|rest| rest.starts_with(char::is_uppercase))
            {
                items.push(Item::Mark(';', at + 1));
            }
            at += char.len_utf8();
        }
        found.push(items);
        if let Some(fact) = facts.get(index) {
            at = at.max(fact.at.end);
            while words.next_if(|term| term.at.start < at).is_some() {}
        }
    }
    found
}

fn rate(text: &str, unit: Unit, span: &Span) -> Term {
    Term {
        text: text[span.clone()].to_owned(),
        grams: vec![hash(&("rate", unit))],
        at: span.clone(),
        role: Role::Figure,
        connects: false,
        is_inherited: false,
        is_soft: false,
        weight: 1.0,
    }
}

/// English words that begin what a figure after a comma depends on.
static INTRO: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "if when for after in during once where upon on at from with unless as under while by \
     before since until within of without over"
        .split_whitespace()
        .collect()
});

/// Korean words after which the figure that they are a condition of follows.
static CONDITION: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "경우 시 때 면 자 후 뒤 동안 대해 대하여 따라 기준"
        .split_whitespace()
        .collect()
});

/// Whether an English text says something with a verb that helps others: `is`, `must`, `cannot`.
fn has_verb(text: Option<&str>) -> bool {
    let words = text
        .unwrap_or_default()
        .split(|char: char| !char.is_alphabetic());
    words.take(200).any(|word| {
        matches!(
            word,
            "is" | "are"
                | "was"
                | "were"
                | "be"
                | "may"
                | "can"
                | "cannot"
                | "must"
                | "shall"
                | "will"
                | "should"
        )
    })
}

/// Where in what stands between two figures a new clause begins; none if both are of one.
fn boundary(
    text: &str,
    gap: &[Item],
    (one, two): (&Fact, &Fact),
    held: &[Fact],
    opening: Option<&str>,
    korean: bool,
) -> Option<usize> {
    let held = &held[held.len().saturating_sub(16)..];
    let is_range =
        one.limit == Some(Limit::soft(Side::Low)) && two.limit == Some(Limit::soft(Side::High));
    if is_range {
        return None;
    }
    let rivals = one.is_rival_of(two);
    let mark = |wanted: &[char]| gap.iter().position(|item| item.is_mark(wanted));
    if let Some(at) = mark(&[';', '\n', '|']) {
        return Some(at + 1);
    }
    if !gap.iter().any(Item::says) {
        let separated = mark(&[',', '/', '·', ')']).is_some() || gap.iter().any(Item::is_joint);
        // What the clause has already begins another: `2023년 100억, 2024년 120억`.
        let again = held.len() > 1
            && held
                .iter()
                .any(|fact| fact.value.family() == two.value.family() && same_unit(fact, two));
        let connected = gap
            .iter()
            .any(|item| matches!(item, Item::Term(term) if term.connects));
        // `3월 5일, 오후 6시` is one; what a clause with all it needs is followed by is another.
        let another = separated && held.len() > 1;
        // `changed every 180 days, and the last 5 passwords cannot be used`: what has a verb of its
        // own is a clause of its own.
        let joint = gap
            .windows(2)
            .position(|pair| pair[0].is_mark(&[',']) && pair[1].is_joint());
        if let Some(at) = joint
            && !korean
            && !rivals
            && has_verb(text.get(..one.at.start))
            && has_verb(text.get(two.at.end..))
        {
            return Some(at + 1);
        }
        let is_period = matches!(
            two.value,
            Value::Date(..) | Value::Relative(..) | Value::Part(..)
        );
        let again = again && (separated || is_period || gap.is_empty());
        return (rivals && separated || again || connected || another).then_some(gap.len());
    }
    // A condition and the figure that depends on it belong together.
    let depends = |upto: usize| {
        let last = gap[..upto].iter().rev().find_map(|item| match item {
            Item::Term(term) => Some(text.get(term.at.clone()).unwrap_or(&term.text)),
            Item::Mark(..) => None,
        });
        last.is_some_and(|word| {
            CONDITION.iter().any(|end| {
                word.strip_suffix("에는")
                    .or_else(|| word.strip_suffix("에"))
                    .unwrap_or(word)
                    .ends_with(end)
            })
        }) || opening.is_some_and(|word| INTRO.contains(&word))
    };
    if let Some(at) = gap
        .iter()
        .position(|item| matches!(item, Item::Term(term) if term.connects))
    {
        return Some(at + 1);
    }
    let contrast = gap.iter().position(|item| {
        matches!(item, Item::Term(term) if term.is_joint()
            && matches!(term.text.to_lowercase().as_str(), "but" | "while" | "whereas" | "반면" | "하지만" | "그러나"))
    });
    if contrast.is_some() {
        return contrast;
    }
    let after_comma = gap
        .windows(2)
        .rposition(|pair| pair[0].is_mark(&[',']) && pair[1].is_joint());
    if after_comma.is_some() {
        return after_comma.map(|at| at + 1);
    }
    if let Some(at) = mark(&[',']) {
        if depends(at) && !(rivals && same_unit(one, two)) {
            return None;
        }
        // `the first instalment, 40% of the price, ..`
        let is_apposition = !rivals && held.len() == 1 && !gap[at..].iter().any(Item::says);
        if is_apposition && !korean {
            return None;
        }
        return Some(at + 1);
    }
    if let Some(at) = gap.iter().rposition(Item::is_joint) {
        return Some(at);
    }
    if rivals && let Some(at) = mark(&[')', '/', '·']) {
        return Some(at + 1);
    }
    // `from 15 days in the first year to 20 days`.
    let ends_with_to = gap.last().is_some_and(
        |item| matches!(item, Item::Term(term) if term.text.eq_ignore_ascii_case("to")),
    );
    let has_from = || {
        let mut from = one.at.start.saturating_sub(200);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        text[from..one.at.start]
            .to_ascii_lowercase()
            .contains("from ")
    };
    if ends_with_to
        && has_from()
        && held
            .iter()
            .any(|fact| fact.is_rival_of(two) && same_unit(fact, two))
    {
        return Some(gap.len() - 1);
    }
    // `팀장 3만 원 사원 2만 원`: bare names, or what has a topic of its own.
    if rivals && matches!(one.value, Value::Number(_)) && same_unit(one, two) && !depends(gap.len())
    {
        let particle = usize::from(
            matches!(gap.first(), Some(Item::Term(term)) if term.is_stop() && term.grams.is_empty()),
        );
        let rest = &gap[particle..];
        let named = rest.len() <= 2
            && !rest.is_empty()
            && rest.iter().all(|item| match item {
                Item::Term(term) => {
                    let raw = text.get(term.at.clone()).unwrap_or_default();
                    raw == term.text && raw.chars().all(is_hangul) && !term.is_stop()
                }
                Item::Mark(..) => false,
            });
        let topic = rest.iter().any(|item| match item {
            Item::Term(term) => {
                let raw = text.get(term.at.clone()).unwrap_or_default();
                term.text.chars().count() > 1
                    && !term.is_stop()
                    && (raw.ends_with('은')
                        || raw.ends_with('는')
                            && !raw.ends_with("하는")
                            && !raw.ends_with("되는")
                            && !raw.ends_with("있는"))
            }
            Item::Mark(..) => false,
        });
        if named || topic {
            return Some(particle);
        }
    }
    None
}

fn same_unit(one: &Fact, two: &Fact) -> bool {
    match (&one.value, &two.value) {
        (Value::Number(one), Value::Number(two)) => one.unit == two.unit,
        (one, two) => one.family() == two.family(),
    }
}

/// Gives each figure of `A and B get 1 and 2 respectively` its own.
fn pair_up(text: &str, segments: &mut [Segment], clauses: &[Vec<Term>]) {
    let count = segments.len();
    if !(2..=16).contains(&count) || text.len() > 600 {
        return;
    }
    if !(text.to_lowercase().contains("respectively")
        || text.contains("각각")
        || text.contains("차례로"))
    {
        return;
    }
    for segment in segments.iter_mut() {
        segment.is_listed = false;
    }
    // Words in groups between joints.
    let before = segments[0].before.clone();
    let mut groups: Vec<Vec<Term>> = vec![Vec::new()];
    let mut end = 0;
    let mut particle = false;
    for term in before {
        let gap = text
            .get(end..term.at.start)
            .unwrap_or_default()
            .to_lowercase();
        let joined = gap.contains([',', '·', '、'])
            || gap
                .split_whitespace()
                .any(|word| matches!(word, "and" | "및" | "와" | "과"));
        if (joined || particle) && end > 0 {
            groups.push(Vec::new());
        }
        let raw = text.get(term.at.clone()).unwrap_or_default();
        particle = raw.ends_with(['와', '과']) && raw.chars().count() > 1;
        end = term.at.end;
        if let Some(group) = groups.last_mut() {
            group.push(term);
        }
    }
    if groups.len() == count && groups.iter().all(|group| !group.is_empty()) {
        let mut shared: Vec<Term> = Vec::new();
        let mut own: Vec<Term> = Vec::new();
        for (index, mut group) in groups.into_iter().enumerate() {
            let at = if index + 1 == count {
                0
            } else {
                group.len() - 1
            };
            own.push(group.remove(at));
            shared.extend(group);
        }
        for (segment, own) in segments.iter_mut().zip(own) {
            segment.is_paired = true;
            segment.before = shared.iter().cloned().chain([own]).collect();
        }
    } else if clauses.len() == count {
        let shared = segments[0].before.clone();
        for (segment, clause) in segments.iter_mut().zip(clauses) {
            segment.is_paired = true;
            segment.before = shared.iter().chain(clause).cloned().collect();
        }
    }
}
