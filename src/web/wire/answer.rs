//! `POST /v1/answers`: the question that comes in, the answer and its events that go out.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::rights::FindableBody;
use super::{Joined, Language, Mode, ReasonBody, SpanBody, Verdict};
use crate::ask::{Context, Counted, LedgerEntry, LeftOut, Location, Question, Scope};
use crate::check::{Answer, CheckedSentence, Citation, Conflict};
use crate::language;
use crate::proof::{Proof, Prover};

/// A question.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerRequest {
    /// The question, in Korean or English.
    pub question: String,
    /// What happens to sentences that the documents do not support; `strict` if left out.
    #[serde(default)]
    pub mode: Option<Mode>,
    /// The language to answer in; the question's if left out.
    #[serde(default)]
    pub language: Option<Language>,
    /// Narrows the question to some documents.
    #[serde(default)]
    pub filter: Option<super::FilterBody>,
    /// An adapter of the language model, as `generator.local.adapters` names it; the configured
    /// one if left out.
    #[serde(default)]
    pub adapter: Option<String>,
    /// Whether the answer comes as server-sent events, as `Accept: text/event-stream` also asks.
    #[serde(default)]
    pub stream: bool,
}

/// A checked answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AnswerBody {
    /// The question as asked.
    pub question: String,
    /// What it was narrowed to, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<super::FilterBody>,
    /// The language of the answer.
    pub language: Language,
    /// What happened to sentences that the documents do not support.
    pub mode: Mode,
    /// Whether nothing supported was left to say: the documents do not answer the question.
    pub abstained: bool,
    /// For an answer that abstains: that it does, and what was searched. For people.
    pub message: Option<String>,
    /// The sentences of `claims`, joined by a space.
    pub text: String,
    /// The sentences to show, in order.
    pub claims: Vec<ClaimBody>,
    /// Where documents give different figures for what the sentences say.
    pub conflicts: Vec<ConflictBody>,
    /// What strict mode withheld.
    pub withheld: WithheldBody,
    /// Citations of the draft that were dropped, since no passage has their number.
    pub unknown_citations: usize,
    /// What wrote the draft.
    pub generator: String,
    /// Name and version of the checker.
    pub checker: String,
    /// For an answer that abstains: documents that could hold it and that the asker may find, but not
    /// read. Left out if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findable: Vec<FindableBody>,
    /// What was retrieved, packed and left out, best first.
    pub ledger: Vec<LedgerBody>,
    /// Whether the language model stopped before it was done, as at `generator.max_tokens`.
    pub truncated: bool,
    /// Tokens that the language model counted; null in quote mode and where it does not count.
    pub usage: Option<UsageBody>,
    /// What people should know of this installation, such as that no embedding model is there.
    pub notices: Vec<String>,
    /// What the answer was made of, sealed: `POST /v1/verify` and `veracite verify` look whether it
    /// still holds.
    // Only while it is being made there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = true, nullable = false)]
    pub proof: Option<Proof>,
}

/// Tokens of an answer.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "they are called so everywhere")]
pub struct UsageBody {
    /// Tokens of the prompt: instructions, passages, question.
    pub prompt_tokens: usize,
    /// Those of them that were computed for an earlier prompt; null if the engine does not say.
    pub cached_tokens: Option<usize>,
    /// Tokens of the draft.
    pub completion_tokens: usize,
}

/// A sentence with its verdict.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClaimBody {
    /// The sentence.
    pub text: String,
    /// Where it stands in the answer's `text`.
    #[serde(flatten)]
    pub span: SpanBody,
    /// What the checker says of it.
    pub verdict: Verdict,
    /// How well the evidence supports it, from 0 to 1.
    pub score: f32,
    /// Why it is not supported.
    pub reason: Option<ReasonBody>,
    /// Where the part that fails stands in the sentence's own `text`; null for one that is
    /// supported.
    pub failing: Option<SpanBody>,
    /// Whether the language model wrote it again from its evidence after it was refused once.
    pub rewritten: bool,
    /// The quotes it rests on, best first.
    pub citations: Vec<CitationBody>,
}

/// Two documents that give different figures for the same thing.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ConflictBody {
    /// The conflict as a sentence for people, in the language of the answer.
    pub words: String,
    /// Both sides: the document that came into force later first, where that is known.
    pub sides: Vec<ConflictSideBody>,
}

/// What one document says where another says otherwise.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ConflictSideBody {
    /// The figure, as the document writes it.
    pub fact: String,
    /// When the document came into force, as far as it says: `2025`, `2025-03` or `2025-03-01`.
    pub effective: Option<String>,
    /// The quote.
    pub citation: CitationBody,
}

/// What pages are called, and where on them something stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LocationBody {
    /// What a page is called here: `page`, `slide` or `sheet`.
    pub kind: &'static str,
    /// The name of a sheet, the title of a slide, the label of a page, if it has one.
    pub name: Option<String>,
    /// The cells of a sheet that hold the quote, such as `B7` or `B7:D9`.
    pub cells: Option<String>,
    /// Whether the text there was read from a picture, by character recognition, which errs.
    pub recognized: bool,
}

/// A quote, copied by code from the stored document.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CitationBody {
    /// The number of the passage it is cut from, from 1.
    pub number: u32,
    /// The document's id.
    pub document: String,
    /// SHA-256 of the file that holds the quote.
    pub version: String,
    /// The document's title.
    pub title: String,
    /// The document's file name.
    pub file_name: String,
    /// Headings above the quote, outermost first.
    pub heading_path: Vec<String>,
    /// First page (slide, sheet) of the quote, from 1; null for formats without pages.
    pub page: Option<u32>,
    /// Last page of the quote.
    pub last_page: Option<u32>,
    /// First paragraph of the quote, from 1, for formats without pages: headings, paragraphs,
    /// items of lists and rows of tables count. Null for formats with pages.
    pub paragraph: Option<u32>,
    /// Last paragraph of the quote.
    pub last_paragraph: Option<u32>,
    /// What these pages are, and where on them the quote stands; null for formats without.
    pub location: Option<LocationBody>,
    /// Where the quote stands in the document's canonical text.
    pub span: SpanBody,
    /// The exact words of the document.
    pub quote: String,
    /// SHA-256 of the quote's UTF-8 bytes.
    pub quote_sha256: String,
    /// What stands before the quote in its passage.
    pub before: String,
    /// What stands after the quote in its passage.
    pub after: String,
    /// The page that shows the quote in its document, on this server.
    pub url: String,
}

/// What strict mode withheld: how much and why, never what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct WithheldBody {
    /// Sentences withheld.
    pub count: usize,
    /// Sentences withheld by verdict.
    pub verdicts: BTreeMap<Verdict, usize>,
    /// Why, as sentences for people in the language of the answer, each once.
    pub reasons: Vec<String>,
}

/// What became of a chunk that an index found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LedgerBody {
    /// The chunk's id.
    pub chunk: String,
    /// Its document's title.
    pub title: String,
    /// Where each index that found it ranked it.
    pub ranks: Vec<RankBody>,
    /// Score after fusion; higher is better, comparable within one answer.
    pub score: f32,
    /// Tokens it takes in the prompt.
    pub tokens: usize,
    /// The number of the passage it is in.
    pub passage: Option<u32>,
    /// Why it is in none: `no_room`, `duplicate`, `below_cut` or `gone`.
    pub left_out: Option<&'static str>,
}

/// A rank in one index.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RankBody {
    /// The index, `bm25` or `dense`.
    pub index: &'static str,
    /// From 1.
    pub rank: usize,
}

/// The event `retrieval`: what the answer may rest on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RetrievalBody {
    /// The passages, in the order of their numbers.
    pub passages: Vec<PassageBody>,
    /// What was retrieved, packed and left out, best first.
    pub ledger: Vec<LedgerBody>,
}

/// A passage that the answer may cite.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PassageBody {
    /// Its number, from 1.
    pub number: u32,
    /// The document's id.
    pub document: String,
    /// The document's title.
    pub title: String,
    /// The document's file name.
    pub file_name: String,
    /// Headings above, outermost first.
    pub heading_path: Vec<String>,
    /// First page, from 1; null for formats without pages.
    pub page: Option<u32>,
    /// Last page.
    pub last_page: Option<u32>,
}

/// Gives each shown sentence its place in the answer's text, as it arrives.
#[derive(Clone, Debug)]
pub struct Claims {
    joined: Joined,
    language: language::Language,
}

impl Claims {
    /// Starts an answer in `language`.
    #[must_use]
    pub fn new(language: language::Language) -> Self {
        Self {
            joined: Joined::default(),
            language,
        }
    }

    /// The next sentence that is shown.
    pub fn next(&mut self, sentence: &CheckedSentence) -> ClaimBody {
        ClaimBody {
            text: sentence.text().to_owned(),
            span: self.joined.push(sentence.text()),
            verdict: sentence.verdict().into(),
            score: sentence.score(),
            reason: sentence
                .reason()
                .map(|reason| ReasonBody::new(reason, self.language)),
            failing: sentence.failing().map(|failing| {
                let (before, inside) = (
                    &sentence.text()[..failing.start],
                    &sentence.text()[failing.clone()],
                );
                let chars = before.chars().count();
                let utf16 = before.encode_utf16().count();
                SpanBody::new(
                    &(chars..chars + inside.chars().count()),
                    &(utf16..utf16 + inside.encode_utf16().count()),
                )
            }),
            rewritten: sentence.rewritten(),
            citations: sentence.citations().iter().map(citation).collect(),
        }
    }
}

impl WithheldBody {
    /// Counts one more sentence.
    pub fn add(&mut self, sentence: &CheckedSentence, language: language::Language) {
        self.count += 1;
        *self.verdicts.entry(sentence.verdict().into()).or_default() += 1;
        let words = sentence.reason().map(|reason| reason.words(language));
        if let Some(words) = words.filter(|words| !self.reasons.contains(words)) {
            self.reasons.push(words);
        }
    }
}

/// The body of an answer; the event `final` is the same.
#[must_use]
pub fn answer(
    question: &Question,
    answer: &Answer,
    notices: &[String],
    prover: &Prover,
) -> AnswerBody {
    let mut claims = Claims::new(answer.language());
    let bodies = answer
        .sentences()
        .iter()
        .map(|sentence| claims.next(sentence))
        .collect();
    let mut withheld = WithheldBody::default();
    for sentence in answer.withheld() {
        withheld.add(sentence, answer.language());
    }
    let mut body = AnswerBody {
        question: question.text.clone(),
        filter: (question.scope != Scope::default()).then(|| (&question.scope).into()),
        language: answer.language().into(),
        mode: answer.mode().into(),
        abstained: answer.abstained(),
        message: answer
            .abstained()
            .then(|| abstention(answer.ledger(), answer.language())),
        text: claims.joined.text,
        claims: bodies,
        conflicts: answer.conflicts().iter().map(conflict).collect(),
        withheld,
        unknown_citations: answer.unknown_citations(),
        generator: answer.generator().to_owned(),
        checker: answer.checker().to_owned(),
        findable: answer
            .findable()
            .iter()
            .map(|found| FindableBody {
                document: found.document.to_string(),
                title: found.title.clone(),
            })
            .collect(),
        ledger: answer.ledger().iter().map(ledger).collect(),
        truncated: answer.truncated(),
        usage: answer.usage().map(|usage| UsageBody {
            prompt_tokens: usage.prompt_tokens,
            cached_tokens: usage.cached_tokens,
            completion_tokens: usage.completion_tokens,
        }),
        notices: notices.to_vec(),
        proof: None,
    };
    body.proof = Some(prover.prove(question, answer, &body));
    body
}

/// The event `retrieval`.
#[must_use]
pub fn retrieval(context: &Context) -> RetrievalBody {
    RetrievalBody {
        passages: (1..)
            .zip(&context.passages)
            .map(|(number, passage)| PassageBody {
                number,
                document: passage.document.to_string(),
                title: passage.title.clone(),
                file_name: passage.file_name.clone(),
                heading_path: passage.heading_path.clone(),
                page: passage.pages.iter().map(|page| page.number).min(),
                last_page: passage.pages.iter().map(|page| page.number).max(),
            })
            .collect(),
        ledger: context.ledger.iter().map(ledger).collect(),
    }
}

fn conflict(conflict: &Conflict) -> ConflictBody {
    ConflictBody {
        words: conflict.words().to_owned(),
        sides: conflict
            .sides()
            .iter()
            .map(|side| ConflictSideBody {
                fact: side.fact().to_owned(),
                effective: side.effective().map(str::to_owned),
                citation: citation(side.citation()),
            })
            .collect(),
    }
}

fn citation(citation: &Citation) -> CitationBody {
    let span = SpanBody::new(&citation.place().chars, &citation.place().utf16);
    let in_paragraphs = |location: &&Location| location.kind == Counted::Paragraph;
    let pages = citation
        .location()
        .filter(|location| !in_paragraphs(location));
    let paragraphs = citation.location().filter(in_paragraphs);
    CitationBody {
        number: citation.number(),
        document: citation.document().to_string(),
        version: citation.version().to_string(),
        title: citation.title().to_owned(),
        file_name: citation.file_name().to_owned(),
        heading_path: citation.heading_path().to_vec(),
        page: pages.map(|location| location.first),
        last_page: pages.map(|location| location.last),
        paragraph: paragraphs.map(|location| location.first),
        last_paragraph: paragraphs.map(|location| location.last),
        location: pages.and_then(location),
        url: format!(
            "/documents/{}?version={}&start={}&end={}&quote_sha256={}#quote",
            citation.document(),
            citation.version(),
            span.start,
            span.end,
            citation.quote_sha256(),
        ),
        span,
        quote: citation.quote().to_owned(),
        quote_sha256: citation.quote_sha256().to_string(),
        before: citation.before().to_owned(),
        after: citation.after().to_owned(),
    }
}

fn location(location: &Location) -> Option<LocationBody> {
    Some(LocationBody {
        kind: match location.kind {
            Counted::Page => "page",
            Counted::Slide => "slide",
            Counted::Sheet => "sheet",
            Counted::Paragraph => return None,
        },
        name: location.name.clone(),
        cells: location.cells.clone(),
        recognized: location.recognized,
    })
}

fn ledger(entry: &LedgerEntry) -> LedgerBody {
    LedgerBody {
        chunk: entry.chunk.to_string(),
        title: entry.title.clone(),
        ranks: entry
            .ranks
            .iter()
            .map(|&(index, rank)| RankBody { index, rank })
            .collect(),
        score: entry.score,
        tokens: entry.tokens,
        passage: entry.outcome.ok(),
        left_out: entry.outcome.err().map(|left_out| match left_out {
            LeftOut::NoRoom => "no_room",
            LeftOut::Duplicate => "duplicate",
            LeftOut::BelowCut => "below_cut",
            LeftOut::Gone => "gone",
        }),
    }
}

/// Titles that an abstention names; more are counted.
const TITLES_NAMED: usize = 3;

/// That the documents do not answer, and what was searched.
pub(crate) fn abstention(ledger: &[LedgerEntry], language: language::Language) -> String {
    let mut seen = BTreeSet::new();
    let titles: Vec<&str> = ledger
        .iter()
        .map(|entry| entry.title.as_str())
        .filter(|title| seen.insert(*title))
        .collect();
    let named = &titles[..titles.len().min(TITLES_NAMED)];
    let more = titles.len() - named.len();
    let found = ledger.len();
    let read = ledger.iter().filter(|entry| entry.outcome.is_ok()).count();
    match language {
        language::Language::Ko if found == 0 => {
            "문서에서 답을 찾지 못했습니다. 질문과 관련된 구절이 하나도 없었습니다.".to_owned()
        }
        language::Language::Ko => {
            let named: Vec<String> = named.iter().map(|title| format!("「{title}」")).collect();
            let more = if more > 0 {
                format!(" 외 {more}건")
            } else {
                String::new()
            };
            format!(
                "문서에서 답을 찾지 못했습니다. {}{more}에서 구절 {found}개를 찾아 가장 가까운 {read}개를 살펴보았습니다.",
                named.join(", ")
            )
        }
        language::Language::En if found == 0 => {
            "No answer was found in the documents. No passage has to do with the question."
                .to_owned()
        }
        language::Language::En => {
            let named: Vec<String> = named.iter().map(|title| format!("“{title}”")).collect();
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            let passages = if found == 1 { "passage" } else { "passages" };
            format!(
                "No answer was found in the documents. {found} {passages} were found, in {}{more}, and the closest {read} read.",
                named.join(", ")
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use ingest::{ContentHash, DocumentId};

    use super::*;

    fn entry(title: &str, outcome: Result<u32, LeftOut>) -> LedgerEntry {
        LedgerEntry {
            chunk: ingest::ChunkId::of(DocumentId::at(title), &ContentHash::of(b""), 0, &(0..1)),
            title: title.to_owned(),
            ranks: vec![("bm25", 1)],
            score: 0.5,
            tokens: 10,
            outcome,
        }
    }

    #[test]
    fn an_abstention_names_what_was_searched() {
        let entries: Vec<LedgerEntry> = [
            "휴가 규정",
            "휴가 규정",
            "여비 규정",
            "보안",
            "구매",
            "복지",
        ]
        .map(|title| entry(title, Ok(1)))
        .into();
        let korean = abstention(&entries, language::Language::Ko);
        assert!(
            korean.contains("「휴가 규정」, 「여비 규정」, 「보안」 외 2건"),
            "{korean}"
        );
        assert!(
            korean.contains("구절 6개를 찾아 가장 가까운 6개"),
            "{korean}"
        );
        let english = abstention(&entries[..1], language::Language::En);
        assert!(
            english.contains("1 passage were found, in “휴가 규정”, and the closest 1 read"),
            "{english}"
        );
        assert!(!abstention(&[], language::Language::En).contains('0'));
    }

    #[test]
    fn a_ledger_entry_is_in_a_passage_or_says_why_not() {
        let inside = serde_json::to_value(ledger(&entry("a", Ok(2)))).unwrap();
        assert_eq!(inside["passage"], 2);
        assert!(inside["left_out"].is_null());
        let outside = serde_json::to_value(ledger(&entry("a", Err(LeftOut::NoRoom)))).unwrap();
        assert!(outside["passage"].is_null());
        assert_eq!(outside["left_out"], "no_room");
    }

    #[test]
    fn an_unknown_field_of_a_question_is_named() {
        let error = serde_json::from_str::<AnswerRequest>(r#"{"question":"?","modus":"strict"}"#)
            .unwrap_err()
            .to_string();
        assert!(error.contains("`modus`"), "{error}");
    }
}
