"""Test images with what networks made of them."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import cv2
import numpy as np
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray

from analysis.metrics import dice
from datamodules.dataset.sample import Sample
from experiments.reporting.page.illustrations import Example, Examples
from experiments.run.places import Places
from experiments.run.restored import Restored, restore
from experiments.run.store import PREDICTIONS, Record, RunStore
from experiments.tables.document import RunLine, TableDocument
from specs.errors import RunError
from specs.task import Task

SIDE = 240
"""Height and width of a picture in pixels."""

COUNT = 4
"""Pictures of a column; the last one shows no finding, where there is such an image."""

SHADES = ("#00c853", "#ff9100", "#40c4ff")
"""The truth's tint, the outlines of the reference row and of a best row. They are
seen on gray tissue, and told apart by color-blind readers."""


def examples(document: TableDocument, column: str, places: Places) -> Examples | None:
    """Some images of a column's test split, with the predictions of the reference row and of a best row.

    Returns:
        None if no row of the column has a run of seed 0.

    Raises:
        RunError: if a run that the table names is not in the store, or its weights are gone.
        DataError: if the data are not there.
    """
    rows = tuple(dict.fromkeys(row for row in (document.reference, document.best_row(column)) if row))
    first = {run.row: run for run in document.runs if run.column == column and run.seed == 0}
    shown = {row: record_of(first[row], places) for row in rows if row in first}
    if not shown:
        return None
    networks = {row: restore(record, places) for row, record in shown.items()}
    data = next(iter(networks.values())).data
    numbers = _chosen(data.index_of("test"), data.task)
    if data.task.kind == "segmentation":
        key = tuple(zip(("truth", *networks), SHADES, strict=False))
        return Examples(column, key, tuple(_outlined(networks, numbers)))
    images = data.test_batch(numbers)["image"].permute(0, 2, 3, 1).numpy()
    captions = _captions(shown, numbers, data.task)
    pictures = (Example(_picture(image), lines) for image, lines in zip(images, captions, strict=True))
    return Examples(column, (), tuple(pictures))


def record_of(run: RunLine, places: Places) -> Record:
    """The record of a run that a table names.

    Raises:
        RunError: if it is not in the store.
    """
    record = RunStore(places.runs).record(run.key)
    if record is None:
        raise RunError(
            f"the run {run.key[:12]} ({run.row} on {run.column}) is not in {places.runs}. Name the run store of the "
            "table with --runs, or leave out the images with --without-images."
        )
    return record


def _chosen(samples: Sequence[Sample], task: Task) -> list[int]:
    """Places in the test split at equal distances: images with a finding, and one without."""
    if task.kind == "multiclass":
        return spread(range(len(samples)), COUNT)
    found = [number for number, sample in enumerate(samples) if not sample.target or 1.0 in sample.target]
    clear = [number for number, sample in enumerate(samples) if sample.target and not any(sample.target)]
    some = spread(found, COUNT - bool(clear))
    return some + spread(clear, COUNT - len(some))


def spread(numbers: Sequence[int], count: int) -> list[int]:
    """That many of the numbers, from the middle of as many equal parts."""
    count = min(count, len(numbers))
    return [numbers[(2 * part + 1) * len(numbers) // (2 * count)] for part in range(count)]


def _captions(shown: dict[str, Record], numbers: list[int], task: Task) -> list[tuple[str, ...]]:
    """The truth and each row's probabilities of it, or its likeliest class where nothing was found."""
    tables = {row: pq.read_table(record.file(PREDICTIONS)) for row, record in shown.items()}
    captions = []
    for number in numbers:
        one = next(iter(tables.values()))
        true = [name for name in task.classes if one[f"target:{name}"][number].as_py() == 1]
        lines = [f"truth: {', '.join(true) or 'no finding'}"]
        for row, table in tables.items():
            found = {name: float(table[f"probability:{name}"][number].as_py()) for name in task.classes}
            named = true or [max(found, key=lambda name: found[name])]
            lines.append(f"{row}: {', '.join(f'{name} {found[name]:.2f}' for name in named)}")
        captions.append(tuple(lines))
    return captions


@torch.inference_mode()
def _outlined(networks: dict[str, Restored], numbers: list[int]) -> list[Example]:
    """Images with the outlines of their masks and of what each network found."""
    batch = next(iter(networks.values())).data.test_batch(numbers)
    truth = batch["mask"][:, 0].numpy() > 0
    found = {
        row: (network.module(batch["image"]).float().sigmoid()[:, 0] > 0.5).numpy() for row, network in networks.items()
    }
    made = []
    for place, image in enumerate(batch["image"].permute(0, 2, 3, 1).numpy()):
        lines = [f"{row}: Dice {dice(masks[place], truth[place]):.2f}" for row, masks in found.items()]
        if not truth[place].any():
            lines.insert(0, "truth: no finding")
        outlines = (truth[place], *(masks[place] for masks in found.values()))
        made.append(Example(_picture(image, outlines), tuple(lines)))
    return made


def _picture(image: NDArray[np.uint8], outlines: Sequence[NDArray[np.bool_]] = ()) -> str:
    """A picture of an image (H, W, C) of one or three channels, with the outlines of masks (H, W)."""
    picture = colored(image)
    for number, (mask, shade) in enumerate(zip(outlines, SHADES, strict=False)):
        large = cv2.resize(mask.astype(np.uint8), (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
        color = np.array([int(shade[at : at + 2], 16) for at in (1, 3, 5)])
        if number == 0:  # the truth is tinted, so that outlines on it stay in sight
            picture = np.where(large[..., None] > 0, 0.6 * picture + 0.4 * color, picture).astype(np.uint8)
            continue
        edges, _ = cv2.findContours(large, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(picture, edges, -1, color.tolist(), 1)
    return as_jpeg(picture)


def colored(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An image (H, W, C) of one or three channels as a picture (SIDE, SIDE, 3)."""
    three = np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image
    large = cv2.resize(np.ascontiguousarray(three), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, dtype=np.uint8)


def as_jpeg(picture: NDArray[np.uint8]) -> str:
    """A picture (H, W, 3) as base64 of a JPEG."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=80, subsampling=0, optimize=True)
    return base64.b64encode(file.getvalue()).decode()
