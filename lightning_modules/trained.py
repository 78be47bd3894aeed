"""The common part of all trainings: normalized input, optimizer, schedule, sums over an epoch, and a finite loss."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from lightning_modules.crashing import check_trainable
from lightning_modules.finite import FiniteLoss
from lightning_modules.gathering import broadcast_from_rank_0
from lightning_modules.normalization import InputNormalization
from lightning_modules.optimization import EpochSchedule, build_optimizer, build_schedule, keep_rates, scale_rates
from lightning_modules.small_maps import with_small_maps
from specs.card import Normalization
from specs.errors import UsageError
from specs.recipe import MemoryFormat, Recipe
from specs.recipe_parts import Plateau

MEMORY_FORMATS: dict[MemoryFormat, torch.memory_format] = {
    "contiguous": torch.contiguous_format,
    "channels_last": torch.channels_last,
    "channels_last_small": torch.channels_last,
}
"""Recipes' memory formats in torch, but for ``auto``
(https://docs.pytorch.org/tutorials/intermediate/memory_format_tutorial.html)."""


class TrainedModule(pl.LightningModule):
    """A module that is trained by a recipe, under any Lightning trainer.

    ``trainer.fit`` uses the recipe's optimizer and its schedule, which is as long as the recipe's epochs. The number of
    epochs, precision, selection and early stopping are the trainer's own.

    Args:
        recipe: the recipe, whose optimizer and schedule are used, and which names a memory format.
        normalization: the mean and standard deviation that normalize the input.
        in_channels: the number of channels that the backbone takes.
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
        """Set an attribute, skipping torch's checks for a name that Lightning sets some thirty times in each step."""
        if name == "_current_fx_name":
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    def format_weights(self) -> None:
        """Bring the weights of convolutions into the recipe's memory format; call it when all modules are there."""
        self.to(memory_format=self.memory_format)
        if self.recipe.memory_format == "channels_last_small":
            with_small_maps(self)

    def on_fit_start(self) -> None:
        """Refuse a network that torch cannot train in the recipe's memory format on this processor.

        Raises:
            RunError: names the layer and what to do.
        """
        check_trainable(self, self.memory_format, self.device)

    def on_validation_start(self) -> None:
        """Check the last loss, and give all processes the running statistics of the process with rank 0.

        Running statistics are all that differs between processes, and only where batch norm's statistics are local. DDP
        could broadcast them before every forward pass, but would then wait for all processes in every validation batch,
        of which one process may have fewer than another.
        """
        self._finite.settle()
        broadcast_from_rank_0(buffer for buffer in self.buffers() if buffer.is_floating_point())

    def check_finite(self, loss: Tensor, step: int) -> None:
        """Stop the training at a loss that is not finite.

        Raises:
            RunError: if the loss is not finite; it names epoch, step and learning rate.
        """
        rate = self._optimizer.param_groups[0]["lr"]
        self._finite.look(loss, f"in epoch {self.current_epoch}, step {step}, at the learning rate {rate:g}")

    def trained_parameters(self) -> Iterable[nn.Parameter]:
        """The parameters that the optimizer changes."""
        return self.parameters()

    def rates(self) -> dict[nn.Parameter, float]:
        """The factors in (0, 1] by which the learning rate of single parameters is multiplied; 1 for all others."""
        return {}

    def steady_parameters(self) -> Iterable[nn.Parameter]:
        """The trained parameters that keep the recipe's learning rate, whatever its schedule; none by default."""
        return ()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """The recipe's optimizer.

        Its learning rate schedule is the attribute ``schedule``, which a callback steps at the end of each epoch. Under
        a trainer without such a callback, it is stepped at the start of the next epoch.
        """
        optimizer = self._optimizer = build_optimizer(self.recipe.optimizer, self.trained_parameters())
        scale_rates(optimizer, self.rates())
        keep_rates(optimizer, self.steady_parameters())
        higher = self.recipe.selection == "metric"
        self.schedule = build_schedule(self.recipe.schedule, optimizer, self.recipe.epochs, higher)
        if self._schedule_state is not None:
            self.schedule.load_state_dict(self._schedule_state)
        return optimizer

    def on_train_epoch_start(self) -> None:
        """Step the schedule to this epoch, if nothing did at the end of the epoch before.

        Raises:
            UsageError: if the schedule waits for a plateau of a score that was not logged.
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
        """The selection score that was logged last, in this training or the one that it resumes; None before any."""
        score = self.trainer.callback_metrics.get(self._selected)
        return self._restored_score if score is None else float(score)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the schedule's state, and the score that its next step may need."""
        checkpoint["schedule"] = self.schedule.state_dict()
        checkpoint["selection_score"] = self._selection_score()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore the schedule's state, at once or when the schedule is made."""
        self._schedule_state = checkpoint["schedule"]
        self._restored_score = checkpoint.get("selection_score")  # older checkpoints have none and need none
        if hasattr(self, "schedule"):
            self.schedule.load_state_dict(checkpoint["schedule"])

    def _add(self, stage: str, sums: Tensor) -> None:
        sums = sums.double() if sums.device.type != "mps" else sums
        self._sums[stage] = self._sums[stage] + sums if stage in self._sums else sums

    def _total(self, stage: str) -> Tensor:
        """The sums of an epoch over all devices; they are reset for the next epoch."""
        total: Tensor = self.trainer.strategy.reduce(self._sums.pop(stage), reduce_op="sum")
        return total
