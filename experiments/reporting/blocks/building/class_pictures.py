"""Pictures of masks of several classes: the truth and what networks told, side by side, each class in a color."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from experiments.reporting.blocks.building.images import SIDE, colored, shade_of
from experiments.reporting.drawings.looks import CLASS_COLORS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def class_key(classes: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The name and the color of each class."""
    return tuple((name, CLASS_COLORS[number % len(CLASS_COLORS)]) for number, name in enumerate(classes))


def class_panels(image: NDArray[np.uint8], masks: Sequence[NDArray[np.int64]], classes: int) -> NDArray[np.uint8]:
    """A picture (SIDE, N * SIDE, 3) of an image once for each of N masks, tinted where the mask shows a class.

    Args:
        image: the image (H, W, C), drawn as ``colored`` draws it.
        masks: the masks (H, W) of numbers of classes; 0 and numbers above ``classes`` are not tinted.
        classes: the number of classes.
    """
    import cv2
    import numpy as np

    panels = []
    for mask in masks:
        panel = colored(image)
        large = cv2.resize(mask.astype(np.uint8), (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
        for number, (_, color) in enumerate(class_key([""] * classes), 1):
            tinted = 0.5 * panel + 0.5 * np.array(shade_of(color))
            panel = np.where((large == number)[..., None], tinted, panel).astype(np.uint8)
        panels.append(panel)
    return np.concatenate(panels, axis=1)
