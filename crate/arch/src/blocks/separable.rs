use crate::{Conv2d, NetworkBuilder, Pair, Style, TensorId};

/// A depthwise-separable convolution (Howard et al. 2017, "`MobileNets`", section 3.1): each channel by itself, then
/// all channels of each pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Separable {
    /// Channels of its output.
    pub out_channels: u32,
    /// Height and width of the depthwise kernel; `1×k` or `k×1` for signals.
    pub kernel: Pair,
    /// Steps between outputs.
    pub stride: Pair,
}

impl NetworkBuilder {
    /// Adds a depthwise-separable convolution: `name.depthwise`, `name.pointwise`, each in the style.
    ///
    /// # Shapes
    /// `C×H×W` to `out_channels × ⌈H / stride⌉ × ⌈W / stride⌉`.
    pub fn separable(&mut self, name: &str, block: Separable, style: Style) -> TensorId {
        self.depthwise(&format!("{name}.depthwise"), block.kernel, block.stride, style);
        self.conv(&format!("{name}.pointwise"), Conv2d::square(block.out_channels, 1), style)
    }
}
