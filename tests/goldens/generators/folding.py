"""Writes tests/goldens/nn/folding.json: weights with a batch normalization folded in by PyTorch.

Run it from anywhere: python tests/goldens/generators/folding.py
"""

import json
import pathlib
import platform

import torch
from torch.nn.utils.fusion import fuse_conv_bn_weights, fuse_linear_bn_weights

GOLDENS = pathlib.Path(__file__).resolve().parent.parent / "nn"
GENERATED_BY = (
    f"tests/goldens/generators/folding.py, torch {torch.__version__.split('+')[0]}, "
    f"python {platform.python_version()}"
)
INPUT = [6, 5, 4]
OUTPUTS = 4
EPSILON = 0.001

# Operator of the layer as in a network file, its weight's shape, and PyTorch's function.
CASES = [
    ({"op": "conv2d", "out_channels": OUTPUTS, "kernel": [3, 2], "groups": 2, "bias": False}, [4, 3, 3, 2]),
    ({"op": "conv2d", "out_channels": OUTPUTS, "kernel": 1}, [4, 6, 1, 1]),
    ({"op": "dense", "out_features": OUTPUTS}, [4, 120]),
]


def tensor(path, values):
    return {"path": path, "shape": list(values.shape), "values": values.flatten().tolist()}


def case(operator, shape):
    weight = torch.randn(shape)
    bias = torch.randn(OUTPUTS) if operator.get("bias", True) else None
    scale, shift, mean = torch.randn(OUTPUTS), torch.randn(OUTPUTS), torch.randn(OUTPUTS)
    variance = torch.rand(OUTPUTS) + 0.1
    fuse = fuse_linear_bn_weights if operator["op"] == "dense" else fuse_conv_bn_weights
    folded_weight, folded_bias = fuse(weight, bias, mean, variance, EPSILON, scale, shift)
    layers = [
        {"name": "layer", **operator},
        {"name": "norm", "op": "batch-norm", "epsilon": EPSILON},
        {"name": "relu", "op": "relu"},
    ]
    weights = [tensor("layer.weight", weight)]
    weights += [] if bias is None else [tensor("layer.bias", bias)]
    weights += [tensor("norm.weight", scale), tensor("norm.bias", shift)]
    weights += [tensor("norm.running_mean", mean), tensor("norm.running_var", variance)]
    folded = [tensor("layer.weight", folded_weight.detach()), tensor("layer.bias", folded_bias.detach())]
    return {"network": {"input": INPUT, "layers": layers}, "weights": weights, "folded": folded}


def main():
    torch.manual_seed(1)
    golden = {"generated_by": GENERATED_BY, "cases": [case(*each) for each in CASES]}
    (GOLDENS / "folding.json").write_text(json.dumps(golden) + "\n")


main()
