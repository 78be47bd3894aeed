"""Optimizers and schedules from a recipe's settings."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import torch
from torch import nn

from lightning_modules.layer_adaptation import Larc, Lars
from specs import recipe_parts

STEADY = "steady"
"""The setting of a parameter group that says whether its learning rate stays as it is."""


class EpochSchedule(Protocol):
    """A learning rate schedule that is stepped once per epoch with the selection score."""

    @property
    def last_epoch(self) -> int:
        """The number of steps so far, which is the number of the epoch whose learning rate is set."""
        ...

    def step(self, score: float) -> None:
        """Set the learning rate of the next epoch."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """The state that a checkpoint keeps."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the state of a checkpoint."""
        ...


def build_optimizer(settings: recipe_parts.Optimizer, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """The recipe's optimizer over the parameters."""
    match settings:
        case recipe_parts.Adam(learning_rate, weight_decay):
            return torch.optim.Adam(parameters, lr=learning_rate, weight_decay=weight_decay)
        case recipe_parts.AdamW(learning_rate, weight_decay, decayed, beta2):
            chosen = parameters if decayed == "all" else _groups(parameters, {"weight_decay": 0.0})
            return torch.optim.AdamW(chosen, lr=learning_rate, betas=(0.9, beta2), weight_decay=weight_decay)
        case recipe_parts.SGD(learning_rate, momentum, weight_decay, decayed):
            if decayed == "all":
                return torch.optim.SGD(parameters, lr=learning_rate, momentum=momentum, weight_decay=weight_decay)
            groups = _groups(parameters, {"weight_decay": 0.0})
            return torch.optim.SGD(groups, lr=learning_rate, momentum=momentum, weight_decay=weight_decay)
        case recipe_parts.Lars(learning_rate, momentum, weight_decay, trust, bias_learning_rate, classic_momentum):
            of_biases = learning_rate if bias_learning_rate is None else bias_learning_rate
            groups = _groups(parameters, {"adapted": False, "lr": of_biases})
            return Lars(groups, learning_rate, momentum, weight_decay, trust, classic=classic_momentum)
        case recipe_parts.Larc(learning_rate, momentum, weight_decay, trust):
            return Larc(parameters, learning_rate, momentum, weight_decay, trust)


def keep_rates(optimizer: torch.optim.Optimizer, steady: Iterable[nn.Parameter]) -> None:
    """Put some parameters into groups of their own, whose learning rate no schedule changes.

    Call it before the schedule is made.

    Args:
        optimizer: the optimizer whose groups are divided; without such parameters they stay as they are.
        steady: the parameters that keep their learning rate.
    """
    kept = {id(parameter) for parameter in steady}
    if not kept:
        return
    divided = []
    for group in optimizer.param_groups:
        for held in (False, True):
            if parameters := [parameter for parameter in group["params"] if (id(parameter) in kept) is held]:
                divided.append(group | {"params": parameters, STEADY: held})
    optimizer.param_groups[:] = divided


def _groups(parameters: Iterable[nn.Parameter], of_vectors: dict[str, Any]) -> list[dict[str, Any]]:
    """Two parameter groups: weights of linear layers and convolutions, and vectors with settings of their own.

    Vectors are biases and the parameters of normalization layers.
    """
    every = list(parameters)
    weights: dict[str, Any] = {"params": [parameter for parameter in every if parameter.ndim > 1]}
    vectors = {"params": [parameter for parameter in every if parameter.ndim <= 1]} | of_vectors
    return [group for group in (weights, vectors) if group["params"]]


def scale_rates(optimizer: torch.optim.Optimizer, factors: Mapping[nn.Parameter, float]) -> None:
    """Multiply the learning rates of parameters, by dividing the optimizer's groups; schedules scale each group alike.

    The groups with the largest rates come first, so that the first one's is the recipe's.

    Args:
        optimizer: the optimizer, before its first step and before there is a schedule.
        factors: the factors of single parameters, above 0; all others keep their rates.
    """
    if not factors:
        return
    groups: list[dict[str, Any]] = []
    for group in optimizer.param_groups:
        by_factor: dict[float, list[nn.Parameter]] = {}
        for parameter in group["params"]:
            by_factor.setdefault(factors.get(parameter, 1.0), []).append(parameter)
        groups += [group | {"params": of, "lr": group["lr"] * factor} for factor, of in by_factor.items()]
    optimizer.param_groups[:] = sorted(groups, key=lambda group: -group["lr"])


def build_schedule(
    settings: recipe_parts.Schedule, optimizer: torch.optim.Optimizer, epochs: int, higher_is_better: bool
) -> EpochSchedule:
    """The recipe's learning rate schedule, of all parameters but those that ``keep_rates`` holds.

    Args:
        settings: the schedule's settings in the recipe.
        optimizer: the optimizer whose learning rate is set, now for the first epoch and then at each step.
        epochs: the number of epochs that a cosine falls over.
        higher_is_better: whether a plateau waits for a higher score or for a lower one.
    """
    steady = [bool(group.get(STEADY)) for group in optimizer.param_groups]
    if isinstance(settings, recipe_parts.Plateau):
        lowest = [group["lr"] if held else 0.0 for group, held in zip(optimizer.param_groups, steady, strict=True)]
        return torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer,
            mode="max" if higher_is_better else "min",
            factor=settings.factor,
            patience=settings.patience,
            min_lr=lowest,
        )

    def factor(epoch: int) -> float:
        match settings:
            case recipe_parts.MultiStep(milestones, share):
                return share ** sum(epoch >= milestone for milestone in milestones)
            case recipe_parts.Cosine(warmup, final):
                if epoch < warmup:
                    return (epoch + 1) / (warmup + 1)
                falling = 0.5 * (1 + math.cos(math.pi * (epoch - warmup) / max(epochs - warmup, 1)))
                return final + (1 - final) * falling
        return 1.0

    factors: list[Callable[[int], float]] = [_unchanged if held else factor for held in steady]
    return _ByEpoch(torch.optim.lr_scheduler.LambdaLR(optimizer, factors))


def _unchanged(epoch: int) -> float:
    """The factor of a learning rate that stays as it is."""
    return 1.0


class _ByEpoch:
    """A schedule that depends on the epoch alone and ignores the score."""

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
