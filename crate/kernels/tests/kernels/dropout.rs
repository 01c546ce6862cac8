//! Dropout. What is dropped is the house generator's business, so there is no golden.

use nas_kernels::{Dropout, ShapeError, dropout_backward, dropout_forward, dropout_in_place};
use nas_numerics::Rng;

use crate::support::{LINEAR, assert_gradient, assert_same_bits, normal_values, weighted_sum};

fn rng(step: u64) -> Rng {
    Rng::for_purpose(1, "dropout/test", step)
}

fn forward(dropout: Dropout, step: u64, input: &[f32]) -> Vec<f32> {
    let mut output = vec![f32::NAN; input.len()];
    dropout_forward(&dropout, rng(step), input, &mut output);
    output
}

fn backward(dropout: Dropout, step: u64, output_gradient: &[f32]) -> Vec<f32> {
    let mut gradient = vec![0.0; output_gradient.len()];
    dropout_backward(&dropout, rng(step), output_gradient, &mut gradient);
    gradient
}

#[test]
fn worked_by_hand() {
    // With p = 3/4 an element is kept where the generator's uniform number is at least 3/4, and times 4.
    let mut uniform = rng(0);
    let expected: Vec<f32> =
        (1..=40).map(|x| if uniform.unit() < 0.75 { 0.0 } else { 4.0 * x as f32 }).collect();
    assert!(expected.contains(&0.0) && expected.iter().any(|&y| y > 0.0));
    let dropout = Dropout::new(0.75).unwrap();
    let input: Vec<f32> = (1..=40).map(|x| x as f32).collect();
    assert_eq!(forward(dropout, 0, &input), expected);
    assert_eq!(backward(dropout, 0, &input), expected);
}

#[test]
fn gradients_are_difference_quotients() {
    let dropout = Dropout::new(0.5).unwrap();
    let (x, dy) = (normal_values(30, 1), normal_values(30, 2));
    let dx = backward(dropout, 7, &dy);
    assert_gradient("input", LINEAR, &x, &dx, |x| weighted_sum(&forward(dropout, 7, x), &dy));
}

#[test]
fn in_place_drops_the_same_and_gradients_are_added() {
    let dropout = Dropout::new(0.3).unwrap();
    let (x, dy) = (normal_values(100, 1), normal_values(100, 2));
    let mut values = x.clone();
    dropout_in_place(&dropout, rng(1), &mut values);
    assert_same_bits("forward", &values, &forward(dropout, 1, &x));
    let mut gradient = backward(dropout, 1, &dy);
    let doubled: Vec<f32> = gradient.iter().map(|dx| dx + dx).collect();
    dropout_backward(&dropout, rng(1), &dy, &mut gradient);
    assert_same_bits("backward", &gradient, &doubled);
}

#[test]
fn each_step_drops_others_and_the_mean_stays() {
    for probability in [0.1, 0.5, 0.9] {
        let dropout = Dropout::new(probability).unwrap();
        let ones = vec![1.0; 10_000];
        let output = forward(dropout, 3, &ones);
        let mean = output.iter().sum::<f32>() / 1e4;
        // Four standard errors, √(p / (1 − p) / n) each.
        assert!(
            (mean - 1.0).abs() < 0.04 * (probability / (1.0 - probability)).sqrt(),
            "{probability}: {mean}"
        );
        assert_ne!(output, forward(dropout, 4, &ones));
    }
}

#[test]
fn nothing_is_dropped_with_chance_0_and_chance_1_is_refused() {
    let x = normal_values(9, 1);
    assert_same_bits("chance 0", &forward(Dropout::new(0.0).unwrap(), 0, &x), &x);
    for probability in [1.0, -0.1, f32::NAN] {
        assert!(matches!(Dropout::new(probability), Err(ShapeError::OutOfRange { .. })), "{probability}");
    }
}
