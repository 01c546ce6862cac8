//! Activation functions: y = f(x), one element at a time.
//!
//! Shapes: `input`, `output`, `read`, `output_gradient`, `input_gradient`: `[n]`, any n.
//!
//! Each function is a small type with its values and gradients in vector registers (`Activation`), so that a kernel
//! which applies an activation as it goes is compiled for each of them. [`ActivationFunction`] chooses among
//! them at run time, once for a whole slice. Formulas, settings and subgradients are those of `PyTorch`.

mod functions;

pub use functions::LeakyRelu;
pub(crate) use functions::{Gelu, HardSigmoid, HardSwish, Relu, Relu6, Sigmoid, Silu, Tanh};

use crate::check_len;
use crate::simd::{Array, Register, Simd, vectorize};

/// What the slope of an activation function is computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// The input x: it must be kept for the backward pass.
    Input,
    /// The output y: the forward pass may overwrite its input.
    Output,
}

/// An activation function.
pub(crate) trait Activation: Copy {
    /// What [`Self::gradients`] takes as `read`.
    const READS: Reads;

    /// f(x).
    fn values<R: Register>(&self, register: R, x: R::Vector) -> R::Vector;

    /// Gradients of the input, dy · f′, from x or f(x) as [`Self::READS`] says. Where the slope is 0 or 1 it selects
    /// instead of multiplying, so that an infinite dy behind a slope of 0 gives 0.
    fn gradients<R: Register>(&self, register: R, read: R::Vector, dy: R::Vector) -> R::Vector;
}

/// Elements that the loops over a slice take at a time.
const STEP: usize = 16;

#[inline(always)]
fn forward<A: Activation, S: Simd>(activation: A, simd: S, input: &[f32], output: &mut [f32]) {
    let ((x, x_rest), (y, y_rest)) = (input.as_chunks::<STEP>(), output.as_chunks_mut::<STEP>());
    let register = simd.x16();
    for (x, y) in x.iter().zip(y) {
        register.store(activation.values(register, register.load(x)), y);
    }
    for (&x, y) in x_rest.iter().zip(y_rest) {
        [*y] = activation.values(Array::<1>::default(), [x]);
    }
}

#[inline(always)]
fn forward_in_place<A: Activation, S: Simd>(activation: A, simd: S, values: &mut [f32]) {
    let (values, rest) = values.as_chunks_mut::<STEP>();
    let register = simd.x16();
    for values in values {
        register.store(activation.values(register, register.load(values)), values);
    }
    for value in rest {
        [*value] = activation.values(Array::<1>::default(), [*value]);
    }
}

#[inline(always)]
fn backward<A: Activation, S: Simd>(activation: A, simd: S, read: &[f32], dy: &[f32], dx: &mut [f32]) {
    let (read, read_rest) = read.as_chunks::<STEP>();
    let ((dy, dy_rest), (dx, dx_rest)) = (dy.as_chunks::<STEP>(), dx.as_chunks_mut::<STEP>());
    let register = simd.x16();
    for ((read, dy), dx) in read.iter().zip(dy).zip(dx) {
        let gradients = activation.gradients(register, register.load(read), register.load(dy));
        register.store(register.add(register.load(dx), gradients), dx);
    }
    for ((&read, &dy), dx) in read_rest.iter().zip(dy_rest).zip(dx_rest) {
        *dx += activation.gradients(Array::<1>::default(), [read], [dy])[0];
    }
}

#[inline(always)]
fn backward_in_place<A: Activation, S: Simd>(activation: A, simd: S, read: &[f32], gradient: &mut [f32]) {
    let ((read, read_rest), (gradient, rest)) = (read.as_chunks::<STEP>(), gradient.as_chunks_mut::<STEP>());
    let register = simd.x16();
    for (read, gradient) in read.iter().zip(gradient) {
        let gradients = activation.gradients(register, register.load(read), register.load(gradient));
        register.store(gradients, gradient);
    }
    for (&read, gradient) in read_rest.iter().zip(rest) {
        [*gradient] = activation.gradients(Array::<1>::default(), [read], [*gradient]);
    }
}

/// One of the activation functions, chosen at run time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ActivationFunction {
    /// max(x, 0).
    Relu,
    /// min(max(x, 0), 6).
    Relu6,
    /// x where x > 0, else a share of it.
    LeakyRelu(LeakyRelu),
    /// x · σ(x).
    Silu,
    /// x · Φ(x).
    Gelu,
    /// x · hard-sigmoid(x).
    HardSwish,
    /// min(max(x + 3, 0), 6) / 6.
    HardSigmoid,
    /// 1 / (1 + e^−x).
    Sigmoid,
    /// The hyperbolic tangent.
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

    /// Writes f(x).
    ///
    /// # Shapes
    /// `input`, `output`: `[n]`.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn forward(self, input: &[f32], output: &mut [f32]) {
        check_len("output", output.len(), input.len());
        with_activation!(self, |activation| vectorize!(|simd| forward(activation, simd, input, output)));
    }

    /// As [`Self::forward`], with the input's buffer becoming the output.
    ///
    /// # Shapes
    /// `values`: `[n]`.
    pub fn forward_in_place(self, values: &mut [f32]) {
        with_activation!(self, |activation| vectorize!(|simd| forward_in_place(activation, simd, values)));
    }

    /// Adds the gradient of the input: dx += dy · f′. `read` is the input or the output of the forward pass, as
    /// [`Self::reads`] says.
    ///
    /// # Shapes
    /// `read`, `output_gradient`, `input_gradient`: `[n]`.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn backward(self, read: &[f32], output_gradient: &[f32], input_gradient: &mut [f32]) {
        check_len("output_gradient", output_gradient.len(), read.len());
        check_len("input_gradient", input_gradient.len(), read.len());
        with_activation!(self, |activation| {
            vectorize!(|simd| backward(activation, simd, read, output_gradient, input_gradient));
        });
    }

    /// As [`Self::backward`], with the output's gradient becoming that of an input that has no gradient yet.
    ///
    /// # Shapes
    /// `read`, `gradient`: `[n]`.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn backward_in_place(self, read: &[f32], gradient: &mut [f32]) {
        check_len("gradient", gradient.len(), read.len());
        with_activation!(self, |activation| {
            vectorize!(|simd| backward_in_place(activation, simd, read, gradient));
        });
    }
}
