"""Where a finding is in an image."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class FindingLocation(NamedTuple):
    """A finding and its location in an image.

    Attributes:
        finding: the name of the class that the finding is of.
        box: the left, top, width and height of its box, in pixels of the image.
        mask: an image file that is not 0 where the finding is; None where only the box is known.
    """

    finding: str
    box: tuple[float, float, float, float]
    mask: Path | None = None
