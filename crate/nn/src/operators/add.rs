use std::sync::Arc;

use nas_kernels::{add_backward, add_forward};

use crate::plan::{Backward, BufferId, Lowering};
use crate::work::{Buffers, Chunk, State, Work};

struct Trail;

pub(super) fn forward(lowering: &mut Lowering<'_>, node: usize) -> Arc<dyn Backward> {
    let inputs = lowering.inputs(node);
    // One of the first two: the sum has the same bits in either order.
    let overwritten = inputs[..2].iter().position(|&tensor| lowering.may_overwrite(tensor));
    let (output, rest) = if let Some(position) = overwritten {
        let mut rest = inputs.clone();
        rest.remove(position);
        (lowering.overwrite(inputs[position], node), rest)
    } else {
        let (left, right) = (lowering.value(inputs[0]), lowering.value(inputs[1]));
        let output = lowering.new_output(node);
        if left == right {
            lowering.copy(left, output);
            (output, inputs[1..].to_vec())
        } else {
            let elements = lowering.image_elements(node + 1);
            lowering.each_image(Forward, &[left, right, output], elements);
            (output, inputs[2..].to_vec())
        }
    };
    for tensor in rest {
        lowering.add_assign(lowering.value(tensor), output);
    }
    Arc::new(Trail)
}

impl Backward for Trail {
    fn lower(&self, lowering: &mut Lowering<'_>, node: usize, output_gradient: BufferId) {
        for tensor in lowering.inputs(node) {
            lowering.give_gradient(tensor, output_gradient);
        }
    }
}

impl Lowering<'_> {
    /// `to = from`
    pub(crate) fn copy(&mut self, from: BufferId, to: BufferId) {
        let elements = self.buffer_elements(to);
        self.each_image(Copy, &[from, to], elements);
    }

    /// `to += from`
    pub(crate) fn add_assign(&mut self, from: BufferId, to: BufferId) {
        let elements = self.buffer_elements(to);
        self.each_image(AddAssign, &[from, to], elements);
    }
}

/// Buffers: left, right, output.
struct Forward;

impl Work for Forward {
    fn name(&self) -> &'static str {
        "add"
    }

    fn run(&self, _chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [left, right, output] = buffers.floats();
        add_forward(left, right, output);
    }
}

/// Buffers: from, to.
struct Copy;

impl Work for Copy {
    fn name(&self) -> &'static str {
        "copy"
    }

    fn run(&self, _chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [from, to] = buffers.floats();
        to.copy_from_slice(from);
    }
}

/// Buffers: from, to.
struct AddAssign;

impl Work for AddAssign {
    fn name(&self) -> &'static str {
        "add"
    }

    fn run(&self, _chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [from, to] = buffers.floats();
        add_backward(from, to);
    }
}
