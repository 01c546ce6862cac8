//! Lanes over channels: the fixed-size arrays that the compiler turns into vector registers.
//!
//! It does so where a run's values are read before any is written: copy them, compute, store the whole array.

/// Runs the body for each run of channels, from the first to the last, with `$lanes` a constant: runs of two
/// registers of `$simd`, then of half as many channels and so on down to at most one of 4, then single
/// channels. A lane is an output of its own, so the widths do not touch any bit.
macro_rules! for_each_lanes {
    ($simd:ident, $channels:expr, |$first:ident, $lanes:ident| $body:expr) => {{
        let channels: usize = $channels;
        let widest = $crate::simd::Simd::lanes($simd);
        let mut $first = 0;
        while widest == 32 && $first + 32 <= channels {
            const $lanes: usize = 32;
            $body;
            $first += $lanes;
        }
        while widest >= 16 && $first + 16 <= channels {
            const $lanes: usize = 16;
            $body;
            $first += $lanes;
        }
        while $first + 8 <= channels {
            const $lanes: usize = 8;
            $body;
            $first += $lanes;
        }
        if $first + 4 <= channels {
            const $lanes: usize = 4;
            $body;
            $first += $lanes;
        }
        while $first < channels {
            const $lanes: usize = 1;
            $body;
            $first += $lanes;
        }
    }};
}
pub(crate) use for_each_lanes;

/// As [`for_each_lanes`], with `$register` a [`crate::simd::Register`] of as many lanes.
macro_rules! for_each_register {
    ($simd:ident, $channels:expr, |$first:ident, $register:ident| $body:expr) => {{
        let channels: usize = $channels;
        let widest = $crate::simd::Simd::lanes($simd);
        let mut $first = 0;
        while widest == 32 && $first + 32 <= channels {
            let $register = $crate::simd::Simd::x32($simd);
            $body;
            $first += 32;
        }
        while widest >= 16 && $first + 16 <= channels {
            let $register = $crate::simd::Simd::x16($simd);
            $body;
            $first += 16;
        }
        while $first + 8 <= channels {
            let $register = $crate::simd::Simd::x8($simd);
            $body;
            $first += 8;
        }
        if $first + 4 <= channels {
            let $register = $crate::simd::Simd::x4($simd);
            $body;
            $first += 4;
        }
        while $first < channels {
            let $register = $crate::simd::Array::<1>::default();
            $body;
            $first += 1;
        }
    }};
}
pub(crate) use for_each_register;

/// Runs the body for bands of channels: `$band` is filled by registers `$register`, the host's widest first, and the body
/// goes through the rows of an image with at most `$at_once` of them, a constant, at a time. So it reads
/// what is adjacent in memory, which the host then fetches ahead.
macro_rules! for_each_band {
    ($simd:ident, $channels:expr, |$band:ident, $register:ident, $at_once:ident| $body:expr) => {{
        let channels: usize = $channels;
        let widest = $crate::simd::Simd::lanes($simd);
        let mut first = 0;
        if widest == 32 && first + 32 <= channels {
            const $at_once: usize = 4;
            let $register = $crate::simd::Simd::x32($simd);
            let $band = first..channels - channels % 32;
            first = $band.end;
            $body;
        }
        if widest >= 16 && first + 16 <= channels {
            const $at_once: usize = 8;
            let $register = $crate::simd::Simd::x16($simd);
            let $band = first..channels - channels % 16;
            first = $band.end;
            $body;
        }
        if first + 4 <= channels {
            const $at_once: usize = 16;
            let $register = $crate::simd::Simd::x4($simd);
            let $band = first..channels - channels % 4;
            first = $band.end;
            $body;
        }
        if first < channels {
            const $at_once: usize = 3;
            let $register = $crate::simd::Array::<1>::default();
            let $band = first..channels;
            $body;
        }
    }};
}
pub(crate) use for_each_band;

/// `L` values from `first` on.
///
/// # Panics
/// When the slice ends before.
#[inline(always)]
pub(crate) fn lanes<const L: usize>(values: &[f32], first: usize) -> &[f32; L] {
    values[first..first + L].try_into().expect("a slice of L elements is an array of L")
}

/// `L` values from `first` on, to be changed.
///
/// # Panics
/// When the slice ends before.
#[inline(always)]
pub(crate) fn lanes_mut<const L: usize>(values: &mut [f32], first: usize) -> &mut [f32; L] {
    (&mut values[first..first + L]).try_into().expect("a slice of L elements is an array of L")
}
