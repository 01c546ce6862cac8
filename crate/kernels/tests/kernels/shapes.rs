//! Every operator on any sizes, 1×1 images, single channels and batches of one among them: right at every level, or refused
//! with a reason. Convolutions and pools, whose sizes have more rules, have such tests of their own.

use nas_kernels::{
    ActivationFunction, Affine, AffineGradient, Attention, AvgPool, BatchNorm, ChannelShuffle, ConcatPart,
    Conv2d, Dense, Downsample, Dropout, GlobalAvgPool, Image, LayerNorm, LayerNormSaved, Level, MAX_ELEMENTS,
    MaxPool, MetaKernel, Multiply, Reads, RowStatistics, ShapeError, SoftmaxCrossEntropy, Upsample, Window,
    attention_backward, attention_forward, channel_shuffle_backward, channel_shuffle_forward,
    concat_backward, concat_forward, dense_backward_input, dense_backward_parameters, dense_forward,
    downsample_backward, downsample_forward, dropout_backward, dropout_forward, global_avg_pool_backward,
    global_avg_pool_forward, layer_norm_backward, layer_norm_forward, meta_kernel_backward,
    meta_kernel_forward, mixture_backward_alpha, mixture_backward_input, mixture_backward_weight,
    mixture_forward_first, mixture_forward_next, mixture_weights, multiply_backward_left,
    multiply_backward_right, multiply_forward, softmax_cross_entropy_backward, softmax_cross_entropy_forward,
    upsample_backward, upsample_forward, with_level,
};
use nas_numerics::Rng;
use proptest::prelude::*;

use crate::activation::every_function;
use crate::batch_norm::{backward_in_pieces, train_in_pieces};
use crate::support::{assert_same_bits, cases, normal_values, size, spoilt_scratch};

/// Far above what single precision loses in sums of some hundred terms of size 1, far below any wrong index.
const TOLERANCE: f64 = 1e-4;

/// Half a step of the difference quotient of a formula in double precision: truncation and rounding of about 1e-10.
const STEP: f64 = 1e-5;

/// Keeps normalisation from dividing by the variance of two values that nearly agree.
const EPSILON: f32 = 0.1;

type Values = Vec<Vec<f32>>;
type Formula<'a> = &'a dyn Fn(&[Vec<f64>]) -> Vec<f64>;

/// Asserts that an operator agrees with its formula: its output with the value, its gradients with the directional
/// derivative. `run(inputs, gradient of the output)` gives the output and a gradient for each input; it must give the same
/// bits at every level.
#[track_caller]
fn assert_right(
    what: &str,
    inputs: &[Vec<f32>],
    formula: Formula<'_>,
    run: impl Fn(&[Vec<f32>], &[f32]) -> (Vec<f32>, Values),
) {
    let point: Vec<Vec<f64>> = inputs.iter().map(|input| doubles(input)).collect();
    let expected = formula(&point);
    let dy = normal_values(expected.len(), 100);
    let (output, gradients) = with_level(Level::Baseline, || run(inputs, &dy));
    for level in Level::available() {
        let (other, others) = with_level(level, || run(inputs, &dy));
        assert_same_bits(&format!("{what} at {level:?}"), &other, &output);
        for (other, gradient) in others.iter().zip(&gradients) {
            assert_same_bits(&format!("gradient of {what} at {level:?}"), other, gradient);
        }
    }
    assert_eq!(output.len(), expected.len(), "{what}");
    for (index, (&found, &expected)) in output.iter().zip(&expected).enumerate() {
        let distance = (f64::from(found) - expected).abs();
        assert!(
            distance <= TOLERANCE * (1.0 + expected.abs()),
            "{what}[{index}] is {found}, expected {expected}"
        );
    }
    for (number, gradient) in gradients.iter().enumerate() {
        assert_eq!(gradient.len(), inputs[number].len(), "{what}: gradient {number}");
        let direction = normal_values(gradient.len(), 200 + number as u32);
        let moved = |step: f64| {
            let mut moved = point.clone();
            for (value, &along) in moved[number].iter_mut().zip(&direction) {
                *value += step * f64::from(along);
            }
            formula(&moved)
        };
        let (above, below) = (moved(STEP), moved(-STEP));
        let terms =
            above.iter().zip(&below).zip(&dy).map(|((a, b), &dy)| (a - b) / (2.0 * STEP) * f64::from(dy));
        let expected: f64 = terms.sum();
        let terms: Vec<f64> =
            gradient.iter().zip(&direction).map(|(&g, &along)| f64::from(g) * f64::from(along)).collect();
        let found: f64 = terms.iter().sum();
        let scale = 1.0 + terms.iter().map(|term| term.abs()).sum::<f64>();
        assert!(
            (found - expected).abs() <= TOLERANCE * scale,
            "{what}: along gradient {number} {found}, expected {expected}"
        );
    }
}

fn doubles(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

/// Normal values of these lengths.
fn inputs(lens: &[usize]) -> Values {
    lens.iter().enumerate().map(|(seed, &len)| normal_values(len, seed as u32)).collect()
}

fn softmax(scores: &[f64]) -> Vec<f64> {
    let sum: f64 = scores.iter().map(|score| libm::exp(*score)).sum();
    scores.iter().map(|score| libm::exp(*score) / sum).collect()
}

fn check_dense(batch: usize, from: usize, to: usize) {
    let dense = Dense::new(batch, from, to).unwrap();
    let formula = |inputs: &[Vec<f64>]| {
        let product = |row: usize, column: usize| -> f64 {
            (0..from).map(|k| inputs[0][row * from + k] * inputs[1][k * to + column]).sum()
        };
        (0..batch * to).map(|index| inputs[2][index % to] + product(index / to, index % to)).collect()
    };
    assert_right("dense", &inputs(&[batch * from, from * to, to]), &formula, |inputs, dy| {
        let mut scratch = spoilt_scratch(dense.scratch_len());
        let mut y = vec![f32::NAN; batch * to];
        dense_forward(&dense, &inputs[0], &inputs[1], Some(&inputs[2]), &mut y, &mut scratch);
        let [mut dx, mut dw, mut db] = [0, 1, 2].map(|input| vec![0.0; inputs[input].len()]);
        dense_backward_input(&dense, &inputs[1], dy, &mut dx, &mut scratch);
        dense_backward_parameters(&dense, &inputs[0], dy, &mut dw, Some(&mut db));
        (y, vec![dx, dw, db])
    });
}

fn check_normalisations(rows: usize, channels: usize) {
    let lens = [rows * channels, channels, channels];
    // Normalises values[start], values[start + step], ….
    let normalised = |values: &[f64], start: usize, step: usize, count: usize| -> Vec<f64> {
        let of = || (0..count).map(|index| values[start + index * step]);
        let mean = of().sum::<f64>() / count as f64;
        let variance = of().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count as f64;
        of().map(|x| (x - mean) / (variance + f64::from(EPSILON)).sqrt()).collect()
    };
    let scaled = |at: usize, value: f64, inputs: &[Vec<f64>]| {
        value * inputs[1][at % channels] + inputs[2][at % channels]
    };

    let by_pixel = |inputs: &[Vec<f64>]| {
        (0..rows)
            .flat_map(|row| normalised(&inputs[0], row * channels, 1, channels))
            .enumerate()
            .map(|(at, value)| scaled(at, value, inputs))
            .collect()
    };
    let norm = LayerNorm::new(rows, channels, EPSILON).unwrap();
    assert_right("layer norm", &inputs(&lens), &by_pixel, |inputs, dy| {
        let [mut mean, mut inverse_std] = [(); 2].map(|()| vec![f32::NAN; rows]);
        let mut y = vec![f32::NAN; norm.len()];
        let affine = Affine { scale: &inputs[1], shift: &inputs[2] };
        let saved = RowStatistics { mean: &mut mean, inverse_std: &mut inverse_std };
        layer_norm_forward(&norm, &inputs[0], affine, &mut y, saved);
        let [mut dx, mut ds, mut db] = lens.map(|len| vec![0.0; len]);
        let saved = LayerNormSaved { input: &inputs[0], mean: &mean, inverse_std: &inverse_std };
        let gradient = AffineGradient { scale: &mut ds, shift: &mut db };
        let mut scratch = spoilt_scratch(norm.scratch_len());
        layer_norm_backward(&norm, saved, &inputs[1], dy, &mut dx, gradient, &mut scratch);
        (y, vec![dx, ds, db])
    });

    let by_channel = |inputs: &[Vec<f64>]| {
        let columns: Vec<_> =
            (0..channels).map(|channel| normalised(&inputs[0], channel, channels, rows)).collect();
        (0..rows * channels).map(|at| scaled(at, columns[at % channels][at / channels], inputs)).collect()
    };
    let norm = BatchNorm::new(channels, EPSILON, 0.1).unwrap();
    assert_right("batch norm", &inputs(&lens), &by_channel, |inputs, dy| {
        let affine = Affine { scale: &inputs[1], shift: &inputs[2] };
        let running = (vec![0.0; channels], vec![1.0; channels]);
        let trained = train_in_pieces(&norm, None, &inputs[0], affine, (&running.0, &running.1), 70);
        let gradients = backward_in_pieces(&norm, None, &trained, &inputs[0], affine, dy, 70);
        (trained.output, gradients.into())
    });
}

fn check_attention(image: Image, heads: usize, patch: [usize; 2]) {
    let attention = Attention::new(image, heads, patch).unwrap();
    let channels = image.channels / 3;
    let head_channels = channels / heads;
    let (pixels, width) = (image.pixels(), image.width);
    let place = |pixel: usize| (pixel % pixels / width % patch[0], pixel % width % patch[1]);
    let formula = |inputs: &[Vec<f64>]| {
        let at = |pixel: usize, part: usize, channel: usize| {
            inputs[0][pixel * image.channels + part * channels + channel]
        };
        let mut output = vec![0.0; image.batch * pixels * channels];
        for (query, head) in
            (0..image.batch * pixels).flat_map(|pixel| (0..heads).map(move |head| (pixel, head)))
        {
            let first = query / pixels * pixels;
            let keys: Vec<usize> =
                (first..first + pixels).filter(|&key| place(key) == place(query)).collect();
            let own = head * head_channels..(head + 1) * head_channels;
            let score = |&key: &usize| -> f64 {
                let product: f64 =
                    own.clone().map(|channel| at(query, 0, channel) * at(key, 1, channel)).sum();
                product / (head_channels as f64).sqrt()
            };
            let scores: Vec<f64> = keys.iter().map(score).collect();
            let shares = softmax(&scores);
            for channel in own {
                output[query * channels + channel] =
                    keys.iter().zip(&shares).map(|(&key, share)| share * at(key, 2, channel)).sum();
            }
        }
        output
    };
    assert_right("attention", &inputs(&[image.len()]), &formula, |inputs, dy| {
        let mut scratch = spoilt_scratch(attention.scratch_len());
        let mut probabilities = vec![f32::NAN; attention.probabilities_len()];
        let (mut y, mut dx) = (vec![f32::NAN; attention.output().len()], vec![0.0; image.len()]);
        attention_forward(&attention, &inputs[0], &mut y, &mut probabilities, &mut scratch);
        attention_backward(&attention, &inputs[0], &probabilities, dy, &mut dx, &mut scratch);
        (y, vec![dx])
    });
}

fn check_rearrangements(image: Image, groups: usize, factor: [usize; 2]) {
    let Image { batch, height, width, channels } = image;
    let (rows, len) = (batch * height * width, image.len());

    let shuffle = ChannelShuffle::new(rows, channels, groups).unwrap();
    let formula = |inputs: &[Vec<f64>]| {
        let from = |to: usize| to % channels % groups * (channels / groups) + to % channels / groups;
        (0..len).map(|to| inputs[0][to / channels * channels + from(to)]).collect()
    };
    assert_right("channel shuffle", &inputs(&[len]), &formula, |inputs, dy| {
        let (mut y, mut dx) = (vec![f32::NAN; len], vec![0.0; len]);
        channel_shuffle_forward(&shuffle, &inputs[0], &mut y);
        channel_shuffle_backward(&shuffle, dy, &mut dx);
        (y, vec![dx])
    });

    // The element of `image` at the same channel of another pixel of the same image.
    let moved = |to: usize, output: Image, place: &dyn Fn(usize, usize) -> (usize, usize)| {
        let (channel, pixel) = (to % channels, to / channels);
        let (row, column) = place(pixel % output.pixels() / output.width, pixel % output.width);
        ((pixel / output.pixels() * height + row) * width + column) * channels + channel
    };
    let up = Upsample::new(image, factor).unwrap();
    let formula = |inputs: &[Vec<f64>]| {
        let from = |to| moved(to, up.output(), &|row, column| (row / factor[0], column / factor[1]));
        (0..up.output().len()).map(|to| inputs[0][from(to)]).collect()
    };
    assert_right("upsampling", &inputs(&[len]), &formula, |inputs, dy| {
        let (mut y, mut dx) = (vec![f32::NAN; up.output().len()], vec![0.0; len]);
        upsample_forward(&up, &inputs[0], &mut y);
        upsample_backward(&up, dy, &mut dx);
        (y, vec![dx])
    });
    let down = Downsample::new(image, factor).unwrap();
    let formula = |inputs: &[Vec<f64>]| {
        let from = |to| moved(to, down.output(), &|row, column| (row * factor[0], column * factor[1]));
        (0..down.output().len()).map(|to| inputs[0][from(to)]).collect()
    };
    assert_right("downsampling", &inputs(&[len]), &formula, |inputs, dy| {
        let (mut y, mut dx) = (vec![f32::NAN; down.output().len()], vec![0.0; len]);
        downsample_forward(&down, &inputs[0], &mut y);
        downsample_backward(&down, dy, &mut dx);
        (y, vec![dx])
    });
}

/// Two tensors one after the other along the channels.
fn check_concat(rows: usize, parts: [usize; 2]) {
    let total = parts[0] + parts[1];
    let formula = |inputs: &[Vec<f64>]| {
        let rows = inputs[0].chunks_exact(parts[0]).zip(inputs[1].chunks_exact(parts[1]));
        rows.flat_map(|(left, right)| [left, right].concat()).collect()
    };
    assert_right("concat", &inputs(&parts.map(|channels| rows * channels)), &formula, |inputs, dy| {
        let mut y = vec![f32::NAN; rows * total];
        let mut gradients = Vec::new();
        for ((input, channels), offset) in inputs.iter().zip(parts).zip([0, parts[0]]) {
            let part = ConcatPart::new(rows, channels, offset, total).unwrap();
            concat_forward(&part, input, &mut y);
            let mut dx = vec![0.0; input.len()];
            concat_backward(&part, dy, &mut dx);
            gradients.push(dx);
        }
        (y, gradients)
    });
}

fn check_products(image: Image) {
    let len = image.len();
    for multiply in [Multiply::equal(image).unwrap(), Multiply::gate(image).unwrap()] {
        let is_gate = multiply == Multiply::gate(image).unwrap();
        let right = |at: usize| {
            let channel = at % image.channels;
            if is_gate { at / (image.pixels() * image.channels) * image.channels + channel } else { at }
        };
        let formula = |inputs: &[Vec<f64>]| (0..len).map(|at| inputs[0][at] * inputs[1][right(at)]).collect();
        assert_right("product", &inputs(&[len, multiply.right_len()]), &formula, |inputs, dy| {
            let (left, right) = (&inputs[0], &inputs[1]);
            let [mut y, mut dl, mut dr] = [len, len, right.len()].map(|len| vec![0.0; len]);
            multiply_forward(&multiply, left, right, &mut y);
            multiply_backward_left(&multiply, right, dy, &mut dl);
            multiply_backward_right(&multiply, left, dy, &mut dr);
            (y, vec![dl, dr])
        });
    }

    let mixed = |inputs: &[Vec<f64>]| {
        let shares = softmax(&inputs[2]);
        (0..len).map(|at| shares[0] * inputs[0][at] + shares[1] * inputs[1][at]).collect()
    };
    assert_right("mixture", &inputs(&[len, len, 2]), &mixed, |inputs, dy| {
        let mut weights = [f32::NAN; 2];
        mixture_weights(&inputs[2], &mut weights);
        let [mut y, mut dx, mut dz] = [(); 3].map(|()| vec![0.0; len]);
        mixture_forward_first(weights[0], &inputs[0], &mut y);
        mixture_forward_next(weights[1], &inputs[1], &mut y);
        mixture_backward_input(weights[0], dy, &mut dx);
        mixture_backward_input(weights[1], dy, &mut dz);
        let of_weights = [0, 1].map(|input| mixture_backward_weight(&inputs[input], dy));
        let mut of_alpha = vec![0.0; 2];
        mixture_backward_alpha(&weights, &of_weights, &mut of_alpha);
        (y, vec![dx, dz, of_alpha])
    });
}

/// Kernels of 1×1 and 3×3 in one.
fn check_meta_kernel(from: usize, to: usize) {
    let kernel = MetaKernel::new(&[1, 3], from, to).unwrap();
    let tap_len = from * to;
    let formula = |inputs: &[Vec<f64>]| {
        let shares = softmax(&inputs[1]);
        let factor = |tap: usize| if tap == 4 { shares[0] + shares[1] } else { shares[1] };
        inputs[0].iter().enumerate().map(|(at, weight)| factor(at / tap_len) * weight).collect()
    };
    assert_right("meta-kernel", &inputs(&[kernel.weights_len(), 2]), &formula, |inputs, de| {
        let (mut effective, mut dw) = (vec![f32::NAN; inputs[0].len()], vec![0.0; inputs[0].len()]);
        let mut da = vec![0.0; 2];
        meta_kernel_forward(&kernel, &inputs[0], &inputs[1], &mut effective);
        meta_kernel_backward(&kernel, &inputs[0], &inputs[1], de, &mut dw, &mut da);
        (effective, vec![dw, da])
    });
}

fn check_means_and_dropout(image: Image) {
    let (len, channels, pixels) = (image.len(), image.channels, image.pixels());
    let global = GlobalAvgPool::new(image).unwrap();
    let formula = |inputs: &[Vec<f64>]| {
        let mean = |image: &[f64], channel: usize| {
            image.iter().skip(channel).step_by(channels).sum::<f64>() / pixels as f64
        };
        let images = inputs[0].chunks_exact(pixels * channels);
        images.flat_map(|image| (0..channels).map(move |channel| mean(image, channel))).collect()
    };
    assert_right("mean", &inputs(&[len]), &formula, |inputs, dy| {
        let (mut y, mut dx) = (vec![f32::NAN; global.output().len()], vec![0.0; len]);
        global_avg_pool_forward(&global, &inputs[0], &mut y);
        global_avg_pool_backward(&global, dy, &mut dx);
        (y, vec![dx])
    });

    let dropout = Dropout::new(0.5).unwrap();
    let rng = || Rng::for_purpose(1, "dropped", 0);
    let mut kept = vec![f32::NAN; len];
    dropout_forward(&dropout, rng(), &vec![1.0; len], &mut kept);
    assert!(kept.iter().all(|&factor| factor == 0.0 || factor == 2.0));
    let formula =
        |inputs: &[Vec<f64>]| inputs[0].iter().zip(&kept).map(|(x, &kept)| x * f64::from(kept)).collect();
    assert_right("dropout", &inputs(&[len]), &formula, |inputs, dy| {
        let (mut y, mut dx) = (vec![f32::NAN; len], vec![0.0; len]);
        dropout_forward(&dropout, rng(), &inputs[0], &mut y);
        dropout_backward(&dropout, rng(), dy, &mut dx);
        (y, vec![dx])
    });
}

fn check_loss(batch: usize, classes: usize, label_smoothing: f32) {
    let loss = SoftmaxCrossEntropy::new(batch, classes, label_smoothing).unwrap();
    let labels: Vec<u32> = (0..batch).map(|image| (image * 7 % classes) as u32).collect();
    let smoothing = f64::from(label_smoothing);
    let formula = |inputs: &[Vec<f64>]| {
        let of_image = |(row, &label): (&[f64], &u32)| {
            let logs: Vec<f64> = softmax(row).iter().map(|p| libm::log(*p)).collect();
            let mean = logs.iter().sum::<f64>() / classes as f64;
            -((1.0 - smoothing) * logs[label as usize] + smoothing * mean)
        };
        vec![inputs[0].chunks_exact(classes).zip(&labels).map(of_image).sum::<f64>() / batch as f64]
    };
    assert_right("loss", &inputs(&[batch * classes]), &formula, |inputs, dy| {
        let mut probabilities = vec![f32::NAN; loss.logits_len()];
        let mut scratch = spoilt_scratch(loss.scratch_len());
        let found =
            softmax_cross_entropy_forward(&loss, &inputs[0], &labels, &mut probabilities, &mut scratch);
        let mut dz = vec![0.0; loss.logits_len()];
        softmax_cross_entropy_backward(&loss, &probabilities, &labels, &mut dz);
        for dz in &mut dz {
            *dz *= dy[0];
        }
        (vec![found.mean], vec![dz])
    });
}

/// A row of values is a loop over single ones.
fn check_activations(len: usize) {
    let (x, dy) = (normal_values(len, 1), normal_values(len, 2));
    for (name, function) in every_function() {
        let run = |function: ActivationFunction, x: &[f32], dy: &[f32]| {
            let (mut y, mut dx) = (vec![f32::NAN; x.len()], vec![0.0; x.len()]);
            function.forward(x, &mut y);
            function.backward(if function.reads() == Reads::Input { x } else { &y }, dy, &mut dx);
            [y, dx]
        };
        let alone = (0..len).map(|at| run(function, &x[at..=at], &dy[at..=at]));
        let expected = alone.reduce(|[y, dx], [one_y, one_dx]| [[y, one_y].concat(), [dx, one_dx].concat()]);
        let [y, dx] = expected.expect("there is a value");
        for level in Level::available() {
            let [found_y, found_dx] = with_level(level, || run(function, &x, &dy));
            assert_same_bits(&format!("{name} at {level:?}"), &found_y, &y);
            assert_same_bits(&format!("{name} backward at {level:?}"), &found_dx, &dx);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(60), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_operator_is_its_formula_on_any_sizes(
        (batch, height, width) in (size(3), size(5), size(5)),
        (channels, outputs) in (size(70), size(70)),
        groups in size(4),
        factor in [size(3), size(3)],
    ) {
        let image = Image::new(batch, height, width, channels).unwrap();
        let divided = Image { channels: channels.next_multiple_of(groups), ..image };
        check_dense(batch, channels, outputs);
        check_normalisations(batch * height * width, channels);
        check_rearrangements(divided, groups, factor);
        check_concat(batch * height * width, [channels, outputs]);
        check_products(image);
        check_meta_kernel(channels, outputs.min(9));
        check_means_and_dropout(image);
        check_loss(batch, channels, [0.0, 0.1][batch % 2]);
        check_activations(channels);
        let [vertical, horizontal] = factor;
        let patches = Image { height: height * vertical, width: width * horizontal, ..image };
        check_attention(Image { channels: 3 * groups * channels.div_ceil(4), ..patches }, groups, factor);
    }
}

/// What a constructor says.
type Made = (&'static str, Result<usize, ShapeError>);

fn make_every_operator(image: Image, [a, b, c]: [usize; 3], window: Window) -> Vec<Made> {
    let Image { batch, channels, .. } = image;
    vec![
        ("image", Image::new(batch, image.height, image.width, channels).map(|made| made.len())),
        ("conv", Conv2d::new(image, a, window, b).map(|made| made.output().len().max(made.weights_len()))),
        ("max pool", MaxPool::new(image, window).map(|made| made.output().len())),
        ("avg pool", AvgPool::new(image, window).map(|made| made.output().len())),
        ("mean", GlobalAvgPool::new(image).map(|made| made.output().len())),
        ("dense", Dense::new(a, b, c).map(|made| made.weights_len().max(made.output_len()))),
        ("attention", Attention::new(image, a, [b, c]).map(|made| made.probabilities_len())),
        ("upsample", Upsample::new(image, [a, b]).map(|made| made.output().len())),
        ("downsample", Downsample::new(image, [a, b]).map(|made| made.output().len())),
        ("shuffle", ChannelShuffle::new(a, b, c).map(|_| 0)),
        ("concat", ConcatPart::new(a, b, c, channels).map(|_| 0)),
        ("layer norm", LayerNorm::new(a, b, EPSILON).map(|made| made.len())),
        ("batch norm", BatchNorm::new(a, EPSILON, 0.1).map(|_| 0)),
        ("multiply", Multiply::gate(image).map(|made| made.right_len())),
        ("meta-kernel", MetaKernel::new(&[a, b], c, channels).map(|made| made.weights_len())),
        ("loss", SoftmaxCrossEntropy::new(a, b, 0.1).map(|made| made.logits_len())),
    ]
}

/// Sizes at which something ends, and far beyond.
fn absurd_size() -> impl Strategy<Value = usize> {
    let sizes =
        [0, 1, 2, 3, 7, 4096, 4097, 1 << 16, MAX_ELEMENTS, MAX_ELEMENTS + 1, usize::MAX / 2, usize::MAX];
    prop_oneof![size(4), proptest::sample::select(sizes.to_vec())]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(2000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn absurd_sizes_are_refused_with_a_reason(
        [batch, height, width, channels] in [absurd_size(), absurd_size(), absurd_size(), absurd_size()],
        sizes in [absurd_size(), absurd_size(), absurd_size()],
        kernel in [absurd_size(), absurd_size()],
        [stride, dilation] in [absurd_size(), absurd_size()],
        padding in [absurd_size(), absurd_size()],
        is_same in any::<bool>(),
    ) {
        let image = Image { batch, height, width, channels };
        let window = Window::new(kernel[0], kernel[1]).with_stride(stride).with_dilation(dilation);
        let window = if is_same {
            window.with_same_padding()
        } else {
            window.with_padding(padding[0], padding[1], padding[1], padding[0])
        };
        for (name, made) in make_every_operator(image, sizes, window) {
            match made {
                Ok(len) => prop_assert!(len <= MAX_ELEMENTS, "{name}: {len}"),
                Err(reason) => prop_assert!(reason.to_string().len() > 10, "{name}: {reason}"),
            }
        }
    }
}
