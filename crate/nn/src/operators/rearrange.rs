//! Operators that only move values: the way back moves gradients the other way.

use std::sync::Arc;

use nas_arch::{ChannelShuffle, Pair, Resample};
use nas_kernels::{
    self as kernels, ShapeError, channel_shuffle_backward, channel_shuffle_forward, downsample_backward,
    downsample_forward, upsample_backward, upsample_forward,
};

use super::Lowered;
use crate::plan::{Backward, BufferId, Lowering, Write};
use crate::work::{Buffers, Chunk, State, Work};

/// What is moved where.
#[derive(Clone, Copy)]
enum Rearrangement {
    Shuffle { pixels: usize, channels: usize, groups: usize },
    Upsample(kernels::Upsample),
    Downsample(kernels::Downsample),
}

impl Rearrangement {
    fn shuffle(
        images: usize,
        pixels: usize,
        channels: usize,
        groups: usize,
    ) -> Result<kernels::ChannelShuffle, ShapeError> {
        kernels::ChannelShuffle::new(images * pixels, channels, groups)
    }

    /// # Panics
    /// If there are more images than the plan was made for.
    fn forward(self, images: usize, input: &[f32], output: &mut [f32]) {
        match self {
            Self::Shuffle { pixels, channels, groups } => {
                let options = Self::shuffle(images, pixels, channels, groups)
                    .expect("the whole batch was checked when the plan was made");
                channel_shuffle_forward(&options, input, output);
            }
            Self::Upsample(options) => upsample_forward(&options.with_batch(images), input, output),
            Self::Downsample(options) => downsample_forward(&options.with_batch(images), input, output),
        }
    }

    /// # Panics
    /// As [`Self::forward`].
    fn backward(self, images: usize, output_gradient: &[f32], input_gradient: &mut [f32]) {
        match self {
            Self::Shuffle { pixels, channels, groups } => {
                let options = Self::shuffle(images, pixels, channels, groups)
                    .expect("the whole batch was checked when the plan was made");
                channel_shuffle_backward(&options, output_gradient, input_gradient);
            }
            Self::Upsample(options) => {
                upsample_backward(&options.with_batch(images), output_gradient, input_gradient);
            }
            Self::Downsample(options) => {
                downsample_backward(&options.with_batch(images), output_gradient, input_gradient);
            }
        }
    }
}

pub(super) fn shuffle_forward(lowering: &mut Lowering<'_>, node: usize, shuffle: ChannelShuffle) -> Lowered {
    let image = lowering.image(lowering.input(node));
    let (pixels, channels, groups) = (image.pixels(), image.channels, shuffle.groups as usize);
    Rearrangement::shuffle(image.batch, pixels, channels, groups)?;
    Ok(forward(lowering, node, Rearrangement::Shuffle { pixels, channels, groups }))
}

pub(super) fn up_forward(lowering: &mut Lowering<'_>, node: usize, resample: Resample) -> Lowered {
    let options = kernels::Upsample::new(lowering.image(lowering.input(node)), factor(resample.factor))?;
    Ok(forward(lowering, node, Rearrangement::Upsample(options)))
}

pub(super) fn down_forward(lowering: &mut Lowering<'_>, node: usize, resample: Resample) -> Lowered {
    let options = kernels::Downsample::new(lowering.image(lowering.input(node)), factor(resample.factor))?;
    Ok(forward(lowering, node, Rearrangement::Downsample(options)))
}

fn factor(factor: Pair) -> [usize; 2] {
    [factor.vertical as usize, factor.horizontal as usize]
}

fn forward(lowering: &mut Lowering<'_>, node: usize, rearrangement: Rearrangement) -> Arc<dyn Backward> {
    let tensor = lowering.input(node);
    let (input, output) = (lowering.value(tensor), lowering.new_output(node));
    let elements = lowering.image_elements(tensor).max(lowering.image_elements(node + 1));
    lowering.each_image(Forward(rearrangement), &[input, output], elements);
    Arc::new(Trail { rearrangement, elements })
}

struct Trail {
    rearrangement: Rearrangement,
    elements: u64,
}

impl Backward for Trail {
    fn lower(&self, lowering: &mut Lowering<'_>, node: usize, output_gradient: BufferId) {
        let tensor = lowering.input(node);
        if lowering.flow.is_trained(tensor) {
            let (input_gradient, write) = lowering.gradient_target(tensor);
            let work = BackwardInput { rearrangement: self.rearrangement, write };
            lowering.each_image(work, &[output_gradient, input_gradient], self.elements);
        }
    }
}

/// Buffers: input, output.
struct Forward(Rearrangement);

impl Work for Forward {
    fn name(&self) -> &'static str {
        "rearrange forward"
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [input, output] = buffers.floats();
        self.0.forward(chunk.images, input, output);
    }
}

/// Buffers: gradient of the output, gradient of the input.
struct BackwardInput {
    rearrangement: Rearrangement,
    write: Write,
}

impl Work for BackwardInput {
    fn name(&self) -> &'static str {
        "rearrange backward"
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [output_gradient, input_gradient] = buffers.floats();
        self.write.prepare(chunk.share, input_gradient);
        self.rearrangement.backward(chunk.images, output_gradient, input_gradient);
    }
}
