"""Batch norm: another initializer's scale and shift of the normalization layers, all else from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from initializers.loading.contract import Initializer, Weights, WeightsOf, build
from specs.card import Card
from specs.errors import UsageError
from specs.expression import Call
from specs.titles import Words

if TYPE_CHECKING:
    import torch

    from backbones.networks.contract import Backbone

RANDOM = Call("random")


@dataclass(frozen=True)
class BatchNorm(Initializer):
    """Transfer of nothing but the normalization layers' parameters (Raghu et al. 2019, appendix).

    Scale and shift of every normalization layer come from the source, all other parameters from ``others``:
    ``batch_norm(imagenet)`` is a random network with pretrained scales and shifts, and
    ``batch_norm(imagenet, mean_var(imagenet))`` combines them with the pretrained mean and variance of the weights.

    Running means and variances come from neither and start at 0 and 1. They describe the responses of the source's
    filters, which are not taken over, and batch norm estimates them again in the first training steps
    (``initializers.mean_var`` does the same). The paper does not state its choice.

    Attributes:
        source: the initializer that gives scale and shift; all of it must fit the backbone.
        others: the initializer that gives everything else; ``random`` is the architecture's own initialization.
    """

    source: Annotated[Call, "initializers"]
    others: Annotated[Call, "initializers"] = RANDOM

    title: ClassVar[str] = "Batch norm of {source:initializers}"
    words: ClassVar[Words] = {"others": "the rest of {others:initializers}"}

    def card(self) -> Card:
        """Both cards combined; the input is normalized as ``others`` expect it, or else as the source does."""
        inner, rest = build(self.source).card(), build(self.others).card()
        licences = dict.fromkeys(card.licence for card in (inner, rest) if card.licence)
        return Card(
            method=f"normalization layers of {inner.method}, {rest.method} otherwise",
            source=inner.source,
            licence="; ".join(licences) or None,
            paper="Raghu et al. 2019, https://arxiv.org/abs/1902.07208",
            training_data=tuple(dict.fromkeys((*inner.training_data, *rest.training_data))),
            normalization=rest.normalization or inner.normalization,
            warnings=tuple(dict.fromkeys((*inner.warnings, *rest.warnings))),
            unseen=tuple(dict.fromkeys((*inner.unseen, *rest.unseen))),
        )

    def state_dict(self, backbone: Backbone, generator: torch.Generator, weights_of: WeightsOf) -> Weights:
        """The tensors of ``others``, which are drawn first, with the source's scales and shifts put in.

        Raises:
            UsageError: if no layer of the backbone has a scale or shift.
            WeightsError: if one of the two does not fit the backbone.
        """
        from initializers.loading.loading import fitting
        from initializers.mixing.normalization_layers import normalization_resets

        parameters = {name for name, _ in backbone.network.named_parameters()}
        resets = normalization_resets(backbone.network)
        taken = {name for name in resets if name in parameters}
        if not taken:
            raise UsageError(
                f"{self}: {type(backbone.network).__name__} has no normalization layer with a scale or shift. Choose a "
                "backbone that has some, such as resnet50."
            )
        source, others = build(self.source), build(self.others)
        rest = others.state_dict(backbone, generator, weights_of)
        given = source.state_dict(backbone, generator, weights_of)
        wanted = backbone.weights()
        layers = {name: tensor for name, tensor in fitting(source, given, wanted).items() if name in taken}
        reset = {name: tensor for name, tensor in resets.items() if name not in taken}
        tensors = fitting(others, rest, wanted) | reset | layers
        left = (name for name in given.tensors if name not in taken and name not in given.drawn)
        return Weights(
            tensors,
            transformed={name: how for name, how in rest.transformed.items() if name not in resets}
            | {name: how for name, how in given.transformed.items() if name in taken}
            | dict.fromkeys(reset, "running statistics reset"),
            dropped=tuple(dict.fromkeys((*given.dropped, *left))),
            drawn=tuple(
                name for name in wanted if name in (given if name in taken else rest).drawn and name not in reset
            ),
            source=f"scale and shift of normalization layers: {given.source}; all else: {rest.source}",
            sha256=given.sha256,
        )
