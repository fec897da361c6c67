//! A claim in its evidence's own writing of figures.
//!
//! `1.4킬로그램` is `1.4kg`, and `half past eleven at night` is `23:30`: the facts are compared
//! whatever way they are written, but a small model that reads claim and evidence takes another
//! writing for another figure. So it is given the claim as the evidence writes it. Of a sum that
//! is right only its terms are left, since what it comes to stands in no document.

use ingest::Span;

use super::fold::Folded;
use super::unit::PERCENT;
use super::value::{Fact, MILLION, Number, Value};
use super::{arithmetic, facts, read};
use crate::language::Language;

/// Figures of the evidence that are looked at: more than a verifier reads.
const MOST: usize = 256;

/// A claim as its evidence writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::check) struct Written {
    pub(in crate::check) text: String,
    /// What was written anew, in order: its bytes in the claim, and in `text`.
    edits: Vec<(Span, Span)>,
}

impl Written {
    /// The claim with the figures of `evidence` as they stand there; as it is where the two are
    /// in different languages.
    pub(in crate::check) fn of(claim: &str, evidence: &str) -> Self {
        let folded = Folded::of(claim);
        let said = read::read(&folded).facts;
        let mut edits = results(claim, &folded, &said);
        if said.iter().any(|fact| !fact.is_label) && Language::of(claim) == Language::of(evidence) {
            let there: Vec<Fact> = facts(evidence)
                .into_iter()
                .take(MOST)
                .filter(is_whole)
                .collect();
            for fact in said.iter().filter(|fact| !fact.is_label) {
                let same = || there.iter().filter(|other| is_same(fact, other));
                let is_as_written = same().any(|other| fold(&other.text) == fold(&fact.text));
                if let Some(first) = same().next().filter(|_| !is_as_written) {
                    edits.push((fact.span.clone(), first.text.clone()));
                }
            }
        }
        edits.sort_by_key(|(span, _)| (span.start, std::cmp::Reverse(span.end)));
        let mut written = Self::default();
        let mut done = 0;
        for (span, new) in edits {
            if span.start < done {
                continue;
            }
            written.text.push_str(&claim[done..span.start]);
            let start = written.text.len();
            written.text.push_str(&new);
            done = span.end;
            written.edits.push((span, start..written.text.len()));
        }
        written.text.push_str(&claim[done..]);
        written
    }

    /// A claim as it is.
    pub(in crate::check) fn unchanged(claim: &str) -> Self {
        Self {
            text: claim.to_owned(),
            edits: Vec::new(),
        }
    }

    /// Where in the claim a part of `text` stands.
    pub(in crate::check) fn original(&self, span: &Span) -> Span {
        let start = self.place(span.start, |(from, to)| {
            (to.start..to.end)
                .contains(&span.start)
                .then_some(from.start)
        });
        let end = self.place(span.end, |(from, to)| {
            (to.start < span.end && span.end <= to.end).then_some(from.end)
        });
        start..end.max(start)
    }

    fn place(&self, at: usize, within: impl Fn(&(Span, Span)) -> Option<usize>) -> usize {
        let mut before = (0, 0);
        for edit in &self.edits {
            if let Some(place) = within(edit) {
                return place;
            }
            if edit.1.end <= at && !edit.1.is_empty() || edit.1.end < at {
                before = (edit.0.end, edit.1.end);
            }
        }
        before.0 + (at - before.1)
    }
}

/// Whether two facts are one in two writings, so that each may stand for the other.
fn is_same(one: &Fact, other: &Fact) -> bool {
    let is_written_alike = match (&one.value, &other.value) {
        (Value::Number(number), Value::Number(there)) => {
            // `one` and `a` are words as well.
            let is_word = number.amount == MILLION && (one.is_soft || other.is_soft);
            let dimension = |number: &Number| number.unit.map(|unit| unit.dimension);
            dimension(number) == dimension(there) && number.noun == there.noun && !is_word
        }
        // `제1급` and `제1회` are both the first.
        (Value::Ordinal(ordinal), Value::Ordinal(there)) => {
            let is_plain = |fact: &Fact| !fact.text.starts_with('제');
            ordinal == there && is_plain(one) && is_plain(other)
        }
        (Value::Time(_, sure), Value::Time(_, known)) => sure == known,
        (Value::Phone(_), Value::Phone(_)) => true,
        (value, there) => value == there && !one.is_soft && !other.is_soft,
    };
    is_written_alike && one.value.is_said_by(&other.value) && other.value.is_said_by(&one.value)
}

/// Whether a fact says the same alone: `3` of `3~5만원` does not.
fn is_whole(fact: &Fact) -> bool {
    match (&facts(&fact.text)[..], &fact.value) {
        (
            [
                Fact {
                    value: Value::Number(alone),
                    ..
                },
            ],
            Value::Number(number),
        ) => alone.amount == number.amount && alone.unit == number.unit,
        ([alone], value) => alone.value == *value,
        _ => false,
    }
}

fn fold(text: &str) -> String {
    text.split_whitespace().collect::<String>().to_lowercase()
}

/// What the right sums of a claim come to, with the sign before it, and what is written instead:
/// the unit, where the terms have none.
fn results(claim: &str, folded: &Folded<'_>, said: &[Fact]) -> Vec<(Span, String)> {
    if said.len() < 3 {
        return Vec::new();
    }
    arithmetic::equations(&folded.text, said)
        .into_iter()
        .filter(|equation| equation.is_right)
        .filter_map(|equation| {
            let first = *equation.results.iter().min()?;
            let last = *equation.results.iter().max()?;
            let term = first.checked_sub(1).map(|index| &said[index])?;
            if term.at.start < equation.at.start || last - first + 1 > equation.results.len() {
                return None;
            }
            // `A에서 B를 빼면 C` says what is done in words that must stay.
            let sign = folded.text.get(term.at.end..said[first].at.start)?;
            if !matches!(sign.trim(), "=" | "＝") {
                return None;
            }
            let result = &said[last];
            let unit = if is_bare(term) { unit_of(result) } else { "" };
            let span = term.span.end..result.span.end;
            claim.get(span.clone())?;
            Some((span, unit.to_owned()))
        })
        .collect()
}

fn is_bare(fact: &Fact) -> bool {
    matches!(&fact.value, Value::Number(number) if number.unit.is_none())
}

/// The unit after a figure as it is written; a share of terms is no share of any one of them.
fn unit_of(fact: &Fact) -> &str {
    match &fact.value {
        Value::Number(number)
            if fact.factor == 1 && number.unit.is_some_and(|unit| unit != PERCENT) =>
        {
            let digit = fact.text.rfind(|char: char| char.is_ascii_digit());
            digit.map_or("", |at| &fact.text[at + 1..])
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn figures_are_written_as_the_evidence_writes_them() {
        for (claim, evidence, expected) in [
            (
                "제품은 1.4킬로그램이며 두께는 16밀리미터입니다.",
                "이 모델의 무게는 1.4kg, 두께는 16mm이다.",
                "제품은 1.4kg이며 두께는 16mm입니다.",
            ),
            (
                "21번째 층은 30명이 씁니다.",
                "스물한째 층은 서른 명이 쓴다.",
                "스물한째 층은 서른 명이 씁니다.",
            ),
            (
                "The maintenance begins at half past eleven at night.",
                "Maintenance starts at 23:30.",
                "The maintenance begins at 23:30.",
            ),
            (
                "The daily allowance is 45 US dollars.",
                "Meals are reimbursed at $45 per day.",
                "The daily allowance is $45.",
            ),
            (
                "In aisle 7, three of the twenty-two shelves are kept free.",
                "The aisle has 22 shelves, 3 of which are kept free.",
                "In aisle 7, 3 of the 22 shelves are kept free.",
            ),
            // As they are: another figure, the same writing, another language.
            (
                "무게는 1.5킬로그램이다.",
                "무게는 1.4kg이다.",
                "무게는 1.5킬로그램이다.",
            ),
            (
                "무게는 1.4 KG이다.",
                "무게는 1.4kg이다.",
                "무게는 1.4 KG이다.",
            ),
            (
                "무게는 1.4킬로그램이다.",
                "It weighs 1.4 kg.",
                "무게는 1.4킬로그램이다.",
            ),
            (
                "한빛은 12개국에 수출한다.",
                "한빛은 12개사에 수출한다.",
                "한빛은 12개국에 수출한다.",
            ),
            (
                "제1급 시험을 본다.",
                "제1회 시험을 본다.",
                "제1급 시험을 본다.",
            ),
            (
                "식대는 최소 3만원이다.",
                "식대는 3~5만원이다.",
                "식대는 최소 3만원이다.",
            ),
            (
                "이의 신청은 10일 안에 한다.",
                "이의 신청은 10영업일 안에 한다.",
                "이의 신청은 10일 안에 한다.",
            ),
        ] {
            assert_eq!(Written::of(claim, evidence).text, expected);
        }
    }

    #[test]
    fn of_a_right_sum_its_terms_are_left() {
        for (claim, expected) in [
            (
                "계약은 14 + 21 + 17 = 52건입니다.",
                "계약은 14 + 21 + 17건입니다.",
            ),
            (
                "직원은 830명 - 795명 = 35명 줄었다.",
                "직원은 830명 - 795명 줄었다.",
            ),
            (
                "The completion rate was 180 / 240 = 75%.",
                "The completion rate was 180 / 240.",
            ),
            (
                "Ms Ortiz has 18 - 11 = 7 days of leave left.",
                "Ms Ortiz has 18 - 11 days of leave left.",
            ),
            (
                "예산 120만원에서 30만원을 빼면 90만원이 남는다.",
                "예산 120만원에서 30만원을 빼면 90만원이 남는다.",
            ),
            (
                "교육비는 50,000 × 4 = 20만원입니다.",
                "교육비는 50,000 × 4입니다.",
            ),
            (
                "계약은 14 + 21 + 17 = 53건입니다.",
                "계약은 14 + 21 + 17 = 53건입니다.",
            ),
        ] {
            assert_eq!(Written::of(claim, "").text, expected);
        }
    }

    #[test]
    fn parts_are_found_in_the_claim() {
        let claim = "약 14 + 21 + 17 = 52건, 1.4킬로그램 나갔다.";
        let written = Written::of(claim, "무게는 1.4kg이다.");
        assert_eq!(written.text, "약 14 + 21 + 17건, 1.4kg 나갔다.");
        let original = |part: &str| {
            let at = written.text.find(part).unwrap();
            &claim[written.original(&(at..at + part.len()))]
        };
        assert_eq!(original("1.4kg"), "1.4킬로그램");
        assert_eq!(original("kg 나갔다."), "1.4킬로그램 나갔다.");
        assert_eq!(original("나갔다."), "나갔다.");
        assert_eq!(original("약 14"), "약 14");
    }

    proptest! {
        #[test]
        fn parts_lie_within_the_claim(
            claim in "(약 |1\\.4킬로그램 |14 \\+ 3 = 17건, |half past two |서른 명|\\PC{0,4}){0,6}",
            evidence in "(1\\.4kg|2:30|30명|\\PC{0,4}){0,4}",
        ) {
            let written = Written::of(&claim, &evidence);
            for (start, char) in written.text.char_indices() {
                let span = written.original(&(start..start + char.len_utf8()));
                prop_assert!(claim.get(span).is_some());
            }
        }
    }
}
