//! Weighted sums with trained weights, and the kernels that are such sums.

use nas_kernels::{
    Conv2d, Image, MetaKernel, ShapeError, Window, conv2d_backward_input, conv2d_backward_parameters,
    conv2d_forward, meta_kernel_backward, meta_kernel_forward, mixture_backward_alpha,
    mixture_backward_input, mixture_backward_weight, mixture_forward_first, mixture_forward_next,
    mixture_weights,
};
use serde::Deserialize;

use crate::support::{
    CURVED, assert_close, assert_gradient, assert_same_bits, golden, normal_values, spoilt_scratch,
    weighted_sum,
};

/// A few roundings of 6e-8 each, on sums of up to 150 products.
const SINGLE_PRECISION: f32 = 5e-6;

fn weights(alpha: &[f32]) -> Vec<f32> {
    let mut weights = vec![f32::NAN; alpha.len()];
    mixture_weights(alpha, &mut weights);
    weights
}

fn forward(inputs: &[Vec<f32>], alpha: &[f32]) -> Vec<f32> {
    let mut output = vec![f32::NAN; inputs[0].len()];
    for (part, (input, weight)) in inputs.iter().zip(weights(alpha)).enumerate() {
        let add = if part == 0 { mixture_forward_first } else { mixture_forward_next };
        add(weight, input, &mut output);
    }
    output
}

/// Gradients of the inputs and of α.
fn backward(inputs: &[Vec<f32>], alpha: &[f32], output_gradient: &[f32]) -> (Vec<Vec<f32>>, Vec<f32>) {
    let weights = weights(alpha);
    let of_input = |weight: &f32| {
        let mut gradient = vec![0.0; output_gradient.len()];
        mixture_backward_input(*weight, output_gradient, &mut gradient);
        gradient
    };
    let of_weights: Vec<f32> =
        inputs.iter().map(|input| mixture_backward_weight(input, output_gradient)).collect();
    let mut of_alpha = vec![0.0; alpha.len()];
    mixture_backward_alpha(&weights, &of_weights, &mut of_alpha);
    (weights.iter().map(of_input).collect(), of_alpha)
}

#[test]
fn a_mixture_worked_by_hand() {
    // α = (ln 3, 0): weights 3/4 and 1/4.
    let (inputs, alpha) = ([vec![4.0, 8.0], vec![12.0, 0.0]], [1.098_612_3, 0.0]);
    assert_close("weights", &weights(&alpha), &[0.75, 0.25], 1e-7);
    assert_close("output", &forward(&inputs, &alpha), &[6.0, 6.0], 1e-6);
    // dw = (1·4 + 2·8, 12), their mean 3/4·20 + 1/4·12 = 18; dα = 3/4 · 2, 1/4 · −6.
    let (dx, da) = backward(&inputs, &alpha, &[1.0, 2.0]);
    assert_close("first input", &dx[0], &[0.75, 1.5], 1e-6);
    assert_close("second input", &dx[1], &[0.25, 0.5], 1e-6);
    assert_close("alpha", &da, &[1.5, -1.5], 1e-6);
    assert_eq!(weights(&[0.0; 4]), [0.25; 4], "equal weights at the start");
}

#[derive(Deserialize)]
struct MixtureCase {
    name: String,
    reason: String,
    inputs: Vec<Vec<f32>>,
    alpha: Vec<f32>,
    output: Vec<f32>,
    output_gradient: Vec<f32>,
    input_gradients: Vec<Vec<f32>>,
    alpha_gradient: Vec<f32>,
}

#[test]
fn mixtures_agree_with_pytorch() {
    for case in golden!("mixture", MixtureCase) {
        let what = format!("{} ({})", case.name, case.reason);
        assert_close(&what, &forward(&case.inputs, &case.alpha), &case.output, SINGLE_PRECISION);
        let (dx, da) = backward(&case.inputs, &case.alpha, &case.output_gradient);
        for (found, expected) in dx.iter().zip(&case.input_gradients) {
            assert_close(&what, found, expected, SINGLE_PRECISION);
        }
        assert_close(&what, &da, &case.alpha_gradient, SINGLE_PRECISION);
    }
}

#[test]
fn gradients_of_mixtures_are_difference_quotients() {
    let inputs = [1, 2, 3].map(|seed| normal_values(20, seed));
    let (alpha, dy) = (normal_values(3, 4), normal_values(20, 5));
    let (dx, da) = backward(&inputs, &alpha, &dy);
    assert_gradient("alpha", CURVED, &alpha, &da, |alpha| weighted_sum(&forward(&inputs, alpha), &dy));
    assert_gradient("input", CURVED, &inputs[1], &dx[1], |x| {
        let inputs = [inputs[0].clone(), x.to_vec(), inputs[2].clone()];
        weighted_sum(&forward(&inputs, &alpha), &dy)
    });
}

#[test]
fn one_input_passes_through_and_extreme_logits_choose() {
    let input = normal_values(9, 1);
    assert_same_bits("one input", &forward(std::slice::from_ref(&input), &[3.0]), &input);
    let (_, da) = backward(std::slice::from_ref(&input), &[3.0], &input);
    assert_eq!(da, [0.0]);
    assert_eq!(weights(&[1e4, 0.0, -1e4]), [1.0, 0.0, 0.0]);
    assert!(weights(&[f32::NAN, 0.0]).iter().all(|weight| weight.is_nan()));
}

fn effective(kernel: &MetaKernel, weights: &[f32], alpha: &[f32]) -> Vec<f32> {
    let mut effective = vec![f32::NAN; weights.len()];
    meta_kernel_forward(kernel, weights, alpha, &mut effective);
    effective
}

fn kernel_backward(kernel: &MetaKernel, weights: &[f32], alpha: &[f32], gradient: &[f32]) -> [Vec<f32>; 2] {
    let (mut dw, mut da) = (vec![0.0; weights.len()], vec![0.0; alpha.len()]);
    meta_kernel_backward(kernel, weights, alpha, gradient, &mut dw, &mut da);
    [dw, da]
}

#[test]
fn a_meta_kernel_worked_by_hand() {
    // Sizes 1 and 3 with equal weights: the middle counts whole, the border half.
    let kernel = MetaKernel::new(&[1, 3], 1, 1).unwrap();
    let weights = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
    let expected = [0.5, 1.0, 1.5, 2.0, 5.0, 3.0, 3.5, 4.0, 4.5];
    assert_eq!(effective(&kernel, &weights, &[0.0, 0.0]), expected);
    // dw₁ = 5 (the middle), dw₃ = 45 (all taps): dα = 1/2 · (5 − 25), 1/2 · (45 − 25).
    let [dw, da] = kernel_backward(&kernel, &weights, &[0.0, 0.0], &[1.0; 9]);
    assert_eq!(dw, [0.5, 0.5, 0.5, 0.5, 1.0, 0.5, 0.5, 0.5, 0.5]);
    assert_eq!(da, [-10.0, 10.0]);
}

#[derive(Deserialize)]
struct MetaCase {
    name: String,
    reason: String,
    image: [usize; 4],
    out_channels: usize,
    sizes: Vec<usize>,
    groups: usize,
    input: Vec<f32>,
    weights: Vec<f32>,
    bias: Vec<f32>,
    alpha: Vec<f32>,
    output: Vec<f32>,
    output_gradient: Vec<f32>,
    input_gradient: Vec<f32>,
    weight_gradient: Vec<f32>,
    bias_gradient: Vec<f32>,
    alpha_gradient: Vec<f32>,
}

/// PyTorch sums as many convolutions as there are sizes; here it is one.
#[test]
fn one_convolution_is_the_sum_of_all() {
    for case in golden!("meta_conv2d", MetaCase) {
        let check = |of: &str, found: &[f32], expected: &[f32]| {
            assert_close(
                &format!("{} ({}): {of}", case.name, case.reason),
                found,
                expected,
                SINGLE_PRECISION,
            );
        };
        let [batch, height, width, channels] = case.image;
        let image = Image::new(batch, height, width, channels).unwrap();
        let largest = *case.sizes.last().unwrap();
        let window = Window::new(largest, largest).with_same_padding();
        let conv = Conv2d::new(image, case.out_channels, window, case.groups).unwrap();
        let kernel = MetaKernel::new(&case.sizes, channels / case.groups, case.out_channels).unwrap();
        assert_eq!((kernel.weights_len(), kernel.alpha_len()), (conv.weights_len(), case.sizes.len()));
        let effective = effective(&kernel, &case.weights, &case.alpha);

        let mut scratch = spoilt_scratch(conv.scratch_len());
        let mut output = vec![f32::NAN; conv.output().len()];
        conv2d_forward(&conv, &case.input, &effective, Some(&case.bias), &mut output, &mut scratch);
        check("output", &output, &case.output);
        let mut dx = vec![0.0; case.input.len()];
        conv2d_backward_input(&conv, &effective, &case.output_gradient, &mut dx, &mut scratch);
        check("input gradient", &dx, &case.input_gradient);
        let (mut de, mut db) = (vec![0.0; effective.len()], vec![0.0; case.out_channels]);
        let dy = &case.output_gradient;
        conv2d_backward_parameters(&conv, &case.input, dy, &mut de, Some(&mut db), &mut scratch);
        check("bias gradient", &db, &case.bias_gradient);
        let [dw, da] = kernel_backward(&kernel, &case.weights, &case.alpha, &de);
        check("weight gradient", &dw, &case.weight_gradient);
        check("alpha gradient", &da, &case.alpha_gradient);
    }
}

#[test]
fn gradients_of_meta_kernels_are_difference_quotients() {
    let kernel = MetaKernel::new(&[1, 3, 5], 2, 1).unwrap();
    let (weights, alpha) = (normal_values(kernel.weights_len(), 1), normal_values(3, 2));
    let de = normal_values(weights.len(), 3);
    let [dw, da] = kernel_backward(&kernel, &weights, &alpha, &de);
    let loss = |weights: &[f32], alpha: &[f32]| weighted_sum(&effective(&kernel, weights, alpha), &de);
    assert_gradient("weights", CURVED, &weights, &dw, |weights| loss(weights, &alpha));
    assert_gradient("alpha", CURVED, &alpha, &da, |alpha| loss(&weights, alpha));
}

#[test]
fn one_size_is_the_kernel_itself() {
    let kernel = MetaKernel::new(&[3], 2, 5).unwrap();
    let weights = normal_values(kernel.weights_len(), 1);
    assert_same_bits("effective", &effective(&kernel, &weights, &[2.0]), &weights);
    let [dw, da] = kernel_backward(&kernel, &weights, &[2.0], &weights);
    assert_same_bits("gradient", &dw, &weights);
    assert_eq!(da, [0.0]);
}

#[test]
fn sizes_out_of_order_are_refused() {
    let too_many = [1, 3, 5, 7, 9, 11, 13, 15, 17];
    for sizes in [&[][..], &[2], &[5, 3], &[3, 3], &too_many] {
        let refused = MetaKernel::new(sizes, 1, 1);
        assert!(matches!(refused, Err(ShapeError::OutOfRange { .. })), "{sizes:?}: {refused:?}");
    }
}
