//! The static plan: what is computed in which order, and where every value lies.

mod backward;
mod buffer;
mod flow;
mod forward;
mod instruction;
mod lowering;
mod operator;
mod placement;
#[cfg(test)]
mod tests;

use nas_arch::Graph;
use nas_kernels::ShapeError;

pub(crate) use buffer::{BufferId, Span};
pub(crate) use flow::Flow;
pub(crate) use instruction::{Instruction, Task};
pub(crate) use operator::{BatchNormLayer, Conv2dLayer, DenseLayer};

use crate::{ParameterLayout, PlanError};
use buffer::{Buffer, Element};
use lowering::{Lowered, Lowering};

/// What a plan computes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mode {
    /// One training step: forward with the statistics of the batch, loss, backward, update.
    Training {
        /// Share of the target spread evenly over all classes.
        label_smoothing: f32,
    },
    /// Forward with the running statistics, and the loss without smoothing.
    Inference,
}

/// A network compiled for one batch size: a list of instructions over buffers in a flat arena.
///
/// Each buffer has a lifetime, from the first instruction that touches it to the last; buffers whose lifetimes do not
/// meet share memory. The order of instructions, the in-place decisions and the places depend on graph, batch size and
/// mode only.
#[derive(Debug, Clone)]
pub struct Plan {
    tasks: Vec<Task>,
    places: Vec<Span>,
    layer_outputs: Vec<Option<BufferId>>,
    arena_len: u64,
    index_arena_len: u64,
    kept_elements: u64,
    macs: u64,
}

/// Bytes of a float and of an index.
const ELEMENT_BYTES: u64 = 4;

impl Plan {
    /// Compiles a network for batches of `batch` images.
    ///
    /// # Errors
    /// If the kernels refuse a layer: a tensor of a whole batch is too large for them.
    pub fn compile(
        graph: &Graph,
        layout: &ParameterLayout,
        batch: u32,
        mode: Mode,
    ) -> Result<Self, PlanError> {
        let lowered = Lowering::new(graph, layout, batch, mode).run()?;
        let lifetimes = buffer::lifetimes(&lowered.buffers, &lowered.tasks);
        let (places, [arena_len, index_arena_len]) = placement::place(&lowered.buffers, &lifetimes);
        let kept_elements = kept(&lowered.tasks, &lowered.buffers, &lifetimes);
        let macs = lowered.tasks.iter().map(|task| task.macs).sum();
        let Lowered { tasks, layer_outputs, .. } = lowered;
        Ok(Self { tasks, places, layer_outputs, arena_len, index_arena_len, kept_elements, macs })
    }

    /// Bytes of activations, gradients of activations, indices and working memory: the whole arena.
    #[must_use]
    pub const fn peak_bytes(&self) -> u64 {
        (self.arena_len + self.index_arena_len) * ELEMENT_BYTES
    }

    /// Bytes that the backward pass cannot do without: buffers written before the loss and read after it.
    #[must_use]
    pub const fn kept_bytes(&self) -> u64 {
        self.kept_elements * ELEMENT_BYTES
    }

    /// Multiply-accumulates of one pass through the plan. Instructions other than convolutions and dense layers count
    /// one for each element they write (or read, where that is more).
    #[must_use]
    pub const fn macs(&self) -> u64 {
        self.macs
    }

    pub(crate) fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    pub(crate) fn place(&self, buffer: BufferId) -> Span {
        self.places[buffer.index()]
    }

    /// The buffer that holds a layer's output when its last forward instruction has run.
    pub(crate) fn layer_output(&self, node: usize) -> Option<BufferId> {
        self.layer_outputs[node]
    }

    /// Floats and indices in the arena.
    pub(crate) const fn arena_lens(&self) -> [u64; 2] {
        [self.arena_len, self.index_arena_len]
    }
}

fn kept(tasks: &[Task], buffers: &[Buffer], lifetimes: &[buffer::Lifetime]) -> u64 {
    let Some(loss) =
        tasks.iter().position(|task| matches!(task.instruction, Instruction::LossBackward { .. }))
    else {
        return 0;
    };
    let spans_loss = |lifetime: &buffer::Lifetime| lifetime.first < loss && loss <= lifetime.last;
    buffers
        .iter()
        .zip(lifetimes)
        .filter(|(_, lifetime)| spans_loss(lifetime))
        .map(|(buffer, _)| buffer.elements)
        .sum()
}

/// Names the layer in an error of the kernels.
fn in_layer(name: &str) -> impl FnOnce(ShapeError) -> PlanError {
    move |source| PlanError::Layer { layer: name.to_owned(), source }
}
