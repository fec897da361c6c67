//! English follow-up questions.

use super::bare;

const LEADING_ON: [&str; 9] = [
    "and", "but", "so", "then", "ok", "okay", "also", "well", "or",
];
/// Phrases that name only what differs.
const ABOUT: [&[&str]; 7] = [
    &["what", "about"],
    &["how", "about"],
    &["what", "of"],
    &["same", "for"],
    &["same", "question", "for"],
    &["and", "for"],
    &["and"],
];
const BACK: [&str; 12] = [
    "it", "its", "they", "them", "their", "theirs", "that", "those", "these", "this", "he", "she",
];
/// Nouns that `this` and `that` belong to without pointing back.
const OWN_THIS: [&str; 9] = [
    "year", "month", "week", "quarter", "company", "office", "morning", "time", "handbook",
];
const PREPOSITION: [&str; 17] = [
    "for", "in", "on", "at", "after", "before", "with", "without", "during", "under", "over", "by",
    "from", "between", "within", "above", "below",
];
/// Words that questions are made of.
const ASKING: [&str; 69] = [
    "a", "an", "the", "of", "to", "for", "in", "on", "at", "by", "with", "from", "is", "are",
    "was", "were", "be", "been", "do", "does", "did", "can", "could", "may", "might", "must",
    "should", "will", "would", "how", "what", "who", "whom", "which", "when", "where", "why",
    "much", "many", "long", "often", "far", "i", "we", "you", "our", "my", "your", "me", "us",
    "get", "have", "has", "need", "please", "tell", "show", "give", "there", "any", "if", "or",
    "and", "not", "no", "more", "about", "s", "as",
];
const WH_AND_AUX: [&str; 30] = [
    "is", "are", "was", "were", "do", "does", "did", "can", "could", "may", "might", "must",
    "should", "will", "would", "how", "what", "who", "whom", "which", "when", "where", "why",
    "has", "have", "be", "been", "i", "we", "you",
];
/// Nouns that every topic has.
const GENERAL: [&str; 49] = [
    "limit",
    "limits",
    "deadline",
    "form",
    "forms",
    "procedure",
    "process",
    "exception",
    "exceptions",
    "approval",
    "approver",
    "reason",
    "reasons",
    "condition",
    "conditions",
    "requirement",
    "requirements",
    "documents",
    "rule",
    "rules",
    "amount",
    "cost",
    "maximum",
    "minimum",
    "period",
    "start",
    "end",
    "difference",
    "examples",
    "example",
    "notice",
    "steps",
    "day",
    "days",
    "hours",
    "weeks",
    "months",
    "years",
    "else",
    "happens",
    "source",
    "same",
    "case",
    "advance",
    "once",
    "page",
    "section",
    "document",
    "answer",
];
/// Verbs that every topic has.
const LIGHT: [&str; 52] = [
    "apply",
    "applies",
    "request",
    "approve",
    "approves",
    "approved",
    "use",
    "used",
    "take",
    "taken",
    "happen",
    "happens",
    "work",
    "works",
    "needed",
    "count",
    "counted",
    "expire",
    "expires",
    "pay",
    "pays",
    "paid",
    "carry",
    "carried",
    "over",
    "submit",
    "submitted",
    "cancel",
    "cancelled",
    "ask",
    "claim",
    "claimed",
    "allowed",
    "extend",
    "extended",
    "begin",
    "begins",
    "split",
    "change",
    "changed",
    "find",
    "say",
    "says",
    "sign",
    "signs",
    "decide",
    "decides",
    "required",
    "receive",
    "give",
    "it's",
    "so",
];
const GREETING: [&str; 6] = ["hello", "hi", "thanks", "thank", "help", "hey"];
/// What is measured with, before `of`.
const MEASURE: [&str; 14] = [
    "days",
    "day",
    "hours",
    "amount",
    "number",
    "kind",
    "kinds",
    "type",
    "types",
    "weeks",
    "months",
    "years",
    "percentage",
    "limit",
];
const PERSON: [&str; 34] = [
    "employee",
    "employees",
    "executive",
    "executives",
    "manager",
    "managers",
    "intern",
    "interns",
    "contractor",
    "contractors",
    "staff",
    "part-timers",
    "part-timer",
    "director",
    "directors",
    "trainee",
    "trainees",
    "temps",
    "visitors",
    "spouse",
    "spouses",
    "children",
    "parents",
    "family",
    "leads",
    "engineers",
    "newcomers",
    "freelancers",
    "officers",
    "consultants",
    "apprentices",
    "supervisors",
    "workers",
    "seniors",
];
const REGION: [&str; 24] = [
    "overseas",
    "domestic",
    "abroad",
    "international",
    "japan",
    "china",
    "europe",
    "korea",
    "seoul",
    "busan",
    "vietnam",
    "us",
    "usa",
    "america",
    "asia",
    "germany",
    "france",
    "headquarters",
    "branch",
    "local",
    "remote",
    "national",
    "foreign",
    "home",
];
const NUMBERS: [&str; 12] = [
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "first",
    "second",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Code,
    Figure,
    Person,
    Region,
    Thing,
}

fn kind(word: &str) -> Kind {
    let has_digit = word.chars().any(|char| char.is_ascii_digit());
    let has_letter = word.chars().any(|char| char.is_ascii_alphabetic());
    if has_digit && has_letter {
        Kind::Code
    } else if has_digit || NUMBERS.contains(&word) {
        Kind::Figure
    } else if PERSON.contains(&word) {
        Kind::Person
    } else if REGION.contains(&word) {
        Kind::Region
    } else {
        Kind::Thing
    }
}

/// Whether a word asks or joins, so that it may be a model's own.
pub(super) fn says_nothing(word: &str) -> bool {
    ASKING.contains(&word)
        || LEADING_ON.contains(&word)
        || GENERAL.contains(&word) && word == "same"
}

/// Whether two words are the same but for their endings.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    const LEAST: usize = 4;
    let common = one
        .chars()
        .zip(other.chars())
        .take_while(|(one, other)| one == other)
        .count();
    let longest = one.chars().count().max(other.chars().count());
    one == other || common >= LEAST && longest - common <= 3
}

fn is_content(word: &str) -> bool {
    !ASKING.contains(&word)
        && !LEADING_ON.contains(&word)
        && !GENERAL.contains(&word)
        && !LIGHT.contains(&word)
        && !BACK.contains(&word)
}

struct Asked {
    /// Lower case, without punctuation.
    words: Vec<String>,
    shown: Vec<String>,
}

impl Asked {
    fn of(question: &str) -> Self {
        let shown: Vec<String> = question
            .split_whitespace()
            .map(|word| bare(word).to_owned())
            .filter(|word| !word.is_empty())
            .collect();
        Self {
            words: shown.iter().map(|word| word.to_lowercase()).collect(),
            shown,
        }
    }

    fn starts_with(&self, phrase: &[&str]) -> bool {
        self.words.len() > phrase.len()
            && self
                .words
                .iter()
                .zip(phrase)
                .all(|(word, part)| word == part)
    }

    fn content(&self) -> Vec<&str> {
        let words = self.words.iter().map(String::as_str);
        words.filter(|word| is_content(word)).collect()
    }

    fn asks(&self) -> bool {
        self.words
            .iter()
            .any(|word| WH_AND_AUX.contains(&word.as_str()))
    }

    /// Where it points back.
    fn points_back(&self) -> Option<usize> {
        self.words.iter().enumerate().position(|(at, word)| {
            let next = self.words.get(at + 1).map(String::as_str);
            match word.as_str() {
                "it" | "its" | "they" | "them" | "their" | "theirs" | "he" | "she" => true,
                // `documents that must be signed` does not point back.
                "that" => {
                    let before = at.checked_sub(1).map(|at| self.words[at].as_str());
                    let follows = before.is_none_or(|before| {
                        WH_AND_AUX.contains(&before)
                            || PREPOSITION.contains(&before)
                            || LIGHT.contains(&before)
                            || before == "of"
                            || before == "to"
                            || before == "exceed"
                    });
                    follows || next.is_none()
                }
                "this" | "those" | "these" => !next.is_some_and(|next| OWN_THIS.contains(&next)),
                _ => false,
            }
        })
    }

    fn without(mut self, count: usize) -> Self {
        self.words.drain(..count);
        self.shown.drain(..count);
        self
    }
}

/// The question in full, if it follows up on `last`.
pub(super) fn completed(last: &str, question: &str) -> Option<String> {
    const LONGEST: usize = 4;
    let asked = Asked::of(question);
    if asked
        .words
        .first()
        .is_some_and(|first| GREETING.contains(&first.as_str()))
    {
        return None;
    }
    let before = Asked::of(last);
    for phrase in ABOUT {
        if asked.starts_with(phrase) {
            let rest = Asked::of(question).without(phrase.len());
            // `And who approves it?` is a question of its own, or points back.
            if rest.asks() {
                continue;
            }
            if rest.content().len() > LONGEST {
                return None;
            }
            if rest.points_back().is_none() {
                return Some(differing(&before, rest));
            }
        }
    }
    if let Some(at) = asked.points_back() {
        return Some(pointing(&before, &asked, at));
    }
    let content = asked.content();
    if content.is_empty() {
        return Some(with_topic(&before, asked));
    }
    let is_fragment = !asked.asks() && question.ends_with('?');
    let begins_narrow = asked
        .words
        .first()
        .is_some_and(|first| PREPOSITION.contains(&first.as_str()));
    if is_fragment && (begins_narrow && asked.words.len() <= 7 || content.len() <= 2) {
        return Some(differing(&before, asked));
    }
    let narrows = content.iter().all(|word| kind(word) != Kind::Thing);
    if narrows && asked.asks() {
        return Some(with_topic(&before, asked));
    }
    None
}

/// What a question is about: its first words between those that ask.
fn topic(before: &Asked) -> String {
    let words = &before.words;
    let breaks = |word: &String| {
        WH_AND_AUX.contains(&word.as_str())
            || ["much", "many", "long", "often", "get", "to"].contains(&word.as_str())
    };
    let mut best = None;
    let mut start = 0;
    for end in 0..=words.len() {
        if end < words.len() && !breaks(&words[end]) {
            continue;
        }
        let has_thing = words[start..end]
            .iter()
            .any(|word| is_content(word) && kind(word) != Kind::Person);
        if has_thing && best.is_none() {
            best = Some((start, end));
        }
        start = end + 1;
    }
    let (mut start, mut end) = best.unwrap_or((0, words.len()));
    // `employees carry over unused leave`: who does what with it.
    let is_verb = |word: &str| LIGHT.contains(&word);
    if end - start > 2 && PERSON.contains(&words[start].as_str()) && is_verb(&words[start + 1]) {
        start += 1;
    }
    while end - start > 1 {
        let word = words[start].as_str();
        let is_measure =
            MEASURE.contains(&word) && words.get(start + 1).is_some_and(|next| next == "of");
        if is_measure {
            start += 2;
        } else if is_verb(word)
            || [
                "the", "a", "an", "of", "any", "there", "my", "our", "not", "please",
            ]
            .contains(&word)
        {
            start += 1;
        } else {
            break;
        }
    }
    while end - start > 1 && (ASKING.contains(&words[end - 1].as_str()) || is_verb(&words[end - 1]))
    {
        end -= 1;
    }
    before.shown[start..end].join(" ")
}

fn question(words: &[String]) -> String {
    let text = words.join(" ");
    let mut chars = text.chars();
    let first = chars.next().map(|char| char.to_uppercase().to_string());
    format!("{}{}?", first.unwrap_or_default(), chars.as_str())
}

/// What is asked now, of the topic of before.
fn with_topic(before: &Asked, asked: Asked) -> String {
    let asked = if asked.words.len() > 1 && LEADING_ON.contains(&asked.words[0].as_str()) {
        asked.without(1)
    } else {
        asked
    };
    let topic = topic(before);
    let mut words = asked.shown;
    if !topic.is_empty() {
        words.extend(["for".to_owned(), topic]);
    }
    question(&words)
}

/// The topic of before, in place of the word that points back.
fn pointing(before: &Asked, asked: &Asked, at: usize) -> String {
    let mut words = asked.shown.clone();
    let topic = topic(before);
    let is_possessive = ["its", "their", "theirs"].contains(&asked.words[at].as_str());
    words[at] = if is_possessive {
        format!("{topic}'s")
    } else {
        topic
    };
    if words.len() > 1 && LEADING_ON.contains(&asked.words[0].as_str()) {
        words.remove(0);
    }
    question(&words)
}

/// The question before, with what is named now in place of what it differs from.
fn differing(before: &Asked, named: Asked) -> String {
    let begins = named.words.first().map(String::as_str).unwrap_or_default();
    let is_narrowing = PREPOSITION.contains(&begins);
    let whole = named.shown.join(" ");
    let named = if is_narrowing || ["the", "a", "an"].contains(&begins) {
        named.without(1)
    } else {
        named
    };
    let phrase = named.shown.join(" ");
    let content = named.content();
    let put = |start: usize, end: usize, phrase: &str| {
        let mut words = before.shown[..start].to_vec();
        words.push(phrase.to_owned());
        words.extend_from_slice(&before.shown[end..]);
        question(&words)
    };
    let appended = || {
        let mut words = before.shown.clone();
        words.push(if is_narrowing {
            whole.clone()
        } else {
            format!("for {phrase}")
        });
        question(&words)
    };
    // Numbers stand before what they count: `two years`.
    if let Some(at) = named
        .words
        .iter()
        .position(|word| kind(word) == Kind::Figure)
    {
        let unit = named
            .words
            .get(at + 1)
            .map_or("", |unit| unit.trim_end_matches('s'));
        let there = before.words.iter().enumerate().position(|(place, word)| {
            kind(word) == Kind::Figure
                && before
                    .words
                    .get(place + 1)
                    .map_or("", |unit| unit.trim_end_matches('s'))
                    == unit
        });
        return match there {
            Some(place) => put(place, (place + 2).min(before.words.len()), &phrase),
            None => appended(),
        };
    }
    let single = |of: Kind| {
        let one = content.iter().find(|word| kind(word) == of)?;
        let there = before.words.iter().position(|word| kind(word) == of)?;
        let others = content.iter().filter(|word| *word != one);
        let shared = others
            .clone()
            .all(|word| before.words.iter().any(|said| said == word));
        Some((there, (*one).to_owned(), shared, others.count() == 0))
    };
    for of in [Kind::Code, Kind::Person, Kind::Region] {
        if let Some((there, one, shared, alone)) = single(of)
            && shared
        {
            let at = named
                .words
                .iter()
                .position(|word| *word == one)
                .unwrap_or_default();
            let phrase = if alone {
                phrase.clone()
            } else {
                named.shown[at].clone()
            };
            return put(there, there + 1, &phrase);
        }
    }
    if content
        .iter()
        .all(|word| matches!(kind(word), Kind::Person | Kind::Region))
    {
        return appended();
    }
    if is_narrowing {
        return appended();
    }
    // `sick leave` in place of `annual leave`.
    let last = named.words.last().map(String::as_str).unwrap_or_default();
    if let Some(end) = before.words.iter().rposition(|word| word == last)
        && named.words.len() > 1
    {
        let start = (end + 1).saturating_sub(named.words.len());
        return put(start, end + 1, &phrase);
    }
    let topic = Asked::of(&topic(before));
    let start = before
        .words
        .windows(topic.words.len().max(1))
        .position(|words| words == topic.words);
    match start {
        Some(start) if !topic.words.is_empty() => put(start, start + topic.words.len(), &phrase),
        _ => appended(),
    }
}
