//! Dropout: elements set to 0 at random, the others scaled so that the mean stays.
//!
//! Shapes: `input`, `output`, `output_gradient`, `input_gradient`, `values`: `[n]`, any n.
//!
//! Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", section 10, with the
//! scaling in training: y = x / (1 − p) where the element is kept, else 0. In inference there is nothing to do.
//!
//! Which elements are kept is drawn from the generator that is handed over, one number for each element in order. Nothing
//! is saved: the backward pass draws the same from a generator of the same seed.

use nas_numerics::Rng;

use crate::check_len;
use crate::error::ShapeError;

/// Settings of a dropout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    probability: f32,
    scale: f32,
}

impl Dropout {
    /// Sets each element to 0 with the chance `probability`; PyTorch's default is 0.5.
    ///
    /// # Errors
    /// A probability outside 0 ≤ p < 1.
    pub fn new(probability: f32) -> Result<Self, ShapeError> {
        if !(0.0..1.0).contains(&probability) {
            return Err(ShapeError::OutOfRange {
                what: "the probability of dropout",
                value: probability.to_string(),
                range: "at least 0 and less than 1",
            });
        }
        Ok(Self { probability, scale: 1.0 / (1.0 - probability) })
    }

    /// What is left of an element.
    #[inline(always)]
    fn left_of(self, x: f32, rng: &mut Rng) -> f32 {
        if rng.happens(self.probability) { 0.0 } else { x * self.scale }
    }
}

/// Writes what is left of each element.
///
/// # Shapes
/// `input`, `output`: `[n]`.
///
/// # Panics
/// When the lengths differ.
pub fn dropout_forward(options: &Dropout, mut rng: Rng, input: &[f32], output: &mut [f32]) {
    check_len("output", output.len(), input.len());
    for (y, &x) in output.iter_mut().zip(input) {
        *y = options.left_of(x, &mut rng);
    }
}

/// Adds the gradient of the elements that were kept. `rng` must be as it was in the forward pass.
///
/// # Shapes
/// `output_gradient`, `input_gradient`: `[n]`.
///
/// # Panics
/// When the lengths differ.
pub fn dropout_backward(
    options: &Dropout,
    mut rng: Rng,
    output_gradient: &[f32],
    input_gradient: &mut [f32],
) {
    check_len("input_gradient", input_gradient.len(), output_gradient.len());
    for (dx, &dy) in input_gradient.iter_mut().zip(output_gradient) {
        *dx += options.left_of(dy, &mut rng);
    }
}

/// As [`dropout_forward`] with the input's buffer becoming the output, and as [`dropout_backward`] with the output's
/// gradient becoming that of an input that has no gradient yet.
///
/// # Shapes
/// `values`: `[n]`.
pub fn dropout_in_place(options: &Dropout, mut rng: Rng, values: &mut [f32]) {
    for value in values {
        *value = options.left_of(*value, &mut rng);
    }
}
