//! Softmax cross-entropy.

use nas_kernels::{
    Loss, ShapeError, SoftmaxCrossEntropy, softmax_cross_entropy_backward, softmax_cross_entropy_forward,
};
use serde::Deserialize;

use crate::support::{
    CURVED, assert_close, assert_gradient, assert_same_bits, golden, normal_values, spoilt_scratch,
};

/// exp and ln of `libm` are good to 1 ulp; a logit of 80 carries 4e-6 into its logarithm, relative to 1 + 80.
const SINGLE_PRECISION: f32 = 1e-6;

fn forward(loss: &SoftmaxCrossEntropy, logits: &[f32], labels: &[u32]) -> (Loss, Vec<f32>) {
    let mut probabilities = vec![f32::NAN; loss.logits_len()];
    let mut scratch = spoilt_scratch(loss.scratch_len());
    let value = softmax_cross_entropy_forward(loss, logits, labels, &mut probabilities, &mut scratch);
    (value, probabilities)
}

#[test]
fn worked_by_hand() {
    // Two equal logits: probabilities 1/2, loss ln 2; the first wins the tie, so only label 0 is correct.
    let loss = SoftmaxCrossEntropy::new(2, 2, 0.0).unwrap();
    let (value, probabilities) = forward(&loss, &[3.0, 3.0, -1.0, -1.0], &[0, 1]);
    assert_close("loss", &[value.mean], &[std::f32::consts::LN_2], SINGLE_PRECISION);
    assert_close("probabilities", &probabilities, &[0.5; 4], SINGLE_PRECISION);
    assert_eq!(value.correct, 1);
    assert_eq!(forward(&loss, &[3.0, 3.0, -1.0, -1.0], &[0, 0]).0.correct, 2);
    let mut gradient = [1.0; 4];
    softmax_cross_entropy_backward(&loss, &[0.5; 4], &[0, 1], &mut gradient);
    assert_eq!(gradient, [0.75, 1.25, 1.25, 0.75], "(p − t) / 2, accumulated");
}

#[derive(Deserialize)]
struct GoldenCase {
    name: String,
    reason: String,
    batch: usize,
    classes: usize,
    label_smoothing: f32,
    logits: Vec<f32>,
    labels: Vec<u32>,
    loss: f32,
    correct: u32,
    probabilities: Vec<f32>,
    logits_gradient: Vec<f32>,
}

#[test]
fn agrees_with_pytorch() {
    for case in golden!("softmax_cross_entropy", GoldenCase) {
        let what = |of: &str| format!("{} ({}): {of}", case.name, case.reason);
        let loss = SoftmaxCrossEntropy::new(case.batch, case.classes, case.label_smoothing).unwrap();
        let (value, probabilities) = forward(&loss, &case.logits, &case.labels);
        assert_close(&what("loss"), &[value.mean], &[case.loss], SINGLE_PRECISION);
        assert_eq!(value.correct, case.correct, "{}", what("correct"));
        assert_close(&what("probabilities"), &probabilities, &case.probabilities, SINGLE_PRECISION);
        let mut gradient = vec![0.0; case.logits.len()];
        softmax_cross_entropy_backward(&loss, &probabilities, &case.labels, &mut gradient);
        assert_close(&what("gradient"), &gradient, &case.logits_gradient, SINGLE_PRECISION);
    }
}

#[test]
fn gradient_is_the_difference_quotient() {
    for smoothing in [0.0, 0.2] {
        let loss = SoftmaxCrossEntropy::new(3, 5, smoothing).unwrap();
        let (logits, labels) = (normal_values(15, 1), [4, 0, 2]);
        let mut gradient = vec![0.0; 15];
        softmax_cross_entropy_backward(&loss, &forward(&loss, &logits, &labels).1, &labels, &mut gradient);
        assert_gradient("logits", CURVED, &logits, &gradient, |z| {
            f64::from(forward(&loss, z, &labels).0.mean)
        });
    }
}

#[test]
fn a_batch_is_its_images() {
    let (batch, single) =
        (SoftmaxCrossEntropy::new(4, 11, 0.1).unwrap(), SoftmaxCrossEntropy::new(1, 11, 0.1).unwrap());
    let (logits, labels) = (normal_values(44, 1), [10, 0, 3, 7]);
    let (value, probabilities) = forward(&batch, &logits, &labels);
    let singles: Vec<(Loss, Vec<f32>)> =
        logits.chunks(11).zip(labels).map(|(logits, label)| forward(&single, logits, &[label])).collect();
    let rows: Vec<f32> = singles.iter().flat_map(|(_, row)| row.clone()).collect();
    assert_same_bits("probabilities", &probabilities, &rows);
    let mean = singles.iter().map(|(value, _)| value.mean).sum::<f32>() / 4.0;
    assert_close("mean", &[value.mean], &[mean], SINGLE_PRECISION);
    assert_eq!(value.correct, singles.iter().map(|(value, _)| value.correct).sum::<u32>());
}

#[test]
fn special_logits() {
    let loss = SoftmaxCrossEntropy::new(1, 3, 0.0).unwrap();
    let (value, probabilities) = forward(&loss, &[1e30, 0.0, -1e30], &[0]);
    assert_eq!((value.mean, value.correct), (0.0, 1), "overflow is avoided");
    assert_eq!(probabilities, [1.0, 0.0, 0.0]);
    let (value, _) = forward(&loss, &[1.0, f32::NAN, 0.0], &[0]);
    assert!(value.mean.is_nan() && value.correct == 0, "NaN is seen and never correct");
    let (value, _) = forward(&loss, &[1.0, 0.0, f32::INFINITY], &[2]);
    assert!(value.mean.is_nan(), "an infinite logit has no defined loss");
}

#[test]
fn impossible_settings_are_refused() {
    assert_eq!(SoftmaxCrossEntropy::new(1, 0, 0.0), Err(ShapeError::Zero { what: "the number of classes" }));
    for smoothing in [-0.1, 1.0, f32::NAN] {
        let refused = matches!(SoftmaxCrossEntropy::new(1, 2, smoothing), Err(ShapeError::OutOfRange { .. }));
        assert!(refused, "smoothing {smoothing}");
    }
}

#[test]
#[should_panic(expected = "label 3 is not one of 3 classes")]
fn a_label_out_of_range_panics() {
    forward(&SoftmaxCrossEntropy::new(1, 3, 0.0).unwrap(), &[0.0; 3], &[3]);
}
