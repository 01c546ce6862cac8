//! Batch normalisation.

use nas_kernels::{
    ActivationFunction, Affine, AffineGradient, BatchMoments, BatchNorm, BatchNormSaved, RunningStatistics,
    ShapeError, batch_norm_add_rows, batch_norm_apply, batch_norm_backward_add_rows,
    batch_norm_backward_in_place, batch_norm_finish, batch_norm_inference_statistics,
};
use serde::Deserialize;

use crate::support::{CURVED, assert_close, assert_gradient, golden, normal_values, weighted_sum};

/// A dozen roundings of 6e-8 each, on values up to 5; the input gradient subtracts two means, which costs a
/// digit.
const SINGLE_PRECISION: f32 = 5e-6;

/// Everything that a training pass writes.
pub(crate) struct Trained {
    pub(crate) output: Vec<f32>,
    pub(crate) mean: Vec<f32>,
    pub(crate) inverse_std: Vec<f32>,
    pub(crate) running_mean: Vec<f32>,
    pub(crate) running_variance: Vec<f32>,
}

impl Trained {
    fn saved<'a>(&'a self, input: &'a [f32]) -> BatchNormSaved<'a> {
        BatchNormSaved { input, mean: &self.mean, inverse_std: &self.inverse_std }
    }
}

/// A training pass over a batch that comes in pieces of so many rows.
pub(crate) fn train_in_pieces(
    norm: &BatchNorm,
    activation: Option<ActivationFunction>,
    input: &[f32],
    affine: Affine<'_>,
    running: (&[f32], &[f32]),
    piece: usize,
) -> Trained {
    let channels = affine.scale.len();
    let mut trained = Trained {
        output: vec![f32::NAN; input.len()],
        mean: vec![f32::NAN; channels],
        inverse_std: vec![f32::NAN; channels],
        running_mean: running.0.to_vec(),
        running_variance: running.1.to_vec(),
    };
    for (index, input) in input.chunks(piece * channels).enumerate() {
        let moments = BatchMoments { mean: &mut trained.mean, squares: &mut trained.inverse_std };
        batch_norm_add_rows(norm, input, index * piece, moments);
    }
    batch_norm_finish(
        norm,
        input.len() / channels,
        BatchMoments { mean: &mut trained.mean, squares: &mut trained.inverse_std },
        RunningStatistics { mean: &mut trained.running_mean, variance: &mut trained.running_variance },
    );
    let mut output = vec![f32::NAN; input.len()];
    for (input, output) in input.chunks(piece * channels).zip(output.chunks_mut(piece * channels)) {
        batch_norm_apply(norm, activation, trained.saved(input), affine, output);
    }
    trained.output = output;
    trained
}

fn train(norm: &BatchNorm, input: &[f32], affine: Affine<'_>, running: (&[f32], &[f32])) -> Trained {
    train_in_pieces(norm, None, input, affine, running, input.len())
}

/// Gradients of input, scale and shift, of a batch that comes in pieces of so many rows.
pub(crate) fn backward_in_pieces(
    norm: &BatchNorm,
    activation: Option<ActivationFunction>,
    trained: &Trained,
    input: &[f32],
    affine: Affine<'_>,
    output_gradient: &[f32],
    piece: usize,
) -> [Vec<f32>; 3] {
    let channels = affine.scale.len();
    let (mut dx, mut ds, mut db) = (output_gradient.to_vec(), vec![0.0; channels], vec![0.0; channels]);
    for (input, dy) in input.chunks(piece * channels).zip(output_gradient.chunks(piece * channels)) {
        let sums = AffineGradient { scale: &mut ds, shift: &mut db };
        batch_norm_backward_add_rows(norm, activation, trained.saved(input), affine, dy, sums);
    }
    let sums = (Affine { scale: &ds, shift: &db }, input.len() / channels);
    for (input, dx) in input.chunks(piece * channels).zip(dx.chunks_mut(piece * channels)) {
        batch_norm_backward_in_place(norm, activation, trained.saved(input), affine, sums, dx);
    }
    [dx, ds, db]
}

fn backward(
    norm: &BatchNorm,
    trained: &Trained,
    input: &[f32],
    affine: Affine<'_>,
    output_gradient: &[f32],
) -> [Vec<f32>; 3] {
    backward_in_pieces(norm, None, trained, input, affine, output_gradient, input.len())
}

/// Inference with running statistics.
fn infer(norm: &BatchNorm, input: &[f32], affine: Affine<'_>, mean: &[f32], variance: &[f32]) -> Vec<f32> {
    let (mut inverse_std, mut output) = (vec![f32::NAN; mean.len()], vec![f32::NAN; input.len()]);
    batch_norm_inference_statistics(norm, variance, &mut inverse_std);
    let saved = BatchNormSaved { input, mean, inverse_std: &inverse_std };
    batch_norm_apply(norm, None, saved, affine, &mut output);
    output
}

#[test]
fn worked_by_hand() {
    // Channel values 1 and 5: mean 3, biased variance 4, unbiased 8. With ε = 12 the inverse deviation is
    // 1/4.
    let norm = BatchNorm::new(1, 12.0, 0.25).unwrap();
    let input = [1.0, 5.0];
    let affine = Affine { scale: &[2.0], shift: &[10.0] };
    let trained = train(&norm, &input, affine, (&[4.0], &[16.0]));
    assert_eq!(trained.output, [9.0, 11.0]);
    assert_eq!((trained.mean[0], trained.inverse_std[0]), (3.0, 0.25));
    assert_eq!((trained.running_mean[0], trained.running_variance[0]), (3.75, 14.0));

    // x̂ = ∓1/2; dβ = 8, dγ = −1/2·6 + 1/2·2 = −2; dx = 2/4 · (dy − 4 − x̂·(−1)).
    let [dx, ds, db] = backward(&norm, &trained, &input, affine, &[6.0, 2.0]);
    assert_eq!((dx, ds, db), (vec![0.75, -0.75], vec![-2.0], vec![8.0]));

    assert_eq!(infer(&norm, &input, affine, &[1.0], &[4.0]), [10.0, 12.0]);
}

#[derive(Deserialize)]
struct GoldenCase {
    name: String,
    reason: String,
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
        let norm = BatchNorm::new(case.channels, case.epsilon, case.momentum).unwrap();
        let affine = Affine { scale: &case.scale, shift: &case.shift };
        let inference = infer(&norm, &case.input, affine, &case.running_mean, &case.running_variance);
        check("inference", &inference, &case.inference_output);

        let trained = train(&norm, &case.input, affine, (&case.running_mean, &case.running_variance));
        check("output", &trained.output, &case.output);
        check("running mean", &trained.running_mean, &case.running_mean_after);
        check("running variance", &trained.running_variance, &case.running_variance_after);
        let [dx, ds, db] = backward(&norm, &trained, &case.input, affine, &case.output_gradient);
        check("input gradient", &dx, &case.input_gradient);
        check("scale gradient", &ds, &case.scale_gradient);
        check("shift gradient", &db, &case.shift_gradient);
    }
}

#[test]
fn gradients_are_difference_quotients() {
    let norm = BatchNorm::new(5, 1e-3, 0.1).unwrap();
    let (x, dy) = (normal_values(50, 1), normal_values(50, 2));
    let (scale, shift) = (normal_values(5, 3), normal_values(5, 4));
    let affine = Affine { scale: &scale, shift: &shift };
    for activation in FUSED {
        let loss = |x: &[f32], scale: &[f32], shift: &[f32]| {
            let affine = Affine { scale, shift };
            let trained = train_in_pieces(&norm, activation, x, affine, (&[0.0; 5], &[1.0; 5]), 10);
            weighted_sum(&trained.output, &dy)
        };
        let trained = train_in_pieces(&norm, activation, &x, affine, (&[0.0; 5], &[1.0; 5]), 10);
        let [dx, ds, db] = backward_in_pieces(&norm, activation, &trained, &x, affine, &dy, 10);
        assert_gradient(&format!("input, {activation:?}"), CURVED, &x, &dx, |x| loss(x, &scale, &shift));
        assert_gradient("scale", CURVED, &scale, &ds, |scale| loss(&x, scale, &shift));
        assert_gradient("shift", CURVED, &shift, &db, |shift| loss(&x, &scale, shift));
    }
}

/// The activations that are applied with a normalisation, and none.
const FUSED: [Option<ActivationFunction>; 3] =
    [None, Some(ActivationFunction::Relu), Some(ActivationFunction::Relu6)];

/// With the activation or before it: the same bits, but for the sign of zeros.
#[test]
fn a_fused_activation_gives_what_it_gives_alone() {
    let (rows, channels) = (70, 13);
    let norm = BatchNorm::new(channels, 1e-5, 0.1).unwrap();
    let (x, dy) = (normal_values(rows * channels, 1), normal_values(rows * channels, 2));
    let (scale, shift) = (normal_values(channels, 3), normal_values(channels, 4));
    let affine = Affine { scale: &scale, shift: &shift };
    let running = (&[0.0; 13][..], &[1.0; 13][..]);
    for function in FUSED.into_iter().flatten() {
        assert!(BatchNorm::takes(function));
        let plain = train(&norm, &x, affine, running);
        let fused = train_in_pieces(&norm, Some(function), &x, affine, running, rows);
        let mut alone = vec![f32::NAN; x.len()];
        function.forward(&plain.output, &mut alone);
        assert_eq!(fused.output, alone, "{function:?}");

        let mut dz = vec![0.0; x.len()];
        let read = match function.reads() {
            nas_kernels::Reads::Input => &plain.output,
            nas_kernels::Reads::Output => &alone,
        };
        function.backward(read, &dy, &mut dz);
        let expected = backward(&norm, &plain, &x, affine, &dz);
        let found = backward_in_pieces(&norm, Some(function), &fused, &x, affine, &dy, rows);
        assert_eq!(found, expected, "{function:?}");
    }
}

/// Pieces of whole blocks of 64 rows change no bit; others only the rounding.
#[test]
fn a_batch_may_come_in_pieces() {
    let (rows, channels) = (200, 6);
    let norm = BatchNorm::new(channels, 1e-5, 0.1).unwrap();
    let (x, dy) = (normal_values(rows * channels, 1), normal_values(rows * channels, 2));
    let (scale, shift) = (normal_values(channels, 3), normal_values(channels, 4));
    let affine = Affine { scale: &scale, shift: &shift };
    let run = |piece| {
        let trained = train_in_pieces(&norm, None, &x, affine, (&[0.0; 6], &[1.0; 6]), piece);
        let gradients = backward_in_pieces(&norm, None, &trained, &x, affine, &dy, piece);
        (trained, gradients)
    };
    let (whole, [dx, ds, db]) = run(rows);
    let (blocks, gradients) = run(128);
    assert_eq!((&whole.output, &whole.inverse_std), (&blocks.output, &blocks.inverse_std));
    assert_eq!([&dx, &ds, &db], gradients.each_ref());
    let (odd, gradients) = run(37);
    assert_close("output", &odd.output, &whole.output, SINGLE_PRECISION);
    for (found, expected) in gradients.iter().zip([dx, ds, db]) {
        assert_close("gradient", found, &expected, 1e-5);
    }
}

/// Full lanes and single lanes must do the same arithmetic: a channel alone gives the bits it has among
/// others.
#[test]
fn channels_do_not_touch_each_other() {
    let (rows, channels) = (70, 13);
    let norm = BatchNorm::new(channels, 1e-5, 0.1).unwrap();
    let alone = BatchNorm::new(1, 1e-5, 0.1).unwrap();
    let (x, dy) = (normal_values(rows * channels, 1), normal_values(rows * channels, 2));
    let (scale, shift) = (normal_values(channels, 3), normal_values(channels, 4));
    let (running_mean, running_variance) = (vec![0.0; channels], vec![1.0; channels]);
    let affine = Affine { scale: &scale, shift: &shift };
    let all = train(&norm, &x, affine, (&running_mean, &running_variance));
    let [dx, ds, db] = backward(&norm, &all, &x, affine, &dy);
    for channel in 0..channels {
        let column =
            |values: &[f32]| values.iter().skip(channel).step_by(channels).copied().collect::<Vec<f32>>();
        let affine = Affine { scale: &scale[channel..=channel], shift: &shift[channel..=channel] };
        let one = train(&alone, &column(&x), affine, (&[0.0], &[1.0]));
        assert_eq!(column(&all.output), one.output);
        assert_eq!(all.running_variance[channel], one.running_variance[0]);
        let [dx_one, ds_one, db_one] = backward(&alone, &one, &column(&x), affine, &column(&dy));
        assert_eq!(column(&dx), dx_one);
        assert_eq!((ds[channel], db[channel]), (ds_one[0], db_one[0]));
    }
}

#[test]
fn special_rows() {
    let affine = Affine { scale: &[3.0], shift: &[7.0] };
    let one_row = BatchNorm::new(1, 1e-5, 0.5).unwrap();
    let trained = train(&one_row, &[4.0], affine, (&[0.0], &[1.0]));
    assert_eq!(trained.output, [7.0], "one row is its own mean");
    assert_eq!(trained.running_variance, [0.5], "the unbiased variance of one row counts as 0");

    let rows = BatchNorm::new(1, 1e-5, 0.5).unwrap();
    let constant = train(&rows, &[4.0; 3], affine, (&[0.0], &[1.0]));
    assert_eq!(constant.output, [7.0; 3], "a constant channel is its shift");
    let poisoned = train(&rows, &[1.0, f32::NAN, 2.0], affine, (&[0.0], &[1.0]));
    assert!(poisoned.output.iter().all(|y| y.is_nan()), "a NaN reaches the whole channel");
}

#[test]
fn impossible_settings_are_refused() {
    assert_eq!(BatchNorm::new(0, 1e-5, 0.1), Err(ShapeError::Zero { what: "the number of channels" }));
    for (epsilon, momentum) in [(0.0, 0.1), (f32::NAN, 0.1), (1e-5, -0.1), (1e-5, 1.5), (1e-5, f32::NAN)] {
        let refused = matches!(BatchNorm::new(1, epsilon, momentum), Err(ShapeError::OutOfRange { .. }));
        assert!(refused, "epsilon {epsilon}, momentum {momentum}");
    }
}
