//! destination[depth, output] += Σ over pixels of source[pixel, depth] · gradient[pixel, output].

use super::{Grid, Steps, Taps};
use crate::lanes::{for_each_lanes, lanes, lanes_mut};

/// Depth elements that share one load of the gradient; as for [`super::product`], 4 × 8 sums.
const DEPTHS: usize = 4;

/// Rows of pixels make one partial sum until it has at least this many pixels. Partial sums keep the rounding
/// error of 10⁵ pixels near that of 10³, and the operands of one fit the fastest cache.
const PIXELS_PER_PARTIAL_SUM: usize = 64;

/// Adds the outer products of each pixel's depth with its output gradient. Every element is summed over the
/// pixels of a block in order; the blocks' sums are added in order.
///
/// # Shapes
/// `source`: pixels at `source_steps`, each with the depth of `taps`; `gradient`: pixels at `gradient_steps`,
/// each with `outputs` adjacent elements; `destination`: `depth` rows of `outputs` elements, `row_len` apart.
pub(crate) fn accumulate_outer_product(
    grid: Grid,
    (source, source_steps): (&[f32], Steps),
    taps: &Taps,
    (gradient, gradient_steps): (&[f32], Steps),
    outputs: usize,
    (destination, row_len): (&mut [f32], usize),
) {
    let total_rows = grid.images * grid.rows;
    let rows_per_block = PIXELS_PER_PARTIAL_SUM.div_ceil(grid.columns);
    for first_row in (0..total_rows).step_by(rows_per_block) {
        let rows = first_row..total_rows.min(first_row + rows_per_block);
        for (run_index, offset) in taps.run_offsets().enumerate() {
            let mut within = 0;
            while within < taps.run {
                let block = Block {
                    grid,
                    rows: (rows.start, rows.end),
                    source,
                    source_steps,
                    offset: offset + within,
                    gradient,
                    gradient_steps,
                };
                let target = &mut destination[(run_index * taps.run + within) * row_len..];
                let depths = (taps.run - within).min(DEPTHS);
                match depths {
                    4 => block.accumulate_depths::<4>(outputs, target, row_len),
                    3 => block.accumulate_depths::<3>(outputs, target, row_len),
                    2 => block.accumulate_depths::<2>(outputs, target, row_len),
                    _ => block.accumulate_depths::<1>(outputs, target, row_len),
                }
                within += depths;
            }
        }
    }
}

/// The pixels of one partial sum, and the depth at which to read them.
struct Block<'a> {
    grid: Grid,
    /// First row and the row behind the last one, counted over all images.
    rows: (usize, usize),
    source: &'a [f32],
    source_steps: Steps,
    offset: usize,
    gradient: &'a [f32],
    gradient_steps: Steps,
}

impl Block<'_> {
    /// Adds `D` rows of the destination.
    fn accumulate_depths<const D: usize>(&self, outputs: usize, destination: &mut [f32], row_len: usize) {
        for_each_lanes!(outputs, |first, L| {
            let sums = self.sum_tile::<D, L>(first);
            for (depth, sums) in sums.iter().enumerate() {
                let total = lanes_mut::<L>(destination, depth * row_len + first);
                for lane in 0..L {
                    total[lane] += sums[lane];
                }
            }
        });
    }

    /// Σ over the block's pixels of `D` depths × `L` outputs from output `first` on.
    #[inline(always)]
    fn sum_tile<const D: usize, const L: usize>(&self, first: usize) -> [[f32; L]; D] {
        let Self { grid, source_steps, gradient_steps, .. } = *self;
        let mut sums = [[0.0_f32; L]; D];
        for row in self.rows.0..self.rows.1 {
            let (image, row) = (row / grid.rows, row % grid.rows);
            let x_first =
                source_steps.first + image * source_steps.image + row * source_steps.row + self.offset;
            let g_first =
                gradient_steps.first + image * gradient_steps.image + row * gradient_steps.row + first;
            let x_row = &self.source[x_first..][..(grid.columns - 1) * source_steps.column + D];
            let g_row = &self.gradient[g_first..][..(grid.columns - 1) * gradient_steps.column + L];
            for column in 0..grid.columns {
                let x = lanes::<D>(x_row, column * source_steps.column);
                let g = lanes::<L>(g_row, column * gradient_steps.column);
                for d in 0..D {
                    for lane in 0..L {
                        sums[d][lane] += x[d] * g[lane];
                    }
                }
            }
        }
        sums
    }
}
