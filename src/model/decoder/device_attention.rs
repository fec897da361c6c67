//! Keys and values on an accelerator, and attention to them by candle's operations.
//!
//! What differs between batches but not between layers (where keys go, which are seen, what is
//! hidden) is worked out once, on the host, and goes to the device once. Keys are gone through
//! in pieces with a running maximum (Milakov and Gimelshein, 2018), so that at most [`SCORES`]
//! scores are held at a time, whatever the context. Heads of queries that share keys are
//! multiplied with them together, without copies of the keys for each.

use std::ops::Range;

use candle_core::{D, DType, Device, Result as CandleResult, Tensor};

use super::attention::BLOCK;
use super::shape::Shape;
use super::stage::{Batch, Span};

/// Scores that attention holds at a time, over all heads: 256 MiB as floats.
pub(super) const SCORES: usize = 1 << 26;

/// Values that are gathered at a time for several conversations: 256 MiB as half floats.
pub(super) const GATHERED: usize = 1 << 27;

/// Rows up to which keys are written by a scatter, which is one operation for all
/// conversations but goes through its rows one after another.
const SCATTERED: usize = 64;

/// What is added to hide a score. Finite, so that a piece without any visible key makes no
/// `NaN`; whatever it adds is multiplied by zero once a visible key comes.
const HIDDEN: f32 = -1e30;

/// Keys and values of one layer, each `[heads, blocks * BLOCK, head]`: the tokens of a head
/// stand together, so that a run of blocks is multiplied with where it lies.
#[derive(Debug)]
pub(super) struct Cells {
    keys: Tensor,
    values: Tensor,
}

impl Cells {
    /// The kind of float that keys and values are kept as. candle's processor device
    /// multiplies no `bf16`.
    pub(super) fn kind(cuda: bool) -> DType {
        if cuda { DType::BF16 } else { DType::F32 }
    }

    /// Bytes of one layer's.
    pub(super) fn bytes(shape: &Shape, blocks: usize, cuda: bool) -> usize {
        2 * blocks * BLOCK * shape.keys() * Self::kind(cuda).size_in_bytes()
    }

    /// Room for `blocks` blocks. Zeros, because what was never written is multiplied too,
    /// with zero, and must be a number.
    pub(super) fn new(shape: &Shape, blocks: usize, device: &Device) -> CandleResult<Self> {
        let sizes = (shape.kv_heads, blocks * BLOCK, shape.head);
        let kind = Self::kind(device.is_cuda());
        Ok(Self {
            keys: Tensor::zeros(sizes, kind, device)?,
            values: Tensor::zeros(sizes, kind, device)?,
        })
    }

    /// Keeps keys and values, `[rows, heads, head]`.
    pub(super) fn keep(&self, pass: &Seen, keys: &Tensor, values: &Tensor) -> CandleResult<()> {
        for (cells, rows) in [(&self.keys, keys), (&self.values, values)] {
            let rows = rows
                .to_dtype(cells.dtype())?
                .transpose(0, 1)?
                .contiguous()?;
            match &pass.places {
                Places::Scattered(places) => cells.scatter_set(places, &rows, 1)?,
                Places::Runs(runs) => {
                    for run in runs {
                        let rows = rows.narrow(1, run.row, run.rows)?.contiguous()?;
                        cells.slice_set(&rows, 1, run.at)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Attends with `queries`, `[rows, query heads, head]`, already divided by the root of
    /// their length; gives `[rows, query heads * head]` as floats.
    pub(super) fn attend(&self, seen: &Seen, queries: &Tensor) -> CandleResult<Tensor> {
        let queries = queries.to_dtype(self.keys.dtype())?;
        let attended = seen
            .groups
            .iter()
            .map(|group| self.attend_group(group, &queries))
            .collect::<CandleResult<Vec<_>>>()?;
        match attended.as_slice() {
            [one] => Ok(one.clone()),
            several => Tensor::cat(several, 0),
        }
    }

    fn attend_group(&self, group: &Group, queries: &Tensor) -> CandleResult<Tensor> {
        let (_, heads, head) = queries.dims3()?;
        let own = self.keys.dim(0)?;
        let (rows, shared) = (group.rows.len(), heads / own);
        let per = rows / group.conversations * shared;
        let queries = queries
            .narrow(0, group.rows.start, rows)?
            .reshape((rows, own, shared, head))?
            .transpose(0, 1)?
            .contiguous()?
            .reshape((own * group.conversations, per, head))?;
        let mut sums: Option<Sums> = None;
        for piece in &group.pieces {
            let keys = piece.take(&self.keys, group.conversations)?;
            let mut scores = queries.matmul(&keys.t()?)?.to_dtype(DType::F32)?;
            if let Some(hidden) = &piece.hidden {
                let sizes = scores.dims3()?;
                scores = scores
                    .reshape((own, rows, shared, sizes.2))?
                    .broadcast_add(hidden)?
                    .reshape(sizes)?;
            }
            let values = piece.take(&self.values, group.conversations)?;
            sums = Some(match sums {
                None => Sums::first(&scores, &values)?,
                Some(sums) => sums.next(&scores, &values)?,
            });
        }
        let Some(sums) = sums else {
            candle_core::bail!("a conversation without tokens attends to nothing")
        };
        sums.values
            .broadcast_div(&sums.totals)?
            .reshape((own, rows, shared, head))?
            .transpose(0, 1)?
            .reshape((rows, heads * head))
    }
}

/// Sums over the keys so far, all relative to the largest score.
struct Sums {
    largest: Tensor,
    totals: Tensor,
    values: Tensor,
}

impl Sums {
    fn first(scores: &Tensor, values: &Tensor) -> CandleResult<Self> {
        let largest = scores.max_keepdim(D::Minus1)?;
        let (totals, values) = weigh(scores, &largest, values)?;
        Ok(Self {
            largest,
            totals,
            values,
        })
    }

    fn next(self, scores: &Tensor, values: &Tensor) -> CandleResult<Self> {
        let largest = self.largest.maximum(&scores.max_keepdim(D::Minus1)?)?;
        let factor = (self.largest - &largest)?.exp()?;
        let (totals, values) = weigh(scores, &largest, values)?;
        Ok(Self {
            totals: ((self.totals * &factor)? + totals)?,
            values: (self.values.broadcast_mul(&factor)? + values)?,
            largest,
        })
    }
}

fn weigh(scores: &Tensor, largest: &Tensor, values: &Tensor) -> CandleResult<(Tensor, Tensor)> {
    let weights = scores.broadcast_sub(largest)?.exp()?;
    let totals = weights.sum_keepdim(D::Minus1)?;
    let sums = weights
        .to_dtype(values.dtype())?
        .matmul(values)?
        .to_dtype(DType::F32)?;
    Ok((totals, sums))
}

/// What the attention of a batch is in every layer.
pub(super) struct Seen {
    places: Places,
    groups: Vec<Group>,
}

/// Where keys and values of a batch go.
enum Places {
    /// The token of the cells for each row, `[heads, rows, head]`.
    Scattered(Tensor),
    Runs(Vec<Run>),
}

/// Rows that stand together in the cells too.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    row: usize,
    rows: usize,
    at: usize,
}

/// Rows whose attention goes together: those of one conversation, or one of each of several.
struct Group {
    rows: Range<usize>,
    conversations: usize,
    pieces: Vec<Piece>,
}

/// Keys that are gone through at a time.
struct Piece {
    keys: Keys,
    /// What is added to scores, `[1, rows, 1, keys]`; none where every row sees every key.
    hidden: Option<Tensor>,
}

enum Keys {
    /// A run of tokens of the cells.
    Run { at: usize, len: usize },
    /// Blocks in any order, and which of their tokens.
    Blocks {
        blocks: Tensor,
        skip: usize,
        len: usize,
    },
}

impl Piece {
    /// The keys or values of the piece, `[heads * conversations, keys, head]`.
    fn take(&self, cells: &Tensor, conversations: usize) -> CandleResult<Tensor> {
        match &self.keys {
            Keys::Run { at, len } => cells.narrow(1, *at, *len),
            Keys::Blocks { blocks, skip, len } => {
                let (heads, tokens, head) = cells.dims3()?;
                cells
                    .reshape((heads, tokens / BLOCK, BLOCK * head))?
                    .index_select(blocks, 1)?
                    .reshape((heads * conversations, (), head))?
                    .narrow(1, *skip, *len)
            }
        }
    }
}

impl Seen {
    pub(super) fn new(shape: &Shape, batch: &Batch, device: &Device) -> CandleResult<Self> {
        let runs = runs(&batch.spans);
        let rows = batch.tokens.len();
        let places = if rows > SCATTERED {
            Places::Runs(runs)
        } else {
            let mut places = vec![0_u32; rows];
            for run in &runs {
                for (row, at) in (run.row..run.row + run.rows).zip(run.at..) {
                    places[row] = number(at);
                }
            }
            let places = Tensor::from_vec(places, (1, rows, 1), device)?;
            Places::Scattered(
                places
                    .broadcast_as((shape.kv_heads, rows, shape.head))?
                    .contiguous()?,
            )
        };
        let mut groups = Vec::new();
        for spans in grouped(shape, &batch.spans) {
            groups.push(match spans {
                [span] => one(shape, span, device)?,
                several => together(shape, several, device)?,
            });
        }
        Ok(Self { places, groups })
    }
}

/// Where the rows of conversations go.
fn runs(spans: &[Span]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for span in spans {
        let mut row = span.rows.start;
        while row < span.rows.end {
            let position = span.position + row - span.rows.start;
            let at = span.blocks[position / BLOCK] as usize * BLOCK + position % BLOCK;
            let rows = (BLOCK - position % BLOCK).min(span.rows.end - row);
            match runs.last_mut() {
                Some(last) if last.row + last.rows == row && last.at + last.rows == at => {
                    last.rows += rows;
                }
                _ => runs.push(Run { row, rows, at }),
            }
            row += rows;
        }
    }
    runs
}

/// Conversations whose attention goes together: neighbours with one row each, where copying
/// keys and padding them to the longest costs less than doing one after another.
fn grouped<'a>(shape: &Shape, spans: &'a [Span]) -> Vec<&'a [Span]> {
    let blocks = |span: &Span| (span.position + span.rows.len()).div_ceil(BLOCK);
    let mut groups = Vec::new();
    let mut rest = spans;
    while !rest.is_empty() {
        let mut count = 1;
        let (mut longest, mut all) = (blocks(&rest[0]), blocks(&rest[0]));
        while rest[0].rows.len() == 1
            && let Some(next) = rest.get(count)
            && next.rows == (rest[count - 1].rows.end..rest[count - 1].rows.end + 1)
        {
            let (longer, more) = (longest.max(blocks(next)), all + blocks(next));
            let padded = longer * (count + 1);
            let tokens = padded * BLOCK;
            if padded > 2 * more
                || tokens * shape.keys() > GATHERED
                || tokens * shape.heads > SCORES
            {
                break;
            }
            (longest, all) = (longer, more);
            count += 1;
        }
        let (group, others) = rest.split_at(count);
        groups.push(group);
        rest = others;
    }
    groups
}

/// The first position that the token at `position` sees.
fn first_seen(shape: &Shape, position: usize) -> usize {
    shape
        .sliding_window
        .map_or(0, |window| (position + 1).saturating_sub(window))
}

/// One conversation, its keys in pieces of as many as may have scores.
fn one(shape: &Shape, span: &Span, device: &Device) -> CandleResult<Group> {
    let blocks = SCORES / (shape.heads * span.rows.len()) / BLOCK;
    let blocks = blocks.min(GATHERED / shape.keys() / BLOCK);
    in_steps(shape, span, blocks.max(1) * BLOCK, device)
}

/// One conversation, its keys in pieces of `step`.
fn in_steps(shape: &Shape, span: &Span, step: usize, device: &Device) -> CandleResult<Group> {
    let rows = span.rows.len();
    let last = span.position + rows - 1;
    let mut pieces = Vec::new();
    let mut start = first_seen(shape, span.position);
    while start <= last {
        // Pieces end with blocks, so that none is taken twice.
        let end = ((start / BLOCK * BLOCK) + step).min(last + 1);
        let sees_all = end <= span.position + 1 && first_seen(shape, last) <= start;
        let hidden = if sees_all {
            None
        } else {
            let positions = span.position..=last;
            let values = positions
                .flat_map(|position| {
                    let seen = first_seen(shape, position)..=position;
                    (start..end).map(move |key| if seen.contains(&key) { 0.0 } else { HIDDEN })
                })
                .collect();
            Some(Tensor::from_vec(values, (1, rows, 1, end - start), device)?)
        };
        let keys = keys(&span.blocks, start..end, device)?;
        pieces.push(Piece { keys, hidden });
        start = end;
    }
    Ok(Group {
        rows: span.rows.clone(),
        conversations: 1,
        pieces,
    })
}

fn keys(blocks: &[u32], tokens: Range<usize>, device: &Device) -> CandleResult<Keys> {
    let own = &blocks[tokens.start / BLOCK..tokens.end.div_ceil(BLOCK)];
    let (skip, len) = (tokens.start % BLOCK, tokens.len());
    Ok(if own.windows(2).all(|pair| pair[1] == pair[0] + 1) {
        Keys::Run {
            at: own[0] as usize * BLOCK + skip,
            len,
        }
    } else {
        Keys::Blocks {
            blocks: Tensor::from_slice(own, own.len(), device)?,
            skip,
            len,
        }
    })
}

/// Several conversations with one row each: all their keys at once.
fn together(shape: &Shape, spans: &[Span], device: &Device) -> CandleResult<Group> {
    let longest = spans
        .iter()
        .map(|span| (span.position + 1).div_ceil(BLOCK))
        .max()
        .unwrap_or(0);
    let tokens = longest * BLOCK;
    let mut blocks = Vec::with_capacity(spans.len() * longest);
    let mut hidden = Vec::with_capacity(spans.len() * tokens);
    for span in spans {
        let own = (span.position + 1).div_ceil(BLOCK);
        blocks.extend(&span.blocks[..own]);
        // Any block will do: it is hidden.
        blocks.extend(std::iter::repeat_n(span.blocks[0], longest - own));
        let seen = first_seen(shape, span.position)..=span.position;
        hidden.extend((0..tokens).map(|key| if seen.contains(&key) { 0.0 } else { HIDDEN }));
    }
    let count = blocks.len();
    let piece = Piece {
        keys: Keys::Blocks {
            blocks: Tensor::from_vec(blocks, count, device)?,
            skip: 0,
            len: tokens,
        },
        hidden: Some(Tensor::from_vec(
            hidden,
            (1, spans.len(), 1, tokens),
            device,
        )?),
    };
    Ok(Group {
        rows: spans[0].rows.start..spans[spans.len() - 1].rows.end,
        conversations: spans.len(),
        pieces: vec![piece],
    })
}

fn number(value: usize) -> u32 {
    u32::try_from(value).expect("there are fewer tokens than 2^32")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(rows: Range<usize>, position: usize, blocks: &[u32]) -> Span {
        Span {
            rows,
            position,
            blocks: blocks.to_vec(),
            adapter: None,
        }
    }

    fn shape(sliding_window: Option<usize>) -> Shape {
        let config = r#"{"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 1,
            "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 64,
            "vocab_size": 32, "max_position_embeddings": 4096, "rms_norm_eps": 1e-5}"#;
        Shape {
            sliding_window,
            ..Shape::of_config(config.as_bytes()).unwrap()
        }
    }

    #[test]
    fn rows_go_where_blocks_are_and_runs_are_as_long_as_can_be() {
        let run = |row, rows, at| Run { row, rows, at };
        let spans = [span(0..100, 60, &[5, 6, 2]), span(100..101, 64, &[9, 3])];
        let expected = [
            run(0, 68, 5 * 64 + 60),
            run(68, 32, 2 * 64),
            run(100, 1, 3 * 64),
        ];
        assert_eq!(runs(&spans), expected);
    }

    #[test]
    fn only_single_rows_of_like_length_go_together() {
        let blocks: Vec<u32> = (0..64).collect();
        let counts = |positions: &[(usize, usize)]| {
            let mut row = 0;
            let spans: Vec<Span> = positions
                .iter()
                .map(|(rows, position)| {
                    row += rows;
                    span(row - rows..row, *position, &blocks)
                })
                .collect();
            let groups = grouped(&shape(None), &spans);
            groups.iter().map(|group| group.len()).collect::<Vec<_>>()
        };
        assert_eq!(counts(&[(1, 100), (1, 120), (1, 90)]), [3]);
        assert_eq!(counts(&[(1, 100), (7, 0), (1, 100)]), [1, 1, 1]);
        assert_eq!(counts(&[(1, 4_000), (1, 10), (1, 20)]), [2, 1]);
        assert_eq!(
            counts(&[(1, 10), (1, 4_000), (1, 20), (1, 30)])
                .iter()
                .sum::<usize>(),
            4
        );
    }

    /// Attention by its formula, in `f64`.
    fn expected(
        query: &[f32],
        keys: &[Vec<f32>],
        values: &[Vec<f32>],
        seen: Range<usize>,
    ) -> Vec<f64> {
        let score = |key: &[f32]| -> f64 {
            let products = query.iter().zip(key);
            products
                .map(|(one, other)| f64::from(*one) * f64::from(*other))
                .sum()
        };
        let weights: Vec<f64> = seen.clone().map(|key| score(&keys[key]).exp()).collect();
        let total: f64 = weights.iter().sum();
        (0..query.len())
            .map(|index| {
                let sum: f64 = weights
                    .iter()
                    .zip(&values[seen.clone()])
                    .map(|(weight, value)| weight * f64::from(value[index]))
                    .sum();
                sum / total
            })
            .collect()
    }

    /// Pieces of any size, with and without a window, give what the formula gives.
    #[test]
    fn attention_in_pieces_is_what_its_formula_says() {
        let (tokens, head) = (150, 16);
        let mut state = 7_u32;
        let mut value = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from(u16::try_from(state >> 16).unwrap()) / 32_768.0 - 1.0
        };
        let mut some = |count: usize| -> Vec<f32> { (0..count).map(|_| value()).collect() };
        let (keys, values) = (some(tokens * 2 * head), some(tokens * 2 * head));
        let queries = some(tokens * 4 * head);
        for window in [None, Some(1), Some(70)] {
            let shape = shape(window);
            let cells = Cells::new(&shape, 8, &Device::Cpu).unwrap();
            let tensor = |values: &[f32], heads: usize| {
                Tensor::from_slice(values, (tokens, heads, head), &Device::Cpu).unwrap()
            };
            let batch = Batch {
                tokens: vec![0; tokens],
                spans: vec![span(0..tokens, 0, &[6, 1, 2])],
                outputs: Vec::new(),
            };
            let seen = Seen::new(&shape, &batch, &Device::Cpu).unwrap();
            cells
                .keep(&seen, &tensor(&keys, 2), &tensor(&values, 2))
                .unwrap();
            for step in [BLOCK, 2 * BLOCK, 3 * BLOCK] {
                // From the fifth row on, as after a prefix that was kept.
                let group = in_steps(
                    &shape,
                    &span(0..tokens - 5, 5, &[6, 1, 2]),
                    step,
                    &Device::Cpu,
                );
                let late = tensor(&queries, 4).narrow(0, 5, tokens - 5).unwrap();
                let found = cells.attend_group(&group.unwrap(), &late.contiguous().unwrap());
                let found: Vec<Vec<f32>> = found.unwrap().to_vec2().unwrap();
                for (row, found) in found.iter().enumerate() {
                    let position = row + 5;
                    let first =
                        window.map_or(0, |window| (position + 1_usize).saturating_sub(window));
                    for (query, found) in found.chunks_exact(head).enumerate() {
                        let of = |all: &[f32], heads: usize, own: usize| -> Vec<Vec<f32>> {
                            let rows = all.chunks_exact(heads * head);
                            rows.map(|row| row[own * head..(own + 1) * head].to_vec())
                                .collect()
                        };
                        let expected = expected(
                            &of(&queries, 4, query)[position],
                            &of(&keys, 2, query / 2),
                            &of(&values, 2, query / 2),
                            first..position + 1,
                        );
                        for (found, expected) in found.iter().zip(expected) {
                            assert!(
                                (f64::from(*found) - expected).abs() < 1e-4,
                                "row {row}, window {window:?}: {found} is not {expected}"
                            );
                        }
                    }
                }
            }
        }
    }
}
