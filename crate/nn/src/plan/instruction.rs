use nas_kernels::{AvgPool, ConcatPart, GlobalAvgPool, MaxPool, SoftmaxCrossEntropy};

use super::{BatchNormLayer, BufferId, Conv2dLayer, DenseLayer};

/// One entry of a plan's list.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) instruction: Instruction,
    /// The layer it belongs to, as an index into the graph's nodes.
    pub(crate) layer: Option<usize>,
    /// What it costs.
    pub(crate) macs: u64,
}

/// What can be done to buffers. Names and shapes are those of the kernels.
#[derive(Debug, Clone)]
pub(crate) enum Instruction {
    /// Fills in the images and labels of the batch.
    Load {
        images: BufferId,
    },
    /// Sets the gradients of all parameters to 0.
    ClearParameterGradients,
    /// Sets a buffer to 0, before gradients are added to it.
    Clear {
        values: BufferId,
    },
    /// `to = from`
    Copy {
        from: BufferId,
        to: BufferId,
    },
    /// `to += from`
    AddAssign {
        from: BufferId,
        to: BufferId,
    },
    /// `output = left + right`
    AddForward {
        left: BufferId,
        right: BufferId,
        output: BufferId,
    },
    Conv2dForward {
        layer: Conv2dLayer,
        input: BufferId,
        output: BufferId,
        scratch: BufferId,
    },
    Conv2dBackwardInput {
        layer: Conv2dLayer,
        output_gradient: BufferId,
        input_gradient: BufferId,
        scratch: BufferId,
    },
    Conv2dBackwardParameters {
        layer: Conv2dLayer,
        input: BufferId,
        output_gradient: BufferId,
        scratch: BufferId,
    },
    DenseForward {
        layer: DenseLayer,
        input: BufferId,
        output: BufferId,
        scratch: BufferId,
    },
    DenseBackwardInput {
        layer: DenseLayer,
        output_gradient: BufferId,
        input_gradient: BufferId,
        scratch: BufferId,
    },
    DenseBackwardParameters {
        layer: DenseLayer,
        input: BufferId,
        output_gradient: BufferId,
    },
    BatchNormTrainingForward {
        layer: BatchNormLayer,
        input: BufferId,
        output: BufferId,
        mean: BufferId,
        inverse_std: BufferId,
    },
    BatchNormInferenceForward {
        layer: BatchNormLayer,
        input: BufferId,
        output: BufferId,
    },
    BatchNormBackward {
        layer: BatchNormLayer,
        input: BufferId,
        mean: BufferId,
        inverse_std: BufferId,
        output_gradient: BufferId,
        input_gradient: BufferId,
        scratch: BufferId,
    },
    ReluForward {
        input: BufferId,
        output: BufferId,
    },
    ReluForwardInPlace {
        values: BufferId,
    },
    ReluBackward {
        output: BufferId,
        output_gradient: BufferId,
        input_gradient: BufferId,
    },
    /// `gradient` is that of the output before, that of the input after.
    ReluBackwardInPlace {
        output: BufferId,
        gradient: BufferId,
    },
    MaxPoolForward {
        options: MaxPool,
        input: BufferId,
        output: BufferId,
        argmax: BufferId,
    },
    MaxPoolBackward {
        options: MaxPool,
        argmax: BufferId,
        output_gradient: BufferId,
        input_gradient: BufferId,
    },
    AvgPoolForward {
        options: AvgPool,
        input: BufferId,
        output: BufferId,
    },
    AvgPoolBackward {
        options: AvgPool,
        output_gradient: BufferId,
        input_gradient: BufferId,
    },
    GlobalAvgPoolForward {
        options: GlobalAvgPool,
        input: BufferId,
        output: BufferId,
    },
    GlobalAvgPoolBackward {
        options: GlobalAvgPool,
        output_gradient: BufferId,
        input_gradient: BufferId,
    },
    ConcatForward {
        part: ConcatPart,
        input: BufferId,
        output: BufferId,
    },
    ConcatBackward {
        part: ConcatPart,
        output_gradient: BufferId,
        input_gradient: BufferId,
    },
    LossForward {
        options: SoftmaxCrossEntropy,
        logits: BufferId,
        probabilities: BufferId,
        scratch: BufferId,
    },
    LossBackward {
        options: SoftmaxCrossEntropy,
        probabilities: BufferId,
        logits_gradient: BufferId,
    },
    /// Lets the optimiser change the parameters.
    Update,
}

impl Instruction {
    /// Calls `visit` with every buffer that the instruction reads or writes.
    pub(crate) fn for_each_buffer(&self, visit: impl FnMut(BufferId)) {
        let buffers: &[BufferId] = match *self {
            Self::ClearParameterGradients | Self::Update => &[],
            Self::Load { images: a } | Self::Clear { values: a } | Self::ReluForwardInPlace { values: a } => {
                &[a]
            }
            Self::Copy { from: a, to: b }
            | Self::AddAssign { from: a, to: b }
            | Self::DenseBackwardParameters { input: a, output_gradient: b, .. }
            | Self::BatchNormInferenceForward { input: a, output: b, .. }
            | Self::ReluForward { input: a, output: b }
            | Self::ReluBackwardInPlace { output: a, gradient: b }
            | Self::AvgPoolForward { input: a, output: b, .. }
            | Self::AvgPoolBackward { output_gradient: a, input_gradient: b, .. }
            | Self::GlobalAvgPoolForward { input: a, output: b, .. }
            | Self::GlobalAvgPoolBackward { output_gradient: a, input_gradient: b, .. }
            | Self::ConcatForward { input: a, output: b, .. }
            | Self::ConcatBackward { output_gradient: a, input_gradient: b, .. }
            | Self::LossBackward { probabilities: a, logits_gradient: b, .. } => &[a, b],
            Self::AddForward { left: a, right: b, output: c }
            | Self::Conv2dForward { input: a, output: b, scratch: c, .. }
            | Self::Conv2dBackwardInput { output_gradient: a, input_gradient: b, scratch: c, .. }
            | Self::Conv2dBackwardParameters { input: a, output_gradient: b, scratch: c, .. }
            | Self::DenseForward { input: a, output: b, scratch: c, .. }
            | Self::DenseBackwardInput { output_gradient: a, input_gradient: b, scratch: c, .. }
            | Self::ReluBackward { output: a, output_gradient: b, input_gradient: c }
            | Self::MaxPoolForward { input: a, output: b, argmax: c, .. }
            | Self::MaxPoolBackward { argmax: a, output_gradient: b, input_gradient: c, .. }
            | Self::LossForward { logits: a, probabilities: b, scratch: c, .. } => &[a, b, c],
            Self::BatchNormTrainingForward { input: a, output: b, mean: c, inverse_std: d, .. } => {
                &[a, b, c, d]
            }
            Self::BatchNormBackward {
                input: a,
                mean: b,
                inverse_std: c,
                output_gradient: d,
                input_gradient: e,
                scratch: f,
                ..
            } => &[a, b, c, d, e, f],
        };
        buffers.iter().copied().for_each(visit);
    }
}
