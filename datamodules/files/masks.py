"""Reading masks: what a file marks is said by its stored values, whatever color they are shown in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from datamodules.files.images import opened_image, unreadable
from specs.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

Foreground = Literal["one value", "above 0", "above half"] | tuple[int, ...]
"""Which stored values are foreground: the only one beside 0; all but 0; those above half of what the file's 8 or 16
bits hold, as of masks that were saved as JPEG; or those that are named, beside which there is 0 alone."""

NAMED = 8
"""Values that a message names."""

SAY = (
    'Say which are foreground: foreground="above 0", or the values as in foreground=(1, 2), or "above half" of masks '
    "that were saved as JPEG."
)

STORED = ("1", "L", "P", "F")
"""Pillow's modes whose pixels are stored values: bits, bytes, palette indices and floats; beside those of whole
numbers, which begin with I (https://pillow.readthedocs.io/en/stable/handbook/concepts.html#modes)."""


def read_mask(path: Path, foreground: Foreground | None = None) -> NDArray[np.uint8]:
    """A mask as (H, W) uint8 in {0, 1}; 0 in the file is background.

    A palette's colors do not matter, its indices do. Of a mask in color all channels have to say the same, and no pixel
    may be transparent.

    Args:
        path: the file.
        foreground: which values are marked; None: as of ``one value``, in files that are not the user's own.

    Raises:
        DataError: names the file if it is missing or unreadable, and the values that were found if they are others than
            ``foreground`` says.
    """
    import numpy as np

    with opened_image(path) as image:
        values = _stored(image, path)
    found = np.unique(values)
    if foreground == "above half":
        marked = values > np.iinfo(values.dtype).max // 2 if values.dtype.kind in "iu" else values > 0
    elif foreground == "above 0":
        marked = values > 0
    else:
        beside = found[found != 0]
        if foreground is None or foreground == "one value":
            fits, expected = len(beside) <= 1, "0 and one other"
        else:
            fits = bool(np.isin(beside, foreground).all())
            expected = ", ".join(map(str, sorted({0, *foreground})))
        if not fits:
            raise _refused(path, found, expected, SAY if foreground else "Fetch it again.")
        marked = values != 0
    mask: NDArray[np.uint8] = marked.astype(np.uint8)
    return mask


def _stored(image: Image, path: Path) -> NDArray[Any]:
    """The stored values, (H, W)."""
    import numpy as np

    values = np.asarray(image)
    if image.mode in STORED or image.mode.startswith("I"):
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise unreadable(path, "it has values that are no numbers, and is to be a mask", "Write 0 in their place.")
        return values
    channels = [values[..., number] for number in range(values.shape[2])]
    if image.mode in ("LA", "PA", "RGBA"):
        *channels, shown = channels
        if shown.min() < 255:
            raise unreadable(
                path,
                "it has transparent pixels and is to be a mask, which may be meant by its colors or its transparency",
                "Save it as PNG without transparency, background 0.",
            )
    if image.mode not in ("LA", "PA", "RGB", "RGBA") or any((one != channels[0]).any() for one in channels):
        raise unreadable(
            path,
            f"it is in color ({image.mode}) and is to be a mask",
            "Save it as PNG in gray or with a palette, background 0.",
        )
    return channels[0]


def _refused(path: Path, found: NDArray[Any], expected: str, remedy: str) -> DataError:
    named = ", ".join(f"{value:g}" for value in found[:NAMED].tolist())
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return DataError(f"the mask {path} has the values {named}{more}; expected {expected}. {remedy}")
