//! A site's own questions, a line of JSON each.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Deserialize;

/// A question of the site's own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SiteQuestion {
    /// Names it; the number of its line, if left out.
    #[serde(rename = "_id", alias = "id", default)]
    pub id: String,
    /// The question.
    #[serde(alias = "question")]
    pub text: String,
    /// Whether the documents answer it, if somebody looked.
    #[serde(default)]
    pub answerable: Option<bool>,
    /// Strings one of which a right answer holds.
    #[serde(default)]
    pub answers: Vec<String>,
}

/// The questions in a file.
///
/// # Errors
/// When it cannot be read, a line is none, or it has none.
pub fn site_questions(file: &Path) -> anyhow::Result<Vec<SiteQuestion>> {
    let name = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("{name} cannot be read"))?;
    let mut questions = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let mut question: SiteQuestion = serde_json::from_str(line)
            .with_context(|| format!("line {number} of {name} is no question"))?;
        if question.text.trim().is_empty() {
            bail!("line {number} of {name} has an empty question");
        }
        if question.id.is_empty() {
            question.id = number.to_string();
        }
        questions.push(question);
    }
    if questions.is_empty() {
        bail!("{name} has no question");
    }
    Ok(questions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_read_in_both_writings_and_a_wrong_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("questions.jsonl");
        let read = |text: &str| {
            std::fs::write(&file, text).unwrap();
            site_questions(&file)
        };
        let questions = read(
            "{\"_id\": \"q1\", \"text\": \"연차는?\", \"answers\": [\"15일\"]}\n\n\
             {\"question\": \"Parking?\", \"answerable\": false}\n",
        )
        .unwrap();
        assert_eq!(questions.len(), 2);
        assert_eq!((&*questions[0].id, &*questions[1].id), ("q1", "3"));
        assert_eq!(questions[1].answerable, Some(false));
        let error = read("{\"text\": \"a\"}\n{\"txt\": 1}").unwrap_err();
        assert!(format!("{error:#}").contains("line 2"), "{error:#}");
        assert!(read("\n").is_err());
    }
}
