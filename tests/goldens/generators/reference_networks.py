"""Writes tests/goldens/cost/reference_networks.json: parameters and MACs of every reference network, counted where it comes from.

Run it from anywhere: python tests/goldens/generators/reference_networks.py

It takes torch, torchvision, timm and keras (on PyTorch), of which nothing is downloaded: no weights are needed. The models of
MLPerf Tiny are built in Keras as by its repository (github.com/mlcommons/tiny, folder benchmark/training), the cells of
NAS-Bench-201 in PyTorch as its paper says; network files, and small networks that exist nowhere else, in PyTorch.
"""

import json
import os
import pathlib
import platform

os.environ["KERAS_BACKEND"] = "torch"

import keras
import timm
import torch
import torchvision
from keras import layers
from torch import nn

from counting import Counted, of_keras, of_module
from networks import connected

ROOT = pathlib.Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests/goldens/cost/reference_networks.json"


def version(package):
    return f"{package.__name__} {package.__version__.split('+')[0]}"


GENERATED_BY = ", ".join(
    ["tests/goldens/generators/reference_networks.py"]
    + [version(package) for package in (torch, torchvision, timm, keras)]
    + [f"python {platform.python_version()}"]
)


def resnet_8():
    """image_classification/keras_model.py, resnet_v1_eembc with conv_filters=16."""
    inputs = keras.Input((32, 32, 3))
    x = conv_norm(inputs, 16, 3, 1)
    for filters, stride in [(16, 1), (32, 2), (64, 2)]:
        y = conv_norm(x, filters, 3, stride)
        y = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same")(y))
        if stride > 1:
            x = layers.Conv2D(filters, 1, strides=stride, padding="same")(x)
        x = layers.Activation("relu")(layers.add([x, y]))
    x = layers.Flatten()(layers.AveragePooling2D(8)(x))
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def ds_cnn():
    """keyword_spotting/keras_model.py, ds_cnn."""
    inputs = keras.Input((49, 10, 1))
    x = layers.Dropout(0.2)(conv_norm(inputs, 64, (10, 4), 2))
    for _ in range(4):
        x = depthwise_norm(x, 1)
        x = conv_norm(x, 64, 1, 1)
    x = layers.AveragePooling2D((24, 5))(layers.Dropout(0.4)(x))
    return keras.Model(inputs, layers.Dense(12, activation="softmax")(layers.Flatten()(x)))


def vww_mobilenet():
    """visual_wake_words/vww_model.py, mobilenet_v1."""
    inputs = keras.Input((96, 96, 3))
    x = conv_norm(inputs, 8, 3, 2)
    blocks = [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2)] + 5 * [(128, 1)] + [(256, 2), (256, 1)]
    for filters, stride in blocks:
        x = conv_norm(depthwise_norm(x, stride), filters, 1, 1)
    x = layers.Flatten()(layers.AveragePooling2D(3)(x))
    return keras.Model(inputs, layers.Dense(2, activation="softmax")(x))


def conv_norm(x, filters, kernel, stride):
    x = layers.Conv2D(filters, kernel, strides=stride, padding="same")(x)
    return layers.Activation("relu")(layers.BatchNormalization()(x))


def depthwise_norm(x, stride):
    x = layers.DepthwiseConv2D(3, strides=stride, padding="same")(x)
    return layers.Activation("relu")(layers.BatchNormalization()(x))


class Sum(nn.Module):
    """What comes of each branch, added up."""

    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x):
        return sum(branch(x) for branch in self.branches)


def relu_conv_norm(channels, filters, kernel, stride=1):
    conv = nn.Conv2d(channels, filters, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(nn.ReLU(), conv, nn.BatchNorm2d(filters))


class Cell(nn.Module):
    """A cell of NAS-Bench-201, given as (operator, node) for each edge into nodes 1, 2 and 3."""

    OPERATORS = {
        "none": None,
        "skip_connect": lambda channels: nn.Identity(),
        "nor_conv_1x1": lambda channels: relu_conv_norm(channels, channels, 1),
        "nor_conv_3x3": lambda channels: relu_conv_norm(channels, channels, 3),
        "avg_pool_3x3": lambda channels: nn.AvgPool2d(3, 1, 1, count_include_pad=False),
    }

    def __init__(self, text, channels):
        super().__init__()
        self.nodes = [[edge.split("~") for edge in node.strip("|").split("|")] for node in text.split("+")]
        self.edges = nn.ModuleDict(
            {
                f"{to}-{start}": self.OPERATORS[operator](channels)
                for to, node in enumerate(self.nodes)
                for operator, start in node
                if operator != "none"
            }
        )

    def forward(self, x):
        values = [x]
        for to, node in enumerate(self.nodes):
            edges = [self.edges[f"{to}-{start}"](values[int(start)]) for op, start in node if op != "none"]
            values.append(sum(edges, torch.zeros_like(x)))
        return values[-1]


def nas_bench_201(text):
    """The skeleton of the paper: 16 channels, five cells in each of three stages."""
    modules, channels = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)], 16
    for stage in range(3):
        if stage > 0:
            wide = 2 * channels
            branch = nn.Sequential(relu_conv_norm(channels, wide, 3, 2), relu_conv_norm(wide, wide, 3))
            shortcut = nn.Sequential(nn.AvgPool2d(2, 2), nn.Conv2d(channels, wide, 1, bias=False))
            modules.append(Sum(branch, shortcut))
            channels = wide
        modules += [Cell(text, channels) for _ in range(5)]
    modules += [nn.BatchNorm2d(channels), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)]
    return nn.Sequential(*modules)


def block(channels, filters, kernel, stride=1, groups=1, padding=None):
    padding = [size // 2 for size in kernel] if padding is None else padding
    conv = nn.Conv2d(channels, filters, kernel, stride, padding, groups=groups, bias=False)
    return [conv, nn.BatchNorm2d(filters), nn.ReLU()]


def separable(channels, filters, kernel, stride):
    return block(channels, channels, kernel, stride, groups=channels) + block(channels, filters, [1, 1])


def classifier(channels, classes):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)]


def residual_tiny():
    modules, channels = block(1, 8, [3, 3]), 8
    for filters, stride in [(8, 1), (16, 2), (32, 2)]:
        branch = nn.Sequential(*block(channels, filters, [3, 3], stride), *block(filters, filters, [3, 3])[:2])
        shortcut = nn.Identity() if stride == 1 else nn.Sequential(*block(channels, filters, [1, 1], stride)[:2])
        modules += [Sum(branch, shortcut), nn.ReLU()]
        channels = filters
    return nn.Sequential(*modules, *classifier(channels, 10))


def separable_tiny():
    modules, channels = block(1, 8, [3, 3], 2), 8
    for filters, stride in [(16, 1), (32, 2), (32, 1), (64, 2)]:
        modules += separable(channels, filters, [3, 3], stride)
        channels = filters
    return nn.Sequential(*modules, *classifier(channels, 10))


def signal_tiny():
    modules, channels = block(1, 16, [5, 10], padding=[2, 0]), 16
    for filters in [24, 32, 48]:
        modules += separable(channels, filters, [5, 1], [2, 1])
        channels = filters
    return nn.Sequential(*modules, *classifier(channels, 12))


def of_file(name):
    network = json.loads((ROOT / f"crate/arch/networks/{name}.json").read_text())
    counted = Counted(network["input"])
    for layer, inputs in connected(network):
        counted.push(layer | {"inputs": inputs})
    return counted.counts()


def sources():
    """Name, sizes that are not the network's own, where it comes from, and its counts there."""
    imagenet, cifar = (3, 224, 224), (3, 32, 32)
    mobilenet_v1 = keras.applications.MobileNet
    for name in ["digits-tiny", "mnist-fire", "lenet-5", "mobile-tiny", "hybrid-tiny"]:
        yield name, {}, f"crate/arch/networks/{name}.json", of_file(name)
    yield "residual-tiny", {}, "torch", of_module(residual_tiny(), (1, 28, 28))
    yield "separable-tiny", {}, "torch", of_module(separable_tiny(), (1, 28, 28))
    yield "signal-tiny", {}, "torch", of_module(signal_tiny(), (1, 49, 10))
    for minor in [0, 1]:
        squeezenet = getattr(torchvision.models, f"squeezenet1_{minor}")
        for sizes in [{}, {"classes": 10}, {"classes": 7, "resolution": 97}]:
            model = squeezenet(num_classes=sizes.get("classes", 1000))
            size = sizes.get("resolution", 224)
            yield f"squeezenet-1.{minor}", sizes, "torchvision", of_module(model, (3, size, size))
    for width, classes, size in [(1.0, 1000, 224), (1.0, 1001, 224), (0.25, 1000, 224), (0.25, 1001, 128)]:
        model = mobilenet_v1((size, size, 3), alpha=width, weights=None, classes=classes)
        sizes = {"classes": classes, "resolution": size}
        yield f"mobilenet-v1-{width}", sizes, "keras", of_keras(model)
    for width in [1.0, 0.5, 0.35]:
        model = torchvision.models.mobilenet_v2(width_mult=width)
        yield f"mobilenet-v2-{width}", {}, "torchvision", of_module(model, imagenet)
        model = keras.applications.MobileNetV2((224, 224, 3), alpha=width, weights=None)
        yield f"mobilenet-v2-{width}", {}, "keras", of_keras(model)
    yield "mobilevit-xxs", {}, "timm", of_module(timm.create_model("mobilevit_xxs"), (3, 256, 256))
    yield "resnet-8", {}, "keras", of_keras(resnet_8())
    yield "ds-cnn", {}, "keras", of_keras(ds_cnn())
    yield "vww-mobilenet", {}, "keras", of_keras(vww_mobilenet())
    conv = "nor_conv_3x3"
    cells = {
        "": f"|{conv}~0|+|{conv}~0|{conv}~1|+|{conv}~0|{conv}~1|{conv}~2|",
        "mixed": "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|",
        "flat": "|avg_pool_3x3~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|skip_connect~1|none~2|",
    }
    for key, cell in cells.items():
        name = "nas-bench-201" if key == "" else f"nas-bench-201:{cell}"
        yield name, {}, "torch", of_module(nas_bench_201(cell), cifar)


def main():
    golden = {"__generated_by__": GENERATED_BY, "networks": []}
    for name, sizes, source, counts in sources():
        golden["networks"].append({"network": name, "sizes": sizes, "source": source} | counts._asdict())
        print(name, sizes, source, *counts)
    lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in golden["networks"])
    GOLDEN.write_text(f'{{"__generated_by__":{json.dumps(GENERATED_BY)},\n"networks":[\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
