"""How far a network follows the synthetic artifact of a ``shortcut`` dataset, as ``shortcut_pull:pull``."""

from __future__ import annotations

import dataclasses
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analysis.shortcuts import agreement_gap, pull
from datamodules.dataset.contract import Dataset
from datamodules.pipeline.lightning import ImageDataModule
from datamodules.shortcut import Shortcut
from experiments.measures.measuring.measure import Found, Measure, defined
from experiments.run.paths import Paths
from experiments.run.predictions import stored_rows
from experiments.run.restored import Restored, restore
from experiments.run.retesting import device, predictions
from experiments.run.store import Record
from specs.registry import DATASETS
from specs.run import RunSpec

NUMBERS = ("pull", "gap")
"""The numbers that the measure gives, both in [-1, 1]."""


def shortcut_pulls(record: Record, paths: Paths) -> Found:
    """What the artifact does to the predictions of a run's network on its test images.

    Each test image is shown to the network twice, with the artifact and without it. A network that reads the artifact
    alone has a pull of 1 (100 points), one that ignores it has 0; below 0 the artifact speaks against its class.

    Returns:
        ``pull``, the mean change of the predicted probability of the class that the artifact goes with when it is put
        on (``analysis.shortcuts.pull``); ``gap``, the AUROC of this class on the test images whose artifact agrees with
        the label, less that on those whose artifact contradicts it, by the stored predictions; None where that is not
        defined. ``details`` has both probabilities of each image, whether it has the artifact, and its label.

    Raises:
        RunError: if the weights or predictions are not those of the run.
        DataError: if the data are not there.
    """
    network = restore(record, paths)
    dataset = network.data.opened.dataset
    assert isinstance(dataset, Shortcut)
    samples = network.data.index_of("test")
    shown = [dataset.shows(sample) for sample in samples]
    details: dict[str, list[float | None]] = {
        "with_it": _probabilities(network, dataset, "always"),
        "without_it": _probabilities(network, dataset, "never"),
        "there": [float(dataset.has_artifact(sample, "test")) for sample in samples],
        "truth": [None if one is None else float(one) for one in shown],
    }
    found = _numbers_of(record, details, None)
    return {name: defined(float(values[0])) for name, values in found.items()} | {"details": details}


def shortcut_resamples(record: Record, numbers: Found, counts: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
    """The numbers of a run on resamples of its test images, (B,) by name; NaN where one is undefined.

    Args:
        record: the record of the run.
        numbers: the numbers of the run, whose details say what each image's predictions are.
        counts: how often each resample draws each test image, (B, N).
    """
    return _numbers_of(record, numbers["details"], counts)


def _numbers_of(
    record: Record, details: dict[str, list[float | None]], counts: NDArray[np.uint8] | None
) -> dict[str, NDArray[np.float64]]:
    """The numbers on resamples of the test images, or on these themselves, (B,) by name."""
    dataset: Dataset = DATASETS.build(RunSpec.from_json(record.data["spec"]).dataset)
    assert isinstance(dataset, Shortcut)
    task, rows = stored_rows(record)
    tested = rows["probabilities"][:, task.classes.index(dataset.going_with)]
    with_it, without_it, there, truth = (
        np.array(details[name], dtype=np.float64) for name in ("with_it", "without_it", "there", "truth")
    )
    return {"pull": pull(with_it, without_it, counts), "gap": agreement_gap(truth, tested, there, counts)}


def _probabilities(network: Restored, dataset: Shortcut, testing: Literal["always", "never"]) -> list[float | None]:
    """The probability of the class that the artifact goes with, of each test image as ``testing`` says."""
    altered = dataclasses.replace(network.data.opened, dataset=dataclasses.replace(dataset, testing=testing))
    data = ImageDataModule(altered, network.spec.recipe, network.spec.seed)
    network.module.to(device())
    found: list[float | None] = predictions(network.module, data)[f"probability:{dataset.going_with}"].to_pylist()
    return found


def _numbers(spec: RunSpec) -> tuple[str, ...]:
    """The names of the numbers of runs on a ``shortcut``; other runs have none."""
    return NUMBERS if spec.dataset.name == "shortcut" else ()


def shortcut_pull() -> Measure:
    """The measure with its version, unit and numbers."""
    return Measure(
        version=1, unit="points", progress="pulls of artifacts", compute=shortcut_pulls, numbers=_numbers,
        of_resamples=shortcut_resamples,
    )  # fmt: skip
