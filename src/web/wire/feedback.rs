//! `/v1/feedback`: what people say of answers.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::Verdict;
use crate::ask::Reader;
use crate::catalogue::JudgementRow;
use crate::feedback::{
    Decision, Format, Given, JudgedAnswer, Judgement, KeptSentence, Kind, NewJudgement,
};
use crate::proof::Json;

/// What somebody says of an answer.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedbackRequest {
    /// The answer as it was given, with its `proof`: the body of `POST /v1/answers`, the event `final`, or
    /// `grounding` of the routes for other clients.
    #[schema(value_type = Object)]
    pub answer: Json,
    /// The sentence that is meant, from 0 in `claims`; the whole answer, if left out.
    #[serde(default)]
    pub sentence: Option<usize>,
    /// What is said of it.
    pub kind: Kind,
    /// What should stand there instead; with `missing`, what should be added. Sentences may name
    /// their passages, as in `[1]`.
    #[serde(default)]
    pub correction: Option<String>,
    /// Anything else.
    #[serde(default)]
    pub note: Option<String>,
}

impl FeedbackRequest {
    /// The answer, and what is said of it.
    #[must_use]
    pub fn parts(self) -> (Json, NewJudgement) {
        let new = NewJudgement {
            sentence: self.sentence,
            kind: self.kind,
            correction: self.correction,
            note: self.note,
        };
        (self.answer, new)
    }
}

/// What was said of an answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FeedbackBody {
    /// Names it. It stays when the same person says something else of the same sentence.
    pub id: String,
    /// SHA-256 of the answer, as its proof has it.
    pub answer: String,
    /// Who said it: a person's id, or the name of a key.
    pub actor: String,
    /// The question; null where a document of the answer may not be read by who asks now.
    pub question: Option<String>,
    /// The sentence that is meant, from 0; null for the whole answer.
    pub sentence: Option<usize>,
    /// Its text; null as `question` is.
    pub text: Option<String>,
    /// What was said.
    pub kind: Kind,
    /// What should stand there instead; null as `question` is, but not to who wrote it.
    pub correction: Option<String>,
    /// The correction, sentence by sentence, as the checker found it in the answer's passages.
    pub corrected: Vec<CorrectedBody>,
    /// Anything else; null as `correction` is.
    pub note: Option<String>,
    /// Whether training can learn from it: false where the passages of the answer are not known any
    /// more.
    pub usable: bool,
    /// When it was said (RFC 3339).
    pub given_at: String,
    /// What an administrator decided on it: `accepted` has its correction learnt from also where the
    /// documents do not support it, of what is `refused` nothing is learnt. Null as long as nobody
    /// decided, and again when the same person says something else of the same sentence.
    pub decision: Option<Decision>,
    /// When that was decided (RFC 3339).
    pub decided_at: Option<String>,
    /// Who decided, as `actor` says who said it; told to administrators only.
    pub decided_by: Option<String>,
}

/// What an administrator decides on what was said.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionRequest {
    /// The decision; null puts it off.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    pub decision: Option<Decision>,
    /// `given_at` of what was looked at: if something else was said since, nothing is decided.
    #[serde(default)]
    pub given_at: Option<String>,
}

/// A sentence of a correction.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CorrectedBody {
    /// The sentence.
    pub text: String,
    /// What the checker says of it. Exports leave out corrections that the documents do not say and that
    /// no administrator accepted.
    pub verdict: Verdict,
    /// The passages that it rests on.
    pub passages: Vec<u32>,
}

/// Judgements, newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FeedbackList {
    /// At most as many as were asked for.
    pub feedback: Vec<FeedbackBody>,
}

/// Which judgements are listed.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FeedbackQuery {
    /// Only those of this answer: its `proof.answer_sha256`.
    pub answer: Option<String>,
    /// Only those that wait for an administrator: their correction is none that the documents
    /// support, and nobody decided on it.
    #[serde(default)]
    pub waiting: bool,
    /// So many at most: 200, if left out, and 1,000 at most.
    pub limit: Option<u32>,
}

/// What is exported, and for whom.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// What it is for: `dpo`, `kto`, `sft` or `prompt-completion`.
    #[param(value_type = String)]
    pub format: Format,
    /// Only what these groups, separated by commas, may read besides what everyone may. The asker must
    /// be in them.
    pub reader_groups: Option<String>,
    /// Whether all is given that the asker may read.
    #[serde(default)]
    pub all: bool,
    /// Whether each line says where it comes from and who may read its documents.
    #[serde(default)]
    pub mark: bool,
    /// Whether corrections count that the documents do not say, and that no administrator accepted.
    #[serde(default)]
    pub unchecked: bool,
}

fn corrected(sentences: &[KeptSentence]) -> Vec<CorrectedBody> {
    let body = |sentence: &KeptSentence| CorrectedBody {
        text: sentence.text.clone(),
        verdict: sentence.verdict.into(),
        passages: sentence.citations.clone(),
    };
    sentences.iter().map(body).collect()
}

fn body(
    answer: &str,
    judgement: &Judgement,
    usable: bool,
    shown: Option<&JudgedAnswer>,
) -> FeedbackBody {
    let text = shown.and_then(|judged| {
        let sentence = judged.sentences.get(judgement.sentence?)?;
        Some(sentence.text.clone())
    });
    FeedbackBody {
        id: judgement.id.clone(),
        answer: answer.to_owned(),
        actor: judgement.actor.clone(),
        question: shown.map(|judged| judged.question.clone()),
        sentence: judgement.sentence,
        text,
        kind: judgement.kind,
        correction: judgement.correction.clone(),
        corrected: corrected(&judgement.corrected),
        note: judgement.note.clone(),
        usable,
        given_at: judgement.given.to_string(),
        decision: judgement.decision(),
        decided_at: judgement
            .decided
            .as_ref()
            .map(|decided| decided.at.to_string()),
        decided_by: None,
    }
}

/// A judgement that was just given, with the answer that came with it.
#[must_use]
pub(crate) fn given(given: &Given, answer: &Value) -> FeedbackBody {
    let mut body = body(
        &given.answer.to_string(),
        &given.judgement,
        given.is_usable,
        None,
    );
    body.question = answer["question"].as_str().map(str::to_owned);
    let claim = given.judgement.sentence.map(|at| &answer["claims"][at]);
    body.text = claim
        .and_then(|claim| claim["text"].as_str())
        .map(str::to_owned);
    body
}

/// A judgement as `actor` may see it, who is an administrator or not, and reads all its documents or not.
#[must_use]
pub(crate) fn listed(
    row: &JudgementRow,
    (actor, is_admin): (&str, bool),
    may_read: bool,
) -> FeedbackBody {
    let usable = row.judged.prompt.is_some();
    let shown = may_read.then_some(&row.judged);
    let mut body = body(&row.answer.to_string(), &row.judgement, usable, shown);
    if !may_read && row.judgement.actor != actor {
        (body.correction, body.note) = (None, None);
        body.corrected.clear();
    }
    let decided = row.judgement.decided.as_ref();
    body.decided_by = decided
        .filter(|_| is_admin)
        .map(|decided| decided.by.clone());
    body
}

/// The reader that an export is for, where `own` asks for it; none if they may not.
#[must_use]
pub(crate) fn audience(query: &ExportQuery, own: &Reader) -> Option<Result<Reader, String>> {
    if query.all {
        return Some(Ok(own.clone()));
    }
    let mut groups = Vec::new();
    let named = query.reader_groups.as_deref().unwrap_or_default();
    for name in named
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        match name.parse() {
            Ok(group) => groups.push(group),
            Err(error) => return Some(Err(format!("{error}"))),
        }
    }
    let reader = Reader::new(groups);
    reader
        .groups()
        .is_subset(own.groups())
        .then_some(Ok(reader))
}
