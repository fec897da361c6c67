//! Products of rows with a matrix of bytes, by the processor's dot products of bytes.
//!
//! A weight is a whole number from -127 to 127 times the scale of its output. Inputs are rounded
//! to bytes as well, 64 at a time with a scale of their own: one large number in a row spoils
//! its neighbours and not the row. Sums within 64 are exact, so a result does not depend on
//! which rows are multiplied together.
//!
//! Sixteen outputs stand side by side (a tile), so that no sum has to be gathered from its lanes;
//! two tiles and six rows are worked on together, which is what 32 registers hold.

#![expect(
    unsafe_code,
    reason = "a function compiled for instructions that not every processor has can only be \
              called on the word that this one has them, and it reads through pointers"
)]

/// Inputs that share a scale.
const GROUP: usize = 64;
/// Outputs of a tile.
const LANES: usize = 16;
/// Rows that are worked on together.
const TOGETHER: usize = 6;
/// What is added to each weight, as the instruction takes one side without sign.
const OFFSET: i32 = 128;

/// Whether this processor multiplies bytes faster than floats.
pub(super) fn is_fast() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vnni")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}

/// A matrix of bytes with a row for each output.
pub(super) struct ByteMatrix {
    outputs: usize,
    inputs: usize,
    /// Tile by tile, four inputs of each of its outputs after another, each plus [`OFFSET`]. The
    /// number of tiles is even.
    codes: Vec<u8>,
    /// A factor for each output, with those of the last tile.
    scales: Vec<f32>,
}

/// Rows rounded to bytes.
#[derive(Default)]
pub(super) struct Rounded {
    rows: usize,
    inputs: usize,
    codes: Vec<i8>,
    /// For each group of each row.
    scales: Vec<f32>,
    /// Minus [`OFFSET`] times the sum of the group's codes: takes back what weights have too much.
    starts: Vec<i32>,
}

impl ByteMatrix {
    /// Packs `codes`, a row of `inputs` for each of `scales`.
    pub(super) fn new(codes: &[i8], scales: &[f32], inputs: usize) -> Self {
        let outputs = scales.len();
        assert_eq!(
            codes.len(),
            outputs * inputs,
            "there is a code for each weight"
        );
        let width = inputs.next_multiple_of(GROUP);
        let lanes = outputs.next_multiple_of(2 * LANES);
        // What fills up meets inputs that are 0, or makes outputs that nobody reads.
        let mut packed = vec![0; lanes * width];
        for (output, row) in codes.chunks_exact(inputs).enumerate() {
            let tile = output / LANES * LANES * width;
            for (input, code) in row.iter().enumerate() {
                let at = tile + input / 4 * 4 * LANES + output % LANES * 4 + input % 4;
                packed[at] = code.cast_unsigned().wrapping_add(128);
            }
        }
        let mut scales = scales.to_vec();
        scales.resize(lanes, 0.0);
        Self {
            outputs,
            inputs,
            codes: packed,
            scales,
        }
    }

    /// Writes the products with `rows` into `out`, a row after the other; what stood there is
    /// added if `add` says so. Only to be asked where [`is_fast`].
    pub(super) fn multiply(&self, out: &mut [f32], rows: &Rounded, add: bool) {
        assert_eq!(rows.inputs, self.inputs, "the matrices fit together");
        assert_eq!(
            out.len(),
            rows.rows * self.outputs,
            "there is a place for each product"
        );
        assert!(is_fast(), "the processor has the instructions");
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has the instructions; both sides and the products have the
        // sizes that were just compared.
        unsafe {
            vnni::multiply(self, out, rows, add);
        }
    }
}

impl Rounded {
    /// Takes in rows of `inputs` values. A value that is no number makes all products of its
    /// group no number. Only to be asked where [`is_fast`].
    pub(super) fn round(&mut self, values: &[f32], inputs: usize) {
        assert!(is_fast(), "the processor has the instructions");
        let width = inputs.next_multiple_of(GROUP);
        self.rows = values.len() / inputs;
        self.inputs = inputs;
        // Only what fills up the last group has to be 0, and that only if the width changed.
        self.codes.clear();
        self.codes.resize(self.rows * width, 0);
        self.scales.resize(self.rows * width / GROUP, 0.0);
        self.starts.resize(self.rows * width / GROUP, 0);
        #[cfg(target_arch = "x86_64")]
        for (row, values) in values.chunks_exact(inputs).enumerate() {
            for (group, values) in values.chunks(GROUP).enumerate() {
                let number = row * width / GROUP + group;
                let codes = &mut self.codes[number * GROUP..(number + 1) * GROUP];
                // SAFETY: the processor has the instructions.
                let mut whole = [0.0; GROUP];
                whole[..values.len()].copy_from_slice(values);
                // SAFETY: the processor has the instructions.
                let (scale, sum) = unsafe { vnni::round(&whole, codes) };
                self.scales[number] = scale;
                self.starts[number] = -OFFSET * sum;
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod vnni {
    use std::arch::x86_64::{
        _CMP_UNORD_Q, _mm_storeu_si128, _mm512_abs_ps, _mm512_add_epi32, _mm512_add_ps,
        _mm512_cmp_ps_mask, _mm512_cvtepi32_ps, _mm512_cvtps_epi32, _mm512_cvtsepi32_epi8,
        _mm512_dpbusd_epi32, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_loadu_si512,
        _mm512_mask_storeu_ps, _mm512_maskz_loadu_ps, _mm512_max_ps, _mm512_mul_ps,
        _mm512_reduce_add_epi32, _mm512_reduce_max_ps, _mm512_set1_epi32, _mm512_set1_ps,
        _mm512_setzero_ps,
    };

    use super::{ByteMatrix, GROUP, LANES, Rounded, TOGETHER};

    /// Rounds values to bytes, the largest to 127; gives their scale and the sum of the bytes.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) fn round(values: &[f32; GROUP], codes: &mut [i8]) -> (f32, i32) {
        let codes = &mut codes[..GROUP];
        // SAFETY: sixteen values are read at a time, and sixteen codes written.
        unsafe {
            let parts: [_; GROUP / LANES] =
                std::array::from_fn(|part| _mm512_loadu_ps(values.as_ptr().add(part * LANES)));
            let mut largest = _mm512_setzero_ps();
            let mut broken = 0;
            for part in parts {
                largest = _mm512_max_ps(_mm512_abs_ps(part), largest);
                broken |= _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(part, part);
            }
            let scale = _mm512_reduce_max_ps(largest) / 127.0;
            if broken != 0 || scale == f32::INFINITY {
                codes.fill(0);
                return (f32::NAN, 0);
            }
            // Below that the inverse would be infinite.
            if scale < f32::MIN_POSITIVE {
                codes.fill(0);
                return (0.0, 0);
            }
            let inverse = _mm512_set1_ps(1.0 / scale);
            let mut sum = _mm512_set1_epi32(0);
            for (part, values) in parts.into_iter().enumerate() {
                let rounded = _mm512_cvtps_epi32(_mm512_mul_ps(values, inverse));
                sum = _mm512_add_epi32(sum, rounded);
                let to = codes.as_mut_ptr().add(part * LANES);
                _mm_storeu_si128(to.cast(), _mm512_cvtsepi32_epi8(rounded));
            }
            (scale, _mm512_reduce_add_epi32(sum))
        }
    }

    /// # Safety
    /// `out` has a place for each row of `rows` and output of `matrix`, whose inputs are those
    /// of `rows`.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) unsafe fn multiply(matrix: &ByteMatrix, out: &mut [f32], rows: &Rounded, add: bool) {
        for first in (0..matrix.outputs).step_by(2 * LANES) {
            let mut row = 0;
            while row < rows.rows {
                // SAFETY: passed on to who calls.
                row += unsafe {
                    match rows.rows - row {
                        TOGETHER.. => step::<TOGETHER>(matrix, out, rows, add, first, row),
                        3.. => step::<3>(matrix, out, rows, add, first, row),
                        _ => step::<1>(matrix, out, rows, add, first, row),
                    }
                };
            }
        }
    }

    /// Two tiles of outputs from `first` times `N` rows from `row`. Gives `N`.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    unsafe fn step<const N: usize>(
        matrix: &ByteMatrix,
        out: &mut [f32],
        rows: &Rounded,
        add: bool,
        first: usize,
        row: usize,
    ) -> usize {
        let groups = matrix.inputs.div_ceil(GROUP);
        let width = groups * GROUP;
        // SAFETY: who calls says that the rows are there; tiles are whole and even in number.
        unsafe {
            let tiles =
                [0, 1].map(|tile| matrix.codes.as_ptr().add((first + tile * LANES) * width));
            let codes: [_; N] =
                std::array::from_fn(|at| rows.codes.as_ptr().add((row + at) * width));
            let scales = rows.scales.as_ptr().add(row * groups);
            let starts = rows.starts.as_ptr().add(row * groups);
            let mut sums = [[_mm512_setzero_ps(); 2]; N];
            for group in 0..groups {
                let mut whole: [_; N] = std::array::from_fn(|at| {
                    [_mm512_set1_epi32(*starts.add(at * groups + group)); 2]
                });
                for input in (group * GROUP..(group + 1) * GROUP).step_by(4) {
                    let weights =
                        tiles.map(|tile| _mm512_loadu_si512(tile.add(input * LANES).cast()));
                    for (whole, codes) in whole.iter_mut().zip(codes) {
                        let four = codes.add(input).cast::<i32>().read_unaligned();
                        let four = _mm512_set1_epi32(four);
                        whole[0] = _mm512_dpbusd_epi32(whole[0], weights[0], four);
                        whole[1] = _mm512_dpbusd_epi32(whole[1], weights[1], four);
                    }
                }
                for at in 0..N {
                    let scale = _mm512_set1_ps(*scales.add(at * groups + group));
                    for tile in 0..2 {
                        let exact = _mm512_cvtepi32_ps(whole[at][tile]);
                        sums[at][tile] = _mm512_fmadd_ps(exact, scale, sums[at][tile]);
                    }
                }
            }
            for tile in 0..2 {
                let first = first + tile * LANES;
                let lanes = matrix.outputs.saturating_sub(first).min(LANES);
                if lanes == 0 {
                    break;
                }
                let scale = _mm512_loadu_ps(matrix.scales.as_ptr().add(first));
                for (at, sums) in sums.iter().enumerate() {
                    let product = _mm512_mul_ps(sums[tile], scale);
                    let out = &mut out[(row + at) * matrix.outputs + first..][..lanes];
                    // The compiler sees no more than sixteen.
                    let mask = u16::MAX >> (LANES - lanes);
                    let before = if add {
                        _mm512_maskz_loadu_ps(mask, out.as_ptr())
                    } else {
                        _mm512_setzero_ps()
                    };
                    let product = _mm512_add_ps(before, product);
                    _mm512_mask_storeu_ps(out.as_mut_ptr(), mask, product);
                }
            }
        }
        N
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        (0..count)
            .map(|index| {
                f32::from(u16::try_from((index * 7919 + seed) % 1013).unwrap()) / 500.0 - 1.0
            })
            .collect()
    }

    fn codes(count: usize) -> Vec<i8> {
        (0..count)
            .map(|index| i8::try_from(index * 31 % 255).unwrap_or(-128).max(-127))
            .collect()
    }

    /// Whether the processor has what is tested.
    fn there() -> bool {
        if !is_fast() {
            println!("skipped: this processor has no dot products of bytes");
        }
        is_fast()
    }

    #[test]
    fn products_are_those_of_floats_but_for_the_rounding_of_inputs() {
        if !there() {
            return;
        }
        for (rows, inputs, outputs) in [(1, 32, 3), (5, 100, 33), (13, 384, 64), (6, 64, 16)] {
            let (values, weights) = (numbers(rows * inputs, 5), codes(inputs * outputs));
            let scales: Vec<f32> = numbers(outputs, 9)
                .iter()
                .map(|scale| scale / 100.0)
                .collect();
            let matrix = ByteMatrix::new(&weights, &scales, inputs);
            let mut rounded = Rounded::default();
            rounded.round(&values, inputs);
            let mut out = vec![2.0; rows * outputs];
            matrix.multiply(&mut out, &rounded, true);
            let mut alone = vec![0.0; outputs];
            rounded.round(&values[..inputs], inputs);
            matrix.multiply(&mut alone, &rounded, false);
            for (output, alone) in alone.iter().enumerate() {
                assert!((out[output] - 2.0 - alone).abs() < 1e-5);
            }
            for (at, out) in out.iter().enumerate() {
                let (row, output) = (at / outputs, at % outputs);
                let products = (0..inputs).map(|input| {
                    let weight = f32::from(weights[output * inputs + input]) * scales[output];
                    (weight, values[row * inputs + input])
                });
                let exact: f32 = products.clone().map(|(weight, value)| weight * value).sum();
                // An input is off by half of a 127th of the largest, which is 1.03.
                let bound: f32 = products.map(|(weight, _)| weight.abs() * 0.0041).sum();
                assert!(
                    (out - 2.0 - exact).abs() <= bound + 1e-5,
                    "{out} is not 2 + {exact} within {bound}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_number_stays_none_and_zeros_stay_zeros() {
        if !there() {
            return;
        }
        let matrix = ByteMatrix::new(&codes(70 * 2), &[0.1, 0.2], 70);
        let mut rounded = Rounded::default();
        let mut values = vec![0.0; 140];
        values[75] = f32::NAN;
        rounded.round(&values, 70);
        let mut out = vec![1.0; 4];
        matrix.multiply(&mut out, &rounded, false);
        assert_eq!(out[..2], [0.0, 0.0]);
        assert!(out[2..].iter().all(|value| value.is_nan()));
    }
}
