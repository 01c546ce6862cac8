//! Stochastic gradient descent with momentum, as `torch.optim.SGD` (dampening 0).
//!
//! Shapes: `parameters`, `gradients`, `velocity`: `[n]`, any n.
//!
//! Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning", in
//! PyTorch's form: d = g + λ·p; v ← μ·v + d; p ← p − η·v, with Nesterov p ← p − η·(d + μ·v).

use crate::check_len;
use crate::simd::vectorize;

/// Settings of one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sgd {
    /// Learning rate η.
    pub learning_rate: f32,
    /// Momentum μ; 0 is plain gradient descent.
    pub momentum: f32,
    /// Weight decay λ as an L2 penalty: it is added to the gradient, and so passes through the momentum.
    pub weight_decay: f32,
    /// Nesterov's look-ahead.
    pub nesterov: bool,
}

/// Updates the parameters and the velocity in place. The velocity starts as zeros.
///
/// # Shapes
/// `parameters`, `gradients`, `velocity`: `[n]`.
///
/// # Panics
/// When the lengths differ.
pub fn sgd_step(options: &Sgd, parameters: &mut [f32], gradients: &[f32], velocity: &mut [f32]) {
    check_len("gradients", gradients.len(), parameters.len());
    check_len("velocity", velocity.len(), parameters.len());
    let Sgd { learning_rate, momentum, weight_decay, nesterov } = *options;
    vectorize!(for ((p, g), v) in parameters.iter_mut().zip(gradients).zip(velocity) {
        let d = g + weight_decay * *p;
        *v = momentum * *v + d;
        let direction = if nesterov { d + momentum * *v } else { *v };
        *p -= learning_rate * direction;
    });
}
