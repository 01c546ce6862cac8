//! SGD and AdamW.

use nas_kernels::{AdamW, Sgd, adamw_step, sgd_step};
use serde::Deserialize;

use crate::support::{assert_close, assert_same_bits, golden, normal_values};

/// Four steps of a few roundings of 6e-8 on values up to 3; the settings, such as 0.999, are rounded to `f32`
/// too.
const SINGLE_PRECISION: f32 = 1e-6;

#[test]
fn sgd_worked_by_hand() {
    // d = 4 + 0.5·2 = 5; v = 0.5·2 + 5 = 6; p = 2 − 0.25·6, with Nesterov 2 − 0.25·(5 + 0.5·6).
    for (nesterov, expected) in [(false, 0.5), (true, 0.0)] {
        let options = Sgd { learning_rate: 0.25, momentum: 0.5, weight_decay: 0.5, nesterov };
        let (mut parameters, mut velocity) = ([2.0], [2.0]);
        sgd_step(&options, &mut parameters, &[4.0], &mut velocity);
        assert_eq!((parameters, velocity), ([expected], [6.0]));
    }
}

#[test]
fn adamw_worked_by_hand() {
    // The first step is the learning rate times the sign of the gradient, after the decay: 1·(1 − 0.5·0.5) −
    // 0.5.
    let options = AdamW { learning_rate: 0.5, beta1: 0.5, beta2: 0.75, epsilon: 0.0, weight_decay: 0.5 };
    let (mut parameters, mut first, mut second) = ([1.0], [0.0], [0.0]);
    adamw_step(&options, 1, &mut parameters, &[8.0], &mut first, &mut second);
    assert_eq!((parameters, first, second), ([0.25], [4.0], [16.0]));
}

#[derive(Deserialize)]
struct Options {
    lr: f32,
    #[serde(default)]
    momentum: f32,
    #[serde(default)]
    weight_decay: f32,
    #[serde(default)]
    nesterov: bool,
    betas: Option<[f32; 2]>,
    eps: Option<f32>,
}

#[derive(Deserialize)]
struct GoldenCase {
    name: String,
    reason: String,
    options: Options,
    start: Vec<f32>,
    gradients: Vec<Vec<f32>>,
    after: Vec<Vec<f32>>,
}

#[test]
fn agrees_with_pytorch() {
    for case in golden!("optimizers", GoldenCase) {
        let Options { lr: learning_rate, momentum, weight_decay, nesterov, betas, eps } = case.options;
        let mut parameters = case.start.clone();
        let (mut first, mut second) = (vec![0.0; parameters.len()], vec![0.0; parameters.len()]);
        for (step, (gradient, expected)) in (1..).zip(case.gradients.iter().zip(&case.after)) {
            if let (Some([beta1, beta2]), Some(epsilon)) = (betas, eps) {
                let options = AdamW { learning_rate, beta1, beta2, epsilon, weight_decay };
                adamw_step(&options, step, &mut parameters, gradient, &mut first, &mut second);
            } else {
                let options = Sgd { learning_rate, momentum, weight_decay, nesterov };
                sgd_step(&options, &mut parameters, gradient, &mut first);
            }
            let what = format!("{} ({}), step {step}", case.name, case.reason);
            assert_close(&what, &parameters, expected, SINGLE_PRECISION);
        }
    }
}

/// Parameters live in one flat buffer: a step on the whole is a step on each of its parts.
#[test]
fn a_buffer_is_its_parts_bit_for_bit() {
    let gradient = normal_values(29, 2);
    let sgd = Sgd { learning_rate: 0.1, momentum: 0.9, weight_decay: 0.01, nesterov: true };
    let adamw = AdamW { learning_rate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 };
    let (mut whole, mut parts) = (normal_values(29, 1), normal_values(29, 1));
    let [mut first, mut second] = [vec![0.5; 29], vec![0.5; 29]];
    sgd_step(&sgd, &mut whole, &gradient, &mut first);
    adamw_step(&adamw, 7, &mut whole, &gradient, &mut first, &mut second);
    let [mut first, mut second] = [vec![0.5; 29], vec![0.5; 29]];
    for part in [0..13, 13..29] {
        let parameters = &mut parts[part.clone()];
        sgd_step(&sgd, parameters, &gradient[part.clone()], &mut first[part.clone()]);
        let moments = (&mut first[part.clone()], &mut second[part.clone()]);
        adamw_step(&adamw, 7, parameters, &gradient[part], moments.0, moments.1);
    }
    assert_same_bits("parameters", &whole, &parts);
}

#[test]
#[should_panic(expected = "counts from 1")]
fn step_zero_panics() {
    let options = AdamW { learning_rate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 };
    adamw_step(&options, 0, &mut [0.0], &[0.0], &mut [0.0], &mut [0.0]);
}
