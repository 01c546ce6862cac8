//! Weighted sum of several activations of one shape, one part at a time: y = Σ wᵢ · xᵢ with w = softmax(α).
//!
//! Shapes: `input`, `output` and their gradients: `[n]`, any n; `alpha`, `weights` and their gradients: `[parts]`.
//!
//! Liu et al. 2019, "DARTS: Differentiable Architecture Search", equation 2.
//! ```text
//! dxᵢ = wᵢ · dy, dwᵢ = Σ dy · xᵢ, dαᵢ = wᵢ · (dwᵢ − Σ over j of wⱼ · dwⱼ)
//! ```

use crate::check_len;
use crate::reduce;
use crate::softmax::softmax;

/// Writes the softmax of `alpha`.
///
/// # Shapes
/// `alpha`, `weights`: `[parts]`.
///
/// # Panics
/// When the lengths differ.
pub fn mixture_weights(alpha: &[f32], weights: &mut [f32]) {
    check_len("weights", weights.len(), alpha.len());
    weights.copy_from_slice(alpha);
    softmax(weights, 1.0);
}

/// Writes the first part of the sum: y = w · x.
///
/// # Shapes
/// `input`, `output`: `[n]`.
///
/// # Panics
/// When the lengths differ.
pub fn mixture_forward_first(weight: f32, input: &[f32], output: &mut [f32]) {
    check_len("output", output.len(), input.len());
    for (y, x) in output.iter_mut().zip(input) {
        *y = weight * x;
    }
}

/// Adds a further part to the sum: y += w · x. The parts are added in the order of the inputs.
///
/// # Shapes
/// `input`, `output`: `[n]`.
///
/// # Panics
/// When the lengths differ.
pub fn mixture_forward_next(weight: f32, input: &[f32], output: &mut [f32]) {
    check_len("output", output.len(), input.len());
    for (y, x) in output.iter_mut().zip(input) {
        *y += weight * x;
    }
}

/// Adds the gradient of one input: dx += w · dy.
///
/// # Shapes
/// `output_gradient`, `input_gradient`: `[n]`.
///
/// # Panics
/// When the lengths differ.
pub fn mixture_backward_input(weight: f32, output_gradient: &[f32], input_gradient: &mut [f32]) {
    mixture_forward_next(weight, output_gradient, input_gradient);
}

/// The gradient of one weight, Σ dy · x, by [`reduce::dot`].
///
/// # Shapes
/// `input`, `output_gradient`: `[n]`.
///
/// # Panics
/// When the lengths differ.
#[must_use]
pub fn mixture_backward_weight(input: &[f32], output_gradient: &[f32]) -> f32 {
    reduce::dot(output_gradient, input)
}

/// Adds the gradient of α, from those of all weights.
///
/// # Shapes
/// `weights`, `weight_gradient`, `alpha_gradient`: `[parts]`.
///
/// # Panics
/// When the lengths differ.
pub fn mixture_backward_alpha(weights: &[f32], weight_gradient: &[f32], alpha_gradient: &mut [f32]) {
    check_len("weight_gradient", weight_gradient.len(), weights.len());
    check_len("alpha_gradient", alpha_gradient.len(), weights.len());
    let mean = reduce::dot(weights, weight_gradient);
    for ((da, dw), w) in alpha_gradient.iter_mut().zip(weight_gradient).zip(weights) {
        *da += w * (dw - mean);
    }
}
