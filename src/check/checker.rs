//! The checker: the one place where an [`Answer`] is made.
//!
//! A sentence is cut into claims that are judged apart, and has the verdict of the worst. What
//! stands in a passage word for word is supported. Any other claim goes through the tiers:
//!
//! 1. Hard facts (`facts`): every number, date, unit, article and code must stand in the passages,
//!    bound to the same thing; quoted words must be verbatim. What fails here is refused whatever
//!    the others would say.
//! 2. Entailment: a [`Verifier`] reads the claim beside its best windows of evidence.
//! 3. Where it is configured, the language model judges ([`super::Judge`]).
//!
//! What the tiers saw becomes one probability (`weigh`). The passages that the sentence cites come
//! first; a claim that they do not support is looked for in the others, and is cited anew where it
//! stands. Whatever fails on the way, by an error, a panic or by taking too long, makes the
//! sentence unverified.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::{FutureExt as _, StreamExt as _};
use ingest::{BackendError, ContentHash, PassageEmbedder, Span};
use tracing::warn;

use super::answer::{
    Answer, CheckedSentence, Citation, Conflict, ConflictSide, Mode, Reason, Verdict,
};
use super::claims::{self, Kind, Part};
use super::config::CheckConfig;
use super::conflict;
use super::entailment::{Entailment, Pair, Verifier};
use super::evidence::{Known, Window, content, denies, folded, uncovered, verbatim};
use super::facts::{self, ProblemKind, Written};
use super::judge::{Judge, JudgeUse};
use super::quotes::{misnamed, quoted};
use super::silence;
use super::topic::asks;
use super::vacuous::is_vacuous;
use super::weigh::{Tiers, Weighed};
use crate::ask::{Context, DraftSentence, Passage};
use crate::dates::PartialDate;
use crate::language::Language;

/// Name and version: verdicts of another version are not comparable.
const NAME: &str = "veracite-6";
/// Windows of evidence that are judged for a claim.
const WINDOWS: usize = 3;
/// So near to the threshold a claim is borderline, and the judge is asked where it is for these.
const DOUBT: f32 = 0.2;
/// From this probability on the verifier is believed although one of claim and evidence denies and
/// the other does not.
const SURE: f32 = 0.9;
/// Under this coverage words do not find the evidence, and vectors are asked for it in other
/// languages.
pub(super) const FAR: f32 = 0.3;
/// A further window is looked at if it covers so much of what the best one covers.
const NEARLY: f32 = 0.5;
/// The coverage from which evidence is about the same thing as a claim: what differs there
/// contradicts.
const SAME_THING: f32 = 0.4;
/// Sentences that are checked at once where all are known.
const AT_ONCE: usize = 4;
/// Characters of context shown before and after a quote.
const AROUND: usize = 200;
/// Characters of a sentence at most; a longer one is unverified.
pub(crate) const SENTENCE_LIMIT: usize = 4_000;

/// What the checker checks with. Without any of it, it compares words and hard facts.
#[derive(Clone, Debug, Default)]
pub struct CheckerParts {
    /// Finds evidence in other words, and in another language.
    pub embedder: Option<Arc<dyn PassageEmbedder>>,
    /// The second tier.
    pub verifier: Option<Arc<dyn Verifier>>,
    /// The third tier.
    pub judge: Option<Judge>,
}

/// Checks sentences against the passages that they cite.
#[derive(Clone, Debug)]
pub struct Checker {
    pub(super) config: CheckConfig,
    parts: CheckerParts,
    tiers: Tiers,
    name: String,
}

/// What was found for a sentence, or for a claim of it.
pub(super) struct Finding {
    verdict: Verdict,
    score: f32,
    reason: Option<Reason>,
    /// What is shown beside it.
    quotes: Vec<(u32, Span)>,
    /// What was compared: a refused sentence may be written again from it.
    pub(super) evidence: Vec<(u32, Span)>,
    /// The bytes of the sentence that fail.
    failing: Option<Span>,
    pub(super) weighed: Weighed,
}

/// What the verifier said of a claim beside windows, alone and together: the passages that a
/// sentence cites are among all that it is looked for in next.
type Memo = HashMap<Vec<(u32, Span)>, Entailment>;

/// A claim and the window that says most of it.
struct Judged<'a> {
    window: Window<'a>,
    weighed: Weighed,
    probability: f32,
    words: Vec<(Span, f32)>,
}

impl Checker {
    /// A checker of these parts.
    #[must_use]
    pub fn new(config: CheckConfig, parts: CheckerParts) -> Self {
        let mut name = NAME.to_owned();
        let mut add = |part: &str| {
            name.push('+');
            name.push_str(part);
        };
        if let Some(embedder) = &parts.embedder {
            add(embedder.model());
        }
        if let Some(verifier) = &parts.verifier {
            add(verifier.name());
        }
        if let Some(judge) = parts
            .judge
            .as_ref()
            .filter(|_| config.judge != JudgeUse::Off)
        {
            add(&format!("judge {}", judge.name()));
        }
        Self {
            config,
            parts,
            tiers: Tiers::default(),
            name,
        }
    }

    /// The same checker with some of its tiers, for measuring what each adds.
    #[must_use]
    pub fn with_tiers(&self, tiers: Tiers) -> Self {
        Self {
            tiers,
            ..self.clone()
        }
    }

    /// The tiers that it has.
    #[must_use]
    pub fn tiers(&self) -> Tiers {
        Tiers {
            facts: self.tiers.facts,
            vectors: self.embedder().is_some(),
            verifier: self.verifier().is_some(),
            judge: self.tiers.judge
                && self.parts.judge.is_some()
                && self.config.judge != JudgeUse::Off,
        }
    }

    /// Its name and version.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn embedder(&self) -> Option<&dyn PassageEmbedder> {
        self.parts
            .embedder
            .as_deref()
            .filter(|_| self.tiers.vectors)
    }

    fn verifier(&self) -> Option<&dyn Verifier> {
        self.parts
            .verifier
            .as_deref()
            .filter(|_| self.tiers.verifier)
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
        let known = Known::of(&context);
        let mut checks = Vec::with_capacity(draft.len());
        for sentence in &draft {
            checks.push(self.sentence(sentence, &context, &known));
        }
        let mut checked = futures::stream::iter(checks).buffered(AT_ONCE);
        let mut sentences = draft.iter();
        while let (Some((checked, _)), Some(sentence)) = (checked.next().await, sentences.next()) {
            answer.unknown_citations += unknown(sentence, &context);
            note_conflicts(&mut answer, &checked, &context);
            take(&mut answer, checked);
        }
        close(answer)
    }

    /// How likely `evidence` supports `claim`, from 0 to 1, and the verdict: for measuring.
    pub async fn score(&self, claim: &str, evidence: &str) -> (f32, Verdict) {
        let (checked, _) = self.weigh(claim, evidence).await;
        (checked.score, checked.verdict)
    }

    /// A claim checked against one text, and what the tiers saw of its worst part: for measuring
    /// and for calibration.
    pub async fn weigh(&self, claim: &str, evidence: &str) -> (CheckedSentence, Weighed) {
        let context = Context {
            passages: vec![Passage::alone(evidence)],
            ledger: Vec::new(),
        };
        let sentence = DraftSentence {
            text: claim.to_owned(),
            citations: vec![1],
        };
        let known = Known::of(&context);
        let (checked, finding) = self.sentence(&sentence, &context, &known).await;
        (checked, finding.weighed)
    }

    /// An answer without a sentence yet.
    pub(super) fn empty(
        &self,
        context: &Context,
        language: Language,
        mode: Mode,
        generator: &str,
    ) -> Answer {
        Answer {
            language,
            mode,
            sentences: Vec::new(),
            withheld: Vec::new(),
            conflicts: Vec::new(),
            unknown_citations: 0,
            abstained: false,
            generator: generator.to_owned(),
            adapter: None,
            checker: self.name.clone(),
            ledger: context.ledger.clone(),
            truncated: false,
            usage: None,
            findable: Vec::new(),
        }
    }

    /// Checks a sentence. Whatever goes wrong, there is a verdict.
    pub(super) async fn sentence(
        &self,
        sentence: &DraftSentence,
        context: &Context,
        known: &Known<'_>,
    ) -> (CheckedSentence, Finding) {
        let finding = AssertUnwindSafe(self.find(sentence, context, known)).catch_unwind();
        let finding = match tokio::time::timeout(self.config.timeout, finding).await {
            Ok(Ok(Ok(finding))) => finding,
            Ok(Ok(Err(error))) => unverified(error.to_string()),
            Ok(Err(_)) => unverified("the checker panicked".to_owned()),
            Err(_) => unverified(format!(
                "the checker took more than {}",
                humantime_serde::re::humantime::format_duration(self.config.timeout)
            )),
        };
        if let Some(Reason::CheckerFailed { error }) = &finding.reason {
            warn!(error, "a sentence could not be checked");
        }
        let checked = CheckedSentence {
            text: sentence.text.clone(),
            verdict: finding.verdict,
            score: finding.score,
            reason: finding.reason.clone(),
            failing: finding.failing.clone(),
            rewritten: false,
            citations: finding
                .quotes
                .iter()
                .filter_map(|(number, span)| {
                    Some(citation(*number, context.passage(*number)?, span))
                })
                .collect(),
        };
        (checked, finding)
    }

    async fn find(
        &self,
        sentence: &DraftSentence,
        context: &Context,
        known: &Known<'_>,
    ) -> Result<Finding, BackendError> {
        let text = &sentence.text;
        let stated = &text[claims::mark(text)..];
        if text.chars().nth(SENTENCE_LIMIT).is_some() {
            return Err(BackendError::message(format!(
                "a sentence of {} characters is over the limit of {SENTENCE_LIMIT}",
                text.chars().count()
            )));
        }
        let is_nothing = match claims::kind(text) {
            Kind::Greeting | Kind::Hedge | Kind::Question => true,
            Kind::Heading => is_heading_of(text, context),
            Kind::Checkable => false,
        };
        if sentence.citations.is_empty() && is_nothing || is_place_of(text, context) {
            return Ok(not_checkable());
        }
        if asks(text) {
            // It is no answer, whatever a document asks too.
            return Ok(if is_nothing {
                not_checkable()
            } else {
                unsupported(0.0, Reason::LowSimilarity)
            });
        }
        let all = known.numbers();
        let cited: Vec<u32> = sentence
            .citations
            .iter()
            .copied()
            .filter(|number| context.passage(*number).is_some())
            .collect();
        let stands_in = |numbers: &[u32]| -> Vec<(u32, Span)> {
            numbers
                .iter()
                .filter_map(|number| {
                    let passage = context.passage(*number)?;
                    let stands = verbatim(text, passage).or_else(|| verbatim(stated, passage))?;
                    Some((*number, stands))
                })
                .collect()
        };
        let mut quotes = stands_in(&cited);
        if quotes.is_empty() {
            quotes = stands_in(&all);
            quotes.truncate(1);
        }
        if !quotes.is_empty() {
            let evidence = quotes.clone();
            // A row is quoted with the names of its columns.
            let quotes = evidence
                .iter()
                .flat_map(|(number, span)| {
                    let header = known.header(*number, span).map(|header| (*number, header));
                    header.into_iter().chain([(*number, span.clone())])
                })
                .collect();
            return Ok(Finding {
                verdict: Verdict::Supported,
                score: 1.0,
                reason: None,
                evidence,
                quotes,
                failing: None,
                weighed: Weighed {
                    coverage: 1.0,
                    ..Weighed::default()
                },
            });
        }
        // Not before: a document may itself say that a document does not say something.
        if silence::says_nothing_is_there(text) {
            return Ok(not_checkable());
        }
        if content(text).len() < 2 && facts::facts(text).is_empty() || is_vacuous(text) {
            // `Yes.` says nothing that can be compared.
            return Ok(unsupported(0.0, Reason::LowSimilarity));
        }
        let mut worst: Option<Finding> = None;
        let (mut quotes, mut evidence) = (Vec::new(), Vec::new());
        for part in claims::parts(text) {
            let mut finding = self.claim(&part, text, &cited, &all, known).await?;
            add_new(&mut quotes, std::mem::take(&mut finding.quotes));
            add_new(&mut evidence, std::mem::take(&mut finding.evidence));
            let rank = |finding: &Finding| severity(finding.verdict);
            let is_worse = worst
                .as_ref()
                .is_none_or(|worst| (rank(&finding), -finding.score) > (rank(worst), -worst.score));
            if is_worse {
                worst = Some(finding);
            }
        }
        let Some(worst) = worst else {
            return Ok(not_checkable());
        };
        let shows = matches!(
            worst.verdict,
            Verdict::Supported | Verdict::Partial | Verdict::Contradicted
        );
        Ok(Finding {
            quotes: if shows { quotes } else { Vec::new() },
            evidence,
            ..worst
        })
    }

    /// Judges a claim by the passages that its sentence cites, and if they do not support it, by
    /// all.
    async fn claim(
        &self,
        part: &Part,
        sentence: &str,
        cited: &[u32],
        all: &[u32],
        known: &Known<'_>,
    ) -> Result<Finding, BackendError> {
        let mut first = None;
        let mut memo = Memo::default();
        if !cited.is_empty() {
            let finding = self
                .claim_in(part, sentence, cited, true, known, &mut memo)
                .await?;
            if finding.verdict == Verdict::Supported || cited.len() == all.len() {
                return Ok(finding);
            }
            first = Some(finding);
        }
        let elsewhere = self
            .claim_in(part, sentence, all, cited.is_empty(), known, &mut memo)
            .await?;
        if elsewhere.verdict == Verdict::Supported {
            return Ok(elsewhere);
        }
        Ok(first.unwrap_or_else(|| {
            // What cites nothing and stands nowhere needs no other reason, unless one is known.
            let reason = match elsewhere.reason {
                Some(Reason::LowSimilarity) | None => Some(Reason::NoCitation),
                known => known,
            };
            Finding {
                reason,
                ..elsewhere
            }
        }))
    }

    /// Judges a claim by the passages `numbers`; with `across`, by those in other languages too
    /// where words cannot find them.
    async fn claim_in(
        &self,
        part: &Part,
        sentence: &str,
        numbers: &[u32],
        across: bool,
        known: &Known<'_>,
        memo: &mut Memo,
    ) -> Result<Finding, BackendError> {
        let claim = part.text.as_str();
        let language = Language::of(claim);
        let (supported, partial) = self.config.thresholds(language);
        let mut windows = known.windows(claim, numbers, WINDOWS);
        let coverage = windows.first().map_or(0.0, |window| window.coverage);
        let place = |windows: &[Window<'_>]| windows.iter().map(Window::place).collect::<Vec<_>>();
        if self.tiers.facts {
            let sources = known.sources(numbers);
            let problem = facts::problems(claim, &sources).into_iter().next();
            let misquoted = quoted(claim)
                .into_iter()
                .find(|quote| !known.holds(quote, numbers));
            let reason = problem
                .as_ref()
                .map(|problem| reason_of(&problem.kind))
                .or(misquoted.map(|quote| Reason::NotVerbatim {
                    quote: quote.to_owned(),
                }))
                .or_else(|| {
                    let (name, instead) = misnamed(claim, &known.passages(numbers))?;
                    Some(Reason::MissingFact {
                        fact: name.to_owned(),
                        instead: Some(instead.to_owned()),
                    })
                });
            if let Some(reason) = reason {
                let contradicts = reason.gives_another() && coverage >= SAME_THING;
                let quotes = place(&windows[..windows.len().min(1)]);
                return Ok(Finding {
                    verdict: if contradicts {
                        Verdict::Contradicted
                    } else {
                        Verdict::Unsupported
                    },
                    // Below every threshold, in the order of the rest of its content.
                    score: coverage * partial.min(0.5) * 0.2,
                    failing: Some(failing(
                        part,
                        sentence,
                        problem.as_ref().map(|problem| &problem.span),
                        reason.fact(),
                    )),
                    reason: Some(reason),
                    quotes: if contradicts { quotes } else { Vec::new() },
                    evidence: place(&windows),
                    weighed: Weighed {
                        coverage,
                        ..Weighed::default()
                    },
                });
            }
        }
        if coverage < FAR {
            // In the same language the best window says it, or none does.
            windows.truncate(1);
            let numbers = if across {
                known.in_other_language(language, numbers)
            } else {
                Vec::new()
            };
            if let Some(embedder) = self.embedder().filter(|_| !numbers.is_empty()) {
                for window in known.alike(embedder, claim, &numbers, WINDOWS).await? {
                    if windows.iter().all(|other| other.place() != window.place()) {
                        windows.push(window);
                    }
                }
            }
        }
        let evidence = place(&windows);
        let Some(best) = self.best(claim, language, windows, known, memo).await? else {
            return Ok(Finding {
                evidence,
                failing: Some(part.span.clone()),
                ..unsupported(0.0, Reason::LowSimilarity)
            });
        };
        let quotes: Vec<(u32, Span)> = best
            .iter()
            .flat_map(|judged| judged.window.places())
            .collect();
        let first = &best[0];
        let (score, weighed) = (first.probability, first.weighed);
        let finding = |verdict, reason: Option<Reason>| Finding {
            verdict,
            score,
            failing: reason.as_ref().map(|_| part.span.clone()),
            reason,
            quotes: quotes.clone(),
            evidence: evidence.clone(),
            weighed,
        };
        // Words and vectors hardly see a denial, and the verifier not always.
        let is_sure = |entailed| entailed >= SURE || weighed.coverage < SAME_THING;
        let denied = weighed.opposite && !weighed.entailed.is_some_and(is_sure);
        let says_otherwise = match (weighed.entailed, weighed.contradicted) {
            (Some(entailed), Some(contradicted)) => {
                denied || contradicted > 0.5 && contradicted > entailed
            }
            _ => denied,
        };
        if score >= supported && !denied {
            return Ok(finding(Verdict::Supported, None));
        }
        if says_otherwise && weighed.coverage >= SAME_THING {
            return Ok(finding(Verdict::Contradicted, Some(Reason::Opposite)));
        }
        if score >= partial && !denied {
            let words = missing_words(claim, first);
            let reason = Some(Reason::PartlyMissing { words });
            return Ok(finding(Verdict::Partial, reason));
        }
        Ok(Finding {
            quotes: Vec::new(),
            ..finding(Verdict::Unsupported, Some(Reason::LowSimilarity))
        })
    }

    /// The windows that a claim rests on, the one that says most of it first: one, or two together
    /// where neither says enough alone. None without windows.
    async fn best<'a>(
        &self,
        claim: &str,
        language: Language,
        windows: Vec<Window<'a>>,
        known: &Known<'a>,
        memo: &mut Memo,
    ) -> Result<Option<Vec<Judged<'a>>>, BackendError> {
        let Some((first, rest)) = windows.split_first() else {
            return Ok(None);
        };
        let (supported, _) = self.config.thresholds(language);
        let mut judged = self
            .judged(claim, language, std::slice::from_ref(first), known, memo)
            .await?;
        // What the best window supports needs no other.
        let is_enough = |judged: &Judged<'_>| judged.probability >= supported;
        let rest: Vec<Window<'a>> = rest
            .iter()
            .filter(|window| first.coverage < FAR || window.coverage >= NEARLY * first.coverage)
            .cloned()
            .collect();
        if !judged.iter().any(is_enough) && !rest.is_empty() {
            judged.extend(self.judged(claim, language, &rest, known, memo).await?);
        }
        judged.sort_by(|one, other| other.probability.total_cmp(&one.probability));
        let mut best = vec![judged.remove(0)];
        if best[0].probability < supported
            && let Some(second) = judged.into_iter().next()
            && let Some(verifier) = self.verifier()
        {
            // The evidence of two windows together, in the order of the passages.
            let evidence = format!("{}\n{}", best[0].window.text(), second.window.text());
            let places = vec![best[0].window.place(), second.window.place()];
            let claim = Claim {
                text: claim,
                is_compared: self.tiers.facts,
            };
            let found = judge_each(verifier, claim, vec![(places, evidence)], memo).await?;
            if let Some(both) = found.into_iter().next() {
                let coverage = best[0].weighed.coverage.max(second.weighed.coverage);
                let together = weighed_by(
                    Weighed {
                        coverage,
                        ..best[0].weighed
                    },
                    &both,
                );
                let probability = together.probability(language, self.config.judge_weight);
                if probability >= supported {
                    best[0] = Judged {
                        window: best[0].window.clone(),
                        weighed: together,
                        probability,
                        words: both.words,
                    };
                    best.push(second);
                }
            }
        }
        let doubtful = (best[0].probability - supported).abs() < DOUBT;
        let asks = match self.config.judge {
            JudgeUse::Off => false,
            JudgeUse::Borderline => doubtful,
            JudgeUse::All => true,
        };
        if let Some(judge) = self
            .parts
            .judge
            .as_ref()
            .filter(|_| asks && self.tiers.judge)
        {
            let mut pair = best[0].window.pair(claim);
            for further in &best[1..] {
                pair.evidence = format!("{}\n{}", pair.evidence, further.window.text());
            }
            best[0].weighed.judged = judge.judge(&pair, language).await?;
            best[0].probability = best[0]
                .weighed
                .probability(language, self.config.judge_weight);
        }
        Ok(Some(best))
    }

    /// What the tiers see of a claim beside each of some windows.
    async fn judged<'a>(
        &self,
        claim: &str,
        language: Language,
        windows: &[Window<'a>],
        known: &Known<'a>,
        memo: &mut Memo,
    ) -> Result<Vec<Judged<'a>>, BackendError> {
        let denied = denies(claim);
        // They were compared before.
        let figures = self.tiers.facts && !facts::facts(claim).is_empty();
        let mut judged: Vec<Judged<'a>> = windows
            .iter()
            .map(|window| Judged {
                window: window.clone(),
                weighed: Weighed {
                    coverage: window.coverage,
                    opposite: window.denies != denied,
                    figures,
                    ..Weighed::default()
                },
                probability: 0.0,
                words: Vec::new(),
            })
            .collect();
        if let Some(verifier) = self.verifier() {
            let read = windows
                .iter()
                .map(|window| (vec![window.place()], window.text()))
                .collect();
            let claim = Claim {
                text: claim,
                is_compared: self.tiers.facts,
            };
            let found = judge_each(verifier, claim, read, memo).await?;
            for (judged, found) in judged.iter_mut().zip(found) {
                judged.weighed = weighed_by(judged.weighed, &found);
                judged.words = found.words;
            }
        } else if let Some(embedder) = self.embedder() {
            let cosines = known.cosines(embedder, claim, windows).await?;
            for (judged, cosine) in judged.iter_mut().zip(cosines) {
                judged.weighed.cosine = Some(cosine);
            }
        }
        for judged in &mut judged {
            judged.probability = judged
                .weighed
                .probability(language, self.config.judge_weight);
            if !judged.probability.is_finite() {
                return Err(BackendError::message("a tier gave what is no number"));
            }
        }
        Ok(judged)
    }
}

/// A claim for the verifier.
#[derive(Clone, Copy)]
struct Claim<'a> {
    text: &'a str,
    /// Whether its facts were compared, and stand: it is read with them as the evidence writes
    /// them.
    is_compared: bool,
}

/// What `verifier` says of a claim beside texts of these places, each asked once.
async fn judge_each(
    verifier: &dyn Verifier,
    claim: Claim<'_>,
    read: Vec<(Vec<(u32, Span)>, String)>,
    memo: &mut Memo,
) -> Result<Vec<Entailment>, BackendError> {
    let mut asked = Vec::new();
    let mut pairs = Vec::new();
    for (places, evidence) in read.iter().filter(|(places, _)| !memo.contains_key(places)) {
        let written = if claim.is_compared {
            Written::of(claim.text, evidence)
        } else {
            Written::unchanged(claim.text)
        };
        pairs.push(Pair {
            evidence: evidence.clone(),
            claim: written.text.clone(),
        });
        asked.push((places.clone(), written));
    }
    if !pairs.is_empty() {
        let found = verifier.judge(&pairs).await?;
        if found.len() != pairs.len() {
            return Err(BackendError::message(format!(
                "the verifier gave {} judgements of {} pairs",
                found.len(),
                pairs.len()
            )));
        }
        for ((places, written), mut found) in asked.into_iter().zip(found) {
            for (span, _) in &mut found.words {
                *span = written.original(span);
            }
            memo.insert(places, found);
        }
    }
    let known = read.iter().filter_map(|(places, _)| memo.get(places));
    Ok(known.cloned().collect())
}

fn weighed_by(weighed: Weighed, found: &Entailment) -> Weighed {
    Weighed {
        entailed: Some(found.entailed),
        contradicted: Some(found.contradicted),
        word: found
            .words
            .iter()
            .map(|(_, missing)| *missing)
            .reduce(f32::max),
        ..weighed
    }
}

/// The words of a claim that its evidence does not hold, by the verifier if it looks at words.
fn missing_words(claim: &str, judged: &Judged<'_>) -> Vec<String> {
    let words: Vec<String> = judged
        .words
        .iter()
        .filter(|(_, missing)| *missing > 0.5)
        .filter_map(|(span, _)| claim.get(span.clone()))
        .map(|word| {
            word.trim_matches(|char: char| !char.is_alphanumeric())
                .to_owned()
        })
        .filter(|word| !word.is_empty())
        .take(10)
        .collect();
    if words.is_empty() {
        uncovered(claim, &judged.window)
    } else {
        words
    }
}

/// The bytes of a sentence that fail: the fact at `place` in the part's text, if the part's own
/// bytes hold it, else the part.
fn failing(part: &Part, sentence: &str, place: Option<&Span>, fact: Option<&str>) -> Span {
    let start = part.span.start;
    let own = sentence.get(part.span.clone()).unwrap_or_default();
    if own == part.text
        && let Some(place) = place
        && own.get(place.clone()).is_some()
    {
        return start + place.start..start + place.end;
    }
    let is_apart = |at: usize, fact: &str| {
        let begins = fact.starts_with(|char: char| char.is_ascii_digit());
        !begins || !own[..at].ends_with(|char: char| char.is_ascii_digit() || char == '.')
    };
    let found = fact.and_then(|fact| {
        own.match_indices(fact)
            .find(|(at, fact)| is_apart(*at, fact))
            .map(|(at, fact)| start + at..start + at + fact.len())
    });
    found.unwrap_or_else(|| part.span.clone())
}

fn reason_of(problem: &ProblemKind) -> Reason {
    match problem.clone() {
        ProblemKind::Missing { fact, instead } => Reason::MissingFact { fact, instead },
        ProblemKind::Bound { fact, to, instead } => Reason::BoundElsewhere { fact, to, instead },
        ProblemKind::Limit { said, there } => Reason::OtherLimit { said, there },
        ProblemKind::Arithmetic { shown } => Reason::WrongArithmetic { shown },
    }
}

/// How bad a verdict is for the sentence that holds the claim.
fn severity(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::NotCheckable => 0,
        Verdict::Supported => 1,
        Verdict::Partial => 2,
        Verdict::Unsupported => 3,
        Verdict::Contradicted => 4,
        Verdict::Unverified => 5,
    }
}

/// Adds places, but none that lies within another.
fn add_new(all: &mut Vec<(u32, Span)>, new: Vec<(u32, Span)>) {
    let within = |one: &(u32, Span), other: &(u32, Span)| {
        one.0 == other.0 && other.1.start <= one.1.start && one.1.end <= other.1.end
    };
    for place in new {
        if !all.iter().any(|other| within(&place, other)) {
            all.retain(|other| !within(other, &place));
            all.push(place);
        }
    }
}

/// What `look` gives; nothing, and a word in the log, if it panics.
pub(super) fn guarded<T>(what: &str, look: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(AssertUnwindSafe(look))
        .inspect_err(|_| warn!("looking at {what} panicked"))
        .ok()
}

/// Notes where another document gives another figure than a supported sentence.
pub(super) fn note_conflicts(answer: &mut Answer, checked: &CheckedSentence, context: &Context) {
    if checked.verdict != Verdict::Supported {
        return;
    }
    let cited: Vec<(u32, Span)> = checked
        .citations
        .iter()
        .filter_map(|citation| {
            let passage = context.passage(citation.number)?;
            Some((citation.number, passage.within_of(&citation.place)?))
        })
        .collect();
    let found = guarded("conflicts between documents", || {
        conflict::conflicts(&checked.text, &cited, context)
    });
    for found in found.into_iter().flatten() {
        let words = found.words(answer.language);
        let side = |side: &conflict::Side| {
            Some(ConflictSide {
                fact: side.fact.clone(),
                effective: side.effective.map(PartialDate::iso),
                citation: citation(side.number, context.passage(side.number)?, &side.span),
            })
        };
        if let (Some(first), Some(second)) = (side(&found.first), side(&found.second)) {
            let conflict = Conflict {
                words,
                sides: [first, second],
            };
            if !answer.conflicts.contains(&conflict) {
                answer.conflicts.push(conflict);
            }
        }
    }
}

/// Citations of a sentence that no passage has the number of.
pub(super) fn unknown(sentence: &DraftSentence, context: &Context) -> usize {
    sentence
        .citations
        .iter()
        .filter(|number| context.passage(**number).is_none())
        .count()
}

/// Puts a sentence where it belongs. Gives whether it is shown.
pub(super) fn take(answer: &mut Answer, checked: CheckedSentence) -> bool {
    let shown = answer.mode == Mode::Marked
        || matches!(checked.verdict, Verdict::Supported | Verdict::NotCheckable);
    if shown {
        answer.sentences.push(checked);
    } else {
        answer.withheld.push(checked);
    }
    shown
}

/// An answer that is whole.
pub(super) fn close(mut answer: Answer) -> Answer {
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
        evidence: Vec::new(),
        failing: None,
        weighed: Weighed::default(),
    }
}

fn unsupported(score: f32, reason: Reason) -> Finding {
    Finding {
        verdict: Verdict::Unsupported,
        score,
        reason: Some(reason),
        ..not_checkable()
    }
}

fn unverified(error: String) -> Finding {
    Finding {
        verdict: Verdict::Unverified,
        ..unsupported(0.0, Reason::CheckerFailed { error })
    }
}

/// Whether a text is written as a heading and is one of the passages' own headings or titles:
/// other words behind a `#` may claim anything.
fn is_heading_of(text: &str, context: &Context) -> bool {
    let Some(heading) = claims::heading(text).map(folded) else {
        return false;
    };
    context.passages.iter().any(|passage| {
        passage
            .heading_path
            .iter()
            .chain([&passage.title])
            .any(|own| folded(own) == heading)
    })
}

/// Whether a text only names where a passage stands, as the prompt does: a title of it, or
/// several with `>` between them.
fn is_place_of(text: &str, context: &Context) -> bool {
    let place = claims::unlabelled(text);
    let is_path = place.contains(" > ");
    if !is_path && !claims::is_title(place) {
        // A title may say something, as `No smoking` does.
        return false;
    }
    // A list's mark before it, or what was cut behind it, is no part of it.
    let parts: Vec<String> = place
        .split(" > ")
        .map(|part| {
            if is_path {
                claims::unmarked(part)
            } else {
                part
            }
        })
        .filter(|part| !part.is_empty())
        .map(folded)
        .collect();
    if parts.is_empty() {
        return false;
    }
    context.passages.iter().any(|passage| {
        let own: Vec<String> = passage
            .heading_path
            .iter()
            .chain([&passage.title])
            .flat_map(|own| own.split(" > "))
            .flat_map(|own| [folded(own), folded(claims::unmarked(own))])
            .collect();
        parts.iter().all(|part| own.contains(part))
    })
}

/// A quote of a passage with what stands around it.
pub(super) fn citation(number: u32, passage: &Passage, span: &Span) -> Citation {
    let quote = passage.text[span.clone()].to_owned();
    let run = passage.run_of(span.start);
    let before = &passage.text[run.start..span.start];
    let start = before
        .char_indices()
        .rev()
        .nth(AROUND - 1)
        .map_or(0, |(at, _)| at);
    let after = &passage.text[span.end..run.end];
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
        location: passage.location_of(span),
        place: passage.place_of(span),
        quote_sha256: ContentHash::of(quote.as_bytes()),
        quote,
        before: before[start..].to_owned(),
        after: after[..end].to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use async_trait::async_trait;
    use ingest::Vector;
    use proptest::prelude::*;
    use tokio::sync::mpsc;

    use super::*;
    use crate::ask::{
        DraftPiece, DraftPieces, Generator, Prompt, Question, Reader, Rewrite, Scope, Usage,
    };
    use crate::check::{AnswerEvent, Checked, Drafting, Pair, check_stream};

    const LEAVE: &str = "입사 1년 미만 직원의 연차휴가는 1개월 개근 시 1일씩 발생하며 최대 11일이다. 미사용 연차는 수당으로 지급하지 않는다. 부품 PPR-9087의 단가는 35,000원이다.";

    fn context() -> Arc<Context> {
        Arc::new(Context {
            passages: vec![Passage::alone(LEAVE)],
            ledger: Vec::new(),
        })
    }

    fn with_embedder(embedder: Arc<dyn PassageEmbedder>) -> Checker {
        let parts = CheckerParts {
            embedder: Some(embedder),
            ..CheckerParts::default()
        };
        Checker::new(CheckConfig::default(), parts)
    }

    fn with_verifier(verifier: Arc<dyn Verifier>) -> Checker {
        let parts = CheckerParts {
            verifier: Some(verifier),
            ..CheckerParts::default()
        };
        Checker::new(CheckConfig::default(), parts)
    }

    async fn verdict(text: &str, citations: &[u32]) -> (Verdict, Option<Reason>) {
        let draft = vec![DraftSentence {
            text: text.to_owned(),
            citations: citations.to_vec(),
        }];
        let checker = Checker::new(CheckConfig::default(), CheckerParts::default());
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
        let answer = Checker::new(CheckConfig::default(), CheckerParts::default())
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
                instead: Some("11일".to_owned())
            })
        );
        for citations in [&[][..], &[7]] {
            assert_eq!(
                verdict("방문객 주차는 지하에서만 허용한다.", citations).await,
                (Verdict::Unsupported, Some(Reason::NoCitation))
            );
        }
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
        assert_eq!(
            verdict("미사용 연차는 수당으로 지급한다.", &[1]).await,
            (Verdict::Contradicted, Some(Reason::Opposite))
        );
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
        let answer = Checker::new(CheckConfig::default(), CheckerParts::default())
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
        let checker = with_embedder(Arc::new(Broken));
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
        let checker = Checker::new(CheckConfig::default(), CheckerParts::default());
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
        let checker = with_embedder(embedder.clone());
        let sentence = DraftSentence {
            text: "연차는 매달 하루씩 생긴다.".to_owned(),
            citations: vec![1],
        };
        let checked = async |draft: Vec<DraftSentence>| {
            let before = embedder.0.lock().unwrap().len();
            let answer = checker
                .check(draft, context(), Language::Ko, Mode::Marked)
                .await;
            let counts = embedder.0.lock().unwrap()[before..].to_vec();
            // Each call embeds the claim, and what is not known yet.
            (counts.iter().sum::<usize>() - counts.len(), answer)
        };
        let (once, _) = checked(vec![sentence.clone()]).await;
        let (twice, answer) = checked(vec![sentence.clone(), sentence]).await;
        assert!(once > 0);
        assert_eq!(once, twice, "each window is embedded once");
        let [one, other] = answer.sentences() else {
            panic!("{answer:?}");
        };
        assert_eq!(
            (one.score(), one.verdict()),
            (other.score(), other.verdict())
        );
    }

    /// A verifier that takes its time.
    #[derive(Debug)]
    struct Slow(Duration);

    fn entailed(pair: &Pair) -> Entailment {
        Entailment {
            entailed: 0.99,
            neutral: 0.005,
            contradicted: 0.005,
            words: vec![(0..pair.claim.len(), 0.01)],
        }
    }

    #[async_trait]
    impl Verifier for Slow {
        fn name(&self) -> &'static str {
            "slow"
        }

        async fn judge(&self, pairs: &[Pair]) -> Result<Vec<Entailment>, BackendError> {
            tokio::time::sleep(self.0).await;
            Ok(pairs.iter().map(entailed).collect())
        }
    }

    /// A verifier that is broken in one way or another.
    #[derive(Debug)]
    enum Bad {
        Fails,
        Panics,
        Hangs,
        Short,
        NotANumber,
    }

    #[async_trait]
    impl Verifier for Bad {
        fn name(&self) -> &'static str {
            "bad"
        }

        async fn judge(&self, pairs: &[Pair]) -> Result<Vec<Entailment>, BackendError> {
            match self {
                Self::Fails => Err(BackendError::message("the model is gone")),
                Self::Panics => panic!("out of bounds"),
                Self::Hangs => std::future::pending().await,
                Self::Short => Ok(Vec::new()),
                Self::NotANumber => Ok(pairs
                    .iter()
                    .map(|pair| Entailment {
                        entailed: f32::NAN,
                        ..entailed(pair)
                    })
                    .collect()),
            }
        }
    }

    #[tokio::test]
    async fn a_verifier_that_cannot_judge_leaves_a_sentence_unverified() {
        for bad in [
            Bad::Fails,
            Bad::Panics,
            Bad::Hangs,
            Bad::Short,
            Bad::NotANumber,
        ] {
            let told = format!("{bad:?}");
            let config = CheckConfig {
                timeout: Duration::from_millis(200),
                ..CheckConfig::default()
            };
            let parts = CheckerParts {
                verifier: Some(Arc::new(bad)),
                ..CheckerParts::default()
            };
            let sentence = |text: &str| DraftSentence {
                text: text.to_owned(),
                citations: vec![1],
            };
            let draft = vec![
                sentence("연차는 매달 하루씩 생긴다."),
                sentence("미사용 연차는 수당으로 지급하지 않는다."),
            ];
            let answer = Checker::new(config, parts)
                .check(draft, context(), Language::Ko, Mode::Strict)
                .await;
            assert_eq!(
                answer.withheld()[0].verdict(),
                Verdict::Unverified,
                "{told}"
            );
            assert_eq!(answer.withheld().len(), 1, "{told}");
            assert_eq!(
                answer.sentences()[0].verdict(),
                Verdict::Supported,
                "what stands there word for word needs no model ({told})"
            );
        }
    }

    /// The verdict in strict words on a sentence that cites the only passage, by a verifier that
    /// finds all entailed.
    async fn believed(text: &str, document: &str) -> (Verdict, Option<Reason>) {
        let context = Context {
            passages: vec![Passage::alone(document)],
            ledger: Vec::new(),
        };
        let sentence = DraftSentence {
            text: text.to_owned(),
            citations: vec![1],
        };
        let checker = with_verifier(Arc::new(Slow(Duration::ZERO)));
        let known = Known::of(&context);
        let (checked, _) = checker.sentence(&sentence, &context, &known).await;
        for citation in checked.citations() {
            let span = citation.place().span.clone();
            assert_eq!(&document[span], citation.quote());
        }
        (checked.verdict(), checked.reason().cloned())
    }

    #[tokio::test]
    async fn what_stands_there_is_no_quote_where_it_does_not_say_so() {
        let forbidden =
            "Employees must never:\n- Share passwords with colleagues.\n- Leave the badge at home.";
        let faq = "Is parking free? Yes. Can leave be carried over? No.";
        for (text, document) in [
            ("Yes.", faq),
            ("No.", faq),
            ("네.", "주차는 무료인가요? 네."),
        ] {
            let (found, reason) = believed(text, document).await;
            assert_eq!(found, Verdict::Unsupported, "{text} {reason:?}");
        }
        let asked = "연차휴가는 며칠인가요?";
        let (found, _) = believed(asked, "연차휴가는 며칠인가요? 15일이다.").await;
        assert_eq!(found, Verdict::NotCheckable, "what is asked is no answer");
        let (found, _) = believed("표준액은 며칠 쓰나요?.", "표준액은 14일 쓴다.").await;
        assert_eq!(found, Verdict::NotCheckable, "what stood before a marker");
        for (text, expected) in [
            ("1.2 Passport and visa", Verdict::NotCheckable),
            (
                "질문: 여비 규정 > 1.2 Passport and visa",
                Verdict::NotCheckable,
            ),
            ("1. 여비 규정 > 2.", Verdict::NotCheckable),
            // It may be an answer.
            ("Smoking is not allowed", Verdict::Supported),
            ("여비 규정 > 50,000원", Verdict::Unsupported),
        ] {
            let mut passage = Passage::alone("Smoking is not allowed\n1.2 Passport and visa\nA.");
            passage.title = "여비 규정".to_owned();
            passage.heading_path = vec![
                "Smoking is not allowed".to_owned(),
                "1.2 Passport and visa".to_owned(),
            ];
            let context = Context {
                passages: vec![passage],
                ledger: Vec::new(),
            };
            let known = Known::of(&context);
            let sentence = DraftSentence {
                text: text.to_owned(),
                citations: vec![1],
            };
            let checker = with_verifier(Arc::new(Unsure));
            let (checked, _) = checker.sentence(&sentence, &context, &known).await;
            assert_eq!(checked.verdict(), expected, "{text}");
        }
        // Neither is a quote; the verifier reads both with what stands above them.
        let context = Context {
            passages: vec![Passage::alone(forbidden), Passage::alone(faq)],
            ledger: Vec::new(),
        };
        for text in [
            "Share passwords with colleagues.",
            "Leave the badge at home.",
            "Can leave be carried over?",
        ] {
            for passage in &context.passages {
                assert_eq!(verbatim(text, passage), None, "{text}");
            }
        }
        let known = Known::of(&context);
        let windows = known.windows("Share passwords with colleagues.", &[1], 1);
        assert!(windows[0].text().starts_with("Employees must never:"));
        assert!(windows[0].denies);
        // An item of what is asked for stays a quote.
        let wanted =
            Passage::alone("다음 서류를 제출한다:\n- 재직증명서 사본 한 부\n- 신분증 사본");
        assert!(verbatim("신분증 사본", &wanted).is_some());
    }

    #[tokio::test]
    async fn quotes_may_be_punctuated_as_the_sentence_needs() {
        let document = "The form is called the Leave Request. We didn't get the balance right.";
        for text in [
            "It is called the “Leave Request,” and it is short.",
            "The form is named \"leave request.\"",
            "They say that they \"did not get the balance right\".",
        ] {
            let (found, reason) = believed(text, document).await;
            assert_eq!(found, Verdict::Supported, "{text} {reason:?}");
        }
        for text in [
            "The form is called the “Travel Request”.",
            "They call it “the employee’s unlimited form”.",
        ] {
            let (found, reason) = believed(text, document).await;
            assert!(matches!(reason, Some(Reason::NotVerbatim { .. })), "{text}");
            assert_eq!(found, Verdict::Unsupported);
        }
    }

    #[tokio::test]
    async fn a_denial_is_seen_without_a_verifier() {
        let context = Arc::new(Context {
            passages: vec![Passage::alone("Visitors may park in the basement.")],
            ledger: Vec::new(),
        });
        let draft = vec![DraftSentence {
            text: "Visitors may not park in the basement.".to_owned(),
            citations: vec![1],
        }];
        let answer = Checker::new(CheckConfig::default(), CheckerParts::default())
            .check(draft, context, Language::En, Mode::Marked)
            .await;
        assert_eq!(answer.sentences()[0].verdict(), Verdict::Contradicted);
    }

    /// A verifier that takes what it reads for more likely than not.
    #[derive(Debug)]
    struct Unsure;

    #[async_trait]
    impl Verifier for Unsure {
        fn name(&self) -> &'static str {
            "unsure"
        }

        async fn judge(&self, pairs: &[Pair]) -> Result<Vec<Entailment>, BackendError> {
            let unsure = |pair: &Pair| Entailment {
                entailed: 0.8,
                neutral: 0.1,
                contradicted: 0.1,
                ..entailed(pair)
            };
            Ok(pairs.iter().map(unsure).collect())
        }
    }

    #[tokio::test]
    async fn a_denial_needs_a_verifier_that_is_sure() {
        let document = "미사용 연차는 다음 해로 이월할 수 없다.";
        let context = Context {
            passages: vec![Passage::alone(document)],
            ledger: Vec::new(),
        };
        let checker = with_verifier(Arc::new(Unsure));
        let known = Known::of(&context);
        for (text, expected) in [
            ("남은 연차는 다음 해로 이월된다.", Verdict::Contradicted),
            ("남은 연차는 다음 해로 이월되지 않는다.", Verdict::Supported),
        ] {
            let sentence = DraftSentence {
                text: text.to_owned(),
                citations: vec![1],
            };
            let (checked, _) = checker.sentence(&sentence, &context, &known).await;
            assert_eq!(checked.verdict(), expected, "{text} {:?}", checked.reason());
        }
    }

    /// A verifier that believes what it reads in the evidence's own figures.
    #[derive(Debug)]
    struct Literal;

    #[async_trait]
    impl Verifier for Literal {
        fn name(&self) -> &'static str {
            "literal"
        }

        async fn judge(&self, pairs: &[Pair]) -> Result<Vec<Entailment>, BackendError> {
            let judge = |pair: &Pair| {
                let at = pair.claim.find("보낸다").unwrap_or_default();
                Entailment {
                    entailed: if pair.claim.contains("25MB") {
                        0.4
                    } else {
                        0.0
                    },
                    neutral: 0.6,
                    contradicted: 0.0,
                    words: vec![(at..at + "보낸다".len(), 0.9)],
                }
            };
            Ok(pairs.iter().map(judge).collect())
        }
    }

    #[tokio::test]
    async fn a_verifier_reads_figures_as_the_evidence_writes_them() {
        let context = Context {
            passages: vec![Passage::alone("첨부 파일은 통당 25MB까지 보낼 수 있다.")],
            ledger: Vec::new(),
        };
        let known = Known::of(&context);
        let claim = "첨부 파일은 25메가바이트까지 보낸다.";
        let mut memo = Memo::default();
        let windows = known.windows(claim, &[1], 1);
        let checker = with_verifier(Arc::new(Literal));
        let judged = checker
            .judged(claim, Language::Ko, &windows, &known, &mut memo)
            .await
            .unwrap();
        assert_eq!(judged[0].weighed.entailed, Some(0.4));
        assert_eq!(missing_words(claim, &judged[0]), ["보낸다"]);
        let without = checker.with_tiers(Tiers {
            facts: false,
            ..Tiers::default()
        });
        let judged = without
            .judged(claim, Language::Ko, &windows, &known, &mut Memo::default())
            .await
            .unwrap();
        assert_eq!(judged[0].weighed.entailed, Some(0.0));
    }

    #[tokio::test]
    async fn the_figure_that_fails_is_marked_and_no_other() {
        let context = Context {
            passages: vec![Passage::alone("병가는 15일이다. 연차는 7일이다.")],
            ledger: Vec::new(),
        };
        let sentence = DraftSentence {
            text: "병가는 15일, 연차는 5일이다.".to_owned(),
            citations: vec![1],
        };
        let checker = with_verifier(Arc::new(Slow(Duration::ZERO)));
        let known = Known::of(&context);
        let (checked, _) = checker.sentence(&sentence, &context, &known).await;
        let failing = checked.failing().cloned().unwrap();
        assert_eq!(failing.start, checked.text().rfind("5일").unwrap());
    }

    /// Pieces of texts that sit badly at the edges of spans.
    fn piece() -> impl Strategy<Value = String> {
        prop_oneof![
            proptest::sample::select(vec![
                "연차는 15일이다. ",
                "Leave is 15 days. ",
                "다음 행위를 금지한다:\n- ",
                "미사용 연차는 이월할 수 없다. ",
                "“연차 휴가” ",
                "\"the employee's\" ",
                "제12조 제1항 ",
                "3만 5천 원 ",
                "e\u{301}\u{327} ",
                "\u{1112}\u{1161}\u{11ab} ",
                "👩🏽‍💻 ",
                "왜 되니까? ",
                "1 + 2 = 4 ",
                ": ",
                ". ",
                "\n\n",
                "</s> ",
                "[1] ",
            ])
            .prop_map(str::to_owned),
            "\\PC{0,8}",
        ]
    }

    fn text() -> impl Strategy<Value = String> {
        proptest::collection::vec(piece(), 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// Whatever a draft and documents hold, each sentence has a verdict that no failure of the
        /// checker gave, its quotes are cut from the passages, and the part that fails is its own.
        #[test]
        fn any_draft_is_checked_and_quotes_are_exact(
            draft in text(),
            first in text(),
            second in text(),
            citation in 0_u32..4,
        ) {
            let context = Context {
                passages: vec![Passage::alone(&first), Passage::alone(&second)],
                ledger: Vec::new(),
            };
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .unwrap();
            let checker = with_verifier(Arc::new(Slow(Duration::ZERO)));
            let known = Known::of(&context);
            let sentences = crate::check::draft_sentences(&draft);
            for mut sentence in sentences {
                sentence.citations.push(citation);
                let (checked, _) =
                    runtime.block_on(checker.sentence(&sentence, &context, &known));
                prop_assert_ne!(checked.verdict(), Verdict::Unverified, "{:?}", checked.reason());
                for citation in checked.citations() {
                    let passage = context.passage(citation.number()).unwrap();
                    let span = citation.place().span.clone();
                    prop_assert_eq!(&passage.text[span], citation.quote());
                    let chars: String = passage
                        .text
                        .chars()
                        .skip(citation.place().chars.start)
                        .take(citation.place().chars.len())
                        .collect();
                    prop_assert_eq!(&chars, citation.quote());
                }
                if let Some(failing) = checked.failing() {
                    prop_assert!(checked.text().get(failing.clone()).is_some());
                }
                if checked.verdict() == Verdict::Supported {
                    prop_assert!(!checked.citations().is_empty());
                }
            }
        }
    }

    #[tokio::test]
    async fn hard_facts_are_refused_whatever_the_verifier_says() {
        let draft = vec![DraftSentence {
            text: "입사 1년 미만 직원의 연차휴가는 최대 12일이다.".to_owned(),
            citations: vec![1],
        }];
        let answer = with_verifier(Arc::new(Slow(Duration::ZERO)))
            .check(draft, context(), Language::Ko, Mode::Strict)
            .await;
        let refused = &answer.withheld()[0];
        assert!(answer.abstained());
        let failing = refused.failing().cloned().unwrap();
        assert!(refused.text()[failing].contains("12일"), "{refused:?}");
    }

    #[tokio::test]
    async fn what_stands_in_another_passage_is_cited_anew() {
        let context = Arc::new(Context {
            passages: vec![
                Passage::alone("주차장은 지하 2층에 있다."),
                Passage::alone(LEAVE),
            ],
            ledger: Vec::new(),
        });
        for (text, citations) in [
            ("미사용 연차는 수당으로 지급하지 않는다.", vec![1]),
            ("PPR-9087 부품의 단가는 3만 5천 원이다.", vec![1]),
            ("PPR-9087 부품의 단가는 3만 5천 원이다.", vec![]),
        ] {
            let draft = vec![DraftSentence {
                text: text.to_owned(),
                citations: citations.clone(),
            }];
            let answer = with_verifier(Arc::new(Slow(Duration::ZERO)))
                .check(draft, Arc::clone(&context), Language::Ko, Mode::Strict)
                .await;
            let cited = answer.sentences()[0].citations()[0].number();
            assert_eq!(cited, 2, "{text} {citations:?}");
        }
    }

    /// An engine that writes a refused sentence again.
    #[derive(Debug)]
    struct Rewrites(&'static str);

    #[async_trait]
    impl Generator for Rewrites {
        fn name(&self) -> &'static str {
            "test"
        }

        fn window(&self) -> Option<usize> {
            None
        }

        async fn count_tokens(&self, _: &Prompt) -> Result<usize, BackendError> {
            Ok(0)
        }

        async fn generate(&self, _: Prompt) -> Result<DraftPieces, BackendError> {
            Ok(mpsc::unbounded_channel().1)
        }

        async fn probabilities(
            &self,
            _: &str,
            _: &[&str],
        ) -> Result<Option<Vec<f32>>, BackendError> {
            Ok(None)
        }

        async fn rewrite(&self, request: &Rewrite) -> Result<Option<String>, BackendError> {
            assert!(request.reason.contains("12일"), "{}", request.reason);
            Ok(Some(self.0.to_owned()))
        }
    }

    #[tokio::test]
    async fn a_refused_sentence_is_written_again_once_and_checked_again() {
        let right = "입사 1년 미만 직원의 연차휴가는 1개월 개근 시 1일씩 발생하며 최대 11일이다.";
        let wrong = "입사 1년 미만 직원의 연차휴가는 최대 13일이다.";
        for (text, shown) in [(right, 1), (wrong, 0)] {
            let (sender, pieces) = mpsc::unbounded_channel();
            let draft = "입사 1년 미만 직원의 연차휴가는 최대 12일이다. [1]\n".to_owned();
            sender.send(Ok(DraftPiece::Text(draft))).unwrap();
            drop(sender);
            let checker = with_verifier(Arc::new(Slow(Duration::ZERO)));
            let (checked, told) =
                stream_as(&checker, pieces, &Rewrites(text), Mode::Strict, "연차는?").await;
            let answer = checked.unwrap().answer;
            assert_eq!(answer.sentences().len(), shown, "{text}");
            assert_eq!(answer.withheld().len(), 1 - shown, "{text}");
            assert!(answer.sentences().iter().all(CheckedSentence::rewritten));
            assert_eq!(told.len(), 1);
        }
    }

    #[tokio::test]
    async fn a_wrong_premise_is_corrected_with_the_quote() {
        let (sender, pieces) = mpsc::unbounded_channel();
        drop(sender);
        let checker = Checker::new(CheckConfig::default(), CheckerParts::default());
        let question = "왜 부품 PPR-9087의 단가가 45,000원인가요?";
        let (checked, told) =
            stream_as(&checker, pieces, &Rewrites(""), Mode::Strict, question).await;
        let answer = checked.unwrap().answer;
        assert!(!answer.abstained(), "{told:?}");
        let sentence = &answer.sentences()[0];
        assert!(sentence.text().contains("35,000원"), "{}", sentence.text());
        assert!(sentence.citations()[0].quote().contains("PPR-9087"));
    }

    async fn stream(
        checker: &Checker,
        pieces: DraftPieces,
    ) -> (Result<Checked, BackendError>, Vec<String>) {
        stream_as(checker, pieces, &Rewrites(""), Mode::Marked, "연차는?").await
    }

    async fn stream_as(
        checker: &Checker,
        pieces: DraftPieces,
        generator: &dyn Generator,
        mode: Mode,
        question: &str,
    ) -> (Result<Checked, BackendError>, Vec<String>) {
        let (sender, mut events) = mpsc::unbounded_channel();
        let question = Question {
            scope: Scope::default(),
            text: question.to_owned(),
            reader: Reader::anyone(),
            language: Language::Ko,
            adapter: None,
        };
        let drafting = Drafting {
            generator,
            pieces,
            question: &question,
            context: &context(),
            mode,
        };
        let checked = check_stream(checker, drafting, &sender).await;
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
        let checker = with_verifier(Arc::new(Slow(pause)));
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
        let checker = Checker::new(CheckConfig::default(), CheckerParts::default());
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
        let checker = Checker::new(CheckConfig::default(), CheckerParts::default());
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
        let checker = Checker::new(CheckConfig::default(), CheckerParts::default());
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
