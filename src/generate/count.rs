//! Counting tokens where the engine cannot be asked.

use std::path::Path;

use ingest::BackendError;
use tokenizers::Tokenizer;

use crate::ask::Message;

/// Tokens that a model's template may add to a conversation: the marks of each turn, and a line of
/// its own such as the date. The templates of Llama, Mixtral, Qwen and SmolLM2 add 8 to 40.
pub(super) const TEMPLATE_TOKENS: usize = 64;

/// The tokenizer in the file `path`.
///
/// # Errors
/// When the file cannot be read or is no tokenizer.
pub(super) fn open(path: &Path) -> Result<Tokenizer, BackendError> {
    let name = path.display();
    let bytes = std::fs::read(path).map_err(|error| {
        BackendError::new(format!("the tokenizer {name} cannot be read"), error)
    })?;
    let mut tokenizer = Tokenizer::from_bytes(bytes)
        .map_err(|error| BackendError::new(format!("{name} is no tokenizer"), error))?;
    tokenizer.with_padding(None);
    tokenizer
        .with_truncation(None)
        .map_err(|error| BackendError::new(format!("{name} is no tokenizer"), error))?;
    Ok(tokenizer)
}

/// Tokens of a conversation as `tokenizer` counts them, with room for a template.
///
/// # Errors
/// When the tokenizer fails.
pub(super) fn exact(tokenizer: &Tokenizer, messages: &[Message]) -> Result<usize, BackendError> {
    let mut tokens = TEMPLATE_TOKENS;
    for message in messages {
        tokens += tokenizer
            .encode_fast(message.content.as_str(), false)
            .map_err(|error| BackendError::new("the tokenizer failed", error))?
            .len();
    }
    Ok(tokens)
}

/// Tokens of a conversation, estimated from above: a token for three Latin letters of a word begun,
/// one for each digit and mark, and one for each byte of any other character, which is what a
/// vocabulary without Hangul falls back to. Korean text is estimated at two to three times what
/// a Korean-aware vocabulary takes.
pub(super) fn estimated(messages: &[Message]) -> usize {
    let texts = messages.iter().map(|message| estimate(&message.content));
    TEMPLATE_TOKENS + texts.sum::<usize>()
}

fn estimate(text: &str) -> usize {
    let mut tokens = 0;
    // Letters of the word that is being read, of which every third begins a token.
    let mut letters = 0;
    for char in text.chars() {
        if char.is_ascii_alphabetic() {
            tokens += usize::from(letters % 3 == 0);
            letters += 1;
            continue;
        }
        letters = 0;
        // A single space is part of the word after it.
        tokens += if char == ' ' { 0 } else { char.len_utf8() };
    }
    // Runs of spaces are tokens, of one space each at most.
    tokens + text.matches("  ").count() * 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_from_above() {
        assert_eq!(estimate("The leave is 15 days."), 1 + 2 + 1 + 2 + 2 + 1);
        assert_eq!(estimate("연차"), 6);
        assert!(estimate("a        b") >= 8);
        assert_eq!(estimated(&[]), TEMPLATE_TOKENS);
    }

    #[test]
    fn a_file_that_is_no_tokenizer_is_named() {
        let error = open(Path::new("/nowhere/tokenizer.json")).unwrap_err();
        assert!(error.to_string().contains("/nowhere/tokenizer.json"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokenizer.json");
        std::fs::write(&path, "{}").unwrap();
        assert!(
            open(&path)
                .unwrap_err()
                .to_string()
                .contains("tokenizer.json")
        );
    }
}
