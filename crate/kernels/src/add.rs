//! Element-wise sum of two activations, z = x + y.
//!
//! Shapes: `left`, `right`, `output` and the gradients: `[n]`, any n.

use crate::check_len;
use crate::simd::vectorize;

/// Writes `left + right`.
///
/// # Shapes
/// `left`, `right`, `output`: `[n]`.
///
/// # Panics
/// When the lengths differ.
pub fn add_forward(left: &[f32], right: &[f32], output: &mut [f32]) {
    check_len("right", right.len(), left.len());
    check_len("output", output.len(), left.len());
    vectorize!(for ((z, x), y) in output.iter_mut().zip(left).zip(right) {
        *z = x + y;
    });
}

/// Adds the gradient of the sum to that of one summand: dx += dz. Call it once for each summand (twice
/// on the same gradient for x + x).
///
/// # Shapes
/// `output_gradient`, `input_gradient`: `[n]`.
///
/// # Panics
/// When the lengths differ.
pub fn add_backward(output_gradient: &[f32], input_gradient: &mut [f32]) {
    check_len("input_gradient", input_gradient.len(), output_gradient.len());
    vectorize!(for (dx, dz) in input_gradient.iter_mut().zip(output_gradient) {
        *dx += dz;
    });
}
