//! Weights as the processor multiplies with them, and the multiplication.
//!
//! Sixteen rows of a matrix stand side by side (a tile), so that one instruction does a step
//! of all of them and no sum has to be gathered from its lanes. Weights keep the bits that the
//! file gives them, and this is the only copy: nothing is widened beyond a byte for the scale.
//! Inputs are rounded to bytes, 32 at a time with a scale of their own, when the weights are
//! quantized; floats meet floats. A row's result does not depend on which other rows are
//! multiplied with it, so that chunks, batches and single tokens agree to the last bit.

#![expect(
    unsafe_code,
    reason = "kernels read packed weights through pointers, and threads write to columns of \
              the same rows"
)]
#![expect(
    clippy::cast_ptr_alignment,
    reason = "lines of weights are aligned to 64 bytes, and codes are read unaligned"
)]

use candle_core::quantized::GgmlDType;

use super::blocks::{Block, Format};
use super::lines::{Line, Zeros};
use super::simd::{LANES, Level, Simd, on_level};
use super::team::Team;

/// Inputs that share a scale.
const GROUP: usize = 32;

/// Memory that threads write disjoint parts of.
#[derive(Clone, Copy)]
pub(super) struct Disjoint<T> {
    start: *mut T,
    len: usize,
}

// SAFETY: whoever takes parts says that nobody else has them.
unsafe impl<T: Send> Send for Disjoint<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Disjoint<T> {}

impl<T> Disjoint<T> {
    pub(super) fn new(slice: &mut [T]) -> Self {
        Self {
            start: slice.as_mut_ptr(),
            len: slice.len(),
        }
    }

    /// The part of `len` values from `at`.
    ///
    /// # Safety
    /// The slice it was made of is still there, and no other part that overlaps is in use.
    #[expect(clippy::mut_from_ref, reason = "that is what it is for")]
    pub(super) unsafe fn part(&self, at: usize, len: usize) -> &mut [T] {
        assert!(at + len <= self.len, "the part lies within the slice");
        // SAFETY: it lies within the slice, and who calls says the rest.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(at), len) }
    }
}

/// How a matrix is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    F32,
    F16,
    Bf16,
    Codes(Format),
}

/// A matrix of weights with a row for each output.
pub(super) struct Matrix {
    rows: usize,
    columns: usize,
    kept: Kept,
    /// Bytes of a tile, scales first.
    tile: usize,
    /// Bytes of a tile's scales.
    scales: usize,
    lines: Zeros<Line>,
}

impl std::fmt::Debug for Matrix {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "Matrix({} x {} {:?})",
            self.rows, self.columns, self.kept
        )
    }
}

/// Bytes of the codes of 32 columns of a tile.
fn code_bytes(format: &Format) -> usize {
    GROUP * LANES * format.bits / 8
}

/// Bytes of the scales of a block of a tile.
fn scale_bytes(format: &Format) -> usize {
    let sides = 1 + usize::from(format.minimums);
    if format.nested {
        2 * 2 * LANES + format.groups() * LANES * sides
    } else {
        2 * LANES * sides
    }
}

/// What is the matter with a matrix that cannot be kept.
fn refuse_sizes(kind: GgmlDType, rows: usize, columns: usize, bytes: usize) -> Option<String> {
    let (block, block_bytes) = (kind.block_size(), kind.type_size());
    if rows == 0 || columns == 0 || !columns.is_multiple_of(block) {
        return Some(format!(
            "{rows} x {columns} weights are not whole blocks of {block} ({kind:?})"
        ));
    }
    let expected = rows * (columns / block) * block_bytes;
    (bytes != expected).then(|| {
        format!("{rows} x {columns} weights of kind {kind:?} take {expected} bytes, not {bytes}")
    })
}

impl Matrix {
    /// Bytes that a matrix takes once it is packed.
    pub(super) fn packed_bytes(kind: GgmlDType, rows: usize, columns: usize) -> usize {
        let (_, tile, _) = Self::layout(kind, columns);
        rows.div_ceil(LANES) * tile
    }

    fn layout(kind: GgmlDType, columns: usize) -> (Kept, usize, usize) {
        let floats = |width: usize| (width * LANES * columns).next_multiple_of(64);
        match Format::of(kind) {
            Some(format) => {
                let scales = (columns / format.block * scale_bytes(&format)).next_multiple_of(64);
                let codes = columns / GROUP * code_bytes(&format);
                (Kept::Codes(format), scales + codes, scales)
            }
            None if kind == GgmlDType::F32 => (Kept::F32, floats(4), 0),
            None if kind == GgmlDType::F16 => (Kept::F16, floats(2), 0),
            None => (Kept::Bf16, floats(2), 0),
        }
    }

    /// Packs `rows` rows of `columns` weights as a file holds them.
    ///
    /// # Errors
    /// When `bytes` are not that many weights of `kind`, in words.
    pub(super) fn pack(
        kind: GgmlDType,
        rows: usize,
        columns: usize,
        bytes: &[u8],
        threads: usize,
    ) -> Result<Self, String> {
        if let Some(reason) = refuse_sizes(kind, rows, columns, bytes.len()) {
            return Err(reason);
        }
        if matches!(kind, GgmlDType::Q8_1 | GgmlDType::Q8K) {
            return Err(format!("weights of kind {kind:?} are not for keeping"));
        }
        let (kept, tile, scales) = Self::layout(kind, columns);
        let tiles = rows.div_ceil(LANES);
        let mut matrix = Self {
            rows,
            columns,
            kept,
            tile,
            scales,
            lines: Zeros::new(tiles * tile / 64).map_err(|error| {
                format!("{rows} x {columns} weights of kind {kind:?} find no memory: {error}")
            })?,
        };
        let row_bytes = bytes.len() / rows;
        let pack_tile = |number: usize, out: &mut [u8]| {
            for lane in 0..LANES.min(rows - number * LANES) {
                let row = number * LANES + lane;
                let row = &bytes[row * row_bytes..(row + 1) * row_bytes];
                pack_row(kind, kept, scales, lane, row, out);
            }
        };
        let share = tiles.div_ceil(threads.max(1)).max(1);
        std::thread::scope(|scope| {
            let mut first = 0;
            for part in matrix.lines.chunks_mut(share * tile / 64) {
                let start = first;
                first += share;
                let pack_tile = &pack_tile;
                let mut work = move || {
                    for (index, lines) in part.chunks_mut(tile / 64).enumerate() {
                        pack_tile(start + index, bytes_of_mut(lines));
                    }
                };
                if share == tiles {
                    work();
                } else {
                    scope.spawn(work);
                }
            }
        });
        Ok(matrix)
    }

    /// A matrix of floats, row after row.
    pub(super) fn of_floats(rows: usize, columns: usize, values: &[f32]) -> Self {
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        Self::pack(GgmlDType::F32, rows, columns, &bytes, 1)
            .expect("there are as many values as weights")
    }

    /// Outputs.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes that it takes.
    pub(super) fn bytes(&self) -> usize {
        self.lines.len() * 64
    }

    /// Whether inputs are rounded to bytes.
    pub(super) fn takes_codes(&self) -> bool {
        matches!(self.kept, Kept::Codes(_))
    }

    fn tiles(&self) -> usize {
        self.rows.div_ceil(LANES)
    }

    fn tile(&self, number: usize) -> &[u8] {
        bytes_of(&self.lines[number * self.tile / 64..(number + 1) * self.tile / 64])
    }

    /// The weights of row `row`, as floats.
    #[cfg(test)]
    fn row(&self, row: usize, out: &mut [f32]) {
        assert!(
            row < self.rows && out.len() == self.columns,
            "the row is there"
        );
        let (tile, lane) = (self.tile(row / LANES), row % LANES);
        let format = match self.kept {
            Kept::F32 => {
                for (column, out) in out.iter_mut().enumerate() {
                    let at = 4 * (column * LANES + lane);
                    *out = f32::from_le_bytes([tile[at], tile[at + 1], tile[at + 2], tile[at + 3]]);
                }
                return;
            }
            Kept::F16 | Kept::Bf16 => {
                for (column, out) in out.iter_mut().enumerate() {
                    let at = 2 * (column * LANES + lane);
                    let half = u16::from_le_bytes([tile[at], tile[at + 1]]);
                    *out = if self.kept == Kept::F16 {
                        half::f16::from_bits(half).to_f32()
                    } else {
                        half::bf16::from_bits(half).to_f32()
                    };
                }
                return;
            }
            Kept::Codes(format) => format,
        };
        let mut block = Block::EMPTY;
        let (scales, codes) = tile.split_at(self.scales);
        for (number, out) in out.chunks_exact_mut(format.block).enumerate() {
            let scales = &scales[number * scale_bytes(&format)..];
            let codes = &codes[number * format.block / GROUP * code_bytes(&format)..];
            unpack_block(&format, lane, scales, codes, &mut block);
            block.weights(&format, out);
        }
    }
}

fn bytes_of(lines: &[Line]) -> &[u8] {
    // SAFETY: a line is 64 bytes without gaps.
    unsafe { std::slice::from_raw_parts(lines.as_ptr().cast(), lines.len() * 64) }
}

fn bytes_of_mut(lines: &mut [Line]) -> &mut [u8] {
    // SAFETY: a line is 64 bytes without gaps, and every pattern of bits is one.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), lines.len() * 64) }
}

/// Puts the row in `bytes` into lane `lane` of a tile.
fn pack_row(
    kind: GgmlDType,
    kept: Kept,
    scales: usize,
    lane: usize,
    bytes: &[u8],
    tile: &mut [u8],
) {
    let format = match kept {
        Kept::F32 => return interleave::<4>(lane, bytes, tile),
        Kept::F16 | Kept::Bf16 => return interleave::<2>(lane, bytes, tile),
        Kept::Codes(format) => format,
    };
    let (scales, codes) = tile.split_at_mut(scales);
    let mut block = Block::EMPTY;
    for (number, bytes) in bytes.chunks_exact(format.block_bytes).enumerate() {
        block.read(kind, bytes);
        let scales = &mut scales[number * scale_bytes(&format)..];
        let codes = &mut codes[number * format.block / GROUP * code_bytes(&format)..];
        pack_block(&format, lane, &block, scales, codes);
    }
}

fn interleave<const WIDTH: usize>(lane: usize, bytes: &[u8], tile: &mut [u8]) {
    for (column, value) in bytes.chunks_exact(WIDTH).enumerate() {
        let at = WIDTH * (column * LANES + lane);
        tile[at..at + WIDTH].copy_from_slice(value);
    }
}

/// Where the parts of a block's scales stand: scale, minimum, scales, minimums.
fn scale_places(format: &Format, lane: usize) -> (usize, usize, usize, usize) {
    let half = 2 * LANES;
    let whole = 2 * half + lane;
    (
        2 * lane,
        half + 2 * lane,
        whole,
        whole + format.groups() * LANES,
    )
}

fn pack_block(format: &Format, lane: usize, block: &Block, scales: &mut [u8], codes: &mut [u8]) {
    let (scale, minimum, whole, whole_minimums) = scale_places(format, lane);
    scales[scale..scale + 2].copy_from_slice(&block.scale.to_le_bytes());
    if format.minimums {
        scales[minimum..minimum + 2].copy_from_slice(&block.minimum.to_le_bytes());
    }
    if format.nested {
        for group in 0..format.groups() {
            scales[whole + group * LANES] = block.scales[group].cast_unsigned();
            if format.minimums {
                scales[whole_minimums + group * LANES] = block.minimums[group].cast_unsigned();
            }
        }
    }
    let own = 4 * lane;
    for (from, to) in block.codes[..format.block]
        .chunks_exact(GROUP)
        .zip(codes.chunks_exact_mut(code_bytes(format)))
    {
        if format.bits == 8 {
            for (column, code) in from.iter().enumerate() {
                to[column / 4 * 64 + own + column % 4] = *code;
            }
            continue;
        }
        let (nibbles, high) = to.split_at_mut(256);
        for (column, code) in from.iter().enumerate() {
            let (line, half, at) = (column / 8, column % 8 / 4, own + column % 4);
            nibbles[line * 64 + at] |= (code & 15) << (4 * half);
            if format.bits == 5 {
                high[column / 4 * 8 + at / 8] |= (code >> 4) << (at % 8);
            } else if format.bits == 6 {
                high[column / 16 * 64 + at] |= (code >> 4) << (2 * (column % 16 / 4));
            }
        }
    }
}

#[cfg(test)]
fn unpack_block(format: &Format, lane: usize, scales: &[u8], codes: &[u8], block: &mut Block) {
    let (scale, minimum, whole, whole_minimums) = scale_places(format, lane);
    block.scale = u16::from_le_bytes([scales[scale], scales[scale + 1]]);
    if format.minimums {
        block.minimum = u16::from_le_bytes([scales[minimum], scales[minimum + 1]]);
    }
    if format.nested {
        for group in 0..format.groups() {
            block.scales[group] = scales[whole + group * LANES].cast_signed();
            if format.minimums {
                block.minimums[group] = scales[whole_minimums + group * LANES].cast_signed();
            }
        }
    }
    let own = 4 * lane;
    for (to, from) in block.codes[..format.block]
        .chunks_exact_mut(GROUP)
        .zip(codes.chunks_exact(code_bytes(format)))
    {
        for (column, code) in to.iter_mut().enumerate() {
            if format.bits == 8 {
                *code = from[column / 4 * 64 + own + column % 4];
                continue;
            }
            let (nibbles, high) = from.split_at(256);
            let (line, half, at) = (column / 8, column % 8 / 4, own + column % 4);
            *code = (nibbles[line * 64 + at] >> (4 * half)) & 15;
            if format.bits == 5 {
                *code |= ((high[column / 4 * 8 + at / 8] >> (at % 8)) & 1) << 4;
            } else if format.bits == 6 {
                *code |= ((high[column / 16 * 64 + at] >> (2 * (column % 16 / 4))) & 3) << 4;
            }
        }
    }
}

/// Inputs of a multiplication: rows of floats, and the same rounded to bytes.
pub(super) struct Inputs {
    columns: usize,
    floats: Vec<f32>,
    codes: Vec<i8>,
    /// A scale for 32 codes.
    scales: Vec<f32>,
    /// Sums of 16 codes, and the same times their scale.
    sums: Vec<i32>,
    totals: Vec<f32>,
}

impl Inputs {
    /// Room for `rows` rows of `columns` values.
    pub(super) fn new(rows: usize, columns: usize) -> Self {
        let groups = columns.div_ceil(GROUP);
        Self {
            columns,
            floats: vec![0.0; rows * columns],
            codes: vec![0; rows * columns.next_multiple_of(GROUP)],
            scales: vec![0.0; rows * groups],
            sums: vec![0; rows * groups * 2],
            totals: vec![0.0; rows * groups * 2],
        }
    }

    /// Bytes that room for `rows` rows of `columns` values takes.
    pub(super) fn bytes(rows: usize, columns: usize) -> usize {
        rows * (4 * columns + columns.next_multiple_of(GROUP) + columns.div_ceil(GROUP) * 20)
    }

    /// Values of a row.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// All rows, to be written; [`Writer::round`] makes the bytes.
    pub(super) fn writer(&mut self) -> Writer {
        Writer {
            columns: self.columns,
            floats: Disjoint::new(&mut self.floats),
            codes: Disjoint::new(&mut self.codes),
            scales: Disjoint::new(&mut self.scales),
            sums: Disjoint::new(&mut self.sums),
            totals: Disjoint::new(&mut self.totals),
        }
    }

    /// All floats, for a multiplication to write.
    pub(super) fn floats(&mut self) -> Disjoint<f32> {
        Disjoint::new(&mut self.floats)
    }
}

/// Writes rows of [`Inputs`] from many threads.
#[derive(Clone, Copy)]
pub(super) struct Writer {
    columns: usize,
    floats: Disjoint<f32>,
    codes: Disjoint<i8>,
    scales: Disjoint<f32>,
    sums: Disjoint<i32>,
    totals: Disjoint<f32>,
}

impl Writer {
    /// The floats of row `row`.
    ///
    /// # Safety
    /// The inputs are still there, and no other thread uses the row.
    #[expect(clippy::mut_from_ref, reason = "threads write different rows")]
    pub(super) unsafe fn row(&self, row: usize) -> &mut [f32] {
        // SAFETY: passed on to who calls.
        unsafe { self.floats.part(row * self.columns, self.columns) }
    }

    /// `len` floats of row `row` from `at`.
    ///
    /// # Safety
    /// The inputs are still there, and no other thread uses these floats.
    #[expect(clippy::mut_from_ref, reason = "threads write different parts")]
    pub(super) unsafe fn part(&self, row: usize, at: usize, len: usize) -> &mut [f32] {
        assert!(at + len <= self.columns, "the part lies within the row");
        // SAFETY: passed on to who calls.
        unsafe { self.floats.part(row * self.columns + at, len) }
    }

    /// Rounds row `row` to bytes.
    ///
    /// # Safety
    /// As for [`Writer::row`].
    pub(super) unsafe fn round(&self, level: Level, row: usize) {
        let groups = self.columns.div_ceil(GROUP);
        // SAFETY: all parts are of this row, which who calls has alone.
        unsafe {
            let floats = self.floats.part(row * self.columns, self.columns);
            let codes = self.codes.part(row * groups * GROUP, groups * GROUP);
            let scales = self.scales.part(row * groups, groups);
            let sums = self.sums.part(row * groups * 2, groups * 2);
            let totals = self.totals.part(row * groups * 2, groups * 2);
            on_level!(level, round_row[](
                floats: &[f32], codes: &mut [i8], scales: &mut [f32], sums: &mut [i32],
                totals: &mut [f32],
            ));
        }
    }
}

/// 1.5 x 2^23. Adding it leaves the nearest whole number in the lowest bits.
const ROUND: f32 = 12_582_912.0;

/// Rounds groups of 32 values to bytes, the largest to 127. What is no number makes the scale
/// of its group, and with it every product, no number either.
#[inline(always)]
#[expect(clippy::cast_precision_loss, reason = "sums of 16 bytes are small")]
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounded values lie within -127 and 127"
)]
unsafe fn round_row<S: Simd>(
    floats: &[f32],
    codes: &mut [i8],
    scales: &mut [f32],
    sums: &mut [i32],
    totals: &mut [f32],
) {
    for (group, floats) in floats.chunks(GROUP).enumerate() {
        let mut values = [0.0; GROUP];
        values[..floats.len()].copy_from_slice(floats);
        let mut largest = [0.0_f32; GROUP / 2];
        for (index, largest) in largest.iter_mut().enumerate() {
            *largest = values[index].abs().max(values[index + GROUP / 2].abs());
        }
        let largest = largest.iter().copied().fold(0.0, f32::max);
        let mut scale = largest / 127.0;
        // Below that the inverse would be infinite.
        let inverse = if scale >= f32::MIN_POSITIVE {
            1.0 / scale
        } else {
            scale = 0.0;
            0.0
        };
        let broken = |broken, value: &f32| broken | value.is_nan();
        if values.iter().fold(false, broken) {
            scale = f32::NAN;
        }
        let codes = &mut codes[group * GROUP..(group + 1) * GROUP];
        for (code, value) in codes.iter_mut().zip(values) {
            *code = ((value * inverse + ROUND).to_bits() as u8).cast_signed();
        }
        scales[group] = scale;
        for half in 0..2 {
            let sum: i32 = codes[half * 16..half * 16 + 16]
                .iter()
                .map(|code| i32::from(*code))
                .sum();
            sums[group * 2 + half] = sum;
            totals[group * 2 + half] = scale * sum as f32;
        }
    }
}

/// Writes `gates / (1 + e^-gates) * ups` (Elfwing and others, 2017; Shazeer, 2020) into `out`.
pub(super) fn gate(level: Level, gates: &[f32], ups: &[f32], out: &mut [f32]) {
    assert!(
        gates.len() == out.len() && ups.len() == out.len(),
        "rows are equally long"
    );
    assert!(out.len().is_multiple_of(LANES), "rows are whole vectors");
    // SAFETY: sizes were just compared, and the level is this processor's.
    unsafe {
        on_level!(level, gate_row[](gates: &[f32], ups: &[f32], out: &mut [f32]));
    }
}

#[inline(always)]
unsafe fn gate_row<S: Simd>(gates: &[f32], ups: &[f32], out: &mut [f32]) {
    for at in (0..out.len()).step_by(LANES) {
        // SAFETY: who calls compared sizes.
        unsafe {
            let gate = S::load(gates.as_ptr().add(at));
            let power = S::exp(S::mul(gate, S::splat(-1.0)));
            let share = S::div(gate, S::add(S::splat(1.0), power));
            let up = S::load(ups.as_ptr().add(at));
            S::store(out.as_mut_ptr().add(at), S::mul(share, up));
        }
    }
}

/// The sum of `e^(score - largest)` over all scores.
pub(super) fn sum_of_powers(level: Level, scores: &[f32], largest: f32) -> f32 {
    let mut sum = 0.0;
    let to = &mut sum;
    // SAFETY: the level is this processor's.
    unsafe {
        on_level!(level, sum_powers[](scores: &[f32], largest: f32, to: &mut f32));
    }
    sum
}

#[inline(always)]
unsafe fn sum_powers<S: Simd>(scores: &[f32], largest: f32, to: &mut f32) {
    let (whole, rest) = scores.as_chunks::<LANES>();
    let mut last = [f32::NEG_INFINITY; LANES];
    last[..rest.len()].copy_from_slice(rest);
    // SAFETY: sixteen values are read at a time.
    unsafe {
        let minus = S::splat(-largest);
        let mut sum = S::splat(0.0);
        for scores in whole.iter().chain([&last]) {
            sum = S::add(sum, S::exp(S::add(S::load(scores.as_ptr()), minus)));
        }
        *to = S::sum(sum);
    }
}

/// A multiplication of rows of inputs with a matrix.
pub(super) struct Product<'a> {
    /// The weights.
    pub(super) matrix: &'a Matrix,
    /// The inputs, rounded if the matrix takes codes.
    pub(super) inputs: &'a Inputs,
    /// Row of the inputs and row of the output, for each row.
    pub(super) rows: &'a [(u32, u32)],
    /// Rows of outputs.
    pub(super) out: Disjoint<f32>,
    /// Values from one row of outputs to the next.
    pub(super) stride: usize,
    /// Whether what stands in the outputs is added.
    pub(super) add: bool,
}

/// Rows that one pass over a tile serves.
const TOGETHER: usize = 8;

/// Does `products`. Their outputs do not overlap, and hold what the matrices' rows need.
pub(super) fn multiply(team: &mut Team, level: Level, products: &[Product<'_>]) {
    let mut items = 0;
    let mut firsts = Vec::with_capacity(products.len());
    for product in products {
        assert_eq!(product.matrix.columns, product.inputs.columns, "sizes fit");
        let rows = product.inputs.floats.len() / product.inputs.columns.max(1);
        for (from, to) in product.rows {
            let end = *to as usize * product.stride + product.matrix.rows;
            assert!(
                (*from as usize) < rows && end <= product.out.len,
                "rows are there"
            );
        }
        firsts.push(items);
        if !product.rows.is_empty() {
            items += product.matrix.tiles().div_ceil(run(product));
        }
    }
    team.each(items, |item| {
        let index = firsts.partition_point(|first| *first <= item) - 1;
        // Products without rows share their start with the next.
        let product = &products[index];
        let run = run(product);
        let first = (item - firsts[index]) * run;
        for tile in first..(first + run).min(product.matrix.tiles()) {
            // SAFETY: rows were just compared with what is there, and each tile of each
            // product, so each part of the outputs, is one item's.
            unsafe { multiply_tile(level, product, tile) };
        }
    });
}

/// Tiles that a thread takes at once: several where each is quickly done.
fn run(product: &Product<'_>) -> usize {
    if product.rows.len() <= TOGETHER && product.matrix.tiles() >= 32 {
        4
    } else {
        1
    }
}

/// Multiplies all rows with a tile.
///
/// # Safety
/// Rows of inputs and outputs are there, and no other thread writes to these columns.
unsafe fn multiply_tile(level: Level, product: &Product<'_>, tile: usize) {
    let mut rest = product.rows;
    while !rest.is_empty() {
        let count = match rest.len() {
            8.. => 8,
            4.. => 4,
            2.. => 2,
            _ => 1,
        };
        let (now, later) = rest.split_at(count);
        rest = later;
        // SAFETY: passed on to who calls.
        unsafe {
            match count {
                8 => multiply_rows::<8>(level, product, tile, now),
                4 => multiply_rows::<4>(level, product, tile, now),
                2 => multiply_rows::<2>(level, product, tile, now),
                _ => multiply_rows::<1>(level, product, tile, now),
            }
        }
    }
}

/// Where the inputs of some rows start.
#[derive(Clone, Copy)]
struct Starts<const N: usize> {
    floats: [*const f32; N],
    codes: [*const i8; N],
    scales: [*const f32; N],
    sums: [*const i32; N],
    totals: [*const f32; N],
}

unsafe fn multiply_rows<const N: usize>(
    level: Level,
    product: &Product<'_>,
    tile: usize,
    rows: &[(u32, u32)],
) {
    let inputs = product.inputs;
    let groups = inputs.columns.div_ceil(GROUP);
    let row = |index: usize| rows[index].0 as usize;
    // SAFETY: `multiply` compared every row with those that there are.
    let starts = unsafe {
        Starts::<N> {
            floats: std::array::from_fn(|at| inputs.floats.as_ptr().add(row(at) * inputs.columns)),
            codes: std::array::from_fn(|at| inputs.codes.as_ptr().add(row(at) * groups * GROUP)),
            scales: std::array::from_fn(|at| inputs.scales.as_ptr().add(row(at) * groups)),
            sums: std::array::from_fn(|at| inputs.sums.as_ptr().add(row(at) * groups * 2)),
            totals: std::array::from_fn(|at| inputs.totals.as_ptr().add(row(at) * groups * 2)),
        }
    };
    let starts = &starts;
    let bytes = product.matrix.tile(tile);
    let columns = product.matrix.columns;
    let mut sums = [[0.0_f32; LANES]; N];
    let out = &mut sums;
    // SAFETY: the tile is whole, starts have all columns of their rows, and the level is this
    // processor's.
    unsafe {
        match product.matrix.kept {
            Kept::F32 => on_level!(level, <N> floats[0, N](
                bytes: &[u8], columns: usize, starts: &Starts<N>, out: &mut [[f32; LANES]; N],
            )),
            Kept::F16 => on_level!(level, <N> floats[1, N](
                bytes: &[u8], columns: usize, starts: &Starts<N>, out: &mut [[f32; LANES]; N],
            )),
            Kept::Bf16 => on_level!(level, <N> floats[2, N](
                bytes: &[u8], columns: usize, starts: &Starts<N>, out: &mut [[f32; LANES]; N],
            )),
            Kept::Codes(format) => {
                let (scales, weights) = bytes.split_at(product.matrix.scales);
                let offset = format.offset;
                macro_rules! codes {
                    ($bits:tt, $group:tt, $nested:tt, $minimums:tt) => {
                        on_level!(level, <N> codes[$bits, $group, $nested, $minimums, N](
                            scales: &[u8], weights: &[u8], columns: usize, offset: i32,
                            starts: &Starts<N>, out: &mut [[f32; LANES]; N],
                        ))
                    };
                }
                match (format.bits, format.group, format.nested, format.minimums) {
                    (4, 32, true, true) => codes!(4, 32, true, true),
                    (5, 32, true, true) => codes!(5, 32, true, true),
                    (6, 16, true, false) => codes!(6, 16, true, false),
                    (4, 16, true, true) => codes!(4, 16, true, true),
                    (4, 16, true, false) => codes!(4, 16, true, false),
                    (8, 32, false, false) => codes!(8, 32, false, false),
                    (4, 32, false, false) => codes!(4, 32, false, false),
                    (4, 32, false, true) => codes!(4, 32, false, true),
                    (5, 32, false, false) => codes!(5, 32, false, false),
                    (5, 32, false, true) => codes!(5, 32, false, true),
                    _ => unreachable!("`Format::of` makes these"),
                }
            }
        }
    }
    let width = LANES.min(product.matrix.rows - tile * LANES);
    for ((_, to), sums) in rows.iter().zip(&sums) {
        let at = *to as usize * product.stride + tile * LANES;
        // SAFETY: who calls says that these columns are this thread's.
        let out = unsafe { product.out.part(at, width) };
        if product.add {
            out.iter_mut().zip(sums).for_each(|(out, sum)| *out += sum);
        } else {
            out.copy_from_slice(&sums[..width]);
        }
    }
}

#[inline(always)]
unsafe fn floats<S: Simd, const WIDTH: u8, const N: usize>(
    weights: &[u8],
    columns: usize,
    starts: &Starts<N>,
    out: &mut [[f32; LANES]; N],
) {
    // SAFETY: who calls says that the tile and the rows have `columns` columns.
    unsafe {
        let mut sums = [S::splat(0.0); N];
        for column in 0..columns {
            let weights = match WIDTH {
                0 => S::load(weights.as_ptr().cast::<f32>().add(column * LANES)),
                1 => S::load_f16(weights.as_ptr().cast::<u16>().add(column * LANES)),
                _ => S::load_bf16(weights.as_ptr().cast::<u16>().add(column * LANES)),
            };
            for (sum, start) in sums.iter_mut().zip(&starts.floats) {
                *sum = S::fma(weights, S::splat(*start.add(column)), *sum);
            }
        }
        for (out, sum) in out.iter_mut().zip(sums) {
            S::store(out.as_mut_ptr(), sum);
        }
    }
}

#[inline(always)]
unsafe fn codes<
    S: Simd,
    const BITS: usize,
    const PER_SCALE: usize,
    const NESTED: bool,
    const MINIMUMS: bool,
    const N: usize,
>(
    scales: &[u8],
    weights: &[u8],
    columns: usize,
    offset: i32,
    starts: &Starts<N>,
    out: &mut [[f32; LANES]; N],
) {
    // SAFETY: who calls says that the tile and the rows have `columns` columns.
    unsafe {
        let mut out_sums = [S::splat(0.0); N];
        let mut scales = scales.as_ptr();
        let mut weights = weights.as_ptr();
        let block = if NESTED { 256 } else { GROUP };
        for first in (0..columns).step_by(block) {
            let factor = S::load_f16(scales.cast());
            let mut minimum_factor = factor;
            if MINIMUMS {
                minimum_factor = S::load_f16(scales.add(2 * LANES).cast());
            }
            let whole = scales.add(4 * LANES);
            for group in 0..block / GROUP {
                let column = first + group * GROUP;
                let at = column / GROUP;
                for part in 0..GROUP / PER_SCALE {
                    let number = group * (GROUP / PER_SCALE) + part;
                    let mut scale = factor;
                    let mut minimum = minimum_factor;
                    if NESTED {
                        scale = S::mul(factor, S::load_i8(whole.add(number * LANES)));
                        if MINIMUMS {
                            let groups = 256 / PER_SCALE;
                            let own = whole.add((groups + number) * LANES);
                            minimum = S::mul(minimum_factor, S::load_i8(own));
                        }
                    }
                    let mut sums = [S::splat_i(0); N];
                    if !MINIMUMS {
                        for (sum, start) in sums.iter_mut().zip(&starts.sums) {
                            let mut codes = *start.add(2 * at + part);
                            if PER_SCALE == GROUP {
                                codes += *start.add(2 * at + 1);
                            }
                            *sum = S::splat_i(-offset * codes);
                        }
                    }
                    for step in 0..PER_SCALE / 4 {
                        let step = part * (PER_SCALE / 4) + step;
                        let codes = unpack::<S, BITS>(weights, step);
                        for (sum, start) in sums.iter_mut().zip(&starts.codes) {
                            let inputs = start.add(column + 4 * step).cast::<i32>();
                            *sum = S::dot(*sum, codes, inputs.read_unaligned());
                        }
                    }
                    for index in 0..N {
                        let input_scale = S::splat(*starts.scales[index].add(at));
                        let scale = S::mul(scale, input_scale);
                        let mut sum = S::fma(S::to_f(sums[index]), scale, out_sums[index]);
                        if MINIMUMS {
                            let totals = starts.totals[index].add(2 * at + part);
                            let mut total = *totals;
                            if PER_SCALE == GROUP {
                                total += *totals.add(1);
                            }
                            sum = S::fma(minimum, S::splat(-total), sum);
                        }
                        out_sums[index] = sum;
                    }
                }
                weights = weights.add(GROUP * LANES * BITS / 8);
            }
            scales = scales.add(if NESTED {
                4 * LANES + 256 / PER_SCALE * LANES * (1 + usize::from(MINIMUMS))
            } else {
                2 * LANES * (1 + usize::from(MINIMUMS))
            });
        }
        for (out, sum) in out.iter_mut().zip(out_sums) {
            S::store(out.as_mut_ptr(), sum);
        }
    }
}

/// The codes of columns `4 * step` to `4 * step + 3` of 32.
#[inline(always)]
unsafe fn unpack<S: Simd, const BITS: usize>(weights: *const u8, step: usize) -> S::B {
    // SAFETY: who calls says that the codes of 32 columns are there.
    unsafe {
        if BITS == 8 {
            return S::bytes(weights.add(64 * step));
        }
        let both = S::bytes(weights.add(64 * (step / 2)));
        let nibbles = if step.is_multiple_of(2) {
            S::low(both)
        } else {
            S::high(both)
        };
        match BITS {
            5 => S::add_fifth(nibbles, weights.add(256 + 8 * step)),
            6 => {
                let bits = S::bytes(weights.add(256 + 64 * (step / 4)));
                match step % 4 {
                    0 => S::add_two_bits::<0>(nibbles, bits),
                    1 => S::add_two_bits::<1>(nibbles, bits),
                    2 => S::add_two_bits::<2>(nibbles, bits),
                    _ => S::add_two_bits::<3>(nibbles, bits),
                }
            }
            _ => nibbles,
        }
    }
}

#[cfg(test)]
mod tests;
