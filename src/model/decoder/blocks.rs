//! The block formats of GGUF tensors, taken apart.
//!
//! A format writes a row of weights as blocks of 32 or 256 small whole numbers (codes) with
//! scales. All of them say the same: a weight is `scale * (code - offset)` or
//! `scale * code - minimum`, with a scale for every 16 or 32 weights. The layouts are those of
//! ggml (`ggml-quants.c`, `ggml-common.h`).

use candle_core::quantized::GgmlDType;

/// How weights are written as codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    /// Bits of a code as it is kept here: 4, 5, 6 or 8.
    pub(super) bits: usize,
    /// Weights that share a scale: 16 or 32.
    pub(super) group: usize,
    /// Whether scales are whole numbers times a factor for 256 weights.
    pub(super) nested: bool,
    /// Whether a group has a minimum.
    pub(super) minimums: bool,
    /// Taken from each code.
    pub(super) offset: i32,
    /// Weights of a block.
    pub(super) block: usize,
    /// Bytes of a block in the file.
    pub(super) block_bytes: usize,
}

impl Format {
    /// The format of `kind`; none for floats, and for kinds that are only used in between.
    pub(super) fn of(kind: GgmlDType) -> Option<Self> {
        let nested = |bits, group, minimums, offset, block_bytes| Self {
            bits,
            group,
            nested: true,
            minimums,
            offset,
            block: 256,
            block_bytes,
        };
        let plain = |bits, minimums, offset, block_bytes| Self {
            bits,
            group: 32,
            nested: false,
            minimums,
            offset,
            block: 32,
            block_bytes,
        };
        Some(match kind {
            GgmlDType::Q4_0 => plain(4, false, 8, 18),
            GgmlDType::Q4_1 => plain(4, true, 0, 20),
            GgmlDType::Q5_0 => plain(5, false, 16, 22),
            GgmlDType::Q5_1 => plain(5, true, 0, 24),
            GgmlDType::Q8_0 => plain(8, false, 128, 34),
            GgmlDType::Q2K => nested(4, 16, true, 0, 84),
            GgmlDType::Q3K => nested(4, 16, false, 4, 110),
            GgmlDType::Q4K => nested(4, 32, true, 0, 144),
            GgmlDType::Q5K => nested(5, 32, true, 0, 176),
            GgmlDType::Q6K => nested(6, 16, false, 32, 210),
            GgmlDType::F32
            | GgmlDType::F16
            | GgmlDType::BF16
            | GgmlDType::Q8_1
            | GgmlDType::Q8K => return None,
        })
    }

    /// Scales of a block.
    pub(super) fn groups(&self) -> usize {
        self.block / self.group
    }
}

/// A block taken apart. Only the first [`Format::block`] codes and [`Format::groups`] scales
/// mean something.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) codes: [u8; 256],
    /// The factor of all scales, or the scale itself; a half float.
    pub(super) scale: u16,
    /// The factor of all minimums, or the minimum itself; a half float.
    pub(super) minimum: u16,
    /// Whole numbers that scale and minimum are multiplied by, where scales are nested.
    pub(super) scales: [i8; 16],
    pub(super) minimums: [i8; 16],
}

impl Block {
    pub(super) const EMPTY: Self = Self {
        codes: [0; 256],
        scale: 0,
        minimum: 0,
        scales: [0; 16],
        minimums: [0; 16],
    };

    /// Takes apart the block in `bytes`, [`Format::block_bytes`] of them.
    pub(super) fn read(&mut self, kind: GgmlDType, bytes: &[u8]) {
        let half = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        match kind {
            GgmlDType::Q4_0 => {
                self.scale = half(0);
                self.nibbles(0, &bytes[2..18]);
            }
            GgmlDType::Q4_1 => {
                self.scale = half(0);
                // ggml adds it; here it is taken away.
                self.minimum = half(2) ^ 0x8000;
                self.nibbles(0, &bytes[4..20]);
            }
            GgmlDType::Q5_0 => {
                self.scale = half(0);
                self.nibbles(0, &bytes[6..22]);
                self.fifth_bits(&bytes[2..6]);
            }
            GgmlDType::Q5_1 => {
                self.scale = half(0);
                self.minimum = half(2) ^ 0x8000;
                self.nibbles(0, &bytes[8..24]);
                self.fifth_bits(&bytes[4..8]);
            }
            GgmlDType::Q8_0 => {
                self.scale = half(0);
                for (code, byte) in self.codes.iter_mut().zip(&bytes[2..34]) {
                    *code = byte ^ 0x80;
                }
            }
            GgmlDType::Q2K => self.q2k(bytes),
            GgmlDType::Q3K => self.q3k(bytes),
            GgmlDType::Q4K => {
                self.scale = half(0);
                self.minimum = half(2);
                self.six_bit_scales(&bytes[4..16]);
                for (quarter, codes) in bytes[16..144].chunks_exact(32).enumerate() {
                    self.nibbles(64 * quarter, codes);
                }
            }
            GgmlDType::Q5K => {
                self.scale = half(0);
                self.minimum = half(2);
                self.six_bit_scales(&bytes[4..16]);
                let high = &bytes[16..48];
                for (quarter, codes) in bytes[48..176].chunks_exact(32).enumerate() {
                    self.nibbles(64 * quarter, codes);
                    for (index, bits) in high.iter().enumerate() {
                        let at = 64 * quarter + index;
                        self.codes[at] |= ((bits >> (2 * quarter)) & 1) << 4;
                        self.codes[at + 32] |= ((bits >> (2 * quarter + 1)) & 1) << 4;
                    }
                }
            }
            GgmlDType::Q6K => self.q6k(bytes),
            GgmlDType::F32
            | GgmlDType::F16
            | GgmlDType::BF16
            | GgmlDType::Q8_1
            | GgmlDType::Q8K => unreachable!("these kinds have no format"),
        }
    }

    /// The low halves of `bytes` from `at`, then the high halves.
    fn nibbles(&mut self, at: usize, bytes: &[u8]) {
        for (index, byte) in bytes.iter().enumerate() {
            self.codes[at + index] = byte & 15;
            self.codes[at + bytes.len() + index] = byte >> 4;
        }
    }

    fn fifth_bits(&mut self, bytes: &[u8]) {
        for (index, code) in self.codes[..32].iter_mut().enumerate() {
            *code |= ((bytes[index / 8] >> (index % 8)) & 1) << 4;
        }
    }

    /// Eight scales and minimums of six bits each in twelve bytes.
    fn six_bit_scales(&mut self, bytes: &[u8]) {
        for group in 0..4 {
            self.scales[group] = (bytes[group] & 63).cast_signed();
            self.minimums[group] = (bytes[group + 4] & 63).cast_signed();
            let low = bytes[group + 8];
            self.scales[group + 4] = ((low & 15) | ((bytes[group] >> 6) << 4)).cast_signed();
            self.minimums[group + 4] = ((low >> 4) | ((bytes[group + 4] >> 6) << 4)).cast_signed();
        }
    }

    fn q2k(&mut self, bytes: &[u8]) {
        self.scale = u16::from_le_bytes([bytes[80], bytes[81]]);
        self.minimum = u16::from_le_bytes([bytes[82], bytes[83]]);
        for (group, byte) in bytes[..16].iter().enumerate() {
            self.scales[group] = (byte & 15).cast_signed();
            self.minimums[group] = (byte >> 4).cast_signed();
        }
        for (index, code) in self.codes.iter_mut().enumerate() {
            let byte = bytes[16 + 32 * (index / 128) + index % 32];
            *code = (byte >> (2 * (index % 128 / 32))) & 3;
        }
    }

    fn q3k(&mut self, bytes: &[u8]) {
        let (high, low, scales) = (&bytes[..32], &bytes[32..96], &bytes[96..108]);
        self.scale = u16::from_le_bytes([bytes[108], bytes[109]]);
        for group in 0..16 {
            let nibbles = scales[group % 8];
            let nibble = if group < 8 {
                nibbles & 15
            } else {
                nibbles >> 4
            };
            let two = (scales[8 + group % 4] >> (2 * (group / 4))) & 3;
            self.scales[group] = (nibble | (two << 4)).cast_signed() - 32;
        }
        for (index, code) in self.codes.iter_mut().enumerate() {
            let byte = low[32 * (index / 128) + index % 32];
            let third = (high[index % 32] >> (index / 32)) & 1;
            *code = ((byte >> (2 * (index % 128 / 32))) & 3) | (third << 2);
        }
    }

    fn q6k(&mut self, bytes: &[u8]) {
        let (low, high) = (&bytes[..128], &bytes[128..192]);
        self.scale = u16::from_le_bytes([bytes[208], bytes[209]]);
        for (scale, byte) in self.scales.iter_mut().zip(&bytes[192..208]) {
            *scale = byte.cast_signed();
        }
        for (index, code) in self.codes.iter_mut().enumerate() {
            let (half, quarter, at) = (index / 128, index % 128 / 32, index % 32);
            let nibbles = low[64 * half + 32 * (quarter % 2) + at];
            let nibble = if quarter < 2 {
                nibbles & 15
            } else {
                nibbles >> 4
            };
            let two = (high[32 * half + at] >> (2 * quarter)) & 3;
            *code = nibble | (two << 4);
        }
    }

    /// The weights that the block stands for.
    #[expect(clippy::cast_precision_loss, reason = "codes are below 256")]
    pub(super) fn weights(&self, format: &Format, out: &mut [f32]) {
        let value = |half: u16| half::f16::from_bits(half).to_f32();
        for (index, (out, code)) in out.iter_mut().zip(&self.codes).enumerate() {
            let group = index / format.group;
            let (mut scale, mut minimum) = (value(self.scale), 0.0);
            if format.minimums {
                minimum = value(self.minimum);
            }
            if format.nested {
                scale *= f32::from(self.scales[group]);
                minimum *= f32::from(self.minimums[group]);
            }
            *out = scale * ((i32::from(*code) - format.offset) as f32) - minimum;
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::quantized::QTensor;
    use candle_core::{Device, Tensor};

    use super::*;

    /// Candle's own reading of each format is the reference.
    #[test]
    fn every_format_means_what_candle_says() {
        let kinds = [
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
        let values = Tensor::randn(0_f32, 1.0, (4, 512), &Device::Cpu).unwrap();
        for kind in kinds {
            let format = Format::of(kind).unwrap();
            let packed = QTensor::quantize(&values, kind).unwrap();
            let bytes = packed.data().unwrap().into_owned();
            let expected: Vec<f32> = packed
                .dequantize(&Device::Cpu)
                .unwrap()
                .flatten_all()
                .unwrap()
                .to_vec1()
                .unwrap();
            let mut found = vec![0.0; expected.len()];
            let mut block = Block::EMPTY;
            for (bytes, out) in bytes
                .chunks_exact(format.block_bytes)
                .zip(found.chunks_exact_mut(format.block))
            {
                block.read(kind, bytes);
                block.weights(&format, out);
            }
            for (found, expected) in found.iter().zip(&expected) {
                assert!(
                    (found - expected).abs() <= 2e-6 * expected.abs().max(1.0),
                    "{kind:?}: {found} is not {expected}"
                );
            }
        }
    }
}
