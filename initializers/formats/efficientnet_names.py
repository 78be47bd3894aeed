"""Renaming of EfficientNet's tensors, from lukemelas' EfficientNet-PyTorch to timm.

EfficientNet-PyTorch counts blocks through the whole network, ``_blocks.5``, and numbers the normalizations of a block
from 0. timm counts blocks within the stages of Tan and Le 2019, table 1, ``blocks.3.0``, numbers normalizations from 1,
and names a block's convolutions by their order: ``conv_pw``, ``conv_dw`` and ``conv_pwl`` where the block expands its
input first, and ``conv_dw`` and ``conv_pw`` where it does not, as in the first stage.
Sources: https://github.com/lukemelas/EfficientNet-PyTorch, efficientnet_pytorch/model.py; timm,
models/_efficientnet_blocks.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

Of = TypeVar("Of")

OUTSIDE = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
"""The names of modules outside the blocks."""

EXPANDING = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
"""The names of modules of a block that expands its input."""

PLAIN = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
"""The names of modules of a block that does not expand its input."""

WITHOUT_EXPANSION = 0
"""The number of the stage whose blocks do not expand, the first (table 1: MBConv1; the other stages have MBConv6)."""


def timm_names(tensors: Mapping[str, Of], blocks: Sequence[int]) -> dict[str, Of]:
    """The tensors under timm's names; a name that is not lukemelas' stays as it is.

    Args:
        tensors: the tensors by lukemelas' names.
        blocks: the number of blocks of each stage, in order.
    """
    modules = {f"{theirs}.": f"{ours}." for theirs, ours in OUTSIDE.items()}
    number = 0
    for stage, count in enumerate(blocks):
        for position in range(count):
            inside = PLAIN if stage == WITHOUT_EXPANSION else EXPANDING
            modules |= {f"_blocks.{number}.{a}.": f"blocks.{stage}.{position}.{b}." for a, b in inside.items()}
            number += 1
    renamed: dict[str, Of] = {}
    for name, tensor in tensors.items():
        module, dot, parameter = name.rpartition(".")
        renamed[modules.get(module + dot, module + dot) + parameter] = tensor
    return renamed
