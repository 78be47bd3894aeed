"""Test images with the maps of what networks looked at, on pages of tables of attention."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from experiments.reporting.blocks.building.block import Block, Picture
from experiments.reporting.blocks.building.images import (
    as_jpeg,
    colored,
    drawn_channel,
    record_of,
    shade_of,
    spread,
)
from experiments.reporting.blocks.building.kind import Kind, nothing_to_tell
from experiments.reporting.drawings.looks import TRUTH
from experiments.run.paths import Paths
from experiments.tables.document import TableDocument

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from datamodules.dataset.annotations import FindingLocation
    from experiments.run.restored import Restored

MEASURE = "attention"
"""The name of the measure whose tables are shown with heat maps."""

COUNT = 4
"""The number of findings that are shown."""

OPACITY = 0.45
"""The opacity in [0, 1] of a heat map on its image."""


def heat_maps() -> Kind:
    """The block of heat maps, for tables of attention.

    It needs the runs, so it is made for a page when it is written, and is not kept with the table.
    """
    return Kind(order=61, tell=nothing_to_tell, illustrate=_illustrate)


def _illustrate(document: TableDocument, paths: Paths) -> Iterator[Block]:
    """A block with maps for some located findings, by the reference row and by a best row of the first such column.

    Raises:
        RunError: if a run that the table names is not in the store, or its weights are gone.
        DataError: if the data are not there, or do not say where findings are.
    """
    columns = [column for column, measure in document.measured.items() if measure == MEASURE]
    first = {run.row: run for run in document.runs if run.seed == 0}
    best = document.best_row(columns[0]) if columns else None
    shown = [first[row] for row in dict.fromkeys((document.reference, best)) if columns and row in first]
    if not shown:
        return
    from experiments.run.restored import restore  # it loads torch, which a page without images does not need

    networks = {run.row: restore(record_of(run, paths), paths) for run in shown}
    rows = [_maps(row, network) for row, network in networks.items()]
    dataset = next(iter(networks.values())).data.opened.dataset
    pictures = [picture for of_finding in zip(*rows, strict=True) for picture in of_finding]
    column = shown[0].column
    yield Block(
        title=f"Where the networks looked: {column}",
        pictures=tuple(
            Picture(partial(as_jpeg, picture), "jpeg", lines, f"Test image {number} of {column}")
            for number, (picture, lines) in enumerate(pictures, 1)
        ),
        key=(("box", TRUTH),),
        notes=(
            "Findings at equal distances in the order of the test images, not chosen by result. Runs of seed 0.",
            *drawn_channel(dataset),
        ),
    )


def _maps(row: str, network: Restored) -> Iterator[tuple[NDArray[np.uint8], tuple[str, ...]]]:
    """The pictures (H, W, 3) with a network's maps, each with the lines of text below it."""
    import torch

    from analysis.attention import area, inside
    from experiments.measures.attention import box_map
    from experiments.measures.measuring.grad_cam import grad_cam

    opened, classes = network.data.opened, network.data.task.classes
    samples, known = network.data.index_of("test"), opened.dataset.located(opened.root)
    pairs = [(number, location) for number, sample in enumerate(samples) for location in known.get(sample.id, ())[:1]]
    chosen = [pairs[at] for at in spread(range(len(pairs)), COUNT)]
    images = network.data.test_batch([number for number, _ in chosen])["image"]
    maps = grad_cam(network.module, images, torch.tensor([classes.index(location.finding) for _, location in chosen]))
    for (number, location), image, found in zip(chosen, images.permute(0, 2, 3, 1).numpy(), maps, strict=True):
        shape = opened.dataset.read_image(opened.root, samples[number]).shape[:2]
        within = inside(found[None], box_map(location, shape, found.shape)[None])[0]
        lines = (
            location.finding,
            f"{row}: {area(found[None])[0]:.0%} of the image, {within:.1%} of the map in the box",
        )
        yield _with_map(image, found, location, shape), lines


def _with_map(
    image: NDArray[np.uint8], found: NDArray[np.float32], location: FindingLocation, shape: tuple[int, ...]
) -> NDArray[np.uint8]:
    import cv2
    import numpy as np

    picture = colored(image)
    side = picture.shape[0]
    level = cv2.resize(found / max(float(found.max()), 1e-12), (side, side), interpolation=cv2.INTER_LINEAR)
    heat = cv2.applyColorMap((255 * level).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
    mixed = ((1 - OPACITY) * picture + OPACITY * heat).astype(np.uint8)
    left, top, width, height = location.box
    corners = [
        (round(x / shape[1] * side), round(y / shape[0] * side)) for x, y in ((left, top), (left + width, top + height))
    ]
    return np.asarray(
        cv2.rectangle(np.ascontiguousarray(mixed), corners[0], corners[1], shade_of(TRUTH), 2), dtype=np.uint8
    )
