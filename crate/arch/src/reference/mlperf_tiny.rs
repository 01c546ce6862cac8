//! Models of the benchmark `MLPerf` Tiny (Banbury et al. 2021), as its repository (github.com/mlcommons/tiny, folder
//! `benchmark/training`) builds them in Keras: convolutions keep their biases before a normalization. The third, for
//! visual wake words, is a `MobileNetV1`.

use crate::{
    Activation, BasicResidual, Conv2d, Dense, Dropout, Network, NetworkBuilder, NetworkError, Op, Pair, Pool,
    Separable, Shape, Style,
};

const STYLE: Style = Style { bias: true, ..Style::normalized(Activation::Relu) };

/// Image classification: three basic residual blocks, with 16 filters in the first as in version 0.5.
pub(super) fn resnet_8(input: Shape, classes: u32) -> Result<Network, NetworkError> {
    let mut builder = NetworkBuilder::new(input);
    builder.conv("stem", Conv2d::square(16, 3), STYLE);
    for (number, (out_channels, stride)) in (1..).zip([(16, 1), (32, 2), (64, 2)]) {
        let block = BasicResidual {
            out_channels,
            kernel: Pair::square(3),
            stride: Pair::square(stride),
            shortcut: Style::plain(Activation::Relu).linear(),
        };
        builder.basic_residual(&format!("block{number}"), block, STYLE);
    }
    builder.classifier(classes);
    builder.finish()
}

/// Keyword spotting: four separable convolutions (Zhang et al. 2017, "Hello Edge").
pub(super) fn ds_cnn(input: Shape, classes: u32) -> Result<Network, NetworkError> {
    const CHANNELS: u32 = 64;
    let mut builder = NetworkBuilder::new(input);
    let stem = Conv2d::new(CHANNELS, Pair { vertical: 10, horizontal: 4 });
    builder.conv("stem", Conv2d { stride: Pair::square(2), ..stem }, STYLE);
    builder.push("stem.dropout", Op::Dropout(Dropout { probability: 0.2 }));
    for number in 1..=4 {
        let block = Separable { out_channels: CHANNELS, kernel: Pair::square(3), stride: Pair::ONE };
        builder.separable(&format!("block{number}"), block, STYLE);
    }
    builder.push("dropout", Op::Dropout(Dropout { probability: 0.4 }));
    // Half the input, rounded down: of an odd height the last row is left out, as it is there.
    let kernel = Pair { vertical: (input.height / 2).max(1), horizontal: (input.width / 2).max(1) };
    builder.pool("mean", Op::AvgPool, Pool { kernel, ..Pool::square(1) });
    builder.push("classifier", Op::Dense(Dense { out_features: classes, bias: true }));
    builder.finish()
}
