"""Which slices a volume gives along an axis of the body, and how they are shown.

Slices are numbered from 0 on: axial ones from foot to head, coronal ones from back to front, sagittal ones from the
patient's left to the right. A volume whose axes are oblique gives the slices of its own axis that is nearest; nothing
is resampled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from datamodules.files.grid import Grid

Axis = Literal["axial", "coronal", "sagittal", "acquired"]

RIGHT, FRONT, HEAD = (0, 1), (1, 1), (2, 1)
LEFT, BACK, FOOT = (0, -1), (1, -1), (2, -1)
"""Directions in the body: the axis of RAS coordinates, and whether it is followed or opposed."""

SHOWN = {
    "axial": (HEAD, BACK, LEFT),
    "coronal": (FRONT, FOOT, LEFT),
    "sagittal": (RIGHT, FOOT, BACK),
}
"""For each axis where slice numbers rise, where the lower edge of the picture is, and where its right edge is.

These are the usual views of radiology: the patient's right is at the left edge.
"""

SAID = 1.0
"""From which angle, in degrees, a volume counts as oblique."""


@dataclass(frozen=True)
class Plane:
    """How a volume's three axes become slices, rows and columns.

    Attributes:
        order: the axes of the file that count slices, rows and columns.
        backwards: whether each of these three is counted from its end.
    """

    order: tuple[int, int, int]
    backwards: tuple[bool, bool, bool]

    def stacked(self, values: NDArray[Any]) -> NDArray[Any]:
        """The slices (N, H, W) of a volume (X, Y, Z), as a view: what is written to it is written to the volume."""
        steps = tuple(slice(None, None, -1) if back else slice(None) for back in self.backwards)
        return values.transpose(self.order)[steps]

    def sizes(self, grid: Grid) -> tuple[int, int, int]:
        """The numbers of slices, of rows and of columns that a grid gives."""
        slices, rows, columns = (grid.shape[axis] for axis in self.order)
        return slices, rows, columns

    def sides(self, grid: Grid) -> tuple[float, float]:
        """The height and the width of a pixel of a slice, in mm."""
        return grid.sides[self.order[1]], grid.sides[self.order[2]]


def plane_of(affine: NDArray[np.float64], axis: Axis) -> Plane:
    """How the axes of a file become the slices of an axis of the body.

    Args:
        affine: the matrix (4, 4) from numbers of voxels to mm (RAS).
        axis: the axis of the body across which slices are taken; ``acquired``: the third axis of the file, with its
            first axis to the right and its second one down.
    """
    if axis == "acquired":
        return Plane((2, 1, 0), (False, False, False))
    nearest = _nearest(affine)
    order, backwards = [], []
    for body, sign in SHOWN[axis]:
        own = nearest.index(body)
        order.append(own)
        backwards.append(bool(affine[body, own] * sign < 0))
    return Plane((order[0], order[1], order[2]), (backwards[0], backwards[1], backwards[2]))


def tilt(affine: NDArray[np.float64]) -> float:
    """The largest angle between an axis of the file and the axis of the body that is nearest, in degrees."""
    cosines = _cosines(affine)
    nearest = _nearest(affine)
    return max(math.degrees(math.acos(min(1.0, float(cosines[body, own])))) for own, body in enumerate(nearest))


def _nearest(affine: NDArray[np.float64]) -> tuple[int, ...]:
    """The axis of the body for each axis of the file: the pairing with the largest sum of cosines."""
    cosines = _cosines(affine)
    return max(permutations(range(3)), key=lambda bodies: sum(float(cosines[b, own]) for own, b in enumerate(bodies)))


def _cosines(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """The cosines (3, 3) of the angles between axes of the body (rows) and of the file, without their signs."""
    import numpy as np

    directions = affine[:3, :3]
    found: NDArray[np.float64] = np.abs(directions / np.linalg.norm(directions, axis=0))
    return found
