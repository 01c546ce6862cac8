"""Compares the engine with PyTorch on random networks. Writes no golden; run it by hand where PyTorch and Rust are installed:

python tests/goldens/generators/random_networks.py [--count 100] [--seed 1]

The engine draws networks, weights and batches, trains each network for one step and evaluates it (the example
`random_networks` of crate/nn). Here all of it is computed again in float64, and, as a yardstick, by PyTorch in float32.
Prints the largest differences; the exit code is 1 if one is beyond its tolerance.
"""

import argparse
import json
import pathlib
import platform
import subprocess
import sys
import tempfile

import torch
import torch.nn.functional as functional

from networks import apply, connected, forward
from training import gradients, learnable, unnamed

ROOT = pathlib.Path(__file__).resolve().parents[3]
OPERATORS = 28

# What a unit of rounding (1.2e-7) becomes on its way through up to 16 layers. Where layers amplify it further
# (what is cancelled in a normalisation), PyTorch's float32 is off by as much: a difference is beyond its
# tolerance if it is also more than so many times that of PyTorch in the same network.
TIMES_PYTORCH = 10
TOLERANCES = {
    "loss": 1e-6,
    "outputs": 1e-5,
    "gradients": 1e-4,
    "running statistics": 1e-6,
    "evaluated loss": 1e-6,
    "evaluated outputs": 1e-5,
}

# A loss is measured by itself, but by no less than this: it is a difference of outputs.
LEAST_LOSS = 1.0

# A gradient is measured by the largest element of its tensor, but by no less than this share of the largest gradient of
# the network: what cancels to nothing, as the bias before a batch normalisation, has no relative error.
LEAST_GRADIENT = 1e-2

# Networks in which a normalisation meets values of less variance are left out: what it makes of them is mostly rounding
# errors.
LEAST_VARIANCE = 5e-3


def distance(found, expected, least=0.0):
    """Largest difference, as a share of the largest element."""
    difference = (found.double() - expected.double()).abs().max().item()
    scale = max(expected.double().abs().max().item(), least)
    return 0.0 if difference == 0 else difference / scale


def images_of(case, precision):
    channels, height, width = case["network"]["input"]
    images = torch.tensor(case["images"], dtype=precision)
    return images.reshape(-1, height, width, channels).permute(0, 3, 1, 2)


def least_variance(case):
    """Of all that a normalisation of this network meets: channels of the batch, or pixels of several channels."""
    values, least = {"input": images_of(case, torch.float64)}, torch.inf
    for layer, inputs in connected(case["network"]):
        x = values[inputs[0]]
        if layer["op"] == "batch-norm":
            variances = x.var((0, 2, 3), unbiased=False)
        elif layer["op"] == "layer-norm" and x.shape[1] > 1:
            # A pixel of zeros, as a rectifier leaves it, is exact.
            variances = x.var(1, unbiased=False)
            variances = variances[variances > 0]
        else:
            variances = torch.tensor([])
        least = min(least, *variances.flatten().tolist(), torch.inf)
        values[layer["name"]] = apply(layer, inputs, values, unnamed(case["weights"]), training=True)
    return least


def compute(case, precision):
    """All that is compared, from the engine's weights."""
    network, images = case["network"], images_of(case, precision)
    labels = torch.tensor(case["labels"])
    weights = learnable({path: tensor.to(precision) for path, tensor in unnamed(case["weights"]).items()})
    outputs = forward(network, weights, images, training=True)
    loss = functional.cross_entropy(outputs, labels, label_smoothing=case["label_smoothing"])
    loss.backward()
    # Evaluated with the engine's own weights after its step: what went wrong in the step does not count twice.
    after = {path: tensor.to(precision) for path, tensor in unnamed(case["weights_after"]).items()}
    evaluated = forward(network, after, images, training=False)
    return {
        "loss": loss.detach(),
        "outputs": outputs.detach(),
        "gradients": gradients(weights),
        "running statistics": {path: tensor for path, tensor in weights.items() if not tensor.requires_grad},
        "evaluated loss": functional.cross_entropy(evaluated, labels),
        "evaluated outputs": evaluated,
    }


def engine(case):
    """The same as the engine says."""

    def tensor(values, shape):
        return torch.tensor(values, dtype=torch.float32).reshape(shape)

    rows = (len(case["labels"]), -1)
    after = unnamed(case["weights_after"])
    return {
        "loss": tensor(case["loss"], ()),
        "outputs": tensor(case["logits"], rows),
        "gradients": unnamed(case["gradients"]),
        "running statistics": {path: after[path] for path in after if path.endswith(("running_mean", "running_var"))},
        "evaluated loss": tensor(case["evaluated_loss"], ()),
        "evaluated outputs": tensor(case["evaluated_logits"], rows),
    }


def distances(found, expected):
    """For each quantity the largest distance, and the tensor that has it."""
    result = {}
    for quantity, value in expected.items():
        if not isinstance(value, dict):
            least = LEAST_LOSS if quantity.endswith("loss") else 0.0
            result[quantity] = (distance(found[quantity], value, least), "")
            continue
        assert found[quantity].keys() == value.keys(), f"{found[quantity].keys()} for {value.keys()}"
        largest = max((tensor.abs().max().item() for tensor in value.values()), default=0.0)
        least = LEAST_GRADIENT * largest if quantity == "gradients" else 0.0
        each = [(distance(found[quantity][path], tensor, least), path) for path, tensor in value.items()]
        result[quantity] = max(each, default=(0.0, ""))
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    # oneDNN's float32 convolutions are wrong for some images one pixel wide (torch 2.15.0): the yardstick goes without.
    torch.backends.mkldnn.set_flags(False)
    worst, single, operators, compared, failed = {}, {}, set(), 0, False
    with tempfile.TemporaryDirectory() as folder:
        example = ["cargo", "run", "--release", "--quiet", "-p", "nas-nn", "--example", "random_networks", "--"]
        # Twice as many as are compared: some are left out.
        options = ["--count", str(2 * arguments.count), "--seed", str(arguments.seed), "--out", folder]
        subprocess.run(example + options, cwd=ROOT, check=True)
        for file in sorted(pathlib.Path(folder).iterdir()):
            case = json.loads(file.read_text())
            if compared == arguments.count or least_variance(case) < LEAST_VARIANCE:
                continue
            compared += 1
            operators.update(layer["op"] for layer, _ in connected(case["network"]))
            expected = compute(case, torch.float64)
            yardstick = distances(compute(case, torch.float32), expected)
            for quantity, (value, path) in distances(engine(case), expected).items():
                found = (value, file.stem, path)
                worst[quantity] = max(worst.get(quantity, found), found)
                single[quantity] = max(single.get(quantity, 0.0), yardstick[quantity][0])
                by_pytorch = yardstick[quantity][0]
                if not value <= max(TOLERANCES[quantity], TIMES_PYTORCH * by_pytorch):
                    failed = True
                    print(f"network {file.stem}: {quantity} {path} {value:.1e}, PyTorch in float32 {by_pytorch:.1e}")
    print(f"torch {torch.__version__.split('+')[0]}, python {platform.python_version()}, seed {arguments.seed}")
    print(f"{compared} networks, {len(operators)} operators")
    print("| | largest difference | PyTorch in float32 | tolerance |")
    for quantity, (value, name, path) in worst.items():
        print(f"| {quantity} | {value:.1e} | {single[quantity]:.1e} | {TOLERANCES[quantity]:.0e} | {name} {path}")
    if arguments.count >= 100 and len(operators) != OPERATORS:
        failed = True
        print(f"of {OPERATORS} operators these are there: {sorted(operators)}")
    sys.exit(failed or compared < arguments.count)


if __name__ == "__main__":
    main()
