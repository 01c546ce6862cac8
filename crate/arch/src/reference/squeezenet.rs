//! `SqueezeNet` (Iandola et al. 2016), as torchvision builds it.

use crate::{
    Activation, Bypass, Conv2d, Dropout, Fire, Insets, Network, NetworkBuilder, NetworkError, Op, Padding,
    Pair, Pool, Shape, Style,
};

const STYLE: Style = Style::plain(Activation::Relu);

/// Channels of `fire2` to `fire9`: squeezed, and of each kernel behind (table 1 of the paper).
const FIRES: [(u32, u32); 8] =
    [(16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256)];

/// Version 1.0, that of the paper.
pub(super) fn squeezenet_1_0(input: Shape, classes: u32) -> Result<Network, NetworkError> {
    squeezenet(input, classes, Conv2d::square(96, 7), [4, 8])
}

/// Version 1.1, by the same authors: a smaller first kernel and earlier pools.
pub(super) fn squeezenet_1_1(input: Shape, classes: u32) -> Result<Network, NetworkError> {
    squeezenet(input, classes, Conv2d::square(64, 3), [3, 5])
}

/// Pools stand behind the first convolution and behind the Fire modules `pooled`.
fn squeezenet(input: Shape, classes: u32, first: Conv2d, pooled: [u32; 2]) -> Result<Network, NetworkError> {
    let mut builder = NetworkBuilder::new(input);
    builder.conv("conv1", Conv2d { stride: Pair::square(2), padding: Padding::Valid, ..first }, STYLE);
    pool(&mut builder, "pool1");
    for (number, (squeeze, expand)) in (2..).zip(FIRES) {
        let fire = Fire { squeeze, expand1x1: expand, expand3x3: expand, bypass: Bypass::None };
        builder.fire(&format!("fire{number}"), fire, STYLE);
        if pooled.contains(&number) {
            pool(&mut builder, &format!("pool{number}"));
        }
    }
    builder.push("dropout", Op::Dropout(Dropout::default()));
    builder.conv("conv10", Conv2d::square(classes, 1), STYLE);
    builder.push("mean", Op::GlobalAvgPool);
    builder.finish()
}

/// Windows of 3×3 with stride 2; the last ones may reach out of the image ("ceil mode").
fn pool(builder: &mut NetworkBuilder, name: &str) {
    let Shape { height, width, .. } = builder.shape();
    let reach = |size: u32| u32::from(size > 3 && size.is_multiple_of(2));
    let insets = Insets { top: 0, left: 0, bottom: reach(height), right: reach(width) };
    let pool =
        Pool { kernel: Pair::square(3), stride: Some(Pair::square(2)), padding: Padding::Explicit(insets) };
    builder.pool(name, Op::MaxPool, pool);
}
