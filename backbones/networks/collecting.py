"""Collecting the feature maps of a backbone's named stages in one forward pass."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from backbones.networks.contract import Backbone
from specs.errors import UsageError, unknown

WRAPPERS = {"module": "DistributedDataParallel", "_orig_mod": "torch.compile"}
"""The attributes under which wrappers keep the wrapped network, with the wrappers' names."""


def unwrapped(network: nn.Module) -> Backbone:
    """The backbone inside any wrappers of ``DistributedDataParallel`` and ``torch.compile``.

    Raises:
        UsageError: if there is no backbone inside.
    """
    inner: object = network
    while not isinstance(inner, Backbone):
        names = [name for name in WRAPPERS if isinstance(getattr(inner, name, None), nn.Module)]
        if not names:
            raise UsageError(
                f"expected a backbone, or one in {' or '.join(WRAPPERS.values())}, found {type(inner).__name__}. Give "
                "the backbone of the module, such as module.backbone."
            )
        inner = getattr(inner, names[0])
    return inner


@torch.no_grad()
def collect_stages(network: nn.Module, images: Tensor, stages: Iterable[str] | None = None) -> dict[str, Tensor]:
    """The feature map of each stage, from one forward pass in evaluation mode.

    The pass goes through the backbone itself, not through its wrappers: nothing is compiled again, no other process is
    waited for, and no hook stays behind. Every module's training mode is restored afterwards.

    Args:
        network: a backbone, with or without wrappers.
        images: the normalized input, (B, in_channels, H, W), on the network's device.
        stages: the names of the wanted stages; None: all of them.

    Returns:
        The feature maps by stage, in order, each (B, channels, about H / stride, about W / stride).

    Raises:
        UsageError: if there is no backbone inside, or it has no such stage.
    """
    backbone = unwrapped(network)
    known = [stage.name for stage in backbone.stages]
    wanted = known if stages is None else list(stages)
    for name in wanted:
        if name not in known:
            raise unknown("stage of this backbone", name, known)
    modes = {module: module.training for module in backbone.modules()}
    try:
        maps = dict(zip(known, backbone.eval().features(images), strict=True))
    finally:
        for module, mode in modes.items():
            module.training = mode
    return {name: maps[name] for name in known if name in wanted}
