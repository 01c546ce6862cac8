//! Depthwise convolution: each channel sees only itself, so lanes run over channels without any packing.
//!
//! Shapes as in [`super`], with `weights` and `weight_gradient` `[kernel_height, kernel_width, channels]`.
//! Taps in the padding are left out.

use super::Conv2d;
use crate::lanes::{for_each_lanes, lanes, lanes_mut};
use crate::simd::{Array, Level, Register, Simd, dispatch, vectorize};
use crate::windows::{PixelWindow, for_each_run_of_windows, for_each_window};

/// Pixels that share one load of the weights: as for products, up to eight sums at once.
const PIXELS: usize = 4;

/// output += convolution of the input; the output already holds the bias.
pub(super) fn forward(options: &Conv2d, input: &[f32], weights: &[f32], output: &mut [f32]) {
    dispatch!(|simd| simd.run(
        #[inline(always)]
        || forward_at(simd, options, input, weights, output)
    ));
}

#[inline(always)]
fn forward_at<S: Simd>(simd: S, options: &Conv2d, input: &[f32], weights: &[f32], output: &mut [f32]) {
    let Conv2d { input: from, output: to, window, .. } = *options;
    let source_step = window.width.stride * from.channels;
    for_each_run_of_windows(
        from,
        to,
        window,
        #[inline(always)]
        |pixel, pixels| {
            let run = Run { pixel, pixels, source_step, channels: from.channels, input, weights };
            let mut first = 0;
            while first < from.channels {
                first += match from.channels - first {
                    32.. if S::LEVEL == Level::Avx512 => run.sum(simd.x32(), first, output),
                    16.. if S::LEVEL >= Level::Avx2 => run.sum(simd.x16(), first, output),
                    8.. => run.sum(simd.x8(), first, output),
                    4.. => run.sum(simd.x4(), first, output),
                    _ => run.sum(Array::<1>::default(), first, output),
                };
            }
        },
    );
}

/// Adjacent output pixels whose windows see the same taps, from `pixel` on.
struct Run<'a> {
    pixel: &'a PixelWindow,
    pixels: usize,
    /// Elements of the input from one pixel to the next.
    source_step: usize,
    channels: usize,
    input: &'a [f32],
    weights: &'a [f32],
}

impl Run<'_> {
    /// Adds the products of all taps, for the channels from `first` on that fill a register; gives their
    /// number back.
    #[inline(always)]
    fn sum<R: Register>(&self, register: R, first: usize, output: &mut [f32]) -> usize {
        let mut done = 0;
        while done + PIXELS <= self.pixels {
            self.sum_tile::<R, PIXELS>(register, done, first, output);
            done += PIXELS;
        }
        while done < self.pixels {
            self.sum_tile::<R, 1>(register, done, first, output);
            done += 1;
        }
        R::LANES
    }

    #[inline(always)]
    fn sum_tile<R: Register, const P: usize>(
        &self,
        register: R,
        done: usize,
        first: usize,
        output: &mut [f32],
    ) {
        let from = done * self.source_step + first;
        let output = &mut output[self.pixel.output + done * self.channels + first..];
        let mut sums = [register.splat(0.0); P];
        for (p, sum) in sums.iter_mut().enumerate() {
            *sum = register.load(&output[p * self.channels..]);
        }
        self.pixel.for_each_tap(
            #[inline(always)]
            |tap, source| {
                let weights = register.load(&self.weights[tap + first..]);
                let x = &self.input[source + from..];
                for (p, sum) in sums.iter_mut().enumerate() {
                    *sum = register.add_product(*sum, register.load(&x[p * self.source_step..]), weights);
                }
            },
        );
        for (p, sum) in sums.into_iter().enumerate() {
            register.store(sum, &mut output[p * self.channels..]);
        }
    }
}

/// `input_gradient` += output gradient · weight, for each tap of each output pixel in order.
pub(super) fn backward_input(
    options: &Conv2d,
    weights: &[f32],
    output_gradient: &[f32],
    input_gradient: &mut [f32],
) {
    let Conv2d { input: from, output: to, window, .. } = *options;
    vectorize!(|simd| for_each_window(
        from,
        to,
        window,
        #[inline(always)]
        |pixel| {
            for_each_lanes!(simd, from.channels, |first, L| {
                let dy = *lanes::<L>(output_gradient, pixel.output + first);
                pixel.for_each_tap(
                    #[inline(always)]
                    |tap, source| {
                        let w = lanes::<L>(weights, tap + first);
                        let dx = lanes_mut::<L>(input_gradient, source + first);
                        let mut sums = *dx;
                        for lane in 0..L {
                            sums[lane] += dy[lane] * w[lane];
                        }
                        *dx = sums;
                    },
                );
            });
        }
    ));
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
