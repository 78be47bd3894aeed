"""Renaming of tensors in checkpoints of older versions of timm, by timm's own conversion."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn


def timms_own(tensors: dict[str, Tensor], network: nn.Module) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors after the ``checkpoint_filter_fn`` of the architecture's module in timm; unchanged if it has none.

    Args:
        tensors: the tensors of a checkpoint, without a wrapper's prefix.
        network: a network of the architecture, in the size that the checkpoint is for; its values do not matter.

    Returns:
        The tensors, and by name what was done to those that are not among the tensors given.
    """
    arrange = getattr(sys.modules[type(network).__module__], "checkpoint_filter_fn", None)
    if arrange is None:
        return tensors, {}
    try:
        arranged: dict[str, Tensor] = arrange(dict(tensors), network)
    except (KeyError, RuntimeError, AttributeError, ValueError):
        return tensors, {}  # not of this architecture: strict loading says what does not fit
    known = {id(tensor) for tensor in tensors.values()}
    return arranged, {name: "rearranged by timm" for name, tensor in arranged.items() if id(tensor) not in known}
