"""What every training shares: normalized input, optimizer and schedule, sums over an epoch, a finite loss."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from lightning_modules.finite import FiniteLoss
from lightning_modules.gathering import take_from_first
from lightning_modules.normalization import InputNormalization
from lightning_modules.optimization import EpochSchedule, build_optimizer, build_schedule
from specs.card import Normalization
from specs.errors import UsageError
from specs.recipe import MemoryFormat, Recipe
from specs.steps import Plateau

MEMORY_FORMATS: dict[MemoryFormat, torch.memory_format] = {
    "contiguous": torch.contiguous_format,
    "channels_last": torch.channels_last,
}
"""torch's names of a recipe's formats (https://docs.pytorch.org/tutorials/intermediate/memory_format_tutorial.html)."""


class TrainedModule(pl.LightningModule):
    """A module that a recipe trains, under any Lightning trainer.

    ``trainer.fit`` follows the recipe's optimizer and schedule, which is as long as the recipe's epochs; the number of
    epochs, precision, selection and early stopping are the trainer's own.

    Args:
        recipe: optimizer and schedule.
        normalization: of the input.
        in_channels: of the backbone.
    """

    schedule: EpochSchedule

    def __init__(self, recipe: Recipe, normalization: Normalization, in_channels: int) -> None:
        super().__init__()
        self.recipe = recipe
        self.memory_format = MEMORY_FORMATS[recipe.memory_format]
        self.normalize = InputNormalization(normalization, in_channels, self.memory_format)
        self._finite = FiniteLoss()
        self._sums: dict[str, Tensor] = {}
        self._schedule_state: dict[str, Any] | None = None
        self._restored_score: float | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        """Torch's way, but for what Lightning notes some thirty times in each step and torch need not look at."""
        if name == "_current_fx_name":
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    def format_weights(self) -> None:
        """Bring the weights of convolutions into the recipe's memory format; called when all modules are there."""
        self.to(memory_format=self.memory_format)

    def on_validation_start(self) -> None:
        """Look at the last loss, and give all processes the first one's running statistics.

        DDP would do that before every step.

        They are all that differs between processes, and only where batch norm's statistics are local. DDP's own way
        would wait for the others in every validation batch, of which a process may have one fewer.
        """
        self._finite.settle()
        take_from_first(buffer for buffer in self.buffers() if buffer.is_floating_point())

    def check_finite(self, loss: Tensor, step: int) -> None:
        """Refuse to go on from a loss that is not a number.

        Raises:
            RunError: if it is not finite; names epoch, step and learning rate.
        """
        rate = self._optimizer.param_groups[0]["lr"]
        self._finite.look(loss, f"in epoch {self.current_epoch}, step {step}, at the learning rate {rate:g}")

    def trained_parameters(self) -> Iterable[nn.Parameter]:
        """What the optimizer changes."""
        return self.parameters()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """The recipe's optimizer.

        Its schedule is stepped through ``schedule`` by whoever ends the epochs; where nobody does, as under a trainer
        without a callback for it, each epoch begins with that.
        """
        optimizer = self._optimizer = build_optimizer(self.recipe.optimizer, self.trained_parameters())
        higher = self.recipe.selection == "metric"
        self.schedule = build_schedule(self.recipe.schedule, optimizer, self.recipe.epochs, higher)
        if self._schedule_state is not None:
            self.schedule.load_state_dict(self._schedule_state)
        return optimizer

    def on_train_epoch_start(self) -> None:
        """Step the schedule to this epoch, where nobody did at the end of the one before.

        Raises:
            UsageError: if it waits for a plateau of a score that was not logged.
        """
        while self.schedule.last_epoch < self.current_epoch:
            score = self._selection_score()
            if score is None and isinstance(self.recipe.schedule, Plateau):
                raise UsageError(
                    f"the recipe's schedule waits for a plateau of {self._selected}, which was not logged in epoch "
                    f"{self.current_epoch - 1}. Give the trainer validation data, or the recipe another schedule."
                )
            self.schedule.step(math.nan if score is None else score)

    @property
    def _selected(self) -> str:
        """The name under which the score that drives plateaus is logged."""
        return "train_loss" if self.recipe.selection == "last" else f"validation_{self.recipe.selection}"

    def _selection_score(self) -> float | None:
        """The last one that was logged, in this training or the one that it goes on from."""
        score = self.trainer.callback_metrics.get(self._selected)
        return self._restored_score if score is None else float(score)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the schedule's state, and the score that it may have to be stepped with yet."""
        checkpoint["schedule"] = self.schedule.state_dict()
        checkpoint["selection_score"] = self._selection_score()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore the schedule's state, before or after the schedule is made."""
        self._schedule_state = checkpoint["schedule"]
        self._restored_score = checkpoint.get("selection_score")  # older files have none, and need none
        if hasattr(self, "schedule"):
            self.schedule.load_state_dict(checkpoint["schedule"])

    def _add(self, stage: str, sums: Tensor) -> None:
        sums = sums.double() if sums.device.type != "mps" else sums
        self._sums[stage] = self._sums[stage] + sums if stage in self._sums else sums

    def _total(self, stage: str) -> Tensor:
        """The sums of an epoch over all devices; the next epoch begins at zero."""
        total: Tensor = self.trainer.strategy.reduce(self._sums.pop(stage), reduce_op="sum")
        return total
