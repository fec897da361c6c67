//! What a text is about: its words without figures, particles and words that fit anything.
//!
//! Two texts that are about the same thing can be told apart by their figures only. Where a word
//! of one is missing from the other, as `임원` for `직원` or `overseas` for `domestic`, they may be
//! about different things.

use std::collections::BTreeSet;
use std::slice;
use std::sync::{Arc, LazyLock};

use regex::Regex;
use unicode_normalization::UnicodeNormalization as _;

use super::content;
use super::facts::{self, Fact};
use crate::index::codes;
use crate::language::is_hangul;

/// Facts of a clause at most.
const FACTS: usize = 6;
/// Clauses of a sentence that are looked at.
const CLAUSES: usize = 12;

/// Stands for a denial among the words of a text.
const DENIAL: &str = "!";

/// Particles and endings, longer ones first, that are cut off where two syllables are left.
const ENDINGS: [&str; 58] = [
    "이었습니다",
    "하였습니다",
    "되었습니다",
    "에서는",
    "으로는",
    "에게는",
    "까지는",
    "에서의",
    "이라는",
    "합니다",
    "됩니다",
    "입니다",
    "습니다",
    "하였다",
    "되었다",
    "이었다",
    "으로",
    "에서",
    "에게",
    "까지",
    "부터",
    "이나",
    "이라",
    "라고",
    "라는",
    "에는",
    "로는",
    "에도",
    "한다",
    "하며",
    "하고",
    "하여",
    "하는",
    "하면",
    "했다",
    "된다",
    "되며",
    "되고",
    "되는",
    "이다",
    "이며",
    "이고",
    "는다",
    "은",
    "는",
    "이",
    "가",
    "을",
    "를",
    "의",
    "에",
    "로",
    "와",
    "과",
    "도",
    "만",
    "나",
    "인",
];

/// Words that say little of what a figure is about, in the form that [`Topic`] gives them.
static GENERIC: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    "직원 회사 당사 우리 모든 각각 지급 제공 부여 한도 기준 적용 정한 정하 경우 해당 실제 비용 금액 \
     있다 있는 있습 있으 이내 준다 받는 받는다 쓴다 \
     employe employee staff compani compani everyon person paid pay provid grant receiv get entitl \
     given give set amount limit per each total us usd krw won dollar euro percent day days week month \
     year hour minut second time charact person peopl need requir allow take last"
        .split_whitespace()
        .collect()
});

/// Where a clause ends within a sentence.
static CLAUSE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[,，;]\s|[가-힣](?:고|며|지만)\s|\s(?:and|but|while|whereas)\s")
        .expect("the pattern is fixed and tested")
});

/// What a text is about.
#[derive(Clone, Debug, Default)]
pub(super) struct Topic {
    words: BTreeSet<String>,
    /// Its Hangul in one piece: compounds are written with spaces and without.
    hangul: String,
}

impl Topic {
    /// What `text` is about.
    pub(super) fn of(text: &str) -> Self {
        let text: String = text.nfkc().flat_map(char::to_lowercase).collect();
        let mut topic = Self::default();
        let mut latin = String::new();
        for code in codes(&text) {
            let begins = code.starts_with(|char: char| char.is_ascii_alphabetic());
            if begins || code.contains('-') && code.chars().any(|char| char.is_ascii_alphabetic()) {
                topic.words.insert(code);
            }
        }
        let mut after_digits = false;
        for run in runs(&text) {
            if run.chars().all(is_hangul) {
                topic.hangul.push_str(run);
                // What follows a number without a space is its unit.
                if !after_digits {
                    topic.add_korean(run);
                }
            } else if !run.chars().any(char::is_numeric) {
                latin.push_str(run);
                latin.push(' ');
            }
            after_digits = run.ends_with(char::is_numeric);
        }
        if !latin.is_empty() {
            for word in latin.split(' ') {
                if matches!(word, "not" | "no" | "never" | "cannot" | "t" | "without") {
                    topic.words.insert(DENIAL.to_owned());
                }
            }
            let words = content(&latin).into_iter();
            topic.words.extend(
                words.filter(|word| word.chars().count() > 1 && !GENERIC.contains(word.as_str())),
            );
        }
        topic
    }

    fn add_korean(&mut self, run: &str) {
        if ["없", "않", "못", "아니"]
            .iter()
            .any(|word| run.starts_with(word))
        {
            self.words.insert(DENIAL.to_owned());
            return;
        }
        let stem = ENDINGS
            .iter()
            .find_map(|ending| {
                run.strip_suffix(ending)
                    .filter(|stem| stem.chars().count() >= 2)
            })
            .unwrap_or(run);
        if stem.chars().count() >= 2 && !GENERIC.contains(stem) {
            self.words.insert(stem.to_owned());
        }
    }

    /// The words.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Without the words that `drops` is true of.
    pub(super) fn without(mut self, drops: impl Fn(&str) -> bool) -> Self {
        self.words.retain(|word| !drops(word));
        self
    }

    /// Whether it has `word`, in a compound too.
    pub(super) fn holds(&self, word: &str) -> bool {
        self.words.contains(word) || word.starts_with(is_hangul) && self.hangul.contains(word)
    }

    /// Whether `others` together have all of its words.
    pub(super) fn is_within(&self, others: &[&Self]) -> bool {
        self.words()
            .all(|word| others.iter().any(|other| other.holds(word)))
    }
}

/// A text in pieces of one kind each: Hangul, digits, other letters, and what is between them.
fn runs(text: &str) -> impl Iterator<Item = &str> {
    let kind = |char: char| {
        if is_hangul(char) {
            1
        } else if char.is_numeric() {
            2
        } else if char.is_alphabetic() {
            3
        } else {
            0
        }
    };
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = rest
            .find(|char| kind(char) != kind(first))
            .unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        rest = after;
        Some(run)
    })
}

/// Whether a fact is a figure that two texts may give differently: no code and no article, which
/// name things.
pub(super) fn is_figure(fact: &Fact) -> bool {
    fact.is_figure()
}

/// How a fact stands to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// The other says it.
    Same,
    /// The other answers the same question otherwise.
    Otherwise,
    /// They are of different kinds.
    Apart,
}

/// How `fact` stands to `other`.
pub(super) fn relation(fact: &Fact, other: &Fact) -> Relation {
    let other = Arc::new(vec![other.clone()]);
    match facts::missing(&fact.text, slice::from_ref(&other)).first() {
        None => Relation::Same,
        Some(missing) if missing.instead.is_some() => Relation::Otherwise,
        Some(_) => Relation::Apart,
    }
}

/// Whether `facts` say `fact`.
pub(super) fn says(facts: &[Fact], fact: &Fact) -> bool {
    facts
        .iter()
        .any(|other| relation(fact, other) == Relation::Same)
}

/// A part of a sentence that says one thing.
pub(super) struct Clause {
    pub(super) topic: Topic,
    pub(super) facts: Vec<Fact>,
}

/// The clauses of a sentence that hold figures, but not so many that nobody can tell what each
/// is of. One that names no thing is about that of the clause before it.
pub(super) fn clauses(sentence: &str) -> Vec<Clause> {
    let mut starts = vec![0];
    starts.extend(
        CLAUSE
            .find_iter(sentence)
            .map(|found| found.end())
            .take(CLAUSES),
    );
    starts.push(sentence.len());
    let mut topic = Topic::default();
    starts
        .windows(2)
        .filter_map(|bounds| {
            let text = &sentence[bounds[0]..bounds[1]];
            let own = Topic::of(text);
            if !own.is_empty() {
                topic = own;
            }
            let facts = facts::facts(text);
            let is_clear = facts.len() <= FACTS && facts.iter().any(is_figure);
            is_clear.then(|| Clause {
                topic: topic.clone(),
                facts,
            })
        })
        .collect()
}

/// The text of a sentence, clause by clause.
pub(super) fn split_clauses(sentence: &str) -> impl Iterator<Item = &str> {
    let mut start = 0;
    let ends = CLAUSE.find_iter(sentence).map(|found| found.end());
    ends.take(CLAUSES)
        .chain([sentence.len()])
        .map(move |end| &sentence[std::mem::replace(&mut start, end)..end])
}

/// Whether a sentence asks: what a document asks, it does not say.
pub(super) fn asks(sentence: &str) -> bool {
    let sentence = sentence.trim_end_matches(|char: char| char.is_whitespace() || char == '.');
    sentence.ends_with(['?', '？'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let topic = Topic::of(text);
        assert_eq!(
            topic.words().collect::<Vec<_>>().join(" "),
            expected,
            "{text}"
        );
    }

    #[test]
    fn figures_particles_and_words_that_fit_anything_are_left_out() {
        check("원거리 출장의 일비는 1일 30,000원이다.", "원거리 일비 출장");
        check("직원에게 15일의 연차휴가를 지급합니다.", "연차휴가");
        check(
            "Employees receive 15 days of annual leave per year.",
            "annual leav",
        );
        check("PPR-9087의 단가는 35,000원이다.", "ppr ppr-9087 단가");
        check("반차는 쓸 수 없다.", "! 반차");
        check("You may not smoke.", "! smoke");
        check("", "");
    }

    #[test]
    fn compounds_hold_their_parts() {
        let topic = Topic::of("미사용 연차 휴가는 수당으로 준다.");
        assert!(topic.holds("연차휴가") && topic.holds("연차"));
        assert!(!topic.holds("임원"));
        assert!(Topic::of("Unused leave").is_within(&[&Topic::of("leave"), &Topic::of("unused")]));
    }

    #[test]
    fn facts_stand_to_each_other_by_kind_and_value() {
        let fact = |text| facts::facts(text).remove(0);
        for (one, other, expected) in [
            ("15일", "15 days", Relation::Same),
            ("15일", "30일", Relation::Otherwise),
            ("15일", "5영업일", Relation::Apart),
            ("2025년 3월", "2023년 4월", Relation::Otherwise),
            ("3만원", "30,000원", Relation::Same),
        ] {
            assert_eq!(
                relation(&fact(one), &fact(other)),
                expected,
                "{one} {other}"
            );
        }
    }
}
