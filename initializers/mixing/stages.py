"""Taking some stages of a backbone from a source and drawing the others, for initializers that mix stages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from initializers.loading.contract import Initializer, Weights, WeightsOf, build
from specs.errors import unknown
from specs.expression import Call

if TYPE_CHECKING:
    import torch

    from backbones.networks.contract import Backbone


def named_stages(backbone: Backbone, names: Iterable[str]) -> tuple[str, ...]:
    """The names as a tuple, after a check that each is a stage of the backbone.

    Raises:
        UsageError: if a name is no stage; it lists the backbone's stages.
    """
    known = [stage.name for stage in backbone.stages]
    for name in names:
        if name not in known:
            raise unknown("stage of this backbone", name, known)
    return tuple(names)


def replaced(
    initializer: Initializer,
    source: Call,
    redrawn: Iterable[str],
    backbone: Backbone,
    generator: torch.Generator,
    weights_of: WeightsOf,
) -> Weights:
    """A source's weights with some stages drawn by the backbone's own initialization.

    The source need fit the backbone only in the other stages.

    Args:
        initializer: the initializer that asks, for error messages.
        source: the expression of the source.
        redrawn: the names of the stages that are drawn anew.
        backbone: the backbone whose stages they are.
        generator: the source of the random draws.
        weights_of: a function that finds the weights of required runs.

    Raises:
        WeightsError: if the source does not fit in the stages that are taken from it.
    """
    from initializers.loading.loading import fitting

    wanted, again = backbone.weights(), set(redrawn)
    new = {name for name in wanted if backbone.stage_of(name) in again}
    given = build(source).state_dict(backbone, generator, weights_of)
    kept = {name: tensor for name, tensor in given.tensors.items() if name not in new}
    taken = Weights(kept, source=given.source)
    tensors = fitting(initializer, taken, {name: tensor for name, tensor in wanted.items() if name not in new})
    draws = backbone.draw(generator)
    return Weights(
        {name: draws[name] if name in new else tensors[name] for name in wanted},
        transformed={name: how for name, how in given.transformed.items() if name not in new},
        dropped=(*given.dropped, *(name for name in given.tensors if name in new and name not in given.drawn)),
        drawn=tuple(name for name in wanted if name in new or name in given.drawn),
        source=f"{given.source}; drawn anew: {', '.join(sorted(again)) or 'nothing'}",
        sha256=given.sha256,
    )
