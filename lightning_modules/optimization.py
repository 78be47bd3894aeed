"""The optimizer and the learning-rate schedule of a recipe."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from specs.errors import UsageError
from specs.recipe import SGD, Adam, AdamW, Constant, Cosine, Optimizer, Plateau, Schedule


def build_optimizer(optimizer: Optimizer, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """torch's optimizer with the recipe's settings and torch's defaults elsewhere; all parameters are one group."""
    match optimizer:
        case Adam(learning_rate, weight_decay):
            return torch.optim.Adam(parameters, lr=learning_rate, weight_decay=weight_decay)
        case AdamW(learning_rate, weight_decay):
            return torch.optim.AdamW(parameters, lr=learning_rate, weight_decay=weight_decay)
        case SGD(learning_rate, momentum, weight_decay):
            return torch.optim.SGD(parameters, lr=learning_rate, momentum=momentum, weight_decay=weight_decay)


class EpochSchedule:
    """A learning-rate schedule that is stepped once at the end of each epoch, whatever its kind.

    Args:
        scheduler: torch's, bound to the optimizer.
    """

    def __init__(self, scheduler: LambdaLR | ReduceLROnPlateau) -> None:
        self.scheduler = scheduler

    def step(self, score: float) -> None:
        """Set the next epoch's learning rate.

        Args:
            score: the validation score that the recipe selects by; NaN counts as not better.
        """
        if isinstance(self.scheduler, ReduceLROnPlateau):
            self.scheduler.step(score)
        else:
            self.scheduler.step()

    def state_dict(self) -> dict[str, Any]:
        """Plain data; with the optimizer's own state it is all that going on exactly needs."""
        return self.scheduler.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from ``state_dict``'s data; the learning rate itself is part of the optimizer's state."""
        self.scheduler.load_state_dict(state)


def build_schedule(
    schedule: Schedule, optimizer: torch.optim.Optimizer, epochs: int, higher_is_better: bool
) -> EpochSchedule:
    """The schedule of a recipe, which sets the first epoch's learning rate at once.

    - ``Plateau``: torch's ``ReduceLROnPlateau``, in which a score is better if it is so by more than 0.01 % of the best
      (torch's default), and ``patience`` epochs in a row may pass without one before the next reduces the rate
      (https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html).
    - ``Cosine``: see ``cosine_factor``.

    Args:
        schedule: of the recipe.
        optimizer: whose learning rates are set.
        epochs: the most epochs that are trained.
        higher_is_better: whether the score that ``step`` is given is better when it is higher.

    Raises:
        UsageError: if the warm-up leaves no epoch to the cosine.
    """
    match schedule:
        case Constant():
            return EpochSchedule(LambdaLR(optimizer, lambda epoch: 1.0))
        case Plateau(factor, patience):
            mode = "max" if higher_is_better else "min"
            return EpochSchedule(ReduceLROnPlateau(optimizer, mode=mode, factor=factor, patience=patience))  # type: ignore[arg-type]
        case Cosine(warmup):
            if not 0 <= warmup < epochs:
                raise UsageError(
                    f"recipe: the cosine schedule's warmup_epochs must be in [0, epochs), found {warmup} of {epochs} "
                    "epochs. Shorten the warm-up or train for more epochs."
                )
            return EpochSchedule(LambdaLR(optimizer, lambda epoch: cosine_factor(epoch, epochs, warmup)))


def cosine_factor(epoch: int, epochs: int, warmup: int) -> float:
    """The share of the full learning rate in an epoch (the first is 0).

    During the warm-up it grows linearly from 1 / (warmup + 1) (Goyal et al. 2017, arXiv 1706.02677, section 2.2, by
    epoch and without a lost first epoch of rate 0); then it is (1 + cos(pi t)) / 2 with t from 0 at the warm-up's end
    to 1 at the end of training (Loshchilov and Hutter 2017, arXiv 1608.03983, equation 5, without restarts).
    """
    if epoch < warmup:
        return (epoch + 1) / (warmup + 1)
    return (1 + math.cos(math.pi * (epoch - warmup) / (epochs - warmup))) / 2
