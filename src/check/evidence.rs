//! Where a claim may rest: windows of one to three sentences of the passages, best first.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, LazyLock, OnceLock};

use ingest::{BackendError, PassageEmbedder, Span, Vector};
use regex::Regex;
use tokio::sync::Mutex;

use super::entailment::Pair;
use super::facts::{self, Source};
use super::table;
use super::topic::asks;
use crate::ask::{Context, Passage};
use crate::index::words;
use crate::language::Language;

/// Sentences of a passage that one claim may rest on together.
pub(super) const WINDOW: usize = 3;
/// What a word in a heading counts: it says what its paragraph is about, but not as much.
const HEADING: f32 = 0.8;
/// What each further sentence costs a window.
const FURTHER: f32 = 0.02;
/// Sentences that are compared by their vectors at most.
const COMPARED: usize = 48;
/// Items of a list that one lead-in may stand above.
const ITEMS: usize = 40;
/// Terms under which a sentence says nothing without the question before it.
const REPLY: usize = 4;

/// What is known of an answer's passages: each is looked at once, however many claims rest on it.
pub(super) struct Known<'a> {
    passages: Vec<Prepared<'a>>,
    weights: OnceLock<HashMap<String, f32>>,
    /// Vectors of sentences and windows, by the number of the passage and the bytes of its text.
    vectors: Mutex<HashMap<(u32, Span), Arc<Vector>>>,
}

/// A passage that is prepared when a claim first looks at it.
struct Prepared<'a> {
    number: u32,
    passage: &'a Passage,
    terms: OnceLock<Terms>,
    source: OnceLock<Arc<Source>>,
    /// Title and text, folded and in lower case.
    plain: OnceLock<String>,
}

/// The terms of a passage.
struct Terms {
    headings: HashSet<String>,
    sentences: Vec<HashSet<String>>,
    /// For each sentence the one that makes it whole, if it is an item or a short reply.
    leads: Vec<Option<usize>>,
    /// For each row of a table its header.
    headers: Vec<Option<usize>>,
}

/// A few sentences in a row of a passage.
#[derive(Clone, Debug)]
pub(super) struct Window<'a> {
    pub(super) number: u32,
    pub(super) passage: &'a Passage,
    pub(super) span: Span,
    /// The share of the claim's content that it holds.
    pub(super) coverage: f32,
    /// Whether its sentence that holds most of the claim denies something.
    pub(super) denies: bool,
    /// What stands above it and makes it whole: the lead-in of its list, the question that it
    /// answers.
    pub(super) lead: Option<Span>,
    /// The header of the table that it is rows of, where it stands.
    header: Option<Span>,
    /// Whether it is one sentence.
    is_single: bool,
}

impl Window<'_> {
    /// The number of its passage, and where it stands there.
    pub(super) fn place(&self) -> (u32, Span) {
        (self.number, self.span.clone())
    }

    /// What is quoted of it: with what makes it whole.
    pub(super) fn places(&self) -> impl Iterator<Item = (u32, Span)> {
        let above = self
            .header
            .iter()
            .filter(|header| header.end <= self.span.start);
        let spans = self.lead.iter().chain(above).chain([&self.span]);
        spans.map(|span| (self.number, span.clone()))
    }

    /// Its text as it is read, below the headings that it stands under.
    pub(super) fn text(&self) -> String {
        let own = &self.passage.text[self.span.clone()];
        let own = match &self.header {
            Some(header) => {
                let text = &self.passage.text;
                let lines = |span| &text[table::lines_of(text, span)];
                table::with_header(lines(header), lines(&self.span))
            }
            None => own.to_owned(),
        };
        let text = self.lead.as_ref().map_or_else(
            || own.clone(),
            |lead| format!("{}\n{own}", self.passage.text[lead.clone()].trim()),
        );
        let heading = self
            .passage
            .heading_path
            .last()
            .map_or(self.passage.title.as_str(), String::as_str)
            .trim();
        if heading.is_empty() {
            text
        } else {
            format!("{heading}\n{text}")
        }
    }

    /// The pair that a verifier judges.
    pub(super) fn pair(&self, claim: &str) -> Pair {
        Pair {
            evidence: self.text(),
            claim: claim.to_owned(),
        }
    }
}

impl Terms {
    fn of(passage: &Passage) -> Self {
        Self {
            headings: passage
                .heading_path
                .iter()
                .chain([&passage.title])
                .flat_map(|heading| content(heading))
                .collect(),
            sentences: passage
                .sentences
                .iter()
                .map(|span| {
                    words(&passage.text[span.clone()])
                        .into_iter()
                        .map(|token| token.text)
                        .collect()
                })
                .collect(),
            leads: leads(passage),
            headers: table::headers(passage),
        }
    }
}

/// The header that sentences of a passage are all rows of, or are.
fn header_of(headers: &[Option<usize>], first: usize, length: usize) -> Option<usize> {
    let header = headers[first + length - 1]?;
    (first..first + length)
        .all(|index| index == header || headers[index] == Some(header))
        .then_some(header)
}

/// Marks of items of a list.
static ITEM: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:(?:[-*•·‣▪○●□■–]|\(?(?:[0-9]{1,2}|[a-z]|[가나다라마바사아자차카타파하])[.)])(?:\s+|$)|[①-⑳]\s*)")
        .expect("the pattern is fixed")
});
/// What a lead-in of a list says where it does not end with a colon.
static LEAD_IN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:다음|아래)(?:과 같|와 같|의 |\s?각\s?호|\s(?:사항|행위|경우|항목|서류|내용|조건)|을 |를 )|\b(?:following|as follows|below)\b").expect("the pattern is fixed")
});

/// For each sentence of a passage the one before it that makes it whole: the lead-in of an item,
/// the question of a short reply.
fn leads(passage: &Passage) -> Vec<Option<usize>> {
    let says = |span: &Span| &passage.text[span.clone()];
    let mut leads: Vec<Option<usize>> = Vec::with_capacity(passage.sentences.len());
    // The last sentence that leads in, and the items since.
    let mut lead: Option<(usize, usize)> = None;
    for (index, span) in passage.sentences.iter().enumerate() {
        let text = says(span);
        let before = index.checked_sub(1);
        if let Some(before) = before.filter(|before| asks(says(&passage.sentences[*before])))
            && content(text).len() < REPLY
        {
            lead = None;
            leads.push(Some(before));
            continue;
        }
        let ends = text.trim_end().ends_with([':', '：']);
        let is_item = ITEM.is_match(text) || is_first_after_mark(passage, span);
        match &mut lead {
            Some((at, items)) if is_item && *items < ITEMS => {
                *items += 1;
                leads.push(Some(*at));
            }
            // Items without marks: only the lead-in's colon tells that the next one is an item.
            Some((at, 0))
                if says(&passage.sentences[*at])
                    .trim_end()
                    .ends_with([':', '：']) =>
            {
                let at = *at;
                lead = ends.then_some((index, 0));
                leads.push(Some(at));
            }
            _ => {
                lead = (ends || LEAD_IN.is_match(text)).then_some((index, 0));
                leads.push(None);
            }
        }
    }
    leads
}

/// Whether a mark of an item stands before a sentence on its line.
fn is_first_after_mark(passage: &Passage, span: &Span) -> bool {
    const MARK: usize = 6;
    let before = &passage.text[..span.start];
    let mut last = before.char_indices().rev().take(MARK + 1);
    let line = match last.find(|(_, char)| *char == '\n') {
        Some((at, _)) => &before[at + 1..],
        None if before.chars().nth(MARK).is_none() => before,
        None => return false,
    };
    !line.trim().is_empty() && ITEM.is_match(line)
}

impl Prepared<'_> {
    fn terms(&self) -> &Terms {
        self.terms.get_or_init(|| Terms::of(self.passage))
    }

    fn source(&self) -> Arc<Source> {
        let source = self
            .source
            .get_or_init(|| Arc::new(Source::of(self.passage)));
        Arc::clone(source)
    }
}

impl<'a> Known<'a> {
    pub(super) fn of(context: &'a Context) -> Self {
        let passages = context.passages.iter().zip(1..);
        Self {
            passages: passages
                .map(|(passage, number)| Prepared {
                    number,
                    passage,
                    terms: OnceLock::new(),
                    source: OnceLock::new(),
                    plain: OnceLock::new(),
                })
                .collect(),
            weights: OnceLock::new(),
            vectors: Mutex::default(),
        }
    }

    fn prepared(&self, number: u32) -> Option<&Prepared<'a>> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.passages.get(index)
    }

    /// The numbers of all passages.
    pub(super) fn numbers(&self) -> Vec<u32> {
        self.passages
            .iter()
            .map(|prepared| prepared.number)
            .collect()
    }

    /// Those of `numbers` whose passages are not in `language`.
    pub(super) fn in_other_language(&self, language: Language, numbers: &[u32]) -> Vec<u32> {
        let is_other = |number: &&u32| {
            let prepared = self.prepared(**number);
            prepared.is_some_and(|prepared| Language::of(&prepared.passage.text) != language)
        };
        numbers.iter().filter(is_other).copied().collect()
    }

    /// Whether one of `numbers` has `quote` word for word, but for white space, capitals and how
    /// quotes and `not` are written.
    pub(super) fn holds(&self, quote: &str, numbers: &[u32]) -> bool {
        let quote = plain(quote);
        numbers
            .iter()
            .filter_map(|number| self.prepared(*number))
            .any(|prepared| {
                let text = prepared.plain.get_or_init(|| {
                    let passage = prepared.passage;
                    format!("{}\n{}", plain(&passage.title), plain(&passage.text))
                });
                text.contains(&quote)
            })
    }

    /// The header of the table that a place is a row of.
    pub(super) fn header(&self, number: u32, span: &Span) -> Option<Span> {
        let prepared = self.prepared(number)?;
        let sentences = &prepared.passage.sentences;
        let row = sentences
            .iter()
            .position(|own| own.start <= span.start && span.end <= own.end)?;
        let header = prepared.terms().headers[row]?;
        Some(sentences[header].clone())
    }

    /// The passages of `numbers`.
    pub(super) fn passages(&self, numbers: &[u32]) -> Vec<&'a Passage> {
        let prepared = numbers.iter().filter_map(|number| self.prepared(*number));
        prepared.map(|prepared| prepared.passage).collect()
    }

    /// The hard facts of passages.
    pub(super) fn sources(&self, numbers: &[u32]) -> Vec<Arc<Source>> {
        numbers
            .iter()
            .filter_map(|number| Some(self.prepared(*number)?.source()))
            .collect()
    }

    /// What a term counts: one that few sentences hold counts more.
    fn weight(&self, term: &str) -> f32 {
        let weights = self.weights.get_or_init(|| {
            let mut counts: HashMap<String, f32> = HashMap::new();
            for prepared in &self.passages {
                for terms in &prepared.terms().sentences {
                    for term in terms {
                        *counts.entry(term.clone()).or_default() += 1.0;
                    }
                }
            }
            counts
                .into_iter()
                .map(|(term, count)| (term, 1.0 / (1.0 + count.ln_1p())))
                .collect()
        });
        weights.get(term).copied().unwrap_or(1.0)
    }

    /// The windows of `numbers` that hold most of `claim`, best first, at most `limit`; none lies
    /// within another.
    pub(super) fn windows(&self, claim: &str, numbers: &[u32], limit: usize) -> Vec<Window<'a>> {
        let mut windows = self.all_windows(claim, numbers);
        windows.sort_by(|one, other| other.coverage.total_cmp(&one.coverage));
        let mut chosen: Vec<Window<'a>> = Vec::new();
        for window in windows {
            let overlaps = chosen.iter().any(|other| {
                let within = |a: &Span, b: &Span| a.start <= b.start && b.end <= a.end;
                other.number == window.number
                    && (within(&other.span, &window.span) || within(&window.span, &other.span))
            });
            if !overlaps {
                chosen.push(window);
            }
            if chosen.len() == limit {
                break;
            }
        }
        chosen
    }

    fn all_windows(&self, claim: &str, numbers: &[u32]) -> Vec<Window<'a>> {
        // Facts are compared on their own, in whatever way they are written.
        let facts: BTreeSet<String> = facts::facts(claim)
            .iter()
            .flat_map(|fact| words(&fact.text))
            .map(|token| token.text)
            .collect();
        let mut wanted = content(claim);
        wanted.sort_unstable();
        wanted.dedup();
        if wanted.iter().any(|term| !facts.contains(term)) {
            wanted.retain(|term| !facts.contains(term));
        }
        let wanted: Vec<(String, f32)> = wanted
            .into_iter()
            .map(|term| {
                let weight = self.weight(&term);
                (term, weight)
            })
            .collect();
        let whole: f32 = wanted.iter().map(|(_, weight)| weight).sum();
        let whole = whole.max(f32::MIN_POSITIVE);
        let mut windows = Vec::new();
        for number in numbers {
            let Some(prepared) = self.prepared(*number) else {
                continue;
            };
            let (passage, terms) = (prepared.passage, prepared.terms());
            let says = |index: usize| &passage.text[passage.sentences[index].clone()];
            for first in 0..passage.sentences.len() {
                for length in 1..=WINDOW.min(passage.sentences.len() - first) {
                    let last = first + length - 1;
                    if asks(says(last))
                        || !passage
                            .stand_together(&passage.sentences[first], &passage.sentences[last])
                    {
                        break;
                    }
                    let lead = terms.leads[first];
                    let header = header_of(&terms.headers, first, length);
                    let above = [lead, header].map(|above| Some(&terms.sentences[above?]));
                    let held = &terms.sentences[first..first + length];
                    let points: f32 = wanted
                        .iter()
                        .map(|(term, weight)| {
                            if held.iter().any(|terms| terms.contains(term)) {
                                *weight
                            } else if terms.headings.contains(term)
                                || above.iter().flatten().any(|above| above.contains(term))
                            {
                                HEADING * weight
                            } else {
                                0.0
                            }
                        })
                        .sum();
                    #[expect(clippy::cast_precision_loss, reason = "it is one or two")]
                    let further = FURTHER * (length - 1) as f32;
                    let closest = (first..first + length)
                        .max_by_key(|index| {
                            let held = &terms.sentences[*index];
                            wanted
                                .iter()
                                .filter(|(term, _)| held.contains(term))
                                .count()
                        })
                        .unwrap_or(first);
                    windows.push(Window {
                        number: *number,
                        passage,
                        span: passage.sentences[first].start
                            ..passage.sentences[first + length - 1].end,
                        coverage: (points / whole - further).max(0.0),
                        denies: denies(says(closest))
                            != terms.leads[closest].is_some_and(|lead| denies(says(lead))),
                        lead: lead.map(|lead| passage.sentences[lead].clone()),
                        header: header.map(|header| passage.sentences[header].clone()),
                        is_single: length == 1,
                    });
                }
            }
        }
        windows
    }

    /// The sentences of `numbers` whose vectors are most like that of `claim`, with the sentence
    /// after each: for a claim in other words, or in another language.
    pub(super) async fn alike(
        &self,
        embedder: &dyn PassageEmbedder,
        claim: &str,
        numbers: &[u32],
        limit: usize,
    ) -> Result<Vec<Window<'a>>, BackendError> {
        let mut singles = self.all_windows(claim, numbers);
        singles.retain(|window| window.is_single);
        if singles.len() > COMPARED {
            // Those that hold more of the claim first; of the rest the first of every passage,
            // then the second: the order of passages is that of their worth.
            let mut seen: HashMap<u32, usize> = HashMap::new();
            singles.sort_by_cached_key(|window| {
                let rank = seen.entry(window.number).or_default();
                *rank += 1;
                *rank
            });
            singles.sort_by(|one, other| other.coverage.total_cmp(&one.coverage));
            singles.truncate(COMPARED);
        }
        let cosines = self.cosines(embedder, claim, &singles).await?;
        let mut order: Vec<usize> = (0..singles.len()).collect();
        order.sort_by(|one, other| cosines[*other].total_cmp(&cosines[*one]));
        Ok(order
            .into_iter()
            .take(limit)
            .map(|index| {
                let mut window = singles[index].clone();
                let sentences = &window.passage.sentences;
                let next = sentences
                    .iter()
                    .find(|sentence| sentence.start >= window.span.end)
                    .filter(|next| window.passage.stand_together(&window.span, next))
                    .filter(|next| !asks(&window.passage.text[(*next).clone()]));
                if let Some(next) = next {
                    window.span.end = next.end;
                    // The two together are no rows of one table, or not seen to be.
                    window.header = None;
                }
                window
            })
            .collect())
    }

    /// The similarity of `claim` to each window, by their vectors.
    pub(super) async fn cosines(
        &self,
        embedder: &dyn PassageEmbedder,
        claim: &str,
        windows: &[Window<'_>],
    ) -> Result<Vec<f32>, BackendError> {
        if windows.is_empty() {
            return Ok(Vec::new());
        }
        let mut known = self.vectors.lock().await;
        let new: Vec<&Window<'_>> = windows
            .iter()
            .filter(|window| !known.contains_key(&window.place()))
            .collect();
        let mut texts = vec![claim.to_owned()];
        texts.extend(
            new.iter()
                .map(|window| window.passage.text[window.span.clone()].to_owned()),
        );
        let failed = || BackendError::message("the embedding model gave no vector");
        let mut vectors = embedder.embed_passages(&texts).await?.into_iter();
        let own = vectors.next().ok_or_else(failed)?;
        known.extend(
            new.iter()
                .map(|window| window.place())
                .zip(vectors.map(Arc::new)),
        );
        windows
            .iter()
            .map(|window| {
                let other = known.get(&window.place()).ok_or_else(failed)?;
                Ok(own.iter().zip(&**other).map(|(one, two)| one * two).sum())
            })
            .collect()
    }
}

/// What denies, at the end of a Korean sentence, where its predicate stands.
static KOREAN_DENIAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"없|않|아니|못하|못한|못 ?[가-힣]|금지|불가|안 ?된|안 ?됩|제한된다|제외")
        .expect("the pattern is fixed")
});
static ENGLISH_DENIAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:not|no|never|cannot|nobody|none|neither|nor|prohibited|forbidden)\b|n['’]t\b",
    )
    .expect("the pattern is fixed")
});

/// Characters at the end of a Korean sentence that its predicate takes.
const PREDICATE: usize = 12;

/// Whether a sentence denies what it is about. Two denials affirm.
pub(super) fn denies(sentence: &str) -> bool {
    if Language::of(sentence) == Language::En {
        return ENGLISH_DENIAL.find_iter(sentence).count() % 2 == 1;
    }
    let end = sentence.trim_end_matches(|char: char| !char.is_alphanumeric());
    let from = end
        .char_indices()
        .rev()
        .nth(PREDICATE - 1)
        .map_or(0, |(at, _)| at);
    KOREAN_DENIAL.find_iter(&end[from..]).count() % 2 == 1
}

/// White space made one space, for comparing.
pub(super) fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text as quotes are compared.
fn plain(text: &str) -> String {
    folded(text)
        .to_lowercase()
        .replace(['’', '‘', '`'], "'")
        .replace(['“', '”'], "\"")
        .replace("can't", "cannot")
        .replace("won't", "will not")
        .replace("n't", " not")
}

/// Where `text` stands in a passage as whole sentences, white space and the full stop apart: not
/// what the passage asks, and not what means something else without the words before it (an item
/// of what is forbidden, `Yes.`).
pub(super) fn verbatim(text: &str, passage: &Passage) -> Option<Span> {
    let bare = |text: &str| {
        let text = folded(text);
        let text = ITEM
            .find(&text)
            .map_or(&text[..], |mark| &text[mark.end()..]);
        text.trim_end_matches(['.', '。', '!']).to_owned()
    };
    let wanted = bare(text);
    if wanted.is_empty() || content(text).len() < 2 && facts::facts(text).is_empty() {
        return None;
    }
    let mut all_leads: Option<Vec<Option<usize>>> = None;
    for (index, first) in passage.sentences.iter().enumerate() {
        for last in passage.sentences.iter().skip(index).take(WINDOW) {
            if !passage.stand_together(first, last) {
                break;
            }
            let span = first.start..last.end;
            let found = bare(&passage.text[span.clone()]);
            if found == wanted {
                let leads = all_leads.get_or_insert_with(|| leads(passage));
                let lead = leads[index].map(|lead| &passage.text[passage.sentences[lead].clone()]);
                let depends = lead.is_some_and(|lead| asks(lead) || denies(lead));
                if !depends && !asks(&passage.text[last.clone()]) {
                    return Some(span);
                }
            }
            if found.len() > wanted.len() {
                break;
            }
        }
    }
    None
}

static STOP: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    "a an the of to in on at for and or is are was were be been it its this that with as by from has have had will \
     would can could may do does did they he she we you i their his her our your not no there which who what when \
     다음 니다 습니 입니 합니 한다 하는 하고 하여 에서 으로 에게 이다 있다 있는 있습 된다 되는 그리 리고 또한 것이 하며"
        .split_whitespace()
        .collect()
});

/// The terms of a text that say something.
pub(crate) fn content(text: &str) -> Vec<String> {
    let mut terms: Vec<String> = words(text).into_iter().map(|token| token.text).collect();
    if terms.iter().any(|term| !STOP.contains(term.as_str())) {
        terms.retain(|term| !STOP.contains(term.as_str()));
    }
    terms
}

/// Words of a claim that a window does not hold.
pub(super) fn uncovered(claim: &str, window: &Window<'_>) -> Vec<String> {
    let held: BTreeSet<String> = words(&window.passage.text[window.span.clone()])
        .into_iter()
        .map(|token| token.text)
        .collect();
    claim
        .split_whitespace()
        .filter(|word| {
            let terms = content(word);
            let missing = terms.iter().filter(|term| !held.contains(*term)).count();
            missing * 2 > terms.len()
        })
        .map(|word| {
            word.trim_matches(|char: char| !char.is_alphanumeric())
                .to_owned()
        })
        .filter(|word| !word.is_empty())
        .take(10)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denials_are_counted_where_the_predicate_stands() {
        for (sentence, denied) in [
            ("사용하지 않은 연차는 이월할 수 있다.", false),
            ("사용하지 않은 연차는 이월할 수 없다.", true),
            ("이월할 수 없는 것은 아니다.", false),
            ("사전 승인 없이 반출하는 것을 금지한다.", true),
            ("외부 반출은 안 된다", true),
            ("Class 1 data may not be copied.", true),
            ("Class 1 data may be copied without approval.", false),
            ("It can't be carried over.", true),
        ] {
            assert_eq!(denies(sentence), denied, "{sentence}");
        }
    }

    #[test]
    fn a_row_is_read_and_quoted_with_its_header() {
        let text = "약품 | 보관 온도 | 사용 기한\n세척액 | 15℃ | 30일\n희석액 | 5℃ | 7일\n표준액 | 2℃ | 14일\n";
        let context = Context {
            passages: vec![Passage::alone(text)],
            ledger: Vec::new(),
        };
        let known = Known::of(&context);
        let windows = known.windows("표준액의 사용 기한은 14일입니다.", &[1], 1);
        assert_eq!(
            windows[0].text(),
            "약품: 표준액, 보관 온도: 2℃, 사용 기한: 14일"
        );
        let quotes: Vec<&str> = windows[0]
            .places()
            .map(|(_, span)| text[span].trim())
            .collect();
        assert_eq!(
            quotes,
            ["약품 | 보관 온도 | 사용 기한", "표준액 | 2℃ | 14일"]
        );
        let row = verbatim("표준액 | 2℃ | 14일", &context.passages[0]).unwrap();
        let header = known.header(1, &row).map(|header| text[header].trim());
        assert_eq!(header, Some("약품 | 보관 온도 | 사용 기한"));
    }

    #[test]
    fn the_best_windows_hold_most_and_do_not_lie_within_each_other() {
        let text = "연차는 15일이다. 미사용 연차는 이월할 수 없다. 출장비는 3만 원이다. 숙박비는 실비로 준다.";
        let context = Context {
            passages: vec![Passage::alone(text)],
            ledger: Vec::new(),
        };
        let known = Known::of(&context);
        let windows = known.windows("미사용 연차는 이월되지 않는다.", &[1, 9], 3);
        assert_eq!(
            windows[0].passage.text[windows[0].span.clone()].trim(),
            "미사용 연차는 이월할 수 없다."
        );
        for (index, one) in windows.iter().enumerate() {
            for other in &windows[index + 1..] {
                let within = |a: &Span, b: &Span| a.start <= b.start && b.end <= a.end;
                assert!(!within(&one.span, &other.span));
                assert!(!within(&other.span, &one.span));
            }
        }
        assert_eq!(known.numbers(), [1]);
    }
}
