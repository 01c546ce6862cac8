use std::sync::Arc;

use nas_arch::ParameterRole;
use nas_kernels::{
    mixture_backward_alpha, mixture_backward_input, mixture_backward_weight, mixture_forward_first,
    mixture_forward_next, mixture_weights,
};

use crate::plan::{Backward, BufferId, Lowering, Span, Write};
use crate::work::{Buffers, Chunk, State, Work};

struct Trail {
    alpha: Span,
    weights: BufferId,
}

pub(super) fn forward(lowering: &mut Lowering<'_>, node: usize) -> Arc<dyn Backward> {
    let alpha = lowering.parameter(node, ParameterRole::Mixture);
    let parts = alpha.len as u64;
    let weights = lowering.batch_floats(parts);
    lowering.whole_batch(Weights(alpha), &[weights], parts);
    let (output, elements) = (lowering.new_output(node), lowering.image_elements(node + 1));
    for (part, tensor) in lowering.inputs(node).into_iter().enumerate() {
        let input = lowering.value(tensor);
        lowering.each_image(Forward { part }, &[weights, input, output], elements);
    }
    Arc::new(Trail { alpha, weights })
}

impl Backward for Trail {
    fn lower(&self, lowering: &mut Lowering<'_>, node: usize, output_gradient: BufferId) {
        let (weights, elements) = (self.weights, lowering.image_elements(node + 1));
        let weight_gradient = lowering.batch_floats(self.alpha.len as u64);
        for (part, tensor) in lowering.inputs(node).into_iter().enumerate() {
            let input = lowering.value(tensor);
            let buffers = [input, output_gradient, weight_gradient];
            lowering.each_image(BackwardWeight { part }, &buffers, elements);
            if lowering.flow.is_trained(tensor) {
                let (input_gradient, write) = lowering.gradient_target(tensor);
                let buffers = [weights, output_gradient, input_gradient];
                lowering.each_image(BackwardInput { part, write }, &buffers, elements);
            }
        }
        let parts = self.alpha.len as u64;
        lowering.whole_batch(BackwardAlpha(self.alpha), &[weights, weight_gradient], parts);
    }
}

/// Buffers: weights.
struct Weights(Span);

impl Work for Weights {
    fn name(&self) -> &'static str {
        "mixture weights"
    }

    fn run(&self, _chunk: Chunk, buffers: Buffers<'_>, state: &mut State<'_>) {
        let [weights] = buffers.floats();
        mixture_weights(&state.parameters[self.0.range()], weights);
    }
}

/// Buffers: weights, one input, output.
struct Forward {
    part: usize,
}

impl Work for Forward {
    fn name(&self) -> &'static str {
        "mixture forward"
    }

    fn run(&self, _chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [weights, input, output] = buffers.floats();
        if self.part == 0 {
            mixture_forward_first(weights[0], input, output);
        } else {
            mixture_forward_next(weights[self.part], input, output);
        }
    }
}

/// Buffers: one input, gradient of the output, gradients of the weights.
struct BackwardWeight {
    part: usize,
}

impl Work for BackwardWeight {
    fn name(&self) -> &'static str {
        "mixture backward, weights"
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [input, output_gradient, weight_gradient] = buffers.floats();
        let gradient = &mut weight_gradient[self.part];
        if chunk.first == 0 {
            *gradient = 0.0;
        }
        *gradient += mixture_backward_weight(input, output_gradient);
    }
}

/// Buffers: weights, gradient of the output, gradient of one input.
struct BackwardInput {
    part: usize,
    write: Write,
}

impl Work for BackwardInput {
    fn name(&self) -> &'static str {
        "mixture backward, input"
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [weights, output_gradient, input_gradient] = buffers.floats();
        self.write.prepare(chunk.share, input_gradient);
        mixture_backward_input(weights[self.part], output_gradient, input_gradient);
    }
}

/// Buffers: weights, gradients of the weights.
struct BackwardAlpha(Span);

impl Work for BackwardAlpha {
    fn name(&self) -> &'static str {
        "mixture backward, weights"
    }

    fn run(&self, _chunk: Chunk, buffers: Buffers<'_>, state: &mut State<'_>) {
        let [weights, weight_gradient] = buffers.floats();
        mixture_backward_alpha(weights, weight_gradient, &mut state.gradients[self.0.range()]);
    }
}
