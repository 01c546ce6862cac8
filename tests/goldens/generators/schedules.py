"""Writes tests/goldens/nn/schedules.json: the learning rate of every step by PyTorch's schedulers.

Run it from anywhere: python tests/goldens/generators/schedules.py
"""

import json
import math
import pathlib
import platform

import torch
from torch.optim import lr_scheduler

GOLDENS = pathlib.Path(__file__).resolve().parent.parent / "nn"
GENERATED_BY = (
    f"tests/goldens/generators/schedules.py, torch {torch.__version__.split('+')[0]}, "
    f"python {platform.python_version()}"
)
ADAM_W = {"kind": "adam-w", "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.01}

# Schedule, steps in an epoch, epochs of warm-up, epochs in all.
CASES = [
    ({"kind": "constant"}, 10, 0.0, 2),
    ({"kind": "constant"}, 10, 0.5, 2),
    ({"kind": "cosine"}, 10, 0.0, 3),
    ({"kind": "cosine"}, 7, 1.0, 9),
    ({"kind": "one-cycle"}, 10, 0.0, 3),
    ({"kind": "one-cycle"}, 7, 0.0, 9),
    ({"kind": "one-cycle"}, 10, 0.3, 3),
    ({"kind": "step", "epochs": 1, "factor": 0.1}, 5, 0.0, 4),
    ({"kind": "step", "epochs": 2, "factor": 0.5}, 6, 0.5, 9),
    ({"kind": "step", "epochs": 1, "factor": 0.5}, 6, 1.5, 4),
]


def scheduler(schedule, descent, highest, warmup, steps_per_epoch, steps):
    """The scheduler after the warm-up; that of `step` begins with it."""
    match schedule["kind"]:
        case "constant":
            return lr_scheduler.ConstantLR(descent, factor=1.0)
        case "cosine":
            return lr_scheduler.CosineAnnealingLR(descent, T_max=steps - warmup)
        case "one-cycle":
            return lr_scheduler.OneCycleLR(
                descent, max_lr=highest, total_steps=steps - warmup, cycle_momentum=False
            )
        case "step":
            return lr_scheduler.StepLR(
                descent, step_size=schedule["epochs"] * steps_per_epoch, gamma=schedule["factor"]
            )


def rates_of(descent, scheduler, steps):
    rates = []
    for _ in range(steps):
        rates.append(descent.param_groups[0]["lr"])
        descent.step()
        scheduler.step()
    return rates


def rates(schedule, steps_per_epoch, warmup_epochs, epochs, highest):
    steps, warmup = epochs * steps_per_epoch, int(warmup_epochs * steps_per_epoch + 0.5)

    def new():
        return torch.optim.SGD([torch.zeros(1)], lr=highest)

    def warming(descent, warmup):
        return lr_scheduler.LinearLR(descent, start_factor=1 / (warmup + 1), total_iters=warmup)

    descent = new()
    if warmup == 0:
        return rates_of(descent, scheduler(schedule, descent, highest, 0, steps_per_epoch, steps), steps)
    if schedule["kind"] == "step":
        falling = scheduler(schedule, descent, highest, warmup, steps_per_epoch, steps)
        return rates_of(descent, lr_scheduler.ChainedScheduler([warming(descent, warmup), falling]), steps)
    # One after the other: OneCycleLR sets the optimizer's rate when it is made.
    after = rates_of(descent, scheduler(schedule, descent, highest, warmup, steps_per_epoch, steps), steps - warmup)
    descent = torch.optim.SGD([torch.zeros(1)], lr=after[0])
    return rates_of(descent, warming(descent, warmup), warmup) + after


def case(schedule, steps_per_epoch, warmup_epochs, epochs, highest=0.05):
    values = rates(schedule, steps_per_epoch, warmup_epochs, epochs, highest)
    assert len(values) == steps_per_epoch * epochs and all(map(math.isfinite, values))
    recipe = {
        "batch_size": 8,
        "optimizer": ADAM_W,
        "learning_rate": highest,
        "warmup_epochs": warmup_epochs,
        "horizon_epochs": epochs,
        "label_smoothing": 0.0,
        "schedule": schedule,
    }
    return {"recipe": recipe, "steps_per_epoch": steps_per_epoch, "rates": values}


content = {"__generated_by__": GENERATED_BY, "cases": [case(*arguments) for arguments in CASES]}
text = json.dumps(content, separators=(",", ":"))
for start in ['"cases":', '{"recipe":']:
    text = text.replace(start, "\n" + start)
(GOLDENS / "schedules.json").write_text(text + "\n")
