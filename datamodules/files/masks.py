"""Reading masks by their stored values, whatever colors these are shown in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from datamodules.files.images import opened_image, unreadable
from datamodules.files.stored import Stored
from specs.errors import DataError
from specs.quoting import LONGEST_PATH, plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Foreground = Literal["one value", "above 0", "above half"] | tuple[int, ...]
"""The rule for which stored values are foreground: the only one beside 0; all above 0; those above half of what the
file's 8 or 16 bits hold, as in masks that were saved as JPEG; or those that are named, beside which there is only 0."""

NAMED = 8
"""How many values a message names, at most."""

AT_A_TIME = 2**20
"""How many values are counted together."""

SAY = (
    'Say which are foreground: foreground="above 0", or the values as in foreground=(1, 2), or "above half" of masks '
    "that were saved as JPEG."
)


def read_mask(path: Path, foreground: Foreground | None = None) -> NDArray[np.uint8]:
    """A mask as (H, W) uint8 in {0, 1}; 0 in the file is background.

    A palette's colors do not matter, its indices do. Of a mask in color all channels have to say the same, and no pixel
    may be transparent.

    Args:
        path: the path of the mask.
        foreground: the rule for which stored values are foreground; None: it is ``one value``, for files that are not
            the user's own.

    Raises:
        DataError: names the file if it is missing or unreadable, and the values that were found if they are others than
            ``foreground`` says.
    """
    import numpy as np

    with opened_image(path) as found_in:
        mode, values = found_in.image.mode, found_in.upright(stored_values(found_in, path))
    if foreground == "above half" and (mode == "P" or values.dtype not in (np.uint8, np.uint16)):
        raise unreadable(
            path,
            f'of its pixels ({mode}, {values.dtype}) "above half" says nothing; it is for grays of 8 or 16 bits',
            "Give another foreground.",
        )
    return marked(values, path, foreground)


def marked(values: NDArray[Any], path: Path, foreground: Foreground | None) -> NDArray[np.uint8]:
    """Where stored values are foreground, uint8 in {0, 1}, of the shape of the values.

    Args:
        values: the stored values, 0 of which is background.
        path: the path of the mask, for messages.
        foreground: the rule for which of them are foreground; None: it is ``one value``, of files that are not the
            user's own.

    Raises:
        DataError: names the values that were found if they are others than ``foreground`` says.
    """
    import numpy as np

    if foreground == "above half":
        above = values > np.iinfo(values.dtype).max // 2
    elif foreground == "above 0":
        above = values > 0
    else:
        above = values != 0
        if foreground is None or foreground == "one value":
            first = values.flat[int(above.argmax())] if values.size else 0
            fits, expected = bool(((values == first) == above).all()) or not above.any(), "0 and one other"
        else:
            fits = bool(np.isin(distinct(values), (0, *foreground)).all())
            expected = ", ".join(map(str, sorted({0, *foreground})))
        if not fits:
            remedy = "Fetch it again." if foreground is None else SAY
            raise _refused(path, distinct(values), expected, remedy)
    mask: NDArray[np.uint8] = above.astype(np.uint8)
    return mask


def distinct(values: NDArray[Any]) -> NDArray[Any]:
    """The different values of an array, sorted; of few bits they are counted, which takes a tenth of the time."""
    import numpy as np

    if not few(values):
        return np.unique(values)
    every, counts = counted(values)
    found: NDArray[Any] = every[counts > 0]
    return found


def few(values: NDArray[Any]) -> bool:
    """Whether values are whole numbers of so few bits that each can be counted, or looked up in a table."""
    return values.dtype.kind in "iu" and values.dtype.itemsize <= 2


def counted(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """All values that an array of ``few`` could have, in order, and how often it has each."""
    import cv2
    import numpy as np

    unsigned = np.dtype(f"u{values.dtype.itemsize}")
    total = 1 << 8 * unsigned.itemsize
    counts, flat = np.zeros(total, np.int64), values.ravel(order="K").view(unsigned)
    for start in range(0, flat.size, AT_A_TIME):
        # OpenCV counts in a third of the time of NumPy, which makes indices of eight bytes; its counts are numbers of
        # 32 bits with a fraction, which are exact up to 2 ** 24.
        some = cv2.calcHist([flat[None, start : start + AT_A_TIME]], [0], None, [total], [0, total])
        counts += some.ravel().astype(np.int64)
    every = np.arange(total).astype(unsigned)
    if values.dtype.kind == "i":  # the upper half of the patterns of bits are the negative numbers
        every, counts = np.roll(every.view(values.dtype), total // 2), np.roll(counts, total // 2)
    return every, counts


def one_value(path: Path) -> float | None:
    """The one value beside 0 of a mask that has at most one; None where the mask is empty.

    Raises:
        DataError: as ``read_mask``.
    """
    import numpy as np

    with opened_image(path) as found:
        values = np.unique(stored_values(found, path))
    beside = values[values != 0]
    return float(beside[0]) if len(beside) else None


def stored_values(found: Stored, path: Path) -> NDArray[Any]:
    """The stored values, (H, W), not turned."""
    import numpy as np

    values, mode = found.values, found.image.mode
    if found.white_is_zero:
        raise unreadable(
            path,
            "its tag says that 0 is white, and it is to be a mask, of which programs mean 0 or black as background",
            "Save it as PNG, background 0.",
        )
    if values.ndim == 2:
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise unreadable(path, "it has values that are no numbers, and is to be a mask", "Write 0 in their place.")
        return values
    channels = [values[..., number] for number in range(values.shape[2])]
    if mode in ("LA", "PA", "RGBA"):
        *channels, shown = channels
        if shown.min() < np.iinfo(shown.dtype).max:
            raise unreadable(
                path,
                "it has transparent pixels and is to be a mask, which may be meant by its colors or its transparency",
                "Save it as PNG without transparency, background 0.",
            )
    if mode not in ("LA", "PA", "RGB", "RGBA") or any((one != channels[0]).any() for one in channels):
        raise unreadable(
            path,
            f"it is in color ({mode}) and is to be a mask",
            "Save it as PNG in gray or with a palette, background 0.",
        )
    return channels[0]


def _refused(path: Path, found: NDArray[Any], expected: str, remedy: str) -> DataError:
    named = ", ".join(f"{value:g}" for value in found[:NAMED].tolist())
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    shown = plain(path, LONGEST_PATH)
    return DataError(f"the mask {shown} has the values {named}{more}; expected {expected}. {remedy}")
