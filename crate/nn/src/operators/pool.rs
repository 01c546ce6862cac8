use std::sync::Arc;

use nas_arch::{Insets, Pair, Pool};
use nas_kernels::{
    AvgPool, MaxPool, Window, WindowAxis, avg_pool_backward, avg_pool_forward, max_pool_backward,
    max_pool_forward,
};

use super::Lowered;
use crate::plan::{Backward, BufferId, Lowering, Write};
use crate::work::{Buffers, Chunk, ELEMENT_SHARE_MACS, State, Work};

/// A window as the kernels have it.
pub(super) fn window(kernel: Pair, stride: Pair, dilation: Pair, insets: Insets) -> Window {
    let axis = |kernel, stride, dilation, before, after| WindowAxis {
        kernel: kernel as usize,
        stride: stride as usize,
        dilation: dilation as usize,
        pad_before: before as usize,
        pad_after: after as usize,
    };
    Window {
        height: axis(kernel.vertical, stride.vertical, dilation.vertical, insets.top, insets.bottom),
        width: axis(kernel.horizontal, stride.horizontal, dilation.horizontal, insets.left, insets.right),
    }
}

fn pool_window(pool: &Pool) -> Window {
    window(pool.kernel, pool.stride(), Pair::ONE, pool.padding.insets(pool.kernel, Pair::ONE))
}

/// Elements under all windows of an image.
fn window_macs(lowering: &Lowering<'_>, node: usize, pool: &Pool) -> u64 {
    let Pair { vertical, horizontal } = pool.kernel;
    lowering.image_elements(node + 1) * u64::from(vertical) * u64::from(horizontal)
}

struct MaxTrail {
    options: MaxPool,
    argmax: BufferId,
}

pub(super) fn max_forward(lowering: &mut Lowering<'_>, node: usize, pool: &Pool) -> Lowered {
    let tensor = lowering.input(node);
    let options = MaxPool::new(lowering.image(tensor), pool_window(pool))?;
    let (input, output) = (lowering.value(tensor), lowering.new_output(node));
    let argmax = lowering.indices(lowering.image_elements(node + 1));
    let macs = window_macs(lowering, node, pool);
    lowering.each_image(MaxForward(options), &[input, output, argmax], macs);
    Ok(Arc::new(MaxTrail { options, argmax }))
}

impl Backward for MaxTrail {
    fn lower(&self, lowering: &mut Lowering<'_>, node: usize, output_gradient: BufferId) {
        let tensor = lowering.input(node);
        if lowering.flow.is_trained(tensor) {
            let (input_gradient, write) = lowering.gradient_target(tensor);
            let work = MaxBackward { options: self.options, write };
            let elements = lowering.image_elements(tensor);
            lowering.each_image(work, &[output_gradient, input_gradient, self.argmax], elements);
        }
    }
}

/// Buffers: input, output, places of the largest. Image by image, so that places count from the image's first element and
/// hold in chunks of any size.
struct MaxForward(MaxPool);

impl Work for MaxForward {
    fn name(&self) -> &'static str {
        "max-pool forward"
    }

    fn shares(&self, macs: u64) -> u64 {
        macs.div_ceil(ELEMENT_SHARE_MACS)
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let options = self.0.with_batch(1).with_share(chunk.share);
        let ([input, output], argmax) = buffers.floats_and_index();
        let (input_len, output_len) = (input.len() / chunk.images, output.len() / chunk.images);
        let images = input.chunks_exact(input_len).zip(output.chunks_exact_mut(output_len));
        for ((input, output), argmax) in images.zip(argmax.chunks_exact_mut(output_len)) {
            max_pool_forward(&options, input, output, argmax);
        }
    }
}

/// Buffers: gradient of the output, gradient of the input, places of the largest.
struct MaxBackward {
    options: MaxPool,
    write: Write,
}

impl Work for MaxBackward {
    fn name(&self) -> &'static str {
        "max-pool backward"
    }

    fn shares(&self, macs: u64) -> u64 {
        macs.div_ceil(ELEMENT_SHARE_MACS)
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let options = self.options.with_batch(1).with_share(chunk.share);
        let ([output_gradient, input_gradient], argmax) = buffers.floats_and_index();
        self.write.prepare(chunk.share, input_gradient);
        let (input_len, output_len) = (input_gradient.len() / chunk.images, argmax.len() / chunk.images);
        let images = output_gradient.chunks_exact(output_len).zip(input_gradient.chunks_exact_mut(input_len));
        for ((dy, dx), argmax) in images.zip(argmax.chunks_exact(output_len)) {
            max_pool_backward(&options, argmax, dy, dx);
        }
    }
}

struct AvgTrail {
    options: AvgPool,
    macs: u64,
}

pub(super) fn avg_forward(lowering: &mut Lowering<'_>, node: usize, pool: &Pool) -> Lowered {
    let tensor = lowering.input(node);
    let options = AvgPool::new(lowering.image(tensor), pool_window(pool))?;
    let (input, output) = (lowering.value(tensor), lowering.new_output(node));
    let macs = window_macs(lowering, node, pool);
    lowering.each_image(AvgForward(options), &[input, output], macs);
    Ok(Arc::new(AvgTrail { options, macs }))
}

impl Backward for AvgTrail {
    fn lower(&self, lowering: &mut Lowering<'_>, node: usize, output_gradient: BufferId) {
        let tensor = lowering.input(node);
        if lowering.flow.is_trained(tensor) {
            let (input_gradient, write) = lowering.gradient_target(tensor);
            let work = AvgBackward { options: self.options, write };
            lowering.each_image(work, &[output_gradient, input_gradient], self.macs);
        }
    }
}

/// Buffers: input, output.
struct AvgForward(AvgPool);

impl Work for AvgForward {
    fn name(&self) -> &'static str {
        "avg-pool forward"
    }

    fn shares(&self, macs: u64) -> u64 {
        macs.div_ceil(ELEMENT_SHARE_MACS)
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [input, output] = buffers.floats();
        avg_pool_forward(&self.0.with_batch(chunk.images).with_share(chunk.share), input, output);
    }
}

/// Buffers: gradient of the output, gradient of the input.
struct AvgBackward {
    options: AvgPool,
    write: Write,
}

impl Work for AvgBackward {
    fn name(&self) -> &'static str {
        "avg-pool backward"
    }

    fn shares(&self, macs: u64) -> u64 {
        macs.div_ceil(ELEMENT_SHARE_MACS)
    }

    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, _state: &mut State<'_>) {
        let [output_gradient, input_gradient] = buffers.floats();
        self.write.prepare(chunk.share, input_gradient);
        let options = self.options.with_batch(chunk.images).with_share(chunk.share);
        avg_pool_backward(&options, output_gradient, input_gradient);
    }
}
