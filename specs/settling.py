"""What an initializer's expression leaves to the network that is initialized, filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

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
    filled = _left_to_network(initializer.name)(arguments, backbone.name)
    return Call(initializer.name, initializer.args, tuple((arguments | filled).items()))


def unsettled(initializer: Call, backbone: Call) -> Call:
    """The expression without what it would leave to the network alike, for readers who know the network.

    Args:
        initializer: a bound expression.
        backbone: the network's expression.
    """
    arguments = {
        name: unsettled(value, backbone) if isinstance(value, Call) and value.name in INITIALIZERS.entries else value
        for name, value in initializer.kwargs
    }
    left = _left_to_network(initializer.name)
    for name, value in arguments.items():
        if value is not None and left(arguments | {name: None}, backbone.name).get(name) == value:
            arguments[name] = None
    return Call(initializer.name, initializer.args, tuple(arguments.items()))


def _left_to_network(name: str) -> Callable[[Mapping[str, Value], str], dict[str, Value]]:
    """What an initializer's class leaves to a network; that of a plugin may say nothing."""
    left: Callable[[Mapping[str, Value], str], dict[str, Value]] | None
    left = getattr(INITIALIZERS.get(name), "left_to_network", None)
    return left or (lambda arguments, network: {})
