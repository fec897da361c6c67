//! What the tools of the MCP server read and say, beside what `POST /v1/answers` and
//! `POST /v1/check` do.

use std::collections::BTreeMap;

use ingest::ContentHash;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{LocationBody, location};
use super::{
    CheckReport, ClaimBody, Claims, FilterBody, Language, PassageInput, SpanBody, Verdict,
};
use crate::ask::{Context, Counted, DraftSentence, Location, Passage};
use crate::check::{Answer, draft_sentences};
use crate::language;

/// What passages are looked for.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchRequest {
    /// What is looked for, as a question or as words, in Korean or English.
    pub query: String,
    /// Narrows the search to some documents.
    #[serde(default)]
    pub filter: Option<FilterBody>,
    /// Passages at most; as many as an answer may rest on if left out.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// The passages that were found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SearchBody {
    /// What was looked for.
    pub query: String,
    /// The passages, best first.
    pub passages: Vec<FoundBody>,
}

/// A passage, copied by code from the stored document.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FoundBody {
    /// Its number, from 1.
    pub number: u32,
    /// The document's id.
    pub document: String,
    /// SHA-256 of the file that holds the passage.
    pub version: String,
    /// The document's title.
    pub title: String,
    /// The document's file name.
    pub file_name: String,
    /// Headings above the passage, outermost first.
    pub heading_path: Vec<String>,
    /// First page (slide, sheet) of the passage, from 1; null for formats without pages.
    pub page: Option<u32>,
    /// Last page of the passage.
    pub last_page: Option<u32>,
    /// First paragraph of the passage, from 1, for formats without pages.
    pub paragraph: Option<u32>,
    /// Last paragraph of the passage.
    pub last_paragraph: Option<u32>,
    /// What these pages are, and where on them it stands; null for formats without.
    pub location: Option<LocationBody>,
    /// Where the passage stands in the document's canonical text.
    pub span: SpanBody,
    /// The exact words of the document.
    pub quote: String,
    /// SHA-256 of the quote's UTF-8 bytes.
    pub quote_sha256: String,
    /// The page that shows the passage in its document, on this server.
    pub url: String,
}

/// A text to be checked, against the passages that come with it or against the documents.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckTextRequest {
    /// The text. Numbers of passages in brackets after what they support (`[1]`) are read where
    /// passages come with it; a text without any rests on all of them.
    pub text: String,
    /// The passages that it should rest on; the documents that the asker may read if left out.
    #[serde(default)]
    pub passages: Option<Vec<PassageInput>>,
    /// Narrows the documents, where no passages come with it.
    #[serde(default)]
    pub filter: Option<FilterBody>,
    /// The language of reasons in words; that of the text if left out.
    #[serde(default)]
    pub language: Option<Language>,
}

/// Verdicts on a text, by the documents.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CheckedBody {
    /// The language of reasons in words.
    pub language: Language,
    /// The sentences of `claims`, joined by a space.
    pub text: String,
    /// Every sentence with its verdict, in order. Numbers of citations count the passages that
    /// were found for that sentence.
    pub claims: Vec<ClaimBody>,
    /// How many sentences have which verdict.
    pub verdicts: BTreeMap<Verdict, usize>,
    /// Name and version of the checker.
    pub checker: String,
}

/// What the tool `check` says: by passages as `POST /v1/check` does, or by the documents.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum CheckTextBody {
    /// By the passages that came with the text.
    Passages(CheckReport),
    /// By the documents.
    Documents(CheckedBody),
}

/// The passages that an answer to `query` could rest on.
#[must_use]
pub fn found(query: &str, context: &Context, limit: Option<usize>) -> SearchBody {
    let passages = (1..).zip(&context.passages);
    SearchBody {
        query: query.to_owned(),
        passages: passages
            .take(limit.unwrap_or(usize::MAX))
            .map(|(number, passage)| found_one(number, passage))
            .collect(),
    }
}

fn found_one(number: u32, passage: &Passage) -> FoundBody {
    // Below the header of a table, which stands elsewhere in the document.
    let within = passage.text.len() - passage.place.span.len()..passage.text.len();
    let at = passage.location_of(&within);
    let in_paragraphs = |location: &&Location| location.kind == Counted::Paragraph;
    let pages = at.as_ref().filter(|at| !in_paragraphs(at));
    let paragraphs = at.as_ref().filter(in_paragraphs);
    let quote = &passage.text[within];
    let quote_sha256 = ContentHash::of(quote.as_bytes());
    let span = SpanBody::new(&passage.place.chars, &passage.place.utf16);
    FoundBody {
        number,
        document: passage.document.to_string(),
        version: passage.version.to_string(),
        title: passage.title.clone(),
        file_name: passage.file_name.clone(),
        heading_path: passage.heading_path.clone(),
        page: pages.map(|at| at.first),
        last_page: pages.map(|at| at.last),
        paragraph: paragraphs.map(|at| at.first),
        last_paragraph: paragraphs.map(|at| at.last),
        location: pages.and_then(location),
        url: format!(
            "/documents/{}?version={}&start={}&end={}&quote_sha256={quote_sha256}#quote",
            passage.document, passage.version, span.start, span.end,
        ),
        span,
        quote: quote.to_owned(),
        quote_sha256: quote_sha256.to_string(),
    }
}

/// The sentences of a text to be checked by passages: those of a text that cites none rest on all
/// of the `passages`.
#[must_use]
pub fn sentences(text: &str, passages: usize) -> Vec<super::SentenceInput> {
    let mut sentences = draft_sentences(text);
    if sentences
        .iter()
        .all(|sentence| sentence.citations.is_empty())
    {
        let all: Vec<u32> = (1..).take(passages).collect();
        for sentence in &mut sentences {
            sentence.citations.clone_from(&all);
        }
    }
    sentences
        .into_iter()
        .map(|DraftSentence { text, citations }| super::SentenceInput { text, citations })
        .collect()
}

/// Verdicts on the sentences of a text, an answer each.
#[must_use]
pub fn checked(answers: &[Answer], language: language::Language, checker: &str) -> CheckedBody {
    let mut claims = Claims::new(language);
    let bodies: Vec<ClaimBody> = answers
        .iter()
        .flat_map(Answer::sentences)
        .map(|sentence| claims.next(sentence))
        .collect();
    let mut verdicts = BTreeMap::new();
    for claim in &bodies {
        *verdicts.entry(claim.verdict).or_default() += 1;
    }
    CheckedBody {
        language: language.into(),
        text: claims.into_text(),
        claims: bodies,
        verdicts,
        checker: checker.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passage_is_told_with_its_place() {
        let text = "수당은 🎉 3만 원입니다.";
        let mut passage = Passage::alone(text);
        // A table that begins in the middle has its header above it.
        passage.header = Some(passage.place.clone());
        passage.text = format!("머리\n{text}");
        let context = Context {
            passages: vec![passage.clone(), passage],
            ledger: Vec::new(),
        };
        let body = found("수당", &context, Some(1));
        assert_eq!(body.passages.len(), 1);
        let first = &body.passages[0];
        assert_eq!((first.number, first.quote.as_str()), (1, text));
        assert_eq!(first.span.end, text.chars().count());
        assert_eq!(
            first.quote_sha256,
            ContentHash::of(text.as_bytes()).to_string()
        );
        assert!(first.url.contains(&first.quote_sha256), "{}", first.url);
    }

    #[test]
    fn a_text_that_cites_nothing_rests_on_all_passages() {
        let cited = |text| -> Vec<Vec<u32>> {
            let sentences = sentences(text, 2).into_iter();
            sentences.map(|sentence| sentence.citations).collect()
        };
        assert_eq!(
            cited("Leave is 15 days. It can be split."),
            [vec![1, 2], vec![1, 2]]
        );
        assert_eq!(
            cited("Leave is 15 days [2]. It can be split."),
            [vec![2], vec![]]
        );
    }
}
