use std::sync::Arc;

use nas_kernels::{self as kernels, multiply_backward_left, multiply_backward_right, multiply_forward};

use super::Lowered;
use crate::plan::{Backward, BufferId, Lowering, Write};
use crate::work::{Buffers, Chunk, State, Work};

struct Trail(kernels::Multiply);

pub(super) fn forward(lowering: &mut Lowering<'_>, node: usize) -> Lowered {
    let [left, right] = operands(lowering, node);
    let image = lowering.image(left);
    let is_gate = lowering.graph.shape(left) != lowering.graph.shape(right);
    let options = if is_gate { kernels::Multiply::gate(image)? } else { kernels::Multiply::equal(image)? };
    let (x, y) = (lowering.value(left), lowering.value(right));
    let (output, elements) = (lowering.new_output(node), lowering.image_elements(node + 1));
    if x == y {
        lowering.each_image(Square(options), &[x, output], elements);
    } else {
        lowering.each_image(Forward(options), &[x, y, output], elements);
    }
    Ok(Arc::new(Trail(options)))
}

fn operands(lowering: &Lowering<'_>, node: usize) -> [usize; 2] {
    lowering.inputs(node).try_into().expect("a product has two factors")
}

impl Backward for Trail {
    fn lower(&self, lowering: &mut Lowering<'_>, node: usize, output_gradient: BufferId) {
        let [left, right] = operands(lowering, node);
        let elements = lowering.image_elements(node + 1);
        let (x, y) = (lowering.value(left), lowering.value(right));
        if lowering.flow.is_trained(left) {
            let (gradient, write) = lowering.gradient_target(left);
            let work = BackwardLeft { options: self.0, write };
            lowering.each_image(work, &[y, output_gradient, gradient], elements);
        }
        if lowering.flow.is_trained(right) {
            let (gradient, write) = lowering.gradient_target(right);
            let work = BackwardRight { options: self.0, write };
            lowering.each_image(work, &[x, output_gradient, gradient], elements);
        }
    }
}

/// Buffers: left, right, output.
struct Forward(kernels::Multiply);

impl Work for Forward {
    fn name(&self) -> &'static str {
        "multiply forward"
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [left, right, output] = buffers.floats();
        multiply_forward(&self.0.with_batch(chunk.images), left, right, output);
    }
}

/// Buffers: both factors, output.
struct Square(kernels::Multiply);

impl Work for Square {
    fn name(&self) -> &'static str {
        "multiply forward"
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [factor, output] = buffers.floats();
        multiply_forward(&self.0.with_batch(chunk.images), factor, factor, output);
    }
}

/// Buffers: right, gradient of the output, gradient of the left.
struct BackwardLeft {
    options: kernels::Multiply,
    write: Write,
}

impl Work for BackwardLeft {
    fn name(&self) -> &'static str {
        "multiply backward"
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [right, output_gradient, left_gradient] = buffers.floats();
        self.write.prepare(chunk.share, left_gradient);
        multiply_backward_left(&self.options.with_batch(chunk.images), right, output_gradient, left_gradient);
    }
}

/// Buffers: left, gradient of the output, gradient of the right.
struct BackwardRight {
    options: kernels::Multiply,
    write: Write,
}

impl Work for BackwardRight {
    fn name(&self) -> &'static str {
        "multiply backward"
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [left, output_gradient, right_gradient] = buffers.floats();
        self.write.prepare(chunk.share, right_gradient);
        multiply_backward_right(
            &self.options.with_batch(chunk.images),
            left,
            output_gradient,
            right_gradient,
        );
    }
}
