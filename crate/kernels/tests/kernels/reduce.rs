//! The sum of a slice, and of the products of two.

use nas_kernels::reduce::{dot, sum};

use crate::support::{assert_close, assert_same_bits, normal_values};

/// The tree and the partial sums, written out.
fn sum_by_the_book(values: &[f32]) -> f32 {
    let p: Vec<f32> =
        (0..16).map(|i| values.iter().skip(i).step_by(16).fold(0.0, |sum, x| sum + x)).collect();
    let eight: Vec<f32> = (0..8).map(|i| p[i] + p[i + 8]).collect();
    ((eight[0] + eight[4]) + (eight[2] + eight[6])) + ((eight[1] + eight[5]) + (eight[3] + eight[7]))
}

#[test]
fn sixteen_partial_sums_in_one_tree() {
    for len in [0, 1, 7, 16, 17, 31, 32, 1000] {
        let values = normal_values(len, 1);
        assert_same_bits(&format!("{len} values"), &[sum(&values)], &[sum_by_the_book(&values)]);
        let exact: f64 = values.iter().map(|&x| f64::from(x)).sum();
        // A thousand values of size 1 in sixteen sums of 63: about √63 roundings of 1e-6 each.
        assert_close("against f64", &[sum(&values)], &[exact as f32], 2e-5);
    }
}

#[test]
fn products_are_rounded_and_summed_likewise() {
    for len in [0, 1, 15, 16, 33, 1000] {
        let (left, right) = (normal_values(len, 1), normal_values(len, 2));
        let products: Vec<f32> = left.iter().zip(&right).map(|(x, y)| x * y).collect();
        assert_same_bits(&format!("{len} products"), &[dot(&left, &right)], &[sum(&products)]);
    }
}
