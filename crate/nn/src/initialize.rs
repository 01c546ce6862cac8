//! Initial weights.

use nas_arch::{Graph, INPUT_TENSOR, Op, ParameterRole};
use nas_numerics::{Digest, Digester, Rng};

use crate::layout::{ParameterLayout, Slot, Storage};

/// Weights that are drawn at once: a few milliseconds.
const WEIGHTS_AT_ONCE: usize = 1 << 16;

/// The drawing of the initial weights of an evaluation, a little at a time.
///
/// Weights are normal with variance gain / fan-in: gain 2 where a rectifier (ReLU or one of its kin) follows before the next weights (He et
/// al. 2015, "Delving Deep into Rectifiers", section 2.2), gain 1 elsewhere, so also for the layer that gives the
/// logits (`LeCun` et al. 1998, "Efficient `BackProp`", section 4.6). Biases, shifts and running means are 0, scales and
/// running variances 1.
///
/// Every weight tensor has a generator of its own, named by the key and the tensor's path, and is drawn in `PyTorch`'s
/// order: neither the order of parameters nor the layout in memory plays a part.
#[derive(Debug, Clone)]
pub(crate) struct Initialization {
    /// For each layer, whether a rectifier follows.
    rectified: Vec<bool>,
    /// Whether weights are drawn with variance 1 instead.
    is_standard: bool,
    key: Digest,
    /// Parameters that are done.
    slots: usize,
    /// Elements of the next one that are drawn, and what draws the others.
    drawn: usize,
    rng: Option<Rng>,
}

impl Initialization {
    /// Nothing is drawn yet.
    pub(crate) fn new(graph: &Graph, key: Digest) -> Self {
        Self { rectified: rectified(graph), is_standard: false, key, slots: 0, drawn: 0, rng: None }
    }

    /// The same with weights of variance 1.
    pub(crate) fn standard_normal(graph: &Graph, key: Digest) -> Self {
        Self { is_standard: true, ..Self::new(graph, key) }
    }

    /// Goes on by one parameter, or by a part of a large one. Returns the number of its elements; none if all are done.
    pub(crate) fn advance(
        &mut self,
        layout: &ParameterLayout,
        parameters: &mut [f32],
        statistics: &mut [f32],
    ) -> Option<usize> {
        let slot = layout.slots().get(self.slots)?;
        let buffer = match slot.storage {
            Storage::Parameters => parameters,
            Storage::Statistics => statistics,
        };
        let end = match slot.role {
            ParameterRole::Weight => self.draw(slot, buffer),
            ParameterRole::Bias
            | ParameterRole::Shift
            | ParameterRole::Mixture
            | ParameterRole::RunningMean => fill(slot, buffer, 0.0),
            ParameterRole::Scale | ParameterRole::RunningVariance => fill(slot, buffer, 1.0),
        };
        let elements = end - self.drawn;
        self.drawn = end;
        if end == slot.range.len() {
            (self.slots, self.drawn, self.rng) = (self.slots + 1, 0, None);
        }
        Some(elements)
    }

    /// Standard deviation of a tensor's weights.
    pub(crate) fn deviation(&self, slot: &Slot) -> f32 {
        let gain = if self.rectified[slot.node] { 2.0 } else { 1.0 };
        if self.is_standard { 1.0 } else { libm::sqrtf(gain / slot.fan_in as f32) }
    }

    /// Draws a part of a tensor; returns where it ends.
    fn draw(&mut self, slot: &Slot, parameters: &mut [f32]) -> usize {
        let deviation = self.deviation(slot);
        let rng = self.rng.get_or_insert_with(|| Rng::from_digester(generator(&self.key, &slot.path)));
        let end = slot.range.len().min(self.drawn + WEIGHTS_AT_ONCE);
        slot.write_part(parameters, self.drawn..end, std::iter::repeat_with(|| rng.normal() * deviation));
        end
    }
}

/// What the generator of a tensor is made from.
pub(crate) fn generator(key: &Digest, path: &str) -> Digester {
    Digester::new().text("initial weights").bytes(&key.0).text(path)
}

fn fill(slot: &Slot, buffer: &mut [f32], value: f32) -> usize {
    buffer[slot.range.clone()].fill(value);
    slot.range.len()
}

/// Draws all initial weights.
#[cfg(test)]
pub(crate) fn initialize(
    graph: &Graph,
    layout: &ParameterLayout,
    key: &Digest,
    parameters: &mut [f32],
    statistics: &mut [f32],
) {
    let mut initialization = Initialization::new(graph, *key);
    while initialization.advance(layout, parameters, statistics).is_some() {}
}

/// Whether a function is a rectifier or one of its kin: its output is positive exactly where its input is.
pub(crate) const fn is_rectifier(op: &Op) -> bool {
    matches!(op, Op::Relu | Op::Relu6 | Op::LeakyRelu(_) | Op::Silu | Op::Gelu | Op::HardSwish)
}

/// For each layer, whether its output reaches a rectifier before the next layer with weights.
fn rectified(graph: &Graph) -> Vec<bool> {
    let mut rectified = vec![false; graph.nodes.len()];
    for (node, layer) in graph.nodes.iter().enumerate().rev() {
        let reaches = match layer.op {
            ref op if is_rectifier(op) => true,
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
            // What squashes, and what has weights of its own; rectifiers are above.
            Op::Relu
            | Op::Relu6
            | Op::LeakyRelu(_)
            | Op::Silu
            | Op::Gelu
            | Op::HardSwish
            | Op::Sigmoid
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
