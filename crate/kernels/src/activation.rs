//! Activation functions: y = f(x), one element at a time.
//!
//! Shapes: `input`, `output`, `read`, `output_gradient`, `input_gradient`: `[n]`, any n.
//!
//! Each function is a small type with a value and a slope ([`Activation`]), so that a kernel which writes an
//! activation as it goes is compiled for each of them. [`ActivationFunction`] chooses among them at run
//! time, once for a whole slice. Formulas, settings and subgradients are those of `PyTorch`.

mod functions;

pub use functions::{Gelu, HardSigmoid, HardSwish, LeakyRelu, Relu, Relu6, Sigmoid, Silu, Tanh};

use crate::check_len;
use crate::simd::vectorize;

/// What the slope of an activation function is computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// The input x: it must be kept for the backward pass.
    Input,
    /// The output y: the forward pass may overwrite its input.
    Output,
}

/// An activation function.
pub trait Activation: Copy {
    /// What [`Self::slope`] and [`Self::gradient`] take as `read`.
    const READS: Reads;

    /// f(x).
    fn value(&self, x: f32) -> f32;

    /// The derivative, from x or from f(x) as [`Self::READS`] says.
    fn slope(&self, read: f32) -> f32;

    /// Gradient of the input, dy · slope. Where the slope is 0 or 1 it selects instead of multiplying, so
    /// that an infinite dy behind a slope of 0 gives 0.
    #[inline(always)]
    fn gradient(&self, read: f32, dy: f32) -> f32 {
        dy * self.slope(read)
    }
}

/// Writes f(x).
///
/// # Shapes
/// `input`, `output`: `[n]`.
///
/// # Panics
/// When the lengths differ.
pub fn activation_forward<A: Activation>(activation: A, input: &[f32], output: &mut [f32]) {
    check_len("output", output.len(), input.len());
    vectorize!(for (y, &x) in output.iter_mut().zip(input) {
        *y = activation.value(x);
    });
}

/// As [`activation_forward`], with the input's buffer becoming the output.
///
/// # Shapes
/// `values`: `[n]`.
pub fn activation_forward_in_place<A: Activation>(activation: A, values: &mut [f32]) {
    vectorize!(for value in values {
        *value = activation.value(*value);
    });
}

/// Adds the gradient of the input: dx += dy · f′. `read` is the input or the output of the forward pass, as
/// [`Activation::READS`] says.
///
/// # Shapes
/// `read`, `output_gradient`, `input_gradient`: `[n]`.
///
/// # Panics
/// When the lengths differ.
pub fn activation_backward<A: Activation>(
    activation: A,
    read: &[f32],
    output_gradient: &[f32],
    input_gradient: &mut [f32],
) {
    check_len("output_gradient", output_gradient.len(), read.len());
    check_len("input_gradient", input_gradient.len(), read.len());
    vectorize!(for ((dx, &dy), &read) in input_gradient.iter_mut().zip(output_gradient).zip(read) {
        *dx += activation.gradient(read, dy);
    });
}

/// As [`activation_backward`], with the output's gradient becoming that of an input that has no gradient yet.
///
/// # Shapes
/// `read`, `gradient`: `[n]`.
///
/// # Panics
/// When the lengths differ.
pub fn activation_backward_in_place<A: Activation>(activation: A, read: &[f32], gradient: &mut [f32]) {
    check_len("gradient", gradient.len(), read.len());
    vectorize!(for (gradient, &read) in gradient.iter_mut().zip(read) {
        *gradient = activation.gradient(read, *gradient);
    });
}

/// One of the activation functions, chosen at run time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ActivationFunction {
    /// See [`Relu`].
    Relu,
    /// See [`Relu6`].
    Relu6,
    /// See [`LeakyRelu`].
    LeakyRelu(LeakyRelu),
    /// See [`Silu`].
    Silu,
    /// See [`Gelu`].
    Gelu,
    /// See [`HardSwish`].
    HardSwish,
    /// See [`HardSigmoid`].
    HardSigmoid,
    /// See [`Sigmoid`].
    Sigmoid,
    /// See [`Tanh`].
    Tanh,
}

/// Evaluates `$body` with `$activation` a value of the function's own type: the body is compiled for each.
macro_rules! with_activation {
    ($function:expr, |$activation:ident| $body:expr) => {
        match $function {
            ActivationFunction::Relu => {
                let $activation = Relu;
                $body
            }
            ActivationFunction::Relu6 => {
                let $activation = Relu6;
                $body
            }
            ActivationFunction::LeakyRelu($activation) => $body,
            ActivationFunction::Silu => {
                let $activation = Silu;
                $body
            }
            ActivationFunction::Gelu => {
                let $activation = Gelu;
                $body
            }
            ActivationFunction::HardSwish => {
                let $activation = HardSwish;
                $body
            }
            ActivationFunction::HardSigmoid => {
                let $activation = HardSigmoid;
                $body
            }
            ActivationFunction::Sigmoid => {
                let $activation = Sigmoid;
                $body
            }
            ActivationFunction::Tanh => {
                let $activation = Tanh;
                $body
            }
        }
    };
}

fn reads_of<A: Activation>(_: A) -> Reads {
    A::READS
}

impl ActivationFunction {
    /// What the backward pass reads.
    #[must_use]
    pub fn reads(self) -> Reads {
        with_activation!(self, |activation| reads_of(activation))
    }

    /// [`activation_forward`] of this function.
    ///
    /// # Shapes
    /// `input`, `output`: `[n]`.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn forward(self, input: &[f32], output: &mut [f32]) {
        with_activation!(self, |activation| activation_forward(activation, input, output));
    }

    /// [`activation_forward_in_place`] of this function.
    ///
    /// # Shapes
    /// `values`: `[n]`.
    pub fn forward_in_place(self, values: &mut [f32]) {
        with_activation!(self, |activation| activation_forward_in_place(activation, values));
    }

    /// [`activation_backward`] of this function.
    ///
    /// # Shapes
    /// `read`, `output_gradient`, `input_gradient`: `[n]`.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn backward(self, read: &[f32], output_gradient: &[f32], input_gradient: &mut [f32]) {
        with_activation!(self, |activation| {
            activation_backward(activation, read, output_gradient, input_gradient);
        });
    }

    /// [`activation_backward_in_place`] of this function.
    ///
    /// # Shapes
    /// `read`, `gradient`: `[n]`.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn backward_in_place(self, read: &[f32], gradient: &mut [f32]) {
        with_activation!(self, |activation| activation_backward_in_place(activation, read, gradient));
    }
}
