//! The layers of a BERT encoder on the processor.
//!
//! Texts are not padded: the tokens of all windows stand one after another, and only attention
//! looks at where a window begins and ends. Rows go through the matrices in blocks that stay in
//! a core's cache. Each call runs on the thread that makes it, but for the products of a short
//! text with floats, which several share; several threads may share the layers, each with its
//! own [`Buffers`].

use std::ops::Range;

use super::ModelError;
use super::bytes::{self, ByteMatrix, Rounded};
use super::kernel::{self, Level, Matrix};
use super::weights::{Linear, Norm, Sizes, Values, Weights};

/// Rows that go through a matrix together.
const BLOCK: usize = 128;
/// Up to so many tokens reading the weights takes longer than computing with them, and cores
/// read faster together.
const SHORT: usize = 64;

/// The layers of an encoder with their weights.
pub(super) struct Stack {
    hidden: usize,
    heads: usize,
    epsilon: f32,
    level: Level,
    /// Threads that share the work on a short text.
    threads: usize,
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

struct Dense {
    weight: Weight,
    bias: Vec<f32>,
    inputs: usize,
}

enum Weight {
    /// With a column for each output.
    Floats(Vec<f32>),
    Bytes(ByteMatrix),
}

/// How weights that are bytes are multiplied with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    /// As bytes; inputs are rounded to bytes as well.
    Bytes,
    /// As the floats that they mean.
    Floats,
}

impl Arithmetic {
    /// What this processor does faster.
    pub(super) fn fastest() -> Self {
        if bytes::is_fast() {
            Self::Bytes
        } else {
            Self::Floats
        }
    }
}

/// Memory that a thread uses again for each of its calls.
#[derive(Default)]
pub(super) struct Buffers {
    query_key_value: Vec<f32>,
    mixed: Vec<f32>,
    scores: Vec<f32>,
    wide: Vec<f32>,
    narrow: Vec<f32>,
    rounded: Rounded,
}

impl Stack {
    /// Takes the layers out of `weights`; `threads` share the work on a short text.
    pub(super) fn load(
        weights: &impl Weights,
        arithmetic: Arithmetic,
        threads: usize,
    ) -> Result<Self, ModelError> {
        let sizes = weights.sizes();
        let layers = (0..sizes.layers).map(|layer| Layer::load(weights, layer, arithmetic));
        Ok(Self {
            hidden: sizes.hidden,
            heads: sizes.heads,
            epsilon: sizes.epsilon,
            level: Level::detect(),
            threads,
            layers: layers.collect::<Result<_, _>>()?,
        })
    }

    /// Numbers of a token.
    pub(super) fn hidden(&self) -> usize {
        self.hidden
    }

    /// The vector instructions it uses.
    pub(super) fn level(&self) -> Level {
        self.level
    }

    /// Runs `tokens`, a row after the other, through all layers. `windows` are the rows of each
    /// window.
    pub(super) fn run(&self, tokens: &mut [f32], windows: &[Range<usize>], buffers: &mut Buffers) {
        let rows = tokens.len() / self.hidden;
        let threads = if rows <= SHORT { self.threads } else { 1 };
        for layer in &self.layers {
            self.attend(layer, tokens, windows, buffers, threads);
            self.feed_forward(layer, tokens, buffers, threads);
        }
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
            dense.multiply(all, tokens, true, threads, &mut buffers.rounded);
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
            layer
                .output
                .multiply(out, mixed, false, threads, &mut buffers.rounded);
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
            layer
                .up
                .multiply(wide, tokens, false, threads, &mut buffers.rounded);
            kernel::add_bias_and_gelu(self.level, wide, &layer.up.bias);
            let narrow = resized(&mut buffers.narrow, tokens.len());
            layer
                .down
                .multiply(narrow, wide, false, threads, &mut buffers.rounded);
            self.add_and_normalize(tokens, narrow, &layer.down.bias, &layer.norm);
        }
    }

    fn add_and_normalize(&self, tokens: &mut [f32], added: &[f32], bias: &[f32], norm: &Norm) {
        let Norm { scale, shift } = norm;
        kernel::add_and_normalize(self.level, tokens, added, bias, scale, shift, self.epsilon);
    }
}

impl Layer {
    fn load(
        weights: &impl Weights,
        layer: usize,
        arithmetic: Arithmetic,
    ) -> Result<Self, ModelError> {
        let Sizes {
            hidden,
            heads,
            wide,
            ..
        } = weights.sizes();
        let linear = |stem, inputs, outputs| weights.linear(stem, layer, inputs, outputs);
        // Scores are divided by the root of a head's width: done here once for all texts.
        #[expect(
            clippy::cast_precision_loss,
            reason = "a head is far narrower than 2^24"
        )]
        let scale = ((hidden / heads) as f32).sqrt().recip();
        let all = linear("attention.self.query", hidden, hidden)?
            .times(scale)
            .beside(linear("attention.self.key", hidden, hidden)?)
            .beside(linear("attention.self.value", hidden, hidden)?);
        let dense = |linear, inputs| Dense::new(linear, inputs, arithmetic);
        Ok(Self {
            query_key_value: dense(all, hidden),
            output: dense(linear("attention.output.dense", hidden, hidden)?, hidden),
            attention_norm: weights.norm("attention.output.LayerNorm", Some(layer))?,
            up: dense(linear("intermediate.dense", hidden, wide)?, hidden),
            down: dense(linear("output.dense", wide, hidden)?, wide),
            norm: weights.norm("output.LayerNorm", Some(layer))?,
        })
    }
}

impl Dense {
    fn new(linear: Linear, inputs: usize, arithmetic: Arithmetic) -> Self {
        let Linear { weight, bias } = linear;
        let weight = match weight {
            Values::Bytes { codes, scales } if arithmetic == Arithmetic::Bytes => {
                Weight::Bytes(ByteMatrix::new(&codes, &scales, inputs))
            }
            weight => Weight::Floats(columns(&weight.into_floats(), inputs)),
        };
        Self {
            weight,
            bias,
            inputs,
        }
    }

    /// The product of rows and weights; the caller sees to the bias.
    fn multiply(
        &self,
        out: &mut [f32],
        rows: &[f32],
        add: bool,
        threads: usize,
        rounded: &mut Rounded,
    ) {
        let (inputs, outputs) = (self.inputs, self.bias.len());
        match &self.weight {
            Weight::Floats(weight) => {
                let left = Matrix::new(rows, rows.len() / inputs, inputs, inputs);
                let right = Matrix::new(weight, inputs, outputs, outputs);
                kernel::multiply(out, outputs, left, right, add, threads);
            }
            Weight::Bytes(weight) => {
                rounded.round(rows, inputs);
                weight.multiply(out, rounded, add);
            }
        }
    }
}

/// Rows of `inputs` weights as columns.
fn columns(rows: &[f32], inputs: usize) -> Vec<f32> {
    let outputs = rows.len() / inputs;
    let mut columns = vec![0.0; rows.len()];
    for (output, row) in rows.chunks_exact(inputs).enumerate() {
        for (input, value) in row.iter().enumerate() {
            columns[input * outputs + output] = *value;
        }
    }
    columns
}

/// The first `length` numbers of a buffer that grows if it must and keeps what was in it.
fn resized(buffer: &mut Vec<f32>, length: usize) -> &mut [f32] {
    if buffer.len() < length {
        buffer.resize(length, 0.0);
    }
    &mut buffer[..length]
}
