"""One epoch of training as docs/numerics.md has it, by PyTorch's optimisers. The scripts beside this one use it."""

import math

import numpy
import torch
import torch.nn.functional as functional

from networks import forward


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


def unnamed(tensors):
    """The opposite of `named`: float32 values in float64 tensors."""
    return {
        tensor["path"]: torch.tensor(tensor["values"], dtype=torch.float32).double().reshape(tensor["shape"])
        for tensor in tensors
    }


def is_trained(path):
    return not path.endswith(("running_mean", "running_var"))


def learnable(initial):
    """Copies of all parameters and running statistics, the former with gradients."""
    return {path: tensor.clone().requires_grad_(is_trained(path)) for path, tensor in initial.items()}


def gradients(weights):
    """Of everything trained; zeros for what the loss does not depend on."""
    return {
        path: torch.zeros_like(tensor) if tensor.grad is None else tensor.grad.clone()
        for path, tensor in weights.items()
        if tensor.requires_grad
    }


def learning_rate(recipe, step, steps_per_epoch):
    warmup = int(recipe["warmup_epochs"] * steps_per_epoch + 0.5)
    if step < warmup:
        return recipe["learning_rate"] * (step + 1) / (warmup + 1)
    if "schedule" in recipe:
        assert recipe["schedule"]["kind"] == "constant", "schedules.py has the others"
        return recipe["learning_rate"]
    progress = (step - warmup) / (recipe["horizon_epochs"] * steps_per_epoch - warmup)
    return recipe["learning_rate"] * (1 + math.cos(math.pi * progress)) / 2


def optimizer(recipe, weights):
    """Weights of convolutions and dense layers decay: they alone have several dimensions."""
    trained = [tensor for tensor in weights.values() if tensor.requires_grad]
    settings = dict(recipe["optimizer"])
    groups = [
        {
            "params": [tensor for tensor in trained if tensor.dim() > 1],
            "weight_decay": settings.pop("weight_decay"),
        },
        {"params": [tensor for tensor in trained if tensor.dim() == 1], "weight_decay": 0.0},
    ]
    if settings.pop("kind") == "sgd":
        return torch.optim.SGD(groups, lr=1.0, **settings)
    return torch.optim.AdamW(
        groups, lr=1.0, betas=(settings["beta1"], settings["beta2"]), eps=settings["epsilon"]
    )


def train(network, recipe, initial, batches):
    """One epoch: the loss of each step, the gradients of the first, and the weights after the last."""
    weights, losses, first = learnable(initial), [], None
    descent = optimizer(recipe, weights)
    for step, (images, labels) in enumerate(batches):
        for group in descent.param_groups:
            group["lr"] = learning_rate(recipe, step, len(batches))
        logits = forward(network, weights, images, training=True)
        loss = functional.cross_entropy(logits, labels, label_smoothing=recipe["label_smoothing"])
        descent.zero_grad()
        loss.backward()
        if "clip_norm" in recipe:
            trained = [tensor for tensor in weights.values() if tensor.requires_grad]
            torch.nn.utils.clip_grad_norm_(trained, recipe["clip_norm"])
        first = first or gradients(weights)
        descent.step()
        losses.append(loss.item())
    return losses, first, weights
