//! Inputs, goldens, comparisons and finite differences.

use nas_kernels::Window;
use nas_numerics::Rng;
use proptest::prelude::*;
use serde::Deserialize;

/// Normal random numbers: every sum of them rounds.
pub(crate) fn normal_values(len: usize, seed: u32) -> Vec<f32> {
    let mut rng = Rng::for_purpose(seed, "kernel test", 0);
    (0..len).map(|_| rng.normal()).collect()
}

/// Multiples of 1/16 between −2 and 2. Products are multiples of 1/256, and their sums stay below 2¹⁶ here,
/// so
/// `f32` holds every one of them exactly: comparisons need no tolerance, in whatever order one sums.
pub(crate) fn exact_values(len: usize, seed: u32) -> Vec<f32> {
    let mut rng = Rng::for_purpose(seed, "kernel test", 1);
    (0..len).map(|_| (rng.below(65) as f32 - 32.0) / 16.0).collect()
}

/// Scratch whose content must not matter.
pub(crate) fn spoilt_scratch(len: usize) -> Vec<f32> {
    vec![f32::NAN; len]
}

/// Cases of a property test; Miri, which takes thousands of times as long, runs one.
pub(crate) const fn cases(count: u32) -> u32 {
    if cfg!(miri) { 1 } else { count }
}

/// A size from 1 to `largest`, under Miri to a quarter of it; every fourth is 1, where loops end before they begin.
pub(crate) fn size(largest: usize) -> impl Strategy<Value = usize> {
    let largest = if cfg!(miri) { largest.div_ceil(4) } else { largest };
    prop_oneof![1 => Just(1), 3 => 1..=largest]
}

/// A golden file: cases of one shape.
#[derive(Deserialize)]
pub(crate) struct Golden<T> {
    pub(crate) cases: Vec<T>,
}

/// Reads `tests/goldens/kernels/<name>.json`, which is compiled in so that it is there on every host.
macro_rules! golden {
    ($name:literal, $case:ty) => {{
        let text = include_str!(concat!("../../../../tests/goldens/kernels/", $name, ".json"));
        let golden: $crate::support::Golden<$case> = serde_json::from_str(text).expect("a golden file");
        assert!(!golden.cases.is_empty(), "the golden has no cases");
        golden.cases
    }};
}
pub(crate) use golden;

/// A window as the goldens write it.
#[derive(Deserialize)]
pub(crate) struct GoldenWindow {
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    /// Top, left, bottom, right.
    padding: [usize; 4],
}

impl GoldenWindow {
    pub(crate) fn window(&self) -> Window {
        let [top, left, bottom, right] = self.padding;
        let mut window = Window::new(self.kernel[0], self.kernel[1]).with_padding(top, left, bottom, right);
        [window.height.stride, window.width.stride] = self.stride;
        [window.height.dilation, window.width.dilation] = self.dilation;
        window
    }
}

/// Asserts equal lengths and |found − expected| ≤ tolerance · (1 + |expected|) for each element. A tolerance
/// of 0 asks for equality.
#[track_caller]
pub(crate) fn assert_close(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}: lengths differ");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let distance = (found - expected).abs();
        assert!(
            distance <= tolerance * (1.0 + expected.abs()),
            "{what}[{index}] is {found}, expected {expected}, tolerance {tolerance}"
        );
    }
}

/// Asserts that two slices have the same bits.
#[track_caller]
pub(crate) fn assert_same_bits(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}: lengths differ");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!(found.to_bits(), expected.to_bits(), "{what}[{index}]: {found} is not {expected}");
    }
}

/// Σ value · weight in `f64`: turns an operator's output into the scalar that finite differences need.
pub(crate) fn weighted_sum(values: &[f32], weights: &[f32]) -> f64 {
    values.iter().zip(weights).map(|(&value, &weight)| f64::from(value) * f64::from(weight)).sum()
}

/// How finite differences are taken and compared.
#[derive(Clone, Copy)]
pub(crate) struct Differences {
    /// Distance to either side.
    pub(crate) step: f32,
    /// Relative to 1 + |difference quotient|.
    pub(crate) tolerance: f64,
}

/// For operators that are linear in what is varied: a long step has no truncation error, and leaves rounding
/// errors of about 1e-6 in an output that is divided by 2.
pub(crate) const LINEAR: Differences = Differences { step: 1.0, tolerance: 1e-4 };

/// For curved operators: truncation of about step² = 1e-4, rounding of about 1e-6 / step = 1e-4 times the
/// number of outputs that move.
pub(crate) const CURVED: Differences = Differences { step: 1e-2, tolerance: 2e-3 };

/// Asserts that `gradient` is the central difference quotient of `loss` at `point`.
#[track_caller]
pub(crate) fn assert_gradient(
    what: &str,
    how: Differences,
    point: &[f32],
    gradient: &[f32],
    mut loss: impl FnMut(&[f32]) -> f64,
) {
    assert_eq!(point.len(), gradient.len(), "{what}: lengths differ");
    let mut moved = point.to_vec();
    for index in 0..point.len() {
        moved[index] = point[index] + how.step;
        let above = (loss(&moved), moved[index]);
        moved[index] = point[index] - how.step;
        let below = (loss(&moved), moved[index]);
        moved[index] = point[index];
        let quotient = (above.0 - below.0) / (f64::from(above.1) - f64::from(below.1));
        let distance = (f64::from(gradient[index]) - quotient).abs();
        assert!(
            distance <= how.tolerance * (1.0 + quotient.abs()),
            "{what}[{index}] is {}, the difference quotient {quotient}",
            gradient[index]
        );
    }
}
