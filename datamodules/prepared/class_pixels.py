"""How many pixels of a mask show each class of a segmentation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from specs.errors import DataError
from specs.task import IGNORED, Task

FEW = 5
"""Up to how many classes are counted one by one, which takes less time than counting all values at once."""


def class_pixels(mask: NDArray[np.uint8], task: Task) -> NDArray[np.int64]:
    """The number of pixels of each class of a task, (K,).

    Args:
        mask: a mask (H, W) of uint8: 0, the number of a class from 1 on, or ``IGNORED``.
        task: the task, whose classes are counted in their order.

    Raises:
        DataError: if the mask has another value.
    """
    classes = len(task.classes)
    if classes <= FEW:
        each = [np.count_nonzero(mask == number) for number in range(1, classes + 1)]
        others = np.count_nonzero(mask) - sum(each)
        if not others or others == np.count_nonzero(mask == IGNORED):
            return np.array(each, np.int64)
    counts = np.bincount(mask.ravel(), minlength=IGNORED + 1)
    if (other := np.flatnonzero(counts[classes + 1 : IGNORED])).size:
        raise DataError(
            f"its mask has the value {other[0] + classes + 1}; expected 0, {IGNORED} (nobody said what is there) or "
            f"the number of one of {classes} classes. Mend what reads the masks of this dataset."
        )
    return counts[1 : classes + 1].astype(np.int64)
