//! Products of small matrices that lie in order: destination += left · right.

use crate::lanes::{for_each_lanes, lanes, lanes_mut};
use crate::simd::vectorize;

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
    vectorize!(|simd| for_each_lanes!(simd, columns, |first, L| {
        let mut row = 0;
        while row + ROWS <= rows {
            tile::<ROWS, L>(left, (row, rows), right, (depth, columns), first, destination);
            row += ROWS;
        }
        while row < rows {
            tile::<1, L>(left, (row, rows), right, (depth, columns), first, destination);
            row += 1;
        }
    }));
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
    // Arrays are filled in loops: `from_fn` is not always inlined.
    let mut sums = [[0.0; L]; R];
    for (r, sums) in sums.iter_mut().enumerate() {
        *sums = *lanes::<L>(destination, (row + r) * columns + first);
    }
    match left {
        Left::Rows(left) => {
            let mut of_row: [&[f32]; R] = [&[]; R];
            for (r, of_row) in of_row.iter_mut().enumerate() {
                *of_row = &left[(row + r) * depth..][..depth];
            }
            for (k, right) in right.chunks_exact(columns).enumerate() {
                let mut left = [0.0; R];
                for (left, of_row) in left.iter_mut().zip(of_row) {
                    *left = of_row[k];
                }
                add_products(&mut sums, left, lanes::<L>(right, first));
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
