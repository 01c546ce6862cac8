use nas_arch::{Conv2d, Graph, Op, Pair, Shape};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::deployment::Step;
use crate::operations::Operations;

/// What kind of loop a step is: what decides how fast a device runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(export)]
pub enum OperatorKind {
    /// Convolution, with groups or without.
    Conv,
    /// Convolution of 1×1 pixels, without groups.
    Pointwise,
    /// Convolution of each channel by itself.
    Depthwise,
    /// Fully connected layer.
    Dense,
    /// Self-attention.
    Attention,
    /// Largest values of windows.
    MaxPool,
    /// Means of windows, or of all pixels.
    AvgPool,
    /// Sum, product, mixture, normalisation or activation: each element by itself.
    ElementWise,
    /// Values put into other places: concatenation, shuffling, resampling, zeros.
    Copy,
}

impl OperatorKind {
    /// All kinds, in the order in which they are listed.
    pub const ALL: [Self; 9] = [
        Self::Conv,
        Self::Pointwise,
        Self::Depthwise,
        Self::Dense,
        Self::Attention,
        Self::MaxPool,
        Self::AvgPool,
        Self::ElementWise,
        Self::Copy,
    ];

    /// The identifier used in files.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Conv => "conv",
            Self::Pointwise => "pointwise",
            Self::Depthwise => "depthwise",
            Self::Dense => "dense",
            Self::Attention => "attention",
            Self::MaxPool => "max-pool",
            Self::AvgPool => "avg-pool",
            Self::ElementWise => "element-wise",
            Self::Copy => "copy",
        }
    }

    /// The kind of this identifier.
    #[must_use]
    pub fn find(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.id() == id)
    }
}

/// What one deployed step does: all that estimators know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepWork {
    /// What kind of loop it is.
    pub kind: OperatorKind,
    /// Height and width of its window; 1×1 where there is none.
    pub kernel: Pair,
    /// Step of its window.
    pub stride: Pair,
    /// Gaps in its window.
    pub dilation: Pair,
    /// Shape of its (first) input.
    pub input: Shape,
    /// Shape of its output.
    pub output: Shape,
    /// Elements that it reads, of all its inputs.
    pub read_elements: u64,
    /// Weights that it reads.
    pub weights: u64,
    /// Multiply-accumulates.
    pub macs: u64,
}

impl StepWork {
    pub(crate) fn new(graph: &Graph, step: &Step) -> Self {
        let node = &graph.nodes[step.node];
        let input = graph.input_shape(step.node);
        let (kind, kernel, stride, dilation) = match &node.op {
            Op::Conv2d(conv) => convolution(conv, input),
            Op::MetaConv2d(meta) => convolution(&meta.convolution(), input),
            Op::Dense(_) => (OperatorKind::Dense, Pair::ONE, Pair::ONE, Pair::ONE),
            Op::Attention(_) => (OperatorKind::Attention, Pair::ONE, Pair::ONE, Pair::ONE),
            Op::MaxPool(pool) => (OperatorKind::MaxPool, pool.kernel, pool.stride(), Pair::ONE),
            Op::AvgPool(pool) => (OperatorKind::AvgPool, pool.kernel, pool.stride(), Pair::ONE),
            Op::GlobalAvgPool => {
                let window = Pair { vertical: input.height, horizontal: input.width };
                (OperatorKind::AvgPool, window, window, Pair::ONE)
            }
            Op::Concat
            | Op::ChannelShuffle(_)
            | Op::Upsample(_)
            | Op::Downsample(_)
            | Op::Zero(_)
            | Op::Dropout(_)
            | Op::Identity => (OperatorKind::Copy, Pair::ONE, Pair::ONE, Pair::ONE),
            Op::BatchNorm(_)
            | Op::LayerNorm(_)
            | Op::Relu
            | Op::Relu6
            | Op::LeakyRelu(_)
            | Op::Silu
            | Op::Gelu
            | Op::HardSwish
            | Op::HardSigmoid
            | Op::Sigmoid
            | Op::Tanh
            | Op::Add
            | Op::Multiply
            | Op::Mixture => (OperatorKind::ElementWise, Pair::ONE, Pair::ONE, Pair::ONE),
        };
        Self {
            kind,
            kernel,
            stride,
            dilation,
            input,
            output: node.shape,
            read_elements: node.inputs.iter().map(|&tensor| graph.shape(tensor).elements()).sum(),
            weights: node.parameters.iter().map(nas_arch::Parameter::elements).sum(),
            macs: Operations::of(graph, step.node).macs,
        }
    }

    /// Points of its window.
    #[must_use]
    pub const fn points(&self) -> u64 {
        self.kernel.vertical as u64 * self.kernel.horizontal as u64
    }
}

fn convolution(conv: &Conv2d, input: Shape) -> (OperatorKind, Pair, Pair, Pair) {
    let kind = if conv.groups == input.channels && conv.groups > 1 {
        OperatorKind::Depthwise
    } else if conv.kernel == Pair::ONE && conv.groups == 1 {
        OperatorKind::Pointwise
    } else {
        OperatorKind::Conv
    };
    (kind, conv.kernel, conv.stride, conv.dilation)
}
