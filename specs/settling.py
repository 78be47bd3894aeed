"""What an initializer's expression leaves to the network that is initialized, filled in."""

from __future__ import annotations

from specs.expression import Call, Value
from specs.registry import INITIALIZERS


def settled(initializer: Call, backbone: Call) -> Call:
    """An initializer's expression that means the same without knowing the network, at every depth.

    A class of an initializer says in ``left_to_network`` what it leaves to it.

    Args:
        initializer: a bound expression.
        backbone: the network's expression.
    """

    def inner(value: Value) -> Value:
        nested = isinstance(value, Call) and value.name in INITIALIZERS.entries
        return settled(value, backbone) if nested else value  # type: ignore[arg-type]

    arguments = {name: inner(value) for name, value in initializer.kwargs}
    left = getattr(INITIALIZERS.get(initializer.name), "left_to_network", None)
    filled = left(arguments, backbone.name) if left is not None else {}
    return Call(initializer.name, initializer.args, tuple((arguments | filled).items()))
