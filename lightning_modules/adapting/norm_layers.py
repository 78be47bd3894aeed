"""The normalization layers of a network."""

from __future__ import annotations

from timm.layers.evo_norm import EvoNorm2dB0, EvoNorm2dS0
from timm.layers.filter_response_norm import FilterResponseNormTlu2d
from timm.layers.norm import RmsNorm, RmsNorm2d, SimpleNorm, SimpleNorm2d
from torch import nn
from torch.nn.modules.batchnorm import _NormBase

LAYERS = (
    _NormBase,  # batch norm and instance norm
    nn.LayerNorm,
    nn.GroupNorm,
    nn.RMSNorm,
    RmsNorm,
    RmsNorm2d,
    SimpleNorm,
    SimpleNorm2d,
    EvoNorm2dB0,
    EvoNorm2dS0,
    FilterResponseNormTlu2d,
)
"""The classes of torch and timm that normalize features; timm's others are made from these."""


def parameters_of_norms(network: nn.Module) -> frozenset[str]:
    """The names of the parameters that normalization layers hold."""
    return frozenset(
        f"{name}.{parameter}"
        for name, module in network.named_modules()
        if isinstance(module, LAYERS)
        for parameter, _ in module.named_parameters(recurse=False)
    )
