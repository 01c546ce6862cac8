//! Concatenation along the channels, one part at a time.
//!
//! Shapes: `input`: `[rows, channels]`, `output`: `[rows, total_channels]`, rows = batch · height · width.
//! The part fills `output[:, offset .. offset + channels]`.

use crate::check_len;
use crate::error::ShapeError;
use crate::shape::{element_count, require_positive};
use crate::simd::vectorize;

/// Where one input of a concatenation lies within the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConcatPart {
    rows: usize,
    channels: usize,
    offset: usize,
    total_channels: usize,
}

impl ConcatPart {
    /// The part with `channels` channels that starts at channel `offset` of `total_channels`, for
    /// `rows` = batch · height · width pixels.
    ///
    /// # Errors
    /// A size of 0, a tensor that is too large, or a part that ends behind the whole.
    pub fn new(
        rows: usize,
        channels: usize,
        offset: usize,
        total_channels: usize,
    ) -> Result<Self, ShapeError> {
        require_positive("the number of rows", rows)?;
        require_positive("the number of channels", channels)?;
        element_count("the concatenation", &[rows, total_channels])?;
        let end = offset.saturating_add(channels);
        if end > total_channels {
            return Err(ShapeError::ConcatPart { offset, end, total: total_channels });
        }
        Ok(Self { rows, channels, offset, total_channels })
    }

    fn check(&self, part_len: usize, whole_len: usize) {
        check_len("the part", part_len, self.rows * self.channels);
        check_len("the whole", whole_len, self.rows * self.total_channels);
    }
}

/// Copies one input to its channels of the output.
///
/// # Shapes
/// `input`: `[rows, channels]`; `output`: `[rows, total_channels]`, of which only the part's channels are
/// written.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn concat_forward(part: &ConcatPart, input: &[f32], output: &mut [f32]) {
    part.check(input.len(), output.len());
    let channels = part.offset..part.offset + part.channels;
    for (x, y) in input.chunks_exact(part.channels).zip(output.chunks_exact_mut(part.total_channels)) {
        y[channels.clone()].copy_from_slice(x);
    }
}

/// Adds the part's channels of the output's gradient to the gradient of that input.
///
/// # Shapes
/// `output_gradient`: `[rows, total_channels]`; `input_gradient`: `[rows, channels]`.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn concat_backward(part: &ConcatPart, output_gradient: &[f32], input_gradient: &mut [f32]) {
    part.check(input_gradient.len(), output_gradient.len());
    let channels = part.offset..part.offset + part.channels;
    let rows = output_gradient.chunks_exact(part.total_channels);
    vectorize!(for (dx, dy) in input_gradient.chunks_exact_mut(part.channels).zip(rows) {
        for (dx, dy) in dx.iter_mut().zip(&dy[channels.clone()]) {
            *dx += dy;
        }
    });
}
