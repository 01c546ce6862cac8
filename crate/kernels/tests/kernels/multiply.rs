//! Products of two activations, and of an activation with a gate.

use nas_kernels::{
    Image, Multiply, ShapeError, multiply_backward_left, multiply_backward_right, multiply_forward,
};
use serde::Deserialize;

use crate::support::{
    LINEAR, assert_close, assert_gradient, assert_same_bits, golden, normal_values, weighted_sum,
};

/// Products of multiples of 1/16 and their sums are exact.
const EXACT: f32 = 0.0;

fn forward(multiply: &Multiply, left: &[f32], right: &[f32]) -> Vec<f32> {
    let mut output = vec![f32::NAN; left.len()];
    multiply_forward(multiply, left, right, &mut output);
    output
}

fn backward(multiply: &Multiply, left: &[f32], right: &[f32], output_gradient: &[f32]) -> [Vec<f32>; 2] {
    let (mut dx, mut dy) = (vec![0.0; left.len()], vec![0.0; right.len()]);
    multiply_backward_left(multiply, right, output_gradient, &mut dx);
    multiply_backward_right(multiply, left, output_gradient, &mut dy);
    [dx, dy]
}

#[test]
fn worked_by_hand() {
    let image = Image::new(1, 1, 2, 2).unwrap();
    let (left, dz) = ([1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 10.0, 10.0]);
    let equal = Multiply::equal(image).unwrap();
    assert_eq!(forward(&equal, &left, &[5.0, 6.0, 7.0, 8.0]), [5.0, 12.0, 21.0, 32.0]);
    let [dx, dy] = backward(&equal, &left, &[5.0, 6.0, 7.0, 8.0], &dz);
    assert_eq!((dx, dy), (vec![5.0, 6.0, 70.0, 80.0], vec![1.0, 2.0, 30.0, 40.0]));

    let gate = Multiply::gate(image).unwrap();
    assert_eq!(forward(&gate, &left, &[5.0, 6.0]), [5.0, 12.0, 15.0, 24.0]);
    let [dx, dy] = backward(&gate, &left, &[5.0, 6.0], &dz);
    assert_eq!((dx, dy), (vec![5.0, 6.0, 50.0, 60.0], vec![31.0, 42.0]));
}

#[derive(Deserialize)]
struct GoldenCase {
    name: String,
    reason: String,
    shapes: [[usize; 4]; 2],
    inputs: [Vec<f32>; 2],
    output: Vec<f32>,
    output_gradient: Vec<f32>,
    input_gradients: [Vec<f32>; 2],
}

#[test]
fn agrees_with_pytorch() {
    for case in golden!("multiply", GoldenCase) {
        let what = format!("{} ({})", case.name, case.reason);
        let [batch, height, width, channels] = case.shapes[0];
        let image = Image::new(batch, height, width, channels).unwrap();
        let is_gate = case.shapes[0] != case.shapes[1];
        let multiply = if is_gate { Multiply::gate(image) } else { Multiply::equal(image) }.unwrap();
        let [left, right] = &case.inputs;
        assert_close(&what, &forward(&multiply, left, right), &case.output, EXACT);
        let gradients = backward(&multiply, left, right, &case.output_gradient);
        for (found, expected) in gradients.iter().zip(&case.input_gradients) {
            assert_close(&what, found, expected, EXACT);
        }
    }
}

#[test]
fn gradients_are_difference_quotients() {
    let image = Image::new(2, 3, 2, 5).unwrap();
    let dz = normal_values(image.len(), 1);
    for multiply in [Multiply::equal(image).unwrap(), Multiply::gate(image).unwrap()] {
        let (x, y) = (normal_values(image.len(), 2), normal_values(multiply.right_len(), 3));
        let [dx, dy] = backward(&multiply, &x, &y, &dz);
        assert_gradient("left", LINEAR, &x, &dx, |x| weighted_sum(&forward(&multiply, x, &y), &dz));
        assert_gradient("right", LINEAR, &y, &dy, |y| weighted_sum(&forward(&multiply, &x, y), &dz));
    }
}

#[test]
fn a_batch_is_a_loop_over_single_images() {
    let one = Image::new(1, 9, 8, 13).unwrap();
    let (batch, len) = (3, one.len());
    let whole = Multiply::gate(Image { batch, ..one }).unwrap();
    let single = Multiply::gate(one).unwrap();
    let (x, y, dz) =
        (normal_values(batch * len, 1), normal_values(batch * 13, 2), normal_values(batch * len, 3));
    let (output, [dx, dy]) = (forward(&whole, &x, &y), backward(&whole, &x, &y, &dz));
    for image in 0..batch {
        let (pixels, gate) = (image * len..(image + 1) * len, image * 13..(image + 1) * 13);
        let (x, y, dz) = (&x[pixels.clone()], &y[gate.clone()], &dz[pixels.clone()]);
        assert_same_bits("output", &forward(&single, x, y), &output[pixels.clone()]);
        let [alone_x, alone_y] = backward(&single, x, y, dz);
        assert_same_bits("left gradient", &alone_x, &dx[pixels]);
        assert_same_bits("right gradient", &alone_y, &dy[gate]);
    }
}

#[test]
fn for_one_pixel_a_gate_is_an_equal_factor() {
    let image = Image::new(4, 1, 1, 7).unwrap();
    let (x, y, dz) = (normal_values(28, 1), normal_values(28, 2), normal_values(28, 3));
    let [gate, equal] = [Multiply::gate(image), Multiply::equal(image)].map(Result::unwrap);
    assert_same_bits("output", &forward(&gate, &x, &y), &forward(&equal, &x, &y));
    let [found, expected] = [gate, equal].map(|multiply| backward(&multiply, &x, &y, &dz));
    assert_same_bits("left gradient", &found[0], &expected[0]);
    assert_same_bits("right gradient", &found[1], &expected[1]);
    let empty = Image { batch: 0, ..image };
    assert_eq!(Multiply::gate(empty), Err(ShapeError::Zero { what: "the batch" }));
}
