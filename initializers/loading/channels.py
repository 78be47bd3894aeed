"""Adapting weights for images of one number of channels to a network that takes another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from torch import Tensor

Rule = Literal["mean", "repeat"]
"""How a first layer meets another number of channels.

``mean``: every channel gets the mean of the source's channels. ``repeat``: channels get the source's in turn. Both are
scaled so that an image whose channels are all the same is answered as the source answers it, and a network that takes
gray images gets the sum by either.
"""

DEFAULT: Rule = "mean"
"""What is done where nothing is said; ``benchmarks/first_layer.py`` compares the rules."""


def first_convolution(wanted: Mapping[str, Tensor]) -> str:
    """The name of a network's first convolution, or of the patch embedding that is one; empty where it has none.

    Args:
        wanted: the network's tensors by name, in its own order.
    """
    return next((name for name, tensor in wanted.items() if tensor.ndim == 4), "")


def for_channels(
    tensors: dict[str, Tensor], wanted: Mapping[str, Tensor], rule: Rule = DEFAULT
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors with the first convolution for the backbone's number of input channels, where it differs.

    Args:
        tensors: the tensors by the backbone's names.
        wanted: the backbone's own tensors, by the same names.
        rule: how the first convolution meets the other number of channels.

    Returns:
        The tensors, and by name what was done to those that changed.
    """
    first = first_convolution(wanted)
    given = tensors.get(first)
    if given is None or given.ndim != 4 or given.shape[0] != wanted[first].shape[0]:
        return tensors, {}
    source, channels = given.shape[1], wanted[first].shape[1]
    if source == channels or not given.is_floating_point():
        return tensors, {}
    return tensors | {first: adapted(given, channels, rule)}, {first: _words(source, channels, rule)}


def adapted(given: Tensor, channels: int, rule: Rule) -> Tensor:
    """A convolution's weights for another number of input channels.

    A convolution is linear in each channel, so its answer to equal channels depends on the sum of the weights over the
    channels alone, and that stays as it is.

    Args:
        given: the weights (filters, source channels, height, width).
        channels: the number of channels that are wanted, from 1 on.
        rule: how the weights of channels are made.

    Returns:
        The weights (filters, channels, height, width).
    """
    if channels == 1:
        return given.sum(dim=1, keepdim=True)
    source = given.shape[1]
    if rule == "mean":
        return (given.sum(dim=1, keepdim=True) / channels).repeat(1, channels, 1, 1)
    if channels < source:  # what is left over goes on in turn, so that no channel's weights are lost
        return given.new_zeros((given.shape[0], channels, *given.shape[2:])).index_add(
            1, _in_turn(source, channels, given), given
        )
    turns = _in_turn(channels, source, given)
    return given[:, turns] / turns.bincount()[turns].view(1, -1, 1, 1)


def _in_turn(count: int, among: int, like: Tensor) -> Tensor:
    """The numbers 0 to ``among`` - 1 in turn, ``count`` of them, on a tensor's device."""
    return (like.new_ones(count).cumsum(0).long() - 1) % among


def _words(source: int, channels: int, rule: Rule) -> str:
    """What was done, in words."""
    if channels == 1:
        return f"sum of {source} input channels"
    if source == 1:
        return f"the input channel for each of {channels}, times 1/{channels}"
    if rule == "mean":
        return f"mean of {source} input channels for each of {channels}, times {source}/{channels}"
    return f"{source} input channels in turn for {channels}, of the same sum"
