use std::sync::Arc;

use nas_arch::Conv2d;
use nas_kernels::{
    self as kernels, ActivationFunction, Image, Reads, ShapeError, conv2d_backward_input,
    conv2d_backward_parameters, conv2d_forward,
};

use super::{Fused, Lowered, activation, fuse_activation, pool};
use crate::plan::{Backward, BufferId, Lowering, Write};
use crate::work::{Affine, Buffers, Chunk, ELEMENT_SHARE_MACS, PRODUCT_SHARE_MACS, State, Work};

/// A convolution, with an activation that is applied as it is written.
struct Trail {
    layer: Layer,
    activation: Fused,
}

#[derive(Clone, Copy)]
struct Layer {
    options: kernels::Conv2d,
    affine: Affine,
}

pub(super) fn forward(lowering: &mut Lowering<'_>, node: usize, conv: &Conv2d) -> Lowered {
    let tensor = lowering.input(node);
    let options = options(lowering.image(tensor), conv)?;
    let layer = Layer { options, affine: lowering.affine(node) };
    // An image that is parted is activated by a task that can be parted too; and the backward pass of a function that reads
    // its input would need what is never written.
    let (macs, is_training) = (lowering.weight_macs(node), lowering.mode.is_training());
    let is_whole = shares(&options, macs) == 1;
    let (activation, end) = fuse_activation(lowering, node, |function| {
        is_whole && (!is_training || function.reads() == Reads::Output)
    });
    let (input, output) = (lowering.value(tensor), lowering.new_output(end));
    let function = activation.map(|(_, function)| function);
    lowering.each_image(Forward { layer, activation: function }, &[input, output], macs);
    Ok(Arc::new(Trail { layer, activation }))
}

/// Sizes of a convolution of a batch of images.
pub(super) fn options(input: Image, conv: &Conv2d) -> Result<kernels::Conv2d, ShapeError> {
    let insets = conv.padding.insets(conv.kernel, conv.dilation);
    let window = pool::window(conv.kernel, conv.stride, conv.dilation, insets);
    kernels::Conv2d::new(input, conv.out_channels as usize, window, conv.groups as usize)
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

/// Into how many shares an image is parted.
pub(super) fn shares(options: &kernels::Conv2d, macs: u64) -> u64 {
    macs.div_ceil(if options.is_depthwise() { ELEMENT_SHARE_MACS } else { PRODUCT_SHARE_MACS })
}

/// Buffers: input, output, scratch.
struct Forward {
    layer: Layer,
    activation: Option<ActivationFunction>,
}

impl Work for Forward {
    fn name(&self) -> &'static str {
        "conv2d forward"
    }

    fn scratch_len(&self, images: usize) -> usize {
        self.layer.options.with_batch(images).scratch_len()
    }

    fn shares(&self, macs: u64) -> u64 {
        if self.activation.is_some() { 1 } else { shares(&self.layer.options, macs) }
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, state: &mut State<'_>) {
        let options = self.layer.options.with_batch(chunk.images).with_share(chunk.share);
        let (weights, bias) = self.layer.affine.of(state.parameters);
        let [input, output, scratch] = buffers.floats();
        conv2d_forward(&options, input, weights, bias, output, scratch);
        if let Some(activation) = self.activation {
            activation.forward_in_place(output);
        }
    }
}

/// Buffers: input, gradient of the output, scratch.
struct BackwardParameters(Layer);

impl Work for BackwardParameters {
    fn name(&self) -> &'static str {
        "conv2d backward, weights"
    }

    fn scratch_len(&self, images: usize) -> usize {
        self.0.options.with_batch(images).scratch_len()
    }

    fn shares(&self, macs: u64) -> u64 {
        shares(&self.0.options, macs)
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, state: &mut State<'_>) {
        let options = self.0.options.with_batch(chunk.images).with_share(chunk.share);
        let [input, output_gradient, scratch] = buffers.floats();
        let (weights, bias) = self.0.affine.of_mut(state.gradients);
        conv2d_backward_parameters(&options, input, output_gradient, weights, bias, scratch);
    }
}

/// Buffers: gradient of the output, gradient of the input, scratch.
struct BackwardInput {
    layer: Layer,
    write: Write,
}

impl Work for BackwardInput {
    fn name(&self) -> &'static str {
        "conv2d backward, input"
    }

    fn scratch_len(&self, images: usize) -> usize {
        self.layer.options.with_batch(images).scratch_len()
    }

    fn shares(&self, macs: u64) -> u64 {
        shares(&self.layer.options, macs)
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, state: &mut State<'_>) {
        let options = self.layer.options.with_batch(chunk.images).with_share(chunk.share);
        let [output_gradient, input_gradient, scratch] = buffers.floats();
        let (weights, _) = self.layer.affine.of(state.parameters);
        self.write.prepare(chunk.share, input_gradient);
        conv2d_backward_input(&options, weights, output_gradient, input_gradient, scratch);
    }
}
