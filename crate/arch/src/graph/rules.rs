//! What each operator asks of its inputs, and the shape it makes of them.

use crate::op::Arity;
use crate::{
    Attention, Conv2d, Insets, MAX_DIMENSION, MAX_ELEMENTS, MAX_KERNEL_SIZES, MetaConv2d, NetworkError, Op,
    Pair, Pool, Shape,
};

/// Shape of the output of the layer of this name behind inputs of these shapes, if it can be.
pub(super) fn output_shape(name: &str, op: &Op, inputs: &[Shape]) -> Result<Shape, NetworkError> {
    let shape = shape_behind(name, op, inputs)?;
    check_tensor(name, shape)?;
    Ok(shape)
}

fn shape_behind(name: &str, op: &Op, inputs: &[Shape]) -> Result<Shape, NetworkError> {
    check_count(name, op, inputs.len())?;
    let first = inputs[0];
    let all_share =
        |rule, agree: fn(Shape, Shape) -> bool| match inputs.iter().find(|&&other| !agree(first, other)) {
            None => Ok(()),
            Some(&other) => {
                let (layer, op) = (name.to_owned(), op.id());
                Err(NetworkError::ShapeMismatch { layer, op, first, other, rule })
            }
        };
    match op {
        Op::Conv2d(conv) => conv_shape(name, conv, first),
        Op::MetaConv2d(meta) => meta_conv_shape(name, meta, first),
        Op::MaxPool(pool) | Op::AvgPool(pool) => pool_shape(name, pool, first),
        Op::GlobalAvgPool => Ok(Shape::new(first.channels, 1, 1)),
        Op::Dense(dense) => {
            check_size(name, "out_features", dense.out_features)?;
            Ok(Shape::new(dense.out_features, 1, 1))
        }
        Op::Attention(attention) => attention_shape(name, *attention, first),
        Op::Add | Op::Mixture => all_share("all shapes must be equal", |a, b| a == b).map(|()| first),
        Op::Multiply => {
            let rule = "the second must have the shape of the first, or its channels and one pixel";
            all_share(rule, |a, b| a == b || (a.channels, 1) == (b.channels, b.pixels())).map(|()| first)
        }
        Op::Concat => {
            all_share("height and width must be equal", |a, b| (a.height, a.width) == (b.height, b.width))?;
            let channels: u64 = inputs.iter().map(|shape| u64::from(shape.channels)).sum();
            let channels = u32::try_from(channels).unwrap_or(u32::MAX);
            check_size(name, "number of channels", channels)?;
            Ok(Shape { channels, ..first })
        }
        Op::ChannelShuffle(shuffle) => {
            check_groups(name, shuffle.groups, first.channels, first.channels)?;
            Ok(first)
        }
        Op::Upsample(resample) => {
            check_pair(name, "factor", resample.factor)?;
            let Pair { vertical, horizontal } = resample.factor;
            let (height, width) =
                (first.height.saturating_mul(vertical), first.width.saturating_mul(horizontal));
            Ok(Shape { height, width, ..first })
        }
        Op::Downsample(resample) => every(name, "factor", resample.factor, first),
        Op::Zero(zero) => match zero.shape {
            None => every(name, "stride", zero.stride, first),
            Some(shape) => {
                let stride = zero.stride;
                check_range(
                    stride == Pair::ONE,
                    name,
                    "stride",
                    &stride,
                    "left away where 'shape' is given",
                )?;
                Ok(shape)
            }
        },
        Op::Dropout(dropout) => {
            let is_sound = (0.0..1.0).contains(&dropout.probability);
            check_range(is_sound, name, "probability", &dropout.probability, "at least 0 and less than 1")?;
            Ok(first)
        }
        Op::LeakyRelu(leaky) => {
            let slope = leaky.negative_slope;
            let is_sound = slope >= 0.0 && slope.is_finite();
            check_range(is_sound, name, "negative_slope", &slope, "at least 0 and finite")?;
            Ok(first)
        }
        Op::LayerNorm(norm) => {
            let is_sound = norm.epsilon > 0.0 && norm.epsilon.is_finite();
            check_range(is_sound, name, "epsilon", &norm.epsilon, "positive and finite")?;
            Ok(first)
        }
        Op::BatchNorm(_)
        | Op::Relu
        | Op::Relu6
        | Op::Silu
        | Op::Gelu
        | Op::HardSwish
        | Op::HardSigmoid
        | Op::Sigmoid
        | Op::Tanh
        | Op::Identity => Ok(first),
    }
}

fn check_count(layer: &str, op: &Op, found: usize) -> Result<(), NetworkError> {
    let (is_sound, expected) = match op.arity() {
        Arity::One => (found == 1, "one input"),
        Arity::Two => (found == 2, "two inputs"),
        Arity::AtLeastOne => (found >= 1, "at least one input"),
    };
    if is_sound {
        return Ok(());
    }
    Err(NetworkError::InputCount { layer: layer.to_owned(), op: op.id(), expected, found })
}

/// One pixel for so many of the input, rounded up.
fn every(layer: &str, what: &'static str, stride: Pair, input: Shape) -> Result<Shape, NetworkError> {
    check_pair(layer, what, stride)?;
    let (height, width) = (input.height.div_ceil(stride.vertical), input.width.div_ceil(stride.horizontal));
    Ok(Shape { height, width, ..input })
}

/// Queries, keys and values, and in each of them the heads, must have equal numbers of channels; patches must cover
/// the image.
fn attention_shape(layer: &str, attention: Attention, input: Shape) -> Result<Shape, NetworkError> {
    let Attention { heads, patch } = attention;
    check_size(layer, "heads", heads)?;
    check_pair(layer, "patch", patch)?;
    let indivisible = |value, what, into, advice| {
        Err(NetworkError::Indivisible { layer: layer.to_owned(), value, what, into, advice })
    };
    if !u64::from(input.channels).is_multiple_of(3 * u64::from(heads)) {
        let into = format!("queries, keys and values of {heads} heads");
        let advice =
            format!("a multiple of {} is needed, as a conv2d with kernel 1 gives", 3 * u64::from(heads));
        return indivisible(input.channels, "channels", into, advice);
    }
    for (value, size, what) in
        [(input.height, patch.vertical, "rows"), (input.width, patch.horizontal, "columns")]
    {
        if !value.is_multiple_of(size) {
            let advice = "use a patch that divides height and width".to_owned();
            return indivisible(value, what, format!("patches of {size}"), advice);
        }
    }
    let groups = u64::from(patch.vertical) * u64::from(patch.horizontal);
    let tokens = input.pixels() / groups;
    // Queries × keys of each head and group; none overflows, for there are at most 2^31 elements.
    let probabilities = (tokens * tokens).saturating_mul(groups * u64::from(heads));
    check_elements(layer, probabilities)?;
    Ok(Shape { channels: input.channels / 3, ..input })
}

fn meta_conv_shape(layer: &str, meta: &MetaConv2d, input: Shape) -> Result<Shape, NetworkError> {
    let sizes = &meta.sizes;
    let is_sound = (1..=MAX_KERNEL_SIZES).contains(&sizes.len())
        && sizes.iter().all(|size| size % 2 == 1)
        && sizes.is_sorted_by(|a, b| a < b);
    if !is_sound {
        return Err(NetworkError::KernelSizes { layer: layer.to_owned(), sizes: sizes.clone() });
    }
    conv_shape(layer, &meta.convolution(), input)
}

fn conv_shape(layer: &str, conv: &Conv2d, input: Shape) -> Result<Shape, NetworkError> {
    check_size(layer, "out_channels", conv.out_channels)?;
    check_pair(layer, "dilation", conv.dilation)?;
    check_window(layer, conv.kernel, conv.stride)?;
    check_groups(layer, conv.groups, input.channels, conv.out_channels)?;
    check_window_reach(layer, conv.kernel, conv.dilation)?;
    let insets = conv.padding.insets(conv.kernel, conv.dilation);
    check_insets(layer, insets)?;
    let (height, width) = windows(layer, input, conv.kernel, conv.dilation, conv.stride, insets)?;
    Ok(Shape::new(conv.out_channels, height, width))
}

fn pool_shape(layer: &str, pool: &Pool, input: Shape) -> Result<Shape, NetworkError> {
    check_window(layer, pool.kernel, pool.stride())?;
    let insets = pool.padding.insets(pool.kernel, Pair::ONE);
    check_insets(layer, insets)?;
    if insets.top.max(insets.bottom) >= pool.kernel.vertical
        || insets.left.max(insets.right) >= pool.kernel.horizontal
    {
        return Err(NetworkError::PaddingTooLarge {
            layer: layer.to_owned(),
            kernel: pool.kernel.to_string(),
        });
    }
    let (height, width) = windows(layer, input, pool.kernel, Pair::ONE, pool.stride(), insets)?;
    Ok(Shape::new(input.channels, height, width))
}

/// Number of windows vertically and horizontally.
fn windows(
    layer: &str,
    input: Shape,
    kernel: Pair,
    dilation: Pair,
    stride: Pair,
    insets: Insets,
) -> Result<(u32, u32), NetworkError> {
    let count = |size: u32, added: u32, kernel: u32, dilation: u32, stride: u32| {
        (size + added).checked_sub(dilation * (kernel - 1) + 1).map(|room| room / stride + 1)
    };
    let (Some(height), Some(width)) = (
        count(input.height, insets.top + insets.bottom, kernel.vertical, dilation.vertical, stride.vertical),
        count(
            input.width,
            insets.left + insets.right,
            kernel.horizontal,
            dilation.horizontal,
            stride.horizontal,
        ),
    ) else {
        return Err(NetworkError::KernelTooLarge {
            layer: layer.to_owned(),
            kernel: kernel.to_string(),
            input,
        });
    };
    Ok((height, width))
}

fn check_groups(layer: &str, groups: u32, inputs: u32, outputs: u32) -> Result<(), NetworkError> {
    check_size(layer, "groups", groups)?;
    if inputs.is_multiple_of(groups) && outputs.is_multiple_of(groups) {
        return Ok(());
    }
    Err(NetworkError::Groups { layer: layer.to_owned(), groups, inputs, outputs })
}

fn check_range(
    is_sound: bool,
    layer: &str,
    what: &'static str,
    value: &impl ToString,
    range: &'static str,
) -> Result<(), NetworkError> {
    if is_sound {
        return Ok(());
    }
    Err(NetworkError::OutOfRange { layer: layer.to_owned(), what, value: value.to_string(), range })
}

fn check_window(layer: &str, kernel: Pair, stride: Pair) -> Result<(), NetworkError> {
    check_pair(layer, "kernel", kernel)?;
    check_pair(layer, "stride", stride)
}

fn check_window_reach(layer: &str, kernel: Pair, dilation: Pair) -> Result<(), NetworkError> {
    let reach = |kernel: u32, dilation: u32| u64::from(dilation) * u64::from(kernel - 1) + 1;
    let largest =
        reach(kernel.vertical, dilation.vertical).max(reach(kernel.horizontal, dilation.horizontal));
    check_size(layer, "dilated kernel", u32::try_from(largest).unwrap_or(u32::MAX))
}

fn check_insets(layer: &str, insets: Insets) -> Result<(), NetworkError> {
    [insets.top, insets.left, insets.bottom, insets.right]
        .into_iter()
        .try_for_each(|size| if size == 0 { Ok(()) } else { check_size(layer, "padding", size) })
}

fn check_pair(layer: &str, what: &'static str, pair: Pair) -> Result<(), NetworkError> {
    check_size(layer, what, pair.vertical)?;
    check_size(layer, what, pair.horizontal)
}

fn check_size(layer: &str, what: &'static str, value: u32) -> Result<(), NetworkError> {
    if (1..=MAX_DIMENSION).contains(&value) {
        Ok(())
    } else {
        Err(NetworkError::Size { layer: layer.to_owned(), what, value })
    }
}

pub(super) fn check_tensor(layer: &str, shape: Shape) -> Result<(), NetworkError> {
    check_size(layer, "number of channels", shape.channels)?;
    check_size(layer, "height", shape.height)?;
    check_size(layer, "width", shape.width)?;
    check_elements(layer, shape.elements())
}

pub(super) fn check_elements(layer: &str, elements: u64) -> Result<(), NetworkError> {
    if elements <= MAX_ELEMENTS {
        Ok(())
    } else {
        Err(NetworkError::TooLarge { layer: layer.to_owned(), elements })
    }
}
