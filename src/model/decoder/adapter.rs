//! Low-rank adapters (Hu and others, 2021) in the format of PEFT.
//!
//! An adapter adds `up * down * input * alpha / rank` to what a matrix gives. It is added on
//! the fly, so that weights stay as they are, quantized ones too, and requests with different
//! adapters share a batch.

use std::collections::HashMap;
use std::path::Path;

use candle_core::quantized::GgmlDType;
use safetensors::SafeTensors;
use serde::Deserialize;
use serde_json::Value;

use super::super::ModelError;
use super::matrix::Matrix;
use super::source::{FEED_PARTS, Part, Source, floats_of, published_name};

/// The two matrices beside one of the model's.
pub(super) struct LowRank {
    /// Rows of `down`, columns of `up`.
    pub(super) rank: usize,
    /// From inputs, `rank` rows.
    pub(super) down: Vec<f32>,
    /// To outputs, `rank` columns, scaled, its rows in the order of the model's.
    pub(super) up: Vec<f32>,
}

/// An adapter.
pub(crate) struct Adapter {
    pub(super) name: String,
    /// By layer, part, and expert in layers with experts.
    pub(super) parts: HashMap<(usize, Part, Option<usize>), LowRank>,
}

#[derive(Deserialize)]
struct Config {
    peft_type: String,
    r: usize,
    lora_alpha: f32,
    #[serde(default)]
    use_rslora: bool,
    rank_pattern: Option<HashMap<String, usize>>,
    alpha_pattern: Option<HashMap<String, f32>>,
    #[serde(flatten)]
    others: HashMap<String, Value>,
}

/// Settings that change what an adapter does, and that are not supported where they are set.
/// `bias` is not among them: it asks for tensors of its own, and those are refused by name.
const REFUSED: [&str; 11] = [
    "alora_invocation_tokens",
    "arrow_config",
    "fan_in_fan_out",
    "layer_replication",
    "lora_bias",
    "modules_to_save",
    "target_parameters",
    "trainable_token_indices",
    "use_bdlora",
    "use_dora",
    "use_qalora",
];

/// Beginnings of `init_lora_weights` that change the model's own weights before training: such
/// an adapter is the difference to weights that are not here.
const CHANGED_WEIGHTS: [&str; 5] = ["corda", "loftq", "lora_ga", "olora", "pissa"];

impl Config {
    /// Refuses what would be passed over.
    fn check(&self, modules: &[String]) -> Result<(), String> {
        if self.peft_type != "LORA" {
            return Err(format!("it is of type `{}`, not `LORA`", self.peft_type));
        }
        for key in REFUSED {
            if let Some(value) = self.others.get(key).filter(|value| is_set(value)) {
                return Err(format!("its `{key}` is {value}, which is not supported"));
            }
        }
        if let Some(Value::String(start)) = self.others.get("init_lora_weights")
            && CHANGED_WEIGHTS
                .iter()
                .any(|name| start.to_lowercase().starts_with(name))
        {
            return Err(format!(
                "its `init_lora_weights` is `{start}`: it is the difference to weights that \
                 training changed first; PEFT can write it as a plain `LORA`"
            ));
        }
        check_patterns("rank_pattern", self.rank_pattern.as_ref(), modules)?;
        check_patterns("alpha_pattern", self.alpha_pattern.as_ref(), modules)
    }
}

/// Whether a setting is there and says something.
fn is_set(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(values) => !values.is_empty(),
        Value::Object(values) => !values.is_empty(),
        _ => true,
    }
}

/// Refuses patterns that PEFT would understand otherwise than they are here, or that say
/// nothing of this model.
fn check_patterns<T>(
    key: &str,
    patterns: Option<&HashMap<String, T>>,
    modules: &[String],
) -> Result<(), String> {
    for pattern in patterns.into_iter().flat_map(HashMap::keys) {
        // PEFT takes them for regular expressions. A dot is one too, but no two modules differ
        // only where it stands.
        let is_plain = |char: char| char.is_ascii_alphanumeric() || "_-.".contains(char);
        if !pattern.chars().all(is_plain) {
            return Err(format!(
                "its `{key}` has `{pattern}`, and only ends of names are understood, no \
                 regular expressions"
            ));
        }
        if !modules.iter().any(|module| ends_with(module, pattern)) {
            return Err(format!(
                "its `{key}` has `{pattern}`, which is the end of no module's name in this model"
            ));
        }
    }
    Ok(())
}

/// Whether `pattern` is the name of `module`, or the end of it from a dot on.
fn ends_with(module: &str, pattern: &str) -> bool {
    module
        .strip_suffix(pattern)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// What `patterns` say of `module`.
///
/// # Errors
/// When two of them say different things: PEFT takes the first, and JSON has no order.
fn of_pattern<T: Copy + PartialEq>(
    key: &str,
    patterns: Option<&HashMap<String, T>>,
    module: &str,
) -> Result<Option<T>, String> {
    let mut found: Option<(&String, T)> = None;
    for (pattern, value) in patterns.into_iter().flatten() {
        if !ends_with(module, pattern) {
            continue;
        }
        if let Some((other, before)) = found
            && before != *value
        {
            let (first, second) = (other.min(pattern), other.max(pattern));
            return Err(format!(
                "its `{key}` has `{first}` and `{second}`, which say different things of {module}"
            ));
        }
        found = Some((pattern, *value));
    }
    Ok(found.map(|(_, value)| value))
}

/// Projections that an adapter may be beside.
const ATTENTION_PARTS: [Part; 4] = [Part::Query, Part::Key, Part::Value, Part::AttentionOutput];

impl Adapter {
    /// Reads the adapter in `folder` for the model in `source`.
    ///
    /// # Errors
    /// When a file is missing, the adapter is of another kind, or it does not fit the model.
    pub(crate) fn open(folder: &Path, name: &str, source: &Source) -> Result<Self, ModelError> {
        let config_path = folder.join("adapter_config.json");
        let config: Config = serde_json::from_slice(&read(&config_path)?)
            .map_err(|error| ModelError::corrupt(&config_path, error))?;
        let refuse = |reason: String| ModelError::unsupported(&config_path, reason);
        let places = places(source);
        let modules: Vec<String> = places.iter().map(module_of).collect();
        config.check(&modules).map_err(refuse)?;
        let path = folder.join("adapter_model.safetensors");
        let bytes = read(&path)?;
        let tensors =
            SafeTensors::deserialize(&bytes).map_err(|error| ModelError::corrupt(&path, error))?;
        let mut parts = HashMap::new();
        let mut used = 0;
        for (place, module) in places.into_iter().zip(&modules) {
            let (layer, part, expert) = place;
            let tensor = |side: &str| {
                tensors
                    .tensor(&format!("base_model.model.{module}.lora_{side}.weight"))
                    .ok()
            };
            let (Some(down), Some(up)) = (tensor("A"), tensor("B")) else {
                continue;
            };
            used += 2;
            let matrix = source.place(part, layer, expert)?;
            let rank = of_pattern("rank_pattern", config.rank_pattern.as_ref(), module)
                .map_err(refuse)?
                .unwrap_or(config.r);
            let alpha = of_pattern("alpha_pattern", config.alpha_pattern.as_ref(), module)
                .map_err(refuse)?
                .unwrap_or(config.lora_alpha);
            let expected = ([rank, matrix.columns], [matrix.rows, rank]);
            if rank == 0 || down.shape() != expected.0 || up.shape() != expected.1 {
                return Err(ModelError::corrupt(
                    &path,
                    format!(
                        "{module} has the sizes {:?} and {:?}, not {:?} and {:?}",
                        down.shape(),
                        up.shape(),
                        expected.0,
                        expected.1
                    ),
                ));
            }
            #[expect(clippy::cast_precision_loss, reason = "ranks are small")]
            let divisor = if config.use_rslora {
                (rank as f32).sqrt()
            } else {
                rank as f32
            };
            let published = floats(&path, &up, alpha / divisor)?;
            let mut up = vec![0.0; published.len()];
            for (row, values) in published.chunks_exact(rank).enumerate() {
                let row = source.row_of_published(part, row);
                up[row * rank..(row + 1) * rank].copy_from_slice(values);
            }
            let down = floats(&path, &down, 1.0)?;
            parts.insert(place, LowRank { rank, down, up });
        }
        if used != tensors.len() || used == 0 {
            let unused = tensors
                .names()
                .into_iter()
                .find(|name| !belongs(name, &parts))
                .map_or_else(|| "none of its tensors".to_owned(), ToString::to_string);
            return Err(ModelError::unsupported(
                &path,
                format!("{unused} is beside no matrix of this model that an adapter may change"),
            ));
        }
        Ok(Self {
            name: name.to_owned(),
            parts,
        })
    }

    /// Bytes of its matrices as the processor keeps them, the most that a device takes for them.
    pub(crate) fn bytes(&self) -> usize {
        let packed = |rows, columns| Matrix::packed_bytes(GgmlDType::F32, rows, columns);
        self.parts
            .values()
            .map(|part| {
                packed(part.rank, part.down.len() / part.rank)
                    + packed(part.up.len() / part.rank, part.rank)
            })
            .sum()
    }
}

fn belongs(name: &str, parts: &HashMap<(usize, Part, Option<usize>), LowRank>) -> bool {
    parts.keys().any(|place| {
        let module = module_of(place);
        ["A", "B"]
            .iter()
            .any(|side| name == format!("base_model.model.{module}.lora_{side}.weight"))
    })
}

/// The name of a projection, as PEFT's patterns have it.
fn module_of((layer, part, expert): &(usize, Part, Option<usize>)) -> String {
    format!("model.layers.{layer}.{}", published_name(*part, *expert))
}

fn places(source: &Source) -> Vec<(usize, Part, Option<usize>)> {
    let shape = source.shape();
    let mut places = Vec::new();
    for layer in 0..shape.layers {
        places.extend(ATTENTION_PARTS.map(|part| (layer, part, None)));
        match shape.experts {
            Some((experts, _)) => {
                for expert in 0..experts {
                    places.extend(FEED_PARTS.map(|part| (layer, part, Some(expert))));
                }
            }
            None => places.extend(FEED_PARTS.map(|part| (layer, part, None))),
        }
    }
    places
}

fn read(path: &Path) -> Result<Vec<u8>, ModelError> {
    std::fs::read(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => ModelError::Missing {
            file: path.to_owned(),
        },
        _ => ModelError::Io {
            path: path.to_owned(),
            source,
        },
    })
}

fn floats(
    path: &Path,
    tensor: &safetensors::tensor::TensorView<'_>,
    scale: f32,
) -> Result<Vec<f32>, ModelError> {
    let kind = match tensor.dtype() {
        safetensors::Dtype::F32 => GgmlDType::F32,
        safetensors::Dtype::F16 => GgmlDType::F16,
        safetensors::Dtype::BF16 => GgmlDType::BF16,
        other => {
            let reason = format!("it holds weights of kind {other:?}");
            return Err(ModelError::unsupported(path, reason));
        }
    };
    let mut values = floats_of(kind, tensor.data());
    for value in &mut values {
        *value *= scale;
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use safetensors::tensor::TensorView;
    use serde_json::json;

    use super::*;

    fn fixtures() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mixtral")
    }

    /// The committed adapter with settings of its configuration changed or added.
    fn open_with(settings: &Value) -> Result<Adapter, String> {
        open_changed(settings, |bytes| bytes)
    }

    fn open_changed(
        settings: &Value,
        change: impl FnOnce(Vec<u8>) -> Vec<u8>,
    ) -> Result<Adapter, String> {
        let committed = fixtures().join("adapter");
        let folder = tempfile::tempdir().unwrap();
        let name = "adapter_config.json";
        let mut config: Value =
            serde_json::from_slice(&std::fs::read(committed.join(name)).unwrap()).unwrap();
        for (key, value) in settings.as_object().unwrap() {
            config[key] = value.clone();
        }
        std::fs::write(folder.path().join(name), config.to_string()).unwrap();
        let name = "adapter_model.safetensors";
        let weights = change(std::fs::read(committed.join(name)).unwrap());
        std::fs::write(folder.path().join(name), weights).unwrap();
        let source = Source::open(&fixtures()).unwrap();
        Adapter::open(folder.path(), "adapter", &source).map_err(|error| error.to_string())
    }

    /// How many times as much a projection adds with `settings`.
    #[track_caller]
    fn scale_with(settings: &Value, place: (usize, Part, Option<usize>)) -> f32 {
        let plain = open_with(&json!({})).unwrap();
        let changed = open_with(settings).unwrap();
        let values = plain.parts[&place].up.iter().zip(&changed.parts[&place].up);
        let (plain, changed) = values
            .into_iter()
            .find(|(plain, _)| **plain != 0.0)
            .unwrap();
        changed / plain
    }

    #[test]
    fn what_an_adapter_asks_for_and_does_not_get_is_refused_by_name() {
        for (key, value) in [
            ("use_dora", json!(true)),
            ("fan_in_fan_out", json!(true)),
            ("lora_bias", json!(true)),
            ("layer_replication", json!([[0, 1], [0, 2]])),
            ("alora_invocation_tokens", json!([1, 2])),
            ("modules_to_save", json!(["lm_head"])),
            ("trainable_token_indices", json!([5])),
            ("target_parameters", json!(["experts.weight"])),
            ("use_qalora", json!(true)),
            ("init_lora_weights", json!("pissa_niter_16")),
            ("peft_type", json!("LOHA")),
        ] {
            let error = open_with(&json!({ key: value })).err();
            let error = error.unwrap_or_else(|| panic!("{key} was passed over"));
            let named = if key == "peft_type" { "LOHA" } else { key };
            assert!(error.contains(named), "{key}: {error}");
            assert!(error.contains("adapter_config.json"), "{key}: {error}");
        }
        // As PEFT writes settings that nobody asked for.
        let unset = json!({
            "use_dora": false, "layer_replication": null, "alora_invocation_tokens": null,
            "modules_to_save": [], "rank_pattern": {}, "alpha_pattern": null,
            "init_lora_weights": true, "loftq_config": {}, "lora_bias": false,
        });
        assert!(open_with(&unset).is_ok());
    }

    #[test]
    fn biases_of_an_adapter_are_refused_by_name() {
        let with_bias = |bytes: Vec<u8>| {
            let tensors = SafeTensors::deserialize(&bytes).unwrap();
            let mut tensors = tensors.tensors();
            let values = [0; 4 * 64];
            let bias = TensorView::new(safetensors::Dtype::F32, vec![64], &values).unwrap();
            let name = "base_model.model.model.layers.0.self_attn.q_proj.bias";
            tensors.push((name.to_owned(), bias));
            safetensors::serialize(tensors, None).unwrap()
        };
        let error = open_changed(&json!({ "bias": "all" }), with_bias)
            .err()
            .unwrap();
        assert!(error.contains("self_attn.q_proj.bias"), "{error}");
    }

    #[test]
    fn patterns_are_ends_of_names() {
        let query = |layer| (layer, Part::Query, None);
        let second = json!({ "alpha_pattern": { "layers.1.self_attn.q_proj": 16 } });
        assert_close(scale_with(&second, query(0)), 1.0);
        assert_close(scale_with(&second, query(1)), 2.0);
        let all = json!({ "alpha_pattern": { "q_proj": 24 }, "rank_pattern": { "q_proj": 4 } });
        assert_close(scale_with(&all, query(0)), 3.0);
        assert_close(scale_with(&all, (0, Part::Key, None)), 1.0);
        // PEFT looks for `layers.1` from a dot on, and finds it in no other layer.
        let expert = json!({ "alpha_pattern": { "experts.1.w1": 16 } });
        assert_close(scale_with(&expert, (0, Part::Gate, Some(1))), 2.0);
        assert_close(scale_with(&expert, (0, Part::Gate, Some(0))), 1.0);
        // Patterns that agree.
        let both = json!({ "alpha_pattern": { "q_proj": 16, "self_attn.q_proj": 16 } });
        assert_close(scale_with(&both, query(0)), 2.0);
    }

    #[test]
    fn patterns_that_cannot_be_followed_are_refused() {
        for (pattern, reason) in [
            (r".*\.q_proj", "regular expressions"),
            ("^model.layers.0.self_attn.q_proj", "regular expressions"),
            ("(q|k)_proj", "regular expressions"),
            ("_proj", "end of no module"),
            ("c_attn", "end of no module"),
            ("", "end of no module"),
        ] {
            for key in ["rank_pattern", "alpha_pattern"] {
                let error = open_with(&json!({ key: { pattern: 4 } })).err();
                let error = error.unwrap_or_else(|| panic!("`{pattern}` was passed over"));
                assert!(
                    error.contains(key) && error.contains(pattern) && error.contains(reason),
                    "`{pattern}`: {error}"
                );
            }
        }
        let two = json!({ "alpha_pattern": { "q_proj": 16, "self_attn.q_proj": 8 } });
        let error = open_with(&two).err().unwrap();
        assert!(error.contains("`q_proj` and `self_attn.q_proj`"), "{error}");
    }

    #[test]
    fn rank_stabilized_adapters_divide_by_the_root_of_the_rank() {
        // Of a rank of 4: by 2 instead of by 4.
        let scale = scale_with(&json!({ "use_rslora": true }), (0, Part::Query, None));
        assert_close(scale, 2.0);
    }

    #[test]
    fn a_rank_that_the_weights_do_not_have_is_refused_with_sizes() {
        for rank in [0, 5, 1 << 60, u64::MAX] {
            let error = open_with(&json!({ "r": rank })).err().unwrap();
            assert!(
                error.contains("self_attn.q_proj has the sizes") && error.contains("[4, 64]"),
                "{rank}: {error}"
            );
            assert!(error.contains(&rank.to_string()), "{rank}: {error}");
        }
    }

    #[track_caller]
    fn assert_close(found: f32, expected: f32) {
        assert!((found - expected).abs() < 1e-5, "{found}, not {expected}");
    }
}
