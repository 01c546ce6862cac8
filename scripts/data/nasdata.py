"""Draws balanced splits and writes the `.nasdata` container; docs/adding-a-dataset.md describes both.

Nothing here depends on a random generator, on the order of a dictionary or on a clock: the same images give
the same bytes.
"""

import hashlib
import json
import struct
import zlib

import numpy as np

MAGIC = b"NASDATA\0"
FORMAT_VERSION = 1


def class_queues(dataset_id, labels):
    """The indices of each class, in an order that depends on the dataset's id and the index alone."""

    def key(index):
        return hashlib.sha256(f"{dataset_id}/image/{index}".encode()).digest()

    return [sorted(np.flatnonzero(labels == c).tolist(), key=key) for c in range(int(labels.max()) + 1)]


def draw(dataset_id, split, queues, count):
    """Takes `count` indices off the queues in rounds, each round one index of every class that has any left.

    The order of the classes within a round is shuffled, so that every prefix is balanced and none is sorted.
    """
    drawn = []
    for turn in range(count):

        def key(label):
            return hashlib.sha256(f"{dataset_id}/{split}/{turn}/{label}".encode()).digest()

        for label in sorted((label for label, queue in enumerate(queues) if queue), key=key):
            if len(drawn) < count:
                drawn.append(queues[label].pop(0))
        if len(drawn) == count:
            break
    assert len(drawn) == count, f"{dataset_id} has too few images for its {split} split"
    return drawn


def pack(header, splits):
    """The bytes of a `.nasdata` file and the digest of its content.

    `splits` has the images [n, channels, height, width] and the labels [n] of train, validation and test, u8.
    """
    counts = header["splits"]
    for name, (images, labels) in zip(("train", "validation", "test"), splits, strict=True):
        assert images.dtype == labels.dtype == np.uint8
        assert images.shape == (counts[name], *header["shape"]) and labels.shape == (counts[name],)

    payload = b"".join(images.tobytes() for images, _ in splits)
    payload += b"".join(labels.tobytes() for _, labels in splits)
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()

    digest = hashlib.sha256()
    for piece in (text, payload):
        digest.update(struct.pack("<Q", len(piece)))
        digest.update(piece)

    deflate = zlib.compressobj(level=9, method=zlib.DEFLATED, wbits=-15, memLevel=9)
    stream = deflate.compress(payload) + deflate.flush()
    prefix = MAGIC + struct.pack("<II", FORMAT_VERSION, len(text)) + digest.digest()
    return prefix + text + stream, digest.hexdigest()
