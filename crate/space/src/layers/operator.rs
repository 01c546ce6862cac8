use nas_arch::{BatchNorm, Bypass, Conv2d, Fire, NetworkBuilder, Op, Pair, Pool, Separable, Style};

/// What one layer may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// Convolution, then ReLU.
    Conv { kernel: u32 },
    /// Batch normalisation alone.
    BatchNorm,
    /// 2×2 max pooling.
    MaxPool,
    /// 2×2 average pooling.
    AvgPool,
    /// Depthwise 3×3, then pointwise (Howard et al. 2017, "`MobileNets`").
    Separable,
    /// Squeeze 1×1, then expand 1×1 beside 3×3 (Iandola et al. 2016, "`SqueezeNet`").
    Fire,
    /// Nothing.
    Identity,
}

/// All operators, in the order of the lists.
pub(super) const OPERATORS: [Operator; 9] = [
    Operator::Conv { kernel: 1 },
    Operator::Conv { kernel: 3 },
    Operator::Conv { kernel: 5 },
    Operator::Separable,
    Operator::Fire,
    Operator::BatchNorm,
    Operator::MaxPool,
    Operator::AvgPool,
    Operator::Identity,
];

/// A Fire module squeezes to this fraction of its output: `SqueezeNet`'s SR of 0.125 is meant for hundreds of
/// channels; at tens it would leave one.
const FIRE_SQUEEZE_DIVISOR: u32 = 4;

impl Operator {
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Conv { kernel: 1 } => "conv1x1",
            Self::Conv { kernel: 3 } => "conv3x3",
            Self::Conv { .. } => "conv5x5",
            Self::BatchNorm => "batch-norm",
            Self::MaxPool => "max-pool",
            Self::AvgPool => "avg-pool",
            Self::Separable => "separable3x3",
            Self::Fire => "fire",
            Self::Identity => "identity",
        }
    }

    /// Whether it has no parameters.
    pub(super) const fn is_weightless(self) -> bool {
        matches!(self, Self::MaxPool | Self::AvgPool | Self::Identity)
    }

    /// Whether its output has as many channels as the width gene says.
    pub(super) const fn has_width(self) -> bool {
        matches!(self, Self::Conv { .. } | Self::Separable | Self::Fire)
    }
}

/// Adds layer `number` to a network, in this style. Names tell the operator: networks that share weights share them by name.
pub(super) fn push_layer(
    builder: &mut NetworkBuilder,
    number: usize,
    operator: Operator,
    width: u32,
    style: Style,
) {
    let name = format!("layer{number}");
    let part = |part: &str| format!("{name}.{part}");
    match operator {
        Operator::Conv { kernel } => builder.conv(&part(operator.id()), Conv2d::square(width, kernel), style),
        Operator::Separable => {
            let kernel = Pair::square(3);
            builder.separable(&name, Separable { out_channels: width, kernel, stride: Pair::ONE }, style)
        }
        Operator::Fire => {
            let squeeze = width.div_ceil(FIRE_SQUEEZE_DIVISOR);
            let expand3x3 = width / 2;
            let fire = Fire { squeeze, expand1x1: width - expand3x3, expand3x3, bypass: Bypass::None };
            builder.fire(&part("fire"), fire, style)
        }
        Operator::BatchNorm => builder.push(part("norm"), Op::BatchNorm(BatchNorm::default())),
        Operator::MaxPool => builder.pool(part("pool"), Op::MaxPool, Pool::square(2)),
        Operator::AvgPool => builder.pool(part("pool"), Op::AvgPool, Pool::square(2)),
        Operator::Identity => builder.push(part("identity"), Op::Identity),
    };
}
