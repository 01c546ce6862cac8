use std::sync::Arc;

use nas_arch::Attention;
use nas_kernels::{self as kernels, attention_backward, attention_forward};

use super::Lowered;
use crate::plan::{Backward, BufferId, Lowering, Write};
use crate::work::{Buffers, Chunk, ELEMENT_SHARE_MACS, State, Work};

struct Trail {
    options: kernels::Attention,
    probabilities: BufferId,
    macs: u64,
}

pub(super) fn forward(lowering: &mut Lowering<'_>, node: usize, attention: Attention) -> Lowered {
    let tensor = lowering.input(node);
    let patch = [attention.patch.vertical as usize, attention.patch.horizontal as usize];
    let options = kernels::Attention::new(lowering.image(tensor), attention.heads as usize, patch)?;
    let of_one = options.with_batch(1).probabilities_len() as u64;
    let probabilities = lowering.floats(of_one);
    let (input, output) = (lowering.value(tensor), lowering.new_output(node));
    // Each probability is a product over the channels of a head, and weighs as many values.
    let head_channels = u64::from(lowering.graph.shape(node + 1).channels / attention.heads);
    let macs = 2 * of_one * head_channels;
    lowering.each_image(Forward(options), &[input, output, probabilities], macs);
    Ok(Arc::new(Trail { options, probabilities, macs }))
}

impl Backward for Trail {
    fn lower(&self, lowering: &mut Lowering<'_>, node: usize, output_gradient: BufferId) {
        let tensor = lowering.input(node);
        if lowering.flow.is_trained(tensor) {
            let input = lowering.value(tensor);
            let (input_gradient, write) = lowering.gradient_target(tensor);
            let work = BackwardInput { options: self.options, write };
            let buffers = [input, self.probabilities, output_gradient, input_gradient];
            lowering.each_image(work, &buffers, 2 * self.macs);
        }
    }
}

/// Buffers: input, output, probabilities, scratch.
struct Forward(kernels::Attention);

impl Work for Forward {
    fn name(&self) -> &'static str {
        "attention forward"
    }

    fn scratch_len(&self, _images: usize) -> usize {
        self.0.scratch_len()
    }

    fn shares(&self, macs: u64) -> u64 {
        macs.div_ceil(ELEMENT_SHARE_MACS)
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [input, output, probabilities, scratch] = buffers.floats();
        attention_forward(
            &self.0.with_batch(chunk.images).with_share(chunk.share),
            input,
            output,
            probabilities,
            scratch,
        );
    }
}

/// Buffers: input, probabilities, gradient of the output, gradient of the input, scratch.
struct BackwardInput {
    options: kernels::Attention,
    write: Write,
}

impl Work for BackwardInput {
    fn name(&self) -> &'static str {
        "attention backward"
    }

    fn scratch_len(&self, _images: usize) -> usize {
        self.options.scratch_len()
    }

    fn shares(&self, macs: u64) -> u64 {
        macs.div_ceil(ELEMENT_SHARE_MACS)
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [input, probabilities, output_gradient, input_gradient, scratch] = buffers.floats();
        let options = self.options.with_batch(chunk.images).with_share(chunk.share);
        self.write.prepare(chunk.share, input_gradient);
        attention_backward(&options, input, probabilities, output_gradient, input_gradient, scratch);
    }
}
