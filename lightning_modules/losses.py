"""Losses as sums that add up over batches and devices, and the number that divides them in the end."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

SMOOTH = 1.0
"""Added to numerator and denominator of the soft Dice, as in the benchmark's code (Version 1, dice loss)."""

SegmentationLoss = Literal["bce", "dice", "bce_dice"]


def full(values: Tensor) -> Tensor:
    """Values in float32 where they come in half precision, since losses add up many small terms."""
    return values.float() if values.dtype in (torch.bfloat16, torch.float16) else values


def masked_bce(logits: Tensor, targets: Tensor) -> Tensor:
    """Binary cross-entropy summed over the labelled entries, and their number, as a tensor of two.

    Args:
        logits: (B, K).
        targets: (B, K) in [0, 1], NaN where there is no label; such entries get no gradient.
    """
    labelled = ~torch.isnan(targets)
    count = labelled.sum()
    if count != labelled.numel():  # picking entries costs as much as a small network's layer, backward too
        logits, targets = logits[labelled], targets[labelled]
    loss = F.binary_cross_entropy_with_logits(logits, targets, reduction="sum")
    return torch.stack([loss, count])


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy summed over the batch, and the batch's size, as a tensor of two.

    Args:
        logits: (B, K).
        targets: (B,) class numbers.
    """
    loss = F.cross_entropy(logits, targets, reduction="sum")
    return torch.stack([loss, loss.new_tensor(len(targets))])


def mean(sums: Tensor) -> Tensor:
    """The mean loss of accumulated sums; 0 where nothing was labelled."""
    return sums[0] / sums[1].clamp(min=1)


def segmentation_sums(logits: Tensor, masks: Tensor) -> Tensor:
    """What the segmentation losses are made of, as a tensor of five that adds up over batches.

    Intersection, sum of probabilities, sum of the mask, summed binary cross-entropy, number of pixels.

    Args:
        logits: (B, 1, H, W).
        masks: (B, 1, H, W) in {0, 1}.
    """
    targets = masks.to(logits.dtype)
    probabilities = logits.sigmoid()
    bce = F.binary_cross_entropy_with_logits(logits, targets, reduction="sum")
    pixels = logits.new_tensor(logits.numel())
    return torch.stack([(probabilities * targets).sum(), probabilities.sum(), targets.sum(), bce, pixels])


def segmentation_loss(sums: Tensor, kind: SegmentationLoss) -> Tensor:
    """The loss of accumulated sums.

    ``dice`` is 1 - (2 I + 1) / (P + M + 1) over all pixels together (Milletari et al. 2016 with the benchmark's
    smoothing); ``bce`` the mean binary cross-entropy over pixels; ``bce_dice`` their sum.
    """
    intersection, probability, mask, bce, pixels = sums.unbind()
    dice = 1 - (2 * intersection + SMOOTH) / (probability + mask + SMOOTH)
    losses: dict[SegmentationLoss, Tensor] = {"dice": dice, "bce": bce / pixels, "bce_dice": dice + bce / pixels}
    return losses[kind]
