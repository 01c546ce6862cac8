//! Every operator gives the bits it always gave, natively and in WebAssembly, at every vector width. A
//! digest changes only together with the numerics version.

use nas_kernels::{
    ActivationFunction, AdamW, Affine, AffineGradient, Attention, AvgPool, BatchNorm, ChannelShuffle, Conv2d,
    Dense, Downsample, Dropout, Image, LayerNorm, LayerNormSaved, LeakyRelu, Level, MetaKernel, Multiply,
    Reads, RowStatistics, Sgd, SoftmaxCrossEntropy, Upsample, Window, adamw_step, attention_backward,
    attention_forward, avg_pool_backward, avg_pool_forward, channel_shuffle_backward,
    channel_shuffle_forward, clip_by_norm, conv2d_backward_input, conv2d_backward_parameters, conv2d_forward,
    dense_backward_input, dense_backward_parameters, dense_forward, downsample_backward, downsample_forward,
    dropout_backward, dropout_forward, layer_norm_backward, layer_norm_forward, meta_kernel_backward,
    meta_kernel_forward, mixture_backward_alpha, mixture_backward_input, mixture_backward_weight,
    mixture_forward_first, mixture_forward_next, mixture_weights, multiply_backward_left,
    multiply_backward_right, multiply_forward, reduce, sgd_step, softmax_cross_entropy_backward,
    softmax_cross_entropy_forward, upsample_backward, upsample_forward, with_level,
};
use nas_numerics::{Digester, Rng};

use crate::batch_norm::{Trained, backward_in_pieces, train_in_pieces};
use crate::support::{normal_values, spoilt_scratch};

fn digest(results: &[&[f32]]) -> String {
    results.iter().fold(Digester::new(), |digester, values| digester.floats(values)).finish().short(16)
}

fn convolution(input: Image, out_channels: usize, window: Window, groups: usize) -> String {
    let conv = Conv2d::new(input, out_channels, window, groups).unwrap();
    let (x, weights) = (normal_values(input.len(), 1), normal_values(conv.weights_len(), 2));
    let (bias, dy) = (normal_values(conv.bias_len(), 3), normal_values(conv.output().len(), 4));
    let mut y = vec![0.0; dy.len()];
    let (mut dx, mut dw, mut db) = (vec![0.0; x.len()], vec![0.0; weights.len()], vec![0.0; bias.len()]);
    let mut scratch = spoilt_scratch(conv.scratch_len());
    conv2d_forward(&conv, &x, &weights, Some(&bias), &mut y, &mut scratch);
    conv2d_backward_input(&conv, &weights, &dy, &mut dx, &mut scratch);
    conv2d_backward_parameters(&conv, &x, &dy, &mut dw, Some(&mut db), &mut scratch);
    digest(&[&y, &dx, &dw, &db])
}

/// Values and gradients of a function over a range that covers its kinks.
fn activation(function: ActivationFunction) -> String {
    let (x, dy) = (normal_values(137, 1), normal_values(137, 2));
    let x: Vec<f32> = x.iter().map(|x| 4.0 * x).collect();
    let (mut y, mut dx) = (vec![0.0; 137], vec![0.0; 137]);
    function.forward(&x, &mut y);
    function.backward(if function.reads() == Reads::Input { &x } else { &y }, &dy, &mut dx);
    digest(&[&y, &dx])
}

fn dense() -> String {
    let dense = Dense::new(70, 33, 13).unwrap();
    let (x, weights) = (normal_values(dense.input_len(), 1), normal_values(dense.weights_len(), 2));
    let (bias, dy) = (normal_values(13, 3), normal_values(dense.output_len(), 4));
    let mut y = vec![0.0; dy.len()];
    let (mut dx, mut dw, mut db) = (vec![0.0; x.len()], vec![0.0; weights.len()], vec![0.0; 13]);
    let mut scratch = spoilt_scratch(dense.scratch_len());
    dense_forward(&dense, &x, &weights, Some(&bias), &mut y, &mut scratch);
    dense_backward_input(&dense, &weights, &dy, &mut dx, &mut scratch);
    dense_backward_parameters(&dense, &x, &dy, &mut dw, Some(&mut db));
    digest(&[&y, &dx, &dw, &db])
}

fn batch_norm() -> String {
    let (rows, channels) = (150, 13);
    let norm = BatchNorm::new(channels, 1e-5, 0.1).unwrap();
    let (x, dy) = (normal_values(rows * channels, 1), normal_values(rows * channels, 2));
    let (scale, shift) = (normal_values(channels, 3), normal_values(channels, 4));
    let affine = Affine { scale: &scale, shift: &shift };
    let running = (vec![0.0; channels], vec![1.0; channels]);
    let activation = Some(ActivationFunction::Relu);
    let trained = train_in_pieces(&norm, activation, &x, affine, (&running.0, &running.1), 100);
    let [dx, ds, db] = backward_in_pieces(&norm, activation, &trained, &x, affine, &dy, 100);
    let Trained { output, mean, inverse_std, running_mean, running_variance } = trained;
    digest(&[&output, &mean, &inverse_std, &running_mean, &running_variance, &dx, &ds, &db])
}

fn layer_norm() -> String {
    let (rows, channels) = (70, 37);
    let norm = LayerNorm::new(rows, channels, 1e-5).unwrap();
    let (x, dy) = (normal_values(norm.len(), 1), normal_values(norm.len(), 2));
    let (scale, shift) = (normal_values(channels, 3), normal_values(channels, 4));
    let [mut mean, mut inverse_std] = [(); 2].map(|()| vec![0.0; rows]);
    let [mut ds, mut db] = [(); 2].map(|()| vec![0.0; channels]);
    let [mut y, mut dx] = [(); 2].map(|()| vec![0.0; x.len()]);
    let affine = Affine { scale: &scale, shift: &shift };
    let saved = RowStatistics { mean: &mut mean, inverse_std: &mut inverse_std };
    layer_norm_forward(&norm, &x, affine, &mut y, saved);
    layer_norm_backward(
        &norm,
        LayerNormSaved { input: &x, mean: &mean, inverse_std: &inverse_std },
        &scale,
        &dy,
        &mut dx,
        AffineGradient { scale: &mut ds, shift: &mut db },
        &mut spoilt_scratch(norm.scratch_len()),
    );
    digest(&[&y, &mean, &inverse_std, &dx, &ds, &db])
}

fn attention(heads: usize, patch: [usize; 2]) -> String {
    let input = Image::new(2, 6, 4, 78).unwrap();
    let attention = Attention::new(input, heads, patch).unwrap();
    let (x, dy) = (normal_values(input.len(), 1), normal_values(attention.output().len(), 2));
    let (mut y, mut dx) = (vec![0.0; dy.len()], vec![0.0; x.len()]);
    let mut probabilities = vec![0.0; attention.probabilities_len()];
    let mut scratch = spoilt_scratch(attention.scratch_len());
    attention_forward(&attention, &x, &mut y, &mut probabilities, &mut scratch);
    attention_backward(&attention, &x, &probabilities, &dy, &mut dx, &mut scratch);
    digest(&[&y, &probabilities, &dx])
}

fn gate() -> String {
    let gate = Multiply::gate(Image::new(2, 9, 8, 13).unwrap()).unwrap();
    let (x, y, dz) = (normal_values(1872, 1), normal_values(gate.right_len(), 2), normal_values(1872, 3));
    let [mut z, mut dx] = [(); 2].map(|()| vec![0.0; x.len()]);
    let mut dy = vec![0.0; y.len()];
    multiply_forward(&gate, &x, &y, &mut z);
    multiply_backward_left(&gate, &y, &dz, &mut dx);
    multiply_backward_right(&gate, &x, &dz, &mut dy);
    digest(&[&z, &dx, &dy])
}

fn dropout() -> String {
    let (dropout, rng) = (Dropout::new(0.3).unwrap(), || Rng::for_purpose(1, "dropout", 2));
    let (x, dy) = (normal_values(500, 1), normal_values(500, 2));
    let (mut y, mut dx) = (vec![0.0; 500], vec![0.0; 500]);
    dropout_forward(&dropout, rng(), &x, &mut y);
    dropout_backward(&dropout, rng(), &dy, &mut dx);
    digest(&[&y, &dx])
}

/// Channel shuffle, upsampling, downsampling.
fn rearrangements() -> String {
    let image = Image::new(2, 5, 4, 12).unwrap();
    let x = normal_values(image.len(), 1);
    let shuffle = ChannelShuffle::new(40, 12, 3).unwrap();
    let (upsample, downsample) =
        (Upsample::new(image, [3, 2]).unwrap(), Downsample::new(image, [2, 3]).unwrap());
    let [mut shuffled, mut dx] = [(); 2].map(|()| vec![0.0; x.len()]);
    let [mut large, mut small] =
        [upsample.output(), downsample.output()].map(|output| vec![0.0; output.len()]);
    channel_shuffle_forward(&shuffle, &x, &mut shuffled);
    upsample_forward(&upsample, &x, &mut large);
    downsample_forward(&downsample, &x, &mut small);
    channel_shuffle_backward(&shuffle, &x, &mut dx);
    upsample_backward(&upsample, &normal_values(large.len(), 2), &mut dx);
    downsample_backward(&downsample, &normal_values(small.len(), 3), &mut dx);
    digest(&[&shuffled, &large, &small, &dx])
}

fn mixture() -> String {
    let (alpha, dy) = (normal_values(3, 1), normal_values(100, 2));
    let (mut weights, mut y) = (vec![0.0; 3], vec![0.0; 100]);
    let (mut dw, mut da) = (vec![0.0; 3], vec![0.0; 3]);
    let mut dx = vec![0.0; 100];
    mixture_weights(&alpha, &mut weights);
    for part in 0..3 {
        let x = normal_values(100, 3 + part as u32);
        let add = if part == 0 { mixture_forward_first } else { mixture_forward_next };
        add(weights[part], &x, &mut y);
        mixture_backward_input(weights[part], &dy, &mut dx);
        dw[part] = mixture_backward_weight(&x, &dy);
    }
    mixture_backward_alpha(&weights, &dw, &mut da);
    digest(&[&weights, &y, &dx, &dw, &da])
}

fn meta_kernel() -> String {
    let kernel = MetaKernel::new(&[3, 5, 11], 3, 7).unwrap();
    let len = kernel.weights_len();
    let (weights, alpha, de) = (normal_values(len, 1), normal_values(3, 2), normal_values(len, 3));
    let [mut effective, mut dw] = [(); 2].map(|()| vec![0.0; len]);
    let mut da = vec![0.0; 3];
    meta_kernel_forward(&kernel, &weights, &alpha, &mut effective);
    meta_kernel_backward(&kernel, &weights, &alpha, &de, &mut dw, &mut da);
    digest(&[&effective, &dw, &da])
}

fn avg_pool() -> String {
    let input = Image::new(2, 7, 6, 13).unwrap();
    let pool = AvgPool::new(input, Window::new(3, 3).with_same_padding().with_stride(2)).unwrap();
    let (x, dy) = (normal_values(input.len(), 1), normal_values(pool.output().len(), 2));
    let (mut y, mut dx) = (vec![0.0; dy.len()], vec![0.0; x.len()]);
    avg_pool_forward(&pool, &x, &mut y);
    avg_pool_backward(&pool, &dy, &mut dx);
    digest(&[&y, &dx])
}

fn loss() -> String {
    let loss = SoftmaxCrossEntropy::new(21, 19, 0.1).unwrap();
    let logits: Vec<f32> = normal_values(loss.logits_len(), 1).iter().map(|z| z * 3.0).collect();
    let labels: Vec<u32> = (0..21).map(|image| image * 5 % 19).collect();
    let (mut probabilities, mut dz) = (vec![0.0; logits.len()], vec![0.0; logits.len()]);
    let mut scratch = spoilt_scratch(loss.scratch_len());
    let value = softmax_cross_entropy_forward(&loss, &logits, &labels, &mut probabilities, &mut scratch);
    softmax_cross_entropy_backward(&loss, &probabilities, &labels, &mut dz);
    digest(&[&[value.mean], &probabilities, &dz])
}

fn optimizers() -> String {
    let mut parameters = normal_values(37, 1);
    let [mut first, mut second] = [(); 2].map(|()| vec![0.0; 37]);
    let sgd = Sgd { learning_rate: 0.05, momentum: 0.9, weight_decay: 5e-4, nesterov: true };
    let adamw = AdamW { learning_rate: 0.003, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 };
    for step in 1..=3 {
        sgd_step(&sgd, &mut parameters, &normal_values(37, 10 + step), &mut first);
    }
    first.fill(0.0);
    for step in 1..=3 {
        adamw_step(&adamw, step, &mut parameters, &normal_values(37, 20 + step), &mut first, &mut second);
    }
    digest(&[&parameters, &first, &second])
}

fn clipping() -> String {
    let mut gradients = normal_values(1003, 1);
    let norm = clip_by_norm(&mut gradients, 2.0);
    digest(&[&[norm], &gradients])
}

#[test]
fn every_operator_gives_the_bits_it_always_gave() {
    for level in Level::available() {
        with_level(level, || assert_the_bits(level));
    }
}

fn assert_the_bits(level: Level) {
    let image = |height, width, channels| Image::new(3, height, width, channels).unwrap();
    let same = Window::new(3, 3).with_same_padding();
    let leak = LeakyRelu::new(0.01).unwrap();
    let cases = [
        ("convolution 3x3", convolution(image(6, 7, 5), 21, same, 1), "6fb0feeb074105e0"),
        (
            "convolution 3x3, stride 2",
            convolution(image(7, 6, 9), 12, same.with_stride(2), 1),
            "7978b4ba3e84406e",
        ),
        (
            "convolution 5x1, one channel",
            convolution(image(9, 9, 1), 8, Window::new(5, 1), 1),
            "6957d4dc051de60c",
        ),
        ("convolution 1x1", convolution(image(5, 5, 17), 10, Window::new(1, 1), 1), "7275c029827ea497"),
        ("convolution 3x3, groups", convolution(image(5, 5, 6), 10, same, 2), "1f825a916321054b"),
        ("depthwise 3x3", convolution(image(6, 5, 13), 13, same.with_stride(2), 13), "60b846649035aabb"),
        ("dense", dense(), "85bdb6747e8452e8"),
        ("batch norm", batch_norm(), "3ee7969e3eff5b09"),
        ("layer norm", layer_norm(), "119c0db9395c5abd"),
        ("attention", attention(2, [1, 1]), "1bd30da02b8b05bd"),
        ("attention in patches", attention(1, [2, 2]), "8f2768910235bf76"),
        ("gate", gate(), "c6d4e2f76ac65a3a"),
        ("dropout", dropout(), "655b9034f863e288"),
        ("rearrangements", rearrangements(), "e774cfc67d2c22a7"),
        ("mixture", mixture(), "bbe6f47d912b2544"),
        ("meta-kernel", meta_kernel(), "3d1e2940d138ea18"),
        ("convolution 1x11", convolution(image(1, 19, 5), 12, Window::new(1, 11), 1), "c9573b9c948c6b08"),
        ("average pool", avg_pool(), "6e941251a950742e"),
        ("softmax cross-entropy", loss(), "7986520fe35651fa"),
        ("optimizers", optimizers(), "bd2c8286c7045b17"),
        ("clipping", clipping(), "3eb7526d3ae31222"),
        ("relu", activation(ActivationFunction::Relu), "6cc63a3f3d255a81"),
        ("relu6", activation(ActivationFunction::Relu6), "0aa47c476b5e50c5"),
        ("leaky relu", activation(ActivationFunction::LeakyRelu(leak)), "8a4214b2a01891ab"),
        ("silu", activation(ActivationFunction::Silu), "fdc4f47ae3c156df"),
        ("gelu", activation(ActivationFunction::Gelu), "57a125a618b9060b"),
        ("hard swish", activation(ActivationFunction::HardSwish), "20cd3ffae4437f1a"),
        ("hard sigmoid", activation(ActivationFunction::HardSigmoid), "3f0991bc4304c6b9"),
        ("sigmoid", activation(ActivationFunction::Sigmoid), "f5344c70b2ca83d3"),
        ("tanh", activation(ActivationFunction::Tanh), "ed8b0e9adea98242"),
        ("sum", digest(&[&[reduce::sum(&normal_values(1000, 1))]]), "612ffa988bb33601"),
    ];
    let changed: Vec<String> = cases
        .iter()
        .filter(|(_, found, expected)| found != expected)
        .map(|(name, found, expected)| format!("{name}: {found}, was {expected}"))
        .collect();
    assert!(changed.is_empty(), "bits have changed at {level:?}:\n{}", changed.join("\n"));
}
