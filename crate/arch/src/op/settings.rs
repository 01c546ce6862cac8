//! Settings of the operators: what stands beside `"op"` in JSON.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Padding, Pair, Shape};

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
    pub const fn new(out_channels: u32, kernel: Pair) -> Self {
        Self {
            out_channels,
            kernel,
            stride: Pair::ONE,
            dilation: Pair::ONE,
            padding: Padding::Same,
            groups: 1,
            bias: true,
        }
    }

    /// The same with a square kernel.
    #[must_use]
    pub const fn square(out_channels: u32, kernel: u32) -> Self {
        Self::new(out_channels, Pair::square(kernel))
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

/// Settings of a leaky rectifier.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct LeakyRelu {
    /// Factor of negative inputs, not negative (0.01, `PyTorch`'s default).
    #[serde(
        default = "format_default::negative_slope",
        skip_serializing_if = "format_default::is_negative_slope"
    )]
    #[ts(optional, as = "Option<f32>")]
    pub negative_slope: f32,
}

impl Default for LeakyRelu {
    fn default() -> Self {
        Self { negative_slope: format_default::negative_slope() }
    }
}

/// Settings of layer normalisation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct LayerNorm {
    /// Added to the variance (1e-5, `PyTorch`'s default).
    #[serde(default = "format_default::epsilon", skip_serializing_if = "format_default::is_epsilon")]
    #[ts(optional, as = "Option<f32>")]
    pub epsilon: f32,
}

impl Default for LayerNorm {
    fn default() -> Self {
        Self { epsilon: format_default::epsilon() }
    }
}

/// Settings of dropout.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct Dropout {
    /// Share of the elements that training sets to 0 (0.5, `PyTorch`'s default).
    #[serde(default = "format_default::half", skip_serializing_if = "format_default::is_half")]
    #[ts(optional, as = "Option<f32>")]
    pub probability: f32,
}

impl Default for Dropout {
    fn default() -> Self {
        Self { probability: format_default::half() }
    }
}

/// Settings of a channel shuffle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct ChannelShuffle {
    /// Number of groups whose channels are interleaved; must divide the channels.
    pub groups: u32,
}

/// Settings of up- and downsampling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct Resample {
    /// How many pixels become one, or one becomes (2).
    #[serde(default = "format_default::two", skip_serializing_if = "format_default::is_two")]
    #[ts(optional, as = "Option<Pair>")]
    pub factor: Pair,
}

impl Default for Resample {
    fn default() -> Self {
        Self { factor: format_default::two() }
    }
}

/// Settings of `zero`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct Zero {
    /// The output has one pixel for so many of the input, rounded up (1).
    #[serde(default = "format_default::one", skip_serializing_if = "format_default::is_one")]
    #[ts(optional, as = "Option<Pair>")]
    pub stride: Pair,
    /// The output has this shape whatever is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub shape: Option<Shape>,
}

impl Zero {
    /// Zeros of this shape.
    #[must_use]
    pub const fn of(shape: Shape) -> Self {
        Self { stride: Pair::ONE, shape: Some(shape) }
    }
}

impl Default for Zero {
    fn default() -> Self {
        Self { stride: format_default::one(), shape: None }
    }
}

/// Settings of self-attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct Attention {
    /// Channels attend in so many separate heads (1).
    #[serde(default = "format_default::one_group", skip_serializing_if = "format_default::is_one_group")]
    #[ts(optional, as = "Option<u32>")]
    pub heads: u32,
    /// Only pixels at the same place within patches of this size attend to each other (1: all pixels do).
    #[serde(default = "format_default::one", skip_serializing_if = "format_default::is_one")]
    #[ts(optional, as = "Option<Pair>")]
    pub patch: Pair,
}

impl Default for Attention {
    fn default() -> Self {
        Self { heads: 1, patch: Pair::ONE }
    }
}

/// Settings of a convolution whose kernel is a mixture of sizes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct MetaConv2d {
    /// Number of output channels.
    pub out_channels: u32,
    /// Sizes of the square kernels that are mixed: odd, ascending.
    pub sizes: Vec<u32>,
    /// Steps between outputs (1).
    #[serde(default = "format_default::one", skip_serializing_if = "format_default::is_one")]
    #[ts(optional, as = "Option<Pair>")]
    pub stride: Pair,
    /// Steps between the kernel's points (1).
    #[serde(default = "format_default::one", skip_serializing_if = "format_default::is_one")]
    #[ts(optional, as = "Option<Pair>")]
    pub dilation: Pair,
    /// Zeros around the image, for the largest kernel (`"same"`).
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

impl MetaConv2d {
    /// Kernels of these sizes with padding "same", stride 1 and a bias.
    #[must_use]
    pub fn new(out_channels: u32, sizes: &[u32]) -> Self {
        Self {
            out_channels,
            sizes: sizes.to_vec(),
            stride: Pair::ONE,
            dilation: Pair::ONE,
            padding: Padding::Same,
            groups: 1,
            bias: true,
        }
    }

    /// The one convolution, with a kernel of the largest size, that computes it (convolution is linear in its
    /// kernel).
    #[must_use]
    pub fn convolution(&self) -> Conv2d {
        let Self { out_channels, stride, dilation, padding, groups, bias, .. } = *self;
        let kernel = Pair::square(self.sizes.last().copied().unwrap_or(1));
        Conv2d { out_channels, kernel, stride, dilation, padding, groups, bias }
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
    pub(super) const fn two() -> Pair {
        Pair::square(2)
    }
    pub(super) fn is_two(pair: &Pair) -> bool {
        *pair == two()
    }
    pub(super) const fn half() -> f32 {
        0.5
    }
    pub(super) fn is_half(value: &f32) -> bool {
        *value == half()
    }
    pub(super) const fn negative_slope() -> f32 {
        0.01
    }
    pub(super) fn is_negative_slope(value: &f32) -> bool {
        *value == negative_slope()
    }
}
