//! ReLU, add and concat.

use nas_kernels::{
    ActivationFunction, ConcatPart, ShapeError, add_backward, add_forward, concat_backward, concat_forward,
};
use serde::Deserialize;

use crate::support::{
    LINEAR, assert_close, assert_gradient, assert_same_bits, golden, normal_values, weighted_sum,
};

/// Selecting and copying round nothing, and sums of two multiples of 1/16 are exact.
const EXACT: f32 = 0.0;

const RELU: ActivationFunction = ActivationFunction::Relu;

fn relu(input: &[f32]) -> Vec<f32> {
    let mut output = vec![f32::NAN; input.len()];
    RELU.forward(input, &mut output);
    output
}

/// Concatenates parts of the given numbers of channels.
fn concat(inputs: &[Vec<f32>], channels: &[usize]) -> Vec<f32> {
    let (rows, total) = (inputs[0].len() / channels[0], channels.iter().sum());
    let mut output = vec![f32::NAN; rows * total];
    let mut offset = 0;
    for (input, &channels) in inputs.iter().zip(channels) {
        let part = ConcatPart::new(rows, channels, offset, total).unwrap();
        concat_forward(&part, input, &mut output);
        offset += channels;
    }
    output
}

#[test]
fn worked_by_hand() {
    assert_eq!(relu(&[-1.0, 2.0, 0.0]), [0.0, 2.0, 0.0]);
    let mut dx = [10.0; 3];
    RELU.backward(&[0.0, 2.0, 0.0], &[5.0, 6.0, 7.0], &mut dx);
    assert_eq!(dx, [10.0, 16.0, 10.0]);

    let mut sum = [0.0; 2];
    add_forward(&[1.0, 2.0], &[10.0, 20.0], &mut sum);
    assert_eq!(sum, [11.0, 22.0]);
    add_backward(&[3.0, 4.0], &mut sum);
    assert_eq!(sum, [14.0, 26.0]);

    let output = concat(&[vec![1.0, 2.0, 3.0, 4.0], vec![5.0, 6.0]], &[2, 1]);
    assert_eq!(output, [1.0, 2.0, 5.0, 3.0, 4.0, 6.0]);
    let mut dx = [100.0; 2];
    concat_backward(&ConcatPart::new(2, 1, 2, 3).unwrap(), &output, &mut dx);
    assert_eq!(dx, [105.0, 106.0]);
}

#[derive(Deserialize)]
struct GoldenCase {
    name: String,
    reason: String,
    shapes: Vec<Vec<usize>>,
    inputs: Vec<Vec<f32>>,
    output: Vec<f32>,
    output_gradient: Vec<f32>,
    input_gradients: Vec<Vec<f32>>,
}

#[test]
fn agrees_with_pytorch() {
    for case in golden!("element_wise", GoldenCase) {
        let dy = &case.output_gradient;
        let mut gradients: Vec<Vec<f32>> = case.inputs.iter().map(|input| vec![0.0; input.len()]).collect();
        let output = match case.name.as_str() {
            "relu" => {
                let output = relu(&case.inputs[0]);
                RELU.backward(&output, dy, &mut gradients[0]);
                output
            }
            "add" => {
                let mut output = vec![f32::NAN; case.output.len()];
                add_forward(&case.inputs[0], &case.inputs[1], &mut output);
                for gradient in &mut gradients {
                    add_backward(dy, gradient);
                }
                output
            }
            "concat" => {
                let channels: Vec<usize> = case.shapes.iter().map(|shape| shape[1]).collect();
                let mut offset = 0;
                for (gradient, &width) in gradients.iter_mut().zip(&channels) {
                    let part = ConcatPart::new(4, width, offset, channels.iter().sum()).unwrap();
                    concat_backward(&part, dy, gradient);
                    offset += width;
                }
                concat(&case.inputs, &channels)
            }
            other => panic!("the golden has an operator {other} that this test does not know"),
        };
        let what = format!("{} ({})", case.name, case.reason);
        assert_close(&what, &output, &case.output, EXACT);
        for (found, expected) in gradients.iter().zip(&case.input_gradients) {
            assert_close(&what, found, expected, EXACT);
        }
    }
}

#[test]
fn gradients_are_difference_quotients() {
    let dy = normal_values(20, 1);
    // ReLU is linear on either side of 0: the values keep a distance of more than the step from it.
    let x: Vec<f32> = normal_values(20, 2).iter().map(|x| x + 2.0_f32.copysign(*x)).collect();
    let mut dx = vec![0.0; 20];
    RELU.backward(&relu(&x), &dy, &mut dx);
    assert_gradient("relu", LINEAR, &x, &dx, |x| weighted_sum(&relu(x), &dy));

    let other = normal_values(20, 3);
    let mut dx = vec![0.0; 20];
    add_backward(&dy, &mut dx);
    assert_gradient("add", LINEAR, &x, &dx, |x| {
        let mut sum = vec![0.0; 20];
        add_forward(x, &other, &mut sum);
        weighted_sum(&sum, &dy)
    });

    let part = ConcatPart::new(4, 3, 2, 5).unwrap();
    let mut dx = vec![0.0; 12];
    concat_backward(&part, &dy, &mut dx);
    assert_gradient("concat", LINEAR, &x[..12], &dx, |x| {
        let mut whole = vec![0.0; 20];
        concat_forward(&part, x, &mut whole);
        weighted_sum(&whole, &dy)
    });
}

#[test]
fn relu_of_special_values() {
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    let cases = [
        ("NaN stays, so that divergence is seen", nan, nan, 1.0),
        ("-0 becomes +0", -0.0, 0.0, 0.0),
        ("+0 has no gradient", 0.0, 0.0, 0.0),
        ("the smallest denormal stays", f32::from_bits(1), f32::from_bits(1), 1.0),
        ("the smallest negative denormal is cut", -f32::from_bits(1), 0.0, 0.0),
        ("+inf", inf, inf, 1.0),
        ("-inf", -inf, 0.0, 0.0),
    ];
    for (name, input, expected, slope) in cases {
        // Nine at once: a full run of lanes and a single one.
        let output = relu(&[input; 9]);
        assert_same_bits(name, &output, &[expected; 9]);
        let mut gradient = [0.0; 9];
        RELU.backward(&output, &[1.0; 9], &mut gradient);
        assert_eq!(gradient, [slope; 9], "{name}");

        let (mut values, mut gradient) = ([input; 9], [1.0; 9]);
        RELU.forward_in_place(&mut values);
        assert_same_bits(name, &values, &output);
        RELU.backward_in_place(&output, &mut gradient);
        assert_eq!(gradient, [slope; 9], "{name}, in place");
    }
}

#[test]
fn a_part_behind_the_end_is_refused() {
    let expected = ShapeError::ConcatPart { offset: 3, end: 5, total: 4 };
    assert_eq!(ConcatPart::new(1, 2, 3, 4), Err(expected));
    assert_eq!(ConcatPart::new(0, 2, 0, 4), Err(ShapeError::Zero { what: "the number of rows" }));
}
