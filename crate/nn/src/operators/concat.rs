use std::sync::Arc;

use nas_kernels::{ConcatPart, concat_backward, concat_forward};

use super::Lowered;
use crate::plan::{Backward, BufferId, Lowering, Write};
use crate::work::{Buffers, Chunk, State, Work};

struct Trail {
    /// One for each input.
    parts: Vec<Part>,
}

/// Where one input lies in the output of one image.
#[derive(Clone, Copy)]
struct Part {
    pixels: usize,
    channels: usize,
    offset: usize,
    total_channels: usize,
}

impl Part {
    /// For so many images.
    ///
    /// # Panics
    /// If there are more than the plan was made for.
    fn of(self, images: usize) -> ConcatPart {
        ConcatPart::new(images * self.pixels, self.channels, self.offset, self.total_channels)
            .expect("the whole batch was checked when the plan was made")
    }
}

pub(super) fn forward(lowering: &mut Lowering<'_>, node: usize) -> Lowered {
    let output = lowering.new_output(node);
    let shape = lowering.graph.shape(node + 1);
    let mut parts = Vec::new();
    let mut offset = 0;
    for tensor in lowering.inputs(node) {
        let part = Part {
            pixels: shape.pixels() as usize,
            channels: lowering.graph.shape(tensor).channels as usize,
            offset,
            total_channels: shape.channels as usize,
        };
        let rows = lowering.batch as usize * part.pixels;
        ConcatPart::new(rows, part.channels, part.offset, part.total_channels)?;
        offset += part.channels;
        let (input, elements) = (lowering.value(tensor), lowering.image_elements(tensor));
        lowering.each_image(Forward(part), &[input, output], elements);
        parts.push(part);
    }
    Ok(Arc::new(Trail { parts }))
}

impl Backward for Trail {
    fn lower(&self, lowering: &mut Lowering<'_>, node: usize, output_gradient: BufferId) {
        for (tensor, &part) in lowering.inputs(node).into_iter().zip(&self.parts) {
            if lowering.flow.is_trained(tensor) {
                let (input_gradient, write) = lowering.gradient_target(tensor);
                let elements = lowering.image_elements(tensor);
                lowering.each_image(
                    BackwardInput { part, write },
                    &[output_gradient, input_gradient],
                    elements,
                );
            }
        }
    }
}

/// Buffers: input, output.
struct Forward(Part);

impl Work for Forward {
    fn name(&self) -> &'static str {
        "concat forward"
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [input, output] = buffers.floats();
        concat_forward(&self.0.of(chunk.images), input, output);
    }
}

/// Buffers: gradient of the output, gradient of the input.
struct BackwardInput {
    part: Part,
    write: Write,
}

impl Work for BackwardInput {
    fn name(&self) -> &'static str {
        "concat backward"
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [output_gradient, input_gradient] = buffers.floats();
        self.write.prepare(chunk.share, input_gradient);
        concat_backward(&self.part.of(chunk.images), output_gradient, input_gradient);
    }
}
