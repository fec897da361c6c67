//! Texts to token ids, and counting.
//!
//! A tokenizer in the format of the `tokenizers` crate does the work. Where the model's folder
//! has a `characters.json`, that map of characters is applied first and runs of spaces become
//! one, as the model was trained.

use std::collections::HashMap;
use std::fmt::{self, Debug, Formatter};

use ingest::TokenCounter;

use super::ModelError;
use super::weights::ModelFiles;

/// A model's tokenizer.
#[expect(
    clippy::struct_field_names,
    reason = "it is the tokenizer that does the work"
)]
pub(super) struct Tokenizer {
    tokenizer: tokenizers::Tokenizer,
    characters: Option<HashMap<char, String>>,
    start: u32,
    end: u32,
    /// Tokens that no text has, the two above among them.
    controls: Vec<u32>,
}

/// What a text is embedded as. Models for retrieval are trained with a word before each text
/// that says which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Query,
    Passage,
}

impl Role {
    /// The word before the text, as the E5 family has it.
    fn prefix(self) -> &'static str {
        match self {
            Self::Query => "query: ",
            Self::Passage => "passage: ",
        }
    }
}

impl Tokenizer {
    /// Reads the tokenizer of the model in `files`, whose table has `vocabulary` words.
    pub(super) fn open(files: &ModelFiles, vocabulary: usize) -> Result<Self, ModelError> {
        let path = files.path("tokenizer.json");
        let mut tokenizer = tokenizers::Tokenizer::from_bytes(files.need("tokenizer.json")?)
            .map_err(|error| ModelError::corrupt(&path, error))?;
        // Windows are cut here, and texts are never made longer.
        tokenizer.with_padding(None);
        tokenizer
            .with_truncation(None)
            .map_err(|error| ModelError::corrupt(&path, error))?;
        // `</s>` in a document is text, not the end of one.
        tokenizer.set_encode_special_tokens(true);
        if tokenizer.get_vocab_size(true) > vocabulary {
            return Err(ModelError::corrupt(
                &path,
                "it has more tokens than the model has words",
            ));
        }
        let control = |names: [&str; 2]| {
            names
                .iter()
                .find_map(|name| tokenizer.token_to_id(name))
                .ok_or_else(|| {
                    ModelError::unsupported(&path, format!("it has no token {}", names[0]))
                })
        };
        let (start, end) = (control(["<s>", "[CLS]"])?, control(["</s>", "[SEP]"])?);
        let controls = [
            "<s>", "[CLS]", "</s>", "[SEP]", "<pad>", "[PAD]", "<mask>", "[MASK]",
        ];
        let controls = controls
            .iter()
            .filter_map(|name| tokenizer.token_to_id(name));
        let controls = controls.collect();
        let characters = match files.read("characters.json")? {
            None => None,
            Some(bytes) => Some(
                serde_json::from_slice(&bytes)
                    .map_err(|error| ModelError::corrupt(files.path("characters.json"), error))?,
            ),
        };
        Ok(Self {
            tokenizer,
            characters,
            start,
            end,
            controls,
        })
    }

    /// The ids of `text` in its role, control tokens left out.
    pub(super) fn ids(&self, role: Role, text: &str) -> Result<Vec<u32>, String> {
        self.encode(&format!("{}{text}", role.prefix()))
    }

    /// The ids of `text` alone, control tokens left out.
    pub(super) fn encode(&self, text: &str) -> Result<Vec<u32>, String> {
        let mapped = self
            .characters
            .as_ref()
            .map(|characters| map_characters(text, characters));
        let encoding = self
            .tokenizer
            .encode_fast(mapped.as_deref().unwrap_or(text), false)
            .map_err(|error| error.to_string())?;
        Ok(encoding.get_ids().to_vec())
    }

    /// As [`Tokenizer::encode`], without tokens that end or begin a text. A vocabulary of pieces
    /// gives a text with `</s>` in it such a token; where two texts are read together, it would
    /// end the one within.
    pub(super) fn content(&self, text: &str) -> Result<Vec<u32>, String> {
        let mut ids = self.encode(text)?;
        ids.retain(|id| !self.controls.contains(id));
        Ok(ids)
    }

    /// The token that a window begins with.
    pub(super) fn start(&self) -> u32 {
        self.start
    }

    /// The token that ends a text.
    pub(super) fn end(&self) -> u32 {
        self.end
    }

    /// `ids` in windows of `length` at most, each between the control tokens. There is at least
    /// one window; beside each stands the number of its ids without control tokens.
    pub(super) fn windows(&self, ids: &[u32], length: usize) -> Vec<(Vec<u32>, usize)> {
        let frame = |part: &[u32]| ([&[self.start], part, &[self.end]].concat(), part.len());
        if ids.is_empty() {
            return vec![frame(&[])];
        }
        ids.chunks(length - 2).map(frame).collect()
    }
}

impl Debug for Tokenizer {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tokenizer").finish_non_exhaustive()
    }
}

/// Replaces characters and makes one space of several.
fn map_characters(text: &str, characters: &HashMap<char, String>) -> String {
    let mut mapped = String::with_capacity(text.len());
    let mut push = |char: char| {
        if char != ' ' || !mapped.ends_with(' ') {
            mapped.push(char);
        }
    };
    for char in text.chars() {
        match characters.get(&char) {
            Some(replacement) => replacement.chars().for_each(&mut push),
            None => push(char),
        }
    }
    mapped
}

/// Counts without a model: about as many tokens as a multilingual model would make.
///
/// A longer text never counts less than its beginning.
#[derive(Clone, Copy, Debug, Default)]
pub struct CharacterCounter;

impl TokenCounter for CharacterCounter {
    fn count(&self, text: &str) -> usize {
        let hundredths: usize = text
            .chars()
            .map(|char| match char {
                char if char.is_whitespace() => 0,
                // Four letters or digits make a token.
                char if char.is_ascii_alphanumeric() => 25,
                char if char.is_ascii() => 100,
                // Korean words and endings are tokens of one to three syllables.
                '가'..='힣' => 70,
                _ => 100,
            })
            .sum();
        hundredths.div_ceil(100)
    }

    fn name(&self) -> &'static str {
        "characters"
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn characters_are_mapped_before_spaces_are_joined() {
        let characters = HashMap::from([
            ('\u{a0}', " ".to_owned()),
            ('\u{7}', String::new()),
            ('①', "1".to_owned()),
        ]);
        assert_eq!(map_characters(" a \u{a0}\u{7} b①", &characters), " a b1");
    }

    #[test]
    fn a_count_without_a_model_is_near_that_of_a_model() {
        for (text, tokens) in [
            ("", 0),
            (" \n", 0),
            ("입사 1년 미만 직원의 연차는 며칠인가요?", 12),
            ("How many days of annual leave do new employees get?", 11),
        ] {
            let count = CharacterCounter.count(text);
            assert!(
                count.abs_diff(tokens) * 3 <= tokens,
                "{text}: {count} instead of {tokens}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_longer_text_never_counts_less(start in any::<String>(), more in any::<String>()) {
            let longer = start.clone() + &more;
            prop_assert!(CharacterCounter.count(&start) <= CharacterCounter.count(&longer));
        }
    }
}
