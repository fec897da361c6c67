//! A whole model: its stages, and what goes in and comes out.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use tracing::debug;

use super::super::ModelError;
use super::adapter::Adapter;
use super::devices;
use super::layers::{Plan, Wanted};
use super::processor::Room;
use super::shape::Shape;
use super::source::{Part, Place, Source};
use super::stage::{Batch, Hidden, Stage};

/// A language model that is ready to run.
pub(crate) struct Model {
    source: Source,
    embedding: Place,
    stages: Vec<Box<dyn Stage>>,
    plan: Plan,
    adapters: Vec<String>,
    blocks: usize,
    rows: usize,
}

/// How a model is run.
#[derive(Clone, Debug)]
pub(crate) struct ModelOptions {
    /// Tokens of all conversations that are kept at the same time.
    pub(crate) context: usize,
    /// Tokens that go through the model together at most.
    pub(crate) rows: usize,
    /// Whether keys and values are kept as half floats; they take half the memory.
    pub(crate) half: bool,
    /// Threads that work on the processor.
    pub(crate) threads: usize,
    /// Devices that layers run on, in order; none for all that there are.
    pub(crate) devices: Vec<Wanted>,
    /// Adapters: a name, and the folder in the format of PEFT.
    pub(crate) adapters: Vec<(String, PathBuf)>,
}

impl ModelOptions {
    fn room(&self) -> Room {
        Room {
            rows: self.rows,
            blocks: devices::blocks(self.context),
            half: self.half,
            threads: self.threads,
            beside: 0,
        }
    }
}

impl Model {
    /// Reads the model in `source`.
    ///
    /// # Errors
    /// When it takes more memory than there is, or a weight or an adapter cannot be read.
    pub(crate) fn open(mut source: Source, options: &ModelOptions) -> Result<Self, ModelError> {
        // Whoever wants the vocabulary has read it by now.
        source.drop_metadata();
        // Before the plan, which has to hold them. Each device is given room for all of them.
        let adapters = options
            .adapters
            .iter()
            .map(|(name, folder)| Adapter::open(folder, name, &source))
            .collect::<Result<Vec<_>, _>>()?;
        let room = Room {
            beside: adapters.iter().map(Adapter::bytes).sum(),
            ..options.room()
        };
        let (stages, plan) = devices::open(&source, &options.devices, room)?;
        for (stage, share) in stages.iter().zip(&plan.shares) {
            let (weights, rest) = stage.bytes();
            debug!(
                device = stage.device(),
                layers = ?stage.layers(),
                planned = share.bytes(),
                held = weights + rest,
                "layers are read"
            );
        }
        let mut model = Self {
            embedding: source.place(Part::Embedding, 0, None)?,
            stages,
            plan,
            adapters: Vec::new(),
            blocks: room.blocks,
            rows: options.rows,
            source,
        };
        for adapter in adapters {
            model.adapt(adapter)?;
        }
        Ok(model)
    }

    /// Which layers of the model in `source` would run where, and the memory that takes,
    /// without reading it.
    ///
    /// # Errors
    /// When a device cannot be used, or memory is short.
    pub(crate) fn plan_for(source: &Source, options: &ModelOptions) -> Result<Plan, ModelError> {
        devices::plan(source, &options.devices, &options.room())
    }

    /// Puts something in the place of its stages.
    #[cfg(test)]
    pub(super) fn replace(
        &mut self,
        with: impl FnOnce(Vec<Box<dyn Stage>>) -> Vec<Box<dyn Stage>>,
    ) {
        self.stages = with(std::mem::take(&mut self.stages));
    }

    /// Which layers run where, and the memory that takes.
    #[cfg(test)]
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What was changed about weights as they were read, for people.
    pub(crate) fn notes(&self) -> Vec<&str> {
        let notes = self.stages.iter().flat_map(|stage| stage.notes());
        notes.map(String::as_str).collect()
    }

    /// Takes up an adapter of this model.
    ///
    /// # Errors
    /// When a device has no room for it.
    pub(super) fn adapt(&mut self, adapter: Adapter) -> Result<(), ModelError> {
        for at in 0..self.stages.len() {
            if let Err(error) = self.stages[at].adapt(&adapter) {
                // Its number is taken in the stages before: a later adapter has the same in all.
                let nothing = Adapter {
                    name: String::new(),
                    parts: HashMap::new(),
                };
                for stage in &mut self.stages[at..] {
                    stage.adapt(&nothing)?;
                }
                self.adapters.push(nothing.name);
                return Err(error);
            }
        }
        self.adapters.push(adapter.name);
        Ok(())
    }

    /// Reads and takes up the adapter in `folder`, unless there is one of this name.
    ///
    /// # Errors
    /// When it cannot be read, does not fit, or a device has no room for it.
    pub(super) fn load_adapter(&mut self, name: &str, folder: &Path) -> Result<(), ModelError> {
        if self.adapters.iter().any(|own| own == name) {
            return Ok(());
        }
        let adapter = Adapter::open(folder, name, &self.source)?;
        self.adapt(adapter)
    }

    /// Where its weights come from.
    #[cfg(test)]
    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// Names of adapters, by number.
    pub(crate) fn adapters(&self) -> &[String] {
        &self.adapters
    }

    /// The shape.
    pub(crate) fn shape(&self) -> &Shape {
        self.source.shape()
    }

    /// Blocks of keys and values that there are.
    pub(crate) fn blocks(&self) -> usize {
        self.blocks
    }

    /// Tokens that a batch may have.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Each device with its layers and the memory that they take, for people.
    pub(crate) fn described(&self) -> Vec<String> {
        let shares = self.stages.iter().zip(&self.plan.shares);
        shares
            .map(|(stage, share)| self.plan.describe(share, &stage.device()))
            .collect()
    }

    /// The layers of each device, and the bytes that they take.
    #[cfg(test)]
    pub(super) fn held(&self) -> Vec<(std::ops::Range<usize>, usize)> {
        let stages = self.stages.iter();
        stages
            .map(|stage| {
                let (weights, rest) = stage.bytes();
                (stage.layers(), weights + rest)
            })
            .collect()
    }

    /// Takes a batch through the model: the scores of every token after each of its outputs.
    ///
    /// # Errors
    /// When a device fails, or the file of the weights cannot be read any more.
    ///
    /// # Panics
    /// When the batch has more rows than the model was opened for, or a token that is none.
    pub(crate) fn forward(&mut self, batch: &Batch) -> Result<Vec<Vec<f32>>, ModelError> {
        assert!(batch.tokens.len() <= self.rows, "the batch is small enough");
        let width = self.shape().hidden;
        let mut values = Vec::with_capacity(batch.tokens.len() * width);
        for token in &batch.tokens {
            let token = *token as usize;
            assert!(token < self.shape().vocabulary, "the token is one");
            values.extend(self.source.row(&self.embedding, token)?);
        }
        let mut hidden = Hidden::Host(values);
        for stage in &mut self.stages {
            hidden = stage.forward(batch, hidden)?;
        }
        let last = self.stages.last_mut().expect("a model has a stage");
        last.scores(batch, hidden)
    }
}
