"""What the kinds of volumes share: small volumes as files, odd values for their headers, and reading them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.fuzzing.damaging import damaged

SHAPE = (7, 6, 5)

FORMATS = (np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64)

ODD_NUMBERS = (
    "0", "1", "-1", "2", "3", "0.5", "7", "1e-9", "1e30", "1e400", "nan", "inf", "-inf", "65536", str(2**31),
    str(2**63), str(2**64), "9" * 40, "", "x", "1,0", "\x1b[31m", "\u0661", "1 1", "0 0 0", "-7",
)  # fmt: skip
"""Texts for numbers in headers, likely and unlikely ones."""


def values(generator: random.Random) -> np.ndarray[Any, Any]:
    """The values of a small volume, (X, Y, Z): an image, or a mask of two classes."""
    drawn = np.random.default_rng(generator.randrange(8))
    kind = generator.choice(FORMATS)
    if generator.random() < 0.4:
        return drawn.integers(0, 3, SHAPE).astype(kind)
    return drawn.normal(100, 30, SHAPE).astype(kind)


def affine(generator: random.Random) -> np.ndarray[Any, Any]:
    """The matrix (4, 4) of a grid whose axes are flipped or not."""
    signs = [generator.choice((-1.0, 1.0)) for _ in range(3)]
    matrix = np.diag([signs[0] * 0.8, signs[1] * 0.8, signs[2] * 2.5, 1.0])
    matrix[:3, 3] = [generator.choice((-40.0, 0.0, 33.3)) for _ in range(3)]
    return matrix


def look_at(generator: random.Random, content: bytes, folder: Path, names: tuple[str, ...]) -> None:
    """Write the bytes of a volume, damaged or not, under one of some names, and look at the file."""
    path = folder / generator.choice(names)
    path.write_bytes(damaged(content, generator, reach=500) if generator.random() < 0.5 else content)
    look(generator, path)


def look(generator: random.Random, path: Path) -> None:
    """Read a volume, or its grid alone, as an image or as a mask, as slices of some axis.

    Args:
        generator: the generator that chooses what is done.
        path: the file, or the folder of a series.

    Raises:
        MedtransferError: if it is refused, which is the right answer to a damaged one.
        AssertionError: if what is read has not the shape that its grid says.
    """
    from datamodules.files.volume_files import first_look, read_grid, read_volume
    from datamodules.slicing.cutting import Cut
    from datamodules.slicing.gray import gray
    from datamodules.slicing.marking import Marking

    if generator.random() < 0.2:
        generator.choice((first_look, read_grid))(path)
        return
    stored, grid = read_volume(path)
    assert stored.shape == grid.shape, (stored.shape, grid.shape)
    cut = Cut(generator.choice(("axial", "coronal", "sagittal", "acquired")), generator.choice((None, 1.0)),
              generator.choice((0, 1)))  # fmt: skip
    count = cut.count(grid)
    if generator.random() < 0.3:
        marking = (
            Marking(("a", "b"), "one value", (), ()) if generator.random() < 0.5 else Marking(("a",), "above 0", (), ())
        )
        mask = cut.mask(marking.read(stored, path).numbers, grid, generator.randrange(count))
        assert mask.dtype == np.uint8, mask.dtype
        return
    pixels = gray(stored, path, generator.choice((None, (40.0, 400.0))))
    image = cut.image((pixels,), grid, generator.randrange(count))
    assert image.shape[:2] == cut.size(grid), (image.shape, cut.size(grid))
