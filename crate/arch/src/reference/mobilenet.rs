//! `MobileNetV1` (Howard et al. 2017) and `MobileNetV2` (Sandler et al. 2018).

use crate::{
    Activation, Conv2d, Dense, Dropout, InvertedResidual, Network, NetworkBuilder, NetworkError, Op, Pair,
    Separable, Shape, Style, scaled_channels,
};

/// Output channels and stride of each separable convolution of `MobileNetV1` (table 1 of its paper).
const SEPARABLES: [(u32, u32); 13] = [
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

/// Expansion, output channels, number and first stride of each group of inverted residuals of `MobileNetV2` (table 2 of
/// its paper).
const INVERTED_RESIDUALS: [(u32, u32, u32, u32); 7] = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
];

pub(super) fn mobilenet_v1_100(input: Shape, classes: u32) -> Result<Network, NetworkError> {
    mobilenet_v1(input, classes, 100, Style::normalized(Activation::Relu))
}

pub(super) fn mobilenet_v1_25(input: Shape, classes: u32) -> Result<Network, NetworkError> {
    mobilenet_v1(input, classes, 25, Style::normalized(Activation::Relu))
}

/// The visual wake words model of `MLPerf` Tiny (Banbury et al. 2021), whose convolutions have biases.
pub(super) fn vww_mobilenet(input: Shape, classes: u32) -> Result<Network, NetworkError> {
    mobilenet_v1(input, classes, 25, Style { bias: true, ..Style::normalized(Activation::Relu) })
}

pub(super) fn mobilenet_v2_100(input: Shape, classes: u32) -> Result<Network, NetworkError> {
    mobilenet_v2(input, classes, 100)
}

pub(super) fn mobilenet_v2_50(input: Shape, classes: u32) -> Result<Network, NetworkError> {
    mobilenet_v2(input, classes, 50)
}

pub(super) fn mobilenet_v2_35(input: Shape, classes: u32) -> Result<Network, NetworkError> {
    mobilenet_v2(input, classes, 35)
}

fn mobilenet_v1(
    input: Shape,
    classes: u32,
    width_percent: u32,
    style: Style,
) -> Result<Network, NetworkError> {
    let mut builder = NetworkBuilder::new(input);
    let stem = Conv2d::square(32 * width_percent / 100, 3);
    builder.conv("stem", Conv2d { stride: Pair::square(2), ..stem }, style);
    for (number, (channels, stride)) in (1..).zip(SEPARABLES) {
        let block = Separable {
            out_channels: channels * width_percent / 100,
            kernel: Pair::square(3),
            stride: Pair::square(stride),
        };
        builder.separable(&format!("block{number}"), block, style);
    }
    builder.classifier(classes);
    builder.finish()
}

fn mobilenet_v2(input: Shape, classes: u32, width_percent: u32) -> Result<Network, NetworkError> {
    const STYLE: Style = Style::normalized(Activation::Relu6);
    let mut builder = NetworkBuilder::new(input);
    let stem = Conv2d::square(scaled_channels(32, width_percent), 3);
    builder.conv("stem", Conv2d { stride: Pair::square(2), ..stem }, STYLE);
    let mut number = 0;
    for (expansion, channels, count, first_stride) in INVERTED_RESIDUALS {
        for place in 0..count {
            number += 1;
            let block = InvertedResidual {
                expanded: expansion * builder.shape().channels,
                out_channels: scaled_channels(channels, width_percent),
                kernel: Pair::square(3),
                stride: Pair::square(if place == 0 { first_stride } else { 1 }),
                squeeze_excite: None,
            };
            builder.inverted_residual(&format!("block{number}"), block, STYLE);
        }
    }
    // The last convolution is not made narrower (section 4 of the paper).
    builder.conv("last", Conv2d::square(scaled_channels(1280, width_percent.max(100)), 1), STYLE);
    builder.push("mean", Op::GlobalAvgPool);
    builder.push("dropout", Op::Dropout(Dropout { probability: 0.2 }));
    builder.push("classifier", Op::Dense(Dense { out_features: classes, bias: true }));
    builder.finish()
}
