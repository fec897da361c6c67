//! The forward pass against what `transformers` computes from the same weights, which
//! `tests/fixtures/mixtral.py` wrote down.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::adapter::Adapter;
use super::attention::BLOCK;
use super::model::{Model, ModelOptions};
use super::source::Source;
use super::stage::{Batch, Span};

#[derive(Deserialize)]
struct Expected {
    models: HashMap<String, Reference>,
}

#[derive(Deserialize)]
struct Reference {
    logits: HashMap<usize, Vec<f32>>,
    greedy: Vec<u32>,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mixtral")
}

fn references() -> HashMap<String, Reference> {
    let text = std::fs::read_to_string(fixtures().join("expected.json")).unwrap();
    serde_json::from_str::<Expected>(&text).unwrap().models
}

fn open(name: &str) -> Model {
    open_on(name, &["cpu"])
}

fn open_on(name: &str, devices: &[&str]) -> Model {
    let path = match name {
        "model.safetensors" => fixtures(),
        name => fixtures().join(name),
    };
    open_at(&path, devices)
}

fn open_at(path: &Path, devices: &[&str]) -> Model {
    let options = ModelOptions {
        context: 8_192,
        rows: 512,
        half: false,
        threads: 2,
        devices: devices.iter().map(|name| name.parse().unwrap()).collect(),
        adapters: Vec::new(),
    };
    Model::open(Source::open(path).unwrap(), &options).unwrap()
}

fn adapt(model: &mut Model) {
    let folder = fixtures().join("adapter");
    let adapter = Adapter::open(&folder, "adapter", model.source()).unwrap();
    model.adapt(adapter).unwrap();
}

fn prompt(length: u32) -> Vec<u32> {
    (0..length).map(|index| (index * 37 + 11) % 320).collect()
}

/// A conversation that is written into blocks in no order.
struct Conversation {
    blocks: Vec<u32>,
    length: usize,
    adapter: Option<usize>,
}

impl Conversation {
    fn new(adapter: Option<usize>) -> Self {
        let blocks = (0..8_192 / u32::try_from(BLOCK).unwrap()).map(|block| (block * 53 + 7) % 128);
        Self {
            blocks: blocks.collect(),
            length: 0,
            adapter,
        }
    }

    /// The scores after the last of `tokens`.
    fn read(&mut self, model: &mut Model, tokens: &[u32]) -> Vec<f32> {
        let batch = Batch {
            tokens: tokens.to_vec(),
            spans: vec![Span {
                rows: 0..tokens.len(),
                position: self.length,
                blocks: self.blocks.clone(),
                adapter: self.adapter,
            }],
            outputs: vec![tokens.len() - 1],
        };
        self.length += tokens.len();
        model.forward(&batch).unwrap().remove(0)
    }

    fn read_in_chunks(&mut self, model: &mut Model, tokens: &[u32], size: usize) -> Vec<f32> {
        let mut scores = Vec::new();
        for tokens in tokens.chunks(size) {
            scores = self.read(model, tokens);
        }
        scores
    }
}

fn largest_difference(left: &[f32], right: &[f32]) -> f32 {
    assert_eq!(left.len(), right.len());
    left.iter()
        .zip(right)
        .map(|(left, right)| (left - right).abs())
        .fold(0.0, f32::max)
}

fn best(scores: &[f32]) -> u32 {
    let best = scores
        .iter()
        .enumerate()
        .max_by(|left, right| left.1.total_cmp(right.1));
    u32::try_from(best.unwrap().0).unwrap()
}

/// How far apart scores are, and how far they may be: floats by 1e-4 each. Where inputs are
/// rounded to bytes for weights of bytes, by 1.5 % of their length: each rounding alone is
/// half a percent of noise, and so small a model averages little of it away (llama.cpp, which
/// rounds them too, is off by 1.0 %).
fn compared(name: &str, found: &[f32], expected: &[f32]) -> (f32, f32) {
    if name.starts_with("model.safetensors") {
        return (largest_difference(found, expected), 1e-4);
    }
    let length = |values: &mut dyn Iterator<Item = f32>| {
        values.map(|value| value * value).sum::<f32>().sqrt()
    };
    let apart = length(&mut found.iter().zip(expected).map(|(left, right)| left - right));
    (apart / length(&mut expected.iter().copied()), 1.5e-2)
}

fn compare(file: &str, adapter: bool, lengths: &[usize]) {
    let mut model = open(file);
    let mut name = file.to_owned();
    let mut own = None;
    if adapter {
        adapt(&mut model);
        name.push_str("+adapter");
        own = Some(0);
    }
    compare_model(&mut model, &name.replace("split.", ""), own, lengths);
}

fn compare_model(model: &mut Model, name: &str, own: Option<usize>, lengths: &[usize]) {
    let reference = &references()[name];
    for length in lengths {
        let expected = &reference.logits[length];
        let tokens = prompt(u32::try_from(*length).unwrap());
        let whole = Conversation::new(own).read_in_chunks(model, &tokens, 512);
        let (difference, most) = compared(name, &whole, expected);
        println!("{name}, {length} tokens: {difference:e}");
        assert!(difference <= most, "{name}, {length} tokens: {difference}");
        let chunks = Conversation::new(own).read_in_chunks(model, &tokens, 100);
        assert_eq!(whole, chunks, "{name}, {length} tokens by 100");
        // All but the last tokens are there, as after a prefix that was kept.
        let mut one_by_one = Conversation::new(own);
        let kept = length.saturating_sub(70);
        if kept > 0 {
            one_by_one.read_in_chunks(model, &tokens[..kept], 512);
        }
        let last = one_by_one.read_in_chunks(model, &tokens[kept..], 1);
        assert_eq!(whole, last, "{name}, {length} tokens after {kept}");
    }
    let mut conversation = Conversation::new(own);
    let mut scores = conversation.read(model, &prompt(7));
    let mut written = Vec::new();
    while written.len() < reference.greedy.len() {
        written.push(best(&scores));
        scores = conversation.read(model, &written[written.len() - 1..]);
    }
    assert_eq!(written, reference.greedy, "{name}");
}

#[test]
fn published_weights_give_what_transformers_gives() {
    compare("model.safetensors", false, &[1, 7, 513, 4_096]);
}

#[test]
fn quantized_weights_give_what_transformers_gives() {
    compare("model.Q8_0.gguf", false, &[1, 7, 513, 4_096]);
}

#[test]
fn one_tensor_for_each_expert_is_the_same_model() {
    compare("model.split.Q8_0.gguf", false, &[7]);
}

#[test]
fn weights_in_several_files_are_the_same_model() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
        std::fs::copy(fixtures().join(name), folder.path().join(name)).unwrap();
    }
    let bytes = std::fs::read(fixtures().join("model.safetensors")).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut weight_map = serde_json::Map::new();
    let mut shards = [Vec::new(), Vec::new()];
    for (number, (name, tensor)) in tensors.iter().enumerate() {
        let file = format!("model-{:05}-of-00002.safetensors", number % 2 + 1);
        weight_map.insert(name.to_owned(), file.into());
        shards[number % 2].push((name, tensor));
    }
    for (shard, number) in shards.into_iter().zip(1..) {
        let file = folder
            .path()
            .join(format!("model-{number:05}-of-00002.safetensors"));
        safetensors::serialize_to_file(shard, None, &file).unwrap();
    }
    let index = serde_json::json!({ "weight_map": weight_map }).to_string();
    std::fs::write(folder.path().join("model.safetensors.index.json"), index).unwrap();
    let mut model = open_at(folder.path(), &["cpu"]);
    compare_model(&mut model, "model.safetensors", None, &[7, 513]);
    std::fs::remove_file(folder.path().join("model-00002-of-00002.safetensors")).unwrap();
    let error = Source::open(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("model-00002-of-00002.safetensors"),
        "{error}"
    );
}

/// The configuration says that a token sees the last 100.
#[test]
fn a_sliding_window_gives_what_transformers_gives() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ] {
        std::fs::copy(fixtures().join(name), folder.path().join(name)).unwrap();
    }
    let config = std::fs::read_to_string(fixtures().join("config.json")).unwrap();
    let windowed = config.replace("\"sliding_window\": null", "\"sliding_window\": 100");
    assert_ne!(config, windowed);
    std::fs::write(folder.path().join("config.json"), windowed).unwrap();
    let name = "model.safetensors+window";
    let mut model = open_at(folder.path(), &["cpu"]);
    compare_model(&mut model, name, None, &[1, 7, 513, 4_096]);
    let devices = ["cpu-candle"];
    compare_model_on(&devices, &mut open_at(folder.path(), &devices), name, None);
}

#[test]
fn an_adapter_gives_what_peft_gives() {
    compare("model.safetensors", true, &[1, 7, 513]);
    compare("model.Q8_0.gguf", true, &[7]);
}

/// Rows of one batch: two conversations at different places, one with the adapter.
#[test]
fn conversations_do_not_change_each_other() {
    let mut model = open("model.safetensors");
    adapt(&mut model);
    let tokens = prompt(150);
    let alone = |model: &mut Model, adapter| {
        let mut conversation = Conversation::new(adapter);
        conversation.read(model, &tokens[..100]);
        conversation.read(model, &tokens[100..101])
    };
    let (plain, adapted) = (alone(&mut model, None), alone(&mut model, Some(0)));
    assert_ne!(plain, adapted);
    let mut conversations = [Conversation::new(None), Conversation::new(Some(0))];
    conversations[1].blocks = (64..128).collect();
    conversations[0].blocks = (0..64).rev().collect();
    for conversation in &mut conversations {
        conversation.read(&mut model, &tokens[..100]);
    }
    let span = |index: usize| Span {
        rows: index..index + 1,
        position: 100,
        blocks: conversations[index].blocks.clone(),
        adapter: conversations[index].adapter,
    };
    let batch = Batch {
        tokens: vec![tokens[100], tokens[100]],
        spans: vec![span(0), span(1)],
        outputs: vec![0, 1],
    };
    assert_eq!(model.forward(&batch).unwrap(), [plain, adapted]);
}

/// As [`compare`], where chunks do not agree to the last bit: candle multiplies one row and
/// many in different orders.
fn compare_on(devices: &[&str], file: &str, adapter: bool) {
    let mut model = open_on(file, devices);
    let mut name = file.to_owned();
    let mut own = None;
    if adapter {
        adapt(&mut model);
        name.push_str("+adapter");
        own = Some(0);
    }
    compare_model_on(devices, &mut model, &name.replace("split.", ""), own);
}

fn compare_model_on(devices: &[&str], model: &mut Model, name: &str, own: Option<usize>) {
    let reference = &references()[name];
    for (length, expected) in &reference.logits {
        let tokens = prompt(u32::try_from(*length).unwrap());
        for size in [512, 100] {
            let found = Conversation::new(own).read_in_chunks(model, &tokens, size);
            let (difference, most) = compared(name, &found, expected);
            println!("{devices:?} {name}, {length} tokens by {size}: {difference:e}");
            assert!(
                difference <= most,
                "{name}, {length} tokens by {size}: {difference}"
            );
        }
        // Blocks that follow each other are multiplied where they lie.
        let mut straight = Conversation::new(own);
        straight.blocks = (3..128).collect();
        let kept = length.saturating_sub(5);
        if kept > 0 {
            straight.read_in_chunks(model, &tokens[..kept], 512);
        }
        let last = straight.read_in_chunks(model, &tokens[kept..], 1);
        let (difference, most) = compared(name, &last, expected);
        assert!(
            difference <= most,
            "{name}, {length} after {kept}: {difference}"
        );
    }
    let mut conversation = Conversation::new(own);
    let mut scores = conversation.read(model, &prompt(7));
    let mut written = Vec::new();
    while written.len() < reference.greedy.len() {
        written.push(best(&scores));
        scores = conversation.read(model, &written[written.len() - 1..]);
    }
    assert_eq!(written, reference.greedy, "{name}");
}

#[test]
fn operations_of_accelerators_give_what_transformers_gives() {
    let devices = ["cpu-candle"];
    compare_on(&devices, "model.safetensors", false);
    compare_on(&devices, "model.Q8_0.gguf", false);
    compare_on(&devices, "model.split.Q8_0.gguf", false);
}

#[test]
fn an_adapter_on_an_accelerator_gives_what_peft_gives() {
    compare_on(&["cpu-candle"], "model.safetensors", true);
    compare_on(&["cpu-candle"], "model.Q8_0.gguf", true);
}

#[test]
fn layers_on_two_devices_are_the_same_model() {
    for devices in [["cpu-candle=1", "cpu=1"], ["cpu=1", "cpu-candle=1"]] {
        compare_on(&devices, "model.safetensors", true);
        compare_on(&devices, "model.Q8_0.gguf", false);
    }
    let model = open_on("model.safetensors", &["cpu-candle=1", "cpu=1"]);
    let held = model.held();
    assert_eq!([&held[0].0, &held[1].0], [&(0..1), &(1..2)]);
    for (share, (layers, held)) in model.plan().shares.iter().zip(held) {
        assert_eq!(share.layers, layers);
        let planned = share.bytes();
        assert!(
            planned.abs_diff(held) * 50 <= held,
            "planned {planned}, held {held}"
        );
    }
}

/// Conversations of one step whose lengths are alike are attended to together, others one after
/// another; either way each is what it is alone.
#[test]
fn conversations_on_an_accelerator_do_not_change_each_other() {
    let mut model = open_on("model.safetensors", &["cpu-candle"]);
    adapt(&mut model);
    let tokens = prompt(400);
    let lengths = [
        (100, None),
        (90, Some(0)),
        (130, None),
        (399, Some(0)),
        (3, None),
    ];
    let mut expected = Vec::new();
    for (length, adapter) in lengths {
        let mut alone = Conversation::new(adapter);
        alone.read(&mut model, &tokens[..length]);
        expected.push(alone.read(&mut model, &tokens[length..=length]));
    }
    let mut batch = Batch::default();
    for (index, (length, adapter)) in lengths.into_iter().enumerate() {
        let mut conversation = Conversation::new(adapter);
        let first = 20 * u32::try_from(index).unwrap();
        conversation.blocks = (first..first + 8).rev().collect();
        conversation.read(&mut model, &tokens[..length]);
        batch.spans.push(Span {
            rows: index..index + 1,
            position: length,
            blocks: conversation.blocks,
            adapter,
        });
        batch.tokens.push(tokens[length]);
        batch.outputs.push(index);
    }
    let found = model.forward(&batch).unwrap();
    for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
        let difference = largest_difference(found, expected);
        assert!(difference < 1e-4, "conversation {index}: {difference}");
    }
    assert!(largest_difference(&expected[0], &expected[1]) > 1e-2);
}

#[test]
fn what_does_not_fit_is_refused_before_it_is_read() {
    let source = Source::open(&fixtures().join("model.Q8_0.gguf")).unwrap();
    let options = ModelOptions {
        context: 1 << 50,
        rows: 16,
        half: false,
        threads: 1,
        devices: vec!["cpu".parse().unwrap()],
        adapters: Vec::new(),
    };
    let error = Model::plan_for(&source, &options).unwrap_err().to_string();
    assert!(
        error.contains("model.Q8_0.gguf needs more memory"),
        "{error}"
    );
    assert!(error.contains("tokens would fit"), "{error}");
    let error = Model::open(source, &options).err().unwrap().to_string();
    assert!(error.contains("tokens would fit"), "{error}");
}

/// A changed copy of the committed model, and what opening it says.
fn broken(change: impl Fn(&mut Vec<u8>)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    let mut bytes = std::fs::read(fixtures().join("model.Q8_0.gguf")).unwrap();
    change(&mut bytes);
    std::fs::write(&path, bytes).unwrap();
    Source::open(&path).unwrap_err().to_string()
}

fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    assert_eq!(from.len(), to.len());
    let at = bytes
        .windows(from.len())
        .position(|window| window == from)
        .unwrap();
    bytes[at..at + to.len()].copy_from_slice(to);
}

#[test]
fn a_broken_file_is_named_with_tensor_and_numbers() {
    let error = broken(|bytes| bytes.truncate(bytes.len() - 5_000));
    assert!(
        error.contains("model.gguf") && error.contains("truncated"),
        "{error}"
    );
    let error = broken(|bytes| replace(bytes, b"blk.1.attn_k.weight", b"blk.9.attn_k.weight"));
    assert!(error.contains("holds no blk.1.attn_k.weight"), "{error}");
    let error = broken(|bytes| {
        replace(
            bytes,
            b"llama.block_count\x04\0\0\0\x02",
            b"llama.block_count\x04\0\0\0\x01",
        );
    });
    assert!(
        error.contains("holds blk.1.attn_k.weight, which is no part"),
        "{error}"
    );
    let error = broken(|bytes| {
        replace(
            bytes,
            b"\x05\0\0\0\0\0\0\0llama",
            b"\x05\0\0\0\0\0\0\0bloom",
        );
    });
    assert!(error.contains("`bloom`"), "{error}");
    let error = broken(|bytes| bytes.truncate(100));
    assert!(error.contains("model.gguf"), "{error}");
    let error = Source::open(Path::new("/nowhere/model"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("/nowhere/model"), "{error}");
    // The kind of a tensor stands behind its name and its two sizes.
    let error = broken(|bytes| {
        let name = b"blk.0.attn_k.weight";
        let at = bytes
            .windows(name.len())
            .position(|window| window == name)
            .unwrap();
        let kind = at + name.len() + 4 + 16;
        assert_eq!(bytes[kind], 8, "Q8_0");
        bytes[kind] = 23;
    });
    assert!(
        error.contains("blk.0.attn_k.weight") && error.contains("IQ4_XS"),
        "{error}"
    );
}
