//! What a pass through the model is made of, and the layers that one device holds.

use std::ops::Range;

use candle_core::Tensor;

use super::super::ModelError;
use super::adapter::Adapter;

/// Tokens that go through the model together: those of one conversation, or of many.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    /// The tokens, those of each conversation one after another.
    pub(crate) tokens: Vec<u32>,
    /// The conversations.
    pub(crate) spans: Vec<Span>,
    /// Rows whose next token is asked for.
    pub(crate) outputs: Vec<usize>,
}

/// The tokens of one conversation in a [`Batch`].
#[derive(Clone, Debug)]
pub(crate) struct Span {
    /// Its rows in the batch.
    pub(crate) rows: Range<usize>,
    /// The position of the first of them.
    pub(crate) position: usize,
    /// The blocks that hold its keys and values, enough for all its rows.
    pub(crate) blocks: Vec<u32>,
    /// The adapter that it is written with.
    pub(crate) adapter: Option<usize>,
}

/// What layers hand on, a row for each token of the batch.
pub(super) enum Hidden {
    /// In this machine's memory, row after row.
    Host(Vec<f32>),
    /// On an accelerator.
    Device(Tensor),
}

/// Layers that one device holds, with the keys and values of what went through them.
pub(super) trait Stage: Send {
    /// Names the device.
    fn device(&self) -> String;

    /// Layers from the model's first.
    fn layers(&self) -> Range<usize>;

    /// Bytes of weights, and of everything else that it holds.
    fn bytes(&self) -> (usize, usize);

    /// What was changed about weights as they were read, for people.
    fn notes(&self) -> &[String] {
        &[]
    }

    /// Takes a batch through the layers.
    ///
    /// # Errors
    /// When the device fails.
    fn forward(&mut self, batch: &Batch, hidden: Hidden) -> Result<Hidden, ModelError>;

    /// The model's scores of every token after each row of `batch.outputs`; only the last
    /// stage is asked.
    ///
    /// # Errors
    /// When the device fails.
    fn scores(&mut self, batch: &Batch, hidden: Hidden) -> Result<Vec<Vec<f32>>, ModelError>;

    /// Takes up an adapter, whose number is how many were taken up before.
    ///
    /// # Errors
    /// When the device fails.
    fn adapt(&mut self, adapter: &Adapter) -> Result<(), ModelError>;
}

/// The error of a device, without the backtraces that candle adds.
pub(super) fn device_failed(error: candle_core::Error) -> ModelError {
    let message = error.to_string();
    ModelError::Accelerator(message.lines().next().unwrap_or_default().to_owned())
}
