//! A model without files, whose weights are made up as they are read: to measure how fast a
//! device is with a model of any size, before tens of gigabytes are brought to it.
//!
//! Everything but the reading of files is as for a real model. Weights are cut from a mebibyte
//! of random values, at another place for each matrix and row; what they compute means nothing.

use std::collections::HashMap;
use std::fs::File;
use std::path::PathBuf;
use std::str::FromStr;

use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};

use super::super::ModelError;
use super::shape::{Pairs, Rope, Shape};
use super::source::{Described, FEED_PARTS, LAYER_PARTS, Part, Source};
use super::stage::device_failed;

/// Weights that stand for all others: a prime number of the largest blocks, so that rows of
/// common widths do not repeat each other.
const PATTERN: usize = 1_021 * 256;

/// What the weights of a made-up model are kept as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeUpWeights {
    /// The mixture that `llama-quantize` makes of Mixtral 8x7B and calls `Q4_K_M`.
    Q4KM,
    /// 8 bits.
    Q8,
    /// As published.
    Bf16,
}

impl FromStr for MadeUpWeights {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "q4_k_m" => Ok(Self::Q4KM),
            "q8_0" => Ok(Self::Q8),
            "bf16" => Ok(Self::Bf16),
            _ => Err(format!("`{text}` is none of `q4_k_m`, `q8_0`, `bf16`")),
        }
    }
}

impl std::fmt::Display for MadeUpWeights {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Q4KM => "q4_k_m",
            Self::Q8 => "q8_0",
            Self::Bf16 => "bf16",
        })
    }
}

impl MadeUpWeights {
    fn kind(self, part: Part, layer: usize) -> GgmlDType {
        match (part, self) {
            (Part::OutputNorm | Part::AttentionNorm | Part::FeedNorm, _) => GgmlDType::F32,
            // So small a matrix is never quantized.
            (Part::Router, _) | (_, Self::Bf16) => GgmlDType::BF16,
            (_, Self::Q8) | (Part::Key | Part::Value, Self::Q4KM) => GgmlDType::Q8_0,
            (Part::AttentionOutput, Self::Q4KM) => GgmlDType::Q5K,
            (Part::Output, Self::Q4KM) => GgmlDType::Q6K,
            // Every second layer's second projection gets more bits.
            (Part::Down, Self::Q4KM) if layer.is_multiple_of(2) => GgmlDType::Q6K,
            (_, Self::Q4KM) => GgmlDType::Q4K,
        }
    }
}

/// The sizes of a made-up model; by default those of Mixtral 8x7B.
#[derive(Clone, Copy, Debug)]
pub struct MadeUpSizes {
    /// Layers.
    pub layers: usize,
    /// Values that a token is represented by.
    pub hidden: usize,
    /// Attention heads of queries.
    pub heads: usize,
    /// Attention heads of keys and values.
    pub kv_heads: usize,
    /// Width of each expert.
    pub feed: usize,
    /// Experts of a layer.
    pub experts: usize,
    /// Experts that a token uses.
    pub used: usize,
    /// Tokens that there are.
    pub vocabulary: usize,
}

impl Default for MadeUpSizes {
    fn default() -> Self {
        Self {
            layers: 32,
            hidden: 4_096,
            heads: 32,
            kv_heads: 8,
            feed: 14_336,
            experts: 8,
            used: 2,
            vocabulary: 32_000,
        }
    }
}

impl MadeUpSizes {
    fn shape(&self) -> Shape {
        Shape {
            architecture: "mixtral".to_owned(),
            hidden: self.hidden,
            layers: self.layers,
            heads: self.heads,
            kv_heads: self.kv_heads,
            head: self.hidden / self.heads.max(1),
            feed: self.feed,
            experts: Some((self.experts, self.used)),
            vocabulary: self.vocabulary,
            window: 32_768,
            epsilon: 1e-5,
            rope: Rope {
                base: 1e6,
                pairs: Pairs::Halves,
                scale: 1.0,
                factors: None,
            },
            sliding_window: None,
        }
    }
}

/// Bytes that stand for weights of each kind.
#[derive(Debug)]
pub(super) struct Patterns(HashMap<GgmlDType, Vec<u8>>);

impl Patterns {
    fn add(&mut self, kind: GgmlDType) -> candle_core::Result<()> {
        if self.0.contains_key(&kind) {
            return Ok(());
        }
        let values: Vec<f32> = if kind == GgmlDType::F32 {
            vec![1.0; PATTERN]
        } else {
            let mut state = 1_u64;
            (0..PATTERN)
                .map(|_| {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    // As wide as the weights of trained models are.
                    let value = f32::from(u16::try_from(state >> 48).unwrap_or_default());
                    (value / 32_768.0 - 1.0) * 0.03
                })
                .collect()
        };
        let bytes = match kind {
            GgmlDType::F32 => values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
            GgmlDType::BF16 => values
                .iter()
                .flat_map(|value| half::bf16::from_f32(*value).to_le_bytes())
                .collect(),
            kind => {
                let values = Tensor::from_vec(values, PATTERN, &Device::Cpu)?;
                QTensor::quantize(&values, kind)?.data()?.into_owned()
            }
        };
        self.0.insert(kind, bytes);
        Ok(())
    }

    /// `len` bytes of weights of `kind` that stand at `offset`.
    pub(super) fn read(&self, kind: GgmlDType, offset: u64, len: usize) -> Vec<u8> {
        let pattern = &self.0[&kind];
        let block = kind.type_size();
        let blocks = (pattern.len() / block) as u64;
        // What stands elsewhere begins elsewhere in the pattern, with a whole block.
        let first = usize::try_from(offset / block as u64 % blocks).unwrap_or(0) * block;
        let mut bytes = Vec::with_capacity(len);
        bytes.extend_from_slice(&pattern[first..][..len.min(pattern.len() - first)]);
        while bytes.len() < len {
            let rest = len - bytes.len();
            bytes.extend_from_slice(&pattern[..rest.min(pattern.len())]);
        }
        bytes
    }
}

impl Source {
    /// A model of these sizes without files.
    ///
    /// # Errors
    /// When a model cannot have these sizes.
    pub(crate) fn made_up(sizes: &MadeUpSizes, weights: MadeUpWeights) -> Result<Self, ModelError> {
        let name = PathBuf::from(format!("made-up model ({weights})"));
        let shape = sizes.shape();
        shape
            .check()
            .map_err(|reason| ModelError::unsupported(&name, reason))?;
        let nothing = File::open("/dev/null").map_err(ModelError::io("/dev/null"))?;
        let mut source = Self::empty(shape, name, nothing);
        let mut patterns = Patterns(HashMap::new());
        let mut parts = vec![
            (Part::Embedding, 0, None),
            (Part::OutputNorm, 0, None),
            (Part::Output, 0, None),
        ];
        for layer in 0..sizes.layers {
            parts.extend(LAYER_PARTS.map(|part| (part, layer, None)));
            parts.push((Part::Router, layer, None));
            for expert in 0..sizes.experts {
                parts.extend(FEED_PARTS.map(|part| (part, layer, Some(expert))));
            }
        }
        let mut offset = 0;
        for (part, layer, expert) in parts {
            let kind = weights.kind(part, layer);
            patterns.add(kind).map_err(device_failed)?;
            let (rows, columns) = source.sizes(part);
            let described = Described {
                kind: Ok(kind),
                sizes: if rows == 1 {
                    vec![columns]
                } else {
                    vec![rows, columns]
                },
                file: 0,
                offset,
                bytes: (rows * columns / kind.block_size() * kind.type_size()) as u64,
            };
            offset += described.bytes;
            source.hold(part, layer, expert, described);
        }
        source.make_up(patterns);
        // Looks at every matrix, rows of whole blocks among it.
        source.places()?;
        Ok(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_weights_differ_by_place_and_are_numbers() {
        let sizes = MadeUpSizes {
            layers: 2,
            hidden: 256,
            heads: 4,
            kv_heads: 2,
            feed: 512,
            experts: 4,
            used: 2,
            vocabulary: 64,
        };
        for weights in [MadeUpWeights::Q4KM, MadeUpWeights::Q8, MadeUpWeights::Bf16] {
            let source = Source::made_up(&sizes, weights).unwrap();
            let read = |part, layer, expert| {
                let place = source.place(part, layer, expert).unwrap();
                source.floats(&place).unwrap()
            };
            let one = read(Part::Gate, 0, Some(0));
            assert_eq!(one.len(), 512 * 256);
            assert!(one.iter().all(|value| value.abs() < 0.05));
            assert!(one.iter().any(|value| value.abs() > 0.01));
            assert_ne!(one, read(Part::Gate, 0, Some(1)));
            assert_ne!(one, read(Part::Gate, 1, Some(0)));
            assert!(
                read(Part::FeedNorm, 1, None)
                    .iter()
                    .all(|value| (value - 1.0).abs() < 1e-6)
            );
        }
    }

    #[test]
    fn a_made_up_mixtral_is_as_large_as_the_published() {
        let bytes = |weights| {
            let source = Source::made_up(&MadeUpSizes::default(), weights).unwrap();
            let places = source.places().unwrap();
            let bytes: usize = places.iter().map(|place| place.bytes).sum();
            bytes / 1_000_000
        };
        assert_eq!(bytes(MadeUpWeights::Bf16), 93_406);
        let small = bytes(MadeUpWeights::Q4KM);
        assert!((26_000..29_000).contains(&small), "{small}");
    }

    #[test]
    fn sizes_that_no_model_has_are_refused() {
        let sizes = MadeUpSizes {
            hidden: 100,
            ..MadeUpSizes::default()
        };
        let error = Source::made_up(&sizes, MadeUpWeights::Bf16)
            .unwrap_err()
            .to_string();
        assert!(error.contains("made-up model"), "{error}");
    }
}
