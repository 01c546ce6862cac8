"""The engine's random number generator and the order of its images, as docs/numerics.md has them."""

import hashlib
import math
import struct

MULTIPLIER = 6364136223846793005
MASK_32, MASK_64 = 2**32 - 1, 2**64 - 1


class Rng:
    """PCG-XSH-RR 64/32, for one purpose of a seed: crate/numerics/src/rng.rs."""

    def __init__(self, seed, purpose, index):
        pieces = [struct.pack("<Q", seed), purpose.encode(), struct.pack("<Q", index)]
        digest = hashlib.sha256(b"".join(struct.pack("<Q", len(piece)) + piece for piece in pieces)).digest()
        state, stream = struct.unpack_from("<QQ", digest)
        self.increment = (stream << 1 | 1) & MASK_64
        self.state = (state + self.increment) & MASK_64
        self.next_u32()

    def next_u32(self):
        state = self.state
        self.state = (state * MULTIPLIER + self.increment) & MASK_64
        value, turn = ((state >> 18 ^ state) >> 27) & MASK_32, state >> 59
        return (value >> turn | value << (32 - turn)) & MASK_32

    def below(self, bound):
        while True:
            product = self.next_u32() * bound
            if product & MASK_32 >= 2**32 % bound:
                return product >> 32

    def unit(self):
        return (self.next_u32() >> 8) / 16_777_216

    def normal(self):
        """Box and Muller; in float64, where the engine has float32."""
        radius = 1.0 - self.unit()
        return math.sqrt(-2.0 * math.log(radius)) * math.cos(math.tau * self.unit())


def order_of_images(run_seed, epoch, count):
    """The training images in the order of an epoch, counted from 0."""
    rng, order = Rng(run_seed, "batches/0", epoch), list(range(count))
    for last in range(count - 1, 0, -1):
        other = rng.below(last + 1)
        order[last], order[other] = order[other], order[last]
    return order
