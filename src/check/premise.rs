//! What a question takes for granted and the passages say otherwise.
//!
//! `Why did we raise leave to 30 days?` supposes that leave is 30 days. Where the passages give
//! another figure for it and none of them gives this one, the question is answered by the quote.
//! A figure that only sets a condition (`3년 근무하면`, `for a trip of 3 days`) supposes nothing, and
//! whoever asks `how many` supposes none: rather nothing is corrected than something right.

use std::sync::LazyLock;

use ingest::Span;
use regex::Regex;
use unicode_normalization::UnicodeNormalization as _;

use super::facts::{self, Fact};
use super::topic::{Clause, Relation, Topic, asks, clauses, is_figure, relation, says};
use crate::ask::{Context, Passage};
use crate::language::Language;

/// Characters of a question that are looked at.
const LIMIT: usize = 500;
/// Facts of a question of which it can be told what each is for.
const FACTS: usize = 6;
/// A sentence that is about more than this many things beside the question's is not about it.
const FOCUS: f32 = 0.5;
/// The share of the question's words that a sentence and its headings must hold.
const COVERAGE: f32 = 0.75;
/// The share from which a sentence may be about what the question is about: a figure that it gives
/// is not said to be wrong.
const MAY_BE: f32 = 0.5;

/// A figure that a question supposes, and what a passage has instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Premise {
    /// The figure, as the question writes it.
    pub(super) said: String,
    /// The figure of the passage, as it writes it.
    pub(super) instead: String,
    /// The passage's number, from 1.
    pub(super) number: u32,
    /// The sentence that says it, in the passage's text.
    pub(super) span: Span,
}

impl Premise {
    /// The correction, as a sentence for people; the quote stands behind it.
    pub(super) fn words(&self, language: Language) -> String {
        let Self { said, instead, .. } = self;
        match language {
            Language::Ko => format!(
                "질문과 달리 문서에는 “{said}”이(가) 아니라 “{instead}”(으)로 쓰여 있습니다."
            ),
            Language::En => {
                format!("The question says “{said}”, but the documents say “{instead}”.")
            }
        }
    }
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is fixed and tested")
}

static KOREAN_WHY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"왜\s|어째서|어쩌다|언제부터|이유|까닭|무슨 근거"));
static KOREAN_ASKS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"몇|얼마|누구|누가|어디|무엇|무슨|뭐|뭘|어떻|어떤|어느|언제"));
/// What stands behind a figure whose change or state is asked about.
static KOREAN_CHANGE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^\s*(?:씩|까지|만|밖에|이나)?\s*(?:으로|로|이|가|을|를)?\s*(?:늘|줄|바뀌|바뀐|변경|오르|오른|올|인상|인하|증가|감소|조정|확대|축소|되|된|됐|돼|정해|인가|인가요|인지|인\s*(?:이유|까닭)|이죠|이에요|예요|입니까|주나|주는|지급)",
    )
});
static KOREAN_HEARD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^\s*(?:으로|로|까지|이나)?\s*(?:(?:늘었|줄었|바뀌었|바뀐|올랐|변경되었|변경됐|인상되었|인상됐|되었|됐|된|준|쓸 수 있)다(?:고|던데|는데)|이?라(?:고|던데|는데))",
    )
});
static KOREAN_YES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^\s*(?:씩)?\s*(?:이|가)?\s*(?:인가요|입니까|이죠|이지요|죠|지요|인가|이에요|예요|맞나요|맞습니까|맞죠|맞지요|맞아요|맞나)[^\p{L}\p{N}]*$",
    )
});
/// Words of a Korean question that are not what it is about, by how they begin and end.
static KOREAN_ASKING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:왜|늘|줄|바뀌|바뀐|변경|올랐|오른|올린|올렸|인상|인하|증가|감소|조정|확대|축소|되었|됐|이유|까닭|어째서|어쩌다|언제|사실|정말|진짜|들었|올해|작년|지금|현재|이제|원래|맞)|(?:나요|가요|까요|니까|던데|는데|다고|라고|지요|어요|아요|에요|예요|군요)$",
    )
});

static ENGLISH_WHY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b(?:why|how come|since when)\b"));
static ENGLISH_ASKS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b(?:who|whom|whose|what|which|where|when|how)\b"));
static ENGLISH_YES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^\W*(?:(?:so|and|but|hi|hello)\b\W*)?(?:is|are|was|were|isn['’]t|aren['’]t|wasn['’]t|does|do|did|doesn['’]t|don['’]t|i (?:have )?heard|i thought|i was told)\b",
    )
});
/// What stands before a figure that something is said to be.
static ENGLISH_SAID: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:to|is|are|was|were|be|been|at|get|gets|got|have|has|had|cost|costs|last|lasts|receive|receives|given|give|gives|offer|offers|become|became|pay|pays|grant|grants)\s+(?:now\s+|only\s+|just\s+|already\s+|us\s+|me\s+|employees\s+|staff\s+|everyone\s+)?$",
    )
});
/// What stands before a figure that sets a condition or a bound.
static ENGLISH_CONDITION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:for|over|under|above|below|after|before|if|with|within|exceed(?:s|ing)?|least|most|than|every|per|of|in|until|by|on|between|about|around|another|first|last|next)\s+(?:a\s+|an\s+|the\s+)?$",
    )
});
static ENGLISH_STATE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\b(?:is|are|was|were)\b"));
/// What may stand behind a figure at the end of a yes/no question.
static ENGLISH_END: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^\s*(?:long|now|already|each|(?:a|per|each|every) (?:year|month|week|day|night|person|meal))?\W*(?:(?:is (?:that|this|it) (?:right|correct|true))|right|correct|true)?\W*$",
    )
});
/// Stems of words of an English question that are not what it is about.
const ENGLISH_ASKING: [&str; 32] = [
    "whi", "why", "how", "come", "sinc", "true", "realli", "rais", "increas", "decreas", "reduc",
    "lower", "cut", "rise", "rose", "go", "went", "gone", "chang", "becom", "becam", "got", "made",
    "make", "now", "current", "heard", "thought", "told", "right", "correct", "onli",
];

/// The figures that a question takes for granted.
fn supposed<'a>(question: &str, facts: &'a [Fact]) -> Vec<&'a Fact> {
    let claims: fn(&str, &str, &str) -> bool = match Language::of(question) {
        Language::Ko => korean_claims,
        Language::En => english_claims,
    };
    facts
        .iter()
        .filter(|fact| is_figure(fact))
        .filter(|fact| {
            // A figure that is not found as it is written was written in words.
            question.find(&fact.text).is_some_and(|at| {
                claims(question, &question[..at], &question[at + fact.text.len()..])
            })
        })
        .collect()
}

fn korean_claims(question: &str, _: &str, after: &str) -> bool {
    let others = question
        .replace("언제부터", "")
        .replace("무슨 근거", "")
        .replace("무슨 이유", "");
    if KOREAN_ASKS.is_match(&others) {
        return false;
    }
    KOREAN_WHY.is_match(question) && KOREAN_CHANGE.is_match(after)
        || KOREAN_HEARD.is_match(after)
        || KOREAN_YES.is_match(after)
}

fn english_claims(question: &str, before: &str, after: &str) -> bool {
    let others = ENGLISH_WHY.replace_all(question, "");
    if ENGLISH_ASKS.is_match(&others) || ENGLISH_CONDITION.is_match(before) {
        return false;
    }
    let is_said = ENGLISH_SAID.is_match(before);
    let is_last = ENGLISH_END.is_match(after);
    if ENGLISH_WHY.is_match(question) {
        return is_said || is_last && ENGLISH_STATE.is_match(before);
    }
    ENGLISH_YES.is_match(question) && (is_said || is_last)
}

/// What the question is about.
fn subject(question: &str) -> Topic {
    Topic::of(question).without(|word| {
        KOREAN_ASKING.is_match(word) || ENGLISH_ASKING.contains(&word) || word == "!"
    })
}

/// A sentence that gives another figure.
struct Answer {
    premise: Premise,
    fact: Fact,
    focus: f32,
}

/// The figure that `question` takes for granted although the passages, which nowhere have it,
/// clearly give another of its kind for the same thing.
pub(super) fn false_premise(question: &str, context: &Context) -> Option<Premise> {
    let question: String = question.nfkc().take(LIMIT).collect();
    let facts = facts::facts(&question);
    let supposed = supposed(&question, &facts);
    if supposed.is_empty() || facts.len() > FACTS {
        return None;
    }
    let subject = subject(&question);
    if subject.is_empty() {
        return None;
    }
    supposed
        .into_iter()
        .filter(|fact| !is_said(fact, &subject, context))
        .find_map(|fact| {
            let conditions: Vec<&Fact> = facts.iter().filter(|other| *other != fact).collect();
            corrected(fact, &conditions, &subject, context)
        })
}

/// Whether a sentence that may be about `subject` gives `fact`.
fn is_said(fact: &Fact, subject: &Topic, context: &Context) -> bool {
    context.passages.iter().any(|passage| {
        let above = above(passage);
        let sentences = passage
            .sentences
            .iter()
            .map(|span| &passage.text[span.clone()]);
        sentences
            .chain(passage.heading_path.iter().map(String::as_str))
            .chain([passage.title.as_str()])
            .any(|text| {
                let (_, held) = shares(&Topic::of(text), subject, &above);
                held >= MAY_BE && says(&facts::facts(text), fact)
            })
    })
}

/// The sentence that says best what there is instead of `fact`, if one does.
fn corrected(
    fact: &Fact,
    conditions: &[&Fact],
    subject: &Topic,
    context: &Context,
) -> Option<Premise> {
    let mut best: Option<Answer> = None;
    let mut is_clear = true;
    for (number, passage) in (1_u32..).zip(&context.passages) {
        let above = above(passage);
        for (span, clause) in said(passage) {
            let Some(focus) = focus(&clause.topic, subject, &above) else {
                continue;
            };
            let Some(instead) = only_other(&clause.facts, fact, conditions) else {
                continue;
            };
            match &best {
                Some(other) if other.focus > focus => continue,
                Some(other) if (other.focus - focus).abs() < f32::EPSILON => {
                    is_clear &= relation(&instead, &other.fact) == Relation::Same;
                    continue;
                }
                _ => is_clear = true,
            }
            best = Some(Answer {
                premise: Premise {
                    said: fact.text.clone(),
                    instead: instead.text.clone(),
                    number,
                    span: span.clone(),
                },
                fact: instead,
                focus,
            });
        }
    }
    best.filter(|_| is_clear).map(|answer| answer.premise)
}

/// The clauses of a passage that hold figures, each with its sentence.
fn said(passage: &Passage) -> impl Iterator<Item = (&Span, Clause)> {
    passage.sentences.iter().flat_map(|span| {
        let sentence = &passage.text[span.clone()];
        let clauses = if asks(sentence) {
            Vec::new()
        } else {
            clauses(sentence)
        };
        clauses.into_iter().map(move |clause| (span, clause))
    })
}

fn above(passage: &Passage) -> Topic {
    let mut text = passage.heading_path.join(" ");
    text.push(' ');
    text.push_str(&passage.title);
    Topic::of(&text)
}

/// How many words of `subject` a sentence has, and the share of them that it has with what stands
/// above it.
fn shares(topic: &Topic, subject: &Topic, above: &Topic) -> (f32, f32) {
    let (mut own, mut held, mut all) = (0.0_f32, 0.0_f32, 0.0_f32);
    for word in subject.words() {
        all += 1.0;
        let is_here = topic.holds(word)
            // `연차휴가` is asked for where the sentence says `연차`.
            || topic.words().any(|other| other.chars().count() > 1 && word.starts_with(other));
        if is_here {
            own += 1.0;
        }
        if is_here || above.holds(word) {
            held += 1.0;
        }
    }
    (own, held / all.max(1.0))
}

/// How much of a clause is about `subject`; `None` where it is about something else.
fn focus(topic: &Topic, subject: &Topic, above: &Topic) -> Option<f32> {
    let (own, held) = shares(topic, subject, above);
    if own < 1.0 || held < COVERAGE {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "a sentence has few words")]
    let words = topic.words().count() as f32;
    let focus = (own / words.max(1.0)).min(1.0);
    (focus >= FOCUS).then_some(focus)
}

/// The one figure of a clause that stands for `fact`, if it says all conditions too.
fn only_other(there: &[Fact], fact: &Fact, conditions: &[&Fact]) -> Option<Fact> {
    if !conditions.iter().all(|condition| says(there, condition)) {
        return None;
    }
    let mut others = there.iter().filter(|other| {
        relation(fact, other) == Relation::Otherwise
            && !conditions
                .iter()
                .any(|condition| relation(condition, other) == Relation::Same)
    });
    let first = others.next()?;
    // At least 15 days may be 20, and 5 days a month are 60 a year.
    let is_plain = !first.is_bound() && first.has_rate_of(fact);
    (is_plain && others.all(|other| relation(first, other) == Relation::Same))
        .then(|| first.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAVE: &str = "직원의 연차휴가는 15일이다. 사용하지 않은 연차는 최대 5일까지 다음 해로 이월한다. 3년 이상 근속한 직원의 연차는 16일이다.";
    const ENGLISH: &str = "Annual leave is 15 days. Up to 5 days of unused leave may be carried over to the next year. Meals cost USD 30 a day.";
    const BUYING: &str =
        "팀장의 결재 한도는 300만원이다. 50만원을 초과하는 구매는 팀장이 승인한다.";

    fn context(texts: &[&str]) -> Context {
        Context {
            passages: texts.iter().map(|text| Passage::alone(text)).collect(),
            ledger: Vec::new(),
        }
    }

    #[track_caller]
    fn check(question: &str, passages: &[&str], expected: Option<(&str, &str)>) {
        let context = context(passages);
        let found = false_premise(question, &context);
        if let Some(premise) = &found {
            let passage = context.passage(premise.number).unwrap();
            let quote = &passage.text[premise.span.clone()];
            assert!(quote.contains(&premise.instead), "{quote}");
        }
        let found = found
            .as_ref()
            .map(|premise| (premise.said.as_str(), premise.instead.as_str()));
        assert_eq!(found, expected, "{question}");
    }

    #[test]
    fn a_figure_that_a_korean_question_supposes_is_corrected() {
        for question in [
            "왜 연차가 30일로 늘었나요?",
            "연차휴가가 언제부터 30일로 바뀌었나요?",
            "연차가 30일이라고 하던데 맞나요?",
            "연차가 30일로 늘었다고 들었는데 사실인가요?",
            "연차가 30일인가요?",
            "연차휴가는 30일이 맞나요?",
            "연차가 30일인 이유가 뭔가요?",
        ] {
            check(question, &[LEAVE], Some(("30일", "15일")));
        }
        check(
            "3년 이상 근속한 직원의 연차가 20일인가요?",
            &[LEAVE],
            Some(("20일", "16일")),
        );
        check(
            "팀장 결재 한도가 왜 500만원으로 올랐나요?",
            &[BUYING],
            Some(("500만원", "300만원")),
        );
    }

    #[test]
    fn a_figure_that_an_english_question_supposes_is_corrected() {
        for question in [
            "Why did we raise annual leave to 30 days?",
            "Since when is annual leave 30 days?",
            "Is it true that annual leave is 30 days?",
            "Is annual leave 30 days?",
            "How come annual leave is 30 days now?",
            "I heard annual leave is 30 days, is that right?",
        ] {
            check(question, &[ENGLISH], Some(("30 days", "15 days")));
        }
    }

    #[test]
    fn a_condition_is_no_premise() {
        for question in [
            "3년 근무하면 연차가 며칠인가요?",
            "50만원짜리를 사려면 누구 승인을 받나요?",
            "80만원을 넘는 구매는 왜 팀장이 승인하나요?",
            "연차를 30일 쓰려면 어떻게 하나요?",
            "연차는 며칠인가요?",
            "30일 이상 휴가를 쓸 수 있나요?",
            "7년 근무한 직원의 연차가 20일인가요?",
        ] {
            check(question, &[LEAVE, BUYING], None);
        }
        for question in [
            "How many days of annual leave do I get after 3 years?",
            "Who approves annual leave of 30 days?",
            "Why do I need approval for annual leave over 30 days?",
            "Can I take 30 days of annual leave?",
            "When was annual leave raised to 30 days?",
            "How much is annual leave?",
            "Is 30 days of notice enough for annual leave?",
            "Do I get paid if annual leave exceeds 30 days?",
        ] {
            check(question, &[ENGLISH], None);
        }
    }

    #[test]
    fn what_some_passage_says_or_none_speaks_of_is_left_alone() {
        check("왜 연차가 15일로 줄었나요?", &[LEAVE], None);
        check(
            "왜 연차가 30일로 늘었나요?",
            &[LEAVE, "2027년부터 연차휴가는 30일이다."],
            None,
        );
        check("왜 육아휴직이 30일로 늘었나요?", &[LEAVE], None);
        check("왜 연차가 30시간으로 늘었나요?", &[LEAVE], None);
        check("왜 연차가 30일로 늘었나요?", &["연차는 왜 15일인가?"], None);
        check(
            "왜 연차가 30일로 늘었나요?",
            &["연차는 15일이다.", "연차는 16일이다."],
            None,
        );
        check("Why is parental leave 30 days?", &[ENGLISH], None);
        check(
            "Is annual leave 30 days?",
            &[ENGLISH, "Annual leave: 30 days."],
            None,
        );
        for (question, text) in [
            (
                "Is annual leave 20 days?",
                "Annual leave is at least 15 days.",
            ),
            ("연차가 20일인가요?", "연차는 최대 25일이다."),
            ("연차가 20일인가요?", "연차는 월 1일이다."),
        ] {
            check(question, &[text], None);
        }
        check("", &[LEAVE], None);
        check("왜?", &[], None);
    }

    #[test]
    fn the_correction_is_said_in_both_languages() {
        let premise = Premise {
            said: "30일".to_owned(),
            instead: "15일".to_owned(),
            number: 1,
            span: 0..1,
        };
        for language in [Language::Ko, Language::En] {
            let words = premise.words(language);
            assert!(words.contains("30일") && words.contains("15일"), "{words}");
        }
    }
}
