"""Scores and their bootstrap against scikit-learn and against the benchmark's official way to compute Dice.

    python -m benchmarks.scoring [--rounds N] [--json]

The test set has the size of ChestX-ray14's: 25,596 images of 2,797 patients, 14 findings with its own prevalences;
targets and scores are drawn. Contenders take turns in one process. The bootstrap's peer draws the same resamples and
loops over findings with ``sklearn.metrics.roc_auc_score``; values must agree to 1e-12 or the benchmark stops. For Dice,
ours starts from the counts of pixels that a run stores for each image, and its peer from the masks, with a loop over
images, as the official code does (BenchmarkTransferLearning, ``mean_dice_coef``), written anew.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]

from analysis.bootstrap import auroc_of_resamples, draw_counts
from analysis.metrics import auroc, dice_from_counts
from benchmarks.interleaved import rates, ratio, words

TARGETS = {"bootstrap of AUROC": 40.0, "AUROC of 14 findings": 4.0, "mean Dice of a test set": 100.0}
"""How many times faster ours must be at least, by issue 6 of this project."""

IMAGES, PATIENTS = 25_596, 2_797
"""The numbers of images and patients in the official test list."""

POSITIVES = (3279, 1069, 4658, 6112, 1748, 1623, 555, 2665, 1815, 925, 1093, 435, 1143, 86)
"""The number of images of the official test list that show each finding."""

RESAMPLES = 1_000


def main() -> None:
    """Measure all contenders, and print the comparisons."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="(default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print plain data for programs")
    options = parser.parse_args()
    comparisons = measure(options.rounds)
    print(json.dumps(comparisons, indent=1) if options.json else words("scoring", comparisons))


def measure(rounds: int, images: int = IMAGES, resamples: int = RESAMPLES) -> list[dict[str, Any]]:
    """Comparisons with ``name``, ``ours``, ``peer``, ``unit``, ``ratio``, ``target`` and ``machine``.

    Args:
        rounds: the number of rounds, in each of which all contenders take their turns.
        images: the number of images in the test set.
        resamples: the number of resamples of our bootstrap; its peer does a hundredth of them in each round.

    Raises:
        RuntimeError: if ours and the peer disagree.
    """
    generator = np.random.default_rng(0)
    shares = np.array(POSITIVES) / IMAGES
    targets = (generator.random((images, len(shares))) < shares).astype(np.float64)
    scores = generator.normal(size=targets.shape) + targets
    patients = generator.integers(0, PATIENTS, images).tolist()
    few = max(resamples // 100, 1)

    def ours() -> int:
        auroc_of_resamples(targets, scores, draw_counts(patients, resamples, seed=0))
        return resamples

    def peer() -> int:
        _looped(targets, scores, draw_counts(patients, few, seed=0))
        return few

    counts = draw_counts(patients, few, seed=0)
    worst = float(np.abs(auroc_of_resamples(targets, scores, counts) - _looped(targets, scores, counts)).max())
    if worst > 1e-12:
        raise RuntimeError(f"the bootstraps differ by {worst}, expected at most 1e-12")
    masks = generator.random((2, max(images // 200, 1), 224, 224)) < 0.1
    tp, fp, fn = ((masks[0] & masks[1]), (masks[0] & ~masks[1]), (~masks[0] & masks[1]))
    pixels = [mask.sum(axis=(1, 2)) for mask in (tp, fp, fn)]
    contenders = {
        "bootstrap of AUROC": (ours, peer),
        "AUROC of 14 findings": (
            lambda: len(auroc(targets, scores)),
            lambda: sum(1 for column in range(len(shares)) if roc_auc_score(targets[:, column], scores[:, column])),
        ),
        "mean Dice of a test set": (
            lambda: int(dice_from_counts(*pixels).mean() <= 1),
            lambda: int(_dice_of_masks(masks[0], masks[1]) <= 1),
        ),
    }
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    comparisons = []
    for name, (mine, theirs) in contenders.items():
        speeds = rates({"ours": mine, "peer": theirs}, rounds)
        each = {who: 1000 / statistics.median(speed) for who, speed in speeds.items()}
        unit = {"bootstrap of AUROC": "ms a resample", "AUROC of 14 findings": "ms a finding"}.get(
            name, "ms a test set"
        )
        comparisons.append(
            {"name": name, **each, "unit": unit, "ratio": ratio(speeds, "ours", "peer"), "target": TARGETS[name]}
            | {"machine": machine}
        )
    return comparisons


def _looped(targets: NDArray[Any], scores: NDArray[Any], counts: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The area of each resample and finding, computed one by one by scikit-learn."""
    areas = np.empty((len(counts), targets.shape[1]))
    for resample, drawn in enumerate(counts):
        rows = np.repeat(np.arange(len(drawn)), drawn)
        for column in range(targets.shape[1]):
            areas[resample, column] = roc_auc_score(targets[rows, column], scores[rows, column])
    return areas


def _dice_of_masks(truth: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> float:
    """The mean Dice coefficient over images, computed one by one."""
    total = 0.0
    for true_mask, predicted_mask in zip(truth, predicted, strict=True):
        size = true_mask.sum() + predicted_mask.sum()
        total += 1.0 if size == 0 else 2.0 * np.logical_and(true_mask, predicted_mask).sum() / size
    return total / len(truth)


if __name__ == "__main__":
    main()
