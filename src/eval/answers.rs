//! Whole answers: how often they are right, wrong and withheld, with what is configured to write
//! and to check.
//!
//! Of half of the questions (`--remove-gold`) the documents that answer them are hidden from the
//! search, so that the only right answer is none. What people would be shown is compared with the
//! expected strings, and so is what they would be shown without the checker.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, bail};
use serde::Serialize;
use tokio::sync::mpsc;

use super::Tell;
use super::corpus::{QueryLine, Set, qrels};
use super::gold::holds;
use super::measures::{mean_ms, percentile, real, share};
use crate::app::{Answered, AskEvent, OpenGenerator, Pipeline, open_generator};
use crate::ask::{BothEmbedder, QueryEmbedder, Question, Reader, Scope};
use crate::check::{Answer, AnswerEvent, CheckedSentence, Checker, Mode, Reason, Verdict};
use crate::config::Config;
use crate::language::Language;

/// How whole answers are measured.
#[derive(Clone, Debug)]
pub struct AnswersOptions {
    /// Questions of each set at most.
    pub questions: usize,
    /// The share of the questions whose documents are hidden, 0 to 1.
    pub remove_gold: f64,
    /// Chooses the questions, and those of them whose documents are hidden.
    pub seed: u64,
    /// The file that gets a line of JSON for each question.
    pub labels: Option<PathBuf>,
}

/// What became of the questions of a set.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Answers {
    /// What wrote.
    pub generator: String,
    /// What checked.
    pub checker: String,
    /// Questions asked.
    pub questions: usize,
    /// Those of them that the corpus does not answer: the documents that do are hidden, or there
    /// never were any.
    pub without_gold: usize,
    /// Questions that were answered.
    pub answered: usize,
    /// Questions that the corpus answers and that were not answered.
    pub abstained_with_gold: usize,
    /// Questions that it does not answer and that were not answered.
    pub abstained_without_gold: usize,
    /// Answers that hold an expected string, to questions that the corpus answers.
    pub right: usize,
    /// All other answers.
    pub wrong: usize,
    /// Those of them to questions that the corpus does not answer.
    pub wrong_without_gold: usize,
    /// Those of these that hold an expected string all the same: another document may say it.
    /// Counted as wrong until a person looks.
    pub wrong_but_holding: usize,
    /// Drafts that would have been right answers, had every sentence been shown.
    pub unchecked_right: usize,
    /// Drafts that would have been wrong answers.
    pub unchecked_wrong: usize,
    /// Sentences shown.
    pub shown: usize,
    /// Those of them that are the quote that they rest on, white space folded.
    pub shown_verbatim: usize,
    /// Those of them that the checker calls supported; the rest claims nothing.
    pub shown_supported: usize,
    /// Sentences withheld.
    pub withheld: usize,
    /// Milliseconds for a question, on average.
    pub mean_ms: f64,
    /// 95 of 100 questions take no longer, in milliseconds.
    pub p95_ms: f64,
}

impl Answers {
    /// The share of shown sentences that are verbatim; not a number if none is shown.
    #[must_use]
    pub fn verbatim_share(&self) -> f64 {
        share(self.shown_verbatim, self.shown)
    }

    /// The share of shown sentences that are supported; not a number if none is shown.
    #[must_use]
    pub fn supported_share(&self) -> f64 {
        share(self.shown_supported, self.shown)
    }

    /// The share of answers that are right; not a number if there is none.
    #[must_use]
    pub fn right_share(&self) -> f64 {
        share(self.right, self.answered)
    }

    /// The share of questions that got a wrong answer.
    #[must_use]
    pub fn wrong_share(&self) -> f64 {
        share(self.wrong, self.questions)
    }
}

/// Whether the corpus answers a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Gold {
    /// It does.
    There,
    /// The documents that do are hidden.
    Removed,
    /// It never did.
    Never,
}

/// What an answer is, as far as a program can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Label {
    Right,
    Wrong,
    Abstained,
}

/// A question to ask.
struct Asked<'a> {
    query: &'a QueryLine,
    gold: Gold,
    /// The documents that answer it.
    documents: BTreeSet<&'a str>,
}

/// A line of `--labels`.
#[derive(Serialize)]
struct Record<'a> {
    set: &'a str,
    id: &'a str,
    lang: &'static str,
    question: &'a str,
    answers: &'a [String],
    gold: Gold,
    gold_documents: &'a BTreeSet<&'a str>,
    /// Of what is shown.
    label: Label,
    /// Of the draft, had every sentence been shown.
    unchecked_label: Label,
    /// Whether what is shown holds an expected string.
    holds: bool,
    truncated: bool,
    ms: f64,
    sentences: Vec<Line>,
}

/// A sentence of a draft.
#[derive(Serialize)]
struct Line {
    text: String,
    shown: bool,
    verdict: Verdict,
    score: f32,
    reason: Option<Reason>,
    verbatim: bool,
    quotes: Vec<Quoted>,
}

#[derive(Serialize)]
struct Quoted {
    /// What the corpus calls the document.
    document: String,
    quote: String,
}

/// Whether the questions of a set come with expected strings.
pub(super) fn has_answers(folder: &Path) -> anyhow::Result<bool> {
    let queries = QueryLine::of(folder)?;
    Ok(queries.iter().any(|query| !query.answers.is_empty()))
}

/// The questions that are asked, in the order of the set, the same for the same seed.
fn choose<'a>(
    queries: &'a [QueryLine],
    relevant: &'a HashMap<String, HashMap<String, f64>>,
    options: &AnswersOptions,
) -> Vec<Asked<'a>> {
    let mut asked: Vec<(usize, Asked<'a>)> = queries
        .iter()
        .enumerate()
        .filter_map(|(number, query)| {
            let documents: BTreeSet<&str> = relevant
                .get(&query.id)
                .into_iter()
                .flatten()
                .map(|(document, _)| document.as_str())
                .collect();
            let gold = if query.answerable == Some(false) {
                Gold::Never
            } else if documents.is_empty() || query.answers.is_empty() {
                // Nothing tells whether an answer to it is right.
                return None;
            } else {
                Gold::There
            };
            let asked = Asked {
                query,
                gold,
                documents,
            };
            Some((number, asked))
        })
        .collect();
    fastrand::Rng::with_seed(options.seed).shuffle(&mut asked);
    asked.truncate(options.questions);
    let mut with_gold: Vec<&mut Asked<'a>> = asked
        .iter_mut()
        .map(|(_, asked)| asked)
        .filter(|asked| asked.gold == Gold::There)
        .collect();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is from 0 to the number of questions"
    )]
    let removed = (real(with_gold.len()) * options.remove_gold).round() as usize;
    for asked in with_gold.iter_mut().take(removed) {
        asked.gold = Gold::Removed;
    }
    asked.sort_by_key(|(number, _)| *number);
    asked.into_iter().map(|(_, asked)| asked).collect()
}

/// Asks the questions of a set.
pub(super) async fn answers(
    set: &Set,
    name: &str,
    config: &Config,
    checker: &Checker,
    options: &AnswersOptions,
    mut labels: Option<&mut BufWriter<File>>,
    tell: Tell<'_>,
) -> anyhow::Result<Answers> {
    let relevant = qrels(&set.folder.join("qrels/test.tsv"))?;
    let queries = QueryLine::of(&set.folder)?;
    let asked = choose(&queries, &relevant, options);
    if asked.is_empty() {
        bail!(
            "{} has no question with an expected answer",
            set.folder.display()
        );
    }
    let both = set.embedder.clone();
    let OpenGenerator {
        generator,
        unusable,
        sufficiency,
        ..
    } = open_generator(
        config,
        both.map(|embedder| embedder as Arc<dyn BothEmbedder>),
        Arc::clone(&set.counter),
    )
    .await?;
    if let Some(reason) = unusable {
        bail!(reason);
    }
    let catalogue = set.catalogue(config).await?;
    let mut found = Answers {
        generator: generator.name().to_owned(),
        checker: checker.name().to_owned(),
        questions: asked.len(),
        ..Answers::default()
    };
    let mut times = Vec::new();
    for (number, one) in asked.iter().enumerate() {
        let hidden = match one.gold {
            Gold::Removed => set.chunks_of(&one.documents),
            Gold::There | Gold::Never => BTreeSet::new(),
        };
        let retrievers = set.retrievers(hidden);
        let pipeline = Pipeline {
            config,
            embedder: set
                .embedder
                .as_deref()
                .map(|embedder| embedder as &dyn QueryEmbedder),
            retrievers: &retrievers,
            catalogue: &catalogue,
            generator: &*generator,
            sufficiency: sufficiency.as_ref(),
            checker,
        };
        let question = Question {
            scope: Scope::default(),
            text: one.query.text.clone(),
            reader: Reader::anyone(),
            language: Language::of(&one.query.text),
            adapter: None,
        };
        let language = question.language;
        let (sender, mut events) = mpsc::unbounded_channel();
        let started = Instant::now();
        let Answered { answer, .. } = pipeline
            .answer(question, Mode::Strict, &sender)
            .await
            .with_context(|| format!("{name}: question {} failed", one.query.id))?;
        let took = started.elapsed();
        times.push(took);
        drop(sender);
        let mut sentences = Vec::new();
        while let Some(event) = events.recv().await {
            match event {
                AskEvent::Answer(AnswerEvent::Sentence(sentence)) => {
                    // An answer of nothing but greetings is emptied.
                    sentences.push(Line::new(&sentence, !answer.abstained()));
                }
                AskEvent::Answer(AnswerEvent::Withheld(sentence)) => {
                    sentences.push(Line::new(&sentence, false));
                }
                _ => {}
            }
        }
        let record = record(name, one, language, &answer, took.as_secs_f64(), sentences);
        found.add(&record);
        if let Some(labels) = &mut labels {
            let line = serde_json::to_string(&record)?;
            // At once, so that a run that is ended keeps what it found.
            writeln!(labels, "{line}")
                .and_then(|()| labels.flush())
                .context("the labels cannot be written")?;
        }
        if (number + 1).is_multiple_of(25) {
            tell(&format!("{} of {} questions", number + 1, asked.len()));
        }
    }
    catalogue.close().await;
    times.sort();
    found.mean_ms = mean_ms(&times);
    found.p95_ms = percentile(&times, 95);
    Ok(found)
}

/// What `texts` are as an answer; `claims` says whether they claim anything.
fn label(asked: &Asked<'_>, text: &str, claims: bool) -> (Label, bool) {
    if !claims {
        return (Label::Abstained, false);
    }
    let holds = asked
        .query
        .answers
        .iter()
        .any(|expected| holds(text, expected));
    if holds && asked.gold == Gold::There {
        (Label::Right, holds)
    } else {
        (Label::Wrong, holds)
    }
}

fn record<'a>(
    set: &'a str,
    asked: &'a Asked<'a>,
    language: Language,
    answer: &Answer,
    seconds: f64,
    sentences: Vec<Line>,
) -> Record<'a> {
    let text = |of: &dyn Fn(&Line) -> bool| -> String {
        let texts = sentences.iter().filter(|line| of(line));
        texts
            .map(|line| line.text.as_str())
            .collect::<Vec<_>>()
            .join("\n")
    };
    let (shown, holds) = label(asked, &text(&|line| line.shown), !answer.abstained());
    let claims = sentences
        .iter()
        .any(|line| line.verdict != Verdict::NotCheckable);
    let (unchecked, _) = label(asked, &text(&|_| true), claims);
    Record {
        set,
        id: &asked.query.id,
        lang: language.tag(),
        question: &asked.query.text,
        answers: &asked.query.answers,
        gold: asked.gold,
        gold_documents: &asked.documents,
        label: shown,
        unchecked_label: unchecked,
        holds,
        truncated: answer.truncated(),
        ms: seconds * 1000.0,
        sentences,
    }
}

impl Line {
    fn new(sentence: &CheckedSentence, shown: bool) -> Self {
        let quotes: Vec<Quoted> = sentence
            .citations()
            .iter()
            .map(|citation| Quoted {
                document: citation.file_name().to_owned(),
                quote: citation.quote().to_owned(),
            })
            .collect();
        let folded = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = folded(sentence.text());
        Self {
            shown,
            verdict: sentence.verdict(),
            score: sentence.score(),
            reason: sentence.reason().cloned(),
            verbatim: quotes.iter().any(|quoted| folded(&quoted.quote) == text),
            quotes,
            text: sentence.text().to_owned(),
        }
    }
}

impl Answers {
    fn add(&mut self, record: &Record<'_>) {
        let is_without = record.gold != Gold::There;
        self.without_gold += usize::from(is_without);
        match (record.label, is_without) {
            (Label::Abstained, false) => self.abstained_with_gold += 1,
            (Label::Abstained, true) => self.abstained_without_gold += 1,
            (Label::Right, _) => self.right += 1,
            (Label::Wrong, _) => {
                self.wrong += 1;
                self.wrong_without_gold += usize::from(is_without);
                self.wrong_but_holding += usize::from(is_without && record.holds);
            }
        }
        self.answered += usize::from(record.label != Label::Abstained);
        match record.unchecked_label {
            Label::Right => self.unchecked_right += 1,
            Label::Wrong => self.unchecked_wrong += 1,
            Label::Abstained => {}
        }
        for line in &record.sentences {
            self.shown += usize::from(line.shown);
            self.shown_verbatim += usize::from(line.shown && line.verbatim);
            self.shown_supported += usize::from(line.shown && line.verdict == Verdict::Supported);
            let withheld = !matches!(line.verdict, Verdict::Supported | Verdict::NotCheckable);
            self.withheld += usize::from(withheld);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(number: usize, answerable: Option<bool>) -> QueryLine {
        let answers = match answerable {
            Some(false) => Vec::new(),
            _ => vec!["15일".to_owned()],
        };
        QueryLine {
            id: format!("q{number}"),
            text: "연차는 며칠인가요?".to_owned(),
            answerable,
            answers,
        }
    }

    fn options(questions: usize, remove_gold: f64, seed: u64) -> AnswersOptions {
        AnswersOptions {
            questions,
            remove_gold,
            seed,
            labels: None,
        }
    }

    #[test]
    fn the_same_seed_chooses_the_same_questions_and_hides_the_share_of_them() {
        let queries: Vec<QueryLine> = (0..40)
            .map(|number| query(number, (number % 8 == 0).then_some(false)))
            .collect();
        let relevant: HashMap<String, HashMap<String, f64>> = queries
            .iter()
            .filter(|query| query.answerable.is_none())
            // One question has no document that answers it: it is not asked.
            .filter(|query| query.id != "q39")
            .map(|query| (query.id.clone(), HashMap::from([("d".to_owned(), 1.0)])))
            .collect();
        let chosen = |options: &AnswersOptions| -> Vec<(String, Gold)> {
            choose(&queries, &relevant, options)
                .iter()
                .map(|asked| (asked.query.id.clone(), asked.gold))
                .collect()
        };
        let all = chosen(&options(100, 0.5, 1));
        assert_eq!(all, chosen(&options(100, 0.5, 1)));
        assert_ne!(all, chosen(&options(100, 0.5, 2)));
        let count = |gold| all.iter().filter(|(_, one)| *one == gold).count();
        assert_eq!(
            [count(Gold::There), count(Gold::Removed), count(Gold::Never)],
            [17, 17, 5]
        );
        assert_eq!(chosen(&options(7, 0.5, 1)).len(), 7);
        let whole = chosen(&options(100, 0.0, 1));
        assert!(whole.iter().all(|(_, gold)| *gold != Gold::Removed));
        let none = chosen(&options(100, 1.0, 1));
        assert!(none.iter().all(|(_, gold)| *gold != Gold::There));
    }

    #[test]
    fn an_answer_without_its_documents_is_wrong_whatever_it_says() {
        let query = query(1, None);
        let asked = |gold| Asked {
            query: &query,
            gold,
            documents: BTreeSet::new(),
        };
        let right = "연차는 15일이다.";
        assert_eq!(
            label(&asked(Gold::There), right, true),
            (Label::Right, true)
        );
        assert_eq!(
            label(&asked(Gold::There), "연차는 25일이다.", true),
            (Label::Wrong, false)
        );
        assert_eq!(
            label(&asked(Gold::Removed), right, true),
            (Label::Wrong, true)
        );
        assert_eq!(
            label(&asked(Gold::There), "안녕하세요.", false),
            (Label::Abstained, false)
        );
    }

    #[test]
    fn what_is_shown_and_what_is_withheld_are_counted_apart() {
        let query = query(1, None);
        let asked = Asked {
            query: &query,
            gold: Gold::There,
            documents: BTreeSet::new(),
        };
        let line = |shown, verdict, verbatim| Line {
            text: String::new(),
            shown,
            verdict,
            score: 1.0,
            reason: None,
            verbatim,
            quotes: Vec::new(),
        };
        let record = |label, unchecked_label, sentences| Record {
            set: "set",
            id: "1",
            lang: "ko",
            question: "?",
            answers: &query.answers,
            gold: asked.gold,
            gold_documents: &asked.documents,
            label,
            unchecked_label,
            holds: label == Label::Right,
            truncated: false,
            ms: 1.0,
            sentences,
        };
        let mut found = Answers {
            questions: 2,
            ..Answers::default()
        };
        found.add(&record(
            Label::Right,
            Label::Right,
            vec![
                line(true, Verdict::Supported, true),
                line(true, Verdict::Supported, false),
                line(true, Verdict::NotCheckable, false),
                line(false, Verdict::Contradicted, false),
            ],
        ));
        found.add(&record(
            Label::Abstained,
            Label::Wrong,
            vec![line(false, Verdict::Unverified, false)],
        ));
        assert_eq!((found.shown, found.shown_verbatim), (3, 1));
        assert_eq!((found.shown_supported, found.withheld), (2, 2));
        assert_eq!((found.answered, found.abstained_with_gold), (1, 1));
        assert_eq!((found.unchecked_right, found.unchecked_wrong), (1, 1));
        assert!((found.right_share() - 1.0).abs() < 1e-9);
        assert!(found.wrong_share().abs() < 1e-9);
    }
}
