"""The pretrainings and initializers that a run starts from, by its spec alone; no files need to be there."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.run.resolve import pretraining_of
from initializers.loading.contract import Initializer
from specs.expression import Call
from specs.registry import INITIALIZERS
from specs.run import Pretraining, RunSpec


def with_needed(spec: RunSpec) -> Iterator[RunSpec]:
    """The spec of a run and the specs of all pretrainings that it needs.

    Raises:
        UsageError: if no recipe is given for one of them.
    """
    yield spec
    for need in _needs(spec.initializer):
        yield from with_needed(pretraining_of(need, spec.backbone, spec.edition, spec.pretraining))


def initializers_of(expression: Call) -> Iterator[tuple[Call, Initializer]]:
    """An initializer, the initializers among its arguments, and those of the pretrainings that it needs."""
    initializer: Initializer = INITIALIZERS.build(expression)
    yield expression, initializer
    for inner in (*initializer.nested().values(), *(need.initializer for need in initializer.requires())):
        yield from initializers_of(inner)


def _needs(expression: Call) -> Iterator[Pretraining]:
    """The pretrainings that an initializer and the initializers among its arguments need."""
    initializer: Initializer = INITIALIZERS.build(expression)
    yield from initializer.requires()
    for inner in initializer.nested().values():
        yield from _needs(inner)
