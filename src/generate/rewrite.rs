//! A refused sentence, written again: what is taken of what a model writes.

use ingest::BackendError;

use super::prompt::NOTHING;
use crate::ask::{DraftPiece, DraftPieces};
use crate::check::draft_sentences;

/// Tokens that the sentence may have: a long one in Korean, of which models that know it badly
/// make two tokens a syllable.
pub(super) const TOKENS: usize = 160;
/// Bytes of the first line that are read. A server may send more than was asked for.
const LINE_LIMIT: usize = 4_096;

/// Reads the first line that says something, and takes its first sentence if it is whole, says
/// something and is not `refused` again. What follows is not waited for.
pub(super) async fn read(
    pieces: DraftPieces,
    refused: &str,
) -> Result<Option<String>, BackendError> {
    let (text, is_cut) = first_line(pieces).await?;
    Ok(sentence_of(&text, is_cut, refused))
}

/// Reads the first line that says something, if it is whole.
pub(super) async fn line(pieces: DraftPieces) -> Result<Option<String>, BackendError> {
    let (text, is_cut) = first_line(pieces).await?;
    let (line, is_whole) = match text.trim_start().split_once('\n') {
        Some((line, _)) => (line, true),
        None => (text.trim_start(), !is_cut && text.len() <= LINE_LIMIT),
    };
    let line = unquoted(line);
    let says = line.chars().any(char::is_alphanumeric);
    Ok((is_whole && says).then(|| line.to_owned()))
}

/// The text up to the end of its first line, and whether the engine was cut off in it.
async fn first_line(mut pieces: DraftPieces) -> Result<(String, bool), BackendError> {
    let mut text = String::new();
    let mut is_cut = false;
    while let Some(piece) = pieces.recv().await.transpose()? {
        match piece {
            DraftPiece::Text(piece) => text.push_str(&piece),
            DraftPiece::Sentence(sentence) => text.push_str(&sentence.text),
            DraftPiece::Cut => is_cut = true,
            DraftPiece::Usage(_) => {}
        }
        if text.trim_start().contains('\n') || text.len() > LINE_LIMIT {
            break;
        }
    }
    // Dropping the pieces ends the work on them.
    drop(pieces);
    Ok((text, is_cut))
}

/// The sentence that a model's words hold.
fn sentence_of(text: &str, is_cut: bool, refused: &str) -> Option<String> {
    let (line, is_whole) = match text.trim_start().split_once('\n') {
        Some((line, _)) => (line, true),
        None => (text.trim_start(), !is_cut && text.len() <= LINE_LIMIT),
    };
    let line = line.trim().trim_start_matches(['-', '*', '•']).trim();
    let mut sentences = draft_sentences(line).into_iter();
    let first = sentences.next()?;
    // Of a line that ends early, all sentences but the last are whole.
    if !is_whole && sentences.next().is_none() {
        return None;
    }
    let sentence = unquoted(&first.text);
    let bare = sentence.trim_matches(|char: char| !char.is_alphanumeric());
    let is_nothing = bare.is_empty() || bare.eq_ignore_ascii_case(NOTHING);
    (!is_nothing && folded(sentence) != folded(refused)).then(|| sentence.to_owned())
}

/// `text` without quotation marks around all of it: models put a sentence that they were asked
/// for between them.
fn unquoted(text: &str) -> &str {
    let text = text.trim();
    for (open, close) in [('"', '"'), ('“', '”'), ('‘', '’'), ('「', '」')] {
        if let Some(inner) = text
            .strip_prefix(open)
            .and_then(|text| text.strip_suffix(close))
            && !inner.contains([open, close])
        {
            return inner.trim();
        }
    }
    text
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::sync::mpsc;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(
            sentence_of(text, false, "Leave is 25 days.").as_deref(),
            expected,
            "{text:?}"
        );
    }

    #[test]
    fn the_first_sentence_of_the_first_line_is_taken_without_what_models_add() {
        check("Leave is 15 days.", Some("Leave is 15 days."));
        check(
            "\n\n- Leave is 15 days [1].\n[1] says so.",
            Some("Leave is 15 days."),
        );
        check("“연차는 15일입니다.” [1][3]", Some("연차는 15일입니다."));
        check(
            "연차는 15일입니다. 다른 말도 합니다.",
            Some("연차는 15일입니다."),
        );
        check("The board said \"no\".", Some("The board said \"no\"."));
    }

    #[test]
    fn nothing_and_the_same_again_are_no_sentence() {
        for text in [
            "NONE",
            "none.",
            "\"NONE\"",
            " NONE [1]\nLeave is 9 days.",
            "",
            "[1]",
            "...",
        ] {
            check(text, None);
        }
        check("Leave  is 25 days. [1]", None);
        check(
            "None of the staff may smoke.",
            Some("None of the staff may smoke."),
        );
    }

    #[test]
    fn half_a_sentence_is_none() {
        assert_eq!(sentence_of("Leave is 15 days unless", true, ""), None);
        let two = "Leave is 15 days. It is not";
        assert_eq!(
            sentence_of(two, true, "").as_deref(),
            Some("Leave is 15 days.")
        );
        assert_eq!(sentence_of(&"a".repeat(LINE_LIMIT + 1), false, ""), None);
    }

    #[tokio::test]
    async fn what_follows_the_first_line_is_not_waited_for() {
        let (sender, pieces) = mpsc::unbounded_channel();
        for text in ["\n연차는 ", "15일입니다 [1].", "\n", "그리고"] {
            sender.send(Ok(DraftPiece::Text(text.to_owned()))).unwrap();
        }
        let read = read(pieces, "").await.unwrap();
        assert_eq!(read.as_deref(), Some("연차는 15일입니다."));
        assert!(sender.is_closed());
        let (sender, pieces) = mpsc::unbounded_channel();
        let failure = Err(BackendError::message("it broke"));
        sender.send(failure).unwrap();
        assert!(super::read(pieces, "").await.is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_written_gives_one_line_or_nothing(text in any::<String>(), is_cut: bool) {
            if let Some(sentence) = sentence_of(&text, is_cut, "") {
                prop_assert!(!sentence.contains('\n') && !sentence.trim().is_empty());
            }
        }
    }
}
