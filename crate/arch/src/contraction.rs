//! Layers that compute nothing.

use smallvec::smallvec;

use crate::{Graph, INPUT_TENSOR, Inputs, Node, Op, Pair, TensorId};

/// What is left of a graph once layers that compute nothing are contracted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contraction {
    /// For each tensor, the tensor that holds the same values; for zeros, the first ones of that shape.
    pub sources: Vec<TensorId>,
    /// For each node, what it reads: through contracted layers, and, if it is an addition, without the zeros among
    /// its inputs. What is zero reads the network's input, of which nothing matters.
    pub inputs: Vec<Inputs>,
    /// For each tensor, whether it is zero whatever the input is, without a parameter on the way.
    pub are_zero: Vec<bool>,
}

impl Contraction {
    /// What is left in training as well as in inference.
    #[must_use]
    pub fn new(graph: &Graph) -> Self {
        Self::with(graph, |_| false)
    }

    /// What is left in inference, where a dropout computes nothing.
    #[must_use]
    pub fn for_inference(graph: &Graph) -> Self {
        Self::with(graph, |op| matches!(op, Op::Dropout(_)))
    }

    fn with(graph: &Graph, also: fn(&Op) -> bool) -> Self {
        let mut contraction = Self {
            sources: Vec::with_capacity(graph.nodes.len() + 1),
            inputs: Vec::with_capacity(graph.nodes.len()),
            are_zero: Vec::with_capacity(graph.nodes.len() + 1),
        };
        contraction.sources.push(INPUT_TENSOR);
        contraction.are_zero.push(false);
        for (index, node) in graph.nodes.iter().enumerate() {
            let mut inputs = contraction.read_by(node);
            let is_zero = contraction.is_zero(node);
            let source = if is_zero {
                inputs = smallvec![INPUT_TENSOR];
                contraction.first_zeros(graph, index + 1)
            } else if also(&node.op) || computes_nothing(graph, node, &inputs) {
                inputs[0]
            } else {
                index + 1
            };
            contraction.sources.push(source);
            contraction.inputs.push(inputs);
            contraction.are_zero.push(is_zero);
        }
        contraction
    }

    /// What a node reads; of a sum of zeros, nothing.
    fn read_by(&self, node: &Node) -> Inputs {
        let is_read = |&&tensor: &&TensorId| node.op != Op::Add || !self.are_zero[tensor];
        node.inputs.iter().filter(is_read).map(|&tensor| self.sources[tensor]).collect()
    }

    fn first_zeros(&self, graph: &Graph, tensor: TensorId) -> TensorId {
        let is_equal = |&other: &TensorId| self.are_zero[other] && graph.shape(other) == graph.shape(tensor);
        (0..tensor).find(is_equal).unwrap_or(tensor)
    }

    /// Whether a node computes zeros and has no parameters.
    fn is_zero(&self, node: &Node) -> bool {
        let mut reads = node.inputs.iter().map(|&tensor| self.are_zero[tensor]);
        match &node.op {
            Op::Zero(_) => true,
            Op::Multiply => reads.any(|is_zero| is_zero),
            // What has parameters is trained and counted, whatever it reads; sigmoids are 1/2 at 0.
            Op::Sigmoid
            | Op::HardSigmoid
            | Op::Conv2d(_)
            | Op::MetaConv2d(_)
            | Op::Dense(_)
            | Op::BatchNorm(_)
            | Op::LayerNorm(_)
            | Op::Mixture => false,
            Op::Attention(_)
            | Op::Relu
            | Op::Relu6
            | Op::LeakyRelu(_)
            | Op::Silu
            | Op::Gelu
            | Op::HardSwish
            | Op::Tanh
            | Op::MaxPool(_)
            | Op::AvgPool(_)
            | Op::GlobalAvgPool
            | Op::Dropout(_)
            | Op::Add
            | Op::Concat
            | Op::ChannelShuffle(_)
            | Op::Upsample(_)
            | Op::Downsample(_)
            | Op::Identity => reads.all(|is_zero| is_zero),
        }
    }
}

/// Whether a node that reads these tensors passes the first one on.
fn computes_nothing(graph: &Graph, node: &Node, inputs: &[TensorId]) -> bool {
    let input = graph.shape(inputs[0]);
    let reads = producer(graph, inputs[0]);
    match &node.op {
        Op::Identity => true,
        Op::Add | Op::Concat | Op::Mixture => inputs.len() == 1,
        Op::MaxPool(pool) | Op::AvgPool(pool) => pool.kernel == Pair::ONE && pool.stride() == Pair::ONE,
        Op::Relu => reads.is_some_and(|op| *op == Op::Relu || is_within_six(op)),
        Op::Relu6 => reads.is_some_and(is_within_six),
        Op::GlobalAvgPool => input.pixels() == 1,
        Op::ChannelShuffle(shuffle) => shuffle.groups == 1 || shuffle.groups == input.channels,
        Op::Upsample(_) | Op::Downsample(_) => node.shape == input,
        Op::Dropout(dropout) => dropout.probability == 0.0,
        Op::Conv2d(_)
        | Op::MetaConv2d(_)
        | Op::BatchNorm(_)
        | Op::LayerNorm(_)
        | Op::Dense(_)
        | Op::Attention(_)
        | Op::LeakyRelu(_)
        | Op::Silu
        | Op::Gelu
        | Op::HardSwish
        | Op::HardSigmoid
        | Op::Sigmoid
        | Op::Tanh
        | Op::Multiply
        | Op::Zero(_) => false,
    }
}

/// Whether all outputs lie between 0 and 6, and no gradient flows where they are 0 or 6.
const fn is_within_six(op: &Op) -> bool {
    matches!(op, Op::Relu6 | Op::HardSigmoid | Op::Sigmoid)
}

fn producer(graph: &Graph, tensor: TensorId) -> Option<&Op> {
    tensor.checked_sub(1).map(|node| &graph.nodes[node].op)
}
