//! Products of small matrices that lie in order: destination += left · right.

use crate::lanes::{for_each_lanes, lanes, lanes_mut};

/// Rows that share one load of 8 elements of `right`: 4 × 8 sums fill eight 128-bit registers.
const ROWS: usize = 4;

/// The left factor.
#[derive(Debug, Clone, Copy)]
pub(super) enum Left<'a> {
    /// `[rows, depth]`.
    Rows(&'a [f32]),
    /// Transposed: `[depth, rows]`.
    Columns(&'a [f32]),
}

/// Adds the product. Every element is summed in the order of the depth, starting from the value it had.
///
/// # Shapes
/// `left`: `[rows, depth]`, or its transpose; `right`: `[depth, columns]`; `destination`: `[rows, columns]`.
pub(super) fn accumulate_product(
    left: Left<'_>,
    right: &[f32],
    (depth, columns): (usize, usize),
    destination: &mut [f32],
) {
    let rows = destination.len() / columns;
    for_each_lanes!(columns, |first, L| {
        let mut row = 0;
        while row + ROWS <= rows {
            tile::<ROWS, L>(left, (row, rows), right, (depth, columns), first, destination);
            row += ROWS;
        }
        while row < rows {
            tile::<1, L>(left, (row, rows), right, (depth, columns), first, destination);
            row += 1;
        }
    });
}

/// `R` rows × `L` columns.
#[inline(always)]
fn tile<const R: usize, const L: usize>(
    left: Left<'_>,
    (row, rows): (usize, usize),
    right: &[f32],
    (depth, columns): (usize, usize),
    first: usize,
    destination: &mut [f32],
) {
    let mut sums: [[f32; L]; R] =
        std::array::from_fn(|r| *lanes::<L>(destination, (row + r) * columns + first));
    match left {
        Left::Rows(left) => {
            let left: [&[f32]; R] = std::array::from_fn(|r| &left[(row + r) * depth..][..depth]);
            for (k, right) in right.chunks_exact(columns).enumerate() {
                add_products(&mut sums, std::array::from_fn(|r| left[r][k]), lanes::<L>(right, first));
            }
        }
        Left::Columns(left) => {
            for (left, right) in left.chunks_exact(rows).zip(right.chunks_exact(columns)) {
                add_products(&mut sums, *lanes::<R>(left, row), lanes::<L>(right, first));
            }
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        *lanes_mut::<L>(destination, (row + r) * columns + first) = *sums;
    }
}

#[inline(always)]
fn add_products<const R: usize, const L: usize>(sums: &mut [[f32; L]; R], left: [f32; R], right: &[f32; L]) {
    for r in 0..R {
        for lane in 0..L {
            sums[r][lane] += left[r] * right[lane];
        }
    }
}
