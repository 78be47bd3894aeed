"""Learners and views that can be told apart, for tests of where a target comes from."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from lightning_modules.self_supervision.learner import EveryImage, Learner
from specs.registry import BACKBONES, METHODS

SAMPLES, BATCH = 12, 5
INDEX = torch.tensor([7, 2, 11, 0, 4])


def learner(method: str, samples: int = SAMPLES) -> Learner:
    """A tiny learner in float64, whose copies are moved away from what they are copies of."""
    torch.manual_seed(1)
    made: Learner = METHODS.build(method).learner(BACKBONES.build("tiny(width=4)"), samples)
    made.double()
    for part in ("slow", "target", "target_outputs"):
        if isinstance(copied := getattr(made, part, None), nn.Module):
            nudge(copied)
    return made


@torch.no_grad()
def nudge(module: nn.Module) -> None:
    """Move every parameter a little, each in another direction."""
    for parameter in module.parameters():
        parameter.add_(0.3 * torch.randn_like(parameter))


def images(count: int, size: int, seed: int) -> Tensor:
    """(count, 3, size, size), drawn."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 3, size, size, generator=generator, dtype=torch.float64)


def views(*sizes: int) -> list[Tensor]:
    """A batch of each size, all different."""
    return [images(BATCH, size, 10 + number) for number, size in enumerate(sizes)]


def embedded(encoder: nn.Module, batch: Tensor) -> Tensor:
    """What an encoder's parts make of images, one after the other."""
    rows: Tensor = encoder.head(encoder.backbone(batch))  # type: ignore[operator]
    return rows


def unit(rows: Tensor) -> Tensor:
    """Rows of length 1."""
    return rows / rows.norm(dim=1, keepdim=True)


def every(batch: Tensor, seen: list[Tensor] | None = None) -> EveryImage:
    """What gives a learner the rows of all training images; it keeps them in ``seen``."""

    def every_image(rows_of: object) -> Tensor:
        with torch.no_grad():
            rows: Tensor = rows_of(batch)  # type: ignore[operator]
        if seen is not None:
            seen.append(rows)
        return rows

    return every_image


def told_apart(right: Tensor, others: Tensor) -> float:
    """The mean of -log of the right one's share, by its scores (B,) and those of others (B, K), one by one."""
    total = 0.0
    for one, wrong in zip(right.tolist(), others.tolist(), strict=True):
        total -= one - math.log(math.exp(one) + sum(math.exp(score) for score in wrong))
    return total / len(right)


def moved_share(before: Tensor, towards: Tensor, momentum: float) -> Tensor:
    """Rows of a memory that move towards new ones and return to length 1."""
    return functional.normalize(momentum * before + (1 - momentum) * towards, dim=1)
