"""Losses as sums that add up over batches and devices, together with the numbers that divide them in the end."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from specs.task import IGNORED

SMOOTH = 1.0
"""The constant added to numerator and denominator of the soft Dice (the benchmark's code, Version 1, dice loss)."""

SegmentationLoss = Literal["bce", "dice", "bce_dice"]


def full(values: Tensor) -> Tensor:
    """The values, converted to float32 if they are in half precision, since losses add up many small terms."""
    return values.float() if values.dtype in (torch.bfloat16, torch.float16) else values


def masked_bce(logits: Tensor, targets: Tensor, positive_weights: Tensor | None = None) -> Tensor:
    """The binary cross-entropy summed over the labelled entries, and their number, as a tensor of two.

    With weights, what an entry costs as far as it is positive is multiplied by its finding's weight, and entries count
    alike in their number, as in torch's ``BCEWithLogitsLoss``.

    Args:
        logits: the logits of K findings, (B, K).
        targets: (B, K) in [0, 1], NaN where there is no label; such entries get no gradient.
        positive_weights: the weights of the positives, (K,); None: all are 1.
    """
    weights = None if positive_weights is None else positive_weights.expand_as(targets)
    labelled = ~torch.isnan(targets)
    count = labelled.sum()
    if count != labelled.numel():  # selecting entries costs as much as a small network's layer, forward and backward
        logits, targets = logits[labelled], targets[labelled]
        weights = None if weights is None else weights[labelled]
    loss = F.binary_cross_entropy_with_logits(logits, targets, pos_weight=weights, reduction="sum")
    return torch.stack([loss, count])


def cross_entropy(logits: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
    """The cross-entropy summed over the batch, and the batch's size, as a tensor of two.

    With weights, each image counts by that of its class, in the sum and in the size, as in torch's
    ``CrossEntropyLoss``.

    Args:
        logits: the logits of K classes, (B, K).
        targets: the class numbers, (B,).
        weights: the weights of the classes, (K,); None: all are 1.
    """
    loss = F.cross_entropy(logits, targets, weights, reduction="sum")
    return torch.stack([loss, loss.new_tensor(len(targets)) if weights is None else weights[targets].sum()])


def mean(sums: Tensor) -> Tensor:
    """The mean loss from accumulated sums; 0 where nothing was labelled."""
    return sums[0] / torch.where(sums[1] > 0, sums[1], 1)  # weights may add up to less than 1


def segmentation_sums(logits: Tensor, masks: Tensor) -> Tensor:
    """The sums that the segmentation losses are computed from, as a vector that adds up over batches.

    They are the intersection of each of K classes, the sum of the probabilities of each, the sum of the mask of each,
    the summed cross-entropy and the number of pixels, 3 K + 2 numbers. Pixels whose mask is ``IGNORED`` are in no sum.

    Args:
        logits: (B, 1, H, W), the logits of the only class; or (B, K + 1, H, W), those of the background and K classes.
        masks: the true masks, (B, 1, H, W), 0 or the number of a class, or ``IGNORED``.
    """
    labelled = masks != IGNORED
    count = labelled.sum()
    whole = bool(count == labelled.numel())  # selecting pixels costs more than it saves
    if logits.shape[1] == 1:
        if not whole:
            logits, masks = logits[labelled], masks[labelled]
        targets = masks.to(logits.dtype)
        probabilities = logits.sigmoid()
        bce = F.binary_cross_entropy_with_logits(logits, targets, reduction="sum")
        pixels = logits.new_tensor(logits.numel())
        return torch.stack([(probabilities * targets).sum(), probabilities.sum(), targets.sum(), bce, pixels])
    # Products with the true classes, since the loss of torch for pixels is not deterministic on GPUs.
    truth = torch.cat([masks == number for number in range(logits.shape[1])], dim=1).to(logits.dtype)
    logarithms = logits.log_softmax(dim=1)
    entropy = -(logarithms * truth).sum()
    probabilities, foreground = (logarithms.exp() * labelled)[:, 1:], truth[:, 1:]
    sums = [part.sum(dim=(0, 2, 3)) for part in (probabilities * foreground, probabilities, foreground)]
    return torch.cat([*sums, torch.stack([entropy, count.to(logits.dtype)])])


def segmentation_loss(sums: Tensor, kind: SegmentationLoss) -> Tensor:
    """The segmentation loss from accumulated sums.

    ``dice`` is 1 - (2 I + 1) / (P + M + 1) over all pixels together, with intersection I and sums P of probabilities
    and M of the mask (Milletari et al. 2016 with the benchmark's smoothing); of several classes, the mean over them.
    ``bce`` is the mean cross-entropy over pixels, of one class the binary one, and ``bce_dice`` the sum of both.

    Args:
        sums: the sums of ``segmentation_sums``, (3 K + 2,).
        kind: the name of the loss.
    """
    bce, pixels = sums[-2], sums[-1].clamp(min=1)
    intersection, probability, mask = sums[:-2].chunk(3)
    dice = (1 - (2 * intersection + SMOOTH) / (probability + mask + SMOOTH)).mean()
    losses: dict[SegmentationLoss, Tensor] = {"dice": dice, "bce": bce / pixels, "bce_dice": dice + bce / pixels}
    return losses[kind]
