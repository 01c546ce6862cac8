//! Layer normalisation: each row, which is a pixel's channels, to mean 0 and variance 1, then a scale and a shift
//! for each channel.
//!
//! Shapes: `input`, `output` and their gradients: `[rows, channels]`, rows = batch · height · width; `mean`,
//! `inverse_std`: `[rows]`; `scale`, `shift` and their gradients: `[channels]`.
//!
//! Ba et al. 2016, "Layer Normalization". With x̂ = (x − mean) · `inverse_std` and g = dy · scale:
//! ```text
//! y = x̂ · scale + shift
//! dx = inverse_std · (g − mean(g) − x̂ · mean(g · x̂)), dscale = Σ dy · x̂, dshift = Σ dy
//! ```

use crate::check_len;
use crate::error::ShapeError;
use crate::reduce::{self, ROWS_PER_PARTIAL_SUM};
use crate::shape::{element_count, require_positive};
use crate::{Affine, AffineGradient};

/// Sizes and settings of a layer normalisation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerNorm {
    rows: usize,
    channels: usize,
    epsilon: f32,
}

/// What the forward pass saves of each row.
#[derive(Debug)]
pub struct RowStatistics<'a> {
    /// Mean over the channels.
    pub mean: &'a mut [f32],
    /// 1 / √(variance + epsilon), with the biased variance.
    pub inverse_std: &'a mut [f32],
}

/// What the backward pass reads of the forward pass.
#[derive(Debug, Clone, Copy)]
pub struct LayerNormSaved<'a> {
    /// The input.
    pub input: &'a [f32],
    /// Mean of each row.
    pub mean: &'a [f32],
    /// 1 / √(variance + epsilon) of each row.
    pub inverse_std: &'a [f32],
}

impl LayerNorm {
    /// Normalises `rows` = batch · height · width rows of `channels` channels; PyTorch's default for `epsilon`
    /// is 1e-5.
    ///
    /// # Errors
    /// A size of 0, a tensor that is too large, or an epsilon that is not positive.
    pub fn new(rows: usize, channels: usize, epsilon: f32) -> Result<Self, ShapeError> {
        require_positive("the number of rows", rows)?;
        require_positive("the number of channels", channels)?;
        element_count("the normalised activations", &[rows, channels])?;
        if !(epsilon > 0.0 && epsilon.is_finite()) {
            return Err(ShapeError::OutOfRange {
                what: "the epsilon of layer normalisation",
                value: epsilon.to_string(),
                range: "positive and finite",
            });
        }
        Ok(Self { rows, channels, epsilon })
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

    /// Elements of `mean` and of `inverse_std`.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Elements of the backward pass's `scratch`.
    #[must_use]
    pub fn scratch_len(&self) -> usize {
        4 * self.channels
    }
}

/// Normalises each row and saves its statistics. Mean and variance are [`reduce::sum`] and [`reduce::dot`] over
/// the channels, in two passes: the mean, then the squares of the distances from it.
///
/// # Shapes
/// `input`, `output`: `[rows, channels]`; `affine`: `[channels]` each; `saved`: `[rows]` each.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn layer_norm_forward(
    options: &LayerNorm,
    input: &[f32],
    affine: Affine<'_>,
    output: &mut [f32],
    saved: RowStatistics<'_>,
) {
    let LayerNorm { rows, channels, epsilon } = *options;
    check_len("input", input.len(), options.len());
    check_len("output", output.len(), options.len());
    check_len("affine.scale", affine.scale.len(), channels);
    check_len("affine.shift", affine.shift.len(), channels);
    check_len("saved.mean", saved.mean.len(), rows);
    check_len("saved.inverse_std", saved.inverse_std.len(), rows);
    let statistics = saved.mean.iter_mut().zip(saved.inverse_std);
    let activations = input.chunks_exact(channels).zip(output.chunks_exact_mut(channels));
    for ((x, y), (mean, inverse_std)) in activations.zip(statistics) {
        *mean = reduce::sum(x) / channels as f32;
        for (y, x) in y.iter_mut().zip(x) {
            *y = x - *mean;
        }
        *inverse_std = 1.0 / (reduce::dot(y, y) / channels as f32 + epsilon).sqrt();
        for ((y, scale), shift) in y.iter_mut().zip(affine.scale).zip(affine.shift) {
            *y = *y * *inverse_std * scale + shift;
        }
    }
}

/// Adds the gradients of input, scale and shift. The latter two sum over the rows in order, in partial sums of
/// 64 rows; the two means of a row are [`reduce::sum`] and [`reduce::dot`].
///
/// # Shapes
/// `saved.input`, `output_gradient`, `input_gradient`: `[rows, channels]`; `saved.mean`, `saved.inverse_std`:
/// `[rows]`; `scale`, `affine_gradient`: `[channels]` each; `scratch`: at least [`LayerNorm::scratch_len`].
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn layer_norm_backward(
    options: &LayerNorm,
    saved: LayerNormSaved<'_>,
    scale: &[f32],
    output_gradient: &[f32],
    input_gradient: &mut [f32],
    affine_gradient: AffineGradient<'_>,
    scratch: &mut [f32],
) {
    let LayerNorm { rows, channels, .. } = *options;
    check_len("saved.input", saved.input.len(), options.len());
    check_len("saved.mean", saved.mean.len(), rows);
    check_len("saved.inverse_std", saved.inverse_std.len(), rows);
    check_len("scale", scale.len(), channels);
    check_len("output_gradient", output_gradient.len(), options.len());
    check_len("input_gradient", input_gradient.len(), options.len());
    let AffineGradient { scale: scale_gradient, shift: shift_gradient } = affine_gradient;
    check_len("affine_gradient.scale", scale_gradient.len(), channels);
    check_len("affine_gradient.shift", shift_gradient.len(), channels);
    let (of_row, partial) = crate::take_scratch(scratch, options.scratch_len()).split_at_mut(2 * channels);
    let (normalized, weighted) = of_row.split_at_mut(channels);
    for first in (0..rows).step_by(ROWS_PER_PARTIAL_SUM) {
        partial.fill(0.0);
        let (partial_scale, partial_shift) = partial.split_at_mut(channels);
        for row in first..rows.min(first + ROWS_PER_PARTIAL_SUM) {
            let place = row * channels..(row + 1) * channels;
            let (mean, inverse_std) = (saved.mean[row], saved.inverse_std[row]);
            let (x, dy) = (&saved.input[place.clone()], &output_gradient[place.clone()]);
            for channel in 0..channels {
                normalized[channel] = (x[channel] - mean) * inverse_std;
                weighted[channel] = dy[channel] * scale[channel];
                partial_scale[channel] += dy[channel] * normalized[channel];
                partial_shift[channel] += dy[channel];
            }
            let shift_share = reduce::sum(weighted) / channels as f32;
            let scale_share = reduce::dot(weighted, normalized) / channels as f32;
            let rest = weighted.iter().zip(normalized.iter());
            for (dx, (weighted, normalized)) in input_gradient[place].iter_mut().zip(rest) {
                *dx += inverse_std * (weighted - shift_share - normalized * scale_share);
            }
        }
        add_to(scale_gradient, partial_scale);
        add_to(shift_gradient, partial_shift);
    }
}

fn add_to(total: &mut [f32], partial: &[f32]) {
    for (total, partial) in total.iter_mut().zip(partial) {
        *total += partial;
    }
}
