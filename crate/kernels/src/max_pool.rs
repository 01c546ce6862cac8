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
use crate::simd::vectorize;
use crate::windows::for_each_window;

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

    /// The same for another number of images, at most as many as it was made for.
    #[must_use]
    pub fn with_batch(mut self, batch: usize) -> Self {
        self.input.batch = batch;
        self.output.batch = batch;
        self
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
    vectorize!(for_each_window(
        options.input,
        options.output,
        options.window,
        #[inline(always)]
        |pixel| {
            let largest = &mut output[pixel.output..][..channels];
            let at = &mut argmax[pixel.output..][..channels];
            // The first real tap is visited again below, and changes nothing.
            largest.copy_from_slice(&input[pixel.first_source..][..channels]);
            at.fill(pixel.first_source as u32);
            pixel.for_each_tap(
                #[inline(always)]
                |_, source| {
                    take_larger(&input[source..][..channels], source as u32, largest, at);
                },
            );
            for (channel, at) in at.iter_mut().enumerate() {
                *at += channel as u32;
            }
        }
    ));
}

/// Replaces each channel's largest value by a larger or NaN value, and the place of its pixel by this
/// pixel's. Two loops, because the compiler does not vectorise a selection of two types in one.
#[inline(always)]
fn take_larger(values: &[f32], pixel: u32, largest: &mut [f32], at: &mut [u32]) {
    let takes = |value: f32, largest: f32| (value > largest) | value.is_nan();
    for ((at, &largest), &value) in at.iter_mut().zip(largest.iter()).zip(values) {
        *at = if takes(value, largest) { pixel } else { *at };
    }
    for (largest, &value) in largest.iter_mut().zip(values) {
        *largest = if takes(value, *largest) { value } else { *largest };
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
