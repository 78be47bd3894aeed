"""Cutting one slice out of a volume: which place it has, its neighbours, and square pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from datamodules.slicing.planes import Axis, Plane, plane_of
from specs.errors import DataError

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels
    from datamodules.files.grid import Grid

MOST_PIXELS = 2**26
"""How many pixels a slice may have once it is resampled."""


@dataclass(frozen=True)
class Cut:
    """How slices are taken out of a volume.

    Attributes:
        axis: the axis of the body across which slices are taken, or ``acquired``.
        spacing: the side of the square pixels that slices are resampled to, in mm; None: slices are as they are stored.
        neighbours: how many slices before and after a slice are shown with it, 0 or 1.
    """

    axis: Axis
    spacing: float | None
    neighbours: Literal[0, 1]

    def count(self, grid: Grid) -> int:
        """How many slices a volume gives."""
        return self.plane(grid).sizes(grid)[0]

    def plane(self, grid: Grid) -> Plane:
        """How the volume's axes become slices, rows and columns."""
        return _plane(grid, self.axis)

    def size(self, grid: Grid) -> tuple[int, int]:
        """Height and width of a slice, in pixels: the nearest whole numbers to what the spacing gives.

        Raises:
            DataError: if the spacing gives too many pixels.
        """
        plane = self.plane(grid)
        _, height, width = plane.sizes(grid)
        if self.spacing is None:
            return height, width
        tall, wide = plane.sides(grid)
        size = max(1, round(height * tall / self.spacing)), max(1, round(width * wide / self.spacing))
        if size[0] * size[1] > MOST_PIXELS:
            raise DataError(
                f"spacing={self.spacing:g} gives slices of {size[0]:,} x {size[1]:,} pixels; {MOST_PIXELS:,} are made "
                "at most. Give a larger spacing."
            )
        return size

    def sides(self, grid: Grid) -> tuple[float, float, float]:
        """How far slices are from each other, and the height and width of their pixels, in mm."""
        plane = self.plane(grid)
        _, rows, columns = plane.sizes(grid)
        (tall, wide), (height, width) = plane.sides(grid), self.size(grid)
        return grid.sides[plane.order[0]], rows * tall / height, columns * wide / width

    def image(self, channels: Sequence[Pixels], grid: Grid, number: int) -> Pixels:
        """A slice (H, W) of one channel, or (H, W, C) of several, or with the slices before and after it.

        Beside the first and the last slice, the slice itself is repeated.

        Args:
            channels: the pixels of each channel of the volume, (X, Y, Z) uint8.
            grid: the grid of the volume.
            number: the number of the slice.
        """
        import numpy as np

        from datamodules.files.resampling import resize

        volumes = [self.plane(grid).stacked(pixels) for pixels in channels]
        around = range(number - self.neighbours, number + self.neighbours + 1)
        shown = [slices[min(max(one, 0), len(slices) - 1)] for slices in volumes for one in around]
        image: Pixels = np.ascontiguousarray(shown[0] if len(shown) == 1 else np.stack(shown, axis=-1))
        return image if self.spacing is None else resize(image, self.size(grid), "antialiased")

    def mask(self, numbers: Pixels, grid: Grid, number: int) -> Pixels:
        """The mask (H, W) of a slice; once resampled, a pixel has the class that covers the most of it."""
        import numpy as np

        from datamodules.files.resampling import resize_mask

        one = np.ascontiguousarray(self.plane(grid).stacked(numbers)[number])
        return one if self.spacing is None else resize_mask(one, self.size(grid), "antialiased")


@lru_cache(maxsize=64)  # each slice of a volume asks anew
def _plane(grid: Grid, axis: Axis) -> Plane:
    return plane_of(grid.affine, axis)
