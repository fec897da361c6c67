//! Two documents that give different figures for the same thing.
//!
//! An answer is right by the document that it cites, and people must know that another document
//! says otherwise: the rule of 2023 beside that of 2025. Only clauses that are about the same
//! thing to the word are set against each other, figures apart: what staff may spend is no
//! conflict with what executives may, and what holds in Korea none with what holds abroad. In a
//! table, cells of the same column and row are.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use ingest::Span;
use regex::Regex;

use super::facts::{self, Fact};
use super::topic::{Clause, Relation, Topic, asks, clauses, is_figure, relation, says};
use crate::ask::{Context, Passage};
use crate::dates::{DATE, PartialDate};
use crate::language::Language;

/// Conflicts that are told of one claim.
const LIMIT: usize = 3;
/// Clauses about the same thing whose figures are compared for one claim: documents may repeat
/// themselves without end.
const COMPARED: usize = 100;
/// Figures of a claim, over which it is not looked at.
const CLAIMED: usize = 12;
/// Sentences that a claim rests on, at most.
const CITED: usize = 6;

/// What one document says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Side {
    /// The passage's number, from 1.
    pub(super) number: u32,
    /// The sentence, in the passage's text.
    pub(super) span: Span,
    /// The figure, as the passage writes it.
    pub(super) fact: String,
    /// When its document came into force.
    pub(super) effective: Option<PartialDate>,
}

/// Two documents that give different figures for the same thing: the one that came into force
/// later first; where that is not known, the one that the claim rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Conflict {
    pub(super) first: Side,
    pub(super) second: Side,
}

impl Conflict {
    /// The conflict, as a sentence for people; both quotes stand behind it.
    pub(super) fn words(&self, language: Language) -> String {
        let side = |side: &Side| match (side.effective, language) {
            (Some(date), Language::Ko) => {
                format!("“{}”({} 시행)", side.fact, date.words(language))
            }
            (Some(date), Language::En) => {
                format!("“{}” (in force from {})", side.fact, date.words(language))
            }
            (None, _) => format!("“{}”", side.fact),
        };
        let (first, second) = (side(&self.first), side(&self.second));
        match language {
            Language::Ko => format!("문서마다 다릅니다: {first}, {second}."),
            Language::En => format!("The documents differ: {first}, {second}."),
        }
    }
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is fixed and tested")
}

/// What says when a document came into force, before the date and behind it.
static IN_FORCE: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    [
        pattern(&format!(
            r"(?i)(?:시행일자?|발효일|적용일|효력\s*발생일|effective(?:\s+date)?(?:\s+(?:from|as\s+of|on|since))?|in\s+force\s+(?:from|since)|valid\s+from|applies\s+from|on\s+or\s+after|takes?\s+effect\s+(?:on|from))\s*(?:[:：|]|은|는|이|is)?\s*{DATE}"
        )),
        pattern(&format!(
            r"(?i){DATE}\s*(?:부터|부로|자로|자|에)?\s*(?:시행|발효|적용|유효|효력|[^.\n]{{0,24}}까지\s*유효)"
        )),
    ]
});
/// A year that names an edition: `2023년판`, `2025년 개정판`, `Version 2023`, `2025 edition`.
static EDITION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?P<a>(?:19|20)\d\d)\s*(?:년\s*)?(?:도\s*)?(?:개정|판|년판|edition|version)|(?:version|edition|rev(?:ision)?\.?)\s*(?P<b>(?:19|20)\d\d)\b",
    )
});
/// A year in a title or file name, with month and day if they follow.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:^|[^\d.,])(?P<y>(?:19|20)\d\d)(?:[-_.]?(?P<m>0[1-9]|1[0-2])(?:[-_.]?(?P<d>0[1-9]|[12]\d|3[01]))?)?(?:[^\d]|$)",
    )
});
/// What a document says of its own life is no figure that another document could contradict.
static OF_ITSELF: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)시행|개정|폐지|발효|제정|부칙|수정|문서\s*번호|effective|in force|version|revis|supersede|replaces|last updated",
    )
});
/// Numbers of headings.
static NUMBERING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)제\s*\d+\s*(?:조|항|호|장|절|관|편)(?:의\s*\d+)?|^[\d.]+\s|(?:article|section|chapter)\s+[\d.]+",
    )
});
/// Words of titles that say what kind of document it is and which edition.
static KIND: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    "규정 규칙 지침 안내 안내서 수칙 기준 매뉴얼 편람 메모 개정 개정판 년판 폐지 현행 구판 신판 전문 \
     guid guidelin polici rule handbook manual faq note version edit revis revision old new current draft \
     employe staff compani document"
        .split_whitespace()
        .collect()
});

/// The latest day that a text says its document came into force on.
fn in_force(text: &str) -> Option<PartialDate> {
    IN_FORCE
        .iter()
        .flat_map(|pattern| pattern.captures_iter(text))
        .filter_map(|found| PartialDate::read(&found))
        .max()
}

/// The year that a name holds: an edition's before any other.
fn named(name: &str) -> Option<PartialDate> {
    if let Some(found) = EDITION.captures(name)
        && let Some(year) = found.name("a").or(found.name("b"))
    {
        return Some(PartialDate {
            year: year.as_str().parse().ok()?,
            month: None,
            day: None,
        });
    }
    let found = NAMED.captures(name)?;
    let part = |name| found.name(name).and_then(|part| part.as_str().parse().ok());
    Some(PartialDate {
        year: part("y")?,
        month: part("m"),
        day: part("d"),
    })
}

/// When the document of `passage` came into force: as its passages and its first lines say; else
/// as its title, headings and file name do.
fn effective(passage: &Passage, context: &Context) -> Option<PartialDate> {
    let said = context
        .passages
        .iter()
        .filter(|other| other.document == passage.document && other.version == passage.version)
        .map(|other| in_force(&other.text))
        .chain([in_force(&passage.opening)])
        .flatten()
        .max();
    let names = [&passage.title]
        .into_iter()
        .chain(&passage.heading_path)
        .chain([&passage.file_name]);
    said.or_else(|| names.clone().find_map(|name| in_force(name)))
        .or_else(|| names.clone().find_map(|name| named(name)))
}

/// What stands above a passage's text.
struct Above {
    /// Title and headings.
    all: Topic,
    /// The title without what kind of document it is.
    title: Topic,
    /// The innermost heading.
    heading: Topic,
}

impl Above {
    fn of(passage: &Passage) -> Self {
        let plain = |text: &str| {
            Topic::of(&NUMBERING.replace_all(text, " ")).without(|word| KIND.contains(word))
        };
        let mut all = passage.heading_path.join(" ");
        all.push(' ');
        all.push_str(&passage.title);
        let heading = passage.heading_path.last().map_or("", String::as_str);
        Self {
            all: plain(&all),
            title: plain(&passage.title),
            heading: if heading == passage.title {
                Topic::default()
            } else {
                plain(heading)
            },
        }
    }

    /// Whether `other` is above what is about the same kind of thing: no word of one stands where
    /// the other has a different one, but for words of the thing itself.
    fn fits(&self, other: &Self, own: &Topic) -> bool {
        let extra = |one: &Topic, two: &Self| {
            one.words()
                .any(|word| !two.all.holds(word) && !own.holds(word))
        };
        let titles_differ = extra(&self.title, other) || extra(&other.title, self);
        let headings_differ = extra(&self.heading, other) && extra(&other.heading, self);
        !titles_differ && !headings_differ
    }
}

/// A sentence that a claim rests on.
struct Cited<'a> {
    number: u32,
    passage: &'a Passage,
    span: Span,
    above: Above,
    /// Its clauses that give a figure of the claim; none of a row.
    clauses: Vec<Clause>,
}

impl<'a> Cited<'a> {
    /// The sentences of a quote.
    fn of(
        number: u32,
        quote: &Span,
        claimed: &[Fact],
        context: &'a Context,
    ) -> impl Iterator<Item = Self> {
        let passage = context.passage(number);
        passage
            .into_iter()
            .flat_map(|passage| passage.sentences.iter().map(move |span| (passage, span)))
            .filter(|(_, span)| span.start < quote.end && quote.start < span.end)
            .filter(|(passage, span)| !OF_ITSELF.is_match(&passage.text[(*span).clone()]))
            .map(move |(passage, span)| {
                let text = &passage.text[span.clone()];
                let mut own = Vec::new();
                if !is_row(text) {
                    own = clauses(text);
                    own.retain(|clause| clause.facts.iter().any(|fact| says(claimed, fact)));
                }
                Self {
                    number,
                    passage,
                    span: span.clone(),
                    above: Above::of(passage),
                    clauses: own,
                }
            })
    }
}

/// Documents in `context` that give other figures than `claim` and the passages that it is
/// supported by, `cited`, for the same thing.
pub(super) fn conflicts(claim: &str, cited: &[(u32, Span)], context: &Context) -> Vec<Conflict> {
    let claimed: Vec<Fact> = facts::facts(claim).into_iter().filter(is_figure).collect();
    if claimed.is_empty() || claimed.len() > CLAIMED {
        return Vec::new();
    }
    let cited: Vec<Cited<'_>> = cited
        .iter()
        .flat_map(|(number, quote)| Cited::of(*number, quote, &claimed, context))
        .take(CITED)
        .collect();
    let (mut told, mut budget) = (BTreeSet::new(), COMPARED);
    let mut found = Vec::new();
    for (number, other) in (1_u32..).zip(&context.passages) {
        let others: Vec<&Cited<'_>> = cited
            .iter()
            .filter(|cited| {
                (cited.passage.document, cited.passage.version) != (other.document, other.version)
            })
            .collect();
        if others.is_empty() {
            continue;
        }
        for (cited, mine, span, theirs) in differences(&claimed, &others, other, &mut budget) {
            if found.len() == LIMIT || !told.insert((other.document, mine.clone())) {
                continue;
            }
            found.push(ordered(
                Side {
                    number: cited.number,
                    span: cited.span.clone(),
                    fact: mine,
                    effective: effective(cited.passage, context),
                },
                Side {
                    number,
                    span,
                    fact: theirs,
                    effective: effective(other, context),
                },
            ));
        }
    }
    found
}

fn ordered(own: Side, other: Side) -> Conflict {
    let is_newer = matches!(
        (own.effective, other.effective),
        (Some(own), Some(other)) if other > own
    );
    if is_newer {
        Conflict {
            first: other,
            second: own,
        }
    } else {
        Conflict {
            first: own,
            second: other,
        }
    }
}

/// Figures of cited sentences that another passage gives otherwise: the sentence and its figure,
/// the other's sentence and figure.
fn differences<'a>(
    claimed: &[Fact],
    cited: &[&'a Cited<'a>],
    other: &Passage,
    budget: &mut usize,
) -> Vec<(&'a Cited<'a>, String, Span, String)> {
    let above = Above::of(other);
    let mut found = Vec::new();
    for span in &other.sentences {
        let text = &other.text[span.clone()];
        if asks(text) || OF_ITSELF.is_match(text) {
            continue;
        }
        if is_row(text) {
            found.extend(cited.iter().filter_map(|cited| {
                let (mine, theirs) = cell(claimed, cited, other, span, &above)?;
                Some((*cited, mine, span.clone(), theirs))
            }));
            continue;
        }
        let topic = Topic::of(text);
        // Reading facts takes longest, so that it is done last and once.
        let theirs: OnceCell<Vec<Clause>> = OnceCell::new();
        for cited in cited {
            for mine in &cited.clauses {
                let is_likely = mine.topic.is_within(&[&topic, &above.all]);
                if !is_likely || !cited.above.fits(&above, &mine.topic) {
                    continue;
                }
                for theirs in theirs.get_or_init(|| clauses(text)) {
                    if *budget == 0 || !is_same(mine, &cited.above, theirs, &above) {
                        continue;
                    }
                    *budget -= 1;
                    if let Some((mine, theirs)) = figure(claimed, mine, theirs) {
                        found.push((*cited, mine, span.clone(), theirs));
                    }
                }
            }
        }
    }
    found
}

fn is_row(sentence: &str) -> bool {
    sentence.contains('\t')
}

/// Whether two clauses are about the same thing.
fn is_same(mine: &Clause, above: &Above, theirs: &Clause, other_above: &Above) -> bool {
    let shares = mine.topic.words().any(|word| theirs.topic.holds(word))
        || theirs.topic.words().any(|word| mine.topic.holds(word));
    shares
        && mine.topic.is_within(&[&theirs.topic, &other_above.all])
        && theirs.topic.is_within(&[&mine.topic, &above.all])
}

/// The figures that two clauses about the same thing give otherwise.
fn figure(claimed: &[Fact], mine: &Clause, theirs: &Clause) -> Option<(String, String)> {
    let own = mine
        .facts
        .iter()
        .find(|fact| is_figure(fact) && says(claimed, fact) && !says(&theirs.facts, fact))?;
    let mut others = theirs
        .facts
        .iter()
        .filter(|other| relation(own, other) == Relation::Otherwise && !says(&mine.facts, other));
    let other = others.next()?;
    let is_only = others.next().is_none();
    // What else they give, as the conditions that they set, must be the same.
    let agrees = mine
        .facts
        .iter()
        .filter(|fact| *fact != own)
        .all(|fact| says(&theirs.facts, fact))
        && theirs
            .facts
            .iter()
            .filter(|fact| *fact != other)
            .all(|fact| says(&mine.facts, fact));
    (is_only && agrees).then(|| (own.text.clone(), other.text.clone()))
}

/// The cells of two rows of the same table of two documents that differ where `claimed` stands.
fn cell(
    claimed: &[Fact],
    cited: &Cited<'_>,
    other: &Passage,
    span: &Span,
    other_above: &Above,
) -> Option<(String, String)> {
    if !is_row(&cited.passage.text[cited.span.clone()]) {
        return None;
    }
    let own: Vec<&str> = cells(cited.passage, &cited.span);
    let theirs: Vec<&str> = cells(other, span);
    if own.len() != theirs.len() || own.len() < 2 || own[0] != theirs[0] {
        return None;
    }
    let (header, other_header) = (header(cited.passage, &cited.span)?, header(other, span)?);
    let topic = Topic::of(&own.join(" "));
    if !cited.above.fits(other_above, &topic) {
        return None;
    }
    own.iter()
        .zip(&theirs)
        .enumerate()
        .skip(1)
        .find_map(|(column, (mine, theirs))| {
            if header.get(column)? != other_header.get(column)? {
                return None;
            }
            let (mine_facts, their_facts) = (facts::facts(mine), facts::facts(theirs));
            let ([own], [other]) = (&mine_facts[..], &their_facts[..]) else {
                return None;
            };
            let differs = relation(own, other) == Relation::Otherwise
                // Cells leave the unit to their header.
                || is_bare(mine) && is_bare(theirs) && digits(mine) != digits(theirs);
            (differs && is_figure(own) && says(claimed, own))
                .then(|| (own.text.clone(), other.text.clone()))
        })
}

fn cells<'a>(passage: &'a Passage, span: &Span) -> Vec<&'a str> {
    passage.text[span.clone()]
        .split('\t')
        .map(str::trim)
        .collect()
}

/// The first row of the table that a row stands in, unless it is that row.
fn header<'a>(passage: &'a Passage, row: &Span) -> Option<Vec<&'a str>> {
    let at = passage.sentences.iter().position(|span| span == row)?;
    let first = passage.sentences[..at]
        .iter()
        .rposition(|span| !passage.text[span.clone()].contains('\t'))
        .map_or(0, |before| before + 1);
    (first < at).then(|| cells(passage, &passage.sentences[first]))
}

fn is_bare(cell: &str) -> bool {
    !cell.is_empty()
        && cell
            .chars()
            .all(|char| char.is_ascii_digit() || matches!(char, ',' | '.'))
}

fn digits(cell: &str) -> String {
    cell.replace(',', "")
}

#[cfg(test)]
mod tests {
    use ingest::DocumentId;

    use super::*;

    fn passage(file: &str, title: &str, headings: &[&str], text: &str) -> Passage {
        Passage {
            document: DocumentId::at(file),
            title: title.to_owned(),
            file_name: file.to_owned(),
            heading_path: headings.iter().map(|&heading| heading.to_owned()).collect(),
            ..Passage::alone(text)
        }
    }

    fn context(passages: Vec<Passage>) -> Context {
        Context {
            passages,
            ledger: Vec::new(),
        }
    }

    fn all(passage: &Passage) -> Span {
        0..passage.text.len()
    }

    /// Figures and dates of the conflicts of a claim that rests on the first passage.
    fn told(claim: &str, passages: Vec<Passage>) -> Vec<String> {
        let context = context(passages);
        let cited = [(1, all(&context.passages[0]))];
        conflicts(claim, &cited, &context)
            .iter()
            .map(|conflict| {
                for side in [&conflict.first, &conflict.second] {
                    let passage = context.passage(side.number).unwrap();
                    assert!(passage.text[side.span.clone()].contains(&side.fact));
                }
                conflict.words(Language::En)
            })
            .collect()
    }

    fn ours(year: u32, text: &str) -> Passage {
        let (file, title) = (
            format!("travel-{year}.docx"),
            format!("국내 출장 여비 규정 ({year}년판)"),
        );
        passage(&file, &title, &["제4조(일비)"], text)
    }

    #[test]
    fn two_editions_that_differ_are_a_conflict_and_the_newer_comes_first() {
        let old = ours(
            2023,
            "출장의 일비는 1일 20,000원, 교육의 일비는 1일 10,000원이다.",
        );
        let new = ours(
            2025,
            "출장의 일비는 1일 3만원, 교육의 일비는 1일 10,000원으로 한다.",
        );
        let expected = [
            "The documents differ: “3만원” (in force from 2025), “20,000원” (in force from 2023).",
        ];
        let claim = "출장 일비는 하루 20,000원입니다.";
        assert_eq!(told(claim, vec![old.clone(), new.clone()]), expected);
        assert_eq!(
            told("일비는 30,000원입니다.", vec![new.clone(), old.clone()]),
            expected
        );
        // What both say alike is none.
        assert!(told("교육의 일비는 10,000원입니다.", vec![old, new]).is_empty());
        let english = |year, days: &str| {
            let text = format!(
                "In force from 1 March {year}.\nUnused leave may be carried over for up to {days} working days."
            );
            passage(&format!("leave{year}"), "Leave Policy", &[], &text)
        };
        assert_eq!(
            told(
                "Up to 5 working days are carried over.",
                vec![english(2023, "5"), english(2025, "10")]
            ),
            [
                "The documents differ: “10 working days” (in force from 1 March 2025), “5 working days” (in force from 1 March 2023)."
            ]
        );
    }

    #[test]
    fn cells_of_the_same_row_and_column_are_compared() {
        let table = |year, seoul: &str| {
            ours(
                year,
                &format!("지역\t직원\t임원\n서울\t{seoul}\t150,000\n부산\t90,000\t120,000"),
            )
        };
        let found = told(
            "서울의 숙박비는 130,000원입니다.",
            vec![table(2025, "130,000"), table(2023, "100,000")],
        );
        assert_eq!(
            found,
            [
                "The documents differ: “130,000” (in force from 2025), “100,000” (in force from 2023)."
            ]
        );
    }

    #[test]
    fn different_things_are_no_conflict() {
        let claim = "숙박비는 100,000원입니다.";
        let own = || ours(2025, "팀원의 숙박비는 100,000원이다.");
        for other in [
            ours(2023, "임원의 숙박비는 150,000원이다."),
            ours(2023, "팀원의 식비는 15,000원이다."),
            ours(2023, "팀원의 숙박비는 2일 동안 150,000원이다."),
            ours(
                2023,
                "팀원의 숙박비는 100,000원이고 임원의 숙박비는 150,000원이다.",
            ),
            ours(2023, "팀원의 숙박비는 150,000원인가?"),
            ours(2023, "팀원의 숙박비는 150,000원을 넘지 않는다."),
            passage(
                "a",
                "해외 출장 여비 규정",
                &[],
                "팀원의 숙박비는 150,000원이다.",
            ),
        ] {
            let text = other.text.clone();
            assert_eq!(told(claim, vec![own(), other]), [""; 0], "{text}");
        }
        let same = ours(2023, "팀원의 숙박비는 150,000원이다.");
        assert_eq!(told(claim, vec![own(), same]).len(), 1);
        let guide = |title: &str, text: &str| passage(title, title, &[], text);
        let own = || guide("Domestic Travel", "Meals are USD 30 a day for staff.");
        for other in [
            guide("Overseas Travel", "Meals are USD 90 a day for staff."),
            guide(
                "Domestic Travel 2",
                "Meals are USD 50 a day for executives.",
            ),
            guide("Domestic Travel 3", "Hotels are USD 90 a day for staff."),
            guide(
                "Domestic Travel 4",
                "Version 2: meals are USD 20 a day for staff.",
            ),
        ] {
            let text = other.text.clone();
            assert_eq!(
                told("Meals are USD 30.", vec![own(), other]),
                [""; 0],
                "{text}"
            );
        }
        let same = guide("Domestic Travel 5", "Meals are USD 50 a day for staff.");
        assert_eq!(told("Meals are USD 30.", vec![own(), same]).len(), 1);
        // The same document does not contradict itself here.
        let twice = vec![
            ours(2025, "일비는 1일 30,000원이다."),
            ours(2025, "일비는 1일 20,000원이다."),
        ];
        let mut same = twice.clone();
        same[1].version = same[0].version;
        assert_eq!(told("일비는 30,000원이다.", same), [""; 0]);
        // When a document came into force is its own.
        let starts = |year| ours(year, &format!("이 규정은 {year}년 3월 1일부터 시행한다."));
        assert_eq!(
            told(
                "2025년 3월 1일부터 시행한다.",
                vec![starts(2025), starts(2023)]
            ),
            [""; 0]
        );
    }

    #[test]
    fn documents_say_in_many_ways_when_they_came_into_force() {
        let date = |year, month, day| Some(PartialDate { year, month, day });
        for (text, expected) in [
            ("시행일: 2025년 1월 1일", date(2025, Some(1), Some(1))),
            (
                "판 8 · 시행일 2025-01-02 · 주관 부서",
                date(2025, Some(1), Some(2)),
            ),
            ("2025-01-01부터 시행", date(2025, Some(1), Some(1))),
            (
                "이 규정은 2025년 3월 1일부터 시행하며, 2023년판은 2025년 4월 28일에 폐지되었다.",
                date(2025, Some(3), Some(1)),
            ),
            (
                "이 가격표는 2025년 4월 1일부터 2025년 12월 31일까지 유효하다.",
                date(2025, Some(4), Some(1)),
            ),
            ("effective from 1 March 2025", date(2025, Some(3), Some(1))),
            (
                "Version 7 · In force from 2025-03-01 · Owner HR",
                date(2025, Some(3), Some(1)),
            ),
            (
                "Effective date: March 5, 2024",
                date(2024, Some(3), Some(5)),
            ),
            ("valid from April 2025", date(2025, Some(4), None)),
            (
                "1판은 2019년 1월 1일부터 시행한다. 2판은 2021년 2월 1일부터 시행한다.",
                date(2021, Some(2), Some(1)),
            ),
            ("2025년 2월 28일에 폐지되었다.", None),
            ("판\t시행일\t내용\n1\t2004년 7월 1일\t제정", None),
            ("", None),
        ] {
            assert_eq!(in_force(text), expected, "{text}");
        }
        for (name, expected) in [
            (
                "국내 출장 여비 규정 (2023년판, 폐지)",
                date(2023, None, None),
            ),
            (
                "국내 출장 여비 규정 (2025년 개정판)",
                date(2025, None, None),
            ),
            ("03-travel-expenses-ko-2025.docx", date(2025, None, None)),
            ("rules_20240701.pdf", date(2024, Some(7), Some(1))),
            ("Travel Policy, Version 2023", date(2023, None, None)),
            ("HB-FI-021", None),
            ("가격 2,019원", None),
        ] {
            assert_eq!(named(name), expected, "{name}");
        }
    }

    #[test]
    fn the_beginning_of_a_document_is_asked_for_its_date() {
        let opened = |file: &str, opening: &str, text: &str| Passage {
            opening: opening.to_owned(),
            ..passage(file, "여비 규정", &[], text)
        };
        let context = context(vec![
            opened("a.md", "시행일 2021-05-01", "식비는 1식 9,000원이다."),
            opened("b.md", "시행일 2024-05-01", "식비는 1식 12,000원이다."),
        ]);
        let found = conflicts("식비는 9,000원입니다.", &[(1, 0..10)], &context);
        assert_eq!(
            found[0].words(Language::Ko),
            "문서마다 다릅니다: “12,000원”(2024년 5월 1일 시행), “9,000원”(2021년 5월 1일 시행)."
        );
    }
}
