//! Layers that compute nothing.

use crate::{Graph, INPUT_TENSOR, Node, Op, Pair, TensorId};

/// What is left of a graph once layers that compute nothing are contracted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contraction {
    /// For each tensor, the tensor that holds the same values.
    pub sources: Vec<TensorId>,
    /// For each node, what it reads: through contracted layers, and, if it is an addition, without the zeros among
    /// its inputs (unless all of them are).
    pub inputs: Vec<Vec<TensorId>>,
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
        let mut contraction =
            Self { sources: vec![INPUT_TENSOR], inputs: Vec::with_capacity(graph.nodes.len()) };
        for (index, node) in graph.nodes.iter().enumerate() {
            let inputs = contraction.read_by(graph, node);
            let is_identity = also(&node.op) || computes_nothing(graph, node, &inputs);
            contraction.sources.push(if is_identity { inputs[0] } else { index + 1 });
            contraction.inputs.push(inputs);
        }
        contraction
    }

    fn read_by(&self, graph: &Graph, node: &Node) -> Vec<TensorId> {
        let inputs: Vec<TensorId> = node.inputs.iter().map(|&tensor| self.sources[tensor]).collect();
        if node.op != Op::Add {
            return inputs;
        }
        let is_zero = |tensor: &TensorId| matches!(producer(graph, *tensor), Some(Op::Zero(_)));
        let summands: Vec<TensorId> = inputs.iter().copied().filter(|tensor| !is_zero(tensor)).collect();
        if summands.is_empty() { inputs } else { summands }
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
