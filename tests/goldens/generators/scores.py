"""Writes tests/goldens/nn/scores.json: what PyTorch says about the zero-cost scores of five small networks.

Run it from anywhere, after nn.py: python tests/goldens/generators/scores.py

Four networks and their weights are those of nn.py's goldens, with the images of their first two batches; the cell is its own.
Everything is computed in float64, by the code that docs/scores.md names, with its conventions: Hessian products by automatic
differentiation, eigenvalues and determinants by NumPy. The noise of `zen` is drawn by the engine's generator.
"""

import json
import math
import pathlib
import platform

import numpy
import torch
import torch.nn.functional as functional

from networks import apply
from rng import Rng
from training import flat, named, unnamed

SEED = 20_27
RUN_SEED = 7
GOLDENS = pathlib.Path(__file__).resolve().parent.parent / "nn"
GENERATED_BY = (
    f"tests/goldens/generators/scores.py, torch {torch.__version__.split('+')[0]}, numpy {numpy.__version__}, "
    f"python {platform.python_version()}, seed {SEED}"
)
BATCHES = 2
CLASSES = 4
JACOBIAN_OFFSET = 1e-5
ZEN_CHANGE = 0.01
RECTIFIERS = ("relu", "relu6", "leaky-relu", "silu", "gelu", "hard-swish")

# A cell of NAS-Bench-201 (Dong and Yang 2020) with every edge but one: node 3 reads both the cell's input and what is
# computed from it.
CELL = {
    "input": [1, 8, 8],
    "layers": [
        {"name": "stem", "op": "conv2d", "out_channels": 6, "kernel": 3, "bias": False},
        {"name": "stem-norm", "op": "batch-norm"},
        {"name": "edge-0-1-act", "op": "relu", "inputs": ["stem-norm"]},
        {"name": "edge-0-1", "op": "conv2d", "out_channels": 6, "kernel": 3, "bias": False},
        {"name": "edge-0-1-norm", "op": "batch-norm"},
        {"name": "edge-0-2-act", "op": "relu", "inputs": ["stem-norm"]},
        {"name": "edge-0-2", "op": "conv2d", "out_channels": 6, "kernel": 1, "bias": False},
        {"name": "edge-0-2-norm", "op": "batch-norm"},
        {"name": "edge-1-2", "op": "avg-pool", "kernel": 3, "stride": 1, "padding": "same", "inputs": ["edge-0-1-norm"]},
        {"name": "node-2", "op": "add", "inputs": ["edge-0-2-norm", "edge-1-2"]},
        {"name": "edge-1-3-act", "op": "relu", "inputs": ["edge-0-1-norm"]},
        {"name": "edge-1-3", "op": "conv2d", "out_channels": 6, "kernel": 1, "bias": False},
        {"name": "edge-1-3-norm", "op": "batch-norm"},
        {"name": "node-3", "op": "add", "inputs": ["stem-norm", "edge-1-3-norm", "node-2"]},
        {"name": "last-act", "op": "relu"},
        {"name": "mean", "op": "global-avg-pool"},
        {"name": "head", "op": "dense", "out_features": CLASSES},
    ],
}

generator = torch.Generator().manual_seed(SEED)


def inputs_of(network):
    """The inputs of each layer by name; those that are not said are the layer before."""
    previous, inputs = "input", {}
    for layer in network["layers"]:
        inputs[layer["name"]] = layer.get("inputs", [previous])
        previous = layer["name"]
    return inputs


def run(network, weights, images, without=(), inputs=None):
    """All values of a forward pass by name; layers of the operators `without` pass their input on."""
    values, inputs = {"input": images}, inputs or inputs_of(network)
    for layer in network["layers"]:
        if layer["op"] in without:
            values[layer["name"]] = values[inputs[layer["name"]][0]]
        elif layer["op"] == "hard-sigmoid":
            # PyTorch's own has no second derivative.
            values[layer["name"]] = functional.relu6(values[inputs[layer["name"]][0]] + 3) / 6
        else:
            values[layer["name"]] = apply(layer, inputs[layer["name"]], values, weights, training=True)
    return values


def output(network, values):
    return values[network["layers"][-1]["name"]].flatten(1)


def fresh(weights):
    """Copies; all but running statistics with gradients."""
    return {
        path: tensor.clone().requires_grad_(not path.endswith(("running_mean", "running_var")))
        for path, tensor in weights.items()
    }


def loss_of(network, weights, images, labels):
    return functional.cross_entropy(output(network, run(network, weights, images)), labels)


def multiplied(network, weights):
    """The tensors of weights of convolutions and dense layers."""
    layers = [layer["name"] for layer in network["layers"] if layer["op"] in ("conv2d", "dense")]
    return [weights[f"{name}.weight"] for name in layers]


def grad_norm_and_snip(network, initial, images, labels):
    weights = fresh(initial)
    loss_of(network, weights, images, labels).backward()
    tensors = multiplied(network, weights)
    grad_norm = sum(tensor.grad.norm() for tensor in tensors)
    return grad_norm.item(), sum((tensor * tensor.grad).abs().sum() for tensor in tensors).item()


def grasp(network, initial, images, labels):
    weights = fresh(initial)
    tensors = multiplied(network, weights)
    loss = loss_of(network, weights, images, labels)
    gradients = torch.autograd.grad(loss, tensors, create_graph=True)
    product = sum((gradient * gradient.detach()).sum() for gradient in gradients)
    hessian = torch.autograd.grad(product, tensors)
    return -sum((tensor * row).sum() for tensor, row in zip(tensors, hessian)).item()


def synflow(network, initial):
    weights = fresh({path: tensor.abs() for path, tensor in initial.items()})
    image = torch.ones(1, *network["input"], dtype=torch.float64)
    output(network, run(network, weights, image, without=("batch-norm",))).sum().backward()
    return sum((tensor * tensor.grad).abs().sum() for tensor in multiplied(network, weights)).item()


def fisher(network, initial, images, labels):
    values, total = run(network, fresh(initial), images), 0.0
    layers = [layer for layer in network["layers"] if layer["op"] in ("conv2d", "dense")]
    loss = functional.cross_entropy(output(network, values), labels)
    responses = [values[layer["name"]] for layer in layers]
    for layer, response, gradient in zip(layers, responses, torch.autograd.grad(loss, responses)):
        channels = (response * gradient).sum((2, 3)).square().mean(0) / 2
        total += channels.sum().item() * initial[f"{layer['name']}.weight"][0].numel()
    return total


def jacob_cov(network, initial, images):
    images = images.clone().requires_grad_()
    output(network, run(network, initial, images)).sum().backward()
    eigenvalues = numpy.linalg.eigvalsh(numpy.corrcoef(images.grad.flatten(1).numpy()))
    offset = eigenvalues + JACOBIAN_OFFSET
    return -float((numpy.log(offset) + 1 / offset).sum())


def naswot(network, initial, images):
    values, alike = run(network, initial, images), 0.0
    inputs = inputs_of(network)
    for layer in network["layers"]:
        if layer["op"] in RECTIFIERS:
            switches = (values[inputs[layer["name"]][0]].flatten(1) > 0).double()
            alike = alike + switches @ switches.T + (1 - switches) @ (1 - switches).T
    return float(numpy.linalg.slogdet(alike.numpy())[1])


def noise(shape, batch, purpose):
    """[batch, channels, height, width], drawn pixel by pixel with the channels running fastest."""
    channels, height, width = shape
    rows = []
    for image in range(batch):
        rng = Rng(RUN_SEED, purpose, image)
        rows.append([rng.normal() for _ in range(channels * height * width)])
    return torch.tensor(rows, dtype=torch.float64).reshape(batch, height, width, channels).permute(0, 3, 1, 2)


def without_residual_links(network):
    """The inputs of each layer, but of an addition those only from which no other input of it is computed."""
    inputs = inputs_of(network)

    def computed_from(name):
        return set(inputs.get(name, [])).union(*(computed_from(other) for other in inputs.get(name, [])))

    for layer in network["layers"]:
        if layer["op"] == "add":
            names = inputs[layer["name"]]
            inputs[layer["name"]] = [
                name for name in names if not any(name in computed_from(other) for other in names)
            ]
    return inputs


def features_of(network):
    """The tensor before the classifier."""
    inputs, operators = inputs_of(network), {layer["name"]: layer["op"] for layer in network["layers"]}
    features = network["layers"][-1]["name"]
    for classifier in ("dense", "global-avg-pool"):
        if operators[features] == classifier:
            features = inputs[features][0]
    return features


def zen(network, initial, batch):
    inputs, features = without_residual_links(network), features_of(network)
    images = noise(network["input"], batch, "noise")
    changed = images + ZEN_CHANGE * noise(network["input"], batch, "change of noise")
    before, after = (run(network, initial, x, inputs=inputs) for x in (images, changed))
    change = (before[features] - after[features]).abs().sum((1, 2, 3)).mean()
    score = change.log()
    for layer in network["layers"]:
        if layer["op"] == "batch-norm":
            read = before[inputs[layer["name"]][0]]
            score += read.var((0, 2, 3), unbiased=False).mean().sqrt().log()
    return score.item()


def paths_to(network, name):
    """All paths from the input to a tensor that meet no global average pooling and no dense layer: names of layers."""
    if name == "input":
        return [[]]
    layer = next(layer for layer in network["layers"] if layer["name"] == name)
    if layer["op"] in ("global-avg-pool", "dense"):
        return []
    inputs = dict.fromkeys(inputs_of(network)[name])
    return [path + [name] for tensor in inputs for path in paths_to(network, tensor)]


def entropy(network, initial):
    """MAE-NAS' and DeepMAD's scores and DeepMAD's effectiveness, on the path of most entropy."""
    image = torch.zeros(1, *network["input"], dtype=torch.float64)
    shapes = {name: value.shape[1:] for name, value in run(network, initial, image).items()}
    convolutions = [layer["name"] for layer in network["layers"] if layer["op"] == "conv2d"]
    fan_ins = {name: initial[f"{name}.weight"][0].numel() for name in convolutions}
    paths = paths_to(network, features_of(network))
    half_logs = lambda path: sum(math.log(math.sqrt(fan_ins[name])) for name in path if name in fan_ins)
    path = max(paths, key=half_logs)
    # Of each stage: the tensor it ends in, and the convolutions up to there.
    stages, before, convolutions = [], "input", []
    for name in path:
        if shapes[name][1:].numel() < shapes[before][1:].numel() and convolutions:
            stages.append((before, list(convolutions)))
        convolutions += [name] if name in fan_ins else []
        before = name
    stages.append((before, convolutions))
    terms = [half_logs(stage) * math.log(shapes[end].numel()) for end, stage in stages]
    depths = [len(after[1]) - len(before[1]) for before, after in zip(stages, stages[1:])]
    uneven = math.exp(numpy.std(depths) if depths else 0.0)
    rho = [
        math.exp(math.log(len(stage)) - sum(math.log(fan_ins[name]) for name in stage) / len(stage))
        for _, stage in stages
    ]
    return {
        "mae": half_logs(path) + math.log(shapes[path[-1]][0]),
        "deepmad": sum(terms[:-1]) + 8 * terms[-1] - 10 * uneven,
        "effectiveness": max(rho),
    }


def scores(network, initial, images, labels):
    grad_norm, snip = grad_norm_and_snip(network, initial, images, labels)
    return {
        "grad-norm": grad_norm,
        "snip": snip,
        "grasp": grasp(network, initial, images, labels),
        "synflow": synflow(network, initial),
        "fisher": fisher(network, initial, images, labels),
        "jacob-cov": jacob_cov(network, initial, images),
        "naswot": naswot(network, initial, images),
        "zen": zen(network, initial, len(labels)),
        **entropy(network, initial),
    }


def of_golden(name):
    """Network, weights, images and labels of a golden of nn.py."""
    golden = json.loads((GOLDENS / f"{name}.json").read_text())
    channels, height, width = golden["network"]["input"]
    batches = golden["batches"][:BATCHES]
    images = torch.tensor(sum((batch["images"] for batch in batches), []), dtype=torch.float64)
    images = images.reshape(-1, height, width, channels).permute(0, 3, 1, 2)
    labels = torch.tensor(sum((batch["labels"] for batch in batches), []))
    return golden["network"], unnamed(golden["initial_weights"]), images, labels


def of_cell():
    weights, channels = {}, {"input": CELL["input"][0]}
    inputs = inputs_of(CELL)
    for layer in CELL["layers"]:
        name, read = layer["name"], channels[inputs[layer["name"]][0]]
        if layer["op"] in ("conv2d", "dense"):
            out = layer.get("out_channels", CLASSES)
            shape = [out, read] + ([layer["kernel"]] * 2 if layer["op"] == "conv2d" else [])
            weights[f"{name}.weight"] = torch.randn(shape, generator=generator) / 3
            if layer["op"] == "dense":
                weights[f"{name}.bias"] = torch.randn(out, generator=generator) / 4
            channels[name] = out
        else:
            channels[name] = read
        if layer["op"] == "batch-norm":
            weights[f"{name}.weight"] = 1 + torch.randn(read, generator=generator) / 4
            weights[f"{name}.bias"] = torch.randn(read, generator=generator) / 4
            weights[f"{name}.running_mean"] = torch.zeros(read)
            weights[f"{name}.running_var"] = torch.ones(read)
    count = BATCHES * 8
    images = torch.randint(-32, 33, (count, *CELL["input"]), generator=generator).double() / 16
    labels = torch.randint(0, CLASSES, (count,), generator=generator)
    return CELL, {path: tensor.double() for path, tensor in weights.items()}, images, labels


def entry(name, network, initial, images, labels):
    return {
        "name": name,
        "network": network,
        "weights": named(initial),
        "images": flat(images.permute(0, 2, 3, 1)),
        "labels": flat(labels),
        "scores": scores(network, initial, images, labels),
    }


def main():
    names = ["plain", "fire", "inverted-residual", "hybrid"]
    entries = [entry(name, *of_golden(name)) for name in names] + [entry("cell", *of_cell())]
    text = json.dumps({"__generated_by__": GENERATED_BY, "networks": entries}, separators=(",", ":"))
    for start in ['{"name":"', '"weights":[', '"images":', '"labels":', '"scores":', '{"path":']:
        text = text.replace(start, "\n" + start)
    (GOLDENS / "scores.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
