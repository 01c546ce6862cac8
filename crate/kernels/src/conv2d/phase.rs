//! The input gradient of a strided convolution, taken apart into convolutions of stride 1.
//!
//! Along one axis the input pixels i with (i + padding) mod stride = r meet only the taps u with
//! (u · dilation) mod stride = r. Over the pixels of such a *phase*, counted by a, and its taps, counted
//! backwards by t, the output pixel is a + t · `output_step` + `first_output`: a convolution of the output
//! gradient.

use crate::shape::WindowAxis;

/// One phase of one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Phase {
    /// First input pixel; the others follow at the stride.
    pub(super) first_input: usize,
    /// Input pixels.
    pub(super) inputs: usize,
    last_tap: usize,
    tap_step: usize,
    /// Taps.
    pub(super) taps: usize,
    /// Output pixel under the last tap (t = 0) for the first input pixel; outside the image it counts as 0.
    pub(super) first_output: i64,
    /// Output pixels from one tap to the next.
    pub(super) output_step: usize,
}

impl Phase {
    /// All phases of an axis that have both pixels and taps.
    pub(super) fn all(axis: WindowAxis, input_len: usize) -> impl Iterator<Item = Self> + Clone {
        (0..axis.stride).filter_map(move |residue| Self::new(axis, input_len, residue))
    }

    fn new(axis: WindowAxis, input_len: usize, residue: usize) -> Option<Self> {
        let WindowAxis { kernel, stride, dilation, pad_before, .. } = axis;
        let first_input = (residue + stride - pad_before % stride) % stride;
        let first_tap = (0..kernel.min(stride)).find(|tap| tap * dilation % stride == residue)?;
        let inputs = input_len.checked_sub(first_input + 1)? / stride + 1;
        let tap_step = stride / greatest_common_divisor(stride, dilation);
        let taps = (kernel - 1 - first_tap) / tap_step + 1;
        let last_tap = first_tap + (taps - 1) * tap_step;
        let first_output = ((first_input + pad_before) as i64 - (last_tap * dilation) as i64) / stride as i64;
        Some(Self {
            first_input,
            inputs,
            last_tap,
            tap_step,
            taps,
            first_output,
            output_step: tap_step * dilation / stride,
        })
    }

    /// The kernel's taps of this phase, from the last to the first.
    pub(super) fn kernel_taps(self) -> impl Iterator<Item = usize> {
        (0..self.taps).map(move |tap| self.last_tap - tap * self.tap_step)
    }

    /// Output pixels that the phases read before the first and after the last real one.
    pub(super) fn padding(axis: WindowAxis, input_len: usize, output_len: usize) -> (usize, usize) {
        Self::all(axis, input_len).fold((0, 0), |(before, after), phase| {
            let last_output =
                phase.first_output + ((phase.taps - 1) * phase.output_step + phase.inputs - 1) as i64;
            let missing_before = (-phase.first_output).max(0) as usize;
            let missing_after = (last_output - (output_len as i64 - 1)).max(0) as usize;
            (before.max(missing_before), after.max(missing_after))
        })
    }
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}
