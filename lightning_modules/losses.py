"""The losses, each a function of sums over samples, so that it does not depend on how samples are put into batches.

A loss first gives every sample some numbers (its *statistics*). Their sum over any set of samples, whether a batch,
the batches of all devices or a whole validation split, is all that the set's loss is computed from. So a validation
loss is the same for any batch size and any number of devices, and a sample that a sampler drew twice can be left out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
import torch.nn.functional as F
from torch import Tensor

from specs.errors import UsageError
from specs.recipe import Recipe
from specs.task import Task


class Loss(ABC):
    """A loss of logits against targets.

    Attributes:
        size: how many statistics a sample has.
    """

    size: int

    @abstractmethod
    def statistics(self, logits: Tensor, target: Tensor) -> Tensor:
        """The statistics of each sample, (B, size), float32; ``logits`` are float32."""

    @abstractmethod
    def value(self, total: Tensor) -> Tensor:
        """The loss, a scalar, of the samples whose statistics sum to ``total``, (size,)."""


class BinaryCrossEntropy(Loss):
    """Binary cross-entropy with logits, the mean over all labelled entries; 0 where no entry is labelled.

    The statistics are the sum of the labelled entries' losses, and their number. With logit x and target y an entry's
    loss is max(x, 0) - x y + log(1 + exp(-|x|))
    (https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html).
    """

    size = 2

    def statistics(self, logits: Tensor, target: Tensor) -> Tensor:
        """See ``Loss``; logits and target are (B, ...), a target is in [0, 1] or NaN where the label is missing."""
        target = target.to(logits.dtype)
        labelled = ~target.isnan()
        entries = F.binary_cross_entropy_with_logits(logits, target.nan_to_num(), reduction="none")
        entries = entries.where(labelled, 0.0)
        return torch.stack([entries.flatten(1).sum(1), labelled.flatten(1).sum(1).to(entries.dtype)], dim=1)

    def value(self, total: Tensor) -> Tensor:
        """See ``Loss``."""
        return total[0] / total[1].clamp(min=1)


class CrossEntropy(Loss):
    """Cross-entropy of the softmax, the mean over samples.

    The statistics are the sample's loss and 1
    (https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html).
    """

    size = 2

    def statistics(self, logits: Tensor, target: Tensor) -> Tensor:
        """See ``Loss``; logits are (B, K), target is int64 (B,) with values in 0..K-1."""
        entries = F.cross_entropy(logits, target, reduction="none")
        return torch.stack([entries, torch.ones_like(entries)], dim=1)

    def value(self, total: Tensor) -> Tensor:
        """See ``Loss``."""
        return total[0] / total[1]


class SoftDice(Loss):
    """One minus the soft Dice coefficient of all pixels of all samples together: 1 - (2 I + 1) / (P + T + 1).

    I is the sum of probability times mask, P of the probabilities, T of the mask; they are the statistics. Over a batch
    this is the benchmark's training loss (batch flattened, smoothing 1:
    https://github.com/MR-HosseinzadehTaher/BenchmarkTransferLearning, Version 1, segmentation). Over a validation split
    it is one coefficient of the whole split, not an average of batches.
    """

    size = 3
    smooth = 1.0

    def statistics(self, logits: Tensor, target: Tensor) -> Tensor:
        """See ``Loss``; logits and target are (B, ...), a target is 0 or 1."""
        probability, mask = logits.sigmoid().flatten(1), target.to(logits.dtype).flatten(1)
        return torch.stack([(probability * mask).sum(1), probability.sum(1), mask.sum(1)], dim=1)

    def value(self, total: Tensor) -> Tensor:
        """See ``Loss``."""
        intersection, probability, mask = total.unbind()
        return 1 - (2 * intersection + self.smooth) / (probability + mask + self.smooth)


class Sum(Loss):
    """The sum of losses of the same logits and targets."""

    def __init__(self, *losses: Loss) -> None:
        self.losses = losses
        self.size = sum(loss.size for loss in losses)

    def statistics(self, logits: Tensor, target: Tensor) -> Tensor:
        """See ``Loss``."""
        return torch.cat([loss.statistics(logits, target) for loss in self.losses], dim=1)

    def value(self, total: Tensor) -> Tensor:
        """See ``Loss``."""
        parts = torch.split(total, [loss.size for loss in self.losses])
        return torch.stack([loss.value(part) for loss, part in zip(self.losses, parts, strict=True)]).sum()


def build_loss(recipe: Recipe, task: Task) -> Loss:
    """The loss that a recipe's ``loss`` means for a task.

    Raises:
        UsageError: if the recipe names a segmentation loss for a classification task.
    """
    if task.kind == "segmentation":
        segmentation: dict[str, Loss] = {
            "auto": SoftDice(),
            "dice": SoftDice(),
            "bce": BinaryCrossEntropy(),
            "bce_dice": Sum(BinaryCrossEntropy(), SoftDice()),
        }
        return segmentation[recipe.loss]
    if recipe.loss != "auto":
        raise UsageError(
            f'recipe: the loss "{recipe.loss}" is for segmentation, and this is a {task.kind} task. '
            'Expected loss="auto", which takes the loss of the task\'s kind.'
        )
    return CrossEntropy() if task.kind == "multiclass" else BinaryCrossEntropy()
