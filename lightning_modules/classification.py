"""Classification: a linear head on the backbone's pooled features."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from backbones.contract import Backbone
from lightning_modules.metrics import mean_auroc
from lightning_modules.task_module import Batch, TaskModule
from specs.card import Normalization
from specs.errors import DataError, UsageError
from specs.recipe import Recipe
from specs.task import Task


class ClassificationModule(TaskModule):
    """Multilabel, binary and multiclass tasks; ``validation_metric`` is the mean AUROC over the scored classes.

    Batches are dictionaries: ``image`` uint8 (B, C, H, W); ``index`` int64 (B,), the sample's number in its split;
    ``target`` float32 (B, K) in [0, 1] or NaN (label missing), int64 (B,) for multiclass.

    The head is dropout and a linear layer with weights from N(0, 0.01) (standard deviation) and bias 0, as in
    https://github.com/MR-HosseinzadehTaher/BenchmarkTransferLearning, Version 1, classification.

    Args and errors: see ``TaskModule``; a segmentation task is refused.
    """

    def __init__(self, backbone: Backbone, task: Task, recipe: Recipe, normalization: Normalization) -> None:
        if task.kind == "segmentation":
            raise UsageError("a segmentation task was given to ClassificationModule; use SegmentationModule.")
        super().__init__(backbone, task, recipe, normalization)
        self.dropout = nn.Dropout(recipe.dropout)
        self.head = nn.Linear(backbone.num_features, len(task.classes))
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

    def forward(self, image: Tensor) -> Tensor:
        """Logits (B, K), float32, of images uint8 (B, C, H, W)."""
        features = self.dropout(self.backbone(self.normalize(image)))
        with torch.autocast(features.device.type, enabled=False):  # bfloat16 logits would tie, and AUROC counts ties
            logits: Tensor = self.head(features.float())
        return logits

    def probabilities(self, logits: Tensor) -> Tensor:
        """(B, K), float64, on the CPU; a sigmoid per class, or for multiclass the softmax over the classes."""
        logits = logits.detach().cpu().double()
        return logits.softmax(1) if self.task.kind == "multiclass" else logits.sigmoid()

    def target(self, batch: Batch) -> Tensor:
        """See ``TaskModule``."""
        target: Tensor = batch["target"]
        return target

    def _target_per_class(self, batch: Batch) -> Tensor:
        """(B, K), float64: 0, 1 or NaN (label missing)."""
        target = self.target(batch)
        return (F.one_hot(target, len(self.task.classes)) if self.task.kind == "multiclass" else target).double()

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Record the loss's statistics, the targets and the probabilities."""
        logits = self(batch["image"])
        self.record(
            batch,
            logits,
            statistics=self.loss.statistics(logits, self.target(batch)),
            targets=self._target_per_class(batch),
            probabilities=self.probabilities(logits),
        )

    def validation_metric(self, rows: dict[str, Tensor]) -> float:
        """See ``TaskModule``: the mean AUROC over the scored classes that have one, NaN if none has.

        Raises:
            DataError: if the split has no label at all, so that there is not even a loss.
        """
        if rows["targets"].isnan().all():
            raise DataError(
                "no image of the validation split has a label, so no epoch can be selected. Expected at least one; "
                "check the label files and the split."
            )
        return mean_auroc(rows["probabilities"], rows["targets"], self._scored())

    def _scored(self) -> list[int]:
        return [self.task.classes.index(name) for name in self.task.scored]

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Record the targets and the probabilities, under the recipe's test-time augmentation."""
        logits = self(batch["image"])
        probabilities = self.probabilities(logits)
        if self.recipe.test_time_augmentation == "flip":
            mirrored = self(batch["image"].flip(-1))
            probabilities = (probabilities + self.probabilities(mirrored)) / 2
        self.record(batch, logits, targets=self._target_per_class(batch), probabilities=probabilities)

    def test_rows(self) -> dict[str, NDArray[Any]]:
        """The last test's predictions, one row per sample, sorted by ``index``.

        Returns:
            ``index`` int64 (N,); ``targets`` float64 (N, K), 0, 1 or NaN, one-hot for multiclass;
            ``probabilities`` float64 (N, K).

        Raises:
            RunError: if nothing was tested.
        """
        rows = self.tested()
        return {name: np.asarray(rows[name]) for name in ("index", "targets", "probabilities")}
