use std::sync::Arc;

use nas_arch::{LayerNorm, ParameterRole};
use nas_kernels::{
    self as kernels, Affine, AffineGradient, LayerNormSaved, RowStatistics, layer_norm_backward,
    layer_norm_forward,
};

use super::Lowered;
use crate::plan::{Backward, BufferId, Lowering, Span, Write};
use crate::work::{Buffers, Chunk, State, Work, two};

#[derive(Clone, Copy)]
struct Layer {
    pixels: usize,
    channels: usize,
    epsilon: f32,
    scale: Span,
    shift: Span,
}

impl Layer {
    /// For so many images.
    ///
    /// # Panics
    /// If there are more than the plan was made for.
    fn of(self, images: usize) -> kernels::LayerNorm {
        kernels::LayerNorm::new(images * self.pixels, self.channels, self.epsilon)
            .expect("the whole batch was checked when the plan was made")
    }
}

struct Trail {
    layer: Layer,
    mean: BufferId,
    inverse_std: BufferId,
}

pub(super) fn forward(lowering: &mut Lowering<'_>, node: usize, norm: LayerNorm) -> Lowered {
    let tensor = lowering.input(node);
    let shape = lowering.graph.shape(tensor);
    let layer = Layer {
        pixels: shape.pixels() as usize,
        channels: shape.channels as usize,
        epsilon: norm.epsilon,
        scale: lowering.parameter(node, ParameterRole::Scale),
        shift: lowering.parameter(node, ParameterRole::Shift),
    };
    kernels::LayerNorm::new(lowering.batch as usize * layer.pixels, layer.channels, layer.epsilon)?;
    let (mean, inverse_std) = (lowering.floats(shape.pixels()), lowering.floats(shape.pixels()));
    let (input, output) = (lowering.value(tensor), lowering.new_output(node));
    let elements = lowering.image_elements(tensor);
    lowering.each_image(Forward(layer), &[input, output, mean, inverse_std], elements);
    Ok(Arc::new(Trail { layer, mean, inverse_std }))
}

impl Backward for Trail {
    fn lower(&self, lowering: &mut Lowering<'_>, node: usize, output_gradient: BufferId) {
        let tensor = lowering.input(node);
        let (input, elements) = (lowering.value(tensor), lowering.image_elements(tensor));
        // The kernel computes the input's gradient in any case.
        let (input_gradient, write) = if lowering.flow.is_trained(tensor) {
            lowering.gradient_target(tensor)
        } else {
            (lowering.floats(elements), Write::Set)
        };
        let buffers = [input, self.mean, self.inverse_std, output_gradient, input_gradient];
        lowering.each_image(BackwardPass { layer: self.layer, write }, &buffers, elements);
    }
}

/// Buffers: input, output, mean, inverse deviation.
struct Forward(Layer);

impl Work for Forward {
    fn name(&self) -> &'static str {
        "layer-norm forward"
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, state: &mut State<'_>) {
        let [input, output, mean, inverse_std] = buffers.floats();
        let affine = Affine {
            scale: &state.parameters[self.0.scale.range()],
            shift: &state.parameters[self.0.shift.range()],
        };
        let saved = RowStatistics { mean, inverse_std };
        layer_norm_forward(&self.0.of(chunk.images), input, affine, output, saved);
    }
}

/// Buffers: input, mean, inverse deviation, gradient of the output, gradient of the input, scratch.
struct BackwardPass {
    layer: Layer,
    write: Write,
}

impl Work for BackwardPass {
    fn name(&self) -> &'static str {
        "layer-norm backward"
    }

    fn scratch_len(&self, images: usize) -> usize {
        self.layer.of(images).scratch_len()
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, state: &mut State<'_>) {
        let [input, mean, inverse_std, output_gradient, input_gradient, scratch] = buffers.floats();
        let Layer { scale, shift, .. } = self.layer;
        let saved = LayerNormSaved { input, mean, inverse_std };
        let [scale_gradient, shift_gradient] = two(state.gradients, scale, shift);
        let gradient = AffineGradient { scale: scale_gradient, shift: shift_gradient };
        let scale = &state.parameters[scale.range()];
        self.write.prepare(chunk.share, input_gradient);
        let options = self.layer.of(chunk.images);
        layer_norm_backward(&options, saved, scale, output_gradient, input_gradient, gradient, scratch);
    }
}
