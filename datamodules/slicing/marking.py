"""Which voxels of a mask show which class."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from datamodules.files.class_masks import class_numbers
from datamodules.files.images import unreadable
from datamodules.files.masks import marked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from datamodules.dataset.contract import Pixels

Foreground = Literal["one value", "above 0"] | tuple[int, ...]
"""The rule for which values of a mask of one class are foreground, as of ``datamodules.files.masks.Foreground``."""

Values = int | tuple[int, ...]
"""The value that marks a class, or several that mean the same."""

ROUNDED = 1e-4
"""By how much a stored value may differ from a whole number, since programs scale masks as they scale images."""


class Marked(NamedTuple):
    """A mask of a volume.

    Attributes:
        numbers: (X, Y, Z) uint8: 0, the number of a class from 1 on, or ``specs.task.IGNORED``.
        value: the one value that marks foreground where all masks of the dataset have to have the same; else None.
    """

    numbers: Pixels
    value: float | None


@dataclass(frozen=True)
class Marking:
    """What the values of masks mean.

    Attributes:
        classes: the names of the foreground classes.
        foreground: the values that are foreground, where there is one class.
        values: the values of each of several classes; empty: 1, 2 and so on.
        ignored: the values of voxels of which nobody said what they show, where there are several classes.
        background: the values beside 0 of voxels that show something else.
    """

    classes: tuple[str, ...]
    foreground: Foreground
    values: tuple[Values, ...]
    ignored: tuple[int, ...]
    background: tuple[int, ...] = ()

    def read(self, values: NDArray[Any], path: Path) -> Marked:
        """The classes of a mask's voxels.

        Args:
            values: the stored values, (X, Y, Z), whole numbers of any format.
            path: the path of the mask, for messages.

        Raises:
            DataError: names the values that stand for nothing, or that are no whole numbers.
        """
        import numpy as np

        whole = _whole(values, path)
        if self.background:
            whole = np.where(np.isin(whole, self.background), whole.dtype.type(0), whole)
        if len(self.classes) > 1:
            numbers = np.zeros(whole.shape, np.uint8, order="F")
            for place in range(whole.shape[2]):  # a slice at a time: the volume may be large
                marks = self.values or range(1, len(self.classes) + 1)
                numbers[..., place] = class_numbers(whole[..., place], path, marks, self.ignored)
            return Marked(numbers, None)
        stored = np.asfortranarray(whole).T  # in the order of memory, which is much faster
        found = marked(stored, path, self.foreground)
        first = int(found.argmax())
        alike = self.foreground == "one value" and found.flat[first]
        return Marked(found.T, float(stored.flat[first]) if alike else None)


def _whole(values: NDArray[Any], path: Path) -> NDArray[Any]:
    """The values as whole numbers."""
    import numpy as np

    if values.dtype.kind != "f":
        return values
    remedy = "Write whole numbers, 0 where there is nothing."
    least, largest = float(values.min()), float(values.max())
    if not (math.isfinite(least) and math.isfinite(largest)):  # what is no number is both the least and the largest
        raise unreadable(path, "it is a mask, and has values that are infinite or no numbers", remedy)
    most = max(abs(least), abs(largest)) + 1
    whole: NDArray[Any] = np.empty(values.shape, np.int16 if most < 2**15 else np.int32, order="F")
    for place in range(values.shape[2]):  # a slice at a time: the volume may be large
        exact = np.rint(values[..., place])
        if most >= 2**31 or np.abs(values[..., place] - exact).max() > ROUNDED:
            raise unreadable(path, "it is a mask, and has values that are no whole numbers", remedy)
        whole[..., place] = exact
    return whole
