//! Sixteen lanes of numbers, in the instructions that the processor has.
//!
//! Kernels are written once against [`Simd`] and compiled for each level of instructions;
//! [`Level::detect`] asks the processor once, [`on_level!`] runs the right copy.

#![expect(
    unsafe_code,
    reason = "a function compiled for instructions that not every processor has can only be \
              called on the word that this one has them"
)]

/// Lanes of a vector.
pub(super) const LANES: usize = 16;

/// The vector instructions that this processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// AVX-512 with the dot products of bytes (VNNI).
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// AVX2 with fused multiplication and half floats.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// What every processor of this kind has.
    Usual,
}

impl Level {
    /// Asks the processor.
    pub(super) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("f16c");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vnni");
            if avx2 && avx512 {
                return Self::Avx512;
            }
            if avx2 {
                return Self::Avx2;
            }
        }
        Self::Usual
    }

    /// What it is called in a report.
    pub(super) fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "AVX-512 VNNI",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "AVX2",
            Self::Usual => "usual vector instructions",
        }
    }

    /// Every level that this processor has, for tests.
    #[cfg(test)]
    pub(super) fn all() -> Vec<Self> {
        let mut levels = vec![Self::Usual];
        #[cfg(target_arch = "x86_64")]
        match Self::detect() {
            Self::Avx512 => levels.extend([Self::Avx2, Self::Avx512]),
            Self::Avx2 => levels.push(Self::Avx2),
            Self::Usual => {}
        }
        levels
    }
}

/// Runs `$body::<S, ..>(..)`, written `$body[..](..)` (after `<N>` if the constant `N` of the
/// function around it is among them), compiled for `$level`. `$body` is an
/// `#[inline(always)] unsafe fn` that is generic over [`Simd`] first.
macro_rules! on_level {
    ($level:expr, $(<$count:ident>)? $body:ident[$($generic:tt),*]($($argument:ident: $type:ty),* $(,)?)) => {{
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c")]
        #[allow(clippy::too_many_arguments, reason = "a copy of what it calls")]
        unsafe fn avx512$(<const $count: usize>)?($($argument: $type),*) {
            // SAFETY: passed on to who calls.
            unsafe { $body::<$crate::model::decoder::simd::Avx512, $($generic),*>($($argument),*) }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma,f16c")]
        #[allow(clippy::too_many_arguments, reason = "a copy of what it calls")]
        unsafe fn avx2$(<const $count: usize>)?($($argument: $type),*) {
            // SAFETY: passed on to who calls.
            unsafe { $body::<$crate::model::decoder::simd::Avx2, $($generic),*>($($argument),*) }
        }
        match $level {
            #[cfg(target_arch = "x86_64")]
            $crate::model::decoder::simd::Level::Avx512 => avx512$(::<$count>)?($($argument),*),
            #[cfg(target_arch = "x86_64")]
            $crate::model::decoder::simd::Level::Avx2 => avx2$(::<$count>)?($($argument),*),
            $crate::model::decoder::simd::Level::Usual => {
                $body::<$crate::model::decoder::simd::Usual, $($generic),*>($($argument),*)
            }
        }
    }};
}
pub(super) use on_level;

/// Operations on sixteen lanes.
///
/// # Safety
/// Every operation needs the instructions of its level, and pointers that 16 values (64 bytes
/// for [`Simd::bytes`]) can be read from or written to.
pub(super) trait Simd: Copy {
    /// Sixteen `f32`.
    type F: Copy;
    /// Sixteen `i32`.
    type I: Copy;
    /// Sixty-four bytes: four to each lane.
    type B: Copy;

    unsafe fn load(from: *const f32) -> Self::F;
    unsafe fn store(to: *mut f32, value: Self::F);
    /// Sixteen half floats, as `f32`.
    unsafe fn load_f16(from: *const u16) -> Self::F;
    /// Sixteen brain floats, as `f32`.
    unsafe fn load_bf16(from: *const u16) -> Self::F;
    /// Sixteen signed bytes, as `f32`.
    unsafe fn load_i8(from: *const u8) -> Self::F;
    unsafe fn splat(value: f32) -> Self::F;
    unsafe fn add(left: Self::F, right: Self::F) -> Self::F;
    unsafe fn mul(left: Self::F, right: Self::F) -> Self::F;
    /// `left * right + to`.
    unsafe fn fma(left: Self::F, right: Self::F, to: Self::F) -> Self::F;
    unsafe fn max(left: Self::F, right: Self::F) -> Self::F;
    unsafe fn div(left: Self::F, right: Self::F) -> Self::F;
    /// e to the power of each lane, exact to 2e-7 of itself; beyond what a float holds it is
    /// next to nothing, or very large.
    unsafe fn exp(value: Self::F) -> Self::F;
    unsafe fn sum(value: Self::F) -> f32;
    unsafe fn maximum(value: Self::F) -> f32;

    unsafe fn splat_i(value: i32) -> Self::I;
    unsafe fn to_f(value: Self::I) -> Self::F;
    unsafe fn bytes(from: *const u8) -> Self::B;
    /// The low four bits of each byte.
    unsafe fn low(value: Self::B) -> Self::B;
    /// The high four bits of each byte.
    unsafe fn high(value: Self::B) -> Self::B;
    /// Adds 16 to the bytes whose bit is set in the eight bytes at `from`.
    unsafe fn add_fifth(value: Self::B, from: *const u8) -> Self::B;
    /// Adds 16 times the two bits at `FIELD * 2` of each byte of `bits`.
    unsafe fn add_two_bits<const FIELD: u32>(value: Self::B, bits: Self::B) -> Self::B;
    /// Adds to each lane its four unsigned bytes of `weights` times the four signed bytes of
    /// `activations`.
    unsafe fn dot(to: Self::I, weights: Self::B, activations: i32) -> Self::I;
}

/// Coefficients of 2 to the power of a number from -0.5 to 0.5 (Taylor's series of e^(x ln 2)).
const POWERS: [f32; 7] = [
    1.0,
    std::f32::consts::LN_2,
    0.240_226_5,
    0.055_504_11,
    0.009_618_13,
    0.001_333_356,
    0.000_154_035,
];
/// Below this, e to the power of it is nothing.
const LEAST: f32 = -87.0;

/// AVX-512 with VNNI.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Avx512;

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use super::{Avx512, LEAST, POWERS, Simd};
    use std::arch::x86_64::{
        __m512, __m512i, _MM_FROUND_TO_NEAREST_INT, _mm_loadu_si128, _mm256_loadu_si256,
        _mm512_add_ps, _mm512_and_si512, _mm512_castsi512_ps, _mm512_cvtepi8_epi32,
        _mm512_cvtepi32_ps, _mm512_cvtepu16_epi32, _mm512_cvtph_ps, _mm512_div_ps,
        _mm512_dpbusd_epi32, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_loadu_si512,
        _mm512_mask_add_epi8, _mm512_max_ps, _mm512_mul_ps, _mm512_or_si512, _mm512_reduce_add_ps,
        _mm512_reduce_max_ps, _mm512_roundscale_ps, _mm512_scalef_ps, _mm512_set1_epi8,
        _mm512_set1_epi32, _mm512_set1_ps, _mm512_slli_epi16, _mm512_slli_epi32, _mm512_srli_epi16,
        _mm512_storeu_ps, _mm512_sub_ps,
    };

    #[expect(unsafe_op_in_unsafe_fn, reason = "the trait says what is needed")]
    impl Simd for Avx512 {
        type F = __m512;
        type I = __m512i;
        type B = __m512i;

        #[inline(always)]
        unsafe fn load(from: *const f32) -> __m512 {
            _mm512_loadu_ps(from)
        }
        #[inline(always)]
        unsafe fn store(to: *mut f32, value: __m512) {
            _mm512_storeu_ps(to, value);
        }
        #[inline(always)]
        unsafe fn load_f16(from: *const u16) -> __m512 {
            _mm512_cvtph_ps(_mm256_loadu_si256(from.cast()))
        }
        #[inline(always)]
        unsafe fn load_bf16(from: *const u16) -> __m512 {
            let wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(from.cast()));
            _mm512_castsi512_ps(_mm512_slli_epi32::<16>(wide))
        }
        #[inline(always)]
        unsafe fn load_i8(from: *const u8) -> __m512 {
            _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(from.cast())))
        }
        #[inline(always)]
        unsafe fn splat(value: f32) -> __m512 {
            _mm512_set1_ps(value)
        }
        #[inline(always)]
        unsafe fn add(left: __m512, right: __m512) -> __m512 {
            _mm512_add_ps(left, right)
        }
        #[inline(always)]
        unsafe fn mul(left: __m512, right: __m512) -> __m512 {
            _mm512_mul_ps(left, right)
        }
        #[inline(always)]
        unsafe fn fma(left: __m512, right: __m512, to: __m512) -> __m512 {
            _mm512_fmadd_ps(left, right, to)
        }
        #[inline(always)]
        unsafe fn div(left: __m512, right: __m512) -> __m512 {
            _mm512_div_ps(left, right)
        }
        #[inline(always)]
        unsafe fn max(left: __m512, right: __m512) -> __m512 {
            _mm512_max_ps(left, right)
        }
        #[inline(always)]
        unsafe fn exp(value: __m512) -> __m512 {
            let value = _mm512_max_ps(value, _mm512_set1_ps(2.0 * LEAST));
            let value = _mm512_mul_ps(value, _mm512_set1_ps(std::f32::consts::LOG2_E));
            let whole = _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT }>(value);
            let rest = _mm512_sub_ps(value, whole);
            let mut power = _mm512_set1_ps(POWERS[6]);
            for coefficient in POWERS[..6].iter().rev() {
                power = _mm512_fmadd_ps(power, rest, _mm512_set1_ps(*coefficient));
            }
            _mm512_scalef_ps(power, whole)
        }
        #[inline(always)]
        unsafe fn sum(value: __m512) -> f32 {
            _mm512_reduce_add_ps(value)
        }
        #[inline(always)]
        unsafe fn maximum(value: __m512) -> f32 {
            _mm512_reduce_max_ps(value)
        }
        #[inline(always)]
        unsafe fn splat_i(value: i32) -> __m512i {
            _mm512_set1_epi32(value)
        }
        #[inline(always)]
        unsafe fn to_f(value: __m512i) -> __m512 {
            _mm512_cvtepi32_ps(value)
        }
        #[inline(always)]
        unsafe fn bytes(from: *const u8) -> __m512i {
            _mm512_loadu_si512(from.cast())
        }
        #[inline(always)]
        unsafe fn low(value: __m512i) -> __m512i {
            _mm512_and_si512(value, _mm512_set1_epi8(15))
        }
        #[inline(always)]
        unsafe fn high(value: __m512i) -> __m512i {
            _mm512_and_si512(_mm512_srli_epi16::<4>(value), _mm512_set1_epi8(15))
        }
        #[inline(always)]
        unsafe fn add_fifth(value: __m512i, from: *const u8) -> __m512i {
            let mask = from.cast::<u64>().read_unaligned();
            _mm512_mask_add_epi8(value, mask, value, _mm512_set1_epi8(16))
        }
        #[inline(always)]
        unsafe fn add_two_bits<const FIELD: u32>(value: __m512i, bits: __m512i) -> __m512i {
            let bits = match FIELD {
                0 => _mm512_slli_epi16::<4>(bits),
                1 => _mm512_slli_epi16::<2>(bits),
                2 => bits,
                _ => _mm512_srli_epi16::<2>(bits),
            };
            _mm512_or_si512(value, _mm512_and_si512(bits, _mm512_set1_epi8(0x30)))
        }
        #[inline(always)]
        unsafe fn dot(to: __m512i, weights: __m512i, activations: i32) -> __m512i {
            _mm512_dpbusd_epi32(to, weights, _mm512_set1_epi32(activations))
        }
    }
}

/// AVX2 with fused multiplication and half floats.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Avx2;

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::{Avx2, LEAST, POWERS, Simd};
    use std::arch::x86_64::{
        __m256, __m256i, _MM_FROUND_TO_NEAREST_INT, _mm_loadl_epi64, _mm_loadu_si128,
        _mm256_add_epi32, _mm256_add_ps, _mm256_and_si256, _mm256_castsi256_ps,
        _mm256_castsi256_si128, _mm256_cmpeq_epi8, _mm256_cvtepi8_epi16, _mm256_cvtepi8_epi32,
        _mm256_cvtepi32_ps, _mm256_cvtepu8_epi16, _mm256_cvtepu16_epi32, _mm256_cvtph_ps,
        _mm256_cvtps_epi32, _mm256_div_ps, _mm256_extracti128_si256, _mm256_fmadd_ps,
        _mm256_hadd_epi32, _mm256_loadu_ps, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_max_ps,
        _mm256_min_ps, _mm256_mul_ps, _mm256_or_si256, _mm256_permute4x64_epi64, _mm256_round_ps,
        _mm256_set1_epi8, _mm256_set1_epi32, _mm256_set1_ps, _mm256_setr_epi8, _mm256_setr_epi64x,
        _mm256_shuffle_epi8, _mm256_slli_epi16, _mm256_slli_epi32, _mm256_srli_epi16,
        _mm256_storeu_ps, _mm256_sub_ps,
    };

    #[inline(always)]
    unsafe fn exp8(value: __m256) -> __m256 {
        // SAFETY: passed on to who calls.
        unsafe {
            let value = _mm256_max_ps(value, _mm256_set1_ps(LEAST));
            let value = _mm256_min_ps(value, _mm256_set1_ps(-LEAST));
            let value = _mm256_mul_ps(value, _mm256_set1_ps(std::f32::consts::LOG2_E));
            let whole = _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | 8 }>(value);
            let rest = _mm256_sub_ps(value, whole);
            let mut power = _mm256_set1_ps(POWERS[6]);
            for coefficient in POWERS[..6].iter().rev() {
                power = _mm256_fmadd_ps(power, rest, _mm256_set1_ps(*coefficient));
            }
            let exponent = _mm256_add_epi32(_mm256_cvtps_epi32(whole), _mm256_set1_epi32(127));
            _mm256_mul_ps(
                power,
                _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent)),
            )
        }
    }

    /// Thirty-two products of bytes, four to each of eight lanes.
    #[inline(always)]
    unsafe fn dot8(weights: __m256i, activations: __m256i) -> __m256i {
        // SAFETY: passed on to who calls.
        unsafe {
            let left = _mm256_madd_epi16(
                _mm256_cvtepu8_epi16(_mm256_castsi256_si128(weights)),
                activations,
            );
            let right = _mm256_madd_epi16(
                _mm256_cvtepu8_epi16(_mm256_extracti128_si256::<1>(weights)),
                activations,
            );
            // Pairs are added within halves of a register: lanes 0 1 4 5 | 2 3 6 7.
            _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_hadd_epi32(left, right))
        }
    }

    #[expect(unsafe_op_in_unsafe_fn, reason = "the trait says what is needed")]
    impl Simd for Avx2 {
        type F = [__m256; 2];
        type I = [__m256i; 2];
        type B = [__m256i; 2];

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self::F {
            [_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))]
        }
        #[inline(always)]
        unsafe fn store(to: *mut f32, value: Self::F) {
            _mm256_storeu_ps(to, value[0]);
            _mm256_storeu_ps(to.add(8), value[1]);
        }
        #[inline(always)]
        unsafe fn load_f16(from: *const u16) -> Self::F {
            [
                _mm256_cvtph_ps(_mm_loadu_si128(from.cast())),
                _mm256_cvtph_ps(_mm_loadu_si128(from.add(8).cast())),
            ]
        }
        #[inline(always)]
        unsafe fn load_bf16(from: *const u16) -> Self::F {
            let low = _mm256_cvtepu16_epi32(_mm_loadu_si128(from.cast()));
            let high = _mm256_cvtepu16_epi32(_mm_loadu_si128(from.add(8).cast()));
            [
                _mm256_castsi256_ps(_mm256_slli_epi32::<16>(low)),
                _mm256_castsi256_ps(_mm256_slli_epi32::<16>(high)),
            ]
        }
        #[inline(always)]
        unsafe fn load_i8(from: *const u8) -> Self::F {
            [
                _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(from.cast()))),
                _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(from.add(8).cast()))),
            ]
        }
        #[inline(always)]
        unsafe fn splat(value: f32) -> Self::F {
            [_mm256_set1_ps(value); 2]
        }
        #[inline(always)]
        unsafe fn add(left: Self::F, right: Self::F) -> Self::F {
            [
                _mm256_add_ps(left[0], right[0]),
                _mm256_add_ps(left[1], right[1]),
            ]
        }
        #[inline(always)]
        unsafe fn mul(left: Self::F, right: Self::F) -> Self::F {
            [
                _mm256_mul_ps(left[0], right[0]),
                _mm256_mul_ps(left[1], right[1]),
            ]
        }
        #[inline(always)]
        unsafe fn fma(left: Self::F, right: Self::F, to: Self::F) -> Self::F {
            [
                _mm256_fmadd_ps(left[0], right[0], to[0]),
                _mm256_fmadd_ps(left[1], right[1], to[1]),
            ]
        }
        #[inline(always)]
        unsafe fn div(left: Self::F, right: Self::F) -> Self::F {
            [
                _mm256_div_ps(left[0], right[0]),
                _mm256_div_ps(left[1], right[1]),
            ]
        }
        #[inline(always)]
        unsafe fn max(left: Self::F, right: Self::F) -> Self::F {
            [
                _mm256_max_ps(left[0], right[0]),
                _mm256_max_ps(left[1], right[1]),
            ]
        }
        #[inline(always)]
        unsafe fn exp(value: Self::F) -> Self::F {
            [exp8(value[0]), exp8(value[1])]
        }
        #[inline(always)]
        unsafe fn sum(value: Self::F) -> f32 {
            let mut lanes = [0.0; 16];
            Self::store(lanes.as_mut_ptr(), value);
            lanes.iter().sum()
        }
        #[inline(always)]
        unsafe fn maximum(value: Self::F) -> f32 {
            let mut lanes = [0.0; 16];
            Self::store(lanes.as_mut_ptr(), value);
            lanes.iter().copied().fold(f32::NEG_INFINITY, f32::max)
        }
        #[inline(always)]
        unsafe fn splat_i(value: i32) -> Self::I {
            [_mm256_set1_epi32(value); 2]
        }
        #[inline(always)]
        unsafe fn to_f(value: Self::I) -> Self::F {
            [_mm256_cvtepi32_ps(value[0]), _mm256_cvtepi32_ps(value[1])]
        }
        #[inline(always)]
        unsafe fn bytes(from: *const u8) -> Self::B {
            [
                _mm256_loadu_si256(from.cast()),
                _mm256_loadu_si256(from.add(32).cast()),
            ]
        }
        #[inline(always)]
        unsafe fn low(value: Self::B) -> Self::B {
            let mask = _mm256_set1_epi8(15);
            [
                _mm256_and_si256(value[0], mask),
                _mm256_and_si256(value[1], mask),
            ]
        }
        #[inline(always)]
        unsafe fn high(value: Self::B) -> Self::B {
            Self::low([
                _mm256_srli_epi16::<4>(value[0]),
                _mm256_srli_epi16::<4>(value[1]),
            ])
        }
        #[inline(always)]
        unsafe fn add_fifth(value: Self::B, from: *const u8) -> Self::B {
            let own_bit = _mm256_setr_epi64x(
                0x8040_2010_0804_0201_u64.cast_signed(),
                0x8040_2010_0804_0201_u64.cast_signed(),
                0x8040_2010_0804_0201_u64.cast_signed(),
                0x8040_2010_0804_0201_u64.cast_signed(),
            );
            let own_byte = _mm256_setr_epi8(
                0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3,
                3, 3, 3, 3,
            );
            let mut out = value;
            for (half, out) in out.iter_mut().enumerate() {
                let bits = from.add(4 * half).cast::<i32>().read_unaligned();
                let bits = _mm256_shuffle_epi8(_mm256_set1_epi32(bits), own_byte);
                let set = _mm256_cmpeq_epi8(_mm256_and_si256(bits, own_bit), own_bit);
                *out = _mm256_or_si256(*out, _mm256_and_si256(set, _mm256_set1_epi8(16)));
            }
            out
        }
        #[inline(always)]
        unsafe fn add_two_bits<const FIELD: u32>(value: Self::B, bits: Self::B) -> Self::B {
            let mut out = value;
            for (out, bits) in out.iter_mut().zip(bits) {
                let bits = match FIELD {
                    0 => _mm256_slli_epi16::<4>(bits),
                    1 => _mm256_slli_epi16::<2>(bits),
                    2 => bits,
                    _ => _mm256_srli_epi16::<2>(bits),
                };
                *out = _mm256_or_si256(*out, _mm256_and_si256(bits, _mm256_set1_epi8(0x30)));
            }
            out
        }
        #[inline(always)]
        unsafe fn dot(to: Self::I, weights: Self::B, activations: i32) -> Self::I {
            let activations =
                _mm256_cvtepi8_epi16(_mm256_castsi256_si128(_mm256_set1_epi32(activations)));
            [
                _mm256_add_epi32(to[0], dot8(weights[0], activations)),
                _mm256_add_epi32(to[1], dot8(weights[1], activations)),
            ]
        }
    }
}

/// Plain code that the compiler turns into what every processor of this kind has.
#[derive(Clone, Copy)]
pub(super) struct Usual;

#[expect(unsafe_op_in_unsafe_fn, reason = "the trait says what is needed")]
impl Simd for Usual {
    type F = [f32; 16];
    type I = [i32; 16];
    type B = [u8; 64];

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self::F {
        from.cast::<[f32; 16]>().read_unaligned()
    }
    #[inline(always)]
    unsafe fn store(to: *mut f32, value: Self::F) {
        to.cast::<[f32; 16]>().write_unaligned(value);
    }
    #[inline(always)]
    unsafe fn load_f16(from: *const u16) -> Self::F {
        let halves = from.cast::<[u16; 16]>().read_unaligned();
        halves.map(|half| half::f16::from_bits(half).to_f32())
    }
    #[inline(always)]
    unsafe fn load_bf16(from: *const u16) -> Self::F {
        let halves = from.cast::<[u16; 16]>().read_unaligned();
        halves.map(|half| f32::from_bits(u32::from(half) << 16))
    }
    #[inline(always)]
    unsafe fn load_i8(from: *const u8) -> Self::F {
        from.cast::<[i8; 16]>().read_unaligned().map(f32::from)
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self::F {
        [value; 16]
    }
    #[inline(always)]
    unsafe fn add(mut left: Self::F, right: Self::F) -> Self::F {
        left.iter_mut()
            .zip(right)
            .for_each(|(left, right)| *left += right);
        left
    }
    #[inline(always)]
    unsafe fn mul(mut left: Self::F, right: Self::F) -> Self::F {
        left.iter_mut()
            .zip(right)
            .for_each(|(left, right)| *left *= right);
        left
    }
    #[inline(always)]
    unsafe fn fma(left: Self::F, right: Self::F, to: Self::F) -> Self::F {
        Self::add(Self::mul(left, right), to)
    }
    #[inline(always)]
    unsafe fn div(mut left: Self::F, right: Self::F) -> Self::F {
        left.iter_mut()
            .zip(right)
            .for_each(|(left, right)| *left /= right);
        left
    }
    #[inline(always)]
    unsafe fn max(mut left: Self::F, right: Self::F) -> Self::F {
        left.iter_mut()
            .zip(right)
            .for_each(|(left, right)| *left = left.max(right));
        left
    }
    #[inline(always)]
    unsafe fn exp(value: Self::F) -> Self::F {
        value.map(f32::exp)
    }
    #[inline(always)]
    unsafe fn sum(value: Self::F) -> f32 {
        value.iter().sum()
    }
    #[inline(always)]
    unsafe fn maximum(value: Self::F) -> f32 {
        value.iter().copied().fold(f32::NEG_INFINITY, f32::max)
    }
    #[inline(always)]
    unsafe fn splat_i(value: i32) -> Self::I {
        [value; 16]
    }
    #[inline(always)]
    #[expect(
        clippy::cast_precision_loss,
        reason = "as the processor's instruction does"
    )]
    unsafe fn to_f(value: Self::I) -> Self::F {
        value.map(|value| value as f32)
    }
    #[inline(always)]
    unsafe fn bytes(from: *const u8) -> Self::B {
        from.cast::<[u8; 64]>().read_unaligned()
    }
    #[inline(always)]
    unsafe fn low(value: Self::B) -> Self::B {
        value.map(|byte| byte & 15)
    }
    #[inline(always)]
    unsafe fn high(value: Self::B) -> Self::B {
        value.map(|byte| byte >> 4)
    }
    #[inline(always)]
    unsafe fn add_fifth(mut value: Self::B, from: *const u8) -> Self::B {
        let bits = from.cast::<[u8; 8]>().read_unaligned();
        for (index, byte) in value.iter_mut().enumerate() {
            *byte += ((bits[index / 8] >> (index % 8)) & 1) << 4;
        }
        value
    }
    #[inline(always)]
    unsafe fn add_two_bits<const FIELD: u32>(mut value: Self::B, bits: Self::B) -> Self::B {
        for (byte, bits) in value.iter_mut().zip(bits) {
            *byte |= ((bits >> (2 * FIELD)) & 3) << 4;
        }
        value
    }
    #[inline(always)]
    unsafe fn dot(mut to: Self::I, weights: Self::B, activations: i32) -> Self::I {
        let activations = activations
            .to_le_bytes()
            .map(|byte| i32::from(byte.cast_signed()));
        for (lane, weights) in to.iter_mut().zip(weights.as_chunks::<4>().0) {
            for (weight, activation) in weights.iter().zip(activations) {
                *lane += i32::from(*weight) * activation;
            }
        }
        to
    }
}
