//! The windows of an image batch one after the other, as offsets into the slices.

use std::ops::Range;

use crate::shape::{Image, Window, WindowAxis};
use crate::share::{Share, within_row};

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

    /// First channel of the input pixel under a real tap; taps are counted as [`Self::for_each_tap`] visits them.
    #[inline(always)]
    pub(crate) fn source_of(&self, tap: usize) -> usize {
        let (row, column) = (tap / self.columns.count, tap % self.columns.count);
        self.first_source + row * self.rows.source_step + column * self.columns.source_step
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

/// Calls `visit` for each output pixel of the images' share, image by image and row by row, unless its window sees
/// only padding.
#[inline(always)]
pub(crate) fn for_each_window(
    input: Image,
    output: Image,
    window: Window,
    share: Share,
    mut visit: impl FnMut(&PixelWindow),
) {
    for_each_row(
        input,
        output,
        window,
        share,
        #[inline(always)]
        |row, columns| {
            for column in columns {
                if let Some(pixel) = row.window(column) {
                    visit(&pixel);
                }
            }
        },
    );
}

/// As [`for_each_window`], with `visit(first, pixels)` for adjacent pixels at a time that see the same taps;
/// from one to the next the output moves by one pixel, the source by the stride.
#[inline(always)]
pub(crate) fn for_each_run_of_windows(
    input: Image,
    output: Image,
    window: Window,
    share: Share,
    mut visit: impl FnMut(&PixelWindow, usize),
) {
    let WindowAxis { kernel, .. } = window.width;
    let first_tap = window.width.real_outputs(input.width, output.width, 0);
    let last_tap = window.width.real_outputs(input.width, output.width, kernel - 1);
    // Where both are real, all taps are.
    let whole = first_tap.start..last_tap.end.max(first_tap.start);
    for_each_row(
        input,
        output,
        window,
        share,
        #[inline(always)]
        |row, columns| {
            let mut column = columns.start;
            while column < columns.end {
                let pixels = if whole.contains(&column) { whole.end.min(columns.end) - column } else { 1 };
                if let Some(pixel) = row.window(column) {
                    visit(&pixel, pixels);
                }
                column += pixels;
            }
        },
    );
}

/// One row of output pixels.
struct OutputRow {
    input: Image,
    window: Window,
    /// First output pixel, and first input pixel under the first real tap, both counted over the batch.
    output: usize,
    source: usize,
    rows: Range<usize>,
}

/// Calls `visit(row, columns)` for each row of output pixels, as far as it is in the share of its image, that sees more
/// than padding.
#[inline(always)]
fn for_each_row(
    input: Image,
    output: Image,
    window: Window,
    share: Share,
    mut visit: impl FnMut(&OutputRow, Range<usize>),
) {
    let pixels = share.range(output.pixels());
    for image in 0..input.batch {
        for output_row in pixels.start / output.width..pixels.end.div_ceil(output.width) {
            let rows = window.height.real_taps(input.height, output_row);
            if rows.is_empty() {
                continue;
            }
            let row = image * input.height + window.height.input_index(output_row, rows.start);
            let output_pixel = (image * output.height + output_row) * output.width;
            let source = row * input.width;
            let columns = within_row(&pixels, output_row, output.width);
            visit(&OutputRow { input, window, output: output_pixel, source, rows }, columns);
        }
    }
}

impl OutputRow {
    /// The window of one pixel, unless it sees only padding.
    #[inline(always)]
    fn window(&self, output_column: usize) -> Option<PixelWindow> {
        let Self { input, window, .. } = *self;
        let columns = window.width.real_taps(input.width, output_column);
        if columns.is_empty() {
            return None;
        }
        let channels = input.channels;
        let column = window.width.input_index(output_column, columns.start);
        let kernel_row = window.width.kernel * channels;
        Some(PixelWindow {
            output: (self.output + output_column) * channels,
            first_tap: self.rows.start * kernel_row + columns.start * channels,
            first_source: (self.source + column) * channels,
            rows: Taps {
                count: self.rows.len(),
                tap_step: kernel_row,
                source_step: window.height.dilation * input.width * channels,
            },
            columns: Taps {
                count: columns.len(),
                tap_step: channels,
                source_step: window.width.dilation * channels,
            },
        })
    }
}
