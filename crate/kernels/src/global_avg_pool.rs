//! Global average pooling: the mean of each channel over the pixels of an image.
//!
//! Shapes: `input`, `input_gradient`: `[batch, height, width, channels]`, `output`, `output_gradient`:
//! `[batch, channels]`.
//!
//! Lin et al. 2014, "Network in Network".

use crate::check_len;
use crate::error::ShapeError;
use crate::lanes::{for_each_lanes, lanes, lanes_mut};
use crate::shape::Image;
use crate::simd::vectorize;

/// Sizes of a global average pooling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GlobalAvgPool {
    input: Image,
}

impl GlobalAvgPool {
    /// Pools each image of a batch of shape `input` to one pixel.
    ///
    /// # Errors
    /// As [`Image::new`].
    pub fn new(input: Image) -> Result<Self, ShapeError> {
        let Image { batch, height, width, channels } = input;
        Ok(Self { input: Image::new(batch, height, width, channels)? })
    }

    /// The same for another number of images, at most as many as it was made for.
    #[must_use]
    pub fn with_batch(mut self, batch: usize) -> Self {
        self.input.batch = batch;
        self
    }

    /// Shape of the output: `[batch, 1, 1, channels]`.
    #[must_use]
    pub fn output(&self) -> Image {
        Image { height: 1, width: 1, ..self.input }
    }
}

/// Writes the mean over the pixels, summed from the first pixel to the last and then divided.
///
/// # Shapes
/// `input`: `[batch, height, width, channels]`; `output`: `[batch, channels]`.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn global_avg_pool_forward(options: &GlobalAvgPool, input: &[f32], output: &mut [f32]) {
    let Image { channels, .. } = options.input;
    check_len("input", input.len(), options.input.len());
    check_len("output", output.len(), options.output().len());
    let pixels = options.input.pixels();
    let images = input.chunks_exact(pixels * channels);
    vectorize!(|simd| for (image, y) in images.zip(output.chunks_exact_mut(channels)) {
        for_each_lanes!(simd, channels, |first, L| {
            let mut sums = [0.0_f32; L];
            for pixel in image.chunks_exact(channels) {
                let x = lanes::<L>(pixel, first);
                for lane in 0..L {
                    sums[lane] += x[lane];
                }
            }
            for sum in &mut sums {
                *sum /= pixels as f32;
            }
            *lanes_mut::<L>(y, first) = sums;
        });
    });
}

/// Adds to each pixel its share of the gradient, dx += dy / pixels.
///
/// # Shapes
/// `output_gradient`: `[batch, channels]`; `input_gradient`: `[batch, height, width, channels]`.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn global_avg_pool_backward(
    options: &GlobalAvgPool,
    output_gradient: &[f32],
    input_gradient: &mut [f32],
) {
    let Image { channels, .. } = options.input;
    check_len("input_gradient", input_gradient.len(), options.input.len());
    check_len("output_gradient", output_gradient.len(), options.output().len());
    let pixels = options.input.pixels();
    let images = input_gradient.chunks_exact_mut(pixels * channels);
    vectorize!(|simd| for (image, dy) in images.zip(output_gradient.chunks_exact(channels)) {
        for_each_lanes!(simd, channels, |first, L| {
            let mut share = *lanes::<L>(dy, first);
            for dy in &mut share {
                *dy /= pixels as f32;
            }
            for pixel in image.chunks_exact_mut(channels) {
                let dx = lanes_mut::<L>(pixel, first);
                let mut sums = *dx;
                for lane in 0..L {
                    sums[lane] += share[lane];
                }
                *dx = sums;
            }
        });
    });
}
