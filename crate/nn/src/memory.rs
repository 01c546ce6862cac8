use crate::ParameterLayout;

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
}
