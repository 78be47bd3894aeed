"""Test images with the maps of what networks looked at, for tables of attention."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from analysis.attention import area, inside
from datamodules.dataset.contract import Located
from experiments.measures.attention import box_map
from experiments.measures.measuring.grad_cam import grad_cam
from experiments.reporting.page.examples import SHADES, as_jpeg, colored, record_of, spread
from experiments.reporting.page.illustrations import Example, Examples
from experiments.run.places import Places
from experiments.run.restored import Restored, restore
from experiments.tables.document import TableDocument

COUNT = 4
"""Findings that are shown."""

OPACITY = 0.45
"""Of a map on its image."""


def heat_maps(document: TableDocument, places: Places) -> Examples | None:
    """The maps of some located findings by the reference row and by a row with the largest first column.

    Returns:
        None if neither row has a run of seed 0.

    Raises:
        RunError: if a run that the table names is not in the store, or its weights are gone.
        DataError: if the data are not there, or do not say where findings are.
    """
    best = document.best_row(document.columns[0][0])
    first = {run.row: run for run in document.runs if run.seed == 0}
    shown = [first[row] for row in dict.fromkeys((document.reference, best)) if row in first]
    if not shown:
        return None
    rows = [_maps(run.row, restore(record_of(run, places), places)) for run in shown]
    pictures = (picture for of_finding in zip(*rows, strict=True) for picture in of_finding)
    return Examples(shown[0].column, (("box", SHADES[0]),), tuple(pictures))


def _maps(row: str, network: Restored) -> Iterator[Example]:
    opened, classes = network.data.opened, network.data.task.classes
    samples, known = network.data.index_of("test"), opened.dataset.located(opened.root)
    pairs = [(number, place) for number, sample in enumerate(samples) for place in known.get(sample.id, ())[:1]]
    chosen = [pairs[at] for at in spread(range(len(pairs)), COUNT)]
    images = network.data.test_batch([number for number, _ in chosen])["image"]
    maps = grad_cam(network.module, images, torch.tensor([classes.index(place.finding) for _, place in chosen]))
    for (number, place), image, found in zip(chosen, images.permute(0, 2, 3, 1).numpy(), maps, strict=True):
        shape = opened.dataset.read_image(opened.root, samples[number]).shape[:2]
        within = inside(found[None], box_map(place, shape, found.shape)[None])[0]
        lines = (place.finding, f"{row}: {area(found[None])[0]:.0%} of the image, {within:.1%} of the map in the box")
        yield Example(as_jpeg(_with_map(image, found, place, shape)), lines)


def _with_map(
    image: NDArray[np.uint8], found: NDArray[np.float32], place: Located, shape: tuple[int, ...]
) -> NDArray[np.uint8]:
    picture = colored(image)
    side = picture.shape[0]
    level = cv2.resize(found / max(float(found.max()), 1e-12), (side, side), interpolation=cv2.INTER_LINEAR)
    heat = cv2.applyColorMap((255 * level).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
    mixed = ((1 - OPACITY) * picture + OPACITY * heat).astype(np.uint8)
    left, top, width, height = place.box
    corners = [
        (round(x / shape[1] * side), round(y / shape[0] * side)) for x, y in ((left, top), (left + width, top + height))
    ]
    color = [int(SHADES[0][at : at + 2], 16) for at in (1, 3, 5)]
    return np.asarray(cv2.rectangle(np.ascontiguousarray(mixed), corners[0], corners[1], color, 2), dtype=np.uint8)
