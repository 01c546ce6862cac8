//! Initial weights.

use nas_arch::{Graph, INPUT_TENSOR, Op, ParameterRole};
use nas_numerics::{Digest, Digester, Rng};

use crate::layout::{ParameterLayout, Slot, Storage};

/// Draws the initial weights of an evaluation.
///
/// Weights are normal with variance gain / fan-in: gain 2 where a rectifier (ReLU or one of its kin) follows before the next weights (He et
/// al. 2015, "Delving Deep into Rectifiers", section 2.2), gain 1 elsewhere, so also for the layer that gives the
/// logits (`LeCun` et al. 1998, "Efficient `BackProp`", section 4.6). Biases, shifts and running means are 0, scales and
/// running variances 1.
///
/// Every weight tensor has a generator of its own, named by the key and the tensor's path, and is drawn in `PyTorch`'s
/// order: neither the order of parameters nor the layout in memory plays a part.
pub(crate) fn initialize(
    graph: &Graph,
    layout: &ParameterLayout,
    key: &Digest,
    parameters: &mut [f32],
    statistics: &mut [f32],
) {
    let rectified = rectified(graph);
    for slot in layout.slots() {
        let buffer = match slot.storage {
            Storage::Parameters => &mut *parameters,
            Storage::Statistics => &mut *statistics,
        };
        match slot.role {
            ParameterRole::Weight => draw(slot, rectified[slot.node], key, buffer),
            ParameterRole::Bias
            | ParameterRole::Shift
            | ParameterRole::Mixture
            | ParameterRole::RunningMean => {
                buffer[slot.range.clone()].fill(0.0);
            }
            ParameterRole::Scale | ParameterRole::RunningVariance => buffer[slot.range.clone()].fill(1.0),
        }
    }
}

fn draw(slot: &Slot, rectified: bool, key: &Digest, parameters: &mut [f32]) {
    let gain = if rectified { 2.0 } else { 1.0 };
    let deviation = libm::sqrtf(gain / slot.fan_in as f32);
    let mut rng = Rng::from_digester(Digester::new().text("initial weights").bytes(&key.0).text(&slot.path));
    slot.write(parameters, std::iter::repeat_with(|| rng.normal() * deviation));
}

/// For each layer, whether its output reaches a rectifier before the next layer with weights.
fn rectified(graph: &Graph) -> Vec<bool> {
    let mut rectified = vec![false; graph.nodes.len()];
    for (node, layer) in graph.nodes.iter().enumerate().rev() {
        let reaches = match layer.op {
            Op::Relu | Op::Relu6 | Op::LeakyRelu(_) | Op::Silu | Op::Gelu | Op::HardSwish => true,
            Op::BatchNorm(_)
            | Op::LayerNorm(_)
            | Op::MaxPool(_)
            | Op::AvgPool(_)
            | Op::GlobalAvgPool
            | Op::Add
            | Op::Multiply
            | Op::Mixture
            | Op::Concat
            | Op::ChannelShuffle(_)
            | Op::Upsample(_)
            | Op::Downsample(_)
            | Op::Dropout(_)
            | Op::Identity => rectified[node],
            // What squashes, and what has weights of its own.
            Op::Sigmoid
            | Op::HardSigmoid
            | Op::Tanh
            | Op::Conv2d(_)
            | Op::MetaConv2d(_)
            | Op::Dense(_)
            | Op::Attention(_)
            | Op::Zero(_) => false,
        };
        for &tensor in layer.inputs.iter().filter(|&&tensor| tensor != INPUT_TENSOR) {
            rectified[tensor - 1] |= reaches;
        }
    }
    rectified
}

#[cfg(test)]
mod tests {
    use nas_arch::{BatchNorm, Conv2d, Dense, Network, Pool, Shape};
    use nas_numerics::sha256;

    use super::*;

    fn drawn(network: &Network) -> (ParameterLayout, Vec<f32>, Vec<f32>) {
        let graph = network.resolve().unwrap();
        let layout = ParameterLayout::new(&graph);
        let (mut parameters, mut statistics) =
            (vec![f32::NAN; layout.parameters_len()], vec![f32::NAN; layout.statistics_len()]);
        initialize(&graph, &layout, &sha256(b"key"), &mut parameters, &mut statistics);
        (layout, parameters, statistics)
    }

    #[test]
    fn deviations_follow_the_papers() {
        let mut network = Network::new(Shape::new(8, 8, 8));
        network.push("conv", Op::Conv2d(Conv2d::square(64, 3)));
        network.push("norm", Op::BatchNorm(BatchNorm::default()));
        network.push("pool", Op::MaxPool(Pool::square(2)));
        network.push("relu", Op::Relu);
        network.push("linear", Op::Conv2d(Conv2d::square(64, 1)));
        network.push("head", Op::Dense(Dense { out_features: 10, bias: true }));
        let (layout, parameters, statistics) = drawn(&network);
        let variance = |path: &str| {
            let values = &parameters[layout.slot(path).unwrap().range.clone()];
            values.iter().map(|value| f64::from(value * value)).sum::<f64>() / values.len() as f64
        };
        let cases =
            [("conv.weight", 2.0 / 72.0), ("linear.weight", 1.0 / 64.0), ("head.weight", 1.0 / 1024.0)];
        for (path, expected) in cases {
            // Four standard errors of a variance, 4·√(2/n), for the smallest n of 4,096.
            assert!(
                (variance(path) / expected - 1.0).abs() < 0.09,
                "{path}: {} for {expected}",
                variance(path)
            );
        }
        let at = |path: &str| &parameters[layout.slot(path).unwrap().range.clone()];
        assert!(at("conv.bias").iter().chain(at("norm.bias")).all(|&value| value == 0.0));
        assert!(at("norm.weight").iter().all(|&value| value == 1.0));
        assert_eq!(statistics[..64], [0.0; 64]);
        assert_eq!(statistics[64..], [1.0; 64]);
    }

    #[test]
    fn a_tensor_depends_on_its_path_alone() {
        let head = Op::Dense(Dense { out_features: 3, bias: true });
        let mut small = Network::new(Shape::new(4, 1, 1));
        small.push("head", head.clone());
        let mut large = Network::new(Shape::new(4, 1, 1));
        large.push("norm", Op::BatchNorm(BatchNorm::default()));
        large.push("before", Op::Dense(Dense { out_features: 4, bias: true }));
        large.push("head", head);
        let [a, b] = [small, large].map(|network| {
            let (layout, parameters, _) = drawn(&network);
            layout.slot("head.weight").unwrap().read(&parameters).collect::<Vec<_>>()
        });
        assert_eq!(a, b);
    }
}
