"""File: a checkpoint from outside, safetensors or a torch file, such as file("weights.pth")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from initializers.contract import Initializer, Weights, WeightsOf
from initializers.files import sha256_of
from specs.card import Card

if TYPE_CHECKING:
    import torch

    from backbones.contract import Backbone


@dataclass(frozen=True)
class File(Initializer):
    """The weights in a file, loaded whole or refused.

    Attributes:
        path: of the file. It does not enter a run's key; the sha256 of the file's bytes does.
        key: the entry of the container that holds the tensors; None finds the usual ones.
        prefix: of the backbone's tensor names in the file; None finds the usual ones.
        drop: beginnings of names, behind the prefix, of further tensors that do not belong to the backbone, such as
            ``("projector.",)``.
    """

    path: str
    key: str | None = None
    prefix: str | None = None
    drop: tuple[str, ...] = ()

    def card(self) -> Card:
        """The file's hash; nothing else is known of it."""
        return Card(method="file", sha256=sha256_of(self.path))

    def identity(self) -> dict[str, Any]:
        """The hash of the file's bytes and which of its tensors are meant.

        ``drop`` never changes what is loaded, only whether it is: strict loading refuses what it should have dropped.
        """
        return {"sha256": sha256_of(self.path), "key": self.key, "prefix": self.prefix}

    def state_dict(self, backbone: Backbone, generator: torch.Generator, weights_of: WeightsOf) -> Weights:
        """The file's tensors under the backbone's names, without heads."""
        from initializers.channels import gray_first_convolution
        from initializers.checkpoints import read_tensors, without_heads, without_prefix

        wanted = backbone.weights()
        tensors, container = read_tensors(self.path, self.key)
        tensors, prefix = without_prefix(tensors, wanted, self.prefix)
        tensors, dropped = without_heads(tensors, wanted, self.drop)
        tensors, transformed = gray_first_convolution(tensors, wanted)
        place = f"{container}, prefix {prefix!r}" if prefix else container
        return Weights(
            tensors,
            transformed=transformed,
            dropped=dropped,
            source=f"{self.path} ({place})",
            sha256=sha256_of(self.path),
        )
