//! Max pooling; padding counts as −∞.
//!
//! Shapes: `input`, `input_gradient`: `[batch, height, width, channels]`, `output`, `output_gradient`,
//! `argmax`: `[batch, output_height, output_width, channels]`.
//!
//! Compare-and-select in the order of the taps: the first of equal values wins (−0 equals +0), and a NaN
//! under the window makes its output NaN, as in PyTorch.

use crate::check_len;
use crate::error::ShapeError;
use crate::lanes::for_each_register;
use crate::shape::{Image, Window};
use crate::share::Share;
use crate::simd::{LANES_MAX, Register, vectorize};
use crate::windows::{PixelWindow, for_each_window};

/// Sizes of a max pooling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxPool {
    input: Image,
    output: Image,
    window: Window,
    share: Share,
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
        Ok(Self { input, output, window, share: Share::WHOLE })
    }

    /// The same for another number of images, at most as many as it was made for.
    #[must_use]
    pub fn with_batch(mut self, batch: usize) -> Self {
        self.input.batch = batch;
        self.output.batch = batch;
        self
    }

    /// The same, for that share of each image.
    #[must_use]
    pub fn with_share(mut self, share: Share) -> Self {
        self.share = share;
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
    vectorize!(|simd| for_each_window(
        options.input,
        options.output,
        options.window,
        options.share,
        #[inline(always)]
        |pixel| {
            let largest = &mut output[pixel.output..][..channels];
            let at = &mut argmax[pixel.output..][..channels];
            for_each_register!(simd, channels, |first, register| {
                take_largest(register, pixel, input, first, largest, at);
            });
        }
    ));
}

/// The largest values under a window, and where they lie, for the channels from `first` on that fill a register. Taps are
/// counted in floats, so that values and places are selected alike; there are fewer than 2^24.
#[inline(always)]
fn take_largest<R: Register>(
    register: R,
    pixel: &PixelWindow,
    input: &[f32],
    first: usize,
    largest: &mut [f32],
    at: &mut [u32],
) {
    let mut value = register.load(&input[pixel.first_source + first..]);
    let (mut tap, mut count) = (register.splat(0.0), 0.0);
    pixel.for_each_tap(
        #[inline(always)]
        |_, source| {
            // The first real tap is visited again, and changes nothing.
            let other = register.load(&input[source + first..]);
            let here = register.splat(count);
            // The other one if it is larger or NaN, unless this one is NaN already.
            let (larger, there) = (
                register.select_at_most(other, value, value, other),
                register.select_at_most(other, value, tap, here),
            );
            tap = register.select_at_most(value, value, there, tap);
            value = register.select_at_most(value, value, larger, value);
            count += 1.0;
        },
    );
    register.store(value, &mut largest[first..]);
    let mut taps = [0.0; LANES_MAX];
    register.store(tap, &mut taps);
    for (lane, (at, tap)) in at[first..].iter_mut().zip(&taps[..R::LANES]).enumerate() {
        *at = (pixel.source_of(*tap as usize) + first + lane) as u32;
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
    let elements = options.output.pixels() * options.output.channels;
    let share = options.share.range(elements);
    let images = argmax.chunks_exact(elements).zip(output_gradient.chunks_exact(elements));
    for (argmax, dy) in images {
        for (&at, dy) in argmax[share.clone()].iter().zip(&dy[share.clone()]) {
            input_gradient[at as usize] += dy;
        }
    }
}
