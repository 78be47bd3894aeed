"""What classification and segmentation share: losses over an epoch, validation, test and prediction."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from backbones.networks.contract import Backbone
from lightning_modules.gathering import everyones, summed
from lightning_modules.losses import full
from lightning_modules.scoring import task_score, validation_score
from lightning_modules.trained import TrainedModule
from specs.card import Normalization
from specs.recipe import Recipe
from specs.task import Task

Batch = dict[str, Any]


class SupervisedModule(TrainedModule):
    """A backbone with a task on top.

    It logs ``train_loss``, ``validation_loss`` and ``validation_metric`` once per epoch. All are made of sums that
    are added over batches and devices, so they do not depend on how the data are cut into batches. A test logs
    ``test_auroc``, and ``test_auroc:CLASS`` where there are several classes, or ``test_dice`` and what else there is of
    it (``analysis.scores``); rows that several processes test count once. ``predict`` gives the probabilities that a
    test scores. A batch is a dictionary with ``image`` and, but for ``predict``, ``index`` (the sample's place in its
    split) and ``target`` or ``mask``; nothing of it is changed.

    Where the recipe trains the head alone, the backbone gets no gradient and stays in evaluation mode, whatever mode
    the module is put into: batch norm uses its running statistics and leaves them as they are.

    Args:
        backbone: its parameters are trained if the recipe says so.
        task: what is asked.
        recipe: what is trained, loss, dropout, optimizer, schedule, test-time augmentation.
        normalization: of the input.
    """

    def __init__(self, backbone: Backbone, task: Task, recipe: Recipe, normalization: Normalization) -> None:
        super().__init__(recipe, normalization, backbone.in_channels)
        self.backbone, self.task = backbone, task
        self.score, self.validation_score = task_score(task), validation_score(task)
        self._rows: dict[str, list[NDArray[Any]]] = {}
        self._tested: dict[str, NDArray[Any]] | None = None
        self._compiled: Callable[[Tensor], Tensor] | None = None
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """Set the mode of all that is trained."""
        super().train(mode)
        if self.recipe.trained == "head":
            self.backbone.eval()
        return self

    def setup(self, stage: str) -> None:
        """Before a training, take what is not trained out of the gradient; a restored network has its gradients."""
        if stage == "fit" and self.recipe.trained == "head":
            self.backbone.requires_grad_(False)

    def trained_parameters(self) -> Iterable[nn.Parameter]:
        """All parameters, or those outside the backbone."""
        fixed = set(self.backbone.parameters()) if self.recipe.trained == "head" else set()
        return [parameter for parameter in self.parameters() if parameter not in fixed]

    def on_fit_start(self) -> None:
        """Let the forward pass of training steps be compiled, if the recipe says so.

        The function is, and no module: the state dict keeps its names, and validation and test their own numbers.
        """
        if self.recipe.compiled:
            self._compiled = torch.compile(self.forward)

    @abstractmethod
    def forward(self, image: Tensor) -> Tensor:
        """Logits of uint8 images (B, C, H, W)."""

    @abstractmethod
    def loss_sums(self, logits: Tensor, batch: Batch) -> Tensor:
        """What the loss is made of, as a tensor that adds up over batches."""

    @abstractmethod
    def loss(self, sums: Tensor) -> Tensor:
        """The loss of accumulated sums."""

    @abstractmethod
    def validation_rows(self, logits: Tensor, batch: Batch) -> dict[str, NDArray[Any]]:
        """What is kept of each validation sample of a batch, besides its ``index``."""

    @abstractmethod
    def tested_rows(self, batch: Batch) -> dict[str, NDArray[Any]]:
        """What is kept of each test sample of a batch, besides its ``index``, under test-time augmentation."""

    @abstractmethod
    def probabilities(self, image: Tensor) -> Tensor:
        """Probabilities of uint8 images (B, C, H, W), under test-time augmentation."""

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss of the batch, of all processes' parts of it together.

        Raises:
            RunError: if it is not finite.
        """
        forward = self._compiled or self
        sums = self.loss_sums(full(forward(batch["image"])), batch)
        loss = self.loss(summed(sums))
        self.check_finite(loss, batch_idx)
        self._add("train", sums.detach())
        return loss

    def on_train_epoch_end(self) -> None:
        """Log the training loss over the epoch."""
        self.log("train_loss", self.loss(self._total("train")))

    def on_validation_epoch_start(self) -> None:
        """Forget the rows of earlier epochs."""
        self._rows = {}

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Collect sums and rows."""
        logits = full(self(batch["image"]))
        self._add("validation", self.loss_sums(logits, batch))
        self._collect(batch, self.validation_rows(logits, batch))

    def on_validation_epoch_end(self) -> None:
        """Log the loss and the metric over the whole validation split."""
        self.log("validation_loss", self.loss(self._total("validation")))
        self.log("validation_metric", self.validation_metric())

    def validation_metric(self) -> float:
        """The task's score over the validation rows that this epoch collected, NaN where it is undefined."""
        return self.validation_score.value(self.collected())

    def on_test_epoch_start(self) -> None:
        """Forget the rows of validation and of earlier tests."""
        self._rows, self._tested = {}, None

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Collect rows."""
        self._collect(batch, self.tested_rows(batch))

    def on_test_epoch_end(self) -> None:
        """Log the scores of the whole test split, NaN where one is undefined."""
        self._tested = self.collected()
        dtype = torch.float32 if self.device.type == "mps" else torch.float64
        several = len(self.task.classes) > 1
        for name, value in self.score.named(self._tested).items():
            if several or ":" not in name:  # the score of the only class is the score
                self.log(f"test_{name}", torch.tensor(value, dtype=dtype))

    def test_rows(self) -> dict[str, NDArray[Any]]:
        """What was kept of each test sample, ordered by ``index``, each once."""
        return self.collected() if self._tested is None else self._tested

    def predict_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The probabilities of a batch, of which only ``image`` is needed."""
        return self.probabilities(batch["image"])

    def collected(self) -> dict[str, NDArray[Any]]:
        """The rows of one epoch that all processes collected, ordered by ``index``; repeated samples count once."""
        own = {name: np.concatenate(parts) for name, parts in self._rows.items()}
        everything = everyones(own)
        rows = {name: np.concatenate([one[name] for one in everything]) for name in own}
        _, first = np.unique(rows["index"], return_index=True)
        return {name: values[first] for name, values in rows.items()}

    def _collect(self, batch: Batch, rows: dict[str, NDArray[Any]]) -> None:
        for name, values in {"index": batch["index"].cpu().numpy(), **rows}.items():
            self._rows.setdefault(name, []).append(values)
