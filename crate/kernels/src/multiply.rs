//! Element-wise product of two activations, z = x · y, or of an activation with a gate: one number for each channel of
//! each image.
//!
//! Shapes: `left`, `output` and their gradients: `[batch, height, width, channels]`; `right` and its gradient: the same,
//! or for a gate `[batch, channels]`.
//!
//! The gate is that of Hu et al. 2018, "Squeeze-and-Excitation Networks", equation 4. dx = dz · y, and dy = dz · x, for a
//! gate summed over the pixels.

use crate::check_len;
use crate::error::ShapeError;
use crate::lanes::{for_each_lanes, lanes, lanes_mut};
use crate::reduce::ROWS_PER_PARTIAL_SUM;
use crate::shape::Image;
use crate::simd::vectorize;

/// Sizes of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Multiply {
    left: Image,
    is_gate: bool,
}

impl Multiply {
    /// The product of two batches of one shape.
    ///
    /// # Errors
    /// As [`Image::new`].
    pub fn equal(left: Image) -> Result<Self, ShapeError> {
        let Image { batch, height, width, channels } = left;
        Ok(Self { left: Image::new(batch, height, width, channels)?, is_gate: false })
    }

    /// The product of a batch of shape `left` with one number for each of its channels.
    ///
    /// # Errors
    /// As [`Image::new`].
    pub fn gate(left: Image) -> Result<Self, ShapeError> {
        Ok(Self { is_gate: true, ..Self::equal(left)? })
    }

    /// The same for another number of images, at most as many as it was made for.
    #[must_use]
    pub fn with_batch(mut self, batch: usize) -> Self {
        self.left.batch = batch;
        self
    }

    /// Elements of `right`.
    #[must_use]
    pub fn right_len(&self) -> usize {
        if self.is_gate { self.left.batch * self.left.channels } else { self.left.len() }
    }

    fn check(&self, left: (&str, usize), right: (&str, usize), output: (&str, usize)) {
        check_len(left.0, left.1, self.left.len());
        check_len(right.0, right.1, self.right_len());
        check_len(output.0, output.1, self.left.len());
    }

    /// Elements of one image, for which a gate has one row.
    fn image_len(&self) -> usize {
        self.left.pixels() * self.left.channels
    }
}

/// Writes `left · right`.
///
/// # Shapes
/// `left`, `output`: `[batch, height, width, channels]`; `right`: the same, or `[batch, channels]` for a gate.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn multiply_forward(options: &Multiply, left: &[f32], right: &[f32], output: &mut [f32]) {
    options.check(("left", left.len()), ("right", right.len()), ("output", output.len()));
    for_each_row(options, left, right, output, |z, product| *z = product);
}

/// Adds the gradient of the left factor: dx += dz · y.
///
/// # Shapes
/// `output_gradient`, `left_gradient`: `[batch, height, width, channels]`; `right`: the same, or `[batch, channels]` for
/// a gate.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn multiply_backward_left(
    options: &Multiply,
    right: &[f32],
    output_gradient: &[f32],
    left_gradient: &mut [f32],
) {
    options.check(
        ("left_gradient", left_gradient.len()),
        ("right", right.len()),
        ("output_gradient", output_gradient.len()),
    );
    for_each_row(options, output_gradient, right, left_gradient, |dx, product| *dx += product);
}

/// Adds the gradient of the right factor: dy += dz · x. That of a gate sums over the pixels in order, in partial sums of
/// 64 pixels.
///
/// # Shapes
/// `left`, `output_gradient`: `[batch, height, width, channels]`; `right_gradient`: the same, or `[batch, channels]` for
/// a gate.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn multiply_backward_right(
    options: &Multiply,
    left: &[f32],
    output_gradient: &[f32],
    right_gradient: &mut [f32],
) {
    options.check(
        ("left", left.len()),
        ("right_gradient", right_gradient.len()),
        ("output_gradient", output_gradient.len()),
    );
    if !options.is_gate {
        return for_each_row(options, output_gradient, left, right_gradient, |dy, product| *dy += product);
    }
    let channels = options.left.channels;
    let images =
        left.chunks_exact(options.image_len()).zip(output_gradient.chunks_exact(options.image_len()));
    for ((x, dz), dy) in images.zip(right_gradient.chunks_exact_mut(channels)) {
        let block = ROWS_PER_PARTIAL_SUM * channels;
        for (x, dz) in x.chunks(block).zip(dz.chunks(block)) {
            vectorize!(|simd| for_each_lanes!(simd, channels, |first, L| {
                let mut partial = [0.0_f32; L];
                for (x, dz) in x.chunks_exact(channels).zip(dz.chunks_exact(channels)) {
                    let (x, dz) = (lanes::<L>(x, first), lanes::<L>(dz, first));
                    for lane in 0..L {
                        partial[lane] += dz[lane] * x[lane];
                    }
                }
                let dy = lanes_mut::<L>(dy, first);
                for lane in 0..L {
                    dy[lane] += partial[lane];
                }
            }));
        }
    }
}

/// Calls `put(target, left · right)` for each element; a gate is repeated for each pixel.
#[inline(always)]
fn for_each_row(
    options: &Multiply,
    left: &[f32],
    right: &[f32],
    target: &mut [f32],
    put: impl Fn(&mut f32, f32),
) {
    let multiply = |left: &[f32], right: &[f32], target: &mut [f32]| {
        for ((target, left), right) in target.iter_mut().zip(left).zip(right) {
            put(target, left * right);
        }
    };
    if !options.is_gate {
        return multiply(left, right, target);
    }
    let channels = options.left.channels;
    let images = left.chunks_exact(options.image_len()).zip(target.chunks_exact_mut(options.image_len()));
    for ((left, target), gate) in images.zip(right.chunks_exact(channels)) {
        for (left, target) in left.chunks_exact(channels).zip(target.chunks_exact_mut(channels)) {
            multiply(left, gate, target);
        }
    }
}
