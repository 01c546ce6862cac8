"""Counts parameters and multiply-accumulates (MACs) with PyTorch and with Keras. The scripts beside this one use it.

In PyTorch, MACs are half of what its own torch.utils.flop_counter counts: convolutions and matrix products, those of
attention included. In Keras, which has no counter, they are taken from each layer's kernel and output.
"""

import collections
import math

import torch
from torch.utils.flop_counter import FlopCounterMode

from networks import apply, pair

Counts = collections.namedtuple("Counts", ["params", "params_total", "macs"])


def macs_of(compute):
    """What `compute` returns, and the MACs that it takes."""
    with FlopCounterMode(display=False) as counter:
        result = compute()
    flops = counter.get_total_flops()
    assert flops % 2 == 0
    return result, flops // 2


def of_module(module, shape):
    """Of a torch.nn.Module for one image [channels, height, width]. Running statistics are buffers of several numbers."""
    module = module.to("meta").eval()
    _, macs = macs_of(lambda: module(torch.zeros(1, *shape, device="meta")))
    trainable = sum(parameter.numel() for parameter in module.parameters())
    statistics = sum(buffer.numel() for buffer in module.buffers() if buffer.dim() > 0)
    return Counts(trainable, trainable + statistics, macs)


def of_keras(model):
    """Of a Keras model for images [height, width, channels]."""
    macs = 0
    for layer in model.layers:
        kernel = getattr(layer, "kernel", None)
        if kernel is not None:
            # A convolution applies its kernel at each pixel of its output; a dense layer has but one.
            macs += math.prod(kernel.shape) * math.prod(layer.output.shape[1:-1])
    trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    return Counts(trainable, sum(math.prod(weight.shape) for weight in model.weights), macs)


def module_of(layer, channels, elements):
    """A torch.nn.Module with the parameters of a layer that reads so many channels, and elements altogether."""
    match layer["op"]:
        case "conv2d" | "meta-conv2d":
            kernel = layer["kernel"] if layer["op"] == "conv2d" else layer["sizes"][-1]
            module = torch.nn.Conv2d(
                channels,
                layer["out_channels"],
                pair(kernel),
                groups=layer.get("groups", 1),
                bias=layer.get("bias", True),
                device="meta",
            )
            if layer["op"] == "meta-conv2d":
                module.alpha = torch.nn.Parameter(torch.zeros(len(layer["sizes"]), device="meta"))
            return module
        case "dense":
            return torch.nn.Linear(elements, layer["out_features"], bias=layer.get("bias", True), device="meta")
        case "batch-norm":
            return torch.nn.BatchNorm2d(channels, device="meta")
        case "layer-norm":
            return torch.nn.LayerNorm(channels, device="meta")
        case "mixture":
            module = torch.nn.Module()
            # One summand has the weight 1, whatever the parameter: it is passed on.
            if len(layer["inputs"]) > 1:
                module.alpha = torch.nn.Parameter(torch.zeros(len(layer["inputs"]), device="meta"))
            return module
        case _:
            return torch.nn.Module()


class Counted:
    """A network of docs/network-format.md, built layer by layer; every layer has a name and inputs."""

    def __init__(self, shape):
        self.layers = []
        self.values = {"input": torch.zeros(1, *shape, device="meta", requires_grad=True)}
        self.costs = {}

    def push(self, layer):
        """Adds a layer. Raises what PyTorch raises where it does not fit."""
        x = self.values[layer["inputs"][0]]
        module = module_of(layer, x.shape[1], x[0].numel())
        named = [*module.named_parameters(), *module.named_buffers()]
        weights = {f"{layer['name']}.{name}": tensor for name, tensor in named}
        if layer["op"] == "mixture" and not weights:
            weights = {f"{layer['name']}.alpha": torch.zeros(1, device="meta")}
        value, macs = macs_of(lambda: apply(layer, layer["inputs"], self.values, weights, training=False))
        # A view of its own, so that it has a gradient of its own.
        value = value.view_as(value)
        if value.requires_grad:
            value.retain_grad()
        trainable = sum(parameter.numel() for parameter in module.parameters())
        statistics = sum(buffer.numel() for buffer in module.buffers() if buffer.dim() > 0)
        self.values[layer["name"]] = value
        self.costs[layer["name"]] = Counts(trainable, trainable + statistics, macs)
        self.layers.append(layer)

    def counts(self):
        """Of the layers that the output depends on: those that a gradient reaches."""
        output = self.values[self.layers[-1]["name"]]
        if output.requires_grad:
            output.sum().backward()
        live = [name for name in self.costs if self.values[name] is output or self.values[name].grad is not None]
        return Counts(*(sum(column) for column in zip(*(self.costs[name] for name in live))))
