//! Sizes of images and of the windows that slide over them.

use std::ops::Range;

use crate::ShapeError;

/// The most elements that a tensor may have on any host: 2 GiB of `f32` is what a 32-bit address
/// space can hold in one piece.
pub const MAX_ELEMENTS: usize = (1 << 29) - 1;

/// Product of sizes, refused above [`MAX_ELEMENTS`].
pub(crate) fn element_count(what: &'static str, sizes: &[usize]) -> Result<usize, ShapeError> {
    sizes
        .iter()
        .try_fold(1_usize, |product, &size| product.checked_mul(size))
        .filter(|&product| product <= MAX_ELEMENTS)
        .ok_or(ShapeError::TooLarge { what })
}

/// Refuses a size of zero.
pub(crate) fn require_positive(what: &'static str, size: usize) -> Result<(), ShapeError> {
    if size == 0 { Err(ShapeError::Zero { what }) } else { Ok(()) }
}

/// Shape of a batch of activations, `[batch, height, width, channels]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Image {
    /// Images in the batch.
    pub batch: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Channels, the innermost axis.
    pub channels: usize,
}

impl Image {
    /// A shape in which every size is at least 1.
    ///
    /// # Errors
    /// [`ShapeError::Zero`] for a size of 0, [`ShapeError::TooLarge`] above [`MAX_ELEMENTS`].
    pub fn new(batch: usize, height: usize, width: usize, channels: usize) -> Result<Self, ShapeError> {
        require_positive("the batch", batch)?;
        require_positive("the image's height", height)?;
        require_positive("the image's width", width)?;
        require_positive("the number of channels", channels)?;
        element_count("the image batch", &[batch, height, width, channels])?;
        Ok(Self { batch, height, width, channels })
    }

    /// Number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.batch * self.pixels() * self.channels
    }

    /// False: there is always an element. Here because there is a `len`.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Pixels of one image.
    #[must_use]
    pub fn pixels(&self) -> usize {
        self.height * self.width
    }
}

/// How a window slides along one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowAxis {
    /// Taps.
    pub kernel: usize,
    /// Input pixels from one output pixel to the next.
    pub stride: usize,
    /// Input pixels from one tap to the next.
    pub dilation: usize,
    /// Padding pixels before the first input pixel (top, left).
    pub pad_before: usize,
    /// Padding pixels after the last input pixel (bottom, right).
    pub pad_after: usize,
}

impl WindowAxis {
    /// Pixels from the first tap to the last, both included.
    #[must_use]
    pub fn extent(&self) -> usize {
        self.kernel.saturating_sub(1) * self.dilation + 1
    }

    /// Number of output pixels for `input_len` input pixels, rounding down; `None` when the kernel is
    /// larger than the padded input.
    #[must_use]
    pub fn output_len(&self, input_len: usize) -> Option<usize> {
        let padded = input_len + self.pad_before + self.pad_after;
        padded.checked_sub(self.extent()).map(|room| room / self.stride + 1)
    }

    /// The taps that meet a real pixel when the window computes `output_index`.
    pub(crate) fn real_taps(&self, input_len: usize, output_index: usize) -> Range<usize> {
        let start = output_index * self.stride;
        let first = self.pad_before.saturating_sub(start).div_ceil(self.dilation).min(self.kernel);
        let behind_last =
            (input_len + self.pad_before).saturating_sub(start).div_ceil(self.dilation).min(self.kernel);
        first..behind_last.max(first)
    }

    /// The output pixels for which `tap` meets a real pixel: the transpose of [`Self::real_taps`].
    pub(crate) fn real_outputs(&self, input_len: usize, output_len: usize, tap: usize) -> Range<usize> {
        let offset = tap * self.dilation;
        let first = self.pad_before.saturating_sub(offset).div_ceil(self.stride).min(output_len);
        let behind_last =
            (input_len + self.pad_before).saturating_sub(offset).div_ceil(self.stride).min(output_len);
        first..behind_last.max(first)
    }

    /// The input pixel under `tap`, which must be one of the [`Self::real_taps`].
    pub(crate) fn input_index(&self, output_index: usize, tap: usize) -> usize {
        output_index * self.stride + tap * self.dilation - self.pad_before
    }

    fn check(&self, axis: &'static str, input_len: usize) -> Result<usize, ShapeError> {
        require_positive("the kernel", self.kernel)?;
        require_positive("the stride", self.stride)?;
        require_positive("the dilation", self.dilation)?;
        for size in [self.kernel, self.stride, self.dilation, self.pad_before, self.pad_after] {
            // Keeps every sum and product of this file far from overflow on 32-bit hosts.
            if size > MAX_WINDOW_SIZE {
                return Err(ShapeError::OutOfRange {
                    what: "a kernel, stride, dilation or padding",
                    value: size.to_string(),
                    range: "at most 4096",
                });
            }
        }
        self.output_len(input_len).ok_or(ShapeError::KernelTooLarge {
            axis,
            extent: self.extent(),
            padded: input_len + self.pad_before + self.pad_after,
        })
    }

    fn sees_only_padding(&self, input_len: usize, output_len: usize) -> bool {
        (0..output_len).any(|index| self.real_taps(input_len, index).is_empty())
    }
}

const MAX_WINDOW_SIZE: usize = 4096;

/// A window that slides over height and width: kernel, stride, dilation and padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Along the rows: `pad_before` is the top, `pad_after` the bottom.
    pub height: WindowAxis,
    /// Along the columns: `pad_before` is left, `pad_after` right.
    pub width: WindowAxis,
}

impl Window {
    /// A `kernel_height` × `kernel_width` window of stride 1 and dilation 1 without padding.
    #[must_use]
    pub fn new(kernel_height: usize, kernel_width: usize) -> Self {
        let axis = |kernel| WindowAxis { kernel, stride: 1, dilation: 1, pad_before: 0, pad_after: 0 };
        Self { height: axis(kernel_height), width: axis(kernel_width) }
    }

    /// The same window with the given stride along height and width.
    #[must_use]
    pub fn with_stride(mut self, stride: usize) -> Self {
        self.height.stride = stride;
        self.width.stride = stride;
        self
    }

    /// The same window with the given dilation along height and width.
    #[must_use]
    pub fn with_dilation(mut self, dilation: usize) -> Self {
        self.height.dilation = dilation;
        self.width.dilation = dilation;
        self
    }

    /// The same window with this many padding pixels on each side.
    #[must_use]
    pub fn with_padding(mut self, top: usize, left: usize, bottom: usize, right: usize) -> Self {
        (self.height.pad_before, self.height.pad_after) = (top, bottom);
        (self.width.pad_before, self.width.pad_after) = (left, right);
        self
    }

    /// The same window, padded so that a stride of 1 keeps the image's size (and a stride of s gives
    /// ⌈size / s⌉). An odd pixel of padding goes to the bottom and to the right. Set the dilation
    /// first. A kernel of 0, which every operator refuses, gets no padding.
    #[must_use]
    pub fn with_same_padding(mut self) -> Self {
        for axis in [&mut self.height, &mut self.width] {
            let total = axis.kernel.saturating_sub(1).saturating_mul(axis.dilation);
            axis.pad_before = total / 2;
            axis.pad_after = total - total / 2;
        }
        self
    }

    /// Checked height and width of the output.
    pub(crate) fn output_size(&self, input: Image) -> Result<(usize, usize), ShapeError> {
        Ok((self.height.check("height", input.height)?, self.width.check("width", input.width)?))
    }

    /// As [`Self::output_size`], but also refuses a window that sees only padding.
    pub(crate) fn pooled_size(&self, input: Image) -> Result<(usize, usize), ShapeError> {
        let (height, width) = self.output_size(input)?;
        if self.height.sees_only_padding(input.height, height) {
            return Err(ShapeError::EmptyWindow { axis: "height" });
        }
        if self.width.sees_only_padding(input.width, width) {
            return Err(ShapeError::EmptyWindow { axis: "width" });
        }
        Ok((height, width))
    }
}
