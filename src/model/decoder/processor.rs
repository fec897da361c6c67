//! Layers on the processor.

#![expect(
    unsafe_code,
    reason = "threads of a team write to different rows, heads or columns of the same buffers"
)]

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Mutex;

use super::super::ModelError;
use super::adapter::Adapter;
use super::attention::{Cells, Grid, QueryRow, Scratch, Seen, attend};
use super::matrix::{Disjoint, Inputs, Matrix, Product, gate, multiply};
use super::shape::{Pairs, Shape};
use super::simd::Level;
use super::source::{Part, Place, Source};
use super::stage::{Batch, Hidden, Span, Stage};
use super::team::Team;

/// Tokens whose attention a thread does at once.
const TOKENS: usize = 16;

struct Network {
    gate: Matrix,
    up: Matrix,
    down: Matrix,
}

struct Layer {
    attention_norm: Vec<f32>,
    query: Matrix,
    key: Matrix,
    value: Matrix,
    output: Matrix,
    feed_norm: Vec<f32>,
    /// Scores the experts; none in a dense layer.
    router: Option<Matrix>,
    networks: Vec<Network>,
}

struct Head {
    norm: Vec<f32>,
    matrix: Matrix,
}

/// An adapter's two matrices.
struct Beside {
    down: Matrix,
    up: Matrix,
}

type Beside3 = HashMap<(usize, Part, Option<usize>), Beside>;

/// Buffers for a batch.
struct Work {
    normed: Inputs,
    queries: Vec<f32>,
    keys: Vec<f32>,
    values: Vec<f32>,
    attended: Inputs,
    routes: Vec<f32>,
    gates: Vec<f32>,
    ups: Vec<f32>,
    active: Inputs,
    downs: Vec<f32>,
}

impl Work {
    fn new(shape: &Shape, rows: usize) -> Self {
        let slots = rows * shape.used();
        let (experts, downs) = match shape.experts {
            Some((experts, _)) => (experts, slots * shape.hidden),
            None => (0, 0),
        };
        Self {
            normed: Inputs::new(rows, shape.hidden),
            queries: vec![0.0; rows * shape.queries()],
            keys: vec![0.0; rows * shape.keys()],
            values: vec![0.0; rows * shape.keys()],
            attended: Inputs::new(rows, shape.queries()),
            routes: vec![0.0; rows * experts],
            gates: vec![0.0; slots * shape.feed],
            ups: vec![0.0; slots * shape.feed],
            active: Inputs::new(slots, shape.feed),
            downs: vec![0.0; downs],
        }
    }

    fn bytes(shape: &Shape, rows: usize) -> usize {
        let slots = rows * shape.used();
        let (experts, downs) = match shape.experts {
            Some((experts, _)) => (experts, slots * shape.hidden),
            None => (0, 0),
        };
        let floats =
            rows * (shape.queries() + 2 * shape.keys() + experts) + 2 * slots * shape.feed + downs;
        4 * floats
            + Inputs::bytes(rows, shape.hidden)
            + Inputs::bytes(rows, shape.queries())
            + Inputs::bytes(slots, shape.feed)
    }
}

/// Layers on the processor.
pub(super) struct Processor {
    shape: Shape,
    grid: Grid,
    range: Range<usize>,
    layers: Vec<Layer>,
    head: Option<Head>,
    cells: Vec<Cells>,
    frequencies: Vec<f32>,
    adapters: Vec<Beside3>,
    work: Work,
    work_bytes: usize,
    cells_bytes: usize,
    scratch: Vec<Mutex<Scratch>>,
    team: Team,
    level: Level,
}

/// What a [`Processor`] is made with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// Tokens of a batch at most.
    pub(super) rows: usize,
    /// Blocks of keys and values.
    pub(super) blocks: usize,
    /// Whether keys and values are kept as half floats.
    pub(super) half: bool,
    /// Threads that work.
    pub(super) threads: usize,
    /// Bytes of adapters.
    pub(super) beside: usize,
}

impl Processor {
    /// Bytes of the weights of layer `layer`.
    pub(super) fn layer_bytes(source: &Source, layer: usize) -> Result<usize, ModelError> {
        Ok(source.layer_places(layer)?.iter().map(packed_bytes).sum())
    }

    /// Bytes of the weights behind the last layer.
    pub(super) fn head_bytes(source: &Source) -> Result<usize, ModelError> {
        Ok(packed_bytes(&source.output()?))
    }

    /// Bytes of keys and values of a layer, and of the buffers that all layers share.
    pub(super) fn room_bytes(shape: &Shape, room: &Room) -> (usize, usize) {
        let grid = Grid {
            heads: shape.kv_heads,
            head: shape.head,
        };
        let width = if room.half { 2 } else { 4 };
        (
            room.blocks * grid.block() * width,
            Work::bytes(shape, room.rows),
        )
    }

    /// Reads and packs the layers `range`, and what follows the last layer if `range` ends
    /// there.
    ///
    /// # Errors
    /// When a weight cannot be read.
    pub(super) fn open(
        source: &Source,
        range: Range<usize>,
        room: Room,
    ) -> Result<Self, ModelError> {
        let shape = source.shape().clone();
        let matrix = |place: &Place| {
            let bytes = source.read(place)?;
            Matrix::pack(place.kind, place.rows, place.columns, &bytes, room.threads).map_err(
                |reason| ModelError::corrupt(source.path(), format!("{}: {reason}", place.name)),
            )
        };
        let floats = |part: Part, layer: usize| source.floats(&source.place(part, layer, None)?);
        let network = |layer: usize, expert: Option<usize>| {
            Ok::<_, ModelError>(Network {
                gate: matrix(&source.place(Part::Gate, layer, expert)?)?,
                up: matrix(&source.place(Part::Up, layer, expert)?)?,
                down: matrix(&source.place(Part::Down, layer, expert)?)?,
            })
        };
        let layers = range
            .clone()
            .map(|layer| {
                let own = |part: Part| matrix(&source.place(part, layer, None)?);
                let (router, networks) = match shape.experts {
                    Some((experts, _)) => {
                        // Which experts are chosen must not hang on how inputs are rounded.
                        let place = source.place(Part::Router, layer, None)?;
                        let values = source.floats(&place)?;
                        let networks = (0..experts)
                            .map(|expert| network(layer, Some(expert)))
                            .collect::<Result<_, _>>()?;
                        (
                            Some(Matrix::of_floats(experts, shape.hidden, &values)),
                            networks,
                        )
                    }
                    None => (None, vec![network(layer, None)?]),
                };
                Ok(Layer {
                    attention_norm: floats(Part::AttentionNorm, layer)?,
                    query: own(Part::Query)?,
                    key: own(Part::Key)?,
                    value: own(Part::Value)?,
                    output: own(Part::AttentionOutput)?,
                    feed_norm: floats(Part::FeedNorm, layer)?,
                    router,
                    networks,
                })
            })
            .collect::<Result<Vec<_>, ModelError>>()?;
        let head = if range.end == shape.layers {
            Some(Head {
                norm: floats(Part::OutputNorm, 0)?,
                matrix: matrix(&source.output()?)?,
            })
        } else {
            None
        };
        let grid = Grid {
            heads: shape.kv_heads,
            head: shape.head,
        };
        let (cells_bytes, work_bytes) = Self::room_bytes(&shape, &room);
        Ok(Self {
            cells: range
                .clone()
                .map(|_| Cells::new(grid, room.blocks, room.half))
                .collect::<std::io::Result<_>>()
                .map_err(|error| ModelError::Memory {
                    file: source.path().to_owned(),
                    reason: format!("{cells_bytes} bytes for keys and values: {error}"),
                })?,
            cells_bytes: cells_bytes * range.len(),
            work: Work::new(&shape, room.rows),
            work_bytes,
            frequencies: shape.rope.frequencies(shape.head),
            adapters: Vec::new(),
            scratch: (0..room.threads.max(1))
                .map(|_| Mutex::new(Scratch::new(shape.head)))
                .collect(),
            team: Team::new(room.threads.max(1)).map_err(|error| {
                ModelError::Thread(format!("{} threads: {error}", room.threads))
            })?,
            level: Level::detect(),
            shape,
            grid,
            range,
            layers,
            head,
        })
    }

    /// Keys and values of the batch are kept, and attention to them is gathered in
    /// `work.attended`.
    fn attention(&mut self, layer: usize, batch: &Batch, hidden: &mut [f32]) {
        let Self {
            shape,
            grid,
            layers,
            cells,
            work,
            team,
            level,
            scratch,
            frequencies,
            adapters,
            range,
            ..
        } = self;
        let (weights, cells, level) = (&layers[layer], &mut cells[layer], *level);
        let rows = batch.tokens.len();
        norm_rows(
            team,
            level,
            hidden,
            &weights.attention_norm,
            shape.epsilon,
            &mut work.normed,
            weights.query.takes_codes() || weights.key.takes_codes() || weights.value.takes_codes(),
        );
        let same = same_rows(rows);
        let number = range.start + layer;
        let project = |matrix, out: &mut Vec<f32>, stride| Product {
            matrix,
            inputs: &work.normed,
            rows: &same,
            out: Disjoint::new(out),
            stride,
            add: false,
        };
        let (q_width, k_width) = (shape.queries(), shape.keys());
        let products = [
            project(&weights.query, &mut work.queries, q_width),
            project(&weights.key, &mut work.keys, k_width),
            project(&weights.value, &mut work.values, k_width),
        ];
        multiply(team, level, &products);
        for (part, out, stride) in [
            (Part::Query, &mut work.queries, q_width),
            (Part::Key, &mut work.keys, k_width),
            (Part::Value, &mut work.values, k_width),
        ] {
            let place = (number, part, None);
            add_adapters(
                team,
                level,
                adapters,
                place,
                batch,
                &work.normed,
                out,
                stride,
            );
        }
        keep(team, shape, *grid, frequencies, batch, work, cells);
        see(team, level, shape, *grid, batch, work, cells, scratch);
        if weights.output.takes_codes() {
            let writer = work.attended.writer();
            // SAFETY: each row is one item's.
            team.each(rows, |row| unsafe { writer.round(level, row) });
        }
        let add = Product {
            matrix: &weights.output,
            inputs: &work.attended,
            rows: &same,
            out: Disjoint::new(hidden),
            stride: shape.hidden,
            add: true,
        };
        multiply(team, level, &[add]);
        let place = (number, Part::AttentionOutput, None);
        add_adapters(
            team,
            level,
            adapters,
            place,
            batch,
            &work.attended,
            hidden,
            shape.hidden,
        );
    }

    /// The feed-forward networks, of those experts that each token is sent to.
    fn feed(&mut self, layer: usize, batch: &Batch, hidden: &mut [f32]) {
        let Self {
            shape,
            layers,
            work,
            team,
            level,
            adapters,
            range,
            ..
        } = self;
        let (weights, level) = (&layers[layer], *level);
        let rows = batch.tokens.len();
        let takes_codes = weights
            .networks
            .iter()
            .any(|network| network.gate.takes_codes() || network.up.takes_codes());
        norm_rows(
            team,
            level,
            hidden,
            &weights.feed_norm,
            shape.epsilon,
            &mut work.normed,
            takes_codes,
        );
        let used = shape.used();
        // Row of inputs and slot of outputs, for each network.
        let mut tasks: Vec<Vec<(u32, u32)>> = vec![Vec::new(); weights.networks.len()];
        let mut shares = Vec::new();
        if let Some(router) = &weights.router {
            let same = same_rows(rows);
            let product = Product {
                matrix: router,
                inputs: &work.normed,
                rows: &same,
                out: Disjoint::new(&mut work.routes),
                stride: router.rows(),
                add: false,
            };
            multiply(team, level, &[product]);
            shares = choose(
                &work.routes[..rows * router.rows()],
                router.rows(),
                used,
                &mut tasks,
            );
        } else {
            tasks[0] = same_rows(rows);
        }
        let number = range.start + layer;
        let expert = |index: usize| weights.router.is_some().then_some(index);
        let mut products = Vec::with_capacity(2 * tasks.len());
        let (gates, ups) = (Disjoint::new(&mut work.gates), Disjoint::new(&mut work.ups));
        for (network, rows) in weights.networks.iter().zip(&tasks) {
            for (matrix, out) in [(&network.gate, gates), (&network.up, ups)] {
                products.push(Product {
                    matrix,
                    inputs: &work.normed,
                    rows,
                    out,
                    stride: shape.feed,
                    add: false,
                });
            }
        }
        products.retain(|product| !product.rows.is_empty());
        multiply(team, level, &products);
        for (index, rows) in tasks.iter().enumerate() {
            for (part, out) in [(Part::Gate, &mut work.gates), (Part::Up, &mut work.ups)] {
                let place = (number, part, expert(index));
                add_adapters_to(
                    team,
                    level,
                    adapters,
                    place,
                    batch,
                    rows,
                    used,
                    &work.normed,
                    out,
                    shape.feed,
                );
            }
        }
        let slots = rows * used;
        let rounds = weights
            .networks
            .iter()
            .any(|network| network.down.takes_codes());
        let writer = work.active.writer();
        let (gates, ups, width) = (&work.gates, &work.ups, shape.feed);
        team.each(slots, |slot| {
            // SAFETY: each slot is one item's.
            let out = unsafe { writer.row(slot) };
            let at = slot * width..(slot + 1) * width;
            gate(level, &gates[at.clone()], &ups[at], out);
            if rounds {
                // SAFETY: as above.
                unsafe { writer.round(level, slot) };
            }
        });
        let dense = weights.router.is_none();
        let out = if dense {
            Disjoint::new(hidden)
        } else {
            Disjoint::new(&mut work.downs)
        };
        let own: Vec<Vec<(u32, u32)>> = tasks
            .iter()
            .map(|rows| rows.iter().map(|(_, slot)| (*slot, *slot)).collect())
            .collect();
        let products: Vec<Product<'_>> = weights
            .networks
            .iter()
            .zip(&own)
            .filter(|(_, rows)| !rows.is_empty())
            .map(|(network, rows)| Product {
                matrix: &network.down,
                inputs: &work.active,
                rows,
                out,
                stride: shape.hidden,
                add: dense,
            })
            .collect();
        multiply(team, level, &products);
        for (index, rows) in own.iter().enumerate() {
            let place = (number, Part::Down, expert(index));
            let out: &mut [f32] = if dense { hidden } else { &mut work.downs };
            add_adapters_to(
                team,
                level,
                adapters,
                place,
                batch,
                rows,
                used,
                &work.active,
                out,
                shape.hidden,
            );
        }
        if !dense {
            let (downs, width) = (&work.downs, shape.hidden);
            let hidden = Disjoint::new(hidden);
            team.each(rows, |row| {
                // SAFETY: each row is one item's.
                let out = unsafe { hidden.part(row * width, width) };
                for choice in 0..used {
                    let slot = row * used + choice;
                    let share = shares[slot];
                    for (out, down) in out.iter_mut().zip(&downs[slot * width..(slot + 1) * width])
                    {
                        *out += share * down;
                    }
                }
            });
        }
    }
}

fn packed_bytes(place: &Place) -> usize {
    Matrix::packed_bytes(place.kind, place.rows, place.columns)
}

fn same_rows(rows: usize) -> Vec<(u32, u32)> {
    (0..u32::try_from(rows).expect("batches are small"))
        .map(|row| (row, row))
        .collect()
}

/// Brings each row to a mean square of 1 and applies `scale` (Zhang and Sennrich, 2019).
fn norm_rows(
    team: &mut Team,
    level: Level,
    values: &[f32],
    scale: &[f32],
    epsilon: f32,
    out: &mut Inputs,
    rounds: bool,
) {
    let width = scale.len();
    let writer = out.writer();
    team.each(values.len() / width, |row| {
        // SAFETY: each row is one item's.
        let out = unsafe { writer.row(row) };
        norm(&values[row * width..(row + 1) * width], scale, epsilon, out);
        if rounds {
            // SAFETY: as above.
            unsafe { writer.round(level, row) };
        }
    });
}

fn norm(values: &[f32], scale: &[f32], epsilon: f32, out: &mut [f32]) {
    let mut squares = [0.0_f32; 16];
    for values in values.chunks(16) {
        for (square, value) in squares.iter_mut().zip(values) {
            *square += value * value;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "rows are short")]
    let mean = squares.iter().sum::<f32>() / values.len() as f32;
    let factor = 1.0 / (mean + epsilon).sqrt();
    for ((out, value), scale) in out.iter_mut().zip(values).zip(scale) {
        *out = value * factor * scale;
    }
}

/// Turns queries and keys to their positions, and keeps keys and values.
fn keep(
    team: &mut Team,
    shape: &Shape,
    grid: Grid,
    frequencies: &[f32],
    batch: &Batch,
    work: &mut Work,
    cells: &mut Cells,
) {
    let (head, group) = (shape.head, shape.heads / shape.kv_heads);
    #[expect(
        clippy::cast_precision_loss,
        reason = "heads are short, and so are contexts"
    )]
    let (scale, angles) = (
        1.0 / (head as f32).sqrt(),
        |position: usize, index: usize| (position as f32 * frequencies[index]).sin_cos(),
    );
    let mut turns = vec![(0.0, 0.0); batch.tokens.len() * head / 2];
    for span in &batch.spans {
        for (row, position) in span.rows.clone().zip(span.position..) {
            for (index, turn) in turns[row * head / 2..(row + 1) * head / 2]
                .iter_mut()
                .enumerate()
            {
                *turn = angles(position, index);
            }
        }
    }
    let (queries, keys) = (
        Disjoint::new(&mut work.queries),
        Disjoint::new(&mut work.keys),
    );
    let values = &work.values;
    let cells = cells.open();
    team.each(batch.spans.len() * shape.kv_heads, |item| {
        let (span, own) = (&batch.spans[item / shape.kv_heads], item % shape.kv_heads);
        for (row, position) in span.rows.clone().zip(span.position..) {
            let turns = &turns[row * head / 2..(row + 1) * head / 2];
            for query in own * group..(own + 1) * group {
                // SAFETY: each head of each row is one item's.
                let query = unsafe { queries.part(row * shape.queries() + query * head, head) };
                turn(query, turns, shape.rope.pairs);
                for value in query {
                    *value *= scale;
                }
            }
            let at = row * shape.keys() + own * head;
            // SAFETY: as above.
            let key = unsafe { keys.part(at, head) };
            turn(key, turns, shape.rope.pairs);
            // SAFETY: conversations have different blocks to write to, and this head of them
            // is this item's.
            unsafe {
                cells.keep(
                    grid,
                    &span.blocks,
                    position,
                    own,
                    key,
                    &values[at..at + head],
                );
            };
        }
    });
}

/// Turns a head by the angles whose sines and cosines are `turns`.
fn turn(values: &mut [f32], turns: &[(f32, f32)], pairs: Pairs) {
    match pairs {
        Pairs::Neighbours => {
            for (pair, (sine, cosine)) in values.chunks_exact_mut(2).zip(turns) {
                let (first, second) = (pair[0], pair[1]);
                pair[0] = first * cosine - second * sine;
                pair[1] = first * sine + second * cosine;
            }
        }
        Pairs::Halves => {
            let (left, right) = values.split_at_mut(turns.len());
            for ((left, right), (sine, cosine)) in left.iter_mut().zip(right).zip(turns) {
                let (first, second) = (*left, *right);
                *left = first * cosine - second * sine;
                *right = first * sine + second * cosine;
            }
        }
    }
}

/// Attends with every query of the batch.
#[expect(
    clippy::too_many_arguments,
    reason = "parts of a processor, borrowed apart"
)]
fn see(
    team: &mut Team,
    level: Level,
    shape: &Shape,
    grid: Grid,
    batch: &Batch,
    work: &mut Work,
    cells: &Cells,
    scratch: &[Mutex<Scratch>],
) {
    let (head, group) = (shape.head, shape.heads / shape.kv_heads);
    let mut items: Vec<(&Span, Range<usize>, usize)> = Vec::new();
    for span in &batch.spans {
        // The last tokens see most and are begun first, so that no thread ends with them.
        for first in span.rows.clone().step_by(TOKENS).rev() {
            let rows = first..(first + TOKENS).min(span.rows.end);
            items.extend((0..shape.kv_heads).map(|own| (span, rows.clone(), own)));
        }
    }
    let queries = &work.queries;
    let writer = work.attended.writer();
    team.each(items.len(), |item| {
        let (span, rows, own) = &items[item];
        let queries: Vec<QueryRow<'_>> = rows
            .clone()
            .flat_map(|row| {
                (own * group..(own + 1) * group).map(move |query| {
                    let at = row * shape.queries() + query * head;
                    QueryRow {
                        query: &queries[at..at + head],
                        position: span.position + row - span.rows.start,
                    }
                })
            })
            .collect();
        let seen = Seen {
            cells,
            grid,
            blocks: &span.blocks,
            sliding_window: shape.sliding_window,
        };
        let mut scratch = scratch
            .iter()
            .find_map(|scratch| scratch.try_lock().ok())
            .expect("there is scratch memory for each thread");
        attend(level, &seen, *own, &queries, &mut scratch, |index, sums| {
            let (row, query) = (rows.start + index / group, own * group + index % group);
            // SAFETY: each head of each row is one item's.
            unsafe { writer.part(row, query * head, head) }.copy_from_slice(sums);
        });
    });
}

/// Sends each row to the `used` networks with the highest scores; their shares are the softmax
/// of these scores.
fn choose(scores: &[f32], experts: usize, used: usize, tasks: &mut [Vec<(u32, u32)>]) -> Vec<f32> {
    let mut shares = Vec::with_capacity(scores.len() / experts * used);
    let mut order: Vec<usize> = Vec::with_capacity(experts);
    for (row, scores) in scores.chunks_exact(experts).enumerate() {
        order.clear();
        order.extend(0..experts);
        order.sort_by(|left, right| scores[*right].total_cmp(&scores[*left]));
        let largest = scores[order[0]];
        let weights: Vec<f32> = order[..used]
            .iter()
            .map(|expert| (scores[*expert] - largest).exp())
            .collect();
        let total: f32 = weights.iter().sum();
        for (choice, (expert, weight)) in order.iter().zip(weights).enumerate() {
            let number = |value: usize| u32::try_from(value).expect("batches are small");
            tasks[*expert].push((number(row), number(row * used + choice)));
            shares.push(weight / total);
        }
    }
    shares
}

/// Adds to `out` what adapters add to the part at `place`, for the rows that use them.
#[expect(
    clippy::too_many_arguments,
    reason = "parts of a processor, borrowed apart"
)]
fn add_adapters(
    team: &mut Team,
    level: Level,
    adapters: &[Beside3],
    place: (usize, Part, Option<usize>),
    batch: &Batch,
    inputs: &Inputs,
    out: &mut [f32],
    stride: usize,
) {
    if batch.spans.iter().any(|span| span.adapter.is_some()) {
        let rows = same_rows(batch.tokens.len());
        add_adapters_to(
            team, level, adapters, place, batch, &rows, 1, inputs, out, stride,
        );
    }
}

/// As [`add_adapters`], for rows of inputs and outputs that stand `used` to a token.
#[expect(
    clippy::too_many_arguments,
    reason = "parts of a processor, borrowed apart"
)]
fn add_adapters_to(
    team: &mut Team,
    level: Level,
    adapters: &[Beside3],
    place: (usize, Part, Option<usize>),
    batch: &Batch,
    rows: &[(u32, u32)],
    used: usize,
    inputs: &Inputs,
    out: &mut [f32],
    stride: usize,
) {
    for (number, adapter) in adapters.iter().enumerate() {
        let Some(beside) = adapter.get(&place) else {
            continue;
        };
        let uses = |slot: u32| {
            let token = slot as usize / used;
            let own = |span: &&Span| span.rows.contains(&token);
            batch.spans.iter().find(own).and_then(|span| span.adapter) == Some(number)
        };
        let rows: Vec<(u32, u32)> = rows
            .iter()
            .copied()
            .filter(|(_, slot)| uses(*slot))
            .collect();
        if rows.is_empty() {
            continue;
        }
        let mut between = Inputs::new(rows.len(), beside.down.rows());
        let inward: Vec<(u32, u32)> = rows
            .iter()
            .zip(0..)
            .map(|((from, _), to)| (*from, to))
            .collect();
        let outward: Vec<(u32, u32)> = rows
            .iter()
            .zip(0..)
            .map(|((_, to), from)| (from, *to))
            .collect();
        let stride_between = between.columns();
        let down = Product {
            matrix: &beside.down,
            inputs,
            rows: &inward,
            out: between.floats(),
            stride: stride_between,
            add: false,
        };
        multiply(team, level, &[down]);
        let up = Product {
            matrix: &beside.up,
            inputs: &between,
            rows: &outward,
            out: Disjoint::new(out),
            stride,
            add: true,
        };
        multiply(team, level, &[up]);
    }
}

impl Stage for Processor {
    fn device(&self) -> String {
        format!(
            "cpu ({}, {} threads)",
            self.level.name(),
            self.team.threads()
        )
    }

    fn layers(&self) -> Range<usize> {
        self.range.clone()
    }

    fn bytes(&self) -> (usize, usize) {
        let mut weights = self.head.as_ref().map_or(0, |head| head.matrix.bytes());
        for layer in &self.layers {
            let matrices = [&layer.query, &layer.key, &layer.value, &layer.output];
            let networks = layer
                .networks
                .iter()
                .flat_map(|network| [&network.gate, &network.up, &network.down]);
            weights += matrices
                .into_iter()
                .chain(networks)
                .map(Matrix::bytes)
                .sum::<usize>();
        }
        (weights, self.work_bytes + self.cells_bytes)
    }

    fn forward(&mut self, batch: &Batch, hidden: Hidden) -> Result<Hidden, ModelError> {
        let mut hidden = host(hidden)?;
        for layer in 0..self.layers.len() {
            self.attention(layer, batch, &mut hidden);
            self.feed(layer, batch, &mut hidden);
        }
        Ok(Hidden::Host(hidden))
    }

    fn scores(&mut self, batch: &Batch, hidden: Hidden) -> Result<Vec<Vec<f32>>, ModelError> {
        let hidden = host(hidden)?;
        let head = self.head.as_ref().expect("the last stage has a head");
        let width = self.shape.hidden;
        let mut inputs = Inputs::new(batch.outputs.len(), width);
        let wanted: Vec<f32> = batch
            .outputs
            .iter()
            .flat_map(|row| &hidden[row * width..(row + 1) * width])
            .copied()
            .collect();
        let rounds = head.matrix.takes_codes();
        norm_rows(
            &mut self.team,
            self.level,
            &wanted,
            &head.norm,
            self.shape.epsilon,
            &mut inputs,
            rounds,
        );
        let mut scores = vec![0.0; batch.outputs.len() * head.matrix.rows()];
        let rows = same_rows(batch.outputs.len());
        let product = Product {
            matrix: &head.matrix,
            inputs: &inputs,
            rows: &rows,
            out: Disjoint::new(&mut scores),
            stride: head.matrix.rows(),
            add: false,
        };
        multiply(&mut self.team, self.level, &[product]);
        Ok(scores
            .chunks_exact(head.matrix.rows())
            .map(<[f32]>::to_vec)
            .collect())
    }

    fn adapt(&mut self, adapter: &Adapter) -> Result<(), ModelError> {
        let parts = adapter
            .parts
            .iter()
            .filter(|((layer, ..), _)| self.range.contains(layer))
            .map(|(place, part)| {
                let inputs = part.down.len() / part.rank;
                let outputs = part.up.len() / part.rank;
                let beside = Beside {
                    down: Matrix::of_floats(part.rank, inputs, &part.down),
                    up: Matrix::of_floats(outputs, part.rank, &part.up),
                };
                (*place, beside)
            })
            .collect();
        self.adapters.push(parts);
        Ok(())
    }
}

/// Brings hidden values to this machine's memory.
fn host(hidden: Hidden) -> Result<Vec<f32>, ModelError> {
    match hidden {
        Hidden::Host(values) => Ok(values),
        Hidden::Device(tensor) => tensor
            .to_dtype(candle_core::DType::F32)
            .and_then(|tensor| tensor.flatten_all()?.to_vec1())
            .map_err(|error| ModelError::Accelerator(error.to_string())),
    }
}
