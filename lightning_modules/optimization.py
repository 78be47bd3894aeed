"""Optimizers and schedules from a recipe's settings."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Protocol

import torch
from torch import nn

from lightning_modules.layer_adaptation import Larc, Lars
from specs import steps


class EpochSchedule(Protocol):
    """A schedule that is stepped once per epoch with the selection score."""

    @property
    def last_epoch(self) -> int:
        """How often it was stepped: the epoch whose learning rate is set."""
        ...

    def step(self, score: float) -> None:
        """Set the learning rate of the next epoch."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint's state."""
        ...


def build_optimizer(settings: steps.Optimizer, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """The recipe's optimizer over the parameters."""
    match settings:
        case steps.Adam(learning_rate, weight_decay):
            return torch.optim.Adam(parameters, lr=learning_rate, weight_decay=weight_decay)
        case steps.AdamW(learning_rate, weight_decay):
            return torch.optim.AdamW(parameters, lr=learning_rate, weight_decay=weight_decay)
        case steps.SGD(learning_rate, momentum, weight_decay, decayed):
            if decayed == "all":
                return torch.optim.SGD(parameters, lr=learning_rate, momentum=momentum, weight_decay=weight_decay)
            groups = _groups(parameters, {"weight_decay": 0.0})
            return torch.optim.SGD(groups, lr=learning_rate, momentum=momentum, weight_decay=weight_decay)
        case steps.Lars(learning_rate, momentum, weight_decay, trust, bias_learning_rate, classic_momentum):
            of_biases = learning_rate if bias_learning_rate is None else bias_learning_rate
            groups = _groups(parameters, {"adapted": False, "lr": of_biases})
            return Lars(groups, learning_rate, momentum, weight_decay, trust, classic=classic_momentum)
        case steps.Larc(learning_rate, momentum, weight_decay, trust):
            return Larc(parameters, learning_rate, momentum, weight_decay, trust)


def _groups(parameters: Iterable[nn.Parameter], of_vectors: dict[str, Any]) -> list[dict[str, Any]]:
    """Weights of linear layers and convolutions, and with settings of their own the vectors: biases, normalization."""
    every = list(parameters)
    weights: dict[str, Any] = {"params": [one for one in every if one.ndim > 1]}
    vectors = {"params": [one for one in every if one.ndim <= 1]} | of_vectors
    return [group for group in (weights, vectors) if group["params"]]


def build_schedule(
    settings: steps.Schedule, optimizer: torch.optim.Optimizer, epochs: int, higher_is_better: bool
) -> EpochSchedule:
    """The recipe's schedule.

    Args:
        settings: of the steps.
        optimizer: whose learning rate is set, now for the first epoch and then at each step.
        epochs: the length of a cosine.
        higher_is_better: whether a plateau waits for a higher score.
    """
    if isinstance(settings, steps.Plateau):
        return torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, mode="max" if higher_is_better else "min", factor=settings.factor, patience=settings.patience
        )

    def factor(epoch: int) -> float:
        match settings:
            case steps.MultiStep(milestones, share):
                return share ** sum(epoch >= milestone for milestone in milestones)
            case steps.Cosine(warmup, final):
                if epoch < warmup:
                    return (epoch + 1) / (warmup + 1)
                falling = 0.5 * (1 + math.cos(math.pi * (epoch - warmup) / max(epochs - warmup, 1)))
                return final + (1 - final) * falling
        return 1.0

    return _ByEpoch(torch.optim.lr_scheduler.LambdaLR(optimizer, factor))


class _ByEpoch:
    """A schedule that does not look at the score."""

    def __init__(self, scheduler: torch.optim.lr_scheduler.LambdaLR) -> None:
        self.scheduler = scheduler

    @property
    def last_epoch(self) -> int:
        return int(self.scheduler.last_epoch)

    def step(self, score: float) -> None:
        self.scheduler.step()

    def state_dict(self) -> dict[str, Any]:
        return self.scheduler.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.scheduler.load_state_dict(state_dict)
