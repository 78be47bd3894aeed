"""What an initializer's expression leaves to the network that is initialized, filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from specs.expression import Call, Value
from specs.registry import INITIALIZERS


def settled(initializer: Call, backbone: Call) -> Call:
    """An initializer's expression that means the same without knowing the network, at every depth.

    An initializer's class says in ``left_to_network`` which of its arguments it leaves to the network.

    Args:
        initializer: the bound expression of an initializer.
        backbone: the expression of the network that is initialized.
    """

    def inner(value: Value) -> Value:
        nested = isinstance(value, Call) and value.name in INITIALIZERS.entries
        return settled(value, backbone) if nested else value  # type: ignore[arg-type]

    arguments = {name: inner(value) for name, value in initializer.kwargs}
    filled = _left_to_network(initializer.name)(arguments, backbone.name)
    return Call(initializer.name, initializer.args, tuple((arguments | filled).items()))


def unsettled(initializer: Call, backbone: Call) -> Call:
    """The expression without the arguments that the network would fill in alike, for readers who know the network.

    Args:
        initializer: the bound expression of an initializer.
        backbone: the expression of the network that is initialized.
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
    """The ``left_to_network`` of an initializer's class; where a plugin has none, one that leaves nothing."""
    left: Callable[[Mapping[str, Value], str], dict[str, Value]] | None
    left = getattr(INITIALIZERS.get(name), "left_to_network", None)
    return left or (lambda arguments, network: {})
