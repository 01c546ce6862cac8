use crate::ParameterLayout;
use crate::plan::{BufferId, Plan};

/// All that a training computes with. Its lengths never change.
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    /// Activations and their gradients, in the places that a plan gives them.
    pub(crate) arena: Vec<f32>,
    /// Indices (where maxima were), in the places that a plan gives them.
    pub(crate) index_arena: Vec<u32>,
    pub(crate) parameters: Vec<f32>,
    pub(crate) gradients: Vec<f32>,
    pub(crate) statistics: Vec<f32>,
    pub(crate) labels: Vec<u32>,
}

impl Memory {
    pub(crate) fn new(layout: &ParameterLayout, arena_lens: [u64; 2], batch: u32) -> Self {
        Self {
            arena: vec![0.0; arena_lens[0] as usize],
            index_arena: vec![0; arena_lens[1] as usize],
            parameters: vec![0.0; layout.parameters_len()],
            gradients: vec![0.0; layout.parameters_len()],
            statistics: vec![0.0; layout.statistics_len()],
            labels: vec![0; batch as usize],
        }
    }

    pub(crate) fn floats(&self, plan: &Plan, buffer: BufferId) -> &[f32] {
        &self.arena[plan.place(buffer).range()]
    }
}

/// Slices of several buffers at once.
///
/// # Panics
/// If two of them overlap: the plan is wrong.
pub(crate) fn disjoint<'a, const N: usize>(
    arena: &'a mut [f32],
    plan: &Plan,
    buffers: [BufferId; N],
) -> [&'a mut [f32]; N] {
    arena
        .get_disjoint_mut(buffers.map(|buffer| plan.place(buffer).range()))
        .unwrap_or_else(|error| panic!("buffers {buffers:?} of one instruction: {error}"))
}
