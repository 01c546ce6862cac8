use nas_arch::Graph;
use nas_kernels::Loss;

use crate::memory::Memory;
use crate::optimizer::OptimizerState;
use crate::plan::Mode;
use crate::work::Surroundings;
use crate::{ParameterLayout, Plan, PlanError, Samples, Seeds, Split};

/// Bytes of a float and of an index.
const ELEMENT_BYTES: u64 = 4;

/// One network's plan, which goes over one batch at a time, in memory that serves other networks too.
pub(super) struct Pass {
    pub(super) layout: ParameterLayout,
    plan: Plan,
    step: usize,
    loss: Option<Loss>,
}

/// Which images a pass is over.
#[derive(Clone, Copy)]
pub(super) struct Batch<'a> {
    pub(super) samples: &'a dyn Samples,
    pub(super) split: Split,
    pub(super) indices: &'a [u32],
    pub(super) seeds: Seeds,
    /// Number of the epoch and of the update, both from 0: of a training, what is drawn depends on them.
    pub(super) epoch: u32,
    pub(super) update: u32,
}

impl Pass {
    /// Plans a network for batches of so many images.
    ///
    /// # Errors
    /// If the kernels refuse a layer, or if the plan needs more memory than so many bytes.
    pub(super) fn new(graph: &Graph, batch: u32, mode: Mode, memory_limit: u64) -> Result<Self, PlanError> {
        let layout = ParameterLayout::new(graph);
        let plan = Plan::compile(graph, &layout, batch, mode)?;
        let elements = plan.arena_lens().iter().sum::<u64>()
            + 2 * layout.parameters_len() as u64
            + layout.statistics_len() as u64
            + u64::from(batch);
        let (needed_bytes, limit_bytes) = (elements * ELEMENT_BYTES, memory_limit.min(usize::MAX as u64));
        if needed_bytes > limit_bytes {
            return Err(PlanError::TooLarge { needed_bytes, limit_bytes });
        }
        Ok(Self { layout, plan, step: 0, loss: None })
    }

    /// Makes room for this network.
    pub(super) fn fit(&self, memory: &mut Memory, batch: u32) {
        let [floats, indices] = self.plan.arena_lens().map(|len| len as usize);
        let Memory { arena, index_arena, parameters, gradients, statistics, labels } = memory;
        arena.resize(arena.len().max(floats), 0.0);
        index_arena.resize(index_arena.len().max(indices), 0);
        parameters.resize(self.layout.parameters_len(), 0.0);
        gradients.resize(self.layout.parameters_len(), 0.0);
        statistics.resize(self.layout.statistics_len(), 0.0);
        labels.resize(labels.len().max(batch as usize), 0);
    }

    /// Runs the next step of the plan; what it costs, and the loss if that was the last step. Then it can begin anew.
    pub(super) fn advance(&mut self, memory: &mut Memory, batch: Batch<'_>) -> (u64, Option<Loss>) {
        let Batch { samples, split, indices, seeds, epoch, update } = batch;
        let mut surroundings = Surroundings {
            samples,
            split,
            indices,
            optimizer: &mut OptimizerState::none(),
            learning_rate: 0.0,
            run_seed: seeds.run_seed,
            replicate: seeds.replicate,
            epoch,
            step: update + 1,
        };
        let loss = self.plan.run(self.step, memory, &mut surroundings);
        self.loss = loss.or(self.loss);
        let macs = self.plan.step_macs(self.step);
        self.step += 1;
        if self.step < self.plan.steps_len() {
            return (macs, None);
        }
        self.step = 0;
        (macs, self.loss.take())
    }
}
