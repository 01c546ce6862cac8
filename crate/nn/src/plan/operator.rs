//! Layers as the kernels take them: sizes, and where their parameters lie.

use nas_arch::{Conv2d, Insets, Pair, Pool, Shape};
use nas_kernels::{self as kernels, Image, Window, WindowAxis};

use super::Span;

/// A convolution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conv2dLayer {
    pub(crate) options: kernels::Conv2d,
    pub(crate) weights: Span,
    pub(crate) bias: Option<Span>,
}

/// A fully connected layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DenseLayer {
    pub(crate) options: kernels::Dense,
    pub(crate) weights: Span,
    pub(crate) bias: Option<Span>,
}

/// A batch normalisation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchNormLayer {
    pub(crate) options: kernels::BatchNorm,
    pub(crate) scale: Span,
    pub(crate) shift: Span,
    pub(crate) running_mean: Span,
    pub(crate) running_variance: Span,
}

/// A batch of tensors of this shape.
pub(super) fn image(batch: u32, shape: Shape) -> Image {
    let Shape { channels, height, width } = shape;
    Image {
        batch: batch as usize,
        height: height as usize,
        width: width as usize,
        channels: channels as usize,
    }
}

pub(super) fn conv_window(conv: &Conv2d) -> Window {
    window(conv.kernel, conv.stride, conv.dilation, conv.padding.insets(conv.kernel, conv.dilation))
}

pub(super) fn pool_window(pool: &Pool) -> Window {
    window(pool.kernel, pool.stride(), Pair::ONE, pool.padding.insets(pool.kernel, Pair::ONE))
}

fn window(kernel: Pair, stride: Pair, dilation: Pair, insets: Insets) -> Window {
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
