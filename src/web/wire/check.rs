//! `POST /v1/check`: an answer plus passages in, verdicts out, for other programs.

use std::collections::BTreeMap;
use std::sync::Arc;

use ingest::DocumentId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Joined, Language, Mode, ReasonBody, SpanBody, Verdict};
use crate::ask::{Context, DraftSentence, Passage};
use crate::check::{self as checked, CheckedSentence, Checker, Citation};
use crate::language;

/// Passages that one request may bring.
const PASSAGES_LIMIT: usize = 200;
/// Characters that all passages of one request may have together.
const CHARACTERS_LIMIT: usize = 400_000;
/// Sentences that one request may bring.
const SENTENCES_LIMIT: usize = 500;

/// An answer of any program, and the passages that it should rest on. The answer comes either
/// as `answer` or as `sentences`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckRequest {
    /// The answer as text, with the numbers of the passages in brackets after what they
    /// support: `Leave is 15 days [1]. It can be split [1][3].`
    #[serde(default)]
    pub answer: Option<String>,
    /// The answer already cut into sentences.
    #[serde(default)]
    pub sentences: Option<Vec<SentenceInput>>,
    /// The passages; the first is number 1.
    pub passages: Vec<PassageInput>,
    /// The language of reasons in words; that of the answer if left out.
    #[serde(default)]
    pub language: Option<Language>,
    /// `strict` marks what strict mode would withhold as `withheld`; `marked`, or nothing,
    /// withholds nothing. Verdicts are the same.
    #[serde(default)]
    pub mode: Option<Mode>,
}

/// A sentence with the passages that it cites.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SentenceInput {
    /// The sentence, without markers.
    pub text: String,
    /// Numbers of passages, from 1.
    #[serde(default)]
    pub citations: Vec<u32>,
}

/// A passage.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PassageInput {
    /// What people call it.
    #[serde(default)]
    pub title: Option<String>,
    /// Its text.
    pub text: String,
}

/// Verdicts on an answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CheckReport {
    /// The language of reasons in words.
    pub language: Language,
    /// As asked.
    pub mode: Mode,
    /// The sentences of `claims`, without markers, joined by a space.
    pub text: String,
    /// Every sentence with its verdict, in order.
    pub claims: Vec<CheckClaim>,
    /// Where passages give different figures for what a supported sentence says.
    pub conflicts: Vec<CheckConflict>,
    /// How many sentences have which verdict.
    pub verdicts: BTreeMap<Verdict, usize>,
    /// Name and version of the checker.
    pub checker: String,
}

/// A sentence with its verdict.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CheckClaim {
    /// The sentence, without markers.
    pub text: String,
    /// Where it stands in the report's `text`.
    #[serde(flatten)]
    pub span: SpanBody,
    /// What the checker says of it.
    pub verdict: Verdict,
    /// How well the passages support it, from 0 to 1.
    pub score: f32,
    /// Whether strict mode would withhold it.
    pub withheld: bool,
    /// Why it is not supported.
    pub reason: Option<ReasonBody>,
    /// The quotes it rests on, best first.
    pub citations: Vec<CheckCitation>,
}

/// Two passages that give different figures for the same thing.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CheckConflict {
    /// The conflict as a sentence for people.
    pub words: String,
    /// Both quotes; where dates are known the newer first.
    pub citations: Vec<CheckCitation>,
}

/// A quote from one of the passages.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CheckCitation {
    /// The number of the passage, from 1.
    pub number: u32,
    /// The passage's title, if it was given one.
    pub title: String,
    /// Where the quote stands in the passage's text, exactly as it was sent.
    pub span: SpanBody,
    /// The quote.
    pub quote: String,
    /// SHA-256 of the quote's UTF-8 bytes.
    pub quote_sha256: String,
}

/// What is wrong with a check request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// Neither `answer` nor `sentences`, or both.
    #[error("`answer` or `sentences` must be given, one of them")]
    OneAnswer,
    /// A list is empty.
    #[error("`{field}` is empty")]
    Empty {
        /// The field.
        field: &'static str,
    },
    /// A list is too long.
    #[error("`{field}` has {actual} entries, the limit is {limit}")]
    TooMany {
        /// The field.
        field: &'static str,
        /// How many it has.
        actual: usize,
        /// How many it may have.
        limit: usize,
    },
    /// A sentence is too long.
    #[error("sentence {number} has {actual} characters, the limit is {limit}")]
    LongSentence {
        /// The field that it came in.
        field: &'static str,
        /// Which one, from 1.
        number: usize,
        /// How many it has.
        actual: usize,
        /// How many it may have.
        limit: usize,
    },
    /// The passages are too long.
    #[error("`passages` have {actual} characters together, the limit is {limit}")]
    TooLong {
        /// How many they have.
        actual: usize,
        /// How many they may have.
        limit: usize,
    },
}

impl CheckError {
    /// The field that is wrong.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::OneAnswer => "answer",
            Self::Empty { field }
            | Self::TooMany { field, .. }
            | Self::LongSentence { field, .. } => field,
            Self::TooLong { .. } => "passages",
        }
    }
}

/// Checks an answer against the passages that came with it.
///
/// # Errors
/// When the request holds no answer, no passages or too many of either.
pub async fn check(checker: &Checker, request: CheckRequest) -> Result<CheckReport, CheckError> {
    let mode = request.mode.unwrap_or(Mode::Marked);
    let (draft, answer_language) = draft(&request)?;
    let language = request.language.map_or(answer_language, Into::into);
    let context = Arc::new(context(&request.passages)?);
    // Strict mode would take sentences out of their order: mark here, withhold in words.
    let answer = checker
        .check(draft, context, language, checked::Mode::Marked)
        .await;
    let mut joined = Joined::default();
    let mut verdicts: BTreeMap<Verdict, usize> = BTreeMap::new();
    let claims = answer
        .sentences()
        .iter()
        .map(|sentence| {
            let verdict = sentence.verdict().into();
            *verdicts.entry(verdict).or_default() += 1;
            let may_show = matches!(verdict, Verdict::Supported | Verdict::NotCheckable);
            CheckClaim {
                text: sentence.text().to_owned(),
                span: joined.push(sentence.text()),
                verdict,
                score: sentence.score(),
                withheld: mode == Mode::Strict && !may_show,
                reason: sentence
                    .reason()
                    .map(|reason| ReasonBody::new(reason, language)),
                citations: citations(sentence),
            }
        })
        .collect();
    Ok(CheckReport {
        language: language.into(),
        mode,
        text: joined.text,
        claims,
        conflicts: answer
            .conflicts()
            .iter()
            .map(|conflict| CheckConflict {
                words: conflict.words().to_owned(),
                citations: conflict
                    .sides()
                    .iter()
                    .map(|side| check_citation(side.citation()))
                    .collect(),
            })
            .collect(),
        verdicts,
        checker: answer.checker().to_owned(),
    })
}

fn citations(sentence: &CheckedSentence) -> Vec<CheckCitation> {
    sentence.citations().iter().map(check_citation).collect()
}

fn check_citation(citation: &Citation) -> CheckCitation {
    CheckCitation {
        number: citation.number(),
        title: citation.title().to_owned(),
        span: SpanBody::new(&citation.place().chars, &citation.place().utf16),
        quote: citation.quote().to_owned(),
        quote_sha256: citation.quote_sha256().to_string(),
    }
}

fn draft(request: &CheckRequest) -> Result<(Vec<DraftSentence>, language::Language), CheckError> {
    let (field, sentences, language) = match (&request.answer, &request.sentences) {
        (Some(answer), None) => (
            "answer",
            checked::draft_sentences(answer),
            language::Language::of(answer),
        ),
        (None, Some(sentences)) => {
            let text: Vec<&str> = sentences
                .iter()
                .map(|sentence| sentence.text.as_str())
                .collect();
            let draft = sentences
                .iter()
                .filter(|sentence| !sentence.text.trim().is_empty())
                .map(|sentence| DraftSentence {
                    text: sentence.text.trim().to_owned(),
                    citations: checked::each_once(sentence.citations.iter().copied()),
                })
                .collect();
            ("sentences", draft, language::Language::of(&text.join(" ")))
        }
        (None, None) | (Some(_), Some(_)) => return Err(CheckError::OneAnswer),
    };
    within(field, sentences.len(), SENTENCES_LIMIT)?;
    for (sentence, number) in sentences.iter().zip(1..) {
        let actual = sentence.text.chars().count();
        if actual > checked::SENTENCE_LIMIT {
            return Err(CheckError::LongSentence {
                field,
                number,
                actual,
                limit: checked::SENTENCE_LIMIT,
            });
        }
    }
    Ok((sentences, language))
}

fn within(field: &'static str, actual: usize, limit: usize) -> Result<(), CheckError> {
    match actual {
        0 => Err(CheckError::Empty { field }),
        _ if actual > limit => Err(CheckError::TooMany {
            field,
            actual,
            limit,
        }),
        _ => Ok(()),
    }
}

fn context(passages: &[PassageInput]) -> Result<Context, CheckError> {
    within("passages", passages.len(), PASSAGES_LIMIT)?;
    let characters: usize = passages
        .iter()
        .map(|passage| passage.text.chars().count())
        .sum();
    if characters > CHARACTERS_LIMIT {
        return Err(CheckError::TooLong {
            actual: characters,
            limit: CHARACTERS_LIMIT,
        });
    }
    let passages = passages
        .iter()
        .zip(1..)
        .map(|(passage, number)| {
            // A passage without a title has none: a made-up one would be evidence.
            let title = passage.title.clone().unwrap_or_default();
            Passage {
                document: DocumentId::at(&format!("passage {number}")),
                file_name: title.clone(),
                title,
                ..Passage::alone(&passage.text)
            }
        })
        .collect();
    Ok(Context {
        passages,
        ledger: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_named() {
        let request = |text: &str| serde_json::from_str::<CheckRequest>(text).unwrap();
        let neither = request(r#"{"passages":[{"text":"a"}]}"#);
        assert_eq!(draft(&neither).unwrap_err(), CheckError::OneAnswer);
        let both = request(r#"{"answer":"a","sentences":[],"passages":[]}"#);
        assert_eq!(draft(&both).unwrap_err(), CheckError::OneAnswer);
        let empty = request(r#"{"answer":" ","passages":[]}"#);
        assert_eq!(
            draft(&empty).unwrap_err(),
            CheckError::Empty { field: "answer" }
        );
        assert_eq!(context(&[]).unwrap_err().field(), "passages");
        let long = "a".repeat(checked::SENTENCE_LIMIT + 1);
        let long = request(&format!(
            r#"{{"sentences":[{{"text":"Leave."}},{{"text":"{long}"}}],"passages":[]}}"#
        ));
        assert_eq!(
            draft(&long).unwrap_err().to_string(),
            "sentence 2 has 4001 characters, the limit is 4000"
        );
    }

    #[test]
    fn a_passage_covers_its_text_in_every_unit() {
        let passages = [PassageInput {
            title: None,
            text: "수당은 🎉 3만 원입니다.".to_owned(),
        }];
        let context = context(&passages).unwrap();
        let passage = &context.passages[0];
        assert_eq!(passage.place.span.len(), passage.text.len());
        assert_eq!(passage.place.utf16.len(), passage.place.chars.len() + 1);
        assert_eq!(passage.title, "", "a made-up title would be evidence");
        let long = [PassageInput {
            title: None,
            text: "가".repeat(CHARACTERS_LIMIT + 1),
        }];
        assert!(
            super::context(&long)
                .unwrap_err()
                .to_string()
                .contains("400001")
        );
    }
}
