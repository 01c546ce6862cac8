use std::sync::Arc;

use nas_kernels::{GlobalAvgPool, global_avg_pool_backward, global_avg_pool_forward};

use super::Lowered;
use crate::plan::{Backward, BufferId, Lowering, Write};
use crate::work::{Buffers, Chunk, State, Work};

struct Trail {
    options: GlobalAvgPool,
}

pub(super) fn forward(lowering: &mut Lowering<'_>, node: usize) -> Lowered {
    let tensor = lowering.input(node);
    let options = GlobalAvgPool::new(lowering.image(tensor))?;
    let (input, output) = (lowering.value(tensor), lowering.new_output(node));
    let elements = lowering.image_elements(tensor);
    lowering.each_image(Forward(options), &[input, output], elements);
    Ok(Arc::new(Trail { options }))
}

impl Backward for Trail {
    fn lower(&self, lowering: &mut Lowering<'_>, node: usize, output_gradient: BufferId) {
        let tensor = lowering.input(node);
        if lowering.flow.is_trained(tensor) {
            let (input_gradient, write) = lowering.gradient_target(tensor);
            let elements = lowering.image_elements(tensor);
            let work = BackwardInput { options: self.options, write };
            lowering.each_image(work, &[output_gradient, input_gradient], elements);
        }
    }
}

/// Buffers: input, output.
struct Forward(GlobalAvgPool);

impl Work for Forward {
    fn name(&self) -> &'static str {
        "global-avg-pool forward"
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [input, output] = buffers.floats();
        global_avg_pool_forward(&self.0.with_batch(chunk.images), input, output);
    }
}

/// Buffers: gradient of the output, gradient of the input.
struct BackwardInput {
    options: GlobalAvgPool,
    write: Write,
}

impl Work for BackwardInput {
    fn name(&self) -> &'static str {
        "global-avg-pool backward"
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [output_gradient, input_gradient] = buffers.floats();
        self.write.prepare(chunk.share, input_gradient);
        global_avg_pool_backward(&self.options.with_batch(chunk.images), output_gradient, input_gradient);
    }
}
