//! The forward pass of a BERT encoder on the processor.
//!
//! Texts are not padded: the tokens of all windows stand one after another, and only attention
//! looks at where a window begins and ends. Rows go through the matrices in blocks that stay in
//! a core's cache. Each call runs on the thread that makes it, but for the products of a short
//! text, which several share; several threads may share an encoder, each with its own [`Buffers`].

use std::ops::Range;

use super::ModelError;
use super::kernel::{self, Level, Matrix};
use super::weights::{Checkpoint, Linear, Norm, Words};

/// Rows that go through a matrix together.
const BLOCK: usize = 128;
/// Up to so many tokens reading the weights takes longer than computing with them, and cores
/// read faster together.
const SHORT: usize = 64;

/// An encoder with its weights.
pub(super) struct Encoder {
    hidden: usize,
    heads: usize,
    epsilon: f32,
    level: Level,
    /// Threads that share the work on a short text.
    threads: usize,
    words: Words,
    positions: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
}

struct Layer {
    query_key_value: Dense,
    output: Dense,
    attention_norm: Norm,
    up: Dense,
    down: Dense,
    norm: Norm,
}

/// A dense layer: `weight` has a column for each output.
struct Dense {
    weight: Vec<f32>,
    bias: Vec<f32>,
    inputs: usize,
}

/// Memory that a thread uses again for each of its calls.
#[derive(Default)]
pub(super) struct Buffers {
    query_key_value: Vec<f32>,
    mixed: Vec<f32>,
    scores: Vec<f32>,
    wide: Vec<f32>,
    narrow: Vec<f32>,
}

impl Encoder {
    /// Takes the weights out of `checkpoint`; `threads` share the work on a short text.
    pub(super) fn load(checkpoint: &Checkpoint, threads: usize) -> Result<Self, ModelError> {
        let shape = &checkpoint.shape;
        let layers = (0..shape.num_hidden_layers).map(|layer| Layer::load(checkpoint, layer));
        Ok(Self {
            hidden: shape.hidden_size,
            heads: shape.num_attention_heads,
            epsilon: shape.layer_norm_eps,
            level: Level::detect(),
            threads,
            words: checkpoint.words()?,
            positions: checkpoint.positions()?,
            norm: checkpoint.norm("embeddings.LayerNorm", None)?,
            layers: layers.collect::<Result<_, _>>()?,
        })
    }

    /// The vector instructions it uses.
    pub(super) fn level(&self) -> Level {
        self.level
    }

    /// For each window the mean of its tokens' vectors, not normalized.
    ///
    /// A window holds token ids, control tokens among them, and is no longer than the model's.
    pub(super) fn means(
        &self,
        windows: &[&[u32]],
        buffers: &mut Buffers,
    ) -> candle_core::Result<Vec<Vec<f32>>> {
        let ids = windows.concat();
        let mut bounds = Vec::with_capacity(windows.len());
        let mut end = 0;
        for window in windows {
            bounds.push(end..end + window.len());
            end += window.len();
        }
        let mut tokens = self.words.rows(&ids)?;
        for bounds in &bounds {
            let rows = &mut tokens[bounds.start * self.hidden..bounds.end * self.hidden];
            let (scale, shift) = (&self.norm.scale, &self.norm.shift);
            let no_bias = &vec![0.0; self.hidden];
            let positions = &self.positions[..rows.len()];
            kernel::add_and_normalize(
                self.level,
                rows,
                positions,
                no_bias,
                scale,
                shift,
                self.epsilon,
            );
        }
        let threads = if ids.len() <= SHORT { self.threads } else { 1 };
        for layer in &self.layers {
            self.attend(layer, &mut tokens, &bounds, buffers, threads);
            self.feed_forward(layer, &mut tokens, buffers, threads);
        }
        Ok(bounds
            .into_iter()
            .map(|bounds| mean(&tokens, self.hidden, bounds))
            .collect())
    }

    fn attend(
        &self,
        layer: &Layer,
        tokens: &mut [f32],
        bounds: &[Range<usize>],
        buffers: &mut Buffers,
        threads: usize,
    ) {
        let hidden = self.hidden;
        let rows = tokens.len() / hidden;
        let all = resized(&mut buffers.query_key_value, rows * 3 * hidden);
        for (tokens, all) in tokens
            .chunks(BLOCK * hidden)
            .zip(all.chunks_mut(BLOCK * 3 * hidden))
        {
            let dense = &layer.query_key_value;
            all.chunks_exact_mut(3 * hidden)
                .for_each(|row| row.copy_from_slice(&dense.bias));
            dense.multiply(all, tokens, true, threads);
        }
        let mixed = resized(&mut buffers.mixed, rows * hidden);
        for bounds in bounds {
            let all = &all[bounds.start * 3 * hidden..bounds.end * 3 * hidden];
            let mixed = &mut mixed[bounds.start * hidden..bounds.end * hidden];
            self.mix(all, mixed, &mut buffers.scores);
        }
        for (tokens, mixed) in tokens
            .chunks_mut(BLOCK * hidden)
            .zip(mixed.chunks(BLOCK * hidden))
        {
            let out = resized(&mut buffers.narrow, mixed.len());
            layer.output.multiply(out, mixed, false, threads);
            self.add_and_normalize(tokens, out, &layer.output.bias, &layer.attention_norm);
        }
    }

    /// Attention within one window: `all` holds queries, keys and values side by side.
    fn mix(&self, all: &[f32], mixed: &mut [f32], scores: &mut Vec<f32>) {
        let (hidden, width) = (self.hidden, self.hidden / self.heads);
        let stride = 3 * hidden;
        let length = mixed.len() / hidden;
        for head in 0..self.heads {
            let at = head * width;
            let keys = Matrix::new(&all[hidden + at..], length, width, stride).transposed();
            let values = Matrix::new(&all[2 * hidden + at..], length, width, stride);
            for first in (0..length).step_by(BLOCK) {
                let rows = BLOCK.min(length - first);
                let queries = Matrix::new(&all[first * stride + at..], rows, width, stride);
                let scores = resized(scores, rows * length);
                kernel::multiply(scores, length, queries, keys, false, 1);
                kernel::softmax(self.level, scores, length);
                let weights = Matrix::new(scores, rows, length, length);
                kernel::multiply(
                    &mut mixed[first * hidden + at..],
                    hidden,
                    weights,
                    values,
                    false,
                    1,
                );
            }
        }
    }

    fn feed_forward(
        &self,
        layer: &Layer,
        tokens: &mut [f32],
        buffers: &mut Buffers,
        threads: usize,
    ) {
        for tokens in tokens.chunks_mut(BLOCK * self.hidden) {
            let rows = tokens.len() / self.hidden;
            let wide = resized(&mut buffers.wide, rows * layer.up.bias.len());
            layer.up.multiply(wide, tokens, false, threads);
            kernel::add_bias_and_gelu(self.level, wide, &layer.up.bias);
            let narrow = resized(&mut buffers.narrow, tokens.len());
            layer.down.multiply(narrow, wide, false, threads);
            self.add_and_normalize(tokens, narrow, &layer.down.bias, &layer.norm);
        }
    }

    fn add_and_normalize(&self, tokens: &mut [f32], added: &[f32], bias: &[f32], norm: &Norm) {
        let Norm { scale, shift } = norm;
        kernel::add_and_normalize(self.level, tokens, added, bias, scale, shift, self.epsilon);
    }
}

impl Layer {
    fn load(checkpoint: &Checkpoint, layer: usize) -> Result<Self, ModelError> {
        let (hidden, wide) = (
            checkpoint.shape.hidden_size,
            checkpoint.shape.intermediate_size,
        );
        let mut query = checkpoint.linear("attention.self.query", layer, hidden, hidden)?;
        // Scores are divided by the root of a head's width: done here once for all texts.
        let width = hidden / checkpoint.shape.num_attention_heads;
        #[expect(
            clippy::cast_precision_loss,
            reason = "a head is far narrower than 2^24"
        )]
        let scale = (width as f32).sqrt().recip();
        query
            .weight
            .iter_mut()
            .chain(&mut query.bias)
            .for_each(|value| *value *= scale);
        let mut all = query;
        for stem in ["attention.self.key", "attention.self.value"] {
            let Linear { weight, bias } = checkpoint.linear(stem, layer, hidden, hidden)?;
            all.weight.extend(weight);
            all.bias.extend(bias);
        }
        Ok(Self {
            query_key_value: Dense::new(&all, hidden),
            output: Dense::new(
                &checkpoint.linear("attention.output.dense", layer, hidden, hidden)?,
                hidden,
            ),
            attention_norm: checkpoint.norm("attention.output.LayerNorm", Some(layer))?,
            up: Dense::new(
                &checkpoint.linear("intermediate.dense", layer, hidden, wide)?,
                hidden,
            ),
            down: Dense::new(
                &checkpoint.linear("output.dense", layer, wide, hidden)?,
                wide,
            ),
            norm: checkpoint.norm("output.LayerNorm", Some(layer))?,
        })
    }
}

impl Dense {
    fn new(linear: &Linear, inputs: usize) -> Self {
        let outputs = linear.bias.len();
        let mut weight = vec![0.0; inputs * outputs];
        for (output, row) in linear.weight.chunks_exact(inputs).enumerate() {
            for (input, value) in row.iter().enumerate() {
                weight[input * outputs + output] = *value;
            }
        }
        Self {
            weight,
            bias: linear.bias.clone(),
            inputs,
        }
    }

    /// The product of rows and weights; the caller sees to the bias.
    fn multiply(&self, out: &mut [f32], rows: &[f32], add: bool, threads: usize) {
        let (inputs, outputs) = (self.inputs, self.bias.len());
        let left = Matrix::new(rows, rows.len() / inputs, inputs, inputs);
        let right = Matrix::new(&self.weight, inputs, outputs, outputs);
        kernel::multiply(out, outputs, left, right, add, threads);
    }
}

/// The first `length` numbers of a buffer that grows if it must and keeps what was in it.
fn resized(buffer: &mut Vec<f32>, length: usize) -> &mut [f32] {
    if buffer.len() < length {
        buffer.resize(length, 0.0);
    }
    &mut buffer[..length]
}

fn mean(tokens: &[f32], hidden: usize, bounds: Range<usize>) -> Vec<f32> {
    let mut mean = vec![0.0; hidden];
    #[expect(
        clippy::cast_precision_loss,
        reason = "a window has far fewer than 2^24 tokens"
    )]
    let share = 1.0 / bounds.len() as f32;
    for row in tokens[bounds.start * hidden..bounds.end * hidden].chunks_exact(hidden) {
        mean.iter_mut()
            .zip(row)
            .for_each(|(sum, value)| *sum += value);
    }
    for sum in &mut mean {
        *sum *= share;
    }
    mean
}
