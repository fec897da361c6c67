//! English sentences: where a clause ends, and the subject and condition that it shares.
//!
//! There is no tagger. A clause is known by a finite verb: an auxiliary, a form that is nothing
//! but a verb (`requires`, `took`), or one whose object follows (`approved the budget`). What
//! cannot be told from a noun is none, and then nothing is cut.

use std::ops::Range;
use std::sync::LazyLock;

use ingest::Span;

use super::{Clause, Mark, Word, Words, bare, listed};

/// Words of a subject at most, which bounds how far a verb is looked for.
const SUBJECT: usize = 15;
/// Words of a relative clause in the middle of a sentence at most.
const RELATIVE: usize = 40;
/// Words that name an item of a list, before its figure.
const LABEL: usize = 5;

const AUXILIARIES: &[&str] = &[
    "is", "are", "was", "were", "am", "has", "had", "does", "did", "isn't", "aren't", "wasn't",
    "weren't", "hasn't", "hadn't", "doesn't", "didn't",
];
static MODALS: Words = LazyLock::new(|| {
    listed(
        "can, cannot, could, may, might, must, shall, should, will, would, can't, couldn't, mustn't, \
     shouldn't, won't, wouldn't, mayn't, needn't",
    )
});
/// A pronoun and its verb in one word.
const CONTRACTIONS: &[&str] = &[
    "it's", "he's", "she's", "there's", "they're", "we're", "you're", "i'm", "it'll", "they'll",
    "we'll", "you'll", "i'll", "they've", "we've", "you've", "i've",
];
/// Verbs that are seldom anything else.
static VERBS: Words = LazyLock::new(|| {
    listed(
        "accept, accrue, add, allow, announce, appear, apply, appoint, approve, argue, arrive, ask, \
     assume, attach, become, begin, believe, belong, bring, build, buy, carry, choose, collect, \
     come, comply, comprise, confirm, consist, contain, continue, create, decide, deduct, define, \
     delete, deliver, depend, describe, determine, earn, elapse, declare, employ, enable, \
     encrypt, ensure, enter, entitle, exceed, exist, expire, explain, follow, forbid, forfeit, \
     get, give, go, grow, handle, happen, have, hire, hold, imply, include, indicate, inform, \
     install, keep, lose, maintain, make, manage, meet, mention, notify, occur, operate, owe, \
     own, pass, prevent, produce, prohibit, provide, qualify, receive, recommend, reduce, \
     reimburse, reject, relate, rely, remain, remove, replace, represent, require, reside, \
     resign, retain, retire, say, seek, select, sell, send, serve, specify, spend, submit, \
     suggest, suspend, take, terminate, think, verify, waive, wear, write",
    )
});
/// Verbs that are nouns as often: they count where what follows is an object.
static NOUNS_TOO: Words = LazyLock::new(|| {
    listed(
        "access, answer, audit, award, bear, benefit, book, cap, change, charge, check, claim, close, \
     copy, cost, count, cover, decrease, double, drop, end, exit, fall, file, grant, guarantee, \
     help, host, increase, issue, join, last, lead, leave, limit, list, load, lock, match, mean, \
     move, need, offer, open, order, pay, permit, place, plan, process, rate, record, refund, \
     release, repair, report, request, return, review, rise, run, schedule, set, share, ship, \
     show, sign, stand, start, state, stay, stop, store, supply, support, test, total, track, \
     train, transfer, travel, treat, use, visit, want, work",
    )
});
/// Third persons of those that are seldom plural nouns.
const THIRD_PERSONS: &[&str] = &[
    "covers", "lasts", "pays", "joins", "leads", "opens", "closes", "begins", "treats", "equals",
    "wants",
];
/// Past tenses that are no participle.
const PASTS: &[&str] = &[
    "became", "began", "came", "chose", "fell", "gave", "went", "grew", "knew", "rose", "saw",
    "spoke", "took", "wore", "wrote",
];
/// Past tenses that are participles too: they count where an object follows.
const PARTICIPLES: &[&str] = &[
    "bought", "brought", "built", "cut", "found", "got", "held", "hit", "kept", "led", "left",
    "lost", "made", "met", "paid", "put", "ran", "said", "sent", "sold", "spent", "told",
];
/// Past tenses of saying and thinking: what follows is what is said.
static REPORTS: Words = LazyLock::new(|| {
    listed(
        "announced, argued, assumed, believed, claimed, confirmed, declared, estimated, expected, \
     explained, indicated, mentioned, noted, promised, reported, said, stated, suggested, thought",
    )
});
const DETERMINERS: &[&str] = &[
    "the", "a", "an", "this", "that", "these", "those", "its", "their", "our", "your", "his",
    "her", "my", "each", "every", "any", "all", "some", "no", "both", "such", "another",
];
const PRONOUNS: &[&str] = &[
    "it", "them", "him", "us", "you", "me", "everyone", "nothing",
];
const PERSONAL: &[&str] = &["i", "we", "you", "he", "she", "it", "they", "who"];
/// Subjects that mean something said before.
const ANAPHORS: &[&str] = &[
    "it", "they", "he", "she", "this", "these", "those", "that", "it's", "they're", "he's",
    "she's", "it'll", "they'll", "they've", "both", "which",
];
static PREPOSITIONS: Words = LazyLock::new(|| {
    listed(
        "of, in, on, at, for, from, to, by, with, without, within, during, under, over, per, as, \
     about, through, between, among, into, than, via, upon, against, until, except, despite, \
     unlike, besides, like, according, regardless, since, before, after, given, starting, \
     beginning, effective",
    )
});
/// What a subordinate clause begins with that holds only in a case.
const CONDITIONS: &[&str] = &[
    "if", "when", "unless", "whenever", "where", "wherever", "provided", "once", "until",
];
/// What begins other subordinate clauses.
static SUBORDINATORS: Words = LazyLock::new(|| {
    listed(
        "because, that, which, who, whom, whose, what, whether, how, why, although, though, while, \
     whereas, so, whoever, whatever, whichever, lest",
    )
});
/// Prepositions that begin clauses too.
const EITHER: &[&str] = &["after", "before", "since", "as", "until", "than"];
const COORDINATORS: &[&str] = &["and", "but", "whereas", "while"];
static ADVERBS: Words = LazyLock::new(|| {
    listed(
        "also, therefore, then, thus, only, always, never, often, not, still, now, further, hence, \
     even, both, sometimes, already, instead, otherwise",
    )
});
/// What opens a sentence by its relation to the one before.
static OPENERS: Words = LazyLock::new(|| {
    listed(
        "however, therefore, also, moreover, furthermore, additionally, thus, hence, yes, no, \
     finally, first, firstly, second, secondly, third, next, then, lastly, overall, specifically, \
     similarly, likewise, consequently, accordingly, in addition, in short, in fact, for example, \
     for instance, as a result, on the other hand, in contrast, by contrast, in other words, in \
     summary, of course, at the same time, to summarize, in particular",
    )
});
/// What two facts stand in that are set against each other.
const CONCESSIONS: &[&str] = &["although", "though", "whereas"];
/// Subjects of whom a second predicate would say the contrary.
const NEGATIVES: &[&str] = &[
    "no", "none", "nobody", "nothing", "neither", "few", "hardly", "only", "not", "nor", "never",
];
/// After a comma, `which` and one of these is said of the noun, not of the whole clause.
static OF_NOUNS: Words = LazyLock::new(|| {
    listed(
        "are, were, have, covers, applies, includes, contains, lasts, expires, comprises, consists, \
     took",
    )
});

/// What a word may be as a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    None,
    /// A past tense or a participle.
    Weak,
    Finite(Form),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Auxiliary,
    Modal,
    /// `receive`, after a plural.
    Plain,
    /// `receives`.
    Third,
    Past,
}

fn is_number(word: &Word<'_>) -> bool {
    word.core.starts_with(char::is_numeric)
}

fn is_participle(word: &Word<'_>) -> bool {
    let text = &word.folded;
    PARTICIPLES.contains(&text.as_str())
        || text.len() > 4
            && text.ends_with("ed")
            && !text.ends_with("eed")
            && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Whether an object, a number or a pronoun begins with the word.
fn begins_object(word: Option<&Word<'_>>) -> bool {
    word.is_some_and(|word| is_number(word) || word.is_any(DETERMINERS) || word.is_any(PRONOUNS))
}

/// The plain form of a third person.
fn plain_of(third: &str, verbs: &Words) -> bool {
    let is = |plain: &str| verbs.contains(plain);
    third == "goes"
        || third.strip_suffix("ies").is_some_and(|stem| {
            let mut plain = stem.to_owned();
            plain.push('y');
            is(&plain)
        })
        || third.strip_suffix("es").is_some_and(is)
        || third.strip_suffix('s').is_some_and(is)
}

fn verb(words: &[Word<'_>], at: usize) -> Verb {
    let word = &words[at];
    if word.is_quoted || word.core.is_empty() {
        return Verb::None;
    }
    let text = word.folded.as_str();
    let before = at.checked_sub(1).map(|before| &words[before]);
    let next = words.get(at + 1).filter(|_| word.mark == Mark::None);
    let before = before.filter(|before| before.mark == Mark::None);
    let preceding = before.map_or("", |before| before.folded.as_str());
    let follows = |list: &[&str]| list.contains(&preceding);
    if CONTRACTIONS.contains(&text) {
        return Verb::Finite(Form::Auxiliary);
    }
    let names = follows(DETERMINERS) || PREPOSITIONS.contains(preceding);
    if MODALS.contains(text) {
        // `May` is a month, `a must` a noun.
        let is_name = text == "may" && word.core.starts_with('M');
        return if is_name || names && !follows(&["this", "that", "these", "those", "all", "each"]) {
            Verb::None
        } else {
            Verb::Finite(Form::Modal)
        };
    }
    if AUXILIARIES.contains(&text) {
        return Verb::Finite(Form::Auxiliary);
    }
    // A form of one's own may follow `to` and `must`, and a noun may be named like a verb.
    if names
        || MODALS.contains(preceding)
        || follows(&["do", "does", "did", "don't", "doesn't", "didn't"])
    {
        return Verb::None;
    }
    if PASTS.contains(&text) {
        return Verb::Finite(Form::Past);
    }
    if REPORTS.contains(text) {
        let is_passive = follows(&["is", "are", "was", "were", "be", "been", "being", "as"])
            || next.is_none_or(|next| next.is_in(&PREPOSITIONS));
        return if is_passive {
            Verb::Weak
        } else {
            Verb::Finite(Form::Past)
        };
    }
    if text.ends_with('s')
        && (THIRD_PERSONS.contains(&text)
            || plain_of(text, &VERBS)
            || begins_object(next) && plain_of(text, &NOUNS_TOO))
    {
        return Verb::Finite(Form::Third);
    }
    if is_participle(word) {
        // `must be submitted 3 days before`
        let is_of_auxiliary = words[..at]
            .iter()
            .rev()
            .take(3)
            .find(|word| !is_adverb(word))
            .is_some_and(|word| {
                word.is_any(&["be", "been", "being", "have"]) || word.is_any(AUXILIARIES)
            });
        return if begins_object(next) && !is_of_auxiliary {
            Verb::Finite(Form::Past)
        } else {
            Verb::Weak
        };
    }
    if is_plain(text, next) && before.is_some_and(is_plural) {
        return Verb::Finite(Form::Plain);
    }
    Verb::None
}

/// Whether `text` is a verb as plural subjects have it.
fn is_plain(text: &str, next: Option<&Word<'_>>) -> bool {
    VERBS.contains(text)
        || matches!(text, "do" | "don't" | "haven't")
        || NOUNS_TOO.contains(text) && begins_object(next)
}

fn is_plural(word: &Word<'_>) -> bool {
    word.mark == Mark::None
        && (word.is_any(&[
            "we", "you", "they", "i", "who", "people", "staff", "both", "all", "these", "those",
        ]) || word.has_digit()
            || word.folded.len() > 3 && word.folded.ends_with('s') && !word.folded.ends_with("ss")
            || word.is_any(&["also", "always", "never", "only", "usually", "normally"]))
}

fn is_adverb(word: &Word<'_>) -> bool {
    word.mark == Mark::None
        && (word.is_in(&ADVERBS) || word.folded.len() > 4 && word.folded.ends_with("ly"))
}

/// Whether a piece between semicolons has a finite verb.
pub(super) fn states(words: &[Word<'_>]) -> bool {
    (0..words.len()).any(|at| matches!(verb(words, at), Verb::Finite(_)))
}

/// Whether an item of a list names something: it has no verb and opens with no preposition.
pub(super) fn names(words: &[Word<'_>]) -> bool {
    !words.first().is_some_and(|first| {
        first.is_in(&PREPOSITIONS) || first.is_any(CONDITIONS) || first.is_in(&SUBORDINATORS)
    }) && (0..words.len()).all(|at| !matches!(verb(words, at), Verb::Finite(_)))
}

/// What stands behind a coordinator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Right {
    /// No clause: a noun, a participle, an infinitive.
    Nothing,
    /// A verb whose subject is the one before.
    Predicate(usize, Form),
    /// A subject, and its verb.
    Clause(usize),
    /// A condition, a comma, and a clause.
    Conditional,
}

/// Why what follows may depend on a word before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Nothing,
    /// A condition or a time: a comma ends it.
    Condition,
    /// What is said, thought, or said of a noun.
    Content,
}

/// A clause that is being read.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are what was seen, and any of them may come with any other"
)]
struct State {
    /// Where it begins, and where it does behind what it opens with.
    first: usize,
    body: usize,
    /// Its finite verb.
    main: Option<(usize, Form)>,
    /// Words that belong to the verb end here: `has also been`.
    verb_end: usize,
    weak: usize,
    first_weak: usize,
    /// Relative clauses before the verb whose own verb must come first.
    relatives: usize,
    open: Open,
    may_open: bool,
    has_infinitive: bool,
    /// It joins something within.
    joins: bool,
    /// It was not understood: nothing more is cut.
    is_lost: bool,
    is_negative: bool,
    /// Its subject is that of the clause before.
    goes_on: bool,
    has_relative: bool,
    /// It has no subject: it tells somebody to do something.
    is_imperative: bool,
}

impl State {
    fn new(first: usize, body: usize) -> Self {
        Self {
            first,
            body,
            main: None,
            verb_end: 0,
            weak: 0,
            first_weak: 0,
            relatives: 0,
            open: Open::Nothing,
            may_open: false,
            has_infinitive: false,
            joins: false,
            is_lost: false,
            is_negative: false,
            goes_on: false,
            has_relative: false,
            is_imperative: false,
        }
    }
}

/// Reads the clauses of a sentence, one piece between semicolons after the other.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    words: &'a [Word<'a>],
    verbs: Vec<Verb>,
    /// For each word, the next one after which a comma stands, and the next that begins a
    /// condition.
    commas: Vec<usize>,
    conditions: Vec<usize>,
    /// What the clauses so far opened with, and their subject.
    opening: Option<Opening>,
    subject: Option<Span>,
}

#[derive(Clone, Debug)]
struct Opening {
    span: Span,
    is_condition: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(words: &'a [Word<'a>]) -> Self {
        let verbs = (0..words.len()).map(|at| verb(words, at)).collect();
        let next = |is: &dyn Fn(usize) -> bool| {
            let mut next = vec![words.len(); words.len() + 1];
            for at in (0..words.len()).rev() {
                next[at] = if is(at) { at } else { next[at + 1] };
            }
            next
        };
        Self {
            commas: next(&|at| words[at].mark == Mark::Comma && words[at].may_end()),
            conditions: next(&|at| words[at].is_any(CONDITIONS) && !words[at].is_quoted),
            words,
            verbs,
            opening: None,
            subject: None,
        }
    }

    fn span(&self, range: Range<usize>) -> Span {
        bare(&self.words[range])
    }

    /// Reads the clauses in `range`, which is a sentence or what stands between semicolons.
    pub(super) fn read(&mut self, range: Range<usize>, clauses: &mut Vec<Clause>) {
        if range.is_empty() {
            return;
        }
        let end = range.end;
        let mut first = range.start;
        if let Some(comma) = self.concession(range.clone()) {
            // Two facts set against each other: the word that does it joins them.
            clauses.push(Clause::new(self.span(range.start + 1..comma + 1)));
            first = comma + 1;
        }
        let mut state = self.begin(first, end);
        // A piece behind a semicolon may go on with the subject before it.
        if let (Verb::Finite(form), Some(_)) = (self.verbs[state.body], &self.subject)
            && !CONTRACTIONS.contains(&self.words[state.body].folded.as_str())
        {
            let verb = state.body;
            Self::go_on(&mut state, verb, form);
        }
        let mut shared = self.shared(&state);
        let mut at = state.body;
        while at < end {
            if at > state.body && !state.is_lost {
                if self.is_relative(at)
                    && let Some(next) = self.relative(&mut state, at, end, &shared, clauses)
                {
                    shared = self.shared(&state);
                    at = next;
                    continue;
                }
                if let Some((next, right)) = self.cut(&state, at, end) {
                    self.close(&state, at, std::mem::take(&mut shared), clauses);
                    state = if let Right::Predicate(verb, form) = right {
                        let mut after = State::new(next, next);
                        if state.main.is_none() {
                            self.subject = self.subject_before(&state, state.first_weak);
                        }
                        Self::go_on(&mut after, verb, form);
                        after.is_imperative = state.is_imperative;
                        after
                    } else {
                        self.subject = None;
                        self.begin(next, end)
                    };
                    shared = self.shared(&state);
                    at = next;
                    continue;
                }
            }
            self.take(&mut state, at);
            at += 1;
        }
        self.close(&state, end, shared, clauses);
    }

    /// Where the comma stands that ends `Although A is 10`, if a clause follows it.
    fn concession(&self, range: Range<usize>) -> Option<usize> {
        let first = &self.words[range.start];
        let comma = self.commas[range.start];
        let states = |from: usize, end: usize| match self.right(from, end) {
            Right::Clause(verb) => !self.refers_back(from, verb),
            _ => false,
        };
        (first.is_any(CONCESSIONS)
            && comma + 1 < range.end
            && states(range.start + 1, comma + 1)
            && states(comma + 1, range.end))
        .then_some(comma)
    }

    /// The state at the beginning of a clause with a subject of its own.
    fn begin(&mut self, first: usize, end: usize) -> State {
        let mut body = self.behind_opener(first, end);
        if let Some((after, is_condition)) = self.opening(body, end) {
            self.opening = Some(Opening {
                span: self.words[body].span.start..self.words[after - 1].span.end,
                is_condition,
            });
            body = after;
        }
        let mut state = State::new(first, body);
        let next = self.words.get(body + 1);
        let tells = |word: &Word<'_>| {
            word.mark == Mark::None
                && !word.is_quoted
                && (VERBS.contains(word.folded.as_str())
                    || NOUNS_TOO.contains(word.folded.as_str()) && begins_object(next))
        };
        if body < end && tells(&self.words[body]) {
            state.main = Some((body, Form::Plain));
            state.verb_end = body;
            state.is_imperative = true;
            self.subject = None;
            return state;
        }
        let opens = &self.words[body.min(end - 1)];
        // A condition without a comma has no known end.
        state.is_lost = opens.is_any(CONDITIONS)
            || opens.is_any(&["because", "although", "though", "while", "whereas", "even"]);
        state
    }

    /// Behind a list's mark and `However,`.
    fn behind_opener(&self, first: usize, end: usize) -> usize {
        let mut body = first;
        while body + 1 < end && self.words[body].is_item_mark() {
            body += 1;
        }
        let comma = self.commas[body];
        if comma + 1 < end && comma - body < 4 {
            let opener: Vec<&str> = self.words[body..=comma]
                .iter()
                .map(|word| word.folded.as_str())
                .collect();
            if OPENERS.contains(opener.join(" ").as_str()) {
                return comma + 1;
            }
        }
        body
    }

    /// What a clause opens with up to a comma: a condition, a time, a place. Gives where the
    /// rest begins, and whether it is a condition.
    fn opening(&self, body: usize, end: usize) -> Option<(usize, bool)> {
        let first = &self.words[body];
        let second = self.words.get(body + 1);
        let is_clause = first.is_any(CONDITIONS)
            || first.is_any(&["because", "while", "although", "though"])
            || first.is_any(&["even", "only", "in"])
                && second.is_some_and(|second| second.is_any(&["if", "when", "case", "cases"]));
        if !is_clause && !first.is_in(&PREPOSITIONS) {
            return None;
        }
        let mut comma = self.commas[body];
        for _ in 0..super::LIMIT {
            if comma + 1 >= end {
                break;
            }
            let right = self.plain_right(comma + 1, end);
            let tells = (is_clause || first.is_any(&["to"]))
                && matches!(right, Right::Predicate(_, Form::Plain));
            if matches!(right, Right::Clause(_)) || tells {
                return Some((comma + 1, is_clause || first.is_any(EITHER)));
            }
            comma = self.commas[comma + 1];
        }
        None
    }

    /// The clause has the subject of the one before, and this verb.
    fn go_on(state: &mut State, verb: usize, form: Form) {
        state.goes_on = true;
        state.main = Some((verb, form));
        state.verb_end = verb;
        state.body = verb;
    }

    /// What is put before the clause.
    fn shared(&self, state: &State) -> Vec<Span> {
        let mut shared = Vec::new();
        let is_first = self
            .opening
            .as_ref()
            .is_none_or(|opening| opening.span.start >= self.words[state.first].span.start);
        if let Some(opening) = &self.opening
            && !is_first
            && (opening.is_condition || !self.words[state.body].is_in(&PREPOSITIONS))
        {
            shared.push(opening.span.clone());
        }
        if state.goes_on
            && let Some(subject) = &self.subject
        {
            shared.push(subject.clone());
        }
        shared
    }

    /// The clause ends before `end`.
    fn close(&self, state: &State, end: usize, shared: Vec<Span>, clauses: &mut Vec<Clause>) {
        let range = state.first..end;
        if let Some(list) = self.figures(state, range.clone(), &shared) {
            clauses.extend(list);
            return;
        }
        let mut clause = Clause::new(self.span(range));
        clause.shared = shared;
        clauses.push(clause);
    }

    /// Takes notice of a word within a clause.
    fn take(&mut self, state: &mut State, at: usize) {
        let word = &self.words[at];
        if word.is_quoted {
            return;
        }
        let Some((main, _)) = state.main else {
            if at > state.body
                && (word.is_any(&["who", "which", "whom", "whose", "where", "when"])
                    || word.is_any(&["that"]) && !self.words[at - 1].is_in(&PREPOSITIONS))
            {
                state.relatives += 1;
                state.has_relative = true;
            } else if word.is_any(NEGATIVES) {
                state.is_negative = true;
            } else if word.is_any(&["and", "or"]) && state.has_relative
                || word.is_any(&["whichever", "whatever", "whoever"])
                || state.has_infinitive && self.verbs[at] == Verb::Finite(Form::Plain)
            {
                // Whose verb the next one is cannot be told.
                state.is_lost = true;
            }
            state.has_infinitive |= word.is_any(&["to"]);
            match self.verbs[at] {
                Verb::Finite(_) if state.relatives > 0 => {
                    // `who has been paid is`: the words of one verb count once.
                    if state.verb_end + 1 != at || state.verb_end == 0 {
                        state.relatives -= 1;
                    }
                    state.verb_end = at;
                }
                Verb::Finite(form) => {
                    let subject = self.subject_before(state, at);
                    self.subject = subject;
                    state.main = Some((at, form));
                    state.verb_end = at;
                    state.has_infinitive = false;
                }
                Verb::Weak => {
                    if state.weak == 0 {
                        state.first_weak = at;
                    }
                    state.weak += 1;
                }
                Verb::None => {}
            }
            return;
        };
        if at == main {
            return;
        }
        let goes_on = state.verb_end + 1 == at && self.words[at - 1].mark == Mark::None;
        if goes_on
            && !(word.is_any(&["only"]) && self.words[at - 1].is_any(&["not"]))
            && (is_adverb(word) || word.is_any(&["be", "been", "being", "have"]))
            || goes_on && self.verbs[at] == Verb::Weak
        {
            state.verb_end = at;
            return;
        }
        state.joins |= word.is_any(&["and", "or", "nor"]);
        if word.is_in(&SUBORDINATORS) {
            state.open = Open::Content;
        } else if word.is_any(CONDITIONS) {
            if state.open == Open::Nothing {
                state.open = Open::Condition;
            }
        } else if word.is_any(EITHER) {
            state.may_open = true;
        } else if word.is_any(&["to"]) {
            state.has_infinitive = true;
        } else if word.is_any(&["only"]) && self.words[at - 1].is_any(&["not"]) {
            state.open = Open::Content;
        } else if matches!(self.verbs[at], Verb::Finite(_)) && state.open == Open::Nothing {
            state.open = if state.may_open {
                Open::Condition
            } else {
                Open::Content
            };
        }
    }

    /// The words before the verb, as the subject of what follows.
    fn subject_before(&self, state: &State, verb: usize) -> Option<Span> {
        let word = &self.words[verb];
        if CONTRACTIONS.contains(&word.folded.as_str()) {
            let pronoun = word.core.find(['\'', '’'])?;
            return Some(word.core_start..word.core_start + pronoun);
        }
        let mut end = verb;
        while end > state.body && is_adverb(&self.words[end - 1]) {
            end -= 1;
        }
        let mut first = state.body;
        while first < end && self.words[first].core.is_empty() {
            first += 1;
        }
        (first < end).then(|| self.words[first].span.start..self.words[end - 1].span.end)
    }

    /// What begins at `at`, and ends before `end` at the latest.
    fn right(&self, at: usize, end: usize) -> Right {
        let opens = self.words[at..end].first();
        if opens.is_some_and(|opens| opens.is_any(CONDITIONS)) {
            return match self.opening(at, end) {
                Some(_) => Right::Conditional,
                None => Right::Nothing,
            };
        }
        self.plain_right(at, end)
    }

    /// The same, where a condition is none.
    fn plain_right(&self, at: usize, end: usize) -> Right {
        let mut first = at;
        while first < end && first - at < 3 && is_adverb(&self.words[first]) {
            first += 1;
        }
        if first >= end {
            return Right::Nothing;
        }
        let opens = &self.words[first];
        if opens.is_any(CONDITIONS) || opens.is_in(&SUBORDINATORS) || opens.is_any(COORDINATORS) {
            return Right::Nothing;
        }
        match self.verbs[first] {
            Verb::Finite(_) if CONTRACTIONS.contains(&opens.folded.as_str()) => {
                return Right::Clause(first);
            }
            Verb::Finite(form) => return Right::Predicate(first, form),
            _ => {}
        }
        if opens.is_in(&VERBS) && !begins_object(self.words.get(first + 1)) {
            return Right::Nothing;
        }
        let next = self
            .words
            .get(first + 1)
            .filter(|_| opens.mark == Mark::None);
        if is_plain(&opens.folded, next) && begins_object(next) {
            return Right::Predicate(first, Form::Plain);
        }
        for verb in first + 1..end.min(first + SUBJECT) {
            if self.words[verb - 1].mark != Mark::None {
                return Right::Nothing;
            }
            let word = &self.words[verb];
            if matches!(self.verbs[verb], Verb::Finite(_)) {
                return Right::Clause(verb);
            }
            let before = &self.words[verb - 1];
            // `seniors the company hires`, `seniors as long as they are members`.
            let is_another = (word.is_any(DETERMINERS) || word.is_any(PERSONAL))
                && !before.is_in(&PREPOSITIONS)
                && !before.is_any(DETERMINERS)
                && !is_adverb(before);
            if is_another
                || word.is_any(COORDINATORS)
                || word.is_any(EITHER)
                || word.is_any(&["or", "nor", "case", "cases"])
                || word.is_any(CONDITIONS)
                || word.is_in(&SUBORDINATORS)
            {
                return Right::Nothing;
            }
        }
        Right::Nothing
    }

    /// Whether a clause ends before the word: gives where the next begins.
    fn cut(&self, state: &State, at: usize, end: usize) -> Option<(usize, Right)> {
        let before = &self.words[at - 1];
        let word = &self.words[at];
        if !before.may_end() || at + 1 >= end || word.is_quoted {
            return None;
        }
        let has_comma = before.mark == Mark::Comma;
        if !word.is_any(COORDINATORS) {
            return (has_comma && self.is_in_series(at, end) && self.allows(state, at, at, end))
                .then(|| (at, self.right(at, end)));
        }
        if word.mark != Mark::None && word.mark != Mark::Comma {
            return None;
        }
        self.allows(state, at, at + 1, end)
            .then(|| (at + 1, self.right(at + 1, end)))
    }

    /// Whether the words after a comma are one of `A is 10, B is 20, and C is 30`.
    fn is_in_series(&self, at: usize, end: usize) -> bool {
        let is_member =
            |at: usize| matches!(self.right(at, end), Right::Clause(_) | Right::Predicate(..));
        let mut at = at;
        for _ in 0..super::LIMIT {
            if !is_member(at) {
                return false;
            }
            let comma = self.commas[at];
            if comma + 2 >= end {
                return false;
            }
            if self.words[comma + 1].is_any(&["and", "but"]) {
                return is_member(comma + 2);
            }
            at = comma + 1;
        }
        false
    }

    /// Whether the clause may end at `at`, where a coordinator or a comma stands, and another
    /// begins at `next`.
    fn allows(&self, state: &State, at: usize, next: usize, end: usize) -> bool {
        let word = &self.words[at];
        let has_comma = self.words[at - 1].mark == Mark::Comma;
        let right = self.right(next, end);
        // `and the badge is returned if you resign`: to how much the condition belongs is not
        // known.
        let condition = self.conditions[next];
        let leans = !has_comma
            && !word.is_any(&["but", "whereas", "while"])
            && condition < end
            && condition < self.commas[next]
            && right != Right::Conditional
            && self.words[condition].is_any(&["if", "when", "provided", "once", "whenever"]);
        if leans {
            return false;
        }
        let names = self.words[at - 1].core.starts_with(char::is_uppercase)
            && self.words[next].core.starts_with(char::is_uppercase)
            && at - 1 > state.body
            && !has_comma;
        match right {
            Right::Nothing => false,
            Right::Predicate(_, form) => {
                let Some((main, left)) = state.main else {
                    // `The board met in May and approved the budget.`
                    return form == Form::Past
                        && word.is_any(&["and", "but"])
                        && state.weak == 1
                        && !state.has_relative
                        && !state.is_negative
                        && state.first_weak > state.body;
                };
                if state.open != Open::Nothing
                    || state.is_negative
                    || word.is_any(&["whereas", "while"])
                    || self.subject.is_none() && !state.is_imperative
                    || state.is_imperative && form != Form::Plain
                {
                    return false;
                }
                // `owns and operates a plant`: the object is that of both, and `after it hit and
                // killed` goes on with the time.
                let is_auxiliary = matches!(form, Form::Auxiliary | Form::Modal);
                if !is_auxiliary && (state.may_open || self.verbs[at - 1] != Verb::None) {
                    return false;
                }
                match form {
                    Form::Auxiliary | Form::Modal => true,
                    Form::Third => left != Form::Plain,
                    Form::Past => {
                        !matches!(left, Form::Modal | Form::Plain)
                            && !self.words[main].is_any(&["has", "had"])
                    }
                    Form::Plain => left == Form::Plain && !state.has_infinitive,
                }
            }
            Right::Clause(verb) => {
                if names || state.relatives > 0 || self.refers_back(next, verb) {
                    return false;
                }
                let is_whole =
                    state.main.is_some() || state.weak == 1 && has_comma && !state.has_relative;
                let is_closed = match state.open {
                    Open::Nothing => true,
                    // `if you are sued, or sue, and you lose`
                    Open::Condition => has_comma && !state.joins,
                    Open::Content => false,
                };
                // `If A is 1, B is 2, and C is 3 you win.`
                let is_listed = has_comma
                    && word.is_any(&["and"])
                    && self
                        .opening
                        .as_ref()
                        .is_some_and(|opening| opening.is_condition)
                    && self.conditions[state.first] < state.body;
                if is_listed || !is_whole || !is_closed || state.joins && !has_comma {
                    return false;
                }
                if word.is_any(&["while"]) {
                    let progresses = self
                        .words
                        .get(verb + 1)
                        .is_some_and(|word| word.folded.ends_with("ing") || word.is_any(&["on"]));
                    return has_comma && !progresses;
                }
                true
            }
            Right::Conditional => {
                state.main.is_some()
                    && state.open == Open::Nothing
                    && !self.words[next + 1].is_any(ANAPHORS)
            }
        }
    }

    /// Whether the subject in front of the verb is `it`, `its price` or the like, which may be
    /// anything that was named.
    fn refers_back(&self, first: usize, verb: usize) -> bool {
        let subject = (first..verb)
            .rev()
            .find(|at| !is_adverb(&self.words[*at]))
            .unwrap_or(verb);
        self.words[subject].is_any(ANAPHORS)
            || self.words[verb].is_any(ANAPHORS)
            || (first..verb)
                .find(|at| !is_adverb(&self.words[*at]))
                .is_some_and(|at| self.words[at].is_any(&["its", "their", "his", "her"]))
    }

    fn is_relative(&self, at: usize) -> bool {
        self.words[at].is_any(&["which", "who"])
            && self.words[at - 1].mark == Mark::Comma
            && self.words[at - 1].may_end()
    }

    /// A relative clause behind a comma says something of its own. Gives where to go on.
    fn relative(
        &mut self,
        state: &mut State,
        at: usize,
        end: usize,
        shared: &[Span],
        clauses: &mut Vec<Clause>,
    ) -> Option<usize> {
        let verb = (at + 1..end.min(at + 4)).find(|verb| !is_adverb(&self.words[*verb]))?;
        let next = self.words.get(verb + 1);
        let form = match self.verbs[verb] {
            Verb::Finite(form) => form,
            Verb::Weak => Form::Past,
            Verb::None if is_plain(&self.words[verb].folded, next) => Form::Plain,
            Verb::None => return None,
        };
        if state.main.is_none() {
            if state.relatives > 0 || state.weak > 0 {
                return None;
            }
            let mut close = self.commas[at];
            let back = loop {
                if close + 1 >= end || close > at + RELATIVE {
                    return None;
                }
                let back =
                    (close + 1..end.min(close + 4)).find(|back| !is_adverb(&self.words[*back]))?;
                let next = self.words.get(back + 1);
                match self.verbs[back] {
                    Verb::Finite(form) => break (back, form),
                    Verb::None if is_plain(&self.words[back].folded, next) => {
                        break (back, Form::Plain);
                    }
                    _ => {}
                }
                close = self.commas[close + 1];
            };
            let subject = bare(&self.words[state.body..at]);
            let mut clause = Clause::new(self.span(state.first..close + 1));
            clause.shared = shared.to_vec();
            clause.own = vec![subject.clone(), self.span(at + 1..close + 1)];
            clauses.push(clause);
            self.subject = Some(subject);
            let is_negative = state.is_negative;
            *state = State::new(close + 1, close + 1);
            Self::go_on(state, back.0, back.1);
            state.is_negative = is_negative;
            return Some(close + 1);
        }
        let of_noun = self.words[at].is_any(&["who"]) || self.words[verb].is_in(&OF_NOUNS);
        if !of_noun || state.open != Open::Nothing || self.commas[at] < end {
            return None;
        }
        let antecedent = self.noun_before(state, at)?;
        self.close(state, at, shared.to_vec(), clauses);
        self.subject = Some(antecedent);
        *state = State::new(at + 1, at + 1);
        Self::go_on(state, verb, form);
        Some(at + 1)
    }

    /// The noun that ends before the word: from its determiner on, without prepositions between,
    /// or a name.
    fn noun_before(&self, state: &State, at: usize) -> Option<Span> {
        let main = state.main?.0;
        let from = at.saturating_sub(7).max(main + 1);
        let mut first = None;
        for index in (from..at).rev() {
            let word = &self.words[index];
            if word.is_any(DETERMINERS) {
                first = Some(index);
                break;
            }
            if word.is_in(&PREPOSITIONS) || word.is_any(&["and", "or"]) {
                break;
            }
            // A name is all that is written large right before the comma.
            let is_name = word.core.starts_with(char::is_uppercase);
            if is_name && (first.is_some() || index + 1 == at) {
                first = Some(index);
            } else if first.is_some() {
                break;
            }
        }
        let first = first?;
        // `the head of the team, who`: whose it is cannot be told.
        let is_part = self.words[first - 1].is_any(&["of", "and", "or"]);
        (!is_part).then(|| self.words[first].span.start..self.words[at - 1].bare_end)
    }

    /// The items of `The allowance is 30 won for managers, 25 won for seniors and 20 won for
    /// staff`, and of `Managers get 30 won, seniors 25 won and staff 20 won`.
    fn figures(&self, state: &State, range: Range<usize>, shared: &[Span]) -> Option<Vec<Clause>> {
        let (main, _) = state.main?;
        if state.open != Open::Nothing || state.is_negative || main < range.start {
            return None;
        }
        let figure =
            (main + 1..range.end.min(main + 1 + LABEL)).find(|at| self.words[*at].has_digit())?;
        let mut starts = vec![figure];
        let mut ends = Vec::new();
        for at in figure + 1..range.end {
            let joins = self.words[at].is_any(&["and"]);
            if self.words[at - 1].mark == Mark::Comma || joins {
                ends.push(at);
                starts.push(at + usize::from(joins));
                if starts.len() > 64 {
                    return None;
                }
            }
            if self.words[at].is_any(&["respectively", "or", "to", "but"]) {
                return None;
            }
        }
        ends.push(range.end);
        if starts.len() < 2 {
            return None;
        }
        let items: Vec<Range<usize>> = starts
            .iter()
            .zip(&ends)
            .map(|(start, end)| *start..*end)
            .collect();
        if items.iter().any(Range::is_empty)
            || !ends[..ends.len() - 1]
                .iter()
                .all(|end| self.words[end - 1].may_end())
        {
            return None;
        }
        let unit = self.unit(&items[0]).filter(|unit| !unit.is_empty())?;
        let mut list = Vec::new();
        let mut first = Clause::new(self.span(range.start..items[0].end));
        first.shared = shared.to_vec();
        list.push(first);
        let own = |clause: &mut Clause, spans: Vec<Span>| {
            clause.shared = shared.to_vec();
            if shared.is_empty()
                && let Some(opening) = &self.opening
                && range.start < state.body
            {
                clause.shared.push(opening.span.clone());
            }
            clause.own = spans;
        };
        let verb = self.words[main].span.start..self.words[figure - 1].span.end;
        let before = self.words[state.body].span.start..self.words[figure - 1].span.end;
        if items.iter().any(|item| item.start < figure) {
            return None;
        }
        if self.preposition(&items[0]).is_some()
            && items.iter().all(|item| {
                self.words[item.start].has_digit()
                    && self.unit(item) == Some(unit)
                    && self.preposition(item) == self.preposition(&items[0])
            })
        {
            for item in &items[1..] {
                let mut clause = Clause::new(self.span(item.clone()));
                own(&mut clause, vec![before.clone(), self.span(item.clone())]);
                list.push(clause);
            }
            return Some(list);
        }
        if state.goes_on {
            return None;
        }
        for item in &items[1..] {
            let at = (item.start..item.end.min(item.start + LABEL + 1))
                .find(|at| self.words[*at].has_digit())?;
            let names = at > item.start
                && !self.words[item.start].is_in(&PREPOSITIONS)
                && (item.start..item.end).all(|at| self.verbs[at] == Verb::None);
            if !names || self.unit(&(at..item.end)) != Some(unit) {
                return None;
            }
            let mut clause = Clause::new(self.span(item.clone()));
            own(
                &mut clause,
                vec![
                    self.span(item.start..at),
                    verb.clone(),
                    self.span(at..item.end),
                ],
            );
            list.push(clause);
        }
        Some(list)
    }

    /// What the figure at the start of an item counts: its digits left out.
    fn unit(&self, item: &Range<usize>) -> Option<&str> {
        let word = self.words.get(item.start)?;
        let own = word
            .core
            .trim_start_matches(|char: char| char.is_numeric() || matches!(char, ',' | '.'));
        if !own.is_empty() || item.len() < 2 || word.mark != Mark::None {
            return Some(own);
        }
        Some(self.words[item.start + 1].core)
    }

    /// The preposition after an item's figure and unit.
    fn preposition(&self, item: &Range<usize>) -> Option<&str> {
        (item.start + 1..item.end.min(item.start + 5))
            .map(|at| self.words[at].folded.as_str())
            .find(|word| PREPOSITIONS.contains(word))
    }
}
