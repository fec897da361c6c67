//! Whether an answer of some time ago still holds.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ingest::{ContentHash, DocumentId};
use serde::{Deserialize as _, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::canonical::{self, Json};
use super::{ALGORITHM, CitationProof, Key, KeyError, PROOF, Proof, SCHEMA, SEAL};
use crate::catalogue::{Access, Catalogue, DocumentView, State};
use crate::language::Language;
use crate::rights::Level;

/// Quotes of an unsealed answer that are listed; nothing limits how many a stranger writes.
const LISTED: usize = 200;

/// How an answer, or a quote of it, stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is what was sealed, and its documents are what they were.
    Valid,
    /// It is what was sealed, and a document of it changed or is gone.
    Stale,
    /// It is not what was sealed, or was sealed by nobody here. Not to be trusted.
    Broken,
}

/// What became of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct VerifyReport {
    /// The worst of everything below.
    pub verdict: Standing,
    /// The verdict as a sentence for people.
    pub words: String,
    /// When the answer was sealed; null if its seal does not hold.
    pub created: Option<String>,
    /// What is broken in the answer as a whole and in its sentences.
    pub problems: Vec<AnswerProblem>,
    /// Every quote, in order; of an answer whose seal does not hold, the first 200.
    pub citations: Vec<CitationReport>,
}

/// What is broken in an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AnswerProblem {
    /// `no_proof`, `unreadable_proof`, `unknown_schema`, `other_installation`,
    /// `seal_does_not_match`, `question_changed`, `claims_changed`, `claim_changed` or
    /// `answer_changed`.
    pub code: &'static str,
    /// The sentence, from 1, for `claim_changed`.
    pub claim: Option<usize>,
    /// The problem as a sentence for people.
    pub words: String,
}

/// What became of a quote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CitationReport {
    /// The sentence that rests on it, from 1; null for a quote of a conflict.
    pub claim: Option<usize>,
    /// The conflict that it is a side of, from 1; null for a quote of a sentence.
    pub conflict: Option<usize>,
    /// Which of their quotes it is, from 1.
    pub citation: usize,
    /// The document's id.
    pub document: Option<String>,
    /// The document's title, as the answer has it.
    pub title: Option<String>,
    /// The version that was quoted.
    pub version: Option<String>,
    /// How it stands.
    pub verdict: Standing,
    /// Why it is not valid. Stale: `replaced`, `deleted`, `unavailable` (deleted, or not for
    /// these eyes), `read_otherwise` (the same file, whose text a newer reader took
    /// otherwise), `no_text`. Broken: `changed`, `unsealed`, `not_in_version`.
    pub code: Option<&'static str>,
    /// The verdict as a sentence for people.
    pub words: String,
    /// Whether the version that was quoted is kept, and has the quote where it stood.
    pub kept: bool,
    /// For a stale quote whose document is there: what is there now.
    pub current: Option<CurrentVersion>,
}

/// The version of a document that is there now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CurrentVersion {
    /// SHA-256 of the file that was handed in last.
    pub version: String,
    /// Where it stands on its way into the indexes, such as `ready`.
    pub state: String,
    /// Whether the quote stands in it word for word; null while its text is not read.
    pub quote_stands: Option<bool>,
    /// Where it stands there first: first character, in Unicode code points from 0.
    pub start: Option<usize>,
    /// One past its last character.
    pub end: Option<usize>,
}

/// Why nothing can be said of an answer.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The key cannot be read.
    #[error("{0}")]
    Key(#[from] KeyError),
    /// The data folder holds nothing.
    #[error("there is no catalogue at {}: is this the data folder?", path.display())]
    NoCatalogue {
        /// Where it should be.
        path: PathBuf,
    },
    /// The catalogue cannot be read.
    #[error("the catalogue failed: {0}")]
    Catalogue(#[from] sqlx::Error),
}

/// Looks at an answer with the data folder alone, for people who may read all of it. Nothing in
/// the folder is changed, and a program that uses it is not disturbed.
///
/// # Errors
/// When key or catalogue cannot be read.
pub async fn verify_in(
    folder: &Path,
    answer: &Json,
    language: Language,
) -> Result<VerifyReport, VerifyError> {
    let path = folder.join("catalogue.sqlite");
    if !path.is_file() {
        return Err(VerifyError::NoCatalogue { path });
    }
    let key = Key::open(folder)?;
    let catalogue = Catalogue::open_to_read(&path).await?;
    let report = verify(answer, key.as_ref(), &catalogue, None, language).await;
    catalogue.close().await;
    Ok(report?)
}

/// Looks at an answer for who has `access`, or for someone who may read everything. What a reader may not
/// read looks deleted.
///
/// # Errors
/// When the catalogue cannot be read.
pub(crate) async fn verify(
    answer: &Json,
    key: Option<&Key>,
    catalogue: &Catalogue,
    access: Option<&Access>,
    language: Language,
) -> Result<VerifyReport, sqlx::Error> {
    let body = answer.value();
    let proof = match sealed(body, key) {
        Ok(proof) => proof,
        Err(problem) => return Ok(unsealed(body, &problem, language)),
    };
    let changes = Changes::between(body, &proof);
    let mut sources = Sources {
        catalogue,
        access,
        sealed_by: &proof.indexes.reader,
        views: HashMap::new(),
        texts: HashMap::new(),
    };
    let mut citations = Vec::new();
    let mut quotes: Vec<(Quoted, usize, usize)> = Vec::new();
    for (at, claim) in proof.claims.iter().enumerate() {
        let indices = claim.citations.iter().enumerate();
        quotes.extend(indices.map(|(citation, index)| (Quoted::Claim(at), citation, *index)));
    }
    for (at, conflict) in proof.conflicts.iter().enumerate() {
        let indices = conflict.iter().enumerate();
        quotes.extend(indices.map(|(citation, index)| (Quoted::Conflict(at), citation, *index)));
    }
    for (quoted, citation, index) in quotes {
        let Some(sealed) = proof.citations.get(index) else {
            continue;
        };
        let shown = quoted.shown(body, citation);
        let is_changed = match quoted {
            Quoted::Claim(claim) => changes.citations.contains(&(claim, citation)),
            Quoted::Conflict(_) => !shown.is_some_and(|shown| is_citation(shown, sealed)),
        };
        let (fate, current, kept) = if is_changed {
            (Fate::Changed, None, false)
        } else {
            let quote = shown.and_then(|shown| shown["quote"].as_str());
            sources.fate_of(sealed, quote.unwrap_or_default()).await?
        };
        citations.push(CitationReport {
            claim: quoted.claim(),
            conflict: quoted.conflict(),
            citation: citation + 1,
            document: Some(sealed.document.to_string()),
            title: title(shown),
            version: Some(sealed.version.to_string()),
            verdict: fate.standing(),
            code: fate.code(),
            words: match fate {
                Fate::Replaced { .. } if kept => {
                    format!("{} {}", fate.words(language), kept_words(language))
                }
                _ => fate.words(language).to_owned(),
            },
            kept,
            current,
        });
    }
    Ok(report(
        changes.problems,
        citations,
        Some(proof.created),
        language,
    ))
}

fn report(
    problems: Vec<Problem>,
    citations: Vec<CitationReport>,
    created: Option<String>,
    language: Language,
) -> VerifyReport {
    let worst = citations.iter().map(|citation| citation.verdict).max();
    let verdict = if problems.is_empty() {
        worst.unwrap_or(Standing::Valid)
    } else {
        Standing::Broken
    };
    let stale = citations
        .iter()
        .filter(|citation| citation.verdict == Standing::Stale)
        .count();
    let words = match (verdict, language) {
        (Standing::Valid, Language::Ko) if citations.is_empty() => {
            "유효: 답이 봉인된 그대로입니다. 인용한 문서는 없습니다.".to_owned()
        }
        (Standing::Valid, Language::En) if citations.is_empty() => {
            "Valid: the answer is as it was sealed. It quotes no document.".to_owned()
        }
        (Standing::Valid, Language::Ko) => {
            "유효: 답이 봉인된 그대로이고, 인용한 문서도 그때 그대로입니다.".to_owned()
        }
        (Standing::Valid, Language::En) => {
            "Valid: the answer is as it was sealed, and so are the documents it quotes.".to_owned()
        }
        (Standing::Stale, Language::Ko) => format!(
            "오래됨: 답은 봉인된 그대로이지만, 인용 {}개 가운데 {stale}개는 그 문서가 바뀌었거나 없습니다.",
            citations.len()
        ),
        (Standing::Stale, Language::En) => format!(
            "Stale: the answer is as it was sealed, but documents changed or are gone under {stale} of its {} quotes.",
            citations.len()
        ),
        (Standing::Broken, Language::Ko) => {
            "깨짐: 이 설치본이 봉인한 답 그대로가 아닙니다. 믿지 마십시오.".to_owned()
        }
        (Standing::Broken, Language::En) => {
            "Broken: this is not an answer as this installation sealed it. Do not trust it."
                .to_owned()
        }
    };
    VerifyReport {
        verdict,
        words,
        created,
        problems: problems
            .iter()
            .map(|problem| AnswerProblem {
                code: problem.code(),
                claim: problem.claim(),
                words: problem.words(language),
            })
            .collect(),
        citations,
    }
}

/// The proof of an answer whose seal holds.
fn sealed(body: &Value, key: Option<&Key>) -> Result<Proof, Problem> {
    let value = body.get(PROOF).ok_or(Problem::NoProof)?;
    match value.get("schema").and_then(Value::as_u64) {
        Some(SCHEMA) | None => {}
        Some(schema) => return Err(Problem::UnknownSchema { schema }),
    }
    let proof = Proof::deserialize(value).map_err(|error| Problem::UnreadableProof {
        detail: clipped(&error.to_string(), 200),
    })?;
    let Some(key) = key.filter(|key| key.id() == proof.seal.key) else {
        return Err(Problem::OtherInstallation {
            key: clipped(&proof.seal.key, 8),
        });
    };
    let text = canonical::canonical(value, SEAL);
    if proof.seal.algorithm == ALGORITHM && key.holds(&text, &proof.seal.mac) {
        Ok(proof)
    } else {
        Err(Problem::SealDoesNotMatch)
    }
}

/// The report on an answer whose seal does not hold: no document is looked up for it.
fn unsealed(body: &Value, problem: &Problem, language: Language) -> VerifyReport {
    let claims = body.get("claims").and_then(Value::as_array);
    let citations = claims
        .into_iter()
        .flatten()
        .enumerate()
        .flat_map(|(claim, value)| {
            let citations = value.get("citations").and_then(Value::as_array);
            let numbered = citations.into_iter().flatten().enumerate();
            numbered.map(move |(citation, value)| (claim, citation, value))
        })
        .take(LISTED)
        .map(|(claim, citation, shown)| CitationReport {
            claim: Some(claim + 1),
            conflict: None,
            citation: citation + 1,
            document: read::<DocumentId>(shown, "document"),
            title: title(Some(shown)),
            version: read::<ContentHash>(shown, "version"),
            verdict: Standing::Broken,
            code: Fate::Unsealed.code(),
            words: Fate::Unsealed.words(language).to_owned(),
            kept: false,
            current: None,
        })
        .collect();
    report(vec![problem.clone()], citations, None, language)
}

/// A field that is one of ours, and nothing else that a stranger may have written.
fn read<T: std::str::FromStr + ToString>(value: &Value, name: &str) -> Option<String> {
    let parsed: T = value.get(name)?.as_str()?.parse().ok()?;
    Some(parsed.to_string())
}

fn title(citation: Option<&Value>) -> Option<String> {
    Some(clipped(citation?.get("title")?.as_str()?, 200))
}

/// At most `limit` characters, none of which moves the cursor of a terminal.
fn clipped(text: &str, limit: usize) -> String {
    text.chars()
        .take(limit)
        .map(|char| if char.is_control() { ' ' } else { char })
        .collect()
}

/// What quotes, from 0.
#[derive(Clone, Copy)]
enum Quoted {
    Claim(usize),
    Conflict(usize),
}

impl Quoted {
    fn claim(self) -> Option<usize> {
        match self {
            Self::Claim(at) => Some(at + 1),
            Self::Conflict(_) => None,
        }
    }

    fn conflict(self) -> Option<usize> {
        match self {
            Self::Claim(_) => None,
            Self::Conflict(at) => Some(at + 1),
        }
    }

    /// A quote of it as the answer shows it.
    fn shown(self, body: &Value, citation: usize) -> Option<&Value> {
        match self {
            Self::Claim(at) => citation_in(body, at, citation),
            Self::Conflict(at) => {
                let sides = body.get("conflicts")?.get(at)?.get("sides")?;
                sides.get(citation)?.get("citation")
            }
        }
    }
}

fn citation_in(body: &Value, claim: usize, citation: usize) -> Option<&Value> {
    body.get("claims")?
        .get(claim)?
        .get("citations")?
        .get(citation)
}

/// What is broken in an answer as a whole or in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    NoProof,
    UnreadableProof { detail: String },
    UnknownSchema { schema: u64 },
    OtherInstallation { key: String },
    SealDoesNotMatch,
    QuestionChanged,
    ClaimsChanged { sealed: usize, shown: usize },
    ClaimChanged { claim: usize },
    AnswerChanged,
}

impl Problem {
    fn code(&self) -> &'static str {
        match self {
            Self::NoProof => "no_proof",
            Self::UnreadableProof { .. } => "unreadable_proof",
            Self::UnknownSchema { .. } => "unknown_schema",
            Self::OtherInstallation { .. } => "other_installation",
            Self::SealDoesNotMatch => "seal_does_not_match",
            Self::QuestionChanged => "question_changed",
            Self::ClaimsChanged { .. } => "claims_changed",
            Self::ClaimChanged { .. } => "claim_changed",
            Self::AnswerChanged => "answer_changed",
        }
    }

    fn claim(&self) -> Option<usize> {
        match self {
            Self::ClaimChanged { claim } => Some(*claim),
            _ => None,
        }
    }

    fn words(&self, language: Language) -> String {
        let (ko, en) = match self {
            Self::NoProof => ("답에 증명이 없습니다.", "The answer carries no proof."),
            Self::UnreadableProof { detail } => {
                return match language {
                    Language::Ko => format!("증명을 읽을 수 없습니다: {detail}."),
                    Language::En => format!("The proof cannot be read: {detail}."),
                };
            }
            Self::UnknownSchema { schema } => {
                return match language {
                    Language::Ko => format!(
                        "증명의 형식이 {schema}입니다. 이 프로그램은 {SCHEMA}을(를) 읽습니다."
                    ),
                    Language::En => {
                        format!("The proof has form {schema}, and this program reads {SCHEMA}.")
                    }
                };
            }
            Self::OtherInstallation { key } => {
                return match language {
                    Language::Ko => format!("다른 설치본의 열쇠({key})로 봉인되었습니다."),
                    Language::En => format!("It was sealed by another installation (key {key})."),
                };
            }
            Self::SealDoesNotMatch => (
                "봉인이 증명과 맞지 않습니다. 증명이나 봉인이 바뀌었습니다.",
                "The seal does not match: the proof or its seal was changed.",
            ),
            Self::QuestionChanged => (
                "질문이 봉인된 질문이 아닙니다.",
                "The question is not the one that was sealed.",
            ),
            Self::ClaimsChanged { sealed, shown } => {
                return match language {
                    Language::Ko => {
                        format!("봉인된 문장은 {sealed}개인데 답에는 {shown}개가 있습니다.")
                    }
                    Language::En => {
                        format!("{sealed} sentences were sealed, and the answer has {shown}.")
                    }
                };
            }
            Self::ClaimChanged { claim } => {
                return match language {
                    Language::Ko => {
                        format!("{claim}번째 문장의 글, 판정 또는 인용이 봉인된 것과 다릅니다.")
                    }
                    Language::En => format!(
                        "Sentence {claim} does not have the text, verdict or quotes that were sealed."
                    ),
                };
            }
            Self::AnswerChanged => (
                "답에서 문장과 인용문 밖의 것이 바뀌었습니다.",
                "Something in the answer besides its sentences and quotes was changed.",
            ),
        };
        match language {
            Language::Ko => ko,
            Language::En => en,
        }
        .to_owned()
    }
}

/// How an answer differs from its proof.
#[derive(Debug, Default)]
struct Changes {
    problems: Vec<Problem>,
    /// Places of claim and citation, from 0.
    citations: BTreeSet<(usize, usize)>,
}

impl Changes {
    fn between(body: &Value, proof: &Proof) -> Self {
        let mut changes = Self::default();
        if canonical::hash(body, PROOF) == proof.answer_sha256 {
            return changes;
        }
        if !is_text(&body["question"], &proof.question_sha256) {
            changes.problems.push(Problem::QuestionChanged);
        }
        let empty = Vec::new();
        let shown = body["claims"].as_array().unwrap_or(&empty);
        if shown.len() != proof.claims.len() {
            changes.problems.push(Problem::ClaimsChanged {
                sealed: proof.claims.len(),
                shown: shown.len(),
            });
        }
        for (claim, sealed) in proof.claims.iter().enumerate() {
            let shown = &body["claims"][claim];
            let verdict = serde_json::to_value(sealed.verdict).unwrap_or_default();
            let citations = shown["citations"].as_array().map(Vec::len);
            if !is_text(&shown["text"], &sealed.text_sha256)
                || shown["verdict"] != verdict
                || citations != Some(sealed.citations.len())
            {
                let claim = claim + 1;
                changes.problems.push(Problem::ClaimChanged { claim });
            }
            for (citation, index) in sealed.citations.iter().enumerate() {
                let shown = citation_in(body, claim, citation);
                let sealed = proof.citations.get(*index);
                if !shown.zip(sealed).is_some_and(|(a, b)| is_citation(a, b)) {
                    changes.citations.insert((claim, citation));
                }
            }
        }
        if changes.problems.is_empty() && changes.citations.is_empty() {
            changes.problems.push(Problem::AnswerChanged);
        }
        changes
    }
}

fn is_text(value: &Value, hash: &ContentHash) -> bool {
    value
        .as_str()
        .is_some_and(|text| ContentHash::of(text.as_bytes()) == *hash)
}

fn is_citation(shown: &Value, sealed: &CitationProof) -> bool {
    let number = |name: &str| shown["span"][name].as_u64();
    let same = |value: &Value, expected: String| value.as_str() == Some(&expected);
    is_text(&shown["quote"], &sealed.quote_sha256)
        && same(&shown["quote_sha256"], sealed.quote_sha256.to_string())
        && same(&shown["document"], sealed.document.to_string())
        && same(&shown["version"], sealed.version.to_string())
        && number("start") == u64::try_from(sealed.span.start).ok()
        && number("end") == u64::try_from(sealed.span.end).ok()
}

/// What became of a quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Stands,
    Replaced { quote_stands: Option<bool> },
    Deleted,
    Unavailable,
    ReadOtherwise,
    NoText,
    Changed,
    Unsealed,
    NotInVersion,
}

impl Fate {
    fn standing(self) -> Standing {
        match self {
            Self::Stands => Standing::Valid,
            Self::Replaced { .. }
            | Self::Deleted
            | Self::Unavailable
            | Self::ReadOtherwise
            | Self::NoText => Standing::Stale,
            Self::Changed | Self::Unsealed | Self::NotInVersion => Standing::Broken,
        }
    }

    fn code(self) -> Option<&'static str> {
        Some(match self {
            Self::Stands => return None,
            Self::Replaced { .. } => "replaced",
            Self::Deleted => "deleted",
            Self::Unavailable => "unavailable",
            Self::ReadOtherwise => "read_otherwise",
            Self::NoText => "no_text",
            Self::Changed => "changed",
            Self::Unsealed => "unsealed",
            Self::NotInVersion => "not_in_version",
        })
    }

    fn words(self, language: Language) -> &'static str {
        let (ko, en) = match self {
            Self::Stands => (
                "인용문이 문서의 그 자리에 그대로 있습니다.",
                "The quote stands in the document where it stood.",
            ),
            Self::Replaced {
                quote_stands: Some(true),
            } => (
                "문서가 새 판으로 바뀌었습니다. 인용문은 새 판에도 글자 그대로 있습니다.",
                "The document was replaced. The new version has the quote word for word.",
            ),
            Self::Replaced {
                quote_stands: Some(false),
            } => (
                "문서가 새 판으로 바뀌었습니다. 인용문은 새 판에 글자 그대로는 없습니다.",
                "The document was replaced. The new version does not have the quote word for word.",
            ),
            Self::Replaced { quote_stands: None } => (
                "문서가 새 판으로 바뀌었고, 새 판의 글은 아직 없습니다.",
                "The document was replaced, and the text of the new version is not there yet.",
            ),
            Self::Deleted => ("문서가 삭제되었습니다.", "The document was deleted."),
            Self::Unavailable => (
                "문서가 삭제되었거나 볼 권한이 없습니다.",
                "The document was deleted, or you may not read it.",
            ),
            Self::ReadOtherwise => (
                "같은 파일이지만 글을 새로 읽으면서 인용문이 그 자리에 없게 되었습니다.",
                "The file is the same, but its text was read anew and the quote no longer stands there.",
            ),
            Self::NoText => (
                "같은 파일이지만 그 글이 지금은 없습니다.",
                "The file is the same, but its text is not there now.",
            ),
            Self::Changed => (
                "인용문이나 그 출처가 봉인된 것과 다릅니다.",
                "The quote or where it comes from is not what was sealed.",
            ),
            Self::Unsealed => (
                "맞는 봉인이 없어 확인하지 않았습니다.",
                "It was not looked up, since no seal vouches for it.",
            ),
            Self::NotInVersion => (
                "저장된 그 판의 그 자리에 인용문이 없습니다.",
                "The stored version does not have the quote at that place.",
            ),
        };
        match language {
            Language::Ko => ko,
            Language::En => en,
        }
    }
}

/// What is said of a quote whose version was replaced and is kept.
fn kept_words(language: Language) -> &'static str {
    match language {
        Language::Ko => "인용한 판은 보관되어 있습니다.",
        Language::En => "The version that was quoted is kept.",
    }
}

/// A version's text, and whether the reader of files took it that the proof names.
#[derive(Debug)]
struct Text {
    text: String,
    same_reader: bool,
}

impl Text {
    fn has(&self, sealed: &CitationProof) -> bool {
        let span = &sealed.span;
        let count = |end: usize| self.text.get(..end).map(|text| text.chars().count());
        self.text
            .get(span.start_byte..span.end_byte)
            .is_some_and(|quote| ContentHash::of(quote.as_bytes()) == sealed.quote_sha256)
            && count(span.start_byte) == Some(span.start)
            && count(span.end_byte) == Some(span.end)
    }
}

/// The documents as they are now. Each is read once.
#[derive(Debug)]
struct Sources<'a> {
    catalogue: &'a Catalogue,
    access: Option<&'a Access>,
    /// The version of the readers of files that the proof names.
    sealed_by: &'a str,
    views: HashMap<DocumentId, Option<Arc<DocumentView>>>,
    texts: HashMap<(DocumentId, ContentHash), Option<Arc<Text>>>,
}

impl Sources<'_> {
    async fn fate_of(
        &mut self,
        sealed: &CitationProof,
        quote: &str,
    ) -> Result<(Fate, Option<CurrentVersion>, bool), sqlx::Error> {
        let Some(view) = self.view(sealed.document).await? else {
            let fate = match self.access {
                Some(_) => Fate::Unavailable,
                None => Fate::Deleted,
            };
            return Ok((fate, None, false));
        };
        let quoted = self.text(sealed.document, sealed.version).await?;
        let has_moved = quoted.as_ref().is_some_and(|text| !text.has(sealed));
        if has_moved && quoted.as_ref().is_some_and(|text| text.same_reader) {
            return Ok((Fate::NotInVersion, None, false));
        }
        let kept = quoted.is_some() && !has_moved;
        let current = if view.version == sealed.version {
            quoted
        } else {
            self.text(sealed.document, view.version).await?
        };
        let place = current.as_ref().map(|current| current.text.find(quote));
        let fate = if view.version != sealed.version {
            Fate::Replaced {
                quote_stands: place.map(|place| place.is_some()),
            }
        } else if current.is_none() {
            Fate::NoText
        } else if has_moved {
            Fate::ReadOtherwise
        } else {
            return Ok((Fate::Stands, None, kept));
        };
        let start = current
            .zip(place.flatten())
            .map(|(current, at)| current.text[..at].chars().count());
        Ok((
            fate,
            Some(CurrentVersion {
                version: view.version.to_string(),
                state: view.state.as_str().to_owned(),
                quote_stands: place.map(|place| place.is_some()),
                start,
                end: start.map(|start| start + quote.chars().count()),
            }),
            kept,
        ))
    }

    /// The document, if it is there and may be read.
    async fn view(&mut self, id: DocumentId) -> Result<Option<Arc<DocumentView>>, sqlx::Error> {
        if let Some(view) = self.views.get(&id) {
            return Ok(view.clone());
        }
        let mut views = self.catalogue.views(Some(id), self.access).await?;
        let view = views
            .pop()
            .filter(|view| view.state != State::Deleting && view.level >= Level::Quote)
            .map(Arc::new);
        self.views.insert(id, view.clone());
        Ok(view)
    }

    /// The text of a version, if it is there and may be read.
    async fn text(
        &mut self,
        id: DocumentId,
        version: ContentHash,
    ) -> Result<Option<Arc<Text>>, sqlx::Error> {
        if let Some(text) = self.texts.get(&(id, version)) {
            return Ok(text.clone());
        }
        let catalogue = self.catalogue;
        let by_same = catalogue
            .read_version(id, version, Some(self.sealed_by))
            .await?;
        let same_reader = by_same.is_some();
        let read = match by_same {
            Some(read) => Some(read),
            None => catalogue.read_version(id, version, None).await?,
        };
        let text = read
            .filter(|read| {
                self.access
                    .is_none_or(|access| access.may(Level::Quote, &read.list, read.access.as_ref()))
            })
            .map(|read| {
                Arc::new(Text {
                    text: read.document.text,
                    same_reader,
                })
            });
        self.texts.insert((id, version), text.clone());
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_of_another_text_is_not_there_and_cuts_no_character() {
        let text = Text {
            text: "가나🎉다".to_owned(),
            same_reader: true,
        };
        let sealed = |start_byte, end_byte, start, end| CitationProof {
            document: DocumentId::at("a"),
            version: ContentHash::of(b""),
            span: super::super::SpanProof {
                start_byte,
                end_byte,
                start,
                end,
            },
            quote_sha256: ContentHash::of("나🎉".as_bytes()),
        };
        assert!(text.has(&sealed(3, 10, 1, 3)));
        for (start_byte, end_byte, start, end) in [
            (3, 10, 1, 4),
            (3, 10, 0, 3),
            (4, 10, 1, 3),
            (3, 9, 1, 3),
            (10, 3, 1, 3),
            (3, usize::MAX, 1, 3),
            (usize::MAX, 0, 0, 0),
        ] {
            assert!(!text.has(&sealed(start_byte, end_byte, start, end)));
        }
    }

    #[test]
    fn what_a_stranger_wrote_moves_no_cursor() {
        assert_eq!(clipped("a\u{1b}[2Jb\nc", 6), "a [2Jb");
    }
}
