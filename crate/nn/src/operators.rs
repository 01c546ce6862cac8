//! What each operator does in a plan: one file for each, with its forward pass, its backward pass, and the work that both
//! are made of.
//!
//! [`forward`] is the one place that knows them all. A forward pass asks the [`Lowering`] for buffers, emits its work,
//! and returns what its backward pass will need, which is a [`Backward`] itself.

mod activation;
mod add;
mod batch_norm;
mod concat;
mod conv2d;
mod dense;
mod global_avg_pool;
mod pool;
mod step;

use std::sync::Arc;

use nas_arch::Op;
use nas_kernels::{ActivationFunction, ShapeError};

use crate::plan::{Backward, Lowering};
pub(crate) use step::{LOSS_BACKWARD, LOSS_FORWARD, clear_parameter_gradients, load, loss, update};

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
        Op::Relu => {
            let function = activation_of(&graph.nodes[node].op).expect("these are activations");
            Ok(activation::forward(lowering, node, function))
        }
        Op::Identity => unreachable!("an identity is an alias"),
    }
}

/// The function of an activation layer.
fn activation_of(op: &Op) -> Option<ActivationFunction> {
    match op {
        Op::Relu => Some(ActivationFunction::Relu),
        _ => None,
    }
}

/// The activation that is the only reader of a layer, and its function: it can be applied as the layer is written.
fn fusable_activation(lowering: &Lowering<'_>, node: usize) -> Option<(usize, ActivationFunction)> {
    let reader = lowering.sole_reader(node)?;
    let function = activation_of(&lowering.graph.nodes[reader].op)?;
    Some((reader, function))
}
