"""What a run starts from, as its spec says it: other runs, and initializers in its own. Nothing needs to be there."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.run.resolve import pretraining_of
from initializers.loading.contract import Initializer
from specs.expression import Call
from specs.registry import INITIALIZERS
from specs.run import Pretraining, RunSpec


def with_needed(spec: RunSpec) -> Iterator[RunSpec]:
    """A spec and those of all pretrainings that it needs.

    Raises:
        UsageError: if nothing says by which recipe one of them is done.
    """
    yield spec
    for need in _needs(spec.initializer):
        yield from with_needed(pretraining_of(need, spec.backbone, spec.edition, spec.pretraining))


def initializers_of(expression: Call) -> Iterator[tuple[Call, Initializer]]:
    """An initializer, all those among its arguments, and all that pretrainings which it needs start from."""
    initializer: Initializer = INITIALIZERS.build(expression)
    yield expression, initializer
    for inner in (*initializer.nested().values(), *(need.initializer for need in initializer.requires())):
        yield from initializers_of(inner)


def _needs(expression: Call) -> Iterator[Pretraining]:
    """The pretrainings of an initializer and of all those among its arguments."""
    initializer: Initializer = INITIALIZERS.build(expression)
    yield from initializer.requires()
    for inner in initializer.nested().values():
        yield from _needs(inner)
