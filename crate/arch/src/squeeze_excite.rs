use crate::{Conv2d, Network, Op};

/// A squeeze-excite module (Hu et al. 2018, "Squeeze-and-Excitation Networks"): each channel is multiplied by a
/// number between 0 and 1 that is computed from the means of all channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqueezeExcite {
    /// Channels of its input and of its output.
    pub channels: u32,
    /// Channels between its two convolutions: in the paper a sixteenth of `channels`, a quarter in `MobileNetV3`.
    pub squeezed: u32,
    /// What limits the numbers to 0 … 1.
    pub gate: Gate,
}

/// The function that limits the numbers of a squeeze-excite module to 0 … 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// The paper's.
    Sigmoid,
    /// `MobileNetV3`'s (Howard et al. 2019).
    HardSigmoid,
}

impl Network {
    /// Adds a squeeze-excite module that reads the layer `input`, and returns the name of its output, `name`. The
    /// layers before it are `name-mean`, `name-squeeze`, `name-relu`, `name-excite` and `name-gate`.
    pub fn push_squeeze_excite(&mut self, name: &str, input: &str, module: SqueezeExcite) -> String {
        let SqueezeExcite { channels, squeezed, gate } = module;
        self.push_reading(format!("{name}-mean"), Op::GlobalAvgPool, &[input]);
        self.push(format!("{name}-squeeze"), Op::Conv2d(Conv2d::square(squeezed, 1)));
        self.push(format!("{name}-relu"), Op::Relu);
        self.push(format!("{name}-excite"), Op::Conv2d(Conv2d::square(channels, 1)));
        let gate = match gate {
            Gate::Sigmoid => Op::Sigmoid,
            Gate::HardSigmoid => Op::HardSigmoid,
        };
        let gate = self.push(format!("{name}-gate"), gate);
        self.push_reading(name, Op::Multiply, &[input, &gate])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shape;

    #[test]
    fn a_module_keeps_the_shape_and_reads_its_input_twice() {
        for gate in [Gate::Sigmoid, Gate::HardSigmoid] {
            let mut network = Network::new(Shape::new(3, 8, 8));
            let features = network.push("features", Op::Conv2d(Conv2d::square(16, 3)));
            let module = SqueezeExcite { channels: 16, squeezed: 4, gate };
            let output = network.push_squeeze_excite("gated", &features, module);
            assert_eq!(output, "gated");
            let graph = network.resolve().unwrap();
            assert_eq!(graph.output(), Shape::new(16, 8, 8));
            let shapes: Vec<u32> = graph.nodes.iter().map(|node| node.shape.channels).collect();
            assert_eq!(shapes, [16, 16, 4, 4, 16, 16, 16]);
            assert_eq!(network.layers.last().unwrap().inputs, ["features", "gated-gate"]);
        }
    }
}
