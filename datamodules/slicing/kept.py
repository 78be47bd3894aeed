"""The volumes that were read last, so that the slices of a volume are not decoded one by one.

Samples of one patient lie together wherever slices are read in order: while a dataset is prepared, and in tests.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

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
"""How many images, and how many masks, are kept in memory at most, as one byte a voxel and channel."""

_ONE_AT_A_TIME = Lock()
"""Several threads that ask for slices of one volume wait for the first of them to read it."""


class Image(NamedTuple):
    """Where the channels of a case's image are: a file for each, or one NIfTI file of all.

    Attributes:
        files: the paths of the files, or folders of series, in the order of the channels.
        channels: how many channels each file holds.
    """

    files: tuple[Path, ...]
    channels: int = 1


def looked_at(image: Image) -> Grid:
    """The shape and directions of an image's voxels, by the header of its first file."""
    first = image.files[0]
    return _looked_at(str(first), image.channels, state_of(first))


def shown(image: Image, window: tuple[float, float] | None) -> tuple[tuple[Pixels, ...], Grid]:
    """The pixels of each channel of an image, (X, Y, Z) uint8, as ``gray`` makes them, and their grid.

    Raises:
        DataError: if a file is missing or cannot be read, or is on another grid than the first one.
    """
    with _ONE_AT_A_TIME:
        states = tuple((str(file), state_of(file)) for file in image.files)
        return _shown(states, image.channels, window)


def marked(path: Path, image: Image, marking: Marking) -> tuple[Marked, Grid]:
    """The mask of a volume, and the grid of its image, on which it is.

    Raises:
        DataError: if one of the two is missing or cannot be read, their grids differ, or values stand for nothing.
    """
    with _ONE_AT_A_TIME:
        first = image.files[0]
        return _marked(str(path), state_of(path), str(first), image.channels, state_of(first), marking)


def findings(path: Path, image: Image, marking: Marking, axis: Axis) -> tuple[tuple[float, ...], ...]:
    """For each slice of a mask, whether it shows each class, 1 or 0.

    Raises:
        DataError: as ``marked``.
    """
    with _ONE_AT_A_TIME:
        first = image.files[0]
        return _findings(str(path), state_of(path), str(first), image.channels, state_of(first), marking, axis)


@lru_cache(maxsize=2**16)
def _looked_at(path: str, channels: int, state: State) -> Grid:
    return first_look(Path(path), channels)


@lru_cache(maxsize=KEPT)
def _shown(
    files: tuple[tuple[str, State], ...], channels: int, window: tuple[float, float] | None
) -> tuple[tuple[Pixels, ...], Grid]:
    pixels: list[Pixels] = []
    (first, _), own = files[0], None
    for path, _ in files:
        values, grid = read_volume(Path(path), channels)
        own = own or grid
        if why := apart(own, grid):
            raise _elsewhere("channel", path, grid, "first channel", first, own, why)
        each = [values] if channels == 1 else [values[..., number] for number in range(channels)]
        pixels += [gray(one, Path(path), window) for one in each]
    assert own is not None  # there is a file
    return tuple(pixels), own


@lru_cache(maxsize=KEPT)
def _marked(
    path: str, state: State, image: str, channels: int, image_state: State, marking: Marking
) -> tuple[Marked, Grid]:
    values, grid = read_volume(Path(path))
    # Of a file the first look tells all; of a series each file is looked at.
    series = is_series(Path(image))
    own = read_grid(Path(image), channels) if series else _looked_at(image, channels, image_state)
    if why := apart(own, grid):
        raise _elsewhere("mask", path, grid, "image", image, own, why)
    return marking.read(values, Path(path)), own


def _elsewhere(what: str, path: str, grid: Grid, other: str, image: str, own: Grid, why: str) -> DataError:
    """The error for a file that is on another grid than the image that it belongs to."""
    return DataError(
        f"the {what} {plain(path, LONGEST_PATH)} is on another grid than its {other} {plain(image, LONGEST_PATH)}: "
        f"{why}. The {what} has {described(grid)}; the {other} {described(own)}. Resample the {what} to the {other}, "
        "or put the right file in its place."
    )


@lru_cache(maxsize=2**16)
def _findings(
    path: str, state: State, image: str, channels: int, image_state: State, marking: Marking, axis: Axis
) -> tuple[tuple[float, ...], ...]:
    import numpy as np

    found, grid = _marked(path, state, image, channels, image_state, marking)
    slices = plane_of(grid.affine, axis).stacked(found.numbers)
    classes = range(1, len(marking.classes) + 1)
    return tuple(tuple(float(np.any(one == number)) for number in classes) for one in slices)
