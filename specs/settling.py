"""What expressions leave to each other, filled in: an initializer to the network, and the network to the images."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping

from specs.expression import Call, Value
from specs.registry import BACKBONES, DATASETS, INITIALIZERS

IN_CHANNELS = "in_channels"
"""The argument of backbones that is the number of channels of their input."""


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


def taking(backbone: Call, dataset: Call) -> Call:
    """A backbone's expression that takes a dataset's images, where it leaves the number of channels at its default.

    A gray image is repeated over the channels of any backbone, so that nothing has to change for it.

    Args:
        backbone: the bound expression of a backbone.
        dataset: the bound expression of a dataset.
    """
    if IN_CHANNELS not in backbone.arguments():
        return backbone
    default = inspect.signature(BACKBONES.get(backbone.name)).parameters[IN_CHANNELS].default
    return with_channels_of(backbone, dataset) if backbone.arguments()[IN_CHANNELS] == default else backbone


def with_channels_of(backbone: Call, dataset: Call) -> Call:
    """A backbone's expression that takes a dataset's images, whatever number of channels it says.

    Args:
        backbone: the bound expression of a backbone.
        dataset: the expression of a dataset.
    """
    arguments = backbone.arguments()
    channels: int = DATASETS.build(dataset).channels
    if IN_CHANNELS not in arguments or channels in (1, arguments[IN_CHANNELS]):
        return backbone
    return Call(backbone.name, backbone.args, tuple((arguments | {IN_CHANNELS: channels}).items()))
