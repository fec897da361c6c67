//! The forward pass of an embedding model on the processor.

use std::ops::Range;
use std::sync::Arc;

use super::ModelError;
use super::kernel::{self, Level};
use super::stack::{Arithmetic, Buffers, Stack};
use super::weights::{Checkpoint, Norm, Weights as _, Words};

/// An encoder with its weights.
pub(super) struct Encoder {
    epsilon: f32,
    words: Arc<Words>,
    positions: Vec<f32>,
    norm: Norm,
    stack: Stack,
}

impl Encoder {
    /// Takes all but `words` out of `checkpoint`; `threads` share the work on a short text.
    pub(super) fn load(
        checkpoint: &Checkpoint,
        words: Arc<Words>,
        threads: usize,
    ) -> Result<Self, ModelError> {
        Ok(Self {
            epsilon: checkpoint.shape.layer_norm_eps,
            words,
            positions: checkpoint.positions()?,
            norm: checkpoint.norm("embeddings.LayerNorm", None)?,
            stack: Stack::load(checkpoint, Arithmetic::fastest(), threads)?,
        })
    }

    /// The vector instructions it uses.
    pub(super) fn level(&self) -> Level {
        self.stack.level()
    }

    /// For each window the mean of its tokens' vectors, not normalized.
    ///
    /// A window holds token ids, control tokens among them, and is no longer than the model's.
    pub(super) fn means(
        &self,
        windows: &[&[u32]],
        buffers: &mut Buffers,
    ) -> candle_core::Result<Vec<Vec<f32>>> {
        let hidden = self.stack.hidden();
        let bounds = bounds(windows);
        let mut tokens = self.words.rows(&windows.concat())?;
        let no_bias = vec![0.0; hidden];
        for bounds in &bounds {
            let rows = &mut tokens[bounds.start * hidden..bounds.end * hidden];
            kernel::add_and_normalize(
                self.stack.level(),
                rows,
                &self.positions[..rows.len()],
                &no_bias,
                &self.norm.scale,
                &self.norm.shift,
                self.epsilon,
            );
        }
        self.stack.run(&mut tokens, &bounds, buffers);
        Ok(bounds
            .into_iter()
            .map(|bounds| mean(&tokens, hidden, bounds))
            .collect())
    }
}

/// The rows of each window where the tokens of all stand one after another.
pub(super) fn bounds(windows: &[&[u32]]) -> Vec<Range<usize>> {
    let mut end = 0;
    windows
        .iter()
        .map(|window| {
            let start = end;
            end += window.len();
            start..end
        })
        .collect()
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
