//! What each operator does in a plan: one file for each, with its forward pass, its backward pass, and the work that both
//! are made of.
//!
//! [`forward`] is the one place that knows them all. A forward pass asks the [`Lowering`] for buffers, emits its work,
//! and returns what its backward pass will need, which is a [`Backward`] itself.

mod activation;
mod add;
mod attention;
mod batch_norm;
mod concat;
mod conv2d;
mod dense;
mod dropout;
mod global_avg_pool;
mod layer_norm;
mod meta_conv2d;
mod mixture;
mod multiply;
mod pool;
mod rearrange;
mod step;
mod zero;

use std::sync::Arc;

use nas_arch::Op;
use nas_kernels::{ActivationFunction, LeakyRelu, ShapeError};

use crate::plan::{Backward, Lowering};
#[cfg(test)]
pub(crate) use step::PARAMETERS_AT_ONCE;
pub(crate) use step::{
    LOSS_BACKWARD, LOSS_FORWARD, LOSS_LOGITS, clear_parameter_gradients, keep, load, loss, update,
};

/// What a forward pass leaves, or why there is none.
type Lowered = Result<Arc<dyn Backward>, ShapeError>;

/// Emits the forward pass of a layer that computes something.
pub(crate) fn forward(lowering: &mut Lowering<'_>, node: usize) -> Lowered {
    let graph = lowering.graph;
    match &graph.nodes[node].op {
        Op::Conv2d(conv) => conv2d::forward(lowering, node, conv),
        Op::Dense(dense) => dense::forward(lowering, node, *dense),
        Op::BatchNorm(norm) => batch_norm::forward(lowering, node, *norm),
        Op::MaxPool(pool) => pool::max_forward(lowering, node, pool),
        Op::AvgPool(pool) => pool::avg_forward(lowering, node, pool),
        Op::GlobalAvgPool => global_avg_pool::forward(lowering, node),
        Op::Add => Ok(add::forward(lowering, node)),
        Op::Concat => concat::forward(lowering, node),
        Op::LayerNorm(norm) => layer_norm::forward(lowering, node, *norm),
        Op::Attention(attention) => attention::forward(lowering, node, *attention),
        Op::MetaConv2d(meta) => meta_conv2d::forward(lowering, node, meta),
        Op::Multiply => multiply::forward(lowering, node),
        Op::Mixture => Ok(mixture::forward(lowering, node)),
        Op::ChannelShuffle(shuffle) => rearrange::shuffle_forward(lowering, node, *shuffle),
        Op::Upsample(resample) => rearrange::up_forward(lowering, node, *resample),
        Op::Downsample(resample) => rearrange::down_forward(lowering, node, *resample),
        Op::Dropout(dropout) => dropout::forward(lowering, node, *dropout),
        Op::Zero(_) => Ok(zero::forward(lowering, node)),
        Op::Identity => unreachable!("an identity is an alias"),
        op @ (Op::Relu
        | Op::Relu6
        | Op::LeakyRelu(_)
        | Op::Silu
        | Op::Gelu
        | Op::HardSwish
        | Op::HardSigmoid
        | Op::Sigmoid
        | Op::Tanh) => {
            let function = activation_of(op)?.expect("these are activations");
            Ok(activation::forward(lowering, node, function))
        }
    }
}

/// The function of an activation layer.
fn activation_of(op: &Op) -> Result<Option<ActivationFunction>, ShapeError> {
    Ok(Some(match op {
        Op::Relu => ActivationFunction::Relu,
        Op::Relu6 => ActivationFunction::Relu6,
        Op::LeakyRelu(leaky) => ActivationFunction::LeakyRelu(LeakyRelu::new(leaky.negative_slope)?),
        Op::Silu => ActivationFunction::Silu,
        Op::Gelu => ActivationFunction::Gelu,
        Op::HardSwish => ActivationFunction::HardSwish,
        Op::HardSigmoid => ActivationFunction::HardSigmoid,
        Op::Sigmoid => ActivationFunction::Sigmoid,
        Op::Tanh => ActivationFunction::Tanh,
        _ => return Ok(None),
    }))
}

/// An activation that is applied as the layer before it is written: which layer it is, and its function.
type Fused = Option<(usize, ActivationFunction)>;

/// Fuses the activation that is the only reader of a layer into it, if `takes` allows it; returns it with the layer whose
/// output is then written.
fn fuse_activation(
    lowering: &mut Lowering<'_>,
    node: usize,
    takes: impl Fn(ActivationFunction) -> bool,
) -> (Fused, usize) {
    let reader = lowering.sole_reader(node);
    // A function that is refused is refused where its layer is lowered.
    let function = |reader: usize| activation_of(&lowering.graph.nodes[reader].op).ok().flatten();
    match reader.and_then(|reader| Some((reader, function(reader)?))).filter(|(_, function)| takes(*function))
    {
        None => (None, node),
        Some((end, function)) => {
            lowering.fuse(end);
            (Some((end, function)), end)
        }
    }
}
