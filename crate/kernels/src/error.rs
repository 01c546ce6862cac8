//! What can be wrong with the sizes of an operator.

use thiserror::Error;

use crate::MAX_ELEMENTS;

/// Sizes that do not make an operator; each says what to change.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ShapeError {
    /// A size is zero.
    #[error("{what} is 0: it must be at least 1")]
    Zero {
        /// The size, in words.
        what: &'static str,
    },
    /// A tensor would have more elements than [`MAX_ELEMENTS`].
    #[error("{what} would have more than {MAX_ELEMENTS} elements: use a smaller batch, image or width")]
    TooLarge {
        /// The tensor, in words.
        what: &'static str,
    },
    /// The groups do not divide the channels.
    #[error("{groups} groups do not divide {channels} {what}: choose a common divisor")]
    Groups {
        /// Number of groups.
        groups: usize,
        /// Number of channels.
        channels: usize,
        /// Which channels, in words.
        what: &'static str,
    },
    /// The kernel is larger than the padded image, so that there is no output.
    #[error(
        "the kernel spans {extent} pixels along the {axis}, the padded image has {padded}: \
         add padding or use a smaller kernel"
    )]
    KernelTooLarge {
        /// `height` or `width`.
        axis: &'static str,
        /// Pixels from the first tap of the kernel to its last.
        extent: usize,
        /// Pixels of the image with its padding.
        padded: usize,
    },
    /// A pooling window lies wholly in the padding, so that it has no value.
    #[error("a pooling window along the {axis} sees nothing but padding: pad by less than the kernel spans")]
    EmptyWindow {
        /// `height` or `width`.
        axis: &'static str,
    },
    /// A part of a concatenation ends after the last channel of the whole.
    #[error("channels {offset} to {end} do not fit in a concatenation of {total}")]
    ConcatPart {
        /// First channel of the part within the whole.
        offset: usize,
        /// One past the last channel of the part.
        end: usize,
        /// Channels of the whole.
        total: usize,
    },
    /// A number is outside the range in which the operator is defined.
    #[error("{what} is {value}: it must be {range}")]
    OutOfRange {
        /// The number, in words.
        what: &'static str,
        /// Its value, as text.
        value: String,
        /// The permitted range, in words.
        range: &'static str,
    },
}
