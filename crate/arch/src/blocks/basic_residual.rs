use crate::{Conv2d, NetworkBuilder, Op, Pair, Style, TensorId};

/// A basic residual block (He et al. 2016, "Deep Residual Learning for Image Recognition", figure 5, left): two
/// convolutions beside a shortcut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BasicResidual {
    /// Channels of its output.
    pub out_channels: u32,
    /// Height and width of both kernels.
    pub kernel: Pair,
    /// Steps between outputs.
    pub stride: Pair,
    /// Style of the 1×1 convolution on the shortcut, which is there where stride or channels change: normalized in
    /// the paper (option B).
    pub shortcut: Style,
}

impl NetworkBuilder {
    /// Adds a basic residual block: `name.conv1` and `name.conv2`, the latter without an activation,
    /// `name.shortcut` where shapes change, the sum `name.add` and behind it the activation `name.act`.
    ///
    /// # Shapes
    /// `C×H×W` to `out_channels × ⌈H / stride⌉ × ⌈W / stride⌉`.
    pub fn basic_residual(&mut self, name: &str, block: BasicResidual, style: Style) -> TensorId {
        let BasicResidual { out_channels, kernel, stride, shortcut } = block;
        let input = self.newest();
        self.conv(&format!("{name}.conv1"), Conv2d { stride, ..Conv2d::new(out_channels, kernel) }, style);
        let branch = self.conv(&format!("{name}.conv2"), Conv2d::new(out_channels, kernel), style.linear());
        let beside = if stride == Pair::ONE && out_channels == self.shape_of(input).channels {
            input
        } else {
            self.continue_from(input);
            let conv = Conv2d { stride, ..Conv2d::square(out_channels, 1) };
            self.conv(&format!("{name}.shortcut"), conv, shortcut)
        };
        self.push_reading(format!("{name}.add"), Op::Add, &[branch, beside]);
        self.norm_and_activation(name, Style { norm: false, ..style })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, Shape};

    #[test]
    fn the_shortcut_has_a_convolution_where_shapes_change() {
        const STYLE: Style = Style::normalized(Activation::Relu);
        for (out_channels, stride, convolutions) in [(8, 1, 2), (8, 2, 3), (12, 1, 3)] {
            let mut builder = NetworkBuilder::new(Shape::new(8, 5, 7));
            let (kernel, stride) = (Pair::square(3), Pair::square(stride));
            let block = BasicResidual { out_channels, kernel, stride, shortcut: STYLE.linear() };
            builder.basic_residual("block", block, STYLE);
            let network = builder.finish().unwrap();
            assert!(network.resolve().is_ok());
            let count = network.layers.iter().filter(|layer| layer.op.id() == "conv2d").count();
            assert_eq!(count, convolutions, "{block:?}");
        }
    }
}
