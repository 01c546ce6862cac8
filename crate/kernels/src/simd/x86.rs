//! AVX2 and AVX-512.

#[cfg(not(miri))]
use std::arch::x86_64::_mm512_cmp_ps_mask;
use std::arch::x86_64::{
    __m128, __m128i, __m256, __m256i, __m512, _CMP_LE_OQ, _mm_add_ps, _mm_and_ps, _mm_andnot_ps,
    _mm_blendv_ps, _mm_castps_si128, _mm_castsi128_ps, _mm_cmpgt_epi32, _mm_cmple_ps, _mm_div_ps,
    _mm_loadu_ps, _mm_maskload_ps, _mm_maskstore_ps, _mm_movemask_ps, _mm_mul_ps, _mm_or_ps, _mm_set1_epi32,
    _mm_set1_ps, _mm_setr_epi32, _mm_slli_epi32, _mm_storeu_ps, _mm_sub_ps, _mm256_add_ps, _mm256_blendv_ps,
    _mm256_castps_si256, _mm256_castsi256_ps, _mm256_cmp_ps, _mm256_cmpgt_epi32, _mm256_div_ps,
    _mm256_loadu_ps, _mm256_maskload_ps, _mm256_maskstore_ps, _mm256_movemask_ps, _mm256_mul_ps,
    _mm256_set1_epi32, _mm256_set1_ps, _mm256_setr_epi32, _mm256_slli_epi32, _mm256_storeu_ps, _mm256_sub_ps,
    _mm512_add_ps, _mm512_castps_si512, _mm512_castsi512_ps, _mm512_div_ps, _mm512_loadu_ps,
    _mm512_mask_blend_ps, _mm512_mask_storeu_ps, _mm512_maskz_loadu_ps, _mm512_mul_ps, _mm512_set1_ps,
    _mm512_slli_epi32, _mm512_storeu_ps, _mm512_sub_ps,
};
use std::cell::Cell;

use super::register::{EXPONENT_LAST, copy_first, first_of};
use super::{Baseline, Host, Level, Pair, Register, Simd};
use crate::lanes::{lanes, lanes_mut};

thread_local! {
    /// The level of this thread's kernels; none until the host has been asked.
    static CURRENT: Cell<Option<Level>> = const { Cell::new(None) };
}

pub(super) fn current() -> Level {
    CURRENT.get().unwrap_or_else(|| {
        let level = widest();
        CURRENT.set(Some(level));
        level
    })
}

pub(super) fn widest() -> Level {
    if is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512bw")
    {
        Level::Avx512
    } else if is_x86_feature_detected!("avx2") {
        Level::Avx2
    } else {
        Level::Baseline
    }
}

/// Sets the level of this thread, which must be available, until the result is dropped.
pub(super) fn force(level: Level) -> impl Drop {
    struct Restore(Level);
    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.set(Some(self.0));
        }
    }
    let restore = Restore(current());
    CURRENT.set(Some(level));
    restore
}

#[inline]
pub(super) fn host() -> Host {
    match current() {
        Level::Baseline => Host::Baseline(Baseline),
        Level::Avx2 => Host::Avx2(Avx2(())),
        Level::Avx512 => Host::Avx512(Avx512(())),
    }
}

/// Exists only where AVX2 does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx2(());

/// Exists only where AVX-512 F, VL, DQ and BW do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx512(());

impl Simd for Avx2 {
    const LEVEL: Level = Level::Avx2;
    type X4 = Bits128;
    type X8 = Bits256;
    type X16 = Pair<Bits256>;
    type X32 = Pair<Pair<Bits256>>;

    fn x4(self) -> Self::X4 {
        Bits128(())
    }

    fn x8(self) -> Self::X8 {
        Bits256(())
    }

    fn x16(self) -> Self::X16 {
        Pair(self.x8())
    }

    fn x32(self) -> Self::X32 {
        Pair(self.x16())
    }

    #[inline(always)]
    #[expect(unsafe_code, reason = "only the caller knows what the host has")]
    fn run<R>(self, body: impl FnOnce() -> R) -> R {
        #[target_feature(enable = "avx2")]
        fn compiled<R>(body: impl FnOnce() -> R) -> R {
            body()
        }
        // Safety: `self` exists.
        unsafe { compiled(body) }
    }
}

impl Simd for Avx512 {
    const LEVEL: Level = Level::Avx512;
    type X4 = Bits128;
    type X8 = Bits256;
    type X16 = Bits512;
    type X32 = Pair<Bits512>;

    fn x4(self) -> Self::X4 {
        Bits128(())
    }

    fn x8(self) -> Self::X8 {
        Bits256(())
    }

    fn x16(self) -> Self::X16 {
        Bits512(())
    }

    fn x32(self) -> Self::X32 {
        Pair(self.x16())
    }

    #[inline(always)]
    #[expect(unsafe_code, reason = "only the caller knows what the host has")]
    fn run<R>(self, body: impl FnOnce() -> R) -> R {
        #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw")]
        fn compiled<R>(body: impl FnOnce() -> R) -> R {
            body()
        }
        // Safety: `self` exists.
        unsafe { compiled(body) }
    }
}

/// Implements [`Register`] with the intrinsics of one width. Those with a
/// mask are given a slice of at most as many values as there are lanes.
macro_rules! register {
    (
        $(#[$attribute:meta])* $name:ident: [f32; $lanes:literal] as $vector:ty,
        $splat:ident, $load:ident, $load_first:expr, $store:ident, $store_first:expr, $add:ident, $multiply:ident,
        $subtract:ident, $divide:ident, $power_of_two:expr, $are_at_most:expr, $select:expr
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy)]
        pub(crate) struct $name(());

        #[expect(unsafe_code, reason = "intrinsics")]
        impl Register for $name {
            const LANES: usize = $lanes;
            type Vector = $vector;

            #[inline(always)]
            fn splat(self, value: f32) -> $vector {
                // Safety: `self` exists.
                unsafe { $splat(value) }
            }

            #[inline(always)]
            fn load(self, values: &[f32]) -> $vector {
                let values: &[f32; $lanes] = lanes(values, 0);
                // Safety: `self` exists, and the values are as many as the lanes.
                unsafe { $load(values.as_ptr()) }
            }

            #[inline(always)]
            fn load_first(self, values: &[f32], count: usize) -> $vector {
                assert!(count <= $lanes, "a register of fewer lanes");
                let values = &values[..count];
                // Safety: `self` exists, and the values are as many as the lanes under the mask.
                unsafe { $load_first(values) }
            }

            #[inline(always)]
            fn store(self, vector: $vector, values: &mut [f32]) {
                let values: &mut [f32; $lanes] = lanes_mut(values, 0);
                // Safety: `self` exists, and the values are as many as the lanes.
                unsafe { $store(values.as_mut_ptr(), vector) }
            }

            #[inline(always)]
            fn store_first(self, vector: $vector, values: &mut [f32], count: usize) {
                assert!(count <= $lanes, "a register of fewer lanes");
                let values = &mut values[..count];
                // Safety: `self` exists, and the values are as many as the lanes under the mask.
                unsafe { $store_first(values, vector) }
            }

            #[inline(always)]
            fn add(self, left: $vector, right: $vector) -> $vector {
                // Safety: `self` exists.
                unsafe { $add(left, right) }
            }

            #[inline(always)]
            fn multiply(self, left: $vector, right: $vector) -> $vector {
                // Safety: `self` exists.
                unsafe { $multiply(left, right) }
            }

            #[inline(always)]
            fn subtract(self, left: $vector, right: $vector) -> $vector {
                // Safety: `self` exists.
                unsafe { $subtract(left, right) }
            }

            #[inline(always)]
            fn divide(self, left: $vector, right: $vector) -> $vector {
                // Safety: `self` exists.
                unsafe { $divide(left, right) }
            }

            #[inline(always)]
            fn power_of_two(self, k: $vector) -> $vector {
                // Safety: `self` exists.
                unsafe { $power_of_two(k) }
            }

            #[inline(always)]
            fn are_at_most(self, left: $vector, right: $vector) -> bool {
                // Safety: `self` exists.
                unsafe { $are_at_most(left, right) }
            }

            #[inline(always)]
            fn select_at_most(
                self,
                left: $vector,
                right: $vector,
                then: $vector,
                otherwise: $vector,
            ) -> $vector {
                // Safety: `self` exists.
                unsafe { $select(left, right, then, otherwise) }
            }
        }
    };
}

register! {
    /// 128-bit registers, which every host has.
    #[derive(Default)]
    Sse: [f32; 4] as __m128, _mm_set1_ps,
    _mm_loadu_ps, |values| _mm_loadu_ps(first_of::<4>(values).as_ptr()),
    _mm_storeu_ps, |values, vector| {
        let mut all = [0.0; 4];
        _mm_storeu_ps(all.as_mut_ptr(), vector);
        copy_first(&all, values);
    },
    _mm_add_ps, _mm_mul_ps, _mm_sub_ps, _mm_div_ps, |k| {
        let sum = _mm_castps_si128(_mm_add_ps(k, _mm_set1_ps(EXPONENT_LAST)));
        _mm_castsi128_ps(_mm_slli_epi32::<23>(sum))
    }, |left, right| _mm_movemask_ps(_mm_cmple_ps(left, right)) == 0b1111,
    |left, right, then, otherwise| {
        let is_at_most = _mm_cmple_ps(left, right);
        _mm_or_ps(_mm_and_ps(is_at_most, then), _mm_andnot_ps(is_at_most, otherwise))
    }
}

register! {
    /// 128-bit registers with masks; exists only where AVX2 does.
    Bits128: [f32; 4] as __m128, _mm_set1_ps,
    _mm_loadu_ps, |values: &[f32]| _mm_maskload_ps(values.as_ptr(), mask_128(values.len())),
    _mm_storeu_ps, |values: &mut [f32], vector| {
        _mm_maskstore_ps(values.as_mut_ptr(), mask_128(values.len()), vector);
    },
    _mm_add_ps, _mm_mul_ps, _mm_sub_ps, _mm_div_ps, |k| {
        let sum = _mm_castps_si128(_mm_add_ps(k, _mm_set1_ps(EXPONENT_LAST)));
        _mm_castsi128_ps(_mm_slli_epi32::<23>(sum))
    }, |left, right| _mm_movemask_ps(_mm_cmple_ps(left, right)) == 0b1111,
    |left, right, then, otherwise| {
        _mm_blendv_ps(otherwise, then, _mm_cmple_ps(left, right))
    }
}

register! {
    /// 256-bit registers; exists only where AVX2 does.
    Bits256: [f32; 8] as __m256, _mm256_set1_ps,
    _mm256_loadu_ps, |values: &[f32]| _mm256_maskload_ps(values.as_ptr(), mask_256(values.len())),
    _mm256_storeu_ps, |values: &mut [f32], vector| {
        _mm256_maskstore_ps(values.as_mut_ptr(), mask_256(values.len()), vector);
    },
    _mm256_add_ps, _mm256_mul_ps, _mm256_sub_ps, _mm256_div_ps, |k| {
        let sum = _mm256_castps_si256(_mm256_add_ps(k, _mm256_set1_ps(EXPONENT_LAST)));
        _mm256_castsi256_ps(_mm256_slli_epi32::<23>(sum))
    }, |left, right| _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_LE_OQ>(left, right)) == 0xff,
    |left, right, then, otherwise| {
        _mm256_blendv_ps(otherwise, then, _mm256_cmp_ps::<_CMP_LE_OQ>(left, right))
    }
}

register! {
    /// 512-bit registers; exists only where AVX-512 does.
    Bits512: [f32; 16] as __m512, _mm512_set1_ps,
    _mm512_loadu_ps, |values: &[f32]| _mm512_maskz_loadu_ps(mask_512(values.len()), values.as_ptr()),
    _mm512_storeu_ps, |values: &mut [f32], vector| {
        _mm512_mask_storeu_ps(values.as_mut_ptr(), mask_512(values.len()), vector);
    },
    _mm512_add_ps, _mm512_mul_ps, _mm512_sub_ps, _mm512_div_ps, |k| {
        let sum = _mm512_castps_si512(_mm512_add_ps(k, _mm512_set1_ps(EXPONENT_LAST)));
        _mm512_castsi512_ps(_mm512_slli_epi32::<23>(sum))
    }, |left, right| at_most_512(left, right) == 0xffff,
    |left, right, then, otherwise| {
        _mm512_mask_blend_ps(at_most_512(left, right), otherwise, then)
    }
}

/// All bits set in the first `count` lanes; for hosts with AVX2.
#[inline]
#[target_feature(enable = "avx2")]
fn mask_128(count: usize) -> __m128i {
    _mm_cmpgt_epi32(_mm_set1_epi32(count as i32), _mm_setr_epi32(0, 1, 2, 3))
}

/// All bits set in the first `count` lanes; for hosts with AVX2.
#[inline]
#[target_feature(enable = "avx2")]
fn mask_256(count: usize) -> __m256i {
    _mm256_cmpgt_epi32(_mm256_set1_epi32(count as i32), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))
}

/// One bit for each of the first `count` lanes.
#[inline(always)]
fn mask_512(count: usize) -> u16 {
    ((1_u32 << count) - 1) as u16
}

/// One bit for each lane in which left ≤ right; for hosts with AVX-512.
#[cfg(not(miri))]
#[inline]
#[target_feature(enable = "avx512f")]
fn at_most_512(left: __m512, right: __m512) -> u16 {
    _mm512_cmp_ps_mask::<_CMP_LE_OQ>(left, right)
}

/// The same lane by lane: Miri does not know the instruction.
#[cfg(miri)]
#[expect(unsafe_code, reason = "intrinsics")]
fn at_most_512(left: __m512, right: __m512) -> u16 {
    let ([mut lefts, mut rights], mut mask) = ([[0.0_f32; 16]; 2], 0);
    // Safety: the caller has the registers, and the arrays are as long.
    unsafe {
        _mm512_storeu_ps(lefts.as_mut_ptr(), left);
        _mm512_storeu_ps(rights.as_mut_ptr(), right);
    }
    for lane in 0..16 {
        mask |= u16::from(lefts[lane] <= rights[lane]) << lane;
    }
    mask
}
