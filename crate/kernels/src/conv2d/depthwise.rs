//! Depthwise convolution: each channel sees only itself, so lanes run over channels without any packing.
//!
//! Shapes as in [`super`], with `weights` and `weight_gradient` `[kernel_height, kernel_width, channels]`.
//! Taps in the padding are left out.

use super::Conv2d;
use crate::lanes::{for_each_lanes, lanes, lanes_mut};
use crate::simd::vectorize;
use crate::windows::for_each_window;

/// output += convolution of the input; the output already holds the bias.
pub(super) fn forward(options: &Conv2d, input: &[f32], weights: &[f32], output: &mut [f32]) {
    let Conv2d { input: from, output: to, window, .. } = *options;
    vectorize!(|simd| for_each_window(from, to, window, |pixel| {
        for_each_lanes!(simd, from.channels, |first, L| {
            let y = lanes_mut::<L>(output, pixel.output + first);
            let mut sums = *y;
            pixel.for_each_tap(|tap, source| {
                let (w, x) = (lanes::<L>(weights, tap + first), lanes::<L>(input, source + first));
                for lane in 0..L {
                    sums[lane] += x[lane] * w[lane];
                }
            });
            *y = sums;
        });
    }));
}

/// `input_gradient` += output gradient · weight, for each tap of each output pixel in order.
pub(super) fn backward_input(
    options: &Conv2d,
    weights: &[f32],
    output_gradient: &[f32],
    input_gradient: &mut [f32],
) {
    let Conv2d { input: from, output: to, window, .. } = *options;
    vectorize!(|simd| for_each_window(from, to, window, |pixel| {
        for_each_lanes!(simd, from.channels, |first, L| {
            let dy = *lanes::<L>(output_gradient, pixel.output + first);
            pixel.for_each_tap(|tap, source| {
                let w = lanes::<L>(weights, tap + first);
                let dx = lanes_mut::<L>(input_gradient, source + first);
                let mut sums = *dx;
                for lane in 0..L {
                    sums[lane] += dy[lane] * w[lane];
                }
                *dx = sums;
            });
        });
    }));
}

/// `weight_gradient` += input · output gradient, summed over the pixels of an image and then over the images.
pub(super) fn backward_weights(
    options: &Conv2d,
    input: &[f32],
    output_gradient: &[f32],
    weight_gradient: &mut [f32],
) {
    let Conv2d { input: from, output: to, window, .. } = *options;
    let channels = from.channels;
    let images = input.chunks_exact(from.pixels() * channels);
    vectorize!(|simd| for (x_image, dy_image) in
        images.zip(output_gradient.chunks_exact(to.pixels() * channels))
    {
        for tap_row in 0..window.height.kernel {
            let rows = window.height.real_outputs(from.height, to.height, tap_row);
            for tap_column in 0..window.width.kernel {
                let columns = window.width.real_outputs(from.width, to.width, tap_column);
                let tap = (tap_row * window.width.kernel + tap_column) * channels;
                if columns.is_empty() {
                    continue;
                }
                let first_column = window.width.input_index(columns.start, tap_column);
                for_each_lanes!(simd, channels, |first, L| {
                    let mut sums = [0.0_f32; L];
                    for row in rows.clone() {
                        let x_row = window.height.input_index(row, tap_row) * from.width + first_column;
                        let dy_row = row * to.width + columns.start;
                        let xs = x_image[x_row * channels..].chunks(window.width.stride * channels);
                        let dys = dy_image[dy_row * channels..].chunks_exact(channels);
                        for (x, dy) in xs.zip(dys).take(columns.len()) {
                            let (x, dy) = (lanes::<L>(x, first), lanes::<L>(dy, first));
                            for lane in 0..L {
                                sums[lane] += x[lane] * dy[lane];
                            }
                        }
                    }
                    let total = lanes_mut::<L>(weight_gradient, tap + first);
                    for lane in 0..L {
                        total[lane] += sums[lane];
                    }
                });
            }
        }
    });
}
