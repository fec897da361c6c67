//! A draft that is checked while it is written: what is refused is written again once, and a question
//! that supposes what the passages deny is corrected.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use ingest::BackendError;
use tokio::sync::mpsc;
use tracing::warn;

use super::answer::{Answer, CheckedSentence, Mode, Verdict};
use super::checker::{
    Checker, FAR, Finding, citation, close, guarded, note_conflicts, take, unknown,
};
use super::draft::{DraftReader, each_once};
use super::evidence::Known;
use super::premise;
use crate::ask::{
    Context, DraftPiece, DraftPieces, DraftSentence, Generator, Question, Rewrite, Usage,
};

/// Sentences of an answer that are written again at most.
const REWRITES: usize = 3;
/// How long the engine may take to write a sentence again.
const REWRITE_TIME: Duration = Duration::from_secs(60);

/// A sentence that was checked, as it is told to the asker.
#[derive(Clone, Debug)]
pub enum AnswerEvent {
    /// One to show.
    Sentence(CheckedSentence),
    /// One that strict mode withholds; people are told that there is one, not what it says.
    Withheld(CheckedSentence),
}

/// An answer, and what the checking of it took.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The answer.
    pub answer: Answer,
    /// From the draft's first whole sentence to its release; none for a draft without one.
    pub gate: Option<Duration>,
}

/// A draft on its way, and what it answers.
#[derive(Debug)]
pub struct Drafting<'a> {
    /// What writes it, and writes refused sentences again.
    pub generator: &'a dyn Generator,
    /// The draft as it is written.
    pub pieces: DraftPieces,
    /// The question.
    pub question: &'a Question,
    /// The passages.
    pub context: &'a Context,
    /// What happens to sentences that are not supported.
    pub mode: Mode,
}

/// A sentence of a draft, and when it was whole.
type Timed = (DraftSentence, Instant);

/// Checks a draft while it is written. Each sentence is sent once it is checked, in order; the
/// answer comes at the end. The draft is read on while a sentence is checked, and sentences wait
/// for each other only. A question that supposes what the passages deny is corrected first.
///
/// # Errors
/// When the generator fails: what was whole by then was checked and sent, and there is no answer.
pub async fn check_stream(
    checker: &Checker,
    drafting: Drafting<'_>,
    events: &mpsc::UnboundedSender<AnswerEvent>,
) -> Result<Checked, BackendError> {
    let Drafting {
        generator,
        pieces,
        question,
        context,
        mode,
    } = drafting;
    let mut answer = checker.empty(context, question.language, mode, generator.name());
    answer.adapter.clone_from(&question.adapter);
    let known = Known::of(context);
    if let Some(correction) =
        guarded("a question's premise", || correction(question, context)).flatten()
    {
        tell(&mut answer, correction, events);
    }
    let mut gate = None;
    let mut rewrites = 0;
    // Unbounded, because answers are short and the checker must not hold the engine.
    let (sender, mut sentences) = mpsc::unbounded_channel::<Timed>();
    let checking = async {
        while let Some((sentence, since)) = sentences.recv().await {
            answer.unknown_citations += unknown(&sentence, context);
            let (mut checked, finding) = checker.sentence(&sentence, context, &known).await;
            gate.get_or_insert_with(|| since.elapsed());
            if mode == Mode::Strict
                && checker.config.rewrite
                && rewrites < REWRITES
                && let Some(request) = rewrite(question, &checked, &finding, context)
            {
                rewrites += 1;
                let again = rewritten(checker, generator, &request, context, &known).await;
                let is_new = |again: &CheckedSentence| {
                    let shown = |sentence: &CheckedSentence| sentence.text == again.text;
                    !answer.sentences.iter().any(shown)
                };
                if let Some(again) = again.filter(is_new) {
                    checked = again;
                }
            }
            note_conflicts(&mut answer, &checked, context);
            tell(&mut answer, checked, events);
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

/// What a question takes for granted and the passages say otherwise, with the quote.
fn correction(question: &Question, context: &Context) -> Option<CheckedSentence> {
    let premise = premise::false_premise(&question.text, context)?;
    let passage = context.passage(premise.number)?;
    Some(CheckedSentence {
        text: premise.words(question.language),
        verdict: Verdict::Supported,
        score: 1.0,
        reason: None,
        failing: None,
        rewritten: false,
        citations: vec![citation(premise.number, passage, &premise.span)],
    })
}

/// What the engine is asked to write again; none where there is nothing to write from.
fn rewrite(
    question: &Question,
    checked: &CheckedSentence,
    finding: &Finding,
    context: &Context,
) -> Option<Rewrite> {
    let refused = matches!(
        checked.verdict,
        Verdict::Partial | Verdict::Contradicted | Verdict::Unsupported
    );
    if !refused || finding.weighed.coverage < FAR {
        return None;
    }
    let evidence: Vec<(u32, String)> = finding
        .evidence
        .iter()
        .filter_map(|(number, span)| {
            let passage = context.passage(*number)?;
            Some((*number, passage.text[span.clone()].to_owned()))
        })
        .collect();
    (!evidence.is_empty()).then(|| Rewrite {
        sentence: checked.text.clone(),
        evidence,
        reason: checked
            .reason
            .as_ref()
            .map(|reason| reason.words(question.language))
            .unwrap_or_default(),
        language: question.language,
        adapter: question.adapter.clone(),
    })
}

/// A sentence written again, if it is supported now.
async fn rewritten(
    checker: &Checker,
    generator: &dyn Generator,
    request: &Rewrite,
    context: &Context,
    known: &Known<'_>,
) -> Option<CheckedSentence> {
    let written = tokio::time::timeout(REWRITE_TIME, generator.rewrite(request)).await;
    let text = match written {
        Ok(Ok(text)) => text?,
        Ok(Err(error)) => {
            warn!(%error, "a sentence could not be written again");
            return None;
        }
        Err(_) => {
            warn!("the engine took too long to write a sentence again");
            return None;
        }
    };
    let sentence = DraftSentence {
        text,
        citations: each_once(request.evidence.iter().map(|(number, _)| *number)),
    };
    let (mut checked, _) = checker.sentence(&sentence, context, known).await;
    checked.rewritten = true;
    (checked.verdict == Verdict::Supported).then_some(checked)
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
