"""Writes tests/goldens/kernels/*.json: what PyTorch says about each kernel.

Run it from anywhere: python tests/goldens/generators/kernels.py

Everything is computed in float64, so that a golden does not depend on PyTorch's order of summation, and
rounded to float32. Inputs are multiples of 1/16 and exact in both. Arrays are flat, in the layouts of crate/kernels:
activations [batch, height, width, channels], convolution weights
[kernel_height, kernel_width, in_channels / groups, out_channels], dense weights [in_features, out_features].
"""

import json
import pathlib
import platform

import numpy
import torch
import torch.nn.functional as functional

SEED = 20_26
GOLDENS = pathlib.Path(__file__).resolve().parent.parent / "kernels"
GENERATED_BY = (
    f"tests/goldens/generators/kernels.py, torch {torch.__version__.split('+')[0]}, "
    f"python {platform.python_version()}, seed {SEED}"
)

generator = torch.Generator().manual_seed(SEED)


def random(*shape):
    """Multiples of 1/16 between -2 and 2."""
    return torch.randint(-32, 33, shape, generator=generator).double() / 16


def learnable(*shape):
    return random(*shape).requires_grad_()


def flat(tensor):
    """The elements in order, as the shortest decimals that give the same float32."""
    values = tensor.detach().contiguous().flatten().numpy()
    if values.dtype.kind != "f":
        return values.tolist()
    return [float(str(value)) for value in values.astype(numpy.float32)]


def to_nchw(activations):
    return activations.permute(0, 3, 1, 2)


def to_nhwc(activations):
    return activations.permute(0, 2, 3, 1)


def write(name, cases):
    GOLDENS.mkdir(exist_ok=True)
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    text = f'{{"__generated_by__":{json.dumps(GENERATED_BY)},\n"cases":[\n{lines}\n]}}\n'
    (GOLDENS / f"{name}.json").write_text(text)


def window(kernel, stride=(1, 1), dilation=(1, 1), padding=(0, 0, 0, 0)):
    """Padding is top, left, bottom, right."""
    return {"kernel": kernel, "stride": stride, "dilation": dilation, "padding": padding}


def pad(activations, sizes, value):
    top, left, bottom, right = sizes["padding"]
    return functional.pad(to_nchw(activations), (left, right, top, bottom), value=value)


def conv2d(name, reason, image, out_channels, sizes, groups=1, bias=True):
    x = learnable(*image)
    w = learnable(*sizes["kernel"], image[3] // groups, out_channels)
    b = learnable(out_channels) if bias else None
    y = to_nhwc(
        functional.conv2d(
            pad(x, sizes, 0.0),
            w.permute(3, 2, 0, 1),
            b,
            stride=sizes["stride"],
            dilation=sizes["dilation"],
            groups=groups,
        )
    )
    dy = random(*y.shape)
    y.backward(dy)
    return {
        "name": name,
        "reason": reason,
        "image": image,
        "out_channels": out_channels,
        "groups": groups,
        "window": sizes,
        "input": flat(x),
        "weights": flat(w),
        "bias": flat(b) if bias else None,
        "output": flat(y),
        "output_gradient": flat(dy),
        "input_gradient": flat(x.grad),
        "weight_gradient": flat(w.grad),
        "bias_gradient": flat(b.grad) if bias else None,
    }


def pool(kind, name, reason, image, sizes):
    x = learnable(*image)
    stride, dilation = sizes["stride"], sizes["dilation"]
    if kind == "max":
        padded = pad(x, sizes, -torch.inf)
        y = functional.max_pool2d(padded, sizes["kernel"], stride, dilation=dilation)
    else:
        real = functional.avg_pool2d(pad(torch.ones_like(x), sizes, 0.0), sizes["kernel"], stride)
        y = functional.avg_pool2d(pad(x, sizes, 0.0), sizes["kernel"], stride) / real
        top, left, bottom, right = sizes["padding"]
        if (top, left) == (bottom, right):
            own = functional.avg_pool2d(
                to_nchw(x), sizes["kernel"], stride, (top, left), count_include_pad=False
            )
            torch.testing.assert_close(y, own)
    y = to_nhwc(y)
    dy = random(*y.shape)
    y.backward(dy)
    return {
        "kind": kind,
        "name": name,
        "reason": reason,
        "image": image,
        "window": sizes,
        "input": flat(x),
        "output": flat(y),
        "output_gradient": flat(dy),
        "input_gradient": flat(x.grad),
    }


def global_avg_pool(name, reason, image):
    x = learnable(*image)
    y = functional.adaptive_avg_pool2d(to_nchw(x), 1).flatten(1)
    dy = random(*y.shape)
    y.backward(dy)
    return {
        "name": name,
        "reason": reason,
        "image": image,
        "input": flat(x),
        "output": flat(y),
        "output_gradient": flat(dy),
        "input_gradient": flat(x.grad),
    }


def batch_norm(name, reason, rows, channels, epsilon, momentum):
    x, scale, shift = learnable(rows, channels), learnable(channels), learnable(channels)
    running_mean, running_variance = random(channels), random(channels).abs() + 0.5
    case = {
        "name": name,
        "reason": reason,
        "rows": rows,
        "channels": channels,
        "epsilon": epsilon,
        "momentum": momentum,
        "input": flat(x),
        "scale": flat(scale),
        "shift": flat(shift),
        "running_mean": flat(running_mean),
        "running_variance": flat(running_variance),
    }
    inference = functional.batch_norm(
        x, running_mean, running_variance, scale, shift, training=False, eps=epsilon
    )
    y = functional.batch_norm(
        x, running_mean, running_variance, scale, shift, training=True, momentum=momentum, eps=epsilon
    )
    dy = random(rows, channels)
    y.backward(dy)
    return case | {
        "inference_output": flat(inference),
        "output": flat(y),
        "running_mean_after": flat(running_mean),
        "running_variance_after": flat(running_variance),
        "output_gradient": flat(dy),
        "input_gradient": flat(x.grad),
        "scale_gradient": flat(scale.grad),
        "shift_gradient": flat(shift.grad),
    }


def dense(name, reason, batch, in_features, out_features):
    x, w, b = learnable(batch, in_features), learnable(in_features, out_features), learnable(out_features)
    y = functional.linear(x, w.T, b)
    dy = random(*y.shape)
    y.backward(dy)
    return {
        "name": name,
        "reason": reason,
        "batch": batch,
        "in_features": in_features,
        "out_features": out_features,
        "input": flat(x),
        "weights": flat(w),
        "bias": flat(b),
        "output": flat(y),
        "output_gradient": flat(dy),
        "input_gradient": flat(x.grad),
        "weight_gradient": flat(w.grad),
        "bias_gradient": flat(b.grad),
    }


def element_wise(name, reason, function, *inputs):
    """`inputs` and their gradients; shapes are those of the inputs."""
    y = function(*inputs)
    dy = random(*y.shape)
    y.backward(dy)
    return {
        "name": name,
        "reason": reason,
        "shapes": [list(x.shape) for x in inputs],
        "inputs": [flat(x) for x in inputs],
        "output": flat(y),
        "output_gradient": flat(dy),
        "input_gradients": [flat(x.grad) for x in inputs],
    }


def loss(name, reason, batch, classes, label_smoothing, scale=1.0):
    logits = (random(batch, classes) * scale).requires_grad_()
    labels = torch.randint(0, classes, (batch,), generator=generator)
    value = functional.cross_entropy(logits, labels, label_smoothing=label_smoothing)
    value.backward()
    return {
        "name": name,
        "reason": reason,
        "batch": batch,
        "classes": classes,
        "label_smoothing": label_smoothing,
        "logits": flat(logits),
        "labels": labels.tolist(),
        "loss": flat(value)[0],
        "correct": int((logits.argmax(1) == labels).sum()),
        "probabilities": flat(logits.softmax(1)),
        "logits_gradient": flat(logits.grad),
    }


def optimizer(name, reason, make, options, steps=4, size=11):
    """The parameters after each step, with fresh gradients at each."""
    parameters = learnable(size)
    optimizer = make([parameters], **options)
    start, gradients, after = flat(parameters), [], []
    for _ in range(steps):
        parameters.grad = random(size)
        gradients.append(flat(parameters.grad))
        optimizer.step()
        after.append(flat(parameters))
    options = {key: list(value) if isinstance(value, tuple) else value for key, value in options.items()}
    return {
        "name": name,
        "reason": reason,
        "options": options,
        "start": start,
        "gradients": gradients,
        "after": after,
    }


def activation(name, reason, function, **settings):
    """Values on both sides of each kink, on the kinks, far away, and at random."""
    kinks = torch.tensor([-20.0, -6.0, -3.0, -0.0, 0.0, 3.0, 6.0, 20.0]).double()
    x = torch.cat([kinks, random(29) * 3]).requires_grad_()
    y = function(x, **settings)
    dy = random(*y.shape)
    y.backward(dy)
    return {
        "name": name,
        "reason": reason,
        "negative_slope": settings.get("negative_slope"),
        "input": flat(x),
        "output": flat(y),
        "output_gradient": flat(dy),
        "input_gradient": flat(x.grad),
    }


def layer_norm(name, reason, rows, channels, epsilon):
    x, scale, shift = learnable(rows, channels), learnable(channels), learnable(channels)
    y = functional.layer_norm(x, [channels], scale, shift, epsilon)
    dy = random(rows, channels)
    y.backward(dy)
    return {
        "name": name,
        "reason": reason,
        "rows": rows,
        "channels": channels,
        "epsilon": epsilon,
        "input": flat(x),
        "scale": flat(scale),
        "shift": flat(shift),
        "output": flat(y),
        "output_gradient": flat(dy),
        "input_gradient": flat(x.grad),
        "scale_gradient": flat(scale.grad),
        "shift_gradient": flat(shift.grad),
    }


def attention(name, reason, image, heads, patch):
    """MobileViT's unfolding, PyTorch's attention, and the folding back."""
    batch, height, width, channels = image
    rows, columns, size = height // patch[0], width // patch[1], channels // 3 // heads
    x = learnable(*image)
    split = x.reshape(batch, rows, patch[0], columns, patch[1], 3, heads, size)
    # Queries, keys and values: [batch, place within the patch (2), heads, patch (2), size].
    tokens = split.permute(5, 0, 2, 4, 6, 1, 3, 7).flatten(5, 6)
    y = functional.scaled_dot_product_attention(*tokens)
    y = y.unflatten(4, (rows, columns)).permute(0, 4, 1, 5, 2, 3, 6)
    y = y.reshape(batch, height, width, channels // 3)
    dy = random(*y.shape)
    y.backward(dy)
    return {
        "name": name,
        "reason": reason,
        "image": image,
        "heads": heads,
        "patch": patch,
        "input": flat(x),
        "output": flat(y),
        "output_gradient": flat(dy),
        "input_gradient": flat(x.grad),
    }


def rearrangement(name, reason, image, function, *factor):
    """An operator without parameters on one batch of images."""
    x = learnable(*image)
    y = function(x)
    dy = random(*y.shape)
    y.backward(dy)
    return {
        "name": name,
        "reason": reason,
        "image": image,
        "factor": factor,
        "input": flat(x),
        "output": flat(y),
        "output_gradient": flat(dy),
        "input_gradient": flat(x.grad),
    }


def channel_shuffle(groups):
    return lambda x: to_nhwc(functional.channel_shuffle(to_nchw(x), groups))


def upsample(vertical, horizontal):
    return lambda x: to_nhwc(functional.interpolate(to_nchw(x), scale_factor=(vertical, horizontal)))


def downsample(vertical, horizontal):
    return lambda x: x[:, ::vertical, ::horizontal]


def mixture(name, reason, count, size):
    inputs, alpha = [learnable(size) for _ in range(count)], learnable(count)
    y = sum(weight * x for weight, x in zip(alpha.softmax(0), inputs))
    dy = random(size)
    y.backward(dy)
    return {
        "name": name,
        "reason": reason,
        "inputs": [flat(x) for x in inputs],
        "alpha": flat(alpha),
        "output": flat(y),
        "output_gradient": flat(dy),
        "input_gradients": [flat(x.grad) for x in inputs],
        "alpha_gradient": flat(alpha.grad),
    }


def meta_conv2d(name, reason, image, out_channels, sizes, groups=1):
    """The weighted sum of as many convolutions as there are sizes, each with the centre of the large kernel."""
    largest = sizes[-1]
    x = learnable(*image)
    w = learnable(largest, largest, image[3] // groups, out_channels)
    b, alpha = learnable(out_channels), learnable(len(sizes))
    y = b
    for size, weight in zip(sizes, alpha.softmax(0)):
        border = (largest - size) // 2
        centre = w[border : largest - border, border : largest - border]
        part = functional.conv2d(to_nchw(x), centre.permute(3, 2, 0, 1), padding=size // 2, groups=groups)
        y = y + weight * to_nhwc(part)
    dy = random(*y.shape)
    y.backward(dy)
    return {
        "name": name,
        "reason": reason,
        "image": image,
        "out_channels": out_channels,
        "sizes": sizes,
        "groups": groups,
        "input": flat(x),
        "weights": flat(w),
        "bias": flat(b),
        "alpha": flat(alpha),
        "output": flat(y),
        "output_gradient": flat(dy),
        "input_gradient": flat(x.grad),
        "weight_gradient": flat(w.grad),
        "bias_gradient": flat(b.grad),
        "alpha_gradient": flat(alpha.grad),
    }


def conv1d(name, reason, batch, length, in_channels, out_channels, kernel, stride, padding):
    """A series [batch, length, channels]; weights [kernel, in_channels, out_channels]."""
    x, w = learnable(batch, length, in_channels), learnable(kernel, in_channels, out_channels)
    b = learnable(out_channels)
    y = functional.conv1d(x.transpose(1, 2), w.permute(2, 1, 0), b, stride, padding).transpose(1, 2)
    dy = random(*y.shape)
    y.backward(dy)
    return {
        "name": name,
        "reason": reason,
        "image": [batch, 1, length, in_channels],
        "out_channels": out_channels,
        "groups": 1,
        "window": window([1, kernel], [1, stride], padding=[0, padding, 0, padding]),
        "input": flat(x),
        "weights": flat(w),
        "bias": flat(b),
        "output": flat(y),
        "output_gradient": flat(dy),
        "input_gradient": flat(x.grad),
        "weight_gradient": flat(w.grad),
        "bias_gradient": flat(b.grad),
    }


def main():
    write(
        "conv2d",
        [
            conv2d("same-3x3", "the usual layer", [2, 4, 5, 3], 10, window([3, 3], padding=[1, 1, 1, 1])),
            conv2d("one-channel", "the first layer of grey images", [2, 5, 5, 1], 4, window([3, 3])),
            conv2d("pointwise", "1x1 needs no padding and no copy", [3, 3, 2, 12], 9, window([1, 1]), bias=False),
            conv2d(
                "stride-2",
                "the input gradient falls into four phases",
                [2, 7, 6, 3],
                5,
                window([3, 3], stride=[2, 2], padding=[1, 1, 1, 1]),
            ),
            conv2d(
                "stride-3-dilation-2",
                "stride and dilation without a common divisor",
                [1, 9, 8, 2],
                3,
                window([3, 2], stride=[3, 3], dilation=[2, 2], padding=[2, 1, 2, 1]),
            ),
            conv2d(
                "stride-2-dilation-2",
                "taps of one phase only: odd pixels are never read",
                [1, 7, 7, 2],
                3,
                window([3, 3], stride=[2, 2], dilation=[2, 2], padding=[2, 2, 2, 2]),
            ),
            conv2d(
                "asymmetric",
                "each side of the padding, each axis of the window on its own",
                [2, 5, 4, 2],
                3,
                window([2, 3], stride=[2, 1], dilation=[1, 2], padding=[0, 3, 2, 1]),
            ),
            conv2d(
                "groups",
                "each group sees only its own channels",
                [2, 4, 4, 6],
                9,
                window([3, 3], padding=[1, 1, 1, 1]),
                groups=3,
            ),
            conv2d(
                "depthwise",
                "the path of its own, with full and single lanes",
                [2, 5, 4, 13],
                13,
                window([3, 3], padding=[1, 1, 1, 1]),
                groups=13,
            ),
            conv2d(
                "depthwise-stride-2",
                "stride, dilation and uneven padding on the depthwise path",
                [2, 6, 7, 5],
                5,
                window([3, 3], stride=[2, 2], dilation=[1, 2], padding=[0, 2, 1, 1]),
                groups=5,
            ),
            conv2d(
                "kernel-larger-than-image",
                "most taps lie in the padding",
                [2, 2, 1, 3],
                4,
                window([5, 5], padding=[2, 2, 2, 2]),
            ),
        ],
    )
    write(
        "pool",
        [
            pool("max", "halving", "the usual layer", [2, 4, 6, 3], window([2, 2], stride=[2, 2])),
            pool(
                "max",
                "overlapping",
                "windows share inputs and reach into the padding; 1/16 steps make ties",
                [2, 5, 5, 9],
                window([3, 3], stride=[1, 2], padding=[1, 1, 1, 1]),
            ),
            pool(
                "max",
                "dilated",
                "taps two pixels apart",
                [1, 6, 5, 2],
                window([2, 2], dilation=[2, 2], padding=[0, 1, 1, 0]),
            ),
            pool("avg", "halving", "the usual layer", [2, 4, 6, 3], window([2, 2], stride=[2, 2])),
            pool(
                "avg",
                "same",
                "padding does not count",
                [2, 4, 3, 9],
                window([3, 3], padding=[1, 1, 1, 1]),
            ),
            pool(
                "avg",
                "asymmetric",
                "uneven padding and stride",
                [1, 5, 6, 2],
                window([3, 2], stride=[2, 3], padding=[0, 1, 2, 0]),
            ),
        ],
    )
    write(
        "global_avg_pool",
        [
            global_avg_pool("seven-by-seven", "the end of most networks", [2, 7, 7, 5]),
            global_avg_pool("one-pixel", "nothing to average", [3, 1, 1, 2]),
        ],
    )
    write(
        "batch_norm",
        [
            batch_norm("usual", "PyTorch's defaults, full and single lanes", 18, 13, 1e-5, 0.1),
            batch_norm("many-rows", "more rows than one partial sum", 150, 2, 1e-3, 0.01),
            batch_norm("two-rows", "the unbiased variance is twice the biased one", 2, 4, 1e-5, 1.0),
        ],
    )
    write(
        "dense",
        [
            dense("classifier", "ten classes: a full panel and a small one", 5, 12, 10),
            dense("single", "all sizes one", 1, 1, 1),
            dense("wide", "one row of many outputs", 1, 3, 21),
        ],
    )
    write(
        "element_wise",
        [
            element_wise("relu", "half of the values are cut", torch.relu, learnable(37)),
            element_wise("add", "two summands", torch.add, learnable(19), learnable(19)),
            element_wise(
                "concat",
                "parts of different widths",
                lambda *parts: torch.cat(parts, 1),
                learnable(4, 3),
                learnable(4, 1),
                learnable(4, 5),
            ),
        ],
    )
    write(
        "softmax_cross_entropy",
        [
            loss("plain", "no smoothing", 6, 10, 0.0),
            loss("smoothed", "label smoothing 0.1", 6, 10, 0.1),
            loss("steep", "logits up to 80, whose exponentials overflow", 4, 7, 0.05, scale=40.0),
        ],
    )
    write(
        "optimizers",
        [
            optimizer("sgd", "plain gradient descent", torch.optim.SGD, {"lr": 0.1}),
            optimizer(
                "sgd-momentum",
                "momentum with coupled weight decay",
                torch.optim.SGD,
                {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01},
            ),
            optimizer(
                "sgd-nesterov",
                "Nesterov momentum with coupled weight decay",
                torch.optim.SGD,
                {"lr": 0.05, "momentum": 0.8, "weight_decay": 0.1, "nesterov": True},
            ),
            optimizer(
                "adamw",
                "PyTorch's defaults but for the rate",
                torch.optim.AdamW,
                {"lr": 0.01, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01},
            ),
            optimizer(
                "adamw-strong-decay",
                "decay strong enough to be seen in each step",
                torch.optim.AdamW,
                {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.5},
            ),
        ],
    )
    write(
        "activations",
        [
            activation("relu", "cut at 0", functional.relu),
            activation("relu6", "cut at 0 and at 6", functional.relu6),
            activation("leaky-relu", "a steep one", functional.leaky_relu, negative_slope=0.25),
            activation("silu", "the input times its sigmoid", functional.silu),
            activation("gelu", "exact, with the error function", functional.gelu),
            activation("hard-swish", "a silu of straight lines and a parabola", functional.hardswish),
            activation("hard-sigmoid", "cut at -3 and at 3", functional.hardsigmoid),
            activation("sigmoid", "the logistic function", torch.sigmoid),
            activation("tanh", "odd, between -1 and 1", torch.tanh),
        ],
    )
    write(
        "layer_norm",
        [
            layer_norm("usual", "PyTorch's default, full and single lanes", 18, 13, 1e-5),
            layer_norm("many-rows", "more rows than one partial sum", 150, 3, 1e-3),
            layer_norm("many-channels", "more channels than partial sums", 2, 37, 1e-5),
            layer_norm("two-channels", "the smallest variance there is", 5, 2, 0.25),
        ],
    )
    write(
        "attention",
        [
            attention("one-head", "all pixels attend to each other", [2, 3, 4, 15], 1, [1, 1]),
            attention("heads", "each head has its own channels", [2, 4, 3, 48], 2, [1, 1]),
            attention("one-channel", "a single number for each query", [1, 3, 3, 3], 1, [1, 1]),
            attention("patch", "pixels at the same place within 2x2 patches", [2, 6, 4, 24], 2, [2, 2]),
            attention("uneven-patch", "patches higher than wide", [1, 6, 3, 12], 2, [3, 1]),
            attention("one-pixel", "attends to itself alone", [3, 1, 1, 6], 2, [1, 1]),
        ],
    )
    write(
        "multiply",
        [
            element_wise("equal", "both of one shape", torch.mul, learnable(2, 3, 3, 5), learnable(2, 3, 3, 5)),
            element_wise(
                "gate", "one number for each channel", torch.mul, learnable(3, 5, 2, 13), learnable(3, 1, 1, 13)
            ),
            element_wise(
                "many-pixels", "more than one partial sum", torch.mul, learnable(1, 9, 9, 3), learnable(1, 1, 1, 3)
            ),
        ],
    )
    write(
        "rearrangements",
        [
            rearrangement("channel-shuffle", "ShuffleNet's", [2, 3, 2, 12], channel_shuffle(3), 3),
            rearrangement("channel-shuffle", "as many groups as pairs", [1, 2, 2, 6], channel_shuffle(2), 2),
            rearrangement("upsample", "doubling", [2, 3, 2, 5], upsample(2, 2), 2, 2),
            rearrangement("upsample", "each axis on its own", [1, 2, 3, 9], upsample(1, 3), 1, 3),
            rearrangement("downsample", "halving, odd and even sizes", [2, 5, 4, 5], downsample(2, 2), 2, 2),
            rearrangement("downsample", "a factor above the size", [1, 2, 7, 3], downsample(5, 3), 5, 3),
        ],
    )
    write(
        "mixture",
        [
            mixture("three", "full and single lanes", 3, 37),
            mixture("one", "a weight of one, whose gradient is none", 1, 5),
        ],
    )
    write(
        "meta_conv2d",
        [
            meta_conv2d("three-sizes", "as many convolutions as sizes are one", [2, 6, 5, 3], 4, [3, 5, 7]),
            meta_conv2d("depthwise", "the path of its own", [1, 4, 4, 5], 5, [1, 3, 5], groups=5),
            meta_conv2d("one-size", "an ordinary convolution", [1, 4, 3, 2], 3, [3]),
        ],
    )
    write(
        "conv1d",
        [
            conv1d("same", "the usual layer of a series", 2, 11, 3, 5, 5, 1, 2),
            conv1d("stride-2", "every second value", 2, 12, 2, 3, 3, 2, 1),
            conv1d("eleven", "a long kernel", 1, 16, 1, 4, 11, 1, 5),
        ],
    )


if __name__ == "__main__":
    main()
