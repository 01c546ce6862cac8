use std::sync::Arc;

use nas_arch::Dropout;
use nas_kernels::{self as kernels, dropout_forward, dropout_in_place};
use nas_numerics::{Digester, Rng};

use super::Lowered;
use crate::plan::{Backward, BufferId, Lowering};
use crate::work::{Buffers, Chunk, State, Surroundings, Work};

/// What is dropped of each image: drawn anew on the way back, so that nothing is kept.
#[derive(Clone)]
struct Draws {
    options: kernels::Dropout,
    /// Name of the layer.
    layer: Arc<str>,
}

impl Draws {
    /// The generator of one image: another one in every step.
    fn of(&self, image: usize, surroundings: &Surroundings<'_>) -> Rng {
        let digester = Digester::new().text("dropout").number(u64::from(surroundings.run_seed));
        let digester = digester.number(u64::from(surroundings.replicate)).text(&self.layer);
        Rng::from_digester(digester.number(u64::from(surroundings.step)).number(image as u64))
    }

    fn in_place(&self, chunk: Chunk, values: &mut [f32], state: &State<'_>) {
        let image_len = values.len() / chunk.images;
        for (image, values) in values.chunks_exact_mut(image_len).enumerate() {
            dropout_in_place(&self.options, self.of(chunk.first + image, &state.surroundings), values);
        }
    }
}

pub(super) fn forward(lowering: &mut Lowering<'_>, node: usize, dropout: Dropout) -> Lowered {
    let tensor = lowering.input(node);
    let options = kernels::Dropout::new(dropout.probability)?;
    let draws = Draws { options, layer: lowering.graph.nodes[node].name.as_str().into() };
    let elements = lowering.image_elements(tensor);
    let (is_training, overwrites) = (lowering.mode.is_training(), lowering.may_overwrite(tensor));
    if overwrites {
        let values = lowering.overwrite(tensor, node);
        if is_training {
            lowering.each_image(InPlace(draws.clone()), &[values], elements);
        }
    } else {
        let (input, output) = (lowering.value(tensor), lowering.new_output(node));
        if is_training {
            lowering.each_image(Forward(draws.clone()), &[input, output], elements);
        } else {
            lowering.copy(input, output);
        }
    }
    Ok(Arc::new(Trail(draws)))
}

struct Trail(Draws);

impl Backward for Trail {
    fn lower(&self, lowering: &mut Lowering<'_>, node: usize, output_gradient: BufferId) {
        let tensor = lowering.input(node);
        if lowering.flow.is_trained(tensor) {
            let gradient = lowering.own(output_gradient);
            let elements = lowering.image_elements(tensor);
            lowering.each_image(InPlace(self.0.clone()), &[gradient], elements);
            lowering.give_gradient(tensor, gradient);
        }
    }
}

/// Buffers: input, output.
struct Forward(Draws);

impl Work for Forward {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, state: &mut State<'_>) {
        let [input, output] = buffers.floats();
        let image_len = input.len() / chunk.images;
        let images = input.chunks_exact(image_len).zip(output.chunks_exact_mut(image_len));
        for (image, (input, output)) in images.enumerate() {
            let rng = self.0.of(chunk.first + image, &state.surroundings);
            dropout_forward(&self.0.options, rng, input, output);
        }
    }
}

/// Buffers: values before and after, or gradients behind and before.
struct InPlace(Draws);

impl Work for InPlace {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, state: &mut State<'_>) {
        let [values] = buffers.floats();
        self.0.in_place(chunk, values, state);
    }
}
