//! Layers on an accelerator, by candle's operations.
//!
//! The same operations run on candle's processor device, and that is how tests compare them
//! with `transformers`.
//!
//! A step of decoding waits for nothing: the router's choice of experts stays on the device.
//! Batches of more than [`FUSED_ROWS`] tokens bring it back once in each layer, and multiply
//! expert by expert with the tokens of each; so do adapters of experts.

use std::collections::HashMap;
use std::ops::Range;

use candle_core::{DType, Device, Result as CandleResult, Tensor};
use candle_nn::{ops, rotary_emb};

use super::super::ModelError;
use super::adapter::Adapter;
use super::device_attention::{Cells, GATHERED, SCORES, Seen};
use super::device_weights::{Choice, Kept, Loader, Stack, Weights};
use super::shape::{Pairs, Shape};
use super::source::{FEED_PARTS, LAYER_PARTS, Part, Source};
use super::stage::{Batch, Hidden, Stage, device_failed};

/// Tokens of a batch up to which fused products are used. They read an expert's weights again
/// for each token, which beyond some tens costs more than bringing the choice back.
const FUSED_ROWS: usize = 32;

/// Rows whose scores of all tokens are worked out at a time.
const SCORED: usize = 64;

#[derive(Debug)]
struct Experts {
    router: Tensor,
    used: usize,
    gate: Stack,
    up: Stack,
    down: Stack,
}

#[derive(Debug)]
enum Feed {
    Dense {
        gate: Weights,
        up: Weights,
        down: Weights,
    },
    Experts(Box<Experts>),
}

struct Layer {
    attention_norm: Tensor,
    query: Weights,
    key: Weights,
    value: Weights,
    output: Weights,
    feed_norm: Tensor,
    feed: Feed,
    cells: Cells,
}

struct Head {
    norm: Tensor,
    matrix: Weights,
}

/// An adapter's two matrices, turned as inputs are multiplied with them.
struct Beside {
    down: Tensor,
    up: Tensor,
}

/// A part of a layer, and of one of its experts.
type PartOf = (usize, Part, Option<usize>);

/// What a stage on an accelerator is made with.
#[derive(Clone, Debug)]
pub(super) struct DeviceRoom {
    /// The device.
    pub(super) device: Device,
    /// What it is called, such as `cuda:0`.
    pub(super) name: String,
    /// Tokens of a batch at most.
    pub(super) rows: usize,
    /// Blocks of keys and values.
    pub(super) blocks: usize,
}

/// Layers on an accelerator.
pub(super) struct Accelerated {
    shape: Shape,
    range: Range<usize>,
    device: Device,
    name: String,
    layers: Vec<Layer>,
    head: Option<Head>,
    frequencies: Vec<f32>,
    adapters: Vec<HashMap<PartOf, Beside>>,
    weights_bytes: usize,
    room_bytes: usize,
    notes: Vec<String>,
}

/// What a batch needs in every layer, on the device.
struct Pass {
    seen: Seen,
    /// Sines and cosines for keys, `[rows, 1, head / 2]`.
    turns: (Tensor, Tensor),
    /// The same for queries, divided by the root of a head's length.
    query_turns: (Tensor, Tensor),
    /// The rows of each adapter that is used.
    users: Vec<(usize, Vec<u32>)>,
}

impl Accelerated {
    /// Bytes of the weights of layer `layer`, on CUDA or on candle's processor device.
    ///
    /// # Errors
    /// When a weight is missing or not as it should be.
    pub(super) fn layer_bytes(
        source: &Source,
        layer: usize,
        cuda: bool,
    ) -> Result<usize, ModelError> {
        let bytes = |part: Part, expert: Option<usize>| {
            let place = source.place(part, layer, expert)?;
            let vector = matches!(part, Part::AttentionNorm | Part::FeedNorm | Part::Router);
            Ok::<_, ModelError>(if vector {
                4 * place.rows * place.columns
            } else {
                Kept::of(&place, expert.is_some(), cuda).bytes(&place)
            })
        };
        let mut parts: Vec<(Part, Option<usize>)> =
            LAYER_PARTS.iter().map(|part| (*part, None)).collect();
        match source.shape().experts {
            Some((experts, _)) => {
                parts.push((Part::Router, None));
                for part in FEED_PARTS {
                    parts.extend((0..experts).map(|expert| (part, Some(expert))));
                }
            }
            None => parts.extend(FEED_PARTS.map(|part| (part, None))),
        }
        parts
            .into_iter()
            .map(|(part, expert)| bytes(part, expert))
            .sum()
    }

    /// Bytes of the weights behind the last layer.
    ///
    /// # Errors
    /// When a weight is missing or not as it should be.
    pub(super) fn head_bytes(source: &Source, cuda: bool) -> Result<usize, ModelError> {
        let place = source.output()?;
        Ok(Kept::of(&place, false, cuda).bytes(&place) + 4 * source.shape().hidden)
    }

    /// Bytes of keys and values of a layer in `blocks` blocks.
    pub(super) fn cells_bytes(shape: &Shape, blocks: usize, cuda: bool) -> usize {
        Cells::bytes(shape, blocks, cuda)
    }

    /// Bytes that a batch of `rows` tokens takes at most while it is computed, over those of
    /// weights, keys and values. It counts what lives together, and half as much again for
    /// what the allocator keeps between operations.
    pub(super) fn work_bytes(shape: &Shape, rows: usize) -> usize {
        let token = 4 * (4 * shape.hidden + 3 * shape.queries() + 4 * shape.keys());
        // Scores as the device multiplies them, as floats, and their powers.
        let attention = 3 * 4 * SCORES.min(rows * shape.heads * shape.window);
        let slots = rows * shape.used();
        let mut feed = 4 * slots * (4 * shape.feed + 3 * shape.hidden);
        if let Some((experts, _)) = shape.experts
            && rows > FUSED_ROWS
        {
            // One projection of all experts, as half floats.
            feed += 2 * experts * shape.feed * shape.hidden;
        }
        // Keys and values that are copied together, where they do not follow each other.
        let gathered = 2 * 2 * GATHERED.min(shape.window * shape.keys());
        let peak = rows * token + gathered + attention.max(feed) + 4 * SCORED * shape.vocabulary;
        peak + peak / 2
    }

    /// Reads the layers `range`, and what follows the last layer if `range` ends there.
    ///
    /// # Errors
    /// When a weight cannot be read, or the device has not enough memory.
    pub(super) fn open(
        source: &Source,
        range: Range<usize>,
        room: &DeviceRoom,
    ) -> Result<Self, ModelError> {
        let shape = source.shape().clone();
        let mut loader = Loader::new(source, &room.device);
        let cuda = room.device.is_cuda();
        let mut layers = Vec::new();
        let mut weights_bytes = 0;
        for number in range.clone() {
            layers.push(read_layer(&mut loader, number, room.blocks)?);
            weights_bytes += Self::layer_bytes(source, number, cuda)?;
        }
        let mut head = None;
        if range.end == shape.layers {
            head = Some(Head {
                norm: loader.floats(&source.place(Part::OutputNorm, 0, None)?)?,
                matrix: loader.matrix(&source.output()?)?,
            });
            weights_bytes += Self::head_bytes(source, cuda)?;
        }
        // Copies belong to this thread's stream, and another thread will use what they bring.
        room.device.synchronize().map_err(device_failed)?;
        let cells_bytes = Self::cells_bytes(&shape, room.blocks, cuda) * range.len();
        Ok(Self {
            room_bytes: cells_bytes + Self::work_bytes(&shape, room.rows),
            frequencies: shape.rope.frequencies(shape.head),
            device: room.device.clone(),
            name: room.name.clone(),
            adapters: Vec::new(),
            notes: loader.notes,
            shape,
            range,
            layers,
            head,
            weights_bytes,
        })
    }

    fn run(&self, batch: &Batch, hidden: Hidden) -> CandleResult<Tensor> {
        let mut hidden = self.take(batch.tokens.len(), hidden)?;
        let pass = self.pass(batch)?;
        for (layer, number) in self.layers.iter().zip(self.range.clone()) {
            hidden = self.attention(layer, number, &pass, &hidden)?;
            hidden = self.feed(layer, number, &pass, &hidden)?;
        }
        Ok(hidden)
    }

    /// Brings hidden values to this device.
    fn take(&self, rows: usize, hidden: Hidden) -> CandleResult<Tensor> {
        match hidden {
            Hidden::Host(values) => {
                Tensor::from_vec(values, (rows, self.shape.hidden), &self.device)
            }
            Hidden::Device(tensor) => tensor.to_device(&self.device),
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "heads are short, and so are contexts"
    )]
    fn pass(&self, batch: &Batch) -> CandleResult<Pass> {
        let half = self.shape.head / 2;
        let rows = batch.tokens.len();
        let (mut sines, mut cosines) = (
            Vec::with_capacity(rows * half),
            Vec::with_capacity(rows * half),
        );
        let mut users: Vec<(usize, Vec<u32>)> = Vec::new();
        for span in &batch.spans {
            if span.rows.start * half != sines.len() {
                candle_core::bail!("the conversations of a batch are not in the order of rows");
            }
            for position in span.position..span.position + span.rows.len() {
                for frequency in &self.frequencies {
                    let (sine, cosine) = (position as f32 * frequency).sin_cos();
                    sines.push(sine);
                    cosines.push(cosine);
                }
            }
            if let Some(adapter) = span.adapter {
                let own = span.rows.clone().map(number);
                match users.iter_mut().find(|(user, _)| *user == adapter) {
                    Some((_, rows)) => rows.extend(own),
                    None => users.push((adapter, own.collect())),
                }
            }
        }
        let on_device = |values| Tensor::from_vec(values, (rows, 1, half), &self.device);
        let turns = (on_device(sines)?, on_device(cosines)?);
        let scale = 1.0 / (self.shape.head as f64).sqrt();
        Ok(Pass {
            seen: Seen::new(&self.shape, batch, &self.device)?,
            query_turns: ((&turns.0 * scale)?, (&turns.1 * scale)?),
            turns,
            users,
        })
    }

    fn attention(
        &self,
        layer: &Layer,
        number: usize,
        pass: &Pass,
        hidden: &Tensor,
    ) -> CandleResult<Tensor> {
        let shape = &self.shape;
        let rows = hidden.dim(0)?;
        let normed = ops::rms_norm(hidden, &layer.attention_norm, shape.epsilon)?;
        let inputs = cast_once(&normed, &[&layer.query, &layer.key, &layer.value])?;
        let project = |weights: &Weights, part: Part| {
            let products = weights.forward(&inputs)?;
            self.add_adapters((number, part, None), pass, &normed, products)
        };
        let turn = |products: Tensor, heads: usize, turns: &(Tensor, Tensor)| {
            let (sines, cosines) = turns;
            let products = products
                .to_dtype(DType::F32)?
                .reshape((rows, heads, 1, shape.head))?;
            let turned = match shape.rope.pairs {
                Pairs::Neighbours => rotary_emb::rope_i(&products, cosines, sines),
                Pairs::Halves => rotary_emb::rope(&products, cosines, sines),
            };
            turned?.reshape((rows, heads, shape.head))
        };
        let queries = project(&layer.query, Part::Query)?;
        let queries = turn(queries, shape.heads, &pass.query_turns)?;
        let keys = project(&layer.key, Part::Key)?;
        let keys = turn(keys, shape.kv_heads, &pass.turns)?;
        let values = project(&layer.value, Part::Value)?;
        let values = values.reshape((rows, shape.kv_heads, shape.head))?;
        layer.cells.keep(&pass.seen, &keys, &values)?;
        let attended = layer.cells.attend(&pass.seen, &queries)?;
        let products = layer.output.forward(&attended)?;
        let place = (number, Part::AttentionOutput, None);
        let products = self.add_adapters(place, pass, &attended, products)?;
        hidden + products.to_dtype(DType::F32)?
    }

    fn feed(
        &self,
        layer: &Layer,
        number: usize,
        pass: &Pass,
        hidden: &Tensor,
    ) -> CandleResult<Tensor> {
        let normed = ops::rms_norm(hidden, &layer.feed_norm, self.shape.epsilon)?;
        let fed = match &layer.feed {
            Feed::Dense { gate, up, down } => {
                let inputs = cast_once(&normed, &[gate, up])?;
                let project = |weights: &Weights, part: Part, inputs: &Tensor| {
                    let products = weights.forward(inputs)?;
                    self.add_adapters((number, part, None), pass, inputs, products)
                };
                let gates = project(gate, Part::Gate, &inputs)?;
                let active = activate(&gates, &project(up, Part::Up, &inputs)?)?;
                project(down, Part::Down, &active)?
            }
            Feed::Experts(experts) => {
                let scores = normed.matmul(&experts.router.t()?)?;
                let choice = Choice::of(&scores, experts.used)?;
                if self.fuses(experts, number, pass, normed.dim(0)?) {
                    fused(experts, &normed, &choice)?
                } else {
                    self.expert_by_expert(experts, number, pass, &normed, &choice)?
                }
            }
        };
        hidden + fed.to_dtype(DType::F32)?
    }

    /// Whether a batch goes through fused products.
    fn fuses(&self, experts: &Experts, number: usize, pass: &Pass, rows: usize) -> bool {
        let adapted = pass.users.iter().any(|(adapter, _)| {
            let mut places = self.adapters[*adapter].keys();
            places.any(|(layer, _, expert)| *layer == number && expert.is_some())
        });
        rows <= FUSED_ROWS
            && !adapted
            && [&experts.gate, &experts.up, &experts.down]
                .iter()
                .all(|stack| stack.is_fused())
    }

    /// Brings the choice back, and multiplies the tokens of one expert after another.
    fn expert_by_expert(
        &self,
        experts: &Experts,
        number: usize,
        pass: &Pass,
        normed: &Tensor,
        choice: &Choice,
    ) -> CandleResult<Tensor> {
        let (rows, hidden) = normed.dims2()?;
        let sorted = Sorted::of(&choice.experts.flatten_all()?.to_vec1()?, experts.used);
        let on_device = |numbers: &[u32]| Tensor::from_slice(numbers, numbers.len(), &self.device);
        let inputs = normed.index_select(&on_device(&sorted.tokens)?, 0)?;
        let project = |stack: &Stack, part: Part, inputs: &Tensor| {
            let mut products = stack.open()?.forward(inputs, &sorted.segments)?;
            for (adapter, users) in &pass.users {
                for (expert, own) in &sorted.segments {
                    let Some(beside) = self.adapters[*adapter].get(&(number, part, Some(*expert)))
                    else {
                        continue;
                    };
                    let uses = |row: &usize| users.contains(&sorted.tokens[*row]);
                    let rows: Vec<u32> = own.clone().filter(uses).map(self::number).collect();
                    if rows.is_empty() {
                        continue;
                    }
                    products = beside.add(&on_device(&rows)?, inputs, products)?;
                }
            }
            Ok::<_, candle_core::Error>(products)
        };
        let gates = project(&experts.gate, Part::Gate, &inputs)?;
        let active = activate(&gates, &project(&experts.up, Part::Up, &inputs)?)?;
        let products = project(&experts.down, Part::Down, &active)?;
        let shares = choice
            .shares
            .flatten_all()?
            .index_select(&on_device(&sorted.slots)?, 0)?
            .unsqueeze(1)?;
        products
            .to_dtype(DType::F32)?
            .broadcast_mul(&shares)?
            .index_select(&on_device(&sorted.places)?, 0)?
            .reshape((rows, experts.used, hidden))?
            .sum(1)
    }

    /// Adds to `products` what adapters add to the part at `place`, for the rows that use them.
    fn add_adapters(
        &self,
        place: PartOf,
        pass: &Pass,
        inputs: &Tensor,
        mut products: Tensor,
    ) -> CandleResult<Tensor> {
        for (adapter, rows) in &pass.users {
            if let Some(beside) = self.adapters[*adapter].get(&place) {
                let rows = Tensor::from_slice(rows, rows.len(), &self.device)?;
                products = beside.add(&rows, inputs, products)?;
            }
        }
        Ok(products)
    }

    fn read_scores(&self, batch: &Batch, hidden: Hidden) -> CandleResult<Vec<Vec<f32>>> {
        let Some(head) = &self.head else {
            candle_core::bail!("only the last stage has scores")
        };
        let hidden = self.take(batch.tokens.len(), hidden)?;
        let mut scores = Vec::with_capacity(batch.outputs.len());
        for rows in batch.outputs.chunks(SCORED) {
            let rows: Vec<u32> = rows.iter().map(|row| number(*row)).collect();
            let rows = Tensor::from_vec(rows.clone(), rows.len(), &self.device)?;
            let wanted = hidden.index_select(&rows, 0)?;
            let normed = ops::rms_norm(&wanted, &head.norm, self.shape.epsilon)?;
            let found = head.matrix.forward(&normed)?.to_dtype(DType::F32)?;
            scores.extend(found.to_vec2()?);
        }
        Ok(scores)
    }

    fn beside(&self, rank: usize, down: &[f32], up: &[f32]) -> CandleResult<Beside> {
        let down = Tensor::from_slice(down, (rank, down.len() / rank), &self.device)?;
        let up = Tensor::from_slice(up, (up.len() / rank, rank), &self.device)?;
        Ok(Beside {
            down: down.t()?.contiguous()?,
            up: up.t()?.contiguous()?,
        })
    }
}

impl Beside {
    /// `products`, with what the adapter makes of `inputs` added in `rows`.
    fn add(&self, rows: &Tensor, inputs: &Tensor, products: Tensor) -> CandleResult<Tensor> {
        if rows.elem_count() == 0 {
            return Ok(products);
        }
        let added = inputs
            .index_select(rows, 0)?
            .to_dtype(DType::F32)?
            .matmul(&self.down)?
            .matmul(&self.up)?
            .to_dtype(products.dtype())?;
        products.index_add(rows, &added, 0)
    }
}

/// Slots (a token and one of its experts) in the order of experts.
struct Sorted {
    /// The slots.
    slots: Vec<u32>,
    /// The token of each.
    tokens: Vec<u32>,
    /// Where each slot stands among them.
    places: Vec<u32>,
    /// Each expert that has slots, and where they stand.
    segments: Vec<(usize, Range<usize>)>,
}

impl Sorted {
    fn of(experts: &[u32], used: usize) -> Self {
        let mut slots: Vec<usize> = (0..experts.len()).collect();
        slots.sort_by_key(|slot| experts[*slot]);
        let mut places = vec![0; slots.len()];
        let mut segments: Vec<(usize, Range<usize>)> = Vec::new();
        for (place, slot) in slots.iter().enumerate() {
            places[*slot] = number(place);
            let expert = experts[*slot] as usize;
            match segments.last_mut() {
                Some((last, rows)) if *last == expert => rows.end = place + 1,
                _ => segments.push((expert, place..place + 1)),
            }
        }
        Self {
            tokens: slots.iter().map(|slot| number(slot / used)).collect(),
            slots: slots.into_iter().map(number).collect(),
            places,
            segments,
        }
    }
}

fn number(value: usize) -> u32 {
    u32::try_from(value).expect("batches are small")
}

/// `normed` as the kind of float that all of `weights` take, if they take the same: then it is
/// cast once.
fn cast_once(normed: &Tensor, weights: &[&Weights]) -> CandleResult<Tensor> {
    let kind = weights[0].takes();
    if weights.iter().all(|weights| weights.takes() == kind) {
        normed.to_dtype(kind)
    } else {
        Ok(normed.clone())
    }
}

/// The feed-forward networks of the experts of each row, without asking which these are.
fn fused(experts: &Experts, normed: &Tensor, choice: &Choice) -> CandleResult<Tensor> {
    let inputs = normed.unsqueeze(1)?;
    let gates = experts.gate.fused(&inputs, choice, None)?;
    let ups = experts.up.fused(&inputs, choice, None)?;
    let active = activate(&gates, &ups)?;
    experts
        .down
        .fused(&active, choice, Some(&choice.shares))?
        .to_dtype(DType::F32)?
        .sum(1)
}

/// What goes from a network's first two projections to its third, as the kind of float that
/// gates are. Half floats with few bits for the exponent are kept finite: a product beyond them
/// becomes their largest.
fn activate(gates: &Tensor, ups: &Tensor) -> CandleResult<Tensor> {
    let kind = gates.dtype();
    if kind != DType::F16 {
        return gates.silu()? * ups.to_dtype(kind)?;
    }
    let largest = f32::from(half::f16::MAX);
    let gates = gates.to_dtype(DType::F32)?.silu()?;
    (gates * ups.to_dtype(DType::F32)?)?
        .clamp(-largest, largest)?
        .to_dtype(kind)
}

fn read_layer(loader: &mut Loader<'_>, number: usize, blocks: usize) -> Result<Layer, ModelError> {
    let source = loader.source;
    let shape = source.shape();
    let place = |part: Part| source.place(part, number, None);
    let feed = match shape.experts {
        Some((experts, used)) => Feed::Experts(Box::new(Experts {
            router: loader.small_matrix(&place(Part::Router)?)?,
            used,
            gate: loader.stack(Part::Gate, number, experts)?,
            up: loader.stack(Part::Up, number, experts)?,
            down: loader.stack(Part::Down, number, experts)?,
        })),
        None => Feed::Dense {
            gate: loader.matrix(&place(Part::Gate)?)?,
            up: loader.matrix(&place(Part::Up)?)?,
            down: loader.matrix(&place(Part::Down)?)?,
        },
    };
    Ok(Layer {
        attention_norm: loader.floats(&place(Part::AttentionNorm)?)?,
        query: loader.matrix(&place(Part::Query)?)?,
        key: loader.matrix(&place(Part::Key)?)?,
        value: loader.matrix(&place(Part::Value)?)?,
        output: loader.matrix(&place(Part::AttentionOutput)?)?,
        feed_norm: loader.floats(&place(Part::FeedNorm)?)?,
        feed,
        cells: Cells::new(shape, blocks, loader.device).map_err(device_failed)?,
    })
}

impl Stage for Accelerated {
    fn device(&self) -> String {
        self.name.clone()
    }

    fn layers(&self) -> Range<usize> {
        self.range.clone()
    }

    fn bytes(&self) -> (usize, usize) {
        (self.weights_bytes, self.room_bytes)
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }

    fn forward(&mut self, batch: &Batch, hidden: Hidden) -> Result<Hidden, ModelError> {
        self.run(batch, hidden)
            .map(Hidden::Device)
            .map_err(device_failed)
    }

    fn scores(&mut self, batch: &Batch, hidden: Hidden) -> Result<Vec<Vec<f32>>, ModelError> {
        self.read_scores(batch, hidden).map_err(device_failed)
    }

    fn adapt(&mut self, adapter: &Adapter) -> Result<(), ModelError> {
        let parts = adapter
            .parts
            .iter()
            .filter(|((layer, ..), _)| self.range.contains(layer))
            .map(|(place, part)| {
                let beside = self.beside(part.rank, &part.down, &part.up)?;
                Ok((*place, beside))
            })
            .collect::<CandleResult<_>>()
            .map_err(device_failed)?;
        self.device.synchronize().map_err(device_failed)?;
        self.adapters.push(parts);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_sorted_by_expert_and_found_again() {
        let experts = [3, 0, 0, 3, 1, 3];
        let sorted = Sorted::of(&experts, 2);
        assert_eq!(sorted.slots, [1, 2, 4, 0, 3, 5]);
        assert_eq!(sorted.tokens, [0, 1, 2, 0, 1, 2]);
        assert_eq!(sorted.segments, [(0, 0..2), (1, 2..3), (3, 3..6)]);
        for (slot, place) in sorted.places.iter().enumerate() {
            assert_eq!(sorted.slots[*place as usize] as usize, slot);
        }
    }

    #[test]
    fn products_beyond_half_floats_become_their_largest() {
        let half = |values: &[f32]| {
            let values = Tensor::new(values, &Device::Cpu).unwrap();
            values.to_dtype(DType::F16).unwrap()
        };
        let active = activate(&half(&[6e4, -1.0, 2.0]), &half(&[6e4, 3.0, -4.0])).unwrap();
        let active: Vec<f32> = active.to_dtype(DType::F32).unwrap().to_vec1().unwrap();
        assert!((active[0] - 65_504.0).abs() < 1.0, "{active:?}");
        // x / (1 + exp(-x)), times the other.
        assert!(
            (active[1] + 3.0 / (1.0 + 1_f32.exp())).abs() < 1e-3,
            "{active:?}"
        );
        assert!(
            (active[2] + 8.0 / (1.0 + (-2_f32).exp())).abs() < 1e-2,
            "{active:?}"
        );
    }

    /// A shape of Mixtral's sizes.
    fn mixtral() -> Shape {
        let config = r#"{"model_type": "mixtral", "hidden_size": 4096, "num_hidden_layers": 32,
            "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336,
            "num_local_experts": 8, "num_experts_per_tok": 2, "vocab_size": 32000,
            "max_position_embeddings": 32768, "rms_norm_eps": 1e-5, "rope_theta": 1e6}"#;
        Shape::of_config(config.as_bytes()).unwrap()
    }

    #[test]
    fn work_is_bounded_whatever_the_context() {
        let shape = mixtral();
        let longer = |times| Shape {
            window: times * shape.window,
            ..shape.clone()
        };
        let work = Accelerated::work_bytes(&shape, 2_048);
        let most = Accelerated::work_bytes(&longer(4), 2_048);
        assert!(work <= most && most < work + (1 << 30), "{work} and {most}");
        assert_eq!(most, Accelerated::work_bytes(&longer(16), 2_048));
        assert!((1 << 30..5 << 30).contains(&work), "{work}");
        // 128 KiB a token, 4.29 GB for 32 K.
        let cells = 32 * Accelerated::cells_bytes(&shape, 512, true);
        assert_eq!(cells, 4 << 30);
    }
}
