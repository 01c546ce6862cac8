//! Small versions of families, for the proxy datasets.

use crate::{
    Activation, BasicResidual, Conv2d, Insets, Network, NetworkBuilder, NetworkError, Padding, Pair,
    Separable, Shape, Style,
};

const STYLE: Style = Style::normalized(Activation::Relu);

/// Three basic residual blocks.
pub(super) fn residual_tiny(input: Shape, classes: u32) -> Result<Network, NetworkError> {
    let mut builder = NetworkBuilder::new(input);
    builder.conv("stem", Conv2d::square(8, 3), STYLE);
    for (number, (out_channels, stride)) in (1..).zip([(8, 1), (16, 2), (32, 2)]) {
        let block = BasicResidual {
            out_channels,
            kernel: Pair::square(3),
            stride: Pair::square(stride),
            shortcut: STYLE.linear(),
        };
        builder.basic_residual(&format!("block{number}"), block, STYLE);
    }
    builder.classifier(classes);
    builder.finish()
}

/// Four separable convolutions.
pub(super) fn separable_tiny(input: Shape, classes: u32) -> Result<Network, NetworkError> {
    let mut builder = NetworkBuilder::new(input);
    builder.conv("stem", Conv2d { stride: Pair::square(2), ..Conv2d::square(8, 3) }, STYLE);
    for (number, (out_channels, stride)) in (1..).zip([(16, 1), (32, 2), (32, 1), (64, 2)]) {
        let block = Separable { out_channels, kernel: Pair::square(3), stride: Pair::square(stride) };
        builder.separable(&format!("block{number}"), block, STYLE);
    }
    builder.classifier(classes);
    builder.finish()
}

/// Separable convolutions along the rows of an image, which are moments; its columns are features of the moment, all of
/// which the first convolution reads at once.
pub(super) fn signal_tiny(input: Shape, classes: u32) -> Result<Network, NetworkError> {
    let mut builder = NetworkBuilder::new(input);
    let padding = Padding::Explicit(Insets { top: 2, left: 0, bottom: 2, right: 0 });
    let stem = Conv2d::new(16, Pair { vertical: 5, horizontal: input.width });
    builder.conv("stem", Conv2d { padding, ..stem }, STYLE);
    for (number, out_channels) in (1..).zip([24, 32, 48]) {
        let (kernel, stride) = (Pair { vertical: 5, horizontal: 1 }, Pair { vertical: 2, horizontal: 1 });
        builder.separable(&format!("block{number}"), Separable { out_channels, kernel, stride }, STYLE);
    }
    builder.classifier(classes);
    builder.finish()
}
