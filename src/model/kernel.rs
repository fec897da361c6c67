//! Loops over numbers that the encoder spends its time in.
//!
//! Matrix products are the `gemm` crate's. The rest is written so that the compiler turns it
//! into vector instructions, compiled once for each level of them and chosen by what the
//! processor has. Nothing here knows of models.

#![expect(
    unsafe_code,
    reason = "gemm takes pointers, and a function compiled for instructions that not every \
              processor has can only be called on the word that this one has them"
)]

use gemm::Parallelism;

/// Numbers that one step of a sum or maximum takes together. More than any processor's vector
/// holds, so that steps do not wait for each other.
const LANES: usize = 32;

/// A matrix within a slice.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// The matrix whose rows start `row_stride` apart, from the start of `values`.
    pub(super) fn new(values: &'a [f32], rows: usize, columns: usize, row_stride: usize) -> Self {
        let matrix = Self {
            values,
            rows,
            columns,
            row_stride,
            column_stride: 1,
        };
        matrix.assert_within();
        matrix
    }

    /// The same values with rows and columns exchanged.
    pub(super) fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    fn assert_within(&self) {
        assert!(
            self.rows > 0 && self.columns > 0,
            "a matrix has rows and columns"
        );
        let last = (self.rows - 1) * self.row_stride + (self.columns - 1) * self.column_stride;
        assert!(last < self.values.len(), "the matrix lies within its slice");
    }
}

/// Writes `left` times `right` into `out`, whose rows start `row_stride` apart; what stood there
/// is added if `add` says so. Runs on this thread, or divided among `threads`.
pub(super) fn multiply(
    out: &mut [f32],
    row_stride: usize,
    left: Matrix<'_>,
    right: Matrix<'_>,
    add: bool,
    threads: usize,
) {
    assert_eq!(left.columns, right.rows, "the matrices fit together");
    assert!(
        row_stride >= right.columns,
        "rows of the product do not overlap"
    );
    left.assert_within();
    right.assert_within();
    assert!(
        (left.rows - 1) * row_stride + right.columns <= out.len(),
        "the product lies within its slice"
    );
    let parallelism = if threads > 1 {
        Parallelism::Rayon(threads)
    } else {
        Parallelism::None
    };
    let stride = |stride: usize| isize::try_from(stride).expect("a stride lies within a slice");
    // SAFETY: rows, columns and strides were just compared with the lengths of all three slices,
    // `out` is borrowed alone, and its rows do not overlap.
    unsafe {
        gemm::gemm(
            left.rows,
            right.columns,
            left.columns,
            out.as_mut_ptr(),
            1,
            stride(row_stride),
            add,
            left.values.as_ptr(),
            stride(left.column_stride),
            stride(left.row_stride),
            right.values.as_ptr(),
            stride(right.column_stride),
            stride(right.row_stride),
            1.0,
            1.0,
            false,
            false,
            false,
            parallelism,
        );
    }
}

/// The vector instructions that this processor has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level(Instructions);

#[derive(Clone, Copy, Debug)]
enum Instructions {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Usual,
}

impl Level {
    /// Asks the processor.
    pub(super) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            if avx2 && is_x86_feature_detected!("avx512f") {
                return Self(Instructions::Avx512);
            }
            if avx2 {
                return Self(Instructions::Avx2);
            }
        }
        Self(Instructions::Usual)
    }

    /// What it is called in a report.
    pub(super) fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => "AVX-512",
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => "AVX2",
            Instructions::Usual => "usual vector instructions",
        }
    }
}

/// Compiles `$body`, which is generic over whether products are added in one instruction, once
/// for each level.
macro_rules! for_each_level {
    ($(#[$attribute:meta])* $name:ident = $body:ident($($argument:ident: $type:ty),*)) => {
        $(#[$attribute])*
        pub(super) fn $name(level: Level, $($argument: $type),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx2,fma")]
            fn avx512($($argument: $type),*) {
                $body::<true>($($argument),*);
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2($($argument: $type),*) {
                $body::<true>($($argument),*);
            }
            match level.0 {
                // SAFETY: only `Level::detect` makes a level, after asking the processor.
                #[cfg(target_arch = "x86_64")]
                Instructions::Avx512 => unsafe { avx512($($argument),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                Instructions::Avx2 => unsafe { avx2($($argument),*) },
                Instructions::Usual => $body::<{ cfg!(target_arch = "aarch64") }>($($argument),*),
            }
        }
    };
}

for_each_level! {
    /// Adds `bias` to every row and applies the Gaussian error linear unit, exact to 2e-6.
    add_bias_and_gelu = gelu_rows(values: &mut [f32], bias: &[f32])
}

for_each_level! {
    /// Turns each row of `columns` scores into weights that sum to 1.
    softmax = softmax_rows(values: &mut [f32], columns: usize)
}

for_each_level! {
    /// Adds `added` and `bias` to `values`, then brings each row to mean 0 and variance 1 and
    /// applies `scale` and `shift`. All four rows have the length of `bias`.
    add_and_normalize = normalize_rows(
        values: &mut [f32], added: &[f32], bias: &[f32], scale: &[f32], shift: &[f32], epsilon: f32
    )
}

#[inline(always)]
fn multiply_add<const FUSED: bool>(left: f32, right: f32, add: f32) -> f32 {
    // Where the processor has no such instruction, `mul_add` would call a function.
    if FUSED {
        left.mul_add(right, add)
    } else {
        left * right + add
    }
}

#[inline(always)]
fn polynomial<const FUSED: bool>(at: f32, coefficients: &[f32]) -> f32 {
    let mut sum = 0.0;
    for coefficient in coefficients {
        sum = multiply_add::<FUSED>(sum, at, *coefficient);
    }
    sum
}

#[inline(always)]
fn gelu_rows<const FUSED: bool>(values: &mut [f32], bias: &[f32]) {
    for row in values.chunks_exact_mut(bias.len()) {
        for (value, bias) in row.iter_mut().zip(bias) {
            let at = *value + bias;
            *value = 0.5 * at * (1.0 + erf::<FUSED>(at * std::f32::consts::FRAC_1_SQRT_2));
        }
    }
}

/// The error function by the rational approximation that Eigen and XLA use.
#[inline(always)]
fn erf<const FUSED: bool>(at: f32) -> f32 {
    const ABOVE: [f32; 7] = [
        -2.726_142_3e-10,
        2.770_681_4e-8,
        -2.101_024e-6,
        -5.692_506_4e-5,
        -7.349_906_5e-4,
        -2.954_6e-3,
        -1.609_603_3e-2,
    ];
    const BELOW: [f32; 5] = [
        -1.456_607_2e-5,
        -2.133_740_6e-4,
        -1.682_827e-3,
        -7.373_329_3e-3,
        -1.426_473_9e-2,
    ];
    let at = at.clamp(-4.0, 4.0);
    let square = at * at;
    at * polynomial::<FUSED>(square, &ABOVE) / polynomial::<FUSED>(square, &BELOW)
}

#[inline(always)]
fn softmax_rows<const FUSED: bool>(values: &mut [f32], columns: usize) {
    for row in values.chunks_exact_mut(columns) {
        let larger = |most: f32, value: f32| if value > most { value } else { most };
        let most = reduce(row, f32::MIN, larger, larger);
        for value in row.iter_mut() {
            *value = exp::<FUSED>(*value - most);
        }
        let scale = reduce(row, 0.0, |sum, value| sum + value, |one, two| one + two).recip();
        for value in row.iter_mut() {
            *value *= scale;
        }
    }
}

/// e to the power of `at`, which is not above 0, with a relative error under 1e-6.
#[inline(always)]
fn exp<const FUSED: bool>(at: f32) -> f32 {
    // 2^23 and a half: adding it leaves a whole number in the lowest bits.
    const WHOLE: f32 = 12_582_912.0;
    // ln 2 in two parts, so that the rest keeps its precision.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    const COEFFICIENTS: [f32; 6] = [
        1.987_569_1e-4,
        1.398_2e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        0.166_666_66,
        0.5,
    ];
    // Under e^-87 lie the smallest normal numbers, 38 places behind the point.
    let at = if at > -87.0 { at } else { -87.0 };
    let shifted = multiply_add::<FUSED>(at, std::f32::consts::LOG2_E, WHOLE);
    let whole = shifted - WHOLE;
    let rest = multiply_add::<FUSED>(whole, -LN_2_HIGH, at);
    let rest = multiply_add::<FUSED>(whole, -LN_2_LOW, rest);
    let power = polynomial::<FUSED>(rest, &COEFFICIENTS);
    let power = multiply_add::<FUSED>(power * rest, rest, rest) + 1.0;
    f32::from_bits(power.to_bits().wrapping_add(shifted.to_bits() << 23))
}

/// Folds numbers in any order: `step` takes a number in, `join` takes two results together.
#[inline(always)]
fn reduce(
    values: &[f32],
    start: f32,
    step: impl Fn(f32, f32) -> f32,
    join: impl Fn(f32, f32) -> f32,
) -> f32 {
    let mut lanes = [start; LANES];
    let mut groups = values.chunks_exact(LANES);
    for group in groups.by_ref() {
        for (lane, value) in lanes.iter_mut().zip(group) {
            *lane = step(*lane, *value);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(groups.remainder()) {
        *lane = step(*lane, *value);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] = join(lanes[lane], lanes[lane + width]);
        }
        width /= 2;
    }
    lanes[0]
}

#[inline(always)]
fn normalize_rows<const FUSED: bool>(
    values: &mut [f32],
    added: &[f32],
    bias: &[f32],
    scale: &[f32],
    shift: &[f32],
    epsilon: f32,
) {
    let columns = bias.len();
    #[expect(
        clippy::cast_precision_loss,
        reason = "a row has far fewer than 2^24 numbers"
    )]
    let share = 1.0 / columns as f32;
    for (row, added) in values
        .chunks_exact_mut(columns)
        .zip(added.chunks_exact(columns))
    {
        for ((value, added), bias) in row.iter_mut().zip(added).zip(bias) {
            *value += added + bias;
        }
        let add = |one: f32, two: f32| one + two;
        let mean = reduce(row, 0.0, add, add) * share;
        let spread = reduce(
            row,
            0.0,
            |sum, value| multiply_add::<FUSED>(value - mean, value - mean, sum),
            add,
        );
        let factor = (spread * share + epsilon).sqrt().recip();
        for ((value, scale), shift) in row.iter_mut().zip(scale).zip(shift) {
            *value = multiply_add::<FUSED>((*value - mean) * factor, *scale, *shift);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels() -> Vec<Level> {
        vec![Level::detect(), Level(Instructions::Usual)]
    }

    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        (0..count)
            .map(|index| {
                f32::from(u16::try_from((index * 7919 + seed) % 1013).unwrap()) / 500.0 - 1.0
            })
            .collect()
    }

    /// The error function by its series, which converges where it is asked for.
    fn exact_erf(at: f64) -> f64 {
        let (mut sum, mut term) = (at, at);
        for step in 1..200 {
            let step = f64::from(step);
            term *= -at * at / step;
            sum += term / (2.0 * step + 1.0);
        }
        sum * std::f64::consts::FRAC_2_SQRT_PI
    }

    #[test]
    fn gelu_is_exact_to_two_millionths() {
        for level in levels() {
            let inputs: Vec<f32> = (-6_000_i16..6_000)
                .map(|step| f32::from(step) / 1_000.0)
                .collect();
            let mut values = inputs.clone();
            let bias = vec![0.0; inputs.len()];
            add_bias_and_gelu(level, &mut values, &bias);
            for (input, value) in inputs.iter().zip(&values) {
                let input = f64::from(*input);
                let expected = 0.5 * input * (1.0 + exact_erf(input / 2_f64.sqrt()));
                assert!(
                    (f64::from(*value) - expected).abs() < 2e-6,
                    "gelu({input}) is {value}"
                );
            }
        }
    }

    #[test]
    fn softmax_is_exact_to_a_millionth_at_every_length() {
        for level in levels() {
            for columns in [1, 2, 15, 16, 31, 32, 33, 100, 512] {
                let scores: Vec<f32> = numbers(columns * 3, 5)
                    .iter()
                    .map(|value| value * 40.0)
                    .collect();
                let mut weights = scores.clone();
                softmax(level, &mut weights, columns);
                for (scores, weights) in scores.chunks(columns).zip(weights.chunks(columns)) {
                    let most = scores.iter().copied().fold(f32::MIN, f32::max);
                    let powers: Vec<f64> = scores
                        .iter()
                        .map(|score| f64::from(score - most).exp())
                        .collect();
                    let sum: f64 = powers.iter().sum();
                    for (power, weight) in powers.iter().zip(weights) {
                        assert!((power / sum - f64::from(*weight)).abs() < 1e-6);
                    }
                }
            }
        }
    }

    #[test]
    fn a_normalized_row_has_mean_zero_and_variance_one() {
        for level in levels() {
            for columns in [16, 48, 384] {
                let mut values = numbers(columns * 2, 3);
                let added = numbers(columns * 2, 11);
                let bias = numbers(columns, 17);
                let (scale, shift) = (vec![1.0; columns], vec![0.0; columns]);
                add_and_normalize(level, &mut values, &added, &bias, &scale, &shift, 1e-12);
                for row in values.chunks(columns) {
                    let count = f64::from(u32::try_from(columns).unwrap());
                    let mean = row.iter().copied().map(f64::from).sum::<f64>() / count;
                    let variance = row
                        .iter()
                        .map(|value| (f64::from(*value) - mean).powi(2))
                        .sum::<f64>()
                        / count;
                    assert!(
                        mean.abs() < 1e-6 && (variance - 1.0).abs() < 1e-5,
                        "{mean} {variance}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_product_is_that_of_the_definition() {
        let (rows, depth, columns) = (7, 33, 20);
        let (left, right) = (numbers(rows * 40, 1), numbers(columns * 35, 2));
        let mut out = vec![1.0; rows * 24];
        let left_matrix = Matrix::new(&left, rows, depth, 40);
        let right_matrix = Matrix::new(&right, columns, depth, 35).transposed();
        multiply(&mut out, 24, left_matrix, right_matrix, true, 1);
        let mut divided = vec![1.0; rows * 24];
        multiply(&mut divided, 24, left_matrix, right_matrix, true, 2);
        assert_eq!(divided, out);
        for row in 0..rows {
            for column in 0..24 {
                let sum: f32 = (0..depth)
                    .map(|at| left[row * 40 + at] * right[column.min(19) * 35 + at])
                    .sum();
                let expected = if column < columns { 1.0 + sum } else { 1.0 };
                assert!((out[row * 24 + column] - expected).abs() < 1e-4);
            }
        }
    }

    #[test]
    #[should_panic(expected = "the matrix lies within its slice")]
    fn a_matrix_beyond_its_slice_is_refused() {
        let _ = Matrix::new(&[0.0; 11], 3, 4, 4);
    }
}
