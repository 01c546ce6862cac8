use crate::{Activation, Conv2d, NetworkBuilder, Op, TensorId};

/// A squeeze-excite module (Hu et al. 2018, "Squeeze-and-Excitation Networks"): each channel is multiplied by a
/// number between 0 and 1 that is computed from the means of all channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqueezeExcite {
    /// Channels between its two convolutions: in the paper a sixteenth of its input's, a quarter in `MobileNetV3`.
    pub squeezed: u32,
    /// What limits the numbers to 0 … 1: the paper's sigmoid, or `MobileNetV3`'s hard sigmoid (Howard et al. 2019).
    pub gate: Activation,
}

impl NetworkBuilder {
    /// Adds a squeeze-excite module: `name.mean`, `name.squeeze`, `name.act`, `name.excite`, `name.gate` and the
    /// product `name.scale`.
    ///
    /// # Shapes
    /// They stay.
    pub fn squeeze_excite(&mut self, name: &str, module: SqueezeExcite) -> TensorId {
        let features = self.newest();
        let channels = self.shape().channels;
        self.push(format!("{name}.mean"), Op::GlobalAvgPool);
        self.push(format!("{name}.squeeze"), Op::Conv2d(Conv2d::square(module.squeezed, 1)));
        self.push(format!("{name}.act"), Op::Relu);
        self.push(format!("{name}.excite"), Op::Conv2d(Conv2d::square(channels, 1)));
        let gate = self.push(format!("{name}.gate"), module.gate.op());
        self.push_reading(format!("{name}.scale"), Op::Multiply, &[features, gate])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shape;

    #[test]
    fn a_module_keeps_the_shape_and_reads_its_input_twice() {
        for gate in [Activation::Sigmoid, Activation::HardSigmoid] {
            let mut builder = NetworkBuilder::new(Shape::new(3, 8, 8));
            builder.push("features", Op::Conv2d(Conv2d::square(16, 3)));
            builder.squeeze_excite("gated", SqueezeExcite { squeezed: 4, gate });
            let network = builder.finish().unwrap();
            let graph = network.resolve().unwrap();
            assert_eq!(graph.output(), Shape::new(16, 8, 8));
            let channels: Vec<u32> = graph.nodes.iter().map(|node| node.shape.channels).collect();
            assert_eq!(channels, [16, 16, 4, 4, 16, 16, 16]);
            assert_eq!(network.layers.last().unwrap().inputs, ["features", "gated.gate"]);
        }
    }
}
