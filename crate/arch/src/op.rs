mod parameter;
mod settings;

use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};
use ts_rs::TS;

use crate::{Pair, Shape};

pub use parameter::{Parameter, ParameterRole, Parameters};
pub use settings::{
    Attention, BatchNorm, ChannelShuffle, Conv2d, Dense, Dropout, LayerNorm, LeakyRelu, MetaConv2d, Pool,
    Resample, Zero,
};

/// An operator with its settings. As JSON an object with its identifier under `"op"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "op", rename_all = "kebab-case")]
#[ts(export)]
pub enum Op {
    /// Two-dimensional convolution.
    Conv2d(Conv2d),
    /// Batch normalisation (Ioffe and Szegedy 2015).
    BatchNorm(BatchNorm),
    /// Layer normalisation of the channels of each pixel (Ba et al. 2016).
    LayerNorm(LayerNorm),
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)` (Sandler et al. 2018).
    Relu6,
    /// `max(x, 0) + slope · min(x, 0)` (Maas et al. 2013).
    LeakyRelu(LeakyRelu),
    /// `x · sigmoid(x)`, also called swish (Ramachandran et al. 2017).
    Silu,
    /// `x · Φ(x)`, exact (Hendrycks and Gimpel 2016).
    Gelu,
    /// `x · min(max(x + 3, 0), 6) / 6` (Howard et al. 2019).
    HardSwish,
    /// `min(max(x + 3, 0), 6) / 6` (Howard et al. 2019).
    HardSigmoid,
    /// `1 / (1 + exp(−x))`.
    Sigmoid,
    /// Hyperbolic tangent.
    Tanh,
    /// Largest value of each window.
    MaxPool(Pool),
    /// Mean of the image pixels in each window; padding does not count.
    AvgPool(Pool),
    /// Mean over all pixels: `C×H×W` to `C×1×1`.
    GlobalAvgPool,
    /// Fully connected layer; its input is flattened in the order channels, height, width.
    Dense(Dense),
    /// Multi-head self-attention without parameters (Vaswani et al. 2017) among the pixels; the channels are
    /// queries, keys and values, one third each.
    Attention(Attention),
    /// Convolution with a weighted sum of kernels of several sizes (E-DNAS, García López et al. 2020).
    MetaConv2d(MetaConv2d),
    /// Sum of inputs of equal shape.
    Add,
    /// Product of two inputs of equal shape, or of the first with one number for each of its channels.
    Multiply,
    /// Weighted sum of inputs of equal shape; the weights are the softmax of a parameter (DARTS, Liu et al. 2019).
    Mixture,
    /// Inputs one after the other along the channels.
    Concat,
    /// Interleaves groups of channels (`ShuffleNet`, Zhang et al. 2018).
    ChannelShuffle(ChannelShuffle),
    /// Repeats every pixel (nearest neighbour).
    Upsample(Resample),
    /// Every so-manieth row and column, from the first on.
    Downsample(Resample),
    /// Sets elements to 0 at random in training, and scales the others up (Srivastava et al. 2014).
    Dropout(Dropout),
    /// Zeros of its input's shape.
    Zero(Zero),
    /// Its input, unchanged.
    Identity,
}

impl Op {
    /// The identifier used in JSON.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        match self {
            Self::Conv2d(_) => "conv2d",
            Self::BatchNorm(_) => "batch-norm",
            Self::LayerNorm(_) => "layer-norm",
            Self::Relu => "relu",
            Self::Relu6 => "relu6",
            Self::LeakyRelu(_) => "leaky-relu",
            Self::Silu => "silu",
            Self::Gelu => "gelu",
            Self::HardSwish => "hard-swish",
            Self::HardSigmoid => "hard-sigmoid",
            Self::Sigmoid => "sigmoid",
            Self::Tanh => "tanh",
            Self::MaxPool(_) => "max-pool",
            Self::AvgPool(_) => "avg-pool",
            Self::GlobalAvgPool => "global-avg-pool",
            Self::Dense(_) => "dense",
            Self::Attention(_) => "attention",
            Self::MetaConv2d(_) => "meta-conv2d",
            Self::Add => "add",
            Self::Multiply => "multiply",
            Self::Mixture => "mixture",
            Self::Concat => "concat",
            Self::ChannelShuffle(_) => "channel-shuffle",
            Self::Upsample(_) => "upsample",
            Self::Downsample(_) => "downsample",
            Self::Dropout(_) => "dropout",
            Self::Zero(_) => "zero",
            Self::Identity => "identity",
        }
    }

    /// Whether it has no settings beside its identifier.
    pub(crate) const fn is_plain(&self) -> bool {
        matches!(
            self,
            Self::Relu
                | Self::Relu6
                | Self::Silu
                | Self::Gelu
                | Self::HardSwish
                | Self::HardSigmoid
                | Self::Sigmoid
                | Self::Tanh
                | Self::GlobalAvgPool
                | Self::Add
                | Self::Multiply
                | Self::Mixture
                | Self::Concat
                | Self::Identity
        )
    }

    /// How many inputs it takes.
    pub(crate) const fn arity(&self) -> Arity {
        match self {
            Self::Add | Self::Mixture | Self::Concat => Arity::AtLeastOne,
            Self::Multiply => Arity::Two,
            _ => Arity::One,
        }
    }

    /// Whether the order of its inputs makes no difference: always for a sum, for a product when neither is
    /// spread over the pixels of the other.
    pub(crate) fn is_commutative(&self, inputs: &[Shape]) -> bool {
        match self {
            Self::Add => true,
            Self::Multiply => inputs.iter().all(|&shape| shape == inputs[0]),
            _ => false,
        }
    }

    /// The parameters of this operator behind inputs of these shapes, in a fixed order.
    ///
    /// # Panics
    /// If there is no input.
    #[must_use]
    pub fn parameters(&self, inputs: &[Shape]) -> Parameters {
        let input = inputs[0];
        match self {
            Self::Conv2d(conv) => convolution_parameters(conv, input),
            Self::MetaConv2d(meta) => {
                let mut list = convolution_parameters(&meta.convolution(), input);
                list.push(parameter(ParameterRole::Mixture, &[meta.sizes.len() as u32]));
                list
            }
            Self::Mixture => smallvec![parameter(ParameterRole::Mixture, &[inputs.len() as u32])],
            Self::LayerNorm(_) => [ParameterRole::Scale, ParameterRole::Shift]
                .map(|role| parameter(role, &[input.channels]))
                .into_iter()
                .collect(),
            Self::BatchNorm(_) => [
                ParameterRole::Scale,
                ParameterRole::Shift,
                ParameterRole::RunningMean,
                ParameterRole::RunningVariance,
            ]
            .map(|role| parameter(role, &[input.channels]))
            .into(),
            Self::Dense(dense) => {
                let shape = [dense.out_features, input.elements() as u32];
                let mut list: Parameters = smallvec![parameter(ParameterRole::Weight, &shape)];
                list.extend(dense.bias.then(|| parameter(ParameterRole::Bias, &[dense.out_features])));
                list
            }
            Self::Relu
            | Self::Relu6
            | Self::LeakyRelu(_)
            | Self::Silu
            | Self::Gelu
            | Self::HardSwish
            | Self::HardSigmoid
            | Self::Sigmoid
            | Self::Tanh
            | Self::MaxPool(_)
            | Self::AvgPool(_)
            | Self::GlobalAvgPool
            | Self::Attention(_)
            | Self::Add
            | Self::Multiply
            | Self::Concat
            | Self::ChannelShuffle(_)
            | Self::Upsample(_)
            | Self::Downsample(_)
            | Self::Dropout(_)
            | Self::Zero(_)
            | Self::Identity => Parameters::new(),
        }
    }
}

/// How many inputs an operator takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arity {
    One,
    Two,
    AtLeastOne,
}

fn parameter(role: ParameterRole, shape: &[u32]) -> Parameter {
    Parameter { role, shape: SmallVec::from_slice(shape) }
}

fn convolution_parameters(conv: &Conv2d, input: Shape) -> Parameters {
    let Pair { vertical, horizontal } = conv.kernel;
    let shape = [conv.out_channels, input.channels / conv.groups, vertical, horizontal];
    let mut list: Parameters = smallvec![parameter(ParameterRole::Weight, &shape)];
    list.extend(conv.bias.then(|| parameter(ParameterRole::Bias, &[conv.out_channels])));
    list
}
