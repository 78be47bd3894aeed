"""Damaged run-length codes of masks, made of any numbers and texts, for images of any size."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np

from datamodules.labels.run_lengths import decode, encode

NAME = "rle"

PIECES = (
    "-1", "0", "1", "7", "64", "4096", "4097", "-5", "1.5", "nan", "inf", "1e9", "", "x", "\u0661", "0x10", "1_000",
    str(2**31), str(2**63 - 1), str(2**63), str(2**64), "9" * 5000, "\0", "\ud7ff", "+3", "[1", "1,2",
)  # fmt: skip


def attempt(generator: random.Random, folder: Path) -> None:
    """Decode one code, and check that the mask, if there is one, has the image's shape and values of 0 and 1.

    Args:
        generator: the generator that makes the code and the image's size.
        folder: a folder for files, which is not used.

    Raises:
        MedtransferError: if the code is refused, which is the right answer to a damaged one.
        AssertionError: if the result is no such mask.
    """
    height, width = generator.randrange(1, 65), generator.randrange(1, 65)
    if generator.random() < 0.5:
        drawn = np.random.default_rng(generator.randrange(2**32)).random((height, width)) < generator.random()
        numbers = encode(drawn.astype(np.uint8)).split()
        for _ in range(generator.randrange(4)):
            numbers[generator.randrange(len(numbers))] = generator.choice(PIECES)
    else:
        numbers = [generator.choice(PIECES) for _ in range(generator.randrange(12))]
    mask = decode(generator.choice((" ", " ", "  ", "\t", "\n", ",")).join(numbers), height, width)
    assert mask.shape == (height, width), mask.shape
    assert mask.dtype == np.uint8, mask.dtype
    assert mask.max() <= 1, mask.max()
