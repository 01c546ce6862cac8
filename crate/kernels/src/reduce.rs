//! Sums that come out the same everywhere.

use crate::check_len;
use crate::lanes::{for_each_lanes, lanes, lanes_mut};
use crate::simd::vectorize;

/// Partial sums of a scalar reduction: four 128-bit, two 256-bit or one 512-bit register.
const PARTIAL_SUMS: usize = 16;

/// Sum of the values in sixteen partial sums (value i goes to partial i mod 16), combined in one fixed
/// tree by halves: i with i + 8, then i + 4, i + 2, i + 1.
///
/// # Shapes
/// `values`: `[n]`, any n; the sum of nothing is 0.
#[must_use]
pub fn sum(values: &[f32]) -> f32 {
    let mut partial = [0.0_f32; PARTIAL_SUMS];
    let chunks = values.chunks_exact(PARTIAL_SUMS);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (sum, value) in partial.iter_mut().zip(chunk) {
            *sum += value;
        }
    }
    for (sum, value) in partial.iter_mut().zip(rest) {
        *sum += value;
    }
    combine(partial)
}

/// Sum of the products of two slices, each product rounded, in the order of [`sum`].
///
/// # Shapes
/// `left`, `right`: `[n]`, any n.
///
/// # Panics
/// When the lengths differ.
#[must_use]
pub fn dot(left: &[f32], right: &[f32]) -> f32 {
    let mut sums = PartialDot::default();
    sums.add(left, right);
    sums.value()
}

/// A [`dot`] of slices that come in pieces: all but the last must be multiples of sixteen values long.
#[derive(Debug, Clone, Default)]
pub struct PartialDot([f32; PARTIAL_SUMS]);

impl PartialDot {
    /// Adds the products of a piece.
    ///
    /// # Panics
    /// When the lengths differ.
    #[inline]
    pub fn add(&mut self, left: &[f32], right: &[f32]) {
        check_len("right", right.len(), left.len());
        let mut partial = self.0;
        let (left, left_rest) = left.as_chunks::<PARTIAL_SUMS>();
        let (right, right_rest) = right.as_chunks::<PARTIAL_SUMS>();
        for (left, right) in left.iter().zip(right) {
            for lane in 0..PARTIAL_SUMS {
                partial[lane] += left[lane] * right[lane];
            }
        }
        for (sum, (left, right)) in partial.iter_mut().zip(left_rest.iter().zip(right_rest)) {
            *sum += left * right;
        }
        self.0 = partial;
    }

    /// The sum of all.
    #[must_use]
    pub fn value(&self) -> f32 {
        combine(self.0)
    }
}

/// The tree by halves.
fn combine(mut partial: [f32; PARTIAL_SUMS]) -> f32 {
    let mut half = PARTIAL_SUMS / 2;
    while half > 0 {
        for i in 0..half {
            partial[i] += partial[i + half];
        }
        half /= 2;
    }
    partial[0]
}

/// Rows summed into one partial sum before it joins the total of its column. Keeps the rounding error of a
/// sum over 10⁵ rows near that of one over 10³.
pub(crate) const ROWS_PER_PARTIAL_SUM: usize = 64;

/// total += Σ over the rows; partial sums of [`ROWS_PER_PARTIAL_SUM`] rows are added in order.
///
/// # Shapes
/// `rows`: `[n, columns]`; `total`: `[columns]`.
pub(crate) fn add_column_sums(rows: &[f32], columns: usize, total: &mut [f32]) {
    check_len("the column sums", total.len(), columns);
    vectorize!(|simd| for block in rows.chunks(ROWS_PER_PARTIAL_SUM * columns) {
        for_each_lanes!(simd, columns, |first, L| {
            let mut partial = [0.0_f32; L];
            for row in block.chunks_exact(columns) {
                let x = lanes::<L>(row, first);
                for lane in 0..L {
                    partial[lane] += x[lane];
                }
            }
            let total = lanes_mut::<L>(total, first);
            for lane in 0..L {
                total[lane] += partial[lane];
            }
        });
    });
}

/// Writes the same row, or zeros, to every row: what a layer's outputs are before anything is added.
///
/// # Shapes
/// `rows`: `[n, columns]`; `row`: `[columns]`.
pub(crate) fn fill_rows(rows: &mut [f32], columns: usize, row: Option<&[f32]>) {
    if let Some(row) = row {
        check_len("bias", row.len(), columns);
        // None, if there are no rows.
        let mut filled = columns.min(rows.len());
        rows[..filled].copy_from_slice(&row[..filled]);
        // Few long copies rather than many short ones.
        while filled < rows.len() {
            let more = filled.min(rows.len() - filled);
            rows.copy_within(..more, filled);
            filled += more;
        }
    } else {
        rows.fill(0.0);
    }
}
