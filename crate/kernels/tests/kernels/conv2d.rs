//! Convolution. Inputs are [`exact_values`] where the expectation is a number, so most tolerances are 0.

use nas_kernels::{
    Conv2d, Image, Level, ShapeError, Window, conv2d_backward_input, conv2d_backward_parameters,
    conv2d_forward, with_level,
};
use proptest::prelude::*;
use serde::Deserialize;

use crate::reference::ConvolutionSizes;
use crate::support::{
    GoldenWindow, LINEAR, assert_close, assert_gradient, assert_same_bits, cases, exact_values, golden,
    normal_values, size, spoilt_scratch, weighted_sum,
};

/// Inputs whose products and sums are exact in `f32`.
const EXACT: f32 = 0.0;

fn image(batch: usize, height: usize, width: usize, channels: usize) -> Image {
    Image::new(batch, height, width, channels).expect("sizes of a test")
}

fn forward(conv: &Conv2d, input: &[f32], weights: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
    let mut output = vec![f32::NAN; conv.output().len()];
    conv2d_forward(conv, input, weights, bias, &mut output, &mut spoilt_scratch(conv.scratch_len()));
    output
}

fn backward_input(conv: &Conv2d, weights: &[f32], output_gradient: &[f32], input_len: usize) -> Vec<f32> {
    let mut gradient = vec![0.0; input_len];
    let mut scratch = spoilt_scratch(conv.scratch_len());
    conv2d_backward_input(conv, weights, output_gradient, &mut gradient, &mut scratch);
    gradient
}

fn backward_weights(conv: &Conv2d, input: &[f32], output_gradient: &[f32]) -> Vec<f32> {
    let mut gradient = vec![0.0; conv.weights_len()];
    let mut scratch = spoilt_scratch(conv.scratch_len());
    conv2d_backward_parameters(conv, input, output_gradient, &mut gradient, None, &mut scratch);
    gradient
}

#[test]
fn worked_by_hand() {
    // 1 2 3      1 0         1·1 + 5·2 = 11   2·1 + 6·2 = 14
    // 4 5 6  *   0 2   + 1 = 4·1 + 8·2 = 20   5·1 + 9·2 = 23   plus 1 each
    // 7 8 9
    let conv = Conv2d::new(image(1, 3, 3, 1), 1, Window::new(2, 2), 1).unwrap();
    let input = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
    let weights = [1.0, 0.0, 0.0, 2.0];
    assert_eq!(forward(&conv, &input, &weights, Some(&[1.0])), [12.0, 15.0, 21.0, 24.0]);

    let output_gradient = [1.0, 0.0, 0.0, 10.0];
    let expected = [1.0, 0.0, 0.0, 0.0, 12.0, 0.0, 0.0, 0.0, 20.0];
    assert_eq!(backward_input(&conv, &weights, &output_gradient, 9), expected);
    assert_eq!(backward_weights(&conv, &input, &output_gradient), [51.0, 62.0, 84.0, 95.0]);
}

#[derive(Deserialize)]
struct GoldenCase {
    name: String,
    reason: String,
    image: [usize; 4],
    out_channels: usize,
    groups: usize,
    window: GoldenWindow,
    input: Vec<f32>,
    weights: Vec<f32>,
    bias: Option<Vec<f32>>,
    output: Vec<f32>,
    output_gradient: Vec<f32>,
    input_gradient: Vec<f32>,
    weight_gradient: Vec<f32>,
    bias_gradient: Option<Vec<f32>>,
}

/// Series are images of height 1: PyTorch's one-dimensional convolutions are among the cases.
#[test]
fn agrees_with_pytorch() {
    for case in golden!("conv2d", GoldenCase).into_iter().chain(golden!("conv1d", GoldenCase)) {
        let what = |of: &str| format!("{} ({}): {of}", case.name, case.reason);
        let [batch, height, width, channels] = case.image;
        let input = image(batch, height, width, channels);
        let conv = Conv2d::new(input, case.out_channels, case.window.window(), case.groups).unwrap();
        let output = forward(&conv, &case.input, &case.weights, case.bias.as_deref());
        assert_close(&what("output"), &output, &case.output, EXACT);
        let gradient = backward_input(&conv, &case.weights, &case.output_gradient, input.len());
        assert_close(&what("input gradient"), &gradient, &case.input_gradient, EXACT);
        let mut gradient = vec![0.0; conv.weights_len()];
        let mut bias_gradient = case.bias.as_ref().map(|bias| vec![0.0; bias.len()]);
        conv2d_backward_parameters(
            &conv,
            &case.input,
            &case.output_gradient,
            &mut gradient,
            bias_gradient.as_deref_mut(),
            &mut spoilt_scratch(conv.scratch_len()),
        );
        assert_close(&what("weight gradient"), &gradient, &case.weight_gradient, EXACT);
        if let (Some(found), Some(expected)) = (bias_gradient, &case.bias_gradient) {
            assert_close(&what("bias gradient"), &found, expected, EXACT);
        }
    }
}

/// Kernels of up to 11 points, also on images smaller than they are.
#[test]
fn large_kernels_follow_the_formula() {
    for (size, groups) in [(12, 1), (5, 1), (12, 6), (1, 6)] {
        for kernel in [7, 9, 11] {
            let (input, window) =
                (image(2, size, size + 1, 6), Window::new(kernel, kernel).with_same_padding());
            let conv = Conv2d::new(input, 6, window, groups).unwrap();
            let sizes = ConvolutionSizes { input, output: conv.output(), window, groups };
            let (x, weights) = (exact_values(input.len(), 1), exact_values(conv.weights_len(), 2));
            let dy = exact_values(conv.output().len(), 3);
            let what = format!("{kernel} on {size} in {groups} groups");
            let (y, dx) = (forward(&conv, &x, &weights, None), backward_input(&conv, &weights, &dy, x.len()));
            assert_close(&what, &y, &sizes.forward(&x, &weights, None), EXACT);
            assert_close(&what, &dx, &sizes.backward_input(&weights, &dy), EXACT);
            let dw = sizes.backward_weights(&x, &dy, weights.len());
            assert_close(&what, &backward_weights(&conv, &x, &dy), &dw, EXACT);
        }
    }
}

#[test]
fn gradients_are_difference_quotients() {
    let strided = Window::new(3, 2).with_stride(2).with_padding(1, 0, 1, 1);
    for (name, groups) in [("full", 1), ("grouped", 2), ("depthwise", 4)] {
        let conv = Conv2d::new(image(2, 4, 5, 4), 4, strided, groups).unwrap();
        let input = normal_values(2 * 4 * 5 * 4, 1);
        let weights = normal_values(conv.weights_len(), 2);
        let bias = normal_values(conv.bias_len(), 3);
        let dy = normal_values(conv.output().len(), 4);
        let loss = |x: &[f32], w: &[f32], b: &[f32]| weighted_sum(&forward(&conv, x, w, Some(b)), &dy);

        let dx = backward_input(&conv, &weights, &dy, input.len());
        assert_gradient(name, LINEAR, &input, &dx, |x| loss(x, &weights, &bias));
        let (mut dw, mut db) = (vec![0.0; weights.len()], vec![0.0; bias.len()]);
        let mut scratch = spoilt_scratch(conv.scratch_len());
        conv2d_backward_parameters(&conv, &input, &dy, &mut dw, Some(&mut db), &mut scratch);
        assert_gradient(name, LINEAR, &weights, &dw, |w| loss(&input, w, &bias));
        assert_gradient(name, LINEAR, &bias, &db, |b| loss(&input, &weights, b));
    }
}

/// Blocks of small images, tiles across image borders and tails must not show in any image.
#[test]
fn a_batch_is_its_images_bit_for_bit() {
    for (name, size, groups) in [("small", 3, 1), ("grouped", 3, 2), ("depthwise", 5, 6), ("large", 9, 1)] {
        let window = Window::new(3, 3).with_same_padding().with_stride(2);
        let input = image(7, size, size, 6);
        let batch = Conv2d::new(input, 6, window, groups).unwrap();
        let single = Conv2d::new(image(1, size, size, 6), 6, window, groups).unwrap();
        let x = normal_values(input.len(), 1);
        let weights = normal_values(batch.weights_len(), 2);
        let dy = normal_values(batch.output().len(), 3);
        let (x_len, y_len) = (x.len() / 7, dy.len() / 7);

        let outputs: Vec<f32> =
            x.chunks(x_len).flat_map(|image| forward(&single, image, &weights, None)).collect();
        assert_same_bits(name, &forward(&batch, &x, &weights, None), &outputs);
        let gradients: Vec<f32> =
            dy.chunks(y_len).flat_map(|dy| backward_input(&single, &weights, dy, x_len)).collect();
        assert_same_bits(name, &backward_input(&batch, &weights, &dy, x.len()), &gradients);
    }
}

#[test]
fn weight_gradient_of_a_batch_is_the_sum_over_its_images() {
    let window = Window::new(3, 3).with_same_padding();
    let batch = Conv2d::new(image(5, 3, 4, 3), 7, window, 1).unwrap();
    let single = Conv2d::new(image(1, 3, 4, 3), 7, window, 1).unwrap();
    let (x, dy) = (exact_values(5 * 36, 1), exact_values(5 * 84, 2));
    let mut sum = vec![0.0; batch.weights_len()];
    let mut scratch = spoilt_scratch(single.scratch_len());
    for (x, dy) in x.chunks(36).zip(dy.chunks(84)) {
        conv2d_backward_parameters(&single, x, dy, &mut sum, None, &mut scratch);
    }
    assert_close("weight gradient", &backward_weights(&batch, &x, &dy), &sum, EXACT);
}

/// Every `parts`-th piece of `width` elements, from piece `part` on: the channels of a group.
fn channels_of(values: &[f32], parts: usize, part: usize, width: usize) -> Vec<f32> {
    values.chunks(width).skip(part).step_by(parts).flatten().copied().collect()
}

#[test]
fn a_group_is_the_convolution_of_its_channels_bit_for_bit() {
    let window = Window::new(3, 3).with_same_padding();
    let (groups, group_inputs, group_outputs) = (3, 2, 5);
    let input = image(2, 4, 4, groups * group_inputs);
    let grouped = Conv2d::new(input, groups * group_outputs, window, groups).unwrap();
    let slice = Conv2d::new(image(2, 4, 4, group_inputs), group_outputs, window, 1).unwrap();
    let x = normal_values(input.len(), 1);
    let weights = normal_values(grouped.weights_len(), 2);
    let dy = normal_values(grouped.output().len(), 3);
    let output = forward(&grouped, &x, &weights, None);
    let dx = backward_input(&grouped, &weights, &dy, x.len());
    let dw = backward_weights(&grouped, &x, &dy);
    for group in 0..groups {
        let inputs = |values: &[f32]| channels_of(values, groups, group, group_inputs);
        let outputs = |values: &[f32]| channels_of(values, groups, group, group_outputs);
        let (x, weights, dy) = (inputs(&x), outputs(&weights), outputs(&dy));
        assert_same_bits("output", &outputs(&output), &forward(&slice, &x, &weights, None));
        assert_same_bits("input gradient", &inputs(&dx), &backward_input(&slice, &weights, &dy, x.len()));
        assert_same_bits("weight gradient", &outputs(&dw), &backward_weights(&slice, &x, &dy));
    }
}

#[test]
fn gradients_accumulate() {
    let conv = Conv2d::new(image(1, 3, 3, 2), 3, Window::new(2, 2), 1).unwrap();
    let (x, weights, dy) = (exact_values(18, 1), exact_values(24, 2), exact_values(12, 3));
    let mut scratch = spoilt_scratch(conv.scratch_len());
    let (mut dx, mut dw, mut db) = (vec![0.0; 18], vec![0.0; 24], vec![0.0; 3]);
    for times in [1.0, 2.0] {
        conv2d_backward_input(&conv, &weights, &dy, &mut dx, &mut scratch);
        conv2d_backward_parameters(&conv, &x, &dy, &mut dw, Some(&mut db), &mut scratch);
        let scaled = |once: Vec<f32>| once.iter().map(|value| value * times).collect::<Vec<f32>>();
        assert_close("input gradient", &dx, &scaled(backward_input(&conv, &weights, &dy, 18)), EXACT);
        assert_close("weight gradient", &dw, &scaled(backward_weights(&conv, &x, &dy)), EXACT);
        let columns = (0..3).map(|channel| dy.iter().skip(channel).step_by(3).sum::<f32>()).collect();
        assert_close("bias gradient", &db, &scaled(columns), EXACT);
    }
}

#[test]
fn impossible_sizes_are_refused() {
    let input = image(1, 4, 4, 6);
    let zero = |what| Err(ShapeError::Zero { what });
    let cases = [
        ("no kernel", Conv2d::new(input, 1, Window::new(0, 3).with_same_padding(), 1), zero("the kernel")),
        ("no stride", Conv2d::new(input, 1, Window::new(3, 3).with_stride(0), 1), zero("the stride")),
        ("no outputs", Conv2d::new(input, 0, Window::new(3, 3), 1), zero("the number of output channels")),
        ("no groups", Conv2d::new(input, 1, Window::new(3, 3), 0), zero("the number of groups")),
        (
            "uneven inputs",
            Conv2d::new(input, 8, Window::new(1, 1), 4),
            Err(ShapeError::Groups { groups: 4, channels: 6, what: "input channels" }),
        ),
        (
            "uneven outputs",
            Conv2d::new(input, 8, Window::new(1, 1), 3),
            Err(ShapeError::Groups { groups: 3, channels: 8, what: "output channels" }),
        ),
        (
            "kernel larger than the padded image",
            Conv2d::new(input, 1, Window::new(5, 1).with_dilation(2).with_padding(1, 0, 1, 0), 1),
            Err(ShapeError::KernelTooLarge { axis: "height", extent: 9, padded: 6 }),
        ),
        (
            "too many outputs for any memory",
            Conv2d::new(input, usize::MAX, Window::new(1, 1), 1),
            Err(ShapeError::TooLarge { what: "the image batch" }),
        ),
        (
            "a padded copy that is too large for any memory",
            Conv2d::new(image(1, 4, 4, 12), 1, Window::new(1, 1).with_padding(4096, 4096, 4096, 4096), 1),
            Err(ShapeError::TooLarge { what: "the convolution's padded images" }),
        ),
    ];
    for (name, found, expected) in cases {
        assert_eq!(found.map(|_| ()), expected, "{name}");
    }
}

#[test]
#[should_panic(expected = "weights has 5 elements, its shape asks for 4")]
fn a_slice_of_the_wrong_length_panics_with_both_lengths() {
    let conv = Conv2d::new(image(1, 3, 3, 1), 1, Window::new(2, 2), 1).unwrap();
    forward(&conv, &[0.0; 9], &[0.0; 5], None);
}

prop_compose! {
    fn any_window()(
        kernel in (1_usize..=5, 1_usize..=5),
        stride in (1_usize..=4, 1_usize..=4),
        dilation in (1_usize..=4, 1_usize..=4),
        padding in (0_usize..=4, 0_usize..=4, 0_usize..=4, 0_usize..=4),
    ) -> Window {
        let mut window = Window::new(kernel.0, kernel.1);
        (window.height.stride, window.width.stride) = stride;
        (window.height.dilation, window.width.dilation) = dilation;
        window.with_padding(padding.0, padding.1, padding.2, padding.3)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(300), failure_persistence: None, ..ProptestConfig::default() })]

    /// Any window on any small image, down to 1×1 images, one channel, a batch of one, and kernels larger
    /// than the image: refused when nothing fits, otherwise exactly the formula.
    #[test]
    fn agrees_with_the_formula(
        (batch, height, width) in (size(3), size(7), size(7)),
        groups in 1_usize..=4,
        (group_inputs, group_outputs) in (size(6), size(19)),
        depthwise in any::<bool>(),
        window in any_window(),
    ) {
        let (group_inputs, group_outputs) = if depthwise { (1, 1) } else { (group_inputs, group_outputs) };
        let groups = if depthwise { groups * 5 } else { groups };
        let input = image(batch, height, width, groups * group_inputs);
        let found = Conv2d::new(input, groups * group_outputs, window, groups);
        let sizes = (window.height.output_len(height), window.width.output_len(width));
        let (Some(_), Some(_)) = sizes else {
            let refused = matches!(found, Err(ShapeError::KernelTooLarge { .. }));
            prop_assert!(refused, "{found:?}");
            return Ok(());
        };
        let conv = found.unwrap();
        let reference = ConvolutionSizes { input, output: conv.output(), window, groups };
        let x = exact_values(input.len(), 1);
        let weights = exact_values(conv.weights_len(), 2);
        let bias = exact_values(conv.bias_len(), 3);
        let dy = exact_values(conv.output().len(), 4);
        let expected = (
            reference.forward(&x, &weights, Some(&bias)),
            reference.backward_input(&weights, &dy),
            reference.backward_weights(&x, &dy, weights.len()),
        );
        for level in Level::available() {
            let found = with_level(level, || (
                forward(&conv, &x, &weights, Some(&bias)),
                backward_input(&conv, &weights, &dy, x.len()),
                backward_weights(&conv, &x, &dy),
            ));
            prop_assert_eq!(&found, &expected, "{:?}", level);
        }
    }
}
