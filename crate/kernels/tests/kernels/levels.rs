//! Every level of the host gives the bits of the baseline.

use nas_kernels::{
    ActivationFunction, AdamW, Affine, AvgPool, BatchNorm, Conv2d, Dense, GlobalAvgPool, Image, Level,
    MaxPool, Sgd, Window, adamw_step, add_backward, add_forward, avg_pool_backward, avg_pool_forward,
    conv2d_backward_input, conv2d_backward_parameters, conv2d_forward, dense_backward_input,
    dense_backward_parameters, dense_forward, global_avg_pool_backward, global_avg_pool_forward,
    max_pool_backward, max_pool_forward, peak, reduce, sgd_step, with_level,
};
use proptest::prelude::*;

use crate::batch_norm::{backward_in_pieces, train_in_pieces};
use crate::support::{assert_same_bits, cases, normal_values, size, spoilt_scratch};

const RELU: ActivationFunction = ActivationFunction::Relu;

/// What one operator gave, under its name.
type Results = Vec<(&'static str, Vec<f32>)>;

/// Values for a length and a seed.
type Fill<'a> = &'a dyn Fn(usize, u32) -> Vec<f32>;

fn convolution(conv: &Conv2d, input_len: usize, fill: Fill<'_>) -> Results {
    let (x, weights) = (fill(input_len, 1), fill(conv.weights_len(), 2));
    let (bias, dy) = (fill(conv.bias_len(), 3), fill(conv.output().len(), 4));
    let mut y = vec![0.0; dy.len()];
    // Gradients are added to what is there.
    let (mut dx, mut dw, mut db) = (fill(x.len(), 5), fill(weights.len(), 6), fill(bias.len(), 7));
    let mut scratch = spoilt_scratch(conv.scratch_len());
    conv2d_forward(conv, &x, &weights, Some(&bias), &mut y, &mut scratch);
    conv2d_backward_input(conv, &weights, &dy, &mut dx, &mut scratch);
    conv2d_backward_parameters(conv, &x, &dy, &mut dw, Some(&mut db), &mut scratch);
    vec![("conv y", y), ("conv dx", dx), ("conv dw", dw), ("conv db", db)]
}

fn dense(dense: &Dense, fill: Fill<'_>) -> Results {
    let (x, weights) = (fill(dense.input_len(), 1), fill(dense.weights_len(), 2));
    let (bias, dy) = (fill(dense.bias_len(), 3), fill(dense.output_len(), 4));
    let mut y = vec![0.0; dy.len()];
    let (mut dx, mut dw, mut db) = (fill(x.len(), 5), fill(weights.len(), 6), fill(bias.len(), 7));
    let mut scratch = spoilt_scratch(dense.scratch_len());
    dense_forward(dense, &x, &weights, Some(&bias), &mut y, &mut scratch);
    dense_backward_input(dense, &weights, &dy, &mut dx, &mut scratch);
    dense_backward_parameters(dense, &x, &dy, &mut dw, Some(&mut db));
    vec![("dense y", y), ("dense dx", dx), ("dense dw", dw), ("dense db", db)]
}

fn batch_norm(rows: usize, channels: usize, fill: Fill<'_>) -> Results {
    let norm = BatchNorm::new(channels, 1e-5, 0.1).unwrap();
    let (x, dy) = (fill(rows * channels, 1), fill(rows * channels, 2));
    let (scale, shift) = (fill(channels, 3), fill(channels, 4));
    let affine = Affine { scale: &scale, shift: &shift };
    let running = (vec![0.0; channels], vec![1.0; channels]);
    let mut results = Vec::new();
    for activation in [None, Some(ActivationFunction::Relu), Some(ActivationFunction::Relu6)] {
        let trained = train_in_pieces(&norm, activation, &x, affine, (&running.0, &running.1), 70);
        let [dx, ds, db] = backward_in_pieces(&norm, activation, &trained, &x, affine, &dy, 70);
        results.extend([
            ("norm y", trained.output),
            ("norm running mean", trained.running_mean),
            ("norm running variance", trained.running_variance),
            ("norm dx", dx),
            ("norm dscale", ds),
            ("norm dshift", db),
        ]);
    }
    results
}

fn pools(image: Image, fill: Fill<'_>) -> Results {
    let window = Window::new(3, 3).with_same_padding().with_stride(2);
    let (avg, max) = (AvgPool::new(image, window).unwrap(), MaxPool::new(image, window).unwrap());
    let global = GlobalAvgPool::new(image).unwrap();
    let (x, dy) = (fill(image.len(), 1), fill(avg.output().len(), 2));
    let mut argmax = vec![0; dy.len()];
    let [mut largest, mut mean] = [(); 2].map(|()| vec![0.0; dy.len()]);
    let [mut max_dx, mut avg_dx, mut global_dx] = [3, 4, 5].map(|seed| fill(x.len(), seed));
    max_pool_forward(&max, &x, &mut largest, &mut argmax);
    max_pool_backward(&max, &argmax, &dy, &mut max_dx);
    avg_pool_forward(&avg, &x, &mut mean);
    avg_pool_backward(&avg, &dy, &mut avg_dx);
    let mut global_mean = vec![0.0; global.output().len()];
    global_avg_pool_forward(&global, &x, &mut global_mean);
    global_avg_pool_backward(&global, &dy[..global.output().len()], &mut global_dx);
    vec![
        ("largest", largest),
        ("argmax", argmax.iter().map(|&at| at as f32).collect()),
        ("max dx", max_dx),
        ("mean", mean),
        ("mean dx", avg_dx),
        ("global mean", global_mean),
        ("global dx", global_dx),
    ]
}

fn element_wise(len: usize, fill: Fill<'_>) -> Results {
    let (x, dy) = (fill(len, 1), fill(len, 2));
    let (mut y, mut y_in_place) = (vec![0.0; len], x.clone());
    let (mut dx, mut dx_in_place) = (fill(len, 3), dy.clone());
    RELU.forward(&x, &mut y);
    RELU.forward_in_place(&mut y_in_place);
    RELU.backward(&y, &dy, &mut dx);
    RELU.backward_in_place(&y, &mut dx_in_place);
    let (mut sum, mut sum_dx) = (vec![0.0; len], fill(len, 4));
    add_forward(&x, &dy, &mut sum);
    add_backward(&dy, &mut sum_dx);
    let total = vec![reduce::sum(&x)];
    let [mut by_sgd, mut velocity, mut by_adamw, mut first] = [5, 6, 7, 8].map(|seed| fill(len, seed));
    let mut second = vec![0.0; len];
    let sgd = Sgd { learning_rate: 0.05, momentum: 0.9, weight_decay: 5e-4, nesterov: true };
    let adamw = AdamW { learning_rate: 0.003, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 };
    sgd_step(&sgd, &mut by_sgd, &dy, &mut velocity);
    adamw_step(&adamw, 2, &mut by_adamw, &dy, &mut first, &mut second);
    vec![
        ("relu", y),
        ("relu in place", y_in_place),
        ("relu dx", dx),
        ("relu dx in place", dx_in_place),
        ("add", sum),
        ("add dx", sum_dx),
        ("sum", total),
        ("sgd", by_sgd),
        ("velocity", velocity),
        ("adamw", by_adamw),
        ("first moment", first),
        ("second moment", second),
    ]
}

fn all_operators(image: Image, outputs: usize, fill: Fill<'_>) -> Results {
    let same = Window::new(3, 3).with_same_padding();
    let conv = |outputs, window, groups| Conv2d::new(image, outputs, window, groups).unwrap();
    let channels = image.channels;
    [
        convolution(&conv(outputs, same, 1), image.len(), fill),
        convolution(&conv(outputs, Window::new(1, 1).with_stride(2), 1), image.len(), fill),
        convolution(&conv(channels, same, channels), image.len(), fill),
        convolution(&conv(channels, same.with_stride(2), channels), image.len(), fill),
        dense(&Dense::new(image.batch * 3, channels, outputs).unwrap(), fill),
        batch_norm(image.batch * image.pixels(), channels, fill),
        pools(image, fill),
        element_wise(image.len(), fill),
    ]
    .concat()
}

/// Makes all NaN one: which of several NaN comes out of an operation is not promised.
fn with_one_nan(values: &[f32]) -> Vec<f32> {
    values.iter().map(|&value| if value.is_nan() { f32::NAN } else { value }).collect()
}

#[track_caller]
fn assert_levels_agree(what: &str, run: impl Fn() -> Results) {
    let baseline = with_level(Level::Baseline, &run);
    for level in Level::available() {
        for ((name, found), (_, expected)) in with_level(level, &run).iter().zip(&baseline) {
            let what = format!("{what}: {name} at {level:?}");
            assert_same_bits(&what, &with_one_nan(found), &with_one_nan(expected));
        }
    }
}

#[test]
fn special_values_come_out_the_same() {
    let denormal = f32::MIN_POSITIVE / 8.0;
    let cases: [(&str, &[f32]); 6] = [
        ("zeros of both signs", &[0.0, -0.0, -0.0, 0.0, 1.0, -0.0, -1.0]),
        ("NaN", &[1.0, 0.5, f32::NAN, -0.25, 0.0, -2.0, 3.0, 0.125, -1.0, 0.75, 1.5]),
        ("infinities of one sign", &[1.0, f32::INFINITY, 2.0, 0.5, 3.0]),
        ("infinities that cancel to NaN", &[1.0, f32::INFINITY, -2.0, f32::NEG_INFINITY, 0.0]),
        ("denormals", &[denormal, 1.0, -denormal, 0.5, 3.0 * denormal, -0.25, f32::MIN_POSITIVE]),
        ("products that overflow and underflow", &[1e30, -1e-30, 1e-25, -1e25, 1e38, 1.0]),
    ];
    let image = Image::new(2, 5, 6, 21).unwrap();
    for (name, values) in cases {
        let fill = |len: usize, seed: u32| -> Vec<f32> {
            values.iter().cycle().skip(seed as usize).take(len).copied().collect()
        };
        assert_levels_agree(name, || all_operators(image, 43, &fill));
    }
}

/// Full registers, on a single pixel, so that Miri comes to an end.
#[test]
fn levels_agree_on_full_registers() {
    for (channels, outputs) in [(3, 35), (35, 3)] {
        let image = Image::new(1, 1, 1, channels).unwrap();
        assert_levels_agree("normal values", || all_operators(image, outputs, &normal_values));
    }
}

#[test]
fn a_level_is_forced_until_its_body_ends() {
    let before = Level::current();
    assert_eq!(before, Level::available().max().expect("the baseline is always there"));
    for level in Level::available() {
        assert_eq!(with_level(level, Level::current), level);
        let panics = std::panic::AssertUnwindSafe(|| with_level(level, || panic!("a failing test")));
        if cfg!(panic = "unwind") {
            assert!(std::panic::catch_unwind(panics).is_err());
        }
        assert_eq!(Level::current(), before);
    }
}

#[test]
fn the_loop_of_the_peak_does_its_work_at_every_level() {
    for level in Level::available() {
        let (value, flops) =
            with_level(level, || (peak::multiply_add_chain(1000), peak::multiply_add_chain_flops(1000)));
        let chains_and_lanes = flops / 2000;
        assert_eq!(value, chains_and_lanes as f32, "each lane of each chain is 1 at {level:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(40), failure_persistence: None, ..ProptestConfig::default() })]

    /// Panels and tiles of all widths, with their tails.
    #[test]
    fn levels_agree_on_any_sizes(
        (batch, height, width) in (size(3), size(9), size(9)),
        (channels, outputs) in (size(70), size(70)),
    ) {
        let image = Image::new(batch, height, width, channels).unwrap();
        assert_levels_agree("normal values", || all_operators(image, outputs, &normal_values));
    }
}
