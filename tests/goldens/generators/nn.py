"""Writes tests/goldens/nn/*.json: what PyTorch says about whole trainings.

Run it from anywhere: python tests/goldens/generators/nn.py

For each network: initial weights, ten batches, the gradient of every parameter in the first step, and for each recipe the
loss of ten steps, the weights after them and the loss in inference mode. Everything is computed in float64 and rounded
to float32. Inputs are multiples of 1/16, initial weights are float32: both are exact. Weights are in PyTorch's order,
images are [batch, height, width, channels].
"""

import json
import math
import pathlib
import platform

import torch
import torch.nn.functional as functional

from networks import apply, forward, pair
from training import flat, named, train

SEED = 20_26
GOLDENS = pathlib.Path(__file__).resolve().parent.parent / "nn"
GENERATED_BY = (
    f"tests/goldens/generators/nn.py, torch {torch.__version__.split('+')[0]}, "
    f"python {platform.python_version()}, seed {SEED}"
)
STEPS = 10
BATCH_SIZE = 8
CLASSES = 4

PLAIN = {
    "input": [1, 8, 8],
    "layers": [
        {"name": "conv1", "op": "conv2d", "out_channels": 6, "kernel": 3, "bias": False},
        {"name": "norm1", "op": "batch-norm"},
        {"name": "relu1", "op": "relu"},
        {"name": "pool1", "op": "max-pool", "kernel": 2},
        {"name": "conv2", "op": "conv2d", "out_channels": 6, "kernel": 3, "groups": 6, "bias": False},
        {"name": "conv3", "op": "conv2d", "out_channels": 10, "kernel": 1, "bias": False},
        {"name": "norm2", "op": "batch-norm", "epsilon": 0.001, "momentum": 0.3},
        {"name": "relu2", "op": "relu"},
        {"name": "pool2", "op": "avg-pool", "kernel": 3, "stride": 2, "padding": "same"},
        {"name": "head", "op": "dense", "out_features": CLASSES},
    ],
}

# A residual connection around a fire module (Iandola et al. 2016).
FIRE = {
    "input": [2, 9, 7],
    "layers": [
        {"name": "stem", "op": "conv2d", "out_channels": 8, "kernel": [3, 5], "stride": 2},
        {"name": "stem-relu", "op": "relu"},
        {"name": "squeeze", "op": "conv2d", "out_channels": 3, "kernel": 1},
        {"name": "squeeze-relu", "op": "relu"},
        {"name": "expand-1", "op": "conv2d", "out_channels": 4, "kernel": 1},
        {"name": "expand-3", "op": "conv2d", "out_channels": 4, "kernel": 3, "inputs": ["squeeze-relu"]},
        {"name": "expand", "op": "concat", "inputs": ["expand-1", "expand-3"]},
        {"name": "sum", "op": "add", "inputs": ["stem-relu", "expand"]},
        {"name": "sum-relu", "op": "relu"},
        {"name": "last", "op": "conv2d", "out_channels": CLASSES, "kernel": 2, "padding": "valid"},
        {"name": "mean", "op": "global-avg-pool"},
    ],
}

# MobileNetV3's block (Howard et al. 2019): expansion, depthwise convolution, squeeze-excite, projection, and a sum.
INVERTED_RESIDUAL = {
    "input": [1, 9, 8],
    "layers": [
        {"name": "stem", "op": "conv2d", "out_channels": 4, "kernel": 3, "stride": 2, "bias": False},
        {"name": "stem-norm", "op": "batch-norm"},
        {"name": "stem-act", "op": "hard-swish"},
        {"name": "expand", "op": "conv2d", "out_channels": 8, "kernel": 1, "bias": False},
        {"name": "expand-norm", "op": "batch-norm"},
        {"name": "expand-act", "op": "relu6"},
        {"name": "depthwise", "op": "conv2d", "out_channels": 8, "kernel": 3, "groups": 8, "bias": False},
        {"name": "depthwise-norm", "op": "batch-norm"},
        {"name": "depthwise-act", "op": "hard-swish"},
        {"name": "squeeze", "op": "global-avg-pool"},
        {"name": "reduce", "op": "conv2d", "out_channels": 3, "kernel": 1},
        {"name": "reduce-act", "op": "relu"},
        {"name": "excite", "op": "conv2d", "out_channels": 8, "kernel": 1},
        {"name": "gate", "op": "hard-sigmoid"},
        {"name": "gated", "op": "multiply", "inputs": ["depthwise-act", "gate"]},
        {"name": "project", "op": "conv2d", "out_channels": 4, "kernel": 1, "bias": False},
        {"name": "project-norm", "op": "batch-norm"},
        {"name": "sum", "op": "add", "inputs": ["stem-act", "project-norm"]},
        {"name": "pool", "op": "avg-pool", "kernel": 2, "padding": [0, 0, 1, 0]},
        {"name": "head", "op": "dense", "out_features": CLASSES},
    ],
}

# A transformer's block with two heads, then attention within patches (Mehta and Rastegari 2022). Without biases for the
# queries, keys and values: the softmax takes no notice of a bias of the keys, and AdamW makes updates of its rounding errors.
HYBRID = {
    "input": [2, 4, 6],
    "layers": [
        {"name": "embed", "op": "conv2d", "out_channels": 6, "kernel": 3},
        {"name": "embed-act", "op": "gelu"},
        {"name": "norm1", "op": "layer-norm"},
        {"name": "qkv", "op": "conv2d", "out_channels": 12, "kernel": 1, "bias": False},
        {"name": "heads", "op": "attention", "heads": 2},
        {"name": "project", "op": "conv2d", "out_channels": 6, "kernel": 1},
        {"name": "attended", "op": "add", "inputs": ["embed-act", "project"]},
        {"name": "norm2", "op": "layer-norm", "epsilon": 0.001},
        {"name": "widen", "op": "conv2d", "out_channels": 8, "kernel": 1},
        {"name": "widen-act", "op": "silu"},
        {"name": "narrow", "op": "conv2d", "out_channels": 6, "kernel": 1},
        {"name": "block", "op": "add", "inputs": ["attended", "narrow"]},
        {"name": "patch-qkv", "op": "conv2d", "out_channels": 9, "kernel": 1, "bias": False},
        {"name": "patches", "op": "attention", "patch": 2},
        {"name": "fold", "op": "concat", "inputs": ["block", "patches"]},
        {"name": "mean", "op": "global-avg-pool"},
        {"name": "head", "op": "dense", "out_features": CLASSES},
    ],
}

# What super-networks are made of: a choice between operators, kernels of several sizes, and paths at two resolutions.
SUPER = {
    "input": [2, 6, 5],
    "layers": [
        {"name": "stem", "op": "conv2d", "out_channels": 6, "kernel": 3},
        {"name": "stem-act", "op": "leaky-relu", "negative_slope": 0.2},
        {"name": "meta", "op": "meta-conv2d", "out_channels": 6, "sizes": [1, 3, 5], "groups": 2},
        {"name": "skip", "op": "identity", "inputs": ["stem-act"]},
        {"name": "none", "op": "zero", "inputs": ["stem-act"]},
        {"name": "max", "op": "max-pool", "kernel": 3, "stride": 1, "padding": "same", "inputs": ["stem-act"]},
        {"name": "choice", "op": "mixture", "inputs": ["meta", "skip", "none", "max"]},
        {"name": "shuffle", "op": "channel-shuffle", "groups": 3},
        {"name": "squash", "op": "tanh"},
        {"name": "down", "op": "downsample"},
        {"name": "coarse", "op": "conv2d", "out_channels": 6, "kernel": [3, 2], "dilation": [1, 2], "groups": 3},
        {"name": "coarse-act", "op": "sigmoid"},
        {"name": "up", "op": "upsample", "factor": [2, 1]},
        {"name": "fine", "op": "conv2d", "out_channels": 6, "kernel": [1, 3], "padding": "valid", "inputs": ["squash"]},
        {"name": "both", "op": "multiply", "inputs": ["fine", "up"]},
        {"name": "both-act", "op": "relu6"},
        {"name": "none2", "op": "zero", "stride": [2, 1], "inputs": ["both"]},
        {"name": "half", "op": "max-pool", "kernel": [2, 1], "stride": [2, 1], "inputs": ["both-act"]},
        {"name": "choice2", "op": "mixture", "inputs": ["half", "none2", "half"]},
        {"name": "cut", "op": "hard-sigmoid"},
        {"name": "head", "op": "dense", "out_features": CLASSES},
    ],
}

RECIPES = [
    {
        "batch_size": BATCH_SIZE,
        "optimizer": {"kind": "sgd", "momentum": 0.9, "nesterov": False, "weight_decay": 0.01},
        "learning_rate": 0.1,
        "warmup_epochs": 0.3,
        "horizon_epochs": 2,
        "label_smoothing": 0.0,
    },
    {
        "batch_size": BATCH_SIZE,
        "optimizer": {"kind": "sgd", "momentum": 0.8, "nesterov": True, "weight_decay": 0.001},
        "learning_rate": 0.05,
        "warmup_epochs": 0.0,
        "horizon_epochs": 1,
        "label_smoothing": 0.1,
    },
    {
        "batch_size": BATCH_SIZE,
        "optimizer": {"kind": "adam-w", "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.05},
        "learning_rate": 0.01,
        "warmup_epochs": 0.3,
        "horizon_epochs": 3,
        "label_smoothing": 0.1,
    },
]

CLIPPED_RECIPES = [
    {**RECIPES[0], "clip_norm": 0.5},
    {**RECIPES[2], "schedule": {"kind": "constant"}, "clip_norm": 1.0},
]

generator = torch.Generator().manual_seed(SEED)


def initial_weights(network):
    """Weights as float32 values in float64 tensors, by path."""
    weights, shapes, previous = {}, {"input": network["input"]}, "input"
    for layer in network["layers"]:
        name, inputs = layer["name"], layer.get("inputs", [previous])
        channels, height, width = shapes[inputs[0]]
        if layer["op"] in ("conv2d", "meta-conv2d"):
            kernel = pair(layer["kernel"] if layer["op"] == "conv2d" else layer["sizes"][-1])
            shape = [layer["out_channels"], channels // layer.get("groups", 1), *kernel]
            weights[f"{name}.weight"] = torch.randn(shape, generator=generator) / math.sqrt(math.prod(shape[1:]))
            if layer.get("bias", True):
                weights[f"{name}.bias"] = torch.randn(shape[0], generator=generator) / 4
        elif layer["op"] == "dense":
            features = channels * height * width
            weights[f"{name}.weight"] = torch.randn([layer["out_features"], features], generator=generator) / 8
            weights[f"{name}.bias"] = torch.randn(layer["out_features"], generator=generator) / 4
        elif layer["op"] in ("batch-norm", "layer-norm"):
            weights[f"{name}.weight"] = 1 + torch.randn(channels, generator=generator) / 4
            weights[f"{name}.bias"] = torch.randn(channels, generator=generator) / 4
        if layer["op"] in ("meta-conv2d", "mixture"):
            parts = len(layer.get("sizes", inputs))
            weights[f"{name}.alpha"] = torch.randn(parts, generator=generator) / 4
        if layer["op"] == "batch-norm":
            weights[f"{name}.running_mean"] = torch.zeros(channels)
            weights[f"{name}.running_var"] = torch.ones(channels)
        example = {tensor: torch.zeros(2, *shapes[tensor]).double() for tensor in inputs}
        parameters = {path: tensor.double() for path, tensor in weights.items()}
        shapes[name] = list(apply(layer, inputs, example, parameters, training=False).shape[1:])
        previous = name
    return {path: tensor.double() for path, tensor in weights.items()}


def run(network, recipe, initial, batches):
    losses, gradients, weights = train(network, recipe, initial, batches)
    images, labels = batches[0]
    validation = functional.cross_entropy(forward(network, weights, images, training=False), labels)
    return {
        "recipe": recipe,
        "losses": losses,
        "gradients": named(gradients),
        "weights": named(weights),
        "validation_loss": validation.item(),
    }


def golden(name, network, recipes=RECIPES):
    initial = initial_weights(network)
    batches = [
        (
            torch.randint(-32, 33, (BATCH_SIZE, *network["input"]), generator=generator).double() / 16,
            torch.randint(0, CLASSES, (BATCH_SIZE,), generator=generator),
        )
        for _ in range(STEPS)
    ]
    content = {
        "__generated_by__": GENERATED_BY,
        "network": network,
        "initial_weights": named(initial),
        "batches": [
            {"images": flat(images.permute(0, 2, 3, 1)), "labels": flat(labels)} for images, labels in batches
        ],
        "runs": [run(network, recipe, initial, batches) for recipe in recipes],
    }
    GOLDENS.mkdir(exist_ok=True)
    # One line for each field, recipe and tensor.
    text = json.dumps(content, separators=(",", ":"))
    for start in ['"network":', '"initial_weights":', '"batches":', '"runs":', '{"path":', '{"images":', '{"recipe":']:
        text = text.replace(start, "\n" + start)
    (GOLDENS / f"{name}.json").write_text(text + "\n")


golden("plain", PLAIN)
golden("fire", FIRE)
golden("clipped", PLAIN, CLIPPED_RECIPES)
golden("inverted-residual", INVERTED_RESIDUAL)
golden("hybrid", HYBRID)
golden("super", SUPER)
