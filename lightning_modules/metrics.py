"""The metrics that validation selects by: mean AUROC over classes, and mean Dice over images."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torchmetrics.functional.classification import binary_auroc


def mean_auroc(probabilities: Tensor, targets: Tensor, classes: Sequence[int]) -> float:
    """The mean area under the ROC curve over the classes that have positives and negatives, one class against the rest.

    Ties count half (Hanley and McNeil 1982, https://doi.org/10.1148/radiology.143.1.7063747). A class without positives
    or without negatives has no AUROC and is left out.

    Args:
        probabilities: (N, K) in [0, 1].
        targets: (N, K), 0, 1 or NaN where the label is missing.
        classes: the columns that are scored.

    Returns:
        In [0, 1]; NaN if no scored class has an AUROC.
    """
    defined = []
    for number in classes:
        labelled = ~targets[:, number].isnan()
        truth = targets[labelled, number].long()
        if 0 < truth.sum() < len(truth):
            defined.append(float(binary_auroc(probabilities[labelled, number], truth)))
    return sum(defined) / len(defined) if defined else math.nan


def confusion(predicted: Tensor, mask: Tensor, region: Tensor | None = None) -> Tensor:
    """Per image, the numbers of true positive, false positive, false negative and true negative pixels.

    Args:
        predicted: bool, (B, ...).
        mask: bool, of the same shape.
        region: bool, of the same shape: the pixels that count; None counts all.

    Returns:
        int64, (B, 4) in that order.
    """
    cells = torch.stack([predicted & mask, predicted & ~mask, ~predicted & mask, ~predicted & ~mask], dim=1)
    if region is not None:
        cells &= region.unsqueeze(1)
    return cells.flatten(2).sum(2)


def dice(counts: Tensor) -> Tensor:
    """The Dice coefficient 2 TP / (2 TP + FP + FN) (Dice 1945, https://doi.org/10.2307/1932409).

    An empty prediction of an empty mask is right: 1.

    Args:
        counts: (..., 4) from ``confusion``.

    Returns:
        float64, (...), in [0, 1].
    """
    tp, fp, fn, _ = counts.double().unbind(-1)
    size = 2 * tp + fp + fn
    return torch.where(size > 0, 2 * tp / size.clamp(min=1), 1.0)
