"""SIIM-ACR's run-length code of masks: relative, column-major.

A mask is a list of pairs (gap, length): the gap counts from the end of the run before, and pixels are counted down
the columns. `-1` or nothing stands for an empty mask.
Source: the competition's own ``mask_functions.py`` (https://www.kaggle.com/c/siim-acr-pneumothorax-segmentation).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from specs.errors import DataError
from specs.quoting import plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def decode(code: str, height: int, width: int) -> NDArray[np.uint8]:
    """The mask (height, width) uint8 in {0, 1} of a code.

    Raises:
        DataError: if the code is not pairs of whole numbers, or runs beyond the image.
    """
    import numpy as np

    flat = np.zeros(width * height, np.uint8)
    if code.strip() not in ("", "-1"):
        try:
            numbers = np.array(code.split(), dtype=np.int64)
        except (ValueError, OverflowError) as error:
            raise DataError(
                f'the run-length code "{plain(code, 40)}" is not made of whole numbers. Mend it.'
            ) from error
        gaps, lengths = numbers[::2], numbers[1::2]
        if len(gaps) != len(lengths) or (numbers < 0).any() or (lengths < 1).any():
            raise DataError(
                f'the run-length code "{plain(code, 40)}" is not pairs of a gap and a length above 0. Mend it.'
            )
        ends = np.cumsum(gaps + lengths)
        if ends[-1] > flat.size or (ends < 0).any():
            raise DataError(
                f'the run-length code "{plain(code, 40)}" ends at pixel {ends[-1]} of an image of {height} x {width}. '
                "Mend it."
            )
        steps = np.zeros(flat.size + 1, np.int8)
        # A gap of 0 joins two runs, whose end and start fall on one place.
        np.add.at(steps, ends - lengths, 1)
        np.add.at(steps, ends, -1)
        flat = np.cumsum(steps[:-1], dtype=np.int64).astype(np.uint8)
    mask: NDArray[np.uint8] = np.ascontiguousarray(flat.reshape(width, height).T)
    return mask


def encode(mask: NDArray[np.uint8]) -> str:
    """The code of a mask (H, W) in {0, 1}; `-1` if it is empty."""
    import numpy as np

    flat = np.concatenate([[0], mask.T.ravel(), [0]]).astype(np.int8)
    changes = np.flatnonzero(np.diff(flat))
    if not len(changes):
        return "-1"
    starts, ends = changes[::2], changes[1::2]
    gaps = starts - np.concatenate([[0], ends[:-1]])
    return " ".join(f"{gap} {length}" for gap, length in zip(gaps, ends - starts, strict=True))
