//! destination[pixel, output] = start + Σ over depth of source[pixel, depth] · weights[depth, output].

use std::ops::Range;

use super::pack::panel_lanes;
use super::{Grid, Start, Steps, Taps};
use crate::simd::{Level, Register, Simd, Strided, dispatch};

/// Writes the product of each pixel's depth with the packed weights to that pixel's outputs, for some of the pixels of the
/// grid. Every output is summed in the order of the depth, from its start on.
///
/// # Shapes
/// `source`: pixels at `source_steps`, each with the depth of `taps`; `panels`: `[depth, outputs]` packed;
/// `destination`: pixels at `destination_steps`, each with `outputs` adjacent elements.
pub(crate) fn product(
    (grid, range): (Grid, Range<usize>),
    (source, source_steps): (&[f32], Steps),
    taps: &Taps,
    (panels, outputs): (&[f32], usize),
    start: Start<'_>,
    (destination, destination_steps): (&mut [f32], Steps),
) {
    let grid = grid.flattened(source_steps, destination_steps);
    let pixels = Pixels::new(grid, range, [source_steps, destination_steps]);
    dispatch!(|simd| product_at(simd, pixels, source, taps, (panels, outputs), start, destination));
}

/// One panel after the other. A tile has as many pixels as there are registers for their sums, and for the
/// addresses of as many: eight sums hide the time that an addition takes; only with the 32 registers of
/// AVX-512 is there room for more.
fn product_at<S: Simd>(
    simd: S,
    pixels: Pixels,
    source: &[f32],
    taps: &Taps,
    (panels, outputs): (&[f32], usize),
    start: Start<'_>,
    destination: &mut [f32],
) {
    let mut first = 0;
    while first < outputs {
        let rest = outputs - first;
        let lanes = panel_lanes(S::LEVEL, rest);
        let weights = &panels[first * taps.depth()..];
        let panel = Panel { weights, first, width: rest.min(lanes), start };
        match (S::LEVEL, lanes) {
            (Level::Avx512, 32) => {
                panel.product::<_, _, 8>(simd, simd.x32(), pixels, source, taps, destination);
            }
            (Level::Avx512, 16) => {
                panel.product::<_, _, 8>(simd, simd.x16(), pixels, source, taps, destination);
            }
            (Level::Avx2, 16) => {
                panel.product::<_, _, 4>(simd, simd.x16(), pixels, source, taps, destination);
            }
            (Level::Baseline, 8) => {
                panel.product::<_, _, 4>(simd, simd.x8(), pixels, source, taps, destination);
            }
            (_, 8) => panel.product::<_, _, 8>(simd, simd.x8(), pixels, source, taps, destination),
            _ => panel.product::<_, _, 8>(simd, simd.x4(), pixels, source, taps, destination),
        }
        first += lanes;
    }
}

/// The packed weights of `width` outputs from output `first` on.
#[derive(Clone, Copy)]
struct Panel<'a> {
    weights: &'a [f32],
    first: usize,
    width: usize,
    start: Start<'a>,
}

impl Panel<'_> {
    /// The panel's outputs for all pixels, `P` at a time.
    fn product<S: Simd, R: Register, const P: usize>(
        self,
        simd: S,
        register: R,
        pixels: Pixels,
        source: &[f32],
        taps: &Taps,
        destination: &mut [f32],
    ) {
        simd.run(
            #[inline(always)]
            || {
                if self.width == R::LANES {
                    self.product_in::<R, P, true>(register, pixels, source, taps, destination);
                } else {
                    self.product_in::<R, P, false>(register, pixels, source, taps, destination);
                }
            },
        );
    }

    #[inline(always)]
    fn product_in<R: Register, const P: usize, const FULL: bool>(
        self,
        register: R,
        mut pixels: Pixels,
        source: &[f32],
        taps: &Taps,
        destination: &mut [f32],
    ) {
        pixels.shift_destination(self.first);
        let weights = &self.weights[..taps.depth() * R::LANES];
        let start = match self.start {
            Start::Destination => None,
            Start::Outputs(None) => Some(register.splat(0.0)),
            Start::Outputs(Some(start)) => Some(register.load_first(&start[self.first..], self.width)),
        };
        while pixels.left >= P {
            product_tile::<R, P, FULL>(
                register,
                pixels.next_tile(),
                source,
                taps,
                (weights, self.width),
                start,
                destination,
            );
        }
        while pixels.left > 0 {
            // Where pixels are missing the last one is computed again, to the same values.
            let mut tile = [pixels.next_pixel(); 4];
            for p in 1..4 {
                tile[p] = if pixels.left > 0 { pixels.next_pixel() } else { tile[p - 1] };
            }
            product_tile::<R, _, FULL>(
                register,
                tile,
                source,
                taps,
                (weights, self.width),
                start,
                destination,
            );
        }
    }
}

/// `P` pixels × `R::LANES` outputs, summed in registers. `pixels` are pairs of source and destination.
#[inline(always)]
fn product_tile<R: Register, const P: usize, const FULL: bool>(
    register: R,
    pixels: [(usize, usize); P],
    source: &[f32],
    taps: &Taps,
    (weights, width): (&[f32], usize),
    start: Option<R::Vector>,
    destination: &mut [f32],
) {
    // Arrays are filled in loops: `map` and `from_fn` of `P` elements are not always inlined.
    let mut sums = [register.splat(0.0); P];
    for (sums, (_, to)) in sums.iter_mut().zip(pixels) {
        *sums = match start {
            Some(start) => start,
            None if FULL => register.load(&destination[to..]),
            None => register.load_first(&destination[to..], width),
        };
    }
    let mut rest = weights;
    taps.for_each_run(
        #[inline(always)]
        |offset| {
            let (weights, behind) = rest.split_at(taps.run * R::LANES);
            rest = behind;
            let mut x: [&[f32]; P] = [&[]; P];
            for (x, (from, _)) in x.iter_mut().zip(pixels) {
                *x = &source[from + offset..][..taps.run];
            }
            let weights = Strided::new(weights, R::LANES, R::LANES, taps.run);
            #[expect(clippy::needless_range_loop, reason = "it runs over the runs of all pixels")]
            for k in 0..taps.run {
                let weights = register.load(weights.at(k));
                for p in 0..P {
                    sums[p] = register.add_product(sums[p], register.splat(x[p][k]), weights);
                }
            }
        },
    );
    for (sums, (_, to)) in sums.into_iter().zip(pixels) {
        if FULL {
            register.store(sums, &mut destination[to..]);
        } else {
            register.store_first(sums, &mut destination[to..], width);
        }
    }
}

/// Walks over the pixels of a grid in a source and a destination at once.
#[derive(Clone, Copy)]
struct Pixels {
    grid: Grid,
    steps: [Steps; 2],
    /// Current image's first pixel, current row's first pixel, current pixel: in the source, in the
    /// destination.
    image: [usize; 2],
    row: [usize; 2],
    pixel: [usize; 2],
    rows_left: usize,
    columns_left: usize,
    left: usize,
}

impl Pixels {
    fn new(grid: Grid, range: Range<usize>, steps: [Steps; 2]) -> Self {
        let (row, column) = (range.start / grid.columns, range.start % grid.columns);
        let (image, row) = (row / grid.rows, row % grid.rows);
        let images = steps.map(|steps| steps.first + image * steps.image);
        let rows = [0, 1].map(|side| images[side] + row * steps[side].row);
        Self {
            grid,
            steps,
            image: images,
            row: rows,
            pixel: [0, 1].map(|side| rows[side] + column * steps[side].column),
            rows_left: grid.rows - row,
            columns_left: grid.columns - column,
            left: range.len(),
        }
    }

    fn shift_destination(&mut self, elements: usize) {
        self.image[1] += elements;
        self.row[1] += elements;
        self.pixel[1] += elements;
    }

    /// Bases of the next `P` pixels.
    #[inline(always)]
    fn next_tile<const P: usize>(&mut self) -> [(usize, usize); P] {
        let mut tile = [(0, 0); P];
        if self.columns_left > P {
            let [source, destination] = self.pixel;
            for (p, pixel) in tile.iter_mut().enumerate() {
                *pixel = (source + p * self.steps[0].column, destination + p * self.steps[1].column);
            }
            self.pixel = [source + P * self.steps[0].column, destination + P * self.steps[1].column];
            self.columns_left -= P;
            self.left -= P;
        } else {
            for pixel in &mut tile {
                *pixel = self.next_pixel();
            }
        }
        tile
    }

    /// Base of the next pixel in the source and in the destination.
    #[inline(always)]
    fn next_pixel(&mut self) -> (usize, usize) {
        let pixel = self.pixel;
        self.left -= 1;
        self.columns_left -= 1;
        if self.columns_left > 0 {
            self.pixel = [pixel[0] + self.steps[0].column, pixel[1] + self.steps[1].column];
        } else {
            self.columns_left = self.grid.columns;
            self.rows_left -= 1;
            if self.rows_left > 0 {
                self.row = [self.row[0] + self.steps[0].row, self.row[1] + self.steps[1].row];
            } else {
                self.rows_left = self.grid.rows;
                self.image = [self.image[0] + self.steps[0].image, self.image[1] + self.steps[1].image];
                self.row = self.image;
            }
            self.pixel = self.row;
        }
        (pixel[0], pixel[1])
    }
}
