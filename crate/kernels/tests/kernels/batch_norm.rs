//! Batch normalisation.

use nas_kernels::{
    Affine, AffineGradient, BatchNorm, BatchNormSaved, BatchStatistics, RunningStatistics, ShapeError,
    batch_norm_backward, batch_norm_inference_forward, batch_norm_training_forward,
};
use serde::Deserialize;

use crate::support::{
    CURVED, assert_close, assert_gradient, golden, normal_values, spoilt_scratch, weighted_sum,
};

/// A dozen roundings of 6e-8 each, on values up to 5; the input gradient subtracts two means, which costs a
/// digit.
const SINGLE_PRECISION: f32 = 5e-6;

/// Everything that a training pass writes.
struct Trained {
    output: Vec<f32>,
    mean: Vec<f32>,
    inverse_std: Vec<f32>,
    running_mean: Vec<f32>,
    running_variance: Vec<f32>,
}

fn train(norm: &BatchNorm, input: &[f32], affine: Affine<'_>, running: (&[f32], &[f32])) -> Trained {
    let channels = affine.scale.len();
    let mut trained = Trained {
        output: vec![f32::NAN; input.len()],
        mean: vec![f32::NAN; channels],
        inverse_std: vec![f32::NAN; channels],
        running_mean: running.0.to_vec(),
        running_variance: running.1.to_vec(),
    };
    batch_norm_training_forward(
        norm,
        input,
        affine,
        RunningStatistics { mean: &mut trained.running_mean, variance: &mut trained.running_variance },
        &mut trained.output,
        BatchStatistics { mean: &mut trained.mean, inverse_std: &mut trained.inverse_std },
    );
    trained
}

/// Gradients of input, scale and shift.
fn backward(
    norm: &BatchNorm,
    trained: &Trained,
    input: &[f32],
    scale: &[f32],
    output_gradient: &[f32],
) -> [Vec<f32>; 3] {
    let channels = scale.len();
    let (mut dx, mut ds, mut db) = (vec![0.0; input.len()], vec![0.0; channels], vec![0.0; channels]);
    batch_norm_backward(
        norm,
        BatchNormSaved { input, mean: &trained.mean, inverse_std: &trained.inverse_std },
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
    // Channel values 1 and 5: mean 3, biased variance 4, unbiased 8. With ε = 12 the inverse deviation is
    // 1/4.
    let norm = BatchNorm::new(2, 1, 12.0, 0.25).unwrap();
    let input = [1.0, 5.0];
    let affine = Affine { scale: &[2.0], shift: &[10.0] };
    let trained = train(&norm, &input, affine, (&[4.0], &[16.0]));
    assert_eq!(trained.output, [9.0, 11.0]);
    assert_eq!((trained.mean[0], trained.inverse_std[0]), (3.0, 0.25));
    assert_eq!((trained.running_mean[0], trained.running_variance[0]), (3.75, 14.0));

    // x̂ = ∓1/2; dβ = 8, dγ = −1/2·6 + 1/2·2 = −2; dx = 2/4 · (dy − 4 − x̂·(−1)).
    let [dx, ds, db] = backward(&norm, &trained, &input, &[2.0], &[6.0, 2.0]);
    assert_eq!((dx, ds, db), (vec![0.75, -0.75], vec![-2.0], vec![8.0]));

    let mut output = [0.0; 2];
    batch_norm_inference_forward(&norm, &input, affine, &[1.0], &[4.0], &mut output);
    assert_eq!(output, [10.0, 12.0]);
}

#[derive(Deserialize)]
struct GoldenCase {
    name: String,
    reason: String,
    rows: usize,
    channels: usize,
    epsilon: f32,
    momentum: f32,
    input: Vec<f32>,
    scale: Vec<f32>,
    shift: Vec<f32>,
    running_mean: Vec<f32>,
    running_variance: Vec<f32>,
    inference_output: Vec<f32>,
    output: Vec<f32>,
    running_mean_after: Vec<f32>,
    running_variance_after: Vec<f32>,
    output_gradient: Vec<f32>,
    input_gradient: Vec<f32>,
    scale_gradient: Vec<f32>,
    shift_gradient: Vec<f32>,
}

#[test]
fn agrees_with_pytorch() {
    for case in golden!("batch_norm", GoldenCase) {
        let check = |of: &str, found: &[f32], expected: &[f32]| {
            let what = format!("{} ({}): {of}", case.name, case.reason);
            assert_close(&what, found, expected, SINGLE_PRECISION);
        };
        let norm = BatchNorm::new(case.rows, case.channels, case.epsilon, case.momentum).unwrap();
        let affine = Affine { scale: &case.scale, shift: &case.shift };
        let mut inference = vec![f32::NAN; case.input.len()];
        batch_norm_inference_forward(
            &norm,
            &case.input,
            affine,
            &case.running_mean,
            &case.running_variance,
            &mut inference,
        );
        check("inference", &inference, &case.inference_output);

        let trained = train(&norm, &case.input, affine, (&case.running_mean, &case.running_variance));
        check("output", &trained.output, &case.output);
        check("running mean", &trained.running_mean, &case.running_mean_after);
        check("running variance", &trained.running_variance, &case.running_variance_after);
        let [dx, ds, db] = backward(&norm, &trained, &case.input, &case.scale, &case.output_gradient);
        check("input gradient", &dx, &case.input_gradient);
        check("scale gradient", &ds, &case.scale_gradient);
        check("shift gradient", &db, &case.shift_gradient);
    }
}

#[test]
fn gradients_are_difference_quotients() {
    let norm = BatchNorm::new(10, 5, 1e-3, 0.1).unwrap();
    let (x, dy) = (normal_values(50, 1), normal_values(50, 2));
    let (scale, shift) = (normal_values(5, 3), normal_values(5, 4));
    let loss = |x: &[f32], scale: &[f32], shift: &[f32]| {
        let trained = train(&norm, x, Affine { scale, shift }, (&[0.0; 5], &[1.0; 5]));
        weighted_sum(&trained.output, &dy)
    };
    let trained = train(&norm, &x, Affine { scale: &scale, shift: &shift }, (&[0.0; 5], &[1.0; 5]));
    let [dx, ds, db] = backward(&norm, &trained, &x, &scale, &dy);
    assert_gradient("input", CURVED, &x, &dx, |x| loss(x, &scale, &shift));
    assert_gradient("scale", CURVED, &scale, &ds, |scale| loss(&x, scale, &shift));
    assert_gradient("shift", CURVED, &shift, &db, |shift| loss(&x, &scale, shift));
}

/// Full lanes and single lanes must do the same arithmetic: a channel alone gives the bits it has among
/// others.
#[test]
fn channels_do_not_touch_each_other() {
    let (rows, channels) = (70, 13);
    let norm = BatchNorm::new(rows, channels, 1e-5, 0.1).unwrap();
    let alone = BatchNorm::new(rows, 1, 1e-5, 0.1).unwrap();
    let (x, dy) = (normal_values(rows * channels, 1), normal_values(rows * channels, 2));
    let (scale, shift) = (normal_values(channels, 3), normal_values(channels, 4));
    let (running_mean, running_variance) = (vec![0.0; channels], vec![1.0; channels]);
    let affine = Affine { scale: &scale, shift: &shift };
    let all = train(&norm, &x, affine, (&running_mean, &running_variance));
    let [dx, ds, db] = backward(&norm, &all, &x, &scale, &dy);
    for channel in 0..channels {
        let column =
            |values: &[f32]| values.iter().skip(channel).step_by(channels).copied().collect::<Vec<f32>>();
        let affine = Affine { scale: &scale[channel..=channel], shift: &shift[channel..=channel] };
        let one = train(&alone, &column(&x), affine, (&[0.0], &[1.0]));
        assert_eq!(column(&all.output), one.output);
        assert_eq!(all.running_variance[channel], one.running_variance[0]);
        let [dx_one, ds_one, db_one] = backward(&alone, &one, &column(&x), affine.scale, &column(&dy));
        assert_eq!(column(&dx), dx_one);
        assert_eq!((ds[channel], db[channel]), (ds_one[0], db_one[0]));
    }
}

#[test]
fn special_rows() {
    let affine = Affine { scale: &[3.0], shift: &[7.0] };
    let one_row = BatchNorm::new(1, 1, 1e-5, 0.5).unwrap();
    let trained = train(&one_row, &[4.0], affine, (&[0.0], &[1.0]));
    assert_eq!(trained.output, [7.0], "one row is its own mean");
    assert_eq!(trained.running_variance, [0.5], "the unbiased variance of one row counts as 0");

    let rows = BatchNorm::new(3, 1, 1e-5, 0.5).unwrap();
    let constant = train(&rows, &[4.0; 3], affine, (&[0.0], &[1.0]));
    assert_eq!(constant.output, [7.0; 3], "a constant channel is its shift");
    let poisoned = train(&rows, &[1.0, f32::NAN, 2.0], affine, (&[0.0], &[1.0]));
    assert!(poisoned.output.iter().all(|y| y.is_nan()), "a NaN reaches the whole channel");
}

#[test]
fn gradients_accumulate() {
    let norm = BatchNorm::new(2, 1, 12.0, 0.25).unwrap();
    let (mut dx, mut ds, mut db) = ([1.0; 2], [1.0], [1.0]);
    batch_norm_backward(
        &norm,
        BatchNormSaved { input: &[1.0, 5.0], mean: &[3.0], inverse_std: &[0.25] },
        &[2.0],
        &[6.0, 2.0],
        &mut dx,
        AffineGradient { scale: &mut ds, shift: &mut db },
        &mut spoilt_scratch(2),
    );
    assert_eq!((dx, ds, db), ([1.75, 0.25], [-1.0], [9.0]));
}

#[test]
fn impossible_settings_are_refused() {
    assert_eq!(BatchNorm::new(0, 1, 1e-5, 0.1), Err(ShapeError::Zero { what: "the number of rows" }));
    for (epsilon, momentum) in [(0.0, 0.1), (f32::NAN, 0.1), (1e-5, -0.1), (1e-5, 1.5), (1e-5, f32::NAN)] {
        let refused = matches!(BatchNorm::new(1, 1, epsilon, momentum), Err(ShapeError::OutOfRange { .. }));
        assert!(refused, "epsilon {epsilon}, momentum {momentum}");
    }
}
