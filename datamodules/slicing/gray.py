"""From the values of a volume to pixels: one window for the whole volume, so that its slices can be compared."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datamodules.files.dicom import windowed
from datamodules.files.images import unreadable
from datamodules.files.masks import AT_A_TIME, counted, few

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from datamodules.dataset.contract import Pixels

PERCENTILES = (0.5, 99.5)
"""The percentiles of a volume's voxels that become black and white where no window is given."""

LOOKED_UP = 2**14
"""How many voxels are looked up together: their indices, of eight bytes each, stay in the processor's cache."""

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

    if few(values):
        return _looked_up(values, window)
    pixels: Pixels = np.zeros(values.shape, np.uint8, order="F")
    center, width = window or _own_window(values, path)
    for place in range(values.shape[2]):  # a slice at a time: the volume may be large
        exact = values[..., place]
        if exact.dtype.kind == "f":
            if np.isinf(exact).any():
                raise unreadable(path, "it has infinite values", LEAVE_OUT)
            exact = np.nan_to_num(exact, nan=-np.inf)
        if width:
            pixels[..., place] = windowed(exact, center, width, "LINEAR_EXACT")
    return pixels


def _looked_up(values: NDArray[Any], window: tuple[float, float] | None) -> Pixels:
    """The pixels of a volume of few bits, by a table of all values that it can have."""
    import numpy as np

    if window is None:
        window = _between(*_counted_ends(*counted(values)))
    unsigned = np.dtype(f"u{values.dtype.itemsize}")
    every = np.arange(1 << 8 * unsigned.itemsize).astype(unsigned).view(values.dtype)
    table = windowed(every, *window, "LINEAR_EXACT") if window[1] else np.zeros(len(every), np.uint8)
    pixels: Pixels = np.empty(values.shape, np.uint8, order="F")
    places, found = np.asfortranarray(values).view(unsigned).ravel(order="K"), pixels.ravel(order="K")
    for start in range(0, places.size, LOOKED_UP):
        part = slice(start, start + LOOKED_UP)
        np.take(table, places[part], out=found[part], mode="clip")  # each place is in the table, and is not looked at
    return pixels


def _counted_ends(every: NDArray[Any], counts: NDArray[np.int64]) -> tuple[float, ...]:
    """The percentiles, the least and the largest of values that are there so often; ``every`` rises."""
    import numpy as np

    until = np.cumsum(counts)

    def at(rank: float) -> float:
        """The value of a rank, between two values as NumPy's ``percentile`` has it."""
        below, above = (float(every[np.searchsorted(until, one, side="right")]) for one in (int(rank), math.ceil(rank)))
        return below + (above - below) * (rank - int(rank))

    last = int(until[-1]) - 1
    low, high = (at(percentile / 100 * last) for percentile in PERCENTILES)
    return low, high, at(0), at(last)


def _own_window(values: NDArray[Any], path: Path) -> tuple[float, float]:
    """Center and width of the window between the percentiles of a volume; the width is 0 where all values are equal.

    Raises:
        DataError: if a value is infinite, or none is a number.
    """
    import numpy as np

    measured = _numbers(values.ravel(order="K"))
    if not measured.size:
        raise unreadable(path, "none of its values is a number", LEAVE_OUT)
    least, largest = float(measured.min()), float(measured.max())
    if math.isinf(least) or math.isinf(largest):
        raise unreadable(path, "it has infinite values", LEAVE_OUT)
    low, high = (float(one) for one in np.percentile(measured, PERCENTILES, overwrite_input=True))
    return _between(low, high, least, largest)


def _numbers(flat: NDArray[Any]) -> NDArray[Any]:
    """A copy of values (N,) without those that are no numbers, which takes no memory beside its own."""
    import numpy as np

    if flat.dtype.kind != "f":
        return flat.copy()
    parts = range(0, flat.size, AT_A_TIME)
    found = np.empty(sum(int(np.count_nonzero(~np.isnan(flat[at : at + AT_A_TIME]))) for at in parts), flat.dtype)
    place = 0
    for at in parts:
        part = flat[at : at + AT_A_TIME]
        part = part[~np.isnan(part)]
        found[place : place + part.size] = part
        place += part.size
    return found


def _between(low: float, high: float, least: float, largest: float) -> tuple[float, float]:
    """Center and width of the window from ``low`` to ``high`` or, where both are equal, over all values."""
    if low == high:
        low, high = least, largest
    return (low + high) / 2, high - low
