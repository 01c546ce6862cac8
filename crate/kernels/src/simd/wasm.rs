//! The simd128 of WebAssembly.

use std::arch::wasm32::{
    f32x4_add, f32x4_div, f32x4_le, f32x4_mul, f32x4_splat, f32x4_sub, i32x4_all_true, i32x4_shl, v128,
    v128_bitselect, v128_load, v128_store,
};

use super::register::{EXPONENT_LAST, Register, copy_first, first_of};
use crate::lanes::{lanes, lanes_mut};

/// 128-bit registers.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Simd128(());

impl Register for Simd128 {
    const LANES: usize = 4;
    type Vector = v128;

    #[inline(always)]
    fn splat(self, value: f32) -> v128 {
        f32x4_splat(value)
    }

    #[inline(always)]
    #[expect(unsafe_code, reason = "an intrinsic")]
    fn load(self, values: &[f32]) -> v128 {
        let values: &[f32; 4] = lanes(values, 0);
        // Safety: the values are as many as the lanes.
        unsafe { v128_load(values.as_ptr().cast()) }
    }

    #[inline(always)]
    fn load_first(self, values: &[f32], count: usize) -> v128 {
        self.load(&first_of::<4>(&values[..count]))
    }

    #[inline(always)]
    #[expect(unsafe_code, reason = "an intrinsic")]
    fn store(self, vector: v128, values: &mut [f32]) {
        let values: &mut [f32; 4] = lanes_mut(values, 0);
        // Safety: the values are as many as the lanes.
        unsafe { v128_store(values.as_mut_ptr().cast(), vector) }
    }

    #[inline(always)]
    fn store_first(self, vector: v128, values: &mut [f32], count: usize) {
        let mut all = [0.0; 4];
        self.store(vector, &mut all);
        copy_first(&all, &mut values[..count]);
    }

    #[inline(always)]
    fn add(self, left: v128, right: v128) -> v128 {
        f32x4_add(left, right)
    }

    #[inline(always)]
    fn multiply(self, left: v128, right: v128) -> v128 {
        f32x4_mul(left, right)
    }

    #[inline(always)]
    fn subtract(self, left: v128, right: v128) -> v128 {
        f32x4_sub(left, right)
    }

    #[inline(always)]
    fn divide(self, left: v128, right: v128) -> v128 {
        f32x4_div(left, right)
    }

    #[inline(always)]
    fn power_of_two(self, k: v128) -> v128 {
        i32x4_shl(f32x4_add(k, f32x4_splat(EXPONENT_LAST)), 23)
    }

    #[inline(always)]
    fn are_at_most(self, left: v128, right: v128) -> bool {
        i32x4_all_true(f32x4_le(left, right))
    }

    /// Not inlined: it is long, and a call of WebAssembly is cheap.
    #[inline(never)]
    fn exp(self, x: v128) -> v128 {
        super::exp::exp(self, x)
    }

    #[inline(always)]
    fn select_at_most(self, left: v128, right: v128, then: v128, otherwise: v128) -> v128 {
        v128_bitselect(then, otherwise, f32x4_le(left, right))
    }
}
