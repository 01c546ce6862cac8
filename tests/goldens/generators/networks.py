"""What a network of docs/network-format.md computes, said in PyTorch. The scripts beside this one use it.

Values are [batch, channels, height, width], weights are in PyTorch's order, by path (conv1.weight); both float64.
"""

import torch
import torch.nn.functional as functional


def pair(value):
    return [value, value] if isinstance(value, int) else value


def insets(layer, kernel, default):
    """Rows and columns added above, to the left, below, and to the right."""
    padding = layer.get("padding", default)
    if padding == "valid":
        return [0, 0, 0, 0]
    if padding == "same":
        added = [dilation * (size - 1) for dilation, size in zip(pair(layer.get("dilation", 1)), kernel)]
        before = [rows // 2 for rows in added]
        return before + [rows - half for rows, half in zip(added, before)]
    if isinstance(padding, int) or len(padding) == 2:
        return pair(padding) * 2
    return padding


def padded(x, layer, kernel, default, value):
    top, left, bottom, right = insets(layer, kernel, default)
    return functional.pad(x, (left, right, top, bottom), value=value)


def convolution(x, layer, weight, bias):
    kernel = weight.shape[2:]
    return functional.conv2d(
        padded(x, layer, kernel, "same", 0.0),
        weight,
        bias,
        stride=pair(layer.get("stride", 1)),
        dilation=pair(layer.get("dilation", 1)),
        groups=layer.get("groups", 1),
    )


def meta_kernel(sizes, weight, alpha):
    """The mixture of the centres of one kernel."""
    largest, mixed = sizes[-1], 0.0
    for size, share in zip(sizes, alpha.softmax(0)):
        border = (largest - size) // 2
        centre = weight[:, :, border : largest - border, border : largest - border]
        mixed = mixed + share * functional.pad(centre, [border] * 4)
    return mixed


def avg_pool(x, layer):
    """The mean of the real pixels under each window."""
    kernel = pair(layer["kernel"])
    stride = pair(layer.get("stride", kernel))
    total = functional.avg_pool2d(padded(x, layer, kernel, "valid", 0.0), kernel, stride)
    return total / functional.avg_pool2d(padded(torch.ones_like(x), layer, kernel, "valid", 0.0), kernel, stride)


def max_pool(x, layer):
    kernel = pair(layer["kernel"])
    return functional.max_pool2d(
        padded(x, layer, kernel, "valid", -torch.inf), kernel, pair(layer.get("stride", kernel))
    )


def attention(x, heads, patch):
    """MobileViT's unfolding, PyTorch's attention, and the folding back."""
    batch, channels, height, width = x.shape
    rows, columns = height // patch[0], width // patch[1]
    split = x.reshape(batch, 3, heads, channels // 3 // heads, rows, patch[0], columns, patch[1])
    # Queries, keys and values: [batch, place within the patch (2), heads, patch (2), channels of a head].
    tokens = split.permute(1, 0, 5, 7, 2, 4, 6, 3).flatten(5, 6)
    y = functional.scaled_dot_product_attention(*tokens)
    y = y.unflatten(4, (rows, columns)).permute(0, 3, 6, 4, 1, 5, 2)
    return y.reshape(batch, channels // 3, height, width)


def apply(layer, inputs, values, weights, training):
    """The output of one layer; `values` are those of the layers before, by name."""

    def parameter(suffix):
        return weights.get(f"{layer['name']}.{suffix}")

    x = values[inputs[0]]
    match layer["op"]:
        case "conv2d":
            return convolution(x, layer, parameter("weight"), parameter("bias"))
        case "meta-conv2d":
            kernel = meta_kernel(layer["sizes"], parameter("weight"), parameter("alpha"))
            return convolution(x, layer, kernel, parameter("bias"))
        case "dense":
            return functional.linear(x.flatten(1), parameter("weight"), parameter("bias"))[:, :, None, None]
        case "batch-norm":
            return functional.batch_norm(
                x,
                parameter("running_mean"),
                parameter("running_var"),
                parameter("weight"),
                parameter("bias"),
                training=training,
                momentum=layer.get("momentum", 0.1),
                eps=layer.get("epsilon", 1e-5),
            )
        case "layer-norm":
            scale, shift = parameter("weight"), parameter("bias")
            y = functional.layer_norm(x.movedim(1, 3), [x.shape[1]], scale, shift, layer.get("epsilon", 1e-5))
            return y.movedim(3, 1)
        case "relu":
            return functional.relu(x)
        case "relu6":
            return functional.relu6(x)
        case "leaky-relu":
            return functional.leaky_relu(x, layer.get("negative_slope", 0.01))
        case "silu":
            return functional.silu(x)
        case "gelu":
            return functional.gelu(x)
        case "hard-swish":
            return functional.hardswish(x)
        case "hard-sigmoid":
            return functional.hardsigmoid(x)
        case "sigmoid":
            return torch.sigmoid(x)
        case "tanh":
            return torch.tanh(x)
        case "max-pool":
            return max_pool(x, layer)
        case "avg-pool":
            return avg_pool(x, layer)
        case "global-avg-pool":
            return x.mean((2, 3), keepdim=True)
        case "attention":
            return attention(x, layer.get("heads", 1), pair(layer.get("patch", 1)))
        case "add":
            return sum(values[name] for name in inputs)
        case "multiply":
            return x * values[inputs[1]]
        case "mixture":
            return sum(share * values[name] for share, name in zip(parameter("alpha").softmax(0), inputs))
        case "concat":
            return torch.cat([values[name] for name in inputs], 1)
        case "channel-shuffle":
            return functional.channel_shuffle(x, layer["groups"])
        case "upsample":
            return functional.interpolate(x, scale_factor=tuple(pair(layer.get("factor", 2))))
        case "downsample":
            vertical, horizontal = pair(layer.get("factor", 2))
            return x[:, :, ::vertical, ::horizontal]
        case "zero":
            vertical, horizontal = pair(layer.get("stride", 1))
            return torch.zeros_like(x[:, :, ::vertical, ::horizontal])
        case "identity":
            return x
        case "dropout":
            assert not training or layer["probability"] == 0, "what is dropped is drawn by the engine alone"
            return x
        case other:
            raise ValueError(f"no operator '{other}'")


def connected(network):
    """Each layer with the names of its inputs, without the layers that the output does not depend on."""
    layers, previous = [], "input"
    for place, layer in enumerate(network["layers"], 1):
        layer = {"name": f"{layer['op']}-{place}"} | layer
        layers.append((layer, layer.get("inputs", [previous])))
        previous = layer["name"]
    live, kept = {previous}, []
    for layer, inputs in reversed(layers):
        if layer["name"] in live:
            live.update(inputs)
            kept.append((layer, inputs))
    return kept[::-1]


def forward(network, weights, images, training):
    """The logits [batch, classes]. In training, running statistics are brought up to date."""
    values, name = {"input": images}, "input"
    for layer, inputs in connected(network):
        name = layer["name"]
        values[name] = apply(layer, inputs, values, weights, training)
    return values[name].flatten(1)
