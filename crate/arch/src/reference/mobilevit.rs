//! MobileViT (Mehta and Rastegari 2022).

use crate::{
    Activation, Conv2d, InvertedResidual, MobileVit, Network, NetworkBuilder, NetworkError, Pair, Shape,
    Style,
};

const STYLE: Style = Style::normalized(Activation::Silu);

/// Output channels and stride of each inverted residual before the first MobileViT block.
const FRONT: [(u32, u32); 4] = [(16, 1), (24, 2), (24, 1), (24, 1)];
/// Output channels, then channels and number of the transformer layers, of each MobileViT block; before each stands an
/// inverted residual with stride 2.
const BLOCKS: [(u32, u32, u32); 3] = [(48, 64, 2), (64, 80, 4), (80, 96, 3)];
const EXPANSION: u32 = 2;
const LAST_CHANNELS: u32 = 320;

/// The extra-extra-small one (table 4 of the paper). Images should be multiples of 64: the authors resize what their
/// patches of 2×2 do not divide, while here the patches become smaller.
pub(super) fn mobilevit_xxs(input: Shape, classes: u32) -> Result<Network, NetworkError> {
    let mut builder = NetworkBuilder::new(input);
    builder.conv("stem", Conv2d { stride: Pair::square(2), ..Conv2d::square(16, 3) }, STYLE);
    for (number, (out_channels, stride)) in (1..).zip(FRONT) {
        inverted_residual(&mut builder, number, out_channels, stride);
    }
    for (number, (out_channels, channels, depth)) in (1..).zip(BLOCKS) {
        inverted_residual(&mut builder, FRONT.len() + number, out_channels, 2);
        let block = MobileVit {
            channels,
            depth,
            heads: 4,
            hidden: 2 * channels,
            patch: Pair::square(2),
            kernel: Pair::square(3),
            out_channels,
        };
        builder.mobile_vit(&format!("vit{number}"), block, STYLE);
    }
    builder.conv("last", Conv2d::square(LAST_CHANNELS, 1), STYLE);
    builder.classifier(classes);
    builder.finish()
}

fn inverted_residual(builder: &mut NetworkBuilder, number: usize, out_channels: u32, stride: u32) {
    let block = InvertedResidual {
        expanded: EXPANSION * builder.shape().channels,
        out_channels,
        kernel: Pair::square(3),
        stride: Pair::square(stride),
        squeeze_excite: None,
    };
    builder.inverted_residual(&format!("block{number}"), block, STYLE);
}
