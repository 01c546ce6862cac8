"""Writes tests/goldens/nn/traces.json: the losses of ten steps of the four workloads that speed is measured on.

Run it from anywhere, where Rust is installed too: python tests/goldens/generators/traces.py

Initial weights are those that the engine draws (the example `initial_weights` of crate/nn), images follow a formula:
nothing large is kept. Everything is computed in float64. Of the weights behind the last step the golden has the length
of each tensor.
"""

import json
import pathlib
import platform
import subprocess
import tempfile

import torch

from training import train, unnamed

ROOT = pathlib.Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests/goldens/nn/traces.json"
GENERATED_BY = (
    f"tests/goldens/generators/traces.py, torch {torch.__version__.split('+')[0]}, python {platform.python_version()}"
)
STEPS = 10
CLASSES = 10

# Identifier, from whose SHA-256 the weights are drawn, reference network, and batch size: crate/evaluate/src/workload.rs.
WORKLOADS = [("W1", "digits-tiny", 32), ("W2", "mnist-fire", 32), ("W3", "mobile-tiny", 8), ("W4", "hybrid-tiny", 8)]

# The bias of W4's keys, of which the softmax takes no notice, has gradients of rounding errors only, and AdamW makes updates
# of them: with an epsilon far above them they stay small.
OPTIMIZERS = [
    ({"kind": "sgd", "momentum": 0.9, "nesterov": False, "weight_decay": 0.0005}, 0.01),
    ({"kind": "adam-w", "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-4, "weight_decay": 0.01}, 0.001),
]


def batch(shape, size, step):
    """Images [batch, channels, height, width] of multiples of 1/16 between -2 and 2, brighter along a stripe that tells
    the class."""
    channels, height, width = shape
    image = step * size + torch.arange(size).reshape(-1, 1, 1, 1)
    channel = torch.arange(channels).reshape(-1, 1, 1)
    row = torch.arange(height).reshape(-1, 1)
    column = torch.arange(width)
    label = image % CLASSES
    noise = (image * 7919 + channel * 104729 + row * row * 131 + column * column * 197 + row * column * 61) % 49 - 24
    stripe = (row + column * (1 + label % 3)) % CLASSES == label
    return (noise + 8 * stripe).double() / 16, label.flatten()


def lengths(weights):
    return {path: tensor.detach().norm().item() for path, tensor in weights.items()}


def initial_weights(network, key):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "weights.json"
        example = ["cargo", "run", "--release", "--quiet", "-p", "nas-nn", "--example", "initial_weights", "--"]
        subprocess.run([*example, network, key, str(file)], cwd=ROOT, check=True)
        return unnamed(json.loads(file.read_text()))


def traces():
    for workload, name, size in WORKLOADS:
        network = json.loads((ROOT / f"crate/arch/networks/{name}.json").read_text())
        initial = initial_weights(name, workload)
        batches = [batch(network["input"], size, step) for step in range(STEPS)]
        for optimizer, learning_rate in OPTIMIZERS:
            recipe = {
                "batch_size": size,
                "optimizer": optimizer,
                "learning_rate": learning_rate,
                "warmup_epochs": 0.3,
                "horizon_epochs": 2,
                "label_smoothing": 0.1,
            }
            losses, _, weights = train(network, recipe, initial, batches)
            yield {
                "workload": workload,
                "network": name,
                "recipe": recipe,
                "losses": losses,
                "lengths_after": lengths(weights),
            }


lines = ",\n".join(json.dumps(trace, separators=(",", ":")) for trace in traces())
GOLDEN.write_text(f'{{"__generated_by__":{json.dumps(GENERATED_BY)},\n"traces":[\n{lines}\n]}}\n')
