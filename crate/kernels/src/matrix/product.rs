//! destination[pixel, output] += Σ over depth of source[pixel, depth] · weights[depth, output].

use super::pack::{packed_len, panel_lanes};
use super::{Grid, Steps, Taps};
use crate::lanes::LANES;

/// Pixels that share one load of 8 weights. 4 × 8 sums fill eight 128-bit registers and leave eight for
/// operands, which is what x86-64 has; for a panel of 4 weights it takes twice the pixels to keep as many
/// sums in flight.
const PIXELS: usize = 4;

/// Adds the product of each pixel's depth with the packed weights to that pixel's outputs. Every output is
/// summed in the order of the depth, starting from the value it had.
///
/// # Shapes
/// `source`: pixels at `source_steps`, each with the depth of `taps`; `panels`: `[depth, outputs]` packed;
/// `destination`: pixels at `destination_steps`, each with `outputs` adjacent elements.
pub(crate) fn accumulate_product(
    grid: Grid,
    (source, source_steps): (&[f32], Steps),
    taps: &Taps,
    (panels, outputs): (&[f32], usize),
    (destination, destination_steps): (&mut [f32], Steps),
) {
    let depth = taps.depth();
    for first in (0..outputs).step_by(LANES) {
        let mut pixels = Pixels::new(grid, source_steps, destination_steps);
        pixels.shift_destination(first);
        let width = (outputs - first).min(LANES);
        let panel = &panels[first * depth..packed_len(depth, (first + LANES).min(outputs))];
        match panel_lanes(outputs, first) {
            LANES => product_panel::<PIXELS, LANES>(pixels, source, taps, panel, destination, width),
            _ => product_panel::<{ 2 * PIXELS }, { LANES / 2 }>(
                pixels,
                source,
                taps,
                panel,
                destination,
                width,
            ),
        }
    }
}

/// One panel of `L` outputs for all pixels, `P` at a time.
fn product_panel<const P: usize, const L: usize>(
    mut pixels: Pixels,
    source: &[f32],
    taps: &Taps,
    panel: &[f32],
    destination: &mut [f32],
    width: usize,
) {
    let (panel, _) = panel.as_chunks::<L>();
    while pixels.left >= P {
        let tile: [(usize, usize); P] = std::array::from_fn(|_| pixels.next_pixel());
        product_tile(tile, source, taps, panel, destination, width);
    }
    while pixels.left > 0 {
        product_tile([pixels.next_pixel()], source, taps, panel, destination, width);
    }
}

/// `P` pixels × `L` outputs, summed in registers. `pixels` are pairs of source and destination.
#[inline(always)]
fn product_tile<const P: usize, const L: usize>(
    pixels: [(usize, usize); P],
    source: &[f32],
    taps: &Taps,
    panel: &[[f32; L]],
    destination: &mut [f32],
    width: usize,
) {
    let mut sums = [[0.0_f32; L]; P];
    for (sums, (_, to)) in sums.iter_mut().zip(pixels) {
        if width == L {
            sums.copy_from_slice(&destination[to..][..L]);
        } else {
            sums[..width].copy_from_slice(&destination[to..][..width]);
        }
    }
    let mut panel = panel;
    for offset in taps.run_offsets() {
        let (weights, rest) = panel.split_at(taps.run);
        panel = rest;
        let x: [&[f32]; P] = std::array::from_fn(|p| &source[pixels[p].0 + offset..][..taps.run]);
        for k in 0..taps.run {
            let weights = &weights[k];
            for p in 0..P {
                let x = x[p][k];
                for lane in 0..L {
                    sums[p][lane] += x * weights[lane];
                }
            }
        }
    }
    for (sums, (_, to)) in sums.iter().zip(pixels) {
        if width == L {
            destination[to..][..L].copy_from_slice(sums);
        } else {
            destination[to..][..width].copy_from_slice(&sums[..width]);
        }
    }
}

/// Walks over the pixels of a grid in a source and a destination at once.
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
    fn new(grid: Grid, source: Steps, destination: Steps) -> Self {
        let first = [source.first, destination.first];
        Self {
            grid,
            steps: [source, destination],
            image: first,
            row: first,
            pixel: first,
            rows_left: grid.rows,
            columns_left: grid.columns,
            left: grid.images * grid.rows * grid.columns,
        }
    }

    fn shift_destination(&mut self, elements: usize) {
        self.image[1] += elements;
        self.row[1] += elements;
        self.pixel[1] += elements;
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
