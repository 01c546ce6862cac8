use crate::{Conv2d, NetworkBuilder, Op, Pair, SqueezeExcite, Style, TensorId};

/// An inverted residual (Sandler et al. 2018, "`MobileNetV2`", section 3.3): many channels between few, the last
/// convolution without an activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvertedResidual {
    /// Channels between its two 1×1 convolutions. As many as come in: there is no first one.
    pub expanded: u32,
    /// Channels of its output.
    pub out_channels: u32,
    /// Height and width of the depthwise kernel.
    pub kernel: Pair,
    /// Steps between outputs.
    pub stride: Pair,
    /// Between the depthwise and the last convolution (Howard et al. 2019, "Searching for `MobileNetV3`", section 5.3).
    pub squeeze_excite: Option<SqueezeExcite>,
}

impl NetworkBuilder {
    /// Adds an inverted residual: `name.expand` and `name.depthwise`, each in the style, a squeeze-excite module
    /// `name.se`, and `name.project` without an activation. Where the stride is 1 and channels stay, `name.add` adds
    /// the input.
    ///
    /// # Shapes
    /// `C×H×W` to `out_channels × ⌈H / stride⌉ × ⌈W / stride⌉`.
    pub fn inverted_residual(&mut self, name: &str, block: InvertedResidual, style: Style) -> TensorId {
        let input = self.newest();
        let in_channels = self.shape().channels;
        if block.expanded != in_channels {
            self.conv(&format!("{name}.expand"), Conv2d::square(block.expanded, 1), style);
        }
        self.depthwise(&format!("{name}.depthwise"), block.kernel, block.stride, style);
        if let Some(module) = block.squeeze_excite {
            self.squeeze_excite(&format!("{name}.se"), module);
        }
        let project = Conv2d::square(block.out_channels, 1);
        let output = self.conv(&format!("{name}.project"), project, style.linear());
        if block.stride != Pair::ONE || block.out_channels != in_channels {
            return output;
        }
        self.push_reading(format!("{name}.add"), Op::Add, &[output, input])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, Shape};

    #[test]
    fn expansion_gate_and_shortcut_are_there_where_they_should_be() {
        const STYLE: Style = Style::normalized(Activation::Relu6);
        let gate = Some(SqueezeExcite { squeezed: 2, gate: Activation::HardSigmoid });
        // (expanded, output channels, stride, gate, layers with weights, shortcut)
        let cases = [
            (8, 8, 1, None, 2, true),
            (48, 8, 1, None, 3, true),
            (48, 8, 2, None, 3, false),
            (48, 12, 1, None, 3, false),
            (48, 8, 1, gate, 5, true),
        ];
        for (expanded, out_channels, stride, squeeze_excite, convolutions, shortcut) in cases {
            let mut builder = NetworkBuilder::new(Shape::new(8, 5, 7));
            let (kernel, stride) = (Pair::square(3), Pair::square(stride));
            let block = InvertedResidual { expanded, out_channels, kernel, stride, squeeze_excite };
            builder.inverted_residual("block", block, STYLE);
            let network = builder.finish().unwrap();
            assert!(network.resolve().is_ok());
            let count = |id| network.layers.iter().filter(|layer| layer.op.id() == id).count();
            assert_eq!(count("conv2d"), convolutions, "{block:?}");
            assert_eq!(count("add"), usize::from(shortcut), "{block:?}");
        }
    }
}
