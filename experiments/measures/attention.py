"""Where a fine-tuned network looks, measured on test images whose findings have known places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from analysis.attention import area, inside
from datamodules.dataset.contract import Dataset
from datamodules.dataset.finding_location import FindingLocation
from datamodules.dataset.sample import Sample
from experiments.measures.measuring.grad_cam import grad_cam
from experiments.measures.measuring.measure import Found, Measure
from experiments.run.paths import Paths
from experiments.run.restored import Restored, restore
from experiments.run.store import Record
from specs.errors import DataError

NUMBERS = {
    "area": "share of the image where the map is at least half of its maximum",
    "in_boxes": "share of the map inside the boxes",
    "in_masks": "share of the map inside the drawn findings",
    "uniform_in_boxes": "what a map without any preference would have inside the boxes",
}
"""The numbers that ``attention_of`` gives, each the mean over the findings whose place is known."""

BATCH = 16
"""Findings whose maps are computed at once."""


def attention_of(record: Record, paths: Paths) -> dict[str, float]:
    """The area of the Grad-CAM maps of located findings, and the share of the maps that lies in boxes and masks.

    The network is given the whole image, at the size that test images have before crops are taken.

    Returns:
        ``NUMBERS`` in [0, 1], without ``in_masks`` if findings have no masks, and ``findings``, their number.

    Raises:
        DataError: if no finding of a test image has a known place.
        UsageError: if the network has no feature maps.
    """
    network = restore(record, paths)
    opened = network.data.opened
    known = opened.dataset.located(opened.root)
    pairs = [
        (number, sample, location)
        for number, sample in enumerate(network.data.index_of("test"))
        for location in known.get(sample.id, ())
    ]
    if not pairs:
        raise DataError(
            f"{type(opened.dataset).__name__}: none of the {len(network.data.index_of('test'))} test images has a "
            "finding whose place is known. Use the published split, whose test images have them."
        )
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network.module.to(device)
    found: dict[str, list[float]] = {}
    for start in range(0, len(pairs), BATCH):
        for name, values in _measured(network, pairs[start : start + BATCH], device):
            found.setdefault(name, []).extend(values.tolist())
    return {name: float(np.mean(values)) for name, values in found.items()} | {"findings": float(len(pairs))}


def _measured(
    network: Restored, pairs: list[tuple[int, Sample, FindingLocation]], device: str
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """The numbers of a batch of findings by name, an array with a value for each finding."""
    opened, classes = network.data.opened, network.data.task.classes
    images = network.data.test_batch([number for number, _, _ in pairs])["image"].to(device)
    numbers = torch.tensor([classes.index(location.finding) for _, _, location in pairs], device=device)
    maps = grad_cam(network.module, images, numbers)
    size = maps.shape[1:]
    shapes = [opened.dataset.read_image(opened.root, sample).shape[:2] for _, sample, _ in pairs]
    boxes = np.stack([box_map(location, shape, size) for (_, _, location), shape in zip(pairs, shapes, strict=True)])
    yield "area", area(maps)
    yield "in_boxes", inside(maps, boxes)
    yield "uniform_in_boxes", boxes.mean(axis=(1, 2))
    if all(location.mask for _, _, location in pairs):
        yield "in_masks", inside(maps, np.stack([_masked(location, size) for _, _, location in pairs]))


def box_map(location: FindingLocation, shape: tuple[int, ...], size: tuple[int, ...]) -> NDArray[np.float64]:
    """A finding's box as a map with the covered share of each pixel, in [0, 1].

    Args:
        location: the finding, whose box is in pixels of the image.
        shape: the height and width of the image, in pixels.
        size: the height and width of the map, in pixels.
    """
    left, top, width, height = location.box
    rows = _covered(top, top + height, shape[0], size[0])
    columns = _covered(left, left + width, shape[1], size[1])
    return np.outer(rows, columns)


def _covered(first: float, last: float, length: int, pixels: int) -> NDArray[np.float64]:
    """The share of each of ``pixels`` equal parts of ``length`` that lies between ``first`` and ``last``."""
    edges = np.linspace(0, length, pixels + 1)
    overlap = np.minimum(edges[1:], last) - np.maximum(edges[:-1], first)
    share: NDArray[np.float64] = np.clip(overlap, 0, None) / (length / pixels)
    return share


def _masked(location: FindingLocation, size: tuple[int, ...]) -> NDArray[np.float64]:
    """A finding's mask as a map with the covered share of each pixel, in [0, 1]; ``size`` is its height and width."""
    from datamodules.files.masks import read_mask

    assert location.mask is not None
    mask = read_mask(location.mask).astype(np.float64)
    resized = cv2.resize(mask, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    return np.clip(np.asarray(resized, dtype=np.float64), 0, 1)


def _without_preference(found: Sequence[Found]) -> list[tuple[str, str]]:
    """The number that shares inside boxes are compared with: that of a uniform map."""
    return [
        (
            "a map without any preference",
            f"would have {share:.2%} of itself inside the boxes, on average over {findings:.0f} findings",
        )
        for findings, share in sorted({(one["findings"], round(one["uniform_in_boxes"] or 0, 4)) for one in found})
    ]


def _places_are_known(dataset: Dataset, root: Path) -> None:
    dataset.located(root)


def attention() -> Measure:
    """The measure with its version, unit and numbers."""
    return Measure(
        version=1,
        unit="share",
        progress="maps of attention",
        compute=attention_of,
        numbers=lambda spec: NUMBERS,
        remarks=_without_preference,
        check=_places_are_known,
    )
