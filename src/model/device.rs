//! The forward pass of a BERT encoder by candle's operations, on an accelerator.
//!
//! On the processor [`super::encoder`] is faster; the two agree, and a test compares them.

use std::sync::Arc;

use candle_core::{D, DType, Device, Tensor};

use super::ModelError;
use super::config::Device as Choice;
use super::weights::{Checkpoint, Linear, Norm, Sizes, Weights, Words};

/// An encoder whose weights lie on a device.
pub(super) struct DeviceEncoder {
    words: Arc<Words>,
    positions: Tensor,
    norm: DeviceNorm,
    stack: DeviceStack,
}

/// The layers of an encoder, on a device.
pub(super) struct DeviceStack {
    device: Device,
    hidden: usize,
    heads: usize,
    epsilon: f64,
    layers: Vec<Layer>,
}

struct Layer {
    query: Dense,
    key: Dense,
    value: Dense,
    output: Dense,
    attention_norm: DeviceNorm,
    up: Dense,
    down: Dense,
    norm: DeviceNorm,
}

struct Dense {
    weight: Tensor,
    bias: Tensor,
}

struct DeviceNorm {
    scale: Tensor,
    shift: Tensor,
}

/// The accelerator that `choice` asks for; none when the processor is to be used.
pub(super) fn accelerator(choice: Choice) -> Result<Option<Device>, ModelError> {
    let cannot = |reason: String| ModelError::Device {
        device: choice,
        reason,
    };
    match choice {
        Choice::Cpu => Ok(None),
        Choice::Auto if !candle_core::utils::cuda_is_available() => Ok(None),
        Choice::Auto => Ok(Device::new_cuda(0).ok()),
        Choice::Cuda if !candle_core::utils::cuda_is_available() => {
            Err(cannot("this program was built without it".to_owned()))
        }
        Choice::Cuda => Device::new_cuda(0)
            .map(Some)
            .map_err(|error| cannot(error.to_string())),
    }
}

impl DeviceEncoder {
    /// Takes all but `words` out of `checkpoint` and copies it to `device`.
    pub(super) fn load(
        checkpoint: &Checkpoint,
        words: Arc<Words>,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let copy = Copy { device };
        let hidden = checkpoint.shape.hidden_size;
        let positions = checkpoint.positions()?;
        let rows = positions.len() / hidden;
        Ok(Self {
            words,
            positions: copy.matrix(positions, rows, hidden)?,
            norm: copy.norm(checkpoint.norm("embeddings.LayerNorm", None)?)?,
            stack: DeviceStack::load(checkpoint, device)?,
        })
    }

    /// For each window the mean of its tokens' vectors, not normalized. Windows of equal length
    /// that follow each other go together.
    pub(super) fn means(&self, windows: &[&[u32]]) -> candle_core::Result<Vec<Vec<f32>>> {
        let mut means = Vec::with_capacity(windows.len());
        for group in windows.chunk_by(|one, other| one.len() == other.len()) {
            means.extend(self.forward(group)?.mean(1)?.to_vec2::<f32>()?);
        }
        Ok(means)
    }

    fn forward(&self, windows: &[&[u32]]) -> candle_core::Result<Tensor> {
        let (count, length) = (windows.len(), windows[0].len());
        let words = self.words.rows(&windows.concat())?;
        let shape = (count, length, self.stack.hidden);
        let words = Tensor::from_vec(words, shape, &self.stack.device)?;
        let tokens = words.broadcast_add(&self.positions.narrow(0, 0, length)?)?;
        self.stack
            .forward(self.stack.normalize(&tokens, &self.norm)?)
    }
}

impl DeviceStack {
    /// Takes the layers out of `weights` and copies them to `device`.
    pub(super) fn load(weights: &impl Weights, device: &Device) -> Result<Self, ModelError> {
        let Sizes {
            layers,
            hidden,
            heads,
            wide,
            epsilon,
        } = weights.sizes();
        let copy = Copy { device };
        let norm = |stem, layer| copy.norm(weights.norm(stem, Some(layer))?);
        let dense = |stem, layer, inputs, outputs| {
            copy.dense(weights.linear(stem, layer, inputs, outputs)?, inputs)
        };
        let layers = (0..layers).map(|layer| {
            Ok(Layer {
                query: dense("attention.self.query", layer, hidden, hidden)?,
                key: dense("attention.self.key", layer, hidden, hidden)?,
                value: dense("attention.self.value", layer, hidden, hidden)?,
                output: dense("attention.output.dense", layer, hidden, hidden)?,
                attention_norm: norm("attention.output.LayerNorm", layer)?,
                up: dense("intermediate.dense", layer, hidden, wide)?,
                down: dense("output.dense", layer, wide, hidden)?,
                norm: norm("output.LayerNorm", layer)?,
            })
        });
        Ok(Self {
            device: device.clone(),
            hidden,
            heads,
            epsilon: f64::from(epsilon),
            layers: layers.collect::<Result<_, ModelError>>()?,
        })
    }

    /// Runs `tokens`, the rows of one window, through all layers.
    pub(super) fn run(&self, tokens: &mut [f32]) -> candle_core::Result<()> {
        let shape = (1, tokens.len() / self.hidden, self.hidden);
        let done = self.forward(Tensor::from_slice(tokens, shape, &self.device)?)?;
        tokens.copy_from_slice(&done.flatten_all()?.to_vec1::<f32>()?);
        Ok(())
    }

    fn forward(&self, mut tokens: Tensor) -> candle_core::Result<Tensor> {
        for layer in &self.layers {
            let attended = layer.output.forward(&self.attend(layer, &tokens)?)?;
            tokens = self.normalize(&(tokens + attended)?, &layer.attention_norm)?;
            let fed = layer
                .down
                .forward(&layer.up.forward(&tokens)?.gelu_erf()?)?;
            tokens = self.normalize(&(tokens + fed)?, &layer.norm)?;
        }
        Ok(tokens)
    }

    fn attend(&self, layer: &Layer, tokens: &Tensor) -> candle_core::Result<Tensor> {
        let (count, length, hidden) = tokens.dims3()?;
        let width = hidden / self.heads;
        let heads = |dense: &Dense| {
            let split = dense
                .forward(tokens)?
                .reshape((count, length, self.heads, width))?;
            split.transpose(1, 2)?.contiguous()
        };
        let (query, key, value) = (
            heads(&layer.query)?,
            heads(&layer.key)?,
            heads(&layer.value)?,
        );
        #[expect(
            clippy::cast_precision_loss,
            reason = "a head is far narrower than 2^24"
        )]
        let scores = (query.matmul(&key.t()?)? / (width as f64).sqrt())?;
        let powers = scores
            .broadcast_sub(&scores.max_keepdim(D::Minus1)?)?
            .exp()?;
        let weights = powers.broadcast_div(&powers.sum_keepdim(D::Minus1)?)?;
        weights
            .matmul(&value)?
            .transpose(1, 2)?
            .reshape((count, length, hidden))
    }

    fn normalize(&self, tokens: &Tensor, norm: &DeviceNorm) -> candle_core::Result<Tensor> {
        let centred = tokens.broadcast_sub(&tokens.mean_keepdim(D::Minus1)?)?;
        let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
        let scaled = centred.broadcast_div(&(variance + self.epsilon)?.sqrt()?)?;
        scaled
            .broadcast_mul(&norm.scale)?
            .broadcast_add(&norm.shift)
    }
}

impl Dense {
    fn forward(&self, tokens: &Tensor) -> candle_core::Result<Tensor> {
        let (count, length, inputs) = tokens.dims3()?;
        let rows = tokens.reshape((count * length, inputs))?;
        rows.matmul(&self.weight)?
            .broadcast_add(&self.bias)?
            .reshape((count, length, ()))
    }
}

/// Copies weights to a device.
struct Copy<'a> {
    device: &'a Device,
}

impl Copy<'_> {
    fn matrix(&self, values: Vec<f32>, rows: usize, columns: usize) -> Result<Tensor, ModelError> {
        self.checked(Tensor::from_vec(values, (rows, columns), self.device))
    }

    fn row(&self, values: Vec<f32>) -> Result<Tensor, ModelError> {
        let length = values.len();
        self.checked(Tensor::from_vec(values, length, self.device))
    }

    fn dense(&self, linear: Linear, inputs: usize) -> Result<Dense, ModelError> {
        let Linear { weight, bias } = linear;
        let weight = self.matrix(weight.into_floats(), bias.len(), inputs)?;
        let weight = self.checked(weight.t().and_then(|weight| weight.contiguous()))?;
        Ok(Dense {
            weight,
            bias: self.row(bias)?,
        })
    }

    fn norm(&self, norm: Norm) -> Result<DeviceNorm, ModelError> {
        Ok(DeviceNorm {
            scale: self.row(norm.scale)?,
            shift: self.row(norm.shift)?,
        })
    }

    fn checked(&self, tensor: candle_core::Result<Tensor>) -> Result<Tensor, ModelError> {
        let tensor = tensor.and_then(|tensor| tensor.to_dtype(DType::F32));
        let device = if self.device.is_cuda() {
            Choice::Cuda
        } else {
            Choice::Cpu
        };
        tensor.map_err(|error| ModelError::Device {
            device,
            reason: error.to_string(),
        })
    }
}
