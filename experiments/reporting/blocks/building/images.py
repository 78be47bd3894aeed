"""Test images as pictures of a page, and the records of the runs whose predictions are shown on them."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from experiments.run.paths import Paths
from experiments.run.store import Record, RunStore
from experiments.tables.document import RunLine
from specs.errors import RunError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from datamodules.dataset.contract import Dataset

SIDE = 240
"""The height and width of a picture in pixels."""


def record_of(run: RunLine, paths: Paths) -> Record:
    """The record of a run that a table names.

    Raises:
        RunError: if it is not in the store.
    """
    record = RunStore(paths.runs).record(run.key)
    if record is None:
        raise RunError(
            f"the run {run.key[:12]} ({run.row} on {run.column}) is not in {paths.runs}. Name the run store of the "
            "table with --runs, or leave out the images with --without-images."
        )
    return record


def spread(numbers: Sequence[int], count: int) -> list[int]:
    """The middle number of each of ``count`` equal parts of a sequence of numbers; all of them if there are fewer."""
    count = min(count, len(numbers))
    return [numbers[(2 * part + 1) * len(numbers) // (2 * count)] for part in range(count)]


def colored(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An image (H, W, C) as a color picture (SIDE, SIDE, 3); of 2, 4 or more channels the first one, in gray."""
    import cv2
    import numpy as np

    three = image if image.shape[2] == 3 else np.repeat(image[..., :1], 3, axis=2)
    large = cv2.resize(np.ascontiguousarray(three), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, dtype=np.uint8)


def drawn_channel(dataset: Dataset) -> tuple[str, ...]:
    """A sentence on which channel ``colored`` draws; none of images of one or three channels, which are drawn whole."""
    if dataset.channels in (1, 3):
        return ()
    names = dataset.channel_names
    return (f"Of {len(names)} channels ({', '.join(names)}) the first one, {names[0]}, is drawn.",)


def shade_of(color: str) -> list[int]:
    """Red, green and blue, 0 to 255, of a color such as ``#00c853``."""
    return [int(color[at : at + 2], 16) for at in (1, 3, 5)]


def as_jpeg(picture: NDArray[np.uint8]) -> str:
    """A picture (H, W, 3) as a JPEG file in base64."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=80, subsampling=0, optimize=True)
    return base64.b64encode(file.getvalue()).decode()
