//! Batch normalisation over the rows of each channel.
//!
//! Shapes: `input`, `output`, `output_gradient`, `input_gradient`: `[rows, channels]` with
//! rows = batch · height · width; everything else: `[channels]`.
//!
//! Ioffe and Szegedy 2015, "Batch Normalization", algorithm 1 and section 3, with PyTorch's conventions:
//! the batch is normalised with its biased variance, the running variance follows the unbiased one.

use std::slice::Chunks;

use crate::check_len;
use crate::error::ShapeError;
use crate::lanes::{for_each_lanes, lanes, lanes_mut};
use crate::reduce::{ROWS_PER_PARTIAL_SUM, add_column_sums};
use crate::shape::{element_count, require_positive};
use crate::simd::vectorize;

/// Sizes and settings of a batch normalisation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchNorm {
    rows: usize,
    channels: usize,
    epsilon: f32,
    momentum: f32,
}

/// The learnt affine map, `y = scale · normalised + shift`; each `[channels]`.
#[derive(Debug, Clone, Copy)]
pub struct Affine<'a> {
    /// γ of the paper.
    pub scale: &'a [f32],
    /// β of the paper.
    pub shift: &'a [f32],
}

/// Gradients of the affine map; each `[channels]`.
#[derive(Debug)]
pub struct AffineGradient<'a> {
    /// Gradient of γ.
    pub scale: &'a mut [f32],
    /// Gradient of β.
    pub shift: &'a mut [f32],
}

/// Statistics that follow the batches and serve inference; each `[channels]`. They start as 0 and 1.
#[derive(Debug)]
pub struct RunningStatistics<'a> {
    /// Running mean.
    pub mean: &'a mut [f32],
    /// Running unbiased variance.
    pub variance: &'a mut [f32],
}

/// Where the training pass leaves the statistics of its batch for the backward pass; each `[channels]`.
#[derive(Debug)]
pub struct BatchStatistics<'a> {
    /// Mean of the batch.
    pub mean: &'a mut [f32],
    /// 1 / √(biased variance + ε).
    pub inverse_std: &'a mut [f32],
}

/// What the backward pass needs of the forward pass.
#[derive(Debug, Clone, Copy)]
pub struct BatchNormSaved<'a> {
    /// The input, `[rows, channels]`.
    pub input: &'a [f32],
    /// Mean of the batch, `[channels]`.
    pub mean: &'a [f32],
    /// 1 / √(biased variance + ε), `[channels]`.
    pub inverse_std: &'a [f32],
}

impl BatchNorm {
    /// Normalises `rows` = batch · height · width values in each of `channels` channels. PyTorch's defaults
    /// are
    /// `epsilon` 1e-5 and `momentum` 0.1 (the weight of the newest batch in the running statistics).
    ///
    /// # Errors
    /// A size of 0, a tensor that is too large, an epsilon that is not positive, a momentum outside 0 to 1.
    pub fn new(rows: usize, channels: usize, epsilon: f32, momentum: f32) -> Result<Self, ShapeError> {
        require_positive("the number of rows", rows)?;
        require_positive("the number of channels", channels)?;
        element_count("the activations", &[rows, channels])?;
        if !(epsilon > 0.0 && epsilon.is_finite()) {
            return Err(ShapeError::OutOfRange {
                what: "the epsilon of batch normalisation",
                value: epsilon.to_string(),
                range: "positive",
            });
        }
        if !(0.0..=1.0).contains(&momentum) {
            return Err(ShapeError::OutOfRange {
                what: "the momentum of batch normalisation",
                value: momentum.to_string(),
                range: "between 0 and 1",
            });
        }
        Ok(Self { rows, channels, epsilon, momentum })
    }

    /// Elements of the activations, `rows · channels`.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows * self.channels
    }

    /// False: there is always an element. Here because there is a `len`.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Elements of the backward pass's `scratch`.
    #[must_use]
    pub fn scratch_len(&self) -> usize {
        2 * self.channels
    }

    fn check_activations(&self, what: &str, found: usize) {
        check_len(what, found, self.len());
    }

    fn check_channels(&self, what: &str, found: usize) {
        check_len(what, found, self.channels);
    }
}

/// Normalises with the statistics of the batch, saves them for the backward pass, and lets the running
/// statistics follow: running ← (1 − momentum) · running + momentum · batch. With a single row the unbiased
/// variance, 0/0, counts as 0.
///
/// # Shapes
/// `input`, `output`: `[rows, channels]`; `affine`, `running`, `saved`: `[channels]` each.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn batch_norm_training_forward(
    options: &BatchNorm,
    input: &[f32],
    affine: Affine<'_>,
    running: RunningStatistics<'_>,
    output: &mut [f32],
    saved: BatchStatistics<'_>,
) {
    options.check_activations("input", input.len());
    let RunningStatistics { mean: running_mean, variance: running_variance } = running;
    options.check_channels("running.mean", running_mean.len());
    options.check_channels("running.variance", running_variance.len());
    options.check_channels("saved.mean", saved.mean.len());
    options.check_channels("saved.inverse_std", saved.inverse_std.len());
    let rows = options.rows as f32;
    let unbiased_rows = options.rows.saturating_sub(1).max(1) as f32;
    let BatchStatistics { mean, inverse_std } = saved;

    mean.fill(0.0);
    add_column_sums(input, options.channels, mean);
    for m in mean.iter_mut() {
        *m /= rows;
    }
    inverse_std.fill(0.0);
    vectorize!(|simd| for block in row_blocks(input, options.channels) {
        for_each_lanes!(simd, options.channels, |first, L| {
            add_squares::<L>(block, options.channels, first, mean, inverse_std);
        });
    });
    let momentum = options.momentum;
    for (running, mean) in running_mean.iter_mut().zip(mean.iter()) {
        *running = (1.0 - momentum) * *running + momentum * mean;
    }
    for (running, squares) in running_variance.iter_mut().zip(inverse_std.iter_mut()) {
        *running = (1.0 - momentum) * *running + momentum * (*squares / unbiased_rows);
        *squares = 1.0 / (*squares / rows + options.epsilon).sqrt();
    }
    normalise(options, input, affine, output, |channel| (mean[channel], inverse_std[channel]));
}

/// Normalises with the running statistics: (x − mean) / √(variance + ε) · scale + shift.
///
/// # Shapes
/// `input`, `output`: `[rows, channels]`; `affine`, `running_mean`, `running_variance`: `[channels]` each.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn batch_norm_inference_forward(
    options: &BatchNorm,
    input: &[f32],
    affine: Affine<'_>,
    running_mean: &[f32],
    running_variance: &[f32],
    output: &mut [f32],
) {
    options.check_activations("input", input.len());
    options.check_channels("running_mean", running_mean.len());
    options.check_channels("running_variance", running_variance.len());
    normalise(options, input, affine, output, |channel| {
        (running_mean[channel], 1.0 / (running_variance[channel] + options.epsilon).sqrt())
    });
}

/// Adds the gradients of the training pass, with x̂ the normalised input and sums over the rows:
/// dβ = Σ dy, dγ = Σ dy·x̂, dx = γ/σ · (dy − dβ/rows − x̂·dγ/rows).
///
/// # Shapes
/// `saved.input`, `output_gradient`, `input_gradient`: `[rows, channels]`; `saved.mean`, `saved.inverse_std`,
/// `scale`, `gradient.scale`, `gradient.shift`: `[channels]`; `scratch`: at least [`BatchNorm::scratch_len`].
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn batch_norm_backward(
    options: &BatchNorm,
    saved: BatchNormSaved<'_>,
    scale: &[f32],
    output_gradient: &[f32],
    input_gradient: &mut [f32],
    gradient: AffineGradient<'_>,
    scratch: &mut [f32],
) {
    let channels = options.channels;
    options.check_activations("saved.input", saved.input.len());
    options.check_channels("saved.mean", saved.mean.len());
    options.check_channels("saved.inverse_std", saved.inverse_std.len());
    options.check_channels("scale", scale.len());
    options.check_activations("output_gradient", output_gradient.len());
    options.check_activations("input_gradient", input_gradient.len());
    let AffineGradient { scale: scale_gradient, shift: shift_gradient } = gradient;
    options.check_channels("gradient.scale", scale_gradient.len());
    options.check_channels("gradient.shift", shift_gradient.len());
    let (shift_sums, scale_sums) = crate::take_scratch(scratch, options.scratch_len()).split_at_mut(channels);

    shift_sums.fill(0.0);
    scale_sums.fill(0.0);
    let blocks = row_blocks(saved.input, channels).zip(row_blocks(output_gradient, channels));
    vectorize!(|simd| for (x, dy) in blocks.clone() {
        for_each_lanes!(simd, channels, |first, L| {
            add_gradient_sums::<L>(x, dy, saved, first, shift_sums, scale_sums);
        });
    });
    for (total, sum) in shift_gradient.iter_mut().zip(shift_sums.iter()) {
        *total += sum;
    }
    for (total, sum) in scale_gradient.iter_mut().zip(scale_sums.iter()) {
        *total += sum;
    }
    for sum in shift_sums.iter_mut().chain(scale_sums.iter_mut()) {
        *sum /= options.rows as f32;
    }
    let means = Affine { scale: scale_sums, shift: shift_sums };
    let dx_blocks = input_gradient.chunks_mut(ROWS_PER_PARTIAL_SUM * channels);
    vectorize!(|simd| for ((x, dy), dx) in blocks.zip(dx_blocks) {
        for_each_lanes!(simd, channels, |first, L| {
            add_input_gradient::<L>(x, dy, dx, saved, scale, means, first);
        });
    });
}

fn row_blocks(rows: &[f32], channels: usize) -> Chunks<'_, f32> {
    rows.chunks(ROWS_PER_PARTIAL_SUM * channels)
}

/// total += Σ (x − mean)² over the block's rows.
#[inline(always)]
fn add_squares<const L: usize>(
    block: &[f32],
    channels: usize,
    first: usize,
    mean: &[f32],
    total: &mut [f32],
) {
    let mean = *lanes::<L>(mean, first);
    let mut partial = [0.0_f32; L];
    for row in block.chunks_exact(channels) {
        let x = lanes::<L>(row, first);
        for lane in 0..L {
            let distance = x[lane] - mean[lane];
            partial[lane] += distance * distance;
        }
    }
    let total = lanes_mut::<L>(total, first);
    for lane in 0..L {
        total[lane] += partial[lane];
    }
}

/// y = (x − mean) / σ · scale + shift, with `statistics` giving the mean and 1/σ of a channel.
fn normalise(
    options: &BatchNorm,
    input: &[f32],
    affine: Affine<'_>,
    output: &mut [f32],
    statistics: impl Fn(usize) -> (f32, f32),
) {
    let channels = options.channels;
    options.check_channels("affine.scale", affine.scale.len());
    options.check_channels("affine.shift", affine.shift.len());
    options.check_activations("output", output.len());
    let block_len = ROWS_PER_PARTIAL_SUM * channels;
    vectorize!(|simd| for (x, y) in input.chunks(block_len).zip(output.chunks_mut(block_len)) {
        for_each_lanes!(simd, channels, |first, L| {
            let mut statistics_of_run = [(0.0, 0.0); L];
            for (lane, of_lane) in statistics_of_run.iter_mut().enumerate() {
                *of_lane = statistics(first + lane);
            }
            normalise_block::<L>(x, y, channels, first, affine, &statistics_of_run);
        });
    });
}

#[inline(always)]
fn normalise_block<const L: usize>(
    input: &[f32],
    output: &mut [f32],
    channels: usize,
    first: usize,
    affine: Affine<'_>,
    statistics: &[(f32, f32); L],
) {
    let (mut mean, mut inverse_std) = ([0.0; L], [0.0; L]);
    for lane in 0..L {
        (mean[lane], inverse_std[lane]) = statistics[lane];
    }
    let scale = *lanes::<L>(affine.scale, first);
    let shift = *lanes::<L>(affine.shift, first);
    for (x, y) in input.chunks_exact(channels).zip(output.chunks_exact_mut(channels)) {
        let mut values = *lanes::<L>(x, first);
        for lane in 0..L {
            values[lane] = (values[lane] - mean[lane]) * inverse_std[lane] * scale[lane] + shift[lane];
        }
        *lanes_mut::<L>(y, first) = values;
    }
}

/// `shift_sums` += Σ dy and `scale_sums` += Σ dy·x̂ over the block's rows.
#[inline(always)]
fn add_gradient_sums<const L: usize>(
    input: &[f32],
    output_gradient: &[f32],
    saved: BatchNormSaved<'_>,
    first: usize,
    shift_sums: &mut [f32],
    scale_sums: &mut [f32],
) {
    let channels = saved.mean.len();
    let mean = *lanes::<L>(saved.mean, first);
    let inverse_std = *lanes::<L>(saved.inverse_std, first);
    let (mut shift, mut scale) = ([0.0_f32; L], [0.0_f32; L]);
    for (x, dy) in input.chunks_exact(channels).zip(output_gradient.chunks_exact(channels)) {
        let (x, dy) = (lanes::<L>(x, first), lanes::<L>(dy, first));
        for lane in 0..L {
            shift[lane] += dy[lane];
            scale[lane] += dy[lane] * ((x[lane] - mean[lane]) * inverse_std[lane]);
        }
    }
    let (shift_sums, scale_sums) = (lanes_mut::<L>(shift_sums, first), lanes_mut::<L>(scale_sums, first));
    for lane in 0..L {
        shift_sums[lane] += shift[lane];
        scale_sums[lane] += scale[lane];
    }
}

/// dx += γ/σ · (dy − mean of dy − x̂ · mean of dy·x̂); `means` holds the two means.
#[inline(always)]
fn add_input_gradient<const L: usize>(
    input: &[f32],
    output_gradient: &[f32],
    input_gradient: &mut [f32],
    saved: BatchNormSaved<'_>,
    scale: &[f32],
    means: Affine<'_>,
    first: usize,
) {
    let channels = saved.mean.len();
    let mean = *lanes::<L>(saved.mean, first);
    let inverse_std = *lanes::<L>(saved.inverse_std, first);
    let scale = *lanes::<L>(scale, first);
    let (dy_mean, dy_x_mean) = (*lanes::<L>(means.shift, first), *lanes::<L>(means.scale, first));
    let rows = input.chunks_exact(channels).zip(output_gradient.chunks_exact(channels));
    for ((x, dy), dx) in rows.zip(input_gradient.chunks_exact_mut(channels)) {
        let (x, dy, total) = (lanes::<L>(x, first), lanes::<L>(dy, first), lanes_mut::<L>(dx, first));
        let mut sums = *total;
        for lane in 0..L {
            let normalised = (x[lane] - mean[lane]) * inverse_std[lane];
            let centred = dy[lane] - dy_mean[lane] - normalised * dy_x_mean[lane];
            sums[lane] += scale[lane] * inverse_std[lane] * centred;
        }
        *total = sums;
    }
}
