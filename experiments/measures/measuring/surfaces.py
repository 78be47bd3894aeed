"""Distances between the surfaces of two masks, by MONAI, which the extra ``medtransfer[surface]`` brings."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from specs.errors import UsageError

PERCENTILE = 95
"""The percentile of the distances that takes the place of their maximum, which one stray pixel decides; that of the
BraTS challenges (Menze et al. 2015, section III.E)."""


class Distances(NamedTuple):
    """How far the surfaces of two masks are from each other.

    Attributes:
        hd95: the 95th percentile of the distances from the points of one surface to the other one, the larger of both
            directions.
        assd: the mean of the distances from the points of both surfaces to the other one.
    """

    hd95: float
    assd: float


def monai_is_installed() -> bool:
    """Whether MONAI can be imported, without importing it."""
    return find_spec("monai") is not None


def surface_distances(
    found: NDArray[np.bool_], truth: NDArray[np.bool_], sides: Sequence[float] | None = None
) -> Distances:
    """The distances between the surfaces of two masks, neither of them empty.

    The surface of a mask is those of its pixels, or voxels, that have a neighbour along an axis outside of it; beyond
    the edge of the image is outside. The distance of two of them is that of their centers.

    Args:
        found: the predicted mask, (H, W) or (N, H, W).
        truth: the true mask of the same shape.
        sides: the side of a pixel or voxel along each axis, in the unit of the result; None: 1 along all.

    Raises:
        UsageError: if MONAI is not installed.
        ValueError: if a mask is empty, so that it has no surface.
    """
    if not found.any() or not truth.any():
        raise ValueError("an empty mask has no surface; expected two masks with foreground")
    check_monai()
    import torch
    from monai.metrics import compute_average_surface_distance, compute_hausdorff_distance

    box = _box(found | truth)  # MONAI cuts it out too, from a copy of the whole volume as floating point numbers
    pair = [torch.from_numpy(np.ascontiguousarray(mask[box]))[None, None] for mask in (found, truth)]
    how: dict[str, Any] = {"include_background": True, "spacing": None if sides is None else list(sides)}
    with warnings.catch_warnings():  # MONAI 1.6 warns of an argument that it gives itself
        warnings.filterwarnings("ignore", ".*always_return_as_numpy", FutureWarning)
        return Distances(
            float(compute_hausdorff_distance(*pair, percentile=PERCENTILE, **how)),
            float(compute_average_surface_distance(*pair, symmetric=True, **how)),
        )


def check_monai() -> None:
    """Refuse to go on without MONAI.

    Raises:
        UsageError: names the command that installs it.
    """
    if not monai_is_installed():
        raise UsageError("surface_distance needs MONAI. Run `pip install 'medtransfer[surface]'`.")


def _box(mask: NDArray[np.bool_]) -> tuple[slice, ...]:
    """The smallest box that holds the foreground of a mask."""
    slices = []
    for axis in range(mask.ndim):
        places = np.flatnonzero(mask.any(axis=tuple(other for other in range(mask.ndim) if other != axis)))
        slices.append(slice(int(places[0]), int(places[-1]) + 1))
    return tuple(slices)
