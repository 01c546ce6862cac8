//! The right side of a product, rearranged so that the micro-kernel reads it from front to back.
//!
//! Shapes: a matrix `[depth, outputs]` becomes panels `[depth][lanes]` one after the other, each for as many
//! outputs as [`panel_lanes`] says. Missing outputs of the last panel are 0. How wide the panels are depends
//! on the level of the host; the element at which an output's panel starts does not.

use crate::simd::Level;

/// How much larger than its matrix a packed one may be: a single output fills a panel of 4.
pub(crate) const LARGEST_PANEL_GROWTH: usize = 4;

/// Whole panels make up so many outputs, at any level: the widest panel. A packed matrix is that of each such slab of
/// outputs, one behind the other.
pub(crate) const SLAB_OUTPUTS: usize = 32;

/// Lanes of the panel for the first of `rest` outputs: two registers if the outputs fill them, else the
/// fewest that are not half empty.
#[inline(always)]
pub(super) fn panel_lanes(level: Level, rest: usize) -> usize {
    match level {
        Level::Avx512 if rest >= 32 => 32,
        Level::Avx512 if rest > 8 => 16,
        Level::Avx2 if rest >= 16 => 16,
        _ if rest > 4 => 8,
        _ => 4,
    }
}

/// Elements of the panels for `outputs` outputs, at any level.
pub(crate) fn packed_len(depth: usize, outputs: usize) -> usize {
    let last = match outputs % 16 {
        0 => 0,
        1..=4 => 4,
        5..=8 => 8,
        _ => 16,
    };
    depth * (outputs / 16 * 16 + last)
}

/// Writes row `index` of the `[depth, outputs]` matrix into the panels; `value` gives its elements.
pub(crate) fn pack_depth_row(
    panels: &mut [f32],
    depth: usize,
    outputs: usize,
    index: usize,
    value: impl Fn(usize) -> f32,
) {
    let level = Level::current();
    let mut first = 0;
    while first < outputs {
        let lanes = panel_lanes(level, outputs - first);
        let row = &mut panels[first * depth + index * lanes..][..lanes];
        let (real, missing) = row.split_at_mut(lanes.min(outputs - first));
        for (lane, element) in real.iter_mut().enumerate() {
            *element = value(first + lane);
        }
        missing.fill(0.0);
        first += lanes;
    }
}
