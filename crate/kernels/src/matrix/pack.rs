//! The right side of a product, rearranged so that the micro-kernel reads it from front to back.
//!
//! Shapes: a matrix `[depth, outputs]` becomes panels of 8 outputs, `[outputs / 8][depth][8]`, and for the
//! rest one panel of 8 or, for at most 4 outputs, of 4. Missing outputs of the last panel are 0.

use crate::lanes::LANES;

/// How much larger than its matrix a packed one may be: a single output fills a panel of 4.
pub(crate) const LARGEST_PANEL_GROWTH: usize = LANES / 2;

/// Lanes of the panel that starts at output `first`.
pub(super) fn panel_lanes(outputs: usize, first: usize) -> usize {
    if outputs - first > LANES / 2 { LANES } else { LANES / 2 }
}

/// Elements of the panels for `outputs` outputs.
pub(crate) fn packed_len(depth: usize, outputs: usize) -> usize {
    let rest = outputs % LANES;
    let full = outputs - rest;
    depth * (full + if rest == 0 { 0 } else { panel_lanes(outputs, full) })
}

/// Writes row `index` of the `[depth, outputs]` matrix into the panels; `value` gives its elements.
pub(crate) fn pack_depth_row(
    panels: &mut [f32],
    depth: usize,
    outputs: usize,
    index: usize,
    value: impl Fn(usize) -> f32,
) {
    for first in (0..outputs).step_by(LANES) {
        let lanes = panel_lanes(outputs, first);
        let row = &mut panels[first * depth + index * lanes..][..lanes];
        for (lane, element) in row.iter_mut().enumerate() {
            *element = if first + lane < outputs { value(first + lane) } else { 0.0 };
        }
    }
}
