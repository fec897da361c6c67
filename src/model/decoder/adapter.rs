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

use super::super::ModelError;
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
    #[serde(default)]
    use_dora: bool,
    #[serde(default)]
    fan_in_fan_out: bool,
    #[serde(default)]
    rank_pattern: HashMap<String, usize>,
    #[serde(default)]
    alpha_pattern: HashMap<String, f32>,
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
        if config.peft_type != "LORA" || config.use_dora || config.fan_in_fan_out {
            return Err(ModelError::unsupported(
                &config_path,
                format!(
                    "it is of type `{}`, not a plain `LORA`",
                    if config.use_dora {
                        "DoRA"
                    } else {
                        &config.peft_type
                    }
                ),
            ));
        }
        let path = folder.join("adapter_model.safetensors");
        let bytes = read(&path)?;
        let tensors =
            SafeTensors::deserialize(&bytes).map_err(|error| ModelError::corrupt(&path, error))?;
        let mut parts = HashMap::new();
        let mut used = 0;
        for place in places(source) {
            let (layer, part, expert) = place;
            let module = format!("model.layers.{layer}.{}", published_name(part, expert));
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
            let rank = pattern(&config.rank_pattern, &module).unwrap_or(config.r);
            let alpha = pattern(&config.alpha_pattern, &module).unwrap_or(config.lora_alpha);
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

    /// Bytes of its matrices.
    pub(crate) fn bytes(&self) -> usize {
        let values = |part: &LowRank| part.down.len() + part.up.len();
        4 * self.parts.values().map(values).sum::<usize>()
    }
}

fn belongs(name: &str, parts: &HashMap<(usize, Part, Option<usize>), LowRank>) -> bool {
    parts.keys().any(|(layer, part, expert)| {
        let module = format!("model.layers.{layer}.{}", published_name(*part, *expert));
        ["A", "B"]
            .iter()
            .any(|side| name == format!("base_model.model.{module}.lora_{side}.weight"))
    })
}

/// The value of the first pattern that `module` ends with, as PEFT has it for plain names.
fn pattern<T: Copy>(patterns: &HashMap<String, T>, module: &str) -> Option<T> {
    patterns
        .iter()
        .find(|(pattern, _)| module == pattern.as_str() || module.ends_with(&format!(".{pattern}")))
        .map(|(_, value)| *value)
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
    values.iter_mut().for_each(|value| *value *= scale);
    Ok(values)
}
