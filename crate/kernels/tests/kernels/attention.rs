//! Self-attention.

use nas_kernels::{Attention, Image, ShapeError, attention_backward, attention_forward};
use serde::Deserialize;

use crate::support::{
    CURVED, Differences, assert_close, assert_gradient, assert_same_bits, golden, normal_values,
    spoilt_scratch, weighted_sum,
};

/// Scores of up to 40 round to 2e-6, which is the relative error of an exponential; gradients subtract such.
const SINGLE_PRECISION: f32 = 2e-5;

struct Forward {
    output: Vec<f32>,
    probabilities: Vec<f32>,
}

fn forward(attention: &Attention, input: &[f32]) -> Forward {
    let mut output = vec![f32::NAN; attention.output().len()];
    let mut probabilities = vec![f32::NAN; attention.probabilities_len()];
    let mut scratch = spoilt_scratch(attention.scratch_len());
    attention_forward(attention, input, &mut output, &mut probabilities, &mut scratch);
    Forward { output, probabilities }
}

fn backward(attention: &Attention, input: &[f32], output_gradient: &[f32]) -> Vec<f32> {
    let probabilities = forward(attention, input).probabilities;
    let mut gradient = vec![0.0; input.len()];
    let mut scratch = spoilt_scratch(attention.scratch_len());
    attention_backward(attention, input, &probabilities, output_gradient, &mut gradient, &mut scratch);
    gradient
}

fn image([batch, height, width, channels]: [usize; 4]) -> Image {
    Image::new(batch, height, width, channels).unwrap()
}

#[test]
fn worked_by_hand() {
    // Two pixels, one channel. Queries 0 and ln 3, keys 1 and 0, values 10 and 20: equal weights, and 3 : 1.
    let attention = Attention::new(image([1, 1, 2, 3]), 1, [1, 1]).unwrap();
    let input = [0.0, 1.0, 10.0, 1.098_612_3, 0.0, 20.0];
    let Forward { output, probabilities } = forward(&attention, &input);
    assert_close("probabilities", &probabilities, &[0.5, 0.5, 0.75, 0.25], 1e-7);
    assert_close("output", &output, &[15.0, 12.5], 1e-6);

    // dO = (1, 0): dV = (1/2, 1/2); dP = (10, 20), dS = 1/2 · (10 − 15), 1/2 · (20 − 15); dQ = −2.5 · 1 + 2.5 · 0.
    let gradient = backward(&attention, &input, &[1.0, 0.0]);
    assert_close("first query", &gradient, &[-2.5, 0.0, 0.5, 0.0, 0.0, 0.5], 1e-6);
    // dO = (0, 1): dS = 3/4 · (10 − 12.5), 1/4 · (20 − 12.5); dK = dS · ln 3.
    let gradient = backward(&attention, &input, &[0.0, 1.0]);
    let slope = 1.875 * 1.098_612_3;
    assert_close("second query", &gradient, &[0.0, -slope, 0.75, -1.875, slope, 0.25], 1e-6);
}

#[derive(Deserialize)]
struct GoldenCase {
    name: String,
    reason: String,
    image: [usize; 4],
    heads: usize,
    patch: [usize; 2],
    input: Vec<f32>,
    output: Vec<f32>,
    output_gradient: Vec<f32>,
    input_gradient: Vec<f32>,
}

#[test]
fn agrees_with_pytorch() {
    for case in golden!("attention", GoldenCase) {
        let what = |of: &str| format!("{} ({}): {of}", case.name, case.reason);
        let attention = Attention::new(image(case.image), case.heads, case.patch).unwrap();
        let output = forward(&attention, &case.input).output;
        assert_close(&what("output"), &output, &case.output, SINGLE_PRECISION);
        let gradient = backward(&attention, &case.input, &case.output_gradient);
        assert_close(&what("input gradient"), &gradient, &case.input_gradient, SINGLE_PRECISION);
    }
}

#[test]
fn gradients_are_difference_quotients() {
    // A softmax of sums of products is more curved than most.
    let how = Differences { tolerance: 2.0 * CURVED.tolerance, ..CURVED };
    for (shape, heads, patch) in [([2, 2, 3, 12], 2, [1, 1]), ([1, 2, 4, 6], 1, [2, 2])] {
        let attention = Attention::new(image(shape), heads, patch).unwrap();
        let x = normal_values(image(shape).len(), 1);
        let dy = normal_values(attention.output().len(), 2);
        let dx = backward(&attention, &x, &dy);
        assert_gradient("input", how, &x, &dx, |x| weighted_sum(&forward(&attention, x).output, &dy));
    }
}

#[test]
fn a_batch_is_a_loop_over_single_images() {
    let (batch, one) = (3, image([1, 4, 6, 42]));
    let whole = Attention::new(Image { batch, ..one }, 2, [2, 1]).unwrap();
    let single = Attention::new(one, 2, [2, 1]).unwrap();
    let (x, dy) = (normal_values(batch * one.len(), 1), normal_values(whole.output().len(), 2));
    let (together, dx) = (forward(&whole, &x).output, backward(&whole, &x, &dy));
    let parts = x.chunks_exact(one.len()).zip(dy.chunks_exact(single.output().len()));
    let (mut outputs, mut gradients) = (Vec::new(), Vec::new());
    for (x, dy) in parts {
        outputs.extend(forward(&single, x).output);
        gradients.extend(backward(&single, x, dy));
    }
    assert_same_bits("output", &together, &outputs);
    assert_same_bits("input gradient", &dx, &gradients);
}

/// A head sees its own channels only, and a place within the patches its own pixels only.
#[test]
fn heads_and_patches_are_slices() {
    let shape = image([1, 4, 4, 24]);
    let x = normal_values(shape.len(), 1);
    let heads = forward(&Attention::new(shape, 2, [1, 1]).unwrap(), &x).output;
    let one_head = Attention::new(Image { channels: 12, ..shape }, 1, [1, 1]).unwrap();
    for head in 0..2 {
        let in_head = |channel: usize| channel % 8 / 4 == head;
        let part: Vec<f32> = (0..x.len()).filter(|index| in_head(index % 24)).map(|index| x[index]).collect();
        let expected: Vec<f32> =
            (0..heads.len()).filter(|index| in_head(index % 8)).map(|index| heads[index]).collect();
        assert_same_bits("head", &forward(&one_head, &part).output, &expected);
    }

    let patches = forward(&Attention::new(shape, 1, [2, 2]).unwrap(), &x).output;
    let one_group = Attention::new(Image { height: 2, width: 2, ..shape }, 1, [1, 1]).unwrap();
    for (row, column) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let in_group = |pixel: usize| pixel / 4 % 2 == row && pixel % 2 == column;
        let pick = |values: &[f32], channels: usize| -> Vec<f32> {
            (0..values.len()).filter(|index| in_group(index / channels)).map(|index| values[index]).collect()
        };
        let alone = forward(&one_group, &pick(&x, 24)).output;
        assert_same_bits("place within the patches", &alone, &pick(&patches, 8));
    }
}

#[test]
fn one_pixel_passes_its_value_on() {
    let attention = Attention::new(image([2, 1, 1, 3]), 1, [1, 1]).unwrap();
    let Forward { output, probabilities } = forward(&attention, &[5.0, 7.0, 11.0, -3.0, 2.0, 13.0]);
    assert_eq!((output, probabilities), (vec![11.0, 13.0], vec![1.0, 1.0]));
    let gradient = backward(&attention, &[5.0, 7.0, 11.0, -3.0, 2.0, 13.0], &[4.0, 8.0]);
    assert_eq!(gradient, [0.0, 0.0, 4.0, 0.0, 0.0, 8.0]);
}

#[test]
fn large_scores_do_not_overflow_and_nan_is_seen() {
    let attention = Attention::new(image([1, 1, 2, 3]), 1, [1, 1]).unwrap();
    let output = forward(&attention, &[100.0, 100.0, 1.0, 100.0, -100.0, 2.0]).output;
    assert_eq!(output, [1.0, 1.0]);
    for at in 0..3 {
        let mut input = [1.0; 6];
        input[at] = f32::NAN;
        assert!(forward(&attention, &input).output[0].is_nan(), "{at}");
    }
}

#[test]
fn sizes_that_cannot_be_split_are_refused() {
    for (shape, heads, patch) in [
        ([1, 4, 4, 8], 1, [1, 1]),
        ([1, 4, 4, 6], 4, [1, 1]),
        ([1, 4, 5, 6], 1, [1, 2]),
        ([1, 5, 4, 6], 1, [2, 1]),
    ] {
        let refused = Attention::new(image(shape), heads, patch);
        assert!(matches!(refused, Err(ShapeError::OutOfRange { .. })), "{shape:?}: {refused:?}");
    }
    let zero = Attention::new(image([1, 4, 4, 6]), 0, [1, 1]);
    assert_eq!(zero, Err(ShapeError::Zero { what: "the number of heads" }));
    let large = Attention::new(image([4, 128, 128, 3]), 1, [1, 1]);
    assert_eq!(large, Err(ShapeError::TooLarge { what: "the attention's probabilities" }));
}
