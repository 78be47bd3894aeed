"""The volumes that were read last, so that the slices of a volume are not decoded one by one.

Samples of one patient lie together wherever slices are read in order: while a dataset is prepared, and in tests.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from datamodules.files.grid import Grid, apart, described
from datamodules.files.volume_files import State, first_look, is_series, read_grid, read_volume, state_of
from datamodules.slicing.gray import gray
from datamodules.slicing.marking import Marked, Marking
from datamodules.slicing.planes import Axis, plane_of
from specs.errors import DataError
from specs.quoting import LONGEST_PATH, plain

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels

KEPT = 2
"""How many images, and how many masks, are kept in memory at most, as one byte a voxel."""

_ONE_AT_A_TIME = Lock()
"""Several threads that ask for slices of one volume wait for the first of them to read it."""


def looked_at(path: Path) -> Grid:
    """The shape and directions of a volume's voxels, by its header."""
    return _looked_at(str(path), state_of(path))


def shown(path: Path, window: tuple[float, float] | None) -> tuple[Pixels, Grid]:
    """The pixels of a volume, (X, Y, Z) uint8, as ``gray`` makes them, and its grid.

    Raises:
        DataError: if it is missing or cannot be read.
    """
    with _ONE_AT_A_TIME:
        return _shown(str(path), state_of(path), window)


def marked(path: Path, image: Path, marking: Marking) -> tuple[Marked, Grid]:
    """The mask of a volume, and the grid of its image, on which it is.

    Raises:
        DataError: if one of the two is missing or cannot be read, their grids differ, or values stand for nothing.
    """
    with _ONE_AT_A_TIME:
        return _marked(str(path), state_of(path), str(image), state_of(image), marking)


def findings(path: Path, image: Path, marking: Marking, axis: Axis) -> tuple[tuple[float, ...], ...]:
    """For each slice of a mask, whether it shows each class, 1 or 0.

    Raises:
        DataError: as ``marked``.
    """
    with _ONE_AT_A_TIME:
        return _findings(str(path), state_of(path), str(image), state_of(image), marking, axis)


@lru_cache(maxsize=2**16)
def _looked_at(path: str, state: State) -> Grid:
    return first_look(Path(path))


@lru_cache(maxsize=KEPT)
def _shown(path: str, state: State, window: tuple[float, float] | None) -> tuple[Pixels, Grid]:
    values, grid = read_volume(Path(path))
    return gray(values, Path(path), window), grid


@lru_cache(maxsize=KEPT)
def _marked(path: str, state: State, image: str, image_state: State, marking: Marking) -> tuple[Marked, Grid]:
    values, grid = read_volume(Path(path))
    # Of a file the first look tells all; of a series each file is looked at.
    own = read_grid(Path(image)) if is_series(Path(image)) else _looked_at(image, image_state)
    if why := apart(own, grid):
        raise DataError(
            f"the mask {plain(path, LONGEST_PATH)} is on another grid than its image {plain(image, LONGEST_PATH)}: "
            f"{why}. The mask has {described(grid)}; the image {described(own)}. Resample the mask to the image, or "
            "put the right file in its place."
        )
    return marking.read(values, Path(path)), own


@lru_cache(maxsize=2**16)
def _findings(
    path: str, state: State, image: str, image_state: State, marking: Marking, axis: Axis
) -> tuple[tuple[float, ...], ...]:
    import numpy as np

    found, grid = _marked(path, state, image, image_state, marking)
    slices = plane_of(grid.affine, axis).stacked(found.numbers)
    classes = range(1, len(marking.classes) + 1)
    return tuple(tuple(float(np.any(one == number)) for number in classes) for one in slices)
