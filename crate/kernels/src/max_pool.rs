//! Max pooling; padding counts as −∞.
//!
//! Shapes: `input`, `input_gradient`: `[batch, height, width, channels]`, `output`, `output_gradient`,
//! `argmax`: `[batch, output_height, output_width, channels]`.
//!
//! Compare-and-select in the order of the taps: the first of equal values wins (−0 equals +0), and a NaN
//! under the window makes its output NaN, as in PyTorch.

use crate::check_len;
use crate::error::ShapeError;
use crate::shape::{Image, Window};

/// Sizes of a max pooling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxPool {
    input: Image,
    output: Image,
    window: Window,
}

impl MaxPool {
    /// Pools a batch of shape `input` under `window`.
    ///
    /// # Errors
    /// Sizes of 0, a tensor that is too large, a kernel larger than the padded image, or a window that
    /// sees nothing but padding.
    pub fn new(input: Image, window: Window) -> Result<Self, ShapeError> {
        let input = Image::new(input.batch, input.height, input.width, input.channels)?;
        let (height, width) = window.pooled_size(input)?;
        let output = Image::new(input.batch, height, width, input.channels)?;
        Ok(Self { input, output, window })
    }

    /// Shape of the output and of `argmax`.
    #[must_use]
    pub fn output(&self) -> Image {
        self.output
    }
}

/// Writes the largest value under each window, and where in `input` it lies.
///
/// # Shapes
/// `input`: `[batch, height, width, channels]`; `output`, `argmax`:
/// `[batch, output_height, output_width, channels]`; `argmax` holds indices into `input`.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn max_pool_forward(options: &MaxPool, input: &[f32], output: &mut [f32], argmax: &mut [u32]) {
    check_len("input", input.len(), options.input.len());
    check_len("output", output.len(), options.output.len());
    check_len("argmax", argmax.len(), options.output.len());
    let channels = options.input.channels;
    let (height, width) = (options.window.height, options.window.width);
    let mut pixels = output.chunks_exact_mut(channels).zip(argmax.chunks_exact_mut(channels));
    for image in 0..options.input.batch {
        for output_row in 0..options.output.height {
            let rows = height.real_taps(options.input.height, output_row);
            for (output_column, (largest, at)) in pixels.by_ref().take(options.output.width).enumerate() {
                let columns = width.real_taps(options.input.width, output_column);
                let mut first = true;
                for tap_row in rows.clone() {
                    let row = image * options.input.height + height.input_index(output_row, tap_row);
                    for tap_column in columns.clone() {
                        let column = width.input_index(output_column, tap_column);
                        let start = (row * options.input.width + column) * channels;
                        let values = &input[start..][..channels];
                        if std::mem::take(&mut first) {
                            largest.copy_from_slice(values);
                            for (channel, at) in at.iter_mut().enumerate() {
                                *at = (start + channel) as u32;
                            }
                        } else {
                            take_larger(values, start as u32, largest, at);
                        }
                    }
                }
            }
        }
    }
}

/// Replaces each channel's largest value, and its index, by a larger or NaN value.
fn take_larger(values: &[f32], start: u32, largest: &mut [f32], at: &mut [u32]) {
    let candidates = values.iter().zip(start..);
    for ((largest, at), (&value, index)) in largest.iter_mut().zip(at).zip(candidates) {
        let take = value > *largest || value.is_nan();
        *largest = if take { value } else { *largest };
        *at = if take { index } else { *at };
    }
}

/// Adds each output's gradient to the input that was the largest.
///
/// # Shapes
/// `argmax`, `output_gradient`: `[batch, output_height, output_width, channels]`; `input_gradient`:
/// `[batch, height, width, channels]`.
///
/// # Panics
/// When a slice does not have its shape's length, or `argmax` is not that of a forward pass of this shape.
pub fn max_pool_backward(
    options: &MaxPool,
    argmax: &[u32],
    output_gradient: &[f32],
    input_gradient: &mut [f32],
) {
    check_len("argmax", argmax.len(), options.output.len());
    check_len("output_gradient", output_gradient.len(), options.output.len());
    check_len("input_gradient", input_gradient.len(), options.input.len());
    for (&at, dy) in argmax.iter().zip(output_gradient) {
        input_gradient[at as usize] += dy;
    }
}
