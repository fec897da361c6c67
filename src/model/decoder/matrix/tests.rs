use candle_core::quantized::QTensor;
use candle_core::{Device, Tensor};

use super::*;

const KINDS: [GgmlDType; 13] = [
    GgmlDType::F32,
    GgmlDType::F16,
    GgmlDType::BF16,
    GgmlDType::Q4_0,
    GgmlDType::Q4_1,
    GgmlDType::Q5_0,
    GgmlDType::Q5_1,
    GgmlDType::Q8_0,
    GgmlDType::Q2K,
    GgmlDType::Q3K,
    GgmlDType::Q4K,
    GgmlDType::Q5K,
    GgmlDType::Q6K,
];

fn floats(rows: usize, columns: usize) -> (Tensor, Vec<f32>) {
    let tensor = Tensor::randn(0.0_f32, 1.0, (rows, columns), &Device::Cpu).unwrap();
    let values = tensor.flatten_all().unwrap().to_vec1().unwrap();
    (tensor, values)
}

fn quantized(kind: GgmlDType, tensor: &Tensor) -> (Vec<u8>, Vec<f32>) {
    let packed = QTensor::quantize(tensor, kind).unwrap();
    let weights = packed.dequantize(&Device::Cpu).unwrap();
    let weights = weights.flatten_all().unwrap().to_vec1().unwrap();
    (packed.data().unwrap().into_owned(), weights)
}

/// 37 rows: the last tile is not whole.
#[test]
fn rows_of_a_packed_matrix_are_those_of_the_file() {
    for kind in KINDS {
        let (tensor, _) = floats(37, 512);
        let (bytes, weights) = quantized(kind, &tensor);
        let matrix = Matrix::pack(kind, 37, 512, &bytes, 2).unwrap();
        assert_eq!(matrix.bytes(), Matrix::packed_bytes(kind, 37, 512));
        let mut row = vec![0.0; 512];
        for (number, expected) in weights.chunks_exact(512).enumerate() {
            matrix.row(number, &mut row);
            for (found, expected) in row.iter().zip(expected) {
                assert!(
                    (found - expected).abs() < 1e-5,
                    "{kind:?}: {found} {expected}"
                );
            }
        }
    }
}

/// The reference multiplies in double precision with the inputs as they were rounded.
#[test]
fn products_are_those_of_the_weights_on_every_level() {
    let mut team = Team::new(2).unwrap();
    for kind in KINDS {
        let (tensor, _) = floats(37, 512);
        let (bytes, weights) = quantized(kind, &tensor);
        let matrix = Matrix::pack(kind, 37, 512, &bytes, 1).unwrap();
        let (_, values) = floats(15, 512);
        for level in Level::all() {
            let mut inputs = Inputs::new(15, 512);
            inputs.floats.copy_from_slice(&values);
            let writer = inputs.writer();
            // SAFETY: one thread works on the inputs.
            (0..15).for_each(|row| unsafe { writer.round(level, row) });
            let rows: Vec<(u32, u32)> = (0..15).map(|row| (row, 14 - row)).collect();
            let mut out = vec![1.0; 15 * 40];
            let product = Product {
                matrix: &matrix,
                inputs: &inputs,
                rows: &rows,
                out: Disjoint::new(&mut out),
                stride: 40,
                add: true,
            };
            multiply(&mut team, level, &[product]);
            for (from, to) in rows {
                let (from, to) = (from as usize, to as usize);
                for output in 0..40 {
                    let mut expected = 1.0;
                    if output < 37 {
                        for column in 0..512 {
                            let at = from * 512 + column;
                            let input = if matrix.takes_codes() {
                                f64::from(inputs.codes[at]) * f64::from(inputs.scales[at / 32])
                            } else {
                                f64::from(values[at])
                            };
                            expected += input * f64::from(weights[output * 512 + column]);
                        }
                    }
                    let found = f64::from(out[to * 40 + output]);
                    assert!(
                        (found - expected).abs() < 2e-4,
                        "{kind:?} on {level:?}: {found} is not {expected}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_row_does_not_depend_on_the_rows_beside_it() {
    let mut team = Team::new(1).unwrap();
    let level = Level::detect();
    for kind in KINDS {
        let (tensor, _) = floats(16, 256);
        let (bytes, _) = quantized(kind, &tensor);
        let matrix = Matrix::pack(kind, 16, 256, &bytes, 1).unwrap();
        let (_, values) = floats(15, 256);
        let mut inputs = Inputs::new(15, 256);
        inputs.floats.copy_from_slice(&values);
        let writer = inputs.writer();
        // SAFETY: one thread works on the inputs.
        (0..15).for_each(|row| unsafe { writer.round(level, row) });
        let all: Vec<(u32, u32)> = (0..15).map(|row| (row, row)).collect();
        let mut together = vec![0.0; 15 * 16];
        let mut alone = vec![0.0; 15 * 16];
        let mut go = |rows: &[(u32, u32)], out: &mut [f32]| {
            let product = Product {
                matrix: &matrix,
                inputs: &inputs,
                rows,
                out: Disjoint::new(out),
                stride: 16,
                add: false,
            };
            multiply(&mut team, level, &[product]);
        };
        go(&all, &mut together);
        for row in &all {
            go(&[*row], &mut alone);
        }
        assert_eq!(together, alone, "{kind:?}");
    }
}

#[test]
fn sizes_that_do_not_fit_are_refused_with_numbers() {
    let refused = |kind, rows, columns, bytes| {
        Matrix::pack(kind, rows, columns, &vec![0; bytes], 1).unwrap_err()
    };
    let error = refused(GgmlDType::Q4K, 2, 100, 0);
    assert!(
        error.contains("2 x 100") && error.contains("256"),
        "{error}"
    );
    let error = refused(GgmlDType::Q8_0, 2, 64, 100);
    assert!(error.contains("136") && error.contains("100"), "{error}");
}

#[test]
fn gates_are_what_their_formula_says_on_every_level() {
    let gates: Vec<f32> = (0..64_u8)
        .map(|index| (f32::from(index) - 32.0) * 3.7)
        .collect();
    let ups: Vec<f32> = (0..64_u8)
        .map(|index| f32::from(index) * 0.1 - 2.0)
        .collect();
    for level in Level::all() {
        let mut out = vec![0.0; 64];
        gate(level, &gates, &ups, &mut out);
        for ((gate, up), out) in gates.iter().zip(&ups).zip(&out) {
            let expected = f64::from(*gate) / (1.0 + (-f64::from(*gate)).exp()) * f64::from(*up);
            let difference = (f64::from(*out) - expected).abs();
            assert!(
                difference <= 2e-6 * expected.abs().max(1.0),
                "{level:?}: {gate} {up} {out}"
            );
        }
    }
}

/// Inputs that are no numbers, too large or too small are not made into numbers.
#[test]
fn broken_inputs_give_no_numbers_on_every_level() {
    let mut team = Team::new(1).unwrap();
    // None of the weights is rounded to zero, which would hide the input that it stands at.
    let weights: Vec<f32> = (0..16_i16 * 64)
        .map(|at| f32::from(at % 7 + 1) * if at % 2 == 0 { 0.25 } else { -0.25 })
        .collect();
    let tensor = Tensor::from_vec(weights, (16, 64), &Device::Cpu).unwrap();
    let (bytes, _) = quantized(GgmlDType::Q8_0, &tensor);
    let matrix = Matrix::pack(GgmlDType::Q8_0, 16, 64, &bytes, 1).unwrap();
    let mut product = |level, value: f32| {
        let mut inputs = Inputs::new(1, 64);
        inputs.floats[..64].fill(0.5);
        inputs.floats[40] = value;
        let writer = inputs.writer();
        // SAFETY: one thread works on the inputs.
        unsafe { writer.round(level, 0) };
        let mut out = vec![0.0; 16];
        let product = Product {
            matrix: &matrix,
            inputs: &inputs,
            rows: &[(0, 0)],
            out: Disjoint::new(&mut out),
            stride: 16,
            add: false,
        };
        multiply(&mut team, level, &[product]);
        out
    };
    for level in Level::all() {
        let usual = product(level, 0.5);
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let out = product(level, value);
            assert!(out.iter().all(|out| !out.is_finite()), "{value}: {out:?}");
        }
        for value in [f32::MAX, -f32::MAX] {
            let out = product(level, value);
            assert!(out.iter().all(|out| out.abs() > 1e30), "{value}: {out:?}");
        }
        for value in [f32::MIN_POSITIVE / 8.0, f32::from_bits(1)] {
            let out = product(level, value);
            assert!(out.iter().all(|out| out.is_finite()), "{value}: {out:?}");
            assert_ne!(out, usual);
        }
        let mut inputs = Inputs::new(1, 64);
        inputs.floats[..64].fill(f32::from_bits(7));
        let writer = inputs.writer();
        // SAFETY: one thread works on the inputs.
        unsafe { writer.round(level, 0) };
        assert!(inputs.scales[..2].iter().all(|scale| *scale == 0.0));
    }
}
