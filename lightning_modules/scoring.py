"""The scores of a task's predictions, in tests and in validation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.metrics import auroc
from analysis.scores import Areas, Score, score_of
from specs.task import Task


def task_score(task: Task, areas: Areas = auroc) -> Score:
    """The score of a task.

    Args:
        task: the task, which says which classes count.
        areas: the function that computes areas under ROC curves.
    """
    return score_of(task.kind, task.classes, task.scored, task.positives, areas)


def validation_score(task: Task) -> Score:
    """The score that epochs are selected by: the task's own, with areas computed by torchmetrics."""
    return task_score(task, torchmetrics_areas)


def torchmetrics_areas(targets: NDArray[Any], scores: NDArray[Any]) -> NDArray[np.float64]:
    """The area under the ROC curve of each column by torchmetrics, NaN where it has no positives or no negatives.

    torchmetrics sums in float32, so that its areas agree with ``analysis.metrics.auroc`` but for the last digits. Where
    two epochs are equally good, these digits decide which one is selected: another way to sum would change the run.

    Args:
        targets: the labels (N, K), 0, 1 or NaN (not labelled).
        scores: the scores (N, K) in [0, 1].
    """
    import torch
    from torchmetrics.functional.classification import binary_auroc

    areas = []
    for truth, score in zip(targets.T, scores.T, strict=True):
        labelled = ~np.isnan(truth)
        positive = truth[labelled].astype(np.int64)
        defined = len(np.unique(positive)) == 2  # torchmetrics gives 0 otherwise, which would be averaged in
        area = binary_auroc(torch.from_numpy(score[labelled]), torch.from_numpy(positive)) if defined else math.nan
        areas.append(float(area))
    return np.array(areas)
