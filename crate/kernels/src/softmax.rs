//! Softmax of one row.

use crate::reduce;

/// The row becomes the softmax of scale · row: its maximum is subtracted, and [`reduce::sum`] sums the exponentials. A
/// NaN makes all of it NaN.
pub(crate) fn softmax(row: &mut [f32], scale: f32) {
    let mut largest = f32::NEG_INFINITY;
    for score in row.iter_mut() {
        *score *= scale;
        largest = if *score > largest { *score } else { largest };
    }
    for score in row.iter_mut() {
        *score = libm::expf(*score - largest);
    }
    let sum = reduce::sum(row);
    for score in row {
        *score /= sum;
    }
}
