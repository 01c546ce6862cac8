use std::sync::Arc;

use nas_arch::Dense;
use nas_kernels::{
    self as kernels, ActivationFunction, Reads, dense_backward_input, dense_backward_parameters,
    dense_forward,
};

use super::{Fused, Lowered, activation, fuse_activation};
use crate::plan::{Backward, BufferId, Lowering, Write};
use crate::work::{Affine, Buffers, Chunk, ELEMENT_SHARE_MACS, State, Work};

/// A dense layer, with an activation that is applied as it is written.
struct Trail {
    layer: Layer,
    activation: Fused,
}

#[derive(Clone, Copy)]
struct Layer {
    options: kernels::Dense,
    affine: Affine,
}

pub(super) fn forward(lowering: &mut Lowering<'_>, node: usize, dense: Dense) -> Lowered {
    let tensor = lowering.input(node);
    let in_features = lowering.image_elements(tensor) as usize;
    let options = kernels::Dense::new(lowering.batch as usize, in_features, dense.out_features as usize)?;
    let layer = Layer { options, affine: lowering.affine(node) };
    // An image that is parted is activated by a task that can be parted too; and the backward pass of a function that reads
    // its input would need what is never written.
    let (macs, is_training) = (lowering.weight_macs(node), lowering.mode.is_training());
    let is_whole = shares(macs) == 1;
    let (activation, end) = fuse_activation(lowering, node, |function| {
        is_whole && (!is_training || function.reads() == Reads::Output)
    });
    let (input, output) = (lowering.value(tensor), lowering.new_output(end));
    let function = activation.map(|(_, function)| function);
    lowering.each_image(Forward { layer, activation: function }, &[input, output], macs);
    Ok(Arc::new(Trail { layer, activation }))
}

impl Backward for Trail {
    fn lower(&self, lowering: &mut Lowering<'_>, node: usize, output_gradient: BufferId) {
        let output_gradient = match self.activation {
            None => output_gradient,
            Some((end, function)) => {
                let output = lowering.value(end + 1);
                activation::backward_in_place(lowering, function, output, output_gradient)
            }
        };
        let (tensor, layer, macs) = (lowering.input(node), self.layer, lowering.weight_macs(node));
        let input = lowering.value(tensor);
        lowering.each_image(BackwardParameters(layer), &[input, output_gradient], macs);
        if lowering.flow.is_trained(tensor) {
            let (input_gradient, write) = lowering.gradient_target(tensor);
            lowering.each_image(BackwardInput { layer, write }, &[output_gradient, input_gradient], macs);
        }
    }

    fn reads_output(&self) -> bool {
        self.activation.is_some()
    }
}

/// Into how many shares an image is parted: each weight is used once, so that what counts is to read it.
const fn shares(macs: u64) -> u64 {
    macs.div_ceil(ELEMENT_SHARE_MACS)
}

/// Buffers: input, output, scratch.
struct Forward {
    layer: Layer,
    activation: Option<ActivationFunction>,
}

impl Work for Forward {
    fn name(&self) -> &'static str {
        "dense forward"
    }

    fn scratch_len(&self, _images: usize) -> usize {
        self.layer.options.scratch_len()
    }

    fn shares(&self, macs: u64) -> u64 {
        if self.activation.is_some() { 1 } else { shares(macs) }
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, state: &mut State<'_>) {
        let options = self.layer.options.with_batch(chunk.images).with_share(chunk.share);
        let (weights, bias) = self.layer.affine.of(state.parameters);
        let [input, output, scratch] = buffers.floats();
        dense_forward(&options, input, weights, bias, output, scratch);
        if let Some(activation) = self.activation {
            activation.forward_in_place(output);
        }
    }
}

/// Buffers: input, gradient of the output.
struct BackwardParameters(Layer);

impl Work for BackwardParameters {
    fn name(&self) -> &'static str {
        "dense backward, weights"
    }

    fn shares(&self, macs: u64) -> u64 {
        shares(macs)
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, state: &mut State<'_>) {
        let options = self.0.options.with_batch(chunk.images).with_share(chunk.share);
        let [input, output_gradient] = buffers.floats();
        let (weights, bias) = self.0.affine.of_mut(state.gradients);
        dense_backward_parameters(&options, input, output_gradient, weights, bias);
    }
}

/// Buffers: gradient of the output, gradient of the input, scratch.
struct BackwardInput {
    layer: Layer,
    write: Write,
}

impl Work for BackwardInput {
    fn name(&self) -> &'static str {
        "dense backward, input"
    }

    fn scratch_len(&self, _images: usize) -> usize {
        self.layer.options.scratch_len()
    }

    fn shares(&self, macs: u64) -> u64 {
        shares(macs)
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, state: &mut State<'_>) {
        let options = self.layer.options.with_batch(chunk.images).with_share(chunk.share);
        let [output_gradient, input_gradient, scratch] = buffers.floats();
        let (weights, _) = self.layer.affine.of(state.parameters);
        self.write.prepare(chunk.share, input_gradient);
        dense_backward_input(&options, weights, output_gradient, input_gradient, scratch);
    }
}
