//! Runs one instruction of a plan.

use nas_kernels::{
    self as kernels, Affine, AffineGradient, BatchNormSaved, BatchStatistics, Loss, RunningStatistics,
};

use crate::memory::{Memory, disjoint};
use crate::optimizer::OptimizerState;
use crate::plan::{BatchNormLayer, Conv2dLayer, DenseLayer, Instruction, Plan, Span};
use crate::{Samples, Split};

/// Where a plan's first and last instruction reach outside the arena.
pub(crate) struct Surroundings<'a> {
    pub(crate) samples: &'a dyn Samples,
    pub(crate) split: Split,
    /// Images of the batch.
    pub(crate) indices: &'a [u32],
    pub(crate) optimizer: &'a mut OptimizerState,
    pub(crate) learning_rate: f32,
    /// Number of the update, from 1.
    pub(crate) step: u32,
}

/// Runs one instruction; the loss instruction returns its result.
#[expect(clippy::too_many_lines, reason = "one arm for each instruction, in the order of the enum")]
pub(crate) fn execute(
    instruction: &Instruction,
    plan: &Plan,
    memory: &mut Memory,
    surroundings: &mut Surroundings<'_>,
) -> Option<Loss> {
    let Memory { arena, index_arena, parameters, gradients, statistics, labels } = memory;
    let labels = &mut labels[..surroundings.indices.len()];
    match *instruction {
        Instruction::Load { images } => {
            let [images] = disjoint(arena, plan, [images]);
            surroundings.samples.fill(surroundings.split, surroundings.indices, images, labels);
        }
        Instruction::ClearParameterGradients => gradients.fill(0.0),
        Instruction::Clear { values } => {
            let [values] = disjoint(arena, plan, [values]);
            values.fill(0.0);
        }
        Instruction::Copy { from, to } => {
            let [from, to] = disjoint(arena, plan, [from, to]);
            to.copy_from_slice(from);
        }
        Instruction::AddAssign { from, to } => {
            let [from, to] = disjoint(arena, plan, [from, to]);
            kernels::add_backward(from, to);
        }
        Instruction::AddForward { left, right, output } => {
            let [left, right, output] = disjoint(arena, plan, [left, right, output]);
            kernels::add_forward(left, right, output);
        }
        Instruction::Conv2dForward {
            layer: Conv2dLayer { options, weights, bias },
            input,
            output,
            scratch,
        } => {
            let [input, output, scratch] = disjoint(arena, plan, [input, output, scratch]);
            let (weights, bias) = weights_and_bias(parameters, weights, bias);
            kernels::conv2d_forward(&options, input, weights, bias, output, scratch);
        }
        Instruction::Conv2dBackwardInput { layer, output_gradient, input_gradient, scratch } => {
            let [dy, dx, scratch] = disjoint(arena, plan, [output_gradient, input_gradient, scratch]);
            kernels::conv2d_backward_input(
                &layer.options,
                &parameters[layer.weights.range()],
                dy,
                dx,
                scratch,
            );
        }
        Instruction::Conv2dBackwardParameters {
            layer: Conv2dLayer { options, weights, bias },
            input,
            output_gradient,
            scratch,
        } => {
            let [x, dy, scratch] = disjoint(arena, plan, [input, output_gradient, scratch]);
            let (dw, db) = weights_and_bias_mut(gradients, weights, bias);
            kernels::conv2d_backward_parameters(&options, x, dy, dw, db, scratch);
        }
        Instruction::DenseForward {
            layer: DenseLayer { options, weights, bias },
            input,
            output,
            scratch,
        } => {
            let [input, output, scratch] = disjoint(arena, plan, [input, output, scratch]);
            let (weights, bias) = weights_and_bias(parameters, weights, bias);
            kernels::dense_forward(&options, input, weights, bias, output, scratch);
        }
        Instruction::DenseBackwardInput { layer, output_gradient, input_gradient, scratch } => {
            let [dy, dx, scratch] = disjoint(arena, plan, [output_gradient, input_gradient, scratch]);
            kernels::dense_backward_input(
                &layer.options,
                &parameters[layer.weights.range()],
                dy,
                dx,
                scratch,
            );
        }
        Instruction::DenseBackwardParameters {
            layer: DenseLayer { options, weights, bias },
            input,
            output_gradient,
        } => {
            let [x, dy] = disjoint(arena, plan, [input, output_gradient]);
            let (dw, db) = weights_and_bias_mut(gradients, weights, bias);
            kernels::dense_backward_parameters(&options, x, dy, dw, db);
        }
        Instruction::BatchNormTrainingForward { layer, input, output, mean, inverse_std } => {
            let [input, output, mean, inverse_std] =
                disjoint(arena, plan, [input, output, mean, inverse_std]);
            let [running_mean, running_variance] =
                two(statistics, layer.running_mean, layer.running_variance);
            let running = RunningStatistics { mean: running_mean, variance: running_variance };
            let saved = BatchStatistics { mean, inverse_std };
            let affine = affine(parameters, &layer);
            kernels::batch_norm_training_forward(&layer.options, input, affine, running, output, saved);
        }
        Instruction::BatchNormInferenceForward { layer, input, output } => {
            let [input, output] = disjoint(arena, plan, [input, output]);
            let (mean, variance) =
                (&statistics[layer.running_mean.range()], &statistics[layer.running_variance.range()]);
            let affine = affine(parameters, &layer);
            kernels::batch_norm_inference_forward(&layer.options, input, affine, mean, variance, output);
        }
        Instruction::BatchNormBackward {
            layer,
            input,
            mean,
            inverse_std,
            output_gradient,
            input_gradient,
            scratch,
        } => {
            let [input, mean, inverse_std, dy, dx, scratch] =
                disjoint(arena, plan, [input, mean, inverse_std, output_gradient, input_gradient, scratch]);
            let saved = BatchNormSaved { input, mean, inverse_std };
            let [scale, shift] = two(gradients, layer.scale, layer.shift);
            let gradient = AffineGradient { scale, shift };
            let scale = &parameters[layer.scale.range()];
            kernels::batch_norm_backward(&layer.options, saved, scale, dy, dx, gradient, scratch);
        }
        Instruction::ReluForward { input, output } => {
            let [input, output] = disjoint(arena, plan, [input, output]);
            kernels::relu_forward(input, output);
        }
        Instruction::ReluForwardInPlace { values } => {
            let [values] = disjoint(arena, plan, [values]);
            kernels::relu_forward_in_place(values);
        }
        Instruction::ReluBackward { output, output_gradient, input_gradient } => {
            let [y, dy, dx] = disjoint(arena, plan, [output, output_gradient, input_gradient]);
            kernels::relu_backward(y, dy, dx);
        }
        Instruction::ReluBackwardInPlace { output, gradient } => {
            let [output, gradient] = disjoint(arena, plan, [output, gradient]);
            kernels::relu_backward_in_place(output, gradient);
        }
        Instruction::MaxPoolForward { ref options, input, output, argmax } => {
            let [input, output] = disjoint(arena, plan, [input, output]);
            kernels::max_pool_forward(options, input, output, &mut index_arena[plan.place(argmax).range()]);
        }
        Instruction::MaxPoolBackward { ref options, argmax, output_gradient, input_gradient } => {
            let [dy, dx] = disjoint(arena, plan, [output_gradient, input_gradient]);
            kernels::max_pool_backward(options, &index_arena[plan.place(argmax).range()], dy, dx);
        }
        Instruction::AvgPoolForward { ref options, input, output } => {
            let [input, output] = disjoint(arena, plan, [input, output]);
            kernels::avg_pool_forward(options, input, output);
        }
        Instruction::AvgPoolBackward { ref options, output_gradient, input_gradient } => {
            let [dy, dx] = disjoint(arena, plan, [output_gradient, input_gradient]);
            kernels::avg_pool_backward(options, dy, dx);
        }
        Instruction::GlobalAvgPoolForward { ref options, input, output } => {
            let [input, output] = disjoint(arena, plan, [input, output]);
            kernels::global_avg_pool_forward(options, input, output);
        }
        Instruction::GlobalAvgPoolBackward { ref options, output_gradient, input_gradient } => {
            let [dy, dx] = disjoint(arena, plan, [output_gradient, input_gradient]);
            kernels::global_avg_pool_backward(options, dy, dx);
        }
        Instruction::ConcatForward { ref part, input, output } => {
            let [input, output] = disjoint(arena, plan, [input, output]);
            kernels::concat_forward(part, input, output);
        }
        Instruction::ConcatBackward { ref part, output_gradient, input_gradient } => {
            let [dy, dx] = disjoint(arena, plan, [output_gradient, input_gradient]);
            kernels::concat_backward(part, dy, dx);
        }
        Instruction::LossForward { ref options, logits, probabilities, scratch } => {
            let [logits, probabilities, scratch] = disjoint(arena, plan, [logits, probabilities, scratch]);
            return Some(kernels::softmax_cross_entropy_forward(
                options,
                logits,
                labels,
                probabilities,
                scratch,
            ));
        }
        Instruction::LossBackward { ref options, probabilities, logits_gradient } => {
            let [probabilities, gradient] = disjoint(arena, plan, [probabilities, logits_gradient]);
            kernels::softmax_cross_entropy_backward(options, probabilities, labels, gradient);
        }
        Instruction::Update => {
            surroundings.optimizer.update(
                surroundings.learning_rate,
                surroundings.step,
                parameters,
                gradients,
            );
        }
    }
    None
}

fn affine<'a>(parameters: &'a [f32], layer: &BatchNormLayer) -> Affine<'a> {
    Affine { scale: &parameters[layer.scale.range()], shift: &parameters[layer.shift.range()] }
}

fn weights_and_bias(parameters: &[f32], weights: Span, bias: Option<Span>) -> (&[f32], Option<&[f32]>) {
    (&parameters[weights.range()], bias.map(|bias| &parameters[bias.range()]))
}

fn weights_and_bias_mut(
    gradients: &mut [f32],
    weights: Span,
    bias: Option<Span>,
) -> (&mut [f32], Option<&mut [f32]>) {
    match bias {
        None => (&mut gradients[weights.range()], None),
        Some(bias) => {
            let [weights, bias] = two(gradients, weights, bias);
            (weights, Some(bias))
        }
    }
}

fn two(buffer: &mut [f32], first: Span, second: Span) -> [&mut [f32]; 2] {
    buffer.get_disjoint_mut([first.range(), second.range()]).expect("parameters do not overlap")
}
