"""Damage to the bytes of files, as by broken disks, cut downloads and attackers."""

from __future__ import annotations

import random

EDGES = (0x00, 0xFF, 0x7F, 0x80, 0x01, 0x2E)
"""Bytes at the ends of the ranges of numbers, and the byte that ends a pickle."""


def damaged(content: bytes, generator: random.Random, most: int = 6, reach: int = 2000) -> bytes:
    """A file's bytes with a few changes: bytes are changed, removed, inserted or moved, or the end is cut off.

    Args:
        content: the bytes of the file.
        generator: the only source of randomness.
        most: the largest number of changes.
        reach: the number of bytes at the beginning, where headers are, that half of the changes are made among.
    """
    changed = bytearray(content)
    for _ in range(generator.randint(1, most)):
        if not changed:
            break
        position = generator.randrange(min(len(changed), reach) if generator.random() < 0.5 else len(changed))
        match generator.randrange(7):
            case 0:
                changed[position] = generator.randrange(256)
            case 1:
                changed[position] = generator.choice(EDGES)
            case 2:
                del changed[position : position + generator.randint(1, 16)]
            case 3:
                changed[position:position] = generator.randbytes(generator.randint(1, 16))
            case 4:
                other = generator.randrange(len(changed))
                changed[position : position + 8] = changed[other : other + 8]
            case 5:
                wide = generator.choice((4, 8))
                number = generator.choice((2**31 - 1, 2**32 - 1, 2**40, 10**12, 1, 0))
                changed[position : position + wide] = (number % 256**wide).to_bytes(
                    wide, generator.choice(("little", "big"))
                )
            case _:
                if generator.random() < 0.3:
                    del changed[position:]
    return bytes(changed)
