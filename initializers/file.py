"""File: a checkpoint from outside, safetensors or a torch file, such as file("weights.pth")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from initializers.contract import Initializer, Weights, WeightsOf
from specs.card import Card

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from backbones.contract import Backbone


@dataclass(frozen=True)
class File(Initializer):
    """The weights in a file, loaded whole or refused.

    Attributes:
        path: of the file. It does not enter a run's key; the sha256 of the file's bytes does.
        key: the entry of the container that holds the tensors; None finds the usual ones.
        prefix: of the backbone's tensor names in the file; None finds the usual ones.
        drop: beginnings of names of further tensors that do not belong to the backbone, such as ``("projector.",)``.
    """

    path: str
    key: str | None = None
    prefix: str | None = None
    drop: tuple[str, ...] = ()

    def card(self) -> Card:
        """The file's hash; nothing else is known of it."""
        from initializers.checkpoints import sha256_of

        return Card(method="file", sha256=sha256_of(self.path))

    def identity(self) -> dict[str, Any]:
        """The arguments with the path replaced by the hash of the file's bytes."""
        from initializers.checkpoints import sha256_of

        return {
            "sha256": sha256_of(self.path), "key": self.key, "prefix": self.prefix, "drop": list(self.drop)
        }  # fmt: skip

    def state_dict(self, backbone: Backbone, generator: torch.Generator, weights_of: WeightsOf) -> Weights:
        """The file's tensors under the backbone's names, without heads."""
        from initializers.checkpoints import read_tensors, sha256_of, without_heads, without_prefix

        wanted = backbone.weights()
        tensors, container = read_tensors(self.path, self.key)
        tensors, prefix = without_prefix(tensors, wanted, self.prefix)
        tensors, dropped = without_heads(tensors, wanted, self.drop)
        tensors, transformed = _fit_input_channels(tensors, wanted)
        place = f"{container}, prefix {prefix!r}" if prefix else container
        return Weights(
            tensors,
            transformed=transformed,
            dropped=dropped,
            source=f"{self.path} ({place})",
            sha256=sha256_of(self.path),
        )


def _fit_input_channels(
    tensors: dict[str, Tensor], wanted: dict[str, Tensor]
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Sum a first convolution over its input channels where the backbone takes one channel.

    The sum keeps the response to a gray image that would have been repeated over the channels.
    """
    fitted, transformed = dict(tensors), {}
    for name, tensor in tensors.items():
        target = wanted.get(name)
        if target is None or tensor.ndim != 4 or target.ndim != 4 or tensor.shape == target.shape:
            continue
        if target.shape[1] == 1 and (tensor.shape[0], *tensor.shape[2:]) == (target.shape[0], *target.shape[2:]):
            fitted[name] = tensor.sum(dim=1, keepdim=True)
            transformed[name] = f"sum of {tensor.shape[1]} input channels"
    return fitted, transformed
