"""What classification and segmentation share: training, its guards, validation, and the schedule's state."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from backbones.contract import Backbone
from lightning_modules.losses import build_loss
from lightning_modules.normalization import Normalize
from lightning_modules.optimization import EpochSchedule, build_optimizer, build_schedule
from lightning_modules.ranks import gather, sum_over_ranks
from specs.card import Normalization
from specs.errors import RunError
from specs.recipe import Recipe
from specs.task import Task

Batch = dict[str, Any]


class TaskModule(pl.LightningModule):
    """A backbone under training on a task; all of its parameters are trained.

    It logs once per epoch: ``train_loss`` (of the weights as they were at each step), ``validation_loss`` and
    ``validation_metric``. All three are computed from sums over samples, each sample once, so they do not depend on
    the batch size or the number of devices that they are computed with.

    Args:
        backbone: with its initial weights; trained in place.
        task: what is asked.
        recipe: how it is trained.
        normalization: of the input.

    Attributes:
        schedule: of the learning rate, from ``configure_optimizers`` on. Whoever ends the epochs steps it.

    Raises:
        UsageError: if the parts do not fit each other.
    """

    def __init__(self, backbone: Backbone, task: Task, recipe: Recipe, normalization: Normalization) -> None:
        super().__init__()
        self.backbone, self.task, self.recipe = backbone, task, recipe
        self.normalize = Normalize(normalization, backbone.in_channels)
        self.loss = build_loss(recipe, task)
        self.schedule: EpochSchedule | None = None
        self._schedule_state: dict[str, Any] | None = None
        self._train_statistics: list[Tensor] = []
        self._last_loss: tuple[int, Tensor] | None = None
        self._rows: list[dict[str, Tensor]] = []
        self._test_rows: dict[str, Tensor] | None = None

    @abstractmethod
    def target(self, batch: Batch) -> Tensor:
        """What the loss compares the logits with."""

    @abstractmethod
    def validation_metric(self, rows: dict[str, Tensor]) -> float:
        """The task's metric over the rows that ``validation_step`` recorded."""

    # Training

    def on_train_epoch_start(self) -> None:
        """Begin an epoch's sums."""
        self._train_statistics, self._last_loss = [], None

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss over the batches of all devices together, a float32 scalar."""
        total = sum_over_ranks(self.loss.statistics(self(batch["image"]), self.target(batch)).sum(0))
        loss = self.loss.value(total)
        self._check_last_loss()  # the step before: a GPU would stand still while this one's loss is waited for
        self._last_loss = batch_idx, loss.detach()
        self._train_statistics.append(total.detach())
        return loss

    def on_train_epoch_end(self) -> None:
        """Log the epoch's loss."""
        self._check_last_loss()
        total = torch.stack(self._train_statistics).cpu().double().sum(0)
        self.log("train_loss", self.loss.value(total), sync_dist=True)

    def _check_last_loss(self) -> None:
        if self._last_loss is not None and not self._last_loss[1].isfinite():
            step, loss = self._last_loss
            raise RunError(
                f"the training loss became {float(loss)} in epoch {self.current_epoch}, step {step} (both from 0). "
                f"Expected a finite number. Lower the learning rate (now {self.recipe.optimizer.learning_rate}), "
                f"warm it up, or train in full precision (now {self.recipe.precision})."
            )

    # Evaluation

    def record(self, batch: Batch, logits: Tensor, **rows: Tensor) -> None:
        """Keep rows of a batch, (B, ...) each, on the CPU until the epoch's end."""
        finite = logits.flatten(1).isfinite().all(1)
        rows = {"index": batch["index"], "finite": finite, **rows}
        self._rows.append({name: column.detach().cpu() for name, column in rows.items()})

    def recorded(self, split: str) -> dict[str, Tensor]:
        """The recorded rows of all devices, once per sample, sorted by sample; they are forgotten here.

        Raises:
            RunError: if the network's output was not finite, or nothing was recorded.
        """
        rows, self._rows = gather(self._rows), []
        if not rows:
            raise RunError(f"no sample of the {split} split was seen. Expected a {split} split with images.")
        wrong = rows["index"][~rows.pop("finite")].tolist()
        if wrong:
            raise RunError(
                f"the network's output is not finite for {len(wrong)} of {len(rows['index'])} {split} images (samples "
                f"{wrong[:3]}...) after epoch {self.current_epoch}. Expected finite numbers. The training diverged: "
                f"lower the learning rate (now {self.recipe.optimizer.learning_rate})."
            )
        return rows

    def on_validation_epoch_start(self) -> None:
        """Begin an epoch's rows."""
        self._rows = []

    def on_validation_epoch_end(self) -> None:
        """Log the loss and the metric of the whole split."""
        rows = self.recorded("validation")
        loss = self.loss.value(rows["statistics"].double().sum(0))
        self.log("validation_loss", loss, sync_dist=True)
        self.log("validation_metric", self.validation_metric(rows), sync_dist=True)

    def on_test_epoch_start(self) -> None:
        """Begin an epoch's rows."""
        self._rows = []

    def on_test_epoch_end(self) -> None:
        """Gather the rows for ``test_rows``."""
        self._test_rows = self.recorded("test")

    def tested(self) -> dict[str, Tensor]:
        """The gathered rows of the last test.

        Raises:
            RunError: if there was none.
        """
        if self._test_rows is None:
            raise RunError("the module has not been tested. Expected trainer.test(module, ...) before its rows.")
        return self._test_rows

    # Optimization

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Build the optimizer, and the schedule beside it."""
        optimizer = build_optimizer(self.recipe.optimizer, self.parameters())
        higher_is_better = self.recipe.selection == "metric"
        self.schedule = build_schedule(self.recipe.schedule, optimizer, self.recipe.epochs, higher_is_better)
        if self._schedule_state is not None:
            self.schedule.load_state_dict(self._schedule_state)
            self._schedule_state = None
        return optimizer

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the schedule's state."""
        if self.schedule is not None:
            checkpoint["schedule"] = self.schedule.state_dict()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the schedule's state: Lightning loads a checkpoint before it asks for the optimizer."""
        self._schedule_state = checkpoint.get("schedule")
