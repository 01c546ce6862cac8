//! Adam with decoupled weight decay, as `torch.optim.AdamW`.
//!
//! Shapes: `parameters`, `gradients`, `first_moment`, `second_moment`: `[n]`, any n.
//!
//! Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization", algorithm 2:
//! p ← p·(1 − η·λ); m ← m + (1 − β₁)·(g − m); v ← β₂·v + (1 − β₂)·g²;
//! p ← p − η/(1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε).

use crate::check_len;
use crate::simd::vectorize;

/// Settings of one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamW {
    /// Learning rate η.
    pub learning_rate: f32,
    /// Decay β₁ of the first moment, usually 0.9.
    pub beta1: f32,
    /// Decay β₂ of the second moment, usually 0.999.
    pub beta2: f32,
    /// Added to the denominator, usually 1e-8.
    pub epsilon: f32,
    /// Decoupled weight decay λ.
    pub weight_decay: f32,
}

/// Updates the parameters and both moments in place. The moments start as zeros; `step` counts from 1.
///
/// # Shapes
/// `parameters`, `gradients`, `first_moment`, `second_moment`: `[n]`.
///
/// # Panics
/// When the lengths differ, or when `step` is 0.
pub fn adamw_step(
    options: &AdamW,
    step: u32,
    parameters: &mut [f32],
    gradients: &[f32],
    first_moment: &mut [f32],
    second_moment: &mut [f32],
) {
    check_len("gradients", gradients.len(), parameters.len());
    check_len("first_moment", first_moment.len(), parameters.len());
    check_len("second_moment", second_moment.len(), parameters.len());
    assert!(step >= 1, "the step of AdamW counts from 1");
    let AdamW { learning_rate, beta1, beta2, epsilon, weight_decay } = *options;
    // In f64, as PyTorch: 1 − β₂ᵗ loses three digits to cancellation in the first steps.
    let correction1 = 1.0 - libm::pow(f64::from(beta1), f64::from(step));
    let correction2 = 1.0 - libm::pow(f64::from(beta2), f64::from(step));
    let step_size = (f64::from(learning_rate) / correction1) as f32;
    let root_correction2 = libm::sqrt(correction2) as f32;
    let keep = 1.0 - learning_rate * weight_decay;
    let moments = first_moment.iter_mut().zip(second_moment);
    vectorize!(for ((p, g), (m, v)) in parameters.iter_mut().zip(gradients).zip(moments) {
        *m += (1.0 - beta1) * (g - *m);
        *v = beta2 * *v + (1.0 - beta2) * (g * g);
        let denominator = v.sqrt() / root_correction2 + epsilon;
        *p = keep * *p - step_size * (*m / denominator);
    });
}
