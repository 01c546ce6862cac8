use std::sync::Arc;

use crate::plan::{Backward, BufferId, Lowering};
use crate::work::{Buffers, Chunk, State, Work};

pub(super) fn forward(lowering: &mut Lowering<'_>, node: usize) -> Arc<dyn Backward> {
    let output = lowering.new_output(node);
    let elements = lowering.image_elements(node + 1);
    lowering.each_image(Forward, &[output], elements);
    Arc::new(Trail)
}

/// Nothing flows back.
struct Trail;

impl Backward for Trail {
    fn lower(&self, _lowering: &mut Lowering<'_>, _node: usize, _output_gradient: BufferId) {}
}

/// Buffers: output.
struct Forward;

impl Work for Forward {
    fn name(&self) -> &'static str {
        "zero"
    }

    fn run(&self, _chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [output] = buffers.floats();
        output.fill(0.0);
    }
}
