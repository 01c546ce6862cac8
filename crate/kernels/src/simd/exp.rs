//! The exponential of a register's lanes, with the bits of [`libm::expf`].

use super::Register;

/// Within these bounds neither the result nor a step leaves the normal numbers.
const LEAST: f32 = -87.0;
const LARGEST: f32 = 88.0;

/// Up to this magnitude e^x is 1 + x.
const TINY: f32 = 1.0 / 8192.0;
/// ½ · ln 2 and 1½ · ln 2, where libm goes from 2⁰ to 2¹ and on to rounding.
const HALF_LN_2: f32 = f32::from_bits(0x3eb1_7218);
const THREE_HALVES_LN_2: f32 = f32::from_bits(0x3f85_1592);
/// ln 2 in two parts, of which the first has few bits.
const LN_2_HIGH: f32 = f32::from_bits(0x3f31_7200);
const LN_2_LOW: f32 = f32::from_bits(0x35bf_be8e);
const INVERSE_LN_2: f32 = f32::from_bits(0x3fb8_aa3b);
/// Coefficients of r · (e^r + 1) / (e^r − 1) = 2 + P1 · r² + P2 · r⁴.
const P1: f32 = 1.666_662_5e-1;
const P2: f32 = -2.766_733_2e-3;
/// Added and subtracted again it rounds to a whole number.
const ROUND: f32 = 12_582_912.0;

/// e^x as FreeBSD's `e_expf.c` computes it and libm after it: x = k · ln 2 + r, and 2^k times a rational function of r. All
/// cases are computed for each lane and one is selected; lanes out of bounds, which are rare, go to libm itself.
#[inline(always)]
pub(super) fn exp<R: Register>(register: R, x: R::Vector) -> R::Vector {
    let number = |value| register.splat(value);
    let (add, multiply, subtract) = (
        #[inline(always)]
        |left, right| register.add(left, right),
        #[inline(always)]
        |left, right| register.multiply(left, right),
        #[inline(always)]
        |left, right| register.subtract(left, right),
    );
    if !(register.are_at_most(x, number(LARGEST)) && register.are_at_most(number(LEAST), x)) {
        return register.map(x, libm::expf);
    }
    let (zero, one, two) = (number(0.0), number(1.0), number(2.0));
    let magnitude = register.select_at_most(zero, x, x, subtract(zero, x));
    let scaled = add(multiply(number(INVERSE_LN_2), magnitude), number(0.5));
    let rounded = subtract(add(scaled, number(ROUND)), number(ROUND));
    let truncated = register.select_at_most(rounded, scaled, rounded, subtract(rounded, one));
    let k = register.select_at_most(magnitude, number(THREE_HALVES_LN_2), one, truncated);
    let k = register.select_at_most(magnitude, number(HALF_LN_2), zero, k);
    let k = register.select_at_most(zero, x, k, subtract(zero, k));
    let high = subtract(x, multiply(k, number(LN_2_HIGH)));
    let low = multiply(k, number(LN_2_LOW));
    let r = subtract(high, low);
    let r2 = multiply(r, r);
    let c = subtract(r, multiply(r2, add(number(P1), multiply(r2, number(P2)))));
    let quotient = register.divide(multiply(r, c), subtract(two, c));
    let y = add(one, add(subtract(quotient, low), high));
    let y = multiply(y, register.power_of_two(k));
    register.select_at_most(magnitude, number(TINY), add(one, x), y)
}

#[cfg(test)]
mod tests {
    use super::super::{Simd, dispatch, with_level};
    use super::*;
    use crate::simd::Level;

    /// From one tested bit pattern to the next; with 1, all 2³² take minutes.
    const STEP: usize = if cfg!(miri) { 1 << 24 } else { 4099 };

    fn check(patterns: impl Iterator<Item = u32>) {
        let mut patterns = patterns.peekable();
        while patterns.peek().is_some() {
            let mut x = [0.0; 32];
            x.iter_mut().zip(&mut patterns).for_each(|(x, bits)| *x = f32::from_bits(bits));
            let mut y = [0.0; 32];
            dispatch!(|simd| simd.run(
                #[inline(always)]
                || {
                    let register = simd.x32();
                    register.store(register.exp(register.load(&x)), &mut y);
                }
            ));
            for (x, y) in x.into_iter().zip(y) {
                let expected = libm::expf(x);
                assert!(
                    y.to_bits() == expected.to_bits() || (y.is_nan() && expected.is_nan()),
                    "exp({x:e} = {:#x}) is {expected:e}, not {y:e}",
                    x.to_bits()
                );
            }
        }
    }

    #[test]
    fn the_bits_are_those_of_libm() {
        for level in Level::available() {
            with_level(level, || {
                check((0..=u32::MAX).step_by(STEP));
                for edge in [TINY, HALF_LN_2, THREE_HALVES_LN_2, -LEAST, LARGEST, 0.0] {
                    for sign in [0, 1 << 31] {
                        let edge = edge.to_bits() | sign;
                        check(edge.saturating_sub(40)..edge.saturating_add(40));
                    }
                }
            });
        }
    }
}
