use std::sync::Arc;

use nas_arch::{BatchNorm, ParameterRole};
use nas_kernels::{
    self as kernels, ActivationFunction, Affine, AffineGradient, BatchMoments, BatchNormSaved,
    RunningStatistics, batch_norm_add_rows, batch_norm_apply, batch_norm_backward_add_rows,
    batch_norm_backward_in_place, batch_norm_finish, batch_norm_inference_statistics,
};

use super::{Lowered, fuse_activation};
use crate::plan::{Backward, BufferId, Lowering, Span};
use crate::work::{Buffers, Chunk, State, Work, two};

/// A batch normalisation, with the activation behind it.
///
/// In training it takes three passes: its statistics image by image, their end for the batch, and its application; the
/// way back likewise. The activation is applied with the normalisation, and on the way back its slope is computed
/// anew from the input, so that nothing of it is kept.
#[derive(Clone, Copy)]
struct Layer {
    options: kernels::BatchNorm,
    scale: Span,
    shift: Span,
    running_mean: Span,
    running_variance: Span,
    activation: Option<ActivationFunction>,
}

impl Layer {
    fn affine(self, parameters: &[f32]) -> Affine<'_> {
        Affine { scale: &parameters[self.scale.range()], shift: &parameters[self.shift.range()] }
    }
}

struct Trail {
    layer: Layer,
    mean: BufferId,
    inverse_std: BufferId,
}

pub(super) fn forward(lowering: &mut Lowering<'_>, node: usize, norm: BatchNorm) -> Lowered {
    let tensor = lowering.input(node);
    let shape = lowering.graph.shape(tensor);
    let channels = u64::from(shape.channels);
    let options = kernels::BatchNorm::new(shape.channels as usize, norm.epsilon, norm.momentum)?;
    let (activation, end) = fuse_activation(lowering, node, kernels::BatchNorm::takes);
    let layer = Layer {
        options,
        scale: lowering.parameter(node, ParameterRole::Scale),
        shift: lowering.parameter(node, ParameterRole::Shift),
        running_mean: lowering.parameter(node, ParameterRole::RunningMean),
        running_variance: lowering.parameter(node, ParameterRole::RunningVariance),
        activation: activation.map(|(_, function)| function),
    };
    let (input, elements) = (lowering.value(tensor), lowering.image_elements(tensor));
    let (mean, inverse_std) = (lowering.batch_floats(channels), lowering.batch_floats(channels));
    if lowering.mode.is_training() {
        lowering.each_image(AddRows(layer), &[input, mean, inverse_std], elements);
        let finish = Finish { layer, rows: lowering.batch as usize * shape.pixels() as usize };
        lowering.whole_batch(finish, &[mean, inverse_std], channels);
    } else {
        // With each chunk anew, so that images can go through the whole network chunk by chunk.
        lowering.each_image(InferenceStatistics(layer), &[mean, inverse_std], channels);
    }
    let output = lowering.new_output(end);
    lowering.each_image(Apply(layer), &[input, mean, inverse_std, output], elements);
    Ok(Arc::new(Trail { layer, mean, inverse_std }))
}

impl Backward for Trail {
    fn lower(&self, lowering: &mut Lowering<'_>, node: usize, output_gradient: BufferId) {
        let (tensor, layer) = (lowering.input(node), self.layer);
        let shape = lowering.graph.shape(tensor);
        let (input, elements) = (lowering.value(tensor), lowering.image_elements(tensor));
        let channels = u64::from(shape.channels);
        let (scale_sums, shift_sums) = (lowering.batch_floats(channels), lowering.batch_floats(channels));
        let (mean, inverse_std) = (self.mean, self.inverse_std);
        lowering.each_image(
            BackwardAddRows(layer),
            &[input, mean, inverse_std, output_gradient, scale_sums, shift_sums],
            elements,
        );
        lowering.whole_batch(BackwardParameters(layer), &[scale_sums, shift_sums], channels);
        if lowering.flow.is_trained(tensor) {
            let gradient = lowering.own(output_gradient);
            let work = BackwardInPlace { layer, rows: lowering.batch as usize * shape.pixels() as usize };
            let buffers = [input, mean, inverse_std, gradient, scale_sums, shift_sums];
            lowering.each_image(work, &buffers, elements);
            lowering.give_gradient(tensor, gradient);
        }
    }
}

/// Buffers: input, mean, squares.
struct AddRows(Layer);

impl Work for AddRows {
    fn name(&self) -> &'static str {
        "batch-norm statistics"
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [input, mean, squares] = buffers.floats();
        let rows = input.len() / mean.len() / chunk.images;
        batch_norm_add_rows(&self.0.options, input, chunk.first * rows, BatchMoments { mean, squares });
    }
}

/// Buffers: mean, squares before and inverse deviation after.
struct Finish {
    layer: Layer,
    rows: usize,
}

impl Work for Finish {
    fn name(&self) -> &'static str {
        "batch-norm statistics"
    }

    fn run(&self, _chunk: Chunk, buffers: Buffers<'_>, state: &mut State<'_>) {
        let [mean, squares] = buffers.floats();
        let [running_mean, running_variance] =
            two(state.statistics, self.layer.running_mean, self.layer.running_variance);
        let running = RunningStatistics { mean: running_mean, variance: running_variance };
        batch_norm_finish(&self.layer.options, self.rows, BatchMoments { mean, squares }, running);
    }
}

/// Buffers: mean, inverse deviation.
struct InferenceStatistics(Layer);

impl Work for InferenceStatistics {
    fn name(&self) -> &'static str {
        "batch-norm statistics"
    }

    fn run(&self, _chunk: Chunk, buffers: Buffers<'_>, state: &mut State<'_>) {
        let [mean, inverse_std] = buffers.floats();
        mean.copy_from_slice(&state.statistics[self.0.running_mean.range()]);
        let variance = &state.statistics[self.0.running_variance.range()];
        batch_norm_inference_statistics(&self.0.options, variance, inverse_std);
    }
}

/// Buffers: input, mean, inverse deviation, output.
struct Apply(Layer);

impl Work for Apply {
    fn name(&self) -> &'static str {
        "batch-norm forward"
    }

    fn run(&self, _chunk: Chunk, buffers: Buffers<'_>, state: &mut State<'_>) {
        let [input, mean, inverse_std, output] = buffers.floats();
        let saved = BatchNormSaved { input, mean, inverse_std };
        batch_norm_apply(&self.0.options, self.0.activation, saved, self.0.affine(state.parameters), output);
    }
}

/// Buffers: input, mean, inverse deviation, gradient of the output, sums for the scale, sums for the shift.
struct BackwardAddRows(Layer);

impl Work for BackwardAddRows {
    fn name(&self) -> &'static str {
        "batch-norm backward, sums"
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, state: &mut State<'_>) {
        let [input, mean, inverse_std, output_gradient, scale, shift] = buffers.floats();
        if chunk.first == 0 {
            scale.fill(0.0);
            shift.fill(0.0);
        }
        batch_norm_backward_add_rows(
            &self.0.options,
            self.0.activation,
            BatchNormSaved { input, mean, inverse_std },
            self.0.affine(state.parameters),
            output_gradient,
            AffineGradient { scale, shift },
        );
    }
}

/// Buffers: sums for the scale, sums for the shift.
struct BackwardParameters(Layer);

impl Work for BackwardParameters {
    fn name(&self) -> &'static str {
        "batch-norm backward, parameters"
    }

    fn run(&self, _chunk: Chunk, buffers: Buffers<'_>, state: &mut State<'_>) {
        let [scale_sums, shift_sums] = buffers.floats();
        for (place, sums) in [(self.0.scale, scale_sums), (self.0.shift, shift_sums)] {
            for (gradient, sum) in state.gradients[place.range()].iter_mut().zip(sums) {
                *gradient += *sum;
            }
        }
    }
}

/// Buffers: input, mean, inverse deviation, the gradient of the output before and of the input after, sums for the
/// scale, sums for the shift.
struct BackwardInPlace {
    layer: Layer,
    /// Of the batch.
    rows: usize,
}

impl Work for BackwardInPlace {
    fn name(&self) -> &'static str {
        "batch-norm backward, input"
    }

    fn run(&self, _chunk: Chunk, buffers: Buffers<'_>, state: &mut State<'_>) {
        let [input, mean, inverse_std, gradient, scale_sums, shift_sums] = buffers.floats();
        batch_norm_backward_in_place(
            &self.layer.options,
            self.layer.activation,
            BatchNormSaved { input, mean, inverse_std },
            self.layer.affine(state.parameters),
            (Affine { scale: scale_sums, shift: shift_sums }, self.rows),
            gradient,
        );
    }
}
