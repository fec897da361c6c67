//! Files that were made to do harm, or broke on their way: opening one answers, whatever it
//! holds, and takes no more memory than a header may.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::source::Source;
use super::template::ChatTemplate;
use super::vocabulary::Vocabulary;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mixtral")
}

fn committed() -> Vec<u8> {
    std::fs::read(fixtures().join("model.Q8_0.gguf")).unwrap()
}

/// Where the name `name` stands, behind its length.
#[track_caller]
fn place_of(bytes: &[u8], name: &str) -> usize {
    let named = [&(name.len() as u64).to_le_bytes(), name.as_bytes()].concat();
    let place = bytes
        .windows(named.len())
        .position(|window| window == named);
    place.unwrap() + 8
}

/// Where the names of values and tensors end in the committed file.
fn end_of_header(bytes: &[u8]) -> usize {
    let last = "output.weight";
    // Behind the name: dimensions, two sizes, a kind and a place.
    place_of(bytes, last) + last.len() + 4 + 16 + 4 + 8
}

/// A changed copy of the committed file that can be changed further.
struct Copy {
    path: PathBuf,
    file: File,
    _folder: tempfile::TempDir,
}

impl Copy {
    fn of(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.gguf");
        std::fs::write(&path, bytes).unwrap();
        Self {
            file: File::options().write(true).open(&path).unwrap(),
            path,
            _folder: folder,
        }
    }

    /// Opens it as the engine does.
    fn read(&self) -> Result<(), String> {
        let source = Source::open(&self.path).map_err(|error| error.to_string())?;
        let vocabulary = Vocabulary::from_gguf(source.metadata())?;
        ChatTemplate::from_gguf(source.metadata(), &vocabulary)
            .map_err(|error| error.to_string())?;
        Ok(())
    }
}

/// What opening a changed copy of the committed file says.
#[track_caller]
fn refused(change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut bytes = committed();
    change(&mut bytes);
    let error = Copy::of(&bytes).read().unwrap_err();
    assert!(error.contains("model.gguf"), "{error}");
    error
}

/// Puts a value before all others.
fn insert(bytes: &mut Vec<u8>, key: &str, kind: u32, value: &[u8]) {
    bytes[16] += 1;
    let length = key.len() as u64;
    let entry = [
        &length.to_le_bytes(),
        key.as_bytes(),
        &kind.to_le_bytes(),
        value,
    ]
    .concat();
    bytes.splice(24..24, entry);
}

/// The bytes of a list before its elements.
fn list(kind: u32, count: u64) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &count.to_le_bytes()].concat()
}

#[test]
fn a_file_with_any_byte_of_its_header_changed_answers() {
    let bytes = committed();
    let end = end_of_header(&bytes);
    let tokens = place_of(&bytes, "tokenizer.ggml.tokens");
    let after = place_of(&bytes, "tokenizer.ggml.bos_token_id");
    let copy = Copy::of(&bytes);
    assert_eq!(copy.read(), Ok(()));
    let mut accepted = 0;
    for at in 0..end {
        // Most of a vocabulary is like the rest of it.
        if (tokens + 100..after).contains(&at) && !at.is_multiple_of(13) {
            continue;
        }
        for byte in [0x00, 0xff] {
            copy.file.write_all_at(&[byte], at as u64).unwrap();
            accepted += usize::from(copy.read().is_ok());
        }
        copy.file.write_all_at(&bytes[at..=at], at as u64).unwrap();
    }
    assert!(accepted > 0, "nothing that was written had been changed");
    assert_eq!(copy.read(), Ok(()));
}

#[test]
fn a_file_that_ends_anywhere_is_refused() {
    let bytes = committed();
    let copy = Copy::of(&bytes);
    // From the end: a file that grows again would hold zeros.
    for length in (0..bytes.len()).rev() {
        if length < 10_000 && length.is_multiple_of(7) || length.is_multiple_of(1_009) {
            copy.file.set_len(length as u64).unwrap();
            assert!(copy.read().is_err(), "{length} bytes");
        }
    }
}

#[test]
fn published_weights_with_any_byte_of_their_header_changed_answer() {
    let folder = tempfile::tempdir().unwrap();
    let config = "config.json";
    std::fs::copy(fixtures().join(config), folder.path().join(config)).unwrap();
    let name = "model.safetensors";
    let bytes = std::fs::read(fixtures().join(name)).unwrap();
    std::fs::write(folder.path().join(name), &bytes).unwrap();
    let file = File::options()
        .write(true)
        .open(folder.path().join(name))
        .unwrap();
    let length = u64::from_le_bytes(*bytes.first_chunk().unwrap());
    let end = 8 + usize::try_from(length).unwrap();
    for at in (0..end).filter(|at| *at < 600 || at.is_multiple_of(11)) {
        for byte in [0x00, 0xff, b'9'] {
            file.write_all_at(&[byte], at as u64).unwrap();
            // Either is an answer.
            let _ = Source::open(folder.path());
        }
        file.write_all_at(&bytes[at..=at], at as u64).unwrap();
    }
    assert!(Source::open(folder.path()).is_ok());
}

#[test]
fn lists_longer_than_any_are_refused_at_once() {
    for kind in 0..=12 {
        let error = refused(|bytes| insert(bytes, "hostile", 9, &list(kind, 1 << 60)));
        assert!(error.contains("`hostile`"), "kind {kind}: {error}");
        assert!(
            error.contains("1152921504606846976"),
            "kind {kind}: {error}"
        );
    }
    // What candle would take: 24 bytes of memory for each of the file.
    let error = refused(|bytes| {
        let mut value = list(0, 5_000_000);
        value.resize(value.len() + 5_000_000, 0);
        insert(bytes, "hostile", 9, &value);
    });
    assert!(error.contains("5000000 of `hostile`"), "{error}");
    let error = refused(|bytes| insert(bytes, "hostile", 9, &list(4, 1 << 21)));
    assert!(
        error.contains("hostile has 8388608 bytes") && error.contains("truncated"),
        "{error}"
    );
    let error = refused(|bytes| insert(bytes, "hostile", 9, &list(9, 1)));
    assert!(error.contains("`hostile` is a list of lists"), "{error}");
    let error = refused(|bytes| insert(bytes, "hostile", 9, &list(13, 1)));
    assert!(error.contains("list of the unknown kind 13"), "{error}");
    let error = refused(|bytes| insert(bytes, "hostile", 8, &u64::MAX.to_le_bytes()));
    assert!(error.contains("18446744073709551615"), "{error}");
}

#[test]
fn headers_that_say_too_much_are_refused() {
    for (at, what) in [(8, "tensors"), (16, "values")] {
        let error = refused(|bytes| bytes[at..at + 8].fill(0xff));
        assert!(
            error.contains(&format!("18446744073709551615 {what}")),
            "{error}"
        );
    }
    let error = refused(|bytes| insert(bytes, &"a".repeat(1_001), 7, &[0]));
    assert!(error.contains("has 1001 bytes, over 1000"), "{error}");
    let error = refused(|bytes| insert(bytes, "general.name", 7, &[0]));
    assert!(error.contains("`general.name` twice"), "{error}");
    let error = refused(|bytes| bytes[4] = 4);
    assert!(error.contains("version 4"), "{error}");
    let error = refused(|bytes| bytes[0] = b'g');
    assert!(error.contains("`gGUF`"), "{error}");
    for alignment in [0_u32, 3, 48] {
        let error = refused(|bytes| {
            insert(bytes, "general.alignment", 4, &alignment.to_le_bytes());
        });
        assert!(
            error.contains(&format!("`general.alignment` is {alignment}, not a power")),
            "{error}"
        );
    }
    // candle would read it as the name without the zero, and divide by it.
    let error = refused(|bytes| insert(bytes, "general.alignment\0", 4, &[0; 4]));
    assert!(error.contains("with a zero in it"), "{error}");
    let error = refused(|bytes| insert(bytes, "general.alignment", 0, &[0]));
    assert!(
        error.contains("`general.alignment` is of kind 0"),
        "{error}"
    );
}

#[test]
fn tensors_larger_than_any_file_are_refused_by_name() {
    let name = "blk.0.attn_k.weight";
    let behind = |bytes: &[u8]| place_of(bytes, name) + name.len();
    let error = refused(|bytes| {
        let sizes = behind(bytes) + 4;
        bytes[sizes..sizes + 16].fill(0xff);
    });
    assert!(
        error.contains(name) && error.contains("18446744073709551615"),
        "{error}"
    );
    let error = refused(|bytes| {
        let place = behind(bytes) + 4 + 16 + 4;
        bytes[place..place + 8].fill(0xff);
    });
    assert!(
        error.contains(name) && error.contains("more than a file can hold"),
        "{error}"
    );
    let error = refused(|bytes| {
        let dimensions = behind(bytes);
        bytes[dimensions..dimensions + 4].fill(0xff);
    });
    assert!(
        error.contains(name) && error.contains("4294967295 dimensions"),
        "{error}"
    );
    // The vocabulary is as large as the table of its tokens.
    for (tokens, named) in [
        (0_u64, "vocabulary` is 0"),
        (1 << 50, "vocabulary` is 1125"),
    ] {
        let error = refused(|bytes| {
            let name = "token_embd.weight";
            let rows = place_of(bytes, name) + name.len() + 4 + 8;
            bytes[rows..rows + 8].copy_from_slice(&tokens.to_le_bytes());
        });
        assert!(error.contains(named), "{error}");
    }
}

/// Renames the tensor `from`.
fn rename(bytes: &mut [u8], from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    let at = place_of(bytes, from);
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
}

#[test]
fn biases_are_refused_by_name() {
    // Those that are renamed are missing then: biases are looked for first.
    for (from, to) in [
        ("output_norm.weight", "output.longer.bias"),
        ("blk.0.ffn_norm.weight", "blk.0.ffn_gate.0.bias"),
        ("blk.0.attn_norm.weight", "blk.0.ffn_gate_in.bias"),
        ("blk.1.attn_output.weight", "blk.1.attn_qkv_full.bias"),
    ] {
        let error = refused(|bytes| rename(bytes, from, to));
        assert!(
            error.contains(to) && error.contains("biases are not supported"),
            "{error}"
        );
    }
    for bias in [
        "lm_head.bias",
        "model.layers.0.block_sparse_moe.gate.bias",
        "model.layers.1.self_attn.q_proj.bias",
        "model.layers.1.mlp.down_proj.bias",
    ] {
        let error = published_with(bias);
        assert!(
            error.contains(bias) && error.contains("biases are not supported"),
            "{error}"
        );
    }
}

/// What opening the committed published model with one more tensor says.
fn published_with(name: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let config = "config.json";
    std::fs::copy(fixtures().join(config), folder.path().join(config)).unwrap();
    let file = "model.safetensors";
    let bytes = std::fs::read(fixtures().join(file)).unwrap();
    let mut tensors = safetensors::SafeTensors::deserialize(&bytes)
        .unwrap()
        .tensors();
    let values = [0; 8];
    let tensor =
        safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![2], &values).unwrap();
    tensors.push((name.to_owned(), tensor));
    std::fs::write(
        folder.path().join(file),
        safetensors::serialize(tensors, None).unwrap(),
    )
    .unwrap();
    Source::open(folder.path()).unwrap_err().to_string()
}

/// Eight tensors of 2^61 bytes end where 64 bits do.
#[test]
fn published_tensors_larger_than_any_file_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let config = "config.json";
    std::fs::copy(fixtures().join(config), folder.path().join(config)).unwrap();
    let size = (1_u64 << 61) - 1;
    let tensors: Vec<String> = (0..8_u64)
        .map(|index| {
            format!(
                r#""tensor.{index}": {{"dtype": "U8", "shape": [{size}], "data_offsets": [{}, {}]}}"#,
                index * size,
                (index + 1) * size
            )
        })
        .collect();
    let header = format!("{{{}}}", tensors.join(", "));
    let bytes = [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat();
    std::fs::write(folder.path().join("model.safetensors"), bytes).unwrap();
    let error = Source::open(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("tensor.7") && error.contains("more than a file can hold"),
        "{error}"
    );
}

/// Frequencies are divided by their factors.
#[test]
fn factors_of_frequencies_are_numbers_over_0() {
    // A norm is of floats too. A head has 16 values.
    let (from, to) = ("blk.0.attn_norm.weight", "rope_freqs.weight");
    let error = refused(|bytes| {
        let at = place_of(bytes, from);
        let place = at + from.len() + 4 + 8 + 4;
        let offset = u64::from_le_bytes(*bytes[place..].first_chunk().unwrap());
        bytes[place - 12..place - 4].copy_from_slice(&8_u64.to_le_bytes());
        bytes[at - 8..at].copy_from_slice(&(to.len() as u64).to_le_bytes());
        bytes.splice(at..at + from.len(), to.bytes());
        // Weights begin at the next multiple of 32.
        let end = end_of_header(bytes);
        bytes.splice(end..end, vec![0; from.len() - to.len()]);
        let start = end.next_multiple_of(32) + usize::try_from(offset).unwrap();
        bytes[start..start + 4].fill(0);
    });
    assert!(error.contains("factor of frequencies` is 0"), "{error}");
}
