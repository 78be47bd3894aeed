"""From probabilities to decisions: the thresholds of a classification, chosen on validation images by a stated rule."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from analysis.operating import STATED, thresholds_at_specificity, thresholds_of_youden
from experiments.predicting.ensemble import Ensemble
from experiments.run.predictions import Rows, rows_of
from experiments.run.record_views import validation_predictions
from experiments.run.store import Record
from specs.errors import DataError, UsageError
from specs.quoting import names, plain
from specs.task import Task

YOUDEN = "youden"
RULES = f"{YOUDEN}, specificity=SHARE, sensitivity=SHARE or a probability"
"""The rules by which thresholds are chosen, for messages."""


@dataclass(frozen=True)
class Rule:
    """A rule by which the thresholds of yes and no are chosen.

    Attributes:
        kind: ``youden`` for the largest sum of sensitivity and specificity on the validation images, ``specificity`` or
            ``sensitivity`` for at least a share of it there, ``fixed`` for a probability that somebody gives.
        value: the share in (0, 1], or the probability in [0, 1]; 0 for ``youden``.
    """

    kind: str = "specificity"
    value: float = STATED

    @property
    def words(self) -> str:
        """The rule in half a sentence."""
        return {
            YOUDEN: "the largest sum of sensitivity and specificity on the validation images (Youden 1950)",
            "fixed": f"{self.value:g}, as it was given",
        }.get(self.kind, f"a {self.kind} of {self.value:.0%} or more on the validation images")


def parse_rule(text: str) -> Rule:
    """The rule that a text stands for, such as ``youden``, ``specificity=0.95`` or ``0.5``.

    Raises:
        UsageError: if it is none of ``RULES``.
    """
    if text == YOUDEN:
        return Rule(YOUDEN, 0.0)
    match = re.fullmatch(r"(?:(specificity|sensitivity)=)?(\d*\.?\d+)", text)
    value = float(match.group(2)) if match else -1.0
    if match is None or not 0 <= value <= 1 or (match.group(1) and value == 0):
        raise UsageError(f"a threshold is {RULES}, each number in [0, 1], found {plain(text)}.")
    return Rule(match.group(1) or "fixed", value)


def thresholds(ensemble: Ensemble, rule: Rule) -> tuple[float, ...]:
    """The thresholds of the classes of a binary or multilabel task, each in [0, 1].

    Where the networks share their validation images, thresholds are for the mean of their probabilities, as the
    predictions are; where each has its own, as in folds, for all of them together.

    Raises:
        RunError: if a run kept no predictions of its validation split.
        DataError: if a class has no threshold, since the validation images show it always or never.
    """
    task = ensemble.task
    if rule.kind == "fixed":
        return (rule.value,) * len(task.classes)
    rows = _validation(ensemble.records, task)
    targets, scores = rows["targets"], rows["probabilities"]
    match rule.kind:
        case "specificity":
            found = thresholds_at_specificity(targets, scores, rule.value)
        case "sensitivity":
            # The mirror image, whose threshold is a positive's own score: that one must still be above it.
            found = np.nextafter(-thresholds_at_specificity(1 - targets, -scores, rule.value), -np.inf)
        case _:
            found = thresholds_of_youden(targets, scores)
    lacking = [name for name, value in zip(task.classes, found, strict=True) if np.isnan(value)]
    if lacking:
        raise DataError(
            f"no threshold can be chosen for {names(lacking)}: the validation images that are labelled for it all show "
            "it, or none does. Give a probability, such as --threshold 0.5."
        )
    return tuple(float(value) for value in found)


def decisions(probabilities: NDArray[np.float64], task: Task, cut: Sequence[float]) -> NDArray[np.int64]:
    """What is told of images: 0 or 1 for each class, (B, K), or for exclusive classes the place of the class, (B, 1).

    Args:
        probabilities: the probabilities of the classes, (B, K).
        task: the task, a classification.
        cut: the threshold of each class; exclusive classes need none.
    """
    if task.kind == "multiclass":
        return np.asarray(probabilities.argmax(axis=1)[:, None], dtype=np.int64)
    return (probabilities > np.asarray(cut)).astype(np.int64)


def _validation(records: Sequence[Record], task: Task) -> Rows:
    """The validation images of all networks with the probabilities that the ensemble gives them."""
    return joined(task, [validation_predictions(record) for record in records])


def joined(task: Task, tables: Sequence[pa.Table]) -> Rows:
    """Predictions of several networks as those of their ensemble where they are of the same images, else one by one.

    Args:
        task: the task, a classification.
        tables: the stored predictions of each network.
    """
    rows = [rows_of(task, table) for table in tables]
    if shared(tables):
        probabilities = np.mean([one["probabilities"] for one in rows], axis=0)
        return {"targets": rows[0]["targets"], "probabilities": probabilities}
    return {name: np.concatenate([one[name] for one in rows]) for name in rows[0]}


def shared(tables: Sequence[pa.Table]) -> bool:
    """Whether the predictions of all networks are of the same images in the same order."""
    first = tables[0]["id"].to_pylist()
    return all(table["id"].to_pylist() == first for table in tables[1:])
