//! The dense layer. Inputs are [`exact_values`] where the expectation is a number.

use nas_kernels::{
    Conv2d, Dense, Image, ShapeError, Window, conv2d_forward, dense_backward_input,
    dense_backward_parameters, dense_forward,
};
use serde::Deserialize;

use crate::support::{
    LINEAR, assert_close, assert_gradient, assert_same_bits, exact_values, golden, normal_values,
    spoilt_scratch, weighted_sum,
};

/// Inputs whose products and sums are exact in `f32`.
const EXACT: f32 = 0.0;

fn forward(dense: &Dense, input: &[f32], weights: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
    let mut output = vec![f32::NAN; dense.output_len()];
    dense_forward(dense, input, weights, bias, &mut output, &mut spoilt_scratch(dense.scratch_len()));
    output
}

fn backward_input(dense: &Dense, weights: &[f32], output_gradient: &[f32]) -> Vec<f32> {
    let mut gradient = vec![0.0; dense.input_len()];
    let mut scratch = spoilt_scratch(dense.scratch_len());
    dense_backward_input(dense, weights, output_gradient, &mut gradient, &mut scratch);
    gradient
}

#[test]
fn worked_by_hand() {
    let dense = Dense::new(2, 2, 3).unwrap();
    let (input, weights) = ([1.0, 2.0, 3.0, 4.0], [1.0, 0.0, -1.0, 2.0, 1.0, 0.0]);
    let output = forward(&dense, &input, &weights, Some(&[10.0, 20.0, 30.0]));
    assert_eq!(output, [15.0, 22.0, 29.0, 21.0, 24.0, 27.0]);
    let output_gradient = [1.0, 0.0, 0.0, 0.0, 1.0, 1.0];
    assert_eq!(backward_input(&dense, &weights, &output_gradient), [1.0, 2.0, -1.0, 1.0]);
    let (mut dw, mut db) = ([0.0; 6], [100.0; 3]);
    dense_backward_parameters(&dense, &input, &output_gradient, &mut dw, Some(&mut db));
    assert_eq!(dw, [1.0, 3.0, 3.0, 2.0, 4.0, 4.0]);
    assert_eq!(db, [101.0, 101.0, 101.0]);
}

#[derive(Deserialize)]
struct GoldenCase {
    name: String,
    reason: String,
    batch: usize,
    in_features: usize,
    out_features: usize,
    input: Vec<f32>,
    weights: Vec<f32>,
    bias: Vec<f32>,
    output: Vec<f32>,
    output_gradient: Vec<f32>,
    input_gradient: Vec<f32>,
    weight_gradient: Vec<f32>,
    bias_gradient: Vec<f32>,
}

#[test]
fn agrees_with_pytorch() {
    for case in golden!("dense", GoldenCase) {
        let what = |of: &str| format!("{} ({}): {of}", case.name, case.reason);
        let dense = Dense::new(case.batch, case.in_features, case.out_features).unwrap();
        let output = forward(&dense, &case.input, &case.weights, Some(&case.bias));
        assert_close(&what("output"), &output, &case.output, EXACT);
        let dx = backward_input(&dense, &case.weights, &case.output_gradient);
        assert_close(&what("input gradient"), &dx, &case.input_gradient, EXACT);
        let (mut dw, mut db) = (vec![0.0; dense.weights_len()], vec![0.0; dense.bias_len()]);
        dense_backward_parameters(&dense, &case.input, &case.output_gradient, &mut dw, Some(&mut db));
        assert_close(&what("weight gradient"), &dw, &case.weight_gradient, EXACT);
        assert_close(&what("bias gradient"), &db, &case.bias_gradient, EXACT);
    }
}

#[test]
fn gradients_are_difference_quotients() {
    let dense = Dense::new(3, 5, 6).unwrap();
    let (x, w, b) = (normal_values(15, 1), normal_values(30, 2), normal_values(6, 3));
    let dy = normal_values(18, 4);
    let loss = |x: &[f32], w: &[f32], b: &[f32]| weighted_sum(&forward(&dense, x, w, Some(b)), &dy);
    assert_gradient("input", LINEAR, &x, &backward_input(&dense, &w, &dy), |x| loss(x, &w, &b));
    let (mut dw, mut db) = (vec![0.0; 30], vec![0.0; 6]);
    dense_backward_parameters(&dense, &x, &dy, &mut dw, Some(&mut db));
    assert_gradient("weights", LINEAR, &w, &dw, |w| loss(&x, w, &b));
    assert_gradient("bias", LINEAR, &b, &db, |b| loss(&x, &w, b));
}

#[test]
fn is_its_rows_and_the_pointwise_convolution_bit_for_bit() {
    let (batch, single) = (Dense::new(9, 13, 11).unwrap(), Dense::new(1, 13, 11).unwrap());
    let (x, w, dy) = (normal_values(9 * 13, 1), normal_values(13 * 11, 2), normal_values(9 * 11, 3));
    let output = forward(&batch, &x, &w, None);
    let rows: Vec<f32> = x.chunks(13).flat_map(|row| forward(&single, row, &w, None)).collect();
    assert_same_bits("rows", &output, &rows);
    let gradient_rows: Vec<f32> = dy.chunks(11).flat_map(|row| backward_input(&single, &w, row)).collect();
    assert_same_bits("gradient rows", &backward_input(&batch, &w, &dy), &gradient_rows);

    let conv = Conv2d::new(Image::new(1, 3, 3, 13).unwrap(), 11, Window::new(1, 1), 1).unwrap();
    let mut pixels = vec![0.0; output.len()];
    conv2d_forward(&conv, &x, &w, None, &mut pixels, &mut spoilt_scratch(conv.scratch_len()));
    assert_same_bits("pixels", &pixels, &output);
}

#[test]
fn gradients_accumulate() {
    let dense = Dense::new(2, 3, 4).unwrap();
    let (x, w, dy) = (exact_values(6, 1), exact_values(12, 2), exact_values(8, 3));
    let (mut dx, mut dw) = (vec![1.0; 6], vec![1.0; 12]);
    let mut scratch = spoilt_scratch(dense.scratch_len());
    dense_backward_input(&dense, &w, &dy, &mut dx, &mut scratch);
    dense_backward_parameters(&dense, &x, &dy, &mut dw, None);
    let plus_one = |values: Vec<f32>| values.iter().map(|value| value + 1.0).collect::<Vec<f32>>();
    assert_close("input gradient", &dx, &plus_one(backward_input(&dense, &w, &dy)), EXACT);
    let mut once = vec![0.0; 12];
    dense_backward_parameters(&dense, &x, &dy, &mut once, None);
    assert_close("weight gradient", &dw, &plus_one(once), EXACT);
}

#[test]
fn impossible_sizes_are_refused() {
    assert_eq!(Dense::new(0, 1, 1), Err(ShapeError::Zero { what: "the batch" }));
    assert_eq!(Dense::new(1, 0, 1), Err(ShapeError::Zero { what: "the number of input features" }));
    assert_eq!(Dense::new(1, 1, 0), Err(ShapeError::Zero { what: "the number of output features" }));
    let weights = "the dense layer's weights";
    assert_eq!(Dense::new(1, 1 << 20, 1 << 20), Err(ShapeError::TooLarge { what: weights }));
}
