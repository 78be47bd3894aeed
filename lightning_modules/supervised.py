"""The common part of classification and segmentation: losses over an epoch, validation, test and prediction."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from backbones.networks.contract import Backbone
from lightning_modules.gathering import all_gather_objects, all_reduce_sum
from lightning_modules.losses import full
from lightning_modules.memory_formats import with_memory_format
from lightning_modules.scoring import task_score, validation_score
from lightning_modules.trained import TrainedModule
from specs.card import Normalization
from specs.recipe import Recipe
from specs.task import Task

Batch = dict[str, Any]


class SupervisedModule(TrainedModule):
    """A backbone with a head or decoder for a task that is learned from labels.

    It logs ``train_loss``, ``validation_loss`` and ``validation_metric`` once per epoch. All are computed from sums
    over batches and devices, so that they do not depend on how the data are divided into batches. A test logs
    ``test_auroc``, and ``test_auroc:CLASS`` where there are several classes, or ``test_dice`` and its variants
    (``analysis.scores``); a sample that several processes test counts once. ``predict`` gives the probabilities that a
    test scores. A batch is a dictionary with ``image`` and, except for ``predict``, ``index`` (the sample's position in
    its split) and ``target`` or ``mask``; it is not changed.

    Where the recipe trains the head alone, the backbone gets no gradient and stays in evaluation mode, whatever mode
    the module is put into: batch norm uses its running statistics and does not update them.

    Args:
        backbone: the backbone; its parameters are trained if the recipe says so.
        task: the task with its classes and its score.
        recipe: what is trained, and the loss, dropout, optimizer, schedule and test-time augmentation.
        normalization: the mean and standard deviation that normalize the input.
    """

    def __init__(self, backbone: Backbone, task: Task, recipe: Recipe, normalization: Normalization) -> None:
        super().__init__(with_memory_format(recipe, backbone), normalization, backbone.in_channels)
        self.backbone, self.task = backbone, task
        self.score, self.validation_score = task_score(task), validation_score(task)
        self._rows: dict[str, list[NDArray[Any]]] = {}
        self._tested: dict[str, NDArray[Any]] | None = None
        self._compiled: Callable[[Tensor], Tensor] | None = None
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """Set training or evaluation mode; a backbone that is not trained stays in evaluation mode."""
        super().train(mode)
        if self.recipe.trained == "head":
            self.backbone.eval()
        return self

    def setup(self, stage: str) -> None:
        """Before training, exclude a backbone that is not trained from the gradient."""
        if stage == "fit" and self.recipe.trained == "head":
            self.backbone.requires_grad_(False)

    def trained_parameters(self) -> Iterable[nn.Parameter]:
        """The parameters to train: all of them, or those outside the backbone."""
        fixed = set(self.backbone.parameters()) if self.recipe.trained == "head" else set()
        return [parameter for parameter in self.parameters() if parameter not in fixed]

    def on_fit_start(self) -> None:
        """Have the forward pass of training steps compiled, if the recipe says so.

        The function is compiled and not the module, so that the state dict keeps its names and the numbers of
        validation and test do not change.
        """
        super().on_fit_start()
        if self.recipe.compiled:
            self._compiled = torch.compile(self.forward)

    @abstractmethod
    def forward(self, image: Tensor) -> Tensor:
        """The logits of uint8 images (B, C, H, W)."""

    @abstractmethod
    def loss_sums(self, logits: Tensor, batch: Batch) -> Tensor:
        """The sums that the loss is computed from, as a tensor that adds up over batches."""

    @abstractmethod
    def loss(self, sums: Tensor) -> Tensor:
        """The loss from accumulated sums."""

    @abstractmethod
    def validation_rows(self, logits: Tensor, batch: Batch) -> dict[str, NDArray[Any]]:
        """The predictions that are kept for each validation sample of a batch, besides its ``index``."""

    @abstractmethod
    def tested_rows(self, batch: Batch) -> dict[str, NDArray[Any]]:
        """The predictions, with test-time augmentation, that are kept for each test sample besides its ``index``."""

    @abstractmethod
    def probabilities(self, image: Tensor) -> Tensor:
        """The probabilities of uint8 images (B, C, H, W), with test-time augmentation."""

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss of the global batch, over all processes' parts of it.

        Raises:
            RunError: if it is not finite.
        """
        forward = self._compiled or self
        sums = self.loss_sums(full(forward(batch["image"])), batch)
        loss = self.loss(all_reduce_sum(sums))
        self.check_finite(loss, batch_idx)
        self._add("train", sums.detach())
        return loss

    def on_train_epoch_end(self) -> None:
        """Log the mean training loss over the epoch."""
        self.log("train_loss", self.loss(self._total("train")))

    def on_validation_epoch_start(self) -> None:
        """Discard the rows of earlier epochs."""
        self._rows = {}

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Collect a batch's sums and predictions."""
        logits = full(self(batch["image"]))
        self._add("validation", self.loss_sums(logits, batch))
        self._collect(batch, self.validation_rows(logits, batch))

    def on_validation_epoch_end(self) -> None:
        """Log the loss and the metric over the whole validation split."""
        self.log("validation_loss", self.loss(self._total("validation")))
        self.log("validation_metric", self.validation_metric())

    def validation_metric(self) -> float:
        """The task's score over the validation samples of this epoch, NaN where it is undefined."""
        return self.validation_score.value(self.collected())

    def on_test_epoch_start(self) -> None:
        """Discard the rows of validation and of earlier tests."""
        self._rows, self._tested = {}, None

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Collect a batch's predictions."""
        self._collect(batch, self.tested_rows(batch))

    def on_test_epoch_end(self) -> None:
        """Log the scores of the whole test split, NaN where one is undefined."""
        self._tested = self.collected()
        dtype = torch.float32 if self.device.type == "mps" else torch.float64
        several = len(self.task.classes) > 1
        for name, value in self.score.named(self._tested).items():
            if several or ":" not in name:  # with a single class, its score is the task's score
                self.log(f"test_{name}", torch.tensor(value, dtype=dtype))

    def test_rows(self) -> dict[str, NDArray[Any]]:
        """The predictions of all test samples, ordered by ``index``, each once."""
        return self.collected() if self._tested is None else self._tested

    def predict_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The probabilities of a batch, which needs no entry but ``image``."""
        return self.probabilities(batch["image"])

    def collected(self) -> dict[str, NDArray[Any]]:
        """The predictions of an epoch from all processes, ordered by ``index``; repeated samples are kept once."""
        own = {name: np.concatenate(parts) for name, parts in self._rows.items()}
        everything = all_gather_objects(own)
        rows = {name: np.concatenate([of_process[name] for of_process in everything]) for name in own}
        _, first = np.unique(rows["index"], return_index=True)
        return {name: values[first] for name, values in rows.items()}

    def _collect(self, batch: Batch, rows: dict[str, NDArray[Any]]) -> None:
        for name, values in {"index": batch["index"].cpu().numpy(), **rows}.items():
            self._rows.setdefault(name, []).append(values)
