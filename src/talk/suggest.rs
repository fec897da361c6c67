//! What the documents could be asked next: questions about what stands around an answer.
//!
//! They are made of headings near the passages that were found, and of questions that stand in the
//! documents, as in lists of frequent ones. Each is asked quietly first, for the same reader: what
//! would not be answered is not suggested.

use std::collections::BTreeSet;

use ingest::{BlockKind, DocumentId};
use tracing::warn;

use super::types::Suggestion;
use crate::app::App;
use crate::ask::{Context, Passage, Question, Reader};
use crate::check::{Answer, CheckedSentence};
use crate::language::{Language, is_hangul};
use crate::library::LibraryError;

/// Suggestions at most.
const MOST: usize = 3;
/// Candidates that are tried.
const TRIED: usize = 8;
/// Headings near a passage that are looked at.
const AROUND: usize = 12;
/// Passages whose documents are looked at.
const READ: usize = 2;
/// Characters of a heading or a question.
const LENGTH: std::ops::RangeInclusive<usize> = 2..=60;

/// Questions that the documents answer as well. What goes wrong is logged, and nothing is
/// suggested: the answer is there already.
pub(crate) async fn suggestions(
    app: &App,
    question: &Question,
    context: &Context,
    answer: &Answer,
    asked: &[String],
) -> Vec<Suggestion> {
    let found = async {
        let candidates = candidates(app, &question.reader, context, answer, asked).await?;
        let mut found: Vec<Suggestion> = Vec::new();
        for candidate in candidates.into_iter().take(TRIED) {
            if found.len() == MOST || !app.has_time() {
                break;
            }
            let asking = Question {
                text: candidate.question.clone(),
                language: Language::of(&candidate.question),
                ..question.clone()
            };
            if app.would_answer(&asking, candidate.document).await? {
                found.push(candidate);
            }
        }
        anyhow::Ok(found)
    };
    found.await.unwrap_or_else(|error| {
        warn!(
            error = format!("{error:#}"),
            "no questions can be suggested"
        );
        Vec::new()
    })
}

/// What could be suggested, the nearest to the answer first.
async fn candidates(
    app: &App,
    reader: &Reader,
    context: &Context,
    answer: &Answer,
    asked: &[String],
) -> Result<Vec<Suggestion>, LibraryError> {
    let cited: BTreeSet<DocumentId> = answer
        .sentences()
        .iter()
        .flat_map(CheckedSentence::citations)
        .map(crate::check::Citation::document)
        .collect();
    let told: BTreeSet<String> = answer
        .sentences()
        .iter()
        .flat_map(CheckedSentence::citations)
        .filter_map(|citation| citation.heading_path().last())
        .map(|heading| folded(plain(heading)))
        .collect();
    let asked: Vec<String> = asked.iter().map(|asked| folded(asked)).collect();
    // Passages of what was cited first; without any, of what was found first.
    let mut passages: Vec<&Passage> = context.passages.iter().collect();
    passages.sort_by_key(|passage| !cited.contains(&passage.document));
    let mut seen = BTreeSet::new();
    let mut candidates = Vec::new();
    for passage in passages.into_iter().take(READ) {
        for (question, subject) in near(app, passage, reader).await? {
            let subject = folded(&subject);
            let is_told =
                told.contains(&subject) || asked.iter().any(|asked| asked.contains(&subject));
            if !is_told && seen.insert(subject) {
                candidates.push(Suggestion {
                    question,
                    document: passage.document,
                    version: Some(passage.version),
                });
            }
        }
    }
    Ok(candidates)
}

/// Questions about headings near a passage, and those that stand there, with what each is about;
/// the nearest first.
async fn near(
    app: &App,
    passage: &Passage,
    reader: &Reader,
) -> Result<Vec<(String, String)>, LibraryError> {
    let (id, version) = (passage.document, passage.version);
    let Some(source) = app.library().source(id, Some(version), reader).await? else {
        return Ok(Vec::new());
    };
    let document = &source.document;
    let at = passage.place.span.start;
    let mut found: Vec<(usize, (String, String))> = document
        .blocks
        .iter()
        .filter_map(|block| {
            let text = document.text.get(block.span.clone())?;
            // A heading of the first level is what the document is called.
            let is_heading = matches!(block.kind, BlockKind::Heading { level } if level > 1);
            let is_cell = matches!(block.kind, BlockKind::Cell { .. });
            if !is_heading && (is_cell || !is_question(text)) {
                return None;
            }
            Some((block.span.start.abs_diff(at), about(text)?))
        })
        .collect();
    found.sort_by_key(|(distance, _)| *distance);
    Ok(found
        .into_iter()
        .take(AROUND)
        .map(|(_, about)| about)
        .collect())
}

/// A question about a heading, and the heading itself.
fn about(heading: &str) -> Option<(String, String)> {
    let subject = plain(heading);
    let length = subject.chars().count();
    if !LENGTH.contains(&length) || !subject.chars().any(char::is_alphabetic) {
        return None;
    }
    let question = if is_question(subject) {
        subject.to_owned()
    } else if subject.chars().any(is_hangul) {
        // Without a particle: pairs of syllables across it would be looked for in vain.
        format!("{subject}, 어떻게 되나요?")
    } else {
        format!("Tell me about {subject}.")
    };
    Some((question, subject.to_owned()))
}

fn is_question(text: &str) -> bool {
    text.trim_end().ends_with(['?', '？'])
}

/// A heading without its number: `병가` of `제6조 (병가)`, `Sick leave` of `3.2 Sick leave`.
fn plain(heading: &str) -> &str {
    let heading = heading.trim();
    let numbered = heading
        .strip_prefix("Q.")
        .or_else(|| heading.strip_prefix("Q:"))
        .unwrap_or(heading)
        .trim_start();
    if let Some(rest) = numbered.strip_prefix('제') {
        let digits = rest.trim_start_matches(|char: char| char.is_ascii_digit());
        let unit = ["조", "장", "절", "항", "관", "편"];
        if digits.len() < rest.len()
            && let Some(rest) = unit.iter().find_map(|unit| digits.strip_prefix(unit))
        {
            let rest = rest.trim_start_matches('의');
            let rest = rest.trim_start_matches(|char: char| char.is_ascii_digit());
            let rest = rest.trim();
            let inner = rest
                .strip_prefix(['(', '（', '['])
                .and_then(|rest| rest.strip_suffix([')', '）', ']']));
            return inner.unwrap_or(rest).trim();
        }
    }
    if numbered.starts_with(|char: char| char.is_ascii_digit() || char == '§') {
        let rest = numbered
            .trim_start_matches(|char: char| char.is_ascii_digit() || "§.)-".contains(char));
        // `30 days` is no number of a section.
        if rest.len() < numbered.len()
            && numbered[..numbered.len() - rest.len()].contains(['.', ')', '§', '-'])
        {
            return rest.trim();
        }
    }
    numbered.trim()
}

fn folded(text: &str) -> String {
    text.chars()
        .filter(|char| char.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_becomes_a_question_without_its_number() {
        for (heading, question) in [
            ("제6조 (병가)", "병가, 어떻게 되나요?"),
            ("제12조의2(재택근무)", "재택근무, 어떻게 되나요?"),
            ("제3장 출장", "출장, 어떻게 되나요?"),
            ("3.2 Sick leave", "Tell me about Sick leave."),
            ("Q. 연차는 이월되나요?", "연차는 이월되나요?"),
            ("30 days notice", "Tell me about 30 days notice."),
            ("제품 반품", "제품 반품, 어떻게 되나요?"),
        ] {
            assert_eq!(about(heading).unwrap().0, question);
        }
        for nothing in ["", "1.", "---", "제1조", "가"] {
            assert_eq!(about(nothing), None, "{nothing}");
        }
        assert_eq!(about(&"가".repeat(61)), None);
    }
}
