//! Layer normalisation.

use nas_kernels::{
    Affine, AffineGradient, LayerNorm, LayerNormSaved, RowStatistics, ShapeError, layer_norm_backward,
    layer_norm_forward,
};
use serde::Deserialize;

use crate::support::{
    CURVED, assert_close, assert_gradient, assert_same_bits, golden, normal_values, spoilt_scratch,
    weighted_sum,
};

/// A dozen roundings of 6e-8 each, on values up to 5; the input gradient subtracts two means, which costs a
/// digit.
const SINGLE_PRECISION: f32 = 5e-6;

struct Normalized {
    output: Vec<f32>,
    mean: Vec<f32>,
    inverse_std: Vec<f32>,
}

fn forward(norm: &LayerNorm, input: &[f32], affine: Affine<'_>) -> Normalized {
    let mut normalized = Normalized {
        output: vec![f32::NAN; input.len()],
        mean: vec![f32::NAN; norm.rows()],
        inverse_std: vec![f32::NAN; norm.rows()],
    };
    let saved = RowStatistics { mean: &mut normalized.mean, inverse_std: &mut normalized.inverse_std };
    layer_norm_forward(norm, input, affine, &mut normalized.output, saved);
    normalized
}

/// Gradients of input, scale and shift.
fn backward(
    norm: &LayerNorm,
    normalized: &Normalized,
    input: &[f32],
    scale: &[f32],
    output_gradient: &[f32],
) -> [Vec<f32>; 3] {
    let [mut ds, mut db] = [(); 2].map(|()| vec![0.0; scale.len()]);
    let mut dx = vec![0.0; input.len()];
    layer_norm_backward(
        norm,
        LayerNormSaved { input, mean: &normalized.mean, inverse_std: &normalized.inverse_std },
        scale,
        output_gradient,
        &mut dx,
        AffineGradient { scale: &mut ds, shift: &mut db },
        &mut spoilt_scratch(norm.scratch_len()),
    );
    [dx, ds, db]
}

#[test]
fn worked_by_hand() {
    // A pixel with channels 1 and 5: mean 3, variance 4. With ε = 12 the inverse deviation is 1/4.
    let norm = LayerNorm::new(1, 2, 12.0).unwrap();
    let affine = Affine { scale: &[2.0, 4.0], shift: &[10.0, 20.0] };
    let normalized = forward(&norm, &[1.0, 5.0], affine);
    assert_eq!(normalized.output, [9.0, 22.0]);
    assert_eq!((normalized.mean[0], normalized.inverse_std[0]), (3.0, 0.25));

    // x̂ = ∓1/2, g = (8, 8): mean 8, mean of g·x̂ 0.
    let [dx, ds, db] = backward(&norm, &normalized, &[1.0, 5.0], affine.scale, &[4.0, 2.0]);
    assert_eq!((dx, ds, db), (vec![0.0, 0.0], vec![-2.0, 1.0], vec![4.0, 2.0]));
    // g = (8, 0): mean 4, mean of g·x̂ −2; dx = 1/4 · (8 − 4 − 1, 0 − 4 + 1).
    let [dx, ..] = backward(&norm, &normalized, &[1.0, 5.0], affine.scale, &[4.0, 0.0]);
    assert_eq!(dx, [0.75, -0.75]);
}

#[derive(Deserialize)]
struct GoldenCase {
    name: String,
    reason: String,
    rows: usize,
    channels: usize,
    epsilon: f32,
    input: Vec<f32>,
    scale: Vec<f32>,
    shift: Vec<f32>,
    output: Vec<f32>,
    output_gradient: Vec<f32>,
    input_gradient: Vec<f32>,
    scale_gradient: Vec<f32>,
    shift_gradient: Vec<f32>,
}

#[test]
fn agrees_with_pytorch() {
    for case in golden!("layer_norm", GoldenCase) {
        let check = |of: &str, found: &[f32], expected: &[f32]| {
            let what = format!("{} ({}): {of}", case.name, case.reason);
            assert_close(&what, found, expected, SINGLE_PRECISION);
        };
        let norm = LayerNorm::new(case.rows, case.channels, case.epsilon).unwrap();
        let normalized = forward(&norm, &case.input, Affine { scale: &case.scale, shift: &case.shift });
        check("output", &normalized.output, &case.output);
        let [dx, ds, db] = backward(&norm, &normalized, &case.input, &case.scale, &case.output_gradient);
        check("input gradient", &dx, &case.input_gradient);
        check("scale gradient", &ds, &case.scale_gradient);
        check("shift gradient", &db, &case.shift_gradient);
    }
}

#[test]
fn gradients_are_difference_quotients() {
    let (rows, channels) = (5, 6);
    let norm = LayerNorm::new(rows, channels, 1e-5).unwrap();
    let (x, dy) = (normal_values(rows * channels, 1), normal_values(rows * channels, 2));
    let (scale, shift) = (normal_values(channels, 3), normal_values(channels, 4));
    let loss = |x: &[f32], scale: &[f32], shift: &[f32]| {
        weighted_sum(&forward(&norm, x, Affine { scale, shift }).output, &dy)
    };
    let normalized = forward(&norm, &x, Affine { scale: &scale, shift: &shift });
    let [dx, ds, db] = backward(&norm, &normalized, &x, &scale, &dy);
    assert_gradient("input", CURVED, &x, &dx, |x| loss(x, &scale, &shift));
    assert_gradient("scale", CURVED, &scale, &ds, |scale| loss(&x, scale, &shift));
    assert_gradient("shift", CURVED, &shift, &db, |shift| loss(&x, &scale, shift));
}

#[test]
fn a_batch_is_a_loop_over_its_rows() {
    let (rows, channels) = (7, 19);
    let (x, dy) = (normal_values(rows * channels, 1), normal_values(rows * channels, 2));
    let (scale, shift) = (normal_values(channels, 3), normal_values(channels, 4));
    let affine = Affine { scale: &scale, shift: &shift };
    let whole = LayerNorm::new(rows, channels, 1e-5).unwrap();
    let normalized = forward(&whole, &x, affine);
    let [dx, ..] = backward(&whole, &normalized, &x, &scale, &dy);
    let single = LayerNorm::new(1, channels, 1e-5).unwrap();
    for row in 0..rows {
        let place = row * channels..(row + 1) * channels;
        let alone = forward(&single, &x[place.clone()], affine);
        assert_same_bits("output", &alone.output, &normalized.output[place.clone()]);
        let [alone, ..] = backward(&single, &alone, &x[place.clone()], &scale, &dy[place.clone()]);
        assert_same_bits("input gradient", &alone, &dx[place]);
    }
}

#[test]
fn one_channel_is_its_shift() {
    let norm = LayerNorm::new(3, 1, 1e-5).unwrap();
    let x = [1.0, -2.0, 1e6];
    let normalized = forward(&norm, &x, Affine { scale: &[3.0], shift: &[0.5] });
    assert_eq!(normalized.output, [0.5; 3]);
    let [dx, ds, db] = backward(&norm, &normalized, &x, &[3.0], &[1.0, 2.0, 4.0]);
    assert_eq!((dx, ds, db), (vec![0.0; 3], vec![0.0], vec![7.0]));
}

#[test]
fn unsound_settings_are_refused() {
    assert_eq!(LayerNorm::new(0, 1, 1e-5), Err(ShapeError::Zero { what: "the number of rows" }));
    for epsilon in [0.0, -1.0, f32::NAN] {
        assert!(matches!(LayerNorm::new(1, 1, epsilon), Err(ShapeError::OutOfRange { .. })));
    }
}
