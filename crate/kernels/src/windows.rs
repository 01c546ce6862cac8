//! The windows of an image batch one after the other, as offsets into the slices.

use crate::shape::{Image, Window};

/// What the window of one output pixel sees. Positions and steps count elements, not pixels.
pub(crate) struct PixelWindow {
    /// The output pixel's first channel.
    pub(crate) output: usize,
    /// First channel of the first tap that meets a real pixel, in a `[kernel_height, kernel_width, channels]`
    /// slice.
    first_tap: usize,
    /// First channel of the input pixel under it.
    pub(crate) first_source: usize,
    rows: Taps,
    columns: Taps,
}

/// The real taps along one axis.
struct Taps {
    count: usize,
    /// From one tap to the next.
    tap_step: usize,
    /// From the input pixel under one tap to that under the next.
    source_step: usize,
}

impl PixelWindow {
    /// Real pixels under the window.
    pub(crate) fn real_pixels(&self) -> usize {
        self.rows.count * self.columns.count
    }

    /// Calls `visit(tap, source)` for each real pixel, row by row: the first channels of the tap and of the
    /// input pixel.
    #[inline(always)]
    pub(crate) fn for_each_tap(&self, mut visit: impl FnMut(usize, usize)) {
        for row in 0..self.rows.count {
            let tap = self.first_tap + row * self.rows.tap_step;
            let source = self.first_source + row * self.rows.source_step;
            for column in 0..self.columns.count {
                visit(tap + column * self.columns.tap_step, source + column * self.columns.source_step);
            }
        }
    }
}

/// Calls `visit` for each output pixel, image by image and row by row, unless its window sees only padding.
#[inline(always)]
pub(crate) fn for_each_window(
    input: Image,
    output: Image,
    window: Window,
    mut visit: impl FnMut(&PixelWindow),
) {
    let channels = input.channels;
    for image in 0..input.batch {
        for output_row in 0..output.height {
            let rows = window.height.real_taps(input.height, output_row);
            for output_column in 0..output.width {
                let columns = window.width.real_taps(input.width, output_column);
                if rows.is_empty() || columns.is_empty() {
                    continue;
                }
                let row = image * input.height + window.height.input_index(output_row, rows.start);
                let column = window.width.input_index(output_column, columns.start);
                let kernel_row = window.width.kernel * channels;
                visit(&PixelWindow {
                    output: ((image * output.height + output_row) * output.width + output_column) * channels,
                    first_tap: rows.start * kernel_row + columns.start * channels,
                    first_source: (row * input.width + column) * channels,
                    rows: Taps {
                        count: rows.len(),
                        tap_step: kernel_row,
                        source_step: window.height.dilation * input.width * channels,
                    },
                    columns: Taps {
                        count: columns.len(),
                        tap_step: channels,
                        source_step: window.width.dilation * channels,
                    },
                });
            }
        }
    }
}
