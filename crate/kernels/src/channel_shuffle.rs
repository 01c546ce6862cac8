//! Channel shuffle: the channels of several groups are interleaved.
//!
//! Shapes: `input`, `output` and their gradients: `[rows, channels]`, rows = batch · height · width.
//!
//! Zhang et al. 2018, "`ShuffleNet`: An Extremely Efficient Convolutional Neural Network for Mobile Devices", section
//! 3.1. With g groups of n channels, output channel i·g + j is input channel j·n + i.

use crate::check_len;
use crate::error::ShapeError;
use crate::shape::{element_count, require_positive};

/// Sizes of a channel shuffle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelShuffle {
    rows: usize,
    channels: usize,
    groups: usize,
}

impl ChannelShuffle {
    /// Interleaves `groups` groups of each of `rows` = batch · height · width pixels.
    ///
    /// # Errors
    /// A size of 0, a tensor that is too large, or groups that do not divide the channels.
    pub fn new(rows: usize, channels: usize, groups: usize) -> Result<Self, ShapeError> {
        require_positive("the number of rows", rows)?;
        require_positive("the number of channels", channels)?;
        require_positive("the number of groups", groups)?;
        element_count("the shuffled activations", &[rows, channels])?;
        if !channels.is_multiple_of(groups) {
            return Err(ShapeError::Groups { groups, channels, what: "channels" });
        }
        Ok(Self { rows, channels, groups })
    }

    fn check(&self, input_len: usize, output_len: usize) {
        check_len("the input", input_len, self.rows * self.channels);
        check_len("the output", output_len, self.rows * self.channels);
    }
}

/// Writes the interleaved channels.
///
/// # Shapes
/// `input`, `output`: `[rows, channels]`.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn channel_shuffle_forward(options: &ChannelShuffle, input: &[f32], output: &mut [f32]) {
    options.check(input.len(), output.len());
    let ChannelShuffle { channels, groups, .. } = *options;
    for (x, y) in input.chunks_exact(channels).zip(output.chunks_exact_mut(channels)) {
        for (group, x) in x.chunks_exact(channels / groups).enumerate() {
            for (x, y) in x.iter().zip(y.chunks_exact_mut(groups)) {
                y[group] = *x;
            }
        }
    }
}

/// Adds the gradient of each channel to that of the channel it came from.
///
/// # Shapes
/// `output_gradient`, `input_gradient`: `[rows, channels]`.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn channel_shuffle_backward(
    options: &ChannelShuffle,
    output_gradient: &[f32],
    input_gradient: &mut [f32],
) {
    options.check(input_gradient.len(), output_gradient.len());
    let ChannelShuffle { channels, groups, .. } = *options;
    for (dx, dy) in input_gradient.chunks_exact_mut(channels).zip(output_gradient.chunks_exact(channels)) {
        for (group, dx) in dx.chunks_exact_mut(channels / groups).enumerate() {
            for (dx, dy) in dx.iter_mut().zip(dy.chunks_exact(groups)) {
                *dx += dy[group];
            }
        }
    }
}
