//! Average pooling over the real pixels under a window.
//!
//! Shapes: `input`, `input_gradient`: `[batch, height, width, channels]`, `output`, `output_gradient`:
//! `[batch, output_height, output_width, channels]`.
//!
//! Padding does not count: the sum is divided by the number of real pixels under the window
//! (`count_include_pad=False` of PyTorch's `AvgPool2d`).

use crate::check_len;
use crate::error::ShapeError;
use crate::lanes::{for_each_lanes, lanes, lanes_mut};
use crate::shape::{Image, Window};
use crate::share::Share;
use crate::simd::vectorize;
use crate::windows::for_each_window;

/// Sizes of an average pooling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AvgPool {
    input: Image,
    output: Image,
    window: Window,
    share: Share,
}

impl AvgPool {
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

    /// Shape of the output.
    #[must_use]
    pub fn output(&self) -> Image {
        self.output
    }
}

/// Writes the mean of the real pixels under each window: their sum in the order of the taps, divided.
///
/// # Shapes
/// `input`: `[batch, height, width, channels]`; `output`: `[batch, output_height, output_width, channels]`.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn avg_pool_forward(options: &AvgPool, input: &[f32], output: &mut [f32]) {
    check_len("input", input.len(), options.input.len());
    check_len("output", output.len(), options.output.len());
    vectorize!(|simd| for_each_window(
        options.input,
        options.output,
        options.window,
        options.share,
        #[inline(always)]
        |pixel| {
            let real_pixels = pixel.real_pixels() as f32;
            for_each_lanes!(simd, options.input.channels, |first, L| {
                let mut sums = [0.0_f32; L];
                pixel.for_each_tap(
                    #[inline(always)]
                    |_, source| {
                        let x = lanes::<L>(input, source + first);
                        for lane in 0..L {
                            sums[lane] += x[lane];
                        }
                    },
                );
                for sum in &mut sums {
                    *sum /= real_pixels;
                }
                *lanes_mut::<L>(output, pixel.output + first) = sums;
            });
        }
    ));
}

/// Adds to each real pixel under a window its share of the gradient, dx += dy / real pixels.
///
/// # Shapes
/// `output_gradient`: `[batch, output_height, output_width, channels]`; `input_gradient`:
/// `[batch, height, width, channels]`.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn avg_pool_backward(options: &AvgPool, output_gradient: &[f32], input_gradient: &mut [f32]) {
    check_len("output_gradient", output_gradient.len(), options.output.len());
    check_len("input_gradient", input_gradient.len(), options.input.len());
    vectorize!(|simd| for_each_window(
        options.input,
        options.output,
        options.window,
        options.share,
        #[inline(always)]
        |pixel| {
            let real_pixels = pixel.real_pixels() as f32;
            for_each_lanes!(simd, options.input.channels, |first, L| {
                let mut share = *lanes::<L>(output_gradient, pixel.output + first);
                for dy in &mut share {
                    *dy /= real_pixels;
                }
                pixel.for_each_tap(
                    #[inline(always)]
                    |_, source| {
                        let dx = lanes_mut::<L>(input_gradient, source + first);
                        let mut sums = *dx;
                        for lane in 0..L {
                            sums[lane] += share[lane];
                        }
                        *dx = sums;
                    },
                );
            });
        }
    ));
}
