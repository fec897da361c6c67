//! Taking a judgement.

use std::collections::BTreeSet;
use std::sync::Arc;

use ingest::{ContentHash, DocumentId};
use jiff::Timestamp;
use serde_json::Value;

use super::export::may_read_all;
use super::recent::{RecentAnswer, passages_of, searched};
use super::types::{JudgedAnswer, Judgement, KeptPassage, KeptPrompt, KeptSentence, Kind};
use crate::app::App;
use crate::ask::{Context, DraftSentence, Prompt, Question, Reader, Scope};
use crate::audit::{Action, AuditError, Event};
use crate::check::{Mode, Verdict, draft_sentences};
use crate::generate::{prompt, training_prompt};
use crate::language::Language;
use crate::proof::{self, AnswerProblem, Json, Proof};

/// Characters of a correction.
const CORRECTION_LIMIT: usize = 4_000;
/// Characters of a note.
const NOTE_LIMIT: usize = 2_000;

/// What somebody says of an answer.
#[derive(Clone, Debug)]
pub struct NewJudgement {
    /// The sentence, from 0; none for the whole answer.
    pub sentence: Option<usize>,
    /// What they say.
    pub kind: Kind,
    /// What should stand there instead, or what is missing.
    pub correction: Option<String>,
    /// Anything else.
    pub note: Option<String>,
}

/// A judgement that was taken.
#[derive(Clone, Debug)]
pub struct Given {
    /// The answer.
    pub answer: ContentHash,
    /// The judgement.
    pub judgement: Judgement,
    /// Whether training can learn from it: the answer's passages are known.
    pub is_usable: bool,
}

/// Why a judgement is not taken.
#[derive(Debug, thiserror::Error)]
pub enum GiveError {
    /// The answer is none that this installation gave.
    #[error("the answer is not genuine: {}", .0.words)]
    NotGenuine(AnswerProblem),
    /// A field of the judgement is wrong.
    #[error("`{field}` is wrong: {detail}")]
    Field {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// The catalogue failed.
    #[error("the catalogue failed: {0}")]
    Catalogue(#[from] sqlx::Error),
    /// The audit log cannot be told.
    #[error("the audit log failed: {0}")]
    Audit(#[from] AuditError),
}

fn wrong(field: &'static str, detail: impl Into<String>) -> GiveError {
    GiveError::Field {
        field,
        detail: detail.into(),
    }
}

/// `text` trimmed, if there is anything in it.
fn trimmed(
    field: &'static str,
    text: Option<String>,
    limit: usize,
) -> Result<Option<String>, GiveError> {
    let text = text.map(|text| text.trim().to_owned());
    let text = text.filter(|text| !text.is_empty());
    let length = text.as_ref().map_or(0, |text| text.chars().count());
    if length > limit {
        return Err(wrong(
            field,
            format!("it has {length} characters, the limit is {limit}"),
        ));
    }
    Ok(text)
}

/// Takes what `actor`, who reads as `reader`, says of an answer as it was given, with its proof. A
/// correction is checked against the answer's passages.
///
/// # Errors
/// When the answer is not genuine, a field is wrong, or catalogue or audit log fail.
pub async fn give(
    app: &App,
    (actor, reader): (&str, &Reader),
    answer: &Json,
    new: NewJudgement,
    language: Language,
) -> Result<Given, GiveError> {
    let sealed = proof::genuine(answer, app.prover().key(), language);
    let proof = sealed.map_err(GiveError::NotGenuine)?;
    let NewJudgement {
        sentence,
        kind,
        correction,
        note,
    } = new;
    let sentences = proof.claims.len();
    if let Some(sentence) = sentence {
        if sentence >= sentences {
            return Err(wrong(
                "sentence",
                format!("it is {sentence}, and the answer has {sentences} sentences, from 0"),
            ));
        }
        if kind == Kind::Missing {
            return Err(wrong(
                "kind",
                "what is missing is said of the whole answer, without `sentence`",
            ));
        }
    }
    let correction = trimmed("correction", correction, CORRECTION_LIMIT)?;
    let note = trimmed("note", note, NOTE_LIMIT)?;
    if kind == Kind::Right && correction.is_some() {
        return Err(wrong("correction", "what is right is not corrected"));
    }
    let body = answer.value();
    let recent = passages_of(app, body, reader).await?;
    let judged = judged(app, body, &proof, recent.as_deref());
    let corrected = match (&correction, &recent) {
        (None, _) => Vec::new(),
        (Some(text), recent) => {
            // Whether passages say something is not told to those who may not read them.
            let may_check =
                may_read_all(app.library().catalogue(), &judged.documents(), reader).await?;
            let context = recent.as_ref().filter(|_| may_check);
            let context = context.map(|recent| Arc::clone(&recent.context));
            let cited = cited(&judged, sentence, kind);
            corrected(app, text, context, &cited, judged.language).await
        }
    };
    let mut judgement = Judgement {
        id: uuid::Uuid::new_v4().simple().to_string(),
        actor: actor.to_owned(),
        sentence,
        kind,
        correction,
        corrected,
        note,
        given: Timestamp::now(),
        decided: None,
    };
    let event = Event::new(actor, Action::Feedback, proof.answer_sha256)
        .with("kind", kind)
        .with("sentence", sentence);
    app.audit().record(event).await?;
    let catalogue = app.library().catalogue();
    let kept = catalogue
        .judge(proof.answer_sha256, &judged, &judgement)
        .await?;
    let Some((id, given)) = kept else {
        let event = Event::new(actor, Action::Failed, proof.answer_sha256);
        app.audit().note(event.with("code", "gone"));
        return Err(wrong(
            "answer",
            "a document that it rests on was deleted, or the version that it quotes is not kept any more",
        ));
    };
    judgement.id = id;
    judgement.given = given;
    app.metrics().judged(kind);
    Ok(Given {
        answer: proof.answer_sha256,
        judgement,
        is_usable: judged.prompt.is_some(),
    })
}

/// The passages that a corrected sentence probably rests on.
fn cited(judged: &JudgedAnswer, sentence: Option<usize>, kind: Kind) -> Vec<u32> {
    let shown = judged.shown();
    let own = sentence.and_then(|sentence| shown.get(sentence));
    let own = own.map_or(&[][..], |sentence| &sentence.citations[..]);
    if own.is_empty() || kind == Kind::WrongSource {
        let passages = judged.prompt.iter().flat_map(|prompt| &prompt.passages);
        return passages.map(|passage| passage.number).collect();
    }
    own.to_vec()
}

/// A correction, sentence by sentence, as the checker finds it in `context`.
async fn corrected(
    app: &App,
    text: &str,
    context: Option<Arc<Context>>,
    cited: &[u32],
    language: Language,
) -> Vec<KeptSentence> {
    let sentences: Vec<DraftSentence> = draft_sentences(text)
        .into_iter()
        .map(|mut sentence| {
            if sentence.citations.is_empty() {
                sentence.citations = cited.to_vec();
            }
            sentence
        })
        .collect();
    let Some(context) = context else {
        let unverified = |sentence: DraftSentence| KeptSentence {
            text: sentence.text,
            verdict: Verdict::Unverified,
            shown: true,
            citations: sentence.citations,
        };
        return sentences.into_iter().map(unverified).collect();
    };
    let checker = app.checker();
    let checked = checker
        .check(sentences, context, language, Mode::Marked)
        .await;
    let sentences = checked.sentences().iter();
    sentences
        .map(|sentence| KeptSentence::new(sentence, true))
        .collect()
}

/// What training needs of an answer that is genuine.
fn judged(app: &App, body: &Value, proof: &Proof, recent: Option<&RecentAnswer>) -> JudgedAnswer {
    let language = match body["language"].as_str() {
        Some("en") => Language::En,
        _ => Language::Ko,
    };
    let question = body["question"].as_str().unwrap_or_default().to_owned();
    let claims = body["claims"].as_array().map_or(&[][..], Vec::as_slice);
    let mut sentences: Vec<KeptSentence> = claims
        .iter()
        .zip(&proof.claims)
        .map(|(claim, sealed)| KeptSentence {
            text: claim["text"].as_str().unwrap_or_default().to_owned(),
            verdict: sealed.verdict,
            shown: true,
            citations: numbers(claim),
        })
        .collect();
    sentences.extend(recent.iter().flat_map(|recent| recent.withheld.clone()));
    let prompt = recent.map(|recent| kept_prompt(app, searched(body), language, &recent.context));
    JudgedAnswer {
        language,
        mode: proof.mode,
        abstained: body["abstained"].as_bool().unwrap_or(false),
        prompt,
        sentences,
        quoted: quoted(proof),
        engine: proof.generator.engine.clone(),
        generator: proof.generator.name.clone(),
        adapter: proof.generator.adapter.clone(),
        checker: proof.checker.clone(),
        created: proof.created.clone(),
        question,
    }
}

fn quoted(proof: &Proof) -> BTreeSet<(DocumentId, ContentHash)> {
    let citations = proof.citations.iter();
    citations
        .map(|citation| (citation.document, citation.version))
        .collect()
}

/// The numbers of the passages that a claim cites, each once.
fn numbers(claim: &Value) -> Vec<u32> {
    let citations = claim["citations"].as_array().into_iter().flatten();
    let mut numbers = Vec::new();
    for citation in citations {
        let number = citation["number"]
            .as_u64()
            .and_then(|n| u32::try_from(n).ok());
        if let Some(number) = number.filter(|number| !numbers.contains(number)) {
            numbers.push(number);
        }
    }
    numbers
}

fn kept_prompt(
    app: &App,
    question: &str,
    language: Language,
    context: &Arc<Context>,
) -> KeptPrompt {
    let generator = &app.config().generator;
    let asked = Prompt {
        question: Question {
            text: question.to_owned(),
            reader: Reader::anyone(),
            language,
            scope: Scope::default(),
            adapter: None,
        },
        context: Arc::clone(context),
        max_tokens: generator.max_tokens.get(),
    };
    KeptPrompt {
        version: prompt::VERSION,
        messages: training_prompt(generator, &asked),
        passages: (1..)
            .zip(&context.passages)
            .map(|(number, passage)| KeptPassage::new(number, passage))
            .collect(),
    }
}
