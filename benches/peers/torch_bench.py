"""Trains the workloads with PyTorch on one thread: a request a line on standard input, an answer a line.

A request is {"workload": "W1", "batch": 32, "optimizer": "sgd", "seed": 7, "seconds": 1, "channels_last": false}, the
answer {"ms": median of a step, "params": trainable parameters}. A step is forward, cross-entropy, backward and update.
"""

import json
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

WARM_UP_STEPS = 5
LEAST_STEPS = 10


def convolution(inputs, outputs, kernel=3, stride=1, groups=1, activation=nn.ReLU):
    layers = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, *([activation(inplace=True)] if activation else []))


class GlobalAveragePool(nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


class Fire(nn.Module):
    def __init__(self, inputs, squeeze, expand):
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeeze, 1)
        self.expand1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3 = nn.Conv2d(squeeze, expand, 3, padding=1)

    def forward(self, x):
        x = F.relu(self.squeeze(x))
        return torch.cat([F.relu(self.expand1(x)), F.relu(self.expand3(x))], 1)


class InvertedResidual(nn.Module):
    def __init__(self, inputs, outputs, stride, expansion=4):
        super().__init__()
        hidden = inputs * expansion
        self.residual = stride == 1 and inputs == outputs
        self.body = nn.Sequential(
            convolution(inputs, hidden, 1, activation=nn.ReLU6),
            convolution(hidden, hidden, 3, stride, hidden, activation=nn.ReLU6),
            convolution(hidden, outputs, 1, activation=None),
        )

    def forward(self, x):
        y = self.body(x)
        return x + y if self.residual else y


class Hybrid(nn.Module):
    """A convolution, patches of 2 × 2, a transformer block with SiLU, a convolution of 1 × 1."""

    def __init__(self, inputs=32, width=48, heads=2):
        super().__init__()
        self.heads = heads
        self.local = convolution(inputs, inputs)
        self.patches = nn.Conv2d(inputs, width, 2, 2)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.widen = nn.Linear(width, 2 * width)
        self.narrow = nn.Linear(2 * width, width)
        self.fuse = convolution(width, width, 1)

    def forward(self, x):
        x = self.patches(self.local(x))
        b, d, h, w = x.shape
        t = x.flatten(2).transpose(1, 2)
        qkv = self.qkv(self.norms[0](t)).view(b, h * w, 3, self.heads, d // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, h * w, d)
        t = t + self.out(attended)
        t = t + self.narrow(F.silu(self.widen(self.norms[1](t))))
        t = self.norms[2](t)
        return self.fuse(t.transpose(1, 2).reshape(b, d, h, w))


def head(channels):
    return GlobalAveragePool(), nn.Linear(channels, 10)


WORKLOADS = {
    "W1": lambda: ([convolution(1, 8), convolution(8, 16, stride=2), *head(16)], (1, 8, 8)),
    "W2": lambda: (
        [convolution(1, 16, stride=2), Fire(16, 8, 16), nn.MaxPool2d(2), Fire(32, 16, 32), *head(64)],
        (1, 28, 28),
    ),
    "W3": lambda: (
        [
            convolution(3, 16),
            InvertedResidual(16, 24, 1),
            InvertedResidual(24, 32, 2),
            InvertedResidual(32, 32, 1),
            InvertedResidual(32, 48, 2),
            *head(48),
        ],
        (3, 32, 32),
    ),
    "W4": lambda: (
        [convolution(3, 16), InvertedResidual(16, 24, 1), InvertedResidual(24, 32, 2), Hybrid(), *head(48)],
        (3, 32, 32),
    ),
}


def measure(request):
    torch.manual_seed(request["seed"])
    layers, shape = WORKLOADS[request["workload"]]()
    batch = request["batch"]
    network = nn.Sequential(*layers).train()
    images = torch.randn(batch, *shape)
    labels = torch.arange(batch) % 10
    if request["channels_last"]:
        network = network.to(memory_format=torch.channels_last)
        images = images.to(memory_format=torch.channels_last)
    if request["optimizer"] == "sgd":
        optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9)
    else:
        optimizer = torch.optim.AdamW(network.parameters(), lr=0.01)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(network(images), labels)
        loss.backward()
        optimizer.step()

    for _ in range(WARM_UP_STEPS):
        step()
    times = []
    end = time.perf_counter() + request["seconds"]
    while len(times) < LEAST_STEPS or time.perf_counter() < end:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    params = sum(parameter.numel() for parameter in network.parameters())
    return {"ms": statistics.median(times) * 1e3, "params": params}


torch.set_num_threads(1)
for line in sys.stdin:
    print(json.dumps(measure(json.loads(line))), flush=True)
