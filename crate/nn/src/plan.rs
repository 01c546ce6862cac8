//! The static plan: what is computed in which order, and where every value lies.

mod buffer;
mod flow;
mod gradients;
mod lowering;
mod placement;
mod probe;
mod stages;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use nas_arch::Graph;
use nas_kernels::{Loss, Share};

pub(crate) use buffer::{BufferId, Extent, Span};
pub(crate) use flow::Flow;
pub(crate) use gradients::Write;
pub(crate) use lowering::{Backward, Lowering};
pub(crate) use probe::{Probe, Tap};

use crate::memory::Memory;
use crate::work::{Buffers, Chunk, State, Surroundings, Work};
use crate::{ParameterLayout, PlanError};
use buffer::{Buffer, Lifetime};
use lowering::Lowered;
use stages::{Stage, add_scratch, lifetimes, stages};

/// What a plan computes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Mode {
    /// One training step: forward with the statistics of the batch, loss, backward, update.
    Training {
        /// Share of the target spread evenly over all classes.
        label_smoothing: f32,
    },
    /// The same without the update: it leaves the gradients.
    Gradients {
        /// Share of the target spread evenly over all classes.
        label_smoothing: f32,
    },
    /// Forward with the statistics of the batch, which the running ones learn.
    Statistics,
    /// Forward with the running statistics, and the loss without smoothing.
    Inference,
    /// A pass that a score looks into.
    Probe(Probe),
}

impl Mode {
    /// Whether batches are normalised by their own statistics, and values are kept for a backward pass.
    pub(crate) const fn is_training(self) -> bool {
        !matches!(self, Self::Inference)
    }
}

/// One entry of a plan's list.
#[derive(Clone)]
pub(crate) struct Task {
    pub(crate) work: Arc<dyn Work>,
    /// What it reads and writes.
    pub(crate) buffers: Vec<BufferId>,
    /// Whether it works on each image by itself.
    pub(crate) extent: Extent,
    /// The layer it belongs to, as an index into the graph's nodes.
    pub(crate) layer: Option<usize>,
    /// What it costs for each image, or for the batch.
    pub(crate) macs: u64,
}

/// One task on one chunk of images, or a share of it on one image.
#[derive(Debug, Clone, Copy)]
struct Step {
    task: u32,
    first: u32,
    images: u32,
    share: u32,
    shares: u32,
}

/// Where a buffer lies.
#[derive(Debug, Clone, Copy)]
struct Place {
    start: usize,
    /// Elements for each image, or of the batch.
    elements: usize,
    extent: Extent,
    /// Whether it holds one chunk only.
    is_local: bool,
}

/// The most buffers that a task can have.
const BUFFERS_MAX: usize = 8;

/// A network compiled for one batch size: a list of tasks over buffers in a flat arena.
///
/// The tasks are cut into stages, through which the images go in chunks. Each buffer has a lifetime, from the first stage
/// that touches it to the last; buffers whose lifetimes do not meet share memory. The order of tasks, the chunks, the
/// in-place decisions and the places depend on graph, batch size and mode only.
#[derive(Clone)]
pub struct Plan {
    tasks: Vec<Task>,
    steps: Vec<Step>,
    places: Vec<Place>,
    layer_outputs: Vec<Option<BufferId>>,
    taps: Vec<Tap>,
    batch: usize,
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
    pub(crate) fn compile(
        graph: &Graph,
        layout: &ParameterLayout,
        batch: u32,
        mode: Mode,
    ) -> Result<Self, PlanError> {
        let lowered = Lowering::new(graph, layout, batch, mode).run()?;
        Ok(Self::assemble(lowered, u64::from(batch), placement::place))
    }

    fn assemble(
        Lowered { mut tasks, mut buffers, layer_outputs, taps }: Lowered,
        batch: u64,
        place: impl FnOnce(&[Buffer], &[u64], &[Lifetime]) -> (Vec<u64>, [u64; 2]),
    ) -> Self {
        let stages = stages(&tasks, &buffers, batch);
        add_scratch(&stages, &mut tasks, &mut buffers);
        let lifetimes = lifetimes(&stages, &tasks, buffers.len());
        let is_local: Vec<bool> = buffers
            .iter()
            .zip(&lifetimes)
            .map(|(buffer, lifetime)| buffer.extent == Extent::EachImage && lifetime.first == lifetime.last)
            .collect();
        let lens: Vec<u64> = (0..buffers.len())
            .map(|index| match buffers[index].extent {
                Extent::Batch => buffers[index].elements,
                Extent::EachImage if is_local[index] => {
                    buffers[index].elements * stages[lifetimes[index].first].chunk
                }
                Extent::EachImage => buffers[index].elements * batch,
            })
            .collect();
        let (starts, [arena_len, index_arena_len]) = place(&buffers, &lens, &lifetimes);
        let places = (0..buffers.len())
            .map(|index| Place {
                start: starts[index] as usize,
                elements: buffers[index].elements as usize,
                extent: buffers[index].extent,
                is_local: is_local[index],
            })
            .collect();
        Self {
            steps: steps(&stages, &tasks, batch),
            places,
            layer_outputs,
            taps,
            batch: batch as usize,
            arena_len,
            index_arena_len,
            kept_elements: kept(&tasks, &stages, &lens, &lifetimes),
            macs: tasks.iter().map(|task| task.macs * images(task, batch)).sum(),
            tasks,
        }
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

    /// Multiply-accumulates of one pass through the plan. Tasks other than convolutions, dense layers and attention count
    /// one for each element they write (or read, where that is more).
    #[must_use]
    pub const fn macs(&self) -> u64 {
        self.macs
    }

    /// Number of steps: tasks on chunks of images or on shares of an image, in the order in which they run.
    pub(crate) const fn steps_len(&self) -> usize {
        self.steps.len()
    }

    /// Multiply-accumulates of a step.
    pub(crate) fn step_macs(&self, step: usize) -> u64 {
        let Step { task, images, share, shares, .. } = self.steps[step];
        let task = &self.tasks[task as usize];
        match task.extent {
            Extent::EachImage if shares > 1 => {
                let until = |share: u32| task.macs * u64::from(share) / u64::from(shares);
                until(share + 1) - until(share)
            }
            Extent::EachImage => task.macs * u64::from(images),
            Extent::Batch => task.macs,
        }
    }

    /// The layer and the name of a step's work.
    pub(crate) fn describe(&self, step: usize) -> (Option<usize>, &'static str) {
        let task = &self.tasks[self.steps[step].task as usize];
        (task.layer, task.work.name())
    }

    /// Whether all values of the forward pass are there before this step.
    pub(crate) fn is_loss(&self, step: usize) -> bool {
        let task = &self.tasks[self.steps[step].task as usize];
        task.layer.is_none() && task.work.name() == crate::operators::LOSS_FORWARD
    }

    /// Where the outputs of the batch lie before the step that computes their loss.
    pub(crate) fn logits(&self, step: usize) -> Option<Span> {
        let task = &self.tasks[self.steps[step].task as usize];
        self.is_loss(step)
            .then(|| self.span(task.buffers[crate::operators::LOSS_LOGITS], task, self.steps[step]))
    }

    /// Runs a step; the loss leaves its result.
    pub(crate) fn run(
        &self,
        step: usize,
        memory: &mut Memory,
        surroundings: &mut Surroundings<'_>,
    ) -> Option<Loss> {
        let step = self.steps[step];
        let task = &self.tasks[step.task as usize];
        let mut spans = [Span::EMPTY; BUFFERS_MAX];
        for (span, &buffer) in spans.iter_mut().zip(&task.buffers) {
            *span = self.span(buffer, task, step);
        }
        let Memory { arena, index_arena, parameters, gradients, statistics, labels } = memory;
        let chunk = Chunk {
            first: step.first as usize,
            images: step.images as usize,
            batch: self.batch,
            share: Share::new(step.share as usize, step.shares as usize),
        };
        let buffers = Buffers { arena, index_arena, spans: &spans[..task.buffers.len()] };
        let labels = &mut labels[..self.batch];
        let surroundings = Surroundings { optimizer: &mut *surroundings.optimizer, ..*surroundings };
        let mut state = State { parameters, gradients, statistics, labels, surroundings, loss: None };
        task.work.run(chunk, buffers, &mut state);
        state.loss
    }

    /// The layer whose output a step has written to its end, and where: only in the forward pass.
    pub(crate) fn written_output(&self, step: usize) -> Option<(usize, Span)> {
        let step = self.steps[step];
        if step.share + 1 < step.shares {
            return None;
        }
        let task = &self.tasks[step.task as usize];
        let layer = task.layer?;
        let output = self.layer_outputs[layer]?;
        task.buffers.contains(&output).then(|| (layer, self.span(output, task, step)))
    }

    fn span(&self, buffer: BufferId, task: &Task, step: Step) -> Span {
        let place = self.places[buffer.index()];
        match place.extent {
            Extent::Batch => Span { start: place.start, len: place.elements },
            Extent::EachImage => {
                let (first, images) = match task.extent {
                    Extent::EachImage => (step.first as usize, step.images as usize),
                    Extent::Batch => (0, self.batch),
                };
                let first = if place.is_local { 0 } else { first };
                Span { start: place.start + first * place.elements, len: images * place.elements }
            }
        }
    }

    /// What a probe leaves behind its last step.
    pub(crate) fn taps(&self) -> &[Tap] {
        &self.taps
    }

    /// Where a buffer of a tap lies, for the whole batch.
    pub(crate) fn tapped(&self, buffer: BufferId) -> Span {
        let place = self.places[buffer.index()];
        Span { start: place.start, len: self.batch * place.elements }
    }

    /// Floats and indices in the arena.
    pub(crate) const fn arena_lens(&self) -> [u64; 2] {
        [self.arena_len, self.index_arena_len]
    }
}

const fn images(task: &Task, batch: u64) -> u64 {
    match task.extent {
        Extent::EachImage => batch,
        Extent::Batch => 1,
    }
}

fn steps(stages: &[Stage], tasks: &[Task], batch: u64) -> Vec<Step> {
    let mut steps = Vec::new();
    for stage in stages {
        for first in (0..batch).step_by(stage.chunk as usize) {
            let images = stage.chunk.min(batch - first) as u32;
            for index in stage.tasks.clone() {
                let Task { work, macs, extent, .. } = &tasks[index];
                let is_one = *extent == Extent::EachImage && images == 1;
                let shares = if is_one { work.shares(*macs).max(1) as u32 } else { 1 };
                let (task, first) = (index as u32, first as u32);
                steps.extend((0..shares).map(|share| Step { task, first, images, share, shares }));
            }
        }
    }
    steps
}

fn kept(tasks: &[Task], stages: &[Stage], lens: &[u64], lifetimes: &[Lifetime]) -> u64 {
    let is_loss = |stage: &Stage| tasks[stage.tasks.start].work.name() == crate::operators::LOSS_BACKWARD;
    let Some(loss) = stages.iter().position(is_loss) else {
        return 0;
    };
    let spans_loss = |lifetime: &Lifetime| lifetime.first < loss && loss <= lifetime.last;
    lens.iter().zip(lifetimes).filter(|(_, lifetime)| spans_loss(lifetime)).map(|(len, _)| len).sum()
}
