"""Mean Var: each weight tensor drawn from a normal with the mean and variance of another initializer's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from initializers.contract import Initializer, Weights, WeightsOf, build
from specs.card import Card
from specs.expression import Call

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from backbones.contract import Backbone


@dataclass(frozen=True)
class MeanVar(Initializer):
    """Mean Var initialization (Raghu et al., Transfusion, NeurIPS 2019, section on feature-independent benefits).

    Each convolution, linear, embedding or token tensor is drawn i.i.d. from N(mean, population variance) of the
    source's tensor: the scale of the pretrained weights is kept, their features are not.

    Normalization layers are not sampled: their scale and shift are reset to (1, 0) and their running mean and
    variance to (0, 1). The paper does not state its choice. Running statistics describe the responses of filters
    that the draw has just destroyed, and a sampled variance can be negative, which gives NaN in evaluation; scale
    and shift belong to the same lost responses, and resetting them is what public implementations with finite
    results do. Batch norm estimates its statistics anew in the first training steps.

    Attributes:
        source: the initializer whose statistics are taken.
    """

    source: Annotated[Call, "initializers"]

    def card(self) -> Card:
        """The source's card: its data shaped the statistics."""
        inner = build(self.source).card()
        return Card(
            method=f"mean and variance of {inner.method}",
            source=inner.source,
            licence=inner.licence,
            paper="Raghu et al. 2019, https://arxiv.org/abs/1902.07208",
            training_data=inner.training_data,
            normalization=inner.normalization,
        )

    def state_dict(self, backbone: Backbone, generator: torch.Generator, weights_of: WeightsOf) -> Weights:
        """Draws with the source's statistics."""
        import torch

        source = build(self.source).state_dict(backbone, generator, weights_of)
        norms = _normalization_tensors(backbone)
        tensors: dict[str, Tensor] = {}
        for name, tensor in source.tensors.items():
            if name in norms:
                tensors[name] = torch.full_like(tensor, norms[name])
                continue
            exact = tensor.double()
            noise = torch.randn(tensor.shape, generator=generator, dtype=torch.float64)
            drawn = exact.mean() + exact.var(unbiased=False).sqrt() * noise
            tensors[name] = drawn.to(tensor.dtype)
        return Weights(
            tensors,
            transformed={name: "normalization layer reset" for name in tensors if name in norms},
            dropped=source.dropped,
            drawn=tuple(name for name in tensors if name not in norms),
            source=f"mean and variance per tensor of: {source.source}",
            sha256=source.sha256,
        )


def _normalization_tensors(backbone: Backbone) -> dict[str, float]:
    """The tensors of the network's normalization layers, found by module type, with the value that each is reset to."""
    from torch import nn

    values = {"weight": 1.0, "bias": 0.0, "running_mean": 0.0, "running_var": 1.0, "num_batches_tracked": 0.0}
    kinds = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)
    return {
        f"{prefix}.{name}": values[name]
        for prefix, module in backbone.network.named_modules()
        if isinstance(module, kinds)
        for name in module.state_dict()
        if name in values
    }
