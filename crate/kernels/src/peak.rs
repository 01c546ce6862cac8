//! The most that a kernel could reach: a loop of multiplications and additions that reads no memory.

use std::hint::black_box;

use crate::simd::{Level, Register, Simd, dispatch};

/// Registers that the loop updates independently of each other: together with the factor and the summand as
/// many as the baseline has.
const CHAINS: usize = 14;

/// Multiplies, then adds, `iterations` times in each lane of each of the chains, in registers of the current
/// [`Level`]. The value means nothing but that the work was done.
#[must_use]
pub fn multiply_add_chain(iterations: u64) -> f32 {
    dispatch!(|simd| widest_chains(simd, iterations))
}

/// Floating-point operations of [`multiply_add_chain`]: two for each lane, chain and iteration.
#[must_use]
pub fn multiply_add_chain_flops(iterations: u64) -> u64 {
    let lanes = match Level::current() {
        Level::Baseline => 4,
        Level::Avx2 => 8,
        Level::Avx512 => 16,
    };
    2 * iterations * CHAINS as u64 * lanes
}

fn widest_chains<S: Simd>(simd: S, iterations: u64) -> f32 {
    match S::LEVEL {
        Level::Baseline => simd.run(
            #[inline(always)]
            || chains(simd.x4(), iterations),
        ),
        Level::Avx2 => simd.run(
            #[inline(always)]
            || chains(simd.x8(), iterations),
        ),
        Level::Avx512 => simd.run(
            #[inline(always)]
            || chains(simd.x16(), iterations),
        ),
    }
}

#[inline(always)]
fn chains<R: Register>(register: R, iterations: u64) -> f32 {
    // Every value becomes 1 and stays there. They come from memory that the compiler does not see
    // through, so that it keeps whole registers of them.
    let starts = black_box([[0.25_f32; 16]; CHAINS]);
    let (factor, summand) = (register.splat(0.5), register.splat(0.5));
    let mut values = [summand; CHAINS];
    for (value, start) in values.iter_mut().zip(&starts) {
        *value = register.load(start);
    }
    for _ in 0..iterations {
        for value in &mut values {
            *value = register.add(register.multiply(*value, factor), summand);
        }
    }
    let mut total = [0.0; 16];
    for value in values {
        let sum = register.add(register.load(&total), value);
        register.store(sum, &mut total);
    }
    total.iter().sum()
}
