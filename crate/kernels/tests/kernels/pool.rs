//! Max, average and global average pooling.

use nas_kernels::{
    AvgPool, GlobalAvgPool, Image, Level, MaxPool, ShapeError, Window, avg_pool_backward, avg_pool_forward,
    global_avg_pool_backward, global_avg_pool_forward, max_pool_backward, max_pool_forward, with_level,
};
use proptest::prelude::*;
use serde::Deserialize;

use crate::reference::pooled_elements;
use crate::support::{
    GoldenWindow, LINEAR, assert_close, assert_gradient, assert_same_bits, cases, exact_values, golden,
    normal_values, size, weighted_sum,
};

/// Sums of [`exact_values`] are exact; one division rounds, and a gradient sums a few such quotients.
const ROUNDED_QUOTIENTS: f32 = 1e-6;

fn image(batch: usize, height: usize, width: usize, channels: usize) -> Image {
    Image::new(batch, height, width, channels).expect("sizes of a test")
}

fn max_forward(pool: &MaxPool, input: &[f32]) -> (Vec<f32>, Vec<u32>) {
    let len = pool.output().len();
    let (mut output, mut argmax) = (vec![f32::NAN; len], vec![u32::MAX; len]);
    max_pool_forward(pool, input, &mut output, &mut argmax);
    (output, argmax)
}

fn max_backward(pool: &MaxPool, argmax: &[u32], output_gradient: &[f32], input_len: usize) -> Vec<f32> {
    let mut gradient = vec![0.0; input_len];
    max_pool_backward(pool, argmax, output_gradient, &mut gradient);
    gradient
}

fn avg_forward(pool: &AvgPool, input: &[f32]) -> Vec<f32> {
    let mut output = vec![f32::NAN; pool.output().len()];
    avg_pool_forward(pool, input, &mut output);
    output
}

fn avg_backward(pool: &AvgPool, output_gradient: &[f32], input_len: usize) -> Vec<f32> {
    let mut gradient = vec![0.0; input_len];
    avg_pool_backward(pool, output_gradient, &mut gradient);
    gradient
}

#[test]
fn worked_by_hand() {
    let input = [1.0, 5.0, 2.0, 4.0, 3.0, 9.0];
    let shape = image(1, 2, 3, 1);
    let max = MaxPool::new(shape, Window::new(2, 2)).unwrap();
    assert_eq!(max_forward(&max, &input), (vec![5.0, 9.0], vec![1, 5]));
    assert_eq!(max_backward(&max, &[1, 5], &[10.0, 20.0], 6), [0.0, 10.0, 0.0, 0.0, 0.0, 20.0]);
    let avg = AvgPool::new(shape, Window::new(2, 2).with_padding(0, 1, 0, 0)).unwrap();
    assert_eq!(avg_forward(&avg, &input), [2.5, 3.25, 4.75]);
    assert_eq!(avg_backward(&avg, &[2.0, 4.0, 8.0], 6), [2.0, 3.0, 2.0, 2.0, 3.0, 2.0]);
}

#[derive(Deserialize)]
struct GoldenCase {
    kind: String,
    name: String,
    reason: String,
    image: [usize; 4],
    window: GoldenWindow,
    input: Vec<f32>,
    output: Vec<f32>,
    output_gradient: Vec<f32>,
    input_gradient: Vec<f32>,
}

#[test]
fn agrees_with_pytorch() {
    for case in golden!("pool", GoldenCase) {
        let what = |of: &str| format!("{} {} ({}): {of}", case.kind, case.name, case.reason);
        let [batch, height, width, channels] = case.image;
        let (shape, window) = (image(batch, height, width, channels), case.window.window());
        let (output, gradient) = if case.kind == "max" {
            let pool = MaxPool::new(shape, window).unwrap();
            let (output, argmax) = max_forward(&pool, &case.input);
            (output, max_backward(&pool, &argmax, &case.output_gradient, shape.len()))
        } else {
            let pool = AvgPool::new(shape, window).unwrap();
            let gradient = avg_backward(&pool, &case.output_gradient, shape.len());
            (avg_forward(&pool, &case.input), gradient)
        };
        assert_close(&what("output"), &output, &case.output, ROUNDED_QUOTIENTS);
        assert_close(&what("input gradient"), &gradient, &case.input_gradient, ROUNDED_QUOTIENTS);
    }
}

#[test]
fn gradients_are_difference_quotients() {
    let shape = image(2, 4, 5, 3);
    let window = Window::new(3, 2).with_stride(2).with_padding(1, 0, 1, 1);
    let avg = AvgPool::new(shape, window).unwrap();
    let (x, dy) = (normal_values(shape.len(), 1), normal_values(avg.output().len(), 2));
    let dx = avg_backward(&avg, &dy, x.len());
    assert_gradient("average", LINEAR, &x, &dx, |x| weighted_sum(&avg_forward(&avg, x), &dy));

    // Max pooling is linear as long as no order changes: values are whole numbers, the step is less than
    // half.
    let max = MaxPool::new(shape, window).unwrap();
    let x: Vec<f32> = (0..shape.len()).map(|index| (index * 37 % 120) as f32).collect();
    let dx = max_backward(&max, &max_forward(&max, &x).1, &dy, x.len());
    let short = crate::support::Differences { step: 0.25, ..LINEAR };
    assert_gradient("max", short, &x, &dx, |x| weighted_sum(&max_forward(&max, x).0, &dy));
}

#[test]
fn max_pooling_of_special_values() {
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    let cases = [
        ("the first of equal values wins", [3.0, 3.0, 1.0], 3.0, 0),
        ("+0 does not replace -0", [-0.0, 0.0, -1.0], -0.0, 0),
        ("-0 does not replace +0", [0.0, -0.0, -1.0], 0.0, 0),
        ("nothing but -inf", [-inf, -inf, -inf], -inf, 0),
        ("NaN first", [nan, 1.0, inf], nan, 0),
        ("NaN in the middle", [1.0, nan, 2.0], nan, 1),
        ("NaN last", [inf, 1.0, nan], nan, 2),
    ];
    let pool = MaxPool::new(image(1, 1, 3, 1), Window::new(1, 3)).unwrap();
    let wide = MaxPool::new(image(1, 1, 3, 9), Window::new(1, 3)).unwrap();
    for (name, input, expected, index) in cases {
        assert_same_bits(name, &max_forward(&pool, &input).0, &[expected]);
        assert_eq!(max_forward(&pool, &input).1, [index], "{name}");
        let channels: Vec<f32> = input.iter().flat_map(|&value| [value; 9]).collect();
        assert_same_bits(name, &max_forward(&wide, &channels).0, &[expected; 9]);
        let indices: Vec<u32> = (0..9).map(|channel| index * 9 + channel).collect();
        assert_eq!(max_forward(&wide, &channels).1, indices, "{name}");
    }
}

#[test]
fn a_batch_is_its_images_bit_for_bit() {
    let window = Window::new(3, 3).with_same_padding().with_stride(2);
    let (batch, single) = (image(3, 5, 4, 10), image(1, 5, 4, 10));
    let x = normal_values(batch.len(), 1);
    let (max, max_single) = (MaxPool::new(batch, window).unwrap(), MaxPool::new(single, window).unwrap());
    let images: Vec<f32> = x.chunks(single.len()).flat_map(|x| max_forward(&max_single, x).0).collect();
    assert_same_bits("max", &max_forward(&max, &x).0, &images);
    let (avg, avg_single) = (AvgPool::new(batch, window).unwrap(), AvgPool::new(single, window).unwrap());
    let images: Vec<f32> = x.chunks(single.len()).flat_map(|x| avg_forward(&avg_single, x)).collect();
    assert_same_bits("average", &avg_forward(&avg, &x), &images);
}

#[test]
fn gradients_accumulate() {
    let shape = image(1, 2, 2, 1);
    let mut dx = [1.0; 4];
    let max = MaxPool::new(shape, Window::new(2, 2)).unwrap();
    max_pool_backward(&max, &[2], &[8.0], &mut dx);
    let avg = AvgPool::new(shape, Window::new(2, 2)).unwrap();
    avg_pool_backward(&avg, &[8.0], &mut dx);
    let global = GlobalAvgPool::new(shape).unwrap();
    global_avg_pool_backward(&global, &[8.0], &mut dx);
    assert_eq!(dx, [5.0, 5.0, 13.0, 5.0]);
}

#[test]
fn a_window_that_sees_only_padding_is_refused() {
    let beyond = Window::new(2, 2).with_padding(2, 0, 0, 0);
    assert_eq!(MaxPool::new(image(1, 3, 3, 1), beyond), Err(ShapeError::EmptyWindow { axis: "height" }));
    // Taps at −1 and +1 straddle the only pixel.
    let straddling = Window::new(1, 2).with_dilation(2).with_padding(0, 1, 0, 1);
    assert_eq!(AvgPool::new(image(1, 1, 1, 1), straddling), Err(ShapeError::EmptyWindow { axis: "width" }));
}

#[derive(Deserialize)]
struct GlobalGoldenCase {
    name: String,
    reason: String,
    image: [usize; 4],
    input: Vec<f32>,
    output: Vec<f32>,
    output_gradient: Vec<f32>,
    input_gradient: Vec<f32>,
}

#[test]
fn global_average_agrees_with_pytorch() {
    for case in golden!("global_avg_pool", GlobalGoldenCase) {
        let what = |of: &str| format!("{} ({}): {of}", case.name, case.reason);
        let [batch, height, width, channels] = case.image;
        let pool = GlobalAvgPool::new(image(batch, height, width, channels)).unwrap();
        let mut output = vec![f32::NAN; case.output.len()];
        global_avg_pool_forward(&pool, &case.input, &mut output);
        assert_close(&what("output"), &output, &case.output, ROUNDED_QUOTIENTS);
        let mut gradient = vec![0.0; case.input.len()];
        global_avg_pool_backward(&pool, &case.output_gradient, &mut gradient);
        assert_close(&what("input gradient"), &gradient, &case.input_gradient, ROUNDED_QUOTIENTS);
    }
}

#[test]
fn global_average_is_the_average_over_the_whole_image_bit_for_bit() {
    let shape = image(2, 3, 5, 9);
    let (x, dy) = (normal_values(shape.len(), 1), normal_values(18, 2));
    let global = GlobalAvgPool::new(shape).unwrap();
    let avg = AvgPool::new(shape, Window::new(3, 5)).unwrap();
    assert_eq!(global.output(), avg.output());
    let (mut output, mut gradient) = (vec![f32::NAN; 18], vec![0.0; shape.len()]);
    global_avg_pool_forward(&global, &x, &mut output);
    global_avg_pool_backward(&global, &dy, &mut gradient);
    assert_same_bits("output", &output, &avg_forward(&avg, &x));
    assert_same_bits("gradient", &gradient, &avg_backward(&avg, &dy, shape.len()));
    assert_gradient("input", LINEAR, &x, &gradient, |x| {
        let mut output = vec![0.0; 18];
        global_avg_pool_forward(&global, x, &mut output);
        weighted_sum(&output, &dy)
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(200), failure_persistence: None, ..ProptestConfig::default() })]

    /// Any window on any small image: refused when a window is empty or does not fit, otherwise the formula.
    #[test]
    fn agrees_with_the_formula(
        (batch, height, width, channels) in (size(2), size(6), size(6), size(40)),
        kernel in (1_usize..=4, 1_usize..=4),
        (stride, dilation) in (1_usize..=3, 1_usize..=3),
        padding in (0_usize..=3, 0_usize..=3, 0_usize..=3, 0_usize..=3),
    ) {
        let shape = image(batch, height, width, channels);
        let window = Window::new(kernel.0, kernel.1).with_stride(stride).with_dilation(dilation)
            .with_padding(padding.0, padding.1, padding.2, padding.3);
        let sizes = (window.height.output_len(height), window.width.output_len(width));
        let (max, avg) = (MaxPool::new(shape, window), AvgPool::new(shape, window));
        let (Some(output_height), Some(output_width)) = sizes else {
            let refused = matches!(max, Err(ShapeError::KernelTooLarge { .. }));
            prop_assert!(refused, "{max:?}");
            return Ok(());
        };
        let output = image(batch, output_height, output_width, channels);
        let elements = pooled_elements(shape, output, window);
        if elements.len() < output.len() {
            for refused in [max.map(|_| ()), avg.map(|_| ())] {
                let refused = matches!(refused, Err(ShapeError::EmptyWindow { .. }));
                prop_assert!(refused);
            }
            return Ok(());
        }
        let (max, avg) = (max.unwrap(), avg.unwrap());
        let (x, dy) = (exact_values(shape.len(), 1), exact_values(output.len(), 2));
        for level in Level::available() {
            let (mut max_gradient, mut avg_gradient) = (vec![0.0; x.len()], vec![0.0; x.len()]);
            let (largest, argmax) = with_level(level, || max_forward(&max, &x));
            let means = with_level(level, || avg_forward(&avg, &x));
            for (&to, from) in &elements {
                let first_largest =
                    from.iter().fold(from[0], |best, &at| if x[at] > x[best] { at } else { best });
                prop_assert_eq!((largest[to], argmax[to] as usize), (x[first_largest], first_largest));
                max_gradient[first_largest] += dy[to];
                let mean = from.iter().map(|&at| x[at]).sum::<f32>() / from.len() as f32;
                prop_assert_eq!(means[to], mean);
                for &at in from {
                    avg_gradient[at] += dy[to] / from.len() as f32;
                }
            }
            let found = with_level(level, || max_backward(&max, &argmax, &dy, x.len()));
            prop_assert_eq!(found, max_gradient);
            let found = with_level(level, || avg_backward(&avg, &dy, x.len()));
            prop_assert_eq!(found, avg_gradient);
        }
    }
}
