"""Writes tests/goldens/cost/random_networks.json: random networks with their parameters and MACs as PyTorch counts them.

python tests/goldens/generators/random_costs.py
python tests/goldens/generators/random_costs.py --check 200 [--seed 1]

The second writes no golden: it compares what the command `nas` says of so many other networks, where Rust is installed.
The networks have odd shapes, strides, dilations, paddings and groups, branches that meet again or end in nothing, and
every operator of docs/network-format.md.
"""

import argparse
import json
import pathlib
import platform
import random
import subprocess
import sys
import tempfile

import torch

from counting import Counted

ROOT = pathlib.Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests/goldens/cost/random_networks.json"
GENERATED_BY = (
    f"tests/goldens/generators/random_costs.py, torch {torch.__version__.split('+')[0]}, "
    f"python {platform.python_version()}"
)
GOLDEN_COUNT = 100
# So that the golden and what is drawn by hand differ.
GOLDEN_SEED = 0
OPERATORS = 28
LAYERS_MAX = 12

ACTIVATIONS = ["relu", "relu6", "leaky-relu", "silu", "gelu", "hard-swish", "hard-sigmoid", "sigmoid", "tanh"]


def size(rng, low, high):
    """One number, or one for each direction."""
    return rng.randint(low, high) if rng.random() < 0.5 else [rng.randint(low, high), rng.randint(low, high)]


def divisor(rng, value):
    return rng.choice([number for number in range(1, value + 1) if value % number == 0])


def convolution(rng, channels, op):
    groups = rng.choice([1, 1, channels, divisor(rng, channels)])
    layer = {"op": op, "out_channels": groups * rng.randint(1, max(1, 24 // groups)), "groups": groups}
    layer |= {"stride": size(rng, 1, 3), "dilation": size(rng, 1, 3), "bias": rng.random() < 0.5}
    if op == "conv2d":
        layer["kernel"] = size(rng, 1, 7)
        layer["padding"] = rng.choice(["same", "same", "valid", rng.randint(0, 4), [rng.randint(0, 4) for _ in range(4)]])
    else:
        layer["sizes"] = sorted(rng.sample([1, 3, 5, 7, 9, 11], rng.randint(2, 3)))
    return layer


def pool(rng, op):
    kernel = [rng.randint(1, 4), rng.randint(1, 4)]
    padding = rng.choice(["valid", "same", [rng.randint(0, min(kernel) - 1)] * 2])
    return {"op": op, "kernel": kernel, "stride": size(rng, 1, 3), "padding": padding}


def draw(rng, shape):
    """A layer without name and inputs, for a first input [channels, height, width]."""
    channels, height, width = shape
    op = rng.choice(
        ["conv2d"] * 5
        + ["meta-conv2d", "attention", "dense", "batch-norm", "layer-norm", "max-pool", "avg-pool", "add", "concat"]
        + ["add", "concat", "multiply", "mixture", "rest", "activation", "activation"]
    )
    match op:
        case "conv2d" | "meta-conv2d":
            return convolution(rng, channels, op)
        case "attention":
            heads = divisor(rng, channels // 3) if channels % 3 == 0 else 1
            return {"op": op, "heads": heads, "patch": [divisor(rng, height), divisor(rng, width)]}
        case "dense":
            return {"op": op, "out_features": rng.randint(1, 20), "bias": rng.random() < 0.5}
        case "max-pool" | "avg-pool":
            return pool(rng, op)
        case "activation":
            return {"op": rng.choice(ACTIVATIONS)}
        case "rest":
            factor = {"factor": size(rng, 1, 3)}
            return rng.choice(
                [
                    {"op": "identity"},
                    {"op": "global-avg-pool"},
                    {"op": "zero", "stride": size(rng, 1, 2)},
                    {"op": "dropout", "probability": 0.25},
                    {"op": "channel-shuffle", "groups": divisor(rng, channels)},
                    {"op": "upsample"} | factor,
                    {"op": "downsample"} | factor,
                ]
            )
        case _:
            return {"op": op}


def partners(rng, op, first, values):
    """The inputs of a layer: those that fit beside the first."""
    shapes = {name: tuple(value.shape[1:]) for name, value in values.items()}
    shape = shapes[first]
    same = [name for name, other in shapes.items() if other == shape]
    match op:
        case "add" | "mixture":
            return [first, *rng.choices(same, k=rng.randint(0, 3))]
        case "concat":
            fitting = [name for name, other in shapes.items() if other[1:] == shape[1:]]
            return [first, *rng.choices(fitting, k=rng.randint(0, 3))]
        case "multiply":
            fitting = [name for name, other in shapes.items() if other in [shape, (shape[0], 1, 1)]]
            return [first, rng.choice(fitting)]
        case _:
            return [first]


def network(rng):
    """A network, and its counts."""
    counted = Counted([rng.randint(1, 24), rng.randint(1, 33), rng.randint(1, 33)])
    for number in range(1, rng.randint(2, LAYERS_MAX) + 1):
        names = list(counted.values)
        # Mostly the newest, so that there are chains.
        first = names[-1] if rng.random() < 0.7 else rng.choice(names)
        shape = counted.values[first].shape[1:]
        layer = draw(rng, shape)
        if layer["op"] == "attention" and shape[0] % 3 != 0:
            layer = {"op": "conv2d", "out_channels": 3 * rng.randint(1, 8), "kernel": 1}
        layer |= {"name": f"l{number}", "inputs": partners(rng, layer["op"], first, counted.values)}
        try:
            counted.push(layer)
        except (RuntimeError, ValueError):
            # A kernel that reaches out of its image.
            continue
    if not counted.layers:
        return network(rng)
    shape = list(counted.values["input"].shape[1:])
    return {"input": shape, "layers": counted.layers}, counted.counts()


def networks(seed, count):
    rng = random.Random(seed)
    return [network(rng) for _ in range(count)]


def write_golden():
    lines, operators = [], set()
    for drawn, counts in networks(GOLDEN_SEED, GOLDEN_COUNT):
        operators.update(layer["op"] for layer in drawn["layers"])
        lines.append(json.dumps(counts._asdict() | {"network": drawn}, separators=(",", ":")))
    assert len(operators) == OPERATORS, sorted(operators)
    body = ",\n".join(lines)
    GOLDEN.write_text(f'{{"__generated_by__":{json.dumps(GENERATED_BY)},\n"networks":[\n{body}\n]}}\n')


def check(seed, count):
    """Prints each network of which `nas` says something else, and how many there were."""
    subprocess.run(["cargo", "build", "--release", "--quiet", "-p", "nas-cli"], cwd=ROOT, check=True)
    different = 0
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "network.json"
        for drawn, counts in networks(seed, count):
            file.write_text(json.dumps(drawn))
            command = ["target/release/nas", "cost", file, "--json"]
            answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            said = json.loads(answer.stdout) if answer.returncode == 0 else {}
            if any(said.get(key) != value for key, value in counts._asdict().items()):
                different += 1
                print(json.dumps(drawn), counts, answer.stderr, {key: said.get(key) for key in counts._fields})
    print(f"{GENERATED_BY}, seed {seed}: {count} networks, {different} different")
    return different


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", type=int, metavar="COUNT")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.check is None:
        write_golden()
    else:
        sys.exit(check(arguments.seed, arguments.check) > 0)


if __name__ == "__main__":
    main()
