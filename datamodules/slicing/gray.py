"""From the values of a volume to pixels: one window for the whole volume, so that its slices can be compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from datamodules.files.dicom import windowed
from datamodules.files.images import unreadable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from datamodules.dataset.contract import Pixels

PERCENTILES = (0.5, 99.5)
"""The percentiles of a volume's voxels that become black and white where no window is given."""

LEAVE_OUT = "Write the volume anew, or leave the case out."


def gray(values: NDArray[Any], path: Path, window: tuple[float, float] | None) -> Pixels:
    """The pixels of a volume, (X, Y, Z) uint8.

    Values are mapped linearly, the lower end of the window to 0 and its upper end to 255 (DICOM PS3.3, C.11.2.1.3,
    LINEAR_EXACT). What is not a number is 0: programs write it where nothing was measured.

    Args:
        values: the values of the voxels, (X, Y, Z).
        path: the path of the volume, for messages.
        window: center and width of the window, in the units of the values; None: it reaches from one of
            ``PERCENTILES`` of the voxels to the other or, where both are equal, from the least to the largest value.

    Raises:
        DataError: if a value is infinite, or none is a number.
    """
    import numpy as np

    pixels: Pixels = np.zeros(values.shape, np.uint8, order="F")
    center, width = window or _own_window(values, path)
    if width == 0:
        return pixels
    for place in range(values.shape[2]):  # a slice at a time: the volume may be large
        exact = values[..., place]
        if exact.dtype.kind == "f":
            if np.isinf(exact).any():
                raise unreadable(path, "it has infinite values", LEAVE_OUT)
            exact = np.nan_to_num(exact, nan=-np.inf)
        pixels[..., place] = windowed(exact, center, width, "LINEAR_EXACT")
    return pixels


def _own_window(values: NDArray[Any], path: Path) -> tuple[float, float]:
    """Center and width of the window between the percentiles of a volume; the width is 0 where all values are equal."""
    import numpy as np

    measured = values.ravel(order="K")
    if values.dtype.kind == "f":
        measured = measured[~np.isnan(measured)]
        if not measured.size:
            raise unreadable(path, "none of its values is a number", LEAVE_OUT)
        if np.isinf(measured).any():
            raise unreadable(path, "it has infinite values", LEAVE_OUT)
    low, high = (float(one) for one in np.percentile(measured, PERCENTILES))
    if low == high:
        low, high = float(measured.min()), float(measured.max())
    return (low + high) / 2, high - low
