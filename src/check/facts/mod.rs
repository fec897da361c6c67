//! The first tier of the checker: figures, dates, times, articles, codes and numbers to call, in
//! one form whatever way they are written, and what they are of.
//!
//! A fact of a claim stands if the evidence has its value, under no other limit, and binds it to
//! nothing else. What it is bound to is judged by comparing: the figure is bound to another thing
//! only where a rival, a figure of the same kind and another value, is clearly nearer to the
//! words around it in the claim. A claim may leave out a limit that includes the figure itself
//! (`최대 11일` and `11일`), but not one that excludes it (`5년 초과`), and never say another.
//! Arithmetic is accepted where it is shown and right.

mod arithmetic;
mod asked;
mod clause;
mod comparison;
mod date;
mod fold;
mod limit;
mod name;
mod number;
mod place;
mod polarity;
mod read;
mod term;
mod unit;
mod value;
mod written;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use ingest::Span;

pub(crate) use self::asked::Asked;
use self::fold::Folded;
use self::place::Place;
pub(super) use self::place::Source;
pub(crate) use self::place::is_row;
pub(super) use self::place::{cells, is_header, is_year};
use self::term::{Term, Terms};
use self::unit::Family;
pub(super) use self::value::Fact;
use self::value::Value;
pub(super) use self::written::Written;

/// A fact of a claim that does not stand.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Problem {
    pub(super) kind: ProblemKind,
    /// Its bytes in the claim.
    pub(super) span: Span,
}

/// Why a fact does not stand.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ProblemKind {
    /// The evidence does not have it.
    Missing {
        fact: String,
        /// What it has of the claim's thing.
        instead: Option<String>,
    },
    /// The evidence has it, of another thing.
    Bound {
        fact: String,
        /// Words that it is bound to there.
        to: String,
        /// What the claim's thing has there.
        instead: Option<String>,
    },
    /// The evidence has it with another limit.
    Limit { said: String, there: String },
    /// A sum that is wrong.
    Arithmetic { shown: String },
}

/// The facts of `text`, each occurrence of it, in order.
pub(super) fn facts(text: &str) -> Vec<Fact> {
    read::read(&Folded::of(text))
        .facts
        .into_iter()
        .filter(|fact| !fact.is_label)
        .collect()
}

/// Whether a figure may have `unit` behind it.
pub(super) fn is_unit(unit: &str) -> bool {
    let read = facts(&format!("1 {unit}"));
    matches!(&read[..], [Fact { value: Value::Number(number), .. }] if number.unit.is_some())
}

/// What a sentence says and its evidence does not.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Missing {
    pub(super) fact: String,
    pub(super) instead: Option<String>,
}

/// The facts of `sentence` that none of `evidence` says, whatever they are of.
pub(super) fn missing(sentence: &str, evidence: &[Arc<Vec<Fact>>]) -> Vec<Missing> {
    let said = || evidence.iter().flat_map(|facts| facts.iter());
    facts(sentence)
        .into_iter()
        .filter(|fact| !said().any(|said| fact.has_value_of(said)))
        .map(|fact| Missing {
            instead: said()
                .find(|said| said.is_alike(&fact))
                .map(|said| said.text.clone()),
            fact: fact.text,
        })
        .collect()
}

/// Figures before and after one of a claim that may be of its clause.
const FEW: usize = 32;

/// Comparisons that one claim may cost; what is left then fails.
const BUDGET: usize = 4_000_000;

/// The facts of `claim` that do not stand in `sources`, worst first; empty if all do.
pub(super) fn problems(claim: &str, sources: &[Arc<Source>]) -> Vec<Problem> {
    let said = Source::of_claim(claim);
    let mut judge = Judge {
        sources,
        said: &said,
        budget: BUDGET,
    };
    let mut found = Vec::new();
    let sums = Sums::of(claim, &mut found);
    for (index, place) in said.places.iter().enumerate() {
        let fact = &place.fact;
        if fact.is_label
            || sums
                .results
                .iter()
                .any(|result| fact.value.is_said_by(result))
        {
            continue;
        }
        if let Some(problem) = judge.problem(index, &sums.spans) {
            found.push(problem);
        }
    }
    found.sort_by_key(|problem| match problem.kind {
        ProblemKind::Missing { .. } => 0,
        ProblemKind::Arithmetic { .. } => 1,
        ProblemKind::Bound { .. } => 2,
        ProblemKind::Limit { .. } => 3,
    });
    found
}

/// The sums that a claim shows.
#[derive(Default)]
struct Sums {
    /// What they come to, which needs no evidence.
    results: Vec<Value>,
    /// Where they stand in the claim.
    spans: Vec<Span>,
}

impl Sums {
    /// Checks the sums that a claim shows.
    fn of(claim: &str, found: &mut Vec<Problem>) -> Self {
        let folded = Folded::of(claim);
        let facts = read::read(&folded).facts;
        let mut sums = Self::default();
        if facts.len() < 3 {
            return sums;
        }
        for equation in arithmetic::equations(&folded.text, &facts)
            .into_iter()
            .take(64)
        {
            sums.results.extend(
                equation
                    .results
                    .iter()
                    .map(|index| facts[*index].value.clone()),
            );
            let span = folded.original(&equation.at);
            if !equation.is_right {
                found.push(Problem {
                    kind: ProblemKind::Arithmetic {
                        shown: folded.text[equation.at.clone()].to_owned(),
                    },
                    span: span.clone(),
                });
            }
            sums.spans.push(span);
        }
        sums
    }
}

struct Judge<'a> {
    sources: &'a [Arc<Source>],
    said: &'a Source,
    budget: usize,
}

/// A place of the evidence, and which passage it is in.
#[derive(Clone, Copy)]
struct Spot<'a> {
    place: &'a Place,
    source: usize,
}

/// A place of the evidence, and how much of each word of the claim it has.
struct Found<'a> {
    spot: Spot<'a>,
    /// In its own clause, row or headings, less so in what these leave out.
    firm: Vec<f32>,
    /// The same, and in the clauses before.
    strong: Vec<f32>,
    /// Anywhere near.
    loose: Vec<f32>,
}

impl Found<'_> {
    fn score(&self) -> f32 {
        let sum = |shares: &[f32]| shares.iter().sum::<f32>();
        sum(&self.strong) + 0.2 * sum(&self.loose)
    }
}

/// Whether it counts things in words, as `two women`: whoever tells a story counts what it tells
/// of. It is a fact where the evidence counts the same.
fn is_spelled(fact: &Fact) -> bool {
    let is_word = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphabetic());
    matches!(&fact.value, Value::Number(number) if number.unit.is_none() && number.label.is_none())
        && fact.limit.is_none()
        && fact.per.is_empty()
        && is_word(&fact.text)
}

/// Whether two figures count things of the same name, or of none.
fn counts_the_same(one: &Fact, other: &Fact) -> bool {
    match (&one.value, &other.value) {
        (Value::Number(one), Value::Number(other)) => one.noun == other.noun,
        _ => false,
    }
}

impl<'a> Judge<'a> {
    /// What is wrong with a figure of the claim; `sums` are where it shows arithmetic.
    fn problem(&mut self, index: usize, sums: &[Span]) -> Option<Problem> {
        let claimed = &self.said.places[index];
        let fact = &claimed.fact;
        if self.budget == 0 {
            return Some(absent(fact, None));
        }
        let sources = self.sources;
        let words = self.words(index, sums);
        let mut same: Vec<Spot<'a>> = Vec::new();
        for (index, source) in sources.iter().enumerate() {
            let places = source.candidates(&fact.value);
            self.budget = self.budget.saturating_sub(places.len());
            let places = places.iter().map(|place| &source.places[*place]);
            let places = places.filter(|place| is_same(fact, &place.fact, source));
            same.extend(places.map(|place| Spot {
                place,
                source: index,
            }));
        }
        if same.is_empty() && (self.is_split_article(fact) || self.is_covered(fact)) {
            return None;
        }
        let siblings = self.siblings(index, sums);
        let mut rivals: Vec<Found<'a>> = Vec::new();
        for (index, source) in sources.iter().enumerate() {
            for place in &source.places {
                self.budget = self.budget.saturating_sub(1);
                if self.budget == 0 {
                    return Some(absent(fact, None));
                }
                let answers = place.fact.is_rival_of(fact)
                    || same
                        .iter()
                        .take(8)
                        .any(|same| place.fact.is_rival_of(&same.place.fact));
                let there = &place.fact;
                if !answers || is_spelled(fact) && !counts_the_same(fact, there) {
                    continue;
                }
                // An ordinary word is no rival of a figure.
                if (!there.is_label || fact.value.family() == Family::Article)
                    && (fact.is_soft || !there.is_soft || is_word(fact))
                    && !is_same(fact, there, source)
                {
                    let spot = Spot {
                        place,
                        source: index,
                    };
                    rivals.push(self.found(spot, &words));
                }
            }
        }
        if same.is_empty() {
            let own: Vec<&Found<'_>> = rivals
                .iter()
                .filter(|rival| {
                    !fact.is_soft || rival.spot.place.fact.value.family() == fact.value.family()
                })
                .collect();
            if (fact.is_soft || is_spelled(fact)) && own.is_empty() {
                return None;
            }
            return Some(absent(fact, best(fact, &own)));
        }
        rivals.retain(|rival| {
            !siblings
                .iter()
                .any(|sibling| sibling.value.is_said_by(&rival.spot.place.fact.value))
        });
        let (good, other): (Vec<Spot<'a>>, Vec<Spot<'a>>) = same
            .into_iter()
            .partition(|spot| says_alike(claimed, spot.place));
        let other: Vec<Found<'a>> = other
            .into_iter()
            .map(|spot| self.found(spot, &words))
            .collect();
        if good.is_empty() {
            let there = other
                .iter()
                .max_by(|one, two| one.score().total_cmp(&two.score()))?;
            return Some(limit(claimed, there.spot.place));
        }
        let good: Vec<Found<'a>> = good
            .into_iter()
            .map(|spot| self.found(spot, &words))
            .collect();
        if fact.value.family() == Family::Relative {
            return None;
        }
        let first_other = rivals.len();
        rivals.extend(other);
        // What a rival's value has elsewhere tells it from nothing.
        let value_of = |rival: &Found<'_>| {
            let keys = rival.spot.place.fact.value.keys();
            (rival.spot.source, value::hash(&keys))
        };
        let mut known: HashMap<(usize, u64), Vec<f32>> = HashMap::new();
        for rival in &rivals {
            let shares = known
                .entry(value_of(rival))
                .or_insert_with(|| vec![0.0; words.len()]);
            for (share, there) in shares.iter_mut().zip(&rival.loose) {
                *share = share.max(*there);
            }
        }
        // It stands if one of its occurrences is not bound to another thing.
        let mut winner: Option<(usize, &Found<'_>, f32)> = None;
        for found in &good {
            self.budget = self.budget.saturating_sub(rivals.len());
            let mut beaten: Vec<(usize, f32)> = rivals
                .iter()
                .enumerate()
                .filter_map(|(index, rival)| {
                    let is_other = index >= first_other;
                    let loose = if is_other {
                        &rival.loose
                    } else {
                        &known[&value_of(rival)]
                    };
                    let (own, there) = (found.spot.place, rival.spot.place);
                    let fits = (is_other || is_alike(fact, &own.fact, &there.fact))
                        && is_comparable(found, rival, &words);
                    let margin = beats(rival, loose, found, &words)?;
                    fits.then_some((index, margin))
                })
                .collect();
            beaten.sort_by(|one, two| two.1.total_cmp(&one.1));
            // What the claim says of the rival's figure too must be said of this one there.
            let (index, margin) = beaten.into_iter().take(8).find(|(rival, _)| {
                *rival >= first_other
                    || self.is_swapped(index, found.spot.place, rivals[*rival].spot.place, sums)
            })?;
            if winner.is_none_or(|(_, _, most)| margin < most) {
                winner = Some((index, found, margin));
            }
        }
        let (index, found, _) = winner?;
        let rival = rivals[index].spot.place;
        if index >= first_other {
            return Some(limit(claimed, rival));
        }
        Some(Problem {
            kind: ProblemKind::Bound {
                fact: fact.text.clone(),
                to: bound_to(found.spot.place, &words),
                instead: Some(rival.fact.text.clone()),
            },
            span: fact.span.clone(),
        })
    }

    /// Other figures of the clause or list that a figure of the claim stands in: what is said of
    /// one is said of all.
    fn siblings(&self, index: usize, sums: &[Span]) -> Vec<&'a Fact> {
        let claimed = &self.said.places[index];
        let sum = sums.iter().find(|sum| is_in(&claimed.fact.span, sum));
        self.near(index)
            .filter(|place| {
                place.list == claimed.list || sum.is_some_and(|sum| is_in(&place.fact.span, sum))
            })
            .filter(|place| place.fact.span != claimed.fact.span)
            .map(|place| &place.fact)
            .collect()
    }

    /// The places of the claim around one of it.
    fn near(&self, index: usize) -> impl Iterator<Item = &'a Place> + use<'a> {
        let places = &self.said.places;
        let from = index.saturating_sub(FEW);
        places[from..places.len().min(index + FEW)].iter()
    }

    /// Whether the claim gives the rival's value, if it has it, to the thing that `own` is of.
    fn is_swapped(&self, index: usize, own: &Place, rival: &Place, sums: &[Span]) -> bool {
        let places = &self.said.places;
        let mut others = self
            .said
            .candidates(&rival.fact.value)
            .into_iter()
            .filter(|other| {
                let place = &places[*other];
                place.list != places[index].list && place.fact.value.is_said_by(&rival.fact.value)
            })
            .take(4)
            .peekable();
        others.peek().is_none()
            || others.any(|other| {
                let words = self.words(other, sums);
                let votes = |place: &Place| -> f32 {
                    words
                        .iter()
                        .map(|word| {
                            word.weight * place.own_terms.share(word).max(place.heading.share(word))
                        })
                        .sum()
                };
                votes(own) > votes(rival) + 0.3
            })
    }

    /// Whether a half of a year is there as its two quarters.
    fn is_covered(&self, fact: &Fact) -> bool {
        let Value::Part(value::Part::Half, half) = fact.value else {
            return false;
        };
        [half * 2 - 1, half * 2].iter().all(|quarter| {
            let quarter = Value::Part(value::Part::Quarter, *quarter);
            self.sources.iter().any(|source| {
                source
                    .candidates(&quarter)
                    .iter()
                    .any(|place| source.places[*place].fact.value == quarter)
            })
        })
    }

    fn found(&mut self, spot: Spot<'a>, words: &[Term]) -> Found<'a> {
        let place = spot.place;
        self.budget = self.budget.saturating_sub(words.len() + 1);
        let share = |word: &Term| place.own_terms.share(word).max(place.heading.share(word));
        let (mut firm, mut strong, mut loose) = (Vec::new(), Vec::new(), Vec::new());
        for word in words {
            let own = share(word);
            let kept = place.kept_terms.share(word);
            let topic = place.topic.share(word);
            let weak = place.weak.share(word);
            let near = weak.max(place.previous.share(word));
            let meant = own.max(0.9 * kept).max(0.8 * topic);
            firm.push(meant);
            strong.push(meant.max(0.6 * weak));
            loose.push(
                own.max(kept)
                    .max(topic)
                    .max(0.6 * near)
                    .max(place.around.share(word)),
            );
        }
        Found {
            spot,
            firm,
            strong,
            loose,
        }
    }

    /// The words that say what a figure of the claim is of.
    fn words(&self, index: usize, sums: &[Span]) -> Vec<Term> {
        let claimed = &self.said.places[index];
        let mut words = claimed.own.clone();
        for word in words.iter_mut().filter(|word| word.is_inherited) {
            word.weight *= 0.45;
            word.is_inherited = false;
        }
        // What an ordinary word counts says little, and what is reckoned with nothing.
        words.retain(|word| !word.is_soft);
        if !sums.is_empty() {
            let reckoned: Vec<&Span> = self
                .near(index)
                .filter(|place| place.group == claimed.group)
                .filter(|place| sums.iter().any(|sum| is_in(&place.fact.span, sum)))
                .map(|place| &place.fact.at)
                .collect();
            words.retain(|word| !(word.is_figure() && reckoned.contains(&&word.at)));
        }
        // What the clause before is about may be what this one is about.
        words.extend(
            claimed
                .kept
                .iter()
                .filter(|term| !term.is_figure())
                .map(|term| Term {
                    weight: term.weight * 0.4,
                    is_inherited: true,
                    ..term.clone()
                }),
        );
        if words.is_empty() {
            words = self
                .near(index)
                .filter(|place| place.group == claimed.group)
                .flat_map(|place| place.own.iter().filter(|term| !term.is_figure()).cloned())
                .take(32)
                .collect();
        }
        words.truncate(64);
        words
    }

    /// Whether the parts of an article stand apart, as `제12조` above and `제2항` below.
    fn is_split_article(&self, fact: &Fact) -> bool {
        let Value::Article(path) = &fact.value else {
            return false;
        };
        path.len() > 1
            && path.iter().all(|(kinds, part)| {
                self.sources.iter().any(|source| {
                    source
                        .candidates(&Value::Article(vec![(*kinds, part.clone())]))
                        .iter()
                        .any(|place| {
                            let Value::Article(there) = &source.places[*place].fact.value else {
                                return false;
                            };
                            there
                                .iter()
                                .any(|(other, number)| other & kinds != 0 && number == part)
                                && there.iter().all(|(other, number)| {
                                    path.iter()
                                        .all(|(kinds, part)| other & kinds == 0 || number == part)
                                })
                        })
                })
            })
    }
}

/// Whether `rival` counts what the claim or the figure of its value counts.
fn is_alike(fact: &Fact, own: &Fact, rival: &Fact) -> bool {
    match (&fact.value, &own.value, &rival.value) {
        (Value::Number(claimed), Value::Number(own), Value::Number(rival)) => {
            if rival.unit.is_some() {
                let dimension = |number: &value::Number| number.unit.map(unit::Unit::family);
                let there = dimension(rival);
                return there == dimension(claimed) || there == dimension(own);
            }
            match &rival.noun {
                Some(noun) => {
                    claimed.noun.as_ref() == Some(noun) || own.noun.as_ref() == Some(noun)
                }
                None => own.noun.is_none() || claimed.noun.is_none(),
            }
        }
        // A year is no other day of that year.
        (Value::Date(year, month, day), _, Value::Date(a, b, c)) => {
            let clashes =
                |one: &Option<u32>, two: &Option<u32>| one.is_some() && two.is_some() && one != two;
            let alike = c.is_some() == day.is_some()
                || matches!(&own.value, Value::Date(_, _, own) if c.is_some() == own.is_some());
            alike && (clashes(year, a) || clashes(month, b) || clashes(day, c))
        }
        _ => true,
    }
}

/// Sentences apart at which figures may still be set against each other.
const NEAR: usize = 3;

/// Whether two places of the evidence may be set against each other for what the claim says:
/// they stand near each other or speak of things of one kind, or the one has next to nothing of
/// the claim and the other much.
fn is_comparable(one: &Found<'_>, two: &Found<'_>, words: &[Term]) -> bool {
    let (own, rival) = (one.spot.place, two.spot.place);
    let near = one.spot.source == two.spot.source && own.group.abs_diff(rival.group) <= NEAR;
    let alike = || {
        own.own.iter().any(|term| {
            !term.is_figure() && term.weight >= 0.6 && rival.own_terms.share(term) > 0.5
        })
    };
    let held = |found: &Found<'_>| -> f32 {
        words
            .iter()
            .zip(&found.firm)
            .map(|(word, share)| word.weight * share)
            .sum()
    };
    near || alike() || {
        let total: f32 = words.iter().map(|word| word.weight).sum();
        let there = held(two);
        there >= (0.6 * total).min(2.0) && held(one) <= 0.34 * there
    }
}

/// Whether a place of the evidence sets no other limit to the figure and denies nothing of it
/// that the claim affirms. What is not allowed over two tonnes is allowed up to two.
fn says_alike(claimed: &Place, place: &Place) -> bool {
    let (fact, there) = (&claimed.fact, &place.fact);
    if fact.has_limit_of(there, place.hints) {
        return !contradicts(claimed, place);
    }
    let effective = |place: &Place| {
        let forbids = !place.fact.is_denied && place.polarity.forbids();
        let mut fact = place.fact.clone();
        fact.limit = fact
            .limit
            .map(|limit| if forbids { limit.denied() } else { limit });
        (fact, forbids)
    };
    let ((one, forbids), (two, forbidden)) = (effective(claimed), effective(place));
    let hard = |fact: &Fact| fact.limit.is_some_and(|limit| !limit.is_soft);
    forbids != forbidden && hard(&one) && hard(&two) && one.has_limit_of(&two, place.hints)
}

/// Whether a place of the evidence denies what the claim affirms, or affirms what it denies.
fn contradicts(claimed: &Place, place: &Place) -> bool {
    // A denial that made a limit what it is has been counted.
    let names = matches!(
        claimed.fact.value.family(),
        Family::Code | Family::Article | Family::Email | Family::Phone
    );
    let counted = claimed.fact.is_denied || place.fact.is_denied || claimed.fact.is_soft || names;
    let words: Vec<&Term> = claimed
        .own
        .iter()
        .filter(|word| !word.is_figure())
        .collect();
    let held = words
        .iter()
        .filter(|word| place.own_terms.share(word) >= 0.5)
        .count();
    let all = place.own.iter().filter(|word| !word.is_figure()).count();
    let is_near = held >= 2 && held * 5 >= words.len().min(all) * 3;
    !counted && polarity::contradicts(&claimed.polarity, &place.polarity, is_near)
        || comparison::is_swapped(&claimed.comparison, &place.comparison)
}

/// Whether a fact is of a kind that ordinary words say as often as figures do.
fn is_word(fact: &Fact) -> bool {
    matches!(
        fact.value.family(),
        Family::Ordinal | Family::Relative | Family::Part
    )
}

fn is_in(inner: &Span, outer: &Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// Whether a fact of the evidence has the claim's value.
fn is_same(fact: &Fact, there: &Fact, source: &Source) -> bool {
    if fact.has_value_of(there) {
        return true;
    }
    // The year may stand elsewhere in the passage.
    match (&fact.value, &there.value) {
        (Value::Date(Some(year), month, day), Value::Date(None, ..))
            if source.years.contains(year) =>
        {
            Value::Date(None, *month, *day).is_said_by(&there.value)
        }
        _ => false,
    }
}

fn absent(fact: &Fact, instead: Option<String>) -> Problem {
    Problem {
        kind: ProblemKind::Missing {
            fact: fact.text.clone(),
            instead,
        },
        span: fact.span.clone(),
    }
}

fn limit(claimed: &Place, there: &Place) -> Problem {
    let (fact, other) = (&claimed.fact, &there.fact);
    // Where the limits are the same, one denies what the other says.
    let denied = fact.has_limit_of(other, there.hints);
    let words = |place: &Place| {
        if denied && !place.polarity.text.is_empty() {
            format!("{} … {}", place.fact.said, place.polarity.text)
        } else {
            place.fact.said.clone()
        }
    };
    Problem {
        kind: ProblemKind::Limit {
            said: words(claimed),
            there: words(there),
        },
        span: fact.span.clone(),
    }
}

/// The text of the rival that is bound best.
fn best(fact: &Fact, rivals: &[&Found<'_>]) -> Option<String> {
    rivals
        .iter()
        .map(|rival| {
            let there = &rival.spot.place.fact;
            let mut score = rival.score();
            if there.value.family() == fact.value.family() {
                score += 0.3;
            }
            if there.unit() == fact.unit() {
                score += 0.3;
            }
            if fact.limit.is_some() && there.limit == fact.limit {
                score += 1.5;
            }
            (score, there)
        })
        .max_by(|one, two| {
            one.0
                .total_cmp(&two.0)
                .then(two.1.at.start.cmp(&one.1.at.start))
        })
        .map(|(_, there)| there.text.clone())
}

/// How much nearer `rival` is to the words of the claim than `own`; none unless clearly. `loose`
/// is what the rival's value has anywhere.
fn beats(rival: &Found<'_>, loose: &[f32], own: &Found<'_>, words: &[Term]) -> Option<f32> {
    if own.spot.place.own.is_empty() {
        return None;
    }
    let (mut for_rival, mut for_own, mut said) = (0.0_f32, 0.0_f32, 0.0_f32);
    for (index, word) in words.iter().enumerate() {
        let (here, there) = (own.strong[index], rival.strong[index]);
        if there > here + 0.3 {
            for_rival += (there - here) * word.weight;
            if !word.is_inherited {
                said += (rival.firm[index] - here).max(0.0) * word.weight;
            }
        } else if here > loose[index] + 0.3 {
            for_own += (here - loose[index]) * word.weight;
        }
    }
    // What only the clause before says of it must say more.
    let is_clear = said >= 0.35 || for_rival >= 0.7;
    (is_clear && for_own <= 0.42 * for_rival).then_some(for_rival - for_own)
}

/// Words that the evidence binds a figure to and the claim does not say.
fn bound_to(place: &Place, words: &[Term]) -> String {
    let said = Terms::of(words);
    let mut own: Vec<&str> = Vec::new();
    for term in place.own.iter().filter(|term| said.share(term) < 0.5) {
        if !own.contains(&term.text.as_str()) && own.len() < 5 {
            own.push(&term.text);
        }
    }
    if own.is_empty() {
        own = place
            .own
            .iter()
            .take(5)
            .map(|term| term.text.as_str())
            .collect();
    }
    own.join(" ")
}
