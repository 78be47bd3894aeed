"""Adapting weights for color images to a network that takes gray images."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor


def gray_first_convolution(
    tensors: dict[str, Tensor], wanted: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors with the first convolution summed over its three input channels, where the backbone takes one.

    The sum responds to a gray image as the three channels do to the same image repeated, since a convolution is linear
    in each channel.

    Args:
        tensors: the tensors by the backbone's names.
        wanted: the backbone's own tensors, by the same names.

    Returns:
        The tensors, and by name what was done to those that changed.
    """
    first = next((name for name, tensor in wanted.items() if tensor.ndim == 4), "")
    given = tensors.get(first)
    if given is None or given.ndim != 4 or given.shape[1] != 3 or wanted[first].shape[1] != 1:
        return tensors, {}
    return tensors | {first: given.sum(dim=1, keepdim=True)}, {first: "sum of 3 input channels"}
