use std::sync::Arc;

use nas_kernels::{ActivationFunction, Reads};

use crate::plan::{Backward, BufferId, Lowering};
use crate::work::{Buffers, Chunk, ELEMENT_SHARE_MACS, State, Work};

/// An activation that is not fused into another layer.
struct Trail {
    function: ActivationFunction,
}

pub(super) fn forward(
    lowering: &mut Lowering<'_>,
    node: usize,
    function: ActivationFunction,
) -> Arc<dyn Backward> {
    let tensor = lowering.input(node);
    let elements = lowering.image_elements(tensor);
    let is_kept = lowering.mode.is_training() && function.reads() == Reads::Input;
    if !is_kept && lowering.may_overwrite(tensor) {
        let values = lowering.overwrite(tensor, node);
        lowering.each_image(ForwardInPlace(function), &[values], elements);
    } else {
        let (input, output) = (lowering.value(tensor), lowering.new_output(node));
        lowering.each_image(Forward(function), &[input, output], elements);
    }
    Arc::new(Trail { function })
}

impl Backward for Trail {
    fn lower(&self, lowering: &mut Lowering<'_>, node: usize, output_gradient: BufferId) {
        let tensor = lowering.input(node);
        if lowering.flow.is_trained(tensor) {
            let read = match self.function.reads() {
                Reads::Input => lowering.value(tensor),
                Reads::Output => lowering.value(node + 1),
            };
            let gradient = backward_in_place(lowering, self.function, read, output_gradient);
            lowering.give_gradient(tensor, gradient);
        }
    }

    fn reads_output(&self) -> bool {
        self.function.reads() == Reads::Output
    }
}

/// Emits the way back through an activation that has written, or read, `read`; returns where the gradient is.
pub(super) fn backward_in_place(
    lowering: &mut Lowering<'_>,
    function: ActivationFunction,
    read: BufferId,
    output_gradient: BufferId,
) -> BufferId {
    let gradient = lowering.own(output_gradient);
    let elements = lowering.buffer_elements(gradient);
    lowering.each_image(BackwardInPlace(function), &[read, gradient], elements);
    gradient
}

/// Buffers: input, output.
struct Forward(ActivationFunction);

impl Work for Forward {
    fn name(&self) -> &'static str {
        "activation forward"
    }

    fn shares(&self, macs: u64) -> u64 {
        macs.div_ceil(ELEMENT_SHARE_MACS)
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [input, output] = buffers.floats();
        let share = chunk.share.range(input.len());
        self.0.forward(&input[share.clone()], &mut output[share]);
    }
}

/// Buffers: values, the input before and the output after.
struct ForwardInPlace(ActivationFunction);

impl Work for ForwardInPlace {
    fn name(&self) -> &'static str {
        "activation forward"
    }

    fn shares(&self, macs: u64) -> u64 {
        macs.div_ceil(ELEMENT_SHARE_MACS)
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [values] = buffers.floats();
        let share = chunk.share.range(values.len());
        self.0.forward_in_place(&mut values[share]);
    }
}

/// Buffers: the input or output, whichever the function reads; the gradient, that of the output before, that of the
/// input after.
struct BackwardInPlace(ActivationFunction);

impl Work for BackwardInPlace {
    fn name(&self) -> &'static str {
        "activation backward"
    }

    fn shares(&self, macs: u64) -> u64 {
        macs.div_ceil(ELEMENT_SHARE_MACS)
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [read, gradient] = buffers.floats();
        let share = chunk.share.range(read.len());
        self.0.backward_in_place(&read[share.clone()], &mut gradient[share]);
    }
}
