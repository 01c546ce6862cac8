use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Padding, Pair, Shape};

/// An operator with its settings. As JSON an object with its identifier under `"op"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "op", rename_all = "kebab-case")]
#[ts(export)]
pub enum Op {
    /// Two-dimensional convolution.
    Conv2d(Conv2d),
    /// Batch normalisation (Ioffe and Szegedy 2015).
    BatchNorm(BatchNorm),
    /// `max(x, 0)`.
    Relu,
    /// Largest value of each window.
    MaxPool(Pool),
    /// Mean of the image pixels in each window; padding does not count.
    AvgPool(Pool),
    /// Mean over all pixels: `C×H×W` to `C×1×1`.
    GlobalAvgPool,
    /// Fully connected layer; its input is flattened in the order channels, height, width.
    Dense(Dense),
    /// Sum of inputs of equal shape.
    Add,
    /// Inputs one after the other along the channels.
    Concat,
    /// Its input, unchanged.
    Identity,
}

/// Settings of a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct Conv2d {
    /// Number of output channels.
    pub out_channels: u32,
    /// Height and width of the kernel.
    pub kernel: Pair,
    /// Steps between outputs (1).
    #[serde(default = "format_default::one", skip_serializing_if = "format_default::is_one")]
    #[ts(optional, as = "Option<Pair>")]
    pub stride: Pair,
    /// Steps between the kernel's points (1).
    #[serde(default = "format_default::one", skip_serializing_if = "format_default::is_one")]
    #[ts(optional, as = "Option<Pair>")]
    pub dilation: Pair,
    /// Zeros around the image (`"same"`).
    #[serde(default = "format_default::same", skip_serializing_if = "format_default::is_same")]
    #[ts(optional, as = "Option<Padding>")]
    pub padding: Padding,
    /// Channels are convolved in so many separate groups (1); as many as channels is depthwise.
    #[serde(default = "format_default::one_group", skip_serializing_if = "format_default::is_one_group")]
    #[ts(optional, as = "Option<u32>")]
    pub groups: u32,
    /// Whether a bias is added to each output channel (true).
    #[serde(default = "format_default::yes", skip_serializing_if = "format_default::is_yes")]
    #[ts(optional, as = "Option<bool>")]
    pub bias: bool,
}

impl Conv2d {
    /// A convolution with padding "same", stride 1 and a bias.
    #[must_use]
    pub const fn square(out_channels: u32, kernel: u32) -> Self {
        Self {
            out_channels,
            kernel: Pair::square(kernel),
            stride: Pair::ONE,
            dilation: Pair::ONE,
            padding: Padding::Same,
            groups: 1,
            bias: true,
        }
    }
}

/// Settings of batch normalisation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct BatchNorm {
    /// Added to the variance (1e-5, `PyTorch`'s default).
    #[serde(default = "format_default::epsilon", skip_serializing_if = "format_default::is_epsilon")]
    #[ts(optional, as = "Option<f32>")]
    pub epsilon: f32,
    /// Weight of the newest batch in the running statistics (0.1, `PyTorch`'s default).
    #[serde(default = "format_default::momentum", skip_serializing_if = "format_default::is_momentum")]
    #[ts(optional, as = "Option<f32>")]
    pub momentum: f32,
}

impl Default for BatchNorm {
    fn default() -> Self {
        Self { epsilon: format_default::epsilon(), momentum: format_default::momentum() }
    }
}

/// Settings of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct Pool {
    /// Height and width of the window.
    pub kernel: Pair,
    /// Steps between windows (as large as the window).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub stride: Option<Pair>,
    /// Rows and columns around the image that no window counts (`"valid"`).
    #[serde(default = "format_default::valid", skip_serializing_if = "format_default::is_valid")]
    #[ts(optional, as = "Option<Padding>")]
    pub padding: Padding,
}

impl Pool {
    /// A pool whose windows do not overlap.
    #[must_use]
    pub const fn square(kernel: u32) -> Self {
        Self { kernel: Pair::square(kernel), stride: None, padding: Padding::Valid }
    }

    /// Steps between windows.
    #[must_use]
    pub fn stride(&self) -> Pair {
        self.stride.unwrap_or(self.kernel)
    }
}

/// Settings of a fully connected layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct Dense {
    /// Number of outputs.
    pub out_features: u32,
    /// Whether a bias is added to each output (true).
    #[serde(default = "format_default::yes", skip_serializing_if = "format_default::is_yes")]
    #[ts(optional, as = "Option<bool>")]
    pub bias: bool,
}

/// What a parameter is for; it decides how it is initialised and whether it decays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterRole {
    /// Weights of a convolution or a fully connected layer.
    Weight,
    /// Bias of the same.
    Bias,
    /// Scale of a normalisation (γ).
    Scale,
    /// Shift of a normalisation (β).
    Shift,
    /// Running mean of a normalisation: not trained.
    RunningMean,
    /// Running variance of a normalisation: not trained.
    RunningVariance,
}

impl ParameterRole {
    /// Last part of the parameter's path, as in `PyTorch`.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Weight | Self::Scale => "weight",
            Self::Bias | Self::Shift => "bias",
            Self::RunningMean => "running_mean",
            Self::RunningVariance => "running_var",
        }
    }

    /// Whether gradients change it.
    #[must_use]
    pub const fn is_trainable(self) -> bool {
        !matches!(self, Self::RunningMean | Self::RunningVariance)
    }
}

/// One parameter tensor of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// What it is for.
    pub role: ParameterRole,
    /// Its shape in `PyTorch`'s order: `[out, in / groups, kernel height, kernel width]`, `[out, in]` or
    /// `[channels]`.
    pub shape: Vec<u32>,
}

impl Parameter {
    /// Number of elements.
    #[must_use]
    pub fn elements(&self) -> u64 {
        self.shape.iter().map(|&size| u64::from(size)).product()
    }

    /// Number of inputs that each output sums: what initialisers scale by.
    #[must_use]
    pub fn fan_in(&self) -> u64 {
        self.shape.iter().skip(1).map(|&size| u64::from(size)).product()
    }
}

impl Op {
    /// The identifier used in JSON.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        match self {
            Self::Conv2d(_) => "conv2d",
            Self::BatchNorm(_) => "batch-norm",
            Self::Relu => "relu",
            Self::MaxPool(_) => "max-pool",
            Self::AvgPool(_) => "avg-pool",
            Self::GlobalAvgPool => "global-avg-pool",
            Self::Dense(_) => "dense",
            Self::Add => "add",
            Self::Concat => "concat",
            Self::Identity => "identity",
        }
    }

    /// Whether it has no settings beside its identifier.
    pub(crate) const fn is_plain(&self) -> bool {
        matches!(self, Self::Relu | Self::GlobalAvgPool | Self::Add | Self::Concat | Self::Identity)
    }

    /// Whether the order of its inputs makes no difference.
    pub(crate) const fn is_commutative(&self) -> bool {
        matches!(self, Self::Add)
    }

    /// The parameters of this operator behind an input of the shape `input`, in a fixed order.
    #[must_use]
    pub fn parameters(&self, input: Shape) -> Vec<Parameter> {
        let parameter = |role, shape: &[u32]| Parameter { role, shape: shape.to_vec() };
        match self {
            Self::Conv2d(conv) => {
                let shape = [
                    conv.out_channels,
                    input.channels / conv.groups,
                    conv.kernel.vertical,
                    conv.kernel.horizontal,
                ];
                let mut list = vec![parameter(ParameterRole::Weight, &shape)];
                list.extend(conv.bias.then(|| parameter(ParameterRole::Bias, &[conv.out_channels])));
                list
            }
            Self::BatchNorm(_) => [
                ParameterRole::Scale,
                ParameterRole::Shift,
                ParameterRole::RunningMean,
                ParameterRole::RunningVariance,
            ]
            .map(|role| parameter(role, &[input.channels]))
            .to_vec(),
            Self::Dense(dense) => {
                let shape = [dense.out_features, input.elements() as u32];
                let mut list = vec![parameter(ParameterRole::Weight, &shape)];
                list.extend(dense.bias.then(|| parameter(ParameterRole::Bias, &[dense.out_features])));
                list
            }
            Self::Relu
            | Self::MaxPool(_)
            | Self::AvgPool(_)
            | Self::GlobalAvgPool
            | Self::Add
            | Self::Concat
            | Self::Identity => Vec::new(),
        }
    }
}

/// Defaults of the JSON format, and whether a value equals them.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls them with references")]
mod format_default {
    use crate::{Padding, Pair};

    pub(super) const fn one() -> Pair {
        Pair::ONE
    }
    pub(super) fn is_one(pair: &Pair) -> bool {
        *pair == Pair::ONE
    }
    pub(super) const fn same() -> Padding {
        Padding::Same
    }
    pub(super) fn is_same(padding: &Padding) -> bool {
        *padding == Padding::Same
    }
    pub(super) const fn valid() -> Padding {
        Padding::Valid
    }
    pub(super) fn is_valid(padding: &Padding) -> bool {
        *padding == Padding::Valid
    }
    pub(super) const fn one_group() -> u32 {
        1
    }
    pub(super) fn is_one_group(groups: &u32) -> bool {
        *groups == 1
    }
    pub(super) const fn yes() -> bool {
        true
    }
    pub(super) fn is_yes(flag: &bool) -> bool {
        *flag
    }
    pub(super) const fn epsilon() -> f32 {
        1e-5
    }
    pub(super) fn is_epsilon(value: &f32) -> bool {
        *value == epsilon()
    }
    pub(super) const fn momentum() -> f32 {
        0.1
    }
    pub(super) fn is_momentum(value: &f32) -> bool {
        *value == momentum()
    }
}
