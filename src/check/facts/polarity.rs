//! Whether a clause affirms or denies, and what.

use super::limit::denials;
use crate::index::words;
use crate::language::is_hangul;

/// What a clause says at its end, and whether it denies it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Polarity {
    denies: bool,
    kind: Kind,
    /// Stems of the predicate.
    predicate: Vec<String>,
    /// As it is written, for people.
    pub(super) text: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Kind {
    #[default]
    Plain,
    /// What may be done.
    Permission,
    /// What has to be done.
    Duty,
}

/// Words between a figure and the end of what is said of it, in Korean.
const NEAR: usize = 7;

/// Words before and after a figure that may deny it, in English.
const WINDOW: usize = 14;

/// Characters of a predicate that are looked at.
const REACH: usize = 160;

/// What begins a condition, after which the main clause follows a comma.
const INTRO: &[&str] = &[
    "if ", "when ", "unless ", "where ", "once ", "within ", "after ", "during ", "for ",
    "without ", "in ",
];

/// What begins another clause.
const OTHERS: &[&str] = &[
    " but ",
    " because ",
    " although ",
    " though ",
    " whereas ",
    " so that ",
    " even if ",
    " since ",
];

impl Polarity {
    /// Of the clause `text`, of which the last figure ends at `from`.
    pub(super) fn of(text: &str, from: usize) -> Self {
        let rest = text.get(from..).unwrap_or_default();
        if rest.chars().any(is_hangul) || text.chars().rev().take(16).any(is_hangul) {
            Self::korean(rest)
        } else {
            Self::english(text, from)
        }
    }

    fn korean(rest: &str) -> Self {
        let end = rest.trim_end_matches(|char: char| !char.is_alphanumeric());
        let start = end
            .char_indices()
            .rev()
            .take(REACH)
            .last()
            .map_or(0, |(at, _)| at);
        let all: Vec<&str> = end[start..].split_whitespace().collect();
        if all.len() > NEAR || start > 0 {
            // Too far from its figure to be said of it.
            return Self::default();
        }
        let tail = &all[all.len().saturating_sub(3)..];
        let mut text = String::new();
        for (index, word) in tail.iter().enumerate() {
            // `없는 계정은` describes the account and denies nothing of it.
            let describes = index + 1 < tail.len()
                && ["는", "은", "을", "던", "한", "인"]
                    .iter()
                    .any(|ending| word.ends_with(ending))
                && !word.ends_with("지는");
            if describes && denials(word) > 0 && !matches!(*word, "않는" | "수는") {
                text.clear();
                continue;
            }
            text.push_str(word);
            text.push(' ');
        }
        let hard = ["힘들", "어렵", "어려"]
            .iter()
            .filter(|word| text.contains(*word))
            .count();
        let nouns = ["금지", "불가"]
            .iter()
            .filter(|word| text.trim_end().ends_with(*word))
            .count();
        let denies = (denials(&text) + hard + nouns) % 2 == 1;
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let kind = if has(&[
            "수 있",
            "수 없",
            "수는 없",
            "수도 있",
            "가능",
            "불가",
            "허용",
            "허가",
            "금지",
            "도 된",
            "도 됩",
            "도 돼",
            "안 된",
            "안 됩",
            "안된",
            "안됩",
            "아니 된",
            "아니된",
        ]) && !has(&["않아도", "없어도"])
        {
            Kind::Permission
        } else if has(&[
            "해야",
            "하여야",
            "받아야",
            "필요",
            "의무",
            "않아도",
            "없어도",
            "야 한",
            "야 합",
        ]) {
            Kind::Duty
        } else {
            Kind::Plain
        };
        let predicate = all
            .iter()
            .rev()
            .take(4)
            .map(|word| word.trim_matches(|char: char| !char.is_alphanumeric()))
            .filter(|word| {
                !word.is_empty()
                    && ![
                        "수",
                        "있",
                        "없",
                        "않",
                        "한다",
                        "합니다",
                        "된다",
                        "됩니다",
                        "못",
                        "안",
                        "아니",
                        "것",
                    ]
                    .iter()
                    .any(|other| word.starts_with(other))
            })
            .take(2)
            .map(|word| word.chars().take(2).collect())
            .collect();
        Self {
            denies,
            kind,
            predicate,
            text: tail.join(" "),
        }
    }

    fn english(text: &str, from: usize) -> Self {
        let start = text
            .char_indices()
            .rev()
            .take(4 * REACH)
            .last()
            .map_or(0, |(at, _)| at);
        let lower = text[start..].to_lowercase().replace('’', "'");
        let mut clause = lower.as_str();
        // What is said on condition is said after the comma.
        let trimmed = clause.trim_start_matches(|char: char| !char.is_alphanumeric());
        if INTRO.iter().any(|word| trimmed.starts_with(word))
            && let Some((_, rest)) = trimmed.split_once(',')
            && rest.split_whitespace().count() > 1
        {
            clause = rest;
        }
        // What a clause goes on to say otherwise, or gives as a reason, is another's.
        let mut at = from
            .saturating_sub(text.len() - clause.len().min(text.len()))
            .min(clause.len());
        while !clause.is_char_boundary(at) {
            at -= 1;
        }
        if let Some(cut) = OTHERS
            .iter()
            .chain(&[" and "])
            .filter_map(|word| clause[at..].find(word))
            .min()
        {
            clause = &clause[..at + cut];
        }
        if let Some(cut) = OTHERS
            .iter()
            .filter_map(|word| Some(clause[..at].rfind(word)? + word.len()))
            .max()
        {
            clause = &clause[cut..];
            at -= cut;
        }
        let split = |text: &'_ str| {
            text.split(|char: char| !(char.is_alphanumeric() || char == '\''))
                .filter(|word| !word.is_empty())
                .count()
        };
        let ahead = clause.get(..at.min(clause.len())).map_or(0, split);
        let tokens: Vec<&str> = clause
            .split(|char: char| !(char.is_alphanumeric() || char == '\''))
            .filter(|word| !word.is_empty())
            .skip(ahead.saturating_sub(WINDOW))
            .take(2 * WINDOW)
            .collect();
        let is_verb = |word: &str| {
            matches!(
                word,
                "is" | "are"
                    | "was"
                    | "were"
                    | "be"
                    | "been"
                    | "has"
                    | "have"
                    | "had"
                    | "do"
                    | "does"
                    | "did"
                    | "may"
                    | "can"
                    | "must"
                    | "shall"
                    | "will"
                    | "would"
                    | "could"
                    | "should"
                    | "need"
                    | "needs"
                    | "might"
                    | "cannot"
                    | "never"
            ) || word.ends_with("n't")
        };
        let mut denials = 0;
        let mut kind = Kind::Plain;
        let mut predicate: Vec<String> = Vec::new();
        // Whether the main verb has been said.
        let mut spoken = false;
        let mut relative = false;
        let mut awaiting = false;
        let mut index = 0;
        while index < tokens.len() {
            let word = tokens[index];
            let before = index.checked_sub(1).map_or("", |at| tokens[at]);
            if matches!(word, "who" | "which" | "whose" | "if" | "unless")
                || word == "that" && index > 0 && !is_verb(before)
            {
                relative = true;
                awaiting = true;
                index += 1;
                continue;
            }
            if is_verb(word) {
                if relative {
                    // The first verb is that of the relative clause, the next is the main one.
                    if awaiting {
                        awaiting = false;
                        index += 1;
                        while tokens
                            .get(index)
                            .is_some_and(|word| is_verb(word) || *word == "not")
                        {
                            index += 1;
                        }
                        continue;
                    }
                    relative = false;
                }
                spoken = true;
                match word {
                    "may" | "can" | "could" | "might" | "cannot" | "can't" => {
                        kind = Kind::Permission;
                    }
                    "must" | "shall" | "should" | "need" | "needs" | "needn't" => kind = Kind::Duty,
                    _ => {}
                }
                if word == "cannot" || word == "never" || word.ends_with("n't") {
                    denials += 1;
                }
                if matches!(word, "must" | "shall" | "should")
                    && matches!(tokens.get(index + 1), Some(&("not" | "never")))
                    || word == "mustn't"
                {
                    kind = Kind::Permission;
                }
            } else if !relative || !awaiting {
                match word {
                    "not" | "nor" | "neither" | "prohibited" | "forbidden" => {
                        denials += usize::from(!relative || is_verb(before) && !awaiting);
                    }
                    "no" => {
                        let limits = tokens.get(index + 1).is_some_and(|next| {
                            matches!(
                                *next,
                                "more" | "less" | "later" | "fewer" | "longer" | "earlier"
                            )
                        });
                        denials += usize::from(!limits && !relative);
                    }
                    "outside" if matches!(before, "falls" | "fall" | "fell" | "is" | "are") => {
                        denials += 1;
                    }
                    "nobody" | "none" | "noone" => denials += 1,
                    // Nobody without is everybody with.
                    "without" if denials > 0 && !relative => denials += 1,
                    "allowed" | "permitted" | "possible" | "permissible" => kind = Kind::Permission,
                    "required" | "necessary" | "obliged" => kind = Kind::Duty,
                    "to" if matches!(before, "have" | "has" | "had") => kind = Kind::Duty,
                    _ => {}
                }
                if matches!(word, "prohibited" | "forbidden") {
                    kind = Kind::Permission;
                }
                if spoken && !relative {
                    predicate.push(word.to_owned());
                }
            } else if awaiting && index > 0 {
                // `employees who work five days`: the verb has no helper.
                let so_far = tokens[..index].iter().rposition(|word| {
                    matches!(*word, "who" | "which" | "that" | "whose" | "if" | "unless")
                });
                if so_far.is_some_and(|at| index - at >= 1) {
                    awaiting = false;
                }
            }
            index += 1;
        }
        if predicate.is_empty() {
            predicate = tokens
                .iter()
                .rev()
                .take(4)
                .map(|word| (*word).to_owned())
                .collect();
        }
        let predicate = predicate
            .iter()
            .filter(|word| word.len() > 3)
            .take(4)
            .filter_map(|word| words(word).pop().map(|token| token.text))
            .collect();
        Self {
            denies: denials % 2 == 1,
            kind,
            predicate,
            text: text.trim().chars().take(REACH).collect(),
        }
    }

    /// Whether something may not be done.
    pub(super) fn forbids(&self) -> bool {
        self.denies && self.kind == Kind::Permission
    }

    fn says(&self) -> bool {
        !self.predicate.is_empty() || self.kind != Kind::Plain
    }
}

/// Whether one affirms what the other denies; `is_near` says that they have most words in common.
pub(super) fn contradicts(one: &Polarity, two: &Polarity, is_near: bool) -> bool {
    if one.denies == two.denies || !one.says() || !two.says() {
        return false;
    }
    if is_near && one.kind == two.kind {
        return true;
    }
    let shares = one.predicate.iter().any(|word| {
        two.predicate.iter().any(|there| {
            word == there
                || is_short(word) && word.chars().next() == there.chars().next() && is_short(there)
        })
    });
    shares || one.kind != Kind::Plain && one.kind == two.kind
}

/// Whether the two syllables kept of a Korean verb may end in its ending: `잠근`, `잠기`.
fn is_short(word: &str) -> bool {
    word.chars().count() <= 2 && word.chars().all(is_hangul)
}
