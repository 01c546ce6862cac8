//! An image worked on share by share gets the bits that it gets at once.

use nas_kernels::{
    Attention, AvgPool, Conv2d, Dense, Image, Level, MaxPool, Share, Window, attention_backward,
    attention_forward, avg_pool_backward, avg_pool_forward, conv2d_backward_input,
    conv2d_backward_parameters, conv2d_forward, dense_backward_input, dense_backward_parameters,
    dense_forward, max_pool_backward, max_pool_forward, with_level,
};
use proptest::prelude::*;

use crate::support::{assert_same_bits, cases, normal_values, size, spoilt_scratch};

/// Runs one pass as a whole and in `shares` shares, on what it writes and scratch, and compares all it has written. What it
/// writes holds numbers before, as a gradient does that other layers have added to.
fn assert_shares_agree(
    what: &str,
    (written, scratch): (usize, usize),
    shares: usize,
    pass: impl Fn(Share, &mut [f32], &mut [f32]),
) {
    for level in Level::available() {
        with_level(level, || {
            let (mut whole, mut in_shares) = (normal_values(written, 50), normal_values(written, 50));
            pass(Share::WHOLE, &mut whole, &mut spoilt_scratch(scratch));
            let mut scratch = spoilt_scratch(scratch);
            for index in 0..shares {
                pass(Share::new(index, shares), &mut in_shares, &mut scratch);
            }
            assert_same_bits(&format!("{what} in {shares} shares at {level:?}"), &in_shares, &whole);
        });
    }
}

fn check_convolution(input: Image, out_channels: usize, window: Window, groups: usize, shares: usize) {
    let Ok(options) = Conv2d::new(input, out_channels, window, groups) else { return };
    let x = normal_values(input.len(), 1);
    let weights = normal_values(options.weights_len(), 2);
    let bias = normal_values(options.bias_len(), 3);
    let dy = normal_values(options.output().len(), 4);
    let scratch = options.scratch_len();
    assert_shares_agree("convolution", (dy.len(), scratch), shares, |share, y, scratch| {
        conv2d_forward(&options.with_share(share), &x, &weights, Some(&bias), y, scratch);
    });
    assert_shares_agree("gradient of the input", (x.len(), scratch), shares, |share, dx, scratch| {
        conv2d_backward_input(&options.with_share(share), &weights, &dy, dx, scratch);
    });
    let parameters = (weights.len() + bias.len(), scratch);
    assert_shares_agree("gradient of the kernel", parameters, shares, |share, gradient, scratch| {
        let (dw, db) = gradient.split_at_mut(weights.len());
        conv2d_backward_parameters(&options.with_share(share), &x, &dy, dw, Some(db), scratch);
    });
}

fn check_pools(input: Image, window: Window, shares: usize) {
    let (Ok(max), Ok(avg)) = (MaxPool::new(input, window), AvgPool::new(input, window)) else { return };
    let x = normal_values(input.len(), 1);
    let len = max.output().len();
    let dy = normal_values(len, 2);
    let mut argmax = vec![0; len];
    max_pool_forward(&max, &x, &mut vec![0.0; len], &mut argmax);
    assert_shares_agree("max pooling", (2 * len, 0), shares, |share, written, _| {
        let (y, places) = written.split_at_mut(len);
        let mut at: Vec<u32> = places.iter().map(|place| place.to_bits()).collect();
        max_pool_forward(&max.with_share(share), &x, y, &mut at);
        places.iter_mut().zip(at).for_each(|(place, at)| *place = f32::from_bits(at));
    });
    assert_shares_agree("gradient of max pooling", (x.len(), 0), shares, |share, dx, _| {
        max_pool_backward(&max.with_share(share), &argmax, &dy, dx);
    });
    assert_shares_agree("average pooling", (len, 0), shares, |share, y, _| {
        avg_pool_forward(&avg.with_share(share), &x, y);
    });
    assert_shares_agree("gradient of average pooling", (x.len(), 0), shares, |share, dx, _| {
        avg_pool_backward(&avg.with_share(share), &dy, dx);
    });
}

fn check_dense(from: usize, to: usize, shares: usize) {
    let options = Dense::new(1, from, to).unwrap();
    let [x, weights, bias, dy] =
        [(from, 1), (from * to, 2), (to, 3), (to, 4)].map(|(len, seed)| normal_values(len, seed));
    let scratch = options.scratch_len();
    assert_shares_agree("dense layer", (dy.len(), scratch), shares, |share, y, scratch| {
        dense_forward(&options.with_share(share), &x, &weights, Some(&bias), y, scratch);
    });
    assert_shares_agree("its input's gradient", (x.len(), scratch), shares, |share, dx, scratch| {
        dense_backward_input(&options.with_share(share), &weights, &dy, dx, scratch);
    });
    assert_shares_agree("its weights' gradient", (weights.len() + to, 0), shares, |share, gradient, _| {
        let (dw, db) = gradient.split_at_mut(weights.len());
        dense_backward_parameters(&options.with_share(share), &x, &dy, dw, Some(db));
    });
}

fn check_attention(heads: usize, head_channels: usize, patch: usize, patches: usize, shares: usize) {
    let channels = heads * head_channels;
    let input = Image::new(1, patch * patches, patch, 3 * channels).unwrap();
    let options = Attention::new(input, heads, [patch, patch]).unwrap();
    let x = normal_values(input.len(), 1);
    let dy = normal_values(options.output().len(), 2);
    let scratch = options.scratch_len();
    let probabilities = options.probabilities_len();
    let mut saved = vec![0.0; probabilities];
    attention_forward(&options, &x, &mut vec![0.0; dy.len()], &mut saved, &mut spoilt_scratch(scratch));
    let written = dy.len() + probabilities;
    assert_shares_agree("attention", (written, scratch), shares, |share, written, scratch| {
        let (y, probabilities) = written.split_at_mut(dy.len());
        attention_forward(&options.with_share(share), &x, y, probabilities, scratch);
    });
    assert_shares_agree("gradient of attention", (x.len(), scratch), shares, |share, dx, scratch| {
        attention_backward(&options.with_share(share), &x, &saved, &dy, dx, scratch);
    });
}

#[test]
fn a_convolution_of_many_partial_sums_and_tiles() {
    let input = Image::new(1, 24, 17, 5).unwrap();
    for shares in [2, 5, 64] {
        check_convolution(input, 70, Window::new(3, 3).with_same_padding(), 1, shares);
        check_convolution(input, 40, Window::new(3, 2).with_stride(2).with_padding(1, 0, 2, 1), 5, shares);
        check_convolution(input, 37, Window::new(1, 1), 1, shares);
        check_convolution(input, 5, Window::new(5, 7).with_same_padding(), 5, shares);
        check_convolution(input, 5, Window::new(3, 3).with_stride(2).with_same_padding(), 5, shares);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(48), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn windows(
        (height, width, channels) in (size(12), size(12), size(9)),
        (kernel, stride, dilation) in ((1..6_usize, 1..6_usize), 1..4_usize, 1..3_usize),
        (padding, grouping, per_group, shares) in (0..3_usize, 0..3_usize, 1..4_usize, 1..20_usize),
    ) {
        let input = Image::new(1, height, width, channels).unwrap();
        let window = Window::new(kernel.0, kernel.1)
            .with_stride(stride)
            .with_dilation(dilation)
            .with_padding(padding, 0, 1, padding);
        let (groups, out_channels) = match grouping {
            0 => (1, per_group * 7),
            1 => (channels, channels * per_group),
            _ => (channels, channels),
        };
        check_convolution(input, out_channels, window, groups, shares);
        check_pools(input, window, shares);
    }

    #[test]
    fn matrices(
        (from, to) in (size(40), size(70)),
        (heads, head_channels) in (1..4_usize, size(9)),
        (patch, patches, shares) in (1..3_usize, size(9), 1..20_usize),
    ) {
        check_dense(from, to, shares);
        check_attention(heads, head_channels, patch, patches, shares);
    }
}
