//! The checker: the one place where an [`Answer`] is made.
//!
//! First tier: a sentence that stands in a cited passage word for word is supported. For any
//! other, citations must exist, quoted words must be verbatim, and every number, date, unit,
//! article and code must stand in the cited passages; then the share of its content that the
//! best few sentences hold, mixed with the similarity of their vectors, must reach a threshold
//! that was calibrated on public sets (`veracite eval`).

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use ingest::{BackendError, ContentHash, PassageEmbedder, Span, Vector};
use regex::Regex;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::answer::{Answer, CheckedSentence, Citation, Mode, Reason, Verdict};
use super::draft::DraftReader;
use super::facts::{self, Fact};
use super::silence;
use crate::ask::{Context, DraftPiece, DraftPieces, DraftSentence, Passage, Usage};
use crate::index::words;
use crate::language::Language;

/// Name and version: verdicts of another version are not comparable.
const NAME: &str = "tier1-3";
/// Sentences of a passage that one sentence may rest on together.
const WINDOW: usize = 3;
/// Windows whose vectors are compared with the sentence's.
const COMPARED: usize = 3;
/// Characters of context shown before and after a quote.
const AROUND: usize = 200;
/// The similarity of vectors of texts that have nothing to do with each other, and the most;
/// multilingual-e5 leaves little room between.
const SIMILARITY: (f32, f32) = (0.78, 0.97);

/// `[check]`: the citation checker.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct CheckConfig {
    /// From this score, 0 to 1, a sentence is supported. Higher withholds more.
    pub supported: f32,
    /// From this score it is partly supported.
    pub partial: f32,
    /// The weight of vectors against words in the score.
    pub vector_weight: f32,
}

impl Default for CheckConfig {
    fn default() -> Self {
        Self {
            supported: 0.62,
            partial: 0.45,
            vector_weight: 0.4,
        }
    }
}

impl CheckConfig {
    /// Looks for values that mean nothing.
    ///
    /// # Errors
    /// When a score is not between 0 and 1, or `partial` is over `supported`.
    pub fn validate(&self) -> Result<(), String> {
        for (name, value) in [
            ("supported", self.supported),
            ("partial", self.partial),
            ("vector_weight", self.vector_weight),
        ] {
            if !(0.0..=1.0).contains(&value) {
                return Err(format!("`{name}` is {value}, not between 0 and 1"));
            }
        }
        if self.partial > self.supported {
            return Err(format!(
                "`partial` ({}) is over `supported` ({})",
                self.partial, self.supported
            ));
        }
        Ok(())
    }
}

/// A sentence that was checked, as it is told to the asker.
#[derive(Clone, Debug)]
pub enum AnswerEvent {
    /// One to show.
    Sentence(CheckedSentence),
    /// One that strict mode withholds; people are told that there is one, not what it says.
    Withheld(CheckedSentence),
}

/// Checks sentences against the passages that they cite.
#[derive(Clone, Debug)]
pub struct Checker {
    config: CheckConfig,
    embedder: Option<Arc<dyn PassageEmbedder>>,
    name: String,
}

/// What was found for a sentence.
struct Finding {
    verdict: Verdict,
    score: f32,
    reason: Option<Reason>,
    quotes: Vec<(u32, Span)>,
}

/// What is known of an answer's passages: each is looked at once, however many sentences cite it.
#[derive(Default)]
struct Known {
    facts: HashMap<u32, Arc<Vec<Fact>>>,
    /// Vectors of windows, by the number of the passage and the bytes of its text.
    vectors: HashMap<(u32, Span), Vector>,
}

impl Known {
    fn facts_of(&mut self, number: u32, passage: &Passage) -> Arc<Vec<Fact>> {
        let facts = self.facts.entry(number).or_insert_with(|| {
            let mut found = facts::facts(&passage.text);
            for heading in passage.heading_path.iter().chain([&passage.title]) {
                found.extend(facts::facts(heading));
            }
            Arc::new(found)
        });
        Arc::clone(facts)
    }

    /// The vector of `sentence`, while those of `windows` become known.
    async fn vectors_of(
        &mut self,
        embedder: &dyn PassageEmbedder,
        sentence: &str,
        windows: &[Window<'_>],
    ) -> Result<Vector, BackendError> {
        let new: Vec<&Window<'_>> = windows
            .iter()
            .filter(|window| !self.vectors.contains_key(&window.place()))
            .collect();
        let mut texts = vec![sentence.to_owned()];
        texts.extend(
            new.iter()
                .map(|window| window.passage.text[window.span.clone()].to_owned()),
        );
        let mut vectors = embedder.embed_passages(&texts).await?.into_iter();
        let own = vectors
            .next()
            .ok_or_else(|| BackendError::message("the embedding model gave no vector"))?;
        self.vectors
            .extend(new.iter().map(|window| window.place()).zip(vectors));
        Ok(own)
    }
}

/// A few sentences in a row of a passage.
struct Window<'a> {
    number: u32,
    passage: &'a Passage,
    span: Span,
    coverage: f32,
    /// Whether its sentence that holds most of the claim denies something.
    denies: bool,
}

impl Window<'_> {
    /// The number of its passage, and where it stands there.
    fn place(&self) -> (u32, Span) {
        (self.number, self.span.clone())
    }
}

impl Checker {
    /// A checker; without a model it compares words only.
    #[must_use]
    pub fn new(config: CheckConfig, embedder: Option<Arc<dyn PassageEmbedder>>) -> Self {
        let name = match &embedder {
            Some(embedder) => format!("{NAME}+{}", embedder.model()),
            None => NAME.to_owned(),
        };
        Self {
            config,
            embedder,
            name,
        }
    }

    /// Its name and version.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Checks a whole draft.
    pub async fn check(
        &self,
        draft: Vec<DraftSentence>,
        context: Arc<Context>,
        language: Language,
        mode: Mode,
    ) -> Answer {
        let mut answer = self.empty(&context, language, mode, "");
        let mut known = Known::default();
        for sentence in draft {
            answer.unknown_citations += unknown(&sentence, &context);
            let checked = self.sentence(&sentence, &context, &mut known).await;
            take(&mut answer, checked);
        }
        close(answer)
    }

    /// How well `evidence` supports `claim`, from 0 to 1, and the verdict: for measuring.
    pub async fn score(&self, claim: &str, evidence: &str) -> (f32, Verdict) {
        let passage = Passage::alone(evidence);
        let context = Context {
            passages: vec![passage],
            ledger: Vec::new(),
        };
        let sentence = DraftSentence {
            text: claim.to_owned(),
            citations: vec![1],
        };
        let checked = self
            .sentence(&sentence, &context, &mut Known::default())
            .await;
        (checked.score, checked.verdict)
    }

    fn empty(&self, context: &Context, language: Language, mode: Mode, generator: &str) -> Answer {
        Answer {
            language,
            mode,
            sentences: Vec::new(),
            withheld: Vec::new(),
            unknown_citations: 0,
            abstained: false,
            generator: generator.to_owned(),
            checker: self.name.clone(),
            ledger: context.ledger.clone(),
            truncated: false,
            usage: None,
        }
    }

    async fn sentence(
        &self,
        sentence: &DraftSentence,
        context: &Context,
        known: &mut Known,
    ) -> CheckedSentence {
        let finding = match self.find(sentence, context, known).await {
            Ok(finding) => finding,
            Err(error) => Finding {
                verdict: Verdict::Unverified,
                score: 0.0,
                reason: Some(Reason::CheckerFailed {
                    error: error.to_string(),
                }),
                quotes: Vec::new(),
            },
        };
        CheckedSentence {
            text: sentence.text.clone(),
            verdict: finding.verdict,
            score: finding.score,
            reason: finding.reason,
            citations: finding
                .quotes
                .iter()
                .filter_map(|(number, span)| {
                    Some(citation(*number, context.passage(*number)?, span))
                })
                .collect(),
        }
    }

    async fn find(
        &self,
        sentence: &DraftSentence,
        context: &Context,
        known: &mut Known,
    ) -> Result<Finding, BackendError> {
        if sentence.citations.is_empty()
            && (claims_nothing(&sentence.text) || is_heading_of(&sentence.text, context))
        {
            return Ok(not_checkable());
        }
        let cited: Vec<(u32, &Passage)> = sentence
            .citations
            .iter()
            .filter_map(|number| Some((*number, context.passage(*number)?)))
            .collect();
        let verbatim: Vec<(u32, Span)> = cited
            .iter()
            .filter_map(|(number, passage)| Some((*number, verbatim(&sentence.text, passage)?)))
            .collect();
        if !verbatim.is_empty() {
            return Ok(Finding {
                verdict: Verdict::Supported,
                score: 1.0,
                reason: None,
                quotes: verbatim,
            });
        }
        // Not before: a document may itself say that a document does not say something.
        if silence::says_nothing_is_there(&sentence.text) {
            return Ok(not_checkable());
        }
        if cited.is_empty() {
            return Ok(unsupported(0.0, Reason::NoCitation));
        }
        let evidence: Vec<Arc<Vec<Fact>>> = cited
            .iter()
            .map(|(number, passage)| known.facts_of(*number, passage))
            .collect();
        let mut windows = windows(&sentence.text, &cited);
        let score = self.similarity(&sentence.text, &mut windows, known).await?;
        let quotes: Vec<(u32, Span)> = windows
            .first()
            .map(|window| (window.number, window.span.clone()))
            .into_iter()
            .collect();
        if let Some(missing) = facts::missing(&sentence.text, &evidence).into_iter().next() {
            let contradicts = missing.instead.is_some() && score >= self.config.partial;
            return Ok(Finding {
                verdict: if contradicts {
                    Verdict::Contradicted
                } else {
                    Verdict::Unsupported
                },
                // Below every threshold, in the order of the rest of its content.
                score: score * self.config.partial.min(0.5) * 0.5,
                reason: Some(Reason::MissingFact {
                    fact: missing.fact,
                    instead: missing.instead,
                }),
                quotes: if contradicts { quotes } else { Vec::new() },
            });
        }
        if let Some(quote) = quoted(&sentence.text).into_iter().find(|quote| {
            !cited
                .iter()
                .any(|(_, passage)| folded(&passage.text).contains(&folded(quote)))
        }) {
            return Ok(unsupported(score * 0.5, Reason::NotVerbatim { quote }));
        }
        let opposite = windows
            .first()
            .is_some_and(|window| window.denies != denies(&sentence.text));
        if opposite && score >= self.config.partial {
            return Ok(Finding {
                verdict: Verdict::Contradicted,
                score: score * self.config.partial.min(0.5) * 0.5,
                reason: Some(Reason::Opposite),
                quotes,
            });
        }
        Ok(if score >= self.config.supported {
            Finding {
                verdict: Verdict::Supported,
                score,
                reason: None,
                quotes,
            }
        } else if score >= self.config.partial {
            let words = windows
                .first()
                .map(|window| uncovered(&sentence.text, window))
                .unwrap_or_default();
            Finding {
                verdict: Verdict::Partial,
                score,
                reason: Some(Reason::PartlyMissing { words }),
                quotes,
            }
        } else {
            unsupported(score, Reason::LowSimilarity)
        })
    }

    /// The score of the best window, which comes first then.
    async fn similarity(
        &self,
        sentence: &str,
        windows: &mut Vec<Window<'_>>,
        known: &mut Known,
    ) -> Result<f32, BackendError> {
        windows.sort_by(|one, other| other.coverage.total_cmp(&one.coverage));
        windows.truncate(COMPARED);
        if windows.is_empty() {
            return Ok(0.0);
        }
        let mut scores: Vec<f32> = windows.iter().map(|window| window.coverage).collect();
        if let Some(embedder) = &self.embedder {
            let own = known.vectors_of(&**embedder, sentence, windows).await?;
            let weight = self.config.vector_weight;
            for (score, window) in scores.iter_mut().zip(&*windows) {
                let Some(other) = known.vectors.get(&window.place()) else {
                    return Err(BackendError::message("the embedding model gave no vector"));
                };
                let cosine: f32 = own.iter().zip(other).map(|(one, two)| one * two).sum();
                let similarity =
                    ((cosine - SIMILARITY.0) / (SIMILARITY.1 - SIMILARITY.0)).clamp(0.0, 1.0);
                *score = *score * (1.0 - weight) + similarity * weight;
            }
        }
        let best = (0..scores.len())
            .max_by(|one, two| scores[*one].total_cmp(&scores[*two]))
            .unwrap_or(0);
        windows.swap(0, best);
        Ok(scores[best].clamp(0.0, 1.0))
    }
}

/// An answer, and what the checking of it took.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The answer.
    pub answer: Answer,
    /// From the draft's first whole sentence to its release; none for a draft without one.
    pub gate: Option<Duration>,
}

/// A sentence of a draft, and when it was whole.
type Timed = (DraftSentence, Instant);

/// Checks a draft while it is written. Each sentence is sent once it is checked, in order; the
/// answer comes at the end. The draft is read on while a sentence is checked, and sentences wait
/// for each other only.
///
/// # Errors
/// When the generator fails: what was whole by then was checked and sent, and there is no answer.
pub async fn check_stream(
    checker: &Checker,
    generator: &str,
    pieces: DraftPieces,
    context: &Context,
    language: Language,
    mode: Mode,
    events: &mpsc::UnboundedSender<AnswerEvent>,
) -> Result<Checked, BackendError> {
    let mut answer = checker.empty(context, language, mode, generator);
    let mut known = Known::default();
    let mut gate = None;
    // Unbounded, because answers are short and the checker must not hold the engine.
    let (sender, mut sentences) = mpsc::unbounded_channel::<Timed>();
    let checking = async {
        while let Some((sentence, since)) = sentences.recv().await {
            answer.unknown_citations += unknown(&sentence, context);
            let checked = checker.sentence(&sentence, context, &mut known).await;
            tell(&mut answer, checked, events);
            gate.get_or_insert_with(|| since.elapsed());
        }
    };
    let (read, ()) = tokio::join!(read_draft(pieces, sender), checking);
    Ending {
        truncated: answer.truncated,
        usage: answer.usage,
    } = read?;
    Ok(Checked {
        answer: close(answer),
        gate,
    })
}

/// Sentences of a draft that were written before, after which it is not read on: small models
/// write the same until they may not write more.
const REPEATED: usize = 3;

/// How a draft ended.
#[derive(Default)]
struct Ending {
    truncated: bool,
    usage: Option<Usage>,
}

/// Reads a draft to its end, and passes on its sentences as they are whole, each text once.
async fn read_draft(
    mut pieces: DraftPieces,
    sentences: mpsc::UnboundedSender<Timed>,
) -> Result<Ending, BackendError> {
    let mut ending = Ending::default();
    let mut reader = DraftReader::default();
    let (mut written, mut repeated) = (HashSet::new(), 0);
    loop {
        let (whole, is_last) = match pieces.recv().await.transpose()? {
            Some(DraftPiece::Text(text)) => (reader.push(&text), false),
            Some(DraftPiece::Sentence(sentence)) => (vec![sentence], false),
            Some(DraftPiece::Usage(usage)) => {
                ending.usage = Some(usage);
                continue;
            }
            Some(DraftPiece::Cut) => {
                ending.truncated = true;
                (std::mem::take(&mut reader).cut(), false)
            }
            None => (std::mem::take(&mut reader).finish(), true),
        };
        for sentence in whole {
            if !written.insert(sentence.text.clone()) {
                repeated += 1;
                if repeated == REPEATED {
                    // Dropping the pieces ends the work on them.
                    return Ok(ending);
                }
                continue;
            }
            repeated = 0;
            // The other half of the checker is there until this one ends.
            let _ = sentences.send((sentence, Instant::now()));
        }
        if is_last {
            return Ok(ending);
        }
    }
}

/// Citations of a sentence that no passage has the number of.
fn unknown(sentence: &DraftSentence, context: &Context) -> usize {
    sentence
        .citations
        .iter()
        .filter(|number| context.passage(**number).is_none())
        .count()
}

fn tell(
    answer: &mut Answer,
    checked: CheckedSentence,
    events: &mpsc::UnboundedSender<AnswerEvent>,
) {
    let event = if take(answer, checked.clone()) {
        AnswerEvent::Sentence(checked)
    } else {
        AnswerEvent::Withheld(checked)
    };
    // The asker may have left; the work ends with the next piece.
    let _ = events.send(event);
}

/// Puts a sentence where it belongs. Gives whether it is shown.
fn take(answer: &mut Answer, checked: CheckedSentence) -> bool {
    let shown = answer.mode == Mode::Marked
        || matches!(checked.verdict, Verdict::Supported | Verdict::NotCheckable);
    if shown {
        answer.sentences.push(checked);
    } else {
        answer.withheld.push(checked);
    }
    shown
}

fn close(mut answer: Answer) -> Answer {
    answer.abstained = !answer.sentences.iter().any(|sentence| {
        sentence.verdict == Verdict::Supported
            || answer.mode == Mode::Marked && sentence.verdict != Verdict::NotCheckable
    });
    if answer.abstained {
        // A greeting before nothing is no answer.
        answer.sentences.clear();
    }
    answer
}

fn not_checkable() -> Finding {
    Finding {
        verdict: Verdict::NotCheckable,
        score: 0.0,
        reason: None,
        quotes: Vec::new(),
    }
}

fn unsupported(score: f32, reason: Reason) -> Finding {
    Finding {
        verdict: Verdict::Unsupported,
        score,
        reason: Some(reason),
        quotes: Vec::new(),
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
fn denies(sentence: &str) -> bool {
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
static QUOTED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("[“\"「『‘]([^”\"」』’]{2,})[”\"」』’]").expect("the pattern is fixed")
});
static GREETING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:안녕하세요|안녕하십니까|감사합니다|네|예|다음과 같습니다|hello|hi|thank you|thanks|here is what i found|the following)[\s.,!:]*$")
        .expect("the pattern is fixed")
});

/// Whether a text is a greeting or nothing but marks.
fn claims_nothing(text: &str) -> bool {
    let text = text.trim();
    !text.chars().any(char::is_alphanumeric) || GREETING.is_match(text)
}

/// Whether a text is written as a heading and is one of the passages' own headings or titles:
/// other words behind a `#` may claim anything.
fn is_heading_of(text: &str, context: &Context) -> bool {
    let text = text.trim();
    let heading = match text.strip_prefix('#') {
        Some(rest) => rest.trim_start_matches('#'),
        None => match text.strip_suffix(':') {
            Some(heading) => heading,
            None => return false,
        },
    };
    let heading = folded(heading);
    context.passages.iter().any(|passage| {
        passage
            .heading_path
            .iter()
            .chain([&passage.title])
            .any(|own| folded(own) == heading)
    })
}

fn quoted(text: &str) -> Vec<String> {
    QUOTED
        .captures_iter(text)
        .map(|found| found[1].to_owned())
        .collect()
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where `text` stands in a passage as whole sentences, white space and the full stop apart.
fn verbatim(text: &str, passage: &Passage) -> Option<Span> {
    let bare = |text: &str| folded(text).trim_end_matches(['.', '。', '!']).to_owned();
    let wanted = bare(text);
    if wanted.is_empty() {
        return None;
    }
    for (index, first) in passage.sentences.iter().enumerate() {
        for last in passage.sentences.iter().skip(index).take(WINDOW) {
            let span = first.start..last.end;
            let found = bare(&passage.text[span.clone()]);
            if found == wanted {
                return Some(span);
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

fn windows<'a>(sentence: &str, cited: &[(u32, &'a Passage)]) -> Vec<Window<'a>> {
    // Facts are compared on their own, in whatever way they are written.
    let facts: BTreeSet<String> = facts::facts(sentence)
        .iter()
        .flat_map(|fact| words(&fact.text))
        .map(|token| token.text)
        .collect();
    let mut wanted = content(sentence);
    if wanted.iter().any(|term| !facts.contains(term)) {
        wanted.retain(|term| !facts.contains(term));
    }
    let mut windows = Vec::new();
    for (number, passage) in cited {
        let context: BTreeSet<String> = passage
            .heading_path
            .iter()
            .chain([&passage.title])
            .flat_map(|heading| content(heading))
            .collect();
        let terms: Vec<BTreeSet<String>> = passage
            .sentences
            .iter()
            .map(|span| {
                words(&passage.text[span.clone()])
                    .into_iter()
                    .map(|token| token.text)
                    .collect()
            })
            .collect();
        let asks = |index: usize| {
            let text = passage.text[passage.sentences[index].clone()].trim_end();
            text.ends_with(['?', '？'])
        };
        for first in 0..passage.sentences.len() {
            for length in 1..=WINDOW.min(passage.sentences.len() - first) {
                // What a document asks, it does not say.
                if asks(first + length - 1) {
                    break;
                }

                let held = &terms[first..first + length];
                // A heading says what its paragraph is about, but not as much as the words do.
                let points: f32 = wanted
                    .iter()
                    .map(|term| {
                        if held.iter().any(|terms| terms.contains(term)) {
                            1.0
                        } else if context.contains(term) {
                            0.8
                        } else {
                            0.0
                        }
                    })
                    .sum();
                #[expect(clippy::cast_precision_loss, reason = "a sentence has few words")]
                let coverage = points / wanted.len().max(1) as f32 - 0.01 * (length - 1) as f32;
                let closest = (first..first + length)
                    .max_by_key(|index| {
                        let held = &terms[*index];
                        wanted.iter().filter(|term| held.contains(*term)).count()
                    })
                    .unwrap_or(first);
                windows.push(Window {
                    number: *number,
                    passage,
                    span: passage.sentences[first].start..passage.sentences[first + length - 1].end,
                    coverage: coverage.max(0.0),
                    denies: denies(&passage.text[passage.sentences[closest].clone()]),
                });
            }
        }
    }
    windows
}

/// Words of a sentence that a window does not hold.
fn uncovered(sentence: &str, window: &Window<'_>) -> Vec<String> {
    let held: BTreeSet<String> = words(&window.passage.text[window.span.clone()])
        .into_iter()
        .map(|token| token.text)
        .collect();
    sentence
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

fn citation(number: u32, passage: &Passage, span: &Span) -> Citation {
    let quote = passage.text[span.clone()].to_owned();
    let before = &passage.text[..span.start];
    let start = before
        .char_indices()
        .rev()
        .nth(AROUND - 1)
        .map_or(0, |(at, _)| at);
    let after = &passage.text[span.end..];
    let end = after
        .char_indices()
        .nth(AROUND)
        .map_or(after.len(), |(at, _)| at);
    Citation {
        number,
        document: passage.document,
        version: passage.version,
        title: passage.title.clone(),
        file_name: passage.file_name.clone(),
        heading_path: passage.heading_path.clone(),
        pages: passage.pages_of(span),
        place: passage.place.of(&passage.text, span),
        quote_sha256: ContentHash::of(quote.as_bytes()),
        quote,
        before: before[start..].to_owned(),
        after: after[..end].to_owned(),
    }
}

impl Reason {
    /// The reason as a sentence for people.
    #[must_use]
    pub fn words(&self, language: Language) -> String {
        match (self, language) {
            (Self::NoCitation, Language::Ko) => "근거로 든 구절이 없습니다.".to_owned(),
            (Self::NoCitation, Language::En) => "It cites no passage that there is.".to_owned(),
            (Self::NotVerbatim { quote }, Language::Ko) => {
                format!("문서에 없는 말을 인용합니다: “{quote}”")
            }
            (Self::NotVerbatim { quote }, Language::En) => {
                format!("It quotes words that are not in the document: “{quote}”")
            }
            (
                Self::MissingFact {
                    fact,
                    instead: Some(instead),
                },
                Language::Ko,
            ) => {
                format!("문서에는 “{fact}”이(가) 아니라 “{instead}”(으)로 쓰여 있습니다.")
            }
            (
                Self::MissingFact {
                    fact,
                    instead: Some(instead),
                },
                Language::En,
            ) => {
                format!("The document says “{instead}”, not “{fact}”.")
            }
            (
                Self::MissingFact {
                    fact,
                    instead: None,
                },
                Language::Ko,
            ) => format!("문서에 “{fact}”이(가) 없습니다."),
            (
                Self::MissingFact {
                    fact,
                    instead: None,
                },
                Language::En,
            ) => format!("“{fact}” is not in the document."),
            (Self::Opposite, Language::Ko) => "문서는 반대로 말합니다.".to_owned(),
            (Self::Opposite, Language::En) => "The document says the opposite.".to_owned(),
            (Self::LowSimilarity, Language::Ko) => "문서는 다른 내용을 말합니다.".to_owned(),
            (Self::LowSimilarity, Language::En) => {
                "The document is about something else.".to_owned()
            }
            (Self::PartlyMissing { words }, Language::Ko) => {
                format!("문서에 없는 부분이 있습니다: {}", words.join(", "))
            }
            (Self::PartlyMissing { words }, Language::En) => {
                format!("Part of it is not in the document: {}", words.join(", "))
            }
            (Self::CheckerFailed { .. }, Language::Ko) => "확인할 수 없었습니다.".to_owned(),
            (Self::CheckerFailed { .. }, Language::En) => "It could not be checked.".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;

    const LEAVE: &str = "입사 1년 미만 직원의 연차휴가는 1개월 개근 시 1일씩 발생하며 최대 11일이다. 미사용 연차는 수당으로 지급하지 않는다. 부품 PPR-9087의 단가는 35,000원이다.";

    fn context() -> Arc<Context> {
        Arc::new(Context {
            passages: vec![Passage::alone(LEAVE)],
            ledger: Vec::new(),
        })
    }

    async fn verdict(text: &str, citations: &[u32]) -> (Verdict, Option<Reason>) {
        let draft = vec![DraftSentence {
            text: text.to_owned(),
            citations: citations.to_vec(),
        }];
        let checker = Checker::new(CheckConfig::default(), None);
        let answer = checker
            .check(draft, context(), Language::Ko, Mode::Marked)
            .await;
        match answer.sentences() {
            [sentence] => (sentence.verdict(), sentence.reason().cloned()),
            [] => (Verdict::NotCheckable, None),
            more => panic!("{more:?}"),
        }
    }

    #[tokio::test]
    async fn a_quote_is_supported_and_cut_from_the_document() {
        let draft = vec![DraftSentence {
            text: "입사 1년 미만 직원의 연차휴가는 1개월 개근 시 1일씩 발생하며  최대 11일이다"
                .to_owned(),
            citations: vec![9, 1],
        }];
        let answer = Checker::new(CheckConfig::default(), None)
            .check(draft, context(), Language::Ko, Mode::Strict)
            .await;
        let citation = &answer.sentences()[0].citations()[0];
        assert_eq!(
            citation.number(),
            1,
            "a passage that does not exist is not shown"
        );
        assert_eq!(answer.unknown_citations(), 1);
        assert_eq!(&LEAVE[citation.place().span.clone()], citation.quote());
        assert_eq!(
            citation.quote_sha256(),
            ContentHash::of(citation.quote().as_bytes())
        );
        assert!(!answer.abstained());
    }

    #[tokio::test]
    async fn what_differs_from_the_document_is_not_supported() {
        let (found, reason) = verdict("입사 1년 미만 직원의 연차휴가는 최대 12일이다.", &[1]).await;
        assert_eq!(found, Verdict::Contradicted);
        assert_eq!(
            reason,
            Some(Reason::MissingFact {
                fact: "12일".to_owned(),
                instead: Some("1일".to_owned())
            })
        );
        assert_eq!(
            verdict("연차는 최대 11일이다.", &[]).await.1,
            Some(Reason::NoCitation)
        );
        assert_eq!(
            verdict("연차는 최대 11일이다.", &[7]).await.1,
            Some(Reason::NoCitation)
        );
        assert_eq!(
            verdict("주차 요금은 무료로 제공되며 방문객도 같다.", &[1])
                .await
                .0,
            Verdict::Unsupported
        );
        let part = "미사용 연차는 수당으로 지급하지 않는";
        assert_ne!(
            verdict(part, &[1]).await.0,
            Verdict::Unverified,
            "half a sentence is no quote, and is weighed"
        );
        let (found, reason) = verdict("규정은 “미사용 연차는 이월한다”고 정한다.", &[1]).await;
        assert_eq!(found, Verdict::Unsupported, "{reason:?}");
    }

    #[tokio::test]
    async fn what_is_denied_is_not_what_is_affirmed() {
        let opposite = (Verdict::Contradicted, Some(Reason::Opposite));
        assert_eq!(
            verdict("미사용 연차는 수당으로 지급한다.", &[1]).await,
            opposite
        );
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

    #[tokio::test]
    async fn the_same_in_other_words_is_supported() {
        let (found, reason) = verdict("PPR-9087 부품의 단가는 3만 5천 원이다.", &[1]).await;
        assert_eq!(found, Verdict::Supported, "{reason:?}");
    }

    #[tokio::test]
    async fn a_greeting_claims_nothing_and_is_no_answer() {
        let draft = vec![DraftSentence {
            text: "안녕하세요.".to_owned(),
            citations: vec![],
        }];
        let answer = Checker::new(CheckConfig::default(), None)
            .check(draft, context(), Language::Ko, Mode::Strict)
            .await;
        assert!(answer.abstained() && answer.sentences().is_empty());
    }

    #[derive(Debug)]
    struct Broken;

    #[async_trait]
    impl PassageEmbedder for Broken {
        async fn embed_passages(&self, _: &[String]) -> Result<Vec<Vector>, BackendError> {
            Err(BackendError::message("the model is gone"))
        }

        fn model(&self) -> &'static str {
            "broken"
        }
    }

    #[tokio::test]
    async fn a_checker_that_cannot_run_says_so_and_strict_mode_withholds() {
        let checker = Checker::new(CheckConfig::default(), Some(Arc::new(Broken)));
        let draft = vec![DraftSentence {
            text: "연차는 매달 하루씩 생긴다.".to_owned(),
            citations: vec![1],
        }];
        let answer = checker
            .check(draft, context(), Language::Ko, Mode::Strict)
            .await;
        assert_eq!(answer.withheld()[0].verdict(), Verdict::Unverified);
        assert!(answer.abstained() && answer.sentences().is_empty());
    }

    #[tokio::test]
    async fn that_the_passages_are_silent_is_said_beside_an_answer_and_is_none_alone() {
        let silent = DraftSentence {
            text: "주차 요금은 구절에 나와 있지 않습니다.".to_owned(),
            citations: vec![1],
        };
        let checker = Checker::new(CheckConfig::default(), None);
        for mode in [Mode::Strict, Mode::Marked] {
            let alone = checker
                .check(vec![silent.clone()], context(), Language::Ko, mode)
                .await;
            assert!(alone.abstained() && alone.sentences().is_empty());
            let quote = DraftSentence {
                text: "미사용 연차는 수당으로 지급하지 않는다.".to_owned(),
                citations: vec![1],
            };
            let draft = vec![quote, silent.clone()];
            let both = checker.check(draft, context(), Language::Ko, mode).await;
            let verdicts: Vec<Verdict> = both
                .sentences()
                .iter()
                .map(CheckedSentence::verdict)
                .collect();
            assert_eq!(verdicts, [Verdict::Supported, Verdict::NotCheckable]);
            assert!(both.sentences()[1].citations().is_empty());
        }
    }

    /// A checker's model that counts what it is given.
    #[derive(Debug, Default)]
    struct Counting(std::sync::Mutex<Vec<usize>>);

    #[async_trait]
    impl PassageEmbedder for Counting {
        async fn embed_passages(&self, texts: &[String]) -> Result<Vec<Vector>, BackendError> {
            self.0.lock().unwrap().push(texts.len());
            Ok(vec![vec![1.0]; texts.len()])
        }

        fn model(&self) -> &'static str {
            "counting"
        }
    }

    #[tokio::test]
    async fn evidence_that_several_sentences_rest_on_is_embedded_once() {
        let embedder = Arc::new(Counting::default());
        let checker = Checker::new(CheckConfig::default(), Some(embedder.clone()));
        let sentence = DraftSentence {
            text: "연차는 매달 하루씩 생긴다.".to_owned(),
            citations: vec![1],
        };
        let draft = vec![sentence.clone(), sentence];
        let answer = checker
            .check(draft, context(), Language::Ko, Mode::Marked)
            .await;
        assert_eq!(*embedder.0.lock().unwrap(), [1 + COMPARED, 1]);
        let [one, other] = answer.sentences() else {
            panic!("{answer:?}");
        };
        assert_eq!(
            (one.score(), one.verdict()),
            (other.score(), other.verdict())
        );
    }

    /// A checker's model that takes its time.
    #[derive(Debug)]
    struct Slow(Duration);

    #[async_trait]
    impl PassageEmbedder for Slow {
        async fn embed_passages(&self, texts: &[String]) -> Result<Vec<Vector>, BackendError> {
            tokio::time::sleep(self.0).await;
            Ok(vec![vec![1.0]; texts.len()])
        }

        fn model(&self) -> &'static str {
            "slow"
        }
    }

    async fn stream(
        checker: &Checker,
        pieces: DraftPieces,
    ) -> (Result<Checked, BackendError>, Vec<String>) {
        let (sender, mut events) = mpsc::unbounded_channel();
        let context = context();
        let checked = check_stream(
            checker,
            "test",
            pieces,
            &context,
            Language::Ko,
            Mode::Marked,
            &sender,
        )
        .await;
        let mut told = Vec::new();
        while let Ok(AnswerEvent::Sentence(sentence) | AnswerEvent::Withheld(sentence)) =
            events.try_recv()
        {
            told.push(sentence.text().to_owned());
        }
        (checked, told)
    }

    #[tokio::test]
    async fn a_sentence_is_checked_while_the_next_is_written() {
        let pause = Duration::from_millis(100);
        let checker = Checker::new(CheckConfig::default(), Some(Arc::new(Slow(pause))));
        let (sender, pieces) = mpsc::unbounded_channel();
        let writing = tokio::spawn(async move {
            for number in 1..=5 {
                tokio::time::sleep(pause).await;
                let text = format!("{number}번째 연차는 매달 생긴다. [1]\n가");
                sender.send(Ok(DraftPiece::Text(text))).unwrap();
            }
        });
        let started = Instant::now();
        let (checked, told) = stream(&checker, pieces).await;
        writing.await.unwrap();
        // Five to write, then one to check what was written last and one for the rest; one after
        // the other they would be eleven.
        assert!(started.elapsed() < pause * 10, "{:?}", started.elapsed());
        let firsts: Vec<String> = told
            .iter()
            .map(|text| text.chars().filter(char::is_ascii_digit).collect())
            .collect();
        assert_eq!(firsts, ["1", "2", "3", "4", "5", ""]);
        assert!(checked.unwrap().gate.is_some());
    }

    #[tokio::test]
    async fn an_engine_that_fails_gives_no_answer_but_what_was_whole() {
        let checker = Checker::new(CheckConfig::default(), None);
        let (sender, pieces) = mpsc::unbounded_channel();
        let text = "미사용 연차는 수당으로 지급하지 않는다. [1] 연차는".to_owned();
        sender.send(Ok(DraftPiece::Text(text))).unwrap();
        sender.send(Err(BackendError::message("gone"))).unwrap();
        let (checked, told) = stream(&checker, pieces).await;
        assert_eq!(checked.unwrap_err().to_string(), "gone");
        assert_eq!(told, ["미사용 연차는 수당으로 지급하지 않는다."]);
    }

    #[tokio::test]
    async fn a_draft_that_was_cut_ends_with_its_last_whole_sentence() {
        let checker = Checker::new(CheckConfig::default(), None);
        let (sender, pieces) = mpsc::unbounded_channel();
        let text = "미사용 연차는 수당으로 지급하지 않는다. [1] 연차는 최대 11일이".to_owned();
        sender.send(Ok(DraftPiece::Text(text))).unwrap();
        sender.send(Ok(DraftPiece::Cut)).unwrap();
        let usage = Usage {
            prompt_tokens: 70,
            cached_tokens: Some(64),
            completion_tokens: 30,
        };
        sender.send(Ok(DraftPiece::Usage(usage))).unwrap();
        drop(sender);
        let (checked, told) = stream(&checker, pieces).await;
        assert_eq!(told, ["미사용 연차는 수당으로 지급하지 않는다."]);
        let answer = checked.unwrap().answer;
        assert!(!answer.abstained() && answer.truncated());
        assert_eq!(answer.usage(), Some(usage));
    }

    #[tokio::test]
    async fn a_draft_that_repeats_itself_is_read_once_and_not_to_its_end() {
        let checker = Checker::new(CheckConfig::default(), None);
        let (sender, pieces) = mpsc::unbounded_channel();
        let text = "미사용 연차는 수당으로 지급하지 않는다. [1]\n".to_owned();
        // The engine goes on until nobody reads any more: without an end, so would this test.
        let writing = tokio::spawn(async move {
            let mut pieces = 0;
            while sender.send(Ok(DraftPiece::Text(text.clone()))).is_ok() {
                pieces += 1;
                tokio::task::yield_now().await;
            }
            pieces
        });
        let (checked, told) = stream(&checker, pieces).await;
        assert_eq!(told, ["미사용 연차는 수당으로 지급하지 않는다."]);
        assert!(!checked.unwrap().answer.abstained());
        assert!(writing.await.unwrap() >= 4);
    }
}
