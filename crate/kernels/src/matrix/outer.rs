//! destination[depth, output] += Σ over pixels of source[pixel, depth] · gradient[pixel, output].

use std::ops::Range;

use super::pack::{SLAB_OUTPUTS, panel_lanes};
use super::{Grid, Steps, Taps};
use crate::share::{Share, within_row};
use crate::simd::{Array, Level, Register, Simd, Strided, dispatch};

/// Rows of pixels make one partial sum until it has at least this many pixels. Partial sums keep the rounding
/// error of 10⁵ pixels near that of 10³, and the operands of one fit the fastest cache.
const PIXELS_PER_PARTIAL_SUM: usize = 64;

/// Adds the outer products of each pixel's depth with its output gradient, for a share of the blocks of pixels and their
/// outputs. Every element is summed over the pixels of a block in order; the blocks' sums are added in order.
///
/// # Shapes
/// `source`: pixels at `source_steps`, each with the depth of `taps`; `gradient`: pixels at `gradient_steps`,
/// each with `outputs` adjacent elements; `destination`: `depth` rows of `outputs` elements, `row_len` apart.
pub(crate) fn accumulate_outer_product(
    (grid, share): (Grid, Share),
    (source, source_steps): (&[f32], Steps),
    taps: &Taps,
    (gradient, gradient_steps): (&[f32], Steps),
    outputs: usize,
    (destination, row_len): (&mut [f32], usize),
) {
    let total_rows = grid.images * grid.rows;
    let rows_per_block = PIXELS_PER_PARTIAL_SUM.div_ceil(grid.columns);
    let is_flat = source_steps.are_equal(grid) && gradient_steps.are_equal(grid);
    // A piece is a block with one slab of the outputs.
    let slabs = outputs.div_ceil(SLAB_OUTPUTS);
    let pieces = share.range(total_rows.div_ceil(rows_per_block) * slabs);
    for index in pieces.start / slabs..pieces.end.div_ceil(slabs) {
        let first_row = index * rows_per_block;
        let rows = rows_per_block.min(total_rows - first_row);
        let (rows, columns) = if is_flat { (1, rows * grid.columns) } else { (rows, grid.columns) };
        let block = Block { grid, first_row, rows, columns, source, source_steps, gradient, gradient_steps };
        let slabs = within_row(&pieces, index, slabs);
        let outputs = slabs.start * SLAB_OUTPUTS..outputs.min(slabs.end * SLAB_OUTPUTS);
        dispatch!(|simd| block.accumulate(simd, taps, outputs.clone(), destination, row_len));
    }
}

/// The pixels of one partial sum.
#[derive(Clone, Copy)]
struct Block<'a> {
    grid: Grid,
    /// First row, counted over all images.
    first_row: usize,
    /// Rows and their columns; where pixels lie at equal distances, all are one row.
    rows: usize,
    columns: usize,
    source: &'a [f32],
    source_steps: Steps,
    gradient: &'a [f32],
    gradient_steps: Steps,
}

/// The outputs of one tile.
#[derive(Clone, Copy)]
struct Outputs<R> {
    register: R,
    first: usize,
    width: usize,
}

impl Block<'_> {
    /// Adds the block's sums to the destination, one register of outputs after the other. The number of
    /// depths in a tile is that of pixels in a tile of [`super::product`], for the same reason.
    fn accumulate<S: Simd>(
        self,
        simd: S,
        taps: &Taps,
        outputs: Range<usize>,
        destination: &mut [f32],
        row_len: usize,
    ) {
        let mut first = outputs.start;
        while first < outputs.end {
            let rest = outputs.end - first;
            let lanes = match S::LEVEL {
                // Without masks, parts of a register cost more than single lanes.
                Level::Baseline if rest >= 8 => 8,
                Level::Baseline if rest >= 4 => 4,
                Level::Baseline => 1,
                _ => panel_lanes(S::LEVEL, rest),
            };
            let width = lanes.min(rest);
            macro_rules! accumulate {
                ($register:expr, $depths:literal) => {
                    simd.run(
                        #[inline(always)]
                        || {
                            let outputs = Outputs { register: $register, first, width };
                            if S::LEVEL == Level::Baseline || width == lanes {
                                self.accumulate_outputs::<_, $depths, true>(
                                    outputs,
                                    taps,
                                    destination,
                                    row_len,
                                );
                            } else {
                                self.accumulate_outputs::<_, $depths, false>(
                                    outputs,
                                    taps,
                                    destination,
                                    row_len,
                                );
                            }
                        },
                    )
                };
            }
            match (S::LEVEL, lanes) {
                (Level::Avx512, 32) => accumulate!(simd.x32(), 8),
                (Level::Avx512, 16) => accumulate!(simd.x16(), 8),
                (Level::Avx2, 16) => accumulate!(simd.x16(), 6),
                (Level::Baseline, 8) => accumulate!(simd.x8(), 4),
                (_, 8) => accumulate!(simd.x8(), 8),
                (_, 4) => accumulate!(simd.x4(), 8),
                _ => accumulate!(Array::<1>::default(), 8),
            }
            first += lanes;
        }
    }

    /// The block's sums for `R::LANES` outputs and all depths, `D` at a time.
    #[inline(always)]
    fn accumulate_outputs<R: Register, const D: usize, const FULL: bool>(
        self,
        outputs: Outputs<R>,
        taps: &Taps,
        destination: &mut [f32],
        row_len: usize,
    ) {
        let mut row = 0;
        taps.for_each_run(
            #[inline(always)]
            |offset| {
                let mut within = 0;
                while within < taps.run {
                    let target = &mut destination[(row + within) * row_len + outputs.first..];
                    let at = offset + within;
                    let depths = taps.run - within;
                    within += match depths {
                        _ if depths >= D => self.accumulate_tile::<R, D, FULL>(outputs, at, target, row_len),
                        4.. => self.accumulate_tile::<R, 4, FULL>(outputs, at, target, row_len),
                        3 => self.accumulate_tile::<R, 3, FULL>(outputs, at, target, row_len),
                        2 => self.accumulate_tile::<R, 2, FULL>(outputs, at, target, row_len),
                        _ => self.accumulate_tile::<R, 1, FULL>(outputs, at, target, row_len),
                    };
                }
                row += taps.run;
            },
        );
    }

    /// The block's sums for `D` depths from `offset` on, which it gives back, × `R::LANES` outputs.
    #[inline(always)]
    fn accumulate_tile<R: Register, const D: usize, const FULL: bool>(
        self,
        Outputs { register, first, width }: Outputs<R>,
        offset: usize,
        destination: &mut [f32],
        row_len: usize,
    ) -> usize {
        let Self { grid, columns, source_steps, gradient_steps, .. } = self;
        let mut sums = [register.splat(0.0); D];
        let (mut image, mut row) = (self.first_row / grid.rows, self.first_row % grid.rows);
        for _ in 0..self.rows {
            let x_first = source_steps.first + image * source_steps.image + row * source_steps.row + offset;
            let g_first =
                gradient_steps.first + image * gradient_steps.image + row * gradient_steps.row + first;
            let x_row = Strided::new(&self.source[x_first..], source_steps.column, D, columns);
            let g_width = if FULL { R::LANES } else { width };
            let g_row = Strided::new(&self.gradient[g_first..], gradient_steps.column, g_width, columns);
            for column in 0..columns {
                let (x, g) = (x_row.at(column), g_row.at(column));
                let g = if FULL { register.load(g) } else { register.load_first(g, width) };
                for d in 0..D {
                    sums[d] = register.add_product(sums[d], register.splat(x[d]), g);
                }
            }
            row += 1;
            if row == grid.rows {
                (image, row) = (image + 1, 0);
            }
        }
        for (depth, sums) in sums.into_iter().enumerate() {
            let total = &mut destination[depth * row_len..];
            if FULL {
                register.store(register.add(register.load(total), sums), total);
            } else {
                let sums = register.add(register.load_first(total, width), sums);
                register.store_first(sums, total, width);
            }
        }
        D
    }
}
