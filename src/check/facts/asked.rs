//! What kind of figure a question asks for: `며칠` a number of days, `how much` an amount.

use std::sync::LazyLock;

use regex::Regex;

use super::unit::{self, Family};
use super::value::{Fact, Value};
use super::{facts, is_row};

/// A figure that a question asks for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    kinds: Vec<Kind>,
    /// Figures of the question itself: who repeats them answers nothing.
    given: Vec<Fact>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Any,
    /// A day, a time, or how long until it.
    When,
    /// How long, and by when.
    Duration,
    /// How much money: no time.
    Amount,
    /// A number to call.
    Number,
    /// Which part of a rule.
    Article,
    /// A number of what has this unit.
    Of(Family),
}

static KOREAN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"며칠|언제|얼마나|얼마|몇\s*([가-힣a-zA-Z%]*)").expect("the pattern is fixed")
});
static ENGLISH: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\bhow (?:many\s+(\w+)|much|long|large|often|far|old|late|soon|early|high)\b|(?:^\s*|[,;]\s*|\band\s+)(when)\b|\bwhat percent")
        .expect("the pattern is fixed")
});
/// What asks for some figure without saying of which kind.
static SOME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)시각|한도|\b(?:price|limit|number of|which day)\b")
        .expect("the pattern is fixed")
});
/// What makes `how much` a question of money.
static MONEY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:비|금|료|액|값|비용|가격|단가|수당|급여|연봉|임금|월급)(?:[은는이가를을의도만]|\s|$)|\b(?:costs?|prices?|fees?|pays?|paid|money|allowances?|salar\w+|reimburs\w+|budgets?|subsid\w+|bonus\w*|spend\w*|rates?)\b")
        .expect("the pattern is fixed")
});
/// What answers how much without a figure.
static IN_WORDS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)무료|무상|전액|전부|실비|무제한|무기한|제한|없|않|즉시|당일|매[일주월년]|\b(?:free|full|actual|unlimited|no|not|none|never|immediately|once|twice|daily|weekly|monthly|yearly|annually|always)\b")
        .expect("the pattern is fixed")
});

impl Asked {
    /// What kind of figure `question` asks for; none if it asks for none.
    pub(crate) fn of(question: &str) -> Option<Self> {
        let mut kinds: Vec<Kind> = KOREAN
            .captures_iter(question)
            .map(|found| {
                let counted = found.get(1).map(|counted| counted.as_str());
                match (&found[0], counted) {
                    ("며칠", _) => Kind::Duration,
                    ("언제", _) => Kind::When,
                    ("얼마", _) => amount(question),
                    (_, Some(counted)) => of_korean(counted),
                    _ => Kind::Any,
                }
            })
            .collect();
        kinds.extend(ENGLISH.captures_iter(question).map(|found| {
            let words = found[0].to_lowercase();
            match found.get(1) {
                Some(counted) => unit::english(&counted.as_str().to_lowercase())
                    .map_or(Kind::Any, |unit| Kind::Of(unit.family())),
                None if found.get(2).is_some() => Kind::When,
                None if words == "how much" => amount(question),
                None if words == "how long" => Kind::Duration,
                None if words.starts_with("what percent") => Kind::Of(Family::Share),
                None => Kind::Any,
            }
        }));
        if kinds.is_empty() && SOME.is_match(question) {
            kinds.push(Kind::Any);
        }
        (!kinds.is_empty()).then(|| Self {
            kinds,
            given: facts(question),
        })
    }

    /// Whether `sentence`, or a row of a table, has a figure of the kind that the question does
    /// not give itself, or says it in words.
    pub(crate) fn may_be_answered_by(&self, sentence: &str) -> bool {
        let is_row = is_row(sentence);
        facts(sentence)
            .iter()
            .filter(|fact| !self.given.iter().any(|given| given.has_value_of(fact)))
            .any(|fact| self.kinds.iter().any(|kind| kind.holds(fact, is_row)))
            || IN_WORDS.is_match(sentence)
    }
}

fn amount(question: &str) -> Kind {
    if MONEY.is_match(question) {
        Kind::Amount
    } else {
        Kind::Any
    }
}

fn of_korean(counted: &str) -> Kind {
    match counted.chars().next() {
        Some('조' | '항' | '장' | '절') => return Kind::Article,
        Some('번') => return Kind::Number,
        // Minutes, or persons.
        Some('분') => return Kind::Any,
        _ => {}
    }
    if counted == "시"
        || counted.starts_with("시까")
        || counted.starts_with("시에")
        || counted.starts_with("시부")
    {
        return Kind::When;
    }
    unit::korean(counted, false)
        .or_else(|| unit::korean(counted, true))
        .map_or(Kind::Any, |(unit, _)| Kind::Of(unit.family()))
}

impl Kind {
    fn holds(self, fact: &Fact, is_row: bool) -> bool {
        let family = fact.value.family();
        // Whose header may give the unit.
        if is_row && family == Family::Bare {
            return true;
        }
        match self {
            Self::Any => !matches!(fact.value, Value::Article(_) | Value::Code(_)),
            Self::Number => !matches!(fact.value, Value::Article(_)),
            Self::Article => matches!(family, Family::Article | Family::Bare),
            Self::When => matches!(
                family,
                Family::Date
                    | Family::Time
                    | Family::Weekday
                    | Family::Part
                    | Family::Relative
                    | Family::Duration
                    | Family::Ordinal
            ),
            Self::Duration => matches!(
                family,
                Family::Duration | Family::Date | Family::Time | Family::Weekday | Family::Part
            ),
            Self::Amount => matches!(
                family,
                Family::Money
                    | Family::Share
                    | Family::Count(_)
                    | Family::Data
                    | Family::Measure(_)
                    | Family::Bare
                    | Family::Pair
            ),
            Self::Of(Family::Duration) => Self::Duration.holds(fact, is_row),
            Self::Of(Family::Count(_)) => matches!(family, Family::Count(_) | Family::Bare),
            Self::Of(own) => family == own || family == Family::Bare,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_of_another_kind_answers_nothing() {
        for (question, sentence, expected) in [
            ("연차는 며칠인가요?", "최대 11일이다.", true),
            (
                "며칠까지 이월할 수 있나요?",
                "이월이란 연차를 다음 해로 넘기는 것을 말한다.",
                false,
            ),
            ("며칠까지 이월할 수 있나요?", "이월할 수 없다.", true),
            (
                "10년 근속하면 휴가비를 얼마 받나요?",
                "근속 5년, 10년, 20년인 직원에게 휴가비를 준다.",
                false,
            ),
            (
                "10년 근속하면 휴가비를 얼마 받나요?",
                "10년 | 5 | 1,000,000",
                true,
            ),
            (
                "10년 근속하면 휴가비를 얼마 받나요?",
                "10년이면 100만원이다.",
                true,
            ),
            ("회의실은 얼마인가요?", "회의실은 무료이다.", true),
            (
                "비밀번호는 몇 자 이상이어야 하나요?",
                "임시 비밀번호는 24시간만 유효하다.",
                false,
            ),
            (
                "비밀번호는 몇 자 이상이어야 하나요?",
                "비밀번호는 12자 이상으로 한다.",
                true,
            ),
            ("급여는 몇 퍼센트인가요?", "수습 기간은 3개월이다.", false),
            ("급여는 몇 퍼센트인가요?", "급여의 100%를 준다.", true),
            ("몇 시까지 신청하나요?", "오후 2시까지 신청한다.", true),
            (
                "경조금은 얼마인가요?",
                "경조금은 HB-HR-020에 따른다.",
                false,
            ),
            (
                "How much is the hotel limit?",
                "The limit is USD 260 per night.",
                true,
            ),
            (
                "How much is the hotel limit?",
                "The limit depends on the region.",
                false,
            ),
            ("How many days can I carry over?", "Up to 5 days.", true),
            (
                "How long can I borrow it?",
                "Call 7119 with the label.",
                false,
            ),
            ("When does it apply?", "It applies from 1 March 2025.", true),
            ("When does it apply?", "It applies to Class 2 data.", false),
            ("How much leave do I get?", "Leave is 25 days.", true),
            ("유예 기간은 얼마인가요?", "30일을 준다.", true),
            (
                "헬프데스크는 몇 번으로 전화하나요?",
                "02-123-4567로 전화한다.",
                true,
            ),
            ("회의에는 몇 분이 참석하나요?", "20명이 참석한다.", true),
            ("휴가는 몇 조에 있나요?", "제12조에 있다.", true),
        ] {
            let asked = Asked::of(question).unwrap();
            assert_eq!(
                asked.may_be_answered_by(sentence),
                expected,
                "{question} {sentence} {asked:?}"
            );
        }
        for question in [
            "누가 승인하나요?",
            "Who approves leave when the manager is away?",
        ] {
            assert!(Asked::of(question).is_none(), "{question}");
        }
    }
}
