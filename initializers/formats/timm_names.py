"""Names of tensors that timm has changed since a checkpoint was written, by timm's own conversion."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn


def timms_own(tensors: dict[str, Tensor], network: nn.Module) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors as the ``checkpoint_filter_fn`` of a timm architecture's module gives them; as they are without one.

    Args:
        tensors: of a checkpoint, without a wrapper's prefix.
        network: of the architecture, in the size that the checkpoint is of; its values do not matter.

    Returns:
        The tensors, and which of them hold other values than any of those given.
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
