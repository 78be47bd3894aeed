"""The normalization layers of a network and their initial values, for initializers that treat them separately."""

from __future__ import annotations

import copy

from torch import Tensor, nn


def normalization_resets(network: nn.Module) -> dict[str, Tensor]:
    """The initial tensors of the network's normalization layers, as the layers' own ``reset_parameters`` sets them."""
    resets: dict[str, Tensor] = {}
    for prefix, module in network.named_modules():
        if is_normalization(module):
            fresh = copy.deepcopy(module)
            fresh.reset_parameters()
            resets |= {f"{prefix}.{name}" if prefix else name: tensor for name, tensor in fresh.state_dict().items()}
    return resets


def is_normalization(module: nn.Module) -> bool:
    """Whether a layer is one of torch's normalizations, a subclass (as most of timm's are), or one of timm's own."""
    torchs = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)
    timms = ("timm.layers.norm", "timm.layers.evo_norm", "timm.layers.filter_response_norm", "timm.layers.inplace_abn")
    own = any(cls.__module__.startswith(timms) for cls in type(module).__mro__) and hasattr(module, "reset_parameters")
    return own or isinstance(module, torchs)
