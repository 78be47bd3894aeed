"""Distances between the surfaces of predicted and true masks, of volumes in mm or of images in pixels.

Masks are not stored with a run: a network makes them anew from its weights, as it made them when it was tested.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.scores import mean_of_defined
from datamodules.dataset.contract import Dataset
from datamodules.slicing.sliced import Sliced
from experiments.measures.measuring.measure import Found, Measure, defined
from experiments.measures.measuring.surfaces import check_monai, surface_distances
from experiments.run.paths import Paths
from experiments.run.store import Record
from specs.registry import DATASETS
from specs.run import RunSpec
from specs.task import IGNORED

if TYPE_CHECKING:
    from experiments.run.restored import Restored

DISTANCES = ("hd95", "assd")
"""The distances of ``measuring.surfaces.Distances``; ``_mm`` or ``_pixels`` follows in the name of a number."""

COUNTS = ("measured", "missed", "false_alarms", "absent", "uneven")
"""How often, over images or volumes and classes, there was a distance, and why there was none: the truth shows the
class and the prediction does not; the prediction shows it and the truth does not; neither does; the tested slices of
the volume are not at equal steps."""

Masks = NDArray[np.uint8]


class Unit(NamedTuple):
    """A test image, or all tested slices of a volume.

    Attributes:
        first: the place of the image, or of one of the slices, in the test split.
        found: the numbers of the classes that the network tells, (H, W) or (N, H, W); 0 is the background.
        truth: the numbers of the true classes, of the same shape; what nobody labelled is background in both.
        sides: the sides of a voxel in mm; None: pixels are counted, or slices are not at equal steps.
        even: whether the slices are at equal steps.
    """

    first: int
    found: Masks
    truth: Masks
    sides: tuple[float, float, float] | None = None
    even: bool = True


def surface_distance_numbers(record: Record, paths: Paths) -> Found:
    """Compute the distances of each test image or, where images are slices, of each test volume, class by class.

    Pixels are those of the file, not of the network's input; volumes consist of their tested slices. What is undefined,
    since a mask is empty, is left out of means and counted.

    Returns:
        ``hd95_UNIT`` and ``assd_UNIT``, UNIT being ``mm`` or ``pixels``: the means over images or volumes, and then
        over classes; None where there is no distance. Each of ``COUNTS``, summed over classes. Of several classes also
        those of each, as ``NAME:CLASS``. ``details`` has ``first``, the place in the test split of each image or of a
        slice of each volume, and ``distances``, by name and class those of the same images or volumes.

    Raises:
        UsageError: if MONAI is not installed.
        RunError: if the weights are not there or are not those of the run.
        DataError: if the data are not there.
    """
    check_monai()
    from experiments.run.restored import restore  # it loads torch, which a table that has no such numbers does not need

    network = restore(record, paths)
    classes = network.data.task.classes
    first: list[int] = []
    counts = {name: Counter[str]() for name in classes}
    distances: dict[str, dict[str, list[float | None]]] = {one: {name: [] for name in classes} for one in DISTANCES}
    for unit in units_of(network):
        first.append(unit.first)
        for number, name in enumerate(classes, 1):
            outcome, measured = _compared(unit, number)
            counts[name][outcome] += 1
            for one, value in zip(DISTANCES, measured, strict=True):
                distances[one][name].append(value)
    means = _means(network.spec, first, distances, None)
    found = {name: defined(float(values[0])) for name, values in means.items()}
    for count in COUNTS:
        found[count] = float(sum(of_class[count] for of_class in counts.values()))
        if len(classes) > 1:
            found |= {f"{count}:{name}": float(of_class[count]) for name, of_class in counts.items()}
    return {**found, "details": {"first": first, "distances": distances}}


def surface_distance_resamples(
    record: Record, numbers: Found, counts: NDArray[np.uint8]
) -> dict[str, NDArray[np.float64]]:
    """The mean distances of a run on resamples of its test images, (B,) by name; NaN where none is defined.

    Args:
        record: the record of a segmentation run.
        numbers: the numbers of the run, whose details have the distances of each image or volume.
        counts: how often each resample draws each test image, (B, N); slices of a volume are drawn together.
    """
    return _means(RunSpec.from_json(record.data["spec"]), **numbers["details"], counts=counts)


def units_of(network: Restored) -> Iterator[Unit]:
    """The test images, or the test volumes as soon as all of their slices are told, with both masks."""
    opened, samples = network.data.opened, network.data.index_of("test")
    dataset = opened.dataset
    if not isinstance(dataset, Sliced):
        yield from (Unit(*told) for told in _told(network))
        return
    volumes = [dataset.volume_of(sample) for sample in samples]
    sizes = Counter(volumes)
    waiting: dict[str, list[tuple[int, Masks, Masks]]] = {}
    for told in _told(network):
        slices = waiting.setdefault(name := volumes[told[0]], [])
        slices.append(told)
        if len(slices) < sizes[name]:
            continue
        del waiting[name]
        numbers = [dataset.number_of(samples[place]) for place, _, _ in slices]
        order = np.argsort(numbers)
        steps = np.unique(np.diff(np.sort(numbers)))
        depth, height, width = dataset.sides_of(opened.root, samples[slices[0][0]])
        yield Unit(
            slices[0][0],
            np.stack([slices[place][1] for place in order]),
            np.stack([slices[place][2] for place in order]),
            (float(steps[0]) * depth if len(steps) else depth, height, width),
            even=len(steps) <= 1,
        )


def _told(network: Restored) -> Iterator[tuple[int, Masks, Masks]]:
    """The place of each test image, the network's mask of it and the true one, both at the size of the file."""
    import torch

    from experiments.run.retesting import device
    from lightning_modules.segmentation import SegmentationModule

    module = network.module
    assert isinstance(module, SegmentationModule)
    module.to(device())
    for batch in network.data.test_dataloader():
        truths = [mask.numpy() for mask in batch["native_mask"]]
        with torch.inference_mode():
            maps = module.probabilities(batch["image"].to(module.device))
            masks = [module.predicted_at(one[None], mask.shape) for one, mask in zip(maps, truths, strict=True)]
        for place, mask, truth in zip(batch["index"].tolist(), masks, truths, strict=True):
            labelled = truth != IGNORED
            yield place, mask[0, 0].cpu().numpy().astype(np.uint8) * labelled, truth * labelled


def _compared(unit: Unit, number: int) -> tuple[str, tuple[float, float] | tuple[None, None]]:
    """Which of ``COUNTS`` a class of an image or volume is counted as, and its distances."""
    found, truth = unit.found == number, unit.truth == number
    shown = bool(found.any()), bool(truth.any())
    if shown != (True, True):
        why = {(False, True): "missed", (True, False): "false_alarms", (False, False): "absent"}[shown]
        return why, (None, None)
    if not unit.even:
        return "uneven", (None, None)
    return "measured", surface_distances(found, truth, unit.sides)


def _means(
    spec: RunSpec,
    first: Sequence[int],
    distances: Mapping[str, Mapping[str, Sequence[float | None]]],
    counts: NDArray[np.uint8] | None,
) -> dict[str, NDArray[np.float64]]:
    """The mean distances on resamples of the test images, (B,) by name; without ``counts`` on the images, (1,)."""
    drawn = np.ones((1, len(first))) if counts is None else counts[:, first].astype(np.float64)
    found = {}
    for name, of_classes in distances.items():
        values = np.array(list(of_classes.values()), np.float64)  # (K, U), NaN for None
        known = ~np.isnan(values)
        times = drawn @ known.T
        sums = drawn @ np.where(known, values, 0).T
        means = np.divide(sums, times, out=np.full_like(sums, math.nan), where=times > 0)
        named = f"{name}_{_unit(spec)}"
        found[named] = mean_of_defined(means)
        if len(of_classes) > 1:
            found |= {f"{named}:{of_class}": means[:, place] for place, of_class in enumerate(of_classes)}
    return found


def _unit(spec: RunSpec) -> str:
    return "mm" if isinstance(DATASETS.build(spec.dataset), Sliced) else "pixels"


def _numbers(spec: RunSpec) -> tuple[str, ...]:
    """The numbers of a segmentation; other tasks have none."""
    dataset: Dataset = DATASETS.build(spec.dataset)
    if dataset.kind != "segmentation":
        return ()
    names: Sequence[str] = (*(f"{name}_{_unit(spec)}" for name in DISTANCES), *COUNTS)
    classes = dataset.task.classes if len(dataset.task.classes) > 1 else ()
    return (*names, *(f"{name}:{of_class}" for name in names for of_class in classes))


def _check(dataset: Dataset, root: Path) -> None:
    check_monai()


def surface_distance() -> Measure:
    """The measure with its version, unit and numbers."""
    return Measure(
        version=1, unit="% of 1 mm or 1 pixel", progress="surface distances", compute=surface_distance_numbers,
        numbers=_numbers, check=_check, of_resamples=surface_distance_resamples,
    )  # fmt: skip
