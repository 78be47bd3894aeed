"""How far training moved the weights of each stage, such as ``distance:layer1``."""

from __future__ import annotations

import math

from experiments.measures.measuring.measure import Found, Measure, stages_of
from experiments.run.paths import Paths
from experiments.run.restored import before_training, restore
from experiments.run.store import Record


def distances(record: Record, paths: Paths) -> Found:
    """The l2 distance of each stage's parameters from their initial values, divided by the norm of these values.

    All parameters of a stage count, those of normalization layers too, but not running statistics. The distance is
    that of Neyshabur, Sedghi and Zhang 2020, section 3.3, https://arxiv.org/abs/2008.11687; it is divided by the norm
    because it grows with the number of weights.

    Returns:
        The relative distance by stage, at least 0, None where the initial norm is 0; and the undivided distance as
        ``absolute:STAGE``.

    Raises:
        RunError: if the weights before or after training are not those of the run.
    """
    after, before = restore(record, paths).module.backbone, before_training(record, paths)
    start = dict(before.network.named_parameters())
    moved: dict[str, float] = {}
    norms: dict[str, float] = {}
    for name, parameter in after.network.named_parameters():
        stage = after.stage_of(name)
        difference = parameter.detach().double() - start[name].detach().double()
        moved[stage] = moved.get(stage, 0.0) + float(difference.square().sum())
        norms[stage] = norms.get(stage, 0.0) + float(start[name].detach().double().square().sum())
    relative = {stage: math.sqrt(moved[stage] / norms[stage]) if norms[stage] else None for stage in moved}
    return relative | {f"absolute:{stage}": math.sqrt(total) for stage, total in moved.items()}


def distance() -> Measure:
    """The measure with its version, unit and numbers."""
    return Measure(
        version=1, unit="relative l2", progress="distances from initialization", compute=distances, numbers=stages_of
    )
