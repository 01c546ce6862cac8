//! Published networks have exactly their published parameters and MACs.

use nas_arch::{BatchNorm, Conv2d, Dense, Insets, Network, Op, Padding, Pair, Pool, Shape};
use nas_cost::NetworkCosts;

const VALID: Padding = Padding::Valid;
/// What a pool of 3 with stride 2 needs below and to the right to count incomplete windows ("ceil mode").
const CEIL: Padding = Padding::Explicit(Insets { top: 0, left: 0, bottom: 1, right: 1 });

fn costs(network: &Network) -> NetworkCosts {
    NetworkCosts::of(&network.resolve().unwrap()).unwrap()
}

fn conv(out_channels: u32, kernel: u32, stride: u32, padding: Padding) -> Op {
    Op::Conv2d(Conv2d { stride: Pair::square(stride), padding, ..Conv2d::square(out_channels, kernel) })
}

fn max_pool(padding: Padding) -> Op {
    Op::MaxPool(Pool { kernel: Pair::square(3), stride: Some(Pair::square(2)), padding })
}

/// Fire module (Iandola et al. 2016): squeeze to `squeeze` channels, expand with 1×1 and 3×3 kernels.
fn fire(network: &mut Network, name: &str, squeeze: u32, expand: u32) {
    network.push(format!("{name}.squeeze"), conv(squeeze, 1, 1, VALID));
    let squeezed = network.push(format!("{name}.squeeze-relu"), Op::Relu);
    let branches = [1, 3].map(|kernel| {
        let branch = network.push_reading(
            format!("{name}.expand{kernel}"),
            conv(expand, kernel, 1, Padding::Same),
            &[&squeezed],
        );
        network.push_reading(format!("{name}.relu{kernel}"), Op::Relu, &[&branch])
    });
    network.push_reading(name, Op::Concat, &[&branches[0], &branches[1]]);
}

/// SqueezeNet at 224×224; `torchvision.models.squeezenet1_1` or `squeezenet1_0`.
fn squeezenet(is_first_version: bool, classes: u32) -> Network {
    const FIRES: [(u32, u32); 8] =
        [(16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256)];
    let (channels, kernel, pooled_fires) = if is_first_version { (96, 7, [4, 8]) } else { (64, 3, [3, 5]) };
    let mut network = Network::new(Shape::new(3, 224, 224));
    network.push("conv1", conv(channels, kernel, 2, VALID));
    network.push("relu1", Op::Relu);
    network.push("pool1", max_pool(VALID));
    for (number, (squeeze, expand)) in (2..).zip(FIRES) {
        fire(&mut network, &format!("fire{number}"), squeeze, expand);
        if pooled_fires.contains(&number) {
            let height = network.resolve().unwrap().output().height;
            let padding = if height.is_multiple_of(2) { CEIL } else { VALID };
            network.push(format!("pool{number}"), max_pool(padding));
        }
    }
    network.push("conv10", conv(classes, 1, 1, VALID));
    network.push("relu10", Op::Relu);
    network.push("pool10", Op::GlobalAvgPool);
    network
}

/// Convolution without bias, normalisation, ReLU.
fn conv_norm(network: &mut Network, name: &str, conv: Conv2d) -> String {
    network.push(name, Op::Conv2d(conv));
    network.push(format!("{name}-norm"), Op::BatchNorm(BatchNorm::default()));
    network.push(format!("{name}-relu"), Op::Relu)
}

/// `MobileNetV1` (Howard et al. 2017) with channels divided by `divisor`.
fn mobilenet_v1(divisor: u32, input: Shape, classes: u32, bias: bool) -> Network {
    const BLOCKS: [(u32, u32); 13] = [
        (64, 1),
        (128, 2),
        (128, 1),
        (256, 2),
        (256, 1),
        (512, 2),
        (512, 1),
        (512, 1),
        (512, 1),
        (512, 1),
        (512, 1),
        (1024, 2),
        (1024, 1),
    ];
    let mut network = Network::new(input);
    let mut channels = 32 / divisor;
    conv_norm(&mut network, "conv0", Conv2d { stride: Pair::square(2), bias, ..Conv2d::square(channels, 3) });
    for (number, (out_channels, stride)) in (1..).zip(BLOCKS) {
        let depthwise =
            Conv2d { stride: Pair::square(stride), groups: channels, bias, ..Conv2d::square(channels, 3) };
        conv_norm(&mut network, &format!("depthwise{number}"), depthwise);
        channels = out_channels / divisor;
        conv_norm(
            &mut network,
            &format!("pointwise{number}"),
            Conv2d { bias, ..Conv2d::square(channels, 1) },
        );
    }
    network.push("pool", Op::GlobalAvgPool);
    network.push("head", Op::Dense(Dense { out_features: classes, bias: true }));
    network
}

/// The image classification model of `MLPerf` Tiny (Banbury et al. 2021) with 16 filters.
fn resnet8() -> Network {
    let mut network = Network::new(Shape::new(3, 32, 32));
    let mut previous = conv_norm(&mut network, "conv0", Conv2d::square(16, 3));
    for (number, (channels, stride)) in (1..).zip([(16, 1), (32, 2), (64, 2)]) {
        let strided = |kernel| Conv2d { stride: Pair::square(stride), ..Conv2d::square(channels, kernel) };
        conv_norm(&mut network, &format!("block{number}-a"), strided(3));
        network.push(format!("block{number}-b"), Op::Conv2d(Conv2d::square(channels, 3)));
        let branch = network.push(format!("block{number}-b-norm"), Op::BatchNorm(BatchNorm::default()));
        if stride > 1 {
            let shortcut = Op::Conv2d(strided(1));
            previous = network.push_reading(format!("block{number}-shortcut"), shortcut, &[&previous]);
        }
        network.push_reading(format!("block{number}-sum"), Op::Add, &[&previous, &branch]);
        previous = network.push(format!("block{number}-relu"), Op::Relu);
    }
    network.push("pool", Op::GlobalAvgPool);
    network.push("head", Op::Dense(Dense { out_features: 10, bias: true }));
    network
}

#[test]
fn squeezenet_has_the_parameters_and_macs_of_torchvision() {
    let figures = |network: Network| {
        let costs = costs(&network);
        (costs.params, costs.macs)
    };
    assert_eq!(figures(squeezenet(false, 1000)), (1_235_496, 349_151_936));
    assert_eq!(figures(squeezenet(true, 1000)), (1_248_424, 818_924_576));
    assert_eq!(figures(squeezenet(false, 10)).0, 727_626);
    assert_eq!(figures(squeezenet(true, 10)).0, 740_554);
}

#[test]
fn squeezenet_holds_the_stem_and_its_pool() {
    let costs = costs(&squeezenet(false, 1000));
    // 64×111×111 and 64×55×55, both alive while the first pool runs.
    assert_eq!(costs.memory.int8.peak_ram_bytes, 64 * (111 * 111 + 55 * 55));
    assert_eq!(costs.params_deployed, costs.params);
    assert_eq!(costs.memory.f32.flash_bytes, 4 * 1_235_496);
    // 26 convolutions, 8 concatenations, 4 pools; 1 byte a weight, 12 an output channel.
    let channels = 64 + 2 * (16 + 128) + 2 * (32 + 256) + 2 * (48 + 384) + 2 * (64 + 512) + 1000;
    assert_eq!(
        costs.memory.int8.flash_bytes,
        16 + 28 * (26 + 8 + 4) + (1_235_496 - channels) + 12 * channels
    );
}

#[test]
fn mobilenet_v1_has_its_published_figures() {
    let figures = |divisor, size, classes| {
        let costs = costs(&mobilenet_v1(divisor, Shape::new(3, size, size), classes, false));
        (costs.params, costs.macs)
    };
    assert_eq!(figures(1, 224, 1001), (4_233_001, 568_741_376));
    assert_eq!(figures(1, 224, 1000).0, 4_231_976);
    assert_eq!(figures(2, 224, 1001), (1_332_105, 149_497_600));
    assert_eq!(figures(4, 224, 1001), (470_329, 41_030_528));
    assert_eq!(figures(4, 128, 1001), (470_329, 13_570_304));
}

#[test]
fn mlperf_tiny_models_have_their_published_figures() {
    let resnet = costs(&resnet8());
    assert_eq!((resnet.params, resnet.params_total, resnet.macs), (78_186, 78_666, 12_501_632));
    let visual_wake_words = costs(&mobilenet_v1(4, Shape::new(3, 96, 96), 2, true));
    assert_eq!(
        (visual_wake_words.params, visual_wake_words.params_total, visual_wake_words.macs),
        (216_322, 221_794, 7_489_664)
    );
    // Input and output of the first pointwise convolution.
    assert_eq!(visual_wake_words.memory.int8.peak_ram_bytes, 55_296);
    // All normalisations are folded: a weight or a bias is left of each parameter.
    let norms = 2 * (221_794 - 216_322) / 2;
    assert_eq!(visual_wake_words.params_deployed, 216_322 - norms);
}
