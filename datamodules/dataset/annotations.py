"""What may be known of images beside their labels: where findings are, and groups of patients."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

Groups = Mapping[str, Mapping[str, str]]
"""Groups of patients: by the name of what tells them apart, such as ``sex``, the group by the id of the sample."""


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
