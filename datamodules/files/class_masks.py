"""Reading masks of several classes: which stored values or colors stand for which class."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datamodules.files.images import opened_image
from datamodules.files.masks import distinct, stored_values
from specs.errors import DataError
from specs.quoting import LONGEST_PATH, plain
from specs.task import IGNORED

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Mark = int | str
"""What marks pixels in a file: a stored value or palette index, or a color such as ``#ff0000``."""

Marks = Mark | tuple[Mark, ...]
"""One mark, or several that mean the same."""

COLOR = re.compile("#[0-9a-fA-F]{6}")
"""How a color is written: red, green and blue, two hexadecimal digits each."""

BLACK = "#000000"
"""The background of masks in color."""


def several(marks: Marks) -> tuple[Mark, ...]:
    """Marks as a tuple."""
    return marks if isinstance(marks, tuple) else (marks,)


def by_colors(marks: Sequence[Marks]) -> bool:
    """Whether marks are colors."""
    return any(isinstance(one, str) for each in marks for one in several(each))


def read_class_mask(path: Path, marks: Sequence[Marks], ignored: Sequence[Mark] = ()) -> NDArray[np.uint8]:
    """A mask of several classes as (H, W) uint8: 0, the number of a class from 1 on, or ``specs.task.IGNORED``.

    Args:
        path: the file. Of values, 0 is the background; of colors, black is.
        marks: what marks each class, in the classes' order; all values, or all colors.
        ignored: what marks pixels of which nobody said what they show.

    Raises:
        DataError: names the file if it is missing or unreadable, or what it holds that is no mark.
    """
    colors = by_colors([*marks, *ignored])
    with opened_image(path) as stored:
        values = stored.upright(_colors(stored.image, path) if colors else stored_values(stored, path))
    return class_numbers(values, path, marks, ignored)


def class_numbers(
    values: NDArray[Any], path: Path, marks: Sequence[Marks], ignored: Sequence[Mark]
) -> NDArray[np.uint8]:
    """The numbers of classes, as ``read_class_mask`` gives them, of stored values or packed colors of any shape.

    Raises:
        DataError: names the values that are no mark.
    """
    import numpy as np

    colors = by_colors([*marks, *ignored])
    numbers = {0: 0} | {_number(mark): IGNORED for mark in ignored}
    numbers |= {_number(mark): number for number, each in enumerate(marks, 1) for mark in several(each)}
    found = distinct(values)
    other = found[~np.isin(found, list(numbers))]
    if len(other):
        kind = "colors" if colors else "values"
        expected = ", ".join(_shown(number, colors) for number in sorted(numbers))
        named = ", ".join(_shown(value, colors) for value in other[:8].tolist())
        more = f" and {len(other) - 8} more" if len(other) > 8 else ""
        raise DataError(
            f"the mask {plain(path, LONGEST_PATH)} has the {kind} {named}{more}; expected {expected}. Say what they "
            f"are: values= names those of each class, ignored= those of which nobody said what they show. Masks "
            "that were saved as JPEG have blurred edges; save them without loss."
        )
    mask: NDArray[np.uint8] = np.zeros(values.shape, np.uint8)
    for value in found[found != 0].tolist():
        mask[values == value] = numbers[value]
    return mask


def _colors(image: Any, path: Path) -> NDArray[np.int64]:
    """The colors of an image as numbers, (H, W), with a palette's colors looked up."""
    import numpy as np

    if image.mode in ("RGBA", "LA", "PA") and np.asarray(image.getchannel("A")).min() < 255:
        raise DataError(f"the mask {plain(path, LONGEST_PATH)} has transparent pixels. Save it without transparency.")
    if image.mode.startswith(("I", "F")):
        raise DataError(
            f"the mask {plain(path, LONGEST_PATH)} has values ({image.mode}) and no colors. Name values such as (1, 2)."
        )
    return packed(np.asarray(image.convert("RGB")))


def packed(planes: NDArray[Any]) -> NDArray[np.int64]:
    """Colors (..., 3) of 8 bits as numbers (...): 65536 red + 256 green + blue."""
    import numpy as np

    numbers: NDArray[np.int64] = planes.astype(np.int64) @ np.array([65536, 256, 1])
    return numbers


def color_of(number: int) -> str:
    """The color that ``packed`` made a number of, such as ``#ff0000``."""
    return f"#{number:06x}"


def _number(mark: Mark) -> int:
    return int(mark[1:], 16) if isinstance(mark, str) else mark


def _shown(value: float, colors: bool) -> str:
    return color_of(int(value)) if colors else f"{value:g}"
