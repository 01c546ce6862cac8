"""Compares what trainings come to with PyTorch's. Writes no golden; run it by hand where PyTorch and Rust are installed and
the originals of the datasets have been fetched (scripts/data/pack.py says how):

python tests/goldens/generators/quality.py [--data mnist fashion] [--network mnist-fire] [--epochs 20] [--seeds 30]

For each seed `nas train` trains a network by the default recipe, and PyTorch the same in float32 on one thread: from the
same initial weights, on the same batches in the same order. The 500 validation images of a dataset are few: what both have
learned is also measured on 10,000 others. Prints the mean difference in accuracy with its 95 % interval; the exit code is 1
if one of the latter is not inside the margin.
"""

import argparse
import json
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

import numpy
import scipy.stats
import torch
import torch.nn.functional as functional

from networks import forward
from rng import Rng, order_of_images
from training import learnable, learning_rate, optimizer, unnamed

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path += [str(ROOT / "crate/data/tests"), str(ROOT / "scripts/data")]
import nasdata
import pack
from golden import UNIT, normalized, shrink

ORIGINALS = {"mnist": pack.mnist_originals, "fashion": pack.fashion_originals}
HELD_OUT = 10_000

# Percentage points.
MARGIN = 0.3
SPLITS = ("validation", "test", "held out")
EVALUATED_AT_ONCE = 1000
# In the first epoch rounding has not yet driven the trainings apart: another order of images or another recipe would show.
FIRST_LOSS_TOLERANCE = 0.01


def by_engine(network, data, epochs, seed, folder):
    """The job, its initial and its trained weights, and the scores."""
    options = ["--data", data, "--epochs", str(epochs), "--seed", str(seed), "--json"]
    files = ["--export-init", folder / "initial.json", "--export", folder / "trained.json", "--checkpoints", folder]
    command = [ROOT / "target/release/nas", "train", network, *options, *files]
    scores = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    job = json.loads((folder / "job.json").read_text())
    return job, floats(folder / "initial.json"), floats(folder / "trained.json"), scores


def floats(file):
    return {path: tensor.float() for path, tensor in unnamed(json.loads(file.read_text())).items()}


def splits_of(data, resolution):
    """Images [n, channels, height, width] and labels: the dataset's splits, and training images that are in none."""
    images, labels, counts, mean, deviation = normalized(data, resolution)
    begins = numpy.cumsum(list(counts.values()))[:-1]
    splits = dict(zip(counts, zip(numpy.split(images, begins), numpy.split(labels, begins))))

    images, labels = (part["train"] for part in ORIGINALS[data]())
    queues = nasdata.class_queues(data, labels)
    for split in ("train", "validation"):
        nasdata.draw(data, split, queues, counts[split])
    drawn = nasdata.draw(data, "held out", queues, HELD_OUT)
    pixels = shrink(images[drawn].transpose(0, 2, 3, 1), resolution)
    splits["held out"] = ((pixels.astype("float32") / numpy.float32(UNIT) - mean) / deviation, labels[drawn])
    return {
        split: (torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(labels.astype("int64")))
        for split, (images, labels) in splits.items()
    }


def by_pytorch(job, initial, splits):
    """The mean loss of each epoch, and the trained weights."""
    network, recipe, weights = job["network"], job["recipe"], learnable(initial)
    assert recipe.keys().isdisjoint({"schedule", "clip_norm"}), "not in the default recipe"
    images, labels = splits["train"]
    size = recipe["batch_size"]
    steps = len(images) // size
    descent, losses = optimizer(recipe, weights), []
    for epoch in range(job["epochs"]):
        order = torch.tensor(order_of_images(job["run_seed"], epoch, len(images)))
        total = 0.0
        for step in range(steps):
            for group in descent.param_groups:
                group["lr"] = learning_rate(recipe, epoch * steps + step, steps)
            batch = order[step * size : (step + 1) * size]
            logits = forward(network, weights, images[batch], training=True)
            loss = functional.cross_entropy(logits, labels[batch], label_smoothing=recipe["label_smoothing"])
            descent.zero_grad()
            loss.backward()
            descent.step()
            total += loss.item()
        losses.append(total / steps)
    return losses, weights


@torch.no_grad()
def accuracy(network, weights, images, labels):
    """In percentage points."""
    right = [
        (forward(network, weights, some, training=False).argmax(1) == theirs).sum().item()
        for some, theirs in zip(images.split(EVALUATED_AT_ONCE), labels.split(EVALUATED_AT_ONCE))
    ]
    return 100 * sum(right) / len(labels)


def compare(network, data, epochs, seeds):
    """For each seed the accuracies of the engine's and of PyTorch's training, by split."""
    splits, pairs = splits_of(data, json.loads(network.read_text())["input"][1]), []
    for seed in range(1, seeds + 1):
        with tempfile.TemporaryDirectory() as folder:
            job, initial, trained, scores = by_engine(network, data, epochs, seed, pathlib.Path(folder))
        losses, weights = by_pytorch(job, initial, splits)
        ours, theirs = (
            {split: accuracy(job["network"], either, *splits[split]) for split in SPLITS}
            for either in (trained, weights)
        )
        first = scores["curve"][0]["loss"]
        assert abs(first - losses[0]) < FIRST_LOSS_TOLERANCE, f"seed {seed}: first epoch {first}, PyTorch {losses[0]}"
        for split, score in (("validation", "val_accuracy"), ("test", "test_accuracy")):
            one_image = 100 / len(splits[split][1])
            assert abs(100 * scores[score] - ours[split]) < 1.5 * one_image, f"seed {seed}: {scores}, {ours}"
        pairs.append((ours, theirs))
        print(seed, ours, theirs, file=sys.stderr)
    return pairs


def interval(differences):
    """The mean and half of Student's 95 % interval."""
    spread = statistics.stdev(differences) / len(differences) ** 0.5
    return statistics.mean(differences), scipy.stats.t.ppf(0.975, len(differences) - 1) * spread


def resized(name, resolution, folder):
    """A reference network for images of this resolution."""
    network = json.loads((ROOT / f"crate/arch/networks/{name}.json").read_text())
    network["input"][1:] = [resolution, resolution]
    file = pathlib.Path(folder) / f"{name}.json"
    file.write_text(json.dumps(network))
    return file


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", default=["mnist", "fashion"])
    parser.add_argument("--network", default="mnist-fire")
    parser.add_argument("--resolution", type=int, default=14)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=30)
    arguments = parser.parse_args()

    # Pinned in crate/numerics/src/rng.rs.
    rng = Rng(7, "golden", 0)
    assert [rng.next_u32() for _ in range(4)] == [4_075_780_389, 3_707_712_659, 2_794_754_566, 1_943_761_120]
    torch.set_num_threads(1)
    subprocess.run(["cargo", "build", "--release", "--quiet", "-p", "nas-cli"], cwd=ROOT, check=True)

    print(f"{arguments}, torch {torch.__version__}, python {platform.python_version()}")
    inside = True
    with tempfile.TemporaryDirectory() as folder:
        network = resized(arguments.network, arguments.resolution, folder)
        for data in arguments.data:
            pairs = compare(network, data, arguments.epochs, arguments.seeds)
            for split in SPLITS:
                differences = [ours[split] - theirs[split] for ours, theirs in pairs]
                means = [statistics.mean(either[split] for either in side) for side in zip(*pairs)]
                mean, half = interval(differences)
                print(
                    f"{data}, {split}: nas {means[0]:.2f}, PyTorch {means[1]:.2f}, difference {mean:+.3f} ± {half:.3f} "
                    f"(standard deviation {statistics.stdev(differences):.2f})"
                )
            inside &= abs(mean) + half < MARGIN
    sys.exit(0 if inside else 1)


main()
