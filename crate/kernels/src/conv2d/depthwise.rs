//! Depthwise convolution: each channel sees only itself, so lanes run over channels without any packing.
//!
//! Shapes as in [`super`], with `weights` and `weight_gradient` `[kernel_height, kernel_width, channels]`.
//! Taps in the padding are left out.

use super::Conv2d;
use crate::lanes::for_each_register;
use crate::shape::{Window, WindowAxis};
use crate::simd::{Array, Level, Register, Simd, Strided, StridedMut, dispatch, vectorize};
use crate::windows::{PixelWindow, for_each_run_of_windows, for_each_window};

/// Pixels that share one load of the weights: as for products, up to eight sums at once.
const PIXELS: usize = 4;

/// output += convolution of the input; the output already holds the bias.
pub(super) fn forward(options: &Conv2d, input: &[f32], weights: &[f32], output: &mut [f32]) {
    dispatch!(|simd| simd.run(
        #[inline(always)]
        || forward_at(simd, options, input, (weights, Taps::InOrder), output)
    ));
}

/// In which order the weights lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taps {
    InOrder,
    /// The last tap is the first one.
    Reversed,
}

#[inline(always)]
fn forward_at<S: Simd>(
    simd: S,
    options: &Conv2d,
    input: &[f32],
    (weights, taps): (&[f32], Taps),
    output: &mut [f32],
) {
    let Conv2d { input: from, output: to, window, share, .. } = *options;
    let source_step = window.width.stride * from.channels;
    for_each_run_of_windows(
        from,
        to,
        window,
        share,
        #[inline(always)]
        |pixel, pixels| {
            let run = Run { pixel, pixels, source_step, channels: from.channels, input, weights, taps };
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
    taps: Taps,
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
        let mut output = StridedMut::new(output, self.channels, R::LANES, P);
        let mut sums = [register.splat(0.0); P];
        for (p, sum) in sums.iter_mut().enumerate() {
            *sum = register.load(output.at(p));
        }
        self.pixel.for_each_tap(
            #[inline(always)]
            |tap, source| {
                let tap = match self.taps {
                    Taps::InOrder => tap,
                    Taps::Reversed => self.weights.len() - self.channels - tap,
                };
                let weights = register.load(&self.weights[tap + first..]);
                let x = Strided::new(&self.input[source + from..], self.source_step, R::LANES, P);
                for (p, sum) in sums.iter_mut().enumerate() {
                    *sum = register.add_product(*sum, register.load(x.at(p)), weights);
                }
            },
        );
        for (p, sum) in sums.into_iter().enumerate() {
            register.store(sum, output.at(p));
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
    if let Some(transposed) = transposed(options) {
        dispatch!(|simd| simd.run(
            #[inline(always)]
            || forward_at(simd, &transposed, output_gradient, (weights, Taps::Reversed), input_gradient)
        ));
        return;
    }
    let Conv2d { input: from, output: to, window, share, .. } = *options;
    vectorize!(|simd| for_each_window(
        from,
        to,
        window,
        share,
        #[inline(always)]
        |pixel| {
            for_each_register!(simd, from.channels, |first, register| {
                let dy = register.load(&output_gradient[pixel.output + first..]);
                pixel.for_each_tap(
                    #[inline(always)]
                    |tap, source| {
                        let w = register.load(&weights[tap + first..]);
                        let dx = &mut input_gradient[source + first..];
                        register.store(register.add_product(register.load(dx), dy, w), dx);
                    },
                );
            });
        }
    ));
}

/// The convolution with the taps in reverse that gives the input's gradient from the output's, in the same order of
/// summation: there is one for a stride of 1, unless the padding is wider than the kernel reaches.
fn transposed(options: &Conv2d) -> Option<Conv2d> {
    let Conv2d { input, output, window, groups, share } = *options;
    let axis = |axis: WindowAxis| {
        let reach = (axis.kernel - 1) * axis.dilation;
        let (pad_before, pad_after) =
            (reach.checked_sub(axis.pad_before)?, reach.checked_sub(axis.pad_after)?);
        (axis.stride == 1).then_some(WindowAxis { pad_before, pad_after, ..axis })
    };
    let window = Window { height: axis(window.height)?, width: axis(window.width)? };
    Some(Conv2d { input: output, output: input, window, groups, share })
}

/// Taps of a row of the kernel that share one load of the gradient.
const SHARED_TAPS: usize = 3;

/// `weight_gradient` += input · output gradient; the pixels of a row of an image make a partial sum, and the partial sums
/// are added in order. A share is one of the rows and their taps.
pub(super) fn backward_weights(
    options: &Conv2d,
    input: &[f32],
    output_gradient: &[f32],
    weight_gradient: &mut [f32],
) {
    let Conv2d { input: from, output: to, window, .. } = *options;
    let (x_row_len, dy_row_len) = (from.width * from.channels, to.width * to.channels);
    let pieces_per_tap_row = window.width.kernel.div_ceil(SHARED_TAPS);
    let pieces = options.share.range(to.height * window.height.kernel * pieces_per_tap_row);
    vectorize!(|simd| for (index, dy) in output_gradient.chunks_exact(dy_row_len).enumerate() {
        let (image, row) = (index / to.height, index % to.height);
        for tap_row in window.height.real_taps(from.height, row) {
            let x_row = image * from.height + window.height.input_index(row, tap_row);
            let products = RowProducts {
                axis: window.width,
                widths: (from.width, to.width),
                channels: from.channels,
                x: &input[x_row * x_row_len..][..x_row_len],
                dy,
            };
            let kernel_row = window.width.kernel * from.channels;
            let total = &mut weight_gradient[tap_row * kernel_row..][..kernel_row];
            let mut tap = 0;
            let mut piece = (row * window.height.kernel + tap_row) * pieces_per_tap_row;
            while tap < window.width.kernel {
                if pieces.contains(&piece) {
                    for_each_register!(simd, from.channels, |first, register| {
                        match window.width.kernel - tap {
                            SHARED_TAPS.. => products.add::<_, SHARED_TAPS>(register, tap, first, total),
                            2 => products.add::<_, 2>(register, tap, first, total),
                            _ => products.add::<_, 1>(register, tap, first, total),
                        }
                    });
                }
                (tap, piece) = (tap + SHARED_TAPS, piece + 1);
            }
        }
    });
}

/// A row of the output's gradient and the row of the input that a row of taps meets there.
struct RowProducts<'a> {
    axis: WindowAxis,
    /// Pixels of a row of the input and of the output.
    widths: (usize, usize),
    channels: usize,
    x: &'a [f32],
    dy: &'a [f32],
}

impl RowProducts<'_> {
    /// Adds the products' sums over the row to the totals of `K` taps from `tap` on, for the channels from `first` on.
    #[inline(always)]
    fn add<R: Register, const K: usize>(&self, register: R, tap: usize, first: usize, total: &mut [f32]) {
        let mut columns = [(0, 0); K];
        for (k, columns) in columns.iter_mut().enumerate() {
            let real = self.axis.real_outputs(self.widths.0, self.widths.1, tap + k);
            *columns = (real.start, real.end);
        }
        let (mut start, mut end) = (0, self.widths.1);
        for (first, behind) in columns {
            (start, end) = (start.max(first), end.min(behind));
        }
        let mut sums = [register.splat(0.0); K];
        if start >= end {
            // No pixel meets all taps.
            for k in 0..K {
                self.sum_alone(register, tap + k, columns[k], first, &mut sums[k]);
            }
        } else {
            for k in 0..K {
                self.sum_alone(register, tap + k, (columns[k].0, start), first, &mut sums[k]);
            }
            let source = self.axis.input_index(start, tap) * self.channels + first;
            let (step, tap_step) = (self.axis.stride * self.channels, self.axis.dilation * self.channels);
            let pixels = end - start;
            let dy = Strided::new(&self.dy[start * self.channels + first..], self.channels, R::LANES, pixels);
            let mut x = [dy; K];
            for (k, x) in x.iter_mut().enumerate() {
                *x = Strided::new(&self.x[source + k * tap_step..], step, R::LANES, pixels);
            }
            for pixel in 0..pixels {
                let dy = register.load(dy.at(pixel));
                for (x, sum) in x.iter().zip(&mut sums) {
                    *sum = register.add_product(*sum, register.load(x.at(pixel)), dy);
                }
            }
            for k in 0..K {
                self.sum_alone(register, tap + k, (end, columns[k].1), first, &mut sums[k]);
            }
        }
        for (k, sum) in sums.into_iter().enumerate() {
            let total = &mut total[(tap + k) * self.channels + first..];
            register.store(register.add(register.load(total), sum), total);
        }
    }

    /// Adds the products of one tap with the pixels of these columns.
    #[inline(always)]
    fn sum_alone<R: Register>(
        &self,
        register: R,
        tap: usize,
        (start, end): (usize, usize),
        first: usize,
        sum: &mut R::Vector,
    ) {
        for column in start..end {
            let x = register.load(&self.x[self.axis.input_index(column, tap) * self.channels + first..]);
            let dy = register.load(&self.dy[column * self.channels + first..]);
            *sum = register.add_product(*sum, x, dy);
        }
    }
}
