use std::sync::Arc;

use nas_arch::{MetaConv2d, ParameterRole};
use nas_kernels::{
    self as kernels, MetaKernel, conv2d_backward_input, conv2d_backward_parameters, conv2d_forward,
    meta_kernel_backward, meta_kernel_forward,
};

use super::{Lowered, conv2d};
use crate::plan::{Backward, BufferId, Lowering, Span, Write};
use crate::work::{Buffers, Chunk, State, Work, two};

/// A convolution whose kernel is mixed before the first image, and whose kernel's gradient is taken apart behind the last.
#[derive(Clone, Copy)]
struct Layer {
    kernel: MetaKernel,
    options: kernels::Conv2d,
    weights: Span,
    alpha: Span,
    bias: Option<Span>,
}

struct Trail {
    layer: Layer,
    effective: BufferId,
}

pub(super) fn forward(lowering: &mut Lowering<'_>, node: usize, meta: &MetaConv2d) -> Lowered {
    let tensor = lowering.input(node);
    let conv = meta.convolution();
    let options = conv2d::options(lowering.image(tensor), &conv)?;
    let sizes: Vec<usize> = meta.sizes.iter().map(|&size| size as usize).collect();
    let in_channels = (lowering.graph.shape(tensor).channels / meta.groups) as usize;
    let layer = Layer {
        kernel: MetaKernel::new(&sizes, in_channels, meta.out_channels as usize)?,
        options,
        weights: lowering.parameter(node, ParameterRole::Weight),
        alpha: lowering.parameter(node, ParameterRole::Mixture),
        bias: lowering.optional_parameter(node, ParameterRole::Bias),
    };
    let elements = layer.kernel.weights_len() as u64;
    let effective = lowering.batch_floats(elements);
    lowering.whole_batch(Mix(layer), &[effective], elements);
    let (input, output) = (lowering.value(tensor), lowering.new_output(node));
    let macs = lowering.weight_macs(node);
    lowering.each_image(Forward(layer), &[input, effective, output], macs);
    Ok(Arc::new(Trail { layer, effective }))
}

impl Backward for Trail {
    fn lower(&self, lowering: &mut Lowering<'_>, node: usize, output_gradient: BufferId) {
        let (tensor, layer, macs) = (lowering.input(node), self.layer, lowering.weight_macs(node));
        let input = lowering.value(tensor);
        let elements = layer.kernel.weights_len() as u64;
        let kernel_gradient = lowering.batch_floats(elements);
        lowering.each_image(BackwardKernel(layer), &[input, output_gradient, kernel_gradient], macs);
        lowering.whole_batch(TakeApart(layer), &[kernel_gradient], elements);
        if lowering.flow.is_trained(tensor) {
            let (input_gradient, write) = lowering.gradient_target(tensor);
            let buffers = [self.effective, output_gradient, input_gradient];
            lowering.each_image(BackwardInput { layer, write }, &buffers, macs);
        }
    }
}

/// Buffers: effective kernel.
struct Mix(Layer);

impl Work for Mix {
    fn name(&self) -> &'static str {
        "meta-conv2d kernel"
    }

    fn run(&self, _chunk: Chunk, buffers: Buffers<'_>, state: &mut State<'_>) {
        let [effective] = buffers.floats();
        let Layer { kernel, weights, alpha, .. } = self.0;
        let (weights, alpha) = (&state.parameters[weights.range()], &state.parameters[alpha.range()]);
        meta_kernel_forward(&kernel, weights, alpha, effective);
    }
}

/// Buffers: input, effective kernel, output, scratch.
struct Forward(Layer);

impl Work for Forward {
    fn name(&self) -> &'static str {
        "meta-conv2d forward"
    }

    fn scratch_len(&self, images: usize) -> usize {
        self.0.options.with_batch(images).scratch_len()
    }

    fn shares(&self, macs: u64) -> u64 {
        conv2d::shares(&self.0.options, macs)
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, state: &mut State<'_>) {
        let [input, effective, output, scratch] = buffers.floats();
        let bias = self.0.bias.map(|bias| &state.parameters[bias.range()]);
        let options = self.0.options.with_batch(chunk.images).with_share(chunk.share);
        conv2d_forward(&options, input, effective, bias, output, scratch);
    }
}

/// Buffers: input, gradient of the output, gradient of the effective kernel, scratch.
struct BackwardKernel(Layer);

impl Work for BackwardKernel {
    fn name(&self) -> &'static str {
        "meta-conv2d backward, weights"
    }

    fn scratch_len(&self, images: usize) -> usize {
        self.0.options.with_batch(images).scratch_len()
    }

    fn shares(&self, macs: u64) -> u64 {
        conv2d::shares(&self.0.options, macs)
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, state: &mut State<'_>) {
        let [input, output_gradient, kernel_gradient, scratch] = buffers.floats();
        if chunk.first == 0 && chunk.share.is_first() {
            kernel_gradient.fill(0.0);
        }
        let bias = self.0.bias.map(|bias| &mut state.gradients[bias.range()]);
        let options = self.0.options.with_batch(chunk.images).with_share(chunk.share);
        conv2d_backward_parameters(&options, input, output_gradient, kernel_gradient, bias, scratch);
    }
}

/// Buffers: gradient of the effective kernel.
struct TakeApart(Layer);

impl Work for TakeApart {
    fn name(&self) -> &'static str {
        "meta-conv2d backward, weights"
    }

    fn run(&self, _chunk: Chunk, buffers: Buffers<'_>, state: &mut State<'_>) {
        let [kernel_gradient] = buffers.floats();
        let Layer { kernel, weights, alpha, .. } = self.0;
        let [weight_gradient, alpha_gradient] = two(state.gradients, weights, alpha);
        let (weights, alpha) = (&state.parameters[weights.range()], &state.parameters[alpha.range()]);
        meta_kernel_backward(&kernel, weights, alpha, kernel_gradient, weight_gradient, alpha_gradient);
    }
}

/// Buffers: effective kernel, gradient of the output, gradient of the input, scratch.
struct BackwardInput {
    layer: Layer,
    write: Write,
}

impl Work for BackwardInput {
    fn name(&self) -> &'static str {
        "meta-conv2d backward, input"
    }

    fn scratch_len(&self, images: usize) -> usize {
        self.layer.options.with_batch(images).scratch_len()
    }

    fn shares(&self, macs: u64) -> u64 {
        conv2d::shares(&self.layer.options, macs)
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [effective, output_gradient, input_gradient, scratch] = buffers.floats();
        self.write.prepare(chunk.share, input_gradient);
        let options = self.layer.options.with_batch(chunk.images).with_share(chunk.share);
        conv2d_backward_input(&options, effective, output_gradient, input_gradient, scratch);
    }
}
