//! Nearest-neighbour upsampling, which repeats every pixel, and downsampling, which keeps every so-manieth row and column
//! from the first on.
//!
//! Shapes: the smaller image `[batch, height, width, channels]`, the larger one
//! `[batch, height · vertical, width · horizontal, channels]`; of an image to be downsampled the last rows and columns may
//! be missing.

use crate::check_len;
use crate::error::ShapeError;
use crate::lanes::{for_each_lanes, lanes, lanes_mut};
use crate::shape::{Image, require_positive};
use crate::simd::vectorize;

/// Sizes of an upsampling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upsample {
    input: Image,
    factor: [usize; 2],
}

impl Upsample {
    /// Repeats the rows of a batch of shape `input` `factor[0]` times and the columns `factor[1]` times.
    ///
    /// # Errors
    /// A size of 0, or a tensor that is too large.
    pub fn new(input: Image, factor: [usize; 2]) -> Result<Self, ShapeError> {
        check_factor(factor)?;
        let output = |size: usize, factor| size.saturating_mul(factor);
        let (height, width) = (output(input.height, factor[0]), output(input.width, factor[1]));
        Image::new(input.batch, height, width, input.channels)?;
        let input = Image::new(input.batch, input.height, input.width, input.channels)?;
        Ok(Self { input, factor })
    }

    /// The same for another number of images, at most as many as it was made for.
    #[must_use]
    pub fn with_batch(mut self, batch: usize) -> Self {
        self.input.batch = batch;
        self
    }

    /// Shape of the output.
    #[must_use]
    pub fn output(&self) -> Image {
        let [vertical, horizontal] = self.factor;
        Image { height: self.input.height * vertical, width: self.input.width * horizontal, ..self.input }
    }
}

/// Sizes of a downsampling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Downsample {
    input: Image,
    factor: [usize; 2],
}

impl Downsample {
    /// Keeps every `factor[0]`th row and every `factor[1]`th column of a batch of shape `input`.
    ///
    /// # Errors
    /// A size of 0, or a tensor that is too large.
    pub fn new(input: Image, factor: [usize; 2]) -> Result<Self, ShapeError> {
        check_factor(factor)?;
        let input = Image::new(input.batch, input.height, input.width, input.channels)?;
        Ok(Self { input, factor })
    }

    /// The same for another number of images, at most as many as it was made for.
    #[must_use]
    pub fn with_batch(mut self, batch: usize) -> Self {
        self.input.batch = batch;
        self
    }

    /// Shape of the output: sizes are divided by the factor and rounded up.
    #[must_use]
    pub fn output(&self) -> Image {
        let [vertical, horizontal] = self.factor;
        let (height, width) = (self.input.height.div_ceil(vertical), self.input.width.div_ceil(horizontal));
        Image { height, width, ..self.input }
    }

    /// First elements of the pixels that are kept, in order.
    fn kept(&self) -> impl Iterator<Item = usize> + use<> {
        let Image { batch, height, width, channels } = self.input;
        let [vertical, horizontal] = self.factor;
        (0..batch).flat_map(move |image| {
            (0..height).step_by(vertical).flat_map(move |row| {
                (0..width)
                    .step_by(horizontal)
                    .map(move |column| ((image * height + row) * width + column) * channels)
            })
        })
    }
}

fn check_factor(factor: [usize; 2]) -> Result<(), ShapeError> {
    factor.into_iter().try_for_each(|factor| require_positive("the factor", factor))
}

/// Writes every pixel as often as the factor says.
///
/// # Shapes
/// `input`: `[batch, height, width, channels]`; `output`: that of [`Upsample::output`].
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn upsample_forward(options: &Upsample, input: &[f32], output: &mut [f32]) {
    check_len("input", input.len(), options.input.len());
    check_len("output", output.len(), options.output().len());
    let Image { width, channels, .. } = options.input;
    let [vertical, horizontal] = options.factor;
    let row_len = width * horizontal * channels;
    let rows = input.chunks_exact(width * channels).zip(output.chunks_exact_mut(vertical * row_len));
    for (x, rows) in rows {
        let (first, others) = rows.split_at_mut(row_len);
        for (x, y) in x.chunks_exact(channels).zip(first.chunks_exact_mut(horizontal * channels)) {
            for y in y.chunks_exact_mut(channels) {
                y.copy_from_slice(x);
            }
        }
        for row in others.chunks_exact_mut(row_len) {
            row.copy_from_slice(first);
        }
    }
}

/// Adds to each pixel the sum of the gradients of its copies, row by row, from 0.
///
/// # Shapes
/// `output_gradient`: that of [`Upsample::output`]; `input_gradient`: `[batch, height, width, channels]`.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn upsample_backward(options: &Upsample, output_gradient: &[f32], input_gradient: &mut [f32]) {
    check_len("output_gradient", output_gradient.len(), options.output().len());
    check_len("input_gradient", input_gradient.len(), options.input.len());
    let Image { width, channels, .. } = options.input;
    let [vertical, horizontal] = options.factor;
    let row_len = width * horizontal * channels;
    for (pixel, dx) in input_gradient.chunks_exact_mut(channels).enumerate() {
        let (row, column) = (pixel / width, pixel % width);
        let copies = &output_gradient[row * vertical * row_len + column * horizontal * channels..];
        vectorize!(|simd| for_each_lanes!(simd, channels, |first, L| {
            let mut sums = [0.0_f32; L];
            for (row, column) in
                (0..vertical).flat_map(|row| (0..horizontal).map(move |column| (row, column)))
            {
                let dy = lanes::<L>(copies, row * row_len + column * channels + first);
                for lane in 0..L {
                    sums[lane] += dy[lane];
                }
            }
            let dx = lanes_mut::<L>(dx, first);
            for lane in 0..L {
                dx[lane] += sums[lane];
            }
        }));
    }
}

/// Writes the pixels that are kept.
///
/// # Shapes
/// `input`: `[batch, height, width, channels]`; `output`: that of [`Downsample::output`].
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn downsample_forward(options: &Downsample, input: &[f32], output: &mut [f32]) {
    check_len("input", input.len(), options.input.len());
    check_len("output", output.len(), options.output().len());
    let channels = options.input.channels;
    for (y, from) in output.chunks_exact_mut(channels).zip(options.kept()) {
        y.copy_from_slice(&input[from..][..channels]);
    }
}

/// Adds the gradient of the pixels that were kept.
///
/// # Shapes
/// `output_gradient`: that of [`Downsample::output`]; `input_gradient`: `[batch, height, width, channels]`.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn downsample_backward(options: &Downsample, output_gradient: &[f32], input_gradient: &mut [f32]) {
    check_len("output_gradient", output_gradient.len(), options.output().len());
    check_len("input_gradient", input_gradient.len(), options.input.len());
    let channels = options.input.channels;
    for (dy, from) in output_gradient.chunks_exact(channels).zip(options.kept()) {
        for (dx, dy) in input_gradient[from..][..channels].iter_mut().zip(dy) {
            *dx += dy;
        }
    }
}
