#!/usr/bin/env python3
"""Writes golden.json: what nas-data must make of the shipped files, computed a second time in numpy.

    python3 crate/data/tests/golden.py        # with scripts/data/requirements.txt installed
"""

import hashlib
import json
import math
import pathlib
import struct
import zlib

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
FILES = HERE.parents[2] / "static" / "data"
CASES = [("digits8", 4), ("digits8", 5), ("digits8", 8), ("mnist", 7), ("mnist", 14), ("mnist", 20), ("mnist", 28),
         ("fashion", 7), ("fashion", 14), ("fashion", 28)]
UNIT = 256


def read(name):
    data = (FILES / f"{name}.nasdata").read_bytes()
    version, header_bytes = struct.unpack_from("<II", data, 8)
    assert data[:8] == b"NASDATA\0" and version == 1
    header = json.loads(data[48:48 + header_bytes])
    payload = np.frombuffer(zlib.decompress(data[48 + header_bytes:], wbits=-15), np.uint8)
    count = sum(header["splits"].values())
    images = payload[:-count].reshape(count, *header["shape"]).transpose(0, 2, 3, 1)
    return header, images, payload[-count:]


def shrink(images, target):
    """Area averages as the product of two matrices of overlaps, in units of 1/256 and whole numbers."""
    native = images.shape[1]
    begins, pixels = np.arange(target)[:, None] * native, np.arange(native)[None, :] * target
    overlaps = np.maximum(0, np.minimum(begins + native, pixels + target) - np.maximum(begins, pixels))
    sums = np.einsum("yr,xc,nrck->nyxk", overlaps, overlaps, images.astype(np.int64) * UNIT, optimize=True)
    return (2 * sums + native**2) // (2 * native**2)


def piece(digest, data):
    digest.update(struct.pack("<Q", len(data)))
    digest.update(data)


def bits(value):
    return int(np.float32(value).view(np.uint32))


def normalized(name, resolution):
    """Images [n, height, width, channels], labels, the sizes of the splits, mean and standard deviation."""
    header, images, labels = read(name)
    pixels = shrink(images, resolution)
    train = pixels[:header["splits"]["train"]].ravel().tolist()
    count, total = len(train), sum(train)
    mean = np.float32(total / (count * UNIT))
    spread = count * sum(value * value for value in train) - total * total
    deviation = np.float32(math.sqrt(spread) / (count * UNIT))
    images = (pixels.astype(np.float32) / np.float32(UNIT) - mean) / deviation
    return images, labels, header["splits"], mean, deviation


def case(name, resolution):
    images, labels, splits, mean, deviation = normalized(name, resolution)
    digest, begin = hashlib.sha256(), 0
    for samples in splits.values():
        piece(digest, images[begin:begin + samples].astype("<f4").tobytes())
        for label in labels[begin:begin + samples].tolist():
            piece(digest, struct.pack("<Q", label))
        begin += samples
    return {"id": name, "resolution": resolution, "mean": float(mean), "standard_deviation": float(deviation),
            "mean_bits": bits(mean), "standard_deviation_bits": bits(deviation), "sha256": digest.hexdigest()}


if __name__ == "__main__":
    golden = {"made_by": f"crate/data/tests/golden.py, numpy {np.__version__}", "cases": [case(*c) for c in CASES]}
    (HERE / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")
