//! Softmax of one row.

use crate::reduce;
use crate::simd::{Array, Register, Simd, vectorize};

/// The row becomes the softmax of scale · row: its maximum is subtracted, and [`reduce::sum`] sums the exponentials. A
/// NaN makes all of it NaN.
pub(crate) fn softmax(row: &mut [f32], scale: f32) {
    let mut largest = f32::NEG_INFINITY;
    for score in row.iter_mut() {
        *score *= scale;
        largest = if *score > largest { *score } else { largest };
    }
    vectorize!(|simd| {
        let register = simd.x8();
        let (scores, rest) = row.as_chunks_mut::<8>();
        for scores in scores {
            let distances = register.subtract(register.load(scores), register.splat(largest));
            register.store(register.exp(distances), scores);
        }
        for score in rest {
            [*score] = Array::<1>::default().exp([*score - largest]);
        }
    });
    let sum = reduce::sum(row);
    for score in row {
        *score /= sum;
    }
}
