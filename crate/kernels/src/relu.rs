//! Rectified linear unit, y = max(x, 0).
//!
//! Shapes: `input`, `output`, `output_gradient`, `input_gradient`: `[n]`, any n.
//!
//! Compare-and-select: −0 becomes +0, and NaN stays NaN so that a diverging training is seen.

use crate::check_len;
use crate::simd::vectorize;

/// Writes `x <= 0 ? 0 : x`.
///
/// # Shapes
/// `input`, `output`: `[n]`.
///
/// # Panics
/// When the lengths differ.
pub fn relu_forward(input: &[f32], output: &mut [f32]) {
    check_len("output", output.len(), input.len());
    vectorize!(for (y, &x) in output.iter_mut().zip(input) {
        *y = if x <= 0.0 { 0.0 } else { x };
    });
}

/// As [`relu_forward`], with the input's buffer becoming the output.
///
/// # Shapes
/// `values`: `[n]`.
pub fn relu_forward_in_place(values: &mut [f32]) {
    vectorize!(for value in values {
        *value = if *value <= 0.0 { 0.0 } else { *value };
    });
}

/// Adds the gradient where the *output* of the forward pass is positive (or NaN); the subgradient at 0
/// is 0, as in PyTorch.
///
/// # Shapes
/// `output`, `output_gradient`, `input_gradient`: `[n]`.
///
/// # Panics
/// When the lengths differ.
pub fn relu_backward(output: &[f32], output_gradient: &[f32], input_gradient: &mut [f32]) {
    check_len("output_gradient", output_gradient.len(), output.len());
    check_len("input_gradient", input_gradient.len(), output.len());
    vectorize!(for ((dx, &dy), &y) in input_gradient.iter_mut().zip(output_gradient).zip(output) {
        *dx += if y <= 0.0 { 0.0 } else { dy };
    });
}

/// As [`relu_backward`], with the output's gradient becoming that of an input that has no gradient yet.
///
/// # Shapes
/// `output`, `gradient`: `[n]`.
///
/// # Panics
/// When the lengths differ.
pub fn relu_backward_in_place(output: &[f32], gradient: &mut [f32]) {
    check_len("gradient", gradient.len(), output.len());
    vectorize!(for (gradient, &y) in gradient.iter_mut().zip(output) {
        *gradient = if y <= 0.0 { 0.0 } else { *gradient };
    });
}
