use crate::{Conv2d, NetworkBuilder, Op, Style, TensorId};

/// A Fire module (Iandola et al. 2016, "`SqueezeNet`", section 3.2): few channels, then many, of 1×1 and of 3×3 kernels
/// side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fire {
    /// Channels of the squeeze layer.
    pub squeeze: u32,
    /// Channels that 1×1 kernels expand to; 0 for none.
    pub expand1x1: u32,
    /// Channels that 3×3 kernels expand to; 0 for none.
    pub expand3x3: u32,
    /// What stands beside it.
    pub bypass: Bypass,
}

/// What stands beside a Fire module (the same, section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bypass {
    /// Nothing.
    #[default]
    None,
    /// Its input is added to its output, where both have the same channels.
    Simple,
    /// Likewise; where channels differ, a 1×1 convolution makes them equal.
    Complex,
}

impl NetworkBuilder {
    /// Adds a Fire module: `name.squeeze`, `name.expand1x1` and `name.expand3x3`, each in the style, their
    /// concatenation `name.concat` and, with a bypass, the sum `name.add` with the input or `name.bypass`.
    ///
    /// # Shapes
    /// `C×H×W` to `(expand1x1 + expand3x3)×H×W`.
    pub fn fire(&mut self, name: &str, block: Fire, style: Style) -> TensorId {
        let input = self.newest();
        let squeezed = self.conv(&format!("{name}.squeeze"), Conv2d::square(block.squeeze, 1), style);
        let mut expanded = Vec::with_capacity(2);
        for (kernel, channels) in [(1, block.expand1x1), (3, block.expand3x3)] {
            if channels > 0 {
                self.continue_from(squeezed);
                let expand = format!("{name}.expand{kernel}x{kernel}");
                expanded.push(self.conv(&expand, Conv2d::square(channels, kernel), style));
            }
        }
        let output = self.push_reading(format!("{name}.concat"), Op::Concat, &expanded);
        let shortcut = match block.bypass {
            Bypass::None => return output,
            _ if self.shape_of(input) == self.shape() => input,
            Bypass::Simple => return output,
            Bypass::Complex => {
                let channels = self.shape().channels;
                self.continue_from(input);
                self.conv(&format!("{name}.bypass"), Conv2d::square(channels, 1), style.linear())
            }
        };
        self.push_reading(format!("{name}.add"), Op::Add, &[output, shortcut])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, Network, Shape};

    fn fire(channels: u32, bypass: Bypass) -> Network {
        let mut builder = NetworkBuilder::new(Shape::new(channels, 5, 5));
        let block = Fire { squeeze: 4, expand1x1: 6, expand3x3: 10, bypass };
        builder.fire("fire", block, Style::plain(Activation::Relu));
        assert_eq!(builder.shape(), Shape::new(16, 5, 5));
        builder.finish().unwrap()
    }

    #[test]
    fn a_bypass_is_there_where_it_can_be() {
        let last = |network: &Network| network.layers.last().map(|layer| layer.inputs.clone()).unwrap();
        let concat = ["fire.expand1x1.act", "fire.expand3x3.act"];
        // (input channels, bypass, what the last layer reads)
        let cases = [
            (16, Bypass::None, concat),
            (16, Bypass::Simple, ["fire.concat", "input"]),
            (16, Bypass::Complex, ["fire.concat", "input"]),
            (8, Bypass::Simple, concat),
            (8, Bypass::Complex, ["fire.concat", "fire.bypass"]),
        ];
        for (channels, bypass, expected) in cases {
            let network = fire(channels, bypass);
            assert_eq!(last(&network), expected, "{channels} {bypass:?}");
            assert!(network.resolve().is_ok());
        }
    }

    #[test]
    fn an_expansion_may_be_missing_but_not_both() {
        let build = |expand1x1, expand3x3| {
            let mut builder = NetworkBuilder::new(Shape::new(3, 5, 5));
            let block = Fire { squeeze: 4, expand1x1, expand3x3, bypass: Bypass::None };
            builder.fire("fire", block, Style::plain(Activation::Relu));
            builder.finish()
        };
        assert_eq!(build(8, 0).unwrap().layers.len(), 5);
        assert!(build(0, 0).unwrap_err().to_string().contains("'fire.concat'"));
    }
}
