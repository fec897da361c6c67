//! Several drafts of one question, checked: the best is shown, or best and worst are learnt from.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::join_all;
use ingest::Group;
use tokio::sync::mpsc;
use tracing::{Instrument as _, info, warn};

use super::example::{Format, Line, Mark, Material, Source};
use super::export::marked;
use super::score::Tally;
use super::types::KeptPassage;
use crate::app::App;
use crate::ask::{
    DraftPiece, DraftPieces, EngineBusy, Generator, NO_ADAPTER, Prompt, Question, Reader, Scope,
};
use crate::check::{AnswerEvent, Checked, Checker, Drafting, Mode, check_stream};
use crate::generate::{prompt, training_prompt};
use crate::language::Language;

/// A draft that was checked to its end.
#[derive(Debug)]
pub(crate) struct CheckedDraft {
    /// As the model wrote it.
    pub(crate) text: String,
    /// What the checker made of it.
    pub(crate) checked: Checked,
    /// What the asker would have been told while it was checked.
    pub(crate) events: Vec<AnswerEvent>,
    /// What was found in it.
    pub(crate) tally: Tally,
}

/// Hands the pieces of a draft on, and keeps their text.
fn copied(mut pieces: DraftPieces) -> (DraftPieces, Arc<Mutex<String>>) {
    let text = Arc::new(Mutex::new(String::new()));
    let (sender, receiver) = mpsc::unbounded_channel();
    let kept = Arc::clone(&text);
    tokio::spawn(
        async move {
            loop {
                let piece = tokio::select! {
                    // Nobody reads it any more: dropping `pieces` ends the work.
                    () = sender.closed() => return,
                    piece = pieces.recv() => piece,
                };
                let Some(piece) = piece else { return };
                if let Ok(piece) = &piece {
                    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                    match piece {
                        DraftPiece::Text(text) => kept.push_str(text),
                        DraftPiece::Sentence(sentence) => {
                            kept.push_str(&sentence.text);
                            for number in &sentence.citations {
                                let _ = write!(kept, "[{number}]");
                            }
                            kept.push('\n');
                        }
                        DraftPiece::Cut | DraftPiece::Usage(_) => {}
                    }
                }
                if sender.send(piece).is_err() {
                    return;
                }
            }
        }
        .in_current_span(),
    );
    (receiver, text)
}

async fn checked_draft(
    generator: &dyn Generator,
    checker: &Checker,
    prompt: &Prompt,
    number: u32,
    mode: Mode,
) -> anyhow::Result<CheckedDraft> {
    let pieces = generator.draft(prompt.clone(), number).await?;
    let (pieces, text) = copied(pieces);
    let (sender, mut told) = mpsc::unbounded_channel();
    let drafting = Drafting {
        generator,
        pieces,
        question: &prompt.question,
        context: &prompt.context,
        mode,
    };
    let checked = check_stream(checker, drafting, &sender).await?;
    let mut events = Vec::new();
    while let Ok(event) = told.try_recv() {
        events.push(event);
    }
    let text = std::mem::take(&mut *text.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(CheckedDraft {
        text: text.trim().to_owned(),
        tally: Tally::of(&checked.answer),
        checked,
        events,
    })
}

/// `count` drafts of one prompt, checked, in the order of their numbers. One that fails is left out
/// if another does not.
///
/// # Errors
/// When all fail: why the first did.
pub(crate) async fn checked_drafts(
    generator: &dyn Generator,
    checker: &Checker,
    prompt: &Prompt,
    count: usize,
    mode: Mode,
) -> anyhow::Result<Vec<CheckedDraft>> {
    let numbers = 0..u32::try_from(count.max(1)).unwrap_or(u32::MAX);
    let drafts = numbers.map(|number| checked_draft(generator, checker, prompt, number, mode));
    let (mut good, mut failures) = (Vec::new(), Vec::new());
    for draft in join_all(drafts).await {
        match draft {
            Ok(draft) => good.push(draft),
            Err(error) => failures.push(error),
        }
    }
    let mut failures = failures.into_iter();
    match failures.next() {
        Some(error) if good.is_empty() => Err(error),
        Some(error) => {
            let is_busy = error.chain().any(<dyn std::error::Error>::is::<EngineBusy>);
            if !is_busy {
                warn!(error = format!("{error:#}"), "a draft of several failed");
            }
            Ok(good)
        }
        None => Ok(good),
    }
}

/// The number of the best draft; the first of equals.
fn best(drafts: &[CheckedDraft]) -> usize {
    let mut best = 0;
    for (at, draft) in drafts.iter().enumerate() {
        if draft.tally.score() > drafts[best].tally.score() {
            best = at;
        }
    }
    best
}

/// Which of several drafts was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BestOf {
    /// Drafts that were checked.
    pub drafts: usize,
    /// The number of the one that was shown, from 0.
    pub chosen: usize,
    /// Tokens of the others, as far as the engine counted them.
    pub discarded_tokens: usize,
}

/// The best of `count` drafts of one prompt.
///
/// # Errors
/// When all fail.
pub(crate) async fn best_of(
    generator: &dyn Generator,
    checker: &Checker,
    prompt: &Prompt,
    count: usize,
    mode: Mode,
) -> anyhow::Result<(CheckedDraft, BestOf)> {
    let mut drafts = checked_drafts(generator, checker, prompt, count, mode).await?;
    let chosen = best(&drafts);
    let total = drafts.len();
    let draft = drafts.swap_remove(chosen);
    let usages = drafts
        .iter()
        .filter_map(|draft| draft.checked.answer.usage());
    let discarded_tokens = usages.map(|usage| usage.completion_tokens).sum();
    info!(
        drafts = total,
        chosen,
        score = draft.tally.score(),
        "the best draft is chosen"
    );
    let which = BestOf {
        drafts: total,
        chosen,
        discarded_tokens,
    };
    Ok((draft, which))
}

/// How drafts are learnt from.
#[derive(Clone, Debug)]
pub struct DraftsOptions {
    /// Drafts of each question.
    pub drafts: usize,
    /// Best and worst make a pair if their scores differ by so much.
    pub margin: f64,
    /// What the examples are for.
    pub format: Format,
    /// Whether each says where it comes from.
    pub mark: bool,
    /// Groups whose documents may be in them, besides those of `everyone`.
    pub groups: Vec<Group>,
    /// The adapter that writes; the default one if none is named.
    pub adapter: Option<String>,
}

/// The drafts of one question as something to learn. Saying nothing is a draft too: where all others
/// are worse, it is the better one.
fn material(question: &Prompt, app: &App, drafts: &[CheckedDraft], margin: f64) -> Material {
    let language = question.question.language;
    let mut material = Material {
        prompt: training_prompt(&app.config().generator, question),
        ..Material::default()
    };
    let scored: Vec<(f64, &CheckedDraft)> = drafts
        .iter()
        .filter(|draft| !draft.text.is_empty())
        .map(|draft| (draft.tally.score(), draft))
        .collect();
    let Some((low, worst)) = scored
        .iter()
        .min_by(|(one, _), (other, _)| one.total_cmp(other))
    else {
        return material;
    };
    let best = best(drafts);
    let silence = prompt::nothing_said(language).to_owned();
    let (high, text, is_good) = match &drafts[best] {
        draft if draft.tally.score() >= 0.0 && !draft.text.is_empty() => (
            draft.tally.score(),
            draft.text.clone(),
            draft.tally.is_supported(),
        ),
        // All drafts are worse than saying nothing.
        _ => (0.0, silence, true),
    };
    if high - low >= margin && text != worst.text {
        material.pairs.push((text.clone(), worst.text.clone()));
    }
    if is_good {
        material.good.push(text);
    }
    for (score, draft) in scored {
        if score < 0.0 && !material.bad.contains(&draft.text) {
            material.bad.push(draft.text.clone());
        }
    }
    material
}

/// Writes and checks drafts of a question, and gives what is to be learnt from them. Nothing comes
/// of a question without passages.
///
/// # Errors
/// When the adapter is none, or a back end fails.
pub async fn draft_examples(
    app: &App,
    question: &str,
    options: &DraftsOptions,
) -> anyhow::Result<Vec<Line>> {
    let asked = Question {
        text: question.to_owned(),
        reader: Reader::new(options.groups.iter().cloned()),
        language: Language::of(question),
        scope: Scope::default(),
        adapter: options.adapter.clone(),
    };
    let asked = app.with_adapter(asked).await?;
    let adapter = asked.adapter.clone().filter(|name| name != NO_ADAPTER);
    let pipeline = app.pipeline();
    let prompt = pipeline.prepare(&asked).await?.0;
    if prompt.context.passages.is_empty() {
        return Ok(Vec::new());
    }
    let generator = app.generator();
    // Marked: what is refused is not written again, since the draft as it was is judged.
    let drafts = checked_drafts(
        generator,
        app.checker(),
        &prompt,
        options.drafts,
        Mode::Marked,
    )
    .await?;
    let material = material(&prompt, app, &drafts, options.margin);
    let mark = if options.mark {
        let passages = (1..).zip(&prompt.context.passages);
        let documents = passages
            .map(|(number, passage)| KeptPassage::new(number, passage))
            .map(|passage| (passage.document, passage.version))
            .collect();
        Some(Mark {
            source: Source::Checker,
            answer: None,
            prompt_version: prompt::VERSION,
            generator: generator.name().to_owned(),
            adapter,
            documents: marked(app.library().catalogue(), &documents).await?,
        })
    } else {
        None
    };
    let examples = material.examples(options.format).into_iter();
    Ok(examples
        .map(|example| Line {
            example,
            veracite: mark.clone(),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use async_trait::async_trait;
    use ingest::BackendError;

    use super::*;
    use crate::ask::{Context, Passage};
    use crate::check::{CheckConfig, CheckerParts};

    /// Writes the texts that it is given, one a draft; an empty one fails.
    #[derive(Debug)]
    struct Scripted {
        drafts: Vec<&'static str>,
        asked: AtomicU32,
    }

    #[async_trait]
    impl Generator for Scripted {
        fn name(&self) -> &'static str {
            "scripted"
        }

        fn window(&self) -> Option<usize> {
            None
        }

        async fn count_tokens(&self, _: &Prompt) -> Result<usize, BackendError> {
            Ok(1)
        }

        async fn generate(&self, prompt: Prompt) -> Result<DraftPieces, BackendError> {
            self.draft(prompt, 0).await
        }

        async fn draft(&self, _: Prompt, number: u32) -> Result<DraftPieces, BackendError> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let text = self.drafts[usize::try_from(number).unwrap()];
            let (sender, pieces) = mpsc::unbounded_channel();
            let piece = if text.is_empty() {
                Err(BackendError::message("broken"))
            } else {
                Ok(DraftPiece::Text(text.to_owned()))
            };
            sender.send(piece).unwrap();
            Ok(pieces)
        }

        async fn probabilities(
            &self,
            _: &str,
            _: &[&str],
        ) -> Result<Option<Vec<f32>>, BackendError> {
            Ok(None)
        }
    }

    const PASSAGE: &str =
        "미사용 연차는 수당으로 지급하지 않는다. 입사 1년 미만 직원의 연차휴가는 최대 11일이다.";

    fn prompt() -> Prompt {
        Prompt {
            question: Question {
                text: "연차는 며칠인가요?".to_owned(),
                reader: Reader::anyone(),
                language: Language::Ko,
                scope: Scope::default(),
                adapter: None,
            },
            context: Arc::new(Context {
                passages: vec![Passage::alone(PASSAGE)],
                ledger: Vec::new(),
            }),
            max_tokens: 100,
        }
    }

    async fn chosen(drafts: &[&'static str]) -> anyhow::Result<(CheckedDraft, BestOf)> {
        let generator = Scripted {
            drafts: drafts.to_vec(),
            asked: AtomicU32::new(0),
        };
        let checker = Checker::new(CheckConfig::default(), CheckerParts::default());
        let found = best_of(&generator, &checker, &prompt(), drafts.len(), Mode::Strict).await;
        let asked = generator.asked.load(Ordering::Relaxed);
        assert_eq!(usize::try_from(asked).unwrap(), drafts.len());
        found
    }

    const WRONG: &str = "입사 1년 미만 직원의 연차휴가는 최대 25일이다. [1]";
    const RIGHT: &str = "입사 1년 미만 직원의 연차휴가는 최대 11일이다. [1]";

    #[tokio::test]
    async fn the_draft_that_the_documents_support_is_shown() {
        let (draft, which) = chosen(&[WRONG, RIGHT, WRONG]).await.unwrap();
        assert_eq!((which.drafts, which.chosen), (3, 1));
        assert_eq!(draft.text, RIGHT);
        assert_eq!(draft.events.len(), 1);
        assert!(!draft.checked.answer.abstained());
    }

    #[tokio::test]
    async fn one_that_fails_does_not_matter_and_all_do() {
        let (_, which) = chosen(&["", RIGHT]).await.unwrap();
        assert_eq!((which.drafts, which.chosen), (1, 0));
        let error = chosen(&["", ""]).await.unwrap_err();
        assert!(error.to_string().contains("broken"), "{error}");
    }

    #[tokio::test]
    async fn of_equals_the_first_is_shown() {
        let (_, which) = chosen(&[RIGHT, RIGHT]).await.unwrap();
        assert_eq!(which.chosen, 0);
        let silent = "구절에 나와 있지 않습니다.";
        let (draft, _) = chosen(&[WRONG, silent]).await.unwrap();
        assert_eq!(draft.text, silent);
    }
}
