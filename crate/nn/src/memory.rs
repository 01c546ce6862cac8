use crate::ParameterLayout;

/// Elements that are set to 0 at once: a few milliseconds, in which the system finds room for them.
const ELEMENTS_AT_ONCE: usize = 1 << 21;

/// All that a training computes with. Once it is complete, its lengths never change.
#[derive(Debug, Clone, Default)]
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
    /// Memory that is reserved, but not filled yet.
    pub(crate) fn reserve(layout: &ParameterLayout, arena_lens: [u64; 2], batch: u32) -> Self {
        Self {
            arena: Vec::with_capacity(arena_lens[0] as usize),
            index_arena: Vec::with_capacity(arena_lens[1] as usize),
            parameters: Vec::with_capacity(layout.parameters_len()),
            gradients: Vec::with_capacity(layout.parameters_len()),
            statistics: vec![0.0; layout.statistics_len()],
            labels: vec![0; batch as usize],
        }
    }

    /// Sets more of what is reserved to 0. Returns how many elements; none if it is complete.
    pub(crate) fn fill(&mut self, layout: &ParameterLayout, arena_lens: [u64; 2]) -> Option<usize> {
        let Self { arena, index_arena, parameters, gradients, .. } = self;
        let [floats, indices] = arena_lens.map(|len| len as usize);
        extend(arena, floats)
            .or_else(|| extend(index_arena, indices))
            .or_else(|| extend(parameters, layout.parameters_len()))
            .or_else(|| extend(gradients, layout.parameters_len()))
    }
}

/// Extends a buffer towards its length. Returns by how much; none if it has that length.
pub(crate) fn extend<T: Clone + Default>(buffer: &mut Vec<T>, len: usize) -> Option<usize> {
    let before = buffer.len();
    buffer.resize(len.min(before + ELEMENTS_AT_ONCE), T::default());
    (before < len).then(|| buffer.len() - before)
}
