//! Activation functions.

use nas_kernels::{ActivationFunction as Function, LeakyRelu, Reads, ShapeError};
use serde::Deserialize;

use crate::support::{
    CURVED, Differences, LINEAR, assert_close, assert_gradient, assert_same_bits, golden, normal_values,
    weighted_sum,
};

/// A few roundings of 6e-8 each; the exact GELU's 1 + erf cancels to the left, where the values are below 1e-3.
const SINGLE_PRECISION: f32 = 5e-7;

fn leaky(negative_slope: f32) -> Function {
    Function::LeakyRelu(LeakyRelu::new(negative_slope).unwrap())
}

pub(crate) fn every_function() -> [(&'static str, Function); 9] {
    [
        ("relu", Function::Relu),
        ("relu6", Function::Relu6),
        ("leaky-relu", leaky(0.25)),
        ("silu", Function::Silu),
        ("gelu", Function::Gelu),
        ("hard-swish", Function::HardSwish),
        ("hard-sigmoid", Function::HardSigmoid),
        ("sigmoid", Function::Sigmoid),
        ("tanh", Function::Tanh),
    ]
}

fn forward(function: Function, input: &[f32]) -> Vec<f32> {
    let mut output = vec![f32::NAN; input.len()];
    function.forward(input, &mut output);
    output
}

fn backward(function: Function, input: &[f32], output_gradient: &[f32]) -> Vec<f32> {
    let read = match function.reads() {
        Reads::Input => input.to_vec(),
        Reads::Output => forward(function, input),
    };
    let mut gradient = vec![0.0; input.len()];
    function.backward(&read, output_gradient, &mut gradient);
    gradient
}

#[test]
fn worked_by_hand() {
    let at = |function, x: f32| (forward(function, &[x])[0], backward(function, &[x], &[1.0])[0]);
    let cases = [
        ("relu to the right", at(Function::Relu, 2.0), (2.0, 1.0)),
        ("relu6 inside", at(Function::Relu6, 2.0), (2.0, 1.0)),
        ("relu6 beyond 6", at(Function::Relu6, 7.0), (6.0, 0.0)),
        ("leaky to the left", at(leaky(0.25), -2.0), (-0.5, 0.25)),
        ("leaky at 0", at(leaky(0.25), 0.0), (0.0, 0.25)),
        ("a leak of 0 is a relu", at(leaky(0.0), -2.0), (0.0, 0.0)),
        ("σ(0) = 1/2, σ′(0) = 1/4", at(Function::Sigmoid, 0.0), (0.5, 0.25)),
        ("silu′(0) = σ(0)", at(Function::Silu, 0.0), (0.0, 0.5)),
        ("gelu′(0) = Φ(0)", at(Function::Gelu, 0.0), (0.0, 0.5)),
        ("tanh′(0) = 1", at(Function::Tanh, 0.0), (0.0, 1.0)),
        ("hard-swish: 1.5 · 4.5/6, 1.5/3 + 1/2", at(Function::HardSwish, 1.5), (1.125, 1.0)),
        ("hard-swish beyond 3 is its input", at(Function::HardSwish, 7.7), (7.7, 1.0)),
        ("hard-sigmoid: 4.5/6, 1/6", at(Function::HardSigmoid, 1.5), (0.75, 1.0 / 6.0)),
    ];
    for (what, found, expected) in cases {
        assert_eq!(found, expected, "{what}");
    }
}

#[derive(Deserialize)]
struct GoldenCase {
    name: String,
    reason: String,
    negative_slope: Option<f32>,
    input: Vec<f32>,
    output: Vec<f32>,
    output_gradient: Vec<f32>,
    input_gradient: Vec<f32>,
}

/// With the kinks of each function among the inputs.
#[test]
fn agrees_with_pytorch() {
    let functions = every_function();
    let cases = golden!("activations", GoldenCase);
    assert_eq!(cases.len(), functions.len());
    for (case, (name, function)) in cases.into_iter().zip(functions) {
        let function = case.negative_slope.map_or(function, leaky);
        let what = format!("{} ({})", case.name, case.reason);
        assert_eq!(name, case.name);
        assert_close(&what, &forward(function, &case.input), &case.output, SINGLE_PRECISION);
        let gradient = backward(function, &case.input, &case.output_gradient);
        assert_close(&what, &gradient, &case.input_gradient, SINGLE_PRECISION);
    }
}

#[test]
fn gradients_are_difference_quotients() {
    let dy = normal_values(20, 1);
    let away_from = |kinks: &[f32], step: f32| -> Vec<f32> {
        let is_far = |x: f32| kinks.iter().all(|kink| (x - kink).abs() > 1.1 * step);
        normal_values(400, 2).iter().map(|x| 4.0 * x).filter(|&x| is_far(x)).take(20).collect()
    };
    // Straight lines: rounding errors of values up to 10, over steps of 1/2.
    let straight = Differences { step: 0.5, ..LINEAR };
    for (name, function) in every_function() {
        let (how, kinks): (_, &[f32]) = match name {
            "relu" | "leaky-relu" => (straight, &[0.0]),
            "relu6" => (straight, &[0.0, 6.0]),
            "hard-sigmoid" => (straight, &[-3.0, 3.0]),
            "hard-swish" => (CURVED, &[-3.0, 3.0]),
            _ => (CURVED, &[]),
        };
        let x = away_from(kinks, how.step);
        let dx = backward(function, &x, &dy);
        assert_gradient(name, how, &x, &dx, |x| weighted_sum(&forward(function, x), &dy));
    }
}

#[test]
fn in_place_and_element_by_element_give_the_same_bits() {
    let (x, dy) = (normal_values(37, 1), normal_values(37, 2));
    for (name, function) in every_function() {
        let (output, gradient) = (forward(function, &x), backward(function, &x, &dy));
        let mut values = x.clone();
        function.forward_in_place(&mut values);
        assert_same_bits(name, &values, &output);
        let read = if function.reads() == Reads::Input { &x } else { &output };
        let mut in_place = dy.clone();
        function.backward_in_place(read, &mut in_place);
        assert_close(name, &in_place, &gradient, 0.0);
        for index in 0..x.len() {
            assert_same_bits(name, &forward(function, &x[index..=index]), &output[index..=index]);
        }
        let mut twice = gradient.clone();
        function.backward(read, &dy, &mut twice);
        let doubled: Vec<f32> = gradient.iter().map(|dx| dx + dx).collect();
        assert_same_bits("gradients are added", &twice, &doubled);
    }
}

#[test]
fn special_values_are_seen() {
    for (name, function) in every_function() {
        assert!(forward(function, &[f32::NAN])[0].is_nan(), "{name} hides a diverging training");
    }
    let (far_left, far_right) = ([-1e4; 9], [1e4; 9]);
    for (name, function) in every_function() {
        let left = forward(function, &far_left)[0];
        let expected = match name {
            "tanh" => -1.0,
            "leaky-relu" => -2500.0,
            _ => 0.0,
        };
        assert_eq!(left, expected, "{name}");
        let right = forward(function, &far_right)[0];
        let expected = match name {
            "relu6" => 6.0,
            "tanh" | "sigmoid" | "hard-sigmoid" => 1.0,
            _ => 1e4,
        };
        assert_eq!(right, expected, "{name}");
        assert!(backward(function, &far_left, &[1.0; 9])[0].is_finite(), "{name}");
        assert!(backward(function, &far_right, &[1.0; 9])[0].is_finite(), "{name}");
    }
}

#[test]
fn a_slope_that_hides_the_sign_is_refused() {
    for slope in [-0.1, f32::NAN, f32::INFINITY] {
        assert!(matches!(LeakyRelu::new(slope), Err(ShapeError::OutOfRange { .. })), "{slope}");
    }
}
