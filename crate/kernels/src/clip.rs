//! Gradients no longer than a limit, as `torch.nn.utils.clip_grad_norm_` (norm 2).
//!
//! Shapes: `gradients`: `[n]`, any n.
//!
//! Pascanu et al. 2013, "On the difficulty of training recurrent neural networks", algorithm 1, in PyTorch's form:
//! g ← g·min(1, c/(‖g‖ + 10⁻⁶)).

use crate::reduce::dot;
use crate::simd::vectorize;

/// Added to the norm, so that gradients of 0 have a finite factor.
const EPSILON: f32 = 1e-6;

/// Shortens the gradients to the norm `longest` if they are longer. Returns the norm that they had: √ of [`dot`].
///
/// If the norm is NaN, so are the gradients; if it is infinite, the finite ones become 0.
///
/// # Shapes
/// `gradients`: `[n]`.
pub fn clip_by_norm(gradients: &mut [f32], longest: f32) -> f32 {
    let norm = dot(gradients, gradients).sqrt();
    clip_part(gradients, norm, longest);
    norm
}

/// What [`clip_by_norm`] does to a part of gradients whose norm all together is `norm`.
///
/// # Shapes
/// `gradients`: `[n]`.
pub fn clip_part(gradients: &mut [f32], norm: f32, longest: f32) {
    let factor = longest / (norm + EPSILON);
    if factor >= 1.0 {
        return;
    }
    vectorize!(for gradient in gradients.iter_mut() {
        *gradient *= factor;
    });
}
