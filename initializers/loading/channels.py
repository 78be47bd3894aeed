"""Weights of color images in a network that takes gray ones."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor


def gray_first_convolution(
    tensors: dict[str, Tensor], wanted: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The first convolution summed over its three input channels where the backbone takes one.

    The sum keeps the response to a gray image that would have been repeated over the channels, as convolution is
    linear in each of them.

    Args:
        tensors: by the backbone's names.
        wanted: the backbone's tensors.

    Returns:
        The tensors, and what was done to which.
    """
    first = next((name for name, tensor in wanted.items() if tensor.ndim == 4), "")
    given = tensors.get(first)
    if given is None or given.ndim != 4 or given.shape[1] != 3 or wanted[first].shape[1] != 1:
        return tensors, {}
    return tensors | {first: given.sum(dim=1, keepdim=True)}, {first: "sum of 3 input channels"}
