//! Small vocabularies of both kinds, for tests.

use std::collections::HashMap;

use candle_core::quantized::gguf_file::Value;

use super::Vocabulary;

pub(super) type Metadata = HashMap<String, Value>;

fn texts(texts: impl IntoIterator<Item = String>) -> Value {
    Value::Array(texts.into_iter().map(Value::String).collect())
}

fn entry(name: &str, value: Value) -> (String, Value) {
    (format!("tokenizer.ggml.{name}"), value)
}

/// SentencePiece: bytes, letters, and the words of Mistral's template.
pub(super) fn pieces() -> Metadata {
    let mut tokens: Vec<(String, f32, i32)> = vec![
        ("<unk>".to_owned(), 0.0, 2),
        ("<s>".to_owned(), 0.0, 3),
        ("</s>".to_owned(), 0.0, 3),
        ("<pad>".to_owned(), 0.0, 3),
    ];
    tokens.extend((0..=255).map(|byte| (format!("<0x{byte:02X}>"), 0.0, 6)));
    let words = [
        "▁▁", "▁[", "IN", "ST", "INST", "he", "ll", "llo", "hello", "▁hello", "한국", "▁a", "aa",
        "aaa",
    ];
    let score = |rank: usize| -f32::from(u16::try_from(rank).unwrap());
    tokens.extend(
        (0..)
            .zip(words)
            .map(|(rank, word)| (word.to_owned(), score(rank), 1)),
    );
    let letters = "▁[]/<>|_NISTabcdefghijklmnopqrstuvwxyz한국.\u{301}";
    tokens.extend(
        letters
            .chars()
            .map(|letter| (letter.to_string(), score(900), 1)),
    );
    HashMap::from([
        entry("model", Value::String("llama".to_owned())),
        entry("tokens", texts(tokens.iter().map(|token| token.0.clone()))),
        entry(
            "scores",
            Value::Array(tokens.iter().map(|token| Value::F32(token.1)).collect()),
        ),
        entry(
            "token_type",
            Value::Array(tokens.iter().map(|token| Value::I32(token.2)).collect()),
        ),
        entry("bos_token_id", Value::U32(1)),
        entry("eos_token_id", Value::U32(2)),
    ])
}

/// GPT-2's kind: bytes, a few merges, and the control tokens of ChatML.
pub(super) fn bytes() -> Metadata {
    let control = [
        "<|endoftext|>",
        "<|im_start|>",
        "<|im_end|>",
        "<|im_end|><|im_end|>",
    ];
    let merges = ["h e", "l l", "ll o", "he llo", "Ġ hello", "< |", "| >"];
    let mut tokens: Vec<String> = control.map(str::to_owned).to_vec();
    let mut bytes: Vec<char> = super::vocabulary::byte_characters().into_keys().collect();
    bytes.sort_unstable();
    tokens.extend(bytes.iter().map(char::to_string));
    tokens.extend(merges.map(|merge| merge.replace(' ', "")));
    let kinds = (0..tokens.len()).map(|id| Value::I32(if id < control.len() { 3 } else { 1 }));
    HashMap::from([
        entry("model", Value::String("gpt2".to_owned())),
        entry("pre", Value::String("smollm".to_owned())),
        entry("token_type", Value::Array(kinds.collect())),
        entry("tokens", texts(tokens)),
        entry("merges", texts(merges.map(str::to_owned))),
        entry("bos_token_id", Value::U32(1)),
        entry("eos_token_id", Value::U32(2)),
        entry("add_bos_token", Value::Bool(false)),
    ])
}

pub(super) fn vocabularies() -> [Vocabulary; 2] {
    [pieces(), bytes()].map(|metadata| Vocabulary::from_gguf(&metadata).unwrap())
}
