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
from lightning_modules.adapting.contract import Adaptation
from lightning_modules.gathering import all_gather_objects, all_reduce_sum
from lightning_modules.losses import full
from lightning_modules.memory_formats import with_memory_format
from lightning_modules.scoring import task_score, validation_score
from lightning_modules.trained import TrainedModule
from specs.card import Normalization
from specs.errors import UsageError
from specs.recipe import Recipe
from specs.registry import ADAPTATIONS
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

    What of the backbone is trained, and how, is the recipe's adaptation (``lightning_modules.adaptation``). Modules
    that it rests stay in evaluation mode, whatever mode the module is put into: batch norm uses its running statistics
    and does not update them. ``adapt`` begins it, at the latest when a trainer sets the module up, and ``finish`` ends
    it, once the weights of the best epoch are loaded; until then the backbone's tensors may have other names.

    Args:
        backbone: the backbone; its parameters are trained as far as the recipe's adaptation says.
        task: the task with its classes and its score.
        recipe: the adaptation, and the loss, dropout, optimizer, schedule and test-time augmentation.
        normalization: the mean and standard deviation that normalize the input.
    """

    def __init__(self, backbone: Backbone, task: Task, recipe: Recipe, normalization: Normalization) -> None:
        super().__init__(with_memory_format(recipe, backbone), normalization, backbone.in_channels)
        self.adaptation: Adaptation = ADAPTATIONS.build(recipe.adaptation)
        self.adaptation.check(task.kind)
        self._start: dict[str, Tensor] | None = None
        self.backbone, self.task = backbone, task
        self.score, self.validation_score = task_score(task), validation_score(task)
        self._rows: dict[str, list[NDArray[Any]]] = {}
        self._tested: dict[str, NDArray[Any]] | None = None
        self._compiled: Callable[[Tensor], Tensor] | None = None
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """Set training or evaluation mode; what the adaptation rests stays in evaluation mode."""
        super().train(mode)
        for module in self.adaptation.resting(self.backbone):
            module.eval()
        return self

    def setup(self, stage: str) -> None:
        """Before training, begin the adaptation if nothing did.

        Raises:
            UsageError: if the adaptation is not done by a trainer's steps.
        """
        if stage != "fit":
            return
        if self.adaptation.solved or self.adaptation.averaged:
            raise UsageError(
                f"{self.recipe.adaptation} is not done by a trainer's steps: it computes a head from features, or the "
                "mean of several networks. Use `medtransfer run` or Session.run, or train with another adaptation."
            )
        self.adapt()

    def adapt(self) -> None:
        """Begin the adaptation, once: change the backbone, and exclude what is not trained from the gradient.

        Raises:
            UsageError: if the adaptation does not fit the backbone.
        """
        if self._start is not None:
            return
        weights = self.backbone.weights() if self.adaptation.keeps_start else {}
        self._start = {name: tensor.clone() for name, tensor in weights.items()}
        self.adaptation.fits(self.backbone)
        self.adaptation.begin(self.backbone)
        for name, parameter in self.backbone.network.named_parameters():
            parameter.requires_grad_(self.adaptation.trains(self.backbone, name))
        self.train(self.training)

    def finish(self) -> bool:
        """End the adaptation, if it was begun: the backbone's tensors have their canonical names and last values.

        Returns:
            Whether tensors may have other names or values than before.
        """
        if self._start is None:
            return False
        with torch.no_grad():
            self.adaptation.end(self.backbone, self._start)
        self._start = None
        self.format_weights()
        return type(self.adaptation).end is not Adaptation.end

    def trained_parameters(self) -> Iterable[nn.Parameter]:
        """The parameters to train: all outside the backbone, and those of it that the adaptation trains."""
        self.adapt()
        return [parameter for parameter in self.parameters() if parameter.requires_grad]

    def rates(self) -> dict[nn.Parameter, float]:
        """The factors of the learning rate of the backbone's parameters, where they are not 1."""
        factors = {
            parameter: self.adaptation.rate(self.backbone, name)
            for name, parameter in self.backbone.network.named_parameters()
            if parameter.requires_grad
        }
        return {parameter: factor for parameter, factor in factors.items() if factor != 1}

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
