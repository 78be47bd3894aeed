"""Weights that a pretraining run makes here, for every initializer that stands for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from initializers.contract import Initializer, Weights, WeightsOf
from initializers.files import sha256_of
from specs.errors import unknown
from specs.expression import Call
from specs.registry import METHODS

if TYPE_CHECKING:
    import torch

    from backbones.contract import Backbone


def check_method(name: str) -> None:
    """Refuse a self-supervised method that does not exist.

    Raises:
        UsageError: lists the near matches.
    """
    if name not in METHODS.entries:
        raise unknown("pretraining method", name, METHODS.entries)


class TrainedHere(Initializer):
    """Weights that a pretraining run makes, which says all that there is to say of them."""

    def identity(self) -> dict[str, Any]:
        """Empty: the key of the pretraining run says it all."""
        return {}

    def nested(self) -> dict[str, Call]:
        """Empty: the source belongs to the pretraining run."""
        return {}

    def state_dict(self, backbone: Backbone, generator: torch.Generator, weights_of: WeightsOf) -> Weights:
        """The backbone's tensors as the run left them, under the names that it wrote.

        Raises:
            WeightsError: if the file is missing or damaged.
        """
        from initializers.checkpoints import read_tensors

        (need,) = self.requires()
        path = weights_of(need)
        return Weights(
            read_tensors(path)[0],
            source=f"{need.initializer} trained on {need.dataset}",
            sha256=sha256_of(path),
        )
