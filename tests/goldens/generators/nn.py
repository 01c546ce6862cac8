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

import numpy
import torch
import torch.nn.functional as functional

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


def flat(tensor):
    """The elements in order, as the shortest decimals that give the same float32."""
    values = tensor.detach().contiguous().flatten().numpy()
    if values.dtype.kind != "f":
        return values.tolist()
    return [float(str(value)) for value in values.astype(numpy.float32)]


def named(tensors):
    return [
        {"path": path, "shape": list(tensor.shape), "values": flat(tensor)} for path, tensor in tensors.items()
    ]


def pair(value):
    return [value, value] if isinstance(value, int) else value


def padding(layer, default):
    kernel = pair(layer["kernel"])
    if layer.get("padding", default) == "valid":
        return [0, 0]
    assert all(size % 2 == 1 for size in kernel), "even kernels would need padding on one side only"
    return [size // 2 for size in kernel]


def initial_weights(network):
    """Weights as float32 values in float64 tensors, by path."""
    weights, shapes, previous = {}, {"input": network["input"]}, "input"
    for layer in network["layers"]:
        name, inputs = layer["name"], layer.get("inputs", [previous])
        channels, height, width = shapes[inputs[0]]
        if layer["op"] == "conv2d":
            kernel = pair(layer["kernel"])
            shape = [layer["out_channels"], channels // layer.get("groups", 1), *kernel]
            weights[f"{name}.weight"] = torch.randn(shape, generator=generator) / math.sqrt(math.prod(shape[1:]))
            if layer.get("bias", True):
                weights[f"{name}.bias"] = torch.randn(shape[0], generator=generator) / 4
        elif layer["op"] == "dense":
            features = channels * height * width
            weights[f"{name}.weight"] = torch.randn([layer["out_features"], features], generator=generator) / 8
            weights[f"{name}.bias"] = torch.randn(layer["out_features"], generator=generator) / 4
        elif layer["op"] == "batch-norm":
            weights[f"{name}.weight"] = 1 + torch.randn(channels, generator=generator) / 4
            weights[f"{name}.bias"] = torch.randn(channels, generator=generator) / 4
            weights[f"{name}.running_mean"] = torch.zeros(channels)
            weights[f"{name}.running_var"] = torch.ones(channels)
        example = {tensor: torch.zeros(2, *shapes[tensor]).double() for tensor in inputs}
        parameters = {path: tensor.double() for path, tensor in weights.items()}
        shapes[name] = list(apply(layer, inputs, example, parameters, training=False).shape[1:])
        previous = name
    return {path: tensor.double() for path, tensor in weights.items()}


def apply(layer, inputs, values, weights, training):
    def parameter(suffix):
        return weights.get(f"{layer['name']}.{suffix}")

    x = values[inputs[0]]
    match layer["op"]:
        case "conv2d":
            return functional.conv2d(
                x,
                parameter("weight"),
                parameter("bias"),
                stride=pair(layer.get("stride", 1)),
                padding=padding(layer, "same"),
                groups=layer.get("groups", 1),
            )
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
        case "relu":
            return functional.relu(x)
        case "max-pool":
            return functional.max_pool2d(x, layer["kernel"], layer.get("stride"), padding(layer, "valid"))
        case "avg-pool":
            return functional.avg_pool2d(
                x, layer["kernel"], layer.get("stride"), padding(layer, "valid"), count_include_pad=False
            )
        case "global-avg-pool":
            return x.mean((2, 3), keepdim=True)
        case "add":
            return sum(values[name] for name in inputs)
        case "concat":
            return torch.cat([values[name] for name in inputs], 1)


def forward(network, weights, images, training):
    values, previous = {"input": images}, "input"
    for layer in network["layers"]:
        name = layer["name"]
        values[name] = apply(layer, layer.get("inputs", [previous]), values, weights, training)
        previous = name
    return values[previous].flatten(1)


def learning_rate(recipe, step):
    warmup = int(recipe["warmup_epochs"] * STEPS + 0.5)
    if step < warmup:
        return recipe["learning_rate"] * (step + 1) / (warmup + 1)
    if "schedule" in recipe:
        assert recipe["schedule"]["kind"] == "constant", "schedules.py has the others"
        return recipe["learning_rate"]
    progress = (step - warmup) / (recipe["horizon_epochs"] * STEPS - warmup)
    return recipe["learning_rate"] * (1 + math.cos(math.pi * progress)) / 2


def optimizer(recipe, weights):
    trained = {path: tensor for path, tensor in weights.items() if tensor.requires_grad}
    decays = [tensor for tensor in trained.values() if tensor.dim() > 1]
    others = [tensor for tensor in trained.values() if tensor.dim() == 1]
    settings = dict(recipe["optimizer"])
    groups = [
        {"params": decays, "weight_decay": settings.pop("weight_decay")},
        {"params": others, "weight_decay": 0.0},
    ]
    if settings.pop("kind") == "sgd":
        return torch.optim.SGD(groups, lr=1.0, **settings)
    return torch.optim.AdamW(
        groups, lr=1.0, betas=(settings["beta1"], settings["beta2"]), eps=settings["epsilon"]
    )


def is_trained(path):
    return not path.endswith(("running_mean", "running_var"))


def train(network, recipe, initial, batches):
    weights = {path: tensor.clone().requires_grad_(is_trained(path)) for path, tensor in initial.items()}
    descent, losses, gradients = optimizer(recipe, weights), [], None
    for step, (images, labels) in enumerate(batches):
        for group in descent.param_groups:
            group["lr"] = learning_rate(recipe, step)
        logits = forward(network, weights, images, training=True)
        loss = functional.cross_entropy(logits, labels, label_smoothing=recipe["label_smoothing"])
        descent.zero_grad()
        loss.backward()
        if "clip_norm" in recipe:
            trained = [tensor for tensor in weights.values() if tensor.requires_grad]
            torch.nn.utils.clip_grad_norm_(trained, recipe["clip_norm"])
        if gradients is None:
            gradients = {path: tensor.grad.clone() for path, tensor in weights.items() if tensor.requires_grad}
        descent.step()
        losses.append(loss.item())
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
        "runs": [train(network, recipe, initial, batches) for recipe in recipes],
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
