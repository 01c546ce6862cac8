//! Average pooling over the real pixels under a window.
//!
//! Shapes: `input`, `input_gradient`: `[batch, height, width, channels]`, `output`, `output_gradient`:
//! `[batch, output_height, output_width, channels]`.
//!
//! Padding does not count: the sum is divided by the number of real pixels under the window
//! (`count_include_pad=False` of PyTorch's `AvgPool2d`).

use crate::check_len;
use crate::error::ShapeError;
use crate::shape::{Image, Window};

/// Sizes of an average pooling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AvgPool {
    input: Image,
    output: Image,
    window: Window,
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
        Ok(Self { input, output, window })
    }

    /// Shape of the output.
    #[must_use]
    pub fn output(&self) -> Image {
        self.output
    }

    /// Calls `visit(output_pixel, input_pixel, real_pixels)` for each real pixel under each window, pixels
    /// counted over the whole batch, windows in order and taps in order within a window.
    fn visit(&self, mut visit: impl FnMut(usize, usize, usize)) {
        let (height, width) = (self.window.height, self.window.width);
        for image in 0..self.input.batch {
            for output_row in 0..self.output.height {
                let rows = height.real_taps(self.input.height, output_row);
                for output_column in 0..self.output.width {
                    let columns = width.real_taps(self.input.width, output_column);
                    let real_pixels = rows.len() * columns.len();
                    let output_pixel =
                        (image * self.output.height + output_row) * self.output.width + output_column;
                    for tap_row in rows.clone() {
                        let row = image * self.input.height + height.input_index(output_row, tap_row);
                        for tap_column in columns.clone() {
                            let column = width.input_index(output_column, tap_column);
                            visit(output_pixel, row * self.input.width + column, real_pixels);
                        }
                    }
                }
            }
        }
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
    let channels = options.input.channels;
    output.fill(0.0);
    options.visit(|output_pixel, input_pixel, _| {
        let sums = &mut output[output_pixel * channels..][..channels];
        for (sum, x) in sums.iter_mut().zip(&input[input_pixel * channels..][..channels]) {
            *sum += x;
        }
    });
    let mut taken = usize::MAX;
    options.visit(|output_pixel, _, real_pixels| {
        if output_pixel != taken {
            taken = output_pixel;
            for sum in &mut output[output_pixel * channels..][..channels] {
                *sum /= real_pixels as f32;
            }
        }
    });
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
    let channels = options.input.channels;
    options.visit(|output_pixel, input_pixel, real_pixels| {
        let dy = &output_gradient[output_pixel * channels..][..channels];
        for (dx, dy) in input_gradient[input_pixel * channels..][..channels].iter_mut().zip(dy) {
            *dx += dy / real_pixels as f32;
        }
    });
}
