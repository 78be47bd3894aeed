"""Mean Var: each weight tensor drawn from a normal with the mean and variance of another initializer's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from initializers.loading.contract import Initializer, Weights, WeightsOf, build
from specs.card import Card
from specs.expression import Call
from specs.titles import Words

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from backbones.networks.contract import Backbone


WORDS = {"normal": "mean and variance", "shuffle": "values in random order", "bootstrap": "values with replacement"}


@dataclass(frozen=True)
class MeanVar(Initializer):
    """Mean Var initialization (Raghu et al., Transfusion, NeurIPS 2019, section on feature-independent benefits).

    Each parameter outside normalization layers (weights and biases of convolutions and linear maps, embeddings,
    tokens) is drawn i.i.d. from N(mean, population variance) of the source's tensor: the scale of the pretrained
    weights is kept, their features are not. A tensor of one element, or of equal ones, has variance 0 and stays.

    Normalization layers are not sampled but reset to their initial values: scale and shift to 1 and 0, running mean and
    variance to 0 and 1. The paper does not state its choice. Running statistics describe the responses of filters that
    the draw has just destroyed, and a sampled variance can be negative, which gives NaN in evaluation; scale and
    shift belong to the same lost responses. Batch norm estimates its statistics again in the first training steps.
    Resetting is also the choice of Matsoukas et al. 2022, "What Makes Transfer Learning Work for Medical Images:
    Feature Reuse & Other Factors" (https://github.com/ChrisMats/feature-reuse); other reimplementations sample scale
    and shift as well. Buffers that are not learned (indices, fixed filters) stay as the source has them.

    Attributes:
        source: the initializer whose statistics are taken.
        draw: ``normal`` as above, or each tensor's own values in a random order: ``shuffle`` takes every one once,
            ``bootstrap`` draws with replacement (both variants are in Matsoukas et al.'s code). They keep the whole
            distribution of the weights, not only its first two moments.
    """

    source: Annotated[Call, "initializers"]
    draw: Literal["normal", "shuffle", "bootstrap"] = "normal"

    title: ClassVar[str] = "Mean Var of {source:initializers}"
    words: ClassVar[Words] = {"draw": {"shuffle": "shuffled", "bootstrap": "bootstrapped"}}
    draws: ClassVar[bool] = True

    def card(self) -> Card:
        """The source's card, since the source's training data shaped the statistics."""
        inner = build(self.source).card()
        return Card(
            method=f"{WORDS[self.draw]} of {inner.method}",
            source=inner.source,
            licence=inner.licence,
            paper="Raghu et al. 2019, https://arxiv.org/abs/1902.07208",
            training_data=inner.training_data,
            normalization=inner.normalization,
        )

    def state_dict(self, backbone: Backbone, generator: torch.Generator, weights_of: WeightsOf) -> Weights:
        """Tensors drawn with the source's statistics. The source must fit the backbone itself."""
        from initializers.loading.loading import fitting
        from initializers.mixing.normalization_layers import normalization_resets

        initializer = build(self.source)
        source = initializer.state_dict(backbone, generator, weights_of)
        tensors = fitting(initializer, source, backbone.weights())
        parameters = {name for name, _ in backbone.network.named_parameters()}
        resets = normalization_resets(backbone.network)
        drawn = tuple(name for name in tensors if name in parameters and name not in resets)
        draw = {"normal": _normal, "shuffle": _shuffled, "bootstrap": _bootstrapped}[self.draw]
        tensors |= resets | {name: draw(tensors[name], generator) for name in drawn}
        return Weights(
            tensors,
            transformed=source.transformed | dict.fromkeys(resets, "normalization layer reset"),
            dropped=source.dropped,
            drawn=drawn,
            source=f"{WORDS[self.draw]} per tensor of: {source.source}",
            sha256=source.sha256,
        )


def _normal(tensor: Tensor, generator: torch.Generator) -> Tensor:
    """A normal draw with the tensor's shape, mean and population variance, computed in double precision."""
    import torch

    exact = tensor.double()
    noise = torch.randn(exact.shape, generator=generator, dtype=torch.float64)
    return (exact.mean() + exact.std(correction=0) * noise).to(tensor.dtype)


def _shuffled(tensor: Tensor, generator: torch.Generator) -> Tensor:
    """The tensor's values in a random order."""
    import torch

    return tensor.reshape(-1)[torch.randperm(tensor.numel(), generator=generator)].reshape(tensor.shape)


def _bootstrapped(tensor: Tensor, generator: torch.Generator) -> Tensor:
    """Draws from the tensor's values, with replacement."""
    import torch

    return tensor.reshape(-1)[torch.randint(tensor.numel(), (tensor.numel(),), generator=generator)].reshape(
        tensor.shape
    )
