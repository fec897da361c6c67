//! The file of a built-in verifier's weights.
//!
//! Safetensors, with the sizes in its metadata. Tensors are called as BERT's are; weights of
//! dense layers are bytes (`I8`) with a factor for each output (`.weight_scale`), all else
//! floats.

use std::collections::HashMap;
use std::str::FromStr;

use half::f16;
use safetensors::{Dtype, SafeTensors};

use super::super::ModelError;
use super::super::weights::{Linear, Norm, Sizes, Values, Weights, in_layer};

/// What errors call the file.
const FILE: &str = "the built-in verifier";

/// A file of weights, opened.
pub(super) struct VerifierFile<'a> {
    tensors: SafeTensors<'a>,
    metadata: HashMap<String, String>,
    sizes: Sizes,
}

impl<'a> VerifierFile<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, ModelError> {
        let corrupt = |error| ModelError::corrupt(FILE, error);
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(corrupt)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(corrupt)?;
        let mut file = Self {
            tensors,
            metadata: header.metadata().clone().unwrap_or_default(),
            sizes: Sizes {
                layers: 0,
                hidden: 0,
                heads: 0,
                wide: 0,
                epsilon: 0.0,
            },
        };
        file.sizes = Sizes {
            layers: file.number("layers")?,
            hidden: file.number("hidden")?,
            heads: file.number("heads")?,
            wide: file.number("intermediate")?,
            epsilon: file.number("epsilon")?,
        };
        let Sizes {
            layers,
            hidden,
            heads,
            wide,
            ..
        } = file.sizes;
        if [layers, hidden, heads, wide].contains(&0) || !hidden.is_multiple_of(heads) {
            return Err(ModelError::corrupt(FILE, "its sizes do not fit together"));
        }
        Ok(file)
    }

    /// What the metadata calls `key`.
    pub(super) fn text(&self, key: &str) -> Result<&str, ModelError> {
        let text = self.metadata.get(key).map(String::as_str);
        text.ok_or_else(|| ModelError::corrupt(FILE, format!("its metadata holds no {key}")))
    }

    /// A number of the metadata.
    pub(super) fn number<T: FromStr>(&self, key: &str) -> Result<T, ModelError> {
        let text = self.text(key)?;
        text.parse()
            .map_err(|_| ModelError::corrupt(FILE, format!("its {key} is `{text}`")))
    }

    /// The floats of a tensor of these sizes.
    pub(super) fn floats(&self, name: &str, sizes: &[usize]) -> Result<Vec<f32>, ModelError> {
        let data = |kind| self.data(name, kind, sizes);
        match self.kind(name)? {
            Dtype::F16 => Ok(data(Dtype::F16)?
                .as_chunks()
                .0
                .iter()
                .map(|bytes| f16::from_le_bytes(*bytes).to_f32())
                .collect()),
            _ => Ok(data(Dtype::F32)?
                .as_chunks()
                .0
                .iter()
                .map(|bytes| f32::from_le_bytes(*bytes))
                .collect()),
        }
    }

    fn kind(&self, name: &str) -> Result<Dtype, ModelError> {
        let tensor = self.tensors.tensor(name);
        Ok(tensor
            .map_err(|error| ModelError::corrupt(FILE, error))?
            .dtype())
    }

    fn data(&self, name: &str, kind: Dtype, sizes: &[usize]) -> Result<&'a [u8], ModelError> {
        let tensor = self.tensors.tensor(name);
        let tensor = tensor.map_err(|error| ModelError::corrupt(FILE, error))?;
        if tensor.dtype() != kind || tensor.shape() != sizes {
            return Err(ModelError::corrupt(
                FILE,
                format!(
                    "{name} is {:?} of the sizes {:?}, not {kind:?} of {sizes:?}",
                    tensor.dtype(),
                    tensor.shape()
                ),
            ));
        }
        Ok(tensor.data())
    }
}

impl Weights for VerifierFile<'_> {
    fn sizes(&self) -> Sizes {
        self.sizes
    }

    fn norm(&self, stem: &str, layer: Option<usize>) -> Result<Norm, ModelError> {
        let sizes = [self.sizes.hidden];
        Ok(Norm {
            scale: self.floats(&in_layer(stem, "weight", layer), &sizes)?,
            shift: self.floats(&in_layer(stem, "bias", layer), &sizes)?,
        })
    }

    fn linear(
        &self,
        stem: &str,
        layer: usize,
        inputs: usize,
        outputs: usize,
    ) -> Result<Linear, ModelError> {
        let name = |ending| in_layer(stem, ending, Some(layer));
        let codes = self.data(&name("weight"), Dtype::I8, &[outputs, inputs])?;
        Ok(Linear {
            weight: Values::Bytes {
                codes: codes.iter().map(|code| code.cast_signed()).collect(),
                scales: self.floats(&name("weight_scale"), &[outputs])?,
            },
            bias: self.floats(&name("bias"), &[outputs])?,
        })
    }
}
