"""The grid of a volume's voxels: how many there are along each axis, and where they lie in the body."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from datamodules.files.images import unreadable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_VOXELS = 2**29
"""How many voxels a volume may have, such as 512 x 512 x 2,048 (1 GB in 16 bits)."""

FLATTEST = 0.1
"""The least volume of the box that the three directions of the axes span, each of length 1; 1 where all are at right
angles, 0 where they lie in a plane. A tilted gantry gives more than 0.8."""

NARROWEST, WIDEST = 1e-4, 1e4
"""The least and the largest side of a voxel, in mm; others come from damaged headers."""

APART = 0.25
"""By which share of the smallest side of a voxel the grids of an image and its mask may differ at a corner; programs
round what they write to headers."""


@dataclass(frozen=True, eq=False)
class Grid:
    """The voxels of a volume and their places.

    Attributes:
        shape: the number of voxels along the three axes of the file, X, Y and Z.
        affine: the matrix (4, 4) from numbers of voxels to mm from left to right, from back to front and from foot to
            head (RAS).
    """

    shape: tuple[int, int, int]
    affine: NDArray[np.float64]

    @property
    def sides(self) -> tuple[float, float, float]:
        """The lengths of a voxel's sides along the three axes of the file, in mm."""
        x, y, z = (math.hypot(*column) for column in self.affine[:3, :3].T.tolist())
        return x, y, z

    def corners(self) -> NDArray[np.float64]:
        """The places of the centers of the eight voxels at the corners, (8, 3), in mm."""
        import numpy as np

        ends = np.array([[0 if bit == "0" else n - 1 for bit, n in zip(f"{corner:03b}", self.shape, strict=True)]
                         for corner in range(8)])  # fmt: skip
        places: NDArray[np.float64] = ends @ self.affine[:3, :3].T + self.affine[:3, 3]
        return places


def checked(path: Path, shape: tuple[int, ...], affine: NDArray[np.float64]) -> Grid:
    """A grid of three axes whose voxels have a size and a place.

    Args:
        path: the file or folder that declares it, for messages.
        shape: the number of voxels along each axis.
        affine: the matrix (4, 4) from numbers of voxels to mm (RAS).

    Raises:
        DataError: if there are no voxels or too many, or the matrix gives them no place or no volume.
    """
    import numpy as np

    check_count(path, shape)
    if not np.isfinite(affine).all():
        raise unreadable(path, "its header places voxels at numbers that are infinite or none", PLACE)
    x, y, z = shape
    grid = Grid((x, y, z), affine)
    if not all(NARROWEST <= side <= WIDEST for side in grid.sides):
        sides = " x ".join(f"{side:g}" for side in grid.sides)
        raise unreadable(path, f"its header says that a voxel measures {sides} mm", PLACE)
    if abs(np.linalg.det(affine[:3, :3] / np.array(grid.sides))) < FLATTEST:
        raise unreadable(path, "the axes that its header declares lie in a plane or a line (a singular matrix)", PLACE)
    return grid


def check_count(path: Path, shape: tuple[int, ...], channels: int = 1) -> None:
    """Refuse a shape that is not of three axes, has no voxels, or more than are read.

    Args:
        path: the file or folder that declares it, for messages.
        shape: the number of voxels along each axis.
        channels: the number of values that each voxel has.

    Raises:
        DataError: names the file and what it declares.
    """
    sizes = " x ".join(f"{size:,}" for size in (*shape, *([channels] if channels > 1 else [])))
    if len(shape) != 3 or min(shape) < 1:
        raise unreadable(path, f"it declares {sizes} voxels; expected one volume of three axes", ONE)
    if math.prod(shape) * channels > MOST_VOXELS:
        raise unreadable(path, f"it declares {sizes} voxels; {MOST_VOXELS:,} are read at most", "Make it smaller.")


def apart(one: Grid, other: Grid) -> str | None:
    """How two grids differ, in words; None where both have the same voxels at the same places."""
    import numpy as np

    if one.shape != other.shape:
        return "they have other numbers of voxels"
    farthest = float(np.linalg.norm(one.corners() - other.corners(), axis=1).max())
    if farthest > APART * min(*one.sides, *other.sides):
        return f"their corners lie up to {farthest:.3g} mm apart"
    return None


def described(grid: Grid) -> str:
    """A grid in words: its shape, and its matrix row by row."""
    rows = "; ".join(" ".join(f"{value:.6g}" for value in row) for row in grid.affine[:3].tolist())
    return f"{' x '.join(map(str, grid.shape))} voxels, matrix [{rows}]"


PLACE = "Write it anew with its orientation and spacing, or leave the case out."

ONE = "Write each volume as a file of its own."
