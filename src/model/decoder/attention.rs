//! Keys and values of what was read, and attention to them.
//!
//! Keys and values are kept in blocks of 64 tokens, each block in a place of its own, so that
//! conversations with the same beginning share blocks and a long one needs no room in one
//! piece (Kwon and others, 2023, "Paged Attention"). Attention goes block by block with a
//! running maximum (Milakov and Gimelshein, 2018): no matrix of all tokens by all tokens, and
//! scratch memory that does not grow with the context.

#![expect(
    unsafe_code,
    reason = "kernels read blocks through pointers, and threads write to different blocks"
)]
#![expect(
    clippy::cast_ptr_alignment,
    reason = "they are pointers to the values that they are cast back to"
)]

use super::lines::Zeros;
use super::matrix::Disjoint;
use super::simd::{LANES, Level, Simd, on_level};

/// Tokens of a block.
pub(crate) const BLOCK: usize = 64;

/// Rows of queries that one pass over a block serves.
const TOGETHER: usize = 4;

/// Keys and values of one layer.
pub(super) enum Cells {
    F32(Zeros<f32>),
    F16(Zeros<u16>),
}

/// Sizes of [`Cells`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    pub(super) heads: usize,
    pub(super) head: usize,
}

impl Grid {
    /// Values of keys and values of a block.
    pub(super) fn block(&self) -> usize {
        2 * BLOCK * self.heads * self.head
    }

    /// Where the keys of a head start in a block's place; its values follow.
    fn at(&self, block: u32, head: usize) -> usize {
        block as usize * self.block() + head * 2 * BLOCK * self.head
    }
}

impl Cells {
    /// Room for `blocks` blocks.
    ///
    /// # Errors
    /// When the system gives no memory.
    pub(super) fn new(grid: Grid, blocks: usize, half: bool) -> std::io::Result<Self> {
        let values = blocks.saturating_mul(grid.block());
        Ok(if half {
            Self::F16(Zeros::new(values)?)
        } else {
            Self::F32(Zeros::new(values)?)
        })
    }

    /// For threads to write different blocks or heads of.
    pub(super) fn open(&mut self) -> OpenCells {
        match self {
            Self::F32(values) => OpenCells::F32(Disjoint::new(values)),
            Self::F16(values) => OpenCells::F16(Disjoint::new(values)),
        }
    }
}

/// [`Cells`] that threads write to.
#[derive(Clone, Copy)]
pub(super) enum OpenCells {
    F32(Disjoint<f32>),
    F16(Disjoint<u16>),
}

impl OpenCells {
    /// Keeps key and value of the token at `position` for head `head`.
    ///
    /// # Safety
    /// The cells are still there, and no other thread uses this head of this block.
    pub(super) unsafe fn keep(
        &self,
        grid: Grid,
        blocks: &[u32],
        position: usize,
        head: usize,
        key: &[f32],
        value: &[f32],
    ) {
        let at = grid.at(blocks[position / BLOCK], head);
        let place = position % BLOCK;
        let size = 2 * BLOCK * grid.head;
        // Keys stand side by side, so that one instruction takes 16 tokens; values in rows.
        let value_at = BLOCK * grid.head + place * grid.head;
        match self {
            Self::F32(cells) => {
                // SAFETY: passed on to who calls.
                let cells = unsafe { cells.part(at, size) };
                for (index, key) in key.iter().enumerate() {
                    cells[index * BLOCK + place] = *key;
                }
                cells[value_at..value_at + grid.head].copy_from_slice(value);
            }
            Self::F16(cells) => {
                // SAFETY: passed on to who calls.
                let cells = unsafe { cells.part(at, size) };
                // One that is too large would spoil every answer that sees it.
                let most = half::f16::MAX.to_f32();
                let half = |value: f32| half::f16::from_f32(value.clamp(-most, most)).to_bits();
                for (index, key) in key.iter().enumerate() {
                    cells[index * BLOCK + place] = half(*key);
                }
                for (cell, value) in cells[value_at..].iter_mut().zip(value) {
                    *cell = half(*value);
                }
            }
        }
    }
}

/// What a pass attends to.
pub(super) struct Seen<'a> {
    pub(super) cells: &'a Cells,
    pub(super) grid: Grid,
    /// The blocks of the conversation, in order.
    pub(super) blocks: &'a [u32],
    /// Tokens back that a token sees, itself among them.
    pub(super) sliding_window: Option<usize>,
}

/// A query of one head.
#[derive(Clone, Copy)]
pub(super) struct QueryRow<'a> {
    /// The turned query, already divided by the root of its length.
    pub(super) query: &'a [f32],
    /// The position of its token.
    pub(super) position: usize,
}

/// Scratch memory of a thread.
pub(super) struct Scratch {
    scores: [[f32; BLOCK]; TOGETHER],
    sums: Vec<f32>,
}

impl Scratch {
    pub(super) fn new(head: usize) -> Self {
        Self {
            scores: [[0.0; BLOCK]; TOGETHER],
            sums: vec![0.0; TOGETHER * head],
        }
    }
}

/// Attends with the head `head` of keys and values; gives `out` the number of the row and its
/// weighted values.
pub(super) fn attend(
    level: Level,
    seen: &Seen<'_>,
    head: usize,
    rows: &[QueryRow<'_>],
    scratch: &mut Scratch,
    mut out: impl FnMut(usize, &[f32]),
) {
    for (number, rows) in rows.chunks(TOGETHER).enumerate() {
        let mut four = [rows[0]; TOGETHER];
        four[..rows.len()].copy_from_slice(rows);
        let count = rows.len();
        for row in &four {
            assert_eq!(
                row.query.len(),
                seen.grid.head,
                "a query is as long as a key"
            );
            assert!(
                row.position / BLOCK < seen.blocks.len(),
                "its block is there"
            );
        }
        let last = seen.blocks.iter().max().copied().unwrap_or(0) as usize;
        let cells = match seen.cells {
            Cells::F32(cells) => cells.len(),
            Cells::F16(cells) => cells.len(),
        };
        assert!(
            (last + 1) * seen.grid.block() <= cells,
            "every block is there"
        );
        let four = &four;
        // SAFETY: sizes were just compared, and the level is this processor's.
        unsafe {
            if count == 1 {
                on_level!(level, attend_rows[1](
                    seen: &Seen<'_>, head: usize, four: &[QueryRow<'_>; TOGETHER], scratch: &mut Scratch,
                ));
            } else {
                on_level!(level, attend_rows[4](
                    seen: &Seen<'_>, head: usize, four: &[QueryRow<'_>; TOGETHER], scratch: &mut Scratch,
                ));
            }
        }
        for index in 0..count {
            let sums = &scratch.sums[index * seen.grid.head..(index + 1) * seen.grid.head];
            out(number * TOGETHER + index, sums);
        }
    }
}

#[inline(always)]
unsafe fn attend_rows<S: Simd, const N: usize>(
    seen: &Seen<'_>,
    head: usize,
    rows: &[QueryRow<'_>; TOGETHER],
    scratch: &mut Scratch,
) {
    let size = seen.grid.head;
    let first_seen = |position: usize| {
        seen.sliding_window
            .map_or(0, |window| (position + 1).saturating_sub(window))
    };
    let first = rows[..N]
        .iter()
        .map(|row| first_seen(row.position))
        .min()
        .unwrap_or(0);
    let last = rows[..N].iter().map(|row| row.position).max().unwrap_or(0);
    let mut largest = [f32::NEG_INFINITY; N];
    let mut totals = [0.0_f32; N];
    scratch.sums[..N * size].fill(0.0);
    for number in first / BLOCK..=last / BLOCK {
        let at = seen.grid.at(seen.blocks[number], head);
        // SAFETY: who calls compared sizes.
        unsafe {
            match seen.cells {
                Cells::F32(cells) => {
                    let keys = cells.as_ptr().add(at);
                    scores::<S, false, N>(keys.cast(), size, rows, &mut scratch.scores);
                }
                Cells::F16(cells) => {
                    let keys = cells.as_ptr().add(at);
                    scores::<S, true, N>(keys.cast(), size, rows, &mut scratch.scores);
                }
            }
            let mut faded = [1.0_f32; N];
            for index in 0..N {
                let position = rows[index].position;
                let scores = &mut scratch.scores[index];
                let start = first_seen(position)
                    .saturating_sub(number * BLOCK)
                    .min(BLOCK);
                let end = (position + 1).saturating_sub(number * BLOCK).min(BLOCK);
                scores[..start].fill(f32::NEG_INFINITY);
                scores[end.max(start)..].fill(f32::NEG_INFINITY);
                let scores = scores.as_mut_ptr();
                let mut maximum = S::load(scores);
                for part in 1..BLOCK / LANES {
                    maximum = S::max(maximum, S::load(scores.add(part * LANES)));
                }
                let maximum = S::maximum(maximum).max(largest[index]);
                if maximum == f32::NEG_INFINITY {
                    // Nothing of this block is seen, and nothing before it was.
                    std::slice::from_raw_parts_mut(scores, BLOCK).fill(0.0);
                    continue;
                }
                faded[index] = (largest[index] - maximum).exp();
                largest[index] = maximum;
                let minus = S::splat(-maximum);
                let mut total = S::splat(0.0);
                for part in 0..BLOCK / LANES {
                    let own = scores.add(part * LANES);
                    let weight = S::exp(S::add(S::load(own), minus));
                    S::store(own, weight);
                    total = S::add(total, weight);
                }
                totals[index] = totals[index] * faded[index] + S::sum(total);
            }
            let values = at + BLOCK * size;
            // Places behind hold what another conversation left.
            let places = (last + 1 - number * BLOCK).min(BLOCK);
            match seen.cells {
                Cells::F32(cells) => {
                    let values = cells.as_ptr().add(values);
                    gather::<S, false, N>(values.cast(), size, places, &faded, scratch);
                }
                Cells::F16(cells) => {
                    let values = cells.as_ptr().add(values);
                    gather::<S, true, N>(values.cast(), size, places, &faded, scratch);
                }
            }
        }
    }
    for (index, total) in totals.iter().enumerate() {
        for sum in &mut scratch.sums[index * size..(index + 1) * size] {
            *sum /= total;
        }
    }
}

#[inline(always)]
unsafe fn load<S: Simd, const HALF: bool>(from: *const u8, index: usize) -> S::F {
    // SAFETY: passed on to who calls.
    unsafe {
        if HALF {
            S::load_f16(from.cast::<u16>().add(index))
        } else {
            S::load(from.cast::<f32>().add(index))
        }
    }
}

/// Products of each query with the 64 keys of a block.
#[inline(always)]
unsafe fn scores<S: Simd, const HALF: bool, const N: usize>(
    keys: *const u8,
    size: usize,
    rows: &[QueryRow<'_>; TOGETHER],
    out: &mut [[f32; BLOCK]; TOGETHER],
) {
    // SAFETY: passed on to who calls.
    unsafe {
        let mut sums = [[S::splat(0.0); BLOCK / LANES]; N];
        for index in 0..size {
            let mut keys_here = [S::splat(0.0); BLOCK / LANES];
            for (part, key) in keys_here.iter_mut().enumerate() {
                *key = load::<S, HALF>(keys, index * BLOCK + part * LANES);
            }
            for (sums, row) in sums.iter_mut().zip(rows) {
                let query = S::splat(*row.query.as_ptr().add(index));
                for (sum, keys) in sums.iter_mut().zip(keys_here) {
                    *sum = S::fma(keys, query, *sum);
                }
            }
        }
        for (sums, out) in sums.iter().zip(out) {
            for (part, sum) in sums.iter().enumerate() {
                S::store(out.as_mut_ptr().add(part * LANES), *sum);
            }
        }
    }
}

/// Adds the weighted values of the first `places` of a block to what was gathered, which fades
/// first.
#[inline(always)]
unsafe fn gather<S: Simd, const HALF: bool, const N: usize>(
    values: *const u8,
    size: usize,
    places: usize,
    faded: &[f32; N],
    scratch: &mut Scratch,
) {
    let mut at = 0;
    // SAFETY: passed on to who calls.
    unsafe {
        while at + 4 * LANES <= size {
            gather_columns::<S, HALF, 4, N>(values, size, places, at, faded, scratch);
            at += 4 * LANES;
        }
        while at < size {
            gather_columns::<S, HALF, 1, N>(values, size, places, at, faded, scratch);
            at += LANES;
        }
    }
}

#[inline(always)]
unsafe fn gather_columns<S: Simd, const HALF: bool, const WIDE: usize, const N: usize>(
    values: *const u8,
    size: usize,
    places: usize,
    at: usize,
    faded: &[f32; N],
    scratch: &mut Scratch,
) {
    // SAFETY: passed on to who calls.
    unsafe {
        let mut sums = [[S::splat(0.0); WIDE]; N];
        let out = scratch.sums.as_mut_ptr();
        for (row, (sums, faded)) in sums.iter_mut().zip(faded).enumerate() {
            let faded = S::splat(*faded);
            for (part, sum) in sums.iter_mut().enumerate() {
                let own = out.add(row * size + at + part * LANES);
                *sum = S::mul(S::load(own), faded);
            }
        }
        for place in 0..places {
            let mut here = [S::splat(0.0); WIDE];
            for (part, value) in here.iter_mut().enumerate() {
                *value = load::<S, HALF>(values, place * size + at + part * LANES);
            }
            for (sums, scores) in sums.iter_mut().zip(&scratch.scores) {
                let weight = S::splat(scores[place]);
                for (sum, value) in sums.iter_mut().zip(here) {
                    *sum = S::fma(value, weight, *sum);
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            for (part, sum) in sums.iter().enumerate() {
                S::store(out.add(row * size + at + part * LANES), *sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(seed: usize) -> f32 {
        let thousandths = u16::try_from((seed * 7_919 + 13) % 1_000).unwrap();
        f32::from(thousandths) / 500.0 - 1.0
    }

    /// Softmax attention of one query written out in double precision.
    fn reference(
        grid: Grid,
        head: usize,
        query: &[f32],
        position: usize,
        window: Option<usize>,
        key: &dyn Fn(usize, usize, usize) -> f32,
        kept: &dyn Fn(usize, usize, usize) -> f32,
    ) -> Vec<f64> {
        let first = window.map_or(0, |window| (position + 1).saturating_sub(window));
        let scores: Vec<f64> = (first..=position)
            .map(|token| {
                (0..grid.head)
                    .map(|index| f64::from(query[index]) * f64::from(key(token, head, index)))
                    .sum::<f64>()
                    .exp()
            })
            .collect();
        let total: f64 = scores.iter().sum();
        (0..grid.head)
            .map(|index| {
                scores
                    .iter()
                    .zip(first..)
                    .map(|(score, token)| score * f64::from(kept(token, head, index)))
                    .sum::<f64>()
                    / total
            })
            .collect()
    }

    /// Blocks in no order, contexts shorter and longer than a block, with and without a window.
    #[test]
    fn attention_is_what_its_formula_says_on_every_level() {
        for (head_size, half) in [(16, false), (64, true), (128, false), (80, true)] {
            let grid = Grid {
                heads: 2,
                head: head_size,
            };
            let blocks = [4_u32, 0, 3, 1];
            let key =
                |token: usize, head: usize, index: usize| value(token * 31 + head * 7 + index);
            let kept =
                |token: usize, head: usize, index: usize| value(token * 17 + head * 3 + index * 5);
            let mut cells = Cells::new(grid, 5, half).unwrap();
            // What another conversation left where nothing is kept yet.
            match &mut cells {
                Cells::F32(cells) => cells.fill(f32::INFINITY),
                Cells::F16(cells) => cells.fill(half::f16::INFINITY.to_bits()),
            }
            let open = cells.open();
            for token in 0..200 {
                for head in 0..2 {
                    let keys: Vec<f32> = (0..head_size)
                        .map(|index| key(token, head, index))
                        .collect();
                    let values: Vec<f32> = (0..head_size)
                        .map(|index| kept(token, head, index))
                        .collect();
                    // SAFETY: one thread works on the cells.
                    unsafe { open.keep(grid, &blocks, token, head, &keys, &values) };
                }
            }
            let queries: Vec<Vec<f32>> = (0..7)
                .map(|row| {
                    (0..head_size)
                        .map(|index| value(row * 101 + index) * 0.3)
                        .collect()
                })
                .collect();
            let positions = [0, 5, 63, 64, 100, 198, 199];
            for sliding_window in [None, Some(50)] {
                let seen = Seen {
                    cells: &cells,
                    grid,
                    blocks: &blocks,
                    sliding_window,
                };
                let rows: Vec<QueryRow<'_>> = queries
                    .iter()
                    .zip(positions)
                    .map(|(query, position)| QueryRow { query, position })
                    .collect();
                for level in Level::all() {
                    let mut scratch = Scratch::new(head_size);
                    let mut together = vec![Vec::new(); 7];
                    attend(level, &seen, 1, &rows, &mut scratch, |row, values| {
                        together[row] = values.to_vec();
                    });
                    for (row, found) in together.iter().enumerate() {
                        let expected = reference(
                            grid,
                            1,
                            &queries[row],
                            positions[row],
                            sliding_window,
                            &key,
                            &kept,
                        );
                        let tolerance = if half { 2e-3 } else { 2e-6 };
                        for (found, expected) in found.iter().zip(expected) {
                            assert!(
                                (f64::from(*found) - expected).abs() < tolerance,
                                "{level:?}, row {row}: {found} is not {expected}"
                            );
                        }
                        attend(
                            level,
                            &seen,
                            1,
                            &rows[row..=row],
                            &mut scratch,
                            |_, values| {
                                assert_eq!(values, found, "{level:?}: row {row} alone");
                            },
                        );
                    }
                }
            }
        }
    }
}
