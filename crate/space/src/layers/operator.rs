use nas_arch::{BatchNorm, Conv2d, INPUT_NAME, Network, Op, Pair, Pool, Shape};

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

    /// Whether its output has as many channels as the width gene says.
    pub(super) const fn has_width(self) -> bool {
        matches!(self, Self::Conv { .. } | Self::Separable | Self::Fire)
    }
}

/// Stacks operators to a network.
pub(super) struct Builder {
    network: Network,
    newest: String,
    shape: Shape,
    auto_norm: bool,
}

impl Builder {
    pub(super) fn new(input: Shape, auto_norm: bool) -> Self {
        Self { network: Network::new(input), newest: INPUT_NAME.into(), shape: input, auto_norm }
    }

    pub(super) fn finish(self) -> Network {
        self.network
    }

    pub(super) fn add(&mut self, layer: usize, operator: Operator, width: u32) {
        let named = |part: &str| format!("layer{layer}.{part}");
        match operator {
            Operator::Conv { kernel } => self.conv(&named("conv"), Conv2d::square(width, kernel)),
            Operator::Separable => {
                let channels = self.shape.channels;
                self.conv(&named("depthwise"), Conv2d { groups: channels, ..Conv2d::square(channels, 3) });
                self.conv(&named("pointwise"), Conv2d::square(width, 1));
            }
            Operator::Fire => self.fire(&named("fire"), width),
            Operator::BatchNorm => self.push(named("norm"), Op::BatchNorm(BatchNorm::default())),
            Operator::MaxPool => self.pool(named("pool"), Op::MaxPool),
            Operator::AvgPool => self.pool(named("pool"), Op::AvgPool),
            Operator::Identity => self.push(named("identity"), Op::Identity),
        }
    }

    /// Convolution, normalisation if wanted, ReLU. Behind a normalisation a bias would have no effect.
    fn conv(&mut self, name: &str, conv: Conv2d) {
        self.push(name.to_owned(), Op::Conv2d(Conv2d { bias: !self.auto_norm, ..conv }));
        self.shape.channels = conv.out_channels;
        if self.auto_norm {
            self.push(format!("{name}.norm"), Op::BatchNorm(BatchNorm::default()));
        }
        self.push(format!("{name}.relu"), Op::Relu);
    }

    fn fire(&mut self, name: &str, width: u32) {
        self.conv(&format!("{name}.squeeze"), Conv2d::square(width.div_ceil(FIRE_SQUEEZE_DIVISOR), 1));
        let squeezed = (self.newest.clone(), self.shape);
        let wide = width / 2;
        let mut branches = Vec::new();
        for (kernel, channels) in [(1, width - wide), (3, wide)] {
            if channels > 0 {
                (self.newest, self.shape) = squeezed.clone();
                self.conv(&format!("{name}.expand{kernel}x{kernel}"), Conv2d::square(channels, kernel));
                branches.push(self.newest.clone());
            }
        }
        let branches: Vec<&str> = branches.iter().map(String::as_str).collect();
        self.newest = self.network.push_reading(format!("{name}.concat"), Op::Concat, &branches);
        self.shape.channels = width;
    }

    /// Pools 2×2, or less where the image is smaller.
    fn pool(&mut self, name: String, op: fn(Pool) -> Op) {
        let kernel = Pair { vertical: self.shape.height.min(2), horizontal: self.shape.width.min(2) };
        self.push(name, op(Pool { kernel, ..Pool::square(1) }));
        self.shape.height /= kernel.vertical;
        self.shape.width /= kernel.horizontal;
    }

    fn push(&mut self, name: String, op: Op) {
        self.newest = self.network.push_reading(name, op, &[&self.newest]);
    }
}
