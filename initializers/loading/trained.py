"""Weights that a pretraining run makes: the common part of all initializers that stand for such a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from initializers.formats.files import sha256_of
from initializers.loading.contract import Initializer, Weights, WeightsOf, build
from specs.card import Card
from specs.errors import unknown
from specs.expression import Call
from specs.registry import DATASETS, INITIALIZERS, METHODS
from specs.run import Pretraining

if TYPE_CHECKING:
    import torch

    from backbones.networks.contract import Backbone


def check_method(name: str) -> None:
    """Refuse a self-supervised method that does not exist.

    Raises:
        UsageError: if there is no such method; it lists the near matches.
    """
    if name not in METHODS.entries:
        raise unknown("pretraining method", name, METHODS.entries)


def start_of(name: str) -> Call:
    """The expression of the random weights that a self-supervised method starts from in its authors' code."""
    residual: str = METHODS.build(name).residual
    return INITIALIZERS.short(Call("random", (), (("residual", residual),)))


def card_of(need: Pretraining) -> Card:
    """The card of the weights that a pretraining run makes; the data of the weights that it starts from count too."""
    inner = build(need.initializer).card()
    family = METHODS.build(need.method).family if need.method else None
    return Card(
        method=f"{need.method}, self-supervised: {family}" if need.method else "supervised",
        licence=inner.licence,
        training_data=tuple(dict.fromkeys((*inner.training_data, str(DATASETS.short(need.dataset))))),
        normalization=inner.normalization,
    )


class TrainedHere(Initializer):
    """Weights that a pretraining run makes; the run identifies them completely."""

    def card(self) -> Card:
        """The card of the pretraining run's weights."""
        (need,) = self.requires()
        return card_of(need)

    def identity(self) -> dict[str, Any]:
        """No arguments, since the key of the pretraining run says it all."""
        return {}

    def nested(self) -> dict[str, Call]:
        """No nested initializers, since the source belongs to the pretraining run."""
        return {}

    def state_dict(self, backbone: Backbone, generator: torch.Generator, weights_of: WeightsOf) -> Weights:
        """The backbone's tensors as the run left them, adapted where its images had other channels.

        Raises:
            WeightsError: if the file is missing or damaged.
        """
        from initializers.formats.checkpoints import read_tensors
        from initializers.loading.inputs import for_inputs

        (need,) = self.requires()
        path = weights_of(need)
        source = f"{need.initializer} trained on {need.dataset}"
        return for_inputs(Weights(read_tensors(path)[0], source=source, sha256=sha256_of(path)), backbone)
