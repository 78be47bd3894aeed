"""Classification: a linear head on the backbone's pooled features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from backbones.networks.contract import Backbone
from lightning_modules import losses
from lightning_modules.adapting.solved import SolvedHead
from lightning_modules.supervised import Batch, SupervisedModule
from specs.card import Normalization
from specs.errors import UsageError
from specs.recipe import Recipe
from specs.task import Task


class ClassificationModule(SupervisedModule):
    """A module for multilabel, binary or multiclass classification.

    The head is dropout and a linear layer with weights from N(0, 0.01) and bias 0, as in the benchmark's code
    (BenchmarkTransferLearning, Version 1), unless the adaptation solves a head of its own. The metric is
    ``analysis.scores.MeanAuroc``: the mean area under the ROC
    curve over the scored classes that have positives and negatives (multiclass: one against the rest, or the task's
    positive classes against the others).

    Args:
        backbone: the backbone; its parameters are trained if the recipe says so.
        task: the task with its classes and its score.
        recipe: what is trained, and the loss, dropout, optimizer, schedule and test-time augmentation.
        normalization: the mean and standard deviation that normalize the input.
        class_weights: the weights of the classes in the loss, (K,), which ``ImageDataModule.class_weights`` gives;
            a recipe with ``class_weights`` needs them to train. They are no part of the state dict.
    """

    def __init__(
        self,
        backbone: Backbone,
        task: Task,
        recipe: Recipe,
        normalization: Normalization,
        class_weights: Sequence[float] | None = None,
    ) -> None:
        super().__init__(backbone, task, recipe, normalization)
        self.head: nn.Module
        if isinstance(self.adaptation, SolvedHead):
            self.head = self.adaptation.head(backbone.num_features, task)
        else:
            linear = nn.Linear(backbone.num_features, len(task.classes))
            nn.init.normal_(linear.weight, std=0.01)
            nn.init.zeros_(linear.bias)
            self.head = nn.Sequential(nn.Dropout(recipe.dropout), linear)
        self._class_weights: Tensor | None
        weights = None if class_weights is None else torch.tensor(class_weights)
        self.register_buffer("_class_weights", weights, persistent=False)
        self.format_weights()

    def forward(self, image: Tensor) -> Tensor:
        """Logits (B, K) of uint8 images (B, C, H, W)."""
        logits: Tensor = self.head(self.backbone(self.normalize(image)))
        return logits

    def loss_sums(self, logits: Tensor, batch: Batch) -> Tensor:
        """The summed loss and the number of labels, or the sum of their classes' weights, as a tensor of two.

        Raises:
            UsageError: if the recipe weights classes, and the module was made without their weights.
        """
        weights = self._class_weights
        if (weights is None) is not (self.recipe.class_weights == "none"):
            raise UsageError(
                f'the recipe says class_weights="{self.recipe.class_weights}", and the module was made '
                f"{'without' if weights is None else 'with'} weights. Make it with class_weights=data.class_weights, "
                "where data is the ImageDataModule of this recipe."
            )
        loss = losses.cross_entropy if self.task.kind == "multiclass" else losses.masked_bce
        return loss(logits, batch["target"], weights)

    def loss(self, sums: Tensor) -> Tensor:
        """The mean loss over the labels."""
        return losses.mean(sums)

    def validation_rows(self, logits: Tensor, batch: Batch) -> dict[str, NDArray[Any]]:
        """``targets`` (B, K), one-hot for multiclass tasks, and ``probabilities`` (B, K), both in float64."""
        return {"targets": self.targets(batch), "probabilities": self._from_logits(logits).numpy()}

    def tested_rows(self, batch: Batch) -> dict[str, NDArray[Any]]:
        """``targets`` and ``probabilities`` as in validation, where probabilities are means over the recipe's views."""
        return {"targets": self.targets(batch), "probabilities": self.probabilities(batch["image"]).numpy()}

    def probabilities(self, image: Tensor) -> Tensor:
        """The mean probabilities (B, K) over the recipe's views of uint8 images (B, C, H, W), in float64 on the CPU."""
        return self.probabilities_of([self.backbone(view) for view in self.views(image)])

    def probabilities_of(self, features: Sequence[Tensor]) -> Tensor:
        """The mean probabilities (B, K) over views, in float64 on the CPU, from the features (B, F) of each view."""
        logits = [losses.full(self.head(of_view)) for of_view in features]
        return torch.stack([self._from_logits(of_view) for of_view in logits]).mean(dim=0)

    def views(self, image: Tensor) -> list[Tensor]:
        """The views that a test averages over, each normalized (B, C, h, w), of uint8 images (B, C, H, W)."""
        image = self.normalize(image)
        match self.recipe.test_time_augmentation:
            case "none":
                views = [image]
            case "flip":
                views = [image, image.flip(-1)]
            case "ten_crop":
                views = ten_crops(image, self.recipe.image_size)
        return [view.contiguous(memory_format=self.memory_format) for view in views]

    def activated(self, logits: Tensor) -> Tensor:
        """The probabilities of logits, both (B, K)."""
        return logits.softmax(dim=1) if self.task.kind == "multiclass" else logits.sigmoid()

    def targets(self, batch: Batch) -> NDArray[Any]:
        """The targets of a batch, float64 (B, K), one-hot for multiclass tasks."""
        targets = batch["target"]
        if self.task.kind == "multiclass":
            targets = nn.functional.one_hot(targets, len(self.task.classes))
        return np.asarray(targets.cpu().double().numpy())

    def _from_logits(self, logits: Tensor) -> Tensor:
        return self.activated(logits.cpu().double())


def ten_crops(image: Tensor, size: int) -> list[Tensor]:
    """Ten crops (B, C, size, size): the four corners and the center of images, then those of their mirror images.

    They are the crops of torchvision's ``TenCrop``, in the same order
    (https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.TenCrop.html). They share memory with the
    images.

    Args:
        image: images (B, C, H, W), at least ``size`` high and wide.
        size: the height and width of the crops in pixels.
    """
    bottom, right = (length - size for length in image.shape[2:])
    middle = round(bottom / 2.0), round(right / 2.0)
    corners = ((0, 0), (0, right), (bottom, 0), (bottom, right), middle)
    return [whole[:, :, y : y + size, x : x + size] for whole in (image, image.flip(-1)) for y, x in corners]
