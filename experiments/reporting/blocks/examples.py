"""Test images with what networks made of them, on pages that were asked to show some."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from experiments.reporting.blocks.building.block import Block, Picture
from experiments.reporting.blocks.building.class_pictures import class_key, class_panels
from experiments.reporting.blocks.building.images import (
    SHADES,
    SIDE,
    as_jpeg,
    colored,
    drawn_channel,
    record_of,
    shade_of,
    spread,
)
from experiments.reporting.blocks.building.kind import Kind, nothing_to_tell
from experiments.run.paths import Paths
from experiments.run.store import PREDICTIONS, Record
from experiments.tables.document import TableDocument
from specs.task import Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from datamodules.dataset.sample import Sample
    from experiments.run.restored import Restored

COUNT = 4
"""The number of pictures of a column; the last one shows no finding, where there is such an image."""

CHOSEN = (
    "Test images at equal distances in their order, not chosen by result; those with a finding first. Predictions of "
    "seed 0."
)


def examples() -> Kind:
    """The blocks of example images, one for each column of test scores.

    They need the runs, so they are made for a page when it is written, and are not kept with the table.
    """
    return Kind(order=60, tell=nothing_to_tell, illustrate=_illustrate)


def _illustrate(document: TableDocument, paths: Paths) -> Iterator[Block]:
    for column, _ in document.columns:
        if column not in document.measured and (block := column_examples(document, column, paths)) is not None:
            yield block


def column_examples(document: TableDocument, column: str, paths: Paths) -> Block | None:
    """A block with some test images of a column and the predictions of the reference row and of a best row for them.

    Returns:
        None if no row of the column has a run of seed 0.

    Raises:
        RunError: if a run that the table names is not in the store, or its weights are gone.
        DataError: if the data are not there.
    """
    from experiments.run.restored import restore  # it loads torch, which a page without images does not need

    rows = tuple(dict.fromkeys(row for row in (document.reference, document.best_row(column)) if row))
    first = {run.row: run for run in document.runs if run.column == column and run.seed == 0}
    shown = {row: record_of(first[row], paths) for row in rows if row in first}
    if not shown:
        return None
    networks = {row: restore(record, paths) for row, record in shown.items()}
    data = next(iter(networks.values())).data
    numbers = _chosen(data.index_of("test"), data.task)
    notes = (CHOSEN, *drawn_channel(data.opened.dataset))
    if data.task.outputs > 1 and data.task.kind == "segmentation":
        return _block(column, _by_class(networks, numbers, data.task), notes, class_key(data.task.classes))
    if data.task.kind == "segmentation":
        key = tuple(zip(("truth", *networks), SHADES, strict=False))
        return _block(column, _outlined(networks, numbers), notes, key)
    images = data.test_batch(numbers)["image"].permute(0, 2, 3, 1).numpy()
    captions = _captions(shown, numbers, data.task)
    return _block(column, [(_picture(image), lines) for image, lines in zip(images, captions, strict=True)], notes)


def _block(
    column: str,
    shown: Sequence[tuple[NDArray[np.uint8], tuple[str, ...]]],
    notes: tuple[str, ...],
    key: tuple[tuple[str, str], ...] = (),
) -> Block:
    """A block of pictures (H, W, 3), each with the lines of text below it."""
    pictures = tuple(
        Picture(partial(as_jpeg, picture), "jpeg", lines, f"Test image {number} of {column}")
        for number, (picture, lines) in enumerate(shown, 1)
    )
    return Block(title=f"Examples from the test set: {column}", pictures=pictures, key=key, notes=notes)


def _chosen(samples: Sequence[Sample], task: Task) -> list[int]:
    """The numbers of the test images that are shown, at equal distances: images with a finding, and one without."""
    if task.kind == "multiclass":
        return spread(range(len(samples)), COUNT)
    found = [number for number, sample in enumerate(samples) if not sample.target or 1.0 in sample.target]
    clear = [number for number, sample in enumerate(samples) if sample.target and not any(sample.target)]
    some = spread(found, COUNT - bool(clear))
    return some + spread(clear, COUNT - len(some))


def _captions(shown: dict[str, Record], numbers: list[int], task: Task) -> list[tuple[str, ...]]:
    """Lines of text for each image: the true classes, and each row's probabilities for them.

    Where an image shows no finding, the likeliest class of each row is given instead.
    """
    import pyarrow.parquet as pq

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


def _outlined(networks: dict[str, Restored], numbers: list[int]) -> list[tuple[NDArray[np.uint8], tuple[str, ...]]]:
    """Pictures with the true mask and the outline of each network's prediction, each with lines of text below it."""
    from analysis.metrics import dice

    batch = next(iter(networks.values())).data.test_batch(numbers)
    truth = batch["mask"][:, 0].numpy() == 1
    found = _told(networks, batch["image"])
    made = []
    for place, image in enumerate(batch["image"].permute(0, 2, 3, 1).numpy()):
        lines = [f"{row}: Dice {dice(masks[place], truth[place]):.2f}" for row, masks in found.items()]
        if not truth[place].any():
            lines.insert(0, "truth: no finding")
        outlines = (truth[place], *(masks[place] for masks in found.values()))
        made.append((_picture(image, outlines), tuple(lines)))
    return made


def _by_class(
    networks: dict[str, Restored], numbers: list[int], task: Task
) -> list[tuple[NDArray[np.uint8], tuple[str, ...]]]:
    """Pictures with the true mask and each network's, side by side, each with lines of text below it."""
    from analysis.metrics import dice

    batch = next(iter(networks.values())).data.test_batch(numbers)
    truth, found = batch["mask"][:, 0].numpy(), _told(networks, batch["image"])
    made = []
    for place, image in enumerate(batch["image"].permute(0, 2, 3, 1).numpy()):
        lines = [f"from left to right: {', '.join(('truth', *found))}"]
        for row, masks in found.items():
            each = (
                f"{name} {dice(masks[place] == number, truth[place] == number):.2f}"
                for number, name in enumerate(task.classes, 1)
            )
            lines.append(f"{row}: Dice {', '.join(each)}")
        panels = class_panels(image, [truth[place], *(masks[place] for masks in found.values())], len(task.classes))
        made.append((panels, tuple(lines)))
    return made


def _told(networks: dict[str, Restored], images: Tensor) -> dict[str, NDArray[Any]]:
    """The numbers of the classes that each network tells of the pixels of images (B, H, W)."""
    import torch

    told = {}
    with torch.inference_mode():
        for row, network in networks.items():
            module: Any = network.module
            told[row] = module.predicted(module.activated(module(images).float()))[:, 0].numpy()
    return told


def _picture(image: NDArray[np.uint8], outlines: Sequence[NDArray[np.bool_]] = ()) -> NDArray[np.uint8]:
    """A picture of an image (H, W, C) and of masks (H, W), the first one tinted.

    The other masks are outlined.
    """
    import cv2
    import numpy as np

    picture = colored(image)
    for number, (mask, shade) in enumerate(zip(outlines, SHADES, strict=False)):
        large = cv2.resize(mask.astype(np.uint8), (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
        color = np.array(shade_of(shade))
        if number == 0:  # the true mask is tinted instead of outlined, so that outlines over it stay visible
            picture = np.where(large[..., None] > 0, 0.6 * picture + 0.4 * color, picture).astype(np.uint8)
            continue
        edges, _ = cv2.findContours(large, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(picture, edges, -1, color.tolist(), 1)
    return picture
