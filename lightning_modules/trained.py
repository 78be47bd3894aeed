"""What every training shares: normalized input, optimizer and schedule, sums over an epoch, a finite loss."""

from __future__ import annotations

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
from specs.recipe import MemoryFormat, Recipe

MEMORY_FORMATS: dict[MemoryFormat, torch.memory_format] = {
    "contiguous": torch.contiguous_format,
    "channels_last": torch.channels_last,
}
"""torch's names of a recipe's formats (https://docs.pytorch.org/tutorials/intermediate/memory_format_tutorial.html)."""


class TrainedModule(pl.LightningModule):
    """A module that a recipe trains.

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
        """The recipe's optimizer; its schedule is stepped by whoever ends the epochs, through ``schedule``."""
        optimizer = self._optimizer = build_optimizer(self.recipe.optimizer, self.trained_parameters())
        higher = self.recipe.selection == "metric"
        self.schedule = build_schedule(self.recipe.schedule, optimizer, self.recipe.epochs, higher)
        if self._schedule_state is not None:
            self.schedule.load_state_dict(self._schedule_state)
        return optimizer

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the schedule's state."""
        checkpoint["schedule"] = self.schedule.state_dict()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore the schedule's state, before or after the schedule is made."""
        self._schedule_state = checkpoint["schedule"]
        if hasattr(self, "schedule"):
            self.schedule.load_state_dict(checkpoint["schedule"])

    def _add(self, stage: str, sums: Tensor) -> None:
        sums = sums.double() if sums.device.type != "mps" else sums
        self._sums[stage] = self._sums[stage] + sums if stage in self._sums else sums

    def _total(self, stage: str) -> Tensor:
        """The sums of an epoch over all devices; the next epoch begins at zero."""
        total: Tensor = self.trainer.strategy.reduce(self._sums.pop(stage), reduce_op="sum")
        return total
