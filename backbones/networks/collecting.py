"""The feature maps of a backbone's named stages, collected in one pass."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from backbones.networks.contract import Backbone
from specs.errors import UsageError, unknown

WRAPPERS = {"module": "DistributedDataParallel", "_orig_mod": "torch.compile"}
"""Attributes under which wrappers keep the network, and who they are."""


def unwrapped(network: nn.Module) -> Backbone:
    """The backbone inside any wrappers of ``DistributedDataParallel`` and ``torch.compile``.

    Raises:
        UsageError: if there is none.
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
    """Each stage's feature map, from one forward pass in evaluation mode.

    The pass goes through the backbone itself, not through its wrappers: nothing is compiled anew, no other process is
    waited for, and no hook stays behind. Modes of training are left as they were.

    Args:
        network: a backbone, however wrapped.
        images: normalized input, (B, in_channels, H, W), on the network's device.
        stages: names of those that are wanted; None: all.

    Returns:
        By stage, in order, (B, channels, about H / stride, about W / stride).

    Raises:
        UsageError: if there is no such stage or no backbone.
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
