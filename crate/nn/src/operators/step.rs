//! What a step is made of beside the layers: the batch at its beginning, the loss in the middle, the update at its end.

use nas_arch::{INPUT_TENSOR, TensorId};
use nas_kernels::{
    ShapeError, SoftmaxCrossEntropy, softmax_cross_entropy_backward, softmax_cross_entropy_forward,
};

use crate::TrainingEpoch;
use crate::plan::{BufferId, Lowering, Mode, Span};
use crate::work::{Buffers, Chunk, State, Surroundings, Work};

/// Name of the work that computes the loss: all values of the forward pass are there before it.
pub(crate) const LOSS_FORWARD: &str = "loss forward";
/// Which of its buffers holds the network's outputs.
pub(crate) const LOSS_LOGITS: usize = 0;
/// Name of the work with which the backward pass begins.
pub(crate) const LOSS_BACKWARD: &str = "loss backward";

/// Parameters that one task clears, measures or updates: a few milliseconds. A multiple of the partial sums of a reduction.
pub(crate) const PARAMETERS_AT_ONCE: usize = 1 << 20;

/// Fills in the batch; returns where its images are.
pub(crate) fn load(lowering: &mut Lowering<'_>) -> BufferId {
    let elements = lowering.image_elements(INPUT_TENSOR);
    let images = lowering.floats(elements);
    let is_training = matches!(lowering.mode, Mode::Training { .. } | Mode::Gradients { .. });
    lowering.each_image(Load { is_training }, &[images], elements);
    images
}

/// Sets the gradients of all parameters to 0.
pub(crate) fn clear_parameter_gradients(lowering: &mut Lowering<'_>, parameters: u64) {
    for span in spans(parameters) {
        lowering.whole_batch(ClearParameterGradients(span), &[], span.len as u64);
    }
}

/// All parameters, so many at a time.
fn spans(parameters: u64) -> impl Iterator<Item = Span> {
    let parameters = parameters as usize;
    (0..parameters)
        .step_by(PARAMETERS_AT_ONCE)
        .map(move |start| Span { start, len: PARAMETERS_AT_ONCE.min(parameters - start) })
}

/// The loss of the output, and where there is a way back its gradient; of the sum of all outputs the gradient alone.
pub(crate) fn loss(lowering: &mut Lowering<'_>, output: TensorId) -> Result<(), ShapeError> {
    if lowering.mode.sums_outputs() {
        let elements = lowering.image_elements(output);
        let (gradient, _) = lowering.gradient_target(output);
        lowering.each_image(Ones, &[gradient], elements);
        return Ok(());
    }
    let batch = u64::from(lowering.batch);
    let classes = lowering.image_elements(output);
    let label_smoothing = match lowering.mode {
        Mode::Training { label_smoothing } | Mode::Gradients { label_smoothing } => label_smoothing,
        Mode::Statistics | Mode::Inference | Mode::Probe(_) => 0.0,
    };
    let options = SoftmaxCrossEntropy::new(batch as usize, classes as usize, label_smoothing)?;
    let (logits, probabilities) = (lowering.value(output), lowering.batch_floats(batch * classes));
    lowering.whole_batch(LossForward(options), &[logits, probabilities], batch * classes);
    if lowering.mode.goes_back() && lowering.flow.is_trained(output) {
        let (logits_gradient, write) = lowering.gradient_target(output);
        debug_assert_eq!(write, crate::plan::Write::Set, "the loss is the first to give a gradient");
        lowering.whole_batch(LossBackward(options), &[probabilities, logits_gradient], batch * classes);
    }
    Ok(())
}

/// Lets the optimiser look at the gradients, then change the parameters.
pub(crate) fn update(lowering: &mut Lowering<'_>, parameters: u64) {
    for span in spans(parameters) {
        lowering.whole_batch(Measure(span), &[], span.len as u64);
    }
    for span in spans(parameters) {
        lowering.whole_batch(Update(span), &[], span.len as u64);
    }
}

/// Keeps buffers, so that they can be read when the plan is done.
pub(crate) fn keep(lowering: &mut Lowering<'_>, buffers: &[BufferId]) {
    lowering.whole_batch(Keep, buffers, 0);
}

/// Buffers: images.
struct Load {
    is_training: bool,
}

impl Work for Load {
    fn name(&self) -> &'static str {
        "load"
    }

    fn run(&self, Chunk { first, images: count, .. }: Chunk, buffers: Buffers<'_>, state: &mut State<'_>) {
        let [images] = buffers.floats();
        let range = first..first + count;
        let &Surroundings { samples, split, indices, run_seed, replicate, epoch, .. } = &state.surroundings;
        let (indices, labels) = (&indices[range.clone()], &mut state.labels[range]);
        if self.is_training {
            let epoch = TrainingEpoch { run_seed, replicate, epoch };
            samples.fill_for_training(epoch, indices, images, labels);
        } else {
            samples.fill(split, indices, images, labels);
        }
    }
}

/// Buffers: none.
struct ClearParameterGradients(Span);

impl Work for ClearParameterGradients {
    fn name(&self) -> &'static str {
        "clear gradients"
    }

    fn run(&self, _chunk: Chunk, _buffers: Buffers<'_>, state: &mut State<'_>) {
        state.gradients[self.0.range()].fill(0.0);
    }
}

/// Buffers: logits, probabilities, scratch.
struct LossForward(SoftmaxCrossEntropy);

impl Work for LossForward {
    fn name(&self) -> &'static str {
        LOSS_FORWARD
    }

    fn scratch_len(&self, _images: usize) -> usize {
        self.0.scratch_len()
    }

    fn run(&self, _chunk: Chunk, buffers: Buffers<'_>, state: &mut State<'_>) {
        let [logits, probabilities, scratch] = buffers.floats();
        state.loss =
            Some(softmax_cross_entropy_forward(&self.0, logits, state.labels, probabilities, scratch));
    }
}

/// Buffers: probabilities, gradient of the logits.
struct LossBackward(SoftmaxCrossEntropy);

impl Work for LossBackward {
    fn name(&self) -> &'static str {
        LOSS_BACKWARD
    }

    fn run(&self, _chunk: Chunk, buffers: Buffers<'_>, state: &mut State<'_>) {
        let [probabilities, logits_gradient] = buffers.floats();
        logits_gradient.fill(0.0);
        softmax_cross_entropy_backward(&self.0, probabilities, state.labels, logits_gradient);
    }
}

/// Buffers: gradient of the outputs, for the sum of all.
struct Ones;

impl Work for Ones {
    fn name(&self) -> &'static str {
        "sum of outputs"
    }

    fn run(&self, _chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [gradient] = buffers.floats();
        gradient.fill(1.0);
    }
}

/// Keeps buffers up to the end of a plan. Buffers: those.
struct Keep;

impl Work for Keep {
    fn name(&self) -> &'static str {
        "keep"
    }

    fn run(&self, _chunk: Chunk, _buffers: Buffers<'_>, _state: &mut State<'_>) {}
}

/// Buffers: none.
struct Measure(Span);

impl Work for Measure {
    fn name(&self) -> &'static str {
        "norm of the gradients"
    }

    fn run(&self, _chunk: Chunk, _buffers: Buffers<'_>, state: &mut State<'_>) {
        state.surroundings.optimizer.measure(self.0.range(), state.gradients);
    }
}

/// Buffers: none.
struct Update(Span);

impl Work for Update {
    fn name(&self) -> &'static str {
        "update"
    }

    fn run(&self, _chunk: Chunk, _buffers: Buffers<'_>, state: &mut State<'_>) {
        let surroundings = &mut state.surroundings;
        let (learning_rate, step) = (surroundings.learning_rate, surroundings.step);
        let (parameters, gradients) = (&mut *state.parameters, &mut *state.gradients);
        surroundings.optimizer.update(learning_rate, step, self.0.range(), parameters, gradients);
    }
}
